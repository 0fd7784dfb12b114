//! Generated pathway cases: rows of a layout, unfolded to events. Clean ones pass, and what is planted is found.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use crate::support::{self, Said};

fn generate(folder: &Path, arguments: &[&str]) {
    let said = support::run(folder, &[&["generate", "svf", "--quiet"], arguments].concat());
    assert_eq!(said.code, 0, "{}", said.err);
}

fn check(folder: &Path, arguments: &[&str]) -> Said {
    support::run(folder, &[&["check", "--delivery-date", "2022-04-15"], arguments].concat())
}

/// The records of a file with semicolons (or commas), by column.
fn records(path: &Path, delimiter: u8) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_path(path).expect("a file");
    reader.deserialize().map(|record| record.expect("a record")).collect()
}

fn lines(folder: &Path, name: &str) -> Vec<String> {
    let text = std::fs::read_to_string(folder.join(name)).expect("a file");
    text.lines().map(str::to_owned).collect()
}

#[test]
fn clean_cases_pass_in_every_form() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let skane = ["--records", "1500", "--region", "Skåne"];
    generate(folder, &[&skane[..], &["-o", "datum.csv"]].concat());
    generate(folder, &[&skane[..], &["-o", "ihop.csv", "--together"]].concat());
    generate(folder, &[&skane[..], &["-o", "bred.csv", "--layout", "bred"]].concat());
    generate(folder, &[&skane[..], &["-o", "datum.parquet"]].concat());
    let mut counts: Vec<Value> = Vec::new();
    for name in ["datum.csv", "ihop.csv", "bred.csv", "datum.parquet"] {
        let said = check(folder, &[name, "--region", "Skåne", "--period", "2022-03", "--format", "json"]);
        let report: Value = serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {}", said.err));
        let rules = report["collections"].as_array().expect("a list").iter();
        let rules = rules.flat_map(|run| run["rules"].as_array().expect("a list"));
        let of = |rule: &Value| Value::from(vec![rule["id"].clone(), rule["counts"].clone()]);
        let all: Vec<Value> = rules.map(of).collect();
        assert_eq!(said.code, 0, "{name}: {}", check(folder, &[name, "--region", "Skåne"]).out);
        let violated = all.iter().filter(|rule| rule[1]["violated"] != 0);
        assert_eq!(violated.collect::<Vec<_>>(), Vec::<&Value>::new(), "{name}");
        counts.push(all.into());
    }
    assert!(counts.iter().all(|count| *count == counts[0]), "the forms are judged alike");
    // The same events, in another order.
    let (by_date, together) = (lines(folder, "datum.csv"), lines(folder, "ihop.csv"));
    assert_ne!(by_date, together);
    let sorted = |lines: &[String]| lines.iter().cloned().collect::<BTreeSet<_>>();
    assert_eq!(sorted(&by_date), sorted(&together));
    let dates: Vec<String> =
        records(&folder.join("datum.csv"), b';').iter().map(|record| record["handelsedatum"].clone()).collect();
    assert!(dates.is_sorted());
    let ids: Vec<String> =
        records(&folder.join("ihop.csv"), b';').iter().map(|record| record["forlopps_id"].clone()).collect();
    let changes = ids.windows(2).filter(|pair| pair[0] != pair[1]).count();
    assert_eq!(changes + 1, 1500, "the events of a case are behind each other");
}

#[test]
fn every_planted_defect_is_found() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let defects = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/defects/svf.yaml");
    let arguments = ["--records", "4000", "--region", "Skåne", "--defects", defects, "--truth", "facit.csv"];
    for threads in ["1", "3"] {
        let name = format!("trasig{threads}.csv");
        generate(folder, &[&arguments[..], &["-o", &name, "--threads", threads]].concat());
    }
    assert_eq!(lines(folder, "trasig1.csv"), lines(folder, "trasig3.csv"), "the same for any number of threads");
    check(folder, &["trasig1.csv", "--findings", "fynd.csv"]);
    let findings = records(&folder.join("fynd.csv"), b';');
    let found: BTreeSet<(String, String)> =
        findings.iter().map(|finding| (finding["row"].clone(), finding["rule_id"].clone())).collect();
    let of_cases: BTreeSet<(String, String)> =
        findings.iter().map(|finding| (finding["key"].clone(), finding["rule_id"].clone())).collect();
    let truth = records(&folder.join("facit.csv"), b',');
    let of_records: Vec<_> = truth.iter().filter(|row| !row["record"].is_empty()).collect();
    let planted: BTreeSet<&str> = truth.iter().map(|row| row["defect"].as_str()).collect();
    let text = std::fs::read_to_string(defects).expect("the defects");
    assert_eq!(planted.len(), text.matches("- { name:").count(), "{planted:?}");
    for row in &of_records {
        let place = (row["record"].clone(), row["rule"].clone());
        assert!(found.contains(&place), "not found: {row:?}");
    }
    // A rule on cases is violated by the case.
    for row in truth.iter().filter(|row| row["record"].is_empty()) {
        assert!(of_cases.contains(&(row["key"].clone(), row["rule"].clone())), "not found: {row:?}");
    }
    // And no other error, but what follows from it in what events fold into.
    let places: BTreeSet<(String, String)> =
        of_records.iter().map(|row| (row["record"].clone(), row["rule"].clone())).collect();
    let errors: BTreeSet<(String, String)> = findings
        .iter()
        .filter(|finding| finding["severity"] == "error" && finding["rule_id"].starts_with("SVF-"))
        .map(|finding| (finding["row"].clone(), finding["rule_id"].clone()))
        .collect();
    let more: Vec<_> = errors.difference(&places).collect();
    assert!(more.is_empty(), "found and not planted: {more:?}");
    assert!(truth.iter().all(|row| !row["key"].is_empty()), "each has the key of its case");
}

