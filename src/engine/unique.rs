//! Uniqueness of keys over a whole submission: hashes first, then the keys themselves.
//!
//! The state is one 64-bit hash a record, in buckets that go to a temporary file beyond a budget of memory
//! ([`Spill`]). Where no two are equal, the keys are unique. Where some are, the keys of the files that have them are read
//! again and compared by value, so that two keys are never called equal because their hashes are.

use std::collections::{BTreeSet, HashMap};
use std::hash::{BuildHasher, Hasher};
use std::io;

use foldhash::fast::FixedState;
use rayon::prelude::*;

use super::batch::FindingMaker;
use super::parts::Parts;
use super::reporter::owner;
use super::reporter::settle::Duplicate;
use super::spill::{BLOCK_IN_MEMORY, Blocks, Spill};
use super::waived;
use super::{Runner, Whose};
use crate::model::{Detail, Finding, RuleIndex, Severity, Text, VariableIndex, WaiverIndex};
use crate::schema::Collection;
use crate::submission::{InputError, InputFile, ScanRequest};
use crate::table::{Batch, Bits, value};
use crate::waiver::Covering;

/// A uniqueness rule of a plan.
pub(super) struct UniqueRule {
    pub(super) rule: RuleIndex,
    /// The scope's variables, then the key's.
    pub(super) columns: Vec<VariableIndex>,
    pub(super) severity: Severity,
}

/// How many records a bucket of hashes is for, about; so many are sorted within a processor's second cache.
const BUCKET_RECORDS: u64 = 1 << 17;
/// The most buckets: each has a block of its own in every thread.
const MOST_BUCKETS: u64 = 512;

/// The hashes of every key so far, divided into buckets by their upper bits.
///
/// A bucket is words of 64 bits: hashes, which are not 0, and, before the first of a file, a 0 and the number of the file.
pub(super) struct State {
    spill: Spill,
    parts: Parts<Part>,
}

/// What one thread has put aside.
struct Part {
    blocks: Blocks,
    /// For each bucket the file of its last hash, if the block at hand has one.
    files: Vec<Option<usize>>,
    /// Keys of which a part is blank.
    n_blank: u64,
    failure: Option<io::Error>,
}

/// Which hashes occur more than once.
#[derive(Debug, Default, PartialEq, Eq)]
struct Repeated {
    /// Ascending.
    hashes: Vec<u64>,
    /// The files that they are of.
    files: BTreeSet<usize>,
}

impl State {
    /// For about so many records, whose hashes may take so many bytes of memory before they are put into a file. Of these
    /// each thread takes its blocks in the making.
    pub(super) fn new(records: u64, in_memory: usize) -> Self {
        let n_buckets = usize::try_from((records / BUCKET_RECORDS).clamp(1, MOST_BUCKETS)).unwrap_or(1);
        let part = || Part { blocks: Blocks::new(n_buckets), files: vec![None; n_buckets], n_blank: 0, failure: None };
        let in_the_making = n_buckets * rayon::current_num_threads() * BLOCK_IN_MEMORY;
        Self { spill: Spill::with_budget(n_buckets, in_memory.saturating_sub(in_the_making)), parts: Parts::new(part) }
    }

    /// Adds the hashes of some records of a file; `scope` sets apart files whose keys may be alike.
    pub(super) fn add(&self, file: usize, hashes: &[u64], scope: u64) {
        let mut part = self.parts.own();
        if part.failure.is_none()
            && let Err(error) = self.put_aside(file, hashes, scope, &mut part)
        {
            part.failure = Some(error);
        }
    }

    fn put_aside(&self, file: usize, hashes: &[u64], scope: u64, part: &mut Part) -> io::Result<()> {
        let n_buckets = self.spill.n_buckets();
        for hash in hashes {
            if *hash == 0 {
                part.n_blank += 1;
                continue;
            }
            let hash = in_scope(*hash, scope);
            let bucket = bucket_of(hash, n_buckets);
            let of_file = &mut part.files[bucket];
            part.blocks.add(&self.spill, bucket, |block| {
                if block.is_empty() || *of_file != Some(file) {
                    *of_file = Some(file);
                    block.extend_from_slice(&0u64.to_le_bytes());
                    block.extend_from_slice(&(file as u64).to_le_bytes());
                }
                block.extend_from_slice(&hash.to_le_bytes());
            })?;
        }
        Ok(())
    }

