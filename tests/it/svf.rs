//! Standardised cancer pathways: a collection whose records name their region by its county code, checks over the
//! deliveries of several regions, and limits that are revised.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;
use vantkoll::assets;
use vantkoll::rulebook::Rulebook;
use vantkoll::schema::{self, Codelist};
use vantkoll::time;

use crate::support::{rule, run};

const HEADER: &str = "region;forlopps_id;kva_kod;handelsedatum;alder;kon;hemlan;overflyttad\n";
const STOCKHOLM: &str = "01;SVF-1;VC010;2022-03-01;67;1;01;NEJ\n01;SVF-1;VC090;2022-03-08;67;1;01;NEJ\n";
const SKANE: &str = "12;SVF-1;VC091;2022-03-09;67;1;01;JA\n12;SVF-1;VC050;2022-03-29;67;1;01;JA\n";

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn qa(folder: &Path, arguments: &[&str]) -> Value {
    let options = ["qa", "--format", "json=rapport.json", "--delivery-date", "2022-04-20"];
    let said = run(folder, &[&options, arguments].concat());
    assert!(said.code < 2, "{}", said.err);
    serde_json::from_slice(&fs::read(folder.join("rapport.json")).unwrap()).unwrap()
}

#[test]
fn a_file_of_another_region_than_the_list_says_is_found() {
    let folder = folder(&[
        ("a.csv", &format!("{HEADER}{STOCKHOLM}")),
        ("b.csv", &format!("{HEADER}{SKANE}")),
        ("lista.csv", "fil;insamling;lanskod;period;mottagen;poster\na.csv;svf;01;2022-03;;\nb.csv;svf;01;2022-03;;\n"),
    ]);
    let report = qa(folder.path(), &["a.csv", "b.csv", "--deliveries", "lista.csv"]);
    assert_eq!(rule(&report, "SVF-0531")["violations"], 2);
    assert_eq!(rule(&report, "SVF-0531")["counts"]["satisfied"], 2);
}

#[test]
fn a_waiver_of_one_region_covers_its_records_by_their_county_code() {
    let late = |text: &str| text.replace("2022-03", "2022-06");
    let folder = folder(&[
        ("a.csv", &format!("{HEADER}{}{}", late(STOCKHOLM), late(SKANE))),
        (
            "undantag.yaml",
            "waivers:\n  - { rule: SVF-0201, reporter: Skåne, owner: a@b, reason: Nytt system, until: 2022-12-31 }\n",
        ),
    ]);
    let said = run(
        folder.path(),
        &["check", "a.csv", "--waivers", "undantag.yaml", "--format", "json", "--delivery-date", "2022-04-20"],
    );
    let report: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(
        (&rule(&report, "SVF-0201")["violations"], &rule(&report, "SVF-0201")["waived"]),
        (&4.into(), &2.into())
    );
}

#[test]
fn the_impact_of_a_change_is_told_by_county_code() {
    let folder = folder(&[("a.csv", &format!("{HEADER}{STOCKHOLM}{SKANE}12;SVF-2;VC010;2022-03-01;71;1;01;NEJ\n"))]);
    for (book, limit) in [("gamla", "18"), ("nya", "70")] {
        for (name, file) in assets::rules(None).unwrap().into_iter().chain(assets::reference_rules(None).unwrap()) {
            let path = folder.path().join(book).join("rules").join(name);
            fs::create_dir_all(path.parent().expect("in a folder")).unwrap();
            fs::write(path, file.text.replace("alder >= 18", &format!("alder >= {limit}"))).unwrap();
        }
    }
    let arguments = ["rules", "diff", "gamla", "nya", "--data", "a.csv", "--format", "json"];
    let said = run(folder.path(), &arguments);
    let diff: Value = serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {}", said.err));
    let collection = &diff["impact"]["collections"][0];
    assert_eq!(collection["id"], "svf", "{diff:#}");
    let changed = collection["rules"].as_array().unwrap().iter().find(|rule| rule["id"] == "SVF-0303");
    let groups = changed.expect("changed")["groups"].as_array().unwrap();
    let failing: Vec<(&Value, &Value)> =
        groups.iter().map(|group| (&group["region"]["county"], &group["violations"]["newly_failing"])).collect();
    assert_eq!(failing, [(&"01".into(), &2.into()), (&"12".into(), &2.into())], "{groups:#?}");
}

