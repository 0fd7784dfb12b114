//! The built program: bad input, exit codes, options, outputs, signals.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, StringArray, StructArray};
use arrow::datatypes::{DataType, Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::support::{RECORD, Said, check, header, line, program, report, rule, run, submission};

/// A value that no message may repeat.
const SECRET: &str = "HEMLIGT";

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn write(folder: &Path, name: &str, bytes: impl AsRef<[u8]>) {
    fs::write(folder.join(name), bytes).unwrap();
}

/// A failure: its exit code, nothing on standard output, one message in Swedish that holds `words` and no value.
fn fails(said: &Said, code: i32, words: &[&str]) {
    assert_eq!(said.code, code, "{}{}", said.out, said.err);
    assert_eq!(said.out, "", "results are only for what succeeds");
    assert!(said.err.starts_with("fel: "), "{}", said.err);
    for word in words {
        assert!(said.err.contains(word), "no {word:?} in {}", said.err);
    }
    assert!(!said.err.contains(SECRET) && !said.err.contains("panick"), "{}", said.err);
}

/// The files of a folder, sorted.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn parquet_file(path: &Path, columns: Vec<(&str, ArrayRef)>) {
    let fields: Vec<Field> =
        columns.iter().map(|(name, array)| Field::new(*name, array.data_type().clone(), true)).collect();
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).unwrap();
    let mut writer = ArrowWriter::try_new(fs::File::create(path).unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

/// [`RECORD`] as Parquet.
fn record_columns(n_records: usize) -> Vec<(&'static str, ArrayRef)> {
    let column = |name: &str, value: &str| -> ArrayRef {
        let text = |row: usize| if name == "vardkontakts_id" { format!("K{row}") } else { value.to_owned() };
        Arc::new((0..n_records).map(|row| Some(text(row))).collect::<StringArray>())
    };
    RECORD.iter().map(|(name, value)| (*name, column(name, value))).collect()
}

#[test]
fn a_missing_file_is_named() {
    let folder = folder();
    fails(&check(folder.path(), &["saknas.csv"]), 3, &["`saknas.csv`", "finns inte"]);
    fails(&check(folder.path(), &["inget*.csv"]), 3, &["`inget*.csv`", "finns inte"]);
}

#[test]
fn a_folder_without_submissions_is_named() {
    let folder = folder();
    fs::create_dir(folder.path().join("tom")).unwrap();
    write(&folder.path().join("tom"), "anteckning.docx", SECRET);
    fails(&check(folder.path(), &["tom"]), 3, &["`tom`", "inga leveranser"]);
}

#[test]
fn a_binary_file_is_no_submission() {
    let folder = folder();
    write(folder.path(), "bild.csv", [SECRET.as_bytes(), b";\0\x01\x02"].concat());
    fails(&check(folder.path(), &["bild.csv"]), 3, &["`bild.csv`", "textfil", "CSV"]);
    write(folder.path(), "bok.csv", b"PK\x03\x04xxxx");
    fails(&check(folder.path(), &["bok.csv"]), 3, &["`bok.csv`", "XLSX"]);
}

#[test]
fn an_empty_file_is_said_to_be_empty() {
    let folder = folder();
    for bytes in [&b""[..], b"\xEF\xBB\xBF", b"\n\n"] {
        write(folder.path(), "tom.csv", bytes);
        fails(&check(folder.path(), &["tom.csv"]), 3, &["`tom.csv`", "tom"]);
    }
}

#[test]
fn a_header_alone_is_a_submission_without_records() {
    let folder = folder();
    write(folder.path(), "rubrik.csv", header());
    let said = check(folder.path(), &["rubrik.csv"]);
    assert_eq!((said.code, said.err.as_str()), (1, ""));
    assert!(said.out.contains("LEV-0004") && said.out.contains("0 poster"), "{}", said.out);
}

#[test]
fn two_columns_for_one_variable_are_refused() {
    let folder = folder();
    write(folder.path(), "dubbel.csv", format!("{};Fas\n{};{SECRET}\n", header(), line("K1", &[])));
    fails(&check(folder.path(), &["dubbel.csv"]), 3, &["kolumn 13", "kolumn 18", "`fas`"]);
}

#[test]
fn ragged_rows_are_findings_and_the_rest_is_checked() {
    let folder = folder();
    let lines = [
        line("K1", &[]),
        format!("{};{SECRET}", line("K2", &[])),
        line("K3", &[("fas", "9")]),
        "K4;bara tre;fält".to_owned(),
        line("K5", &[]),
    ];
    write(folder.path(), "ojamn.csv", submission(&lines));
    let report = report(folder.path(), &["ojamn.csv"]);
    let readable = rule(&report, "LEV-0005");
    let places: Vec<_> = readable["examples"]["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| (finding["row"].as_u64(), finding["line"].as_u64()))
        .collect();
    assert_eq!(places, [(Some(2), Some(3)), (Some(4), Some(5))]);
    assert_eq!(readable["counts"]["satisfied"], 3);
    let phase = rule(&report, "SVG-V-fas");
    assert_eq!((&phase["counts"]["violated"], &phase["counts"]["satisfied"]), (&1.into(), &2.into()));
    assert_eq!(phase["counts"]["not_checked"], 2);
    assert_eq!(phase["examples"]["findings"][0]["line"], 4);
    assert_eq!(report["gate"]["records"], 5);
}

#[test]
fn unreadable_bytes_are_found_at_their_offset() {
    let folder = folder();
    // Enough good UTF-8 that one bad byte is damage rather than another encoding.
    let names = [("vardenhet1_namn", "Sjukhuset i Östra Älvsåker")];
    let good = submission(&[line("K1", &names), line("K2", &names)]);
    let place = good.rfind("Östra").unwrap();
    let mut bytes = good.into_bytes();
    bytes[place] = 0xFF;
    write(folder.path(), "skadad.csv", &bytes);
    let report = report(folder.path(), &["skadad.csv"]);
    let finding = &rule(&report, "LEV-0005")["examples"]["findings"][0];
    assert_eq!((&finding["row"], &finding["line"]), (&2.into(), &3.into()));
    assert_eq!(finding["byte"], place);
    assert_eq!(finding["faulty"][0]["variable"], "vardenhet1_namn");
}

#[test]
fn an_unknown_collection_is_a_mistake_of_usage() {
    let folder = folder();
    write(folder.path(), "a.csv", submission(&[line("K1", &[])]));
    fails(&check(folder.path(), &["a.csv", "--collection", "specvard"]), 2, &["`specvard`", "specvard_vantande"]);
    write(folder.path(), "b.csv", format!("kolumn;annan;tredje\n{SECRET};1;2\n"));
    fails(&check(folder.path(), &["b.csv"]), 3, &["`b.csv`", "rubrik", "--collection"]);
}

#[test]
fn damaged_parquet_files_are_refused() {
    let folder = folder();
    let path = folder.path().join("hel.parquet");
    parquet_file(&path, record_columns(50));
    assert_eq!(check(folder.path(), &["hel.parquet"]).code, 0);
    let whole = fs::read(&path).unwrap();
    for kept in [4, 100, whole.len() / 2, whole.len() - 1] {
        write(folder.path(), "kapad.parquet", &whole[..kept]);
        fails(&check(folder.path(), &["kapad.parquet"]), 3, &["`kapad.parquet`", "Parquet"]);
    }
    write(folder.path(), "text.parquet", submission(&[line("K1", &[])]));
    fails(&check(folder.path(), &["text.parquet"]), 3, &["`text.parquet`", "Parquet"]);
}

#[test]
fn a_parquet_column_that_cannot_be_a_value_is_named() {
    let folder = folder();
    let mut columns = record_columns(2);
    let inner: ArrayRef = Arc::new(StringArray::from(vec![SECRET, SECRET]));
    let field = Arc::new(Field::new("a", DataType::Utf8, true));
    columns[12].1 = Arc::new(StructArray::from(vec![(field, inner)]));
    parquet_file(&folder.path().join("typ.parquet"), columns);
    fails(&check(folder.path(), &["typ.parquet"]), 3, &["`typ.parquet`", "`fas`"]);
}

#[test]
fn outputs_that_cannot_be_written_are_named() {
    let folder = folder();
    write(folder.path(), "a.csv", submission(&[line("K1", &[])]));
    fs::create_dir(folder.path().join("mapp.csv")).unwrap();
    for option in ["--output", "--findings", "--valid", "--rejected"] {
        let said = check(folder.path(), &["a.csv", option, "finns/inte.csv"]);
        fails(&said, 4, &["`finns/inte.csv`", "kan inte skrivas"]);
        fails(&check(folder.path(), &["a.csv", option, "mapp.csv"]), 4, &["`mapp.csv`"]);
    }
    fails(&check(folder.path(), &["a.csv", "--format", "json=finns/inte.json"]), 4, &["`finns/inte.json`"]);
    assert_eq!(names(folder.path()), ["a.csv", "mapp.csv"]);
}

#[test]
fn a_closed_pipe_ends_the_run_quietly() {
    let folder = folder();
    write(folder.path(), "a.csv", submission(&[line("K1", &[])]));
    for format in ["text", "json", "csv", "parquet"] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let arguments = ["check", "a.csv", "--format", format, "--delivery-date", "2022-04-05"];
        let said: Said = program(folder.path(), &arguments)
            .stdout(writer)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
            .wait_with_output()
            .unwrap()
            .into();
        assert_eq!((said.code, said.err.as_str()), (0, ""), "{format}");
    }
}

/// Interrupts a long run once its work has begun.
#[cfg(unix)]
fn interrupted(signal: &str) -> (Said, Vec<String>) {
    let folder = folder();
    let lines: Vec<String> = (0..200_000).map(|number| line(&format!("K{number}"), &[("fas", "9")])).collect();
    write(folder.path(), "stor.csv", submission(&lines));
    let out = folder.path().join("ut");
    fs::create_dir(&out).unwrap();
    let arguments = ["check", "stor.csv", "--findings", "ut/fynd.csv", "--threads", "1"];
    let mut child = program(folder.path(), &arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // The file of findings is opened when the program listens to signals and is about to read.
    while names(&out).is_empty() && child.try_wait().unwrap().is_none() {
        std::thread::yield_now();
    }
    let sent = std::process::Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    (child.wait_with_output().unwrap().into(), names(&out))
}

#[cfg(unix)]
#[test]
fn signals_end_the_run_and_leave_nothing_half_written() {
    for (signal, code) in [("-INT", 130), ("-TERM", 143)] {
        let (said, left) = interrupted(signal);
        fails(&said, code, &["avbruten"]);
        assert_eq!(left, Vec::<String>::new());
    }
}

#[test]
fn exit_codes_follow_the_gate() {
    let folder = folder();
    let clean = |changes| submission(&[line("K1", changes)]);
    write(folder.path(), "ren.csv", clean(&[]));
    write(folder.path(), "fel.csv", clean(&[("fas", "9")]));
    // A first contact that is said not to be under the guarantee: a warning.
    write(folder.path(), "varning.csv", clean(&[("vardgaranti_ja_nej", "NEJ")]));
    let code = |arguments: &[&str]| check(folder.path(), arguments).code;
    assert_eq!(code(&["ren.csv"]), 0);
    assert_eq!(code(&["ren.csv", "--fail-on", "note"]), 0);
    assert_eq!(code(&["fel.csv"]), 1);
    assert_eq!(code(&["varning.csv"]), 0);
    assert_eq!(code(&["varning.csv", "--fail-on", "warning"]), 1);
    // The official lists are not loaded.
    assert_eq!(code(&["ren.csv", "--strict"]), 5);
    assert_eq!(code(&["fel.csv", "--strict"]), 1);
    assert_eq!(code(&["ren.csv", "--fail-on", "fatal"]), 2);
    assert_eq!(code(&[]), 2);
    assert_eq!(run(folder.path(), &["--help"]).code, 0);
    assert_eq!(run(folder.path(), &["--version"]).code, 0);
}

#[test]
fn wrong_usage_is_explained() {
    let folder = folder();
    write(folder.path(), "a.csv", submission(&[line("K1", &[])]));
    for (arguments, words) in [
        (["--period", "mars"], ["mars", "2022-03"]),
        (["--region", "Mellangård"], ["--region", "Mellangård"]),
        (["--codelist", "icd10"], ["icd10", "NAMN=FIL"]),
        (["--codelist", "icd10=a.csv"], ["icd10", "icd10se"]),
        (["--format", "docx"], ["docx", "parquet"]),
        (["--findings", "fynd.txt"], ["fynd.txt", ".parquet"]),
        (["--delimiter", "x"], ["--delimiter", "tab"]),
        (["--encoding", "ebcdic"], ["--encoding", "windows-1252"]),
        (["--column", "Fas"], ["--column", "KOLUMN=variabel"]),
        (["--threads", "0"], ["--threads", "minst 1"]),
        (["--memory", "mycket"], ["--memory mycket", "512M"]),
        (["--memory", "0"], ["--memory 0", "2G"]),
    ] {
        fails(&check(folder.path(), &[&["a.csv"][..], &arguments].concat()), 2, &words);
    }
    assert_eq!(run(folder.path(), &["check", "a.csv", "--delivery-date", "igår"]).code, 2);
    // Said by the argument parser.
    let said = check(folder.path(), &["a.csv", "--expect-records", "tre"]);
    assert!(said.code == 2 && !said.err.is_empty());
    // A column that is not there, or a variable that is not.
    fails(&check(folder.path(), &["a.csv", "--column", "Gata=remittent"]), 2, &["Gata"]);
    fails(&check(folder.path(), &["a.csv", "--column", "fas=gata"]), 2, &["gata"]);
}

#[test]
fn the_language_is_swedish_unless_asked_otherwise() {
    let folder = folder();
    write(folder.path(), "a.csv", submission(&[line("K1", &[])]));
    assert!(check(folder.path(), &["a.csv"]).out.contains("GODKÄND"));
    assert!(check(folder.path(), &["a.csv", "--lang", "en"]).out.contains("PASSED"));
    assert!(check(folder.path(), &["b.csv", "--lang", "en"]).err.starts_with("error: `b.csv`"));
    for (locale, words) in [("en_GB.UTF-8", "PASSED"), ("sv_SE.UTF-8", "GODKÄND"), ("de_DE.UTF-8", "GODKÄND")] {
        let arguments = ["check", "a.csv", "--delivery-date", "2022-04-05"];
        let said: Said = program(folder.path(), &arguments).env("LANG", locale).output().unwrap().into();
        assert!(said.out.contains(words), "{locale}");
    }
    assert!(run(folder.path(), &["check", "--help"]).out.contains("Leveransdatum"));
    assert!(run(folder.path(), &["check", "--help", "--lang", "en"]).out.contains("Date of delivery"));
}

#[test]
fn files_folders_and_patterns_are_one_submission() {
    let folder = folder();
    fs::create_dir(folder.path().join("mapp")).unwrap();
    for (name, id) in [("mapp/b.csv", "K1"), ("mapp/a.csv", "K2"), ("c.csv", "K1")] {
        write(folder.path(), name, submission(&[line(id, &[])]));
    }
    let paths = |arguments: &[&str]| -> Vec<String> {
        let report = report(folder.path(), arguments);
        let files = report["collections"][0]["files"].as_array().unwrap().clone();
        files.iter().map(|file| file["path"].as_str().unwrap().replace('\\', "/")).collect()
    };
    assert_eq!(paths(&["mapp"]), ["mapp/a.csv", "mapp/b.csv"]);
    assert_eq!(paths(&["mapp/*.csv"]), ["mapp/a.csv", "mapp/b.csv"]);
    assert_eq!(paths(&["c.csv", "mapp/a.csv"]), ["c.csv", "mapp/a.csv"]);
    // One key in two files: both are shown.
    let report = report(folder.path(), &["c.csv", "mapp"]);
    let duplicates = rule(&report, "SV-0001");
    assert_eq!((&duplicates["violations"], &duplicates["examples"]["n_shown"]), (&2.into(), &2.into()));
}

#[test]
fn a_budget_of_memory_changes_nothing_but_where_keys_lie() {
    let folder = folder();
    // Far apart, over batches and files; one key three times.
    for (name, first) in [("a.csv", 0), ("b.csv", 9_000)] {
        let ids = (first..first + 10_000).map(|number| format!("K{}", number.max(3)));
        let lines: Vec<String> = ids.map(|id| line(&id, &[])).collect();
        write(folder.path(), name, submission(&lines));
    }
    let report = |more: &[&str]| report(folder.path(), &[&["a.csv", "b.csv"], more].concat());
    let unlimited = report(&[]);
    assert_eq!(rule(&unlimited, "SV-0001")["violations"], 2_004);
    for memory in ["1", "64M", "65mb", "2GiB"] {
        for threads in ["1", "3"] {
            assert_eq!(report(&["--memory", memory, "--threads", threads]), unlimited, "{memory} {threads}");
        }
    }
}

#[test]
fn an_output_never_replaces_an_input() {
    let folder = folder();
    let text = submission(&[line("K1", &[("fas", "9")])]);
    write(folder.path(), "a.csv", &text);
    for option in ["--output", "--findings", "--valid", "--rejected"] {
        fails(&check(folder.path(), &["a.csv", option, "./a.csv"]), 2, &["både indata och utdata"]);
    }
    fails(&check(folder.path(), &["a.csv", "--format", "json=a.csv"]), 2, &["både indata och utdata"]);
    let said = check(folder.path(), &["a.csv", "--valid", "b.csv", "--rejected", "b.csv"]);
    fails(&said, 2, &["två utdata"]);
    assert_eq!(fs::read_to_string(folder.path().join("a.csv")).unwrap(), text);
    assert_eq!(names(folder.path()), ["a.csv"]);
}

#[test]
fn reports_go_where_they_are_sent() {
    let folder = folder();
    write(folder.path(), "a.csv", submission(&[line("K1", &[("fas", "9")])]));
    let said = check(folder.path(), &["a.csv", "--format", "json=r.json", "--format", "csv=r.csv", "--format", "text"]);
    assert!(
        said.code == 1 && said.out.contains("INTE GODKÄND: 1 fel") && said.err.is_empty(),
        "{}{}",
        said.out,
        said.err
    );
    let json: serde_json::Value = serde_json::from_slice(&fs::read(folder.path().join("r.json")).unwrap()).unwrap();
    assert_eq!(json["gate"]["result"], "failed");
    let rules = csv::Reader::from_path(folder.path().join("r.csv")).unwrap().records().count();
    assert!(rules > 0);
    assert_eq!(names(folder.path()), ["a.csv", "r.csv", "r.json"]);
    // With every report in a file, nothing is written to standard output.
    assert_eq!(check(folder.path(), &["a.csv", "--format", "json=r.json"]).out, "");
    let said = check(folder.path(), &["a.csv", "--format", "json", "--output", "ut.json"]);
    assert_eq!((said.code, said.out.as_str()), (1, ""));
    assert_eq!(fs::read(folder.path().join("ut.json")).unwrap(), fs::read(folder.path().join("r.json")).unwrap());
}

/// The rule ids of a file of findings.
fn found_rules(path: &Path) -> Vec<String> {
    if path.extension().is_some_and(|extension| extension == "parquet") {
        let reader = ParquetRecordBatchReaderBuilder::try_new(fs::File::open(path).unwrap()).unwrap().build().unwrap();
        let mut ids = Vec::new();
        for batch in reader {
            let column =
                arrow::compute::cast(batch.unwrap().column_by_name("rule_id").unwrap(), &DataType::Utf8).unwrap();
            let column = column.as_any().downcast_ref::<StringArray>().unwrap();
            ids.extend(column.iter().map(|id| id.unwrap().to_owned()));
        }
        return ids;
    }
    let text = fs::read_to_string(path).unwrap();
    let text = text.trim_start_matches('\u{feff}');
    let mut reader = csv::ReaderBuilder::new().delimiter(b';').from_reader(text.as_bytes());
    let place = reader.headers().unwrap().iter().position(|name| name == "rule_id").expect("a column of rules");
    reader.records().map(|record| record.unwrap()[place].to_owned()).collect()
}

#[test]
fn every_finding_is_written_however_many() {
    let folder = folder();
    let lines: Vec<String> = (0..500).map(|number| line(&format!("K{number}"), &[("fas", "9")])).collect();
    write(folder.path(), "a.csv", submission(&lines));
    let arguments = ["a.csv", "--examples", "2", "--findings"];
    let report = report(folder.path(), &arguments[..3]);
    let violations: u64 = report["collections"][0]["rules"]
        .as_array()
        .unwrap()
        .iter()
        .map(|rule| rule["violations"].as_u64().unwrap())
        .sum();
    for name in ["fynd.csv", "fynd.parquet"] {
        assert_eq!(check(folder.path(), &[&arguments[..], &[name]].concat()).code, 1);
        let rules = found_rules(&folder.path().join(name));
        assert_eq!(rules.len() as u64, violations, "{name}");
        assert_eq!(rules.iter().filter(|id| *id == "SVG-V-fas").count(), 500, "{name}");
    }
}

#[test]
fn valid_and_rejected_records_add_up() {
    let folder = folder();
    let lines: Vec<String> = (0..40)
        .map(|number| {
            let phase = if number % 3 == 0 { "9" } else { "1" };
            // Two records share a key.
            line(&format!("K{}", number.max(2)), &[("fas", phase)])
        })
        .collect();
    write(folder.path(), "a.csv", submission(&lines));
    let said = check(folder.path(), &["a.csv", "--valid", "bra.csv", "--rejected", "kast.csv"]);
    assert_eq!(said.code, 1, "{}", said.err);
    let part = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    let (valid, rejected) = (part("bra.csv"), part("kast.csv"));
    let is_rejected = |number: usize| number.is_multiple_of(3) || number <= 2;
    for (text, wanted) in [(valid, false), (rejected, true)] {
        let expected: Vec<String> = lines
            .iter()
            .enumerate()
            .filter(|(number, _)| is_rejected(*number) == wanted)
            .map(|(_, l)| l.clone())
            .collect();
        assert_eq!(text, submission(&expected));
    }
    assert_eq!(check(folder.path(), &["bra.csv"]).code, 0);
}

#[test]
fn a_part_without_records_can_be_read_again() {
    let folder = folder();
    for (name, n_records) in [("tom.parquet", 0), ("ren.parquet", 3)] {
        parquet_file(&folder.path().join(name), record_columns(n_records));
        check(folder.path(), &[name, "--valid", "bra.parquet", "--rejected", "kast.parquet"]);
        let report = report(folder.path(), &["kast.parquet"]);
        assert_eq!(report["gate"]["records"], 0, "{name}");
        assert_eq!(report["collections"][0]["files"][0]["columns"].as_array().unwrap().len(), RECORD.len());
    }
}

#[test]
fn what_identifies_a_person_is_nowhere_in_the_output() {
    // The Tax Agency's published test numbers.
    let numbers = ["19890201-3286", "890201-3286", "189001019802"];
    let folder = folder();
    let lines: Vec<String> =
        numbers.iter().map(|number| line(number, &[("remiss_id", number), ("vardenhet1_namn", number)])).collect();
    write(folder.path(), "a.csv", submission(&lines));
    for format in ["text", "json", "csv"] {
        let said = check(folder.path(), &["a.csv", "--format", format, "--findings", "fynd.csv"]);
        let findings = fs::read_to_string(folder.path().join("fynd.csv")).unwrap();
        assert!(findings.contains("SV-0701"), "{findings}");
        for text in [&said.out, &said.err, &findings] {
            assert!(numbers.iter().all(|number| !text.contains(number)), "{text}");
        }
    }
}

#[test]
fn mistakes_in_rules_are_shown_with_their_place() {
    let folder = folder();
    fs::create_dir(folder.path().join("regler")).unwrap();
    write(folder.path(), "a.csv", submission(&[line("K1", &[])]));
    let rules = "collections: [specvard_vantande]\nsource: { document: d, place: p }\nrequirments: {}\n";
    write(folder.path(), "regler/egna.yaml", rules);
    let said = check(folder.path(), &["a.csv", "--rules", "regler"]);
    assert_eq!((said.code, said.out.as_str()), (2, ""));
    for words in ["egna.yaml:3:1", "did you mean `requirements`?", "fel: 1 misstag"] {
        assert!(said.err.contains(words), "no {words:?} in {}", said.err);
    }
    fails(&check(folder.path(), &["a.csv", "--rules", "finns_inte"]), 2, &["`finns_inte`"]);
    write(folder.path(), "regler/egna.yaml", b"\xff");
    fails(&check(folder.path(), &["a.csv", "--rules", "regler"]), 2, &["egna.yaml", "UTF-8", "byte 0"]);
}