    /// How many keys have a blank part, and which hashes occur more than once.
    fn finish(self) -> io::Result<(u64, Repeated)> {
        let mut n_blank = 0;
        for part in self.parts.into_all() {
            if let Some(error) = part.failure {
                return Err(error);
            }
            part.blocks.finish(&self.spill)?;
            n_blank += part.n_blank;
        }
        let spill = &self.spill;
        let of_bucket = |bucket| Ok(repeated(&spill.take(bucket, 0)?));
        let buckets = (0..spill.n_buckets()).into_par_iter().with_max_len(1);
        let of_buckets: Vec<Repeated> = buckets.map(of_bucket).collect::<io::Result<_>>()?;
        let mut all = Repeated::default();
        for of_bucket in of_buckets {
            all.hashes.extend(of_bucket.hashes);
            all.files.extend(of_bucket.files);
        }
        all.hashes.sort_unstable();
        Ok((n_blank, all))
    }
}

/// Which hashes occur more than once in a bucket.
fn repeated(bytes: &[u8]) -> Repeated {
    let words = || bytes.as_chunks::<8>().0.iter().map(|word| u64::from_le_bytes(*word));
    let mut hashes = Vec::with_capacity(bytes.len() / 8);
    each_hash(words(), |_, hash| hashes.push(hash));
    hashes.sort_unstable();
    let mut hashes: Vec<u64> = hashes.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect();
    hashes.dedup();
    let mut files = BTreeSet::new();
    if !hashes.is_empty() {
        each_hash(words(), |file, hash| {
            if hashes.binary_search(&hash).is_ok() {
                files.insert(usize::try_from(file).unwrap_or(usize::MAX));
            }
        });
    }
    Repeated { hashes, files }
}

/// Calls `each` with every hash of a bucket and the number of its file.
fn each_hash(mut words: impl Iterator<Item = u64>, mut each: impl FnMut(u64, u64)) {
    let mut file = 0;
    while let Some(word) = words.next() {
        if word == 0 {
            file = words.next().unwrap_or(0);
        } else {
            each(file, word);
        }
    }
}

/// The hash of a key of a file with this scope.
fn in_scope(hash: u64, scope: u64) -> u64 {
    if hash == 0 || scope == 0 { hash } else { (hash ^ scope).max(1) }
}

/// The bucket of a hash.
fn bucket_of(hash: u64, n_buckets: usize) -> usize {
    usize::try_from((u128::from(hash) * n_buckets as u128) >> 64).unwrap_or(0)
}

/// What sets the keys of a file apart from those of others: of a stock, the month it is of, because who waits on in
/// the next month is there again. 0 where nothing does.
pub(super) fn scope_of(file: &InputFile, collection: &Collection) -> u64 {
    let month = file.statement.month.filter(|_| collection.stock);
    month.map_or(0, |month| FixedState::default().hash_one(month.number()).max(1))
}

/// The hash of each record's key; 0 where a part of it is blank or the record is broken.
pub(super) fn hash_keys(batch: &Batch, columns: &[VariableIndex], broken: Option<&Bits>) -> Vec<u64> {
    let Some(columns) = columns.iter().map(|variable| batch.columns[variable.0].as_ref()).collect::<Option<Vec<_>>>()
    else {
        return vec![0; batch.n_rows];
    };
    let state = FixedState::default();
    (0..batch.n_rows)
        .map(|row| {
            if broken.is_some_and(|broken| broken.contains(row)) {
                return 0;
            }
            let mut hasher = state.build_hasher();
            for column in &columns {
                let value = value(column, row);
                if value.is_empty() {
                    return 0;
                }
                hasher.write_usize(value.len());
                hasher.write(value);
            }
            hasher.finish().max(1)
        })
        .collect()
}

/// A record by file and 0-based row.
type Place = (usize, u64);

