//! The dialect of DuckDB (1.0 or later).
//!
//! Backslashes in literals are themselves; regular expressions are RE2's. List comprehensions are used rather than
//! lambdas, whose notation changed between versions.

use std::fmt::Write as _;

use super::words::{RESULT_COLUMNS, ResultRow, Words};

/// The dialect.
pub(super) struct DuckDb;

impl Words for DuckDb {
    fn identifier(&self, name: &str) -> String {
        format!("\"{}\"", name.replace('"', "\"\""))
    }

    fn literal(&self, text: &str) -> String {
        format!("'{}'", text.replace('\'', "''"))
    }

    fn character(&self, number: u8) -> String {
        format!("chr({number})")
    }

    fn text_type(&self) -> &'static str {
        "VARCHAR"
    }

    fn end_of_text(&self) -> &'static str {
        "$"
    }

    fn matches(&self, text: &str, pattern: &str) -> String {
        format!("regexp_matches({text}, {pattern})")
    }

    fn starts_with(&self, text: &str, prefix: &str) -> String {
        format!("starts_with({text}, {prefix})")
    }

    fn trim(&self, text: &str, characters: &str) -> String {
        format!("trim({text}, {characters})")
    }

    fn only_digits(&self, text: &str) -> String {
        format!("regexp_replace({text}, '[^0-9]', '', 'g')")
    }

    fn day_number(&self, day: &str) -> String {
        format!("({day} - DATE '1970-01-01')")
    }

    fn days_between(&self, from: &str, to: &str) -> String {
        format!("({to} - {from})")
    }

    fn divide(&self, number: &str, by: u32) -> String {
        format!("({number}) // {by}")
    }

    fn saturated(&self, left: &str, operator: char, right: &str) -> String {
        // `greatest` and `least` would pass over a null; the list binds the sum to a name, so that it is written once.
        format!(
            "CAST([CASE WHEN s > {max} THEN {max} WHEN s < {min} THEN {min} ELSE s END FOR s IN [CAST({left} AS HUGEINT) \
             {operator} CAST({right} AS HUGEINT)]][1] AS BIGINT)",
            min = i64::MIN,
            max = i64::MAX
        )
    }

    fn split(&self, text: &str, separators: &[char], each: &dyn Fn(&str) -> String) -> String {
        let first = separators.first().map(char::to_string).unwrap_or_default();
        let all: String = separators.iter().collect();
        let uniform = match separators {
            [_] => text.to_owned(),
            _ => {
                format!("translate({text}, {}, {})", self.literal(&all), self.literal(&first.repeat(separators.len())))
            }
        };
        format!("[{} FOR e IN string_split({uniform}, {})]", each("e"), self.literal(&first))
    }

    fn count_elements(&self, list: &str, condition: &dyn Fn(&str) -> String) -> String {
        format!("len([e FOR e IN {list} IF {}])", condition("e"))
    }

    fn list_length(&self, list: &str) -> String {
        format!("len({list})")
    }

    fn luhn(&self, digits: &str) -> String {
        let digit = "substr(d, length(d) - i, 1)";
        format!(
            "[length(d) >= 2 AND list_sum([CAST(CASE WHEN i % 2 = 0 THEN {digit} ELSE translate({digit}, '0123456789', \
             '0246813579') END AS INTEGER) FOR i IN range(length(d))]) % 10 = 0 FOR d IN [{digits}]][1]"
        )
    }

    fn unnested(&self, source: &str, list: &str, element: &str) -> String {
        format!("{source}, unnest({list}) AS e({element})")
    }

    fn with_name(&self, name: &str) -> String {
        format!("{} AS NOT MATERIALIZED", self.identifier(name))
    }

    fn end_of_order(&self, value: &str, order: &[String], last: bool) -> String {
        let order: Vec<String> = order.iter().map(|key| format!("{key} NULLS LAST, ")).collect();
        let order = order.concat();
        let function = if last { "last" } else { "first" };
        format!("{function}({value} ORDER BY {order}{value}) FILTER (WHERE ({value}) IS NOT NULL)")
    }

    fn listed(&self, value: &str, separator: &str) -> String {
        format!(
            "array_to_string(CAST(list_sort(list(DISTINCT {value}) FILTER (WHERE ({value}) IS NOT NULL)) AS VARCHAR[]), \
             {separator})"
        )
    }

    fn results(&self, rows: &[ResultRow], source: &str) -> String {
        let mut out = String::from("SELECT unnest([\n");
        for (index, row) in rows.iter().enumerate() {
            let values =
                [&self.literal(&row.rule), &row.satisfied, &row.violated, &row.not_applicable, &row.not_checked];
            let fields: Vec<String> =
                RESULT_COLUMNS.iter().zip(values).map(|(name, value)| format!("'{name}': {value}")).collect();
            let end = if index + 1 < rows.len() { "," } else { "" };
            writeln!(out, "  {{{}}}{end}", fields.join(", ")).expect("a String takes everything");
        }
        write!(out, "], max_depth := 2)\nFROM {source}").expect("a String takes everything");
        out
    }
}
