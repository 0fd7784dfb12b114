//! Finds the fields of a chunk's records, as views into the chunk.
//!
//! Records without quoted fields whose bytes are text as they stand, nearly all of them, take the short way: all
//! delimiters of the chunk are found at once, and their number tells whether a record has its fields; then views are
//! made column by column over blocks of rows small enough for the processor's first cache. Other records are read
//! field by field ([`Fields`]), and what has to be rewritten goes into a second buffer.

use std::borrow::Cow;
use std::cell::RefCell;

use arrow::buffer::{Buffer, ScalarBuffer};
use memchr::memchr;

use super::split::{Close, find_close, without_line_end};
use super::{Chunk, Dialect, place, separators};
use crate::schema::Collection;
use crate::submission::detect::Encoding;
use crate::submission::view;
use crate::submission::{InputFile, ScanRequest};
use crate::table::{Batch, Fault, FaultKind, Raw};

/// Rows whose views are made together: their bytes and delimiters fit into 48 KiB.
const BLOCK_ROWS: usize = 64;

/// In place of a first delimiter, for records that do not take the short way.
const OTHER: u32 = u32::MAX;

/// What is wanted of each record; the same for all chunks of a scan.
#[derive(Debug)]
pub(in crate::submission) struct Layout {
    /// How records are divided.
    pub(in crate::submission) dialect: Dialect,
    encoding: Encoding,
    /// In the header.
    n_columns: usize,
    /// The wanted physical columns, ascending; their places here are their *slots*.
    wanted: Vec<usize>,
    /// Physical column → slot.
    slot_of: Vec<Option<usize>>,
    /// Variable → slot.
    variables: Vec<Option<usize>>,
    raw: bool,
}

impl Layout {
    /// The layout for what `request` wants of `file`.
    pub(in crate::submission) fn new(
        file: &InputFile,
        collection: &Collection,
        request: &ScanRequest,
        dialect: Dialect,
        encoding: Encoding,
    ) -> Self {
        let n_columns = file.header.len();
        let column_of = |variable: usize| {
            let is_wanted = request.wanted.get(variable).copied().unwrap_or(false);
            file.column_of.get(variable).copied().flatten().filter(|column| is_wanted && *column < n_columns)
        };
        let mut wanted: Vec<usize> = (0..collection.variables.len()).filter_map(column_of).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let mut slot_of = vec![None; n_columns];
        for (slot, column) in wanted.iter().enumerate() {
            slot_of[*column] = Some(slot);
        }
        let variables = (0..collection.variables.len())
            .map(|variable| column_of(variable).and_then(|column| slot_of[column]))
            .collect();
        Self { dialect, encoding, n_columns, wanted, slot_of, variables, raw: request.raw }
    }
}

thread_local! {
    /// Offsets of delimiters; kept because clearing new memory for each chunk costs a tenth of the whole.
    static DELIMITERS: RefCell<Vec<u32>> = const { RefCell::new(Vec::new()) };
}

/// Makes a batch of `chunk`.
pub(in crate::submission) fn batch(chunk: Chunk, layout: &Layout) -> Batch {
    let mut delimiters = DELIMITERS.take();
    delimiters.clear();
    separators::find(&chunk.bytes[..chunk.end], layout.dialect.delimiter, &mut delimiters);
    let Tokenizer { views, stride, rewritten, faults, .. } = Tokenizer::new(&chunk, layout).run(&delimiters);
    DELIMITERS.set(delimiters);

    let n_rows = chunk.split.records();
    let buffers = [Buffer::from_vec(chunk.bytes), Buffer::from_vec(rewritten)];
    let views = Buffer::from_vec(views);
    let column = |slot: usize| {
        let views = ScalarBuffer::new(views.clone(), slot * stride, n_rows);
        // The second buffer is seldom needed.
        view::column(views, if buffers[1].is_empty() { &buffers[..1] } else { &buffers })
    };
    let columns = layout.variables.iter().map(|slot| slot.map(column)).collect();
    let [bytes, _] = buffers;
    let raw =
        if layout.raw { Raw::Text { bytes, starts: chunk.split.starts, ends: chunk.split.ends } } else { Raw::None };
    Batch { n_rows, columns, positions: chunk.positions, faults, raw }
}

struct Tokenizer<'a> {
    chunk: &'a Chunk,
    layout: &'a Layout,
    /// Slot by slot, `stride` views each; what is not written stays a blank.
    views: Vec<u128>,
    stride: usize,
    /// Values that do not stand in the chunk as they are meant.
    rewritten: Vec<u8>,
    faults: Vec<Fault>,
    /// Whether non-ASCII bytes have to be looked at one field at a time.
    decode: bool,
}

