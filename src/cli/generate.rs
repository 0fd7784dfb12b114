//! `vantkoll generate`: from arguments to a submission and its truth.

use std::path::Path;

use super::args::GenerateArguments;
use super::output::PendingFile;
use super::progress::{self, Bar};
use super::signal::Signals;
use super::{ExitCode, Failure, check, messages, region};
use crate::assets;
use crate::diag::{Diagnostic, Source};
use crate::generate::{
    self, Arrangement, Defects, GenerateError, Mistake, OutputFormat, Profile, Reading, Records, Request, Strata,
    Summary,
};
use crate::model::Language;
use crate::rule::Plan;
use crate::schema::Codelists;

/// How many records there are where nothing is said.
const DEFAULT_RECORDS: u64 = 1_000;
/// Mistakes in a file of strata that are shown; the others are counted.
const MISTAKES_SHOWN: usize = 100;

/// Runs the command.
pub(super) fn run(arguments: &GenerateArguments, language: Language) -> Result<ExitCode, Failure> {
    check::set_threads(&arguments.common, language)?;
    let period = check::parse_period(&arguments.period, language)?;
    let format = output_format(&arguments.output, language)?;
    refuse_combinations(arguments, language)?;
    refuse_same_files(arguments, language)?;
    let Loaded { profile, defects, records } = load(arguments, language)?;
    let arrangement = arrangement(arguments, &profile, language)?;
    let request = Request { records, seed: arguments.seed, period, format, arrangement };
    let signals = Signals::listen();
    let name = |path: &Path| path.display().to_string();
    let failed = |path: &Path, error: &std::io::Error| Failure::output(language, &name(path), error);
    let create = |path: &Path| -> Result<_, Failure> {
        let file = PendingFile::create(path).map_err(|error| failed(path, &error))?;
        let writer = file.writer().map_err(|error| failed(path, &error))?;
        Ok((file, writer))
    };
    let (file, writer) = create(&arguments.output)?;
    let (truth_file, truth_writer) = arguments.truth.as_deref().map(create).transpose()?.unzip();
    let bar = Bar::writing(request.records.count(), arguments.common.quiet, language);
    let progress = |records| bar.written(records);
    let generated =
        generate::generate(&profile, defects.as_ref(), &request, writer, truth_writer, &signals.stop, &progress);
    bar.finish();
    let summary = generated.map_err(|error| match error {
        GenerateError::Io(error) => failed(&arguments.output, &error),
        GenerateError::Interrupted => {
            Failure::new(ExitCode::Signal(signals.number()), messages::error(language, "avbruten", "interrupted"))
        }
        other => failed(&arguments.output, &std::io::Error::other(other)),
    })?;
    file.finish().map_err(|error| failed(&arguments.output, &error))?;
    if let (Some(file), Some(path)) = (truth_file, &arguments.truth) {
        file.finish().map_err(|error| failed(path, &error))?;
    }
    if let Some(defects) = &defects
        && !arguments.common.quiet
    {
        say_what_was_not_planted(defects, &summary, language);
    }
    Ok(ExitCode::Passed)
}

/// What the arguments name, read.
struct Loaded {
    profile: Profile,
    defects: Option<Defects>,
    records: Records,
}

fn load(arguments: &GenerateArguments, language: Language) -> Result<Loaded, Failure> {
    let (schemas, plans) = check::load_plans(&arguments.common, &[], language)?;
    let files = assets::schemas(arguments.common.schemas.as_deref())
        .map_err(|error| Failure::new(ExitCode::Usage, messages::asset(language, &error)))?;
    let diagnostics = |list: Vec<Diagnostic>| Failure::new(ExitCode::Usage, check::shown(&list, language));
    let mut profile = Profile::load(&files, &schemas, &arguments.collection).map_err(diagnostics)?;
    let defects = match (&arguments.defects, plans.get(&arguments.collection)) {
        (Some(path), Some(plan)) => {
            let source = Source::new(path.display().to_string(), read_text(path, language)?);
            let folds_it = |other: &&Plan| {
                let folds = other.collection.folds.as_ref();
                folds.is_some_and(|folds| folds.collection.text.value == arguments.collection)
            };
            let of_groups: Vec<&Plan> = plans.values().map(AsRef::as_ref).filter(folds_it).collect();
            Some(Defects::load(&source, &profile, &schemas, plan, &of_groups).map_err(diagnostics)?)
        }
        _ => None,
    };
    if let Some(text) = &arguments.region {
        let found = region::find_region(text, &schemas.codelists).map_err(|text| {
            let (sv, en) = (text.sv, text.en);
            Failure::usage(language, format!("--region: {sv}"), format!("--region: {en}"))
        })?;
        if !profile.only_region(&found.organisation_number) {
            return Err(Failure::usage(
                language,
                format!("--region {text}: profilen för {} har inte den regionen", arguments.collection),
                format!("--region {text}: the profile of {} does not have that region", arguments.collection),
            ));
        }
    }
    let records = match &arguments.strata {
        Some(path) => Records::Strata(load_strata(path, &profile, &schemas.codelists, language)?),
        None => Records::Count(arguments.records.unwrap_or(DEFAULT_RECORDS)),
    };
    Ok(Loaded { profile, defects, records })
}

