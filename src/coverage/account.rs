//! What became of every variable in every record: the five-way account, and how often conditions were true.
//!
//! Blank is not one thing. The records of a group are divided, for each variable, into filled · said to be none or not
//! applicable · said to be unknown · blank and allowed · blank but required; the five add up to the records. For
//! variables that are required on a condition a sixth figure says in how many records the condition was true: a region
//! that never reports an emergency contact is never asked for the time of its assessment, and no blank shows it.
//!
//! | | |
//! | --- | --- |
//! | numerator | records of one of the categories |
//! | denominator | records of the group that could be divided into columns |
//! | denominator zero | no value |
//! | rounding | whole per cent, halves upwards |

use std::collections::{BTreeMap, BTreeSet};

use super::figure::{Amount, Breakdown, Category, Figure, Name, Period, Place};
use super::scope::{Delivered, PartialYears};
use super::{Context, Detail};
use crate::engine::tally::{Fill, Fills};
use crate::model::{County, Level};

/// The prefix of these measures' ids; the collection follows.
pub const PREFIX: &str = "bortfall_";

/// The account of every variable of every collection.
pub(super) fn figures(context: &Context<'_>) -> Vec<Figure> {
    let mut figures = Vec::new();
    for (collection, tally) in context.tallies {
        let delivered = Delivered::of(std::iter::once(tally), context.scope);
        let id: Name = format!("{PREFIX}{collection}").into();
        let plan = context.measures.plans.get(collection).filter(|plan| plan.fold.is_none());
        let Some(plan) = plan else { continue };
        let mut counted: BTreeMap<(Period, Breakdown, Place), Fills> = BTreeMap::new();
        let mut regions: BTreeMap<Period, BTreeSet<County>> = BTreeMap::new();
        for ((region, month), fills) in &tally.by_month {
            let (Some(county), Some(month)) = (*region, *month) else { continue };
            if context.scope.contains(month) {
                let year = Period::Year(month.year());
                regions.entry(year).or_default().insert(county);
                for place in [Place::Country, Place::Region(county)] {
                    counted.entry((year, Breakdown::Total, place)).or_default().merge(fills);
                }
            }
        }
        if context.details.contains(&Detail::Code) {
            let partial = PartialYears::of(tally, context.scope);
            for ((region, year, code), fills) in &tally.by_code {
                let (Some(county), Some(year)) = (*region, *year) else { continue };
                if context.scope.years().contains(&year) && partial.allow(county, year) {
                    let everywhere = [Place::Region(county), Place::Country];
                    for place in everywhere.into_iter().take(if partial.allow_country(year) { 2 } else { 1 }) {
                        let breakdown = context.code(collection, code);
                        counted.entry((Period::Year(year), breakdown, place)).or_default().merge(fills);
                    }
                }
            }
        }
        let names: Vec<Name> = plan.collection.variables.iter().map(|variable| variable.id.as_str().into()).collect();
        let none = BTreeSet::new();
        for ((period, breakdown, place), fills) in &counted {
            let regions = regions.get(period).unwrap_or(&none);
            if *place == Place::Country && regions.len() < 2 {
                continue;
            }
            let months = delivered.months(*place, *period, regions);
            for (index, name) in names.iter().enumerate() {
                let fill = fills.variables.get(index).copied().unwrap_or_default();
                let conditional = plan.requirements[index].level == Level::Conditional;
                for (category, count) in parts(&fill, fills.records, conditional) {
                    figures.push(Figure {
                        breakdown: breakdown.clone(),
                        variable: Some(Name::clone(name)),
                        category: Some(category),
                        level: Some(plan.requirements[index].level),
                        numerator: Some(Amount::count(count)),
                        denominator: Some(Amount::count(fills.records)),
                        months,
                        regions: (*place == Place::Country).then(|| u32::try_from(regions.len()).unwrap_or(0)),
                        ..context.figure(&id, *place, *period)
                    });
                }
            }
        }
    }
    figures
}

/// The five categories, and for a conditional variable how often its condition was true.
fn parts(fill: &Fill, records: u64, conditional: bool) -> Vec<(Category, u64)> {
    let mut parts = vec![
        (Category::Filled, records.saturating_sub(fill.blank + fill.negative + fill.unknown)),
        (Category::Negative, fill.negative),
        (Category::Unknown, fill.unknown),
        (Category::BlankAllowed, fill.blank.saturating_sub(fill.blank_required)),
        (Category::BlankRequired, fill.blank_required),
    ];
    if conditional {
        parts.push((Category::Required, fill.required));
    }
    parts
}
