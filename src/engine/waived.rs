//! Which of a batch's findings are waived, and by which waiver.
//!
//! A waiver's reporter is compared with the organisation number of the region that a record names: once for each
//! distinct value of the batch, and only where a rule that the waiver covers is violated there.

use std::collections::BTreeMap;

use super::eval::Evaluator;
use crate::model::{Finding, WaiverIndex};
use crate::rule::Plan;
use crate::table::{Batch, Bits, value};
use crate::waiver::Covering;

/// The first waiver that covers a finding; `reported_by` says whether its record has that reporter.
pub(super) fn first(
    covering: &[Covering],
    finding: &Finding,
    mut reported_by: impl FnMut(&str) -> bool,
) -> Option<WaiverIndex> {
    let is_faulty = |variable: &String| finding.faulty.iter().any(|shown| shown.variable == *variable);
    let mut covers = |one: &&Covering| {
        one.variable.as_ref().is_none_or(is_faulty) && one.reporter.as_ref().is_none_or(|number| reported_by(number))
    };
    covering.iter().find(|one| covers(one)).map(|one| one.waiver)
}

/// Whether one record of a batch is reported by the organisation `number`.
pub(super) fn is_reported_by(plan: &Plan, batch: &Batch, row: usize, number: &str) -> bool {
    let named = plan.collection.region.and_then(|region| Some((region, batch.columns[region.variable.0].as_ref()?)));
    named.is_some_and(|(region, column)| {
        region.organisation_number(value(column, row), &plan.codelists) == Some(number.as_bytes())
    })
}

/// The first `most` rows of those waived, and of the others, in the order of rows.
pub(super) fn first_of_each(violated: &Bits, waived: &[(WaiverIndex, Bits)], most: usize) -> Vec<usize> {
    if waived.is_empty() {
        return violated.iter().take(most).collect();
    }
    let covered = waived.iter().fold(Bits::none(violated.len()), |all, (_, rows)| all.or(rows));
    let mut rows: Vec<usize> = violated.minus(&covered).iter().take(most).collect();
    rows.extend(covered.iter().take(most));
    rows.sort_unstable();
    rows
}

/// The records of a batch by their reporters, as far as waivers ask.
pub(super) struct Reporters<'e, 'a> {
    evaluator: &'e Evaluator<'a>,
    known: BTreeMap<String, Bits>,
}

impl<'e, 'a> Reporters<'e, 'a> {
    pub(super) fn new(evaluator: &'e Evaluator<'a>) -> Self {
        Self { evaluator, known: BTreeMap::new() }
    }

    /// The rows that the organisation `number` reports.
    pub(super) fn of(&mut self, number: &str) -> &Bits {
        if !self.known.contains_key(number) {
            let rows = self.look_up(number);
            self.known.insert(number.to_owned(), rows);
        }
        &self.known[number]
    }

    fn look_up(&self, number: &str) -> Bits {
        let batch = self.evaluator.batch();
        let plan = self.evaluator.plan();
        let named =
            plan.collection.region.and_then(|region| Some((region, batch.columns[region.variable.0].as_ref()?)));
        let Some((region, column)) = named else { return Bits::none(batch.n_rows) };
        let dict = self.evaluator.distinct(region.variable, column);
        let is_number = |row: &u32| {
            region.organisation_number(value(column, *row as usize), &plan.codelists) == Some(number.as_bytes())
        };
        let is_wanted: Vec<bool> = dict.first_rows.iter().map(is_number).collect();
        Bits::from_fn(batch.n_rows, |row| is_wanted[dict.keys.as_ref().map_or(row, |keys| keys[row] as usize)])
    }

    /// The violated rows that waivers cover, each row by the first one that does.
    pub(super) fn divide(&mut self, covering: &[Covering], violated: &Bits) -> Vec<(WaiverIndex, Bits)> {
        let mut rest = None::<Bits>;
        let mut parts = Vec::new();
        for one in covering {
            let open = rest.as_ref().unwrap_or(violated);
            let covered = match &one.reporter {
                Some(number) => open.and(self.of(number)),
                None => open.clone(),
            };
            if covered.any() {
                rest = Some(open.minus(&covered));
                parts.push((one.waiver, covered));
            }
        }
        parts
    }
}
