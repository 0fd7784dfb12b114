//! The dialect of Spark SQL (3.3 or later), with ANSI mode on or off.
//!
//! Whether a backslash in a literal escapes what follows depends on the session
//! (`spark.sql.parser.escapedStringLiterals`), and a quotation mark has more than one spelling, so neither is ever
//! written: `char(92)` and `char(39)` stand for them. Regular expressions are Java's. Points in time are days and
//! seconds, never Spark's timestamps, which would be moved by the session's time zone.

use std::fmt::Write as _;

use super::words::{RESULT_COLUMNS, ResultRow, Words};

/// The dialect.
pub(super) struct Spark;

impl Words for Spark {
    fn identifier(&self, name: &str) -> String {
        format!("`{}`", name.replace('`', "``"))
    }

    fn literal(&self, text: &str) -> String {
        // `${` begins a variable that the session would put its value for.
        if !text.contains(['\'', '\\']) && !text.contains("${") {
            return format!("'{text}'");
        }
        if let (3.., false) = (text.matches('\\').count(), text.contains(['\'', '$'])) {
            // Many of them are shorter as another character that is replaced.
            if let Some(other) = ['~', '¤', '§', '¬'].into_iter().find(|other| !text.contains(*other)) {
                return format!("replace('{}', '{other}', char(92))", text.replace('\\', &other.to_string()));
            }
        }
        let mut parts: Vec<String> = Vec::new();
        let mut plain = String::new();
        for character in text.chars() {
            if matches!(character, '\'' | '\\' | '$') {
                if !plain.is_empty() {
                    parts.push(format!("'{plain}'"));
                    plain.clear();
                }
                parts.push(format!("char({})", u32::from(character)));
            } else {
                plain.push(character);
            }
        }
        if !plain.is_empty() {
            parts.push(format!("'{plain}'"));
        }
        format!("concat({})", parts.join(", "))
    }

    fn character(&self, number: u8) -> String {
        format!("char({number})")
    }

    fn text_type(&self) -> &'static str {
        "STRING"
    }

    fn end_of_text(&self) -> &'static str {
        // Java's `$` also matches before a last line break, and `\z` would need a backslash.
        "(?!(?s:.))"
    }

    fn matches(&self, text: &str, pattern: &str) -> String {
        format!("{text} RLIKE {pattern}")
    }

    fn starts_with(&self, text: &str, prefix: &str) -> String {
        format!("startswith({text}, {prefix})")
    }

    fn trim(&self, text: &str, characters: &str) -> String {
        format!("trim(BOTH {characters} FROM {text})")
    }

    fn only_digits(&self, text: &str) -> String {
        format!("regexp_replace({text}, '[^0-9]', '')")
    }

    fn day_number(&self, day: &str) -> String {
        format!("CAST(unix_date({day}) AS BIGINT)")
    }

    fn days_between(&self, from: &str, to: &str) -> String {
        format!("datediff({to}, {from})")
    }

    fn divide(&self, number: &str, by: u32) -> String {
        format!("({number}) DIV {by}")
    }

    fn saturated(&self, left: &str, operator: char, right: &str) -> String {
        // `greatest` and `least` would pass over a null; the list binds the sum to a name, so that it is written once.
        format!(
            "CAST(transform(array(CAST({left} AS DECIMAL(38, 0)) {operator} CAST({right} AS DECIMAL(38, 0))), s -> CASE WHEN s > \
             {max} THEN {max} WHEN s < {min} THEN {min} ELSE s END)[0] AS BIGINT)",
            min = i64::MIN,
            max = i64::MAX
        )
    }

    fn split(&self, text: &str, separators: &[char], each: &dyn Fn(&str) -> String) -> String {
        let mut class = String::new();
        for separator in separators {
            match separator {
                // Only these can mean something else within brackets.
                '[' | ']' | '^' | '-' | '\\' | '&' => {
                    write!(class, "\\x{{{:X}}}", u32::from(*separator)).expect("a String takes everything");
                }
                other => class.push(*other),
            }
        }
        format!("transform(split({text}, {}), e -> {})", self.literal(&format!("[{class}]")), each("e"))
    }

    fn count_elements(&self, list: &str, condition: &dyn Fn(&str) -> String) -> String {
        format!("size(filter({list}, e -> {}))", condition("e"))
    }

    fn list_length(&self, list: &str) -> String {
        format!("size({list})")
    }

    fn luhn(&self, digits: &str) -> String {
        let digit = "substr(d, length(d) - i, 1)";
        format!(
            "transform(array({digits}), d -> CASE WHEN length(d) >= 2 THEN aggregate(sequence(0, length(d) - 1), 0, (s, i) -> \
             s + CAST(CASE WHEN i % 2 = 0 THEN {digit} ELSE translate({digit}, '0123456789', '0246813579') END AS INT)) % \
             10 = 0 WHEN length(d) < 2 THEN FALSE END)[0]"
        )
    }

    fn unnested(&self, source: &str, list: &str, element: &str) -> String {
        format!("{source} LATERAL VIEW explode({list}) e AS {element}")
    }

    fn with_name(&self, name: &str) -> String {
        format!("{} AS", self.identifier(name))
    }

    fn end_of_order(&self, value: &str, order: &[String], last: bool) -> String {
        let order: Vec<String> = order.iter().map(|key| format!("({key}) IS NULL, {key}, ")).collect();
        let order = order.concat();
        let function = if last { "max_by" } else { "min_by" };
        format!("{function}({value}, struct({order}{value})) FILTER (WHERE ({value}) IS NOT NULL)")
    }

    fn listed(&self, value: &str, separator: &str) -> String {
        format!("array_join(CAST(array_sort(collect_set({value})) AS ARRAY<STRING>), {separator})")
    }

    fn results(&self, rows: &[ResultRow], source: &str) -> String {
        let mut out = format!("SELECT stack({},\n", rows.len());
        for (index, row) in rows.iter().enumerate() {
            let values =
                [&self.literal(&row.rule), &row.satisfied, &row.violated, &row.not_applicable, &row.not_checked];
            let end = if index + 1 < rows.len() { "," } else { "" };
            let values = values.map(String::as_str).join(", ");
            writeln!(out, "  {values}{end}").expect("a String takes everything");
        }
        write!(out, ") AS ({})\nFROM {source}", RESULT_COLUMNS.join(", ")).expect("a String takes everything");
        out
    }
}
