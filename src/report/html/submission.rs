//! Sections of what was submitted: the gate and what to mend first, rules, variables, units and specialties.

use super::{Section, Writing};
use crate::engine::Outcome;
use crate::report::ReportOptions;

/// The sections, in the order of the page.
pub(super) fn sections(_outcome: &Outcome, _options: &ReportOptions, _writing: Writing) -> Vec<Section> {
    Vec::new()
}
