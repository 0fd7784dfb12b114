//! Looks for a record for which some conditions have given truths.
//!
//! Conditions are taken apart into atoms, one branch for each way in which they can come out (a tableau over the three
//! truths of SQL). Each complete branch says of every atom whether it is true, false or null; from that follows which
//! slots are blank, which candidates are left, and a table of differences. A branch gives a record or is impossible;
//! or nobody can tell, because candidates were a sample or an atom is opaque.

use std::collections::BTreeMap;

use super::atom::{Atom, Key, Slot, SlotKind};
use super::numbers::{Clocks, Filler, Table, Wish, tables};
use crate::rule::expr::{BoolExpr, BoolNode, Comparison, Program};
use crate::table::Bits;

/// A set of truths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Truths(u8);

impl Truths {
    /// Only true.
    pub const TRUE: Self = Self(1);
    /// Only false.
    pub const FALSE: Self = Self(2);
    /// Only null.
    pub const NULL: Self = Self(4);
    /// True or null.
    pub const NOT_FALSE: Self = Self(5);
    /// False or null.
    pub const NOT_TRUE: Self = Self(6);

    /// Whether the set holds it.
    pub fn contains(self, truth: Option<bool>) -> bool {
        let single = match truth {
            Some(true) => Self::TRUE,
            Some(false) => Self::FALSE,
            None => Self::NULL,
        };
        self.0 & single.0 != 0
    }

    fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The truths whose negation is in the set.
    fn negated(self) -> Self {
        Self((self.0 & 4) | (self.0 & 1) << 1 | (self.0 & 2) >> 1)
    }

    fn single(self) -> Option<Self> {
        self.0.is_power_of_two().then_some(self)
    }
}

/// Conditions with the truths they are to have.
pub(super) type Goals = Vec<(BoolNode, Truths)>;

/// Everything a search reads.
pub(super) struct Space<'a> {
    pub(super) program: &'a Program,
    pub(super) slots: &'a [SlotKind],
    pub(super) atoms: &'a [Option<Atom>],
    /// For each slot the truths of atoms are looked up among candidates that are valid.
    pub(super) valid: &'a [Option<Bits>],
    /// Slots from here on are parameters, which are always stated.
    pub(super) n_variables: usize,
}

/// A record, slot by slot, as texts; blank where nothing is needed.
pub(super) type Values = Vec<String>;

/// What a search found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    Record(Values),
    Nothing,
    /// Neither a record nor the proof that there is none.
    Undecided,
}

/// The most branches that are followed.
const MAX_BRANCHES: usize = 5_000;

/// Looks for a record that meets the goals; `accept` has the last word on each.
pub(super) fn search(space: &Space<'_>, goals: Goals, accept: &mut dyn FnMut(&Values, bool) -> bool) -> Found {
    let mut search = Search { space, accept, branches: 0, is_undecided: false };
    let start = Branch { masks: BTreeMap::new(), domains: BTreeMap::new() };
    match search.follow(goals, start) {
        Some(values) => Found::Record(values),
        None if search.is_undecided => Found::Undecided,
        None => Found::Nothing,
    }
}

struct Search<'a, 'b> {
    space: &'a Space<'a>,
    accept: &'b mut dyn FnMut(&Values, bool) -> bool,
    branches: usize,
    is_undecided: bool,
}

/// What one branch has said so far.
#[derive(Clone)]
struct Branch {
    /// Truths left to each atom.
    masks: BTreeMap<BoolNode, Truths>,
    /// Candidates left to slots that have them.
    domains: BTreeMap<Slot, Bits>,
}

/// Which slots without candidates are blank, and which atoms are true or false.
#[derive(Clone, Default)]
struct Decided {
    blank: BTreeMap<Slot, bool>,
    facts: Vec<(BoolNode, bool)>,
}

