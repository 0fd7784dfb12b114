//! `qa` as central QA runs it: the README's command, what the list of deliveries says of each file, mistakes.

use std::fs;
use std::path::Path;

use crate::support::{Said, line, rule, run, submission};

const SAMPLE: &str = "testdata/samples/national";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The README's command.
fn sample(more: &[&str]) -> Said {
    let table = |name: &str| format!("{SAMPLE}/{name}.csv");
    let (list, population, register) = (table("leveranslista"), table("befolkning"), table("patientregistret"));
    let options = ["--deliveries", &list, "--population", &population, "--register", &register];
    run(root(), &[&["qa", SAMPLE], &options[..], more].concat())
}

#[test]
fn the_readme_shows_what_the_program_prints() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let section = readme.split("## Central QA").nth(1).unwrap();
    let shown = section.split("```text\n").nth(1).unwrap().split("```").next().unwrap();
    let said = sample(&[]);
    assert_eq!(said.code, 0, "{}", said.err);
    let mut rest = said.out.as_str();
    let mut n_lines = 0;
    for line in shown.lines().filter(|line| !line.is_empty() && *line != "…") {
        let place = rest.find(line).unwrap_or_else(|| panic!("not printed, or not in this order: {line}"));
        rest = &rest[place + line.len()..];
        n_lines += 1;
    }
    assert!(n_lines > 20, "{n_lines}");
}

#[test]
fn the_readme_shows_the_months_met_that_the_program_prints() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let section = readme.split("### Goals of the agreement").nth(1).unwrap();
    let shown = section.split("```text\n").nth(1).unwrap().split("```").next().unwrap();
    let said = sample(&["--goal", "PK6=75"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.out.contains(shown), "{}", said.out);
}

#[test]
fn a_threshold_is_stated_only_where_the_source_has_none() {
    let refused = |goal: &str| {
        let said = sample(&["--goal", goal]);
        assert_eq!((said.code, said.out.as_str()), (2, ""), "{goal}");
        said.err
    };
    assert!(refused("PK1=80").contains("82"));
    assert!(refused("PK66=80").contains("(PK6?)"));
    for wrong in ["PK6", "PK6=", "PK6=mycket", "PK6=101", "PK6=-1"] {
        assert!(refused(wrong).contains("PK6=75"), "{wrong}");
    }
}

#[test]
fn both_languages_say_everything() {
    let (swedish, english) = (sample(&[]), sample(&["--lang", "en"]));
    assert_eq!((swedish.code, english.code), (0, 0));
    for word in ["Inkomna leveranser", "Nämnare", "månader", "Riket", "uppfyllda", "avvikelse", "Antaget"] {
        assert!(swedish.out.contains(word), "{word}");
    }
    for word in
        ["Deliveries received", "Denominators", "months", "No established method", "months met", "deviation", "Assumed"]
    {
        assert!(english.out.contains(word), "{word}");
    }
    for word in ["Inkomna", "Nämnare", "månader", "poster", "osäkra", "Saknas", "uppfyllda", "Antaget", "avgöras"] {
        assert!(!english.out.contains(word), "{word}");
    }
}

#[test]
fn coverage_is_the_same_beside_the_check_and_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let formats = |prefix: &str| {
        ["csv", "json", "parquet"].map(|format| format!("{format}={}", file(&format!("{prefix}.{format}"))))
    };
    let (beside, alone) = (formats("beside"), formats("alone"));
    let said = sample(&[
        "--detail",
        "mvo",
        "--detail",
        "unit",
        "--figures",
        &beside[0],
        "--figures",
        &beside[1],
        "--figures",
        &beside[2],
        "--threads",
        "1",
    ]);
    assert_eq!(said.code, 0, "{}", said.err);
    let table = |name: &str| format!("{SAMPLE}/{name}.csv");
    let said = run(
        root(),
        &[
            "coverage",
            SAMPLE,
            "--deliveries",
            &table("leveranslista"),
            "--population",
            &table("befolkning"),
            "--register",
            &table("patientregistret"),
            "--certainty",
            "--detail",
            "mvo",
            "--detail",
            "unit",
            "--format",
            &alone[0],
            "--format",
            &alone[1],
            "--format",
            &alone[2],
            "--threads",
            "2",
        ],
    );
    assert_eq!((said.code, said.out.as_str()), (0, ""), "{}", said.err);
    for format in ["csv", "json", "parquet"] {
        let read = |name: &str| fs::read(file(&format!("{name}.{format}"))).unwrap();
        assert!(read("beside") == read("alone"), "{format}");
    }
    let json: serde_json::Value = serde_json::from_slice(&fs::read(file("alone.json")).unwrap()).unwrap();
    assert_eq!(json["schema"], "vantkoll.coverage/1");
}

