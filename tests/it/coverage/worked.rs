//! Examples that were worked by hand: `testdata/_coverage/<measure>/`, some with folders of their own within.
//!
//! | file | holds |
//! | --- | --- |
//! | `README.md` | the working: numbers of contacts, division, rounding (of the folder, or the one around it) |
//! | `example.yaml` | what the example shows, and the arguments of `vantkoll coverage` |
//! | `expected.csv` | figures: the columns of the tool's own CSV that matter; each row must be found and equal |
//! | `cells.csv` | cells of the response, in the same way, by the names of the JSON report |
//! | `flags.csv` | what stands out, in the same way, and nothing else may |
//! | others | deliveries and reference tables; a delivery whose first column is `antal` states how many contacts a row stands for, and the test gives each of them an id |

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;
use vantkoll::{diag, yaml};

use crate::support;

/// `example.yaml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExampleSpec {
    /// What the example shows, in one sentence.
    purpose: String,
    /// Files and options, as on the command line.
    arguments: String,
}

type Rows = Vec<BTreeMap<String, String>>;

/// What a row of a kind of table is found by; a column that is not there is blank, or `total`.
const FIGURE_KEY: [&str; 8] =
    ["measure", "lanskod", "period", "breakdown", "group", "variable", "category", "percentile"];
const CELL_KEY: [&str; 3] = ["group", "lanskod", "month"];
const FLAG_KEY: [&str; 5] = ["kind", "measure", "lanskod", "period", "variable"];

fn folders() -> Vec<PathBuf> {
    let pattern = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/_coverage/**/example.yaml");
    let found = glob::glob(pattern.to_str().expect("UTF-8")).unwrap();
    found.map(|path| path.unwrap().parent().expect("in a folder").to_path_buf()).collect()
}

fn read(path: &Path) -> Result<Option<Rows>, String> {
    if !path.exists() {
        return Ok(None);
    }
    let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
    Ok(Some(rows(&text)?))
}

fn rows(text: &str) -> Result<Rows, String> {
    let text = text.trim_start_matches('\u{feff}');
    let mut reader = csv::ReaderBuilder::new().delimiter(b';').from_reader(text.as_bytes());
    reader.deserialize().collect::<Result<Rows, _>>().map_err(|error| error.to_string())
}

/// Writes a delivery out in full where it is written in short.
fn in_full(name: &str, text: &str) -> String {
    let Some(rest) = text.strip_prefix("antal;") else { return text.to_owned() };
    let mut lines = rest.lines();
    let mut full = format!("vardkontakts_id;{}\n", lines.next().unwrap_or_default());
    let mut number = 0;
    for line in lines {
        let (count, fields) = line.split_once(';').expect("a count");
        for _ in 0..count.parse::<u32>().expect("a count") {
            number += 1;
            writeln!(full, "K-{name}-{number};{fields}").unwrap();
        }
    }
    full
}

/// Every row of `expected` is found in `found` once, with the same cells.
fn compare(key: &[&str], expected: &Rows, found: &Rows) -> Result<(), String> {
    let cell = |row: &BTreeMap<String, String>, column: &str| {
        let missing = if column == "breakdown" { "total" } else { "" };
        row.get(column).cloned().unwrap_or_else(|| missing.to_owned())
    };
    for row in expected {
        // Regional cancer centres have no code: they go by name where the row has it.
        let is_named =
            |other: &BTreeMap<String, String>| row.get("region").is_none_or(|name| other.get("region") == Some(name));
        let same = |other: &&BTreeMap<String, String>| {
            is_named(other) && key.iter().all(|column| cell(row, column) == cell(other, column))
        };
        let [other] = found.iter().filter(same).collect::<Vec<_>>()[..] else {
            return Err(format!("not found once: {row:?}"));
        };
        for (column, value) in row {
            if other.get(column) != Some(value) {
                return Err(format!("{column}: {:?}, where {value:?} was worked out: {row:?}", other.get(column)));
            }
        }
    }
    Ok(())
}

/// Objects as rows of text, numbers with up to four decimals.
fn json_rows(list: &Value) -> Rows {
    let text = |value: &Value| match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Number(number) => {
            let text = format!("{:.4}", number.as_f64().unwrap_or_default());
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
        other => other.to_string(),
    };
    let objects = list.as_array().expect("a list").iter().filter_map(Value::as_object);
    objects.map(|object| object.iter().map(|(name, value)| (name.clone(), text(value))).collect()).collect()
}

