//! The truth: every planted defect, as CSV.
//!
//! Columns: `record` (1-based; blank for a defect of the header), `variable` (blank where the record cannot be divided
//! into columns), `defect`, `kind`, `rule` (the one expected to find it), `value` (as planted; what is no text is
//! shown as `U+FFFD`). Ordered by record; commas, UTF-8, line feeds.

use std::io::Write;

use super::GenerateError;
use super::defect::{ColumnEdit, Defects};
use crate::schema::Collection;

/// One planted defect.
#[derive(Debug)]
pub(super) struct TruthRow {
    /// 1-based.
    pub(super) record: u64,
    /// Its place in the list of defects.
    pub(super) defect: usize,
    pub(super) value: Vec<u8>,
}

/// Writes the truth, and counts.
pub(super) struct TruthWriter<'a, T: Write> {
    collection: &'a Collection,
    defects: &'a Defects,
    output: Option<csv::Writer<T>>,
    pub(super) counts: Vec<u64>,
}

impl<'a, T: Write> TruthWriter<'a, T> {
    /// Opens `output` and writes the header, and the defects of the submission's own header.
    pub(super) fn open(
        collection: &'a Collection,
        defects: &'a Defects,
        output: Option<T>,
    ) -> Result<Self, GenerateError> {
        let mut writer = Self {
            collection,
            defects,
            output: output.map(csv::Writer::from_writer),
            counts: vec![0; defects.list.len()],
        };
        writer.write(["record", "variable", "defect", "kind", "rule", "value"])?;
        for defect in &defects.columns {
            let (variable, value) = match &defect.edit {
                ColumnEdit::LeaveOut(variable) => (collection.get(*variable).id.as_str(), ""),
                // The finding is about the column as it is called.
                ColumnEdit::Rename(_, name) | ColumnEdit::Add(name) => (name.as_str(), name.as_str()),
            };
            writer.write(["", variable, &defect.name, defect.kind, &defect.rule, value])?;
        }
        Ok(writer)
    }

    /// Writes the rows of one block.
    pub(super) fn rows(&mut self, mut rows: Vec<TruthRow>) -> Result<(), GenerateError> {
        rows.sort_by_key(|row| row.record);
        for row in rows {
            let defect = &self.defects.list[row.defect];
            let variable = defect.variable.map_or("", |variable| self.collection.get(variable).id.as_str());
            let value = String::from_utf8_lossy(&row.value);
            self.counts[row.defect] += 1;
            self.write([&row.record.to_string(), variable, &defect.name, defect.kind, &defect.rule, &value])?;
        }
        Ok(())
    }

    /// Completes the file; returns how many of each defect were planted.
    pub(super) fn finish(self) -> Result<Vec<u64>, GenerateError> {
        if let Some(mut output) = self.output {
            output.flush()?;
        }
        Ok(self.counts)
    }

    fn write(&mut self, cells: [&str; 6]) -> Result<(), GenerateError> {
        match &mut self.output {
            Some(output) => output.write_record(cells).map_err(|error| GenerateError::Io(error.into())),
            None => Ok(()),
        }
    }
}
