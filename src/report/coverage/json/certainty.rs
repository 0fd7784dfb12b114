//! How sure a figure is, in the JSON document.

use serde::Serialize;

use crate::coverage::bounds::Share;
use crate::coverage::certainty::{Certainty, Widening};
use crate::coverage::figure::Amount;

#[derive(Serialize)]
pub(super) struct CertaintyJson<'a> {
    /// Records in doubt, by what they count as.
    records: RecordsJson,
    /// Null where it has no value whatever the records are.
    least: Option<ShareJson>,
    greatest: Option<ShareJson>,
    /// Without the records in doubt.
    without: ShareJson,
    /// Whether the target is reached at the worst; null where there is none.
    reached_at_worst: Option<bool>,
    reached_at_best: Option<bool>,
    /// The rules that widen it most, the widest first.
    rules: Vec<RuleJson<'a>>,
    /// What those do that cannot be decided, whatever they violate; null where they do not widen it.
    undecided: Option<UndecidedJson>,
}

#[derive(Serialize)]
struct UndecidedJson {
    records: f64,
    least: Option<ShareJson>,
    greatest: Option<ShareJson>,
}

#[derive(Serialize)]
struct RecordsJson {
    in_numerator: f64,
    in_denominator_only: f64,
    outside: f64,
    undecided: f64,
}

#[derive(Serialize)]
struct ShareJson {
    numerator: f64,
    denominator: f64,
    value: Option<u64>,
}

#[derive(Serialize)]
struct RuleJson<'a> {
    rule: &'a str,
    records: f64,
    /// Were only this rule's violations in doubt.
    least: Option<ShareJson>,
    greatest: Option<ShareJson>,
}

impl ShareJson {
    fn new(share: Share, per: u64) -> Self {
        Self { numerator: share.numerator.as_f64(), denominator: share.denominator.as_f64(), value: share.value(per) }
    }
}

impl<'a> CertaintyJson<'a> {
    pub(super) fn new(certainty: &'a Certainty, per: u64, reaches: Option<(bool, bool)>) -> Self {
        let share = |share: Option<Share>| share.map(|share| ShareJson::new(share, per));
        let rule = |rule: &'a Widening| RuleJson {
            rule: &rule.rule,
            records: rule.records.as_f64(),
            least: share(rule.least),
            greatest: share(rule.greatest),
        };
        let records = &certainty.records;
        let [in_numerator, in_denominator_only, outside, undecided] =
            [records.within, records.beyond, records.outside, records.undecided].map(Amount::as_f64);
        Self {
            records: RecordsJson { in_numerator, in_denominator_only, outside, undecided },
            least: share(certainty.least),
            greatest: share(certainty.greatest),
            without: ShareJson::new(certainty.without, per),
            reached_at_worst: reaches.map(|range| range.0),
            reached_at_best: reaches.map(|range| range.1),
            rules: certainty.rules.iter().map(rule).collect(),
            undecided: certainty.undecided.as_ref().map(|undecided| UndecidedJson {
                records: undecided.records.as_f64(),
                least: share(undecided.least),
                greatest: share(undecided.greatest),
            }),
        }
    }
}
