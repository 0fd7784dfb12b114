//! Saved tallies: figures of the whole from those of parts, and files that are no tallies.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use vantkoll::coverage::saved;
use vantkoll::engine::Tally;
use vantkoll::submission::ReadOptions;

use super::deliveries::{Case, csv};
use super::*;
use crate::support::{self, Said, line, submission};

fn write(tallies: &BTreeMap<String, Tally>, path: &Path) {
    let mut file = std::fs::File::create(path).unwrap();
    saved::write(tallies, &setup().measures, &mut file).unwrap();
}

fn read(paths: &[&PathBuf]) -> Result<BTreeMap<String, Tally>, saved::SavedError> {
    let mut tallies = BTreeMap::new();
    for path in paths {
        saved::read(path, &setup().measures, &mut tallies)?;
    }
    Ok(tallies)
}

/// The files of a case dealt out to three parts.
fn parts(case: &Case) -> [Case; 3] {
    [0, 1, 2].map(|part| {
        let files = case.files.iter().enumerate().filter(|(index, _)| index % 3 == part);
        Case { files: files.map(|(_, file)| file.clone()).collect(), ..case.clone() }
    })
}

#[test]
fn tallies_of_parts_in_any_order_give_the_figures_of_the_whole() {
    run(15, |case| {
        let folder = tempfile::tempdir().unwrap();
        let options = ReadOptions::default();
        let mut whole = Tool::count(case, &case.write_csv(folder.path()), &options, folder.path());
        let expected = whole.csv(case);
        let paths = ["a", "b", "c", "bc"].map(|name| folder.path().join(name));
        for (part, path) in parts(case).iter().zip(&paths) {
            let tallies = Tool::count(part, &part.write_csv(folder.path()), &options, folder.path()).tallies;
            write(&tallies, path);
            prop_assert_eq!(read(&[path]).unwrap(), tallies);
        }
        let [a, b, c, bc] = &paths;
        write(&read(&[b, c]).unwrap(), bc);
        for order in [[a, b, c].as_slice(), &[c, b, a], &[b, a, c], &[bc, a], &[a, bc]] {
            whole.tallies = read(order).unwrap();
            prop_assert_eq!(&whole.csv(case), &expected);
        }
        Ok(())
    });
}

#[test]
fn a_tally_that_is_cut_off_or_damaged_is_refused_or_read_but_never_a_panic() {
    run(10, |case| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tally");
        let tallies = Tool::count(case, &case.write_csv(folder.path()), &ReadOptions::default(), folder.path()).tallies;
        write(&tallies, &path);
        let bytes = std::fs::read(&path).unwrap();
        // Every cut, by steps that meet all parts of the file.
        for length in (0..bytes.len()).step_by(bytes.len() / 40 + 1).chain([bytes.len() - 1]) {
            std::fs::write(&path, &bytes[..length]).unwrap();
            prop_assert!(read(&[&path]).is_err(), "cut off at {} of {}", length, bytes.len());
        }
        for at in (0..bytes.len()).step_by(bytes.len() / 40 + 1) {
            std::fs::write(&path, damaged(&bytes, at)).unwrap();
            // Some bytes mean nothing; what is read all the same must be what was written.
            let again = read(&[&path]);
            prop_assert!(again.is_err() || again.unwrap() == tallies, "damaged at {} of {}", at, bytes.len());
        }
        Ok(())
    });
}

/// Deliveries in a folder, with a list of them and the tables they are compared with.
struct Folder {
    folder: tempfile::TempDir,
    files: Vec<String>,
}

impl Folder {
    fn new(case: &Case) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut list = "fil;insamling;lanskod;regionkod;region;period;mottagen;poster\n".to_owned();
        let mut files = Vec::new();
        for (index, file) in case.files.iter().enumerate() {
            let period = file.month.map(|of| month(of).to_string());
            let name = format!("{}_{}_{}.csv", file.name, file.collection, period.as_deref().unwrap_or("alla"));
            std::fs::write(folder.path().join(&name), csv(file)).unwrap();
            if let (Some(county), Some(period)) = (file.county, &period) {
                // Each of the three ways to name a region.
                let region = match (county, index % 3) {
                    ("01", 1) => ";10;",
                    ("01", 2) => ";;Region Stockholm",
                    ("12", 1) => ";41;",
                    ("12", 2) => ";;Skåne län",
                    ("09", 1) => ";26;",
                    ("09", 2) => ";;Gotland",
                    _ => &format!("{county};;"),
                };
                let received = file.received.map(|day| day.to_string()).unwrap_or_default();
                let stated = file.stated.map(|stated| stated.to_string()).unwrap_or_default();
                writeln!(list, "{name};{};{region};{period};{received};{stated}", file.collection).unwrap();
            }
            files.push(name);
        }
        list.push_str(";specvard_vantande;14;;;2022-06;;\n");
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write("lista.csv", &list);
        write("folkmangd.csv", &case.population_csv());
        write("register.csv", &case.register_csv().unwrap());
        Self { folder, files }
    }

    fn run(&self, arguments: &[&str]) -> Said {
        support::run(self.folder.path(), arguments)
    }

    /// `coverage` with every table and detail.
    fn coverage(&self, arguments: &[&str]) -> String {
        let tables = "--population folkmangd.csv --register register.csv --deliveries lista.csv --period 2021..2022";
        let fixed = format!("coverage {tables} --detail mvo --detail unit --format csv --quiet");
        let said = self.run(&[&fixed.split(' ').collect::<Vec<_>>(), arguments].concat());
        assert_eq!(said.code, 0, "{arguments:?}\n{}", said.err);
        said.out
    }
}

