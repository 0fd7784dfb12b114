//! Rows that hold several records, unfolded: each filled cell of an event column becomes a record.
//!
//! Responsible for making batches of records of batches of rows, as a [`Layout`] says, so that everything behind the
//! readers knows records only. Values stay views into what was read; only values that are put together (`{svf}10`) are
//! written anew, into their views where they are short. Deliberately knows nothing of files: the generator unfolds the
//! rows that it makes in the same way.
//!
//! # Which record, which row
//!
//! Records of a row come in the order of its physical columns. A finding names the row, its line, and for a variable
//! that the event column gives that column's cell; see [`Positions::own_column`](crate::table::Positions::own_column).
//!
//! No row is lost: one that is blank in every event column stands as one record that cannot be looked at, with a fault
//! that says so, and so does a row whose fields cannot be told apart. Other faults belong to the record of their
//! column, or to the first one of the row where the column is shared.
//!
//! # How a scan runs
//!
//! How many records a batch of rows holds is known only when it is unfolded. Batches are unfolded where they are read,
//! in parallel; they are numbered in file order; and then mapped, some at a time and in parallel again. Files with one
//! row a record never come here.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arrow::buffer::{Buffer, ScalarBuffer};
use rayon::prelude::*;

use super::view::{self, INLINE};
use super::{InputError, InputFile, ScanRequest, ScanSummary};
use crate::model::{Text, VariableIndex};
use crate::schema::Collection;
use crate::schema::layout::{EventColumn, Layout, Piece, Template};
use crate::table::{Batch, Bits, Column, Fault, FaultKind, Positions, Unfolded, length_of};

/// Batches that are mapped together, for each thread.
const BATCHES_PER_THREAD: usize = 3;

/// Makes records of rows.
#[derive(Debug)]
pub struct Unfolder<'a> {
    layout: &'a Layout,
    /// Variables of the collection.
    wanted: Vec<bool>,
    /// The event columns that there are, in physical order.
    events: Vec<(u32, &'a EventColumn)>,
    given: Arc<[bool]>,
}

impl<'a> Unfolder<'a> {
    /// Unfolds rows of `layout` whose columns stand in the physical columns `column_of`, to the `wanted` variables.
    pub fn new(layout: &'a Layout, column_of: &[Option<usize>], wanted: &[bool]) -> Self {
        let physical = |column: VariableIndex| column_of.get(column.0).copied().flatten();
        let mut events: Vec<(u32, &EventColumn)> = layout
            .events
            .iter()
            .filter_map(|event| Some((u32::try_from(physical(event.column)?).ok()?, event)))
            .collect();
        events.sort_by_key(|(column, _)| *column);
        let given = layout.shared.iter().map(Option::is_none).collect();
        Self { layout, wanted: wanted.to_vec(), events, given }
    }

    /// The columns of a row that are needed; one entry a column of [`Layout::row`].
    fn needed(&self) -> Vec<bool> {
        let mut needed = vec![false; self.layout.row.variables.len()];
        let is_wanted = |variable: VariableIndex| self.wanted.get(variable.0).copied().unwrap_or(false);
        for (index, shared) in self.layout.shared.iter().enumerate() {
            if let (Some(column), true) = (shared, is_wanted(VariableIndex(index))) {
                needed[column.0] = true;
            }
        }
        for (_, event) in &self.events {
            // Filled cells are counted, whoever asks for them.
            needed[event.column.0] = true;
            for (_, template) in event.set.iter().filter(|(variable, _)| is_wanted(*variable)) {
                template.columns().for_each(|column| needed[column.0] = true);
            }
        }
        needed
    }

    /// The records of a batch of rows, whose columns are those of [`Layout::row`].
    pub fn unfold(&self, mut rows: Batch) -> Batch {
        // Columns are put together out of views of each row.
        let flat = |column: Option<Column>| column.map(Column::without_keys);
        rows.columns = std::mem::take(&mut rows.columns).into_iter().map(flat).collect();
        let places = self.places(&rows);
        let columns = self
            .wanted
            .iter()
            .enumerate()
            .map(|(variable, wanted)| {
                let variable = VariableIndex(variable);
                match (wanted, self.layout.shared.get(variable.0)) {
                    (true, Some(Some(column))) => {
                        let column = rows.columns.get(column.0)?.as_ref()?;
                        Some(gathered(column, &places))
                    }
                    (true, Some(None)) => self.given(variable, &rows, &places),
                    _ => None,
                }
            })
            .collect();
        let Places { rows: of_rows, events, faults } = places;
        let unfolded = Unfolded {
            first_row: rows.positions.first_row,
            n_rows: rows.n_rows,
            columns: events.iter().map(|event| event.map(|event| self.events[event].0)).collect(),
            rows: of_rows,
            given: Arc::clone(&self.given),
        };
        Batch {
            n_rows: unfolded.rows.len(),
            columns,
            positions: Positions { unfolded: Some(unfolded), ..rows.positions },
            faults,
            raw: rows.raw,
        }
    }

