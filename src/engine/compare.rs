//! What another rule set would mean for submissions that exist: two plans of each collection over the same records.
//!
//! One pass over the files evaluates the rules before and after a change on the same batches and counts, for every rule
//! on records, who newly fails and who no longer does, by region and code of the breakdown; and by file and reporter, how many
//! records would be rejected. Every sum is exact, whatever the number of threads and the size of batches, and impacts
//! of parts of the files [merge](Impact::merge) into that of all.
//!
//! A [`Delivery`] is a file as the schemas of both rule sets see it, so that each plan judges what it would judge by
//! itself: a column that only one of them knows, or knows by another name, is there for that one alone. Which
//! collection the file is, the newer schemas decide.
//!
//! # What is compared
//!
//! Rules are matched by id. A record has at most one version of a dated rule, so that it violates the rule or not,
//! whichever version speaks of it; what single versions do is told beside ([`VersionImpact`]). Duplicates, readability
//! and the other rules on whole submissions are left out: a record is *rejected* here where a rule on records of
//! severity error is violated, and a file *passes* where none is. Records that could not be divided into columns are
//! counted and judged by no rule. Waivers are not looked at. Rules on groups of records are counted under either rule
//! set by itself ([`FoldedImpact`]), in a pass of their own; they reject no record here.
//!
//! A rule that could not be decided is never taken for a satisfied one: see [`RuleImpact::unchecked_before`].
//!
//! Deliberately knows no thresholds and writes nothing.

mod folded;
mod groups;
mod scan;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::{Progress, Stated, tally::Region};
use crate::model::{County, Severity, Text};
use crate::rule::Plan;
use crate::schema::Schemas;
use crate::submission::{Format, InputError, InputFile, ReadOptions};

pub use folded::{FoldedImpact, FoldedRule};

/// The plans of a rule set, by collection.
pub type Plans = BTreeMap<String, Arc<Plan>>;

/// What a change of rules means for some files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Impact {
    /// By collection.
    pub collections: BTreeMap<String, CollectionImpact>,
    /// By collection of groups that records fold into.
    pub folded: BTreeMap<String, FoldedImpact>,
}

/// What it means for the files of one collection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CollectionImpact {
    /// What people call the collection.
    pub title: Text,
    /// Records, unreadable ones included.
    pub records: u64,
    /// Those that could not be divided into columns, which no rule judges.
    pub unreadable: u64,
    /// Records by group; the unreadable ones are in the group that nobody is known of.
    pub groups: BTreeMap<Group, u64>,
    /// Every rule on records of either plan, by id.
    pub rules: BTreeMap<String, RuleImpact>,
    /// Rejected records, by the region that reports them.
    pub reporters: BTreeMap<Region, Rejected>,
    /// In the order given.
    pub files: Vec<FileImpact>,
    /// What the regions met with are called.
    pub region_names: BTreeMap<County, String>,
    /// What the collection's breakdown is called; blank where it has none.
    pub breakdown: Text,
    /// What the codes met with are called, where their list says so.
    pub code_names: BTreeMap<String, Text>,
}

/// Who reports records of which code of the breakdown.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Group {
    /// `None` where the reporter's organisation number is that of no region.
    pub region: Region,
    /// A code; [`BLANK`](super::tally::BLANK) where there is none, [`INVALID`](super::tally::INVALID) where it is not
    /// in its list.
    pub code: String,
}

/// What it means for one rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleImpact {
    /// As titled after the change, or before where it is removed.
    pub title: Text,
    /// `None` where the rule was not there, or not as a rule on records. Of versions the gravest.
    pub severity_before: Option<Severity>,
    /// `None` where it is not there any more. Of versions the gravest.
    pub severity_after: Option<Severity>,
    /// All groups together.
    pub total: Violations,
    /// Only groups with a violation before or after.
    pub groups: BTreeMap<Group, Violations>,
    /// Records that the rule spoke of, or may have spoken of, and that it could not decide: a value it reads is blank
    /// or unreadable, or a column or code list is missing.
    pub unchecked_before: u64,
    /// The same after the change.
    pub unchecked_after: u64,
    /// Newly passing records that were not found right, but cannot be decided any more.
    pub passing_unchecked: u64,
    /// Each version by itself, where the rule is dated in either plan; sorted by days.
    pub versions: BTreeMap<Version, VersionImpact>,
}

/// Which records violate a rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Violations {
    /// Before the change.
    pub before: u64,
    /// After it.
    pub after: u64,
    /// After it and not before.
    pub newly_failing: u64,
    /// Before it and not after.
    pub newly_passing: u64,
}

/// What names a version of a rule in both plans.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// The first day, days since 1970-01-01; `None` where there is none.
    pub from: Option<i64>,
    /// The last day, days since 1970-01-01; `None` where there is none.
    pub until: Option<i64>,
    /// The id of the date of a record that decides; empty for a rule without days.
    pub by: String,
}

