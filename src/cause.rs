//! Findings put together by what they have in common: one thing to mend, told once, however many findings it makes.
//!
//! A shifted column violates the rules of every variable in it; a wrong mapping gives one value that is not in its list,
//! forty thousand times; one care unit may have all blanks of a variable. A coordinator mends such a *cause*, not its
//! findings. This module works causes out of counts that the engine made ([`crate::engine::reporter`]); it reads no
//! record.
//!
//! Deliberately knows nothing of reports, and is no judge: a cause is a guess from counts, with the share of findings that
//! it explains beside it.

mod column;
mod records;

use std::collections::BTreeSet;

use crate::engine::Run;
use crate::engine::reporter::{Division, ReporterRun};
use crate::model::{RuleIndex, Severity, VariableIndex};
use crate::rule::{Plan, RuleKind};
use records::Records;

/// One thing to mend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// What the findings have in common.
    pub kind: CauseKind,
    /// The rules whose findings it explains, those with most of them first.
    pub rules: Vec<RuleIndex>,
    /// The gravest severity of them.
    pub severity: Severity,
    /// Findings that it explains.
    pub findings: u64,
    /// All findings of its rules.
    pub of: u64,
    /// How many more records are without an error once this cause is mended, after all before it in the list; 0 for causes
    /// of less than errors.
    pub repaired: u64,
}

/// What findings have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CauseKind {
    /// Only the rule.
    Rule,
    /// The rules are violated by the same records.
    Together,
    /// Few values that are wrong, the most frequent first.
    Values {
        /// Of which variable.
        variable: VariableIndex,
        /// The values as in findings.
        values: Vec<WrongValue>,
    },
    /// Values of neighbouring columns fit the variable beside their own: all stand so many columns to the right (to the
    /// left where negative) of where they should.
    Shifted {
        /// The variables whose columns hold values of another, in the order of the file.
        variables: Vec<VariableIndex>,
        /// How far.
        by: i8,
    },
    /// The values of two columns fit each other's variable.
    Swapped {
        /// The two variables.
        variables: [VariableIndex; 2],
    },
    /// One care unit.
    Unit(Concentration),
    /// One code of the breakdown, such as a specialty.
    Code(Concentration),
}

/// A wrong value and how often it stands there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrongValue {
    /// As in findings; blank where it is missing.
    pub value: String,
    /// How many findings.
    pub findings: u64,
    /// The code that it probably should be, where its list says so.
    pub meant: Option<String>,
}

/// A part of the records that has far more of the findings than of the records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Concentration {
    /// Its name or code.
    pub name: String,
    /// Its records.
    pub records: u64,
    /// All records.
    pub of_records: u64,
}

/// Fewer findings than these have nothing in common that is worth telling.
const LEAST_FINDINGS: u64 = 10;
/// A value, a unit or a code explains a rule where it has at least so many of its findings, in hundredths.
const MOST_OF_THEM: u64 = 50;
/// A unit or a code stands out where its share of the findings is so many times its share of the records.
const TIMES_ITS_SHARE: u64 = 2;
/// A unit explains more than the value does where it has at least so many of the findings, in hundredths.
const NEARLY_ALL: u64 = 80;
/// Values that are named.
const VALUES_NAMED: usize = 8;

/// What is to be mended in a run, over all its reporters: first what is wrong, by how many records mending repairs, then
/// warnings and notes, by how many findings they have.
pub fn causes(run: &Run) -> Vec<Cause> {
    let mut all = ReporterRun::default();
    for reporter in run.reporters.values() {
        all.merge(reporter);
    }
    causes_of(run, &all)
}

