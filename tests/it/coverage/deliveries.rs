//! Random deliveries, with the tables that they are compared with.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use jiff::civil::Date;
use jiff::{Span, civil::date};
use parquet::arrow::ArrowWriter;
use proptest::collection::vec;
use proptest::prelude::*;

use super::Setup;
use crate::coverage_oracle::{File, Month, World};

/// The case's choices, and each file's: its own, and those of its records.
pub(super) type Generated = (Vec<u8>, Vec<(Vec<u8>, Vec<Vec<u8>>)>);

pub(super) fn generated() -> impl Strategy<Value = Generated> {
    let file = (vec(any::<u8>(), 60), vec(vec(any::<u8>(), 0..40), 0..14));
    (vec(any::<u8>(), 12), vec(file, 1..8))
}

/// Choices made one by one; 0, the simplest, once they are spent.
struct Choices<'a>(std::slice::Iter<'a, u8>);

impl Choices<'_> {
    fn below(&mut self, n: usize) -> usize {
        self.0.next().map_or(0, |choice| usize::from(*choice) % n)
    }

    fn one<T: Clone>(&mut self, values: &[T]) -> T {
        values[self.below(values.len())].clone()
    }

    /// True once in `n` times.
    fn once_in(&mut self, n: usize) -> bool {
        self.below(n) == n - 1
    }
}

/// Deliveries, and what they are compared with.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) files: Vec<File>,
    pub(super) population: BTreeMap<(&'static str, i16), u64>,
    pub(super) register: Option<BTreeMap<(&'static str, i16, String), u64>>,
    pub(super) listed: BTreeSet<(&'static str, &'static str)>,
    pub(super) period: Option<(Month, Month)>,
}

pub(super) const COUNTIES: [&str; 3] = ["01", "12", "09"];
const WHOLE_YEARS: (Month, Month) = ((2021, 1), (2022, 12));
const COLLECTIONS: [&str; 4] =
    ["specvard_genomforda", "specvard_vantande", "primarvard_grundmodell", "primarvard_instegsmodell"];

const REGIONS: [&str; 10] = [
    "SE2321000016-1000",
    "SE2321000255-O1",
    "SE2321000016-39KJ",
    "SE162321000255-O00001",
    "SE2120000803-1",
    // Of no region, and no HSA-ids.
    "SE5560000001-1",
    "",
    "Region Stockholm",
    "se2321000016-1000",
    " SE2321000016-2 ",
];
const TIMES: [&str; 16] = [
    "2022-03-14T10:30",
    "2021-03-31T23:59",
    "2022-03-31 00:00",
    "2022-04-01T00:00:00",
    "2021-12-31T23:59:59.9",
    "2022-01-01",
    "20220131080000",
    "20220314",
    "2021-03-01T08:00",
    "2022-12-31T12:00",
    "2020-12-31T10:00",
    "2022-02-30T08:00",
    "igår",
    "",
    " 2022-03-14T10:30 ",
    "2021-07-15T09:00",
];
const UNITS: [&str; 7] = [
    "SE2321000016-51RL",
    "SE2321000016-51RM",
    "SE162321000255-O1",
    "Karolinska",
    "",
    "SE2321000016-51rl",
    "SE2321000016-",
];

/// What may stand in a column; the first is what stands there when nothing is chosen.
fn pool(variable: &str) -> &'static [&'static str] {
    match variable {
        "huvudman" | "region" => &REGIONS,
        "start_av_aktivitet" | "genomfora_oppenvardskontakt" => &TIMES,
        "vardenhet2_klinik" | "vardcentral_klinik" => &UNITS,
        "fas" => &["1", "2", "3", "4", "5", "1", "2", "", "9", " 2 ", "fas 1"],
        "vardgaranti_ja_nej" => &["JA", "NEJ", "Ja", "ja", "1", "2", "", "J", "Nej", "JA\u{a0}"],
        "vardgarantipatient" => &["1", "2", "JA", "Ja", "NEJ", "", "3", "ja"],
        // Surgery, paediatrics and others, psychiatry, BUP, and none.
        "medicinskt_verksamhetsomrade" => {
            &["301", "311", "046", "101", "901", "931", "951", "", "998", "46", "003", "302", "301 "]
        }
        "yrkesgrupp" => &["XS915", "XS919", "XS915", "", "läkare", "xs915"],
        "vardkontakt" => &["0", "81", "91", "", "9", "8"],
        "akutverksamhet" => &["", "0", "1", "3", "7", "1"],
        "avvikelse" => &["", "1", "2", " "],
        "patientens_kon" => &["2", "1", "3", "Okänt", "O", "kvinna", "", "x"],
        "kommunkod" | "patientens_folkbokforingskommun" => &["0180", "0000", "", "9999"],
        "vardenhet1_sjukhus" => &["11001", "00000", ""],
        "vardenhet1_namn" => &["Sjukhus 11001", "Sjukhus saknas", "", "sjukhus saknas"],
        "medicinskt_maldatum" => &["", "2022-03-01", "snart"],
        "diagnos" => &["J459", "J459,I109", "", "\t"],
        _ => &["", "x", "1", " "],
    }
}

