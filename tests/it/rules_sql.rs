//! `vantkoll rules sql`: what is asked for, and what is said of it. What the SQL counts is compared in `tests/sql`.

use crate::support::{Said, run};

fn sql(folder: &std::path::Path, arguments: &[&str]) -> Said {
    run(folder, &[&["rules", "sql", "--dialect", "duckdb", "--table", "kontakter", "--lang", "en"], arguments].concat())
}

#[test]
fn a_rule_tells_its_collection() {
    let folder = tempfile::tempdir().unwrap();
    let said = sql(folder.path(), &["--rule", "SVG-0101"]);
    assert_eq!((said.code, said.err.as_str()), (0, ""));
    assert!(said.out.starts_with("-- Rules of specvard_genomforda (version "), "{}", said.out);
    assert!(said.out.contains("FROM \"kontakter\"") && said.out.trim_end().ends_with(';'), "{}", said.out);
    assert_eq!(said.out.matches(";\n").count(), 1, "one statement");
}

#[test]
fn what_is_left_out_and_what_is_not_checked_is_said_aloud() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["--collection", "specvard_genomforda", "--one", "-o", "regler.sql"];
    let said = sql(folder.path(), &arguments);
    assert_eq!((said.code, said.out.as_str()), (0, ""));
    for expected in ["LEV-0001 is not included: ", "LEV-0005 is not included: ", "list icd10se is not named"] {
        assert!(said.err.contains(expected), "{}", said.err);
    }
    let text = std::fs::read_to_string(folder.path().join("regler.sql")).unwrap();
    for expected in
        ["-- NOT HERE: LEV-0001, because", "-- Period: not stated", "-- Official list icd10se: no table named"]
    {
        assert!(text.contains(expected), "{expected}");
    }
    let said =
        sql(folder.path(), &[&arguments[..], &["--codelist", "icd10se=lists.icd10", "--period", "2022-03"]].concat());
    assert!(!said.err.contains("icd10se") && said.err.contains("kva"), "{}", said.err);
    let text = std::fs::read_to_string(folder.path().join("regler.sql")).unwrap();
    assert!(text.contains("-- Period: 2022-03-01 to 2022-03-31.") && text.contains("FROM \"lists\".\"icd10\""));
}

#[test]
fn wrong_use_is_answered_with_what_was_meant() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, expected) in [
        (&[][..], "name a collection with --collection: primarvard_grundmodell, "),
        (&["--rule", "LEV-0004"], "name a collection with --collection"),
        (&["--rule", "SVG-9999"], "no collection has SVG-9999"),
        (&["--collection", "specvard_genomford"], "no such collection (specvard_genomforda?)"),
        (
            &["--collection", "specvard_genomforda", "--rule", "SVG-V-huvudmann"],
            "not in specvard_genomforda (SVG-V-huvudman?)",
        ),
        (&["--rule", "SVG-0101", "--without", "fass"], "not in specvard_genomforda (fas?)"),
        (&["--rule", "SVG-0101", "--table", "a..b"], "is not the name of a table"),
        (&["--rule", "SVG-0101", "--codelist", "icd10=t"], "the collection does not ask for that list (icd10se?)"),
        (&["--rule", "SVG-0101", "--codelist", "icd10se"], "write NAME=TABLE"),
        (&["--rule", "SVG-0101", "--delivery-date", "5 April"], "write the date as 2022-04-05"),
        (&["--rule", "SVG-0101", "--period", "mars"], "write the period as 2022-03"),
        (&["--rule", "SVG-0101", "--region", "10"], "write lan:10 or regionkod:10"),
    ] {
        let base = ["rules", "sql", "--dialect", "spark", "--lang", "en"];
        let table: &[&str] = if arguments.contains(&"--table") { &[] } else { &["--table", "kontakter"] };
        let said = run(folder.path(), &[&base, table, arguments].concat());
        assert!(said.code == 2 && said.out.is_empty() && said.err.contains(expected), "{arguments:?}: {}", said.err);
    }
}

#[test]
fn the_rules_own_test_records_are_a_table() {
    let folder = tempfile::tempdir().unwrap();
    let said = sql(folder.path(), &["--rule", "SVG-0101", "--test-records", "prov.csv"]);
    assert_eq!(said.code, 0, "{}", said.err);
    let text = std::fs::read_to_string(folder.path().join("prov.csv")).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].starts_with("rule;expected;beslut_att_utfora_aktivitet;start_av_aktivitet;"), "{}", lines[0]);
    assert!(lines.len() > 2 && lines[1..].iter().all(|line| line.starts_with("SVG-0101;")), "{text}");
    assert!(["satisfied", "violated"].iter().all(|verdict| text.contains(&format!("SVG-0101;{verdict};"))), "{text}");
}
