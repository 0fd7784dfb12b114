//! Data-driven cases: `testdata/<collection>/<case>/` with a submission, options, and what comes of it.
//!
//! A new case is a folder. `case.yaml` says in one sentence what it shows; the snapshots beside it are the list of
//! findings, the JSON report and what a coordinator reads. Versions and paths are redacted.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use serde::Deserialize;
use vantkoll::engine::{self, Outcome, Settings, Stated, StatedRegion};
use vantkoll::report::finding_rows::{self, FindingContext, FindingFormat, FindingWriter};
use vantkoll::report::{self, ReportFormat, ReportOptions};
use vantkoll::rule::{self, Plan};
use vantkoll::schema::{self, Codelist};
use vantkoll::submission::{InputFile, ReadOptions};
use vantkoll::{assets, diag, time, yaml};

/// The snapshots of every case.
const SNAPSHOTS: [&str; 3] = ["findings", "report_json", "terminal"];

/// `case.yaml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseSpec {
    /// What the case shows, in one sentence.
    purpose: String,
    /// Always stated: today is nobody's business here.
    delivery_date: String,
    /// Where the header cannot tell.
    collection: Option<String>,
    /// First and last day, as `2022-03-01..2022-03-31`.
    period: Option<String>,
    /// Organisation number.
    region: Option<String>,
    expect_records: Option<u64>,
    /// Official lists: name and file within the case.
    #[serde(default)]
    codelists: Vec<OfficialList>,
    /// What was delivered before.
    #[serde(default)]
    earlier: Vec<EarlierFile>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct EarlierFile {
    file: String,
    received: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct OfficialList {
    name: String,
    file: String,
}

fn testdata() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata")
}

/// The folders that hold a case.
fn cases() -> Vec<PathBuf> {
    let pattern = testdata().join("*/*/case.yaml");
    let mut folders: Vec<PathBuf> = glob::glob(pattern.to_str().expect("UTF-8"))
        .unwrap()
        .map(|path| path.unwrap().parent().expect("in a folder").to_path_buf())
        .collect();
    folders.sort();
    folders
}

fn spec_of(folder: &Path) -> CaseSpec {
    let path = folder.join("case.yaml");
    let source = diag::Source::new(path.to_string_lossy(), std::fs::read_to_string(&path).unwrap());
    yaml::parse(&source).unwrap_or_else(|mistake| panic!("{}", diag::render(&[mistake], false, 100)))
}

/// Every finding, as CSV rows, while the submission is checked.
struct Rows(Box<dyn FindingWriter>);

impl engine::FindingSink for Rows {
    fn take(
        &mut self,
        plan: &Plan,
        paths: &[PathBuf],
        findings: &[vantkoll::model::Finding],
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        self.0.write(&FindingContext { plan, paths }, findings).map_err(Into::into)
    }
}

fn stated(spec: &CaseSpec) -> Stated {
    let day = |text: &str| time::parse_day(text).expect("a date as 2022-03-01");
    Stated {
        period: spec.period.as_deref().map(|period| {
            let (first, last) = period.split_once("..").expect("a period as 2022-03-01..2022-03-31");
            (day(first), day(last))
        }),
        region: spec
            .region
            .clone()
            .map(|number| StatedRegion { name: format!("Region {number}"), organisation_number: number }),
        records: spec.expect_records,
        delivery_date: day(&spec.delivery_date),
        delivery_date_stated: true,
        as_of: None,
    }
}

/// Checks the case in `folder`; returns its findings as rows, and its outcome.
fn outcome_of(folder: &Path, spec: &CaseSpec) -> (String, Outcome) {
    let mut schemas = schema::load(&assets::schemas(None).unwrap()).unwrap();
    for list in &spec.codelists {
        schemas.codelists.insert(&list.name, Codelist::read(&list.name, &folder.join(&list.file)).unwrap());
    }
    let plans = rule::compile(&schemas, &rule::load(&assets::rules(None).unwrap()).unwrap()).unwrap();
    let options = ReadOptions { collection: spec.collection.clone(), ..ReadOptions::default() };
    let open = |name: &str| InputFile::open(&folder.join(name), &schemas, &options).unwrap();
    let mut files = vec![open("submission.csv")];
    for earlier in &spec.earlier {
        let mut file = open(&earlier.file);
        file.statement.received = Some(time::parse_day(&earlier.received).expect("a date as 2022-03-01"));
        file.statement.is_earlier = true;
        files.push(file);
    }
    let settings = Settings { stated: stated(spec), examples: 3, ..Settings::default() };
    let rows = tempfile::NamedTempFile::new().unwrap();
    let writer = finding_rows::open(FindingFormat::Csv, Box::new(rows.reopen().unwrap())).unwrap();
    let mut sink = Rows(writer);
    let stop = AtomicBool::new(false);
    let (mut outcome, _) = engine::check(&plans, files, &settings, &stop, &|_| {}, Some(&mut sink)).unwrap();
    sink.0.finish().unwrap();
    // Lines are broken by their length: that of the path to this folder must not count.
    for file in outcome.runs.iter_mut().flat_map(|run| &mut run.files) {
        file.path = file.path.file_name().expect("a file").into();
    }
    (std::fs::read_to_string(rows.path()).unwrap(), outcome)
}

