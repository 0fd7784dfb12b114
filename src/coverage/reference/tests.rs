use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use tempfile::TempDir;

use super::*;
use crate::model::Position;

static REFERENCE: LazyLock<Reference> = LazyLock::new(|| Reference::load(None, None).expect("embedded"));
static STOP: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(false);

fn file(name: &str, bytes: impl AsRef<[u8]>) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    (folder, path)
}

fn population(bytes: impl AsRef<[u8]>) -> Result<Population, ReferenceError> {
    let (_folder, path) = file("t.csv", bytes);
    Population::read(&REFERENCE, &path, &STOP)
}

fn register(bytes: impl AsRef<[u8]>) -> Result<Register, ReferenceError> {
    let (_folder, path) = file("t.csv", bytes);
    Register::read(&REFERENCE, &path, &STOP)
}

fn deliveries(bytes: impl AsRef<[u8]>) -> Result<Deliveries, ReferenceError> {
    let (_folder, path) = file("t.csv", bytes);
    let schemas = schema::load(&assets::schemas(None).unwrap()).unwrap();
    Deliveries::read(&REFERENCE, &schemas, &path, &STOP)
}

fn county(code: &str) -> County {
    County::new(code).expect("two digits")
}

/// What is said, without the folder of the file.
fn said<T: std::fmt::Debug>(result: Result<T, ReferenceError>) -> (String, String) {
    let error = result.expect_err("wrong");
    let text = error.text();
    assert_eq!(error.to_string(), text.en, "one text, wherever it is read");
    let bare = |text: &str| {
        let (start, name) = (text.find('`').expect("the file's name"), text.find("t.csv").expect("the file's name"));
        format!("{}{}", &text[..=start], &text[name..])
    };
    (bare(&text.sv), bare(&text.en))
}

#[track_caller]
fn check<T: std::fmt::Debug>(result: Result<T, ReferenceError>, sv: &str, en: &str) {
    assert_eq!(said(result), (sv.to_owned(), en.to_owned()));
}

