//! The account of each variable: filled, said to be none or unknown, or left blank; as bars, and as a table with the numbers.

use maud::{Markup, html};

use super::element::{number, share};
use super::view::{RunView, View};
use crate::model::Account;
use crate::report::html::chart::{Chart, Series, stacked_bars};
use crate::report::html::wide;
use crate::report::shown::capital;
use crate::report::text::variables::level;

/// Nothing where no collection has variables of its own.
pub(super) fn body(view: &View<'_>) -> Option<Markup> {
    let runs: Vec<&RunView<'_>> = view.runs.iter().filter(|run| !run.run.accounts.is_empty()).collect();
    let runs: Vec<&RunView<'_>> = runs.into_iter().filter(|run| run.run.folded.is_none()).collect();
    (!runs.is_empty()).then(|| {
        html! {
            p {
                (view.say(
                    "Inrapporteringsgrad: poster med ett ifyllt, negativt eller okänt värde av alla poster. Negativt och okänt är koder för ”ingen” och ”vet inte”.",
                    "Reporting rate: records with a filled, negative or unknown value out of all records. Negative and unknown are codes for “none” and “not known”.",
                ))
            }
            @for run in runs {
                (view.part(run, &html! {
                    @if run.run.records > 0 { (chart(view, run)) }
                    (table(view, run))
                }))
            }
        }
    })
}

/// The parts of an account, in the order of bars and columns.
fn parts(account: &Account) -> [u64; 6] {
    let Account { filled, negative, unknown, blank_allowed, blank_required, unreadable } = *account;
    [filled, negative, unknown, blank_allowed, blank_required, unreadable]
}

fn names(view: &View<'_>) -> [&'static str; 6] {
    [
        view.say("ifyllt", "filled"),
        view.say("negativt", "negative"),
        view.say("okänt", "unknown"),
        view.say("tomt, tillåtet", "blank, allowed"),
        view.say("tomt, krävs", "blank, required"),
        view.say("post oläslig", "record unreadable"),
    ]
}

fn chart(view: &View<'_>, run: &RunView<'_>) -> Markup {
    let variables = &run.run.plan.collection.variables;
    let accounts = &run.run.accounts;
    let unreadable = accounts.iter().any(|account| account.unreadable > 0);
    let shares = |part: usize| {
        let of = |account: &Account| percent(parts(account)[part], account.total());
        accounts.iter().map(of).collect::<Vec<Option<f64>>>()
    };
    let series = names(view).into_iter().enumerate().filter(|(part, _)| *part < 5 || unreadable);
    let short = variables.iter().zip(accounts).filter(|(_, account)| account.blank_required > 0).count() as u64;
    let (n, short) = (view.writing.figures.count(variables.len() as u64), view.writing.figures.count(short));
    let title = view.title(run.run);
    let chart = Chart {
        title: view.say(format!("Ifyllda och tomma värden: {title}"), format!("Filled and blank values: {title}")),
        description: view.say(
            format!("Andel poster per variabel som är ifyllda, negativa, okända eller tomma, för {n} variabler; {short} av dem är tomma i poster där ett värde krävs. Siffrorna står i tabellen efter diagrammet."),
            format!("Share of records of each variable that are filled, negative, unknown or blank, for {n} variables; {short} of them are blank in records that require a value. The numbers are in the table after the chart."),
        ),
        categories: variables.iter().map(|variable| variable.id.clone()).collect(),
        series: series.map(|(part, name)| Series { name: name.to_owned(), values: shares(part) }).collect(),
        unit: "%".to_owned(),
    };
    stacked_bars(&chart, view.writing)
}

/// For the length of a bar; the numbers themselves are in the table.
#[expect(clippy::cast_precision_loss, reason = "a bar's length needs no more than the digits that a float keeps")]
fn percent(n: u64, of: u64) -> Option<f64> {
    (of > 0).then(|| n as f64 * 100.0 / of as f64)
}

fn table(view: &View<'_>, run: &RunView<'_>) -> Markup {
    let figures = view.writing.figures;
    let records = run.run.records;
    let caption = format!("{} ({})", view.say("Variabler", "Variables"), view.words.records(records));
    let with_unreadable = run.run.accounts.iter().any(|account| account.unreadable > 0);
    let shown = if with_unreadable { 6 } else { 5 };
    let plan = &run.run.plan;
    let rows = plan.collection.variables.iter().zip(&plan.requirements).zip(&run.run.accounts);
    wide(
        &caption,
        &html! {
            table.variables data-filter {
                caption { (caption) }
                thead {
                    tr {
                        th scope="col" { (view.say("Variabel", "Variable")) }
                        th scope="col" { (view.say("Kravnivå", "Level")) }
                        @for name in names(view).into_iter().take(shown) { th.num scope="col" { (capital(name)) } }
                        th.num scope="col" { (view.say("Inrapporterings\u{ad}grad", "Reporting rate")) }
                    }
                }
                tbody {
                    @for ((variable, requirement), account) in rows {
                        tr {
                            th scope="row" { code { (variable.id) } span.name { (view.writing.text(&variable.name)) } }
                            td { (level(&view.words, requirement)) }
                            @for (part, n) in parts(account).into_iter().enumerate().take(shown) {
                                @if part == 4 && n > 0 {
                                    td.num.wrong data-sort=(n) { b { (figures.count(n)) } }
                                } @else { (number(n, figures)) }
                            }
                            (share(account.filled + account.negative + account.unknown, records, figures))
                        }
                    }
                }
            }
        },
    )
}
