//! Generated records as CSV and Parquet.
//!
//! # CSV
//!
//! Semicolons, UTF-8, line feeds, a header of variable ids. A field is quoted only where it holds a semicolon, a
//! quotation mark or a line break, as a spreadsheet does.
//!
//! # Parquet
//!
//! Every column is text, blank values are null. Dictionary encoding and Snappy. A row group holds 131,072 records
//! (one wave of blocks): about 30 MB of text, so that neither writer nor reader needs more than that at a time, while
//! a dictionary still pays and a row group still has work for several threads, one for each column.

use std::io::Write;
use std::sync::Arc;

use arrow::array::{ArrayRef, StringArray};
use arrow::buffer::{Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow::datatypes::{DataType, Schema, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::{ArrowColumnChunk, ArrowRowGroupWriterFactory, compute_leaves};
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use rayon::prelude::*;

use super::GenerateError;

/// Records of a block, the unit of work of a thread.
pub(super) const BLOCK_RECORDS: u64 = 4_096;
/// Blocks generated while the ones before are written; a Parquet row group.
pub(super) const WAVE_BLOCKS: u64 = 32;

/// How a submission is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputFormat {
    /// Separated text.
    Csv,
    /// Parquet, all columns text.
    Parquet,
}

/// The records of one block, encoded as far as one thread can.
#[derive(Debug)]
pub(super) enum Encoded {
    Csv(Vec<u8>),
    Columns(Vec<ColumnText>),
}

/// The texts of one column.
#[derive(Debug, Default)]
pub(super) struct ColumnText {
    bytes: Vec<u8>,
    /// Ends of the texts.
    ends: Vec<i32>,
}

impl Encoded {
    pub(super) fn new(format: OutputFormat, n_columns: usize) -> Self {
        match format {
            OutputFormat::Csv => Self::Csv(Vec::with_capacity(1 << 20)),
            OutputFormat::Parquet => Self::Columns((0..n_columns).map(|_| ColumnText::default()).collect()),
        }
    }

    /// Adds one record.
    #[inline]
    pub(super) fn push<'a>(&mut self, fields: impl Iterator<Item = Field<'a>>) {
        match self {
            Self::Csv(bytes) => {
                for (index, field) in fields.enumerate() {
                    if index > 0 {
                        bytes.push(b';');
                    }
                    match field {
                        Field::Text(text) => write_field(bytes, text),
                        Field::Raw(text) => bytes.extend_from_slice(text),
                    }
                }
                bytes.push(b'\n');
            }
            Self::Columns(columns) => {
                for (column, field) in columns.iter_mut().zip(fields) {
                    let (Field::Text(text) | Field::Raw(text)) = field;
                    column.bytes.extend_from_slice(text);
                    // A block of a column is far below 2 GiB.
                    column.ends.push(i32::try_from(column.bytes.len()).unwrap_or(i32::MAX));
                }
            }
        }
    }
}

