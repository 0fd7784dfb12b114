//! Separated text: chunks cut at record ends, fields as views into their chunk.
//!
//! Responsible for reading records exactly as the rules below say, whatever the chunk size. Chunks are read one after
//! another, and where their records are is found at once ([`split`]), and thereby their numbers and lines; the fields of
//! each chunk are then found in parallel ([`tokenize`]). Deliberately does not use the `csv` crate: its records are copied field by field,
//! and it neither knows physical lines nor reports a quotation mark that is never closed.
//!
//! # Rules
//!
//! After RFC 4180, section 2, with what it leaves open decided so that one bad record never eats the next:
//!
//! - A record ends at LF or CRLF, or where the file ends. A lone CR is data.
//! - A line of nothing but spaces and tabs is no record. (A tab that is the delimiter makes it one.)
//! - A quotation mark is special only as the very first byte of a field. Inside, `""` is one quotation mark, and
//!   delimiters and line breaks are data. Spaces and tabs after the closing one are ignored.
//! - A field whose quotation mark is not closed within [`MAX_QUOTED`] bytes, or before the file ends, was never
//!   quoted: the mark is an ordinary character, and the record ends at the line end. Fault `UnclosedQuote`.
//! - A field with text after its closing quotation mark is taken as written, up to the next delimiter or line end.
//!   Fault `TextAfterQuote`. If a line break stands before that mark, the mark is more likely one that opens a field of
//!   a later record: the field was never quoted, and its record ends at the line end. Fault `UnclosedQuote`.
//! - A record with another number of fields than the header has blank fields. Fault `FieldCount`.
//! - Spaces, tabs and no-break spaces around a value are not part of it, whether quoted or not.

mod separators;
pub(super) mod split;
pub(super) mod tokenize;

use std::fs::File;
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, PoisonError};

use super::pump::pump;
use super::view::PADDING;
use super::{Delimiter, Format, InputError, InputFile, ScanRequest, ScanSummary};
use crate::model::Text;
use crate::schema::Collection;
use crate::table::{Batch, Positions};

use split::Split;
use tokenize::Layout;

/// The furthest a closing quotation mark may be from its opening one.
pub const MAX_QUOTED: usize = 64 << 10;

/// The longest record, its line end included.
pub const MAX_RECORD: usize = 16 << 20;

/// Bytes of a chunk, unless asked otherwise; see `benches/read.rs`.
const CHUNK_BYTES: usize = 512 << 10;

/// The largest chunk that is granted: offsets are 32 bits wide.
const MAX_CHUNK_BYTES: usize = 64 << 20;

/// How text is divided into records and fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Dialect {
    /// Between fields.
    pub(super) delimiter: u8,
    /// See [`MAX_QUOTED`]; smaller in tests.
    pub(super) max_quoted: usize,
    /// See [`MAX_RECORD`]; smaller in tests.
    pub(super) max_record: usize,
}

impl Dialect {
    /// The rules of this module with `delimiter`.
    pub(super) fn new(delimiter: Delimiter) -> Self {
        Self { delimiter: delimiter.byte(), max_quoted: MAX_QUOTED, max_record: MAX_RECORD }
    }
}

/// Where the records of a file begin, for a file whose header has been read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Start {
    /// Bytes before the first record: byte order mark, header, and what precedes it.
    pub(crate) byte: u64,
    /// 1-based line after the header.
    pub(crate) line: u64,
    /// 1-based spreadsheet row after the header.
    pub(crate) sheet_row: u64,
}

/// A part of the file that holds whole records, and where they are.
#[derive(Debug)]
pub(super) struct Chunk {
    /// The text, and [`PADDING`] zeros.
    pub(super) bytes: Vec<u8>,
    /// Where the text ends in `bytes`.
    pub(super) end: usize,
    /// Where the text starts in the file.
    pub(super) offset: u64,
    /// The records in it.
    pub(super) split: Split,
    /// Their places in the file.
    pub(super) positions: Positions,
}

