//! The shape that readers and rules share: a [`Batch`] of text columns with positions, and bit sets.
//!
//! A column is an Arrow binary view array: values of CSV files are views into the chunk that was read, without
//! copying; Parquet columns arrive as views. An empty value is a blank; readers trim spaces and tabs and turn nulls
//! into empty values, so that no later module asks twice what blank means. Text is UTF-8 by the time it is here.
//!
//! Binary views rather than string views because Arrow checks each string view for UTF-8 on its own, while readers
//! check a whole chunk at once.

use std::sync::Arc;

use arrow::array::{Array, BinaryViewArray, RecordBatch};

use crate::model::{Position, VariableIndex};

/// A fixed-length set of row numbers, one bit a row; bits at and beyond the length are zero.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Bits {
    words: Vec<u64>,
    len: usize,
}

impl Bits {
    /// `len` rows, none in the set.
    pub fn none(len: usize) -> Self {
        Self { words: vec![0; len.div_ceil(64)], len }
    }

    /// `len` rows, all in the set.
    pub fn all(len: usize) -> Self {
        let mut bits = Self { words: vec![u64::MAX; len.div_ceil(64)], len };
        bits.clear_tail();
        bits
    }

    /// The rows for which `member` is true.
    #[inline]
    pub fn from_fn(len: usize, mut member: impl FnMut(usize) -> bool) -> Self {
        let mut words = Vec::with_capacity(len.div_ceil(64));
        let mut start = 0;
        while start < len {
            let end = (start + 64).min(len);
            let mut word = 0u64;
            for row in start..end {
                word |= u64::from(member(row)) << (row - start);
            }
            words.push(word);
            start = end;
        }
        Self { words, len }
    }

    /// The number of rows, in the set or not.
    pub fn len(&self) -> usize {
        self.len
    }

    /// True where there are no rows at all.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether `row` is in the set; false beyond the length.
    #[inline]
    pub fn contains(&self, row: usize) -> bool {
        self.words.get(row / 64).is_some_and(|word| word >> (row % 64) & 1 == 1)
    }

    /// Puts `row` into the set; rows beyond the length are ignored.
    #[inline]
    pub fn insert(&mut self, row: usize) {
        if row < self.len {
            self.words[row / 64] |= 1 << (row % 64);
        }
    }

    /// How many rows are in the set.
    #[inline]
    pub fn count(&self) -> u64 {
        self.words.iter().map(|word| u64::from(word.count_ones())).sum()
    }

    /// True where at least one row is in the set.
    pub fn any(&self) -> bool {
        self.words.iter().any(|word| *word != 0)
    }

    /// The rows in the set, ascending.
    pub fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.words.iter().enumerate().flat_map(|(index, word)| {
            let mut rest = *word;
            std::iter::from_fn(move || {
                (rest != 0).then(|| {
                    let bit = rest.trailing_zeros() as usize;
                    rest &= rest - 1;
                    index * 64 + bit
                })
            })
        })
    }

    /// Rows in both sets. Both have the same length.
    #[inline]
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        self.zip(other, |a, b| a & b)
    }

    /// Whether some row is in both sets.
    pub fn intersects(&self, other: &Self) -> bool {
        self.words.iter().zip(&other.words).any(|(a, b)| a & b != 0)
    }

    /// Whether every row of this set is in the other. Both have the same length.
    pub fn is_within(&self, other: &Self) -> bool {
        self.words.iter().zip(&other.words).all(|(a, b)| a & !b == 0)
    }

    /// Rows in either set. Both have the same length.
    #[inline]
    #[must_use]
    pub fn or(&self, other: &Self) -> Self {
        self.zip(other, |a, b| a | b)
    }

    /// Rows in this set and not in `other`. Both have the same length.
    #[inline]
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        self.zip(other, |a, b| a & !b)
    }

    /// Rows not in the set.
    #[must_use]
    pub fn not(&self) -> Self {
        let mut bits = Self { words: self.words.iter().map(|word| !word).collect(), len: self.len };
        bits.clear_tail();
        bits
    }

    /// The set as words of 64 rows, the first row in the lowest bit.
    pub fn words(&self) -> &[u64] {
        &self.words
    }

    /// Adds the rows of `other` behind this set's own.
    pub fn append(&mut self, other: &Self) {
        let shift = self.len % 64;
        for word in &other.words {
            if shift == 0 {
                self.words.push(*word);
            } else {
                if let Some(last) = self.words.last_mut() {
                    *last |= word << shift;
                }
                self.words.push(word >> (64 - shift));
            }
        }
        self.len += other.len;
        self.words.truncate(self.len.div_ceil(64));
    }

    fn zip(&self, other: &Self, f: impl Fn(u64, u64) -> u64) -> Self {
        debug_assert_eq!(self.len, other.len);
        Self { words: self.words.iter().zip(&other.words).map(|(a, b)| f(*a, *b)).collect(), len: self.len }
    }

    fn clear_tail(&mut self) {
        if !self.len.is_multiple_of(64)
            && let Some(last) = self.words.last_mut()
        {
            *last &= (1 << (self.len % 64)) - 1;
        }
    }
}

