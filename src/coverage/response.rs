//! What should have been delivered, what was, when, and with how many records.
//!
//! | measure | numerator | denominator |
//! | --- | --- | --- |
//! | response rate (svarsfrekvens) | region × collection × month cells received | cells expected |
//! | timeliness | cells received within three or five weeks of the month's end | cells expected |
//!
//! With a list of deliveries, expected is what it names within the scope, and what came without being named. Without one,
//! expected is every month of the scope for every group of collections in the run and every region: all of the country's
//! where the run holds several, the one where it holds one. A cell is received where a file that is stated to be of it, or
//! a file of no stated month, has records of it, or where a file is stated to be of it, whatever it holds: it came, though it
//! may be empty or of another region.
//! Where the day of receipt is not stated, timeliness has no value: it is never guessed. A cell that comes in several
//! files is received on the day of the last of them, because only then is it complete.
//!
//! Deadlines: five weeks after the month by the agreement of 2022, three as applied in practice; source: Uppföljning av
//! överenskommelsen om ökad tillgänglighet 2022, Socialstyrelsen, August 2023, footnote 24.

use std::collections::{BTreeMap, BTreeSet};

use super::Context;
use super::figure::{Amount, Figure, Period, Place};
use super::scope::Scope;
use crate::engine::tally::{Delivery, Tally};
use crate::model::County;
use crate::time::Month;

/// Days after the end of the month.
pub const DEADLINES: [(&str, i64); 2] = [("inom_tre_veckor", 21), ("inom_fem_veckor", 35)];
/// The id of the response rate.
pub const RESPONSE: &str = "svarsfrekvens";

/// One region's submission of one month.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    /// Whether anything was received: records of it, or a file stated to be of it.
    pub is_received: bool,
    /// Records found, strays in files of other months included; `None` where there are none, or where they may not be
    /// shown.
    pub records: Option<u64>,
    /// Records stated, where they were of every file.
    pub stated: Option<u64>,
    /// All records of the files that are stated to be of it, whatever they are of; what `stated` is held against.
    pub in_files: Option<u64>,
    /// The day the last file was received, days since 1970-01-01; `None` where not stated.
    pub received: Option<i64>,
    /// The files, by name.
    pub files: Vec<String>,
}

/// A group of collections, a region and a month.
pub type CellKey = (String, County, Month);

/// What was expected and received.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// Every expected cell: by collection group, region and month.
    pub cells: BTreeMap<CellKey, Cell>,
    /// Rates.
    pub figures: Vec<Figure>,
    /// Pairs of files with the very same records: `(collection, one file, the other)`.
    pub repeated: Vec<(String, String, String)>,
}

impl Response {
    /// Takes away numbers of records and names of files.
    pub(super) fn withhold_records(&mut self) {
        for cell in self.cells.values_mut() {
            (cell.records, cell.stated, cell.in_files) = (None, None, None);
            cell.files.clear();
        }
        self.repeated.clear();
    }
}

/// A delivery that was expected, received or not, from a list of deliveries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Expected<'a> {
    /// The collection's id.
    pub collection: &'a str,
    /// Who should deliver.
    pub county: County,
    /// Of which month.
    pub month: Month,
}

/// Works out the response; `expected` holds what a list of deliveries names.
pub(super) fn response(context: &Context<'_>, expected: &[Expected<'_>]) -> Response {
    let mut response = Response::default();
    let groups = groups(context, expected);
    let everyone = if expected.is_empty() { regions(context) } else { BTreeSet::new() };
    for (group, collections) in &groups {
        for (county, month) in expected_cells(context, expected, &everyone, collections) {
            response.cells.insert((group.clone(), county, month), Cell::default());
        }
        let tallies: Vec<&Tally> = collections.iter().filter_map(|id| context.tallies.get(*id)).collect();
        receive(&mut response, group, &tallies, context.scope, !expected.is_empty());
        for (collection, tally) in collections.iter().filter_map(|id| Some((*id, context.tallies.get(*id)?))) {
            repeated(&mut response.repeated, collection, tally);
        }
    }
    response.figures = figures(context, &response.cells);
    response
}

