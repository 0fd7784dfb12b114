//! Synthetic submissions that look like real ones, with planted defects and a list of every one of them.
//!
//! Real microdata can never be shared, so tests, benches, training and the work on rules live on these. How records
//! of a collection are made is data, a *profile* in `schemas/synthetic/`; what is planted is data, too. This module
//! knows no collection, variable or code. The same seed gives the same bytes on every machine and for any number of
//! threads: records are made in blocks, each with random streams of its own, and written in order.
//!
//! Deliberately knows nothing of what rules say: a profile is true to the models by being written so, and a test holds
//! that a clean submission has no findings of severity error.

mod defect;
mod output;
mod profile;
mod profile_spec;
mod random;
mod record;
mod truth;

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};

use parquet::errors::ParquetError;
use rayon::prelude::*;

use crate::model::VariableIndex;

use defect::{ColumnEdit, Planted, Planter};
use output::{BLOCK_RECORDS, Encoded, Field, WAVE_BLOCKS, Writer};
use random::Stream;
use record::{Record, Setting};
use truth::{TruthRow, TruthWriter};

pub use defect::Defects;
pub use output::OutputFormat;
pub use profile::Profile;

/// What to generate.
#[derive(Clone, Debug)]
pub struct Request {
    /// How many records.
    pub records: u64,
    /// The same seed gives the same submission.
    pub seed: u64,
    /// First and last day, days since 1970-01-01.
    pub period: (i64, i64),
    /// How it is written.
    pub format: OutputFormat,
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
    let columns = Columns::new(profile, defects);
    let names: Vec<&str> = columns.0.iter().map(|(name, _)| name.as_str()).collect();
    let mut writer = Writer::open(request.format, &names, output)?;
    let mut truth = TruthWriter::open(profile.collection(), defects, truth)?;
    let setting = Setting { seed: request.seed, period: request.period };
    let n_blocks = request.records.div_ceil(BLOCK_RECORDS);
    let context = Context { profile, defects, request, setting, columns };
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
        progress((next * BLOCK_RECORDS).min(request.records) - (next - WAVE_BLOCKS) * BLOCK_RECORDS);
        ready = following;
        next += WAVE_BLOCKS;
    }
    writer.finish()?;
    Ok(Summary { planted: truth.finish()? })
}

/// The columns of the submission: their names, and what they hold.
struct Columns(Vec<(String, Option<VariableIndex>)>);

impl Columns {
    fn new(profile: &Profile, defects: &Defects) -> Self {
        let variables = profile.collection().variables.iter().enumerate();
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
        let mut planter = Planter::new(self.defects, profile, setting, request.format, request.records, block);
        let mut encoded = Encoded::new(request.format, self.columns.0.len());
        let mut record = Record::default();
        let sources: Vec<Option<usize>> =
            self.columns.0.iter().map(|(_, held)| held.and_then(|variable| profile.value_of[variable.0])).collect();
        let first = block * BLOCK_RECORDS;
        for number in first..(first + BLOCK_RECORDS).min(request.records) {
            record.draw(profile, setting, number, &mut stream);
            match planter.plant(&record) {
                None => encoded
                    .push(sources.iter().map(|value| Field::Text(value.map_or(&b""[..], |value| record.text(value))))),
                Some(planted) => self.push_planted(&mut encoded, &record, &planted),
            }
        }
        Block { encoded, truth: planter.truth }
    }

    fn push_planted(&self, encoded: &mut Encoded, record: &Record, planted: &Planted) {
        let mut fields: Vec<Field<'_>> = self
            .columns
            .0
            .iter()
            .map(|(_, held)| match held {
                None => Field::Text(b""),
                Some(variable) => {
                    let text = planted.text(self.profile, record, *variable);
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
