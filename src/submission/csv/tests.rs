use proptest::prelude::*;

use super::super::ReadOptions;
use super::super::testing::{Record, open, open_with, plain_schemas, records};
use std::sync::atomic::Ordering;

use super::*;
use crate::submission::Encoding;
use crate::table::FaultKind;

/// The values and faults of records under the header `aa;bb;cc`.
fn read(body: &str) -> Vec<(Vec<String>, Vec<FaultKind>)> {
    let (records, _) = read_bytes(&[b"aa;bb;cc\n", body.as_bytes()].concat());
    let plain = |record: Record| (record.values.into_iter().flatten().collect(), record.faults);
    records.into_iter().map(plain).collect()
}

fn read_bytes(bytes: &[u8]) -> (Vec<Record>, ScanSummary) {
    let schemas = plain_schemas(&["aa", "bb", "cc"]);
    let (_folder, file) = open("a.csv", bytes, &schemas).unwrap();
    records(&file, &schemas, true).unwrap()
}

/// Checks values alone, of records without faults.
#[track_caller]
fn check(body: &str, expected: &[[&str; 3]]) {
    let found = read(body);
    let values: Vec<Vec<&str>> = found.iter().map(|(values, _)| values.iter().map(String::as_str).collect()).collect();
    assert_eq!(values, expected);
    assert!(found.iter().all(|(_, faults)| faults.is_empty()), "{found:?}");
}

#[track_caller]
fn check_faults(body: &str, expected: &[(&[&str; 3], &[FaultKind])]) {
    let found = read(body);
    let found: Vec<(Vec<&str>, &[FaultKind])> =
        found.iter().map(|(values, faults)| (values.iter().map(String::as_str).collect(), &faults[..])).collect();
    let expected: Vec<(Vec<&str>, &[FaultKind])> =
        expected.iter().map(|(values, faults)| (values.to_vec(), *faults)).collect();
    assert_eq!(found, expected);
}

#[test]
fn records_end_at_lf_or_crlf_or_the_end() {
    check("1;2;3\n4;5;6\r\n7;8;9", &[["1", "2", "3"], ["4", "5", "6"], ["7", "8", "9"]]);
    check("1;2\r;\r3\r\n", &[["1", "2\r", "\r3"]]);
    check("1;2;3\r\r\n", &[["1", "2", "3\r"]]);
    check("", &[]);
}

#[test]
fn values_short_and_long_are_trimmed() {
    check(" 1 ;\t2\t;\" 3 \"\n", &[["1", "2", "3"]]);
    check("  a long value of many bytes  ;å ä\u{a0};\u{a0} \n", &[["a long value of many bytes", "å ä", ""]]);
    check("exactly12byt;exactly13byte;", &[["exactly12byt", "exactly13byte", ""]]);
}

#[test]
fn blank_lines_are_no_records_but_delimiters_alone_are() {
    let (records, summary) = read_bytes(b"aa;bb;cc\n\n1;2;3\n   \n;;\n\r\n \t\n4;5;6\n\n");
    let places: Vec<_> = records.iter().map(|record| (record.row, record.line, record.sheet_row)).collect();
    assert_eq!(places, [(1, Some(3), Some(3)), (2, Some(5), Some(5)), (3, Some(8), Some(8))]);
    assert_eq!(summary, ScanSummary { records: 3, rows: 3, blank_lines: 5 });
    assert_eq!(records[1].values, vec![Some(String::new()); 3]);
}

#[test]
fn a_tab_that_is_the_delimiter_makes_a_record() {
    let (records, summary) = read_bytes(b"aa\tbb\tcc\n\t\t\n  \n1\t2\t3\n");
    assert_eq!((records.len(), summary.blank_lines), (2, 1));
}

#[test]
fn quoted_fields_hold_anything() {
    check("\"a;b\";\"c\nd\";\"e\"\"f\"\n1;2;3\n", &[["a;b", "c\nd", "e\"f"], ["1", "2", "3"]]);
    check("\"\";\"\"\"\";\"a longer \"\"quoted\"\" text\"", &[["", "\"", "a longer \"quoted\" text"]]);
    check("\"a\" ;\"b\"\t;\"c\" \r\n", &[["a", "b", "c"]]);
}

#[test]
fn line_breaks_in_fields_count_as_lines_but_not_as_rows_of_a_sheet() {
    let (records, _) = read_bytes(b"aa;bb;\"c\nc\"\n1;\"2\r\n2\";3\n\n4;5;6\n");
    let places: Vec<_> = records.iter().map(|record| (record.line, record.sheet_row)).collect();
    assert_eq!(places, [(Some(3), Some(2)), (Some(6), Some(4))]);
}

