//! When a rule or a requirement level is valid, and whether several versions of one go together.
//!
//! A version is chosen for each record, by the calendar day of a named date: the first and the last day are both part of
//! a period. Versions of one rule are chosen by the same date and never overlap, so that no record has two; days that
//! no version covers are allowed, and then the rule says nothing. Where the date is blank or unreadable no version can
//! be chosen, and the record is not checked by any.

use super::spec::ValiditySpec;
use crate::diag::{Diagnostic, Diagnostics, Place, Source};
use crate::model::VariableIndex;
use crate::schema::Collection;
use crate::time;
use crate::yaml::Spanned;

/// The days on which a rule or level is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// The first day, days since 1970-01-01; `None` where there is none.
    pub from: Option<i64>,
    /// The last day, days since 1970-01-01; `None` where there is none.
    pub until: Option<i64>,
    /// The date of a record that decides.
    pub by: VariableIndex,
}

impl Validity {
    /// Whether `day` (days since 1970-01-01) is among its days.
    pub fn covers(&self, day: i64) -> bool {
        Days { from: self.from, until: self.until }.covers(day)
    }

    /// The same as an expression of rule files.
    pub(super) fn condition_text(&self, collection: &Collection) -> String {
        let by = &collection.get(self.by).id;
        let bound = |day: Option<i64>, operator: &str| {
            day.map(|day| format!("{by} {operator} DATE '{}'", time::format_day(day)))
        };
        [bound(self.from, ">="), bound(self.until, "<=")].into_iter().flatten().collect::<Vec<_>>().join(" AND ")
    }

    /// One of its days, for tests that follow from a level.
    pub(super) fn some_day(&self) -> i64 {
        self.from.or(self.until).unwrap_or_default()
    }
}

/// A period, as days since 1970-01-01.
#[derive(Clone, Copy, Debug)]
pub(super) struct Days {
    pub(super) from: Option<i64>,
    pub(super) until: Option<i64>,
}

impl Days {
    fn covers(self, day: i64) -> bool {
        self.from.is_none_or(|from| from <= day) && self.until.is_none_or(|until| day <= until)
    }

    /// A day that both have: the first one, or the last where there is no first.
    fn common(self, other: Self) -> Option<i64> {
        let candidate = self.from.max(other.from).or_else(|| [self.until, other.until].into_iter().flatten().min())?;
        (self.covers(candidate) && other.covers(candidate)).then_some(candidate)
    }
}

/// Reads the days of `spec`; `None` after a mistake.
pub(super) fn days(spec: &ValiditySpec, source: &Source, diagnostics: &mut Diagnostics) -> Option<Days> {
    let mut sound = true;
    let mut read = |bound: &Option<Spanned<String>>| {
        let text = bound.as_ref()?;
        let day = time::parse_day(&text.value);
        if day.is_none() {
            sound = false;
            diagnostics.push(text.diagnostic(
                source,
                "rule::bad_date",
                format!("`{}` is not a date as 2022-01-03", text.value),
                "this date",
            ));
        }
        day
    };
    let days = Days { from: read(&spec.from), until: read(&spec.until) };
    if spec.from.is_none() && spec.until.is_none() {
        sound = false;
        diagnostics.push(
            spec.by
                .diagnostic(
                    source,
                    "rule::no_bounds",
                    "`valid` has neither `from` nor `until`",
                    "a date, but no bounds",
                )
                .help("state the first day, the last day or both; what is always valid needs no `valid`"),
        );
    }
    if let (Some(first), Some(last), Some(from), Some(until)) = (days.from, days.until, &spec.from, &spec.until)
        && first > last
    {
        sound = false;
        diagnostics.push(
            from.diagnostic(source, "rule::empty_period", "`valid` ends before it begins", "the first day")
                .and_at(until.place(source), "the last day"),
        );
    }
    sound.then_some(days)
}

/// One of several things written under one name.
#[derive(Clone, Copy)]
pub(super) struct Version<'a> {
    pub(super) source: &'a Source,
    /// What is labelled where it has no validity.
    pub(super) name: &'a Spanned<String>,
    pub(super) valid: Option<&'a ValiditySpec>,
}

impl Version<'_> {
    fn days(&self) -> Option<Days> {
        // Mistakes in dates are told where each version is read.
        days(self.valid?, self.source, &mut Diagnostics::default())
    }

    /// Where it begins or ends, as far as it says so.
    fn bound(&self, last: bool) -> Place {
        let Some(valid) = self.valid else { return self.name.place(self.source) };
        let bound = if last { valid.until.as_ref() } else { valid.from.as_ref() };
        bound.unwrap_or(&valid.by).place(self.source)
    }
}

/// Why `later` cannot stand beside `earlier` as another version of `what`.
pub(super) fn disagreement(what: &str, earlier: Version<'_>, later: Version<'_>) -> Option<Diagnostic> {
    const HELP: &str = "versions are valid by the same date, each in days of its own: give the old one `until`, and \
                        the new one `from` the day after";
    let (Some(one), Some(other)) = (earlier.valid, later.valid) else {
        let (without, with) = if later.valid.is_none() { (later, earlier) } else { (earlier, later) };
        let message = format!("{what} is written more than once, and not every version has `valid`");
        return Some(
            Diagnostic::new("rule::versions_overlap", message)
                .at(without.name.place(without.source), "this one is always valid")
                .and_at(with.name.place(with.source), "this one is another version")
                .help(HELP),
        );
    };
    if one.by.value != other.by.value {
        let message = format!("the versions of {what} are chosen by different dates");
        return Some(
            other
                .by
                .diagnostic(later.source, "rule::versions_by", message, "this version by this date")
                .and_at(one.by.place(earlier.source), "the other one by this")
                .help("a record could have both versions, or none: choose every version by the same date"),
        );
    }
    let common = earlier.days()?.common(later.days()?)?;
    let (first, second) = if earlier.days()?.from <= later.days()?.from { (earlier, later) } else { (later, earlier) };
    let message = format!("two versions of {what} are valid on {}", time::format_day(common));
    Some(
        Diagnostic::new("rule::versions_overlap", message)
            .at(second.bound(false), "the one begins here")
            .and_at(first.bound(true), "before the other ends")
            .help(HELP),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(from: Option<i64>, until: Option<i64>) -> Days {
        Days { from, until }
    }

    #[test]
    fn the_first_and_the_last_day_are_part_of_a_period() {
        let valid = Validity { from: Some(10), until: Some(12), by: VariableIndex(0) };
        let covered: Vec<i64> = (8..15).filter(|day| valid.covers(*day)).collect();
        assert_eq!(covered, [10, 11, 12]);
        let open = Validity { from: None, until: Some(12), ..valid };
        assert!(open.covers(i64::MIN) && open.covers(12) && !open.covers(13));
    }

    #[test]
    fn periods_have_a_common_day_exactly_where_they_overlap() {
        let bounds = [None, Some(1), Some(2), Some(3)];
        let mut n_overlapping = 0;
        for a in bounds.iter().flat_map(|from| bounds.map(|until| days(*from, until))) {
            for b in bounds.iter().flat_map(|from| bounds.map(|until| days(*from, until))) {
                let overlapping = (-1..=5).any(|day| a.covers(day) && b.covers(day));
                let unbounded = [a.from, a.until, b.from, b.until].iter().all(Option::is_none);
                assert_eq!(a.common(b).is_some(), overlapping && !unbounded, "{a:?} {b:?}");
                n_overlapping += usize::from(overlapping);
            }
        }
        assert!(n_overlapping > 20);
    }
}