impl<'a> Tokenizer<'a> {
    fn new(chunk: &'a Chunk, layout: &'a Layout) -> Self {
        let text = &chunk.bytes[..chunk.end];
        let decode = match layout.encoding {
            Encoding::Utf8 => simdutf8::basic::from_utf8(text).is_err(),
            Encoding::Windows1252 => !text.is_ascii(),
        };
        // An odd number of cache lines: columns a multiple of 4 KiB apart would fight for the same ones.
        let stride = (chunk.split.records().div_ceil(4) | 1) * 4;
        let views = vec![0; stride * layout.wanted.len()];
        Self { chunk, layout, views, stride, rewritten: Vec::new(), faults: Vec::new(), decode }
    }

    fn run(mut self, delimiters: &[u32]) -> Self {
        let text = &self.chunk.bytes[..self.chunk.end];
        let n_rows = self.chunk.split.records();
        // Of each record: the number of its first delimiter, and where it ends without its line end.
        let mut firsts = Vec::with_capacity(n_rows);
        let mut ends = Vec::with_capacity(n_rows);
        let mut quoted = self.chunk.split.quoted.iter().copied().peekable();
        let within = self.layout.n_columns.saturating_sub(1);
        let mut first = 0;
        for (row, (start, end)) in self.chunk.split.starts.iter().zip(&self.chunk.split.ends).enumerate() {
            let record = &text[*start as usize..*end as usize];
            let end = start + place(without_line_end(record));
            ends.push(end);
            let is_plain = quoted.next_if_eq(&row).is_none() && (!self.decode || record.is_ascii());
            let last_is_here = within == 0 || delimiters.get(first + within - 1).is_some_and(|last| *last < end);
            let next_is_beyond = delimiters.get(first + within).is_none_or(|next| *next >= end);
            if is_plain && last_is_here && next_is_beyond {
                firsts.push(place(first));
                first += within;
                continue;
            }
            firsts.push(OTHER);
            let here = delimiters[first..].iter().take_while(|delimiter| **delimiter < end).count();
            first += here;
            if is_plain {
                self.faults.push(Fault { row, kind: self.field_count(here + 1) });
            } else {
                self.read_fields(row, *start as usize, end as usize);
            }
        }
        self.make_views(delimiters, &firsts, &ends);
        self
    }

    /// The views of the records that take the short way.
    fn make_views(&mut self, delimiters: &[u32], firsts: &[u32], ends: &[u32]) {
        let bytes = &self.chunk.bytes[..];
        let starts = &self.chunk.split.starts[..];
        let last_column = self.layout.n_columns.saturating_sub(1);
        let view = |start: u32, end: u32| view::padded(bytes, start as usize, end as usize);
        for block in (0..firsts.len()).step_by(BLOCK_ROWS) {
            let rows = block..(block + BLOCK_ROWS).min(firsts.len());
            let (firsts, starts, ends) = (&firsts[rows.clone()], &starts[rows.clone()], &ends[rows.clone()]);
            for (slot, &column) in self.layout.wanted.iter().enumerate() {
                let views = self.views[slot * self.stride..][rows.clone()].iter_mut().zip(firsts);
                if column == 0 {
                    for (((out, &first), &start), &end) in
                        views.zip(starts).zip(ends).filter(|(((_, first), _), _)| **first != OTHER)
                    {
                        *out = view(start, if last_column == 0 { end } else { delimiters[first as usize] });
                    }
                } else if column == last_column {
                    for ((out, &first), &end) in views.zip(ends).filter(|((_, first), _)| **first != OTHER) {
                        *out = view(delimiters[first as usize + column - 1] + 1, end);
                    }
                } else {
                    for (out, &first) in views.filter(|(_, first)| **first != OTHER) {
                        if let [before, after, ..] = &delimiters[first as usize + column - 1..] {
                            *out = view(before + 1, *after);
                        }
                    }
                }
            }
        }
    }

    /// The views and faults of one record, field by field.
    fn read_fields(&mut self, row: usize, start: usize, end: usize) {
        let layout = self.layout;
        let mut found = 0;
        for field in Fields::new(&self.chunk.bytes[..end], start, layout.dialect) {
            let column = found;
            found += 1;
            let Some(slot) = layout.slot_of.get(column) else {
                continue;
            };
            match field.quoting {
                Quoting::None | Quoting::Quoted { .. } => {}
                Quoting::Unclosed => self.faults.push(Fault { row, kind: FaultKind::UnclosedQuote { column } }),
                Quoting::TextAfter => self.faults.push(Fault { row, kind: FaultKind::TextAfterQuote { column } }),
            }
            let view = self.read_field(row, column, &field, slot.is_some());
            if let Some(slot) = slot {
                self.views[slot * self.stride + row] = view;
            }
        }
        if found != layout.n_columns {
            for slot in 0..layout.wanted.len() {
                self.views[slot * self.stride + row] = 0;
            }
            self.faults.push(Fault { row, kind: self.field_count(found) });
        }
    }

