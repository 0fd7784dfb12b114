//! What became of each rule between two rule books, and what that means for records.
//!
//! Rules are held against each other by id and first day of validity. A rule whose logic changed is *stricter* where it
//! finds records that it did not, *looser* where it no longer finds some, *crossing* where both, and *equal* where
//! neither, however differently it is written. That is proved with both versions as nodes of one plan
//! ([`crate::rule::import`]); a rule on a value is judged by its domain. Where groups are made otherwise, the rules on them
//! that read what is are *undecided*, and what is made otherwise is shown. Every difference is shown with a record that
//! both engines were asked about, made as small as it goes.

mod domain;
mod fold;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Rulebook;
use crate::logic::{Answer, Prover, Truths, Witness};
use crate::model::{Level, RuleId, Severity, Text, VariableIndex, Verdict};
use crate::rule::expr::BoolNode;
use crate::rule::import::{CodeRow, Importer, is_same_list, rows};
use crate::rule::{Check, Plan, RecordCheck, Rule, RuleKind, SubmissionKind};
use crate::schema::Codelist;

use fold::FoldChange;

/// Everything that differs between two books.
#[derive(Debug, Default)]
pub struct Diff {
    /// Collections that only the new book has.
    pub collections_added: Vec<String>,
    /// Collections that only the old book has.
    pub collections_removed: Vec<String>,
    /// Code lists whose codes differ.
    pub codelists: Vec<CodelistDiff>,
    /// Rules that differ, by collection and in the order of the new plan; those removed come last.
    pub rules: Vec<RuleDiff>,
    /// Rules that do not differ at all.
    pub unchanged: usize,
}

/// A code list whose codes differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodelistDiff {
    /// Its name.
    pub name: String,
    /// Codes that only the new one has.
    pub added: Vec<String>,
    /// Codes that only the old one has.
    pub removed: Vec<String>,
    /// Codes of both whose days, spelling or attributes differ.
    pub changed: Vec<String>,
}

/// One rule that differs.
#[derive(Clone, Debug)]
pub struct RuleDiff {
    /// The collection.
    pub collection: String,
    /// The rule.
    pub id: RuleId,
    /// The first day of the version, where the rule has one.
    pub valid_from: Option<i64>,
    /// What it says, as the newer book words it.
    pub title: Text,
    /// Its severity before; `None` where it is new.
    pub severity_before: Option<Severity>,
    /// Its severity now; `None` where it is gone.
    pub severity_after: Option<Severity>,
    /// What the change means for records.
    pub meaning: Meaning,
    /// What is written otherwise, apart from the severity.
    pub parts: Vec<Part>,
}

/// What a change means for records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// The rule is new; a record that it finds.
    Added(Option<Shown>),
    /// The rule is gone; a record that it found.
    Removed(Option<Shown>),
    /// The same records are found.
    Equal,
    /// More records are found: one that is new among them.
    Stricter(Shown),
    /// Fewer records are found: one that no longer is.
    Looser(Shown),
    /// One that is newly found, and one that no longer is.
    Crossing(Shown, Shown),
    /// Not everything could be proved; what is known to differ.
    Undecided {
        /// A record that is newly found.
        newly_failing: Option<Shown>,
        /// A record that is no longer found.
        newly_passing: Option<Shown>,
    },
}

impl Meaning {
    /// The word used in machine formats.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Added(_) => "added",
            Self::Removed(_) => "removed",
            Self::Equal => "equal",
            Self::Stricter(_) => "stricter",
            Self::Looser(_) => "looser",
            Self::Crossing(..) => "crossing",
            Self::Undecided { .. } => "undecided",
        }
    }

    /// The records shown, with whether each is newly found.
    pub fn records(&self) -> Vec<(bool, &Shown)> {
        match self {
            Self::Equal => Vec::new(),
            Self::Added(record) => record.iter().map(|record| (true, record)).collect(),
            Self::Removed(record) => record.iter().map(|record| (false, record)).collect(),
            Self::Stricter(record) => vec![(true, record)],
            Self::Looser(record) => vec![(false, record)],
            Self::Crossing(failing, passing) => vec![(true, failing), (false, passing)],
            Self::Undecided { newly_failing, newly_passing } => newly_failing
                .iter()
                .map(|record| (true, record))
                .chain(newly_passing.iter().map(|record| (false, record)))
                .collect(),
        }
    }
}

/// A record that shows a difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Variables and parameters with their values, those that are blank left out.
    pub values: Vec<(String, String)>,
    /// What the old rule says of it.
    pub before: Option<Verdict>,
    /// What the new rule says of it.
    pub after: Option<Verdict>,
}

