//! Who reports the records of a batch, and of which code of the collection's breakdown they are.
//!
//! Both are looked up once for each distinct value. A region goes by what the collection's [`RegionVariable`] says, as
//! in a [`tally`].
//!
//! [`RegionVariable`]: crate::schema::RegionVariable

use std::collections::BTreeMap;

use super::{Group, Rejected};
use crate::engine::eval::Evaluator;
use crate::engine::tally::{self, Region};
use crate::model::VariableIndex;
use crate::table::{Bits, value};

/// The groups of a batch's records.
#[derive(Default)]
pub(super) struct Groups {
    keys: Vec<Group>,
    /// Row → place among the groups.
    pub(super) of_row: Vec<u32>,
}

impl Groups {
    pub(super) fn of(evaluator: &Evaluator<'_>) -> Self {
        let (plan, batch) = (evaluator.plan(), evaluator.batch());
        let region = plan.collection.region;
        let county = |written: &[u8]| -> Region { region.and_then(|region| region.county(written, &plan.codelists)) };
        let regions = by_row(evaluator, region.map(|region| region.variable), county);
        let label = |variable: VariableIndex, written: &[u8]| -> String {
            String::from_utf8_lossy(tally::label_of(plan, variable, written)).into_owned()
        };
        let variable = plan.collection.breakdown.as_ref().map(|breakdown| breakdown.variable);
        let blank = || tally::BLANK.to_owned();
        let codes =
            by_row(evaluator, variable, |written| variable.map_or_else(blank, |variable| label(variable, written)));
        let mut numbers: BTreeMap<Group, u32> = BTreeMap::new();
        let mut groups = Self::default();
        // Distinct values by distinct values, each pair looked up once.
        let mut known: BTreeMap<(u32, u32), u32> = BTreeMap::new();
        // Neighbours are often alike.
        let mut last = None;
        for row in 0..batch.n_rows {
            let pair = (regions.of(row), codes.of(row));
            if let Some((of, number)) = last
                && of == pair
            {
                groups.of_row.push(number);
                continue;
            }
            let number = *known.entry(pair).or_insert_with(|| {
                let group = Group {
                    region: regions.values.get(pair.0 as usize).copied().flatten(),
                    code: codes.values.get(pair.1 as usize).cloned().unwrap_or_default(),
                };
                *numbers.entry(group).or_insert_with_key(|group| {
                    groups.keys.push(group.clone());
                    u32::try_from(groups.keys.len() - 1).unwrap_or(u32::MAX)
                })
            });
            last = Some((pair, number));
            groups.of_row.push(number);
        }
        groups
    }

    /// Each group with its rejected records.
    pub(super) fn rejected(self, before: &Bits, after: &Bits) -> Vec<(Group, Rejected)> {
        let mut counted: Vec<(Group, Rejected)> =
            self.keys.into_iter().map(|group| (group, Rejected::default())).collect();
        for (row, group) in self.of_row.iter().enumerate() {
            let (was, is) = (before.contains(row), after.contains(row));
            counted[*group as usize].1.merge(&Rejected {
                records: 1,
                before: u64::from(was),
                after: u64::from(is),
                newly_rejected: u64::from(is && !was),
                newly_accepted: u64::from(was && !is),
            });
        }
        counted
    }
}

/// Something of each distinct value of a column.
struct ByRow<T> {
    values: Vec<T>,
    /// `None` where each row has its own; empty where all rows have the first.
    keys: Option<Vec<u32>>,
}

impl<T> ByRow<T> {
    fn of(&self, row: usize) -> u32 {
        match &self.keys {
            Some(keys) => keys.get(row).copied().unwrap_or(0),
            None => u32::try_from(row).unwrap_or(u32::MAX),
        }
    }
}

/// What `make` makes of each value of a variable; of a blank where the variable or its column is not there.
fn by_row<T>(evaluator: &Evaluator<'_>, variable: Option<VariableIndex>, make: impl Fn(&[u8]) -> T) -> ByRow<T> {
    let column = variable.and_then(|variable| Some((variable, evaluator.batch().columns[variable.0].as_ref()?)));
    let Some((variable, column)) = column else { return ByRow { values: vec![make(b"")], keys: Some(Vec::new()) } };
    let dict = evaluator.distinct(variable, column);
    ByRow {
        values: dict.first_rows.iter().map(|row| make(value(column, *row as usize))).collect(),
        keys: dict.keys.clone(),
    }
}
