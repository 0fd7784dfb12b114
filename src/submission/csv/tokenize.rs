//! Finds the fields of a chunk's records, as views into the chunk.
//!
//! Records without quotation marks, or with none but those around whole fields, take the short way, that is nearly all:
//! all delimiters of the chunk are found at once, and their number tells whether a record has its fields; then views
//! are made column by column over blocks of rows small enough for the processor's first cache. Where bytes beyond ASCII
//! have to be decoded, the few fields that have them are looked at again. Other records are read field by field
//! ([`Fields`]). What has to be rewritten goes into a second buffer.

use std::borrow::Cow;
use std::cell::RefCell;
use std::sync::Arc;

use arrow::buffer::{Buffer, ScalarBuffer};
use memchr::{memchr, memchr_iter};

use super::split::without_line_end;
use super::{Chunk, Dialect, Spare, place, separators};
use crate::schema::Collection;
use crate::submission::detect::Encoding;
use crate::submission::view;
use crate::submission::{InputFile, ScanRequest};
use crate::table::{Batch, Column, Fault, FaultKind, Raw};

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
    /// Memory for views, kept for the same reason.
    static VIEWS: RefCell<Vec<u128>> = const { RefCell::new(Vec::new()) };
}

/// The memory of a batch, to be used again when the batch is gone.
pub(in crate::submission) struct Kept {
    bytes: Buffer,
    views: Buffer,
}

impl Kept {
    /// Takes the memory back, unless somebody still holds a part of the batch.
    pub(in crate::submission) fn take_back(self, spare: &Spare) {
        if let Ok(bytes) = self.bytes.into_vec() {
            spare.keep(bytes);
        }
        if let Ok(views) = self.views.into_vec() {
            VIEWS.set(views);
        }
    }
}

/// Makes a batch of `chunk`.
pub(in crate::submission) fn batch(chunk: Chunk, layout: &Layout) -> (Batch, Kept) {
    let mut delimiters = DELIMITERS.take();
    delimiters.clear();
    separators::find(&chunk.bytes[..chunk.end], layout.dialect.delimiter, &mut delimiters);
    let Tokenizer { views, stride, rewritten, faults, .. } = Tokenizer::new(&chunk, layout).run(&delimiters);
    DELIMITERS.set(delimiters);

    let n_rows = chunk.split.records();
    let buffers = [Buffer::from_vec(chunk.bytes), Buffer::from_vec(rewritten)];
    let views = Buffer::from_vec(views);
    let kept = Kept { bytes: buffers[0].clone(), views: views.clone() };
    // The second buffer is seldom needed.
    let shared: Arc<[Buffer]> = Arc::from(if buffers[1].is_empty() { &buffers[..1] } else { &buffers });
    let column =
        |slot: usize| Column::new(ScalarBuffer::new(views.clone(), slot * stride, n_rows), Arc::clone(&shared));
    let columns = layout.variables.iter().map(|slot| slot.map(column)).collect();
    let [bytes, _] = buffers;
    let raw =
        if layout.raw { Raw::Text { bytes, starts: chunk.split.starts, ends: chunk.split.ends } } else { Raw::None };
    (Batch { n_rows, columns, positions: chunk.positions, faults, raw }, kept)
}

