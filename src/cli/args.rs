//! Arguments as typed, with their help in both languages.

pub(super) mod rules;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};

use crate::model::{Language, Severity};
use crate::report::spool::SplitBy;

use rules::RulesArguments;

#[derive(Debug, Parser)]
#[command(name = "vantkoll", version, max_term_width = 110)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    Check(Box<CheckArguments>),
    Qa(Box<QaArguments>),
    Coverage(Box<CoverageArguments>),
    Merge(Box<MergeArguments>),
    Generate(Box<GenerateArguments>),
    Rules(Box<RulesArguments>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum LanguageArgument {
    Sv,
    En,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum SeverityArgument {
    Error,
    Warning,
    Note,
}

impl From<SeverityArgument> for Severity {
    fn from(argument: SeverityArgument) -> Self {
        match argument {
            SeverityArgument::Error => Self::Error,
            SeverityArgument::Warning => Self::Warning,
            SeverityArgument::Note => Self::Note,
        }
    }
}

/// Where rules and schemas come from, and how the program talks.
#[derive(Debug, Args)]
pub(super) struct CommonArguments {
    #[arg(long, value_name = "DIR")]
    pub(super) rules: Option<PathBuf>,
    #[arg(long, value_name = "DIR")]
    pub(super) schemas: Option<PathBuf>,
    #[arg(long, value_enum)]
    pub(super) lang: Option<LanguageArgument>,
    #[arg(long, value_name = "N")]
    pub(super) threads: Option<usize>,
    #[arg(long, short)]
    pub(super) quiet: bool,
}

#[derive(Debug, Args)]
pub(super) struct CheckArguments {
    #[arg(value_name = "FILE", required = true)]
    pub(super) files: Vec<String>,
    #[command(flatten)]
    pub(super) reading: ReadingArguments,
    #[arg(long, value_name = "PERIOD")]
    pub(super) period: Option<String>,
    #[arg(long, value_name = "REGION")]
    pub(super) region: Option<String>,
    #[arg(long, value_name = "N")]
    pub(super) expect_records: Option<u64>,
    #[arg(long, value_name = "DATE")]
    pub(super) delivery_date: Option<String>,
    #[arg(long, value_name = "[DATE=]PATH")]
    pub(super) earlier: Vec<String>,
    #[arg(long, value_name = "DATE")]
    pub(super) as_of: Option<String>,
    #[arg(long, value_name = "NAME=FILE")]
    pub(super) codelist: Vec<String>,
    #[arg(long, value_name = "FILE")]
    pub(super) waivers: Option<PathBuf>,
    #[arg(long, value_name = "FORMAT[=FILE]")]
    pub(super) format: Vec<String>,
    #[arg(long, value_enum, value_name = "PART")]
    pub(super) split_by: Option<SplitArgument>,
    #[arg(long, short, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    #[arg(long, value_name = "FILE")]
    pub(super) findings: Option<PathBuf>,
    #[arg(long, value_name = "FILE")]
    pub(super) valid: Option<PathBuf>,
    #[arg(long, value_name = "FILE")]
    pub(super) rejected: Option<PathBuf>,
    #[arg(long, value_enum, default_value = "error")]
    pub(super) fail_on: SeverityArgument,
    #[arg(long)]
    pub(super) strict: bool,
    #[arg(long, value_name = "EDITION")]
    pub(super) edition: Option<String>,
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub(super) examples: usize,
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub(super) top: usize,
    #[command(flatten)]
    pub(super) common: CommonArguments,
}

/// What workbooks are divided by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum SplitArgument {
    Region,
    #[value(alias = "vardenhet")]
    Unit,
}

impl From<SplitArgument> for SplitBy {
    fn from(argument: SplitArgument) -> Self {
        match argument {
            SplitArgument::Region => Self::Region,
            SplitArgument::Unit => Self::Unit,
        }
    }
}

/// How files are read, where it is not to be detected.
#[derive(Debug, Args)]
pub(super) struct ReadingArguments {
    #[arg(long, value_name = "ID")]
    pub(super) collection: Option<String>,
    #[arg(long, value_name = "CHARACTER")]
    pub(super) delimiter: Option<String>,
    #[arg(long, value_name = "ENCODING")]
    pub(super) encoding: Option<String>,
    #[arg(long, value_name = "NAME=VARIABLE")]
    pub(super) column: Vec<String>,
    #[arg(long, value_name = "SIZE")]
    pub(super) memory: Option<String>,
}

/// Check, and coverage in the same pass.
#[derive(Debug, Args)]
pub(super) struct QaArguments {
    #[command(flatten)]
    pub(super) check: CheckArguments,
    #[arg(long, value_name = "FORMAT[=FILE]")]
    pub(super) figures: Vec<String>,
    #[arg(long)]
    pub(super) no_certainty: bool,
    #[arg(long, value_name = "DIR")]
    pub(super) feedback: Option<PathBuf>,
    #[command(flatten)]
    pub(super) coverage: CoverageOptions,
}

/// Coverage alone.
#[derive(Debug, Args)]
pub(super) struct CoverageArguments {
    #[arg(value_name = "FILE")]
    pub(super) files: Vec<String>,
    #[command(flatten)]
    pub(super) reading: ReadingArguments,
    #[arg(long, value_name = "PERIOD")]
    pub(super) period: Option<String>,
    #[arg(long, value_name = "FORMAT[=FILE]")]
    pub(super) format: Vec<String>,
    #[arg(long, short, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    #[arg(long)]
    pub(super) certainty: bool,
    #[arg(long, value_name = "EDITION")]
    pub(super) edition: Option<String>,
    #[command(flatten)]
    pub(super) coverage: CoverageOptions,
    #[command(flatten)]
    pub(super) common: CommonArguments,
}

/// What coverage is made from, and how finely.
#[derive(Debug, Args)]
pub(super) struct CoverageOptions {
    #[arg(long, value_name = "FILE")]
    pub(super) population: Option<PathBuf>,
    #[arg(long, value_name = "FILE")]
    pub(super) register: Option<PathBuf>,
    #[arg(long, value_name = "FILE")]
    pub(super) estimates: Option<PathBuf>,
    #[arg(long, value_name = "NAME=FILE")]
    pub(super) reference: Vec<String>,
    #[arg(long, value_name = "FILE")]
    pub(super) deliveries: Option<PathBuf>,
    #[arg(long, value_name = "FILE")]
    pub(super) tally: Vec<PathBuf>,
    #[arg(long, value_name = "FILE")]
    pub(super) save_tally: Option<PathBuf>,
    #[arg(long, value_enum)]
    pub(super) detail: Vec<DetailArgument>,
    #[arg(long, value_name = "ID")]
    pub(super) measure: Vec<String>,
    #[arg(long, value_name = "ID=PERCENT")]
    pub(super) goal: Vec<String>,
    #[arg(long, value_name = "N", num_args = 0..=1, require_equals = true, default_missing_value = "5")]
    pub(super) publish: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum DetailArgument {
    #[value(alias = "mvo")]
    Code,
    Unit,
}

/// Saved tallies put together.
#[derive(Debug, Args)]
pub(super) struct MergeArguments {
    #[arg(value_name = "TALLY", required = true)]
    pub(super) tallies: Vec<PathBuf>,
    #[arg(long, short, value_name = "FILE")]
    pub(super) output: PathBuf,
    #[command(flatten)]
    pub(super) common: CommonArguments,
}

#[derive(Debug, Args)]
pub(super) struct GenerateArguments {
    #[arg(value_name = "COLLECTION")]
    pub(super) collection: String,
    #[arg(long, value_name = "N")]
    pub(super) records: Option<u64>,
    #[arg(long, value_name = "FILE.csv")]
    pub(super) strata: Option<PathBuf>,
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub(super) seed: u64,
    #[arg(long, value_name = "FILE.yaml")]
    pub(super) defects: Option<PathBuf>,
    #[arg(long, value_name = "PERIOD", default_value = "2022-03")]
    pub(super) period: String,
    #[arg(long, value_name = "REGION")]
    pub(super) region: Option<String>,
    #[arg(long, value_name = "ID")]
    pub(super) layout: Option<String>,
    #[arg(long, conflicts_with = "layout")]
    pub(super) together: bool,
    #[arg(long, short, value_name = "FILE")]
    pub(super) output: PathBuf,
    #[arg(long, value_name = "FILE.csv")]
    pub(super) truth: Option<PathBuf>,
    #[command(flatten)]
    pub(super) common: CommonArguments,
}

/// Help texts: argument id, Swedish, English.
type Help = (&'static str, &'static str, &'static str);

const EDITION_HELP: Help = (
    "edition",
    "Vem rapporten är till: internal (allt), region (bara regionens egna poster) eller public (inga poster, små antal dolda)",
    "Whom the report is for: internal (everything), region (the region's own records only) or public (no records, small counts hidden)",
);

const CHECK_HELP: [Help; 21] = [
    ("files", "Filer, mappar eller mönster (*.csv)", "Files, folders or patterns (*.csv)"),
    (
        "period",
        "Leveransens period: 2022-03, 2022 eller 2022-03-01..2022-03-31",
        "Period of the submission: 2022-03, 2022 or 2022-03-01..2022-03-31",
    ),
    (
        "region",
        "Leveransens region: namn, organisationsnummer, lan:12 eller regionkod:41",
        "Region of the submission: name, organisation number, lan:12 or regionkod:41",
    ),
    ("expect_records", "Så många poster ska leveransen ha", "How many records the submission should have"),
    (
        "delivery_date",
        "Leveransdatum; inget får ligga senare (annars i dag)",
        "Date of delivery; nothing may be later (otherwise today)",
    ),
    (
        "earlier",
        "Tidigare leverans att jämföra med, med ankomstdag: 2025-04-05=FIL, eller dagen i filens eller mappens namn; kan upprepas",
        "Earlier submission to compare with, and when it was received: 2025-04-05=FILE, or the day in the name of the file or folder; repeatable",
    ),
    (
        "as_of",
        "Kör om med regler, kravnivåer och koder som de gällde den dagen",
        "Run again under the rules, requirement levels and codes of that day",
    ),
    (
        "codelist",
        "Officiellt kodverk ur en fil, t.ex. icd10se=koder.csv",
        "Official code list from a file, e.g. icd10se=codes.csv",
    ),
    (
        "waivers",
        "Undantag: fynd som inte underkänner, med ansvarig, skäl och slutdatum",
        "Waivers: findings that do not fail the gate, with owner, reason and last day",
    ),
    (
        "format",
        "Rapport: text, html, xlsx, json, csv eller parquet, gärna till fil (xlsx=rapport.xlsx); kan upprepas",
        "Report: text, html, xlsx, json, csv or parquet, to a file if you like (xlsx=report.xlsx); repeatable",
    ),
    (
        "split_by",
        "Med --format xlsx=FILE: en arbetsbok per region (region) eller vårdenhet (unit)",
        "With --format xlsx=FILE: a workbook for each region (region) or care unit (unit)",
    ),
    ("output", "Fil för den rapport som inte har någon egen", "File for the report that has none of its own"),
    (
        "findings",
        "Skriv varje fynd till FILE.csv eller FILE.parquet",
        "Write every finding to FILE.csv or FILE.parquet",
    ),
    ("valid", "Skriv poster utan fel hit, oförändrade", "Write records without errors here, unchanged"),
    ("rejected", "Skriv poster med fel hit, oförändrade", "Write records with errors here, unchanged"),
    ("fail_on", "Lägsta allvarlighetsgrad som underkänner", "The least severity that fails the gate"),
    ("strict", "Underkänn också det som inte kunde kontrolleras", "Fail also what could not be checked"),
    EDITION_HELP,
    ("examples", "Exempel per regel och fil", "Examples for each rule and file"),
    ("top", "Regler som visas utförligt", "Rules shown in full"),
    ("quiet", "Visa inget förlopp", "Show no progress"),
];

const READING_HELP: [Help; 5] = [
    (
        "collection",
        "Insamling, t.ex. specvard_genomforda; annars avläst ur rubriken",
        "Collection, e.g. specvard_genomforda; otherwise detected from the header",
    ),
    ("delimiter", "Fältavgränsare i CSV: ; , tab eller |", "CSV delimiter: ; , tab or |"),
    ("encoding", "Teckenkodning i CSV: utf-8 eller windows-1252", "CSV encoding: utf-8 or windows-1252"),
    (
        "column",
        "Kolumnen NAME i filen är variabeln VARIABLE; kan upprepas",
        "Column NAME of the file is the variable VARIABLE; repeatable",
    ),
    (
        "memory",
        "Så mycket minne får användas, t.ex. 256M eller 2G; resten läggs i en tillfällig fil",
        "So much memory may be used, e.g. 256M or 2G; the rest goes to a temporary file",
    ),
];

const COVERAGE_HELP: [Help; 11] = [
    (
        "population",
        "Folkmängd per region och år (annars SCB:s för 2023 och 2024)",
        "Population by region and year (otherwise Statistics Sweden's of 2023 and 2024)",
    ),
    (
        "register",
        "Läkarkontakter i patientregistret per region, år och MVO",
        "Doctors' contacts in the patient register by region, year and specialty",
    ),
    (
        "estimates",
        "Uppskattat antal insjuknande per region, vårdförlopp och period (--reference svf_insjuknande=FILE)",
        "Estimated number falling ill by region, pathway and period (--reference svf_insjuknande=FILE)",
    ),
    (
        "reference",
        "Annan referenstabell som mått delas med: NAMN är dess schema; kan upprepas",
        "Another reference table that measures are divided by: NAME is its schema; repeatable",
    ),
    (
        "deliveries",
        "Leveranslista: fil, insamling, region, period, ankomstdag, antal poster",
        "List of deliveries: file, collection, region, period, day of receipt, number of records",
    ),
    ("tally", "Sparat räkneverk att räkna in; kan upprepas", "Saved tally to count in; repeatable"),
    ("save_tally", "Spara räkneverket, utan poster, i FILE", "Save the tally, without records, in FILE"),
    (
        "detail",
        "Dela också upp på koder (code, t.ex. MVO) eller vårdenhet (unit)",
        "Break down by code (such as specialty) or care unit, too",
    ),
    ("measure", "Bara detta mått eller mål; kan upprepas", "This measure or goal only; repeatable"),
    (
        "goal",
        "Tröskel i procent för ett mål vars källa inte anger någon, t.ex. PK6=75; kan upprepas",
        "Threshold in per cent of a goal whose source gives none, e.g. PK6=75; repeatable",
    ),
    (
        "publish",
        "Dölj antal under N, så att de inte går att räkna fram (5 om N inte anges)",
        "Hide counts below N so that they cannot be worked out (5 where N is not given)",
    ),
];

const COVERAGE_COMMAND_HELP: [Help; 6] = [
    EDITION_HELP,
    (
        "certainty",
        "Pröva också reglerna, och visa hur långt deras fynd kan flytta varje tal",
        "Try the rules, too, and show how far their findings could move each figure",
    ),
    ("files", "Filer, mappar eller mönster (*.csv)", "Files, folders or patterns (*.csv)"),
    (
        "period",
        "Månader som räknas: 2022, 2022-03 eller 2021..2022; annars de som levererats",
        "Months that count: 2022, 2022-03 or 2021..2022; otherwise those delivered",
    ),
    (
        "format",
        "Tabeller: text, html, xlsx, json, csv eller parquet, gärna till fil (csv=tabeller.csv); kan upprepas",
        "Tables: text, html, xlsx, json, csv or parquet, to a file if you like (csv=tables.csv); repeatable",
    ),
    ("output", "Fil för de tabeller som inte har någon egen", "File for the tables that have none of their own"),
];

const QA_HELP: [Help; 3] = [
    (
        "feedback",
        "Återkoppling: en mapp per region med sida, arbetsbok och JSON av dess egna poster, och riket i publicerad form",
        "Feedback: a folder for each region with a page, a workbook and JSON of its own records, and the country as published",
    ),
    (
        "figures",
        "Täckningstabeller: text, html, xlsx, json, csv eller parquet, gärna till fil; kan upprepas",
        "Tables of coverage: text, html, xlsx, json, csv or parquet, to a file if you like; repeatable",
    ),
    (
        "no_certainty",
        "Räkna inte ut hur långt fynden kan flytta varje tal",
        "Do not work out how far findings could move each figure",
    ),
];

const MERGE_HELP: [Help; 2] =
    [("tallies", "Sparade räkneverk", "Saved tallies"), ("output", "Fil att skriva", "File to write")];

const COMMON_HELP: [Help; 5] = [
    ("rules", "Mapp med regler som läggs över de inbyggda", "Folder of rules laid over the built-in ones"),
    (
        "schemas",
        "Mapp med scheman och kodverk som läggs över de inbyggda",
        "Folder of schemas and code lists laid over the built-in ones",
    ),
    ("lang", "Språk: sv eller en", "Language: sv or en"),
    ("threads", "Antal trådar; resultatet är detsamma", "Number of threads; the result is the same"),
    ("quiet", "Visa inget förlopp", "Show no progress"),
];

const GENERATE_HELP: [Help; 11] = [
    ("collection", "Insamling, t.ex. specvard_genomforda", "Collection, e.g. specvard_genomforda"),
    (
        "records",
        "Antal poster, eller rader där en rad blir flera poster (svf: förlopp); annars 1000",
        "Number of records, or of rows where one becomes several records (svf: cases); otherwise 1000",
    ),
    (
        "strata",
        "Exakta antal i stället för --records: poster per region, period och värde, och hur många som är ifyllda",
        "Exact counts instead of --records: records by region, period and value, and how many are filled",
    ),
    ("seed", "Frö; samma frö ger samma fil", "Seed; the same seed gives the same file"),
    ("defects", "Fel att plantera, med namn och andel", "Defects to plant, with names and rates"),
    ("period", "Period: 2022-03, 2022 eller 2022-03-01..2022-03-31", "Period: 2022-03, 2022 or 2022-03-01..2022-03-31"),
    ("region", "Bara denna region; annars alla efter folkmängd", "This region only; otherwise all by population"),
    (
        "layout",
        "Skriv raderna som de är, i denna radform (svf: bred), i stället för poster",
        "Write the rows as they are, in this layout (svf: bred), instead of records",
    ),
    (
        "together",
        "Låt poster ur samma rad stå efter varandra; annars står alla poster i datumordning",
        "Leave records of one row behind each other; otherwise all records are in the order of dates",
    ),
    ("output", "Fil att skriva, .csv eller .parquet", "File to write, .csv or .parquet"),
    ("truth", "Facit: varje planterat fel", "The truth: every planted defect"),
];

/// The command with its help in `language`.
pub(super) fn command(language: Language) -> clap::Command {
    let pick = |sv, en| language.pick(sv, en);
    let with_help = |command: clap::Command, tables: &[&[Help]]| with_help(language, command, tables);
    Arguments::command()
        .about(pick(
            "Väntetidskoll: kontrollerar leveranser till nationella väntetidsdatabasen",
            "Väntetidskoll: checks submissions to Sweden's national waiting-times database",
        ))
        .mut_subcommand("check", |check| {
            with_help(check, &[&CHECK_HELP, &READING_HELP, &COMMON_HELP])
                .about(pick("Kontrollera en leverans mot reglerna", "Check a submission against the rules"))
        })
        .mut_subcommand("qa", |qa| {
            with_help(qa, &[&CHECK_HELP, &READING_HELP, &COMMON_HELP, &COVERAGE_HELP, &QA_HELP]).about(pick(
                "Kontrollera leveranser och beräkna täckning i samma genomgång",
                "Check deliveries and compute coverage in the same pass",
            ))
        })
        .mut_subcommand("coverage", |coverage| {
            with_help(coverage, &[&READING_HELP, &COMMON_HELP, &COVERAGE_HELP, &COVERAGE_COMMAND_HELP]).about(pick(
                "Beräkna täckning ur leveranser eller sparade räkneverk",
                "Compute coverage from deliveries or saved tallies",
            ))
        })
        .mut_subcommand("merge", |merge| {
            with_help(merge, &[&MERGE_HELP, &COMMON_HELP])
                .about(pick("Lägg ihop sparade räkneverk", "Put saved tallies together"))
        })
        .mut_subcommand("generate", |generate| {
            with_help(generate, &[&GENERATE_HELP, &COMMON_HELP]).about(pick(
                "Skriv en påhittad leverans, med planterade fel om så önskas",
                "Write a synthetic submission, with planted defects if wanted",
            ))
        })
        .mut_subcommand("rules", |command| rules::with_texts(language, command))
}

fn with_help(language: Language, command: clap::Command, tables: &[&[Help]]) -> clap::Command {
    tables
        .iter()
        .flat_map(|table| table.iter())
        .fold(command, |command, (id, sv, en)| command.mut_arg(*id, |argument| argument.help(language.pick(sv, en))))
}

/// The language asked for with `--lang`, else that of the locale, else Swedish. Looked up before arguments are parsed,
/// because help and mistakes speak it, too.
pub(super) fn language(typed: &[OsString]) -> Language {
    let stated = typed.iter().enumerate().find_map(|(index, argument)| {
        let argument = argument.to_str()?;
        match argument.strip_prefix("--lang=") {
            Some(value) => Some(value.to_owned()),
            None if argument == "--lang" => typed.get(index + 1)?.to_str().map(str::to_owned),
            None => None,
        }
    });
    match stated.or_else(sys_locale::get_locale) {
        Some(name) if name.to_ascii_lowercase().starts_with("en") => Language::English,
        _ => Language::Swedish,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_argument_has_help_in_both_languages() {
        for language in [Language::Swedish, Language::English] {
            let command = command(language);
            command.clone().debug_assert();
            let rules = command.find_subcommand("rules").expect("a command");
            let subcommands = command.get_subcommands().chain(rules.get_subcommands());
            for subcommand in subcommands.filter(|subcommand| subcommand.get_name() != "help") {
                assert!(subcommand.get_about().is_some(), "{}", subcommand.get_name());
                for argument in subcommand.get_arguments().filter(|argument| argument.get_id() != "help") {
                    assert!(argument.get_help().is_some(), "{} {}", subcommand.get_name(), argument.get_id());
                }
            }
        }
    }

    #[test]
    fn the_language_is_found_before_parsing() {
        let typed = |words: &[&str]| words.iter().map(OsString::from).collect::<Vec<_>>();
        assert_eq!(language(&typed(&["vantkoll", "check", "--lang", "en"])), Language::English);
        assert_eq!(language(&typed(&["vantkoll", "check", "--lang=sv"])), Language::Swedish);
    }
}
