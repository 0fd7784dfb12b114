//! Groups of a bucket's records: which belong together, in which order, and what each group folds into.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use arrow::buffer::Buffer;

use super::carried::{Carried, Carrying, Instant, Known};
use super::history::{Absent, Comparing, Covered, GroupHistory, Past};
use super::row::{self, Place, Reader};
use crate::model::VariableIndex;
use crate::rule::fold::{FoldColumn, Function, Operand};
use crate::submission::view;
use crate::table::{Batch, Bits};
use crate::time::write_day;

/// The records of one bucket.
pub(super) struct Records<'a> {
    carrying: &'a Carrying<'a>,
    bytes: Vec<u8>,
    /// By hash, then as they were put aside.
    by_hash: Vec<(u64, u32)>,
    places: Vec<Place>,
    /// Where the parts of the key stand, all of them.
    keys: Vec<Span>,
    /// The bits of each record's sets, some words a record.
    bits: Vec<u64>,
    /// By operand.
    values: Vec<Values>,
    /// By what is compared with earlier submissions: values as they stand.
    written: Vec<Vec<Span>>,
    /// Violated rules on records: row and rule, ascending.
    doubts: Vec<(u32, usize)>,
}

/// Where in a bucket something stands.
#[derive(Clone, Copy, Default)]
struct Span {
    start: u32,
    len: u32,
}

impl Span {
    fn of((start, len): (usize, usize)) -> Self {
        // A bucket is far shorter than 4 GiB.
        let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Self { start: number(start), len: number(len) }
    }

    #[inline]
    fn get(self, bytes: &[u8]) -> &[u8] {
        &bytes[self.start as usize..(self.start + self.len) as usize]
    }
}

/// The values of an operand, an entry a record.
enum Values {
    Text(Vec<TextValue>),
    Int(Vec<i64>),
    Time(Vec<Instant>),
}

/// A text, with its first bytes at hand.
#[derive(Clone, Copy, Default)]
struct TextValue {
    /// The first eight bytes, zeros behind a shorter text; in the order of bytes.
    head: u64,
    span: Span,
}

impl TextValue {
    /// Of a value with padding behind it.
    #[inline]
    fn of(span: Span, bytes: &[u8]) -> Self {
        let word = bytes.get(span.start as usize..span.start as usize + 8).and_then(|word| word.try_into().ok());
        let mask = if span.len < 8 { !(u64::MAX >> (span.len * 8)) } else { u64::MAX };
        Self { head: word.map_or(0, u64::from_be_bytes) & mask, span }
    }

    #[inline]
    fn compare(self, other: Self, bytes: &[u8]) -> Ordering {
        self.head.cmp(&other.head).then_with(|| match self.span.len.max(other.span.len) {
            0..=8 => self.span.len.cmp(&other.span.len),
            _ => self.span.get(bytes).cmp(other.span.get(bytes)),
        })
    }
}

impl<'a> Records<'a> {
    /// Reads a bucket as it was put aside, with its padding.
    pub(super) fn read(bytes: Vec<u8>, carrying: &'a Carrying<'a>) -> Self {
        let n_bytes = bytes.len().saturating_sub(super::PADDING);
        let mut reader = Reader::new(&bytes[..n_bytes]);
        let (mut by_hash, mut places, mut keys) = (Vec::new(), Vec::new(), Vec::new());
        let (mut all_bits, mut bits) = (Vec::new(), Vec::new());
        let none = |operand: &Operand| match operand {
            Operand::Text(_) => Values::Text(Vec::new()),
            Operand::Int(_) => Values::Int(Vec::new()),
            Operand::Time(_) => Values::Time(Vec::new()),
        };
        let mut values: Vec<Values> = carrying.operands.iter().map(none).collect();
        let mut written: Vec<Vec<Span>> = vec![Vec::new(); carrying.compared.len()];
        let mut doubts = Vec::new();
        while !reader.is_at_end() {
            let row = u32::try_from(places.len()).unwrap_or(u32::MAX);
            by_hash.push((reader.word(), row));
            places.push(Place::read(&mut reader));
            let start = reader.at();
            carrying.fold.key.iter().for_each(|_| reader.skip());
            keys.push(Span::of((start, reader.at() - start)));
            carrying.read_bits(&mut reader, &mut bits);
            for (operand, values) in values.iter_mut().enumerate() {
                let has_value = carrying.has_value(operand, &bits);
                match values {
                    Values::Text(texts) if has_value => {
                        texts.push(TextValue::of(Span::of(reader.span()), &bytes));
                    }
                    Values::Text(texts) => texts.push(TextValue::default()),
                    Values::Int(ints) => ints.push(if has_value { reader.signed() } else { 0 }),
                    Values::Time(times) => times.push(Instant(if has_value { reader.signed() } else { 0 })),
                }
            }
            all_bits.extend_from_slice(&bits);
            for spans in &mut written {
                spans.push(Span::of(reader.span()));
            }
            Carrying::read_doubts(&mut reader, carrying.has_doubts(), |rule| doubts.push((row, rule)));
        }
        by_hash.sort_unstable();
        Self { carrying, bytes, by_hash, places, keys, bits: all_bits, values, written, doubts }
    }

