//! Rules on groups of records before and after a change: how many groups violate each.
//!
//! Two rule sets may put the same records together differently, so that a group of one need not be one of the other:
//! which groups change sides is not asked. What each rule set says of its own groups is counted.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::Plans;
use crate::engine::{self, Settings, Stated};
use crate::model::Text;
use crate::rule::{Check, Plan};
use crate::submission::{InputError, InputFile};

/// What a change means for the groups that a collection's records fold into.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FoldedImpact {
    /// What people call the collection of groups.
    pub title: Text,
    /// What groups are called, in the plural.
    pub unit: Text,
    /// Groups before the change; `None` where there was no such collection.
    pub groups_before: Option<u64>,
    /// Groups after it; `None` where there is none any more.
    pub groups_after: Option<u64>,
    /// Every rule on groups of either rule set, by id.
    pub rules: BTreeMap<String, FoldedRule>,
}

/// How many groups a rule finds, all its versions together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FoldedRule {
    /// As titled after the change, or before where it is removed.
    pub title: Text,
    /// Violating groups before the change; `None` where the rule was not there.
    pub before: Option<u64>,
    /// The same after it.
    pub after: Option<u64>,
    /// Groups that could not be decided before the change.
    pub unchecked_before: u64,
    /// The same after it.
    pub unchecked_after: u64,
}

impl FoldedImpact {
    /// Adds the counts of other files. Groups that have records in both parts are counted in each.
    pub fn merge(&mut self, other: Self) {
        let add =
            |sum: &mut Option<u64>, more: Option<u64>| *sum = sum.map_or(more, |sum| Some(sum + more.unwrap_or(0)));
        self.title = other.title;
        self.unit = other.unit;
        add(&mut self.groups_before, other.groups_before);
        add(&mut self.groups_after, other.groups_after);
        for (id, part) in other.rules {
            let rule = self.rules.entry(id).or_default();
            rule.title = part.title;
            add(&mut rule.before, part.before);
            add(&mut rule.after, part.after);
            rule.unchecked_before += part.unchecked_before;
            rule.unchecked_after += part.unchecked_after;
        }
    }
}

/// One side of the comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Before,
    After,
}

/// Counts what the rules of one side say of the groups of `files`, which are of the collection `id`.
pub(super) fn add(
    plans: &Plans,
    (id, files): (&str, Vec<InputFile>),
    side: Side,
    stated: &Stated,
    stop: &AtomicBool,
    impact: &mut BTreeMap<String, FoldedImpact>,
) -> Result<(), InputError> {
    let folds_it = |plan: &&Arc<Plan>| plan.fold.as_ref().is_some_and(|fold| fold.of.collection.id == id);
    let Some(of) = plans.get(id).filter(|_| plans.values().any(|plan| folds_it(&plan)) && !files.is_empty()) else {
        return Ok(());
    };
    // Rules on records have been compared already.
    let without_rules = Arc::new(Plan { rules: Vec::new(), ..Plan::clone(of) });
    let mut wanted: Plans =
        plans.values().filter(folds_it).map(|plan| (plan.collection.id.clone(), Arc::clone(plan))).collect();
    wanted.insert(id.to_owned(), without_rules);
    let settings = Settings { stated: stated.clone(), ..Settings::default() };
    let (outcome, _) = engine::check(&wanted, files, &settings, stop, &|_| {}, None)?;
    for run in outcome.runs.iter().filter(|run| run.folded.is_some_and(|from| !from.is_left_out)) {
        let collection = &run.plan.collection;
        let folded = impact.entry(collection.id.clone()).or_default();
        folded.title = collection.title.clone();
        folded.unit = run.unit().cloned().unwrap_or_default();
        *(if side == Side::Before { &mut folded.groups_before } else { &mut folded.groups_after }) = Some(run.records);
        let on_groups =
            run.plan.rules.iter().zip(&run.rules).filter(|(rule, _)| matches!(rule.check, Check::Record(_)));
        for (rule, found) in on_groups {
            let entry = folded.rules.entry(rule.id.0.clone()).or_default();
            entry.title = rule.title.clone();
            let (violated, unchecked) = match side {
                Side::Before => (&mut entry.before, &mut entry.unchecked_before),
                Side::After => (&mut entry.after, &mut entry.unchecked_after),
            };
            *violated = Some(violated.unwrap_or(0) + found.counts.violated);
            *unchecked += found.counts.not_checked;
        }
    }
    Ok(())
}
