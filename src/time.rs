//! Points in time as submissions write them, and days of the proleptic Gregorian calendar.
//!
//! Responsible for reading a timestamp in each of the forms the models allow, and for saying which form it was.
//! Written by hand rather than taken from a date crate because it runs several times for every record; the crate
//! (`jiff`) is the tests' reference. Deliberately knows no time zones: the models' times are local and carry none.

/// Seconds in a day.
pub const DAY: i64 = 86_400;

/// How a point in time was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// `2022-01-03T08:00`, with `T` or a space.
    Minutes,
    /// `2022-01-03T08:00:00`, with `T` or a space, possibly with a fraction, which is not kept.
    Seconds,
    /// `20220103080000`.
    Compact,
    /// `2022-01-03` or `20220103`.
    DateOnly,
}

/// A point in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timestamp {
    /// Seconds since 1970-01-01T00:00:00, local time; midnight where only a date was written.
    pub seconds: i64,
    /// How it was written.
    pub form: Form,
}

/// A month of a year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month(i32);

impl Month {
    /// The month of a year, 1–12; `None` where there is no such month. Years 0–9999.
    pub fn new(year: i32, month: u32) -> Option<Self> {
        let month = i32::try_from(month).ok().filter(|month| (1..=12).contains(month))?;
        (0..=9999).contains(&year).then_some(Self(year * 12 + month - 1))
    }

    /// The month that a day (days since 1970-01-01) is in.
    pub fn of_day(day: i64) -> Option<Self> {
        let (year, month, _) = civil_from_days(day);
        Self::new(i32::try_from(year).ok()?, u32::try_from(month).ok()?)
    }

    /// Reads `2022-03`.
    pub fn parse(text: &str) -> Option<Self> {
        let (year, month) = text.split_once('-')?;
        let digits = |text: &str, len: usize| text.len() == len && text.bytes().all(|byte| byte.is_ascii_digit());
        (digits(year, 4) && digits(month, 2)).then_some(())?;
        Self::new(year.parse().ok()?, month.parse().ok()?)
    }

    /// Months since year 0; consecutive months follow each other.
    pub fn number(self) -> i32 {
        self.0
    }

    /// The month with this number.
    pub fn from_number(number: i32) -> Option<Self> {
        (0..12 * 10_000).contains(&number).then_some(Self(number))
    }

    /// Its year.
    pub fn year(self) -> i32 {
        self.0.div_euclid(12)
    }

    /// 1–12.
    pub fn month(self) -> i32 {
        self.0.rem_euclid(12) + 1
    }

    /// So many months later.
    pub fn plus(self, months: i32) -> Option<Self> {
        Self::from_number(self.0.checked_add(months)?)
    }

    /// The first day, days since 1970-01-01.
    pub fn first_day(self) -> i64 {
        days_from_civil(i64::from(self.year()), i64::from(self.month()), 1).unwrap_or(0)
    }

    /// The last day, days since 1970-01-01.
    pub fn last_day(self) -> i64 {
        let (year, month) = if self.month() == 12 { (self.year() + 1, 1) } else { (self.year(), self.month() + 1) };
        days_from_civil(i64::from(year), i64::from(month), 1).map_or_else(|| self.first_day() + 30, |next| next - 1)
    }
}

impl std::fmt::Display for Month {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}", self.year(), self.month())
    }
}

