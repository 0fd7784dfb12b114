//! How records and groups are written while they are put aside, and read back as columns.
//!
//! A number takes seven bits a byte, the lowest first; a value is its length and its bytes. Values are not copied when
//! they are read back: columns point into the block.

use arrow::buffer::{Buffer, ScalarBuffer};

use crate::model::Position;
use crate::submission::view;
use crate::table::Column;

/// Where a record stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    /// The file, from 0.
    pub(super) file: u32,
    /// The record, from 0.
    pub(super) record: u64,
    /// Its row, from 0; the same number unless rows hold several records.
    pub(super) row: u64,
    /// The physical line and the spreadsheet row; 0 where there is none.
    pub(super) line: u64,
    pub(super) sheet_row: u64,
}

impl Place {
    /// The place of a record of a file.
    pub(super) fn of(file: usize, record: u64, position: Position) -> Self {
        Self {
            file: u32::try_from(file).unwrap_or(u32::MAX),
            record,
            row: position.row.unwrap_or(1).saturating_sub(1),
            line: position.line.unwrap_or(0),
            sheet_row: position.sheet_row.unwrap_or(0),
        }
    }

    /// The place within its file.
    pub(super) fn position(self) -> Position {
        let stated = |number: u64| (number > 0).then_some(number);
        Position { row: Some(self.row + 1), line: stated(self.line), sheet_row: stated(self.sheet_row), byte: None }
    }

    pub(super) fn write(self, out: &mut Vec<u8>) {
        number(out, u64::from(self.file));
        number(out, self.record);
        number(out, self.record.wrapping_sub(self.row));
        // Both are seldom far from the record's number.
        let near = |other: u64| if other == 0 { 0 } else { zigzag(other.wrapping_sub(self.row).cast_signed()) + 1 };
        number(out, near(self.line));
        number(out, near(self.sheet_row));
    }

    pub(super) fn read(bytes: &mut Reader<'_>) -> Self {
        let file = u32::try_from(bytes.number()).unwrap_or(u32::MAX);
        let record = bytes.number();
        let row = record.wrapping_sub(bytes.number());
        let mut other = || match bytes.number() {
            0 => 0,
            near => row.wrapping_add_signed(unzigzag(near - 1)),
        };
        let (line, sheet_row) = (other(), other());
        Self { file, record, row, line, sheet_row }
    }
}

fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)).cast_unsigned()
}

fn unzigzag(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ -(number & 1).cast_signed()
}

/// Writes a number.
#[inline]
pub(super) fn number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        #[expect(clippy::cast_possible_truncation, reason = "the low seven bits are wanted")]
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    #[expect(clippy::cast_possible_truncation, reason = "less than 0x80 by the loop")]
    out.push(number as u8);
}

/// Writes a number that may be negative.
#[inline]
pub(super) fn signed(out: &mut Vec<u8>, of: i64) {
    number(out, zigzag(of));
}

/// Writes a value.
#[inline]
pub(super) fn value(out: &mut Vec<u8>, value: &[u8]) {
    number(out, value.len() as u64);
    out.extend_from_slice(value);
}

/// Writes as a value what `write` writes.
#[inline]
pub(super) fn value_by(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.push(0);
    write(out);
    let len = out.len() - start - 1;
    match u8::try_from(len) {
        Ok(len @ 0..0x80) => out[start] = len,
        // The length takes more bytes than were left for it.
        _ => {
            let mut head = Vec::new();
            number(&mut head, len as u64);
            out.splice(start..=start, head);
        }
    }
}

/// Reads what was written.
#[derive(Clone, Debug)]
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Reads on from a byte.
    pub(super) fn at_byte(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at }
    }

    /// Whether everything was read.
    pub(super) fn is_at_end(&self) -> bool {
        self.at >= self.bytes.len()
    }

    /// The bytes read since the reader stood at `start`, and where it stands now.
    pub(super) fn since(&self, start: usize) -> (&'a [u8], usize) {
        (self.bytes.get(start..self.at).unwrap_or_default(), self.at)
    }

    /// The next value.
    pub(super) fn value(&mut self) -> &'a [u8] {
        let (start, len) = self.span();
        &self.bytes[start..start + len]
    }

    /// Passes over a value.
    pub(super) fn skip(&mut self) {
        self.span();
    }

    /// Where it stands.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    #[inline]
    pub(super) fn number(&mut self) -> u64 {
        let (mut number, mut shift) = (0, 0);
        while let Some(byte) = self.bytes.get(self.at) {
            self.at += 1;
            number |= u64::from(byte & 0x7f) << shift;
            if *byte < 0x80 || shift >= 57 {
                break;
            }
            shift += 7;
        }
        number
    }

    pub(super) fn signed(&mut self) -> i64 {
        unzigzag(self.number())
    }

    /// A number of up to eight bytes, the lowest first.
    #[inline]
    pub(super) fn bytes(&mut self, n: usize) -> u64 {
        let read = self.bytes.get(self.at..self.at + n).unwrap_or_default();
        self.at += n;
        read.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
    }

    /// Where the next value stands, and its length.
    #[inline]
    pub(super) fn span(&mut self) -> (usize, usize) {
        let len = usize::try_from(self.number()).unwrap_or(usize::MAX);
        let start = self.at;
        self.at = start.saturating_add(len).min(self.bytes.len());
        (start, self.at - start)
    }

    pub(super) fn word(&mut self) -> u64 {
        let word = self.bytes.get(self.at..self.at + 8).and_then(|word| <[u8; 8]>::try_from(word).ok());
        self.at += 8;
        word.map_or(0, u64::from_le_bytes)
    }
}

/// A column of views into `buffer`.
pub(super) fn column(views: Vec<u128>, buffer: &Buffer) -> Column {
    view::column(ScalarBuffer::from(views), std::slice::from_ref(buffer))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_places_are_read_as_they_were_written() {
        let numbers = [0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX >> 1];
        let mut bytes = Vec::new();
        for one in numbers {
            number(&mut bytes, one);
        }
        let mut reader = Reader::new(&bytes);
        assert_eq!(numbers.map(|_| reader.number()), numbers);
        assert!(reader.is_at_end());
        for place in [
            Place::default(),
            Place { file: 3, record: 7, row: 7, line: 0, sheet_row: 0 },
            Place { file: 3, record: 1_000_000, row: 200_000, line: 1_000_002, sheet_row: 999_000 },
        ] {
            let mut bytes = Vec::new();
            place.write(&mut bytes);
            assert_eq!(Place::read(&mut Reader::new(&bytes)), place);
        }
    }

    #[test]
    fn values_are_read_as_columns() {
        let mut bytes = Vec::new();
        let values: [&[u8]; 3] = [b"", "å".as_bytes(), b"longer than twelve bytes"];
        for one in values {
            value(&mut bytes, one);
        }
        let long = [b'x'; 300];
        let mut by = bytes.clone();
        value_by(&mut by, |out| out.extend_from_slice(&long));
        value_by(&mut by, |out| out.push(b'y'));
        let mut others = Reader::new(&by[bytes.len()..]);
        assert_eq!((others.value(), others.value(), others.is_at_end()), (&long[..], &b"y"[..], true));
        let written = bytes.clone();
        let mut reader = Reader::new(&written);
        bytes.resize(bytes.len() + 16, 0);
        let spans = values.map(|_| reader.span());
        let views = spans.map(|(start, len)| view::exact(&bytes, start, len)).to_vec();
        let column = column(views, &Buffer::from(bytes.clone()));
        assert_eq!([0, 1, 2].map(|row| column.value(row)), values);
    }
}
