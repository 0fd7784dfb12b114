//! Runs a [`Fold`]: takes in records in any order, gives back groups in the order of their first records.
//!
//! # How
//!
//! The records of a group may be anywhere in the files, and there may be more groups than fit into memory, so grouping
//! is external:
//!
//! 1. While files are scanned for the rules on records, each record's key is hashed, and what aggregates need of it
//!    ([`carried`]) is put aside in the bucket of its hash ([`spill`]), with the record's place.
//! 2. Bucket by bucket, in parallel: records are brought together by key, put in order and folded ([`group`]). What
//!    a group folds into is put aside again, by where in the files its first record stands.
//! 3. Stretch by stretch of the files the groups are read back in order. They are batches like those of any file,
//!    so rules on groups are evaluated, counted and reported by what does so for records.
//!
//! Records of earlier files go the same way; [`history`] tells what became of their groups.
//!
//! # Invariants
//!
//! - Memory is bounded by buckets and stretches, whose size does not grow with the submission; what does not fit
//!   into the budget lies in a temporary file without a name.
//! - Neither hash nor thread shows in the result: groups come in the order of file and record, records within a group in
//!   the order declared and then as they stand.
//! - Every record is either in one group or counted as being in none.
//! - Keys are compared by value; a hash alone makes no group.

mod carried;
mod group;
mod history;
mod row;
mod spill;
mod trial;

use std::hash::{BuildHasher, Hasher};
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use foldhash::fast::FixedState;
use rayon::prelude::*;

use super::batch::{self, BatchTally, Beside, FileContext};
use super::eval::{Context, Evaluator, Parameters};
use super::status::RuleStatus;
use super::{Rejections, Runner};
use crate::model::{Members, Skipped, VariableIndex};
use crate::rule::fold::{Fold, FoldColumn};
use crate::rule::{Check, Plan, RecordCheck};
use crate::schema::HistoryItem;
use crate::submission::{InputError, InputFile};
use crate::table::{Batch, Bits, Lines, Positions};
use crate::time::format_day;

use carried::Carrying;
use group::{FoldedBatch, Groups, Records};
use history::{Covered, Past};
use row::{Place, Reader};
use spill::{Blocks, Spill};

pub use trial::{FoldBench, NoGroup};

/// Zeros behind a block that is read back.
const PADDING: usize = 16;
/// How many bytes of input go into one bucket.
const BUCKET: u64 = 2 << 20;
/// The most buckets: each has a block of its own in every thread.
const MOST_BUCKETS: u64 = 512;
/// A bucket longer than this is divided once more.
const LONG_BUCKET: usize = 64 << 20;
/// The longest bucket that cannot be divided: what has one and the same key.
const LONGEST_BUCKET: usize = 512 << 20;
/// How many records a stretch of a file has, at least.
const STRETCH: u64 = 1 << 16;
/// How many record numbers a finding names.
const MEMBERS_SHOWN: usize = 8;

/// Takes in the records of one folded collection.
pub(super) struct Folder<'a> {
    /// What is evaluated of records, with what is stated of the run.
    context: Context<'a>,
    carrying: Carrying<'a>,
    /// What earlier submissions there are.
    past: Option<Past<'a>>,
    /// What the files are stated to cover.
    stated: Covered,
    /// The variables of groups that anybody asks for, ascending.
    wanted: Vec<VariableIndex>,
    spill: Spill,
    parts: Parts<Part>,
    /// The rules on records that put groups in doubt, ascending.
    asked: Vec<usize>,
}

/// One of something for each thread, and one for a caller that is none of the pool's.
struct Parts<T>(Vec<Mutex<T>>);

impl<T> Parts<T> {
    fn new(part: impl Fn() -> T) -> Self {
        Self((0..=rayon::current_num_threads()).map(|_| Mutex::new(part())).collect())
    }

    /// This thread's own. A lock is poisoned only by a panic that ends the run anyway.
    fn own(&self) -> MutexGuard<'_, T> {
        let last = self.0.len() - 1;
        let slot = rayon::current_thread_index().unwrap_or(last).min(last);
        self.0[slot].lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn into_all(self) -> impl Iterator<Item = T> {
        self.0.into_iter().map(|part| part.into_inner().unwrap_or_else(PoisonError::into_inner))
    }
}

struct Part {
    blocks: Blocks,
    without_group: u64,
    failure: Option<io::Error>,
}