/// One field.
#[derive(Clone, Copy, Debug)]
pub(super) enum Field<'a> {
    Text(&'a [u8]),
    /// In CSV written as it is, whatever it holds.
    Raw(&'a [u8]),
}

/// Writes a field, quoted where it must be.
#[inline]
fn write_field(bytes: &mut Vec<u8>, field: &[u8]) {
    if field.iter().any(|byte| matches!(byte, b';' | b'"' | b'\n' | b'\r')) {
        bytes.push(b'"');
        for byte in field {
            if *byte == b'"' {
                bytes.push(b'"');
            }
            bytes.push(*byte);
        }
        bytes.push(b'"');
    } else {
        bytes.extend_from_slice(field);
    }
}

/// Where encoded blocks go.
pub(super) enum Writer<W: Write + Send> {
    Csv(W),
    Parquet(Box<ParquetOutput<W>>),
}

/// An open Parquet file.
pub(super) struct ParquetOutput<W: Write + Send> {
    file: SerializedFileWriter<W>,
    factory: ArrowRowGroupWriterFactory,
    schema: SchemaRef,
    row_groups: usize,
}

impl<W: Write + Send> Writer<W> {
    /// Opens `output` and writes the header.
    pub(super) fn open(format: OutputFormat, columns: &[&str], mut output: W) -> Result<Self, GenerateError> {
        match format {
            OutputFormat::Csv => {
                let mut header = Encoded::new(format, columns.len());
                header.push(columns.iter().map(|name| Field::Text(name.as_bytes())));
                if let Encoded::Csv(bytes) = header {
                    output.write_all(&bytes)?;
                }
                Ok(Self::Csv(output))
            }
            OutputFormat::Parquet => {
                let fields: Vec<arrow::datatypes::Field> =
                    columns.iter().map(|name| arrow::datatypes::Field::new(*name, DataType::Utf8, true)).collect();
                let schema = Arc::new(Schema::new(fields));
                let properties = WriterProperties::builder()
                    .set_compression(Compression::SNAPPY)
                    .set_created_by(concat!("vantkoll ", env!("CARGO_PKG_VERSION")).to_owned())
                    .build();
                let writer = ArrowWriter::try_new(output, Arc::clone(&schema), Some(properties))?;
                let (file, factory) = writer.into_serialized_writer()?;
                Ok(Self::Parquet(Box::new(ParquetOutput { file, factory, schema, row_groups: 0 })))
            }
        }
    }

    /// Writes the blocks of one wave.
    pub(super) fn write(&mut self, blocks: Vec<Encoded>) -> Result<(), GenerateError> {
        match self {
            Self::Csv(output) => {
                for block in blocks {
                    if let Encoded::Csv(bytes) = block {
                        output.write_all(&bytes)?;
                    }
                }
                Ok(())
            }
            Self::Parquet(output) => output.write(blocks),
        }
    }

    /// Completes the file.
    pub(super) fn finish(self) -> Result<(), GenerateError> {
        match self {
            Self::Csv(mut output) => Ok(output.flush()?),
            Self::Parquet(output) => {
                let mut output = output.file.into_inner()?;
                Ok(output.flush()?)
            }
        }
    }
}

impl<W: Write + Send> ParquetOutput<W> {
    fn write(&mut self, blocks: Vec<Encoded>) -> Result<(), GenerateError> {
        let mut columns: Vec<Vec<ColumnText>> = self.schema.fields().iter().map(|_| Vec::new()).collect();
        for block in blocks {
            if let Encoded::Columns(texts) = block {
                for (column, text) in columns.iter_mut().zip(texts) {
                    column.push(text);
                }
            }
        }
        let writers = self.factory.create_column_writers(self.row_groups)?;
        self.row_groups += 1;
        let chunks: Vec<Result<ArrowColumnChunk, ParquetError>> = writers
            .into_par_iter()
            .zip(columns)
            .zip(self.schema.fields().iter().map(Arc::clone).collect::<Vec<_>>())
            .map(|((mut writer, texts), field)| {
                for text in texts {
                    for leaf in compute_leaves(&field, &text.into_array()?)? {
                        writer.write(&leaf)?;
                    }
                }
                writer.close()
            })
            .collect();
        let mut group = self.file.next_row_group()?;
        for chunk in chunks {
            chunk?.append_to_row_group(&mut group)?;
        }
        group.close()?;
        Ok(())
    }
}

impl ColumnText {
    fn into_array(self) -> Result<ArrayRef, ParquetError> {
        let mut offsets = Vec::with_capacity(self.ends.len() + 1);
        offsets.push(0);
        offsets.extend_from_slice(&self.ends);
        let nulls: NullBuffer = offsets.windows(2).map(|pair| pair[0] < pair[1]).collect();
        let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
        let array = StringArray::try_new(offsets, Buffer::from_vec(self.bytes), Some(nulls))?;
        Ok(Arc::new(array))
    }
}
