//! Findings put aside while a run goes on, to be read back rule by rule when it is over.
//!
//! Findings come in the order of file and record; a workbook has a sheet for each rule, and may be one of many, a region or
//! care unit each. So findings are put into *buckets*, one for each part of the submission, collection and rule, and read
//! back a bucket at a time, in the order in which they were made.
//!
//! # Memory
//!
//! Bounded: encoded findings are gathered up to [`IN_MEMORY`] bytes, sorted by bucket and appended to one temporary file
//! without a name (`tempfile`), which is gone on whatever end of the process. In memory stays where the stretches of each
//! bucket lie. Of each bucket so many findings are kept as a sheet has rows ([`MOST_KEPT`]); all are counted.
//!
//! Values are those of the findings: whole, and masked already where they identify a person.

mod codec;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;

use crate::engine::FindingSink;
use crate::model::{County, Finding, RuleIndex};
use crate::rule::Plan;

/// Bytes gathered before they are written.
const IN_MEMORY: usize = 8 << 20;

/// Findings kept of each bucket: the rows of an Excel sheet below its header. The rest are counted.
pub const MOST_KEPT: u64 = 1_048_575;

/// Care units told apart; findings of those met later are in [`PartKey::Others`].
pub const MOST_UNITS: usize = 1_000;

/// What workbooks are divided by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SplitBy {
    /// Not divided.
    #[default]
    Nothing,
    /// The region that reports the record.
    Region,
    /// The care unit.
    Unit,
}

/// A part of the submission.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PartKey {
    /// All of it, where it is not divided.
    Whole,
    /// The records of a region.
    Region(County),
    /// The records of a care unit.
    Unit(String),
    /// The units that are not told apart.
    Others,
    /// What is nobody's in particular: findings on the submission as a whole, and on records that do not say whose they are.
    Unknown,
}

/// How many findings of a rule there are in a part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FindingCounts {
    /// All of them.
    pub findings: u64,
    /// Those of them that a waiver covers.
    pub waived: u64,
    /// Those of them that can be read back: the first ones.
    pub kept: u64,
}

/// Names a bucket: part and collection by the order in which they were met, and the rule.
type BucketKey = (u32, u32, usize);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stretch {
    offset: u64,
    len: usize,
}

#[derive(Debug, Default)]
struct Bucket {
    counts: FindingCounts,
    stretches: Vec<Stretch>,
}

/// Takes findings while the engine runs; [`finish`](Self::finish) makes them readable.
#[derive(Debug)]
pub struct FindingSpool {
    by: SplitBy,
    most_kept: u64,
    in_memory: usize,
    part_numbers: BTreeMap<PartKey, u32>,
    n_units: usize,
    collections: Vec<String>,
    buckets: BTreeMap<BucketKey, Bucket>,
    /// Encoded findings not yet written, one after the other.
    gathered: Vec<u8>,
    /// Whose they are and where in `gathered` they lie, in the order in which they came.
    pieces: Vec<(BucketKey, Stretch)>,
    file: Option<File>,
    end: u64,
}

impl FindingSpool {
    /// An empty one, divided as `by` says.
    pub fn new(by: SplitBy) -> Self {
        Self::with_limits(by, MOST_KEPT, IN_MEMORY)
    }

    fn with_limits(by: SplitBy, most_kept: u64, in_memory: usize) -> Self {
        Self {
            by,
            most_kept,
            in_memory,
            part_numbers: BTreeMap::new(),
            n_units: 0,
            collections: Vec::new(),
            buckets: BTreeMap::new(),
            gathered: Vec::new(),
            pieces: Vec::new(),
            file: None,
            end: 0,
        }
    }

    /// Writes what is still in memory; the findings can be read from then on.
    ///
    /// # Errors
    /// If the temporary file cannot be written.
    pub fn finish(mut self) -> io::Result<SpooledFindings> {
        self.write_out()?;
        Ok(SpooledFindings {
            by: self.by,
            parts: self.part_numbers,
            collections: self.collections,
            buckets: self.buckets,
            file: self.file,
        })
    }

    fn part(&mut self, finding: &Finding) -> u32 {
        let key = match (self.by, &finding.origin) {
            (SplitBy::Nothing, _) => PartKey::Whole,
            (SplitBy::Region, Some(origin)) => origin.region.map_or(PartKey::Unknown, PartKey::Region),
            (SplitBy::Unit, Some(origin)) if !origin.unit.is_empty() => PartKey::Unit(origin.unit.clone()),
            (SplitBy::Region, None) | (SplitBy::Unit, _) => PartKey::Unknown,
        };
        if let Some(number) = self.part_numbers.get(&key) {
            return *number;
        }
        let is_unit = matches!(key, PartKey::Unit(_));
        let key = if is_unit && self.n_units >= MOST_UNITS { PartKey::Others } else { key };
        self.n_units += usize::from(matches!(key, PartKey::Unit(_)));
        let next = u32::try_from(self.part_numbers.len()).unwrap_or(u32::MAX);
        *self.part_numbers.entry(key).or_insert(next)
    }

    fn collection(&mut self, plan: &Plan) -> u32 {
        let id = &plan.collection.id;
        let number = self.collections.iter().position(|known| known == id).unwrap_or_else(|| {
            self.collections.push(id.clone());
            self.collections.len() - 1
        });
        u32::try_from(number).unwrap_or(u32::MAX)
    }

