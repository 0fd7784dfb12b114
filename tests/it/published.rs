//! The published figures come out again: deliveries of the whole country are made to carry them, block by block
//! (`vantkoll generate --strata`), and the program's tables are compared with what was published.
//!
//! The deliveries also hold what would spoil a figure if it were counted in a wrong way: contacts of phase 5 that are
//! filled the opposite way, target dates in phase 4, contacts that wait for several months, months of different sizes.
//! That they do is tested too, with measures that are wrong on purpose.

mod figures;
mod goals;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use crate::support;

/// The years that were published.
const YEARS: [&str; 2] = ["2021", "2022"];
const COMPLETED: &str = "specvard_genomforda";
const WAITING: &str = "specvard_vantande";
const BASIC_MODEL: &str = "primarvard_grundmodell";
const ENTRY_MODEL: &str = "primarvard_instegsmodell";

/// A row of a published file, by the names of its columns.
type Published = BTreeMap<String, String>;

fn published(file: &str) -> Vec<Published> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/published").join(file);
    csv::Reader::from_path(path).unwrap().deserialize().map(|row| row.unwrap()).collect()
}

struct Region {
    /// County code.
    code: String,
    /// As in the published tables.
    name: String,
    /// Which collection its primary care reports by.
    primary_care: &'static str,
}

/// The 21 regions, by county code.
fn regions() -> Vec<Region> {
    let model = |row: &Published| match row["primary_care_model"].as_str() {
        "grund" => BASIC_MODEL,
        "insteg" => ENTRY_MODEL,
        other => panic!("no such model: {other}"),
    };
    let rows = published("regions.csv");
    let regions = rows.iter().map(|row| Region {
        code: row["lanskod"].clone(),
        name: row["name_sv"].clone(),
        primary_care: model(row),
    });
    regions.collect()
}

/// Some records of one region and month, and what is stated of them.
#[derive(Clone, Debug)]
struct Block {
    records: u64,
    /// From column to cell, as in a file of strata.
    stated: BTreeMap<String, String>,
}

impl Block {
    fn new(region: &str, month: &str, records: u64) -> Self {
        let stated = [("region", region), ("period", month)].map(|(column, cell)| (column.to_owned(), cell.to_owned()));
        Self { records, stated: stated.into() }
    }

    fn with(mut self, column: &str, cell: impl Into<String>) -> Self {
        self.stated.insert(column.to_owned(), cell.into());
        self
    }
}

/// Deliveries in a folder of their own.
struct Deliveries {
    folder: tempfile::TempDir,
    files: Vec<String>,
    /// Of what was made last: no two pieces have the same contacts.
    seed: u64,
}

