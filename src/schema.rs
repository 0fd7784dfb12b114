//! What submissions look like: collections, variables, formats and code lists, loaded from `schemas/`.
//!
//! Two shapes: `spec` holds the files as written, every leaf with its place; this module holds them as validated,
//! in plain types. Loading collects every mistake of every file before it stops. Deliberately knows nothing of
//! requirement levels and rules (module `rule`).

mod breakdown;
pub mod codelist;
pub mod layout;
mod load;
pub mod region;
pub(crate) mod spec;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::diag::Place;
use crate::model::{Severity, SourceReference, Text, VariableIndex};
use crate::pattern::Pattern;
use crate::yaml::Written;

pub use breakdown::{AggregateBy, BreakdownBy};
pub use codelist::{Codelist, CodelistError, Codelists};
pub use layout::Layout;
pub(crate) use load::length_in_characters;
pub use load::load;
pub use region::{RegionName, RegionVariable};

/// Every collection with the formats and code lists they use.
#[derive(Clone, Debug, Default)]
pub struct Schemas {
    /// By id.
    pub collections: BTreeMap<String, Arc<Collection>>,
    /// Embedded and user-loaded code lists.
    pub codelists: Codelists,
}

/// One kind of submission.
#[derive(Clone, Debug)]
pub struct Collection {
    /// Its id, such as `specvard_genomforda`.
    pub id: String,
    /// Before derived rule ids, such as `SVG`.
    pub prefix: String,
    /// What people call it.
    pub title: Text,
    /// Where its variables are laid down.
    pub source: SourceReference,
    /// Of which collection's records it is made, where it is not submitted as such.
    pub(crate) folds: Option<Folds>,
    /// How it is told from collections with the same columns.
    pub detect: Detect,
    /// The record's key.
    pub key: Vec<VariableIndex>,
    /// Which region answers for a record.
    pub region: Option<RegionVariable>,
    /// The date that chooses which codes are valid.
    pub record_date: Option<VariableIndex>,
    /// Whether a submission is a stock on a day (those who wait) rather than what happened in a period. A record of a
    /// stock comes back in the next period's submission, so its key is unique within a period only.
    pub stock: bool,
    /// The care unit that figures are broken down by.
    pub unit: Option<VariableIndex>,
    /// By what figures are broken down within a region.
    pub breakdown: Option<BreakdownBy>,
    /// In the order of the model's table.
    pub variables: Vec<Variable>,
    /// Other ways to deliver it, with one row for several records.
    pub layouts: Vec<Layout>,
}

impl Collection {
    /// The variable with this id.
    pub fn variable(&self, id: &str) -> Option<VariableIndex> {
        self.variables.iter().position(|variable| variable.id == id).map(VariableIndex)
    }

    /// For how many calendar months its records may be completed and corrected after they were first received.
    pub fn months_of_corrections(&self) -> Option<u32> {
        self.folds.as_ref().and_then(|folds| folds.corrections)
    }

    /// The variable that holds what earlier submissions say of this.
    pub fn history(&self, item: HistoryItem) -> Option<VariableIndex> {
        self.variables.iter().position(|variable| variable.history == Some(item)).map(VariableIndex)
    }

    /// The variable at `index`.
    pub fn get(&self, index: VariableIndex) -> &Variable {
        &self.variables[index.0]
    }
}

/// Of which collection's records a collection is made. Names are looked up when rules are compiled, with all schemas at
/// hand ([`crate::rule::fold`]).
#[derive(Clone, Debug)]
pub(crate) struct Folds {
    /// The collection that is folded.
    pub(crate) collection: Written,
    /// Its variables that the records of a group have in common.
    pub(crate) key: Vec<Written>,
    /// Its variables by which a group's records stand in order.
    pub(crate) order: Vec<Written>,
    /// What groups are called, in the plural.
    pub(crate) unit: Text,
    /// For how many calendar months after it was first received a group may be completed and corrected.
    pub(crate) corrections: Option<u32>,
    /// Groups worked out by hand.
    pub(crate) tests: Vec<FoldTest>,
}

/// What earlier submissions say of a group of records; see [`crate::rule::fold`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum HistoryItem {
    /// The day on which any submission with the group was first received.
    FirstReceived,
    /// The last day on which the group may be completed and corrected.
    OpenUntil,
    /// The day on which this submission was received.
    Received,
    /// Different records in the latest earlier submission that held the group.
    RecordsBefore,
    /// Different records in this submission.
    RecordsNow,
    /// Records changed, added or removed since.
    ChangedRecords,
    /// Which those are, in words.
    Changes,
}