#[test]
fn a_quotation_mark_within_a_field_is_ordinary() {
    check("5\" tum;x\"y\"z; \"a\n", &[["5\" tum", "x\"y\"z", "\"a"]]);
}

#[test]
fn a_quotation_mark_never_closed_is_ordinary_and_a_fault() {
    let unclosed = |column| FaultKind::UnclosedQuote { column };
    check_faults("1;\"2;3\n4;5;6\n", &[(&["1", "\"2", "3"], &[unclosed(1)]), (&["4", "5", "6"], &[])]);
    // Too far away.
    let far = format!("1;\"2;3\n{}7;\"8\";9\n", "4;5;6\n".repeat(MAX_QUOTED / 6 + 1));
    let found = read(&far);
    assert_eq!(found.len(), MAX_QUOTED / 6 + 3);
    assert_eq!(found[0].1, [unclosed(1)]);
    assert_eq!(found[found.len() - 1], (vec!["7".into(), "8".into(), "9".into()], vec![]));
    // Just near enough.
    let near = format!("1;\"{}\";3\n", "x".repeat(MAX_QUOTED - 1));
    assert_eq!(read(&near)[0].1, []);
    let near = format!("1;\"{}\";3\n", "x".repeat(MAX_QUOTED));
    assert_eq!(read(&near)[0].1, [unclosed(1)]);
}

#[test]
fn text_after_a_closing_quotation_mark_is_kept_and_a_fault() {
    let after = FaultKind::TextAfterQuote { column: 1 };
    check_faults("1;\"2\"x\"y;3\n", &[(&["1", "\"2\"x\"y", "3"], &[after])]);
}

#[test]
fn a_quotation_mark_never_closed_does_not_eat_records_up_to_the_next_quoted_field() {
    let unclosed = FaultKind::UnclosedQuote { column: 1 };
    let after = FaultKind::TextAfterQuote { column: 1 };
    check_faults(
        "1;\"never;3\n4;5;6\n7;\"ok\"x;9\n10;\"11\n12\" ;13\r\n14;15;16\n",
        &[
            (&["1", "\"never", "3"], &[unclosed]),
            (&["4", "5", "6"], &[]),
            (&["7", "\"ok\"x", "9"], &[after]),
            (&["10", "11\n12", "13"], &[]),
            (&["14", "15", "16"], &[]),
        ],
    );
}

#[test]
fn ragged_records_are_blank_and_a_fault() {
    let count = |found| FaultKind::FieldCount { found, expected: 3 };
    check_faults(
        "1;2\n1;2;3;4\n1;2;3\nx\n\"1\";2\n",
        &[
            (&["", "", ""], &[count(2)]),
            (&["", "", ""], &[count(4)]),
            (&["1", "2", "3"], &[]),
            (&["", "", ""], &[count(1)]),
            (&["", "", ""], &[count(2)]),
        ],
    );
}

#[test]
fn bytes_that_are_no_utf8_are_placed_in_the_file() {
    let (records, _) = read_bytes(b"aa;bb;cc\n\xC3\xA5;2;3\n4;x\xFFy;6\n7;\"\"\"\xC3\";9\n");
    let undecodable = |column, byte| vec![FaultKind::Undecodable { column, byte }];
    assert_eq!(records[0].values[0].as_deref(), Some("å"));
    assert_eq!((records[1].values[1].as_deref(), &records[1].faults), (Some("x\u{fffd}y"), &undecodable(1, 19)));
    assert_eq!((records[2].values[1].as_deref(), &records[2].faults), (Some("\"\u{fffd}"), &undecodable(1, 29)));
}

#[test]
fn windows_1252_is_decoded() {
    let (records, _) = read_bytes(b"aa;bb;cc\n\xE5;\x80 20\xA0;\"V\xE4stra G\xF6talands l\xE4n\"\n1;\x81;2\n");
    let values: Vec<_> = records[0].values.iter().map(|value| value.as_deref().unwrap()).collect();
    assert_eq!(values, ["å", "€ 20", "Västra Götalands län"]);
    assert_eq!(records[1].faults, [FaultKind::Undecodable { column: 1, byte: 42 }]);
}