/// The wait of who waits is that of the file's month, also where the run states a longer period for its rules.
#[test]
fn the_wait_is_taken_on_the_last_day_of_the_files_month() {
    // Decided on 10 January: 80 days on 31 March, 110 on 30 April, 355 on the last day of the stated year.
    let (folder, output) = (waiting(&["K-1"]), tempfile::tempdir().unwrap());
    let table = output.path().join("mal.csv");
    let format = format!("csv={}", table.display());
    for command in [&["qa", ".", "--figures"][..], &["coverage", ".", "--format"][..]] {
        let options = [&format, "--period", "2022", "--measure", "PK2", "--measure", "PK4", "--quiet"];
        let said = run(folder.path(), &[command, &options[..]].concat());
        assert!(said.code < 2, "{}", said.err);
        let text = fs::read_to_string(&table).unwrap();
        let counts = |goal: &str, month: &str| {
            let is_it = |row: &&str| row.starts_with(&format!("{goal};01;")) && row.contains(&format!(";{month};"));
            let row = text.lines().find(is_it).unwrap();
            let cells: Vec<&str> = row.split(';').collect();
            (cells[10].to_owned(), cells[11].to_owned())
        };
        let of = |above: &str, below: &str| (above.to_owned(), below.to_owned());
        assert_eq!((counts("PK2", "2022-03"), counts("PK4", "2022-03")), (of("0", "2"), of("0", "2")));
        assert_eq!((counts("PK2", "2022-04"), counts("PK4", "2022-04")), (of("0", "1"), of("0", "1")));
    }
}

/// A folder with two months of those waiting, the same contact in both.
fn waiting(second: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let lines = |ids: &[&str]| {
        let lines: Vec<String> = ids.iter().map(|id| line(id, &[])).collect();
        submission(&lines).replace("start_av_aktivitet", "x").replace("2022-03-14T10:30", "")
    };
    fs::write(folder.path().join("specvard_vantande_2022-03.csv"), lines(&["K-1", "K-2"])).unwrap();
    fs::write(folder.path().join("specvard_vantande_2022-04.csv"), lines(second)).unwrap();
    folder
}

fn report(folder: &Path, arguments: &[&str]) -> serde_json::Value {
    let said = run(
        folder,
        &[&["qa", ".", "--format", "json=rapport.json", "--delivery-date", "2022-05-05"], arguments].concat(),
    );
    assert!(said.code < 2, "{}", said.err);
    serde_json::from_slice(&fs::read(folder.join("rapport.json")).unwrap()).unwrap()
}

#[test]
fn who_waits_on_is_no_duplicate_but_twice_in_a_month_is() {
    let population = "lanskod;ar;folkmangd\n01;2022;1000\n";
    for (second, duplicates) in [(&["K-2", "K-3"][..], 0), (&["K-2", "K-3", "K-3"][..], 2)] {
        let folder = waiting(second);
        fs::write(folder.path().join("befolkning.csv"), population).unwrap();
        let report = report(folder.path(), &["--population", "befolkning.csv"]);
        let rules = report["collections"][0]["rules"].as_array().unwrap();
        let unique = rules.iter().find(|rule| rule["id"].as_str().unwrap().starts_with("SV-0001")).unwrap();
        assert_eq!(unique["violations"], duplicates, "{unique}");
    }
}

#[test]
fn the_list_of_deliveries_says_what_each_file_should_be() {
    let folder = waiting(&["K-3"]);
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("befolkning.csv", "lanskod;ar;folkmangd\n01;2022;1000\n12;2022;1000\n");
    // Skåne's by the list, Stockholm's by their records; one record too few in March.
    write(
        "lista.csv",
        "fil;insamling;lanskod;period;mottagen;poster\nspecvard_vantande_2022-03.csv;specvard_vantande;12;2022-03;2022-04-05;3\n\
         specvard_vantande_2022-04.csv;specvard_vantande;01;2022-04;2022-05-05;1\n",
    );
    // What is said of a value under what is stated of one file is not remembered for the next.
    fs::create_dir(folder.path().join("regler")).unwrap();
    write(
        "regler/extra.yaml",
        "collections: [specvard_vantande]\nsource: { document: d, place: p }\nchecks:\n  - id: XXX-0001\n    severity: note\n    \
         assert: \"substring(organisation_number(huvudman), 8, 3) = substring(stated_region_orgnr(), 8, 3)\"\n    \
         title: { sv: t, en: t }\n    fix: { sv: f, en: f }\n    tests: [{ satisfied: {} }, { violated: {} }]\n",
    );
    let options =
        ["--population", "befolkning.csv", "--deliveries", "lista.csv", "--rules", "regler", "--threads", "1"];
    let report = report(folder.path(), &options);
    let violations = |id: &str| rule(&report, id)["violations"].as_u64().unwrap();
    assert_eq!(violations("XXX-0001"), 2);
    let region = report["collections"][0]["rules"]
        .as_array()
        .unwrap()
        .iter()
        .find(|rule| rule["assert"].as_str().is_some_and(|text| text.contains("stated_region_orgnr")));
    assert_eq!(region.map(|rule| rule["violations"].as_u64()), Some(Some(2)), "{region:?}");
    assert_eq!(violations("LEV-0003"), 1);
    assert_eq!(report["collections"][0]["files"][0]["collection_source"], "list");
}

