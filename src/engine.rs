//! Runs a plan over the batches of a submission, in parallel, and merges what comes out in a fixed order.
//!
//! Responsible for one pass over the data for everything: verdict counts, the account of each variable, findings, and
//! the uniqueness state. Each batch becomes a `BatchTally`, which is folded in file order, so that the result is the
//! same, byte for byte, for any number of threads and batch size.
//!
//! # Memory
//!
//! Bounded by the batches in flight, plus one hash (8 bytes) and one bit a record for uniqueness and rejection.
//! Findings beyond a budget for each rule and file are counted, not kept: once the first batches hold enough, later
//! ones are told so and make none.
//!
//! # Duplicates
//!
//! A first pass keeps a hash of each record's key. Only where two hashes are equal are the keys themselves read, in
//! a second pass, and compared by value; a third makes the findings. A submission without duplicates is read once.
//!
//! Deliberately knows nothing of reports and exit codes, and writes nothing but what it is handed as a sink.

mod batch;
mod bench;
mod column;
pub mod compare;
mod eval;
pub mod probe;
mod run;
mod selftest;
pub mod split;
mod status;
pub mod tally;
mod text;
mod unique;
mod waived;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::measure::TallyPlan;
use crate::model::{
    Account, Detail, FileIndex, Finding, Level, Position, RuleIndex, ShownValue, Text, VariableIndex, column_letters,
};
use crate::rule::{Check, Plan, Rule, RuleKind, SubmissionKind};
use crate::submission::{InputError, InputFile, ScanRequest};
use crate::table::Bits;
use crate::waiver::{Cover, Waivers};

use batch::{BatchTally, FileContext, SkippedPart};
use eval::Context;
use status::RuleStatus;
use tally::Collector;

pub use bench::Bench;
pub use run::{FileRun, Outcome, RuleRun, Run, Stated, StatedRegion, TimestampForms, WaiverRun};
pub use selftest::{SelfTestFailure, self_test, test_rule};
pub use tally::Tally;
pub use text::is_personal_number;

/// How a check is run.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// What the user stated about the submission.
    pub stated: Stated,
    /// Findings kept as examples for each rule and file.
    pub examples: usize,
    /// By collection: what to count for coverage in the same pass. Empty where coverage is not wanted.
    pub tallies: BTreeMap<String, Arc<TallyPlan>>,
    /// Whether care units are counted, too: there are many of them.
    pub count_units: bool,
    /// Findings that the gate disregards.
    pub waivers: Waivers,
}

/// Takes every finding as it is made, in the order of file, record and rule; those on duplicates and on the whole
/// submission come last.
pub trait FindingSink {
    /// Takes some findings of one run.
    ///
    /// # Errors
    /// If they cannot be written.
    fn take(
        &mut self,
        plan: &Plan,
        paths: &[PathBuf],
        findings: &[Finding],
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>>;
}

/// Which records violate a rule of severity error: one set a file.
#[derive(Clone, Debug, Default)]
pub struct Rejections {
    files: Vec<Bits>,
}

impl Rejections {
    /// Whether the 0-based record `row` of `file` is rejected.
    pub fn contains(&self, file: usize, row: u64) -> bool {
        self.files.get(file).is_some_and(|rows| usize::try_from(row).is_ok_and(|row| rows.contains(row)))
    }

    fn insert(&mut self, file: usize, row: u64) {
        if let (Some(rows), Ok(row)) = (self.files.get_mut(file), usize::try_from(row)) {
            rows.insert(row);
        }
    }

