//! Rows of a layout, generated and unfolded to records.
//!
//! Responsible for what becomes of rows when records are wanted: they are unfolded by what unfolds submissions
//! ([`Unfolder`]), so that the two cannot disagree; defects of single records are planted; and records of one row are set
//! apart, by the date of each, as in an extract. Which record has which number is known only then, so the truth is written
//! last.
//!
//! # Order
//!
//! Records in the order of their dates come from all blocks, and there may be more than fit into memory: they are put
//! aside in temporary files without names, one for each 32 days, and each is put in order on its own. Records of one
//! date stay in the order of rows, so that the result does not depend on threads.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;

use super::defect::{Drawn, Planted, Planter};
use super::output::{BLOCK_RECORDS, Encoded, Field, WAVE_BLOCKS, Writer};
use super::profile::Unfolds;
use super::random::Stream;
use super::record::Record;
use super::truth::{KeyedRow, TruthWriter};
use super::{Arrangement, Context, GenerateError};
use crate::model::VariableIndex;
use crate::submission::unfold::Unfolder;
use crate::table::{Batch, ColumnBuilder, value};
use crate::time::{self, DAY};

/// Days whose records are put in order together.
const BUCKET_DAYS: i64 = 32;

/// A record on its way: what it is ordered by, its defect, its fields.
struct Made {
    /// Seconds of its date, without defects.
    key: i64,
    /// The place of its defect among those of its block and later of all, from 1; 0 where it has none.
    mark: u32,
    /// Each with its length before it.
    fields: Vec<u8>,
}

/// A planted defect.
struct Mark {
    defect: usize,
    value: Vec<u8>,
    /// What the findings of groups are known by.
    key: String,
}

/// The records of some consecutive rows.
struct Block {
    made: Vec<Made>,
    marks: Vec<Mark>,
}

