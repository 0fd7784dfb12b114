//! The figures as a workbook: a sheet for each measure, a row for each figure, numbers as numbers.
//!
//! The same figures as the rows of CSV and Parquet ([`rows`]), in the reader's words. What may not be shown in a
//! published edition is marked as in the text.

use std::collections::BTreeMap;
use std::io::Write;

use rust_xlsxwriter::XlsxError;

use super::rows::{self, Line};
use super::text::HIDDEN;
use crate::coverage::Coverage;
use crate::coverage::distribution::{DistributionTable, Halves};
use crate::coverage::figure::{Amount, Breakdown, Category, Finality, Place};
use crate::engine::tally::{BLANK, INVALID};
use crate::model::Text;
use crate::report::text::page::Page;
use crate::report::xlsx::book::Book;
use crate::report::xlsx::sheet::{Sheet, Value};
use crate::report::xlsx::style::Look;
use crate::report::{ReportError, ReportOptions, xlsx};

/// The rows of a sheet, less those above its table.
const MOST_FIGURES: usize = 1_048_000;

/// Writes the workbook.
///
/// # Errors
/// If `out` or a temporary file cannot be written.
pub(super) fn write(
    coverage: &Coverage,
    options: &ReportOptions,
    out: &mut (dyn Write + Send),
) -> Result<(), ReportError> {
    xlsx::fenced(|| put_together(coverage, &Page::new(options), out))
}

fn put_together(coverage: &Coverage, page: &Page, out: &mut (dyn Write + Send)) -> Result<(), ReportError> {
    let title = page.say("Täckning och inrapportering", "Coverage and reporting");
    // Dated by the last day that figures are of: the clock is not read.
    let day = coverage.scope.map_or(0, |scope| scope.last.last_day());
    let mut book = Book::new(title, day, page.figures.language);
    let measures = measures(coverage);
    let first = book.name(page.say("Innehåll", "Contents"));
    let names: Vec<String> = measures.iter().map(|(id, _)| book.name(id)).collect();
    let spread: Vec<String> = coverage.distributions.iter().map(|table| book.name(&table.id)).collect();
    let titles = titles(coverage);
    let titled = |id: &str| titles.get(id).map_or("", |title| page.text_of(title));

    let mut sheet = book.sheet(&first, 0)?;
    contents_head(coverage, page, &mut sheet, title)?;
    let header = sheet.row();
    sheet.header([page.say("mått", "measure"), page.say("namn", "name"), page.say("tal", "figures")])?;
    let of_measures = measures.iter().zip(&names).map(|((id, lines), name)| (name, id, titled(id), lines.len()));
    let of_spread = coverage.distributions.iter().zip(&spread);
    let of_spread = of_spread.map(|(table, name)| (name, &table.id, page.text_of(&table.title), table.rows.len()));
    for (name, id, title, n) in of_measures.chain(of_spread) {
        sheet.cell(Look::Plain, Value::Link(name, id))?;
        sheet.cell(Look::Plain, Value::Prose(title))?;
        sheet.cell(Look::Plain, Value::Count(n as u64))?;
        sheet.end_row();
    }
    sheet.table(header, 3)?;
    sheet.finish()?;

    for ((id, lines), name) in measures.iter().zip(&names) {
        let mut sheet = book.sheet(name, lines.len() as u64)?;
        head(page, &mut sheet, id, titled(id), lines.len(), &first)?;
        figures(coverage, page, &mut sheet, lines)?;
        sheet.finish()?;
    }
    for (table, name) in coverage.distributions.iter().zip(&spread) {
        let mut sheet = book.sheet(name, table.rows.len() as u64)?;
        head(page, &mut sheet, &table.id, page.text_of(&table.title), table.rows.len(), &first)?;
        percentiles(coverage, page, &mut sheet, table)?;
        sheet.finish()?;
    }
    book.finish(out)
}

