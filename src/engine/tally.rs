//! What coverage counts, gathered in the same pass as the verdicts.
//!
//! A [`Tally`] holds the counts of one collection, by the groups that measures speak of: region and month, specialty,
//! care unit. It is all that coverage needs, so that tallies of parts (files, regions, months) merge into that of the
//! whole, and no record is needed twice. Its size depends on the number of groups, not of records.
//!
//! # How
//!
//! Counts are sums, so their order does not matter: each thread adds to tables of its own, which are added together
//! when the scan is done. A batch is divided into groups once for each kind of group; a column is then counted by
//! walking the rows that are *not* like most (blanks where most are filled, filled ones where most are blank).
//!
//! # What is not a group of its own
//!
//! A region, month, specialty or unit that is blank, unreadable or not in its list would be a group for each mistake.
//! Such rows are kept, all together: region and month as `None`, specialty and unit as [`BLANK`] or [`INVALID`].
//! Records that could not be divided into columns are in no group; each delivery counts them.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use foldhash::fast::FixedState;

use super::eval::Evaluator;
use super::{text, unique};
use crate::measure::TallyPlan;
use crate::model::{County, VariableIndex};
use crate::rule::Plan;
use crate::schema::{Domain, Missing};
use crate::submission::InputFile;
use crate::table::{Batch, Bits, value};
use crate::time::{DAY, Month};

/// The name of the group of blank specialties or units.
pub const BLANK: &str = "";
/// The name of the group of specialties or units that are not in their list or not of their format.
pub const INVALID: &str = "?";

/// Who is responsible; `None` where it cannot be known.
pub type Region = Option<County>;

/// What was counted in the submissions of one collection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Conditions by region, month and specialty.
    pub counts: BTreeMap<(Region, Option<Month>, String), Counts>,
    /// Variables by region and month.
    pub by_month: BTreeMap<(Region, Option<Month>), Fills>,
    /// Variables by region, year and specialty.
    pub by_specialty: BTreeMap<(Region, Option<i32>, String), Fills>,
    /// Reporting rates by region, year and care unit.
    pub by_unit: BTreeMap<(Region, Option<i32>, String), UnitFills>,
    /// One entry a file, in their order.
    pub deliveries: Vec<Delivery>,
}

/// How many records of a group fulfil each condition of the [`TallyPlan`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Where it is true.
    pub yes: Vec<u64>,
    /// Where it could not be decided.
    pub undecided: Vec<u64>,
}

/// How the variables of a group's records are filled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fills {
    /// Records of the group.
    pub records: u64,
    /// Records in each of the sets that reporting rates are taken among.
    pub among: Vec<u64>,
    /// One entry a variable of the schema.
    pub variables: Vec<Fill>,
}

/// How one variable is filled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fill {
    /// Blank.
    pub blank: u64,
    /// Blank although required.
    pub blank_required: u64,
    /// A declared code that says none or not applicable.
    pub negative: u64,
    /// A declared code that says unknown.
    pub unknown: u64,
    /// Where the variable is required.
    pub required: u64,
    /// Blank among the records that its reporting rate is taken among.
    pub blank_among: u64,
}

/// How the variables of a care unit's records are filled, as far as reporting rates need it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnitFills {
    /// Records of the unit.
    pub records: u64,
    /// Records in each of the sets that reporting rates are taken among.
    pub among: Vec<u64>,
    /// Blank among them; one entry a variable of the schema.
    pub blank_among: Vec<u64>,
}

/// One file, as stated and as found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delivery {
    /// The file's name, without its folders.
    pub file: String,
    /// The region stated.
    pub region: Region,
    /// The month stated.
    pub month: Option<Month>,
    /// The day it was received, days since 1970-01-01.
    pub received: Option<i64>,
    /// How many records were stated.
    pub stated_records: Option<u64>,
    /// How many there are, unreadable ones included.
    pub records: u64,
    /// Those that could not be divided into columns.
    pub unreadable: u64,
    /// Sum of the hashes of the records' keys: the same records, in whatever order, have the same.
    pub fingerprint: u64,
    /// Records by the region and month they are of; for a stock the month is the delivery's.
    pub found: BTreeMap<(Region, Option<Month>), u64>,
}

