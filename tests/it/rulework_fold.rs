//! Rule work on what groups of records are made of: tests, explanations, differences and queries.

use std::path::Path;

use serde_json::Value;

use crate::support::run;

/// A folder with a collection of the user's own that folds the events of pathways.
pub(crate) fn folder(aggregate: &str, tests: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("scheman")).unwrap();
    let text = format!(
        r#"collection: besok
prefix: BES
title: {{ sv: Besök per dag, en: Visits a day }}
source: {{ document: Påhittad, place: "1" }}
only_when_named: true
folds:
  collection: svf
  key: [region, handelsedatum]
  order: [kva_kod]
  unit: {{ sv: dagar, en: days }}
  tests:
{tests}variables:
  - {{ id: region, name: {{ sv: Region, en: Region }}, type: code, codelist: lanskod }}
  - {{ id: handelsedatum, name: {{ sv: Dag, en: Day }}, type: timestamp }}
  - {{ id: antal, name: {{ sv: Antal, en: Number }}, type: integer, fold: "{aggregate}" }}
"#
    );
    std::fs::write(folder.path().join("scheman/besok.yaml"), text).unwrap();
    folder
}

const RIGHT: &str = r#"    - records: [{ region: "01", handelsedatum: "2025-03-03", alder: "5" }, { region: "01", handelsedatum: "2025-03-03" }]
      gives: { antal: "1" }
"#;
const WRONG: &str = r#"    - records: [{ region: "01", handelsedatum: "2025-03-03", alder: "5" }, { region: "01", handelsedatum: "2025-03-03" }]
      gives: { antal: "2", region: "" }
    - { records: [{ region: "01" }, { region: "01", handelsedatum: "2025-03-03" }], gives: { antal: "0" } }
"#;

#[test]
fn a_group_that_is_not_as_its_test_says_is_shown_with_its_records() {
    let tests = |tests: &str, more: &[&str]| {
        let folder = folder("COUNT(alder)", tests);
        run(folder.path(), &[&["rules", "test", "--schemas", "scheman"], more].concat())
    };
    let right = tests(RIGHT, &["--lang", "en"]);
    assert_eq!(right.code, 0, "{}{}", right.out, right.err);
    assert!(right.out.contains("tests of what groups of records become, all pass\n"), "{}", right.out);

    let wrong = tests(WRONG, &[]);
    assert_eq!(wrong.code, 1);
    let shown = "besok.yaml:12: fel: besok, grupptest 1: gruppen blir en annan: antal, region
    antal: väntade 2, blev 1
    region: väntade tomt, blev 01
    post: region = 01, handelsedatum = 2025-03-03, alder = 5
    post: region = 01, handelsedatum = 2025-03-03
";
    assert!(wrong.out.contains(shown), "{}", wrong.out);
    let none = "besok, grupptest 2: den första posten hör inte till någon grupp: en del av nyckeln är tom\n";
    assert!(wrong.out.contains(none), "{}", wrong.out);
    assert!(wrong.out.contains("tester av vad grupper av poster blir, 2 stämmer inte\n"), "{}", wrong.out);

    let said = tests(WRONG, &["--format", "json"]);
    let report: Value = serde_json::from_str(&said.out).unwrap();
    let folds = &report["tests"]["folds"];
    assert_eq!((&report["passed"], &folds["failed"]), (&false.into(), &2.into()));
    let failure = &folds["failures"][0];
    let difference = serde_json::json!({ "variable": "antal", "expected": "2", "found": "1" });
    assert_eq!((&failure["collection"], &failure["differences"][0]), (&"besok".into(), &difference));
    assert_eq!(failure["records"][0]["alder"], "5");

    let said = tests(WRONG, &["--format", "junit"]);
    let report = quick_junit::Report::deserialize_from_str(&said.out).unwrap();
    assert_eq!(report.failures, 2);
}

#[test]
fn the_shipped_folds_are_tested_wherever_they_say_something() {
    let said = run(Path::new(env!("CARGO_MANIFEST_DIR")), &["rules", "test", "--mutate", "--format", "json"]);
    let report: Value = serde_json::from_str(&said.out).unwrap();
    assert!(report["tests"]["folds"]["run"].as_u64().unwrap() > 20, "{}", report["tests"]["folds"]);
    let of_folds: Vec<&str> = report["mutation"]["rules"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|rule| rule["rule"].as_str())
        .filter(|id| id.starts_with("svf_"))
        .collect();
    // Survivors there are none of any rule; a test beside this one holds that.
    assert!(of_folds.contains(&"svf_forlopp") && of_folds.contains(&"svf_overflyttning.regioner"), "{of_folds:?}");
    assert!(of_folds.len() > 30, "{of_folds:?}");
}

