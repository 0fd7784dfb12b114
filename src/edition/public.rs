//! A run for everybody: counts without records, small ones hidden so that they cannot be worked out.
//!
//! What is published of a run hangs together: the four verdicts of a rule add up to the records, and so do the six parts of
//! a variable's account; what a required variable lacks is what its rule finds; records are rejected or not, of the
//! country and of each region. All of that is one system of counts and sums, of which
//! [`suppress`](mod@crate::coverage::suppress) decides what is hidden. Findings, values, units, files and how many records
//! violate what together are not in it at all.

use std::collections::BTreeMap;

use crate::coverage::suppress::{Mark, Sum, suppress};
use crate::engine::{Outcome, Run};
use crate::model::{Account, County, Text, VerdictCounts};
use crate::rule::{Check, RuleKind, SubmissionKind};

/// A count that is shown; `None` where it may not be.
type Shown = Option<u64>;

/// What everybody may know of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicOutcome {
    /// Counts below this are hidden, and others so that those cannot be worked out.
    pub threshold: u64,
    /// The delivery date, days since 1970-01-01.
    pub delivery_date: i64,
    /// One entry a collection, in the order of the run.
    pub runs: Vec<PublicRun>,
}

/// One collection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicRun {
    /// Its id.
    pub collection: String,
    /// What people call it.
    pub title: Text,
    /// Of its rules and schema.
    pub version: String,
    /// What its records are called in the plural, where they are groups of other records.
    pub unit: Option<Text>,
    /// Its records.
    pub records: Shown,
    /// Records in which a rule of severity error is violated.
    pub rejected: Shown,
    /// Rules that applied to any record, in the order of the plan.
    pub rules: Vec<PublicRule>,
    /// Variables, in the order of the schema; none of groups.
    pub variables: Vec<PublicVariable>,
    /// By region, in the order of codes.
    pub reporters: Vec<PublicReporter>,
}

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicRule {
    /// Its place in the plan.
    pub rule: crate::model::RuleIndex,
    /// Its id.
    pub id: String,
    /// The machine word of its severity.
    pub severity: crate::model::Severity,
    /// What it says.
    pub title: Text,
    /// Satisfied, violated, not applicable, not checked.
    pub counts: [Shown; 4],
}

/// One variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicVariable {
    /// Its id.
    pub id: String,
    /// What people call it.
    pub name: Text,
    /// Its requirement level.
    pub level: crate::model::Level,
    /// Filled, negative, unknown, blank and allowed, blank but required, unreadable.
    pub account: [Shown; 6],
}

/// One region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicReporter {
    /// Its code.
    pub county: County,
    /// Its records.
    pub records: Shown,
    /// Those of them that are rejected.
    pub rejected: Shown,
}

/// What everybody may know of `outcome`, with counts below `threshold` hidden.
pub fn public(outcome: &Outcome, threshold: u64) -> PublicOutcome {
    PublicOutcome {
        threshold,
        delivery_date: outcome.stated.delivery_date,
        runs: outcome.runs.iter().map(|run| public_run(run, threshold)).collect(),
    }
}

/// Counts, and what adds up to what.
#[derive(Default)]
struct System {
    values: Vec<u64>,
    sums: Vec<Sum>,
}

impl System {
    fn cell(&mut self, value: u64) -> usize {
        self.values.push(value);
        self.values.len() - 1
    }

    /// Counts that add up to one that is there.
    fn parts<const N: usize>(&mut self, total: usize, values: [u64; N]) -> [usize; N] {
        let parts = values.map(|value| self.cell(value));
        self.sums.push(Sum { total, parts: parts.to_vec() });
        parts
    }
}

fn verdicts(counts: &VerdictCounts) -> [u64; 4] {
    [counts.satisfied, counts.violated, counts.not_applicable, counts.not_checked]
}

fn parts_of(account: &Account) -> [u64; 6] {
    [
        account.filled,
        account.negative,
        account.unknown,
        account.blank_allowed,
        account.blank_required,
        account.unreadable,
    ]
}

fn public_run(run: &Run, threshold: u64) -> PublicRun {
    let mut system = System::default();
    let records = system.cell(run.records);
    let [rejected, _] = system.parts(records, [run.rejected, run.records - run.rejected.min(run.records)]);
    // A rule on the submission as a whole counts places, not records, and is not told of.
    let is_of_records = |check: &Check| match check {
        Check::Record(_) => true,
        Check::Submission(kind) => matches!(kind, SubmissionKind::Unique { .. } | SubmissionKind::Readable),
    };
    let rules: Vec<(usize, [usize; 4])> = (0..run.rules.len())
        .filter(|rule| is_of_records(&run.plan.rules[*rule].check))
        .filter(|rule| run.rules[*rule].counts.not_applicable < run.records)
        .map(|rule| (rule, system.parts(records, verdicts(&run.rules[rule].counts))))
        .collect();
    let accounts: Vec<[usize; 6]> =
        run.accounts.iter().map(|account| system.parts(records, parts_of(account))).collect();
    // What a required variable lacks is what its rule finds.
    for (rule, counts) in &rules {
        let rule = &run.plan.rules[*rule];
        let variable = rule.faulty.first().filter(|_| rule.kind == RuleKind::Required);
        if let Some(account) = variable.and_then(|variable| accounts.get(variable.0))
            && system.values[account[BLANK_REQUIRED]] == system.values[counts[VIOLATED]]
        {
            system.sums.push(Sum { total: account[BLANK_REQUIRED], parts: vec![counts[VIOLATED]] });
        }
    }
    let of_reporters: BTreeMap<Option<County>, (usize, usize, usize)> = run
        .reporters
        .iter()
        .map(|(county, own)| {
            let total = system.cell(own.records);
            let [rejected, others] = system.parts(total, [own.rejected, own.records - own.rejected.min(own.records)]);
            (*county, (total, rejected, others))
        })
        .collect();
    if !of_reporters.is_empty() {
        let of = |part: fn(&(usize, usize, usize)) -> usize| of_reporters.values().map(part).collect();
        system.sums.push(Sum { total: records, parts: of(|cells| cells.0) });
        system.sums.push(Sum { total: rejected, parts: of(|cells| cells.1) });
    }
    let marks = suppress(&system.values, &system.sums, threshold);
    let shown = |cell: usize| (marks[cell] == Mark::Shown).then_some(system.values[cell]);
    PublicRun {
        collection: run.plan.collection.id.clone(),
        title: run.plan.collection.title.clone(),
        version: run.plan.version.clone(),
        unit: run.unit().cloned(),
        records: shown(records),
        rejected: shown(rejected),
        rules: rules
            .into_iter()
            .map(|(index, counts)| {
                let rule = &run.plan.rules[index];
                PublicRule {
                    rule: crate::model::RuleIndex(index),
                    id: rule.id.0.clone(),
                    severity: rule.severity,
                    title: rule.title.clone(),
                    counts: counts.map(shown),
                }
            })
            .collect(),
        variables: accounts
            .iter()
            .zip(run.plan.collection.variables.iter().zip(&run.plan.requirements))
            .map(|(account, (variable, requirement))| PublicVariable {
                id: variable.id.clone(),
                name: variable.name.clone(),
                level: requirement.level,
                account: account.map(shown),
            })
            .collect(),
        reporters: of_reporters
            .into_iter()
            .filter_map(|(county, (total, rejected, _))| {
                Some(PublicReporter { county: county?, records: shown(total), rejected: shown(rejected) })
            })
            .collect(),
    }
}

/// The places of parts.
const VIOLATED: usize = 1;
const BLANK_REQUIRED: usize = 4;
