//! The typed expressions that conditions and assertions are lowered to.
//!
//! Four types: truth (with SQL's third value, null), text, whole number and point in time. Expressions are nodes of a
//! [`Program`], which keeps every distinct node once, so that what many rules share is evaluated once a batch.
//! Evaluation is the engine's (`engine::eval`), their text that of `print`; this module is data.
//!
//! # Nulls
//!
//! A blank variable is null. So is a value that cannot be read as its variable's type, except to `IsBlank`. Any
//! comparison with null is null; `AND`, `OR` and `NOT` follow Kleene's logic, as in SQL. No node divides, and numbers
//! add and multiply with saturation, so that no data can make an evaluation fail.

use crate::model::VariableIndex;
use crate::pattern::Pattern;
use crate::time::DAY;
use std::collections::{HashMap, HashSet};

/// A node of type truth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BoolNode(pub u32);
/// A node of type whole number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IntNode(pub u32);
/// A node of type text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TextNode(pub u32);
/// A node of type point in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TimeNode(pub u32);

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// `=`
    Equal,
    /// `<>`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

impl Comparison {
    /// Whether the comparison holds for two values in this order.
    #[inline]
    pub fn holds(self, order: std::cmp::Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::NotEqual => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
        }
    }
}

/// What a run states from outside the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Parameter {
    /// The day the submission is delivered; always known.
    DeliveryDate,
    /// The first day of the stated period.
    PeriodStart,
    /// The last day of the stated period.
    PeriodEnd,
    /// The organisation number of the stated region.
    StatedRegion,
    /// How many regions the deliveries of the run are stated to come from.
    DeliveredRegions,
}

impl Parameter {
    /// Every parameter.
    pub const ALL: [Self; 5] =
        [Self::DeliveryDate, Self::PeriodStart, Self::PeriodEnd, Self::StatedRegion, Self::DeliveredRegions];

    /// The function that names it in expressions.
    pub fn function(self) -> &'static str {
        match self {
            Self::DeliveryDate => "delivery_date",
            Self::PeriodStart => "period_start",
            Self::PeriodEnd => "period_end",
            Self::StatedRegion => "stated_region_orgnr",
            Self::DeliveredRegions => "delivered_regions",
        }
    }

    /// The option that states it.
    pub fn option(self) -> &'static str {
        match self {
            Self::DeliveryDate => "--delivery-date",
            Self::PeriodStart | Self::PeriodEnd => "--period",
            Self::StatedRegion => "--region",
            Self::DeliveredRegions => "--deliveries",
        }
    }
}

/// Truth.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum BoolExpr {
    /// The same for every record; `None` is null.
    Constant(Option<bool>),
    /// Kleene's and.
    And(Vec<BoolNode>),
    /// Kleene's or.
    Or(Vec<BoolNode>),
    /// Kleene's not.
    Not(BoolNode),
    /// The variable's field is blank; never null.
    IsBlank(VariableIndex),
    /// A test of one text; null where the text is.
    Text(TextNode, TextTest),
    /// Two texts, byte by byte; null where either is.
    CompareText(Comparison, TextNode, TextNode),
    /// Two numbers; null where either is.
    CompareInt(Comparison, IntNode, IntNode),
    /// Two points in time, by calendar day where either has no time of day; null where either is.
    CompareTime(Comparison, TimeNode, TimeNode),
    /// The point in time was written with a time of day; null where it is.
    HasTime(TimeNode),
    /// The value is of its variable's type, format, code list and range; null where blank.
    ValueOk(VariableIndex),
    /// The value (each of a repeating variable) is in the official list; null where blank or where no list is loaded.
    OfficialOk(VariableIndex),
    /// One of a repeating variable's values passes the test; null where blank.
    AnyElement(VariableIndex, TextTest),
    /// Every one of a repeating variable's values passes the test; null where blank.
    EveryElement(VariableIndex, TextTest),
}

/// A whole number.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum IntExpr {
    /// A number written in the rule.
    Literal(i64),
    /// A variable of type year or integer; null where blank or unreadable.
    Variable(VariableIndex),
    /// Sum.
    Add(IntNode, IntNode),
    /// Difference.
    Subtract(IntNode, IntNode),
    /// So many times the number.
    Multiply(i64, IntNode),
    /// Characters of a text.
    Length(TextNode),
    /// Calendar year.
    Year(TimeNode),
    /// Calendar days from the first to the second.
    DaysBetween(TimeNode, TimeNode),
    /// Whole minutes from the first to the second, rounded down.
    MinutesBetween(TimeNode, TimeNode),
    /// How many values a repeating variable has, or how many that pass the test; null where blank.
    ElementCount(VariableIndex, Option<TextTest>),
    /// The whole number that is an attribute of the code in a list; null where code or cell is missing, where no row of
    /// the code is valid on the day, and where a code that is not valid for all time meets no day.
    CodelistNumber {
        /// The list's name.
        list: String,
        /// The code.
        code: TextNode,
        /// The attribute column.
        column: usize,
        /// The record's date, where the list has codes that are not valid for all time.
        day: Option<TimeNode>,
    },
    /// From outside the data.
    Parameter(Parameter),
}

