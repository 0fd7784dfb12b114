//! What it costs to read a submission and do nothing else: `floor csv|views|dictionaries FILE THREADS`.
//!
//! - `csv`: every field parsed by `csv-core` and counted. The file is cut at line ends into blocks, which threads take
//!   in turn; a quoted line break would be cut wrongly, but the data has none.
//! - `views`, `dictionaries`: every column of a Parquet file decoded to string views, or to dictionaries. Threads take
//!   columns in turn, each with a file handle of its own.

use std::error::Error;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Instant;

use arrow::array::Array;
use arrow::datatypes::{DataType, Field, Schema};
use csv_core::{ReadRecordResult, ReaderBuilder};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// Small enough to stay in the second-level cache between reading and parsing.
const BLOCK: u64 = 1 << 20;
/// More than a record of the data has.
const LONGEST_RECORD: usize = 1 << 16;
const BATCH: usize = 8192;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [what, path, threads] = arguments.as_slice() else {
        return Err("usage: floor csv|views|dictionaries FILE THREADS".into());
    };
    let (path, threads) = (Path::new(path), threads.parse()?);
    let start = Instant::now();
    let n_values = match what.as_str() {
        "csv" => csv(path, threads)?,
        "views" => parquet(path, threads, &DataType::Utf8View)?,
        "dictionaries" => {
            parquet(path, threads, &DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)))?
        }
        _ => return Err(format!("`{what}` is none of csv, views, dictionaries").into()),
    };
    println!("{n_values} {:.3}", start.elapsed().as_secs_f64());
    Ok(())
}

/// Runs `work` on every thread and adds up what they count.
fn on_threads(threads: usize, work: impl Fn() -> Result<u64> + Sync) -> Result<u64> {
    std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(&work)).collect();
        running.into_iter().map(|thread| thread.join().expect("no thread panics")).sum()
    })
}

/// The fields of the file, header included.
fn csv(path: &Path, threads: usize) -> Result<u64> {
    let length = std::fs::metadata(path)?.len();
    let next = AtomicU64::new(0);
    on_threads(threads, || {
        let file = File::open(path)?;
        let mut bytes = vec![0; BLOCK as usize + LONGEST_RECORD];
        let mut fields = vec![0; LONGEST_RECORD];
        let mut ends = vec![0; 256];
        let mut n_fields = 0;
        loop {
            let start = next.fetch_add(BLOCK, Ordering::Relaxed);
            if start >= length {
                return Ok(n_fields);
            }
            // A block has the records that begin in it. One begins after each line end, so the byte before is looked at
            // too.
            let from = start.saturating_sub(1);
            let read = read_at_most(&file, &mut bytes, from)?;
            let bytes = &bytes[..read];
            let begin = if start == 0 { 0 } else { after_line_end(bytes, 0) };
            let inside = usize::try_from(BLOCK + start - from)?;
            let end = if read <= inside { read } else { after_line_end(bytes, inside - 1) };
            n_fields += fields_of(&bytes[begin.min(end)..end], &mut fields, &mut ends);
        }
    })
}

fn read_at_most(file: &File, bytes: &mut [u8], from: u64) -> Result<usize> {
    let mut read = 0;
    while read < bytes.len() {
        match file.read_at(&mut bytes[read..], from + read as u64)? {
            0 => break,
            more => read += more,
        }
    }
    Ok(read)
}

/// Where the line after the next line end begins.
fn after_line_end(bytes: &[u8], from: usize) -> usize {
    bytes[from..].iter().position(|&byte| byte == b'\n').map_or(bytes.len(), |place| from + place + 1)
}

fn fields_of(mut bytes: &[u8], fields: &mut [u8], ends: &mut [usize]) -> u64 {
    let mut reader = ReaderBuilder::new().delimiter(b';').build();
    let mut n_fields = 0;
    loop {
        let (result, n_read, _, n_ends) = reader.read_record(bytes, fields, ends);
        bytes = &bytes[n_read..];
        match result {
            ReadRecordResult::Record => n_fields += n_ends as u64,
            ReadRecordResult::End => return n_fields,
            // All of the block is given at once; an empty input now says that there is no more.
            ReadRecordResult::InputEmpty => {}
            ReadRecordResult::OutputFull | ReadRecordResult::OutputEndsFull => {
                unreachable!("a record is shorter than the buffers")
            }
        }
    }
}

/// The values of the file that are not null, each column read as `wanted`.
fn parquet(path: &Path, threads: usize, wanted: &DataType) -> Result<u64> {
    let written = ArrowReaderMetadata::load(&File::open(path)?, ArrowReaderOptions::new())?;
    let columns =
        written.schema().fields().iter().map(|field| Field::new(field.name(), wanted.clone(), field.is_nullable()));
    let schema = Arc::new(Schema::new(columns.collect::<Vec<_>>()));
    let n_columns = schema.fields().len();
    let options = ArrowReaderOptions::new().with_schema(schema);
    let metadata = ArrowReaderMetadata::try_new(Arc::clone(written.metadata()), options)?;
    let next = AtomicUsize::new(0);
    on_threads(threads, || {
        let mut n_values = 0;
        loop {
            let column = next.fetch_add(1, Ordering::Relaxed);
            if column >= n_columns {
                return Ok(n_values);
            }
            let mask = ProjectionMask::leaves(metadata.parquet_schema(), [column]);
            let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(File::open(path)?, metadata.clone());
            for batch in reader.with_projection(mask).with_batch_size(BATCH).build()? {
                let batch = batch?;
                let values = batch.column(0);
                n_values += (values.len() - values.null_count()) as u64;
            }
        }
    })
}