impl Search<'_, '_> {
    fn follow(&mut self, mut goals: Goals, mut branch: Branch) -> Option<Values> {
        self.branches += 1;
        if self.branches > MAX_BRANCHES {
            self.is_undecided = true;
            return None;
        }
        while let Some((node, wanted)) = goals.pop() {
            if wanted.is_empty() {
                return None;
            }
            match &self.space.program.bools[node.0 as usize] {
                BoolExpr::Constant(truth) => {
                    if !wanted.contains(*truth) {
                        return None;
                    }
                }
                BoolExpr::Not(inner) => goals.push((*inner, wanted.negated())),
                BoolExpr::And(nodes) => match Self::branches_of(nodes, wanted) {
                    Ways::All(parts) => goals.extend(parts),
                    Ways::Any(ways) => return self.any(&goals, &branch, ways),
                },
                BoolExpr::Or(nodes) => {
                    // An `OR` is the negation of the `AND` of negations.
                    let negate = |parts: Goals| -> Goals {
                        parts.into_iter().map(|(node, truths)| (node, truths.negated())).collect()
                    };
                    match Self::branches_of(nodes, wanted.negated()) {
                        Ways::All(parts) => goals.extend(negate(parts)),
                        Ways::Any(ways) => {
                            return self.any(&goals, &branch, ways.into_iter().map(negate).collect());
                        }
                    }
                }
                _ => self.restrict(&mut branch, node, wanted)?,
            }
        }
        self.complete(&branch)
    }

    fn any(&mut self, goals: &Goals, branch: &Branch, ways: Vec<Goals>) -> Option<Values> {
        ways.into_iter().find_map(|way| {
            let mut goals = goals.clone();
            goals.extend(way);
            self.follow(goals, branch.clone())
        })
    }

    /// What is to be said of the parts of an `AND` so that it has one of the truths wanted.
    fn branches_of(nodes: &[BoolNode], wanted: Truths) -> Ways {
        let everything = |truths: Truths| nodes.iter().map(|node| (*node, truths)).collect::<Goals>();
        // The first part that spoils it has `spoils`; those before do not, those behind have `behind`.
        let first = |before: Truths, spoils: Truths, behind: Option<Truths>| -> Vec<Goals> {
            (0..nodes.len())
                .map(|at| {
                    let mut way: Goals = nodes[..at].iter().map(|node| (*node, before)).collect();
                    way.push((nodes[at], spoils));
                    way.extend(behind.iter().flat_map(|truths| nodes[at + 1..].iter().map(|node| (*node, *truths))));
                    way
                })
                .collect()
        };
        match wanted.0 {
            1 => Ways::All(everything(Truths::TRUE)),
            5 => Ways::All(everything(Truths::NOT_FALSE)),
            2 => Ways::Any(first(Truths::NOT_FALSE, Truths::FALSE, None)),
            6 => Ways::Any(first(Truths::TRUE, Truths::NOT_TRUE, None)),
            4 => Ways::Any(first(Truths::TRUE, Truths::NULL, Some(Truths::NOT_FALSE))),
            3 => {
                let mut ways = vec![everything(Truths::TRUE)];
                ways.extend(first(Truths::NOT_FALSE, Truths::FALSE, None));
                Ways::Any(ways)
            }
            _ => Ways::All(Vec::new()),
        }
    }

    /// Leaves an atom only the truths wanted; `None` where none is left.
    fn restrict(&mut self, branch: &mut Branch, node: BoolNode, wanted: Truths) -> Option<()> {
        let mask = branch.masks.entry(node).or_insert(Truths(7));
        *mask = mask.and(wanted);
        if mask.is_empty() {
            return None;
        }
        if let Some(Some(Atom::Choice { slot, yes, no })) = self.space.atoms.get(node.0 as usize) {
            let mut allowed = Bits::none(yes.len());
            if wanted.contains(Some(true)) {
                allowed = allowed.or(yes);
            }
            if wanted.contains(Some(false)) {
                allowed = allowed.or(no);
            }
            if wanted.contains(None) {
                allowed = allowed.or(&yes.or(no).not());
            }
            self.keep(branch, *slot, &allowed)?;
        }
        Some(())
    }

    /// Leaves a slot only these candidates; `None` where none is left.
    fn keep(&mut self, branch: &mut Branch, slot: Slot, allowed: &Bits) -> Option<()> {
        let SlotKind::Choice(candidates) = &self.space.slots[slot] else { return Some(()) };
        let before = self.domain(branch, slot);
        let after = before.and(allowed);
        if !after.any() {
            // What is blank, or one of a complete list, is known to be impossible; a sample proves nothing.
            let was_blank = before.iter().all(|index| index == 0);
            self.is_undecided |= !candidates.is_complete && !was_blank;
            return None;
        }
        branch.domains.insert(slot, after);
        Some(())
    }

    fn domain(&self, branch: &Branch, slot: Slot) -> Bits {
        branch.domains.get(&slot).or(self.space.valid[slot].as_ref()).cloned().unwrap_or_default()
    }

