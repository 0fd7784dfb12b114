//! Measures of cancer pathways at the command line: what is missing, what is named wrongly, and the edition for others.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::support;

const HEADER: &str = "region;forlopps_id;svf;startdatum;behandlingskod;behandlingsdatum;slutdatum\n";

/// As many treated cases as stated: region, pathway, code of the treatment, month, days, number.
fn write_cases(folder: &Path, blocks: &[(&str, &str, &str, &str, i64, u32)]) {
    let (mut text, mut number) = (HEADER.to_owned(), 0);
    for (region, svf, code, month, days, count) in blocks {
        for _ in 0..*count {
            number += 1;
            let ended: jiff::civil::Date = format!("{month}-25").parse().unwrap();
            let started = ended.saturating_sub(jiff::Span::new().days(*days));
            writeln!(text, "{region};F{number};{svf};{started};{code};{ended};{ended}").unwrap();
        }
    }
    fs::write(folder.join("svf_forlopp.csv"), text).unwrap();
}

fn coverage(folder: &Path, arguments: &[&str]) -> support::Said {
    support::run(folder, &[&["coverage", "svf_forlopp.csv", "--lang", "en", "--quiet"], arguments].concat())
}

#[test]
fn an_estimate_that_is_not_there_names_region_pathway_and_period() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_cases(
        folder,
        &[
            ("01", "VG9", "VG950", "2024-03", 20, 3),
            ("09", "VG9", "VG950", "2024-03", 20, 2),
            ("09", "VJ1", "VJ150", "2025-03", 20, 1),
        ],
    );
    let run = |estimates: &str, period: &str| {
        fs::write(folder.join("skattning.csv"), estimates).unwrap();
        let arguments = ["--measure", "inklusion_svf", "--estimates", "skattning.csv", "--period", period];
        let said = coverage(folder, &arguments);
        (said.code, said.err.split_whitespace().collect::<Vec<_>>().join(" "))
    };
    let head = "lanskod;period;svf;antal\n";
    let (code, told) = run(&format!("{head}01;2024;VG9;5\n01;2024;VJ1;5\n09;2024;VG9;4\n"), "2024");
    assert_eq!(code, 3);
    assert!(told.contains("falling ill is missing for 2024: Region Gotland (VJ1) (--estimates)"), "{told}");
    assert!(!told.contains("Stockholm"), "{told}");
    let (_, told) = run(&format!("{head}01;2024;VG9;5\n"), "2024");
    assert!(told.contains("missing for 2024: Region Gotland (--estimates)"), "{told}");
    // Never another period's, nor a part of the year for the year.
    let (code, told) = run(&format!("{head}01;2024h1;VG9;5\n09;2024h1;VG9;5\n"), "2024-01..2025-06");
    assert_eq!(code, 3);
    assert!(told.contains("missing for 2025h1: Region Gotland"), "{told}");
    let (code, told) = run(&format!("{head}01;2024;VG9;5\n09;2024;VG9;5\n"), "2024-01..2024-06");
    assert!(code == 3 && told.contains("missing for 2024h1: Region Stockholm, Region Gotland"), "{told}");
    let (code, told) = run(&format!("{head}01;2023;VG9;5\n09;2023;VG9;5\n"), "2024");
    assert!(code == 3 && told.contains("missing for 2024: Region Stockholm, Region Gotland"), "{told}");
    assert_eq!(run(&format!("{head}01;2024;VG9;5\n09;2024;VG9;5\n"), "2024").0, 0);
}

#[test]
fn a_doubtful_table_of_estimates_is_refused_with_its_rows() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_cases(folder, &[("01", "VG9", "VG950", "2024-03", 20, 3)]);
    let told = |estimates: &str| {
        fs::write(folder.join("skattning.csv"), estimates).unwrap();
        let said = coverage(folder, &["--measure", "inklusion_svf", "--estimates", "skattning.csv"]);
        assert_eq!(said.code, 3, "{estimates}");
        said.err
    };
    let head = "lanskod;period;svf;antal\n";
    for (rows, words) in [
        ("01;2024;VG9;5\n01;2024;VG9;6\n", "record 2, line 3: Region Stockholm 2024, VG9 is already in record 1"),
        ("01;2024;;4\n01;2024;VG9;5\n", "the total 4 is below the sum of its parts, 5"),
        ("01;2024h3;VG9;5\n", "2024h3"),
        ("01;2024-06..2024-01;VG9;5\n", "2024-06..2024-01"),
        ("01;2024;C50;5\n", "C50"),
        ("01;2024;VG9;\n", "antal"),
    ] {
        let told = told(&format!("{head}{rows}"));
        assert!(told.contains(words), "{told}");
    }
    assert!(told("lanskod;ar;antal\n01;2024;5\n").contains("`period`"));
}

