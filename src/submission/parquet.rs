//! Parquet: the same records as a CSV file would hold, column by column.
//!
//! Responsible for opening a file by its footer and for decoding its columns, divided among several readers so that all
//! threads have work even within one row group. How values become text is in [`text`]. A file that is cut off or
//! damaged is an error that says so: the `parquet` crate may panic on damaged pages, so decoding is fenced.
//! Deliberately uses no page index and no statistics: every record is read.

mod text;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::detect::{Identified, identify};
use super::pump::pump;
use super::{Format, InputError, InputFile, ReadOptions, ScanRequest, ScanSummary, csv};
use crate::model::VariableIndex;
use crate::schema::{Collection, Schemas};
use crate::table::{Batch, Column, Fault, FaultKind, Lines, Positions, Raw};
use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};
use parquet::basic::{Encoding, EncodingMask};
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use parquet::file::statistics::Statistics;

/// The first and last four bytes of a Parquet file.
pub(super) const MAGIC: &[u8] = b"PAR1";

/// Records of a batch, unless asked otherwise.
const BATCH_ROWS: usize = 4096;

/// The largest batch that is granted.
const MAX_BATCH_ROWS: usize = 1 << 20;

/// Readers for each thread, so that threads that decode behind each other seldom wait.
const READERS_PER_THREAD: usize = 4;

/// Most readers, each with a file handle of its own; more columns than this share them.
const MAX_READERS: usize = 64;

/// Opens a Parquet file whose first bytes are `sample`; see [`InputFile::open`].
pub(super) fn open(
    path: &Path,
    size: u64,
    sample: &[u8],
    schemas: &Schemas,
    options: &ReadOptions,
) -> Result<InputFile, InputError> {
    if !sample.starts_with(MAGIC) {
        let what = if sample.starts_with(b"PARE") { "it is encrypted" } else { "it does not begin as one" };
        return Err(bad(path, format!("named as a Parquet file, but {what}")));
    }
    let (_, metadata) = load(path, Texts::AsViews)?;
    let records = records(path, &metadata)?;
    let names: Vec<String> = metadata.schema().fields().iter().map(|field| field.name().trim().to_owned()).collect();
    let Identified { header, column_of, layout, row_column_of, collection, collection_source } =
        identify(path, &names, schemas, options)?;
    for (field, column) in metadata.schema().fields().iter().zip(&header) {
        if column.variable.is_some() {
            check_type(path, field)?;
        }
    }
    Ok(InputFile {
        path: path.to_path_buf(),
        size,
        format: Format::Parquet { records },
        header,
        column_of,
        layout,
        row_column_of,
        collection,
        collection_source,
        statement: super::Statement::default(),
        chunk_bytes: options.chunk_bytes,
        batch_rows: options.batch_rows,
        start: csv::Start::default(),
    })
}

/// Reads every record of `file`; see [`InputFile::scan`].
///
/// # Errors
/// If the file is damaged or has a column that cannot be text, if `fold` fails, or on `stop`.
pub fn scan<R: Send>(
    file: &InputFile,
    collection: &Collection,
    request: &ScanRequest,
    stop: &AtomicBool,
    progress: &(dyn Fn(u64) + Sync),
    map: &(dyn Fn(Batch) -> R + Sync),
    fold: &mut dyn FnMut(R) -> Result<(), InputError>,
) -> Result<ScanSummary, InputError> {
    // Rows that are wanted unchanged have the types of `schema`.
    let (_, metadata) = load(&file.path, if request.raw { Texts::AsViews } else { Texts::AsWritten })?;
    let layout = Layout::new(file, collection, request, &metadata)?;
    let decoder = Decoder::new(file, &layout, &metadata)?;
    let records = decoder.records;
    let (mut number, mut first_row) = (0, 0);
    let mut next = || {
        let left = usize::try_from(records - first_row).unwrap_or(usize::MAX);
        let n_rows = left.min(decoder.batch_rows);
        let part = Part { number, first_row, n_rows };
        number += 1;
        first_row += n_rows as u64;
        Ok((n_rows > 0).then_some(part))
    };
    let decode = |part: Part| {
        let rows_done = part.first_row + part.n_rows as u64;
        Ok((map(layout.batch(decoder.decode(part)?)?), rows_done))
    };
    let mut told = 0;
    let mut fold = |(result, rows_done): (R, u64)| {
        fold(result)?;
        let done = share(file.size, rows_done, records);
        progress(done - told);
        told = done;
        Ok(())
    };
    pump(stop, &mut next, &decode, &mut fold)?;
    progress(file.size - told);
    Ok(ScanSummary { records, rows: records, blank_lines: 0 })
}

