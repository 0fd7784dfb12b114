//! How much the tests of rules see: every rule is changed in small ways, and its tests must notice.
//!
//! A *mutant* is a rule with one change (see [`expression`] and [`domain`] for which). It is *killed* where at least
//! one of the rule's tests gets another verdict, in at least one collection; otherwise it *survives*, and either a
//! test is missing, or no record of this world tells it from the rule. The latter is argued in the rule file, under
//! `survivors`. An argument that fits no survivor is reported, for it would hide the next one.
//!
//! Only what somebody wrote is changed: conditions, assertions, validity, keys, and the value domains of schemas. What
//! follows from a level alone (`mandatory`) has tests of its own making. What groups are made of is changed as well, and
//! the tests of folds must notice ([`fold`]).
//!
//! All tests of a rule are judged at once for each mutant, as rows of one batch (`engine::Bench`).

mod domain;
mod expression;
mod fold;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use super::{Rulebook, Shelf};
use crate::diag::Place;
use crate::engine::{self, Bench};
use crate::model::{Text, Verdict};
use crate::rule::expr::{BoolExpr, BoolNode};
use crate::rule::fold::Fold;
use crate::rule::print::Printer;
use crate::rule::testing::ArguedSurvivor;
use crate::rule::{Check, Plan, Rule, RuleKind};
use expression::{Mutant, Mutator};

/// What became of every mutant of every rule.
#[derive(Clone, Debug, Default)]
pub struct Mutation {
    /// Rules with at least one mutant, by id.
    pub rules: Vec<MutatedRule>,
    /// Arguments that fit no survivor, by file and place.
    pub idle_arguments: Vec<IdleArgument>,
}

/// What became of the mutants of one rule, or of what one variable of a group is made of.
#[derive(Clone, Debug)]
pub struct MutatedRule {
    /// The rule; `collection.variable` of an aggregate, and the collection of key and order.
    pub id: String,
    /// Where it is written.
    pub place: Option<Place>,
    /// Its mutants, over all collections, the same one once.
    pub mutants: usize,
    /// Those that no test notices, argued ones included, by part and text.
    pub survivors: Vec<Survivor>,
}

/// A mutant that no test notices.
#[derive(Clone, Debug)]
pub struct Survivor {
    /// What was changed.
    pub part: Part,
    /// The condition, assertion or domain as it is.
    pub original: String,
    /// With the change.
    pub mutated: String,
    /// The smallest condition that holds the change, as it is.
    pub from: String,
    /// With the change.
    pub to: String,
    /// Where the part is written.
    pub place: Option<Place>,
    /// Why no test needs to notice.
    pub argued: Option<Text>,
}

/// An argument for a mutant that some test notices, or that is none.
#[derive(Clone, Debug)]
pub struct IdleArgument {
    /// The rules it stands with.
    pub rules: Vec<String>,
    /// The mutant as argued for.
    pub text: String,
    /// Where.
    pub place: Place,
}

/// What of a rule is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Where it applies, its validity included.
    When,
    /// What must hold.
    Assert,
    /// The variable's value domain, in the schema.
    Domain,
    /// The key of a rule on uniqueness, or of the groups that records fold into.
    Key,
    /// The aggregate that a variable of a group is made with, in the schema.
    Fold,
    /// What the records of a group stand in order by.
    Order,
}

impl Part {
    /// The word used in machine formats.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::When => "when",
            Self::Assert => "assert",
            Self::Domain => "domain",
            Self::Key => "key",
            Self::Fold => "fold",
            Self::Order => "order",
        }
    }
}

impl MutatedRule {
    /// Mutants that a test notices.
    pub fn killed(&self) -> usize {
        self.mutants - self.survivors.len()
    }
}

impl Mutation {
    /// Mutants.
    pub fn mutants(&self) -> usize {
        self.rules.iter().map(|rule| rule.mutants).sum()
    }

    /// Those that a test notices.
    pub fn killed(&self) -> usize {
        self.rules.iter().map(MutatedRule::killed).sum()
    }

    /// Those that none notices, argued ones included.
    pub fn survivors(&self) -> impl Iterator<Item = (&MutatedRule, &Survivor)> {
        self.rules.iter().flat_map(|rule| rule.survivors.iter().map(move |survivor| (rule, survivor)))
    }

    /// Killed of all; 1 where there are none.
    #[expect(clippy::cast_precision_loss, reason = "far fewer mutants than 2^52")]
    pub fn score(&self) -> f64 {
        match self.mutants() {
            0 => 1.0,
            mutants => self.killed() as f64 / mutants as f64,
        }
    }
}

