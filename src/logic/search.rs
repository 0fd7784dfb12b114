//! Looks for a record for which some conditions have given truths.
//!
//! Conditions are taken apart into atoms, one branch for each way in which they can come out (a tableau over the three
//! truths of SQL). Each complete branch says of every atom whether it is true, false or null; from that follows which
//! slots are blank, which candidates are left, and a table of differences. A branch gives a record or is impossible;
//! or nobody can tell, because candidates were a sample or an atom is opaque.

use std::collections::BTreeMap;

use super::atom::{Atom, Family, Key, Linear, Slot, SlotKind, TimeBase, TimeTerm};
use super::difference::{Differences, Number, ZERO};
use crate::rule::expr::{BoolExpr, BoolNode, Comparison, Program};
use crate::table::Bits;
use crate::time::{DAY, civil_from_days, days_from_civil};

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
        let clocks = Clocks::of(self.space, &facts, decided);
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

/// Which points in time may or may not have a time of day.
struct Clocks {
    /// Either will do: both are tried.
    open: Vec<Slot>,
    /// Surely none.
    without: Vec<Slot>,
}

impl Clocks {
    fn of(space: &Space<'_>, facts: &[(&Atom, bool)], decided: &Decided) -> Self {
        let (mut open, mut without) = (Vec::new(), Vec::new());
        for (slot, kind) in space.slots.iter().enumerate() {
            let stated = facts.iter().find_map(|(atom, truth)| match atom {
                Atom::HasTime(of) if *of == slot => Some(*truth),
                _ => None,
            });
            match (kind, stated) {
                (SlotKind::Time { date_only: true }, None) => {
                    let is_compared = facts.iter().any(|(atom, _)| {
                        matches!(atom, Atom::Times { .. } | Atom::Linear { .. }) && atom.slots().contains(&slot)
                    });
                    if is_compared && decided.blank.get(&slot) == Some(&false) {
                        open.push(slot);
                    }
                }
                (SlotKind::Time { .. }, Some(false)) | (SlotKind::Day, _) => without.push(slot),
                _ => {}
            }
        }
        Self { open, without }
    }
}

/// Differences, with the numbers that stand for each slot.
#[derive(Clone, Default)]
struct Table {
    differences: Differences,
    days: BTreeMap<Slot, Number>,
    clocks: BTreeMap<Slot, Number>,
    /// First days of years.
    years: BTreeMap<Slot, Number>,
    integers: BTreeMap<Slot, Number>,
    /// Whether what it says is less than what is asked, so that a record must be tried out.
    is_relaxed: bool,
}

/// The first second of a year; years that no text can write lie beyond all others.
fn year_start(year: i64) -> i64 {
    match days_from_civil(year, 1, 1) {
        Some(day) => day * DAY,
        None if year < 0 => -100_000 * 366 * DAY,
        None => 100_000 * 366 * DAY,
    }
}

impl Table {
    fn day(&mut self, slot: Slot) -> Number {
        if let Some(number) = self.days.get(&slot) {
            return *number;
        }
        let number = self.differences.add(true);
        self.differences.limit(number, ZERO, year_start(9999) + 364 * DAY);
        self.differences.limit(ZERO, number, -year_start(0));
        self.days.insert(slot, number);
        number
    }

    fn clock(&mut self, slot: Slot) -> Number {
        if let Some(number) = self.clocks.get(&slot) {
            return *number;
        }
        let (day, number) = (self.day(slot), self.differences.add(false));
        self.differences.limit(number, day, DAY - 1);
        self.differences.limit(day, number, 0);
        self.clocks.insert(slot, number);
        number
    }

    fn year(&mut self, slot: Slot, kind: &SlotKind) -> Number {
        if let Some(number) = self.years.get(&slot) {
            return *number;
        }
        let number = self.differences.add(true);
        let (least, most) = match kind {
            SlotKind::Year { range: Some(range) } => *range,
            _ => (0, 9999),
        };
        self.differences.limit(number, ZERO, year_start(most));
        self.differences.limit(ZERO, number, -year_start(least));
        if !matches!(kind, SlotKind::Year { .. }) {
            let day = self.day(slot);
            self.differences.limit(number, day, 0);
            self.differences.limit(day, number, 365 * DAY);
        }
        self.years.insert(slot, number);
        number
    }

    fn integer(&mut self, slot: Slot, kind: &SlotKind) -> Number {
        if let Some(number) = self.integers.get(&slot) {
            return *number;
        }
        let number = self.differences.add(false);
        let (least, most) = match kind {
            SlotKind::Integer { range: Some(range) } => *range,
            _ => (-999_999_999_999_999_999, 999_999_999_999_999_999),
        };
        self.differences.limit(number, ZERO, most);
        self.differences.limit(ZERO, number, least.saturating_neg());
        self.integers.insert(slot, number);
        number
    }

