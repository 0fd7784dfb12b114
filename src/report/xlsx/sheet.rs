//! One sheet being written, cell by cell and row by row: the only place that hands text to the workbook crate.
//!
//! # Untrusted text
//!
//! Text is written as a string cell and as nothing else: nothing is guessed to be a number, a link or a formula, and no
//! function that writes formulas is called. A text that Excel would take for a formula, were it typed, also carries the
//! quotation prefix, so that it stays text when somebody edits the cell. Control characters are shown as escapes.

use std::collections::BTreeMap;

use rust_xlsxwriter::{ExcelDateTime, Format, Url, Worksheet, XlsxError};

use super::style::{self, Kind, Look};
use crate::model::Language;
use crate::report::shown::{escaped, looks_like_formula};
use crate::time::{Form, Timestamp};

/// The most characters a cell of Excel has, counted in UTF-16.
const MOST_UNITS_OF_TEXT: usize = 32_767;

/// The most characters that all versions of Excel show in a cell that must stay text.
const MOST_CHARS_OF_TEXT: usize = 255;

/// The narrowest and the widest column, in characters.
const WIDTHS: (usize, usize) = (8, 60);

/// Characters on a line of the head.
const CHARS_OF_HEAD: usize = 120;

/// The greatest whole number that all programs read back exactly.
const GREATEST_EXACT: u64 = 1 << 53;

/// What a cell gets.
#[derive(Clone, Copy, Debug)]
pub(in crate::report) enum Value<'a> {
    /// Text, which may come from a submission.
    Text(&'a str),
    /// Sentences of rule sets, schemas and this program.
    Prose(&'a str),
    /// How many.
    Count(u64),
    /// A number without separators.
    Number(i64),
    /// A number with two decimals.
    Decimal(f64),
    /// How much the first is of the second; nothing where the second is zero.
    Share(u64, u64),
    /// A point in time, shown as finely as it was written.
    Moment(Timestamp),
    /// A link to the sheet of this name, and what it says.
    Link(&'a str, &'a str),
    /// Nothing.
    Blank,
}

/// A sheet, its next row, and how wide its columns must be.
pub(in crate::report) struct Sheet<'w> {
    worksheet: &'w mut Worksheet,
    language: Language,
    formats: BTreeMap<(Look, Kind), Format>,
    widths: Vec<usize>,
    row: u32,
    column: u16,
}

impl<'w> Sheet<'w> {
    pub(super) fn new(worksheet: &'w mut Worksheet, language: Language) -> Self {
        worksheet.set_landscape().set_paper_size(A4).set_print_fit_to_pages(1, 0).set_footer("&L&A&R&P (&N)");
        Self { worksheet, language, formats: BTreeMap::new(), widths: Vec::new(), row: 0, column: 0 }
    }

    /// The 0-based row being written.
    pub(in crate::report) fn row(&self) -> u32 {
        self.row
    }

    /// Ends the row.
    pub(in crate::report) fn end_row(&mut self) {
        self.row += 1;
        self.column = 0;
    }

    /// A text above the table, on as many rows as it needs; it does not widen its column.
    pub(in crate::report) fn line(&mut self, look: Look, text: &str) -> Result<(), XlsxError> {
        for line in textwrap::wrap(&escaped(text), CHARS_OF_HEAD) {
            let kind = if looks_like_formula(&line) { Kind::Quoted } else { Kind::Prose };
            self.put(&line, look, kind)?;
            self.end_row();
        }
        Ok(())
    }

    /// A link on a row of its own.
    pub(in crate::report) fn link_line(&mut self, sheet: &str, text: &str) -> Result<(), XlsxError> {
        self.link(Look::Plain, sheet, text)?;
        self.end_row();
        Ok(())
    }

