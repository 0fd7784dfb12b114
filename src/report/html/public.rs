//! Sections of what everybody may know of a run: counts without records.

use maud::{Markup, html};

use super::{Section, Writing, wide};
use crate::edition::{PublicOutcome, PublicRun};
use crate::model::Language;

/// The sections, in the order of the page.
pub(super) fn sections(outcome: &PublicOutcome, writing: Writing) -> Vec<Section> {
    let about = Section {
        id: "om".to_owned(),
        title: writing.say("Om utgåvan", "About this edition").to_owned(),
        body: html! {
            p {
                @match writing.language() {
                    Language::Swedish => {
                        "Utgåvan innehåller inga uppgifter om enskilda poster. Antal under " (outcome.threshold)
                        " visas inte (–), och inte heller andra antal som de skulle kunna räknas fram ur."
                    }
                    Language::English => {
                        "This edition holds nothing of single records. Counts below " (outcome.threshold)
                        " are not shown (–), nor are others that they could be worked out from."
                    }
                }
            }
        },
    };
    std::iter::once(about).chain(outcome.runs.iter().map(|run| section(run, writing))).collect()
}

fn count(shown: Option<u64>, writing: Writing) -> Markup {
    html! {
        @match shown {
            Some(number) => td.num data-sort=(number) { (writing.figures.count(number)) },
            None => td.num data-sort="-1" {
                "–" span.hidden { (writing.say(" visas inte", " not shown")) }
            },
        }
    }
}

fn share(part: Option<u64>, whole: Option<u64>, writing: Writing) -> Markup {
    let share = part.zip(whole).and_then(|(part, whole)| writing.figures.share(part, whole));
    html! { td.num { (share.unwrap_or_else(|| "–".to_owned())) } }
}

fn section(run: &PublicRun, writing: Writing) -> Section {
    let say = |sv: &'static str, en: &'static str| writing.say(sv, en);
    let records =
        run.unit.as_ref().map_or_else(|| say("poster", "records").to_owned(), |unit| writing.text(unit).to_owned());
    let title = writing.text(&run.title).to_owned();
    let body = html! {
        table {
            caption { (say("Omfattning", "Extent")) }
            thead { tr {
                th scope="col" { (records) }
                th scope="col" { (say("med minst ett fel", "with at least one error")) }
                th scope="col" { (say("andel", "share")) }
            } }
            tbody { tr {
                (count(run.records, writing))
                (count(run.rejected, writing))
                (share(run.rejected, run.records, writing))
            } }
        }
        @if !run.reporters.is_empty() { (reporters(run, &records, writing)) }
        (rules(run, writing))
        @if !run.variables.is_empty() { (variables(run, writing)) }
    };
    Section { id: format!("publik-{}", run.collection), title, body }
}

fn reporters(run: &PublicRun, records: &str, writing: Writing) -> Markup {
    let caption = writing.say("Regioner", "Regions");
    wide(
        caption,
        &html! {
                table.data-filter {
                    caption { (caption) }
                    thead { tr {
                        th scope="col" { (writing.say("länskod", "county code")) }
                        th scope="col" { (records) }
                        th scope="col" { (writing.say("med minst ett fel", "with at least one error")) }
                        th scope="col" { (writing.say("andel", "share")) }
                    } }
                    tbody {
                        @for reporter in &run.reporters {
                            tr {
                                th scope="row" { (reporter.county.as_str()) }
                                (count(reporter.records, writing))
                                (count(reporter.rejected, writing))
                                (share(reporter.rejected, reporter.records, writing))
                            }
                        }
                    }
                }
        },
    )
}

fn rules(run: &PublicRun, writing: Writing) -> Markup {
    let caption = writing.say("Regler", "Rules");
    wide(
        caption,
        &html! {
                table.data-filter {
                    caption { (caption) }
                    thead { tr {
                        th scope="col" { (writing.say("regel", "rule")) }
                        th scope="col" { (writing.say("allvarlighet", "severity")) }
                        th scope="col" { (writing.say("innebörd", "meaning")) }
                        th scope="col" { (writing.say("uppfylls", "satisfied")) }
                        th scope="col" { (writing.say("bryts", "violated")) }
                        th scope="col" { (writing.say("gäller inte", "not applicable")) }
                        th scope="col" { (writing.say("inte kontrollerat", "not checked")) }
                    } }
                    tbody {
                        @for rule in &run.rules {
                            tr {
                                th scope="row" { (rule.id) }
                                td { (rule.severity.word(writing.language())) }
                                td { (writing.text(&rule.title)) }
                                @for shown in rule.counts { (count(shown, writing)) }
                            }
                        }
                    }
                }
        },
    )
}

fn variables(run: &PublicRun, writing: Writing) -> Markup {
    let headings: [&str; 6] = writing.say(
        ["ifyllt", "negativt", "okänt", "tomt, tillåtet", "tomt, krävs", "oläsbart"],
        ["filled", "negative", "unknown", "blank, allowed", "blank, required", "unreadable"],
    );
    let caption = writing.say("Variabler", "Variables");
    wide(
        caption,
        &html! {
                table.data-filter {
                    caption { (caption) }
                    thead { tr {
                        th scope="col" { (writing.say("variabel", "variable")) }
                        th scope="col" { (writing.say("kravnivå", "level")) }
                        @for heading in headings { th scope="col" { (heading) } }
                    } }
                    tbody {
                        @for variable in &run.variables {
                            tr {
                                th scope="row" { (variable.id) }
                                td { (variable.level.word(writing.language())) }
                                @for shown in variable.account { (count(shown, writing)) }
                            }
                        }
                    }
                }
        },
    )
}
