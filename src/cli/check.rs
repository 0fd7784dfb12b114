//! `vantkoll check`: from arguments to an exit code.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::args::{CheckArguments, CommonArguments, QaArguments, ReadingArguments};
use super::books::Books;
use super::earlier::Earlier;
use super::output::PendingFile;
use super::progress::Bar;
use super::qa::{Inputs, Session};
use super::reports::{Reports, Wanted};
use super::signal::Signals;
use super::sinks::Sinks;
use super::{ExitCode, Failure, editions, feedback, messages, progress, qa, region, waivers};
use crate::assets;
use crate::coverage::suppress::DEFAULT_THRESHOLD;
use crate::diag::{self, Diagnostic};
use crate::edition::{self, Edition};
use crate::engine::{self, Rejections, Settings, Stated, split};
use crate::model::Language;
use crate::report::spool::SplitBy;
use crate::report::{self, Content, Gate, ReportFormat, ReportOptions, xlsx};
use crate::rule::{self, Plan};
use crate::schema::{self, Codelist, Domain, Schemas};
use crate::submission::{InputError, InputFile, ReadOptions, find};
use crate::time;

/// Runs the command.
pub(super) fn run(arguments: &CheckArguments, language: Language) -> Result<ExitCode, Failure> {
    run_with(arguments, language, None)
}

