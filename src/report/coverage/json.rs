//! Everything of coverage, for programs: one JSON document with a version of its own.

use std::io::Write;

use serde::Serialize;

use super::rows::place_name;
use super::sentences;
use crate::coverage::figure::{Amount, Figure, Place};
use crate::coverage::{Coverage, Table};
use crate::model::{Language, Text};
use crate::report::ReportError;
use crate::time::format_day;

/// The name and version of the document's shape, in its field `schema`.
pub const SCHEMA: &str = "vantkoll.coverage/1";

pub(super) fn write(coverage: &Coverage, out: &mut (dyn Write + Send)) -> Result<(), ReportError> {
    serde_json::to_writer_pretty(&mut *out, &CoverageJson::new(coverage)).map_err(std::io::Error::from)?;
    out.write_all(b"\n")?;
    Ok(())
}

#[derive(Serialize)]
struct CoverageJson<'a> {
    schema: &'static str,
    tool_version: &'static str,
    first_month: Option<String>,
    last_month: Option<String>,
    /// Where denominators are from.
    sources: Vec<TextJson<'a>>,
    /// Counts below this are hidden, and others so that those cannot be recovered; null where all are shown.
    published_below: Option<u64>,
    measures: Vec<TableJson<'a>>,
    reporting_rates: Vec<TableJson<'a>>,
    accounts: Vec<TableJson<'a>>,
    response: ResponseJson<'a>,
    flags: Vec<FlagJson<'a>>,
    not_made: Vec<NotMadeJson<'a>>,
    left_out: Vec<LeftOutJson<'a>>,
}

#[derive(Serialize)]
struct TextJson<'a> {
    sv: &'a str,
    en: &'a str,
}

impl<'a> From<&'a Text> for TextJson<'a> {
    fn from(text: &'a Text) -> Self {
        Self { sv: &text.sv, en: &text.en }
    }
}

#[derive(Serialize)]
struct TableJson<'a> {
    id: &'a str,
    title: TextJson<'a>,
    description: TextJson<'a>,
    cannot_tell: TextJson<'a>,
    source_document: &'a str,
    source_place: &'a str,
    selection: &'a [String],
    figures: Vec<FigureJson<'a>>,
}

#[derive(Serialize)]
struct FigureJson<'a> {
    measure: &'a str,
    /// County code; null for the country.
    lanskod: Option<String>,
    region: String,
    period: String,
    months: u32,
    months_expected: u32,
    breakdown: &'static str,
    group: &'a str,
    variable: Option<&'a str>,
    category: Option<&'static str>,
    /// The variable's requirement level, in accounts.
    level: Option<&'static str>,
    numerator: Option<f64>,
    denominator: Option<f64>,
    per: u64,
    /// Rounded as published; null where there is no denominator, or where it may not be shown.
    value: Option<u64>,
    undecided: Option<u64>,
    numerator_before: Option<f64>,
    denominator_before: Option<f64>,
    value_before: Option<u64>,
    change: Option<&'static str>,
    regions: Option<u32>,
    suppressed: bool,
}

#[derive(Serialize)]
struct ResponseJson<'a> {
    cells: Vec<CellJson<'a>>,
    rates: Vec<FigureJson<'a>>,
    /// Pairs of files with the very same records.
    repeated: Vec<[&'a str; 3]>,
}

#[derive(Serialize)]
struct CellJson<'a> {
    group: &'a str,
    lanskod: String,
    region: &'a str,
    month: String,
    received: bool,
    records: Option<u64>,
    stated_records: Option<u64>,
    /// All records of the files stated to be of it.
    records_in_files: Option<u64>,
    received_on: Option<String>,
    files: &'a [String],
}

#[derive(Serialize)]
struct FlagJson<'a> {
    kind: &'static str,
    measure: &'a str,
    lanskod: String,
    region: &'a str,
    period: String,
    variable: Option<&'a str>,
    observed: f64,
    observed_of: Option<f64>,
    expected: f64,
    explanation: OwnedTextJson,
}

#[derive(Serialize)]
struct OwnedTextJson {
    sv: String,
    en: String,
}

#[derive(Serialize)]
struct NotMadeJson<'a> {
    id: &'a str,
    why: TextJson<'a>,
}

#[derive(Serialize)]
struct LeftOutJson<'a> {
    collection: &'a str,
    records: u64,
    unreadable: u64,
    without_region: u64,
    without_month: u64,
    outside: u64,
}

