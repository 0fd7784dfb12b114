use super::*;
use crate::schema::Collection;
use crate::submission::CollectionSource;
use crate::submission::testing::{at, collection, open, open_with, plain_schemas, records, schemas, variable};

fn columns(file: &InputFile) -> Vec<(&str, Option<&str>)> {
    file.header.iter().map(|column| (column.name.as_str(), column.variable.as_deref())).collect()
}

fn is_csv(file: &InputFile) -> (Delimiter, Encoding, bool) {
    match file.format {
        Format::Csv { delimiter, encoding, byte_order_mark } => (delimiter, encoding, byte_order_mark),
        Format::Parquet { .. } => panic!("not separated text"),
    }
}

/// What `open` says of a file it refuses.
#[track_caller]
fn refusal(name: &str, bytes: &[u8]) -> InputError {
    open(name, bytes, &plain_schemas(&["aa", "bb", "cc"])).map(|(_, file)| file).unwrap_err()
}

#[test]
fn names_are_matched_without_spelling_habits() {
    assert_eq!(normalise("Vårdenhet1 (sjukhus)"), "vardenhet1sjukhus");
    assert_eq!(normalise(" BeslutAktivitet "), "beslutaktivitet");
    assert_eq!(normalise("A\u{30a}tgärd-É/ø_ß"), "atgardeoss");
    assert_eq!(normalise("¤ –"), "");
}

#[test]
fn the_delimiter_is_the_one_by_which_most_columns_are_known() {
    let schemas = plain_schemas(&["aa", "bb", "cc"]);
    let cases = [
        ("aa;bb;cc\n", Delimiter::Semicolon),
        ("aa,bb,cc\n", Delimiter::Comma),
        ("aa\tbb\tcc\n", Delimiter::Tab),
        ("aa|bb|cc\n", Delimiter::Pipe),
        ("aa;bb;\"x,y,z,w\"\n", Delimiter::Semicolon),
        ("aa;x,y,z,w\n", Delimiter::Semicolon),
        ("sep=|\naa|bb\n", Delimiter::Pipe),
        ("aa\n", Delimiter::Semicolon),
    ];
    for (text, delimiter) in cases {
        let (_folder, file) = open("a.csv", text, &schemas).unwrap();
        assert_eq!(is_csv(&file).0, delimiter, "{text:?}");
    }
    let options = ReadOptions { delimiter: Some(Delimiter::Comma), ..ReadOptions::default() };
    let (_folder, file) = open_with("a.csv", "aa,x;y;z\n", &schemas, &options).unwrap();
    assert_eq!(columns(&file), [("aa", Some("aa")), ("x;y;z", None)]);
}

#[test]
fn mark_encoding_and_blank_lines_before_the_header_are_seen() {
    let schemas = schemas([collection("t", vec![variable("kon", "Kön", &[], ""), variable("fas", "Fas", &[], "")])]);
    let (_folder, file) = open("a.txt", b"\xEF\xBB\xBF\r\n  \r\n\"K\xC3\xB6n\"; Fas \r\n1;2\r\n", &schemas).unwrap();
    assert_eq!(is_csv(&file), (Delimiter::Semicolon, Encoding::Utf8, true));
    assert_eq!(columns(&file), [("Kön", Some("kon")), ("Fas", Some("fas"))]);
    let (found, _) = records(&file, &schemas, false).unwrap();
    assert_eq!((found[0].line, found[0].sheet_row), (Some(4), Some(4)));

    let (_folder, file) = open("a.csv", b"K\xF6n;Fas\n1;2\n", &schemas).unwrap();
    assert_eq!(is_csv(&file), (Delimiter::Semicolon, Encoding::Windows1252, false));
    assert_eq!(columns(&file)[0], ("Kön", Some("kon")));
}

#[test]
fn the_line_of_the_first_record_counts_what_precedes_it() {
    let schemas = plain_schemas(&["aa", "bb", "cc"]);
    let cases = [
        ("aa;bb\n1;2\n", (2, 2)),
        ("\n\naa;bb\n\n1;2\n", (5, 5)),
        ("sep=;\naa;bb\n1;2\n", (3, 3)),
        ("aa;bb;\"x\ny\"\n1;2;3\n", (3, 2)),
        ("sep=;\n\n\"aa\";bb;\"x\r\ny\"\r\n1;2;3\n", (5, 4)),
    ];
    for (text, (line, sheet_row)) in cases {
        let (_folder, file) = open("a.csv", text, &schemas).unwrap();
        let (found, _) = records(&file, &schemas, false).unwrap();
        assert_eq!((found[0].line, found[0].sheet_row), (Some(line), Some(sheet_row)), "{text:?}");
    }
}

