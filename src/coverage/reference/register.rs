//! The patient register: completed doctors' contacts in specialised outpatient care.
//!
//! A table may state numbers at three levels: by MVO code, by aggregate of such codes, and for a region as a whole. What
//! is not stated is summed from the level below; what is stated must not be below that sum.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use super::error::{Cell, Flaw, FlawKind, ReferenceError};
use super::table::{self, Flaws, Layout, Row};
use super::{AGGREGATE_OF_AREA, AREAS, County, Reference, YEAR, list_with_column};
use crate::model::{Position, Text};

const AREA: &str = "mvo";
const AGGREGATE: &str = "mvo_aggregat";
const CONTACTS: &str = "lakarkontakter";

pub(super) const LAYOUT: Layout<'static> =
    Layout { id: "patientregister", required: &[YEAR, CONTACTS], optional: &[AREA, AGGREGATE] };

/// Doctors' contacts by region and year, in all and by aggregate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Register {
    regions: BTreeMap<(County, i32), RegionYear>,
    names: BTreeMap<County, String>,
    source: Text,
    warnings: Vec<Flaw>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct RegionYear {
    total: u64,
    is_total_stated: bool,
    aggregates: BTreeMap<String, u64>,
}

/// What a row counts, from the whole to the parts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    All,
    Aggregate(String),
    Area { code: String, aggregate: String },
}

/// One number, with the row it is stated on.
struct Stated {
    contacts: u64,
    position: Position,
    cells: Vec<Cell>,
}

/// What the rows of one region and year state.
type Parts = BTreeMap<Part, Stated>;

impl Part {
    fn of(row: &Row<'_>) -> Result<Self, Flaw> {
        if !row.text(AREA).is_empty() {
            let area = row.canonical(AREA, AREAS).and_then(|code| {
                let (list, column) = list_with_column(&row.reference.schemas, AREAS, AGGREGATE_OF_AREA)?;
                let aggregate = list.attribute(code.as_bytes(), column)?;
                Some(Self::Area { code: code.to_owned(), aggregate: aggregate.to_owned() })
            });
            return area.ok_or_else(|| row.unusable(AREA));
        }
        if row.text(AGGREGATE).is_empty() {
            return Ok(Self::All);
        }
        let aggregate = row.canonical(AGGREGATE, AGGREGATE).ok_or_else(|| row.unusable(AGGREGATE))?;
        Ok(Self::Aggregate(aggregate.to_owned()))
    }

    fn words(&self) -> Text {
        match self {
            Self::All => Text::new("alla områden", "all areas"),
            Self::Aggregate(name) => Text::new(name.as_str(), name.as_str()),
            Self::Area { code, .. } => Text::new(format!("MVO {code}"), format!("MVO {code}")),
        }
    }
}

impl Register {
    /// Reads the table `patientregister` at `path`, CSV or Parquet.
    ///
    /// # Errors
    /// Whatever makes a number of it doubtful; see [`ReferenceError`].
    pub fn read(reference: &Reference, path: &Path, stop: &AtomicBool) -> Result<Self, ReferenceError> {
        let mut stated: BTreeMap<(County, i32), Parts> = BTreeMap::new();
        let reading = table::read(reference, &LAYOUT, path, stop, &mut |row, flaws| {
            if let Err(flaw) = take(&mut stated, row) {
                flaws.push(flaw);
            }
        })?;
        // Totals of a table with duplicates would be compared with sums of only some of its rows.
        let mut flaws = reading.flaws.none_so_far()?;
        let regions = stated
            .into_iter()
            .map(|((county, year), parts)| {
                let region = Text::new(
                    format!("{} {year}", reference.name(county)),
                    format!("{} {year}", reference.name(county)),
                );
                ((county, year), RegionYear::new(&parts, &region, &mut flaws))
            })
            .collect();
        flaws.none()?;
        let file = path.display();
        let source = Text::new(format!("patientregistret i `{file}`"), format!("the patient register in `{file}`"));
        Ok(Self { regions, names: reference.names.clone(), source, warnings: reading.warnings })
    }

    /// Contacts of the region in the year, all areas; `None` where the table does not say.
    pub fn get(&self, county: County, year: i32) -> Option<u64> {
        self.regions.get(&(county, year)).map(|region| region.total)
    }

