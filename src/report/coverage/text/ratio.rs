//! Counts divided by something, as a table of a row a region and a column a period; and of the country by part.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::{Cells, certainty, counts, finality, finality_note, notes, part_name, per_cent, place_name, places, value};
use crate::coverage::figure::{Amount, Breakdown, Figure, Period, Place};
use crate::coverage::{Coverage, Table};
use crate::measure::Target;
use crate::model::{Language, Text};
use crate::report::coverage::words;
use crate::report::text::page::{Page, Tone};

/// Codes named at most, of records that could not be judged.
const MOST_UNDECIDED: usize = 12;

/// The figures of one measure; what its description and caution share with those of the table before is not said again.
pub(super) fn write(page: &mut Page, coverage: &Coverage, table: &Table, before: Option<&Table>) {
    let title = page.text_of(&table.title).to_owned();
    page.heading(&title);
    let is_new = |text: &Text, of: fn(&Table) -> &Text| before.is_none_or(|before| of(before) != text);
    if is_new(&table.description, |table| &table.description) {
        let text = page.text_of(&table.description).to_owned();
        page.paragraph(1, &text);
    }
    if is_new(&table.caution, |table| &table.caution) {
        let text = page.text_of(&table.caution).to_owned();
        page.paragraph(1, &text);
    }
    let periods = words::columns(table.figures.iter().map(|figure| figure.period));
    let cells: Cells<'_, Period> = table
        .figures
        .iter()
        .filter(|figure| figure.breakdown == Breakdown::Total)
        .map(|figure| ((figure.place, figure.period), figure))
        .collect();
    let target = cells.values().find_map(|figure| figure.target);
    let is_open = certainty::any(cells.values().copied());
    let is_told = cells.values().any(|figure| figure.finality.is_some());
    let mut heading = vec![page.say("region", "region").to_owned()];
    for period in &periods {
        heading.push(period.to_string());
        heading.push(page.say("(antal / av)", "(count / of)").to_owned());
        heading.extend(is_open.then(|| certainty::heading(page)));
        heading.extend(target.map(|target| target_heading(page, target)));
        heading.push(page.say("månader", "months").to_owned());
        if is_told {
            heading.push(page.say("läge", "status").to_owned());
        }
    }
    let with_undecided = cells.values().any(|figure| figure.undecided > Some(0));
    if with_undecided {
        heading.push(page.say("osäkra", "undecided").to_owned());
    }
    let mut rows = vec![heading];
    for place in places(&cells) {
        let mut row = vec![place_name(coverage, place)];
        let mut undecided = 0;
        for period in &periods {
            let figure = cells.get(&(place, *period)).copied();
            row.push(value(page, figure));
            row.push(counts(page, figure));
            row.extend(is_open.then(|| certainty::cell(page, figure)));
            if target.is_some() {
                row.push(reached(page, figure));
            }
            row.push(figure.map_or_else(String::new, |figure| format!("{}/{}", figure.months, figure.months_expected)));
            if is_told {
                row.push(finality(page, figure.and_then(|figure| figure.finality)));
            }
            undecided += figure.and_then(|figure| figure.undecided).unwrap_or(0);
        }
        if with_undecided {
            row.push(page.figures.count(undecided));
        }
        rows.push(row);
    }
    page.grid(&rows);
    finality_note(page, cells.values().filter(|figure| periods.contains(&figure.period)).map(|figure| figure.finality));
    notes(page, coverage, places(&cells).into_iter());
    // The country is first where there are several.
    if let Some(place) = places(&cells).first() {
        certainty::of_table(page, table, periods.last().copied(), (*place, &place_name(coverage, *place)));
    }
    undecided(page, table);
    country_by_part(page, table, &periods);
}

/// `når 70 %`.
fn target_heading(page: &Page, target: Target) -> String {
    let number = per_cent(page, target.value());
    match target {
        Target::AtLeast(_) => format!("{} {number}", page.say("når", "reaches")),
        Target::AtMost(_) => format!("{} {number}", page.say("högst", "at most")),
    }
}

