//! Arguments of `vantkoll rules …`, with their help.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::{COMMON_HELP, CommonArguments, Help, LanguageArgument, pick, with_help};
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
    Diff(RulesDiffArguments),
    Explain(RulesExplainArguments),
    Doc(RulesDocArguments),
    Trace(RulesTraceArguments),
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

#[derive(Debug, Args)]
pub(in crate::cli) struct RulesDiffArguments {
    #[arg(value_name = "OLD")]
    pub(in crate::cli) old: String,
    #[arg(value_name = "NEW")]
    pub(in crate::cli) new: Option<String>,
    #[arg(long, value_enum, default_value = "text")]
    pub(in crate::cli) format: DiffFormatArgument,
    #[arg(long, short, value_name = "FILE")]
    pub(in crate::cli) output: Option<PathBuf>,
    #[arg(long, value_enum)]
    pub(in crate::cli) lang: Option<LanguageArgument>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum DiffFormatArgument {
    Text,
    Json,
    Markdown,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct RulesExplainArguments {
    #[arg(value_name = "ID")]
    pub(in crate::cli) id: String,
    #[command(flatten)]
    pub(in crate::cli) book: BookArguments,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct RulesDocArguments {
    #[arg(value_name = "OUT")]
    pub(in crate::cli) out: PathBuf,
    #[command(flatten)]
    pub(in crate::cli) book: BookArguments,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct RulesTraceArguments {
    #[command(flatten)]
    pub(in crate::cli) book: BookArguments,
    #[arg(long, value_name = "FILE.csv")]
    pub(in crate::cli) variables: Option<PathBuf>,
    #[arg(long, value_enum, default_value = "text")]
    pub(in crate::cli) format: TraceFormatArgument,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum TraceFormatArgument {
    Text,
    Csv,
}

const EXPLAIN_HELP: [Help; 1] =
    [("id", "Regelns id, t.ex. SVG-0101; versaler eller gemener", "The rule's id, e.g. SVG-0101; in any case")];

const DOC_HELP: [Help; 1] = [(
    "out",
    "Mapp att skriva i; den skapas, och filer som finns ersätts",
    "Folder to write to; it is made, and files that are there are replaced",
)];

const TRACE_HELP: [Help; 2] = [
    (
        "variables",
        "Modellens variabeltabell att jämföra med: CSV med collection, variable_id och requirement",
        "The model's table of variables to compare with: CSV with collection, variable_id and requirement",
    ),
    ("format", "Tabell som text eller csv", "The table as text or csv"),
];

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

const DIFF_HELP: [Help; 5] = [
    ("old", "Gamla regler: mapp eller git-version", "Old rules: a folder or a git revision"),
    (
        "new",
        "Nya regler: mapp eller git-version; annars mappen här, eller de inbyggda",
        "New rules: a folder or a git revision; otherwise the folder here, or the built-in ones",
    ),
    ("format", "text, json eller markdown", "text, json or markdown"),
    ("output", "Fil att skriva", "File to write"),
    ("lang", "Språk: sv eller en", "Language: sv or en"),
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
        .mut_subcommand("diff", |diff| {
            with_help(diff, &[&DIFF_HELP]).about(pick(
                "Visa vad som skiljer två regeluppsättningar, och vad det innebär",
                "Show what differs between two rule sets, and what it means",
            ))
        })
        .mut_subcommand("explain", |explain| {
            with_help(explain, &[&EXPLAIN_HELP, &BOOK_HELP, &COMMON_HELP])
                .about(pick("Förklara en regel", "Explain a rule"))
        })
        .mut_subcommand("doc", |doc| {
            with_help(doc, &[&DOC_HELP, &BOOK_HELP, &COMMON_HELP])
                .about(pick("Skriv regelboken som Markdown och HTML", "Write the rule book as Markdown and HTML"))
        })
        .mut_subcommand("trace", |trace| {
            with_help(trace, &[&TRACE_HELP, &BOOK_HELP, &COMMON_HELP]).about(pick(
                "Spåra variabler till regler och tester, och visa luckor",
                "Trace variables to rules and tests, and show gaps",
            ))
        })
}