struct Tokenizer<'a> {
    chunk: &'a Chunk,
    layout: &'a Layout,
    /// Slot by slot, `stride` views each; what is not written may be anything.
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
        let mut views = VIEWS.take();
        views.resize(stride * layout.wanted.len(), 0);
        Self { chunk, layout, views, stride, rewritten: Vec::new(), faults: Vec::new(), decode }
    }

    fn run(mut self, delimiters: &[u32]) -> Self {
        let bytes = &self.chunk.bytes[..];
        let split = &self.chunk.split;
        let n_rows = split.records();
        let mut short =
            ShortWay { bytes, delimiters, firsts: Vec::with_capacity(n_rows), ends: Vec::with_capacity(n_rows) };
        // Records that take the short way, but have bytes to be decoded.
        let mut mixed = Vec::new();
        let mut quoted = split.quoted.iter().copied().peekable();
        let mut unquote = false;
        let within = self.layout.n_columns.saturating_sub(1);
        let mut first = 0;
        for (row, (&start, &end)) in split.starts.iter().zip(&split.ends).enumerate() {
            let record = &bytes[start as usize..end as usize];
            let end = start + place(without_line_end(record));
            short.ends.push(end);
            let is_quoted = quoted.next_if_eq(&row).is_some();
            let last_is_here = within == 0 || delimiters.get(first + within - 1).is_some_and(|last| *last < end);
            let next_is_beyond = delimiters.get(first + within).is_none_or(|next| *next >= end);
            if last_is_here
                && next_is_beyond
                && (!is_quoted || self.is_simply_quoted(start, end, &delimiters[first..first + within]))
            {
                unquote |= is_quoted;
                if self.decode && !record.is_ascii() {
                    mixed.push(row);
                }
                short.firsts.push(place(first));
                first += within;
                continue;
            }
            short.firsts.push(OTHER);
            first += delimiters[first..].iter().take_while(|delimiter| **delimiter < end).count();
            self.read_record(row, start as usize, end as usize);
        }
        if unquote {
            self.make_views::<true>(&short);
        } else {
            self.make_views::<false>(&short);
        }
        for row in mixed {
            self.decode_fields(row, &short);
        }
        // Stable: within a record they stay in the order of columns.
        self.faults.sort_by_key(|fault| fault.row);
        self
    }

    /// Whether every quotation mark of a record is the first or the last byte of a field that has both, so that its
    /// fields are what stands between its `delimiters`.
    fn is_simply_quoted(&self, start: u32, end: u32, delimiters: &[u32]) -> bool {
        let bytes = &self.chunk.bytes[..];
        if (end - start) as usize > self.layout.dialect.max_quoted {
            return false;
        }
        let mut around = 0;
        let mut at = start as usize;
        for &stop in delimiters.iter().chain([&end]) {
            let stop = stop as usize;
            if bytes[at] == b'"' {
                if stop - at < 2 || bytes[stop - 1] != b'"' {
                    return false;
                }
                around += 2;
            }
            at = stop + 1;
        }
        around == memchr_iter(b'"', &bytes[start as usize..end as usize]).count()
    }

    /// The views of the records that take the short way; `UNQUOTE` where some have quoted fields.
    fn make_views<const UNQUOTE: bool>(&mut self, short: &ShortWay<'_>) {
        let starts = &self.chunk.split.starts[..];
        let last_column = self.layout.n_columns.saturating_sub(1);
        let view = |start: u32, end: u32| {
            let (start, end) = if UNQUOTE { short.unquoted(start, end) } else { (start, end) };
            view::padded(short.bytes, start as usize, end as usize)
        };
        for block in (0..starts.len()).step_by(BLOCK_ROWS) {
            let rows = block..(block + BLOCK_ROWS).min(starts.len());
            let (firsts, starts, ends) =
                (&short.firsts[rows.clone()], &starts[rows.clone()], &short.ends[rows.clone()]);
            for (slot, &column) in self.layout.wanted.iter().enumerate() {
                let views = &mut self.views[slot * self.stride..][rows.clone()];
                let rows = views.iter_mut().zip(firsts).zip(starts).zip(ends);
                let rows = rows.filter(|(((_, first), _), _)| **first != OTHER);
                let delimiters = |first: &u32, column: usize| &short.delimiters[*first as usize + column..];
                // One loop for each kind of column: deciding within it costs a tenth.
                if column > 0 && column < last_column {
                    for (((out, first), _), _) in rows {
                        *out = match delimiters(first, column - 1) {
                            [before, after, ..] => view(before + 1, *after),
                            _ => 0,
                        };
                    }
                } else if column > 0 {
                    for (((out, first), _), &end) in rows {
                        *out = delimiters(first, column - 1).first().map_or(0, |before| view(before + 1, end));
                    }
                } else if last_column > 0 {
                    for (((out, first), &start), _) in rows {
                        *out = delimiters(first, 0).first().map_or(0, |after| view(start, *after));
                    }
                } else {
                    rows.for_each(|(((out, _), &start), &end)| *out = view(start, end));
                }
            }
        }
    }

    /// Once more the views, and the faults, of those fields of a record that are not ASCII.
    fn decode_fields(&mut self, row: usize, short: &ShortWay<'_>) {
        let layout = self.layout;
        let first = short.firsts[row] as usize;
        let mut start = self.chunk.split.starts[row];
        for (column, slot) in layout.slot_of.iter().enumerate() {
            let is_last = column + 1 == layout.n_columns;
            let stop = if is_last { short.ends[row] } else { short.delimiters[first + column] };
            if !short.bytes[start as usize..stop as usize].is_ascii() {
                let (start, end) = short.unquoted(start, stop);
                let field = Field { start: start as usize, end: end as usize, quoting: Quoting::None };
                let view = self.read_field(row, column, &field, slot.is_some());
                if let Some(slot) = slot {
                    self.views[slot * self.stride + row] = view;
                }
            }
            start = stop + 1;
        }
    }

    /// The views and faults of one record, field by field.
    fn read_record(&mut self, row: usize, start: usize, end: usize) {
        let layout = self.layout;
        self.make_blank(row);
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
            self.make_blank(row);
            self.faults.push(Fault { row, kind: self.field_count(found) });
        }
    }

    fn make_blank(&mut self, row: usize) {
        for slot in 0..self.layout.wanted.len() {
            self.views[slot * self.stride + row] = 0;
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

/// The records whose fields are what stands between delimiters.
struct ShortWay<'a> {
    bytes: &'a [u8],
    /// Of the whole chunk.
    delimiters: &'a [u32],
    /// The number of each record's first delimiter, or [`OTHER`].
    firsts: Vec<u32>,
    /// Where each record ends without its line end.
    ends: Vec<u32>,
}

impl ShortWay<'_> {
    /// The field from `start` to `end` without quotation marks around it.
    #[inline]
    fn unquoted(&self, start: u32, end: u32) -> (u32, u32) {
        // What follows an empty field is no quotation mark.
        if self.bytes[start as usize] == b'"' { (start + 1, end - 1) } else { (start, end) }
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
        find_near(self.dialect.delimiter, self.bytes, at).unwrap_or(self.bytes.len())
    }

    /// The closing quotation mark for the one at `open`, and whether pairs stand in between.
    ///
    /// The split has seen that the record ends with `bytes`, so what is not closed by then never is.
    fn close(&self, open: usize) -> Option<(usize, bool)> {
        let limit = open.saturating_add(self.dialect.max_quoted).saturating_add(1);
        let within = &self.bytes[..self.bytes.len().min(limit)];
        let (mut at, mut escapes) = (open + 1, false);
        loop {
            let found = find_near(b'"', within, at)?;
            if self.bytes.get(found + 1) != Some(&b'"') {
                return Some((found, escapes));
            }
            (at, escapes) = (found + 2, true);
        }
    }
}

