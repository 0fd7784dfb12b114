//! Arguments of `vantkoll rules …`, with their help.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::{COMMON_HELP, CommonArguments, Help, LanguageArgument, READING_HELP, ReadingArguments, with_help};
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
    Diff(RulesDiffArguments),
    Explain(RulesExplainArguments),
    Doc(RulesDocArguments),
    Trace(RulesTraceArguments),
    Schema(RulesSchemaArguments),
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
    #[arg(long = "format", value_name = "FORMAT[=FILE]")]
    pub(in crate::cli) formats: Vec<String>,
    #[arg(long)]
    pub(in crate::cli) strict: bool,
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
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub(in crate::cli) data: Vec<String>,
    #[arg(long, value_name = "CONDITION", requires = "data")]
    pub(in crate::cli) fail_if: Vec<String>,
    #[arg(long, value_name = "PERIOD", requires = "data")]
    pub(in crate::cli) period: Option<String>,
    #[arg(long, value_name = "DATE", requires = "data")]
    pub(in crate::cli) delivery_date: Option<String>,
    #[command(flatten)]
    pub(in crate::cli) reading: ReadingArguments,
    #[arg(long, value_enum, default_value = "text")]
    pub(in crate::cli) format: DiffFormatArgument,
    #[arg(long, short, value_name = "FILE")]
    pub(in crate::cli) output: Option<PathBuf>,
    #[arg(long, value_enum)]
    pub(in crate::cli) lang: Option<LanguageArgument>,
    #[arg(long, short)]
    pub(in crate::cli) quiet: bool,
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
    #[arg(long, value_name = "N")]
    pub(in crate::cli) delivered_regions: Option<u32>,
    #[arg(long)]
    pub(in crate::cli) groups: bool,
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

const DIFF_HELP: [Help; 10] = [
    ("old", "Gamla regler: mapp eller git-version", "Old rules: a folder or a git revision"),
    (
        "new",
        "Nya regler: mapp eller git-version; annars mappen här, eller de inbyggda",
        "New rules: a folder or a git revision; otherwise the folder here, or the built-in ones",
    ),
    (
        "data",
        "Leveranser att pröva båda på: filer, mappar eller mönster",
        "Deliveries to try both on: files, folders or patterns",
    ),
    (
        "fail_if",
        "Underkänn om t.ex. newly_failing > 0.5%; även newly_passing, newly_rejected, newly_accepted",
        "Fail if e.g. newly_failing > 0.5%; also newly_passing, newly_rejected, newly_accepted",
    ),
    ("period", "Leveransernas period, t.ex. 2022-03", "Period of the deliveries, e.g. 2022-03"),
    ("delivery_date", "Leveransdatum (annars i dag)", "Date of delivery (otherwise today)"),
    ("quiet", "Visa inget förlopp", "Show no progress"),
    ("format", "text, json eller markdown", "text, json or markdown"),
    ("output", "Fil att skriva", "File to write"),
    ("lang", "Språk: sv eller en", "Language: sv or en"),
];

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

const CHECK_HELP: [Help; 1] =
    [("strict", "Underkänn också för varningar som ingen regel godtar", "Fail on warnings that no rule accepts, too")];

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

const SQL_HELP: [Help; 15] = [
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
    ("delivered_regions", "Antal regioner som posterna kommer från", "Number of regions that the records come from"),
    (
        "groups",
        "Tabellen har redan grupperna, en rad var (svf_forlopp: förloppen i stället för händelserna)",
        "The table has the groups already, a row each (svf_forlopp: the cases instead of the events)",
    ),
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
    let pick = |sv, en| language.pick(sv, en);
    let with_help = |command: clap::Command, tables: &[&[Help]]| with_help(language, command, tables);
    command
        .about(pick("Arbeta med regler: pröva, testa, jämföra, förklara", "Rule work: prove, test, compare, explain"))
        .mut_subcommand("check", |check| {
            with_help(check, &[&BOOK_HELP, &CHECK_HELP, &FORMATS_HELP, &COMMON_HELP])
                .about(pick("Pröva reglernas form och logik", "Prove the form and logic of rules"))
        })
        .mut_subcommand("test", |test| {
            with_help(test, &[&BOOK_HELP, &TEST_HELP, &FORMATS_HELP, &COMMON_HELP])
                .about(pick("Kör de tester som reglerna bär", "Run the tests that rules carry"))
        })
        .mut_subcommand("diff", |diff| {
            with_help(diff, &[&DIFF_HELP, &READING_HELP]).about(pick(
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
        .mut_subcommand("schema", |schema| {
            with_help(schema, &[&SCHEMA_HELP]).about(pick(
                "Skriv JSON Schema för filformaten, till editorn",
                "Write JSON Schemas of the file formats, for editors",
            ))
        })
        .mut_subcommand("sql", |sql| {
            with_help(sql, &[&BOOK_HELP, &SQL_HELP, &COMMON_HELP]).about(pick(
                "Skriv regler som SQL, att köra där data finns",
                "Write rules as SQL, to run where the data is",
            ))
        })
}
