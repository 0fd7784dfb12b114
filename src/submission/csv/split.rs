//! Finds where records end, and on which lines they stand.
//!
//! This is the part of reading that has to go through a file in order, so it looks at line ends and quotation marks
//! only. What it says of a record does not depend on where the chunk ends: a quotation mark whose fate is decided
//! beyond the bytes at hand ends the split before its record.

use super::{Dialect, place, separators};
use crate::table::Lines;

/// The whole records at the start of some bytes.
#[derive(Debug)]
pub(in crate::submission) struct Split {
    /// Where the last whole record (or blank line) ends; 0 where there is none.
    pub(in crate::submission) end: usize,
    /// First byte of each record.
    pub(in crate::submission) starts: Vec<u32>,
    /// End of each record, its line end included.
    pub(in crate::submission) ends: Vec<u32>,
    /// The records that have a field starting with a quotation mark, ascending.
    pub(in crate::submission) quoted: Vec<usize>,
    /// Lines and spreadsheet rows of the records.
    pub(in crate::submission) lines: Lines,
    /// Lines that are no records.
    pub(in crate::submission) blank_lines: u64,
    /// 1-based line at `end`.
    pub(in crate::submission) next_line: u64,
    /// 1-based spreadsheet row at `end`.
    pub(in crate::submission) next_sheet_row: u64,
    /// The line of a record that is longer than allowed; the split ends before it.
    pub(in crate::submission) too_long: Option<u64>,
}

impl Split {
    /// How many records there are.
    pub(in crate::submission) fn records(&self) -> usize {
        self.starts.len()
    }
}

/// Finds the whole records at the start of `bytes`, which begin on `line` and `sheet_row`.
///
/// `at_end`: no more bytes follow, so that a last record without a line end is whole.
pub(in crate::submission) fn split(bytes: &[u8], at_end: bool, dialect: Dialect, line: u64, sheet_row: u64) -> Split {
    let split = Split {
        end: 0,
        starts: Vec::new(),
        ends: Vec::new(),
        quoted: Vec::new(),
        lines: Lines::Consecutive { line, sheet_row },
        blank_lines: 0,
        next_line: line,
        next_sheet_row: sheet_row,
        too_long: None,
    };
    let mut splitter = Splitter { bytes, dialect, split };
    let mut marks = Vec::with_capacity(bytes.len() / 128);
    separators::find_either(bytes, b'\n', b'"', &mut marks);
    let has_quotes = marks.iter().any(|mark| bytes[*mark as usize] == b'"');
    let whole = if has_quotes { splitter.quoted(&marks, at_end) } else { splitter.plain(&marks) };
    match whole {
        Scanned::All if at_end && splitter.split.end < bytes.len() => {
            splitter.push(bytes.len(), 0, false);
        }
        Scanned::AllInQuotedRecord { lines } if at_end => {
            splitter.push(bytes.len(), lines, true);
        }
        Scanned::TooLong => {}
        Scanned::All | Scanned::AllInQuotedRecord { .. } | Scanned::Undecided => {
            if bytes.len() - splitter.split.end > dialect.max_record {
                splitter.split.too_long = Some(splitter.split.next_line);
            }
        }
    }
    splitter.split
}

/// How a scan ended.
enum Scanned {
    /// At the end of the bytes; what remains, if anything, is a record without quotation marks that matter.
    All,
    /// At the end of the bytes, within a record that has quoted fields with so many line breaks.
    AllInQuotedRecord { lines: u64 },
    /// At a quotation mark that may or may not be closed.
    Undecided,
    /// At a record that is too long.
    TooLong,
}

/// What becomes of an opening quotation mark.
enum Close<'a> {
    /// It is closed.
    At {
        /// The line feeds and quotation marks after its closing one.
        after: &'a [u32],
        /// Line feeds in between.
        broken_lines: u64,
    },
    /// It is not closed.
    Never,
    /// The bytes at hand do not tell.
    Undecided,
}

struct Splitter<'a> {
    bytes: &'a [u8],
    dialect: Dialect,
    split: Split,
}

