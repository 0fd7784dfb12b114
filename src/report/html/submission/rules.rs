//! The violated rules: a table to sort and search, and beneath it each rule with examples, what to do, and where most of its
//! findings are.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::bounds::MOST_CHARS;
use super::element::{NOTHING, number, plain, severity, share};
use super::example;
use super::parts::{Listed, listed};
use super::view::{RunView, View};
use crate::engine::RuleRun;
use crate::model::{RuleIndex, VariableIndex};
use crate::report::html::wide;
use crate::report::rule_rows::{source_line, speaks_of_records};
use crate::report::shown::{capital, shortened};
use crate::report::text::rules::amount;
use crate::report::text::{rejected, waivers};
use crate::rule::{Check, Rule};

/// Violated rules up to which the first of them are shown opened.
const FEW_RULES: usize = 8;

pub(super) fn body(view: &View<'_>) -> Markup {
    if view.runs.iter().all(|run| run.violated.is_empty()) {
        let is_empty = view.runs.iter().all(|run| run.run.records == 0);
        return html! {
            p {
                @if is_empty { (view.say("Det fanns inga poster att kontrollera.", "There were no records to check.")) }
                @else { (view.say("Ingen regel bröts.", "No rule was violated.")) }
            }
        };
    }
    let n_violated: usize = view.runs.iter().map(|run| run.violated.len()).sum();
    let brief = view.say(
        ["Reglerna är många och visas därför kortfattat; villkor, skäl och källa visas av", "REGEL"],
        ["The rules are many and therefore shown in brief; conditions, reasons and sources are shown by", "RULE"],
    );
    html! {
        @if view.bounds.is_brief { p.cut { (brief[0]) " " code { "vantkoll rules explain " (brief[1]) } "." } }
        @for run in &view.runs { (view.part(run, &of_run(view, run, n_violated <= FEW_RULES))) }
    }
}

fn of_run(view: &View<'_>, run: &RunView<'_>, opened: bool) -> Markup {
    html! {
        @if view.runs.len() > 1 { p { (rejected(&view.words, run.run.rejected, run.run.records, run.run.unit())) "." } }
        @if run.violated.is_empty() {
            p { (view.say("Ingen regel bröts.", "No rule was violated.")) }
        } @else {
            (overview(view, run))
            (blocks(view, run, opened))
        }
    }
}

fn overview(view: &View<'_>, run: &RunView<'_>) -> Markup {
    let figures = view.writing.figures;
    let records = match run.run.unit() {
        Some(unit) => format!("{} {}", figures.count(run.run.records), view.writing.text(unit)),
        None => view.words.records(run.run.records),
    };
    let rules = view.words.rules(run.violated.len());
    let caption = view
        .say(format!("{rules} som inte uppfylls, andel av {records}"), format!("{rules} violated, share of {records}"));
    let with_regions = run.run.reporters.len() > 1;
    let with_waived = run.run.rules.iter().any(|found| found.waived > 0);
    wide(
        &caption,
        &html! {
            table.rules data-filter {
                caption { (caption) }
                thead {
                    tr {
                        th scope="col" { (view.say("Grad", "Severity")) }
                        th scope="col" { (view.say("Regel", "Rule")) }
                        th scope="col" { (view.say("Vad som är fel", "What is wrong")) }
                        th.num scope="col" { (view.say("Fynd", "Findings")) }
                        th.num scope="col" { (capital_unit(view, run)) }
                        th.num scope="col" { (view.say("Andel", "Share")) }
                        @if with_waived { th.num scope="col" { (view.say("Undantagna", "Waived")) } }
                        @if with_regions { th.num scope="col" { (view.say("Regioner", "Regions")) } }
                    }
                }
                tbody {
                    @for index in &run.violated {
                        @if let Some((rule, found)) = run.rule(*index) {
                            (row(view, run, *index, (rule, found), (with_waived, with_regions)))
                        }
                    }
                }
            }
        },
    )
}

fn capital_unit(view: &View<'_>, run: &RunView<'_>) -> String {
    capital(view.unit(run.run))
}

