//! Points in time and numbers of one branch: a table of differences, and a record filled in from it.
//!
//! Each slot stands for up to three numbers: its day, its clock, and the first day of its year. What a branch says of
//! slots becomes bounds of their differences; *unequal* becomes two tables. Two things are more than differences: that a
//! first day of a year is one, and that minutes are rounded down. The former is drawn where bounds are constant
//! ([`Table::close`]) and otherwise left to a record that is tried out.

use std::collections::BTreeMap;

use super::atom::{Atom, Family, Linear, Slot, SlotKind, TimeBase, TimeTerm};
use super::difference::{Differences, Number, ZERO};
use super::search::Space;
use crate::rule::expr::Comparison;
use crate::time::{DAY, civil_from_days, days_from_civil};

/// Which points in time may or may not have a time of day.
pub(super) struct Clocks {
    /// Either will do: both are tried.
    pub(super) open: Vec<Slot>,
    /// Surely none.
    pub(super) without: Vec<Slot>,
}

impl Clocks {
    pub(super) fn of(space: &Space<'_>, facts: &[(&Atom, bool)], blank: &BTreeMap<Slot, bool>) -> Self {
        let (mut open, mut without) = (Vec::new(), Vec::new());
        for (slot, kind) in space.slots.iter().enumerate() {
            let stated = facts.iter().find_map(|(atom, truth)| match atom {
                Atom::HasTime(of) if *of == slot => Some(*truth),
                _ => None,
            });
            match (kind, stated) {
                (SlotKind::Time { date_only: true }, None) => {
                    let is_compared = facts.iter().any(|(atom, _)| {
                        matches!(atom, Atom::Times { .. } | Atom::Linear { .. }) && atom.slots().contains(&slot)
                    });
                    if is_compared && blank.get(&slot) == Some(&false) {
                        open.push(slot);
                    }
                }
                (SlotKind::Time { .. }, Some(false)) | (SlotKind::Day, _) => without.push(slot),
                _ => {}
            }
        }
        Self { open, without }
    }
}

/// Differences, with the numbers that stand for each slot.
#[derive(Clone, Default)]
pub(super) struct Table {
    differences: Differences,
    days: BTreeMap<Slot, Number>,
    clocks: BTreeMap<Slot, Number>,
    /// First days of years.
    years: BTreeMap<Slot, Number>,
    integers: BTreeMap<Slot, Number>,
    /// Whether what it says is less than what is asked, so that a record must be tried out.
    pub(super) is_relaxed: bool,
}

/// The first second of a year; years that no text can write lie beyond all others.
fn year_start(year: i64) -> i64 {
    match days_from_civil(year, 1, 1) {
        Some(day) => day * DAY,
        None if year < 0 => -100_000 * 366 * DAY,
        None => 100_000 * 366 * DAY,
    }
}

impl Table {
    fn day(&mut self, slot: Slot) -> Number {
        if let Some(number) = self.days.get(&slot) {
            return *number;
        }
        let number = self.differences.add(true);
        self.differences.limit(number, ZERO, year_start(9999) + 364 * DAY);
        self.differences.limit(ZERO, number, -year_start(0));
        self.days.insert(slot, number);
        number
    }

    fn clock(&mut self, slot: Slot) -> Number {
        if let Some(number) = self.clocks.get(&slot) {
            return *number;
        }
        let (day, number) = (self.day(slot), self.differences.add(false));
        self.differences.limit(number, day, DAY - 1);
        self.differences.limit(day, number, 0);
        self.clocks.insert(slot, number);
        number
    }

    fn year(&mut self, slot: Slot, kind: &SlotKind) -> Number {
        if let Some(number) = self.years.get(&slot) {
            return *number;
        }
        let number = self.differences.add(true);
        let (least, most) = match kind {
            SlotKind::Year { range: Some(range) } => *range,
            _ => (0, 9999),
        };
        self.differences.limit(number, ZERO, year_start(most));
        self.differences.limit(ZERO, number, -year_start(least));
        if !matches!(kind, SlotKind::Year { .. }) {
            let day = self.day(slot);
            self.differences.limit(number, day, 0);
            self.differences.limit(day, number, 365 * DAY);
        }
        self.years.insert(slot, number);
        number
    }

    fn integer(&mut self, slot: Slot, kind: &SlotKind) -> Number {
        if let Some(number) = self.integers.get(&slot) {
            return *number;
        }
        let number = self.differences.add(false);
        let (least, most) = match kind {
            SlotKind::Integer { range: Some(range) } => *range,
            _ => (-999_999_999_999_999_999, 999_999_999_999_999_999),
        };
        self.differences.limit(number, ZERO, most);
        self.differences.limit(ZERO, number, least.saturating_neg());
        self.integers.insert(slot, number);
        number
    }

