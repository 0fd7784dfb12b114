//! Percentiles of a whole number: how long it took for the middle patient, and for the slow ones.
//!
//! | | |
//! | --- | --- |
//! | records | those of which the measure speaks and whose number is known; the others are counted beside |
//! | percentile | the least number that at least p % of the records have or are below; where exactly p % are, midway between it and the next (Hyndman and Fan's definition 2; of the median the usual one) |
//! | outside the range | counted, and said; a percentile that falls on one is not known |
//! | period, region | as for [`ratio`](super::ratio); the records of several regions are put together, medians are never averaged |
//! | no records | no value |
//! | rounding | none: every percentile is a whole number or a half |
//!
//! Source of the definition: Hyndman and Fan, Sample quantiles in statistical packages, The American Statistician 50
//! (1996), definition 2.

use std::collections::{BTreeMap, BTreeSet};

use super::figure::{Breakdown, Finality, Period, Place};
use super::scope::{Codes, Delivered};
use super::{Context, breakdown_name, part_names};
use crate::engine::tally::Spread;
use crate::measure::Distribution;
use crate::model::{County, SourceReference, Text};
use crate::time::Month;

/// The percentiles of one measure.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DistributionTable {
    /// The measure's id.
    pub id: String,
    /// What people call it.
    pub title: Text,
    /// What is looked at.
    pub description: Text,
    /// What it cannot tell.
    pub caution: Text,
    /// Where it is defined.
    pub source: SourceReference,
    /// What the number counts, in the plural.
    pub unit: Text,
    /// Smallest and largest number that are told apart.
    pub range: (i64, i64),
    /// Which percentiles.
    pub percentiles: Vec<u8>,
    /// What the parts of its breakdown are called; blank where there is none.
    pub breakdown: Text,
    /// What the codes of its breakdown are called, where their list says so.
    pub names: BTreeMap<String, Text>,
    /// One a place, period and part.
    pub rows: Vec<DistributionRow>,
}

/// The percentiles of one place, period and part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DistributionRow {
    /// Where.
    pub place: Place,
    /// When.
    pub period: Period,
    /// Of what part.
    pub breakdown: Breakdown,
    /// Months delivered within the period (of several regions: in the one with the fewest).
    pub months: u32,
    /// Months of the period within the scope.
    pub months_expected: u32,
    /// Regions put together, where they are several.
    pub regions: Option<u32>,
    /// What was counted; `None` where that may not be shown.
    pub counts: Option<SpreadCounts>,
    /// One for each of the table's percentiles.
    pub percentiles: Vec<Option<Halves>>,
    /// Whether it may still change by corrections; `None` where records may not be corrected, or there are none.
    pub finality: Option<Finality>,
    /// Whether something may not be shown.
    pub suppressed: bool,
}

/// Of how many records percentiles are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SpreadCounts {
    /// Records whose number is known.
    pub records: u64,
    /// Those of them that are below the range.
    pub below: u64,
    /// Those of them that are above the range.
    pub above: u64,
    /// Records whose number is not known.
    pub unknown: u64,
}

/// A whole number or a half, in halves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Halves(pub i64);

impl Halves {
    /// As a number.
    #[expect(clippy::cast_precision_loss, reason = "numbers of a distribution are at most 100,000 apart")]
    pub fn as_f64(self) -> f64 {
        self.0 as f64 / 2.0
    }

    /// As written, with `mark` before the half.
    pub fn text(self, mark: char) -> String {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, half) = (self.0.unsigned_abs() / 2, self.0 % 2 != 0);
        if half { format!("{sign}{whole}{mark}5") } else { format!("{sign}{whole}") }
    }
}

impl SpreadCounts {
    fn of(spread: &Spread) -> Self {
        let records = spread.counts.values().sum();
        Self { records, below: spread.below, above: spread.above, unknown: spread.unknown }
    }
}

/// The percentile of what was counted, exactly; `None` where nothing was, or where it falls on a value outside the range,
/// of which no more is known than that.
pub fn percentile(spread: &Spread, percentile: u8) -> Option<Halves> {
    let records: u64 = spread.counts.values().sum();
    let rank = u128::from(records) * u128::from(percentile);
    let place = u64::try_from(rank / 100).ok()?;
    let is_between = rank.is_multiple_of(100) && place > 0;
    let last = records.checked_sub(1)?;
    let (lower, upper) = (if is_between { place - 1 } else { place }.min(last), place.min(last));
    if lower < spread.below || upper >= records - spread.above {
        return None;
    }
    Some(Halves(value_at(spread, lower)?.saturating_add(value_at(spread, upper)?)))
}

/// The value of the record at a place in the order of values, from 0.
fn value_at(spread: &Spread, place: u64) -> Option<i64> {
    let mut below = 0;
    let found = spread.counts.iter().find(|(_, records)| {
        below += **records;
        below > place
    });
    found.map(|(value, _)| *value)
}

/// Everything of `measure`.
pub(super) fn table(context: &Context<'_>, measure: &Distribution) -> DistributionTable {
    DistributionTable {
        id: measure.id.clone(),
        title: measure.title.clone(),
        description: measure.description.clone(),
        caution: measure.caution.clone(),
        source: measure.source.clone(),
        unit: measure.unit.clone(),
        range: measure.range,
        percentiles: measure.percentiles.clone(),
        breakdown: breakdown_name(context, &measure.collections, measure.by_breakdown),
        names: part_names(context, &measure.collections, measure.by_breakdown),
        rows: rows(context, measure, &BTreeSet::new()),
    }
}