#[test]
fn a_table_that_is_not_declared_or_given_twice_is_wrong_usage() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_cases(folder, &[("01", "VG9", "VG950", "2024-03", 20, 3)]);
    fs::write(folder.join("s.csv"), "lanskod;period;antal\n01;2024;5\n").unwrap();
    let near = coverage(folder, &["--reference", "svf_insjuknade=s.csv"]);
    assert!(near.code == 2 && near.err.contains("(svf_insjuknande?)"), "{}", near.err);
    let twice = coverage(folder, &["--reference", "svf_insjuknande=s.csv", "--estimates", "s.csv"]);
    assert!(twice.code == 2 && twice.err.contains("given twice"), "{}", twice.err);
    assert_eq!(coverage(folder, &["--reference", "s.csv"]).code, 2);
    // The general way of naming the table, and totals alone, which say nothing of pathways.
    let said = coverage(
        folder,
        &["--reference", "svf_insjuknande=s.csv", "--measure", "inklusion_svf", "--period", "2024", "--format", "csv"],
    );
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.out.contains(";3;5;100;60;") && !said.out.contains("VG9"), "{}", said.out);
    let without = coverage(folder, &["--measure", "inklusion_svf"]);
    assert!(without.out.contains("--reference svf_insjuknande=FILE"), "{}", without.out);
}

#[test]
fn a_small_region_is_in_no_median_of_an_edition_for_others_and_that_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    // Fewer than ten times five cases in Halland.
    write_cases(
        folder,
        &[
            ("01", "VG9", "VG950", "2024-03", 10, 60),
            ("12", "VG9", "VG950", "2024-03", 20, 60),
            ("13", "VG9", "VG950", "2024-03", 300, 40),
        ],
    );
    let slowest = |more: &[&str]| {
        let arguments = ["--measure", "ledtid_svf_dagar", "--period", "2024"];
        let said = coverage(folder, &[&arguments, more].concat());
        assert_eq!(said.code, 0, "{}", said.err);
        let country = said.out.lines().find(|line| line.trim_start().starts_with("Riket")).expect(&said.out);
        let numbers = country.split_whitespace().skip(1).map(str::to_owned).collect::<Vec<_>>();
        (numbers, said.out)
    };
    let (of_all, _) = slowest(&[]);
    assert_eq!(of_all[..5], ["160", "10", "20", "160", "300"]);
    let (of_others, text) = slowest(&["--publish"]);
    assert!(of_others.contains(&"20".to_owned()) && !of_others.contains(&"300".to_owned()), "{text}");
    assert!(!text.contains("  Region Halland  "), "{text}");
    assert!(text.replace('\n', " ").contains("Regions with fewer than 50 records in a year are left out"), "{text}");
}

#[test]
fn an_edition_for_others_hides_small_counts_and_what_would_tell_them() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let blocks = [
        ("01", "VG9", "VG950", "2024-03", 20, 60),
        ("01", "VG9", "VG950", "2024-09", 50, 40),
        ("01", "VJ1", "VJ150", "2024-03", 20, 3),
        ("12", "VG9", "VG950", "2024-03", 20, 80),
        ("12", "VG9", "VG950", "2024-10", 45, 2),
        ("12", "VJ1", "VJ150", "2024-03", 90, 30),
        ("13", "VG9", "VG950", "2024-03", 30, 55),
        ("09", "VG9", "VG950", "2024-03", 30, 4),
    ];
    write_cases(folder, &blocks);
    let mut estimates = "lanskod;period;svf;antal\n".to_owned();
    for region in ["01", "12", "13", "09"] {
        writeln!(estimates, "{region};2024;VG9;120\n{region};2024;VJ1;40").unwrap();
    }
    fs::write(folder.join("skattning.csv"), estimates).unwrap();
    let arguments = ["--estimates", "skattning.csv", "--period", "2024", "--publish", "--format", "csv"];
    let said = coverage(folder, &arguments);
    assert_eq!(said.code, 0, "{}", said.err);
    let rows: Vec<Vec<&str>> =
        said.out.trim_start_matches('\u{feff}').lines().map(|line| line.split(';').collect()).collect();
    let at = |name: &str| rows[0].iter().position(|column| *column == name).unwrap();
    let cell = |measure: &str, region: &str, group: &str, period: &str, column: &str| {
        let found: Vec<&Vec<&str>> = rows
            .iter()
            .filter(|row| row[at("measure")] == measure && row[at("region")] == region)
            .filter(|row| row[at("group")] == group && row[at("period")] == period)
            .collect();
        found.first().map(|row| row[at(column)].to_owned())
    };
    // Three cases of prostate cancer in Stockholm, and what would tell them: the other pathway, or the region's total.
    assert_eq!(cell("inklusion_svf", "Region Stockholm", "VJ1", "2024", "numerator").as_deref(), Some(""));
    assert_eq!(cell("inklusion_svf", "Region Stockholm", "VJ1", "2024", "value").as_deref(), Some(""));
    let told = ["VG9", ""].map(|group| cell("inklusion_svf", "Region Stockholm", group, "2024", "numerator").unwrap());
    assert!(told.iter().any(String::is_empty), "{told:?}");
    // A tiny region is in no row, and a centre or the country is what is left.
    assert_eq!(cell("inklusion_svf", "Region Gotland", "", "2024", "value"), None);
    assert_eq!(cell("inklusion_svf", "RCC Stockholm-Gotland", "", "2024", "regions").as_deref(), Some("1"));
    // Two late cases in the second half-year of Skåne: not beside the year and the first half.
    assert_eq!(cell("ledtid_svf", "Region Skåne", "", "2024h2", "denominator").as_deref(), Some(""));
    // Percentiles are of enough cases on either side, and how many they are of is not told.
    for row in rows.iter().filter(|row| row[at("measure")] == "ledtid_svf_dagar") {
        assert_eq!((row[at("records")], row[at("undecided")]), ("", ""));
    }
    let percentile = |region: &str, group: &str| cell("ledtid_svf_dagar", region, group, "2024", "percentile_value");
    assert_eq!(
        (percentile("Region Stockholm", "").as_deref(), percentile("Region Stockholm", "VJ1").as_deref()),
        (Some("20"), Some(""))
    );
    assert!(!said.out.contains("Gotland;2024;1;12;total;;;;4;"), "{}", said.out);
}