/// Runs the command; with `qa`, coverage is counted in the same pass.
pub(super) fn run_with(
    arguments: &CheckArguments,
    language: Language,
    qa: Option<&QaArguments>,
) -> Result<ExitCode, Failure> {
    set_threads(&arguments.common, language)?;
    let as_of = arguments.as_of.as_deref().map(|text| parse_day("--as-of", text, language)).transpose()?;
    let (schemas, mut plans) = load_plans_as_of(&arguments.common, &arguments.codelist, as_of, language)?;
    let mut settings = Settings {
        stated: stated(arguments, &schemas, as_of, language)?,
        waivers: waivers::read(arguments.waivers.as_deref(), &schemas, &plans, language)?,
        examples: arguments.examples,
        memory: memory(arguments.reading.memory.as_deref(), language)?,
        ..Settings::default()
    };
    // From here on a signal is noticed, so that no output is left half-written.
    let signals = Signals::listen();
    let edition = editions::of_check(arguments, language)?;
    let region = editions::region(settings.stated.region.as_ref(), &schemas);
    settings.whose = editions::whose(arguments, edition, qa.is_some_and(|qa| qa.feedback.is_some()));
    let mut coverage = match qa {
        None => None,
        Some(qa) => {
            let wanted = Wanted { option: "--figures", formats: &qa.figures, output: None };
            let inputs = Inputs { common: &arguments.common, period: settings.stated.period, schemas: &schemas };
            let session = Session::open(&inputs, &qa.coverage, wanted, &plans, &signals, language)?;
            plans.clone_from(&session.measures().plans);
            settings.tallies.clone_from(&session.measures().tallies);
            settings.count_units = session.counts_units();
            settings.count_doubts = !qa.no_certainty;
            Some(session)
        }
    };
    let books = Books::take(&arguments.format, arguments.output.as_deref(), arguments.split_by.is_some(), language)?;
    let wanted = Wanted { option: "--format", formats: &books.others, output: books.output.as_deref() };
    let reports = if books.has_others { Reports::open(wanted, language)? } else { Reports::none() };

    let mut paths = find::find(&arguments.files).map_err(|error| input_failure(&error, &signals, language))?;
    let earlier = Earlier::find(&arguments.earlier, &signals, language)?;
    paths = earlier.others(paths, language)?;
    if let Some(session) = &coverage {
        paths = session.deliveries_of(paths).map_err(|error| input_failure(&error, &signals, language))?;
    }
    let tables = coverage.iter().flat_map(Session::tables);
    let inputs: Vec<PathBuf> =
        paths.iter().chain(earlier.paths()).chain(tables).chain(&arguments.waivers).cloned().collect();
    refuse_overwriting(&outputs(arguments, qa), &inputs, language)?;
    let options = read_options(&arguments.reading, language)?;
    let mut files = Vec::new();
    for path in &paths {
        let options = match &coverage {
            Some(session) => session.read_options(path, &options),
            None => options.clone(),
        };
        let mut file =
            InputFile::open(path, &schemas, &options).map_err(|error| input_failure(&error, &signals, language))?;
        if let Some(session) = &coverage {
            file.statement = session.statement(path);
        }
        files.push(file);
    }
    if let Some(session) = &coverage {
        session.require(&files, &plans)?;
    }
    let delivery_date = settings.stated.delivery_date;
    let reading = (coverage.as_ref(), &options);
    files.extend(earlier.open((&schemas, &plans), &files, delivery_date, reading, &signals, language)?);

    let bar = Bar::reading(files.iter().map(|file| file.size).sum(), arguments.common.quiet, language);
    let feedback = qa.and_then(|qa| qa.feedback.as_deref());
    let ways = editions::ways(arguments, edition, feedback.is_some(), reports.wants(ReportFormat::Xlsx));
    let mut sinks = Sinks::open(arguments.findings.as_deref(), ways, language)?;
    let told = |advance| bar.read(advance);
    let checked = engine::check(&plans, files, &settings, &signals.stop, &told, sinks.as_sink());
    bar.finish();
    let (mut outcome, parts) = checked.map_err(|error| {
        sinks.failure(error, language).unwrap_or_else(|error| input_failure(&error, &signals, language))
    })?;
    let spooled = sinks.finish(language)?;
    waivers::warn(&outcome, language);
    split_records(arguments, &plans, &parts, &signals, language)?;
    let tallies = qa::take_tallies(&mut outcome);
    let options = ReportOptions {
        language,
        fail_on: arguments.fail_on.into(),
        strict: arguments.strict,
        top: arguments.top,
        ..ReportOptions::default()
    };
    // What is lacking for coverage is no reason not to tell what was checked.
    let figures = coverage.as_mut().map(|session| session.compute(tallies)).transpose();
    let (figures, lacking) = match figures {
        Ok(figures) => (figures, None),
        Err(failure) => (None, Some(failure)),
    };
    let figures = match &coverage {
        Some(session) if figures.is_some() && (session.is_published() || edition != Edition::Internal) => {
            Some(session.publish()?)
        }
        _ => figures,
    };
    let of_regions = |published| feedback::Source {
        outcome: &outcome,
        findings: spooled.get(&SplitBy::Region),
        published,
        codelists: &schemas.codelists,
        options: &options,
        examples: arguments.examples,
    };
    let own = match (edition, region) {
        (Edition::Region, Some((county, region))) => Some(of_regions(None).of_region(county, region)?),
        _ => None,
    };
    let shown = own.as_ref().unwrap_or(&outcome);
    let gate = report::gate(shown, arguments.fail_on.into(), arguments.strict);
    let content = Content { outcome: shown, coverage: figures.as_ref(), findings: spooled.get(&SplitBy::Nothing) };
    let threshold = coverage.as_ref().map_or(DEFAULT_THRESHOLD, Session::threshold);
    let public = (edition == Edition::Public).then(|| edition::public(&outcome, threshold));
    reports.write(options, &|format, options, out| match (&public, format) {
        (Some(public), _) => report::write_public(format, public, content.coverage, options, out),
        (None, ReportFormat::Xlsx) if own.is_some() => of_regions(None).workbook(shown, options, out),
        (None, _) => report::write(format, &content, options, out),
    })?;
    if let Some(by) = arguments.split_by.map(SplitBy::from) {
        let content = Content { findings: spooled.get(&by), ..content };
        let parts = xlsx::parts(&content, &schemas.codelists, language);
        books.write(&content, &options, &parts, &inputs)?;
    }
    if let Some(failure) = lacking {
        return Err(failure);
    }
    if let Some(folder) = feedback {
        let published = coverage.as_ref().map(Session::publish).transpose()?;
        let n_regions = of_regions(published.as_ref()).write(folder, &inputs)?;
        if !arguments.common.quiet {
            progress::say(&feedback::told(language, n_regions, folder));
        }
    }
    if let Some((session, figures)) = coverage.zip(figures) {
        session.write(&figures)?;
    }
    Ok(match gate {
        Gate::Passed => ExitCode::Passed,
        Gate::Failed => ExitCode::Findings,
        Gate::NotChecked => ExitCode::NotChecked,
    })
}

