//! Patterns in words, as far as they have any: a few fixed texts, or so many digits and letters one after the other.
//!
//! A pattern that is neither is shown as it is written.

use regex_syntax::hir::{Class, Hir, HirKind, Look, Repetition};

use super::words::{BE, BEGIN, CONSIST, CONTAIN, END, HAVE, Verb, list, pick, quoted};
use crate::model::Language;
use crate::pattern::Pattern;

/// Fixed texts that are listed; a pattern of more is described.
const MOST_TEXTS: usize = 4;

/// What a pattern says of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Exactly one of these.
    Texts(Vec<String>),
    /// Begins so.
    Prefix(String),
    /// Ends so.
    Suffix(String),
    /// Holds it somewhere.
    Within(String),
    /// Anything else.
    Other(String),
}

/// The shape of a pattern that was written in `LIKE` or as a regular expression.
pub(super) fn shape(pattern: &Pattern) -> Shape {
    let text = pattern.text();
    if let Some(like) = text.strip_prefix("LIKE ") {
        return like.strip_suffix('%').map_or_else(
            || Shape::Texts(vec![like.to_owned()]),
            |prefix| Shape::Prefix(prefix.trim_end_matches('%').to_owned()),
        );
    }
    let inner = text.strip_prefix("(?s)^").and_then(|text| text.strip_suffix('$'));
    if let Some(inner) = inner.filter(|inner| inner.starts_with(".*")) {
        let rest = &inner[2..];
        let (rest, is_open) = rest.strip_suffix(".*").map_or((rest, false), |rest| (rest, true));
        if let Some(plain) = regex_syntax::parse(rest).ok().and_then(|hir| texts(&hir)).filter(|texts| texts.len() == 1)
        {
            let plain = plain.concat();
            return if is_open { Shape::Within(plain) } else { Shape::Suffix(plain) };
        }
    }
    let whole = regex_syntax::parse(text).ok().and_then(|hir| body(&hir)).and_then(|body| texts(&body));
    whole.map_or_else(|| Shape::Other(text.to_owned()), Shape::Texts)
}

/// Verb and complement for a pattern that is not a fixed text.
pub(super) fn described(text: &str, language: Language) -> (Verb, String) {
    let body = regex_syntax::parse(text).ok().and_then(|hir| body(&hir));
    let (body, is_within) = match body.as_ref().and_then(within_no_digits) {
        Some(inner) => (Some(inner), true),
        None => (body, false),
    };
    match body.and_then(|body| parts(&body, language)) {
        Some(parts) => {
            let joined = list_followed(&parts, language);
            let others = pick(
                language,
                ", möjligen med andra tecken än siffror före och efter",
                ", possibly with characters other than digits before and after",
            );
            let around = if is_within { others } else { "" };
            (CONSIST, format!("{} {joined}{around}", pick(language, "av", "of")))
        }
        None => (HAVE, format!("{} {text}", pick(language, "formen", "the form"))),
    }
}

/// Verb and complement for texts that begin, end or hold one of `options`.
pub(super) fn affix(shape: &Shape, options: &[String], language: Language) -> (Verb, String) {
    let joined = list(options, pick(language, "eller", "or"), false);
    match shape {
        Shape::Prefix(_) => (BEGIN, format!("{} {joined}", pick(language, "med", "with"))),
        Shape::Suffix(_) => (END, format!("{} {joined}", pick(language, "med", "with"))),
        Shape::Within(_) => (CONTAIN, joined),
        Shape::Texts(_) | Shape::Other(_) => (BE, joined),
    }
}

/// A pattern without its anchors; `None` where it is not anchored at both ends.
fn body(hir: &Hir) -> Option<Hir> {
    let HirKind::Concat(parts) = hir.kind() else { return None };
    let [first, inner @ .., last] = parts.as_slice() else { return None };
    let is_anchored = *first.kind() == HirKind::Look(Look::Start) && *last.kind() == HirKind::Look(Look::End);
    is_anchored.then(|| Hir::concat(inner.to_vec()))
}

/// What stands between any number of characters that are no digits; `None` where there is nothing such on both sides.
fn within_no_digits(body: &Hir) -> Option<Hir> {
    let HirKind::Concat(parts) = body.kind() else { return None };
    let [first, inner @ .., last] = parts.as_slice() else { return None };
    let is_no_digits = |hir: &Hir| match hir.kind() {
        HirKind::Repetition(Repetition { min: 0, max: None, sub, .. }) => match sub.kind() {
            HirKind::Class(Class::Unicode(class)) => {
                class.iter().map(|range| (range.start(), range.end())).eq([('\0', '/'), (':', char::MAX)])
            }
            _ => false,
        },
        _ => false,
    };
    (is_no_digits(first) && is_no_digits(last)).then(|| Hir::concat(inner.to_vec()))
}

fn sequence(hir: &Hir) -> Vec<&Hir> {
    match hir.kind() {
        HirKind::Concat(parts) => parts.iter().collect(),
        HirKind::Capture(capture) => sequence(&capture.sub),
        _ => vec![hir],
    }
}

