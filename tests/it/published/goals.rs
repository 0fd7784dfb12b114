//! Table 1 comes out again: how many months of ten each region met each of the nine requirements of 2022.
//!
//! For every region, requirement and month a few contacts are made, of 2022 and of 2021, with which the month is met by
//! target, by improvement, in part or not at all. Which numbers do that is searched for with a judgement of this file's
//! own, and waits lie at the very edges (60 and 61 days, 180 and 181), so that a limit that is off by one day or a
//! comparison that is off by a hair spoils the table.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use jiff::ToSpan;
use jiff::civil::Date;

use super::{COMPLETED, Published, WAITING, published, regions};
use crate::support;

/// The requirements in the order of the table, as its column `measure` calls them.
const REQUIREMENTS: [&str; 9] = [
    "pv_medicinsk_bedomning_3d",
    "sv_vantande_forsta_besok_60d",
    "sv_vantande_operation_atgard_60d",
    "sv_vantat_over_180d_besok",
    "sv_vantat_over_180d_operation_atgard",
    "sv_aterbesok_medicinskt_maldatum",
    "bup_besok_30d",
    "bup_utredning_30d",
    "bup_behandling_30d",
];
/// The requirements and guarantees, as the program is asked for them.
const WANTED: [&str; 2] = ["--measure", "goals"];
const PSYCHIATRY_OF_CHILDREN: &str = "931";
const SURGERY: &str = "301";
/// February to November.
const MONTHS: std::ops::RangeInclusive<i8> = 2..=11;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    Target,
    Improvement,
    Part,
    Not,
}

const OUTCOMES: [Outcome; 4] = [Outcome::Target, Outcome::Improvement, Outcome::Part, Outcome::Not];

/// What is asked, in whole per cent and percentage points.
#[derive(Clone, Copy)]
struct Asked {
    at_least: Option<i64>,
    at_most: Option<i64>,
    from: i64,
    to: i64,
}

const MORE: Asked = Asked { at_least: Some(72), at_most: None, from: 1, to: 5 };
const FEWER: Asked = Asked { at_least: None, at_most: Some(5), from: 1, to: 5 };
const ASSESSED: Asked = Asked { at_least: Some(82), ..MORE };
const CHILDREN: Asked = Asked { from: 5, to: 10, ..MORE };

impl Asked {
    /// `now` and `before`: contacts within, of so many.
    fn outcome(self, (within, of): (i64, i64), (within_before, of_before): (i64, i64)) -> Outcome {
        let reached = self.at_least.is_none_or(|least| 100 * within >= least * of)
            && self.at_most.is_none_or(|most| 100 * within <= most * of);
        // The rise in per cent, times both denominators.
        let rise = 100 * (within * of_before - within_before * of);
        let better = if self.at_least.is_some() { rise } else { -rise };
        let unit = of * of_before;
        match () {
            () if reached => Outcome::Target,
            () if better >= self.to * unit => Outcome::Improvement,
            () if better >= self.from * unit => Outcome::Part,
            () => Outcome::Not,
        }
    }
}

/// Contacts within the limit and beyond it, of one year.
type Pair = (i64, i64);
/// Those waiting at most 60 days, more than that, and more than 180.
type Waits = [i64; 3];

/// The fewest contacts, now and the year before, for each outcome; a month that is not met improves nevertheless where
/// so few contacts can tell a whole percentage point.
fn fewest(asked: Asked) -> BTreeMap<Outcome, [Pair; 2]> {
    let mut found = BTreeMap::new();
    let slightly = Asked { from: 1, to: 100, ..asked };
    for total in 2..=16 {
        for of in 1..total {
            for (within, before) in (0..=of).flat_map(|within| (0..=total - of).map(move |before| (within, before))) {
                let outcome = asked.outcome((within, of), (before, total - of));
                let is_slight = slightly.outcome((within, of), (before, total - of)) == Outcome::Part;
                let pairs = [(within, of - within), (before, total - of - before)];
                if asked.from > 1 && outcome == Outcome::Not && !is_slight {
                    continue;
                }
                found.entry(outcome).or_insert(pairs);
            }
        }
    }
    assert_eq!(found.len(), OUTCOMES.len());
    found
}

