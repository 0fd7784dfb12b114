//! Any declared table of numbers by region and period, and perhaps by code: what measures are divided by, by name.
//!
//! Such a table is a schema in `schemas/reference/` with the region's columns, `period`, `antal`, and at most one more code.
//! A row without that code states the region's total; where no row does, the total is the sum of its parts, and what is
//! stated must not be below that sum. A period is a year, a half-year or another run of months, and each number is of
//! its own period alone: quarters are not added up to years, nor years divided.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::AtomicBool;

use super::error::{Flaw, FlawKind, ReferenceError};
use super::table::{self, Flaws, Layout, Row};
use super::{County, REGION_COLUMNS, Reference};
use crate::coverage::period::Period;
use crate::model::{Position, Text};
use crate::schema::Domain;

const PERIOD: &str = "period";
const COUNT: &str = "antal";

/// Numbers by region and period, in all and by code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counts {
    cells: BTreeMap<(County, Period), RegionPeriod>,
    source: Text,
    warnings: Vec<Flaw>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct RegionPeriod {
    total: u64,
    parts: BTreeMap<String, u64>,
}

/// What the rows of one region and period state: numbers by code, `None` for the total, and where each stood.
type Stated = BTreeMap<Option<String>, (u64, Position)>;

impl Counts {
    /// Whether there is a schema called `id` for such a table.
    pub fn is_declared(reference: &Reference, id: &str) -> bool {
        reference
            .schemas
            .collections
            .get(id)
            .is_some_and(|collection| [PERIOD, COUNT].iter().all(|variable| collection.variable(variable).is_some()))
    }

    /// The names of all declared tables of this sort.
    pub fn declared(reference: &Reference) -> impl Iterator<Item = &str> {
        reference.schemas.collections.keys().map(String::as_str).filter(|id| Self::is_declared(reference, id))
    }

    /// Reads the table `id` at `path`, CSV or Parquet.
    ///
    /// # Errors
    /// Whatever makes a number of it doubtful; see [`ReferenceError`].
    pub fn read(reference: &Reference, id: &str, path: &Path, stop: &AtomicBool) -> Result<Self, ReferenceError> {
        let code = code_column(reference, id);
        let optional: Vec<&str> = code.iter().map(|(variable, _)| variable.as_str()).collect();
        let layout = Layout { id, required: &[PERIOD, COUNT], optional: &optional };
        let mut stated: BTreeMap<(County, Period), Stated> = BTreeMap::new();
        let reading = table::read(reference, &layout, path, stop, &mut |row, flaws| {
            if let Err(flaw) = take(&mut stated, code.as_ref(), row) {
                flaws.push(flaw);
            }
        })?;
        // Totals of a table with duplicates would be compared with sums of only some of its rows.
        let mut flaws = reading.flaws.none_so_far()?;
        let cells = stated
            .into_iter()
            .map(|((county, period), stated)| {
                let region = format!("{} {period}", reference.name(county));
                ((county, period), RegionPeriod::new(stated, &region, &mut flaws))
            })
            .collect();
        flaws.none()?;
        let title = reference.schemas.collections.get(id).map(|table| table.title.clone()).unwrap_or_default();
        let file = path.display();
        let source = Text::new(
            format!("{} i `{file}`", lower_first(&title.sv)),
            format!("{} in `{file}`", lower_first(&title.en)),
        );
        Ok(Self { cells, source, warnings: reading.warnings })
    }

    /// The number of the region and period; `None` where the table does not say.
    pub fn get(&self, county: County, period: Period) -> Option<u64> {
        self.cells.get(&(county, period)).map(|cell| cell.total)
    }

    /// The number of a code within the region and period; `None` where the table does not say.
    pub fn get_part(&self, county: County, period: Period, code: &str) -> Option<u64> {
        self.cells.get(&(county, period))?.parts.get(code).copied()
    }

    /// The codes that the table has numbers of, for any region of the period.
    pub fn codes(&self, period: Period) -> BTreeSet<&str> {
        let cells = self.cells.iter().filter(|((_, of), _)| *of == period);
        cells.flat_map(|(_, cell)| cell.parts.keys().map(String::as_str)).collect()
    }

    /// The periods that the table has numbers of, for any region, in the order of time.
    pub fn periods(&self) -> Vec<Period> {
        let periods: BTreeSet<Period> = self.cells.keys().map(|(_, period)| *period).collect();
        let mut periods: Vec<Period> = periods.into_iter().collect();
        periods.sort_by_key(|period| period.order());
        periods
    }

    /// Where the numbers are from.
    pub fn source(&self) -> &Text {
        &self.source
    }

    /// What was noticed in the table without being an error.
    pub fn warnings(&self) -> &[Flaw] {
        &self.warnings
    }
}

/// The one column that divides the numbers of such a table, with its code list.
fn code_column(reference: &Reference, id: &str) -> Option<(String, String)> {
    let collection = reference.schemas.collections.get(id)?;
    collection.variables.iter().find_map(|variable| match &variable.domain {
        Domain::Code { codelist } if !REGION_COLUMNS.contains(&variable.id.as_str()) => {
            Some((variable.id.clone(), codelist.clone()))
        }
        _ => None,
    })
}

/// Adds a row to what is stated of its region and period.
fn take(
    stated: &mut BTreeMap<(County, Period), Stated>,
    code: Option<&(String, String)>,
    row: &Row<'_>,
) -> Result<(), Flaw> {
    let (county, count) = (row.county()?, row.count(COUNT)?);
    let period = Period::parse(row.text(PERIOD)).ok_or_else(|| row.unusable(PERIOD))?;
    let code = match code {
        Some((variable, list)) if !row.text(variable).is_empty() => {
            Some(row.canonical(variable, list).ok_or_else(|| row.unusable(variable))?.to_owned())
        }
        _ => None,
    };
    let of_region = stated.entry((county, period)).or_default();
    if let Some((_, first)) = of_region.get(&code) {
        let mut what = format!("{} {period}", row.reference.name(county));
        if let Some(code) = &code {
            what = format!("{what}, {code}");
        }
        return Err(row.duplicate(*first, &Text::new(what.clone(), what)));
    }
    of_region.insert(code, (count, row.position));
    Ok(())
}

impl RegionPeriod {
    fn new(mut stated: Stated, region: &str, flaws: &mut Flaws) -> Self {
        let total = stated.remove(&None);
        let parts: BTreeMap<String, u64> =
            stated.into_iter().filter_map(|(code, (count, _))| Some((code?, count))).collect();
        let sum = parts.values().fold(0u64, |sum, count| sum.saturating_add(*count));
        if let Some((total, position)) = total.filter(|(total, _)| *total < sum) {
            flaws.push(Flaw {
                kind: FlawKind::ImpossibleTotal { total, sum },
                position,
                cells: Vec::new(),
                what: Text::new(
                    format!("{region}: totalen {total} är lägre än summan av dess delar, {sum}"),
                    format!("{region}: the total {total} is below the sum of its parts, {sum}"),
                ),
                help: None,
            });
        }
        Self { total: total.map_or(sum, |(total, _)| total), parts }
    }
}

/// A title within a sentence.
fn lower_first(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_lowercase().chain(characters).collect())
}
