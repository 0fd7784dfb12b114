//! What the values of typed columns are as text: exactly what a CSV file would say.
//!
//! | type | text |
//! | --- | --- |
//! | text, also in a dictionary | itself, trimmed |
//! | binary | itself if it is UTF-8; else a fault of its record |
//! | integers, decimals and floats that are whole numbers | digits |
//! | other decimals and floats | the shortest decimal notation |
//! | boolean | `true`, `false` |
//! | date | `2022-01-03` |
//! | timestamp (no time zone, or UTC) | `2022-01-03T08:00:00`; a fraction of a second only where there is one |
//! | list | its values, blank ones skipped, between the variable's first separator |
//! | null | blank |

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, BinaryViewArray, GenericByteArray, GenericListArray, OffsetSizeTrait,
    PrimitiveArray,
};
use arrow::buffer::{Buffer, NullBuffer, ScalarBuffer};
use arrow::datatypes::{
    ByteArrayType, DataType, Date32Type, Date64Type, Decimal128Type, DecimalType, Float16Type, Float32Type,
    Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, TimeUnit, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type, UInt32Type,
    UInt64Type,
};

use crate::submission::view;
use crate::table::{Column, ColumnBuilder, Keys};
use crate::time;

/// The types of [`is_readable`], for people.
pub(super) const EXPECTED: &str =
    "text, a number, a date, a timestamp without time zone or in UTC, true/false, or a list of these";

/// A column as text.
pub(super) struct Text {
    /// Its values.
    pub(super) column: Column,
    /// Values that are not UTF-8: row, and place of the first such byte within the value.
    pub(super) undecodable: Vec<(usize, u64)>,
}

/// Whether [`column()`] knows what to do with the type.
pub(super) fn is_readable(data_type: &DataType) -> bool {
    match data_type {
        DataType::List(item) | DataType::LargeList(item) => is_single(item.data_type()),
        other => is_single(other),
    }
}

fn is_single(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(_, value_type) => is_single(value_type),
        DataType::Timestamp(_, zone) => zone.as_deref().is_none_or(is_utc),
        DataType::Null
        | DataType::Boolean
        | DataType::Utf8
        | DataType::LargeUtf8
        | DataType::Utf8View
        | DataType::Binary
        | DataType::LargeBinary
        | DataType::BinaryView
        | DataType::Date32
        | DataType::Date64
        | DataType::Decimal128(_, _) => true,
        other => other.is_integer() || other.is_floating(),
    }
}

fn is_utc(zone: &str) -> bool {
    matches!(zone, "UTC" | "Etc/UTC" | "Z" | "+00:00" | "+0000" | "GMT")
}