/// Something of a rule that is written otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Which: the key in the rule file.
    pub key: &'static str,
    /// As it was; blank where it was not there.
    pub before: String,
    /// As it is; blank where it is not there.
    pub after: String,
}

/// Why two books cannot be held against each other.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("they have no collection in common: {} and {}", before.join(", "), after.join(", "))]
pub struct NothingInCommon {
    /// The old book's collections.
    pub before: Vec<String>,
    /// The new book's collections.
    pub after: Vec<String>,
}

/// Holds two books against each other.
///
/// # Errors
/// If they have no collection in common.
pub fn diff(old: &Rulebook, new: &Rulebook) -> Result<Diff, NothingInCommon> {
    let names = |book: &Rulebook| book.plans().map(|plan| plan.collection.id.clone()).collect::<BTreeSet<_>>();
    let (before, after) = (names(old), names(new));
    let collections = |book: &Rulebook| book.collections.plans.keys().cloned().collect::<Vec<_>>();
    if !collections(old).iter().any(|name| new.collections.plans.contains_key(name)) {
        return Err(NothingInCommon { before: collections(old), after: collections(new) });
    }
    let mut diff = Diff {
        collections_added: after.difference(&before).cloned().collect(),
        collections_removed: before.difference(&after).cloned().collect(),
        codelists: codelists(old, new),
        ..Diff::default()
    };
    for plan in new.plans() {
        let Some(old) = old.plans().find(|old| old.collection.id == plan.collection.id) else { continue };
        Comparison::new(old, plan).run(&mut diff);
    }
    Ok(diff)
}

fn codelists(old: &Rulebook, new: &Rulebook) -> Vec<CodelistDiff> {
    let (old, new) = (&old.collections.schemas.codelists, &new.collections.schemas.codelists);
    let mut differing = Vec::new();
    for name in old.names().chain(new.names()).collect::<BTreeSet<_>>() {
        if old.get(name).zip(new.get(name)).is_some_and(|(a, b)| is_same_list(a, b)) {
            continue;
        }
        let codes = |list: Option<&Arc<Codelist>>| list.cloned().unwrap_or_default();
        let (before, after) = (codes(old.get(name)), codes(new.get(name)));
        let (before, after) = (rows(&before), rows(&after));
        let only = |a: &BTreeMap<&str, CodeRow<'_>>, b: &BTreeMap<&str, CodeRow<'_>>| {
            a.keys().filter(|code| !b.contains_key(*code)).map(|code| (*code).to_owned()).collect::<Vec<_>>()
        };
        differing.push(CodelistDiff {
            name: name.to_owned(),
            added: only(&after, &before),
            removed: only(&before, &after),
            changed: after
                .iter()
                .filter(|(code, row)| before.get(*code).is_some_and(|before| before != *row))
                .map(|(code, _)| (*code).to_owned())
                .collect(),
        });
    }
    differing
}

/// Two plans of one collection.
struct Comparison<'a> {
    old: &'a Plan,
    new: &'a Plan,
    old_prover: Prover<'a>,
    new_prover: Prover<'a>,
    groups: FoldChange,
}

type Key = (RuleId, Option<i64>);

fn keyed(plan: &Plan) -> BTreeMap<Key, &Rule> {
    let versions = |id: &RuleId| plan.rules.iter().filter(|rule| rule.id == *id).count();
    plan.rules
        .iter()
        .map(|rule| {
            // Of a rule in one version the day is no part of what it is: it may be changed.
            let from = rule.valid.as_ref().and_then(|valid| valid.from).filter(|_| versions(&rule.id) > 1);
            ((rule.id.clone(), from), rule)
        })
        .collect()
}

impl<'a> Comparison<'a> {
    fn new(old: &'a Plan, new: &'a Plan) -> Self {
        let groups = FoldChange::new(old, new);
        Self { old, new, old_prover: Prover::new(old), new_prover: Prover::new(new), groups }
    }