fn reached(page: &Page, figure: Option<&Figure>) -> String {
    match figure.and_then(Figure::is_reached) {
        None => String::new(),
        Some(_) if figure.and_then(Figure::could_reach).is_some_and(|(worst, best)| worst != best) => {
            let is_reached = figure.and_then(Figure::is_reached) == Some(true);
            let word = if is_reached { page.say("ja?", "yes?") } else { page.say("nej?", "no?") };
            page.paint(Tone::Doubtful, word)
        }
        Some(true) => page.paint(Tone::Good, page.say("ja", "yes")),
        Some(false) => page.paint(Tone::Bad, page.say("nej", "no")),
    }
}

/// By which codes records could not be judged, the most frequent first.
fn undecided(page: &mut Page, table: &Table) {
    let mut by_code: BTreeMap<&str, u64> = BTreeMap::new();
    for (code, records) in table.undecided.values().flatten() {
        *by_code.entry(code).or_default() += records;
    }
    if by_code.is_empty() {
        return;
    }
    let mut named: Vec<(&str, u64)> = by_code.into_iter().collect();
    named.sort_by_key(|(code, records)| (Reverse(*records), *code));
    let shown: Vec<String> = named
        .iter()
        .take(MOST_UNDECIDED)
        .map(|(code, records)| format!("{} ({})", words::group_name(page.figures, code), page.figures.count(*records)))
        .collect();
    let (shown, more) = (shown.join(", "), named.len().saturating_sub(MOST_UNDECIDED));
    let mut text = format!(
        "{}: {shown}",
        page.say("Kunde inte bedömas, poster efter kod", "Could not be judged, records by code")
    );
    if more > 0 {
        let more = page.figures.count(more as u64);
        let (and, rest) = match page.figures.language {
            Language::Swedish => ("och", "koder till (alla finns i JSON)"),
            Language::English => ("and", "more codes (all are in the JSON report)"),
        };
        text = format!("{text} {and} {more} {rest}");
    }
    text.push('.');
    let text = page.paint(Tone::Doubtful, &text);
    page.paragraph(1, &text);
}

/// The country's figures by part of the breakdown, where the table has them.
fn country_by_part(page: &mut Page, table: &Table, periods: &[Period]) {
    let mut cells: BTreeMap<(&str, Period), &Figure> = BTreeMap::new();
    let several = table.figures.iter().any(|figure| figure.place == Place::Country);
    for figure in &table.figures {
        if let Breakdown::Aggregate { name, .. } | Breakdown::Code { name, .. } = &figure.breakdown
            && (figure.place == Place::Country || !several && matches!(figure.place, Place::Region(_)))
        {
            cells.insert((name, figure.period), figure);
        }
    }
    let names: BTreeSet<&str> = cells.keys().map(|(name, _)| *name).collect();
    if names.is_empty() {
        return;
    }
    let target = cells.values().find_map(|figure| figure.target);
    let is_open = certainty::any(cells.values().copied());
    let is_told = cells.values().any(|figure| figure.finality.is_some());
    let mut heading = vec![page.text_of(&table.breakdown).to_owned()];
    for period in periods {
        heading.push(period.to_string());
        heading.push(page.say("(antal / av)", "(count / of)").to_owned());
        heading.extend(is_open.then(|| certainty::heading(page)));
        heading.extend(target.map(|target| target_heading(page, target)));
        heading.extend(is_told.then(|| page.say("läge", "status").to_owned()));
    }
    let mut rows = vec![heading];
    for name in names {
        let of_period = |period: &Period| cells.get(&(name, *period)).copied();
        if periods
            .iter()
            .filter_map(of_period)
            .all(|figure| figure.numerator.is_some_and(Amount::is_zero) && figure.value().is_none())
        {
            continue;
        }
        let mut row = vec![part_name(page, name, &table.names)];
        for period in periods {
            row.push(value(page, of_period(period)));
            row.push(counts(page, of_period(period)));
            row.extend(is_open.then(|| certainty::cell(page, of_period(period))));
            row.extend(target.map(|_| reached(page, of_period(period))));
            row.extend(is_told.then(|| finality(page, of_period(period).and_then(|figure| figure.finality))));
        }
        rows.push(row);
    }
    page.blank();
    page.grid(&rows);
}
