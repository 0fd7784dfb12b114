//! Nodes as SQL: the text of any expression, in the subset that rules are written in.
//!
//! What is printed parses again to the same node. It need not be the text that was written: brackets that change
//! nothing are gone, `BETWEEN` is two comparisons, and a condition that several rules have reads as the first wrote it.
//! Two nodes exist that no rule can write, those of value domains and official lists; they are printed as functions,
//! `value_ok(x)` and `official_ok(x)`, and [`Printer::is_writable`] is false of whatever holds them.
//!
//! Deliberately knows nothing of other dialects of SQL.

mod aggregate;

use std::fmt::Write as _;

use sqlparser::dialect::GenericDialect;
use sqlparser::keywords::ALL_KEYWORDS;
use sqlparser::parser::Parser;

use super::expr::{
    BoolExpr, BoolNode, Comparison, IntExpr, IntNode, Program, TextExpr, TextNode, TextTest, TimeExpr, TimeNode,
};
use super::{Plan, expr::Parameter};
use crate::model::VariableIndex;
use crate::schema::{Codelists, Collection};
use crate::time::{DAY, format_day};

/// Prints nodes of one program.
#[derive(Clone, Copy, Debug)]
pub struct Printer<'a> {
    program: &'a Program,
    collection: &'a Collection,
    codelists: &'a Codelists,
}

/// How strongly a text of SQL holds together; what binds less than its surroundings is bracketed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Binding {
    Or,
    And,
    Not,
    Comparison,
}

impl Comparison {
    /// The operator in SQL.
    pub fn operator(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "<>",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }
}

impl<'a> Printer<'a> {
    /// A printer of a plan's nodes.
    pub fn of(plan: &'a Plan) -> Self {
        Self::new(&plan.program, &plan.collection, &plan.codelists)
    }

    /// A printer of `program`'s nodes, which read `collection` and `codelists`.
    pub fn new(program: &'a Program, collection: &'a Collection, codelists: &'a Codelists) -> Self {
        Self { program, collection, codelists }
    }

    /// A condition.
    pub fn bool(&self, node: BoolNode) -> String {
        let mut out = String::new();
        self.write_bool(node, Binding::Or, &mut out);
        out
    }

    /// A whole number.
    pub fn int(&self, node: IntNode) -> String {
        let mut out = String::new();
        self.write_int(node, &mut out);
        out
    }

    /// A text.
    pub fn text(&self, node: TextNode) -> String {
        let mut out = String::new();
        self.write_text(node, &mut out);
        out
    }

    /// A point in time.
    pub fn time(&self, node: TimeNode) -> String {
        let mut out = String::new();
        self.write_time(node, &mut out);
        out
    }

    /// Whether a rule could have been written so.
    pub fn is_writable(&self, node: BoolNode) -> bool {
        match &self.program.bools[node.0 as usize] {
            BoolExpr::ValueOk(_) | BoolExpr::OfficialOk(_) | BoolExpr::Constant(None) => false,
            BoolExpr::And(nodes) | BoolExpr::Or(nodes) => nodes.iter().all(|node| self.is_writable(*node)),
            BoolExpr::Not(node) => self.is_writable(*node),
            BoolExpr::AnyElement(_, test) | BoolExpr::EveryElement(_, test) => is_like(test),
            _ => true,
        }
    }