    /// The rows of each group, one group behind the other, and where each ends.
    fn groups(&self) -> (Vec<u32>, Vec<usize>) {
        let mut rows: Vec<u32> = self.by_hash.iter().map(|(_, row)| *row).collect();
        let key = |row: u32| self.keys[row as usize].get(&self.bytes);
        let mut ends = Vec::new();
        let mut start = 0;
        for alike in self.by_hash.chunk_by(|(a, _), (b, _)| a == b) {
            let alike = &mut rows[start..start + alike.len()];
            let first = key(alike[0]);
            if alike[1..].iter().all(|other| key(*other) == first) {
                start += alike.len();
                ends.push(start);
                continue;
            }
            // Different keys of one hash are told apart by value.
            alike.sort_by(|a, b| key(*a).cmp(key(*b)));
            for group in alike.chunk_by(|a, b| key(*a) == key(*b)) {
                start += group.len();
                ends.push(start);
            }
        }
        (rows, ends)
    }

    /// Which of two records of a group stands before the other.
    fn order(&self, a: u32, b: u32) -> Ordering {
        let (a, b) = (a as usize, b as usize);
        let orders = self.carrying.order.iter().map(|known| self.compare(*known, a, b));
        orders.fold(Ordering::Equal, Ordering::then).then_with(|| self.places[a].cmp(&self.places[b]))
    }

    /// Puts rows into the order of their group.
    pub(super) fn put_in_order(&self, rows: &mut [u32]) {
        rows.sort_unstable_by(|a, b| self.order(*a, *b));
    }

    #[inline]
    fn is_in(&self, set: usize, row: usize) -> bool {
        let n_words = self.carrying.n_words();
        self.bits[row * n_words + set / 64] >> (set % 64) & 1 == 1
    }

    /// The sets that any of these rows is in, as bits.
    fn sets_of(&self, rows: &[u32], sets: &mut Vec<u64>) {
        let n_words = self.carrying.n_words();
        sets.clear();
        sets.resize(n_words, 0);
        for row in rows {
            let bits = &self.bits[*row as usize * n_words..];
            sets.iter_mut().zip(bits).for_each(|(all, own)| *all |= own);
        }
    }

    /// The rules on records that any of these rows violates.
    fn doubts_of(&self, rows: &[u32]) -> BTreeSet<usize> {
        let of = |row: &u32| {
            let row = *row;
            let start = self.doubts.partition_point(|(other, _)| *other < row);
            self.doubts[start..].iter().take_while(move |(other, _)| *other == row).map(|(_, rule)| *rule)
        };
        if self.doubts.is_empty() { BTreeSet::new() } else { rows.iter().flat_map(of).collect() }
    }

    /// What is unknown is last.
    fn compare(&self, known: Known, a: usize, b: usize) -> Ordering {
        match (self.is_in(known.set, a), self.is_in(known.set, b)) {
            (true, true) => self.compare_values(known.operand, a, b),
            (known_a, known_b) => known_b.cmp(&known_a),
        }
    }

    #[inline]
    fn compare_values(&self, operand: usize, a: usize, b: usize) -> Ordering {
        match &self.values[operand] {
            Values::Text(texts) => texts[a].compare(texts[b], &self.bytes),
            Values::Int(ints) => ints[a].cmp(&ints[b]),
            Values::Time(times) => times[a].cmp(&times[b]),
        }
    }

