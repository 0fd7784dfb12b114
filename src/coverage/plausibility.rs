//! What stands out: each region against its own past, the same month a year ago, and the other regions.
//!
//! A flag is not a finding of a record and never fails a gate: it says that a figure is unusual, against what, and by
//! how much, so that a person can ask. The limits are this tool's own choices, made so that few flags are raised and each
//! is worth a question; none comes from the agreements.
//!
//! # Shifts in a series
//!
//! A month is compared with a baseline of the region's own earlier months: at least [`LEAST_BASELINE`], at most the
//! twelve last ones. *The tested month is never in its own baseline.* It is flagged where all of these hold:
//!
//! 1. **It is large.** Counts: twice or half of what was expected, and of the region's own median. Shares:
//!    [`LEAST_POINTS`] percentage points from what was expected, and from the region's own share.
//! 2. **It is not chance.** Four standard deviations of a Poisson count, or of the difference of two proportions; so
//!    that small counts need larger shifts.
//! 3. **It is not the region's habit.** Beyond what its own baseline months have shown, with a margin of half as much
//!    again.
//! 4. **It is not everybody's.** What was expected moves with the other regions: where all have fewer contacts in July,
//!    fewer are expected. How the others moved is the median of their own movements, so that one large region that stands
//!    out does not make all the others do so.
//! 5. **It is not the season.** The same month a year ago was not alike.
//!
//! # Levels
//!
//! A year's value is flagged where it is a third or less, or three times or more, of the median of the other regions
//! (rates), or [`LEVEL_POINTS`] percentage points from it (shares), with at least [`LEAST_REGIONS`] other regions.
//!
//! # Conditions that are hardly ever true
//!
//! A variable that is required on a condition is never blank and wrong in a region where the condition is never true.
//! The number of records in which it should have been true is estimated from the other regions, code by code of
//! the collection's breakdown; flagged where at least [`LEAST_EXPECTED`] were expected and less than a fifth of them are there.

use std::collections::{BTreeMap, BTreeSet};

use super::figure::{Amount, Breakdown, Figure, Period, Place};
use super::{Context, Coverage};
use crate::model::{County, Level};
use crate::time::Month;

/// Earlier months needed before a month can be judged.
pub const LEAST_BASELINE: usize = 3;
/// Earlier months used at most.
const MOST_BASELINE: usize = 12;
/// Percentage points that a share must have moved.
pub const LEAST_POINTS: f64 = 10.0;
/// Percentage points from the other regions' median that make a level stand out.
pub const LEVEL_POINTS: f64 = 75.0;
/// Other regions needed before levels are compared.
pub const LEAST_REGIONS: usize = 5;
/// Records that must be expected before their absence means anything.
pub const LEAST_EXPECTED: f64 = 20.0;
/// Standard deviations.
const DEVIATIONS: f64 = 4.0;
/// How far beyond the baseline's own variation.
const MARGIN: f64 = 1.5;
/// A count must have doubled or halved.
const FACTOR: f64 = 2.0;
/// A level must be threefold or a third.
const LEVEL_FACTOR: f64 = 3.0;

/// Why something stands out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FlagKind {
    /// The number of records of a month.
    Count,
    /// A share of a month.
    Share,
    /// A year's value against the other regions.
    Level,
    /// A condition that is hardly ever true.
    Condition,
}

impl FlagKind {
    /// The word used in machine formats.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Share => "share",
            Self::Level => "level",
            Self::Condition => "condition",
        }
    }
}

/// Something that stands out.
#[derive(Clone, Debug, PartialEq)]
pub struct Flag {
    /// Why.
    pub kind: FlagKind,
    /// The measure, or the group of collections whose records are counted.
    pub measure: String,
    /// Where.
    pub county: County,
    /// When.
    pub period: Period,
    /// Of which variable.
    pub variable: Option<String>,
    /// What was found.
    pub observed: Value,
    /// What the region's own earlier months, moved with the other regions, or the other regions made one expect.
    pub expected: f64,
    /// The region's own earlier months: their median (counts) or their pooled share, and how many they are.
    pub baseline: Option<(Value, usize)>,
    /// The same month a year ago.
    pub year_before: Option<Value>,
    /// How the middle one of the other regions moved from its own baseline: the factor of its count, or the percentage
    /// points of its share.
    pub others: Option<f64>,
    /// All of the region's own months within the scope, each with its count or its share in per cent; empty where a year
    /// is what stands out. Months that were not delivered are not in it.
    pub series: Vec<(Month, f64)>,
}

/// A count, or a share with its counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Value {
    /// What is counted.
    pub numerator: f64,
    /// Of how many; `None` for a count.
    pub denominator: Option<f64>,
}