/// Every file that is to be written.
fn outputs(arguments: &CheckArguments, qa: Option<&QaArguments>) -> Vec<PathBuf> {
    let formats = arguments.format.iter().chain(qa.map(|qa| &qa.figures).into_iter().flatten());
    let reports = formats.filter_map(|format| format.split_once('=').map(|(_, file)| PathBuf::from(file)));
    [&arguments.output, &arguments.findings, &arguments.valid, &arguments.rejected]
        .into_iter()
        .chain(qa.map(|qa| &qa.coverage.save_tally))
        .flatten()
        .cloned()
        .chain(reports)
        .collect()
}

fn display(path: Option<&Path>) -> String {
    path.map_or_else(|| "stdout".to_owned(), |path| path.display().to_string())
}

/// Sets the number of threads, once for the process.
pub(super) fn set_threads(arguments: &CommonArguments, language: Language) -> Result<(), Failure> {
    let Some(threads) = arguments.threads else { return Ok(()) };
    if threads == 0 {
        return Err(Failure::usage(language, "--threads måste vara minst 1", "--threads must be at least 1"));
    }
    rayon::ThreadPoolBuilder::new().num_threads(threads).build_global().map_err(|error| {
        Failure::usage(language, format!("--threads {threads}: {error}"), format!("--threads {threads}: {error}"))
    })
}

/// Reads a number of bytes such as `512M`.
pub(super) fn memory(text: Option<&str>, language: Language) -> Result<Option<u64>, Failure> {
    let Some(text) = text else { return Ok(None) };
    let unit = text.trim_end_matches(['B', 'b', 'i']);
    let (digits, shift) = match unit.char_indices().last() {
        Some((at, 'K' | 'k')) => (&unit[..at], 10),
        Some((at, 'M' | 'm')) => (&unit[..at], 20),
        Some((at, 'G' | 'g')) => (&unit[..at], 30),
        _ => (unit, 0),
    };
    let bytes = digits.trim().parse::<u64>().ok().and_then(|number| number.checked_mul(1 << shift));
    bytes.filter(|bytes| *bytes > 0).map(Some).ok_or_else(|| {
        Failure::usage(
            language,
            format!("--memory {text}: ange en mängd som 512M eller 2G"),
            format!("--memory {text}: state an amount such as 512M or 2G"),
        )
    })
}

/// Loads schemas, code lists and rules, and compiles them; every mistake is shown.
pub(super) fn load_plans(
    arguments: &CommonArguments,
    codelists: &[String],
    language: Language,
) -> Result<(Schemas, BTreeMap<String, Arc<Plan>>), Failure> {
    load_plans_as_of(arguments, codelists, None, language)
}

/// The same under the rules of a day (days since 1970-01-01).
fn load_plans_as_of(
    arguments: &CommonArguments,
    codelists: &[String],
    as_of: Option<i64>,
    language: Language,
) -> Result<(Schemas, BTreeMap<String, Arc<Plan>>), Failure> {
    let asset = |error: assets::AssetError| Failure::new(ExitCode::Usage, messages::asset(language, &error));
    let diagnostics = |list: Vec<Diagnostic>| Failure::new(ExitCode::Usage, shown(&list, language));
    let mut schemas =
        schema::load(&assets::schemas(arguments.schemas.as_deref()).map_err(asset)?).map_err(diagnostics)?;
    for argument in codelists {
        let Some((name, path)) = argument.split_once('=') else {
            return Err(Failure::usage(
                language,
                format!("--codelist {argument}: skriv NAMN=FIL, t.ex. icd10se=koder.csv"),
                format!("--codelist {argument}: write NAME=FILE, e.g. icd10se=codes.csv"),
            ));
        };
        let known = official_lists(&schemas);
        if !known.contains(&name) {
            let near = diag::nearest(name, known.iter().copied()).map(|near| format!(" ({near}?)")).unwrap_or_default();
            return Err(Failure::usage(
                language,
                format!(
                    "--codelist {name}: inget schema frågar efter det kodverket{near}; de som kan läsas in är {}",
                    known.join(", ")
                ),
                format!(
                    "--codelist {name}: no schema asks for that code list{near}; those that can be loaded are {}",
                    known.join(", ")
                ),
            ));
        }
        let list = Codelist::read(name, Path::new(path)).map_err(|error| {
            let code =
                if matches!(error, schema::CodelistError::Io { .. }) { ExitCode::Input } else { ExitCode::Usage };
            Failure::new(code, messages::codelist(language, &error))
        })?;
        schemas.codelists.insert(name, list);
    }
    let rules = assets::rules(arguments.rules.as_deref()).map_err(asset)?;
    let (_, plans) = rule::load_and_compile(&schemas, &rules, as_of).map_err(diagnostics)?;
    Ok((schemas, plans))
}

