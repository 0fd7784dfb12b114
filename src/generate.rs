//! Synthetic submissions that look like real ones, with planted defects and a list of every one of them.
//!
//! Real microdata can never be shared, so tests, benches, training and the work on rules live on these. How records
//! of a collection are made is data, a *profile* in `schemas/synthetic/`; what is planted is data, too (`defect`), and
//! so is the truth that lists it (`truth`). This module knows no collection, variable or code. Deliberately knows
//! nothing of what rules say either: a profile is true to the models by being written so, and a test holds that a clean
//! submission has no findings.
//!
//! The same seed gives the same bytes on every machine and for any number of threads: records are made in blocks, each
//! with random streams of its own, in whole numbers only, and written in order. A defect file changes no record but
//! those it plants something in.
//!
//! Profiles leave everything to chance; where given counts must be met exactly, the records are made in *strata*
//! (`strata`).
//!
//! Records that belong together (the events of a case) are made as rows of a layout, which one profile entry a column
//! describes, and unfolded to records (`unfolded`).
//!
//! # Profile
//!
//! `schemas/synthetic/<collection>.yaml` says how each value of a record is made, in the order in which they are made:
//! a value may look at those before it. Values whose names start with `_` are helpers and no columns; variables that a
//! profile does not name are blank.
//!
//! ```yaml
//! collection: specvard_genomforda
//! same_as: …                     # optional: another profile whose values are taken over; `values` replace those of the same id
//! leave_out: [start_av_aktivitet] # optional, with same_as
//! layout: bred                    # optional: rows of this layout are made, and unfolded to records; values are its columns
//! region: _region                # the value that `--region` fixes; its codes are organisation numbers
//! values:
//!   - id: _region
//!     fill: { pick: { list: region_population, weight: population } }
//!   - id: fas
//!     fill: { codes: { "1": 30, "2": 8, "4": 62 } }
//!   - id: remittenttyp
//!     cases:                     # instead of `fill`; the first case whose `when` matches, else blank
//!       - when: { fas: ["1"], _region.lanskod: ["01", "03"] }   # all must match; "" is blank, "*" is anything filled
//!         fill: { codes: { "1": 80, "2": 20 } }
//!         filled: 90             # per cent of the records; 100 where left out
//! ```
//!
//! `value.column` is an attribute of the value's code in its code list: that of the variable, or the one it was picked
//! from. Lists are those of `schemas/codelists/`, and those of `schemas/synthetic/lists/`, which only profiles use.
//!
//! | fill | what it gives |
//! | --- | --- |
//! | `codes: { CODE: WEIGHT }` | one of the codes |
//! | `pick: { list, weight: COLUMN, where: { COLUMN: [TEXT] }, match: { COLUMN: VALUE } }` | a code of a list, by weight; `match`: where the column equals a value or its attribute |
//! | `text: "SE{_region}-{digits:4}"` | `{value}`, `{value.column}`, `{digits:N}`, `{letters:N}`, `{alphanumeric:N}`, `{check_digit}` (Luhn, of the digits before it), `{sequence:N}` (the record number), `{scrambled}` (the same, one to one, in 16 hexadecimal digits) |
//! | `pool: { of: [VALUE], size: N, text: … }` | one of N members that belong to these values and are the same in every submission; `size_of: VALUE.COLUMN` and `divided_by: N` instead of `size`; the first members are drawn most |
//! | `time: { weekdays: [7 weights], … }` | a point in time in the period |
//! | `time: { before: VALUE, … }`, `after` | one counted from another, or from `period_start`, `period_end`; blank where that is |
//! | … `days`, `minutes` | how far: quantiles |
//! | … `hours: { "8": 15 }`, `step: 5`, `workdays: true`, `form: minutes` | weights of the hours, minutes a multiple of this, never on a weekend, how it is written (`minutes`, `seconds`, `compact`, `date`) |
//! | … `not_before: VALUE`, `not_after: VALUE` | limits |
//! | `year: { of: VALUE, minus: QUANTILES }` | the year of a point in time, less an age |
//! | `number: QUANTILES` | a whole number |
//! | `repeat: { count: { "1": 70, "2": 30 }, of: FILL }` | several codes in one field, none twice |
//! | `aligned: { with: VALUE, first: "1", rest: "0" }` | one code for each code of a repeating value |
//! | `copy: VALUE` | the same |
//! | `mix: [ { weight: 95, fill: FILL }, { weight: 5 } ]` | one of several fills; without a fill, blank |
//!
//! Quantiles are `{ "0": 1, "50": 40, "100": 700 }`: half of the values are below 40, none above 700, and values are
//! spread evenly between neighbouring points.

