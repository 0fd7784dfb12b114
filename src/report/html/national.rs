//! Sections of the country: what was received, goals month by month, coverage by region, reporting rates, what stands out.
//!
//! Says what the tables for a terminal say, in the same words ([`words`](crate::report::coverage::words)), and more of it:
//! months of goals, parts, all variables, accounts of blanks. Months of the other measures are in the formats for programs.
//!
//! | section | module |
//! | --- | --- |
//! | what was looked at, and what every reader must know | [`basis`] |
//! | what was expected and received | [`response`] |
//! | goals and guarantees | [`goals`], [`guarantees`] |
//! | counts divided by something | [`ratio`] |
//! | percentiles | [`distribution`] |
//! | reporting rates | [`reporting`] |
//! | accounts of blanks | [`account`] |
//! | what stands out | [`flags`] |
//! | what was not made, and records in no table | [`rest`] |
//!
//! Shared by all: names and their order ([`places`]), months and periods ([`when`]), numbers in cells ([`cells`]).
//!
//! # Small counts
//!
//! Hides nothing itself: an edition for others comes with its counts taken away, and what is not there is marked as
//! withheld, never worked out from what is.

mod account;
mod basis;
mod cells;
mod distribution;
mod flags;
mod goals;
mod guarantees;
mod places;
mod ratio;
mod reporting;
mod response;
mod rest;
mod when;

#[cfg(test)]
mod tests;

use super::{Section, Writing};
use crate::coverage::Coverage;

/// What the page's styling says of these sections.
pub(super) const CSS: &str = include_str!("national.css");

/// The coverage that is written, and how.
#[derive(Clone, Copy, Debug)]
struct Country<'a> {
    coverage: &'a Coverage,
    writing: Writing,
}

/// The sections, in the order of the page; those of which there is nothing to say are left out.
pub(super) fn sections(coverage: &Coverage, writing: Writing) -> Vec<Section> {
    let country = Country { coverage, writing };
    let others = [
        response::section(country),
        goals::section(country),
        guarantees::section(country),
        ratio::section(country),
        distribution::section(country),
        reporting::section(country),
        account::section(country),
        flags::section(country),
        rest::section(country),
    ];
    std::iter::once(basis::section(country)).chain(others.into_iter().flatten()).collect()
}

impl Country<'_> {
    fn section(self, id: &str, (sv, en): (&str, &str), body: maud::Markup) -> Section {
        Section { id: format!("country-{id}"), title: self.writing.say(sv, en).to_owned(), body }
    }

    fn say<T>(self, sv: T, en: T) -> T {
        self.writing.say(sv, en)
    }

    /// Whether small counts are hidden.
    fn is_for_others(self) -> bool {
        self.coverage.published_below.is_some()
    }
}
