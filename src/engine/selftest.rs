//! Runs the tests that rules and folds carry, through the same engine that checks submissions.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::bench::Bench;
use super::fold::{FoldBench, NoGroup};
use super::{Settings, Stated};
use crate::model::{VariableIndex, Verdict};
use crate::rule::fold::{Fold, FoldTest};
use crate::rule::testing::TestInput;
use crate::rule::{Check, Plan};
use crate::schema::{Codelist, Domain, Schemas};
use crate::submission::{InputFile, ReadOptions};
use crate::time;

/// A test that came out otherwise.
#[derive(Clone, Debug)]
pub struct SelfTestFailure {
    /// The collection.
    pub collection: String,
    /// The rule, or the variable of a group.
    pub subject: String,
    /// What was expected.
    pub expected: String,
    /// What was found, or why it could not be asked.
    pub found: String,
    /// What it was asked of.
    pub input: String,
}

impl fmt::Display for SelfTestFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { collection, subject, expected, found, input } = self;
        write!(f, "{subject} in {collection}: expected {expected}, found {found}: {input}")
    }
}

/// A value of a group that is not as its test says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoldDifference {
    /// The variable.
    pub variable: VariableIndex,
    /// Its value as stated; empty is blank.
    pub expected: String,
    /// Its value as folded.
    pub found: String,
}

/// Runs every test of every rule of `plan`, and of its fold; returns how many were run, and those that failed.
pub fn self_test(plan: &Arc<Plan>, schemas: &Schemas) -> (usize, Vec<SelfTestFailure>) {
    let mut n_tests = 0;
    let mut failures = Vec::new();
    let collection = &plan.collection;
    for (index, rule) in plan.rules.iter().enumerate() {
        for (test, found) in rule.tests.iter().zip(test_rule(plan, schemas, index)) {
            n_tests += 1;
            if found != Ok(test.expected) {
                failures.push(SelfTestFailure {
                    collection: collection.id.clone(),
                    subject: rule.id.0.clone(),
                    expected: test.expected.as_str().to_owned(),
                    found: found.map_or_else(|reason| reason, |verdict| verdict.as_str().to_owned()),
                    input: format!("{:?}", test.input),
                });
            }
        }
    }
    for (fold, test, found) in plan
        .fold
        .iter()
        .flat_map(|fold| fold.tests.iter().zip(test_fold(fold)).map(move |(test, found)| (fold, test, found)))
    {
        n_tests += 1;
        let failure = |subject: &str, expected: String, found: String| SelfTestFailure {
            collection: collection.id.clone(),
            subject: subject.to_owned(),
            expected,
            found,
            input: format!("{:?}", test.named_records(fold)),
        };
        match found {
            Ok(differences) => failures.extend(differences.into_iter().map(|difference| {
                failure(&collection.get(difference.variable).id, difference.expected, difference.found)
            })),
            Err(reason) => failures.push(failure("the group", "one".to_owned(), reason.to_string())),
        }
    }
    (n_tests, failures)
}

/// For each test of a fold the values that are not as stated, or why there are none.
pub fn test_fold(fold: &Fold) -> Vec<Result<Vec<FoldDifference>, NoGroup>> {
    let bench = FoldBench::new(fold);
    let run = |(index, test): (usize, &FoldTest)| {
        let mut wanted: Vec<VariableIndex> = test.gives.iter().map(|(variable, _)| *variable).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let values = bench.group(fold, index, &wanted)?;
        let found = |variable: VariableIndex| wanted.binary_search(&variable).ok().map(|at| values[at].as_str());
        let differences = test.gives.iter().filter_map(|(variable, expected)| {
            let found = found(*variable).unwrap_or_default();
            (found != expected).then(|| FoldDifference {
                variable: *variable,
                expected: expected.clone(),
                found: found.to_owned(),
            })
        });
        Ok(differences.collect())
    };
    fold.tests.iter().enumerate().map(run).collect()
}

/// What one rule says in each of its tests, or why it could not be asked.
pub fn test_rule(plan: &Arc<Plan>, schemas: &Schemas, rule: usize) -> Vec<Result<Verdict, String>> {
    let tests = &plan.rules[rule].tests;
    let bench = Bench::new(plan, tests.iter().map(|test| &test.input));
    let judged = match &plan.rules[rule].check {
        Check::Record(check) => bench.verdicts(plan, &[(check.when, check.assert)]).pop(),
        Check::Submission(_) => None,
    };
    let mut on_records = judged.into_iter().flatten();
    tests
        .iter()
        .map(|test| match &test.input {
            TestInput::Record { .. } => on_records.next().ok_or_else(|| "no verdict".to_owned()),
            TestInput::OfficialCode { variable, value, listed } => {
                official_verdict(plan, rule, *variable, value, *listed)
            }
            TestInput::Submission { csv, expect_records } => {
                submission_verdict(plan, schemas, rule, csv, *expect_records)
            }
        })
        .collect()
}

fn official_verdict(
    plan: &Plan,
    rule: usize,
    variable: VariableIndex,
    value: &str,
    listed: bool,
) -> Result<Verdict, String> {
    let item = plan.collection.get(variable);
    let Domain::Text { official_list: Some(name), .. } = &item.domain else {
        return Err("no official list".to_owned());
    };
    let mut codes: Vec<String> = if listed {
        super::text::elements(value.as_bytes(), &item.separators)
            .map(|element| String::from_utf8_lossy(element).into_owned())
            .collect()
    } else {
        vec!["another".to_owned()]
    };
    codes.dedup();
    let list = Codelist::parse(name, &format!("code\n{}\n", codes.join("\n"))).map_err(|error| error.to_string())?;
    let mut plan = plan.clone();
    plan.codelists.insert(name.clone(), list);
    let Check::Record(check) = &plan.rules[rule].check else { return Err("no rule on records".to_owned()) };
    let record = TestInput::Record { values: vec![(variable, value.to_owned())], parameters: Vec::new() };
    let verdict = Bench::new(&plan, [&record]).verdicts(&plan, &[(check.when, check.assert)]).pop();
    verdict.and_then(|verdicts| verdicts.first().copied()).ok_or_else(|| "no verdict".to_owned())
}

fn submission_verdict(
    plan: &Arc<Plan>,
    schemas: &Schemas,
    rule: usize,
    csv: &str,
    expect_records: Option<u64>,
) -> Result<Verdict, String> {
    let mut file = tempfile::Builder::new().suffix(".csv").tempfile().map_err(|error| error.to_string())?;
    file.write_all(csv.as_bytes()).map_err(|error| error.to_string())?;
    let options = ReadOptions { collection: Some(plan.collection.id.clone()), ..ReadOptions::default() };
    let input = InputFile::open(file.path(), schemas, &options).map_err(|error| error.to_string())?;
    let stated = Stated {
        records: expect_records,
        delivery_date: time::parse_day("2022-12-31").unwrap_or(0),
        delivery_date_stated: true,
        ..Stated::default()
    };
    let settings = Settings { stated, examples: 1, ..Settings::default() };
    let plans = BTreeMap::from([(plan.collection.id.clone(), Arc::clone(plan))]);
    let (outcome, _) = super::check(&plans, vec![input], &settings, &AtomicBool::new(false), &|_| {}, None)
        .map_err(|error| error.to_string())?;
    let run = outcome.runs.first().ok_or("no run")?;
    let rule: &super::RuleRun = &run.rules[rule];
    Ok(if !rule.skipped.is_empty() {
        Verdict::NotChecked
    } else if rule.violations > 0 {
        Verdict::Violated
    } else {
        Verdict::Satisfied
    })
}
