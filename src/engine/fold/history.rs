//! Groups beside those of earlier submissions: what changed, and which are missing.
//!
//! Records of earlier files are put aside with those of the submission and come together with them by key, so that the
//! comparison is external and bounded like all of folding. What the groups fold into is made of the submission's own records
//! alone; of a group that it does not hold, of those of the latest earlier submission that did. What that means is
//! written down in [`crate::rule::fold`].
//!
//! Whether a group is *missing* depends on what else the submission holds, which is known only when every bucket is
//! folded. Until then it is [`Absent`].

use std::collections::{BTreeMap, BTreeSet};

use super::group::Records;
use super::row::{self, Place, Reader};
use crate::engine::text::is_personal_number;
use crate::model::{County, VariableIndex};
use crate::rule::Plan;
use crate::rule::fold::{Fold, History, Operand};
use crate::schema::HistoryItem;
use crate::submission::InputFile;
use crate::time::{self, Month, format_day};

/// How many changes of a group are told one by one.
const CHANGES_SHOWN: usize = 5;
/// How many pairs of records are looked at to find those that are one record, changed.
const MOST_PAIRS: usize = 10_000;
/// Shown in place of a value that could identify a person.
const MASK: &str = "***";

/// Earlier submissions, and what is compared with them.
pub(super) struct Past<'a> {
    history: &'a History,
    fold: &'a Fold,
    plan: &'a Plan,
    /// Files of the submission itself; those behind them are earlier ones.
    n_present: u32,
    /// By file the day it was received.
    received: Vec<i64>,
    /// The variables that every file has a column for.
    compared: Vec<VariableIndex>,
}

impl<'a> Past<'a> {
    /// `None` where no file is an earlier one, or groups may be corrected for ever. Files are received on `delivery_date`
    /// unless something else is stated of them.
    pub(super) fn new(fold: &'a Fold, plan: &'a Plan, files: &[InputFile], delivery_date: i64) -> Option<Self> {
        let history = fold.history.as_ref()?;
        let n_present = files.iter().take_while(|file| !file.statement.is_earlier).count();
        if n_present == files.len() {
            return None;
        }
        let has_column = |variable: &VariableIndex| files.iter().all(|file| file.column_of[variable.0].is_some());
        Some(Self {
            history,
            fold,
            plan,
            n_present: u32::try_from(n_present).unwrap_or(u32::MAX),
            received: files.iter().map(|file| file.statement.received.unwrap_or(delivery_date)).collect(),
            compared: (0..history.values.len()).map(VariableIndex).filter(has_column).collect(),
        })
    }

    /// The variables that are compared, and the value of each; `None` of one that is compared as it stands.
    pub(super) fn compared(&self) -> impl Iterator<Item = (VariableIndex, Option<Operand>)> {
        let operand = |variable: &VariableIndex| self.history.values.get(variable.0).copied().flatten();
        self.compared.iter().map(move |variable| (*variable, operand(variable)))
    }

    /// The variables of groups that say what they are of.
    pub(super) fn variables(&self) -> impl Iterator<Item = VariableIndex> {
        let collection = &self.plan.collection;
        collection.record_date.into_iter().chain(collection.region.map(|region| region.variable))
    }

    /// How many files are the submission's own.
    pub(super) fn n_present(&self) -> u32 {
        self.n_present
    }

    fn is_earlier(&self, place: Place) -> bool {
        place.file >= self.n_present
    }

    fn day(&self, place: Place) -> i64 {
        self.received.get(place.file as usize).copied().unwrap_or(0)
    }

    /// The files of the submission that are stated to be of a region and month.
    pub(super) fn stated(&self, files: &[InputFile]) -> Covered {
        let mut covered = Covered::default();
        for (file, day) in files.iter().zip(&self.received).filter(|(file, _)| file.statement.is_listed) {
            if let (Some((county, _)), Some(month)) = (&file.statement.region, file.statement.month) {
                covered.add((Some(*county), Some(month)), file.statement.is_earlier, *day);
            }
        }
        covered
    }
}

/// Of what a submission can be: a region and a month, where its groups have such.
type Part = (Option<County>, Option<Month>);

