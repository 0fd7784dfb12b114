//! SQL boolean expressions: parsed by `sqlparser`, lowered to typed nodes, every mistake labelled at its characters.
//!
//! The subset is small and stated in the README. Whatever is unknown or ill-typed is refused here: a code compared
//! with a number, a code that is not in its variable's list, a variable that does not exist, a repeating variable
//! compared as if it were one value, a product of two numbers of the record, an attribute of a list that has a row for
//! each period where no day is asked for.
//!
//! What SQL leaves to tables is said here: `codelist_number` reads the row that is valid on the collection's record
//! date, so that the expression says the day although the rule does not write it.

mod aggregate;

use std::ops::Range;

use sqlparser::ast::{
    self, BinaryOperator, DateTimeField, Expr, FunctionArg, FunctionArgExpr, FunctionArguments, Spanned as _,
    UnaryOperator, Value,
};
use sqlparser::dialect::GenericDialect;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Location, Span};

use super::expr::{
    BoolExpr, BoolNode, Comparison, IntExpr, IntNode, Parameter, Program, TextExpr, TextNode, TextTest, TimeExpr,
    TimeNode,
};
use crate::diag::{Diagnostic, Diagnostics, Source, did_you_mean};
use crate::model::VariableIndex;
use crate::pattern::Pattern;
use crate::schema::codelist::Entry;
use crate::schema::{Codelists, Collection, Domain};
use crate::time;
use crate::yaml::Spanned;

pub(crate) use aggregate::lower_aggregate;

/// How deep an expression may be nested.
const MAX_DEPTH: usize = 50;

/// What expressions may refer to.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'a> {
    pub(crate) collection: &'a Collection,
    pub(crate) codelists: &'a Codelists,
}

/// Lowers a boolean expression; `None` where a mistake was reported.
pub(crate) fn lower_bool(
    text: &Spanned<String>,
    source: &Source,
    scope: Scope<'_>,
    program: &mut Program,
    diagnostics: &mut Diagnostics,
) -> Option<BoolNode> {
    let expr = parse(text, source, diagnostics)?;
    Lowering { text, source, scope, program, diagnostics }.bool(&expr)
}

/// Lowers a whole-number expression; `None` where a mistake was reported.
pub(crate) fn lower_int(
    text: &Spanned<String>,
    source: &Source,
    scope: Scope<'_>,
    program: &mut Program,
    diagnostics: &mut Diagnostics,
) -> Option<IntNode> {
    let expr = parse(text, source, diagnostics)?;
    let mut lowering = Lowering { text, source, scope, program, diagnostics };
    match lowering.any(&expr)? {
        Typed::Int(node) => Some(node),
        other => lowering.wrong_type(&expr, "a whole number", other.name()),
    }
}

fn parse(text: &Spanned<String>, source: &Source, diagnostics: &mut Diagnostics) -> Option<Expr> {
    let dialect = GenericDialect {};
    let parsed =
        Parser::new(&dialect).with_recursion_limit(MAX_DEPTH).try_with_sql(&text.value).and_then(|mut parser| {
            let expr = parser.parse_expr()?;
            let rest = parser.peek_token();
            if rest.token == sqlparser::tokenizer::Token::EOF {
                Ok(expr)
            } else {
                Err(sqlparser::parser::ParserError::ParserError(format!(
                    "Expected: end of expression, found: {rest} at {}",
                    rest.span.start
                )))
            }
        });
    parsed
        .map_err(|error| {
            let message = error.to_string();
            let message = message.trim_start_matches("sql parser error: ").to_owned();
            let (words, at) = message
                .rsplit_once(" at Line: ")
                .map_or((message.as_str(), None), |(words, place)| (words, parse_place(place)));
            let start = at.map_or(0, |location| byte_offset(&text.value, location));
            let end = text.value[start..].find(char::is_whitespace).map_or(text.value.len(), |len| start + len.max(1));
            let place = text.place_within(source, start..end);
            let words = words.replace("Expected: ", "expected ").replace(", found: ", ", found ");
            diagnostics
                .push(Diagnostic::new("rule::sql_syntax", format!("not an SQL expression: {words}")).at(place, "here"));
        })
        .ok()
}

