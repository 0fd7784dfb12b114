//! Counts divided by inhabitants, by the patient register, or by other counts.
//!
//! | | |
//! | --- | --- |
//! | numerator | records for which the measure's condition is true |
//! | denominator | population or register count of the region and year, a reference table's number of the region and period, or the records that the measure speaks of |
//! | unit counted | contacts; of a stock, contacts waiting in the mean of the months delivered |
//! | year | flows: sum of the months; stocks: mean of the months delivered; months delivered are shown |
//! | country, regional cancer centre | the regions that delivered anything in the period, above and below |
//! | target | held against the two counts, never against the rounded value |
//! | denominator zero | no value |
//! | rounding | whole numbers, halves upwards, as published |
//!
//! A region's figure is that of the region *responsible* (huvudman), not of the patient's home. Source of the
//! definitions: Uppföljning av överenskommelsen om ökad tillgänglighet 2022, Socialstyrelsen, August 2023, figures
//! 7–17 and footnotes 34 and 36.

use std::collections::{BTreeMap, BTreeSet};

use super::certainty::Doubts;
use super::figure::{Amount, Breakdown, Figure, Period, Place};
use super::scope::{Codes, Delivered};
use super::{Context, Missing, Sources};
use crate::engine::tally::{BLANK, INVALID};
use crate::measure::{Denominator, Periods, Ratio};
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
    let regions: BTreeSet<County> =
        delivered.regions().map(|(county, _)| county).chain(counted.keys().map(|(county, ..)| *county)).collect();
    let periods = periods(context, measure, &counted, missing);
    let mut breakdowns: BTreeSet<Breakdown> = counted.keys().map(|(_, _, breakdown)| breakdown.clone()).collect();
    breakdowns.insert(Breakdown::Total);
    if measure.by_breakdown {
        let plans = measure.collections.iter().filter_map(|collection| context.measures.plans.get(collection));
        breakdowns.extend(plans.filter_map(|plan| Codes::of(plan)).flat_map(|codes| codes.all()));
    }
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
            figures.extend(sum(Place::Country, of_regions.iter(), 2));
            if measure.by_rcc {
                figures.extend(centres(context, &of_regions));
            }
            figures.extend(of_regions);
        }
    }
    if let Some(doubts) = Doubts::of(context, measure) {
        doubts.attach(context, &mut figures.iter_mut().collect::<Vec<_>>());
    }
    figures
}

/// The sums of each regional cancer centre's regions, a centre of one region included.
fn centres(context: &Context<'_>, of_regions: &[Figure]) -> Vec<Figure> {
    let centre_of = |figure: &Figure| match figure.place {
        Place::Region(county) => context.regions.centre_of(county),
        _ => None,
    };
    let centres: BTreeSet<_> = of_regions.iter().filter_map(centre_of).collect();
    let of_centre =
        |centre| sum(Place::Centre(centre), of_regions.iter().filter(|one| centre_of(one) == Some(centre)), 1);
    centres.into_iter().filter_map(of_centre).collect()
}

type Counted = BTreeMap<(County, Month, Breakdown), Parts>;

fn count(context: &Context<'_>, measure: &Ratio) -> Counted {
    let mut counted = Counted::new();
    for (collection, conditions) in &measure.conditions {
        let Some(tally) = context.tallies.get(collection) else { continue };
        let codes = context.measures.plans.get(collection).filter(|_| measure.by_breakdown);
        let codes = codes.and_then(|plan| Codes::of(plan));
        for ((region, month, code), counts) in &tally.counts {
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
            if let Some(codes) = &codes {
                counted.entry((county, month, codes.part_of(code))).or_default().add(parts);
            }
        }
    }
    counted
}

