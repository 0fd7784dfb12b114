//! How much of what grows with the input is shown, so that the page opens fast and can be mailed.
//!
//! Rules, variables, regions and collections are those of the rule set and of the country: all are shown. Examples, values,
//! units and codes come from submissions and are cut; the limits are shared among what wants them, so that a page on the
//! whole country is about as large as one on a month.

use crate::engine::{Outcome, Run};

/// Examples of findings on the whole page.
const MOST_EXAMPLES: usize = 1_500;
/// Examples of one rule.
const MOST_EXAMPLES_OF_RULE: usize = 10;
/// Values, units and codes each, listed with rules on the whole page.
const MOST_LISTED: usize = 2_000;
/// Values, units and codes each, listed with one rule.
const MOST_LISTED_WITH_RULE: usize = 5;
/// Care units in tables of the whole page.
const MOST_UNITS: usize = 400;
/// Care units in the table of one collection.
const MOST_UNITS_OF_COLLECTION: usize = 200;
/// Violated rules on the whole page above which each is told in brief.
const MANY_RULES: usize = 500;
/// Files listed one by one.
const MOST_FILES: usize = 300;

/// Characters shown of a value, a name or a key.
pub(super) const MOST_CHARS: usize = 60;
/// Rules named for a region, a unit or a code.
pub(super) const MOST_RULES_NAMED: usize = 3;
/// Causes shown.
pub(super) const MOST_CAUSES: usize = 25;
/// Rules linked from one cause.
pub(super) const MOST_RULES_OF_CAUSE: usize = 6;
/// Codes of a breakdown in the table of one collection.
pub(super) const MOST_CODES: usize = 150;
/// Unknown columns named for each file.
pub(super) const MOST_COLUMNS_NAMED: usize = 10;

/// The limits of one page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bounds {
    /// Examples shown with each rule.
    pub(super) examples: usize,
    /// Values, units and codes each, listed with each rule.
    pub(super) listed: usize,
    /// Care units in the table of each collection.
    pub(super) units: usize,
    /// Files listed one by one.
    pub(super) files: usize,
    /// Whether rules are told without why, how and where from, which `rules explain` tells.
    pub(super) is_brief: bool,
}

impl Bounds {
    /// Of a page on `outcome`.
    pub(super) fn of(outcome: &Outcome) -> Self {
        let violated = |run: &Run| run.rules.iter().filter(|found| found.violations > 0).count();
        let n_violated = outcome.runs.iter().map(violated).sum::<usize>().max(1);
        let with_units = outcome.runs.iter().filter(|run| !run.reporters.is_empty()).count().max(1);
        Self {
            examples: (MOST_EXAMPLES / n_violated).clamp(1, MOST_EXAMPLES_OF_RULE),
            listed: (MOST_LISTED / n_violated).clamp(1, MOST_LISTED_WITH_RULE),
            units: (MOST_UNITS / with_units).min(MOST_UNITS_OF_COLLECTION),
            files: MOST_FILES,
            is_brief: n_violated > MANY_RULES,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn a_small_page_shows_much_and_none_is_without_examples() {
        assert_eq!(
            Bounds::of(&sample::outcome()),
            Bounds { examples: 10, listed: 5, units: 200, files: MOST_FILES, is_brief: false }
        );
        let mut outcome = sample::outcome();
        let mut violated = outcome.runs[0].rules[0].clone();
        violated.violations = 1;
        outcome.runs[0].rules = vec![violated; 5_000];
        let bounds = Bounds::of(&outcome);
        assert_eq!((bounds.examples, bounds.listed, bounds.is_brief), (1, 1, true));
    }
}