/// Mutates every rule of `book` whose tests pass; those whose tests fail have nothing to say about mutants.
pub fn mutate(book: &Rulebook) -> Mutation {
    let mut trial = Trial::default();
    for shelf in book.shelves() {
        for plan in shelf.plans.values() {
            trial.plan(shelf, plan);
        }
    }
    trial.finish()
}

/// File and byte: an argument is written once, however many rules it stands with.
type ArgumentKey = (String, usize);

/// What is known so far; a mutant of a rule of several collections is tried in each.
#[derive(Default)]
struct Trial {
    rules: BTreeMap<String, TriedRule>,
    arguments: BTreeMap<ArgumentKey, IdleArgument>,
}

#[derive(Default)]
struct TriedRule {
    place: Option<Place>,
    mutants: BTreeMap<(Part, String), Fate>,
}

struct Fate {
    is_killed: bool,
    original: String,
    from: String,
    to: String,
    place: Option<Place>,
    argument: Option<(ArgumentKey, Text)>,
}

impl Trial {
    fn plan(&mut self, shelf: &Shelf, plan: &Arc<Plan>) {
        // Mutants become nodes of a copy: the rules' own nodes keep their numbers in it.
        let mut copy = Plan::clone(plan);
        for (index, rule) in plan.rules.iter().enumerate() {
            self.arguments(rule);
            let found = engine::test_rule(plan, &shelf.schemas, index);
            if rule.tests.iter().zip(&found).any(|(test, found)| *found != Ok(test.expected)) {
                continue;
            }
            match &rule.check {
                Check::Record(_) if rule.kind == RuleKind::Value => self.domain(plan, rule),
                Check::Record(_) => self.expressions(&mut copy, rule),
                Check::Submission(_) => self.key(shelf, plan, index),
            }
        }
        if let Some(fold) = plan.fold.as_deref() {
            self.fold(plan, fold);
        }
    }

    /// Mutants of what groups are made of.
    fn fold(&mut self, plan: &Plan, fold: &Fold) {
        if engine::test_fold(fold).iter().any(|found| found.as_ref().map_or(true, |unlike| !unlike.is_empty())) {
            return;
        }
        for mutant in fold::mutants(plan, fold) {
            let fate = Fate {
                is_killed: mutant.is_killed,
                original: mutant.from.clone(),
                from: mutant.from,
                to: mutant.to.clone(),
                place: mutant.place.clone(),
                argument: None,
            };
            self.record_at(mutant.id, mutant.place.as_ref(), (mutant.part, mutant.to), fate);
        }
    }

    fn arguments(&mut self, rule: &Rule) {
        for argued in &rule.survivors {
            let argument = self.arguments.entry(argument_key(argued)).or_insert_with(|| IdleArgument {
                rules: Vec::new(),
                text: argued.text.clone(),
                place: argued.place.clone(),
            });
            if !argument.rules.contains(&rule.id.0) {
                argument.rules.push(rule.id.0.clone());
            }
        }
    }

    /// Mutants of conditions and assertions.
    fn expressions(&mut self, plan: &mut Plan, rule: &Rule) {
        let Check::Record(check) = &rule.check else { return };
        let is_written = rule.kind == RuleKind::Check;
        let mut tried: Vec<(Part, Mutant)> = Vec::new();
        let collection = Arc::clone(&plan.collection);
        let (always, never) = (plan.program.always(), plan.program.bool(BoolExpr::Constant(Some(false))));
        let mut mutator = Mutator {
            program: &mut plan.program,
            collection: &collection,
            codelists: &plan.codelists,
            reads: &check.inputs,
        };
        if (is_written || (rule.kind == RuleKind::Required && rule.origin.when.is_some())) && check.when != always {
            tried.extend(mutator.mutants(check.when).into_iter().map(|mutant| (Part::When, mutant)));
            // Mandatory where it was conditional; and never required.
            let mut whole = vec![always];
            whole.extend((rule.kind == RuleKind::Required).then_some(never));
            tried.extend(whole.into_iter().map(|to| (Part::When, Mutant { node: to, from: check.when, to })));
        }
        if is_written || (rule.kind == RuleKind::Irrelevant && rule.origin.when.is_some()) {
            tried.extend(mutator.mutants(check.assert).into_iter().map(|mutant| (Part::Assert, mutant)));
        }
        let checks: Vec<(BoolNode, BoolNode)> = tried
            .iter()
            .map(|(part, mutant)| match part {
                Part::When => (mutant.node, check.assert),
                _ => (check.when, mutant.node),
            })
            .collect();
        let bench = Bench::new(plan, rule.tests.iter().map(|test| &test.input));
        let expected: Vec<Verdict> = rule.tests.iter().map(|test| test.expected).collect();
        let verdicts = bench.verdicts(plan, &checks);
        let printer = Printer::of(plan);
        for ((part, mutant), verdicts) in tried.into_iter().zip(verdicts) {
            let (root, place) = match part {
                Part::When => (check.when, rule.origin.when.as_ref()),
                _ => (check.assert, rule.origin.assert.as_ref().or(rule.origin.when.as_ref())),
            };
            let is_meant = |argued: &&ArguedSurvivor| argued.mutant == mutant.node || argued.mutant == mutant.to;
            let argued = rule.survivors.iter().find(is_meant);
            let fate = Fate {
                is_killed: verdicts != expected,
                original: printer.bool(root),
                from: printer.bool(mutant.from),
                to: printer.bool(mutant.to),
                place: place.or(rule.origin.rule.as_ref()).cloned(),
                argument: argued.map(|argued| (argument_key(argued), argued.because.clone())),
            };
            self.record(rule, part, printer.bool(mutant.node), fate);
        }
    }

