//! Defect files as written: every leaf that a person may get wrong with its place, unknown keys refused.
//!
//! Doc comments of fields are what an editor shows: they go into `schemas/*.schema.json`.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::generate::profile::spec::WhenSpec;
use crate::yaml::Spanned;

/// A defect file.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DefectsSpec {
    /// The collection that the defects are planted in.
    pub(super) collection: Spanned<String>,
    /// The delivery date they are made for.
    pub(super) delivery_date: Option<Spanned<String>>,
    /// Defects of records.
    #[serde(default)]
    pub(super) defects: Vec<DefectSpec>,
    /// Defects of the header.
    #[serde(default)]
    pub(super) columns: Vec<ColumnDefectSpec>,
}

/// One sort of defect of records.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DefectSpec {
    /// What the truth file calls it.
    pub(super) name: Spanned<String>,
    /// The share of records it is planted in, or a count.
    #[schemars(extend("type" = ["string", "number"]))]
    pub(super) rate: Spanned<String>,
    /// Values and the codes they may have: only such records.
    #[serde(default, rename = "where")]
    pub(super) only: WhenSpec,
    /// Columns of the profile's layout that become records: it is planted in the record of one of them, and speaks of
    /// the record's variables. Otherwise it is planted in the row, and speaks of its columns.
    #[serde(default)]
    pub(super) of: Vec<Spanned<String>>,
    /// What is done.
    pub(super) plant: EditSpec,
    /// What else is done to the same record.
    #[serde(default)]
    pub(super) also: Vec<EditSpec>,
    /// The rule that must find it.
    pub(super) expect: Spanned<String>,
    /// The variable that the finding must name, where that is another than the one changed.
    pub(super) variable: Option<Spanned<String>>,
}

/// One defect of the header.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ColumnDefectSpec {
    /// What the truth file calls it.
    pub(super) name: Spanned<String>,
    /// What is done.
    pub(super) plant: ColumnEditSpec,
    /// The rule that must find it.
    pub(super) expect: Spanned<String>,
}

/// The kinds of defects of the header.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum ColumnEditSpec {
    /// The column is left out.
    LeaveOut(Spanned<String>),
    /// The header is spelt otherwise.
    Rename(RenameSpec),
    /// A column is added.
    Add(Spanned<String>),
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RenameSpec {
    /// The variable whose column is renamed.
    pub(super) variable: Spanned<String>,
    /// What its header becomes.
    pub(super) to: Spanned<String>,
}

/// The kinds of defects of records.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum EditSpec {
    /// The value is left out.
    Blank(Spanned<String>),
    /// The value becomes one of these.
    Value(ValueEditSpec),
    /// The value becomes a code that its list does not have.
    BadCode(Spanned<String>),
    /// The value becomes one that its format refuses.
    BadFormat(Spanned<String>),
    /// Two values change places.
    Swap(Vec<Spanned<String>>),
    /// A point in time is moved.
    Shift(ShiftSpec),
    /// A point in time becomes later than the delivery date.
    Future(FutureSpec),
    /// The key of another record is taken.
    Duplicate(DuplicateSpec),
    /// Capitals become small letters.
    Lowercase(Spanned<String>),
    /// The value becomes a made-up personal identity number.
    PersonalNumber(PersonalNumberSpec),
    /// The value becomes an attribute of its code.
    Attribute(AttributeSpec),
    /// One digit is changed.
    Digit(DigitSpec),
    /// A text is added at the end.
    Append(AppendSpec),
    /// The record is there twice, the second time so many days later (with `of`).
    Repeat(RepeatEditSpec),
    /// The record gets a field too many.
    ExtraField(NothingSpec),
    /// The record gets a field too few.
    MissingField(NothingSpec),
    /// The value gets a byte that is no text.
    Undecodable(Spanned<String>),
    /// The value gets a quotation mark that is never closed.
    UnclosedQuote(Spanned<String>),
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ValueEditSpec {
    /// The variable.
    pub(super) variable: Spanned<String>,
    /// The values to choose from.
    pub(super) one_of: Vec<Spanned<String>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ShiftSpec {
    /// The point in time that is moved.
    pub(super) variable: Spanned<String>,
    /// To before this one.
    pub(super) before: Option<Spanned<String>>,
    /// To after this one.
    pub(super) after: Option<Spanned<String>>,
    /// By so many days, from and to.
    pub(super) days: Option<Spanned<(i64, i64)>>,
    /// By so many minutes, from and to.
    pub(super) minutes: Option<Spanned<(i64, i64)>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RepeatEditSpec {
    /// So many days later, from and to; 0 is the same record again.
    pub(super) days: Spanned<(i64, i64)>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FutureSpec {
    /// The point in time.
    pub(super) variable: Spanned<String>,
    /// So many days after the delivery date, from and to.
    pub(super) days: Spanned<(i64, i64)>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DuplicateSpec {
    /// The key that is repeated.
    pub(super) variables: Vec<Spanned<String>>,
    /// The scope in which it is repeated.
    #[serde(default)]
    pub(super) within: Vec<Spanned<String>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PersonalNumberSpec {
    /// The variable that gets one.
    pub(super) variable: Spanned<String>,
    /// How it is written.
    pub(super) form: NumberFormSpec,
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum NumberFormSpec {
    /// YYMMDD-NNNN
    Hyphen,
    /// Twelve digits.
    Twelve,
    /// Ten digits.
    Ten,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AttributeSpec {
    /// The variable.
    pub(super) variable: Spanned<String>,
    /// The list that is looked into.
    pub(super) list: Spanned<String>,
    /// The column whose value is taken.
    pub(super) column: Spanned<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DigitSpec {
    /// The variable.
    pub(super) variable: Spanned<String>,
    /// Which character, from 1.
    pub(super) position: Spanned<usize>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AppendSpec {
    /// The variable.
    pub(super) variable: Spanned<String>,
    /// What is added at its end.
    pub(super) text: Spanned<String>,
}

/// A kind without settings.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NothingSpec {}
