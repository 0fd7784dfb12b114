//! Which months are looked at, which regions and specialties there are, and what was delivered.

use std::collections::{BTreeMap, BTreeSet};

use super::figure::{Period, Place};
use crate::engine::tally::{BLANK, INVALID, Tally};
use crate::model::County;
use crate::schema::Codelists;
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
}

impl Regions {
    /// From codes and names.
    pub fn new<'a>(regions: impl Iterator<Item = (County, &'a str)>) -> Self {
        Self { names: regions.map(|(county, name)| (county, name.to_owned())).collect() }
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

/// Specialty codes and what they are aggregated to.
#[derive(Clone, Debug, Default)]
pub struct Specialties {
    aggregates: BTreeMap<String, String>,
}

impl Specialties {
    /// Those of the code list `mvo`.
    pub fn load(codelists: &Codelists) -> Self {
        let mut aggregates = BTreeMap::new();
        if let Some(list) = codelists.get("mvo")
            && let Some(column) = list.column("aggregate_sv")
        {
            for entry in list.entries() {
                if let Some(aggregate) = list.attribute(entry.code.as_bytes(), column) {
                    aggregates.insert(entry.code.clone(), aggregate.to_owned());
                }
            }
        }
        Self { aggregates }
    }

    /// What a code is aggregated to; blank and wrong ones are groups of their own.
    pub fn aggregate<'a>(&'a self, code: &'a str) -> &'a str {
        if code == BLANK || code == INVALID { code } else { self.aggregates.get(code).map_or(INVALID, String::as_str) }
    }

    /// Every aggregate, sorted.
    pub fn all(&self) -> BTreeSet<&str> {
        self.aggregates.values().map(String::as_str).collect()
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

    /// How many months of a period were delivered; of the country, by the one of `regions` with the fewest.
    pub fn months(&self, place: Place, period: Period, regions: &BTreeSet<County>) -> u32 {
        let of = |county: &County| {
            let months = self.months.get(county).into_iter().flatten();
            u32::try_from(months.filter(|month| period.contains(**month)).count()).unwrap_or(0)
        };
        match place {
            Place::Region(county) => of(&county),
            Place::Country => regions.iter().map(of).min().unwrap_or(0),
        }
    }
}

/// Region's years of which a tally has months within the scope's years but outside the scope.
///
/// Of specialties and care units a tally keeps whole years, so those of such a year cannot be told apart from what is
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