/// The columns of `file`, with the types in which [`Raw::Arrow`] holds them.
///
/// # Errors
/// If the footer cannot be read.
pub fn schema(file: &InputFile) -> Result<SchemaRef, InputError> {
    load(&file.path, Texts::AsViews).map(|(_, metadata)| Arc::clone(metadata.schema()))
}

/// `part` of `whole`, as bytes of `size`.
fn share(size: u64, part: u64, whole: u64) -> u64 {
    let bytes = u128::from(size) * u128::from(part) / u128::from(whole.max(1));
    u64::try_from(bytes).map_or(size, |bytes| bytes.min(size))
}

fn bad(path: &Path, message: String) -> InputError {
    InputError::Parquet { path: path.to_path_buf(), message }
}

thread_local! {
    static FENCED: Cell<bool> = const { Cell::new(false) };
}

/// Whether a panic on this thread would be caught here and reported as damage to the file, so that a panic hook has
/// nothing to say about it.
pub fn is_fenced() -> bool {
    FENCED.get()
}

/// Runs `decode`, turning a panic of the `parquet` crate over damaged data into an error.
///
/// # Errors
/// Whatever `decode` says, or that the data is damaged.
pub(crate) fn fence<T>(decode: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    FENCED.set(true);
    let result = catch_unwind(AssertUnwindSafe(decode));
    FENCED.set(false);
    result.unwrap_or_else(|_| Err("the data is damaged".to_owned()))
}

fn fenced<T>(path: &Path, doing: &str, decode: impl FnOnce() -> Result<T, String>) -> Result<T, InputError> {
    fence(decode).map_err(|message| bad(path, format!("{doing}: {message}")))
}

/// As what columns of text are read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Texts {
    /// All as views.
    AsViews,
    /// As dictionaries where they are written wholly so, otherwise as views.
    AsWritten,
}

/// Reads the footer, with columns typed as they are to be read.
fn load(path: &Path, texts: Texts) -> Result<(File, ArrowReaderMetadata), InputError> {
    let file = File::open(path).map_err(|error| InputError::io(path, error))?;
    let metadata = fenced(path, "the footer cannot be read, the file is cut off or damaged", || {
        let metadata =
            ArrowReaderMetadata::load(&file, ArrowReaderOptions::new()).map_err(|error| error.to_string())?;
        let typed = |(column, field): (usize, &FieldRef)| {
            let is_keyed = texts == Texts::AsWritten && is_dictionary(metadata.metadata(), column);
            if is_keyed { as_dictionary(field) } else { as_view(field) }
        };
        let fields: Vec<Field> = metadata.schema().fields().iter().enumerate().map(typed).collect();
        let schema = Schema::new_with_metadata(fields, metadata.schema().metadata().clone());
        let options = ArrowReaderOptions::new().with_schema(Arc::new(schema));
        // Types that cannot be had as views are read as they are.
        Ok(ArrowReaderMetadata::try_new(Arc::clone(metadata.metadata()), options).unwrap_or(metadata))
    })?;
    Ok((file, metadata))
}