/// One column of a batch: one value a record, empty where blank.
pub type Column = BinaryViewArray;

/// The value of `column` at `row`; empty where blank.
#[inline]
pub fn value(column: &Column, row: usize) -> &[u8] {
    column.value(row)
}

/// The length of the value behind a view: its low 32 bits.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "the low 32 bits are wanted")]
pub fn length_of(view: u128) -> u32 {
    view as u32
}

/// The rows of `column` that are not blank.
#[inline]
pub fn filled(column: &Column) -> Bits {
    let views = column.views();
    Bits::from_fn(column.len(), |row| length_of(views[row]) != 0)
}

/// Something wrong with how a record is written, found while reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// 0-based row within the batch.
    pub row: usize,
    /// What it is.
    pub kind: FaultKind,
}

/// What is wrong with how a record is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// The record has another number of fields than the header.
    FieldCount {
        /// Fields in the record.
        found: usize,
        /// Columns in the header.
        expected: usize,
    },
    /// A quotation mark opens a field and is never closed (within 64 KiB); it was read as an ordinary character.
    UnclosedQuote {
        /// 0-based physical column.
        column: usize,
    },
    /// Text follows the closing quotation mark of a field; the whole field was read as written.
    TextAfterQuote {
        /// 0-based physical column.
        column: usize,
    },
    /// Bytes that are not text in the file's encoding.
    Undecodable {
        /// 0-based physical column.
        column: usize,
        /// Offset of the first such byte within the file.
        byte: u64,
    },
    /// A row of a layout with several records to a row that is blank in every column that becomes one.
    NoRecord {
        /// How many columns those are.
        columns: usize,
    },
}

impl FaultKind {
    /// True where the record's fields cannot be trusted to belong to their columns, or where there is no record at all,
    /// so that no rule can be decided.
    pub fn breaks_record(&self) -> bool {
        matches!(self, Self::FieldCount { .. } | Self::NoRecord { .. })
    }
}

/// Where the records of a batch are in their file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Positions {
    /// 0-based number, within the file, of the batch's first record.
    pub first_row: u64,
    /// Physical lines and spreadsheet rows, of the rows.
    pub lines: Lines,
    /// Which rows the records are of, where a row holds several; otherwise each is a row.
    pub unfolded: Option<Unfolded>,
}

/// Which rows and columns the records of a batch are from, where a row of the file holds several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfolded {
    /// 0-based number, within the file, of the batch's first row.
    pub first_row: u64,
    /// How many rows.
    pub n_rows: usize,
    /// For each record its row, counted from the batch's first; ascending.
    pub rows: Vec<u32>,
    /// For each record the 0-based physical column that it stands in; `None` for a row without any.
    pub columns: Vec<Option<u32>>,
    /// Which variables of the collection come from that column.
    pub given: Arc<[bool]>,
}

/// Physical lines of a batch's records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lines {
    /// The file has no lines (Parquet).
    None,
    /// One line a record, without gaps.
    Consecutive {
        /// 1-based line of the first record.
        line: u64,
        /// 1-based spreadsheet row of the first record.
        sheet_row: u64,
    },
    /// A line and a spreadsheet row for each record (blank lines or line breaks in fields nearby).
    Each(Vec<(u64, u64)>),
    /// The whole place of each record, for records that do not stand one behind the other.
    Apart(Vec<Position>),
}