fn flaws<T: std::fmt::Debug>(result: Result<T, ReferenceError>) -> (Vec<Flaw>, u64) {
    match result.expect_err("wrong") {
        ReferenceError::Flawed { flaws, total, .. } => (flaws, total),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_same_number_is_two_regions() {
    let by_county = population("lanskod;ar;folkmangd\n10;2024;157223\n").unwrap();
    let by_region = population("regionkod;ar;folkmangd\n10;2024;2473307\n").unwrap();
    assert_eq!(by_county.iter().collect::<Vec<_>>(), [(county("10"), 2024, 157_223)], "Blekinge");
    assert_eq!(by_region.iter().collect::<Vec<_>>(), [(county("01"), 2024, 2_473_307)], "Stockholm");
    check(
        population("lanskod;regionkod;ar;folkmangd\n10;10;2024;157223\n"),
        "`t.csv` (Folkmängd): 1 fel\n  post 1, rad 2, A2 lanskod = 10, B2 regionkod = 10: Länskod och Regionkod pekar ut \
         olika regioner. Rätta den ena koden, eller ta bort den kolumn som inte behövs",
        "`t.csv` (Population): 1 error\n  record 1, line 2, A2 lanskod = 10, B2 regionkod = 10: County code and \
         Regionkod name different regions. Correct one of the codes, or remove the column that is not needed",
    );
}

#[test]
fn regions_go_by_code_or_by_any_of_their_names() {
    let text = "Region,År,Folkmängd\nSkåne,2024,1\nRegion Skåne,2023,2\nSkåne län,2022,3\n12 Skåne län,2021,4\n\
        Västra Götalandsregionen,2024,5\nJönköping,2024,6\nRegion Jönköpings län,2023,7\nSörmland,2024,8\n";
    let read = population(text).unwrap();
    let found: Vec<(String, i32, u64)> = read.iter().map(|(county, year, n)| (county.to_string(), year, n)).collect();
    let expected = [
        ("04", 2024, 8),
        ("06", 2023, 7),
        ("06", 2024, 6),
        ("12", 2021, 4),
        ("12", 2022, 3),
        ("12", 2023, 2),
        ("12", 2024, 1),
        ("14", 2024, 5),
    ];
    assert_eq!(found, expected.map(|(county, year, n)| (county.to_owned(), year, n)));
    // Names and codes side by side agree.
    let read = population("lanskod;regionkod;region;year;population\n12;41;Skåne;2024;1\n;;Uppsala;2024;2\n").unwrap();
    assert_eq!((read.get(county("12"), 2024), read.get(county("03"), 2024)), (Some(1), Some(2)));
    for (text, cells) in [
        ("lanskod;region;ar;folkmangd\n10;Stockholm;2024;1\n", ["lanskod", "region"]),
        ("regionkod;region;ar;folkmangd\n12;Skåne;2024;1\n", ["regionkod", "region"]),
    ] {
        let (flaws, total) = flaws(population(text));
        let found: Vec<&str> = flaws[0].cells.iter().map(|cell| cell.variable.as_str()).collect();
        assert_eq!((found.as_slice(), total), (&cells[..], 1), "{text}");
    }
}

#[test]
fn every_name_of_a_region_has_one_county() {
    assert_eq!(REFERENCE.regions().count(), 21);
    assert_eq!(REFERENCE.name(county("14")), "Västra Götalandsregionen");
    assert_eq!(REFERENCE.name(county("99")), "99");
    let codelists = &REFERENCE.schemas.codelists;
    let names = codelists.get(REGION_NAMES).unwrap();
    for entry in names.entries() {
        assert!(REFERENCE.county_of(REGION_NAMES, &entry.code).is_some(), "{}", entry.code);
    }
    for list in [COUNTY, REGION_CODE] {
        for entry in codelists.get(list).unwrap().entries() {
            let expected =
                if list == COUNTY { County::new(&entry.code) } else { REFERENCE.county_of(list, &entry.code) };
            assert_eq!(REFERENCE.county_of(REGION_NAMES, &entry.text_sv), expected, "{}", entry.text_sv);
            assert_eq!(REFERENCE.county_of(REGION_NAMES, &entry.text_en), expected, "{}", entry.text_en);
        }
    }
}

#[test]
fn aggregates_are_those_of_the_areas() {
    let (list, column) = list_with_column(&REFERENCE.schemas, AREAS, AGGREGATE_OF_AREA).unwrap();
    let mut expected: Vec<&str> = list.codes().filter_map(|code| list.attribute(code.as_bytes(), column)).collect();
    expected.sort_unstable();
    expected.dedup();
    let mut found: Vec<&str> = REFERENCE.schemas.codelists.get("mvo_aggregat").unwrap().codes().collect();
    found.sort_unstable();
    assert_eq!((found.len(), found), (19, expected));
}

#[test]
fn tables_are_read_in_every_form() {
    let expected = vec![(county("01"), 2024, 2_473_307), (county("12"), 2024, 1_428_626)];
    let text = "Region;År;Folkmängd\r\nStockholm;2024;2473307\r\nSkåne;2024;1428626\r\n";
    let windows = encoding_rs::WINDOWS_1252.encode(text).0.into_owned();
    let mut with_mark = "\u{feff}".as_bytes().to_vec();
    with_mark.extend(text.as_bytes());
    for bytes in
        [text.as_bytes(), &windows, &with_mark, text.replace(';', ",").as_bytes(), text.replace(';', "\t").as_bytes()]
    {
        assert_eq!(population(bytes).unwrap().iter().collect::<Vec<_>>(), expected);
    }
    let columns: [(&str, ArrayRef); 3] = [
        ("lanskod", Arc::new(StringArray::from(vec!["01", "12"]))),
        ("ar", Arc::new(Int64Array::from(vec![2024, 2024]))),
        ("folkmangd", Arc::new(Int64Array::from(vec![2_473_307, 1_428_626]))),
    ];
    assert_eq!(parquet(columns).unwrap().iter().collect::<Vec<_>>(), expected);
}

fn parquet<const N: usize>(columns: [(&str, ArrayRef); N]) -> Result<Population, ReferenceError> {
    let batch =
        RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true))).unwrap();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let (_folder, path) = file("t.parquet", bytes);
    Population::read(&REFERENCE, &path, &STOP)
}

#[test]
fn a_blank_in_parquet_is_no_zero() {
    let result = parquet([
        ("lanskod", Arc::new(StringArray::from(vec!["01", "12"])) as ArrayRef),
        ("ar", Arc::new(Int64Array::from(vec![2024, 2024]))),
        ("folkmangd", Arc::new(Int64Array::from(vec![Some(2_473_307), None]))),
    ]);
    let (flaws, total) = flaws(result);
    assert_eq!((total, flaws[0].text().sv.as_str()), (1, "post 2, folkmangd är tom: Folkmängd saknas"));
}

