//! Those who take every finding while the engine runs: the file of `--findings`, and what is put aside for workbooks and
//! for what regions get back.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::Failure;
use super::output::PendingFile;
use super::reports::into_io;
use crate::engine::FindingSink;
use crate::model::{Finding, Language};
use crate::report::finding_rows::{self, FindingContext, FindingFormat, FindingWriter};
use crate::report::spool::{FindingSpool, SplitBy, SpooledFindings};
use crate::rule::Plan;
use crate::submission::InputError;

/// Those who take every finding of a run.
pub(super) struct Sinks {
    file: Option<FindingsFile>,
    /// Named in failures.
    path: Option<PathBuf>,
    spools: BTreeMap<SplitBy, FindingSpool>,
    /// Whether it was a spool that failed.
    spool_failed: bool,
}

impl Sinks {
    /// The file of `--findings`, if any, and findings put aside in each of the ways `wanted`.
    ///
    /// # Errors
    /// If the file cannot be made.
    pub(super) fn open(file: Option<&Path>, wanted: BTreeSet<SplitBy>, language: Language) -> Result<Self, Failure> {
        Ok(Self {
            file: file.map(|path| FindingsFile::create(path, language)).transpose()?,
            path: file.map(Path::to_path_buf),
            spools: wanted.into_iter().map(|by| (by, FindingSpool::new(by))).collect(),
            spool_failed: false,
        })
    }

    /// As the engine takes it; `None` where nobody wants findings.
    pub(super) fn as_sink(&mut self) -> Option<&mut dyn FindingSink> {
        (self.file.is_some() || !self.spools.is_empty()).then_some(self as &mut dyn FindingSink)
    }

    /// What a failure of the run says, where it is a sink's; else the error.
    pub(super) fn failure(&self, error: InputError, language: Language) -> Result<Failure, InputError> {
        match error {
            InputError::Consumer(cause) if self.spool_failed => Ok(spooling(&into_io(cause), language)),
            InputError::Consumer(cause) => {
                let target = self.path.as_ref().map(|path| path.display().to_string()).unwrap_or_default();
                Ok(Failure::output(language, &target, &into_io(cause)))
            }
            other => Err(other),
        }
    }

    /// Completes the file, and gives what was put aside, to be read.
    ///
    /// # Errors
    /// If something cannot be written.
    pub(super) fn finish(self, language: Language) -> Result<BTreeMap<SplitBy, SpooledFindings>, Failure> {
        if let Some(file) = self.file {
            file.finish(language)?;
        }
        let finished = self.spools.into_iter().map(|(by, spool)| Ok((by, spool.finish()?)));
        finished.collect::<std::io::Result<_>>().map_err(|error| spooling(&error, language))
    }
}

fn spooling(error: &std::io::Error, language: Language) -> Failure {
    let target = language.pick("den tillfälliga filen för fynd", "the temporary file of findings");
    Failure::output(language, target, error)
}

impl FindingSink for Sinks {
    fn take(
        &mut self,
        plan: &Plan,
        paths: &[PathBuf],
        findings: &[Finding],
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        if let Some(file) = &mut self.file {
            file.take(plan, paths, findings)?;
        }
        for spool in self.spools.values_mut() {
            let taken = spool.take(plan, paths, findings);
            self.spool_failed = taken.is_err();
            taken?;
        }
        Ok(())
    }
}

/// `--findings`: every finding, as it is made.
pub(super) struct FindingsFile {
    file: PendingFile,
    writer: Option<Box<dyn FindingWriter>>,
}

impl FindingsFile {
    pub(super) fn create(path: &Path, language: Language) -> Result<Self, Failure> {
        let Some(format) = FindingFormat::of_path(path) else {
            return Err(Failure::usage(
                language,
                format!("--findings {}: filen ska sluta på .csv eller .parquet", path.display()),
                format!("--findings {}: the file must end in .csv or .parquet", path.display()),
            ));
        };
        let failed = |error: &std::io::Error| Failure::output(language, &path.display().to_string(), error);
        let file = PendingFile::create(path).map_err(|error| failed(&error))?;
        let writer = file.writer().map_err(|error| failed(&error))?;
        let writer = finding_rows::open(format, Box::new(writer)).map_err(|error| failed(&into_io(Box::new(error))))?;
        Ok(Self { file, writer: Some(writer) })
    }

    pub(super) fn finish(mut self, language: Language) -> Result<(), Failure> {
        let target = self.file.target().display().to_string();
        if let Some(writer) = self.writer.take() {
            writer.finish().map_err(|error| Failure::output(language, &target, &into_io(Box::new(error))))?;
        }
        self.file.finish().map_err(|error| Failure::output(language, &target, &error))
    }
}

impl FindingSink for FindingsFile {
    fn take(
        &mut self,
        plan: &Plan,
        paths: &[PathBuf],
        findings: &[Finding],
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        match &mut self.writer {
            Some(writer) => writer.write(&FindingContext { plan, paths }, findings).map_err(Into::into),
            None => Ok(()),
        }
    }
}
