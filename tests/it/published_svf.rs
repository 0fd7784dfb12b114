//! The published table of cancer pathways comes out again: inclusion and lead time of the country and 21 regions, for 2024
//! and the first half of 2025, from deliveries of events and a table of estimates.
//!
//! The numbers of cases are made up: whole numbers whose rounded shares are those published, and whose sums give the
//! country's. The deliveries also hold what would spoil a figure if it were counted: cases that were closed or moved, of
//! serious unspecific symptoms, without a known limit, and of other periods.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use crate::support;

/// A row of a published file, by the names of its columns.
type Row = BTreeMap<String, String>;

fn rows(file: &str, delimiter: u8) -> Vec<Row> {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
    table(&text, delimiter)
}

fn table(text: &str, delimiter: u8) -> Vec<Row> {
    let text = text.trim_start_matches('\u{feff}');
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).comment(Some(b'#')).from_reader(text.as_bytes());
    reader.deserialize().map(|row| row.unwrap()).collect()
}

/// One of the two periods of the table.
struct Period {
    name: &'static str,
    months: &'static [&'static str],
    inclusion: &'static str,
    lead_time: &'static str,
    /// Of the estimate, in tenths: how many are treated with a known limit where lead times are short.
    share_of_short: u64,
}

const PERIODS: [Period; 2] = [
    Period {
        name: "2024",
        months: &["2024-01", "2024-02", "2024-05", "2024-06", "2024-09", "2024-12"],
        inclusion: "inclusion_2024",
        lead_time: "leadtime_2024",
        share_of_short: 7,
    },
    Period {
        name: "2025h1",
        months: &["2025-01", "2025-03", "2025-06"],
        inclusion: "inclusion_2025h1",
        lead_time: "leadtime_2025h1",
        share_of_short: 5,
    },
];

/// What a region's cases of one period are made of.
#[derive(Clone, Debug)]
struct Numbers {
    code: String,
    estimate: u64,
    included: u64,
    treated: u64,
    in_time: u64,
}

/// The least and the largest count whose share of `of` is rounded to `per_cent`, halves upwards; a share that is
/// published as the target reaches it.
fn window(per_cent: u64, of: u64, target: u64) -> (u64, u64) {
    let is_shown = |count: &u64| (200 * count + of) / (2 * of) == per_cent;
    let fits = |count: &u64| is_shown(count) && (per_cent != target || 100 * count >= target * of);
    let fitting: Vec<u64> = (0..=of).filter(fits).collect();
    (fitting[0], fitting[fitting.len() - 1])
}

/// Raises counts from the least within their windows until their sum's share is rounded to `per_cent`.
fn fill(windows: &[(u64, u64)], of: u64, per_cent: u64) -> Vec<u64> {
    let mut counts: Vec<u64> = windows.iter().map(|(least, _)| *least).collect();
    let (wanted, _) = window(per_cent, of, u64::MAX);
    // A little into what is rounded to it, so that a case too many or too few is not what decides.
    let mut lacking = (wanted + of / 1_000).saturating_sub(counts.iter().sum());
    for (count, (_, most)) in counts.iter_mut().zip(windows) {
        let more = lacking.min(most - *count);
        (*count, lacking) = (*count + more, lacking - more);
    }
    assert_eq!(lacking, 0, "no whole numbers give {per_cent} %");
    counts
}

fn number(row: &Row, column: &str) -> u64 {
    row[column].parse().unwrap()
}