#[test]
fn what_is_no_text_is_said_to_be() {
    let reason = |bytes: &[u8]| match refusal("a.csv", bytes) {
        InputError::Binary { reason, .. } => reason.en,
        other => panic!("{other}"),
    };
    assert!(reason(b"PK\x03\x04....").contains("XLSX"));
    assert!(reason(b"\x1F\x8B\x08").contains("gzip"));
    assert!(reason(b"%PDF-1.7").contains("PDF"));
    assert!(reason(b"\xFF\xFEa\0").contains("save it as UTF-8"));
    assert!(reason(b"a\0a\0;\0b\0b\0").contains("UTF-16"));
    assert_eq!(reason(b"aa;bb\n1;2\n\0"), "byte 0 at offset 10");
}

#[test]
fn files_without_a_header_are_refused() {
    for bytes in [&b""[..], b"\xEF\xBB\xBF", b"\n\r\n  \n", b"sep=;\n"] {
        assert!(matches!(refusal("a.csv", bytes), InputError::Empty(_)), "{bytes:?}");
    }
    let message = |bytes: &[u8]| match refusal("a.csv", bytes) {
        InputError::BadHeader { message, .. } => message.en,
        other => panic!("{other}"),
    };
    assert!(message(b"\"aa;bb;cc\n1;2;3\n").contains("column 1 is never closed"));
    assert!(message(b"aa;bb;cc\r1;2;3\r").contains("carriage return"));
    assert!(message(&b"aa;".repeat(SAMPLE_BYTES)).contains("does not end"));
    assert!(matches!(refusal("a.parquet", b"aa;bb;cc\n"), InputError::Parquet { .. }));
    assert!(matches!(refusal("a.csv", b"PAR1aa;bb"), InputError::Parquet { .. }));
}

#[test]
fn a_folder_or_a_missing_file_is_an_error_of_the_system() {
    let schemas = plain_schemas(&["aa"]);
    let folder = tempfile::tempdir().unwrap();
    for path in [folder.path().to_path_buf(), folder.path().join("none.csv")] {
        let result = InputFile::open(&path, &schemas, &ReadOptions::default());
        assert!(matches!(result, Err(InputError::Io { .. })));
    }
}

#[test]
fn two_columns_for_one_thing_are_refused() {
    for (text, name, places) in [("aa;bb;AA\n", "aa", (1, 3)), ("aa;x;bb;x\n", "x", (2, 4))] {
        match refusal("a.csv", text.as_bytes()) {
            InputError::DuplicateColumn { name: found, first, second, .. } => {
                assert_eq!((found.as_str(), (first, second)), (name, places));
            }
            other => panic!("{other}"),
        }
    }
    let schemas = plain_schemas(&["aa", "bb"]);
    assert!(open("a.csv", "aa;bb;;\n1;2;;\n", &schemas).is_ok(), "columns without a name are nobody's twins");
}

#[test]
fn unknown_columns_are_told_what_they_may_have_been() {
    let schemas = schemas([collection(
        "t",
        vec![
            variable("medicinskt_maldatum", "Medicinskt måldatum", &["MedMalDatum"], ""),
            variable("fas", "Fas", &[], ""),
            variable("kon", "Kön", &[], ""),
        ],
    )]);
    let (_folder, file) = open("a.csv", "Medicinskt måldatm;Fas;Fasn;kön\n", &schemas).unwrap();
    let nearest: Vec<_> = file.header.iter().map(|column| column.nearest.as_deref()).collect();
    assert_eq!(nearest, [Some("medicinskt_maldatum"), None, None, None], "`fas` has its column already");
    assert_eq!(file.column_of, [None, Some(1), Some(3)]);
}