impl Runner<'_> {
    /// Judges one uniqueness rule: verdict counts, findings of all members of each group, rejected records.
    pub(super) fn resolve_duplicates(&mut self, rule: &UniqueRule, state: State) -> Result<(), InputError> {
        let missing: Vec<usize> = (0..self.files.len())
            .filter(|file| rule.columns.iter().any(|variable| self.files[*file].column_of[variable.0].is_none()))
            .collect();
        for file in &missing {
            let variable = rule.columns.iter().find(|variable| self.files[*file].column_of[variable.0].is_none());
            let name = variable.map(|variable| self.plan.collection.get(*variable).id.clone()).unwrap_or_default();
            self.run.rules[rule.rule.0].skipped.push((*file, crate::model::Skipped::MissingColumn(name)));
        }
        let (not_checked, repeated) = state.finish().map_err(|error| InputError::io(&std::env::temp_dir(), error))?;
        let groups = if repeated.hashes.is_empty() { Groups::default() } else { self.group_by_value(rule, &repeated)? };
        let violated = groups.members.len() as u64;
        let counts = &mut self.run.rules[rule.rule.0].counts;
        counts.not_checked = not_checked;
        counts.violated = violated;
        counts.satisfied = self.run.records - violated - not_checked;
        let mut newly_rejected: BTreeSet<Place> = BTreeSet::new();
        if rule.severity == Severity::Error {
            for (file, row) in groups.members.keys() {
                if self.settings.whose.counts && !self.rejections.contains(*file, *row) {
                    newly_rejected.insert((*file, *row));
                }
                self.rejections.insert(*file, *row);
            }
        }
        let waived = groups.members.values().filter_map(|member| member.waiver);
        for waiver in waived {
            self.run.rules[rule.rule.0].waived += 1;
            self.run.waived[waiver.0] += 1;
        }
        if violated > 0 {
            self.duplicate_findings(rule, &groups, &newly_rejected)?;
        }
        Ok(())
    }

    /// Reads the keys of the records whose hashes repeat, and groups them by value.
    fn group_by_value(&self, rule: &UniqueRule, repeated: &Repeated) -> Result<Groups, InputError> {
        let mut by_key: HashMap<(u64, Vec<u8>), Vec<Place>, FixedState> = HashMap::default();
        let covering = self.cover.of(rule.rule);
        let mut found: HashMap<Place, Found, FixedState> = HashMap::default();
        for (file_index, file) in self.files.iter().enumerate().filter(|(index, _)| repeated.files.contains(index)) {
            let scope = scope_of(file, &self.plan.collection);
            let plan = self.plan;
            let waiver_of = |batch: &Batch, row: usize| {
                let covers = |one: &&Covering| {
                    let reporter = one.reporter.as_ref();
                    reporter.is_none_or(|number| waived::is_reported_by(plan, batch, row, number))
                };
                covering.iter().find(covers).map(|one| one.waiver)
            };
            let map = |batch: Batch| -> Vec<(Vec<u8>, u64, Found)> {
                let first = batch.positions.first_row;
                let hashes = hash_keys(&batch, &rule.columns, batch.broken().as_ref());
                let is_repeated =
                    |hash: u64| hash != 0 && repeated.hashes.binary_search(&in_scope(hash, scope)).is_ok();
                (0..batch.n_rows)
                    .filter(|row| is_repeated(hashes[*row]))
                    .filter_map(|row| {
                        let key = key_bytes(&batch, &rule.columns, row)?;
                        let shown = batch.positions.at(row).row.unwrap_or(0);
                        Some((key, first + row as u64, Found { row: shown, waiver: waiver_of(&batch, row) }))
                    })
                    .collect()
            };
            let mut fold = |keys: Vec<(Vec<u8>, u64, Found)>| {
                for (key, record, place) in keys {
                    by_key.entry((scope, key)).or_default().push((file_index, record));
                    found.insert((file_index, record), place);
                }
                Ok(())
            };
            file.scan(&self.plan.collection, &self.request(&rule.columns), self.stop, &|_| {}, &map, &mut fold)?;
        }
        let mut groups: Vec<Vec<Place>> = by_key.into_values().filter(|places| places.len() > 1).collect();
        groups.sort_unstable();
        let mut members = std::collections::BTreeMap::new();
        for (index, places) in groups.iter().enumerate() {
            for place in places {
                let Found { row, waiver } = found.get(place).copied().unwrap_or_default();
                members.insert(*place, Member { group: index, row, waiver });
            }
        }
        Ok(Groups { groups, members })
    }

    fn request(&self, columns: &[VariableIndex]) -> ScanRequest {
        let mut wanted = vec![false; self.plan.collection.variables.len()];
        let collection = &self.plan.collection;
        let region = collection.region.map(|region| region.variable);
        let is_asked = self.settings.whose != Whose::default();
        let code = collection.breakdown.as_ref().map(|breakdown| breakdown.variable);
        let of_owners = collection.unit.into_iter().chain(code).filter(|_| is_asked);
        for variable in columns.iter().copied().chain(collection.key.iter().copied()).chain(region).chain(of_owners) {
            wanted[variable.0] = true;
        }
        ScanRequest { wanted, raw: false }
    }

    /// One finding a member of each group, naming the others: the first ones as examples, all where they are streamed.
    fn duplicate_findings(
        &mut self,
        rule: &UniqueRule,
        groups: &Groups,
        newly_rejected: &BTreeSet<Place>,
    ) -> Result<(), InputError> {
        let total = groups.members.len() as u64;
        let counts_owners = self.settings.whose.counts;
        let wanted = if self.sink.is_some() || counts_owners { usize::MAX } else { self.settings.examples };
        let files = self.files;
        for (file_index, file) in files.iter().enumerate() {
            // So many of those waived, and of the others.
            let here = || groups.members.range((file_index, 0)..(file_index + 1, 0));
            let of = |waived: bool| here().filter(move |(_, member)| member.waiver.is_some() == waived).take(wanted);
            let mut rows: Vec<u64> = of(false).chain(of(true)).map(|((_, row), _)| *row).collect();
            rows.sort_unstable();
            let Some(last) = rows.last().copied() else { continue };
            let plan = self.plan;
            let paths = &self.paths;
            let asked = self.asked_of(file_index);
            let map = |batch: Batch| -> (u64, Vec<Finding>, Vec<Duplicate>) {
                let first = batch.positions.first_row;
                let end = first + batch.n_rows as u64;
                let from = rows.partition_point(|row| *row < first);
                let to = rows.partition_point(|row| *row < end);
                let maker = FindingMaker {
                    plan,
                    file: file_index,
                    column_of: &file.column_of,
                    batch: &batch,
                    members: None,
                    owners: None,
                };
                let mut duplicates = Vec::new();
                let findings = rows[from..to]
                    .iter()
                    .map(|row| {
                        let detail = groups.describe((file_index, *row), files, paths);
                        let finding = maker.finding(
                            rule.rule,
                            &plan.rules[rule.rule.0],
                            usize::try_from(row - first).unwrap_or(0),
                            Some(Detail::Text(detail)),
                        );
                        let waiver = groups.members.get(&(file_index, *row)).and_then(|member| member.waiver);
                        let at = usize::try_from(row - first).unwrap_or(0);
                        let origin = asked.map(|asked| asked.origin(plan, &batch, at));
                        if let Some(origin) = origin.clone().filter(|_| counts_owners) {
                            duplicates.push(Duplicate {
                                origin,
                                code: owner::code_of(plan, &batch, at),
                                is_newly_rejected: newly_rejected.contains(&(file_index, *row)),
                                is_waived: waiver.is_some(),
                            });
                        }
                        let origin = origin.filter(|_| asked.is_some_and(|asked| asked.origins));
                        Finding { waiver, origin, ..finding }
                    })
                    .collect();
                (end, findings, duplicates)
            };
            let request = self.request(&rule.columns);
            let (run, sink, limit) = (&mut self.run.rules[rule.rule.0], &mut self.sink, self.settings.examples);
            let mut kept = [0; 2];
            let streams = sink.is_some() || counts_owners;
            let mut counted = Vec::new();
            let mut fold = |(end, findings, duplicates): (u64, Vec<Finding>, Vec<Duplicate>)| {
                counted.extend(duplicates);
                if let (Some(sink), false) = (sink.as_mut(), findings.is_empty()) {
                    sink.take(plan, paths, &findings).map_err(InputError::Consumer)?;
                }
                for finding in findings {
                    let kept_alike = &mut kept[usize::from(finding.waiver.is_some())];
                    if *kept_alike < limit {
                        *kept_alike += 1;
                        run.examples.push(finding);
                    }
                }
                if !streams && end > last { Err(InputError::Consumer(Box::new(Enough))) } else { Ok(()) }
            };
            match file.scan(&self.plan.collection, &request, self.stop, &|_| {}, &map, &mut fold) {
                Err(InputError::Consumer(cause)) if cause.is::<Enough>() => {}
                Err(error) => return Err(error),
                Ok(_) => {}
            }
            self.count_duplicates(rule.rule, counted, rule.severity == Severity::Error);
        }
        self.run.rules[rule.rule.0].violations += total;
        Ok(())
    }
}

