//! Reporting rates: how often each variable is filled, region by region, with the direction since the year before.

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};

use super::Country;
use super::cells::is_less_than_one;
use super::places::alphabetical;
use crate::coverage::Table;
use crate::coverage::figure::{Breakdown, Change, Figure, Period, Place};
use crate::report::coverage::words;
use crate::report::html::Section;
use crate::report::html::wide;
use crate::report::shown::escaped;

/// Rows of parts and units shown at most, of one collection.
const MOST_PARTS: usize = 400;
/// Shades, from hardly ever filled to nearly always.
const SHADES: [(&str, &str); 5] = [("h1", "0–19"), ("h2", "20–39"), ("h3", "40–59"), ("h4", "60–79"), ("h5", "80–100")];

/// The figure of a place and variable.
type Rates<'a> = BTreeMap<(Place, &'a str), &'a Figure>;

pub(super) fn section(country: Country<'_>) -> Option<Section> {
    let tables = &country.coverage.reporting;
    if tables.is_empty() {
        return None;
    }
    let body = html! {
        p {
            (country.say(
                "Andelen poster där variabeln är ifylld, i hela procent, med riktningen mot året före; antalen syns när man pekar på talet.",
                "The share of records where the variable is filled, in whole per cent, with the direction since the year before; the counts show when a number is pointed at.",
            ))
        }
        (legend(country))
        @for (index, table) in tables.iter().enumerate() {
            (of_table(country, table, index.checked_sub(1).and_then(|before| tables.get(before))))
        }
    };
    Some(country.section("reporting", ("Inrapporteringsgrad", "Reporting rates"), body))
}

/// What marks and shades mean.
fn legend(country: Country<'_>) -> Markup {
    let changes = [Change::UpBetter, Change::DownWorse, Change::UpWorse, Change::DownBetter, Change::Same];
    html! {
        ul.legend {
            @for (class, words) in SHADES {
                li { span.key.(class) aria-hidden="true" {} " " (words) (country.say("\u{a0}%", "%")) }
            }
            @for change in changes {
                @let (mark, words) = country.change(change);
                li { span.key.(tone(change)) aria-hidden="true" { (mark) } " " (words) }
            }
        }
    }
}

fn tone(change: Change) -> &'static str {
    match change {
        Change::UpBetter | Change::DownBetter => "better",
        Change::UpWorse | Change::DownWorse => "worse",
        Change::Same => "same",
    }
}

fn shade(value: u64) -> &'static str {
    let step = usize::try_from(value / 20).unwrap_or(usize::MAX).min(SHADES.len() - 1);
    SHADES[step].0
}

fn of_table(country: Country<'_>, table: &Table, before: Option<&Table>) -> Markup {
    let writing = country.writing;
    let Some(year) = table.figures.iter().map(|figure| figure.period.year()).max() else { return html! {} };
    let rates: Rates<'_> = table
        .figures
        .iter()
        .filter(|figure| figure.breakdown == Breakdown::Total && figure.period == Period::Year(year))
        .filter_map(|figure| Some(((figure.place, figure.variable.as_deref()?), figure)))
        .collect();
    let mut all: Vec<&str> = rates.keys().map(|(_, name)| *name).collect::<BTreeSet<_>>().into_iter().collect();
    all.sort_by_key(|name| alphabetical(name));
    let selection: Vec<&str> = table
        .selection
        .iter()
        .map(String::as_str)
        .filter(|name| all.binary_search_by_key(&alphabetical(name), |name| alphabetical(name)).is_ok())
        .collect();
    let title = writing.text(&table.title);
    let filter = writing.text(&table.description);
    let caution = writing.text(&table.caution);
    html! {
        h3 { (title) ", " (year) }
        @if !filter.is_empty() { p { (filter) } }
        @if before.is_none_or(|before| before.caution != table.caution) && !caution.is_empty() {
            p.caution { (country.say("Kan inte säga: ", "Cannot tell: ")) (caution) }
        }
        @let words = format!("{title}, {year}{}", country.say(", utvalda variabler", ", selected variables"));
        @if !selection.is_empty() { (heat(country, &words, &rates, &selection)) }
        @if all.len() > selection.len() {
            details {
                summary { (country.say("Alla variabler", "All variables")) }
                (heat(country, &format!("{title}, {year}{}", country.say(", alla variabler", ", all variables")), &rates, &all))
            }
        }
        (by_part(country, table, year, &selection))
        p.source { (table.source.document) ", " (table.source.place) }
    }
}