    /// Draws every conclusion; false where not everything can hold. A year's first day is one, and no day lies beyond the
    /// end of its year: that is more than differences say, for years are not equally long.
    fn close(&mut self) -> bool {
        if !self.differences.close() {
            return false;
        }
        let year_of = |seconds: i64| civil_from_days(seconds.div_euclid(DAY)).0;
        // Each round takes a conclusion one year further; what rules say is drawn in two.
        for _ in 0..4 {
            let mut is_tighter = false;
            for (slot, first) in &self.years {
                let (least, most) = self.differences.range(*first);
                let rounded_up = year_of(least) + i64::from(year_start(year_of(least)) < least);
                let mut bounds = vec![(*first, year_start(rounded_up), year_start(year_of(most)))];
                if let Some(day) = self.days.get(slot) {
                    let (earliest, latest) = self.differences.range(*day);
                    bounds.push((*first, year_start(year_of(earliest)), year_start(year_of(latest))));
                    bounds.push((*day, earliest, year_start(year_of(most).saturating_add(1)).saturating_sub(DAY)));
                }
                for (number, least, most) in bounds {
                    let before = self.differences.range(number);
                    if least > before.0 || most < before.1 {
                        is_tighter = true;
                        self.differences.limit(number, ZERO, most);
                        self.differences.limit(ZERO, number, least.saturating_neg());
                    }
                }
            }
            if !is_tighter {
                break;
            }
            if !self.differences.close() {
                return false;
            }
        }
        true
    }

    /// The number that a quantity of a family is, and how many of its units make one of the family.
    fn quantity(&mut self, family: Family, slot: Slot, kind: &SlotKind, timed: bool) -> Number {
        match family {
            Family::Years => self.year(slot, kind),
            Family::Minutes if timed => self.clock(slot),
            Family::Days | Family::Minutes => self.day(slot),
            Family::Numbers => self.integer(slot, kind),
        }
    }
}

/// The tables of all facts: several where a fact says *unequal*, which is less or more. `None` where none can hold.
pub(super) fn tables(space: &Space<'_>, facts: &[(&Atom, bool)], timed: &dyn Fn(Slot) -> bool) -> Option<Vec<Table>> {
    let mut tables = vec![Table::default()];
    let period = [space.n_variables + 1, space.n_variables + 2];
    if facts.iter().any(|(atom, _)| period.iter().all(|slot| atom.slots().contains(slot)))
        || period.iter().all(|slot| facts.iter().any(|(atom, _)| atom.slots().contains(slot)))
    {
        let table = &mut tables[0];
        let (start, end) = (table.day(period[0]), table.day(period[1]));
        table.differences.limit(start, end, 0);
    }
    for (atom, truth) in facts {
        let wanted = |comparison: Comparison| if *truth { comparison } else { negated(comparison) };
        let mut next = Vec::new();
        for table in tables {
            match atom {
                Atom::Times { comparison, left, right } => {
                    for comparison in parts(wanted(*comparison)) {
                        let mut table = table.clone();
                        compare_times(&mut table, *comparison, *left, *right, timed);
                        next.push(table);
                    }
                }
                Atom::Linear { comparison, linear } => {
                    for comparison in parts(wanted(*comparison)) {
                        let mut table = table.clone();
                        if compare_linear(&mut table, space, *comparison, *linear, timed) {
                            next.push(table);
                        }
                    }
                }
                _ => next.push(table),
            }
        }
        tables = next;
        if tables.len() > 64 {
            break;
        }
    }
    tables.retain_mut(Table::close);
    (!tables.is_empty()).then_some(tables)
}

fn negated(comparison: Comparison) -> Comparison {
    match comparison {
        Comparison::Equal => Comparison::NotEqual,
        Comparison::NotEqual => Comparison::Equal,
        Comparison::Less => Comparison::GreaterOrEqual,
        Comparison::LessOrEqual => Comparison::Greater,
        Comparison::Greater => Comparison::LessOrEqual,
        Comparison::GreaterOrEqual => Comparison::Less,
    }
}

fn parts(comparison: Comparison) -> &'static [Comparison] {
    match comparison {
        Comparison::Equal => &[Comparison::Equal],
        Comparison::NotEqual => &[Comparison::Less, Comparison::Greater],
        Comparison::Less => &[Comparison::Less],
        Comparison::LessOrEqual => &[Comparison::LessOrEqual],
        Comparison::Greater => &[Comparison::Greater],
        Comparison::GreaterOrEqual => &[Comparison::GreaterOrEqual],
    }
}

