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
        let near = |other: u64| if other == 0 { 0 } else { zigzag(other.wrapping_sub(self.row)) + 1 };
        number(out, near(self.line));
        number(out, near(self.sheet_row));
    }

    pub(super) fn read(bytes: &mut Reader<'_>) -> Self {
        let file = u32::try_from(bytes.number()).unwrap_or(u32::MAX);
        let record = bytes.number();
        let row = record.wrapping_sub(bytes.number());
        let mut other = || match bytes.number() {
            0 => 0,
            near => unzigzag(near - 1).wrapping_add(row),
        };
        let (line, sheet_row) = (other(), other());
        Self { file, record, row, line, sheet_row }
    }
}

#[expect(clippy::cast_possible_wrap, clippy::cast_sign_loss, reason = "bits are moved, none is lost")]
fn zigzag(difference: u64) -> u64 {
    let difference = difference as i64;
    ((difference << 1) ^ (difference >> 63)) as u64
}

fn unzigzag(number: u64) -> u64 {
    (number >> 1) ^ (number & 1).wrapping_neg()
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

/// Writes a value.
#[inline]
pub(super) fn value(out: &mut Vec<u8>, value: &[u8]) {
    number(out, value.len() as u64);
    out.extend_from_slice(value);
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
        let len = usize::try_from(self.number()).unwrap_or(usize::MAX);
        let value = self.bytes.get(self.at..self.at.saturating_add(len)).unwrap_or_default();
        self.at += value.len();
        value
    }

    /// Passes over a value.
    pub(super) fn skip(&mut self) {
        let len = usize::try_from(self.number()).unwrap_or(usize::MAX);
        self.at = self.at.saturating_add(len).min(self.bytes.len());
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

    pub(super) fn word(&mut self) -> u64 {
        let word = self.bytes.get(self.at..self.at + 8).and_then(|word| <[u8; 8]>::try_from(word).ok());
        self.at += 8;
        word.map_or(0, u64::from_le_bytes)
    }

    /// The view of the next value, and where the value stands.
    #[inline]
    pub(super) fn view(&mut self) -> u128 {
        let len = usize::try_from(self.number()).unwrap_or(usize::MAX);
        let start = self.at;
        let value = self.bytes.get(start..start.saturating_add(len)).unwrap_or_default();
        self.at = start + value.len();
        view::of(value, 0, start)
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
        let mut reader = Reader::new(&bytes);
        let views = values.map(|_| reader.view()).to_vec();
        let column = column(views, &Buffer::from(bytes.clone()));
        assert_eq!([0, 1, 2].map(|row| column.value(row)), values);
    }
}
