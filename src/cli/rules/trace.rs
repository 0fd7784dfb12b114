//! `vantkoll rules trace`: variables, their rules and tests, and the gaps.

use std::io::Write;
use std::path::Path;

use super::super::args::rules::{RulesTraceArguments, TraceFormatArgument};
use super::super::{ExitCode, Failure, messages};
use super::load;
use crate::model::Language;
use crate::rulebook::trace::{self, TableRow};

/// Runs the command.
pub(super) fn run(arguments: &RulesTraceArguments, language: Language) -> Result<ExitCode, Failure> {
    let book = load(&arguments.book, language)?;
    let table = arguments.variables.as_deref().map(|path| read(path, language)).transpose()?;
    let trace = trace::trace(&book, table.as_deref());
    let text = match arguments.format {
        TraceFormatArgument::Text => trace::text(&trace, language),
        TraceFormatArgument::Csv => {
            trace::csv(&trace).map_err(|error| Failure::output(language, "stdout", &std::io::Error::other(error)))?
        }
    };
    write!(std::io::stdout(), "{text}").map_err(|error| Failure::output(language, "stdout", &error))?;
    Ok(if trace.gaps.is_empty() { ExitCode::Passed } else { ExitCode::Findings })
}

fn read(path: &Path, language: Language) -> Result<Vec<TableRow>, Failure> {
    let shown = path.display();
    let failed = |sv: &str, en: &str| {
        Failure::new(ExitCode::Input, messages::error(language, &format!("`{shown}` {sv}"), &format!("`{shown}` {en}")))
    };
    let bytes = std::fs::read(path)
        .map_err(|error| failed(&format!("kan inte läsas: {error}"), &format!("cannot be read: {error}")))?;
    let text = String::from_utf8(bytes).map_err(|_| failed("är inte UTF-8", "is not UTF-8"))?;
    trace::read_table(&text).map_err(|error| {
        failed(&format!("är ingen variabeltabell: {}", error.sv), &format!("is no table of variables: {}", error.en))
    })
}
