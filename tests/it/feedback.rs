//! What a region gets back holds its own records, all of them that have findings, and nothing of another region's.

use std::collections::BTreeSet;
use std::path::Path;

use calamine::{Data, Reader, Xlsx, open_workbook};
use vantkoll::assets;

use crate::support::{Said, run};

/// County codes of the regions that deliver, with the folders that they get.
const REGIONS: [(&str, &str); 3] =
    [("07", "07_region-kronoberg"), ("09", "09_region-gotland"), ("10", "10_region-blekinge")];

fn shipped(path: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path).to_str().expect("a path of letters").to_owned()
}

/// Deliveries with planted defects: a file a region, and one that holds records of two.
fn deliveries(folder: &Path) {
    let defects = shipped("testdata/defects/specvard_genomforda.yaml");
    let generate = |region: &str, seed: &str, file: &str| {
        let of = format!("lan:{region}");
        let said = run(
            folder,
            &[
                "generate",
                "specvard_genomforda",
                "--region",
                &of,
                "--records",
                "400",
                "--seed",
                seed,
                "--period",
                "2022-03",
                "--defects",
                &defects,
                "--output",
                file,
            ],
        );
        assert_eq!(said.code, 0, "{}", said.err);
    };
    for (region, _) in REGIONS {
        generate(region, region, &format!("specvard_genomforda_{region}_2022-03.csv"));
    }
    generate("07", "71", "a_part.csv");
    generate("10", "72", "b_part.csv");
    let [first, second] = ["a_part.csv", "b_part.csv"].map(|name| read_lossy(&folder.join(name)));
    // Line by line, so that no stretch of the file is one region's.
    let mut together = String::new();
    let mut others = second.lines().skip(1);
    for line in first.lines() {
        together.push_str(line);
        together.push('\n');
        if together.lines().count() > 1
            && let Some(other) = others.next()
        {
            together.push_str(other);
            together.push('\n');
        }
    }
    std::fs::write(folder.join("specvard_genomforda_2022-03.csv"), together).unwrap();
    for name in ["a_part.csv", "b_part.csv"] {
        std::fs::remove_file(folder.join(name)).unwrap();
    }
}

/// The words of eight characters or more: ids, points in time and numbers among them.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && !matches!(c, '-' | ':')).filter(|word| word.len() >= 8)
}

/// A file's text; some planted bytes are no text.
fn read_lossy(path: &Path) -> String {
    String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned()
}

/// Every value of eight characters or more of the records of each region, by who answers for the record.
fn values(folder: &Path) -> [BTreeSet<String>; 3] {
    let numbers = ["2321000065", "2120000803", "2321000081"];
    let mut values: [BTreeSet<String>; 3] = Default::default();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "csv") {
            continue;
        }
        let text = read_lossy(&path);
        let header: Vec<&str> = text.lines().next().unwrap().split(';').collect();
        let reporter = header.iter().position(|name| *name == "huvudman").unwrap();
        for line in text.lines().skip(1) {
            let fields: Vec<&str> = line.split(';').map(|field| field.trim_matches('"')).collect();
            let of =
                fields.get(reporter).and_then(|written| numbers.iter().position(|number| written.contains(number)));
            let long = fields.iter().filter(|field| field.chars().count() >= 8).map(|field| (*field).to_owned());
            if let Some(of) = of {
                values[of].extend(long);
            }
        }
    }
    values
}

/// Everything that stands in a folder of feedback, workbooks as the text of their cells.
fn content(folder: &Path) -> String {
    let mut names: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    let mut text = String::new();
    for path in names {
        if path.extension().is_some_and(|extension| extension == "xlsx") {
            let mut book: Xlsx<_> = open_workbook(&path).unwrap();
            for (_, sheet) in book.worksheets() {
                for cell in sheet.cells() {
                    match cell.2 {
                        Data::DateTime(time) => {
                            let time = time.as_datetime_text();
                            text.push_str(&time);
                        }
                        other => text.push_str(&other.to_string()),
                    }
                    text.push('\n');
                }
            }
        } else {
            text.push_str(&std::fs::read_to_string(&path).unwrap());
        }
    }
    text
}

trait AsText {
    fn as_datetime_text(&self) -> String;
}