    /// Mutants of a variable's value domain.
    fn domain(&mut self, plan: &Plan, rule: &Rule) {
        let (Check::Record(check), Some(variable)) = (&rule.check, rule.faulty.first()) else { return };
        let expected: Vec<Verdict> = rule.tests.iter().map(|test| test.expected).collect();
        let bench = Bench::new(plan, rule.tests.iter().map(|test| &test.input));
        for mutant in domain::mutants(&plan.collection.get(*variable).domain) {
            let (mutated, checks) = domain::plan_with(plan, *variable, mutant.domain, check);
            let is_killed = bench.verdicts(&mutated, &[checks]).pop() != Some(expected.clone());
            let fate = Fate {
                is_killed,
                original: mutant.from.clone(),
                from: mutant.from,
                to: mutant.to.clone(),
                place: rule.origin.rule.clone(),
                argument: None,
            };
            self.record(rule, Part::Domain, mutant.to, fate);
        }
    }

    /// Mutants of a key: one variable left out.
    fn key(&mut self, shelf: &Shelf, plan: &Arc<Plan>, index: usize) {
        let rule = &plan.rules[index];
        let Check::Submission(kind) = &rule.check else { return };
        if rule.tests.is_empty() {
            return;
        }
        for mutant in domain::keys(kind) {
            let mut mutated = Plan::clone(plan);
            let texts = (domain::key_text(&plan.collection, kind), domain::key_text(&plan.collection, &mutant));
            mutated.rules[index].check = Check::Submission(mutant);
            let found = engine::test_rule(&Arc::new(mutated), &shelf.schemas, index);
            let fate = Fate {
                is_killed: rule.tests.iter().zip(&found).any(|(test, found)| *found != Ok(test.expected)),
                original: texts.0.clone(),
                from: texts.0,
                to: texts.1.clone(),
                place: rule.origin.assert.clone(),
                argument: None,
            };
            self.record(rule, Part::Key, texts.1, fate);
        }
    }

    fn record(&mut self, rule: &Rule, part: Part, mutated: String, fate: Fate) {
        self.record_at(rule.id.0.clone(), rule.origin.rule.as_ref(), (part, mutated), fate);
    }

    fn record_at(&mut self, id: String, place: Option<&Place>, mutant: (Part, String), fate: Fate) {
        let tried = self.rules.entry(id).or_default();
        tried.place = tried.place.take().or_else(|| place.cloned());
        match tried.mutants.entry(mutant) {
            Entry::Vacant(entry) => {
                entry.insert(fate);
            }
            Entry::Occupied(mut entry) => {
                let known = entry.get_mut();
                known.is_killed |= fate.is_killed;
                known.argument = known.argument.take().or(fate.argument);
            }
        }
    }

    fn finish(mut self) -> Mutation {
        let mut mutation = Mutation::default();
        for (id, tried) in self.rules {
            let mutants = tried.mutants.len();
            let mut survivors = Vec::new();
            for ((part, mutated), fate) in tried.mutants.into_iter().filter(|(_, fate)| !fate.is_killed) {
                if let Some((key, _)) = &fate.argument {
                    self.arguments.remove(key);
                }
                survivors.push(Survivor {
                    part,
                    original: fate.original,
                    mutated,
                    from: fate.from,
                    to: fate.to,
                    place: fate.place,
                    argued: fate.argument.map(|(_, because)| because),
                });
            }
            mutation.rules.push(MutatedRule { id, place: tried.place, mutants, survivors });
        }
        mutation.idle_arguments = self.arguments.into_values().collect();
        mutation
    }
}

fn argument_key(argued: &ArguedSurvivor) -> ArgumentKey {
    (argued.place.source.name().to_owned(), argued.place.offset)
}

#[cfg(test)]
mod tests;
