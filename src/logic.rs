//! Whether a record can exist for which conditions of a plan have given truths: proofs about rules.
//!
//! A [`Prover`] answers with a record, with the certainty that there is none, or says that it cannot decide. It never
//! guesses: a record is shown only after the engine's own evaluator has judged it; *none* is said only where every
//! branch was refuted over all valid values: all codes of a list, every outcome of the patterns that rules ask for, all
//! days and numbers (`logic::difference`). What it leaves out it leaves out in one direction only: atoms that it cannot
//! reason about (see `logic::atom`) may have any truth, so that too much seems possible, never too little.
//!
//! Values are valid or blank: what breaks the rule on its value is another finding. What a run states (delivery date,
//! period, region) is taken as stated. Deliberately knows no rules and no severities: what is to be asked is for
//! `rulebook`.

mod atom;
mod candidates;
mod difference;
mod numbers;
mod search;
#[cfg(test)]
pub(crate) mod tests;

use crate::engine::probe::{Probe, ProbeParameters};
use crate::model::VariableIndex;
use crate::rule::Plan;
use crate::rule::expr::{BoolExpr, BoolNode, Parameter};
use crate::table::Bits;
use crate::time;

use atom::{Atom, Reader, SlotKind};
use search::{Found, Space, search};

pub use search::Truths;

/// A made-up record, and what the run is to state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witness {
    /// A value for each variable of the collection; blank where it has none.
    pub values: Vec<String>,
    /// What is stated.
    pub stated: ProbeParameters,
}

impl Witness {
    /// The variables that are not blank, with their values.
    pub fn filled(&self) -> impl Iterator<Item = (VariableIndex, &str)> {
        let filled = self.values.iter().enumerate().filter(|(_, value)| !value.is_empty());
        filled.map(|(index, value)| (VariableIndex(index), value.as_str()))
    }
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Such a record.
    Record(Witness),
    /// There is none.
    None,
    /// It could not be decided.
    Undecided,
}

/// Answers questions about one plan.
#[derive(Debug)]
pub struct Prover<'a> {
    probe: Probe<'a>,
    slots: Vec<SlotKind>,
    atoms: Vec<Option<Atom>>,
    valid: Vec<Option<Bits>>,
}

impl<'a> Prover<'a> {
    /// Prepares a plan: candidates of its variables, and what each of its nodes is about.
    pub fn new(plan: &'a Plan) -> Self {
        let probe = Probe::new(plan);
        let slots = atom::slots(plan);
        let atoms = Reader { probe: &probe, slots: &slots }.atoms();
        let valid = valid(plan, &slots, &atoms);
        Self { probe, slots, atoms, valid }
    }

    /// The plan asked about.
    pub fn plan(&self) -> &'a Plan {
        self.probe.plan()
    }

    /// The plan's engine, for asking about records.
    pub fn probe(&self) -> &Probe<'a> {
        &self.probe
    }

    /// Looks for a record for which each condition has one of the truths beside it.
    pub fn find(&self, goals: &[(BoolNode, Truths)]) -> Answer {
        self.search(goals, true)
    }

    /// The same without asking the engine where the reasoning is exact: for questions whose records nobody sees.
    pub fn find_quickly(&self, goals: &[(BoolNode, Truths)]) -> Answer {
        self.search(goals, false)
    }

    fn search(&self, goals: &[(BoolNode, Truths)], always_ask: bool) -> Answer {
        let space = Space {
            program: &self.plan().program,
            slots: &self.slots,
            atoms: &self.atoms,
            valid: &self.valid,
            n_variables: self.plan().collection.variables.len(),
        };
        let mut accept = |values: &Vec<String>, is_relaxed: bool| {
            (!always_ask && !is_relaxed) || {
                let witness = self.witness(values);
                self.meets(&witness, goals)
            }
        };
        match search(&space, goals.to_vec(), &mut accept) {
            Found::Record(values) => Answer::Record(self.witness(&values)),
            Found::Nothing => Answer::None,
            Found::Undecided => Answer::Undecided,
        }
    }

    /// Whether the engine says that the record meets the goals.
    pub fn meets(&self, witness: &Witness, goals: &[(BoolNode, Truths)]) -> bool {
        let nodes: Vec<BoolNode> = goals.iter().map(|(node, _)| *node).collect();
        let truths = self.probe.truths(&[&witness.values], &witness.stated, &nodes);
        goals.iter().zip(truths).all(|((_, wanted), truth)| truth.first().is_some_and(|truth| wanted.contains(*truth)))
    }

    fn witness(&self, values: &[String]) -> Witness {
        let n_variables = self.plan().collection.variables.len();
        let (variables, parameters) = values.split_at(n_variables);
        let of = |parameter: Parameter| {
            let at = Parameter::ALL.iter().position(|known| *known == parameter).unwrap_or_default();
            parameters.get(at).filter(|text| !text.is_empty())
        };
        let day = |parameter| of(parameter).and_then(|text| time::parse_day(text));
        let period = match (day(Parameter::PeriodStart), day(Parameter::PeriodEnd)) {
            (None, None) => None,
            (Some(start), Some(end)) => Some((start, end)),
            (Some(start), None) => Some((start, start)),
            (None, Some(end)) => Some((end, end)),
        };
        Witness {
            values: variables.to_vec(),
            stated: ProbeParameters {
                delivery_date: day(Parameter::DeliveryDate).or_else(|| time::parse_day("2022-12-31")),
                period,
                region: of(Parameter::StatedRegion).cloned(),
                delivered_regions: of(Parameter::DeliveredRegions).and_then(|text| text.parse().ok()),
            },
        }
    }
}

/// The candidates of each slot that are valid values; blank is valid here, wherever it is allowed.
fn valid(plan: &Plan, slots: &[SlotKind], atoms: &[Option<Atom>]) -> Vec<Option<Bits>> {
    let mut valid: Vec<Option<Bits>> = slots
        .iter()
        .map(|slot| match slot {
            SlotKind::Choice(candidates) => Some(candidates.all()),
            _ => None,
        })
        .collect();
    for (expr, atom) in plan.program.bools.iter().zip(atoms) {
        if let (BoolExpr::ValueOk(variable), Some(Atom::Choice { no, .. })) = (expr, atom)
            && let Some(Some(bits)) = valid.get_mut(variable.0)
        {
            *bits = bits.minus(no);
        }
    }
    // A region that is stated is one.
    let region = atom::slot_of(plan, Parameter::StatedRegion);
    if let (SlotKind::Choice(candidates), Some(Some(bits))) = (&slots[region], valid.get_mut(region))
        && candidates.values.len() > 1
    {
        *bits = bits.minus(&Bits::from_fn(candidates.values.len(), |index| index == 0));
    }
    valid
}
