//! Dated rules, levels and codes, by the built program: which version a record gets, what a report says of it, and
//! `--as-of`.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::{Said, run};

const SCHEMA: &str = r#"
collection: prov
prefix: PR
title: { sv: Prov, en: Samples }
source: { document: d, place: p }
key: [id]
record_date: datum
variables:
  - { id: id, name: { sv: Id, en: Id }, type: text, examples: { valid: ["a"] } }
  - { id: datum, name: { sv: Datum, en: Date }, type: timestamp, date_only: true, examples: { valid: ["2022-01-03"], invalid: ["x"] } }
  - { id: antal, name: { sv: Antal, en: Number }, type: integer, examples: { valid: ["1"], invalid: ["x"] } }
  - { id: namn, name: { sv: Namn, en: Name }, type: text, examples: { valid: ["a"] } }
  - { id: kod, name: { sv: Kod, en: Code }, type: code, codelist: koder, examples: { valid: ["X"], invalid: ["Y"] } }
"#;

const CODES: &str = "code,text_sv,text_en,valid_from,valid_to,same_as\nX,x,x,,,\nGAMMAL,g,g,,2021-12-31,\n";

const RULES: &str = r#"
collections: [prov]
source: { document: d, place: p }
requirements:
  id: mandatory
  datum: voluntary
  antal: voluntary
  namn:
    - { level: mandatory, valid: { from: 2022-01-01, by: datum } }
    - { level: voluntary, valid: { until: 2021-12-31, by: datum } }
  kod: voluntary
checks:
  - id: PR-0001
    severity: error
    assert: "antal <= 5"
    valid: { from: 2022-01-01, by: datum }
    title: { sv: Mer än fem, en: More than five }
    fix: { sv: Rätta., en: Correct it. }
    tests: [{ satisfied: { antal: "5", datum: 2022-01-01 } }, { violated: { antal: "6", datum: 2022-01-01 } }, { not_applicable: { antal: "6", datum: 2021-12-31 } }]
  - id: PR-0001
    severity: warning
    assert: "antal <= 10"
    valid: { until: 2021-12-31, by: datum }
    title: { sv: Mer än tio, en: More than ten }
    fix: { sv: Rätta., en: Correct it. }
    tests: [{ satisfied: { antal: "10", datum: 2021-12-31 } }, { violated: { antal: "11", datum: 2021-12-31 } }, { not_applicable: { antal: "11", datum: 2022-01-01 } }]
"#;

/// Days around the change, each way a day can be written, and two days that cannot be read.
const RECORDS: &str = "id;datum;antal;namn;kod
dagen före;2021-12-30;11;;GAMMAL
sista dagen;2021-12-31;11;;GAMMAL
en minut före;2021-12-31T23:59;11;;GAMMAL
första dagen;2022-01-01;11;;GAMMAL
midnatt;2022-01-01T00:00;7;;GAMMAL
dagen efter;2022-01-02;7;a;X
tomt datum;;11;;GAMMAL
oläsligt;igår;11;;X
";

/// A folder with the collection, its rules and the records.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().expect("in a folder")).unwrap();
        fs::write(path, text).unwrap();
    };
    write("egna/schemas/prov.yaml", SCHEMA);
    write("egna/schemas/codelists/koder.csv", CODES);
    write("egna/rules/prov.yaml", RULES);
    write("fil.csv", RECORDS);
    folder
}

fn check(folder: &Path, arguments: &[&str]) -> Said {
    let base = ["check", "fil.csv", "--collection", "prov", "--delivery-date", "2026-01-01"];
    run(folder, &[&base, ["--rules", "egna/rules", "--schemas", "egna/schemas"].as_slice(), arguments].concat())
}

fn report(folder: &Path, arguments: &[&str]) -> Value {
    let said = check(folder, &[&["--format", "json"], arguments].concat());
    serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {}{}", said.out, said.err))
}

/// The versions of a rule, in the order of the report.
fn versions<'a>(report: &'a Value, id: &str) -> Vec<&'a Value> {
    report["collections"][0]["rules"].as_array().unwrap().iter().filter(|rule| rule["id"] == id).collect()
}

/// Satisfied, violated, not applicable, not checked.
fn counts(rule: &Value) -> [u64; 4] {
    ["satisfied", "violated", "not_applicable", "not_checked"].map(|verdict| rule["counts"][verdict].as_u64().unwrap())
}

/// The keys of the records that violate a rule.
fn violating(rule: &Value) -> Vec<&str> {
    let findings = rule["examples"]["findings"].as_array().unwrap();
    findings.iter().map(|finding| finding["key"].as_str().unwrap()).collect()
}

