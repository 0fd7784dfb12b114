//! The reports of rule work: which, where to, and when.

use super::super::reports::{Reports, Wanted};
use super::super::{ExitCode, Failure};
use super::NotLoaded;
use crate::model::Language;
use crate::report::rulework::{self, RuleworkFormat, RuleworkOptions};
use crate::rulebook::outcome::Outcome;

/// Opens the reports asked for with `--format`.
pub(super) fn open(formats: &[String], language: Language) -> Result<Reports<RuleworkFormat>, Failure> {
    Reports::open(Wanted { option: "--format", formats, output: None }, language)
}

/// Writes every report.
pub(super) fn write(reports: Reports<RuleworkFormat>, outcome: &Outcome, language: Language) -> Result<(), Failure> {
    let root = std::env::current_dir().ok();
    reports.write_with(language, &|format, surface, out| {
        let options = RuleworkOptions { language, width: surface.width, color: surface.color, root: root.clone() };
        rulework::write(format, outcome, &options, out)
    })
}

/// What becomes of rules that could not be loaded: their mistakes are the report. A person reads them on standard error,
/// as from any other command.
pub(super) fn mistakes(
    reports: Reports<RuleworkFormat>,
    reason: NotLoaded,
    language: Language,
) -> Result<ExitCode, Failure> {
    match reason {
        NotLoaded::Failed(failure) => Err(failure),
        NotLoaded::Mistakes(diagnostics) => {
            let shown = super::shown(&diagnostics, language);
            write(reports.without(RuleworkFormat::Text), &Outcome { diagnostics, ..Outcome::default() }, language)?;
            Err(Failure::new(ExitCode::Usage, shown))
        }
    }
}
