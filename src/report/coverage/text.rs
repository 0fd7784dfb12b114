//! Coverage as tables that a person reads in a terminal.
//!
//! Order: what was looked at and where denominators are from; what was received; the measures, a row a region and a
//! column a year; goals, a column each, and guarantees; reporting rates, a column a variable; what stands out, in words;
//! what could not be made; what is in no figure. Months and finer breakdowns are in the other formats.

mod certainty;
mod distribution;
mod finality;
mod goals;
mod ratio;

use std::collections::{BTreeMap, BTreeSet};

use super::rows::place_name;
use super::{sentences, words};
use crate::coverage::figure::{Amount, Breakdown, Change, Figure, Period, Place};
use crate::coverage::publish::LEAST_RECORDS;
use crate::coverage::response::DEADLINES;
use crate::coverage::{Coverage, Table};
use crate::model::{County, Language, Text};
use crate::report::ReportOptions;
use crate::report::figures::Figures;
use crate::report::shown::{escaped, middle_cut};
use crate::report::text::page::{GAP, Page, Tone, width_of};
use crate::time::Month;
use finality::{finality, finality_note};

/// Flags shown of one kind; the others are counted.
const MOST_FLAGS: usize = 10;
/// Regions and collections named at most, of which something is missing.
const MOST_MISSING: usize = 12;
/// Stands where there is no value.
const NOTHING: &str = "–";
/// Stands where a value may not be shown.
pub(super) const HIDDEN: &str = "..";

pub(super) fn render(coverage: &Coverage, options: &ReportOptions) -> String {
    let mut page = Page::new(options);
    beginning(&mut page, coverage);
    response(&mut page, coverage);
    let mut before = None;
    for table in &coverage.ratios {
        ratio::write(&mut page, coverage, table, before);
        before = Some(table);
    }
    goals::render(&mut page, coverage);
    for table in &coverage.distributions {
        distribution::write(&mut page, coverage, table);
    }
    for table in &coverage.reporting {
        reporting(&mut page, coverage, table);
    }
    flags(&mut page, coverage, options);
    end(&mut page, coverage);
    page.into_text()
}

fn beginning(page: &mut Page, coverage: &Coverage) {
    let title = page.say("Täckning och inrapporteringsgrad", "Coverage and reporting rates");
    page.title(title);
    if let Some(scope) = coverage.scope {
        let words = page.say("Period", "Period");
        let text = if scope.first == scope.last {
            format!("{words}: {}", scope.first)
        } else {
            format!("{words}: {} – {}", scope.first, scope.last)
        };
        page.paragraph(0, &text);
    }
    if !coverage.sources.is_empty() {
        let sources: Vec<&str> = coverage.sources.iter().map(|source| page.text_of(source)).collect();
        let text = format!("{}: {}", page.say("Nämnare", "Denominators"), sources.join("; "));
        page.paragraph(0, &text);
    }
    if let Some(threshold) = coverage.published_below {
        let least = page.figures.count(threshold.saturating_mul(LEAST_RECORDS));
        let text = match page.figures.language {
            Language::Swedish => format!(
                "Utgåva för andra: antal under {threshold} visas inte ({HIDDEN}), inte heller de tal som skulle avslöja dem. Regioner med färre än {least} poster ett år är utelämnade det året, även ur summorna för riket och cancercentrum. Vårdenheter, månadernas flaggor och poster utanför tabellerna ingår inte."
            ),
            Language::English => format!(
                "Edition for others: counts below {threshold} are not shown ({HIDDEN}), nor the numbers that would reveal them. Regions with fewer than {least} records in a year are left out of that year, of the sums of the country and the cancer centres, too. Care units, flags of months and records outside the tables are left out."
            ),
        };
        page.paragraph(0, &text);
    }
    let text = page.say(
        "Ingen etablerad metod ger den sanna täckningsgraden: varje mått säger något, inget säger allt.",
        "No established method gives true coverage: each measure says something, none says all.",
    );
    page.paragraph(0, text);
}

/// The figure that a table shows at one place.
type Cells<'a, Column> = BTreeMap<(Place, Column), &'a Figure>;

fn places<Column: Ord>(cells: &Cells<'_, Column>) -> BTreeSet<Place> {
    cells.keys().map(|(place, _)| *place).collect()
}

/// What must be said of the regional cancer centres among the places of a table.
fn notes(page: &mut Page, coverage: &Coverage, places: impl Iterator<Item = Place>) {
    let notes: Vec<String> = places
        .filter_map(|place| match place {
            Place::Centre(centre) => coverage.regions.centre(centre),
            _ => None,
        })
        .map(|centre| (centre, page.text_of(&centre.note).to_owned()))
        .filter(|(_, note)| !note.is_empty())
        .map(|(centre, note)| format!("{}: {note}", centre.name))
        .collect();
    for note in notes {
        page.paragraph(1, &note);
    }
}

