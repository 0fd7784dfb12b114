//! Schema files as written: every leaf that a person may get wrong with its place, unknown keys refused.
//!
//! Doc comments of fields are what an editor shows: they go into `schemas/*.schema.json`.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::diag::{Diagnostic, Diagnostics, Place, Source};
use crate::model::{Severity, SourceReference, Text};
use crate::yaml::{Spanned, SpannedMap};

/// A text in both languages.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TextSpec {
    /// In Swedish.
    pub(crate) sv: String,
    /// In English.
    pub(crate) en: String,
}

impl From<TextSpec> for Text {
    fn from(spec: TextSpec) -> Self {
        Self { sv: spec.sv, en: spec.en }
    }
}

/// A document and a place in it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SourceSpec {
    /// The document: title, publisher and date or version.
    pub(crate) document: String,
    /// The place in it, such as a table or an annex.
    pub(crate) place: String,
}

impl From<SourceSpec> for SourceReference {
    fn from(spec: SourceSpec) -> Self {
        Self { document: spec.document, place: spec.place }
    }
}

/// `schemas/<collection>.yaml`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CollectionSpec {
    /// The id, which is also the name of the file.
    #[schemars(regex(pattern = r"^[a-z][a-z0-9_]*$"))]
    pub(crate) collection: Spanned<String>,
    /// Capital letters that the ids of derived rules begin with, such as SVG.
    #[schemars(regex(pattern = r"^[A-Z]{2,}$"))]
    pub(crate) prefix: Spanned<String>,
    /// What people call it.
    pub(crate) title: TextSpec,
    /// Where it is laid down.
    pub(crate) source: SourceSpec,
    /// Another collection whose variables are taken over, instead of `variables`.
    pub(crate) same_variables_as: Option<Spanned<String>>,
    /// Of which collection it is made: one record for each group of that collection's records.
    pub(crate) folds: Option<FoldsSpec>,
    /// Which headers can be of this collection.
    #[serde(default)]
    pub(crate) detect: DetectSpec,
    /// Never detected from a header, only stated with `--collection`.
    #[serde(default)]
    pub(crate) only_when_named: bool,
    /// The variables that name a record.
    #[serde(default)]
    pub(crate) key: Vec<Spanned<String>>,
    /// The variable whose organisation number names the reporting region.
    pub(crate) reporter: Option<Spanned<String>>,
    /// The variable whose value is the county code of the responsible region, instead of `reporter`.
    pub(crate) region: Option<Spanned<String>>,
    /// The date on which codes must be valid.
    pub(crate) record_date: Option<Spanned<String>>,
    /// Whether a submission is a stock on a day (waiting) rather than what happened in a period.
    #[serde(default)]
    pub(crate) stock: bool,
    /// The variable that names the care unit.
    pub(crate) unit: Option<Spanned<String>>,
    /// By what figures are broken down within a region.
    pub(crate) breakdown: Option<BreakdownSpec>,
    /// The variables, in the order of reports.
    #[serde(default)]
    pub(crate) variables: Vec<VariableSpec>,
    /// Other ways to deliver the collection, with one row for several records.
    #[serde(default)]
    pub(crate) layouts: Vec<LayoutSpec>,
}

/// A way to deliver a collection with one row for several records.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LayoutSpec {
    /// The name that options and reports use.
    #[schemars(regex(pattern = r"^[a-z][a-z0-9_]*$"))]
    pub(crate) id: Spanned<String>,
    /// What people call it, such as "one row a pathway".
    pub(crate) title: TextSpec,
    /// Columns that are in no record themselves; the values of `set` are made of them.
    #[serde(default)]
    pub(crate) parts: Vec<PartSpec>,
    /// Columns of which each filled cell becomes a record. Variables that none of them gives are columns of the row,
    /// shared by its records.
    pub(crate) columns: Vec<LayoutColumnSpec>,
}

/// A column that values are made of.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PartSpec {
    /// Its header, and its name in `set`.
    #[schemars(regex(pattern = r"^[a-z][a-z0-9_]*$"))]
    pub(crate) id: Spanned<String>,
    /// What people call it.
    pub(crate) name: TextSpec,
    /// Other spellings of the column header.
    #[serde(default)]
    pub(crate) aliases: Vec<Spanned<String>>,
}

