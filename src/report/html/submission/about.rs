//! How the page is to be read, what the rules assume, and where the rest is.

use maud::{Markup, html};

use super::view::View;

pub(super) fn body(view: &View<'_>) -> Markup {
    let more = [
        (
            "--findings",
            view.say("FIL.csv", "FILE.csv"),
            view.say("Alla fynd, rad för rad", "Every finding, row by row"),
        ),
        (
            "--format",
            view.say("xlsx=FIL.xlsx", "xlsx=FILE.xlsx"),
            view.say("Arbetsbok för Excel med alla fynd", "Workbook for Excel with every finding"),
        ),
        (
            "--format",
            view.say("json=FIL.json", "json=FILE.json"),
            view.say("Hela rapporten för program", "The whole report for programs"),
        ),
    ];
    html! {
        dl.facts {
            dt { (view.say("Fel", "Error")) }
            dd { (view.say("Fel i posten; registret tar inte med den.", "Wrong; the register leaves the record out.")) }
            dt { (view.say("Varning", "Warning")) }
            dd { (view.say("Troligen fel; posten används ändå.", "Probably wrong; the record is still used.")) }
            dt { (view.say("Upplysning", "Note")) }
            dd { (view.say("Värt att veta; inget behöver göras.", "Worth knowing; nothing has to be done.")) }
        }
        p {
            (view.say(
                "Andelar avrundas så att något som finns aldrig visas som 0 %, och något som har undantag aldrig som 100 %.",
                "Shares are rounded so that what exists is never shown as 0%, and what has exceptions never as 100%.",
            ))
        }
        p {
            (view.say(
                "Sidan innehåller värden ur leveransen: hantera den som leveransen själv. Värden som pekar ut en person är dolda.",
                "The page holds values of the submission: handle it as the submission itself. Values that identify a person are masked.",
            ))
        }
        h3 { (view.say("Mer", "More")) }
        ul {
            @for (option, file, what) in more { li { (what) ": " code { (option) " " (file) } } }
        }
        @for run in &view.runs {
            @if !run.run.plan.assumptions.is_empty() {
                details {
                    summary {
                        (view.say("Tolkningar där källorna inte säger något", "Decisions where the sources are silent"))
                        @if view.runs.len() > 1 { ": " (view.title(run.run)) }
                    }
                    ul { @for assumption in &run.run.plan.assumptions { li { (view.writing.text(assumption)) } } }
                }
            }
        }
    }
}