    fn write_bool(&self, node: BoolNode, around: Binding, out: &mut String) {
        let expr = &self.program.bools[node.0 as usize];
        let binding = match expr {
            BoolExpr::Or(_) => Binding::Or,
            BoolExpr::And(_) => Binding::And,
            BoolExpr::Not(inner) => self.negation_binding(*inner),
            _ => Binding::Comparison,
        };
        if binding < around {
            out.push('(');
            self.write_bool(node, Binding::Or, out);
            out.push(')');
            return;
        }
        match expr {
            BoolExpr::Constant(truth) => {
                out.push_str(match truth {
                    Some(true) => "TRUE",
                    Some(false) => "FALSE",
                    None => "NULL",
                });
            }
            BoolExpr::And(nodes) => self.write_all(nodes, " AND ", Binding::Not, out),
            BoolExpr::Or(nodes) => self.write_all(nodes, " OR ", Binding::And, out),
            BoolExpr::Not(inner) => self.write_negated(*inner, out),
            BoolExpr::IsBlank(variable) => {
                self.write_variable(*variable, out);
                out.push_str(" IS NULL");
            }
            BoolExpr::Text(text, test) => self.write_test(*text, test, false, out),
            BoolExpr::CompareText(comparison, left, right) => {
                self.write_text(*left, out);
                write_operator(*comparison, out);
                self.write_text(*right, out);
            }
            BoolExpr::CompareInt(comparison, left, right) => {
                self.write_int(*left, out);
                write_operator(*comparison, out);
                self.write_int(*right, out);
            }
            BoolExpr::CompareTime(comparison, left, right) => {
                self.write_time(*left, out);
                write_operator(*comparison, out);
                self.write_time(*right, out);
            }
            BoolExpr::HasTime(time) => {
                out.push_str("has_time(");
                self.write_time(*time, out);
                out.push(')');
            }
            BoolExpr::ValueOk(variable) => self.write_call("value_ok", *variable, None, out),
            BoolExpr::OfficialOk(variable) => self.write_call("official_ok", *variable, None, out),
            BoolExpr::AnyElement(variable, test) => self.write_call("any_element_like", *variable, Some(test), out),
            BoolExpr::EveryElement(variable, test) => self.write_call("every_element_like", *variable, Some(test), out),
        }
    }

    fn write_all(&self, nodes: &[BoolNode], between: &str, around: Binding, out: &mut String) {
        for (index, node) in nodes.iter().enumerate() {
            if index > 0 {
                out.push_str(between);
            }
            self.write_bool(*node, around, out);
        }
    }

    /// `x IS NOT NULL`, `x <> 'a'`, `x NOT IN (…)` and `x NOT LIKE '…'` are comparisons; other negations are not.
    fn negation_binding(&self, inner: BoolNode) -> Binding {
        match &self.program.bools[inner.0 as usize] {
            BoolExpr::IsBlank(_) => Binding::Comparison,
            BoolExpr::Text(_, test) if matches!(test, TextTest::In(_)) || is_like(test) => Binding::Comparison,
            _ => Binding::Not,
        }
    }

    fn write_negated(&self, inner: BoolNode, out: &mut String) {
        match &self.program.bools[inner.0 as usize] {
            BoolExpr::IsBlank(variable) => {
                self.write_variable(*variable, out);
                out.push_str(" IS NOT NULL");
            }
            BoolExpr::Text(text, test) if matches!(test, TextTest::In(_)) || is_like(test) => {
                self.write_test(*text, test, true, out);
            }
            // `NOT a < b` is right but easily misread.
            BoolExpr::CompareText(..) | BoolExpr::CompareInt(..) | BoolExpr::CompareTime(..) => {
                out.push_str("NOT (");
                self.write_bool(inner, Binding::Or, out);
                out.push(')');
            }
            _ => {
                out.push_str("NOT ");
                self.write_bool(inner, Binding::Comparison, out);
            }
        }
    }

    fn write_test(&self, text: TextNode, test: &TextTest, negated: bool, out: &mut String) {
        let not = if negated { "NOT " } else { "" };
        let function = match test {
            TextTest::In(values) => {
                self.write_text(text, out);
                let is_literal = matches!(self.program.texts[text.0 as usize], TextExpr::Literal(_));
                match values.as_slice() {
                    // Two literals would be compared as texts.
                    [only] if !is_literal => {
                        write_operator(if negated { Comparison::NotEqual } else { Comparison::Equal }, out);
                        write_literal(only, out);
                    }
                    _ => {
                        out.push(' ');
                        out.push_str(not);
                        out.push_str("IN (");
                        for (index, value) in values.iter().enumerate() {
                            if index > 0 {
                                out.push_str(", ");
                            }
                            write_literal(value, out);
                        }
                        out.push(')');
                    }
                }
                return;
            }
            TextTest::Pattern(pattern) => match pattern.as_like() {
                Some(like) => {
                    self.write_text(text, out);
                    out.push(' ');
                    out.push_str(not);
                    out.push_str("LIKE ");
                    write_literal(like.as_bytes(), out);
                    return;
                }
                None => ("regexp_like", Some(pattern.text())),
            },
            TextTest::InCodelist(list) => ("in_codelist", Some(list.as_str())),
            TextTest::Luhn => ("luhn_ok", None),
            TextTest::PersonalNumber => ("is_personal_number", None),
        };
        out.push_str(function.0);
        out.push('(');
        self.write_text(text, out);
        if let Some(argument) = function.1 {
            out.push_str(", ");
            write_literal(argument.as_bytes(), out);
        }
        out.push(')');
    }