#[test]
fn the_program_merges_tallies_of_parts_to_the_very_figures_of_the_whole() {
    run(2, |case| {
        let folder = Folder::new(&case.with_whole_tables());
        let files: Vec<&str> = folder.files.iter().map(String::as_str).collect();
        let whole = folder.coverage(&files);
        let n_parts = files.len().min(3);
        let names = ["a.parquet", "b.parquet", "c.parquet"];
        for (part, name) in names.iter().enumerate().take(n_parts) {
            let own: Vec<&str> = files.iter().skip(part).step_by(n_parts).copied().collect();
            folder.coverage(&[&["--threads", "1", "--save-tally", name], own.as_slice()].concat());
        }
        let mut backwards: Vec<&str> = names[..n_parts].to_vec();
        backwards.reverse();
        let said = folder.run(&[&["merge", "--output", "alla.parquet"], backwards.as_slice()].concat());
        prop_assert_eq!(said.code, 0, "{}", said.err);
        prop_assert_eq!(&folder.coverage(&["--tally", "alla.parquet"]), &whole);
        let (last, others) = backwards.split_last().unwrap();
        let tallies: Vec<&str> = [&[*last], others].concat().into_iter().flat_map(|name| ["--tally", name]).collect();
        prop_assert_eq!(&folder.coverage(&tallies), &whole);
        Ok(())
    });
}