/// A column of which each filled cell becomes a record.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LayoutColumnSpec {
    /// Its header.
    #[schemars(regex(pattern = r"^[a-z][a-z0-9_]*$"))]
    pub(crate) id: Spanned<String>,
    /// What people call it.
    pub(crate) name: TextSpec,
    /// Other spellings of the column header.
    #[serde(default)]
    pub(crate) aliases: Vec<Spanned<String>>,
    /// The variable that gets the cell.
    pub(crate) value: Spanned<String>,
    /// What other variables of the record are set to: texts, with `{part}` for a part or a variable of the row. Blank
    /// where one of those is.
    #[serde(default)]
    pub(crate) set: SpannedMap<Spanned<String>>,
}

/// Of which collection's records a collection is made, and which of them belong together.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FoldsSpec {
    /// The collection whose records are folded.
    pub(crate) collection: Spanned<String>,
    /// Its variables that records of one group have in common. They are variables of this collection, too.
    pub(crate) key: Spanned<Vec<Spanned<String>>>,
    /// Its variables by which the records of a group stand in order; then as they stand in the files.
    #[serde(default)]
    pub(crate) order: Vec<Spanned<String>>,
    /// What groups are called, in the plural.
    pub(crate) unit: TextSpec,
    /// How long a group may be completed and corrected after it was first received.
    pub(crate) corrections: Option<CorrectionsSpec>,
    /// Groups worked out by hand.
    #[serde(default)]
    pub(crate) tests: Vec<Spanned<FoldTestSpec>>,
}

/// How long a group may be completed and corrected after it was first received.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CorrectionsSpec {
    /// Calendar months: from the day of the first receipt through the day of the same number so many months later, or
    /// the last of that month where it has no such day.
    #[schemars(range(min = 1, max = 120))]
    pub(crate) months: Spanned<u32>,
}

/// What earlier submissions say of a group. Everything is blank in a run that is given no earlier ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum HistorySpec {
    /// A timestamp: the day on which any submission with the group was first received, this one included.
    FirstReceived,
    /// A timestamp: the last day on which the group may be completed and corrected.
    OpenUntil,
    /// A timestamp: the day on which this submission was received.
    Received,
    /// An integer: of how many different records the group was in the latest earlier submission that held it; 0 of a new group.
    RecordsBefore,
    /// An integer: of how many different records it is now; 0 of a group that this submission should hold and does not.
    RecordsNow,
    /// An integer: how many records were changed, added or removed since.
    ChangedRecords,
    /// A text: which those are, before and now.
    Changes,
}

/// Records, and what the group that the first of them is in becomes.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FoldTestSpec {
    /// The records, by variable of the folded collection; what is not named is blank. Others than those of the group may be
    /// among them, to show that they are in another.
    pub(crate) records: Vec<SpannedMap<Spanned<String>>>,
    /// The group's variables; an empty text is a blank. Those not named are not compared.
    pub(crate) gives: SpannedMap<Spanned<String>>,
}

/// By what figures are broken down within a region.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BreakdownSpec {
    /// The variable, a code; its code list names the breakdown in machine formats.
    pub(crate) by: Spanned<String>,
    /// What people call it, as within a sentence: "vårdförlopp".
    pub(crate) name: TextSpec,
    /// A coarser division of its codes, by which measures are broken down instead.
    pub(crate) aggregate: Option<AggregateSpec>,
}

/// A coarser division of a breakdown's codes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AggregateSpec {
    /// The column of the code list that holds each code's part.
    pub(crate) column: Spanned<String>,
    /// What people call it, as within a sentence.
    pub(crate) name: TextSpec,
}

/// What a header must and must not have.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DetectSpec {
    /// Variables whose columns must be there.
    #[serde(default)]
    pub(crate) has: Vec<Spanned<String>>,
    /// Variables whose columns must not be there.
    #[serde(default)]
    pub(crate) lacks: Vec<Spanned<String>>,
}

