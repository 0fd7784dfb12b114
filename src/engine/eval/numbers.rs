//! Nodes that are numbers or points in time, row by row.

use std::rc::Rc;

use super::{Evaluator, Tri};
use crate::engine::column::{Ints, Times};
use crate::rule::expr::{Comparison, IntExpr, IntNode, TextNode, TimeExpr, TimeNode};
use crate::schema::codelist::Period;
use crate::table::{Bits, value};
use crate::time::{DAY, civil_from_days};

/// So many elements of a value, or more, are counted row by row.
const MANY: u8 = u8::MAX;

impl<'a> Evaluator<'a> {
    /// The points in time of a node.
    pub(in crate::engine) fn time(&self, node: TimeNode) -> Rc<Times> {
        let cell = &self.times[node.0 as usize];
        if let Some(known) = cell.get() {
            return Rc::clone(known);
        }
        let times = match &self.context.plan.program.times[node.0 as usize] {
            TimeExpr::Literal(seconds, has_time) => {
                Rc::new(Times::constant(self.n_rows(), Some((*seconds, *has_time))))
            }
            TimeExpr::Variable(variable) => Rc::clone(&self.readings.times(*variable).0),
            TimeExpr::Date(inner) => Rc::new(self.time(*inner).dates()),
            TimeExpr::Parameter(parameter) => Rc::new(Times::constant(
                self.n_rows(),
                self.context.parameters.day(*parameter).map(|day| (day * DAY, false)),
            )),
        };
        Rc::clone(cell.get_or_init(|| times))
    }

    /// The numbers of a node.
    pub(in crate::engine) fn int(&self, node: IntNode) -> Rc<Ints> {
        let cell = &self.ints[node.0 as usize];
        if let Some(known) = cell.get() {
            return Rc::clone(known);
        }
        let ints = self.compute_int(node);
        Rc::clone(cell.get_or_init(|| ints))
    }

    /// The rows of each distinct code are looked up once; which of them holds is a matter of the record's day.
    fn codelist_number(&self, list: &str, code: TextNode, column: usize, day: Option<TimeNode>) -> Ints {
        let n_rows = self.n_rows();
        let list = self.context.plan.codelists.get(list);
        let (keys, codes) = self.distinct_texts(code);
        let rows_of = |code: &Option<Vec<u8>>| -> Vec<(&Period, i64)> {
            let (Some(list), Some(code)) = (list, code) else { return Vec::new() };
            let number = |period: &'a Period| Some((period, period.attribute(column)?.parse().ok()?));
            list.periods(code).iter().filter_map(number).collect()
        };
        let rows: Vec<Vec<(&Period, i64)>> = codes.iter().map(rows_of).collect();
        let as_of = self.context.plan.as_of;
        let days = day.filter(|_| as_of.is_none()).map(|day| self.time(day));
        let day_of = |row: usize| {
            let known = days.as_ref().filter(|days| days.known.contains(row));
            as_of.or_else(|| known.map(|days| days.seconds[row].div_euclid(DAY)))
        };
        let mut values = vec![0; n_rows];
        let known = Bits::from_fn(n_rows, |row| {
            let holds = |period: &Period| !period.is_dated() || day_of(row).is_some_and(|day| period.contains(day));
            let found = rows[keys[row] as usize].iter().find(|(period, _)| holds(period));
            if let Some((_, number)) = found {
                values[row] = *number;
            }
            found.is_some()
        });
        Ints { values, known }
    }