fn contents_head(coverage: &Coverage, page: &Page, sheet: &mut Sheet<'_>, title: &str) -> Result<(), XlsxError> {
    sheet.line(Look::Title, title)?;
    if let Some(scope) = coverage.scope {
        sheet.line(Look::Plain, &format!("Period: {} – {}", scope.first, scope.last))?;
    }
    for source in &coverage.sources {
        sheet.line(Look::Plain, &format!("{}: {}", page.say("Nämnare", "Denominator"), page.text_of(source)))?;
    }
    if let Some(threshold) = coverage.published_below {
        let words = page.say(
            "Utgåva för andra: antal under # visas inte (¤), inte heller de tal som skulle avslöja dem.",
            "Edition for others: counts below # are not shown (¤), nor the numbers that would reveal them.",
        );
        sheet.line(Look::Strong, &words.replace('#', &threshold.to_string()).replace('¤', HIDDEN))?;
    }
    for not in &coverage.not_made {
        let words = page.say("Inte beräknat", "Not made");
        sheet.line(Look::Plain, &format!("{words}: {}: {}", not.id, page.text_of(&not.why)))?;
    }
    Ok(())
}

fn head(
    page: &Page,
    sheet: &mut Sheet<'_>,
    id: &str,
    title: &str,
    n_figures: usize,
    contents: &str,
) -> Result<(), XlsxError> {
    sheet.line(Look::Title, &if title.is_empty() { id.to_owned() } else { format!("{id}: {title}") })?;
    if n_figures > MOST_FIGURES {
        let words = page.say(
            "Excel rymmer inte fler rader: de första # av ¤ talen visas; alla finns i CSV och Parquet.",
            "Excel holds no more rows: the first # of ¤ figures are shown; all are in CSV and Parquet.",
        );
        let (shown, all) = (page.figures.count(MOST_FIGURES as u64), page.figures.count(n_figures as u64));
        sheet.line(Look::Strong, &words.replace('#', &shown).replace('¤', &all))?;
    }
    sheet.link_line(contents, page.say("Till innehållet", "To the contents"))
}

/// The figures by measure, in the order in which the measures are met.
fn measures(coverage: &Coverage) -> Vec<(String, Vec<Line<'_>>)> {
    let mut measures: Vec<(String, Vec<Line<'_>>)> = Vec::new();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for line in rows::lines(coverage) {
        let id = line.measure();
        let place = match places.get(id) {
            Some(place) => *place,
            None => {
                places.insert(id.to_owned(), measures.len());
                measures.push((id.to_owned(), Vec::new()));
                measures.len() - 1
            }
        };
        measures[place].1.push(line);
    }
    measures
}

fn titles(coverage: &Coverage) -> BTreeMap<&str, &Text> {
    let tables = coverage.ratios.iter().chain(&coverage.reporting).chain(&coverage.accounts);
    let goals = coverage.goals.programmes.iter().flat_map(|programme| &programme.goals);
    let goals = goals.map(|goal| (goal.id.as_str(), &goal.title));
    let guarantees = coverage.goals.guarantees.iter().map(|guarantee| (guarantee.id.as_str(), &guarantee.title));
    tables.map(|table| (table.id.as_str(), &table.title)).chain(goals).chain(guarantees).collect()
}