/// Which parts submissions cover: when this one was received, and the latest earlier one.
#[derive(Debug, Default)]
pub(super) struct Covered(BTreeMap<Part, [Option<i64>; 2]>);

impl Covered {
    fn add(&mut self, part: Part, is_earlier: bool, day: i64) {
        let latest = &mut self.0.entry(part).or_default()[usize::from(is_earlier)];
        *latest = (*latest).max(Some(day));
    }

    pub(super) fn merge(&mut self, other: Self) {
        for (part, days) in other.0 {
            for (is_earlier, day) in [false, true].into_iter().zip(days) {
                if let Some(day) = day {
                    self.add(part, is_earlier, day);
                }
            }
        }
    }

    /// The day on which the submission was received that lacks a group although it covers what the group is of, and
    /// the latest earlier one to do so had it. `None` of a group that is not missing.
    pub(super) fn missing_since(&self, absent: Absent) -> Option<i64> {
        let [now, earlier] = self.0.get(&absent.part).copied()?;
        now.filter(|_| earlier == Some(absent.last))
    }
}

/// A group that this submission does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Absent {
    /// What the group is of.
    part: Part,
    /// When the latest submission that held it was received.
    last: i64,
}

/// Days of receipt are written as if after this one, long before any.
const BEGINNING: i64 = -(1 << 40);

impl Absent {
    /// Written behind the values of each group; as nothing where the submission holds it.
    pub(super) fn write(this: Option<Self>, out: &mut Vec<u8>) {
        let Some(Self { part: (county, month), last }) = this else { return row::number(out, 0) };
        row::number(out, last.abs_diff(BEGINNING));
        row::value(out, county.as_ref().map_or("", County::as_str).as_bytes());
        row::number(out, month.map_or(0, |month| u64::from(month.number().unsigned_abs()) + 1));
    }

    pub(super) fn read(bytes: &mut Reader<'_>) -> Option<Self> {
        let since = i64::try_from(bytes.number()).ok().filter(|since| *since > 0)?;
        let county = std::str::from_utf8(bytes.value()).ok().and_then(County::new);
        let month = bytes.number().checked_sub(1).and_then(|month| Month::from_number(i32::try_from(month).ok()?));
        Some(Self { part: (county, month), last: since.wrapping_add(BEGINNING) })
    }
}

/// What earlier submissions say of a group.
#[derive(Debug)]
pub(super) struct GroupHistory {
    first_received: i64,
    open_until: Option<i64>,
    /// `None` where it depends on what else the submission holds.
    received: Option<i64>,
    records_before: usize,
    records_now: usize,
    /// `None` where there is nothing to compare with.
    changed_records: Option<usize>,
    changes: String,
    pub(super) absent: Option<Absent>,
}

impl GroupHistory {
    /// The value of a variable.
    pub(super) fn write(&self, item: HistoryItem, out: &mut Vec<u8>) {
        let text = match item {
            HistoryItem::FirstReceived => format_day(self.first_received),
            HistoryItem::OpenUntil => self.open_until.map(format_day).unwrap_or_default(),
            HistoryItem::Received => self.received.map(format_day).unwrap_or_default(),
            HistoryItem::RecordsBefore => self.records_before.to_string(),
            HistoryItem::RecordsNow => self.records_now.to_string(),
            HistoryItem::ChangedRecords => self.changed_records.map(|n| n.to_string()).unwrap_or_default(),
            HistoryItem::Changes => return out.extend_from_slice(self.changes.as_bytes()),
        };
        out.extend_from_slice(text.as_bytes());
    }
}

/// A record's values of the compared variables.
type Content = Vec<Vec<u8>>;

/// Compares the groups of one bucket.
pub(super) struct Comparing<'p> {
    past: &'p Past<'p>,
    records: &'p Records<'p>,
    pub(super) covered: Covered,
}

impl<'p> Comparing<'p> {
    pub(super) fn new(past: &'p Past<'p>, records: &'p Records<'p>) -> Self {
        Self { past, records, covered: Covered::default() }
    }

