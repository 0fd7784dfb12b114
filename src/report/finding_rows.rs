//! Every finding as a flat row, streamed to CSV or Parquet while the run goes on (`--findings`).
//!
//! A bad submission has more findings than records, so writing them must be about as fast as finding them: what a rule
//! says of each of its findings is put together once for each rule, and rows go through buffers of bounded size.
//! Values are whole, and masked already where they identify a person.

mod csv;
mod parquet;

use std::fmt;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::str::FromStr;

pub use csv::CsvFindings;
pub use parquet::ParquetFindings;

use crate::model::{Detail, Finding, Members, Position, ShownValue};
use crate::report::{ReportError, UnknownFormat};
use crate::rule::Plan;

/// The columns, in order.
///
/// `cell` is the address of the first faulty variable as a spreadsheet has it, such as `F17`, or the letters alone where
/// the finding is about the column. `faulty` and `triggers` are `variable=value`, joined by `, `; `variable` and `value`
/// are the first faulty one's. `detail` is a number, in the unit beside it, or a Swedish text. `valid_from` and
/// `valid_until` are the first and last day of the rule's version, where it is dated. `waived` is the number of the
/// waiver that covers the finding, counted from 1 in the waiver file; blank where none does. `group_size` and `group_rows`
/// are of findings on a group of records: how many it has, and the numbers of the first ones in the file.
pub const COLUMNS: [&str; 23] = [
    "file",
    "row",
    "line",
    "sheet_row",
    "cell",
    "key",
    "rule_id",
    "severity",
    "title_sv",
    "title_en",
    "faulty",
    "triggers",
    "variable",
    "value",
    "detail",
    "detail_unit_sv",
    "fix_sv",
    "source",
    "valid_from",
    "valid_until",
    "waived",
    "group_size",
    "group_rows",
];

/// How findings are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FindingFormat {
    /// Semicolons and a byte order mark, for Excel.
    Csv,
    /// For data platforms.
    Parquet,
}

impl FindingFormat {
    /// Every format.
    pub const ALL: [Self; 2] = [Self::Csv, Self::Parquet];

    /// The word used in arguments, which is also how names of such files end.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Parquet => "parquet",
        }
    }

    /// The format that the name of `path` ends in, in any case of letters.
    pub fn of_path(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?;
        Self::ALL.into_iter().find(|format| format.as_str().eq_ignore_ascii_case(extension))
    }
}

impl fmt::Display for FindingFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for FindingFormat {
    type Err = UnknownFormat;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|format| format.as_str() == text).ok_or_else(|| UnknownFormat(text.to_owned()))
    }
}

/// What the indices of findings point into.
#[derive(Clone, Copy, Debug)]
pub struct FindingContext<'a> {
    /// The rules that were evaluated.
    pub plan: &'a Plan,
    /// The files, by the index in findings.
    pub paths: &'a [PathBuf],
}

/// Takes findings in their final order and writes them as rows.
pub trait FindingWriter: Send {
    /// Writes `findings` after those written before. The context may change from one call to the next.
    ///
    /// # Errors
    /// If the output cannot be written.
    fn write(&mut self, context: &FindingContext<'_>, findings: &[Finding]) -> Result<(), ReportError>;

    /// Writes what is still in buffers and ends the file; the number of rows written.
    ///
    /// # Errors
    /// If the output cannot be written.
    fn finish(self: Box<Self>) -> Result<u64, ReportError>;
}

/// Begins a file of findings. A file without findings is complete, too: it has its columns.
///
/// # Errors
/// If the output cannot be written.
pub fn open(format: FindingFormat, out: Box<dyn Write + Send>) -> Result<Box<dyn FindingWriter>, ReportError> {
    Ok(match format {
        FindingFormat::Csv => Box::new(CsvFindings::new(out)),
        FindingFormat::Parquet => Box::new(ParquetFindings::new(out)?),
    })
}

/// Names a plan, to notice that another one is in use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct PlanName {
    collection: String,
    version: String,
}

impl PlanName {
    fn of(plan: &Plan) -> Self {
        Self { collection: plan.collection.id.clone(), version: plan.version.clone() }
    }

    fn is_of(&self, plan: &Plan) -> bool {
        self.version == plan.version && self.collection == plan.collection.id
    }
}

/// The address of `shown`: its column's letters, and the row a spreadsheet would show it in.
///
/// Nothing where the record has a place but the file no rows of a spreadsheet (Parquet).
fn address(shown: &ShownValue, position: Position) -> Option<(&str, Option<u64>)> {
    let column = shown.column.as_deref()?;
    match (position.row, position.sheet_row) {
        (_, Some(row)) => Some((column, Some(row))),
        (None, None) => Some((column, None)),
        (Some(_), None) => None,
    }
}

/// Appends `variable=value, variable=value`.
fn push_values(text: &mut String, values: &[ShownValue]) {
    for (index, shown) in values.iter().enumerate() {
        if index > 0 {
            text.push_str(", ");
        }
        text.push_str(&shown.variable);
        text.push('=');
        text.push_str(&shown.value);
    }
}

/// Appends the numbers of a group's first records: `2 5 9`.
fn push_members(text: &mut String, members: &Members) {
    for (index, row) in members.rows.iter().enumerate() {
        if index > 0 {
            text.push(' ');
        }
        text.push_str(&row.to_string());
    }
}

/// The detail as Swedish text, for the formats that have one column for it.
fn detail_text(detail: &Detail) -> std::borrow::Cow<'_, str> {
    match detail {
        Detail::Number(number) => number.to_string().into(),
        Detail::Text(text) => text.sv.as_str().into(),
    }
}

#[cfg(test)]
mod tests;
