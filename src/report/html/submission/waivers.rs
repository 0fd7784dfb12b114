//! What was waived: each waiver with its owner, its reason and its last day, and what became of it.

use maud::{Markup, html};

use super::bounds::MOST_CHARS;
use super::element::number;
use super::view::View;
use crate::engine::WaiverRun;
use crate::report::html::wide;
use crate::report::shown::{escaped, shortened};
use crate::report::text::waivers::MOST_REASON_CHARS;
use crate::time::format_day;

/// Nothing where none were given.
pub(super) fn body(view: &View<'_>) -> Option<Markup> {
    let waivers = &view.outcome.waivers;
    let caption = format!("{} ({})", view.say("Undantag", "Waivers"), waivers.len());
    let table = || {
        html! {
            table data-filter {
                caption { (caption) }
                thead {
                    tr {
                        th.num scope="col" { (view.say("Nr", "No.")) }
                        th scope="col" { (view.say("Regel", "Rule")) }
                        th scope="col" { (view.say("Gäller", "Covers")) }
                        th.num scope="col" { (view.say("Fynd", "Findings")) }
                        th scope="col" { (view.say("Till och med", "Until")) }
                        th scope="col" { (view.say("Ansvarig", "Owner")) }
                        th scope="col" { (view.say("Skäl", "Reason")) }
                    }
                }
                tbody { @for (waiver, number) in waivers.iter().zip(1u64..) { (row(view, waiver, number)) } }
            }
        }
    };
    (!waivers.is_empty()).then(|| {
        html! {
            p {
                (view.say(
                    "Undantagna fynd räknas och visas, men underkänner inte leveransen. Poster med fel avvisas ändå.",
                    "Waived findings are counted and shown, but do not fail the submission. Records with errors are rejected all the same.",
                ))
            }
            (wide(&caption, &table()))
        }
    })
}

fn row(view: &View<'_>, run: &WaiverRun, n: u64) -> Markup {
    let (waiver, figures) = (&run.waiver, view.writing.figures);
    let reporter = waiver.reporter.as_ref();
    let covers: Vec<String> = reporter
        .map(|reporter| format!("{} ({})", escaped(&reporter.name), escaped(&reporter.organisation_number)))
        .into_iter()
        .chain([&waiver.variable, &waiver.collection].into_iter().flatten().map(|name| escaped(name).into_owned()))
        .collect();
    let until = format_day(waiver.until);
    html! {
        tr {
            (number(n, figures))
            th scope="row" { code { (escaped(&waiver.rule)) } }
            td { @if covers.is_empty() { (view.say("alla", "all")) } @else { (covers.join(", ")) } }
            (number(run.covered, figures))
            td {
                (until)
                @if run.is_expired { " " strong { (view.say("GICK UT och gäller inte längre", "EXPIRED and no longer applies")) } }
                @else if run.covered == 0 { " " strong { (view.say("OANVÄNT: inget fynd att undanta", "UNUSED: no finding to waive")) } }
            }
            td { (shortened(&waiver.owner, MOST_CHARS)) }
            td { (shortened(view.writing.text(&waiver.reason), MOST_REASON_CHARS)) }
        }
    }
}
