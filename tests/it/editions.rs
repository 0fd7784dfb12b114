//! Editions: a region sees its own records only, and everybody sees no record and no small count.

use std::path::Path;

use crate::support::{line, run, submission};

/// Two regions in one file; contacts of Skåne have ids that begin with `SK`, those of Stockholm with `ST`.
fn two_regions(folder: &Path) {
    let mut lines = Vec::new();
    for row in 0..120 {
        let fas = if row % 10 == 0 { "9" } else { "1" };
        lines.push(line(&format!("ST{row}"), &[("fas", fas)]));
        let kon = if row % 40 == 0 { "7" } else { "2" };
        let skane = [("huvudman", "SE2321000255-1000"), ("vardgivare", "SE2321000255-1000"), ("patientens_kon", kon)];
        lines.push(line(&format!("SK{row}"), &skane));
    }
    std::fs::write(folder.join("specvard_genomforda.csv"), submission(&lines)).unwrap();
}

#[test]
fn the_edition_of_a_region_has_its_own_records_only() {
    let folder = tempfile::tempdir().unwrap();
    two_regions(folder.path());
    let file = "specvard_genomforda.csv";
    for format in ["text", "json", "csv", "html"] {
        let arguments = ["check", file, "--delivery-date", "2022-04-05", "--edition", "region", "--region", "Skåne"];
        let said = run(folder.path(), &[&arguments[..], &["--format", format]].concat());
        assert_eq!(said.code, 1, "{format}: {}", said.err);
        assert!(said.out.contains("SVG-V-patientens_kon"), "{format}");
        assert!(!said.out.contains("ST0") && !said.out.contains("ST10"), "{format}");
        if matches!(format, "text" | "json") {
            assert!(said.out.contains("SK40"), "{format}: {}", said.out);
        }
    }
}

#[test]
fn the_public_edition_has_no_record_and_no_small_count() {
    let folder = tempfile::tempdir().unwrap();
    two_regions(folder.path());
    let file = "specvard_genomforda.csv";
    let arguments = ["check", file, "--delivery-date", "2022-04-05", "--edition", "public", "--format"];
    let json = run(folder.path(), &[&arguments[..], &["json"]].concat());
    assert_eq!(json.code, 1, "{}", json.err);
    let document: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    let collection = &document["collections"][0];
    assert_eq!((&collection["records"], &collection["rejected_records"]), (&240.into(), &15.into()));
    // Skåne has three rejected records; with Stockholm's twelve they would be known.
    let rejected: Vec<&serde_json::Value> =
        collection["reporters"].as_array().unwrap().iter().map(|reporter| &reporter["rejected_records"]).collect();
    assert_eq!(rejected, [&serde_json::Value::Null, &serde_json::Value::Null]);
    let mut numbers = Vec::new();
    for list in ["rules", "variables", "reporters"] {
        for entry in collection[list].as_array().unwrap() {
            numbers.extend(entry.as_object().unwrap().values().filter_map(serde_json::Value::as_u64));
        }
    }
    assert!(numbers.len() > 100 && numbers.iter().all(|number| *number == 0 || *number >= 5), "{numbers:?}");
    let html = run(folder.path(), &[&arguments[..], &["html"]].concat());
    assert_eq!(html.code, 1, "{}", html.err);
    for out in [&json.out, &html.out] {
        for hidden in ["ST0", "SK0", "SK40", "specvard_genomforda.csv", "SE2321000016-51RL"] {
            assert!(!out.contains(hidden), "{hidden}");
        }
    }
}

#[test]
fn what_an_edition_rules_out_is_said_before_anything_is_read() {
    let cases: [(&[&str], &str); 6] = [
        (&["--edition", "region", "--region", "Skåne", "--rejected", "r.csv"], "ta bort --rejected"),
        (&["--edition", "hemlig"], "utgåvorna är internal, region, public"),
        (&["--edition", "region"], "--region"),
        (&["--edition", "public"], "--format html=FIL"),
        (&["--edition", "public", "--format", "csv"], "--format html=FIL"),
        (&["--edition", "public", "--format", "html", "--findings", "fynd.csv"], "--findings"),
    ];
    let folder = tempfile::tempdir().unwrap();
    for (arguments, expected) in cases {
        let said = run(folder.path(), &[&["check", "finns-inte.csv", "--lang", "sv"], arguments].concat());
        assert_eq!(said.code, 2, "{arguments:?}: {}", said.err);
        assert!(said.err.contains(expected), "{arguments:?}: {}", said.err);
    }
}

#[test]
fn details_are_in_no_edition_for_others() {
    let folder = tempfile::tempdir().unwrap();
    two_regions(folder.path());
    let arguments =
        ["coverage", "specvard_genomforda.csv", "--measure", "inrapporteringsgrad_genomforda", "--detail", "unit"];
    let units = |more: &[&str]| {
        let said = run(folder.path(), &[&arguments[..], &["--format", "json"], more].concat());
        assert_eq!(said.code, 0, "{}", said.err);
        let document: serde_json::Value = serde_json::from_str(&said.out).unwrap();
        let figures = document["reporting_rates"][0]["figures"].as_array().unwrap().clone();
        (figures.len(), figures.iter().filter(|figure| figure["breakdown"] == "unit").count())
    };
    let (all, of_units) = units(&[]);
    assert!(all > of_units && of_units > 0, "{all}, {of_units}");
    for edition in ["region", "public"] {
        let (all, of_units) = units(&["--edition", edition]);
        assert!(all > 0 && of_units == 0, "{edition}: {all}, {of_units}");
    }
}