impl Tally {
    /// Adds the counts of another part, which must have been made with the same measures.
    pub fn merge(&mut self, other: Self) {
        merge_maps(&mut self.counts, other.counts, Counts::merge);
        merge_maps(&mut self.by_month, other.by_month, Fills::merge);
        merge_maps(&mut self.by_specialty, other.by_specialty, Fills::merge);
        merge_maps(&mut self.by_unit, other.by_unit, UnitFills::merge);
        self.deliveries.extend(other.deliveries);
    }
}

fn merge_maps<K: Ord, V: Default>(into: &mut BTreeMap<K, V>, from: BTreeMap<K, V>, merge: impl Fn(&mut V, &V)) {
    for (key, value) in from {
        merge(into.entry(key).or_default(), &value);
    }
}

/// Adds `other` to `into`, place by place; a part that counted nothing yet is empty.
fn add_all(into: &mut Vec<u64>, other: &[u64]) {
    into.resize(into.len().max(other.len()), 0);
    for (total, part) in into.iter_mut().zip(other) {
        *total += part;
    }
}

impl Counts {
    /// Adds the counts of another part.
    pub fn merge(&mut self, other: &Self) {
        add_all(&mut self.yes, &other.yes);
        add_all(&mut self.undecided, &other.undecided);
    }
}

impl Fills {
    /// Adds the counts of another part.
    pub fn merge(&mut self, other: &Self) {
        self.records += other.records;
        add_all(&mut self.among, &other.among);
        self.variables.resize(self.variables.len().max(other.variables.len()), Fill::default());
        for (total, part) in self.variables.iter_mut().zip(&other.variables) {
            total.blank += part.blank;
            total.blank_required += part.blank_required;
            total.negative += part.negative;
            total.unknown += part.unknown;
            total.required += part.required;
            total.blank_among += part.blank_among;
        }
    }
}

impl UnitFills {
    /// Adds the counts of another part.
    pub fn merge(&mut self, other: &Self) {
        self.records += other.records;
        add_all(&mut self.among, &other.among);
        add_all(&mut self.blank_among, &other.blank_among);
    }
}

/// Gathers the tally of one collection while its files are scanned.
pub(super) struct Collector<'a> {
    plan: &'a TallyPlan,
    files: &'a [InputFile],
    /// One for each thread, and one for a caller that is none of the pool's.
    parts: Vec<Mutex<Part>>,
}

/// A group of records: region, month or year, and specialty or unit, as numbers.
type Key = (u32, i32, u32);
/// A month or year that is not known.
const NO_TIME: i32 = i32::MIN;

/// What one thread has counted.
#[derive(Default)]
struct Part {
    regions: Names,
    labels: Names,
    counts: Table,
    by_month: Table,
    by_specialty: Table,
    by_unit: Table,
    deliveries: BTreeMap<usize, DeliveryPart>,
}

#[derive(Default)]
struct DeliveryPart {
    records: u64,
    unreadable: u64,
    fingerprint: u64,
    found: HashMap<(u32, i32), u64, FixedState>,
}

/// Texts by number.
#[derive(Default)]
struct Names {
    numbers: HashMap<Vec<u8>, u32, FixedState>,
    texts: Vec<Vec<u8>>,
}

impl Names {
    fn number(&mut self, text: &[u8]) -> u32 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let number = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
        self.numbers.insert(text.to_vec(), number);
        self.texts.push(text.to_vec());
        number
    }

    fn text(&self, number: u32) -> String {
        self.texts.get(number as usize).map(|text| String::from_utf8_lossy(text).into_owned()).unwrap_or_default()
    }
}

