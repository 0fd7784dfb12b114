//! Waivers, by the built program: what is covered, how it is counted and told, and what the gate makes of it.

use std::fs;
use std::path::Path;

use arrow::array::{Array, AsArray};
use arrow::datatypes::UInt64Type;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::Value;

use crate::support::{Said, check, header, line, report, rule, run, submission};

const STOCKHOLM: (&str, &str) = ("huvudman", "SE2321000016-1000");
const SKANE: (&str, &str) = ("huvudman", "SE2321000255-1000");
/// Before the decision: SVG-0101.
const TOO_EARLY: (&str, &str) = ("start_av_aktivitet", "2022-01-03T10:30");

/// A waiver of a rule with further keys, in force on the delivery date of [`check`].
fn waiver(rule: &str, more: &str) -> String {
    format!(
        "  - {{ rule: \"{rule}\", owner: anna@region.example, reason: Nytt källsystem, until: 2022-12-31{more} }}\n"
    )
}

/// A folder with a submission of these lines and a file of these waivers.
fn folder(lines: &[String], waivers: &[String]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("fil.csv"), submission(lines)).unwrap();
    fs::write(folder.path().join("undantag.yaml"), format!("waivers:\n{}", waivers.concat())).unwrap();
    folder
}

const GIVEN: [&str; 3] = ["fil.csv", "--waivers", "undantag.yaml"];

fn checked(folder: &Path, arguments: &[&str]) -> Said {
    check(folder, &[GIVEN.as_slice(), arguments].concat())
}

fn reported(folder: &Path, arguments: &[&str]) -> Value {
    report(folder, &[GIVEN.as_slice(), arguments].concat())
}

/// Violations, and how many of them are waived.
fn counted(report: &Value, id: &str) -> (u64, u64) {
    let rule = rule(report, id);
    (rule["violations"].as_u64().unwrap(), rule["waived"].as_u64().unwrap())
}

/// How many findings each waiver covered, with its status.
fn covered(report: &Value) -> Vec<(u64, &str)> {
    let waivers = report["waivers"].as_array().unwrap();
    waivers.iter().map(|one| (one["findings"].as_u64().unwrap(), one["status"].as_str().unwrap())).collect()
}

/// Two findings of Stockholm and one of Skåne.
fn three_findings() -> Vec<String> {
    vec![
        line("A", &[STOCKHOLM, TOO_EARLY]),
        line("B", &[SKANE, ("vardgivare", "SE2321000255-1000"), TOO_EARLY]),
        line("C", &[STOCKHOLM]),
        line("D", &[STOCKHOLM, TOO_EARLY]),
    ]
}

#[test]
fn only_the_reporter_named_is_covered_and_the_gate_sees_the_others() {
    let folder = folder(&three_findings(), &[waiver("SVG-0101", ", reporter: Stockholm")]);
    let said = checked(folder.path(), &[]);
    assert_eq!((said.code, said.err.as_str()), (1, ""));
    let out = said.out.replace('\u{a0}', " ");
    for words in [
        "INTE GODKÄND: 1 fel (utöver 2 undantagna fel)",
        "3 fel (1 regel, varav 2 undantagna)",
        "3 av 4 poster (75,0 %), varav 2 undantagna",
        "Undantag (1)",
        "1. SVG-0101, Region Stockholm (2321000016): 2 fynd undantagna",
        "Ansvarig: anna@region.example, till och med 2022-12-31. Nytt källsystem",
        "Poster med fel avvisas ändå.",
    ] {
        assert!(out.contains(words), "no {words:?} in\n{out}");
    }
    // The one to correct is shown before those that are waived.
    let shown: Vec<usize> = ["post 2,", "post 1,", "post 4,"].map(|post| out.find(post).unwrap()).to_vec();
    assert!(shown.is_sorted(), "{out}");
    assert_eq!(out.matches("; undantag 1").count(), 2, "{out}");

    let report = reported(folder.path(), &[]);
    assert_eq!((counted(&report, "SVG-0101"), covered(&report)), ((3, 2), vec![(2, "applied")]));
    assert_eq!((&report["gate"]["violations"]["error"], &report["gate"]["waived"]["error"]), (&3.into(), &2.into()));
    assert_eq!(rule(&report, "SVG-0101")["counts"]["violated"], 3);
    let waiver = &report["waivers"][0];
    assert_eq!((&waiver["reporter"]["name"], &waiver["until"]), (&"Region Stockholm".into(), &"2022-12-31".into()));
}