#[test]
fn a_record_gets_the_version_of_its_own_day() {
    let folder = folder();
    let report = report(folder.path(), &[]);
    let [old, new] = versions(&report, "PR-0001")[..] else { panic!("two versions") };
    assert_eq!((&old["valid_from"], &old["valid_until"]), (&Value::Null, &"2021-12-31".into()));
    assert_eq!(
        (&new["valid_from"], &new["valid_until"], &new["valid_by"]),
        (&"2022-01-01".into(), &Value::Null, &"datum".into())
    );
    assert_eq!((&old["severity"], &new["severity"]), (&"warning".into(), &"error".into()));
    assert_eq!(violating(old), ["dagen före", "sista dagen", "en minut före"]);
    assert_eq!(violating(new), ["första dagen", "midnatt", "dagen efter"]);
    // Where the date is blank or unreadable, neither version can be chosen, and neither is said not to apply.
    assert_eq!(counts(old), [0, 3, 3, 2]);
    assert_eq!(counts(new), [0, 3, 3, 2]);
    assert_eq!(
        (&old["in_force"], &new["in_force"], &report["stated"]["as_of"]),
        (&true.into(), &true.into(), &Value::Null)
    );
}

#[test]
fn a_level_is_dated_and_the_account_of_blanks_follows_it() {
    let folder = folder();
    let report = report(folder.path(), &[]);
    // The version that requires nothing has no rule.
    let [required] = versions(&report, "PR-K-namn")[..] else { panic!("one version") };
    assert_eq!((&required["valid_from"], violating(required)), (&"2022-01-01".into(), vec!["första dagen", "midnatt"]));
    assert_eq!(counts(required), [1, 2, 3, 2]);
    let variables = report["collections"][0]["variables"].as_array().unwrap();
    let name = variables.iter().find(|variable| variable["id"] == "namn").unwrap();
    assert_eq!(name["level"], "conditional");
    assert_eq!(name["required_when"], "datum >= DATE '2022-01-01'");
    let levels: Vec<&str> =
        name["level_versions"].as_array().unwrap().iter().map(|version| version["level"].as_str().unwrap()).collect();
    assert_eq!(levels, ["voluntary", "mandatory"]);
    let account = &name["account"];
    assert_eq!(["filled", "blank_allowed", "blank_required"].map(|kind| account[kind].as_u64().unwrap()), [1, 5, 2]);
}

/// A name is not to be there before 2021, nothing is said of that year, and from 2022 it depends on another value.
#[test]
fn versions_of_a_level_differ_in_kind_and_leave_gaps() {
    let folder = folder();
    let versions_of_name = r#"    - { level: not_included, valid: { until: 2020-12-31, by: datum } }
    - level: conditional
      required_when: "antal > 5"
      valid: { from: 2022-01-01, by: datum }
      tests: [{ satisfied: { antal: "6", namn: a, datum: 2022-01-01 } }, { violated: { antal: "6", datum: 2022-01-01 } }]
"#;
    let (before, rest) = RULES.split_once("    - { level: mandatory").unwrap();
    let after = rest.split_once("  kod: voluntary").unwrap().1;
    let rules = format!("{before}{versions_of_name}  kod: voluntary{after}");
    fs::write(folder.path().join("egna/rules/prov.yaml"), rules).unwrap();
    let records = "id;datum;antal;namn;kod\n\
        sista dagen;2020-12-31T23:59;1;a;X\nblank;2020-12-31;1;;X\nlucka;2021-06-01;9;a;X\nlucka två;2021-12-31;9;;X\n\
        krävs;2022-01-01;6;;X\nkrävs inte;2022-01-01;5;;X\nosäker;2022-01-01;;;X\nutan datum;;6;;X\n";
    fs::write(folder.path().join("fil.csv"), records).unwrap();
    assert_eq!(run(folder.path(), &["rules", "test", "egna"]).code, 0);
    let now = report(folder.path(), &[]);
    let [unwanted] = versions(&now, "PR-I-namn")[..] else { panic!("one version") };
    assert_eq!((violating(unwanted), counts(unwanted)), (vec!["sista dagen"], [1, 1, 5, 1]));
    let [required] = versions(&now, "PR-K-namn")[..] else { panic!("one version") };
    assert_eq!((violating(required), counts(required)), (vec!["krävs"], [0, 1, 5, 2]));
    let name_of = |report: &Value| {
        let variables = report["collections"][0]["variables"].as_array().unwrap();
        variables.iter().find(|variable| variable["id"] == "namn").unwrap().clone()
    };
    assert_eq!(name_of(&now)["required_when"], "datum >= DATE '2022-01-01' AND (antal > 5)");
    assert_eq!(name_of(&now)["account"]["blank_required"], 1);

    let in_the_gap = report(folder.path(), &["--as-of", "2021-06-01"]);
    for id in ["PR-I-namn", "PR-K-namn"] {
        let [rule] = versions(&in_the_gap, id)[..] else { panic!("one version") };
        assert_eq!((&rule["in_force"], counts(rule)), (&false.into(), [0, 0, 8, 0]), "{id}");
    }
    let name = name_of(&in_the_gap);
    assert_eq!((&name["level"], &name["account"]["blank_required"]), (&"voluntary".into(), &0.into()));
    let later = report(folder.path(), &["--as-of", "2022-06-01"]);
    assert_eq!(counts(versions(&later, "PR-K-namn")[0]), [1, 3, 3, 1]);
    assert_eq!(
        (&name_of(&later)["level"], &name_of(&later)["required_when"]),
        (&"conditional".into(), &"antal > 5".into())
    );
}

