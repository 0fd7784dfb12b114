//! How often each variable is reported: the reporting rate (inrapporteringsgrad).
//!
//! | | |
//! | --- | --- |
//! | numerator | records in which the variable is filled, by declared codes for none and unknown, too |
//! | denominator | the region's reported records, less those that the measure's filter leaves out |
//! | unit counted | records; of a stock, each month's records anew |
//! | year before | the same figure a year earlier, where the scope holds it; the direction is that of the rounded values |
//! | denominator zero | no value |
//! | rounding | whole per cent, halves upwards, as published |
//!
//! It says whether a variable is filled and never whether what stands there is right; nor can it tell what was not
//! reported from what did not happen. Source of the definitions: Uppföljning av överenskommelsen om ökad tillgänglighet
//! 2022, Socialstyrelsen, August 2023, tables 2–4.

use std::collections::{BTreeMap, BTreeSet};

use super::figure::{Amount, Breakdown, Change, Figure, Period, Place};
use super::{Context, Detail};
use crate::engine::tally::Tally;
use crate::measure::Reporting;
use crate::model::County;

/// What one figure is about, less its variable.
type Group = (Place, Period, Breakdown);
/// Filled records, and records.
type Reported = (u64, u64);

/// Every figure of `measure`: its selection first, then the other variables in the schema's order.
pub(super) fn figures(context: &Context<'_>, measure: &Reporting) -> Vec<Figure> {
    let mut counted: BTreeMap<Group, BTreeMap<&str, Reported>> = BTreeMap::new();
    let mut regions: BTreeMap<Period, BTreeSet<County>> = BTreeMap::new();
    for collection in &measure.collections {
        let (Some(tally), Some(plan), Some(counts)) = (
            context.tallies.get(collection),
            context.measures.plans.get(collection),
            context.measures.tallies.get(collection),
        ) else {
            continue;
        };
        let mut add =
            |county: County, period: Period, breakdown: Breakdown, among: &[u64], blank: &dyn Fn(usize) -> u64| {
                regions.entry(period).or_default().insert(county);
                for place in [Place::Region(county), Place::Country] {
                    let of_variables = counted.entry((place, period, breakdown.clone())).or_default();
                    for (index, variable) in plan.collection.variables.iter().enumerate() {
                        let records = among.get(counts.among_of[index]).copied().unwrap_or(0);
                        let reported = of_variables.entry(&variable.id).or_default();
                        reported.0 += records - blank(index).min(records);
                        reported.1 += records;
                    }
                }
            };
        add_months(context, tally, &mut add);
        add_details(context, tally, &mut add);
    }
    let variables = variables(context, measure);
    let mut figures = Vec::new();
    for (group, of_variables) in &counted {
        let (place, period, breakdown) = group;
        let n_regions = regions.get(period).map_or(0, BTreeSet::len);
        if *place == Place::Country && n_regions < 2 {
            continue;
        }
        let before = period.year_before().and_then(|before| counted.get(&(*place, before, breakdown.clone())));
        for variable in &variables {
            let Some((filled, records)) = of_variables.get(variable) else { continue };
            let before = before.and_then(|before| before.get(variable)).filter(|(_, records)| *records > 0);
            let mut figure = Figure {
                measure: measure.id.clone(),
                place: *place,
                period: *period,
                breakdown: breakdown.clone(),
                variable: Some((*variable).to_owned()),
                category: None,
                numerator: Some(Amount::count(*filled)),
                denominator: Some(Amount::count(*records)),
                per: 100,
                months: context.months_delivered(&measure.collections, *place, *period),
                months_expected: context.months_expected(*period),
                regions: (*place == Place::Country).then(|| u32::try_from(n_regions).unwrap_or(0)),
                undecided: 0,
                before: before.map(|(filled, records)| (Amount::count(*filled), Amount::count(*records))),
                change: None,
                suppressed: false,
            };
            let reversed = measure.reversed.iter().any(|name| name == variable);
            figure.change =
                figure.value_before().zip(figure.value()).map(|(before, now)| Change::between(before, now, reversed));
            figures.push(figure);
        }
    }
    figures
}

type Add<'a> = dyn FnMut(County, Period, Breakdown, &[u64], &dyn Fn(usize) -> u64) + 'a;

fn add_months(context: &Context<'_>, tally: &Tally, add: &mut Add<'_>) {
    for ((region, month), fills) in &tally.by_month {
        let (Some(county), Some(month)) = (*region, *month) else { continue };
        if !context.scope.contains(month) {
            continue;
        }
        let blank = |index: usize| fills.variables.get(index).map_or(0, |fill| fill.blank_among);
        for period in [Period::Year(month.year()), Period::Month(month)] {
            add(county, period, Breakdown::Total, &fills.among, &blank);
        }
    }
}

/// Specialties and units, by whole years: those are what the tally keeps of them.
fn add_details(context: &Context<'_>, tally: &Tally, add: &mut Add<'_>) {
    let years = context.scope.years();
    if context.details.contains(&Detail::Specialty) {
        for ((region, year, specialty), fills) in &tally.by_specialty {
            if let (Some(county), Some(year)) = (*region, year.filter(|year| years.contains(year))) {
                let blank = |index: usize| fills.variables.get(index).map_or(0, |fill| fill.blank_among);
                add(county, Period::Year(year), Breakdown::Specialty(specialty.clone()), &fills.among, &blank);
            }
        }
    }
    if context.details.contains(&Detail::Unit) {
        for ((region, year, unit), fills) in &tally.by_unit {
            if let (Some(county), Some(year)) = (*region, year.filter(|year| years.contains(year))) {
                let blank = |index: usize| fills.blank_among.get(index).copied().unwrap_or(0);
                add(county, Period::Year(year), Breakdown::Unit(unit.clone()), &fills.among, &blank);
            }
        }
    }
}

/// The selection, then the other variables of the first collection.
fn variables<'a>(context: &'a Context<'_>, measure: &'a Reporting) -> Vec<&'a str> {
    let mut names: Vec<&str> = measure.selection.iter().map(String::as_str).collect();
    for plan in measure.collections.iter().filter_map(|collection| context.measures.plans.get(collection)) {
        for variable in &plan.collection.variables {
            if !names.contains(&variable.id.as_str()) {
                names.push(&variable.id);
            }
        }
    }
    names
}
