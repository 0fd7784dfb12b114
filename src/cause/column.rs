//! Columns whose values belong to another: shifted and swapped ones; and what a wrong code was probably meant to be.

use super::CauseKind;
use crate::engine::Run;
use crate::engine::reporter::{Counted, ReporterRun};
use crate::model::{RuleIndex, VariableIndex};
use crate::rule::{Plan, RuleKind};
use crate::schema::Domain;
use crate::time;

/// Values of a column belong to another variable where so many hundredths of the wrong ones fit it.
const FITTING: u64 = 90;
/// Fewer wrong values than these say nothing of a column.
const LEAST_WRONG: u64 = 10;
/// So many columns must be shifted alike.
const LEAST_COLUMNS: usize = 2;
/// Columns between them that may have no wrong values.
const MOST_SILENT: usize = 3;

/// The shifts and swaps that explain wrong values, from left to right.
pub(super) fn misplaced(run: &Run, found: &ReporterRun) -> Vec<CauseKind> {
    let plan = &*run.plan;
    // Columns stand alike in all files of a reporter; where they do not, those of the first one count.
    let columns: Vec<Option<VariableIndex>> = run.files.first().map_or_else(Vec::new, |file| {
        let variable = |name: &Option<String>| name.as_ref().and_then(|name| plan.collection.variable(name));
        file.header.iter().map(|column| variable(&column.variable)).collect()
    });
    let wrong = |variable: VariableIndex| wrong_values(plan, found, variable);
    let fits_at = |place: usize, to: Option<usize>| -> bool {
        let pair = columns[place].zip(to.and_then(|to| columns.get(to).copied().flatten()));
        pair.is_some_and(|(own, other)| wrong(own).is_some_and(|values| fit(plan, other, values)))
    };
    let mut kinds = Vec::new();
    let mut taken = vec![false; columns.len()];
    for by in [1i8, -1] {
        let target = |place: usize| if by > 0 { place.checked_sub(1) } else { Some(place + 1) };
        let mut place = 0;
        while place < columns.len() {
            // A column that holds nothing wrong, such as one of any text, tells nothing; few such may stand between.
            let mut fitting = Vec::new();
            let mut silent = 0;
            let mut at = place;
            while at < columns.len() && !taken[at] && silent <= MOST_SILENT {
                if fits_at(at, target(at)) {
                    fitting.push(at);
                    silent = 0;
                } else if columns[at].is_some_and(|own| wrong(own).is_some()) || fitting.is_empty() {
                    break;
                } else {
                    silent += 1;
                }
                at += 1;
            }
            if let (Some(first), Some(last), true) = (fitting.first(), fitting.last(), fitting.len() >= LEAST_COLUMNS) {
                taken[*first..=*last].fill(true);
                kinds.push(CauseKind::Shifted {
                    variables: columns[*first..=*last].iter().copied().flatten().collect(),
                    by,
                });
            }
            place = fitting.last().map_or(place, |last| *last) + 1;
        }
    }
    for one in 0..columns.len() {
        for other in one + 1..columns.len() {
            if taken[one] || taken[other] || !fits_at(one, Some(other)) || !fits_at(other, Some(one)) {
                continue;
            }
            if let (Some(first), Some(second)) = (columns[one], columns[other]) {
                kinds.push(CauseKind::Swapped { variables: [first, second] });
                (taken[one], taken[other]) = (true, true);
            }
        }
    }
    kinds
}

/// The rules on the values of the variables that a shift or swap is of.
pub(super) fn rules_of(plan: &Plan, kind: &CauseKind) -> Vec<RuleIndex> {
    let variables: &[VariableIndex] = match kind {
        CauseKind::Shifted { variables, .. } => variables,
        CauseKind::Swapped { variables } => variables,
        _ => &[],
    };
    let of = variables.iter().flat_map(|variable| value_rules(plan, *variable));
    of.collect()
}

fn value_rules(plan: &Plan, variable: VariableIndex) -> impl Iterator<Item = RuleIndex> {
    let rules = plan.rules.iter().enumerate();
    rules
        .filter(move |(_, rule)| rule.kind == RuleKind::Value && rule.faulty.first() == Some(&variable))
        .map(|(index, _)| RuleIndex(index))
}

/// The wrong values of a variable, where they are many enough to tell.
fn wrong_values<'f>(plan: &Plan, found: &'f ReporterRun, variable: VariableIndex) -> Option<&'f Counted> {
    let of_rules = value_rules(plan, variable).filter_map(|rule| found.values.get(rule.0));
    of_rules.max_by_key(|values| values.known.values().sum::<u64>()).filter(|values| {
        let known: u64 = values.known.values().sum();
        known >= LEAST_WRONG && known >= values.other
    })
}

/// Whether nearly all of the values are such as `variable` may have.
fn fit(plan: &Plan, variable: VariableIndex, values: &Counted) -> bool {
    let all: u64 = values.known.values().sum();
    let fitting: u64 =
        values.known.iter().filter(|(value, _)| accepts(plan, variable, value)).map(|(_, findings)| findings).sum();
    fitting * 100 >= all * FITTING
}

/// Whether a value is surely one of this variable's; never of a variable that takes any text.
fn accepts(plan: &Plan, variable: VariableIndex, value: &str) -> bool {
    match &plan.collection.get(variable).domain {
        Domain::Code { codelist } => {
            plan.codelists.get(codelist).is_some_and(|list| list.canonical(value.as_bytes()).is_some())
        }
        Domain::Text { format: Some(format), .. } => format.accepts(value.as_bytes()),
        Domain::Text { .. } => false,
        Domain::Timestamp { .. } => time::parse(value.as_bytes()).is_some(),
        Domain::Year { range } | Domain::Integer { range } => {
            let number: Option<i64> = value.parse().ok();
            number.is_some_and(|number| range.is_none_or(|(least, most)| (least..=most).contains(&number)))
        }
    }
}

/// The code that a wrong value probably stands for: the one that it is the text of, or is but for leading zeros or case.
pub(super) fn meant(plan: &Plan, variable: VariableIndex, value: &str) -> Option<String> {
    let Domain::Code { codelist } = &plan.collection.get(variable).domain else { return None };
    let list = plan.codelists.get(codelist)?;
    let plain = |text: &str| text.trim().trim_start_matches('0').to_lowercase();
    let wanted = plain(value);
    if wanted.is_empty() {
        return None;
    }
    let is_text = |text: &str| text.to_lowercase() == wanted;
    let begins = |text: &str| wanted.chars().count() == 1 && text.to_lowercase().starts_with(&wanted);
    let entries = || list.entries().iter().filter(|entry| list.canonical(entry.code.as_bytes()) == Some(&entry.code));
    let only = |is_meant: &dyn Fn(&crate::schema::codelist::Entry) -> bool| {
        let mut found = entries().filter(|entry| is_meant(entry));
        found.next().filter(|_| found.next().is_none()).map(|entry| entry.code.clone())
    };
    only(&|entry| is_text(&entry.text_sv) || is_text(&entry.text_en))
        .or_else(|| only(&|entry| plain(&entry.code) == wanted))
        .or_else(|| only(&|entry| begins(&entry.text_sv)))
}
