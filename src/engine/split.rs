//! Divides a submission's records into those the register takes and those it leaves out.
//!
//! A second reading after the check, because whether a record is a duplicate is known only when all are read. The two
//! outputs add up to the input: for CSV every record byte for byte, behind the header of the file; for Parquet every
//! row with every column. Where a row holds several records, it goes where its worst record goes: a row is rejected if one
//! of its records is.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::error::ArrowError;
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;

use super::Rejections;
use crate::rule::Plan;
use crate::submission::{Format, InputError, InputFile, ScanRequest, csv, parquet as parquet_file};
use crate::table::{Batch, Bits, Raw};

/// Where the two parts go; a part without a writer is not written.
pub struct SplitOutputs {
    /// Records without a violated rule of severity error.
    pub valid: Option<Box<dyn Write + Send>>,
    /// The others.
    pub rejected: Option<Box<dyn Write + Send>>,
}

/// Why a submission could not be divided.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SplitError {
    /// The input could not be read again.
    #[error(transparent)]
    Input(#[from] InputError),
    /// An output could not be written.
    #[error("{0}")]
    Output(std::io::Error),
    /// Files that cannot be put into one.
    #[error(
        "`--valid` and `--rejected` write one file, but `{first}` and `{second}` have different columns or formats; check them one at a time"
    )]
    Different {
        /// A file.
        first: String,
        /// Another.
        second: String,
    },
}

/// Writes the records of `files` to the two parts.
///
/// # Errors
/// If the files differ in form, cannot be read again, or an output cannot be written.
pub fn split(
    plan: &Arc<Plan>,
    files: &[InputFile],
    rejections: &Rejections,
    outputs: SplitOutputs,
    stop: &AtomicBool,
) -> Result<(), SplitError> {
    let Some(first) = files.first() else { return Ok(()) };
    let same_form = |file: &InputFile| {
        std::mem::discriminant(&file.format) == std::mem::discriminant(&first.format)
            && file.header == first.header
            && delimiter(file) == delimiter(first)
    };
    if let Some(other) = files.iter().find(|file| !same_form(file)) {
        return Err(SplitError::Different {
            first: first.path.display().to_string(),
            second: other.path.display().to_string(),
        });
    }
    match first.format {
        Format::Csv { .. } => split_csv(plan, files, rejections, outputs, stop),
        Format::Parquet { .. } => split_parquet(plan, files, rejections, outputs, stop),
    }
}

fn delimiter(file: &InputFile) -> Option<(crate::submission::Delimiter, crate::submission::Encoding)> {
    match file.format {
        Format::Csv { delimiter, encoding, .. } => Some((delimiter, encoding)),
        Format::Parquet { .. } => None,
    }
}

fn request(plan: &Plan) -> ScanRequest {
    ScanRequest { wanted: vec![false; plan.collection.variables.len()], raw: true }
}

/// The rows of a batch that hold a rejected record of the file at `index`.
fn rejected_rows(batch: &Batch, rejections: &Rejections, index: usize) -> Bits {
    let first = batch.positions.first_row;
    let records = Bits::from_fn(batch.n_rows, |record| rejections.contains(index, first + record as u64));
    batch.positions.rows_of(&records)
}