/// Whether every page of a column is written as places in a dictionary, and values are not rare, as far as the footer tells.
/// Only then do batches share a dictionary; otherwise, and for batches without a value, one would be made for each.
fn is_dictionary(metadata: &ParquetMetaData, column: usize) -> bool {
    let schema = metadata.file_metadata().schema_descr();
    let mut leaves = (0..schema.num_columns()).filter(|leaf| schema.get_column_root_idx(*leaf) == column);
    let (Some(leaf), None) = (leaves.next(), leaves.next()) else { return false };
    metadata.row_groups().iter().all(|group| {
        let chunk = group.column(leaf);
        let is_only =
            |mask: &EncodingMask| mask.is_only(Encoding::RLE_DICTIONARY) || mask.is_only(Encoding::PLAIN_DICTIONARY);
        let nulls = chunk.statistics().and_then(Statistics::null_count_opt).unwrap_or(0);
        let rows = u64::try_from(group.num_rows()).unwrap_or(0);
        let is_rare = nulls > rows - rows / 8;
        !is_rare && chunk.dictionary_page_offset().is_some() && chunk.page_encoding_stats_mask().is_some_and(is_only)
    })
}

fn type_of_values(field: &Field) -> &DataType {
    match field.data_type() {
        DataType::Dictionary(_, value_type) => value_type,
        other => other,
    }
}

fn as_dictionary(field: &Field) -> Field {
    let of = |values| field.clone().with_data_type(DataType::Dictionary(Box::new(DataType::Int32), Box::new(values)));
    match type_of_values(field) {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => of(DataType::Utf8),
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => of(DataType::Binary),
        _ => field.clone(),
    }
}

fn as_view(field: &Field) -> Field {
    match type_of_values(field) {
        DataType::Utf8 | DataType::LargeUtf8 => field.clone().with_data_type(DataType::Utf8View),
        DataType::Binary | DataType::LargeBinary => field.clone().with_data_type(DataType::BinaryView),
        _ => field.clone(),
    }
}

/// How many records the file holds, by its footer.
fn records(path: &Path, metadata: &ArrowReaderMetadata) -> Result<u64, InputError> {
    let stated = metadata.metadata().file_metadata().num_rows();
    let groups = metadata.metadata().row_groups().iter();
    let counted = groups.map(RowGroupMetaData::num_rows).try_fold(0_i64, i64::checked_add);
    match (u64::try_from(stated), counted) {
        (Ok(records), Some(counted)) if counted == stated => Ok(records),
        _ => Err(bad(path, "the footer contradicts itself about the number of records".to_owned())),
    }
}

fn check_type(path: &Path, field: &Field) -> Result<(), InputError> {
    if text::is_readable(field.data_type()) {
        return Ok(());
    }
    let message = format!("column `{}` has type {}; expected {}", field.name(), field.data_type(), text::EXPECTED);
    Err(bad(path, message))
}

/// What is wanted of each record; the same for all batches of a scan.
struct Layout<'a> {
    path: &'a Path,
    /// The physical columns that are read, ascending.
    columns: Vec<usize>,
    /// Variable → place in `columns`, and what stands between the values of a list.
    variables: Vec<Option<(usize, u8)>>,
    /// For each of `columns` the dictionary that its last batch had, where it is read as one.
    dictionaries: Vec<Mutex<Option<Arc<text::Dictionary>>>>,
    /// Of all columns that are read, where records are wanted unchanged.
    raw: Option<SchemaRef>,
}

impl<'a> Layout<'a> {
    fn new(
        file: &'a InputFile,
        collection: &Collection,
        request: &ScanRequest,
        metadata: &ArrowReaderMetadata,
    ) -> Result<Self, InputError> {
        let fields = metadata.schema().fields();
        if fields.len() != file.header.len() {
            return Err(bad(&file.path, "the file has changed while it was read".to_owned()));
        }
        let column_of = |variable: usize| {
            let is_wanted = request.wanted.get(variable).copied().unwrap_or(false);
            file.column_of.get(variable).copied().flatten().filter(|column| is_wanted && *column < fields.len())
        };
        let n_variables = collection.variables.len();
        let mut columns: Vec<usize> =
            if request.raw { (0..fields.len()).collect() } else { (0..n_variables).filter_map(column_of).collect() };
        columns.sort_unstable();
        columns.dedup();
        let mut variables = Vec::with_capacity(n_variables);
        for variable in 0..n_variables {
            let Some(column) = column_of(variable) else {
                variables.push(None);
                continue;
            };
            check_type(&file.path, &fields[column])?;
            let separators = &collection.get(VariableIndex(variable)).separators;
            let separator = separators.first().copied().unwrap_or(b',');
            variables.push(columns.binary_search(&column).ok().map(|place| (place, separator)));
        }
        let raw = request.raw.then(|| Arc::clone(metadata.schema()));
        let dictionaries = columns.iter().map(|_| Mutex::default()).collect();
        Ok(Self { path: &file.path, columns, variables, dictionaries, raw })
    }