#[test]
fn a_rule_on_groups_tells_what_they_are_and_what_they_are_made_of() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let said = run(here, &["rules", "explain", "SVFF-0202"]);
    let expected = "Regeln gäller grupper av poster
  Förlopp: poster i Standardiserade vårdförlopp (SVF): händelser (svf) med samma region och
  förlopps-id, i ordning efter händelsedatum och KVÅ-kod. En post där region eller förlopps-id är
  tomt hör inte till något.
";
    assert!(said.out.contains(expected), "{}", said.out);
    for expected in [
        "  Startdatum (startdatum): det tidigaste värdet på händelsedatum bland de poster där tecken 4–5 i\n  KVÅ-kod är 10.\n",
        "    MIN(handelsedatum) FILTER (WHERE SUBSTRING(kva_kod FROM 4 FOR 2) = '10')\n",
        "Kräver kolumn      alla av region, forlopps_id, kva_kod, handelsedatum\n",
        "gruppen är ",
        "alla förlopp, oavsett datum",
    ] {
        assert!(said.out.contains(expected), "{expected}\n{}", said.out);
    }
    let said = run(here, &["rules", "explain", "SVFO-0104", "--lang", "en"]);
    let expected =
        "Number of regions (regioner): the number of different values of region.\n    COUNT(DISTINCT region)\n";
    assert!(said.out.contains(expected), "{}", said.out);

    let folder = tempfile::tempdir().unwrap();
    let said = run(folder.path(), &["rules", "doc", "bok", "--lang", "en"]);
    assert_eq!(said.code, 0, "{}", said.err);
    let page = std::fs::read_to_string(folder.path().join("bok/svf_forlopp.md")).unwrap();
    for expected in [
        "\nPathway cases: records of Standardised cancer pathways (SVF): events (svf) with the same region and pathway case id,",
        "| Variable | Name | Description | Origin | Made of | Values | Source |",
        "| worked out | the number of records where characters 4–5 of KVÅ code is 10 `COUNT(*) FILTER (WHERE SUBSTRING(kva\\_kod",
    ] {
        assert!(page.replace("kva_kod", "kva\\_kod").contains(expected), "{expected}\n{page}");
    }
    let html = std::fs::read_to_string(folder.path().join("bok/rules.html")).unwrap();
    assert!(html.contains("<code>MAX(alder)</code>") && html.contains("key of the group"));

    let said = run(folder.path(), &["rules", "trace", "--lang", "en"]);
    assert!(said.out.contains("\n    rules on groups: SVFO-0104\n"), "{}", said.out);
    assert!(said.out.contains("\n  startdatum: worked out; "), "{}", said.out);
}

/// The shipped rules and schemas in a folder, changed by `change`.
fn book(folder: &Path, name: &str, change: fn(String) -> String) {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    for part in [
        "rules",
        "schemas",
        "schemas/codelists",
        "schemas/reference",
        "rules/coverage",
        "rules/goals",
        "rules/reference",
    ] {
        let Ok(files) = std::fs::read_dir(here.join(part)) else { continue };
        std::fs::create_dir_all(folder.join(name).join(part)).unwrap();
        for file in files.map(|file| file.unwrap()).filter(|file| file.file_type().unwrap().is_file()) {
            let text = std::fs::read_to_string(file.path()).unwrap();
            std::fs::write(folder.join(name).join(part).join(file.file_name()), change(text)).unwrap();
        }
    }
}

const EVENTS: &str = "region;forlopps_id;kva_kod;handelsedatum;alder;kon;hemlan;overflyttad
01;A;VC010;2022-03-01;60;1;01;NEJ
01;A;VC010;2022-03-02;60;1;01;NEJ
01;A;VC050;2022-03-20;60;1;01;NEJ
01;B;VC010;2022-03-01;60;1;01;NEJ
01;B;VC090;2022-03-20;60;1;01;NEJ
";

