//! A fifth collection takes YAML and code-list files only: one is added from a folder and checked by the program.

use std::fs;
use std::path::Path;

use crate::support::{check, report, rule};

const SCHEMA: &str = r#"
collection: dietistmottagning
prefix: DM
title: { sv: Dietistmottagning, en: Dietitian's clinic }
source: { document: Påhittad modell, place: tabell 1 }
key: [besok_id]
reporter: region
record_date: besoksdag
variables:
  - { id: besok_id, name: { sv: Besöks-id, en: Visit id }, type: text, format: besok_id, examples: { valid: ["B-1"], invalid: ["1"] } }
  - { id: region, name: { sv: Region, en: Region }, type: code, codelist: regionkod, examples: { valid: ["10"], invalid: ["01"] } }
  - { id: besoksdag, name: { sv: Besöksdag, en: Day of visit }, aliases: [BesokDatum], type: timestamp, date_only: true, examples: { valid: ["2022-01-03"], invalid: ["x"] } }
  - { id: kostform, name: { sv: Kostform, en: Diet }, type: code, codelist: kostform, missing_codes: { vet_ej: unknown }, examples: { valid: [normal], invalid: [x] } }
  - { id: allergier, name: { sv: Allergier, en: Allergies }, type: text, max_length: 10, repeats: { separators: "+" }, examples: { valid: ["nöt+ägg"], invalid: ["alla slags nötter"] } }
"#;

const FORMATS: &str = r#"
formats:
  - id: besok_id
    name: { sv: Besöks-id, en: Visit id }
    pattern: "B-[0-9]+"
    title: { sv: är inget besöks-id, en: is not a visit id }
    fix: { sv: "Skriv B- och ett nummer.", en: "Write B- and a number." }
    source: { document: Påhittad modell, place: tabell 2 }
    examples: { valid: ["B-1"], invalid: ["b1"] }
"#;

const CODES: &str = "code,text_sv,text_en,valid_from,valid_to,same_as\n\
    normal,Normalkost,Normal,,,\n\
    glutenfri,Glutenfri kost,Gluten free,2022-01-01,,\n\
    gf,Glutenfri kost,Gluten free,,,glutenfri\n\
    okand,Okänd,Unknown,2022-01-01,,\n\
    vet_ej,Okänd,Unknown,,,okand\n";

const RULES: &str = r#"
collections: [dietistmottagning]
source: { document: Påhittad modell, place: tabell 1 }
requirements:
  besok_id: mandatory
  region: mandatory
  besoksdag: mandatory
  kostform: if_available
  allergier:
    level: conditional
    required_when: "kostform = 'glutenfri'"
    tests:
      - satisfied: { kostform: gf, allergier: gluten }
      - violated: { kostform: glutenfri }
checks:
  - id: DM-0001
    severity: warning
    assert: "element_count(allergier) <= 2"
    title: { sv: Fler än två allergier, en: More than two allergies }
    fix: { sv: Skriv de två viktigaste., en: Write the two most important. }
    tests: [{ satisfied: { allergier: "a+b" } }, { violated: { allergier: "a+b+c" } }]
submission:
  - id: DM-0002
    check: { unique: { variables: [besok_id] } }
    severity: error
    title: { sv: Samma besöks-id flera gånger, en: The same visit id several times }
    fix: { sv: Ta bort dubbletten., en: Remove the duplicate. }
    tests:
      - satisfied: { csv: "besok_id;region\nB-1;10\nB-2;10\n" }
      - violated: { csv: "besok_id;region\nB-1;10\nB-1;10\n" }
"#;

/// Lays the files out as `--schemas` and `--rules` want them.
fn add_collection(folder: &Path) {
    for (name, text) in [
        ("scheman/dietistmottagning.yaml", SCHEMA),
        ("scheman/kost/formats.yaml", FORMATS),
        ("scheman/codelists/kostform.csv", CODES),
        ("regler/dietistmottagning.yaml", RULES),
    ] {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().expect("in a folder")).unwrap();
        fs::write(path, text).unwrap();
    }
}

