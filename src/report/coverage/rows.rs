//! One row a figure: CSV for Excel and Parquet for data platforms, with the same columns.

mod sure;

use std::borrow::Cow;
use std::io::Write;
use std::sync::Arc;

use ::parquet::arrow::ArrowWriter;
use arrow::array::{ArrayRef, BooleanArray, Float64Array, RecordBatch, StringArray, UInt64Array, new_null_array};
use arrow::datatypes::{DataType, Field, Schema};

use crate::coverage::Coverage;
use crate::coverage::distribution::{DistributionRow, DistributionTable, Halves};
use crate::coverage::figure::{Amount, Category, Change, Figure, Finality, Place};
use crate::coverage::goal::{Judged, Outcome, Points, ProgrammeTable, Shown};
use crate::measure::Target;
use crate::model::Level;
use crate::report::ReportError;
use crate::report::csv::{BYTE_ORDER_MARK, CellWriter};
use crate::report::parquet::properties;

/// The columns, in order.
pub const COLUMNS: [&str; 41] = [
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
    "outcome",
    "why",
    "difference_pp",
    "share_of_pot",
    "place",
    "target",
    "target_value",
    "reached",
    "percentile",
    "percentile_value",
    "records",
    "finality",
    "in_doubt",
    "least",
    "greatest",
    "without_doubtful",
    "at_worst",
    "at_best",
    "widened_by",
];

/// One row: a figure, and of a goal what became of it.
pub(super) struct Line<'a> {
    figure: Cow<'a, Figure>,
    /// Other values than those of its counts, where an edition for others lacks the latter.
    values: Option<(Option<u64>, Option<u64>)>,
    /// Several months that are no year.
    months: Option<String>,
    judged: Option<&'a Judged>,
    /// Of months met: how many they could be.
    met: Option<sure::MonthsMet>,
}

impl<'a> From<&'a Figure> for Line<'a> {
    fn from(figure: &'a Figure) -> Self {
        Self { figure: Cow::Borrowed(figure), values: None, months: None, judged: None, met: None }
    }
}

impl<'a> From<&'a Shown> for Line<'a> {
    fn from(shown: &'a Shown) -> Self {
        Self { values: Some((shown.value, shown.value_before)), ..(&shown.figure).into() }
    }
}

impl<'a> From<&'a Judged> for Line<'a> {
    fn from(judged: &'a Judged) -> Self {
        Self { judged: Some(judged), ..(&judged.figure).into() }
    }
}

impl Line<'_> {
    /// The measure's id.
    pub(super) fn measure(&self) -> &str {
        &self.figure.measure
    }

    pub(super) fn figure(&self) -> &Figure {
        &self.figure
    }

    pub(super) fn period(&self) -> String {
        self.months.clone().unwrap_or_else(|| self.figure.period.to_string())
    }

    pub(super) fn value(&self) -> Option<u64> {
        self.values.map_or_else(|| self.figure.value(), |values| values.0)
    }

    pub(super) fn value_before(&self) -> Option<u64> {
        self.values.map_or_else(|| self.figure.value_before(), |values| values.1)
    }

    fn outcome(&self) -> Option<Outcome> {
        self.judged.and_then(|judged| judged.outcome)
    }

    fn points(&self) -> [Option<Points>; 2] {
        [self.judged.and_then(|judged| judged.difference), self.outcome().and_then(Outcome::pot)]
    }
}

/// Every row, table by table.
pub(super) fn lines(coverage: &Coverage) -> impl Iterator<Item = Line<'_>> {
    let ratios = coverage.ratios.iter().flat_map(|table| &table.figures).map(Line::from);
    let goals = coverage.goals.programmes.iter().flat_map(goal_lines);
    let guarantees = coverage.goals.guarantees.iter().flat_map(|guarantee| &guarantee.shares);
    let guarantees = guarantees.flat_map(|share| share.all.iter().chain(&share.without_deviation)).map(Line::from);
    let others = coverage.reporting.iter().chain(&coverage.accounts).flat_map(|table| &table.figures);
    let others = others.chain(&coverage.response.figures).map(Line::from);
    ratios.chain(goals).chain(guarantees).chain(others)
}