/// A text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TextExpr {
    /// Written in the rule.
    Literal(Vec<u8>),
    /// A variable of type text or code; codes in their canonical spelling. Null where blank.
    Variable(VariableIndex),
    /// Characters from a 1-based position, and how many.
    Substring(TextNode, usize, Option<usize>),
    /// An attribute of the code in a list; null where code or cell is missing.
    CodelistValue {
        /// The list's name.
        list: String,
        /// The code.
        code: TextNode,
        /// The attribute column.
        column: usize,
    },
    /// The organisation number that an HSA-id begins with; null where the text does not begin so.
    OrganisationNumber(TextNode),
    /// The organisation number of the stated region.
    StatedRegion,
}

/// A point in time.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TimeExpr {
    /// Written in the rule: seconds since 1970-01-01, and whether with a time of day.
    Literal(i64, bool),
    /// A variable; null where blank or unreadable.
    Variable(VariableIndex),
    /// Its calendar day.
    Date(TimeNode),
    /// From outside the data, a calendar day.
    Parameter(Parameter),
}

/// A test of a text by itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TextTest {
    /// One of these, sorted.
    In(Vec<Vec<u8>>),
    /// Matches the pattern.
    Pattern(Pattern),
    /// In the code list.
    InCodelist(String),
    /// The control digit of all its digits (Luhn) is right.
    Luhn,
    /// Reads like a personal identity number.
    PersonalNumber,
}

/// Every distinct node once; children come before their parents within a type.
#[derive(Clone, Debug, Default)]
pub struct Program {
    /// Nodes of type truth.
    pub bools: Vec<BoolExpr>,
    /// Nodes of type whole number.
    pub ints: Vec<IntExpr>,
    /// Nodes of type text.
    pub texts: Vec<TextExpr>,
    /// Nodes of type point in time.
    pub times: Vec<TimeExpr>,
    known: Known,
}

#[derive(Clone, Debug, Default)]
struct Known {
    bools: HashMap<BoolExpr, BoolNode>,
    ints: HashMap<IntExpr, IntNode>,
    texts: HashMap<TextExpr, TextNode>,
    times: HashMap<TimeExpr, TimeNode>,
}

fn sorted(nodes: &[BoolNode]) -> Vec<BoolNode> {
    let mut nodes = nodes.to_vec();
    nodes.sort_unstable();
    nodes
}

fn position<T>(nodes: &mut Vec<T>, node: T) -> u32 {
    nodes.push(node);
    u32::try_from(nodes.len() - 1).expect("a rule set has fewer than four billion nodes: files are limited in length")
}

impl Program {
    /// The node of a truth, added where new; constants and double negation are folded, `AND` in `AND` and `OR` in `OR`
    /// made one. Members stay in the order in which they were first written, which tells no two nodes apart.
    pub fn bool(&mut self, expr: BoolExpr) -> BoolNode {
        let expr = self.fold(expr);
        let key = match &expr {
            BoolExpr::And(nodes) => BoolExpr::And(sorted(nodes)),
            BoolExpr::Or(nodes) => BoolExpr::Or(sorted(nodes)),
            _ => expr.clone(),
        };
        if let Some(node) = self.known.bools.get(&key) {
            return *node;
        }
        let node = BoolNode(position(&mut self.bools, expr));
        self.known.bools.insert(key, node);
        node
    }

    /// The node of a number, added where new; a multiple of a literal is a literal, and once a number is the number.
    pub fn int(&mut self, expr: IntExpr) -> IntNode {
        let expr = match &expr {
            IntExpr::Multiply(1, inner) => return *inner,
            IntExpr::Multiply(times, inner) => match self.ints[inner.0 as usize] {
                IntExpr::Literal(number) => IntExpr::Literal(times.saturating_mul(number)),
                _ => expr,
            },
            _ => expr,
        };
        if let Some(node) = self.known.ints.get(&expr) {
            return *node;
        }
        let node = IntNode(position(&mut self.ints, expr.clone()));
        self.known.ints.insert(expr, node);
        node
    }

    /// The node of a text, added where new.
    pub fn text(&mut self, expr: TextExpr) -> TextNode {
        if let Some(node) = self.known.texts.get(&expr) {
            return *node;
        }
        let node = TextNode(position(&mut self.texts, expr.clone()));
        self.known.texts.insert(expr, node);
        node
    }

