//! Arguments of `vantkoll rules …`, with their help.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::{COMMON_HELP, CommonArguments, Help, pick, with_help};
use crate::dialect::Dialect;
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
    Sql(Box<RulesSqlArguments>),
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
}

#[derive(Debug, Args)]
pub(in crate::cli) struct RulesTestArguments {
    #[command(flatten)]
    pub(in crate::cli) book: BookArguments,
}

/// Rules as SQL for another engine.
#[derive(Debug, Args)]
pub(in crate::cli) struct RulesSqlArguments {
    #[command(flatten)]
    pub(in crate::cli) book: BookArguments,
    #[arg(long, value_enum)]
    pub(in crate::cli) dialect: DialectArgument,
    #[arg(long, value_name = "TABLE")]
    pub(in crate::cli) table: String,
    #[arg(long, value_name = "ID")]
    pub(in crate::cli) collection: Option<String>,
    #[arg(long, value_name = "ID")]
    pub(in crate::cli) rule: Vec<String>,
    #[arg(long)]
    pub(in crate::cli) one: bool,
    #[arg(long, value_name = "NAME=TABLE")]
    pub(in crate::cli) codelist: Vec<String>,
    #[arg(long, value_name = "DATE")]
    pub(in crate::cli) delivery_date: Option<String>,
    #[arg(long, value_name = "PERIOD")]
    pub(in crate::cli) period: Option<String>,
    #[arg(long, value_name = "REGION")]
    pub(in crate::cli) region: Option<String>,
    #[arg(long, value_name = "N")]
    pub(in crate::cli) expect_records: Option<u64>,
    #[arg(long, value_name = "COLUMN")]
    pub(in crate::cli) without: Vec<String>,
    #[arg(long, value_name = "FILE.csv")]
    pub(in crate::cli) test_records: Option<PathBuf>,
    #[arg(long, short, value_name = "FILE")]
    pub(in crate::cli) output: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum DialectArgument {
    Duckdb,
    Spark,
}

impl From<DialectArgument> for Dialect {
    fn from(argument: DialectArgument) -> Self {
        match argument {
            DialectArgument::Duckdb => Self::DuckDb,
            DialectArgument::Spark => Self::Spark,
        }
    }
}

const BOOK_HELP: [Help; 1] = [(
    "folder",
    "Mapp med rules/ och gärna schemas/, tagen som den är; annars läggs dess regler över de inbyggda",
    "Folder with rules/ and perhaps schemas/, taken as it is; otherwise its rules are laid over the built-in ones",
)];

const SQL_HELP: [Help; 13] = [
    ("dialect", "SQL-dialekt", "SQL dialect"),
    (
        "table",
        "Tabell med en rad per post och alla kolumner som text, t.ex. schema.kontakter",
        "Table with a row a record and every column as text, e.g. schema.contacts",
    ),
    ("collection", "Insamling, om inte --rule avgör den", "Collection, unless --rule tells"),
    ("rule", "Bara denna regel; kan upprepas", "This rule only; repeatable"),
    ("one", "En enda fråga för alla regler, i en genomläsning", "One statement for all rules, in one scan"),
    (
        "codelist",
        "Tabell med ett officiellt kodverk i kolumnen code, t.ex. icd10se=kodverk.icd10; kan upprepas",
        "Table of an official code list in its column code, e.g. icd10se=lists.icd10; repeatable",
    ),
    (
        "delivery_date",
        "Leveransdag; annars dagen då frågan körs",
        "Delivery date; otherwise the day on which the statement runs",
    ),
    ("period", "Period: 2022-03, 2022 eller 2022-03-01..2022-03-31", "Period: 2022-03, 2022 or 2022-03-01..2022-03-31"),
    (
        "region",
        "Region: namn, organisationsnummer, lan:12 eller regionkod:41",
        "Region: name, organisation number, lan:12 or regionkod:41",
    ),
    ("expect_records", "Antal poster som ska finnas", "Number of records that there should be"),
    ("without", "Kolumn som tabellen saknar; kan upprepas", "Column that the table does not have; repeatable"),
    (
        "test_records",
        "Skriv också reglernas egna testposter med väntat utfall, som en tabell att pröva frågorna på",
        "Write the rules' own test records with the expected verdicts, too, as a table to try statements on",
    ),
    ("output", "Fil att skriva; annars standard ut", "File to write; otherwise standard output"),
];

/// The command with its help in `language`.
pub(super) fn with_texts(language: Language, command: clap::Command) -> clap::Command {
    let pick = |sv, en| pick(language, sv, en);
    let with_help = |command: clap::Command, tables: &[&[Help]]| with_help(language, command, tables);
    command
        .about(pick("Arbeta med regler: pröva, testa, jämföra, förklara", "Rule work: prove, test, compare, explain"))
        .mut_subcommand("check", |check| {
            with_help(check, &[&BOOK_HELP, &COMMON_HELP])
                .about(pick("Pröva reglernas form och logik", "Prove the form and logic of rules"))
        })
        .mut_subcommand("test", |test| {
            with_help(test, &[&BOOK_HELP, &COMMON_HELP])
                .about(pick("Kör de tester som reglerna bär", "Run the tests that rules carry"))
        })
        .mut_subcommand("sql", |sql| {
            with_help(sql, &[&BOOK_HELP, &SQL_HELP, &COMMON_HELP]).about(pick(
                "Skriv regler som SQL, att köra där data finns",
                "Write rules as SQL, to run where the data is",
            ))
        })
}
