//! Profiles as written: every leaf that a person may get wrong with its place, unknown keys refused.

use serde::Deserialize;

use crate::yaml::{Spanned, SpannedMap};

/// `schemas/synthetic/<collection>.yaml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProfileSpec {
    pub(super) collection: Spanned<String>,
    pub(super) same_as: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) leave_out: Vec<Spanned<String>>,
    pub(super) region: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) values: Vec<ValueSpec>,
}

/// How one value of a record is made.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ValueSpec {
    pub(super) id: Spanned<String>,
    pub(super) fill: Option<FillSpec>,
    pub(super) filled: Option<Spanned<u32>>,
    #[serde(default)]
    pub(super) cases: Vec<CaseSpec>,
}

/// How a value is made where a condition holds; the first case that holds is taken.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CaseSpec {
    #[serde(default)]
    pub(super) when: WhenSpec,
    pub(super) fill: Option<FillSpec>,
    pub(super) filled: Option<Spanned<u32>>,
}

/// Values, or attributes of values, and the codes they may have; all must match.
pub(in crate::generate) type WhenSpec = SpannedMap<Vec<Spanned<String>>>;

/// Percentages and the value there, ascending from 0 to 100.
pub(super) type QuantilesSpec = SpannedMap<Spanned<i64>>;

/// Codes (or hours, or counts) and their weights.
pub(super) type WeightsSpec = SpannedMap<Spanned<u64>>;

/// The kinds of fills.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum FillSpec {
    Codes(WeightsSpec),
    Pick(PickSpec),
    Text(Spanned<String>),
    Pool(PoolSpec),
    Time(TimeSpec),
    Year(YearSpec),
    Number(QuantilesSpec),
    Repeat(Box<RepeatSpec>),
    Aligned(AlignedSpec),
    Copy(Spanned<String>),
    Mix(Vec<MixSpec>),
}

/// A code of a list.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PickSpec {
    pub(super) list: Spanned<String>,
    pub(super) weight: Option<Spanned<String>>,
    #[serde(default, rename = "where")]
    pub(super) only: SpannedMap<Vec<Spanned<String>>>,
    #[serde(default, rename = "match")]
    pub(super) matching: SpannedMap<Spanned<String>>,
}

/// One of a number of members that belong to other values, such as the units of a region.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PoolSpec {
    pub(super) of: Vec<Spanned<String>>,
    pub(super) size: Option<Spanned<u64>>,
    pub(super) size_of: Option<Spanned<String>>,
    pub(super) divided_by: Option<Spanned<u64>>,
    pub(super) text: Spanned<String>,
}

/// A point in time.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TimeSpec {
    pub(super) weekdays: Option<Spanned<Vec<u64>>>,
    pub(super) before: Option<Spanned<String>>,
    pub(super) after: Option<Spanned<String>>,
    pub(super) days: Option<QuantilesSpec>,
    pub(super) minutes: Option<QuantilesSpec>,
    pub(super) hours: Option<WeightsSpec>,
    pub(super) step: Option<Spanned<u64>>,
    #[serde(default)]
    pub(super) workdays: bool,
    pub(super) not_before: Option<Spanned<String>>,
    pub(super) not_after: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) form: FormSpec,
}

/// How a point in time is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum FormSpec {
    #[default]
    Minutes,
    Seconds,
    Compact,
    Date,
}

/// The year of a point in time, less some years.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct YearSpec {
    pub(super) of: Spanned<String>,
    pub(super) minus: QuantilesSpec,
}

/// Several codes in one field, no code twice.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RepeatSpec {
    pub(super) count: WeightsSpec,
    pub(super) of: FillSpec,
}

/// One code for each code of another, repeating value.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AlignedSpec {
    #[serde(rename = "with")]
    pub(super) other: Spanned<String>,
    pub(super) first: Spanned<String>,
    pub(super) rest: Spanned<String>,
}

/// One of several fills.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MixSpec {
    pub(super) weight: Spanned<u64>,
    pub(super) fill: Option<FillSpec>,
}
