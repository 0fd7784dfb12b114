//! Waivers: findings that the gate disregards, until a day and on somebody's responsibility.
//!
//! A waiver names a rule (or a pattern of rules), perhaps a reporter, a variable and a collection, and always an owner, a
//! reason and a last day. What it covers is counted apart and never hidden: a waived finding is still a violation, its
//! record is still rejected, and every report says who waived it and why. Only the gate looks past it.
//!
//! ```yaml
//! waivers:
//!   - rule: SVG-0305               # or a pattern such as SVG-K-*
//!     reporter: "2321000131"       # optional: a region as --region takes it; "*" is every reporter
//!     variable: aktivitet          # optional: findings in which this variable is to be corrected
//!     collection: specvard_genomforda # optional
//!     owner: anna.andersson@example.org
//!     reason: { sv: …, en: … }     # or one text
//!     until: 2026-12-31            # the last day
//! ```
//!
//! # What is covered
//!
//! - The reporter of a record is the region that it names: by the organisation number that an HSA-id begins with, or by
//!   a county code, as its collection has it. A record that names none, or that cannot be divided into columns, has no
//!   reporter.
//! - What is wrong with the submission as a whole (a missing or unknown column, the number of records) has no reporter,
//!   so that a waiver with a reporter does not cover it.
//! - Where several waivers fit a finding, the first one in the file covers it.
//! - A waiver whose last day lies before the delivery date of the run does not apply.
//!
//! Deliberately knows no records: which of a rule's findings have a reporter is for the engine to see.

mod load;
pub(crate) mod spec;

use crate::model::{RuleIndex, Text, WaiverIndex};
use crate::rule::{Check, Plan, Rule, SubmissionKind};

pub use load::load;

/// One waiver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiver {
    /// A rule's id, or a pattern of ids in which `*` is any text.
    pub rule: String,
    /// Whose records; `None` for everybody's.
    pub reporter: Option<Reporter>,
    /// The variable to be corrected; `None` for any.
    pub variable: Option<String>,
    /// The collection; `None` for any.
    pub collection: Option<String>,
    /// Who answers for it.
    pub owner: String,
    /// Why.
    pub reason: Text,
    /// The last day it applies, days since 1970-01-01.
    pub until: i64,
}

/// A region that reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reporter {
    /// Ten digits.
    pub organisation_number: String,
    /// Its name.
    pub name: String,
}

impl Waiver {
    /// Whether it no longer applies on `day` (days since 1970-01-01).
    pub fn is_expired_on(&self, day: i64) -> bool {
        self.until < day
    }

    fn speaks_of(&self, plan: &Plan, rule: &Rule) -> bool {
        self.collection.as_ref().is_none_or(|collection| *collection == plan.collection.id)
            && matches(&self.rule, &rule.id.0)
    }

    /// How it covers findings of a rule of `plan` that it speaks of; `None` where it can cover none.
    fn covering(&self, plan: &Plan, rule: &Rule) -> Option<(Option<String>, Option<String>)> {
        let reporter = self.reporter.as_ref().map(|reporter| reporter.organisation_number.clone());
        if reporter.is_some() && (plan.collection.region.is_none() || !has_reporter(rule)) {
            return None;
        }
        let variable = match &self.variable {
            Some(variable) if names_variables(rule) => {
                let is_faulty = rule.faulty.iter().any(|faulty| plan.collection.get(*faulty).id == *variable);
                is_faulty.then_some(None)?
            }
            other => other.clone(),
        };
        Some((reporter, variable))
    }
}

/// Whether findings of the rule are about records, which somebody reports.
fn has_reporter(rule: &Rule) -> bool {
    matches!(rule.check, Check::Record(_) | Check::Submission(SubmissionKind::Unique { .. } | SubmissionKind::Readable))
}

/// Whether every finding of the rule is about the same variables.
fn names_variables(rule: &Rule) -> bool {
    matches!(rule.check, Check::Record(_) | Check::Submission(SubmissionKind::Unique { .. }))
}

/// Whether `id` is `pattern`, in which `*` is any text.
fn matches(pattern: &str, id: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| id.strip_prefix(first)) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

/// The waivers of a file, in its order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Waivers {
    /// Named by [`WaiverIndex`]; people count from 1.
    pub list: Vec<Waiver>,
}

/// Which waivers cover which findings of one plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cover {
    /// By rule; empty where nothing is waived.
    rules: Vec<Vec<Covering>>,
    /// How many waivers there are, those included that cover nothing here.
    pub n_waivers: usize,
}

/// A waiver that may cover findings of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Covering {
    /// Which.
    pub waiver: WaiverIndex,
    /// The organisation number of the record's reporter; `None` for any.
    pub reporter: Option<String>,
    /// The variable that the finding itself must name as faulty; `None` where the rule decided that already.
    pub variable: Option<String>,
}

impl Waivers {
    /// Which of them cover findings of the rules of `plan`, in a submission delivered on `day`.
    pub fn cover(&self, plan: &Plan, day: i64) -> Cover {
        if self.list.is_empty() {
            return Cover::default();
        }
        let of_rule = |rule: &Rule| {
            let applying = self.list.iter().enumerate().filter(|(_, waiver)| !waiver.is_expired_on(day));
            let speaking = applying.filter(|(_, waiver)| waiver.speaks_of(plan, rule));
            let covering = speaking.filter_map(|(index, waiver)| {
                let (reporter, variable) = waiver.covering(plan, rule)?;
                Some(Covering { waiver: WaiverIndex(index), reporter, variable })
            });
            covering.collect()
        };
        Cover { rules: plan.rules.iter().map(of_rule).collect(), n_waivers: self.list.len() }
    }
}

impl Cover {
    /// The waivers that may cover findings of a rule, the first one first.
    pub fn of(&self, rule: RuleIndex) -> &[Covering] {
        self.rules.get(rule.0).map(Vec::as_slice).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_any_text() {
        for (pattern, id) in [
            ("SVG-0305", "SVG-0305"),
            ("SVG-K-*", "SVG-K-fas"),
            ("SVG-K-*", "SVG-K-"),
            ("*-K-*", "SVG-K-fas"),
            ("*", "LEV-0001"),
            ("S*-0*5", "SVG-0305"),
            ("**0305", "SVG-0305"),
        ] {
            assert!(matches(pattern, id), "{pattern} {id}");
        }
        for (pattern, id) in [
            ("SVG-0305", "SVG-03050"),
            ("SVG-K-*", "SVV-K-fas"),
            ("*fas", "SVG-K-fas2"),
            ("", "SVG-0305"),
            ("SVG*VG", "SVG"),
            ("a*ab*b", "aab"),
        ] {
            assert!(!matches(pattern, id), "{pattern} {id}");
        }
    }
}
