//! What a finished run holds; what reports are written from.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::fold::FoldedFrom;
use super::reporter::Reporters;
use super::tally::Tally;
use crate::model::{Account, County, Finding, Severity, Skipped, Text, VerdictCounts};
use crate::rule::Plan;
use crate::submission::{CollectionSource, Format, HeaderColumn, ScanSummary, Statement};
use crate::waiver::Waiver;

/// What the user stated about the submission.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stated {
    /// `--period`: first and last day, as days since 1970-01-01.
    pub period: Option<(i64, i64)>,
    /// `--region`: organisation number and name.
    pub region: Option<StatedRegion>,
    /// `--expect-records`.
    pub records: Option<u64>,
    /// `--delivery-date` or today, as days since 1970-01-01.
    pub delivery_date: i64,
    /// Whether the delivery date was stated rather than today's.
    pub delivery_date_stated: bool,
    /// `--as-of`: the day the rules are of, as days since 1970-01-01. The plans are compiled for it.
    pub as_of: Option<i64>,
}

/// A region the user named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatedRegion {
    /// Its organisation number, ten digits.
    pub organisation_number: String,
    /// Its name.
    pub name: String,
}

/// Everything of one `check`: one [`Run`] a collection.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What was stated.
    pub stated: Stated,
    /// In the order of their first files.
    pub runs: Vec<Run>,
    /// The waivers given, in the order of their file, and what became of each.
    pub waivers: Vec<WaiverRun>,
}

/// What became of one waiver.
#[derive(Clone, Debug)]
pub struct WaiverRun {
    /// As given.
    pub waiver: Waiver,
    /// Whether its last day was before the delivery date; then it did not apply.
    pub is_expired: bool,
    /// How many findings it covered, over all collections.
    pub covered: u64,
}

/// The checked submission of one collection.
#[derive(Clone, Debug)]
pub struct Run {
    /// The rules it was checked against.
    pub plan: Arc<Plan>,
    /// Its files; last, of groups, the earlier ones that they were compared with.
    pub files: Vec<FileRun>,
    /// Records over all files.
    pub records: u64,
    /// Records in which at least one rule of severity error is violated.
    pub rejected: u64,
    /// One entry a rule of the plan, in its order.
    pub rules: Vec<RuleRun>,
    /// One account a variable of the schema, in its order; none of groups, whose variables nobody reports.
    pub accounts: Vec<Account>,
    /// One entry a variable: how its points in time were written. Zero for other types.
    pub timestamp_forms: Vec<TimestampForms>,
    /// What coverage needs, where it was asked for.
    pub tally: Option<Tally>,
    /// How many findings each waiver covered; empty where none were given.
    pub waived: Vec<u64>,
    /// Of which records the groups are made, where these are groups of another collection's records.
    pub folded: Option<FoldedFrom>,
    /// By reporter, where asked for; else empty.
    pub reporters: Reporters,
}

/// How the points in time of a variable were written, by count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TimestampForms {
    /// `2022-01-03T08:00`, with `T` or a space.
    pub minutes: u64,
    /// `2022-01-03T08:00:00`, fractions included.
    pub seconds: u64,
    /// `20220103080000`.
    pub compact: u64,
    /// `2022-01-03` or `20220103`.
    pub date_only: u64,
}

impl TimestampForms {
    /// Adds the counts of another part.
    pub fn merge(&mut self, other: &Self) {
        self.minutes += other.minutes;
        self.seconds += other.seconds;
        self.compact += other.compact;
        self.date_only += other.date_only;
    }
}

/// One file of a run.
#[derive(Clone, Debug)]
pub struct FileRun {
    /// As named or found.
    pub path: PathBuf,
    /// Bytes.
    pub size: u64,
    /// As detected or stated.
    pub format: Format,
    /// How it is known which collection it is.
    pub collection_source: CollectionSource,
    /// The layout of its rows; `None` where each row is a record.
    pub layout: Option<LayoutName>,
    /// What was said of it beforehand.
    pub statement: Statement,
    /// Its columns.
    pub header: Vec<HeaderColumn>,
    /// What was read.
    pub summary: ScanSummary,
    /// Its records by reporter, where that was asked for; else empty.
    pub reporters: BTreeMap<Option<County>, u64>,
}

/// A layout with several records to a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayoutName {
    /// Its id.
    pub id: String,
    /// What people call it.
    pub title: Text,
}