    /// The text of `decoded`.
    fn batch(&self, decoded: Decoded) -> Result<Batch, InputError> {
        let Decoded { first_row, n_rows, columns } = decoded;
        let mut faults = Vec::new();
        let n_variables = self.variables.len();
        let mut texts: Vec<Option<Column>> = vec![None; n_variables];
        // Parts begin with different columns, so that of new dictionaries each thread makes others ready.
        let first = usize::try_from(first_row).unwrap_or(0) / n_rows.max(1) * 7;
        for variable in (0..n_variables).map(|place| (first + place) % n_variables) {
            let Some((place, separator)) = &self.variables[variable] else { continue };
            let text = fenced(self.path, "a column cannot be read as text", || {
                text::keyed(&columns[*place], *separator, &self.dictionaries[*place])
            })?;
            let column = self.columns[*place];
            let fault = |(row, byte)| Fault { row, kind: FaultKind::Undecodable { column, byte } };
            faults.extend(text.undecodable.into_iter().map(fault));
            texts[variable] = Some(text.column);
        }
        faults.sort_by_key(|fault| match fault.kind {
            FaultKind::Undecodable { column, .. } => (fault.row, column),
            _ => (fault.row, 0),
        });
        let raw = match &self.raw {
            None => Raw::None,
            Some(schema) => {
                let options = RecordBatchOptions::new().with_row_count(Some(n_rows));
                let batch = RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options);
                Raw::Arrow(batch.map_err(|error| bad(self.path, format!("columns do not fit together: {error}")))?)
            }
        };
        let positions = Positions { first_row, lines: Lines::None, unfolded: None };
        Ok(Batch { n_rows, columns: texts, positions, faults, raw })
    }
}

/// Some records as the `parquet` crate hands them out.
struct Decoded {
    first_row: u64,
    n_rows: usize,
    /// In the order of [`Layout::columns`].
    columns: Vec<ArrayRef>,
}

/// Some consecutive records that are to be read.
#[derive(Clone, Copy)]
struct Part {
    /// From 0.
    number: u64,
    first_row: u64,
    n_rows: usize,
}

/// Decodes all columns, part by part. The columns are divided among readers, each of which goes through the parts in order.
///
/// A thread that wants a part decodes whatever is next for any reader, of its own part or of an earlier one, until its own is
/// complete. So all threads have work where a few columns take long, as at the start of a row group, whose dictionaries are
/// read then.
struct Decoder<'a> {
    path: &'a Path,
    readers: Vec<Mutex<ParquetRecordBatchReader>>,
    schedule: Mutex<Schedule>,
    moved_on: Condvar,
    batch_rows: usize,
    records: u64,
}

/// Which reader is where.
struct Schedule {
    /// For each reader the number of its next part; `None` while it is at work, and once it has failed.
    next: Vec<Option<u64>>,
    /// The parts that were asked for and are not complete, by their numbers.
    parts: BTreeMap<u64, InTheMaking>,
    /// The first part that a reader failed at; no later one is made any more.
    failed: u64,
}

struct InTheMaking {
    part: Part,
    /// What each reader has made of it.
    columns: Vec<Option<Result<RecordBatch, InputError>>>,
}

impl Schedule {
    /// The earliest part that a reader can go on with.
    fn find_work(&self) -> Option<(usize, Part)> {
        let ready = |(number, making): (&u64, &InTheMaking)| {
            let reader = self.next.iter().position(|next| *next == Some(*number))?;
            Some((reader, making.part))
        };
        self.parts.iter().find_map(ready)
    }
}

