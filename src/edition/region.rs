//! The part of a run that is of one region's records.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::reporter::ReporterRun;
use crate::engine::{FileRun, FoldedFrom, Outcome, RuleRun, Run, StatedRegion, TimestampForms, WaiverRun};
use crate::model::{County, FileIndex, Finding};

/// The regions of which a run has records or findings, in the order of their codes.
pub fn regions(outcome: &Outcome) -> BTreeSet<County> {
    outcome.runs.iter().flat_map(|run| run.reporters.keys().copied().flatten()).collect()
}

/// The part of a run that is of the records of `region`: its files, counts, findings and waivers; nothing of others'.
///
/// The run must have been counted by reporter, and its findings must say whose they are
/// ([`Whose`](crate::engine::Whose)). Examples are those that the run kept.
pub fn of_region(outcome: &Outcome, county: County, region: StatedRegion) -> Outcome {
    let runs: Vec<Run> = outcome.runs.iter().filter_map(|run| run_of(run, outcome, county)).collect();
    let waivers = outcome.waivers.iter().enumerate().map(|(index, waiver)| {
        // Findings waived for this region are counted anew; how many of others' a waiver covers is theirs to know.
        WaiverRun { covered: runs.iter().filter_map(|run| run.waived.get(index)).sum(), ..waiver.clone() }
    });
    let is_of_others = |waiver: &WaiverRun| {
        let reporter = waiver.waiver.reporter.as_ref();
        reporter.is_some_and(|reporter| reporter.organisation_number != region.organisation_number)
    };
    let waivers: Vec<WaiverRun> =
        waivers.map(|waiver| if is_of_others(&waiver) { withheld(waiver) } else { waiver }).collect();
    let stated = crate::engine::Stated { region: Some(region), ..outcome.stated.clone() };
    Outcome { stated, runs, waivers }
}

/// A waiver of another region: findings name waivers by number, so that it keeps its place, but not what it says.
fn withheld(waiver: WaiverRun) -> WaiverRun {
    let mut waiver = waiver;
    waiver.waiver.owner.clear();
    waiver.waiver.reason = crate::model::Text::default();
    waiver.covered = 0;
    waiver
}

fn run_of(run: &Run, outcome: &Outcome, county: County) -> Option<Run> {
    let own: &ReporterRun = run.reporters.get(&Some(county))?;
    let is_its = |file: &FileRun| match &file.statement.region {
        Some((stated, _)) => *stated == county,
        None => file.reporters.contains_key(&Some(county)),
    };
    let mut places: BTreeMap<usize, usize> = BTreeMap::new();
    let mut files = Vec::new();
    for (index, file) in run.files.iter().enumerate().filter(|(_, file)| is_its(file)) {
        places.insert(index, files.len());
        files.push(file_of(file, county));
    }
    let examples = |rule: &RuleRun| -> Vec<Finding> {
        let its = rule
            .examples
            .iter()
            .filter(|finding| finding.origin.as_ref().is_some_and(|origin| origin.region == Some(county)));
        its.filter_map(|finding| Some(Finding { file: FileIndex(*places.get(&finding.file.0)?), ..finding.clone() }))
            .collect()
    };
    let rules: Vec<RuleRun> = run
        .rules
        .iter()
        .zip(&own.rules)
        .map(|(rule, counted)| RuleRun {
            counts: counted.counts,
            violations: counted.violations,
            waived: counted.waived,
            skipped: rule.skipped.iter().filter_map(|(file, why)| Some((*places.get(file)?, why.clone()))).collect(),
            examples: examples(rule),
        })
        .collect();
    let mut waived = vec![0; outcome.waivers.len()];
    for waiver in rules.iter().flat_map(|rule| &rule.examples).filter_map(|finding| finding.waiver) {
        if let Some(count) = waived.get_mut(waiver.0) {
            *count += 1;
        }
    }
    let is_only = run.reporters.len() == 1;
    Some(Run {
        plan: std::sync::Arc::clone(&run.plan),
        files,
        records: own.records,
        rejected: own.rejected,
        rules,
        accounts: own.accounts.clone(),
        // How points in time were written is counted for the whole run only.
        timestamp_forms: if is_only {
            run.timestamp_forms.clone()
        } else {
            vec![TimestampForms::default(); run.timestamp_forms.len()]
        },
        tally: None,
        waived,
        folded: run.folded.map(|from| {
            if is_only {
                from
            } else {
                FoldedFrom { records: folded_records(run, outcome, county), without_group: 0, missing: 0, ..from }
            }
        }),
        reporters: [(Some(county), own.clone())].into(),
    })
}

/// The records of a region that could be in groups.
fn folded_records(run: &Run, outcome: &Outcome, county: County) -> u64 {
    let of = run.plan.fold.as_ref().map(|fold| fold.of.collection.id.as_str());
    let records = outcome.runs.iter().filter(|other| Some(other.plan.collection.id.as_str()) == of);
    records.filter_map(|other| other.reporters.get(&Some(county))).map(|own| own.records).sum()
}

/// A file as its region may see it: of one that holds the records of several, its own records only.
fn file_of(file: &FileRun, county: County) -> FileRun {
    let mut file = file.clone();
    if file.statement.region.is_none() && !file.reporters.is_empty() {
        let is_shared = file.reporters.len() > 1;
        let own = file.reporters.get(&Some(county)).copied().unwrap_or(0);
        file.reporters = [(Some(county), own)].into();
        if is_shared {
            (file.summary.records, file.summary.rows, file.summary.blank_lines, file.size) = (own, own, 0, 0);
        }
    }
    file
}