/// The same of two requirements on the same contacts: waiting at most 60 days, and over 180.
fn fewest_waiting() -> BTreeMap<[Outcome; 2], [Waits; 2]> {
    let waits =
        |of: i64| (0..=of).flat_map(move |short| (0..=of - short).map(move |long| [short, of - short - long, long]));
    let mut found = BTreeMap::new();
    for total in 2..=16 {
        for of in 1..total {
            for (now, before) in waits(of).flat_map(|now| waits(total - of).map(move |before| (now, before))) {
                let short = MORE.outcome((now[0], of), (before[0], total - of));
                let long = FEWER.outcome((now[2], of), (before[2], total - of));
                found.entry([short, long]).or_insert([now, before]);
            }
        }
    }
    assert_eq!(found.len(), OUTCOMES.len() * OUTCOMES.len());
    found
}

/// The outcome of each of ten months, so many of them met, in every way in turn.
fn outcomes(met: usize, turn: usize) -> Vec<Outcome> {
    let outcome = |month: usize| {
        // Spread over the year, in another order for each region and requirement.
        if (month * 7 + turn) % 10 < met { OUTCOMES[(month + turn) % 3] } else { Outcome::Not }
    };
    (0..10).map(outcome).collect()
}

/// Deliveries as they grow: one text a file.
#[derive(Default)]
struct Files {
    texts: BTreeMap<String, String>,
    number: u32,
}

impl Files {
    fn contact(&mut self, file: &str, header: &str, cells: &[&str]) {
        self.number += 1;
        let text = self.texts.entry(file.to_owned()).or_insert_with(|| format!("vardkontakts_id;{header}\n"));
        writeln!(text, "K-{};{}", self.number, cells.join(";")).unwrap();
    }

    /// A contact that took place in the middle of a month, so many days after its decision.
    fn completed(&mut self, region: &str, month: Date, phase: &str, specialty: &str, days: i64, target: Option<Date>) {
        let start = month.with().day(15).build().unwrap();
        let (decided, target) = (start - days.days(), target.map_or(String::new(), |date| date.to_string()));
        let header = "huvudman;fas;medicinskt_verksamhetsomrade;beslut_att_utfora_aktivitet;start_av_aktivitet;medicinskt_maldatum";
        let (decided, start) = (format!("{decided}T08:00"), format!("{start}T07:00"));
        // A file a year, so that a saved tally can be made of each.
        let file = format!("{COMPLETED}_{}.csv", month.year());
        self.contact(&file, header, &[region, phase, specialty, &decided, &start, &target]);
    }

    /// A contact that has waited so many days on the last day of a month.
    fn waiting(&mut self, region: &str, month: Date, phase: &str, specialty: &str, days: i64) {
        let decided = (month.last_of_month() - days.days()).to_string();
        let file = format!("{WAITING}_{:04}-{:02}.csv", month.year(), month.month());
        let header = "huvudman;fas;medicinskt_verksamhetsomrade;beslut_att_utfora_aktivitet";
        self.contact(&file, header, &[region, phase, specialty, &format!("{decided}T23:00")]);
    }

    fn assessed(&mut self, region: &str, collection: &str, month: Date, days: i64) {
        let start = month.with().day(15).build().unwrap();
        let (decided, start) = (format!("{}T23:00", start - days.days()), format!("{start}T07:00"));
        let header = "region;vardgarantipatient;beslut_om_oppenvardskontakt;genomfora_oppenvardskontakt";
        self.contact(&format!("{collection}_{}.csv", month.year()), header, &[region, "1", &decided, &start]);
    }
}

