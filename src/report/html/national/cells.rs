//! Cells of tables: values with their counts, and what stands where there are none.
//!
//! A number's cell carries the bare number for sorting, so that the script need not read what is written for people.

use maud::{Markup, html};

use super::Country;
use crate::coverage::figure::{Amount, Change, Figure};
use crate::coverage::goal::Shown;
use crate::report::coverage::words;

/// Stands where there is no value.
pub(super) const NOTHING: &str = "–";
/// Stands where a value may not be shown.
pub(super) const HIDDEN: &str = "..";

/// A mark with its meaning in words, which stand beside it for those who do not see it.
pub(super) fn mark(mark: &str, meaning: &str) -> Markup {
    html! { span aria-hidden="true" { (mark) } span.hidden { " " (meaning) } }
}

/// Whether something is so little that it is rounded to nothing.
pub(super) fn is_less_than_one(figure: &Figure, value: u64) -> bool {
    value == 0 && figure.numerator.is_some_and(|records| !records.is_zero())
}

impl Country<'_> {
    /// What stands where a number may not be shown.
    pub(super) fn withheld(self) -> Markup {
        html! { span.withheld title=(self.withheld_words()) { (mark(HIDDEN, self.withheld_words())) } }
    }

    pub(super) fn withheld_words(self) -> &'static str {
        self.say("uppgift saknas av sekretesskäl", "withheld for confidentiality")
    }

    /// What stands where there is no number.
    pub(super) fn nothing(self) -> Markup {
        mark(NOTHING, self.say("uppgift saknas", "no value"))
    }

    /// A count.
    pub(super) fn number(self, count: u64) -> Markup {
        html! { td.num data-sort=(count) { (self.writing.figures.count(count)) } }
    }

    /// `91 %`, or a rate.
    pub(super) fn value_text(self, value: u64, per: u64) -> String {
        if per == 100 { words::per_cent(self.writing.figures, value) } else { self.writing.figures.count(value) }
    }

    pub(super) fn amount(self, amount: Amount) -> String {
        words::amount(self.writing.figures, amount)
    }

    /// The value of a figure.
    pub(super) fn value(self, figure: Option<&Figure>) -> Markup {
        let Some(figure) = figure else { return html! { td.num { (self.nothing()) } } };
        if figure.suppressed {
            return html! { td.num { (self.withheld()) } };
        }
        match figure.value() {
            Some(value) => html! { td.num data-sort=(value) { (self.rounded(figure, value)) } },
            None => html! { td.num { (self.nothing()) } },
        }
    }

    /// A figure's whole value: of something never `0 %`, but `<1 %`.
    pub(super) fn rounded(self, figure: &Figure, value: u64) -> String {
        if is_less_than_one(figure, value) {
            return format!("<{}", self.value_text(1, figure.per));
        }
        self.value_text(value, figure.per)
    }

    /// `12 / 48`: what a value is made of.
    pub(super) fn counts(self, figure: Option<&Figure>) -> Markup {
        let counts = figure.and_then(|figure| figure.numerator.zip(figure.denominator));
        match (figure, counts) {
            (Some(figure), _) if figure.suppressed => html! { td.num { (self.withheld()) } },
            (_, Some((above, below))) => html! {
                td.num.counts data-sort=(above.as_f64()) { (self.amount(above)) " / " (self.amount(below)) }
            },
            // An edition for others has shares of goals without their counts.
            (Some(figure), None) if self.is_for_others() && figure.months > 0 => html! { td.num { (self.withheld()) } },
            _ => html! { td.num { (self.nothing()) } },
        }
    }

    /// The value of a share that is kept apart from its counts.
    pub(super) fn shown(self, shown: Option<&Shown>) -> Markup {
        match shown {
            Some(shown) if shown.figure.suppressed => html! { td.num { (self.withheld()) } },
            Some(Shown { value: Some(value), figure, .. }) => {
                html! { td.num data-sort=(value) { (self.rounded(figure, *value)) } }
            }
            _ => html! { td.num { (self.nothing()) } },
        }
    }

    /// `78–85 %`, where findings could move a figure; blank where they could not.
    pub(super) fn between(self, figure: Option<&Figure>) -> Markup {
        let ends = figure.and_then(|figure| Some((figure.between()?, figure.per)));
        html! {
            td.num { @if let Some((ends, per)) = ends { (words::between(self.writing.figures, ends, per)) } }
        }
    }

    /// Whether a figure may still change.
    pub(super) fn finality(self, figure: Option<&Figure>) -> Markup {
        let word = figure.and_then(|figure| figure.finality).map(|of| words::finality(self.writing.figures, of));
        html! { td { @if let Some(word) = word { (word) } } }
    }

    /// `(12 / 48)` in a sentence, such as what a cell says when pointed at; blank where it may not be said.
    pub(super) fn of_counts(self, figure: &Figure) -> String {
        match figure.numerator.zip(figure.denominator).filter(|_| !figure.suppressed) {
            Some((above, below)) => {
                let (above, below) = (self.amount(above), self.amount(below));
                self.say(format!(" ({above} av {below})"), format!(" ({above} of {below})"))
            }
            None => String::new(),
        }
    }

    /// A change's mark, and what it means in words.
    pub(super) fn change(self, change: Change) -> (&'static str, &'static str) {
        match change {
            Change::UpBetter => ("▲", self.say("upp, bättre", "up, better")),
            Change::UpWorse => ("▲!", self.say("upp, sämre", "up, worse")),
            Change::DownBetter => ("▼", self.say("ner, bättre", "down, better")),
            Change::DownWorse => ("▼!", self.say("ner, sämre", "down, worse")),
            Change::Same => ("=", self.say("oförändrad", "unchanged")),
        }
    }
}
