//! Measure files as written: every leaf that a person may get wrong with its place, unknown keys refused.
//!
//! Doc comments of fields are what an editor shows: they go into `schemas/*.schema.json`.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::schema::spec::{RangeSpec, SourceSpec, TextSpec};
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
    /// Medians and other percentiles of a whole number.
    #[serde(default)]
    pub(super) distributions: Vec<DistributionSpec>,
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
    /// Whether it is divided by the breakdown of its collections, too: by its aggregate where it has one, else by code.
    #[serde(default)]
    pub(super) by_breakdown: bool,
    /// Whether the regions of each regional cancer centre (RCC) are added up, too.
    #[serde(default)]
    pub(super) by_rcc: bool,
    /// What it is made of; years and months where not stated. With half-years, years that the period holds in part
    /// are not made.
    pub(super) periods: Option<Vec<PeriodSpec>>,
    /// What the value should reach, in the unit of `per`.
    pub(super) target: Option<Spanned<TargetSpec>>,
    /// Records that cannot be judged are left out of the denominator, too, and counted beside it. Otherwise they are
    /// divided by all the same.
    #[serde(default)]
    pub(super) decided_only: bool,
    /// A variable, a code, by which the records that cannot be judged are counted and named.
    pub(super) name_undecided_by: Option<Spanned<String>>,
}

/// What a value should reach.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum TargetSpec {
    /// This or more.
    AtLeast(u64),
    /// This or less.
    AtMost(u64),
}

/// What figures are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum PeriodSpec {
    /// Calendar years.
    Year,
    /// January to June, and July to December.
    HalfYear,
    /// Months.
    Month,
}

/// Medians and other percentiles of a whole number.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DistributionSpec {
    /// The name that `--measure` and tables use.
    pub(super) id: Spanned<String>,
    /// The head of its table.
    pub(super) title: TextSpec,
    /// What is looked at, in words.
    pub(super) description: TextSpec,
    /// What it cannot tell.
    pub(super) caution: TextSpec,
    /// The collections whose records are looked at.
    pub(super) collections: Vec<Spanned<String>>,
    /// SQL condition: only these records are looked at.
    pub(super) among: Option<Spanned<String>>,
    /// SQL expression, a whole number.
    pub(super) value: Spanned<String>,
    /// What the number counts, in the plural.
    pub(super) unit: TextSpec,
    /// Smallest and largest number that are told apart; those outside count as the nearest, and are counted beside.
    pub(super) range: Spanned<RangeSpec>,
    /// Which percentiles, from 1 to 99; 25, 50, 75 and 90 where not stated.
    pub(super) percentiles: Option<Spanned<Vec<u8>>>,
    /// Whether it is divided by the breakdown of its collections, too.
    #[serde(default)]
    pub(super) by_breakdown: bool,
    /// Whether the regions of each regional cancer centre (RCC) are put together, too.
    #[serde(default)]
    pub(super) by_rcc: bool,
    /// What it is made of; years and months where not stated.
    pub(super) periods: Option<Vec<PeriodSpec>>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum DenominatorSpec {
    /// The records looked at.
    Records,
    /// Inhabitants.
    Population,
    /// The patient register's counts.
    Register,
    /// The numbers of a reference table by region, period and perhaps code of the breakdown: its name, that of its
    /// schema in `schemas/reference/`.
    Table(Spanned<String>),
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
