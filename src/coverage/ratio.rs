//! Counts divided by inhabitants, by the patient register, or by other counts.
//!
//! | | |
//! | --- | --- |
//! | numerator | records for which the measure's condition is true |
//! | denominator | population or register count of the region and year, or the records that the measure speaks of |
//! | unit counted | contacts; of a stock, contacts waiting in the mean of the months delivered |
//! | year | flows: sum of the months; stocks: mean of the months delivered; months delivered are shown |
//! | country | the regions that delivered anything that year, above and below |
//! | denominator zero | no value |
//! | rounding | whole numbers, halves upwards, as published |
//!
//! A region's figure is that of the region *responsible* (huvudman), not of the patient's home. Source of the
//! definitions: Uppföljning av överenskommelsen om ökad tillgänglighet 2022, Socialstyrelsen, August 2023, figures
//! 7–17 and footnotes 34 and 36.

use std::collections::{BTreeMap, BTreeSet};

use super::figure::{Amount, Breakdown, Figure, Period, Place};
use super::scope::Delivered;
use super::{Context, Missing, Sources};
use crate::engine::tally::{BLANK, INVALID};
use crate::measure::{Denominator, Ratio};
use crate::model::County;
use crate::time::Month;

/// Counts of one group.
#[derive(Clone, Copy, Debug, Default)]
struct Parts {
    numerator: u64,
    among: u64,
    undecided: u64,
}

impl Parts {
    fn add(&mut self, other: Self) {
        self.numerator += other.numerator;
        self.among += other.among;
        self.undecided += other.undecided;
    }
}

/// Every figure of `measure`; denominators that are not there are added to `missing`.
pub(super) fn figures(context: &Context<'_>, measure: &Ratio, missing: &mut BTreeSet<Missing>) -> Vec<Figure> {
    let delivered = Delivered::of(context.tallies_of(&measure.collections), context.scope);
    let counted = count(context, measure);
    let periods = periods(context, measure);
    let mut breakdowns: BTreeSet<Breakdown> = counted.keys().map(|(_, _, breakdown)| breakdown.clone()).collect();
    breakdowns.insert(Breakdown::Total);
    if measure.by_specialty {
        breakdowns.extend(context.specialties.all().into_iter().map(|name| Breakdown::Aggregate(name.into())));
    }
    let regions: BTreeSet<County> =
        delivered.regions().map(|(county, _)| county).chain(counted.keys().map(|(county, ..)| *county)).collect();
    let mut figures = Vec::new();
    for breakdown in &breakdowns {
        for period in &periods {
            let of_regions: Vec<Figure> = regions
                .iter()
                .filter_map(|county| {
                    let n_months = delivered.months(Place::Region(*county), *period, &regions);
                    region(context, measure, &counted, (*county, n_months), *period, breakdown, missing)
                })
                .collect();
            figures.extend(country(&of_regions));
            figures.extend(of_regions);
        }
    }
    figures
}

type Counted = BTreeMap<(County, Month, Breakdown), Parts>;

fn count(context: &Context<'_>, measure: &Ratio) -> Counted {
    let mut counted = Counted::new();
    for (collection, conditions) in &measure.conditions {
        let Some(tally) = context.tallies.get(collection) else { continue };
        for ((region, month, specialty), counts) in &tally.counts {
            let (Some(county), Some(month)) = (*region, *month) else { continue };
            if !context.scope.contains(month) {
                continue;
            }
            let at = |list: &[u64], place: usize| list.get(place).copied().unwrap_or(0);
            let parts = Parts {
                numerator: at(&counts.yes, conditions.numerator),
                among: at(&counts.yes, conditions.among),
                undecided: at(&counts.undecided, conditions.numerator),
            };
            counted.entry((county, month, Breakdown::Total)).or_default().add(parts);
            if measure.by_specialty {
                let aggregate = Breakdown::Aggregate(context.specialties.aggregate(specialty).into());
                counted.entry((county, month, aggregate)).or_default().add(parts);
            }
        }
    }
    counted
}

