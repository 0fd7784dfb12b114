//! Counts divided by something: bars of the regions for the two latest periods, and every figure in a table.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};

use super::Country;
use super::cells::is_less_than_one;
use super::places::alphabetical;
use crate::coverage::Table;
use crate::coverage::figure::{Amount, Breakdown, Figure, Period, Place};
use crate::measure::Target;
use crate::model::Text;
use crate::report::coverage::words;
use crate::report::html::Section;
use crate::report::html::chart::{self, Chart, Series};
use crate::report::html::wide;

/// Codes named at most, of records that could not be judged.
const MOST_UNDECIDED: usize = 12;
/// Periods drawn beside each other.
const MOST_DRAWN: usize = 2;

/// The figures of one table that is not broken down.
type Totals<'a> = BTreeMap<(Place, Period), &'a Figure>;

pub(super) fn section(country: Country<'_>) -> Option<Section> {
    let tables = &country.coverage.ratios;
    if tables.is_empty() {
        return None;
    }
    let body = html! {
        @for (index, table) in tables.iter().enumerate() {
            (of_table(country, table, index.checked_sub(1).and_then(|before| tables.get(before))))
        }
    };
    Some(country.section("coverage", ("Täckning", "Coverage"), body))
}

/// One measure; what its description and caution share with those of the table before is not said again.
fn of_table(country: Country<'_>, table: &Table, before: Option<&Table>) -> Markup {
    let writing = country.writing;
    let totals: Totals<'_> = table
        .figures
        .iter()
        .filter(|figure| figure.breakdown == Breakdown::Total)
        .map(|figure| ((figure.place, figure.period), figure))
        .collect();
    // A period in which nobody delivered has nothing to show.
    let delivered = table.figures.iter().filter(|figure| figure.months > 0 || figure.suppressed);
    let periods = words::columns(delivered.map(|figure| figure.period));
    let places = country.in_order(totals.keys().map(|(place, _)| *place));
    let is_new = |text: &Text, of: fn(&Table) -> &Text| before.is_none_or(|before| of(before) != text);
    let title = writing.text(&table.title);
    let shown = totals.values().filter(|figure| periods.contains(&figure.period));
    let sure = places.first().zip(periods.last()).and_then(|(place, period)| {
        let of = format!("{} {}", country.place(*place), country.period(*period));
        words::how_sure(writing.figures, totals.get(&(*place, *period))?, &of)
    });
    html! {
        h3 { (title) }
        @if is_new(&table.description, |table| &table.description) { p { (writing.text(&table.description)) } }
        @if is_new(&table.caution, |table| &table.caution) && !table.caution.get(writing.language()).is_empty() {
            p.caution { (country.say("Kan inte säga: ", "Cannot tell: ")) (writing.text(&table.caution)) }
        }
        (drawn(country, title, &totals, &places, &periods))
        (in_numbers(country, title, &totals, &places, &periods))
        @if let Some(text) = words::finality_note(writing.figures, shown.map(|figure| figure.finality)) { p.note { (text) } }
        (country.notes(&places))
        @if let Some(text) = sure { p.note { (text) } }
        @if let Some(text) = undecided(country, table) { p.note { (text) } }
        (by_part(country, table, &periods))
        p.source { (table.source.document) ", " (table.source.place) }
    }
}

/// What a value is of, such as `per 1 000`.
fn unit(country: Country<'_>, per: u64) -> String {
    if per == 100 { "%".to_owned() } else { format!("per {}", country.writing.figures.count(per)) }
}

/// Bars of the country and the regions. Regional cancer centres are in the table alone: they are sums of the bars.
fn drawn(country: Country<'_>, title: &str, totals: &Totals<'_>, places: &[Place], periods: &[Period]) -> Markup {
    let places: Vec<Place> = places.iter().copied().filter(|place| !matches!(place, Place::Centre(_))).collect();
    let periods = periods.get(periods.len().saturating_sub(MOST_DRAWN)..).unwrap_or(periods);
    let per = totals.values().next().map_or(100, |figure| figure.per);
    let value = |place: Place, period: Period| totals.get(&(place, period)).and_then(|figure| figure.value());
    // Values are whole: nothing is lost. What is rounded to nothing has a bar all the same.
    let number = |place: Place, period: Period| {
        let (figure, value) = (totals.get(&(place, period))?, value(place, period)?);
        if is_less_than_one(figure, value) {
            Some(chart::LESS_THAN_ONE)
        } else {
            u32::try_from(value).ok().map(f64::from)
        }
    };
    let names: Vec<String> = periods.iter().map(|period| country.period(*period)).collect();
    let series = periods.iter().map(|period| Series {
        name: country.period(*period),
        values: places.iter().map(|place| number(*place, *period)).collect(),
    });
    let chart = Chart {
        title: format!("{title}, {}", names.join(country.say(" och ", " and "))),
        description: described(country, totals, periods.last().copied(), per),
        categories: places.iter().map(|place| country.place(*place)).collect(),
        series: series.collect(),
        unit: unit(country, per),
    };
    // One bar alone says no more than its number.
    html! { @if places.len() > 1 { (chart::bars(&chart, country.writing)) } }
}