/// What became of the records of a folded collection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FoldedFrom {
    /// Records that could be in a group.
    pub records: u64,
    /// Records in no group: a part of their key is blank, or they could not be divided into columns.
    pub without_group: u64,
    /// Groups that earlier submissions held and this one should hold and does not. They are among the run's records.
    pub missing: u64,
    /// Records were not brought together: no rule on groups can apply to what is stated of the run, and no figure asks.
    pub is_left_out: bool,
}

fn temporary(error: io::Error) -> InputError {
    InputError::io(&std::env::temp_dir(), error)
}

impl<'a> Folder<'a> {
    /// For the records of `files`, earlier ones last, of whose groups the `wanted` variables of `plan` are worked out.
    pub(super) fn new(
        (plan, fold): (&'a Plan, &'a Fold),
        wanted: Vec<VariableIndex>,
        files: &[InputFile],
        parameters: Parameters,
    ) -> Self {
        let past = Past::new(fold, plan, files, parameters.delivery_date.unwrap_or(0));
        Self::with_past(fold, past, wanted, files, parameters)
    }

    fn with_past(
        fold: &'a Fold,
        past: Option<Past<'a>>,
        wanted: Vec<VariableIndex>,
        files: &[InputFile],
        parameters: Parameters,
    ) -> Self {
        let bytes: u64 = files.iter().map(|file| file.size).sum();
        let n_buckets = usize::try_from((bytes / BUCKET).clamp(1, MOST_BUCKETS)).unwrap_or(1);
        Self {
            context: Context::new(&fold.of, parameters),
            carrying: Carrying::new(fold, &wanted, past.as_ref()),
            stated: past.as_ref().map(|past| past.stated(files)).unwrap_or_default(),
            past,
            wanted,
            spill: Spill::new(n_buckets),
            parts: Parts::new(|| Part { blocks: Blocks::new(n_buckets), without_group: 0, failure: None }),
            asked: Vec::new(),
        }
    }

    /// Keeps which groups have records that violate these rules on records.
    pub(super) fn with_doubts(self, asked: Vec<usize>) -> Self {
        Self { carrying: self.carrying.with_doubts(!asked.is_empty()), asked, ..self }
    }

    /// Whether it asks which records violate the rule at an index of the records' plan.
    pub(super) fn asks_for(&self, rule: usize) -> bool {
        self.asked.binary_search(&rule).is_ok()
    }

    /// Whether it compares with earlier submissions.
    pub(super) fn has_past(&self) -> bool {
        self.past.is_some()
    }

    /// Puts aside the records of a batch of the file at `file`, with which of them violate rules.
    pub(super) fn add(
        &self,
        file: usize,
        evaluator: &Evaluator<'_>,
        broken: Option<&Bits>,
        violations: &[(usize, Bits)],
    ) {
        let mut part = self.parts.own();
        if part.failure.is_none()
            && let Err(error) = self.put_aside(file, evaluator, broken, violations, &mut part)
        {
            part.failure = Some(error);
        }
    }

