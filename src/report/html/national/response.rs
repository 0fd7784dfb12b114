//! What was expected and received; what is missing and what came late is named.

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};

use super::Country;
use crate::coverage::figure::Place;
use crate::coverage::response::{Cell, DEADLINES};
use crate::model::County;
use crate::report::html::Section;
use crate::report::html::wide;
use crate::report::shown::escaped;
use crate::time::Month;

/// A region's submission of one month and group of collections.
type Of<'a> = (&'a str, County, Month, &'a Cell);

pub(super) fn section(country: Country<'_>) -> Option<Section> {
    let cells: Vec<Of<'_>> = country
        .coverage
        .response
        .cells
        .iter()
        .map(|((group, county, month), cell)| (group.as_str(), *county, *month, cell))
        .collect();
    if cells.is_empty() {
        return None;
    }
    let groups: BTreeSet<&str> = cells.iter().map(|(group, ..)| *group).collect();
    let body = html! {
        (rates(country, &groups, &cells))
        (missing(country, &cells))
        (late(country, &cells))
        (by_region(country, &groups, &cells))
        (doubts(country, &cells))
    };
    Some(country.section("response", ("Inkomna leveranser", "Deliveries received"), body))
}

impl Country<'_> {
    /// What a group of collections is called.
    pub(super) fn group(self, group: &str) -> String {
        let title = self.coverage.groups.get(group);
        title.map_or_else(|| group.to_owned(), |title| self.writing.text(title).to_owned())
    }

    /// `91,7 % (11 av 12)` in a cell.
    fn share(self, n: u64, of: u64) -> Markup {
        let Some(share) = self.writing.figures.share(n, of) else { return html! { td.num { (self.nothing()) } } };
        let counts = [n, of].map(|count| self.writing.figures.count(count));
        #[expect(clippy::cast_precision_loss, reason = "to sort by; counts of months are small")]
        let sort = n as f64 / of as f64;
        html! {
            td.num data-sort=(sort) { (share) " " span.counts { "(" (counts[0]) " / " (counts[1]) ")" } }
        }
    }
}

/// Each group of collections with its rates.
fn rates(country: Country<'_>, groups: &BTreeSet<&str>, cells: &[Of<'_>]) -> Markup {
    let is_unknown = |cell: &Cell| cell.is_received && cell.received.is_none();
    html! {
        @let caption = country.say("Leveranser (region och månad) per insamling", "Deliveries (region and month) by collection");
        (wide(caption, &html! {
            table {
                caption { (caption) }
                thead { tr {
                    th scope="col" { (country.say("insamling", "collection")) }
                    th.num scope="col" { (country.say("väntade", "expected")) }
                    th.num scope="col" { (country.say("inkomna", "received")) }
                    th.num scope="col" { (country.say("svarsfrekvens", "response rate")) }
                    th.num scope="col" { (country.say("inom 3 veckor", "within 3 weeks")) }
                    th.num scope="col" { (country.say("inom 5 veckor", "within 5 weeks")) }
                } }
                tbody {
                    @for group in groups {
                        @let of: Vec<&Of<'_>> = cells.iter().filter(|(other, ..)| other == group).collect();
                        @let received = of.iter().filter(|(.., cell)| cell.is_received).count() as u64;
                        @let expected = of.len() as u64;
                        tr {
                            th scope="row" { (country.group(group)) }
                            (country.number(expected))
                            (country.number(received))
                            (country.share(received, expected))
                            @for (_, days) in DEADLINES {
                                @if of.iter().any(|(.., cell)| is_unknown(cell)) {
                                    td.num { (country.nothing()) }
                                } @else {
                                    @let in_time = of.iter().filter(|(_, _, month, cell)| {
                                        cell.is_received && cell.received.is_some_and(|day| day <= month.last_day() + days)
                                    });
                                    (country.share(in_time.count() as u64, expected))
                                }
                            }
                        }
                    }
                }
            }
        }))
        @if cells.iter().any(|(.., cell)| is_unknown(cell)) {
            p.note {
                (country.say(
                    "Ankomstdag är inte angiven för alla leveranser; ange den i en leveranslista (--deliveries).",
                    "The day of receipt is not stated for every delivery; state it in a list of deliveries (--deliveries).",
                ))
            }
        }
    }
}

/// What was not received: each region and collection with its months, consecutive ones as a span.
fn missing(country: Country<'_>, cells: &[Of<'_>]) -> Markup {
    let mut spans: BTreeMap<(County, &str), Vec<(Month, Month)>> = BTreeMap::new();
    for (group, county, month, _) in cells.iter().filter(|(.., cell)| !cell.is_received) {
        let spans = spans.entry((*county, group)).or_default();
        match spans.last_mut() {
            Some((_, last)) if last.plus(1) == Some(*month) => *last = *month,
            _ => spans.push((*month, *month)),
        }
    }
    let text_of = |spans: &[(Month, Month)]| {
        spans.iter().map(|(first, last)| country.months(*first, *last)).collect::<Vec<_>>().join(", ")
    };
    html! {
        @if !spans.is_empty() {
            h3 { (country.say("Saknas", "Missing")) }
            @let caption = country.say("Väntade leveranser som inte har kommit", "Deliveries that were expected and have not come");
            (wide(caption, &html! {
                table.data-filter {
                    caption { (caption) }
                    thead { tr {
                        th scope="col" { (country.say("region", "region")) }
                        th scope="col" { (country.say("insamling", "collection")) }
                        th scope="col" { (country.say("månader", "months")) }
                    } }
                    tbody {
                        @for place in country.in_order(spans.keys().map(|(county, _)| Place::Region(*county))) {
                            @for ((_, group), spans) in spans.iter().filter(|((county, _), _)| Place::Region(*county) == place) {
                                tr { (country.row_of(place)) td { (country.group(group)) } td { (text_of(spans)) } }
                            }
                        }
                    }
                }
            }))
        }
    }
}