/// `array` as text, one value a row; `separator` stands between the values of a list.
///
/// # Errors
/// If the type is not one of [`is_readable`].
pub(super) fn column(array: &ArrayRef, separator: u8) -> Result<Text, String> {
    let text = match array.data_type() {
        // Arrow has checked that the values are UTF-8.
        DataType::Utf8View => of_views(&array.as_string_view().clone().to_binary_view()),
        DataType::BinaryView => checked(of_views(array.as_binary_view())),
        DataType::Utf8 => of_bytes(array.as_string::<i32>()),
        DataType::LargeUtf8 => of_bytes(array.as_string::<i64>()),
        DataType::Binary => checked(of_bytes(array.as_binary::<i32>())),
        DataType::LargeBinary => checked(of_bytes(array.as_binary::<i64>())),
        DataType::Dictionary(_, _) => return of_dictionary(array, separator),
        DataType::List(_) => return of_list(array.as_list::<i32>(), separator),
        DataType::LargeList(_) => return of_list(array.as_list::<i64>(), separator),
        DataType::Null => {
            let mut builder = ColumnBuilder::default();
            builder.push_blanks(array.len());
            built(builder)
        }
        DataType::Boolean => {
            let array = array.as_boolean();
            let text = |value| if value { &b"true"[..] } else { b"false" };
            of_values(array.len(), array.nulls(), |row, out| {
                out.extend_from_slice(text(array.value(row)));
            })
        }
        DataType::Int8 => of_integers::<Int8Type>(array),
        DataType::Int16 => of_integers::<Int16Type>(array),
        DataType::Int32 => of_integers::<Int32Type>(array),
        DataType::Int64 => of_integers::<Int64Type>(array),
        DataType::UInt8 => of_integers::<UInt8Type>(array),
        DataType::UInt16 => of_integers::<UInt16Type>(array),
        DataType::UInt32 => of_integers::<UInt32Type>(array),
        DataType::UInt64 => {
            let array = array.as_primitive::<UInt64Type>();
            of_primitives(array, |value, out| write_integer(false, value, out))
        }
        DataType::Float16 => of_primitives(array.as_primitive::<Float16Type>(), |v, out| write_float(v.to_f64(), out)),
        DataType::Float32 => of_primitives(array.as_primitive::<Float32Type>(), |value, out| {
            // By way of f64, 0.1 would become 0.10000000149011612.
            if value.fract() == 0.0 { write_float(f64::from(value), out) } else { write_shortest(value, out) }
        }),
        DataType::Float64 => of_primitives(array.as_primitive::<Float64Type>(), write_float),
        DataType::Decimal128(_, scale) => of_decimals(array.as_primitive::<Decimal128Type>(), *scale),
        DataType::Date32 => of_primitives(array.as_primitive::<Date32Type>(), |days, out| write_date(days.into(), out)),
        DataType::Date64 => of_primitives(array.as_primitive::<Date64Type>(), |milliseconds, out| {
            write_date(milliseconds.div_euclid(86_400_000), out);
        }),
        DataType::Timestamp(unit, zone) if zone.as_deref().is_none_or(is_utc) => match unit {
            TimeUnit::Second => of_primitives(array.as_primitive::<TimestampSecondType>(), |value, out| {
                write_timestamp(value, 0, out);
            }),
            TimeUnit::Millisecond => of_primitives(array.as_primitive::<TimestampMillisecondType>(), |value, out| {
                write_timestamp(value.div_euclid(1000), nanoseconds(value.rem_euclid(1000), 1_000_000), out);
            }),
            TimeUnit::Microsecond => of_primitives(array.as_primitive::<TimestampMicrosecondType>(), |value, out| {
                write_timestamp(value.div_euclid(1_000_000), nanoseconds(value.rem_euclid(1_000_000), 1000), out);
            }),
            TimeUnit::Nanosecond => of_primitives(array.as_primitive::<TimestampNanosecondType>(), |value, out| {
                write_timestamp(value.div_euclid(1_000_000_000), nanoseconds(value.rem_euclid(1_000_000_000), 1), out);
            }),
        },
        other => return Err(format!("type {other}; expected {EXPECTED}")),
    };
    Ok(text)
}

/// The values of `array` with nulls made blanks and the rest trimmed.
fn of_views(array: &BinaryViewArray) -> Text {
    let (views, buffers) = (array.views(), array.data_buffers());
    let cleaned = |view: u128| if is_trimmed(view, buffers) { view } else { trimmed(view, buffers) };
    let column = match array.nulls() {
        None if views.iter().all(|view| is_trimmed(*view, buffers)) => {
            Column::new(array.views().clone(), Arc::clone(buffers))
        }
        None => {
            let views: Vec<u128> = views.iter().map(|view| cleaned(*view)).collect();
            Column::new(views.into(), Arc::clone(buffers))
        }
        Some(nulls) => {
            // What stands in the place of a null is undefined.
            let mut filled: Vec<u128> = Vec::with_capacity(views.len());
            let valid = nulls.inner().bit_chunks();
            for (views, valid) in views.chunks(64).zip(valid.iter_padded()) {
                if valid == 0 {
                    filled.resize(filled.len() + views.len(), 0);
                } else {
                    let view = |(bit, view): (u32, &u128)| if valid >> bit & 1 == 1 { cleaned(*view) } else { 0 };
                    filled.extend((0..).zip(views).map(view));
                }
            }
            Column::new(filled.into(), Arc::clone(buffers))
        }
    };
    Text { column, undecodable: Vec::new() }
}

#[inline]
fn value_length(view: &[u8; 16]) -> usize {
    u32::from_le_bytes([view[0], view[1], view[2], view[3]]) as usize
}

/// The value that `view` stands for, the number of its buffer, and where it starts there.
#[inline]
fn value_of<'a>(view: &'a [u8; 16], buffers: &'a [Buffer]) -> (&'a [u8], u32, usize) {
    let number = |at: usize| u32::from_le_bytes([view[at], view[at + 1], view[at + 2], view[at + 3]]);
    let length = value_length(view);
    if length <= view::INLINE {
        return (&view[4..4 + length], 0, 0);
    }
    let (buffer, offset) = (number(8), number(12) as usize);
    let value = buffers.get(buffer as usize).and_then(|bytes| bytes.get(offset..offset + length));
    (value.unwrap_or_default(), buffer, offset)
}