    fn put_aside(
        &self,
        file: usize,
        evaluator: &Evaluator<'_>,
        broken: Option<&Bits>,
        violations: &[(usize, Bits)],
        part: &mut Part,
    ) -> io::Result<()> {
        let evaluator = evaluator.beside(&self.context);
        let batch = evaluator.batch();
        // Records that were delivered earlier are none of this submission's.
        let is_own =
            self.past.as_ref().is_none_or(|past| u32::try_from(file).is_ok_and(|file| file < past.n_present()));
        let Some(source) = self.carrying.of(&evaluator) else {
            part.without_group += if is_own { batch.n_rows as u64 } else { 0 };
            return Ok(());
        };
        let state = FixedState::default();
        let n_buckets = self.spill.n_buckets();
        let mut bits = Vec::new();
        let of_own = violations.iter().filter(|(rule, _)| self.asks_for(*rule));
        let mut violated: Vec<(usize, usize)> =
            of_own.flat_map(|(rule, rows)| rows.iter().map(move |row| (row, *rule))).collect();
        violated.sort_unstable();
        let mut violated = violated.as_slice();
        'rows: for row in 0..batch.n_rows {
            let mut hasher = state.build_hasher();
            let is_broken = broken.is_some_and(|broken| broken.contains(row));
            for key in &source.key {
                let value = key.get(row);
                if value.is_empty() || is_broken {
                    part.without_group += u64::from(is_own);
                    continue 'rows;
                }
                hasher.write_usize(value.len());
                hasher.write(value);
            }
            let hash = hasher.finish();
            let place = Place::of(file, batch.positions.first_row + row as u64, batch.positions.at(row));
            part.blocks.add(&self.spill, bucket_of(hash, n_buckets), |block| {
                self.carrying.write(&source, (row, hash), place, &mut bits, block);
                violated = &violated[violated.partition_point(|(other, _)| *other < row)..];
                let own = &violated[..violated.partition_point(|(other, _)| *other == row)];
                self.carrying.write_doubts(own.iter().map(|(_, rule)| *rule), block);
            })?;
        }
        Ok(())
    }

    /// Brings records together and folds each group; what they fold into is put aside by `stretches`.
    fn fold(self, stretches: &Stretches) -> Result<(Spill, FoldedFrom, Covered), InputError> {
        let covered = Mutex::new(self.stated);
        let mut from = FoldedFrom::default();
        for part in self.parts.into_all() {
            if let Some(error) = part.failure {
                return Err(temporary(error));
            }
            part.blocks.finish(&self.spill).map_err(temporary)?;
            from.without_group += part.without_group;
        }
        let folded = Spill::new(stretches.n_stretches());
        let parts = Parts::new(|| Blocks::new(stretches.n_stretches()));
        let n_present = self.past.as_ref().map_or(u32::MAX, Past::n_present);
        let bucket = |bytes: Vec<u8>| -> Result<u64, InputError> {
            let records = Records::read(bytes, &self.carrying);
            let mut groups = Groups::of(&records, self.past.as_ref());
            // Poisoned only by a panic that ends the run anyway.
            covered.lock().unwrap_or_else(PoisonError::into_inner).merge(std::mem::take(&mut groups.covered));
            let mut blocks = parts.own();
            let mut n_records = 0;
            let mut places = Vec::new();
            for group in 0..groups.len() {
                groups.places(group, &mut places);
                n_records += places.iter().filter(|place| place.file < n_present).count() as u64;
                let stretch = places.first().map_or(0, |place| stretches.of(*place));
                let write = |block: &mut Vec<u8>| groups.write(group, &places, &self.wanted, block);
                blocks.add(&folded, stretch, write).map_err(temporary)?;
            }
            Ok(n_records)
        };
        let n_buckets = self.spill.n_buckets();
        let records: u64 = (0..n_buckets)
            .into_par_iter()
            .with_max_len(1)
            .map(|number| {
                let bytes = self.spill.take(number, PADDING).map_err(temporary)?;
                if bytes.len() <= LONG_BUCKET {
                    return bucket(bytes);
                }
                let divided = divide(&bytes, &self.carrying, n_buckets).map_err(temporary)?;
                (0..divided.n_buckets())
                    .map(|number| {
                        let bytes = divided.take(number, PADDING).map_err(temporary)?;
                        if bytes.len() > LONGEST_BUCKET { Err(InputError::GroupTooLarge) } else { bucket(bytes) }
                    })
                    .sum()
            })
            .sum::<Result<u64, InputError>>()?;
        for blocks in parts.into_all() {
            blocks.finish(&folded).map_err(temporary)?;
        }
        let covered = covered.into_inner().unwrap_or_else(PoisonError::into_inner);
        Ok((folded, FoldedFrom { records: records + from.without_group, ..from }, covered))
    }
}

/// The bucket of a hash, by its high bits.
#[inline]
fn bucket_of(hash: u64, n_buckets: usize) -> usize {
    usize::try_from((u128::from(hash) * n_buckets as u128) >> 64).unwrap_or(0)
}

/// The records of a long bucket, by what the hash is within the bucket.
fn divide(bytes: &[u8], carrying: &Carrying<'_>, n_buckets: usize) -> io::Result<Spill> {
    let parts = 64;
    let spill = Spill::new(parts);
    let mut blocks = Blocks::new(parts);
    let mut reader = Reader::new(&bytes[..bytes.len().saturating_sub(PADDING)]);
    let (mut start, mut bits) = (0, Vec::new());
    while !reader.is_at_end() {
        // Within the bucket, hashes differ in the bits that the multiplication leaves below.
        let hash = reader.word().wrapping_mul(n_buckets as u64);
        carrying.skip(&mut reader, &mut bits);
        let (record, end) = reader.since(start);
        blocks.add(&spill, bucket_of(hash, parts), |block| block.extend_from_slice(record))?;
        start = end;
    }
    blocks.finish(&spill)?;
    Ok(spill)
}

/// Stretches of the files, by record.
struct Stretches {
    /// The first stretch of each file, and behind them the number of all.
    first: Vec<usize>,
    len: u64,
}

impl Stretches {
    fn new(records: &[u64]) -> Self {
        let len = STRETCH.max(records.iter().sum::<u64>() / 512);
        let mut first = vec![0];
        for records in records {
            let here = usize::try_from(records.div_ceil(len)).unwrap_or(usize::MAX);
            first.push(first.last().copied().unwrap_or(0) + here);
        }
        Self { first, len }
    }

