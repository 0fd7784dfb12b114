//! Rows that hold several records: the same cases written one row an event and one row a case are judged alike.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, FileFailurePersistence, TestRunner};
use serde_json::Value;

use crate::support::{self, Said};

/// What the events of a case share.
const SHARED: [&str; 6] = ["region", "forlopps_id", "alder", "kon", "hemlan", "overflyttad"];
/// The two last digits of codes.
const EVENTS: [&str; 6] = ["05", "10", "25", "50", "70", "91"];

/// A case: what its events share, the pathway, and dates by event.
#[derive(Clone, Debug)]
struct Case {
    shared: [&'static str; 6],
    svf: &'static str,
    dates: BTreeMap<&'static str, &'static str>,
}

fn case() -> impl Strategy<Value = Case> {
    let shared = [
        select(vec!["01", "12", "99", ""]),
        select(vec!["A1", "A2", "A3", "ett id som är längre än tolv tecken", "12345678901234567890"]),
        select(vec!["60", "121", "x", ""]),
        select(vec!["1", "2", "kvinna", "9", ""]),
        select(vec!["01", "00", "11"]),
        select(vec!["JA", "NEJ", "0"]),
    ];
    let dates =
        select(vec!["2025-01-02", "2025-01-02T08:00", "20250103", "i början av mars", "2030-01-01", "\"2025\";-01"]);
    (shared, select(vec!["VC0", "VP8", "VZ9", ""]), btree_map(select(EVENTS.to_vec()), dates, 1..4))
        .prop_map(|(shared, svf, dates)| Case { shared, svf, dates })
}

fn quoted(value: &str) -> String {
    if value.contains(['"', ';']) { format!("\"{}\"", value.replace('"', "\"\"")) } else { value.to_owned() }
}

/// One row an event.
fn as_events(cases: &[Case]) -> String {
    let mut text = format!("{};kva_kod;handelsedatum\n", SHARED.join(";"));
    for case in cases {
        for (event, date) in &case.dates {
            let code = if case.svf.is_empty() { String::new() } else { format!("{}{event}", case.svf) };
            text.push_str(&[&case.shared.join(";"), &code, &quoted(date)].map(String::as_str).join(";"));
            text.push('\n');
        }
    }
    text
}

/// One row a case.
fn as_rows(cases: &[Case]) -> String {
    let mut text = format!("svf;{};{}\n", SHARED.join(";"), EVENTS.map(|event| format!("datum_{event}")).join(";"));
    for case in cases {
        let dates = EVENTS.map(|event| quoted(case.dates.get(event).copied().unwrap_or_default()));
        text.push_str(&[case.svf, &case.shared.join(";"), &dates.join(";")].join(";"));
        text.push('\n');
    }
    text
}

fn check(folder: &Path, arguments: &[&str]) -> Said {
    support::run(folder, &[&["check", "--delivery-date", "2025-06-01"], arguments].concat())
}

/// What a report says of rules and variables, and every finding without its place.
fn judged(folder: &Path, file: &str, threads: &str) -> (Value, Vec<Value>, Vec<String>) {
    let arguments = [file, "--format", "json", "--findings", "fynd.csv", "--threads", threads];
    let said = check(folder, &arguments);
    let report: Value = serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {}", said.err));
    // Those of events, and of what events fold into.
    let runs = report["collections"].as_array().expect("a list");
    let rules = runs.iter().flat_map(|run| run["rules"].as_array().expect("a list")).map(|rule| {
        let of = |key: &str| rule[key].clone();
        Value::from(vec![of("id"), of("counts"), of("violations"), of("status")])
    });
    let variables = runs.iter().map(|run| run["variables"].clone()).collect();
    let mut findings = csv::ReaderBuilder::new().delimiter(b';').from_path(folder.join("fynd.csv")).expect("findings");
    let header = findings.headers().expect("a header").clone();
    let placed: BTreeSet<&str> = ["file", "row", "line", "sheet_row", "cell", "detail", "group_rows"].into();
    let told = |record: csv::StringRecord| -> String {
        let told = header.iter().zip(&record).filter(|(name, _)| !placed.contains(name));
        told.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    };
    let mut all: Vec<String> = findings.records().map(|record| told(record.expect("a record"))).collect();
    all.sort();
    (variables, rules.collect(), all)
}

#[test]
fn cases_are_judged_alike_as_rows_and_as_events() {
    let config = Config {
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/testdata/regressions/layouts.txt"
        )))),
        ..Config::with_cases(12)
    };
    let folder = tempfile::tempdir().expect("a folder");
    let outcome = TestRunner::new(config).run(&vec(case(), 1..12), |cases| {
        std::fs::write(folder.path().join("rader.csv"), as_rows(&cases)).expect("a file");
        std::fs::write(folder.path().join("handelser.csv"), as_events(&cases)).expect("a file");
        let of_events = judged(folder.path(), "handelser.csv", "1");
        for threads in ["1", "2"] {
            let of_rows = judged(folder.path(), "rader.csv", threads);
            prop_assert_eq!(&of_rows.0, &of_events.0, "accounts");
            prop_assert_eq!(&of_rows.1, &of_events.1, "verdicts");
            prop_assert_eq!(&of_rows.2, &of_events.2, "findings");
        }
        Ok(())
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
}

const ROWS: &str = "\
Region;Förlopps-id;SVF;Ålder;Kön;Hemlän;Överflyttad;Datum 10;datum_25;datum_50;datum_70;anm
01;A1;VC0;60;1;01;NEJ;2025-01-02;2025-01-09;2025-02-10;;
01;A2;VP8;70;2;01;NEJ;2025-01-05;;;2025-02-05;
01;A3;VP8;70;2;01;NEJ;;;;;
01;A4;VC0;70;2;01;NEJ;2025-01-05;;igår;2025-03-04;
";

#[test]
fn findings_name_row_line_and_cell() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("a.csv"), ROWS).expect("a file");
    let said = check(folder.path(), &["a.csv"]);
    for line in [
        "igenkänd på kolumnrubrikerna",
        "a.csv: 9 poster på 4 rader",
        "en rad per vårdförlopp (bred)",
        "Okänd kolumn: anm",
        "post 4, rad 5, 01 A4 VC050 igår: J5 handelsedatum = igår",
        "post 3, rad 4: raden är tom i alla 4 kolumner som blir poster",
    ] {
        assert!(said.out.contains(line), "{line}:\n{}", said.out);
    }
    let report: Value = serde_json::from_str(&check(folder.path(), &["a.csv", "--format", "json"]).out).expect("JSON");
    let file = &report["collections"][0]["files"][0];
    assert_eq!((&file["layout"], &file["rows"], &file["records"]), (&"bred".into(), &4.into(), &9.into()));
    assert_eq!((&file["columns"][7]["variable"], &file["columns"][2]["variable"]), (&"datum_10".into(), &"svf".into()));
}

#[test]
fn a_row_is_rejected_with_one_of_its_records() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("a.csv"), ROWS).expect("a file");
    check(folder.path(), &["a.csv", "--valid", "v.csv", "--rejected", "r.csv"]);
    let lines = |name: &str| -> Vec<String> {
        let text = std::fs::read_to_string(folder.path().join(name)).expect("a file");
        text.lines().map(str::to_owned).collect()
    };
    let all: Vec<&str> = ROWS.lines().collect();
    assert_eq!(lines("v.csv"), [all[0], all[1], all[2]]);
    assert_eq!(lines("r.csv"), [all[0], all[3], all[4]]);
}

#[test]
fn what_codes_are_made_of_is_missed() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("a.csv"), ROWS.replace(";SVF;", ";prefixet;")).expect("a file");
    let said = check(folder.path(), &["a.csv"]);
    assert!(said.out.contains("LEV-0001") && said.out.contains("Vårdförlopp"), "{}", said.out);
}