    fn run(&self, diff: &mut Diff) {
        let (before, after) = (keyed(self.old), keyed(self.new));
        // Both versions of every rule as nodes of one plan, prepared once.
        let importer = Importer::new(self.old, self.new);
        let mut joint = self.new.clone();
        let mut imported: BTreeMap<&Key, Option<(BoolNode, BoolNode)>> = BTreeMap::new();
        for (key, old) in before.iter().filter(|(key, _)| after.contains_key(*key)) {
            if let Check::Record(check) = &old.check {
                let nodes = importer.bool(check.when, &mut joint).zip(importer.bool(check.assert, &mut joint));
                imported.insert(key, nodes);
            }
        }
        let is_grown = joint.program.bools.len() > self.new.program.bools.len();
        let joint_prover = is_grown.then(|| Prover::new(&joint));
        let prover = joint_prover.as_ref().unwrap_or(&self.new_prover);
        for (key, new) in in_order(&after, self.new) {
            let Some(old) = before.get(key) else {
                let shown = Self::found(new, &self.new_prover, false);
                diff.rules.push(self.entry(key, None, Some(new), Meaning::Added(shown), Vec::new()));
                continue;
            };
            let meaning = match (&old.check, &new.check) {
                (Check::Record(_), Check::Record(check)) => {
                    let nodes = imported.get(key).copied().flatten();
                    self.record_rules(old, (new, check), nodes, prover)
                }
                (Check::Submission(a), Check::Submission(b)) => self.submission_rules(a, b),
                _ => Meaning::Undecided { newly_failing: None, newly_passing: None },
            };
            let mut parts = self.parts(old, new);
            let read = fold::read(self.old, old).union(&fold::read(self.new, new)).cloned().collect();
            let made_otherwise = self.groups.parts(&read);
            let meaning = if made_otherwise.is_empty() { meaning } else { fold::undecided(meaning) };
            parts.extend(made_otherwise);
            if meaning == Meaning::Equal && parts.is_empty() && old.severity == new.severity {
                diff.unchanged += 1;
            } else {
                diff.rules.push(self.entry(key, Some(old), Some(new), meaning, parts));
            }
        }
        for (key, old) in in_order(&before, self.old).into_iter().filter(|(key, _)| !after.contains_key(*key)) {
            let shown = Self::found(old, &self.old_prover, true);
            diff.rules.push(self.entry(key, Some(old), None, Meaning::Removed(shown), Vec::new()));
        }
    }

    fn entry(&self, key: &Key, old: Option<&Rule>, new: Option<&Rule>, meaning: Meaning, parts: Vec<Part>) -> RuleDiff {
        RuleDiff {
            collection: self.new.collection.id.clone(),
            id: key.0.clone(),
            valid_from: key.1,
            title: new.or(old).map(|rule| rule.title.clone()).unwrap_or_default(),
            severity_before: old.map(|rule| rule.severity),
            severity_after: new.map(|rule| rule.severity),
            meaning,
            parts,
        }
    }

    /// A record that a rule finds.
    fn found(rule: &Rule, prover: &Prover<'_>, is_old: bool) -> Option<Shown> {
        let Check::Record(check) = &rule.check else { return None };
        let (before, after) = if is_old { (Some(Verdict::Violated), None) } else { (None, Some(Verdict::Violated)) };
        if matches!(rule.kind, RuleKind::Value | RuleKind::OfficialCode) {
            let plan = prover.plan();
            let variable = plan.collection.get(*rule.faulty.first()?);
            let value = variable.invalid_examples.first()?;
            return Some(Shown { values: vec![(variable.id.clone(), value.clone())], before, after });
        }
        let Answer::Record(witness) = prover.find(&[(check.when, Truths::TRUE), (check.assert, Truths::FALSE)]) else {
            return None;
        };
        let index = prover.plan().rules.iter().position(|other| std::ptr::eq(other, rule))?;
        let small = smallest(witness, |witness| {
            let verdict = prover.probe().verdicts(&[&witness.values], &witness.stated);
            verdict.first().and_then(|row| row[index]) == Some(Verdict::Violated)
        });
        Some(Shown { values: values(prover.plan(), &small, check), before, after })
    }

    fn record_rules(
        &self,
        old: &Rule,
        (new, after): (&Rule, &RecordCheck),
        imported: Option<(BoolNode, BoolNode)>,
        prover: &Prover<'_>,
    ) -> Meaning {
        if matches!(new.kind, RuleKind::Value) && old.kind == new.kind {
            return self.values(old, new);
        }
        if new.kind == RuleKind::OfficialCode && old.kind == new.kind {
            return Meaning::Equal;
        }
        if imported == Some((after.when, after.assert)) {
            return Meaning::Equal;
        }
        let Some((when, assert)) = imported else { return self.sampled(old, new) };
        let side = |found: (BoolNode, BoolNode), spared: (BoolNode, BoolNode)| {
            let mut is_undecided = false;
            for goal in [(spared.0, Truths::NOT_TRUE), (spared.1, Truths::NOT_FALSE)] {
                match prover.find(&[(found.0, Truths::TRUE), (found.1, Truths::FALSE), goal]) {
                    Answer::Record(witness) => return (Some(witness), false),
                    Answer::Undecided => is_undecided = true,
                    Answer::None => {}
                }
            }
            (None, is_undecided)
        };
        let (failing, failing_open) = side((after.when, after.assert), (when, assert));
        let (passing, passing_open) = side((when, assert), (after.when, after.assert));
        let show = |witness: Witness, fails: bool| self.show(witness, old, new, fails);
        let (failing, passing) =
            (failing.and_then(|witness| show(witness, true)), passing.and_then(|witness| show(witness, false)));
        meaning(failing, passing, failing_open || passing_open)
    }

