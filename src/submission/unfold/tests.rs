//! Rows of several records, from CSV and Parquet.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;

use super::*;
use crate::assets;
use crate::schema::{Schemas, load};
use crate::submission::testing::{Record, open, open_with, records};
use crate::submission::{CollectionSource, ReadOptions};

const SCHEMA: &str = r#"
collection: handelse
prefix: HA
title: { sv: Händelse, en: Event }
source: { document: d, place: p }
detect: { has: [arende, kod, datum] }
variables:
  - { id: arende, name: { sv: Ärende, en: Case }, type: text, examples: { valid: ["a"] } }
  - { id: kod, name: { sv: Kod, en: Code }, type: text, examples: { valid: ["a"] } }
  - { id: datum, name: { sv: Datum, en: Date }, type: text, examples: { valid: ["a"] } }
  - { id: anm, name: { sv: Anmärkning, en: Note }, type: text, examples: { valid: ["a"] } }
layouts:
  - id: bred
    title: { sv: en rad per ärende, en: one row a case }
    parts: [ { id: sort, name: { sv: Sort, en: Sort } } ]
    columns:
      - { id: start, name: { sv: Start, en: Start }, value: datum, set: { kod: "{sort}-10" } }
      - { id: slut, name: { sv: Slut, en: End }, value: datum, set: { kod: "{sort} i ett långt {arende}" } }
      - { id: brev, name: { sv: Brev, en: Letter }, value: anm }
"#;

fn schemas() -> Schemas {
    let text = assets::File { name: "handelse.yaml".to_owned(), text: SCHEMA.to_owned() };
    load(&[("handelse.yaml".to_owned(), text)].into()).expect("a valid schema")
}

/// Row, and values, `-` where there is no column.
fn told(records: &[Record]) -> Vec<String> {
    let shown = |record: &Record| {
        let values: Vec<&str> = record.values.iter().map(|value| value.as_deref().unwrap_or("-")).collect();
        format!("{} {}: {}", record.row, record.line.unwrap_or(0), values.join("|"))
    };
    records.iter().map(shown).collect()
}

const TEXT: &str = "slut;arende;sort;start;brev;mer
2022-02-01 och ett långt värde;A1;X;2022-01-01;;x

;A2;;2022-01-05;hej, ett långt brev;x
;A3;Y;;;x
2022-03-01;A4;Z
;A5;W;2022-01-09;;x
";

const RECORDS: [&str; 7] = [
    "1 2: A1|X i ett långt A1|2022-02-01 och ett långt värde|",
    "1 2: A1|X-10|2022-01-01|",
    "2 4: A2||2022-01-05|",
    "2 4: A2|||hej, ett långt brev",
    "3 5: |||",
    "4 6: |||",
    "5 7: A5|W-10|2022-01-09|",
];

#[test]
fn each_filled_cell_is_a_record_of_its_row() {
    let schemas = schemas();
    let (_folder, input) = open("a.csv", TEXT, &schemas).expect("a known header");
    assert_eq!((input.layout, &input.column_of), (Some(0), &vec![Some(1), Some(0), Some(0), Some(4)]));
    assert_eq!(input.header.iter().filter(|column| column.variable.is_none()).count(), 1);
    let (records, summary) = records(&input, &schemas, false).expect("a readable file");
    assert_eq!(told(&records), RECORDS);
    assert_eq!(records[4].faults, [FaultKind::NoRecord { columns: 3 }], "no row is lost");
    assert_eq!(records[5].faults, [FaultKind::FieldCount { found: 3, expected: 6 }], "nor one that cannot be read");
    assert_eq!(summary, ScanSummary { records: 7, rows: 5, blank_lines: 1 });
}

#[test]
fn records_are_numbered_through_whatever_the_batches() {
    let schemas = schemas();
    for chunk_bytes in [1, 40, 100, 0] {
        let options = ReadOptions { chunk_bytes, ..ReadOptions::default() };
        let (_folder, input) = open_with("a.csv", TEXT, &schemas, &options).expect("a known header");
        let collection = &schemas.collections["handelse"];
        let request = ScanRequest { wanted: vec![true, false, true, false], raw: true };
        let map = |batch: Batch| {
            let places = |row| {
                (
                    batch.positions.first_row + row as u64,
                    batch.positions.at(row).row,
                    batch.positions.own_column(row, VariableIndex(2)),
                )
            };
            let wanted: Vec<bool> = batch.columns.iter().map(Option::is_some).collect();
            assert_eq!(wanted, request.wanted);
            assert_eq!(batch.positions.own_column(0, VariableIndex(0)), None, "a shared column");
            let rows = batch.positions.rows_of(&Bits::all(batch.n_rows));
            (rows.count(), (0..batch.n_rows).map(places).collect::<Vec<_>>())
        };
        let (mut n_rows, mut found) = (0, Vec::new());
        let mut fold = |(rows, places): (u64, Vec<_>)| {
            n_rows += rows;
            found.extend(places);
            Ok(())
        };
        input.scan(collection, &request, &AtomicBool::new(false), &|_| {}, &map, &mut fold).expect("a readable file");
        let columns = [Some(0), Some(3), Some(3), Some(4), None, None, Some(3)];
        let rows = [1, 1, 2, 2, 3, 4, 5];
        let expected: Vec<_> =
            (0..).zip(rows).zip(columns).map(|((record, row), column)| (record, Some(row), Some(column))).collect();
        assert_eq!((n_rows, found), (5, expected), "chunks of {chunk_bytes} bytes");
    }
}