/// Of each goal its months, those waiting in them, and how many months were met.
fn goal_lines(programme: &ProgrammeTable) -> Vec<Line<'_>> {
    let mut lines = Vec::new();
    for goal in &programme.goals {
        lines.extend(goal.months.iter().map(Line::from));
        lines.extend(goal.months.iter().filter_map(|judged| judged.waiting.as_ref()).map(Line::from));
        let (Some(month), Some(first), Some(last)) =
            (goal.months.first(), programme.months.first(), programme.months.last())
        else {
            continue;
        };
        for summary in &goal.summaries {
            let figure = Figure {
                measure: format!("{}_uppfyllda_manader", goal.id).into(),
                place: summary.place,
                numerator: Some(Amount::count(u64::from(summary.met()))),
                denominator: Some(Amount::count(u64::from(summary.months()))),
                undecided: Some(u64::from(summary.not_decided)),
                months: summary.months() - summary.not_decided,
                months_expected: summary.months(),
                before: None,
                regions: None,
                finality: None,
                suppressed: false,
                certainty: None,
                ..month.figure.figure.clone()
            };
            lines.push(Line {
                figure: Cow::Owned(figure),
                values: None,
                months: Some(format!("{first}..{last}")),
                judged: None,
                met: summary.met_range.map(|range| sure::MonthsMet { range, months: summary.months() }),
            });
        }
    }
    lines
}

/// Of the country, as the source calls it.
pub(super) const COUNTRY: &str = "Riket";

pub(in crate::report) fn place_name(coverage: &Coverage, place: Place) -> String {
    match place {
        Place::Country => COUNTRY.to_owned(),
        Place::Centre(centre) => coverage.regions.centre(centre).map(|centre| centre.name.clone()).unwrap_or_default(),
        Place::Region(county) => coverage.regions.name(county).to_owned(),
    }
}

