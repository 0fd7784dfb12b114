//! Whose each record of a batch is: its reporter, its care unit, its code of the breakdown.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

use foldhash::fast::FixedState;

use crate::engine::eval::Evaluator;
use crate::engine::tally::label_of;
use crate::model::{County, Origin, VariableIndex};
use crate::rule::Plan;
use crate::table::{Batch, Bits, value};

/// What is known beforehand of whose a file's records are, and what is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) struct Asked {
    /// The region that the file is stated to be of.
    pub(in crate::engine) stated: Option<County>,
    /// Whether records may be of several regions at once, as groups over regions are: then they are nobody's.
    pub(in crate::engine) spans_regions: bool,
    /// Whether what was found is counted by reporter.
    pub(in crate::engine) counts: bool,
    /// Whether findings say whose record they are about.
    pub(in crate::engine) origins: bool,
}

impl Asked {
    /// Whose one record is, read for itself: for the few that are looked at again.
    pub(in crate::engine) fn origin(self, plan: &Plan, batch: &Batch, row: usize) -> Origin {
        let written = |variable: VariableIndex| batch.columns[variable.0].as_ref().map(|column| value(column, row));
        let named = plan.collection.region.and_then(|region| region.county(written(region.variable)?, &plan.codelists));
        let region = if self.spans_regions { None } else { self.stated.or(named) };
        Origin { region, unit: name_of(plan, plan.collection.unit, batch, row) }
    }
}

/// One record's code of the breakdown, read for itself.
pub(in crate::engine) fn code_of(plan: &Plan, batch: &Batch, row: usize) -> String {
    name_of(plan, plan.collection.breakdown.as_ref().map(|breakdown| breakdown.variable), batch, row)
}

fn name_of(plan: &Plan, variable: Option<VariableIndex>, batch: &Batch, row: usize) -> String {
    let column = variable.and_then(|variable| Some((variable, batch.columns[variable.0].as_ref()?)));
    let name = column.map(|(variable, column)| label_of(plan, variable, value(column, row)));
    name.map(|name| String::from_utf8_lossy(name).into_owned()).unwrap_or_default()
}

/// A name for every row, each told once.
pub(in crate::engine) struct Names<T> {
    /// Every name, in the order of the rows that have it first.
    pub(super) names: Vec<T>,
    /// For each row the place of its name; `None` where all have the first.
    of_row: Option<Vec<u32>>,
}

impl<T: Clone + Eq + Hash> Names<T> {
    fn one(name: T) -> Self {
        Self { names: vec![name], of_row: None }
    }

    /// What `name` makes of each row's value of `variable`; `blank` where it has no column.
    fn of(evaluator: &Evaluator<'_>, variable: Option<VariableIndex>, blank: T, name: impl Fn(&[u8]) -> T) -> Self {
        let batch = evaluator.batch();
        let named = variable.and_then(|variable| Some((variable, batch.columns[variable.0].as_ref()?)));
        let Some((variable, column)) = named else { return Self::one(blank) };
        let distinct = evaluator.distinct(variable, column);
        let mut names = Vec::new();
        let mut known: HashMap<T, u32, FixedState> = HashMap::default();
        let mut number = |text: T| {
            *known.entry(text).or_insert_with_key(|text| {
                names.push(text.clone());
                u32::try_from(names.len() - 1).unwrap_or(u32::MAX)
            })
        };
        let numbers: Vec<u32> =
            distinct.first_rows.iter().map(|row| number(name(value(column, *row as usize)))).collect();
        let of_row = match &distinct.keys {
            None => numbers,
            Some(keys) => keys.iter().map(|key| numbers[*key as usize]).collect(),
        };
        Self { names, of_row: Some(of_row) }
    }

    /// The place of a row's name.
    pub(super) fn number(&self, row: usize) -> usize {
        self.of_row.as_ref().map_or(0, |of_row| of_row[row] as usize)
    }

    /// A row's name.
    pub(in crate::engine) fn at(&self, row: usize) -> &T {
        &self.names[self.number(row)]
    }
}

/// Whose the records of a batch are.
pub(in crate::engine) struct Owners {
    pub(in crate::engine) asked: Asked,
    pub(in crate::engine) regions: Names<Option<County>>,
    /// `None` where the collection knows no care units.
    pub(in crate::engine) units: Option<Names<String>>,
    /// `None` where the collection has no breakdown.
    pub(super) codes: Option<Names<String>>,
}

