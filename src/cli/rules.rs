//! `vantkoll rules …`: which rules are meant, and one file a command.

mod check;
#[cfg_attr(not(test), expect(dead_code, reason = "`rules diff` calls it"))]
mod impact;
mod test;

use super::args::rules::{BookArguments, RulesArguments, RulesCommand};
use super::{ExitCode, Failure, check::shown, messages};
use crate::assets::{AssetError, Assets};
use crate::model::Language;
use crate::rulebook::Rulebook;

/// Runs the command.
pub(super) fn run(arguments: &RulesArguments, language: Language) -> Result<ExitCode, Failure> {
    match &arguments.command {
        RulesCommand::Check(arguments) => check::run(arguments, language),
        RulesCommand::Test(arguments) => test::run(arguments, language),
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
        (Some(folder), None) if folder.join("rules").is_dir() => {
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

/// Loads and compiles them; every mistake is shown.
fn load(arguments: &BookArguments, language: Language) -> Result<Rulebook, Failure> {
    Rulebook::load(&assets(arguments, language)?).map_err(|list| Failure::new(ExitCode::Usage, shown(&list, language)))
}