#[test]
fn a_fault_is_of_the_record_in_its_column() {
    let mut text = "arende;sort;start;slut\nA;X;2022;2023".as_bytes().to_vec();
    text.extend(b"\xFF\nB\xFF;X;2022;\"2023\n");
    let schemas = schemas();
    let options = ReadOptions { encoding: Some(crate::submission::Encoding::Utf8), ..ReadOptions::default() };
    let (_folder, input) = open_with("a.csv", text, &schemas, &options).expect("a known header");
    let (records, _) = records(&input, &schemas, false).expect("a readable file");
    let faults: Vec<(u64, Vec<usize>)> = records
        .iter()
        .map(|record| {
            let column = |fault: &FaultKind| match fault {
                FaultKind::Undecodable { column, .. } | FaultKind::UnclosedQuote { column } => *column,
                _ => usize::MAX,
            };
            (record.row, record.faults.iter().map(column).collect())
        })
        .collect();
    assert_eq!(faults, [(1, vec![]), (1, vec![3]), (2, vec![0]), (2, vec![3])]);
}

#[test]
fn parquet_gives_the_same_records() {
    let column = |values: [Option<&str>; 4]| -> ArrayRef { Arc::new(StringArray::from(values.to_vec())) };
    let batch = RecordBatch::try_from_iter_with_nullable([
        ("slut", column([Some("2022-02-01 och ett långt värde"), None, None, Some(" ")]), true),
        ("arende", column([Some("A1"), Some("A2"), Some("A3"), Some("A5")]), true),
        ("sort", column([Some("X"), None, Some("Y"), Some("W")]), true),
        ("start", column([Some("2022-01-01"), Some("2022-01-05"), None, Some("2022-01-09")]), true),
        ("brev", column([None, Some("hej, ett långt brev"), None, None]), true),
    ])
    .expect("columns of one length");
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).expect("a schema");
    writer.write(&batch).expect("a batch");
    writer.close().expect("an end");
    let schemas = schemas();
    for batch_rows in [1, 3, 0] {
        let options = ReadOptions { batch_rows, ..ReadOptions::default() };
        let (_folder, input) = open_with("a.parquet", &bytes, &schemas, &options).expect("a known header");
        let (records, summary) = records(&input, &schemas, false).expect("a readable file");
        let values = |line: &str| line.split_once(": ").map(|(_, values)| values.to_owned());
        let found: Vec<Option<String>> = told(&records).iter().map(|line| values(line)).collect();
        let expected = RECORDS.iter().filter(|line| !line.starts_with("4 6")).map(|line| values(line));
        assert_eq!(found, expected.collect::<Vec<_>>());
        assert_eq!((summary.records, summary.rows), (6, 4));
    }
}

#[test]
fn a_header_says_which_form_it_is() {
    let schemas = schemas();
    let form = |header: &str, collection: Option<&str>| {
        let options = ReadOptions { collection: collection.map(str::to_owned), ..ReadOptions::default() };
        let opened = open_with("a.csv", format!("{header}\n"), &schemas, &options);
        opened.map(|(_, input)| (input.layout, input.collection_source)).map_err(|error| error.to_string())
    };
    assert_eq!(form("arende;kod;datum;anm", None), Ok((None, CollectionSource::Header)));
    assert_eq!(form("ärende;Sort;Start;Slut", None), Ok((Some(0), CollectionSource::Header)));
    assert_eq!(form("arende;slut", Some("handelse")), Ok((Some(0), CollectionSource::Option)));
    assert_eq!(form("arende", Some("handelse")), Ok((None, CollectionSource::Option)), "without an event column");
    assert!(form("arende;sort", None).is_err());
    // What codes are made of is not there: they have no column.
    let (_folder, input) = open("a.csv", "arende;start;slut\nA;2022;2023\n", &schemas).expect("a known header");
    assert_eq!(input.column_of, [Some(0), None, Some(1), None]);
}
