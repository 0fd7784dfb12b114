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
//!     denominator: records                     # records (those of `among`), population, or register
//!     per: 100                                 # 100 for shares, 1000 for rates
//!     by_specialty: false                      # also by aggregated specialty
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
pub(crate) mod spec;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::{SourceReference, Text};
use crate::rule::Plan;
use crate::rule::expr::{BoolNode, TextNode};

pub use compile::load;

/// Every measure, and what they need counted.
#[derive(Clone, Debug)]
pub struct Measures {
    /// Counts divided by something, in the order of their files.
    pub ratios: Vec<Ratio>,
    /// How often variables are filled.
    pub reporting: Vec<Reporting>,
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
    /// Whether it is broken down by aggregated specialty.
    pub by_specialty: bool,
    /// Whether a year is the mean of its months, because the collection is a stock.
    pub monthly_mean: bool,
    /// By collection: the conditions of the numerator and of `among`, as places in its tally.
    pub conditions: BTreeMap<String, RatioConditions>,
}

/// Where a ratio's counts are in the tally of one collection.
#[derive(Clone, Copy, Debug)]
pub struct RatioConditions {
    /// The records it speaks of.
    pub among: usize,
    /// Those counted.
    pub numerator: usize,
}

/// What a count is divided by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denominator {
    /// The records the measure speaks of.
    Records,
    /// Inhabitants of the region.
    Population,
    /// The patient register's count for the region.
    Register,
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
    /// What is counted by region, month and specialty; the first is every record.
    pub conditions: Vec<Condition>,
    /// The sets of records that reporting rates are taken among; the first is the usual one.
    pub among: Vec<BoolNode>,
    /// For each variable of the schema its set in `among`.
    pub among_of: Vec<usize>,
}

/// A condition that is counted.
#[derive(Clone, Debug)]
pub struct Condition {
    /// Such as `kontakter_per_1000_primarvard/among`; names the count in saved tallies.
    pub name: String,
    /// Where it is true.
    pub node: BoolNode,
}

impl Reporting {
    /// The group's id: the measure's, less its first word.
    pub fn group_id(&self) -> &str {
        self.id.split_once('_').map_or(self.id.as_str(), |(_, name)| name)
    }
}
