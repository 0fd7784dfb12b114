//! Percentiles, a row a place and a block of columns a period; and by part of the breakdown.

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};

use super::Country;
use super::places::alphabetical;
use crate::coverage::distribution::{DistributionRow, DistributionTable};
use crate::coverage::figure::{Breakdown, Period, Place};
use crate::report::coverage::words;
use crate::report::html::Section;
use crate::report::html::wide;

pub(super) fn section(country: Country<'_>) -> Option<Section> {
    let tables = &country.coverage.distributions;
    if tables.is_empty() {
        return None;
    }
    let body = html! { @for table in tables { (of_table(country, table)) } };
    Some(country.section("distributions", ("Fördelningar", "Distributions"), body))
}

fn of_table(country: Country<'_>, table: &DistributionTable) -> Markup {
    let writing = country.writing;
    let periods = words::columns(table.rows.iter().map(|row| row.period));
    let totals: BTreeMap<(Place, Period), &DistributionRow> = table
        .rows
        .iter()
        .filter(|row| row.breakdown == Breakdown::Total)
        .map(|row| ((row.place, row.period), row))
        .collect();
    let places = country.in_order(totals.keys().map(|(place, _)| *place));
    let (title, unit, (min, max)) = (writing.text(&table.title), writing.text(&table.unit), table.range);
    let finality = totals.values().filter(|row| periods.contains(&row.period)).map(|row| row.finality);
    let heading = country.say("region", "region");
    html! {
        h3 { (title) }
        p { (writing.text(&table.description)) }
        @if !writing.text(&table.caution).is_empty() {
            p.caution { (country.say("Kan inte säga: ", "Cannot tell: ")) (writing.text(&table.caution)) }
        }
        p.note {
            (country.say(
                format!("I {unit}. p25 är det minsta tal som minst 25\u{a0}% av posterna har eller ligger under; p50 är medianen. Där precis så många gör det är värdet mitt emellan det och nästa. En percentil som faller på ett tal under {min} eller över {max} visas inte."),
                format!("In {unit}. p25 is the least number that at least 25% of the records have or are below; p50 is the median. Where exactly so many are, the value is midway between it and the next. A percentile that falls on a number below {min} or above {max} is not shown."),
            ))
        }
        (wide(title, &html! {
            table.data-filter {
                caption { (title) ", " (unit) }
                (headings(country, table, heading, &periods))
                tbody {
                    @for place in &places {
                        tr class=[Country::class_of(*place)] {
                            (country.row_of(*place))
                            @for period in &periods { (cells(country, table, totals.get(&(*place, *period)).copied())) }
                        }
                    }
                }
            }
        }))
        @if let Some(text) = words::finality_note(writing.figures, finality) { p.note { (text) } }
        (country.notes(&places))
        @if let Some(text) = outside(country, table, &periods) { p.note { (text) } }
        (by_part(country, table, &places, &periods))
        p.source { (table.source.document) ", " (table.source.place) }
    }
}

/// Whether any of a table's rows may still change by corrections, or could before.
fn is_told(table: &DistributionTable) -> bool {
    table.rows.iter().any(|row| row.finality.is_some())
}

fn headings(country: Country<'_>, table: &DistributionTable, first: &str, periods: &[Period]) -> Markup {
    let width = 1 + table.percentiles.len() + usize::from(is_told(table));
    html! {
        thead {
            tr {
                th rowspan="2" scope="col" { (first) }
                @for period in periods { th.num colspan=(width) scope="colgroup" { (country.period(*period)) } }
            }
            tr {
                @for _ in periods {
                    th.num scope="col" { (country.say("poster", "records")) }
                    @for percentile in &table.percentiles { th.num scope="col" { "p" (percentile) } }
                    @if is_told(table) { th scope="col" { (country.say("läge", "status")) } }
                }
            }
        }
    }
}

fn cells(country: Country<'_>, table: &DistributionTable, row: Option<&DistributionRow>) -> Markup {
    let sign = country.say(',', '.');
    let none = if row.is_some_and(|row| row.suppressed) { country.withheld() } else { country.nothing() };
    let finality = row.and_then(|row| row.finality).map(|of| words::finality(country.writing.figures, of));
    html! {
        @match row.map(|row| row.counts) {
            Some(Some(counts)) => { (country.number(counts.records)) }
            Some(None) => { td.num { (country.withheld()) } }
            None => { td.num { (country.nothing()) } }
        }
        @for index in 0..table.percentiles.len() {
            @match row.and_then(|row| row.percentiles.get(index).copied().flatten()) {
                Some(value) => { td.num data-sort=(value.text('.')) { (value.text(sign)) } }
                None => { td.num { (none) } }
            }
        }
        @if is_told(table) { td { @if let Some(word) = finality { (word) } } }
    }
}

/// How many of a table's records are outside its range, or have no number.
fn outside(country: Country<'_>, table: &DistributionTable, periods: &[Period]) -> Option<String> {
    let is_counted = |row: &&DistributionRow| {
        matches!(row.place, Place::Region(_)) && row.breakdown == Breakdown::Total && periods.contains(&row.period)
    };
    let (mut below, mut above, mut unknown) = (0, 0, 0);
    for counts in table.rows.iter().filter(is_counted).filter_map(|row| row.counts) {
        (below, above, unknown) = (below + counts.below, above + counts.above, unknown + counts.unknown);
    }
    if below + above + unknown == 0 {
        return None;
    }
    let (min, max) = table.range;
    let [below, above, unknown] = [below, above, unknown].map(|records| country.writing.figures.count(records));
    Some(country.say(
        format!("Poster under {min}: {below}; över {max}: {above}; utan känt värde, inte med: {unknown}."),
        format!("Records below {min}: {below}; above {max}: {above}; without a known value, left out: {unknown}."),
    ))
}

/// The parts of the breakdown, of the country or the only region.
fn by_part(country: Country<'_>, table: &DistributionTable, places: &[Place], periods: &[Period]) -> Markup {
    let Some(first) = places.first() else { return html! {} };
    let parts: BTreeMap<(&str, Period), &DistributionRow> = table
        .rows
        .iter()
        .filter(|row| row.breakdown != Breakdown::Total && row.place == *first)
        .map(|row| ((row.breakdown.name(), row.period), row))
        .collect();
    let names: BTreeSet<&str> = parts.keys().map(|(name, _)| *name).collect();
    let mut names: Vec<(String, &str)> =
        names.into_iter().map(|name| (words::part_name(country.writing.figures, name, &table.names), name)).collect();
    names.sort_by_cached_key(|(words, _)| alphabetical(words));
    let kind = country.writing.text(&table.breakdown);
    let label = country.say(format!("Per {kind}"), format!("By {kind}"));
    html! {
        @if !names.is_empty() {
            details {
                summary { (label) }
                (wide(&label, &html! {
                    table.data-filter {
                        caption { (country.writing.text(&table.title)) ", " (country.place(*first)) }
                        (headings(country, table, kind, periods))
                        tbody {
                            @for (words, name) in &names {
                                tr {
                                    th scope="row" { (words) }
                                    @for period in periods { (cells(country, table, parts.get(&(*name, *period)).copied())) }
                                }
                            }
                        }
                    }
                }))
            }
        }
    }
}