#[test]
fn a_record_that_is_too_long_is_refused_with_its_line() {
    let schemas = plain_schemas(&["aa", "bb", "cc"]);
    let long = format!("aa;bb;cc\n1;2;3\n{};2;3\n4;5;6\n", "x".repeat(MAX_RECORD + 1));
    for end in [long.len(), long.len() - 11] {
        for chunk_bytes in [1 << 10, 64 << 20] {
            let options = ReadOptions { chunk_bytes, ..ReadOptions::default() };
            let (_folder, file) = open_with("a.csv", &long[..end], &schemas, &options).unwrap();
            let result = records(&file, &schemas, false);
            assert!(matches!(result, Err(InputError::RecordTooLong { line: 3, .. })), "{result:?}");
        }
    }
}

#[test]
fn header_and_raw_records_make_up_the_file() {
    let text = b"\xEF\xBB\xBF\n\"aa\";bb;cc\r\n1;2;3\r\n\"4\n\";5;6\n7;8";
    let schemas = plain_schemas(&["aa", "bb", "cc"]);
    let (_folder, file) = open("a.csv", text, &schemas).unwrap();
    let mut bytes = header_bytes(&file).unwrap();
    for record in records(&file, &schemas, true).unwrap().0 {
        bytes.extend(record.raw.unwrap());
    }
    assert_eq!(bytes, text);
}

#[test]
fn only_wanted_columns_are_read() {
    let schemas = plain_schemas(&["aa", "bb", "cc"]);
    let (_folder, file) = open("a.csv", "cc;zz;aa\n\"3\";x;1\n3;\"x\"y;1\n", &schemas).unwrap();
    let request = ScanRequest { wanted: vec![true, true, false], raw: false };
    let collection = &schemas.collections["t"];
    let mut found = Vec::new();
    let mut fold = |batch: Vec<Record>| {
        found.extend(batch);
        Ok(())
    };
    scan(&file, collection, &request, &AtomicBool::new(false), &|_| {}, &|batch| Record::all(&batch), &mut fold)
        .unwrap();
    assert_eq!(found[0].values, [Some("1".to_owned()), None, None]);
    assert_eq!(found[1].faults, [FaultKind::TextAfterQuote { column: 1 }], "faults are told of every column");
}

#[test]
fn a_scan_stops_when_told_and_passes_on_what_its_consumer_says() {
    let schemas = plain_schemas(&["aa", "bb", "cc"]);
    let (_folder, file) = open("a.csv", "aa;bb;cc\n1;2;3\n", &schemas).unwrap();
    let request = ScanRequest { wanted: vec![true; 3], raw: false };
    let scan = |stop: bool, fold: &mut dyn FnMut(usize) -> Result<(), InputError>| {
        file.scan(&schemas.collections["t"], &request, &AtomicBool::new(stop), &|_| {}, &|batch| batch.n_rows, fold)
    };
    assert!(matches!(scan(true, &mut |_| Ok(())), Err(InputError::Interrupted)));
    assert!(matches!(scan(false, &mut |_| Err(InputError::Consumer("full".into()))), Err(InputError::Consumer(_))));
}

#[test]
fn progress_adds_up_to_the_file() {
    let schemas = plain_schemas(&["aa", "bb", "cc"]);
    let text = format!("aa;bb;cc\n{}", "1;2;3\n".repeat(1000));
    let options = ReadOptions { chunk_bytes: 64, ..ReadOptions::default() };
    let (_folder, file) = open_with("a.csv", &text, &schemas, &options).unwrap();
    let request = ScanRequest { wanted: vec![true; 3], raw: false };
    let told = std::sync::atomic::AtomicU64::new(0);
    let progress = |bytes| {
        told.fetch_add(bytes, Ordering::Relaxed);
    };
    let mut fold = |()| Ok(());
    file.scan(&schemas.collections["t"], &request, &AtomicBool::new(false), &progress, &|_| (), &mut fold).unwrap();
    assert_eq!(told.into_inner(), text.len() as u64);
}

// What the module says, once more, byte by byte and in the plainest way.
mod reference {
    use super::*;

