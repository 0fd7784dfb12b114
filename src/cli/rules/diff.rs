//! `vantkoll rules diff`: two rule sets held against each other, and what the change means for deliveries.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::super::args::rules::{DiffFormatArgument, RulesDiffArguments};
use super::super::output::PendingFile;
use super::super::{ExitCode, Failure, check, check::shown, messages};
use super::impact::Question;
use super::is_whole;
use super::revision::{self, RevisionError};
use crate::assets::{AssetError, Assets};
use crate::model::Language;
use crate::report::ReportOptions;
use crate::report::rule_diff::{self, Compared, DiffFormat};
use crate::rulebook::{Rulebook, diff};

/// Runs the command.
pub(super) fn run(arguments: &RulesDiffArguments, language: Language) -> Result<ExitCode, Failure> {
    let here = if is_whole(Path::new(".")) { "." } else { "" };
    let after = arguments.new.as_deref().unwrap_or(here);
    let (old, new) = (load(&arguments.old, language), load(after, language));
    // The mistakes of both are shown.
    let (old, new) = match (old, new) {
        (Ok(old), Ok(new)) => (old, new),
        (Err(first), Err(second)) => {
            return Err(Failure::new(first.code, format!("{}\n{}", first.message, second.message)));
        }
        (old, new) => return Err(old.err().or(new.err()).unwrap_or_else(|| Failure::new(ExitCode::Internal, ""))),
    };
    let diff = diff::diff(&old, &new).map_err(|error| {
        Failure::usage(
            language,
            format!("de har ingen insamling gemensam: {} och {}", error.before.join(", "), error.after.join(", ")),
            error,
        )
    })?;
    let answer = match arguments.data.as_slice() {
        [] => None,
        data => {
            let outputs: Vec<PathBuf> = arguments.output.iter().cloned().collect();
            let inputs: Vec<PathBuf> = data.iter().map(PathBuf::from).collect();
            check::refuse_overwriting(&outputs, &inputs, language)?;
            let question = Question {
                data,
                fail_if: &arguments.fail_if,
                period: arguments.period.as_deref(),
                delivery_date: arguments.delivery_date.as_deref(),
                quiet: arguments.quiet,
                ..Question::default()
            };
            let question = question.reading(&arguments.reading, language)?;
            Some(question.answer(&old.collections, &new.collections, language)?)
        }
    };
    let options = ReportOptions { language, ..ReportOptions::default() };
    let format = match arguments.format {
        DiffFormatArgument::Text => DiffFormat::Text,
        DiffFormatArgument::Json => DiffFormat::Json,
        DiffFormatArgument::Markdown => DiffFormat::Markdown,
    };
    let compared = Compared {
        before: &arguments.old,
        after: if after.is_empty() { "vantkoll" } else { after },
        diff: &diff,
        impact: answer.as_ref().map(|answer| (&answer.impact, answer.breaches.as_slice())),
    };
    let write = |out: &mut dyn Write| {
        rule_diff::write(format, &compared, &options, out)
            .map_err(|error| super::super::reports::into_io(Box::new(error)))
    };
    match &arguments.output {
        None => write(&mut std::io::stdout().lock()).map_err(|error| Failure::output(language, "stdout", &error))?,
        Some(path) => {
            let target = path.display().to_string();
            let failed = |error: std::io::Error| Failure::output(language, &target, &error);
            let file = PendingFile::create(path).map_err(failed)?;
            let mut writer = file.writer().map_err(failed)?;
            write(&mut writer).and_then(|()| writer.flush()).map_err(failed)?;
            drop(writer);
            file.finish().map_err(failed)?;
        }
    }
    Ok(if answer.is_some_and(|answer| answer.fails()) { ExitCode::Findings } else { ExitCode::Passed })
}

/// The rules of a folder, of a revision, or the built-in ones where nothing is named.
fn load(name: &str, language: Language) -> Result<Rulebook, Failure> {
    let failed = |error: AssetError| Failure::new(ExitCode::Usage, messages::asset(language, &error));
    let folder = Path::new(name);
    let assets = if name.is_empty() {
        Assets::layered(None, None).map_err(failed)?
    } else if is_whole(folder) {
        Assets::whole(folder).map_err(failed)?
    } else if folder.is_dir() {
        Assets::layered(None, Some(folder)).map_err(failed)?
    } else {
        revision::assets(name).map_err(|error| match error {
            RevisionError::Unknown => Failure::usage(
                language,
                format!("`{name}` är varken en mapp eller en git-version härifrån"),
                format!("`{name}` is neither a folder nor a git revision from here"),
            ),
            RevisionError::Git(message) => Failure::usage(
                language,
                format!("`{name}` kan inte läsas ur git: {message}"),
                format!("`{name}` cannot be read from git: {message}"),
            ),
            RevisionError::NoRules => Failure::usage(
                language,
                format!("`{name}` har ingen mapp rules/ här"),
                format!("`{name}` has no folder rules/ here"),
            ),
            RevisionError::NotText(file) => Failure::usage(
                language,
                format!("`{name}:{file}` är inte UTF-8"),
                format!("`{name}:{file}` is not UTF-8"),
            ),
        })?
    };
    Rulebook::load(&assets).map_err(|list| Failure::new(ExitCode::Usage, shown(&list, language)))
}