/// A row a variable, a column a place.
fn heat(country: Country<'_>, title: &str, rates: &Rates<'_>, variables: &[&str]) -> Markup {
    let places = country.in_order(rates.keys().map(|(place, _)| *place));
    wide(
        title,
        &html! {
            table.heat.data-filter {
                caption { (title) (country.say(", procent", ", per cent")) }
                thead { tr {
                    th scope="col" { (country.say("variabel", "variable")) }
                    @for place in &places { th.upright scope="col" { span { (country.place(*place)) } } }
                } }
                tbody {
                    @for name in variables {
                        tr {
                            th scope="row" { code { (name) } }
                            @for place in &places { (rate(country, rates.get(&(*place, *name)).copied())) }
                        }
                    }
                }
            }
        },
    )
}

fn rate(country: Country<'_>, figure: Option<&Figure>) -> Markup {
    let Some((figure, value)) = figure.and_then(|figure| Some((figure, figure.value()?))) else {
        return country.value(figure);
    };
    let change = figure.value_before().and(figure.change);
    let mut title = format!("{}{}", country.rounded(figure, value), country.of_counts(figure));
    if let Some(before) = figure.value_before() {
        let before = country.value_text(before, figure.per);
        title.push_str(&country.say(format!("; {before} året före"), format!("; {before} the year before")));
    }
    let counts = figure.numerator.zip(figure.denominator).map(|(above, below)| (above.as_f64(), below.as_f64()));
    html! {
        td class=(shade(value)) title=(title) data-sort=(value) data-n=[counts.map(|of| of.0)] data-of=[counts.map(|of| of.1)] {
            @if is_less_than_one(figure, value) { "<1" } @else { (value) }
            @if let Some(change) = change {
                @let (mark, words) = country.change(change);
                " " span class=(tone(change)) aria-hidden="true" { (mark) }
                span.hidden { " " (words) }
            }
        }
    }
}

/// The same by code or care unit of each region, where that was asked for.
fn by_part(country: Country<'_>, table: &Table, year: i32, selection: &[&str]) -> Markup {
    let mut parts: BTreeMap<(&str, Place, &str), BTreeMap<&str, &Figure>> = BTreeMap::new();
    for figure in table.figures.iter().filter(|figure| figure.period == Period::Year(year)) {
        let kind = match &figure.breakdown {
            Breakdown::Unit(_) => "unit",
            Breakdown::Code { .. } => "code",
            Breakdown::Total | Breakdown::Aggregate { .. } => continue,
        };
        if let Some(variable) = figure.variable.as_deref() {
            parts.entry((kind, figure.place, figure.breakdown.name())).or_default().insert(variable, figure);
        }
    }
    let more = parts.len().saturating_sub(MOST_PARTS);
    let label = country.say("Per kod och vårdenhet", "By code and care unit");
    html! {
        @if !parts.is_empty() {
            details {
                summary { (label) }
                @if more > 0 {
                    p.note {
                        (country.say(
                            format!("De första {MOST_PARTS} av {} rader; alla finns i de andra formaten.", country.writing.figures.count(parts.len() as u64)),
                            format!("The first {MOST_PARTS} of {} rows; all are in the other formats.", country.writing.figures.count(parts.len() as u64)),
                        ))
                    }
                }
                (wide(label, &html! {
                    table.heat.data-filter {
                        caption { (country.writing.text(&table.title)) ", " (year) ", " (label.to_lowercase()) }
                        thead { tr {
                            th scope="col" { (country.say("region", "region")) }
                            th scope="col" { (country.say("kod eller vårdenhet", "code or care unit")) }
                            @for name in selection { th.upright scope="col" { span { code { (name) } } } }
                        } }
                        tbody {
                            @for ((_, place, name), figures) in parts.iter().take(MOST_PARTS) {
                                tr {
                                    (country.row_of(*place))
                                    td { (escaped(&words::part_name(country.writing.figures, name, &table.names))) }
                                    @for variable in selection { (rate(country, figures.get(variable).copied())) }
                                }
                            }
                        }
                    }
                }))
            }
        }
    }
}