    fn read_field(&mut self, row: usize, column: usize, field: &Field, is_wanted: bool) -> u128 {
        let bytes = &self.chunk.bytes[..];
        let written = &bytes[field.start..field.end];
        let mut value = Cow::Borrowed(written);
        if self.decode && !written.is_ascii() {
            let decoded = self.layout.encoding.decode(written);
            if let Some(undecodable) = decoded.first_undecodable {
                let byte = self.chunk.offset + (field.start + undecodable) as u64;
                self.faults.push(Fault { row, kind: FaultKind::Undecodable { column, byte } });
            }
            if let Cow::Owned(text) = decoded.text {
                value = Cow::Owned(text.into_bytes());
            }
        }
        if !is_wanted {
            return 0;
        }
        if field.quoting == (Quoting::Quoted { escapes: true }) {
            value = Cow::Owned(unescape(&value));
        }
        let Cow::Owned(value) = value else {
            return view::padded(bytes, field.start, field.end);
        };
        let (start, end) = view::trim(&value, 0, value.len());
        let value = &value[start..end];
        let view = view::of(value, 1, self.rewritten.len());
        if value.len() > view::INLINE {
            self.rewritten.extend_from_slice(value);
        }
        view
    }

    fn field_count(&self, found: usize) -> FaultKind {
        FaultKind::FieldCount { found, expected: self.layout.n_columns }
    }
}

/// `value` with each pair of quotation marks made one.
fn unescape(value: &[u8]) -> Vec<u8> {
    let mut single = Vec::with_capacity(value.len());
    let mut rest = value;
    while let Some(quote) = memchr(b'"', rest) {
        single.extend_from_slice(&rest[..=quote]);
        rest = rest.get(quote + 2..).unwrap_or_default();
    }
    single.extend_from_slice(rest);
    single
}

/// One field of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::submission) struct Field {
    /// First byte of the value, quotation marks that count excepted.
    pub(in crate::submission) start: usize,
    /// End of the value.
    pub(in crate::submission) end: usize,
    /// How it is written.
    pub(in crate::submission) quoting: Quoting,
}

impl Field {
    /// The value as meant, neither decoded nor trimmed.
    pub(in crate::submission) fn value<'a>(&self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        let written = &bytes[self.start..self.end];
        if self.quoting == (Quoting::Quoted { escapes: true }) {
            Cow::Owned(unescape(written))
        } else {
            Cow::Borrowed(written)
        }
    }
}

/// How a field is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::submission) enum Quoting {
    /// Without a quotation mark at its start.
    None,
    /// Within quotation marks.
    Quoted {
        /// Whether pairs of quotation marks stand for one.
        escapes: bool,
    },
    /// It starts with a quotation mark that is never closed.
    Unclosed,
    /// There is text after its closing quotation mark.
    TextAfter,
}

/// The fields of one record.
pub(in crate::submission) struct Fields<'a> {
    /// Up to the end of the record, its line end excluded.
    bytes: &'a [u8],
    dialect: Dialect,
    /// Where the next field starts; `None` after the last.
    next: Option<usize>,
}

impl<'a> Fields<'a> {
    /// The fields of the record that starts at `start` and ends, without its line end, with `bytes`.
    pub(in crate::submission) fn new(bytes: &'a [u8], start: usize, dialect: Dialect) -> Self {
        Self { bytes, dialect, next: Some(start) }
    }

    /// The next delimiter from `at` on, or the end.
    fn stop(&self, at: usize) -> usize {
        memchr(self.dialect.delimiter, &self.bytes[at..]).map_or(self.bytes.len(), |distance| at + distance)
    }
}

impl Iterator for Fields<'_> {
    type Item = Field;

    fn next(&mut self) -> Option<Field> {
        let start = self.next?;
        let close = match self.bytes.get(start) {
            // The split has seen that the record ends here, so what is not closed by now never is.
            Some(b'"') => Some(find_close(self.bytes, start, true, self.dialect.max_quoted)),
            _ => None,
        };
        let (field, stop) = match close {
            Some(Close::At(close)) => {
                let stop = self.stop(close + 1);
                if self.bytes[close + 1..stop].iter().all(|byte| matches!(byte, b' ' | b'\t')) {
                    let escapes = memchr(b'"', &self.bytes[start + 1..close]).is_some();
                    (Field { start: start + 1, end: close, quoting: Quoting::Quoted { escapes } }, stop)
                } else {
                    (Field { start, end: stop, quoting: Quoting::TextAfter }, stop)
                }
            }
            Some(Close::Never | Close::Undecided) => {
                let stop = self.stop(start);
                (Field { start, end: stop, quoting: Quoting::Unclosed }, stop)
            }
            None => {
                let stop = self.stop(start);
                (Field { start, end: stop, quoting: Quoting::None }, stop)
            }
        };
        self.next = (stop < self.bytes.len()).then_some(stop + 1);
        Some(field)
    }
}
