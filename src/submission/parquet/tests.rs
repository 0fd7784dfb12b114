use std::sync::Arc;
use std::sync::atomic::Ordering;

use arrow::array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, Date64Array, Decimal128Array, DictionaryArray, Float32Array,
    Float64Array, Int8Array, Int64Array, LargeListArray, LargeStringArray, ListArray, NullArray, StringArray,
    StringViewArray, StructArray, TimestampMicrosecondArray, TimestampMillisecondArray, TimestampNanosecondArray,
    TimestampSecondArray, UInt64Array,
};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::Int32Type;
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;

use super::*;
use crate::submission::testing::{Record, collection, open, open_with, plain_schemas, records, schemas, variable};

/// A file of `columns`, with row groups and pages small enough that batches cross them.
fn written(columns: Vec<(&str, ArrayRef)>) -> Vec<u8> {
    let batch =
        RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true))).unwrap();
    written_with(
        &batch,
        WriterProperties::builder()
            .set_max_row_group_row_count(Some(50))
            .set_data_page_row_count_limit(7)
            .set_write_batch_size(7)
            .build(),
    )
}

fn written_with(batch: &RecordBatch, properties: WriterProperties) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties)).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
    bytes
}

/// The values of one column of `array`s type.
#[track_caller]
fn check(array: impl arrow::array::Array + 'static, expected: &[&str]) {
    let schemas = schemas([collection("t", vec![variable("aa", "", &[], "|,")])]);
    let (_folder, file) = open("a.parquet", written(vec![("aa", Arc::new(array))]), &schemas).unwrap();
    let (found, summary) = records(&file, &schemas, false).unwrap();
    let values: Vec<&str> = found.iter().map(|record| record.values[0].as_deref().unwrap()).collect();
    assert_eq!(values, expected);
    assert!(found.iter().all(|record| record.faults.is_empty()));
    assert_eq!(summary, ScanSummary { records: expected.len() as u64, rows: expected.len() as u64, blank_lines: 0 });
}

#[test]
fn text_of_any_type_is_itself_trimmed() {
    let values = [Some(" a "), None, Some(""), Some("ett värde längre än tolv byte\u{a0}\t"), Some("exactly12byt")];
    let expected = ["a", "", "", "ett värde längre än tolv byte", "exactly12byt"];
    check(StringArray::from_iter(values), &expected);
    check(LargeStringArray::from_iter(values), &expected);
    check(StringViewArray::from_iter(values), &expected);
    check(BinaryArray::from_iter(values.map(|value| value.map(str::as_bytes))), &expected);
    check(DictionaryArray::<Int32Type>::from_iter(values), &expected);
    check(NullArray::new(2), &["", ""]);
}

#[test]
fn numbers_are_written_as_in_text() {
    check(Int8Array::from(vec![Some(-1), None, Some(7)]), &["-1", "", "7"]);
    check(Int64Array::from(vec![i64::MIN, 0, 1987]), &["-9223372036854775808", "0", "1987"]);
    check(UInt64Array::from(vec![u64::MAX]), &["18446744073709551615"]);
    check(Float64Array::from(vec![Some(1987.0), None, Some(0.5), Some(-3.0)]), &["1987", "", "0.5", "-3"]);
    check(Float32Array::from(vec![2022.0, 0.1]), &["2022", "0.1"]);
    let decimals = Decimal128Array::from(vec![Some(198_700), Some(-150), Some(0), None]);
    check(decimals.with_precision_and_scale(10, 2).unwrap(), &["1987", "-1.5", "0", ""]);
    check(BooleanArray::from(vec![Some(true), Some(false), None]), &["true", "false", ""]);
}

#[test]
fn points_in_time_are_written_as_in_text() {
    check(
        Date32Array::from(vec![Some(18_995), Some(0), Some(-1), None]),
        &["2022-01-03", "1970-01-01", "1969-12-31", ""],
    );
    check(Date64Array::from(vec![18_995 * 86_400_000]), &["2022-01-03"]);
    let second = 18_995 * 86_400 + 8 * 3600 + 5 * 60 + 9;
    check(TimestampSecondArray::from(vec![second, -1]), &["2022-01-03T08:05:09", "1969-12-31T23:59:59"]);
    check(
        TimestampMillisecondArray::from(vec![second * 1000, second * 1000 + 70]).with_timezone("UTC"),
        &["2022-01-03T08:05:09", "2022-01-03T08:05:09.070"],
    );
    check(TimestampMicrosecondArray::from(vec![second * 1_000_000 + 1]), &["2022-01-03T08:05:09.000001"]);
    check(TimestampNanosecondArray::from(vec![second * 1_000_000_000 + 1_000_000]), &["2022-01-03T08:05:09.001"]);
}

