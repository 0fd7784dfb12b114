//! A workbook being put together: names of sheets, where their rows are kept meanwhile, and its bytes.

use std::collections::BTreeSet;
use std::io::Write;

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Workbook};

use super::sheet::Sheet;
use crate::model::Language;
use crate::report::ReportError;
use crate::time::DAY;

/// The most characters in the name of a sheet, counted in UTF-16.
const MOST_UNITS_OF_NAME: usize = 31;

/// Sheets with at most so many rows are put together in memory; the rows of longer ones go to a temporary file as they are
/// written, so that memory does not grow with findings.
const MOST_ROWS_IN_MEMORY: u64 = 64;

/// With more rows than this a sheet may be longer than the four gigabytes that the usual kind of archive holds.
const MOST_ROWS_IN_USUAL_ARCHIVE: u64 = 500_000;

/// A workbook and the names of its sheets.
pub(in crate::report) struct Book {
    workbook: Workbook,
    language: Language,
    /// In lower case: Excel tells no letters apart by case.
    names: BTreeSet<String>,
    is_large: bool,
}

impl Book {
    /// An empty workbook, said to be made on a day (days since 1970-01-01): the clock is not read.
    pub(in crate::report) fn new(title: &str, day: i64, language: Language) -> Self {
        let mut workbook = Workbook::new();
        let mut properties = DocProperties::new().set_title(title).set_author("vantkoll");
        let day = day.checked_mul(DAY).and_then(|seconds| ExcelDateTime::from_timestamp(seconds).ok());
        if let Some(day) = day.or_else(|| ExcelDateTime::from_ymd(1970, 1, 1).ok()) {
            properties = properties.set_creation_datetime(&day);
        }
        workbook.set_properties(&properties);
        Self { workbook, language, names: BTreeSet::new(), is_large: false }
    }

    /// A name for a sheet that is like `wanted`, that Excel accepts and no other sheet has.
    pub(in crate::report) fn name(&mut self, wanted: &str) -> String {
        let plain: String = wanted
            .chars()
            .map(|character| match character {
                '[' | ']' | ':' | '*' | '?' | '/' | '\\' => '_',
                character if character.is_control() => '_',
                character => character,
            })
            .collect();
        let plain = plain.trim().trim_matches('\'');
        let plain = if plain.is_empty() { "_" } else { plain };
        let mut number = 1u32;
        loop {
            let suffix = if number == 1 { String::new() } else { format!(" ({number})") };
            let name = format!("{}{suffix}", cut(plain, MOST_UNITS_OF_NAME - suffix.len()));
            // Excel keeps this name for itself.
            if !name.eq_ignore_ascii_case("history") && self.names.insert(name.to_lowercase()) {
                return name;
            }
            number += 1;
        }
    }

    /// Adds a sheet by a name from [`name`](Self::name), which will have so many rows.
    pub(in crate::report) fn sheet(&mut self, name: &str, n_rows: u64) -> Result<Sheet<'_>, ReportError> {
        self.is_large |= n_rows > MOST_ROWS_IN_USUAL_ARCHIVE;
        let worksheet = if n_rows <= MOST_ROWS_IN_MEMORY {
            self.workbook.add_worksheet()
        } else {
            self.workbook.add_worksheet_with_constant_memory()?
        };
        worksheet.set_name(name)?;
        Ok(Sheet::new(worksheet, self.language))
    }

    /// Writes the workbook.
    pub(in crate::report) fn finish(mut self, out: &mut (dyn Write + Send)) -> Result<(), ReportError> {
        self.workbook.use_zip_large_file(self.is_large);
        self.workbook.save_to_writer(out)?;
        Ok(())
    }
}

fn cut(text: &str, most_units: usize) -> &str {
    let mut n_units = 0;
    let fits = |(_, character): &(usize, char)| {
        n_units += character.len_utf16();
        n_units <= most_units
    };
    let end = text.char_indices().take_while(fits).last().map_or(0, |(at, character)| at + character.len_utf8());
    text[..end].trim_end_matches(['\'', ' '])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_sheets_are_accepted_and_unique() {
        let mut book = Book::new("", 0, Language::Swedish);
        let cases = [
            ("SVG-0101", "SVG-0101"),
            ("svg-0101", "svg-0101 (2)"),
            ("SVG-0101", "SVG-0101 (3)"),
            ("a/b\\c[d]e:f*g?h", "a_b_c_d_e_f_g_h"),
            ("'x'", "x"),
            ("", "_"),
            ("History", "History (2)"),
            ("SVG-K-en_mycket_lang_variabel_som_inte_ryms", "SVG-K-en_mycket_lang_variabel_s"),
            ("SVG-K-en_mycket_lang_variabel_som_inte_heller", "SVG-K-en_mycket_lang_variab (2)"),
        ];
        for (wanted, expected) in cases {
            let name = book.name(wanted);
            assert_eq!(name, expected);
            assert!(book.sheet(&name, 1).is_ok());
        }
    }
}