fn parse_place(text: &str) -> Option<Location> {
    let (line, column) = text.split_once(", Column: ")?;
    Some(Location { line: line.trim().parse().ok()?, column: column.trim().parse().ok()? })
}

/// The byte offset of a 1-based line and column (in characters); the end of the text where it lies beyond.
fn byte_offset(text: &str, location: Location) -> usize {
    let line = usize::try_from(location.line.max(1) - 1).unwrap_or(usize::MAX);
    let column = usize::try_from(location.column.max(1) - 1).unwrap_or(usize::MAX);
    let Some(start) = std::iter::once(0).chain(text.match_indices('\n').map(|(index, _)| index + 1)).nth(line) else {
        return text.len();
    };
    text[start..].char_indices().nth(column).map_or(text.len(), |(index, _)| start + index)
}

/// A lowered expression with its type.
#[derive(Clone, Copy, Debug)]
enum Typed {
    Bool(BoolNode),
    Int(IntNode),
    Text(TextNode),
    Time(TimeNode),
    Repeating(VariableIndex),
}

impl Typed {
    fn name(self) -> &'static str {
        match self {
            Self::Bool(_) => "a truth",
            Self::Int(_) => "a whole number",
            Self::Text(_) => "a text",
            Self::Time(_) => "a point in time",
            Self::Repeating(_) => "a repeating variable",
        }
    }
}

struct Lowering<'a> {
    text: &'a Spanned<String>,
    source: &'a Source,
    scope: Scope<'a>,
    program: &'a mut Program,
    diagnostics: &'a mut Diagnostics,
}