impl Deliveries {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), files: Vec::new(), seed: 0 }
    }

    /// Blocks as the program makes them.
    fn generated(&mut self, collection: &str, blocks: &[Block]) -> String {
        let columns: BTreeSet<&String> = blocks.iter().flat_map(|block| block.stated.keys()).collect();
        let mut strata = csv::WriterBuilder::new().delimiter(b';').from_writer(Vec::new());
        strata.write_field("records").unwrap();
        strata.write_record(&columns).unwrap();
        for block in blocks {
            strata.write_field(block.records.to_string()).unwrap();
            let cell = |column: &&String| block.stated.get(*column).map_or("", String::as_str);
            strata.write_record(columns.iter().map(cell)).unwrap();
        }
        fs::write(self.folder.path().join("strata.csv"), strata.into_inner().unwrap()).unwrap();
        self.seed += 1;
        let (seed, output) = (self.seed.to_string(), "made.csv");
        let arguments = ["generate", collection, "--strata", "strata.csv", "--seed", &seed, "--output", output, "-q"];
        let said = support::run(self.folder.path(), &arguments);
        assert_eq!((said.code, said.err.as_str()), (0, ""));
        fs::read_to_string(self.folder.path().join(output)).unwrap()
    }

    fn write(&mut self, name: &str, text: &str) {
        fs::write(self.folder.path().join(name), text).unwrap();
        self.files.push(name.to_owned());
    }

    /// Contacts that are counted where they happen.
    fn completed(&mut self, collection: &str, blocks: &[Block]) {
        let text = self.generated(collection, blocks);
        self.write(&format!("{collection}.csv"), &text);
    }

    /// Contacts that wait on the last day of each of a year's `months`, a file a month. Those of `staying` are in all.
    fn waiting(&mut self, months: &[&str], staying: &[Block], leaving: &[Block]) {
        let text = self.generated(WAITING, staying);
        let (_, staying) = text.split_once('\n').unwrap();
        for month in months {
            let of_month: Vec<Block> =
                leaving.iter().filter(|block| block.stated["period"] == **month).cloned().collect();
            let text = self.generated(WAITING, &of_month);
            self.write(&format!("{WAITING}_{month}.csv"), &format!("{text}{staying}"));
        }
    }

    /// Lays measures over the program's own that are wrong in one respect.
    fn spoil(&self, file: &str, right: &str, wrong: &str) {
        let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/coverage").join(file);
        let text = fs::read_to_string(own).unwrap();
        assert!(text.contains(right), "{right} is not in {file}");
        let folder = self.folder.path().join(WRONG).join("coverage");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(file), text.replace(right, wrong)).unwrap();
    }

    /// The figures that a command of the program makes of all files, with these arguments and the program's own rules or
    /// wrong ones.
    fn figures(&self, command: &str, arguments: &[&str], rules: Rules) -> Figures {
        let files: Vec<&str> = self.files.iter().map(String::as_str).collect();
        let rules: &[&str] = if rules == Rules::Own { &[] } else { &["--rules", WRONG] };
        let arguments = [&[command], files.as_slice(), arguments, rules].concat();
        let said = support::run(self.folder.path(), &arguments);
        // A check finds fault with contacts that are filled in strange ways.
        assert!(said.code == 0 || (command == "qa" && said.code == 1), "{}", said.err);
        Figures::read(&self.folder.path().join("figures.csv"))
    }
}

/// Which measures are to be made.
#[derive(Clone, Copy, PartialEq)]
enum Rules {
    Own,
    /// Those of [`Deliveries::spoil`].
    Wrong,
}

/// The folder of wrong measures.
const WRONG: &str = "wrong";

/// A figure as the program writes it.
#[derive(Clone, Debug)]
struct Figure {
    numerator: f64,
    denominator: f64,
    value: Option<u64>,
    value_before: Option<u64>,
    change: String,
}

/// What a figure is about: measure, county code (none for the country), year, group, variable.
type Key = [String; 5];

/// The figures of whole years.
struct Figures {
    figures: BTreeMap<Key, Figure>,
    /// Collection, county code and year of what was delivered.
    delivered: BTreeSet<[String; 3]>,
}

impl Figures {
    fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap();
        let mut reader =
            csv::ReaderBuilder::new().delimiter(b';').from_reader(text.trim_start_matches('\u{feff}').as_bytes());
        let header = reader.headers().unwrap().clone();
        let column = |name: &str| header.iter().position(|column| column == name).unwrap();
        let key = ["measure", "lanskod", "period", "group", "variable"].map(column);
        let [category, suppressed, change] = ["category", "suppressed", "change"].map(column);
        let amounts = ["numerator", "denominator"].map(column);
        let values = ["value", "value_before"].map(column);
        let (mut figures, mut delivered) = (BTreeMap::new(), BTreeSet::new());
        for row in reader.records() {
            let row = row.unwrap();
            let key = key.map(|column| row[column].to_owned());
            if key[2].contains('-') {
                continue;
            }
            if !row[category].is_empty() {
                if let Some(collection) = key[0].strip_prefix("bortfall_") {
                    delivered.insert([collection.to_owned(), key[1].clone(), key[2].clone()]);
                }
                continue;
            }
            assert_eq!(&row[suppressed], "false");
            let amount = |cell: &str| cell.replace(',', ".").parse().unwrap_or(0.0);
            let [numerator, denominator] = amounts.map(|column| amount(&row[column]));
            let [value, value_before] = values.map(|column| row[column].parse().ok());
            let figure = Figure { numerator, denominator, value, value_before, change: row[change].to_owned() };
            assert!(figures.insert(key, figure).is_none(), "one figure of {row:?}");
        }
        Self { figures, delivered }
    }

    fn get(&self, key: [&str; 5]) -> &Figure {
        self.figures.get(&key.map(str::to_owned)).unwrap_or_else(|| panic!("no figure of {key:?}"))
    }
}