#[test]
fn lists_are_joined_by_the_first_separator() {
    let lists = || {
        let items = StringArray::from(vec![Some(" J45 "), None, Some("I10"), Some(""), Some("a value of many bytes")]);
        let field = Arc::new(Field::new("item", DataType::Utf8, true));
        let offsets = [3, 0, 1, 1];
        (field, offsets, Arc::new(items), Some(vec![true, false, true, true].into()))
    };
    let expected = ["J45|I10", "", "", "a value of many bytes"];
    let (field, offsets, items, nulls) = lists();
    check(ListArray::new(field, OffsetBuffer::from_lengths(offsets), items, nulls), &expected);
    let (field, offsets, items, nulls) = lists();
    check(LargeListArray::new(field, OffsetBuffer::from_lengths(offsets), items, nulls), &expected);
}

#[test]
fn bytes_that_are_no_text_are_a_fault_of_their_record() {
    let schemas = plain_schemas(&["aa", "bb"]);
    let values: Vec<Option<&[u8]>> = vec![Some(b"ok"), Some(b"ab\xFFc"), None];
    let columns: Vec<(&str, ArrayRef)> =
        vec![("x", Arc::new(StringArray::from(vec!["1", "2", "3"]))), ("aa", Arc::new(BinaryArray::from(values)))];
    let (_folder, file) = open("a.parquet", written(columns), &schemas).unwrap();
    let (found, _) = records(&file, &schemas, false).unwrap();
    assert_eq!(found[1].values, [Some("ab\u{fffd}c".to_owned()), None]);
    assert_eq!(found[1].faults, [FaultKind::Undecodable { column: 1, byte: 2 }]);
    assert!(found[0].faults.is_empty() && found[2].faults.is_empty());
}

#[test]
fn a_column_that_cannot_be_a_value_is_refused_by_name_and_type() {
    let structs: ArrayRef = Arc::new(StructArray::from(vec![(
        Arc::new(Field::new("x", DataType::Utf8, true)),
        Arc::new(StringArray::from(vec!["1"])) as ArrayRef,
    )]));
    let local: ArrayRef = Arc::new(TimestampMicrosecondArray::from(vec![0]).with_timezone("Europe/Stockholm"));
    for (array, said) in [(structs, "Struct"), (local, "Europe/Stockholm")] {
        let bytes = written(vec![("aa", Arc::clone(&array))]);
        let message = open("a.parquet", bytes, &plain_schemas(&["aa"])).map(|_| ()).unwrap_err().to_string();
        assert!(message.contains("column `aa` has type") && message.contains(said), "{message}");
        let columns: Vec<(&str, ArrayRef)> = vec![("x", array), ("aa", Arc::new(StringArray::from(vec!["1"])))];
        assert!(
            open("a.parquet", written(columns), &plain_schemas(&["aa"])).is_ok(),
            "unknown columns may be anything"
        );
    }
}

/// Many records over several row groups, with a column that is no variable.
fn many() -> (Vec<u8>, Vec<Vec<Option<String>>>) {
    let text = |row: usize| (!row.is_multiple_of(5)).then(|| format!("{}{row}", "x".repeat(row % 23)));
    let rows = 0..330;
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("bb", Arc::new(Int64Array::from_iter_values(rows.clone().map(|row| i64::try_from(row).unwrap())))),
        ("x", Arc::new(ListArray::from_iter_primitive::<Int32Type, _, _>(rows.clone().map(|_| Some(vec![Some(1)]))))),
        ("aa", Arc::new(rows.clone().map(text).collect::<StringArray>())),
    ];
    let expected = rows.map(|row| vec![Some(text(row).unwrap_or_default()), Some(row.to_string())]).collect();
    (written(columns), expected)
}