/// The same in the records of one reporter, or of several put together.
pub fn causes_of(run: &Run, found: &ReporterRun) -> Vec<Cause> {
    let plan = &*run.plan;
    let open: BTreeSet<RuleIndex> = found
        .rules
        .iter()
        .enumerate()
        .filter(|(_, rule)| rule.violations > rule.waived)
        .map(|(index, _)| RuleIndex(index))
        .collect();
    let records = Records::new(&found.combinations);
    let mut causes = Vec::new();
    let mut left = open;
    for kind in column::misplaced(run, found) {
        let rules: BTreeSet<RuleIndex> =
            column::rules_of(plan, &kind).into_iter().filter(|rule| left.contains(rule)).collect();
        if rules.is_empty() {
            continue;
        }
        // What is violated by the same records hardly has a cause of its own.
        let drawn = left.iter().filter(|rule| !rules.contains(rule) && records.are_within(**rule, &rules));
        let rules: BTreeSet<RuleIndex> = rules.iter().chain(drawn).copied().collect();
        left.retain(|rule| !rules.contains(rule));
        causes.push(whole(plan, found, kind, rules));
    }
    for rule in &left {
        let (kind, findings) = kind_of(plan, found, *rule);
        let rule_of = |cause: &&mut Cause| cause.kind == kind && !matches!(kind, CauseKind::Rule);
        let of = found.rules[rule.0].violations;
        match causes.iter_mut().find(rule_of) {
            Some(known) => {
                known.rules.push(*rule);
                known.severity = known.severity.max(plan.rules[rule.0].severity);
                known.findings += findings;
                known.of += of;
            }
            None => causes.push(Cause {
                kind,
                rules: vec![*rule],
                severity: plan.rules[rule.0].severity,
                findings,
                of,
                repaired: 0,
            }),
        }
    }
    let mut causes = together(plan, found, &records, causes);
    for cause in &mut causes {
        cause.rules.sort_by_key(|rule| (std::cmp::Reverse(found.rules[rule.0].violations), *rule));
    }
    in_order(found, &records, causes)
}

/// A cause that explains every finding of its rules.
fn whole(plan: &Plan, found: &ReporterRun, kind: CauseKind, rules: BTreeSet<RuleIndex>) -> Cause {
    let findings = rules.iter().map(|rule| found.rules[rule.0].violations).sum();
    let severity = rules.iter().map(|rule| plan.rules[rule.0].severity).max().unwrap_or(Severity::Note);
    Cause { kind, rules: rules.into_iter().collect(), severity, findings, of: findings, repaired: 0 }
}

/// What the findings of one rule have in common, and how many of them have it.
fn kind_of(plan: &Plan, found: &ReporterRun, rule: RuleIndex) -> (CauseKind, u64) {
    let of = found.rules[rule.0].violations;
    if of < LEAST_FINDINGS {
        return (CauseKind::Rule, of);
    }
    let unit = concentration(&found.units, found.records, rule, of);
    let code = concentration(&found.codes, found.records, rule, of);
    let values = values(plan, found, rule, of);
    let is_nearly_all = |findings: u64| findings * 100 >= of * NEARLY_ALL;
    match (unit, values, code) {
        (Some((unit, findings)), _, _) if is_nearly_all(findings) => (CauseKind::Unit(unit), findings),
        (_, Some((kind, findings)), _) => (kind, findings),
        (Some((unit, findings)), None, _) => (CauseKind::Unit(unit), findings),
        (None, None, Some((code, findings))) => (CauseKind::Code(code), findings),
        (None, None, None) => (CauseKind::Rule, of),
    }
}

/// The part with most of a rule's findings, where it has far more of them than of the records.
fn concentration(division: &Division, of_records: u64, rule: RuleIndex, of: u64) -> Option<(Concentration, u64)> {
    let count = |part: &crate::engine::reporter::Part| part.rules.get(&rule).copied().unwrap_or(0);
    // The first of those with most, so that the choice does not depend on how a map is searched.
    let (name, part) = division.parts.iter().rev().max_by_key(|(_, part)| count(part))?;
    let findings = count(part);
    let is_apart = u128::from(findings) * u128::from(of_records)
        >= u128::from(TIMES_ITS_SHARE) * u128::from(part.records) * u128::from(of);
    (division.parts.len() > 2 && findings * 100 >= of * MOST_OF_THEM && is_apart)
        .then(|| (Concentration { name: name.clone(), records: part.records, of_records }, findings))
}