    /// Decides what is still open, and makes a record.
    fn complete(&mut self, branch: &Branch) -> Option<Values> {
        let open: Vec<(BoolNode, Truths)> = branch
            .masks
            .iter()
            .filter(|(node, _)| !matches!(self.space.atoms[node.0 as usize], Some(Atom::Choice { .. })))
            .map(|(node, truths)| (*node, *truths))
            .collect();
        self.decide(&open, branch, Decided::default())
    }

    fn decide(&mut self, open: &[(BoolNode, Truths)], branch: &Branch, decided: Decided) -> Option<Values> {
        self.branches += 1;
        if self.branches > MAX_BRANCHES {
            self.is_undecided = true;
            return None;
        }
        let Some(((node, truths), rest)) = open.split_first() else { return self.numbers(branch, &decided) };
        let Some(Some(atom)) = self.space.atoms.get(node.0 as usize) else { return None };
        if truths.single().is_none() {
            return [Truths::TRUE, Truths::FALSE, Truths::NULL]
                .into_iter()
                .filter(|one| !truths.and(*one).is_empty())
                .find_map(|one| {
                    let mut open = open.to_vec();
                    open[0].1 = one;
                    self.decide(&open, branch, decided.clone())
                });
        }
        match (atom, *truths) {
            (Atom::Blank(_), Truths::NULL) | (Atom::Valid(_), Truths::FALSE) => None,
            (Atom::Blank(slot), truth) => {
                let (branch, decided) = self.blank(branch, decided, *slot, truth == Truths::TRUE)?;
                self.decide(rest, &branch, decided)
            }
            (Atom::Valid(slot), truth) => {
                let (branch, decided) = self.blank(branch, decided, *slot, truth == Truths::NULL)?;
                self.decide(rest, &branch, decided)
            }
            (Atom::Opaque(_), _) => self.decide(rest, branch, decided),
            // Of two candidates either may give null although it is not blank.
            (Atom::Pair { left, right, .. }, Truths::NULL) => [left, right].into_iter().find_map(|(slot, keys)| {
                let without = Bits::from_fn(keys.len(), |index| keys[index].is_none());
                let mut branch = branch.clone();
                self.keep(&mut branch, *slot, &without)?;
                self.decide(rest, &branch, decided.clone())
            }),
            (_, Truths::NULL) => atom.slots().into_iter().find_map(|slot| {
                let (branch, decided) = self.blank(branch, decided.clone(), slot, true)?;
                self.decide(rest, &branch, decided)
            }),
            (_, truth) => {
                let (mut branch, mut decided) = (branch.clone(), decided);
                for slot in atom.slots() {
                    (branch, decided) = self.blank(&branch, decided, slot, false)?;
                }
                decided.facts.push((*node, truth == Truths::TRUE));
                self.decide(rest, &branch, decided)
            }
        }
    }

    /// Says that a slot is blank, or that it is not.
    fn blank(
        &mut self,
        branch: &Branch,
        mut decided: Decided,
        slot: Slot,
        is_blank: bool,
    ) -> Option<(Branch, Decided)> {
        let mut branch = branch.clone();
        if is_blank && slot >= self.space.n_variables {
            // What a run states is never blank: a rule that reads what is not stated does not apply.
            return None;
        }
        match &self.space.slots[slot] {
            SlotKind::Choice(candidates) => {
                let blank = Bits::from_fn(candidates.values.len(), |index| (index == 0) == is_blank);
                self.keep(&mut branch, slot, &blank)?;
            }
            _ => {
                if *decided.blank.entry(slot).or_insert(is_blank) != is_blank {
                    return None;
                }
            }
        }
        Some((branch, decided))
    }