fn figures(coverage: &Coverage, page: &Page, sheet: &mut Sheet<'_>, lines: &[Line<'_>]) -> Result<(), ReportError> {
    let per = lines.first().map_or(100, |line| line.figure().per);
    let value = match per {
        100 => page.say("värde\n(procent)", "value\n(per cent)").to_owned(),
        per => page.say("värde\n(per #)", "value\n(per #)").replace('#', &page.figures.count(per)),
    };
    let heads = [
        page.say("region", "region"),
        page.say("länskod", "county code"),
        page.say("period", "period"),
        page.say("månader", "months"),
        page.say("väntade\nmånader", "months\nexpected"),
        page.say("uppdelning", "breakdown"),
        page.say("grupp", "group"),
        page.say("variabel", "variable"),
        page.say("svar", "answer"),
        &value,
        page.say("täljare", "numerator"),
        page.say("nämnare", "denominator"),
        page.say("lägst", "least"),
        page.say("högst", "greatest"),
        page.say("går inte\natt avgöra", "cannot be\ndecided"),
        page.say("året före:\nvärde", "year before:\nvalue"),
        page.say("året före:\ntäljare", "year before:\nnumerator"),
        page.say("året före:\nnämnare", "year before:\ndenominator"),
        page.say("målvärde\nuppnått", "target\nreached"),
        page.say("kan ändras", "may change"),
    ];
    let header = sheet.row();
    sheet.header(heads)?;
    for line in lines.iter().take(MOST_FIGURES) {
        let figure = line.figure();
        place_cells(coverage, page, sheet, (figure.place, &line.period()), (figure.months, figure.months_expected))?;
        breakdown_cells(page, sheet, &figure.breakdown)?;
        sheet.cell(Look::Plain, Value::Text(figure.variable.as_deref().unwrap_or_default()))?;
        sheet.cell(Look::Plain, Value::Prose(figure.category.map_or("", |category| answer(page, category))))?;
        let hidden = figure.suppressed;
        let (least, greatest) = figure.between().unzip();
        sheet.cell(Look::Strong, count(line.value(), hidden))?;
        sheet.cell(Look::Plain, amount(figure.numerator, hidden))?;
        sheet.cell(Look::Plain, amount(figure.denominator, hidden))?;
        sheet.cell(Look::Plain, count(least, false))?;
        sheet.cell(Look::Plain, count(greatest, false))?;
        sheet.cell(Look::Plain, count(figure.undecided, false))?;
        let before = figure.before.filter(|_| !hidden);
        sheet.cell(Look::Plain, count(line.value_before(), false))?;
        sheet.cell(Look::Plain, amount(before.map(|before| before.0), false))?;
        sheet.cell(Look::Plain, amount(before.map(|before| before.1), false))?;
        let reached = match figure.is_reached() {
            None => "",
            Some(true) => page.say("ja", "yes"),
            Some(false) => page.say("nej", "no"),
        };
        sheet.cell(Look::Plain, Value::Prose(reached))?;
        sheet.cell(Look::Plain, Value::Prose(finality(page, figure.finality)))?;
        sheet.end_row();
    }
    sheet.table(header, u16::try_from(heads.len()).unwrap_or(u16::MAX))?;
    Ok(())
}

fn percentiles(
    coverage: &Coverage,
    page: &Page,
    sheet: &mut Sheet<'_>,
    table: &DistributionTable,
) -> Result<(), ReportError> {
    let header = sheet.row();
    let mut heads: Vec<String> = [
        page.say("region", "region"),
        page.say("länskod", "county code"),
        page.say("period", "period"),
        page.say("månader", "months"),
        page.say("väntade\nmånader", "months\nexpected"),
        page.say("uppdelning", "breakdown"),
        page.say("grupp", "group"),
        page.say("poster", "records"),
        page.say("okänt", "unknown"),
        page.say("kan ändras", "may change"),
    ]
    .map(str::to_owned)
    .to_vec();
    let percentile = page.say("percentil", "percentile");
    heads.extend(table.percentiles.iter().map(|at| format!("{percentile} {at}\n({})", page.text_of(&table.unit))));
    sheet.header(heads.iter().map(String::as_str))?;
    for row in table.rows.iter().take(MOST_FIGURES) {
        let period = row.period.to_string();
        place_cells(coverage, page, sheet, (row.place, &period), (row.months, row.months_expected))?;
        breakdown_cells(page, sheet, &row.breakdown)?;
        sheet.cell(Look::Plain, count(row.counts.map(|counts| counts.records), row.suppressed))?;
        sheet.cell(Look::Plain, count(row.counts.map(|counts| counts.unknown), row.suppressed))?;
        sheet.cell(Look::Plain, Value::Prose(finality(page, row.finality)))?;
        for value in &row.percentiles {
            match value.map(Halves::as_f64) {
                Some(value) => sheet.cell(Look::Plain, Value::Decimal(value))?,
                None if row.suppressed => sheet.cell(Look::Plain, Value::Prose(HIDDEN))?,
                None => sheet.cell(Look::Plain, Value::Blank)?,
            }
        }
        sheet.end_row();
    }
    sheet.table(header, u16::try_from(heads.len()).unwrap_or(u16::MAX))?;
    Ok(())
}

