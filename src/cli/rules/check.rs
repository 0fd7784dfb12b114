//! `vantkoll rules check`: the form and the logic of rules.

use std::io::Write;

use super::super::args::rules::RulesCheckArguments;
use super::super::{ExitCode, Failure};
use super::load;
use crate::model::Language;

/// Runs the command.
pub(super) fn run(arguments: &RulesCheckArguments, language: Language) -> Result<ExitCode, Failure> {
    let book = load(&arguments.book, language)?;
    let n_rules: usize = book.plans().map(|plan| plan.rules.len()).sum();
    for plan in book.plans() {
        let proof = crate::rulebook::prove::prove(plan);
        writeln!(
            std::io::stdout(),
            "{} {} questions {} searches {} undecided",
            plan.collection.id,
            proof.questions,
            proof.searches,
            proof.undecided
        )
        .ok();
        writeln!(std::io::stdout(), "{}", crate::diag::render(&proof.diagnostics, false, 110)).ok();
    }
    let n_plans = book.plans().count();
    let line = match language {
        Language::Swedish => format!("{n_rules} regler för {n_plans} insamlingar och tabeller: inga misstag"),
        Language::English => format!("{n_rules} rules of {n_plans} collections and tables: no mistakes"),
    };
    writeln!(std::io::stdout(), "{line}").map_err(|error| Failure::output(language, "stdout", &error))?;
    Ok(ExitCode::Passed)
}
