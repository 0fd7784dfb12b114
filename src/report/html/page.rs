//! The page around the sections: head, content-security policy, styling, navigation, search and script.
//!
//! The policy allows the one style element and the one script by the hashes of their bytes and nothing else: no network, no
//! images, no inline attributes, no forms. A value of a submission that got through the escaping would not run.
//!
//! Everything can be read without the script, which adds search, filters, sorting, and opens what an address or a printer
//! needs open. What it needs of words stands in `data-` attributes, so that it knows no language.
//!
//! Deliberately knows nothing of outcomes and figures: sections come written.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

use super::{Section, Writing, chart, national};
use crate::model::{Language, Severity};

/// Of the page itself.
const STYLE: &str = include_str!("page.css");
/// Of the page itself.
const SCRIPT: &str = include_str!("page.js");

/// By what rows can be narrowed down, beside the search. A list of fewer than two is not offered.
#[derive(Clone, Debug, Default)]
pub(super) struct Filters {
    /// Whether rows have severities (`data-severity`).
    pub(super) severities: bool,
    /// Values of `data-collection`, with names.
    pub(super) collections: Vec<(String, String)>,
    /// Values among those of `data-regions`, with names.
    pub(super) regions: Vec<(String, String)>,
}

/// What stands around the sections.
#[derive(Clone, Debug, Default)]
pub(super) struct Frame {
    /// What the page is.
    pub(super) title: String,
    /// What it is about, in a line; may be blank.
    pub(super) about: String,
    /// By what its rows can be narrowed down.
    pub(super) filters: Filters,
}

/// The whole document.
pub(super) fn page(frame: &Frame, sections: &[Section], writing: Writing) -> Markup {
    let (style, script) = (style(), script());
    html! {
        (DOCTYPE)
        html lang=(writing.say("sv", "en")) {
            head {
                meta charset="utf-8";
                // Before what it allows.
                meta http-equiv="Content-Security-Policy" content=(policy(&style, &script));
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="referrer" content="no-referrer";
                meta name="robots" content="noindex";
                meta name="generator" content=(concat!("vantkoll ", env!("CARGO_PKG_VERSION")));
                title { (frame.title) @if !frame.about.is_empty() { ": " (frame.about) } }
                style { (PreEscaped(style.as_str())) }
            }
            body {
                a.skip href="#main" { (writing.say("Till innehållet", "Skip to content")) }
                header.top {
                    p.brand { "Väntetidskoll" }
                    h1 { (frame.title) }
                    @if !frame.about.is_empty() { p.about { (frame.about) } }
                }
                nav.contents aria-label=(writing.say("Innehåll", "Contents")) {
                    ul { @for section in sections { li { a href={ "#" (section.id) } { (section.title) } } } }
                }
                (tools(&frame.filters, writing))
                main id="main" tabindex="-1" {
                    @for section in sections {
                        section id=(section.id) aria-labelledby={ (section.id) "-h" } {
                            h2 id={ (section.id) "-h" } { (section.title) }
                            (section.body)
                        }
                    }
                }
                footer { p { "vantkoll " (env!("CARGO_PKG_VERSION")) } }
                script { (PreEscaped(script.as_str())) }
            }
        }
    }
}

/// Search and filters; hidden until the script, without which they can do nothing, shows them.
fn tools(filters: &Filters, writing: Writing) -> Markup {
    let all = writing.say("Alla", "All");
    let severities = |language: Language| Severity::ALL.map(|severity| (severity.as_str(), severity.word(language)));
    html! {
        div.tools id="tools" hidden role="search" aria-label=(writing.say("Sök och filtrera", "Search and filter")) {
            div.field.grow {
                label for="search" { (writing.say("Sök i alla tabeller", "Search all tables")) }
                input id="search" type="search" autocomplete="off" spellcheck="false" aria-describedby="hits"
                    aria-keyshortcuts="/" placeholder=(writing.say("Regel, variabel, enhet …", "Rule, variable, unit …"));
            }
            @if filters.severities {
                div.field {
                    label for="filter-severity" { (writing.say("Allvarlighetsgrad", "Severity")) }
                    select id="filter-severity" data-by="severity" {
                        option value="" { (all) }
                        @for (value, word) in severities(writing.language()) { option value=(value) { (word) } }
                    }
                }
            }
            (choice("filter-collection", "collection", writing.say("Insamling", "Collection"), &filters.collections, all))
            (choice("filter-region", "regions", writing.say("Region", "Region"), &filters.regions, all))
            div.buttons {
                button type="button" id="reset" { (writing.say("Rensa", "Clear")) }
                button type="button" id="open-all" { (writing.say("Öppna alla", "Open all")) }
                button type="button" id="close-all" { (writing.say("Stäng alla", "Close all")) }
            }
            // A key of one character can be switched off: speech input and unsteady hands press it unmeant.
            label.shortcut {
                input id="shortcut" type="checkbox" checked;
                (writing.say("Tangenten / går till sökfältet", "The key / goes to the search box"))
            }
            // The script puts the numbers in the places of `#` and `@`.
            p.hits id="hits" role="status" aria-live="polite"
                data-hits=(writing.say("Visar # av @ rader", "Showing # of @ rows"))
                data-none=(writing.say("Inga rader motsvarar urvalet", "No rows match the selection"))
                data-sort=(writing.say("Sortera efter", "Sort by")) {}
        }
    }
}

fn choice(id: &str, by: &str, label: &str, options: &[(String, String)], all: &str) -> Markup {
    html! {
        @if options.len() > 1 {
            div.field {
                label for=(id) { (label) }
                select id=(id) data-by=(by) {
                    option value="" { (all) }
                    @for (value, name) in options { option value=(value) { (name) } }
                }
            }
        }
    }
}

/// Every style of the page, one after the other: those of sections first, so that the page's own have the last word.
fn style() -> String {
    plain(&[chart::CSS, national::CSS, STYLE].concat())
}

fn script() -> String {
    plain(SCRIPT)
}

/// With line ends as a browser reads them: it hashes what it has read, not what the file holds.
fn plain(text: &str) -> String {
    text.replace("\r\n", "\n")
}

fn policy(style: &str, script: &str) -> String {
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; img-src 'none'; base-uri 'none'; form-action 'none'",
        hash(style),
        hash(script)
    )
}

fn hash(text: &str) -> String {
    STANDARD.encode(Sha256::digest(text.as_bytes()))
}
