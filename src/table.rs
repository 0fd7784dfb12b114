//! The shape that readers and rules share: a [`Batch`] of text columns with positions, and bit sets.
//!
//! A [`Column`] holds Arrow binary views: values of CSV files are views into the chunk that was read, without
//! copying; Parquet columns arrive as views, or as keys into a dictionary. An empty value is a blank; readers trim spaces
//! and tabs and turn nulls into empty values, so that no later module asks twice what blank means. Text is UTF-8 by the
//! time it is here.

mod bits;
mod column;

use std::sync::Arc;

use arrow::array::RecordBatch;

use crate::model::{Position, VariableIndex};

pub use bits::{Bits, equal_bytes, row_words};
pub use column::{Column, ColumnBuilder, INLINE, Keys, length_of, long_view, view_of};

/// The value of `column` at `row`; empty where blank.
#[inline]
pub fn value(column: &Column, row: usize) -> &[u8] {
    column.value(row)
}

/// The rows of `column` that are not blank.
#[inline]
pub fn filled(column: &Column) -> Bits {
    let views = column.views();
    match column.keys() {
        None => Bits::from_fn(views.len(), |row| length_of(views[row]) != 0),
        Some(keys) => {
            let is_filled: Vec<bool> = views.iter().map(|view| length_of(*view) != 0).collect();
            Bits::from_fn(column.len(), |row| is_filled[keys.of_rows[row] as usize])
        }
    }
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