pub(crate) mod defect;
mod output;
pub(crate) mod profile;
mod random;
mod record;
mod strata;
mod truth;
mod unfolded;

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};

use parquet::errors::ParquetError;
use rayon::prelude::*;

use crate::model::VariableIndex;
use crate::schema::Collection;

use defect::{ColumnEdit, Drawn, Planted, Planter};
use output::{BLOCK_RECORDS, Encoded, Field, WAVE_BLOCKS, Writer};
use random::Stream;
use record::{Record, Setting};
use strata::Place;
use truth::{TruthRow, TruthWriter};

pub use defect::Defects;
pub use output::OutputFormat;
pub use profile::Profile;
pub use strata::{Mistake, Reading, Strata};

/// How many records, and what is stated of them.
#[derive(Clone, Debug)]
pub enum Records {
    /// So many, all by the profile.
    Count(u64),
    /// Those of these strata.
    Strata(Strata),
}

impl Records {
    /// How many they are.
    pub fn count(&self) -> u64 {
        match self {
            Self::Count(count) => *count,
            Self::Strata(strata) => strata.records(),
        }
    }

    /// Where record `number` is within the strata, if there are any.
    fn place(&self, number: u64) -> Option<Place<'_>> {
        match self {
            Self::Count(_) => None,
            Self::Strata(strata) => strata.place(number),
        }
    }
}

/// What to generate.
#[derive(Clone, Debug)]
pub struct Request {
    /// How many records, and what is stated of them.
    pub records: Records,
    /// The same seed gives the same submission.
    pub seed: u64,
    /// First and last day, days since 1970-01-01; of strata that state no other.
    pub period: (i64, i64),
    /// How it is written.
    pub format: OutputFormat,
    /// For a profile of rows that hold several records: what is written of them.
    pub arrangement: Arrangement,
}

/// What is written of rows that hold several records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Arrangement {
    /// Their records, in the order of their dates over the whole submission, as an extract has them.
    #[default]
    ByDate,
    /// Their records, those of one row behind each other.
    Together,
    /// The rows as they are.
    Rows,
}

/// Why a submission could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GenerateError {
    /// The output could not be written.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// The output could not be written as Parquet.
    #[error("Parquet: {0}")]
    Parquet(#[from] ParquetError),
    /// The user asked to stop.
    #[error("interrupted")]
    Interrupted,
}

/// What was generated.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// For each defect of records how many are planted, in the order of the file.
    pub planted: Vec<u64>,
}

