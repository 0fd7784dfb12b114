//! What a batch's columns hold beside words: points in time and numbers; each worked out at most once a batch.

use std::cell::OnceCell;

use crate::table::{Bits, Column, value};
use crate::time::{self, DAY, Form, Timestamp};

use super::run::TimestampForms;

/// A column of points in time.
#[derive(Clone, Debug)]
pub(super) struct Times {
    /// Seconds since 1970-01-01; 0 where unknown.
    pub(super) seconds: Vec<i64>,
    /// Where the value could be read.
    pub(super) known: Bits,
    /// Where there is no time of day; `None` where that is nowhere.
    pub(super) date_only: Option<Bits>,
    days: OnceCell<Vec<i32>>,
}

impl Times {
    /// Reads every value of `column`; counts how they were written.
    pub(super) fn read(column: &Column) -> (Self, TimestampForms) {
        let mut times = time::Times::default();
        Self::of_rows(column.len(), |row| match value(column, row) {
            [] => None,
            value => times.read(value),
        })
    }

    /// From what each row holds; counts how they were written.
    pub(super) fn of_rows(
        n_rows: usize,
        mut timestamp: impl FnMut(usize) -> Option<Timestamp>,
    ) -> (Self, TimestampForms) {
        let mut seconds = Vec::with_capacity(n_rows);
        let mut date_only: Option<Bits> = None;
        let mut forms = TimestampForms::default();
        let known = Bits::from_fn(n_rows, |row| {
            let Some(timestamp) = timestamp(row) else {
                seconds.push(0);
                return false;
            };
            seconds.push(timestamp.seconds);
            match timestamp.form {
                Form::Minutes => forms.minutes += 1,
                Form::Seconds => forms.seconds += 1,
                Form::Compact => forms.compact += 1,
                Form::DateOnly => {
                    forms.date_only += 1;
                    date_only.get_or_insert_with(|| Bits::none(n_rows)).insert(row);
                }
            }
            true
        });
        (Self { seconds, known, date_only, days: OnceCell::new() }, forms)
    }

    /// The same point for every row; `None` is unknown.
    pub(super) fn constant(n_rows: usize, value: Option<(i64, bool)>) -> Self {
        match value {
            Some((seconds, has_time)) => Self {
                seconds: vec![seconds; n_rows],
                known: Bits::all(n_rows),
                date_only: (!has_time).then(|| Bits::all(n_rows)),
                days: OnceCell::new(),
            },
            None => {
                Self { seconds: vec![0; n_rows], known: Bits::none(n_rows), date_only: None, days: OnceCell::new() }
            }
        }
    }

    /// The calendar days.
    pub(super) fn dates(&self) -> Self {
        Self {
            seconds: self.days().iter().map(|day| i64::from(*day) * DAY).collect(),
            known: self.known.clone(),
            date_only: Some(Bits::all(self.seconds.len())),
            days: self.days.clone(),
        }
    }

    /// Days since 1970-01-01; years have four digits, so that they are few.
    pub(super) fn days(&self) -> &[i32] {
        self.days.get_or_init(|| {
            self.seconds.iter().map(|seconds| i32::try_from(seconds.div_euclid(DAY)).unwrap_or(0)).collect()
        })
    }

    /// Whether row `row` has no time of day.
    #[inline]
    pub(super) fn is_date_only(&self, row: usize) -> bool {
        self.date_only.as_ref().is_some_and(|rows| rows.contains(row))
    }
}

/// A column of whole numbers.
#[derive(Clone, Debug)]
pub(super) struct Ints {
    /// 0 where unknown.
    pub(super) values: Vec<i64>,
    /// Where the value could be read.
    pub(super) known: Bits,
}

impl Ints {
    /// Reads every value of `column`; a year has exactly four digits.
    pub(super) fn read(column: &Column, year: bool) -> Self {
        match column.keys() {
            Some(keys) if keys.values.len() < column.len() => {
                let of_values: Vec<Option<i64>> =
                    (0..keys.values.len()).map(|place| parse_int(keys.values.value(place), year)).collect();
                Self::of_rows(column.len(), |row| of_values[keys.of_rows[row] as usize])
            }
            _ => Self::of_rows(column.len(), |row| parse_int(value(column, row), year)),
        }
    }

    fn of_rows(n_rows: usize, number: impl Fn(usize) -> Option<i64>) -> Self {
        let mut values = Vec::with_capacity(n_rows);
        let known = Bits::from_fn(n_rows, |row| {
            let number = number(row);
            values.push(number.unwrap_or(0));
            number.is_some()
        });
        Self { values, known }
    }
}

/// A whole number of at most 18 digits, with a sign unless it is a year; no spaces, no decimals.
#[inline]
pub(super) fn parse_int(text: &[u8], year: bool) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] if !year => (true, rest),
        _ => (false, text),
    };
    if digits.is_empty() || digits.len() > 18 || (year && digits.len() != 4) {
        return None;
    }
    let mut number = 0i64;
    for byte in digits {
        if !byte.is_ascii_digit() {
            return None;
        }
        number = number * 10 + i64::from(byte - b'0');
    }
    Some(if negative { -number } else { number })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_and_years() {
        assert_eq!(
            (parse_int(b"-12", false), parse_int(b"1999", true), parse_int(b"999999999999999999", false)),
            (Some(-12), Some(1999), Some(999_999_999_999_999_999))
        );
        for (text, year) in [
            ("", false),
            ("-", false),
            ("1.0", false),
            ("99", true),
            ("-999", true),
            ("1234567890123456789", false),
            (" 1", false),
        ] {
            assert_eq!(parse_int(text.as_bytes(), year), None, "{text}");
        }
    }
}
