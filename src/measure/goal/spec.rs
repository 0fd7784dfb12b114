//! Goal files as written: every leaf that a person may get wrong with its place, unknown keys refused.
//!
//! Doc comments of fields are what an editor shows: they go into `schemas/goals.schema.json`.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::schema::spec::{SourceSpec, TextSpec};
use crate::yaml::Spanned;

/// `rules/goals/*.yaml`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GoalFileSpec {
    /// Where the goals are laid down.
    pub(super) source: SourceSpec,
    /// What part of some contacts lies within a limit.
    #[serde(default)]
    pub(super) shares: Vec<ShareSpec>,
    /// Goals that are counted together.
    #[serde(default)]
    pub(super) programmes: Vec<ProgrammeSpec>,
    /// What is owed to everyone within a limit.
    #[serde(default)]
    pub(super) guarantees: Vec<GuaranteeSpec>,
}

/// A share of contacts that is within a limit.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ShareSpec {
    /// The name that goals and tables use.
    pub(super) id: Spanned<String>,
    /// What people call it.
    pub(super) title: TextSpec,
    /// The collections whose records are counted.
    pub(super) collections: Vec<Spanned<String>>,
    /// SQL condition: the contacts that the share speaks of.
    pub(super) among: Spanned<String>,
    /// SQL condition: those of them that are within the limit.
    pub(super) within: Spanned<String>,
    /// SQL condition: contacts whose wait has a reason that counts; the share is given with and without them.
    pub(super) deviation: Option<Spanned<String>>,
    /// What the source does not say and has been assumed.
    pub(super) assumption: Option<TextSpec>,
}

/// Goals that are counted together over the same months.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ProgrammeSpec {
    /// The head of its table.
    pub(super) title: Spanned<TextSpec>,
    /// What is counted, in words.
    pub(super) description: TextSpec,
    /// What the source does not say and has been assumed.
    pub(super) assumption: Option<TextSpec>,
    /// The months that count.
    pub(super) months: MonthsSpec,
    /// Its goals.
    pub(super) goals: Vec<GoalSpec>,
}

/// From a first to a last month.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MonthsSpec {
    /// The first month, as 2022-02.
    #[schemars(regex(pattern = r"^[0-9]{4}-[0-9]{2}$"))]
    pub(super) first: Spanned<String>,
    /// The last month, as 2022-11.
    #[schemars(regex(pattern = r"^[0-9]{4}-[0-9]{2}$"))]
    pub(super) last: Spanned<String>,
}

/// What is asked of a share.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct GoalSpec {
    /// The name that tables and `--goal` use.
    pub(super) id: Spanned<String>,
    /// The share's id.
    pub(super) share: Spanned<String>,
    /// Whether more or fewer are better.
    pub(super) better: BetterSpec,
    /// Per cent: at least so many where more are better, at most where fewer are. Left out where the source states none.
    pub(super) target: Option<Spanned<f64>>,
    /// An improvement on the same month of the year before that counts.
    pub(super) improvement: Option<ImprovementSpec>,
    /// What must hold as well for the goal to be met.
    pub(super) condition: Option<ConditionSpec>,
    /// The place in the source.
    pub(super) place: Option<String>,
}

/// Which way is better.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum BetterSpec {
    /// At least the target.
    More,
    /// At most the target.
    Fewer,
}

/// Percentage points better than the same month of the year before.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ImprovementSpec {
    /// From here on the goal is met in part.
    pub(super) from: Spanned<f64>,
    /// From here on it is met as a whole; in between in proportion.
    pub(super) to: Spanned<f64>,
}

/// A share that must be reached as well.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ConditionSpec {
    /// The share's id.
    pub(super) share: Spanned<String>,
    /// Only where more than so many are counted.
    pub(super) when_more_than: u64,
    /// At least so many per cent.
    pub(super) target: Spanned<f64>,
}

/// What is owed to everyone.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct GuaranteeSpec {
    /// The name that tables use.
    pub(super) id: Spanned<String>,
    /// The head of its table.
    pub(super) title: TextSpec,
    /// The ids of its shares.
    pub(super) shares: Vec<Spanned<String>>,
    /// The place in the source.
    pub(super) place: Option<String>,
}