    /// Contacts of the region in the year, all areas.
    ///
    /// # Errors
    /// If the table does not say: never another year's number.
    pub fn require(&self, county: County, year: i32) -> Result<u64, ReferenceError> {
        self.get(county, year).ok_or_else(|| ReferenceError::NoNumber {
            source_text: self.source.clone(),
            county,
            region: self.names.get(&county).cloned().unwrap_or_else(|| county.to_string()),
            year,
            years: self.regions.keys().filter(|(other, _)| *other == county).map(|(_, year)| *year).collect(),
        })
    }

    /// Whether the table states the total of the region and year; otherwise it is the sum of what it states of parts,
    /// and as complete as they are. `None` where it says nothing.
    pub fn is_total_stated(&self, county: County, year: i32) -> Option<bool> {
        self.regions.get(&(county, year)).map(|region| region.is_total_stated)
    }

    /// Contacts of the region in the year within an aggregate of areas, by the name of the code list `mvo_aggregat`;
    /// `None` where the table does not say.
    pub fn get_aggregate(&self, county: County, year: i32, aggregate: &str) -> Option<u64> {
        self.regions.get(&(county, year))?.aggregates.get(aggregate).copied()
    }

    /// The aggregates that the table says something of in the region and year, by name.
    pub fn aggregates(&self, county: County, year: i32) -> impl Iterator<Item = (&str, u64)> {
        let region = self.regions.get(&(county, year));
        region.into_iter().flat_map(|region| &region.aggregates).map(|(name, contacts)| (name.as_str(), *contacts))
    }

    /// Every total, by region and year.
    pub fn iter(&self) -> impl Iterator<Item = (County, i32, u64)> + '_ {
        self.regions.iter().map(|((county, year), region)| (*county, *year, region.total))
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

/// Adds a row to what is stated of its region and year.
fn take(stated: &mut BTreeMap<(County, i32), Parts>, row: &Row<'_>) -> Result<(), Flaw> {
    let (county, year, contacts, part) = (row.county()?, row.year()?, row.count(CONTACTS)?, Part::of(row)?);
    let parts = stated.entry((county, year)).or_default();
    if let Some(first) = parts.get(&part) {
        let (region, words) = (row.reference.name(county), part.words());
        let what = Text::new(format!("{region} {year}, {}", words.sv), format!("{region} {year}, {}", words.en));
        return Err(row.duplicate(first.position, &what));
    }
    parts.insert(part, Stated { contacts, position: row.position, cells: row.cells(&[CONTACTS]) });
    Ok(())
}

impl RegionYear {
    fn new(parts: &Parts, region: &Text, flaws: &mut Flaws) -> Self {
        let mut aggregates: BTreeMap<String, u64> = BTreeMap::new();
        for (part, stated) in parts {
            if let Part::Area { aggregate, .. } = part {
                let sum = aggregates.entry(aggregate.clone()).or_default();
                *sum = sum.saturating_add(stated.contacts);
            }
        }
        for (part, stated) in parts {
            if let Part::Aggregate(name) = part {
                let sum = aggregates.insert(name.clone(), stated.contacts).unwrap_or(0);
                let what = Text::new(format!("{}, {name}", region.sv), format!("{}, {name}", region.en));
                stated.compare(sum, &what, &Text::new("MVO-koder", "MVO codes"), flaws);
            }
        }
        let sum = aggregates.values().fold(0u64, |sum, contacts| sum.saturating_add(*contacts));
        let all = parts.get(&Part::All);
        if let Some(stated) = all {
            stated.compare(sum, region, &Text::new("områden", "areas"), flaws);
        }
        Self { total: all.map_or(sum, |stated| stated.contacts), is_total_stated: all.is_some(), aggregates }
    }
}

impl Stated {
    /// A whole that is below the sum of its parts is a flaw.
    fn compare(&self, sum: u64, what: &Text, parts: &Text, flaws: &mut Flaws) {
        let total = self.contacts;
        if total >= sum {
            return;
        }
        flaws.push(Flaw {
            kind: FlawKind::ImpossibleTotal { total, sum },
            position: self.position,
            cells: self.cells.clone(),
            what: Text::new(
                format!("{}: totalen {total} är lägre än summan av dess {}, {sum}", what.sv, parts.sv),
                format!("{}: the total {total} is below the sum of its {}, {sum}", what.en, parts.en),
            ),
            help: None,
        });
    }
}
