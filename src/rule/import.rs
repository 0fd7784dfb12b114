//! Expressions of one plan as nodes of another, so that two versions of a rule can be held against each other.
//!
//! Variables are found by their ids. What reads a variable is carried over only where both plans read it alike: the same
//! type, the same separators, the same canonical spelling of every code. A code list of the same name whose codes
//! differ is taken along under another name, so that old expressions keep asking the old list.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Plan;
use super::expr::{BoolExpr, BoolNode, IntExpr, IntNode, TextExpr, TextNode, TextTest, TimeExpr, TimeNode};
use crate::model::VariableIndex;
use crate::schema::codelist::Entry;
use crate::schema::{Codelist, Collection, Domain};

/// Carries nodes of `from` into a plan.
#[derive(Debug)]
pub struct Importer<'a> {
    from: &'a Plan,
    /// Where each variable of `from` is in the other plan; `None` where it is not, or is read otherwise.
    variables: Vec<Option<VariableIndex>>,
}

impl<'a> Importer<'a> {
    /// An importer from `from` into `into`.
    pub fn new(from: &'a Plan, into: &Plan) -> Self {
        let variables = from
            .collection
            .variables
            .iter()
            .enumerate()
            .map(|(index, variable)| {
                let there = into.collection.variable(&variable.id)?;
                is_read_alike(from, VariableIndex(index), into, there).then_some(there)
            })
            .collect();
        Self { from, variables }
    }

    /// Where a variable is in the other plan.
    pub fn variable(&self, variable: VariableIndex) -> Option<VariableIndex> {
        self.variables.get(variable.0).copied().flatten()
    }

    /// The node in `into`; `None` where something it reads cannot be read there.
    pub fn bool(&self, node: BoolNode, into: &mut Plan) -> Option<BoolNode> {
        let all = |nodes: &[BoolNode], into: &mut Plan| {
            nodes.iter().map(|node| self.bool(*node, into)).collect::<Option<Vec<_>>>()
        };
        let expr = match &self.from.program.bools[node.0 as usize] {
            BoolExpr::Constant(truth) => BoolExpr::Constant(*truth),
            BoolExpr::And(nodes) => BoolExpr::And(all(nodes, into)?),
            BoolExpr::Or(nodes) => BoolExpr::Or(all(nodes, into)?),
            BoolExpr::Not(inner) => BoolExpr::Not(self.bool(*inner, into)?),
            BoolExpr::IsBlank(variable) => BoolExpr::IsBlank(self.variable(*variable)?),
            BoolExpr::Text(text, test) => BoolExpr::Text(self.text(*text, into)?, self.test(test, into)),
            BoolExpr::CompareText(comparison, left, right) => {
                BoolExpr::CompareText(*comparison, self.text(*left, into)?, self.text(*right, into)?)
            }
            BoolExpr::CompareInt(comparison, left, right) => {
                BoolExpr::CompareInt(*comparison, self.int(*left, into)?, self.int(*right, into)?)
            }
            BoolExpr::CompareTime(comparison, left, right) => {
                BoolExpr::CompareTime(*comparison, self.time(*left, into)?, self.time(*right, into)?)
            }
            BoolExpr::HasTime(time) => BoolExpr::HasTime(self.time(*time, into)?),
            // What is valid is a matter of the schema, which may be another there.
            BoolExpr::ValueOk(_) | BoolExpr::OfficialOk(_) => return None,
            BoolExpr::AnyElement(variable, test) => {
                BoolExpr::AnyElement(self.variable(*variable)?, self.test(test, into))
            }
            BoolExpr::EveryElement(variable, test) => {
                BoolExpr::EveryElement(self.variable(*variable)?, self.test(test, into))
            }
        };
        Some(into.program.bool(expr))
    }

    fn int(&self, node: IntNode, into: &mut Plan) -> Option<IntNode> {
        let expr = match &self.from.program.ints[node.0 as usize] {
            IntExpr::Literal(number) => IntExpr::Literal(*number),
            IntExpr::Variable(variable) => IntExpr::Variable(self.variable(*variable)?),
            IntExpr::Add(left, right) => IntExpr::Add(self.int(*left, into)?, self.int(*right, into)?),
            IntExpr::Subtract(left, right) => IntExpr::Subtract(self.int(*left, into)?, self.int(*right, into)?),
            IntExpr::Multiply(times, number) => IntExpr::Multiply(*times, self.int(*number, into)?),
            IntExpr::CodelistNumber { list, code, column, day } => {
                let name = self.from.codelists.get(list)?.columns().nth(*column)?.to_owned();
                let code = self.text(*code, into)?;
                let day = match day {
                    Some(day) => Some(self.time(*day, into)?),
                    None => None,
                };
                let list = self.list(list, into);
                let column = into.codelists.get(&list)?.column(&name)?;
                IntExpr::CodelistNumber { list, code, column, day }
            }
            IntExpr::Parameter(parameter) => IntExpr::Parameter(*parameter),
            IntExpr::Length(text) => IntExpr::Length(self.text(*text, into)?),
            IntExpr::Year(time) => IntExpr::Year(self.time(*time, into)?),
            IntExpr::DaysBetween(from, to) => IntExpr::DaysBetween(self.time(*from, into)?, self.time(*to, into)?),
            IntExpr::MinutesBetween(from, to) => {
                IntExpr::MinutesBetween(self.time(*from, into)?, self.time(*to, into)?)
            }
            IntExpr::ElementCount(variable, test) => {
                IntExpr::ElementCount(self.variable(*variable)?, test.as_ref().map(|test| self.test(test, into)))
            }
        };
        Some(into.program.int(expr))
    }

