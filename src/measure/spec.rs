//! Measure files as written: every leaf that a person may get wrong with its place, unknown keys refused.
//!
//! Doc comments of fields are what an editor shows: they go into `schemas/*.schema.json`.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::schema::spec::{SourceSpec, TextSpec};
use crate::yaml::{Spanned, SpannedMap};

/// `rules/coverage/*.yaml`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MeasureFileSpec {
    /// Where the measures are laid down.
    pub(super) source: SourceSpec,
    /// Counts, divided by something.
    #[serde(default)]
    pub(super) measures: Vec<RatioSpec>,
    /// Reporting rates of variables.
    #[serde(default)]
    pub(super) reporting: Vec<ReportingSpec>,
}

/// A count divided by something.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RatioSpec {
    /// The name that `--measure` and tables use.
    pub(super) id: Spanned<String>,
    /// The head of its table.
    pub(super) title: TextSpec,
    /// What is counted and divided, in words.
    pub(super) description: TextSpec,
    /// What it cannot tell.
    pub(super) caution: TextSpec,
    /// What is left out, in words.
    pub(super) exclusion: Option<TextSpec>,
    /// The collections whose records are counted.
    pub(super) collections: Vec<Spanned<String>>,
    /// SQL condition: only these records are looked at, in numerator and denominator.
    pub(super) among: Option<Spanned<String>>,
    /// SQL condition: the records that are counted; all of those looked at where not stated.
    pub(super) numerator: Option<Spanned<String>>,
    /// What the count is divided by.
    pub(super) denominator: Spanned<DenominatorSpec>,
    /// The figure is stated per so many: 100 for a share in per cent, 1000 for inhabitants.
    pub(super) per: Spanned<u64>,
    /// Whether it is divided by specialty, too.
    #[serde(default)]
    pub(super) by_specialty: bool,
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum DenominatorSpec {
    /// The records looked at.
    Records,
    /// Inhabitants.
    Population,
    /// The patient register's counts.
    Register,
}

/// Reporting rates of a collection's variables.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReportingSpec {
    /// The name that `--measure` and tables use.
    pub(super) id: Spanned<String>,
    /// The head of its table.
    pub(super) title: TextSpec,
    /// What the variables are reporting rates of, in words.
    pub(super) group: TextSpec,
    /// The place in the source.
    pub(super) place: Option<String>,
    /// The collections whose variables are looked at.
    pub(super) collections: Vec<Spanned<String>>,
    /// SQL condition: only these records are looked at.
    pub(super) among: Option<Spanned<String>>,
    /// By variable: another SQL condition than `among`.
    #[serde(default)]
    pub(super) exceptions: SpannedMap<Spanned<String>>,
    /// What is left out, in words.
    pub(super) filter: Option<TextSpec>,
    /// The variables of the table for a person; every variable is in the others.
    #[serde(default)]
    pub(super) selection: Vec<Spanned<String>>,
    /// Variables of which fewer are better.
    #[serde(default)]
    pub(super) reversed: Vec<Spanned<String>>,
}