    /// Rules whose variables are read otherwise now: nothing is proved, and what tests and proofs of either show is shown.
    fn sampled(&self, old: &Rule, new: &Rule) -> Meaning {
        let mut records: Vec<Witness> = Vec::new();
        for (prover, rule) in [(&self.old_prover, old), (&self.new_prover, new)] {
            let Check::Record(check) = &rule.check else { continue };
            for truth in [Truths::FALSE, Truths::TRUE] {
                if let Answer::Record(witness) = prover.find(&[(check.when, Truths::TRUE), (check.assert, truth)]) {
                    records.push(self.in_new(&witness, prover.plan()));
                }
            }
        }
        let find = |fails: bool| records.iter().find_map(|witness| self.show(witness.clone(), old, new, fails));
        Meaning::Undecided { newly_failing: find(true), newly_passing: find(false) }
    }

    /// A record of either plan with the new plan's variables.
    fn in_new(&self, witness: &Witness, plan: &Plan) -> Witness {
        let value = |variable: &crate::schema::Variable| {
            plan.collection.variable(&variable.id).map(|index| witness.values[index.0].clone()).unwrap_or_default()
        };
        Witness { values: self.new.collection.variables.iter().map(value).collect(), stated: witness.stated.clone() }
    }

    /// What both rules say of a record of the new plan's variables.
    fn verdicts(&self, witness: &Witness, old: &Rule, new: &Rule) -> (Option<Verdict>, Option<Verdict>) {
        let say = |prover: &Prover<'_>, rule: &Rule, values: &[String]| {
            let index = prover.plan().rules.iter().position(|other| std::ptr::eq(other, rule))?;
            prover.probe().verdicts(&[values], &witness.stated).first().and_then(|row| row[index])
        };
        let old_values: Vec<String> = self
            .old
            .collection
            .variables
            .iter()
            .map(|variable| {
                self.new
                    .collection
                    .variable(&variable.id)
                    .map(|index| witness.values[index.0].clone())
                    .unwrap_or_default()
            })
            .collect();
        (say(&self.old_prover, old, &old_values), say(&self.new_prover, new, &witness.values))
    }

    /// The record as small as it goes, if both engines agree that it shows the difference.
    fn show(&self, witness: Witness, old: &Rule, new: &Rule, fails: bool) -> Option<Shown> {
        let is_shown = |witness: &Witness| {
            let (before, after) = self.verdicts(witness, old, new);
            let (found, spared) = if fails { (after, before) } else { (before, after) };
            found == Some(Verdict::Violated) && spared != Some(Verdict::Violated)
        };
        if !is_shown(&witness) {
            return None;
        }
        let small = smallest(witness, is_shown);
        let (before, after) = self.verdicts(&small, old, new);
        let Check::Record(check) = &new.check else { return None };
        Some(Shown { values: values(self.new, &small, check), before, after })
    }

    /// Rules on a value.
    fn values(&self, old: &Rule, new: &Rule) -> Meaning {
        let (Some(before), Some(after)) = (old.faulty.first(), new.faulty.first()) else {
            return Meaning::Undecided { newly_failing: None, newly_passing: None };
        };
        let change = domain::change((self.old, *before), (self.new, *after));
        let show = |value: String, fails: bool| {
            let mut record = vec![String::new(); self.new.collection.variables.len()];
            record[after.0] = value;
            let stated = crate::engine::probe::ProbeParameters::default();
            self.show(Witness { values: record, stated }, old, new, fails)
        };
        let failing = change.refused.and_then(|value| show(value, true));
        let passing = change.accepted.and_then(|value| show(value, false));
        meaning(failing, passing, change.is_open)
    }

    fn submission_rules(&self, old: &SubmissionKind, new: &SubmissionKind) -> Meaning {
        let names = |plan: &Plan, variables: &[VariableIndex]| -> BTreeSet<String> {
            variables.iter().map(|variable| plan.collection.get(*variable).id.clone()).collect()
        };
        let is_equal = match (old, new) {
            (
                SubmissionKind::Unique { variables: a, within: c },
                SubmissionKind::Unique { variables: b, within: d },
            ) => names(self.old, a) == names(self.new, b) && names(self.old, c) == names(self.new, d),
            (old, new) => std::mem::discriminant(old) == std::mem::discriminant(new),
        };
        if is_equal { Meaning::Equal } else { Meaning::Undecided { newly_failing: None, newly_passing: None } }
    }

    /// What is written otherwise.
    fn parts(&self, old: &Rule, new: &Rule) -> Vec<Part> {
        let mut parts = Vec::new();
        let mut differ = |key: &'static str, before: String, after: String| {
            if before != after {
                parts.push(Part { key, before, after });
            }
        };
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let names = |plan: &Plan, variables: &[VariableIndex]| {
            variables.iter().map(|variable| plan.collection.get(*variable).id.as_str()).collect::<Vec<_>>().join(", ")
        };
        let days = |rule: &Rule| {
            let day = |day: Option<i64>| day.map(crate::time::format_day).unwrap_or_default();
            rule.valid.as_ref().map(|valid| format!("{}..{}", day(valid.from), day(valid.until))).unwrap_or_default()
        };
        differ("when", text(&old.when_text), text(&new.when_text));
        differ("assert", text(&old.assert_text), text(&new.assert_text));
        differ("valid", days(old), days(new));
        differ("faulty", names(self.old, &old.faulty), names(self.new, &new.faulty));
        if let (Some(a), Some(b)) = (level(self.old, old), level(self.new, new)) {
            differ("level", a.as_str().to_owned(), b.as_str().to_owned());
        }
        for (key, before, after) in [("title", &old.title, &new.title), ("fix", &old.fix, &new.fix)] {
            differ(key, both(before), both(after));
        }
        differ("why", old.why.as_ref().map(both).unwrap_or_default(), new.why.as_ref().map(both).unwrap_or_default());
        let source = |rule: &Rule| format!("{}, {}", rule.source.document, rule.source.place);
        differ("source", source(old), source(new));
        parts
    }
}

