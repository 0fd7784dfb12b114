//! How the valid values of a variable differ between two schemas.

use crate::model::VariableIndex;
use crate::pattern::{Example, Pattern, example};
use crate::rule::Plan;
use crate::rule::import::is_same_list;
use crate::schema::{Codelist, Domain};
use crate::time::format_day;

/// What differs.
#[derive(Debug, Default)]
pub(super) struct Change {
    /// A value that was valid and is not.
    pub(super) refused: Option<String>,
    /// A value that was not valid and is.
    pub(super) accepted: Option<String>,
    /// Whether there may be more to it.
    pub(super) is_open: bool,
}

/// Holds the domains of one variable in two plans against each other.
pub(super) fn change((old, before): (&Plan, VariableIndex), (new, after): (&Plan, VariableIndex)) -> Change {
    let (before, after) = (old.collection.get(before), new.collection.get(after));
    let change = match (&before.domain, &after.domain) {
        (Domain::Code { codelist: a }, Domain::Code { codelist: b }) => {
            match (old.codelists.get(a), new.codelists.get(b)) {
                (Some(a), Some(b)) if is_same_list(a, b) => Change::default(),
                (Some(a), Some(b)) => {
                    // Days of codes need a date to show: where only they differ, that is left open.
                    let is_open = a.entries().iter().any(|entry| is_dated_otherwise(b, entry));
                    Change { refused: first_missing(a, b), accepted: first_missing(b, a), is_open }
                }
                _ => open(),
            }
        }
        (Domain::Year { range: a }, Domain::Year { range: b }) => {
            numbers(*a, *b, (0, 9999), |year| format!("{year:04}"))
        }
        (Domain::Integer { range: a }, Domain::Integer { range: b }) => {
            let all = (-999_999_999_999_999_999, 999_999_999_999_999_999);
            numbers(*a, *b, all, |number| number.to_string())
        }
        (Domain::Timestamp { date_only: a }, Domain::Timestamp { date_only: b }) => {
            let day = || Some(format_day(19_000));
            Change {
                refused: (*a && !*b).then(day).flatten(),
                accepted: (!*a && *b).then(day).flatten(),
                is_open: false,
            }
        }
        (Domain::Text { format: a, max_length: c, .. }, Domain::Text { format: b, max_length: d, .. }) => {
            let patterns = |format: &Option<std::sync::Arc<crate::schema::Format>>, most: &Option<usize>| {
                let format = format.as_ref().map(|format| format.pattern.clone());
                let shared = format.is_none().then(|| Pattern::regular("^(?s:.)+$").ok()).flatten();
                let most = most.map(|most| Pattern::regular(&format!("^(?s:.){{1,{most}}}$")).ok());
                format.or(shared).into_iter().chain(most.flatten()).collect::<Vec<Pattern>>()
            };
            texts(&patterns(a, c), &patterns(b, d))
        }
        _ => open(),
    };
    Change { is_open: change.is_open || before.separators != after.separators, ..change }
}

fn open() -> Change {
    Change { is_open: true, ..Change::default() }
}

fn first_missing(one: &Codelist, other: &Codelist) -> Option<String> {
    let mut codes = one.entries().iter().map(|entry| entry.code.as_str());
    codes.find(|code| other.find(code.as_bytes()).is_none()).map(str::to_owned)
}

fn is_dated_otherwise(list: &Codelist, entry: &crate::schema::codelist::Entry) -> bool {
    let other = list.find(entry.code.as_bytes());
    let days = |entry: &crate::schema::codelist::Entry| -> Vec<(Option<i64>, Option<i64>)> {
        entry.periods().iter().map(|period| (period.from, period.to)).collect()
    };
    other.is_some_and(|other| days(other) != days(entry))
}

fn numbers(
    before: Option<(i64, i64)>,
    after: Option<(i64, i64)>,
    all: (i64, i64),
    write: impl Fn(i64) -> String,
) -> Change {
    let (before, after) = (before.unwrap_or(all), after.unwrap_or(all));
    // A number of the one range that is outside the other: beside its nearest end.
    let outside = |one: (i64, i64), other: (i64, i64)| {
        if one.0 < other.0 {
            Some(one.1.min(other.0 - 1))
        } else if one.1 > other.1 {
            Some(one.0.max(other.1 + 1))
        } else {
            None
        }
    };
    Change { refused: outside(before, after).map(&write), accepted: outside(after, before).map(&write), is_open: false }
}

/// Texts that match all of the one and not all of the other.
fn texts(before: &[Pattern], after: &[Pattern]) -> Change {
    let mut is_open = false;
    let mut only = |one: &[Pattern], other: &[Pattern]| {
        other.iter().find_map(|refusing| {
            let mut wanted: Vec<(&Pattern, bool)> = one.iter().map(|pattern| (pattern, true)).collect();
            wanted.push((refusing, false));
            match example(&wanted) {
                Example::Found(text) => Some(text),
                Example::None => None,
                Example::Undecided => {
                    is_open = true;
                    None
                }
            }
        })
    };
    let (refused, accepted) = (only(before, after), only(after, before));
    Change { refused, accepted, is_open }
}
