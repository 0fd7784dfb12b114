//! Runs a [`Fold`]: takes in records in any order, gives back groups in the order of their first records.
//!
//! # How
//!
//! The records of a group may be anywhere in the files, and there may be more groups than fit into memory, so grouping
//! is external:
//!
//! 1. While files are scanned for the rules on records, each record's key is hashed, and what aggregates need of it
//!    ([`carried`]) is put aside in the bucket of its hash ([`spill`](super::spill)), with the record's place.
//! 2. Bucket by bucket, in parallel: records are brought together by key, put in order and folded ([`group`]). What
//!    a group folds into is put aside again, by where in the files its first record stands.
//! 3. Stretch by stretch of the files the groups are read back in order ([`judge`]). They are batches like those of any file,
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
mod judge;
mod row;
mod trial;

use std::hash::{BuildHasher, Hasher};
use std::io;
use std::sync::{Mutex, PoisonError};

use foldhash::fast::FixedState;
use rayon::prelude::*;

use super::eval::{Context, Evaluator, Parameters};
use super::parts::Parts;
use super::spill::{Blocks, Spill};
use crate::model::VariableIndex;
use crate::rule::Plan;
use crate::rule::fold::Fold;
use crate::submission::{InputError, InputFile};
use crate::table::Bits;

use carried::Carrying;
use group::{Groups, Records};
use history::{Covered, Past};
use row::{Place, Reader};

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
