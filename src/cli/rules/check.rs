//! `vantkoll rules check`: the form and the logic of rules.

use super::super::args::rules::RulesCheckArguments;
use super::super::{ExitCode, Failure};
use super::{formats, load};
use crate::model::Language;
use crate::rulebook::outcome::{Outcome, ProofSummary};
use crate::rulebook::prove;

/// Runs the command.
pub(super) fn run(arguments: &RulesCheckArguments, language: Language) -> Result<ExitCode, Failure> {
    let reports = formats::open(&arguments.formats, language)?;
    let book = match load(&arguments.book, language) {
        Ok(book) => book,
        Err(failure) => return formats::mistakes(reports, failure, language),
    };
    let proof = prove::prove_all(&book);
    let outcome = Outcome {
        collections: book.plans().count(),
        rules: book.plans().map(|plan| plan.rules.len()).sum(),
        diagnostics: proof.diagnostics,
        proof: Some(ProofSummary {
            questions: proof.questions,
            undecided: proof.undecided,
            accepted: proof.accepted,
            is_strict: arguments.strict,
        }),
        ..Outcome::default()
    };
    formats::write(reports, &outcome, language)?;
    Ok(if outcome.passes() { ExitCode::Passed } else { ExitCode::Usage })
}