/// What it means for one version of a rule. A record that changes versions is newly passing in one and newly failing in
/// the other, and neither in the rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VersionImpact {
    /// Whether the version was there.
    pub is_before: bool,
    /// Whether it is there now.
    pub is_after: bool,
    /// The records.
    pub total: Violations,
}

/// How many records are rejected, by rules on records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rejected {
    /// Records there are.
    pub records: u64,
    /// Rejected before the change.
    pub before: u64,
    /// Rejected after it.
    pub after: u64,
    /// After it and not before.
    pub newly_rejected: u64,
    /// Before it and not after.
    pub newly_accepted: u64,
}

/// What it means for one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileImpact {
    /// As named or found.
    pub path: PathBuf,
    /// Whether its collection had rules before the change.
    pub is_known_before: bool,
    /// Whether it has rules after it.
    pub is_known_after: bool,
    /// Its records.
    pub rejected: Rejected,
}

impl FileImpact {
    /// Whether no rule on records of severity error was violated.
    pub fn passes_before(&self) -> bool {
        self.rejected.before == 0
    }

    /// Whether none is violated after the change.
    pub fn passes_after(&self) -> bool {
        self.rejected.after == 0
    }
}

impl Violations {
    /// Whether some record is judged otherwise.
    pub fn is_changed(&self) -> bool {
        self.newly_failing > 0 || self.newly_passing > 0
    }

    /// Adds the counts of another part.
    pub fn merge(&mut self, other: &Self) {
        self.before += other.before;
        self.after += other.after;
        self.newly_failing += other.newly_failing;
        self.newly_passing += other.newly_passing;
    }
}

impl Rejected {
    /// Whether some record is rejected or accepted otherwise.
    pub fn is_changed(&self) -> bool {
        self.newly_rejected > 0 || self.newly_accepted > 0
    }

    /// Adds the counts of another part.
    pub fn merge(&mut self, other: &Self) {
        self.records += other.records;
        self.before += other.before;
        self.after += other.after;
        self.newly_rejected += other.newly_rejected;
        self.newly_accepted += other.newly_accepted;
    }
}

impl RuleImpact {
    /// Adds the counts of another part, made with the same rules.
    pub fn merge(&mut self, other: Self) {
        let Self {
            title,
            severity_before,
            severity_after,
            total,
            groups,
            unchecked_before,
            unchecked_after,
            passing_unchecked,
            versions,
        } = other;
        self.title = title;
        self.severity_before = self.severity_before.max(severity_before);
        self.severity_after = self.severity_after.max(severity_after);
        self.total.merge(&total);
        for (group, part) in groups {
            self.groups.entry(group).or_default().merge(&part);
        }
        self.unchecked_before += unchecked_before;
        self.unchecked_after += unchecked_after;
        self.passing_unchecked += passing_unchecked;
        for (version, part) in versions {
            let version = self.versions.entry(version).or_default();
            version.is_before |= part.is_before;
            version.is_after |= part.is_after;
            version.total.merge(&part.total);
        }
    }

    /// The counts of each region, over all codes.
    pub fn by_region(&self) -> BTreeMap<Region, Violations> {
        let mut regions: BTreeMap<Region, Violations> = BTreeMap::new();
        for (group, part) in &self.groups {
            regions.entry(group.region).or_default().merge(part);
        }
        regions
    }

    /// The counts of each code, over all regions.
    pub fn by_code(&self) -> BTreeMap<&str, Violations> {
        let mut codes: BTreeMap<&str, Violations> = BTreeMap::new();
        for (group, part) in &self.groups {
            codes.entry(&group.code).or_default().merge(part);
        }
        codes
    }
}

impl CollectionImpact {
    /// Adds the counts of other files, made with the same rules.
    pub fn merge(&mut self, other: Self) {
        let Self { title, records, unreadable, groups, rules, reporters, files, region_names, breakdown, code_names } =
            other;
        self.title = title;
        self.breakdown = breakdown;
        self.records += records;
        self.unreadable += unreadable;
        for (group, records) in groups {
            *self.groups.entry(group).or_default() += records;
        }
        for (id, part) in rules {
            self.rules.entry(id).or_default().merge(part);
        }
        for (region, part) in reporters {
            self.reporters.entry(region).or_default().merge(&part);
        }
        self.files.extend(files);
        self.region_names.extend(region_names);
        self.code_names.extend(code_names);
    }

    /// All files together.
    pub fn rejected(&self) -> Rejected {
        self.files.iter().fold(Rejected::default(), |mut all, file| {
            all.merge(&file.rejected);
            all
        })
    }

    /// Records of each region, over all codes.
    pub fn records_by_region(&self) -> BTreeMap<Region, u64> {
        let mut regions = BTreeMap::new();
        for (group, records) in &self.groups {
            *regions.entry(group.region).or_default() += records;
        }
        regions
    }