/// Every text that matches, where they are few.
fn texts(hir: &Hir) -> Option<Vec<String>> {
    let mut found = vec![String::new()];
    for part in sequence(hir) {
        let options: Vec<String> = match part.kind() {
            HirKind::Literal(literal) => vec![String::from_utf8(literal.0.to_vec()).ok()?],
            HirKind::Class(Class::Unicode(class)) => {
                let mut letters = Vec::new();
                for range in class.iter() {
                    letters.extend((range.start()..=range.end()).take(MOST_TEXTS + 1).map(String::from));
                }
                letters
            }
            HirKind::Capture(capture) => texts(&capture.sub)?,
            HirKind::Alternation(branches) => {
                branches.iter().map(texts).collect::<Option<Vec<_>>>()?.into_iter().flatten().collect()
            }
            _ => return None,
        };
        found = found.iter().flat_map(|text| options.iter().map(move |option| format!("{text}{option}"))).collect();
        if found.len() > MOST_TEXTS {
            return None;
        }
    }
    Some(found)
}

/// Runs of characters of one sort.
fn parts(hir: &Hir, language: Language) -> Option<Vec<String>> {
    sequence(hir)
        .into_iter()
        .map(|part| match part.kind() {
            HirKind::Literal(literal) => Some(quoted(std::str::from_utf8(&literal.0).ok()?, language)),
            HirKind::Class(class) => counted(class, 1, Some(1), language),
            HirKind::Repetition(Repetition { min, max, sub, .. }) => match sub.kind() {
                HirKind::Class(class) => counted(class, *min, *max, language),
                _ => None,
            },
            _ => None,
        })
        .collect()
}

/// Characters of one sort, and how many: Swedish one, Swedish several, English one, English several.
fn counted(class: &Class, min: u32, max: Option<u32>, language: Language) -> Option<String> {
    let Class::Unicode(class) = class else { return None };
    let ranges: Vec<(char, char)> = class.iter().map(|range| (range.start(), range.end())).collect();
    let (sv_one, sv_many, en_one, en_many) = match ranges.as_slice() {
        [('0', '9')] => ("en siffra", "siffror", "one digit", "digits"),
        [('A', 'Z')] => ("en versal", "versaler", "one capital letter", "capital letters"),
        [('a', 'z')] => ("en gemen", "gemener", "one small letter", "small letters"),
        [('0', '9'), ('A', 'Z')] => (
            "en versal eller siffra",
            "versaler eller siffror",
            "one capital letter or digit",
            "capital letters or digits",
        ),
        [('A', 'Z'), ('a', 'z')] => ("en bokstav (A–Z)", "bokstäver (A–Z)", "one letter (A–Z)", "letters (A–Z)"),
        [('0', '9'), ('A', 'Z'), ('a', 'z')] => (
            "en bokstav (A–Z) eller siffra",
            "bokstäver (A–Z) eller siffror",
            "one letter (A–Z) or digit",
            "letters (A–Z) or digits",
        ),
        _ => return None,
    };
    let (one, many) = (pick(language, sv_one, en_one), pick(language, sv_many, en_many));
    Some(match (min, max) {
        (1, Some(1)) => one.to_owned(),
        (0, Some(1)) => format!("{} {one}", pick(language, "högst", "at most")),
        (1, None) => format!("{} {one}", pick(language, "minst", "at least")),
        (min, Some(max)) if min == max => format!("{min} {many}"),
        (0, Some(max)) => format!("{} {max} {many}", pick(language, "högst", "at most")),
        (min, Some(max)) => format!("{min}–{max} {many}"),
        (min, None) => format!("{} {min} {many}", pick(language, "minst", "at least")),
    })
}

fn list_followed(parts: &[String], language: Language) -> String {
    let Some((first, rest)) = parts.split_first() else { return String::new() };
    let followed = pick(language, "och därefter", "followed by");
    rest.iter().fold(first.clone(), |text, part| format!("{text} {followed} {part}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(pattern: &str) -> String {
        described(pattern, Language::Swedish).1
    }

    #[test]
    fn runs_of_characters_are_counted() {
        assert_eq!(said("^[0-9]{10}$"), "av 10 siffror");
        assert_eq!(
            said("^[^0-9]*[0-9]{10}[^0-9]*$"),
            "av 10 siffror, möjligen med andra tecken än siffror före och efter"
        );
        assert_eq!(said("^[A-Z][A-Z0-9]{3,5}$"), "av en versal och därefter 3–5 versaler eller siffror");
        assert_eq!(
            said("^[A-Za-z]+-[0-9]?$"),
            "av minst en bokstav (A–Z) och därefter ”-” och därefter högst en siffra"
        );
        // Not anchored, or of another sort: as written.
        assert_eq!(said("[0-9]{10}"), "formen [0-9]{10}");
        assert_eq!(said(r"^\d$"), r"formen ^\d$");
        assert_eq!(said("^(ab){2}$"), "formen ^(ab){2}$");
    }

    #[test]
    fn few_texts_are_listed() {
        let regular = |text| shape(&Pattern::regular(text).expect("a pattern"));
        let like = |text| shape(&Pattern::like(text).expect("a pattern"));
        assert_eq!(regular("^[Ss]aknas$"), Shape::Texts(vec!["Saknas".into(), "saknas".into()]));
        assert_eq!(regular("^(a|b)c$"), Shape::Texts(vec!["ac".into(), "bc".into()]));
        assert_eq!(regular("^[A-Z]$"), Shape::Other("^[A-Z]$".into()));
        assert_eq!(regular("ab"), Shape::Other("ab".into()));
        assert_eq!(like("F%"), Shape::Prefix("F".into()));
        assert_eq!(like("F"), Shape::Texts(vec!["F".into()]));
        assert_eq!(like("%.1"), Shape::Suffix(".1".into()));
        assert_eq!(like("%a%"), Shape::Within("a".into()));
        assert_eq!(like("F_2"), Shape::Other("(?s)^F.2$".into()));
    }
}
