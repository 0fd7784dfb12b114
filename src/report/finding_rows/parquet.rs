//! Findings as Parquet: what a rule or a file says of each of its findings is a dictionary made once for each plan.
//!
//! Encoding is most of the work, so that columns are divided between threads of their own: those that check records are busy.

use std::fmt;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use ::parquet::arrow::ArrowWriter;
use ::parquet::arrow::arrow_writer::{ArrowColumnWriter, ArrowRowGroupWriterFactory, compute_leaves};
use ::parquet::basic::Encoding;
use ::parquet::errors::ParquetError;
use ::parquet::file::properties::WriterProperties;
use ::parquet::file::writer::SerializedFileWriter;
use ::parquet::schema::types::ColumnPath;
use arrow::array::{
    ArrayRef, DictionaryArray, Int32Array, Int32Builder, StringArray, StringBuilder, StringDictionaryBuilder,
    UInt64Builder,
};
use arrow::datatypes::{DataType, Field, Int32Type, Schema, SchemaRef};

use super::{COLUMNS, FindingContext, FindingWriter, PlanName, address, detail_text, push_members, push_values};
use crate::model::{Finding, WaiverIndex};
use crate::report::ReportError;
use crate::report::parquet::{MAX_ROW_GROUP_ROWS, properties};
use crate::report::rule_rows::{source_line, valid_days};
use crate::rule::Rule;

/// Rows gathered before they are encoded.
const BATCH_ROWS: usize = 16 * 1024;

/// More threads than this encode no faster: a few columns have most of the bytes.
const MOST_ENCODERS: usize = 4;

/// Columns in which hardly any value is there twice. A dictionary of them would be made in vain.
const NUMBERS: [&str; 3] = ["row", "line", "sheet_row"];
const NAMES: [&str; 2] = ["cell", "key"];

/// Writes findings as Parquet.
pub struct ParquetFindings {
    encoder: Encoder,
    plan: PlanName,
    rules: RuleDictionaries,
    paths: Vec<PathBuf>,
    rows: Rows,
    scratch: String,
    n_rows: u64,
}

/// For each column that a rule decides: one entry a rule of the plan, in its order.
struct RuleDictionaries {
    ids: Arc<StringArray>,
    severities: Arc<StringArray>,
    titles_sv: Arc<StringArray>,
    titles_en: Arc<StringArray>,
    units_sv: Arc<StringArray>,
    fixes_sv: Arc<StringArray>,
    sources: Arc<StringArray>,
    valid_from: Arc<StringArray>,
    valid_until: Arc<StringArray>,
}

/// The rows gathered. `rule` and `file` are keys of dictionaries.
#[derive(Default)]
struct Rows {
    len: usize,
    file: Int32Builder,
    row: UInt64Builder,
    line: UInt64Builder,
    sheet_row: UInt64Builder,
    cell: StringBuilder,
    key: StringBuilder,
    rule: Int32Builder,
    faulty: StringBuilder,
    triggers: StringBuilder,
    variable: StringDictionaryBuilder<Int32Type>,
    value: StringBuilder,
    detail: StringBuilder,
    waived: UInt64Builder,
    group_size: UInt64Builder,
    members: StringBuilder,
}

impl ParquetFindings {
    /// Begins a file.
    ///
    /// # Errors
    /// If the output cannot be written.
    pub fn new(out: Box<dyn Write + Send>) -> Result<Self, ReportError> {
        Ok(Self {
            encoder: Encoder::new(out)?,
            plan: PlanName::default(),
            rules: RuleDictionaries::of(&[]),
            paths: Vec::new(),
            rows: Rows::default(),
            scratch: String::new(),
            n_rows: 0,
        })
    }

    /// Encodes the rows gathered. The dictionaries are those of the plan and the files in use, so that it must be called
    /// before either changes.
    fn hand_on(&mut self) -> Result<(), ReportError> {
        if self.rows.len > 0 {
            let columns = self.rows.take(&self.rules, &self.paths)?;
            self.encoder.write(&columns)?;
        }
        Ok(())
    }
}

impl FindingWriter for ParquetFindings {
    fn write(&mut self, context: &FindingContext<'_>, findings: &[Finding]) -> Result<(), ReportError> {
        if !self.plan.is_of(context.plan) || self.paths != context.paths {
            self.hand_on()?;
            self.plan = PlanName::of(context.plan);
            self.rules = RuleDictionaries::of(&context.plan.rules);
            self.paths = context.paths.to_vec();
        }
        for finding in findings {
            self.rows.push(finding, &mut self.scratch);
            if self.rows.len >= BATCH_ROWS {
                self.hand_on()?;
            }
        }
        self.n_rows += findings.len() as u64;
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<u64, ReportError> {
        self.hand_on()?;
        self.encoder.finish()?;
        Ok(self.n_rows)
    }
}

impl fmt::Debug for ParquetFindings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ParquetFindings").field("n_rows", &self.n_rows).finish_non_exhaustive()
    }
}

