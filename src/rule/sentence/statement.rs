//! A condition as it is said: no *not* before an *and* or *or*, and what belongs together put together.
//!
//! The laws used hold in Kleene's logic, too, so that a statement is true for the same records as its node. Of what makes
//! a difference between *false* and *cannot be told* one thing is left out: that a variable is filled in, where
//! something else is said of it that is only true of a value.

use super::term::are_alike;
use crate::model::VariableIndex;
use crate::rule::expr::{BoolExpr, BoolNode, Comparison, IntNode, Program, TextExpr, TextNode, TextTest, TimeNode};

/// What is to be said.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Statement {
    /// Of every record the same.
    Constant(Option<bool>),
    /// One clause.
    One(Atom),
    /// All of these.
    All(Vec<Statement>),
    /// At least one of these.
    Any(Vec<Statement>),
}

/// What one clause says.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Atom {
    /// All of these variables, or at least one of them, are blank or filled in.
    Presence { variables: Vec<VariableIndex>, is_blank: bool, is_any: bool },
    /// A text passes one of these tests of one sort, or none.
    Tested { text: TextNode, tests: Vec<TextTest>, is_negated: bool },
    /// So many of a repeating variable's values pass one of these tests.
    Elements { variable: VariableIndex, tests: Vec<TextTest>, how_many: HowMany },
    /// A point in time lies between two others, both included.
    TimeWithin { term: TimeNode, from: TimeNode, to: TimeNode },
    /// A number lies between two others, both included.
    IntWithin { term: IntNode, from: IntNode, to: IntNode },
    /// Any other node, or its opposite.
    Node { node: BoolNode, is_negated: bool },
}

impl Atom {
    /// The variable that the clause is about, where its subject is nothing else.
    pub(super) fn subject(&self, program: &Program) -> Option<VariableIndex> {
        match self {
            Self::Presence { variables, .. } => match variables.as_slice() {
                [variable] => Some(*variable),
                _ => None,
            },
            Self::Tested { text, .. } => match &program.texts[text.0 as usize] {
                TextExpr::Variable(variable) => Some(*variable),
                _ => None,
            },
            _ => None,
        }
    }
}

/// How many values of a repeating variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HowMany {
    Some,
    None,
    Every,
    NotEvery,
}

/// What `node` says, or what it denies.
pub(super) fn statement(program: &Program, node: BoolNode, is_negated: bool) -> Statement {
    match &program.bools[node.0 as usize] {
        BoolExpr::Constant(truth) => Statement::Constant(truth.map(|truth| truth != is_negated)),
        BoolExpr::Not(inner) => statement(program, *inner, !is_negated),
        BoolExpr::And(nodes) | BoolExpr::Or(nodes) => {
            let is_and = matches!(program.bools[node.0 as usize], BoolExpr::And(_));
            let parts = nodes.iter().map(|node| statement(program, *node, is_negated)).collect();
            joined(program, parts, is_and != is_negated)
        }
        BoolExpr::IsBlank(variable) => {
            Statement::One(Atom::Presence { variables: vec![*variable], is_blank: !is_negated, is_any: false })
        }
        BoolExpr::Text(text, test) => {
            Statement::One(Atom::Tested { text: *text, tests: vec![test.clone()], is_negated })
        }
        BoolExpr::AnyElement(variable, test) => Statement::One(Atom::Elements {
            variable: *variable,
            tests: vec![test.clone()],
            how_many: if is_negated { HowMany::None } else { HowMany::Some },
        }),
        BoolExpr::EveryElement(variable, test) => Statement::One(Atom::Elements {
            variable: *variable,
            tests: vec![test.clone()],
            how_many: if is_negated { HowMany::NotEvery } else { HowMany::Every },
        }),
        _ => Statement::One(Atom::Node { node, is_negated }),
    }
}

/// Parts joined by *and* or *or*, in an order that does not depend on other rules.
pub(super) fn joined(program: &Program, parts: Vec<Statement>, is_and: bool) -> Statement {
    let mut flat = Vec::new();
    for part in parts {
        match part {
            Statement::All(inner) if is_and => flat.extend(inner),
            Statement::Any(inner) if !is_and => flat.extend(inner),
            other => flat.push(other),
        }
    }
    flat.retain(|part| *part != Statement::Constant(Some(is_and)));
    if is_and {
        drop_implied(program, &mut flat);
    }
    let mut merged: Vec<Statement> = Vec::new();
    for part in flat {
        let is_told = merged.iter_mut().any(|known| merge(program, known, &part, is_and));
        if !is_told {
            merged.push(part);
        }
    }
    merged.sort_by_cached_key(|part| (weight(part), first_variable(program, part)));
    match (merged.len(), is_and) {
        (0, _) => Statement::Constant(Some(is_and)),
        (1, _) => merged.remove(0),
        (_, true) => Statement::All(merged),
        (_, false) => Statement::Any(merged),
    }
}

