//! Asks a plan about records that are made up on the spot, through the evaluator that checks submissions.
//!
//! For rule work: a proof names a record, and the record is shown only after the engine itself has said what it was
//! made to show. Deliberately knows no files and no findings.

use std::rc::Rc;

use super::eval::{Context, Evaluator, Parameters};
use crate::model::{VariableIndex, Verdict};
use crate::rule::expr::{BoolNode, IntNode, Parameter, TextNode};
use crate::rule::{Check, Plan};
use crate::table::{Batch, Column};
use crate::time::format_day;

/// What a run would state about the records.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProbeParameters {
    /// Days since 1970-01-01.
    pub delivery_date: Option<i64>,
    /// First and last day, days since 1970-01-01.
    pub period: Option<(i64, i64)>,
    /// Ten digits.
    pub region: Option<String>,
    /// How many regions the deliveries are stated to come from.
    pub delivered_regions: Option<i64>,
}

impl ProbeParameters {
    /// What is stated of one parameter, as it is written.
    pub fn text(&self, parameter: Parameter) -> Option<String> {
        match parameter {
            Parameter::DeliveryDate => self.delivery_date.map(format_day),
            Parameter::PeriodStart => self.period.map(|(start, _)| format_day(start)),
            Parameter::PeriodEnd => self.period.map(|(_, end)| format_day(end)),
            Parameter::StatedRegion => self.region.clone(),
            Parameter::DeliveredRegions => self.delivered_regions.map(|regions| regions.to_string()),
        }
    }
}

/// One plan, ready to be asked.
#[derive(Debug)]
pub struct Probe<'a> {
    context: Context<'a>,
}

impl<'a> Probe<'a> {
    /// A probe of `plan`, with nothing stated.
    pub fn new(plan: &'a Plan) -> Self {
        Self { context: Context::new(plan, Parameters::default()) }
    }

    /// The plan that is asked.
    pub fn plan(&self) -> &'a Plan {
        self.context.plan
    }

    /// What `ask` makes of a batch of records, each a value for each variable; blank where it has none.
    fn with_records<T>(
        &self,
        records: &[&[String]],
        stated: &ProbeParameters,
        ask: impl FnOnce(&Evaluator<'_>) -> T,
    ) -> T {
        let columns = (0..self.plan().collection.variables.len())
            .map(|index| {
                let values = records.iter().map(|record| record.get(index).map_or("", |value| value.trim()));
                Some(values.map(|value| Some(value.as_bytes())).collect::<Column>())
            })
            .collect();
        self.with_columns(columns, records.len(), stated, ask)
    }

    fn with_columns<T>(
        &self,
        columns: Vec<Option<Column>>,
        n_rows: usize,
        stated: &ProbeParameters,
        ask: impl FnOnce(&Evaluator<'_>) -> T,
    ) -> T {
        let batch = Batch::made_up(columns, n_rows);
        let context = self.context.with(Parameters {
            delivery_date: stated.delivery_date,
            period: stated.period,
            region: stated.region.clone(),
            delivered_regions: stated.delivered_regions,
        });
        ask(&Evaluator::new(&context, &batch))
    }

    /// What each rule says of each record: one row a record, one verdict a rule; `None` for rules on the submission.
    pub fn verdicts(&self, records: &[&[String]], stated: &ProbeParameters) -> Vec<Vec<Option<Verdict>>> {
        self.with_records(records, stated, |evaluator| {
            let mut rows = vec![Vec::with_capacity(self.plan().rules.len()); records.len()];
            for rule in &self.plan().rules {
                let Check::Record(check) = &rule.check else {
                    for row in &mut rows {
                        row.push(None);
                    }
                    continue;
                };
                let (when, assert) = (Rc::clone(evaluator.bool(check.when)), Rc::clone(evaluator.bool(check.assert)));
                for (index, row) in rows.iter_mut().enumerate() {
                    row.push(Some(Verdict::of(when.at(index), assert.at(index))));
                }
            }
            rows
        })
    }

    /// The truth of each node for each record: one row a node.
    pub fn truths(
        &self,
        records: &[&[String]],
        stated: &ProbeParameters,
        nodes: &[BoolNode],
    ) -> Vec<Vec<Option<bool>>> {
        self.with_records(records, stated, |evaluator| {
            nodes.iter().map(|node| truths_of(evaluator, *node, records.len())).collect()
        })
    }

    /// Asks about values of one variable, all others being blank.
    pub fn values<T>(
        &self,
        variable: VariableIndex,
        values: &[String],
        ask: impl FnOnce(&ValueProbe<'_, '_>) -> T,
    ) -> T {
        let mut columns: Vec<Option<Column>> = vec![None; self.plan().collection.variables.len()];
        if let Some(column) = columns.get_mut(variable.0) {
            *column = Some(values.iter().map(|value| Some(value.as_bytes())).collect::<Column>());
        }
        self.with_columns(columns, values.len(), &ProbeParameters::default(), |evaluator| {
            ask(&ValueProbe { evaluator, n_values: values.len() })
        })
    }
}

/// Nodes evaluated over values of one variable.
pub struct ValueProbe<'a, 'e> {
    evaluator: &'a Evaluator<'e>,
    n_values: usize,
}

impl ValueProbe<'_, '_> {
    /// The truth of a node for each value.
    pub fn truths(&self, node: BoolNode) -> Vec<Option<bool>> {
        truths_of(self.evaluator, node, self.n_values)
    }

    /// The text of a node for each value.
    pub fn texts(&self, node: TextNode) -> Vec<Option<Vec<u8>>> {
        let (keys, texts) = self.evaluator.distinct_texts(node);
        keys.iter().map(|key| texts[*key as usize].clone()).collect()
    }

    /// The number of a node for each value.
    pub fn ints(&self, node: IntNode) -> Vec<Option<i64>> {
        let ints = self.evaluator.int(node);
        (0..self.n_values).map(|row| ints.known.contains(row).then(|| ints.values[row])).collect()
    }
}

fn truths_of(evaluator: &Evaluator<'_>, node: BoolNode, n_rows: usize) -> Vec<Option<bool>> {
    let truth = evaluator.bool(node);
    (0..n_rows).map(|row| truth.at(row)).collect()
}
