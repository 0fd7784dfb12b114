//! Counts records in doubt while files are scanned; what that means is on the page of [`super::doubt`].
//!
//! Most records violate nothing, so the work is in proportion to the violations: a condition is evaluated again only where
//! a violated rule touches it, over sets of rows, and only the rows in doubt are visited one by one.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use foldhash::fast::FixedState;

use super::doubt::{Could, Doubt, KINDS, Now};
use super::table::{Groups, Key, NO_TIME};
use crate::engine::eval::{Evaluator, Tri};
use crate::measure::{PairPlan, TallyPlan};
use crate::model::{Severity, VariableIndex};
use crate::rule::expr::{BoolExpr, BoolNode, Parameter, Program};
use crate::rule::fold::FoldColumn;
use crate::rule::{Check, Plan, Rule};
use crate::table::Bits;

/// Stands for the code of a group that is not divided by code.
pub(super) const EVERY_CODE: u32 = u32::MAX - 1;
/// Stands for the rule where records are counted whichever rules they violate.
const EVERY_RULE: usize = usize::MAX;
/// Stands for the rule where records are counted that cannot be decided, whatever they violate.
const NO_RULE: usize = usize::MAX - 1;

/// Which rules put what in doubt.
pub(super) struct DoubtPlan {
    /// What a condition or a part of it reads; conditions and parts that read nothing are not there.
    reads: HashMap<BoolNode, Vec<VariableIndex>, FixedState>,
    /// What a record's region and month are read from.
    place: Vec<VariableIndex>,
    code: Option<VariableIndex>,
    /// By pair: what must hold of the records spoken of for them to be counted.
    within: Vec<Vec<BoolNode>>,
    /// By rule of the plan: what it puts in doubt. Empty where that touches no measure.
    faulty: Vec<Vec<VariableIndex>>,
    /// By rule of the plan: the pairs that it touches.
    touched: Vec<Vec<usize>>,
    ids: Vec<String>,
}

impl DoubtPlan {
    /// For what `tally` counts; of groups of records also by the rules of `records`, which stand behind the plan's own.
    pub(super) fn new(plan: &Plan, tally: &TallyPlan, records: Option<&Plan>) -> Self {
        let program = &plan.program;
        let mut reads = HashMap::default();
        let mut of_pairs: Vec<BTreeSet<VariableIndex>> = Vec::new();
        let mut within = Vec::new();
        let mut place = program.inputs_of_text(tally.region).variables;
        // A stock's month is stated, not read from its records.
        place.extend(plan.collection.record_date.filter(|_| !plan.collection.stock));
        let code = plan.collection.breakdown.as_ref().map(|breakdown| breakdown.variable);
        for pair in &tally.pairs {
            let nodes = [tally.conditions[pair.among].node, tally.conditions[pair.numerator].node];
            for node in nodes {
                add_reads(program, node, &mut reads);
            }
            let mut inputs: BTreeSet<VariableIndex> = place.iter().copied().collect();
            inputs.extend(nodes.iter().filter_map(|node| reads.get(node)).flatten());
            inputs.extend(code.filter(|_| pair.by_breakdown));
            of_pairs.push(inputs);
            let [among, numerator] = nodes.map(|node| conjuncts(program, node));
            within.push(numerator.into_iter().filter(|node| !among.contains(node)).collect());
        }
        let (mut faulty, mut touched) = (Vec::new(), Vec::new());
        let own = plan.rules.iter().map(|rule| {
            let named = rule.faulty.iter().chain(&rule.triggers);
            (rule, named.flat_map(|variable| made_of_same(plan, *variable)).collect::<Vec<_>>())
        });
        let of_records = records.into_iter().flat_map(|records| &records.rules);
        let of_records = of_records.map(|rule| (rule, made_of_faulty(plan, rule)));
        for (rule, mut variables) in own.chain(of_records) {
            variables.sort_unstable();
            variables.dedup();
            if !puts_in_doubt(rule) {
                variables.clear();
            }
            let meets = |inputs: &BTreeSet<VariableIndex>| variables.iter().any(|variable| inputs.contains(variable));
            let pairs: Vec<usize> = (0..of_pairs.len()).filter(|pair| meets(&of_pairs[*pair])).collect();
            if pairs.is_empty() {
                variables.clear();
            }
            faulty.push(variables);
            touched.push(pairs);
        }
        let all = plan.rules.iter().chain(records.into_iter().flat_map(|records| &records.rules));
        let ids = all.map(|rule| rule.id.to_string()).collect();
        Self { reads, place, code, within, faulty, touched, ids }
    }