#[test]
fn wrong_counts_and_years_are_errors_at_their_cells() {
    check(
        population("lanskod;ar;folkmangd\n01;2024;\n03;2024;-5\n04;24;1\n05;2024;2 473\n06;;1\n"),
        "`t.csv` (Folkmängd): 5 fel\
         \n  post 1, rad 2, C2 folkmangd är tom: Folkmängd saknas\
         \n  post 2, rad 3, C3 folkmangd = -5: Folkmängd är inget giltigt heltal. Skriv ett heltal, från 1 till 20000000\
         \n  post 3, rad 4, B4 ar = 24: År är inget giltigt årtal. Skriv årtalet med fyra siffror, från 1900 till 2100\
         \n  post 4, rad 5, C5 folkmangd = 2 473: Folkmängd är inget giltigt heltal. Skriv ett heltal, från 1 till \
         20000000\
         \n  post 5, rad 6, B6 ar är tom: År saknas",
        "`t.csv` (Population): 5 errors\
         \n  record 1, line 2, C2 folkmangd is blank: Population is missing\
         \n  record 2, line 3, C3 folkmangd = -5: Population is not a valid whole number. Write a whole number, from 1 \
         to 20000000\
         \n  record 3, line 4, B4 ar = 24: Year is not a valid year. Write the year with four digits, from 1900 to 2100\
         \n  record 4, line 5, C5 folkmangd = 2 473: Population is not a valid whole number. Write a whole number, from \
         1 to 20000000\
         \n  record 5, line 6, B6 ar is blank: Year is missing",
    );
    for count in ["0", "1,5", "..", "99999999999999999999999", "1e6", "NaN", "-0"] {
        let (flaws, total) = flaws(population(format!("lanskod;ar;folkmangd\n01;2024;{count}\n")));
        assert_eq!((total, flaws[0].cells[0].address.as_deref()), (1, Some("C2")), "{count}");
    }
}

#[test]
fn unknown_regions_are_told_with_what_may_be_meant() {
    let help = |text: &str| {
        let (flaws, total) = flaws(population(text));
        assert_eq!(total, 1, "{text}");
        flaws[0].text().sv
    };
    for (text, expected) in [
        ("region;ar;folkmangd\nSkane;2024;1\n", "Menade du `Skåne`?"),
        ("region;ar;folkmangd\nregion skåne;2024;1\n", "Menade du `Region Skåne`?"),
        ("region;ar;folkmangd\nRiket;2024;1\n", "Riket är ingen region; ta bort raden"),
        ("region;ar;folkmangd\n12;2024;1\n", "en länskod hör hemma i kolumnen lanskod"),
        ("region;ar;folkmangd\nXyz;2024;1\n", "Använd en kod ur kodverket regionnamn"),
        ("lanskod;ar;folkmangd\n1;2024;1\n", "Menade du `01`? Inledande nollor ska vara med"),
        ("lanskod;ar;folkmangd\n41;2024;1\n", "är det en sådan hör den hemma i kolumnen regionkod"),
        ("regionkod;ar;folkmangd\n01;2024;1\n", "är det en sådan hör den hemma i kolumnen lanskod"),
        ("lanskod;ar;folkmangd\n;2024;1\n", "A2 lanskod är tom: Region saknas"),
        ("region;lanskod;ar;folkmangd\n;;2024;1\n", "Region saknas. Fyll i länskod, Regionkod eller regionens namn"),
    ] {
        assert!(help(text).contains(expected), "{text}: {}", help(text));
    }
}

#[test]
fn columns_that_are_missing_are_named() {
    check(
        population("lanskod;folkmangd;arr\n01;1;2024\n"),
        "`t.csv` (Folkmängd): ingen kolumn för `ar`; okända kolumner: `arr` (menade du `ar`?)",
        "`t.csv` (Population): no column for `ar`; unknown columns: `arr` (did you mean `ar`?)",
    );
    check(
        population("2024;2473307;Stockholm\n2024;1428626;Skåne\n"),
        "`t.csv` (Folkmängd): ingen kolumn för regionen (`lanskod`, `regionkod` eller `region`) och ingen för `ar` och \
         ingen för `folkmangd`",
        "`t.csv` (Population): no column for the region (`lanskod`, `regionkod` or `region`) and none for `ar` and none \
         for `folkmangd`",
    );
}