/// Encodes columns and puts them together to row groups.
struct Encoder {
    file: SerializedFileWriter<Box<dyn Write + Send>>,
    factory: ArrowRowGroupWriterFactory,
    schema: SchemaRef,
    /// Those of the row group in the making.
    columns: Vec<ArrowColumnWriter>,
    /// Of that row group.
    n_rows: usize,
    n_groups: usize,
}

impl Encoder {
    fn new(out: Box<dyn Write + Send>) -> Result<Self, ReportError> {
        let schema = schema();
        let properties = of_columns(properties());
        let (file, factory) =
            ArrowWriter::try_new(out, Arc::clone(&schema), Some(properties))?.into_serialized_writer()?;
        Ok(Self { file, factory, schema, columns: Vec::new(), n_rows: 0, n_groups: 0 })
    }

    fn write(&mut self, columns: &[ArrayRef]) -> Result<(), ReportError> {
        if self.n_rows == 0 {
            self.columns = self.factory.create_column_writers(self.n_groups)?;
        }
        let n_threads = rayon::current_num_threads().min(MOST_ENCODERS);
        let mut shares: Vec<Vec<_>> = (0..n_threads).map(|_| Vec::new()).collect();
        for (number, work) in self.columns.iter_mut().zip(self.schema.fields()).zip(columns).enumerate() {
            shares[number % n_threads].push(work);
        }
        let encode = |share: Vec<((&mut ArrowColumnWriter, &Arc<Field>), &ArrayRef)>| -> Result<(), ParquetError> {
            for ((writer, field), column) in share {
                for leaf in compute_leaves(field, column)? {
                    writer.write(&leaf)?;
                }
            }
            Ok(())
        };
        thread::scope(|scope| {
            let own = shares.pop().unwrap_or_default();
            let others: Vec<_> = shares.into_iter().map(|share| scope.spawn(|| encode(share))).collect();
            let done = encode(own);
            let join = |other: thread::ScopedJoinHandle<'_, Result<(), ParquetError>>| {
                other.join().unwrap_or_else(|_| Err(ParquetError::General("an encoder ended early".to_owned())))
            };
            others.into_iter().map(join).fold(done, Result::and)
        })?;
        self.n_rows += columns.first().map_or(0, |column| column.len());
        if self.n_rows >= MAX_ROW_GROUP_ROWS { self.end_group() } else { Ok(()) }
    }

    fn end_group(&mut self) -> Result<(), ReportError> {
        let mut group = self.file.next_row_group()?;
        for writer in self.columns.drain(..) {
            writer.close()?.append_to_row_group(&mut group)?;
        }
        group.close()?;
        self.n_rows = 0;
        self.n_groups += 1;
        Ok(())
    }

    fn finish(&mut self) -> Result<(), ReportError> {
        if self.n_rows > 0 {
            self.end_group()?;
        }
        // Not `into_inner`: it turns a closed pipe into a text.
        self.file.finish()?;
        Ok(())
    }
}

/// The same properties, with what is known of single columns.
fn of_columns(properties: WriterProperties) -> WriterProperties {
    let mut builder = properties.into_builder();
    for name in NUMBERS {
        let column = ColumnPath::from(name);
        builder = builder.set_column_dictionary_enabled(column.clone(), false);
        builder = builder.set_column_encoding(column, Encoding::DELTA_BINARY_PACKED);
    }
    for name in NAMES {
        builder = builder.set_column_dictionary_enabled(ColumnPath::from(name), false);
    }
    builder.build()
}

fn schema() -> SchemaRef {
    let dictionary = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    let fields: Vec<Field> = COLUMNS
        .iter()
        .map(|name| match *name {
            "row" | "line" | "sheet_row" | "waived" | "group_size" => Field::new(*name, DataType::UInt64, true),
            "cell" | "value" | "detail" | "group_rows" => Field::new(*name, DataType::Utf8, true),
            "key" | "faulty" | "triggers" => Field::new(*name, DataType::Utf8, false),
            _ => Field::new(*name, dictionary.clone(), true),
        })
        .collect();
    Arc::new(Schema::new(fields))
}