/// Generates every record, and the truth.
pub(super) fn generate<W: Write + Send, T: Write>(
    context: &Context<'_>,
    unfolds: &Unfolds,
    mut writer: Writer<W>,
    mut truth: TruthWriter<'_, T>,
    stop: &AtomicBool,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<Vec<u64>, GenerateError> {
    let request = context.request;
    let n_rows = request.records.count();
    let n_blocks = n_rows.div_ceil(BLOCK_RECORDS);
    let mut marks: Vec<Mark> = Vec::new();
    let mut planted = vec![0; context.defects.list.len()];
    let mut by_date = (request.arrangement == Arrangement::ByDate).then(ByDate::default);
    let mut output = Numbered::new(context);
    for first in (0..n_blocks).step_by(usize::try_from(WAVE_BLOCKS).unwrap_or(1)) {
        if stop.load(Ordering::Relaxed) {
            return Err(GenerateError::Interrupted);
        }
        let last = (first + WAVE_BLOCKS).min(n_blocks);
        let wave: Vec<Block> = (first..last).into_par_iter().map(|block| rows(context, unfolds, block)).collect();
        for mut block in wave {
            let before = u32::try_from(marks.len()).unwrap_or(u32::MAX);
            block.made.iter_mut().filter(|made| made.mark > 0).for_each(|made| made.mark += before);
            for mark in block.marks {
                planted[mark.defect] += 1;
                if context.defects.list[mark.defect].is_of_group {
                    truth.keyed(&KeyedRow { record: None, defect: mark.defect, value: &mark.value, key: &mark.key })?;
                }
                marks.push(mark);
            }
            match &mut by_date {
                Some(by_date) => block.made.iter().try_for_each(|made| by_date.put_aside(made))?,
                None => block.made.iter().for_each(|made| output.push(made)),
            }
        }
        output.write(&mut writer)?;
        progress((last * BLOCK_RECORDS).min(n_rows) - first * BLOCK_RECORDS);
    }
    for bucket in by_date.into_iter().flat_map(|by_date| by_date.0.into_values()) {
        if stop.load(Ordering::Relaxed) {
            return Err(GenerateError::Interrupted);
        }
        for made in in_order(bucket)? {
            output.push(&made);
        }
        output.write(&mut writer)?;
    }
    writer.finish()?;
    for (record, mark) in output.marked {
        let mark = &marks[mark as usize - 1];
        if !context.defects.list[mark.defect].is_of_group {
            let row = KeyedRow { record: Some(record), defect: mark.defect, value: &mark.value, key: &mark.key };
            truth.keyed(&row)?;
        }
    }
    truth.finish()?;
    Ok(planted)
}

/// Makes the rows of a block, and unfolds them.
fn rows(context: &Context<'_>, unfolds: &Unfolds, block: u64) -> Block {
    let Context { profile, setting, request, .. } = context;
    let mut stream = Stream::new(setting.seed, block, 0);
    let n_rows = request.records.count();
    let mut planter = Planter::new(context.defects, profile, setting, request.format, (n_rows, true), block);
    let mut columns: Vec<ColumnBuilder> =
        profile.collection.variables.iter().map(|_| ColumnBuilder::default()).collect();
    let first = block * BLOCK_RECORDS;
    let numbers = first..(first + BLOCK_RECORDS).min(n_rows);
    let mut record = Record::default();
    let mut drawn_rows: Vec<(Option<Planted>, (i64, i64))> = Vec::new();
    for number in numbers {
        record.draw(profile, setting, number, request.records.place(number), &mut stream);
        let text = |variable: VariableIndex| record.text(profile.value_of[variable.0]);
        let drawn = Drawn { collection: &profile.collection, text: &text, number, period: record.period };
        let planted = planter.plant(&record);
        let of_row = planted.as_ref().filter(|planted| planted.of.is_none());
        for (index, column) in columns.iter_mut().enumerate() {
            let variable = VariableIndex(index);
            column.push(of_row.map_or_else(|| text(variable), |planted| planted.text(&drawn, variable)));
        }
        drawn_rows.push((planted, record.period));
    }
    let columns = columns.into_iter().map(|column| Some(column.finish())).collect();
    let layout = unfolds.layout();
    let column_of: Vec<Option<usize>> = (0..layout.row.variables.len()).map(Some).collect();
    let wanted = vec![true; unfolds.collection.variables.len()];
    let batch = Unfolder::new(layout, &column_of, &wanted).unfold(Batch::made_up(columns, drawn_rows.len()));
    Unfolding { context, unfolds, batch: &batch }.records(&mut planter, drawn_rows, first)
}

struct Unfolding<'a> {
    context: &'a Context<'a>,
    unfolds: &'a Unfolds,
    batch: &'a Batch,
}