    /// Whether violations of a rule put anything in doubt.
    pub(super) fn asks_for(&self, rule: usize) -> bool {
        self.faulty.get(rule).is_some_and(|faulty| !faulty.is_empty())
    }
}

/// The variables of groups that are made of what a rule on records finds faulty.
fn made_of_faulty(plan: &Plan, rule: &Rule) -> Vec<VariableIndex> {
    let Some(fold) = &plan.fold else { return Vec::new() };
    let is_faulty = |input: &VariableIndex| rule.faulty.contains(input) || rule.triggers.contains(input);
    let all = (0..fold.columns.len()).map(VariableIndex);
    all.filter(|variable| fold.inputs_of(*variable).iter().any(is_faulty)).collect()
}

/// Whether a violation says that something in the record is wrong.
fn puts_in_doubt(rule: &Rule) -> bool {
    let of_period = |parameter: &Parameter| matches!(parameter, Parameter::PeriodStart | Parameter::PeriodEnd);
    match &rule.check {
        Check::Record(check) => rule.severity > Severity::Note && !check.parameters.iter().any(of_period),
        Check::Submission(_) => false,
    }
}

/// A variable, and where it is made of some records of a group those that are made of the very same: how many starts there
/// are is a matter of which of them is the first.
fn made_of_same(plan: &Plan, variable: VariableIndex) -> Vec<VariableIndex> {
    let columns = plan.fold.as_ref().map(|fold| fold.columns.as_slice()).unwrap_or_default();
    let filter = |column: &FoldColumn| match column {
        FoldColumn::Aggregate(aggregate) => Some(aggregate.filter),
        FoldColumn::Key(_) | FoldColumn::History(_) => None,
    };
    let every = |node: BoolNode| {
        let program = plan.fold.as_ref().map(|fold| &fold.of.program);
        program.is_none_or(|program| program.bools[node.0 as usize] == BoolExpr::Constant(Some(true)))
    };
    let own = columns.get(variable.0).and_then(filter).filter(|node| !every(*node));
    let same = columns.iter().enumerate().filter(|(_, column)| own.is_some() && filter(column) == own);
    std::iter::once(variable).chain(same.map(|(index, _)| VariableIndex(index))).collect()
}

/// What a condition demands at once.
fn conjuncts(program: &Program, node: BoolNode) -> Vec<BoolNode> {
    match &program.bools[node.0 as usize] {
        BoolExpr::And(nodes) => nodes.clone(),
        _ => vec![node],
    }
}

fn add_reads(program: &Program, node: BoolNode, reads: &mut HashMap<BoolNode, Vec<VariableIndex>, FixedState>) {
    if reads.contains_key(&node) {
        return;
    }
    reads.insert(node, program.inputs(&[node], None).variables);
    match &program.bools[node.0 as usize] {
        BoolExpr::And(nodes) | BoolExpr::Or(nodes) => {
            for node in nodes {
                add_reads(program, *node, reads);
            }
        }
        BoolExpr::Not(node) => add_reads(program, *node, reads),
        _ => {}
    }
}

/// Conditions over one batch, with some values of some rows in doubt.
struct Doubting<'e, 'a> {
    plan: &'e DoubtPlan,
    evaluators: [&'e Evaluator<'a>; 2],
    /// By variable: the rows where its value is in doubt.
    rows: Vec<Option<Bits>>,
    known: RefCell<HashMap<(BoolNode, bool), Rc<Tri>, FixedState>>,
}