impl Value {
    fn count(count: f64) -> Self {
        Self { numerator: count, denominator: None }
    }

    fn of(numerator: f64, denominator: f64) -> Self {
        Self { numerator, denominator: Some(denominator) }
    }

    /// Percentage points of a share; the count itself of a count.
    pub fn number(self) -> f64 {
        match self.denominator {
            None => self.numerator,
            Some(0.0) => 0.0,
            Some(denominator) => 100.0 * self.numerator / denominator,
        }
    }
}

/// A region's months.
type Series = BTreeMap<Month, (f64, f64)>;

/// Everything that stands out, in the order of kind, measure, region and period.
pub(super) fn flags(context: &Context<'_>, coverage: &Coverage) -> Vec<Flag> {
    let mut flags = counts(context);
    let figures = coverage.ratios.iter().chain(&coverage.reporting).flat_map(|table| &table.figures);
    flags.extend(shares(figures.clone()));
    flags.extend(levels(coverage));
    flags.extend(conditions(context));
    flags.sort_by(|a, b| {
        let key = |flag: &Flag| (flag.kind, flag.measure.clone(), flag.county, flag.period, flag.variable.clone());
        key(a).cmp(&key(b))
    });
    flags
}

/// Numbers of records.
fn counts(context: &Context<'_>) -> Vec<Flag> {
    let mut flags = Vec::new();
    for measure in &context.measures.reporting {
        let mut of_regions: BTreeMap<County, Series> = BTreeMap::new();
        for tally in context.tallies_of(&measure.collections) {
            for ((region, month), fills) in &tally.by_month {
                if let (Some(county), Some(month)) = (*region, month.filter(|month| context.scope.contains(*month))) {
                    of_regions.entry(county).or_default().entry(month).or_default().0 += as_f64(fills.records);
                }
            }
        }
        let name = measure.group_id();
        for county in of_regions.keys() {
            for month in of_regions[county].keys() {
                flags.extend(count_shift(&of_regions, *county, *month, name));
            }
        }
    }
    flags
}

/// The months before `month`, at most the last twelve.
fn baseline(series: &Series, month: Month) -> Vec<(f64, f64)> {
    let mut before: Vec<(f64, f64)> =
        series.range(..month).rev().take(MOST_BASELINE).map(|(_, value)| *value).collect();
    before.reverse();
    before
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        n if n % 2 == 1 => Some(values[middle]),
        _ => Some(f64::midpoint(values[middle - 1], values[middle])),
    }
}

fn count_shift(of_regions: &BTreeMap<County, Series>, county: County, month: Month, name: &str) -> Option<Flag> {
    let series = &of_regions[&county];
    let observed = series.get(&month)?.0;
    let before = baseline(series, month);
    if before.len() < LEAST_BASELINE {
        return None;
    }
    let own = median(before.iter().map(|value| value.0).collect())?;
    // The other regions that can be compared: those with this month and a baseline of their own.
    let of_others = of_regions.iter().filter(|(other, _)| **other != county).filter_map(|(_, other)| {
        let before = baseline(other, month);
        let now = other.get(&month).filter(|_| before.len() >= LEAST_BASELINE)?.0;
        let own = median(before.iter().map(|value| value.0).collect())?;
        (own > 0.0).then(|| now / own)
    });
    let moved = median(of_others.collect());
    let expected = own * moved.unwrap_or(1.0);
    let is_apart = |from: f64| observed >= from * FACTOR || observed * FACTOR <= from;
    let is_large = is_apart(expected) && is_apart(own);
    let is_no_chance = (observed - expected).abs() > DEVIATIONS * (expected + observed).max(1.0).sqrt();
    let habit = before.iter().map(|value| (value.0 - own).abs()).fold(0.0, f64::max) * MARGIN;
    let is_no_habit = (observed - expected).abs() > habit;
    let year_before = month.plus(-12).and_then(|month| series.get(&month)).map(|value| value.0);
    let is_no_season = year_before.is_none_or(|then| observed > then * MARGIN || observed * MARGIN < then);
    (is_large && is_no_chance && is_no_habit && is_no_season).then(|| Flag {
        kind: FlagKind::Count,
        measure: name.to_owned(),
        county,
        period: Period::Month(month),
        variable: None,
        observed: Value::count(observed),
        expected,
        baseline: Some((Value::count(own), before.len())),
        year_before: year_before.map(Value::count),
        others: moved,
        series: series.iter().map(|(month, value)| (*month, value.0)).collect(),
    })
}

