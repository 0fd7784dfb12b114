//! Writes what rule work found (`rulebook::outcome`), one file a format, for people and for continuous integration.
//!
//! Every format is a way of writing the same remarks and counts; none decides what is a mistake.
//!
//! | format | for | module |
//! | --- | --- | --- |
//! | text | the maintainer, in a terminal | [`text`] |
//! | JSON | programs; versioned | [`json`] |
//! | SARIF 2.1.0 | code scanning | [`sarif`] |
//! | `JUnit` XML | test reports | [`junit`] |
//! | GitHub | annotations in a pull request: workflow commands on standard output | [`github`] |
//! | Markdown | the summary of a workflow step | [`markdown`] |

pub mod catalogue;
pub mod github;
pub mod json;
pub mod junit;
pub mod markdown;
pub mod sarif;
pub mod text;

use std::fmt;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::ReportError;
use crate::diag::Place;
use crate::model::Language;
use crate::rulebook::outcome::Outcome;

/// A format of rule work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RuleworkFormat {
    /// For a person.
    Text,
    /// Everything, for programs; see [`json::SCHEMA`].
    Json,
    /// For code scanning.
    Sarif,
    /// For test reports.
    Junit,
    /// Annotations in a pull request.
    Github,
    /// The summary of a workflow step.
    Markdown,
}

impl RuleworkFormat {
    /// Every format.
    pub const ALL: [Self; 6] = [Self::Text, Self::Json, Self::Sarif, Self::Junit, Self::Github, Self::Markdown];

    /// The word used in arguments.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
            Self::Sarif => "sarif",
            Self::Junit => "junit",
            Self::Github => "github",
            Self::Markdown => "markdown",
        }
    }
}

impl fmt::Display for RuleworkFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How it is written.
#[derive(Clone, Debug, Default)]
pub struct RuleworkOptions {
    /// Of what a person reads: text, annotations, the summary. Other formats are in English.
    pub language: Language,
    /// Columns of the terminal, for the text report.
    pub width: usize,
    /// Whether the text report may use colours.
    pub color: bool,
    /// The folder that files are named from.
    pub root: Option<PathBuf>,
}

/// Writes `outcome` in `format` to `out`, and flushes it.
///
/// # Errors
/// If `out` cannot be written.
pub fn write(
    format: RuleworkFormat,
    outcome: &Outcome,
    options: &RuleworkOptions,
    out: &mut (dyn Write + Send),
) -> Result<(), ReportError> {
    match format {
        RuleworkFormat::Text => text::write(outcome, options, out)?,
        RuleworkFormat::Json => json::write(outcome, options, out)?,
        RuleworkFormat::Sarif => sarif::write(outcome, options, out)?,
        RuleworkFormat::Junit => junit::write(outcome, options, out)?,
        RuleworkFormat::Github => github::write(outcome, options, out)?,
        RuleworkFormat::Markdown => markdown::write(outcome, options, out)?,
    }
    out.flush()?;
    Ok(())
}

impl RuleworkOptions {
    /// A place's file, named from the root where it lies below it, with `/` between folders.
    fn file(&self, place: &Place) -> String {
        let name = place.source.name();
        let path = Path::new(name);
        let path = self.root.as_ref().and_then(|root| path.strip_prefix(root).ok()).unwrap_or(path);
        let parts: Vec<String> = path
            .components()
            .filter(|part| *part != std::path::Component::CurDir)
            .map(|part| part.as_os_str().to_string_lossy().into_owned())
            .collect();
        if path.is_absolute() { name.replace('\\', "/") } else { parts.join("/") }
    }

    /// `file:line`.
    fn file_and_line(&self, place: &Place) -> String {
        format!("{}:{}", self.file(place), place.start().line)
    }
}

#[cfg(test)]
mod tests;
