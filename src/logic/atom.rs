//! The truths that cannot be divided further, and what each is about.
//!
//! A record is a value for each *slot*: the variables of the collection, then what a run states (delivery date, period,
//! region). A slot of texts or codes has candidates; one of points in time or numbers is reasoned about by
//! differences. An atom that is neither is *opaque*: it may have any truth, and what is said of it is then tried out.

use std::collections::BTreeSet;

use super::candidates::{self, Candidates};
use crate::engine::probe::Probe;
use crate::model::VariableIndex;
use crate::rule::Plan;
use crate::rule::expr::{
    BoolExpr, BoolNode, Comparison, IntExpr, IntNode, Parameter, TextExpr, TextNode, TimeExpr, TimeNode,
};
use crate::schema::Domain;
use crate::schema::region::COUNTIES;
use crate::table::Bits;
use crate::time::{DAY, civil_from_days};

/// A variable, or a parameter behind all variables.
pub(super) type Slot = usize;

/// What a slot may hold.
#[derive(Debug)]
pub(super) enum SlotKind {
    /// One of these.
    Choice(Candidates),
    /// A point in time, perhaps without a time of day.
    Time { date_only: bool },
    /// A calendar day.
    Day,
    /// A year.
    Year { range: Option<(i64, i64)> },
    /// A whole number.
    Integer { range: Option<(i64, i64)> },
}

/// A truth that is not made of other truths.
#[derive(Debug)]
pub(super) enum Atom {
    /// True for some candidates of one slot, false for others, null for the rest.
    Choice { slot: Slot, yes: Bits, no: Bits },
    /// Values of two slots compared.
    Pair { comparison: Comparison, left: (Slot, Vec<Option<Key>>), right: (Slot, Vec<Option<Key>>) },
    /// The slot, which has no candidates, is blank.
    Blank(Slot),
    /// The slot's value is valid, which it is wherever there is one.
    Valid(Slot),
    /// It was written with a time of day.
    HasTime(Slot),
    /// Two points in time compared.
    Times { comparison: Comparison, left: TimeTerm, right: TimeTerm },
    /// `plus - minus + constant` compared with 0.
    Linear { comparison: Comparison, linear: Linear },
    /// Anything else about these.
    Opaque(Vec<Slot>),
}

/// A value that is compared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    Text(Vec<u8>),
    Number(i64),
}

/// A point in time in a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TimeTerm {
    pub(super) base: TimeBase,
    /// Whether only its day counts.
    pub(super) as_day: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TimeBase {
    Slot(Slot),
    /// Seconds since 1970-01-01, and whether with a time of day.
    Literal(i64, bool),
}

/// What numbers count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    Years,
    Days,
    Minutes,
    Numbers,
}

/// A difference of two quantities of one family, with a constant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Linear {
    pub(super) family: Option<Family>,
    pub(super) plus: Option<Slot>,
    pub(super) minus: Option<Slot>,
    pub(super) constant: i64,
}

impl Atom {
    /// Every slot it reads.
    pub(super) fn slots(&self) -> Vec<Slot> {
        let of_term = |term: &TimeTerm| match term.base {
            TimeBase::Slot(slot) => Some(slot),
            TimeBase::Literal(..) => None,
        };
        match self {
            Self::Choice { slot, .. } | Self::Blank(slot) | Self::Valid(slot) | Self::HasTime(slot) => vec![*slot],
            Self::Pair { left, right, .. } => vec![left.0, right.0],
            Self::Times { left, right, .. } => of_term(left).into_iter().chain(of_term(right)).collect(),
            Self::Linear { linear, .. } => linear.plus.into_iter().chain(linear.minus).collect(),
            Self::Opaque(slots) => slots.clone(),
        }
    }
}

/// The slot of a parameter.
pub(super) fn slot_of(plan: &Plan, parameter: Parameter) -> Slot {
    let at = Parameter::ALL.iter().position(|known| *known == parameter).unwrap_or_default();
    plan.collection.variables.len() + at
}