/// What a part of a breakdown is called, with its code.
fn part_name(page: &Page, name: &str, names: &BTreeMap<String, Text>) -> String {
    words::part_name(page.figures, name, names)
}

/// The rounded value with its unit.
fn value(page: &Page, figure: Option<&Figure>) -> String {
    let Some(figure) = figure else { return NOTHING.to_owned() };
    if figure.suppressed {
        return HIDDEN.to_owned();
    }
    match figure.value() {
        None => NOTHING.to_owned(),
        Some(value) if figure.per == 100 => per_cent(page, value),
        Some(value) => page.figures.count(value),
    }
}

fn per_cent(page: &Page, value: u64) -> String {
    words::per_cent(page.figures, value)
}

/// `(12 / 48)`.
fn counts(page: &Page, figure: Option<&Figure>) -> String {
    let Some(figure) = figure else { return String::new() };
    if figure.suppressed {
        return format!("({HIDDEN} / {HIDDEN})");
    }
    match (figure.numerator, figure.denominator) {
        (Some(above), Some(below)) => format!("({} / {})", amount(page, above), amount(page, below)),
        _ => String::new(),
    }
}

/// A count, or a mean with one decimal.
fn amount(page: &Page, amount: Amount) -> String {
    words::amount(page.figures, amount)
}

fn reporting(page: &mut Page, coverage: &Coverage, table: &Table) {
    let title = page.text_of(&table.title).to_owned();
    page.heading(&title);
    let explanation = page.say(
        "Poster där variabeln är ifylld, och deras andel; inom parentes andelen året före; ▲ upp, ▼ ner, · oförändrad, ! åt fel håll.",
        "Records where the variable is filled, and their share; in brackets the share of the year before; ▲ up, ▼ down, · unchanged, ! the wrong way.",
    );
    page.paragraph(1, explanation);
    for text in [&table.description, &table.caution] {
        let text = page.text_of(text).to_owned();
        if !text.is_empty() {
            page.paragraph(1, &text);
        }
    }
    let years: BTreeSet<i32> = table.figures.iter().map(|figure| figure.period.year()).collect();
    let Some(last) = years.last().copied() else { return };
    let cells: Cells<'_, &str> = table
        .figures
        .iter()
        .filter(|figure| figure.breakdown == Breakdown::Total && figure.period == Period::Year(last))
        .filter_map(|figure| Some(((figure.place, figure.variable.as_deref()?), figure)))
        .collect();
    let regions = places(&cells);
    let mut first = vec![last.to_string()];
    first.extend(regions.iter().map(|place| place_name(coverage, *place)));
    // Columns of variables, each with that of its records where they are not those of the column before; as many
    // beside each other as the page is wide, the others below, in tables of their own.
    let mut blocks: Vec<Vec<Vec<String>>> = Vec::new();
    let mut records_before: Vec<Option<Amount>> = Vec::new();
    for name in &table.selection {
        let of = |place: &Place| cells.get(&(*place, name.as_str())).copied();
        let records: Vec<Option<Amount>> = regions.iter().map(|place| of(place)?.denominator).collect();
        let mut rates = vec![middle_cut(name, MOST_NAME_WIDTH).into_owned()];
        rates.extend(regions.iter().map(|place| rate(page, of(place))));
        let mut heading = vec![page.say("poster", "records").to_owned()];
        heading.extend(records.iter().map(|records| records.map_or_else(String::new, |records| amount(page, records))));
        let mut added = vec![rates];
        if records != records_before || blocks.is_empty() {
            added.insert(0, heading.clone());
        }
        let fits = blocks.last().is_some_and(|block| total_width(block) + total_width(&added) <= page.width);
        match blocks.last_mut() {
            Some(block) if fits => block.append(&mut added),
            _ => {
                let rates = added.pop().unwrap_or_default();
                blocks.push(vec![first.clone(), heading, rates]);
            }
        }
        records_before = records;
    }
    for (part, block) in blocks.iter().enumerate() {
        if part > 0 {
            page.blank();
        }
        let rows: Vec<Vec<String>> =
            (0..first.len()).map(|row| block.iter().map(|column| column[row].clone()).collect()).collect();
        page.grid(&rows);
    }
}

/// Columns that a block of columns takes on the page.
fn total_width(columns: &[Vec<String>]) -> usize {
    let width = |column: &Vec<String>| column.iter().map(|cell| width_of(cell)).max().unwrap_or(0) + GAP.len();
    columns.iter().map(width).sum()
}

/// The widest a variable's name is in a heading.
const MOST_NAME_WIDTH: usize = 24;