    fn n_stretches(&self) -> usize {
        self.first.last().copied().unwrap_or(0).max(1)
    }

    fn of(&self, place: Place) -> usize {
        let first = self.first.get(place.file as usize).copied().unwrap_or(0);
        first + usize::try_from(place.record / self.len).unwrap_or(0)
    }

    /// The file of a stretch.
    fn file(&self, stretch: usize) -> usize {
        self.first.partition_point(|first| *first <= stretch).saturating_sub(1).min(self.first.len().saturating_sub(2))
    }
}

/// What one stretch contributes.
struct StretchTally {
    file: usize,
    tally: BatchTally,
    /// The records of rejected groups.
    rejected: Vec<Place>,
}

impl Runner<'_> {
    /// Judges the groups that were taken in by `folder`. The records of groups that violate a rule of severity error are
    /// added to `rejections`.
    pub(super) fn run_groups(&mut self, folder: Folder<'_>, rejections: &mut Rejections) -> Result<(), InputError> {
        let stretches = Stretches::new(&self.run.files.iter().map(|file| file.summary.records).collect::<Vec<_>>());
        let (fold, wanted) = (folder.carrying.fold, folder.wanted.clone());
        let has_doubts = folder.carrying.has_doubts();
        let has_past = folder.has_past();
        let (folded, from, covered) = folder.fold(&stretches)?;
        // Nobody reports what groups fold into.
        self.run.accounts.clear();
        let column_of = self.columns_of_groups(fold, has_past);
        let contexts: Vec<(Context<'_>, FileContext)> = self
            .files
            .iter()
            .enumerate()
            .map(|(index, file)| {
                // What was stated of an earlier file was not stated of this submission.
                let is_earlier = file.statement.is_earlier;
                let of_run = || self.context.with(self.context.parameters.clone());
                let context = if is_earlier { of_run() } else { self.context_of(file) };
                let mut file_context = self.file_context(index, &column_of, &context);
                // A group's value stands in no one cell.
                file_context.column_of = vec![None; column_of.len()];
                if is_earlier {
                    self.ask_of_missing_only(fold, &mut file_context);
                } else {
                    self.name_missing_columns(fold, &mut file_context);
                }
                (context, file_context)
            })
            .collect();
        let collector = self.collector.take();
        let n_variables = self.plan.collection.variables.len();
        let received = fold.history_variable(HistoryItem::Received);
        let map = |stretch: usize| -> Result<StretchTally, InputError> {
            let bytes = folded.take(stretch, PADDING).map_err(temporary)?;
            let mut groups = FoldedBatch::read(bytes, n_variables, (&wanted, has_doubts), &covered);
            let file = stretches.file(stretch);
            let (context, file_context) = &contexts[file];
            let mut batch = std::mem::replace(&mut groups.batch, Batch::made_up(Vec::new(), 0));
            // Of a column that is not there a count would be 0, which says something that nobody knows.
            for (column, _) in batch.columns.iter_mut().zip(&column_of).filter(|(_, source)| source.is_none()) {
                *column = None;
            }
            // Groups of an earlier file are all missing.
            let is_earlier = self.files[file].statement.is_earlier;
            if let Some(received) = received.filter(|_| is_earlier) {
                let day = |since: &Option<i64>| since.map(format_day);
                let days: Vec<Option<String>> = groups.missing_since.iter().map(day).collect();
                let column =
                    days.iter().map(|day| day.as_ref().map(String::as_bytes)).collect::<crate::table::Column>();
                batch.columns[received.0] = Some(column);
            }
            batch.positions = positions(&groups);
            let members = |group: usize| shown(&groups, group);
            let doubts = groups.doubts(self.plan.rules.len());
            let collector = collector.as_ref().filter(|_| !is_earlier);
            let beside = Beside { collector, members: Some(&members), doubts: &doubts, ..Beside::default() };
            let tally = batch::evaluate(context, file_context, beside, &batch);
            let rejected = tally.rejected.iter().flat_map(|group| groups.places(group)).collect();
            Ok(StretchTally { file, tally, rejected })
        };
        let n_stretches = stretches.n_stretches();
        let at_once = rayon::current_num_threads() * 2;
        let mut sums = self.sums();
        let (mut rejected_groups, mut missing) = (0, 0);
        for first in (0..n_stretches).step_by(at_once) {
            if self.stop.load(std::sync::atomic::Ordering::Relaxed) {
                return Err(InputError::Interrupted);
            }
            let tallies: Vec<Result<StretchTally, InputError>> =
                (first..n_stretches.min(first + at_once)).into_par_iter().with_max_len(1).map(map).collect();
            for stretch in tallies {
                let StretchTally { file, tally, rejected } = stretch?;
                self.run.records += tally.rejected.len() as u64;
                missing += if self.files[file].statement.is_earlier { tally.rejected.len() as u64 } else { 0 };
                rejected_groups += tally.rejected.count();
                for place in rejected {
                    rejections.insert(place.file as usize, place.record);
                }
                self.add_up(&contexts[file].1, &mut sums[file], tally)?;
            }
        }
        for (index, sums) in sums.iter().enumerate() {
            self.report_skipped(index, &contexts[index].1, &sums.skipped);
        }
        self.report_files_without_key(fold, &contexts);
        self.run.rejected = rejected_groups;
        self.run.folded = Some(FoldedFrom { missing, ..from });
        self.collector = collector;
        Ok(())
    }

    /// Of missing groups only those rules are asked that read how many records a group has now.
    fn ask_of_missing_only(&self, fold: &Fold, file: &mut FileContext) {
        let records_now = fold.history_variable(HistoryItem::RecordsNow);
        for (rule, status) in self.plan.rules.iter().zip(&mut file.statuses) {
            let reads = |check: &RecordCheck| records_now.is_some_and(|variable| check.inputs.contains(&variable));
            if !matches!(&rule.check, Check::Record(check) if reads(check)) {
                *status = RuleStatus::NotApplicable;
            }
        }
    }

    /// A column that is missing is one of the files': groups have none.
    fn name_missing_columns(&self, fold: &Fold, file: &mut FileContext) {
        let is_missing = |input: &VariableIndex| self.files.iter().any(|file| file.column_of[input.0].is_none());
        for status in &mut file.statuses {
            let RuleStatus::Skipped(Skipped::MissingColumn(name)) = status else { continue };
            let inputs = self.plan.collection.variable(name).map(|variable| fold.inputs_of(variable));
            if let Some(missing) = inputs.into_iter().flatten().find(is_missing) {
                name.clone_from(&fold.of.collection.get(missing).id);
            }
        }
    }

    /// Of a file that lacks a column of the key there are no groups, and so nothing is checked of them.
    fn report_files_without_key(&mut self, fold: &Fold, contexts: &[(Context<'_>, FileContext)]) {
        for (index, (file, (_, context))) in self.files.iter().zip(contexts).enumerate() {
            let missing = fold.key.iter().find(|part| file.column_of[part.0].is_none());
            let Some(missing) = missing.filter(|_| !file.statement.is_earlier) else { continue };
            let why = Skipped::MissingColumn(fold.of.collection.get(*missing).id.clone());
            let is_asked = |status: &RuleStatus| matches!(status, RuleStatus::Evaluated | RuleStatus::Skipped(_));
            for (rule, _) in self.run.rules.iter_mut().zip(&context.statuses).filter(|(_, status)| is_asked(status)) {
                rule.skipped.retain(|(file, _)| *file != index);
                rule.skipped.push((index, why.clone()));
            }
        }
    }

    /// Which variables of groups can be made: those of which every file has the columns that they are made of.
    /// What earlier submissions say needs such.
    fn columns_of_groups(&self, fold: &Fold, has_past: bool) -> Vec<Option<usize>> {
        let has_all = |variable: VariableIndex| {
            if matches!(fold.columns.get(variable.0), Some(FoldColumn::History(_))) {
                return has_past;
            }
            let inputs = fold.inputs_of(variable);
            self.files
                .iter()
                .filter(|file| !file.statement.is_earlier)
                .all(|file| inputs.iter().all(|input| file.column_of[input.0].is_some()))
        };
        (0..fold.columns.len()).map(|column| has_all(VariableIndex(column)).then_some(column)).collect()
    }
}

/// Where the first records of groups stand.
fn positions(groups: &FoldedBatch) -> Positions {
    let first = groups.first_places().map(Place::position).collect();
    Positions { first_row: 0, lines: Lines::Apart(first), unfolded: None }
}

/// The records of a group as a finding names them.
fn shown(groups: &FoldedBatch, group: usize) -> Members {
    let mut rows: Vec<u64> = Vec::new();
    let mut places = groups.places(group).peekable();
    let file = places.peek().map_or(0, |place| place.file);
    for place in places.filter(|place| place.file == file) {
        // A row may hold several of them.
        if rows.len() < MEMBERS_SHOWN && !rows.contains(&(place.row + 1)) {
            rows.push(place.row + 1);
        }
    }
    Members { total: groups.n_members(group), rows }
}
