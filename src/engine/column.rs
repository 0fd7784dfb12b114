//! What a batch's columns hold: distinct values, points in time, numbers; each worked out at most once a batch.
//!
//! Codes and unit ids repeat, so a test of a value is made once for each distinct value ([`Dict`]) and then looked up
//! for each record. A column whose values hardly repeat (contact ids) is given up on early and tested value by value.

use std::hash::BuildHasher;

use foldhash::fast::FixedState;

use crate::table::{Bits, Column, length_of, value};
use crate::time::{self, DAY, Form};

use super::run::TimestampForms;

/// The distinct values of a column, as the first row each stands on.
#[derive(Debug)]
pub(super) struct Dict {
    /// For each row the place of its value in `first_rows`; `None` where every row is its own value.
    pub(super) keys: Option<Vec<u32>>,
    /// For each distinct value a row that holds it.
    pub(super) first_rows: Vec<u32>,
}

impl Dict {
    /// Finds the distinct values of `column`.
    pub(super) fn build(column: &Column) -> Self {
        let n_rows = column.len();
        let views = column.views();
        let hasher = FixedState::default();
        let mut slots: Vec<u32> = vec![0; 1024];
        let mut mask = slots.len() - 1;
        let mut keys = Vec::with_capacity(n_rows);
        let mut first_rows: Vec<u32> = Vec::with_capacity(64);
        let mut long_hashes: Vec<u64> = Vec::with_capacity(64);
        let mut previous = (0u128, 0u32);
        for row in 0..n_rows {
            let view = views[row];
            if row > 0 && view == previous.0 {
                keys.push(previous.1);
                continue;
            }
            let inline = length_of(view) <= 12;
            let hash = if inline { mix(view) } else { hasher.hash_one(value(column, row)) };
            let mut slot = usize::try_from(hash >> 32).unwrap_or(0) & mask;
            let key = loop {
                match slots[slot] {
                    0 => {
                        let key = u32::try_from(first_rows.len()).unwrap_or(u32::MAX);
                        first_rows.push(u32::try_from(row).unwrap_or(u32::MAX));
                        long_hashes.push(hash);
                        slots[slot] = key + 1;
                        break key;
                    }
                    taken => {
                        let key = taken - 1;
                        let at = key as usize;
                        let first = first_rows[at] as usize;
                        let same = if inline {
                            views[first] == view
                        } else {
                            long_hashes[at] == hash && value(column, first) == value(column, row)
                        };
                        if same {
                            break key;
                        }
                        slot = (slot + 1) & mask;
                    }
                }
            };
            keys.push(key);
            previous = (view, key);
            if first_rows.len() * 2 > slots.len() {
                if row >= 512 && first_rows.len() * 2 > row {
                    return Self::identity(n_rows);
                }
                slots = vec![0; slots.len() * 4];
                mask = slots.len() - 1;
                for (at, hash) in long_hashes.iter().enumerate() {
                    let mut slot = usize::try_from(hash >> 32).unwrap_or(0) & mask;
                    while slots[slot] != 0 {
                        slot = (slot + 1) & mask;
                    }
                    slots[slot] = u32::try_from(at + 1).unwrap_or(u32::MAX);
                }
            }
        }
        Self { keys: Some(keys), first_rows }
    }

    /// Every row its own value.
    fn identity(n_rows: usize) -> Self {
        Self { keys: None, first_rows: (0..u32::try_from(n_rows).unwrap_or(u32::MAX)).collect() }
    }
}

/// Mixes a view of a short value, which holds all its bytes, into 64 bits.
#[inline]
fn mix(view: u128) -> u64 {
    let folded =
        (view ^ 0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c834).wrapping_mul(0xd6e8_feb8_6659_fd93_a076_1d64_78bd_642f);
    #[expect(clippy::cast_possible_truncation, reason = "the halves are folded together")]
    let half = (folded >> 64) as u64 ^ folded as u64;
    half
}

/// A column of points in time.
#[derive(Clone, Debug)]
pub(super) struct Times {
    /// Seconds since 1970-01-01; 0 where unknown.
    pub(super) seconds: Vec<i64>,
    /// Where the value could be read.
    pub(super) known: Bits,
    /// Where there is no time of day; `None` where that is nowhere.
    pub(super) date_only: Option<Bits>,
}

impl Times {
    /// Reads every value of `column`; counts how they were written.
    pub(super) fn read(column: &Column) -> (Self, TimestampForms) {
        let n_rows = column.len();
        let views = column.views();
        let mut seconds = Vec::with_capacity(n_rows);
        let mut date_only: Option<Bits> = None;
        let mut forms = TimestampForms::default();
        let known = Bits::from_fn(n_rows, |row| {
            if length_of(views[row]) == 0 {
                seconds.push(0);
                return false;
            }
            let Some(timestamp) = time::parse(value(column, row)) else {
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
        (Self { seconds, known, date_only }, forms)
    }

    /// The same point for every row; `None` is unknown.
    pub(super) fn constant(n_rows: usize, value: Option<(i64, bool)>) -> Self {
        match value {
            Some((seconds, has_time)) => Self {
                seconds: vec![seconds; n_rows],
                known: Bits::all(n_rows),
                date_only: (!has_time).then(|| Bits::all(n_rows)),
            },
            None => Self { seconds: vec![0; n_rows], known: Bits::none(n_rows), date_only: None },
        }
    }

    /// The calendar days.
    pub(super) fn dates(&self) -> Self {
        Self {
            seconds: self.seconds.iter().map(|seconds| seconds.div_euclid(DAY) * DAY).collect(),
            known: self.known.clone(),
            date_only: Some(Bits::all(self.seconds.len())),
        }
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
        let mut values = Vec::with_capacity(column.len());
        let known = Bits::from_fn(column.len(), |row| {
            let parsed = parse_int(value(column, row), year);
            values.push(parsed.unwrap_or(0));
            parsed.is_some()
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

    fn column(values: &[String]) -> Column {
        values.iter().map(|value| Some(value.as_bytes())).collect()
    }

    #[test]
    fn distinct_values_are_found_whatever_their_length_and_number() {
        for n_distinct in [1usize, 3, 700, 5_000] {
            let values: Vec<String> = (0..5_000usize)
                .map(|row| format!("{:0width$}", row * 7 % n_distinct, width = 1 + row % n_distinct % 20))
                .collect();
            let column = column(&values);
            let dict = Dict::build(&column);
            for row in 0..values.len() {
                let at = dict.keys.as_ref().map_or(row, |keys| keys[row] as usize);
                assert_eq!(value(&column, dict.first_rows[at] as usize), values[row].as_bytes());
            }
            if n_distinct == 3 {
                let mut distinct = values.clone();
                distinct.sort();
                distinct.dedup();
                assert_eq!(dict.first_rows.len(), distinct.len());
            }
        }
    }

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