/// `1 234 = 91 % (84) ▲`.
fn rate(page: &Page, figure: Option<&Figure>) -> String {
    let count = figure.filter(|figure| !figure.suppressed).and_then(|figure| figure.numerator);
    let now = match count {
        Some(count) => format!("{} = {}", amount(page, count), value(page, figure)),
        None => value(page, figure),
    };
    let Some(before) = figure.and_then(Figure::value_before) else { return now };
    let mark = match figure.and_then(|figure| figure.change) {
        Some(Change::UpBetter) => page.paint(Tone::Good, "▲ "),
        Some(Change::UpWorse) => page.paint(Tone::Bad, "▲!"),
        Some(Change::DownBetter) => page.paint(Tone::Good, "▼ "),
        Some(Change::DownWorse) => page.paint(Tone::Bad, "▼!"),
        Some(Change::Same) | None => "· ".to_owned(),
    };
    format!("{now} ({before}) {mark}")
}

/// What a group of collections is called.
fn group_title(page: &Page, coverage: &Coverage, group: &str) -> String {
    coverage.groups.get(group).map_or_else(|| group.to_owned(), |title| page.text_of(title).to_owned())
}

fn response(page: &mut Page, coverage: &Coverage) {
    let response = &coverage.response;
    if response.cells.is_empty() {
        return;
    }
    let title = page.say("Inkomna leveranser", "Deliveries received").to_owned();
    page.heading(&title);
    let groups: BTreeSet<&str> = response.cells.keys().map(|(group, ..)| group.as_str()).collect();
    let mut rows = vec![vec![
        page.say("insamling", "collection").to_owned(),
        page.say("väntade", "expected").to_owned(),
        page.say("inkomna", "received").to_owned(),
        page.say("svarsfrekvens", "response rate").to_owned(),
        page.say("inom 3 veckor", "within 3 weeks").to_owned(),
        page.say("inom 5 veckor", "within 5 weeks").to_owned(),
    ]];
    let mut unknown_days = false;
    for group in &groups {
        let cells: Vec<_> = response.cells.iter().filter(|((of, ..), _)| of == group).collect();
        let received = cells.iter().filter(|(_, cell)| cell.is_received).count() as u64;
        let expected = cells.len() as u64;
        let mut row = vec![
            group_title(page, coverage, group),
            page.figures.count(expected),
            page.figures.count(received),
            page.figures.share(received, expected).unwrap_or_else(|| NOTHING.to_owned()),
        ];
        for (_, days) in DEADLINES {
            let known = cells.iter().all(|(_, cell)| !cell.is_received || cell.received.is_some());
            unknown_days |= !known;
            let in_time = cells.iter().filter(|((_, _, month), cell)| {
                cell.is_received && cell.received.is_some_and(|day| day <= month.last_day() + days)
            });
            let share = page.figures.share(in_time.count() as u64, expected);
            row.push(if known { share.unwrap_or_else(|| NOTHING.to_owned()) } else { NOTHING.to_owned() });
        }
        rows.push(row);
    }
    page.grid(&rows);
    if unknown_days {
        let text = page.say(
            "Ankomstdag är inte angiven för alla leveranser; ange den i en leveranslista (--deliveries).",
            "The day of receipt is not stated for every delivery; state it in a list of deliveries (--deliveries).",
        );
        page.paragraph(1, text);
    }
    missing(page, coverage);
    for ((group, county, month), cell) in &response.cells {
        if let (Some(found), Some(stated)) = (cell.in_files, cell.stated)
            && found != stated
            && coverage.published_below.is_none()
        {
            let (name, found, stated) =
                (coverage.regions.name(*county), page.figures.count(found), page.figures.count(stated));
            let title = group_title(page, coverage, group);
            let text = match page.figures.language {
                Language::Swedish => {
                    format!("{name} {} {month}: {stated} poster angivna, {found} funna.", title.to_lowercase())
                }
                Language::English => {
                    format!("{name} {} {month}: {stated} records stated, {found} found.", title.to_lowercase())
                }
            };
            let text = page.paint(Tone::Doubtful, &text);
            page.paragraph(1, &text);
        }
    }
    for (collection, one, other) in &response.repeated {
        let (one, other) = (escaped(one), escaped(other));
        let text = match page.figures.language {
            Language::Swedish => {
                format!("{one} och {other} ({collection}) har samma poster: de räknas dubbelt. Ta bort den ena.")
            }
            Language::English => {
                format!("{one} and {other} ({collection}) have the same records: they count twice. Remove one.")
            }
        };
        let text = page.paint(Tone::Bad, &text);
        page.paragraph(1, &text);
    }
}

