//! The table of rules as Parquet, for data platforms; the columns are those of the CSV file.

use std::io::Write;
use std::sync::Arc;

use ::parquet::arrow::ArrowWriter;
use ::parquet::basic::{Compression, ZstdLevel};
use ::parquet::file::properties::WriterProperties;
use arrow::array::{ArrayRef, RecordBatch, StringArray, UInt64Array};
use arrow::datatypes::{DataType, Field, Schema};

use crate::engine::Outcome;
use crate::report::ReportError;
use crate::report::rule_rows::{self, COLUMNS, RuleRow};

/// Writes one row a rule; see [`crate::report`].
///
/// # Errors
/// If `out` cannot be written.
pub fn write(outcome: &Outcome, out: &mut (dyn Write + Send)) -> Result<(), ReportError> {
    let rows: Vec<RuleRow<'_>> = rule_rows::rows(outcome).collect();
    let text = |of: &dyn Fn(&RuleRow<'_>) -> String| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(rows.iter().map(of)))
    };
    let number =
        |of: &dyn Fn(&RuleRow<'_>) -> u64| -> ArrayRef { Arc::new(UInt64Array::from_iter_values(rows.iter().map(of))) };
    let or_null = |of: &dyn Fn(&RuleRow<'_>) -> String| -> ArrayRef {
        let texts = rows.iter().map(|row| Some(of(row)).filter(|text| !text.is_empty()));
        Arc::new(texts.collect::<StringArray>())
    };
    let columns: Vec<ArrayRef> = vec![
        text(&|row| row.collection.to_owned()),
        text(&|row| row.rule.id.0.clone()),
        text(&|row| row.rule.kind.as_str().to_owned()),
        text(&|row| row.rule.severity.as_str().to_owned()),
        text(&|row| row.rule.title.sv.clone()),
        text(&|row| row.rule.title.en.clone()),
        number(&|row| row.counts.satisfied),
        number(&|row| row.counts.violated),
        number(&|row| row.counts.not_applicable),
        number(&|row| row.counts.not_checked),
        number(&|row| row.violations),
        or_null(&|row| row.skipped_reason.clone()),
        text(&|row| row.rule.fix.sv.clone()),
        text(&|row| row.source.clone()),
        or_null(&|row| rule_rows::valid_days(row.rule)[0].clone()),
        or_null(&|row| rule_rows::valid_days(row.rule)[1].clone()),
        number(&|row| row.waived),
    ];
    let fields: Vec<Field> = COLUMNS
        .iter()
        .zip(&columns)
        .map(|(name, column)| {
            let may_be_null = ["skipped_reason", "valid_from", "valid_until"].contains(name);
            Field::new(*name, column.data_type().clone(), may_be_null)
        })
        .collect();
    debug_assert!(fields.iter().all(|field| matches!(field.data_type(), DataType::Utf8 | DataType::UInt64)));
    let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?;
    let mut writer = ArrowWriter::try_new(out, batch.schema(), Some(properties()))?;
    writer.write(&batch)?;
    writer.close()?;
    Ok(())
}

/// How every Parquet file of this module is written.
pub(crate) fn properties() -> WriterProperties {
    WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_max_row_group_row_count(Some(MAX_ROW_GROUP_ROWS))
        .set_created_by(concat!("vantkoll ", env!("CARGO_PKG_VERSION")).to_owned())
        .build()
}

/// Rows of a row group; they are held in memory, encoded, until the group is complete.
pub(crate) const MAX_ROW_GROUP_ROWS: usize = 128 * 1024;

#[cfg(test)]
mod tests {
    use ::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
    use arrow::array::{Array, AsArray};
    use arrow::datatypes::UInt64Type;

    use super::*;
    use crate::report::sample;

    #[test]
    fn rows_are_read_back() {
        let outcome = sample::outcome();
        let mut out = Vec::new();
        write(&outcome, &mut out).unwrap();
        let file = tempfile::tempfile().unwrap();
        std::io::copy(&mut out.as_slice(), &mut &file).unwrap();
        let batches: Vec<RecordBatch> = ParquetRecordBatchReaderBuilder::try_new(file)
            .unwrap()
            .build()
            .unwrap()
            .map(|batch| batch.unwrap())
            .collect();
        assert_eq!(batches.len(), 1);
        let batch = &batches[0];
        let names: Vec<String> = batch.schema().fields().iter().map(|field| field.name().clone()).collect();
        assert_eq!(names, COLUMNS);
        let expected: Vec<RuleRow<'_>> = rule_rows::rows(&outcome).collect();
        assert_eq!(batch.num_rows(), expected.len());
        let ids = batch.column(1).as_string::<i32>();
        let violated = batch.column(7).as_primitive::<UInt64Type>();
        let reasons = batch.column(11).as_string::<i32>();
        for (row, expected) in expected.iter().enumerate() {
            assert_eq!(ids.value(row), expected.rule.id.0);
            assert_eq!(violated.value(row), expected.counts.violated);
            assert_eq!(reasons.is_null(row), expected.skipped_reason.is_empty());
        }
    }
}