    /// A function of a variable, and of a pattern where there is one.
    fn write_call(&self, function: &str, variable: VariableIndex, test: Option<&TextTest>, out: &mut String) {
        out.push_str(function);
        out.push('(');
        self.write_variable(variable, out);
        if let Some(test) = test {
            out.push_str(", ");
            let argument = match test {
                TextTest::Pattern(pattern) => pattern.as_like().unwrap_or_else(|| pattern.text()),
                TextTest::InCodelist(list) => list,
                TextTest::In(_) | TextTest::Luhn | TextTest::PersonalNumber => "",
            };
            write_literal(argument.as_bytes(), out);
        }
        out.push(')');
    }

    fn write_int(&self, node: IntNode, out: &mut String) {
        match &self.program.ints[node.0 as usize] {
            IntExpr::Literal(number) => {
                // Writing into a string cannot fail, here and below.
                let _ = write!(out, "{number}");
            }
            IntExpr::Variable(variable) => self.write_variable(*variable, out),
            IntExpr::Add(left, right) => self.write_sum(*left, " + ", *right, out),
            IntExpr::Subtract(left, right) => self.write_sum(*left, " - ", *right, out),
            IntExpr::Multiply(times, inner) => {
                let _ = write!(out, "{times} * ");
                // `2 * 3 * x` would be six times x.
                let is_product = matches!(self.program.ints[inner.0 as usize], IntExpr::Multiply(..));
                if is_product {
                    out.push('(');
                    self.write_int(*inner, out);
                    out.push(')');
                } else {
                    self.write_member(*inner, out);
                }
            }
            IntExpr::CodelistNumber { list, code, column, .. } => {
                self.write_attribute("codelist_number", list, *code, *column, out);
            }
            IntExpr::Parameter(parameter) => write_parameter(*parameter, out),
            IntExpr::Length(text) => {
                out.push_str("length(");
                self.write_text(*text, out);
                out.push(')');
            }
            IntExpr::Year(time) => {
                out.push_str("EXTRACT(YEAR FROM ");
                self.write_time(*time, out);
                out.push(')');
            }
            IntExpr::DaysBetween(from, to) => self.write_between("days_between", *from, *to, out),
            IntExpr::MinutesBetween(from, to) => self.write_between("minutes_between", *from, *to, out),
            IntExpr::ElementCount(variable, None) => self.write_call("element_count", *variable, None, out),
            IntExpr::ElementCount(variable, test) => {
                self.write_call("count_elements_like", *variable, test.as_ref(), out);
            }
        }
    }

    fn write_sum(&self, left: IntNode, operator: &str, right: IntNode, out: &mut String) {
        self.write_int(left, out);
        out.push_str(operator);
        self.write_member(right, out);
    }

    /// A number where a sum needs brackets.
    fn write_member(&self, right: IntNode, out: &mut String) {
        let is_sum = matches!(self.program.ints[right.0 as usize], IntExpr::Add(..) | IntExpr::Subtract(..));
        if is_sum {
            out.push('(');
        }
        self.write_int(right, out);
        if is_sum {
            out.push(')');
        }
    }

    fn write_between(&self, function: &str, from: TimeNode, to: TimeNode, out: &mut String) {
        out.push_str(function);
        out.push('(');
        self.write_time(from, out);
        out.push_str(", ");
        self.write_time(to, out);
        out.push(')');
    }