impl<'a> Decoder<'a> {
    fn new(file: &'a InputFile, layout: &Layout<'_>, metadata: &ArrowReaderMetadata) -> Result<Self, InputError> {
        let path = &file.path;
        let asked = if file.batch_rows == 0 { BATCH_ROWS } else { file.batch_rows };
        let batch_rows = asked.min(MAX_BATCH_ROWS);
        let n_readers = (rayon::current_num_threads() * READERS_PER_THREAD).min(MAX_READERS);
        let columns_each = layout.columns.len().div_ceil(n_readers).max(1);
        let mut readers = Vec::new();
        for columns in layout.columns.chunks(columns_each) {
            // Not one handle for all: clones of a handle share their place in the file.
            let handle = File::open(path).map_err(|error| InputError::io(path, error))?;
            let mask = ProjectionMask::roots(metadata.parquet_schema(), columns.iter().copied());
            let reader = fenced(path, "a column cannot be opened", || {
                ParquetRecordBatchReaderBuilder::new_with_metadata(handle, metadata.clone())
                    .with_projection(mask)
                    .with_batch_size(batch_rows)
                    .build()
                    .map_err(|error| error.to_string())
            })?;
            readers.push(Mutex::new(reader));
        }
        let schedule = Schedule { next: vec![Some(0); readers.len()], parts: BTreeMap::new(), failed: u64::MAX };
        let (schedule, moved_on) = (Mutex::new(schedule), Condvar::new());
        Ok(Self { path, readers, schedule, moved_on, batch_rows, records: records(path, metadata)? })
    }

    /// One part. Parts are taken in the order of their numbers, so that those before have been asked for.
    fn decode(&self, part: Part) -> Result<Decoded, InputError> {
        let mut schedule = self.schedule();
        let columns = self.readers.iter().map(|_| None).collect();
        schedule.parts.insert(part.number, InTheMaking { part, columns });
        loop {
            if schedule.failed < part.number {
                schedule.parts.remove(&part.number);
                // What is wrong is told by the part that met it, which comes before this one.
                return Err(bad(self.path, format!("damaged before record {}", part.first_row + 1)));
            }
            let making = schedule.parts.get(&part.number);
            if making.is_some_and(|making| making.columns.iter().all(Option::is_some)) {
                let made = schedule.parts.remove(&part.number).map(|making| making.columns).unwrap_or_default();
                drop(schedule);
                // Of several readers that failed the first one tells, whichever was the quickest.
                let batches = made.into_iter().flatten().collect::<Result<Vec<RecordBatch>, InputError>>()?;
                let columns = batches.iter().flat_map(|batch| batch.columns().iter().cloned()).collect();
                return Ok(Decoded { first_row: part.first_row, n_rows: part.n_rows, columns });
            }
            schedule = match schedule.find_work() {
                None => self.moved_on.wait(schedule).unwrap_or_else(PoisonError::into_inner),
                Some((reader, next)) => {
                    schedule.next[reader] = None;
                    drop(schedule);
                    let batch = self.read(reader, &next);
                    let mut schedule = self.schedule();
                    if batch.is_ok() {
                        schedule.next[reader] = Some(next.number + 1);
                    } else {
                        schedule.failed = schedule.failed.min(next.number);
                    }
                    if let Some(making) = schedule.parts.get_mut(&next.number) {
                        making.columns[reader] = Some(batch);
                    }
                    self.moved_on.notify_all();
                    schedule
                }
            };
        }
    }

    fn schedule(&self) -> MutexGuard<'_, Schedule> {
        self.schedule.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A part from one reader.
    fn read(&self, reader: usize, part: &Part) -> Result<RecordBatch, InputError> {
        let mut reader = self.readers[reader].lock().unwrap_or_else(PoisonError::into_inner);
        read(self.path, &mut reader, part)
    }
}

/// A part from one reader.
fn read(path: &Path, reader: &mut ParquetRecordBatchReader, part: &Part) -> Result<RecordBatch, InputError> {
    fenced(path, &format!("damaged at or after record {}", part.first_row + 1), || match reader.next() {
        Some(Ok(batch)) if batch.num_rows() == part.n_rows => Ok(batch),
        Some(Ok(_)) | None => Err("a column has fewer values than the file has records".to_owned()),
        Some(Err(error)) => Err(error.to_string()),
    })
}

#[cfg(test)]
mod tests;
