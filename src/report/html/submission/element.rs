//! Cells, lists and tables that every section is made of.

use maud::{Markup, html};

use crate::model::Severity;
use crate::report::figures::Figures;
use crate::report::html::Writing;
use crate::report::text::page::GLUE;

/// What stands where there is no value.
pub(super) const NOTHING: &str = "–";

/// Words of the text report on a page: what it keeps on one line is kept by spaces that do not break.
pub(super) fn plain(words: &str) -> String {
    words.replace(GLUE, "\u{a0}")
}

/// The same where a narrow column may break them.
pub(super) fn spaced(words: &str) -> String {
    words.replace(GLUE, " ")
}

/// A number. One without separators is its own key for sorting.
pub(super) fn number(n: u64, figures: Figures) -> Markup {
    let key = (n >= 1_000).then_some(n);
    html! { td.num data-sort=[key] { (figures.count(n)) } }
}

/// How much `n` is of `of`; nothing where there is no whole.
pub(super) fn share(n: u64, of: u64, figures: Figures) -> Markup {
    match figures.share(n, of) {
        Some(share) => html! { td.num data-sort=(per_hundred_thousand(n, of)) { (share) } },
        None => html! { td.num { (NOTHING) } },
    }
}

/// By which shares are sorted; `of` is not zero.
fn per_hundred_thousand(n: u64, of: u64) -> u128 {
    u128::from(n) * 100_000 / u128::from(of.max(1))
}

/// The severity as a word; its colour and shape say the same.
pub(super) fn severity(severity: Severity, writing: Writing) -> Markup {
    html! { span class={ "sev is-" (severity.as_str()) } { (severity.word(writing.language())) } }
}

/// That only the first rows are shown, and where all are.
pub(super) fn cut(shown: usize, of: usize, what: [&str; 2], all: [&str; 2], writing: Writing) -> Markup {
    let figures = writing.figures;
    let (n, of_all) = (figures.count(shown as u64), figures.count(of as u64));
    let [what, all] = [writing.say(what[0], what[1]), writing.say(all[0], all[1])];
    html! {
        @if shown < of {
            p.cut { (writing.say("Visar", "Showing")) " " (n) " " (writing.say("av", "of")) " " (of_all) " " (what) "; " (all) "." }
        }
    }
}