#[test]
fn a_column_that_may_divide_the_number_is_an_error() {
    check(
        population("lanskod;ar;kön;folkmangd\n01;2024;1;1234567\n"),
        "`t.csv` (Folkmängd): 1 fel\n  kolumn C kön: En kolumn är okänd. Rätta rubriken, eller ta bort kolumnen; är talen \
         uppdelade ska de först summeras",
        "`t.csv` (Population): 1 error\n  column C kön: A column is unknown. Correct the heading, or remove the column; \
         numbers that are divided must be summed first",
    );
    let nameless = flaws(population("lanskod;ar;folkmangd;\n01;2024;1234567;\n")).0[0].text().sv;
    assert!(nameless.starts_with("kolumn D: En kolumn är okänd"), "{nameless}");
}

#[test]
fn a_region_is_counted_once_whatever_it_is_called() {
    check(
        population("lanskod;region;ar;folkmangd\n01;;2024;2473307\n12;;2024;5\n;Stockholm;2024;2473307\n"),
        "`t.csv` (Folkmängd): 1 fel\n  post 3, rad 4: Region Stockholm 2024 finns redan i post 1, rad 2",
        "`t.csv` (Population): 1 error\n  record 3, line 4: Region Stockholm 2024 is already in record 1, line 2",
    );
    let text = "regionkod;ar;mvo;aggregat;antal\n10;2024;101;;5\n10;2024;;Kirurgi;900\n10;2024;;;9000\n10;2024;101;;6\n\
        10;2024;;Kirurgi;900\n10;2024;;;9000\n10;2023;101;;6\n";
    let (flaws, total) = flaws(register(text));
    let lines: Vec<String> = flaws.iter().map(|flaw| flaw.text().sv).collect();
    assert_eq!(total, 3);
    assert_eq!(
        lines,
        [
            "post 4, rad 5: Region Stockholm 2024, MVO 101 finns redan i post 1, rad 2",
            "post 5, rad 6: Region Stockholm 2024, Kirurgi finns redan i post 2, rad 3",
            "post 6, rad 7: Region Stockholm 2024, alla områden finns redan i post 3, rad 4",
        ]
    );
    assert!(matches!(flaws[0].kind, FlawKind::Duplicate { first: Position { row: Some(1), .. } }));
}

#[test]
fn only_the_first_flaws_are_shown_and_all_are_counted() {
    let rows = (1950..2000).map(|year| format!("01;{year};-1\n")).collect::<Vec<_>>().concat();
    let error = population(format!("lanskod;ar;folkmangd\n{rows}")).expect_err("wrong").text();
    assert_eq!(error.sv.lines().count(), 1 + SHOWN_FLAWS + 1);
    assert!(error.sv.contains(": 50 fel\n") && error.sv.ends_with("\n  … och 30 till"), "{}", error.sv);
    assert!(error.en.contains(": 50 errors\n") && error.en.ends_with("\n  … and 30 more"), "{}", error.en);
    // Across rules the first rows come first.
    let rows = (1950..1980).map(|year| format!("01;{year};-1\n99;{year};1\n")).collect::<Vec<_>>().concat();
    let (flaws, total) = flaws(population(format!("lanskod;ar;folkmangd\n{rows}")));
    assert_eq!(total, 60);
    assert_eq!(flaws.iter().map(|flaw| flaw.position.row.unwrap()).collect::<Vec<_>>(), (1..=20).collect::<Vec<u64>>());
    let rows = "01;2024;1\n".repeat(100);
    let (flaws, total) = super::tests::flaws(population(format!("lanskod;ar;folkmangd\n{rows}")));
    assert_eq!((flaws.len(), total), (SHOWN_FLAWS, 99));
}