impl<'a> CoverageJson<'a> {
    fn new(coverage: &'a Coverage) -> Self {
        let tables = |tables: &'a [Table]| tables.iter().map(|table| table_json(coverage, table)).collect();
        Self {
            schema: SCHEMA,
            tool_version: env!("CARGO_PKG_VERSION"),
            first_month: coverage.scope.map(|scope| scope.first.to_string()),
            last_month: coverage.scope.map(|scope| scope.last.to_string()),
            sources: coverage.sources.iter().map(Into::into).collect(),
            published_below: coverage.published_below,
            measures: tables(&coverage.ratios),
            reporting_rates: tables(&coverage.reporting),
            accounts: tables(&coverage.accounts),
            response: response(coverage),
            flags: coverage
                .flags
                .iter()
                .map(|flag| FlagJson {
                    kind: flag.kind.as_str(),
                    measure: &flag.measure,
                    lanskod: flag.county.to_string(),
                    region: coverage.regions.name(flag.county),
                    period: flag.period.to_string(),
                    variable: flag.variable.as_deref(),
                    observed: flag.observed.numerator,
                    observed_of: flag.observed.denominator,
                    expected: flag.expected,
                    explanation: OwnedTextJson {
                        sv: sentences::flag(coverage, flag, Language::Swedish),
                        en: sentences::flag(coverage, flag, Language::English),
                    },
                })
                .collect(),
            not_made: coverage.not_made.iter().map(|not| NotMadeJson { id: &not.id, why: (&not.why).into() }).collect(),
            left_out: coverage
                .left_out
                .iter()
                .map(|(collection, left_out)| LeftOutJson {
                    collection,
                    records: left_out.records,
                    unreadable: left_out.unreadable,
                    without_region: left_out.without_region,
                    without_month: left_out.without_month,
                    outside: left_out.outside,
                })
                .collect(),
        }
    }
}

fn table_json<'a>(coverage: &Coverage, table: &'a Table) -> TableJson<'a> {
    TableJson {
        id: &table.id,
        title: (&table.title).into(),
        description: (&table.description).into(),
        cannot_tell: (&table.caution).into(),
        source_document: &table.source.document,
        source_place: &table.source.place,
        selection: &table.selection,
        figures: table.figures.iter().map(|figure| figure_json(coverage, figure)).collect(),
    }
}

fn figure_json<'a>(coverage: &Coverage, figure: &'a Figure) -> FigureJson<'a> {
    FigureJson {
        measure: &figure.measure,
        lanskod: match figure.place {
            Place::Country => None,
            Place::Region(county) => Some(county.to_string()),
        },
        region: place_name(coverage, figure.place),
        period: figure.period.to_string(),
        months: figure.months,
        months_expected: figure.months_expected,
        breakdown: figure.breakdown.kind(),
        group: figure.breakdown.name(),
        variable: figure.variable.as_deref(),
        category: figure.category.map(crate::coverage::figure::Category::as_str),
        level: figure.level.map(crate::model::Level::as_str),
        numerator: figure.numerator.map(Amount::as_f64),
        denominator: figure.denominator.map(Amount::as_f64),
        per: figure.per,
        value: figure.value(),
        undecided: figure.undecided,
        numerator_before: figure.before.map(|before| before.0.as_f64()),
        denominator_before: figure.before.map(|before| before.1.as_f64()),
        value_before: figure.value_before(),
        change: figure.change.map(crate::coverage::figure::Change::as_str),
        regions: figure.regions,
        suppressed: figure.suppressed,
    }
}

fn response(coverage: &Coverage) -> ResponseJson<'_> {
    let response = &coverage.response;
    ResponseJson {
        cells: response
            .cells
            .iter()
            .map(|((group, county, month), cell)| CellJson {
                group,
                lanskod: county.to_string(),
                region: coverage.regions.name(*county),
                month: month.to_string(),
                received: cell.is_received,
                records: cell.records,
                stated_records: cell.stated,
                records_in_files: cell.in_files,
                received_on: cell.received.map(format_day),
                files: &cell.files,
            })
            .collect(),
        rates: response.figures.iter().map(|figure| figure_json(coverage, figure)).collect(),
        repeated: response.repeated.iter().map(|(collection, one, other)| [collection.as_str(), one, other]).collect(),
    }
}