/// Shares: reporting rates, and shares under the guarantee.
fn shares<'a>(figures: impl Iterator<Item = &'a Figure>) -> Vec<Flag> {
    let mut series: BTreeMap<(&str, Option<&str>), BTreeMap<County, Series>> = BTreeMap::new();
    for figure in figures {
        let (Place::Region(county), Period::Month(month)) = (figure.place, figure.period) else { continue };
        if figure.per != 100 || figure.breakdown != Breakdown::Total {
            continue;
        }
        if let (Some(numerator), Some(denominator)) = (figure.numerator, figure.denominator)
            && !denominator.is_zero()
        {
            let of_measure = series.entry((&*figure.measure, figure.variable.as_deref())).or_default();
            of_measure.entry(county).or_default().insert(month, (numerator.as_f64(), denominator.as_f64()));
        }
    }
    let mut flags = Vec::new();
    for ((measure, variable), of_regions) in &series {
        for county in of_regions.keys() {
            for month in of_regions[county].keys() {
                flags.extend(share_shift(of_regions, *county, *month, measure, *variable));
            }
        }
    }
    flags
}

fn pooled(values: &[(f64, f64)]) -> (f64, f64) {
    values.iter().fold((0.0, 0.0), |sum, value| (sum.0 + value.0, sum.1 + value.1))
}

fn share_shift(
    of_regions: &BTreeMap<County, Series>,
    county: County,
    month: Month,
    measure: &str,
    variable: Option<&str>,
) -> Option<Flag> {
    let series = &of_regions[&county];
    let (above, below) = *series.get(&month)?;
    let before = baseline(series, month);
    if before.len() < LEAST_BASELINE {
        return None;
    }
    let points = |(above, below): (f64, f64)| 100.0 * above / below;
    let own = pooled(&before);
    let of_others = of_regions.iter().filter(|(other, _)| **other != county).filter_map(|(_, other)| {
        let before = baseline(other, month);
        let now = other.get(&month).filter(|_| before.len() >= LEAST_BASELINE)?;
        Some(points(*now) - points(pooled(&before)))
    });
    let moved = median(of_others.collect());
    let expected = (points(own) + moved.unwrap_or(0.0)).clamp(0.0, 100.0);
    let difference = points((above, below)) - expected;
    let is_large = difference.abs() >= LEAST_POINTS && (points((above, below)) - points(own)).abs() >= LEAST_POINTS;
    let joint = (above + own.0) / (below + own.1);
    let deviation = 100.0 * (joint * (1.0 - joint) * (1.0 / below + 1.0 / own.1)).sqrt();
    let is_no_chance = difference.abs() > DEVIATIONS * deviation;
    let habit = before.iter().map(|value| (points(*value) - points(own)).abs()).fold(0.0, f64::max) * MARGIN;
    let is_no_habit = difference.abs() > habit;
    let year_before = month.plus(-12).and_then(|month| series.get(&month)).copied();
    let is_no_season =
        year_before.is_none_or(|then| (points((above, below)) - points(then)).abs() >= LEAST_POINTS / 2.0);
    (is_large && is_no_chance && is_no_habit && is_no_season).then(|| Flag {
        kind: FlagKind::Share,
        measure: measure.to_owned(),
        county,
        period: Period::Month(month),
        variable: variable.map(str::to_owned),
        observed: Value::of(above, below),
        expected,
        baseline: Some((Value::of(own.0, own.1), before.len())),
        year_before: year_before.map(|(above, below)| Value::of(above, below)),
        others: moved,
        series: series.iter().map(|(month, value)| (*month, points(*value))).collect(),
    })
}

/// A year's values against the other regions'.
fn levels(coverage: &Coverage) -> Vec<Flag> {
    let mut flags = Vec::new();
    for table in coverage.ratios.iter().chain(&coverage.reporting) {
        let mut groups: BTreeMap<(Period, Option<&str>), Vec<Member<'_>>> = BTreeMap::new();
        for figure in &table.figures {
            let (Place::Region(county), Period::Year(_)) = (figure.place, figure.period) else { continue };
            let selected = figure.variable.as_deref().is_none_or(|name| table.selection.iter().any(|one| one == name));
            if figure.breakdown == Breakdown::Total
                && selected
                && let (Some(above), Some(below)) = (figure.numerator, figure.denominator)
                && !below.is_zero()
            {
                let value = as_f64(figure.per) * above.as_f64() / below.as_f64();
                groups.entry((figure.period, figure.variable.as_deref())).or_default().push((county, figure, value));
            }
        }
        for members in groups.values() {
            flags.extend(members.iter().filter_map(|member| level(members, member)));
        }
    }
    flags
}

