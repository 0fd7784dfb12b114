//! What a workbook is about: the whole submission, or the records of one region or care unit; and what was found there.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::io;

use crate::engine::reporter::{Part as UnitRun, ReporterRun};
use crate::engine::{Outcome, Run};
use crate::model::{Finding, Language, RuleIndex};
use crate::report::Content;
use crate::report::rule_rows::speaks_of_records;
use crate::report::spool::{FindingCounts, PartKey, SplitBy, SpooledFindings};
use crate::rule::Rule;
use crate::schema::{Codelists, region};

/// Characters of a name that become part of a file's name.
const MOST_CHARS_OF_NAME: usize = 60;

/// One of the workbooks that a submission is divided into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// What it is about.
    pub key: PartKey,
    /// What people call it; empty for the whole.
    pub name: String,
    /// What tells its file's name from the others'; empty for the whole. Letters a–z, digits, `-` and `_`.
    pub suffix: String,
}

impl Part {
    /// The whole submission.
    pub(super) fn whole() -> Self {
        Self { key: PartKey::Whole, name: String::new(), suffix: String::new() }
    }
}

/// The workbooks that `content` is divided into: of regions all that have records or findings, of care units those that have
/// findings, and last what is nobody's, where there is any. `codelists` name the regions.
pub fn parts(content: &Content<'_>, codelists: &Codelists, language: Language) -> Vec<Part> {
    let by = content.findings.map_or(SplitBy::Nothing, SpooledFindings::by);
    let mut keys: Vec<PartKey> = content.findings.iter().flat_map(|findings| findings.parts()).cloned().collect();
    if by == SplitBy::Region {
        let reporters = content.outcome.runs.iter().flat_map(|run| &run.reporters);
        keys.extend(
            reporters.filter(|(_, run)| run.records > 0).filter_map(|(county, _)| Some(PartKey::Region((*county)?))),
        );
    }
    if by == SplitBy::Nothing {
        keys = vec![PartKey::Whole];
    }
    keys.sort();
    keys.dedup();
    let mut taken: BTreeMap<String, u32> = BTreeMap::new();
    let named = keys.into_iter().map(|key| {
        let (name, suffix) = names(&key, by, codelists, language);
        // Two units may differ only in what a file's name does not tell.
        let n = taken.entry(suffix.clone()).or_default();
        *n += 1;
        let suffix = if *n == 1 { suffix } else { format!("{suffix}_{n}") };
        Part { key, name, suffix }
    });
    named.collect()
}

fn names(key: &PartKey, by: SplitBy, codelists: &Codelists, language: Language) -> (String, String) {
    match key {
        PartKey::Whole => (String::new(), String::new()),
        PartKey::Region(county) => {
            let name = region::name_of_county(codelists, *county).map(str::to_owned);
            let suffix = match &name {
                Some(name) => format!("{county}_{}", plain(name)),
                None => county.to_string(),
            };
            (name.unwrap_or_else(|| county.to_string()), suffix)
        }
        // `enhet` before it, so that no unit is called what the last two are.
        PartKey::Unit(unit) => (unit.clone(), format!("{}_{}", language.pick("enhet", "unit"), plain(unit))),
        PartKey::Others => (
            language.pick("Övriga vårdenheter", "Other care units").to_owned(),
            language.pick("ovriga", "others").to_owned(),
        ),
        PartKey::Unknown => {
            let name = match by {
                SplitBy::Unit => language.pick("Utan känd vårdenhet", "Without a known care unit"),
                SplitBy::Region | SplitBy::Nothing => language.pick("Utan känd region", "Without a known region"),
            };
            (name.to_owned(), language.pick("okand", "unknown").to_owned())
        }
    }
}

/// A name of letters a–z, digits and hyphens.
fn plain(name: &str) -> String {
    let mut plain = String::new();
    for character in name.chars().flat_map(char::to_lowercase) {
        match character {
            'å' | 'ä' | 'à' | 'á' => plain.push('a'),
            'ö' | 'ø' | 'ó' => plain.push('o'),
            'é' | 'è' | 'ë' => plain.push('e'),
            'ü' => plain.push('u'),
            character if character.is_ascii_alphanumeric() => plain.push(character),
            _ if plain.is_empty() || plain.ends_with('-') => {}
            _ => plain.push('-'),
        }
        if plain.len() >= MOST_CHARS_OF_NAME {
            break;
        }
    }
    plain.trim_end_matches('-').to_owned()
}

/// What became of a rule in the records that a workbook is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct RuleCounts {
    /// Its findings.
    pub(super) counts: FindingCounts,
    /// Records that violate it, of all; `None` where it does not speak of records, or that is not counted.
    pub(super) records: Option<(u64, u64)>,
}

