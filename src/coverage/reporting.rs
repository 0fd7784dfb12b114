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

use super::figure::{Amount, Breakdown, Change, Figure, Name, Period, Place};
use super::scope::{Delivered, PartialYears};
use super::{Context, Detail};
use crate::engine::tally::Tally;
use crate::measure::Reporting;
use crate::model::County;

/// What one figure is about, less its variable.
type Group = (Place, Period, Breakdown);
/// Filled records, and records, by variable.
type Reported = Vec<(u64, u64)>;

/// Every figure of `measure`: its selection first, then the other variables in the schema's order.
pub(super) fn figures(context: &Context<'_>, measure: &Reporting) -> Vec<Figure> {
    let variables = variables(context, measure);
    let mut counted: BTreeMap<Group, Reported> = BTreeMap::new();
    let mut regions: BTreeMap<Period, BTreeSet<County>> = BTreeMap::new();
    for collection in &measure.collections {
        let (Some(tally), Some(plan), Some(counts)) = (
            context.tallies.get(collection),
            context.measures.plans.get(collection),
            context.measures.tallies.get(collection),
        ) else {
            continue;
        };
        let own = &plan.collection.variables;
        let place_of = |id: &str| variables.iter().position(|name| **name == *id).unwrap_or(0);
        let places: Vec<usize> = own.iter().map(|variable| place_of(&variable.id)).collect();
        let partial = PartialYears::of(tally, context.scope);
        let mut add =
            |county: County, period: Period, breakdown: Breakdown, among: &[u64], blank: &dyn Fn(usize) -> u64| {
                // Details are of whole years, and do not decide who is in the totals of the scope.
                if breakdown == Breakdown::Total {
                    regions.entry(period).or_default().insert(county);
                }
                // Units are of one region: there is nothing to add up over the country.
                let is_summed = match (&breakdown, period) {
                    (Breakdown::Unit(_), _) => false,
                    (Breakdown::Code { .. }, Period::Year(year)) => partial.allow_country(year),
                    _ => true,
                };
                let everywhere = [Place::Region(county), Place::Country];
                for place in everywhere.iter().take(if is_summed { 2 } else { 1 }) {
                    let of_variables = counted.entry((*place, period, breakdown.clone())).or_default();
                    of_variables.resize(variables.len(), (0, 0));
                    for (index, place) in places.iter().enumerate() {
                        let records = among.get(counts.among_of[index]).copied().unwrap_or(0);
                        of_variables[*place].0 += records - blank(index).min(records);
                        of_variables[*place].1 += records;
                    }
                }
            };
        add_months(context, tally, &mut add);
        add_details(context, (collection, tally), &partial, &mut add);
    }
    let delivered = Delivered::of(context.tallies_of(&measure.collections), context.scope);
    let id: Name = measure.id.as_str().into();
    let reversed: Vec<bool> =
        variables.iter().map(|name| measure.reversed.iter().any(|reversed| **reversed == **name)).collect();
    let mut figures = Vec::with_capacity(counted.len() * variables.len());
    let none = BTreeSet::new();
    let n_regions = |period: &Period| regions.get(period).map_or(0, BTreeSet::len);
    for (group, of_variables) in &counted {
        let (place, period, breakdown) = group;
        let regions = regions.get(period).unwrap_or(&none);
        if *place == Place::Country && regions.len() < 2 {
            continue;
        }
        let months = delivered.months(*place, *period, regions);
        let before = period.year_before().filter(|before| *place != Place::Country || n_regions(before) > 1);
        let before = before.and_then(|before| counted.get(&(*place, before, breakdown.clone())));
        for (index, variable) in variables.iter().enumerate() {
            let (filled, records) = of_variables[index];
            let before = before.map(|before| before[index]).filter(|(_, records)| *records > 0);
            let mut figure = Figure {
                breakdown: breakdown.clone(),
                variable: Some(Name::clone(variable)),
                numerator: Some(Amount::count(filled)),
                denominator: Some(Amount::count(records)),
                months,
                regions: (*place == Place::Country).then(|| u32::try_from(regions.len()).unwrap_or(0)),
                before: before.map(|(filled, records)| (Amount::count(filled), Amount::count(records))),
                ..context.figure(&id, *place, *period)
            };
            figure.change = figure
                .value_before()
                .zip(figure.value())
                .map(|(before, now)| Change::between(before, now, reversed[index]));
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

/// Codes of the breakdown and units, by whole years: those are what the tally keeps of them.
fn add_details(context: &Context<'_>, (collection, tally): (&str, &Tally), partial: &PartialYears, add: &mut Add<'_>) {
    let years = context.scope.years();
    let of = |region: Option<County>, year: Option<i32>| {
        let (county, year) = (region?, year.filter(|year| years.contains(year))?);
        partial.allow(county, year).then_some((county, year))
    };
    if context.details.contains(&Detail::Code) {
        for ((region, year, code), fills) in &tally.by_code {
            if let Some((county, year)) = of(*region, *year) {
                let blank = |index: usize| fills.variables.get(index).map_or(0, |fill| fill.blank_among);
                add(county, Period::Year(year), context.code(collection, code), &fills.among, &blank);
            }
        }
    }
    if context.details.contains(&Detail::Unit) {
        for ((region, year, unit), fills) in &tally.by_unit {
            if let Some((county, year)) = of(*region, *year) {
                let blank = |index: usize| fills.blank_among.get(index).copied().unwrap_or(0);
                add(county, Period::Year(year), Breakdown::Unit(unit.as_str().into()), &fills.among, &blank);
            }
        }
    }
}

/// The selection, then the other variables of the collections.
fn variables(context: &Context<'_>, measure: &Reporting) -> Vec<Name> {
    let mut names: Vec<Name> = measure.selection.iter().map(|name| name.as_str().into()).collect();
    for plan in measure.collections.iter().filter_map(|collection| context.measures.plans.get(collection)) {
        for variable in &plan.collection.variables {
            if !names.iter().any(|name| **name == *variable.id) {
                names.push(variable.id.as_str().into());
            }
        }
    }
    names
}
