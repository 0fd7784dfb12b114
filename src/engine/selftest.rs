//! Runs the tests that rules carry, through the same engine that checks submissions.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::bench::Bench;
use super::{Settings, Stated};
use crate::model::{VariableIndex, Verdict};
use crate::rule::testing::{RuleTest, TestInput};
use crate::rule::{Check, Plan};
use crate::schema::{Codelist, Domain, Schemas};
use crate::submission::{InputFile, ReadOptions};
use crate::time;

/// A test whose rule said something else.
#[derive(Clone, Debug)]
pub struct SelfTestFailure {
    /// The collection.
    pub collection: String,
    /// The rule.
    pub rule: String,
    /// The test.
    pub test: RuleTest,
    /// What the rule said, or why it could not be asked.
    pub found: Result<Verdict, String>,
}

impl fmt::Display for SelfTestFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let found = match &self.found {
            Ok(verdict) => verdict.as_str(),
            Err(reason) => reason,
        };
        write!(
            f,
            "{} in {}: expected {}, found {found}: {:?}",
            self.rule,
            self.collection,
            self.test.expected.as_str(),
            self.test.input
        )
    }
}

/// Runs every test of every rule of `plan`; returns how many were run, and those that failed.
pub fn self_test(plan: &Arc<Plan>, schemas: &Schemas) -> (usize, Vec<SelfTestFailure>) {
    let mut n_tests = 0;
    let mut failures = Vec::new();
    for (index, rule) in plan.rules.iter().enumerate() {
        for (test, found) in rule.tests.iter().zip(test_rule(plan, schemas, index)) {
            n_tests += 1;
            if found != Ok(test.expected) {
                failures.push(SelfTestFailure {
                    collection: plan.collection.id.clone(),
                    rule: rule.id.0.clone(),
                    test: test.clone(),
                    found,
                });
            }
        }
    }
    (n_tests, failures)
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
