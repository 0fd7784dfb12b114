//! What stands out: each question with its reason in words, and the region's months as a line.

use maud::{Markup, html};

use super::Country;
use crate::coverage::figure::{Period, Place};
use crate::coverage::plausibility::{Flag, FlagKind};
use crate::report::coverage::sentences;
use crate::report::html::Section;
use crate::report::html::chart::{self, Chart, Series};
use crate::report::html::wide;
use crate::time::Month;

/// Drawings on the page at most.
const MOST_CHARTS: usize = 60;
/// Rows of the table of those that are not drawn, at most.
const MOST_ROWS: usize = 500;

pub(super) fn section(country: Country<'_>) -> Option<Section> {
    let flags = &country.coverage.flags;
    if flags.is_empty() {
        return None;
    }
    let (mut drawn, mut listed): (Vec<&Flag>, Vec<&Flag>) = flags.iter().partition(|flag| flag.series.len() > 1);
    listed.splice(0..0, drawn.split_off(drawn.len().min(MOST_CHARTS)));
    let n_with_series = flags.iter().filter(|flag| flag.series.len() > 1).count();
    let body = html! {
        p {
            (country.say(
                "Frågor att ställa, inte fel: ett tal är ovanligt mot regionens egna månader, samma månad året före och de andra regionerna.",
                "Questions to ask, not errors: a number is unusual against the region's own months, the same month a year ago and the other regions.",
            ))
        }
        @if n_with_series > drawn.len() {
            @let (n, of) = (country.writing.figures.count(drawn.len() as u64), country.writing.figures.count(n_with_series as u64));
            p.note {
                (country.say(
                    format!("De första {n} av {of} är ritade; resten står i tabellen efter."),
                    format!("The first {n} of {of} are drawn; the rest are in the table that follows."),
                ))
            }
        }
        div.flags { @for flag in &drawn { (with_chart(country, flag)) } }
        @if !listed.is_empty() { (table(country, &listed)) }
    };
    Some(country.section("flags", ("Sticker ut", "Stands out"), body))
}

fn heading(country: Country<'_>, flag: &Flag) -> String {
    format!("{}, {}", country.place(Place::Region(flag.county)), country.period(flag.period))
}

/// The months from the first to the last, also those that are not there.
fn months(flag: &Flag) -> Vec<Month> {
    let ends = flag.series.iter().map(|(month, _)| month.number());
    let (Some(first), Some(last)) = (ends.clone().min(), ends.max()) else { return Vec::new() };
    (first..=last).filter_map(Month::from_number).collect()
}

/// What the drawing shows; why it was raised stands in the sentence above it.
fn described(country: Country<'_>, flag: &Flag) -> String {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "rounded, and never negative")]
    let text = |number: f64| {
        let number = number.round().max(0.0) as u64;
        if flag.kind == FlagKind::Share {
            country.value_text(number, 100)
        } else {
            country.writing.figures.count(number)
        }
    };
    let (heading, observed, expected) = (heading(country, flag), text(flag.observed.number()), text(flag.expected));
    country.say(
        format!("{heading}: {observed}, väntat {expected}."),
        format!("{heading}: {observed}, expected {expected}."),
    )
}

fn with_chart(country: Country<'_>, flag: &Flag) -> Markup {
    let months = months(flag);
    let value = |month: &Month| flag.series.iter().find(|(other, _)| other == month).map(|(_, value)| *value);
    let expected = |month: &Month| (flag.period == Period::Month(*month)).then_some(flag.expected);
    let is_share = flag.kind == FlagKind::Share;
    let sentence = sentences::flag(country.coverage, flag, country.writing.figures);
    let what = if is_share { country.say("andel", "share") } else { country.say("poster", "records") };
    let chart = Chart {
        title: if is_share {
            country.say("Andel per månad", "Share by month")
        } else {
            country.say("Poster per månad", "Records by month")
        }
        .to_owned(),
        description: described(country, flag),
        categories: months.iter().map(|month| country.short_month(*month)).collect(),
        series: vec![
            Series { name: what.to_owned(), values: months.iter().map(value).collect() },
            Series {
                name: country.say("väntat", "expected").to_owned(),
                values: months.iter().map(expected).collect(),
            },
        ],
        unit: if is_share { "%" } else { what }.to_owned(),
    };
    html! {
        article.flag {
            h3 { (heading(country, flag)) }
            p { (sentence) }
            (chart::lines(&chart, country.writing))
        }
    }
}

fn kind(country: Country<'_>, kind: FlagKind) -> &'static str {
    match kind {
        FlagKind::Count => country.say("antal poster", "number of records"),
        FlagKind::Share => country.say("andel", "share"),
        FlagKind::Level => country.say("nivå mot andra regioner", "level against other regions"),
        FlagKind::Condition => country.say("villkor som sällan är sant", "condition that is seldom true"),
    }
}

fn table(country: Country<'_>, flags: &[&Flag]) -> Markup {
    let label = country.say("Mer som sticker ut", "More that stands out");
    let of = country.writing.figures.count(flags.len() as u64);
    html! {
        h3 { (label) }
        @if flags.len() > MOST_ROWS {
            p.note {
                (country.say(
                    format!("De första {MOST_ROWS} av {of}; alla finns i JSON."),
                    format!("The first {MOST_ROWS} of {of}; all are in the JSON report."),
                ))
            }
        }
        (wide(label, &html! {
            table.data-filter {
                caption { (country.say("Sådant som sticker ut, utan tidsserie eller bortom de ritade", "What stands out without a time series, or beyond those drawn")) }
                thead { tr {
                    th scope="col" { (country.say("region", "region")) }
                    th scope="col" { (country.say("period", "period")) }
                    th scope="col" { (country.say("slag", "kind")) }
                    th scope="col" { (country.say("vad", "what")) }
                } }
                tbody {
                    @for flag in flags.iter().take(MOST_ROWS) {
                        tr {
                            (country.row_of(Place::Region(flag.county)))
                            td data-sort=(flag.period.order().0) { (country.period(flag.period)) }
                            td { (kind(country, flag.kind)) }
                            td { (sentences::flag(country.coverage, flag, country.writing.figures)) }
                        }
                    }
                }
            }
        }))
    }
}