/// `2022: Riket 91 %; lägst Skåne 70 %, högst Blekinge 99 %.`
fn described(country: Country<'_>, totals: &Totals<'_>, period: Option<Period>, per: u64) -> String {
    let Some(period) = period else { return String::new() };
    let of = |place: Place| totals.get(&(place, period)).and_then(|figure| figure.value());
    let named = |place: Place, value: u64| format!("{} {}", country.place(place), country.value_text(value, per));
    let mut regions: Vec<(u64, Vec<u32>, Place)> = totals
        .keys()
        .filter(|(place, other)| matches!(place, Place::Region(_)) && *other == period)
        .filter_map(|(place, _)| Some((of(*place)?, alphabetical(&country.place(*place)), *place)))
        .collect();
    regions.sort();
    let mut parts: Vec<String> = of(Place::Country).map(|value| named(Place::Country, value)).into_iter().collect();
    if let [(lowest, _, at), .., (highest, _, top)] = regions.as_slice() {
        let (low, high) = (named(*at, *lowest), named(*top, *highest));
        parts.push(country.say(format!("lägst {low}, högst {high}"), format!("lowest {low}, highest {high}")));
    }
    format!("{}: {}.", country.period(period), parts.join("; "))
}

fn target_words(country: Country<'_>, target: Target) -> String {
    let number = words::per_cent(country.writing.figures, target.value());
    match target {
        Target::AtLeast(_) => format!("{} {number}", country.say("når", "reaches")),
        Target::AtMost(_) => format!("{} {number}", country.say("högst", "at most")),
    }
}

/// Which columns each period has.
#[derive(Clone, Copy)]
struct Columns {
    is_open: bool,
    target: Option<Target>,
    is_told: bool,
    with_months: bool,
}

impl Columns {
    fn of(figures: &[&Figure], with_months: bool) -> Self {
        Self {
            is_open: figures.iter().any(|figure| figure.between().is_some()),
            target: figures.iter().find_map(|figure| figure.target),
            is_told: figures.iter().any(|figure| figure.finality.is_some()),
            with_months,
        }
    }

    fn width(self) -> usize {
        [self.is_open, self.target.is_some(), self.is_told, self.with_months]
            .into_iter()
            .map(usize::from)
            .sum::<usize>()
            + 2
    }

    fn headings(self, country: Country<'_>, per: u64) -> Markup {
        html! {
            th.num scope="col" { (unit(country, per)) }
            th.num scope="col" { (country.say("antal / av", "count / of")) }
            @if self.is_open { th.num scope="col" { (country.say("mellan", "between")) } }
            @if let Some(target) = self.target { th scope="col" { (target_words(country, target)) } }
            @if self.with_months { th.num scope="col" { (country.say("månader", "months")) } }
            @if self.is_told { th scope="col" { (country.say("läge", "status")) } }
        }
    }

    fn cells(self, country: Country<'_>, figure: Option<&Figure>) -> Markup {
        html! {
            (country.value(figure))
            (country.counts(figure))
            @if self.is_open { (country.between(figure)) }
            @if self.target.is_some() { td { (reached(country, figure)) } }
            @if self.with_months {
                td.num { @if let Some(figure) = figure { (figure.months) " / " (figure.months_expected) } }
            }
            @if self.is_told { (country.finality(figure)) }
        }
    }
}

fn reached(country: Country<'_>, figure: Option<&Figure>) -> Markup {
    let Some(is_reached) = figure.and_then(Figure::is_reached) else { return html! {} };
    let word = if is_reached { country.say("ja", "yes") } else { country.say("nej", "no") };
    let is_open = figure.and_then(Figure::could_reach).is_some_and(|(worst, best)| worst != best);
    html! {
        @if is_open {
            span title=(country.say("fynden kan avgöra det", "findings can decide it")) { (word) "?" }
        } @else { (word) }
    }
}

/// Every place and period, with counts.
fn in_numbers(country: Country<'_>, title: &str, totals: &Totals<'_>, places: &[Place], periods: &[Period]) -> Markup {
    let columns = Columns::of(&totals.values().copied().collect::<Vec<_>>(), true);
    let per = totals.values().next().map_or(100, |figure| figure.per);
    let with_undecided = totals.values().any(|figure| figure.undecided > Some(0));
    let undecided = |place: &Place| -> u64 {
        let of = |period: &Period| totals.get(&(*place, *period)).and_then(|figure| figure.undecided);
        periods.iter().filter_map(of).sum()
    };
    wide(
        title,
        &html! {
            table.data-filter {
                caption { (title) }
                thead {
                    tr {
                        th rowspan="2" scope="col" { (country.say("region", "region")) }
                        @for period in periods { th.num colspan=(columns.width()) scope="colgroup" { (country.period(*period)) } }
                        @if with_undecided { th.num rowspan="2" scope="col" { (country.say("osäkra poster", "undecided records")) } }
                    }
                    tr { @for _ in periods { (columns.headings(country, per)) } }
                }
                tbody {
                    @for place in places {
                        tr class=[Country::class_of(*place)] {
                            (country.row_of(*place))
                            @for period in periods { (columns.cells(country, totals.get(&(*place, *period)).copied())) }
                            @if with_undecided { (country.number(undecided(place))) }
                        }
                    }
                }
            }
        },
    )
}