#[inline]
fn is_trimmed(view: u128, buffers: &[Buffer]) -> bool {
    let bytes = view.to_le_bytes();
    let length = value_length(&bytes);
    if length <= view::INLINE {
        // Without a decision about length 0: blanks come at random, and a processor that guesses wrong waits.
        let (first, last) = (bytes[4], bytes[(3 + length) % 16]);
        return (length == 0) | !(view::may_need_trimming(first) | view::may_need_trimming(last));
    }
    match value_of(&bytes, buffers).0 {
        [first, .., last] => !(view::may_need_trimming(*first) | view::may_need_trimming(*last)),
        _ => false,
    }
}

#[cold]
fn trimmed(view: u128, buffers: &[Buffer]) -> u128 {
    let bytes = view.to_le_bytes();
    let (value, buffer, offset) = value_of(&bytes, buffers);
    let (start, end) = view::trim(value, 0, value.len());
    view::of(&value[start..end], buffer, offset + start)
}

/// `text` with values that are not UTF-8 made readable and noted.
fn checked(mut text: Text) -> Text {
    let is_bad = |value: &[u8]| simdutf8::basic::from_utf8(value).is_err();
    if (0..text.column.len()).any(|row| is_bad(text.column.value(row))) {
        let mut builder = ColumnBuilder::with_capacity(text.column.len());
        for row in 0..text.column.len() {
            let value = text.column.value(row);
            if let Err(error) = std::str::from_utf8(value) {
                text.undecodable.push((row, error.valid_up_to() as u64));
            }
            push_trimmed(&mut builder, String::from_utf8_lossy(value).as_bytes());
        }
        text.column = builder.finish();
    }
    text
}

fn of_bytes<T: ByteArrayType>(array: &GenericByteArray<T>) -> Text {
    let mut builder = ColumnBuilder::with_capacity(array.len());
    for row in 0..array.len() {
        let value: &[u8] = if array.is_null(row) { b"" } else { array.value(row).as_ref() };
        push_trimmed(&mut builder, value);
    }
    built(builder)
}

fn of_dictionary(array: &ArrayRef, separator: u8) -> Result<Text, String> {
    let dictionary = array.as_any_dictionary();
    let values = column(dictionary.values(), separator)?;
    let keys = arrow::compute::cast(dictionary.keys(), &DataType::Int64).map_err(|error| error.to_string())?;
    let keys = keys.as_primitive::<Int64Type>();
    let key = |row: usize| if keys.is_null(row) { None } else { usize::try_from(keys.value(row)).ok() };
    let known = values.column.views();
    let views: Vec<u128> =
        (0..keys.len()).map(|row| key(row).and_then(|key| known.get(key)).copied().unwrap_or(0)).collect();
    let place = |row: usize| {
        let found = values.undecodable.iter().find(|(value, _)| Some(*value) == key(row));
        found.map(|(_, byte)| (row, *byte))
    };
    let undecodable =
        if values.undecodable.is_empty() { Vec::new() } else { (0..keys.len()).filter_map(place).collect() };
    let column = Column::new(ScalarBuffer::from(views), Arc::clone(values.column.buffers()));
    Ok(Text { column, undecodable })
}

/// The values of a dictionary, made text once for all batches that share it.
pub(super) struct Dictionary {
    of: ArrayRef,
    /// The last one is a blank, for rows without a value.
    values: Arc<Column>,
    undecodable: Vec<(usize, u64)>,
}