/// Counters by group: `width` of them for each.
#[derive(Default)]
struct Table {
    places: HashMap<Key, usize, FixedState>,
    width: usize,
    counters: Vec<u64>,
}

impl Table {
    /// Where the counters of each of these groups begin.
    fn places(&mut self, keys: &[Key], width: usize) -> Vec<usize> {
        self.width = width;
        keys.iter()
            .map(|key| {
                *self.places.entry(*key).or_insert_with(|| {
                    let place = self.counters.len();
                    self.counters.resize(place + width, 0);
                    place
                })
            })
            .collect()
    }

    fn groups(&self) -> impl Iterator<Item = (Key, &[u64])> {
        self.places.iter().map(|(key, place)| (*key, &self.counters[*place..*place + self.width]))
    }
}

/// A batch divided into groups.
struct Groups {
    /// For each row its group.
    of_row: Vec<u32>,
    /// For each group its key.
    keys: Vec<Key>,
    /// For each group its rows.
    rows: Vec<u32>,
}

impl Groups {
    fn new(keys_of_rows: impl Iterator<Item = Key>, n_rows: usize) -> Self {
        let mut known: HashMap<Key, u32, FixedState> = HashMap::default();
        let mut groups = Self { of_row: Vec::with_capacity(n_rows), keys: Vec::new(), rows: Vec::new() };
        let mut previous: Option<(Key, u32)> = None;
        for key in keys_of_rows {
            let group = match previous {
                Some((last, group)) if last == key => group,
                _ => *known.entry(key).or_insert_with(|| {
                    groups.keys.push(key);
                    groups.rows.push(0);
                    u32::try_from(groups.keys.len() - 1).unwrap_or(u32::MAX)
                }),
            };
            previous = Some((key, group));
            groups.rows[group as usize] += 1;
            groups.of_row.push(group);
        }
        groups
    }

    /// Adds how many rows of each group are in `set` to the counter `at` of its place.
    fn count(&self, set: &Bits, table: &mut Table, places: &[usize], at: usize, scratch: &mut Vec<u32>) {
        let n_set = set.count();
        if n_set == 0 {
            return;
        }
        let n_rows = set.len() as u64;
        scratch.clear();
        if n_set * 2 <= n_rows {
            scratch.resize(self.keys.len(), 0);
            for row in set.iter() {
                scratch[self.of_row[row] as usize] += 1;
            }
        } else {
            scratch.extend_from_slice(&self.rows);
            if n_set < n_rows {
                for row in set.not().iter() {
                    scratch[self.of_row[row] as usize] -= 1;
                }
            }
        }
        for (place, count) in places.iter().zip(scratch.iter()).filter(|(_, count)| **count > 0) {
            table.counters[place + at] += u64::from(*count);
        }
    }
}

/// Counters of a [`Fill`], in their order in a [`Table`].
const FILL_WIDTH: usize = 6;

impl<'a> Collector<'a> {
    pub(super) fn new(plan: &'a TallyPlan, files: &'a [InputFile]) -> Self {
        let parts = (0..=rayon::current_num_threads()).map(|_| Mutex::new(Part::default())).collect();
        Self { plan, files, parts }
    }

    /// Adds one batch of the file at `file`.
    pub(super) fn add(&self, file: usize, evaluator: &Evaluator<'_>, broken: Option<&Bits>) {
        let slot = rayon::current_thread_index().unwrap_or(self.parts.len() - 1).min(self.parts.len() - 1);
        // Poisoned only by a panic that ends the run anyway.
        let mut part = self.parts[slot].lock().unwrap_or_else(PoisonError::into_inner);
        part.add(self.plan, evaluator, file, self.files[file].statement.month, broken);
    }

    /// Everything counted.
    pub(super) fn finish(self) -> Tally {
        let mut tally = Tally::default();
        let mut deliveries: Vec<Delivery> = self
            .files
            .iter()
            .map(|file| Delivery {
                file: file.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
                region: file.statement.region.as_ref().map(|(county, _)| *county),
                month: file.statement.month,
                received: file.statement.received,
                stated_records: file.statement.records,
                ..Delivery::default()
            })
            .collect();
        for part in self.parts {
            let part = part.into_inner().unwrap_or_else(PoisonError::into_inner);
            part.finish(self.plan, &mut tally, &mut deliveries);
        }
        tally.deliveries = deliveries;
        tally
    }
}

