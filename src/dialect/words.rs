//! What the dialects say differently, and what they say alike.
//!
//! Everything here is text of SQL: an argument called `text`, `day` or `list` is an expression of that type. A dialect
//! implements what it must; the methods with bodies are alike in all.

use super::Obstacle;
use super::pattern;
use crate::time::format_day;

/// White space around whole values, as readers of files trim it.
pub(super) const AROUND_VALUES: [char; 3] = [' ', '\t', '\u{a0}'];

/// White space around each of several values in one field.
pub(super) const AROUND_ELEMENTS: [char; 6] = [' ', '\t', '\n', '\u{c}', '\r', '\u{a0}'];

/// One row of a result: a rule and its four counts, as expressions.
pub(super) struct ResultRow {
    pub(super) rule: String,
    pub(super) satisfied: String,
    pub(super) violated: String,
    pub(super) not_applicable: String,
    pub(super) not_checked: String,
}

/// The names of a result's columns.
pub(super) const RESULT_COLUMNS: [&str; 5] = ["rule", "satisfied", "violated", "not_applicable", "not_checked"];

/// A dialect of SQL.
pub(super) trait Words {
    /// A name, quoted.
    fn identifier(&self, name: &str) -> String;

    /// A text, quoted.
    fn literal(&self, text: &str) -> String;

    /// The character with this number, at most 255.
    fn character(&self, number: u8) -> String;

    /// The type of texts.
    fn text_type(&self) -> &'static str;

    /// What a regular expression says of the end of the text.
    fn end_of_text(&self) -> &'static str;

    /// Whether the regular expression `pattern`, a literal, is found in `text`.
    fn matches(&self, text: &str, pattern: &str) -> String;

    /// Whether `text` begins with `prefix`.
    fn starts_with(&self, text: &str, prefix: &str) -> String;

    /// `text` without `characters`, an expression, at either end.
    fn trim(&self, text: &str, characters: &str) -> String;

    /// `text` with its ASCII digits alone.
    fn only_digits(&self, text: &str) -> String;

    /// Days from 1970-01-01 to `day`, of a type in which seconds can be counted.
    fn day_number(&self, day: &str) -> String;

    /// Days from one day to another.
    fn days_between(&self, from: &str, to: &str) -> String;

    /// `number`, 0 or greater, divided by a whole number and rounded down.
    fn divide(&self, number: &str, by: u32) -> String;

    /// A sum that may leave 64 bits, kept within them.
    fn saturated(&self, left: &str, operator: char, right: &str) -> String;

    /// The parts of `text` between `separators`, as a list; what `each` makes of the part it is handed.
    fn split(&self, text: &str, separators: &[char], each: &dyn Fn(&str) -> String) -> String;

    /// How many of `list` meet the condition; the list is not null.
    fn count_elements(&self, list: &str, condition: &dyn Fn(&str) -> String) -> String;

    /// How many elements `list`, which is not null, has.
    fn list_length(&self, list: &str) -> String;

    /// Whether at least two digits, and nothing but digits, of `digits` have the right control digit (Luhn).
    fn luhn(&self, digits: &str) -> String;

    /// `FROM` a source with each element of a list of its rows: the source and its list, and a name for the element.
    fn unnested(&self, source: &str, list: &str, element: &str) -> String;

    /// The beginning of a common table expression that is read more than once without being kept.
    fn with_name(&self, name: &str) -> String;

    /// A query that makes `rows` of the one row of `source`.
    fn results(&self, rows: &[ResultRow], source: &str) -> String;

    /// Of a group, the first or the last `value` that is not null, in the order of `order`, whose nulls are last; of
    /// several in one place the least, or the greatest.
    fn end_of_order(&self, value: &str, order: &[String], last: bool) -> String;

    /// Of a group, the distinct values that are not null in their order, put together; null or empty where there are none.
    fn listed(&self, value: &str, separator: &str) -> String;

    /// The day on which the statement runs.
    fn today(&self) -> String {
        "CURRENT_DATE".to_owned()
    }

    /// A day, counted from 1970-01-01.
    fn day(&self, days: i64) -> String {
        format!("DATE '{}'", format_day(days))
    }

    /// The day that `text` writes as 2022-01-03; null where there is no such day.
    fn to_day(&self, text: &str) -> String {
        format!("TRY_CAST({text} AS DATE)")
    }

    /// The whole number that `text` writes.
    fn to_integer(&self, text: &str) -> String {
        format!("TRY_CAST({text} AS BIGINT)")
    }

    /// Characters of `text`.
    fn length(&self, text: &str) -> String {
        format!("length({text})")
    }

    /// Characters of `text` from a 1-based position.
    fn substring(&self, text: &str, from: usize, count: Option<usize>) -> String {
        // Positions beyond 31 bits are beyond every text.
        const MOST: usize = i32::MAX as usize;
        match count {
            Some(count) => format!("substr({text}, {}, {})", from.min(MOST), count.min(MOST)),
            None => format!("substr({text}, {})", from.min(MOST)),
        }
    }

    /// `text` without any of the `characters`.
    fn without(&self, text: &str, characters: &str) -> String {
        format!("translate({text}, {}, '')", self.literal(characters))
    }

    /// Each of `characters` as one text.
    fn characters(&self, characters: &[char]) -> String {
        let parts: Vec<String> = characters
            .iter()
            .map(|character| match u8::try_from(u32::from(*character)) {
                Ok(number) if number != b' ' => self.character(number),
                _ => self.literal(&character.to_string()),
            })
            .collect();
        format!("concat({})", parts.join(", "))
    }

    /// Whether `text` matches a pattern of the `regex` crate's syntax.
    fn matches_pattern(&self, text: &str, pattern: &str) -> Result<String, Obstacle> {
        let pattern = pattern::write(pattern, self.end_of_text())?;
        Ok(self.matches(text, &self.literal(&pattern)))
    }
}