#[test]
fn a_collection_is_added_without_any_code() {
    let folder = tempfile::tempdir().unwrap();
    add_collection(folder.path());
    let records = "Besöks-id;Region;BesokDatum;Kostform;Allergier\n\
        B-1;10;2022-03-01;normal;\n\
        B-2;10;2022-03-02;gf;nöt+ägg+mjölk\n\
        B-3;10;2021-12-31;glutenfri;gluten\n\
        4;01;2022-03-03;okand;\n\
        B-5;10;2022-03-03;glutenfri;\n\
        B-1;12;2022-03-03T10:00;;\n\
        B-7;12;2021-12-31;okand;\n";
    fs::write(folder.path().join("besok.csv"), records).unwrap();
    let options = ["besok.csv", "--schemas", "scheman", "--rules", "regler"];
    let report = report(folder.path(), &options);
    assert_eq!(report["collections"][0]["id"], "dietistmottagning");
    assert_eq!(report["collections"][0]["files"][0]["collection_detected"], true);
    let rows = |id: &str| -> Vec<u64> {
        let findings = rule(&report, id)["examples"]["findings"].as_array().unwrap();
        findings.iter().map(|finding| finding["row"].as_u64().unwrap()).collect()
    };
    assert_eq!(rows("DM-V-besok_id"), [4]);
    assert_eq!(rows("DM-V-region"), [4]);
    // The codes are not valid until the next day, whether they are declared to mean a kind of blank or not.
    assert_eq!(rows("DM-V-kostform"), [3, 7]);
    assert_eq!(rows("DM-K-allergier"), [5]);
    assert_eq!(rows("DM-0001"), [2]);
    assert_eq!(rows("DM-0002"), [1, 6]);
    // A missing code is declared in one spelling and used in another.
    let unknown = &report["collections"][0]["variables"][3]["account"];
    assert_eq!((&unknown["unknown"], &unknown["blank_allowed"]), (&2.into(), &1.into()));
    // Rules on all collections apply, too.
    assert_eq!(rule(&report, "LEV-0005")["counts"]["satisfied"], 7);
    let said = check(folder.path(), &options);
    assert_eq!(said.code, 1);
    assert!(said.out.contains("Dietistmottagning (dietistmottagning)"), "{}", said.out);
}

#[test]
fn its_mistakes_are_shown_with_its_files() {
    let folder = tempfile::tempdir().unwrap();
    add_collection(folder.path());
    fs::write(folder.path().join("besok.csv"), "besok_id;region\nB-1;10\n").unwrap();
    let rules = folder.path().join("regler/dietistmottagning.yaml");
    fs::write(&rules, RULES.replace("'glutenfri'", "'gluten'")).unwrap();
    let said = check(folder.path(), &["besok.csv", "--schemas", "scheman", "--rules", "regler"]);
    assert_eq!((said.code, said.out.as_str()), (2, ""));
    for words in ["rule::unknown_code", "dietistmottagning.yaml", "did you mean `glutenfri`?", "fel: 1 misstag"] {
        assert!(said.err.contains(words), "no {words:?} in {}", said.err);
    }
}

#[test]
fn a_check_on_which_column_is_filled_reads_missing_ones_as_blank() {
    let folder = tempfile::tempdir().unwrap();
    add_collection(folder.path());
    let check = "checks:\n  - id: DM-0003\n    severity: error\n    missing_columns: blank\n    \
        assert: \"kostform IS NOT NULL OR allergier IS NOT NULL\"\n    \
        title: { sv: Varken kost eller allergi, en: Neither diet nor allergy }\n    fix: { sv: Fyll i., en: Fill in. }\n    \
        tests: [{ satisfied: { kostform: gf } }, { violated: {} }]\n";
    fs::write(folder.path().join("regler/dietistmottagning.yaml"), RULES.replacen("checks:\n", check, 1)).unwrap();
    let options = ["besok.csv", "--schemas", "scheman", "--rules", "regler"];
    let of = |text: &str| {
        fs::write(folder.path().join("besok.csv"), text).unwrap();
        let report = report(folder.path(), &options);
        let rule = rule(&report, "DM-0003");
        (rule["status"].as_str().unwrap().to_owned(), rule["counts"].clone())
    };
    let (status, counts) = of("besok_id;region;besoksdag;kostform\nB-1;10;2022-03-01;gf\nB-2;10;2022-03-01;\n");
    assert_eq!((status.as_str(), &counts["satisfied"], &counts["violated"]), ("evaluated", &1.into(), &1.into()));
    // One cause, one finding: with no such column at all there is nothing to say of single records.
    let (status, counts) = of("besok_id;region;besoksdag\nB-1;10;2022-03-01\n");
    assert_eq!((status.as_str(), &counts["not_checked"]), ("skipped", &1.into()));
}