    fn text(&self, node: TextNode, into: &mut Plan) -> Option<TextNode> {
        let expr = match &self.from.program.texts[node.0 as usize] {
            TextExpr::Literal(text) => TextExpr::Literal(text.clone()),
            TextExpr::Variable(variable) => TextExpr::Variable(self.variable(*variable)?),
            TextExpr::Substring(text, from, count) => TextExpr::Substring(self.text(*text, into)?, *from, *count),
            TextExpr::CodelistValue { list, code, column } => {
                let name = self.from.codelists.get(list)?.columns().nth(*column)?.to_owned();
                let code = self.text(*code, into)?;
                let list = self.list(list, into);
                let column = into.codelists.get(&list)?.column(&name)?;
                TextExpr::CodelistValue { list, code, column }
            }
            TextExpr::OrganisationNumber(text) => TextExpr::OrganisationNumber(self.text(*text, into)?),
            TextExpr::StatedRegion => TextExpr::StatedRegion,
        };
        Some(into.program.text(expr))
    }

    fn time(&self, node: TimeNode, into: &mut Plan) -> Option<TimeNode> {
        let expr = match &self.from.program.times[node.0 as usize] {
            TimeExpr::Literal(seconds, has_time) => TimeExpr::Literal(*seconds, *has_time),
            TimeExpr::Variable(variable) => TimeExpr::Variable(self.variable(*variable)?),
            TimeExpr::Date(time) => TimeExpr::Date(self.time(*time, into)?),
            TimeExpr::Parameter(parameter) => TimeExpr::Parameter(*parameter),
        };
        Some(into.program.time(expr))
    }

    fn test(&self, test: &TextTest, into: &mut Plan) -> TextTest {
        match test {
            TextTest::InCodelist(name) => TextTest::InCodelist(self.list(name, into)),
            other => other.clone(),
        }
    }

    /// The name under which the other plan knows the list.
    fn list(&self, name: &str, into: &mut Plan) -> String {
        let Some(own) = self.from.codelists.get(name) else { return name.to_owned() };
        if into.codelists.get(name).is_some_and(|there| is_same_list(own, there)) {
            return name.to_owned();
        }
        let old = format!("{name} (before)");
        if into.codelists.get(&old).is_none() {
            into.codelists.insert(old.clone(), Codelist::clone(own));
        }
        old
    }
}

/// What a list says of each of its codes, other spellings among them: their days, the spelling that stands for them, and
/// their attributes by column.
pub fn rows(list: &Codelist) -> BTreeMap<&str, CodeRow<'_>> {
    let row = |entry: &Entry| CodeRow {
        days: entry.periods().iter().map(|period| (period.from, period.to)).collect(),
        canonical: list.canonical(entry.code.as_bytes()).map(str::to_owned),
        attributes: list
            .columns()
            .enumerate()
            .map(|(index, name)| {
                let cells = list.periods(entry.code.as_bytes()).iter();
                (name, cells.map(|period| period.attribute(index).map(str::to_owned)).collect())
            })
            .collect(),
    };
    list.entries().iter().map(|entry| (entry.code.as_str(), row(entry))).collect()
}

/// What a list says of one code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeRow<'a> {
    days: Vec<(Option<i64>, Option<i64>)>,
    canonical: Option<String>,
    /// A cell for each row of the code.
    attributes: BTreeMap<&'a str, Vec<Option<String>>>,
}

/// Whether two lists say the same of the same codes.
pub fn is_same_list(a: &Arc<Codelist>, b: &Arc<Codelist>) -> bool {
    Arc::ptr_eq(a, b) || (a.columns().eq(b.columns()) && rows(a) == rows(b))
}

/// Whether the text of a field means the same to both plans, be it valid or not.
fn is_read_alike(from: &Plan, old: VariableIndex, into: &Plan, new: VariableIndex) -> bool {
    let variable = |collection: &Collection, index: VariableIndex| collection.get(index).clone();
    let (old, new) = (variable(&from.collection, old), variable(&into.collection, new));
    old.separators == new.separators
        && match (&old.domain, &new.domain) {
            (Domain::Text { .. }, Domain::Text { .. })
            | (Domain::Timestamp { .. }, Domain::Timestamp { .. })
            | (Domain::Year { .. }, Domain::Year { .. })
            | (Domain::Integer { .. }, Domain::Integer { .. }) => true,
            (Domain::Code { codelist: a }, Domain::Code { codelist: b }) => {
                match (from.codelists.get(a), into.codelists.get(b)) {
                    (Some(a), Some(b)) => {
                        let spelling =
                            |list: &Codelist, code: &str| list.canonical(code.as_bytes()).unwrap_or(code).to_owned();
                        let codes = a.entries().iter().chain(b.entries()).map(|entry| entry.code.as_str());
                        codes.into_iter().all(|code| spelling(a, code) == spelling(b, code))
                    }
                    _ => false,
                }
            }
            _ => false,
        }
}
