//! `vantkoll rules test`: the tests that rules carry.

use std::io::Write;

use super::super::args::rules::RulesTestArguments;
use super::super::{ExitCode, Failure};
use super::load;
use crate::engine;
use crate::model::Language;

/// Runs the command.
pub(super) fn run(arguments: &RulesTestArguments, language: Language) -> Result<ExitCode, Failure> {
    let book = load(&arguments.book, language)?;
    let (mut n_tests, mut failures) = (0, Vec::new());
    for shelf in book.shelves() {
        for plan in shelf.plans.values() {
            let (n, failed) = engine::self_test(plan, &shelf.schemas);
            n_tests += n;
            failures.extend(failed);
        }
    }
    let mut lines: Vec<String> = failures.iter().map(ToString::to_string).collect();
    lines.push(match language {
        Language::Swedish => format!("{n_tests} tester, {} stämmer inte", failures.len()),
        Language::English => format!("{n_tests} tests, {} fail", failures.len()),
    });
    for line in lines {
        writeln!(std::io::stdout(), "{line}").map_err(|error| Failure::output(language, "stdout", &error))?;
    }
    Ok(if failures.is_empty() { ExitCode::Passed } else { ExitCode::Findings })
}
