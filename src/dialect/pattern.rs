//! Regular expressions for engines that read them otherwise than the `regex` crate.
//!
//! A pattern is taken apart by the crate's own parser and written again from what is meant: classes as their
//! characters (so that `\d` and `\w` mean the same everywhere), case spelt out, beginning and end as those of the whole
//! text. What is written so means the same to RE2 (DuckDB) and to Java (Spark). Only what one of them cannot say is
//! refused: boundaries of words, beginnings of lines, more than 1,000 repetitions, bytes that are no characters.

use std::fmt::Write as _;

use regex_syntax::hir::{Class, ClassUnicode, Hir, HirKind, Look};

use super::Obstacle;

/// RE2 repeats no more often.
const MOST_REPETITIONS: u32 = 1_000;

/// `pattern`, of the `regex` crate's syntax, written with `end` for the end of the text.
///
/// # Errors
/// If it asks what not every engine can be asked.
pub(super) fn write(pattern: &str, end: &str) -> Result<String, Obstacle> {
    let refused = || Obstacle::Pattern(pattern.to_owned());
    let hir = regex_syntax::parse(pattern).map_err(|_| refused())?;
    let mut out = String::new();
    write_hir(&hir, end, &mut out).ok_or_else(refused)?;
    Ok(out)
}

/// Appends what `hir` means; `None` where it cannot be said.
fn write_hir(hir: &Hir, end: &str, out: &mut String) -> Option<()> {
    match hir.kind() {
        HirKind::Empty => {}
        HirKind::Literal(literal) => {
            for character in std::str::from_utf8(&literal.0).ok()?.chars() {
                write_character(character, out);
            }
        }
        HirKind::Class(Class::Unicode(class)) => write_class(class, out),
        HirKind::Class(Class::Bytes(class)) => write_class(&class.to_unicode_class()?, out),
        HirKind::Look(Look::Start) => out.push('^'),
        HirKind::Look(Look::End) => out.push_str(end),
        HirKind::Look(_) => return None,
        HirKind::Repetition(repetition) => {
            if repetition.min > MOST_REPETITIONS || repetition.max.is_some_and(|most| most > MOST_REPETITIONS) {
                return None;
            }
            write_group(&repetition.sub, end, out)?;
            match (repetition.min, repetition.max) {
                (0, None) => out.push('*'),
                (1, None) => out.push('+'),
                (0, Some(1)) => out.push('?'),
                (least, None) => append(out, format_args!("{{{least},}}")),
                (least, Some(most)) if least == most => append(out, format_args!("{{{least}}}")),
                (least, Some(most)) => append(out, format_args!("{{{least},{most}}}")),
            }
        }
        HirKind::Capture(capture) => write_hir(&capture.sub, end, out)?,
        HirKind::Concat(parts) => {
            for part in parts {
                match inner(part).kind() {
                    HirKind::Alternation(_) => write_group(part, end, out)?,
                    _ => write_hir(part, end, out)?,
                }
            }
        }
        HirKind::Alternation(parts) => {
            for (index, part) in parts.iter().enumerate() {
                if index > 0 {
                    out.push('|');
                }
                write_hir(part, end, out)?;
            }
        }
    }
    Some(())
}

/// The expression within capturing brackets, which only group here.
fn inner(hir: &Hir) -> &Hir {
    match hir.kind() {
        HirKind::Capture(capture) => inner(&capture.sub),
        _ => hir,
    }
}

/// Appends `hir` as one thing that can be repeated.
fn write_group(hir: &Hir, end: &str, out: &mut String) -> Option<()> {
    let hir = inner(hir);
    let is_one = match hir.kind() {
        HirKind::Class(_) => true,
        HirKind::Literal(literal) => std::str::from_utf8(&literal.0).is_ok_and(|text| text.chars().count() == 1),
        _ => false,
    };
    if is_one {
        return write_hir(hir, end, out);
    }
    out.push_str("(?:");
    write_hir(hir, end, out)?;
    out.push(')');
    Some(())
}

fn write_character(character: char, out: &mut String) {
    match character {
        '.' | '?' | '*' | '+' | '(' | ')' | '|' | '{' | '}' | '$' => append(out, format_args!("[{character}]")),
        '[' | ']' | '^' | '\\' => append(out, format_args!("\\x{{{:X}}}", u32::from(character))),
        other if is_plain(other) => out.push(other),
        other => append(out, format_args!("\\x{{{:X}}}", u32::from(other))),
    }
}

