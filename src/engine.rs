//! Runs a plan over the batches of a submission, in parallel, and merges what comes out in a fixed order.
//!
//! Responsible for one pass over the data for everything: verdict counts, the account of each variable, findings, and
//! the uniqueness state. Each batch becomes a `BatchTally`, which is folded in file order, so that the result is the
//! same, byte for byte, for any number of threads and batch size.
//!
//! # Memory
//!
//! Bounded by the batches in flight, plus one hash (8 bytes) and one bit a record for uniqueness and rejection; beyond a
//! budget ([`Settings::memory`]) hashes lie in a temporary file.
//! Findings beyond a budget for each rule and file are counted, not kept: once the first batches hold enough, later
//! ones are told so and make none.
//!
//! # Where time goes
//!
//! One million completed contacts of specialised care (257 MB of CSV, 41 columns), forty rules, by `perf`: a fifth finds
//! delimiters, line ends and quotation marks, a seventh makes views of the fields between them, a seventh looks values up as
//! words ([`words`]), a tenth is the system copying the file from its cache, a twelfth reads points in time, and a twentieth
//! each goes to verdicts as sets of rows and to the keys of uniqueness; accounts, the algebra of truths and findings are what
//! is left. With all shipped rules words are a fifth, because more columns are asked about. The delimiters alone are near
//! what the machine can do: 40 million of them in 0.08 s, of which finding is 0.02 s and writing their places 0.06 s.
//!
//! From Parquet, decompressing and decoding are a third, and words a thirtieth, because a dictionary's values are looked up
//! once for a row group. Coverage adds a quarter: half of that is counting each variable for each record's month, code and
//! unit. Every run spends 15 ms on loading and compiling rules, on all threads.
//!
//! The larger costs that were found and are gone: Arrow's check of each view (a twentieth), patterns and lists asked anew in
//! each batch (a fifth), new memory for every chunk (a tenth), threads that waited for a round to end, or for the thread
//! that read a row group's dictionaries (a tenth), a view of each row of a Parquet dictionary, and reading a chunk in steps
//! that double (a twentieth).
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
mod fold;
mod names;
mod parts;
pub mod probe;
pub mod reporter;
mod run;
mod selftest;
mod spill;
pub mod split;
mod status;
pub mod tally;
mod text;
mod unique;
mod vocabulary;
mod waived;
mod words;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::measure::TallyPlan;
use crate::model::{
    Account, Detail, FileIndex, Finding, Level, Position, RuleIndex, ShownValue, Text, VariableIndex, column_letters,
};
use crate::rule::fold::Fold;
use crate::rule::{Check, Plan, Rule, RuleKind, SubmissionKind};
use crate::schema::{Collection, Variable};
use crate::submission::{InputError, InputFile, ScanRequest, ScanSummary};
use crate::table::{Batch, Bits};
use crate::waiver::{Cover, Waivers};

use batch::{BatchTally, Beside, FileContext, SkippedPart};
use eval::{Context, Evaluator, Parameters};
use fold::Folder;
use reporter::owner::RegionsOfFile;
use status::RuleStatus;
use tally::Collector;
use vocabulary::Vocabularies;

pub use bench::Bench;
pub use fold::{FoldBench, FoldedFrom, NoGroup};
pub use run::{FileRun, LayoutName, Outcome, RuleRun, Run, Stated, StatedRegion, TimestampForms, WaiverRun};
pub use selftest::{FoldDifference, SelfTestFailure, self_test, test_fold, test_rule};
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
    /// Whether records are counted that findings put in doubt for what is measured.
    pub count_doubts: bool,
    /// What is asked of whose records are.
    pub whose: Whose,
    /// Findings that the gate disregards.
    pub waivers: Waivers,
    /// How many bytes of memory may be used; `None` is as many as are needed.
    pub memory: Option<u64>,
}

/// What is asked of whose records are ([`reporter`]).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Whose {
    /// Whether what was found is counted by reporter, with what findings have in common.
    pub counts: bool,
    /// Whether findings say whose record they are about.
    pub origins: bool,
}