    /// Writes the next cell of the row.
    pub(in crate::report) fn cell(&mut self, look: Look, value: Value<'_>) -> Result<(), XlsxError> {
        match value {
            Value::Text(text) => {
                let shown = escaped(text);
                let is_long = shown.chars().nth(MOST_CHARS_OF_TEXT).is_some();
                let kind = if is_long { Kind::Prose } else { Kind::Text };
                let kind = if looks_like_formula(text) { Kind::Quoted } else { kind };
                self.widen(shown.chars().count());
                self.put(&shown, look, kind)?;
            }
            Value::Prose(text) => {
                let shown = shown_prose(text);
                self.widen(shown.lines().map(|line| line.chars().count()).max().unwrap_or(0));
                let kind = if looks_like_formula(text) { Kind::Quoted } else { Kind::Prose };
                self.put(&shown, look, kind)?;
            }
            Value::Count(n) => {
                let digits = decimal_digits(n);
                self.number(look, Kind::Count, as_number(n), digits + digits / 3)?;
            }
            Value::Number(n) if n.unsigned_abs() <= GREATEST_EXACT => {
                let sign = if n < 0 { -1.0 } else { 1.0 };
                self.number(
                    look,
                    Kind::Number,
                    sign * as_number(n.unsigned_abs()),
                    decimal_digits(n.unsigned_abs()) + 1,
                )?;
            }
            Value::Number(n) => self.put(&n.to_string(), look, Kind::Text)?,
            Value::Decimal(number) => self.number(look, Kind::Decimal, number, 10)?,
            Value::Moment(moment) => self.moment(look, moment)?,
            Value::Link(sheet, text) => self.link(look, sheet, &escaped(text))?,
            Value::Share(_, 0) | Value::Blank => self.blank(look)?,
            Value::Share(n, of) => self.number(look, kind_of_share(n, of), as_number(n) / as_number(of), 8)?,
        }
        self.column += 1;
        Ok(())
    }

    /// Writes the heads of columns as a row.
    pub(in crate::report) fn header<'t>(&mut self, heads: impl IntoIterator<Item = &'t str>) -> Result<(), XlsxError> {
        let mut most_lines = 1;
        for head in heads {
            most_lines = most_lines.max(head.lines().count());
            self.cell(Look::Header, Value::Prose(head))?;
        }
        // Room for the arrow of the filter beside the text.
        self.widths.iter_mut().for_each(|width| *width += 3);
        self.worksheet.set_row_height(self.row, 15.5 * f64::from(u32::try_from(most_lines).unwrap_or(1)))?;
        self.end_row();
        Ok(())
    }

    /// Lets the table that begins with the header in row `header`, and has `n_columns` columns, be filtered down to the last
    /// row written; what stands down to the header stays in view, and is printed on every page.
    pub(in crate::report) fn table(&mut self, header: u32, n_columns: u16) -> Result<(), XlsxError> {
        let last = self.row.saturating_sub(1).max(header);
        self.worksheet.autofilter(header, 0, last, n_columns.saturating_sub(1))?;
        self.worksheet.set_freeze_panes(header + 1, 0)?;
        self.worksheet.set_repeat_rows(header, header)?;
        Ok(())
    }

    /// Makes the columns as wide as their cells need.
    pub(in crate::report) fn finish(self) -> Result<(), XlsxError> {
        for (column, width) in (0u16..).zip(&self.widths) {
            let width = (*width + 1).clamp(WIDTHS.0, WIDTHS.1);
            self.worksheet.set_column_width(column, f64::from(u32::try_from(width).unwrap_or(0)))?;
        }
        Ok(())
    }

    fn put(&mut self, text: &str, look: Look, kind: Kind) -> Result<(), XlsxError> {
        let format = self.format(look, kind);
        self.worksheet.write_string_with_format(self.row, self.column, cut(text), &format)?;
        Ok(())
    }

    fn link(&mut self, look: Look, sheet: &str, text: &str) -> Result<(), XlsxError> {
        self.widen(text.chars().count());
        let format = self.format(look, Kind::Link);
        // An apostrophe within the name is written twice.
        let link = Url::new(format!("internal:'{}'!A1", sheet.replace('\'', "''"))).set_text(cut(text));
        self.worksheet.write_url_with_format(self.row, self.column, link, &format)?;
        Ok(())
    }

    fn blank(&mut self, look: Look) -> Result<(), XlsxError> {
        if look != Look::Plain {
            let format = self.format(look, Kind::Text);
            self.worksheet.write_blank(self.row, self.column, &format)?;
        }
        Ok(())
    }

    fn number(&mut self, look: Look, kind: Kind, number: f64, width: usize) -> Result<(), XlsxError> {
        self.widen(width);
        let format = self.format(look, kind);
        self.worksheet.write_number_with_format(self.row, self.column, number, &format)?;
        Ok(())
    }

    fn moment(&mut self, look: Look, moment: Timestamp) -> Result<(), XlsxError> {
        let (kind, width) = match moment.form {
            Form::DateOnly => (Kind::Day, 10),
            Form::Minutes => (Kind::Minutes, 16),
            Form::Seconds | Form::Compact => (Kind::Seconds, 19),
        };
        self.widen(width);
        let format = self.format(look, kind);
        let moment = ExcelDateTime::from_timestamp(moment.seconds)?;
        self.worksheet.write_datetime_with_format(self.row, self.column, &moment, &format)?;
        Ok(())
    }

    fn format(&mut self, look: Look, kind: Kind) -> Format {
        let language = self.language;
        self.formats.entry((look, kind)).or_insert_with(|| style::format(look, kind, language)).clone()
    }

    fn widen(&mut self, width: usize) {
        let column = usize::from(self.column);
        if self.widths.len() <= column {
            self.widths.resize(column + 1, 0);
        }
        self.widths[column] = self.widths[column].max(width);
    }
}

