//! Tallies in a file: made where the records are, put together elsewhere.
//!
//! A Parquet file of one row a count, so that any data platform can read it. It holds counts by region, month, code
//! and care unit, and the names of files; no record and no value of a record.
//!
//! | column | holds |
//! | --- | --- |
//! | `kind` | `count`, `undecided`, `month`, `code`, `unit`, `spread`, `named`, `corrections`, `doubt`, `doubt_code`, `doubt_rule`, `delivery`, `found` |
//! | `collection` | id |
//! | `region` | county code; blank where the region could not be known |
//! | `period` | `2022-03` or `2022`; blank where it could not be known |
//! | `label` | code of the breakdown, care unit, rule or file name |
//! | `number` | of a delivery: its place among the deliveries; of a spread's value: how far it is above the least of its range |
//! | `item` | condition, or variable and counter (`diagnos/blank`), or `records`; of records in doubt the measure, what they count as and what they could |
//! | `value` | the count |
//!
//! Counts of zero are left out, except those of `records`, which say that the group is there. The file's metadata holds
//! the format's version and that of the measures: tallies that were made with other measures count other things, and
//! are refused. It also holds a checksum of all rows, because a count that is damaged on its way reads as well as a
//! sound one.

mod doubts;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray, UInt64Array};
use arrow::datatypes::{DataType, Field, Schema, UInt64Type};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;

use crate::engine::Tally;
use crate::engine::tally::{Corrections, Delivery, Fill, Fills, Spread};
use crate::measure::Measures;
use crate::model::{County, Fingerprint, Text};
use crate::submission::parquet::fence;
use crate::time::Month;

/// The version of this format.
const FORMAT: &str = "4";
const FORMAT_KEY: &str = "vantkoll.tally";
const MEASURES_KEY: &str = "vantkoll.measures";
const CHECKSUM_KEY: &str = "vantkoll.checksum";
const COLUMNS: [&str; 8] = ["kind", "collection", "region", "period", "label", "number", "item", "value"];

