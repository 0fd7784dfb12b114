//! The rule book as one page of HTML: no network, no scripts, one file that can be mailed and printed.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{Chapter, Content, VariableRow, facts};
use crate::model::Language;

/// Type and spacing only; colours are the reader's own, dark or light.
const STYLE: &str = "
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 75rem; margin: 0 auto; padding: 1rem; }
h2 { margin-top: 3rem; border-bottom: 1px solid; }
h4 { margin: 1.5rem 0 .25rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .875rem; }
caption { text-align: left; font-weight: bold; padding: .5rem 0; }
th, td { border: 1px solid; padding: .25rem .5rem; text-align: left; vertical-align: top; }
dl { display: grid; grid-template-columns: 9rem 1fr; gap: .25rem 1rem; margin: .25rem 0; font-size: .875rem; }
dt { font-weight: bold; }
dd { margin: 0; overflow-wrap: anywhere; }
code { font-family: ui-monospace, monospace; overflow-wrap: anywhere; }
.skip { position: absolute; left: -100rem; }
.skip:focus { position: static; }
@media (max-width: 40rem) { dl { grid-template-columns: 1fr; } }
@media print {
  body { max-width: none; padding: 0; font-size: 9pt; }
  h2 { break-before: page; }
  section, tr { break-inside: avoid; }
  section.chapter { break-inside: auto; }
  thead { display: table-header-group; }
  .wide { overflow: visible; }
}
";

/// The page.
pub(super) fn page(content: &Content) -> String {
    let title = content.say("Regelbok för väntetidskoll", "Rule book of väntetidskoll");
    let lang = content.say("sv", "en");
    let page = html! {
        (DOCTYPE)
        html lang=(lang) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                a class="skip" href="#content" { (content.say("Till innehållet", "Skip to content")) }
                h1 { (title) }
                p { (content.say("Reglernas version", "Version of the rules")) ": " code { (content.version) } }
                nav aria-label=(content.say("Innehåll", "Contents")) {
                    h2 { (content.say("Innehåll", "Contents")) }
                    ol { @for chapter in &content.chapters { li { (contents_of(chapter, content)) } } }
                }
                main id="content" { @for chapter in &content.chapters { (chapter_of(chapter, content.language)) } }
            }
        }
    };
    let mut text = page.into_string();
    text.push('\n');
    text
}

fn contents_of(chapter: &Chapter, content: &Content) -> Markup {
    let part = |name: &str| format!("#{}.{name}", chapter.id);
    html! {
        a href={ "#" (chapter.id) } { (chapter.title) }
        ul {
            li { a href=(part("variables")) { (content.say("Variabler", "Variables")) " (" (chapter.variables.len()) ")" } }
            li { a href=(part("rules")) { (content.say("Regler", "Rules")) " (" (chapter.rules.len()) ")" } }
        }
    }
}

fn chapter_of(chapter: &Chapter, language: Language) -> Markup {
    let say = |sv, en| language.pick(sv, en);
    html! {
        section class="chapter" id=(chapter.id) aria-labelledby={ (chapter.id) ".title" } {
            h2 id={ (chapter.id) ".title" } { (chapter.title) }
            p { code { (chapter.id) } ". " (say("Källa", "Source")) ": " (chapter.source) }
            @if let Some(groups) = &chapter.groups { p { (groups) } }
            @for assumption in &chapter.assumptions { p { (say("Antagande", "Assumption")) ": " (assumption) } }
            h3 id={ (chapter.id) ".variables" } { (say("Variabler", "Variables")) }
            div class="wide" tabindex="0" role="region" aria-labelledby={ (chapter.id) ".variables" } {
                table {
                    caption { (say("Variabler i", "Variables of")) " " (chapter.title) }
                    thead { tr { @for heading in chapter.headings(language) { th scope="col" { (heading) } } } }
                    tbody { @for variable in &chapter.variables { (variable_row(variable)) } }
                }
            }
            h3 id={ (chapter.id) ".rules" } { (say("Regler", "Rules")) }
            @for (index, rule) in chapter.rules.iter().enumerate() {
                // Several versions of a rule have one id: only the first of them is its place in the page.
                @let is_first = chapter.rules[..index].iter().all(|other| other.id != rule.id);
                @let anchor = is_first.then(|| format!("{}.{}", chapter.id, rule.id));
                section class=(rule.severity.as_str()) id=[anchor] {
                    h4 { (rule.id) " (" (rule.severity.word(language)) "): " (rule.title.get(language)) }
                    p { (rule.sentence.get(language)) }
                    dl {
                        dt { (say("Allvarlighetsgrad", "Severity")) }
                        dd { (rule.consequence().get(language)) }
                        @for fact in facts(rule, language) {
                            dt { (fact.label) }
                            dd { @if fact.is_code { code { (fact.text) } } @else { (fact.text) } }
                        }
                    }
                }
            }
        }
    }
}

fn variable_row(variable: &VariableRow) -> Markup {
    html! {
        tr {
            th scope="row" { code { (variable.id) } }
            td { (variable.name) }
            td { (variable.description) }
            td { (variable.level) }
            td {
                @for condition in &variable.conditions { p { (condition) } }
                @if let Some(sql) = &variable.sql { p { code { (sql) } } }
            }
            td { (variable.values) }
            td { (variable.source) }
        }
    }
}