#[test]
fn the_text_says_which_version_a_finding_is_of() {
    let folder = folder();
    let said = check(folder.path(), &[]);
    assert_eq!(said.code, 1, "{}", said.err);
    for words in [
        "PR-0001 (gäller från 2022-01-01) FEL: Mer än fem",
        "PR-0001 (gäller till och med 2021-12-31) VARNING: Mer än tio",
        "PR-K-namn (gäller från 2022-01-01) FEL: Namn saknas",
        "efter datum",
    ] {
        assert!(said.out.contains(words), "no {words:?} in\n{}", said.out);
    }
    assert!(!said.out.contains("OMKÖRNING") && !said.out.contains("Regler som inte gällde"), "{}", said.out);
    let english = check(folder.path(), &["--lang", "en"]);
    assert!(english.out.contains("PR-0001 (valid from 2022-01-01) ERROR: More than five"), "{}", english.out);
}

#[test]
fn tables_of_rules_and_findings_say_the_days() {
    let folder = folder();
    let said = check(folder.path(), &["--format", "csv", "--findings", "fynd.csv"]);
    let column = |text: &str, names: &[&str]| -> Vec<Vec<String>> {
        let text = text.trim_start_matches('\u{feff}');
        let mut reader = csv::ReaderBuilder::new().delimiter(b';').from_reader(text.as_bytes());
        let header = reader.headers().unwrap().clone();
        let at = |name: &&str| header.iter().position(|column| column == *name).unwrap_or_else(|| panic!("{name}"));
        let wanted: Vec<usize> = names.iter().map(at).collect();
        reader
            .records()
            .map(|row| row.unwrap())
            .map(|row| wanted.iter().map(|at| row[*at].to_owned()).collect())
            .collect()
    };
    let rules = column(&said.out, &["rule_id", "valid_from", "valid_until", "violated"]);
    assert!(rules.contains(&["PR-0001", "", "2021-12-31", "3"].map(str::to_owned).to_vec()), "{rules:?}");
    assert!(rules.contains(&["PR-V-kod", "", "", "2"].map(str::to_owned).to_vec()), "{rules:?}");
    let text = fs::read_to_string(folder.path().join("fynd.csv")).unwrap();
    let findings = column(&text, &["key", "rule_id", "valid_from", "valid_until"]);
    assert!(findings.contains(&["midnatt", "PR-0001", "2022-01-01", ""].map(str::to_owned).to_vec()), "{findings:?}");
    assert!(
        findings.contains(&["sista dagen", "PR-0001", "", "2021-12-31"].map(str::to_owned).to_vec()),
        "{findings:?}"
    );
}

#[test]
fn every_version_passes_its_own_tests() {
    let folder = folder();
    let said = run(folder.path(), &["rules", "test", "egna"]);
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
}

