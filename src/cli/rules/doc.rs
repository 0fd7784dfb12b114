//! `vantkoll rules doc`: the rule book, written to a folder.

use std::io::Write;
use std::path::Path;

use super::super::args::rules::RulesDocArguments;
use super::super::output::PendingFile;
use super::super::{ExitCode, Failure};
use super::load;
use crate::model::Language;
use crate::rulebook::doc::{self, Page};

/// Runs the command.
pub(super) fn run(arguments: &RulesDocArguments, language: Language) -> Result<ExitCode, Failure> {
    let book = load(&arguments.book, language)?;
    let out = &arguments.out;
    let failed = |path: &Path, error: &std::io::Error| Failure::output(language, &path.display().to_string(), error);
    std::fs::create_dir_all(out).map_err(|error| failed(out, &error))?;
    let pages = doc::pages(&book, language);
    // All are written before the first takes its name: a full disk leaves the old book whole.
    let pending = pages
        .iter()
        .map(|page| {
            let path = out.join(&page.name);
            pending(page, &path).map_err(|error| failed(&path, &error))
        })
        .collect::<Result<Vec<_>, _>>()?;
    for file in pending {
        let path = file.target().to_path_buf();
        file.finish().map_err(|error| failed(&path, &error))?;
    }
    let (n_files, folder) = (pages.len(), out.display());
    let line = match language {
        Language::Swedish => format!("{n_files} filer i {folder}; börja med index.md eller rules.html"),
        Language::English => format!("{n_files} files in {folder}; begin with index.md or rules.html"),
    };
    writeln!(std::io::stdout(), "{line}").map_err(|error| Failure::output(language, "stdout", &error))?;
    Ok(ExitCode::Passed)
}

fn pending(page: &Page, path: &Path) -> std::io::Result<PendingFile> {
    let file = PendingFile::create(path)?;
    let mut writer = file.writer()?;
    writer.write_all(page.text.as_bytes())?;
    writer.flush()?;
    Ok(file)
}
