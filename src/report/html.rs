//! One self-contained page for people: of a single submission, of the coverage of many, or of both.
//!
//! The file needs no network: its styling and script are inside, allowed by their hashes in a content-security policy that
//! allows nothing else. Nothing from a submission becomes markup: every text goes through the template's escaping
//! ([`maud`]), and control characters are made visible first ([`shown`](super::shown)).
//!
//! # Parts
//!
//! | what | module |
//! | --- | --- |
//! | the page around the sections: head, policy, navigation, script | [`page`] |
//! | the only place that names the chart library | [`chart`] |
//! | a submission: gate and what to mend first, rules, variables, units and specialties | [`submission`] |
//! | the country: goals, coverage, reporting rates, what stands out | [`national`] |
//!
//! # Size
//!
//! Bounded whatever the input: what grows with the number of rules, regions and months is shown whole; what grows with
//! units, values or findings is cut, and the page says so.

mod chart;
mod national;
mod page;
mod public;
mod submission;
#[cfg(test)]
mod tests;

use std::io::Write;

use maud::{Markup, html};

use crate::coverage::Coverage;
use crate::edition::PublicOutcome;
use crate::model::{Language, Text};
use crate::report::figures::Figures;
use crate::report::{Content, ReportError, ReportOptions};

/// What every section is written with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Writing {
    /// Numbers as the language writes them.
    pub(super) figures: Figures,
}

impl Writing {
    fn new(options: &ReportOptions) -> Self {
        Self { figures: Figures::of_page(options.language) }
    }

    /// The page's language.
    pub(super) fn language(self) -> Language {
        self.figures.language
    }

    /// The words of the page's language.
    pub(super) fn say<T>(self, sv: T, en: T) -> T {
        self.language().pick(sv, en)
    }

    /// A text of the rule set or schema, in the page's language.
    pub(super) fn text(self, text: &Text) -> &str {
        text.get(self.language())
    }
}

/// A part of the page that the navigation leads to.
pub(super) struct Section {
    /// Its anchor; unique on the page.
    pub(super) id: String,
    /// Its heading.
    pub(super) title: String,
    /// What stands under the heading; headings in it are of level 3 and lower.
    pub(super) body: Markup,
}

/// A wide table, which can be moved within its own frame.
pub(super) fn wide(label: &str, table: &Markup) -> Markup {
    html! { div.wide tabindex="0" role="region" aria-label=(label) { (table) } }
}

/// Writes the page of a check, with coverage where there is any.
///
/// # Errors
/// If `out` cannot be written.
pub fn write(content: &Content<'_>, options: &ReportOptions, out: &mut (dyn Write + Send)) -> Result<(), ReportError> {
    let writing = Writing::new(options);
    let (frame, mut sections) = submission::written(content.outcome, options, writing);
    // How the page is to be read comes last.
    let last = sections.pop();
    sections.extend(content.coverage.into_iter().flat_map(|coverage| national::sections(coverage, writing)));
    sections.extend(last);
    out.write_all(page::page(&frame, &sections, writing).into_string().as_bytes())?;
    Ok(())
}

/// Writes the page of coverage alone.
///
/// # Errors
/// If `out` cannot be written.
pub fn write_coverage(
    coverage: &Coverage,
    options: &ReportOptions,
    out: &mut (dyn Write + Send),
) -> Result<(), ReportError> {
    let writing = Writing::new(options);
    let title = writing.say("Täckning och inrapportering", "Coverage and reporting").to_owned();
    let sections = national::sections(coverage, writing);
    let frame = page::Frame { title, ..page::Frame::default() };
    out.write_all(page::page(&frame, &sections, writing).into_string().as_bytes())?;
    Ok(())
}

/// Writes the page of what everybody may know.
///
/// # Errors
/// If `out` cannot be written.
pub fn write_public(
    outcome: &PublicOutcome,
    coverage: Option<&Coverage>,
    options: &ReportOptions,
    out: &mut (dyn Write + Send),
) -> Result<(), ReportError> {
    let writing = Writing::new(options);
    let mut sections = public::sections(outcome, writing);
    sections.extend(coverage.into_iter().flat_map(|coverage| national::sections(coverage, writing)));
    let title = writing.say("Kvalitet i väntetidsdata: publik utgåva", "Quality of waiting-time data: public edition");
    let frame = page::Frame { title: title.to_owned(), ..page::Frame::default() };
    out.write_all(page::page(&frame, &sections, writing).into_string().as_bytes())?;
    Ok(())
}
