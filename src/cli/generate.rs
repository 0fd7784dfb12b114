//! `vantkoll generate`.

use std::path::Path;

use super::args::GenerateArguments;
use super::output::PendingFile;
use super::signal::Signals;
use super::{ExitCode, Failure, check, messages, progress, region};
use crate::assets;
use crate::diag::Diagnostic;
use crate::generate::{self, GenerateError, OutputFormat, Profile, Request};
use crate::model::Language;

/// Runs the command.
pub(super) fn run(arguments: &GenerateArguments, language: Language) -> Result<ExitCode, Failure> {
    check::set_threads(&arguments.common, language)?;
    let period = check::parse_period(&arguments.period, language)?;
    let format = output_format(&arguments.output, language)?;
    let (schemas, _) = check::load_plans(&arguments.common, &[], language)?;
    let files = assets::schemas(arguments.common.schemas.as_deref())
        .map_err(|error| Failure::new(ExitCode::Usage, messages::asset(language, &error)))?;
    let diagnostics = |list: Vec<Diagnostic>| Failure::new(ExitCode::Usage, check::shown(&list, language));
    let mut profile = Profile::load(&files, &schemas, &arguments.collection).map_err(diagnostics)?;
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
    let request = Request { records: arguments.records, seed: arguments.seed, period, format };
    let signals = Signals::listen();
    let target = arguments.output.display().to_string();
    let failed = |error: &std::io::Error| Failure::output(language, &target, error);
    let file = PendingFile::create(&arguments.output).map_err(|error| failed(&error))?;
    let writer = file.writer().map_err(|error| failed(&error))?;
    let bar = progress::records(arguments.records, arguments.common.quiet);
    let generated = generate::generate(&profile, &request, writer, &signals.stop, &|records| bar.inc(records));
    bar.finish_and_clear();
    generated.map_err(|error| match error {
        GenerateError::Io(error) => failed(&error),
        GenerateError::Interrupted => {
            Failure::new(ExitCode::Signal(signals.number()), messages::error(language, "avbruten", "interrupted"))
        }
        other => failed(&std::io::Error::other(other)),
    })?;
    file.finish().map_err(|error| failed(&error))?;
    Ok(ExitCode::Passed)
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