/// The cells of one group that are expected.
fn expected_cells(
    context: &Context<'_>,
    expected: &[Expected<'_>],
    everyone: &BTreeSet<County>,
    collections: &[&str],
) -> Vec<(County, Month)> {
    if expected.is_empty() {
        return everyone.iter().flat_map(|county| context.scope.months().map(|month| (*county, month))).collect();
    }
    let of_group = expected.iter().filter(|expected| collections.contains(&expected.collection));
    of_group
        .map(|expected| (expected.county, expected.month))
        .filter(|(_, month)| context.scope.contains(*month))
        .collect()
}

/// The groups of collections that stand for each other (the two models of primary care), named by the measure of
/// reporting rates that joins them, and those of them that are in this run.
fn groups<'a>(context: &Context<'a>, expected: &[Expected<'_>]) -> BTreeMap<String, Vec<&'a str>> {
    let mut groups: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for measure in &context.measures.reporting {
        let is_here =
            |id: &String| context.tallies.contains_key(id) || expected.iter().any(|expected| expected.collection == id);
        if measure.collections.iter().any(is_here) {
            groups.insert(measure.group_id().to_owned(), measure.collections.iter().map(String::as_str).collect());
        }
    }
    groups
}

/// Whose deliveries are expected where no list says so: all of the country's where several are found.
fn regions(context: &Context<'_>) -> BTreeSet<County> {
    let mut found = BTreeSet::new();
    for tally in context.tallies.values() {
        found.extend(tally.by_month.keys().filter_map(|(region, _)| *region));
        found.extend(tally.deliveries.iter().filter_map(|delivery| delivery.region));
    }
    if found.len() > 1 {
        found.extend(context.regions.all());
    }
    found
}

/// A delivery's cells within the scope, each with the records it has of them, and whether it is the cell's own.
fn cells_of(delivery: &Delivery, scope: Scope) -> Vec<((County, Month), u64, bool)> {
    let mut cells: BTreeMap<(County, Month), u64> = BTreeMap::new();
    for ((region, month), records) in &delivery.found {
        cells.extend(region.zip(*month).map(|cell| (cell, *records)));
    }
    // A file that is stated to be of a region and month came, whatever it holds.
    if let Some(cell) = delivery.region.zip(delivery.month) {
        cells.entry(cell).or_insert(0);
    }
    let is_own = |county: County, month: Month| {
        delivery.region.is_none_or(|stated| stated == county) && delivery.month.is_none_or(|stated| stated == month)
    };
    let within = cells.into_iter().filter(|((_, month), _)| scope.contains(*month));
    within.map(|((county, month), records)| ((county, month), records, is_own(county, month))).collect()
}

fn receive(response: &mut Response, group: &str, tallies: &[&Tally], scope: Scope, has_list: bool) {
    let deliveries = || tallies.iter().flat_map(|tally| &tally.deliveries);
    // What came without being on the list was delivered all the same.
    if has_list {
        for delivery in deliveries() {
            for ((county, month), ..) in cells_of(delivery, scope).into_iter().filter(|(.., is_own)| *is_own) {
                response.cells.entry((group.to_owned(), county, month)).or_default();
            }
        }
    }
    for delivery in deliveries() {
        for ((county, month), records, is_own) in cells_of(delivery, scope) {
            if let Some(cell) = response.cells.get_mut(&(group.to_owned(), county, month)) {
                add(cell, delivery, records, is_own);
            }
        }
    }
}

fn add(cell: &mut Cell, delivery: &Delivery, records: u64, is_of_cell: bool) {
    cell.records = Some(cell.records.unwrap_or(0) + records);
    cell.files.push(delivery.file.clone());
    // A stray record in a file of another month does not make this month received, and says nothing of when it came or
    // how many records it should have.
    if is_of_cell {
        let first = !cell.is_received;
        cell.is_received = true;
        cell.received = match (first, cell.received, delivery.received) {
            (true, _, day) => day,
            (false, Some(one), Some(other)) => Some(one.max(other)),
            (false, ..) => None,
        };
        if delivery.month.is_some() {
            cell.in_files = Some(cell.in_files.unwrap_or(0) + delivery.records);
        }
        cell.stated = match (first, cell.stated, delivery.stated_records) {
            (true, _, stated) => stated,
            (false, Some(one), Some(other)) => Some(one + other),
            (false, ..) => None,
        };
    }
}

/// Files of one month with the very same records.
fn repeated(repeated: &mut Vec<(String, String, String)>, collection: &str, tally: &Tally) {
    let mut seen: BTreeMap<(u64, u64, Option<Month>), &str> = BTreeMap::new();
    for delivery in &tally.deliveries {
        if let Some(other) = delivery.identity().and_then(|key| seen.insert(key, &delivery.file)) {
            repeated.push((collection.to_owned(), other.to_owned(), delivery.file.clone()));
        }
    }
}

/// Cells of one rate: those that count, those expected, and those of which it is not known.
#[derive(Clone, Copy, Debug, Default)]
struct Rate {
    met: u64,
    expected: u64,
    unknown: u64,
}

fn figures(context: &Context<'_>, cells: &BTreeMap<CellKey, Cell>) -> Vec<Figure> {
    let mut rates: BTreeMap<(String, Place, Period), Rate> = BTreeMap::new();
    for ((group, county, month), cell) in cells {
        let mut add = |measure: &str, is_counted: Option<bool>| {
            for place in [Place::Country, Place::Region(*county)] {
                for period in [Period::Year(month.year()), Period::Month(*month)] {
                    // A region's month is a cell, not a rate.
                    if (place, period) == (Place::Region(*county), Period::Month(*month)) {
                        continue;
                    }
                    let rate = rates.entry((format!("{measure}_{group}"), place, period)).or_default();
                    rate.met += u64::from(is_counted == Some(true));
                    rate.expected += 1;
                    rate.unknown += u64::from(is_counted.is_none());
                }
            }
        };
        add(RESPONSE, Some(cell.is_received));
        for (name, days) in DEADLINES {
            // What was not received was not in time; of what was received on an unknown day nothing is known.
            let in_time = if cell.is_received {
                cell.received.map(|received| received <= month.last_day() + days)
            } else {
                Some(false)
            };
            add(name, in_time);
        }
    }
    let n_regions = cells.keys().map(|(_, county, _)| *county).collect::<BTreeSet<_>>().len();
    let rates = rates.into_iter().filter(|((_, place, _), _)| *place != Place::Country || n_regions > 1);
    rates
        .map(|((measure, place, period), rate)| {
            let is_known = rate.unknown == 0;
            Figure {
                numerator: is_known.then(|| Amount::count(rate.met)),
                denominator: is_known.then(|| Amount::count(rate.expected)),
                regions: (place == Place::Country).then(|| u32::try_from(n_regions).unwrap_or(0)),
                undecided: Some(rate.unknown),
                ..context.figure(&measure.into(), place, period)
            }
        })
        .collect()
}
