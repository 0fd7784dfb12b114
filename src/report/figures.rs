//! Numbers, shares and sizes as people write them in each language.
//!
//! Swedish: a non-breaking space between thousands, a decimal comma, a non-breaking space before the percent sign
//! (Språkrådet, *Svenska skrivregler*). Pages have the thin non-breaking space between thousands that the same rules ask
//! for; many terminals lack it.

use crate::model::Language;

/// What stands where a space must not break a line.
pub(crate) const NO_BREAK_SPACE: char = '\u{a0}';

/// The same, and thin.
pub(crate) const THIN_SPACE: char = '\u{202f}';

/// Writes figures in one language.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Figures {
    /// The language.
    pub(crate) language: Language,
    /// Between thousands.
    separator: char,
}

impl Figures {
    /// For screens.
    pub(crate) fn new(language: Language) -> Self {
        Self { language, separator: language.pick(NO_BREAK_SPACE, ',') }
    }

    /// For pages, whose fonts have the thin space.
    pub(crate) fn of_page(language: Language) -> Self {
        Self { language, separator: language.pick(THIN_SPACE, ',') }
    }

    /// `1 234 567` or `1,234,567`.
    pub(crate) fn count(self, n: u64) -> String {
        let digits = n.to_string();
        let mut text = String::with_capacity(digits.len() * 2);
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                text.push(self.separator);
            }
            text.push(digit);
        }
        text
    }

    /// A number with sign, the minus a hyphen so that it can be searched for.
    pub(crate) fn signed(self, n: i64) -> String {
        let sign = if n < 0 { "-" } else { "" };
        format!("{sign}{}", self.count(n.unsigned_abs()))
    }

    /// How much `n` is of `of`, with one decimal: `2,3 %`. `None` where `of` is zero: there is no share of nothing.
    ///
    /// Never `0 %` when `n` is more than zero, and never `100 %` when it is less than `of`.
    pub(crate) fn share(self, n: u64, of: u64) -> Option<String> {
        if of == 0 {
            return None;
        }
        let (n, of) = (u128::from(n), u128::from(of));
        let permille = (n * 2_000 + of) / (of * 2);
        let (before, permille) = match permille {
            0 if n > 0 => ("<", 1),
            1_000.. if n < of => (">", 999),
            exact => ("", exact),
        };
        let (whole, tenth) = (permille / 10, permille % 10);
        let decimals = if n == 0 || n == of { String::new() } else { format!("{}{tenth}", self.decimal_sign()) };
        Some(match self.language {
            Language::Swedish => format!("{before}{whole}{decimals}{NO_BREAK_SPACE}%"),
            Language::English => format!("{before}{whole}{decimals}%"),
        })
    }

    /// A size in bytes, to three figures: `12,3 MB` (a megabyte is 1 000 000 bytes).
    pub(crate) fn bytes(self, n: u64) -> String {
        let (unit, name) = match n {
            0..1_000 => {
                return format!(
                    "{n}{NO_BREAK_SPACE}{}",
                    if self.language == Language::Swedish { "byte" } else { "bytes" }
                );
            }
            1_000..1_000_000 => (1_000, "kB"),
            1_000_000..1_000_000_000 => (1_000_000, "MB"),
            _ => (1_000_000_000, "GB"),
        };
        let (whole, tenth) = (n / unit, n % unit * 10 / unit);
        if whole >= 100 {
            format!("{}{NO_BREAK_SPACE}{name}", self.count(whole))
        } else {
            format!("{whole}{}{tenth}{NO_BREAK_SPACE}{name}", self.decimal_sign())
        }
    }

    fn decimal_sign(self) -> char {
        match self.language {
            Language::Swedish => ',',
            Language::English => '.',
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SV: Figures = Figures { language: Language::Swedish, separator: NO_BREAK_SPACE };
    const EN: Figures = Figures { language: Language::English, separator: ',' };

    #[test]
    fn thousands_are_separated() {
        let cases = [
            (0, "0", "0"),
            (999, "999", "999"),
            (1_000, "1\u{a0}000", "1,000"),
            (1_234_567, "1\u{a0}234\u{a0}567", "1,234,567"),
        ];
        for (n, sv, en) in cases {
            assert_eq!((SV.count(n).as_str(), EN.count(n).as_str()), (sv, en));
        }
        assert_eq!(Figures::of_page(Language::Swedish).count(1_234_567), "1\u{202f}234\u{202f}567");
        assert_eq!(SV.signed(-1_031), "-1\u{a0}031");
        assert_eq!(SV.signed(i64::MIN), "-9\u{a0}223\u{a0}372\u{a0}036\u{a0}854\u{a0}775\u{a0}808");
    }

    #[test]
    fn shares_never_round_something_to_nothing_or_to_all() {
        let cases = [
            (0, 10, "0\u{a0}%"),
            (10, 10, "100\u{a0}%"),
            (1, 1_000_000, "<0,1\u{a0}%"),
            (499, 1_000_000, "<0,1\u{a0}%"),
            (500, 1_000_000, "0,1\u{a0}%"),
            (1, 3, "33,3\u{a0}%"),
            (5, 10, "50,0\u{a0}%"),
            (999_499, 1_000_000, "99,9\u{a0}%"),
            (999_999, 1_000_000, ">99,9\u{a0}%"),
            (u64::MAX - 1, u64::MAX, ">99,9\u{a0}%"),
            (1, u64::MAX, "<0,1\u{a0}%"),
            (u64::MAX, u64::MAX, "100\u{a0}%"),
            (15, 10, "150,0\u{a0}%"),
        ];
        for (n, of, expected) in cases {
            assert_eq!(SV.share(n, of).as_deref(), Some(expected), "{n} of {of}");
        }
        assert_eq!(EN.share(23, 1_000).as_deref(), Some("2.3%"));
        assert_eq!(SV.share(0, 0), None);
    }

    #[test]
    fn sizes_have_a_unit() {
        let cases = [
            (0, "0\u{a0}byte"),
            (999, "999\u{a0}byte"),
            (1_000, "1,0\u{a0}kB"),
            (12_345_678, "12,3\u{a0}MB"),
            (230_000_000, "230\u{a0}MB"),
        ];
        for (n, expected) in cases {
            assert_eq!(SV.bytes(n), expected);
        }
    }
}