/// Deliveries of the first `n_regions` regions, which carry the table.
fn deliveries(table: &[Published], n_regions: usize) -> Files {
    let mut files = Files::default();
    let (assessed, children, waiting) = (fewest(ASSESSED), fewest(CHILDREN), fewest_waiting());
    let months: Vec<Date> = MONTHS.map(|month| Date::new(2022, month, 1).unwrap()).collect();
    for (number, region) in regions().iter().take(n_regions).enumerate() {
        let unit = &unit_of(&region.code);
        let wanted = |requirement: usize| {
            let is_it = |row: &&Published| row["region"] == region.name && row["measure"] == REQUIREMENTS[requirement];
            let met = table.iter().find(is_it).unwrap()["met"].parse().unwrap();
            outcomes(met, number + requirement)
        };
        let wanted: Vec<Vec<Outcome>> = (0..REQUIREMENTS.len()).map(wanted).collect();
        for (at, month) in months.iter().enumerate() {
            for (year, month) in [*month, *month - 1.year()].into_iter().enumerate() {
                let (within, beyond) = assessed[&wanted[0][at]][year];
                (0..within).for_each(|_| files.assessed(unit, region.primary_care, month, 3));
                (0..beyond).for_each(|_| files.assessed(unit, region.primary_care, month, 4));
                for (phase, short, long) in [("1", 1, 3), ("2", 2, 4)] {
                    let waits = waiting[&[wanted[short][at], wanted[long][at]]][year];
                    // At most 60 days, and the two edges of what is neither; over 180.
                    for (n, days) in waits.iter().zip([60, if at % 2 == 0 { 61 } else { 180 }, 181]) {
                        (0..*n).for_each(|_| files.waiting(unit, month, phase, SURGERY, days));
                    }
                }
                let is_met = wanted[5][at] != Outcome::Not;
                let target = month.with().day(if is_met { 15 } else { 14 }).build().unwrap();
                files.completed(unit, month, "4", SURGERY, 10, Some(target));
                for (requirement, phase) in [(6, "1"), (7, "3"), (8, "2")] {
                    let outcome = wanted[requirement][at];
                    // A month that is not met may have reached its target all the same, with too many who wait too long.
                    let by_condition = outcome == Outcome::Not && (at + number) % 3 == 0;
                    let (within, beyond) = children[if by_condition { &Outcome::Target } else { &outcome }][year];
                    for (n, days) in [(within, 30), (beyond, 31)] {
                        (0..n).for_each(|_| files.completed(unit, month, phase, PSYCHIATRY_OF_CHILDREN, days, None));
                    }
                    // Of 21, 15 are less than 72 %, and of 20 nobody asks.
                    let (short, long) = match (by_condition, year, at % 5) {
                        (true, 0, _) => (15, 6),
                        (false, 0, 0) => (0, 20),
                        (false, 0, 1) => (16, 5),
                        _ => (0, 1),
                    };
                    for (n, days) in [(short, 30), (long, 31)] {
                        (0..n).for_each(|_| files.waiting(unit, month, phase, PSYCHIATRY_OF_CHILDREN, days));
                    }
                }
            }
        }
    }
    files
}

/// A unit of the region with this county code.
fn unit_of(county: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/codelists/region_orgnr.csv");
    let text = fs::read_to_string(path).unwrap();
    let rows: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    let column = |name: &str| rows[0].split(',').position(|column| column == name).unwrap();
    let (code, of) = (column("code"), column("lanskod"));
    let cells = |row: &&str| row.split(',').nth(of) == Some(county);
    let row = rows.iter().find(|row| cells(row)).unwrap();
    format!("SE{}-1", row.split(',').nth(code).unwrap())
}

/// Months met by region and requirement, and months counted, out of the tool's JSON.
fn months_met(folder: &Path, arguments: &[&str]) -> BTreeMap<(String, String), (u64, u64)> {
    let said =
        support::run(folder, &[&["coverage", "--format", "json", "--quiet", "--goal", "PK6=75"], arguments].concat());
    assert_eq!(said.code, 0, "{}", said.err);
    let report: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    let goals = report["goals"]["programmes"][0]["goals"].as_array().unwrap();
    assert_eq!(goals.len(), REQUIREMENTS.len());
    let mut found = BTreeMap::new();
    for (goal, requirement) in goals.iter().zip(REQUIREMENTS) {
        for summary in goal["summaries"].as_array().unwrap() {
            let number = |name: &str| summary[name].as_u64().unwrap();
            let region = summary["lanskod"].as_str().unwrap_or_default().to_owned();
            assert_eq!(number("months_met"), number("by_target") + number("by_improvement") + number("in_part"));
            found.insert((region, requirement.to_owned()), (number("months_met"), number("months")));
        }
    }
    found
}

