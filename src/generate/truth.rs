//! The truth: every planted defect, as CSV.
//!
//! Columns: `record` (1-based; blank for a defect of the header), `variable` (blank where the record cannot be divided
//! into columns), `defect`, `kind`, `rule` (the one expected to find it), `value` (as planted; what is no text is
//! shown as `U+FFFD`). Ordered by record; commas, UTF-8, line feeds.
//!
//! Where rows are unfolded to records there is also `key`, the key of the row. A defect that a rule on groups is expected to
//! find has no record, and is known by it.

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

/// One planted defect of records that rows are unfolded to.
pub(super) struct KeyedRow<'a> {
    /// 1-based; `None` for a defect of a group.
    pub(super) record: Option<u64>,
    /// Its place in the list of defects.
    pub(super) defect: usize,
    pub(super) value: &'a [u8],
    pub(super) key: &'a str,
}

/// Writes the truth, and counts.
pub(super) struct TruthWriter<'a, T: Write> {
    defects: &'a Defects,
    has_keys: bool,
    output: Option<csv::Writer<T>>,
    pub(super) counts: Vec<u64>,
}

impl<'a, T: Write> TruthWriter<'a, T> {
    /// Opens `output` and writes the header, and the defects of the submission's own header.
    pub(super) fn open(
        collection: &Collection,
        defects: &'a Defects,
        output: Option<T>,
        has_keys: bool,
    ) -> Result<Self, GenerateError> {
        let mut writer = Self {
            defects,
            has_keys,
            output: output.map(csv::Writer::from_writer),
            counts: vec![0; defects.list.len()],
        };
        writer.write(["record", "variable", "defect", "kind", "rule", "value"], "key")?;
        for defect in &defects.columns {
            let (variable, value) = match &defect.edit {
                ColumnEdit::LeaveOut(variable) => (collection.get(*variable).id.as_str(), ""),
                // The finding is about the column as it is called.
                ColumnEdit::Rename(_, name) | ColumnEdit::Add(name) => (name.as_str(), name.as_str()),
            };
            writer.write(["", variable, &defect.name, defect.kind, &defect.rule, value], "")?;
        }
        Ok(writer)
    }

    /// Writes the rows of one block.
    pub(super) fn rows(&mut self, mut rows: Vec<TruthRow>) -> Result<(), GenerateError> {
        rows.sort_by_key(|row| row.record);
        for row in rows {
            let defect = &self.defects.list[row.defect];
            let value = String::from_utf8_lossy(&row.value);
            self.counts[row.defect] += 1;
            self.write([&row.record.to_string(), &defect.shown, &defect.name, defect.kind, &defect.rule, &value], "")?;
        }
        Ok(())
    }

    /// Writes a row with its key.
    pub(super) fn keyed(&mut self, row: &KeyedRow<'_>) -> Result<(), GenerateError> {
        let defect = &self.defects.list[row.defect];
        let record = row.record.map_or_else(String::new, |record| record.to_string());
        let value = String::from_utf8_lossy(row.value);
        self.write([&record, &defect.shown, &defect.name, defect.kind, &defect.rule, &value], row.key)
    }

    /// Completes the file; returns how many of each defect were planted.
    pub(super) fn finish(self) -> Result<Vec<u64>, GenerateError> {
        if let Some(mut output) = self.output {
            output.flush()?;
        }
        Ok(self.counts)
    }

    fn write(&mut self, cells: [&str; 6], key: &str) -> Result<(), GenerateError> {
        let key = self.has_keys.then_some(key);
        match &mut self.output {
            Some(output) => {
                output.write_record(cells.into_iter().chain(key)).map_err(|error| GenerateError::Io(error.into()))
            }
            None => Ok(()),
        }
    }
}
