//! Rule files as written: every leaf that a person may get wrong with its place, unknown keys refused.
//!
//! Doc comments of fields are what an editor shows: they go into `schemas/rules.schema.json`.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};

use super::MissingColumns;
use super::expr::Parameter;
use super::history::ChangeSpec;
use crate::model::Level;
use crate::schema::spec::{SeveritySpec, SourceSpec, TextSpec};
use crate::yaml::{self, ShortForm, Spanned, SpannedMap};

/// `rules/*.yaml`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RuleFileSpec {
    /// The collections that the file speaks of, by id; `"*"` for every one.
    pub(crate) collections: Spanned<Vec<Spanned<String>>>,
    /// Where it is laid down; holds for every rule of the file that states no source of its own.
    pub(crate) source: SourceSpec,
    /// What the file decided where the source is silent.
    pub(crate) assumption: Option<TextSpec>,
    /// By variable: the requirement level, and what goes with it.
    #[serde(default)]
    pub(crate) requirements: SpannedMap<Spanned<RequirementSpec>>,
    /// Rules on each record.
    #[serde(default)]
    pub(crate) checks: Vec<CheckSpec>,
    /// Rules on the whole submission.
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

impl JsonSchema for RequirementSpec {
    fn schema_name() -> Cow<'static, str> {
        "Requirement".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (word, long) = (levels(generator), generator.subschema_for::<LongRequirementSpec>());
        let versions = json_schema!({ "type": "array", "items": long });
        json_schema!({ "anyOf": [word, long, versions] })
    }
}

/// The requirement levels, each with what it means.
fn levels(_: &mut SchemaGenerator) -> Schema {
    let levels = Level::ALL.map(|level| {
        let meaning = match level {
            Level::Mandatory => "A blank value is a finding.",
            Level::Conditional => "A blank value is a finding where `required_when` is true.",
            Level::IfAvailable => {
                "Reported where it exists: only the reporting rate is measured, a blank is no finding."
            }
            Level::Voluntary => "Only the reporting rate is measured.",
            Level::FetchedSeparately => "Comes from elsewhere: a value is noted.",
            Level::NotIncluded => "Not part of the message: a value is a finding.",
        };
        json_schema!({ "const": level.as_str(), "description": meaning })
    });
    json_schema!({ "oneOf": levels })
}

/// A record of a test, to an editor: values by variable or stated parameter. A number is as good as its text.
enum RecordSchema {}

impl JsonSchema for RecordSchema {
    fn schema_name() -> Cow<'static, str> {
        "Record".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let parameters = Parameter::ALL.map(Parameter::function).join("|");
        json_schema!({
            "type": "object",
            "propertyNames": { "pattern": format!(r"^([a-z][a-z0-9_]*|({parameters})\(\))$") },
            "additionalProperties": { "type": ["string", "number", "boolean"] },
        })
    }
}

impl From<LongRequirementSpec> for RequirementSpec {
    fn from(long: LongRequirementSpec) -> Self {
        Self { short: None, long: vec![long] }
    }
}

/// A requirement level with its conditions.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend(
    "if" = { "properties": { "level": { "const": "conditional" } } },
    "then" = { "anyOf": [{ "required": ["required_when"] }, { "required": ["relevant_when"] }] },
    "else" = { "properties": { "required_when": false, "relevant_when": false } },
))]
pub(crate) struct LongRequirementSpec {
    /// The requirement level.
    #[schemars(schema_with = "levels")]
    pub(crate) level: Spanned<String>,
    /// SQL condition under which a value is required; only for `conditional`.
    pub(crate) required_when: Option<Spanned<String>>,
    /// SQL condition under which a value belongs here: where it is false a value is a finding; only for
    /// `conditional`.
    pub(crate) relevant_when: Option<Spanned<String>>,
    /// The period for which the level holds, in a list of levels.
    pub(crate) valid: Option<ValiditySpec>,
    /// How much a missing value matters; `error` where not stated. For `not_included`: how much a value matters.
    pub(crate) severity: Option<SeveritySpec>,
    /// How much a value matters where `relevant_when` is false; `error` where not stated.
    pub(crate) irrelevant_severity: Option<SeveritySpec>,
    /// Why the requirement exists.
    pub(crate) why: Option<TextSpec>,
    /// Where it is laid down; the variable's own source where not stated.
    pub(crate) source: Option<SourceSpec>,
    /// Tests of the requirement (rule `…-K-…`); needed where it is conditional.
    #[serde(default)]
    pub(crate) tests: Vec<Spanned<TestSpec>>,
    /// Tests of what `relevant_when` forbids (rule `…-I-…`).
    #[serde(default)]
    pub(crate) irrelevant_tests: Vec<Spanned<TestSpec>>,
    /// Warnings about the logic that are meant to be so, with reasons (`rules check`).
    #[serde(default)]
    pub(crate) accepts: Vec<AcceptanceSpec>,
    /// Changes of the conditions that no test needs to notice, with reasons (`rules test --mutate`).
    #[serde(default)]
    pub(crate) survivors: Vec<SurvivorSpec>,
    /// What became of it and when, the oldest first.
    #[serde(default)]
    pub(crate) history: Vec<ChangeSpec>,
}