/// Redacts what changes without the case changing.
fn redacted(text: &str, folder: &Path, outcome: &Outcome) -> String {
    let mut text = text.replace('\r', "").replace(&format!("{}/", folder.display()), "");
    for run in &outcome.runs {
        text = text.replace(&run.plan.version, "<rule set>");
    }
    text.replace(env!("CARGO_PKG_VERSION"), "<version>")
}

/// The report without the rules that had nothing to say: those are the same in every case.
fn spoken(json: &str) -> String {
    let mut report: serde_json::Value = serde_json::from_str(json).unwrap();
    for collection in report["collections"].as_array_mut().expect("a list") {
        // What files decide where the sources are silent is the same in every case of a collection, too.
        collection["assumptions"] = serde_json::Value::Null;
        for column in collection["files"][0]["columns"].as_array_mut().expect("a list") {
            let words =
                ["letters", "name", "variable", "nearest"].map(|key| column[key].as_str().unwrap_or("–").to_owned());
            *column = words.join(" | ").into();
        }
        let rules = collection["rules"].as_array_mut().expect("a list");
        rules.retain(|rule| rule["violations"] != 0);
        for rule in rules {
            let rule = rule.as_object_mut().expect("a map");
            rule.retain(|key, _| {
                ["id", "severity", "status", "counts", "violations", "examples"].contains(&key.as_str())
            });
        }
        for variable in collection["variables"].as_array_mut().expect("a list") {
            let fields = variable.as_object_mut().expect("a map");
            fields.retain(|key, _| ["id", "level", "account", "timestamp_forms"].contains(&key.as_str()));
            // One line a variable.
            *variable = serde_json::to_string(&fields).unwrap().replace('"', "").into();
        }
    }
    serde_json::to_string_pretty(&report).unwrap()
}

/// The only caller of the pipeline for cases.
fn check_case(folder: &Path) {
    let spec = spec_of(folder);
    let collection = folder.parent().and_then(Path::file_name).expect("a case is in its collection's folder");
    let (rows, outcome) = outcome_of(folder, &spec);
    assert_eq!(outcome.runs[0].plan.collection.id.as_str(), collection, "{}", folder.display());
    let written = |format: ReportFormat| {
        let mut bytes = Vec::new();
        report::write(format, &(&outcome).into(), &ReportOptions::default(), &mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    };
    let mut settings = insta::Settings::new();
    settings.set_snapshot_path(folder);
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_description(spec.purpose.clone());
    settings.set_input_file(folder.join("submission.csv"));
    settings.bind(|| {
        insta::assert_snapshot!("findings", redacted(&rows, folder, &outcome));
        insta::assert_snapshot!("report_json", redacted(&spoken(&written(ReportFormat::Json)), folder, &outcome));
        insta::assert_snapshot!("terminal", redacted(&written(ReportFormat::Text), folder, &outcome));
    });
}

#[test]
fn every_case_comes_out_as_it_was_read_and_accepted() {
    let cases = cases();
    assert!(cases.len() >= 16, "{} cases", cases.len());
    for folder in &cases {
        check_case(folder);
    }
}

#[test]
fn every_collection_has_a_clean_case_without_errors() {
    for collection in schema::load(&assets::schemas(None).unwrap()).unwrap().collections.keys() {
        let folder = testdata().join(collection).join("clean");
        let (rows, _) = outcome_of(&folder, &spec_of(&folder));
        assert_eq!(rows.lines().count(), 1, "{collection}: a header and no findings\n{rows}");
    }
}

#[test]
fn every_snapshot_has_an_owner() {
    let schemas =
        [assets::schemas(None), assets::reference_schemas(None)].map(|files| schema::load(&files.unwrap()).unwrap());
    let sentences = schemas.iter().flat_map(|schemas| schemas.collections.keys().map(String::as_str)).chain(["_forms"]);
    let owned: BTreeSet<PathBuf> = cases()
        .iter()
        .flat_map(|folder| SNAPSHOTS.map(|name| folder.join(format!("{name}.snap"))))
        .chain(sentences.map(|id| testdata().join("_sentences").join(format!("{id}.snap"))))
        .chain(crate::diagnostics::cases().iter().map(|case| case.with_extension("snap")))
        .chain(crate::logic::files("faulty").iter().map(|case| case.with_extension("snap")))
        .collect();
    let pattern = testdata().join("**/*.snap*");
    let found = glob::glob(pattern.to_str().expect("UTF-8")).unwrap().map(|path| path.unwrap());
    let found = found.filter(|path| path.strip_prefix(testdata()).is_ok_and(|path| !path.starts_with("samples")));
    let strays: Vec<PathBuf> = found.filter(|path| !owned.contains(path)).collect();
    assert!(strays.is_empty(), "snapshots that no case owns: {strays:?}");
}
