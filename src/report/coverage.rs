//! Writes the figures of coverage: as tables for a person, as one row a figure for spreadsheets and data platforms, and
//! as one document for programs.
//!
//! Every share stands with its numerator and denominator; where there is no denominator there is no value. What may not
//! be shown in a published edition is marked, never left out silently.

mod json;
pub(super) mod rows;
pub(super) mod sentences;
mod text;
pub(super) mod words;
mod xlsx;

use std::io::Write;

use crate::coverage::Coverage;
use crate::report::{ReportError, ReportFormat, ReportOptions, html};

pub use json::SCHEMA;
pub use rows::COLUMNS;

/// Writes `coverage` in `format` to `out`, and flushes it.
///
/// # Errors
/// If `out` cannot be written.
pub fn write(
    format: ReportFormat,
    coverage: &Coverage,
    options: &ReportOptions,
    out: &mut (dyn Write + Send),
) -> Result<(), ReportError> {
    match format {
        ReportFormat::Text => out.write_all(text::render(coverage, options).as_bytes())?,
        ReportFormat::Json => json::write(coverage, out)?,
        ReportFormat::Csv => rows::write_csv(coverage, out)?,
        ReportFormat::Parquet => rows::write_parquet(coverage, out)?,
        ReportFormat::Html => html::write_coverage(coverage, options, out)?,
        ReportFormat::Xlsx => xlsx::write(coverage, options, out)?,
    }
    out.flush()?;
    Ok(())
}
