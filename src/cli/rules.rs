//! `vantkoll rules …`: which rules are meant, and one file a command.

mod check;
mod diff;
mod doc;
mod explain;
mod formats;
mod impact;
mod revision;
mod schema;
mod sql;
mod test;
mod trace;

use std::path::Path;

use super::args::rules::{BookArguments, RulesArguments, RulesCommand};
use super::{ExitCode, Failure, check::shown, messages};
use crate::assets::{AssetError, Assets};
use crate::diag::Diagnostic;
use crate::model::Language;
use crate::rulebook::Rulebook;

/// Runs the command.
pub(super) fn run(arguments: &RulesArguments, language: Language) -> Result<ExitCode, Failure> {
    match &arguments.command {
        RulesCommand::Check(arguments) => check::run(arguments, language),
        RulesCommand::Test(arguments) => test::run(arguments, language),
        RulesCommand::Diff(arguments) => diff::run(arguments, language),
        RulesCommand::Explain(arguments) => explain::run(arguments, language),
        RulesCommand::Doc(arguments) => doc::run(arguments, language),
        RulesCommand::Trace(arguments) => trace::run(arguments, language),
        RulesCommand::Schema(arguments) => schema::run(arguments, language),
        RulesCommand::Sql(arguments) => sql::run(arguments, language),
    }
}

/// The files that a command works on: a folder that holds `rules/` is taken as it is, any other is laid over the
/// built-in rules.
fn assets(arguments: &BookArguments, language: Language) -> Result<Assets, Failure> {
    let common = &arguments.common;
    let failed = |error: AssetError| Failure::new(ExitCode::Usage, messages::asset(language, &error));
    match (&arguments.folder, &common.rules) {
        (Some(_), Some(_)) => Err(Failure::usage(
            language,
            "ange reglerna en gång: som DIR eller med --rules",
            "name the rules once: as DIR or with --rules",
        )),
        (Some(folder), None) if is_whole(folder) => {
            if common.schemas.is_some() {
                return Err(Failure::usage(
                    language,
                    format!("--schemas går inte ihop med `{}`, som tas som den är", folder.display()),
                    format!("--schemas does not go with `{}`, which is taken as it is", folder.display()),
                ));
            }
            Assets::whole(folder).map_err(failed)
        }
        (folder, rules) => {
            let folder = folder.as_deref().or(rules.as_deref());
            Assets::layered(common.schemas.as_deref(), folder).map_err(failed)
        }
    }
}

/// Whether a folder holds rules, rather than being some of them.
fn is_whole(folder: &Path) -> bool {
    folder.join("rules").is_dir()
}

/// Why there are no rules to work on.
enum NotLoaded {
    /// They cannot be read.
    Failed(Failure),
    /// They can, and are wrong.
    Mistakes(Vec<Diagnostic>),
}

/// Loads and compiles them.
fn load(arguments: &BookArguments, language: Language) -> Result<Rulebook, NotLoaded> {
    let assets = assets(arguments, language).map_err(NotLoaded::Failed)?;
    Rulebook::load(&assets).map_err(NotLoaded::Mistakes)
}

/// The same for commands whose report is not about mistakes: they are shown as by any other command.
fn book(arguments: &BookArguments, language: Language) -> Result<Rulebook, Failure> {
    load(arguments, language).map_err(|reason| match reason {
        NotLoaded::Failed(failure) => failure,
        NotLoaded::Mistakes(list) => Failure::new(ExitCode::Usage, shown(&list, language)),
    })
}