    /// Draws every conclusion; false where not everything can hold. A year's first day is one, and no day lies beyond the
    /// end of its year: that is more than differences say, for years are not equally long.
    fn close(&mut self) -> bool {
        if !self.differences.close() {
            return false;
        }
        let year_of = |seconds: i64| civil_from_days(seconds.div_euclid(DAY)).0;
        // Each round takes a conclusion one year further; what rules say is drawn in two.
        for _ in 0..4 {
            let mut is_tighter = false;
            for (slot, first) in &self.years {
                let (least, most) = self.differences.range(*first);
                let rounded_up = year_of(least) + i64::from(year_start(year_of(least)) < least);
                let mut bounds = vec![(*first, year_start(rounded_up), year_start(year_of(most)))];
                if let Some(day) = self.days.get(slot) {
                    let (earliest, latest) = self.differences.range(*day);
                    bounds.push((*first, year_start(year_of(earliest)), year_start(year_of(latest))));
                    bounds.push((*day, earliest, year_start(year_of(most).saturating_add(1)).saturating_sub(DAY)));
                }
                for (number, least, most) in bounds {
                    let before = self.differences.range(number);
                    if least > before.0 || most < before.1 {
                        is_tighter = true;
                        self.differences.limit(number, ZERO, most);
                        self.differences.limit(ZERO, number, least.saturating_neg());
                    }
                }
            }
            if !is_tighter {
                break;
            }
            if !self.differences.close() {
                return false;
            }
        }
        true
    }

    /// The number that a quantity of a family is, and how many of its units make one of the family.
    fn quantity(&mut self, family: Family, slot: Slot, kind: &SlotKind, timed: bool) -> Number {
        match family {
            Family::Years => self.year(slot, kind),
            Family::Minutes if timed => self.clock(slot),
            Family::Days | Family::Minutes => self.day(slot),
            Family::Numbers => self.integer(slot, kind),
        }
    }
}

/// The tables of all facts: several where a fact says *unequal*, which is less or more. `None` where none can hold.
fn tables(space: &Space<'_>, facts: &[(&Atom, bool)], timed: &dyn Fn(Slot) -> bool) -> Option<Vec<Table>> {
    let mut tables = vec![Table::default()];
    let period = [space.n_variables + 1, space.n_variables + 2];
    if facts.iter().any(|(atom, _)| period.iter().all(|slot| atom.slots().contains(slot)))
        || period.iter().all(|slot| facts.iter().any(|(atom, _)| atom.slots().contains(slot)))
    {
        let table = &mut tables[0];
        let (start, end) = (table.day(period[0]), table.day(period[1]));
        table.differences.limit(start, end, 0);
    }
    for (atom, truth) in facts {
        let wanted = |comparison: Comparison| if *truth { comparison } else { negated(comparison) };
        let mut next = Vec::new();
        for table in tables {
            match atom {
                Atom::Times { comparison, left, right } => {
                    for comparison in parts(wanted(*comparison)) {
                        let mut table = table.clone();
                        compare_times(&mut table, *comparison, *left, *right, timed);
                        next.push(table);
                    }
                }
                Atom::Linear { comparison, linear } => {
                    for comparison in parts(wanted(*comparison)) {
                        let mut table = table.clone();
                        if compare_linear(&mut table, space, *comparison, *linear, timed) {
                            next.push(table);
                        }
                    }
                }
                _ => next.push(table),
            }
        }
        tables = next;
        if tables.len() > 64 {
            break;
        }
    }
    tables.retain_mut(Table::close);
    (!tables.is_empty()).then_some(tables)
}

fn negated(comparison: Comparison) -> Comparison {
    match comparison {
        Comparison::Equal => Comparison::NotEqual,
        Comparison::NotEqual => Comparison::Equal,
        Comparison::Less => Comparison::GreaterOrEqual,
        Comparison::LessOrEqual => Comparison::Greater,
        Comparison::Greater => Comparison::LessOrEqual,
        Comparison::GreaterOrEqual => Comparison::Less,
    }
}

fn parts(comparison: Comparison) -> &'static [Comparison] {
    match comparison {
        Comparison::Equal => &[Comparison::Equal],
        Comparison::NotEqual => &[Comparison::Less, Comparison::Greater],
        Comparison::Less => &[Comparison::Less],
        Comparison::LessOrEqual => &[Comparison::LessOrEqual],
        Comparison::Greater => &[Comparison::Greater],
        Comparison::GreaterOrEqual => &[Comparison::GreaterOrEqual],
    }
}