/// What the measure is made of: no months where the denominator is a yearly count, and the periods of the table where
/// it is a table's.
fn periods(context: &Context<'_>, measure: &Ratio, counted: &Counted, missing: &mut BTreeSet<Missing>) -> Vec<Period> {
    let mut wanted = measure.periods;
    let Denominator::Table(name) = &measure.denominator else {
        wanted.months &= measure.denominator != Denominator::Register;
        return context.scope.periods(wanted);
    };
    let Some(table) = context.sources.tables.and_then(|tables| tables.get(name)) else { return Vec::new() };
    let periods: Vec<Period> = table.periods().into_iter().filter(|period| context.scope.holds(*period)).collect();
    // Whoever has records in months that no period of the table covers lacks a denominator for them: of the year where
    // nothing of it is covered, else of the half-year or what the scope holds of it.
    let is_covered = |month: Month| periods.iter().any(|period| period.contains(month));
    let mut lacking = context.scope.periods(Periods { years: true, half_years: true, months: true });
    lacking.retain(|period| !context.scope.months().any(|month| period.contains(month) && is_covered(month)));
    for ((county, month, breakdown), parts) in counted {
        if *breakdown == Breakdown::Total && parts.among > 0 && !is_covered(*month) {
            let of_month = lacking.iter().filter(|period| period.contains(*month));
            if let Some(period) = of_month.copied().min_by_key(|period| period.order()) {
                let denominator = measure.denominator.clone().into();
                missing.insert(Missing { denominator, period, county: *county, part: None });
            }
        }
    }
    periods
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
        target: measure.target,
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
    figure.denominator = match &measure.denominator {
        Denominator::Records => Some(amount(parts.among)),
        Denominator::Table(name) => {
            let table = context.sources.tables.and_then(|tables| tables.get(name))?;
            let lacking = |part: &Breakdown| Missing {
                denominator: measure.denominator.clone().into(),
                period,
                county,
                part: (*part != Breakdown::Total).then(|| part.name().to_owned()),
            };
            match breakdown {
                Breakdown::Total => {
                    let count = table.get(county, period);
                    missing.extend(count.is_none().then(|| lacking(breakdown)));
                    count.map(Amount::count)
                }
                // A table of totals says nothing of their parts, which is no mistake; nor is there anything to
                // divide records of no known code by.
                _ if table.codes(period).is_empty() => return None,
                part if [BLANK, INVALID].contains(&part.name()) => {
                    if parts.numerator == 0 {
                        return None;
                    }
                    None
                }
                part => {
                    let count = table.get_part(county, period, part.name());
                    if count.is_none() {
                        if parts.numerator == 0 && !table.codes(period).contains(part.name()) {
                            return None;
                        }
                        // A region that is lacking altogether is told once.
                        missing.extend(table.get(county, period).map(|_| lacking(part)));
                    }
                    count.map(Amount::count)
                }
            }
        }
        Denominator::Population | Denominator::Register => {
            match context.sources.count(&measure.denominator, county, period.year(), breakdown) {
                Some(count) => Some(Amount::count(count)),
                // A register of totals says nothing of their parts, which is no mistake. Contacts of no known code
                // are shown without a denominator, for there is none.
                None if *breakdown != Breakdown::Total => {
                    if !context.sources.has_aggregates(county, period.year()) || parts.numerator == 0 {
                        return None;
                    }
                    None
                }
                None => {
                    let denominator = measure.denominator.clone().into();
                    missing.insert(Missing { denominator, period: Period::Year(period.year()), county, part: None });
                    None
                }
            }
        }
    };
    Some(figure)
}

/// The sum of the regions that delivered, where they are `least` or more.
fn sum<'f>(place: Place, regions: impl Iterator<Item = &'f Figure>, least: usize) -> Option<Figure> {
    let having: Vec<&Figure> =
        regions.filter(|figure| figure.numerator.is_some() && figure.denominator.is_some()).collect();
    if having.len() < least {
        return None;
    }
    let sum = |amount: fn(&Figure) -> Option<Amount>| {
        having.iter().filter_map(|figure| amount(figure)).fold(Amount::default(), Amount::plus)
    };
    Some(Figure {
        place,
        numerator: Some(sum(|figure| figure.numerator)),
        denominator: Some(sum(|figure| figure.denominator)),
        months: having.iter().map(|figure| figure.months).min().unwrap_or(0),
        regions: u32::try_from(having.len()).ok(),
        undecided: having.iter().map(|figure| figure.undecided).sum(),
        ..(*having.first()?).clone()
    })
}

impl Sources<'_> {
    /// Inhabitants or register contacts of a region and year.
    fn count(&self, of: &Denominator, county: County, year: i32, breakdown: &Breakdown) -> Option<u64> {
        match (of, breakdown) {
            (Denominator::Records | Denominator::Table(_), _) => None,
            (Denominator::Population, _) => self.population?.get(county, year),
            (Denominator::Register, Breakdown::Aggregate { name, .. }) if **name == *BLANK || **name == *INVALID => {
                None
            }
            (Denominator::Register, Breakdown::Aggregate { name, .. }) => {
                let register = self.register.filter(|_| self.has_aggregates(county, year))?;
                Some(register.get_aggregate(county, year, name).unwrap_or(0))
            }
            (Denominator::Register, _) => self.register?.get(county, year),
        }
    }

    /// Whether the register says how a region's contacts of a year are divided by aggregated specialty.
    fn has_aggregates(&self, county: County, year: i32) -> bool {
        self.register.is_some_and(|register| register.aggregates(county, year).next().is_some())
    }
}