/// Ends a scan early, once the findings that are kept are made.
#[derive(Debug, thiserror::Error)]
#[error("enough")]
struct Enough;

/// Records that share a key.
#[derive(Default)]
struct Groups {
    groups: Vec<Vec<Place>>,
    /// Record → its group.
    members: std::collections::BTreeMap<Place, Member>,
}

/// What is told of a record whose key may be another's, too.
#[derive(Clone, Copy, Default)]
struct Found {
    row: u64,
    waiver: Option<WaiverIndex>,
}

/// A record that shares its key.
struct Member {
    group: usize,
    /// The number of its row.
    row: u64,
    /// What covers its finding, if anything does.
    waiver: Option<WaiverIndex>,
}

impl Groups {
    /// Names the other members of a record's group, the first few.
    fn describe(&self, place: Place, files: &[InputFile], paths: &[std::path::PathBuf]) -> Text {
        const SHOWN: usize = 4;
        let others: Vec<Place> = self
            .members
            .get(&place)
            .map(|member| self.groups[member.group].iter().copied().filter(|other| *other != place).collect())
            .unwrap_or_default();
        let name = |other: &Place| {
            let row = self.members.get(other).map_or(0, |member| member.row);
            if files.len() > 1 && other.0 != place.0 {
                format!("{row} ({})", paths[other.0].file_name().unwrap_or_default().to_string_lossy())
            } else {
                row.to_string()
            }
        };
        let listed = others.iter().take(SHOWN).map(name).collect::<Vec<_>>().join(", ");
        let more = others.len().saturating_sub(SHOWN);
        let (sv, en) = if more > 0 {
            (format!(" och {more} till"), format!(" and {more} more"))
        } else {
            (String::new(), String::new())
        };
        Text::new(format!("samma nyckel som post {listed}{sv}"), format!("same key as record {listed}{en}"))
    }
}

