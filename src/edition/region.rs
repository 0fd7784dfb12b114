//! The part of a run that is of one region's records.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::Arc;

use crate::engine::reporter::ReporterRun;
use crate::engine::{FileRun, FoldedFrom, Outcome, RuleRun, Run, Stated, StatedRegion, TimestampForms, WaiverRun};
use crate::model::{County, FileIndex, Finding, RuleIndex};

/// The regions of which a run has records or findings, in the order of their codes.
pub fn regions(outcome: &Outcome) -> BTreeSet<County> {
    outcome.runs.iter().flat_map(|run| run.reporters.keys().copied().flatten()).collect()
}

/// Every finding of a rule in a region's records, in the order in which they were made.
pub type FindingsOf<'a> = &'a dyn Fn(&Run, RuleIndex) -> Box<dyn Iterator<Item = io::Result<Finding>> + 'a>;

/// The part of a run that is of the records of `region`: its files, counts, findings and waivers; nothing of others'.
///
/// The run must have been counted by reporter ([`Whose`](crate::engine::Whose)). Of `findings`, which are the region's own,
/// the first `n_examples` of each rule and file are kept.
///
/// # Errors
/// If findings cannot be read.
pub fn of_region(
    outcome: &Outcome,
    county: County,
    region: StatedRegion,
    (findings, n_examples): (FindingsOf<'_>, usize),
) -> io::Result<Outcome> {
    let runs = outcome.runs.iter().filter_map(|run| run_of(run, outcome, county, (findings, n_examples)).transpose());
    let runs: Vec<Run> = runs.collect::<io::Result<_>>()?;
    let waivers = outcome.waivers.iter().enumerate().map(|(index, waiver)| {
        // How many findings of others a waiver covers is theirs to know.
        let waiver = WaiverRun { covered: runs.iter().filter_map(|run| run.waived.get(index)).sum(), ..waiver.clone() };
        let reporter = waiver.waiver.reporter.as_ref();
        let is_of_others = reporter.is_some_and(|reporter| reporter.organisation_number != region.organisation_number);
        if is_of_others { withheld(waiver) } else { waiver }
    });
    let waivers: Vec<WaiverRun> = waivers.collect();
    let stated = Stated { region: Some(region), ..outcome.stated.clone() };
    Ok(Outcome { stated, runs, waivers })
}

/// A waiver of another region: findings name waivers by number, so that it keeps its place, but not what it says.
fn withheld(waiver: WaiverRun) -> WaiverRun {
    let mut waiver = waiver;
    waiver.waiver.owner.clear();
    waiver.waiver.reason = crate::model::Text::default();
    waiver.covered = 0;
    waiver
}

fn run_of(
    run: &Run,
    outcome: &Outcome,
    county: County,
    (findings, n_examples): (FindingsOf<'_>, usize),
) -> io::Result<Option<Run>> {
    let Some(own): Option<&ReporterRun> = run.reporters.get(&Some(county)) else { return Ok(None) };
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
    let mut waived = vec![0; outcome.waivers.len()];
    let mut rules = Vec::with_capacity(run.rules.len());
    for (index, (rule, counted)) in run.rules.iter().zip(&own.rules).enumerate() {
        let mut examples: Vec<Finding> = Vec::new();
        // All of them are looked at only where waivers cover some.
        let mut n_waived = 0;
        if counted.violations > 0 {
            for finding in findings(run, RuleIndex(index)) {
                let finding = finding?;
                if let Some(count) = finding.waiver.and_then(|waiver| waived.get_mut(waiver.0)) {
                    *count += 1;
                    n_waived += 1;
                }
                let of_file = examples.iter().filter(|example| places.get(&finding.file.0) == Some(&example.file.0));
                if of_file.count() < n_examples
                    && let Some(file) = places.get(&finding.file.0)
                {
                    examples.push(Finding { file: FileIndex(*file), ..finding });
                } else if n_waived >= counted.waived && examples.len() >= n_examples * files.len() {
                    break;
                }
            }
        }
        rules.push(RuleRun {
            counts: counted.counts,
            violations: counted.violations,
            waived: counted.waived,
            skipped: rule.skipped.iter().filter_map(|(file, why)| Some((*places.get(file)?, why.clone()))).collect(),
            examples,
        });
    }
    let is_only = run.reporters.len() == 1;
    Ok(Some(Run {
        plan: Arc::clone(&run.plan),
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
    }))
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