    /// The node of a point in time, added where new; the day of a literal is a literal.
    pub fn time(&mut self, expr: TimeExpr) -> TimeNode {
        let expr = match &expr {
            TimeExpr::Date(inner) => match self.times[inner.0 as usize] {
                TimeExpr::Literal(seconds, _) => TimeExpr::Literal(seconds.div_euclid(DAY) * DAY, false),
                _ => expr,
            },
            _ => expr,
        };
        if let Some(node) = self.known.times.get(&expr) {
            return *node;
        }
        let node = TimeNode(position(&mut self.times, expr.clone()));
        self.known.times.insert(expr, node);
        node
    }

    /// The node that is true for every record.
    pub fn always(&mut self) -> BoolNode {
        self.bool(BoolExpr::Constant(Some(true)))
    }

    /// The node that is true where the variable is not blank.
    pub fn is_filled(&mut self, variable: VariableIndex) -> BoolNode {
        let blank = self.bool(BoolExpr::IsBlank(variable));
        self.bool(BoolExpr::Not(blank))
    }

    fn is_constant(&self, node: BoolNode, truth: bool) -> bool {
        self.bools[node.0 as usize] == BoolExpr::Constant(Some(truth))
    }

    fn fold(&self, expr: BoolExpr) -> BoolExpr {
        let (nodes, neutral) = match &expr {
            BoolExpr::And(nodes) => (nodes, true),
            BoolExpr::Or(nodes) => (nodes, false),
            BoolExpr::Not(node) => {
                return match &self.bools[node.0 as usize] {
                    BoolExpr::Constant(value) => BoolExpr::Constant(value.map(|value| !value)),
                    BoolExpr::Not(inner) => self.bools[inner.0 as usize].clone(),
                    _ => expr,
                };
            }
            BoolExpr::CompareTime(comparison, left, right) => {
                let (left, right) = (&self.times[left.0 as usize], &self.times[right.0 as usize]);
                return match (left, right) {
                    (TimeExpr::Literal(left, left_has_time), TimeExpr::Literal(right, right_has_time)) => {
                        let unit = if *left_has_time && *right_has_time { 1 } else { DAY };
                        let order = left.div_euclid(unit).cmp(&right.div_euclid(unit));
                        BoolExpr::Constant(Some(comparison.holds(order)))
                    }
                    _ => expr,
                };
            }
            _ => return expr,
        };
        if nodes.iter().any(|node| self.is_constant(*node, !neutral)) {
            return BoolExpr::Constant(Some(!neutral));
        }
        // `a AND b AND c` is one node, however it was bracketed.
        let mut rest: Vec<BoolNode> = Vec::with_capacity(nodes.len());
        for node in nodes.iter().filter(|node| !self.is_constant(**node, neutral)) {
            match &self.bools[node.0 as usize] {
                BoolExpr::And(inner) if neutral => rest.extend(inner),
                BoolExpr::Or(inner) if !neutral => rest.extend(inner),
                _ => rest.push(*node),
            }
        }
        let mut seen = HashSet::new();
        rest.retain(|node| seen.insert(*node));
        match rest.as_slice() {
            [] => BoolExpr::Constant(Some(neutral)),
            [only] => self.bools[only.0 as usize].clone(),
            _ if neutral => BoolExpr::And(rest),
            _ => BoolExpr::Or(rest),
        }
    }

    /// Every variable and parameter that `roots` read.
    pub fn inputs(&self, roots: &[BoolNode], detail: Option<IntNode>) -> Inputs {
        Inputs::collect(|inputs| {
            for root in roots {
                self.visit_bool(*root, inputs);
            }
            if let Some(detail) = detail {
                self.visit_int(detail, inputs);
            }
        })
    }

    /// Every variable and parameter that a text reads.
    pub fn inputs_of_text(&self, root: TextNode) -> Inputs {
        Inputs::collect(|inputs| self.visit_text(root, inputs))
    }

    /// Every variable and parameter that numbers read.
    pub fn inputs_of_ints(&self, roots: &[IntNode]) -> Inputs {
        Inputs::collect(|inputs| roots.iter().for_each(|root| self.visit_int(*root, inputs)))
    }

    /// Every variable and parameter that points in time read.
    pub fn inputs_of_times(&self, roots: &[TimeNode]) -> Inputs {
        Inputs::collect(|inputs| roots.iter().for_each(|root| self.visit_time(*root, inputs)))
    }