/// The wrong values of a rule on values, where few of them make most findings.
fn values(plan: &Plan, found: &ReporterRun, rule: RuleIndex, of: u64) -> Option<(CauseKind, u64)> {
    let variable = *plan.rules[rule.0].faulty.first()?;
    if !matches!(plan.rules[rule.0].kind, RuleKind::Value | RuleKind::OfficialCode) {
        return None;
    }
    let counted = found.values.get(rule.0)?;
    let mut list: Vec<(&String, u64)> = counted.known.iter().map(|(value, findings)| (value, *findings)).collect();
    list.sort_by_key(|(value, findings)| (std::cmp::Reverse(*findings), *value));
    list.truncate(VALUES_NAMED);
    let findings: u64 = list.iter().map(|(_, findings)| findings).sum();
    let values = list
        .into_iter()
        .map(|(value, findings)| WrongValue {
            value: value.clone(),
            findings,
            meant: column::meant(plan, variable, value),
        })
        .collect();
    (findings * 100 >= of * MOST_OF_THEM).then_some((CauseKind::Values { variable, values }, findings))
}

/// Puts rules together that nothing explains but that the same records violate.
fn together(plan: &Plan, found: &ReporterRun, records: &Records<'_>, causes: Vec<Cause>) -> Vec<Cause> {
    let (alone, mut others): (Vec<Cause>, Vec<Cause>) =
        causes.into_iter().partition(|cause| cause.kind == CauseKind::Rule && cause.findings >= LEAST_FINDINGS);
    let mut groups: Vec<BTreeSet<RuleIndex>> = Vec::new();
    for rule in alone.iter().flat_map(|cause| &cause.rules) {
        match groups.iter_mut().find(|group| group.iter().any(|other| records.are_same(*rule, *other))) {
            Some(group) => {
                group.insert(*rule);
            }
            None => groups.push([*rule].into()),
        }
    }
    for group in groups {
        let kind = if group.len() > 1 { CauseKind::Together } else { CauseKind::Rule };
        others.push(whole(plan, found, kind, group));
    }
    others
}

/// The causes in the order in which mending them repairs most records, each counted after those before it.
fn in_order(found: &ReporterRun, records: &Records<'_>, mut causes: Vec<Cause>) -> Vec<Cause> {
    causes.sort_by_key(|cause| {
        (std::cmp::Reverse(cause.severity), std::cmp::Reverse(cause.findings), cause.rules.first().copied())
    });
    let (mut errors, others): (Vec<Cause>, Vec<Cause>) =
        causes.into_iter().partition(|cause| cause.severity == Severity::Error);
    let mut mended: BTreeSet<RuleIndex> = BTreeSet::new();
    let mut ordered = Vec::new();
    while !errors.is_empty() {
        let gain = |cause: &Cause| {
            let with: BTreeSet<RuleIndex> = mended.iter().chain(&cause.rules).copied().collect();
            let records = records.repaired(&with) - records.repaired(&mended);
            // Of a cause that explains a part of its findings, as large a part of the records.
            let part = u128::from(records) * u128::from(cause.findings) / u128::from(cause.of.max(1));
            u64::try_from(part).unwrap_or(records)
        };
        // The first of those that repair most.
        let best = (0..errors.len()).rev().max_by_key(|place| gain(&errors[*place])).unwrap_or(0);
        let mut cause = errors.remove(best);
        cause.repaired = gain(&cause).min(found.rejected);
        if cause.findings * 100 >= cause.of * NEARLY_ALL {
            mended.extend(cause.rules.iter().copied());
        }
        ordered.push(cause);
    }
    ordered.extend(others);
    ordered
}
