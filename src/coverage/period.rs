//! When a figure is of: a year, a half-year, another run of months, or one month.

use crate::time::Month;

/// The most months of a run: the mean of more would not be exact (see [`Amount`](super::figure::Amount)).
const MOST_MONTHS: i32 = 12;

/// When.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Period {
    /// The months of a year that are within the scope.
    Year(i32),
    /// One month.
    Month(Month),
    /// Several months that are no calendar year, such as a half-year.
    Span(Span),
}

/// From a first to a last month: 2 to 12 months, and no calendar year, so that a period has one name only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    first: Month,
    last: Month,
}

impl Period {
    /// The months from `first` to `last`; `None` where they are none or more than twelve.
    pub fn of(first: Month, last: Month) -> Option<Self> {
        let months = last.number() - first.number() + 1;
        match months {
            1 => Some(Self::Month(first)),
            MOST_MONTHS if first.month() == 1 => Some(Self::Year(first.year())),
            2..=MOST_MONTHS => Some(Self::Span(Span { first, last })),
            _ => None,
        }
    }

    /// A half-year, 1 or 2.
    pub fn half_year(year: i32, half: u32) -> Option<Self> {
        let first = Month::new(year, half.checked_sub(1)?.checked_mul(6)? + 1)?;
        Self::of(first, first.plus(5)?)
    }

    /// Reads `2024`, `2025h1`, `2025-03` and `2025-01..2025-09`, as periods are written.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some((first, last)) = text.split_once("..") {
            return Self::of(Month::parse(first)?, Month::parse(last)?);
        }
        if let Some((year, half)) = text.split_once('h') {
            return Self::half_year(parse_year(year)?, if half == "1" { 1 } else { (half == "2").then_some(2)? });
        }
        parse_year(text).map(Self::Year).or_else(|| Month::parse(text).map(Self::Month))
    }

    /// Its year; of several years the first.
    pub fn year(self) -> i32 {
        match self {
            Self::Year(year) => year,
            Self::Month(month) => month.year(),
            Self::Span(span) => span.first.year(),
        }
    }

    /// The first and the last month; `None` for a year that has none.
    pub fn ends(self) -> Option<(Month, Month)> {
        match self {
            Self::Year(year) => Some((Month::new(year, 1)?, Month::new(year, 12)?)),
            Self::Month(month) => Some((month, month)),
            Self::Span(span) => Some((span.first, span.last)),
        }
    }

    /// Whether a month is in it.
    pub fn contains(self, month: Month) -> bool {
        match self {
            Self::Year(year) => month.year() == year,
            Self::Month(only) => month == only,
            Self::Span(span) => (span.first..=span.last).contains(&month),
        }
    }

    /// Whether all months of another period are in it, and others, too.
    pub fn is_longer_than(self, other: Self) -> bool {
        self != other && other.ends().is_some_and(|(first, last)| self.contains(first) && self.contains(last))
    }

    /// The same a year earlier.
    pub fn year_before(self) -> Option<Self> {
        match self {
            Self::Year(year) => Some(Self::Year(year - 1)),
            Self::Month(month) => month.plus(-12).map(Self::Month),
            Self::Span(span) => Self::of(span.first.plus(-12)?, span.last.plus(-12)?),
        }
    }

    /// For putting periods in the order of time, longer ones before their parts.
    pub fn order(self) -> (i32, std::cmp::Reverse<i32>) {
        let (first, last) = self.ends().map_or((0, 0), |(first, last)| (first.number(), last.number()));
        (first, std::cmp::Reverse(last))
    }
}

fn parse_year(text: &str) -> Option<i32> {
    let is_year = text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    is_year.then(|| text.parse().ok()).flatten()
}

impl std::fmt::Display for Period {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Year(year) => write!(f, "{year:04}"),
            Self::Month(month) => write!(f, "{month}"),
            Self::Span(Span { first, last }) => match (first.month(), last.number() - first.number()) {
                (1, 5) => write!(f, "{:04}h1", first.year()),
                (7, 5) => write!(f, "{:04}h2", first.year()),
                _ => write!(f, "{first}..{last}"),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_has_one_name_and_is_read_back() {
        for name in ["2024", "2025h1", "2025h2", "2025-03", "2025-01..2025-09", "2024-07..2025-06"] {
            assert_eq!(Period::parse(name).map(|period| period.to_string()).as_deref(), Some(name));
        }
        for (other, name) in
            [("2025-01..2025-06", "2025h1"), ("2025-01..2025-12", "2025"), ("2025-03..2025-03", "2025-03")]
        {
            assert_eq!(Period::parse(other).map(|period| period.to_string()).as_deref(), Some(name));
        }
        for none in
            ["", "25", "2025h3", "2025h", "2025h11", "2025-13", "2025-06..2025-01", "2024-01..2025-06", "2025H1x"]
        {
            assert_eq!(Period::parse(none), None, "{none}");
        }
    }

    #[test]
    fn longer_periods_hold_the_months_of_their_parts() {
        let period = |text: &str| Period::parse(text).unwrap();
        assert!(period("2025").is_longer_than(period("2025h1")) && !period("2025h1").is_longer_than(period("2025")));
        assert!(
            !period("2025h1").is_longer_than(period("2025h1"))
                && !period("2025h1").is_longer_than(period("2025-06..2025-08"))
        );
        assert_eq!(period("2025h1").year_before(), Some(period("2024h1")));
        assert_eq!(
            (period("2024-07..2025-06").year(), period("2025h2").contains(Month::parse("2025-07").unwrap())),
            (2024, true)
        );
    }
}