fn row(
    view: &View<'_>,
    run: &RunView<'_>,
    index: RuleIndex,
    (rule, found): (&Rule, &RuleRun),
    (with_waived, with_regions): (bool, bool),
) -> Markup {
    let figures = view.writing.figures;
    let regions = run.regions_of(index);
    html! {
        tr data-severity=(rule.severity.as_str()) data-regions=[regions.as_ref()] {
            td data-sort=(rule.severity as u8) { (severity(rule.severity, view.writing)) }
            th scope="row" { a href={ "#" (run.anchor(rule)) } { (view.rule_name(rule)) } }
            td { (view.writing.text(&rule.title)) }
            (number(found.violations, figures))
            @if speaks_of_records(rule) {
                (number(found.counts.violated, figures))
                (share(found.counts.violated, run.run.records, figures))
            } @else {
                td.num { (NOTHING) }
                td.num { (NOTHING) }
            }
            @if with_waived { (number(found.waived, figures)) }
            @if with_regions {
                @match run.n_regions_of(index) {
                    0 => td.num { (NOTHING) },
                    n => (number(n, figures)),
                }
            }
        }
    }
}

fn blocks(view: &View<'_>, run: &RunView<'_>, opened: bool) -> Markup {
    let most = Most::of(view, run);
    html! {
        div.items {
            @for index in &run.violated {
                @if let Some((rule, found)) = run.rule(*index) { (block(view, run, *index, (rule, found), &most, opened)) }
            }
        }
    }
}

/// Where most findings of each rule are, an entry a rule of the plan.
struct Most {
    regions: Vec<Listed>,
    units: Vec<Listed>,
    codes: Vec<Listed>,
}

impl Most {
    fn of(view: &View<'_>, run: &RunView<'_>) -> Self {
        let n_rules = run.run.rules.len();
        let most = view.bounds.listed;
        let reporters = &run.run.reporters;
        let several = reporters.len() > 1;
        let units = reporters.iter().flat_map(|(county, reporter)| {
            reporter.units.parts.iter().map(move |(name, part)| ((*county, name), part))
        });
        let regions = reporters.iter().filter(|_| several).flat_map(|(county, reporter)| {
            let rules = reporter.rules.iter().enumerate();
            rules.map(|(rule, counts)| (RuleIndex(rule), counts.counts.violated, reporter.records, *county))
        });
        let codes = run.total.codes.iter();
        Self {
            regions: listed(n_rules, most, regions).map_names(|county| view.region(county)),
            units: listed(
                n_rules,
                most,
                units.flat_map(|(name, part)| part.rules.iter().map(move |(rule, n)| (*rule, *n, part.records, name))),
            )
            .map_names(|(county, name)| {
                let unit = view.unit_name(name);
                if several { format!("{unit}, {}", view.region(county)) } else { unit.into_owned() }
            }),
            codes: listed(
                n_rules,
                most,
                codes.flat_map(|(name, part)| part.rules.iter().map(move |(rule, n)| (*rule, *n, part.records, name))),
            )
            .map_names(|code| view.telling(run.run).code_name(code).into_owned()),
        }
    }
}

fn block(
    view: &View<'_>,
    run: &RunView<'_>,
    index: RuleIndex,
    (rule, found): (&Rule, &RuleRun),
    most: &Most,
    opened: bool,
) -> Markup {
    let waived = waivers::part(&view.words, found.waived).map(|part| format!(", {part}")).unwrap_or_default();
    let amount = plain(&format!("{}{waived}", amount(&view.words, run.run, rule, found)));
    let none = Listed::default();
    let [regions, units, codes] =
        [&most.regions, &most.units, &most.codes].map(|lists| lists.get(index.0).unwrap_or(&none));
    let breakdown = run.run.plan.collection.breakdown.as_ref().map(|breakdown| view.writing.text(&breakdown.name));
    html! {
        details.rule id=(run.anchor(rule)) data-item data-severity=(rule.severity.as_str())
            data-regions=[run.regions_of(index)] open[opened] {
            summary {
                (severity(rule.severity, view.writing)) " "
                b { (view.rule_name(rule)) } " "
                span.title { (view.writing.text(&rule.title)) } " "
                span.amount { (amount) }
            }
            (facts(view, rule))
            (example::table(view, run, rule, found))
            @let values = run.total.values.get(index.0);
            @if let Some(values) = values { (frequent(view, run, rule, found, values)) }
            (places(view, view.say("Regioner med flest", "Regions with most"), regions))
            (places(view, view.say("Vårdenheter med flest", "Care units with most"), units))
            @if let Some(name) = breakdown { (places(view, &view.say(format!("{name} med flest"), format!("{name} with most")), codes)) }
        }
    }
}