impl<'e, 'a> Doubting<'e, 'a> {
    fn new<'v>(
        plan: &'e DoubtPlan,
        evaluators: [&'e Evaluator<'a>; 2],
        violations: impl Iterator<Item = &'v (usize, Bits)>,
    ) -> Self {
        let mut rows: Vec<Option<Bits>> = vec![None; evaluators[0].plan().collection.variables.len()];
        for (rule, violated) in violations {
            for variable in &plan.faulty[*rule] {
                let known = &mut rows[variable.0];
                *known = Some(known.as_ref().map_or_else(|| violated.clone(), |known| known.or(violated)));
            }
        }
        Self { plan, evaluators, rows, known: RefCell::default() }
    }

    /// The rows where one of `variables` is in doubt; `None` where none is.
    fn rows_of(&self, variables: &[VariableIndex]) -> Option<Bits> {
        let rows = variables.iter().filter_map(|variable| self.rows[variable.0].as_ref());
        rows.fold(None, |all: Option<Bits>, rows| Some(all.map_or_else(|| rows.clone(), |all| all.or(rows))))
    }

    fn is_touched(&self, node: BoolNode) -> bool {
        self.plan.reads.get(&node).is_some_and(|reads| reads.iter().any(|read| self.rows[read.0].is_some()))
    }

    /// Where the condition is surely true and surely false.
    fn bool(&self, node: BoolNode, reads_period: bool) -> Rc<Tri> {
        let evaluator = self.evaluators[usize::from(reads_period)];
        if !self.is_touched(node) {
            return Rc::clone(evaluator.bool(node));
        }
        if let Some(known) = self.known.borrow().get(&(node, reads_period)) {
            return Rc::clone(known);
        }
        let joined = |nodes: &[BoolNode], join: fn(&Tri, &Tri) -> Tri| {
            let mut parts = nodes.iter().map(|node| self.bool(*node, reads_period));
            let first = parts.next().map(|first| Tri::clone(&first));
            first.map(|first| parts.fold(first, |all, part| join(&all, &part)))
        };
        let tri = match &evaluator.plan().program.bools[node.0 as usize] {
            BoolExpr::And(nodes) => {
                joined(nodes, |all, part| Tri { yes: all.yes.and(&part.yes), no: all.no.or(&part.no) })
            }
            BoolExpr::Or(nodes) => {
                joined(nodes, |all, part| Tri { yes: all.yes.or(&part.yes), no: all.no.and(&part.no) })
            }
            BoolExpr::Not(inner) => {
                let inner = self.bool(*inner, reads_period);
                Some(Tri { yes: inner.no.clone(), no: inner.yes.clone() })
            }
            _ => {
                let tri = evaluator.bool(node);
                let rows = self.plan.reads.get(&node).and_then(|reads| self.rows_of(reads));
                rows.map(|rows| Tri { yes: tri.yes.minus(&rows), no: tri.no.minus(&rows) })
            }
        };
        let tri = tri.map_or_else(|| Rc::clone(evaluator.bool(node)), Rc::new);
        self.known.borrow_mut().insert((node, reads_period), Rc::clone(&tri));
        tri
    }
}

/// Where records of a pair are, surely; elsewhere they may be on either side.
///
/// A record is counted where it is spoken of and something more holds. What more is looked at by itself: a record of which
/// only the former is in doubt is either outside or on the side where the latter puts it.
struct Sides {
    among: Rc<Tri>,
    within: Tri,
}

impl Sides {
    fn of(tally: &TallyPlan, pair: &PairPlan, within: &[BoolNode], bool: impl Fn(BoolNode, bool) -> Rc<Tri>) -> Self {
        let among = &tally.conditions[pair.among];
        let among = bool(among.node, among.reads_period);
        let (len, reads_period) = (among.yes.len(), tally.conditions[pair.numerator].reads_period);
        let everywhere = Tri { yes: Bits::all(len), no: Bits::none(len) };
        let within = within.iter().fold(everywhere, |all, node| {
            let part = bool(*node, reads_period);
            Tri { yes: all.yes.and(&part.yes), no: all.no.or(&part.no) }
        });
        Self { among, within }
    }

    /// The rows that can be within, beyond and outside; those of `moving` may be outside whatever the conditions say.
    fn possible(&self, moving: Option<&Bits>) -> [Bits; 3] {
        let within = self.among.no.or(&self.within.no).not();
        let beyond = self.among.no.or(&self.within.yes).not();
        let outside = self.among.yes.not();
        [within, beyond, moving.map_or_else(|| outside.clone(), |moving| outside.or(moving))]
    }

    fn now(&self, row: usize) -> Now {
        match (self.among.at(row), self.within.at(row)) {
            (Some(true), Some(true)) => Now::Within,
            (Some(true), Some(false)) => Now::Beyond,
            (Some(true), None) => Now::BeyondUndecided,
            (Some(false), _) => Now::Outside,
            (None, _) => Now::OutsideUndecided,
        }
    }
}

/// What one thread has counted of records in doubt.
#[derive(Default)]
pub(super) struct DoubtPart {
    counts: HashMap<(Key, usize, usize), [u64; KINDS], FixedState>,
}

/// Groups of a batch, with or without their codes.
struct Divided {
    of_group: Vec<usize>,
    keys: Vec<Key>,
}

impl Divided {
    fn new(groups: &Groups, with_code: bool) -> Self {
        let mut places: HashMap<Key, usize, FixedState> = HashMap::default();
        let mut keys = Vec::new();
        let mut place = |key: Key| {
            *places.entry(key).or_insert_with(|| {
                keys.push(key);
                keys.len() - 1
            })
        };
        let own = |key: Key| if with_code || key.0 == u32::MAX { key } else { (key.0, key.1, EVERY_CODE) };
        let of_group = groups.keys.iter().map(|key| place(own(*key))).collect();
        Self { of_group, keys }
    }
}