/// Every slot of a plan.
pub(super) fn slots(plan: &Plan) -> Vec<SlotKind> {
    let variables =
        plan.collection.variables.iter().enumerate().map(|(index, variable)| {
            match candidates::of_variable(plan, VariableIndex(index)) {
                Some(candidates) => SlotKind::Choice(candidates),
                None => match &variable.domain {
                    Domain::Year { range } => SlotKind::Year { range: *range },
                    Domain::Integer { range } => SlotKind::Integer { range: *range },
                    Domain::Timestamp { date_only } => SlotKind::Time { date_only: *date_only },
                    Domain::Text { .. } | Domain::Code { .. } => {
                        SlotKind::Choice(Candidates { values: vec![String::new()], is_complete: false })
                    }
                },
            }
        });
    let parameters = Parameter::ALL.into_iter().map(|parameter| match parameter {
        Parameter::StatedRegion => SlotKind::Choice(candidates::of_region(plan)),
        Parameter::DeliveryDate | Parameter::PeriodStart | Parameter::PeriodEnd => SlotKind::Day,
        Parameter::DeliveredRegions => SlotKind::Integer { range: Some((1, most_regions(plan))) },
    });
    variables.chain(parameters).collect()
}

/// More regions than there are cannot deliver.
fn most_regions(plan: &Plan) -> i64 {
    let counties = plan.codelists.get(COUNTIES.0).map_or(0, |list| list.codes().count());
    i64::try_from(counties).unwrap_or(i64::MAX).max(2)
}

/// Finds out what each node of a plan that is an atom is about.
pub(super) struct Reader<'a> {
    pub(super) probe: &'a Probe<'a>,
    pub(super) slots: &'a [SlotKind],
}