/// The rules in the order of their plan.
fn in_order<'m, 'a>(keyed: &'m BTreeMap<Key, &'a Rule>, plan: &Plan) -> Vec<(&'m Key, &'a Rule)> {
    let mut rules: Vec<(&Key, &Rule)> = keyed.iter().map(|(key, rule)| (key, *rule)).collect();
    rules.sort_by_key(|(_, rule)| plan.rules.iter().position(|other| std::ptr::eq(other, *rule)));
    rules
}

fn meaning(failing: Option<Shown>, passing: Option<Shown>, is_open: bool) -> Meaning {
    match (failing, passing, is_open) {
        (Some(failing), Some(passing), _) => Meaning::Crossing(failing, passing),
        (newly_failing, newly_passing, true) => Meaning::Undecided { newly_failing, newly_passing },
        (Some(failing), None, false) => Meaning::Stricter(failing),
        (None, Some(passing), false) => Meaning::Looser(passing),
        (None, None, false) => Meaning::Equal,
    }
}

fn both(text: &Text) -> String {
    format!("{} / {}", text.sv, text.en)
}

fn level(plan: &Plan, rule: &Rule) -> Option<Level> {
    let variable = rule.faulty.first()?;
    matches!(rule.kind, RuleKind::Required | RuleKind::Irrelevant).then(|| plan.requirements[variable.0].level)
}

/// The record with as much made blank as can be while `is_shown` holds.
fn smallest(mut witness: Witness, is_shown: impl Fn(&Witness) -> bool) -> Witness {
    for index in 0..witness.values.len() {
        if witness.values[index].is_empty() {
            continue;
        }
        let kept = std::mem::take(&mut witness.values[index]);
        if !is_shown(&witness) {
            witness.values[index] = kept;
        }
    }
    witness
}

/// The values of a record, and what is stated that the rule reads.
fn values(plan: &Plan, witness: &Witness, check: &RecordCheck) -> Vec<(String, String)> {
    let variables =
        witness.filled().map(|(variable, value)| (plan.collection.get(variable).id.clone(), value.to_owned()));
    let stated = check.parameters.iter().filter_map(|parameter| {
        witness.stated.text(*parameter).map(|text| (format!("{}()", parameter.function()), text))
    });
    variables.chain(stated).collect()
}