#[test]
fn moves_are_judged_where_several_regions_have_delivered() {
    // One case is moved and nobody receives it; the other is received and nobody has moved it.
    let files =
        [("a.csv", format!("{HEADER}{STOCKHOLM}")), ("b.csv", format!("{HEADER}{}", SKANE.replace("SVF-1", "SVF-2")))];
    let list =
        |second: &str| format!("fil;insamling;lanskod;period\na.csv;svf;01;2022-03\nb.csv;svf;{second};2022-03\n");
    let verdicts = |second: Option<&str>| -> [u64; 4] {
        let folder = folder(&files.each_ref().map(|(name, text)| (*name, text.as_str())));
        let more = match second {
            Some(second) => {
                fs::write(folder.path().join("lista.csv"), list(second)).unwrap();
                ["--deliveries", "lista.csv"]
            }
            None => ["--collection", "svf"],
        };
        let report = qa(folder.path(), &[&["a.csv", "b.csv"], more.as_slice()].concat());
        let counts = |id: &str, verdict: &str| rule(&report, id)["counts"][verdict].as_u64().unwrap();
        [
            counts("SVFO-0101", "violated"),
            counts("SVFO-0102", "violated"),
            counts("SVFO-0101", "not_applicable"),
            counts("SVFO-0102", "not_applicable"),
        ]
    };
    assert_eq!(verdicts(Some("12")), [1, 1, 1, 1]);
    // With the same id the two are one move, and nothing is wrong with it.
    let folder = folder(&[
        ("a.csv", &format!("{HEADER}{STOCKHOLM}")),
        ("b.csv", &format!("{HEADER}{SKANE}")),
        ("lista.csv", &list("12")),
    ]);
    let report = qa(folder.path(), &["a.csv", "b.csv", "--deliveries", "lista.csv"]);
    assert_eq!(rule(&report, "SVFO-0101")["counts"]["satisfied"], 1);
    assert_eq!(rule(&report, "SVFO-0102")["counts"]["satisfied"], 1);
    // Moved on by the region that received the patient, and received by none after that.
    let chain = SKANE.replace("VC050;2022-03-29", "VC090;2022-03-29");
    fs::write(folder.path().join("b.csv"), format!("{HEADER}{chain}")).unwrap();
    let report = qa(folder.path(), &["a.csv", "b.csv", "--deliveries", "lista.csv"]);
    assert_eq!(rule(&report, "SVFO-0102")["counts"]["violated"], 1);
    // One region twice, and nothing stated: no rule can apply, and so nothing is brought together.
    assert_eq!(verdicts(Some("01")), [0, 0, 0, 0]);
    assert_eq!(verdicts(None), [0, 0, 0, 0]);
    let text = run(folder.path(), &["check", "a.csv", "--delivery-date", "2022-04-20"]).out;
    let left_out =
        "mellan regioner (svf_overflyttning): 4 regler prövades inte, det är inte angivet att filerna kommer från";
    assert!(text.replace("\n    ", " ").contains(left_out), "{text}");
    assert!(!text.contains("SVFO-"), "{text}");
}

#[test]
fn a_missing_column_is_named_as_the_file_would_have_it_and_no_rule_on_cases_is_passed_over() {
    let without = |name: &str| {
        let all: Vec<Vec<String>> =
            format!("{HEADER}{STOCKHOLM}").lines().map(|line| line.split(';').map(str::to_owned).collect()).collect();
        let left_out = all[0].iter().position(|column| column == name).unwrap();
        let line = |fields: &Vec<String>| {
            let kept: Vec<&str> =
                fields.iter().enumerate().filter(|(at, _)| *at != left_out).map(|(_, field)| field.as_str()).collect();
            kept.join(";") + "\n"
        };
        let folder = folder(&[("a.csv", &all.iter().map(line).collect::<String>())]);
        run(folder.path(), &["check", "a.csv", "--collection", "svf", "--delivery-date", "2022-04-20"]).out
    };
    let of_region = without("region");
    assert!(of_region.contains("Kolumnen region saknas: SVFF-0101, SVFF-0102"), "{of_region}");
    assert!(of_region.contains("  Inga förlopp\n"), "{of_region}");
    let of_date = without("handelsedatum");
    assert!(of_date.contains("Kolumnen handelsedatum saknas: SVFF-0103"), "{of_date}");
    assert!(!of_date.contains("slutdatum saknas"), "{of_date}");
}

