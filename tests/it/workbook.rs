//! The built program: `--format xlsx=FILE` and `--split-by`.

use std::fs;
use std::path::Path;

use calamine::{Data, Reader, Xlsx, open_workbook};

use crate::support::{Said, check, line, program, run, submission};

/// A folder with a submission in which two records have a phase that is none.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let lines = [line("K1", &[]), line("K2", &[("fas", "=1+1")]), line("K3", &[]), line("K4", &[("fas", "@SUM(A1)")])];
    fs::write(folder.path().join("a.csv"), submission(&lines)).unwrap();
    folder
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// The keys of the records on the sheet of a rule.
fn keys(file: &Path, rule: &str) -> Vec<String> {
    let mut book: Xlsx<_> = open_workbook(file).unwrap();
    let sheet = book.worksheet_range(rule).unwrap();
    let rows: Vec<&[Data]> = sheet.rows().collect();
    let header = rows.iter().position(|row| row[0] == Data::String("fil".to_owned())).unwrap();
    rows[header + 1..].iter().map(|row| row[4].to_string()).collect()
}

fn refused(said: &Said, code: i32, word: &str) {
    assert!(said.code == code && said.out.is_empty() && said.err.contains(word), "{} {}", said.code, said.err);
}

#[test]
fn a_workbook_holds_every_finding_whatever_examples_are_kept() {
    let folder = folder();
    let said = check(folder.path(), &["a.csv", "--examples", "1", "--format", "xlsx=r.xlsx", "--findings", "f.csv"]);
    assert_eq!((said.code, said.out.as_str()), (1, ""), "{}", said.err);
    assert_eq!(keys(&folder.path().join("r.xlsx"), "SVG-V-fas"), ["K2", "K4"]);
    let findings = fs::read_to_string(folder.path().join("f.csv")).unwrap();
    assert_eq!(findings.matches("SVG-V-fas").count(), 2, "{findings}");
    // The same without a file of findings, and by way of --output and of standard output, which is no terminal here.
    let said = check(folder.path(), &["a.csv", "--examples", "1", "--format", "xlsx", "--output", "o.xlsx"]);
    assert_eq!(said.code, 1, "{}", said.err);
    let piped = program(folder.path(), &["check", "--delivery-date", "2022-04-05", "a.csv", "--format", "xlsx"]);
    let piped = { piped }.output().unwrap().stdout;
    let [named, output] = ["r.xlsx", "o.xlsx"].map(|name| fs::read(folder.path().join(name)).unwrap());
    assert_eq!(named, output);
    assert_eq!(named, piped);
    assert_eq!(names(folder.path()), ["a.csv", "f.csv", "o.xlsx", "r.xlsx"]);
}

#[test]
fn workbooks_are_divided_beside_the_file_named() {
    let folder = folder();
    for by in ["region", "unit", "vardenhet"] {
        let out = folder.path().join(by);
        fs::create_dir(&out).unwrap();
        let workbook = format!("xlsx={by}/r.xlsx");
        let said = check(folder.path(), &["a.csv", "--format", &workbook, "--split-by", by, "--format", "text"]);
        assert_eq!(said.code, 1, "{}", said.err);
        assert!(said.out.contains("INTE GODKÄND"));
        let names = names(&out);
        assert!(
            !names.is_empty()
                && names
                    .iter()
                    .all(|name| name.starts_with("r_") && Path::new(name).extension().is_some_and(|end| end == "xlsx")),
            "{names:?}"
        );
        let with_rule = names.iter().filter(|name| {
            let book: Xlsx<_> = open_workbook(out.join(name)).unwrap();
            book.sheet_names().contains(&"SVG-V-fas".to_owned())
        });
        let keys: Vec<String> = with_rule.flat_map(|name| keys(&out.join(name), "SVG-V-fas")).collect();
        assert_eq!(keys, ["K2", "K4"], "{by}");
    }
}

#[test]
fn dividing_needs_a_workbook_with_a_file() {
    let folder = folder();
    let check = |arguments: &[&str]| check(folder.path(), &[&["a.csv", "--split-by", "region"], arguments].concat());
    refused(&check(&[]), 2, "--format xlsx=FIL");
    refused(&check(&["--format", "json"]), 2, "--format xlsx=FIL");
    refused(&check(&["--format", "xlsx"]), 2, "--format xlsx=FIL");
    refused(&check(&["--format", "xlsx=r.xlsx", "--output", "r.txt"]), 2, "--output");
    refused(&check(&["--format", "xlsx=r.xlsx", "--format", "xlsx=r.xlsx"]), 2, "två utdata");
    refused(&check(&["--format", "xlsx=saknas/r.xlsx"]), 4, "saknas/r.xlsx");
    assert_eq!(names(folder.path()), ["a.csv"]);
}

#[test]
fn coverage_is_a_workbook_too() {
    let folder = folder();
    let said = run(folder.path(), &["coverage", "a.csv", "--format", "xlsx=t.xlsx", "--measure", "goals"]);
    assert_eq!((said.code, said.out.as_str()), (0, ""), "{}", said.err);
    let book: Xlsx<_> = open_workbook(folder.path().join("t.xlsx")).unwrap();
    assert_eq!(book.sheet_names()[0], "Innehåll");
}

#[test]
fn what_to_correct_first_has_a_sheet_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let lines: Vec<String> = (0..60).map(|row| line(&format!("K{row}"), &[("patientens_kon", "Male")])).collect();
    fs::write(folder.path().join("a.csv"), submission(&lines)).unwrap();
    let said = check(folder.path(), &["a.csv", "--format", "xlsx=r.xlsx"]);
    assert_eq!(said.code, 1, "{}", said.err);
    let mut book: Xlsx<_> = open_workbook(folder.path().join("r.xlsx")).unwrap();
    let sheet = book.worksheet_range("Åtgärda först").unwrap();
    let rows: Vec<Vec<String>> = sheet.rows().map(|row| row.iter().map(ToString::to_string).collect()).collect();
    let head = rows.iter().position(|row| row[0] == "nr").unwrap();
    let told = &rows[head + 1];
    assert!(told[1].starts_with("Värdet ”Male”, troligen 1 (Man), i patientens_kon står för 100"), "{told:?}");
    assert_eq!((told[0].as_str(), told[3].as_str(), told[6].as_str()), ("1", "60", "60"), "{told:?}");
}
