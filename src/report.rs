//! Writes a finished [`Outcome`] in a format, one file a format: what a coordinator reads, and what programs read.
//!
//! Responsible for words, figures and shapes of what is written, and for streaming findings as rows
//! ([`finding_rows`]). It reads nothing and decides nothing: every number is in the outcome already, and [`gate`] only
//! names what the outcome says. Each format has its own serialisable twin of the types it writes, so that a format
//! cannot change by accident.
//!
//! # Invariants
//!
//! - The same outcome and options give the same bytes.
//! - What could not be checked is said in every format; no format says "passed" alone when something was not looked at.
//! - A share of something is never written as 0 % when there is one, nor as 100 % when there is an exception.
//! - Text that comes from a submission (values, column names, paths) reaches a terminal with its control characters
//!   escaped, and a spreadsheet with formulas disarmed.
//!
//! | format | for | module |
//! | --- | --- | --- |
//! | text | the coordinator, in a terminal | [`text`] |
//! | JSON | programs; versioned | [`json`] |
//! | CSV | Excel: one row a rule | [`csv`] |
//! | Parquet | data platforms: the same table | [`parquet`] |
//! | HTML | everybody: one page to read, mail and print | [`html`] |
//! | XLSX | the coordinator, in Excel: every finding, a sheet a rule | [`xlsx`] |
//!
//! What a change of rules means for deliveries has shapes of its own ([`impact`]).

mod cause_words;
pub mod coverage;
pub mod csv;
pub(crate) mod figures;
pub mod finding_rows;
pub mod html;
pub mod impact;
pub mod json;
pub mod parquet;
pub mod public_json;
pub mod rule_diff;
mod rule_rows;
pub mod rulework;
#[cfg(test)]
mod sample;
mod shown;
pub mod spool;
pub mod text;
pub mod xlsx;

use std::fmt;
use std::io::{self, Write};
use std::str::FromStr;

use ::parquet::errors::ParquetError;

use crate::coverage::Coverage;
use crate::edition::PublicOutcome;
use crate::engine::Outcome;
use crate::model::{Language, Severity};
use spool::SpooledFindings;

/// How a report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReportFormat {
    /// A summary for a person, in Swedish or English.
    Text,
    /// Everything, for programs; see [`json::SCHEMA`].
    Json,
    /// One row a rule, for Excel.
    Csv,
    /// One row a rule, for data platforms.
    Parquet,
    /// One self-contained page for people.
    Html,
    /// A workbook for people, with every finding.
    Xlsx,
}

impl ReportFormat {
    /// Every format.
    pub const ALL: [Self; 6] = [Self::Text, Self::Json, Self::Csv, Self::Parquet, Self::Html, Self::Xlsx];

    /// The word used in arguments.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Parquet => "parquet",
            Self::Html => "html",
            Self::Xlsx => "xlsx",
        }
    }

    /// How names of files in this format end, without the dot.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Text => "txt",
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Parquet => "parquet",
            Self::Html => "html",
            Self::Xlsx => "xlsx",
        }
    }

    /// True where the format is bytes that would upset a terminal.
    pub fn is_binary(self) -> bool {
        matches!(self, Self::Parquet | Self::Xlsx)
    }
}

impl fmt::Display for ReportFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that names no report format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown report format `{0}`; known are text, json, csv, parquet, html and xlsx")]
pub struct UnknownFormat(pub String);

impl FromStr for ReportFormat {
    type Err = UnknownFormat;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|format| format.as_str() == text).ok_or_else(|| UnknownFormat(text.to_owned()))
    }
}

/// What the user chose about reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReportOptions {
    /// Of the text report. The other formats do not depend on it.
    pub language: Language,
    /// Columns of the terminal, for the text report.
    pub width: usize,
    /// Whether the text report may use colours; it says everything without them, too.
    pub color: bool,
    /// The least severity that fails the gate.
    pub fail_on: Severity,
    /// Whether something not checked fails the gate.
    pub strict: bool,
    /// How many rules the text report shows in full, for each collection.
    pub top: usize,
}

impl Default for ReportOptions {
    fn default() -> Self {
        Self { language: Language::Swedish, width: 100, color: false, fail_on: Severity::Error, strict: false, top: 5 }
    }
}

/// Why a report could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// The operating system said no, or the reader of a pipe went away ([`io::ErrorKind::BrokenPipe`]).
    #[error("cannot be written: {0}")]
    Io(#[from] io::Error),
    /// The Parquet writer refused.
    #[error("cannot be written as Parquet: {0}")]
    Parquet(ParquetError),
    /// The writer of workbooks refused.
    #[error("cannot be written as a workbook: {0}")]
    Workbook(rust_xlsxwriter::XlsxError),
}

impl From<ParquetError> for ReportError {
    fn from(error: ParquetError) -> Self {
        match error {
            ParquetError::External(inner) => match inner.downcast::<io::Error>() {
                Ok(io) => Self::Io(*io),
                Err(inner) => Self::Parquet(ParquetError::External(inner)),
            },
            other => Self::Parquet(other),
        }
    }
}