fn list(name: &str) -> std::sync::Arc<Codelist> {
    schema::load(&assets::schemas(None).unwrap()).unwrap().codelists.get(name).expect("embedded").clone()
}

#[test]
fn the_codes_without_a_lead_time_limit_are_these() {
    let (codes, limits) = (list("svf_kva"), list("svf_ledtidsgranser"));
    let event = codes.column("handelse").expect("a column");
    let is_treatment =
        |code: &&str| matches!(codes.attribute(code.as_bytes(), event), Some("50" | "52" | "54" | "58" | "59"));
    let missing: Vec<&str> = codes
        .codes()
        .filter(is_treatment)
        // No treatment starts in the pathway for serious unspecific symptoms.
        .filter(|code| !code.starts_with("VP8"))
        .filter(|code| limits.find(code.as_bytes()).is_none())
        .collect();
    assert_eq!(missing.len(), 30 * 5 - 4, "{missing:?}");
    let whole: BTreeSet<&str> = missing.iter().map(|code| &code[..3]).collect();
    assert_eq!(whole.len(), 30);
    let of_breast: Vec<&&str> = missing.iter().filter(|code| code.starts_with("VG9")).collect();
    assert_eq!(of_breast, [&"VG959"], "all others of breast cancer have one");
}

#[test]
fn a_revised_limit_holds_from_its_day() {
    let limits = list("svf_ledtidsgranser");
    let days = limits.column("dagar").expect("a column");
    let on = |day: &str| {
        let day = time::parse_day(day).expect("a day");
        limits.periods(b"VG950").iter().find(|period| period.contains(day)).and_then(|period| period.attribute(days))
    };
    assert_eq!(
        ["2015-12-20", "2015-12-21", "2024-01-23", "2024-01-24", "2030-01-01"].map(on),
        [None, Some("28"), Some("28"), Some("35"), Some("35")]
    );
}

#[test]
fn every_pathway_has_every_event() {
    let (codes, pathways, events) = (list("svf_kva"), list("svf_forlopp"), list("svf_handelse"));
    assert_eq!((pathways.codes().count(), events.codes().count()), (31, 24));
    let expected: BTreeSet<String> = pathways
        .codes()
        .flat_map(|pathway| events.codes().map(move |event| format!("{pathway}{event}")))
        .chain(["VC065".to_owned()])
        .collect();
    assert_eq!(codes.codes().map(str::to_owned).collect::<BTreeSet<_>>(), expected);
    for (column, part) in [("svf", 0..3), ("handelse", 3..5)] {
        let at = codes.column(column).expect("a column");
        for code in codes.codes() {
            assert_eq!(codes.attribute(code.as_bytes(), at), Some(&code[part.clone()]), "{code}");
        }
    }
}

#[test]
fn the_measures_know_the_region_of_an_event() {
    let book = Rulebook::load(&assets::Assets::layered(None, None).unwrap()).unwrap();
    let collection = &book.collections.plans["svf"].collection;
    let region = collection.region.expect("a region");
    assert_eq!(collection.get(region.variable).id, "region");
    let lists = &book.collections.plans["svf"].codelists;
    assert_eq!(region.organisation_number(b"12", lists), Some(&b"2321000255"[..]));
    assert_eq!(region.organisation_number(b"11", lists), None);
    assert_eq!(region.county(b"12", lists).map(|county| county.to_string()).as_deref(), Some("12"));
}