/// Reads every record of `file`; see [`InputFile::scan`].
///
/// # Errors
/// If the file cannot be read on, has a record that is too long, if `fold` fails, or on `stop`.
pub fn scan<R: Send>(
    file: &InputFile,
    collection: &Collection,
    request: &ScanRequest,
    stop: &AtomicBool,
    progress: &(dyn Fn(u64) + Sync),
    map: &(dyn Fn(Batch) -> R + Sync),
    fold: &mut dyn FnMut(R) -> Result<(), InputError>,
) -> Result<ScanSummary, InputError> {
    let Format::Csv { delimiter, encoding, .. } = file.format else {
        return Err(InputError::BadOption(Text::new(
            format!("`{}` är inte avgränsad text", file.path.display()),
            format!("`{}` is not separated text", file.path.display()),
        )));
    };
    let layout = Layout::new(file, collection, request, Dialect::new(delimiter), encoding);
    scan_with(file, &layout, stop, progress, map, fold)
}

/// [`scan`] with a dialect that can be chosen.
fn scan_with<R: Send>(
    file: &InputFile,
    layout: &Layout,
    stop: &AtomicBool,
    progress: &(dyn Fn(u64) + Sync),
    map: &(dyn Fn(Batch) -> R + Sync),
    fold: &mut dyn FnMut(R) -> Result<(), InputError>,
) -> Result<ScanSummary, InputError> {
    let source = File::open(&file.path).map_err(|error| InputError::io(&file.path, error))?;
    let chunk_bytes = if file.chunk_bytes == 0 { CHUNK_BYTES } else { file.chunk_bytes };
    let spare = Spare::default();
    let mut reader = ChunkReader::new(source, &file.path, layout.dialect, chunk_bytes, file.start, &spare)?;
    progress(file.start.byte);
    let mut summary = ScanSummary::default();
    let map = |chunk: Chunk| {
        let (bytes, records, blank_lines) = (chunk.end as u64, chunk.split.records() as u64, chunk.split.blank_lines);
        // Chunks may be blank lines only.
        let result = (records > 0).then(|| {
            let (batch, kept) = tokenize::batch(chunk, layout);
            let result = map(batch);
            kept.take_back(&spare);
            result
        });
        Ok((result, bytes, ScanSummary { records, rows: records, blank_lines }))
    };
    let mut fold = |(result, bytes, part): (Option<R>, u64, ScanSummary)| {
        summary.records += part.records;
        summary.rows += part.rows;
        summary.blank_lines += part.blank_lines;
        if let Some(result) = result {
            fold(result)?;
        }
        progress(bytes);
        Ok(())
    };
    pump(stop, &mut || reader.chunk(), &map, &mut fold)?;
    Ok(summary)
}

/// What stands before the first record, byte for byte: byte order mark, header, its line end.
///
/// With the raw records of a scan it makes up the file again (lines that are no records excepted).
///
/// # Errors
/// If the file cannot be read.
pub fn header_bytes(file: &InputFile) -> Result<Vec<u8>, InputError> {
    let source = File::open(&file.path).map_err(|error| InputError::io(&file.path, error))?;
    let mut bytes = Vec::new();
    source.take(file.start.byte).read_to_end(&mut bytes).map_err(|error| InputError::io(&file.path, error))?;
    Ok(bytes)
}

/// An offset within a chunk, or a number of things in it.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "a chunk is shorter than MAX_CHUNK_BYTES and two records together")]
fn place(offset: usize) -> u32 {
    offset as u32
}

/// Memory of chunks that are done with: new memory costs the system more than reading a chunk does.
#[derive(Default)]
pub(super) struct Spare(Mutex<Vec<Vec<u8>>>);

impl Spare {
    fn take(&self) -> Vec<u8> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    /// Keeps the memory of some bytes.
    pub(super) fn keep(&self, bytes: Vec<u8>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(bytes);
    }
}