/// What became of one rule.
#[derive(Clone, Debug, Default)]
pub struct RuleRun {
    /// Verdicts by record. For rules on the whole submission: by record where they speak of records
    /// (uniqueness, readability), otherwise `records` is not what they add up to; see `violations`.
    pub counts: VerdictCounts,
    /// Findings: for rules on records the violated records; for rules on the submission the places found wrong.
    pub violations: u64,
    /// How many of the findings are waived.
    pub waived: u64,
    /// Files in which the rule could not be looked at, and why; a rule skipped in every file was not checked at all.
    pub skipped: Vec<(usize, Skipped)>,
    /// The first findings, in the order of file and record; bounded a file and rule. Where some are waived, so many of
    /// those and so many of the others, so that neither crowd out the other.
    pub examples: Vec<Finding>,
}

impl RuleRun {
    /// Findings that no waiver covers.
    pub fn unwaived(&self) -> u64 {
        self.violations.saturating_sub(self.waived)
    }
}

impl Run {
    fn sum(&self, severity: Severity, number: impl Fn(&RuleRun) -> u64) -> u64 {
        let rules = self.plan.rules.iter().zip(&self.rules);
        rules.filter(|(rule, _)| rule.severity == severity).map(|(_, run)| number(run)).sum()
    }

    /// Places found wrong by rules of this severity, those waived included.
    pub fn violations(&self, severity: Severity) -> u64 {
        self.sum(severity, |rule| rule.violations)
    }

    /// Rules that could not be looked at in at least one file, by index in the plan.
    pub fn skipped(&self) -> impl Iterator<Item = usize> + '_ {
        self.rules.iter().enumerate().filter(|(_, run)| !run.skipped.is_empty()).map(|(index, _)| index)
    }
}

impl Run {
    /// The files that were submitted, and the earlier ones that groups were compared with.
    pub fn own_and_earlier_files(&self) -> (&[FileRun], &[FileRun]) {
        self.files.split_at(self.files.iter().take_while(|file| !file.statement.is_earlier).count())
    }

    /// For how many calendar months groups may be corrected, where they are and may be for some time.
    pub fn months_of_corrections(&self) -> Option<u32> {
        let fold = self.plan.fold.as_ref().filter(|_| self.folded.is_some())?;
        fold.history.as_ref().map(|history| history.months)
    }

    /// What its records are called in the plural, where they are groups of other records.
    pub fn unit(&self) -> Option<&Text> {
        self.plan.fold.as_ref().filter(|_| self.folded.is_some()).map(|fold| &fold.unit)
    }
}

impl Outcome {
    /// Records submitted.
    pub fn records(&self) -> u64 {
        self.submitted().map(|run| run.records).sum()
    }

    /// Those of them in which, or in a group of which, at least one rule of severity error is violated.
    pub fn rejected(&self) -> u64 {
        self.submitted().map(|run| run.rejected).sum()
    }

    /// The runs on what was submitted, without those on groups of the same records.
    pub fn submitted(&self) -> impl Iterator<Item = &Run> {
        self.runs.iter().filter(|run| run.folded.is_none())
    }

    /// Places found wrong by rules of this severity, over all collections, those waived included.
    pub fn violations(&self, severity: Severity) -> u64 {
        self.runs.iter().map(|run| run.violations(severity)).sum()
    }

    /// Those of them that are waived.
    pub fn waived(&self, severity: Severity) -> u64 {
        self.runs.iter().map(|run| run.sum(severity, |rule| rule.waived)).sum()
    }

    /// Those of them that no waiver covers.
    pub fn unwaived(&self, severity: Severity) -> u64 {
        self.runs.iter().map(|run| run.sum(severity, RuleRun::unwaived)).sum()
    }

    /// True where no rule of severity `fail_on` or graver is violated, waived findings apart.
    pub fn passes(&self, fail_on: Severity) -> bool {
        Severity::ALL.into_iter().filter(|severity| *severity >= fail_on).all(|severity| self.unwaived(severity) == 0)
    }

    /// True where something a rule speaks of could not be decided: a rule skipped in a file, or a record not checked.
    pub fn has_unchecked(&self) -> bool {
        self.runs.iter().any(|run| run.rules.iter().any(|rule| !rule.skipped.is_empty() || rule.counts.not_checked > 0))
    }
}
