//! Synthetic submissions that look like real ones, with planted defects and a list of every one of them.
//!
//! Real microdata can never be shared, so tests, benches, training and the work on rules live on these. How records
//! of a collection are made is data, a *profile* in `schemas/synthetic/`; what is planted is data, too. This module
//! knows no collection, variable or code. The same seed gives the same bytes on every machine and for any number of
//! threads: records are made in blocks, each with random streams of its own, and written in order.
//!
//! Deliberately knows nothing of what rules say: a profile is true to the models by being written so, and a test holds
//! that a clean submission has no findings of severity error.

mod output;
mod profile;
mod random;
mod record;
mod spec;

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};

use parquet::errors::ParquetError;
use rayon::prelude::*;

use output::{BLOCK_RECORDS, Encoded, WAVE_BLOCKS, Writer};
use random::Stream;
use record::{Record, Setting};

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

/// Generates a submission into `output`.
///
/// `progress` is told of records written, since last time.
///
/// # Errors
/// If `output` cannot be written, or [`GenerateError::Interrupted`] once `stop` is set.
pub fn generate<W: Write + Send>(
    profile: &Profile,
    request: &Request,
    output: W,
    stop: &AtomicBool,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<(), GenerateError> {
    let columns: Vec<&str> = profile.columns().map(|(_, id)| id).collect();
    let mut writer = Writer::open(request.format, &columns, output)?;
    let setting = Setting { seed: request.seed, period: request.period };
    let n_blocks = request.records.div_ceil(BLOCK_RECORDS);
    let wave = |first: u64| -> Vec<Encoded> {
        (first..(first + WAVE_BLOCKS).min(n_blocks))
            .into_par_iter()
            .map(|block| encode_block(profile, &setting, request, block))
            .collect()
    };
    let mut ready = wave(0);
    let mut next = WAVE_BLOCKS;
    while !ready.is_empty() {
        if stop.load(Ordering::Relaxed) {
            return Err(GenerateError::Interrupted);
        }
        let (written, following) = rayon::join(|| writer.write(ready), || wave(next));
        written?;
        progress((next * BLOCK_RECORDS).min(request.records) - (next - WAVE_BLOCKS) * BLOCK_RECORDS);
        ready = following;
        next += WAVE_BLOCKS;
    }
    writer.finish()
}

fn encode_block(profile: &Profile, setting: &Setting, request: &Request, block: u64) -> Encoded {
    let mut stream = Stream::new(setting.seed, block, 0);
    let mut encoded = Encoded::new(request.format, profile.value_of.len());
    let mut record = Record::default();
    let first = block * BLOCK_RECORDS;
    for number in first..(first + BLOCK_RECORDS).min(request.records) {
        record.draw(profile, setting, number, &mut stream);
        encoded.push(profile.value_of.iter().map(|value| value.map_or(&b""[..], |value| record.text(value))));
    }
    encoded
}