/// Diagnostics as a person reads them, with how many there are.
pub(super) fn shown(list: &[Diagnostic], language: Language) -> String {
    let files = match language {
        Language::Swedish => "regler och scheman",
        Language::English => "rules and schemas",
    };
    shown_in(list, files, language)
}

/// The same of mistakes in something else, in the user's language.
pub(super) fn shown_in(list: &[Diagnostic], something: &str, language: Language) -> String {
    let color = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let text = diag::render(list, color, 110);
    let count = match (language, list.len()) {
        (Language::Swedish, n) => format!("fel: {n} misstag i {something}"),
        (Language::English, 1) => format!("error: 1 mistake in {something}"),
        (Language::English, n) => format!("error: {n} mistakes in {something}"),
    };
    format!("{text}\n{count}")
}

fn official_lists(schemas: &Schemas) -> Vec<&str> {
    let variables = schemas.collections.values().flat_map(|collection| &collection.variables);
    let mut names: Vec<&str> = variables
        .filter_map(|variable| match &variable.domain {
            Domain::Text { official_list: Some(name), .. } => Some(name.as_str()),
            _ => None,
        })
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn stated(
    arguments: &CheckArguments,
    schemas: &Schemas,
    as_of: Option<i64>,
    language: Language,
) -> Result<Stated, Failure> {
    let period = match &arguments.period {
        None => None,
        Some(text) => Some(parse_period(text, language)?),
    };
    let region = match &arguments.region {
        None => None,
        Some(text) => Some(region::find_region(text, &schemas.codelists).map_err(|text| {
            let (sv, en) = (text.sv, text.en);
            Failure::usage(language, format!("--region: {sv}"), format!("--region: {en}"))
        })?),
    };
    let delivery_date = match &arguments.delivery_date {
        Some(text) => parse_day("--delivery-date", text, language)?,
        None => today(),
    };
    Ok(Stated {
        period,
        region,
        records: arguments.expect_records,
        delivery_date,
        delivery_date_stated: arguments.delivery_date.is_some(),
        as_of,
    })
}

/// Reads the date of an option.
pub(super) fn parse_day(option: &str, text: &str, language: Language) -> Result<i64, Failure> {
    time::parse_day(text).ok_or_else(|| {
        Failure::usage(
            language,
            format!("{option} {text}: skriv datumet som 2022-04-05"),
            format!("{option} {text}: write the date as 2022-04-05"),
        )
    })
}

/// Reads `--period`.
pub(super) fn parse_period(text: &str, language: Language) -> Result<(i64, i64), Failure> {
    region::parse_period(text).ok_or_else(|| {
        Failure::usage(
            language,
            format!("--period {text}: skriv perioden som 2022-03, 2022 eller 2022-03-01..2022-03-31"),
            format!("--period {text}: write the period as 2022-03, 2022 or 2022-03-01..2022-03-31"),
        )
    })
}

/// Today, by the machine's clock and zone: the one place where the program asks what day it is.
pub(super) fn today() -> i64 {
    let date = jiff::Zoned::now().date();
    time::days_from_civil(i64::from(date.year()), i64::from(date.month()), i64::from(date.day())).unwrap_or(0)
}

pub(super) fn read_options(arguments: &ReadingArguments, language: Language) -> Result<ReadOptions, Failure> {
    let usage = |option: &str, text: &str, sv: &str, en: &str| {
        Failure::usage(language, format!("{option} {text}: {sv}"), format!("{option} {text}: {en}"))
    };
    let delimiter = arguments
        .delimiter
        .as_deref()
        .map(|text| {
            text.parse().map_err(|_| {
                usage("--delimiter", text, "avgränsaren är ; , tab eller |", "the delimiter is ; , tab or |")
            })
        })
        .transpose()?;
    let encoding = arguments
        .encoding
        .as_deref()
        .map(|text| {
            text.parse().map_err(|_| {
                usage(
                    "--encoding",
                    text,
                    "kodningen är utf-8 eller windows-1252",
                    "the encoding is utf-8 or windows-1252",
                )
            })
        })
        .transpose()?;
    let columns = arguments
        .column
        .iter()
        .map(|text| {
            text.split_once('=')
                .map(|(name, variable)| (name.to_owned(), variable.to_owned()))
                .ok_or_else(|| usage("--column", text, "skriv KOLUMN=variabel", "write COLUMN=variable"))
        })
        .collect::<Result<_, _>>()?;
    Ok(ReadOptions { collection: arguments.collection.clone(), delimiter, encoding, columns, ..ReadOptions::default() })
}

/// An output must not replace an input.
pub(super) fn refuse_overwriting(outputs: &[PathBuf], inputs: &[PathBuf], language: Language) -> Result<(), Failure> {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    for (index, output) in outputs.iter().enumerate() {
        if inputs.iter().any(|input| real(input) == real(output)) {
            return Err(Failure::usage(
                language,
                format!("`{}` är både indata och utdata", output.display()),
                format!("`{}` is both input and output", output.display()),
            ));
        }
        if outputs[..index].iter().any(|other| real(other) == real(output)) {
            return Err(Failure::usage(
                language,
                format!("`{}` är målet för två utdata", output.display()),
                format!("`{}` is the target of two outputs", output.display()),
            ));
        }
    }
    Ok(())
}

pub(super) fn input_failure(error: &InputError, signals: &Signals, language: Language) -> Failure {
    let code = match error {
        InputError::Interrupted => ExitCode::Signal(signals.number()),
        InputError::BadPattern { .. } | InputError::UnknownCollection { .. } | InputError::BadOption(_) => {
            ExitCode::Usage
        }
        _ => ExitCode::Input,
    };
    Failure::new(code, messages::input(language, error))
}

/// `--valid` and `--rejected`.
fn split_records(
    arguments: &CheckArguments,
    plans: &BTreeMap<String, Arc<Plan>>,
    parts: &[(Vec<InputFile>, Rejections)],
    signals: &Signals,
    language: Language,
) -> Result<(), Failure> {
    if arguments.valid.is_none() && arguments.rejected.is_none() {
        return Ok(());
    }
    let [(files, rejections)] = parts else {
        return Err(Failure::usage(
            language,
            "--valid och --rejected gäller en insamling i taget; filerna hör till flera",
            "--valid and --rejected take one collection at a time; the files belong to several",
        ));
    };
    let Some(plan) = files.first().and_then(|file| plans.get(&file.collection)) else { return Ok(()) };
    let create = |path: &Option<PathBuf>| -> Result<Option<PendingFile>, Failure> {
        path.as_deref()
            .map(|path| {
                PendingFile::create(path)
                    .map_err(|error| Failure::output(language, &path.display().to_string(), &error))
            })
            .transpose()
    };
    let pending = [create(&arguments.valid)?, create(&arguments.rejected)?];
    let writer = |file: &Option<PendingFile>| -> Result<Option<Box<dyn Write + Send>>, Failure> {
        file.as_ref()
            .map(|file| {
                file.writer()
                    .map(|writer| Box::new(writer) as Box<dyn Write + Send>)
                    .map_err(|error| Failure::output(language, &file.target().display().to_string(), &error))
            })
            .transpose()
    };
    let outputs = split::SplitOutputs { valid: writer(&pending[0])?, rejected: writer(&pending[1])? };
    let named = display(arguments.valid.as_deref().or(arguments.rejected.as_deref()));
    split::split(plan, files, rejections, outputs, &signals.stop).map_err(|error| match error {
        split::SplitError::Input(error) => input_failure(&error, signals, language),
        split::SplitError::Output(error) => Failure::output(language, &named, &error),
        other @ split::SplitError::Different { .. } => Failure::usage(language, "--valid och --rejected skriver en fil, men filerna har olika kolumner eller format; kontrollera dem var för sig", other),
    })?;
    for file in pending.into_iter().flatten() {
        let target = file.target().display().to_string();
        file.finish().map_err(|error| Failure::output(language, &target, &error))?;
    }
    Ok(())
}
