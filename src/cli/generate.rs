//! `vantkoll generate`: from arguments to a submission and its truth.

use std::path::Path;

use super::args::GenerateArguments;
use super::output::PendingFile;
use super::signal::Signals;
use super::{ExitCode, Failure, check, messages, progress, region};
use crate::assets;
use crate::diag::{Diagnostic, Source};
use crate::generate::{self, Defects, GenerateError, OutputFormat, Profile, Records, Request, Summary};
use crate::model::Language;

/// Runs the command.
pub(super) fn run(arguments: &GenerateArguments, language: Language) -> Result<ExitCode, Failure> {
    check::set_threads(&arguments.common, language)?;
    let period = check::parse_period(&arguments.period, language)?;
    let format = output_format(&arguments.output, language)?;
    refuse_same_files(arguments, language)?;
    let (profile, defects) = load(arguments, language)?;
    let request = Request { records: Records::Count(arguments.records), seed: arguments.seed, period, format };
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
    let bar = progress::records(arguments.records, arguments.common.quiet);
    let progress = |records| bar.inc(records);
    let generated =
        generate::generate(&profile, defects.as_ref(), &request, writer, truth_writer, &signals.stop, &progress);
    bar.finish_and_clear();
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

fn load(arguments: &GenerateArguments, language: Language) -> Result<(Profile, Option<Defects>), Failure> {
    let (schemas, plans) = check::load_plans(&arguments.common, &[], language)?;
    let files = assets::schemas(arguments.common.schemas.as_deref())
        .map_err(|error| Failure::new(ExitCode::Usage, messages::asset(language, &error)))?;
    let diagnostics = |list: Vec<Diagnostic>| Failure::new(ExitCode::Usage, check::shown(&list, language));
    let mut profile = Profile::load(&files, &schemas, &arguments.collection).map_err(diagnostics)?;
    let defects = match (&arguments.defects, plans.get(&arguments.collection)) {
        (Some(path), Some(plan)) => {
            let text = std::fs::read_to_string(path).map_err(|error| {
                let message = |verb: &str| format!("`{}` {verb}: {error}", path.display());
                Failure::new(
                    ExitCode::Input,
                    messages::error(language, &message("kan inte läsas"), &message("cannot be read")),
                )
            })?;
            let source = Source::new(path.display().to_string(), text);
            Some(Defects::load(&source, &profile, &schemas, plan).map_err(diagnostics)?)
        }
        _ => None,
    };
    if let Some(text) = &arguments.region {
        let found = region::find_region(text, &schemas.codelists)
            .map_err(|(sv, en)| Failure::usage(language, format!("--region: {sv}"), format!("--region: {en}")))?;
        if !profile.only_region(&found.organisation_number) {
            return Err(Failure::usage(
                language,
                format!("--region {text}: profilen för {} har inte den regionen", arguments.collection),
                format!("--region {text}: the profile of {} does not have that region", arguments.collection),
            ));
        }
    }
    Ok((profile, defects))
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

/// The submission, its truth and the defects are three files; and a truth without defects would be empty.
fn refuse_same_files(arguments: &GenerateArguments, language: Language) -> Result<(), Failure> {
    if arguments.truth.is_some() && arguments.defects.is_none() {
        return Err(Failure::usage(
            language,
            "--truth behöver --defects: utan planterade fel är facit tomt",
            "--truth needs --defects: without planted defects the truth is empty",
        ));
    }
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    let paths: Vec<&Path> = [Some(&arguments.output), arguments.truth.as_ref(), arguments.defects.as_ref()]
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