/// Room for at least so many bytes and the padding behind them.
fn grow(bytes: &mut Vec<u8>, wanted: usize) {
    if bytes.len() < wanted + PADDING {
        bytes.resize(wanted + PADDING, 0);
    }
}

/// Cuts a file into chunks of whole records.
struct ChunkReader<'a> {
    source: File,
    path: &'a Path,
    dialect: Dialect,
    chunk_bytes: usize,
    /// Read, but not yet handed out: the start of the next chunk.
    rest: Vec<u8>,
    at_end: bool,
    offset: u64,
    /// 0-based number of the next record.
    row: u64,
    /// 1-based line of the next byte.
    line: u64,
    /// 1-based spreadsheet row of the next record.
    sheet_row: u64,
    /// Where memory that was used before may be had.
    spare: &'a Spare,
}

impl<'a> ChunkReader<'a> {
    fn new(
        mut source: File,
        path: &'a Path,
        dialect: Dialect,
        chunk_bytes: usize,
        start: Start,
        spare: &'a Spare,
    ) -> Result<Self, InputError> {
        source.seek(SeekFrom::Start(start.byte)).map_err(|error| InputError::io(path, error))?;
        Ok(Self {
            source,
            path,
            dialect,
            chunk_bytes: chunk_bytes.clamp(1, MAX_CHUNK_BYTES),
            rest: Vec::new(),
            at_end: false,
            offset: start.byte,
            row: 0,
            line: start.line,
            sheet_row: start.sheet_row,
            spare,
        })
    }

    /// The next chunk; `None` at the end of the file.
    fn chunk(&mut self) -> Result<Option<Chunk>, InputError> {
        let mut wanted = self.chunk_bytes;
        let mut bytes = self.spare.take();
        // What was read; behind it lies whatever was there before.
        let mut end = self.rest.len();
        grow(&mut bytes, end);
        bytes[..end].copy_from_slice(&self.rest);
        self.rest.clear();
        loop {
            end = self.fill(&mut bytes, end, wanted)?;
            if end == 0 {
                return Ok(None);
            }
            let split = split::split(&bytes[..end], self.at_end, self.dialect, self.line, self.sheet_row);
            if let Some(line) = split.too_long {
                return Err(self.too_long(line));
            }
            if split.end > 0 {
                return Ok(Some(self.hand_out(bytes, end, split)));
            }
            // Not one whole record: the chunk grows.
            wanted = end * 2;
        }
    }

    /// Reads on from `end` until there are as many bytes as wanted, or the file ends; where they end then.
    fn fill(&mut self, bytes: &mut Vec<u8>, mut end: usize, wanted: usize) -> Result<usize, InputError> {
        grow(bytes, wanted);
        while end < wanted && !self.at_end {
            match self.source.read(&mut bytes[end..wanted]) {
                Ok(n_read) => {
                    end += n_read;
                    self.at_end = n_read == 0;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(InputError::io(self.path, error)),
            }
        }
        Ok(end)
    }

    fn hand_out(&mut self, mut bytes: Vec<u8>, read: usize, split: Split) -> Chunk {
        let end = split.end;
        self.rest.extend_from_slice(&bytes[end..read]);
        bytes.truncate(end);
        bytes.resize(end + PADDING, 0);
        let offset = self.offset;
        let positions = Positions { first_row: self.row, lines: split.lines.clone(), unfolded: None };
        self.offset += end as u64;
        self.row += split.records() as u64;
        self.line = split.next_line;
        self.sheet_row = split.next_sheet_row;
        Chunk { bytes, end, offset, split, positions }
    }

    fn too_long(&self, line: u64) -> InputError {
        InputError::RecordTooLong { path: self.path.to_path_buf(), line, limit: self.dialect.max_record }
    }
}

#[cfg(test)]
mod tests;
