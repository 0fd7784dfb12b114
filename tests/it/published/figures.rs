//! Figures 7–17, and what the text says around the tables.
//!
//! Of each region and year deliveries are made in which all that is published of them holds at once; what is not
//! published is filled in ([`country`]). Then every row of the file is put to the program's figures. Rows that cannot be
//! are listed in [`UNTESTABLE`], those that cannot hold in [`CONTRADICTORY`]; no other may be left, and none may be listed
//! that holds.

mod country;

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::sync::LazyLock;

use super::{
    BASIC_MODEL, DEVIATION, ENTRY_MODEL, Figure, Figures, Published, Region, Rules, Run, TABLE_RUNS, TABLES, YEARS,
    published, regions,
};

const PER_1000_PRIMARY: &str = "kontakter_per_1000_primarvard";
const PER_1000_WAITING: &str = "kontakter_per_1000_vantande";
const PER_1000_COMPLETED: &str = "kontakter_per_1000_genomforda";
const DOCTORS: &str = "lakarkontakter_mot_patientregistret";
const SHARE_PRIMARY: &str = "vardgaranti_andel_primarvard";
const GUARANTEE_PRIMARY: &str = "vardgaranti_per_1000_primarvard";
/// Of phases 1 and 2.
const SHARE_WAITING: [&str; 2] = ["vardgaranti_andel_vantande_fas1", "vardgaranti_andel_vantande_fas2"];
const GUARANTEE_WAITING: [&str; 2] = ["vardgaranti_per_1000_vantande_fas1", "vardgaranti_per_1000_vantande_fas2"];
const SHARE_COMPLETED: [&str; 2] = ["vardgaranti_andel_genomforda_fas1", "vardgaranti_andel_genomforda_fas2"];
const GUARANTEE_COMPLETED: [&str; 2] = ["vardgaranti_per_1000_genomforda_fas1", "vardgaranti_per_1000_genomforda_fas2"];

const OWN_STATEMENT: &str = "the region's own statement of its coverage; how it was worked out is not said";
const TARGET: &str = "a target or time limit that was set, no figure of what was reported";
const HEARING_AIDS: &str = "no measure divides by procedure, and the region has it from its own sources";

/// Rows about something that the program has no measure of: figure, measure, region, and why.
const UNTESTABLE: [(&str, &str, &str, &str); 14] = [
    ("7", "egen_uppgift_tackningsgrad", "Gävleborg", OWN_STATEMENT),
    ("7", "egen_uppgift_tackningsgrad", "Blekinge", OWN_STATEMENT),
    ("bilaga 3 tabell 3", "egen_uppgift_tackningsgrad", "Västmanland", OWN_STATEMENT),
    ("bilaga 3 tabell 3", "egen_uppgift_tackningsgrad", "Jönköpings län", OWN_STATEMENT),
    ("bilaga 3 tabell 3", "tackningsgrad_vantande_bup", "Stockholm", OWN_STATEMENT),
    ("9", "privata_vardgivares_andel_av_besok", "Skåne", "no measure divides by provider"),
    ("14", "regionalt_mal_vard_inom_dagar", "Stockholm", TARGET),
    ("14", "regionalt_mal_vard_inom_dagar", "Halland", TARGET),
    ("15", "andel_vantande_fas2_horapparatprovning", "Jämtland Härjedalen", HEARING_AIDS),
    ("15", "andel_vantande_over_90d_fas2_horapparatprovning", "Jämtland Härjedalen", HEARING_AIDS),
    ("15", "regionalt_incitament_vardgaranti_inom_dagar", "Stockholm", TARGET),
    ("överenskommelsen", "svarsfrekvens_per_manad", "alla regioner", TARGET),
    ("överenskommelsen", "frist_genomforda_efter_manadens_slut", "alla regioner", TARGET),
    ("fotnot 24", "frist_genomforda_efter_manadens_slut", "alla regioner", TARGET),
];

/// Rows that other published rows rule out: figure, region, year, value, and why.
const CONTRADICTORY: [(&str, &str, &str, &str, &str); 4] = [
    ("8", "Gotland/Stockholm", "2021", "11.5", "629/53 is 11.9"),
    ("9", "Gotland/Skåne", "2022", "3.5", "2862/1293 is 2.2; 2862/817 is 3.5, but Skåne is given as 1293"),
    ("tabell 3 (text)", "alla regioner", "2022", "19", "the table has at most 13 %"),
    ("tabell 4 (text)", "alla regioner", "2022", "12", "the table has at most 11 % for 2022, and 12 % for 2021"),
];

