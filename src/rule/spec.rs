//! Rule files as written: every leaf that a person may get wrong with its place, unknown keys refused.

use serde::{Deserialize, Deserializer};

use super::MissingColumns;
use super::history::ChangeSpec;
use crate::schema::spec::{SeveritySpec, SourceSpec, TextSpec};
use crate::yaml::{self, ShortForm, Spanned, SpannedMap};

/// `rules/*.yaml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RuleFileSpec {
    pub(crate) collections: Spanned<Vec<Spanned<String>>>,
    pub(crate) source: SourceSpec,
    pub(crate) assumption: Option<TextSpec>,
    #[serde(default)]
    pub(crate) requirements: SpannedMap<Spanned<RequirementSpec>>,
    #[serde(default)]
    pub(crate) checks: Vec<CheckSpec>,
    #[serde(default)]
    pub(crate) submission: Vec<SubmissionSpec>,
}

/// A requirement level: a word, a map, or a list of maps that are valid at different times.
#[derive(Clone, Debug, Default)]
pub(crate) struct RequirementSpec {
    pub(crate) short: Option<String>,
    /// One, or the versions of a list.
    pub(crate) long: Vec<LongRequirementSpec>,
}

impl<'de> Deserialize<'de> for RequirementSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        yaml::short_or_long(deserializer)
    }
}

impl ShortForm for RequirementSpec {
    type Long = LongRequirementSpec;
    const EXPECTED: &'static str =
        "a requirement level such as `mandatory`, a map with `level`, or a list of such maps with `valid`";

    fn from_word(word: String) -> Self {
        Self { short: Some(word), long: Vec::new() }
    }

    fn from_list(list: Vec<LongRequirementSpec>) -> Option<Self> {
        Some(Self { short: None, long: list })
    }
}

impl From<LongRequirementSpec> for RequirementSpec {
    fn from(long: LongRequirementSpec) -> Self {
        Self { short: None, long: vec![long] }
    }
}

/// A requirement level with its conditions.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LongRequirementSpec {
    pub(crate) level: Spanned<String>,
    pub(crate) required_when: Option<Spanned<String>>,
    pub(crate) relevant_when: Option<Spanned<String>>,
    pub(crate) valid: Option<ValiditySpec>,
    pub(crate) severity: Option<SeveritySpec>,
    pub(crate) irrelevant_severity: Option<SeveritySpec>,
    pub(crate) why: Option<TextSpec>,
    pub(crate) source: Option<SourceSpec>,
    #[serde(default)]
    pub(crate) tests: Vec<Spanned<TestSpec>>,
    #[serde(default)]
    pub(crate) irrelevant_tests: Vec<Spanned<TestSpec>>,
    #[serde(default)]
    pub(crate) accepts: Vec<AcceptanceSpec>,
    #[serde(default)]
    pub(crate) survivors: Vec<SurvivorSpec>,
    #[serde(default)]
    pub(crate) history: Vec<ChangeSpec>,
}

/// A warning about the rule's logic that is meant to be so.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AcceptanceSpec {
    /// The code of the warning, such as `logic::implied`.
    pub(crate) warning: Spanned<String>,
    /// The other rule that the warning names.
    pub(crate) with: Option<Spanned<String>>,
    /// Why it is meant to be so.
    pub(crate) because: TextSpec,
}

/// A check on each record.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CheckSpec {
    pub(crate) id: Spanned<String>,
    pub(crate) severity: SeveritySpec,
    pub(crate) when: Option<Spanned<String>>,
    #[serde(rename = "assert")]
    pub(crate) assertion: Spanned<String>,
    pub(crate) faulty: Option<Vec<Spanned<String>>>,
    pub(crate) detail: Option<Spanned<String>>,
    pub(crate) detail_unit: Option<TextSpec>,
    #[serde(default)]
    pub(crate) missing_columns: MissingColumnsSpec,
    pub(crate) valid: Option<ValiditySpec>,
    pub(crate) title: TextSpec,
    pub(crate) why: Option<TextSpec>,
    pub(crate) fix: TextSpec,
    pub(crate) source: Option<SourceSpec>,
    #[serde(default)]
    pub(crate) tests: Vec<Spanned<TestSpec>>,
    #[serde(default)]
    pub(crate) accepts: Vec<AcceptanceSpec>,
    #[serde(default)]
    pub(crate) survivors: Vec<SurvivorSpec>,
    #[serde(default)]
    pub(crate) history: Vec<ChangeSpec>,
}

/// A change of the rule that no test sees, and why none needs to.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SurvivorSpec {
    pub(crate) mutant: Spanned<String>,
    pub(crate) because: TextSpec,
}

/// What a check does where the file lacks one of its columns.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MissingColumnsSpec {
    #[default]
    Skip,
    Blank,
}

impl From<MissingColumnsSpec> for MissingColumns {
    fn from(spec: MissingColumnsSpec) -> Self {
        match spec {
            MissingColumnsSpec::Skip => Self::Skip,
            MissingColumnsSpec::Blank => Self::Blank,
        }
    }
}

/// When a rule or a level is valid, first and last day included, chosen per record by a named date.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ValiditySpec {
    pub(crate) from: Option<Spanned<String>>,
    pub(crate) until: Option<Spanned<String>>,
    pub(crate) by: Spanned<String>,
}

/// One test of a rule on records: exactly one verdict, and the record it is expected for.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TestSpec {
    pub(crate) satisfied: Option<SpannedMap<Spanned<String>>>,
    pub(crate) violated: Option<SpannedMap<Spanned<String>>>,
    pub(crate) not_applicable: Option<SpannedMap<Spanned<String>>>,
    pub(crate) not_checked: Option<SpannedMap<Spanned<String>>>,
    #[serde(rename = "in")]
    pub(crate) collection: Option<Spanned<String>>,
}

/// A check of the whole submission.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SubmissionSpec {
    pub(crate) id: Spanned<String>,
    pub(crate) check: Spanned<SubmissionKindSpec>,
    pub(crate) severity: SeveritySpec,
    pub(crate) title: TextSpec,
    pub(crate) why: Option<TextSpec>,
    pub(crate) fix: TextSpec,
    pub(crate) source: Option<SourceSpec>,
    #[serde(default)]
    pub(crate) tests: Vec<Spanned<SubmissionTestSpec>>,
    #[serde(default)]
    pub(crate) history: Vec<ChangeSpec>,
}

/// The kinds of checks of the whole submission.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum SubmissionKindSpec {
    Unique(UniqueSpec),
    RequiredColumns(NothingSpec),
    KnownColumns(NothingSpec),
    RecordCount(NothingSpec),
    NotEmpty(NothingSpec),
    Readable(NothingSpec),
}

/// A key, and the scope in which it is unique.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct UniqueSpec {
    pub(crate) variables: Vec<Spanned<String>>,
    #[serde(default)]
    pub(crate) within: Vec<Spanned<String>>,
}

/// A kind without settings.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NothingSpec {}

/// One test of a check of the whole submission.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SubmissionTestSpec {
    pub(crate) satisfied: Option<SubmissionCaseSpec>,
    pub(crate) violated: Option<SubmissionCaseSpec>,
    pub(crate) not_checked: Option<SubmissionCaseSpec>,
    #[serde(rename = "in")]
    pub(crate) collection: Option<Spanned<String>>,
}

/// A submission as text.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SubmissionCaseSpec {
    pub(crate) csv: String,
    pub(crate) expect_records: Option<u64>,
}