impl Reader<'_> {
    fn plan(&self) -> &Plan {
        self.probe.plan()
    }

    /// The atoms of the plan, by the number of their node; `None` for nodes that are made of others.
    pub(super) fn atoms(&self) -> Vec<Option<Atom>> {
        let program = &self.plan().program;
        let mut atoms: Vec<Option<Atom>> = Vec::with_capacity(program.bools.len());
        // Atoms over candidates of one variable are asked of the engine together, a variable at a time.
        let mut asked: Vec<Vec<BoolNode>> = vec![Vec::new(); self.plan().collection.variables.len()];
        for (index, expr) in program.bools.iter().enumerate() {
            let node = BoolNode(u32::try_from(index).unwrap_or(u32::MAX));
            let atom = match expr {
                BoolExpr::Constant(_) | BoolExpr::And(_) | BoolExpr::Or(_) | BoolExpr::Not(_) => None,
                BoolExpr::OfficialOk(variable) => Some(Atom::Opaque(vec![variable.0])),
                _ => match self.only_choice(node) {
                    Some(slot) => {
                        asked[slot].push(node);
                        None
                    }
                    None => Some(self.atom(node, expr)),
                },
            };
            atoms.push(atom);
        }
        for (slot, nodes) in asked.into_iter().enumerate() {
            let SlotKind::Choice(candidates) = &self.slots[slot] else { continue };
            if nodes.is_empty() {
                continue;
            }
            let truths = self.probe.values(VariableIndex(slot), &candidates.values, |values| {
                nodes.iter().map(|node| values.truths(*node)).collect::<Vec<_>>()
            });
            for (node, truths) in nodes.into_iter().zip(truths) {
                let set = |truth| Bits::from_fn(truths.len(), |row| truths[row] == Some(truth));
                atoms[node.0 as usize] = Some(Atom::Choice { slot, yes: set(true), no: set(false) });
            }
        }
        atoms
    }

    /// The variable that the node reads, where it reads nothing else and the variable has candidates.
    fn only_choice(&self, node: BoolNode) -> Option<Slot> {
        let inputs = self.plan().program.inputs(&[node], None);
        match (inputs.variables.as_slice(), inputs.parameters.as_slice()) {
            ([only], []) if matches!(self.slots[only.0], SlotKind::Choice(_)) => Some(only.0),
            _ => None,
        }
    }

    fn atom(&self, node: BoolNode, expr: &BoolExpr) -> Atom {
        let opaque = || {
            let inputs = self.plan().program.inputs(&[node], None);
            let parameters = inputs.parameters.iter().map(|parameter| slot_of(self.plan(), *parameter));
            let slots: BTreeSet<Slot> = inputs.variables.iter().map(|variable| variable.0).chain(parameters).collect();
            Atom::Opaque(slots.into_iter().collect())
        };
        let found = match expr {
            BoolExpr::IsBlank(variable) => Some(Atom::Blank(variable.0)),
            BoolExpr::ValueOk(variable) => Some(Atom::Valid(variable.0)),
            BoolExpr::HasTime(time) => match self.time(*time) {
                TimeTerm { base: TimeBase::Slot(slot), as_day: false } => Some(Atom::HasTime(slot)),
                _ => None,
            },
            BoolExpr::CompareTime(comparison, left, right) => {
                Some(Atom::Times { comparison: *comparison, left: self.time(*left), right: self.time(*right) })
            }
            BoolExpr::CompareInt(comparison, left, right) => {
                let linear = self.linear(*left).zip(self.linear(*right)).and_then(|(left, right)| left.minus(right));
                match linear {
                    Some(linear) => Some(Atom::Linear { comparison: *comparison, linear }),
                    None => self.ints(*left).zip(self.ints(*right)).map(|(left, right)| Atom::Pair {
                        comparison: *comparison,
                        left,
                        right,
                    }),
                }
            }
            BoolExpr::CompareText(comparison, left, right) => self
                .texts(*left)
                .zip(self.texts(*right))
                .map(|(left, right)| Atom::Pair { comparison: *comparison, left, right }),
            _ => None,
        };
        found.unwrap_or_else(opaque)
    }

    fn time(&self, node: TimeNode) -> TimeTerm {
        match &self.plan().program.times[node.0 as usize] {
            TimeExpr::Literal(seconds, has_time) => {
                TimeTerm { base: TimeBase::Literal(*seconds, *has_time), as_day: false }
            }
            TimeExpr::Variable(variable) => TimeTerm { base: TimeBase::Slot(variable.0), as_day: false },
            TimeExpr::Parameter(parameter) => {
                TimeTerm { base: TimeBase::Slot(slot_of(self.plan(), *parameter)), as_day: false }
            }
            TimeExpr::Date(inner) => TimeTerm { as_day: true, ..self.time(*inner) },
        }
    }

    fn linear(&self, node: IntNode) -> Option<Linear> {
        let constant = |constant| Linear { constant, ..Linear::default() };
        match &self.plan().program.ints[node.0 as usize] {
            IntExpr::Literal(number) => Some(constant(*number)),
            IntExpr::Variable(variable) => {
                let family = match self.slots[variable.0] {
                    SlotKind::Year { .. } => Family::Years,
                    _ => Family::Numbers,
                };
                Some(Linear { family: Some(family), plus: Some(variable.0), ..Linear::default() })
            }
            IntExpr::Add(left, right) => {
                let right = self.linear(*right)?;
                self.linear(*left)?.minus(constant(0).minus(right)?)
            }
            IntExpr::Subtract(left, right) => self.linear(*left)?.minus(self.linear(*right)?),
            IntExpr::Year(time) => Some(match self.time(*time).base {
                TimeBase::Slot(slot) => Linear { family: Some(Family::Years), plus: Some(slot), ..Linear::default() },
                TimeBase::Literal(seconds, _) => constant(civil_from_days(seconds.div_euclid(DAY)).0),
            }),
            IntExpr::DaysBetween(from, to) => {
                let day = |node| match self.time(node).base {
                    TimeBase::Slot(slot) => {
                        Linear { family: Some(Family::Days), plus: Some(slot), ..Linear::default() }
                    }
                    TimeBase::Literal(seconds, _) => {
                        Linear { family: Some(Family::Days), ..constant(seconds.div_euclid(DAY)) }
                    }
                };
                day(*to).minus(day(*from))
            }
            IntExpr::MinutesBetween(from, to) => match (self.time(*from), self.time(*to)) {
                (
                    TimeTerm { base: TimeBase::Slot(from), as_day: false },
                    TimeTerm { base: TimeBase::Slot(to), as_day: false },
                ) => Some(Linear { family: Some(Family::Minutes), plus: Some(to), minus: Some(from), constant: 0 }),
                _ => None,
            },
            IntExpr::Parameter(parameter) => {
                let slot = slot_of(self.plan(), *parameter);
                Some(Linear { family: Some(Family::Numbers), plus: Some(slot), ..Linear::default() })
            }
            IntExpr::Multiply(times, number) => match self.linear(*number)? {
                Linear { plus: None, minus: None, constant: number, family } => {
                    Some(Linear { family, ..constant(times.checked_mul(number)?) })
                }
                _ => None,
            },
            IntExpr::CodelistNumber { .. } | IntExpr::Length(_) | IntExpr::ElementCount(..) => None,
        }
    }

    /// The numbers of a node that reads one variable with candidates.
    fn ints(&self, node: IntNode) -> Option<(Slot, Vec<Option<Key>>)> {
        let inputs = self.plan().program.inputs(&[], Some(node));
        let ([only], []) = (inputs.variables.as_slice(), inputs.parameters.as_slice()) else { return None };
        let SlotKind::Choice(candidates) = &self.slots[only.0] else { return None };
        let numbers = self.probe.values(*only, &candidates.values, |values| values.ints(node));
        Some((only.0, numbers.into_iter().map(|number| number.map(Key::Number)).collect()))
    }

    /// The texts of a node that reads one variable with candidates, or the stated region.
    fn texts(&self, node: TextNode) -> Option<(Slot, Vec<Option<Key>>)> {
        let program = &self.plan().program;
        if program.texts[node.0 as usize] == TextExpr::StatedRegion {
            let slot = slot_of(self.plan(), Parameter::StatedRegion);
            let SlotKind::Choice(candidates) = &self.slots[slot] else { return None };
            let keys = candidates
                .values
                .iter()
                .map(|value| (!value.is_empty()).then(|| Key::Text(value.clone().into_bytes())));
            return Some((slot, keys.collect()));
        }
        let variable = variable_of(program, node)?;
        let SlotKind::Choice(candidates) = &self.slots[variable.0] else { return None };
        let texts = self.probe.values(variable, &candidates.values, |values| values.texts(node));
        Some((variable.0, texts.into_iter().map(|text| text.map(Key::Text)).collect()))
    }
}

