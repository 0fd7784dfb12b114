//! Random records and the files they are written to.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema as ArrowSchema};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;

use super::choices::Choices;
use crate::oracle::{Kind, Record, Schema, Variable};

/// One file of a submission.
#[derive(Clone, Debug)]
pub(super) struct Table {
    /// One entry a record.
    pub(super) records: Vec<Record>,
    /// Variables that have a column, in the order of columns.
    pub(super) columns: Vec<usize>,
    /// Whether there is a column that nobody knows, at the end.
    pub(super) extra: bool,
    /// How the header names its variables, and how values are quoted and lines end.
    style: Style,
}

#[derive(Clone, Debug)]
struct Style {
    names: Vec<usize>,
    delimiter: char,
    line_end: &'static str,
    last_line_end: bool,
    byte_order_mark: bool,
    quoting: Vec<bool>,
    blank_lines: Vec<bool>,
}

const BLANKS: [&str; 4] = ["", " ", "\t ", "\u{a0}"];
const TEXTS: [&str; 28] = [
    "A01",
    "A0",
    "a",
    "å",
    "åå",
    "Åäö é",
    "A01.1",
    "saknas",
    "x;y",
    "a,b",
    "q\"q",
    "\"start",
    "rad\nbrytning",
    "rad\r\nbrytning",
    "i\ttab",
    "890201-3286",
    "189001019802",
    "2321000016",
    "SE2321000016-39KJ",
    "SE162321000016-1",
    "SE232100001-1",
    "SE2321000016",
    "abcdefghijkl",
    "abcdefghijklm",
    "abcdefghijklmnopqrstuvwxyzåäö",
    "'",
    " A01 ",
    "\u{a0}A01",
];
const TIMES: [&str; 22] = [
    "2022-01-03",
    "2022-01-03T08:00",
    "2022-01-03 08:00",
    "2022-01-03T08:00:00",
    "2022-01-03T08:00:30.250",
    "20220103080030",
    "20220103",
    "2022-01-02T23:59",
    "2022-01-04T00:00",
    "2021-12-31T12:00",
    "2020-02-29",
    "2021-02-29",
    "2022-13-01",
    "2022-01-03T24:00",
    "2022-01-03T08:00Z",
    "2022-1-3",
    "3/1 2022",
    "i går",
    "2022-03-01T10:61",
    "0000-01-01",
    "9999-12-31T23:59:59",
    " 2022-01-31 ",
];
const YEARS: [&str; 12] =
    ["2022", "1999", "0000", "2021", "22", "20222", "-2022", "19 99", "abcd", "+199", "1900", " 2020"];
const WHOLES: [&str; 14] = [
    "0",
    "5",
    "-3",
    "-5",
    "007",
    "2022",
    "-",
    "1.0",
    "+5",
    "1 000",
    "999999999999999999",
    "-999999999999999999",
    "1234567890123456789",
    "fem",
];

impl Table {
    pub(super) fn new(choices: &mut Choices<'_>, schema: &Schema) -> Self {
        let n_variables = schema.variables.len();
        let mut columns: Vec<usize> = Vec::new();
        for variable in 0..n_variables {
            if !choices.chance(1) {
                let place = columns.len() - choices.below(columns.len() + 1);
                columns.insert(place, variable);
            }
        }
        if columns.is_empty() {
            columns.push(0);
        }
        let extra = columns.len() < 2 || choices.chance(2);
        let style = Style {
            names: columns.iter().map(|_| choices.below(4)).collect(),
            delimiter: choices.one(&[';', ',', '\t', '|']),
            line_end: choices.one(&["\n", "\r\n"]),
            last_line_end: !choices.chance(3),
            byte_order_mark: choices.chance(2),
            quoting: (0..7).map(|_| choices.chance(3)).collect(),
            blank_lines: (0..11).map(|_| choices.chance(1)).collect(),
        };
        // A few distinct records, repeated in a pattern: more rows than a word has bits, and duplicates.
        let distinct: Vec<Record> = (0..=choices.below(8))
            .map(|_| {
                (0..n_variables).map(|variable| Some(value(choices, &schema.variables[variable], schema))).collect()
            })
            .collect();
        let (n_records, step) = (choices.one(&[3, 0, 1, 7, 63, 64, 65, 130]), 1 + choices.below(5));
        let records = (0..n_records)
            .map(|row| {
                let mut record = distinct[row * step % distinct.len()].clone();
                for (variable, field) in record.iter_mut().enumerate() {
                    if !columns.contains(&variable) {
                        *field = None;
                    }
                }
                record
            })
            .collect();
        Self { records, columns, extra, style }
    }

    pub(super) fn has(&self, variable: usize) -> bool {
        self.columns.contains(&variable)
    }

    /// The header's names.
    fn header(&self) -> Vec<String> {
        let named = self.columns.iter().zip(&self.style.names).map(|(number, style)| match style {
            0 => format!("variabel_{number}"),
            1 => format!("Variabel nummer {number}"),
            2 => format!("MEDDELANDEATTRIBUT{number}"),
            _ => format!(" Variabel-{number} "),
        });
        named.chain(self.extra.then(|| "okänd kolumn".to_owned())).collect()
    }

