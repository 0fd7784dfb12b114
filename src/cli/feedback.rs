//! `--feedback DIR` and `--edition region`: what a region gets back of its own records.
//!
//! A folder for each region, named as its workbooks are (`12_region-skane`), with the page, the workbook and the document
//! of its own records, and the figures of the country as they are published. All files are written before the first gets its
//! name.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::Failure;
use super::output::{self, CompleteFile, WriteTo};
use super::reports::into_io;
use crate::coverage::Coverage;
use crate::coverage::figure::{Period, Place};
use crate::edition;
use crate::engine::{Outcome, Run, StatedRegion};
use crate::model::{County, Finding, Language};
use crate::report::spool::{PartKey, SpooledFindings};
use crate::report::xlsx::{self, Part};
use crate::report::{self, Content, ReportError, ReportFormat, ReportOptions};
use crate::schema::{Codelists, region};

/// What feedback is written from.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    /// The run of all regions.
    pub(super) outcome: &'a Outcome,
    /// Every finding, divided by region; there always is, where this is used.
    pub(super) findings: Option<&'a SpooledFindings>,
    /// Figures of the country, as published.
    pub(super) published: Option<&'a Coverage>,
    /// They name the regions.
    pub(super) codelists: &'a Codelists,
    pub(super) options: &'a ReportOptions,
    /// Examples for each rule and file.
    pub(super) examples: usize,
}

impl Source<'_> {
    /// The part of the run that is of one region's records.
    ///
    /// # Errors
    /// If findings cannot be read back.
    pub(super) fn of_region(&self, county: County, region: StatedRegion) -> Result<Outcome, Failure> {
        let part = PartKey::Region(county);
        let read = |run: &Run, rule| -> Box<dyn Iterator<Item = std::io::Result<Finding>>> {
            match self.findings {
                Some(findings) => Box::new(findings.read(&part, &run.plan.collection.id, rule)),
                None => Box::new(std::iter::empty()),
            }
        };
        let language = self.options.language;
        let target = language.pick("den tillfälliga filen för fynd", "the temporary file of findings");
        edition::of_region(self.outcome, county, region, (&read, self.examples))
            .map_err(|error| Failure::output(language, target, &error))
    }

    /// Writes the workbook of one region's records; `own` is [`of_region`](Self::of_region).
    ///
    /// # Errors
    /// If `out` cannot be written, or findings not be read back.
    pub(super) fn workbook(
        &self,
        own: &Outcome,
        options: &ReportOptions,
        out: &mut (dyn Write + Send),
    ) -> Result<(), ReportError> {
        let content = self.internal();
        let county = own.runs.iter().flat_map(|run| run.reporters.keys().copied().flatten()).next();
        let parts = xlsx::parts(&content, self.codelists, options.language);
        let part = parts.iter().find(|part| county.is_some_and(|county| part.key == PartKey::Region(county)));
        match part {
            Some(part) => xlsx::write_part(&content, options, part, out),
            // Nothing of the region: a workbook that says so.
            None => report::write(ReportFormat::Xlsx, &own.into(), options, out),
        }
    }

    fn internal(&self) -> Content<'_> {
        Content { outcome: self.outcome, coverage: None, findings: self.findings }
    }

    /// Writes a folder for each region; gives how many there are.
    ///
    /// # Errors
    /// If a folder or file cannot be written, or findings not be read back.
    pub(super) fn write(&self, folder: &Path, inputs: &[PathBuf]) -> Result<usize, Failure> {
        let language = self.options.language;
        let internal = self.internal();
        let parts = xlsx::parts(&internal, self.codelists, language);
        let mut complete: Vec<CompleteFile> = Vec::new();
        let mut n_regions = 0;
        let country = self.published.map(comparisons);
        let source = Source { published: country.as_ref(), ..*self };
        let country = source.country().map_err(|error| failed(language, folder, &into_io(Box::new(error))))?;
        for part in &parts {
            let PartKey::Region(county) = part.key else { continue };
            let own = folder.join(&part.suffix);
            std::fs::create_dir_all(&own).map_err(|error| failed(language, &own, &error))?;
            source.write_region((county, part), &own, (&internal, &country), &mut complete)?;
            n_regions += 1;
        }
        let targets: Vec<PathBuf> = complete.iter().map(|file| file.target().to_path_buf()).collect();
        super::check::refuse_overwriting(&targets, inputs, language)?;
        output::finish_all(language, complete)?;
        Ok(n_regions)
    }

    /// The figures of the country as JSON, the same for every region; empty where there are none.
    fn country(&self) -> Result<Vec<u8>, ReportError> {
        let mut bytes = Vec::new();
        if let Some(published) = self.published {
            report::coverage::write(ReportFormat::Json, published, self.options, &mut bytes)?;
        }
        Ok(bytes)
    }

    fn write_region(
        &self,
        (county, part): (County, &Part),
        folder: &Path,
        (internal, country): (&Content<'_>, &[u8]),
        complete: &mut Vec<CompleteFile>,
    ) -> Result<(), Failure> {
        let (language, options) = (self.options.language, self.options);
        let region = region::find(&format!("lan:{county}"), self.codelists).map_or_else(
            |_| StatedRegion { organisation_number: String::new(), name: part.name.clone() },
            |region| StatedRegion { organisation_number: region.organisation_number, name: region.name },
        );
        let outcome = self.of_region(county, region)?;
        let content = Content { outcome: &outcome, coverage: self.published, findings: None };
        let files: [(&str, WriteTo<'_>); 4] = [
            ("rapport.html", &|out| report::write(ReportFormat::Html, &content, options, out)),
            ("rapport.json", &|out| report::write(ReportFormat::Json, &content, options, out)),
            ("rapport.xlsx", &|out| xlsx::write_part(internal, options, part, out)),
            ("riket.json", &|out| Ok(out.write_all(country)?)),
        ];
        for (name, write) in files {
            if name == "riket.json" && country.is_empty() {
                continue;
            }
            complete.push(output::complete(language, &folder.join(name), write)?);
        }
        Ok(())
    }
}

/// What regions are compared by: figures of whole years (goals have their months), and the account of the country's
/// variables, which each region has of its own records beside it.
fn comparisons(coverage: &Coverage) -> Coverage {
    let mut coverage = coverage.clone();
    for table in coverage.ratios.iter_mut().chain(&mut coverage.reporting).chain(&mut coverage.accounts) {
        table.figures.retain(|figure| matches!(figure.period, Period::Year(_)));
    }
    for table in &mut coverage.accounts {
        table.figures.retain(|figure| figure.place == Place::Country);
    }
    for table in &mut coverage.distributions {
        table.rows.retain(|row| matches!(row.period, Period::Year(_)));
    }
    coverage
}

fn failed(language: Language, target: &Path, error: &std::io::Error) -> Failure {
    Failure::output(language, &target.display().to_string(), error)
}

/// What is said when it is written.
pub(super) fn told(language: Language, n_regions: usize, folder: &Path) -> String {
    let folder = folder.display();
    match (language, n_regions) {
        (Language::Swedish, 1) => format!("återkoppling till 1 region ligger i `{folder}`"),
        (Language::Swedish, n) => format!("återkoppling till {n} regioner ligger i `{folder}`"),
        (Language::English, 1) => format!("feedback to 1 region is in `{folder}`"),
        (Language::English, n) => format!("feedback to {n} regions is in `{folder}`"),
    }
}