/// The key's parts, each with its length before it, so that no two keys run into the same bytes.
fn key_bytes(batch: &Batch, columns: &[VariableIndex], row: usize) -> Option<Vec<u8>> {
    let mut key = Vec::new();
    for variable in columns {
        let value = value(batch.columns[variable.0].as_ref()?, row);
        key.extend_from_slice(&(value.len() as u64).to_le_bytes());
        key.extend_from_slice(value);
    }
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_hashes_are_found_over_batches_and_files_in_memory_and_on_disk() {
        for (records, in_memory) in [(0, usize::MAX), (1 << 30, usize::MAX), (1 << 22, 0)] {
            let state = State::new(records, in_memory);
            let spread = |hash: u64| hash.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let many: Vec<u64> = (1..50_000).map(spread).collect();
            state.add(0, &many, 0);
            state.add(0, &[spread(1_000_005), 0, spread(1_000_007)], 0);
            state.add(1, &[spread(1_000_005)], 77);
            state.add(3, &[spread(1_000_007), spread(1_000_007), 0, spread(40_000)], 0);
            let mut hashes = vec![spread(40_000), spread(1_000_007)];
            hashes.sort_unstable();
            let (n_blank, repeated) = state.finish().expect("temporary files can be written");
            assert_eq!((n_blank, repeated), (2, Repeated { hashes, files: BTreeSet::from([0, 3]) }));
        }
    }
}