/// How many of `records` are filled so that the rate is `percent` when rounded and stays clear of the half: the fewest or
/// the most.
fn filled(records: u64, percent: u64, most: bool) -> u64 {
    let is_right = |count: &u64| (200 * count).abs_diff(2 * percent * records) < records;
    let mut counts = (0..=records).filter(is_right);
    let found = if most { counts.next_back() } else { counts.next() };
    found.unwrap_or_else(|| panic!("of {records} records none are {percent} %"))
}

/// One of the published tables of reporting rates.
struct Rates {
    file: &'static str,
    measure: &'static str,
    command: &'static str,
    n_variables: usize,
}

const TABLES: [Rates; 3] = [
    Rates {
        file: "published_tabell2.csv",
        measure: "inrapporteringsgrad_primarvard",
        command: "coverage",
        n_variables: 10,
    },
    Rates {
        file: "published_tabell3.csv",
        measure: "inrapporteringsgrad_vantande",
        command: "coverage",
        n_variables: 9,
    },
    Rates { file: "published_tabell4.csv", measure: "inrapporteringsgrad_genomforda", command: "qa", n_variables: 12 },
];

/// What is counted in phases 1–3 only.
const TARGET_DATE: &str = "medicinskt_maldatum";
/// Of what less is better.
const DEVIATION: &str = "avvikelse";

/// From region, variable and year to a percentage.
type Percentages = BTreeMap<(String, String), [u64; 2]>;

impl Rates {
    /// 2021 and 2022, as published.
    fn percentages(&self) -> Percentages {
        let rows = published(self.file);
        let cells = rows.iter().map(|row| {
            let percentages = YEARS.map(|year| row[&format!("pct_{year}")].parse().unwrap());
            ((row["region"].clone(), row["variable_id"].clone()), percentages)
        });
        let cells: Percentages = cells.collect();
        assert_eq!((cells.len(), rows.len()), (21 * self.n_variables, 21 * self.n_variables));
        cells
    }

    fn deliveries(&self) -> Deliveries {
        let percentages = self.percentages();
        let mut deliveries = Deliveries::new();
        let regions = regions();
        // What each region reports of a year: from variable to percentage, and no two have as many records.
        let years = || {
            regions.iter().zip(0..).flat_map(|(region, index)| {
                let of_region = percentages.range((region.name.clone(), String::new())..);
                let of_region: Vec<_> = of_region.take_while(|((name, _), _)| *name == region.name).collect();
                assert_eq!(of_region.len(), self.n_variables, "{}", region.name);
                [0, 1].map(|year| {
                    let wanted: Vec<(&str, u64)> =
                        of_region.iter().map(|((_, id), values)| (id.as_str(), values[year])).collect();
                    (region, year, 101 + 2 * index + 44 * year as u64, wanted)
                })
            })
        };
        match self.file {
            "published_tabell2.csv" => {
                for model in [BASIC_MODEL, ENTRY_MODEL] {
                    let of_model = years().filter(|(region, ..)| region.primary_care == model);
                    let blocks: Vec<Block> = of_model
                        .flat_map(|(region, year, records, wanted)| {
                            primary_care(&region.name, YEARS[year], records, &wanted)
                        })
                        .collect();
                    deliveries.completed(model, &blocks);
                }
            }
            "published_tabell3.csv" => {
                for (year, name) in YEARS.into_iter().enumerate() {
                    let months = ["03", "10"].map(|month| format!("{name}-{month}"));
                    let months = [months[0].as_str(), months[1].as_str()];
                    let of_year = years().filter(|(_, of, ..)| *of == year);
                    let (mut staying, mut leaving) = (Vec::new(), Vec::new());
                    for (region, _, records, wanted) in of_year {
                        for phase in phases(records, &wanted) {
                            waiting(&region.name, months, &phase, &mut staying, &mut leaving);
                        }
                    }
                    deliveries.waiting(&months, &staying, &leaving);
                }
            }
            _ => {
                let blocks: Vec<Block> = years()
                    .flat_map(|(region, year, records, wanted)| {
                        let of_phase = move |phase: Phase| {
                            let month = format!("{}-{:02}", YEARS[year], 2 * phase.code);
                            let block =
                                Block::new(&region.name, &month, phase.records).with("fas", phase.code.to_string());
                            phase
                                .filled
                                .iter()
                                .fold(block, |block, (id, k)| block.with(&format!("filled:{id}"), k.to_string()))
                        };
                        phases(records, &wanted).into_iter().map(of_phase)
                    })
                    .collect();
                deliveries.completed(COMPLETED, &blocks);
            }
        }
        deliveries
    }