#[test]
fn strata_steer_region_pathway_and_waits() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let strata = "records;region;period;svf;_utfall;_inom\n30;Skåne;2022-03;VC0;behandling;ja\n70;Halland;2022-04;VC0;behandling;nej\n";
    std::fs::write(folder.join("tal.csv"), strata).expect("a file");
    generate(folder, &["--strata", "tal.csv", "-o", "a.csv", "--layout", "bred"]);
    let mut counts: BTreeMap<(String, bool), u32> = BTreeMap::new();
    for row in records(&folder.join("a.csv"), b';') {
        let starts = ["datum_50", "datum_52", "datum_54", "datum_58", "datum_59"].map(|name| row[name].as_str());
        let start = starts.into_iter().find(|date| !date.is_empty()).expect("a start of treatment");
        let day = |text: &str| vantkoll::time::parse_day(text).expect("a day");
        let month = if row["region"] == "12" { "2022-03" } else { "2022-04" };
        assert!(start.starts_with(month) && row["svf"] == "VC0", "{row:?}");
        *counts.entry((row["region"].clone(), day(start) - day(&row["datum_10"]) <= 30)).or_default() += 1;
    }
    assert_eq!(counts, BTreeMap::from([(("12".to_owned(), true), 30), (("13".to_owned(), false), 70)]));
}

#[test]
fn misuse_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let said = |arguments: &[&str]| {
        let said = support::run(folder.path(), &[&["generate"], arguments, &["-o", "a.csv"]].concat());
        assert_eq!(said.code, 2, "{arguments:?}");
        said.err
    };
    assert!(said(&["svf", "--layout", "smal"]).contains("`bred`"));
    assert!(said(&["specvard_vantande", "--layout", "bred"]).contains("en rad per post"));
    assert!(said(&["specvard_vantande", "--together"]).contains("hör inga poster ihop"));
}

/// The sample is what this command makes:
///
/// ```sh
/// vantkoll generate svf --records 120 --region Skåne --period 2025-01..2025-03 --seed 9 \
///   --defects testdata/defects/svf_sample.yaml --output testdata/samples/svf_2025-q1.csv
/// ```
#[test]
fn the_sample_is_current_and_the_readme_shows_what_is_said_of_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let defects = root.join("testdata/defects/svf_sample.yaml");
    let arguments = ["--records", "120", "--region", "Skåne", "--period", "2025-01..2025-03", "--seed", "9"];
    let defects = ["--defects", defects.to_str().expect("a path"), "-o", "svf.csv"];
    generate(folder.path(), &[&arguments[..], &defects].concat());
    let shipped = std::fs::read(root.join("testdata/samples/svf_2025-q1.csv")).expect("the sample");
    assert!(
        std::fs::read(folder.path().join("svf.csv")).expect("made") == shipped,
        "make the sample anew, as said above"
    );

    let readme = std::fs::read_to_string(root.join("README.md")).expect("the README");
    let (_, section) = readme.split_once("### Cancer pathways: events, cases and moves").expect("the section");
    let (_, section) = section.split_once("```sh\ncargo run --release -- ").expect("a command");
    let (command, section) = section.split_once("\n```").expect("its end");
    let (_, block) = section.split_once("```text\n").expect("what it prints");
    let (block, _) = block.split_once("\n```").expect("its end");
    let said = support::run(root, &[&command.split_whitespace().collect::<Vec<_>>()[..], &["--quiet"]].concat());
    assert_eq!(said.code, 1, "{}", said.err);
    // In this order, with something left out between the parts.
    let mut rest = said.out.as_str();
    for part in block.split("\n…\n") {
        let at = rest.find(part).unwrap_or_else(|| panic!("not there: {part}\n{}", said.out));
        rest = &rest[at + part.len()..];
    }
}