/// [`column()`] of a column that is read as a dictionary; `known` is the dictionary of the batch before.
///
/// # Errors
/// If the type of its values is not one of [`is_readable`].
pub(super) fn keyed(array: &ArrayRef, separator: u8, known: &Mutex<Option<Arc<Dictionary>>>) -> Result<Text, String> {
    let Some(array) = array.as_dictionary_opt::<Int32Type>() else { return column(array, separator) };
    let dictionary = {
        let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
        match known.as_ref().filter(|known| Arc::ptr_eq(&known.of, array.values())) {
            Some(known) => Arc::clone(known),
            None => {
                let made = Arc::new(dictionary(array.values(), separator)?);
                *known = Some(Arc::clone(&made));
                made
            }
        }
    };
    let Dictionary { values, undecodable, .. } = &*dictionary;
    let blank = u32::try_from(values.len().saturating_sub(1)).unwrap_or(u32::MAX);
    let keys = array.keys();
    let of_rows = match keys.nulls() {
        // Places in a dictionary are not negative; Arrow has checked that.
        None => ScalarBuffer::<u32>::new(keys.values().inner().clone(), 0, keys.len()),
        Some(nulls) => {
            let mut of_rows: Vec<u32> = Vec::with_capacity(keys.len());
            let valid = nulls.inner().bit_chunks();
            for (keys, valid) in keys.values().chunks(64).zip(valid.iter_padded()) {
                let key = |(bit, key): (u32, &i32)| if valid >> bit & 1 == 1 { key.cast_unsigned() } else { blank };
                of_rows.extend((0..).zip(keys).map(key));
            }
            of_rows.into()
        }
    };
    if of_rows.iter().any(|key| *key > blank) {
        return Err("a value is beyond its dictionary".to_owned());
    }
    let place = |(row, key): (usize, &u32)| {
        let found = undecodable.iter().find(|(value, _)| *value == *key as usize);
        found.map(|(_, byte)| (row, *byte))
    };
    let undecodable =
        if undecodable.is_empty() { Vec::new() } else { of_rows.iter().enumerate().filter_map(place).collect() };
    Ok(Text { column: Column::keyed(Keys { of_rows, values: Arc::clone(values) }), undecodable })
}

fn dictionary(array: &ArrayRef, separator: u8) -> Result<Dictionary, String> {
    let Text { column, undecodable } = column(array, separator)?;
    let views: Vec<u128> = column.views().iter().copied().chain([0]).collect();
    let values = Arc::new(Column::new(views.into(), Arc::clone(column.buffers())));
    Ok(Dictionary { of: Arc::clone(array), values, undecodable })
}

fn of_list<O: OffsetSizeTrait>(array: &GenericListArray<O>, separator: u8) -> Result<Text, String> {
    let items = column(array.values(), separator)?;
    let mut builder = ColumnBuilder::with_capacity(array.len());
    let mut undecodable = Vec::new();
    let mut joined = Vec::new();
    let mut bad = items.undecodable.iter().peekable();
    for (row, window) in array.value_offsets().windows(2).enumerate() {
        let (start, end) = (window[0].as_usize(), window[1].as_usize());
        joined.clear();
        if !array.is_null(row) {
            for item in start..end {
                let value = items.column.value(item);
                if !value.is_empty() {
                    if !joined.is_empty() {
                        joined.push(separator);
                    }
                    joined.extend_from_slice(value);
                }
            }
        }
        while let Some((item, byte)) = bad.next_if(|(item, _)| *item < end) {
            if *item >= start && undecodable.last().is_none_or(|(last, _)| *last != row) {
                undecodable.push((row, *byte));
            }
        }
        push_trimmed(&mut builder, &joined);
    }
    Ok(Text { undecodable, ..built(builder) })
}

fn of_integers<T: ArrowPrimitiveType<Native: Into<i64>>>(array: &ArrayRef) -> Text {
    of_primitives(array.as_primitive::<T>(), |value, out| {
        let value: i64 = value.into();
        write_integer(value < 0, value.unsigned_abs(), out);
    })
}

fn of_decimals(array: &PrimitiveArray<Decimal128Type>, scale: i8) -> Text {
    of_primitives(array, |value, out| {
        let text = Decimal128Type::format_decimal(value, arrow::datatypes::DECIMAL128_MAX_PRECISION, scale);
        let short = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
        out.extend_from_slice(short.as_bytes());
    })
}

fn of_primitives<T: ArrowPrimitiveType>(array: &PrimitiveArray<T>, write: impl Fn(T::Native, &mut Vec<u8>)) -> Text {
    let values = array.values();
    of_values(values.len(), array.nulls(), |row, out| write(values[row], out))
}

fn of_values(n_rows: usize, nulls: Option<&NullBuffer>, write: impl Fn(usize, &mut Vec<u8>)) -> Text {
    let mut builder = ColumnBuilder::with_capacity(n_rows);
    for row in 0..n_rows {
        if nulls.is_some_and(|nulls| nulls.is_null(row)) {
            builder.push_blanks(1);
        } else {
            builder.push_with(|out| write(row, out));
        }
    }
    built(builder)
}

/// The column of a finished builder, all of whose values are UTF-8.
fn built(builder: ColumnBuilder) -> Text {
    Text { column: builder.finish(), undecodable: Vec::new() }
}

/// Appends `value`, trimmed.
fn push_trimmed(builder: &mut ColumnBuilder, value: &[u8]) {
    let (start, end) = view::trim(value, 0, value.len());
    builder.push(&value[start..end]);
}