impl Splitter<'_> {
    /// Every LF ends a record.
    fn plain(&mut self, line_feeds: &[u32]) -> Scanned {
        self.split.starts.reserve(line_feeds.len());
        self.split.ends.reserve(line_feeds.len());
        for line_feed in line_feeds {
            if !self.push(*line_feed as usize + 1, 0, false) {
                return Scanned::TooLong;
            }
        }
        Scanned::All
    }

    /// Line ends within quoted fields end no record; `marks` are line feeds and quotation marks.
    fn quoted(&mut self, mut marks: &[u32], at_end: bool) -> Scanned {
        let bytes = self.bytes;
        let (mut lines, mut quoted) = (0, false);
        while let [mark, after @ ..] = marks {
            let mark = *mark as usize;
            marks = after;
            if bytes[mark] == b'\n' {
                if !self.push(mark + 1, lines, quoted) {
                    return Scanned::TooLong;
                }
                (lines, quoted) = (0, false);
            } else if mark == self.split.end || bytes[mark - 1] == self.dialect.delimiter {
                quoted = true;
                match self.find_close(mark, after, at_end) {
                    Close::At { after, broken_lines } => {
                        lines += broken_lines;
                        marks = after;
                    }
                    Close::Never => {}
                    Close::Undecided => return Scanned::Undecided,
                }
            }
        }
        if quoted { Scanned::AllInQuotedRecord { lines } } else { Scanned::All }
    }

    /// Finds the closing quotation mark for the one at `open`; `marks` are all line feeds and quotation marks after it.
    fn find_close<'a>(&self, open: usize, mut marks: &'a [u32], at_end: bool) -> Close<'a> {
        let limit = open.saturating_add(self.dialect.max_quoted);
        let mut broken_lines = 0;
        while let [mark, after @ ..] = marks {
            let mark = *mark as usize;
            if mark > limit {
                return Close::Never;
            }
            match (self.bytes[mark], self.bytes.get(mark + 1)) {
                (b'\n', _) => {
                    broken_lines += 1;
                    marks = after;
                }
                (_, Some(b'"')) => marks = after.get(1..).unwrap_or_default(),
                (_, None) if !at_end => return Close::Undecided,
                _ if broken_lines == 0 => return Close::At { after, broken_lines },
                _ => {
                    return match self.ends_field(mark + 1, at_end) {
                        Some(true) => Close::At { after, broken_lines },
                        Some(false) => Close::Never,
                        None => Close::Undecided,
                    };
                }
            }
        }
        if at_end || self.bytes.len() > limit { Close::Never } else { Close::Undecided }
    }

    /// Whether the field that a quotation mark before `at` closes ends there, spaces aside; `None` where the bytes at
    /// hand do not tell.
    fn ends_field(&self, at: usize, at_end: bool) -> Option<bool> {
        let delimiter = self.dialect.delimiter;
        let is_space = |byte: &u8| matches!(byte, b' ' | b'\t') && *byte != delimiter;
        let rest = self.bytes.get(at..).unwrap_or_default();
        let rest = &rest[rest.iter().take_while(|byte| is_space(byte)).count()..];
        match rest {
            [] | [b'\r'] if !at_end => None,
            [] | [b'\n', ..] | [b'\r', b'\n', ..] => Some(true),
            [byte, ..] => Some(*byte == delimiter),
        }
    }

    /// Takes what lies between the last end and `end`, with so many `lines` broken within fields; false where it is
    /// too long.
    fn push(&mut self, end: usize, lines: u64, quoted: bool) -> bool {
        let split = &mut self.split;
        let start = split.end;
        if end - start > self.dialect.max_record {
            split.too_long = Some(split.next_line);
            return false;
        }
        split.end = end;
        let (line, sheet_row) = (split.next_line, split.next_sheet_row);
        split.next_line += lines + 1;
        split.next_sheet_row += 1;
        if is_blank(&self.bytes[start..end], self.dialect.delimiter) {
            split.blank_lines += 1;
            return true;
        }
        let row = split.starts.len();
        if quoted {
            split.quoted.push(row);
        }
        match &mut split.lines {
            Lines::Each(each) => each.push((line, sheet_row)),
            lines if row == 0 => *lines = Lines::Consecutive { line, sheet_row },
            lines => {
                if let Lines::Consecutive { line: first, sheet_row: first_sheet_row } = *lines
                    && (line, sheet_row) != (first + row as u64, first_sheet_row + row as u64)
                {
                    let before = (0..row as u64).map(|offset| (first + offset, first_sheet_row + offset));
                    *lines = Lines::Each(before.chain([(line, sheet_row)]).collect());
                }
            }
        }
        split.starts.push(place(start));
        split.ends.push(place(end));
        true
    }
}

/// Where `record`, which may have a line end, ends without it.
#[inline]
pub(in crate::submission) fn without_line_end(record: &[u8]) -> usize {
    match record {
        [.., b'\r', b'\n'] => record.len() - 2,
        [.., b'\n'] => record.len() - 1,
        _ => record.len(),
    }
}

/// Whether `line` is no record: nothing but spaces and tabs.
#[inline]
pub(in crate::submission) fn is_blank(line: &[u8], delimiter: u8) -> bool {
    matches!(line.first(), None | Some(b'\n' | b'\r' | b' ' | b'\t'))
        && line[..without_line_end(line)].iter().all(|byte| matches!(byte, b' ' | b'\t') && *byte != delimiter)
}