/// One variable.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct VariableSpec {
    /// The source's own name, unaltered.
    #[schemars(regex(pattern = r"^[a-z][a-z0-9_]*$"))]
    pub(crate) id: Spanned<String>,
    /// What people call it.
    pub(crate) name: TextSpec,
    /// The part of the model it belongs to.
    #[serde(default)]
    pub(crate) area: String,
    /// What it means.
    pub(crate) description: Option<TextSpec>,
    /// Other spellings of the column header.
    #[serde(default)]
    pub(crate) aliases: Vec<Spanned<String>>,
    /// What sort of values it has.
    #[serde(rename = "type")]
    pub(crate) kind: Spanned<TypeSpec>,
    /// For timestamps: whether a date without time of day will do.
    pub(crate) date_only: Option<Spanned<bool>>,
    /// For texts: the shape, by its id in `formats.yaml`.
    pub(crate) format: Option<Spanned<String>>,
    /// For codes: the code list, by name. For texts: an official list that the user loads.
    pub(crate) codelist: Option<Spanned<String>>,
    /// For years and integers: the smallest and largest value.
    pub(crate) range: Option<Spanned<RangeSpec>>,
    /// For texts: the most characters.
    pub(crate) max_length: Option<Spanned<usize>>,
    /// One field may hold several values.
    pub(crate) repeats: Option<RepeatsSpec>,
    /// Codes that stand for a kind of blank.
    #[serde(default)]
    pub(crate) missing_codes: SpannedMap<MissingSpec>,
    /// Its values are masked everywhere.
    #[serde(default)]
    pub(crate) identifies_person: bool,
    /// In a collection that folds another: the SQL aggregate over a group's records.
    pub(crate) fold: Option<Spanned<String>>,
    /// In a collection that folds another, instead of `fold`: what earlier submissions say of the group.
    pub(crate) history: Option<Spanned<HistorySpec>>,
    /// How much a wrong value matters; `error` where not stated.
    pub(crate) value_severity: Option<SeveritySpec>,
    /// Values that must be accepted, and values that must be refused: the tests of the rule on its values.
    #[serde(default)]
    pub(crate) examples: ExamplesSpec,
    /// Where it is laid down; the collection's source where not stated.
    pub(crate) source: Option<SourceSpec>,
    /// In the message, though not in the model's table of variables.
    #[serde(default)]
    pub(crate) extra: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TypeSpec {
    /// Any text, perhaps of a format.
    Text,
    /// A code of an embedded code list.
    Code,
    /// A date, perhaps with a time of day.
    Timestamp,
    /// A year of four digits.
    Year,
    /// A whole number.
    Integer,
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RangeSpec {
    /// The smallest value allowed.
    pub(crate) min: i64,
    /// The largest value allowed.
    pub(crate) max: i64,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RepeatsSpec {
    /// Characters that separate the values; the first is the one that is written.
    pub(crate) separators: Spanned<String>,
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MissingSpec {
    /// None, or not applicable.
    Negative,
    /// Not known.
    Unknown,
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SeveritySpec {
    /// The record is rejected.
    Error,
    /// To be looked at and usually corrected.
    Warning,
    /// Worth knowing.
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
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExamplesSpec {
    /// Must be accepted.
    #[serde(default)]
    pub(crate) valid: Vec<Spanned<String>>,
    /// Must be refused.
    #[serde(default)]
    pub(crate) invalid: Vec<Spanned<String>>,
}

/// `schemas/formats.yaml`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FormatsSpec {
    /// Every shape of texts.
    pub(crate) formats: Vec<FormatSpec>,
}

/// One shape of texts.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FormatSpec {
    /// The name that variables use.
    #[schemars(regex(pattern = r"^[a-z][a-z0-9_]*$"))]
    pub(crate) id: Spanned<String>,
    /// What people call it.
    pub(crate) name: TextSpec,
    /// A regular expression that the whole value must match.
    pub(crate) pattern: Spanned<String>,
    /// The most characters.
    pub(crate) max_length: Option<usize>,
    /// Characters that are left out before a value is looked up in an official list.
    #[serde(default)]
    pub(crate) ignore_characters: String,
    /// What is said of a wrong value, after the name of the variable.
    pub(crate) title: TextSpec,
    /// What the submitter is to do.
    pub(crate) fix: TextSpec,
    /// Where it is laid down.
    pub(crate) source: SourceSpec,
    /// Texts that must match, and texts that must not.
    pub(crate) examples: ExamplesSpec,
}

/// Refuses a source that names no document or no place in it.
pub(crate) fn require_source(stated: &SourceSpec, of: &Place, diagnostics: &mut Diagnostics) {
    for (what, words) in [("document", &stated.document), ("place", &stated.place)] {
        if words.trim().is_empty() {
            diagnostics.push(
                Diagnostic::new("rule::missing_source", format!("the source names no {what}"))
                    .at(of.clone(), "of this")
                    .help("say where it is laid down, or that the limit is one's own"),
            );
        }
    }
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