/// A specialty of each aggregate; imaging is first and has more doctors' contacts than the register, then psychiatry.
const AREAS: [(&str, &str); 19] = [
    ("831", IMAGING),
    ("901", "Psykiatri"),
    ("931", "Barn- och ungdomspsykiatri"),
    ("011", "Övrig vård"),
    ("101", "Internmedicin (inkl. gastroenterologi)"),
    ("121", "Infektionssjukvård"),
    ("201", "Barnmedicin"),
    ("211", "Hud- och könssjukvård"),
    ("221", "Neurologi"),
    ("241", "Geriatrisk vård"),
    ("301", "Kirurgi"),
    ("431", "Gynekologi och förlossningsvård"),
    ("511", "Ögonsjukvård"),
    ("521", "Öron-, näs- och halssjukvård"),
    ("551", "Habilitering och medicinsk rehabilitering"),
    ("711", "Patologi och cytologi"),
    ("741", "Tumörsjukvård"),
    ("943", "Rättspsykiatrisk regionsjukvård"),
    ("000", "Övrig specialiserad vård"),
];
const IMAGING: &str = "Bild- och funktionsdiagnostik";

/// What the program calls the measure of a row, and the variable it is of.
fn measure_of(row: &Published) -> Option<(&'static str, &'static str)> {
    let measure = row["measure"].trim_end_matches("_kvot");
    let phase = usize::from(row["breakdown"].starts_with("fas=2"));
    let measure = match (measure, row["collection"].as_str()) {
        ("vardkontakter_per_1000", "primarvard_genomforda") => PER_1000_PRIMARY,
        ("vardkontakter_per_1000", "specvard_vantande") => PER_1000_WAITING,
        ("vardkontakter_per_1000", "specvard_genomforda") => PER_1000_COMPLETED,
        ("lakarkontakter_vtdb_som_andel_av_patientregistret", "specvard_genomforda") => DOCTORS,
        ("andel_med_vardgaranti", "primarvard_genomforda") => SHARE_PRIMARY,
        ("andel_med_vardgaranti", "specvard_vantande") => SHARE_WAITING[phase],
        ("andel_med_vardgaranti", "specvard_genomforda") => SHARE_COMPLETED[phase],
        ("kontakter_med_vardgaranti_per_1000", "primarvard_genomforda") => GUARANTEE_PRIMARY,
        ("kontakter_med_vardgaranti_per_1000", "specvard_vantande") => GUARANTEE_WAITING[phase],
        ("kontakter_med_vardgaranti_per_1000", "specvard_genomforda") => GUARANTEE_COMPLETED[phase],
        ("inrapporteringsgrad_avvikelse", collection) => return Some((reporting_rate(collection), DEVIATION)),
        _ => return None,
    };
    Some((measure, ""))
}

fn reporting_rate(collection: &str) -> &'static str {
    match collection {
        "specvard_vantande" => TABLES[1].measure,
        "specvard_genomforda" => TABLES[2].measure,
        other => panic!("no table of {other}"),
    }
}

/// The years that a row is about.
fn years_of(row: &Published) -> Vec<&str> {
    YEARS.into_iter().filter(|year| row["year"].is_empty() || row["year"].contains(year)).collect()
}

/// What is right in the measures of a file, and what is put in its place.
type Spoilt = (&'static str, &'static str, &'static str);

/// Each adult psychiatry and that of children counted under the guarantee; contacts of inpatients, and of other
/// professions counted as doctors' contacts.
const WRONG_MEASURES: [[Spoilt; 2]; 2] = [
    [("vardgaranti.yaml", PSYCHIATRY, "'Barn- och ungdomspsykiatri'"), (REGISTER, " AND vardkontakt <> '91'", "")],
    [("vardgaranti.yaml", PSYCHIATRY, "'Psykiatri'"), (REGISTER, "yrkesgrupp = 'XS915' AND ", "")],
];
const PSYCHIATRY: &str = "'Psykiatri', 'Barn- och ungdomspsykiatri'";
const REGISTER: &str = "lakarkontakter_mot_patientregistret.yaml";

static RUN: LazyLock<Run> = LazyLock::new(|| {
    let deliveries = country::deliveries(&published("published_figures.csv"));
    let figures = |rules| {
        // Else the months of those waiting would be all that is looked at.
        let mut arguments = vec!["--period", "2021..2022", "--format", "csv=figures.csv", "--quiet"];
        arguments.extend(["--population", "folkmangd.csv", "--register", "register.csv"]);
        deliveries.figures("coverage", &arguments, rules)
    };
    let right = figures(Rules::Own);
    let spoilt = |measures: [Spoilt; 2]| {
        for (file, right, wrong) in measures {
            deliveries.spoil(file, right, wrong);
        }
        figures(Rules::Wrong)
    };
    Run { right, wrong: WRONG_MEASURES.map(spoilt).into() }
});

/// What becomes of a row.
enum Outcome {
    Holds,
    /// It does not, and what is there instead.
    Fails(String),
    NoMeasure,
}

/// Rows, and the figures they are put to.
struct Trial<'a> {
    rows: &'a [Published],
    regions: &'a [Region],
    /// The first that has a figure counts.
    figures: Vec<&'a Figures>,
}