/// Says `left - right <comparison> 0` of numbers with constants added; `step` is the least difference there is.
fn limit(
    table: &mut Table,
    comparison: Comparison,
    (left, more): (Number, i64),
    (right, less): (Number, i64),
    step: i64,
) {
    let constant = less.saturating_sub(more);
    let differences = &mut table.differences;
    if matches!(comparison, Comparison::Equal | Comparison::LessOrEqual) {
        differences.limit(left, right, constant);
    }
    if matches!(comparison, Comparison::Equal | Comparison::GreaterOrEqual) {
        differences.limit(right, left, constant.saturating_neg());
    }
    if comparison == Comparison::Less {
        differences.limit(left, right, constant.saturating_sub(step));
    }
    if comparison == Comparison::Greater {
        differences.limit(right, left, constant.saturating_neg().saturating_sub(step));
    }
}

fn compare_times(
    table: &mut Table,
    comparison: Comparison,
    left: TimeTerm,
    right: TimeTerm,
    timed: &dyn Fn(Slot) -> bool,
) {
    let has_clock = |term: TimeTerm| {
        !term.as_day
            && match term.base {
                TimeBase::Slot(slot) => timed(slot),
                TimeBase::Literal(_, has_time) => has_time,
            }
    };
    let by_clock = has_clock(left) && has_clock(right);
    let number = |table: &mut Table, term: TimeTerm| match term.base {
        TimeBase::Slot(slot) if by_clock => (table.clock(slot), 0),
        TimeBase::Slot(slot) => (table.day(slot), 0),
        TimeBase::Literal(seconds, _) if by_clock => (ZERO, seconds),
        TimeBase::Literal(seconds, _) => (ZERO, seconds.div_euclid(DAY) * DAY),
    };
    let (left, right) = (number(table, left), number(table, right));
    limit(table, comparison, left, right, if by_clock { 1 } else { DAY });
}

/// Says `plus - minus + constant <comparison> 0`; false where that cannot be.
fn compare_linear(
    table: &mut Table,
    space: &Space<'_>,
    comparison: Comparison,
    linear: Linear,
    timed: &dyn Fn(Slot) -> bool,
) -> bool {
    let Some(family) = linear.family.filter(|_| linear.plus.is_some() || linear.minus.is_some()) else {
        return comparison.holds(linear.constant.cmp(&0));
    };
    let number = |table: &mut Table, slot: Option<Slot>| {
        slot.map_or(ZERO, |slot| table.quantity(family, slot, &space.slots[slot], timed(slot)))
    };
    let (plus, minus) = (number(table, linear.plus), number(table, linear.minus));
    // `plus - minus <comparison> most`
    let most = linear.constant.saturating_neg();
    match family {
        Family::Numbers => limit(table, comparison, (plus, 0), (minus, most), 1),
        Family::Days => limit(table, comparison, (plus, 0), (minus, most.saturating_mul(DAY)), DAY),
        Family::Minutes => minutes(table, comparison, plus, minus, most),
        Family::Years => years(table, comparison, plus, minus, most),
    }
    true
}

/// Whole minutes are rounded down: `minutes <= most` is `seconds <= 60 most + 59`.
fn minutes(table: &mut Table, comparison: Comparison, plus: Number, minus: Number, most: i64) {
    let seconds = |minutes: i64| minutes.saturating_mul(60);
    if matches!(comparison, Comparison::LessOrEqual | Comparison::Equal) {
        table.differences.limit(plus, minus, seconds(most).saturating_add(59));
    }
    if comparison == Comparison::Less {
        table.differences.limit(plus, minus, seconds(most).saturating_sub(1));
    }
    if matches!(comparison, Comparison::GreaterOrEqual | Comparison::Equal) {
        table.differences.limit(minus, plus, seconds(most).saturating_neg());
    }
    if comparison == Comparison::Greater {
        table.differences.limit(minus, plus, seconds(most).saturating_add(60).saturating_neg());
    }
}

/// Years by their first days. Against a constant that is exact; between two years the days of leap years leave some
/// room, less than a year, which goes when a first day of a year is chosen within it.
fn years(table: &mut Table, comparison: Comparison, plus: Number, minus: Number, most: i64) {
    let at_most = |table: &mut Table, plus: Number, minus: Number, most: i64| {
        if minus == ZERO {
            table.differences.limit(plus, ZERO, year_start(most));
        } else if plus == ZERO {
            // `-minus <= most`
            table.differences.limit(ZERO, minus, year_start(most.saturating_neg()).saturating_neg());
        } else {
            table.is_relaxed = true;
            table.differences.limit(plus, minus, most_days(most).saturating_mul(DAY));
        }
    };
    if matches!(comparison, Comparison::LessOrEqual | Comparison::Equal) {
        at_most(table, plus, minus, most);
    }
    if comparison == Comparison::Less {
        at_most(table, plus, minus, most.saturating_sub(1));
    }
    if matches!(comparison, Comparison::GreaterOrEqual | Comparison::Equal) {
        at_most(table, minus, plus, most.saturating_neg());
    }
    if comparison == Comparison::Greater {
        at_most(table, minus, plus, most.saturating_neg().saturating_sub(1));
    }
}