/// Columns that nearly every file has: those that measures look at.
const USUAL: [&str; 18] = [
    "huvudman",
    "region",
    "start_av_aktivitet",
    "genomfora_oppenvardskontakt",
    "vardenhet2_klinik",
    "vardcentral_klinik",
    "fas",
    "vardgaranti_ja_nej",
    "vardgarantipatient",
    "medicinskt_verksamhetsomrade",
    "yrkesgrupp",
    "vardkontakt",
    "akutverksamhet",
    "avvikelse",
    "patientens_kon",
    "vardenhet1_sjukhus",
    "medicinskt_maldatum",
    "patientens_fodelsear",
];

fn file(index: usize, (own, records): &(Vec<u8>, Vec<Vec<u8>>)) -> File {
    let setup = super::setup();
    let mut choices = Choices(own.iter());
    let collection = choices.one(&COLLECTIONS);
    let month: Option<Month> = match choices.below(5) {
        0 if collection != "specvard_vantande" => None,
        0 | 1 => Some((2022, 3)),
        2 => Some((2021, 3)),
        3 => Some((2022, 4)),
        _ => Some((2021, 12)),
    };
    let end = month.map_or(date(2022, 3, 31), |(year, month)| Date::new(year, month, 1).unwrap().last_of_month());
    let after: Option<i64> = choices.one(&[None, Some(21), Some(22), Some(35), Some(36), Some(-2)]);
    let county = choices.one(&[None, Some("01"), Some("12"), Some("09")]);
    let stated = choices.one(&[None, Some(records.len() as u64), Some(5)]);
    let mut columns = vec!["vardkontakts_id"];
    for variable in &setup.variables[collection] {
        // Those of the schema live as long as the tests.
        let variable: &'static str = variable;
        let is_usual = USUAL.contains(&variable);
        if variable != "vardkontakts_id" && (if is_usual { !choices.once_in(20) } else { choices.once_in(3) }) {
            columns.push(variable);
        }
    }
    if choices.once_in(12) {
        columns.remove(0);
    }
    let records = records.iter().enumerate().map(|(row, choices)| {
        let mut choices = Choices(choices.iter());
        let mut fields: Vec<String> = columns
            .iter()
            .map(|column| match *column {
                "vardkontakts_id" if choices.once_in(10) => choices.one(&[String::new(), format!("K-{index}")]),
                "vardkontakts_id" => format!("K-{index}-{row}"),
                // So that no record is a blank line.
                "patientens_fodelsear" => "1956".to_owned(),
                _ => choices.one(pool(column)).to_owned(),
            })
            .collect();
        match choices.below(15) {
            13 => fields.push("x".to_owned()),
            14 => drop(fields.pop()),
            _ => {}
        }
        fields
    });
    File {
        name: format!("fil{index}"),
        collection,
        records: records.collect(),
        columns,
        county,
        month,
        received: after.map(|days| end.checked_add(Span::new().days(days)).unwrap()),
        stated,
    }
}