/// A warning about the rule's logic that is meant to be so.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
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
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CheckSpec {
    /// Permanent and never reused, such as SVG-0101.
    #[schemars(regex(pattern = r"^[A-Z]{2,}-[0-9]{3,}$"))]
    pub(crate) id: Spanned<String>,
    /// How much a violation matters.
    pub(crate) severity: SeveritySpec,
    /// SQL condition: the rule applies where it is true; everywhere where not stated.
    pub(crate) when: Option<Spanned<String>>,
    /// SQL condition that must hold, written as what is right. Violated only where it is false; unknown (null) is
    /// not checked.
    #[serde(rename = "assert")]
    pub(crate) assertion: Spanned<String>,
    /// The variables to correct; those of the assertion where not stated.
    pub(crate) faulty: Option<Vec<Spanned<String>>>,
    /// SQL expression of a whole number to show with each finding.
    pub(crate) detail: Option<Spanned<String>>,
    /// The unit of `detail`.
    pub(crate) detail_unit: Option<TextSpec>,
    /// What becomes of the rule in a file that lacks one of its columns.
    #[serde(default)]
    pub(crate) missing_columns: MissingColumnsSpec,
    /// The period of validity, chosen for each record by a named date.
    pub(crate) valid: Option<ValiditySpec>,
    /// What is wrong, as the head of a finding.
    pub(crate) title: TextSpec,
    /// Why the rule exists and what follows from a violation.
    pub(crate) why: Option<TextSpec>,
    /// What the submitter is to do.
    pub(crate) fix: TextSpec,
    /// Where it is laid down; the file's source where not stated.
    pub(crate) source: Option<SourceSpec>,
    /// At least one satisfied and one violated record.
    #[serde(default)]
    pub(crate) tests: Vec<Spanned<TestSpec>>,
    /// Warnings about the logic that are meant to be so, with reasons (`rules check`).
    #[serde(default)]
    pub(crate) accepts: Vec<AcceptanceSpec>,
    /// Changes of the rule that no test needs to notice, with reasons (`rules test --mutate`).
    #[serde(default)]
    pub(crate) survivors: Vec<SurvivorSpec>,
    /// What became of it and when, the oldest first.
    #[serde(default)]
    pub(crate) history: Vec<ChangeSpec>,
}

/// A change of the rule that no test sees, and why none needs to.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SurvivorSpec {
    /// What the change makes of the condition or assertion, or of the part that is changed, in SQL.
    pub(crate) mutant: Spanned<String>,
    /// Why no test tells it from the rule.
    pub(crate) because: TextSpec,
}

/// What a check does where the file lacks one of its columns.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MissingColumnsSpec {
    /// The rule is not checked there.
    #[default]
    Skip,
    /// The column is read as blank; not checked only where all of them are missing.
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
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ValiditySpec {
    /// The first day, as 2022-01-03.
    #[schemars(regex(pattern = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"))]
    pub(crate) from: Option<Spanned<String>>,
    /// The last day, as 2022-12-31.
    #[schemars(regex(pattern = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"))]
    pub(crate) until: Option<Spanned<String>>,
    /// The variable whose date decides.
    pub(crate) by: Spanned<String>,
}