impl Trial<'_> {
    fn code(&self, region: &str) -> Option<&str> {
        self.regions.iter().find(|known| known.name == region).map(|region| region.code.as_str())
    }

    fn figure(&self, row: &Published, code: &str, year: &str) -> &Figure {
        let (measure, variable) = measure_of(row).unwrap();
        let group = row["breakdown"].strip_prefix("mvo_aggregat=").unwrap_or_default();
        self.get([measure, code, year, group, variable])
    }

    fn get(&self, key: [&str; 5]) -> &Figure {
        let of_own = key.map(str::to_owned);
        let found = self.figures.iter().find_map(|figures| figures.figures.get(&of_own));
        found.unwrap_or_else(|| panic!("no figure of {key:?}"))
    }

    /// Figures of all regions in a year, those of `but` left out.
    fn all(&self, row: &Published, year: &str, but: &BTreeSet<&str>) -> Vec<&Figure> {
        let others = self.regions.iter().filter(|region| !but.contains(region.name.as_str()));
        others.map(|region| self.figure(row, &region.code, year)).collect()
    }

    fn put(&self, row: &Published) -> Outcome {
        if let Some(outcome) = self.count_of_regions(row) {
            return outcome;
        }
        if row["measure"] == "lakarkontakter_patientregistret_2022_mot_2021" {
            let [before, now] = YEARS.map(|year| self.get([DOCTORS, "", year, IMAGING, ""]).denominator);
            return compare(row, 100.0 * now, before);
        }
        if measure_of(row).is_none() {
            return Outcome::NoMeasure;
        }
        if row["measure"].ends_with("_kvot") {
            return self.ratio(row);
        }
        let years = years_of(row);
        assert!(!years.is_empty(), "{row:?}");
        for year in years {
            let outcome = match row["region"].as_str() {
                "Riket" if row["breakdown"].contains("alla utom") => self.other_areas(row, year),
                "Riket" => value(row, self.figure(row, "", year)),
                "alla regioner" => extreme(row, &self.all(row, year, &BTreeSet::new())),
                "övriga regioner" => {
                    let same = |other: &&Published| {
                        ["figure", "measure", "collection", "breakdown"].iter().all(|key| other[*key] == row[*key])
                    };
                    let named = self.rows.iter().filter(same).map(|other| other["region"].as_str()).collect();
                    extreme(row, &self.all(row, year, &named))
                }
                "ungefär hälften av regionerna" => self.band(row, year),
                region => {
                    let code = self.code(region).unwrap_or_else(|| panic!("no region {region}"));
                    let figure = self.figure(row, code, year);
                    // Elsewhere a named end of a range is that region's value and the least or most of all.
                    if row["comparator"].starts_with("range") && row["figure"] != "10" {
                        let is_value = figure.value.is_some_and(|value| value.to_string() == row["value"]);
                        let all = self.all(row, year, &BTreeSet::new());
                        if is_value { extreme(row, &all) } else { Outcome::Fails(format!("{:?}", figure.value)) }
                    } else {
                        value(row, figure)
                    }
                }
            };
            if !matches!(outcome, Outcome::Holds) {
                return outcome;
            }
        }
        Outcome::Holds
    }

    /// A number of regions; `None` where the row is about something else.
    fn count_of_regions(&self, row: &Published) -> Option<Outcome> {
        let doctors = |region: &Region, year| self.get([DOCTORS, &region.code, year, "", ""]);
        let changed = |region: &Region, way: Ordering| {
            let variable = row["breakdown"].strip_prefix("variabel=").unwrap();
            let figure = self.get([reporting_rate(&row["collection"]), &region.code, "2022", "", variable]);
            figure.value.cmp(&figure.value_before) == way
        };
        let reports_by = |region: &Region, model: &str| {
            let key = [model, &region.code, &row["year"]].map(str::to_owned);
            self.figures.iter().any(|figures| figures.delivered.contains(&key))
        };
        let count = |is_one: &dyn Fn(&Region) -> bool| self.regions.iter().filter(|region| is_one(region)).count();
        let n_regions = match row["measure"].as_str() {
            "antal_regioner_99_101_bada_aren" => count(&|region| {
                YEARS.iter().all(|year| doctors(region, year).value.is_some_and(|value| (99..=101).contains(&value)))
            }),
            "antal_regioner_exakt_100" => count(&|region| {
                YEARS.iter().any(|year| {
                    let figure = doctors(region, year);
                    figure.numerator.total_cmp(&figure.denominator).is_eq()
                })
            }),
            "antal_regioner_over_100" => count(&|region| {
                let figure = doctors(region, &row["year"]);
                figure.numerator > figure.denominator
            }),
            "antal_regioner_okad_inrapporteringsgrad" => count(&|region| changed(region, Ordering::Greater)),
            "antal_regioner_minskad_inrapporteringsgrad" => count(&|region| changed(region, Ordering::Less)),
            "antal_regioner_grundmodell" => count(&|region| reports_by(region, BASIC_MODEL)),
            "antal_regioner_instegsmodell" => count(&|region| reports_by(region, ENTRY_MODEL)),
            _ => return None,
        };
        Some(if n_regions.to_string() == row["value"] {
            Outcome::Holds
        } else {
            Outcome::Fails(format!("{n_regions} regions"))
        })
    }

    /// Each of some regions against each of others, by counts that are not rounded.
    fn ratio(&self, row: &Published) -> Outcome {
        let (above, below) = row["region"].split_once('/').unwrap();
        for year in years_of(row) {
            for (above, below) in above.split(", ").flat_map(|above| below.split(", ").map(move |below| (above, below)))
            {
                let [above, below] = [above, below].map(|region| {
                    let figure = self.figure(row, self.code(region).unwrap(), year);
                    figure.numerator / figure.denominator
                });
                let outcome = match row["comparator"].as_str() {
                    // At the precision stated.
                    "=" | "~" => {
                        let decimals = row["value"].split_once('.').map_or(0, |(_, decimals)| decimals.len());
                        let found = format!("{:.decimals$}", above / below);
                        if found == row["value"] { Outcome::Holds } else { Outcome::Fails(found) }
                    }
                    _ => compare(row, above, below),
                };
                if !matches!(outcome, Outcome::Holds) {
                    return outcome;
                }
            }
        }
        Outcome::Holds
    }

    /// Every aggregate of the country but imaging.
    fn other_areas(&self, row: &Published, year: &str) -> Outcome {
        for (_, aggregate) in &AREAS[1..] {
            let figure = self.get([DOCTORS, "", year, aggregate, ""]);
            if let Outcome::Fails(found) = value(row, figure) {
                return Outcome::Fails(format!("{aggregate}: {found}"));
            }
        }
        // There are no others.
        let groups =
            self.figures.iter().flat_map(|figures| figures.figures.keys()).filter(|[measure, region, of, ..]| {
                measure.as_str() == DOCTORS && region.is_empty() && of.as_str() == year
            });
        assert_eq!(groups.count(), 1 + AREAS.len());
        Outcome::Holds
    }

    /// About half of the regions are between the two ends, of which the row is one.
    fn band(&self, row: &Published, year: &str) -> Outcome {
        let end = |comparator: &str| {
            let mut rows = self.rows.iter().filter(|other| other["region"] == row["region"]);
            rows.find(|other| other["comparator"] == comparator).unwrap()["value"].parse::<u64>().unwrap()
        };
        let band = end("range_min")..=end("range_max");
        let figures = self.all(row, year, &BTreeSet::new());
        let within = figures.iter().filter(|figure| figure.value.is_some_and(|value| band.contains(&value))).count();
        if (9..=12).contains(&within) { Outcome::Holds } else { Outcome::Fails(format!("{within} regions")) }
    }
}