#[test]
fn batches_of_any_size_hold_the_same_records() {
    let schemas = plain_schemas(&["aa", "bb"]);
    let (bytes, expected) = many();
    for batch_rows in [0, 1, 7, 50, 64, 10_000] {
        let options = ReadOptions { batch_rows, ..ReadOptions::default() };
        let (_folder, file) = open_with("a.parquet", &bytes, &schemas, &options).unwrap();
        assert_eq!(file.format, Format::Parquet { records: 330 });
        let (found, summary) = records(&file, &schemas, false).unwrap();
        assert_eq!(summary.records, 330);
        assert!(found.iter().map(|record| record.row).eq(1..=330));
        assert!(found.iter().all(|record| record.line.is_none() && record.sheet_row.is_none()));
        let values: Vec<_> = found.into_iter().map(|record: Record| record.values).collect();
        assert_eq!(values, expected);
    }
}

#[test]
fn unchanged_records_have_all_columns() {
    let schemas = plain_schemas(&["aa", "bb"]);
    let (bytes, _) = many();
    let (_folder, file) = open("a.parquet", &bytes, &schemas).unwrap();
    let request = ScanRequest { wanted: vec![false, true], raw: true };
    let mut n_rows = 0;
    let mut fold = |batch: Batch| {
        let Raw::Arrow(raw) = batch.raw else {
            panic!("nothing unchanged");
        };
        let names: Vec<_> = raw.schema().fields().iter().map(|field| field.name().clone()).collect();
        assert_eq!(names, ["bb", "x", "aa"]);
        assert!(batch.columns[0].is_none() && batch.columns[1].is_some());
        n_rows += raw.num_rows();
        Ok(())
    };
    let told = std::sync::atomic::AtomicU64::new(0);
    let progress = |bytes| {
        told.fetch_add(bytes, Ordering::Relaxed);
    };
    scan(&file, &schemas.collections["t"], &request, &AtomicBool::new(false), &progress, &|batch| batch, &mut fold)
        .unwrap();
    assert_eq!((n_rows, told.into_inner()), (330, bytes.len() as u64));
}

#[test]
fn records_are_counted_even_if_nothing_is_wanted() {
    let schemas = plain_schemas(&["aa", "bb"]);
    let (_folder, file) = open("a.parquet", many().0, &schemas).unwrap();
    let request = ScanRequest { wanted: vec![false; 2], raw: false };
    let mut n_rows = 0;
    let mut fold = |batch: usize| {
        n_rows += batch;
        Ok(())
    };
    let stop = AtomicBool::new(false);
    scan(&file, &schemas.collections["t"], &request, &stop, &|_| {}, &|batch| batch.n_rows, &mut fold).unwrap();
    assert_eq!(n_rows, 330);
    let nothing = written(vec![("aa", Arc::new(StringArray::from(Vec::<&str>::new())))]);
    let (_folder, file) = open("a.parquet", nothing, &schemas).unwrap();
    assert_eq!(records(&file, &schemas, true).unwrap(), (vec![], ScanSummary::default()));
}

/// Reads damaged bytes: whatever comes of it, it is records or a message.
fn read_damaged(bytes: &[u8]) -> Result<(), InputError> {
    let schemas = plain_schemas(&["aa", "bb"]);
    let (_folder, file) = open("a.parquet", bytes, &schemas)?;
    records(&file, &schemas, true).map(|_| ())
}

#[test]
fn a_file_that_is_cut_off_is_said_to_be() {
    let (bytes, _) = many();
    for end in (0..bytes.len()).step_by(37).chain([4, 8, bytes.len() - 1, bytes.len() - 8]) {
        match read_damaged(&bytes[..end]) {
            Err(InputError::Parquet { message, .. }) if end >= 4 => assert!(message.contains("cut off"), "{message}"),
            Err(InputError::Empty(_)) if end == 0 => {}
            Err(InputError::Parquet { .. }) if end < 4 => {}
            other => panic!("{end}: {other:?}"),
        }
    }
}

#[test]
fn damage_anywhere_is_an_error_or_another_value_but_never_a_panic() {
    let (bytes, _) = many();
    for (place, flip) in (4..bytes.len()).step_by(19).zip([0x01, 0x80, 0xFF].into_iter().cycle()) {
        let mut damaged = bytes.clone();
        damaged[place] ^= flip;
        // Names and counts in the footer may be hit, too.
        match read_damaged(&damaged) {
            Ok(()) | Err(InputError::Parquet { .. } | InputError::UnknownHeader { .. }) => {}
            Err(other) => panic!("{place}: {other}"),
        }
    }
}