fn read_text(path: &Path, language: Language) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|error| {
        let message = |verb: &str| format!("`{}` {verb}: {error}", path.display());
        Failure::new(ExitCode::Input, messages::error(language, &message("kan inte läsas"), &message("cannot be read")))
    })
}

fn load_strata(path: &Path, profile: &Profile, codelists: &Codelists, language: Language) -> Result<Strata, Failure> {
    let region = |text: &str| {
        let found = region::find_region(text, codelists);
        found.map(|region| region.organisation_number)
    };
    let reading = Reading { period: &region::parse_period, region: &region };
    Strata::load(&read_text(path, language)?, profile, &reading).map_err(|mistakes| {
        let shown = mistakes.iter().take(MISTAKES_SHOWN).map(|mistake| shown_mistake(path, mistake, language));
        let mut lines: Vec<String> = shown.collect();
        let more = mistakes.len().saturating_sub(MISTAKES_SHOWN);
        if more > 0 {
            lines.push(match language {
                Language::Swedish => format!("… och {more} till"),
                Language::English => format!("… and {more} more"),
            });
        }
        Failure::new(ExitCode::Usage, lines.join("\n"))
    })
}

fn shown_mistake(path: &Path, mistake: &Mistake, language: Language) -> String {
    let (file, line) = (path.display(), mistake.line);
    let column = |word: &str| mistake.column.as_ref().map_or_else(String::new, |name| format!(", {word} `{name}`"));
    messages::error(
        language,
        &format!("`{file}`, rad {line}{}: {}", column("kolumn"), mistake.message.sv),
        &format!("`{file}`, row {line}{}: {}", column("column"), mistake.message.en),
    )
}

/// What is written of rows that hold several records, if the profile makes such.
fn arrangement(arguments: &GenerateArguments, profile: &Profile, language: Language) -> Result<Arrangement, Failure> {
    let collection = &arguments.collection;
    match (&arguments.layout, profile.layout()) {
        (Some(asked), Some(known)) if asked == known => Ok(Arrangement::Rows),
        (Some(asked), Some(known)) => Err(Failure::usage(
            language,
            format!("--layout {asked}: profilen för {collection} har bara radformen `{known}`"),
            format!("--layout {asked}: the profile of {collection} has the layout `{known}` only"),
        )),
        (Some(_), None) => Err(Failure::usage(
            language,
            format!("--layout: profilen för {collection} har bara en rad per post"),
            format!("--layout: the profile of {collection} has only one row a record"),
        )),
        (None, None) if arguments.together => Err(Failure::usage(
            language,
            format!("--together: i {collection} hör inga poster ihop"),
            format!("--together: no records of {collection} belong together"),
        )),
        (None, _) if arguments.together => Ok(Arrangement::Together),
        (None, _) => Ok(Arrangement::ByDate),
    }
}

fn output_format(path: &Path, language: Language) -> Result<OutputFormat, Failure> {
    match path.extension().and_then(|extension| extension.to_str()).map(str::to_ascii_lowercase).as_deref() {
        Some("csv") => Ok(OutputFormat::Csv),
        Some("parquet") => Ok(OutputFormat::Parquet),
        _ => Err(Failure::usage(
            language,
            format!("--output {}: filen ska sluta på .csv eller .parquet", path.display()),
            format!("--output {}: the file must end in .csv or .parquet", path.display()),
        )),
    }
}

/// A truth without defects would be empty, and strata say themselves how many records there are.
fn refuse_combinations(arguments: &GenerateArguments, language: Language) -> Result<(), Failure> {
    if arguments.strata.is_some() && arguments.records.is_some() {
        return Err(Failure::usage(
            language,
            "--records kan inte anges med --strata: antalet poster är summan av filens rader",
            "--records cannot be given with --strata: the number of records is the sum of the file's rows",
        ));
    }
    if arguments.truth.is_some() && arguments.defects.is_none() {
        return Err(Failure::usage(
            language,
            "--truth behöver --defects: utan planterade fel är facit tomt",
            "--truth needs --defects: without planted defects the truth is empty",
        ));
    }
    Ok(())
}

/// What is read and what is written are different files.
fn refuse_same_files(arguments: &GenerateArguments, language: Language) -> Result<(), Failure> {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    let GenerateArguments { output, truth, defects, strata, .. } = arguments;
    let paths: Vec<&Path> = [Some(output), truth.as_ref(), defects.as_ref(), strata.as_ref()]
        .into_iter()
        .flatten()
        .map(AsRef::as_ref)
        .collect();
    for (index, path) in paths.iter().enumerate() {
        if paths[..index].iter().any(|other| real(other) == real(path)) {
            return Err(Failure::usage(
                language,
                format!("`{}` är angiven två gånger", path.display()),
                format!("`{}` is given twice", path.display()),
            ));
        }
    }
    Ok(())
}

fn say_what_was_not_planted(defects: &Defects, summary: &Summary, language: Language) {
    let missing: Vec<&str> =
        defects.names().zip(&summary.planted).filter(|(_, count)| **count == 0).map(|(name, _)| name).collect();
    if !missing.is_empty() {
        let names = missing.join(", ");
        progress::say(&match language {
            Language::Swedish => format!(
                "obs: inte planterade alls: {names} (för få poster, ingen post som passar, eller fel som bara CSV kan ha)"
            ),
            Language::English => format!(
                "note: not planted at all: {names} (too few records, no record that fits, or a defect that only CSV can have)"
            ),
        });
    }
}