/// The most days between the first days of two years that are so many years apart.
fn most_days(years: i64) -> i64 {
    let years = years.clamp(-20_000, 20_000);
    if years >= 0 {
        365 * years + years / 4 + 1
    } else {
        let back = -years;
        -(365 * back + (back / 4 - back / 100 - 1).max(0))
    }
}

/// Which of the numbers that would do is taken.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    Usual,
    Least,
    Most,
}

pub(super) struct Filler {
    pub(super) table: Table,
    pub(super) wish: Wish,
}

impl Filler {
    pub(super) fn fill(&mut self, slot: Slot, kind: &SlotKind, timed: bool) -> Option<String> {
        match kind {
            SlotKind::Choice(_) => None,
            SlotKind::Integer { .. } => {
                let number = self.table.integer(slot, kind);
                self.take(number, 1).map(|value| value.to_string())
            }
            SlotKind::Year { .. } => {
                let number = self.table.year(slot, kind);
                let first = self.take_year(number, 1980)?;
                Some(format!("{:04}", civil_from_days(first.div_euclid(DAY)).0))
            }
            SlotKind::Day => {
                let usual = match slot.checked_sub(1) {
                    _ if !self.table.days.contains_key(&slot) && !self.table.years.contains_key(&slot) => None,
                    _ => Some(days_from_civil(2022, 12, 31).unwrap_or(0)),
                };
                match usual {
                    None => Some(String::new()),
                    Some(day) => self.day(slot, kind, day).map(crate::time::format_day),
                }
            }
            SlotKind::Time { .. } => {
                let day = self.day(slot, kind, days_from_civil(2022, 3, 1).unwrap_or(0))?;
                if !timed {
                    return Some(crate::time::format_day(day));
                }
                let seconds = match self.table.clocks.get(&slot).copied() {
                    Some(clock) => self.take(clock, day * DAY + 10 * 3_600)? - day * DAY,
                    None => 10 * 3_600,
                };
                let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
                let seconds = if second == 0 { String::new() } else { format!(":{second:02}") };
                Some(format!("{}T{hour:02}:{minute:02}{seconds}", crate::time::format_day(day)))
            }
        }
    }

    fn day(&mut self, slot: Slot, kind: &SlotKind, usual: i64) -> Option<i64> {
        if self.table.years.contains_key(&slot) {
            let number = self.table.year(slot, kind);
            let first = self.take_year(number, civil_from_days(usual).0)?;
            let year = civil_from_days(first.div_euclid(DAY)).0;
            let day = self.table.day(slot);
            self.table.differences.limit(day, ZERO, year_start(year + 1) - DAY);
            if !self.table.close() {
                return None;
            }
        }
        let number = self.table.day(slot);
        if !self.table.close() {
            return None;
        }
        self.take(number, usual * DAY).map(|seconds| seconds.div_euclid(DAY))
    }

    /// Takes the value nearest to what is usual.
    fn take(&mut self, number: Number, usual: i64) -> Option<i64> {
        if !self.table.close() {
            return None;
        }
        let (least, most) = self.table.differences.range(number);
        let value = match self.wish {
            Wish::Usual => usual.clamp(least, most.max(least)),
            Wish::Least => least,
            Wish::Most => most,
        };
        self.table.differences.fix(number, value).then_some(value)
    }

    /// Takes the first day of a year.
    fn take_year(&mut self, number: Number, usual: i64) -> Option<i64> {
        if !self.table.close() {
            return None;
        }
        let (least, most) = self.table.differences.range(number);
        let year_of = |seconds: i64| civil_from_days(seconds.div_euclid(DAY)).0;
        // The first year that begins at or after the least day, and the last that begins by the most.
        let first = year_of(least) + i64::from(year_start(year_of(least)) < least);
        let last = year_of(most);
        if first > last {
            return None;
        }
        let year = match self.wish {
            Wish::Usual => usual.clamp(first, last),
            Wish::Least => first,
            Wish::Most => last,
        };
        self.table.differences.fix(number, year_start(year)).then_some(year_start(year))
    }
}