#[test]
fn what_is_no_table_is_refused() {
    for (text, sv) in [
        ("", "är tom: inte ens en rubrikrad"),
        ("lanskod;ar;folkmangd\n", "Tabellen har inga rader"),
        ("lanskod;ar;folkmangd;ar\n01;2024;1;2024\n", "kolumn 2 och kolumn 4 är båda `ar`"),
        ("lanskod,ar,folkmangd\n01,2024,2,473,307\n", "En rad kan inte läsas (5 fält på raden, 3 kolumner i rubriken)"),
        ("PK\u{3}\u{4}\0", "XLSX-arbetsbok"),
    ] {
        let said = population(text).expect_err("wrong").text().sv;
        assert!(said.contains(sv), "{said}");
    }
    let missing = Population::read(&REFERENCE, Path::new("finns/inte.csv"), &STOP).expect_err("not there");
    assert!(
        matches!(missing, ReferenceError::Input(_)) && missing.text().sv.contains("`finns/inte.csv` kan inte läsas")
    );
    let stopped = std::sync::atomic::AtomicBool::new(true);
    let (_folder, path) = file("t.csv", "lanskod;ar;folkmangd\n01;2024;1\n");
    let stopped = Population::read(&REFERENCE, &path, &stopped).expect_err("stopped");
    assert!(matches!(stopped, ReferenceError::Input(crate::submission::InputError::Interrupted)), "{stopped:?}");
}

#[test]
fn what_a_file_holds_cannot_forge_lines() {
    let (flaws, _) = flaws(population("region;ar;folkmangd\n\"a\u{1b}[31m\r\nb\u{202e}\";2024;1\n"));
    let line = flaws[0].text().sv;
    assert!(!line.chars().any(|c| c.is_control() || c == '\u{202e}') && line.contains("\\u{1b}"), "{line}");
}

#[test]
fn the_embedded_population_is_scbs_of_two_years() {
    let population = REFERENCE.population();
    assert_eq!(population.iter().count(), 42);
    let counties = || REFERENCE.regions().map(|(county, _)| county);
    // The totals of the country that SCB publishes.
    assert_eq!(population.sum(counties(), 2023).unwrap(), 10_551_707);
    assert_eq!(population.sum(counties(), 2024).unwrap(), 10_587_710);
    assert_eq!(population.source().sv, "SCB:s folkmängd den 31 december 2023 och 2024 (inbyggda siffror)");
    assert_eq!(
        population.source().en,
        "Statistics Sweden's population on 31 December 2023 and 2024 (embedded figures)"
    );
    let missing = population.sum(counties(), 2022).expect_err("not embedded").text();
    assert_eq!(
        missing.sv,
        "SCB:s folkmängd den 31 december 2023 och 2024 (inbyggda siffror) har inget tal för Region Stockholm (länskod 01) \
         2022; för regionen finns 2023, 2024"
    );
    assert!(
        missing.en.ends_with(
            "has no number for Region Stockholm (county code 01) in 2022; of the region there is 2023, 2024"
        ),
        "{}",
        missing.en
    );
    let read = super::tests::population("lanskod;ar;folkmangd\n01;2024;1\n").unwrap();
    assert!(read.require(county("12"), 2024).expect_err("not there").text().sv.ends_with("regionen finns inte alls"));
    assert!(read.source().sv.starts_with("folkmängden i `"));
}

#[test]
fn a_folder_replaces_the_embedded_population_and_codes() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("reference")).unwrap();
    let path = folder.path().join("reference").join(population::EMBEDDED);
    std::fs::write(&path, "# our own\nlanskod,ar,folkmangd\n01,2019,2377081\n").unwrap();
    let reference = Reference::load(Some(folder.path()), None).unwrap();
    assert_eq!(reference.population().get(county("01"), 2019), Some(2_377_081));
    assert_eq!(reference.population().get(county("01"), 2024), None);
    assert!(reference.population().source().sv.contains(population::EMBEDDED));
    for (text, place) in [
        ("# c\nlanskod,ar,folkmangd\n01,2019,\n", "rad 3, C3 folkmangd är tom"),
        ("# c\nlanskod,ar,folkmangd\n01,2019,-1\n", "rad 3, C3 folkmangd = -1"),
        ("lanskod,ar,folkmangd\n99,2019,1\n", "rad 2, A2 lanskod = 99"),
        ("lanskod,ar,folkmangd\n01,2019,1\n01,2019,1\n", "Region Stockholm 2019 finns redan i post 1, rad 2"),
        ("lanskod,ar,folkmangd\n01,2019,1,1\n", "raden kan inte läsas"),
        ("lanskod,folkmangd\n01,2019\n", "ar är tom"),
    ] {
        std::fs::write(&path, text).unwrap();
        let SetupError::Population(error) = Reference::load(Some(folder.path()), None).expect_err("wrong") else {
            panic!("{text}")
        };
        assert!(error.text().sv.contains(place), "{text}: {}", error.text().sv);
    }
}

