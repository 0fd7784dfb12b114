//! What coverage counts, gathered in the same pass as the verdicts.
//!
//! A [`Tally`] holds the counts of one collection, by the groups that measures speak of: region and month, specialty,
//! care unit. It is all that coverage needs, so that tallies of parts (files, regions, months) merge into that of the
//! whole, and no record is needed twice. Its size depends on the number of groups, not of records.
//!
//! # How
//!
//! Counts are sums, so their order does not matter: each thread adds to tables of its own, which are added together
//! when the scan is done. A batch's rows are divided once, by region, month and specialty; coarser groups follow from
//! those. What is to be counted of a row's variables is first turned from columns of bits into one word a row, so that a
//! group's counters are visited once a row and not once a variable: of care units there are so many that a visit is
//! a cache miss. Of filled and blank the rarer one is counted.
//!
//! # What is not a group of its own
//!
//! A region, month, specialty or unit that is blank, unreadable or not in its list would be a group for each mistake.
//! Such rows are kept, all together: region and month as `None`, specialty and unit as [`BLANK`] or [`INVALID`].
//! Records that could not be divided into columns are in no group; each delivery counts them.

use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasher;
use std::sync::{Mutex, PoisonError};

use foldhash::fast::FixedState;
use hashbrown::HashTable;

use super::eval::Evaluator;
use super::{text, unique};
use crate::measure::TallyPlan;
use crate::model::{County, Level, VariableIndex};
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
    /// Reporting rates by region, year and care unit; empty where units were not asked for.
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
    /// Where the condition of a conditional variable is true; 0 for other levels.
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
    /// Sum of the hashes of the records' keys: the same records, in whatever order, have the same. 0 where no record has
    /// a key.
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

impl Delivery {
    /// What tells its records from those of other deliveries: their keys and number, and the month stated. `None` where
    /// no record has a key, because then nothing is known of which they are.
    pub fn identity(&self) -> Option<(u64, u64, Option<Month>)> {
        (self.fingerprint != 0).then_some((self.fingerprint, self.records, self.month))
    }

    /// Whether it has the very records of another.
    pub fn is_same_as(&self, other: &Self) -> bool {
        self.identity().is_some_and(|identity| other.identity() == Some(identity))
    }
}

