//! Tests of single texts that rules may ask for, and the elements of repeating values.

use crate::time;

/// The values that `value` holds, split at any of `separators` and trimmed; the whole value where there are none.
#[inline]
pub(super) fn elements<'v>(value: &'v [u8], separators: &'v [u8]) -> impl Iterator<Item = &'v [u8]> {
    value.split(move |byte| separators.contains(byte)).map(trimmed)
}

/// Without surrounding white space; no-break spaces count, as they do around whole values.
#[inline]
fn trimmed(mut value: &[u8]) -> &[u8] {
    const NO_BREAK_SPACE: &[u8] = "\u{a0}".as_bytes();
    loop {
        let inner = value.trim_ascii();
        let inner = inner.strip_prefix(NO_BREAK_SPACE).unwrap_or(inner);
        let inner = inner.strip_suffix(NO_BREAK_SPACE).unwrap_or(inner);
        if inner.len() == value.len() {
            return inner;
        }
        value = inner;
    }
}

/// Characters from the 1-based position `from`, at most `count`; empty where the text is shorter.
pub(super) fn substring(value: &[u8], from: usize, count: Option<usize>) -> &[u8] {
    if value.is_ascii() {
        let start = (from - 1).min(value.len());
        let end = count.map_or(value.len(), |count| start.saturating_add(count).min(value.len()));
        return &value[start..end];
    }
    // Text is UTF-8 by the time it is here (see `table`); where it is not, nothing is cut out of it.
    let Ok(text) = std::str::from_utf8(value) else { return &[] };
    let offset = |n: usize| text.char_indices().nth(n).map_or(text.len(), |(index, _)| index);
    let start = offset(from - 1);
    let end = count.map_or(text.len(), |count| offset((from - 1).saturating_add(count)));
    &value[start..end]
}

/// Whether the last of all digits in the text is the control digit of the others (Luhn's algorithm, modulus 10).
/// False where there are fewer than two digits.
pub(super) fn luhn_ok(value: &[u8]) -> bool {
    let mut sum = 0u32;
    let mut count = 0u32;
    for byte in value.iter().rev().filter(|byte| byte.is_ascii_digit()) {
        let digit = u32::from(byte - b'0');
        let doubled = digit * (1 + count % 2);
        sum += doubled / 10 + doubled % 10;
        count += 1;
    }
    count >= 2 && sum.is_multiple_of(10)
}

/// Whether the text reads like a personal identity number or coordination number: ten or twelve digits, possibly with
/// `-`, `+` or a space before the last four, that hold a possible date and a right control digit. What stands around them
/// does not hide them, as long as it has no digits.
pub fn is_personal_number(value: &[u8]) -> bool {
    let is_digit = |byte: &u8| byte.is_ascii_digit();
    let (Some(start), Some(end)) = (value.iter().position(is_digit), value.iter().rposition(is_digit)) else {
        return false;
    };
    let value = &value[start..=end];
    let mut digits = [0u8; 12];
    let mut n_digits = 0;
    for (index, byte) in value.iter().enumerate() {
        match byte {
            b'0'..=b'9' if n_digits < 12 => {
                digits[n_digits] = *byte;
                n_digits += 1;
            }
            b'-' | b'+' | b' ' if index + 5 == value.len() && (n_digits == 6 || n_digits == 8) => {}
            _ => return false,
        }
    }
    let (century, rest) = match n_digits {
        10 => (None, &digits[..10]),
        12 => (Some(&digits[..2]), &digits[2..12]),
        _ => return false,
    };
    if century.is_some_and(|century| !matches!(century, b"18" | b"19" | b"20")) {
        return false;
    }
    let two = |at: usize| i64::from(rest[at] - b'0') * 10 + i64::from(rest[at + 1] - b'0');
    let day = two(4);
    let day = if day > 60 { day - 60 } else { day };
    // 2000 is a leap year, so that 29 February is possible whatever the century.
    let year = if two(0) % 4 == 0 { 2000 } else { 2001 };
    time::days_from_civil(year, two(2), day).is_some() && luhn_ok(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn personal_numbers_are_recognised_by_date_and_control_digit() {
        // The Tax Agency's published test numbers.
        for text in [
            "189001019802",
            "19890201-3286",
            "890201-3286",
            "8902013286",
            "SVF-19890201-3286",
            "19890201 3286",
            "id 8902013286å",
        ] {
            assert!(is_personal_number(text.as_bytes()), "{text}");
        }
        for text in [
            "890201-3287",
            "899901-3286",
            "2022010308",
            "SE2321000016",
            "89020-13286",
            "890201--3286",
            "1-8902013286",
            "K",
            "",
            "12345678901234",
            "550e8400-e29b",
        ] {
            assert!(!is_personal_number(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn control_digits_of_organisation_numbers() {
        assert!(luhn_ok(b"2321000016") && !luhn_ok(b"2321000017") && !luhn_ok(b"5") && luhn_ok(b"SE2321000131"));
    }

    #[test]
    fn substrings_count_characters() {
        assert_eq!(substring(b"SE2321000016-1", 3, Some(10)), b"2321000016");
        assert_eq!(substring("åäö".as_bytes(), 2, Some(1)), "ä".as_bytes());
        assert_eq!(substring(b"ab", 5, None), b"");
    }

    #[test]
    fn elements_split_at_any_separator() {
        let split = |text: &'static str| elements(text.as_bytes(), b",|").collect::<Vec<_>>();
        assert_eq!(split("A, B|C"), [&b"A"[..], b"B", b"C"]);
        assert_eq!(split("A,,B"), [&b"A"[..], b"", b"B"]);
        assert_eq!(split("A\u{a0}, \u{a0} B"), [&b"A"[..], b"B"]);
    }
}
