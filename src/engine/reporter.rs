//! What was found in the records of each reporter, and what those findings have in common.
//!
//! Counted in the same pass, where asked for ([`Whose::counts`](super::Whose::counts)): who gets a report
//! of its own records, and which unit, code or value explains most findings of a rule, is a matter of counts that no list
//! of examples can answer.
//!
//! # Whose a record is
//!
//! The region that its file is stated to be of; where none is stated, the region that the record names. A record that
//! cannot be divided into columns, or names no known region, of a file of which nothing is stated, is nobody's (`None`).
//!
//! # Memory
//!
//! Values, units, codes and combinations of rules are counted exactly up to a number of different ones
//! ([`MOST_VALUES`], [`MOST_PARTS`], [`MOST_COMBINATIONS`]): those met first, in the order of file and record. The others are
//! counted together. So the counts are the same for any number of threads, and add up.

pub(super) mod count;
pub(super) mod owner;
pub(super) mod settle;

use std::collections::BTreeMap;

use crate::model::{Account, County, RuleIndex, VerdictCounts};

/// Different values of one rule that are told apart.
pub const MOST_VALUES: usize = 200;
/// Different units or codes of one reporter that are told apart.
pub const MOST_PARTS: usize = 2_000;
/// Different combinations of violated rules that are told apart.
pub const MOST_COMBINATIONS: usize = 2_000;

/// What was found in the records of one reporter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReporterRun {
    /// Its records.
    pub records: u64,
    /// Those in which at least one rule of severity error is violated.
    pub rejected: u64,
    /// One entry a rule of the plan, in its order.
    pub rules: Vec<RuleCounts>,
    /// One account a variable of the schema, in its order.
    pub accounts: Vec<Account>,
    /// Records by the rules on records that they violate: rejected ones by their rules of severity error.
    pub combinations: Combinations,
    /// One entry a rule of the plan: its findings by the first faulty value, masked as in findings.
    pub values: Vec<Counted>,
    /// By care unit.
    pub units: Division,
    /// By code of the collection's breakdown, such as a specialty.
    pub codes: Division,
}

/// What became of one rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RuleCounts {
    /// Verdicts by record.
    pub counts: VerdictCounts,
    /// Findings.
    pub violations: u64,
    /// How many of them are waived.
    pub waived: u64,
}

/// Rejected records by the error rules that they violate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Combinations {
    /// The rules, in the order of the plan, and how many records violate just these.
    pub known: BTreeMap<Vec<RuleIndex>, u64>,
    /// Records of combinations that are not told apart.
    pub other: u64,
}

/// Something counted by its text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// By text.
    pub known: BTreeMap<String, u64>,
    /// Of texts that are not told apart.
    pub other: u64,
}

/// Records divided by one of their variables.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Division {
    /// By code or name; blank and `?` as in [`tally`](super::tally). Empty where the collection has no such variable.
    pub parts: BTreeMap<String, Part>,
    /// Those that are not told apart.
    pub other: Part,
}

/// The records of one unit or code.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// Its records.
    pub records: u64,
    /// Those in which at least one rule of severity error is violated.
    pub rejected: u64,
    /// Records that violate each rule, where there are any.
    pub rules: BTreeMap<RuleIndex, u64>,
}

/// By reporter; `None` is nobody.
pub type Reporters = BTreeMap<Option<County>, ReporterRun>;

impl ReporterRun {
    /// Adds what was found in the records of another reporter.
    pub fn merge(&mut self, other: &Self) {
        self.records += other.records;
        self.rejected += other.rejected;
        self.rules.resize(self.rules.len().max(other.rules.len()), RuleCounts::default());
        for (total, part) in self.rules.iter_mut().zip(&other.rules) {
            total.counts.merge(&part.counts);
            total.violations += part.violations;
            total.waived += part.waived;
        }
        self.accounts.resize(self.accounts.len().max(other.accounts.len()), Account::default());
        for (total, part) in self.accounts.iter_mut().zip(&other.accounts) {
            total.merge(part);
        }
        for (rules, records) in &other.combinations.known {
            *self.combinations.known.entry(rules.clone()).or_default() += records;
        }
        self.combinations.other += other.combinations.other;
        self.values.resize(self.values.len().max(other.values.len()), Counted::default());
        for (total, part) in self.values.iter_mut().zip(&other.values) {
            for (value, findings) in &part.known {
                *total.known.entry(value.clone()).or_default() += findings;
            }
            total.other += part.other;
        }
        self.units.merge(&other.units);
        self.codes.merge(&other.codes);
    }
}

impl Division {
    fn merge(&mut self, other: &Self) {
        for (name, part) in &other.parts {
            self.parts.entry(name.clone()).or_default().merge(part);
        }
        self.other.merge(&other.other);
    }
}

impl Part {
    fn merge(&mut self, other: &Self) {
        self.records += other.records;
        self.rejected += other.rejected;
        for (rule, records) in &other.rules {
            *self.rules.entry(*rule).or_default() += records;
        }
    }
}
