//! The layer that folds records into groups, for rules on what folds another collection.
//!
//! Its columns are the variables of the groups as text, as [`crate::engine`] writes what it folds: counts and numbers in
//! digits, points in time as `2022-01-03` or `2022-01-03T08:00:00`. Such texts of points in time are in the order of time,
//! a day without a time of day first, so that they are compared as they are.

use std::collections::BTreeSet;

use super::{Builder, push};
use crate::dialect::Obstacle;
use crate::dialect::expression::{Reading, Writer};
use crate::dialect::words::Words;
use crate::model::VariableIndex;
use crate::rule::expr::{TimeExpr, TimeNode};
use crate::rule::fold::{Aggregate, Fold, FoldColumn, Function, Operand};
use crate::schema::{Collection, Domain};

impl Builder<'_> {
    /// The layers that fold records into groups with the `wanted` variables; the last is `name`.
    pub(super) fn groups(
        mut self,
        fold: &Fold,
        of: &Collection,
        wanted: &BTreeSet<VariableIndex>,
        name: &str,
    ) -> Result<Vec<(String, String)>, Obstacle> {
        let mut keys = Vec::new();
        for part in &fold.key {
            keys.push(self.key(*part)?);
        }
        let mut columns = Vec::new();
        for variable in wanted {
            let value = match &fold.columns[variable.0] {
                FoldColumn::Key(part) => {
                    let at = fold.key.iter().position(|key| key == part).unwrap_or_default();
                    keys[at].clone()
                }
                FoldColumn::Aggregate(aggregate) => self.aggregate(aggregate, &fold.order)?,
                // One submission has no past: rules that read one do not apply.
                FoldColumn::History(_) => format!("CAST(NULL AS {})", self.words.text_type()),
            };
            columns.push(format!("{value} AS {}", self.words.identifier(&of.get(*variable).id)));
        }
        if columns.is_empty() {
            columns.push("1 AS record".to_owned());
        }
        let (mut layers, from) = self.of_records()?;
        let filled: Vec<String> = keys.iter().map(|key| format!("{key} IS NOT NULL")).collect();
        let query = format!(
            "  SELECT\n    {}\n  FROM {from}\n  WHERE {}\n  GROUP BY {}",
            columns.join(",\n    "),
            filled.join(" AND "),
            keys.join(", ")
        );
        layers.push((format!("{} AS", self.words.identifier(name)), query));
        Ok(layers)
    }

    /// A part of the key: a code in its canonical spelling, anything else as it is written.
    fn key(&mut self, part: VariableIndex) -> Result<String, Obstacle> {
        let own = self.writer.own(part);
        let Domain::Code { codelist } = &self.request.plan.collection.get(part).domain else { return Ok(own) };
        let list = self.request.plan.codelists.get(codelist).ok_or_else(|| Obstacle::Codelist(codelist.clone()))?;
        if self.writer.canonical(list, &own).is_none() {
            return Ok(own);
        }
        self.writer.read(part, Reading::Code);
        Ok(self.writer.column(part, " code"))
    }

    fn aggregate(&mut self, aggregate: &Aggregate, order: &[Operand]) -> Result<String, Obstacle> {
        let words = self.words;
        let filter = self.writer.bool(aggregate.filter)?.text;
        let filtered = |value: &str| match filter.as_str() {
            "TRUE" => value.to_owned(),
            _ => format!("CASE WHEN {filter} THEN {value} END"),
        };
        let as_text = |value: &str| format!("CAST({value} AS {})", words.text_type());
        let of = |writer: &mut Writer<'_>, of: &Operand| operand(writer, words, *of);
        Ok(match &aggregate.function {
            Function::Count(None) if filter == "TRUE" => as_text("count(*)"),
            Function::Count(None) => as_text(&format!("count({})", filtered("1"))),
            Function::Count(Some(one)) => as_text(&format!("count({})", filtered(&of(&mut self.writer, one)?))),
            Function::CountDistinct(one) => {
                as_text(&format!("count(DISTINCT {})", filtered(&of(&mut self.writer, one)?)))
            }
            Function::Min(one) => as_text(&format!("min({})", filtered(&of(&mut self.writer, one)?))),
            Function::Max(one) => as_text(&format!("max({})", filtered(&of(&mut self.writer, one)?))),
            Function::First(one) | Function::Last(one) => {
                let value = filtered(&of(&mut self.writer, one)?);
                let order = order.iter().map(|operand| of(&mut self.writer, operand)).collect::<Result<Vec<_>, _>>()?;
                let is_last = matches!(aggregate.function, Function::Last(_));
                as_text(&words.end_of_order(&value, &order, is_last))
            }
            Function::Listed(one, separator) => {
                let value = filtered(&of(&mut self.writer, one)?);
                words.listed(&value, &words.literal(separator))
            }
        })
    }
}

/// A value of each record, in the order in which values are compared.
fn operand(writer: &mut Writer<'_>, words: &dyn Words, operand: Operand) -> Result<String, Obstacle> {
    match operand {
        Operand::Text(node) => writer.text(node),
        Operand::Int(node) => writer.int(node),
        Operand::Time(node) => Ok(time(writer, words, node)),
    }
}

/// A point in time as groups have it.
fn time(writer: &mut Writer<'_>, words: &dyn Words, node: TimeNode) -> String {
    let (variable, has_seconds) = match &writer.request.plan.program.times[node.0 as usize] {
        TimeExpr::Variable(variable) => (Some(*variable), true),
        TimeExpr::Date(inner) => match &writer.request.plan.program.times[inner.0 as usize] {
            TimeExpr::Variable(variable) => (Some(*variable), false),
            _ => (None, false),
        },
        TimeExpr::Literal(..) | TimeExpr::Parameter(_) => (None, true),
    };
    let time = writer.time(node);
    // The digits as they were written need no format of the dialect's; which days exist, `time.day` knows.
    let day = match variable {
        None => format!("CAST({} AS {})", time.day, words.text_type()),
        Some(variable) => {
            let digits = writer.column(variable, " digits");
            let part = |from, count| words.substring(&digits, from, Some(count));
            format!("concat({}, '-', {}, '-', {})", part(1, 4), part(5, 2), part(7, 2))
        }
    };
    let mut text = format!("CASE WHEN {} IS NOT NULL THEN {day} END", time.day);
    if let Some(second) = time.second.filter(|_| has_seconds) {
        let mut of_day = String::new();
        for (index, (by, within)) in [(3600, 24), (60, 60), (1, 60)].into_iter().enumerate() {
            let mark = if index == 0 { 'T' } else { ':' };
            let number = format!("({}) % {within}", words.divide(&second.text, by));
            push(&mut of_day, format_args!(", '{mark}', lpad(CAST({number} AS {}), 2, '0')", words.text_type()));
        }
        text = format!(
            "CASE WHEN {} IS NOT NULL THEN CASE WHEN {} IS NOT NULL THEN concat({day}{of_day}) ELSE {day} END END",
            time.day, second.text
        );
    }
    text
}