    /// The file as text. `ragged` says which records get a field too many.
    pub(super) fn csv(&self, ragged: impl Fn(usize) -> bool) -> Vec<u8> {
        self.written(ragged).concat()
    }

    /// The file in parts: what precedes the first record, then each record with its line end. Blank lines before a
    /// record are parts of their own.
    pub(super) fn parts(&self) -> (Vec<u8>, Vec<Vec<u8>>) {
        let mut parts = self.written(|_| false);
        let header = parts.remove(0);
        parts.retain(|part| part.iter().any(|byte| !b"\r\n".contains(byte)));
        (header, parts)
    }

    fn written(&self, ragged: impl Fn(usize) -> bool) -> Vec<Vec<u8>> {
        let Style { delimiter, line_end, last_line_end, byte_order_mark, quoting, blank_lines, .. } = &self.style;
        let mut text = if *byte_order_mark { String::from("\u{feff}") } else { String::new() };
        text.push_str(&self.header().join(&delimiter.to_string()));
        let mut parts = vec![text];
        let mut n_fields = 0;
        for (row, record) in self.records.iter().enumerate() {
            // A line ends where the next one begins: the last may be left open.
            parts.last_mut().expect("the header").push_str(line_end);
            if blank_lines[row % blank_lines.len()] {
                // A blank line is no record.
                parts.push((*line_end).to_owned());
            }
            let mut text = String::new();
            let extra = self.extra.then(|| "é".to_owned());
            let more = ragged(row).then(|| "för mycket".to_owned());
            let fields = self.columns.iter().map(|variable| record[*variable].clone().unwrap_or_default());
            for (place, field) in fields.chain(extra).chain(more).enumerate() {
                if place > 0 {
                    text.push(*delimiter);
                }
                n_fields += 1;
                if quoting[n_fields % quoting.len()] || field.contains([*delimiter, '"', '\n', '\r']) {
                    write!(text, "\"{}\"", field.replace('"', "\"\"")).unwrap();
                } else {
                    text.push_str(&field);
                }
            }
            parts.push(text);
        }
        if *last_line_end {
            parts.last_mut().expect("the header").push_str(line_end);
        }
        parts.into_iter().map(String::into_bytes).collect()
    }

    /// The same file with its records in another order.
    pub(super) fn permuted(&self, by: usize) -> Self {
        let mut table = self.clone();
        table.records.reverse();
        let n_records = table.records.len();
        if n_records > 0 {
            table.records.rotate_left(by % n_records);
        }
        table
    }

    /// The same records as Parquet, all columns text; blanks as nulls or as empty texts.
    pub(super) fn parquet(&self, path: &Path) {
        let names = self.header();
        let fields: Vec<Field> = names.iter().map(|name| Field::new(name, DataType::Utf8, true)).collect();
        let schema = Arc::new(ArrowSchema::new(fields));
        let column = |variable: usize| -> ArrayRef {
            let values = self
                .records
                .iter()
                .enumerate()
                .map(|(row, record)| record[variable].as_deref().filter(|text| !text.is_empty() || row % 2 == 0));
            Arc::new(values.collect::<StringArray>())
        };
        let mut arrays: Vec<ArrayRef> = self.columns.iter().map(|variable| column(*variable)).collect();
        if self.extra {
            arrays.push(Arc::new(self.records.iter().map(|_| Some("é")).collect::<StringArray>()));
        }
        let batch = RecordBatch::try_new(Arc::clone(&schema), arrays).unwrap();
        let properties = WriterProperties::builder().set_max_row_group_row_count(Some(20)).build();
        let file = std::fs::File::create(path).unwrap();
        let mut writer = ArrowWriter::try_new(file, schema, Some(properties)).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
    }
}

/// A value for a variable: good, odd, wrong or blank.
fn value(choices: &mut Choices<'_>, variable: &Variable, schema: &Schema) -> String {
    if choices.chance(2) {
        return choices.one(&BLANKS).to_owned();
    }
    let n_elements = if variable.separators.is_empty() { 1 } else { 1 + choices.below(3) };
    let mut text = element(choices, variable, schema);
    for _ in 1..n_elements {
        text.push_str(choices.one(&["", " "]));
        let separators: Vec<char> = variable.separators.chars().collect();
        text.push(choices.one(&separators));
        text.push_str(choices.one(&["", " ", "\u{a0}"]));
        text.push_str(&element(choices, variable, schema));
    }
    text
}

fn element(choices: &mut Choices<'_>, variable: &Variable, schema: &Schema) -> String {
    if choices.chance(1) {
        return choices.one(&TEXTS).to_owned();
    }
    let codes = |choices: &mut Choices<'_>, list: usize| choices.one(&schema.lists[list].codes).text.clone();
    match variable.kind {
        Kind::Text { official: Some((list, _)), .. } if choices.chance(6) => codes(choices, list),
        Kind::Text { .. } => choices.one(&TEXTS).to_owned(),
        Kind::Code(list) => codes(choices, list),
        Kind::Timestamp { .. } => choices.one(&TIMES).to_owned(),
        Kind::Year(_) => choices.one(&YEARS).to_owned(),
        Kind::Integer(_) => choices.one(&WHOLES).to_owned(),
    }
}
