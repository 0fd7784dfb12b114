//! Defect files as written: every leaf that a person may get wrong with its place, unknown keys refused.

use serde::Deserialize;

use crate::generate::profile::spec::WhenSpec;
use crate::yaml::Spanned;

/// A defect file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DefectsSpec {
    pub(super) collection: Spanned<String>,
    pub(super) delivery_date: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) defects: Vec<DefectSpec>,
    #[serde(default)]
    pub(super) columns: Vec<ColumnDefectSpec>,
}

/// One sort of defect of records.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DefectSpec {
    pub(super) name: Spanned<String>,
    pub(super) rate: Spanned<String>,
    #[serde(default, rename = "where")]
    pub(super) only: WhenSpec,
    pub(super) plant: EditSpec,
    #[serde(default)]
    pub(super) also: Vec<EditSpec>,
    pub(super) expect: Spanned<String>,
    pub(super) variable: Option<Spanned<String>>,
}

/// One defect of the header.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ColumnDefectSpec {
    pub(super) name: Spanned<String>,
    pub(super) plant: ColumnEditSpec,
    pub(super) expect: Spanned<String>,
}

/// The kinds of defects of the header.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum ColumnEditSpec {
    LeaveOut(Spanned<String>),
    Rename(RenameSpec),
    Add(Spanned<String>),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RenameSpec {
    pub(super) variable: Spanned<String>,
    pub(super) to: Spanned<String>,
}

/// The kinds of defects of records.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum EditSpec {
    Blank(Spanned<String>),
    Value(ValueEditSpec),
    BadCode(Spanned<String>),
    BadFormat(Spanned<String>),
    Swap(Vec<Spanned<String>>),
    Shift(ShiftSpec),
    Future(FutureSpec),
    Duplicate(DuplicateSpec),
    Lowercase(Spanned<String>),
    PersonalNumber(PersonalNumberSpec),
    Attribute(AttributeSpec),
    Digit(DigitSpec),
    Append(AppendSpec),
    ExtraField(NothingSpec),
    MissingField(NothingSpec),
    Undecodable(Spanned<String>),
    UnclosedQuote(Spanned<String>),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ValueEditSpec {
    pub(super) variable: Spanned<String>,
    pub(super) one_of: Vec<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ShiftSpec {
    pub(super) variable: Spanned<String>,
    pub(super) before: Option<Spanned<String>>,
    pub(super) after: Option<Spanned<String>>,
    pub(super) days: Option<Spanned<(i64, i64)>>,
    pub(super) minutes: Option<Spanned<(i64, i64)>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FutureSpec {
    pub(super) variable: Spanned<String>,
    pub(super) days: Spanned<(i64, i64)>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DuplicateSpec {
    pub(super) variables: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) within: Vec<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PersonalNumberSpec {
    pub(super) variable: Spanned<String>,
    pub(super) form: NumberFormSpec,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum NumberFormSpec {
    Hyphen,
    Twelve,
    Ten,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AttributeSpec {
    pub(super) variable: Spanned<String>,
    pub(super) list: Spanned<String>,
    pub(super) column: Spanned<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DigitSpec {
    pub(super) variable: Spanned<String>,
    pub(super) position: Spanned<usize>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AppendSpec {
    pub(super) variable: Spanned<String>,
    pub(super) text: Spanned<String>,
}

/// A kind without settings.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NothingSpec {}