/// One figure against a row.
fn value(row: &Published, figure: &Figure) -> Outcome {
    let stated: u64 = row["value"].parse().unwrap();
    let Some(value) = figure.value else { return Outcome::Fails("no value".to_owned()) };
    let per = if row["unit"] == "%" { 100.0 } else { 1000.0 };
    let holds = match row["comparator"].as_str() {
        "=" => value == stated,
        // Within a tenth.
        "~" => 10 * value.abs_diff(stated) <= stated,
        "range_min" => value >= stated,
        "range_max" => value <= stated,
        _ => return compare(row, per * figure.numerator, figure.denominator),
    };
    if holds { Outcome::Holds } else { Outcome::Fails(value.to_string()) }
}

/// `above` / `below` against a bound, not rounded.
fn compare(row: &Published, above: f64, below: f64) -> Outcome {
    let bound = below * row["value"].parse::<f64>().unwrap();
    let holds = match row["comparator"].as_str() {
        "<" => above < bound,
        ">" => above > bound,
        "<=" => above <= bound,
        ">=" => above >= bound,
        other => panic!("no such comparison: {other}"),
    };
    if holds { Outcome::Holds } else { Outcome::Fails(format!("{above} / {below}")) }
}

/// The least or the most of several figures against a row.
fn extreme(row: &Published, figures: &[&Figure]) -> Outcome {
    assert!(figures.len() > 10 && figures.iter().all(|figure| figure.value.is_some()));
    let values = figures.iter().filter_map(|figure| figure.value);
    let found = match row["comparator"].as_str() {
        "range_min" => values.min(),
        "range_max" => values.max(),
        other => panic!("no end of a range: {other}"),
    };
    let found = found.map_or_else(String::new, |value| value.to_string());
    if found == row["value"] { Outcome::Holds } else { Outcome::Fails(found) }
}

