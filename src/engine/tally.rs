//! What coverage counts, gathered in the same pass as the verdicts.
//!
//! A [`Tally`] holds the counts of one collection, by the groups that measures speak of: region and month, code of
//! the collection's breakdown (specialty, pathway), care unit. It is all that coverage needs, so that tallies of parts (files, regions, months) merge into that of the
//! whole, and no record is needed twice. Its size depends on the number of groups, not of records.
//!
//! # How
//!
//! Counts are sums, so their order does not matter: each thread adds to tables of its own, which are added together
//! when the scan is done. A batch's rows are divided once, by region, month and code; coarser groups follow from
//! those. What is to be counted of a row's variables is first turned from columns of bits into one word a row, so that a
//! group's counters are visited once a row and not once a variable: of care units there are so many that a visit is
//! a cache miss. Of filled and blank the rarer one is counted.
//!
//! # What is not a group of its own
//!
//! A region, month, code or unit that is blank, unreadable or not in its list would be a group for each mistake.
//! Such rows are kept, all together: region and month as `None`, code and unit as [`BLANK`] or [`INVALID`].
//! Records that could not be divided into columns are in no group; each delivery counts them.

mod collect;
mod doubt;
mod doubting;
mod table;

use std::collections::BTreeMap;

use crate::model::County;
use crate::time::Month;

pub(super) use collect::{Collector, label_of};
pub use doubt::{Could, Doubt, Now};

/// The name of the group of blank codes or units.
pub const BLANK: &str = "";
/// The name of the group of codes or units that are not in their list or not of their format.
pub const INVALID: &str = "?";

/// Who is responsible; `None` where it cannot be known.
pub type Region = Option<County>;

/// What was counted in the submissions of one collection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Conditions by region, month and code of the breakdown; the code is blank where the collection has none.
    pub counts: BTreeMap<(Region, Option<Month>, String), Counts>,
    /// Variables by region and month.
    pub by_month: BTreeMap<(Region, Option<Month>), Fills>,
    /// Variables by region, year and code; empty where the collection has no breakdown.
    pub by_code: BTreeMap<(Region, Option<i32>, String), Fills>,
    /// Reporting rates by region, year and care unit; empty where units were not asked for.
    pub by_unit: BTreeMap<(Region, Option<i32>, String), UnitFills>,
    /// Whole numbers by region, month, code and place in the [`TallyPlan`](crate::measure::TallyPlan).
    pub spreads: BTreeMap<(Region, Option<Month>, String, usize), Spread>,
    /// Undecided records by region, month, place in the plan and code of the variable that names them.
    pub named: BTreeMap<(Region, Option<Month>, usize, String), u64>,
    /// Whether records may still be corrected, by region and month; empty where the collection's never may.
    pub corrections: BTreeMap<(Region, Option<Month>), Corrections>,
    /// Records in doubt, by region, month and place among the plan's pairs.
    pub doubts: BTreeMap<(County, Month, usize), Doubt>,
    /// The same by code of the breakdown, of figures that are broken down.
    pub doubts_by_code: BTreeMap<(County, Month, String, usize), Doubt>,
    /// Records in doubt for the sake of one rule, by region, month, place among the plan's pairs and rule; a blank rule for
    /// those that cannot be decided.
    pub doubts_by_rule: BTreeMap<(County, Month, usize, String), Doubt>,
    /// One entry a file, in their order.
    pub deliveries: Vec<Delivery>,
}

/// How many records may still be completed and corrected on the day of the delivery.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Corrections {
    /// Records whose time for corrections is over.
    pub closed: u64,
    /// Records that may still be corrected.
    pub open: u64,
    /// Records of which it is not known when they were first received.
    pub unknown: u64,
}

impl Corrections {
    /// Adds the counts of another part.
    pub fn merge(&mut self, other: &Self) {
        self.closed += other.closed;
        self.open += other.open;
        self.unknown += other.unknown;
    }
}

/// How many records of a group fulfil each condition of the [`TallyPlan`](crate::measure::TallyPlan).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Where it is true.
    pub yes: Vec<u64>,
    /// Where it could not be decided.
    pub undecided: Vec<u64>,
}

/// How often each value of a whole number occurs among a group's records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spread {
    /// Value → records; values outside the range count as the nearest within.
    pub counts: BTreeMap<i64, u64>,
    /// Records, of those counted, whose value is below the range.
    pub below: u64,
    /// Records, of those counted, whose value is above the range.
    pub above: u64,
    /// Records whose value is not known; in no count.
    pub unknown: u64,
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
    /// Whether its records in doubt were counted.
    pub counts_doubts: bool,
    /// Records by the region and month they are of; for a stock the month is the delivery's.
    pub found: BTreeMap<(Region, Option<Month>), u64>,
}

impl Tally {
    /// Adds the counts of another part, which must have been made with the same measures.
    pub fn merge(&mut self, other: Self) {
        merge_maps(&mut self.counts, other.counts, Counts::merge);
        merge_maps(&mut self.by_month, other.by_month, Fills::merge);
        merge_maps(&mut self.by_code, other.by_code, Fills::merge);
        merge_maps(&mut self.by_unit, other.by_unit, UnitFills::merge);
        merge_maps(&mut self.spreads, other.spreads, Spread::merge);
        merge_maps(&mut self.named, other.named, |total, part| *total += part);
        merge_maps(&mut self.corrections, other.corrections, Corrections::merge);
        merge_maps(&mut self.doubts, other.doubts, Doubt::merge);
        merge_maps(&mut self.doubts_by_code, other.doubts_by_code, Doubt::merge);
        merge_maps(&mut self.doubts_by_rule, other.doubts_by_rule, Doubt::merge);
        self.deliveries.extend(other.deliveries);
    }

    /// Whether the records in doubt of every delivery were counted.
    pub fn counts_doubts(&self) -> bool {
        self.deliveries.iter().all(|delivery| delivery.counts_doubts)
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

impl Spread {
    /// Counts one value, told apart within `range`.
    pub fn add(&mut self, value: i64, (min, max): (i64, i64)) {
        *self.counts.entry(value.max(min).min(max)).or_default() += 1;
        self.below += u64::from(value < min);
        self.above += u64::from(value > max);
    }

    /// Adds the counts of another part.
    pub fn merge(&mut self, other: &Self) {
        for (value, records) in &other.counts {
            *self.counts.entry(*value).or_default() += records;
        }
        self.below += other.below;
        self.above += other.above;
        self.unknown += other.unknown;
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