    /// Candidates for those that are compared with each other, then numbers for the rest.
    fn numbers(&mut self, branch: &Branch, decided: &Decided) -> Option<Values> {
        let mut pairs = Vec::new();
        let mut facts = Vec::new();
        let mut is_relaxed =
            branch.masks.keys().any(|node| matches!(self.space.atoms[node.0 as usize], Some(Atom::Opaque(_))));
        for (node, truth) in &decided.facts {
            match &self.space.atoms[node.0 as usize] {
                Some(Atom::Pair { comparison, left, right }) => {
                    pairs.push(PairFact { comparison: *comparison, truth: *truth, left, right });
                }
                Some(atom) => facts.push((atom, *truth)),
                None => is_relaxed = true,
            }
        }
        let Some(chosen) = self.choose(branch, &pairs) else {
            let is_sample = pairs
                .iter()
                .flat_map(|pair| [pair.left.0, pair.right.0])
                .any(|slot| matches!(&self.space.slots[slot], SlotKind::Choice(candidates) if !candidates.is_complete));
            self.is_undecided |= is_sample;
            return None;
        };
        let clocks = Clocks::of(self.space, &facts, &decided.blank);
        for combination in 0..1u32 << clocks.open.len().min(8) {
            let timed = |slot: Slot| match clocks.open.iter().position(|open| *open == slot) {
                // With a time of day first: that is how most are written.
                Some(at) => combination >> at & 1 == 0,
                None => !clocks.without.contains(&slot),
            };
            let Some(tables) = tables(self.space, &facts, &timed) else { continue };
            for table in tables {
                for wish in [Wish::Usual, Wish::Least, Wish::Most] {
                    let Some(values) = self.record(branch, decided, &chosen, table.clone(), &timed, wish) else {
                        continue;
                    };
                    if (self.accept)(&values, is_relaxed || table.is_relaxed) {
                        return Some(values);
                    }
                    if !is_relaxed && !table.is_relaxed {
                        break;
                    }
                }
                // The table can be filled, but not so that the engine agrees.
                self.is_undecided = true;
            }
        }
        None
    }

    /// One candidate for each slot of the pairs, so that all of them come out as they should.
    fn choose(&self, branch: &Branch, pairs: &[PairFact<'_>]) -> Option<BTreeMap<Slot, usize>> {
        let mut slots: Vec<Slot> = pairs.iter().flat_map(|pair| [pair.left.0, pair.right.0]).collect();
        slots.sort_unstable();
        slots.dedup();
        let domains: Vec<Vec<usize>> = slots.iter().map(|slot| self.domain(branch, *slot).iter().collect()).collect();
        let mut chosen = BTreeMap::new();
        choose_next(&slots, &domains, pairs, &mut chosen).then_some(chosen)
    }

    fn record(
        &self,
        branch: &Branch,
        decided: &Decided,
        chosen: &BTreeMap<Slot, usize>,
        table: Table,
        timed: &dyn Fn(Slot) -> bool,
        wish: Wish,
    ) -> Option<Values> {
        let mut values = vec![String::new(); self.space.slots.len()];
        for (slot, kind) in self.space.slots.iter().enumerate() {
            let SlotKind::Choice(candidates) = kind else { continue };
            let index = chosen.get(&slot).copied().or_else(|| self.domain(branch, slot).iter().next())?;
            values[slot].clone_from(&candidates.values[index]);
        }
        let mut filler = Filler { table, wish };
        for (slot, kind) in self.space.slots.iter().enumerate() {
            let is_parameter = slot >= self.space.n_variables;
            // A slot is filled where something says so, or where it is always stated.
            let is_filled = decided.blank.get(&slot).is_some_and(|blank| !blank) || is_parameter;
            if matches!(kind, SlotKind::Choice(_)) || !is_filled {
                continue;
            }
            values[slot] = filler.fill(slot, kind, timed(slot))?;
        }
        Some(values)
    }
}

enum Ways {
    All(Goals),
    Any(Vec<Goals>),
}

struct PairFact<'a> {
    comparison: Comparison,
    truth: bool,
    left: &'a (Slot, Vec<Option<Key>>),
    right: &'a (Slot, Vec<Option<Key>>),
}

fn choose_next(
    slots: &[Slot],
    domains: &[Vec<usize>],
    pairs: &[PairFact<'_>],
    chosen: &mut BTreeMap<Slot, usize>,
) -> bool {
    let (Some((slot, slots)), Some((domain, domains))) = (slots.split_first(), domains.split_first()) else {
        return true;
    };
    for index in domain {
        chosen.insert(*slot, *index);
        let is_possible = pairs.iter().all(|pair| {
            let (Some(left), Some(right)) = (chosen.get(&pair.left.0), chosen.get(&pair.right.0)) else { return true };
            match (&pair.left.1[*left], &pair.right.1[*right]) {
                (Some(left), Some(right)) => pair.comparison.holds(left.cmp(right)) == pair.truth,
                _ => false,
            }
        });
        if is_possible && choose_next(slots, domains, pairs, chosen) {
            return true;
        }
    }
    chosen.remove(slot);
    false
}
