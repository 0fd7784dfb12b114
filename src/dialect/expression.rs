//! Nodes of a plan's program as SQL expressions, with the meaning that `engine::eval` gives them.
//!
//! Each expression is over the columns of the statement's layers: `"x"` is a variable as text without surrounding
//! blanks, and what is read out of it stands beside it under the names of [`Reading`]. Which of those an expression
//! needs is remembered, so that a statement makes no others.

mod values;

use std::collections::{BTreeMap, BTreeSet};

use super::words::Words;
use super::{Obstacle, Request};
use crate::model::VariableIndex;
use crate::pattern::{Meaning, Pattern};
use crate::rule::expr::{BoolExpr, BoolNode, Comparison, TextTest};
use crate::schema::{Codelist, Domain};

/// Ten or twelve digits, possibly with `-`, `+` or a space before the last four and no other digits around, that hold a possible date; `engine::text` says
/// why 29 February is possible in every century. The control digit is looked at apart.
pub(super) const PERSONAL_NUMBER: &str = "^[^0-9]*(?:18|19|20)?(?:[0-9]{2}(?:(?:0[13578]|1[02])(?:0[1-9]|[12][0-9]|3[01]|6[1-9]|[78][0-9]|9[01])|(?:0[469]|11)(?:0[1-9]|[12][0-9]|30|6[1-9]|[78][0-9]|90)|02(?:0[1-9]|1[0-9]|2[0-8]|6[1-9]|7[0-9]|8[0-8]))|(?:[02468][048]|[13579][26])02(?:29|89))[-+ ]?[0-9]{4}[^0-9]*$";

/// What is read out of a variable's text, as a column of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reading {
    /// The code in its canonical spelling.
    Code,
    /// Day, and second of that day: null where no time of day was written.
    Time,
    /// A whole number.
    Number,
    /// The values of a repeating variable, as a list; of another the value as its only element.
    Elements,
    /// Whether every value is in the official list.
    Official,
}

/// A truth as text, and how tightly it binds.
pub(super) struct Truth {
    pub(super) text: String,
    binding: Binding,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Binding {
    Or,
    And,
    Not,
    Predicate,
}

impl Truth {
    fn predicate(text: String) -> Self {
        Self { text, binding: Binding::Predicate }
    }

    /// In brackets where its surroundings bind more tightly; several of one word need none.
    fn within(self, outer: Binding) -> String {
        let stands_alone = self.binding > outer || (self.binding == outer && outer != Binding::Not);
        if stands_alone { self.text } else { format!("({})", self.text) }
    }
}

/// Writes expressions, and remembers what they read.
pub(super) struct Writer<'a> {
    pub(super) request: &'a Request<'a>,
    pub(super) words: &'a dyn Words,
    pub(super) readings: BTreeSet<(VariableIndex, Reading)>,
    pub(super) variables: BTreeSet<VariableIndex>,
}

/// First and last day of a row of a code list.
type Days = (Option<i64>, Option<i64>);

impl<'a> Writer<'a> {
    pub(super) fn new(request: &'a Request<'a>, words: &'a dyn Words) -> Self {
        Self { request, words, readings: BTreeSet::new(), variables: BTreeSet::new() }
    }

    /// The name of a variable's column, followed by a word for what is read out of it.
    pub(super) fn column(&self, variable: VariableIndex, suffix: &str) -> String {
        let id = &self.request.plan.collection.get(variable).id;
        self.words.identifier(&format!("{id}{suffix}"))
    }

    pub(super) fn own(&mut self, variable: VariableIndex) -> String {
        self.variables.insert(variable);
        self.column(variable, "")
    }

    pub(super) fn read(&mut self, variable: VariableIndex, reading: Reading) {
        self.variables.insert(variable);
        self.readings.insert((variable, reading));
    }