impl<'a> Unfolding<'a> {
    fn text(&self, record: usize, variable: VariableIndex) -> &'a [u8] {
        self.batch.columns[variable.0].as_ref().map(|column| value(column, record)).unwrap_or_default()
    }

    /// The records of the batch. Of each row what is planted in it, and its period; `first` is the number of the first.
    fn records(&self, planter: &mut Planter<'_>, mut rows: Vec<(Option<Planted>, (i64, i64))>, first: u64) -> Block {
        let mut block = Block { made: Vec::new(), marks: Vec::new() };
        let Some(unfolded) = &self.batch.positions.unfolded else { return block };
        // The mark of the row at hand, for its records to share.
        let mut mark_of: Vec<u32> = vec![0; rows.len()];
        for (record, (row, column)) in unfolded.rows.iter().zip(&unfolded.columns).enumerate() {
            let row = *row as usize;
            // A row without an event has no record.
            let Some(column) = *column else { continue };
            let (planted, period) = &mut rows[row];
            let key = self.key(record);
            let text = |variable: VariableIndex| self.text(record, variable);
            let collection = &self.unfolds.collection;
            let drawn = Drawn { collection, text: &text, number: first + row as u64, period: *period };
            let mut changed = None;
            if let Some(planted) = planted {
                let is_here = planted.of.is_none_or(|of| of.0 == column as usize);
                if is_here && planted.of.is_some() && planter.plant_in(&drawn, planted) {
                    changed = Some(&*planted);
                }
                if planted.of.is_none() || changed.is_some() {
                    self.mark(&drawn, planted, (column, record), &mut mark_of[row], &mut block);
                }
            }
            let mark = rows[row].0.as_ref().map_or(0, |planted| self.mark_here(planted, column, mark_of[row]));
            let changed = rows[row].0.as_ref().filter(|planted| planted.of.is_some_and(|of| of.0 == column as usize));
            let changed = changed.filter(|_| mark_of[row] > 0);
            let fields: Vec<&[u8]> = (0..self.unfolds.collection.variables.len())
                .map(VariableIndex)
                .map(|variable| match changed {
                    Some(planted) => planted.text(&drawn, variable),
                    None => self.text(record, variable),
                })
                .collect();
            block.made.push(Made { key, mark, fields: packed(&fields) });
            if let Some(days) = changed.and_then(|planted| planted.again) {
                let event = self.unfolds.layout().events.iter().find(|event| event.column.0 == column as usize);
                let again = event.and_then(|event| Some((event.value, later(self.text(record, event.value), days)?)));
                let mut fields = fields;
                if let Some((variable, text)) = &again {
                    fields[variable.0] = text;
                }
                block.made.push(Made { key: key + days * DAY, mark, fields: packed(&fields) });
            }
        }
        block
    }

    /// What a record is ordered by.
    fn key(&self, record: usize) -> i64 {
        let date = self.unfolds.collection.record_date;
        date.and_then(|date| time::parse(self.text(record, date))).map_or(0, |date| date.seconds)
    }

    /// Keeps the defect of a row, once: when it comes to the first record that has it.
    fn mark(
        &self,
        drawn: &Drawn<'_>,
        planted: &Planted,
        (column, record): (u32, usize),
        mark: &mut u32,
        block: &mut Block,
    ) {
        let defect = &self.context.defects.list[planted.defect];
        if *mark > 0 || (self.mark_here(planted, column, 1) == 0 && !defect.is_of_group) {
            return;
        }
        let collection = &self.unfolds.collection;
        let shown = collection.variable(&defect.shown);
        let is_in_record = planted.of.is_some();
        let value = match shown {
            Some(variable) if is_in_record => planted.text(drawn, variable).to_vec(),
            Some(variable) => self.text(record, variable).to_vec(),
            None => Vec::new(),
        };
        let parts: Vec<String> = self
            .unfolds
            .layout()
            .row
            .key
            .iter()
            .filter_map(|part| collection.variable(&self.unfolds.layout().row.get(*part).id))
            .map(|part| String::from_utf8_lossy(self.text(record, part)).into_owned())
            .collect();
        block.marks.push(Mark { defect: planted.defect, value, key: parts.join(" ") });
        *mark = u32::try_from(block.marks.len()).unwrap_or(u32::MAX);
    }

    /// The mark of a record in `column`, given that of its row: a defect of one cell is of that cell's record.
    fn mark_here(&self, planted: &Planted, column: u32, mark: u32) -> u32 {
        let defect = &self.context.defects.list[planted.defect];
        let is_event =
            |variable: &VariableIndex| self.unfolds.layout().events.iter().any(|event| event.column == *variable);
        let own = match planted.of {
            Some(of) => Some(of),
            None => defect.variable.filter(is_event),
        };
        if own.is_none_or(|own| own.0 == column as usize) { mark } else { 0 }
    }
}

/// A date so many days later, written in the same way.
fn later(text: &[u8], days: i64) -> Option<Vec<u8>> {
    let date = time::parse(text)?;
    let mut bytes = Vec::new();
    super::record::write_time(&mut bytes, date.seconds + days * DAY, date.form);
    Some(bytes)
}

fn packed(fields: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(fields.iter().map(|field| field.len() + 4).sum());
    for field in fields {
        // A field of a profile is far below 4 GiB.
        bytes.extend_from_slice(&u32::try_from(field.len()).unwrap_or(0).to_le_bytes());
        bytes.extend_from_slice(field);
    }
    bytes
}