    fn count(&self) -> u64 {
        self.files.iter().map(Bits::count).sum()
    }
}

/// The files of one run, and which of their records are rejected.
pub type Checked = (Vec<InputFile>, Rejections);

/// Told about progress: bytes taken in since last time.
pub type Progress<'a> = &'a (dyn Fn(u64) + Sync);

/// Checks `files` against the plans of their collections.
///
/// Returns the outcome, and for each of its runs the files and which of their records are rejected.
///
/// # Errors
/// If a file cannot be read on, or `sink` fails, or [`InputError::Interrupted`].
pub fn check(
    plans: &BTreeMap<String, Arc<Plan>>,
    files: Vec<InputFile>,
    settings: &Settings,
    stop: &AtomicBool,
    progress: Progress<'_>,
    mut sink: Option<&mut dyn FindingSink>,
) -> Result<(Outcome, Vec<Checked>), InputError> {
    let mut groups: Vec<(String, Vec<InputFile>)> = Vec::new();
    for file in files {
        match groups.iter_mut().find(|(collection, _)| *collection == file.collection) {
            Some((_, group)) => group.push(file),
            None => groups.push((file.collection.clone(), vec![file])),
        }
    }
    let mut outcome = Outcome { stated: settings.stated.clone(), runs: Vec::new(), waivers: Vec::new() };
    let mut split = Vec::new();
    for (collection, group) in groups {
        let Some(plan) = plans.get(&collection) else {
            return Err(InputError::UnknownCollection {
                name: collection,
                known: plans.keys().cloned().collect::<Vec<_>>().join(", "),
            });
        };
        let sink = sink.as_mut().map(|sink| &mut **sink as &mut dyn FindingSink);
        let mut runner = Runner::new(plan, &group, settings, stop, progress, sink);
        runner.run()?;
        let (run, rejections) = runner.finish();
        outcome.runs.push(run);
        split.push((group, rejections));
    }
    let waivers = settings.waivers.list.iter().enumerate();
    let of_runs = |index: usize| outcome.runs.iter().filter_map(|run| run.waived.get(index)).sum();
    outcome.waivers = waivers
        .map(|(index, waiver)| WaiverRun {
            waiver: waiver.clone(),
            is_expired: waiver.is_expired_on(settings.stated.delivery_date),
            covered: of_runs(index),
        })
        .collect();
    Ok((outcome, split))
}

struct Runner<'a> {
    plan: &'a Arc<Plan>,
    files: &'a [InputFile],
    paths: Vec<PathBuf>,
    settings: &'a Settings,
    stop: &'a AtomicBool,
    progress: Progress<'a>,
    sink: Option<&'a mut dyn FindingSink>,
    context: Context<'a>,
    run: Run,
    rejections: Rejections,
    collector: Option<Collector<'a>>,
    cover: Arc<Cover>,
}

impl<'a> Runner<'a> {
    fn new(
        plan: &'a Arc<Plan>,
        files: &'a [InputFile],
        settings: &'a Settings,
        stop: &'a AtomicBool,
        progress: Progress<'a>,
        sink: Option<&'a mut dyn FindingSink>,
    ) -> Self {
        let parameters = status::parameters_of_run(&settings.stated);
        let n_variables = plan.collection.variables.len();
        let cover = Arc::new(settings.waivers.cover(plan, settings.stated.delivery_date));
        let run = Run {
            plan: Arc::clone(plan),
            files: Vec::new(),
            records: 0,
            rejected: 0,
            rules: vec![RuleRun::default(); plan.rules.len()],
            accounts: vec![Account::default(); n_variables],
            timestamp_forms: vec![TimestampForms::default(); n_variables],
            tally: None,
            waived: vec![0; cover.n_waivers],
        };
        let paths = files.iter().map(|file| file.path.clone()).collect();
        Self {
            plan,
            files,
            paths,
            settings,
            stop,
            progress,
            sink,
            context: Context::new(plan, parameters),
            run,
            rejections: Rejections::default(),
            collector: settings
                .tallies
                .get(&plan.collection.id)
                .map(|tally| Collector::new(tally, files, settings.count_units)),
            cover,
        }
    }

    fn run(&mut self) -> Result<(), InputError> {
        let unique_rules = self.unique_rules();
        let mut states: Vec<unique::State> = unique_rules.iter().map(|_| unique::State::default()).collect();
        let files = self.files;
        for (index, file) in files.iter().enumerate() {
            let context = self.context.with(status::parameters_of_file(&self.context.parameters, &file.statement));
            let file_context = self.file_context(index, file, &context);
            let skipped = self.scan(index, file, &context, &file_context, &unique_rules, &mut states)?;
            self.report_columns(index, file, &skipped)?;
        }
        for (rule, state) in unique_rules.iter().zip(states) {
            self.resolve_duplicates(rule, state)?;
        }
        self.whole_submission()
    }

    fn finish(mut self) -> (Run, Rejections) {
        self.run.rejected = self.rejections.count();
        self.run.tally = self.collector.map(Collector::finish);
        (self.run, self.rejections)
    }

    fn unique_rules(&self) -> Vec<unique::UniqueRule> {
        let rules = self.plan.rules.iter().enumerate();
        rules
            .filter_map(|(index, rule)| match &rule.check {
                Check::Submission(SubmissionKind::Unique { variables, within }) => Some(unique::UniqueRule {
                    rule: RuleIndex(index),
                    columns: within.iter().chain(variables).copied().collect(),
                    severity: rule.severity,
                }),
                _ => None,
            })
            .collect()
    }