/// Why a tally could not be saved or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SavedError {
    /// The operating system said no.
    #[error("`{}`: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What it said.
        source: std::io::Error,
    },
    /// The file could not be written as Parquet.
    #[error("Parquet: {0}")]
    Write(#[from] parquet::errors::ParquetError),
    /// The rows could not be put together.
    #[error("Arrow: {0}")]
    Arrow(#[from] arrow::error::ArrowError),
    /// Not a tally, or a damaged one.
    #[error("`{}`: {}", path.display(), what.en)]
    Refused {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: Text,
    },
}

impl SavedError {
    /// In both languages, with the file.
    pub fn text(&self) -> Text {
        match self {
            Self::Refused { path, what } => {
                let path = path.display();
                Text::new(format!("`{path}`: {}", what.sv), format!("`{path}`: {}", what.en))
            }
            other => Text::new(other.to_string(), other.to_string()),
        }
    }
}

/// Writes the tallies of a run.
///
/// # Errors
/// If `out` cannot be written.
pub fn write(
    tallies: &BTreeMap<String, Tally>,
    measures: &Measures,
    out: &mut (dyn Write + Send),
) -> Result<(), SavedError> {
    let pair = |key: &str, value: &str| KeyValue::new(key.to_owned(), Some(value.to_owned()));
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_created_by(concat!("vantkoll ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_key_value_metadata(Some(vec![pair(FORMAT_KEY, FORMAT), pair(MEASURES_KEY, &measures.version)]))
        .build();
    let mut writer = ArrowWriter::try_new(out, schema(), Some(properties))?;
    let mut checksum = Checksum::default();
    for (collection, tally) in tallies {
        let mut rows = Rows { collection, rows: Vec::new() };
        rows.tally(tally, measures);
        rows.rows.iter().for_each(|row| checksum.add(&row.saved(collection)));
        // In pieces, so that the columns of a large tally are not held twice.
        for piece in rows.rows.chunks(1 << 16) {
            writer.write(&batch(collection, piece)?)?;
        }
    }
    writer.append_key_value_metadata(pair(CHECKSUM_KEY, &checksum.hex()));
    writer.close()?;
    Ok(())
}

/// Over the rows, in their order.
#[derive(Default)]
struct Checksum(Fingerprint);

impl Checksum {
    fn add(&mut self, row: &SavedRow<'_>) {
        for text in [row.kind, row.collection, row.region, row.period, row.label, row.item] {
            self.0.text(text);
        }
        self.0.bytes([row.number, row.value].into_iter().flat_map(u64::to_le_bytes));
    }

    fn hex(&self) -> String {
        self.0.hex()
    }
}

fn schema() -> Arc<Schema> {
    let fields = COLUMNS.map(|name| {
        let kind = if matches!(name, "number" | "value") { DataType::UInt64 } else { DataType::Utf8 };
        Field::new(name, kind, false)
    });
    Arc::new(Schema::new(fields.to_vec()))
}

/// One count.
struct Row {
    kind: &'static str,
    region: Option<County>,
    period: String,
    label: String,
    number: u64,
    item: String,
    value: u64,
}

impl Row {
    fn saved<'a>(&'a self, collection: &'a str) -> SavedRow<'a> {
        SavedRow {
            kind: self.kind,
            collection,
            region: self.region.as_ref().map_or("", County::as_str),
            period: &self.period,
            label: &self.label,
            number: self.number,
            item: &self.item,
            value: self.value,
        }
    }
}

fn batch(collection: &str, rows: &[Row]) -> Result<RecordBatch, SavedError> {
    let text =
        |of: &dyn Fn(&Row) -> String| -> ArrayRef { Arc::new(StringArray::from_iter_values(rows.iter().map(of))) };
    let number =
        |of: &dyn Fn(&Row) -> u64| -> ArrayRef { Arc::new(UInt64Array::from_iter_values(rows.iter().map(of))) };
    let columns = vec![
        text(&|row| row.kind.to_owned()),
        text(&|_| collection.to_owned()),
        text(&|row| row.region.map(|county| county.to_string()).unwrap_or_default()),
        text(&|row| row.period.clone()),
        text(&|row| row.label.clone()),
        number(&|row| row.number),
        text(&|row| row.item.clone()),
        number(&|row| row.value),
    ];
    Ok(RecordBatch::try_new(schema(), columns)?)
}

struct Rows<'a> {
    collection: &'a str,
    rows: Vec<Row>,
}

impl Rows<'_> {
    fn tally(&mut self, tally: &Tally, measures: &Measures) {
        let (Some(plan), Some(counted)) = (measures.plans.get(self.collection), measures.tallies.get(self.collection))
        else {
            return;
        };
        let names: Vec<&str> = counted.conditions.iter().map(|condition| condition.name.as_str()).collect();
        for ((region, month, code), counts) in &tally.counts {
            let period = text_of(*month);
            for (kind, values) in [("count", &counts.yes), ("undecided", &counts.undecided)] {
                for (name, value) in names.iter().zip(values).filter(|(_, value)| **value > 0) {
                    self.push(kind, *region, &period, code, 0, (*name).to_owned(), *value);
                }
            }
        }
        let variables: Vec<&str> = plan.collection.variables.iter().map(|variable| variable.id.as_str()).collect();
        for ((region, month), fills) in &tally.by_month {
            self.fills("month", *region, &text_of(*month), "", fills, &variables);
        }
        for ((region, year, code), fills) in &tally.by_code {
            self.fills("code", *region, &text_of_year(*year), code, fills, &variables);
        }
        for ((region, year, unit), fills) in &tally.by_unit {
            let period = text_of_year(*year);
            self.push("unit", *region, &period, unit, 0, "records".to_owned(), fills.records);
            self.among("unit", *region, &period, unit, &fills.among);
            for (name, value) in variables.iter().zip(&fills.blank_among).filter(|(_, value)| **value > 0) {
                self.push("unit", *region, &period, unit, 0, format!("{name}/blank_among"), *value);
            }
        }
        for ((region, month, code, index), spread) in &tally.spreads {
            let Some(plan) = counted.spreads.get(*index) else { continue };
            self.spread((*region, &text_of(*month), code), &plan.name, plan.range.0, spread);
        }
        for ((region, month, index, code), records) in &tally.named {
            let Some(plan) = counted.named.get(*index) else { continue };
            self.push("named", *region, &text_of(*month), code, 0, plan.name.clone(), *records);
        }
        for ((region, month), Corrections { closed, open, unknown }) in &tally.corrections {
            for (item, records) in [("closed", *closed), ("open", *open), ("unknown", *unknown)] {
                if records > 0 {
                    self.push("corrections", *region, &text_of(*month), "", 0, item.to_owned(), records);
                }
            }
        }
        self.doubts(tally, counted);
        for (number, delivery) in tally.deliveries.iter().enumerate() {
            self.delivery(number as u64, delivery);
        }
    }

    fn fills(
        &mut self,
        kind: &'static str,
        region: Option<County>,
        period: &str,
        label: &str,
        fills: &Fills,
        variables: &[&str],
    ) {
        self.push(kind, region, period, label, 0, "records".to_owned(), fills.records);
        self.among(kind, region, period, label, &fills.among);
        for (name, fill) in variables.iter().zip(&fills.variables) {
            for (counter, value) in counters(fill).into_iter().filter(|(_, value)| *value > 0) {
                self.push(kind, region, period, label, 0, format!("{name}/{counter}"), value);
            }
        }
    }

    /// The number is how far the value lies above the range's least, so that it is never negative.
    fn spread(&mut self, place: (Option<County>, &str, &str), name: &str, least: i64, spread: &Spread) {
        let (region, period, code) = place;
        for (value, records) in &spread.counts {
            let number = value.abs_diff(least);
            self.push("spread", region, period, code, number, format!("{name}/value"), *records);
        }
        for (item, records) in [("below", spread.below), ("above", spread.above), ("unknown", spread.unknown)] {
            if records > 0 {
                self.push("spread", region, period, code, 0, format!("{name}/{item}"), records);
            }
        }
    }

    fn among(&mut self, kind: &'static str, region: Option<County>, period: &str, label: &str, among: &[u64]) {
        for (index, value) in among.iter().enumerate().filter(|(_, value)| **value > 0) {
            self.push(kind, region, period, label, 0, format!("among/{index}"), *value);
        }
    }

    fn delivery(&mut self, number: u64, delivery: &Delivery) {
        let period = text_of(delivery.month);
        let day = |day: i64| u64::try_from(day).ok();
        let values = [
            ("records", Some(delivery.records)),
            ("unreadable", Some(delivery.unreadable)),
            ("fingerprint", Some(delivery.fingerprint)),
            ("received", delivery.received.and_then(day)),
            ("stated_records", delivery.stated_records),
            ("counts_doubts", delivery.counts_doubts.then_some(1)),
        ];
        for (item, value) in values {
            if let Some(value) = value {
                self.push("delivery", delivery.region, &period, &delivery.file, number, item.to_owned(), value);
            }
        }
        for ((region, month), records) in &delivery.found {
            self.push("found", *region, &text_of(*month), "", number, "records".to_owned(), *records);
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the columns of a row")]
    fn push(
        &mut self,
        kind: &'static str,
        region: Option<County>,
        period: &str,
        label: &str,
        number: u64,
        item: String,
        value: u64,
    ) {
        self.rows.push(Row { kind, region, period: period.to_owned(), label: label.to_owned(), number, item, value });
    }
}

fn text_of(month: Option<Month>) -> String {
    month.map(|month| month.to_string()).unwrap_or_default()
}

fn text_of_year(year: Option<i32>) -> String {
    year.map(|year| format!("{year:04}")).unwrap_or_default()
}

fn counters(fill: &Fill) -> [(&'static str, u64); 6] {
    [
        ("blank", fill.blank),
        ("blank_required", fill.blank_required),
        ("negative", fill.negative),
        ("unknown", fill.unknown),
        ("required", fill.required),
        ("blank_among", fill.blank_among),
    ]
}

/// Reads the tallies of a file and adds them to `tallies`.
///
/// # Errors
/// If the file cannot be read, is no tally, or was made with other measures than `measures`.
pub fn read(path: &Path, measures: &Measures, tallies: &mut BTreeMap<String, Tally>) -> Result<(), SavedError> {
    let io = |source| SavedError::Io { path: path.to_path_buf(), source };
    let refused = |sv: String, en: String| SavedError::Refused { path: path.to_path_buf(), what: Text::new(sv, en) };
    let damaged = |error: String| {
        refused(format!("filen går inte att läsa som räkneverk: {error}"), format!("not readable as a tally: {error}"))
    };
    let file = File::open(path).map_err(io)?;
    let reader = fence(|| ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| error.to_string()));
    let reader = reader.map_err(damaged)?;
    let metadata = reader.metadata().file_metadata().key_value_metadata().cloned().unwrap_or_default();
    let value_of = |key: &str| metadata.iter().find(|pair| pair.key == key).and_then(|pair| pair.value.as_deref());
    match (value_of(FORMAT_KEY), value_of(MEASURES_KEY)) {
        (Some(FORMAT), Some(version)) if version == measures.version => {}
        (Some(FORMAT), Some(version)) => {
            return Err(refused(
                format!(
                    "räkneverket gjordes med andra mått eller regler (version {version}, nu {}); gör om det med samma version",
                    measures.version
                ),
                format!(
                    "the tally was made with other measures or rules (version {version}, now {}); make it again with the same version",
                    measures.version
                ),
            ));
        }
        (Some(other), _) => {
            return Err(refused(
                format!("räkneverk av format {other}; detta program läser format {FORMAT}"),
                format!("a tally of format {other}; this program reads format {FORMAT}"),
            ));
        }
        (None, _) => {
            return Err(refused(
                "filen är inget sparat räkneverk (--save-tally)".to_owned(),
                "the file is no saved tally (--save-tally)".to_owned(),
            ));
        }
    }
    let mut parsed: BTreeMap<String, Tally> = BTreeMap::new();
    let mut checksum = Checksum::default();
    let mut batches = fence(|| reader.build().map_err(|error| error.to_string())).map_err(damaged)?;
    let mut next = || fence(|| batches.next().transpose().map_err(|error| error.to_string()));
    while let Some(batch) = next().map_err(damaged)? {
        let mut of_batch = Reading { measures, tallies: &mut parsed, checksum: &mut checksum };
        of_batch.batch(&batch).map_err(|what| damaged(what.to_owned()))?;
    }
    if value_of(CHECKSUM_KEY) != Some(&checksum.hex()) {
        return Err(damaged("its rows are not those that were saved".to_owned()));
    }
    for (collection, tally) in parsed {
        let into = tallies.entry(collection).or_default();
        if let Some((one, other)) = repeated(into, &tally) {
            return Err(refused(
                format!(
                    "`{other}` har samma poster som `{one}`, som redan är med: en leverans får bara räknas en gång"
                ),
                format!(
                    "`{other}` has the same records as `{one}`, which is there already: a delivery counts once only"
                ),
            ));
        }
        into.merge(tally);
    }
    Ok(())
}

/// A delivery that is in both.
pub fn repeated(known: &Tally, added: &Tally) -> Option<(String, String)> {
    added.deliveries.iter().find_map(|delivery| {
        let same = known.deliveries.iter().find(|other| other.is_same_as(delivery))?;
        Some((same.file.clone(), delivery.file.clone()))
    })
}

struct Reading<'a> {
    measures: &'a Measures,
    tallies: &'a mut BTreeMap<String, Tally>,
    checksum: &'a mut Checksum,
}

impl Reading<'_> {
    fn batch(&mut self, batch: &RecordBatch) -> Result<(), &'static str> {
        let column = |name: &str| batch.column_by_name(name).ok_or("a column is missing");
        let text = |name: &str| -> Result<&StringArray, &'static str> {
            column(name)?.as_string_opt::<i32>().ok_or("a column is of another type")
        };
        let number = |name: &str| -> Result<&UInt64Array, &'static str> {
            column(name)?.as_primitive_opt::<UInt64Type>().ok_or("a column is of another type")
        };
        let (kind, collection, region) = (text("kind")?, text("collection")?, text("region")?);
        let (period, label, item) = (text("period")?, text("label")?, text("item")?);
        let (numbers, values) = (number("number")?, number("value")?);
        if batch.columns().iter().any(|column| column.null_count() > 0) {
            return Err("a value is missing");
        }
        for row in 0..batch.num_rows() {
            let row = SavedRow {
                kind: kind.value(row),
                collection: collection.value(row),
                region: region.value(row),
                period: period.value(row),
                label: label.value(row),
                number: numbers.value(row),
                item: item.value(row),
                value: values.value(row),
            };
            self.checksum.add(&row);
            self.row(&row)?;
        }
        Ok(())
    }

    fn row(&mut self, row: &SavedRow<'_>) -> Result<(), &'static str> {
        let (Some(plan), Some(counted)) =
            (self.measures.plans.get(row.collection), self.measures.tallies.get(row.collection))
        else {
            return Err("it has a collection that is not known");
        };
        let region = match row.region {
            "" => None,
            code => Some(County::new(code).ok_or("it has a region that is no county code")?),
        };
        let month = || match row.period {
            "" => Ok(None),
            text => Month::parse(text).map(Some).ok_or("it has a month that is none"),
        };
        let year = || match row.period {
            "" => Ok(None),
            text => text.parse::<i32>().map(Some).map_err(|_| "it has a year that is none"),
        };
        let tally = self.tallies.entry(row.collection.to_owned()).or_default();
        let variable_of = |name: &str| plan.collection.variables.iter().position(|variable| variable.id == name);
        let n_variables = plan.collection.variables.len();
        match row.kind {
            "count" | "undecided" => {
                let place = counted.conditions.iter().position(|condition| condition.name == row.item);
                let place = place.ok_or("it has a count that is not known")?;
                let counts = tally.counts.entry((region, month()?, row.label.to_owned())).or_default();
                counts.yes.resize(counted.conditions.len(), 0);
                counts.undecided.resize(counted.conditions.len(), 0);
                let list = if row.kind == "count" { &mut counts.yes } else { &mut counts.undecided };
                list[place] = row.value;
            }
            "spread" => {
                let (name, counter) = row.item.split_once('/').ok_or("it has a spread that is not known")?;
                let place = counted.spreads.iter().position(|plan| plan.name == name);
                let place = place.ok_or("it has a spread that is not known")?;
                let (min, max) = counted.spreads[place].range;
                let spread = tally.spreads.entry((region, month()?, row.label.to_owned(), place)).or_default();
                match counter {
                    "value" => {
                        let value = i64::try_from(row.number).ok().and_then(|number| min.checked_add(number));
                        let value = value.filter(|value| *value <= max).ok_or("it has a value outside its range")?;
                        spread.counts.insert(value, row.value);
                    }
                    "below" => spread.below = row.value,
                    "above" => spread.above = row.value,
                    "unknown" => spread.unknown = row.value,
                    _ => return Err("it has a spread that is not known"),
                }
            }
            "named" => {
                let place = counted.named.iter().position(|plan| plan.name == row.item);
                let place = place.ok_or("it has a count that is not known")?;
                tally.named.insert((region, month()?, place, row.label.to_owned()), row.value);
            }
            "corrections" => {
                let corrections = tally.corrections.entry((region, month()?)).or_default();
                match row.item {
                    "closed" => corrections.closed = row.value,
                    "open" => corrections.open = row.value,
                    "unknown" => corrections.unknown = row.value,
                    _ => return Err("it has a count that is not known"),
                }
            }
            "month" | "code" => {
                let fills = if row.kind == "month" {
                    tally.by_month.entry((region, month()?)).or_default()
                } else {
                    tally.by_code.entry((region, year()?, row.label.to_owned())).or_default()
                };
                fills.among.resize(counted.among.len(), 0);
                fills.variables.resize(n_variables, Fill::default());
                match row.item.split_once('/') {
                    None if row.item == "records" => fills.records = row.value,
                    Some(("among", index)) => *place_of(&mut fills.among, index)? = row.value,
                    Some((name, counter)) => {
                        let fill =
                            &mut fills.variables[variable_of(name).ok_or("it has a variable that is not known")?];
                        match counter {
                            "blank" => fill.blank = row.value,
                            "blank_required" => fill.blank_required = row.value,
                            "negative" => fill.negative = row.value,
                            "unknown" => fill.unknown = row.value,
                            "required" => fill.required = row.value,
                            "blank_among" => fill.blank_among = row.value,
                            _ => return Err("it has a counter that is not known"),
                        }
                    }
                    None => return Err("it has a count that is not known"),
                }
            }
            "unit" => {
                let fills = tally.by_unit.entry((region, year()?, row.label.to_owned())).or_default();
                fills.among.resize(counted.among.len(), 0);
                fills.blank_among.resize(n_variables, 0);
                match row.item.split_once('/') {
                    None if row.item == "records" => fills.records = row.value,
                    Some(("among", index)) => *place_of(&mut fills.among, index)? = row.value,
                    Some((name, "blank_among")) => {
                        fills.blank_among[variable_of(name).ok_or("it has a variable that is not known")?] = row.value;
                    }
                    _ => return Err("it has a count that is not known"),
                }
            }
            "doubt" | "doubt_code" | "doubt_rule" => {
                let (Some(county), Some(month)) = (region, month()?) else {
                    return Err("it has records in doubt of no region or month");
                };
                doubts::row(tally, counted, row, county, month)?;
            }
            "delivery" | "found" => delivery_row(tally, row, region, month()?)?,
            _ => return Err("it has a kind of row that is not known"),
        }
        Ok(())
    }
}