    /// What the program makes of the deliveries.
    fn figures(&self, deliveries: &Deliveries, rules: Rules) -> Figures {
        // The delivery date is of the check alone.
        let command: &[&str] = match self.command {
            "qa" => &["--figures", "csv=figures.csv", "--format", "json=check.json", "--delivery-date", "2023-03-12"],
            _ => &["--format", "csv=figures.csv"],
        };
        deliveries.figures(self.command, &[command, &["--measure", self.measure, "--quiet"]].concat(), rules)
    }

    /// What the program makes of the deliveries as it is, and with each of [`WRONG_RATES`].
    fn run(&self) -> Run {
        let deliveries = self.deliveries();
        let right = self.figures(&deliveries, Rules::Own);
        let spoilt = |(right, wrong): (&str, &str)| {
            deliveries.spoil("inrapporteringsgrad.yaml", right, wrong);
            self.figures(&deliveries, Rules::Wrong)
        };
        Run { right, wrong: WRONG_RATES.map(spoilt).into() }
    }

    /// What is not as published.
    fn mismatches(&self, figures: &Figures) -> Vec<String> {
        let mut wrong = Vec::new();
        let codes: BTreeMap<String, String> = regions().into_iter().map(|region| (region.name, region.code)).collect();
        for ((region, variable), [before, now]) in self.percentages() {
            let [then, figure] =
                YEARS.map(|year| figures.get([self.measure, &codes[&region], year, "", variable.as_str()]));
            let found = (then.value, figure.value_before, figure.value, figure.change.as_str());
            let expected = (Some(before), Some(before), Some(now), change(&variable, before, now));
            if found != expected {
                wrong.push(format!("{}: {region}: {variable}: {found:?}, published {expected:?}", self.measure));
            }
        }
        wrong
    }
}

/// How the program says what became of a published percentage.
fn change(variable: &str, before: u64, now: u64) -> &'static str {
    match (now.cmp(&before), variable == DEVIATION) {
        (std::cmp::Ordering::Equal, _) => "same",
        (std::cmp::Ordering::Greater, false) => "up_better",
        (std::cmp::Ordering::Greater, true) => "up_worse",
        (std::cmp::Ordering::Less, false) => "down_worse",
        (std::cmp::Ordering::Less, true) => "down_better",
    }
}

/// Contacts with the guarantee and without, each in its month; where few are filled, all are of one kind.
fn primary_care(region: &str, year: &str, records: u64, wanted: &[(&str, u64)]) -> Vec<Block> {
    let with_guarantee = records * 2 / 5;
    let mut blocks =
        [("02", with_guarantee, "1"), ("11", records - with_guarantee, "2")].map(|(month, records, code)| {
            Block::new(region, &format!("{year}-{month}"), records).with("vardgarantipatient", code)
        });
    for (index, (id, percent)) in wanted.iter().enumerate() {
        let mut left = filled(records, *percent, index % 2 == 0);
        for place in if index % 3 == 0 { [0, 1] } else { [1, 0] } {
            let here = left.min(blocks[place].records);
            left -= here;
            blocks[place].stated.insert(format!("filled:{id}"), here.to_string());
        }
    }
    blocks.into()
}

/// The contacts of a phase in specialised care, and in how many each variable is filled.
struct Phase {
    code: usize,
    records: u64,
    filled: Vec<(String, u64)>,
}

/// Phases 1 to 3 with so many records in all, and more of phases 4 and 5. Where few are filled, all are of one phase;
/// what is not to be counted is filled the opposite way.
fn phases(records: u64, wanted: &[(&str, u64)]) -> Vec<Phase> {
    let (second, third) = (records / 3, records / 4);
    let sizes = [records - second - third, second, third, records / 4, records / 5];
    let mut phases: Vec<Phase> =
        sizes.into_iter().zip(1..).map(|(records, code)| Phase { code, records, filled: Vec::new() }).collect();
    for (index, (id, percent)) in wanted.iter().enumerate() {
        let counted = if *id == TARGET_DATE { 3 } else { 4 };
        let order: Vec<usize> = if index % 2 == 0 { (0..counted).rev().collect() } else { (0..counted).collect() };
        let mut left = filled(sizes[..counted].iter().sum(), *percent, index % 2 == 0);
        for place in order {
            let here = left.min(sizes[place]);
            left -= here;
            phases[place].filled.push(((*id).to_owned(), here));
        }
        for phase in &mut phases[counted..] {
            phase.filled.push(((*id).to_owned(), if *percent > 50 { 0 } else { phase.records }));
        }
    }
    phases
}

