//! Files written beside their target and renamed when complete.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::{NamedTempFile, TempPath};

use super::Failure;
use super::reports::into_io;
use crate::model::Language;
use crate::report::ReportError;

/// A file that appears under its name only once it is complete; dropped before that, it leaves nothing.
pub(super) struct PendingFile {
    target: PathBuf,
    file: NamedTempFile,
}

impl PendingFile {
    /// Creates the file beside `target`.
    pub(super) fn create(target: &Path) -> std::io::Result<Self> {
        if target.is_dir() {
            return Err(std::io::Error::new(std::io::ErrorKind::IsADirectory, "it is a folder"));
        }
        let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut builder = tempfile::Builder::new();
        builder.prefix(".vantkoll-").suffix(".part");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            builder.permissions(std::fs::Permissions::from_mode(0o666));
        }
        Ok(Self { target: target.to_path_buf(), file: builder.tempfile_in(folder)? })
    }

    /// Another handle to write through.
    pub(super) fn writer(&self) -> std::io::Result<BufWriter<File>> {
        Ok(BufWriter::with_capacity(1 << 16, self.file.reopen()?))
    }

    /// Gives the file its name.
    pub(super) fn finish(self) -> std::io::Result<()> {
        self.file.persist(&self.target).map(drop).map_err(|error| error.error)
    }

    /// The file as written, without a handle to it: of many files, only so many can be open at once.
    pub(super) fn complete(self) -> CompleteFile {
        CompleteFile { target: self.target, path: self.file.into_temp_path() }
    }

    /// What it will be called.
    pub(super) fn target(&self) -> &Path {
        &self.target
    }
}

/// A file that is written and has not got its name yet; dropped before that, it leaves nothing.
pub(super) struct CompleteFile {
    target: PathBuf,
    path: TempPath,
}

impl CompleteFile {
    /// Gives the file its name.
    pub(super) fn finish(self) -> std::io::Result<()> {
        self.path.persist(&self.target).map_err(|error| error.error)
    }

    /// What it will be called.
    pub(super) fn target(&self) -> &Path {
        &self.target
    }
}

/// Writes one report.
pub(super) type WriteTo<'a> = &'a dyn Fn(&mut (dyn Write + Send)) -> Result<(), ReportError>;

/// Writes a whole file, which gets its name with others ([`finish_all`]).
pub(super) fn complete(language: Language, target: &Path, write: WriteTo<'_>) -> Result<CompleteFile, Failure> {
    let failed = |error: &std::io::Error| Failure::output(language, &target.display().to_string(), error);
    let file = PendingFile::create(target).map_err(|error| failed(&error))?;
    let mut writer = file.writer().map_err(|error| failed(&error))?;
    write(&mut writer).map_err(|error| failed(&into_io(Box::new(error))))?;
    writer.flush().map_err(|error| failed(&error))?;
    drop(writer);
    Ok(file.complete())
}

/// Gives files their names, once all of them are complete.
pub(super) fn finish_all(language: Language, files: Vec<CompleteFile>) -> Result<(), Failure> {
    for file in files {
        let target = file.target().display().to_string();
        file.finish().map_err(|error| Failure::output(language, &target, &error))?;
    }
    Ok(())
}