#[test]
fn as_of_applies_the_rules_of_one_day_to_every_record() {
    let folder = folder();
    let old = report(folder.path(), &["--as-of", "2021-12-31"]);
    assert_eq!(old["stated"]["as_of"], "2021-12-31");
    let [first, second] = versions(&old, "PR-0001")[..] else { panic!("two versions, both listed") };
    assert_eq!((&first["in_force"], &second["in_force"]), (&true.into(), &false.into()));
    // Records whose own date is later, blank or unreadable are judged, too.
    assert_eq!((counts(first), counts(second)), ([2, 6, 0, 0], [0, 0, 8, 0]));
    let [code] = versions(&old, "PR-V-kod")[..] else { panic!("one rule") };
    assert_eq!(counts(code), [8, 0, 0, 0]);
    let [required] = versions(&old, "PR-K-namn")[..] else { panic!("one version") };
    assert_eq!(counts(required), [0, 0, 8, 0]);

    let new = report(folder.path(), &["--as-of", "2022-01-01"]);
    let [first, second] = versions(&new, "PR-0001")[..] else { panic!("two versions") };
    assert_eq!((counts(first), counts(second)), ([0, 0, 8, 0], [0, 8, 0, 0]));
    let [code] = versions(&new, "PR-V-kod")[..] else { panic!("one rule") };
    assert_eq!(counts(code), [2, 6, 0, 0]);
    let [required] = versions(&new, "PR-K-namn")[..] else { panic!("one version") };
    assert_eq!(counts(required), [1, 7, 0, 0]);
    let variables = new["collections"][0]["variables"].as_array().unwrap();
    let name = variables.iter().find(|variable| variable["id"] == "namn").unwrap();
    assert_eq!((&name["level"], &name["account"]["blank_required"]), (&"mandatory".into(), &7.into()));
    // Rules of different days are different rule sets.
    let versions = [&old, &new].map(|report| report["collections"][0]["rule_set_version"].clone());
    assert_ne!(versions[0], versions[1]);
}

#[test]
fn as_of_is_said_at_the_top_and_rules_not_valid_are_listed() {
    let folder = folder();
    let said = check(folder.path(), &["--as-of", "2021-12-31"]);
    assert!(said.out.starts_with("OMKÖRNING MED REGLERNA FRÅN 2021-12-31 (--as-of)"), "{}", said.out);
    let (_, after) = said.out.split_once("Regler som inte gällde 2021-12-31 (2)").expect("a section");
    let listed: String = after.lines().nth(1).unwrap().trim().to_owned();
    assert_eq!(listed, "PR-K-namn (gäller från 2022-01-01), PR-0001 (gäller från 2022-01-01)");
    // The one clock of the run is not turned back by it.
    assert!(said.out.contains("Leveransdatum: 2026-01-01"), "{}", said.out);
}

#[test]
fn as_of_needs_no_dates_of_records() {
    let folder = folder();
    fs::write(folder.path().join("fil.csv"), "id;antal\na;11\nb;5\n").unwrap();
    let undated = report(folder.path(), &[]);
    let [old, new] = versions(&undated, "PR-0001")[..] else { panic!("two versions") };
    assert_eq!((&old["status"], counts(old), counts(new)), (&"skipped".into(), [0, 0, 0, 2], [0, 0, 0, 2]));
    let dated = report(folder.path(), &["--as-of", "2021-12-31"]);
    let [old, new] = versions(&dated, "PR-0001")[..] else { panic!("two versions") };
    assert_eq!((&old["status"], counts(old), counts(new)), (&"evaluated".into(), [1, 1, 0, 0], [0, 0, 2, 0]));
}

#[test]
fn a_day_that_is_none_is_refused() {
    let folder = folder();
    let said = check(folder.path(), &["--as-of", "2021-02-30"]);
    assert_eq!((said.code, said.out.as_str()), (2, ""));
    assert!(said.err.contains("--as-of 2021-02-30"), "{}", said.err);
}

/// The README's commands.
#[test]
fn the_shipped_example_says_what_the_readme_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let sample = "testdata/samples/specvard_genomforda_2022-03.csv";
    let base = ["check", sample, "--rules", "testdata/samples/versions", "--delivery-date", "2022-04-05"];
    let now = run(root, &base).out.replace('\u{a0}', " ");
    let then = run(root, &[base.as_slice(), &["--as-of", "2021-12-31"]].concat()).out.replace('\u{a0}', " ");
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let (_, part) = readme.split_once("### Versions of rules, and old deliveries").unwrap();
    let mut blocks = part.split("```text\n").skip(1).map(|block| block.split("```").next().unwrap());
    for said in [now, then] {
        let block = blocks.next().expect("a block for each command");
        for line in block.lines().filter(|line| *line != "…") {
            assert!(said.lines().any(|said| said == line), "no {line:?} in\n{said}");
        }
    }
}

#[test]
fn a_column_is_missed_where_the_version_of_a_record_requires_it() {
    let folder = folder();
    let missing = |records: &str| {
        fs::write(folder.path().join("fil.csv"), records).unwrap();
        let report = report(folder.path(), &[]);
        versions(&report, "LEV-0001")[0]["violations"].as_u64().unwrap()
    };
    assert_eq!(missing("id;datum;antal;kod\na;2021-12-31;1;X\n"), 0);
    assert_eq!(missing("id;datum;antal;kod\na;2021-12-31;1;X\nb;2022-01-01;1;X\n"), 1);
}