/// A phase's records over two months: a half are contacts that are in both, and those are filled before others.
fn waiting(region: &str, months: [&str; 2], phase: &Phase, staying: &mut Vec<Block>, leaving: &mut Vec<Block>) {
    let stay = phase.records / 4;
    let leave = phase.records - 2 * stay;
    let sizes = [stay, leave * 2 / 3, leave - leave * 2 / 3];
    let mut blocks: Vec<Block> = [months[0], months[0], months[1]]
        .into_iter()
        .zip(sizes)
        .map(|(month, records)| Block::new(region, month, records).with("fas", phase.code.to_string()))
        .collect();
    for (id, count) in &phase.filled {
        let stay = stay.min(count / 2);
        let first = sizes[1].min(count - 2 * stay);
        for (block, here) in blocks.iter_mut().zip([stay, first, count - 2 * stay - first]) {
            block.stated.insert(format!("filled:{id}"), here.to_string());
        }
    }
    leaving.extend(blocks.drain(1..));
    staying.extend(blocks);
}

/// What is right in the measures, and what is put in its place.
const WRONG_RATES: [(&str, &str); 3] = [
    // Phase 5 counted, too; the target date counted in phase 4, too; fewer deviations taken to be worse.
    ("fas <> '5'", "fas IN ('1', '2', '3', '4', '5')"),
    ("fas IN ('1', '2', '3')", "fas IN ('1', '2', '3', '4')"),
    ("reversed: [avvikelse]", "reversed: []"),
];

/// What the program makes of deliveries.
struct Run {
    right: Figures,
    /// With wrong measures.
    wrong: Vec<Figures>,
}

/// Of each of [`TABLES`].
static TABLE_RUNS: LazyLock<[Run; 3]> = LazyLock::new(|| TABLES.each_ref().map(Rates::run));

#[test]
fn the_published_reporting_rates_come_out_again() {
    let (mut n_cells, mut wrong) = (0, Vec::new());
    for (table, run) in TABLES.iter().zip(TABLE_RUNS.iter()) {
        wrong.extend(table.mismatches(&run.right));
        n_cells += table.percentages().len();
        // No two have as many records.
        let figures = run.right.figures.iter();
        let of_regions = figures.filter(|(key, _)| !key[1].is_empty() && key[4] == TARGET_DATE);
        let denominators: BTreeSet<String> = of_regions.map(|(_, figure)| figure.denominator.to_string()).collect();
        assert_eq!(denominators.len(), 42, "{}", table.measure);
    }
    assert_eq!(n_cells, 651, "cells of two years each");
    assert!(wrong.is_empty(), "{} mismatches:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn wrong_filters_would_show_in_every_reporting_rate() {
    // In primary care there is nothing to leave out.
    for (table, run) in TABLES.iter().zip(TABLE_RUNS.iter()).skip(1) {
        let variables: BTreeSet<String> = table.percentages().into_keys().map(|(_, variable)| variable).collect();
        let changed = table.percentages().into_iter().filter(|((_, id), [a, b])| id == DEVIATION && a != b).count();
        let [phase_5, phase_4, direction] = [0, 1, 2].map(|number| {
            let mut counts: BTreeMap<String, usize> = BTreeMap::new();
            for line in table.mismatches(&run.wrong[number]) {
                *counts.entry(line.split(": ").nth(2).unwrap().to_owned()).or_default() += 1;
            }
            counts
        });
        let all_but_one = variables.into_iter().filter(|id| id != TARGET_DATE);
        assert_eq!(phase_5, all_but_one.map(|id| (id, 21)).collect());
        assert_eq!(phase_4, [(TARGET_DATE.to_owned(), 21)].into());
        assert_eq!(direction, [(DEVIATION.to_owned(), changed)].into());
    }
}