/// Says `left - right <comparison> 0` of numbers with constants added; `step` is the least difference there is.
fn limit(
    table: &mut Table,
    comparison: Comparison,
    (left, more): (Number, i64),
    (right, less): (Number, i64),
    step: i64,
) {
    let constant = less.saturating_sub(more);
    let differences = &mut table.differences;
    if matches!(comparison, Comparison::Equal | Comparison::LessOrEqual) {
        differences.limit(left, right, constant);
    }
    if matches!(comparison, Comparison::Equal | Comparison::GreaterOrEqual) {
        differences.limit(right, left, constant.saturating_neg());
    }
    if comparison == Comparison::Less {
        differences.limit(left, right, constant.saturating_sub(step));
    }
    if comparison == Comparison::Greater {
        differences.limit(right, left, constant.saturating_neg().saturating_sub(step));
    }
}

fn compare_times(
    table: &mut Table,
    comparison: Comparison,
    left: TimeTerm,
    right: TimeTerm,
    timed: &dyn Fn(Slot) -> bool,
) {
    let has_clock = |term: TimeTerm| {
        !term.as_day
            && match term.base {
                TimeBase::Slot(slot) => timed(slot),
                TimeBase::Literal(_, has_time) => has_time,
            }
    };
    let by_clock = has_clock(left) && has_clock(right);
    let number = |table: &mut Table, term: TimeTerm| match term.base {
        TimeBase::Slot(slot) if by_clock => (table.clock(slot), 0),
        TimeBase::Slot(slot) => (table.day(slot), 0),
        TimeBase::Literal(seconds, _) if by_clock => (ZERO, seconds),
        TimeBase::Literal(seconds, _) => (ZERO, seconds.div_euclid(DAY) * DAY),
    };
    let (left, right) = (number(table, left), number(table, right));
    limit(table, comparison, left, right, if by_clock { 1 } else { DAY });
}

/// Says `plus - minus + constant <comparison> 0`; false where that cannot be.
fn compare_linear(
    table: &mut Table,
    space: &Space<'_>,
    comparison: Comparison,
    linear: Linear,
    timed: &dyn Fn(Slot) -> bool,
) -> bool {
    let Some(family) = linear.family.filter(|_| linear.plus.is_some() || linear.minus.is_some()) else {
        return comparison.holds(linear.constant.cmp(&0));
    };
    let number = |table: &mut Table, slot: Option<Slot>| {
        slot.map_or(ZERO, |slot| table.quantity(family, slot, &space.slots[slot], timed(slot)))
    };
    let (plus, minus) = (number(table, linear.plus), number(table, linear.minus));
    // `plus - minus <comparison> most`
    let most = linear.constant.saturating_neg();
    match family {
        Family::Numbers => limit(table, comparison, (plus, 0), (minus, most), 1),
        Family::Days => limit(table, comparison, (plus, 0), (minus, most.saturating_mul(DAY)), DAY),
        Family::Minutes => minutes(table, comparison, plus, minus, most),
        Family::Years => years(table, comparison, plus, minus, most),
    }
    true
}

/// Whole minutes are rounded down: `minutes <= most` is `seconds <= 60 most + 59`.
fn minutes(table: &mut Table, comparison: Comparison, plus: Number, minus: Number, most: i64) {
    let seconds = |minutes: i64| minutes.saturating_mul(60);
    if matches!(comparison, Comparison::LessOrEqual | Comparison::Equal) {
        table.differences.limit(plus, minus, seconds(most).saturating_add(59));
    }
    if comparison == Comparison::Less {
        table.differences.limit(plus, minus, seconds(most).saturating_sub(1));
    }
    if matches!(comparison, Comparison::GreaterOrEqual | Comparison::Equal) {
        table.differences.limit(minus, plus, seconds(most).saturating_neg());
    }
    if comparison == Comparison::Greater {
        table.differences.limit(minus, plus, seconds(most).saturating_add(60).saturating_neg());
    }
}

