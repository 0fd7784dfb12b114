//! Arguments of `vantkoll rules …`, with their help.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{COMMON_HELP, CommonArguments, Help, pick, with_help};
use crate::model::Language;

#[derive(Debug, Args)]
pub(in crate::cli) struct RulesArguments {
    #[command(subcommand)]
    pub(in crate::cli) command: RulesCommand,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum RulesCommand {
    Check(RulesCheckArguments),
    Test(RulesTestArguments),
    Schema(RulesSchemaArguments),
}

/// Which rules a command works on.
#[derive(Debug, Args)]
pub(in crate::cli) struct BookArguments {
    #[arg(value_name = "DIR")]
    pub(in crate::cli) folder: Option<PathBuf>,
    #[command(flatten)]
    pub(in crate::cli) common: CommonArguments,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct RulesCheckArguments {
    #[command(flatten)]
    pub(in crate::cli) book: BookArguments,
    #[arg(long = "format", value_name = "FORMAT[=FILE]")]
    pub(in crate::cli) formats: Vec<String>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct RulesTestArguments {
    #[command(flatten)]
    pub(in crate::cli) book: BookArguments,
    #[arg(long)]
    pub(in crate::cli) mutate: bool,
    #[arg(long, value_name = "SHARE")]
    pub(in crate::cli) min_score: Option<f64>,
    #[arg(long = "format", value_name = "FORMAT[=FILE]")]
    pub(in crate::cli) formats: Vec<String>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct RulesSchemaArguments {
    #[arg(value_name = "DIR")]
    pub(in crate::cli) folder: PathBuf,
}

const BOOK_HELP: [Help; 1] = [(
    "folder",
    "Mapp med rules/ och gärna schemas/, tagen som den är; annars läggs dess regler över de inbyggda",
    "Folder with rules/ and perhaps schemas/, taken as it is; otherwise its rules are laid over the built-in ones",
)];

const FORMATS_HELP: [Help; 1] = [(
    "formats",
    "text, json, sarif, junit, github eller markdown, gärna =FIL; får upprepas (till skärmen går en)",
    "text, json, sarif, junit, github or markdown, perhaps =FILE; repeatable (one goes to standard output)",
)];

const SCHEMA_HELP: [Help; 1] = [(
    "folder",
    "Mapp som filerna skrivs i; den skapas om den saknas",
    "Folder that the files are written to; made if missing",
)];

const TEST_HELP: [Help; 2] = [
    (
        "mutate",
        "Ändra varje regel på små sätt och visa vilka ändringar som inget test märker",
        "Change every rule in small ways and show which changes no test notices",
    ),
    (
        "min_score",
        "Minsta andel ändringar som testerna ska märka, till exempel 0.9 (innebär --mutate)",
        "The least share of changes that tests must notice, such as 0.9 (implies --mutate)",
    ),
];

/// The command with its help in `language`.
pub(super) fn with_texts(language: Language, command: clap::Command) -> clap::Command {
    let pick = |sv, en| pick(language, sv, en);
    let with_help = |command: clap::Command, tables: &[&[Help]]| with_help(language, command, tables);
    command
        .about(pick("Arbeta med regler: pröva, testa, jämföra, förklara", "Rule work: prove, test, compare, explain"))
        .mut_subcommand("check", |check| {
            with_help(check, &[&BOOK_HELP, &FORMATS_HELP, &COMMON_HELP])
                .about(pick("Pröva reglernas form och logik", "Prove the form and logic of rules"))
        })
        .mut_subcommand("test", |test| {
            with_help(test, &[&BOOK_HELP, &TEST_HELP, &FORMATS_HELP, &COMMON_HELP])
                .about(pick("Kör de tester som reglerna bär", "Run the tests that rules carry"))
        })
        .mut_subcommand("schema", |schema| {
            with_help(schema, &[&SCHEMA_HELP]).about(pick(
                "Skriv JSON Schema för filformaten, till editorn",
                "Write JSON Schemas of the file formats, for editors",
            ))
        })
}
