//! The country whose deliveries carry the published figures: aims, populations, blocks of records and the register.
//!
//! A region's population in a year is the first in which whole numbers of contacts give every value that is aimed at.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;

use super::super::{Block, COMPLETED, Deliveries, Published, Region, YEARS, regions};
use super::{
    AREAS, DOCTORS, GUARANTEE_COMPLETED, GUARANTEE_PRIMARY, GUARANTEE_WAITING, PER_1000_COMPLETED, PER_1000_PRIMARY,
    PER_1000_WAITING, SHARE_COMPLETED, SHARE_PRIMARY, SHARE_WAITING, measure_of,
};

/// Values that are not published, chosen so that what is published without a region or an exact value holds, too:
/// measure, region, value in 2021 and 2022.
const CHOSEN: [(&str, &str, [Option<u64>; 2]); 31] = [
    // Both are the lowest, and somebody must have the least of 2021.
    (PER_1000_PRIMARY, "Gävleborg", [Some(1020), None]),
    (PER_1000_PRIMARY, "Blekinge", [Some(1035), Some(1010)]),
    // With these the contacts under the guarantee are between the published ends.
    (PER_1000_PRIMARY, "Norrbotten", [Some(1500), Some(1500)]),
    (PER_1000_PRIMARY, "Sörmland", [None, Some(1500)]),
    (PER_1000_PRIMARY, "Västra Götaland", [None, Some(3900)]),
    // The ends of what other regions have.
    (SHARE_PRIMARY, "Uppsala", [None, Some(20)]),
    (SHARE_PRIMARY, "Östergötland", [None, Some(30)]),
    (SHARE_WAITING[0], "Dalarna", [None, Some(94)]),
    (SHARE_WAITING[0], "Halland", [None, Some(100)]),
    (SHARE_WAITING[1], "Västra Götaland", [None, Some(99)]),
    (SHARE_COMPLETED[0], "Dalarna", [None, Some(98)]),
    (SHARE_COMPLETED[0], "Halland", [None, Some(100)]),
    (SHARE_COMPLETED[1], "Dalarna", [None, Some(95)]),
    (SHARE_COMPLETED[1], "Halland", [None, Some(100)]),
    // Somebody must have the least of 2022, and Skåne is given as 1293.
    (PER_1000_COMPLETED, "Västerbotten", [Some(900), Some(817)]),
    // One has twice as many as the other.
    (GUARANTEE_COMPLETED[0], "Gotland", [None, Some(400)]),
    (GUARANTEE_COMPLETED[0], "Västra Götaland", [None, Some(200)]),
    // Four within 99–101 % in both years, eight above 100 % in 2022, about half within 89–105 %, none at 100 %.
    (DOCTORS, "Blekinge", [Some(99), Some(99)]),
    (DOCTORS, "Gotland", [Some(99), Some(99)]),
    (DOCTORS, "Västmanland", [Some(101), Some(99)]),
    (DOCTORS, "Dalarna", [Some(101), Some(101)]),
    (DOCTORS, "Halland", [Some(98), Some(103)]),
    (DOCTORS, "Jönköpings län", [Some(102), Some(102)]),
    (DOCTORS, "Uppsala", [Some(103), Some(104)]),
    (DOCTORS, "Västernorrland", [Some(97), Some(102)]),
    (DOCTORS, "Norrbotten", [Some(104), Some(103)]),
    (DOCTORS, "Värmland", [Some(105), Some(105)]),
    // Outside that band.
    (DOCTORS, "Stockholm", [Some(82), Some(84)]),
    (DOCTORS, "Västra Götaland", [Some(88), Some(87)]),
    (DOCTORS, "Örebro län", [Some(107), Some(88)]),
    (DOCTORS, "Östergötland", [Some(76), Some(80)]),
];

/// Which way to err where no whole number of contacts gives a value exactly: 29 and 28 are said to be more than four times
/// 7, before rounding.
const ROUNDED: [(&str, &str, Ordering); 2] =
    [(GUARANTEE_WAITING[1], "Stockholm", Ordering::Less), (GUARANTEE_WAITING[1], "Örebro län", Ordering::Greater)];

