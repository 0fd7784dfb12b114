//! `vantkoll rules check`: the form and the logic of rules.

use super::super::args::rules::RulesCheckArguments;
use super::super::{ExitCode, Failure};
use super::{formats, load};
use crate::model::Language;
use crate::rulebook::outcome::Outcome;

/// Runs the command.
pub(super) fn run(arguments: &RulesCheckArguments, language: Language) -> Result<ExitCode, Failure> {
    let reports = formats::open(&arguments.formats, language)?;
    let book = match load(&arguments.book, language) {
        Ok(book) => book,
        Err(failure) => return formats::mistakes(reports, failure, language),
    };
    let outcome = Outcome {
        collections: book.plans().count(),
        rules: book.plans().map(|plan| plan.rules.len()).sum(),
        ..Outcome::default()
    };
    formats::write(reports, &outcome, language)?;
    Ok(ExitCode::Passed)
}