    /// Leaves of a group's rows, in their order, those that it folds; `places` are those of all rows.
    pub(super) fn group(&mut self, rows: &mut Vec<u32>, places: &[Place]) -> GroupHistory {
        let past = self.past;
        let place = |row: &u32| places[*row as usize];
        let (earlier, now): (Vec<u32>, Vec<u32>) = rows.iter().partition(|row| past.is_earlier(place(row)));
        let received = now.iter().map(|row| past.day(place(row))).max();
        let mut versions: BTreeMap<i64, Vec<u32>> = BTreeMap::new();
        for row in earlier {
            let day = past.day(place(&row));
            // What came later than this submission is no past of it.
            if received.is_none_or(|received| day <= received) {
                versions.entry(day).or_default().push(row);
            }
        }
        if let (Some(day), Some(part)) = (received, self.part_of(&now)) {
            self.covered.add(part, false, day);
        }
        for (day, version) in &versions {
            if let Some(part) = self.part_of(version) {
                self.covered.add(part, true, *day);
            }
        }
        let first = versions.keys().next().copied();
        let last = versions.pop_last();
        let before: Vec<u32> = last.as_ref().map(|(_, rows)| rows.clone()).unwrap_or_default();
        let first_received = first.or(received).unwrap_or(0);
        let sets = [&before, &now].map(|rows| self.set(rows));
        let changes = (!before.is_empty()).then(|| self.changes(&sets));
        let absent = match (&last, received) {
            (Some((last, rows)), None) => self.part_of(rows).map(|part| Absent { part, last: *last }),
            _ => None,
        };
        let is_absent = received.is_none();
        let history = GroupHistory {
            first_received,
            open_until: time::months_later(first_received, past.history.months),
            received,
            records_before: sets[0].len(),
            records_now: sets[1].len(),
            changed_records: changes.as_ref().map(|(n, _)| *n),
            changes: changes.map(|(_, text)| text).unwrap_or_default(),
            absent,
        };
        *rows = match is_absent {
            // Of nothing that submissions cover: then nobody can say that it should be here.
            true if history.absent.is_none() => Vec::new(),
            true => before,
            false => now,
        };
        history
    }

    /// What the group of these rows is of; `None` where it has no known region or month.
    fn part_of(&self, rows: &[u32]) -> Option<Part> {
        let collection = &self.past.plan.collection;
        let county = match &collection.region {
            None => None,
            Some(region) => {
                let written = self.records.value(region.variable, rows);
                Some(region.county(&written, &self.past.plan.codelists)?)
            }
        };
        let month = match collection.record_date {
            None => None,
            Some(date) => {
                let seconds = time::parse(&self.records.value(date, rows))?.seconds;
                Some(Month::of_day(seconds.div_euclid(time::DAY))?)
            }
        };
        Some((county, month))
    }

    /// Different records, each with its row, in the order of their rows.
    fn set(&self, rows: &[u32]) -> Vec<(Content, u32)> {
        let mut seen: BTreeSet<Content> = BTreeSet::new();
        let value = |at: usize, row: u32| {
            let mut out = Vec::new();
            self.records.write_compared(at, row, &mut out);
            out
        };
        let content = |row: &u32| -> Content { (0..self.past.compared.len()).map(|at| value(at, *row)).collect() };
        rows.iter().map(|row| (content(row), *row)).filter(|(content, _)| seen.insert(content.clone())).collect()
    }

    /// How many records changed, and which.
    fn changes(&self, [before, now]: &[Vec<(Content, u32)>; 2]) -> (usize, String) {
        let without = |all: &[(Content, u32)], other: &[(Content, u32)]| -> Vec<Content> {
            let known: BTreeSet<&Content> = other.iter().map(|(content, _)| content).collect();
            all.iter().filter(|(content, _)| !known.contains(content)).map(|(content, _)| content.clone()).collect()
        };
        let (removed, added) = (without(before, now), without(now, before));
        if removed.is_empty() && added.is_empty() {
            return (0, String::new());
        }
        let mut of_removed = vec![None; removed.len()];
        let mut is_paired = vec![false; added.len()];
        for (_, old, new) in self.likely_pairs(&removed, &added) {
            if of_removed[old].is_none() && !is_paired[new] {
                of_removed[old] = Some(new);
                is_paired[new] = true;
            }
        }
        let changed = removed.iter().zip(&of_removed).map(|(old, new)| match new.map(|new| &added[new]) {
            Some(new) => {
                let differing = differing(old, new);
                format!("{} → {}", self.name(old, &differing), self.name(new, &differing))
            }
            None => format!("− {}", self.name(old, &[])),
        });
        let new = added.iter().zip(&is_paired).filter(|(_, is_paired)| !**is_paired);
        let mut all: Vec<String> = changed.chain(new.map(|(new, _)| format!("+ {}", self.name(new, &[])))).collect();
        let n = all.len();
        if n > CHANGES_SHOWN {
            all.truncate(CHANGES_SHOWN);
            all.push(format!("… (+{})", n - CHANGES_SHOWN));
        }
        (n, all.join("; "))
    }