/// `done` has a start, `waiting` has none, `other` is something else, `twin` is only taken when named.
fn collections() -> Schemas {
    let variables =
        || ["id", "decision", "start", "phase"].iter().map(|id| variable(id, "", &[], "")).collect::<Vec<_>>();
    let with = |id: &str, change: &dyn Fn(&mut Collection)| {
        let mut made = collection(id, variables());
        change(&mut made);
        made
    };
    schemas([
        with("done", &|made| made.detect.has = vec![at(2)]),
        with("waiting", &|made| made.detect.lacks = vec![at(2)]),
        with("twin", &|made| made.detect.only_when_named = true),
        collection("other", ["id", "x1", "x2"].iter().map(|id| variable(id, "", &[], "")).collect()),
    ])
}

#[test]
fn the_collection_is_found_by_its_columns() {
    let schemas = collections();
    for (text, id) in [
        ("id;decision;start;phase\n", "done"),
        ("id;decision;phase\n", "waiting"),
        ("id;decision;phase;a;b;c;d;e;f\n", "waiting"),
        ("id;x1\n", "other"),
    ] {
        let (_folder, file) = open("a.csv", text, &schemas).unwrap();
        assert_eq!((file.collection.as_str(), file.collection_source), (id, CollectionSource::Header), "{text:?}");
    }
    let options = ReadOptions { collection: Some("Twin".to_owned()), ..ReadOptions::default() };
    let (_folder, file) = open_with("a.csv", "id;decision;start;phase\n", &schemas, &options).unwrap();
    assert_eq!((file.collection.as_str(), file.collection_source), ("twin", CollectionSource::Option));
}

#[test]
fn a_header_that_fits_nothing_or_too_much_is_refused_without_showing_it() {
    let detail = |text: &str, schemas: &Schemas, options: &ReadOptions| match open_with("a.csv", text, schemas, options)
    {
        Err(InputError::UnknownHeader { detail, .. }) => detail.en,
        other => panic!("{other:?}"),
    };
    let none = ReadOptions::default();
    let personal = detail("19121212-1212;2022-01-01\n", &collections(), &none);
    assert!(personal.contains("is the first line a header?") && !personal.contains("1912"), "{personal}");
    let few = detail("decision;b;c;d\n", &collections(), &none);
    assert!(few.contains("`done` knows 1 of 4 columns but needs a column `start`"), "{few}");
    let stated = ReadOptions { collection: Some("other".to_owned()), ..ReadOptions::default() };
    assert!(detail("decision;start\n", &collections(), &stated).contains("`other` knows none"));
    let twins = schemas(["one", "two"].map(|id| collection(id, vec![variable("aa", "", &[], "")])));
    assert!(detail("aa\n", &twins, &none).contains("`one` and `two` fit equally well"));
}

#[test]
fn an_unknown_collection_names_the_known_ones() {
    let options = ReadOptions { collection: Some("donne".to_owned()), ..ReadOptions::default() };
    match open_with("a.csv", "id\n", &collections(), &options) {
        Err(InputError::UnknownCollection { name, known }) => {
            assert_eq!((name.as_str(), known.as_str()), ("donne", "`done`, `other`, `twin`, `waiting`"));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn columns_can_be_named_by_option() {
    let schemas = plain_schemas(&["aa", "bb", "cc"]);
    let open = |text: &str, name: &str, id: &str| {
        let columns = vec![(name.to_owned(), id.to_owned())];
        open_with("a.csv", text, &schemas, &ReadOptions { columns, ..ReadOptions::default() }).map(|(_, file)| file)
    };
    assert_eq!(open("aa;bb;Års-X\n", "ars x", "cc").unwrap().column_of, [Some(0), Some(1), Some(2)]);
    assert_eq!(open("aa;bb;#\n", "#", "cc").unwrap().column_of[2], Some(2));
    assert_eq!(open("bb;cc\n", "bb", "aa").unwrap().column_of, [Some(0), None, Some(1)], "an option comes first");
    assert!(open("aa;bb;cc\n", "X", "cc").is_ok(), "not needed here");
    assert!(matches!(open("aa;bb\n", "X", "cc"), Err(InputError::BadOption(_))));
    let message = open("aa;bb\n", "bb", "bbb").unwrap_err().to_string();
    assert!(message.contains("no collection has such a variable; did you mean `bb`?"), "{message}");
}

#[test]
fn delimiters_are_read_as_people_write_them() {
    for delimiter in Delimiter::ALL {
        assert_eq!(delimiter.as_str().parse::<Delimiter>().unwrap(), delimiter);
    }
    assert_eq!("\\t".parse::<Delimiter>().unwrap(), Delimiter::Tab);
    assert!(":".parse::<Delimiter>().is_err());
}