/// One test of a rule on records: exactly one verdict, and the record it is expected for.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("oneOf" = [
    { "required": ["satisfied"] },
    { "required": ["violated"] },
    { "required": ["not_applicable"] },
    { "required": ["not_checked"] },
]))]
pub(crate) struct TestSpec {
    /// A record on which the rule applies and holds; what is not named is blank.
    #[schemars(with = "Option<RecordSchema>")]
    pub(crate) satisfied: Option<SpannedMap<Spanned<String>>>,
    /// A record on which the rule applies and does not hold.
    #[schemars(with = "Option<RecordSchema>")]
    pub(crate) violated: Option<SpannedMap<Spanned<String>>>,
    /// A record on which the condition is false.
    #[schemars(with = "Option<RecordSchema>")]
    pub(crate) not_applicable: Option<SpannedMap<Spanned<String>>>,
    /// A record of which the rule cannot be decided, because a value is blank or unreadable.
    #[schemars(with = "Option<RecordSchema>")]
    pub(crate) not_checked: Option<SpannedMap<Spanned<String>>>,
    /// The one collection the test is for; every collection of the file where not stated.
    #[serde(rename = "in")]
    pub(crate) collection: Option<Spanned<String>>,
}

/// A check of the whole submission.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SubmissionSpec {
    /// Permanent and never reused, such as LEV-0001.
    #[schemars(regex(pattern = r"^[A-Z]{2,}-[0-9]{3,}$"))]
    pub(crate) id: Spanned<String>,
    /// What must hold of the submission.
    pub(crate) check: Spanned<SubmissionKindSpec>,
    /// How much a violation matters.
    pub(crate) severity: SeveritySpec,
    /// What is wrong, as the head of a finding.
    pub(crate) title: TextSpec,
    /// Why the rule exists.
    pub(crate) why: Option<TextSpec>,
    /// What the submitter is to do.
    pub(crate) fix: TextSpec,
    /// Where it is laid down; the file's source where not stated.
    pub(crate) source: Option<SourceSpec>,
    /// At least one satisfied and one violated submission.
    #[serde(default)]
    pub(crate) tests: Vec<Spanned<SubmissionTestSpec>>,
    /// What became of it and when, the oldest first.
    #[serde(default)]
    pub(crate) history: Vec<ChangeSpec>,
}

/// The kinds of checks of the whole submission.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum SubmissionKindSpec {
    /// No two records share the key within the scope.
    Unique(UniqueSpec),
    /// Every mandatory and conditional variable has a column.
    RequiredColumns(NothingSpec),
    /// Every column is a known variable.
    KnownColumns(NothingSpec),
    /// As many records as `--expect-records` states.
    RecordCount(NothingSpec),
    /// There is at least one record.
    NotEmpty(NothingSpec),
    /// Every record can be divided into its columns and read as text.
    Readable(NothingSpec),
}

/// A key, and the scope in which it is unique.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UniqueSpec {
    /// The key: no two records share it.
    pub(crate) variables: Vec<Spanned<String>>,
    /// The scope in which the key is unique; the whole submission where not stated.
    #[serde(default)]
    pub(crate) within: Vec<Spanned<String>>,
}

/// A kind without settings.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NothingSpec {}

/// One test of a check of the whole submission.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SubmissionTestSpec {
    /// A submission of which the rule holds.
    pub(crate) satisfied: Option<SubmissionCaseSpec>,
    /// A submission of which it does not hold.
    pub(crate) violated: Option<SubmissionCaseSpec>,
    /// A submission of which it cannot be decided.
    pub(crate) not_checked: Option<SubmissionCaseSpec>,
    /// The one collection the test is for.
    #[serde(rename = "in")]
    pub(crate) collection: Option<Spanned<String>>,
}

/// A submission as text.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SubmissionCaseSpec {
    /// The submission as text: a header and its records.
    pub(crate) csv: String,
    /// The number of records stated with `--expect-records`.
    pub(crate) expect_records: Option<u64>,
}