fn split_csv(
    plan: &Arc<Plan>,
    files: &[InputFile],
    rejections: &Rejections,
    outputs: SplitOutputs,
    stop: &AtomicBool,
) -> Result<(), SplitError> {
    let mut writers = [outputs.valid, outputs.rejected];
    let header = csv::header_bytes(&files[0])?;
    for writer in writers.iter_mut().flatten() {
        writer.write_all(&header).map_err(SplitError::Output)?;
    }
    // A last record without a line end gets one where another record follows it.
    let mut open_line = [false, false];
    for (index, file) in files.iter().enumerate() {
        let map = |batch: Batch| -> [Vec<u8>; 2] {
            let mut parts = [Vec::new(), Vec::new()];
            if let Raw::Text { bytes, starts, ends } = &batch.raw {
                let rejected = rejected_rows(&batch, rejections, index);
                for (row, (start, end)) in starts.iter().zip(ends).enumerate() {
                    let part = usize::from(rejected.contains(row));
                    parts[part].extend_from_slice(&bytes[*start as usize..*end as usize]);
                }
            }
            parts
        };
        let mut fold = |parts: [Vec<u8>; 2]| {
            for ((writer, part), open) in writers.iter_mut().zip(&parts).zip(&mut open_line) {
                let (Some(writer), false) = (writer, part.is_empty()) else { continue };
                let lead: &[u8] = if *open { b"\n" } else { b"" };
                writer
                    .write_all(lead)
                    .and_then(|()| writer.write_all(part))
                    .map_err(|error| InputError::Consumer(Box::new(error)))?;
                *open = !part.ends_with(b"\n");
            }
            Ok(())
        };
        file.scan(&plan.collection, &request(plan), stop, &|_| {}, &map, &mut fold).map_err(output_error)?;
    }
    for writer in writers.iter_mut().flatten() {
        writer.flush().map_err(SplitError::Output)?;
    }
    Ok(())
}

fn split_parquet(
    plan: &Arc<Plan>,
    files: &[InputFile],
    rejections: &Rejections,
    outputs: SplitOutputs,
    stop: &AtomicBool,
) -> Result<(), SplitError> {
    let mut pending = [outputs.valid, outputs.rejected];
    let mut writers: [Option<ArrowWriter<Box<dyn Write + Send>>>; 2] = [None, None];
    let open = |schema, output| {
        let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
        ArrowWriter::try_new(output, schema, Some(properties))
            .map_err(|error| InputError::Consumer(Box::new(into_io(error))))
    };
    for (index, file) in files.iter().enumerate() {
        let map = |batch: Batch| -> [Result<Option<RecordBatch>, ArrowError>; 2] {
            let Raw::Arrow(rows) = &batch.raw else { return [Ok(None), Ok(None)] };
            let rejected_rows = rejected_rows(&batch, rejections, index);
            [false, true].map(|rejected| {
                let mask: BooleanArray =
                    (0..rows.num_rows()).map(|row| Some(rejected_rows.contains(row) == rejected)).collect();
                filter_record_batch(rows, &mask).map(Some)
            })
        };
        let mut fold = |parts: [Result<Option<RecordBatch>, ArrowError>; 2]| {
            for ((pending, writer), part) in pending.iter_mut().zip(&mut writers).zip(parts) {
                let part = part.map_err(|error| InputError::Consumer(Box::new(std::io::Error::other(error))))?;
                let Some(rows) = part else { continue };
                if let Some(output) = pending.take() {
                    *writer = Some(open(rows.schema(), output)?);
                }
                if let Some(writer) = writer {
                    writer.write(&rows).map_err(|error| InputError::Consumer(Box::new(into_io(error))))?;
                }
            }
            Ok(())
        };
        file.scan(&plan.collection, &request(plan), stop, &|_| {}, &map, &mut fold).map_err(output_error)?;
    }
    // Without any record, a part is a file with columns and no rows.
    for (pending, writer) in pending.iter_mut().zip(&mut writers) {
        if let Some(output) = pending.take() {
            *writer = Some(open(parquet_file::schema(&files[0])?, output).map_err(output_error)?);
        }
    }
    for writer in writers.into_iter().flatten() {
        writer.close().map_err(|error| SplitError::Output(into_io(error)))?;
    }
    Ok(())
}

fn into_io(error: parquet::errors::ParquetError) -> std::io::Error {
    match error {
        parquet::errors::ParquetError::External(cause) => match cause.downcast::<std::io::Error>() {
            Ok(error) => *error,
            Err(cause) => std::io::Error::other(cause),
        },
        other => std::io::Error::other(other),
    }
}

fn output_error(error: InputError) -> SplitError {
    match error {
        InputError::Consumer(cause) => match cause.downcast::<std::io::Error>() {
            Ok(error) => SplitError::Output(*error),
            Err(cause) => SplitError::Output(std::io::Error::other(cause)),
        },
        other => SplitError::Input(other),
    }
}
