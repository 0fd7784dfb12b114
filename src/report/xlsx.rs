//! A workbook for the coordinator: what to correct, record by record, in the program that the coordinator works in.
//!
//! A summary with a link to a sheet for each violated rule, on which every finding is a row; then the account of each
//! variable, and what was not checked. Tables can be filtered, their heads stay in view, points in time are dates and codes
//! are text. One workbook holds the whole submission, or the records of one region or care unit ([`parts`]).
//!
//! # Untrusted text
//!
//! No value of a submission can become a formula, a link or markup; see `sheet`.
//!
//! # Size
//!
//! Excel has 1,048,576 rows on a sheet. What does not fit is counted, and the sheet and the summary say so and name the
//! option that writes everything. Rows are put together in temporary files, so that memory does not grow with findings.
//!
//! | what | module |
//! | --- | --- |
//! | the workbook: names of sheets, its bytes | `book` |
//! | a sheet: cells, widths, filters; the only place that hands text to the workbook crate | `sheet` |
//! | how cells look | `style` |
//! | what the workbook is about, and counts of it | `part` |
//! | the summary | `summary` |
//! | what to correct first | `causes` |
//! | a violated rule | `findings` |
//! | the account of each variable | `variables` |
//! | what was not checked | `unchecked` |

pub(in crate::report) mod book;
mod causes;
mod findings;
mod part;
pub(in crate::report) mod sheet;
pub(in crate::report) mod style;
mod summary;
mod unchecked;
mod variables;

use std::io::{self, Write};

use rust_xlsxwriter::XlsxError;

use super::text::page::Page;
use super::{Content, ReportError, ReportOptions};
use crate::submission::parquet::fence;
use book::Book;

pub use part::{Part, parts};

/// The rows of a sheet.
const ROWS: u64 = 1_048_576;

/// What the sheets of one workbook are written from.
struct Writing<'a> {
    content: &'a Content<'a>,
    options: &'a ReportOptions,
    part: &'a Part,
    /// The words and figures of its language.
    page: Page,
    /// The most rows of a sheet.
    rows: u64,
}

impl Writing<'_> {
    fn say<'t>(&self, sv: &'t str, en: &'t str) -> &'t str {
        self.page.say(sv, en)
    }

    /// Whether there are collections to be told apart.
    fn has_several_runs(&self) -> bool {
        self.content.outcome.runs.len() > 1
    }
}

/// Writes one workbook with everything; see [`crate::report`].
///
/// # Errors
/// If `out` or a temporary file cannot be written, or findings not be read back.
pub fn write(content: &Content<'_>, options: &ReportOptions, out: &mut (dyn Write + Send)) -> Result<(), ReportError> {
    write_part(content, options, &Part::whole(), out)
}

/// Writes the workbook of one part, with nothing of the others.
///
/// # Errors
/// As [`write()`].
pub fn write_part(
    content: &Content<'_>,
    options: &ReportOptions,
    part: &Part,
    out: &mut (dyn Write + Send),
) -> Result<(), ReportError> {
    write_with_rows(content, options, part, ROWS, out)
}

fn write_with_rows(
    content: &Content<'_>,
    options: &ReportOptions,
    part: &Part,
    rows: u64,
    out: &mut (dyn Write + Send),
) -> Result<(), ReportError> {
    let writing = Writing { content, options, part, page: Page::new(options), rows };
    fenced(|| put_together(&writing, out))
}

/// Runs `write`, turning a panic of the workbook crate into an error: it panics where a temporary file cannot be written, as
/// on a full disk.
pub(in crate::report) fn fenced(write: impl FnOnce() -> Result<(), ReportError>) -> Result<(), ReportError> {
    let failed = || io::Error::other("the rows of a sheet cannot be kept in a temporary file");
    fence(|| Ok(write())).unwrap_or_else(|_| Err(failed().into()))
}

fn put_together(writing: &Writing<'_>, out: &mut (dyn Write + Send)) -> Result<(), ReportError> {
    let language = writing.options.language;
    let title = summary::title(writing);
    let mut book = Book::new(&title, writing.content.outcome.stated.delivery_date, language);
    let problems = part::problems(writing.content, &writing.part.key);
    let first = book.name(writing.say("Sammanfattning", "Summary"));
    let causes = book.name(writing.say("Åtgärda först", "Correct first"));
    let variables = book.name(writing.say("Variabler", "Variables"));
    let unchecked = book.name(writing.say("Inte kontrollerat", "Not checked"));
    // The summary links to the sheets that follow, so they have their names before it is written.
    let names: Vec<String> = problems.iter().map(|problem| book.name(&problem.rule.id.0)).collect();
    summary::write(writing, &mut book, &first, &problems, &names)?;
    causes::write(writing, &mut book, &causes)?;
    for (problem, name) in problems.iter().zip(&names) {
        findings::write(writing, &mut book, (name, &first), problem)?;
    }
    variables::write(writing, &mut book, &variables)?;
    unchecked::write(writing, &mut book, &unchecked)?;
    book.finish(out)
}

impl From<XlsxError> for ReportError {
    fn from(error: XlsxError) -> Self {
        match error {
            XlsxError::IoError(error) | XlsxError::TempFileError(_, error) => Self::Io(error),
            XlsxError::ZipError(error) => Self::Io(error.into()),
            other => Self::Workbook(other),
        }
    }
}

#[cfg(test)]
mod tests;