fn unpacked(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut fields = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk::<4>() {
        let (field, rest) = rest.split_at(rest.len().min(u32::from_le_bytes(*length) as usize));
        fields.push(field);
        bytes = rest;
    }
    fields
}

/// Gives records their numbers, and writes them in blocks.
struct Numbered<'a> {
    context: &'a Context<'a>,
    encoded: Vec<Encoded>,
    /// Of records in the last of `encoded`.
    here: u64,
    next: u64,
    /// Records with a defect: number from 1, and mark.
    marked: Vec<(u64, u32)>,
}

impl<'a> Numbered<'a> {
    fn new(context: &'a Context<'a>) -> Self {
        Self { context, encoded: Vec::new(), here: 0, next: 0, marked: Vec::new() }
    }

    fn push(&mut self, made: &Made) {
        if self.encoded.is_empty() || self.here == BLOCK_RECORDS {
            self.encoded.push(Encoded::new(self.context.request.format, self.context.columns.0.len()));
            self.here = 0;
        }
        self.here += 1;
        self.next += 1;
        if made.mark > 0 {
            self.marked.push((self.next, made.mark));
        }
        let fields = unpacked(&made.fields);
        let text = |held: &Option<VariableIndex>| held.and_then(|held| fields.get(held.0).copied()).unwrap_or_default();
        if let Some(encoded) = self.encoded.last_mut() {
            encoded.push(self.context.columns.0.iter().map(|(_, held)| Field::Text(text(held))));
        }
    }

    fn write<W: Write + Send>(&mut self, writer: &mut Writer<W>) -> Result<(), GenerateError> {
        let mut encoded = std::mem::take(&mut self.encoded).into_iter();
        loop {
            let wave: Vec<Encoded> = encoded.by_ref().take(usize::try_from(WAVE_BLOCKS).unwrap_or(1)).collect();
            if wave.is_empty() {
                return Ok(());
            }
            writer.write(wave)?;
        }
    }
}

/// Records put aside, by their dates.
#[derive(Default)]
struct ByDate(BTreeMap<i64, BufWriter<File>>);

impl ByDate {
    fn put_aside(&mut self, made: &Made) -> Result<(), GenerateError> {
        let bucket = match self.0.entry(made.key.div_euclid(DAY * BUCKET_DAYS)) {
            std::collections::btree_map::Entry::Occupied(bucket) => bucket.into_mut(),
            std::collections::btree_map::Entry::Vacant(place) => place.insert(BufWriter::new(tempfile::tempfile()?)),
        };
        bucket.write_all(&made.key.to_le_bytes())?;
        bucket.write_all(&made.mark.to_le_bytes())?;
        bucket.write_all(&u32::try_from(made.fields.len()).unwrap_or(0).to_le_bytes())?;
        Ok(bucket.write_all(&made.fields)?)
    }
}

/// The records of a bucket, by date.
fn in_order(bucket: BufWriter<File>) -> Result<Vec<Made>, GenerateError> {
    let mut file = bucket.into_inner().map_err(std::io::IntoInnerError::into_error)?;
    file.seek(SeekFrom::Start(0))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    let mut rest = &bytes[..];
    let mut records = Vec::new();
    while let Some((key, behind)) = rest.split_first_chunk::<8>()
        && let Some((mark, behind)) = behind.split_first_chunk::<4>()
        && let Some((length, behind)) = behind.split_first_chunk::<4>()
    {
        let (fields, behind) = behind.split_at(behind.len().min(u32::from_le_bytes(*length) as usize));
        let (key, mark) = (i64::from_le_bytes(*key), u32::from_le_bytes(*mark));
        records.push(Made { key, mark, fields: fields.to_vec() });
        rest = behind;
    }
    // Stable: records of one date stay in the order of rows.
    records.sort_by_key(|made| made.key);
    Ok(records)
}