impl RuleDictionaries {
    fn of(rules: &[Rule]) -> Self {
        let valid_day = |bound: usize| -> Arc<StringArray> {
            let days = rules.iter().map(|rule| Some(valid_days(rule)[bound].clone()).filter(|day| !day.is_empty()));
            Arc::new(days.collect())
        };
        let units = rules.iter().map(|rule| rule.detail_unit.as_ref().map(|unit| unit.sv.as_str()));
        Self {
            ids: Arc::new(StringArray::from_iter_values(rules.iter().map(|rule| &rule.id.0))),
            severities: Arc::new(StringArray::from_iter_values(rules.iter().map(|rule| rule.severity.as_str()))),
            titles_sv: Arc::new(StringArray::from_iter_values(rules.iter().map(|rule| &rule.title.sv))),
            titles_en: Arc::new(StringArray::from_iter_values(rules.iter().map(|rule| &rule.title.en))),
            units_sv: Arc::new(units.collect()),
            fixes_sv: Arc::new(StringArray::from_iter_values(rules.iter().map(|rule| &rule.fix.sv))),
            sources: Arc::new(StringArray::from_iter_values(rules.iter().map(|rule| source_line(&rule.source)))),
            valid_from: valid_day(0),
            valid_until: valid_day(1),
        }
    }
}

impl Rows {
    fn push(&mut self, finding: &Finding, scratch: &mut String) {
        let position = finding.position;
        let first = finding.faulty.first();
        self.len += 1;
        self.file.append_option(i32::try_from(finding.file.0).ok());
        self.row.append_option(position.row);
        self.line.append_option(position.line);
        self.sheet_row.append_option(position.sheet_row);
        let address = first.and_then(|first| address(first, position)).map(|(column, row)| {
            scratch.clear();
            scratch.push_str(column);
            if let Some(row) = row {
                scratch.push_str(&row.to_string());
            }
            scratch.as_str()
        });
        self.cell.append_option(address);
        self.key.append_value(&finding.key);
        self.rule.append_option(i32::try_from(finding.rule.0).ok());
        for (values, column) in [(&finding.faulty, &mut self.faulty), (&finding.triggers, &mut self.triggers)] {
            scratch.clear();
            push_values(scratch, values);
            column.append_value(&*scratch);
        }
        self.variable.append_option(first.map(|first| first.variable.as_str()));
        self.value.append_option(first.map(|first| first.value.as_str()));
        self.detail.append_option(finding.detail.as_ref().map(detail_text));
        self.waived.append_option(finding.waiver.map(WaiverIndex::number));
        self.group_size.append_option(finding.members.as_ref().map(|members| members.total));
        let rows = finding.members.as_ref().map(|members| {
            scratch.clear();
            push_members(scratch, members);
            scratch.as_str()
        });
        self.members.append_option(rows);
    }

    /// The rows as columns, leaving none behind.
    fn take(&mut self, rules: &RuleDictionaries, paths: &[PathBuf]) -> Result<Vec<ArrayRef>, ReportError> {
        self.len = 0;
        let rule = self.rule.finish();
        let of_rule = |values: &Arc<StringArray>| dictionary(&rule, values);
        let files = Arc::new(StringArray::from_iter_values(paths.iter().map(|path| path.to_string_lossy())));
        Ok(vec![
            dictionary(&self.file.finish(), &files)?,
            Arc::new(self.row.finish()),
            Arc::new(self.line.finish()),
            Arc::new(self.sheet_row.finish()),
            Arc::new(self.cell.finish()),
            Arc::new(self.key.finish()),
            of_rule(&rules.ids)?,
            of_rule(&rules.severities)?,
            of_rule(&rules.titles_sv)?,
            of_rule(&rules.titles_en)?,
            Arc::new(self.faulty.finish()),
            Arc::new(self.triggers.finish()),
            Arc::new(self.variable.finish()),
            Arc::new(self.value.finish()),
            Arc::new(self.detail.finish()),
            of_rule(&rules.units_sv)?,
            of_rule(&rules.fixes_sv)?,
            of_rule(&rules.sources)?,
            of_rule(&rules.valid_from)?,
            of_rule(&rules.valid_until)?,
            Arc::new(self.waived.finish()),
            Arc::new(self.group_size.finish()),
            Arc::new(self.members.finish()),
        ])
    }
}

fn dictionary(keys: &Int32Array, values: &Arc<StringArray>) -> Result<ArrayRef, ReportError> {
    let values: ArrayRef = Arc::<StringArray>::clone(values);
    Ok(Arc::new(DictionaryArray::<Int32Type>::try_new(keys.clone(), values)?))
}
