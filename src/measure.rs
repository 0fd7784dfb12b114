//! What is counted: measures of coverage as written in `rules/coverage/`, compiled against the collections.
//!
//! A measure is data: which collections, which of their records, divided by what. Its conditions are SQL over the
//! collection's variables, compiled to nodes of the very [`Plan`] that checks the collection, so
//! that one evaluator answers rules and measures alike, in one pass.
//!
//! For each collection this module makes a [`TallyPlan`]: what the engine has to count, whatever it is for. Turning
//! counts into measures is `coverage`'s. Deliberately knows no populations, registers and periods.
//!
//! # A measure file
//!
//! ```yaml
//! source: { document: "…", place: "…" }      # where the file's measures are defined
//! measures:
//!   - id: andel_video                          # permanent; names the figures in every format
//!     title: { sv: Andel videokontakter, en: Share of video contacts }
//!     description: { sv: …, en: … }            # what is counted, and by what it is divided
//!     caution: { sv: …, en: … }                # what it cannot tell
//!     exclusion: { sv: …, en: … }              # optional: what is left out
//!     collections: [specvard_genomforda]       # counts of several are added: all stocks, or none
//!     among: "fas <> '5'"                      # optional SQL: the records it speaks of; all where left out
//!     numerator: "vardkontakt = '81'"          # optional SQL: those counted; all of them where left out
//!     denominator: records                     # records (those of `among`), population, register, or { table: NAME }
//!     per: 100                                 # 100 for shares, 1000 for rates
//!     by_breakdown: false                     # also by what the collection is broken down by
//!     by_rcc: false                           # also the sums of each regional cancer centre's regions
//!     periods: [year, month]                  # or half_year
//!     target: { at_least: 70 }                # optional, or at_most: what the value should reach
//!     decided_only: false                     # whether records that cannot be judged are left out of the denominator
//!     name_undecided_by: behandlingskod       # optional: a code by which those are counted and named
//! distributions:                               # percentiles of a whole number
//!   - id: ledtid_dagar
//!     title: { sv: …, en: … }
//!     description: { sv: …, en: … }
//!     caution: { sv: …, en: … }
//!     collections: [svf_forlopp]
//!     among: "…"                               # optional SQL
//!     value: "days_between(startdatum, behandlingsdatum)" # SQL, a whole number
//!     unit: { sv: dagar, en: days }
//!     range: { min: 0, max: 3650 }             # those outside are counted; a percentile on one of them is not known
//!     percentiles: [25, 50, 75, 90]
//! reporting:                                   # reporting rates of every variable
//!   - id: inrapporteringsgrad_genomforda       # what follows the first _ names the group
//!     title: { sv: …, en: … }
//!     group: { sv: Genomförda, en: Completed } # collections that stand for each other
//!     place: Tabell 4                          # optional: the place in the document
//!     collections: [specvard_genomforda]
//!     among: "fas <> '5'"                      # optional: the records a rate is taken among
//!     exceptions: { medicinskt_maldatum: "fas IN ('1', '2', '3')" } # optional: other records for some variables
//!     filter: { sv: …, en: … }                 # optional: the above in words
//!     selection: [diagnos, atgard]             # variables shown first, in this order
//!     reversed: [avvikelse]                    # variables for which less is better
//! ```
//!
//! # Conditions that cannot be decided
//!
//! A record is counted where a condition is true. Where it is neither true nor false, because an input is blank or
//! unreadable, the record is counted as *undecided* beside the measure and never silently left out.

mod compile;
pub mod goal;
pub(crate) mod spec;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::{SourceReference, Text, VariableIndex};
use crate::rule::Plan;
use crate::rule::expr::{BoolNode, IntNode, TextNode};
use crate::schema::HistoryItem;

pub use compile::load;

/// Every measure, and what they need counted.
#[derive(Clone, Debug)]
pub struct Measures {
    /// Counts divided by something, in the order of their files.
    pub ratios: Vec<Ratio>,
    /// Percentiles of whole numbers.
    pub distributions: Vec<Distribution>,
    /// How often variables are filled.
    pub reporting: Vec<Reporting>,
    /// What agreements and laws ask of shares.
    pub goals: goal::Goals,
    /// By collection: what to count.
    pub tallies: BTreeMap<String, Arc<TallyPlan>>,
    /// By collection: its plan, with the nodes that the tally points into.
    pub plans: BTreeMap<String, Arc<Plan>>,
    /// Hash of everything the measures were made from: 16 hexadecimal digits.
    pub version: String,
}

