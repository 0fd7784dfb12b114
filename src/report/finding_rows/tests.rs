//! Findings written and read back, in both formats.

use std::io::{self, Seek};
use std::sync::{Arc, Mutex};

use ::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::DataType;

use super::*;
use crate::engine::Outcome;
use crate::report::sample;

/// Keeps what is written to it, also after it has been given away.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Takes so many bytes, then breaks.
struct BreakingPipe(usize);

impl Write for BreakingPipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0 == 0 {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let n = bytes.len().min(self.0);
        self.0 -= n;
        Ok(n)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// All examples of the outcome, `times` over, in one call a run.
fn written(format: FindingFormat, outcome: &Outcome, times: usize) -> (Vec<u8>, u64) {
    let kept = Kept::default();
    let mut writer = open(format, Box::new(kept.clone())).unwrap();
    for _ in 0..times {
        for run in &outcome.runs {
            let paths: Vec<PathBuf> = run.files.iter().map(|file| file.path.clone()).collect();
            let findings: Vec<Finding> = run.rules.iter().flat_map(|rule| rule.examples.clone()).collect();
            writer.write(&FindingContext { plan: &run.plan, paths: &paths }, &findings).unwrap();
        }
    }
    let n_rows = writer.finish().unwrap();
    let bytes = kept.0.lock().unwrap().clone();
    (bytes, n_rows)
}

/// Rows of text, columns first; nulls as empty.
fn read_csv(bytes: &[u8]) -> Vec<Vec<String>> {
    let mut reader = ::csv::ReaderBuilder::new().delimiter(b';').has_headers(false).from_reader(&bytes[3..]);
    reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
}

fn read_parquet(bytes: &[u8]) -> (Vec<Vec<String>>, usize) {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file.rewind().unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
    let n_groups = reader.metadata().num_row_groups();
    let batches: Vec<RecordBatch> = reader.build().unwrap().map(|batch| batch.unwrap()).collect();
    let mut rows = vec![COLUMNS.map(str::to_owned).to_vec()];
    for batch in batches {
        assert_eq!(batch.schema().fields().iter().map(|field| field.name().as_str()).collect::<Vec<_>>(), COLUMNS);
        let columns: Vec<ArrayRef> =
            batch.columns().iter().map(|column| cast(column, &DataType::Utf8).unwrap()).collect();
        for row in 0..batch.num_rows() {
            let cell = |column: &ArrayRef| {
                if column.is_null(row) { String::new() } else { column.as_string::<i32>().value(row).to_owned() }
            };
            rows.push(columns.iter().map(cell).collect());
        }
    }
    (rows, n_groups)
}

#[test]
fn csv_as_it_is() {
    let (bytes, n_rows) = written(FindingFormat::Csv, &sample::outcome(), 1);
    assert_eq!(n_rows, 6);
    let text = String::from_utf8(bytes).unwrap();
    assert!(text.starts_with("\u{feff}file;row;"));
    let text = text.replace('\u{feff}', "").replace('\u{1b}', "<ESC>");
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, { insta::assert_snapshot!("findings_csv", text) });
}

#[test]
fn both_formats_hold_the_same_rows() {
    // Two plans, and the second run's file has another path.
    let outcome = sample::several();
    let (csv, n_csv) = written(FindingFormat::Csv, &outcome, 2);
    let (parquet, n_parquet) = written(FindingFormat::Parquet, &outcome, 2);
    let csv = read_csv(&csv);
    let (parquet, _) = read_parquet(&parquet);
    assert_eq!((n_csv, n_parquet), (24, 24));
    assert_eq!(csv.len(), 25);
    let disarmed = |cell: &String| cell.strip_prefix('\'').unwrap_or(cell).to_owned();
    let csv: Vec<Vec<String>> = csv.iter().map(|row| row.iter().map(disarmed).collect()).collect();
    assert_eq!(csv, parquet);
}

#[test]
fn formulas_are_disarmed_in_csv_and_values_whole_in_parquet() {
    let (csv, _) = written(FindingFormat::Csv, &sample::outcome(), 1);
    let row = read_csv(&csv).into_iter().find(|row| row[6] == "SVG-V-fas").unwrap();
    assert_eq!(row[13], format!("'{}", sample::NASTY_VALUE));
    assert_eq!(row[4], "C6");
    let row = read_csv(&csv).into_iter().find(|row| row[6] == "LEV-0003").unwrap();
    assert_eq!((row[1].as_str(), row[4].as_str(), row[12].as_str()), ("", "D", "'+Diagnoser"));
    let (parquet, _) = written(FindingFormat::Parquet, &sample::outcome(), 1);
    let (rows, _) = read_parquet(&parquet);
    assert!(rows.iter().any(|row| row[13] == sample::NASTY_VALUE));
}

#[test]
fn many_rows_are_parted_into_groups() {
    let outcome = sample::outcome();
    let times = 150_000 / 6;
    let (parquet, n_rows) = written(FindingFormat::Parquet, &outcome, times);
    assert_eq!(n_rows, 6 * times as u64);
    let (rows, n_groups) = read_parquet(&parquet);
    assert_eq!(rows.len(), 1 + 6 * times);
    assert_eq!(n_groups, 2);
    assert_eq!(rows[1..7], rows[rows.len() - 6..]);
}

#[test]
fn no_findings_make_a_complete_file() {
    for format in FindingFormat::ALL {
        let kept = Kept::default();
        assert_eq!(open(format, Box::new(kept.clone())).unwrap().finish().unwrap(), 0);
        let bytes = kept.0.lock().unwrap().clone();
        let rows = match format {
            FindingFormat::Csv => read_csv(&bytes),
            FindingFormat::Parquet => read_parquet(&bytes).0,
        };
        assert_eq!(rows, [COLUMNS]);
    }
}

#[test]
fn a_broken_pipe_is_told_wherever_it_breaks() {
    let outcome = sample::outcome();
    let run = &outcome.runs[0];
    let findings: Vec<Finding> = run.rules.iter().flat_map(|rule| rule.examples.clone()).cycle().take(40_000).collect();
    for format in FindingFormat::ALL {
        for n_bytes in [0, 1, 4, 5, 100, 1_000, 2_000, 10_000] {
            let result = open(format, Box::new(BreakingPipe(n_bytes))).and_then(|mut writer| {
                writer.write(&FindingContext { plan: &run.plan, paths: &[run.files[0].path.clone()] }, &findings)?;
                writer.finish()
            });
            assert!(
                matches!(&result, Err(ReportError::Io(error)) if error.kind() == io::ErrorKind::BrokenPipe),
                "{format} {n_bytes}: {result:?}"
            );
        }
    }
}

#[test]
fn formats_are_told_by_names() {
    assert_eq!(FindingFormat::of_path(Path::new("a/b.CSV")), Some(FindingFormat::Csv));
    assert_eq!(FindingFormat::of_path(Path::new("b.parquet")), Some(FindingFormat::Parquet));
    assert_eq!(FindingFormat::of_path(Path::new("b.xlsx")), None);
    assert_eq!("parquet".parse(), Ok(FindingFormat::Parquet));
    assert!("text".parse::<FindingFormat>().is_err());
}
