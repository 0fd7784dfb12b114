//! What groups are made of, before and after: a change of it is a change of every rule that reads the variable.
//!
//! What such a change means for records is not proved: that would take reasoning over whole groups of them.

use std::collections::{BTreeMap, BTreeSet};

use super::{Meaning, Part};
use crate::model::VariableIndex;
use crate::rule::fold::{FoldColumn, Function};
use crate::rule::print::Printer;
use crate::rule::{Check, Plan, Rule, SubmissionKind};

/// How groups are made in one plan, as text.
#[derive(Debug, Default)]
struct Made {
    /// Which collection is folded by which variables.
    key: String,
    order: String,
    /// By variable: its aggregate, and whether the order has a say in it.
    aggregates: BTreeMap<String, (String, bool)>,
}

impl Made {
    fn of(plan: &Plan) -> Self {
        let Some(fold) = &plan.fold else { return Self::default() };
        let printer = Printer::of(&fold.of);
        let key: Vec<&str> = fold.key.iter().map(|part| fold.of.collection.get(*part).id.as_str()).collect();
        let order: Vec<String> = fold.order.iter().map(|operand| printer.operand(*operand)).collect();
        let aggregates = plan.collection.variables.iter().zip(&fold.columns).filter_map(|(variable, column)| {
            let made = match column {
                FoldColumn::Key(_) => return None,
                FoldColumn::Aggregate(aggregate) => {
                    let is_ordered = matches!(aggregate.function, Function::First(_) | Function::Last(_));
                    (printer.aggregate(aggregate), is_ordered)
                }
                FoldColumn::History(item) => {
                    let months = fold.history.as_ref().map_or(0, |history| history.months);
                    (format!("{}, corrections: {{ months: {months} }}", item.as_str()), false)
                }
            };
            Some((variable.id.clone(), made))
        });
        Self {
            key: format!("{}: {}", fold.of.collection.id, key.join(", ")),
            order: order.join(", "),
            aggregates: aggregates.collect(),
        }
    }
}

/// How groups are made in two plans.
#[derive(Debug)]
pub(super) struct FoldChange {
    before: Made,
    after: Made,
}

impl FoldChange {
    pub(super) fn new(old: &Plan, new: &Plan) -> Self {
        Self { before: Made::of(old), after: Made::of(new) }
    }

    /// What is made otherwise of what two versions of a rule read, by the names of variables.
    pub(super) fn parts(&self, read: &BTreeSet<String>) -> Vec<Part> {
        let mut parts = Vec::new();
        let mut differ = |key: &'static str, before: String, after: String| {
            if before != after {
                parts.push(Part { key, before, after });
            }
        };
        differ("group_key", self.before.key.clone(), self.after.key.clone());
        let sides = [&self.before, &self.after];
        if read.iter().any(|id| sides.iter().any(|made| made.aggregates.get(id).is_some_and(|(_, ordered)| *ordered))) {
            differ("group_order", self.before.order.clone(), self.after.order.clone());
        }
        for id in read {
            let [before, after] = sides.map(|made| match made.aggregates.get(id) {
                Some((aggregate, _)) => format!("{id}: {aggregate}"),
                None => String::new(),
            });
            differ("made_of", before, after);
        }
        parts
    }
}

/// The variables that a rule speaks of, by name.
pub(super) fn read(plan: &Plan, rule: &Rule) -> BTreeSet<String> {
    let read: &[VariableIndex] = match &rule.check {
        Check::Record(check) => &check.inputs,
        Check::Submission(SubmissionKind::Unique { variables, .. }) => variables,
        Check::Submission(_) => &[],
    };
    let spoken_of = read.iter().chain(&rule.faulty).chain(&rule.triggers);
    spoken_of.map(|variable| plan.collection.get(*variable).id.clone()).collect()
}

/// What is known of a rule whose groups are made otherwise: the groups that are shown, and no more.
pub(super) fn undecided(meaning: Meaning) -> Meaning {
    match meaning {
        Meaning::Equal => Meaning::Undecided { newly_failing: None, newly_passing: None },
        Meaning::Stricter(failing) => Meaning::Undecided { newly_failing: Some(failing), newly_passing: None },
        Meaning::Looser(passing) => Meaning::Undecided { newly_failing: None, newly_passing: Some(passing) },
        other => other,
    }
}
