//! Which rules the same records violate, out of the combinations counted.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::reporter::Combinations;
use crate::model::RuleIndex;

/// Two rules are violated by the same records where so many hundredths of those of either are of both.
const SAME: u64 = 80;
/// A rule is violated within other rules' records where so many hundredths of its own are among them.
const WITHIN: u64 = 90;
/// Fewer records say nothing.
const LEAST_RECORDS: u64 = 10;

/// Rejected records by the rules that they violate.
pub(super) struct Records<'a> {
    combinations: &'a BTreeMap<Vec<RuleIndex>, u64>,
    of_rule: BTreeMap<RuleIndex, u64>,
}

impl<'a> Records<'a> {
    pub(super) fn new(combinations: &'a Combinations) -> Self {
        let mut of_rule: BTreeMap<RuleIndex, u64> = BTreeMap::new();
        for (rules, records) in &combinations.known {
            for rule in rules {
                *of_rule.entry(*rule).or_default() += records;
            }
        }
        Self { combinations: &combinations.known, of_rule }
    }

    fn of(&self, rule: RuleIndex) -> u64 {
        self.of_rule.get(&rule).copied().unwrap_or(0)
    }

    fn count(&self, is_wanted: impl Fn(&[RuleIndex]) -> bool) -> u64 {
        self.combinations.iter().filter(|(rules, _)| is_wanted(rules)).map(|(_, records)| records).sum()
    }

    /// Whether nearly every record that violates `rule` violates one of `others`, too.
    pub(super) fn are_within(&self, rule: RuleIndex, others: &BTreeSet<RuleIndex>) -> bool {
        let own = self.of(rule);
        let both = self.count(|rules| rules.contains(&rule) && rules.iter().any(|rule| others.contains(rule)));
        own >= LEAST_RECORDS && both * 100 >= own * WITHIN
    }

    /// Whether two rules are violated by nearly the same records.
    pub(super) fn are_same(&self, one: RuleIndex, other: RuleIndex) -> bool {
        let both = self.count(|rules| rules.contains(&one) && rules.contains(&other));
        let either = self.of(one) + self.of(other) - both;
        both >= LEAST_RECORDS && both * 100 >= either * SAME
    }

    /// How many records violate nothing but `mended` rules.
    pub(super) fn repaired(&self, mended: &BTreeSet<RuleIndex>) -> u64 {
        self.count(|rules| rules.iter().all(|rule| mended.contains(rule)))
    }
}
