//! The reports that a command writes: which, where to, and when.

use std::io::{BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};

use super::Failure;
use super::output::PendingFile;
use crate::model::Language;
use crate::report::rulework::RuleworkFormat;
use crate::report::{ReportError, ReportFormat, ReportOptions};

/// The formats that a command knows.
pub(super) trait Format: Copy + std::fmt::Display + 'static {
    /// Every format; the first is what a person reads, and the one where none is asked for.
    const ALL: &'static [Self];

    /// True where the format is bytes that would upset a terminal.
    fn is_binary(self) -> bool {
        false
    }
}

impl Format for ReportFormat {
    const ALL: &'static [Self] = &ReportFormat::ALL;

    fn is_binary(self) -> bool {
        ReportFormat::is_binary(self)
    }
}

impl Format for RuleworkFormat {
    const ALL: &'static [Self] = &RuleworkFormat::ALL;
}

/// The reports asked for, each with its file opened before the work begins.
pub(super) struct Reports<F = ReportFormat> {
    to_files: Vec<(F, PendingFile)>,
    to_stdout: Option<F>,
}

/// How what is written is shown: on a terminal, or in a file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Surface {
    /// Columns.
    pub(super) width: usize,
    /// Whether colours will do.
    pub(super) color: bool,
}

/// What the user asked for with an option such as `--format`.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    /// The option's name.
    pub(super) option: &'a str,
    /// `FORMAT` or `FORMAT=FILE`, each.
    pub(super) formats: &'a [String],
    /// `--output`, where the command has it.
    pub(super) output: Option<&'a Path>,
}

/// Writes what there is to report in one format.
pub(super) type Render<'a> =
    &'a dyn Fn(ReportFormat, &ReportOptions, &mut (dyn Write + Send)) -> Result<(), ReportError>;

impl Reports {
    /// Writes every report with `render`, those with files first.
    pub(super) fn write(self, options: ReportOptions, render: Render<'_>) -> Result<(), Failure> {
        self.write_with(options.language, &|format, surface, out| {
            render(format, &ReportOptions { width: surface.width, color: surface.color, ..options }, out)
        })
    }
}

/// Writes what there is to report in one format, on one surface.
pub(super) type RenderOn<'a, F> = &'a dyn Fn(F, Surface, &mut (dyn Write + Send)) -> Result<(), ReportError>;

impl<F: Format> Reports<F> {
    /// No reports.
    pub(super) fn none() -> Self {
        Self { to_files: Vec::new(), to_stdout: None }
    }

    /// Whether there is a report in this format.
    pub(super) fn wants(&self, format: F) -> bool
    where
        F: PartialEq,
    {
        self.to_stdout == Some(format) || self.to_files.iter().any(|(known, _)| *known == format)
    }

    pub(super) fn open(wanted: Wanted<'_>, language: Language) -> Result<Self, Failure> {
        let option = wanted.option;
        let mut reports = Self { to_files: Vec::new(), to_stdout: None };
        let mut homeless = Vec::new();
        for argument in wanted.formats {
            let (name, file) = argument
                .split_once('=')
                .map_or((argument.as_str(), None), |(name, file)| (name, Some(PathBuf::from(file))));
            let format = F::ALL.iter().copied().find(|format| format.to_string() == name).ok_or_else(|| {
                let known = F::ALL.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
                Failure::usage(
                    language,
                    format!("{option} {name}: formaten är {known}"),
                    format!("{option} {name}: the formats are {known}"),
                )
            })?;
            match file {
                Some(file) => reports.to_files.push((format, create(&file, language)?)),
                None => homeless.push(format),
            }
        }
        if homeless.is_empty() && wanted.formats.is_empty() {
            homeless.extend(F::ALL.first());
        }
        match (homeless.as_slice(), wanted.output) {
            ([], None) => {}
            ([], Some(_)) => {
                return Err(Failure::usage(
                    language,
                    "--output: alla rapporter har redan en fil",
                    "--output: every report has a file already",
                ));
            }
            ([format], Some(file)) => reports.to_files.push((*format, create(file, language)?)),
            ([format], None) => {
                if format.is_binary() && std::io::stdout().is_terminal() {
                    return Err(Failure::usage(
                        language,
                        format!("{option} {format}: ange en fil, {option} {format}=FIL"),
                        format!("{option} {format}: name a file, {option} {format}=FILE"),
                    ));
                }
                reports.to_stdout = Some(*format);
            }
            _ => {
                return Err(Failure::usage(
                    language,
                    format!("bara en rapport kan gå till skärmen; ge de andra filer ({option} json=FIL)"),
                    format!("only one report can go to standard output; give the others files ({option} json=FILE)"),
                ));
            }
        }
        Ok(reports)
    }

    /// The same without the report of `format` on standard output.
    pub(super) fn without(self, format: F) -> Self
    where
        F: PartialEq,
    {
        Self { to_stdout: self.to_stdout.filter(|known| *known != format), ..self }
    }

    /// Writes every report with `render`, those with files first.
    pub(super) fn write_with(self, language: Language, render: RenderOn<'_, F>) -> Result<(), Failure> {
        let stdout = std::io::stdout();
        let color = stdout.is_terminal() && std::env::var_os("NO_COLOR").is_none();
        let screen = Surface { width: terminal_width(), color };
        for (format, file) in self.to_files {
            let target = file.target().display().to_string();
            let failed = |error: std::io::Error| Failure::output(language, &target, &error);
            let mut writer = file.writer().map_err(failed)?;
            let paper = Surface { width: 100, color: false };
            render(format, paper, &mut writer).map_err(|error| failed(into_io(Box::new(error))))?;
            writer.flush().map_err(failed)?;
            drop(writer);
            file.finish().map_err(failed)?;
        }
        if let Some(format) = self.to_stdout {
            let mut writer = BufWriter::new(stdout);
            match render(format, screen, &mut writer).map_err(|error| into_io(Box::new(error))) {
                Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => {}
                Err(error) => return Err(Failure::output(language, "stdout", &error)),
                Ok(()) => {}
            }
        }
        Ok(())
    }
}

fn create(file: &Path, language: Language) -> Result<PendingFile, Failure> {
    PendingFile::create(file).map_err(|error| Failure::output(language, &file.display().to_string(), &error))
}

/// Columns of the terminal, as the shell says; 100 where it does not.
fn terminal_width() -> usize {
    std::env::var("COLUMNS")
        .ok()
        .and_then(|columns| columns.parse().ok())
        .filter(|columns| (40..=300).contains(columns))
        .unwrap_or(100)
}

/// What the operating system said, out of whatever it was wrapped in.
pub(super) fn into_io(cause: Box<dyn std::error::Error + Send + Sync>) -> std::io::Error {
    let cause = match cause.downcast::<ReportError>() {
        Ok(error) => match *error {
            ReportError::Io(error) => return error,
            other => Box::new(other) as Box<dyn std::error::Error + Send + Sync>,
        },
        Err(cause) => cause,
    };
    match cause.downcast::<std::io::Error>() {
        Ok(error) => *error,
        Err(cause) => std::io::Error::other(cause),
    }
}
