//! The table of rules as CSV for Excel: semicolons and a byte order mark, so that a Swedish Excel opens it by a double click.
//!
//! Also holds `CellWriter`, which writes the cells of every CSV file of this module and disarms formulas.

use std::io::Write;

use crate::engine::Outcome;
use crate::report::ReportError;
use crate::report::rule_rows::{self, COLUMNS};
use crate::report::shown::looks_like_formula;

/// Tells Excel that the text is UTF-8.
pub(crate) const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// Writes one row a rule; see [`crate::report`].
///
/// # Errors
/// If `out` cannot be written.
pub fn write(outcome: &Outcome, out: &mut (dyn Write + Send)) -> Result<(), ReportError> {
    let mut cells = CellWriter::default();
    cells.bytes.extend_from_slice(BYTE_ORDER_MARK);
    for name in COLUMNS {
        cells.cell(name);
    }
    cells.end_row();
    for row in rule_rows::rows(outcome) {
        let rule = row.rule;
        for text in
            [row.collection, &rule.id.0, rule.kind.as_str(), rule.severity.as_str(), &rule.title.sv, &rule.title.en]
        {
            cells.cell(text);
        }
        let counts = row.counts;
        for number in [counts.satisfied, counts.violated, counts.not_applicable, counts.not_checked, row.violations] {
            cells.number(number);
        }
        let [valid_from, valid_until] = &rule_rows::valid_days(rule);
        for text in [&row.skipped_reason, &rule.fix.sv, &row.source, valid_from, valid_until] {
            cells.cell(text);
        }
        cells.number(row.waived);
        cells.end_row();
    }
    out.write_all(&cells.bytes)?;
    Ok(())
}

/// Writes cells between semicolons into a buffer, quoted where needed.
#[derive(Debug, Default)]
pub(crate) struct CellWriter {
    /// What has been written.
    pub(crate) bytes: Vec<u8>,
    /// Whether a cell of the current row has been written.
    in_row: bool,
}

impl CellWriter {
    /// Writes a cell of text; one that a spreadsheet would take for a formula gets an apostrophe before it.
    #[inline]
    pub(crate) fn cell(&mut self, text: &str) {
        self.next();
        let start = self.bytes.len();
        if looks_like_formula(text) {
            self.bytes.push(b'\'');
        }
        self.bytes.extend_from_slice(text.as_bytes());
        if self.bytes[start..].iter().any(|byte| matches!(byte, b';' | b'"' | b'\n' | b'\r')) {
            self.quote_from(start);
        }
    }

    /// Writes a number.
    #[inline]
    pub(crate) fn number(&mut self, number: u64) {
        self.next();
        self.digits(number);
    }

    /// Writes a number that may be negative. A number is no formula, so its sign needs no apostrophe.
    #[inline]
    pub(crate) fn signed_number(&mut self, number: i64) {
        self.next();
        if number < 0 {
            self.bytes.push(b'-');
        }
        self.digits(number.unsigned_abs());
    }

    /// Writes an empty cell, or the number.
    #[inline]
    pub(crate) fn optional_number(&mut self, number: Option<u64>) {
        match number {
            Some(number) => self.number(number),
            None => self.next(),
        }
    }

    /// Writes a cell of a column's letters and a row's number.
    #[inline]
    pub(crate) fn text_and_number(&mut self, text: &str, number: u64) {
        self.cell(text);
        self.digits(number);
    }

    /// Writes cells that another `CellWriter` has written, separators between them included.
    #[inline]
    pub(crate) fn ready_made(&mut self, cells: &[u8]) {
        self.next();
        self.bytes.extend_from_slice(cells);
    }

    /// Ends the row.
    #[inline]
    pub(crate) fn end_row(&mut self) {
        self.bytes.push(b'\n');
        self.in_row = false;
    }

    #[inline]
    fn next(&mut self) {
        if self.in_row {
            self.bytes.push(b';');
        }
        self.in_row = true;
    }

    fn digits(&mut self, number: u64) {
        let mut reversed = [0u8; 20];
        let mut n = 0;
        let mut rest = number;
        loop {
            reversed[n] = b'0' + u8::try_from(rest % 10).unwrap_or(0);
            n += 1;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        self.bytes.extend(reversed[..n].iter().rev());
    }

    /// Puts what was written since `start` between quotation marks. Rare, hence the copy.
    #[cold]
    fn quote_from(&mut self, start: usize) {
        let plain = self.bytes.split_off(start);
        self.bytes.push(b'"');
        for byte in plain {
            if byte == b'"' {
                self.bytes.push(b'"');
            }
            self.bytes.push(byte);
        }
        self.bytes.push(b'"');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    fn read(bytes: &[u8]) -> Vec<Vec<String>> {
        let text = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap();
        let mut reader = ::csv::ReaderBuilder::new().delimiter(b';').has_headers(false).from_reader(text);
        reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
    }

    #[test]
    fn one_row_a_rule() {
        let outcome = sample::outcome();
        let mut out = Vec::new();
        write(&outcome, &mut out).unwrap();
        let rows = read(&out);
        assert_eq!(rows[0], COLUMNS);
        assert_eq!(rows.len(), 1 + outcome.runs.iter().map(|run| run.rules.len()).sum::<usize>());
        for (row, expected) in rows[1..].iter().zip(rule_rows::rows(&outcome)) {
            assert_eq!(row[1], expected.rule.id.0);
            assert_eq!(row[7], expected.counts.violated.to_string());
        }
        let skipped = rows.iter().find(|row| row[1] == "SVG-O-diagnos").unwrap();
        assert_eq!(skipped[11], "codelist_not_loaded: icd10se");
    }

    #[test]
    fn cells_are_quoted_and_formulas_disarmed() {
        let mut cells = CellWriter::default();
        for text in ["", "a;b", "säg \"hej\"\nnu", "=1+1", "+4", "-4", "@x", "\tx", "\rx", "=\";"] {
            cells.cell(text);
        }
        cells.signed_number(-40);
        cells.optional_number(None);
        cells.optional_number(Some(u64::MAX));
        cells.end_row();
        let text = String::from_utf8(cells.bytes).unwrap();
        assert_eq!(
            text,
            ";\"a;b\";\"säg \"\"hej\"\"\nnu\";'=1+1;'+4;'-4;'@x;'\tx;\"'\rx\";\"'=\"\";\";-40;;18446744073709551615\n"
        );
    }
}