#[test]
fn mistakes_are_told_before_the_records_are_read() {
    let folder = waiting(&["K-3"]);
    let folder = folder.path();
    fs::rename(folder.join("specvard_vantande_2022-04.csv"), folder.join("specvard_vantande.csv")).unwrap();
    let fails = |arguments: &[&str], code: i32, words: &[&str]| {
        let said = run(folder, arguments);
        assert_eq!((said.code, said.out.as_str()), (code, ""), "{}", said.err);
        for word in words {
            assert!(said.err.contains(word), "no {word:?} in {}", said.err);
        }
    };
    fails(&["coverage", "specvard_vantande.csv"], 2, &["specvard_vantande.csv", "ingen månad", "--period"]);
    fails(&["coverage"], 2, &["--tally"]);
    fails(&["coverage", ".", "--measure", "kontakter_per_1000_vantade"], 2, &["kontakter_per_1000_vantande?"]);
    // No population of 2022 is built in: the year is named, and no other year's taken.
    fails(
        &["coverage", "specvard_vantande_2022-03.csv"],
        3,
        &["folkmängd saknas för 2022: alla regioner", "Ingen annan periods tal"],
    );
    fs::write(folder.join("skane.csv"), "lanskod;ar;folkmangd\n12;2022;1000\n").unwrap();
    fails(
        &["coverage", "specvard_vantande_2022-03.csv", "--population", "skane.csv"],
        3,
        &["folkmängd saknas för 2022: Region Stockholm"],
    );
    fs::write(folder.join("befolkning.csv"), "lanskod;ar;folkmangd\n01;2022;-5\n").unwrap();
    fails(&["coverage", "specvard_vantande_2022-03.csv", "--population", "befolkning.csv"], 3, &["post 1", "-5"]);
    fails(&["coverage", "--tally", "befolkning.csv"], 3, &["befolkning.csv"]);
    fails(&["merge", "saknas.parquet", "--output", "ut.parquet"], 3, &["saknas.parquet"]);
    fails(&["merge", "befolkning.csv", "--output", "befolkning.csv"], 2, &["både indata och utdata"]);
    assert!(!folder.join("ut.parquet").exists());
    fs::create_dir(folder.join("tabeller")).unwrap();
    fs::copy(folder.join("skane.csv"), folder.join("tabeller/skane.csv")).unwrap();
    for command in ["qa", "coverage"] {
        fails(
            &[command, "tabeller", "--population", "tabeller/skane.csv"],
            3,
            &["`tabeller` innehåller inga leveranser"],
        );
    }
    for arguments in [
        &["coverage", "specvard_vantande_2022-03.csv", "--population", "skane.csv", "--save-tally", "skane.csv"][..],
        &["coverage", "specvard_vantande_2022-03.csv", "--population", "skane.csv", "--format", "csv=skane.csv"][..],
    ] {
        fails(arguments, 2, &["både indata och utdata"]);
    }
}

#[test]
fn a_new_measure_is_a_few_lines_of_yaml() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::create_dir_all(folder.join("regler/coverage")).unwrap();
    let measure = r#"
source: { document: Egen, place: "-" }
measures:
  - id: andel_video
    title: { sv: Andel videokontakter, en: Share of video contacts }
    description: { sv: Video av alla utom akuta., en: Video of all but acute ones. }
    caution: { sv: Inget om varför., en: Not why. }
    collections: [specvard_genomforda]
    among: "fas <> '5'"
    numerator: "vardkontakt = '81'"
    denominator: records
    per: 100
"#;
    fs::write(folder.join("regler/coverage/video.yaml"), measure).unwrap();
    // Three of eight by video, one of those acute; one without a type of contact, which may be either: 2 of 7, and one
    // undecided. 28.57 % is 29.
    let changes: [&[(&str, &str)]; 8] = [
        &[("vardkontakt", "81")],
        &[("vardkontakt", "81")],
        &[("vardkontakt", "81"), ("fas", "5")],
        &[("vardkontakt", "")],
        &[],
        &[],
        &[],
        &[],
    ];
    let lines: Vec<String> =
        changes.iter().enumerate().map(|(index, changes)| line(&format!("K-{index}"), changes)).collect();
    fs::write(folder.join("specvard_genomforda_2022-03.csv"), submission(&lines)).unwrap();
    let said = run(
        folder,
        &[
            "coverage",
            "specvard_genomforda_2022-03.csv",
            "--rules",
            "regler",
            "--measure",
            "andel_video",
            "--format",
            "csv",
        ],
    );
    assert_eq!(said.code, 0, "{}", said.err);
    let row = said.out.lines().find(|row| row.starts_with("andel_video;01;Region Stockholm;2022;")).expect("a row");
    assert!(row.contains(";2;7;100;29;1;"), "{row}");
}