impl Owners {
    pub(in crate::engine) fn new(asked: Asked, evaluator: &Evaluator<'_>) -> Self {
        let plan = evaluator.plan();
        let collection = &plan.collection;
        let regions = match (asked.spans_regions, asked.stated, collection.region) {
            (false, None, Some(region)) => {
                Names::of(evaluator, Some(region.variable), None, |written| region.county(written, &plan.codelists))
            }
            (spans, stated, _) => Names::one(stated.filter(|_| !spans)),
        };
        let labels = |variable: VariableIndex| {
            let label = |written: &[u8]| String::from_utf8_lossy(label_of(plan, variable, written)).into_owned();
            Names::of(evaluator, Some(variable), String::new(), label)
        };
        let breakdown = collection.breakdown.as_ref().map(|breakdown| breakdown.variable);
        Self {
            asked,
            regions,
            units: collection.unit.map(labels),
            codes: breakdown.filter(|_| asked.counts).map(labels),
        }
    }

    /// Whose a record is, as findings tell.
    pub(in crate::engine) fn origin(&self, row: usize) -> Option<Origin> {
        self.asked.origins.then(|| Origin {
            region: *self.regions.at(row),
            unit: self.units.as_ref().map(|units| units.at(row).clone()).unwrap_or_default(),
        })
    }
}

/// The regions of rows in a row.
#[derive(Clone, Debug)]
pub(in crate::engine) enum RegionsOfRows {
    /// All of one.
    One(Option<County>, u64),
    /// One entry a row.
    Each(Vec<Option<County>>),
}

impl Owners {
    /// The region of each row.
    pub(in crate::engine) fn regions_of_rows(&self, n_rows: usize) -> RegionsOfRows {
        match self.regions.names.as_slice() {
            [only] => RegionsOfRows::One(*only, n_rows as u64),
            _ => RegionsOfRows::Each((0..n_rows).map(|row| *self.regions.at(row)).collect()),
        }
    }
}

/// The regions of a file's records, in their order: few bytes where they are all of one, three a record where they are not.
#[derive(Clone, Debug, Default)]
pub(in crate::engine) struct RegionsOfFile(Vec<RegionsOfRows>);

impl RegionsOfFile {
    /// Adds those of the next rows.
    pub(in crate::engine) fn append(&mut self, next: RegionsOfRows) {
        if let (Some(RegionsOfRows::One(region, rows)), RegionsOfRows::One(same, more)) = (self.0.last_mut(), &next)
            && *region == *same
        {
            *rows += more;
            return;
        }
        self.0.push(next);
    }

    /// How many records are each region's.
    pub(in crate::engine) fn records(&self) -> BTreeMap<Option<County>, u64> {
        let mut counts: BTreeMap<Option<County>, u64> = BTreeMap::new();
        for stretch in &self.0 {
            match stretch {
                RegionsOfRows::One(region, records) => *counts.entry(*region).or_default() += records,
                RegionsOfRows::Each(regions) => {
                    for region in regions {
                        *counts.entry(*region).or_default() += 1;
                    }
                }
            }
        }
        counts
    }

    /// How many of `rows` are each region's.
    pub(in crate::engine) fn count(&self, rows: &Bits) -> BTreeMap<Option<County>, u64> {
        let mut counts: BTreeMap<Option<County>, u64> = BTreeMap::new();
        let mut rows = rows.iter().peekable();
        let mut first = 0usize;
        for stretch in &self.0 {
            let n_rows = match stretch {
                RegionsOfRows::One(_, n_rows) => usize::try_from(*n_rows).unwrap_or(usize::MAX),
                RegionsOfRows::Each(regions) => regions.len(),
            };
            let end = first.saturating_add(n_rows);
            while let Some(row) = rows.next_if(|row| *row < end) {
                let region = match stretch {
                    RegionsOfRows::One(region, _) => *region,
                    RegionsOfRows::Each(regions) => regions[row - first],
                };
                *counts.entry(region).or_default() += 1;
            }
            first = end;
        }
        counts
    }

    /// The one region that records name, where they name one only.
    pub(in crate::engine) fn only(&self) -> Option<County> {
        let named = self.0.iter().flat_map(|stretch| match stretch {
            RegionsOfRows::One(region, _) => std::slice::from_ref(region),
            RegionsOfRows::Each(regions) => regions,
        });
        let mut found: Option<County> = None;
        for region in named.flatten() {
            if found.is_some_and(|found| found != *region) {
                return None;
            }
            found = Some(*region);
        }
        found
    }
}
