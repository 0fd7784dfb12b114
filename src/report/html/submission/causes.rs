//! What to correct first: findings folded by what they have in common, in the order of the records that each would repair.
//!
//! Where no causes could be worked out, the violated rules stand in the text report's order.

use std::cmp::Reverse;
use std::collections::VecDeque;
use std::fmt::Write as _;

use maud::{Markup, html};

use super::bounds::{MOST_CAUSES, MOST_CHARS, MOST_RULES_OF_CAUSE};
use super::element::{plain, severity};
use super::gate::capital;
use super::view::{RunView, View};
use crate::cause::{Cause, CauseKind, Concentration, WrongValue, causes};
use crate::engine::Run;
use crate::model::{RuleIndex, Severity, VariableIndex, column_letters};
use crate::report::shown::shortened;
use crate::report::text::rules::amount;

#[cfg(test)]
mod tests;

/// Wrong values named in one sentence.
const MOST_VALUES: usize = 4;

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
    html! {
        li {
            p.what {
                (severity(cause.severity, view.writing)) " "
                strong { (sentence(view, entry)) }
                @if view.runs.len() > 1 { " " span.where { (view.title(run.run)) } }
            }
            p {
                @if let Some((rule, found)) = first && cause.kind == CauseKind::Rule && cause.rules.len() == 1 {
                    (plain(&amount(&view.words, run.run, rule, found))) ". "
                } @else {
                    (explained(view, cause)) " "
                }
                @if let Some(words) = frees(view, entry) { b.frees { (words) } " " }
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
                @match advice(view, &cause.kind) {
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

/// How many records become free of errors.
fn frees(view: &View<'_>, entry: &Entry<'_, '_>) -> Option<String> {
    let gain = entry.frees?;
    let (run, all) = (entry.run.run, entry.cause.repaired);
    let (figures, unit) = (view.writing.figures, view.unit(run));
    if gain == 0 {
        return Some(view.say(
            format!("Rättas bara detta blir inga {unit} fria från fel, för de har fel av andra slag också."),
            format!("Correcting this alone frees no {unit} of errors, for they have errors of other kinds, too."),
        ));
    }
    let (n, of) = (figures.count(gain), figures.count(run.rejected));
    let share = figures.share(all, run.rejected).map(|share| format!(" ({share})")).unwrap_or_default();
    let all_of_them = figures.count(all);
    Some(if gain == all {
        view.say(
            format!("Rättat blir {n} av {of} {unit} med fel fria från fel{share}."),
            format!("Corrected, {n} of {of} {unit} with errors become free of them{share}."),
        )
    } else {
        view.say(
            format!(
                "Rättat blir ytterligare {n} {unit} fria från fel; med åtgärderna ovan {all_of_them} av {of}{share}."
            ),
            format!(
                "Corrected, {n} more {unit} become free of errors; with the fixes above {all_of_them} of {of}{share}."
            ),
        )
    })
}

/// What the findings have in common.
fn sentence(view: &View<'_>, entry: &Entry<'_, '_>) -> String {
    let (run, cause) = (entry.run, &entry.cause);
    let title = cause.rules.first().and_then(|index| run.rule(*index)).map(|(rule, _)| view.writing.text(&rule.title));
    let title = title.unwrap_or_default();
    match &cause.kind {
        CauseKind::Rule => title.to_owned(),
        CauseKind::Together => {
            let n = view.writing.figures.count(cause.rules.len() as u64);
            view.say(
                format!("Samma poster bryter mot {n} regler: {title} m.fl."),
                format!("The same records violate {n} rules: {title} among others"),
            )
        }
        CauseKind::Values { variable, values } => values_words(view, run.run, *variable, values, cause),
        CauseKind::Shifted { variables, by } => shifted(view, run.run, variables, *by),
        CauseKind::Swapped { variables: [one, other] } => {
            let [one, other] = [one, other].map(|variable| column(run.run, *variable));
            view.say(
                format!("Kolumnerna {one} och {other} verkar ha bytt plats"),
                format!("Columns {one} and {other} seem to have changed places"),
            )
        }
        CauseKind::Unit(part) => {
            let unit = view.unit_name(&part.name);
            concentration(
                view,
                run.run,
                &view.say(format!("Vårdenheten {unit}"), format!("Care unit {unit}")),
                part,
                cause,
            )
        }
        CauseKind::Code(part) => {
            let breakdown = run.run.plan.collection.breakdown.as_ref();
            let name = breakdown.map(|breakdown| view.writing.text(&breakdown.name)).unwrap_or_default();
            let code = view.code_name(run.run, &part.name);
            concentration(view, run.run, capital(&format!("{name} {code}")).trim_start(), part, cause)
        }
    }
}

/// `Värdet ”M” i patientens_kon står för 98 % av fynden (39 200 av 40 000), troligen 1 (Man)`.
fn values_words(view: &View<'_>, run: &Run, variable: VariableIndex, values: &[WrongValue], cause: &Cause) -> String {
    let Some(declared) = run.plan.collection.variables.get(variable.0) else { return String::new() };
    let name = &declared.id;
    let one = |wrong: &WrongValue| {
        let mut words = match wrong.value.as_str() {
            "" => view.say("(tomt)", "(blank)").to_owned(),
            value => {
                let value = shortened(value, MOST_CHARS);
                view.say(format!("”{value}”"), format!("“{value}”"))
            }
        };
        if let Some(meant) = &wrong.meant {
            let meant = view.value_name(run, declared, meant);
            words.push_str(&view.say(format!(", troligen {meant},"), format!(", probably {meant},")));
        }
        words
    };
    let figures = view.writing.figures;
    let share = figures.share(cause.findings, cause.of).unwrap_or_default();
    let of = format!("{} {} {}", figures.count(cause.findings), view.say("av", "of"), figures.count(cause.of));
    match values {
        [only] => {
            let value = one(only);
            view.say(
                format!("Värdet {value} i {name} står för {share} av fynden ({of})"),
                format!("The value {value} in {name} makes {share} of the findings ({of})"),
            )
        }
        several => {
            let words: Vec<String> = several.iter().take(MOST_VALUES).map(one).collect();
            // A value's own comma after what it probably is would stand beside that of the list.
            let mut list = words.iter().map(|words| words.trim_end_matches(',')).collect::<Vec<_>>().join("; ");
            if several.len() > MOST_VALUES {
                let n = figures.count((several.len() - MOST_VALUES) as u64);
                let _ = write!(list, " {} {n} {}", view.say("och", "and"), view.say("till", "more"));
            }
            view.say(
                format!(
                    "{} värden i {name} står för {share} av fynden ({of}): {list}",
                    figures.count(several.len() as u64)
                ),
                format!(
                    "{} values in {name} make {share} of the findings ({of}): {list}",
                    figures.count(several.len() as u64)
                ),
            )
        }
    }
}

/// `Kolumnerna H–K (a till b) är förskjutna ett steg åt höger`.
fn shifted(view: &View<'_>, run: &Run, variables: &[VariableIndex], by: i8) -> String {
    let columns = match variables {
        [] => return String::new(),
        [only] => column(run, *only),
        [first, .., last] => {
            let names = |index: &VariableIndex| {
                run.plan.collection.variables.get(index.0).map(|variable| variable.id.clone()).unwrap_or_default()
            };
            let to = view.say("till", "to");
            match (letters(run, *first), letters(run, *last)) {
                (Some(from), Some(until)) => format!("{from}–{until} ({} {to} {})", names(first), names(last)),
                _ => format!("{} {to} {}", names(first), names(last)),
            }
        }
    };
    let n = view.writing.figures.count(u64::from(by.unsigned_abs()));
    let is_one = by.unsigned_abs() == 1;
    let steps = match (is_one, view.say(true, false)) {
        (true, true) => "ett steg".to_owned(),
        (false, true) => format!("{n} steg"),
        (true, false) => "one step".to_owned(),
        (false, false) => format!("{n} steps"),
    };
    let side = if by < 0 { view.say("åt vänster", "to the left") } else { view.say("åt höger", "to the right") };
    if variables.len() == 1 {
        view.say(
            format!("Kolumnen {columns} verkar vara förskjuten {steps} {side}"),
            format!("Column {columns} seems to be shifted {steps} {side}"),
        )
    } else {
        view.say(
            format!("Kolumnerna {columns} verkar vara förskjutna {steps} {side}"),
            format!("Columns {columns} seem to be shifted {steps} {side}"),
        )
    }
}

/// `Vårdenheten X har 40 000 av 41 000 fynd (97,6 %) men bara 30 av 1 000 poster (3,0 %)`.
fn concentration(view: &View<'_>, run: &Run, subject: &str, part: &Concentration, cause: &Cause) -> String {
    let figures = view.writing.figures;
    let of = view.say("av", "of");
    let pair = |n: u64, all: u64, what: &str| {
        let share = figures.share(n, all).map(|share| format!(" ({share})")).unwrap_or_default();
        format!("{} {of} {} {what}{share}", figures.count(n), figures.count(all))
    };
    let findings = pair(cause.findings, cause.of, view.say("fynd", "findings"));
    let records = pair(part.records, part.of_records, view.unit(run));
    view.say(
        format!("{subject} har {findings} men bara {records}"),
        format!("{subject} has {findings} but only {records}"),
    )
}

/// A variable with the letters of its column, where the first file has it.
fn column(run: &Run, variable: VariableIndex) -> String {
    let name = run.plan.collection.variables.get(variable.0).map(|variable| variable.id.as_str()).unwrap_or_default();
    letters(run, variable).map_or_else(|| name.to_owned(), |letters| format!("{letters} ({name})"))
}

fn letters(run: &Run, variable: VariableIndex) -> Option<String> {
    let id = &run.plan.collection.variables.get(variable.0)?.id;
    let header = &run.files.first()?.header;
    header.iter().position(|column| column.variable.as_ref() == Some(id)).map(column_letters)
}

/// What to do about causes that are not a matter of one rule.
fn advice(view: &View<'_>, kind: &CauseKind) -> Option<&'static str> {
    match kind {
        CauseKind::Shifted { .. } => Some(view.say(
            "Kontrollera i uttaget att varje värde hamnar under sin rubrik: ofta saknas en kolumn, eller så innehåller en text fältavgränsaren.",
            "Check that the extract puts each value under its heading: often a column is missing, or a text holds the delimiter.",
        )),
        CauseKind::Swapped { .. } => Some(view.say(
            "Byt plats på rubrikerna eller kolumnerna i uttaget.",
            "Exchange the headings or the columns in the extract.",
        )),
        CauseKind::Values { values, .. } if values.iter().any(|value| value.meant.is_some()) => Some(view.say(
            "Rätta översättningen av värdet till kodverket i uttaget, så försvinner fynden på en gång.",
            "Correct how the extract maps the value to the code list, and the findings disappear all at once.",
        )),
        CauseKind::Rule
        | CauseKind::Together
        | CauseKind::Values { .. }
        | CauseKind::Unit(_)
        | CauseKind::Code(_) => None,
    }
}