impl Part {
    fn add(
        &mut self,
        tally: &TallyPlan,
        evaluator: &Evaluator<'_>,
        file: usize,
        stated_month: Option<Month>,
        broken: Option<&Bits>,
    ) {
        let (plan, batch) = (evaluator.plan(), evaluator.batch());
        let n_rows = batch.n_rows;
        let regions = self.regions_of(tally, evaluator);
        let months = months_of(plan, evaluator, stated_month);
        let years: Vec<i32> =
            months.iter().map(|month| if *month == NO_TIME { NO_TIME } else { month.div_euclid(12) }).collect();
        let specialties = self.labels_of(evaluator, plan.collection.specialty);
        let units = self.labels_of(evaluator, plan.collection.unit);
        let keys = |times: &'_ [i32], labels: Option<&'_ [u32]>| -> Groups {
            let key = |row: usize| (regions[row], times[row], labels.map_or(0, |labels| labels[row]));
            // A broken record is in no group: its key is one that no other has.
            let none = (u32::MAX, NO_TIME, u32::MAX);
            match broken {
                None => Groups::new((0..n_rows).map(key), n_rows),
                Some(broken) => {
                    Groups::new((0..n_rows).map(|row| if broken.contains(row) { none } else { key(row) }), n_rows)
                }
            }
        };
        let by_month = keys(&months, None);
        self.delivery(file, batch, plan, &by_month, broken);

        let mut scratch = Vec::new();
        let groups = keys(&months, Some(&specialties));
        let places = self.counts.places(&groups.keys, tally.conditions.len() * 2);
        for (index, condition) in tally.conditions.iter().enumerate() {
            let tri = evaluator.bool(condition.node);
            groups.count(&tri.yes, &mut self.counts, &places, index * 2, &mut scratch);
            let undecided = tri.yes.or(&tri.no).not();
            groups.count(&undecided, &mut self.counts, &places, index * 2 + 1, &mut scratch);
        }

        let by_specialty = plan.collection.specialty.map(|_| keys(&years, Some(&specialties)));
        let by_unit = plan.collection.unit.map(|_| keys(&years, Some(&units)));
        let n_variables = plan.collection.variables.len();
        let n_among = tally.among.len();
        let fill_width = 1 + n_among + n_variables * FILL_WIDTH;
        let mut fills: Vec<(&Groups, &mut Table, Vec<usize>)> = Vec::new();
        let places = self.by_month.places(&by_month.keys, fill_width);
        fills.push((&by_month, &mut self.by_month, places));
        if let Some(groups) = &by_specialty {
            let places = self.by_specialty.places(&groups.keys, fill_width);
            fills.push((groups, &mut self.by_specialty, places));
        }
        let mut units = by_unit.as_ref().map(|groups| {
            let places = self.by_unit.places(&groups.keys, 1 + n_among + n_variables);
            (groups, &mut self.by_unit, places)
        });
        let all = Bits::all(n_rows);
        let among: Vec<Bits> = tally.among.iter().map(|node| evaluator.bool(*node).yes.clone()).collect();
        for (groups, table, places) in fills.iter_mut().chain(&mut units) {
            groups.count(&all, table, places, 0, &mut scratch);
            for (index, among) in among.iter().enumerate() {
                groups.count(among, table, places, 1 + index, &mut scratch);
            }
        }
        for variable in 0..n_variables {
            let index = VariableIndex(variable);
            let filled = evaluator.filled(index);
            let blank = filled.not();
            let blank_among = blank.and(&among[tally.among_of[variable]]);
            let required = &evaluator.bool(plan.requirements[variable].required).yes;
            let [negative, unknown] = declared_codes(evaluator, index);
            let sets = [&blank, &blank.and(required), &negative, &unknown, required, &blank_among];
            let first = 1 + n_among + variable * FILL_WIDTH;
            for (groups, table, places) in &mut fills {
                for (at, set) in sets.iter().enumerate().filter(|(_, set)| !set.is_empty()) {
                    groups.count(set, table, places, first + at, &mut scratch);
                }
            }
            if let Some((groups, table, places)) = &mut units {
                groups.count(&blank_among, table, places, 1 + n_among + variable, &mut scratch);
            }
        }
    }

