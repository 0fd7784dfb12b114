//! The JSON report read back: its counts add up, and its shape is the one in the snapshot.

use serde_json::Value;

use super::*;
use crate::report::sample;

fn written(outcome: &Outcome, options: &ReportOptions) -> String {
    let mut out = Vec::new();
    write(outcome, options, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn read(outcome: &Outcome) -> Value {
    serde_json::from_str(&written(outcome, &ReportOptions::default())).unwrap()
}

fn sum(of: &Value) -> u64 {
    of.as_object().unwrap().values().map(|n| n.as_u64().unwrap()).sum()
}

#[test]
fn the_whole_document() {
    let text = written(&sample::outcome(), &ReportOptions::default());
    assert!(text.ends_with("}\n"));
    let text = text.replace(env!("CARGO_PKG_VERSION"), "[version]");
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, { insta::assert_snapshot!("report_json", text) });
}

#[test]
fn counts_add_up_to_the_records() {
    let report = read(&sample::outcome());
    for collection in report["collections"].as_array().unwrap() {
        let records = collection["records"].as_u64().unwrap();
        for rule in collection["rules"].as_array().unwrap() {
            if rule["counts_of"] == "records" {
                assert_eq!(sum(&rule["counts"]), records, "{}", rule["id"]);
            }
            assert_eq!(rule["examples"]["n_total"], rule["violations"]);
            assert_eq!(
                rule["examples"]["n_shown"].as_u64().unwrap(),
                rule["examples"]["findings"].as_array().unwrap().len() as u64
            );
        }
        for variable in collection["variables"].as_array().unwrap() {
            assert_eq!(sum(&variable["account"]), records, "{}", variable["id"]);
            assert_eq!(variable["reporting_rate"]["denominator"].as_u64().unwrap(), records);
        }
        let files: u64 =
            collection["files"].as_array().unwrap().iter().map(|file| file["records"].as_u64().unwrap()).sum();
        assert_eq!(files, records);
    }
}

#[test]
fn the_gate_is_that_of_the_options() {
    let strict = ReportOptions { strict: true, ..ReportOptions::default() };
    let report: Value = serde_json::from_str(&written(&sample::clean(), &strict)).unwrap();
    assert_eq!(report["gate"]["result"], "not_checked");
    assert_eq!(read(&sample::clean())["gate"]["result"], "passed");
    assert_eq!(read(&sample::outcome())["gate"]["result"], "failed");
}

#[test]
fn values_are_kept_whole_and_stay_json() {
    let report = read(&sample::outcome());
    let rules = report["collections"][0]["rules"].as_array().unwrap();
    let rule = rules.iter().find(|rule| rule["id"] == "SVG-V-fas").unwrap();
    assert_eq!(rule["examples"]["findings"][0]["faulty"][0]["value"], sample::NASTY_VALUE);
}