/// What came later than the last of the deadlines.
fn late(country: Country<'_>, cells: &[Of<'_>]) -> Markup {
    let last = DEADLINES.iter().map(|(_, days)| *days).max().unwrap_or(0);
    let days = |month: Month, cell: &Cell| cell.received.filter(|_| cell.is_received).map(|day| day - month.last_day());
    let mut late: Vec<(&str, County, Month, i64)> = cells
        .iter()
        .filter_map(|(group, county, month, cell)| Some((*group, *county, *month, days(*month, cell)?)))
        .filter(|(.., days)| *days > last)
        .collect();
    late.sort_by_cached_key(|(group, county, month, days)| (std::cmp::Reverse(*days), *county, *group, *month));
    html! {
        @if !late.is_empty() {
            h3 { (country.say("Sena", "Late")) }
            @let caption = country.say("Leveranser som kom senare än fem veckor efter månadens slut", "Deliveries that came later than five weeks after the end of the month");
            (wide(caption, &html! {
                table.data-filter {
                    caption { (caption) }
                    thead { tr {
                        th scope="col" { (country.say("region", "region")) }
                        th scope="col" { (country.say("insamling", "collection")) }
                        th scope="col" { (country.say("månad", "month")) }
                        th.num scope="col" { (country.say("dagar efter månadens slut", "days after the end of the month")) }
                    } }
                    tbody {
                        @for (group, county, month, days) in late {
                            tr {
                                (country.row_of(Place::Region(county)))
                                td { (country.group(group)) }
                                td data-sort=(month.number()) { (country.month(month)) }
                                (country.number(days.unsigned_abs()))
                            }
                        }
                    }
                }
            }))
        }
    }
}

/// How many months each region has delivered of each collection.
fn by_region(country: Country<'_>, groups: &BTreeSet<&str>, cells: &[Of<'_>]) -> Markup {
    let mut months: BTreeMap<(Place, &str), (u64, u64)> = BTreeMap::new();
    for (group, county, _, cell) in cells {
        let (received, expected) = months.entry((Place::Region(*county), group)).or_default();
        *received += u64::from(cell.is_received);
        *expected += 1;
    }
    let label = country.say("Inkomna månader per region", "Months received by region");
    let places = country.in_order(months.keys().map(|(place, _)| *place));
    html! {
        @if places.len() > 1 {
            details {
                summary { (label) }
                (wide(label, &html! {
                    table.data-filter {
                        caption { (country.say("Inkomna månader av väntade, per region och insamling", "Months received of those expected, by region and collection")) }
                        thead { tr {
                            th scope="col" { (country.say("region", "region")) }
                            @for group in groups { th.num scope="col" { (country.group(group)) } }
                        } }
                        tbody {
                            @for place in &places {
                                tr {
                                    (country.row_of(*place))
                                    @for group in groups {
                                        @match months.get(&(*place, *group)) {
                                            Some((received, expected)) => {
                                                td.num.short[received < expected] data-sort=(received) { (received) " / " (expected) }
                                            }
                                            None => { td.num { (country.nothing()) } }
                                        }
                                    }
                                }
                            }
                        }
                    }
                }))
            }
        }
    }
}

/// Files that are not what they are stated to be, or are there twice.
fn doubts(country: Country<'_>, cells: &[Of<'_>]) -> Markup {
    let differ = cells.iter().filter_map(|(group, county, month, cell)| {
        let (found, stated) = cell.in_files.zip(cell.stated).filter(|(found, stated)| found != stated)?;
        let [found, stated] = [found, stated].map(|count| country.writing.figures.count(count));
        let what = format!(
            "{}, {}, {}",
            country.place(Place::Region(*county)),
            country.group(group).to_lowercase(),
            country.month(*month)
        );
        Some(country.say(
            format!("{what}: {stated} poster angivna, {found} funna."),
            format!("{what}: {stated} records stated, {found} found."),
        ))
    });
    let differ: Vec<String> = differ.filter(|_| !country.is_for_others()).collect();
    let repeated = country.coverage.response.repeated.iter().map(|(collection, one, other)| {
        let (one, other) = (escaped(one), escaped(other));
        country.say(
            format!("{one} och {other} ({collection}) har samma poster: de räknas dubbelt. Ta bort den ena."),
            format!("{one} and {other} ({collection}) have the same records: they count twice. Remove one."),
        )
    });
    let all: Vec<String> = differ.into_iter().chain(repeated).collect();
    html! {
        @if !all.is_empty() {
            h3 { (country.say("Att reda ut", "To be cleared up")) }
            ul { @for text in &all { li { (text) } } }
        }
    }
}