type Counted = BTreeMap<(Breakdown, Period, Place), (Spread, BTreeSet<County>)>;

/// One row a place, period and part. Years of regions that are `left_out` are in no row, the country's neither.
pub(super) fn rows(
    context: &Context<'_>,
    measure: &Distribution,
    left_out: &BTreeSet<(County, i32)>,
) -> Vec<DistributionRow> {
    let delivered = Delivered::of(context.tallies_of(&measure.collections), context.scope);
    let periods = context.scope.periods(measure.periods);
    let mut counted = Counted::new();
    let spreads = spreads(context, measure).into_iter();
    for (county, month, breakdown, spread) in
        spreads.filter(|(county, month, ..)| !left_out.contains(&(*county, month.year())))
    {
        for period in periods.iter().filter(|period| period.contains(month)) {
            let mut places = vec![Place::Country, Place::Region(county)];
            if measure.by_rcc {
                places.extend(context.regions.centre_of(county).map(Place::Centre));
            }
            for place in places {
                for breakdown in [Some(&Breakdown::Total), breakdown.as_ref()].into_iter().flatten() {
                    let (total, regions) = counted.entry((breakdown.clone(), *period, place)).or_default();
                    total.merge(spread);
                    regions.insert(county);
                }
            }
        }
    }
    counted.retain(|(_, _, place), (_, regions)| *place != Place::Country || regions.len() > 1);
    counted
        .into_iter()
        .map(|((breakdown, period, place), (spread, regions))| DistributionRow {
            place,
            period,
            breakdown,
            months: delivered.months(place, period, &regions),
            months_expected: context.months_expected(period),
            regions: (!matches!(place, Place::Region(_))).then(|| u32::try_from(regions.len()).unwrap_or(u32::MAX)),
            counts: Some(SpreadCounts::of(&spread)),
            percentiles: measure.percentiles.iter().map(|of| percentile(&spread, *of)).collect(),
            finality: context.finality(&measure.collections, place, period),
            suppressed: false,
        })
        .collect()
}

/// What was counted for a measure within the scope, with the part each belongs to.
fn spreads<'a>(context: &Context<'a>, measure: &Distribution) -> Vec<(County, Month, Option<Breakdown>, &'a Spread)> {
    let mut found = Vec::new();
    for (collection, place) in &measure.spreads {
        let Some(tally) = context.tallies.get(collection) else { continue };
        let codes = context.measures.plans.get(collection).filter(|_| measure.by_breakdown);
        let codes = codes.and_then(|plan| Codes::of(plan));
        for ((region, month, code, at), spread) in &tally.spreads {
            let (Some(county), Some(month)) = (*region, *month) else { continue };
            if at == place && context.scope.contains(month) {
                found.push((county, month, codes.as_ref().map(|codes| codes.part_of(code)), spread));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[i64], at: u8) -> Option<String> {
        let mut spread = Spread::default();
        for value in values {
            spread.add(*value, (0, 100));
        }
        percentile(&spread, at).map(|value| value.text(','))
    }

    #[test]
    fn percentiles_are_values_or_midway_between_two() {
        assert_eq!(of(&[], 50), None);
        assert_eq!(of(&[7], 90).as_deref(), Some("7"));
        // Odd: the middle one. Even: midway between the middle two.
        assert_eq!((of(&[30, 10, 20], 50).as_deref(), of(&[10, 21, 40, 11], 50).as_deref()), (Some("20"), Some("16")));
        assert_eq!(of(&[10, 11, 12, 40], 50).as_deref(), Some("11,5"));
        // A quarter of four is exactly one; of five it is more than one and less than two.
        assert_eq!((of(&[1, 2, 3, 4], 25).as_deref(), of(&[1, 2, 3, 4, 5], 25).as_deref()), (Some("1,5"), Some("2")));
        let ten: Vec<i64> = (1..=10).collect();
        assert_eq!((of(&ten, 90).as_deref(), of(&ten, 99).as_deref()), (Some("9,5"), Some("10")));
    }

    #[test]
    fn what_is_outside_the_range_is_counted_and_percentiles_on_it_are_not_known() {
        let mut spread = Spread::default();
        for value in [-3, 0, 50, 101, 5_000] {
            spread.add(value, (0, 100));
        }
        assert_eq!((spread.below, spread.above), (1, 2));
        assert_eq!(spread.counts, BTreeMap::from([(0, 2), (50, 1), (100, 2)]));
        // In order: outside, 0, 50, and two outside.
        let at = |percent: u8| percentile(&spread, percent);
        assert_eq!(
            [at(20), at(30), at(40), at(50), at(60)],
            [None, Some(Halves(0)), Some(Halves(50)), Some(Halves(100)), None]
        );
        assert_eq!((at(10), at(90)), (None, None));
        assert_eq!(Halves(-3).text('.'), "-1.5");
    }

    #[test]
    fn parts_that_are_merged_give_the_percentile_of_the_whole() {
        let spread = |values: &[i64]| {
            let mut spread = Spread::default();
            for value in values {
                spread.add(*value, (0, 100));
            }
            spread
        };
        let mut merged = spread(&[1, 2, 3]);
        merged.merge(&spread(&[50, 60]));
        assert_eq!(percentile(&merged, 50), Some(Halves(6)));
    }
}
