//! Groups read back stretch by stretch, and judged as records are.

use rayon::prelude::*;

use super::group::FoldedBatch;
use super::row::Place;
use super::{FoldedFrom, Folder, PADDING, Stretches, temporary};
use crate::engine::batch::{self, BatchTally, Beside, FileContext};
use crate::engine::eval::Context;
use crate::engine::status::RuleStatus;
use crate::engine::{Rejections, Runner};
use crate::model::{Members, Skipped, VariableIndex};
use crate::rule::fold::{Fold, FoldColumn};
use crate::rule::{Check, RecordCheck};
use crate::schema::HistoryItem;
use crate::submission::InputError;
use crate::table::{Batch, Lines, Positions};
use crate::time::format_day;

/// How many record numbers a finding names.
const MEMBERS_SHOWN: usize = 8;

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
    pub(in crate::engine) fn run_groups(
        &mut self,
        folder: Folder<'_>,
        rejections: &mut Rejections,
    ) -> Result<(), InputError> {
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