/// How many rows [`Sheet::line`] takes for a text.
pub(super) fn rows_of_line(text: &str) -> u64 {
    textwrap::wrap(&escaped(text), CHARS_OF_HEAD).len() as u64
}

/// Excel's number for A4 paper.
const A4: u8 = 9;

/// Sentences with their control characters shown, save for line breaks.
fn shown_prose(text: &str) -> String {
    text.lines().map(|line| escaped(line).into_owned()).collect::<Vec<_>>().join("\n")
}

/// Cut to what a cell holds.
fn cut(text: &str) -> String {
    let mut n_units = 0;
    let fits = |(_, character): &(usize, char)| {
        n_units += character.len_utf16();
        // One is left for the sign that something is missing.
        n_units < MOST_UNITS_OF_TEXT
    };
    if text.len() <= MOST_UNITS_OF_TEXT || text.encode_utf16().count() <= MOST_UNITS_OF_TEXT {
        return text.to_owned();
    }
    let end = text.char_indices().take_while(fits).last().map_or(0, |(at, character)| at + character.len_utf8());
    format!("{}…", &text[..end])
}

fn decimal_digits(n: u64) -> usize {
    n.checked_ilog10().map_or(1, |digits| digits as usize + 1)
}

#[expect(clippy::cast_precision_loss, reason = "counts of records are far below 2^53, and cells hold nothing finer")]
fn as_number(n: u64) -> f64 {
    n as f64
}

/// So that a share of something is never shown as 0 %, nor as 100 % where there is an exception; as
/// [`Figures::share`](crate::report::figures::Figures::share) does.
fn kind_of_share(n: u64, of: u64) -> Kind {
    if n == 0 || n == of {
        return Kind::WholeShare;
    }
    let permille = (u128::from(n) * 2_000 + u128::from(of)) / (u128::from(of) * 2);
    match permille {
        0 => Kind::LeastShare,
        1_000.. if n < of => Kind::GreatestShare,
        _ => Kind::Share,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_never_shown_as_nothing_or_all_when_they_are_not() {
        let cases = [
            (0, 10, Kind::WholeShare),
            (10, 10, Kind::WholeShare),
            (499, 1_000_000, Kind::LeastShare),
            (500, 1_000_000, Kind::Share),
            (999_499, 1_000_000, Kind::Share),
            (999_999, 1_000_000, Kind::GreatestShare),
            (15, 10, Kind::Share),
        ];
        for (n, of, expected) in cases {
            assert_eq!(kind_of_share(n, of), expected, "{n} of {of}");
        }
    }

    #[test]
    fn texts_are_cut_to_what_a_cell_holds() {
        assert_eq!(cut("åäö"), "åäö");
        for long in ["a".repeat(40_000), "å".repeat(40_000), "𝄞".repeat(20_000)] {
            let cut = cut(&long);
            assert!(cut.encode_utf16().count() <= MOST_UNITS_OF_TEXT && cut.ends_with('…'));
            assert!(cut.encode_utf16().count() >= MOST_UNITS_OF_TEXT - 1);
        }
        let just = "a".repeat(MOST_UNITS_OF_TEXT);
        assert_eq!(cut(&just), just);
    }
}
