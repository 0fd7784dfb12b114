//! Accounts of blanks: what became of each variable in each record, drawn for the country and in numbers for each region.

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};

use super::Country;
use super::places::alphabetical;
use crate::coverage::Table;
use crate::coverage::figure::{Breakdown, Category, Figure, Period, Place};
use crate::report::html::Section;
use crate::report::html::chart::{self, Chart, Series};
use crate::report::html::wide;

/// The parts that make up the records.
const PARTS: [Category; 5] =
    [Category::Filled, Category::Negative, Category::Unknown, Category::BlankAllowed, Category::BlankRequired];

/// The figure of a place, variable and category.
type Accounts<'a> = BTreeMap<(Place, &'a str, Category), &'a Figure>;

pub(super) fn section(country: Country<'_>) -> Option<Section> {
    let tables = &country.coverage.accounts;
    if tables.is_empty() {
        return None;
    }
    let body = html! {
        @for (index, table) in tables.iter().enumerate() {
            (of_table(country, table, index.checked_sub(1).and_then(|before| tables.get(before))))
        }
    };
    Some(country.section("accounts", ("Ifyllt och tomt", "Filled and blank"), body))
}

fn words(country: Country<'_>, category: Category) -> &'static str {
    match category {
        Category::Filled => country.say("ifyllt", "filled"),
        Category::Negative => country.say("inget eller inte aktuellt", "none or not applicable"),
        Category::Unknown => country.say("okänt", "unknown"),
        Category::BlankAllowed => country.say("tomt och tillåtet", "blank and allowed"),
        Category::BlankRequired => country.say("tomt men krävs", "blank but required"),
        Category::Required => country.say("krävs", "required"),
    }
}

fn of_table(country: Country<'_>, table: &Table, before: Option<&Table>) -> Markup {
    let writing = country.writing;
    let Some(year) = table.figures.iter().map(|figure| figure.period.year()).max() else { return html! {} };
    let accounts: Accounts<'_> = table
        .figures
        .iter()
        .filter(|figure| figure.breakdown == Breakdown::Total && figure.period == Period::Year(year))
        .filter_map(|figure| Some(((figure.place, figure.variable.as_deref()?, figure.category?), figure)))
        .collect();
    let places = country.in_order(accounts.keys().map(|(place, ..)| *place));
    let Some(first) = places.first().copied() else { return html! {} };
    let mut names: Vec<&str> = accounts.keys().map(|(_, name, _)| *name).collect::<BTreeSet<_>>().into_iter().collect();
    names.sort_by_key(|name| alphabetical(name));
    let title = format!("{}, {year}", writing.text(&table.title));
    let of_first = country.place(first);
    html! {
        h3 { (title) }
        @if before.is_none_or(|before| before.description != table.description) {
            p { (writing.text(&table.description)) }
            p.caution { (country.say("Kan inte säga: ", "Cannot tell: ")) (writing.text(&table.caution)) }
        }
        (drawn(country, &format!("{title}, {of_first}"), &accounts, first, &names))
        details {
            summary { (country.say(format!("Antal, {of_first}"), format!("Counts, {of_first}"))) }
            (in_numbers(country, &format!("{title}, {of_first}"), &accounts, &[first], &names, false))
        }
        @if places.len() > 1 {
            details {
                summary { (country.say("Antal per region", "Counts by region")) }
                p.note {
                    (country.say(
                        "Variabler som är ifyllda i regionens alla poster är inte med.",
                        "Variables that are filled in all of a region's records are left out.",
                    ))
                }
                (in_numbers(country, &title, &accounts, places.get(1..).unwrap_or_default(), &names, true))
            }
        }
        p.source { (table.source.document) ", " (table.source.place) }
    }
}

/// Each variable's records, divided.
fn drawn(country: Country<'_>, title: &str, accounts: &Accounts<'_>, place: Place, names: &[&str]) -> Markup {
    // A variable with a hidden part is not drawn: the length of what is left would tell it.
    let is_whole = |name: &str| {
        PARTS.iter().filter_map(|part| accounts.get(&(place, name, *part))).all(|figure| !figure.suppressed)
    };
    let drawn: Vec<&str> = names.iter().copied().filter(|name| is_whole(name)).collect();
    let value = |name: &str, part: Category| Some(accounts.get(&(place, name, part))?.numerator?.as_f64());
    let series = PARTS.into_iter().map(|part| Series {
        name: words(country, part).to_owned(),
        values: drawn.iter().map(|name| value(name, part)).collect(),
    });
    let lacking = drawn.iter().filter(|name| value(name, Category::BlankRequired).is_some_and(|records| records > 0.0));
    let (n, of) =
        (country.writing.figures.count(lacking.count() as u64), country.writing.figures.count(drawn.len() as u64));
    let chart = Chart {
        title: title.to_owned(),
        description: country.say(
            format!("{n} av {of} variabler saknar värden som krävs. Talen står i tabellen nedan."),
            format!("{n} of {of} variables lack values that are required. The numbers are in the table below."),
        ),
        categories: drawn.iter().map(|name| (*name).to_owned()).collect(),
        series: series.collect(),
        unit: "%".to_owned(),
    };
    let hidden = names.len() - drawn.len();
    html! {
        (chart::stacked_bars(&chart, country.writing))
        @if hidden > 0 {
            p.note {
                (country.say(
                    match hidden {
                        1 => "En variabel är inte ritad, för att ett litet antal inte ska kunna läsas av ur stapeln.".to_owned(),
                        _ => format!("{hidden} variabler är inte ritade, för att små antal inte ska kunna läsas av ur staplarna."),
                    },
                    match hidden {
                        1 => "One variable is not drawn, so that a small count cannot be read off the bar.".to_owned(),
                        _ => format!("{hidden} variables are not drawn, so that small counts cannot be read off the bars."),
                    },
                ))
            }
        }
    }
}

/// Rows of places and variables; by region without those of which there is nothing to say.
fn in_numbers(
    country: Country<'_>,
    title: &str,
    accounts: &Accounts<'_>,
    places: &[Place],
    names: &[&str],
    by_region: bool,
) -> Markup {
    let is_row = |place: Place, name: &str| {
        let filled = accounts.get(&(place, name, Category::Filled));
        let is_full = filled.is_some_and(|figure| figure.numerator.is_some() && figure.numerator == figure.denominator);
        PARTS.iter().any(|part| accounts.contains_key(&(place, name, *part))) && !(by_region && is_full)
    };
    wide(
        title,
        &html! {
            table.numbers.data-filter {
                caption { (title) (country.say(", antal poster", ", numbers of records")) }
                thead { tr {
                    @if by_region { th scope="col" { (country.say("region", "region")) } }
                    th scope="col" { (country.say("variabel", "variable")) }
                    @for part in PARTS { th.num scope="col" { (words(country, part)) } }
                    th.num scope="col" { (country.say("alla poster", "all records")) }
                    th.num scope="col" { (country.say("villkoret sant", "condition true")) }
                } }
                tbody {
                    @for place in places {
                        @for name in names {
                            @let of = |part: Category| accounts.get(&(*place, *name, part)).copied();
                            @if is_row(*place, name) {
                                tr {
                                    @if by_region { th scope="row" { (country.place(*place)) } td.name { code { (name) } } }
                                    @else { th scope="row" { code { (name) } } }
                                    @for part in PARTS { (count(country, of(part), |figure| figure.numerator)) }
                                    (count(country, PARTS.iter().find_map(|part| of(*part)), |figure| figure.denominator))
                                    @match of(Category::Required) {
                                        Some(figure) => { (count(country, Some(figure), |figure| figure.numerator)) }
                                        None => { td {} }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        },
    )
}

fn count(
    country: Country<'_>,
    figure: Option<&Figure>,
    of: impl Fn(&Figure) -> Option<crate::coverage::figure::Amount>,
) -> Markup {
    match figure.and_then(of) {
        Some(amount) => html! { td data-sort=(amount.as_f64()) { (country.amount(amount)) } },
        None if figure.is_some_and(|figure| figure.suppressed) => html! { td { (country.withheld()) } },
        None => html! { td { (country.nothing()) } },
    }
}
