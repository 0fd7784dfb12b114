//! Measure files as written: every leaf that a person may get wrong with its place, unknown keys refused.

use serde::Deserialize;

use crate::schema::spec::{SourceSpec, TextSpec};
use crate::yaml::{Spanned, SpannedMap};

/// `rules/coverage/*.yaml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MeasureFileSpec {
    pub(super) source: SourceSpec,
    #[serde(default)]
    pub(super) measures: Vec<RatioSpec>,
    #[serde(default)]
    pub(super) reporting: Vec<ReportingSpec>,
}

/// A count divided by something.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RatioSpec {
    pub(super) id: Spanned<String>,
    pub(super) title: TextSpec,
    pub(super) description: TextSpec,
    pub(super) caution: TextSpec,
    pub(super) exclusion: Option<TextSpec>,
    pub(super) collections: Vec<Spanned<String>>,
    pub(super) among: Option<Spanned<String>>,
    pub(super) numerator: Option<Spanned<String>>,
    pub(super) denominator: Spanned<DenominatorSpec>,
    pub(super) per: Spanned<u64>,
    #[serde(default)]
    pub(super) by_specialty: bool,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum DenominatorSpec {
    Records,
    Population,
    Register,
}

/// Reporting rates of a collection's variables.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReportingSpec {
    pub(super) id: Spanned<String>,
    pub(super) title: TextSpec,
    pub(super) group: TextSpec,
    pub(super) place: Option<String>,
    pub(super) collections: Vec<Spanned<String>>,
    pub(super) among: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) exceptions: SpannedMap<Spanned<String>>,
    pub(super) filter: Option<TextSpec>,
    #[serde(default)]
    pub(super) selection: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) reversed: Vec<Spanned<String>>,
}