impl AsText for calamine::ExcelDateTime {
    /// As submissions write it: `2022-03-05T10:30`.
    fn as_datetime_text(&self) -> String {
        let (year, month, day, hour, minute, _, _) = self.to_ymd_hms_milli();
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}")
    }
}

fn qa(folder: &Path, arguments: &[&str]) -> Said {
    let counties = (1..=25).filter(|code| ![2, 11, 15, 16].contains(code));
    let rows: String = counties.map(|code| format!("{code:02};2022;{}\n", 100_000 + code)).collect();
    std::fs::write(folder.join("befolkning.csv"), format!("lanskod;ar;folkmangd\n{rows}")).unwrap();
    let given = ["qa", "leveranser", "--population", "befolkning.csv", "--delivery-date", "2022-04-05"];
    run(folder, &[&given, arguments].concat())
}

#[test]
fn a_folder_for_each_region_with_nothing_of_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let leveranser = folder.path().join("leveranser");
    std::fs::create_dir(&leveranser).unwrap();
    deliveries(&leveranser);
    let said = qa(folder.path(), &["--feedback", "ut", "--format", "json=allt.json"]);
    assert_eq!(said.code, 1, "{}", said.err);
    // One of the planted defects names another region; what is stated of no file is what its records say.
    assert!(said.err.contains("återkoppling till 4 regioner ligger i `ut`"), "{}", said.err);

    let values = values(&leveranser);
    // Rules name dates that are placeholders.
    let rules = assets::rules(None).unwrap();
    let rules: BTreeSet<&str> = rules.values().flat_map(|file| words(&file.text)).collect();
    let all: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(folder.path().join("allt.json")).unwrap()).unwrap();
    let mut records = 0;
    for (place, (_, name)) in REGIONS.iter().enumerate() {
        let own = folder.path().join("ut").join(name);
        let mut files: Vec<String> =
            std::fs::read_dir(&own).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        files.sort();
        assert_eq!(files, ["rapport.html", "rapport.json", "rapport.xlsx", "riket.json"], "{name}");
        let text = content(&own);
        // A date of another region may be the beginning of one of its own, or one that it writes in another form.
        let letters = |word: &str| word.chars().filter(|c| c.is_alphanumeric() && *c != 'T').collect::<String>();
        let own_words: BTreeSet<String> = values[place].iter().flat_map(|value| words(value)).map(letters).collect();
        let is_own = |word: &str| {
            let begins = own_words.range(letters(word)..).next().is_some_and(|own| own.starts_with(&letters(word)));
            begins || rules.contains(word)
        };
        let of_others = values.iter().enumerate().filter(|(other, _)| *other != place).flat_map(|(_, values)| values);
        let foreign: BTreeSet<&str> = of_others.flat_map(|value| words(value)).filter(|word| !is_own(word)).collect();
        assert!(foreign.len() > 1_000, "{name}: {} values", foreign.len());
        assert_eq!(words(&text).find(|word| foreign.contains(word)), None, "{name}");
        // Its own are there.
        let said: BTreeSet<&str> = words(&text).collect();
        let found = values[place].iter().flat_map(|value| words(value)).filter(|word| said.contains(word)).count();
        assert!(found > 100, "{name}: {found} of its own values");
        let report: serde_json::Value =
            serde_json::from_str(&std::fs::read_to_string(own.join("rapport.json")).unwrap()).unwrap();
        records += report["gate"]["records"].as_u64().unwrap();
        for file in report["collections"][0]["files"].as_array().unwrap() {
            let path = file["path"].as_str().unwrap();
            let is_of_another = REGIONS.iter().any(|(code, of)| of != name && path.contains(&format!("_{code}_")));
            assert!(!is_of_another, "{name}: {path}");
        }
    }
    // Records whose reporter cannot be read are nobody's; all others are somebody's.
    let total = all["gate"]["records"].as_u64().unwrap();
    assert!(records <= total && records + 60 > total, "{records} of {total}");
}

#[test]
fn nothing_is_written_where_the_folder_cannot_be_made() {
    let folder = tempfile::tempdir().unwrap();
    let leveranser = folder.path().join("leveranser");
    std::fs::create_dir(&leveranser).unwrap();
    deliveries(&leveranser);
    std::fs::write(folder.path().join("ut"), "en fil").unwrap();
    let said = qa(folder.path(), &["--feedback", "ut", "--quiet"]);
    assert_eq!(said.code, 4, "{}", said.err);
}