impl Iterator for Fields<'_> {
    type Item = Field;

    #[inline]
    fn next(&mut self) -> Option<Field> {
        let start = self.next?;
        let is_quoted = self.bytes.get(start) == Some(&b'"');
        let (field, stop) = match is_quoted.then(|| self.close(start)) {
            Some(Some((close, escapes))) => {
                let stop = self.stop(close + 1);
                if self.bytes[close + 1..stop].iter().all(|byte| matches!(byte, b' ' | b'\t')) {
                    (Field { start: start + 1, end: close, quoting: Quoting::Quoted { escapes } }, stop)
                } else if self.bytes[start..close].contains(&b'\n') {
                    // As the split decides: such a field was never quoted.
                    let stop = self.stop(start);
                    (Field { start, end: stop, quoting: Quoting::Unclosed }, stop)
                } else {
                    (Field { start, end: stop, quoting: Quoting::TextAfter }, stop)
                }
            }
            Some(None) => {
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

/// The first `byte` in `bytes` from `at` on, which is likely to be near.
#[inline]
fn find_near(byte: u8, bytes: &[u8], at: usize) -> Option<usize> {
    /// Beyond this many bytes, calling `memchr` pays.
    const NEAR: usize = 16;
    let rest = bytes.get(at..)?;
    let near = rest.len().min(NEAR);
    match rest[..near].iter().position(|found| *found == byte) {
        Some(distance) => Some(at + distance),
        None => memchr(byte, &rest[near..]).map(|distance| at + near + distance),
    }
}
