//! The regions beside each other: records, those rejected, and the rules most violated.

use std::cmp::Reverse;

use maud::{Markup, html};

use super::bounds::MOST_RULES_NAMED;
use super::element::{number, share};
use super::view::{RunView, View, region_key};
use crate::engine::reporter::ReporterRun;
use crate::model::{RuleIndex, Severity};
use crate::report::html::wide;

/// Nothing where there is one reporter, or nothing was counted by reporter.
pub(super) fn body(view: &View<'_>) -> Option<Markup> {
    let regions = view.regions();
    if regions.len() < 2 {
        return None;
    }
    let figures = view.writing.figures;
    let caption = view.say("Poster och fel per region och insamling", "Records and errors by region and collection");
    let several = view.runs.len() > 1;
    Some(wide(
        caption,
        &html! {
            table data-filter {
                caption { (caption) }
                thead {
                    tr {
                        th scope="col" { (view.say("Region", "Region")) }
                        @if several { th scope="col" { (view.say("Insamling", "Collection")) } }
                        th.num scope="col" { (view.say("Poster", "Records")) }
                        th.num scope="col" { (view.say("Med fel", "With errors")) }
                        th.num scope="col" { (view.say("Andel", "Share")) }
                        @for severity in Severity::ALL { th.num scope="col" { (heading(view, severity)) } }
                        th scope="col" data-fixed { (view.say("Regler med flest poster", "Rules with most records")) }
                    }
                }
                tbody {
                    @for (county, name) in &regions {
                        @for (run, reporter) in view.runs.iter().filter_map(|run| Some((run, run.run.reporters.get(county)?))) {
                            tr data-regions=(region_key(*county)) data-collection=(run.id()) {
                                th scope="row" { (name) }
                                @if several { td { (view.title(run.run)) } }
                                (number(reporter.records, figures))
                                (number(reporter.rejected, figures))
                                (share(reporter.rejected, reporter.records, figures))
                                @for severity in Severity::ALL { (number(findings(run, reporter, severity), figures)) }
                                td { (worst(view, run, reporter)) }
                            }
                        }
                    }
                }
            }
        },
    ))
}

fn heading(view: &View<'_>, severity: Severity) -> &'static str {
    match severity {
        Severity::Error => view.say("Fel", "Errors"),
        Severity::Warning => view.say("Varningar", "Warnings"),
        Severity::Note => view.say("Upplysningar", "Notes"),
    }
}

fn findings(run: &RunView<'_>, reporter: &ReporterRun, severity: Severity) -> u64 {
    let rules = run.run.plan.rules.iter().zip(&reporter.rules);
    rules.filter(|(rule, _)| rule.severity == severity).map(|(_, counts)| counts.violations).sum()
}

fn worst(view: &View<'_>, run: &RunView<'_>, reporter: &ReporterRun) -> Markup {
    let figures = view.writing.figures;
    let mut rules: Vec<(RuleIndex, u64)> = reporter
        .rules
        .iter()
        .enumerate()
        .map(|(rule, counts)| (RuleIndex(rule), counts.counts.violated))
        .filter(|(_, violated)| *violated > 0)
        .collect();
    rules.sort_by_key(|(rule, n)| (Reverse(run.rule(*rule).map(|(rule, _)| rule.severity)), Reverse(*n), *rule));
    html! {
        @if !rules.is_empty() {
            ul.plain {
                @for (rule, n) in rules.iter().take(MOST_RULES_NAMED) {
                    @let share = figures.share(*n, reporter.records).map(|share| format!(" ({share})"));
                    li { (run.link(*rule)) " " (figures.count(*n)) @if let Some(share) = share { (share) } }
                }
            }
        }
    }
}