    /// Records before and now that are alike in most, the most alike first.
    fn likely_pairs(&self, removed: &[Content], added: &[Content]) -> Vec<(usize, usize, usize)> {
        if removed.len().saturating_mul(added.len()) > MOST_PAIRS {
            return Vec::new();
        }
        let is_key = |variable: &&VariableIndex| self.past.fold.key.contains(*variable);
        let n_free = self.past.compared.len() - self.past.compared.iter().filter(is_key).count();
        let mut pairs: Vec<(usize, usize, usize)> = removed
            .iter()
            .enumerate()
            .flat_map(|(old, before)| {
                let differing = added.iter().map(|now| differing(before, now).len()).enumerate();
                differing.map(move |(new, n)| (n, old, new))
            })
            .filter(|(n, ..)| n * 2 <= n_free)
            .collect();
        pairs.sort_unstable();
        pairs
    }

    /// A record as it is named, with those of `also` that do not name it.
    fn name(&self, content: &Content, also: &[usize]) -> String {
        let at = |variable: &VariableIndex| self.past.compared.iter().position(|own| own == variable);
        let named_by: Vec<usize> = self.past.history.named_by.iter().filter_map(at).collect();
        let shown = |at: usize| {
            let item = self.past.fold.of.collection.get(self.past.compared[at]);
            match &content[at] {
                empty if empty.is_empty() => "–".to_owned(),
                value if item.identifies_person || is_personal_number(value) => MASK.to_owned(),
                value => String::from_utf8_lossy(value).into_owned(),
            }
        };
        let mut words: Vec<String> = named_by.iter().map(|at| shown(*at)).collect();
        for at in also.iter().filter(|at| !named_by.contains(at)) {
            words.push(format!("{} {}", self.past.fold.of.collection.get(self.past.compared[*at]).id, shown(*at)));
        }
        words.join(" ")
    }
}

/// Where two records differ.
fn differing(one: &Content, other: &Content) -> Vec<usize> {
    one.iter().zip(other).enumerate().filter(|(_, (one, other))| one != other).map(|(at, _)| at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_absent_is_read_as_it_was_written() {
        let county = County::new("12");
        for absent in [
            None,
            Some(Absent { part: (None, None), last: -1 }),
            Some(Absent { part: (county, Month::parse("2025-01")), last: 20_123 }),
        ] {
            let mut bytes = Vec::new();
            Absent::write(absent, &mut bytes);
            let mut reader = Reader::new(&bytes);
            assert_eq!((Absent::read(&mut reader), reader.is_at_end()), (absent, true));
        }
    }

    #[test]
    fn missing_is_what_the_latest_earlier_submission_had() {
        let of = |month: &str| (County::new("01"), Month::parse(month));
        let mut covered = Covered::default();
        for (month, is_earlier, day) in
            [("2025-01", true, 10), ("2025-01", true, 20), ("2025-01", false, 30), ("2025-02", true, 20)]
        {
            covered.add(of(month), is_earlier, day);
        }
        let since = |month, last| covered.missing_since(Absent { part: of(month), last });
        // Gone already on day 20; of February nothing is delivered now; of March nothing was known.
        assert_eq!(
            [since("2025-01", 20), since("2025-01", 10), since("2025-02", 20), since("2025-03", 20)],
            [Some(30), None, None, None]
        );
    }
}