/// What is used beside the keys of records: the batches in flight, what threads know of values, rules and schemas.
const MEMORY_FOR_ALL_ELSE: u64 = 80 << 20;

/// What the counts of coverage take, of a national year with care units.
const MEMORY_FOR_COVERAGE: u64 = 80 << 20;

impl Settings {
    /// How many bytes the keys of records may take in memory, over all rules.
    fn memory_for_keys(&self) -> usize {
        let coverage = if self.tallies.is_empty() { 0 } else { MEMORY_FOR_COVERAGE };
        let left = self.memory.map(|memory| memory.saturating_sub(MEMORY_FOR_ALL_ELSE + coverage));
        left.map_or(usize::MAX, |left| usize::try_from(left).unwrap_or(usize::MAX))
    }
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

/// How far a run has come since it last told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Advance {
    /// Bytes of the files (or of the like, for Parquet) taken in.
    pub bytes: u64,
    /// Records judged.
    pub records: u64,
}

/// Told about progress.
pub type Progress<'a> = &'a (dyn Fn(Advance) + Sync);

/// The same for who reads bytes.
fn of_bytes(progress: Progress<'_>) -> impl Fn(u64) + Sync + '_ {
    move |bytes| progress(Advance { bytes, records: 0 })
}

/// Checks `files` against the plans of their collections; those among them that were delivered earlier are what groups
/// of records are compared with ([`crate::rule::fold`]), and are not themselves checked.
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
    let (earlier, files): (Vec<InputFile>, Vec<InputFile>) =
        files.into_iter().partition(|file| file.statement.is_earlier);
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
        let mut runner = Runner::new(plan, &group, settings, stop, progress, sink).with_doubts(None);
        let folding: Vec<(&Arc<Plan>, &Fold)> = plans
            .values()
            .filter_map(|plan| Some((plan, plan.fold.as_deref()?)))
            .filter(|(_, fold)| fold.of.collection.id == collection)
            .filter(|(plan, _)| !plan.rules.is_empty() || settings.tallies.contains_key(&plan.collection.id))
            .collect();
        let parameters = status::parameters_of_run(&settings.stated, group.iter().map(|file| &file.statement));
        let earlier = earlier.iter().filter(|file| file.collection == collection);
        let all: Vec<InputFile> = group.iter().chain(earlier).cloned().collect();
        let has_earlier = all.len() > group.len();
        // What is stated of each file may let a rule apply.
        let stated: Vec<Parameters> =
            group.iter().map(|file| status::parameters_of_file(&parameters, &file.statement)).collect();
        let asked = |plan: &Plan| -> Vec<bool> {
            let context = Context::new(plan, parameters.clone());
            let of_files: Vec<Context<'_>> = stated.iter().map(|stated| context.with(stated.clone())).collect();
            let can_apply = |rule: &Rule| of_files.iter().any(|context| status::can_apply(context, rule));
            let has_past = |rule: &Rule| has_earlier || !rule.reads_history(&plan.collection);
            plan.rules.iter().map(|rule| can_apply(rule) && has_past(rule)).collect()
        };
        // What only rules read that have nothing to say in this run is not worked out.
        let wanted = |plan: &Plan, asked: &[bool]| -> Vec<VariableIndex> {
            let counted = settings.tallies.get(&plan.collection.id).map(|tally| tally.inputs(plan));
            let mut variables = plan.variables_of_rules(asked);
            variables.extend(counted.into_iter().flatten());
            variables.sort_unstable();
            variables.dedup();
            variables
        };
        let (mut folders, mut runners, mut left_out) = (Vec::new(), Vec::new(), Vec::new());
        for (of_groups, fold) in folding {
            let asked = asked(of_groups);
            // Groups that nobody asks anything of are not brought together.
            if !asked.contains(&true) && !settings.tallies.contains_key(&of_groups.collection.id) {
                left_out.push(of_groups);
                continue;
            }
            let folder = Folder::new((of_groups, fold), wanted(of_groups, &asked), &all, parameters.clone());
            let files = if folder.has_past() { all.as_slice() } else { group.as_slice() };
            let of_groups = Runner::new(of_groups, files, settings, stop, progress, None).with_doubts(Some(plan));
            folders.push(folder.with_doubts(of_groups.record_rules_in_doubt(plan)));
            runners.push(of_groups);
        }
        runner.run(&folders)?;
        let earlier = runner.take_in_earlier(&all, &folders)?;
        let mut folded = Vec::new();
        for (mut of_groups, folder) in runners.into_iter().zip(folders) {
            of_groups.sink = runner.sink.take();
            of_groups.run.files.clone_from(&runner.run.files);
            if folder.has_past() {
                of_groups.run.files.extend_from_slice(&earlier);
            }
            of_groups.run_groups(folder, &mut runner.rejections)?;
            runner.sink = of_groups.sink.take();
            folded.push(of_groups.finish().0);
        }
        for plan in left_out {
            let mut of_groups = Runner::new(plan, &group, settings, stop, progress, None);
            of_groups.run.files.clone_from(&runner.run.files);
            of_groups.run.accounts.clear();
            of_groups.run.folded = Some(FoldedFrom { is_left_out: true, ..FoldedFrom::default() });
            folded.push(of_groups.run);
        }
        folded.sort_by(|a, b| a.plan.collection.id.cmp(&b.plan.collection.id));
        let (run, rejections) = runner.finish();
        outcome.runs.push(run);
        outcome.runs.extend(folded);
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

/// The columns that a file lacks for a variable that it has none for: the variable's own, or those of the file's layout
/// that its values are made of.
fn missing_columns<'a>(collection: &'a Collection, file: &InputFile, variable: VariableIndex) -> Vec<&'a Variable> {
    let layout = file.layout.and_then(|layout| collection.layouts.get(layout));
    let Some(layout) = layout.filter(|layout| layout.gives(variable)) else { return vec![collection.get(variable)] };
    let parts = layout.parts_of(variable).into_iter();
    parts.filter(|part| file.row_column_of[part.0].is_none()).map(|part| layout.row.get(part)).collect()
}