#[test]
fn what_groups_are_made_of_otherwise_is_a_change_of_the_rules_that_read_it() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    book(here, "fore", |text| text);
    // A start is now a referral, too, and the first code of treatment the last.
    book(here, "efter", |text| {
        text.replace(
            "fold: \"COUNT(*) FILTER (WHERE SUBSTRING(kva_kod FROM 4 FOR 2) = '10')\"",
            "fold: \"count( * ) FILTER (WHERE SUBSTRING(kva_kod FROM 4 FOR 2) IN ('10', '90'))\"",
        )
        .replace("order: [handelsedatum, kva_kod]", "order: [kva_kod, handelsedatum]")
    });
    // Written otherwise, it is made of the same.
    book(here, "lika", |text| text.replace("fold: \"COUNT(*) FILTER (WHERE", "fold: \"count( * ) filter (where"));
    std::fs::write(here.join("svf.csv"), EVENTS).unwrap();
    let same = run(here, &["rules", "diff", "fore", "lika", "--lang", "en"]);
    assert!(same.out.contains("\n0 rules added, 0 removed, 0 changed; "), "{}{}", same.out, same.err);

    let options = ["--data", "svf.csv", "--delivery-date", "2022-04-15", "--lang", "en"];
    let said = run(here, &[&["rules", "diff", "fore", "efter"], options.as_slice()].concat());
    assert_eq!(said.code, 0, "{}", said.err);
    for expected in [
        "SVFF-0102 UNDECIDED: The case has several starts\n    value of the group:\n      - antal_start: COUNT(*) FILTER (WHERE SUBSTRING(kva_kod FROM 4 FOR 2) = '10')\n      + antal_start: COUNT(*) FILTER (WHERE SUBSTRING(kva_kod FROM 4 FOR 2) IN ('10', '90'))\n",
        "    order within the groups:\n      - handelsedatum, kva_kod\n      + kva_kod, handelsedatum\n",
        "Rules on groups of records: Standardised cancer pathways (SVF): cases (svf_forlopp)\n",
        "Pathway cases: 2 before, 2 after. ",
        "  SVFF-0102 The case has several starts: 1 before, 2 after\n",
        "other rules find as many as before.\n",
    ] {
        assert!(said.out.contains(expected), "{expected}\n{}", said.out);
    }
    // Nothing of what SVFF-0104 reads is made otherwise.
    assert!(!said.out.contains("SVFF-0104"), "{}", said.out);
    let said = run(here, &[&["rules", "diff", "fore", "efter", "--format", "json"], options.as_slice()].concat());
    let report: Value = serde_json::from_str(&said.out).unwrap();
    let groups = &report["impact"]["groups"];
    assert_eq!((&groups[0]["collection"], &groups[0]["before"]), (&"svf_forlopp".into(), &2.into()), "{groups}");
    let rules = groups[0]["rules"].as_array().unwrap();
    let rule = rules.iter().find(|rule| rule["id"] == "SVFF-0102").unwrap();
    assert_eq!((&rule["violated_before"], &rule["violated_after"]), (&1.into(), &2.into()));
}

#[test]
fn the_readme_shows_a_fold_that_works() {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let section = readme.split("### Rules over groups of records\n").nth(1).unwrap();
    let blocks: Vec<&str> = section.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [("scheman", blocks[0]), ("regler", blocks[1])] {
        std::fs::create_dir(folder.path().join(name)).unwrap();
        std::fs::write(folder.path().join(name).join("svf_besok.yaml"), text).unwrap();
    }
    std::fs::write(folder.path().join("svf.csv"), EVENTS.replace("A;VC050;2022-03-20", "A;VC025;2022-02-20")).unwrap();
    let own = ["--schemas", "scheman", "--rules", "regler", "--format", "json"];
    let said = run(folder.path(), &[&["rules", "test", "--mutate"], own.as_slice()].concat());
    let report: Value = serde_json::from_str(&said.out).unwrap_or_else(|_| panic!("{}{}", said.out, said.err));
    assert_eq!((&report["passed"], &report["mutation"]["survivors"]), (&true.into(), &Value::Array(Vec::new())));
    let said = run(folder.path(), &[&["check", "svf.csv", "--quiet"], own.as_slice()].concat());
    let report: Value = serde_json::from_str(&said.out).unwrap_or_else(|_| panic!("{}{}", said.out, said.err));
    let collections = report["collections"].as_array().unwrap();
    let groups = collections.iter().find(|collection| collection["id"] == "svf_besok").unwrap();
    let rule = &groups["rules"][0];
    assert_eq!((&rule["id"], &rule["counts"]["violated"]), (&"SVFB-0101".into(), &1.into()));
}

#[test]
fn a_count_of_what_no_column_holds_is_not_nought() {
    let folder = folder("COUNT(kva_kod)", RIGHT.replace("alder: \"5\"", "kva_kod: VC010").as_str());
    let rule = r#"collections: [besok]
source: { document: Påhittad, place: "1" }
checks:
  - id: BES-0001
    severity: note
    when: "antal >= 1"
    assert: "antal <= 5"
    title: { sv: Många, en: Many }
    fix: { sv: Rätta., en: Correct it. }
    tests: [{ satisfied: { antal: "5" } }, { violated: { antal: "6" } }]
"#;
    std::fs::create_dir(folder.path().join("regler")).unwrap();
    std::fs::write(folder.path().join("regler/besok.yaml"), rule).unwrap();
    // Without codes nobody knows how many there are, so that the condition is not false.
    std::fs::write(folder.path().join("a.csv"), "region;forlopps_id;handelsedatum\n01;A;2022-03-01\n").unwrap();
    let own = ["--schemas", "scheman", "--rules", "regler", "--collection", "svf", "--format", "json", "--quiet"];
    let said = run(folder.path(), &[&["check", "a.csv"], own.as_slice()].concat());
    let report: Value = serde_json::from_str(&said.out).unwrap_or_else(|_| panic!("{}{}", said.out, said.err));
    let groups = report["collections"].as_array().unwrap().iter().find(|of| of["id"] == "besok").unwrap();
    assert_eq!(groups["rules"][0]["counts"]["not_checked"], 1, "{:#}", groups["rules"][0]);
}