fn numbers(period: &Period) -> Vec<Numbers> {
    let published = rows("testdata/published/published_svf.csv", b',');
    let codes: BTreeMap<String, String> = rows("testdata/published/regions.csv", b',')
        .into_iter()
        .map(|row| (row["name_sv"].clone(), row["lanskod"].clone()))
        .collect();
    let population: BTreeMap<String, u64> = rows("schemas/reference/folkmangd_scb.csv", b',')
        .into_iter()
        .filter(|row| row["ar"] == "2024")
        .map(|row| (row["lanskod"].clone(), number(&row, "folkmangd")))
        .collect();
    let (country, regions) = published.split_first().unwrap();
    assert_eq!((country["region"].as_str(), regions.len()), ("Riket", 21));
    let mut made: Vec<Numbers> = Vec::new();
    for row in regions {
        let code = codes[&row["region"]].clone();
        // Cancer is not as frequent everywhere: more of it where fewer are included gives the country's share.
        let weight = if number(row, period.inclusion) < number(country, period.inclusion) { 12 } else { 10 };
        let estimate = (population[&code] * weight / 15_000).max(300);
        made.push(Numbers { code, estimate, included: 0, treated: 0, in_time: 0 });
    }
    let sum = |of: &dyn Fn(&Numbers) -> u64, made: &[Numbers]| -> u64 { made.iter().map(of).sum() };
    let windows: Vec<(u64, u64)> =
        regions.iter().zip(&made).map(|(row, one)| window(number(row, period.inclusion), one.estimate, 70)).collect();
    let estimates = sum(&|one| one.estimate, &made);
    for (one, count) in made.iter_mut().zip(fill(&windows, estimates, number(country, period.inclusion))) {
        one.included = count;
    }
    for (row, one) in regions.iter().zip(&mut made) {
        let is_short = number(row, period.lead_time) > number(country, period.lead_time);
        one.treated = (one.included * if is_short { period.share_of_short } else { 7 } / 10).max(100);
    }
    let windows: Vec<(u64, u64)> =
        regions.iter().zip(&made).map(|(row, one)| window(number(row, period.lead_time), one.treated, 80)).collect();
    let treated = sum(&|one| one.treated, &made);
    for (one, count) in made.iter_mut().zip(fill(&windows, treated, number(country, period.lead_time))) {
        one.in_time = count;
    }
    made
}

/// A delivery of cases in the making, each its first event and its last.
struct Cases {
    text: String,
    number: u32,
}

const HEADER: &str = "region;forlopps_id;kva_kod;handelsedatum;alder;kon;hemlan;overflyttad\n";