impl Case {
    pub(super) fn new((own, files): &Generated) -> Self {
        let mut choices = Choices(own.iter());
        let files: Vec<File> = files.iter().enumerate().map(|(index, choices)| file(index, choices)).collect();
        let period =
            choices.one(&[Some(WHOLE_YEARS), None, Some(((2021, 3), (2022, 4))), Some(((2022, 3), (2022, 3)))]);
        let list: &[(&str, &str)] =
            &[("specvard_genomforda", "01"), ("specvard_vantande", "14"), ("primarvard_grundmodell", "12")];
        let listed =
            if choices.once_in(2) { list[..=choices.below(3)].iter().copied().collect() } else { BTreeSet::new() };
        let mut population = BTreeMap::new();
        let years = 2020..=2022;
        for (at, county) in COUNTIES.into_iter().enumerate() {
            for year in years.clone() {
                population.insert((county, year), [1_000, 37, 250][at] + u64::try_from(year).unwrap());
            }
        }
        // Once in a while a number is missing.
        if choices.once_in(10) {
            population.remove(&(choices.one(&COUNTIES), 2022));
        }
        let mut register = BTreeMap::new();
        for county in COUNTIES {
            for year in years.clone() {
                let parts = choices.below(3);
                for (name, count) in [("Kirurgi", 3), ("Psykiatri", 0), ("Barnmedicin", 2)].into_iter().take(parts) {
                    register.insert((county, year, name.to_owned()), count);
                }
                register.insert((county, year, String::new()), [5, 7, 1_000][parts]);
                if choices.once_in(60) {
                    register.insert((county, year, String::new()), 0);
                    register.retain(|(of, when, name), _| (*of, *when) != (county, year) || name.is_empty());
                }
            }
        }
        if choices.once_in(10) {
            register.retain(|(county, year, _), _| (*county, *year) != ("01", 2021));
        }
        Self { files, population, register: (!choices.once_in(6)).then_some(register), listed, period }
    }

    pub(super) fn without_broken_records(&self) -> Self {
        let mut case = self.clone();
        for file in &mut case.files {
            let n_columns = file.columns.len();
            file.records.retain(|fields| fields.len() == n_columns);
        }
        case
    }

    /// With every number of every region and year.
    pub(super) fn with_whole_tables(&self) -> Self {
        let mut case = self.clone();
        let mut register = BTreeMap::new();
        for county in COUNTIES {
            for year in 2020..=2022 {
                case.population.insert((county, year), 1_234);
                register.insert((county, year, String::new()), 20);
                register.insert((county, year, "Kirurgi".to_owned()), 3);
            }
        }
        case.register = Some(register);
        case
    }

    pub(super) fn world<'a>(&'a self, setup: &'a Setup) -> World<'a> {
        // Details are by whole years.
        let has_details = self.period == Some(WHOLE_YEARS);
        World {
            lists: &setup.lists,
            files: &self.files,
            population: self.population.clone(),
            register: self.register.clone(),
            listed: self.listed.clone(),
            period: self.period,
            variables: &setup.variables,
            by_code: has_details,
            by_unit: has_details,
        }
    }

    pub(super) fn population_csv(&self) -> String {
        let mut text = "lanskod;ar;folkmangd\n".to_owned();
        for ((county, year), count) in &self.population {
            writeln!(text, "{county};{year};{count}").unwrap();
        }
        text
    }

    pub(super) fn register_csv(&self) -> Option<String> {
        let mut text = "lanskod;ar;mvo_aggregat;lakarkontakter\n".to_owned();
        for ((county, year, aggregate), count) in self.register.as_ref()? {
            writeln!(text, "{county};{year};{aggregate};{count}").unwrap();
        }
        Some(text)
    }

    fn paths(&self, folder: &Path, ending: &str) -> Vec<PathBuf> {
        let folder = folder.join(ending);
        std::fs::create_dir_all(&folder).unwrap();
        // The same names in every format: figures show them.
        self.files.iter().map(|file| folder.join(&file.name)).collect()
    }

    pub(super) fn write_csv(&self, folder: &Path) -> Vec<PathBuf> {
        let paths = self.paths(folder, "csv");
        for (file, path) in self.files.iter().zip(&paths) {
            std::fs::write(path, csv(file)).unwrap();
        }
        paths
    }

    pub(super) fn write_parquet(&self, folder: &Path) -> Vec<PathBuf> {
        let paths = self.paths(folder, "parquet");
        for (file, path) in self.files.iter().zip(&paths) {
            let column = |at: usize| -> ArrayRef {
                Arc::new(StringArray::from_iter_values(file.records.iter().map(|fields| &fields[at])))
            };
            let columns = file.columns.iter().enumerate().map(|(at, name)| (*name, column(at)));
            let batch = RecordBatch::try_from_iter(columns).unwrap();
            let mut writer = ArrowWriter::try_new(std::fs::File::create(path).unwrap(), batch.schema(), None).unwrap();
            writer.write(&batch).unwrap();
            writer.close().unwrap();
        }
        paths
    }
}

pub(super) fn csv(file: &File) -> String {
    let mut text = file.columns.join(";");
    text.push('\n');
    for fields in &file.records {
        text.push_str(&fields.join(";"));
        text.push('\n');
    }
    text
}