    fn visit_bool(&self, node: BoolNode, inputs: &mut Inputs) {
        match &self.bools[node.0 as usize] {
            BoolExpr::Constant(_) => {}
            BoolExpr::And(nodes) | BoolExpr::Or(nodes) => {
                for node in nodes {
                    self.visit_bool(*node, inputs);
                }
            }
            BoolExpr::Not(node) => self.visit_bool(*node, inputs),
            BoolExpr::IsBlank(variable)
            | BoolExpr::ValueOk(variable)
            | BoolExpr::OfficialOk(variable)
            | BoolExpr::AnyElement(variable, _)
            | BoolExpr::EveryElement(variable, _) => inputs.variables.push(*variable),
            BoolExpr::Text(text, _) => self.visit_text(*text, inputs),
            BoolExpr::CompareText(_, left, right) => {
                self.visit_text(*left, inputs);
                self.visit_text(*right, inputs);
            }
            BoolExpr::CompareInt(_, left, right) => {
                self.visit_int(*left, inputs);
                self.visit_int(*right, inputs);
            }
            BoolExpr::CompareTime(_, left, right) => {
                self.visit_time(*left, inputs);
                self.visit_time(*right, inputs);
            }
            BoolExpr::HasTime(time) => self.visit_time(*time, inputs),
        }
    }

    fn visit_int(&self, node: IntNode, inputs: &mut Inputs) {
        match &self.ints[node.0 as usize] {
            IntExpr::Literal(_) => {}
            IntExpr::Variable(variable) | IntExpr::ElementCount(variable, _) => inputs.variables.push(*variable),
            IntExpr::Add(left, right) | IntExpr::Subtract(left, right) => {
                self.visit_int(*left, inputs);
                self.visit_int(*right, inputs);
            }
            IntExpr::Multiply(_, number) => self.visit_int(*number, inputs),
            IntExpr::CodelistNumber { code, day, .. } => {
                self.visit_text(*code, inputs);
                if let Some(day) = day {
                    self.visit_time(*day, inputs);
                }
            }
            IntExpr::Parameter(parameter) => inputs.parameters.push(*parameter),
            IntExpr::Length(text) => self.visit_text(*text, inputs),
            IntExpr::Year(time) => self.visit_time(*time, inputs),
            IntExpr::DaysBetween(from, to) | IntExpr::MinutesBetween(from, to) => {
                self.visit_time(*from, inputs);
                self.visit_time(*to, inputs);
            }
        }
    }

    fn visit_text(&self, node: TextNode, inputs: &mut Inputs) {
        match &self.texts[node.0 as usize] {
            TextExpr::Literal(_) => {}
            TextExpr::Variable(variable) => inputs.variables.push(*variable),
            TextExpr::Substring(text, ..)
            | TextExpr::CodelistValue { code: text, .. }
            | TextExpr::OrganisationNumber(text) => {
                self.visit_text(*text, inputs);
            }
            TextExpr::StatedRegion => inputs.parameters.push(Parameter::StatedRegion),
        }
    }

    fn visit_time(&self, node: TimeNode, inputs: &mut Inputs) {
        match &self.times[node.0 as usize] {
            TimeExpr::Literal(..) => {}
            TimeExpr::Variable(variable) => inputs.variables.push(*variable),
            TimeExpr::Date(time) => self.visit_time(*time, inputs),
            TimeExpr::Parameter(parameter) => inputs.parameters.push(*parameter),
        }
    }
}

/// What an expression reads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inputs {
    /// Ascending, each once.
    pub variables: Vec<VariableIndex>,
    /// Ascending, each once.
    pub parameters: Vec<Parameter>,
}

impl Inputs {
    fn collect(visit: impl FnOnce(&mut Self)) -> Self {
        let mut inputs = Self::default();
        visit(&mut inputs);
        inputs.variables.sort_unstable();
        inputs.variables.dedup();
        inputs.parameters.sort_unstable();
        inputs.parameters.dedup();
        inputs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_literal_points_in_time_are_compared_at_once_by_day_where_either_has_no_time() {
        let mut program = Program::default();
        let noon = program.time(TimeExpr::Literal(10 * DAY + DAY / 2, true));
        let evening = program.time(TimeExpr::Literal(10 * DAY + DAY - 60, true));
        let day = program.time(TimeExpr::Literal(10 * DAY, false));
        let variable = program.time(TimeExpr::Variable(VariableIndex(0)));
        assert_eq!(program.time(TimeExpr::Date(evening)), day);
        let mut compared = |comparison, left, right| {
            let node = program.bool(BoolExpr::CompareTime(comparison, left, right));
            match program.bools[node.0 as usize] {
                BoolExpr::Constant(truth) => truth,
                _ => None,
            }
        };
        assert_eq!(compared(Comparison::Less, noon, evening), Some(true));
        assert_eq!(compared(Comparison::Equal, evening, day), Some(true));
        assert_eq!(compared(Comparison::LessOrEqual, evening, day), Some(true));
        assert_eq!(compared(Comparison::Greater, day, noon), Some(false));
        assert_eq!(compared(Comparison::Equal, day, variable), None);
    }
}