/// The profession of doctors.
const DOCTOR: &str = "XS915";
/// Two of [`AREAS`].
const IMAGING_AREA: &str = AREAS[0].0;
const SURGERY: &str = "301";

/// The months that those waiting were counted in; their number differs, and they are no whole year.
const MONTHS: [&[&str]; 2] = [&["2021-04", "2021-10"], &["2022-02", "2022-06", "2022-11"]];

/// What is to be met exactly: by measure, region and year.
type Aims = BTreeMap<(&'static str, String, &'static str), u64>;

fn aims(rows: &[Published], regions: &[Region]) -> Aims {
    let mut aims = Aims::new();
    for row in rows.iter().filter(|row| !row["measure"].ends_with("_kvot")) {
        let Some((measure, "")) = measure_of(row) else { continue };
        let is_region = regions.iter().any(|region| region.name == row["region"]);
        // Of the register the ranges and bounds are of one region, and not its value.
        let is_value = ["=", "~"].contains(&row["comparator"].as_str()) || (measure != DOCTORS && is_region);
        if let Some(year) = YEARS.into_iter().find(|year| row["year"] == *year)
            && (is_region || row["region"] == "Riket")
            && is_value
        {
            let value = row["value"].parse().unwrap();
            let before = aims.insert((measure, row["region"].clone(), year), value);
            assert!(before.is_none_or(|before| before == value), "{row:?}");
        }
    }
    for (measure, region, values) in CHOSEN {
        for (year, value) in YEARS.into_iter().zip(values) {
            if let Some(value) = value {
                let before = aims.insert((measure, region.to_owned(), year), value);
                assert_eq!(before, None, "{measure} of {region} in {year} is published");
            }
        }
    }
    aims
}

/// Whether `part` of `whole` is `value` when rounded, and not near the half.
fn gives(part: u64, whole: u64, per: u64, value: u64) -> bool {
    (2 * per * part).abs_diff(2 * value * whole) < whole
}

/// A region's year.
struct Year<'a> {
    aims: &'a Aims,
    region: &'a Region,
    index: u64,
    /// The place among [`YEARS`].
    number: usize,
    population: u64,
}

/// How many contacts there are of a year; of those waiting, in all months together.
struct Counts {
    primary: u64,
    /// Under the guarantee.
    primary_guarantee: u64,
    waiting: Contacts,
    completed: Contacts,
    /// Doctors' contacts in imaging, among the completed ones.
    imaging: u64,
}

struct Contacts {
    total: u64,
    /// In phases 1 and 2 without psychiatry: under the guarantee, and all.
    guarantee: [u64; 2],
    of_phase: [u64; 2],
    /// The same of each of the two psychiatries, in each of the two phases.
    psychiatry_guarantee: u64,
    psychiatry: u64,
    /// What remains.
    rest: u64,
}