/// Generates a submission into `output`, with `defects` planted and listed in `truth`.
///
/// `progress` is told of records written, since last time.
///
/// # Errors
/// If an output cannot be written, or [`GenerateError::Interrupted`] once `stop` is set.
pub fn generate<W: Write + Send, T: Write + Send>(
    profile: &Profile,
    defects: Option<&Defects>,
    request: &Request,
    output: W,
    truth: Option<T>,
    stop: &AtomicBool,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<Summary, GenerateError> {
    let none = Defects::default();
    let defects = defects.unwrap_or(&none);
    let unfolds = profile.unfolds.as_ref().filter(|_| request.arrangement != Arrangement::Rows);
    let collection = unfolds.map_or(&profile.collection, |unfolds| &unfolds.collection);
    let columns = Columns::new(collection, defects);
    let names: Vec<&str> = columns.0.iter().map(|(name, _)| name.as_str()).collect();
    let mut writer = Writer::open(request.format, &names, output)?;
    let mut truth = TruthWriter::open(collection, defects, truth, unfolds.is_some())?;
    let setting = Setting::new(&profile.collection().id, request.seed, request.period);
    let n_records = request.records.count();
    let n_blocks = n_records.div_ceil(BLOCK_RECORDS);
    let context = Context { profile, defects, request, setting, columns };
    if let Some(unfolds) = unfolds {
        let planted = unfolded::generate(&context, unfolds, writer, truth, stop, progress)?;
        return Ok(Summary { planted });
    }
    let wave = |first: u64| -> Vec<Block> {
        (first..first.saturating_add(WAVE_BLOCKS).min(n_blocks))
            .into_par_iter()
            .map(|block| context.block(block))
            .collect()
    };
    let mut ready = wave(0);
    let mut next = WAVE_BLOCKS;
    while !ready.is_empty() {
        if stop.load(Ordering::Relaxed) {
            return Err(GenerateError::Interrupted);
        }
        let write = || -> Result<(), GenerateError> {
            let mut encoded = Vec::with_capacity(ready.len());
            for block in ready {
                truth.rows(block.truth)?;
                encoded.push(block.encoded);
            }
            writer.write(encoded)
        };
        let (written, following) = rayon::join(write, || wave(next));
        written?;
        progress((next * BLOCK_RECORDS).min(n_records) - (next - WAVE_BLOCKS) * BLOCK_RECORDS);
        ready = following;
        next += WAVE_BLOCKS;
    }
    writer.finish()?;
    Ok(Summary { planted: truth.finish()? })
}

/// The columns of the submission: their names, and what they hold.
struct Columns(Vec<(String, Option<VariableIndex>)>);

impl Columns {
    fn new(collection: &Collection, defects: &Defects) -> Self {
        let variables = collection.variables.iter().enumerate();
        let mut columns: Vec<(String, Option<VariableIndex>)> =
            variables.map(|(index, variable)| (variable.id.clone(), Some(VariableIndex(index)))).collect();
        for defect in &defects.columns {
            match &defect.edit {
                ColumnEdit::LeaveOut(variable) => columns.retain(|(_, held)| *held != Some(*variable)),
                ColumnEdit::Rename(variable, to) => {
                    for (name, _) in columns.iter_mut().filter(|(_, held)| *held == Some(*variable)) {
                        name.clone_from(to);
                    }
                }
                ColumnEdit::Add(name) => columns.push((name.clone(), None)),
            }
        }
        Self(columns)
    }
}

/// What every block needs.
struct Context<'a> {
    profile: &'a Profile,
    defects: &'a Defects,
    request: &'a Request,
    setting: Setting,
    columns: Columns,
}

/// Some consecutive records.
struct Block {
    encoded: Encoded,
    truth: Vec<TruthRow>,
}

impl Context<'_> {
    fn block(&self, block: u64) -> Block {
        let Self { profile, setting, request, .. } = self;
        let mut stream = Stream::new(setting.seed, block, 0);
        let n_records = request.records.count();
        let mut planter = Planter::new(self.defects, profile, setting, request.format, (n_records, false), block);
        let mut encoded = Encoded::new(request.format, self.columns.0.len());
        let mut record = Record::default();
        let sources: Vec<Option<usize>> =
            self.columns.0.iter().map(|(_, held)| held.map(|variable| profile.value_of[variable.0])).collect();
        let first = block * BLOCK_RECORDS;
        for number in first..(first + BLOCK_RECORDS).min(n_records) {
            record.draw(profile, setting, number, request.records.place(number), &mut stream);
            match planter.plant(&record) {
                None => {
                    let texts = sources.iter().map(|source| source.map_or(&b""[..], |value| record.text(value)));
                    encoded.push(texts.map(Field::Text));
                }
                Some(changes) => self.push_planted(&mut encoded, &record, &changes),
            }
        }
        Block { encoded, truth: planter.truth }
    }

    fn push_planted(&self, encoded: &mut Encoded, record: &Record, planted: &Planted) {
        let profile = self.profile;
        let text = |variable: VariableIndex| record.text(profile.value_of[variable.0]);
        let drawn =
            Drawn { collection: &profile.collection, text: &text, number: record.number, period: record.period };
        let mut fields: Vec<Field<'_>> = self
            .columns
            .0
            .iter()
            .map(|(_, held)| match held {
                None => Field::Text(b""),
                Some(variable) => {
                    let text = planted.text(&drawn, *variable);
                    if planted.raw == Some(*variable) { Field::Raw(text) } else { Field::Text(text) }
                }
            })
            .collect();
        if planted.extra_field {
            fields.push(Field::Text(b"extra"));
        }
        if planted.missing_field {
            fields.pop();
        }
        encoded.push(fields.into_iter());
    }
}
