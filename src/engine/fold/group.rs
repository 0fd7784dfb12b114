//! Groups of a bucket's records: which belong together, in which order, and what each group folds into.
//!
//! Aggregates are worked out a column at a time. Filters and operands are nodes like those of rules, evaluated over the
//! whole bucket at once; a group is then some rows of it, in the order that was declared.

use std::cmp::Ordering;
use std::rc::Rc;

use arrow::buffer::Buffer;

use super::history::{Absent, Comparing, Covered, GroupHistory, Past};
use super::row::{self, Place, Reader};
use crate::engine::column::{Ints, Times};
use crate::engine::eval::{Context, Evaluator, Texts};
use crate::model::VariableIndex;
use crate::rule::fold::{Aggregate, Fold, FoldColumn, Function, Operand};
use crate::table::{Batch, Bits, value};
use crate::time::{DAY, write_day};

/// The records of one bucket, as columns.
pub(super) struct Records {
    hashes: Vec<u64>,
    places: Vec<Place>,
    batch: Batch,
}

impl Records {
    /// Reads a bucket as it was put aside, with its padding: `needed` variables of each record.
    pub(super) fn read(bytes: Vec<u8>, n_variables: usize, needed: &[VariableIndex]) -> Self {
        let mut reader = Reader::new(&bytes[..bytes.len().saturating_sub(super::PADDING)]);
        let (mut hashes, mut places) = (Vec::new(), Vec::new());
        let mut views: Vec<Vec<u128>> = vec![Vec::new(); needed.len()];
        while !reader.is_at_end() {
            hashes.push(reader.word());
            places.push(Place::read(&mut reader));
            for views in &mut views {
                views.push(reader.view());
            }
        }
        let buffer = Buffer::from(bytes);
        let mut columns = vec![None; n_variables];
        for (variable, views) in needed.iter().zip(views) {
            columns[variable.0] = Some(row::column(views, &buffer));
        }
        let n_rows = places.len();
        Self { hashes, places, batch: Batch::made_up(columns, n_rows) }
    }

    /// The rows of each group, one group behind the other, and where each ends.
    fn groups(&self, fold: &Fold, order: &[Values<'_>]) -> (Vec<u32>, Vec<usize>) {
        let mut by_hash: Vec<(u64, u32)> = self.hashes.iter().copied().zip(0..).collect();
        by_hash.sort_unstable();
        let mut rows: Vec<u32> = by_hash.iter().map(|(_, row)| *row).collect();
        let key: Vec<_> = fold.key.iter().filter_map(|part| self.batch.columns[part.0].as_ref()).collect();
        let compare_keys = |a: u32, b: u32| {
            let orders = key.iter().map(|part| value(part, a as usize).cmp(value(part, b as usize)));
            orders.fold(Ordering::Equal, Ordering::then)
        };
        let within = |a: &u32, b: &u32| {
            let (a, b) = (*a as usize, *b as usize);
            let orders = order.iter().map(|values| values.compare(a, b));
            orders.fold(Ordering::Equal, Ordering::then).then_with(|| self.places[a].cmp(&self.places[b]))
        };
        let mut ends = Vec::new();
        let mut start = 0;
        while start < rows.len() {
            let hash = by_hash[start].0;
            let len = by_hash[start..].iter().take_while(|(other, _)| *other == hash).count();
            let alike = &mut rows[start..start + len];
            // Different keys of one hash are told apart by value.
            if alike.iter().any(|other| compare_keys(alike[0], *other) != Ordering::Equal) {
                alike.sort_unstable_by(|a, b| compare_keys(*a, *b));
            }
            for group in alike.chunk_by_mut(|a, b| compare_keys(*a, *b) == Ordering::Equal) {
                group.sort_unstable_by(within);
                start += group.len();
                ends.push(start);
            }
        }
        (rows, ends)
    }
}

/// What the groups of a bucket fold into.
pub(super) struct Groups {
    /// For each group its records' places, the first of the files first; one group behind the other.
    places: Vec<Place>,
    ends: Vec<usize>,
    /// One entry a wanted variable of the collection made: the values of all groups.
    columns: Vec<Folded>,
    /// For each group what earlier submissions say of it; empty where there are none.
    histories: Vec<GroupHistory>,
    /// What submissions cover, as far as these groups show.
    pub(super) covered: Covered,
}

/// The values of one variable, one behind the other, and where each ends.
#[derive(Default)]
struct Folded {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Folded {
    fn get(&self, group: usize) -> &[u8] {
        let start = if group == 0 { 0 } else { self.ends[group - 1] };
        &self.bytes[start..self.ends[group]]
    }
}

/// The records of a bucket, ready to be folded.
pub(super) struct Folding<'f, 'a> {
    fold: &'f Fold,
    records: &'a Records,
    /// One entry a variable of the collection made; `None` of those that are not asked for or are no aggregates.
    aggregates: Vec<Option<Aggregating<'f, 'a>>>,
}

impl<'f, 'a> Folding<'f, 'a> {
    fn new(
        fold: &'f Fold,
        records: &'a Records,
        evaluator: &Evaluator<'a>,
        wanted: impl Iterator<Item = VariableIndex>,
    ) -> Self {
        let mut aggregates: Vec<Option<Aggregating<'f, 'a>>> = fold.columns.iter().map(|_| None).collect();
        for variable in wanted {
            if let (Some(place @ None), Some(FoldColumn::Aggregate(aggregate))) =
                (aggregates.get_mut(variable.0), fold.columns.get(variable.0))
            {
                *place = Some(Aggregating::new(evaluator, aggregate));
            }
        }
        Self { fold, records, aggregates }
    }