    /// What each rule can say about a file, given the columns it has and what the run states.
    fn file_context(&self, index: usize, file: &InputFile, context: &Context<'_>) -> FileContext {
        let full = self.plan.rules.iter().map(|_| AtomicBool::new(false)).collect();
        FileContext {
            index,
            column_of: file.column_of.clone(),
            statuses: status::statuses(context, &file.column_of),
            full,
            examples: self.settings.examples,
            stream: self.sink.is_some(),
            cover: Arc::clone(&self.cover),
        }
    }

    fn scan(
        &mut self,
        index: usize,
        file: &InputFile,
        context: &Context<'_>,
        file_context: &FileContext,
        unique_rules: &[unique::UniqueRule],
        states: &mut [unique::State],
    ) -> Result<Vec<SkippedPart>, InputError> {
        let request = ScanRequest { wanted: vec![true; self.plan.collection.variables.len()], raw: false };
        let mut rejected = Bits::default();
        let (plan, collector) = (self.plan, self.collector.as_ref());
        let (run, sink, paths) = (&mut self.run, &mut self.sink, &self.paths);
        // Findings that are waived and those that are not, each by rule.
        let mut kept = [vec![0usize; plan.rules.len()], vec![0usize; plan.rules.len()]];
        let cover = &self.cover;
        let mut skipped = vec![SkippedPart::default(); plan.rules.len()];
        let limit = self.settings.examples;
        let scope = unique::scope_of(file, &plan.collection);
        let map = |batch| batch::evaluate(context, file_context, unique_rules, collector, &batch);
        let mut fold = |tally: BatchTally| -> Result<(), InputError> {
            for (total, part) in run.rules.iter_mut().zip(&tally.rules) {
                total.counts.merge(&part.counts);
                total.violations += part.violations;
                total.waived += part.waived;
            }
            for (total, part) in run.waived.iter_mut().zip(&tally.waived) {
                *total += part;
            }
            for (total, part) in skipped.iter_mut().zip(&tally.rules) {
                total.unlooked_at += part.skipped.unlooked_at;
                total.applies += part.skipped.applies;
            }
            for (total, part) in run.accounts.iter_mut().zip(&tally.accounts) {
                total.merge(part);
            }
            for (total, part) in run.timestamp_forms.iter_mut().zip(&tally.forms) {
                total.merge(part);
            }
            for (state, hashes) in states.iter_mut().zip(tally.key_hashes) {
                state.push(index, hashes, scope);
            }
            for finding in tally.examples {
                let rule = finding.rule.0;
                let kept_alike = &mut kept[usize::from(finding.waiver.is_some())][rule];
                if *kept_alike < limit {
                    *kept_alike += 1;
                    run.rules[rule].examples.push(finding);
                }
                let waivable = !cover.of(RuleIndex(rule)).is_empty();
                if kept[0][rule] >= limit && (kept[1][rule] >= limit || !waivable) {
                    file_context.full[rule].store(true, Ordering::Relaxed);
                }
            }
            rejected.append(&tally.rejected);
            match sink {
                Some(sink) if !tally.stream.is_empty() => {
                    sink.take(plan, paths, &tally.stream).map_err(InputError::Consumer)
                }
                _ => Ok(()),
            }
        };
        let summary = file.scan(&plan.collection, &request, self.stop, self.progress, &map, &mut fold)?;
        self.rejections.files.push(rejected);
        self.run.records += summary.records;
        self.run.files.push(FileRun {
            path: file.path.clone(),
            size: file.size,
            format: file.format.clone(),
            collection_source: file.collection_source,
            statement: file.statement.clone(),
            header: file.header.clone(),
            summary,
        });
        // A rule that could not have applied to any record of the file is not said to be skipped.
        for (rule, (status, part)) in file_context.statuses.iter().zip(&skipped).enumerate() {
            if let (RuleStatus::Skipped(reason), 1..) = (status, part.unlooked_at) {
                self.run.rules[rule].skipped.push((index, reason.clone()));
            }
        }
        Ok(skipped)
    }

