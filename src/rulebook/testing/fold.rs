//! Tests of folds: records, and what the group of the first one must become.

use crate::diag::Place;
use crate::engine::{self, NoGroup};
use crate::rule::Plan;

/// One test of a fold.
#[derive(Clone, Debug)]
pub struct FoldCase {
    /// The collection that the records fold into.
    pub collection: String,
    /// Where it stands among the fold's tests, from 1.
    pub number: usize,
    /// Where it is written.
    pub place: Place,
    /// The records, by variable.
    pub records: Vec<Vec<(String, String)>>,
    /// Values that are not as stated, or why there are none.
    pub found: Result<Vec<Unlike>, NoGroup>,
}

/// A value of a group that is not as stated; empty is blank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unlike {
    /// The group's variable.
    pub variable: String,
    /// What was stated.
    pub expected: String,
    /// What the records fold into.
    pub found: String,
}

impl FoldCase {
    /// Whether the group is as stated.
    pub fn passes(&self) -> bool {
        self.found.as_ref().is_ok_and(Vec::is_empty)
    }
}

/// Runs every test of the fold of `plan`; none where it folds nothing.
pub(super) fn run(plan: &Plan, cases: &mut Vec<FoldCase>) {
    let Some(fold) = &plan.fold else { return };
    for (number, (test, found)) in fold.tests.iter().zip(engine::test_fold(fold)).enumerate() {
        let unlike = |difference: engine::FoldDifference| Unlike {
            variable: plan.collection.get(difference.variable).id.clone(),
            expected: difference.expected,
            found: difference.found,
        };
        cases.push(FoldCase {
            collection: plan.collection.id.clone(),
            number: number + 1,
            place: test.place.clone(),
            records: test.named_records(fold),
            found: found.map(|differences| differences.into_iter().map(unlike).collect()),
        });
    }
}
