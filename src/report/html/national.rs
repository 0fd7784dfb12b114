//! Sections of the country: goals month by month, coverage by region, reporting rates, what stands out.

use super::{Section, Writing};
use crate::coverage::Coverage;

/// The sections, in the order of the page.
pub(super) fn sections(_coverage: &Coverage, _writing: Writing) -> Vec<Section> {
    Vec::new()
}