    /// Writes the value of an operand that a record has.
    fn write_value(&self, operand: usize, row: usize, out: &mut Vec<u8>) {
        match &self.values[operand] {
            Values::Text(texts) => out.extend_from_slice(texts[row].span.get(&self.bytes)),
            Values::Int(ints) => decimal(out, ints[row]),
            Values::Time(times) => {
                let (day, of_day) = times[row].parts();
                write_day(day, out);
                if let Some(of_day) = of_day {
                    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
                    // Writing to memory does not fail.
                    let _ = write!(out, "T{hour:02}:{minute:02}:{second:02}");
                }
            }
        }
    }

    /// A value as it is compared with an earlier one: in one spelling where it can be read, else as it stands.
    pub(super) fn write_compared(&self, at: usize, row: u32, out: &mut Vec<u8>) {
        let row = row as usize;
        match self.carrying.compared[at].known {
            Some(known) if self.is_in(known.set, row) => self.write_value(known.operand, row, out),
            _ => out.extend_from_slice(self.written[at][row].get(&self.bytes)),
        }
    }

    /// Writes what a variable is of a group's rows, which are in these sets; nothing of what its history says.
    fn write(
        &self,
        variable: VariableIndex,
        (rows, sets): (&[u32], &[u64]),
        looked_at: &mut Vec<u32>,
        out: &mut Vec<u8>,
    ) {
        let fold = self.carrying.fold;
        match (fold.columns.get(variable.0), self.carrying.aggregates.get(variable.0)) {
            (Some(FoldColumn::Key(part)), _) => {
                if let (Some(row), Some(at)) = (rows.first(), fold.key.iter().position(|own| own == part)) {
                    let mut reader = Reader::new(self.keys[*row as usize].get(&self.bytes));
                    (0..at).for_each(|_| reader.skip());
                    out.extend_from_slice(reader.value());
                }
            }
            (Some(FoldColumn::Aggregate(_)), Some(Some(aggregate))) => {
                // Most sets are those of no row of a group.
                let is_empty = aggregate.set.is_some_and(|set| sets[set / 64] >> (set % 64) & 1 == 0);
                let rows = if is_empty { &[] } else { rows };
                self.aggregate(aggregate, rows, looked_at, out);
            }
            _ => {}
        }
    }

    /// Writes what a group's rows give. `looked_at` is room to work in.
    fn aggregate(&self, aggregate: &Carried<'_>, rows: &[u32], looked_at: &mut Vec<u32>, out: &mut Vec<u8>) {
        let wanted = rows.iter().copied().filter(|row| match aggregate.set {
            Some(set) => self.is_in(set, *row as usize),
            None => true,
        });
        let Some(operand) = aggregate.operand else { return count(out, wanted.count()) };
        let compare = |a: &u32, b: &u32| self.compare_values(operand, *a as usize, *b as usize);
        let one = match aggregate.function {
            Function::Count(_) => return count(out, wanted.count()),
            Function::CountDistinct(_) | Function::Listed(..) => {
                looked_at.clear();
                looked_at.extend(wanted);
                // Mostly all are the same.
                looked_at.dedup_by(|a, b| compare(a, b) == Ordering::Equal);
                if looked_at.len() > 1 {
                    looked_at.sort_unstable_by(compare);
                    looked_at.dedup_by(|a, b| compare(a, b) == Ordering::Equal);
                }
                let Function::Listed(_, separator) = aggregate.function else { return count(out, looked_at.len()) };
                for (at, row) in looked_at.iter().enumerate() {
                    if at > 0 {
                        out.extend_from_slice(separator.as_bytes());
                    }
                    self.write_value(operand, *row as usize, out);
                }
                return;
            }
            Function::Min(_) => match &self.values[operand] {
                Values::Text(_) => wanted.min_by(compare),
                Values::Int(ints) => wanted.min_by_key(|row| ints[*row as usize]),
                Values::Time(times) => wanted.min_by_key(|row| times[*row as usize]),
            },
            Function::Max(_) => match &self.values[operand] {
                Values::Text(_) => wanted.max_by(compare),
                Values::Int(ints) => wanted.max_by_key(|row| ints[*row as usize]),
                Values::Time(times) => wanted.max_by_key(|row| times[*row as usize]),
            },
            Function::First(_) => wanted.min_by(|a, b| self.order(*a, *b)),
            Function::Last(_) => wanted.max_by(|a, b| self.order(*a, *b)),
        };
        if let Some(row) = one {
            self.write_value(operand, row as usize, out);
        }
    }

