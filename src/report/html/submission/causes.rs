//! What to correct first: findings folded by what they have in common, in the order of the records that each would repair.
//!
//! Where no causes could be worked out, the violated rules stand in the text report's order.

use std::cmp::Reverse;
use std::collections::VecDeque;

use maud::{Markup, html};

use super::bounds::{MOST_CAUSES, MOST_RULES_OF_CAUSE};
use super::element::{plain, severity};
use super::view::{RunView, View};
use crate::cause::{Cause, CauseKind, causes};
use crate::model::{RuleIndex, Severity};
use crate::report::cause_words::{advice, frees, sentence};
use crate::report::text::rules::amount;

#[cfg(test)]
mod tests;

/// A cause and where it was found.
struct Entry<'v, 'a> {
    run: &'v RunView<'a>,
    cause: Cause,
    /// Records that become free of errors by it, when those before it are mended; `None` where that is not known.
    frees: Option<u64>,
}

pub(super) fn body(view: &View<'_>) -> Markup {
    let entries = entries(view);
    if entries.is_empty() {
        return html! {};
    }
    let shown = &entries[..entries.len().min(MOST_CAUSES)];
    let (first, more) = shown.split_at(shown.len().min(view.options.top.max(1)));
    html! {
        h3 { (view.say("Åtgärda först", "Correct first")) }
        ol.causes { @for entry in first { (item(view, entry)) } }
        @if !more.is_empty() {
            details {
                summary { (view.words.counted(more.len() as u64, ["orsak till", "orsaker till"], ["more cause", "more causes"])) }
                ol.causes start=(first.len() + 1) { @for entry in more { (item(view, entry)) } }
            }
        }
        p { a href="#regler" { (view.say("Alla regler som inte uppfylls, med exempel", "All rules violated, with examples")) } }
    }
}

/// Causes of all runs.
fn entries<'v, 'a>(view: &'v View<'a>) -> Vec<Entry<'v, 'a>> {
    merged(view.runs.iter().map(of_run).collect())
}

/// By what they free. A run's causes keep their order, for each counts on those before it.
fn merged<'v, 'a>(runs: Vec<Vec<Entry<'v, 'a>>>) -> Vec<Entry<'v, 'a>> {
    let mut queues: Vec<VecDeque<Entry<'_, '_>>> = runs.into_iter().map(VecDeque::from).collect();
    let rank = |entry: &Entry<'_, '_>| (entry.cause.severity, entry.frees.unwrap_or(0), entry.cause.findings);
    let mut merged = Vec::new();
    loop {
        let best = queues
            .iter_mut()
            .enumerate()
            .filter(|(_, queue)| !queue.is_empty())
            .max_by_key(|(index, queue)| (queue.front().map(rank), Reverse(*index)));
        match best.and_then(|(_, queue)| queue.pop_front()) {
            Some(entry) => merged.push(entry),
            None => return merged,
        }
    }
}

fn of_run<'v, 'a>(run: &'v RunView<'a>) -> Vec<Entry<'v, 'a>> {
    let causes = causes(run.run);
    if causes.is_empty() {
        return run.violated.iter().filter_map(|index| of_rule(run, *index)).collect();
    }
    with_gains(run, causes)
}

/// What each frees beside those before it.
fn with_gains<'v, 'a>(run: &'v RunView<'a>, causes: Vec<Cause>) -> Vec<Entry<'v, 'a>> {
    let mut all = 0;
    let entry = |cause: Cause| {
        let frees = (cause.severity == Severity::Error).then_some(cause.repaired);
        all += cause.repaired;
        // With all before it.
        Entry { run, cause: Cause { repaired: all, ..cause }, frees }
    };
    causes.into_iter().map(entry).collect()
}

fn of_rule<'v, 'a>(run: &'v RunView<'a>, index: RuleIndex) -> Option<Entry<'v, 'a>> {
    let (rule, found) = run.rule(index)?;
    let (kind, rules) = (CauseKind::Rule, vec![index]);
    let cause =
        Cause { kind, rules, severity: rule.severity, findings: found.violations, of: found.violations, repaired: 0 };
    Some(Entry { run, cause, frees: None })
}

fn item(view: &View<'_>, entry: &Entry<'_, '_>) -> Markup {
    let (run, cause) = (entry.run, &entry.cause);
    let rules = &cause.rules[..cause.rules.len().min(MOST_RULES_OF_CAUSE)];
    let first = cause.rules.first().and_then(|index| run.rule(*index));
    let told = view.telling(run.run);
    let freed = entry.frees.map(|gain| frees(told, (gain, cause.repaired), run.run.rejected));
    html! {
        li {
            p.what {
                (severity(cause.severity, view.writing)) " "
                strong { (sentence(told, cause)) }
                @if view.runs.len() > 1 { " " span.where { (view.title(run.run)) } }
            }
            p {
                @if let Some((rule, found)) = first && cause.kind == CauseKind::Rule && cause.rules.len() == 1 {
                    (plain(&amount(&view.words, run.run, rule, found))) ". "
                } @else {
                    (explained(view, cause)) " "
                }
                @if let Some(words) = freed { b.frees { (words) } " " }
                span.links {
                @if cause.rules.len() == 1 { (view.say("Regel", "Rule")) } @else { (view.say("Regler", "Rules")) }
                " "
                @for (n, index) in rules.iter().enumerate() { @if n > 0 { ", " } (run.link(*index)) }
                @if rules.len() < cause.rules.len() {
                    " " (view.say("och", "and")) " "
                    (view.words.counted((cause.rules.len() - rules.len()) as u64, ["till", "till"], ["more", "more"]))
                }
                }
            }
            p {
                b { (view.say("Åtgärd", "Fix")) ": " }
                @match advice(told, &cause.kind) {
                    Some(words) => (words),
                    None => @if let Some((rule, _)) = first { (view.writing.text(&rule.fix)) },
                }
            }
        }
    }
}

/// How much of the findings of its rules the cause explains.
fn explained(view: &View<'_>, cause: &Cause) -> String {
    let figures = view.writing.figures;
    let (n, of) = (figures.count(cause.findings), figures.count(cause.of));
    let share = figures.share(cause.findings, cause.of).map(|share| format!(" ({share})")).unwrap_or_default();
    match cause.rules.len() {
        1 => view.say(
            format!("Förklarar {n} av {of} fynd{share} för regeln."),
            format!("Explains {n} of {of} findings{share} of the rule."),
        ),
        rules => {
            let rules = figures.count(rules as u64);
            view.say(
                format!("Förklarar {n} av {of} fynd{share} för {rules} regler."),
                format!("Explains {n} of {of} findings{share} of {rules} rules."),
            )
        }
    }
}
