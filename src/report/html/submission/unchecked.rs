//! What was not looked at, why, and how to have it looked at; and rules that never applied.

use maud::{Markup, html};

use super::element::plain;
use super::view::{RunView, View};
use crate::report::text::unchecked::{causes, files, never_applied, reason, undecided, unreadable};
use crate::rule::Rule;
use crate::time::format_day;

/// Names up to which a list stands opened.
const FEW_NAMES: usize = 12;

pub(super) fn body(view: &View<'_>) -> Markup {
    let parts: Vec<(&RunView<'_>, Markup)> = view.runs.iter().filter_map(|run| Some((run, part(view, run)?))).collect();
    html! {
        @if parts.is_empty() {
            p {
                @if view.runs.is_empty() { (view.say("Ingenting lästes, och ingenting kontrollerades.", "Nothing was read, and nothing was checked.")) }
                @else { (view.say("Alla regler kunde kontrolleras för alla poster.", "All rules could be checked for every record.")) }
            }
        }
        @for (run, part) in parts { (view.part(run, &part)) }
    }
}

fn part(view: &View<'_>, run: &RunView<'_>) -> Option<Markup> {
    let causes = causes(&view.words, run.run);
    let undecided = undecided(&view.words, run.run);
    let unreadable = unreadable(run.run);
    let plan = &run.run.plan;
    let rules = || plan.rules.iter().zip(&run.run.rules);
    let never = rules().filter(|(rule, found)| plan.is_in_force(rule) && never_applied(rule, found));
    let never: Vec<&Rule> = never.map(|(rule, _)| rule).collect();
    let not_in_force: Vec<&Rule> = rules().filter(|(rule, _)| !plan.is_in_force(rule)).map(|(rule, _)| rule).collect();
    if causes.is_empty() && undecided.is_empty() && unreadable == 0 && never.is_empty() && not_in_force.is_empty() {
        return None;
    }
    Some(html! {
        @for cause in &causes {
            @let why = plain(&reason(&view.words, cause.why, &files(&view.words, run.run, &cause.files)));
            (list(&why, &cause.rules.iter().map(|name| html! { code { (plain(name)) } }).collect::<Vec<_>>()))
        }
        @if unreadable > 0 {
            p {
                (view.words.records(unreadable)) " "
                (view.say(
                    "kunde inte delas upp i kolumner; ingen regel om deras värden är kontrollerad.",
                    "could not be divided into columns; no rule on their values is checked.",
                ))
            }
        }
        @if !undecided.is_empty() {
            @let why = format!(
                "{} {} ({})",
                view.say("Ett värde som regeln behöver är tomt eller oläsligt i en del", "A value that the rule needs is blank or unreadable in some"),
                view.unit(run.run),
                view.say("antal", "number"),
            );
            (list(&why, &undecided.iter().map(|name| html! { (plain(name)) }).collect::<Vec<_>>()))
        }
        @if !never.is_empty() {
            (list(view.say("Regler som aldrig blev tillämpliga", "Rules that never applied"), &titled(view, &never)))
        }
        @if let Some(day) = plan.as_of && !not_in_force.is_empty() {
            @let heading = format!("{} {}", view.say("Regler som inte gällde", "Rules not valid on"), format_day(day));
            (list(&heading, &titled(view, &not_in_force)))
        }
    })
}

fn titled(view: &View<'_>, rules: &[&Rule]) -> Vec<Markup> {
    rules.iter().map(|rule| html! { code { (view.rule_name(rule)) } " " (view.writing.text(&rule.title)) }).collect()
}

/// A heading that counts what it hides.
fn list(heading: &str, items: &[Markup]) -> Markup {
    html! {
        details open[items.len() <= FEW_NAMES] {
            summary { (heading) " (" (items.len()) ")" }
            ul.names { @for item in items { li { (item) } } }
        }
    }
}
