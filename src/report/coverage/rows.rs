//! One row a figure: CSV for Excel and Parquet for data platforms, with the same columns.

use std::io::Write;
use std::sync::Arc;

use ::parquet::arrow::ArrowWriter;
use arrow::array::{ArrayRef, BooleanArray, Float64Array, RecordBatch, StringArray, UInt64Array};
use arrow::datatypes::{Field, Schema};

use crate::coverage::Coverage;
use crate::coverage::figure::{Amount, Category, Change, Figure, Place};
use crate::model::Level;
use crate::report::ReportError;
use crate::report::csv::{BYTE_ORDER_MARK, CellWriter};
use crate::report::parquet::properties;

/// The columns, in order.
pub const COLUMNS: [&str; 22] = [
    "measure",
    "lanskod",
    "region",
    "period",
    "months",
    "months_expected",
    "breakdown",
    "group",
    "variable",
    "category",
    "numerator",
    "denominator",
    "per",
    "value",
    "undecided",
    "numerator_before",
    "denominator_before",
    "value_before",
    "change",
    "regions",
    "suppressed",
    "level",
];

/// Every figure, table by table.
fn figures(coverage: &Coverage) -> impl Iterator<Item = &Figure> {
    let tables = coverage.ratios.iter().chain(&coverage.reporting).chain(&coverage.accounts);
    tables.flat_map(|table| &table.figures).chain(&coverage.response.figures)
}

/// Of the country, as the source calls it.
pub(super) const COUNTRY: &str = "Riket";

pub(super) fn place_name(coverage: &Coverage, place: Place) -> String {
    match place {
        Place::Country => COUNTRY.to_owned(),
        Place::Region(county) => coverage.regions.name(county).to_owned(),
    }
}

fn county_code(place: Place) -> String {
    match place {
        Place::Country => String::new(),
        Place::Region(county) => county.to_string(),
    }
}

/// A count, or a mean with a decimal comma, as a Swedish spreadsheet reads it.
fn amount_cell(amount: Option<Amount>) -> String {
    match amount {
        None => String::new(),
        Some(amount) => match amount.whole() {
            Some(count) => count.to_string(),
            None => format!("{:.4}", amount.as_f64()).replace('.', ","),
        },
    }
}

pub(super) fn write_csv(coverage: &Coverage, out: &mut (dyn Write + Send)) -> Result<(), ReportError> {
    let mut cells = CellWriter::default();
    cells.bytes.extend_from_slice(BYTE_ORDER_MARK);
    for name in COLUMNS {
        cells.cell(name);
    }
    cells.end_row();
    for figure in figures(coverage) {
        cells.cell(&figure.measure);
        cells.cell(&county_code(figure.place));
        cells.cell(&place_name(coverage, figure.place));
        cells.cell(&figure.period.to_string());
        cells.number(u64::from(figure.months));
        cells.number(u64::from(figure.months_expected));
        cells.cell(figure.breakdown.kind());
        cells.cell(figure.breakdown.name());
        cells.cell(figure.variable.as_deref().unwrap_or_default());
        cells.cell(figure.category.map(Category::as_str).unwrap_or_default());
        cells.cell(&amount_cell(figure.numerator));
        cells.cell(&amount_cell(figure.denominator));
        cells.number(figure.per);
        cells.optional_number(figure.value());
        cells.optional_number(figure.undecided);
        cells.cell(&amount_cell(figure.before.map(|before| before.0)));
        cells.cell(&amount_cell(figure.before.map(|before| before.1)));
        cells.optional_number(figure.value_before());
        cells.cell(figure.change.map(Change::as_str).unwrap_or_default());
        cells.optional_number(figure.regions.map(u64::from));
        cells.cell(if figure.suppressed { "true" } else { "false" });
        cells.cell(figure.level.map(Level::as_str).unwrap_or_default());
        cells.end_row();
        if cells.bytes.len() > 1 << 20 {
            out.write_all(&cells.bytes)?;
            cells.bytes.clear();
        }
    }
    out.write_all(&cells.bytes)?;
    Ok(())
}

pub(super) fn write_parquet(coverage: &Coverage, out: &mut (dyn Write + Send)) -> Result<(), ReportError> {
    let all: Vec<&Figure> = figures(coverage).collect();
    let mut writer: Option<ArrowWriter<_>> = None;
    let mut out = Some(out);
    // In pieces, so that drilled-down figures are not all held as columns; the first one also where there are none.
    let pieces: Vec<&[&Figure]> = if all.is_empty() { vec![&[]] } else { all.chunks(1 << 16).collect() };
    for piece in pieces {
        let batch = batch(coverage, piece)?;
        if writer.is_none()
            && let Some(out) = out.take()
        {
            writer = Some(ArrowWriter::try_new(out, batch.schema(), Some(properties()))?);
        }
        if let Some(writer) = &mut writer {
            writer.write(&batch)?;
        }
    }
    if let Some(writer) = writer {
        writer.close()?;
    }
    Ok(())
}

fn batch(coverage: &Coverage, figures: &[&Figure]) -> Result<RecordBatch, ReportError> {
    let text = |of: &dyn Fn(&Figure) -> Option<String>| -> ArrayRef {
        Arc::new(figures.iter().map(|figure| of(figure)).collect::<StringArray>())
    };
    let number = |of: &dyn Fn(&Figure) -> Option<u64>| -> ArrayRef {
        Arc::new(figures.iter().map(|figure| of(figure)).collect::<UInt64Array>())
    };
    let amount = |of: &dyn Fn(&Figure) -> Option<Amount>| -> ArrayRef {
        Arc::new(figures.iter().map(|figure| of(figure).map(Amount::as_f64)).collect::<Float64Array>())
    };
    let filled = |text: String| (!text.is_empty()).then_some(text);
    let columns: Vec<ArrayRef> = vec![
        text(&|figure| Some(figure.measure.to_string())),
        text(&|figure| filled(county_code(figure.place))),
        text(&|figure| Some(place_name(coverage, figure.place))),
        text(&|figure| Some(figure.period.to_string())),
        number(&|figure| Some(u64::from(figure.months))),
        number(&|figure| Some(u64::from(figure.months_expected))),
        text(&|figure| Some(figure.breakdown.kind().to_owned())),
        text(&|figure| Some(figure.breakdown.name().to_owned())),
        text(&|figure| figure.variable.as_deref().map(str::to_owned)),
        text(&|figure| figure.category.map(|category| category.as_str().to_owned())),
        amount(&|figure| figure.numerator),
        amount(&|figure| figure.denominator),
        number(&|figure| Some(figure.per)),
        number(&Figure::value),
        number(&|figure| figure.undecided),
        amount(&|figure| figure.before.map(|before| before.0)),
        amount(&|figure| figure.before.map(|before| before.1)),
        number(&Figure::value_before),
        text(&|figure| figure.change.map(|change| change.as_str().to_owned())),
        number(&|figure| figure.regions.map(u64::from)),
        Arc::new(BooleanArray::from(figures.iter().map(|figure| figure.suppressed).collect::<Vec<bool>>())),
        text(&|figure| figure.level.map(|level| level.as_str().to_owned())),
    ];
    let fields: Vec<Field> = COLUMNS
        .iter()
        .zip(&columns)
        .map(|(name, column)| Field::new(*name, column.data_type().clone(), true))
        .collect();
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?)
}
