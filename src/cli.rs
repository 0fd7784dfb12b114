//! Arguments as typed, then as meant; progress; exit codes. The only module that opens outputs.
//!
//! Results go to standard output or to files, everything else to standard error. Files are written beside their target
//! and renamed when complete, so that an interrupted run leaves nothing half-written.

mod args;
mod books;
mod check;
mod earlier;
mod editions;
mod feedback;
mod generate;
mod messages;
mod output;
mod progress;
mod qa;
mod region;
mod reports;
mod rules;
mod signal;
mod sinks;
mod waivers;

use std::panic;
use std::process::ExitCode as ProcessExitCode;

use clap::FromArgMatches;

use crate::model::Language;

use args::{Arguments, Command};

/// How the program ends. A crash is never 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitCode {
    /// The gate was passed.
    Passed,
    /// Findings at or above `--fail-on`.
    Findings,
    /// Wrong usage, or a mistake in a rule or schema file.
    Usage,
    /// An input could not be read, or was refused.
    Input,
    /// An output could not be written.
    Output,
    /// Something was not checked, under `--strict`.
    NotChecked,
    /// An internal error: a caught panic.
    Internal,
    /// Ended by a signal of this number.
    Signal(u8),
}

impl ExitCode {
    /// The number the shell sees.
    pub fn code(self) -> u8 {
        match self {
            Self::Passed => 0,
            Self::Findings => 1,
            Self::Usage => 2,
            Self::Input => 3,
            Self::Output => 4,
            Self::NotChecked => 5,
            Self::Internal => 70,
            Self::Signal(number) => 128 + number,
        }
    }
}

/// Runs the program with the arguments it was started with.
pub fn main() -> ProcessExitCode {
    // The text of a panic could hold a cell value; its place cannot.
    panic::set_hook(Box::new(|info| {
        if crate::submission::parquet::is_fenced() {
            // A damaged file: caught where it is decoded, and told as what it is.
            return;
        }
        let place = info.location().map(|location| format!("{}:{}", location.file(), location.line()));
        progress::say(&format!(
            "vantkoll: internal error at {}",
            place.unwrap_or_else(|| "an unknown place".to_owned())
        ));
    }));
    let code = panic::catch_unwind(run).unwrap_or(ExitCode::Internal);
    ProcessExitCode::from(code.code())
}

fn run() -> ExitCode {
    let typed: Vec<std::ffi::OsString> = std::env::args_os().collect();
    let language = args::language(&typed);
    let matches = match args::command(language).try_get_matches_from(&typed) {
        Ok(matches) => matches,
        Err(error) => {
            // Help and version are not mistakes; a closed pipe is none either.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::Usage } else { ExitCode::Passed };
        }
    };
    let arguments = match Arguments::from_arg_matches(&matches) {
        Ok(arguments) => arguments,
        Err(error) => {
            let _ = error.print();
            return ExitCode::Usage;
        }
    };
    let result = match arguments.command {
        Command::Check(arguments) => check::run(&arguments, language),
        Command::Qa(arguments) => qa::run(&arguments, language),
        Command::Coverage(arguments) => qa::coverage(&arguments, language),
        Command::Merge(arguments) => qa::merge(&arguments, language),
        Command::Generate(arguments) => generate::run(&arguments, language),
        Command::Rules(arguments) => rules::run(&arguments, language),
    };
    result.unwrap_or_else(|failure| {
        if !failure.message.is_empty() {
            progress::say(&failure.message);
        }
        failure.code
    })
}

/// Why a command ended before its work was done.
#[derive(Debug)]
pub(crate) struct Failure {
    code: ExitCode,
    message: String,
}

impl Failure {
    fn new(code: ExitCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    fn usage(language: Language, sv: impl std::fmt::Display, en: impl std::fmt::Display) -> Self {
        Self::new(ExitCode::Usage, messages::error(language, &sv.to_string(), &en.to_string()))
    }

    /// An output that could not be written. A closed pipe is quiet.
    fn output(language: Language, target: &str, error: &std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::BrokenPipe {
            return Self::new(ExitCode::Output, String::new());
        }
        Self::new(
            ExitCode::Output,
            messages::error(
                language,
                &format!("`{target}` kan inte skrivas: {error}"),
                &format!("`{target}` cannot be written: {error}"),
            ),
        )
    }
}