    /// Records of each code, over all regions.
    pub fn records_by_code(&self) -> BTreeMap<&str, u64> {
        let mut codes: BTreeMap<&str, u64> = BTreeMap::new();
        for (group, records) in &self.groups {
            *codes.entry(&group.code).or_default() += records;
        }
        codes
    }
}

impl Impact {
    /// Adds the impact on other files, made with the same rules.
    pub fn merge(&mut self, other: Self) {
        for (id, part) in other.collections {
            self.collections.entry(id).or_default().merge(part);
        }
        for (id, part) in other.folded {
            self.folded.entry(id).or_default().merge(part);
        }
    }
}

/// A file, as the schemas of two rule sets see it; at least one of them knows it.
#[derive(Clone, Debug)]
pub struct Delivery {
    before: Option<InputFile>,
    after: Option<InputFile>,
}

impl Delivery {
    /// Opens a file. `after` decides which collection it is; `before` only where that one is gone.
    ///
    /// # Errors
    /// Every way in which a file cannot be a submission; see [`InputError`].
    pub fn open(path: &Path, before: &Schemas, after: &Schemas, options: &ReadOptions) -> Result<Self, InputError> {
        match InputFile::open(path, after, options) {
            Ok(file) => {
                let before = before
                    .collections
                    .contains_key(&file.collection)
                    .then(|| InputFile::open(path, before, &as_opened(&file, before, options)))
                    .transpose()?;
                Ok(Self { before, after: Some(file) })
            }
            Err(error @ (InputError::UnknownHeader { .. } | InputError::UnknownCollection { .. })) => {
                match InputFile::open(path, before, options) {
                    Ok(file) if !after.collections.contains_key(&file.collection) => {
                        Ok(Self { before: Some(file), after: None })
                    }
                    _ => Err(error),
                }
            }
            Err(error) => Err(error),
        }
    }

    /// The file as one of the schemas sees it; what does not depend on schemas is the same in both.
    fn file(&self) -> Option<&InputFile> {
        self.after.as_ref().or(self.before.as_ref())
    }

    /// The collection's id.
    pub fn collection(&self) -> &str {
        self.file().map(|file| file.collection.as_str()).unwrap_or_default()
    }

    /// Bytes.
    pub fn size(&self) -> u64 {
        self.file().map_or(0, |file| file.size)
    }
}

/// Options that open `file` the same way under other schemas.
fn as_opened(file: &InputFile, schemas: &Schemas, options: &ReadOptions) -> ReadOptions {
    let (delimiter, encoding) = match &file.format {
        Format::Csv { delimiter, encoding, .. } => (Some(*delimiter), Some(*encoding)),
        Format::Parquet { .. } => (options.delimiter, options.encoding),
    };
    let known = schemas.collections.get(&file.collection);
    let is_known =
        |variable: &str| known.is_some_and(|known| known.columns_of(file.layout).variable(variable).is_some());
    ReadOptions {
        collection: Some(file.collection.clone()),
        collection_source: file.collection_source,
        delimiter,
        encoding,
        columns: options.columns.iter().filter(|(_, variable)| is_known(variable)).cloned().collect(),
        ..options.clone()
    }
}

/// Judges every record of `deliveries` by the rules before and after a change.
///
/// # Errors
/// If a file cannot be read on, is of a collection that neither has plans for, or [`InputError::Interrupted`].
pub fn compare(
    before: &Plans,
    after: &Plans,
    deliveries: &[Delivery],
    stated: &Stated,
    stop: &AtomicBool,
    progress: Progress<'_>,
) -> Result<Impact, InputError> {
    let mut groups: BTreeMap<&str, Vec<&Delivery>> = BTreeMap::new();
    for delivery in deliveries {
        groups.entry(delivery.collection()).or_default().push(delivery);
    }
    let mut impact = Impact::default();
    for (id, deliveries) in groups {
        for (plans, side) in [(before, folded::Side::Before), (after, folded::Side::After)] {
            let of_side = |delivery: &&Delivery| match side {
                folded::Side::Before => delivery.before.clone(),
                folded::Side::After => delivery.after.clone(),
            };
            let files: Vec<InputFile> = deliveries.iter().filter_map(of_side).collect();
            folded::add(plans, (id, files), side, stated, stop, &mut impact.folded)?;
        }
        let (before, after) = (before.get(id), after.get(id));
        let files = deliveries.iter().filter_map(|delivery| delivery.file());
        let Some(pair) = scan::Pair::new(before, after, stated, files) else {
            return Err(InputError::UnknownCollection { name: id.to_owned(), known: String::new() });
        };
        let mut collection = pair.empty();
        for delivery in deliveries {
            pair.add(delivery, &mut collection, stop, progress)?;
        }
        pair.name(&mut collection);
        impact.collections.insert(id.to_owned(), collection);
    }
    Ok(impact)
}
