//! Which months are looked at, which regions and breakdowns there are, and what was delivered.

use std::collections::{BTreeMap, BTreeSet};

use super::figure::{Breakdown, Centre, Name, Period, Place};
use crate::engine::tally::{BLANK, INVALID, Tally};
use crate::measure::Periods;
use crate::model::{County, Text};
use crate::rule::Plan;
use crate::time::Month;

/// From a first to a last month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scope {
    /// The first month.
    pub first: Month,
    /// The last month.
    pub last: Month,
}

impl Scope {
    /// Every month, ascending.
    pub fn months(self) -> impl Iterator<Item = Month> {
        (self.first.number()..=self.last.number()).filter_map(Month::from_number)
    }

    /// Every year, ascending.
    pub fn years(self) -> std::ops::RangeInclusive<i32> {
        self.first.year()..=self.last.year()
    }

    /// Whether a month is within.
    pub fn contains(self, month: Month) -> bool {
        (self.first..=self.last).contains(&month)
    }

    /// How many of a year's months are within.
    pub fn months_of(self, year: i32) -> u32 {
        u32::try_from(self.months().filter(|month| month.year() == year).count()).unwrap_or(0)
    }

    /// The periods that a measure is made of, in the order of time, longer ones first.
    ///
    /// With half-years, only years and half-years whose months are all within: half a year's figure under the year's
    /// name would be held against a whole year's. What is left over of a half-year is a period of its own.
    pub fn periods(self, wanted: Periods) -> Vec<Period> {
        let mut periods: BTreeSet<Period> = BTreeSet::new();
        if wanted.half_years {
            for year in self.years() {
                periods.extend(Some(Period::Year(year)).filter(|_| wanted.years && self.months_of(year) == 12));
                for half in [1, 2].into_iter().filter_map(|half| Period::half_year(year, half)) {
                    let mut months = self.months().filter(|month| half.contains(*month));
                    let first = months.next();
                    let last = months.last().or(first);
                    periods.extend(first.zip(last).and_then(|(first, last)| Period::of(first, last)));
                }
            }
        } else if wanted.years {
            periods.extend(self.years().map(Period::Year));
        }
        if wanted.months {
            periods.extend(self.months().map(Period::Month));
        }
        periods.into_iter().collect()
    }

    /// Whether every month of a period is within.
    pub fn holds(self, period: Period) -> bool {
        period.ends().is_some_and(|(first, last)| self.first <= first && last <= self.last)
    }

    /// From the first to the last month of the deliveries: those they are stated to be of, and of deliveries without a
    /// stated month those of their records. `None` where no month is known.
    pub fn of_tallies<'a>(tallies: impl Iterator<Item = &'a Tally>) -> Option<Self> {
        let months: BTreeSet<Month> = tallies
            .flat_map(|tally| &tally.deliveries)
            .flat_map(|delivery| match delivery.month {
                Some(month) => vec![month],
                None => delivery.found.keys().filter_map(|(_, month)| *month).collect(),
            })
            .collect();
        Some(Self { first: *months.first()?, last: *months.last()? })
    }
}

/// The responsible regions, and what people call them.
#[derive(Clone, Debug, Default)]
pub struct Regions {
    names: BTreeMap<County, String>,
    /// Regional cancer centres, by name.
    centres: Vec<CentreName>,
    centre_of: BTreeMap<County, Centre>,
}

/// What people call a regional cancer centre, and what must be said of its figures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CentreName {
    /// Such as `RCC Syd`.
    pub name: String,
    /// What a reader of its figures must know; blank where nothing.
    pub note: Text,
}

impl Regions {
    /// From codes and names.
    pub fn new<'a>(regions: impl Iterator<Item = (County, &'a str)>) -> Self {
        Self { names: regions.map(|(county, name)| (county, name.to_owned())).collect(), ..Self::default() }
    }

    /// With the regional cancer centre of each region, and a note where one is needed.
    #[must_use]
    pub fn with_centres<'a>(mut self, centres: impl Iterator<Item = (County, &'a str, Text)>) -> Self {
        let mut by_name: BTreeMap<&str, (Text, Vec<County>)> = BTreeMap::new();
        for (county, name, note) in centres {
            let (known, counties) = by_name.entry(name).or_default();
            *known = note;
            counties.push(county);
        }
        for (number, (name, (note, counties))) in (0..u8::MAX).zip(by_name) {
            self.centres.push(CentreName { name: name.to_owned(), note });
            self.centre_of.extend(counties.into_iter().map(|county| (county, Centre(number))));
        }
        self
    }

    /// The regional cancer centre that a region is counted for.
    pub fn centre_of(&self, county: County) -> Option<Centre> {
        self.centre_of.get(&county).copied()
    }

    /// What people call a regional cancer centre, with its note.
    pub fn centre(&self, Centre(number): Centre) -> Option<&CentreName> {
        self.centres.get(usize::from(number))
    }

    /// Every region, by county code.
    pub fn all(&self) -> impl Iterator<Item = County> + '_ {
        self.names.keys().copied()
    }

    /// What people call it; its code where it has no name.
    pub fn name(&self, county: County) -> &str {
        self.names.get(&county).map_or("", String::as_str)
    }
}

