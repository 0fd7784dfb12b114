//! What is known of reporters only when all is read: duplicates, rejected records, and rules on the whole submission.

use std::collections::BTreeSet;

use super::owner::Asked;
use super::{Part, RuleCounts};
use crate::engine::{Runner, Whose};
use crate::model::{Finding, Origin, RuleIndex};
use crate::rule::{Check, SubmissionKind};

/// A record that shares its key, as its reporter counts it.
pub(in crate::engine) struct Duplicate {
    pub(in crate::engine) origin: Origin,
    pub(in crate::engine) code: String,
    /// Whether no other rule had rejected it.
    pub(in crate::engine) is_newly_rejected: bool,
    pub(in crate::engine) is_waived: bool,
}

impl Runner<'_> {
    /// What is asked of whose the records of a file are; `None` for nothing.
    pub(in crate::engine) fn asked_of(&self, file: usize) -> Option<Asked> {
        let settings = self.settings;
        if settings.whose == Whose::default() {
            return None;
        }
        let stated = self.files[file].statement.region.as_ref().map(|(county, _)| *county);
        let spans_regions =
            self.plan.fold.as_ref().is_some_and(|fold| {
                fold.of.collection.region.is_none_or(|region| !fold.key.contains(&region.variable))
            });
        Some(Asked { stated, spans_regions, counts: settings.whose.counts, origins: settings.whose.origins })
    }

    /// Counts findings that are not of single records for the reporters of their files, and says whose they are.
    pub(in crate::engine) fn report_to_owners(&mut self, rule: RuleIndex, findings: &mut [Finding]) {
        for finding in findings {
            let Some(asked) = self.asked_of(finding.file.0) else { return };
            let region = asked.stated.or_else(|| self.regions[finding.file.0].only());
            if asked.origins {
                finding.origin = Some(Origin { region, unit: String::new() });
            }
            if asked.counts {
                let rules = &mut self.run.reporters.entry(region).or_default().rules;
                rules.resize(self.plan.rules.len(), RuleCounts::default());
                rules[rule.0].violations += 1;
                rules[rule.0].waived += u64::from(finding.waiver.is_some());
            }
        }
    }

    /// Counts records that share their keys for their reporters.
    pub(in crate::engine) fn count_duplicates(&mut self, rule: RuleIndex, duplicates: Vec<Duplicate>, is_error: bool) {
        for one in duplicates {
            let total = self.run.reporters.entry(one.origin.region).or_default();
            total.rules.resize(self.plan.rules.len(), RuleCounts::default());
            let counts = &mut total.rules[rule.0];
            counts.counts.violated += 1;
            counts.counts.satisfied = counts.counts.satisfied.saturating_sub(1);
            counts.violations += 1;
            counts.waived += u64::from(one.is_waived);
            let is_newly_rejected = one.is_newly_rejected && is_error;
            if is_newly_rejected {
                total.combinations.admit(vec![rule], 1);
            }
            // The record itself was counted when it was read.
            let part = Part { records: 0, rejected: u64::from(is_newly_rejected), rules: [(rule, 1)].into() };
            if self.plan.collection.unit.is_some() {
                total.units.admit(one.origin.unit, &part);
            }
            if self.plan.collection.breakdown.is_some() {
                total.codes.admit(one.code, &part);
            }
        }
    }

    /// Rejected records by reporter, and the verdicts of rules that speak of no record.
    pub(in crate::engine) fn settle_reporters(&mut self) {
        if !self.settings.whose.counts {
            return;
        }
        let n_rules = self.plan.rules.len();
        let of_submission: BTreeSet<usize> = (0..n_rules)
            .filter(|rule| match &self.plan.rules[*rule].check {
                Check::Record(_) => false,
                Check::Submission(kind) => !matches!(kind, SubmissionKind::Unique { .. } | SubmissionKind::Readable),
            })
            .collect();
        for total in self.run.reporters.values_mut() {
            total.rules.resize(n_rules, RuleCounts::default());
            for rule in &of_submission {
                total.rules[*rule].counts.not_applicable = total.records;
            }
            if self.run.folded.is_none() {
                total.rejected = 0;
            }
        }
        if self.run.folded.is_none() {
            for (regions, rejected) in self.regions.iter().zip(&self.rejections.files) {
                for (region, records) in regions.count(rejected) {
                    self.run.reporters.entry(region).or_default().rejected += records;
                }
            }
        }
    }
}
