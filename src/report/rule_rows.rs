//! The table of rules that CSV and Parquet share: one row a rule, over all collections.

use crate::engine::{Outcome, RuleRun, Run};
use crate::model::{Skipped, SourceReference, VerdictCounts};
use crate::rule::{Check, Rule, SubmissionKind};
use crate::time::format_day;

/// The columns, in order.
pub(crate) const COLUMNS: [&str; 17] = [
    "collection",
    "rule_id",
    "kind",
    "severity",
    "title_sv",
    "title_en",
    "satisfied",
    "violated",
    "not_applicable",
    "not_checked",
    "violations",
    "skipped_reason",
    "fix_sv",
    "source",
    "valid_from",
    "valid_until",
    "waived",
];

/// One rule of one collection.
pub(crate) struct RuleRow<'a> {
    /// The collection's id.
    pub(crate) collection: &'a str,
    /// The rule.
    pub(crate) rule: &'a Rule,
    /// Verdicts by record.
    pub(crate) counts: VerdictCounts,
    /// Findings.
    pub(crate) violations: u64,
    /// Those of them that are waived.
    pub(crate) waived: u64,
    /// Why it was not looked at in some file; empty where it was in all. In the words of [`reason_code`], causes parted by `; `.
    pub(crate) skipped_reason: String,
    /// Document and place.
    pub(crate) source: String,
}

/// Every rule of every collection, in the order of the outcome.
pub(crate) fn rows(outcome: &Outcome) -> impl Iterator<Item = RuleRow<'_>> {
    outcome.runs.iter().flat_map(|run| {
        run.plan.rules.iter().zip(&run.rules).map(|(rule, rule_run)| RuleRow {
            collection: &run.plan.collection.id,
            rule,
            counts: rule_run.counts,
            violations: rule_run.violations,
            waived: rule_run.waived,
            skipped_reason: skipped_reason(rule_run, run.own_and_earlier_files().0.len()),
            source: source_line(&rule.source),
        })
    })
}

fn skipped_reason(rule_run: &RuleRun, n_files: usize) -> String {
    let mut causes: Vec<(&Skipped, usize)> = Vec::new();
    for (_, cause) in &rule_run.skipped {
        match causes.iter_mut().find(|(known, _)| *known == cause) {
            Some((_, n)) => *n += 1,
            None => causes.push((cause, 1)),
        }
    }
    let words: Vec<String> = causes
        .into_iter()
        .map(|(cause, n)| {
            let (code, name) = (reason_code(cause), reason_name(cause));
            if n >= n_files { format!("{code}: {name}") } else { format!("{code}: {name} ({n} of {n_files} files)") }
        })
        .collect();
    words.join("; ")
}

/// The machine word for why a rule was not looked at.
pub(crate) fn reason_code(cause: &Skipped) -> &'static str {
    match cause {
        Skipped::MissingColumn(_) => "missing_column",
        Skipped::CodelistNotLoaded(_) => "codelist_not_loaded",
    }
}

/// What the cause is about: the column or the code list.
pub(crate) fn reason_name(cause: &Skipped) -> &str {
    match cause {
        Skipped::MissingColumn(name) | Skipped::CodelistNotLoaded(name) => name,
    }
}

/// The first and the last day of a rule's version; empty where it has none.
pub(crate) fn valid_days(rule: &Rule) -> [String; 2] {
    let bounds = rule.valid.map_or([None, None], |valid| [valid.from, valid.until]);
    bounds.map(|day| day.map(format_day).unwrap_or_default())
}

/// Document and place on one line.
pub(crate) fn source_line(source: &SourceReference) -> String {
    match (source.document.as_str(), source.place.as_str()) {
        (document, "") => document.to_owned(),
        ("", place) => place.to_owned(),
        (document, place) => format!("{document}, {place}"),
    }
}

/// True where the rule's verdicts are given record by record, so that its counts add up to the records.
pub(crate) fn speaks_of_records(rule: &Rule) -> bool {
    match &rule.check {
        Check::Record(_) | Check::Submission(SubmissionKind::Unique { .. } | SubmissionKind::Readable) => true,
        Check::Submission(
            SubmissionKind::RequiredColumns
            | SubmissionKind::KnownColumns
            | SubmissionKind::RecordCount
            | SubmissionKind::NotEmpty,
        ) => false,
    }
}

/// How much of the submission a rule was looked at in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// In every file.
    Evaluated,
    /// In some files.
    PartlySkipped,
    /// In no file.
    Skipped,
}

impl Status {
    /// Of a rule of `run`.
    pub(crate) fn of(run: &Run, rule_run: &RuleRun) -> Self {
        let mut files: Vec<usize> = rule_run.skipped.iter().map(|(file, _)| *file).collect();
        files.sort_unstable();
        files.dedup();
        match files.len() {
            0 => Self::Evaluated,
            n if n >= run.own_and_earlier_files().0.len() => Self::Skipped,
            _ => Self::PartlySkipped,
        }
    }

    /// The machine word.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Evaluated => "evaluated",
            Self::PartlySkipped => "partly_skipped",
            Self::Skipped => "skipped",
        }
    }
}
