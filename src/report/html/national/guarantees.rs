//! What is owed to everyone: shares within the limit, of all contacts and of those without a reason to wait.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::Country;
use super::goals::assumptions;
use crate::coverage::figure::{Period, Place};
use crate::coverage::goal::{GuaranteeShare, Shown};
use crate::report::coverage::words;
use crate::report::html::Section;
use crate::report::html::wide;

pub(super) fn section(country: Country<'_>) -> Option<Section> {
    let writing = country.writing;
    let guarantees = &country.coverage.goals.guarantees;
    if guarantees.iter().flat_map(|guarantee| &guarantee.shares).all(|share| share.all.is_empty()) {
        return None;
    }
    let body = html! {
        @for guarantee in guarantees {
            h3 { (guarantee.id) " " (writing.text(&guarantee.title)) }
            @for share in &guarantee.shares { (of_share(country, share)) }
            details {
                summary { (country.say("Antaganden och källa", "Assumptions and source")) }
                (assumptions(country, guarantee.shares.iter().map(|share| share.assumption.as_ref())))
                p.source { (guarantee.source.document) ", " (guarantee.source.place) }
            }
        }
    };
    Some(country.section("guarantees", ("Vårdgaranti", "Care guarantee"), body))
}

fn of_share(country: Country<'_>, table: &GuaranteeShare) -> Markup {
    let of = |shown: &'_ [Shown]| -> BTreeMap<(Place, Period), Shown> {
        shown.iter().map(|shown| ((shown.figure.place, shown.figure.period), shown.clone())).collect()
    };
    let (all, without) = (of(&table.all), of(&table.without_deviation));
    // What nobody delivered is no column and no row.
    let delivered = all.values().filter(|shown| shown.figure.months > 0);
    let periods = words::columns(delivered.map(|shown| shown.figure.period));
    let is_there = |place: Place| {
        periods.iter().any(|period| all.get(&(place, *period)).is_some_and(|shown| shown.figure.months > 0))
    };
    let places = country.in_order(all.keys().map(|(place, _)| *place).filter(|place| is_there(*place)));
    let is_open = all.values().chain(without.values()).any(|shown| shown.figure.between().is_some());
    let columns = [country.say("alla", "all"), country.say("utan avvikelse", "without deviation")];
    let sides = if without.is_empty() { &columns[..1] } else { &columns[..] };
    let title = country.writing.text(&table.title);
    let width = sides.len() * if is_open { 3 } else { 2 };
    let sure = places.first().zip(periods.last()).and_then(|(place, period)| {
        let shown = all.get(&(*place, *period))?;
        words::how_sure(
            country.writing.figures,
            &shown.figure,
            &format!("{} {}", country.place(*place), country.period(*period)),
        )
    });
    html! {
        @if !places.is_empty() {
            (wide(title, &html! {
                table.data-filter {
                    caption { (title) }
                    thead {
                        tr {
                            th rowspan="2" scope="col" { (country.say("region", "region")) }
                            @for period in &periods { th.num colspan=(width) scope="colgroup" { (country.period(*period)) } }
                        }
                        tr {
                            @for _ in &periods {
                                @for side in sides {
                                    th.num scope="col" { (side) }
                                    th.num scope="col" { (country.say("inom / av", "within / of")) }
                                    @if is_open { th.num scope="col" { (country.say("mellan", "between")) } }
                                }
                            }
                        }
                    }
                    tbody {
                        @for place in &places {
                            tr class=[Country::class_of(*place)] {
                                (country.row_of(*place))
                                @for period in &periods {
                                    @for side in [&all, &without].into_iter().take(sides.len()) {
                                        @let shown = side.get(&(*place, *period));
                                        @let figure = shown.map(|shown| &shown.figure);
                                        (country.shown(shown))
                                        (country.counts(figure))
                                        @if is_open { (country.between(figure)) }
                                    }
                                }
                            }
                        }
                    }
                }
            }))
            @if let Some(text) = sure { p.note { (text) } }
        }
    }
}