impl From<arrow::error::ArrowError> for ReportError {
    fn from(error: arrow::error::ArrowError) -> Self {
        Self::from(ParquetError::from(error))
    }
}

/// What the run comes to, under what the user asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// No rule that fails the gate is violated.
    Passed,
    /// At least one is.
    Failed,
    /// None is, but something was not checked and `--strict` asks that everything be.
    NotChecked,
}

impl Gate {
    /// The word used in machine formats.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::NotChecked => "not_checked",
        }
    }
}

/// What `outcome` comes to when rules of severity `fail_on` and graver fail it, and under `strict` anything not checked.
pub fn gate(outcome: &Outcome, fail_on: Severity, strict: bool) -> Gate {
    if !outcome.passes(fail_on) {
        Gate::Failed
    } else if strict && outcome.has_unchecked() {
        Gate::NotChecked
    } else {
        Gate::Passed
    }
}

/// What reports are written from.
#[derive(Clone, Copy, Debug)]
pub struct Content<'a> {
    /// What was checked.
    pub outcome: &'a Outcome,
    /// What was measured in the same run; only the HTML page tells of it.
    pub coverage: Option<&'a Coverage>,
    /// Every finding, for the workbook; where there is none it shows the outcome's examples.
    pub findings: Option<&'a SpooledFindings>,
}

impl<'a> From<&'a Outcome> for Content<'a> {
    fn from(outcome: &'a Outcome) -> Self {
        Self { outcome, coverage: None, findings: None }
    }
}

/// Writes what everybody may know of a run, with published figures where there are any; as HTML or JSON.
///
/// # Errors
/// If `out` cannot be written, or the format is another.
pub fn write_public(
    format: ReportFormat,
    outcome: &PublicOutcome,
    coverage: Option<&Coverage>,
    options: &ReportOptions,
    out: &mut (dyn Write + Send),
) -> Result<(), ReportError> {
    match format {
        ReportFormat::Json => public_json::write(outcome, out)?,
        ReportFormat::Html => html::write_public(outcome, coverage, options, out)?,
        _ => return Err(io::Error::from(io::ErrorKind::Unsupported).into()),
    }
    out.flush()?;
    Ok(())
}

/// Writes `content` in `format` to `out`, and flushes it.
///
/// # Errors
/// If `out` cannot be written. A closed pipe is a [`ReportError::Io`] of kind [`io::ErrorKind::BrokenPipe`] in every format.
pub fn write(
    format: ReportFormat,
    content: &Content<'_>,
    options: &ReportOptions,
    out: &mut (dyn Write + Send),
) -> Result<(), ReportError> {
    let outcome = content.outcome;
    match format {
        ReportFormat::Text => text::write(outcome, options, out)?,
        ReportFormat::Json => json::write(outcome, options, out)?,
        ReportFormat::Csv => csv::write(outcome, out)?,
        ReportFormat::Parquet => parquet::write(outcome, out)?,
        ReportFormat::Html => html::write(content, options, out)?,
        ReportFormat::Xlsx => xlsx::write(content, options, out)?,
    }
    out.flush()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Refuses everything, as the writing end of a closed pipe does.
    struct ClosedPipe;

    impl Write for ClosedPipe {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn formats_are_read_back_from_their_names() {
        for format in ReportFormat::ALL {
            assert_eq!(format.as_str().parse(), Ok(format));
        }
        assert_eq!("docx".parse::<ReportFormat>(), Err(UnknownFormat("docx".to_owned())));
    }

    #[test]
    fn every_format_tells_a_closed_pipe_from_other_failures() {
        for format in ReportFormat::ALL {
            let result = write(format, &(&sample::outcome()).into(), &ReportOptions::default(), &mut ClosedPipe);
            assert!(
                matches!(&result, Err(ReportError::Io(error)) if error.kind() == io::ErrorKind::BrokenPipe),
                "{format}: {result:?}"
            );
        }
    }

    #[test]
    fn every_format_writes_an_outcome_without_runs_or_records() {
        for format in ReportFormat::ALL {
            for outcome in [sample::nothing(), sample::no_records()] {
                let mut out = Vec::new();
                write(format, &(&outcome).into(), &ReportOptions::default(), &mut out).unwrap();
                assert!(!out.is_empty(), "{format}");
            }
        }
    }

    #[test]
    fn the_gate_follows_severity_and_strictness() {
        let failing = sample::outcome();
        assert_eq!(gate(&failing, Severity::Error, false), Gate::Failed);
        let clean = sample::clean();
        assert_eq!(gate(&clean, Severity::Error, false), Gate::Passed);
        assert_eq!(gate(&clean, Severity::Error, true), Gate::NotChecked);
        assert_eq!(gate(&clean, Severity::Note, false), Gate::Failed);
    }
}
