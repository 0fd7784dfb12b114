//! Patterns of texts, compiled to tables.
//!
//! Formats, `LIKE` and `regexp_like` are asked millions of times a second from several threads. A regular expression
//! of the `regex` crate takes a scratch space from a shared pool for each question, and those four instructions of
//! waiting were a quarter of a whole run. Here a pattern becomes a dense automaton (`regex-automata`), which needs no
//! scratch; texts with a fixed beginning are compared as such; only a pattern whose table would be too large stays a
//! regular expression.

mod example;

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use regex::bytes::Regex;
use regex_automata::dfa::Automaton;
use regex_automata::dfa::dense::{Builder, Config, DFA};
use regex_automata::nfa::thompson;
use regex_automata::util::syntax;
use regex_automata::{Input, MatchKind};

pub use example::{Example, example};

/// The largest table, in bytes.
const TABLE_BYTES: usize = 1 << 20;

/// A compiled pattern; equal to another of the same text.
#[derive(Clone)]
pub struct Pattern {
    text: String,
    /// The pattern of `LIKE` that it was made from.
    like: Option<String>,
    form: Form,
}

#[derive(Clone)]
enum Form {
    Exact(Vec<u8>),
    Prefix(Vec<u8>),
    Table(Arc<DFA<Vec<u32>>>),
    Regex(Arc<Regex>),
}

/// What a pattern asks of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning<'a> {
    /// That it is this text.
    Exact(&'a [u8]),
    /// That it begins so.
    Prefix(&'a [u8]),
    /// That this regular expression (syntax of the `regex` crate) is found in it.
    Regular(&'a str),
}

impl Pattern {
    /// A regular expression (syntax of the `regex` crate), found anywhere in a text unless anchored.
    ///
    /// # Errors
    /// If it is none; the message says where.
    pub fn regular(text: &str) -> Result<Self, regex::Error> {
        // The crate's own compiler first: its messages are the better ones.
        let regex = Regex::new(text)?;
        let table = Builder::new()
            .configure(
                Config::new()
                    .match_kind(MatchKind::All)
                    .dfa_size_limit(Some(TABLE_BYTES))
                    .determinize_size_limit(Some(4 * TABLE_BYTES)),
            )
            .syntax(syntax::Config::new().utf8(false))
            .thompson(thompson::Config::new().utf8(false))
            .build(text);
        let form = table.map_or_else(|_| Form::Regex(Arc::new(regex)), |table| Form::Table(Arc::new(table)));
        Ok(Self { text: text.to_owned(), like: None, form })
    }

    /// A regular expression that the whole text must match.
    ///
    /// # Errors
    /// If it is none.
    pub fn whole(text: &str) -> Result<Self, regex::Error> {
        Regex::new(text)?;
        Self::regular(&format!("^(?:{text})$"))
    }

    /// A pattern of SQL's `LIKE`, in which `%` is any text and `_` any character.
    ///
    /// # Errors
    /// If it is too long to compile.
    pub fn like(text: &str) -> Result<Self, regex::Error> {
        let literal = text.trim_end_matches('%');
        if !literal.contains(['%', '_']) {
            let bytes = literal.as_bytes().to_vec();
            let form = if literal.len() == text.len() { Form::Exact(bytes) } else { Form::Prefix(bytes) };
            return Ok(Self { text: format!("LIKE {text}"), like: Some(text.to_owned()), form });
        }
        let mut pattern = String::from("(?s)^");
        for character in text.chars() {
            match character {
                '%' => pattern.push_str(".*"),
                '_' => pattern.push('.'),
                other => pattern.push_str(&regex::escape(other.encode_utf8(&mut [0; 4]))),
            }
        }
        pattern.push('$');
        Ok(Self { like: Some(text.to_owned()), ..Self::regular(&pattern)? })
    }

    /// Whether `value` matches.
    #[inline]
    pub fn is_match(&self, value: &[u8]) -> bool {
        match &self.form {
            Form::Exact(text) => value == text,
            Form::Prefix(text) => value.starts_with(text),
            Form::Table(table) => match table.try_search_fwd(&Input::new(value).earliest(true)) {
                Ok(found) => found.is_some(),
                // A table gives up only on look-around that it was not built with; none is built so.
                Err(_) => Regex::new(&self.text).is_ok_and(|regex| regex.is_match(value)),
            },
            Form::Regex(regex) => regex.is_match(value),
        }
    }

    /// What it asks of a text, for those that ask it in another language.
    pub fn meaning(&self) -> Meaning<'_> {
        match &self.form {
            Form::Exact(text) => Meaning::Exact(text),
            Form::Prefix(text) => Meaning::Prefix(text),
            Form::Table(_) | Form::Regex(_) => Meaning::Regular(&self.text),
        }
    }

    /// The pattern as compiled.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The pattern as written, where it is one of SQL's `LIKE`.
    pub fn as_like(&self) -> Option<&str> {
        self.like.as_deref()
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pattern").field(&self.text).finish()
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text && self.like == other.like
    }
}

impl Eq for Pattern {}

impl Hash for Pattern {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
        self.like.hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agrees(pattern: &Pattern, regex: &str, texts: &[&str]) {
        let regex = Regex::new(regex).expect("a pattern");
        for text in texts {
            assert_eq!(pattern.is_match(text.as_bytes()), regex.is_match(text.as_bytes()), "{pattern:?} on `{text}`");
        }
    }

    #[test]
    fn tables_say_what_regular_expressions_say() {
        let texts = ["", "A", "A0", "A00", "A001", "xA00", "A00\n", "åäö", "A00.1", "SE2321000016-1A", "é", "B00"];
        for pattern in ["[A-Z][0-9]{2}", "^[A-Z]", "0$", "", "^$", "(?s)^.*0.$", "SE[0-9]{10}-[0-9A-Z]+", "ä|B"] {
            agrees(&Pattern::regular(pattern).expect("a pattern"), pattern, &texts);
            agrees(&Pattern::whole(pattern).expect("a pattern"), &format!("^(?:{pattern})$"), &texts);
        }
    }

    #[test]
    fn like_knows_its_two_wildcards_and_nothing_else() {
        let matches = |pattern: &str, text: &str| Pattern::like(pattern).expect("a pattern").is_match(text.as_bytes());
        assert!(matches("F%", "F32") && matches("F%", "F") && !matches("F%", "AF"));
        assert!(matches("F_2", "F32") && matches("F_2", "Fö2") && !matches("F_2", "F2"));
        assert!(matches("%a%", "bab") && matches("a.c", "a.c") && !matches("a.c", "abc") && matches("", ""));
        assert!(matches("%", "") && matches("a%%", "a\nb"));
    }

    #[test]
    fn a_pattern_too_large_for_a_table_still_works() {
        let pattern = Pattern::regular(r"^(\w{1,9}-){1,9}$").expect("a pattern");
        assert!(matches!(pattern.form, Form::Regex(_)));
        assert!(pattern.is_match("åäö-b-".as_bytes()) && !pattern.is_match(b"-"));
        assert!(Pattern::regular("(").is_err() && Pattern::whole("a)(b").is_err());
    }
}