    fn list_of(&self, variable: VariableIndex) -> Option<&'a Codelist> {
        match &self.request.plan.collection.get(variable).domain {
            Domain::Code { codelist } => self.request.plan.codelists.get(codelist).map(AsRef::as_ref),
            _ => None,
        }
    }

    /// The truth of a node.
    pub(super) fn bool(&mut self, node: BoolNode) -> Result<Truth, Obstacle> {
        let request = self.request;
        match &request.plan.program.bools[node.0 as usize] {
            BoolExpr::Constant(truth) => Ok(Truth::predicate(
                match truth {
                    Some(true) => "TRUE",
                    Some(false) => "FALSE",
                    None => "CAST(NULL AS BOOLEAN)",
                }
                .to_owned(),
            )),
            BoolExpr::And(nodes) => self.joined(nodes, " AND ", Binding::And),
            BoolExpr::Or(nodes) => self.joined(nodes, " OR ", Binding::Or),
            BoolExpr::Not(inner) => self.negated(*inner),
            BoolExpr::IsBlank(variable) => Ok(Truth::predicate(format!("{} IS NULL", self.own(*variable)))),
            BoolExpr::Text(text, test) => {
                let text = self.text(*text)?;
                self.test(test, &text, false)
            }
            BoolExpr::CompareText(comparison, left, right) => {
                let (left, right) = (self.text(*left)?, self.text(*right)?);
                Ok(Truth::predicate(format!("{left} {} {right}", operator(*comparison))))
            }
            BoolExpr::CompareInt(comparison, left, right) => {
                let (left, right) = (self.int(*left)?, self.int(*right)?);
                Ok(Truth::predicate(format!("{left} {} {right}", operator(*comparison))))
            }
            BoolExpr::CompareTime(comparison, left, right) => {
                let (left, right) = (self.time(*left), self.time(*right));
                Ok(Truth::predicate(self.compare_times(*comparison, &left, &right)))
            }
            BoolExpr::HasTime(time) => {
                let time = self.time(*time);
                let has_time = match &time.second {
                    None => "FALSE".to_owned(),
                    Some(second) => format!("{} IS NOT NULL", second.text),
                };
                Ok(Truth::predicate(format!("CASE WHEN {} IS NOT NULL THEN {has_time} END", time.day)))
            }
            BoolExpr::ValueOk(variable) => self.value_ok(*variable),
            BoolExpr::OfficialOk(variable) => Ok(Truth::predicate(if self.request.official_of(*variable).is_some() {
                self.read(*variable, Reading::Official);
                self.column(*variable, " official")
            } else {
                "CAST(NULL AS BOOLEAN)".to_owned()
            })),
            BoolExpr::AnyElement(variable, test) => {
                self.elements(*variable, " > 0", false, |writer, element| writer.test_element(*variable, test, element))
            }
            BoolExpr::EveryElement(variable, test) => {
                self.elements(*variable, " = 0", true, |writer, element| writer.test_element(*variable, test, element))
            }
        }
    }

    fn joined(&mut self, nodes: &[BoolNode], word: &str, binding: Binding) -> Result<Truth, Obstacle> {
        let parts = nodes.iter().map(|node| Ok(self.bool(*node)?.within(binding))).collect::<Result<Vec<_>, _>>()?;
        Ok(Truth { text: parts.join(word), binding })
    }

    fn negated(&mut self, inner: BoolNode) -> Result<Truth, Obstacle> {
        let request = self.request;
        match &request.plan.program.bools[inner.0 as usize] {
            BoolExpr::IsBlank(variable) => Ok(Truth::predicate(format!("{} IS NOT NULL", self.own(*variable)))),
            BoolExpr::Text(text, test @ TextTest::In(_)) => {
                let text = self.text(*text)?;
                self.test(test, &text, true)
            }
            _ => {
                let inner = self.bool(inner)?.within(Binding::Not);
                Ok(Truth { text: format!("NOT {inner}"), binding: Binding::Not })
            }
        }
    }

    /// A test of one text; null where the text is.
    fn test(&mut self, test: &TextTest, text: &str, negated: bool) -> Result<Truth, Obstacle> {
        Ok(match test {
            TextTest::In(values) => {
                let values = values.iter().map(|value| String::from_utf8_lossy(value).into_owned());
                Truth::predicate(self.is_among(text, values, negated))
            }
            TextTest::Pattern(pattern) => Truth::predicate(self.pattern(text, pattern)?),
            TextTest::InCodelist(name) => {
                let list = self.request.plan.codelists.get(name).ok_or_else(|| Obstacle::Codelist(name.clone()))?;
                Truth::predicate(self.is_among(text, list.entries().iter().map(|entry| entry.code.clone()), false))
            }
            TextTest::Luhn => Truth::predicate(self.words.luhn(&self.words.only_digits(text))),
            TextTest::PersonalNumber => {
                let shape = self.words.matches_pattern(text, PERSONAL_NUMBER)?;
                let digits = format!("right({}, 10)", self.words.only_digits(text));
                Truth { text: format!("{shape} AND {}", self.words.luhn(&digits)), binding: Binding::And }
            }
        })
    }

    fn is_among(&self, text: &str, values: impl Iterator<Item = String>, negated: bool) -> String {
        let values: Vec<String> = values.map(|value| self.words.literal(&value)).collect();
        match (values.as_slice(), negated) {
            // Nothing is among none, but of what is null that is not known.
            ([], negated) => {
                format!("CASE WHEN {text} IS NOT NULL THEN {} END", if negated { "TRUE" } else { "FALSE" })
            }
            ([only], false) => format!("{text} = {only}"),
            ([only], true) => format!("{text} <> {only}"),
            (several, negated) => {
                format!("{text} {}IN ({})", if negated { "NOT " } else { "" }, several.join(", "))
            }
        }
    }

    fn pattern(&self, text: &str, pattern: &Pattern) -> Result<String, Obstacle> {
        match pattern.meaning() {
            Meaning::Exact(value) => Ok(format!("{text} = {}", self.words.literal(&String::from_utf8_lossy(value)))),
            Meaning::Prefix(value) => {
                Ok(self.words.starts_with(text, &self.words.literal(&String::from_utf8_lossy(value))))
            }
            Meaning::Regular(pattern) => self.words.matches_pattern(text, pattern),
        }
    }

    /// A test of one of several values, in its canonical spelling.
    fn test_element(&mut self, variable: VariableIndex, test: &TextTest, element: &str) -> Result<Truth, Obstacle> {
        let element = match self.list_of(variable) {
            Some(list) => self.canonical(list, element).unwrap_or_else(|| element.to_owned()),
            None => element.to_owned(),
        };
        self.test(test, &element, false)
    }

    /// The canonical spelling of a code; `None` where every code has one spelling only.
    pub(super) fn canonical(&self, list: &Codelist, code: &str) -> Option<String> {
        let mut spellings: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for entry in list.entries() {
            match list.canonical(entry.code.as_bytes()) {
                Some(canonical) if canonical != entry.code => {
                    spellings.entry(canonical).or_default().push(self.words.literal(&entry.code));
                }
                _ => {}
            }
        }
        if spellings.is_empty() {
            return None;
        }
        let cases: Vec<String> = spellings
            .iter()
            .map(|(canonical, spellings)| {
                format!("WHEN {code} IN ({}) THEN {}", spellings.join(", "), self.words.literal(canonical))
            })
            .collect();
        Some(format!("CASE {} ELSE {code} END", cases.join(" ")))
    }

    /// How many of a variable's values meet a condition (or its opposite), compared with 0; null where blank.
    fn elements(
        &mut self,
        variable: VariableIndex,
        comparison: &str,
        negated: bool,
        condition: impl Fn(&mut Self, &str) -> Result<Truth, Obstacle>,
    ) -> Result<Truth, Obstacle> {
        self.read(variable, Reading::Elements);
        if !self.request.plan.collection.get(variable).repeats() {
            let element = self.column(variable, " element");
            return condition(self, &element);
        }
        let count = self.counted(variable, negated, condition)?;
        let own = self.own(variable);
        Ok(Truth::predicate(format!("CASE WHEN {own} IS NOT NULL THEN {count}{comparison} END")))
    }

    fn counted(
        &mut self,
        variable: VariableIndex,
        negated: bool,
        condition: impl Fn(&mut Self, &str) -> Result<Truth, Obstacle>,
    ) -> Result<String, Obstacle> {
        let list = self.column(variable, " elements");
        let truth = condition(self, "e")?;
        let text = if negated { format!("NOT {}", truth.within(Binding::Not)) } else { truth.text };
        Ok(self.words.count_elements(&list, &|_| text.clone()))
    }

    /// Whether the value is of its variable's type, format, code list and range.
    fn value_ok(&mut self, variable: VariableIndex) -> Result<Truth, Obstacle> {
        let request = self.request;
        let item = request.plan.collection.get(variable);
        let own = self.own(variable);
        match &item.domain {
            Domain::Text { format, max_length, .. } => {
                let most = format.as_ref().and_then(|format| format.max_length);
                let most = [most, *max_length].into_iter().flatten().min();
                self.elements(variable, " = 0", true, |writer, element| {
                    let mut parts = Vec::new();
                    if let Some(most) = most {
                        parts.push(format!("{} <= {most}", writer.words.length(element)));
                    }
                    if let Some(format) = format {
                        parts.push(writer.pattern(element, &format.pattern)?);
                    }
                    if parts.is_empty() {
                        parts.push(format!("CASE WHEN {element} IS NOT NULL THEN TRUE END"));
                    }
                    let binding = if parts.len() > 1 { Binding::And } else { Binding::Predicate };
                    Ok(Truth { text: parts.join(" AND "), binding })
                })
            }
            Domain::Code { codelist } => {
                let Some(list) = request.plan.codelists.get(codelist) else {
                    return Ok(Truth::predicate("CAST(NULL AS BOOLEAN)".to_owned()));
                };
                self.in_list(variable, list)
            }
            Domain::Timestamp { date_only } => {
                self.read(variable, Reading::Time);
                let (day, second) = (self.column(variable, " day"), self.column(variable, " second"));
                let good = if *date_only {
                    format!("{day} IS NOT NULL")
                } else {
                    format!("{day} IS NOT NULL AND {second} IS NOT NULL")
                };
                Ok(Truth::predicate(format!("CASE WHEN {own} IS NOT NULL THEN {good} END")))
            }
            Domain::Year { range } | Domain::Integer { range } => {
                self.read(variable, Reading::Number);
                let number = self.column(variable, " number");
                let good = match range {
                    Some((min, max)) => format!("{number} IS NOT NULL AND {number} BETWEEN {min} AND {max}"),
                    None => format!("{number} IS NOT NULL"),
                };
                Ok(Truth::predicate(format!("CASE WHEN {own} IS NOT NULL THEN {good} END")))
            }
        }
    }

    /// Whether every value is a code of `list`, valid on the record's date where the code is dated.
    fn in_list(&mut self, variable: VariableIndex, list: &Codelist) -> Result<Truth, Obstacle> {
        let codes = |dated: bool| {
            list.entries().iter().filter(move |entry| !dated || entry.is_dated()).map(|entry| entry.code.clone())
        };
        let listed =
            |writer: &mut Self, element: &str| Ok(Truth::predicate(writer.is_among(element, codes(false), false)));
        let all_listed = self.elements(variable, " = 0", true, listed)?;
        if codes(true).next().is_none() {
            return Ok(all_listed);
        }
        let any_dated = self.elements(variable, " > 0", false, |writer, element| {
            Ok(Truth::predicate(writer.is_among(element, codes(true), false)))
        })?;
        let Some(date) = self.request.plan.collection.record_date else {
            return Ok(Truth::predicate(format!(
                "CASE WHEN NOT ({}) THEN FALSE WHEN NOT ({}) THEN TRUE END",
                all_listed.text, any_dated.text
            )));
        };
        self.read(date, Reading::Time);
        let day = self.column(date, " day");
        let mut periods: BTreeMap<Vec<Days>, Vec<String>> = BTreeMap::new();
        for entry in list.entries().iter().filter(|entry| entry.is_dated()) {
            let valid = entry.periods().iter().map(|period| (period.from, period.to)).collect();
            periods.entry(valid).or_default().push(self.words.literal(&entry.code));
        }
        let all_valid = self.elements(variable, " = 0", true, |writer, element| {
            let cases: Vec<String> = periods
                .iter()
                .map(|(valid, codes)| {
                    let within: Vec<String> = valid.iter().map(|period| writer.within(&day, *period)).collect();
                    format!("WHEN {element} IN ({}) THEN {}", codes.join(", "), within.join(" OR "))
                })
                .collect();
            Ok(Truth::predicate(format!("CASE {} ELSE TRUE END", cases.join(" "))))
        })?;
        Ok(Truth::predicate(format!(
            "CASE WHEN NOT ({}) THEN FALSE WHEN NOT ({}) THEN TRUE WHEN {day} IS NOT NULL THEN {} END",
            all_listed.text, any_dated.text, all_valid.text
        )))
    }

    /// Whether a day lies in a period that has a first or a last day.
    pub(super) fn within(&self, day: &str, (from, to): Days) -> String {
        let bounds: Vec<String> = [(">=", from), ("<=", to)]
            .into_iter()
            .filter_map(|(operator, bound)| Some(format!("{day} {operator} {}", self.words.day(bound?))))
            .collect();
        bounds.join(" AND ")
    }
}

fn operator(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Equal => "=",
        Comparison::NotEqual => "<>",
        Comparison::Less => "<",
        Comparison::LessOrEqual => "<=",
        Comparison::Greater => ">",
        Comparison::GreaterOrEqual => ">=",
    }
}