impl DoubtPart {
    /// Adds one batch: `violations` are of the rules that the plan asks for, by their index.
    pub(super) fn add(
        &mut self,
        plan: &DoubtPlan,
        tally: &TallyPlan,
        evaluators: [&Evaluator<'_>; 2],
        groups: &Groups,
        violations: &[(usize, Bits)],
    ) {
        let together = Divided::new(groups, false);
        let by_code = tally.pairs.iter().any(|pair| pair.by_breakdown).then(|| Divided::new(groups, true));
        let all = Doubting::new(plan, evaluators, violations.iter());
        let moving = all.rows_of(&plan.place);
        let moving_or_coded = plan.code.map(|code| {
            let variables: Vec<VariableIndex> = plan.place.iter().copied().chain([code]).collect();
            all.rows_of(&variables)
        });
        let plain = |node: BoolNode, reads_period: bool| Rc::clone(evaluators[usize::from(reads_period)].bool(node));
        let sides: Vec<Sides> =
            tally.pairs.iter().zip(&plan.within).map(|(pair, within)| Sides::of(tally, pair, within, plain)).collect();
        for (index, (pair, now)) in tally.pairs.iter().zip(&sides).enumerate() {
            let could = Sides::of(tally, pair, &plan.within[index], |node, reads_period| all.bool(node, reads_period));
            let possible = could.possible(moving.as_ref());
            self.count((index, EVERY_RULE), now, &possible, None, groups, &together);
            self.count((index, NO_RULE), now, &now.possible(None), None, groups, &together);
            if let Some(by_code) = by_code.as_ref().filter(|_| pair.by_breakdown) {
                let possible = could.possible(moving_or_coded.as_ref().unwrap_or(&moving).as_ref());
                self.count((index, EVERY_RULE), now, &possible, None, groups, by_code);
            }
        }
        for violation in violations {
            let (rule, violated) = violation;
            let alone = Doubting::new(plan, evaluators, std::iter::once(violation));
            let moving = alone.rows_of(&plan.place);
            for index in &plan.touched[*rule] {
                let could = Sides::of(tally, &tally.pairs[*index], &plan.within[*index], |node, reads_period| {
                    alone.bool(node, reads_period)
                });
                let possible = could.possible(moving.as_ref());
                self.count((*index, *rule), &sides[*index], &possible, Some(violated), groups, &together);
            }
        }
    }

    /// Counts the rows of which more than one thing is possible, those of `only` where it is there.
    fn count(
        &mut self,
        (pair, rule): (usize, usize),
        now: &Sides,
        [within, beyond, outside]: &[Bits; 3],
        only: Option<&Bits>,
        groups: &Groups,
        divided: &Divided,
    ) {
        let open = within.and(beyond).or(&within.and(outside)).or(&beyond.and(outside));
        let open = only.map_or_else(|| open.clone(), |only| open.and(only));
        if !open.any() {
            return;
        }
        // The group of a row, and what is counted there.
        let kind = |row: usize| {
            let could = Could::of(within.contains(row), beyond.contains(row), outside.contains(row))?;
            Some((divided.of_group[groups.of_row[row] as usize], Doubt::place(now.now(row), could)))
        };
        // Records of no known region or month are in no figure.
        let is_counted = |key: &Key| key.0 != u32::MAX && key.1 != NO_TIME;
        if open.count() < divided.keys.len() as u64 {
            for (group, kind) in open.iter().filter_map(kind) {
                let key = divided.keys[group];
                if is_counted(&key) {
                    self.counts.entry((key, pair, rule)).or_insert([0; KINDS])[kind] += 1;
                }
            }
            return;
        }
        let mut counts = vec![[0u64; KINDS]; divided.keys.len()];
        for (group, kind) in open.iter().filter_map(kind) {
            counts[group][kind] += 1;
        }
        for (key, counts) in divided.keys.iter().zip(counts) {
            if !is_counted(key) || counts.iter().all(|count| *count == 0) {
                continue;
            }
            let total = self.counts.entry((*key, pair, rule)).or_insert([0; KINDS]);
            for (total, part) in total.iter_mut().zip(counts) {
                *total += part;
            }
        }
    }

    /// Everything counted: by group, pair and rule; no rule where records are counted whichever they violate, a blank one
    /// where they are counted because they cannot be decided.
    pub(super) fn finish(self, plan: &DoubtPlan) -> impl Iterator<Item = (Key, usize, Option<&str>, Doubt)> {
        self.counts.into_iter().map(|((key, pair, rule), counts)| {
            let id = if rule == NO_RULE { Some("") } else { plan.ids.get(rule).map(String::as_str) };
            (key, pair, id, Doubt::of_counts(counts))
        })
    }
}