impl HistoryItem {
    /// The word that schema files use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FirstReceived => "first_received",
            Self::OpenUntil => "open_until",
            Self::Received => "received",
            Self::RecordsBefore => "records_before",
            Self::RecordsNow => "records_now",
            Self::ChangedRecords => "changed_records",
            Self::Changes => "changes",
        }
    }

    /// Of what type its variable must be, as schema files call it.
    pub(crate) fn type_name(self) -> &'static str {
        match self {
            Self::FirstReceived | Self::OpenUntil | Self::Received => "timestamp",
            Self::RecordsBefore | Self::RecordsNow | Self::ChangedRecords => "integer",
            Self::Changes => "text",
        }
    }
}

/// Records, and what the group of the first one becomes, by names of variables.
#[derive(Clone, Debug)]
pub(crate) struct FoldTest {
    /// Where it is written.
    pub(crate) place: Place,
    /// Of the folded collection.
    pub(crate) records: Vec<Vec<(Written, String)>>,
    /// Of this one.
    pub(crate) gives: Vec<(Written, String)>,
}

/// Which headers can be this collection's.
#[derive(Clone, Debug, Default)]
pub struct Detect {
    /// Columns that must be there.
    pub has: Vec<VariableIndex>,
    /// Columns that must not be there.
    pub lacks: Vec<VariableIndex>,
    /// Never detected, only stated.
    pub only_when_named: bool,
}

/// One defined item of a collection.
#[derive(Clone, Debug)]
pub struct Variable {
    /// The source's own name.
    pub id: String,
    /// What people call it.
    pub name: Text,
    /// The part of the model it belongs to.
    pub area: String,
    /// What it means.
    pub description: Text,
    /// Other header spellings.
    pub aliases: Vec<String>,
    /// Type and format.
    pub domain: Domain,
    /// Characters that separate several values in one field; the first is written. Empty where it does not repeat.
    pub separators: Vec<u8>,
    /// Declared codes that stand for a kind of blank.
    pub missing_codes: Vec<(String, Missing)>,
    /// Whether its values are masked everywhere.
    pub identifies_person: bool,
    /// The aggregate that gives its value, in a collection that folds another.
    pub(crate) fold: Option<Written>,
    /// What earlier submissions say of a group, instead of an aggregate.
    pub(crate) history: Option<HistoryItem>,
    /// Of the rule on its value.
    pub value_severity: Severity,
    /// Of the rule on its value: values that must be accepted.
    pub valid_examples: Vec<String>,
    /// Of the rule on its value: values that must be refused.
    pub invalid_examples: Vec<String>,
    /// Where it is laid down.
    pub source: SourceReference,
    /// In the message, though not in the model's table of variables.
    pub extra: bool,
}

impl Variable {
    /// True where one field may hold several values.
    pub fn repeats(&self) -> bool {
        !self.separators.is_empty()
    }
}

/// What a declared code stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// None, or not applicable.
    Negative,
    /// Not known.
    Unknown,
}

/// The values a variable may have.
#[derive(Clone, Debug)]
pub enum Domain {
    /// Any text.
    Text {
        /// The shape, if any.
        format: Option<Arc<Format>>,
        /// Most characters, if limited.
        max_length: Option<usize>,
        /// An official list that the user loads.
        official_list: Option<String>,
    },
    /// A code of an embedded list.
    Code {
        /// The list's name.
        codelist: String,
    },
    /// A point in time.
    Timestamp {
        /// Whether a date without time of day will do.
        date_only: bool,
    },
    /// A year of four digits.
    Year {
        /// Smallest and largest.
        range: Option<(i64, i64)>,
    },
    /// A whole number.
    Integer {
        /// Smallest and largest.
        range: Option<(i64, i64)>,
    },
}

/// A shape of texts, declared in `schemas/formats.yaml`.
#[derive(Clone, Debug)]
pub struct Format {
    /// Its id.
    pub id: String,
    /// What people call it.
    pub name: Text,
    /// Matched against the whole value.
    pub pattern: Pattern,
    /// The pattern as written.
    pub pattern_text: String,
    /// Most characters.
    pub max_length: Option<usize>,
    /// Removed before the value is looked up in an official list.
    pub ignore_characters: Vec<u8>,
    /// What a wrong value is said to be.
    pub title: Text,
    /// What to do about it.
    pub fix: Text,
    /// Where it is laid down.
    pub source: SourceReference,
    /// Must match.
    pub valid_examples: Vec<String>,
    /// Must not match.
    pub invalid_examples: Vec<String>,
}