    pub(super) struct Reference<'a> {
        pub(super) bytes: &'a [u8],
        pub(super) offset: usize,
        pub(super) delimiter: u8,
        pub(super) max_quoted: usize,
        pub(super) n_columns: usize,
        pub(super) encoding: Encoding,
    }

    impl Reference<'_> {
        fn line_end(&self, at: usize) -> Option<usize> {
            match (self.bytes.get(at), self.bytes.get(at + 1)) {
                (None, _) => Some(0),
                (Some(b'\n'), _) => Some(1),
                (Some(b'\r'), Some(b'\n')) => Some(2),
                _ => None,
            }
        }

        fn is_stop(&self, at: usize) -> bool {
            self.line_end(at).is_some() || self.bytes[at] == self.delimiter
        }

        fn is_space(&self, at: usize) -> bool {
            matches!(self.bytes[at], b' ' | b'\t') && self.bytes[at] != self.delimiter
        }

        pub(super) fn records(&self, mut line: u64) -> (Vec<Record>, u64) {
            let (mut records, mut blank_lines, mut sheet_row, mut at) = (Vec::new(), 0, line, 0);
            while at < self.bytes.len() {
                let mut end = at;
                while self.line_end(end).is_none() && self.is_space(end) {
                    end += 1;
                }
                if let Some(length) = self.line_end(end) {
                    blank_lines += 1;
                    line += 1;
                    sheet_row += 1;
                    at = end + length;
                    continue;
                }
                let start = at;
                let (mut values, mut faults) = (Vec::new(), Vec::new());
                loop {
                    at = self.field(at, values.len(), &mut values, &mut faults);
                    if let Some(length) = self.line_end(at) {
                        at += length;
                        break;
                    }
                    at += 1;
                }
                faults.retain(|fault| match fault {
                    FaultKind::UnclosedQuote { column }
                    | FaultKind::TextAfterQuote { column }
                    | FaultKind::Undecodable { column, .. } => *column < self.n_columns,
                    FaultKind::FieldCount { .. } | FaultKind::NoRecord { .. } => true,
                });
                if values.len() != self.n_columns {
                    faults.push(FaultKind::FieldCount { found: values.len(), expected: self.n_columns });
                    values = vec![Some(String::new()); self.n_columns];
                }
                let raw = self.bytes[start..at].to_vec();
                let (row, position) = (records.len() as u64 + 1, (Some(line), Some(sheet_row)));
                line += memchr::memchr_iter(b'\n', &raw).count() as u64;
                sheet_row += 1;
                records.push(Record { row, line: position.0, sheet_row: position.1, values, faults, raw: Some(raw) });
            }
            (records, blank_lines)
        }

        /// Reads one field and returns where it stops.
        fn field(
            &self,
            start: usize,
            column: usize,
            values: &mut Vec<Option<String>>,
            faults: &mut Vec<FaultKind>,
        ) -> usize {
            if self.bytes.get(start) == Some(&b'"') {
                let mut content = Vec::new();
                let mut at = start + 1;
                let close = loop {
                    if at >= self.bytes.len() || at - start > self.max_quoted {
                        break None;
                    }
                    if self.bytes[at] != b'"' {
                        content.push((at, self.bytes[at]));
                        at += 1;
                    } else if self.bytes.get(at + 1) == Some(&b'"') {
                        content.push((at, b'"'));
                        at += 2;
                    } else {
                        break Some(at);
                    }
                };
                if let Some(close) = close {
                    let mut stop = close + 1;
                    while !self.is_stop(stop) && self.is_space(stop) {
                        stop += 1;
                    }
                    if self.is_stop(stop) {
                        self.value(&content, column, values, faults);
                        return stop;
                    }
                    if self.bytes[start..close].contains(&b'\n') {
                        return self.unquoted(start, column, values, faults);
                    }
                    faults.push(FaultKind::TextAfterQuote { column });
                    while !self.is_stop(stop) {
                        stop += 1;
                    }
                    let written: Vec<_> = (start..stop).map(|at| (at, self.bytes[at])).collect();
                    self.value(&written, column, values, faults);
                    return stop;
                }
                return self.unquoted(start, column, values, faults);
            }
            self.as_written(start, column, values, faults)
        }

        /// A field that starts with a quotation mark which is never closed.
        fn unquoted(
            &self,
            start: usize,
            column: usize,
            values: &mut Vec<Option<String>>,
            faults: &mut Vec<FaultKind>,
        ) -> usize {
            faults.push(FaultKind::UnclosedQuote { column });
            self.as_written(start, column, values, faults)
        }

        fn as_written(
            &self,
            start: usize,
            column: usize,
            values: &mut Vec<Option<String>>,
            faults: &mut Vec<FaultKind>,
        ) -> usize {
            let mut stop = start;
            while !self.is_stop(stop) {
                stop += 1;
            }
            let written: Vec<_> = (start..stop).map(|at| (at, self.bytes[at])).collect();
            self.value(&written, column, values, faults);
            stop
        }

        fn value(
            &self,
            content: &[(usize, u8)],
            column: usize,
            values: &mut Vec<Option<String>>,
            faults: &mut Vec<FaultKind>,
        ) {
            let bytes: Vec<u8> = content.iter().map(|(_, byte)| *byte).collect();
            let (text, bad) = match self.encoding {
                Encoding::Utf8 => {
                    let bad = std::str::from_utf8(&bytes).err().map(|error| error.valid_up_to());
                    (String::from_utf8_lossy(&bytes).into_owned(), bad)
                }
                Encoding::Windows1252 => {
                    // The soup has no bytes from 0x80 to 0x9F but one.
                    let read = |byte: &u8| if *byte == 0x81 { '\u{fffd}' } else { char::from(*byte) };
                    (bytes.iter().map(read).collect(), bytes.iter().position(|byte| *byte == 0x81))
                }
            };
            if let Some(bad) = bad {
                faults.push(FaultKind::Undecodable { column, byte: (self.offset + content[bad].0) as u64 });
            }
            values.push(Some(text.trim_matches([' ', '\t', '\u{a0}']).to_owned()));
        }
    }
}