fn write_integer(is_negative: bool, magnitude: u64, out: &mut Vec<u8>) {
    let mut digits = [0; 21];
    let mut start = digits.len();
    let mut rest = magnitude;
    loop {
        start -= 1;
        digits[start] = digit(rest % 10);
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if is_negative {
        start -= 1;
        digits[start] = b'-';
    }
    out.extend_from_slice(&digits[start..]);
}

/// The last digit of `n`.
fn digit(n: u64) -> u8 {
    b'0' + u8::try_from(n % 10).unwrap_or(0)
}

fn write_float(value: f64, out: &mut Vec<u8>) {
    /// Whole numbers below this are exact.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if value.fract() == 0.0 && value.abs() < EXACT {
        #[expect(clippy::cast_possible_truncation, reason = "whole and less than 2^53")]
        let whole = value as i64;
        write_integer(whole < 0, whole.unsigned_abs(), out);
    } else {
        write_shortest(value, out);
    }
}

fn write_shortest(value: impl std::fmt::Display, out: &mut Vec<u8>) {
    // Writing into a vector cannot fail.
    let _ = write!(out, "{value}");
}

/// `2022-01-03` for the day `days` after 1970-01-01.
fn write_date(days: i64, out: &mut Vec<u8>) {
    let (year, month, day) = time::civil_from_days(days);
    let (month, day) = (month.unsigned_abs(), day.unsigned_abs());
    match u64::try_from(year) {
        Ok(year @ 0..=9999) => {
            out.extend_from_slice(&[digit(year / 1000), digit(year / 100), digit(year / 10), digit(year)]);
        }
        _ => write_integer(year < 0, year.unsigned_abs(), out),
    }
    out.extend_from_slice(&[b'-', digit(month / 10), digit(month), b'-', digit(day / 10), digit(day)]);
}

/// `2022-01-03T08:00:00`, with a fraction of three, six or nine digits where there is one.
fn write_timestamp(seconds: i64, nanoseconds: u64, out: &mut Vec<u8>) {
    write_date(seconds.div_euclid(86_400), out);
    let of_day = seconds.rem_euclid(86_400).unsigned_abs();
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    out.extend_from_slice(&[b'T', digit(hour / 10), digit(hour), b':', digit(minute / 10), digit(minute)]);
    out.extend_from_slice(&[b':', digit(second / 10), digit(second)]);
    if nanoseconds != 0 {
        out.push(b'.');
        let n_digits = if nanoseconds.is_multiple_of(1_000_000) {
            3
        } else if nanoseconds.is_multiple_of(1000) {
            6
        } else {
            9
        };
        let mut unit = 100_000_000;
        for _ in 0..n_digits {
            out.push(digit(nanoseconds / unit));
            unit /= 10;
        }
    }
}

fn nanoseconds(fraction: i64, unit: u64) -> u64 {
    fraction.unsigned_abs() * unit
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(days: i64) -> String {
        let mut out = Vec::new();
        write_date(days, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn every_day_of_eight_centuries_is_what_jiff_says() {
        let mut day = jiff::civil::date(1600, 1, 1);
        let mut days = -135_140;
        assert_eq!(date(0), "1970-01-01");
        while day.year() < 2400 {
            assert_eq!(date(days), day.to_string());
            day = day.tomorrow().unwrap();
            days += 1;
        }
    }

    #[test]
    fn extreme_instants_are_written_somehow() {
        for value in [i64::MIN, i64::MAX, i64::MIN + 1, -1, 0] {
            let mut out = Vec::new();
            write_timestamp(value, 0, &mut out);
            write_date(value.div_euclid(86_400_000), &mut out);
            assert!(!out.is_empty());
        }
        assert_eq!(date(2_932_897), "10000-01-01");
        assert_eq!(date(-719_529), "-1-12-31");
    }

    #[test]
    fn numbers_are_written_as_people_do() {
        let float = |value| {
            let mut out = Vec::new();
            write_float(value, &mut out);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(
            (float(1987.0), float(-0.0), float(2.5), float(-3.0)),
            ("1987".into(), "0".into(), "2.5".into(), "-3".into())
        );
        for value in [i64::MIN, -1, 0, 7, i64::MAX] {
            let mut out = Vec::new();
            write_integer(value < 0, value.unsigned_abs(), &mut out);
            assert_eq!(out, value.to_string().as_bytes());
        }
    }
}
