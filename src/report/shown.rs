//! Text from a submission made safe to show: control characters escaped, long values cut, formulas disarmed.

use std::borrow::Cow;

/// Shows `text` on one line: control characters and characters that change the direction of writing as escapes.
///
/// A value could otherwise move the cursor, colour the terminal or forge lines of the report (CWE-150). A backslash is
/// left alone: it is common in paths, and nothing is decoded again.
pub(crate) fn escaped(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        if is_unsafe(character) {
            safe.extend(character.escape_default());
        } else {
            safe.push(character);
        }
    }
    Cow::Owned(safe)
}

/// As [`escaped`], and cut with `…` to at most `most` characters.
pub(crate) fn shortened(text: &str, most: usize) -> Cow<'_, str> {
    let safe = escaped(text);
    if safe.chars().nth(most).is_none() {
        return safe;
    }
    let end = safe.char_indices().nth(most.saturating_sub(1)).map_or(0, |(end, _)| end);
    Cow::Owned(format!("{}…", safe[..end].trim_end()))
}

/// As [`escaped`], and cut in the middle: names that begin alike also end unlike.
pub(crate) fn middle_cut(text: &str, most: usize) -> Cow<'_, str> {
    let safe = escaped(text);
    let n_chars = safe.chars().count();
    if n_chars <= most {
        return safe;
    }
    let kept = most.saturating_sub(1);
    let head = kept.div_ceil(2);
    let mut cut: String = safe.chars().take(head).collect();
    cut.push('…');
    cut.extend(safe.chars().skip(n_chars - (kept - head)));
    Cow::Owned(cut)
}

/// With its first letter a capital.
pub(crate) fn capital(words: &str) -> String {
    let mut characters = words.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{200b}'..='\u{200f}' // zero width, and marks of direction
            | '\u{2028}'..='\u{202e}' // separators of lines, and embeddings
            | '\u{2060}'..='\u{2069}' // zero width, and isolates
            | '\u{feff}')
}

/// True where a spreadsheet would take a cell that begins like this for a formula (OWASP, "CSV Injection"). Such a cell
/// is written with an apostrophe before it.
pub(crate) fn looks_like_formula(text: &str) -> bool {
    matches!(text.as_bytes().first(), Some(b'=' | b'+' | b'-' | b'@' | b'\t' | b'\r'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped() {
        assert_eq!(escaped("Åre; 5 % \\x"), "Åre; 5 % \\x");
        assert_eq!(escaped("a\u{1b}[31mb\r\n\t\0"), "a\\u{1b}[31mb\\r\\n\\t\\u{0}");
        assert_eq!(escaped("a\u{202e}b\u{9b}c\u{feff}"), "a\\u{202e}b\\u{9b}c\\u{feff}");
    }

    #[test]
    fn long_values_are_cut_at_characters() {
        assert_eq!(shortened("åäöåäö", 6), "åäöåäö");
        assert_eq!(shortened("åäöåäöå", 6), "åäöåä…");
        assert_eq!(shortened("ab cde", 4), "ab…");
        assert_eq!(shortened("ab", 0), "…");
        assert_eq!(middle_cut("tidpunkt_for_a", 7), "tid…r_a");
        assert_eq!(middle_cut("abc", 3), "abc");
        assert_eq!(middle_cut("abc", 0), "…");
    }

    #[test]
    fn formulas_are_recognised() {
        for text in ["=1+1", "+46", "-5", "@SUM", "\t=1", "\r"] {
            assert!(looks_like_formula(text), "{text:?}");
        }
        for text in ["", "1-5", "a=b", "'=1"] {
            assert!(!looks_like_formula(text), "{text:?}");
        }
    }
}
