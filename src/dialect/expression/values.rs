//! Texts, whole numbers and points in time as SQL expressions.
//!
//! A point in time is a day and a second of that day rather than a timestamp: which second is null says that no time of
//! day was written, and no session moves it to another time zone.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{Days, Reading, Writer, operator};
use crate::dialect::Obstacle;
use crate::rule::expr::{Comparison, IntExpr, IntNode, Parameter, TextExpr, TextNode, TimeExpr, TimeNode};
use crate::schema::Domain;
use crate::schema::codelist::Entry;
use crate::time::DAY;

/// A point in time as the day and the second of that day; `None` where there never is a time of day.
pub(in crate::dialect) struct Time {
    pub(in crate::dialect) day: String,
    pub(in crate::dialect) second: Option<Second>,
}

/// A second of a day.
pub(in crate::dialect) struct Second {
    pub(in crate::dialect) text: String,
    may_be_null: bool,
}

impl Writer<'_> {
    pub(super) fn compare_times(&self, comparison: Comparison, left: &Time, right: &Time) -> String {
        let operator = operator(comparison);
        let by_day = format!("{} {operator} {}", left.day, right.day);
        let (Some(left_second), Some(right_second)) = (&left.second, &right.second) else { return by_day };
        let moment =
            |time: &Time, second: &Second| format!("{} * {DAY} + {}", self.words.day_number(&time.day), second.text);
        let by_second = format!("{} {operator} {}", moment(left, left_second), moment(right, right_second));
        let dates: Vec<String> = [left_second, right_second]
            .into_iter()
            .filter(|second| second.may_be_null)
            .map(|second| format!("{} IS NULL", second.text))
            .collect();
        if dates.is_empty() {
            return by_second;
        }
        format!("CASE WHEN {} THEN {by_day} ELSE {by_second} END", dates.join(" OR "))
    }

    pub(in crate::dialect) fn time(&mut self, node: TimeNode) -> Time {
        match &self.request.plan.program.times[node.0 as usize] {
            TimeExpr::Literal(seconds, has_time) => Time {
                day: self.words.day(seconds.div_euclid(DAY)),
                second: has_time.then(|| Second { text: seconds.rem_euclid(DAY).to_string(), may_be_null: false }),
            },
            TimeExpr::Variable(variable) => {
                self.read(*variable, Reading::Time);
                let second = Second { text: self.column(*variable, " second"), may_be_null: true };
                Time { day: self.column(*variable, " day"), second: Some(second) }
            }
            TimeExpr::Date(inner) => Time { second: None, ..self.time(*inner) },
            TimeExpr::Parameter(parameter) => {
                let stated = &self.request.stated;
                let day = match parameter {
                    Parameter::DeliveryDate => match stated.delivery_date {
                        Some(day) => Some(self.words.day(day)),
                        None => Some(self.words.today()),
                    },
                    Parameter::PeriodStart => stated.period.map(|period| self.words.day(period.0)),
                    Parameter::PeriodEnd => stated.period.map(|period| self.words.day(period.1)),
                    Parameter::StatedRegion | Parameter::DeliveredRegions => None,
                };
                Time { day: day.unwrap_or_else(|| "CAST(NULL AS DATE)".to_owned()), second: None }
            }
        }
    }

    pub(in crate::dialect) fn text(&mut self, node: TextNode) -> Result<String, Obstacle> {
        let request = self.request;
        Ok(match &request.plan.program.texts[node.0 as usize] {
            TextExpr::Literal(value) => self.words.literal(&String::from_utf8_lossy(value)),
            TextExpr::StatedRegion => match &self.request.stated.region {
                Some(region) => self.words.literal(region),
                None => format!("CAST(NULL AS {})", self.words.text_type()),
            },
            TextExpr::Variable(variable) => {
                let own = self.own(*variable);
                let has_spellings = self.list_of(*variable).is_some_and(|list| self.canonical(list, &own).is_some());
                if has_spellings {
                    self.read(*variable, Reading::Code);
                    self.column(*variable, " code")
                } else {
                    own
                }
            }
            TextExpr::Substring(inner, from, count) => {
                let inner = self.text(*inner)?;
                self.words.substring(&inner, *from, *count)
            }
            TextExpr::CodelistValue { list, code, column } => {
                let code = self.text(*code)?;
                let list = self.request.plan.codelists.get(list).ok_or_else(|| Obstacle::Codelist(list.clone()))?;
                let mut values: BTreeMap<&str, Vec<String>> = BTreeMap::new();
                for entry in list.entries() {
                    if let Some(value) = list.attribute(entry.code.as_bytes(), *column) {
                        values.entry(value).or_default().push(self.words.literal(&entry.code));
                    }
                }
                if values.is_empty() {
                    return Ok(format!("CAST(NULL AS {})", self.words.text_type()));
                }
                let cases: Vec<String> = values
                    .iter()
                    .map(|(value, codes)| {
                        format!("WHEN {code} IN ({}) THEN {}", codes.join(", "), self.words.literal(value))
                    })
                    .collect();
                format!("CASE {} END", cases.join(" "))
            }
            TextExpr::OrganisationNumber(inner) => {
                let inner = self.text(*inner)?;
                // Both dialects give an empty text where the pattern is not found.
                format!("nullif(regexp_extract({inner}, '^SE(?:16)?([0-9]{{10}})-', 1), '')")
            }
        })
    }

    pub(in crate::dialect) fn int(&mut self, node: IntNode) -> Result<String, Obstacle> {
        let request = self.request;
        Ok(match &request.plan.program.ints[node.0 as usize] {
            IntExpr::Literal(number) if *number < 0 => format!("({number})"),
            IntExpr::Literal(number) => number.to_string(),
            IntExpr::Variable(variable) => {
                self.read(*variable, Reading::Number);
                self.column(*variable, " number")
            }
            IntExpr::Add(left, right) => self.sum(node, *left, '+', *right)?,
            IntExpr::Subtract(left, right) => self.sum(node, *left, '-', *right)?,
            IntExpr::Multiply(times, number) => {
                let number = self.int(*number)?;
                let times = if *times < 0 { format!("({times})") } else { times.to_string() };
                self.fitted(node, &times, '*', &number)
            }
            IntExpr::CodelistNumber { list, code, column, day } => self.codelist_number(list, *code, *column, *day)?,
            IntExpr::Parameter(_) => match self.request.stated.delivered_regions() {
                Some(regions) => regions.to_string(),
                None => "CAST(NULL AS BIGINT)".to_owned(),
            },
            IntExpr::Length(text) => {
                let text = self.text(*text)?;
                self.words.length(&text)
            }
            IntExpr::Year(time) => format!("year({})", self.time(*time).day),
            IntExpr::DaysBetween(from, to) => {
                let (from, to) = (self.time(*from), self.time(*to));
                self.words.days_between(&from.day, &to.day)
            }
            IntExpr::MinutesBetween(from, to) => {
                let (from, to) = (self.time(*from), self.time(*to));
                let second = |time: &Time| match &time.second {
                    None => "0".to_owned(),
                    Some(second) if second.may_be_null => format!("coalesce({}, 0)", second.text),
                    Some(second) => second.text.clone(),
                };
                // A day is taken away and put back, so that what is divided is never negative and rounding is down.
                let days = self.words.days_between(&from.day, &to.day);
                let seconds = format!("{} - {} + {DAY}", second(&to), second(&from));
                format!("CAST({days} - 1 AS BIGINT) * {} + {}", DAY / 60, self.words.divide(&seconds, 60))
            }
            IntExpr::ElementCount(variable, test) => {
                self.read(*variable, Reading::Elements);
                let repeats = self.request.plan.collection.get(*variable).repeats();
                let count = match test {
                    Some(test) if repeats => {
                        self.counted(*variable, false, |writer, element| writer.test_element(*variable, test, element))?
                    }
                    Some(test) => {
                        let element = self.column(*variable, " element");
                        format!("CASE WHEN {} THEN 1 ELSE 0 END", self.test_element(*variable, test, &element)?.text)
                    }
                    None if repeats => self.words.list_length(&self.column(*variable, " elements")),
                    None => "1".to_owned(),
                };
                format!("CASE WHEN {} IS NOT NULL THEN {count} END", self.own(*variable))
            }
        })
    }

    fn sum(&mut self, node: IntNode, left: IntNode, operator: char, right: IntNode) -> Result<String, Obstacle> {
        let (left, right) = (self.int(left)?, self.int(right)?);
        Ok(self.fitted(node, &left, operator, &right))
    }

    /// A cell of a code list, of the row that is valid on the record's day.
    fn codelist_number(
        &mut self,
        list: &str,
        code: TextNode,
        column: usize,
        day: Option<TimeNode>,
    ) -> Result<String, Obstacle> {
        let code = self.text(code)?;
        let day = day.map(|day| self.time(day).day);
        let list = self.request.plan.codelists.get(list).ok_or_else(|| Obstacle::Codelist(list.to_owned()))?;
        let mut cases: BTreeMap<(Days, i64), Vec<String>> = BTreeMap::new();
        for entry in list.entries() {
            for period in list.periods(entry.code.as_bytes()) {
                if let Some(number) = period.attribute(column).and_then(|cell| cell.parse().ok()) {
                    cases.entry(((period.from, period.to), number)).or_default().push(self.words.literal(&entry.code));
                }
            }
        }
        let mut text = String::from("CASE");
        for ((days, number), codes) in cases {
            let is_dated = days != (None, None);
            let within = match &day {
                Some(day) if is_dated => format!(" AND {}", self.within(day, days)),
                // A code that is not valid for all time meets no day.
                None if is_dated => continue,
                _ => String::new(),
            };
            let _ = write!(text, " WHEN {code} IN ({}){within} THEN {number}", codes.join(", "));
        }
        Ok(if text == "CASE" { "CAST(NULL AS BIGINT)".to_owned() } else { text + " END" })
    }

    /// A sum or product, in a type that it cannot leave; at the ends of 64 bits it stops, as the engine's does.
    fn fitted(&self, node: IntNode, left: &str, operator: char, right: &str) -> String {
        let bounds = self.bounds(node);
        let fits = |min: i128, max: i128| bounds.0 >= min && bounds.1 <= max;
        if fits(i32::MIN.into(), i32::MAX.into()) {
            format!("({left} {operator} {right})")
        } else if fits(i64::MIN.into(), i64::MAX.into()) {
            format!("(CAST({left} AS BIGINT) {operator} CAST({right} AS BIGINT))")
        } else {
            self.words.saturated(left, operator, right)
        }
    }

    /// The least and the greatest that a number can be, before a sum is stopped at 64 bits.
    fn bounds(&self, node: IntNode) -> (i128, i128) {
        // Ten thousand years, in days and in minutes; no text or list is longer than 32 bits count.
        const DAYS: i128 = 3_660_000;
        let kept = |node: IntNode| {
            let (least, most) = self.bounds(node);
            (least.clamp(i64::MIN.into(), i64::MAX.into()), most.clamp(i64::MIN.into(), i64::MAX.into()))
        };
        match &self.request.plan.program.ints[node.0 as usize] {
            IntExpr::Literal(number) => (i128::from(*number), i128::from(*number)),
            IntExpr::Variable(variable) => match self.request.plan.collection.get(*variable).domain {
                Domain::Year { .. } => (0, 9_999),
                _ => (-999_999_999_999_999_999, 999_999_999_999_999_999),
            },
            IntExpr::Add(left, right) => {
                let (left, right) = (kept(*left), kept(*right));
                (left.0 + right.0, left.1 + right.1)
            }
            IntExpr::Subtract(left, right) => {
                let (left, right) = (kept(*left), kept(*right));
                (left.0 - right.1, left.1 - right.0)
            }
            IntExpr::Multiply(times, number) => {
                let (number, times) = (kept(*number), i128::from(*times));
                let (one, other) = (number.0 * times, number.1 * times);
                (one.min(other), one.max(other))
            }
            IntExpr::CodelistNumber { list, column, .. } => {
                let list = self.request.plan.codelists.get(list);
                let periods = list.into_iter().flat_map(|list| list.entries()).flat_map(Entry::periods);
                let numbers = periods.filter_map(|period| period.attribute(*column)?.parse::<i64>().ok());
                numbers.fold((0, 0), |(least, most), number| (least.min(number.into()), most.max(number.into())))
            }
            IntExpr::Parameter(_) | IntExpr::Length(_) | IntExpr::ElementCount(..) => (0, i32::MAX.into()),
            IntExpr::Year(_) => (0, 9_999),
            IntExpr::DaysBetween(..) => (-DAYS, DAYS),
            IntExpr::MinutesBetween(..) => (-DAYS * 1_440, DAYS * 1_440),
        }
    }
}