    /// Finds the filled cells, and whose the faults are.
    fn places(&self, batch: &Batch) -> Places {
        let views: Vec<Option<&[u128]>> =
            self.events.iter().map(|(_, event)| batch.columns[event.column.0].as_ref().map(Column::views)).collect();
        let broken = batch.broken();
        let is_broken = |row: usize| broken.as_ref().is_some_and(|broken: &Bits| broken.contains(row));
        let mut places = Places::default();
        let mut firsts = Vec::with_capacity(batch.n_rows);
        for row in 0..batch.n_rows {
            let first = places.rows.len();
            firsts.push(first);
            // A batch has far fewer rows than 32 bits can count.
            let number = u32::try_from(row).unwrap_or(u32::MAX);
            for (event, views) in views.iter().enumerate() {
                if views.is_some_and(|views| length_of(views[row]) != 0) {
                    places.rows.push(number);
                    places.events.push(Some(event));
                }
            }
            if places.rows.len() == first {
                places.rows.push(number);
                places.events.push(None);
                if !is_broken(row) {
                    let kind = FaultKind::NoRecord { columns: self.events.len() };
                    places.faults.push(Fault { row: first, kind });
                }
            }
        }
        for fault in &batch.faults {
            let first = firsts[fault.row];
            let end = firsts.get(fault.row + 1).copied().unwrap_or(places.rows.len());
            let column = match fault.kind {
                FaultKind::UnclosedQuote { column }
                | FaultKind::TextAfterQuote { column }
                | FaultKind::Undecodable { column, .. } => u32::try_from(column).ok(),
                FaultKind::FieldCount { .. } | FaultKind::NoRecord { .. } => None,
            };
            let stands_in = |event: &Option<usize>| event.map(|event| self.events[event].0) == column;
            let own = column.and_then(|_| places.events[first..end].iter().position(stands_in)).unwrap_or(0);
            places.faults.push(Fault { row: first + own, kind: fault.kind.clone() });
        }
        // Stable: within a record they stay in the order of columns.
        places.faults.sort_by_key(|fault| fault.row);
        places
    }

    /// The values of a variable that event columns give; `None` where none can.
    fn given(&self, variable: VariableIndex, rows: &Batch, places: &Places) -> Option<Column> {
        let mut buffers = Buffers::default();
        let sources: Vec<Given<'_>> =
            self.events.iter().map(|(_, event)| Given::new(event, variable, rows, &mut buffers)).collect();
        if sources.iter().all(|source| matches!(source, Given::Nothing)) {
            return None;
        }
        let mut made = Vec::new();
        let made_buffer = u32::try_from(buffers.0.len()).unwrap_or(u32::MAX);
        let mut text = Vec::new();
        let records = places.rows.iter().zip(&places.events);
        let views: Vec<u128> = records
            .map(|(row, event)| {
                let row = *row as usize;
                match event.map(|event| &sources[event]) {
                    None | Some(Given::Nothing) => 0,
                    Some(Given::Cell { views, base }) => rebased(views[row], *base),
                    Some(Given::Made(pieces)) => {
                        text.clear();
                        if !write(pieces, row, &mut text) {
                            return 0;
                        }
                        let view = view::of(&text, made_buffer, made.len());
                        if text.len() > INLINE {
                            made.extend_from_slice(&text);
                        }
                        view
                    }
                }
            })
            .collect();
        if !made.is_empty() {
            buffers.0.push(Buffer::from_vec(made));
        }
        Some(view::column(ScalarBuffer::from(views), &buffers.0))
    }
}

/// The records of some rows.
#[derive(Default)]
struct Places {
    /// For each record its row.
    rows: Vec<u32>,
    /// For each record its event column, by its place in [`Unfolder::events`].
    events: Vec<Option<usize>>,
    /// By record.
    faults: Vec<Fault>,
}

/// What an event column gives a variable.
enum Given<'a> {
    Nothing,
    Cell {
        views: &'a [u128],
        /// The number that the column's first buffer has here.
        base: u32,
    },
    Made(Vec<Made<'a>>),
}

/// A piece of a text that is put together.
enum Made<'a> {
    Text(&'a [u8]),
    Column(Option<&'a Column>),
}

impl<'a> Given<'a> {
    fn new(event: &'a EventColumn, variable: VariableIndex, rows: &'a Batch, buffers: &mut Buffers) -> Self {
        if event.value == variable {
            return match &rows.columns[event.column.0] {
                Some(column) => Self::Cell { views: column.views(), base: buffers.add(column) },
                None => Self::Nothing,
            };
        }
        let Some((_, Template(pieces))) = event.set.iter().find(|(set, _)| *set == variable) else {
            return Self::Nothing;
        };
        let piece = |piece: &'a Piece| match piece {
            Piece::Text(text) => Made::Text(text.as_bytes()),
            Piece::Column(column) => Made::Column(rows.columns[column.0].as_ref()),
        };
        Self::Made(pieces.iter().map(piece).collect())
    }
}