/// How a case ended.
enum End {
    Treated(&'static str),
    Expectant,
    Closed(&'static str),
    Moved,
}

impl Cases {
    fn add(&mut self, region: &str, svf: &str, month: &str, days: i64, end: &End) {
        self.number += 1;
        let ended: jiff::civil::Date = format!("{month}-{:02}", 1 + self.number % 28).parse().unwrap();
        let started = ended.saturating_sub(jiff::Span::new().days(days));
        let last = match end {
            End::Treated(code) | End::Closed(code) => (*code).to_owned(),
            End::Expectant => format!("{svf}60"),
            End::Moved => format!("{svf}90"),
        };
        let number = self.number;
        for (code, day) in [(format!("{svf}10"), started), (last, ended)] {
            writeln!(self.text, "{region};F{number};{code};{day};61;2;{region};NEJ").unwrap();
        }
    }

    /// The limit of breast cancer was 28 days until 2024-01-23, then 35; cases are exactly at it, or one day over.
    fn region(&mut self, numbers: &Numbers, months: &[&str]) {
        let region = numbers.code.as_str();
        for index in 0..numbers.included {
            let month = months[usize::try_from(index).unwrap() % months.len()];
            if index >= numbers.treated {
                match index % 3 {
                    0 => self.add(region, "VG9", month, 20, &End::Expectant),
                    1 => self.add(region, "VJ1", month, 70, &End::Treated("VJ150")),
                    _ => self.add(region, "VC0", month, 10, &End::Treated("VC054")),
                }
                continue;
            }
            let is_early = month == "2024-01" && (self.number + 1) % 28 < 23;
            let limit = if is_early { 28 } else { 35 };
            let days = if index < numbers.in_time { limit } else { limit + 1 };
            self.add(region, "VG9", month, days, &End::Treated(if index % 2 == 0 { "VG950" } else { "VG952" }));
        }
        for month in months {
            self.add(region, "VG9", month, 5, &End::Closed("VG978"));
            self.add(region, "VG9", month, 5, &End::Moved);
            self.add(region, "VP8", month, 5, &End::Expectant);
        }
        self.add(region, "VG9", "2023-12", 5, &End::Treated("VG950"));
        self.add(region, "VG9", "2025-07", 5, &End::Treated("VG950"));
    }
}

struct World {
    folder: tempfile::TempDir,
    files: Vec<String>,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut estimates = "lanskod;period;svf;antal\n".to_owned();
        let mut of_regions: BTreeMap<String, Cases> = BTreeMap::new();
        for period in &PERIODS {
            for numbers in numbers(period) {
                let (code, half) = (&numbers.code, numbers.estimate / 2);
                writeln!(estimates, "{code};{};VG9;{half}", period.name).unwrap();
                writeln!(estimates, "{code};{};VC0;{}", period.name, numbers.estimate / 4).unwrap();
                let rest = numbers.estimate - half - numbers.estimate / 4;
                writeln!(estimates, "{code};{};VJ1;{rest}", period.name).unwrap();
                let cases =
                    of_regions.entry(code.clone()).or_insert_with(|| Cases { text: HEADER.to_owned(), number: 0 });
                cases.region(&numbers, period.months);
            }
        }
        fs::write(folder.path().join("skattning.csv"), estimates).unwrap();
        let mut files = Vec::new();
        for (code, cases) in of_regions {
            let name = format!("svf_{code}.csv");
            fs::write(folder.path().join(&name), cases.text).unwrap();
            files.push(name);
        }
        Self { folder, files }
    }

    fn figures(&self, arguments: &[&str]) -> Vec<Row> {
        let common =
            ["coverage", "--period", "2024-01..2025-06", "--estimates", "skattning.csv", "--format", "csv", "--quiet"];
        let said = support::run(self.folder.path(), &[&common, arguments].concat());
        assert_eq!((said.code, said.err.as_str()), (0, ""));
        table(&said.out, b';')
    }
}

static WORLD: LazyLock<World> = LazyLock::new(World::new);
static FIGURES: LazyLock<Vec<Row>> = LazyLock::new(|| {
    let files: Vec<&str> = WORLD.files.iter().map(String::as_str).collect();
    WORLD.figures(&files)
});

/// The figure of a measure, place and period, all pathways together.
fn figure<'f>(figures: &'f [Row], measure: &str, place: &str, period: &str) -> &'f Row {
    let found: Vec<&Row> = figures
        .iter()
        .filter(|row| row["measure"] == measure && row["period"] == period && row["breakdown"] == "total")
        .filter(|row| if place.len() == 2 { row["lanskod"] == place } else { row["region"] == place })
        .collect();
    assert_eq!(found.len(), 1, "{measure} {place} {period}");
    found[0]
}

#[test]
fn the_published_table_comes_out_again() {
    let mut found = String::from("region,inclusion_2024,inclusion_2025h1,leadtime_2024,leadtime_2025h1\n");
    let codes: BTreeMap<String, String> = rows("testdata/published/regions.csv", b',')
        .into_iter()
        .map(|row| (row["name_sv"].clone(), row["lanskod"].clone()))
        .collect();
    for row in rows("testdata/published/published_svf.csv", b',') {
        let place = codes.get(&row["region"]).map_or("Riket", String::as_str);
        let value = |measure: &str, period: &str| figure(&FIGURES, measure, place, period)["value"].clone();
        let values = [
            value("inklusion_svf", "2024"),
            value("inklusion_svf", "2025h1"),
            value("ledtid_svf", "2024"),
            value("ledtid_svf", "2025h1"),
        ];
        writeln!(found, "{},{}", row["region"], values.join(",")).unwrap();
    }
    let published = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/published/published_svf.csv");
    assert_eq!(found, fs::read_to_string(published).unwrap());
}

