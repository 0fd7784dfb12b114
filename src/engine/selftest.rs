//! Runs the tests that rules carry, through the same engine that checks submissions.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::batch::{self, FileContext, RuleStatus};
use super::eval::{Context, Parameters};
use super::{Settings, Stated};
use crate::model::{VariableIndex, Verdict, VerdictCounts};
use crate::rule::Plan;
use crate::rule::expr::Parameter;
use crate::rule::testing::{RuleTest, TestInput};
use crate::schema::{Codelist, Domain, Schemas};
use crate::submission::{InputFile, ReadOptions};
use crate::table::{Batch, Column, Lines, Positions, Raw};
use crate::time;

/// A test whose rule said something else.
#[derive(Clone, Debug, PartialEq, Eq)]
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
        for test in &rule.tests {
            n_tests += 1;
            let found = match &test.input {
                TestInput::Record { values, parameters } => record_verdict(plan, index, values, parameters),
                TestInput::OfficialCode { variable, value, listed } => {
                    official_verdict(plan, index, *variable, value, *listed)
                }
                TestInput::Submission { csv, expect_records } => {
                    submission_verdict(plan, schemas, index, csv, *expect_records)
                }
            };
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

fn record_verdict(
    plan: &Plan,
    rule: usize,
    values: &[(VariableIndex, String)],
    stated: &[(Parameter, String)],
) -> Result<Verdict, String> {
    let day = |parameter: Parameter| {
        stated.iter().find(|(name, _)| *name == parameter).and_then(|(_, text)| time::parse_day(text))
    };
    let parameters = Parameters {
        delivery_date: day(Parameter::DeliveryDate).or_else(|| time::parse_day("2022-12-31")),
        period: day(Parameter::PeriodStart).or(day(Parameter::PeriodEnd)).map(|_| {
            (
                day(Parameter::PeriodStart).unwrap_or(i64::MIN / time::DAY),
                day(Parameter::PeriodEnd).unwrap_or(i64::MAX / time::DAY),
            )
        }),
        region: stated.iter().find(|(name, _)| *name == Parameter::StatedRegion).map(|(_, text)| text.clone()),
    };
    let context = Context::new(plan, parameters);
    verdict_on_record(&context, rule, values)
}

fn verdict_on_record(
    context: &Context<'_>,
    rule: usize,
    values: &[(VariableIndex, String)],
) -> Result<Verdict, String> {
    let plan = context.plan;
    let columns = (0..plan.collection.variables.len())
        .map(|index| {
            let value = values
                .iter()
                .find(|(variable, _)| variable.0 == index)
                .map(|(_, value)| value.trim())
                .unwrap_or_default();
            Some([Some(value.as_bytes())].into_iter().collect::<Column>())
        })
        .collect();
    let batch = Batch {
        n_rows: 1,
        columns,
        positions: Positions { first_row: 0, lines: Lines::None },
        faults: Vec::new(),
        raw: Raw::None,
    };
    let statuses = (0..plan.rules.len())
        .map(|index| if index == rule { RuleStatus::Evaluated } else { RuleStatus::Elsewhere })
        .collect();
    let file = FileContext {
        index: 0,
        column_of: vec![None; plan.collection.variables.len()],
        statuses,
        full: plan.rules.iter().map(|_| AtomicBool::new(false)).collect(),
        examples: 1,
        stream: false,
        cover: Arc::default(),
    };
    let tally = batch::evaluate(context, &file, &[], None, &batch);
    only_verdict(&tally.rules[rule].counts).ok_or_else(|| "no verdict".to_owned())
}

fn only_verdict(counts: &VerdictCounts) -> Option<Verdict> {
    match (counts.satisfied, counts.violated, counts.not_applicable, counts.not_checked) {
        (1, 0, 0, 0) => Some(Verdict::Satisfied),
        (0, 1, 0, 0) => Some(Verdict::Violated),
        (0, 0, 1, 0) => Some(Verdict::NotApplicable),
        (0, 0, 0, 1) => Some(Verdict::NotChecked),
        _ => None,
    }
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
    let context = Context::new(&plan, Parameters::default());
    verdict_on_record(&context, rule, &[(variable, value.to_owned())])
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