/// A folder with these files.
fn folder_of(files: &[(&str, String)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

/// Saves the tally of a file; whatever the population, as only reporting rates are asked for.
fn save(folder: &Path, file: &str, tally: &str) {
    let measure = ["--measure", "inrapporteringsgrad_genomforda"];
    let said = support::run(folder, &[&["coverage", file, "--save-tally", tally], measure.as_slice()].concat());
    assert_eq!(said.code, 0, "{}", said.err);
}

#[test]
fn the_same_delivery_twice_is_refused() {
    let records = submission(&[line("K-1", &[]), line("K-2", &[])]);
    let turned = submission(&[line("K-2", &[]), line("K-1", &[])]);
    let other = submission(&[line("K-1", &[]), line("K-3", &[])]);
    let folder = folder_of(&[("a.csv", records), ("b.csv", turned), ("c.csv", other)]);
    for name in ["a", "b", "c"] {
        save(folder.path(), &format!("{name}.csv"), &format!("{name}.parquet"));
    }
    for arguments in [
        "merge a.parquet b.parquet --output ab.parquet",
        "merge a.parquet a.parquet --output aa.parquet",
        "coverage --tally a.parquet --tally b.parquet",
    ] {
        let said = support::run(folder.path(), &arguments.split(' ').collect::<Vec<_>>());
        assert_eq!(said.code, 3, "{arguments}: {}", said.err);
        assert!(said.err.contains("a.csv") && said.out.is_empty(), "{arguments}: {}", said.err);
    }
    assert!(!folder.path().join("ab.parquet").exists());
    let said = support::run(folder.path(), &["merge", "a.parquet", "c.parquet", "--output", "ac.parquet"]);
    assert_eq!(said.code, 0, "{}", said.err);
}

/// Whose records have no key, of those it is not known whether they are the same.
#[test]
fn deliveries_without_keys_are_not_taken_for_the_same() {
    let without = |fas: &str| submission(&[line("", &[("fas", fas)])]);
    let folder = folder_of(&[("a.csv", without("1")), ("b.csv", without("4"))]);
    for name in ["a", "b"] {
        save(folder.path(), &format!("{name}.csv"), &format!("{name}.parquet"));
    }
    let said = support::run(folder.path(), &["merge", "a.parquet", "b.parquet", "--output", "ab.parquet"]);
    assert_eq!(said.code, 0, "{}", said.err);
}

#[test]
fn what_is_no_tally_of_these_measures_is_refused() {
    let records = submission(&[line("K-1", &[])]);
    let measures = include_str!("../../../rules/coverage/kontakter_per_1000.yaml");
    let other = measures.replace("id: kontakter_per_1000_vantande", "id: vantande_per_1000");
    let folder = folder_of(&[("a.csv", records), ("tom.parquet", String::new()), ("text.parquet", "PAR1".to_owned())]);
    let at = |name: &str| folder.path().join(name);
    let case = Case::new(&(Vec::new(), vec![(Vec::new(), vec![Vec::new()])]));
    std::fs::copy(&case.write_parquet(folder.path())[0], at("leverans.parquet")).unwrap();
    std::fs::create_dir_all(at("regler/coverage")).unwrap();
    std::fs::write(at("regler/coverage/kontakter_per_1000.yaml"), other).unwrap();
    save(folder.path(), "a.csv", "a.parquet");
    let bytes = std::fs::read(at("a.parquet")).unwrap();
    std::fs::write(at("kort.parquet"), &bytes[..bytes.len() / 2]).unwrap();
    // Not every byte means something: three of those that do.
    let mut refused: Vec<String> = Vec::new();
    for index in (0..bytes.len()).step_by(101).filter(|index| is_refused(&bytes, *index)).take(3) {
        let name = format!("skadad{index}.parquet");
        std::fs::write(at(&name), damaged(&bytes, index)).unwrap();
        refused.push(name);
    }
    assert_eq!(refused.len(), 3);
    refused.extend(
        ["a.csv", "tom.parquet", "text.parquet", "leverans.parquet", "kort.parquet", "finns_inte"].map(str::to_owned),
    );
    for tally in &refused {
        let said = support::run(folder.path(), &["coverage", "--tally", tally]);
        let (code, err) = (said.code, said.err);
        assert!(code == 3 && err.contains(tally.as_str()) && !err.contains("panic"), "{tally}: {code} {err}");
        let said = support::run(folder.path(), &["merge", "a.parquet", tally, "--output", "b.parquet"]);
        assert_eq!(said.code, 3, "{tally}: {}", said.err);
    }
    let said = support::run(folder.path(), &["merge", "a.parquet", "--rules", "regler", "--output", "b.parquet"]);
    assert!(said.code == 3 && said.err.contains("a.parquet"), "{}", said.err);
    assert!(!at("b.parquet").exists());
}

/// A file with one byte changed.
fn damaged(bytes: &[u8], index: usize) -> Vec<u8> {
    let mut damaged = bytes.to_vec();
    damaged[index] ^= 0x55;
    damaged
}

fn is_refused(bytes: &[u8], index: usize) -> bool {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), damaged(bytes, index)).unwrap();
    read(&[&file.path().to_path_buf()]).is_err()
}

/// No other year's number and no other region's is used.
#[test]
fn a_missing_denominator_stops_the_run_and_is_named() {
    let skane = [("huvudman", "SE2321000255-O1"), ("start_av_aktivitet", "2021-03-14T10:30")];
    let records = submission(&[line("K-1", &[]), line("K-2", &skane)]);
    let population = "lanskod;ar;folkmangd\n01;2022;1000\n01;2021;1000\n12;2022;500\n";
    let register = "lanskod;ar;lakarkontakter\n12;2021;7\n01;2021;7\n";
    let folder = folder_of(&[
        ("a.csv", records),
        ("folkmangd.csv", population.to_owned()),
        ("register.csv", register.to_owned()),
    ]);
    let run = |arguments: &str| {
        let fixed = "coverage a.csv --lang en --format csv";
        support::run(folder.path(), &format!("{fixed} {arguments}").split(' ').collect::<Vec<_>>())
    };
    let said = run("--population folkmangd.csv");
    assert!(said.code == 3 && said.out.is_empty(), "{}", said.err);
    assert!(said.err.contains("population is missing for 2021: Region Skåne"), "{}", said.err);
    assert!(!said.err.contains("Stockholm"), "{}", said.err);
    let said = run("--register register.csv --measure lakarkontakter_mot_patientregistret");
    assert!(said.code == 3 && said.out.is_empty(), "{}", said.err);
    assert!(said.err.contains("the patient register's count is missing for 2022: Region Stockholm"), "{}", said.err);
    assert!(!said.err.contains("Skåne"), "{}", said.err);
    // What needs none, and a period in which all are there, goes on.
    assert_eq!(run("--measure inrapporteringsgrad_genomforda").code, 0);
    assert_eq!(run("--population folkmangd.csv --period 2022").code, 0);
    // The built-in numbers are of other years.
    let said = run("--period 2022");
    assert!(said.code == 3 && said.err.contains("2022"), "{}", said.err);
}