    fn delivery(&mut self, file: usize, batch: &Batch, plan: &Plan, by_month: &Groups, broken: Option<&Bits>) {
        let delivery = self.deliveries.entry(file).or_default();
        delivery.records += batch.n_rows as u64;
        delivery.unreadable += broken.map_or(0, Bits::count);
        let hashes = unique::hash_keys(batch, &plan.collection.key, broken);
        delivery.fingerprint = hashes.iter().fold(delivery.fingerprint, |sum, hash| sum.wrapping_add(*hash));
        for (key, rows) in by_month.keys.iter().zip(&by_month.rows).filter(|(key, _)| key.0 != u32::MAX) {
            *delivery.found.entry((key.0, key.1)).or_default() += u64::from(*rows);
        }
    }

    /// For each row the number of its region's code; a text that names none has that of the empty text.
    fn regions_of(&mut self, tally: &TallyPlan, evaluator: &Evaluator<'_>) -> Vec<u32> {
        let (keys, values) = evaluator.distinct_texts(tally.region);
        let numbers: Vec<u32> =
            values.iter().map(|value| self.regions.number(value.as_deref().unwrap_or_default())).collect();
        keys.iter().map(|key| numbers[*key as usize]).collect()
    }

    /// For each row the number of its specialty's or unit's name.
    fn labels_of(&mut self, evaluator: &Evaluator<'_>, variable: Option<VariableIndex>) -> Vec<u32> {
        let batch = evaluator.batch();
        let named = variable.and_then(|variable| Some((variable, batch.columns[variable.0].as_ref()?)));
        let Some((variable, column)) = named else {
            return vec![self.labels.number(BLANK.as_bytes()); batch.n_rows];
        };
        let plan = evaluator.plan();
        let item = plan.collection.get(variable);
        let dict = evaluator.dict(variable, column);
        let numbers: Vec<u32> = dict
            .first_rows
            .iter()
            .map(|row| {
                let written = value(column, *row as usize);
                let name = match &item.domain {
                    _ if written.is_empty() => BLANK.as_bytes(),
                    Domain::Code { codelist } => plan
                        .codelists
                        .get(codelist)
                        .and_then(|list| list.canonical(written))
                        .map_or(INVALID.as_bytes(), str::as_bytes),
                    Domain::Text { format: Some(format), .. } if !format.accepts(written) => INVALID.as_bytes(),
                    // What names a person is no name of a unit, and is kept nowhere.
                    _ if item.identifies_person || text::is_personal_number(written) => INVALID.as_bytes(),
                    _ => written,
                };
                self.labels.number(name)
            })
            .collect();
        match &dict.keys {
            None => numbers,
            Some(keys) => keys.iter().map(|key| numbers[*key as usize]).collect(),
        }
    }