#[test]
fn what_stands_in_the_formats_is_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_cases(
        folder,
        &[
            ("01", "VG9", "VG950", "2024-03", 20, 2),
            ("01", "VG9", "VG950", "2024-03", 50, 1),
            ("12", "VJ1", "VJ150", "2024-03", 41, 2),
        ],
    );
    let common = ["--measure", "ledtid_svf", "--measure", "ledtid_svf_dagar", "--period", "2024"];
    let json = coverage(folder, &[&common[..], &["--format", "json"]].concat());
    let json: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    let lead_time = &json["measures"][0];
    let figure = lead_time["figures"].as_array().unwrap().iter().find(|figure| figure["lanskod"] == "01").unwrap();
    assert_eq!(
        (&figure["numerator"], &figure["denominator"], &figure["place"]),
        (&2.0.into(), &3.0.into(), &"region".into())
    );
    let target = serde_json::json!({ "direction": "at_least", "value": 80, "reached": false });
    assert_eq!(figure["target"], target);
    let undecided = serde_json::json!([{ "lanskod": "12", "region": "Region Skåne", "code": "VJ150", "records": 2 }]);
    assert_eq!(lead_time["undecided_by_code"], undecided);
    let rows = json["distributions"][0]["rows"].as_array().unwrap();
    let country = rows.iter().find(|row| row["place"] == "country" && row["period"] == "2024").unwrap();
    assert_eq!((&country["records"], &country["percentiles"][1]["value"]), (&5.into(), &41.0.into()));
    let csv = coverage(folder, &[&common[..], &["--format", "csv"]].concat()).out;
    assert!(
        csv.contains("ledtid_svf_dagar;;Riket;2024;1;12;total;;;;;;;;0;;;;;2;false;;;;;;country;;;;50;41;5"),
        "{csv}"
    );
    let text = coverage(folder, &common).out;
    assert!(text.contains("reaches 80%") && text.contains("VG9 Breast cancer") && text.contains("VJ150 (2)"), "{text}");
    let said = coverage(folder, &[&common[..], &["--format", "parquet=f.parquet"]].concat());
    assert_eq!(said.code, 0, "{}", said.err);
    let file = fs::File::open(folder.join("f.parquet")).unwrap();
    let reader = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
    let records: usize = reader.map(|batch| batch.unwrap().num_rows()).sum();
    // Parquet has no line of headings.
    assert_eq!(records, csv.lines().count() - 1);
}

/// The README's command and the lines that it shows of what comes out.
#[test]
fn the_readme_shows_what_comes_out() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let (_, section) = readme.split_once("### Cancer pathways: inclusion and lead time").unwrap();
    let (_, section) = section.split_once("```sh\ncargo run --release -- ").unwrap();
    let (command, section) = section.split_once("\n```").unwrap();
    let arguments: Vec<&str> = command.split_whitespace().filter(|word| *word != "\\").collect();
    let said = support::run(root, &[&arguments[..], &["--quiet"]].concat());
    assert_eq!((said.code, said.err.as_str()), (0, ""));
    let (_, block) = section.split_once("```text\n").unwrap();
    let (block, _) = block.split_once("\n```").unwrap();
    let shown: Vec<&str> = block.lines().filter(|line| !line.is_empty() && *line != "…").collect();
    assert!(shown.len() > 15, "{shown:?}");
    for line in shown {
        assert!(said.out.lines().any(|other| other == line), "{line}\n{}", said.out);
    }
}