/// Years by their first days. Against a constant that is exact; between two years the days of leap years leave some
/// room, less than a year, which goes when a first day of a year is chosen within it.
fn years(table: &mut Table, comparison: Comparison, plus: Number, minus: Number, most: i64) {
    let at_most = |table: &mut Table, plus: Number, minus: Number, most: i64| {
        if minus == ZERO {
            table.differences.limit(plus, ZERO, year_start(most));
        } else if plus == ZERO {
            // `-minus <= most`
            table.differences.limit(ZERO, minus, year_start(most.saturating_neg()).saturating_neg());
        } else {
            table.is_relaxed = true;
            table.differences.limit(plus, minus, most_days(most).saturating_mul(DAY));
        }
    };
    if matches!(comparison, Comparison::LessOrEqual | Comparison::Equal) {
        at_most(table, plus, minus, most);
    }
    if comparison == Comparison::Less {
        at_most(table, plus, minus, most.saturating_sub(1));
    }
    if matches!(comparison, Comparison::GreaterOrEqual | Comparison::Equal) {
        at_most(table, minus, plus, most.saturating_neg());
    }
    if comparison == Comparison::Greater {
        at_most(table, minus, plus, most.saturating_neg().saturating_sub(1));
    }
}

/// The most days between the first days of two years that are so many years apart.
fn most_days(years: i64) -> i64 {
    let years = years.clamp(-20_000, 20_000);
    if years >= 0 {
        365 * years + years / 4 + 1
    } else {
        let back = -years;
        -(365 * back + (back / 4 - back / 100 - 1).max(0))
    }
}

/// Which of the numbers that would do is taken.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wish {
    Usual,
    Least,
    Most,
}

struct Filler {
    table: Table,
    wish: Wish,
}

impl Filler {
    fn fill(&mut self, slot: Slot, kind: &SlotKind, timed: bool) -> Option<String> {
        match kind {
            SlotKind::Choice(_) => None,
            SlotKind::Integer { .. } => {
                let number = self.table.integer(slot, kind);
                self.take(number, 1).map(|value| value.to_string())
            }
            SlotKind::Year { .. } => {
                let number = self.table.year(slot, kind);
                let first = self.take_year(number, 1980)?;
                Some(format!("{:04}", civil_from_days(first.div_euclid(DAY)).0))
            }
            SlotKind::Day => {
                let usual = match slot.checked_sub(1) {
                    _ if !self.table.days.contains_key(&slot) && !self.table.years.contains_key(&slot) => None,
                    _ => Some(days_from_civil(2022, 12, 31).unwrap_or(0)),
                };
                match usual {
                    None => Some(String::new()),
                    Some(day) => self.day(slot, kind, day).map(crate::time::format_day),
                }
            }
            SlotKind::Time { .. } => {
                let day = self.day(slot, kind, days_from_civil(2022, 3, 1).unwrap_or(0))?;
                if !timed {
                    return Some(crate::time::format_day(day));
                }
                let seconds = match self.table.clocks.get(&slot).copied() {
                    Some(clock) => self.take(clock, day * DAY + 10 * 3_600)? - day * DAY,
                    None => 10 * 3_600,
                };
                let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
                let seconds = if second == 0 { String::new() } else { format!(":{second:02}") };
                Some(format!("{}T{hour:02}:{minute:02}{seconds}", crate::time::format_day(day)))
            }
        }
    }

    fn day(&mut self, slot: Slot, kind: &SlotKind, usual: i64) -> Option<i64> {
        if self.table.years.contains_key(&slot) {
            let number = self.table.year(slot, kind);
            let first = self.take_year(number, civil_from_days(usual).0)?;
            let year = civil_from_days(first.div_euclid(DAY)).0;
            let day = self.table.day(slot);
            self.table.differences.limit(day, ZERO, year_start(year + 1) - DAY);
            if !self.table.close() {
                return None;
            }
        }
        let number = self.table.day(slot);
        if !self.table.close() {
            return None;
        }
        self.take(number, usual * DAY).map(|seconds| seconds.div_euclid(DAY))
    }

    /// Takes the value nearest to what is usual.
    fn take(&mut self, number: Number, usual: i64) -> Option<i64> {
        if !self.table.close() {
            return None;
        }
        let (least, most) = self.table.differences.range(number);
        let value = match self.wish {
            Wish::Usual => usual.clamp(least, most.max(least)),
            Wish::Least => least,
            Wish::Most => most,
        };
        self.table.differences.fix(number, value).then_some(value)
    }

    /// Takes the first day of a year.
    fn take_year(&mut self, number: Number, usual: i64) -> Option<i64> {
        if !self.table.close() {
            return None;
        }
        let (least, most) = self.table.differences.range(number);
        let year_of = |seconds: i64| civil_from_days(seconds.div_euclid(DAY)).0;
        // The first year that begins at or after the least day, and the last that begins by the most.
        let first = year_of(least) + i64::from(year_start(year_of(least)) < least);
        let last = year_of(most);
        if first > last {
            return None;
        }
        let year = match self.wish {
            Wish::Usual => usual.clamp(first, last),
            Wish::Least => first,
            Wish::Most => last,
        };
        self.table.differences.fix(number, year_start(year)).then_some(year_start(year))
    }
}