    /// What a variable is of a group's rows.
    pub(super) fn value(&self, variable: VariableIndex, rows: &[u32]) -> Vec<u8> {
        let (mut sets, mut out) = (Vec::new(), Vec::new());
        self.sets_of(rows, &mut sets);
        self.write(variable, (rows, &sets), &mut Vec::new(), &mut out);
        out
    }
}

fn count(out: &mut Vec<u8>, n: usize) {
    decimal(out, i64::try_from(n).unwrap_or(i64::MAX));
}

fn decimal(out: &mut Vec<u8>, number: i64) {
    match u8::try_from(number) {
        Ok(digit @ 0..=9) => out.push(b'0' + digit),
        // Writing to memory does not fail.
        _ => drop(write!(out, "{number}")),
    }
}

/// The groups of a bucket.
pub(super) struct Groups<'a> {
    records: &'a Records<'a>,
    /// One group behind the other.
    rows: Vec<u32>,
    ends: Vec<usize>,
    /// For each group what earlier submissions say of it; empty where there are none.
    histories: Vec<GroupHistory>,
    /// What submissions cover, as far as these groups show.
    pub(super) covered: Covered,
    /// Room to work in.
    looked_at: Vec<u32>,
    sets: Vec<u64>,
}

impl<'a> Groups<'a> {
    /// Brings together the records of a bucket; with a `past`, beside those of earlier submissions.
    pub(super) fn of(records: &'a Records<'a>, past: Option<&Past<'_>>) -> Self {
        let (mut rows, mut ends) = records.groups();
        let mut histories = Vec::new();
        let mut covered = Covered::default();
        if let Some(past) = past {
            let mut comparing = Comparing::new(past, records);
            let (mut kept, mut kept_ends) = (Vec::with_capacity(rows.len()), Vec::with_capacity(ends.len()));
            let mut start = 0;
            for end in ends {
                let mut group = rows[start..end].to_vec();
                records.put_in_order(&mut group);
                start = end;
                let history = comparing.group(&mut group, &records.places);
                if !group.is_empty() {
                    kept.append(&mut group);
                    kept_ends.push(kept.len());
                    histories.push(history);
                }
            }
            covered = comparing.covered;
            (rows, ends) = (kept, kept_ends);
        }
        Self { records, rows, ends, histories, covered, looked_at: Vec::new(), sets: Vec::new() }
    }

    /// How many groups there are.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    fn rows(&self, group: usize) -> std::ops::Range<usize> {
        let start = if group == 0 { 0 } else { self.ends[group - 1] };
        start..self.ends[group]
    }

    /// The places of a group's records, in the order of the files.
    pub(super) fn places(&self, group: usize, places: &mut Vec<Place>) {
        places.clear();
        places.extend(self.rows[self.rows(group)].iter().map(|row| self.records.places[*row as usize]));
        places.sort_unstable();
    }

    /// Writes a group: its records' places, what of it may be missing, and the `wanted` variables.
    pub(super) fn write(&mut self, group: usize, places: &[Place], wanted: &[VariableIndex], out: &mut Vec<u8>) {
        Members::write(places, out);
        let rows = &self.rows[self.rows(group)];
        let history = self.histories.get(group);
        Absent::write(history.and_then(|history| history.absent), out);
        self.records.carrying.write_doubts(self.records.doubts_of(rows).into_iter(), out);
        self.records.sets_of(rows, &mut self.sets);
        row::value_by(out, |out| {
            for variable in wanted {
                row::value_by(out, |out| match (self.records.carrying.fold.columns.get(variable.0), history) {
                    (Some(FoldColumn::History(item)), Some(history)) => history.write(*item, out),
                    _ => self.records.write(*variable, (rows, &self.sets), &mut self.looked_at, out),
                });
            }
        });
    }
}

/// The records of a group, as they were put aside: looked at only where a finding or a rejection wants them.
#[derive(Clone, Copy)]
struct Members {
    /// The first of the files.
    first: Place,
    n: u64,
    /// Where the others are.
    rest: Span,
}