impl Year<'_> {
    fn aim(&self, measure: &'static str) -> Option<u64> {
        self.aims.get(&(measure, self.region.name.clone(), YEARS[self.number])).copied()
    }

    /// How many contacts over `months` give the value per 1,000 inhabitants; `None` where no number does.
    fn contacts(&self, measure: &'static str, months: usize, usual: u64) -> Option<u64> {
        let whole = self.population * months as u64;
        let Some(value) = self.aim(measure) else { return Some(usual * whole / 1000) };
        let way = ROUNDED.iter().find(|(of, region, _)| *of == measure && *region == self.region.name);
        let count = match way.map_or(Ordering::Equal, |(.., way)| *way) {
            Ordering::Less => value * whole / 1000,
            Ordering::Equal => (value * whole + 500) / 1000,
            Ordering::Greater => (value * whole).div_ceil(1000),
        };
        gives(count, whole, 1000, value).then_some(count)
    }

    /// How many contacts `part` is the share of; `None` where no number gives it.
    fn whole(&self, measure: &'static str, part: u64, usual: u64) -> Option<u64> {
        let Some(share) = self.aim(measure) else { return Some(part * 100 / usual) };
        (part..=part * 100 / share + 2).find(|whole| gives(part, *whole, 100, share))
    }

    /// Every count; `None` where this population gives no whole numbers. `before` is imaging in the year before.
    fn counts(&self, before: Option<u64>) -> Option<Counts> {
        let primary = self.contacts(PER_1000_PRIMARY, 1, 1900 + 70 * self.index)?;
        let primary_guarantee = if self.aim(GUARANTEE_PRIMARY).is_some() {
            self.contacts(GUARANTEE_PRIMARY, 1, 0)?
        } else if let Some(share) = self.aim(SHARE_PRIMARY) {
            let count = (primary * share + 50) / 100;
            gives(count, primary, 100, share).then_some(count)?
        } else {
            primary * (21 + self.index % 8) / 100
        };
        let months = MONTHS[self.number].len();
        let waiting = self.contacts(PER_1000_WAITING, months, 200 + 9 * self.index)?;
        let per_1000 = 1000 * waiting / (self.population * months as u64);
        let usual = [(per_1000 / 5).min(80), (per_1000 / 12).min(27)];
        let waiting = self.specialised(waiting, months, GUARANTEE_WAITING, SHARE_WAITING, usual, [97, 100])?;
        let completed = self.contacts(PER_1000_COMPLETED, 1, 1450 + 30 * self.index + 40 * self.number as u64)?;
        let per_1000 = 1000 * completed / self.population;
        let usual = [per_1000 / 8, per_1000 / 20];
        let completed = self.specialised(completed, 1, GUARANTEE_COMPLETED, SHARE_COMPLETED, usual, [99, 97])?;
        // The register's contacts in imaging fall to just under a half.
        let imaging = before.map_or(completed.total / 5, |before| before * 9 / 10);
        Some(Counts { primary, primary_guarantee, waiting, completed, imaging })
    }

    fn specialised(
        &self,
        total: u64,
        months: usize,
        guarantees: [&'static str; 2],
        shares: [&'static str; 2],
        usual: [u64; 2],
        usual_shares: [u64; 2],
    ) -> Option<Contacts> {
        let mut contacts = Contacts {
            total,
            guarantee: [0; 2],
            of_phase: [0; 2],
            psychiatry_guarantee: total / 60 + 1,
            psychiatry: total / 60 + total / 40 + 2,
            rest: 0,
        };
        for phase in 0..2 {
            contacts.guarantee[phase] = self.contacts(guarantees[phase], months, usual[phase])?;
            contacts.of_phase[phase] = self.whole(shares[phase], contacts.guarantee[phase], usual_shares[phase])?;
        }
        contacts.rest = total.checked_sub(contacts.of_phase.iter().sum::<u64>() + 4 * contacts.psychiatry)?;
        Some(contacts)
    }

    /// So many records in a month of this year.
    fn block(&self, month: &str, records: u64) -> Block {
        Block::new(&self.region.name, &format!("{}-{month}", YEARS[self.number]), records)
    }

    fn primary_care(&self, counts: &Counts) -> Vec<Block> {
        let other = counts.primary - counts.primary_guarantee;
        let parts = [("01", counts.primary_guarantee, 1), ("07", other / 3, 2), ("09", other - other / 3, 2)];
        parts
            .map(|(month, records, code)| self.block(month, records).with("vardgarantipatient", code.to_string()))
            .into()
    }

    /// Contacts in phases 1 and 2: phase, area, under the guarantee or not, how many.
    fn guarantee_phases(contacts: &Contacts) -> Vec<(usize, &'static str, &'static str, u64)> {
        let mut parts = Vec::new();
        for phase in 0..2 {
            let (with, all) = (contacts.guarantee[phase], contacts.of_phase[phase]);
            parts.extend([(phase + 1, SURGERY, "JA", with), (phase + 1, SURGERY, "NEJ", all - with)]);
            for (area, _) in &AREAS[1..3] {
                let (with, all) = (contacts.psychiatry_guarantee, contacts.psychiatry);
                parts.extend([(phase + 1, *area, "JA", with), (phase + 1, *area, "NEJ", all - with)]);
            }
        }
        parts
    }

    /// Those who wait: contacts that are in every month, and in each month others.
    fn waiting(&self, contacts: &Contacts, staying: &mut Vec<Block>, leaving: &mut Vec<Block>) {
        let third = contacts.rest / 3;
        let mut parts = Self::guarantee_phases(contacts);
        parts.extend([(3, IMAGING_AREA, "NEJ", third), (4, SURGERY, "NEJ", third)]);
        parts.push((5, SURGERY, "NEJ", contacts.rest - 2 * third));
        let months = MONTHS[self.number];
        let n_months = months.len() as u64;
        for (phase, area, guarantee, sum) in parts {
            let block = |month: &str, records: u64| {
                Block::new(&self.region.name, month, records)
                    .with("fas", phase.to_string())
                    .with("medicinskt_verksamhetsomrade", area)
                    .with("vardgaranti_ja_nej", guarantee)
            };
            let stay = sum / (2 * n_months);
            staying.push(block(months[0], stay));
            let mut left = sum - n_months * stay;
            for (number, month) in months.iter().enumerate() {
                let here = if number + 1 == months.len() { left } else { left / 3 };
                left -= here;
                leaving.push(block(month, here));
            }
        }
    }

    /// Completed contacts. Doctors' contacts are some of them, and not those of inpatients.
    fn completed(&self, counts: &Counts) -> Vec<Block> {
        let contacts = &counts.completed;
        let block = |month: &str, phase: usize, area: &str, records: u64| {
            self.block(month, records)
                .with("fas", phase.to_string())
                .with("medicinskt_verksamhetsomrade", area)
                .with("vardgaranti_ja_nej", "NEJ")
                .with("yrkesgrupp", "XS919")
                .with("vardkontakt", "0")
        };
        let mut blocks = Vec::new();
        for (phase, area, guarantee, records) in Self::guarantee_phases(contacts) {
            let of_phase = block("05", phase, area, records).with("vardgaranti_ja_nej", guarantee);
            let is_doctor = guarantee == "JA";
            let is_inpatient = is_doctor && area == SURGERY && phase == 2;
            blocks.push(match (is_doctor, is_inpatient) {
                (false, _) => of_phase,
                (true, false) => of_phase.with("yrkesgrupp", DOCTOR),
                (true, true) => of_phase.with("yrkesgrupp", DOCTOR).with("vardkontakt", "91"),
            });
        }
        // A fifth more are not of doctors, or of inpatients.
        let others = counts.imaging / 10 + 1;
        let imaging = |records| block("08", 3, IMAGING_AREA, records);
        blocks.push(imaging(counts.imaging).with("yrkesgrupp", DOCTOR));
        blocks.push(imaging(others).with("yrkesgrupp", DOCTOR).with("vardkontakt", "91"));
        blocks.push(imaging(others));
        let doctors = contacts.total * 8 / 1000 + 1;
        for (area, _) in &AREAS[1..] {
            blocks.push(block("12", 4, area, doctors).with("yrkesgrupp", DOCTOR));
        }
        let rest = contacts.rest - counts.imaging - 2 * others - 18 * doctors;
        blocks.push(block("12", 4, SURGERY, rest / 2));
        blocks.push(block("10", 5, "046", rest - rest / 2));
        blocks
    }
}

/// Doctors' contacts of outpatients in `blocks`, by area in the order of [`AREAS`].
fn doctors(blocks: &[Block]) -> [u64; 19] {
    AREAS.map(|(area, _)| {
        let is_counted = |block: &&Block| {
            block.stated["medicinskt_verksamhetsomrade"] == area
                && block.stated["yrkesgrupp"] == DOCTOR
                && block.stated["vardkontakt"] == "0"
        };
        blocks.iter().filter(is_counted).map(|block| block.records).sum()
    })
}

/// Makes the deliveries, the population and the register.
pub(super) fn deliveries(rows: &[Published]) -> Deliveries {
    let regions = regions();
    let aims = aims(rows, &regions);
    let mut deliveries = Deliveries::new();
    let mut blocks: BTreeMap<&str, Vec<Block>> = BTreeMap::new();
    let mut population_table = "lanskod;ar;folkmangd\n".to_owned();
    let mut doctors_of: Vec<(&Region, usize, [u64; 19])> = Vec::new();
    let (mut staying, mut leaving) = ([Vec::new(), Vec::new()], [Vec::new(), Vec::new()]);
    for (region, index) in regions.iter().zip(0..) {
        let (mut population, mut imaging) = (150 + 15 * index, None);
        for (number, name) in YEARS.into_iter().enumerate() {
            // The first population in which whole contacts give every value.
            let (year, counts) = (population..population + 20_000)
                .find_map(|population| {
                    let year = Year { aims: &aims, region, index, number, population };
                    let counts = year.counts(imaging)?;
                    Some((year, counts))
                })
                .unwrap_or_else(|| panic!("no population of {} gives its values of {name}", region.name));
            (population, imaging) = (year.population + 1, Some(counts.imaging));
            writeln!(population_table, "{};{name};{}", region.code, year.population).unwrap();
            blocks.entry(region.primary_care).or_default().extend(year.primary_care(&counts));
            let completed = year.completed(&counts);
            doctors_of.push((region, number, doctors(&completed)));
            blocks.entry(COMPLETED).or_default().extend(completed);
            year.waiting(&counts.waiting, &mut staying[number], &mut leaving[number]);
        }
    }
    for (collection, blocks) in &blocks {
        deliveries.completed(collection, blocks);
    }
    for ((months, staying), leaving) in MONTHS.iter().zip(&staying).zip(&leaving) {
        deliveries.waiting(months, staying, leaving);
    }
    fs::write(deliveries.folder.path().join("folkmangd.csv"), population_table).unwrap();
    fs::write(deliveries.folder.path().join("register.csv"), register(&aims, &doctors_of)).unwrap();
    deliveries
}

/// The register's table: in imaging it has fewer contacts than were reported, in all other areas more.
fn register(aims: &Aims, doctors_of: &[(&Region, usize, [u64; 19])]) -> String {
    let mut table = "lanskod;ar;mvo_aggregat;lakarkontakter\n".to_owned();
    for (number, year) in YEARS.into_iter().enumerate() {
        let of_year: Vec<_> = doctors_of.iter().filter(|(_, of, _)| *of == number).collect();
        let percent = aims[&(DOCTORS, "Riket".to_owned(), year)];
        let reported: u64 = of_year.iter().map(|(_, _, doctors)| doctors[0]).sum();
        let in_country = (100 * reported + percent / 2) / percent;
        let mut missing = in_country - of_year.iter().map(|(_, _, doctors)| doctors[0] * 100 / percent).sum::<u64>();
        for (index, (region, _, doctors)) in of_year.into_iter().enumerate() {
            let reported: u64 = doctors.iter().sum();
            let usual = 55 + index as u64;
            let share = aims.get(&(DOCTORS, region.name.clone(), year)).copied().unwrap_or(usual);
            let registered = (1..=2 * reported * 100 / share)
                .find(|registered| *registered != reported && gives(reported, *registered, 100, share));
            let registered = registered.unwrap_or_else(|| panic!("{reported} are no {share} % of {}", region.name));
            let imaging = doctors[0] * 100 / percent + u64::from(missing > 0);
            missing = missing.saturating_sub(1);
            let more = (registered - imaging).checked_sub(reported - doctors[0]);
            let more = more.unwrap_or_else(|| panic!("{}: imaging is too little", region.name));
            for (place, (doctors, (_, aggregate))) in doctors.iter().zip(AREAS).enumerate() {
                let count = match place as u64 {
                    0 => imaging,
                    place => doctors + more / 18 + u64::from(place <= more % 18),
                };
                writeln!(table, "{};{year};{aggregate};{count}", region.code).unwrap();
            }
        }
        assert_eq!(missing, 0);
    }
    table
}