/// How a collection's figures are broken down: the codes there are, and what they are aggregated to.
#[derive(Clone, Debug)]
pub struct Codes {
    kind: Name,
    /// Code → part; without an aggregate each code is a part of its own.
    parts: BTreeMap<String, String>,
    is_aggregated: bool,
}

impl Codes {
    /// Those of a plan's collection; `None` where it has no breakdown.
    pub fn of(plan: &Plan) -> Option<Self> {
        let breakdown = plan.collection.breakdown.as_ref()?;
        let list = plan.codelists.get(&breakdown.codelist)?;
        let Some(aggregate) = &breakdown.aggregate else {
            let parts = list.codes().map(|code| (code.to_owned(), code.to_owned())).collect();
            return Some(Self { kind: breakdown.codelist.as_str().into(), parts, is_aggregated: false });
        };
        let column = list.column(&aggregate.column)?;
        let part = |code: &str| list.attribute(code.as_bytes(), column).map(str::to_owned);
        let parts = list.entries().iter().filter_map(|entry| Some((entry.code.clone(), part(&entry.code)?))).collect();
        Some(Self { kind: format!("{}_aggregate", breakdown.codelist).into(), parts, is_aggregated: true })
    }

    /// The part that records of a code belong to; blank and wrong codes are parts of their own.
    pub fn part_of(&self, code: &str) -> Breakdown {
        let is_known = code != BLANK && code != INVALID;
        self.named(if is_known { self.parts.get(code).map_or(INVALID, String::as_str) } else { code })
    }

    /// Every part, sorted, but those of blank and wrong codes.
    pub fn all(&self) -> BTreeSet<Breakdown> {
        self.parts.values().map(|part| self.named(part)).collect()
    }

    fn named(&self, part: &str) -> Breakdown {
        let (kind, name) = (Name::clone(&self.kind), part.into());
        if self.is_aggregated { Breakdown::Aggregate { kind, name } } else { Breakdown::Code { kind, name } }
    }
}

/// What was delivered: for each region its months.
///
/// A delivery that is stated to be of a month delivers that month for the regions it has records of in it; a stray record
/// of another month delivers nothing. An empty one delivers its month for the region it is stated to be of: nobody waited
/// there. One without a stated month delivers every month that it has records of.
#[derive(Clone, Debug, Default)]
pub struct Delivered {
    months: BTreeMap<County, BTreeSet<Month>>,
}

impl Delivered {
    /// Of `tallies`, within `scope`.
    pub fn of<'a>(tallies: impl Iterator<Item = &'a Tally>, scope: Scope) -> Self {
        let mut months: BTreeMap<County, BTreeSet<Month>> = BTreeMap::new();
        let mut add = |region: Option<County>, month: Option<Month>| {
            if let (Some(county), Some(month)) = (region, month)
                && scope.contains(month)
            {
                months.entry(county).or_default().insert(month);
            }
        };
        for delivery in tallies.flat_map(|tally| &tally.deliveries) {
            if delivery.records == 0 {
                add(delivery.region, delivery.month);
            }
            for (region, month) in delivery.found.keys() {
                if delivery.month.is_none() || delivery.month == *month {
                    add(*region, *month);
                }
            }
        }
        Self { months }
    }

    /// The regions that delivered anything, with their months.
    pub fn regions(&self) -> impl Iterator<Item = (County, &BTreeSet<Month>)> {
        self.months.iter().map(|(county, months)| (*county, months))
    }

    /// How many months of a period were delivered; of several regions, by the one of `regions` with the fewest.
    pub fn months(&self, place: Place, period: Period, regions: &BTreeSet<County>) -> u32 {
        let of = |county: &County| {
            let months = self.months.get(county).into_iter().flatten();
            u32::try_from(months.filter(|month| period.contains(**month)).count()).unwrap_or(0)
        };
        match place {
            Place::Region(county) => of(&county),
            Place::Country | Place::Centre(_) => regions.iter().map(of).min().unwrap_or(0),
        }
    }
}

/// Region's years of which a tally has months within the scope's years but outside the scope.
///
/// Of codes and care units a tally keeps whole years, so those of such a year cannot be told apart from what is
/// outside, and no figures are made of them.
#[derive(Clone, Debug, Default)]
pub struct PartialYears {
    years: BTreeSet<(County, i32)>,
}

impl PartialYears {
    /// Those of `tally`.
    pub fn of(tally: &Tally, scope: Scope) -> Self {
        let outside = tally
            .by_month
            .keys()
            .filter_map(|(region, month)| region.zip(*month))
            .filter(|(_, month)| scope.years().contains(&month.year()) && !scope.contains(*month));
        Self { years: outside.map(|(county, month)| (county, month.year())).collect() }
    }

    /// Whether the details of a region's year are those of the scope.
    pub fn allow(&self, county: County, year: i32) -> bool {
        !self.years.contains(&(county, year))
    }

    /// Whether those of every region's year are, so that the country's can be summed.
    pub fn allow_country(&self, year: i32) -> bool {
        !self.years.iter().any(|(_, partial)| *partial == year)
    }

    /// True where there are none.
    pub fn is_empty(&self) -> bool {
        self.years.is_empty()
    }
}
