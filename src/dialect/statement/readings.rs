//! The first layers of a statement: the records without surrounding blanks, and what is read out of them.

use std::collections::BTreeSet;

use super::{Builder, push};
use crate::dialect::Obstacle;
use crate::dialect::expression::Reading;
use crate::dialect::words::{AROUND_ELEMENTS, AROUND_VALUES};
use crate::model::VariableIndex;
use crate::schema::Domain;

/// The shapes of points in time; `crate::time` says what each is. Which days exist, the database knows.
pub(in crate::dialect) const TIME_SHAPES: &str = "^(?:[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[Tt ](?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:[.,][0-9]{1,9})?)?)?|[0-9]{8}(?:(?:[01][0-9]|2[0-3])[0-5][0-9][0-5][0-9])?)$";

/// Every character of a point in time that is no digit.
const TIME_MARKS: &str = "Tt :.,-";

impl Builder<'_> {
    /// The variables as text without surrounding blanks; null where nothing is left.
    pub(super) fn records(&self) -> String {
        let table: Vec<String> = match self.members {
            None => self.request.table.parts().iter().map(|part| self.words.identifier(part)).collect(),
            Some(_) => vec![self.words.identifier(&self.layers.groups)],
        };
        let around = self.words.characters(&AROUND_VALUES);
        let mut columns: Vec<String> = self
            .writer
            .variables
            .iter()
            .map(|variable| {
                let column = self.writer.column(*variable, "");
                if self.request.missing.contains(variable) {
                    format!("CAST(NULL AS {}) AS {column}", self.words.text_type())
                } else if self.members.is_some() {
                    // What groups have nobody wrote.
                    format!("nullif({column}, '') AS {column}")
                } else {
                    format!("nullif({}, '') AS {column}", self.words.trim(&column, &around))
                }
            })
            .collect();
        if columns.is_empty() {
            columns.push("1 AS record".to_owned());
        }
        format!("  SELECT\n    {}\n  FROM {}", columns.join(",\n    "), table.join("."))
    }

    /// The digits of points in time; null where the text has none of their shapes.
    pub(super) fn digits(&self, times: &[VariableIndex], from: &str) -> Result<String, Obstacle> {
        let mut columns = vec!["*".to_owned()];
        for variable in times {
            let own = self.writer.column(*variable, "");
            columns.push(format!(
                "CASE WHEN {} THEN {} END AS {}",
                self.words.matches_pattern(&own, TIME_SHAPES)?,
                self.words.without(&own, TIME_MARKS),
                self.writer.column(*variable, " digits")
            ));
        }
        Ok(format!("  SELECT\n    {}\n  FROM {from}", columns.join(",\n    ")))
    }

    pub(super) fn readings(
        &self,
        readings: &BTreeSet<(VariableIndex, Reading)>,
        official: &[VariableIndex],
        from: &str,
    ) -> String {
        let mut columns = vec!["r.*".to_owned()];
        for (variable, reading) in readings {
            let own = self.writer.column(*variable, "");
            let named = |suffix: &str| self.writer.column(*variable, suffix);
            match reading {
                Reading::Code => {
                    let canonical = match &self.request.plan.collection.get(*variable).domain {
                        Domain::Code { codelist } => self.request.plan.codelists.get(codelist),
                        _ => None,
                    };
                    let canonical = canonical.and_then(|list| self.writer.canonical(list, &own));
                    columns.push(format!("{} AS {}", canonical.unwrap_or(own), named(" code")));
                }
                Reading::Time => {
                    let digits = named(" digits");
                    let part = |from: usize, count: usize| self.words.substring(&digits, from, Some(count));
                    let number = |from: usize| format!("TRY_CAST({} AS INTEGER)", part(from, 2));
                    let day = format!("concat({}, '-', {}, '-', {})", part(1, 4), part(5, 2), part(7, 2));
                    columns.push(format!("{} AS {}", self.words.to_day(&day), named(" day")));
                    columns.push(format!(
                        "CASE WHEN {} > 8 THEN {} * 3600 + {} * 60 + coalesce({}, 0) END AS {}",
                        self.words.length(&digits),
                        number(9),
                        number(11),
                        number(13),
                        named(" second")
                    ));
                }
                Reading::Number => {
                    let is_year = matches!(self.request.plan.collection.get(*variable).domain, Domain::Year { .. });
                    let shape = if is_year { "^[0-9]{4}$" } else { "^-?[0-9]{1,18}$" };
                    // Both shapes are alike in every dialect but for the end.
                    let shape = shape.replace('$', self.words.end_of_text());
                    columns.push(format!(
                        "CASE WHEN {} THEN {} END AS {}",
                        self.words.matches(&own, &self.words.literal(&shape)),
                        self.words.to_integer(&own),
                        named(" number")
                    ));
                }
                Reading::Elements => {
                    let (elements, name) = self.elements(*variable, &own);
                    columns.push(format!("{elements} AS {}", named(name)));
                }
                Reading::Official => {
                    columns.push(format!("{}.ok AS {}", official_alias(*variable), named(" official")));
                }
            }
        }
        let mut joins = String::new();
        for variable in official {
            let id = &self.request.plan.collection.get(*variable).id;
            let alias = official_alias(*variable);
            push(
                &mut joins,
                format_args!(
                    "\n  LEFT JOIN {} AS {alias} ON {alias}.value = r.{}",
                    self.words.identifier(&self.layers.official(id)),
                    self.writer.column(*variable, "")
                ),
            );
        }
        format!("  SELECT\n    {}\n  FROM {from} AS r{joins}", columns.join(",\n    "))
    }

    /// The values of a field, each without surrounding blanks, and what the column is called.
    fn elements(&self, variable: VariableIndex, own: &str) -> (String, &'static str) {
        let item = self.request.plan.collection.get(variable);
        let around = self.words.characters(&AROUND_ELEMENTS);
        if item.repeats() {
            let separators: Vec<char> = item.separators.iter().map(|byte| char::from(*byte)).collect();
            (self.words.split(own, &separators, &|element| self.words.trim(element, &around)), " elements")
        } else {
            (self.words.trim(own, &around), " element")
        }
    }

    /// Each distinct value of a variable, and whether all its codes are in the official list. Codes that are declared
    /// to mean a blank need not be.
    pub(super) fn official(&self, variable: VariableIndex) -> String {
        let item = self.request.plan.collection.get(variable);
        let own = self.writer.column(variable, "");
        let Some((_, table)) = self.request.official_of(variable) else { return String::new() };
        let table: Vec<String> = table.parts().iter().map(|part| self.words.identifier(part)).collect();
        let ignored = match &item.domain {
            Domain::Text { format: Some(format), .. } => {
                String::from_utf8_lossy(&format.ignore_characters).into_owned()
            }
            _ => String::new(),
        };
        let bare = |text: String| if ignored.is_empty() { text } else { self.words.without(&text, &ignored) };
        let code = bare(self.words.trim("code", &self.words.characters(&AROUND_ELEMENTS)));
        let exempt: Vec<String> = item.missing_codes.iter().map(|(code, _)| self.words.literal(code)).collect();
        let exempt =
            if exempt.is_empty() { String::new() } else { format!(" AND d.element NOT IN ({})", exempt.join(", ")) };
        let distinct = format!(
            "(SELECT DISTINCT {own} AS value FROM {} WHERE {own} IS NOT NULL)",
            self.words.identifier(&self.layers.records)
        );
        let (elements, _) = self.elements(variable, "value");
        let elements = if item.repeats() {
            format!(
                "(\n    SELECT value, element FROM {}\n  )",
                self.words.unnested(&format!("{distinct} AS v"), &elements, "element")
            )
        } else {
            format!("(\n    SELECT value, {elements} AS element FROM {distinct} AS v\n  )")
        };
        format!(
            "  SELECT d.value, count(*) FILTER (WHERE c.code IS NULL{exempt}) = 0 AS ok\n  FROM {elements} AS d\n  \
             LEFT JOIN (SELECT DISTINCT {code} AS code FROM {}) AS c ON c.code = {}\n  GROUP BY d.value",
            table.join("."),
            bare("d.element".to_owned())
        )
    }
}

/// The short name of the judged values of a variable with an official list.
fn official_alias(variable: VariableIndex) -> String {
    format!("o{}", variable.0 + 1)
}