#[test]
fn what_is_wholly_waived_passes_and_is_never_said_to_have_passed_alone() {
    let folder = folder(&three_findings(), &[waiver("SVG-01*", ", reporter: \"*\"")]);
    let said = checked(folder.path(), &["--rejected", "avvisade.csv", "--valid", "godkanda.csv"]);
    assert_eq!((said.code, said.err.as_str()), (0, ""));
    assert!(said.out.contains("GODKÄND, med 3 undantagna fel, men "), "{}", said.out);
    assert!(!said.out.contains("INTE GODKÄND"), "{}", said.out);
    // The register's own rule: a record with an error is left out, whoever waived it.
    let rejected = fs::read_to_string(folder.path().join("avvisade.csv")).unwrap();
    assert_eq!(rejected.lines().count(), 1 + 3, "{rejected}");
    let english = checked(folder.path(), &["--lang", "en"]);
    assert!(english.out.contains("PASSED, with 3 waived errors, but "), "{}", english.out);
    assert!(english.out.contains("1. SVG-01*: 3 findings waived"), "{}", english.out);
    let report = reported(folder.path(), &[]);
    assert_eq!((&report["gate"]["result"], &report["gate"]["rejected_records"]), (&"passed".into(), &3.into()));
}

#[test]
fn a_variable_and_a_collection_narrow_a_waiver() {
    let lines = [line("A", &[("fas", ""), ("patientens_kon", "")]), line("B", &[("fas", "")])];
    let folder = folder(&lines, &[waiver("SVG-K-*", ", variable: fas, collection: specvard_genomforda")]);
    let report = reported(folder.path(), &[]);
    assert_eq!((counted(&report, "SVG-K-fas"), counted(&report, "SVG-K-patientens_kon")), ((2, 2), (1, 0)));
    let elsewhere = [waiver("SVV-K-fas", ", collection: specvard_vantande")];
    let folder = self::folder(&lines, &elsewhere);
    let report = reported(folder.path(), &[]);
    assert_eq!((counted(&report, "SVG-K-fas"), covered(&report)), ((2, 0), vec![(0, "unused")]));
}