#[test]
fn spellings_that_a_folder_adds_are_one_region() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("codelists")).unwrap();
    let embedded = assets::reference_schemas(None).unwrap()["codelists/lanskod.csv"].text.clone();
    let text = format!("{embedded}1,Stockholms län,Stockholm County,,,01,,,\n");
    std::fs::write(folder.path().join("codelists/lanskod.csv"), text).unwrap();
    let reference = Reference::load(Some(folder.path()), None).unwrap();
    let (_folder, path) = file("t.csv", "lanskod;ar;folkmangd\n1;2024;5\n01;2024;5\n");
    let (flaws, total) = flaws(Population::read(&reference, &path, &STOP));
    assert_eq!(total, 1);
    assert_eq!(flaws[0].text().sv, "post 2, rad 3: Region Stockholm 2024 finns redan i post 1, rad 2");
}

#[test]
fn folders_that_leave_out_what_is_needed_are_refused() {
    let with = |name: &str, text: &str| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        Reference::load(Some(folder.path()), None)
    };
    let codes = "code,text_sv,text_en,valid_from,valid_to,same_as\n01,a,a,,,\n";
    match with("codelists/regionkod.csv", codes) {
        Err(SetupError::Mistakes(mistakes)) => assert!(!mistakes.is_empty(), "a rule reads its column"),
        other => panic!("{other:?}"),
    }
    let text = "collection: leveranser\nprefix: LF\ntitle: { sv: a, en: a }\nsource: { document: d, place: p }\n\
        variables: []\n";
    assert!(matches!(with("reference/leveranser.yaml", text), Err(SetupError::Mistakes(_))));
    let schemas = |variables: &[&str]| {
        let mut schemas = REFERENCE.schemas.clone();
        let mut collection = schemas.collections["folkmangd"].as_ref().clone();
        collection.variables.retain(|variable| variables.contains(&variable.id.as_str()));
        schemas.collections.insert("folkmangd".to_owned(), Arc::new(collection));
        require_all(&schemas).map_err(|error| error.to_string())
    };
    assert_eq!(schemas(&["lanskod", "regionkod", "region", "ar", "folkmangd"]), Ok(()));
    let said = schemas(&["lanskod", "regionkod", "region", "ar"]).expect_err("lacks one");
    assert!(said.contains("lack `folkmangd` (`folkmangd`)"), "{said}");
    let mut schemas = REFERENCE.schemas.clone();
    schemas.codelists.insert(AREAS, Codelist::parse(AREAS, "code\n101\n").unwrap());
    assert!(require_all(&schemas).is_err_and(|error| error.to_string().contains("`aggregate_sv` (codelists/mvo.csv)")));
}

#[test]
fn rules_that_are_weakened_let_no_blank_become_zero() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("reference")).unwrap();
    let rules = "collections: [folkmangd]\nsource: { document: d, place: p }\nrequirements: { folkmangd: voluntary }\n";
    std::fs::write(folder.path().join("reference/folkmangd.yaml"), rules).unwrap();
    let reference = Reference::load(None, Some(folder.path())).unwrap();
    let (_folder, path) = file("t.csv", "lanskod;ar;folkmangd\n01;2024;\n");
    let (flaws, total) = flaws(Population::read(&reference, &path, &STOP));
    assert_eq!((total, flaws[0].kind.clone()), (1, FlawKind::Unusable));
    assert_eq!(flaws[0].text().sv, "post 1, rad 2, C2 folkmangd är tom: Folkmängd saknas");
}

