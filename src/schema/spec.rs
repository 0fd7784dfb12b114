//! Schema files as written: every leaf that a person may get wrong with its place, unknown keys refused.

use serde::Deserialize;

use crate::diag::{Diagnostics, Source};
use crate::model::{Severity, SourceReference, Text};
use crate::yaml::{Spanned, SpannedMap};

/// A text in both languages.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TextSpec {
    pub(crate) sv: String,
    pub(crate) en: String,
}

impl From<TextSpec> for Text {
    fn from(spec: TextSpec) -> Self {
        Self { sv: spec.sv, en: spec.en }
    }
}

/// A document and a place in it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SourceSpec {
    pub(crate) document: String,
    pub(crate) place: String,
}

impl From<SourceSpec> for SourceReference {
    fn from(spec: SourceSpec) -> Self {
        Self { document: spec.document, place: spec.place }
    }
}

/// `schemas/<collection>.yaml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CollectionSpec {
    pub(crate) collection: Spanned<String>,
    pub(crate) prefix: Spanned<String>,
    pub(crate) title: TextSpec,
    pub(crate) source: SourceSpec,
    pub(crate) same_variables_as: Option<Spanned<String>>,
    #[serde(default)]
    pub(crate) detect: DetectSpec,
    #[serde(default)]
    pub(crate) only_when_named: bool,
    #[serde(default)]
    pub(crate) key: Vec<Spanned<String>>,
    pub(crate) reporter: Option<Spanned<String>>,
    pub(crate) record_date: Option<Spanned<String>>,
    #[serde(default)]
    pub(crate) stock: bool,
    pub(crate) unit: Option<Spanned<String>>,
    pub(crate) specialty: Option<Spanned<String>>,
    #[serde(default)]
    pub(crate) variables: Vec<VariableSpec>,
}

/// What a header must and must not have.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DetectSpec {
    #[serde(default)]
    pub(crate) has: Vec<Spanned<String>>,
    #[serde(default)]
    pub(crate) lacks: Vec<Spanned<String>>,
}

/// One variable.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct VariableSpec {
    pub(crate) id: Spanned<String>,
    pub(crate) name: TextSpec,
    #[serde(default)]
    pub(crate) area: String,
    pub(crate) description: Option<TextSpec>,
    #[serde(default)]
    pub(crate) aliases: Vec<Spanned<String>>,
    #[serde(rename = "type")]
    pub(crate) kind: Spanned<TypeSpec>,
    pub(crate) date_only: Option<Spanned<bool>>,
    pub(crate) format: Option<Spanned<String>>,
    pub(crate) codelist: Option<Spanned<String>>,
    pub(crate) range: Option<Spanned<RangeSpec>>,
    pub(crate) max_length: Option<Spanned<usize>>,
    pub(crate) repeats: Option<RepeatsSpec>,
    #[serde(default)]
    pub(crate) missing_codes: SpannedMap<MissingSpec>,
    #[serde(default)]
    pub(crate) identifies_person: bool,
    pub(crate) value_severity: Option<SeveritySpec>,
    #[serde(default)]
    pub(crate) examples: ExamplesSpec,
    pub(crate) source: Option<SourceSpec>,
    #[serde(default)]
    pub(crate) extra: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TypeSpec {
    Text,
    Code,
    Timestamp,
    Year,
    Integer,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RangeSpec {
    pub(crate) min: i64,
    pub(crate) max: i64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RepeatsSpec {
    pub(crate) separators: Spanned<String>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MissingSpec {
    Negative,
    Unknown,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SeveritySpec {
    Error,
    Warning,
    Note,
}

impl From<SeveritySpec> for Severity {
    fn from(spec: SeveritySpec) -> Self {
        match spec {
            SeveritySpec::Error => Self::Error,
            SeveritySpec::Warning => Self::Warning,
            SeveritySpec::Note => Self::Note,
        }
    }
}

/// Values that must be accepted, and values that must be refused.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExamplesSpec {
    #[serde(default)]
    pub(crate) valid: Vec<Spanned<String>>,
    #[serde(default)]
    pub(crate) invalid: Vec<Spanned<String>>,
}

/// `schemas/formats.yaml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FormatsSpec {
    pub(crate) formats: Vec<FormatSpec>,
}

/// One shape of texts.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FormatSpec {
    pub(crate) id: Spanned<String>,
    pub(crate) name: TextSpec,
    pub(crate) pattern: Spanned<String>,
    pub(crate) max_length: Option<usize>,
    #[serde(default)]
    pub(crate) ignore_characters: String,
    pub(crate) title: TextSpec,
    pub(crate) fix: TextSpec,
    pub(crate) source: SourceSpec,
    pub(crate) examples: ExamplesSpec,
}

/// Refuses a text that is blank in one of its languages.
pub(crate) fn require_text(
    text: &TextSpec,
    what: &str,
    place: &Spanned<String>,
    source: &Source,
    diagnostics: &mut Diagnostics,
) {
    for (language, words) in [("sv", &text.sv), ("en", &text.en)] {
        if words.trim().is_empty() {
            diagnostics.push(
                place
                    .diagnostic(
                        source,
                        "schema::missing_text",
                        format!("`{}`: {what}.{language} is empty", place.value),
                        "of this",
                    )
                    .help("write the text in both languages"),
            );
        }
    }
}