/// By which codes records could not be judged, the most frequent first.
fn undecided(country: Country<'_>, table: &Table) -> Option<String> {
    let mut by_code: BTreeMap<&str, u64> = BTreeMap::new();
    for (code, records) in table.undecided.values().flatten() {
        *by_code.entry(code).or_default() += records;
    }
    let mut named: Vec<(&str, u64)> = by_code.into_iter().collect();
    named.sort_by_key(|(code, records)| (Reverse(*records), *code));
    let figures = country.writing.figures;
    let shown = named.iter().take(MOST_UNDECIDED);
    let shown: Vec<String> = shown
        .map(|(code, records)| format!("{} ({})", words::group_name(figures, code), figures.count(*records)))
        .collect();
    if shown.is_empty() {
        return None;
    }
    let words = country.say("Kunde inte bedömas, poster efter kod", "Could not be judged, records by code");
    let more = named.len().saturating_sub(MOST_UNDECIDED);
    let rest = if more > 0 {
        let more = figures.count(more as u64);
        country.say(
            format!(" och {more} koder till (alla finns i JSON)"),
            format!(" and {more} more codes (all are in the JSON report)"),
        )
    } else {
        String::new()
    };
    Some(format!("{words}: {}{rest}.", shown.join(", ")))
}

/// The same by part of the breakdown: the country by period, and the regions of the last one.
fn by_part(country: Country<'_>, table: &Table, periods: &[Period]) -> Markup {
    let part = |figure: &Figure| match &figure.breakdown {
        Breakdown::Aggregate { name, .. } | Breakdown::Code { name, .. } => Some(name.to_string()),
        Breakdown::Total | Breakdown::Unit(_) => None,
    };
    let cells: BTreeMap<(String, Place, Period), &Figure> = table
        .figures
        .iter()
        .filter_map(|figure| Some(((part(figure)?, figure.place, figure.period), figure)))
        .filter(|(_, figure)| !(figure.numerator.is_some_and(Amount::is_zero) && figure.value().is_none()))
        .collect();
    let mut parts: Vec<&str> =
        cells.keys().map(|(part, ..)| part.as_str()).collect::<BTreeSet<_>>().into_iter().collect();
    parts.sort_by_key(|part| alphabetical(part));
    let places = country.in_order(cells.keys().map(|(_, place, _)| *place));
    let (Some(first), Some(last)) = (places.first(), periods.last()) else { return html! {} };
    let columns = Columns::of(&cells.values().copied().collect::<Vec<_>>(), false);
    let per = cells.values().next().map_or(100, |figure| figure.per);
    let kind = country.writing.text(&table.breakdown);
    let name = |part: &str| words::part_name(country.writing.figures, part, &table.names);
    let label = country.say(format!("Per {kind}"), format!("By {kind}"));
    html! {
        details {
            summary { (label) }
            (wide(&label, &html! {
                table.data-filter {
                    caption { (country.writing.text(&table.title)) ", " (country.place(*first)) }
                    thead {
                        tr {
                            th rowspan="2" scope="col" { (kind) }
                            @for period in periods { th.num colspan=(columns.width()) scope="colgroup" { (country.period(*period)) } }
                        }
                        tr { @for _ in periods { (columns.headings(country, per)) } }
                    }
                    tbody {
                        @for part in &parts {
                            tr {
                                th scope="row" { (name(part)) }
                                @for period in periods {
                                    (columns.cells(country, cells.get(&((*part).to_owned(), *first, *period)).copied()))
                                }
                            }
                        }
                    }
                }
            }))
            @if places.len() > 1 {
                (wide(&label, &html! {
                    table.matrix.data-filter {
                        caption {
                            (country.writing.text(&table.title)) ", " (country.period(*last)) ", " (unit(country, per))
                            (country.say(", per region", ", by region"))
                        }
                        thead { tr {
                            th scope="col" { (kind) }
                            @for place in &places { th.upright scope="col" { span { (country.place(*place)) } } }
                        } }
                        tbody {
                            @for part in &parts {
                                tr {
                                    th scope="row" { (name(part)) }
                                    @for place in &places {
                                        (small_value(country, cells.get(&((*part).to_owned(), *place, *last)).copied()))
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

/// A value whose counts are said when it is pointed at.
fn small_value(country: Country<'_>, figure: Option<&Figure>) -> Markup {
    match figure.and_then(|figure| Some((figure, figure.value()?))) {
        Some((figure, value)) => {
            let counts = country.of_counts(figure);
            html! {
                td.num title=(counts.trim_matches([' ', '(', ')'])) data-sort=(value) {
                    @if is_less_than_one(figure, value) { "<1" } @else { (country.writing.figures.count(value)) }
                }
            }
        }
        None => country.value(figure),
    }
}