/// What of one file is added up apart from the run.
struct FileSums {
    /// Findings kept as examples, those that are not waived and those that are, each by rule.
    kept: [Vec<usize>; 2],
    skipped: Vec<SkippedPart>,
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
    vocabularies: Arc<Vocabularies>,
    /// Whose the records of each file are, where that is asked for.
    regions: Vec<RegionsOfFile>,
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
        // What was delivered earlier comes last, and is counted no more.
        let own = &files[..files.iter().take_while(|file| !file.statement.is_earlier).count()];
        let parameters = status::parameters_of_run(&settings.stated, own.iter().map(|file| &file.statement));
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
            folded: None,
            reporters: BTreeMap::new(),
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
            collector: settings.tallies.get(&plan.collection.id).map(|tally| {
                let day = settings.stated.delivery_date;
                Collector::new(tally, own, day, settings.count_units)
            }),
            cover,
            vocabularies: Arc::default(),
            regions: vec![RegionsOfFile::default(); files.len()],
        }
    }

    /// Has records in doubt counted, where that is asked for; of groups also by the rules `of_records`.
    fn with_doubts(mut self, of_records: Option<&Plan>) -> Self {
        if self.settings.count_doubts {
            self.collector = self.collector.map(|collector| collector.with_doubts(self.plan, of_records));
        }
        self
    }

    /// The rules on `records` that put the figures of groups made of them in doubt.
    fn record_rules_in_doubt(&self, records: &Plan) -> Vec<usize> {
        let n_own = self.plan.rules.len();
        let is_asked = |rule: &usize| self.collector.as_ref().is_some_and(|collector| collector.asks_for(n_own + rule));
        (0..records.rules.len()).filter(is_asked).collect()
    }

    fn run(&mut self, folders: &[Folder<'_>]) -> Result<(), InputError> {
        let unique_rules = self.unique_rules();
        let records = self.files.iter().map(InputFile::estimated_records).sum();
        let in_memory = self.settings.memory_for_keys() / unique_rules.len().max(1);
        let states: Vec<unique::State> = unique_rules.iter().map(|_| unique::State::new(records, in_memory)).collect();
        let files = self.files;
        let mut sums = self.sums();
        for (index, (file, sums)) in files.iter().zip(&mut sums).enumerate() {
            self.scan(index, file, (&unique_rules, &states), folders, sums)?;
            self.report_columns(index, file, &sums.skipped)?;
        }
        for (rule, state) in unique_rules.iter().zip(states) {
            self.resolve_duplicates(rule, state)?;
        }
        self.whole_submission()
    }

    /// Hands the records of the earlier files among `files` to those folders that compare with them.
    fn take_in_earlier(&self, files: &[InputFile], folders: &[Folder<'_>]) -> Result<Vec<FileRun>, InputError> {
        let plan = self.plan;
        let earlier = files.iter().enumerate().filter(|(_, file)| file.statement.is_earlier);
        earlier
            .map(|(index, file)| {
                let context = self.context_of(file);
                let map = |batch: Batch| {
                    let (evaluator, broken) = (Evaluator::new(&context, &batch), batch.broken());
                    for folder in folders.iter().filter(|folder| folder.has_past()) {
                        folder.add(index, &evaluator, broken.as_ref(), &[]);
                    }
                };
                let request = ScanRequest { wanted: vec![true; plan.collection.variables.len()], raw: false };
                let summary =
                    file.scan(&plan.collection, &request, self.stop, &of_bytes(self.progress), &map, &mut |()| Ok(()))?;
                Ok(self.file_run(file, summary))
            })
            .collect()
    }

    fn file_run(&self, file: &InputFile, summary: ScanSummary) -> FileRun {
        let layout = file.layout.and_then(|layout| self.plan.collection.layouts.get(layout));
        FileRun {
            path: file.path.clone(),
            size: file.size,
            format: file.format.clone(),
            collection_source: file.collection_source,
            layout: layout.map(|layout| LayoutName { id: layout.id.clone(), title: layout.title.clone() }),
            statement: file.statement.clone(),
            header: file.header.clone(),
            summary,
            reporters: BTreeMap::new(),
        }
    }

    fn finish(mut self) -> (Run, Rejections) {
        if self.run.folded.is_none() {
            self.run.rejected = self.rejections.count();
        }
        self.settle_reporters();
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
    fn file_context(&self, index: usize, column_of: &[Option<usize>], context: &Context<'_>) -> FileContext {
        let full = self.plan.rules.iter().map(|_| AtomicBool::new(false)).collect();
        FileContext {
            index,
            column_of: column_of.to_vec(),
            statuses: status::statuses(context, column_of),
            full,
            examples: self.settings.examples,
            stream: self.sink.is_some(),
            cover: Arc::clone(&self.cover),
            vocabularies: Arc::clone(&self.vocabularies),
            key_scope: 0,
            asked: self.asked_of(index),
        }
    }

    /// What is known beforehand of the records of a file.
    fn context_of(&self, file: &InputFile) -> Context<'a> {
        self.context.with(status::parameters_of_file(&self.context.parameters, &file.statement))
    }

    /// Nothing yet of any file.
    fn sums(&self) -> Vec<FileSums> {
        let n_rules = self.plan.rules.len();
        let none =
            || FileSums { kept: [vec![0; n_rules], vec![0; n_rules]], skipped: vec![SkippedPart::default(); n_rules] };
        self.files.iter().map(|_| none()).collect()
    }

    fn scan(
        &mut self,
        index: usize,
        file: &InputFile,
        (unique_rules, states): (&[unique::UniqueRule], &[unique::State]),
        folders: &[Folder<'_>],
        sums: &mut FileSums,
    ) -> Result<(), InputError> {
        let context = self.context_of(file);
        let key_scope = unique::scope_of(file, &self.plan.collection);
        let file_context = FileContext { key_scope, ..self.file_context(index, &file.column_of, &context) };
        let request = ScanRequest { wanted: vec![true; self.plan.collection.variables.len()], raw: false };
        let mut rejected = Bits::default();
        let (plan, stop, progress) = (self.plan, self.stop, self.progress);
        let collector = self.collector.take();
        let map = |batch| {
            let beside = Beside { unique_rules, states, collector: collector.as_ref(), folders, ..Beside::default() };
            batch::evaluate(&context, &file_context, beside, &batch)
        };
        let mut fold = |tally: BatchTally| -> Result<(), InputError> {
            rejected.append(&tally.rejected);
            progress(Advance { bytes: 0, records: tally.rejected.len() as u64 });
            self.add_up(&file_context, sums, tally)
        };
        let summary = file.scan(&plan.collection, &request, stop, &of_bytes(progress), &map, &mut fold);
        self.collector = collector;
        let summary = summary?;
        self.rejections.files.push(rejected);
        self.run.records += summary.records;
        let reporters = self.regions[index].records();
        self.run.files.push(FileRun { reporters, ..self.file_run(file, summary) });
        self.report_skipped(index, &file_context, &sums.skipped);
        Ok(())
    }

    /// Adds what one batch contributes, all but its rejected records and its keys.
    fn add_up(&mut self, file: &FileContext, sums: &mut FileSums, tally: BatchTally) -> Result<(), InputError> {
        let run = &mut self.run;
        for (total, part) in run.rules.iter_mut().zip(&tally.rules) {
            total.counts.merge(&part.counts);
            total.violations += part.violations;
            total.waived += part.waived;
        }
        for (total, part) in run.waived.iter_mut().zip(&tally.waived) {
            *total += part;
        }
        for (total, part) in sums.skipped.iter_mut().zip(&tally.rules) {
            total.unlooked_at += part.skipped.unlooked_at;
            total.applies += part.skipped.applies;
        }
        for (total, part) in run.accounts.iter_mut().zip(&tally.accounts) {
            total.merge(part);
        }
        for (total, part) in run.timestamp_forms.iter_mut().zip(&tally.forms) {
            total.merge(part);
        }
        let limit = self.settings.examples;
        for part in tally.reporters {
            part.add_to(&mut run.reporters);
        }
        if let Some(regions) = tally.regions {
            self.regions[file.index].append(regions);
        }
        for finding in tally.examples {
            let rule = finding.rule.0;
            let kept_alike = &mut sums.kept[usize::from(finding.waiver.is_some())][rule];
            if *kept_alike < limit {
                *kept_alike += 1;
                run.rules[rule].examples.push(finding);
            }
            let waivable = !self.cover.of(RuleIndex(rule)).is_empty();
            if sums.kept[0][rule] >= limit && (sums.kept[1][rule] >= limit || !waivable) {
                file.full[rule].store(true, Ordering::Relaxed);
            }
        }
        match &mut self.sink {
            Some(sink) if !tally.stream.is_empty() => {
                sink.take(self.plan, &self.paths, &tally.stream).map_err(InputError::Consumer)
            }
            _ => Ok(()),
        }
    }

    /// Says which rules could not be looked at in a file. One that could not have applied to any of its records is not
    /// said to be skipped.
    fn report_skipped(&mut self, index: usize, file: &FileContext, skipped: &[SkippedPart]) {
        for (rule, (status, part)) in file.statuses.iter().zip(skipped).enumerate() {
            if let (RuleStatus::Skipped(reason), 1..) = (status, part.unlooked_at) {
                self.run.rules[rule].skipped.push((index, reason.clone()));
            }
        }
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
                members: None,
                origin: None,
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
                            for item in missing_columns(&plan.collection, file, VariableIndex(variable)) {
                                let shown =
                                    ShownValue { variable: item.id.clone(), column: None, value: String::new() };
                                if !findings.iter().any(|finding: &Finding| finding.faulty[0] == shown) {
                                    findings.push(finding(shown, Some(item.name.clone())));
                                }
                            }
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
        self.report_to_owners(rule, &mut findings);
        let total = &mut self.run.rules[rule.0];
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
                members: None,
                origin: None,
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