#[test]
fn the_register_is_summed_from_its_parts() {
    // 101 is internal medicine, 301 and 304 are surgery.
    let text = "lanskod;ar;mvo;mvo_aggregat;lakarkontakter\n01;2024;101;;5\n01;2024;301;Kirurgi;7\n01;2024;304;;0\n\
        12;2024;;Kirurgi;100\n12;2024;301;;60\n12;2024;;Neurologi;10\n12;2023;;;1000\n12;2023;301;;60\n25;2024;;;3\n";
    let read = register(text).unwrap();
    let (internal, surgery) = ("Internmedicin (inkl. gastroenterologi)", "Kirurgi");
    let stockholm = county("01");
    assert_eq!((read.get(stockholm, 2024), read.is_total_stated(stockholm, 2024)), (Some(12), Some(false)));
    assert_eq!(read.get_aggregate(stockholm, 2024, internal), Some(5));
    assert_eq!(read.get_aggregate(stockholm, 2024, surgery), Some(7));
    assert_eq!(read.get_aggregate(stockholm, 2024, "Neurologi"), None, "nothing is said of it, which is not 0");
    // An area that is stated apart from its aggregate is not counted twice.
    assert_eq!((read.get(county("12"), 2024), read.get_aggregate(county("12"), 2024, surgery)), (Some(110), Some(100)));
    assert_eq!((read.get(county("12"), 2023), read.is_total_stated(county("12"), 2023)), (Some(1000), Some(true)));
    assert_eq!(read.aggregates(county("12"), 2023).collect::<Vec<_>>(), [(surgery, 60)]);
    assert_eq!((read.get(county("25"), 2024), read.get(county("25"), 2023)), (Some(3), None));
    assert_eq!(read.is_total_stated(county("25"), 2023), None);
    assert_eq!(read.iter().count(), 4);
    let missing = read.require(county("25"), 2023).expect_err("not there").text();
    assert!(
        missing.sv.ends_with("har inget tal för Region Norrbotten (länskod 25) 2023; för regionen finns 2024"),
        "{}",
        missing.sv
    );
}

#[test]
fn a_total_below_its_parts_is_impossible() {
    check(
        register("region;year;mvo;aggregate;contacts\nSkåne;2024;;;10\nSkåne;2024;301;;6\nSkåne;2024;;Neurologi;5\n"),
        "`t.csv` (Patientregistret: läkarkontakter i specialiserad öppenvård): 1 fel\n  post 1, rad 2, E2 \
         lakarkontakter = 10: Region Skåne 2024: totalen 10 är lägre än summan av dess områden, 11",
        "`t.csv` (The patient register: doctors' contacts in specialised outpatient care): 1 error\n  record 1, line 2, \
         E2 lakarkontakter = 10: Region Skåne 2024: the total 10 is below the sum of its areas, 11",
    );
    let (flaws, total) =
        flaws(register("region;year;mvo;aggregate;contacts\nSkåne;2024;;Kirurgi;5\nSkåne;2024;301;;6\n"));
    assert_eq!((total, &flaws[0].kind), (1, &FlawKind::ImpossibleTotal { total: 5, sum: 6 }));
    assert!(
        register("region;year;mvo;aggregate;contacts\nSkåne;2024;;;11\nSkåne;2024;301;;6\nSkåne;2024;;Neurologi;5\n")
            .is_ok()
    );
}

#[test]
fn areas_and_aggregates_are_known_and_agree() {
    for (row, expected) in [
        ("01;2024;301;Neurologi;1", "MVO-koden hör inte till aggregatet"),
        ("01;2024;3;;1", "Menade du `003`? Inledande nollor ska vara med"),
        ("01;2024;;kirurgi;1", "Menade du `Kirurgi`?"),
        ("01;2024;;;-1", "Läkarkontakter är inget giltigt heltal"),
        ("01;2024;;;", "Läkarkontakter saknas"),
    ] {
        let (flaws, total) = flaws(register(format!("lanskod;ar;mvo;mvo_aggregat;lakarkontakter\n{row}\n")));
        assert!(total == 1 && flaws[0].text().sv.contains(expected), "{}", flaws[0].text().sv);
    }
}

