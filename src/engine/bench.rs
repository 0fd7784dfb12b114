//! Records of tests as batches, and what any condition and assertion say of them.
//!
//! Tests of one rule differ in what the run states (a delivery date, a period), so they become one batch for each
//! distinct set of statements. A rule, and every mutant of it, is then judged on all its tests at once, by the
//! evaluator that checks submissions.

use super::eval::{Context, Evaluator, Parameters};
use crate::model::{VariableIndex, Verdict};
use crate::rule::Plan;
use crate::rule::expr::{BoolNode, IntNode, Parameter};
use crate::rule::testing::TestInput;
use crate::table::{Batch, Column};
use crate::time;

/// Records to judge.
#[derive(Debug, Default)]
pub struct Bench {
    n_records: usize,
    groups: Vec<Group>,
}

#[derive(Debug)]
struct Group {
    stated: Vec<(Parameter, String)>,
    parameters: Parameters,
    /// The place of each row among the records.
    rows: Vec<usize>,
    batch: Batch,
}

impl Bench {
    /// The records of `inputs`, for a plan's variables; what is no record has no place here.
    pub fn new<'a>(plan: &Plan, inputs: impl IntoIterator<Item = &'a TestInput>) -> Self {
        let mut records: Vec<Vec<&[(VariableIndex, String)]>> = Vec::new();
        let mut bench = Self::default();
        for input in inputs {
            let TestInput::Record { values, parameters } = input else { continue };
            let group = bench.groups.iter().position(|group| group.stated == *parameters).unwrap_or_else(|| {
                records.push(Vec::new());
                bench.groups.push(Group {
                    stated: parameters.clone(),
                    parameters: stated(parameters),
                    rows: Vec::new(),
                    batch: batch(plan, &[]),
                });
                bench.groups.len() - 1
            });
            records[group].push(values);
            bench.groups[group].rows.push(bench.n_records);
            bench.n_records += 1;
        }
        for (group, records) in bench.groups.iter_mut().zip(&records) {
            group.batch = batch(plan, records);
        }
        bench
    }

    /// For each condition and assertion the verdict on every record.
    pub fn verdicts(&self, plan: &Plan, checks: &[(BoolNode, BoolNode)]) -> Vec<Vec<Verdict>> {
        let mut verdicts = vec![vec![Verdict::NotChecked; self.n_records]; checks.len()];
        for group in &self.groups {
            let context = Context::new(plan, group.parameters.clone());
            let evaluator = Evaluator::new(&context, &group.batch);
            for ((when, assert), verdicts) in checks.iter().zip(&mut verdicts) {
                let (when, holds) = (evaluator.bool(*when), evaluator.bool(*assert));
                for (row, record) in group.rows.iter().enumerate() {
                    verdicts[*record] = Verdict::of(when.at(row), holds.at(row));
                }
            }
        }
        verdicts
    }

    /// What each condition is on one record: true, false or neither.
    pub fn truths(&self, plan: &Plan, record: usize, nodes: &[BoolNode]) -> Vec<Option<bool>> {
        self.on(plan, record, |evaluator, row| nodes.iter().map(|node| evaluator.bool(*node).at(row)).collect())
            .unwrap_or_else(|| vec![None; nodes.len()])
    }

    /// What each number is on one record.
    pub fn numbers(&self, plan: &Plan, record: usize, nodes: &[IntNode]) -> Vec<Option<i64>> {
        self.on(plan, record, |evaluator, row| {
            let number = |node: &IntNode| {
                let ints = evaluator.int(*node);
                ints.known.contains(row).then(|| ints.values[row])
            };
            nodes.iter().map(number).collect()
        })
        .unwrap_or_else(|| vec![None; nodes.len()])
    }

    fn on<T>(&self, plan: &Plan, record: usize, ask: impl FnOnce(&Evaluator<'_>, usize) -> T) -> Option<T> {
        let (group, row) =
            self.groups.iter().find_map(|group| Some((group, group.rows.iter().position(|row| *row == record)?)))?;
        let context = Context::new(plan, group.parameters.clone());
        Some(ask(&Evaluator::new(&context, &group.batch), row))
    }
}

/// What a test states; the delivery date is a fixed day where it does not say.
pub(super) fn stated(stated: &[(Parameter, String)]) -> Parameters {
    let text = |parameter: Parameter| stated.iter().find(|(name, _)| *name == parameter).map(|(_, text)| text);
    let day = |parameter: Parameter| text(parameter).and_then(|text| time::parse_day(text));
    Parameters {
        delivery_date: day(Parameter::DeliveryDate).or_else(|| time::parse_day("2022-12-31")),
        period: day(Parameter::PeriodStart).or(day(Parameter::PeriodEnd)).map(|_| {
            (
                day(Parameter::PeriodStart).unwrap_or(i64::MIN / time::DAY),
                day(Parameter::PeriodEnd).unwrap_or(i64::MAX / time::DAY),
            )
        }),
        region: text(Parameter::StatedRegion).cloned(),
        delivered_regions: text(Parameter::DeliveredRegions).and_then(|text| text.trim().parse().ok()),
    }
}

/// Records as a batch; what a record does not name is blank in it.
pub(super) fn batch(plan: &Plan, records: &[&[(VariableIndex, String)]]) -> Batch {
    let value = |record: &[(VariableIndex, String)], index: usize| {
        record.iter().find(|(variable, _)| variable.0 == index).map(|(_, value)| value.trim().as_bytes().to_vec())
    };
    let columns = (0..plan.collection.variables.len())
        .map(|index| {
            Some(records.iter().map(|record| Some(value(record, index).unwrap_or_default())).collect::<Column>())
        })
        .collect();
    Batch::made_up(columns, records.len())
}