    fn finish(self, plan: &TallyPlan, tally: &mut Tally, deliveries: &mut [Delivery]) {
        let (regions, labels) = (&self.regions, &self.labels);
        let region = |number: u32| County::new(&regions.text(number));
        let month = |number: i32| if number == NO_TIME { None } else { Month::from_number(number) };
        let year = |number: i32| (number != NO_TIME).then_some(number);
        let real = |(key, _): &(Key, &[u64])| key.0 != u32::MAX;
        for (key, counters) in self.counts.groups().filter(real) {
            let place = (region(key.0), month(key.1), labels.text(key.2));
            let part = Counts {
                yes: counters.iter().copied().step_by(2).collect(),
                undecided: counters.iter().copied().skip(1).step_by(2).collect(),
            };
            tally.counts.entry(place).or_default().merge(&part);
        }
        let n_among = plan.among.len();
        let fills = |counters: &[u64]| Fills {
            records: counters[0],
            among: counters[1..=n_among].to_vec(),
            variables: counters[1 + n_among..]
                .chunks_exact(FILL_WIDTH)
                .map(|fill| Fill {
                    blank: fill[0],
                    blank_required: fill[1],
                    negative: fill[2],
                    unknown: fill[3],
                    required: fill[4],
                    blank_among: fill[5],
                })
                .collect(),
        };
        for (key, counters) in self.by_month.groups().filter(real) {
            tally.by_month.entry((region(key.0), month(key.1))).or_default().merge(&fills(counters));
        }
        for (key, counters) in self.by_specialty.groups().filter(real) {
            let place = (region(key.0), year(key.1), labels.text(key.2));
            tally.by_specialty.entry(place).or_default().merge(&fills(counters));
        }
        for (key, counters) in self.by_unit.groups().filter(real) {
            let place = (region(key.0), year(key.1), labels.text(key.2));
            let part = UnitFills {
                records: counters[0],
                among: counters[1..=n_among].to_vec(),
                blank_among: counters[1 + n_among..].to_vec(),
            };
            tally.by_unit.entry(place).or_default().merge(&part);
        }
        for (file, part) in self.deliveries {
            let Some(delivery) = deliveries.get_mut(file) else { continue };
            delivery.records += part.records;
            delivery.unreadable += part.unreadable;
            delivery.fingerprint = delivery.fingerprint.wrapping_add(part.fingerprint);
            let mut found: Vec<((u32, i32), u64)> = part.found.into_iter().collect();
            found.sort_unstable();
            for (key, records) in found {
                *delivery.found.entry((region(key.0), month(key.1))).or_default() += records;
            }
        }
    }
}

/// For each row the number of the month it belongs to.
fn months_of(plan: &Plan, evaluator: &Evaluator<'_>, stated: Option<Month>) -> Vec<i32> {
    let n_rows = evaluator.batch().n_rows;
    if plan.collection.stock {
        return vec![stated.map_or(NO_TIME, Month::number); n_rows];
    }
    let Some(date) = plan.collection.record_date else { return vec![NO_TIME; n_rows] };
    let times = evaluator.variable_times(date);
    // Days of one month come together, or at least of few months.
    let mut known = (0i64, -1i64, NO_TIME);
    (0..n_rows)
        .map(|row| {
            if !times.known.contains(row) {
                return NO_TIME;
            }
            let day = times.seconds[row].div_euclid(DAY);
            if day < known.0 || day > known.1 {
                let Some(month) = Month::of_day(day) else { return NO_TIME };
                known = (month.first_day(), month.last_day(), month.number());
            }
            known.2
        })
        .collect()
}

/// The rows where the variable holds a declared code: none or not applicable, and unknown.
fn declared_codes(evaluator: &Evaluator<'_>, variable: VariableIndex) -> [Bits; 2] {
    let (plan, batch) = (evaluator.plan(), evaluator.batch());
    let item = plan.collection.get(variable);
    let column = batch.columns[variable.0].as_ref().filter(|_| !item.missing_codes.is_empty());
    let Some(column) = column else { return [Bits::default(), Bits::default()] };
    let dict = evaluator.dict(variable, column);
    let kinds = evaluator.declared_kinds(variable, column);
    let of = |kind: Missing| {
        if !kinds.contains(&Some(kind)) {
            return Bits::default();
        }
        Bits::from_fn(batch.n_rows, |row| {
            kinds[dict.keys.as_ref().map_or(row, |keys| keys[row] as usize)] == Some(kind)
        })
    };
    [of(Missing::Negative), of(Missing::Unknown)]
}