/// What is known of a rule before any record.
fn facts(view: &View<'_>, rule: &Rule) -> Markup {
    let whole = !view.bounds.is_brief;
    let why = rule.why.as_ref().filter(|_| whole).map(|why| view.writing.text(why));
    let [applies, holds] = [&rule.when_text, &rule.assert_text].map(|text| text.as_deref().filter(|_| whole));
    let fix = view.writing.text(&rule.fix);
    let source = if whole { source_line(&rule.source) } else { String::new() };
    html! {
        dl.facts {
            @if !fix.is_empty() { dt { (view.say("Åtgärd", "Fix")) } dd { (fix) } }
            @if let Some(why) = why { dt { (view.say("Varför", "Why")) } dd { (why) } }
            @if let Some(applies) = applies { dt { (view.say("Gäller när", "Applies when")) } dd { code { (applies) } } }
            @if let Some(holds) = holds { dt { (view.say("Ska gälla", "Must hold")) } dd { code { (holds) } } }
            @if !source.is_empty() { dt { (view.say("Källa", "Source")) } dd { (source) } }
        }
    }
}

/// The most frequent wrong values.
fn frequent(view: &View<'_>, run: &RunView<'_>, rule: &Rule, found: &RuleRun, values: &BTreeMap<&str, u64>) -> Markup {
    let mut values: Vec<(&str, u64)> = values.iter().map(|(value, n)| (*value, *n)).collect();
    values.sort_by_key(|(value, n)| (std::cmp::Reverse(*n), *value));
    // Where all are blank, the rule has said so.
    if !matches!(rule.check, Check::Record(_)) || values.iter().all(|(value, _)| value.is_empty()) {
        return html! {};
    }
    let variable: Option<VariableIndex> = rule.faulty.first().copied();
    let declared = variable.and_then(|variable| run.run.plan.collection.variables.get(variable.0));
    let name = |value: &str| match (value, declared) {
        ("", _) => view.say("(tomt)", "(blank)").to_owned(),
        (value, Some(declared)) => view.telling(run.run).value_name(declared, value),
        (value, None) => shortened(value, MOST_CHARS).into_owned(),
    };
    let shown = values.iter().take(view.bounds.listed);
    html! {
        p.most {
            b { (view.say("Vanligaste värden", "Most frequent values")) ": " }
            @for (n, (value, findings)) in shown.enumerate() {
                @if n > 0 { "; " }
                code { (name(value)) } ": "
                (part(view, *findings, found.violations))
            }
        }
    }
}

/// `23 av 1 200 (1,9 %)`.
fn part(view: &View<'_>, n: u64, of: u64) -> String {
    let figures = view.writing.figures;
    let share = figures.share(n, of).map(|share| format!(" ({share})")).unwrap_or_default();
    plain(&format!("{} {} {}{share}", figures.count(n), view.say("av", "of"), figures.count(of)))
}

fn places(view: &View<'_>, heading: &str, listed: &Listed) -> Markup {
    html! {
        @if !listed.first.is_empty() {
            p.most {
                b { (heading) ": " }
                @for (n, place) in listed.first.iter().enumerate() {
                    @if n > 0 { "; " }
                    (place.name) ": "
                    (part(view, place.violated, place.records))
                }
                @if listed.total > listed.first.len() {
                    "; " (view.say("och", "and")) " "
                    (view.words.counted((listed.total - listed.first.len()) as u64, ["till", "till"], ["more", "more"]))
                }
            }
        }
    }
}
