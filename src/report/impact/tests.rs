//! The impact of an invented change, in both languages and as JSON.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::{ImpactJson, text};
use crate::engine::compare::{
    CollectionImpact, FileImpact, Group, Impact, Rejected, RuleImpact, Version, VersionImpact, Violations,
};
use crate::model::{County, Language, Severity, Text};
use crate::report::ReportOptions;
use crate::rulebook::fail_if::Condition;
use crate::time::parse_day;

fn sample() -> Impact {
    let (stockholm, skane) = (County::new("01"), County::new("12"));
    let group = |region, code: &str| Group { region, code: code.to_owned() };
    let violations = |[before, after, newly_failing, newly_passing]: [u64; 4]| Violations {
        before,
        after,
        newly_failing,
        newly_passing,
    };
    let rejected = |[records, before, after, newly_rejected, newly_accepted]: [u64; 5]| Rejected {
        records,
        before,
        after,
        newly_rejected,
        newly_accepted,
    };
    let stricter = RuleImpact {
        title: Text::new("Aktiviteten startade före beslutet", "Activity started before the decision"),
        severity_before: Some(Severity::Warning),
        severity_after: Some(Severity::Error),
        total: violations([100, 2_150, 2_100, 50]),
        groups: BTreeMap::from([
            (group(stockholm, "101"), violations([90, 1_640, 1_600, 50])),
            (group(stockholm, "?"), violations([10, 10, 0, 0])),
            (group(skane, ""), violations([0, 100, 100, 0])),
            (group(skane, "101"), violations([0, 300, 300, 0])),
            (group(skane, "201"), violations([0, 60, 60, 0])),
            (group(None, "999"), violations([0, 40, 40, 0])),
        ]),
        unchecked_before: 1_234,
        unchecked_after: 1_300,
        passing_unchecked: 50,
        versions: BTreeMap::from([(
            Version { from: parse_day("2022-01-01"), until: None, by: "start_av_aktivitet".to_owned() },
            VersionImpact { is_before: true, is_after: true, total: violations([100, 2_150, 2_100, 50]) },
        )]),
    };
    let new = RuleImpact {
        title: Text::new("Fas saknas", "Phase is missing"),
        severity_after: Some(Severity::Note),
        total: violations([0, 1, 1, 0]),
        groups: BTreeMap::from([(group(stockholm, "101"), violations([0, 1, 1, 0]))]),
        ..RuleImpact::default()
    };
    let removed = RuleImpact {
        title: Text::new("Borttagen regel", "Removed rule"),
        severity_before: Some(Severity::Error),
        total: violations([7, 0, 0, 7]),
        groups: BTreeMap::from([(group(stockholm, "101"), violations([7, 0, 0, 7]))]),
        ..RuleImpact::default()
    };
    let same = RuleImpact {
        title: Text::new("Som förut", "As before"),
        severity_before: Some(Severity::Error),
        severity_after: Some(Severity::Error),
        total: violations([3, 3, 0, 0]),
        ..RuleImpact::default()
    };
    let file = |path: &str, numbers| FileImpact {
        path: PathBuf::from(path),
        is_known_before: true,
        is_known_after: true,
        rejected: rejected(numbers),
    };
    let collection = CollectionImpact {
        title: Text::new("Specialiserad vård, genomförda", "Specialised care, completed"),
        records: 1_000_000,
        unreadable: 12,
        groups: BTreeMap::from([
            (group(stockholm, "101"), 600_000),
            (group(stockholm, "?"), 50_000),
            (group(skane, ""), 100_000),
            (group(skane, "101"), 200_000),
            (group(skane, "201"), 49_900),
            (group(None, "999"), 100),
        ]),
        rules: BTreeMap::from([
            ("SVG-0101".to_owned(), stricter),
            ("SVG-0102".to_owned(), new),
            ("SVG-0103".to_owned(), removed),
            ("SVG-0104".to_owned(), same),
        ]),
        reporters: BTreeMap::from([
            (None, rejected([100, 0, 40, 40, 0])),
            (stockholm, rejected([650_000, 10, 1_605, 1_600, 5])),
            (skane, rejected([349_900, 3, 0, 0, 3])),
        ]),
        files: vec![
            file("leveranser/stockholm.csv", [650_000, 10, 1_605, 1_600, 5]),
            file("leveranser/skåne\u{1b}[31m.csv", [349_900, 3, 0, 0, 3]),
            file("leveranser/okänd.csv", [100, 0, 40, 40, 0]),
        ],
        region_names: [(stockholm, "Region Stockholm"), (skane, "Region Skåne")]
            .into_iter()
            .filter_map(|(county, name)| Some((county?, name.to_owned())))
            .collect(),
        breakdown: Text::new("MVO", "MVO"),
        code_names: BTreeMap::from([
            ("101".to_owned(), Text::new("Allmän internmedicin", "General internal medicine")),
            ("201".to_owned(), Text::new("Kirurgi", "Surgery")),
        ]),
    };
    Impact { collections: BTreeMap::from([("specvard_genomforda".to_owned(), collection)]), ..Impact::default() }
}

fn breaches(impact: &Impact) -> Vec<crate::rulebook::fail_if::Breach> {
    ["newly_failing > 0.2 %", "newly_rejected > 30%", "newly_rejected >= 1640", "newly_accepted > 5"]
        .into_iter()
        .flat_map(|text| Condition::parse(text).expect("well-formed").judge(impact))
        .collect()
}

#[test]
fn a_person_reads_what_changes() {
    let impact = sample();
    let breaches = breaches(&impact);
    for (name, language) in [("swedish", Language::Swedish), ("english", Language::English)] {
        let options = ReportOptions { language, ..ReportOptions::default() };
        insta::assert_snapshot!(name, text(&impact, &breaches, &options));
    }
}

#[test]
fn programs_read_everything() {
    let impact = sample();
    let breaches = breaches(&impact);
    let json = serde_json::to_string_pretty(&ImpactJson::new(&impact, &breaches)).expect("plain data");
    insta::assert_snapshot!("json", json);
}

#[test]
fn nothing_changed_is_said() {
    let mut impact = sample();
    for collection in impact.collections.values_mut() {
        collection.rules.retain(|id, _| id == "SVG-0104");
        collection.files.truncate(1);
        collection.files[0].rejected = Rejected { records: 10, before: 3, after: 3, ..Rejected::default() };
    }
    let text = text(&impact, &[], &ReportOptions::default());
    assert!(text.contains("Ingen post bedöms annorlunda av någon regel."), "{text}");
    assert!(text.contains("Godkända: 0 → 0 av 1 fil."), "{text}");
    assert!(!text.contains("--fail-if"), "{text}");
}