/// Bytes full of trouble.
fn soup() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        6 => Just(&b";"[..]),
        4 => Just(&b"\""[..]),
        4 => Just(&b"\n"[..]),
        1 => Just(&b"\r"[..]),
        1 => Just(&b"\r\n"[..]),
        2 => Just(&b" "[..]),
        1 => Just(&b"\t"[..]),
        4 => Just(&b"a"[..]),
        2 => Just("ä".as_bytes()),
        1 => Just("\u{a0}".as_bytes()),
        2 => Just(&b"a value of more than twelve bytes"[..]),
        1 => Just(&b"1;2;3\n"[..]),
        1 => Just(&b"\"1\";\"2\";\"3\"\n"[..]),
    ];
    let damage = prop_oneof![Just(&b"\xFF"[..]), Just(&b"\xC3"[..]), Just(&b"\xA0"[..]), Just(&b"\x81"[..])];
    let pieces = prop_oneof![
        3 => prop::collection::vec(piece.clone().boxed(), 0..80),
        1 => prop::collection::vec(prop_oneof![12 => piece, 1 => damage], 0..80),
    ];
    pieces.prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_read_as_the_reference_reads_them_whatever_the_chunk_size(
        body in soup(),
        chunk_bytes in prop_oneof![1_usize..20, 20_usize..400],
        max_quoted in prop_oneof![0_usize..12, Just(MAX_QUOTED)],
        single in prop::bool::weighted(0.1),
        tab in any::<bool>(),
        windows in any::<bool>(),
    ) {
        let (delimiter, encoding) = (
            if tab { Delimiter::Tab } else { Delimiter::Semicolon },
            if windows { Encoding::Windows1252 } else { Encoding::Utf8 },
        );
        let ids = if single { &["aa"][..] } else { &["aa", "bb", "cc"] };
        let header = format!("{}\n", ids.join(";"));
        let mut bytes = [header.as_bytes(), &body].concat();
        if tab {
            for byte in &mut bytes {
                *byte = match *byte {
                    b';' => b'\t',
                    b'\t' => b';',
                    other => other,
                };
            }
        }
        let schemas = plain_schemas(ids);
        let options = ReadOptions { chunk_bytes, delimiter: Some(delimiter), encoding: Some(encoding), ..ReadOptions::default() };
        let (_folder, file) = open_with("a.csv", &bytes, &schemas, &options).unwrap();
        let request = ScanRequest { wanted: vec![true; ids.len()], raw: true };
        let dialect = Dialect { max_quoted, ..Dialect::new(delimiter) };
        let layout = Layout::new(&file, &schemas.collections["t"], &request, dialect, encoding);
        let mut found = Vec::new();
        let mut fold = |batch: Vec<Record>| { found.extend(batch); Ok(()) };
        let summary = scan_with(&file, &layout, &AtomicBool::new(false), &|_| {}, &|batch| Record::all(&batch), &mut fold).unwrap();

        let reference = reference::Reference {
            bytes: &bytes[header.len()..], offset: header.len(), delimiter: delimiter.byte(), max_quoted, n_columns: ids.len(), encoding,
        };
        let (expected, blank_lines) = reference.records(2);
        prop_assert_eq!(&found, &expected);
        prop_assert_eq!(summary, ScanSummary { records: expected.len() as u64, rows: expected.len() as u64, blank_lines });
    }
}
