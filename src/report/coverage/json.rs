//! Everything of coverage, for programs: one JSON document with a version of its own.

mod certainty;
mod goals;

use std::io::Write;

use serde::Serialize;

use super::rows::place_name;
use super::sentences;
use crate::coverage::distribution::{DistributionRow, DistributionTable, Halves};
use crate::coverage::figure::{Amount, Figure, Finality, Place};
use crate::coverage::goal::Shown;
use crate::coverage::{Coverage, Table};
use crate::model::{County, Language, Text};
use crate::report::ReportError;
use crate::report::figures::Figures;
use crate::time::format_day;
use certainty::CertaintyJson;
use goals::GoalsJson;

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
    distributions: Vec<DistributionJson<'a>>,
    reporting_rates: Vec<TableJson<'a>>,
    accounts: Vec<TableJson<'a>>,
    goals: GoalsJson<'a>,
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
    /// Records that could not be judged, by region and code.
    undecided_by_code: Vec<UndecidedJson<'a>>,
    selection: &'a [String],
    figures: Vec<FigureJson<'a>>,
}

#[derive(Serialize)]
struct FigureJson<'a> {
    measure: &'a str,
    /// County code; null for the country and regional cancer centres.
    lanskod: Option<String>,
    /// `country`, `rcc` or `region`.
    place: &'static str,
    region: String,
    period: String,
    months: u32,
    months_expected: u32,
    breakdown: &'a str,
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
    /// What the value should reach; null where the measure states nothing.
    target: Option<TargetJson>,
    /// Whether it may still change by corrections: `fixed`, `preliminary`, or `preliminary_unknown` where it is not known
    /// when some record was first received; null where records may not be corrected.
    finality: Option<&'static str>,
    suppressed: bool,
    /// How far findings could move it; null where that was not worked out, or may not be shown.
    certainty: Option<CertaintyJson<'a>>,
}

#[derive(Serialize)]
struct TargetJson {
    /// `at_least` or `at_most`.
    direction: &'static str,
    value: u64,
    /// By the two counts, not by the rounded value; null where there is no value.
    reached: Option<bool>,
}

#[derive(Serialize)]
struct UndecidedJson<'a> {
    lanskod: String,
    region: &'a str,
    /// Empty where blank, `?` where not in its list.
    code: &'a str,
    records: u64,
}

#[derive(Serialize)]
struct DistributionJson<'a> {
    id: &'a str,
    title: TextJson<'a>,
    description: TextJson<'a>,
    cannot_tell: TextJson<'a>,
    source_document: &'a str,
    source_place: &'a str,
    unit: TextJson<'a>,
    /// Numbers outside are counted; a percentile that falls on one is null.
    range: [i64; 2],
    rows: Vec<SpreadJson<'a>>,
}

#[derive(Serialize)]
struct SpreadJson<'a> {
    lanskod: Option<String>,
    place: &'static str,
    region: String,
    period: String,
    months: u32,
    months_expected: u32,
    breakdown: &'a str,
    group: &'a str,
    regions: Option<u32>,
    records: Option<u64>,
    below_range: Option<u64>,
    above_range: Option<u64>,
    unknown: Option<u64>,
    percentiles: Vec<PercentileJson>,
    /// As of figures.
    finality: Option<&'static str>,
    suppressed: bool,
}

#[derive(Serialize)]
struct PercentileJson {
    percentile: u8,
    /// A whole number or a half.
    value: Option<f64>,
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
            distributions: coverage.distributions.iter().map(|table| distribution_json(coverage, table)).collect(),
            reporting_rates: tables(&coverage.reporting),
            accounts: tables(&coverage.accounts),
            goals: goals::goals(coverage),
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
                        sv: sentences::flag(coverage, flag, Figures::new(Language::Swedish)),
                        en: sentences::flag(coverage, flag, Figures::new(Language::English)),
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

fn table_json<'a>(coverage: &'a Coverage, table: &'a Table) -> TableJson<'a> {
    TableJson {
        id: &table.id,
        title: (&table.title).into(),
        description: (&table.description).into(),
        cannot_tell: (&table.caution).into(),
        source_document: &table.source.document,
        source_place: &table.source.place,
        undecided_by_code: undecided(coverage, table),
        selection: &table.selection,
        figures: table.figures.iter().map(|figure| figure_json(coverage, figure)).collect(),
    }
}

fn figure_json<'a>(coverage: &Coverage, figure: &'a Figure) -> FigureJson<'a> {
    FigureJson {
        measure: &figure.measure,
        lanskod: match figure.place {
            Place::Country | Place::Centre(_) => None,
            Place::Region(county) => Some(county.to_string()),
        },
        place: figure.place.kind(),
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
        target: figure.target.map(|target| TargetJson {
            direction: target.as_str(),
            value: target.value(),
            reached: figure.is_reached(),
        }),
        finality: figure.finality.map(Finality::as_str),
        suppressed: figure.suppressed,
        certainty: figure.certainty.as_deref().map(|of| CertaintyJson::new(of, figure.per, figure.could_reach())),
    }
}

/// A figure whose values stand apart from its counts.
fn shown_json<'a>(coverage: &Coverage, shown: &'a Shown) -> FigureJson<'a> {
    FigureJson { value: shown.value, value_before: shown.value_before, ..figure_json(coverage, &shown.figure) }
}

fn undecided<'a>(coverage: &'a Coverage, table: &'a Table) -> Vec<UndecidedJson<'a>> {
    let by_region = table.undecided.iter().flat_map(|(county, codes)| codes.iter().map(move |one| (county, one)));
    let json = |(county, (code, records)): (&County, (&'a String, &u64))| UndecidedJson {
        lanskod: county.to_string(),
        region: coverage.regions.name(*county),
        code,
        records: *records,
    };
    by_region.map(json).collect()
}

fn distribution_json<'a>(coverage: &'a Coverage, table: &'a DistributionTable) -> DistributionJson<'a> {
    let row = |row: &'a DistributionRow| SpreadJson {
        lanskod: match row.place {
            Place::Country | Place::Centre(_) => None,
            Place::Region(county) => Some(county.to_string()),
        },
        place: row.place.kind(),
        region: place_name(coverage, row.place),
        period: row.period.to_string(),
        months: row.months,
        months_expected: row.months_expected,
        breakdown: row.breakdown.kind(),
        group: row.breakdown.name(),
        regions: row.regions,
        records: row.counts.map(|counts| counts.records),
        below_range: row.counts.map(|counts| counts.below),
        above_range: row.counts.map(|counts| counts.above),
        unknown: row.counts.map(|counts| counts.unknown),
        percentiles: table
            .percentiles
            .iter()
            .zip(&row.percentiles)
            .map(|(percentile, value)| PercentileJson { percentile: *percentile, value: value.map(Halves::as_f64) })
            .collect(),
        finality: row.finality.map(Finality::as_str),
        suppressed: row.suppressed,
    };
    DistributionJson {
        id: &table.id,
        title: (&table.title).into(),
        description: (&table.description).into(),
        cannot_tell: (&table.caution).into(),
        source_document: &table.source.document,
        source_place: &table.source.place,
        unit: (&table.unit).into(),
        range: [table.range.0, table.range.1],
        rows: table.rows.iter().map(row).collect(),
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
