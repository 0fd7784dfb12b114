//! The first screen: accepted or not, how much is wrong, and what to correct first.

use maud::{Markup, html};

use super::causes;
use super::element::{NOTHING, number, plain, share, spaced};
use super::view::{RunView, View};
use crate::model::Severity;
use crate::report::html::wide;
use crate::report::shown::capital;
use crate::report::text::unchecked::Unchecked;
use crate::report::text::{self, waivers};
use crate::report::{Gate, gate};
use crate::rule::Rule;

pub(super) fn body(view: &View<'_>) -> Markup {
    html! {
        (banner(view))
        (counts(view))
        (beside(view))
        (causes::body(view))
        @if view.runs.len() > 1 { (collections(view)) }
    }
}

/// The verdict: a word, a sign and a colour say the same.
fn banner(view: &View<'_>) -> Markup {
    let (_, words) = text::verdict_words(&view.words, view.outcome, view.options);
    let words = plain(&words);
    let (verdict, rest) = words.find([':', ',']).map_or((words.as_str(), ""), |at| words.split_at(at));
    let rest = rest.trim_start_matches([':', ',', ' ']);
    let (class, sign) = match gate(view.outcome, view.options.fail_on, view.options.strict) {
        Gate::Failed | Gate::NotChecked => ("verdict bad", "✕"),
        Gate::Passed if rest.is_empty() => ("verdict good", "✓"),
        Gate::Passed => ("verdict doubtful", "!"),
    };
    html! {
        div class=(class) {
            span.sign aria-hidden="true" { (sign) }
            p { strong { (verdict) } @if !rest.is_empty() { span.rest { (rest) } } }
        }
    }
}

/// How many findings of each severity, and how many records they leave.
fn counts(view: &View<'_>) -> Markup {
    let (outcome, figures) = (view.outcome, view.writing.figures);
    let rules = |severity: Severity| {
        let of_severity = |rule: &&Rule| rule.severity == severity;
        let violated = |run: &RunView<'_>| {
            run.violated.iter().filter_map(|index| run.rule(*index)).map(|(rule, _)| rule).filter(of_severity).count()
        };
        view.runs.iter().map(violated).sum::<usize>()
    };
    let label = |severity| match severity {
        Severity::Error => view.say("Fel", "Errors"),
        Severity::Warning => view.say("Varningar", "Warnings"),
        Severity::Note => view.say("Upplysningar", "Notes"),
    };
    let (rejected, records) = (outcome.rejected(), outcome.records());
    html! {
        dl.tiles {
            @for severity in Severity::ALL {
                @let n = outcome.violations(severity);
                div class={ "tile is-" (severity.as_str()) } {
                    dt { (label(severity)) }
                    dd {
                        strong { (figures.count(n)) }
                        @if n > 0 {
                            span {
                                (view.say("i", "in")) " " (view.words.rules(rules(severity)))
                                @if let Some(waived) = waivers::part(&view.words, outcome.waived(severity)) {
                                    ", " (spaced(&waived))
                                }
                            }
                        }
                    }
                }
            }
            div.tile {
                dt { (view.say("Poster med minst ett fel", "Records with at least one error")) }
                dd {
                    strong { (figures.count(rejected)) }
                    span {
                        (view.say("av", "of")) " " (view.words.records(records))
                        @if let Some(share) = figures.share(rejected, records) { " (" (share) ")" }
                    }
                }
            }
        }
    }
}

/// What must be read with the verdict.
fn beside(view: &View<'_>) -> Markup {
    let options = view.options;
    let unchecked = Unchecked::of(view.outcome);
    let is_said = gate(view.outcome, options.fail_on, options.strict) != Gate::Failed;
    html! {
        @if let Some(words) = text::as_of_words(&view.words, &view.outcome.stated) { p.important { (words) } }
        @if options.fail_on != Severity::Error {
            p {
                (view.say("Underkänns redan vid", "Fails already at")) " "
                (options.fail_on.word(view.writing.language())) " (" code { "--fail-on " (options.fail_on.as_str()) } ")."
            }
        }
        @if unchecked.any() && !is_said {
            p { a href="#ej-kontrollerat" { (capital(&plain(&unchecked.clause(&view.words)))) } "." }
        }
    }
}

/// One row a collection.
fn collections(view: &View<'_>) -> Markup {
    let caption = view.say("Per insamling", "By collection");
    let figures = view.writing.figures;
    wide(
        caption,
        &html! {
            table data-filter {
                caption { (caption) }
                thead {
                    tr {
                        th scope="col" { (view.say("Insamling", "Collection")) }
                        th.num scope="col" { (view.say("Poster", "Records")) }
                        th.num scope="col" { (view.say("Med fel", "With errors")) }
                        th.num scope="col" { (view.say("Andel", "Share")) }
                        th.num scope="col" { (view.say("Fel", "Errors")) }
                        th.num scope="col" { (view.say("Varningar", "Warnings")) }
                        th.num scope="col" { (view.say("Upplysningar", "Notes")) }
                    }
                }
                tbody {
                    @for run in &view.runs {
                        tr data-collection=(run.id()) {
                            th scope="row" {
                                (view.title(run.run))
                                @if run.run.unit().is_some() { " (" (view.unit(run.run)) ")" }
                            }
                            (number(run.run.records, figures))
                            @if run.run.records > 0 { (number(run.run.rejected, figures)) } @else { td.num { (NOTHING) } }
                            (share(run.run.rejected, run.run.records, figures))
                            @for severity in Severity::ALL { (number(run.run.violations(severity), figures)) }
                        }
                    }
                }
            }
        },
    )
}
