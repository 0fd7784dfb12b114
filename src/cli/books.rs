//! `--split-by`: one workbook for each region or care unit, beside each other.
//!
//! The file named with `--format xlsx=FILE` is what their names are made from. They are all written before the first gets its
//! name, so that a failure leaves none of them.

use std::path::{Path, PathBuf};

use super::Failure;
use super::output::{self, CompleteFile, PendingFile};
use crate::model::Language;
use crate::report::xlsx::{self, Part};
use crate::report::{Content, ReportFormat, ReportOptions};

/// Workbooks to be divided, and what other reports there are.
pub(super) struct Books {
    /// What the names of the workbooks are made from; none where nothing is divided.
    templates: Vec<PathBuf>,
    /// The reports that are not divided, as typed.
    pub(super) others: Vec<String>,
    /// `--output`, where it is not a workbook's.
    pub(super) output: Option<PathBuf>,
    /// Whether another report than workbooks is written; where no report is asked for, there is one.
    pub(super) has_others: bool,
}

impl Books {
    /// Takes the workbooks out of the reports asked for, where they are to be divided.
    ///
    /// # Errors
    /// If there is nothing to divide, or a workbook has no file, or its folder cannot be written to.
    pub(super) fn take(
        formats: &[String],
        output: Option<&Path>,
        is_divided: bool,
        language: Language,
    ) -> Result<Self, Failure> {
        let output = output.map(Path::to_path_buf);
        if !is_divided {
            return Ok(Self { templates: Vec::new(), others: formats.to_vec(), output, has_others: true });
        }
        let xlsx = ReportFormat::Xlsx.as_str();
        let mut books = Self { templates: Vec::new(), others: Vec::new(), output, has_others: false };
        let mut n_homeless = 0;
        for format in formats {
            match format.split_once('=') {
                Some((name, file)) if name == xlsx => books.templates.push(PathBuf::from(file)),
                None if format == xlsx => n_homeless += 1,
                _ => books.others.push(format.clone()),
            }
        }
        if n_homeless > 0 {
            match books.output.take() {
                Some(file) if n_homeless == 1 => books.templates.push(file),
                _ => {
                    return Err(Failure::usage(
                        language,
                        "--split-by skriver flera arbetsböcker: ange en fil, --format xlsx=FIL",
                        "--split-by writes several workbooks: name a file, --format xlsx=FILE",
                    ));
                }
            }
        }
        if books.templates.is_empty() {
            return Err(Failure::usage(
                language,
                "--split-by delar upp arbetsböcker: lägg till --format xlsx=FIL",
                "--split-by divides workbooks: add --format xlsx=FILE",
            ));
        }
        books.has_others = !books.others.is_empty();
        if books.output.is_some() && !books.has_others {
            return Err(Failure::usage(
                language,
                "--output: alla rapporter har redan en fil",
                "--output: every report has a file already",
            ));
        }
        // Whether files can be made there is better known before the work than after it.
        for template in &books.templates {
            PendingFile::create(template).map_err(|error| failed(language, template, &error))?;
        }
        Ok(books)
    }

    /// Writes a workbook for each part.
    ///
    /// # Errors
    /// If one cannot be written, or would replace one of the `inputs`.
    pub(super) fn write(
        &self,
        content: &Content<'_>,
        options: &ReportOptions,
        parts: &[Part],
        inputs: &[PathBuf],
    ) -> Result<(), Failure> {
        let language = options.language;
        let targets =
            self.templates.iter().flat_map(|template| parts.iter().map(|part| (file_of(template, part), part)));
        let targets: Vec<(PathBuf, &Part)> = targets.collect();
        let files: Vec<PathBuf> = targets.iter().map(|(file, _)| file.clone()).collect();
        super::check::refuse_overwriting(&files, inputs, language)?;
        let mut complete: Vec<CompleteFile> = Vec::new();
        for (target, part) in targets {
            complete.push(output::complete(language, &target, &|out| xlsx::write_part(content, options, part, out))?);
        }
        output::finish_all(language, complete)
    }
}

fn failed(language: Language, target: &Path, error: &std::io::Error) -> Failure {
    Failure::output(language, &target.display().to_string(), error)
}

/// `rapport_12_region-skane.xlsx`.
fn file_of(template: &Path, part: &Part) -> PathBuf {
    let stem = template.file_stem().unwrap_or_default().to_string_lossy();
    let extension = template.extension().map_or_else(|| "xlsx".into(), std::ffi::OsStr::to_string_lossy);
    template.with_file_name(format!("{stem}_{}.{extension}", part.suffix))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::spool::PartKey;

    #[test]
    fn files_are_named_by_their_part() {
        let part = Part { key: PartKey::Others, name: String::new(), suffix: "ovriga".to_owned() };
        assert_eq!(file_of(Path::new("mars/rapport.xlsx"), &part), Path::new("mars/rapport_ovriga.xlsx"));
        assert_eq!(file_of(Path::new("rapport"), &part), Path::new("rapport_ovriga.xlsx"));
        assert_eq!(file_of(Path::new("a.b.XLSX"), &part), Path::new("a.b_ovriga.XLSX"));
    }

    #[test]
    fn workbooks_are_taken_out_of_the_reports_where_they_are_divided() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("r.xlsx");
        let formats = vec!["json".to_owned(), format!("xlsx={}", file.display())];
        let take = |formats: &[String], output: Option<&Path>, is_divided| {
            Books::take(formats, output, is_divided, Language::English)
        };
        let Ok(books) = take(&formats, None, true) else { panic!("refused") };
        assert_eq!((books.others.as_slice(), books.has_others), (&["json".to_owned()][..], true));
        assert_eq!(books.templates, std::slice::from_ref(&file));
        let Ok(books) = take(&["xlsx".to_owned()], Some(&file), true) else { panic!("refused") };
        assert!(books.output.is_none() && !books.has_others && books.templates == [file]);
        let Ok(books) = take(&formats, None, false) else { panic!("refused") };
        assert_eq!((books.others, books.templates.len()), (formats, 0));
        assert!(take(&["json".to_owned()], None, true).is_err());
        assert!(take(&["xlsx".to_owned()], None, true).is_err());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
