//! What a change of rules means for delivered records, as a person reads it and as JSON.
//!
//! Both formats are parts: `rules diff` writes them behind what it says of the rules themselves. Totals are always
//! there; of rules, regions, codes and files only those are listed that are judged otherwise. Deliberately decides
//! nothing: which conditions are fulfilled is handed in.

mod json;
#[cfg(test)]
mod tests;
mod text;

use crate::engine::compare::Impact;
use crate::report::ReportOptions;
use crate::rulebook::fail_if::Breach;

pub use json::{ImpactJson, SCHEMA};

/// The impact as text. Only `language`, `width` and `color` of the options matter.
pub fn text(impact: &Impact, breaches: &[Breach], options: &ReportOptions) -> String {
    text::render(impact, breaches, options)
}