/// Writes a text; false where a value that it needs is blank.
#[inline]
fn write(pieces: &[Made<'_>], row: usize, text: &mut Vec<u8>) -> bool {
    for piece in pieces {
        match piece {
            Made::Text(piece) => text.extend_from_slice(piece),
            Made::Column(Some(column)) if length_of(column.views()[row]) != 0 => {
                text.extend_from_slice(column.value(row));
            }
            Made::Column(_) => return false,
        }
    }
    true
}

/// The buffers of several columns, those that are the same once.
#[derive(Default)]
struct Buffers(Vec<Buffer>);

impl Buffers {
    /// The number that the column's first buffer has here.
    fn add(&mut self, column: &Column) -> u32 {
        let own = &column.buffers()[..];
        let is_same = |here: &[Buffer]| here.iter().zip(own).all(|(here, own)| here.ptr_eq(own));
        let found = (!own.is_empty()).then(|| self.0.windows(own.len()).position(is_same)).flatten();
        let base = found.unwrap_or_else(|| {
            self.0.extend(own.iter().cloned());
            self.0.len() - own.len()
        });
        // Two buffers a column at most, from CSV; as many as pages of a row group from Parquet.
        u32::try_from(base).unwrap_or(u32::MAX)
    }
}

/// The view of a value in a buffer that has another number now.
#[inline]
fn rebased(view: u128, base: u32) -> u128 {
    if length_of(view) as usize <= INLINE { view } else { view + (u128::from(base) << 64) }
}

/// The values of a column for each record; blank for what is no record, as for any whose fields cannot be trusted.
fn gathered(column: &Column, places: &Places) -> Column {
    let views = column.views();
    let records = places.rows.iter().zip(&places.events);
    let view = |(row, event): (&u32, &Option<usize>)| event.map_or(0, |_| views[*row as usize]);
    let gathered: Vec<u128> = records.map(view).collect();
    Column::new(ScalarBuffer::from(gathered), Arc::clone(column.buffers()))
}

/// Reads every record of `file`, whose rows are of layout number `layout`; see [`InputFile::scan`].
///
/// # Errors
/// If the rows cannot be read, if `fold` fails, or on `stop`.
#[expect(clippy::too_many_arguments, reason = "those of a scan, and the layout")]
pub(super) fn scan<R: Send>(
    file: &InputFile,
    layout: usize,
    collection: &Collection,
    request: &ScanRequest,
    stop: &AtomicBool,
    progress: &(dyn Fn(u64) + Sync),
    map: &(dyn Fn(Batch) -> R + Sync),
    fold: &mut dyn FnMut(R) -> Result<(), InputError>,
) -> Result<ScanSummary, InputError> {
    let Some(layout) = collection.layouts.get(layout) else {
        let name = file.path.display();
        return Err(InputError::BadOption(Text::new(
            format!("`{name}`: insamlingen har inte längre filens radform"),
            format!("`{name}`: the collection no longer has the file's layout"),
        )));
    };
    let unfolder = Unfolder::new(layout, &file.row_column_of, &request.wanted);
    let rows = InputFile { column_of: file.row_column_of.clone(), layout: None, ..file.clone() };
    let row_request = ScanRequest { wanted: unfolder.needed(), raw: request.raw };
    let at_a_time = rayon::current_num_threads() * BATCHES_PER_THREAD;
    let mut pending = Vec::with_capacity(at_a_time);
    let mut records = 0;
    let mut flush = |pending: &mut Vec<Batch>| -> Result<(), InputError> {
        if stop.load(Ordering::Relaxed) {
            return Err(InputError::Interrupted);
        }
        let results: Vec<R> = std::mem::take(pending).into_par_iter().with_max_len(1).map(map).collect();
        results.into_iter().try_for_each(&mut *fold)
    };
    let mut take = |mut batch: Batch| {
        batch.positions.first_row = records;
        records += batch.n_rows as u64;
        pending.push(batch);
        if pending.len() < at_a_time { Ok(()) } else { flush(&mut pending) }
    };
    let unfold = |batch: Batch| unfolder.unfold(batch);
    let summary = rows.scan(&layout.row, &row_request, stop, progress, &unfold, &mut take)?;
    flush(&mut pending)?;
    Ok(ScanSummary { records, ..summary })
}

#[cfg(test)]
mod tests;
