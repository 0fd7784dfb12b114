//! `vantkoll rules test`: the tests that rules carry, and whether they notice when a rule is changed.

use super::super::args::rules::RulesTestArguments;
use super::super::{ExitCode, Failure};
use super::{formats, load};
use crate::model::Language;
use crate::rulebook::outcome::Outcome;
use crate::rulebook::{mutate, testing};

/// Runs the command.
pub(super) fn run(arguments: &RulesTestArguments, language: Language) -> Result<ExitCode, Failure> {
    let reports = formats::open(&arguments.formats, language)?;
    if let Some(score) = arguments.min_score.filter(|score| !(0.0..=1.0).contains(score)) {
        return Err(Failure::usage(
            language,
            format!("--min-score {score}: ange en andel mellan 0 och 1, till exempel 0.9"),
            format!("--min-score {score}: state a share between 0 and 1, such as 0.9"),
        ));
    }
    let book = match load(&arguments.book, language) {
        Ok(book) => book,
        Err(failure) => return formats::mistakes(reports, failure, language),
    };
    let tests = testing::run(&book);
    // Rules whose tests fail have nothing to say about mutants; the failures come first.
    let is_sound = tests.passes();
    let is_wanted = arguments.mutate || arguments.min_score.is_some();
    let outcome = Outcome {
        collections: book.plans().count(),
        rules: book.plans().map(|plan| plan.rules.len()).sum(),
        tests: Some(tests),
        mutation: (is_wanted && is_sound).then(|| mutate::mutate(&book)),
        mutation_waits: is_wanted && !is_sound,
        min_score: arguments.min_score,
        ..Outcome::default()
    };
    formats::write(reports, &outcome, language)?;
    Ok(if outcome.passes() { ExitCode::Passed } else { ExitCode::Findings })
}