#[test]
fn the_first_waiver_that_fits_covers_a_finding() {
    let waivers = [waiver("SVG-0101", ", reporter: lan:12"), waiver("SVG-0101", ""), waiver("SVG-0*", "")];
    let folder = folder(&three_findings(), &waivers);
    let said = checked(folder.path(), &["--format", "json"]);
    let report: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(covered(&report), [(1, "applied"), (2, "applied"), (0, "unused")]);
    assert_eq!(said.err, "varning: undantag 3 (SVG-0*) är oanvänt: det fanns inget fynd att undanta\n");
    let numbers: Vec<_> = rule(&report, "SVG-0101")["examples"]["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| (finding["key"].as_str().unwrap(), finding["waiver"].as_u64()))
        .collect();
    assert_eq!(numbers, [("A", Some(2)), ("B", Some(1)), ("D", Some(2))]);
}

#[test]
fn a_waiver_ends_after_its_last_day_and_says_so() {
    let folder = folder(&three_findings(), &[waiver("SVG-0101", "").replace("2022-12-31", "2022-04-05")]);
    let arguments = |day| [&["check", "--delivery-date", day], GIVEN.as_slice()].concat();
    let last_day = run(folder.path(), &arguments("2022-04-05"));
    assert_eq!((last_day.code, last_day.err.as_str()), (0, ""));
    let day_after = run(folder.path(), &arguments("2022-04-06"));
    assert_eq!(day_after.code, 1);
    assert_eq!(
        day_after.err,
        "varning: undantag 1 (SVG-0101) gick ut 2022-04-05 och gäller inte en leverans 2022-04-06\n"
    );
    assert!(day_after.out.contains("1. SVG-0101: GICK UT 2022-04-05 och gäller inte längre"), "{}", day_after.out);
    // What the rules were on another day is no reason to waive.
    let as_of = run(folder.path(), &[arguments("2022-04-06"), vec!["--as-of", "2021-01-01"]].concat());
    assert_eq!(as_of.code, 1);
}

#[test]
fn findings_on_duplicates_are_waived_by_the_reporter_of_each_record() {
    let skane = [SKANE, ("vardgivare", "SE2321000255-1000")];
    let lines: Vec<String> = ["A", "A", "B", "B", "B"]
        .iter()
        .enumerate()
        .map(|(row, id)| line(id, if row < 2 { &[] } else { &skane }))
        .collect();
    let folder = folder(&lines, &[waiver("SV-0001", ", reporter: Skåne")]);
    let report = reported(folder.path(), &["--findings", "fynd.csv"]);
    assert_eq!((counted(&report, "SV-0001"), covered(&report)), ((5, 3), vec![(3, "applied")]));
    assert_eq!(report["gate"]["rejected_records"], 5);
    let findings = fs::read_to_string(folder.path().join("fynd.csv")).unwrap();
    // Behind it are the two columns on groups.
    let waived: Vec<&str> = findings.lines().skip(1).map(|line| line.rsplit(';').nth(2).unwrap()).collect();
    assert_eq!(waived, ["", "", "1", "1", "1"]);
}

#[test]
fn examples_of_both_sorts_are_kept_and_counts_are_exact_for_any_number_of_threads() {
    // Far more than a batch; every third record of Stockholm's and of Skåne's is wrong.
    let lines: Vec<String> = (0..30_000)
        .map(|row| {
            let region = if row % 2 == 0 { STOCKHOLM } else { SKANE };
            let start = if row % 3 == 0 { TOO_EARLY } else { ("fas", "1") };
            line(&format!("K{row:05}"), &[region, ("vardgivare", region.1), start])
        })
        .collect();
    let folder = folder(&lines, &[waiver("SVG-0101", ", reporter: \"2321000016\"")]);
    let outputs: Vec<String> = ["1", "3"]
        .iter()
        .map(|threads| checked(folder.path(), &["--format", "json", "--examples", "4", "--threads", threads]).out)
        .collect();
    assert_eq!(outputs[0], outputs[1]);
    let report: Value = serde_json::from_str(&outputs[0]).unwrap();
    assert_eq!((counted(&report, "SVG-0101"), covered(&report)), ((10_000, 5_000), vec![(5_000, "applied")]));
    let examples = rule(&report, "SVG-0101")["examples"]["findings"].as_array().unwrap();
    let rows: Vec<_> = examples.iter().map(|one| (one["row"].as_u64().unwrap(), one["waiver"].as_u64())).collect();
    let expected = [1, 4, 7, 10, 13, 16, 19, 22].map(|row| (row, (row % 2 == 1).then_some(1)));
    assert_eq!(rows, expected);
}

#[test]
fn findings_in_parquet_name_their_waiver() {
    let folder = folder(&three_findings(), &[waiver("SVG-0101", ", reporter: Stockholm")]);
    checked(folder.path(), &["--findings", "fynd.parquet"]);
    let file = fs::File::open(folder.path().join("fynd.parquet")).unwrap();
    let batch = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap().next().unwrap().unwrap();
    let column = batch.column_by_name("waived").unwrap().as_primitive::<UInt64Type>();
    let waived: Vec<Option<u64>> =
        (0..column.len()).map(|row| column.is_valid(row).then(|| column.value(row))).collect();
    assert_eq!(waived, [Some(1), None, Some(1)]);
}

#[test]
fn what_is_wrong_with_the_whole_submission_is_waived_by_its_variable() {
    let folder = folder(&[], &[waiver("LEV-0001", ", variable: fas")]);
    let header = header();
    let columns: Vec<&str> = header.split(';').filter(|name| !["fas", "kommunkod"].contains(name)).collect();
    fs::write(folder.path().join("fil.csv"), format!("{}\n{}\n", columns.join(";"), ";".repeat(columns.len() - 1)))
        .unwrap();
    let report = reported(folder.path(), &["--collection", "specvard_genomforda"]);
    let (violations, waived) = counted(&report, "LEV-0001");
    assert_eq!((violations > waived, waived, covered(&report)), (true, 1, vec![(1, "applied")]));
}

#[test]
fn faults_in_how_records_are_written_are_waived_too() {
    let folder = folder(&[], &[waiver("LEV-0005", ", reporter: Stockholm"), waiver("LEV-0005", "")]);
    // A record with too many fields has no reporter; one with a byte that is no character has.
    let mut bytes = format!("{}\n{};x\n", header(), line("A", &[])).into_bytes();
    bytes.extend(line("B", &[("vardenhet1_namn", "åXX")]).replace("XX", "\u{1}").into_bytes());
    let at = bytes.iter().position(|byte| *byte == 1).unwrap();
    bytes[at] = 0xff;
    bytes.push(b'\n');
    fs::write(folder.path().join("fil.csv"), bytes).unwrap();
    let report = reported(folder.path(), &["--encoding", "utf-8"]);
    assert_eq!((counted(&report, "LEV-0005"), covered(&report)), ((2, 2), vec![(1, "applied"), (1, "applied")]));
}

#[test]
fn qa_knows_waivers() {
    let folder = folder(&three_findings(), &[waiver("SVG-0101", "")]);
    let measure = ["--period", "2022-01..2022-03", "--measure", "inrapporteringsgrad_genomforda"];
    let said = run(folder.path(), &[&["qa", "--delivery-date", "2022-04-05"], GIVEN.as_slice(), &measure].concat());
    assert!(said.out.contains("1. SVG-0101: 3 fynd undantagna"), "{}{}", said.out, said.err);
    assert_eq!((said.code, said.err.as_str()), (0, ""));
}

#[test]
fn warnings_are_waived_where_the_gate_asks_for_them() {
    let folder = folder(&[], &[waiver("LEV-0002", "")]);
    fs::write(folder.path().join("fil.csv"), format!("{};kommentar\n{};x\n", header(), line("A", &[]))).unwrap();
    let without = check(folder.path(), &["fil.csv", "--fail-on", "warning"]);
    let with = checked(folder.path(), &["--fail-on", "warning"]);
    assert_eq!((without.code, with.code), (1, 0), "{}", with.out);
    assert!(with.out.contains("GODKÄND, med 1 undantagen varning"), "{}", with.out);
    // What would not fail the gate is not said to have been saved by a waiver.
    let lenient = checked(folder.path(), &[]);
    assert!(lenient.code == 0 && !lenient.out.contains("GODKÄND, med"), "{}", lenient.out);
}

#[test]
fn mistakes_in_a_waiver_file_are_all_shown_and_nothing_is_checked() {
    let waivers = [
        waiver("SVG-0102X", ""),
        waiver("SVG-0101", ", reporter: Skone"),
        waiver("SVG-0101", ", variable: fase"),
        waiver("LEV-0003", ", reporter: Skåne"),
    ];
    let folder = folder(&three_findings(), &waivers);
    let said = checked(folder.path(), &[]);
    assert_eq!((said.code, said.out.as_str()), (2, ""));
    for words in [
        "waiver::unknown_rule",
        "did you mean `SVG-0102`?",
        "unknown region `Skone`; did you mean `Region Skåne`?",
        "did you mean `fas`?",
        "waiver::covers_nothing",
        "undantag.yaml:5:",
        "fel: 4 misstag i `undantag.yaml`",
    ] {
        assert!(said.err.contains(words), "no {words:?} in\n{}", said.err);
    }
    let missing = check(folder.path(), &["fil.csv", "--waivers", "finns_inte.yaml"]);
    assert_eq!(missing.code, 3, "{}", missing.err);
    let overwritten = checked(folder.path(), &["--format", "text=undantag.yaml"]);
    assert_eq!(overwritten.code, 2, "{}", overwritten.err);
}

/// The README's command.
#[test]
fn the_shipped_example_says_what_the_readme_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let sample = "testdata/samples/specvard_genomforda_2022-03.csv";
    let said = check(root, &[sample, "--waivers", "testdata/samples/undantag.yaml"]);
    assert_eq!(said.code, 1, "{}", said.err);
    let out = said.out.replace('\u{a0}', " ");
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let (_, part) = readme.split_once("### Waivers").unwrap();
    let block = part.split("```text\n").nth(1).and_then(|block| block.split("```").next()).expect("a block");
    for line in block.lines().filter(|line| *line != "…") {
        assert!(out.lines().any(|said| said == line), "no {line:?} in\n{out}");
    }
}
