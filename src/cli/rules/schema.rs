//! `vantkoll rules schema`: JSON Schemas of the YAML formats, for editors.

use std::io::Write;
use std::path::Path;

use super::super::args::rules::RulesSchemaArguments;
use super::super::output::PendingFile;
use super::super::{ExitCode, Failure};
use crate::model::Language;
use crate::rulebook::editor;

/// Runs the command.
pub(super) fn run(arguments: &RulesSchemaArguments, language: Language) -> Result<ExitCode, Failure> {
    let folder = &arguments.folder;
    let failed = |path: &Path, error: &std::io::Error| Failure::output(language, &path.display().to_string(), error);
    std::fs::create_dir_all(folder).map_err(|error| failed(folder, &error))?;
    for file in editor::schema_files() {
        let target = folder.join(file.name);
        let write = || -> std::io::Result<()> {
            let pending = PendingFile::create(&target)?;
            let mut writer = pending.writer()?;
            writer.write_all(file.text.as_bytes())?;
            writer.flush()?;
            drop(writer);
            pending.finish()
        };
        write().map_err(|error| failed(&target, &error))?;
        writeln!(std::io::stdout(), "{}", target.display())
            .map_err(|error| Failure::output(language, "stdout", &error))?;
    }
    Ok(ExitCode::Passed)
}