    /// Columns that should be there and are not, and columns that nobody knows. The column of a conditional variable
    /// is missed only where some record needed it.
    fn report_columns(&mut self, index: usize, file: &InputFile, skipped: &[SkippedPart]) -> Result<(), InputError> {
        let plan = Arc::clone(self.plan);
        for (rule_index, rule) in plan.rules.iter().enumerate() {
            let Check::Submission(kind) = &rule.check else { continue };
            let mut findings = Vec::new();
            let finding = |value: ShownValue, detail: Option<Text>| Finding {
                rule: RuleIndex(rule_index),
                file: FileIndex(index),
                position: Position::default(),
                key: String::new(),
                faulty: vec![value],
                triggers: Vec::new(),
                detail: detail.map(Detail::Text),
                waiver: None,
            };
            match kind {
                SubmissionKind::RequiredColumns => {
                    for (variable, requirement) in plan.requirements.iter().enumerate() {
                        let needed = match requirement.level {
                            Level::Mandatory => true,
                            Level::Conditional => {
                                let own = |rule: &&Rule| {
                                    rule.kind == RuleKind::Required && rule.faulty == [VariableIndex(variable)]
                                };
                                let mut of_rules = plan.rules.iter().zip(skipped).filter(|(rule, _)| own(rule));
                                of_rules.any(|(_, part)| part.applies > 0)
                            }
                            _ => false,
                        };
                        if needed && file.column_of[variable].is_none() {
                            let item = &plan.collection.variables[variable];
                            findings.push(finding(
                                ShownValue { variable: item.id.clone(), column: None, value: String::new() },
                                Some(item.name.clone()),
                            ));
                        }
                    }
                }
                SubmissionKind::KnownColumns => {
                    for (position, column) in
                        file.header.iter().enumerate().filter(|(_, column)| column.variable.is_none())
                    {
                        let detail = column.nearest.as_ref().map(|nearest| {
                            Text::new(
                                format!("närmaste kända variabel är {nearest}"),
                                format!("the nearest known variable is {nearest}"),
                            )
                        });
                        findings.push(finding(
                            ShownValue {
                                variable: column.name.clone(),
                                column: Some(column_letters(position)),
                                value: String::new(),
                            },
                            detail,
                        ));
                    }
                }
                _ => continue,
            }
            self.add_findings(RuleIndex(rule_index), findings)?;
        }
        Ok(())
    }

    /// Counts findings that are not of single records' rules, keeps the first as examples, and streams all.
    fn add_findings(&mut self, rule: RuleIndex, mut findings: Vec<Finding>) -> Result<(), InputError> {
        let total = &mut self.run.rules[rule.0];
        total.violations += findings.len() as u64;
        for finding in &mut findings {
            // Nobody in particular reports the submission as a whole.
            finding.waiver = waived::first(self.cover.of(rule), finding, |_| false);
            if let Some(waiver) = finding.waiver {
                total.waived += 1;
                self.run.waived[waiver.0] += 1;
            }
        }
        if let (Some(sink), false) = (&mut self.sink, findings.is_empty()) {
            sink.take(self.plan, &self.paths, &findings).map_err(InputError::Consumer)?;
        }
        for finding in findings {
            let alike = |example: &&Finding| {
                example.file == finding.file && example.waiver.is_some() == finding.waiver.is_some()
            };
            let here = total.examples.iter().filter(alike).count();
            if here < self.settings.examples {
                total.examples.push(finding);
            }
        }
        Ok(())
    }

    /// The rules that can be judged only when everything is read.
    fn whole_submission(&mut self) -> Result<(), InputError> {
        let plan = Arc::clone(self.plan);
        let records = self.run.records;
        let last_file = FileIndex(self.files.len().saturating_sub(1));
        for (rule_index, rule) in plan.rules.iter().enumerate() {
            let Check::Submission(kind) = &rule.check else { continue };
            let finding = |detail: Text| Finding {
                rule: RuleIndex(rule_index),
                file: last_file,
                position: Position::default(),
                key: String::new(),
                faulty: Vec::new(),
                triggers: Vec::new(),
                detail: Some(Detail::Text(detail)),
                waiver: None,
            };
            let mut findings = Vec::new();
            match kind {
                // Where nothing was stated there is nothing to compare with.
                SubmissionKind::RecordCount => {
                    let stated_of_files = self.run.files.iter().zip(self.files).enumerate();
                    let of_files = stated_of_files.filter_map(|(index, (run, file))| {
                        Some((FileIndex(index), run.summary.records, file.statement.records?))
                    });
                    let of_run = self.settings.stated.records.map(|stated| (last_file, records, stated));
                    for (file, found, stated) in of_files.chain(of_run).filter(|(_, found, stated)| found != stated) {
                        let text = Text::new(
                            format!("{found} poster lästa, {stated} angivna"),
                            format!("{found} records read, {stated} stated"),
                        );
                        findings.push(Finding { file, ..finding(text) });
                    }
                }
                SubmissionKind::NotEmpty if records == 0 => {
                    findings.push(finding(Text::new("inga poster", "no records")));
                }
                SubmissionKind::Unique { .. } | SubmissionKind::Readable => continue,
                SubmissionKind::NotEmpty | SubmissionKind::RequiredColumns | SubmissionKind::KnownColumns => {}
            }
            // These rules speak of the submission, not of its records.
            self.run.rules[rule_index].counts.not_applicable = records;
            self.add_findings(RuleIndex(rule_index), findings)?;
        }
        Ok(())
    }
}