fn variable_of(program: &crate::rule::expr::Program, node: TextNode) -> Option<VariableIndex> {
    match &program.texts[node.0 as usize] {
        TextExpr::Variable(variable) => Some(*variable),
        TextExpr::Literal(_) | TextExpr::StatedRegion => None,
        TextExpr::Substring(inner, ..)
        | TextExpr::CodelistValue { code: inner, .. }
        | TextExpr::OrganisationNumber(inner) => variable_of(program, *inner),
    }
}

impl Linear {
    /// This less the other; `None` where that is no difference of two quantities of one family.
    fn minus(self, other: Self) -> Option<Self> {
        let family = match (self.family, other.family) {
            (Some(a), Some(b)) if a != b => return None,
            (a, b) => a.or(b),
        };
        let mut plus: Vec<Slot> = self.plus.into_iter().chain(other.minus).collect();
        let mut minus: Vec<Slot> = self.minus.into_iter().chain(other.plus).collect();
        // What is added and taken away again is kept out, but only where it cannot be blank: see `Atom::slots`.
        if plus.len() > 1 || minus.len() > 1 {
            return None;
        }
        Some(Self {
            family,
            plus: plus.pop(),
            minus: minus.pop(),
            constant: self.constant.checked_sub(other.constant)?,
        })
    }
}
