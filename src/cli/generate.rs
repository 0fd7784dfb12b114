//! `vantkoll generate`.

use super::args::GenerateArguments;
use super::{ExitCode, Failure};
use crate::model::Language;

/// Runs the command.
pub(super) fn run(arguments: &GenerateArguments, language: Language) -> Result<ExitCode, Failure> {
    let _ = arguments;
    Err(Failure::usage(language, "ännu inte", "not yet"))
}