/// Years, and months unless the denominator is a yearly count.
fn periods(context: &Context<'_>, measure: &Ratio) -> Vec<Period> {
    let years = context.scope.years().map(Period::Year);
    let months = context.scope.months().map(Period::Month).filter(|_| measure.denominator != Denominator::Register);
    years.chain(months).collect()
}

fn region(
    context: &Context<'_>,
    measure: &Ratio,
    counted: &Counted,
    (county, n_months): (County, u32),
    period: Period,
    breakdown: &Breakdown,
    missing: &mut BTreeSet<Missing>,
) -> Option<Figure> {
    let mut figure = Figure {
        breakdown: breakdown.clone(),
        per: measure.per,
        months: n_months,
        ..context.figure(&measure.id.as_str().into(), Place::Region(county), period)
    };
    // Stray contacts of a month that was not delivered count all the same: they took place.
    let months = || context.scope.months().filter(|month| period.contains(*month));
    if n_months == 0 && !months().any(|month| counted.contains_key(&(county, month, Breakdown::Total))) {
        return Some(figure);
    }
    let mut parts = Parts::default();
    for month in months() {
        parts.add(counted.get(&(county, month, breakdown.clone())).copied().unwrap_or_default());
    }
    let amount = |sum| if measure.monthly_mean { Amount::mean(sum, n_months) } else { Amount::count(sum) };
    figure.numerator = Some(amount(parts.numerator));
    figure.undecided = Some(parts.undecided);
    figure.denominator = match measure.denominator {
        Denominator::Records => Some(amount(parts.among)),
        Denominator::Population | Denominator::Register => {
            match context.sources.count(measure.denominator, county, period.year(), breakdown) {
                Some(count) => Some(Amount::count(count)),
                // A register without specialties says nothing of them, which is no mistake. Contacts of no known
                // specialty are shown without a denominator, for there is none.
                None if *breakdown != Breakdown::Total => {
                    if !context.sources.has_specialties(county, period.year()) || parts.numerator == 0 {
                        return None;
                    }
                    None
                }
                None => {
                    missing.insert(Missing { denominator: measure.denominator.into(), county, year: period.year() });
                    None
                }
            }
        }
    };
    Some(figure)
}

/// The sum of the regions that delivered, where they are several.
fn country(regions: &[Figure]) -> Option<Figure> {
    let having: Vec<&Figure> =
        regions.iter().filter(|figure| figure.numerator.is_some() && figure.denominator.is_some()).collect();
    if having.len() < 2 {
        return None;
    }
    let sum = |amount: fn(&Figure) -> Option<Amount>| {
        having.iter().filter_map(|figure| amount(figure)).fold(Amount::default(), Amount::plus)
    };
    Some(Figure {
        place: Place::Country,
        numerator: Some(sum(|figure| figure.numerator)),
        denominator: Some(sum(|figure| figure.denominator)),
        months: having.iter().map(|figure| figure.months).min().unwrap_or(0),
        regions: u32::try_from(having.len()).ok(),
        undecided: having.iter().map(|figure| figure.undecided).sum(),
        ..having[0].clone()
    })
}

impl Sources<'_> {
    /// Inhabitants or register contacts of a region and year.
    fn count(&self, of: Denominator, county: County, year: i32, breakdown: &Breakdown) -> Option<u64> {
        match (of, breakdown) {
            (Denominator::Records, _) => None,
            (Denominator::Population, _) => self.population?.get(county, year),
            (Denominator::Register, Breakdown::Aggregate(name)) if **name == *BLANK || **name == *INVALID => None,
            (Denominator::Register, Breakdown::Aggregate(name)) => {
                let register = self.register.filter(|_| self.has_specialties(county, year))?;
                Some(register.get_aggregate(county, year, name).unwrap_or(0))
            }
            (Denominator::Register, _) => self.register?.get(county, year),
        }
    }

    /// Whether the register says how a region's contacts of a year are divided by specialty.
    fn has_specialties(&self, county: County, year: i32) -> bool {
        self.register.is_some_and(|register| register.aggregates(county, year).next().is_some())
    }
}