#[test]
fn table_1_comes_out_as_published() {
    let table = published("published_tabell1_2022.csv");
    assert_eq!(table.len(), 21 * 9);
    let code: BTreeMap<String, String> = regions().into_iter().map(|region| (region.name, region.code)).collect();
    let mut expected: BTreeMap<(String, String), (u64, u64)> = BTreeMap::new();
    for row in &table {
        let (met, of) = (row["met"].parse().unwrap(), row["of"].parse().unwrap());
        expected.insert((code[&row["region"]].clone(), row["measure"].clone()), (met, of));
        let country = expected.entry((String::new(), row["measure"].clone())).or_default();
        *country = (country.0 + met, country.1 + of);
    }
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in deliveries(&table, 21).texts {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let wanted = WANTED;
    assert_eq!(months_met(folder.path(), &[&["."], &wanted[..]].concat()), expected);
    // The year before is compared with although it is not counted itself.
    let of_2022 = [&[".", "--period", "2022"], &wanted[..]].concat();
    assert_eq!(months_met(folder.path(), &of_2022), expected);

    // Each year's counts made by itself and put together.
    for year in ["2021", "2022"] {
        let (pattern, tally) = (format!("*_{year}*.csv"), format!("{year}.parquet"));
        let said =
            support::run(folder.path(), &[&["coverage", &pattern, "--save-tally", &tally], &wanted[..]].concat());
        assert_eq!(said.code, 0, "{}", said.err);
    }
    let said = support::run(folder.path(), &["merge", "2021.parquet", "2022.parquet", "--output", "both.parquet"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert_eq!(months_met(folder.path(), &[&["--tally", "both.parquet"], &wanted[..]].concat()), expected);
    // Without the year before no month is met by improvement: the table is another.
    assert_ne!(months_met(folder.path(), &[&["--tally", "2022.parquet"], &wanted[..]].concat()), expected);
}

/// The deliveries notice limits that are off by the least.
#[test]
fn table_1_does_not_come_out_of_wrong_goals() {
    let table = published("published_tabell1_2022.csv");
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in deliveries(&table, 4).texts {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let wanted = WANTED;
    let right = months_met(folder.path(), &[&["."], &wanted[..]].concat());
    let own = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/goals/prestationskrav_2022.yaml"));
    let own = own.unwrap();
    let wrong = [
        ("genomfora_oppenvardskontakt) <= 3\"", "genomfora_oppenvardskontakt) <= 4\""),
        ("period_end()) <= 60", "period_end()) <= 59"),
        ("period_end()) > 180", "period_end()) > 179"),
        ("start_av_aktivitet) <= 30", "start_av_aktivitet) <= 29"),
        ("period_end()) <= 30", "period_end()) <= 31"),
        ("when_more_than: 20", "when_more_than: 19"),
        ("from: 1.0, to: 5", "from: 5.0, to: 5"),
        ("from: 5.0, to: 10", "from: 1.0, to: 10"),
        ("<= CAST(medicinskt_maldatum AS DATE)", "< CAST(medicinskt_maldatum AS DATE)"),
    ];
    for (right_text, wrong_text) in wrong {
        assert!(own.contains(right_text), "{right_text}");
        let rules = folder.path().join("wrong/goals");
        fs::create_dir_all(&rules).unwrap();
        fs::write(rules.join("prestationskrav_2022.yaml"), own.replace(right_text, wrong_text)).unwrap();
        let found = months_met(folder.path(), &[&[".", "--rules", "wrong"], &wanted[..]].concat());
        assert!(found != right, "{right_text} became {wrong_text}, and nothing changed");
    }
}