impl Positions {
    /// The place of the batch's `row`, 0-based.
    pub fn at(&self, row: usize) -> Position {
        let (first_row, row) = match &self.unfolded {
            None => (self.first_row, row),
            Some(unfolded) => (unfolded.first_row, unfolded.rows.get(row).map_or(0, |row| *row as usize)),
        };
        let offset = row as u64;
        let (line, sheet_row) = match &self.lines {
            Lines::None => (None, None),
            Lines::Consecutive { line, sheet_row } => (Some(line + offset), Some(sheet_row + offset)),
            Lines::Each(each) => {
                each.get(row).map_or((None, None), |(line, sheet_row)| (Some(*line), Some(*sheet_row)))
            }
            Lines::Apart(places) => return places.get(row).copied().unwrap_or_default(),
        };
        Position { row: Some(first_row + offset + 1), line, sheet_row, byte: None }
    }

    /// Where the batch's record `row` has a variable in a column of its own, apart from other records of its row: that
    /// physical column, if the record is in any. `None` for a variable that has one column for all.
    pub fn own_column(&self, row: usize, variable: VariableIndex) -> Option<Option<usize>> {
        let unfolded = self.unfolded.as_ref()?;
        let is_given = unfolded.given.get(variable.0).copied().unwrap_or(false);
        is_given.then(|| unfolded.columns.get(row).copied().flatten().map(|column| column as usize))
    }

    /// The rows of the file that hold one of `records`, which are counted from the batch's first.
    pub fn rows_of(&self, records: &Bits) -> Bits {
        let Some(unfolded) = &self.unfolded else { return records.clone() };
        let mut rows = Bits::none(unfolded.n_rows);
        for row in records.iter().filter_map(|record| unfolded.rows.get(record)) {
            rows.insert(*row as usize);
        }
        rows
    }
}

/// The rows of a batch as they stood in the file, for copying them unchanged; see [`Positions::rows_of`].
#[derive(Clone, Debug)]
pub enum Raw {
    /// Nothing was asked for.
    None,
    /// Bytes of the file; `ends[i]` is the end of record `i` with its line end, `starts[i]` its first byte.
    Text {
        /// The chunk of the file.
        bytes: arrow::buffer::Buffer,
        /// First byte of each record.
        starts: Vec<u32>,
        /// End of each record, its line end included.
        ends: Vec<u32>,
    },
    /// The record batch as read, all columns.
    Arrow(RecordBatch),
}

/// Some consecutive records of one file.
#[derive(Clone, Debug)]
pub struct Batch {
    /// How many records.
    pub n_rows: usize,
    /// One entry a variable of the schema, in its order; `None` where the file has no such column or it was not asked for.
    pub columns: Vec<Option<Column>>,
    /// Where the records are.
    pub positions: Positions,
    /// What is wrong with how records are written, by row.
    pub faults: Vec<Fault>,
    /// The records unchanged, where asked for.
    pub raw: Raw,
}

impl Batch {
    /// Records that stand in no file: columns of values, each with `n_rows` of them.
    pub fn made_up(columns: Vec<Option<Column>>, n_rows: usize) -> Self {
        let positions = Positions { first_row: 0, lines: Lines::None, unfolded: None };
        Self { n_rows, columns, positions, faults: Vec::new(), raw: Raw::None }
    }

    /// The records whose fields cannot be trusted; `None` where all can.
    pub fn broken(&self) -> Option<Bits> {
        let mut broken: Option<Bits> = None;
        for fault in self.faults.iter().filter(|fault| fault.kind.breaks_record()) {
            broken.get_or_insert_with(|| Bits::none(self.n_rows)).insert(fault.row);
        }
        broken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_keep_their_tail_clear() {
        let all = Bits::all(70);
        assert_eq!((all.count(), all.not().count(), Bits::none(70).not().count()), (70, 0, 70));
        assert_eq!(Bits::from_fn(130, |row| row % 65 == 0).iter().collect::<Vec<_>>(), vec![0, 65]);
        assert!(!all.contains(70));
    }

    #[test]
    fn appended_bits_stand_behind_the_others() {
        let mut all = Bits::default();
        let mut expected = Vec::new();
        for (start, len) in [0usize, 1, 63, 64, 65, 7, 130].into_iter().scan(0, |start, len| {
            let this = *start;
            *start += len;
            Some((this, len))
        }) {
            let part = Bits::from_fn(len, |row| row % 3 == 0);
            expected.extend(part.iter().map(|row| start + row));
            all.append(&part);
        }
        assert_eq!((all.len(), all.iter().collect::<Vec<_>>()), (330, expected));
    }
}