fn write_class(class: &ClassUnicode, out: &mut String) {
    let (mut shown, mut sign) = (class.clone(), "");
    if class.ranges().last().is_some_and(|range| range.end() == char::MAX) {
        shown.negate();
        sign = "^";
    }
    if shown.ranges().is_empty() {
        // Every character, or none.
        out.push_str(if sign == "^" { "(?s:.)" } else { "[^\\x{0}-\\x{10FFFF}]" });
        return;
    }
    append(out, format_args!("[{sign}"));
    for range in shown.ranges() {
        write_member(range.start(), out);
        if range.end() > range.start() {
            if u32::from(range.end()) > u32::from(range.start()) + 1 {
                out.push('-');
            }
            write_member(range.end(), out);
        }
    }
    out.push(']');
}

fn write_member(character: char, out: &mut String) {
    match character {
        '-' | '[' | ']' | '^' | '\\' | '&' | '~' => append(out, format_args!("\\x{{{:X}}}", u32::from(character))),
        other if is_plain(other) => out.push(other),
        other => append(out, format_args!("\\x{{{:X}}}", u32::from(other))),
    }
}

/// Whether the character can stand for itself in a pattern that a person is to read: ASCII and letters of Latin.
fn is_plain(character: char) -> bool {
    character == ' ' || character.is_ascii_graphic() || (('\u{c0}'..='\u{24f}').contains(&character))
}

fn append(out: &mut String, arguments: std::fmt::Arguments<'_>) {
    out.write_fmt(arguments).expect("a String takes everything");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_written_from_what_they_mean() {
        for (pattern, expected) in [
            ("^(?:SE(16)?[0-9]{10}-[0-9A-Za-z]+)$", "^SE(?:16)?[0-9]{10}-[0-9A-Za-z]+END"),
            ("^(?:[A-Z][0-9]{2}(\\.?[0-9A-Z]{1,3})?)$", "^[A-Z][0-9]{2}(?:[.]?[0-9A-Z]{1,3})?END"),
            ("a|bc", "a|bc"),
            ("x(?:a|bc)y", "x(?:a|bc)y"),
            ("(?s)^F.2$", "^F(?s:.)2END"),
            ("a.b", "a[^\\x{A}]b"),
            ("(?i)k", "[Kk\\x{212A}]"),
            ("[^a-c]", "[^a-c]"),
            ("[\\-\\[\\]^&]", "[\\x{26}\\x{2D}\\x{5B}\\x{5D}\\x{5E}]"),
            ("\\[a\\]\\\\", "\\x{5B}a\\x{5D}\\x{5C}"),
            ("a{3,}b*?c+", "a{3,}b*c+"),
            ("å\t", "å\\x{9}"),
            ("", ""),
        ] {
            assert_eq!(write(pattern, "END").as_deref(), Ok(expected), "{pattern}");
        }
        assert!(write("\\d", "END").is_ok_and(|text| text.starts_with("[0-9\\x{660}-\\x{669}")));
    }

    #[test]
    fn what_not_every_engine_can_be_asked_is_refused() {
        for pattern in ["\\bord", "(?m)^a", "a{1001}", "("] {
            assert_eq!(write(pattern, "END"), Err(Obstacle::Pattern(pattern.to_owned())), "{pattern}");
        }
    }

    #[test]
    fn what_is_written_means_what_was_read() {
        let texts = [
            "",
            "SE2321000016-1A",
            "SE162321000255-O1",
            "A00.1",
            "A00",
            "å",
            "k",
            "K",
            "\u{212a}",
            "a\nb",
            "-",
            "^",
            "]\\",
        ];
        for pattern in [
            "^SE(16)?[0-9]{10}-[0-9A-Za-z]+$",
            "(?i)k|å",
            "^[A-Z]\\d{2}(\\.\\w)?$",
            "[\\]^-]",
            "a.b",
            "(?s)a.b",
            "^(a|b)*$",
        ] {
            let before = regex::Regex::new(pattern).expect("a pattern");
            let after = regex::Regex::new(&write(pattern, "$").expect("sayable")).expect("still a pattern");
            for text in texts {
                assert_eq!(before.is_match(text), after.is_match(text), "{pattern} on {text:?}");
            }
        }
    }
}
