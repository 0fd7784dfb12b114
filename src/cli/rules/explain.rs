//! `vantkoll rules explain`: one rule, explained.

use std::io::Write;

use super::super::args::rules::RulesExplainArguments;
use super::super::{ExitCode, Failure};
use super::load;
use crate::diag;
use crate::model::Language;
use crate::rulebook::{account, explain};

/// Runs the command.
pub(super) fn run(arguments: &RulesExplainArguments, language: Language) -> Result<ExitCode, Failure> {
    let book = load(&arguments.book, language)?;
    let accounts = account::accounts(&book, &arguments.id);
    if accounts.is_empty() {
        return Err(unknown(&arguments.id, &account::ids(&book).into_iter().collect::<Vec<_>>(), language));
    }
    write!(std::io::stdout(), "{}", explain::explain(&accounts, language))
        .map_err(|error| Failure::output(language, "stdout", &error))?;
    Ok(ExitCode::Passed)
}

/// The most letters that a mistyped id differs in.
const MOST_TYPOS: usize = 2;

/// No rule of that id; the nearest one is suggested, whatever the capitals. Ids differ in single digits, so that the
/// likeness of names, which looks at their beginnings, comes second to counting typing mistakes.
fn unknown(id: &str, known: &[&str], language: Language) -> Failure {
    let lowered = id.to_lowercase();
    let typed = known
        .iter()
        .map(|known| (strsim::osa_distance(&lowered, &known.to_lowercase()), *known))
        .filter(|(typos, _)| *typos <= MOST_TYPOS && *typos * 2 < lowered.chars().count())
        .min_by_key(|(typos, _)| *typos)
        .map(|(_, known)| known);
    let alike = || {
        let all: Vec<String> = known.iter().map(|id| id.to_lowercase()).collect();
        let found = diag::nearest(&lowered, all.iter().map(String::as_str))?;
        all.iter().position(|id| id == found).map(|index| known[index])
    };
    let (sv, en) = match typed.or_else(alike) {
        Some(nearest) => (format!("; menas `{nearest}`?"), format!("; did you mean `{nearest}`?")),
        None => ("; `rules doc` skriver ut alla".to_owned(), "; `rules doc` prints them all".to_owned()),
    };
    Failure::usage(language, format!("ingen regel `{id}`{sv}"), format!("no rule `{id}`{en}"))
}