fn county_code(place: Place) -> String {
    match place {
        Place::Country | Place::Centre(_) => String::new(),
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

/// With two decimals after a decimal comma; a number, so that its sign needs no apostrophe.
fn decimal(points: Points) -> String {
    let hundredths = points.hundredths();
    let sign = if hundredths < 0 { "-" } else { "" };
    let hundredths = hundredths.unsigned_abs();
    format!("{sign}{},{:02}", hundredths / 100, hundredths % 100)
}

pub(super) fn write_csv(coverage: &Coverage, out: &mut (dyn Write + Send)) -> Result<(), ReportError> {
    let mut cells = CellWriter::default();
    cells.bytes.extend_from_slice(BYTE_ORDER_MARK);
    for name in COLUMNS {
        cells.cell(name);
    }
    cells.end_row();
    for line in lines(coverage) {
        let figure = &line.figure;
        cells.cell(&figure.measure);
        cells.cell(&county_code(figure.place));
        cells.cell(&place_name(coverage, figure.place));
        cells.cell(&line.period());
        cells.number(u64::from(figure.months));
        cells.number(u64::from(figure.months_expected));
        cells.cell(figure.breakdown.kind());
        cells.cell(figure.breakdown.name());
        cells.cell(figure.variable.as_deref().unwrap_or_default());
        cells.cell(figure.category.map(Category::as_str).unwrap_or_default());
        cells.cell(&amount_cell(figure.numerator));
        cells.cell(&amount_cell(figure.denominator));
        cells.number(figure.per);
        cells.optional_number(line.value());
        cells.optional_number(figure.undecided);
        cells.cell(&amount_cell(figure.before.map(|before| before.0)));
        cells.cell(&amount_cell(figure.before.map(|before| before.1)));
        cells.optional_number(line.value_before());
        cells.cell(figure.change.map(Change::as_str).unwrap_or_default());
        cells.optional_number(figure.regions.map(u64::from));
        cells.cell(if figure.suppressed { "true" } else { "false" });
        cells.cell(figure.level.map(Level::as_str).unwrap_or_default());
        cells.cell(line.outcome().map(Outcome::as_str).unwrap_or_default());
        cells.cell(line.outcome().and_then(Outcome::why).unwrap_or_default());
        for points in line.points() {
            cells.ready_made(points.map(decimal).unwrap_or_default().as_bytes());
        }
        cells.cell(figure.place.kind());
        cells.cell(figure.target.map(Target::as_str).unwrap_or_default());
        cells.optional_number(figure.target.map(Target::value));
        cells.cell(match figure.is_reached() {
            None => "",
            Some(true) => "true",
            Some(false) => "false",
        });
        for _ in 0..PERCENTILE_COLUMNS {
            cells.cell("");
        }
        cells.cell(figure.finality.map(Finality::as_str).unwrap_or_default());
        sure::write_cells(&mut cells, &line);
        cells.end_row();
        if cells.bytes.len() > 1 << 20 {
            out.write_all(&cells.bytes)?;
            cells.bytes.clear();
        }
    }
    for (table, row, percentile, value) in percentiles(coverage) {
        cells.cell(&table.id);
        cells.cell(&county_code(row.place));
        cells.cell(&place_name(coverage, row.place));
        cells.cell(&row.period.to_string());
        cells.number(u64::from(row.months));
        cells.number(u64::from(row.months_expected));
        cells.cell(row.breakdown.kind());
        cells.cell(row.breakdown.name());
        for _ in 0..6 {
            cells.cell("");
        }
        cells.optional_number(row.counts.map(|counts| counts.unknown));
        for _ in 0..4 {
            cells.cell("");
        }
        cells.optional_number(row.regions.map(u64::from));
        cells.cell(if row.suppressed { "true" } else { "false" });
        for _ in 0..5 {
            cells.cell("");
        }
        cells.cell(row.place.kind());
        for _ in 0..3 {
            cells.cell("");
        }
        cells.number(u64::from(percentile));
        cells.cell(&value.map(|value| value.text(',')).unwrap_or_default());
        cells.optional_number(row.counts.map(|counts| counts.records));
        cells.cell(row.finality.map(Finality::as_str).unwrap_or_default());
        for _ in 0..sure::COLUMNS {
            cells.cell("");
        }
        cells.end_row();
    }
    out.write_all(&cells.bytes)?;
    Ok(())
}

/// The columns that only percentiles fill.
const PERCENTILE_COLUMNS: usize = 3;

/// Every percentile, table by table.
fn percentiles(
    coverage: &Coverage,
) -> impl Iterator<Item = (&DistributionTable, &DistributionRow, u8, Option<Halves>)> {
    coverage.distributions.iter().flat_map(|table| {
        table.rows.iter().flat_map(move |row| {
            table.percentiles.iter().zip(&row.percentiles).map(move |(at, value)| (table, row, *at, *value))
        })
    })
}

pub(super) fn write_parquet(coverage: &Coverage, out: &mut (dyn Write + Send)) -> Result<(), ReportError> {
    let all: Vec<Line<'_>> = lines(coverage).collect();
    let mut writer: Option<ArrowWriter<_>> = None;
    let mut out = Some(out);
    // In pieces, so that drilled-down figures are not all held as columns; the first one also where there are none.
    let pieces: Vec<&[Line<'_>]> = if all.is_empty() { vec![&[]] } else { all.chunks(1 << 16).collect() };
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
    if let Some(mut writer) = writer {
        if !coverage.distributions.is_empty() {
            writer.write(&percentile_batch(coverage)?)?;
        }
        writer.close()?;
    }
    Ok(())
}

fn batch(coverage: &Coverage, lines: &[Line<'_>]) -> Result<RecordBatch, ReportError> {
    let text = |of: &dyn Fn(&Figure) -> Option<String>| -> ArrayRef {
        Arc::new(lines.iter().map(|line| of(&line.figure)).collect::<StringArray>())
    };
    let number = |of: &dyn Fn(&Figure) -> Option<u64>| -> ArrayRef {
        Arc::new(lines.iter().map(|line| of(&line.figure)).collect::<UInt64Array>())
    };
    let amount = |of: &dyn Fn(&Figure) -> Option<Amount>| -> ArrayRef {
        Arc::new(lines.iter().map(|line| of(&line.figure).map(Amount::as_f64)).collect::<Float64Array>())
    };
    let points = |which: usize| -> ArrayRef {
        Arc::new(lines.iter().map(|line| line.points()[which].map(Points::as_f64)).collect::<Float64Array>())
    };
    let filled = |text: String| (!text.is_empty()).then_some(text);
    let mut columns: Vec<ArrayRef> = vec![
        text(&|figure| Some(figure.measure.to_string())),
        text(&|figure| filled(county_code(figure.place))),
        text(&|figure| Some(place_name(coverage, figure.place))),
        Arc::new(lines.iter().map(|line| Some(line.period())).collect::<StringArray>()),
        number(&|figure| Some(u64::from(figure.months))),
        number(&|figure| Some(u64::from(figure.months_expected))),
        text(&|figure| Some(figure.breakdown.kind().to_owned())),
        text(&|figure| Some(figure.breakdown.name().to_owned())),
        text(&|figure| figure.variable.as_deref().map(str::to_owned)),
        text(&|figure| figure.category.map(|category| category.as_str().to_owned())),
        amount(&|figure| figure.numerator),
        amount(&|figure| figure.denominator),
        number(&|figure| Some(figure.per)),
        Arc::new(lines.iter().map(Line::value).collect::<UInt64Array>()),
        number(&|figure| figure.undecided),
        amount(&|figure| figure.before.map(|before| before.0)),
        amount(&|figure| figure.before.map(|before| before.1)),
        Arc::new(lines.iter().map(Line::value_before).collect::<UInt64Array>()),
        text(&|figure| figure.change.map(|change| change.as_str().to_owned())),
        number(&|figure| figure.regions.map(u64::from)),
        Arc::new(BooleanArray::from(lines.iter().map(|line| line.figure.suppressed).collect::<Vec<bool>>())),
        text(&|figure| figure.level.map(|level| level.as_str().to_owned())),
        Arc::new(lines.iter().map(|line| line.outcome().map(Outcome::as_str)).collect::<StringArray>()),
        Arc::new(lines.iter().map(|line| line.outcome().and_then(Outcome::why)).collect::<StringArray>()),
        points(0),
        points(1),
        text(&|figure| Some(figure.place.kind().to_owned())),
        text(&|figure| figure.target.map(|target| target.as_str().to_owned())),
        number(&|figure| figure.target.map(Target::value)),
        Arc::new(lines.iter().map(|line| line.figure.is_reached()).collect::<BooleanArray>()),
        new_null_array(&DataType::UInt64, lines.len()),
        new_null_array(&DataType::Float64, lines.len()),
        new_null_array(&DataType::UInt64, lines.len()),
        text(&|figure| figure.finality.map(|finality| finality.as_str().to_owned())),
    ];
    columns.extend(sure::columns(lines));
    record_batch(columns)
}

fn percentile_batch(coverage: &Coverage) -> Result<RecordBatch, ReportError> {
    let rows: Vec<(&DistributionTable, &DistributionRow, u8, Option<Halves>)> = percentiles(coverage).collect();
    let text = |of: &dyn Fn(&DistributionTable, &DistributionRow) -> Option<String>| -> ArrayRef {
        Arc::new(rows.iter().map(|(table, row, ..)| of(table, row)).collect::<StringArray>())
    };
    let number = |of: &dyn Fn(&DistributionRow) -> Option<u64>| -> ArrayRef {
        Arc::new(rows.iter().map(|(_, row, ..)| of(row)).collect::<UInt64Array>())
    };
    let none = |kind: DataType| new_null_array(&kind, rows.len());
    let filled = |text: String| (!text.is_empty()).then_some(text);
    let mut columns: Vec<ArrayRef> = vec![
        text(&|table, _| Some(table.id.clone())),
        text(&|_, row| filled(county_code(row.place))),
        text(&|_, row| Some(place_name(coverage, row.place))),
        text(&|_, row| Some(row.period.to_string())),
        number(&|row| Some(u64::from(row.months))),
        number(&|row| Some(u64::from(row.months_expected))),
        text(&|_, row| Some(row.breakdown.kind().to_owned())),
        text(&|_, row| Some(row.breakdown.name().to_owned())),
        none(DataType::Utf8),
        none(DataType::Utf8),
        none(DataType::Float64),
        none(DataType::Float64),
        none(DataType::UInt64),
        none(DataType::UInt64),
        number(&|row| row.counts.map(|counts| counts.unknown)),
        none(DataType::Float64),
        none(DataType::Float64),
        none(DataType::UInt64),
        none(DataType::Utf8),
        number(&|row| row.regions.map(u64::from)),
        Arc::new(BooleanArray::from(rows.iter().map(|(_, row, ..)| row.suppressed).collect::<Vec<bool>>())),
        none(DataType::Utf8),
        none(DataType::Utf8),
        none(DataType::Utf8),
        none(DataType::Float64),
        none(DataType::Float64),
        text(&|_, row| Some(row.place.kind().to_owned())),
        none(DataType::Utf8),
        none(DataType::UInt64),
        none(DataType::Boolean),
        Arc::new(rows.iter().map(|(_, _, at, _)| Some(u64::from(*at))).collect::<UInt64Array>()),
        Arc::new(rows.iter().map(|(.., value)| value.map(Halves::as_f64)).collect::<Float64Array>()),
        number(&|row| row.counts.map(|counts| counts.records)),
        text(&|_, row| row.finality.map(|finality| finality.as_str().to_owned())),
    ];
    columns.extend(sure::no_columns(rows.len()));
    record_batch(columns)
}

fn record_batch(columns: Vec<ArrayRef>) -> Result<RecordBatch, ReportError> {
    let fields: Vec<Field> = COLUMNS
        .iter()
        .zip(&columns)
        .map(|(name, column)| Field::new(*name, column.data_type().clone(), true))
        .collect();
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?)
}