impl Members {
    /// Writes the first place, how many there are, and the others.
    fn write(places: &[Place], out: &mut Vec<u8>) {
        let Some((first, others)) = places.split_first() else { return };
        first.write(out);
        row::number(out, others.len() as u64);
        if !others.is_empty() {
            row::value_by(out, |out| others.iter().for_each(|place| place.write(out)));
        }
    }

    fn read(reader: &mut Reader<'_>) -> Self {
        let first = Place::read(reader);
        let others = reader.number();
        let rest = if others == 0 { Span::default() } else { Span::of(reader.span()) };
        Self { first, n: others + 1, rest }
    }
}

/// Groups that were put aside, read back in the order of their first records.
pub(super) struct FoldedBatch {
    /// The values, a row a group.
    pub(super) batch: Batch,
    members: Vec<Members>,
    bytes: Buffer,
    /// For each group that the submission lacks, the day on which that was received.
    pub(super) missing_since: Vec<Option<i64>>,
    /// The rules on records that a record of the group violates.
    doubts: Vec<Vec<usize>>,
}

impl FoldedBatch {
    /// Reads groups as [`Groups::write`] wrote them, with their padding: the `wanted` of all variables. Of groups that
    /// the submission does not hold, those that it should.
    pub(super) fn read(
        bytes: Vec<u8>,
        n_variables: usize,
        (wanted, has_doubts): (&[VariableIndex], bool),
        covered: &Covered,
    ) -> Self {
        let n_bytes = bytes.len().saturating_sub(super::PADDING);
        let mut reader = Reader::new(&bytes[..n_bytes]);
        let mut groups: Vec<(Members, usize, Option<i64>, Vec<usize>)> = Vec::new();
        while !reader.is_at_end() {
            let members = Members::read(&mut reader);
            let absent = Absent::read(&mut reader);
            let mut doubts = Vec::new();
            Carrying::read_doubts(&mut reader, has_doubts, |rule| doubts.push(rule));
            let (start, _) = reader.span();
            let since = absent.and_then(|absent| covered.missing_since(absent));
            if absent.is_none() || since.is_some() {
                groups.push((members, start, since, doubts));
            }
        }
        groups.sort_unstable_by_key(|(members, ..)| members.first);
        let mut views: Vec<Vec<u128>> = vec![Vec::with_capacity(groups.len()); wanted.len()];
        for (_, start, ..) in &groups {
            let mut reader = Reader::at_byte(&bytes[..n_bytes], *start);
            for views in &mut views {
                let (start, len) = reader.span();
                views.push(view::exact(&bytes, start, len));
            }
        }
        let bytes = Buffer::from(bytes);
        let mut columns = vec![None; n_variables];
        for (variable, views) in wanted.iter().zip(views) {
            columns[variable.0] = Some(row::column(views, &bytes));
        }
        let batch = Batch::made_up(columns, groups.len());
        let (mut members, mut missing_since, mut doubts) = (Vec::new(), Vec::new(), Vec::new());
        for (own, _, since, rules) in groups {
            members.push(own);
            missing_since.push(since);
            doubts.push(rules);
        }
        Self { batch, members, bytes, missing_since, doubts }
    }

    /// For each rule on records that some group's record violates, behind `n_rules` on groups, these groups.
    pub(super) fn doubts(&self, n_rules: usize) -> Vec<(usize, Bits)> {
        let mut by_rule: BTreeMap<usize, Bits> = BTreeMap::new();
        for (group, rules) in self.doubts.iter().enumerate() {
            for rule in rules {
                by_rule.entry(n_rules + rule).or_insert_with(|| Bits::none(self.doubts.len())).insert(group);
            }
        }
        by_rule.into_iter().collect()
    }

    /// For each group the place of its first record.
    pub(super) fn first_places(&self) -> impl ExactSizeIterator<Item = Place> + '_ {
        self.members.iter().map(|members| members.first)
    }

    /// How many records a group has.
    pub(super) fn n_members(&self, group: usize) -> u64 {
        self.members[group].n
    }

    /// The places of a group's records, in the order of the files.
    pub(super) fn places(&self, group: usize) -> impl Iterator<Item = Place> + '_ {
        let members = self.members[group];
        let mut reader = Reader::new(members.rest.get(&self.bytes));
        std::iter::once(members.first).chain((1..members.n).map(move |_| Place::read(&mut reader)))
    }
}