fn is_untestable(row: &Published, of: &(&str, &str, &str, &str)) -> bool {
    (row["figure"].as_str(), row["measure"].as_str(), row["region"].as_str()) == (of.0, of.1, of.2)
}

fn is_contradictory(row: &Published, of: &(&str, &str, &str, &str, &str)) -> bool {
    ["figure", "region", "year", "value"].map(|key| row[key].as_str()) == [of.0, of.1, of.2, of.3]
}

#[test]
fn the_published_figures_come_out_again() {
    let (rows, regions) = (published("published_figures.csv"), regions());
    // What is said of the tables is put to the tables, and not to the same rates of other deliveries.
    let tables = TABLE_RUNS.iter().map(|run| &run.right);
    let trial = Trial { rows: &rows, regions: &regions, figures: tables.chain([&RUN.right]).collect() };
    let (mut n_holding, mut n_listed, mut wrong) = (0, 0, Vec::new());
    for row in &rows {
        let untestable = UNTESTABLE.iter().any(|of| is_untestable(row, of));
        let contradictory = CONTRADICTORY.iter().any(|of| is_contradictory(row, of));
        match (trial.put(row), untestable, contradictory) {
            (Outcome::Holds, false, false) => n_holding += 1,
            (Outcome::NoMeasure, true, false) | (Outcome::Fails(_), false, true) => n_listed += 1,
            (Outcome::Holds, ..) => wrong.push(format!("holds, but is listed: {row:?}")),
            (Outcome::Fails(found), ..) => wrong.push(format!("{found}: {row:?}")),
            (Outcome::NoMeasure, ..) => wrong.push(format!("neither tested nor listed: {row:?}")),
        }
    }
    let lost = UNTESTABLE.iter().filter(|of| !rows.iter().any(|row| is_untestable(row, of)));
    wrong.extend(lost.map(|of| format!("listed, but no row: {of:?}")));
    let lost = CONTRADICTORY.iter().filter(|of| !rows.iter().any(|row| is_contradictory(row, of)));
    wrong.extend(lost.map(|of| format!("listed, but no row: {of:?}")));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!((n_holding, n_listed), (118, 19));
}

#[test]
fn wrong_exclusions_would_show_in_the_figures() {
    let (rows, regions) = (published("published_figures.csv"), regions());
    let guarantee = [SHARE_WAITING, GUARANTEE_WAITING, SHARE_COMPLETED, GUARANTEE_COMPLETED].concat();
    for wrong in &RUN.wrong {
        let trial = Trial { rows: &rows, regions: &regions, figures: vec![wrong] };
        let mut counts = [0, 0];
        for row in rows.iter().filter(|row| row["comparator"] == "=" && !row["measure"].ends_with("_kvot")) {
            let Some((measure, _)) = measure_of(row) else { continue };
            if measure == DOCTORS || guarantee.contains(&measure) {
                assert!(matches!(trial.put(row), Outcome::Fails(_)), "does not show in {row:?}");
                counts[usize::from(measure == DOCTORS)] += 1;
            }
        }
        assert_eq!(counts, [24, 8], "under the guarantee, doctors");
    }
}