/// A count divided by another count, or by a reference.
#[derive(Clone, Debug)]
pub struct Ratio {
    /// Such as `kontakter_per_1000_primarvard`.
    pub id: String,
    /// What people call it.
    pub title: Text,
    /// What is counted and by what it is divided.
    pub description: Text,
    /// What it cannot tell.
    pub caution: Text,
    /// What is left out, if anything.
    pub exclusion: Option<Text>,
    /// Where it is defined.
    pub source: SourceReference,
    /// Collections whose counts are added.
    pub collections: Vec<String>,
    /// The records it speaks of, as SQL; `None` is all.
    pub among_text: Option<String>,
    /// Those of them that are counted, as SQL; `None` is all of them.
    pub numerator_text: Option<String>,
    /// Divided by what.
    pub denominator: Denominator,
    /// 100 for shares, 1,000 for rates.
    pub per: u64,
    /// Whether it is broken down as its collections say: by the aggregate where there is one, else by code.
    pub by_breakdown: bool,
    /// Whether the regions of each regional cancer centre are added up.
    pub by_rcc: bool,
    /// What it is made of.
    pub periods: Periods,
    /// What the value should reach.
    pub target: Option<Target>,
    /// Whether a year is the mean of its months, because the collection is a stock.
    pub monthly_mean: bool,
    /// By collection: the conditions of the numerator and of `among`, as places in its tally.
    pub conditions: BTreeMap<String, RatioConditions>,
}

/// Where a ratio's counts are in the tally of one collection.
#[derive(Clone, Copy, Debug)]
pub struct RatioConditions {
    /// The records it is taken among; of a measure of decided records only, those.
    pub among: usize,
    /// Those counted.
    pub numerator: usize,
    /// Where the undecided ones are counted by code, as a place in the tally.
    pub named: Option<usize>,
    /// Both together, as a place among the tally's pairs.
    pub pair: usize,
}

/// Which periods a measure is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Periods {
    /// Calendar years.
    pub years: bool,
    /// Half-years; then years only where the scope holds all of their months, and what is left over in runs.
    pub half_years: bool,
    /// Months.
    pub months: bool,
}

/// What a value should reach, in the unit of the measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// This or more.
    AtLeast(u64),
    /// This or less.
    AtMost(u64),
}

impl Target {
    /// The number.
    pub fn value(self) -> u64 {
        match self {
            Self::AtLeast(value) | Self::AtMost(value) => value,
        }
    }

    /// The word used in machine formats.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AtLeast(_) => "at_least",
            Self::AtMost(_) => "at_most",
        }
    }
}

/// Percentiles of a whole number.
#[derive(Clone, Debug)]
pub struct Distribution {
    /// Such as `ledtid_svf_dagar`.
    pub id: String,
    /// What people call it.
    pub title: Text,
    /// What is looked at.
    pub description: Text,
    /// What it cannot tell.
    pub caution: Text,
    /// Where it is defined.
    pub source: SourceReference,
    /// Collections whose records are put together.
    pub collections: Vec<String>,
    /// What the number counts, in the plural.
    pub unit: Text,
    /// Smallest and largest number that are told apart.
    pub range: (i64, i64),
    /// Which percentiles, ascending.
    pub percentiles: Vec<u8>,
    /// Whether it is broken down as its collections say.
    pub by_breakdown: bool,
    /// Whether the regions of each regional cancer centre are put together.
    pub by_rcc: bool,
    /// What it is made of.
    pub periods: Periods,
    /// By collection: its place among the tally's spreads.
    pub spreads: BTreeMap<String, usize>,
}

/// What a count is divided by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Denominator {
    /// The records the measure speaks of.
    Records,
    /// Inhabitants of the region.
    Population,
    /// The patient register's count for the region.
    Register,
    /// The number of a reference table, by the table's name.
    Table(String),
}