/// Runs the example in `folder` and compares what was worked out.
fn check(folder: &Path) -> Result<(), String> {
    let path = folder.join("example.yaml");
    let source = diag::Source::new(path.to_string_lossy(), std::fs::read_to_string(&path).unwrap());
    let spec: ExampleSpec = yaml::parse(&source).map_err(|mistake| diag::render(&[mistake], false, 100))?;
    let around = folder.parent().expect("in a folder");
    if spec.purpose.is_empty() || !(folder.join("README.md").exists() || around.join("README.md").exists()) {
        return Err("no purpose or no working".to_owned());
    }
    let [expected, cells, flags] = ["expected.csv", "cells.csv", "flags.csv"].map(|name| read(&folder.join(name)));
    let (expected, cells, flags) = (expected?, cells?, flags?);
    // That nothing stands out is worth something only beside an example in which something does.
    let is_empty = |rows: &Option<Rows>| rows.as_ref().is_none_or(Vec::is_empty);
    if is_empty(&expected) && is_empty(&cells) && flags.is_none() {
        return Err("no expected rows".to_owned());
    }

    let copy = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().and_then(|name| name.to_str()).expect("UTF-8");
        if path.is_file() {
            let text = in_full(name.trim_end_matches(".csv"), &std::fs::read_to_string(&path).unwrap());
            std::fs::write(copy.path().join(name), text).unwrap();
        }
    }
    let fixed = "coverage --quiet --lang en --format csv=_figures.csv --format json=_figures.json";
    let arguments: Vec<&str> = fixed.split(' ').chain(spec.arguments.split_whitespace()).collect();
    let said = support::run(copy.path(), &arguments);
    if said.code != 0 {
        return Err(said.err);
    }
    let output = |name: &str| std::fs::read_to_string(copy.path().join(name)).unwrap();
    let json: Value = serde_json::from_str(&output("_figures.json")).map_err(|error| error.to_string())?;
    compare(&FIGURE_KEY, &expected.unwrap_or_default(), &rows(&output("_figures.csv"))?)?;
    compare(&CELL_KEY, &cells.unwrap_or_default(), &json_rows(&json["response"]["cells"]))?;
    if let Some(flags) = flags {
        let found = json_rows(&json["flags"]);
        compare(&FLAG_KEY, &flags, &found)?;
        if found.len() != flags.len() {
            return Err(format!("flagged besides: {found:#?}"));
        }
    }
    Ok(())
}

#[test]
fn every_worked_example_comes_out_as_worked() {
    let folders = folders();
    assert!(folders.len() >= 12, "{folders:?}");
    let wrong: Vec<String> = folders
        .iter()
        .filter_map(|folder| check(folder).err().map(|error| format!("{}: {error}", folder.display())))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Folders, the names of the measures that they are of, and kinds of flags: none is without an example.
#[test]
fn every_measure_and_kind_of_flag_has_a_worked_example() {
    let mut text = String::new();
    for folder in folders() {
        for name in ["expected.csv", "flags.csv"] {
            text.push_str(&std::fs::read_to_string(folder.join(name)).unwrap_or_default());
        }
    }
    let measures = &super::setup().measures;
    let ratios = measures.ratios.iter().map(|measure| measure.id.as_str());
    let others = measures.reporting.iter().map(|measure| measure.id.as_str());
    let fixed = ["bortfall_", "svarsfrekvens_", "inom_tre_veckor_", "inom_fem_veckor_"];
    let flags = ["\ncount;", "\nshare;", "\nlevel;", "\ncondition;"];
    let goals = measures.goals.all().map(|goal| goal.id.as_str());
    let shares = measures.goals.guarantees.iter().flat_map(|guarantee| &guarantee.shares);
    let shares = shares.map(|share| measures.goals.shares[*share].ratio.id.as_str());
    let missing: Vec<&str> = ratios
        .chain(others)
        .chain(goals)
        .chain(shares)
        .chain(fixed)
        .chain(flags)
        .filter(|name| !text.contains(name))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn a_worked_example_without_numbers_or_with_wrong_ones_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("README.md", "1 / 2,000 × 1,000 = 0.5, which is 1.");
    write(
        "example.yaml",
        "purpose: one contact\narguments: a.csv --population p.csv --measure kontakter_per_1000_genomforda\n",
    );
    write("a.csv", "antal;huvudman;start_av_aktivitet\n1;SE2321000016-1;2022-03-14T10:30\n");
    write("p.csv", "lanskod;ar;folkmangd\n01;2022;2000\n");
    let said = || check(folder.path()).err().unwrap_or_default();
    assert_eq!(said(), "no expected rows");
    write("expected.csv", "measure;lanskod;period;value\n");
    assert_eq!(said(), "no expected rows");
    write("expected.csv", "measure;lanskod;period;value\nkontakter_per_1000_genomforda;01;2022;0\n");
    assert!(said().starts_with("value: Some(\"1\")"), "{}", said());
    write("expected.csv", "measure;lanskod;period;value\nkontakter_per_1000_genomforda;12;2022;1\n");
    assert!(said().starts_with("not found once"), "{}", said());
    write("expected.csv", "measure;lanskod;period;value\nkontakter_per_1000_genomforda;01;2022;1\n");
    assert_eq!(said(), "");
}