/// Gathers the tally of one collection while its files are scanned.
pub(super) struct Collector<'a> {
    plan: &'a TallyPlan,
    files: &'a [InputFile],
    count_units: bool,
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
    /// For each variable whether filled values are counted rather than blank ones: those that the first batch has fewer
    /// of, so that there is little to count.
    counts_filled: Vec<bool>,
    /// The care unit, where units are counted.
    unit: Option<VariableIndex>,
    regions: Names,
    labels: Names,
    counts: Table,
    by_month: Table,
    by_specialty: Table,
    by_unit: Table,
    /// For each number of a label the last region and year it was met with as a unit, and where its counters begin.
    unit_places: Vec<Option<(u32, i32, usize)>>,
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
    numbers: HashTable<u32>,
    hashes: Vec<u64>,
    /// The texts, one after another, and where each ends.
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Names {
    fn number(&mut self, text: &[u8]) -> u32 {
        let hash = FixedState::default().hash_one(text);
        let is_same = |number: &u32| self.hashes[*number as usize] == hash && self.bytes_of(*number) == text;
        if let Some(number) = self.numbers.find(hash, is_same) {
            return *number;
        }
        let number = u32::try_from(self.ends.len()).unwrap_or(u32::MAX);
        self.hashes.push(hash);
        self.bytes.extend_from_slice(text);
        self.ends.push(self.bytes.len());
        self.numbers.insert_unique(hash, number, |number| self.hashes[*number as usize]);
        number
    }

    fn bytes_of(&self, number: u32) -> &[u8] {
        let number = number as usize;
        let start = if number == 0 { 0 } else { self.ends[number - 1] };
        &self.bytes[start..self.ends[number]]
    }

    fn text(&self, number: u32) -> String {
        if number as usize >= self.ends.len() {
            return String::new();
        }
        String::from_utf8_lossy(self.bytes_of(number)).into_owned()
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
    /// Where the counters of this group begin.
    fn place(&mut self, key: Key, width: usize) -> usize {
        self.width = width;
        *self.places.entry(key).or_insert_with(|| {
            let place = self.counters.len();
            self.counters.resize(place + width, 0);
            place
        })
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

/// Groups looked up without hashing, as many as have a place of their own.
const QUICK: usize = 1 << 12;

impl Groups {
    fn new(keys_of_rows: impl Iterator<Item = Key>, n_rows: usize) -> Self {
        let mut known: HashMap<Key, u32, FixedState> = HashMap::default();
        let mut quick: Vec<u32> = vec![u32::MAX; QUICK];
        let mut groups = Self { of_row: Vec::with_capacity(n_rows), keys: Vec::new(), rows: Vec::new() };
        for key in keys_of_rows {
            #[expect(clippy::cast_sign_loss, reason = "only a place to look first")]
            let slot = (key.0.wrapping_mul(0x9e37) ^ (key.1 as u32).wrapping_mul(0x85eb) ^ key.2) as usize % QUICK;
            let first = quick[slot];
            let group = if groups.keys.get(first as usize) == Some(&key) {
                first
            } else {
                let group = *known.entry(key).or_insert_with(|| {
                    groups.keys.push(key);
                    groups.rows.push(0);
                    u32::try_from(groups.keys.len() - 1).unwrap_or(u32::MAX)
                });
                quick[slot] = group;
                group
            };
            groups.rows[group as usize] += 1;
            groups.of_row.push(group);
        }
        groups
    }

    /// For each row where its counters begin, if each group is counted under `key` of its own.
    fn places(&self, table: &mut Table, width: usize, key: impl Fn(Key) -> Key) -> Vec<usize> {
        let places: Vec<usize> = self.keys.iter().map(|own| table.place(key(*own), width)).collect();
        self.of_row.iter().map(|group| places[*group as usize]).collect()
    }
}

/// A table, and for each row of a batch where its group's counters begin.
struct Adding<'t> {
    table: &'t mut Table,
    places: Vec<usize>,
}

impl Adding<'_> {
    /// Adds one to counter `at` of every row's group.
    fn add_all(&mut self, at: usize) {
        for place in &self.places {
            self.table.counters[place + at] += 1;
        }
    }

    /// Adds one to counter `at` of the groups of the rows in `set`.
    fn add(&mut self, set: &Bits, at: usize) {
        if set.count() == self.places.len() as u64 {
            return self.add_all(at);
        }
        for row in set.iter() {
            self.table.counters[self.places[row] + at] += 1;
        }
    }

    /// For each row and each bit of its word adds one to the bit's counter; those of bit 0 are at `at`.
    fn add_words(&mut self, words: &[u64], at: usize) {
        for (place, word) in self.places.iter().zip(words) {
            let counters = &mut self.table.counters[place + at..];
            let mut rest = *word;
            while rest != 0 {
                counters[rest.trailing_zeros() as usize] += 1;
                rest &= rest - 1;
            }
        }
    }
}

/// Turns up to 64 sets of rows into one word a row, in which bit `n` says whether the row is in set `n`.
fn row_words(sets: &[Bits], n_rows: usize) -> Vec<u64> {
    let mut words = Vec::with_capacity(n_rows.div_ceil(64) * 64);
    let mut square = [0u64; 64];
    for at in 0..n_rows.div_ceil(64) {
        square.fill(0);
        for (line, set) in square.iter_mut().zip(sets) {
            *line = set.words().get(at).copied().unwrap_or(0);
        }
        transpose(&mut square);
        words.extend_from_slice(&square);
    }
    words.truncate(n_rows);
    words
}

/// Mirrors a square of bits, bit `column` of word `row` becoming bit `row` of word `column`: halves are exchanged, then
/// halves of halves, as in Hacker's Delight, section 7-3.
fn transpose(square: &mut [u64; 64]) {
    let mut width = 32;
    let mut mask = 0x0000_0000_ffff_ffff_u64;
    while width > 0 {
        let mut row = 0;
        while row < 64 {
            let swapped = ((square[row] >> width) ^ square[row + width]) & mask;
            square[row] ^= swapped << width;
            square[row + width] ^= swapped;
            row = (row + width + 1) & !width;
        }
        width >>= 1;
        mask ^= mask << width;
    }
}

/// Where the counters of a group's [`Fills`] are in a [`Table`]: records, sets, then one counter a variable of each sort.
#[derive(Clone, Copy)]
struct Layout {
    n_among: usize,
    n_variables: usize,
}

impl Layout {
    fn of(tally: &TallyPlan) -> Self {
        Self { n_among: tally.among.len(), n_variables: tally.among_of.len() }
    }

    /// The counter of a sort and a variable. Sorts: 0 blank or filled, whichever is rarer ([`Part::counts_filled`]); 1
    /// the same outside the set that the variable's reporting rate is taken among; 2 blank although required; 3 and 4
    /// declared codes; 5 required.
    fn at(self, sort: usize, variable: usize) -> usize {
        1 + self.n_among + sort * self.n_variables + variable
    }

    fn width(self) -> usize {
        self.at(6, 0)
    }

    /// Of care units, which need the first two sorts only.
    fn unit_width(self) -> usize {
        self.at(2, 0)
    }
}

impl<'a> Collector<'a> {
    pub(super) fn new(plan: &'a TallyPlan, files: &'a [InputFile], count_units: bool) -> Self {
        let parts = (0..=rayon::current_num_threads()).map(|_| Mutex::new(Part::default())).collect();
        Self { plan, files, count_units, parts }
    }

    /// Adds one batch of the file at `file`.
    ///
    /// `hashes` are those of the records' keys by [`Collector::fingerprinted`], where they are known already.
    pub(super) fn add(&self, file: usize, evaluator: &Evaluator<'_>, broken: Option<&Bits>, hashes: Option<&[u64]>) {
        let (plan, batch) = (evaluator.plan(), evaluator.batch());
        let sum = |hashes: &[u64]| hashes.iter().fold(0u64, |sum, hash| sum.wrapping_add(*hash));
        let fingerprint =
            hashes.map_or_else(|| sum(&unique::hash_keys(batch, &Self::fingerprinted(plan), broken)), sum);
        let slot = rayon::current_thread_index().unwrap_or(self.parts.len() - 1).min(self.parts.len() - 1);
        // Poisoned only by a panic that ends the run anyway.
        let mut part = self.parts[slot].lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(unit) = plan.collection.unit.filter(|_| self.count_units) {
            part.unit = Some(unit);
        }
        part.add(self.plan, evaluator, (file, fingerprint), self.files[file].statement.month, broken);
    }

    /// What tells a delivery's records from those of others: who reports, and the record's key.
    pub(super) fn fingerprinted(plan: &Plan) -> Vec<VariableIndex> {
        plan.collection.reporter.iter().chain(&plan.collection.key).copied().collect()
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
        (file, fingerprint): (usize, u64),
        stated_month: Option<Month>,
        broken: Option<&Bits>,
    ) {
        let (plan, batch) = (evaluator.plan(), evaluator.batch());
        let n_rows = batch.n_rows;
        let regions = self.regions_of(tally, evaluator);
        let months = months_of(plan, evaluator, stated_month);
        let specialties = self.labels_of(evaluator, plan.collection.specialty);
        let units = self.unit.map(|unit| self.labels_of(evaluator, Some(unit)));
        let key = |row: usize| (regions[row], months[row], specialties[row]);
        let groups = match broken {
            None => Groups::new((0..n_rows).map(key), n_rows),
            // A broken record is in no group: its key is one that no other has.
            Some(broken) => Groups::new(
                (0..n_rows).map(|row| if broken.contains(row) { (u32::MAX, NO_TIME, u32::MAX) } else { key(row) }),
                n_rows,
            ),
        };
        self.delivery(file, fingerprint, batch, &groups, broken);

        let places = groups.places(&mut self.counts, tally.conditions.len() * 2, |key| key);
        let mut counts = Adding { table: &mut self.counts, places };
        for (index, condition) in tally.conditions.iter().enumerate() {
            let tri = evaluator.bool(condition.node);
            counts.add(&tri.yes, index * 2);
            counts.add(&tri.yes.or(&tri.no).not(), index * 2 + 1);
        }

        let layout = Layout::of(tally);
        if self.counts_filled.is_empty() {
            let is_rare = |variable| evaluator.filled(VariableIndex(variable)).count() * 2 < n_rows as u64;
            self.counts_filled = (0..layout.n_variables).map(is_rare).collect();
        }
        let year = |month: i32| if month == NO_TIME { NO_TIME } else { month.div_euclid(12) };
        let width = layout.width();
        let places = groups.places(&mut self.by_month, width, |(region, month, label)| {
            (region, month, if region == u32::MAX { label } else { 0 })
        });
        let mut fills = vec![Adding { table: &mut self.by_month, places }];
        if plan.collection.specialty.is_some() {
            let key = |(region, month, label): Key| (region, year(month), label);
            let places = groups.places(&mut self.by_specialty, width, key);
            fills.push(Adding { table: &mut self.by_specialty, places });
        }
        let n_full = fills.len();
        if let Some(units) = units {
            let (table, known) = (&mut self.by_unit, &mut self.unit_places);
            known.resize(self.labels.ends.len(), None);
            let places = (0..n_rows)
                .map(|row| {
                    let (region, month, _) = groups.keys[groups.of_row[row] as usize];
                    let (year, unit) = (year(month), if region == u32::MAX { u32::MAX } else { units[row] });
                    let known = known.get_mut(unit as usize);
                    match known {
                        Some(Some((of, when, place))) if (*of, *when) == (region, year) => *place,
                        known => {
                            let place = table.place((region, year, unit), layout.unit_width());
                            if let Some(known) = known {
                                *known = Some((region, year, place));
                            }
                            place
                        }
                    }
                })
                .collect();
            fills.push(Adding { table, places });
        }
        let among: Vec<&Bits> = tally.among.iter().map(|node| &evaluator.bool(*node).yes).collect();
        for adding in &mut fills {
            adding.add_all(0);
            for (index, among) in among.iter().enumerate() {
                adding.add(among, 1 + index);
            }
        }
        let variables: Vec<usize> = (0..layout.n_variables).collect();
        for variables in variables.chunks(64) {
            let mut sorts: [Vec<Bits>; 6] = Default::default();
            for variable in variables {
                let index = VariableIndex(*variable);
                let filled = evaluator.filled(index);
                let blank = filled.not();
                let requirement = &plan.requirements[*variable];
                let required = &evaluator.bool(requirement.required).yes;
                let counted = if self.counts_filled[*variable] { filled.as_ref().clone() } else { blank.clone() };
                let is_conditional = requirement.level == Level::Conditional;
                let [negative, unknown] = declared_codes(evaluator, index);
                sorts[1].push(counted.minus(among[tally.among_of[*variable]]));
                sorts[0].push(counted);
                sorts[2].push(blank.and(required));
                sorts[3].push(negative);
                sorts[4].push(unknown);
                sorts[5].push(if is_conditional { required.clone() } else { Bits::default() });
            }
            for (sort, sets) in sorts.iter().enumerate() {
                if !sets.iter().any(Bits::any) {
                    continue;
                }
                let words = row_words(sets, n_rows);
                let wanting = if sort < 2 { fills.len() } else { n_full };
                for adding in &mut fills[..wanting] {
                    adding.add_words(&words, layout.at(sort, variables[0]));
                }
            }
        }
    }

    fn delivery(&mut self, file: usize, fingerprint: u64, batch: &Batch, groups: &Groups, broken: Option<&Bits>) {
        let delivery = self.deliveries.entry(file).or_default();
        delivery.records += batch.n_rows as u64;
        delivery.unreadable += broken.map_or(0, Bits::count);
        delivery.fingerprint = delivery.fingerprint.wrapping_add(fingerprint);
        for (key, rows) in groups.keys.iter().zip(&groups.rows).filter(|(key, _)| key.0 != u32::MAX) {
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
        let layout = Layout::of(plan);
        let among = |counters: &[u64]| counters[1..=layout.n_among].to_vec();
        // Blank, and blank among the records of the reporting rate.
        let blanks = |counters: &[u64], variable: usize| {
            let (counted, outside) = (counters[layout.at(0, variable)], counters[layout.at(1, variable)]);
            if self.counts_filled[variable] {
                (counters[0] - counted, counters[1 + plan.among_of[variable]] - (counted - outside))
            } else {
                (counted, counted - outside)
            }
        };
        let fills = |counters: &[u64]| Fills {
            records: counters[0],
            among: among(counters),
            variables: (0..layout.n_variables)
                .map(|variable| {
                    let (blank, blank_among) = blanks(counters, variable);
                    let of = |sort| counters[layout.at(sort, variable)];
                    Fill { blank, blank_required: of(2), negative: of(3), unknown: of(4), required: of(5), blank_among }
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
                among: among(counters),
                blank_among: (0..layout.n_variables).map(|variable| blanks(counters, variable).1).collect(),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_of_bits_become_words_of_rows() {
        for n_rows in [1, 63, 64, 65, 200] {
            for n_sets in [1, 5, 64] {
                let is_in = |set: usize, row: usize| (set * 7 + row * 13 + set * row) % 5 < 2;
                let sets: Vec<Bits> = (0..n_sets).map(|set| Bits::from_fn(n_rows, |row| is_in(set, row))).collect();
                let words = row_words(&sets, n_rows);
                assert_eq!(words.len(), n_rows);
                for (row, word) in words.iter().enumerate() {
                    for set in 0..64 {
                        assert_eq!(
                            word >> set & 1 == 1,
                            set < n_sets && is_in(set, row),
                            "{n_rows} {n_sets} {row} {set}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn names_are_numbered_in_the_order_they_are_met() {
        let mut names = Names::default();
        let numbers: Vec<u32> = ["b", "", "a", "b", ""].iter().map(|text| names.number(text.as_bytes())).collect();
        assert_eq!(numbers, [0, 1, 2, 0, 1]);
        assert_eq!(
            (names.text(0), names.text(1), names.text(2), names.text(9)),
            ("b".into(), String::new(), "a".into(), String::new())
        );
    }
}