fn place_of<'a>(list: &'a mut [u64], index: &str) -> Result<&'a mut u64, &'static str> {
    index.parse::<usize>().ok().and_then(|index| list.get_mut(index)).ok_or("it has a count that is not known")
}

/// More deliveries than any run has; a damaged number must not ask for more memory.
const MOST_DELIVERIES: u64 = 1 << 20;

fn delivery_row(
    tally: &mut Tally,
    row: &SavedRow<'_>,
    region: Option<County>,
    month: Option<Month>,
) -> Result<(), &'static str> {
    if row.number >= MOST_DELIVERIES {
        return Err("it has more deliveries than there can be");
    }
    let number = usize::try_from(row.number).map_err(|_| "it has more deliveries than there can be")?;
    if tally.deliveries.len() <= number {
        tally.deliveries.resize(number + 1, Delivery::default());
    }
    let delivery = &mut tally.deliveries[number];
    if row.kind == "found" {
        delivery.found.insert((region, month), row.value);
        return Ok(());
    }
    row.label.clone_into(&mut delivery.file);
    (delivery.region, delivery.month) = (region, month);
    match row.item {
        "records" => delivery.records = row.value,
        "unreadable" => delivery.unreadable = row.value,
        "fingerprint" => delivery.fingerprint = row.value,
        "received" => delivery.received = i64::try_from(row.value).ok(),
        "stated_records" => delivery.stated_records = Some(row.value),
        "counts_doubts" => delivery.counts_doubts = row.value == 1,
        _ => return Err("it has a count that is not known"),
    }
    Ok(())
}

struct SavedRow<'a> {
    kind: &'a str,
    collection: &'a str,
    region: &'a str,
    period: &'a str,
    label: &'a str,
    number: u64,
    item: &'a str,
    value: u64,
}