    fn write_text(&self, node: TextNode, out: &mut String) {
        match &self.program.texts[node.0 as usize] {
            TextExpr::Literal(value) => write_literal(value, out),
            TextExpr::Variable(variable) => self.write_variable(*variable, out),
            TextExpr::Substring(text, from, count) => {
                out.push_str("SUBSTRING(");
                self.write_text(*text, out);
                let _ = write!(out, " FROM {from}");
                if let Some(count) = count {
                    let _ = write!(out, " FOR {count}");
                }
                out.push(')');
            }
            TextExpr::CodelistValue { list, code, column } => {
                self.write_attribute("codelist_value", list, *code, *column, out);
            }
            TextExpr::OrganisationNumber(text) => {
                out.push_str("organisation_number(");
                self.write_text(*text, out);
                out.push(')');
            }
            TextExpr::StatedRegion => write_parameter(Parameter::StatedRegion, out),
        }
    }

    /// A function of a list, a code and a column.
    fn write_attribute(&self, function: &str, list: &str, code: TextNode, column: usize, out: &mut String) {
        out.push_str(function);
        out.push('(');
        write_literal(list.as_bytes(), out);
        out.push_str(", ");
        self.write_text(code, out);
        out.push_str(", ");
        let name = self.codelists.get(list).and_then(|list| list.columns().nth(column));
        write_literal(name.unwrap_or_default().as_bytes(), out);
        out.push(')');
    }

    fn write_time(&self, node: TimeNode, out: &mut String) {
        match &self.program.times[node.0 as usize] {
            TimeExpr::Literal(seconds, has_time) => write_time_literal(*seconds, *has_time, out),
            TimeExpr::Variable(variable) => self.write_variable(*variable, out),
            TimeExpr::Date(time) => {
                out.push_str("CAST(");
                self.write_time(*time, out);
                out.push_str(" AS DATE)");
            }
            TimeExpr::Parameter(parameter) => write_parameter(*parameter, out),
        }
    }

    fn write_variable(&self, variable: VariableIndex, out: &mut String) {
        let name = &self.collection.get(variable).id;
        if is_plain(name) {
            out.push_str(name);
        } else {
            let _ = write!(out, "\"{}\"", name.replace('"', "\"\""));
        }
    }
}

/// Whether SQL reads the name as one; a few, such as `case` and `interval`, are words of the language.
fn is_plain(name: &str) -> bool {
    let is_simple = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        && name.starts_with(|first: char| !first.is_ascii_digit());
    if is_simple && ALL_KEYWORDS.binary_search(&name.to_ascii_uppercase().as_str()).is_err() {
        return true;
    }
    // Most keywords are names, too, where a name stands.
    let parsed = Parser::new(&GenericDialect {}).try_with_sql(name).and_then(|mut parser| parser.parse_expr());
    matches!(parsed, Ok(sqlparser::ast::Expr::Identifier(found)) if found.value == name && found.quote_style.is_none())
}

fn is_like(test: &TextTest) -> bool {
    matches!(test, TextTest::Pattern(pattern) if pattern.as_like().is_some())
}

fn write_operator(comparison: Comparison, out: &mut String) {
    out.push(' ');
    out.push_str(comparison.operator());
    out.push(' ');
}

fn write_literal(value: &[u8], out: &mut String) {
    out.push('\'');
    out.push_str(&String::from_utf8_lossy(value).replace('\'', "''"));
    out.push('\'');
}

fn write_parameter(parameter: Parameter, out: &mut String) {
    out.push_str(parameter.function());
    out.push_str("()");
}

fn write_time_literal(seconds: i64, has_time: bool, out: &mut String) {
    let (day, second) = (seconds.div_euclid(DAY), seconds.rem_euclid(DAY));
    let date = format_day(day);
    let _ = if has_time {
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        write!(out, "TIMESTAMP '{date}T{hour:02}:{minute:02}:{second:02}'")
    } else {
        write!(out, "DATE '{date}'")
    };
}

#[cfg(test)]
mod tests;