#[test]
fn deliveries_are_listed_with_their_files() {
    let text = "file;collection;regionkod;period;received;records;anteckning\n\
        skane\\mars.csv;specvard_genomforda;41;2022-03;2022-04-05;1234;ringt\n\
        skane/mars_privata.csv;Specvard-Genomforda;41;2022-03;2022-04-20T16:30;;\n\
        ;specvard_vantande;10;2022-03;;500;\n\
        uppsala.csv;primarvard_grundmodell;12;2022-12;;;\n";
    let (folder, path) = file("t.csv", text);
    let schemas = schema::load(&assets::schemas(None).unwrap()).unwrap();
    let read = Deliveries::read(&REFERENCE, &schemas, &path, &STOP).unwrap();
    let rows = read.rows();
    assert_eq!(rows.len(), 4);
    assert_eq!(read.path_of(&rows[0]), Some(folder.path().join("skane/mars.csv")));
    assert_eq!(
        (rows[0].collection.as_str(), rows[1].collection.as_str()),
        ("specvard_genomforda", "specvard_genomforda")
    );
    assert_eq!((rows[0].county, rows[2].county, rows[3].county), (county("12"), county("01"), county("03")));
    assert_eq!(
        rows.iter().map(|row| row.received.map(crate::time::format_day)).collect::<Vec<_>>(),
        [Some("2022-04-05".to_owned()), Some("2022-04-20".to_owned()), None, None]
    );
    assert_eq!(rows.iter().map(|row| row.records).collect::<Vec<_>>(), [Some(1234), None, Some(500), None]);
    assert_eq!((read.path_of(&rows[2]), rows[3].position.row, rows[3].position.line), (None, Some(4), Some(5)));
    let (first, last) = (rows[3].period.first_day(), rows[3].period.last_day());
    assert_eq!(
        (crate::time::format_day(first), crate::time::format_day(last)),
        ("2022-12-01".to_owned(), "2022-12-31".to_owned())
    );
    // A note beside the columns is no error here.
    let warnings: Vec<String> = read.warnings().iter().map(|flaw| flaw.text().sv).collect();
    assert_eq!(warnings, ["kolumn G anteckning: En kolumn är okänd. Rätta rubriken om kolumnen skulle ha lästs"]);
}

#[test]
fn a_list_that_contradicts_itself_is_refused() {
    let lines = |rows: &str| -> Vec<String> {
        let (flaws, total) = flaws(deliveries(format!("fil;insamling;lanskod;period;mottagen;poster\n{rows}")));
        assert_eq!(flaws.len() as u64, total);
        flaws.iter().map(|flaw| flaw.text().sv).collect()
    };
    for (rows, expected) in [
        (
            ";specvard_vantande;12;2022-03;;\na.csv;specvard_vantande;12;2022-03;;\n",
            "post 2, rad 3, A3 fil = a.csv: specvard_vantande Region Skåne 2022-03 har en fil här, men saknas enligt post 1, rad 2",
        ),
        (
            "a.csv;specvard_vantande;12;2022-03;;\n;specvard_vantande;12;2022-03;;\n",
            "post 2, rad 3, A3 fil är tom: specvard_vantande Region Skåne 2022-03 saknas enligt raden, men har en fil i post 1, rad 2",
        ),
        (
            ";specvard_vantande;12;2022-03;;\n;specvard_vantande;12;2022-03;;\n",
            "post 2, rad 3: specvard_vantande Region Skåne 2022-03 finns redan i post 1, rad 2",
        ),
        (
            "a.csv;specvard_vantadne;12;2022-03;;\n",
            "post 1, rad 2, B2 insamling = specvard_vantadne: Insamlingen finns inte. Menade du `specvard_vantande`?",
        ),
        (
            "a.csv;zzz;12;2022-03;;\n",
            "post 1, rad 2, B2 insamling = zzz: Insamlingen finns inte. De som finns är primarvard_grundmodell, primarvard_instegsmodell, specvard_genomforda, specvard_vantande, svf, svf_forlopp, svf_overflyttning",
        ),
        (
            "a.csv;specvard_vantande;12;mars 2022;;\n",
            "post 1, rad 2, D2 period = mars 2022: Period är inte en månad. Skriv år och månad med siffror och bindestreck, till exempel 2022-03",
        ),
        (
            ";specvard_vantande;12;2022-03;2022-04-01;\n",
            "post 1, rad 2, A2 fil är tom: Leveransen är mottagen men filen saknas. Fyll i filens namn, eller ta bort mottagningsdatumet",
        ),
    ] {
        assert_eq!(lines(rows), [expected]);
    }
    let twice = lines("a.csv;specvard_vantande;12;2022-03;;\na.csv;specvard_vantande;12;2022-04;;\n");
    assert!(twice.len() == 2 && twice[1].contains("Samma fil står på flera rader"), "{twice:?}");
    assert!(lines("a.csv;specvard_vantande;12;2022-03;igår;\n")[0].contains("E2 mottagen = igår"));
    assert!(lines("a.csv;specvard_vantande;12;2022-03;;många\n")[0].contains("F2 poster = många"));
    let error = said(deliveries("insamling;lanskod;period\nspecvard_vantande;12;2022-03\n"));
    assert_eq!(error.0, "`t.csv` (Leveransförteckning): ingen kolumn för `fil`");
}