/// Counts of a rule of `run` in a part.
pub(super) fn rule_counts(content: &Content<'_>, part: &PartKey, run: &Run, rule: RuleIndex) -> RuleCounts {
    let found = run.rules.get(rule.0);
    let spooled =
        content.findings.map(|findings| findings.counts(part, &run.plan.collection.id, rule)).unwrap_or_default();
    let counts = match (part, found) {
        (PartKey::Whole, Some(found)) => FindingCounts {
            findings: found.violations,
            waived: found.waived,
            kept: if content.findings.is_some() { spooled.kept } else { found.examples.len() as u64 },
        },
        _ => spooled,
    };
    let speaks = run.plan.rules.get(rule.0).is_some_and(speaks_of_records);
    let records = speaks.then(|| records_of_rule(part, run, rule)).flatten();
    RuleCounts { counts, records }
}

fn records_of_rule(part: &PartKey, run: &Run, rule: RuleIndex) -> Option<(u64, u64)> {
    match part {
        PartKey::Whole => Some((run.rules.get(rule.0)?.counts.violated, run.records)),
        PartKey::Region(county) => {
            let reporter = run.reporters.get(&Some(*county))?;
            Some((reporter.rules.get(rule.0)?.counts.violated, reporter.records))
        }
        PartKey::Unit(unit) => {
            let of_unit = of_unit(run, unit);
            let violated = of_unit.iter().map(|part| part.rules.get(&rule).copied().unwrap_or(0)).sum();
            (!of_unit.is_empty()).then(|| (violated, of_unit.iter().map(|part| part.records).sum()))
        }
        PartKey::Others | PartKey::Unknown => None,
    }
}

fn of_unit<'a>(run: &'a Run, unit: &str) -> Vec<&'a UnitRun> {
    run.reporters.values().filter_map(|reporter| reporter.units.parts.get(unit)).collect()
}

/// Records with at least one error, of all records of a part of `run`; `None` where that is not counted.
pub(super) fn rejected(part: &PartKey, run: &Run) -> Option<(u64, u64)> {
    match part {
        PartKey::Whole => Some((run.rejected, run.records)),
        PartKey::Region(_) => reporter(part, run).map(|reporter| (reporter.rejected, reporter.records)),
        PartKey::Unit(unit) => {
            let of_unit = of_unit(run, unit);
            let sum = |number: fn(&UnitRun) -> u64| of_unit.iter().map(|part| number(part)).sum();
            (!of_unit.is_empty()).then(|| (sum(|part| part.rejected), sum(|part| part.records)))
        }
        PartKey::Others | PartKey::Unknown => None,
    }
}

/// The reporter whose records a part is.
pub(super) fn reporter<'a>(part: &PartKey, run: &'a Run) -> Option<&'a ReporterRun> {
    match part {
        PartKey::Region(county) => run.reporters.get(&Some(*county)),
        _ => None,
    }
}

/// A rule with findings in a part.
#[derive(Clone, Copy, Debug)]
pub(super) struct Problem<'a> {
    /// Its run.
    pub(super) run: &'a Run,
    /// Its place in the plan.
    pub(super) index: RuleIndex,
    /// The rule.
    pub(super) rule: &'a Rule,
    /// What became of it.
    pub(super) counts: RuleCounts,
}

/// The rules with findings in a part, as the text report has them: by collection, what is wholly waived last, errors first,
/// then those with the most findings.
pub(super) fn problems<'a>(content: &Content<'a>, part: &PartKey) -> Vec<Problem<'a>> {
    let outcome: &'a Outcome = content.outcome;
    let mut problems = Vec::new();
    for run in &outcome.runs {
        let all = run.plan.rules.iter().enumerate().map(|(index, rule)| {
            let index = RuleIndex(index);
            Problem { run, index, rule, counts: rule_counts(content, part, run, index) }
        });
        let mut violated: Vec<Problem<'a>> = all.filter(|problem| problem.counts.counts.findings > 0).collect();
        violated.sort_by_key(|problem| {
            let counts = problem.counts.counts;
            let unwaived = counts.findings.saturating_sub(counts.waived);
            (unwaived == 0, Reverse(problem.rule.severity), Reverse(unwaived), Reverse(counts.findings))
        });
        problems.extend(violated);
    }
    problems
}

/// The findings of a problem that can be shown: all that were kept, or the examples where none were.
pub(super) fn findings<'a>(
    content: &Content<'a>,
    part: &PartKey,
    problem: &Problem<'a>,
) -> Box<dyn Iterator<Item = io::Result<Finding>> + 'a> {
    let examples = problem.run.rules.get(problem.index.0).map(|found| &found.examples);
    match content.findings {
        Some(findings) => Box::new(findings.read(part, &problem.run.plan.collection.id, problem.index)),
        None => Box::new(examples.into_iter().flatten().cloned().map(Ok)),
    }
}