/// Days from 1970-01-01 to the given day, or `None` if there is no such day. Years 0–9999.
#[inline]
pub fn days_from_civil(year: i64, month: i64, day: i64) -> Option<i64> {
    const LENGTHS: [i64; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    if !(0..=9999).contains(&year) || !(1..=12).contains(&month) || day < 1 {
        return None;
    }
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = LENGTHS[usize::try_from(month - 1).ok()?] + i64::from(leap && month == 2);
    if day > length {
        return None;
    }
    // Counted in years that start in March, so that the leap day is the last of its year.
    let march_year = year - i64::from(month <= 2);
    let era = march_year.div_euclid(400);
    let year_of_era = march_year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some(era * 146_097 + day_of_era - 719_468)
}

/// Year, month and day of a number of days since 1970-01-01.
pub fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// The day so many calendar months after a day: the one of the same number, or the month's last where it has no such
/// day. `None` beyond the year 9999.
pub fn months_later(day: i64, months: u32) -> Option<i64> {
    let (_, _, of_month) = civil_from_days(day);
    let month = Month::of_day(day)?.plus(i32::try_from(months).ok()?)?;
    Some((month.first_day() + of_month - 1).min(month.last_day()))
}

/// A day as `2022-01-03`.
pub fn format_day(days: i64) -> String {
    let (year, month, day) = civil_from_days(days);
    format!("{year:04}-{month:02}-{day:02}")
}

/// Writes a day as [`format_day`] does, without going by way of a text of its own.
pub fn write_day(days: i64, out: &mut Vec<u8>) {
    let (year, month, day) = civil_from_days(days);
    let digit = |number: i64| b'0' + u8::try_from(number.rem_euclid(10)).unwrap_or(0);
    if !(0..=9_999).contains(&year) {
        return out.extend_from_slice(format_day(days).as_bytes());
    }
    let year = [digit(year / 1_000), digit(year / 100), digit(year / 10), digit(year)];
    out.extend_from_slice(&year);
    out.extend_from_slice(&[b'-', digit(month / 10), digit(month), b'-', digit(day / 10), digit(day)]);
}

/// Reads `2022-01-03` or `20220103` as days since 1970-01-01.
pub fn parse_day(text: &str) -> Option<i64> {
    match parse(text.as_bytes()) {
        Some(Timestamp { seconds, form: Form::DateOnly }) => Some(seconds.div_euclid(DAY)),
        _ => None,
    }
}

/// Reads a point in time in any of its forms; `None` for anything else, such as a day that does not exist.
#[inline]
pub fn parse(text: &[u8]) -> Option<Timestamp> {
    match text.len() {
        16 => dashed(text, Form::Minutes),
        19 => dashed(text, Form::Seconds),
        10 => Some(Timestamp { seconds: dashed_day(text)? * DAY, form: Form::DateOnly }),
        14 => {
            let days = days_from_civil(digits::<4>(text, 0)?, digits::<2>(text, 4)?, digits::<2>(text, 6)?)?;
            let seconds = clock(digits::<2>(text, 8)?, digits::<2>(text, 10)?, digits::<2>(text, 12)?)?;
            Some(Timestamp { seconds: days * DAY + seconds, form: Form::Compact })
        }
        8 => {
            let days = days_from_civil(digits::<4>(text, 0)?, digits::<2>(text, 4)?, digits::<2>(text, 6)?)?;
            Some(Timestamp { seconds: days * DAY, form: Form::DateOnly })
        }
        21..=29 => {
            let fraction = &text[20..];
            (matches!(text[19], b'.' | b',') && fraction.iter().all(u8::is_ascii_digit)).then_some(())?;
            dashed(text, Form::Seconds)
        }
        _ => None,
    }
}

/// Reads points in time as [`parse`] does, faster where many are written with dashes and lie in few months.
#[derive(Clone, Debug)]
pub struct Times {
    /// Months met, each at the place that [`place_of`](Self::place_of) says.
    months: [OfMonth; Self::MONTHS],
}

/// What is known of a month.
#[derive(Clone, Copy, Debug)]
struct OfMonth {
    /// The digits of `2022-03`, less those of zeros; no month has those of [`NONE`](Self::NONE).
    digits: u64,
    first_day: i64,
    length: u8,
}

impl OfMonth {
    const NONE: Self = Self { digits: u64::MAX, first_day: 0, length: 0 };
}

impl Default for Times {
    fn default() -> Self {
        Self { months: [OfMonth::NONE; Self::MONTHS] }
    }
}

impl Times {
    /// Five years' months are known together.
    const MONTHS: usize = 64;

    /// Where a month of the last two digits of a year is kept.
    #[inline]
    fn place_of(year: u8, month: u8) -> usize {
        (usize::from(year) * 12 + usize::from(month)) % Self::MONTHS
    }

    /// [`parse`].
    #[inline]
    pub fn read(&mut self, text: &[u8]) -> Option<Timestamp> {
        if let Ok(text) = <&[u8; 16]>::try_from(text) {
            // Where a digit is wrong or the `T` is written otherwise, the long way tells.
            return self.minutes(u128::from_le_bytes(*text)).or_else(|| parse(text));
        }
        if let Ok(text) = <&[u8; 10]>::try_from(text) {
            let mut padded = *b"0000-00-00T00:00";
            padded[..10].copy_from_slice(text);
            let date = self.minutes(u128::from_le_bytes(padded));
            return date.map(|date| Timestamp { form: Form::DateOnly, ..date }).or_else(|| parse(text));
        }
        parse(text)
    }

    /// Reads all sixteen characters of `2022-01-03T08:00` at once, each a byte of `text`.
    #[inline]
    fn minutes(&mut self, text: u128) -> Option<Timestamp> {
        const ZEROS: u128 = u128::from_le_bytes(*b"0000-00-00T00:00");
        const DIGITS: u128 =
            u128::from_le_bytes([0xff, 0xff, 0xff, 0xff, 0, 0xff, 0xff, 0, 0xff, 0xff, 0, 0xff, 0xff, 0, 0xff, 0xff]);
        const SIXES: u128 = u128::from_le_bytes([6; 16]);
        const HIGH: u128 = u128::from_le_bytes([0xf0; 16]);
        let digits = text ^ ZEROS;
        // A digit is at most 9: neither it nor six more reaches the upper four bits. No byte carries into the next.
        if digits & (HIGH | !DIGITS) != 0 || (digits + (SIXES & DIGITS)) & HIGH != 0 {
            return None;
        }
        // In each byte the number that its digit and the next one write.
        let pairs = (digits * 10 + (digits >> 8)).to_le_bytes();
        let (day, hour, minute) = (pairs[8], pairs[11], pairs[14]);
        #[expect(clippy::cast_possible_truncation, reason = "the low seven bytes are wanted")]
        let digits = digits as u64 & 0x00ff_ffff_ffff_ffff;
        let known = &mut self.months[Self::place_of(pairs[2], pairs[5])];
        if known.digits != digits {
            *known = month(digits, i64::from(pairs[0]) * 100 + i64::from(pairs[2]), i64::from(pairs[5]))?;
        }
        if day == 0 || day > known.length || hour > 23 || minute > 59 {
            return None;
        }
        let seconds = (known.first_day + i64::from(day) - 1) * DAY + i64::from(hour) * 3_600 + i64::from(minute) * 60;
        Some(Timestamp { seconds, form: Form::Minutes })
    }
}

#[cold]
fn month(digits: u64, year: i64, month: i64) -> Option<OfMonth> {
    let first_day = days_from_civil(year, month, 1)?;
    let length = (28..=31).rev().find(|last| days_from_civil(year, month, i64::from(*last)).is_some())?;
    Some(OfMonth { digits, first_day, length })
}

#[inline]
fn dashed_day(text: &[u8]) -> Option<i64> {
    if text[4] != b'-' || text[7] != b'-' {
        return None;
    }
    days_from_civil(digits::<4>(text, 0)?, digits::<2>(text, 5)?, digits::<2>(text, 8)?)
}

#[inline]
fn dashed(text: &[u8], form: Form) -> Option<Timestamp> {
    let days = dashed_day(text)?;
    if !matches!(text[10], b'T' | b't' | b' ') || text[13] != b':' {
        return None;
    }
    let second = if form == Form::Seconds {
        if text[16] != b':' {
            return None;
        }
        digits::<2>(text, 17)?
    } else {
        0
    };
    let seconds = clock(digits::<2>(text, 11)?, digits::<2>(text, 14)?, second)?;
    Some(Timestamp { seconds: days * DAY + seconds, form })
}

#[inline]
fn clock(hour: i64, minute: i64, second: i64) -> Option<i64> {
    (hour < 24 && minute < 60 && second < 60).then_some(hour * 3_600 + minute * 60 + second)
}

/// The number that the `N` digits at `start` write.
#[inline]
fn digits<const N: usize>(text: &[u8], start: usize) -> Option<i64> {
    let mut number = 0u32;
    let mut wrong = 0u8;
    for byte in text.get(start..start + N)? {
        let digit = byte.wrapping_sub(b'0');
        wrong |= u8::from(digit > 9);
        number = number * 10 + u32::from(digit);
    }
    (wrong == 0).then_some(i64::from(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Option<(i64, Form)> {
        parse(text.as_bytes()).map(|timestamp| (timestamp.seconds, timestamp.form))
    }

    #[test]
    fn days_are_written_alike_in_both_ways() {
        for days in [-800_000, -719_529, -719_528, -1, 0, 59, 19_752, 2_932_896, 2_932_897] {
            let mut written = Vec::new();
            write_day(days, &mut written);
            assert_eq!(String::from_utf8(written).ok(), Some(format_day(days)));
        }
    }

    #[test]
    fn every_form_is_read_and_named() {
        let morning = 19_752 * DAY + 8 * 3_600;
        assert_eq!(at("2024-01-30T08:00"), Some((morning, Form::Minutes)));
        assert_eq!(at("2024-01-30 08:00:05"), Some((morning + 5, Form::Seconds)));
        assert_eq!(at("2024-01-30T08:00:05.123"), Some((morning + 5, Form::Seconds)));
        assert_eq!(at("20240130080005"), Some((morning + 5, Form::Compact)));
        assert_eq!(at("2024-01-30"), Some((19_752 * DAY, Form::DateOnly)));
        assert_eq!(at("20240130"), Some((19_752 * DAY, Form::DateOnly)));
    }

    #[test]
    fn what_is_not_a_time_is_refused() {
        for text in [
            "",
            "2023-02-29",
            "2024-13-01",
            "2024-00-01",
            "2024-01-30T24:00",
            "2024-01-30T08:60",
            "2024-01-30X08:00",
            "30/1 2024",
            "2024-1-30",
            "20240132",
            "2024-01-30T08:00:00Z",
            "2024-01-30T08:00:00.",
            "ååååååååå",
            "+024-01-30",
        ] {
            assert_eq!(at(text), None, "{text}");
        }
    }

    #[test]
    fn many_are_read_as_each_of_them_is() {
        let mut times = Times::default();
        let mut check = |text: &[u8]| assert_eq!(times.read(text), parse(text), "{}", String::from_utf8_lossy(text));
        let well = ["2024-01-30T08:00", "2024-02-29T23:59", "0000-01-01T00:00", "9999-12-31 00:00", "2023-02-28t10:10"];
        for text in well.into_iter().chain(["2024-02-29", "1900-03-01", "20240130080005", "2024-01-30T08:00:05", ""]) {
            check(text.as_bytes());
            // Every character made every other.
            for at in 0..text.len() {
                let mut changed = text.as_bytes().to_vec();
                for byte in 0..=u8::MAX {
                    changed[at] = byte;
                    check(&changed);
                }
            }
        }
        for (year, month, day) in
            (0..3).flat_map(|year| (0..15).flat_map(move |month| (0..34).map(move |day| (year + 1999, month, day))))
        {
            check(format!("{year}-{month:02}-{day:02}").as_bytes());
            check(format!("{year}-{month:02}-{day:02}T{:02}:{:02}", day - month.min(day), month * 5).as_bytes());
        }
    }

    #[test]
    fn months_know_their_days_and_neighbours() {
        let month = Month::parse("2024-02").unwrap();
        assert_eq!(
            (format_day(month.first_day()), format_day(month.last_day())),
            ("2024-02-01".into(), "2024-02-29".into())
        );
        assert_eq!(month.plus(-2).map(|month| month.to_string()), Some("2023-12".to_owned()));
        assert_eq!(Month::parse("2023-12").map(|month| format_day(month.last_day())), Some("2023-12-31".to_owned()));
        assert_eq!(Month::of_day(month.last_day()), Some(month));
        for text in ["2024-13", "2024-00", "24-01", "2024-1", "2024-011", "2024", "å024-01"] {
            assert_eq!(Month::parse(text), None, "{text}");
        }
    }

    #[test]
    fn months_later_is_a_day_of_the_same_number_or_the_last() {
        let later = |day: &str| months_later(parse_day(day).unwrap(), 3).map(format_day);
        for (day, expected) in [
            ("2025-01-15", "2025-04-15"),
            ("2025-01-31", "2025-04-30"),
            ("2025-03-31", "2025-06-30"),
            ("2024-11-30", "2025-02-28"),
            ("2023-11-29", "2024-02-29"),
            ("2023-11-30", "2024-02-29"),
            ("2024-12-01", "2025-03-01"),
        ] {
            assert_eq!(later(day).as_deref(), Some(expected), "{day}");
        }
        assert_eq!(later("9999-11-01"), None);
        let epoch = jiff::civil::date(1970, 1, 1);
        for day in -4_000..40_000 {
            let date = epoch.checked_add(jiff::Span::new().days(day)).expect("in range");
            for months in [1, 3, 12] {
                let expected = date.checked_add(jiff::Span::new().months(months)).expect("in range");
                let days = i64::from(epoch.until(expected).expect("in range").get_days());
                assert_eq!(months_later(day, u32::try_from(months).unwrap()), Some(days), "{date} {months}");
            }
        }
    }

    #[test]
    fn days_agree_with_the_date_crate() {
        let epoch = jiff::civil::date(1970, 1, 1);
        let mut date = jiff::civil::date(1890, 1, 1);
        while date < jiff::civil::date(2110, 1, 1) {
            let days = i64::from(epoch.until(date).expect("in range").get_days());
            let civil = (i64::from(date.year()), i64::from(date.month()), i64::from(date.day()));
            assert_eq!(days_from_civil(civil.0, civil.1, civil.2), Some(days));
            assert_eq!(civil_from_days(days), civil);
            date = date.tomorrow().expect("in range");
        }
    }
}