    /// Writes what a variable is of a group's rows, in their order; nothing of what its history says.
    fn write(&self, variable: VariableIndex, rows: &[u32], looked_at: &mut Vec<usize>, out: &mut Vec<u8>) {
        match self.fold.columns.get(variable.0) {
            Some(FoldColumn::Key(part)) => {
                let column = self.records.batch.columns[part.0].as_ref();
                if let (Some(key), Some(row)) = (column, rows.first()) {
                    out.extend_from_slice(value(key, *row as usize));
                }
            }
            Some(FoldColumn::Aggregate(_)) => {
                if let Some(aggregate) = self.aggregates.get(variable.0).and_then(Option::as_ref) {
                    aggregate.write(rows, looked_at, out);
                }
            }
            Some(FoldColumn::History(_)) | None => {}
        }
    }

    /// The same as a value of its own.
    pub(super) fn value(&self, variable: VariableIndex, rows: &[u32]) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(variable, rows, &mut Vec::new(), &mut out);
        out
    }
}

impl Groups {
    /// Folds the records of a bucket; with a `past`, beside those of earlier submissions.
    pub(super) fn fold(
        records: &Records,
        context: &Context<'_>,
        fold: &Fold,
        wanted: &[VariableIndex],
        past: Option<&Past<'_>>,
    ) -> Self {
        let evaluator = Evaluator::new(context, &records.batch);
        let order: Vec<Values<'_>> = fold.order.iter().map(|operand| Values::of(&evaluator, *operand)).collect();
        let (mut rows, mut ends) = records.groups(fold, &order);
        let of_past = past.into_iter().flat_map(Past::variables);
        let folding = Folding::new(fold, records, &evaluator, wanted.iter().copied().chain(of_past));
        let mut histories = Vec::new();
        let mut covered = Covered::default();
        if let Some(past) = past {
            let mut comparing = Comparing::new(past, &folding, &evaluator);
            let (mut kept, mut kept_ends) = (Vec::with_capacity(rows.len()), Vec::with_capacity(ends.len()));
            let mut start = 0;
            for end in ends {
                let mut group = rows[start..end].to_vec();
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
        let starts = || std::iter::once(0).chain(ends.iter().copied());
        let mut looked_at = Vec::new();
        let columns = wanted
            .iter()
            .filter_map(|variable| Some((variable, fold.columns.get(variable.0)?)))
            .map(|(variable, column)| {
                let mut folded = Folded::default();
                for (group, (start, end)) in starts().zip(ends.iter().copied()).enumerate() {
                    match (column, histories.get(group)) {
                        (FoldColumn::History(item), Some(history)) => history.write(*item, &mut folded.bytes),
                        _ => folding.write(*variable, &rows[start..end], &mut looked_at, &mut folded.bytes),
                    }
                    folded.ends.push(folded.bytes.len());
                }
                folded
            })
            .collect();
        let mut places: Vec<Place> = rows.iter().map(|row| records.places[*row as usize]).collect();
        for (start, end) in starts().zip(ends.iter().copied()) {
            places[start..end].sort_unstable();
        }
        Self { places, ends, columns, histories, covered }
    }

    /// How many groups there are.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The places of a group's records, in the order of the files.
    pub(super) fn places(&self, group: usize) -> &[Place] {
        let start = if group == 0 { 0 } else { self.ends[group - 1] };
        &self.places[start..self.ends[group]]
    }

    /// Writes the places of a group's records and its values.
    pub(super) fn write(&self, group: usize, out: &mut Vec<u8>) {
        let places = self.places(group);
        row::number(out, places.len() as u64);
        for place in places {
            place.write(out);
        }
        for column in &self.columns {
            row::value(out, column.get(group));
        }
        Absent::write(self.histories.get(group).and_then(|history| history.absent), out);
    }
}

/// The values of an operand, a row each.
pub(super) enum Values<'a> {
    Text(Rc<Texts<'a>>),
    Int(Rc<Ints>),
    Time(Rc<Times>),
}

impl<'a> Values<'a> {
    pub(super) fn of(evaluator: &Evaluator<'a>, operand: Operand) -> Self {
        match operand {
            Operand::Text(node) => Self::Text(evaluator.text(node)),
            Operand::Int(node) => Self::Int(evaluator.int(node)),
            Operand::Time(node) => Self::Time(evaluator.time(node)),
        }
    }

    pub(super) fn is_known(&self, row: usize) -> bool {
        match self {
            Self::Text(texts) => texts.get(row).is_some(),
            Self::Int(ints) => ints.known.contains(row),
            Self::Time(times) => times.known.contains(row),
        }
    }

    /// What is unknown is last; a point in time without time of day is the day's first.
    fn compare(&self, a: usize, b: usize) -> Ordering {
        let by_value = || match self {
            Self::Text(texts) => texts.get(a).cmp(&texts.get(b)),
            Self::Int(ints) => ints.values[a].cmp(&ints.values[b]),
            Self::Time(times) => {
                let of = |row: usize| (times.seconds[row], !times.is_date_only(row));
                of(a).cmp(&of(b))
            }
        };
        match (self.is_known(a), self.is_known(b)) {
            (true, true) => by_value(),
            (known_a, known_b) => known_b.cmp(&known_a),
        }
    }

    pub(super) fn write(&self, row: usize, out: &mut Vec<u8>) {
        match self {
            Self::Text(texts) => out.extend_from_slice(texts.get(row).unwrap_or_default()),
            Self::Int(ints) => out.extend_from_slice(ints.values[row].to_string().as_bytes()),
            Self::Time(times) => {
                let seconds = times.seconds[row];
                write_day(seconds.div_euclid(DAY), out);
                if !times.is_date_only(row) {
                    let of_day = seconds.rem_euclid(DAY);
                    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
                    out.extend_from_slice(format!("T{hour:02}:{minute:02}:{second:02}").as_bytes());
                }
            }
        }
    }
}

/// One aggregate, ready for any group of the bucket.
struct Aggregating<'f, 'a> {
    function: &'f Function,
    /// `None` where every record is looked at.
    filter: Option<Bits>,
    values: Option<Values<'a>>,
}

impl<'f, 'a> Aggregating<'f, 'a> {
    fn new(evaluator: &Evaluator<'a>, aggregate: &'f Aggregate) -> Self {
        let filter = &evaluator.bool(aggregate.filter).yes;
        let is_everything = filter.count() == filter.len() as u64;
        Self {
            function: &aggregate.function,
            filter: (!is_everything).then(|| filter.clone()),
            values: aggregate.function.operand().map(|operand| Values::of(evaluator, operand)),
        }
    }

    /// Writes what a group's rows, in their order, give. `looked_at` is room to work in.
    fn write(&self, rows: &[u32], looked_at: &mut Vec<usize>, out: &mut Vec<u8>) {
        let is_in = |row: &usize| self.filter.as_ref().is_none_or(|filter| filter.contains(*row));
        let has_value = |row: &usize| self.values.as_ref().is_none_or(|values| values.is_known(*row));
        let mut wanted = rows.iter().map(|row| *row as usize).filter(|row| is_in(row) && has_value(row));
        let count = |out: &mut Vec<u8>, n: usize| match n {
            0..=9 => out.push(b'0' + u8::try_from(n).unwrap_or(0)),
            _ => out.extend_from_slice(n.to_string().as_bytes()),
        };
        let Some(values) = &self.values else { return count(out, wanted.count()) };
        let one = match self.function {
            Function::Count(_) => return count(out, wanted.count()),
            Function::CountDistinct(_) | Function::Listed(..) => {
                looked_at.clear();
                looked_at.extend(wanted);
                looked_at.sort_unstable_by(|a, b| values.compare(*a, *b));
                looked_at.dedup_by(|a, b| values.compare(*a, *b) == Ordering::Equal);
                let Function::Listed(_, separator) = self.function else { return count(out, looked_at.len()) };
                for (at, row) in looked_at.iter().enumerate() {
                    if at > 0 {
                        out.extend_from_slice(separator.as_bytes());
                    }
                    values.write(*row, out);
                }
                return;
            }
            Function::Min(_) => wanted.min_by(|a, b| values.compare(*a, *b)),
            Function::Max(_) => wanted.max_by(|a, b| values.compare(*a, *b)),
            Function::First(_) => wanted.next(),
            Function::Last(_) => wanted.next_back(),
        };
        if let Some(row) = one {
            values.write(row, out);
        }
    }
}

/// Groups that were put aside, read back in the order of their first records.
pub(super) struct FoldedBatch {
    /// The values, a row a group.
    pub(super) batch: Batch,
    /// For each group its records' places.
    pub(super) members: Vec<Vec<Place>>,
    /// For each group that the submission lacks, the day on which that was received.
    pub(super) missing_since: Vec<Option<i64>>,
}

impl FoldedBatch {
    /// Reads groups as [`Groups::write`] wrote them, with their padding: the `wanted` of all variables. Of groups that
    /// the submission does not hold, those that it should.
    pub(super) fn read(bytes: Vec<u8>, n_variables: usize, wanted: &[VariableIndex], covered: &Covered) -> Self {
        let mut reader = Reader::new(&bytes[..bytes.len().saturating_sub(super::PADDING)]);
        let mut groups: Vec<(Place, usize, Vec<Place>, Option<i64>)> = Vec::new();
        let mut values: Vec<u128> = Vec::new();
        while !reader.is_at_end() {
            let n_members = reader.number();
            let members: Vec<Place> = (0..n_members).map(|_| Place::read(&mut reader)).collect();
            let start = values.len();
            values.extend(wanted.iter().map(|_| reader.view()));
            let since = match Absent::read(&mut reader) {
                None => None,
                Some(absent) => match covered.missing_since(absent) {
                    None => continue,
                    since => since,
                },
            };
            groups.push((members.first().copied().unwrap_or_default(), start, members, since));
        }
        groups.sort_unstable_by_key(|(first, ..)| *first);
        // A group's values lie together, so that groups are gone through once.
        let mut views: Vec<Vec<u128>> = vec![Vec::with_capacity(groups.len()); wanted.len()];
        for (_, start, ..) in &groups {
            for (views, value) in views.iter_mut().zip(&values[*start..]) {
                views.push(*value);
            }
        }
        let buffer = Buffer::from(bytes);
        let mut columns = vec![None; n_variables];
        for (variable, views) in wanted.iter().zip(views) {
            columns[variable.0] = Some(row::column(views, &buffer));
        }
        let batch = Batch::made_up(columns, groups.len());
        let (members, missing_since) = groups.into_iter().map(|(_, _, members, since)| (members, since)).unzip();
        Self { batch, members, missing_since }
    }
}
