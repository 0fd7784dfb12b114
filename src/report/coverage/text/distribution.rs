//! Percentiles, as a table of a row a region and a block of columns a period; and of the country by part.

use std::collections::{BTreeMap, BTreeSet};

use super::{HIDDEN, NOTHING, finality, finality_note, notes, part_name, place_name};
use crate::coverage::Coverage;
use crate::coverage::distribution::{DistributionRow, DistributionTable};
use crate::coverage::figure::{Breakdown, Period, Place};
use crate::model::Language;
use crate::report::coverage::words;
use crate::report::text::page::Page;

/// Percentiles: a row a place, a block of columns a period.
pub(super) fn write(page: &mut Page, coverage: &Coverage, table: &DistributionTable) {
    let title = page.text_of(&table.title).to_owned();
    page.heading(&title);
    for text in [&table.description, &table.caution] {
        let text = page.text_of(text).to_owned();
        page.paragraph(1, &text);
    }
    let (unit, (min, max)) = (page.text_of(&table.unit).to_owned(), table.range);
    let text = match page.figures.language {
        Language::Swedish => format!(
            "I {unit}. p25 är det minsta tal som minst 25 % av posterna har eller ligger under; p50 är medianen. Där precis så många gör det är värdet mitt emellan det och nästa. En percentil som faller på ett tal under {min} eller över {max} visas inte."
        ),
        Language::English => format!(
            "In {unit}. p25 is the least number that at least 25% of the records have or are below; p50 is the median. Where exactly so many are, the value is midway between it and the next. A percentile that falls on a number below {min} or above {max} is not shown."
        ),
    };
    page.paragraph(1, &text);
    let periods = words::columns(table.rows.iter().map(|row| row.period));
    let totals: BTreeMap<(Place, Period), &DistributionRow> = table
        .rows
        .iter()
        .filter(|row| row.breakdown == Breakdown::Total)
        .map(|row| ((row.place, row.period), row))
        .collect();
    let places: BTreeSet<Place> = totals.keys().map(|(place, _)| *place).collect();
    let mut rows = vec![spread_heading(page, table, page.say("region", "region"), &periods)];
    for place in &places {
        let cells = periods.iter().map(|period| totals.get(&(*place, *period)).copied());
        rows.push(spread_row(page, table, place_name(coverage, *place), cells));
    }
    page.grid(&rows);
    finality_note(page, totals.values().filter(|row| periods.contains(&row.period)).map(|row| row.finality));
    notes(page, coverage, places.iter().copied());
    let shown = |row: &&DistributionRow| matches!(row.place, Place::Region(_)) && periods.contains(&row.period);
    outside(page, table, totals.values().copied().filter(shown));
    let several = places.contains(&Place::Country);
    let parts: BTreeMap<(&str, Period), &DistributionRow> = table
        .rows
        .iter()
        .filter(|row| row.breakdown != Breakdown::Total)
        .filter(|row| row.place == Place::Country || !several && matches!(row.place, Place::Region(_)))
        .map(|row| ((row.breakdown.name(), row.period), row))
        .collect();
    let names: BTreeSet<&str> = parts.keys().map(|(name, _)| *name).collect();
    if names.is_empty() {
        return;
    }
    let mut rows = vec![spread_heading(page, table, page.text_of(&table.breakdown), &periods)];
    for name in names {
        let cells = periods.iter().map(|period| parts.get(&(name, *period)).copied());
        rows.push(spread_row(page, table, part_name(page, name, &table.names), cells));
    }
    page.blank();
    page.grid(&rows);
}

fn spread_heading(page: &Page, table: &DistributionTable, first: &str, periods: &[Period]) -> Vec<String> {
    let mut heading = vec![first.to_owned()];
    for period in periods {
        heading.push(format!("{period}: {}", page.say("poster", "records")));
        heading.extend(table.percentiles.iter().map(|percentile| format!("p{percentile}")));
        if is_told(table) {
            heading.push(page.say("läge", "status").to_owned());
        }
    }
    heading
}

fn spread_row<'a>(
    page: &Page,
    table: &DistributionTable,
    name: String,
    cells: impl Iterator<Item = Option<&'a DistributionRow>>,
) -> Vec<String> {
    let mark = match page.figures.language {
        Language::Swedish => ',',
        Language::English => '.',
    };
    let mut row = vec![name];
    for cell in cells {
        let counts =
            cell.map(|cell| cell.counts.map_or(HIDDEN.to_owned(), |counts| page.figures.count(counts.records)));
        row.push(counts.unwrap_or_else(|| NOTHING.to_owned()));
        for index in 0..table.percentiles.len() {
            let value = cell.and_then(|cell| cell.percentiles.get(index).copied().flatten());
            let none = if cell.is_some_and(|cell| cell.suppressed) { HIDDEN } else { NOTHING };
            row.push(value.map_or_else(|| none.to_owned(), |value| value.text(mark)));
        }
        if is_told(table) {
            row.push(finality(page, cell.and_then(|cell| cell.finality)));
        }
    }
    row
}

/// Whether any of a table's rows may still change by corrections, or could before.
fn is_told(table: &DistributionTable) -> bool {
    table.rows.iter().any(|row| row.finality.is_some())
}

/// How many of a table's records are outside its range, or have no number.
fn outside<'a>(page: &mut Page, table: &DistributionTable, rows: impl Iterator<Item = &'a DistributionRow>) {
    let (mut below, mut above, mut unknown) = (0, 0, 0);
    for counts in rows.filter_map(|row| row.counts) {
        (below, above, unknown) = (below + counts.below, above + counts.above, unknown + counts.unknown);
    }
    if below + above + unknown == 0 {
        return;
    }
    let (min, max) = table.range;
    let [below, above, unknown] = [below, above, unknown].map(|records| page.figures.count(records));
    let text = match page.figures.language {
        Language::Swedish => {
            format!("Poster under {min}: {below}; över {max}: {above}; utan känt värde, inte med: {unknown}.")
        }
        Language::English => {
            format!("Records below {min}: {below}; above {max}: {above}; without a known value, left out: {unknown}.")
        }
    };
    page.paragraph(1, &text);
}