/// What was expected and not received: each region and collection with its months, consecutive ones as a span.
fn missing(page: &mut Page, coverage: &Coverage) {
    let mut spans: BTreeMap<(County, &str), Vec<(Month, Month)>> = BTreeMap::new();
    for ((group, county, month), _) in coverage.response.cells.iter().filter(|(_, cell)| !cell.is_received) {
        let spans = spans.entry((*county, group)).or_default();
        match spans.last_mut() {
            Some((_, last)) if last.plus(1) == Some(*month) => *last = *month,
            _ => spans.push((*month, *month)),
        }
    }
    if spans.is_empty() {
        return;
    }
    let text_of = |(first, last): &(Month, Month)| {
        if first == last { first.to_string() } else { format!("{first} – {last}") }
    };
    let title = page.say("Saknas", "Missing");
    page.paragraph(1, &format!("{title}:"));
    for ((county, group), spans) in spans.iter().take(MOST_MISSING) {
        let group = group_title(page, coverage, group).to_lowercase();
        let spans: Vec<String> = spans.iter().map(text_of).collect();
        page.paragraph(2, &format!("{}, {group}: {}", coverage.regions.name(*county), spans.join(", ")));
    }
    let more = spans.len().saturating_sub(MOST_MISSING);
    if more > 0 {
        let more = page.figures.count(more as u64);
        let text = match page.figures.language {
            Language::Swedish => format!("… och {more} till; alla finns i JSON"),
            Language::English => format!("… and {more} more; all are in the JSON report"),
        };
        page.paragraph(2, &text);
    }
}

fn flags(page: &mut Page, coverage: &Coverage, options: &ReportOptions) {
    if coverage.flags.is_empty() {
        return;
    }
    let title =
        page.say("Sticker ut (frågor att ställa, inte fel)", "Stands out (questions to ask, not errors)").to_owned();
    page.heading(&title);
    let mut shown: BTreeMap<&str, usize> = BTreeMap::new();
    for flag in &coverage.flags {
        let n = shown.entry(flag.kind.as_str()).or_default();
        *n += 1;
        if *n <= MOST_FLAGS {
            let words = sentences::flag(coverage, flag, Figures::new(options.language));
            page.paragraph(1, &format!("{} {}: {words}", coverage.regions.name(flag.county), flag.period));
        }
    }
    for (kind, n) in shown.iter().filter(|(_, n)| **n > MOST_FLAGS) {
        let more = page.figures.count((n - MOST_FLAGS) as u64);
        let text = match page.figures.language {
            Language::Swedish => format!("… och {more} till av samma slag ({kind}); alla finns i JSON."),
            Language::English => {
                format!("… and {more} more of this kind ({kind}); all are in the JSON report.")
            }
        };
        page.paragraph(1, &text);
    }
}

fn end(page: &mut Page, coverage: &Coverage) {
    if !coverage.accounts.is_empty() {
        let title = page.say("Mer i de andra formaten", "More in the other formats").to_owned();
        page.heading(&title);
        let text = page.say(
            "Månader, alla variabler, fem sorters svar per variabel och region (ifyllt, inget, okänt, tomt och tillåtet, tomt men krävs), hur ofta villkor var sanna: --figures csv=FIL (för coverage: --format). Per kod (MVO) och vårdenhet: --detail.",
            "Months, all variables, five kinds of answers by variable and region (filled, none, unknown, blank and allowed, blank but required), how often conditions were true: --figures csv=FILE (in coverage: --format). By code and care unit: --detail.",
        );
        page.paragraph(1, text);
    }
    if !coverage.not_made.is_empty() {
        let title = page.say("Inte beräknat", "Not made").to_owned();
        page.heading(&title);
        for not in &coverage.not_made {
            let text = format!("{}: {}", not.id, page.text_of(&not.why));
            page.paragraph(1, &text);
        }
    }
    let left_out: Vec<_> = coverage
        .left_out
        .iter()
        .filter(|(_, left)| left.unreadable + left.without_region + left.without_month + left.outside > 0)
        .collect();
    if left_out.is_empty() {
        return;
    }
    let title = page.say("Poster som inte är med i någon tabell", "Records in none of the tables").to_owned();
    page.heading(&title);
    for (collection, left) in left_out {
        let say = |n: u64, sv: &str, en: &str| {
            (n > 0).then(|| {
                let word = match page.figures.language {
                    Language::Swedish => sv,
                    Language::English => en,
                };
                format!("{} {word}", page.figures.count(n))
            })
        };
        let parts: Vec<String> = [
            say(left.outside, "utanför perioden", "outside the period"),
            say(left.without_region, "utan känd region", "without a known region"),
            say(left.without_month, "utan läsbart datum", "without a readable date"),
            say(left.unreadable, "som inte gick att dela i kolumner", "that could not be divided into columns"),
        ]
        .into_iter()
        .flatten()
        .collect();
        let of = page.figures.count(left.records);
        let text = match page.figures.language {
            Language::Swedish => format!("{collection}, av {of}: {}.", parts.join(", ")),
            Language::English => format!("{collection}, of {of}: {}.", parts.join(", ")),
        };
        page.paragraph(1, &text);
    }
}