    fn add(&mut self, collection: u32, finding: &Finding) -> io::Result<()> {
        let key = (self.part(finding), collection, finding.rule.0);
        let counts = &mut self.buckets.entry(key).or_default().counts;
        counts.findings += 1;
        counts.waived += u64::from(finding.waiver.is_some());
        if counts.kept >= self.most_kept {
            return Ok(());
        }
        counts.kept += 1;
        let start = self.gathered.len();
        codec::encode(finding, &mut self.gathered);
        self.pieces.push((key, Stretch { offset: start as u64, len: self.gathered.len() - start }));
        if self.gathered.len() >= self.in_memory { self.write_out() } else { Ok(()) }
    }

    /// Appends what was gathered to the file, bucket by bucket.
    fn write_out(&mut self) -> io::Result<()> {
        if self.pieces.is_empty() {
            return Ok(());
        }
        // Stable: findings of one bucket stay in their order.
        self.pieces.sort_by_key(|(key, _)| *key);
        let mut sorted = Vec::with_capacity(self.gathered.len());
        let begin = self.end;
        for (key, piece) in self.pieces.drain(..) {
            let start = usize::try_from(piece.offset).unwrap_or(usize::MAX);
            let Some(bytes) = self.gathered.get(start..start.saturating_add(piece.len)) else { continue };
            let offset = self.end + sorted.len() as u64;
            sorted.extend_from_slice(bytes);
            let stretches = &mut self.buckets.entry(key).or_default().stretches;
            match stretches.last_mut() {
                // Not across what was gathered at another time, so that no stretch outgrows the memory it came from.
                Some(last) if last.offset >= begin && last.offset + last.len as u64 == offset => {
                    last.len += bytes.len();
                }
                _ => stretches.push(Stretch { offset, len: bytes.len() }),
            }
        }
        self.gathered.clear();
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(tempfile::tempfile()?),
        };
        file.write_all(&sorted)?;
        self.end += sorted.len() as u64;
        Ok(())
    }
}

impl FindingSink for FindingSpool {
    fn take(
        &mut self,
        plan: &Plan,
        _paths: &[PathBuf],
        findings: &[Finding],
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let collection = self.collection(plan);
        findings.iter().try_for_each(|finding| self.add(collection, finding)).map_err(Into::into)
    }
}

/// Every finding of a run, to be read a part, collection and rule at a time.
#[derive(Debug)]
pub struct SpooledFindings {
    by: SplitBy,
    parts: BTreeMap<PartKey, u32>,
    collections: Vec<String>,
    buckets: BTreeMap<BucketKey, Bucket>,
    file: Option<File>,
}

impl SpooledFindings {
    /// What they are divided by.
    pub fn by(&self) -> SplitBy {
        self.by
    }

    /// The parts that have findings: regions by code, units by name, and last what is nobody's.
    pub fn parts(&self) -> impl Iterator<Item = &PartKey> {
        self.parts.keys()
    }

    fn bucket(&self, part: &PartKey, collection: &str, rule: RuleIndex) -> Option<&Bucket> {
        let collection = self.collections.iter().position(|known| known == collection)?;
        self.buckets.get(&(*self.parts.get(part)?, u32::try_from(collection).ok()?, rule.0))
    }

    /// How many findings a rule has in a part.
    pub fn counts(&self, part: &PartKey, collection: &str, rule: RuleIndex) -> FindingCounts {
        self.bucket(part, collection, rule).map(|bucket| bucket.counts).unwrap_or_default()
    }

    /// The findings of a rule in a part that were kept, in the order in which they were made.
    pub fn read(&self, part: &PartKey, collection: &str, rule: RuleIndex) -> FindingReader<'_> {
        let stretches = self.bucket(part, collection, rule).map_or(&[][..], |bucket| &bucket.stretches);
        FindingReader { file: self.file.as_ref(), stretches, bytes: Vec::new(), at: 0, rule, is_broken: false }
    }
}

/// Reads findings back; ends at the first that cannot be read, which is given as an error.
#[derive(Debug)]
pub struct FindingReader<'a> {
    file: Option<&'a File>,
    stretches: &'a [Stretch],
    /// What of the current stretch has been read and not yet decoded, from `at` on.
    bytes: Vec<u8>,
    at: usize,
    rule: RuleIndex,
    is_broken: bool,
}

impl FindingReader<'_> {
    /// Reads the next stretch; false where there is none. It is no longer than what was gathered at once.
    fn fill(&mut self) -> io::Result<bool> {
        let (Some(mut file), Some((first, rest))) = (self.file, self.stretches.split_first()) else { return Ok(false) };
        self.bytes.clear();
        self.at = 0;
        self.bytes.resize(first.len, 0);
        file.seek(SeekFrom::Start(first.offset))?;
        file.read_exact(&mut self.bytes)?;
        self.stretches = rest;
        Ok(true)
    }

    fn next_finding(&mut self) -> io::Result<Option<Finding>> {
        if self.at >= self.bytes.len() && !self.fill()? {
            return Ok(None);
        }
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let (finding, len) = codec::decode(rest, self.rule).ok_or(io::ErrorKind::InvalidData)?;
        self.at += len;
        Ok(Some(finding))
    }
}

impl Iterator for FindingReader<'_> {
    type Item = io::Result<Finding>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_broken {
            return None;
        }
        let next = self.next_finding().transpose();
        self.is_broken = matches!(next, Some(Err(_)));
        next
    }
}

#[cfg(test)]
mod tests;