/// A region's figure of a year, with its value before rounding.
type Member<'a> = (County, &'a Figure, f64);

fn level(members: &[Member<'_>], (county, figure, value): &Member<'_>) -> Option<Flag> {
    let others: Vec<f64> = members.iter().filter(|(other, ..)| other != county).map(|(.., value)| *value).collect();
    if others.len() < LEAST_REGIONS {
        return None;
    }
    let expected = median(others)?;
    let (above, below) = (figure.numerator?, figure.denominator?);
    let stands_out = if figure.per == 100 {
        (value - expected).abs() >= LEVEL_POINTS && below.as_f64() >= LEAST_EXPECTED
    } else {
        // In numbers of contacts, so that a small region's chance is no level.
        let expected_count = expected * below.as_f64() / as_f64(figure.per);
        let apart = *value >= expected * LEVEL_FACTOR || value * LEVEL_FACTOR <= expected;
        apart
            && (above.as_f64() - expected_count).abs() > DEVIATIONS * (expected_count + above.as_f64()).max(1.0).sqrt()
    };
    stands_out.then(|| Flag {
        kind: FlagKind::Level,
        measure: figure.measure.to_string(),
        county: *county,
        period: figure.period,
        variable: figure.variable.as_deref().map(str::to_owned),
        observed: Value::of(above.as_f64(), below.as_f64()),
        expected,
        baseline: None,
        year_before: None,
        others: None,
        series: Vec::new(),
    })
}

/// Conditions that are true in far fewer records than the other regions make one expect.
fn conditions(context: &Context<'_>) -> Vec<Flag> {
    let mut flags = Vec::new();
    for (collection, tally) in context.tallies {
        let Some(plan) = context.measures.plans.get(collection) else { continue };
        for (index, variable) in plan.collection.variables.iter().enumerate() {
            if plan.requirements[index].level != Level::Conditional {
                continue;
            }
            // Year → stratum (code of the breakdown, or everything) → region → (true, records).
            let mut years: BTreeMap<i32, Strata<'_>> = BTreeMap::new();
            let mut add = |year: i32, stratum, county, required: u64, records: u64| {
                if context.scope.years().contains(&year) {
                    let counts: &mut (f64, f64) =
                        years.entry(year).or_default().entry(stratum).or_default().entry(county).or_default();
                    counts.0 += as_f64(required);
                    counts.1 += as_f64(records);
                }
            };
            let required =
                |fills: &crate::engine::tally::Fills| fills.variables.get(index).map_or(0, |fill| fill.required);
            if plan.collection.breakdown.is_some() {
                for ((region, year, code), fills) in &tally.by_code {
                    if let (Some(county), Some(year)) = (*region, *year) {
                        add(year, code.as_str(), county, required(fills), fills.records);
                    }
                }
            } else {
                for ((region, month), fills) in &tally.by_month {
                    if let (Some(county), Some(month)) = (*region, *month) {
                        add(month.year(), "", county, required(fills), fills.records);
                    }
                }
            }
            for (year, strata) in &years {
                flags.extend(rare_conditions(collection, &variable.id, *year, strata));
            }
        }
    }
    flags
}

/// By code and region: records in which a condition was true, and all records.
type Strata<'a> = BTreeMap<&'a str, BTreeMap<County, (f64, f64)>>;

fn rare_conditions(collection: &str, variable: &str, year: i32, strata: &Strata<'_>) -> Vec<Flag> {
    let regions: BTreeSet<County> = strata.values().flat_map(BTreeMap::keys).copied().collect();
    let mut flags = Vec::new();
    for county in regions {
        let (mut observed, mut records, mut expected) = (0.0, 0.0, 0.0);
        for of_regions in strata.values() {
            let Some((own_true, own_records)) = of_regions.get(&county) else { continue };
            observed += own_true;
            records += own_records;
            let others = of_regions.iter().filter(|(other, _)| **other != county).map(|(_, counts)| *counts);
            let (is_true, of) = pooled(&others.collect::<Vec<_>>());
            if of > 0.0 {
                expected += own_records * is_true / of;
            }
        }
        if expected >= LEAST_EXPECTED && observed * 5.0 < expected {
            flags.push(Flag {
                kind: FlagKind::Condition,
                measure: format!("{}{collection}", super::account::PREFIX),
                county,
                period: Period::Year(year),
                variable: Some(variable.to_owned()),
                observed: Value::of(observed, records),
                expected,
                baseline: None,
                year_before: None,
                others: None,
                series: Vec::new(),
            });
        }
    }
    flags
}

fn as_f64(count: u64) -> f64 {
    Amount::count(count).as_f64()
}