impl Lowering<'_> {
    fn bool(&mut self, expr: &Expr) -> Option<BoolNode> {
        match self.any(expr)? {
            Typed::Bool(node) => Some(node),
            other => self.wrong_type(expr, "a condition", other.name()),
        }
    }

    fn text_node(&mut self, expr: &Expr) -> Option<TextNode> {
        match self.any(expr)? {
            Typed::Text(node) => Some(node),
            other => self.wrong_type(expr, "a text", other.name()),
        }
    }

    fn time_node(&mut self, expr: &Expr) -> Option<TimeNode> {
        match self.any(expr)? {
            Typed::Time(node) => Some(node),
            other => self.wrong_type(expr, "a point in time", other.name()),
        }
    }

    fn any(&mut self, expr: &Expr) -> Option<Typed> {
        match expr {
            Expr::Nested(inner) => self.any(inner),
            Expr::Identifier(name) => self.variable(&name.value, name.span),
            Expr::Value(value) => self.literal(&value.value, expr),
            Expr::TypedString(literal) => self.typed_literal(literal, expr),
            Expr::UnaryOp { op: UnaryOperator::Not, expr: inner } => {
                let node = self.bool(inner)?;
                Some(Typed::Bool(self.program.bool(BoolExpr::Not(node))))
            }
            Expr::UnaryOp { op: UnaryOperator::Minus, expr: inner } => match self.any(inner)? {
                Typed::Int(node) => {
                    let negated = match self.program.ints[node.0 as usize] {
                        IntExpr::Literal(number) => IntExpr::Literal(number.saturating_neg()),
                        _ => IntExpr::Subtract(self.program.int(IntExpr::Literal(0)), node),
                    };
                    Some(Typed::Int(self.program.int(negated)))
                }
                other => self.wrong_type(inner, "a whole number", other.name()),
            },
            Expr::IsNull(inner) => Some(Typed::Bool(self.is_null(inner)?)),
            Expr::IsNotNull(inner) => {
                let node = self.is_null(inner)?;
                Some(Typed::Bool(self.program.bool(BoolExpr::Not(node))))
            }
            Expr::InList { expr: inner, list, negated } => self.in_list(inner, list, *negated),
            Expr::Between { expr: inner, negated, low, high } => {
                let (low, high) = (
                    self.compare(inner, Comparison::GreaterOrEqual, low, expr),
                    self.compare(inner, Comparison::LessOrEqual, high, expr),
                );
                let both = self.program.bool(BoolExpr::And(vec![low?, high?]));
                Some(Typed::Bool(self.negate_if(*negated, both)))
            }
            Expr::Like { negated, any: false, expr: inner, pattern, escape_char: None } => {
                let text = self.text_node(inner);
                let pattern = self.string_literal(pattern)?;
                let compiled = self.pattern(Pattern::like(&pattern), expr)?;
                let node = self.program.bool(BoolExpr::Text(text?, TextTest::Pattern(compiled)));
                Some(Typed::Bool(self.negate_if(*negated, node)))
            }
            Expr::BinaryOp { left, op, right } => self.binary(left, op, right, expr),
            Expr::Cast { expr: inner, data_type: ast::DataType::Date, .. } => {
                let node = self.time_node(inner)?;
                Some(Typed::Time(self.program.time(TimeExpr::Date(node))))
            }
            Expr::Extract { field: DateTimeField::Year, expr: inner, .. } => {
                let node = self.time_node(inner)?;
                Some(Typed::Int(self.program.int(IntExpr::Year(node))))
            }
            Expr::Substring { expr: inner, substring_from: Some(from), substring_for, .. } => {
                let text = self.text_node(inner);
                let from = self.count_literal(from)?;
                let count = match substring_for {
                    Some(count) => Some(self.count_literal(count)?),
                    None => None,
                };
                Some(Typed::Text(self.program.text(TextExpr::Substring(text?, from, count))))
            }
            Expr::Function(function) => self.function(function, expr),
            _ => {
                self.mistake(
                    expr,
                    "rule::sql_unsupported",
                    "this form of SQL is not among those that rules may use".to_owned(),
                    "not supported",
                    None,
                );
                None
            }
        }
    }

    fn binary(&mut self, left: &Expr, op: &BinaryOperator, right: &Expr, whole: &Expr) -> Option<Typed> {
        let comparison = match op {
            BinaryOperator::And | BinaryOperator::Or => {
                let (left, right) = (self.bool(left), self.bool(right));
                let nodes = vec![left?, right?];
                let node = if *op == BinaryOperator::And { BoolExpr::And(nodes) } else { BoolExpr::Or(nodes) };
                return Some(Typed::Bool(self.program.bool(node)));
            }
            BinaryOperator::Plus | BinaryOperator::Minus => {
                let (Typed::Int(left), Typed::Int(right)) = (self.any(left)?, self.any(right)?) else {
                    self.mistake(
                        whole,
                        "rule::wrong_type",
                        format!("`{op}` adds whole numbers only"),
                        "not two whole numbers",
                        Some("for dates use days_between(a, b)".to_owned()),
                    );
                    return None;
                };
                let node = if *op == BinaryOperator::Plus {
                    IntExpr::Add(left, right)
                } else {
                    IntExpr::Subtract(left, right)
                };
                return Some(Typed::Int(self.program.int(node)));
            }
            BinaryOperator::Multiply => return self.multiple(left, right, whole),
            BinaryOperator::Eq => Comparison::Equal,
            BinaryOperator::NotEq => Comparison::NotEqual,
            BinaryOperator::Lt => Comparison::Less,
            BinaryOperator::LtEq => Comparison::LessOrEqual,
            BinaryOperator::Gt => Comparison::Greater,
            BinaryOperator::GtEq => Comparison::GreaterOrEqual,
            other => {
                self.mistake(
                    whole,
                    "rule::sql_unsupported",
                    format!("operator `{other}` is not among those that rules may use"),
                    "not supported",
                    None,
                );
                return None;
            }
        };
        Some(Typed::Bool(self.compare(left, comparison, right, whole)?))
    }

    /// A number written in the rule times any other.
    fn multiple(&mut self, left: &Expr, right: &Expr, whole: &Expr) -> Option<Typed> {
        let (typed_left, typed_right) = (self.any(left), self.any(right));
        let literal = |program: &Program, typed: Typed| match typed {
            Typed::Int(node) => match program.ints[node.0 as usize] {
                IntExpr::Literal(number) => Some(number),
                _ => None,
            },
            _ => None,
        };
        let (left, right) = (typed_left?, typed_right?);
        let ((Some(times), _, _, Typed::Int(of)) | (None, Some(times), Typed::Int(of), _)) =
            (literal(self.program, left), literal(self.program, right), left, right)
        else {
            self.mistake(
                whole,
                "rule::wrong_type",
                "`*` takes a number written out and a whole number".to_owned(),
                "not such a product",
                Some("one side must be written in the rule, as in 3 * days_between(a, b)".to_owned()),
            );
            return None;
        };
        Some(Typed::Int(self.program.int(IntExpr::Multiply(times, of))))
    }

    fn compare(&mut self, left: &Expr, comparison: Comparison, right: &Expr, whole: &Expr) -> Option<BoolNode> {
        let (typed_left, typed_right) = (self.any(left), self.any(right));
        match (typed_left?, typed_right?) {
            (Typed::Text(a), Typed::Text(b)) => {
                self.check_code(a, b, right)?;
                self.check_code(b, a, left)?;
                Some(self.compare_texts(comparison, a, b))
            }
            (Typed::Int(a), Typed::Int(b)) => Some(self.program.bool(BoolExpr::CompareInt(comparison, a, b))),
            (Typed::Time(a), Typed::Time(b)) => Some(self.program.bool(BoolExpr::CompareTime(comparison, a, b))),
            (a, b) => {
                let help = match (a, b) {
                    (Typed::Text(_), Typed::Int(_)) | (Typed::Int(_), Typed::Text(_)) => {
                        Some("codes are text: write '4', not 4".to_owned())
                    }
                    (Typed::Time(_), Typed::Text(_)) | (Typed::Text(_), Typed::Time(_)) => {
                        Some("write a date as DATE '2022-01-03'".to_owned())
                    }
                    (Typed::Repeating(_), _) | (_, Typed::Repeating(_)) => {
                        Some("use any_element_like(v, '…'), every_element_like(v, '…') or element_count(v)".to_owned())
                    }
                    _ => None,
                };
                self.mistake(
                    whole,
                    "rule::wrong_type",
                    format!("cannot compare {} with {}", a.name(), b.name()),
                    "these two",
                    help,
                );
                None
            }
        }
    }

    /// A comparison with a literal becomes a test, which is evaluated once for each distinct value.
    fn compare_texts(&mut self, comparison: Comparison, left: TextNode, right: TextNode) -> BoolNode {
        let literal = |program: &Program, node: TextNode| match &program.texts[node.0 as usize] {
            TextExpr::Literal(value) => Some(value.clone()),
            _ => None,
        };
        let (text, value) = match (literal(self.program, left), literal(self.program, right)) {
            (None, Some(value)) => (left, value),
            (Some(value), None) => (right, value),
            _ => return self.program.bool(BoolExpr::CompareText(comparison, left, right)),
        };
        match comparison {
            Comparison::Equal => self.program.bool(BoolExpr::Text(text, TextTest::In(vec![value]))),
            Comparison::NotEqual => {
                let equal = self.program.bool(BoolExpr::Text(text, TextTest::In(vec![value])));
                self.program.bool(BoolExpr::Not(equal))
            }
            _ => self.program.bool(BoolExpr::CompareText(comparison, left, right)),
        }
    }

    /// Refuses a literal that is not in the list of the code variable it is compared with.
    fn check_code(&mut self, variable: TextNode, literal: TextNode, place: &Expr) -> Option<()> {
        let (TextExpr::Variable(index), TextExpr::Literal(code)) =
            (&self.program.texts[variable.0 as usize], &self.program.texts[literal.0 as usize])
        else {
            return Some(());
        };
        let variable = self.scope.collection.get(*index);
        let Domain::Code { codelist } = &variable.domain else { return Some(()) };
        let list = self.scope.codelists.get(codelist)?.clone();
        let code = String::from_utf8_lossy(code).into_owned();
        match list.canonical(code.as_bytes()) {
            Some(canonical) if canonical == code => Some(()),
            Some(canonical) => {
                self.mistake(
                    place,
                    "rule::code_spelling",
                    format!("`{code}` is another spelling of `{canonical}` in code list `{codelist}`"),
                    "this code",
                    Some(format!("write '{canonical}': rules see every spelling as that code")),
                );
                None
            }
            None => {
                let help = did_you_mean(&code, list.codes()).or_else(|| {
                    (list.codes().count() <= 20)
                        .then(|| format!("its codes are {}", list.codes().collect::<Vec<_>>().join(", ")))
                });
                self.mistake(
                    place,
                    "rule::unknown_code",
                    format!("`{code}` is not in code list `{codelist}` of `{}`", variable.id),
                    "this code",
                    help,
                );
                None
            }
        }
    }

    fn in_list(&mut self, inner: &Expr, list: &[Expr], negated: bool) -> Option<Typed> {
        let node = match self.any(inner)? {
            Typed::Text(text) => {
                let mut values = Vec::new();
                let mut sound = true;
                for item in list {
                    let Some(value) = self.string_literal(item) else {
                        sound = false;
                        continue;
                    };
                    let literal = self.program.text(TextExpr::Literal(value.clone().into_bytes()));
                    sound &= self.check_code(text, literal, item).is_some();
                    values.push(value.into_bytes());
                }
                if !sound {
                    return None;
                }
                values.sort_unstable();
                values.dedup();
                self.program.bool(BoolExpr::Text(text, TextTest::In(values)))
            }
            Typed::Int(_) | Typed::Time(_) => {
                let nodes: Vec<_> =
                    list.iter().map(|item| self.compare(inner, Comparison::Equal, item, item)).collect();
                let nodes = nodes.into_iter().collect::<Option<Vec<_>>>()?;
                self.program.bool(BoolExpr::Or(nodes))
            }
            other => return self.wrong_type(inner, "a text, number or point in time", other.name()),
        };
        Some(Typed::Bool(self.negate_if(negated, node)))
    }

    fn is_null(&mut self, inner: &Expr) -> Option<BoolNode> {
        if let Expr::Nested(inner) = inner {
            return self.is_null(inner);
        }
        let Expr::Identifier(name) = inner else {
            self.mistake(
                inner,
                "rule::null_of_expression",
                "IS NULL asks whether a variable's field is blank".to_owned(),
                "not a variable",
                None,
            );
            return None;
        };
        let variable = self.find(&name.value, name.span)?;
        Some(self.program.bool(BoolExpr::IsBlank(variable)))
    }

    fn negate_if(&mut self, negated: bool, node: BoolNode) -> BoolNode {
        if negated { self.program.bool(BoolExpr::Not(node)) } else { node }
    }

    fn find(&mut self, name: &str, span: Span) -> Option<VariableIndex> {
        let found = self.scope.collection.variable(name);
        if found.is_none() {
            let range = self.range(span);
            let known = self.scope.collection.variables.iter().map(|variable| variable.id.as_str());
            let help = did_you_mean(name, known)
                .or_else(|| (!name.is_ascii()).then(|| "variables are written without å, ä and ö".to_owned()));
            self.diagnostics.push(
                Diagnostic::new(
                    "rule::unknown_variable",
                    format!("`{name}` is no variable of `{}`", self.scope.collection.id),
                )
                .at(self.text.place_within(self.source, range), "unknown variable")
                .help_if(help),
            );
        }
        found
    }

    fn variable(&mut self, name: &str, span: Span) -> Option<Typed> {
        let index = self.find(name, span)?;
        let variable = self.scope.collection.get(index);
        Some(match &variable.domain {
            _ if variable.repeats() => Typed::Repeating(index),
            Domain::Text { .. } | Domain::Code { .. } => Typed::Text(self.program.text(TextExpr::Variable(index))),
            Domain::Timestamp { .. } => Typed::Time(self.program.time(TimeExpr::Variable(index))),
            Domain::Year { .. } | Domain::Integer { .. } => Typed::Int(self.program.int(IntExpr::Variable(index))),
        })
    }

    fn literal(&mut self, value: &Value, place: &Expr) -> Option<Typed> {
        match value {
            Value::SingleQuotedString(text) => {
                Some(Typed::Text(self.program.text(TextExpr::Literal(text.clone().into_bytes()))))
            }
            Value::Number(text, _) => match text.parse() {
                Ok(number) => Some(Typed::Int(self.program.int(IntExpr::Literal(number)))),
                Err(_) => {
                    self.mistake(
                        place,
                        "rule::bad_number",
                        format!("`{text}` is not a whole number"),
                        "this number",
                        None,
                    );
                    None
                }
            },
            Value::Boolean(truth) => Some(Typed::Bool(self.program.bool(BoolExpr::Constant(Some(*truth))))),
            Value::Null => {
                self.mistake(
                    place,
                    "rule::null_literal",
                    "comparing with NULL is never true".to_owned(),
                    "here",
                    Some("use IS NULL or IS NOT NULL".to_owned()),
                );
                None
            }
            _ => {
                self.mistake(
                    place,
                    "rule::sql_unsupported",
                    "this kind of literal is not among those that rules may use".to_owned(),
                    "here",
                    None,
                );
                None
            }
        }
    }

    fn typed_literal(&mut self, literal: &ast::TypedString, place: &Expr) -> Option<Typed> {
        let text = match &literal.value.value {
            Value::SingleQuotedString(text) => text.clone(),
            _ => String::new(),
        };
        let parsed = time::parse(text.as_bytes());
        let (parsed, expected) = match literal.data_type {
            ast::DataType::Date => (parsed.filter(|time| time.form == time::Form::DateOnly), "a date as '2022-01-03'"),
            ast::DataType::Timestamp(..) => {
                (parsed.filter(|time| time.form != time::Form::DateOnly), "a point in time as '2022-01-03T08:00:00'")
            }
            _ => (None, "DATE '…' or TIMESTAMP '…'"),
        };
        match parsed {
            Some(time) => {
                Some(Typed::Time(self.program.time(TimeExpr::Literal(time.seconds, time.form != time::Form::DateOnly))))
            }
            None => {
                self.mistake(place, "rule::bad_date", format!("`{text}` is not {expected}"), "this literal", None);
                None
            }
        }
    }

    fn string_literal(&mut self, expr: &Expr) -> Option<String> {
        match expr {
            Expr::Nested(inner) => self.string_literal(inner),
            Expr::Value(value) => match &value.value {
                Value::SingleQuotedString(text) => Some(text.clone()),
                Value::Number(..) => {
                    self.mistake(
                        expr,
                        "rule::wrong_type",
                        "a number where a text literal is expected".to_owned(),
                        "here",
                        Some(format!("codes are text: write '{expr}', not {expr}")),
                    );
                    None
                }
                _ => self.no_literal(expr),
            },
            _ => self.no_literal(expr),
        }
    }

    fn no_literal<T>(&mut self, expr: &Expr) -> Option<T> {
        self.mistake(
            expr,
            "rule::literal_expected",
            "a text literal in single quotes is expected".to_owned(),
            "here",
            None,
        );
        None
    }

    fn count_literal(&mut self, expr: &Expr) -> Option<usize> {
        if let Expr::Value(value) = expr
            && let Value::Number(text, _) = &value.value
            && let Ok(number) = text.parse::<usize>()
            && number >= 1
        {
            return Some(number);
        }
        self.mistake(expr, "rule::literal_expected", "a whole number from 1 is expected".to_owned(), "here", None);
        None
    }

    fn pattern(&mut self, pattern: Result<Pattern, regex::Error>, place: &Expr) -> Option<Pattern> {
        pattern
            .map_err(|error| {
                let message = error.to_string();
                let last = message.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
                self.mistake(
                    place,
                    "rule::bad_pattern",
                    format!("not a regular expression: {last}"),
                    "this pattern",
                    None,
                );
            })
            .ok()
    }

    fn function(&mut self, function: &ast::Function, place: &Expr) -> Option<Typed> {
        let name = function.name.to_string().to_ascii_lowercase();
        let arguments: Vec<&Expr> = match &function.args {
            FunctionArguments::List(list) => list
                .args
                .iter()
                .filter_map(|argument| match argument {
                    FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr),
                    _ => None,
                })
                .collect(),
            _ => Vec::new(),
        };
        if let Some(parameter) = Parameter::ALL.into_iter().find(|parameter| parameter.function() == name) {
            self.arity(&name, &arguments, 0, place)?;
            return Some(match parameter {
                Parameter::StatedRegion => Typed::Text(self.program.text(TextExpr::StatedRegion)),
                Parameter::DeliveredRegions => Typed::Int(self.program.int(IntExpr::Parameter(parameter))),
                Parameter::DeliveryDate | Parameter::PeriodStart | Parameter::PeriodEnd => {
                    Typed::Time(self.program.time(TimeExpr::Parameter(parameter)))
                }
            });
        }
        let Some((_, arity)) = FUNCTIONS.iter().find(|(known, _)| *known == name) else {
            let known = FUNCTIONS.iter().map(|(known, _)| *known).chain(Parameter::ALL.map(Parameter::function));
            let help = if aggregate::is_aggregate(&name) {
                Some("aggregates are for collections that fold another, under `fold`".to_owned())
            } else {
                did_you_mean(&name, known)
            };
            let range = self.range(function.name.span());
            self.diagnostics.push(
                Diagnostic::new("rule::unknown_function", format!("no function `{name}`"))
                    .at(self.text.place_within(self.source, range), "this function")
                    .help_if(help),
            );
            return None;
        };
        self.arity(&name, &arguments, *arity, place)?;
        match name.as_str() {
            "length" => {
                let text = self.text_node(arguments[0])?;
                Some(Typed::Int(self.program.int(IntExpr::Length(text))))
            }
            "days_between" | "minutes_between" => {
                let (from, to) = (self.time_node(arguments[0]), self.time_node(arguments[1]));
                let node = if name == "days_between" {
                    IntExpr::DaysBetween(from?, to?)
                } else {
                    IntExpr::MinutesBetween(from?, to?)
                };
                Some(Typed::Int(self.program.int(node)))
            }
            "element_count" => {
                let variable = self.repeating(arguments[0])?;
                Some(Typed::Int(self.program.int(IntExpr::ElementCount(variable, None))))
            }
            "count_elements_like" => {
                let variable = self.repeating(arguments[0]);
                let pattern = self.string_literal(arguments[1])?;
                let test = TextTest::Pattern(self.pattern(Pattern::like(&pattern), place)?);
                Some(Typed::Int(self.program.int(IntExpr::ElementCount(variable?, Some(test)))))
            }
            "codelist_value" => {
                let (list, code, column) = self.attribute(&arguments)?;
                if let Some(code) = self.scope.codelists.get(&list)?.clone().repeated_code() {
                    self.mistake(
                        place,
                        "rule::dated_attribute",
                        format!("`{code}` has several rows in code list `{list}`, and codelist_value asks for no day"),
                        "this call",
                        Some("codelist_number takes the row that is valid on the record's date".to_owned()),
                    );
                    return None;
                }
                Some(Typed::Text(self.program.text(TextExpr::CodelistValue { list, code, column })))
            }
            "codelist_number" => {
                let (list, code, column) = self.attribute(&arguments)?;
                let found = self.scope.codelists.get(&list)?.clone();
                let mut cells = found.entries().iter().flat_map(Entry::periods).filter_map(|p| p.attribute(column));
                if let Some(cell) = cells.find(|cell| cell.parse::<i64>().is_err()) {
                    self.mistake(
                        arguments[2],
                        "rule::bad_number",
                        format!("`{cell}` in this column of code list `{list}` is not a whole number"),
                        "this column",
                        Some("codelist_value gives the text of a cell".to_owned()),
                    );
                    return None;
                }
                let date = self.scope.collection.record_date.filter(|_| found.is_dated());
                let day = date.map(|date| self.program.time(TimeExpr::Variable(date)));
                Some(Typed::Int(self.program.int(IntExpr::CodelistNumber { list, code, column, day })))
            }
            "organisation_number" => {
                let text = self.text_node(arguments[0])?;
                Some(Typed::Text(self.program.text(TextExpr::OrganisationNumber(text))))
            }
            "has_time" => {
                let node = self.time_node(arguments[0])?;
                Some(Typed::Bool(self.program.bool(BoolExpr::HasTime(node))))
            }
            "any_element_like" | "every_element_like" => {
                let variable = self.repeating(arguments[0]);
                let pattern = self.string_literal(arguments[1])?;
                let test = TextTest::Pattern(self.pattern(Pattern::like(&pattern), place)?);
                let node = if name == "any_element_like" {
                    BoolExpr::AnyElement(variable?, test)
                } else {
                    BoolExpr::EveryElement(variable?, test)
                };
                Some(Typed::Bool(self.program.bool(node)))
            }
            _ => {
                let text = self.text_node(arguments[0]);
                let test = match name.as_str() {
                    "regexp_like" => {
                        let pattern = self.string_literal(arguments[1])?;
                        TextTest::Pattern(self.pattern(Pattern::regular(&pattern), arguments[1])?)
                    }
                    "in_codelist" => TextTest::InCodelist(self.codelist(arguments[1])?),
                    "luhn_ok" => TextTest::Luhn,
                    _ => TextTest::PersonalNumber,
                };
                Some(Typed::Bool(self.program.bool(BoolExpr::Text(text?, test))))
            }
        }
    }

    /// A list, a code and a column of the list.
    fn attribute(&mut self, arguments: &[&Expr]) -> Option<(String, TextNode, usize)> {
        let list = self.codelist(arguments[0]);
        let code = self.text_node(arguments[1]);
        let column_name = self.string_literal(arguments[2])?;
        let list = list?;
        let found = self.scope.codelists.get(&list)?.clone();
        let Some(column) = found.column(&column_name) else {
            self.mistake(
                arguments[2],
                "rule::unknown_column",
                format!("code list `{list}` has no column `{column_name}`"),
                "this column",
                did_you_mean(&column_name, found.columns()),
            );
            return None;
        };
        Some((list, code?, column))
    }

    fn codelist(&mut self, expr: &Expr) -> Option<String> {
        let name = self.string_literal(expr)?;
        if self.scope.codelists.get(&name).is_none() {
            let help = did_you_mean(&name, self.scope.codelists.names());
            self.mistake(expr, "rule::unknown_codelist", format!("no code list `{name}`"), "this code list", help);
            return None;
        }
        Some(name)
    }

    fn repeating(&mut self, expr: &Expr) -> Option<VariableIndex> {
        match self.any(expr)? {
            Typed::Repeating(variable) => Some(variable),
            other => self.wrong_type(expr, "a repeating variable", other.name()),
        }
    }

    fn arity(&mut self, name: &str, arguments: &[&Expr], expected: usize, place: &Expr) -> Option<()> {
        if arguments.len() == expected {
            return Some(());
        }
        self.mistake(
            place,
            "rule::argument_count",
            format!(
                "`{name}` takes {expected} argument{}, not {}",
                if expected == 1 { "" } else { "s" },
                arguments.len()
            ),
            "this call",
            None,
        );
        None
    }

    fn wrong_type<T>(&mut self, expr: &Expr, expected: &str, found: &str) -> Option<T> {
        self.mistake(expr, "rule::wrong_type", format!("{expected} is expected, this is {found}"), "here", None);
        None
    }

    fn mistake(&mut self, expr: &Expr, code: &'static str, message: String, label: &str, help: Option<String>) {
        let range = self.range(expr.span());
        self.diagnostics
            .push(Diagnostic::new(code, message).at(self.text.place_within(self.source, range), label).help_if(help));
    }

    fn range(&self, span: Span) -> Range<usize> {
        if span.start.line == 0 {
            return 0..self.text.value.len();
        }
        byte_offset(&self.text.value, span.start)..byte_offset(&self.text.value, span.end)
    }
}

/// Functions and how many arguments each takes; parameters are functions without arguments.
const FUNCTIONS: [(&str, usize); 15] = [
    ("any_element_like", 2),
    ("codelist_number", 3),
    ("codelist_value", 3),
    ("count_elements_like", 2),
    ("days_between", 2),
    ("element_count", 1),
    ("every_element_like", 2),
    ("has_time", 1),
    ("in_codelist", 2),
    ("is_personal_number", 1),
    ("length", 1),
    ("luhn_ok", 1),
    ("minutes_between", 2),
    ("organisation_number", 1),
    ("regexp_like", 2),
];