    fn compute_int(&self, node: IntNode) -> Rc<Ints> {
        let n_rows = self.n_rows();
        let pairs = |left: &[i64], right: &[i64], f: fn(i64, i64) -> i64| {
            left.iter().zip(right).map(|(left, right)| f(*left, *right)).collect()
        };
        Rc::new(match &self.context.plan.program.ints[node.0 as usize] {
            IntExpr::Literal(number) => Ints { values: vec![*number; n_rows], known: Bits::all(n_rows) },
            IntExpr::Variable(variable) => return Rc::clone(self.readings.ints(*variable)),
            IntExpr::Add(left, right) => {
                let (left, right) = (self.int(*left), self.int(*right));
                Ints {
                    values: pairs(&left.values, &right.values, i64::saturating_add),
                    known: left.known.and(&right.known),
                }
            }
            IntExpr::Subtract(left, right) => {
                let (left, right) = (self.int(*left), self.int(*right));
                Ints {
                    values: pairs(&left.values, &right.values, i64::saturating_sub),
                    known: left.known.and(&right.known),
                }
            }
            IntExpr::Multiply(times, number) => {
                let number = self.int(*number);
                Ints {
                    values: number.values.iter().map(|value| times.saturating_mul(*value)).collect(),
                    known: number.known.clone(),
                }
            }
            IntExpr::Parameter(parameter) => match self.context.parameters.number(*parameter) {
                Some(number) => Ints { values: vec![number; n_rows], known: Bits::all(n_rows) },
                None => Ints { values: vec![0; n_rows], known: Bits::none(n_rows) },
            },
            IntExpr::CodelistNumber { list, code, column, day } => self.codelist_number(list, *code, *column, *day),
            IntExpr::Length(node) => {
                let texts = self.text(*node);
                let mut values = Vec::with_capacity(n_rows);
                let known = Bits::from_fn(n_rows, |row| {
                    let text = texts.get(row);
                    values.push(text.map_or(0, |text| {
                        i64::try_from(crate::schema::length_in_characters(text)).unwrap_or(i64::MAX)
                    }));
                    text.is_some()
                });
                Ints { values, known }
            }
            IntExpr::Year(node) => {
                let times = self.time(*node);
                Ints {
                    values: times.days().iter().map(|day| civil_from_days(i64::from(*day)).0).collect(),
                    known: times.known.clone(),
                }
            }
            IntExpr::DaysBetween(from, to) => {
                let (from, to) = (self.time(*from), self.time(*to));
                Ints {
                    values: from
                        .days()
                        .iter()
                        .zip(to.days())
                        .map(|(from, to)| i64::from(*to) - i64::from(*from))
                        .collect(),
                    known: from.known.and(&to.known),
                }
            }
            IntExpr::MinutesBetween(from, to) => {
                let (from, to) = (self.time(*from), self.time(*to));
                Ints {
                    values: pairs(&from.seconds, &to.seconds, |from, to| (to - from).div_euclid(60)),
                    known: from.known.and(&to.known),
                }
            }
            IntExpr::ElementCount(variable, test) => {
                let Some(column) = self.column(*variable) else {
                    return Rc::new(Ints { values: vec![0; n_rows], known: Bits::none(n_rows) });
                };
                let counted = |element: &&[u8]| {
                    let canonical = || self.context.canonical(*variable, element);
                    test.as_ref().is_none_or(|test| self.context.test(test, canonical()))
                };
                let count = |value: &[u8]| self.context.elements(*variable, value).filter(counted).count();
                let program = &self.context.plan.program;
                let question = program.bools.len() + self.context.plan.collection.variables.len() + node.0 as usize;
                let counts = self
                    .codes_of_rows((*variable, column), question, |value| u8::try_from(count(value)).unwrap_or(MANY));
                let of_row = |(row, known): (usize, &u8)| match *known {
                    MANY => i64::try_from(count(value(column, row))).unwrap_or(i64::MAX),
                    few => i64::from(few),
                };
                let values = counts.iter().enumerate().map(of_row).collect();
                Ints { values, known: self.filled(*variable).as_ref().clone() }
            }
        })
    }
}

pub(super) fn compare<T: Ord + Copy>(comparison: Comparison, left: &[T], right: &[T]) -> Bits {
    // One loop for each operator, so that each is compiled without a branch inside.
    macro_rules! rows {
        ($operator:tt) => {{
            let right = &right[..left.len()];
            Bits::from_fn(left.len(), |row| left[row] $operator right[row])
        }};
    }
    match comparison {
        Comparison::Equal => rows!(==),
        Comparison::NotEqual => rows!(!=),
        Comparison::Less => rows!(<),
        Comparison::LessOrEqual => rows!(<=),
        Comparison::Greater => rows!(>),
        Comparison::GreaterOrEqual => rows!(>=),
    }
}

/// Compares by day where either has no time of day.
pub(super) fn compare_times(comparison: Comparison, left: &Times, right: &Times) -> Tri {
    let known = left.known.and(&right.known);
    let by_seconds = || compare(comparison, &left.seconds, &right.seconds);
    let by_days = || compare(comparison, left.days(), right.days());
    let is_by_day = match (&left.date_only, &right.date_only) {
        (None, None) => return Tri::known(&by_seconds(), &known),
        (Some(rows), None) | (None, Some(rows)) => rows.clone(),
        (Some(one), Some(other)) => one.or(other),
    };
    if known.is_within(&is_by_day) {
        return Tri::known(&by_days(), &known);
    }
    let yes = by_seconds().minus(&is_by_day).or(&by_days().and(&is_by_day));
    Tri::known(&yes, &known)
}