#[test]
fn eighteen_of_twenty_one_regions_reach_the_target_of_inclusion() {
    let of = |measure: &str, period: &str| -> Vec<&Row> {
        let rows = FIGURES.iter().filter(|row| row["measure"] == measure && row["period"] == period);
        rows.filter(|row| row["breakdown"] == "total" && row["place"] == "region").collect()
    };
    let inclusion = of("inklusion_svf", "2025h1");
    let not: Vec<&str> =
        inclusion.iter().filter(|row| row["reached"] == "false").map(|row| row["region"].as_str()).collect();
    assert_eq!((inclusion.len(), not), (21, vec!["Region Halland", "Region Gävleborg", "Region Västerbotten"]));
    assert!(of("ledtid_svf", "2024").iter().all(|row| row["reached"] == "false" && row["target_value"] == "80"));
}

#[test]
fn every_regional_cancer_centre_is_the_sum_of_its_regions_and_halland_is_under_syd() {
    let centres: Vec<Row> = rows("schemas/codelists/lanskod.csv", b',');
    for (measure, column) in
        [("inklusion_svf", "numerator"), ("inklusion_svf", "denominator"), ("ledtid_svf", "numerator")]
    {
        for period in ["2024", "2025h1"] {
            let mut sums: BTreeMap<&str, u64> = BTreeMap::new();
            for row in &centres {
                *sums.entry(&row["rcc"]).or_default() +=
                    number(figure(&FIGURES, measure, &row["code"], period), column);
            }
            assert_eq!(sums.len(), 6);
            let country: u64 = sums.values().sum();
            assert_eq!(number(figure(&FIGURES, measure, "Riket", period), column), country);
            for (centre, sum) in sums {
                assert_eq!(number(figure(&FIGURES, measure, centre, period), column), sum, "{centre}");
            }
        }
    }
    assert_eq!(centres.iter().find(|row| row["code"] == "13").unwrap()["rcc"], "RCC Syd");
    assert_eq!(figure(&FIGURES, "inklusion_svf", "RCC Syd", "2024")["regions"], "4");
}

#[test]
fn cases_without_a_known_limit_are_counted_beside_and_named() {
    let row = figure(&FIGURES, "ledtid_svf", "Riket", "2024");
    let without: u64 = numbers(&PERIODS[0])
        .iter()
        .map(|one| (one.treated..one.included).filter(|index| index % 3 != 0).count() as u64)
        .sum();
    assert_eq!((number(row, "undecided"), without > 0), (without, true));
    let files: Vec<&str> = WORLD.files.iter().map(String::as_str).collect();
    let arguments = ["coverage", "--period", "2024", "--measure", "ledtid_svf", "--lang", "en", "--quiet"];
    let said = support::run(WORLD.folder.path(), &[&arguments, files.as_slice()].concat());
    assert!(said.out.contains("Could not be judged, records by code: VJ150 ("), "{}", said.out);
}

#[test]
fn the_same_table_comes_out_of_tallies_that_regions_made_themselves() {
    let folder = WORLD.folder.path();
    let mut tallies = Vec::new();
    for (index, files) in WORLD.files.chunks(8).enumerate() {
        let tally = format!("del{index}.parquet");
        let fixed = ["coverage", "--measure", "ledtid_svf", "--save-tally", &tally, "--quiet", "--output", "del.txt"];
        let files: Vec<&str> = files.iter().map(String::as_str).collect();
        let said = support::run(folder, &[&fixed, files.as_slice()].concat());
        assert_eq!((said.code, said.err.as_str()), (0, ""));
        tallies.push(tally);
    }
    let mut merge: Vec<&str> = vec!["merge"];
    merge.extend(tallies.iter().map(String::as_str));
    merge.extend(["--output", "riket.parquet"]);
    assert_eq!(support::run(folder, &merge).code, 0);
    assert!(WORLD.figures(&["--tally", "riket.parquet"]) == *FIGURES);
}
