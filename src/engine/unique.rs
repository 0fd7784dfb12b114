//! Uniqueness of keys over a whole submission: hashes first, then the keys themselves.
//!
//! The state is one 64-bit hash a record. Where no two are equal, the keys are unique. Where some are, the keys of
//! just those records are read again and compared by value, so that two keys are never called equal because their
//! hashes are.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher};

use foldhash::fast::FixedState;
use rayon::slice::ParallelSliceMut;

use super::Runner;
use super::batch::FindingMaker;
use super::waived;
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

/// The hashes of every key so far; parts are appended in file order.
#[derive(Default)]
pub(super) struct State {
    files: Vec<FileHashes>,
}

#[derive(Default)]
struct FileHashes {
    /// 0 stands for a key of which a part is blank.
    parts: Vec<Vec<u64>>,
}

impl State {
    /// Adds the hashes of some records of a file, in their order; `scope` sets apart files whose keys may be alike.
    pub(super) fn push(&mut self, file: usize, mut hashes: Vec<u64>, scope: u64) {
        if scope != 0 {
            for hash in hashes.iter_mut().filter(|hash| **hash != 0) {
                *hash = (*hash ^ scope).max(1);
            }
        }
        while self.files.len() <= file {
            self.files.push(FileHashes::default());
        }
        self.files[file].parts.push(hashes);
    }

    fn all(&self) -> impl Iterator<Item = u64> + '_ {
        self.files.iter().flat_map(|file| file.parts.iter().flatten().copied())
    }

    /// The hashes that occur more than once, ascending.
    fn repeated(&self) -> Vec<u64> {
        let mut sorted = Vec::with_capacity(self.files.iter().flat_map(|file| &file.parts).map(Vec::len).sum());
        sorted.extend(self.all().filter(|hash| *hash != 0));
        sorted.par_sort_unstable();
        let mut repeated: Vec<u64> = sorted.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect();
        repeated.dedup();
        repeated
    }
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
        let repeated = state.repeated();
        let not_checked = state.all().filter(|hash| *hash == 0).count() as u64;
        let groups =
            if repeated.is_empty() { Groups::default() } else { self.group_by_value(rule, &state, &repeated)? };
        drop(state);
        let violated = groups.members.len() as u64;
        let counts = &mut self.run.rules[rule.rule.0].counts;
        counts.not_checked = not_checked;
        counts.violated = violated;
        counts.satisfied = self.run.records - violated - not_checked;
        if rule.severity == Severity::Error {
            for (file, row) in groups.members.keys() {
                self.rejections.insert(*file, *row);
            }
        }
        let waived = groups.members.values().filter_map(|member| member.waiver);
        for waiver in waived {
            self.run.rules[rule.rule.0].waived += 1;
            self.run.waived[waiver.0] += 1;
        }
        if violated > 0 {
            self.duplicate_findings(rule, &groups)?;
        }
        Ok(())
    }

    /// Reads the keys of the records whose hashes repeat, and groups them by value.
    fn group_by_value(&self, rule: &UniqueRule, state: &State, repeated: &[u64]) -> Result<Groups, InputError> {
        let mut by_key: HashMap<(u64, Vec<u8>), Vec<Place>, FixedState> = HashMap::default();
        let covering = self.cover.of(rule.rule);
        let mut found: HashMap<Place, Found, FixedState> = HashMap::default();
        for (file_index, file) in self.files.iter().enumerate() {
            let Some(hashes) = state.files.get(file_index) else { continue };
            let candidates: Vec<Bits> = hashes
                .parts
                .iter()
                .map(|part| {
                    Bits::from_fn(part.len(), |row| part[row] != 0 && repeated.binary_search(&part[row]).is_ok())
                })
                .collect();
            if !candidates.iter().any(Bits::any) {
                continue;
            }
            // Batches come in any order in `map`, so a batch finds its own candidates by its first row.
            let starts = starts(&candidates);
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
                (0..batch.n_rows)
                    .filter(|row| contains(&candidates, &starts, first + *row as u64))
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
        let region = self.plan.collection.region.map(|region| region.variable);
        for variable in columns.iter().chain(&self.plan.collection.key).chain(&region) {
            wanted[variable.0] = true;
        }
        ScanRequest { wanted, raw: false }
    }

    /// One finding a member of each group, naming the others: the first ones as examples, all where they are streamed.
    fn duplicate_findings(&mut self, rule: &UniqueRule, groups: &Groups) -> Result<(), InputError> {
        let total = groups.members.len() as u64;
        let wanted = if self.sink.is_some() { usize::MAX } else { self.settings.examples };
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
            let map = |batch: Batch| -> (u64, Vec<Finding>) {
                let first = batch.positions.first_row;
                let end = first + batch.n_rows as u64;
                let from = rows.partition_point(|row| *row < first);
                let to = rows.partition_point(|row| *row < end);
                let maker =
                    FindingMaker { plan, file: file_index, column_of: &file.column_of, batch: &batch, members: None };
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
                        Finding { waiver, ..finding }
                    })
                    .collect();
                (end, findings)
            };
            let request = self.request(&rule.columns);
            let (run, sink, limit) = (&mut self.run.rules[rule.rule.0], &mut self.sink, self.settings.examples);
            let mut kept = [0; 2];
            let streams = sink.is_some();
            let mut fold = |(end, findings): (u64, Vec<Finding>)| {
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

fn starts(parts: &[Bits]) -> Vec<u64> {
    let mut start = 0;
    parts
        .iter()
        .map(|part| {
            let this = start;
            start += part.len() as u64;
            this
        })
        .collect()
}

fn contains(parts: &[Bits], starts: &[u64], row: u64) -> bool {
    let at = starts.partition_point(|start| *start <= row).saturating_sub(1);
    parts.get(at).is_some_and(|part| part.contains(usize::try_from(row - starts[at]).unwrap_or(usize::MAX)))
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
    fn repeated_hashes_are_found_over_parts_and_files() {
        let mut state = State::default();
        state.push(0, vec![5, 0, 7], 0);
        state.push(0, vec![9, 0], 0);
        state.push(2, vec![7, 7, 8], 0);
        assert_eq!(state.repeated(), [7]);
    }

    #[test]
    fn a_row_is_found_in_its_part() {
        let parts = vec![Bits::from_fn(3, |row| row == 2), Bits::none(0), Bits::from_fn(2, |row| row == 1)];
        let starts = starts(&parts);
        let found: Vec<u64> = (0..5).filter(|row| contains(&parts, &starts, *row)).collect();
        assert_eq!(found, [2, 4]);
    }
}