fn place_cells(
    coverage: &Coverage,
    page: &Page,
    sheet: &mut Sheet<'_>,
    (place, period): (Place, &str),
    (months, expected): (u32, u32),
) -> Result<(), XlsxError> {
    let name = match place {
        Place::Country => page.say("Riket", "The country").to_owned(),
        place => rows::place_name(coverage, place),
    };
    sheet.cell(Look::Plain, Value::Text(&name))?;
    match place {
        Place::Region(county) => sheet.cell(Look::Plain, Value::Text(county.as_str()))?,
        Place::Country | Place::Centre(_) => sheet.cell(Look::Plain, Value::Blank)?,
    }
    sheet.cell(Look::Plain, Value::Text(period))?;
    sheet.cell(Look::Plain, Value::Count(u64::from(months)))?;
    sheet.cell(Look::Plain, Value::Count(u64::from(expected)))
}

fn breakdown_cells(page: &Page, sheet: &mut Sheet<'_>, breakdown: &Breakdown) -> Result<(), XlsxError> {
    let (kind, name) = match breakdown {
        Breakdown::Total => (page.say("alla", "all"), ""),
        Breakdown::Unit(_) => (page.say("vårdenhet", "care unit"), breakdown.name()),
        Breakdown::Aggregate { .. } | Breakdown::Code { .. } => (breakdown.kind(), breakdown.name()),
    };
    let name = match name {
        BLANK if *breakdown != Breakdown::Total => page.say("(tomt)", "(blank)"),
        INVALID => page.say("(okänd kod)", "(unknown code)"),
        name => name,
    };
    sheet.cell(Look::Plain, Value::Prose(kind))?;
    sheet.cell(Look::Plain, Value::Text(name))
}

fn answer(page: &Page, category: Category) -> &'static str {
    match category {
        Category::Filled => page.say("ifyllt", "filled"),
        Category::Negative => page.say("negativt", "negative"),
        Category::Unknown => page.say("okänt", "unknown"),
        Category::BlankAllowed => page.say("tomt, tillåtet", "blank, allowed"),
        Category::BlankRequired => page.say("tomt, krävs", "blank, required"),
        Category::Required => page.say("villkoret var sant", "the condition was true"),
    }
}

fn finality(page: &Page, finality: Option<Finality>) -> &'static str {
    match finality {
        None => "",
        Some(Finality::Fixed) => page.say("nej", "no"),
        Some(Finality::Preliminary) => page.say("ja", "yes"),
        Some(Finality::Unknown) => page.say("okänt", "unknown"),
    }
}

fn count(n: Option<u64>, is_hidden: bool) -> Value<'static> {
    match n {
        _ if is_hidden => Value::Prose(HIDDEN),
        Some(n) => Value::Count(n),
        None => Value::Blank,
    }
}

/// A count, or a mean with two decimals.
fn amount(amount: Option<Amount>, is_hidden: bool) -> Value<'static> {
    match amount {
        _ if is_hidden => Value::Prose(HIDDEN),
        Some(amount) => amount.whole().map_or_else(|| Value::Decimal(amount.as_f64()), Value::Count),
        None => Value::Blank,
    }
}