/// Leaves out that a variable is filled in where another part is true only of a value.
fn drop_implied(program: &Program, parts: &mut Vec<Statement>) {
    let is_implied = |parts: &[Statement], index: usize| match &parts[index] {
        Statement::One(Atom::Presence { variables, is_blank: false, .. }) => match variables.as_slice() {
            [variable] => {
                parts.iter().enumerate().any(|(other, part)| other != index && needs(program, part, *variable))
            }
            _ => false,
        },
        _ => false,
    };
    let mut index = 0;
    while index < parts.len() {
        if is_implied(parts, index) {
            parts.remove(index);
        } else {
            index += 1;
        }
    }
}

/// Whether a statement can only be true where the variable has a value.
fn needs(program: &Program, part: &Statement, variable: VariableIndex) -> bool {
    match part {
        Statement::Constant(_) => false,
        Statement::One(Atom::Presence { variables, is_blank, is_any }) => {
            !is_blank && !is_any && variables.contains(&variable)
        }
        Statement::One(atom) => variables(program, atom).contains(&variable),
        Statement::All(parts) => parts.iter().any(|part| needs(program, part, variable)),
        Statement::Any(parts) => parts.iter().all(|part| needs(program, part, variable)),
    }
}

/// Adds `part` to `known` where one clause can say both.
fn merge(program: &Program, known: &mut Statement, part: &Statement, is_and: bool) -> bool {
    if known == part {
        return true;
    }
    let (Statement::One(known), Statement::One(part)) = (known, part) else { return false };
    match (&mut *known, part) {
        (
            Atom::Presence { variables, is_blank, is_any },
            Atom::Presence { variables: more, is_blank: also_blank, is_any: also_any },
        ) if is_blank == also_blank => {
            // One variable is both "all of these" and "one of these".
            if (variables.len() > 1 && *is_any == is_and) || (more.len() > 1 && *also_any == is_and) {
                return false;
            }
            variables.extend(more);
            variables.sort_unstable();
            variables.dedup();
            *is_any = !is_and;
            true
        }
        (
            Atom::Tested { text, tests, is_negated },
            Atom::Tested { text: other, tests: more, is_negated: also_negated },
        ) if text == other && *is_negated == is_and && is_negated == also_negated && are_alike(&tests[0], &more[0]) => {
            tests.extend(more.iter().cloned());
            true
        }
        (
            Atom::Elements { variable, tests, how_many },
            Atom::Elements { variable: other, tests: more, how_many: also },
        ) if variable == other
            && how_many == also
            && *how_many == if is_and { HowMany::None } else { HowMany::Some }
            && are_alike(&tests[0], &more[0]) =>
        {
            tests.extend(more.iter().cloned());
            true
        }
        (Atom::Node { node, is_negated: false }, Atom::Node { node: other, is_negated: false }) if is_and => {
            match within(program, *node, *other).or_else(|| within(program, *other, *node)) {
                Some(between) => {
                    *known = between;
                    true
                }
                None => false,
            }
        }
        _ => false,
    }
}

/// Two bounds of one term, the lower one first.
fn within(program: &Program, lower: BoolNode, upper: BoolNode) -> Option<Atom> {
    use Comparison::{GreaterOrEqual, LessOrEqual};
    match (&program.bools[lower.0 as usize], &program.bools[upper.0 as usize]) {
        (BoolExpr::CompareTime(GreaterOrEqual, term, from), BoolExpr::CompareTime(LessOrEqual, other, to))
            if term == other =>
        {
            Some(Atom::TimeWithin { term: *term, from: *from, to: *to })
        }
        (BoolExpr::CompareInt(GreaterOrEqual, term, from), BoolExpr::CompareInt(LessOrEqual, other, to))
            if term == other =>
        {
            Some(Atom::IntWithin { term: *term, from: *from, to: *to })
        }
        _ => None,
    }
}

/// The variables a clause reads, ascending.
fn variables(program: &Program, atom: &Atom) -> Vec<VariableIndex> {
    match atom {
        Atom::Presence { variables, .. } => variables.clone(),
        Atom::Elements { variable, .. } => vec![*variable],
        Atom::Tested { text, .. } => program.inputs_of_text(*text).variables,
        Atom::TimeWithin { term, from, to } => program.inputs_of_times(&[*term, *from, *to]).variables,
        Atom::IntWithin { term, from, to } => program.inputs_of_ints(&[*term, *from, *to]).variables,
        Atom::Node { node, .. } => program.inputs(&[*node], None).variables,
    }
}

/// What is short comes first.
fn weight(part: &Statement) -> u8 {
    match part {
        Statement::Constant(_)
        | Statement::One(Atom::Presence { .. } | Atom::Tested { .. } | Atom::Elements { .. }) => 0,
        Statement::One(Atom::TimeWithin { .. } | Atom::IntWithin { .. } | Atom::Node { .. }) => 1,
        Statement::All(_) | Statement::Any(_) => 2,
    }
}

fn first_variable(program: &Program, part: &Statement) -> Option<VariableIndex> {
    match part {
        Statement::Constant(_) => None,
        Statement::One(atom) => variables(program, atom).first().copied(),
        Statement::All(parts) | Statement::Any(parts) => {
            parts.iter().filter_map(|part| first_variable(program, part)).min()
        }
    }
}
