//! Profiles as written: every leaf that a person may get wrong with its place, unknown keys refused.
//!
//! Doc comments of fields are what an editor shows: they go into `schemas/*.schema.json`.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::yaml::{Spanned, SpannedMap};

/// `schemas/synthetic/<collection>.yaml`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProfileSpec {
    /// The collection that is made.
    pub(super) collection: Spanned<String>,
    /// Another profile that is taken over.
    pub(super) same_as: Option<Spanned<String>>,
    /// Values of the other profile that are not made.
    #[serde(default)]
    pub(super) leave_out: Vec<Spanned<String>>,
    /// The layout whose rows are made, for a collection whose records belong together; they are unfolded to records.
    pub(super) layout: Option<Spanned<String>>,
    /// The value that holds the region.
    pub(super) region: Option<Spanned<String>>,
    /// How each value is made, in order: a value may depend on those before it. Helpers start with an underscore.
    #[serde(default)]
    pub(super) values: Vec<ValueSpec>,
}

/// How one value of a record is made.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ValueSpec {
    /// The variable, or a helper that starts with an underscore.
    pub(super) id: Spanned<String>,
    /// How it is made, where no case holds.
    pub(super) fill: Option<FillSpec>,
    /// In how many of a hundred records it is filled.
    pub(super) filled: Option<Spanned<u32>>,
    /// How it is made under conditions; the first that holds is taken.
    #[serde(default)]
    pub(super) cases: Vec<CaseSpec>,
}

/// How a value is made where a condition holds; the first case that holds is taken.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CaseSpec {
    /// Values and the codes they may have; all must match. Always where not stated.
    #[serde(default)]
    pub(super) when: WhenSpec,
    /// How it is made; blank where not stated.
    pub(super) fill: Option<FillSpec>,
    /// In how many of a hundred records it is filled.
    pub(super) filled: Option<Spanned<u32>>,
}

/// Values, or attributes of values, and the codes they may have; all must match.
pub(in crate::generate) type WhenSpec = SpannedMap<Vec<Spanned<String>>>;

/// Percentages and the value there, ascending from 0 to 100.
pub(super) type QuantilesSpec = SpannedMap<Spanned<i64>>;

/// Codes (or hours, or counts) and their weights.
pub(super) type WeightsSpec = SpannedMap<Spanned<u64>>;

/// The kinds of fills.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum FillSpec {
    /// One of these codes, by weight.
    Codes(WeightsSpec),
    /// A code of a list.
    Pick(PickSpec),
    /// A template with `{value}`, `{digits:5}`, `{check_digit}`.
    Text(Spanned<String>),
    /// One of a number of members that belong to other values.
    Pool(PoolSpec),
    /// A point in time.
    Time(TimeSpec),
    /// The year of a point in time, less some years.
    Year(YearSpec),
    /// A number, by percentage.
    Number(QuantilesSpec),
    /// Several codes in one field.
    Repeat(Box<RepeatSpec>),
    /// One code for each code of another value.
    Aligned(AlignedSpec),
    /// The same as another value.
    Copy(Spanned<String>),
    /// One of several ways, by weight.
    Mix(Vec<MixSpec>),
}

/// A code of a list.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PickSpec {
    /// The code list, or list of the profile.
    pub(super) list: Spanned<String>,
    /// The column that holds weights.
    pub(super) weight: Option<Spanned<String>>,
    /// By column: the values it may have.
    #[serde(default, rename = "where")]
    pub(super) only: SpannedMap<Vec<Spanned<String>>>,
    /// By column: the value of the record that it must equal.
    #[serde(default, rename = "match")]
    pub(super) matching: SpannedMap<Spanned<String>>,
}

/// One of a number of members that belong to other values, such as the units of a region.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PoolSpec {
    /// The values that the members belong to.
    pub(super) of: Vec<Spanned<String>>,
    /// How many members there are.
    pub(super) size: Option<Spanned<u64>>,
    /// The attribute whose number is the count of members.
    pub(super) size_of: Option<Spanned<String>>,
    /// What that number is divided by.
    pub(super) divided_by: Option<Spanned<u64>>,
    /// A template of the member.
    pub(super) text: Spanned<String>,
}

/// A point in time.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TimeSpec {
    /// Weights of Monday to Sunday.
    pub(super) weekdays: Option<Spanned<Vec<u64>>>,
    /// The point in time that it comes before.
    pub(super) before: Option<Spanned<String>>,
    /// The point in time that it comes after.
    pub(super) after: Option<Spanned<String>>,
    /// How many days, by percentage.
    pub(super) days: Option<QuantilesSpec>,
    /// How many minutes, by percentage.
    pub(super) minutes: Option<QuantilesSpec>,
    /// Weights of the hours of the day.
    pub(super) hours: Option<WeightsSpec>,
    /// Minutes are multiples of this.
    pub(super) step: Option<Spanned<u64>>,
    /// Only Monday to Friday.
    #[serde(default)]
    pub(super) workdays: bool,
    /// The earliest point in time.
    pub(super) not_before: Option<Spanned<String>>,
    /// The latest point in time.
    pub(super) not_after: Option<Spanned<String>>,
    /// How it is written.
    #[serde(default)]
    pub(super) form: FormSpec,
}

/// How a point in time is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum FormSpec {
    /// 2022-01-03T08:00
    #[default]
    Minutes,
    /// 2022-01-03T08:00:00
    Seconds,
    /// 20220103080000
    Compact,
    /// 2022-01-03
    Date,
}

/// The year of a point in time, less some years.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct YearSpec {
    /// The point in time whose year is taken.
    pub(super) of: Spanned<String>,
    /// How many years less, by percentage.
    pub(super) minus: QuantilesSpec,
}

/// Several codes in one field, no code twice.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RepeatSpec {
    /// Weights of how many codes there are.
    pub(super) count: WeightsSpec,
    /// How each is made.
    pub(super) of: FillSpec,
}

/// One code for each code of another, repeating value.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AlignedSpec {
    /// The repeating value that it goes with.
    #[serde(rename = "with")]
    pub(super) other: Spanned<String>,
    /// The code beside the first.
    pub(super) first: Spanned<String>,
    /// The code beside the others.
    pub(super) rest: Spanned<String>,
}

/// One of several fills.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MixSpec {
    /// How often this one is taken.
    pub(super) weight: Spanned<u64>,
    /// How the value is made; blank where not stated.
    pub(super) fill: Option<FillSpec>,
}