/// The reporting rates of a collection's variables.
#[derive(Clone, Debug)]
pub struct Reporting {
    /// Such as `inrapporteringsgrad_primarvard`.
    pub id: String,
    /// What people call it.
    pub title: Text,
    /// What its collections together are called: those of a group stand for each other where deliveries are expected.
    pub group: Text,
    /// Which records count, in words; `None` where all do.
    pub filter: Option<Text>,
    /// Where it is defined.
    pub source: SourceReference,
    /// Collections whose counts are added.
    pub collections: Vec<String>,
    /// The variables shown first, in this order.
    pub selection: Vec<String>,
    /// Variables for which less is better.
    pub reversed: Vec<String>,
}

/// What the engine counts for one collection.
#[derive(Clone, Debug)]
pub struct TallyPlan {
    /// The county code of the responsible region; null where it cannot be known.
    pub region: TextNode,
    /// What is counted by region, month and code of the breakdown; the first is every record.
    pub conditions: Vec<Condition>,
    /// The sets of records that reporting rates are taken among; the first is the usual one.
    pub among: Vec<BoolNode>,
    /// For each variable of the schema its set in `among`; empty where nobody reports the variables, because they are of
    /// groups.
    pub among_of: Vec<usize>,
    /// Whole numbers that are counted by value.
    pub spreads: Vec<SpreadPlan>,
    /// Conditions whose undecided records are counted by code.
    pub named: Vec<NamedPlan>,
    /// What is counted above and below the line of one figure: records in doubt are counted for each.
    pub pairs: Vec<PairPlan>,
}

/// What is counted above and below the line of one figure.
#[derive(Clone, Debug)]
pub struct PairPlan {
    /// The measure's id; names the counts in saved tallies.
    pub name: String,
    /// The records spoken of, as a place among the conditions.
    pub among: usize,
    /// Those of them that are counted, as a place among the conditions.
    pub numerator: usize,
    /// Whether the figure is broken down, too.
    pub by_breakdown: bool,
}

/// A whole number that is counted by value.
#[derive(Clone, Debug)]
pub struct SpreadPlan {
    /// The measure's id; names the counts in saved tallies.
    pub name: String,
    /// The records looked at.
    pub among: BoolNode,
    /// The number.
    pub value: IntNode,
    /// Smallest and largest number that are told apart.
    pub range: (i64, i64),
}

/// A condition whose undecided records are counted by the code of a variable.
#[derive(Clone, Debug)]
pub struct NamedPlan {
    /// The measure's id; names the counts in saved tallies.
    pub name: String,
    /// The condition.
    pub node: BoolNode,
    /// The variable.
    pub variable: VariableIndex,
}

impl TallyPlan {
    /// The variables that counting reads, beside those that are counted themselves, ascending.
    pub fn inputs(&self, plan: &Plan) -> Vec<VariableIndex> {
        let collection = &plan.collection;
        let conditions = self.conditions.iter().map(|condition| condition.node).chain(self.among.iter().copied());
        let of_spreads = self.spreads.iter().map(|spread| spread.among);
        let of_names = self.named.iter().map(|named| named.node);
        let nodes: Vec<BoolNode> = conditions.chain(of_spreads).chain(of_names).collect();
        let values: Vec<IntNode> = self.spreads.iter().map(|spread| spread.value).collect();
        let mut variables = plan.program.inputs(&nodes, None).variables;
        variables.extend(plan.program.inputs_of_ints(&values).variables);
        variables.extend(plan.program.inputs_of_text(self.region).variables);
        variables.extend(self.named.iter().map(|named| named.variable));
        variables.extend(collection.record_date.into_iter().chain(collection.unit));
        variables.extend(collection.breakdown.as_ref().map(|breakdown| breakdown.variable));
        variables.extend(collection.history(HistoryItem::OpenUntil));
        variables.sort_unstable();
        variables.dedup();
        variables
    }
}

/// A condition that is counted.
#[derive(Clone, Debug)]
pub struct Condition {
    /// Such as `kontakter_per_1000_primarvard/among`; names the count in saved tallies.
    pub name: String,
    /// Where it is true.
    pub node: BoolNode,
    /// Whether it reads the period, which is the month of the stock then.
    pub reads_period: bool,
}

impl Reporting {
    /// The group's id: the measure's, less its first word.
    pub fn group_id(&self) -> &str {
        self.id.split_once('_').map_or(self.id.as_str(), |(_, name)| name)
    }
}
