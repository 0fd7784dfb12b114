//! What was read, and what was stated about it.

use maud::{Markup, html};

use super::bounds::{MOST_CHARS, MOST_COLUMNS_NAMED};
use super::element::{cut, number, plain};
use super::view::View;
use crate::engine::{FileRun, Run};
use crate::report::html::wide;
use crate::report::shown::{capital, escaped, middle_cut, shortened};
use crate::report::text;
use crate::submission::HeaderColumn;
use crate::time::format_day;

/// Characters shown of a path.
const MOST_PATH_CHARS: usize = 120;

pub(super) fn body(view: &View<'_>) -> Markup {
    let runs = &view.outcome.runs;
    html! {
        (stated(view))
        @if let Some(words) = text::listed_words(&view.words, view.outcome) { p { (words) } }
        @if runs.is_empty() { p { (view.say("Inga filer.", "No files.")) } }
        @for run in runs { (collection(view, run)) }
    }
}

fn stated(view: &View<'_>) -> Markup {
    let stated = &view.outcome.stated;
    let nothing = view.say("inte angiven", "not stated");
    let period = stated.period.map_or_else(
        || nothing.to_owned(),
        |(first, last)| format!("{} {} {}", format_day(first), view.say("till", "to"), format_day(last)),
    );
    let region = stated.region.as_ref().map_or_else(
        || nothing.to_owned(),
        |region| format!("{} ({})", escaped(&region.name), escaped(&region.organisation_number)),
    );
    let records = stated.records.map_or_else(
        || view.say("inte angivet", "not stated").to_owned(),
        |records| view.writing.figures.count(records),
    );
    html! {
        dl.facts {
            dt { (view.say("Period", "Period")) } dd { (period) }
            dt { (view.say("Region", "Region")) } dd { (region) }
            dt { (view.say("Väntat antal poster", "Expected number of records")) } dd { (records) }
            dt { (view.say("Leveransdatum", "Delivery date")) }
            dd {
                (format_day(stated.delivery_date))
                @if !stated.delivery_date_stated { (view.say(" (dagens datum)", " (today's date)")) }
            }
        }
    }
}

fn collection(view: &View<'_>, run: &Run) -> Markup {
    if text::is_left_out(run) {
        return html! { p { (plain(&text::left_out_words(&view.words, run))) "." } };
    }
    if let (Some(from), Some(unit)) = (run.folded, run.unit()) {
        return html! {
            p { (plain(&text::groups_words(&view.words, run, from, unit))) "." }
            @if let Some(words) = text::corrections_words(&view.words, run, from, unit) { p { (plain(&words)) } }
        };
    }
    let known = capital(text::detected_words(&view.words, run));
    html! {
        div data-collection=(run.plan.collection.id) {
            h3 { (view.title(run)) " " small { code { (run.plan.collection.id) } } }
            p {
                (known) ". "
                (view.say("Regelverk", "Rule set")) " " code { (run.plan.version) } ", vantkoll "
                (env!("CARGO_PKG_VERSION")) "."
            }
            (files(view, run))
            (timestamp_forms(view, run))
        }
    }
}

fn files(view: &View<'_>, run: &Run) -> Markup {
    let caption = view.say("Filer", "Files");
    let shown = &run.files[..run.files.len().min(view.bounds.files)];
    let table = wide(
        &format!("{caption}: {}", view.title(run)),
        &html! {
            table data-filter {
                caption { (caption) }
                thead {
                    tr {
                        th scope="col" { (view.say("Fil", "File")) }
                        th.num scope="col" { (view.say("Poster", "Records")) }
                        th.num scope="col" { (view.say("Kolumner", "Columns")) }
                        th scope="col" { (view.say("Format", "Format")) }
                        th.num scope="col" { (view.say("Storlek", "Size")) }
                        th scope="col" { (view.say("Att notera", "To note")) }
                    }
                }
                tbody { @for file in shown { (row(view, file)) } }
            }
        },
    );
    let what = ["filer", "files"];
    let all = ["alla finns i JSON-rapporten", "all are in the JSON report"];
    html! { (table) (cut(shown.len(), run.files.len(), what, all, view.writing)) }
}

fn row(view: &View<'_>, file: &FileRun) -> Markup {
    let figures = view.writing.figures;
    let unknown: Vec<&HeaderColumn> = file.header.iter().filter(|column| column.variable.is_none()).collect();
    html! {
        tr {
            th scope="row" { (middle_cut(&file.path.to_string_lossy(), MOST_PATH_CHARS)) }
            (number(file.summary.records, figures))
            (number(file.header.len() as u64, figures))
            td { (text::format_words(&view.words, &file.format)) }
            td.num data-sort=(file.size) { (figures.bytes(file.size)) }
            td {
                @if let Some(layout) = &file.layout {
                    p {
                        (view.writing.text(&layout.title)) ": "
                        (view.words.counted(file.summary.rows, ["rad", "rader"], ["row", "rows"]))
                    }
                }
                @if file.summary.blank_lines > 0 {
                    p {
                        (view.words.counted(
                            file.summary.blank_lines,
                            ["tom rad överhoppad", "tomma rader överhoppade"],
                            ["blank line skipped", "blank lines skipped"],
                        ))
                    }
                }
                @if !unknown.is_empty() {
                    p {
                        @if unknown.len() == 1 { (view.say("Okänd kolumn", "Unknown column")) }
                        @else { (view.say("Okända kolumner", "Unknown columns")) }
                        ": " (columns(view, &unknown))
                    }
                }
                @if file.statement.is_earlier { p { (view.say("Tidigare leverans", "Earlier submission")) } }
            }
        }
    }
}

fn columns(view: &View<'_>, unknown: &[&HeaderColumn]) -> Markup {
    html! {
        @for (n, column) in unknown.iter().take(MOST_COLUMNS_NAMED).enumerate() {
            @if n > 0 { ", " }
            code { (shortened(&column.name, MOST_CHARS)) }
            @if let Some(nearest) = &column.nearest { " (" (view.say("menas", "meant to be")) " " code { (nearest) } "?)" }
        }
        @if unknown.len() > MOST_COLUMNS_NAMED {
            " " (view.say("och ytterligare", "and another")) " " (unknown.len() - MOST_COLUMNS_NAMED)
        }
    }
}

/// How points in time were written, where more than one way was used.
fn timestamp_forms(view: &View<'_>, run: &Run) -> Markup {
    let variables = run.plan.collection.variables.iter().zip(&run.timestamp_forms);
    let ways = variables.map(|(variable, forms)| (variable, text::form_words(&view.words, forms)));
    let mixed: Vec<_> = ways.filter(|(_, ways)| ways.len() > 1).collect();
    html! {
        @if !mixed.is_empty() {
            details {
                summary {
                    (view.say(
                        "Tidpunkter skrivna på olika sätt (alla går att läsa)",
                        "Points in time written in different ways (all can be read)",
                    ))
                }
                ul { @for (variable, ways) in mixed { li { code { (variable.id) } ": " (ways.join(", ")) } } }
            }
        }
    }
}
