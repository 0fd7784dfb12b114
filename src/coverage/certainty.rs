//! How sure a figure is: how far the findings could move it, and which rules move it furthest.
//!
//! A record that violates a rule about what a measure reads is in doubt for it, and so is one of which the measure's
//! conditions cannot be decided; which records those are, and what each could count as, is counted in the pass that checks
//! them ([`crate::engine::tally::Doubt`]). Here the counts become three answers for each figure:
//!
//! | if the records in doubt | the figure |
//! | --- | --- |
//! | are right | as it stands |
//! | are to be removed | [`Certainty::without`] |
//! | are wrong | somewhere from [`Certainty::least`] to [`Certainty::greatest`]: each record counts as whatever the values in doubt allow, the worst and the best for all of them together |
//!
//! # What the interval is not
//!
//! No confidence interval: nothing is drawn at random, and no likelihood is claimed. It holds whatever the records in doubt
//! truly are, as far as rules see them. Wrong values that no rule finds, records that were never delivered, and records
//! that belong to another region or month than they say move figures as well, and are not in it.
//!
//! # Which rules widen it most
//!
//! For each rule the interval were only its own violations in doubt, and how wide that is. Widths of several rules do not
//! add up: one record may violate several, and how far it moves a share depends on the others.
//!
//! Shares and rates have this; percentiles and reporting rates do not. Of an edition for others it is left out: numbers of
//! records in doubt are small, and intervals would tell them.

use std::collections::BTreeMap;

use super::Context;
use super::bounds::{Bounds, Doubtful, Share, of_records, of_reference};
use super::figure::{self, Amount, Breakdown, Figure, Period, Place};
use super::scope::Codes;
use crate::engine::tally::{Could, Doubt, Now};
use crate::measure::{Denominator, Ratio, Target};
use crate::model::County;
use crate::time::Month;

/// Rules named for each figure: those that widen it most.
pub const MOST_RULES: usize = 3;

/// How far findings could move a figure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certainty {
    /// The records in doubt, by what they count as now; of a stock in the mean of its months.
    pub records: Doubtful,
    /// The least it can be; `None` where it has no value whatever the records are.
    pub least: Option<Share>,
    /// The greatest it can be.
    pub greatest: Option<Share>,
    /// Without the records in doubt.
    pub without: Share,
    /// The rules that widen it most, the widest first; those that do not widen it are left out.
    pub rules: Vec<Widening>,
    /// What the records do whose conditions cannot be decided; `None` where they do not widen it.
    pub undecided: Option<Widening>,
}

/// What one rule's violations do to a figure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Widening {
    /// The rule's id; blank of records that cannot be decided, whatever they violate.
    pub rule: String,
    /// The records that violate it and could count otherwise.
    pub records: Amount,
    /// The least that the figure can be, were only they in doubt.
    pub least: Option<Share>,
    /// The greatest.
    pub greatest: Option<Share>,
}

impl Certainty {
    fn new(of: Of, share: Share, sum: &Sum) -> Self {
        let bounds = of.bounds(share, &sum.all);
        let mut rules: Vec<(&String, &Doubtful, Bounds)> =
            sum.by_rule.iter().map(|(rule, doubtful)| (rule, doubtful, of.bounds(share, doubtful))).collect();
        rules.retain(|(.., bounds)| bounds.is_open());
        let undecided = rules.iter().position(|(rule, ..)| rule.is_empty()).map(|at| rules.remove(at));
        // Rules come by id, and a stable sort leaves those of one width so.
        rules.sort_by(|one, other| other.2.compare_width(&one.2));
        rules.truncate(MOST_RULES);
        let widening = |(rule, doubtful, bounds): (&String, &Doubtful, Bounds)| Widening {
            rule: rule.clone(),
            records: doubtful.records(),
            least: bounds.least,
            greatest: bounds.greatest,
        };
        Self {
            records: sum.all.clone(),
            least: bounds.least,
            greatest: bounds.greatest,
            without: bounds.without,
            rules: rules.into_iter().map(widening).collect(),
            undecided: undecided.map(widening),
        }
    }

    /// Least and greatest as they would be published; `None` where they read the same, or where there is no value.
    pub fn between(&self, per: u64) -> Option<(u64, u64)> {
        let ends = self.least.and_then(|share| share.value(per)).zip(self.greatest.and_then(|share| share.value(per)));
        ends.filter(|(least, greatest)| least < greatest)
    }

    /// Whether a target is reached at its worst and at its best.
    pub fn reaches(&self, target: Target, per: u64) -> Option<(bool, bool)> {
        let (worst, best) = match target {
            Target::AtLeast(_) => (self.least?, self.greatest?),
            Target::AtMost(_) => (self.greatest?, self.least?),
        };
        let reached = |share: Share| figure::is_reached(target, share.numerator, share.denominator, per);
        reached(worst).zip(reached(best))
    }
}

/// What a figure is divided by, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Of {
    Records,
    Reference,
}

impl Of {
    /// What of the records in doubt matters: of a rate, whether they are above the line and nothing else.
    fn matters(self, doubt: &Doubt) -> Doubt {
        if self == Self::Records {
            return doubt.clone();
        }
        let mut matters = Doubt::default();
        for (now, could, records) in doubt.kinds().filter(|(_, could, _)| *could != Could::BeyondOrOutside) {
            let now = match now {
                Now::Beyond => Now::Outside,
                Now::BeyondUndecided => Now::OutsideUndecided,
                other => other,
            };
            matters.add(now, could, records);
        }
        matters
    }

    fn bounds(self, share: Share, doubtful: &Doubtful) -> Bounds {
        match self {
            Self::Records => of_records(share, doubtful),
            Self::Reference => of_reference(share, doubtful),
        }
    }
}

/// Records in doubt of one figure.
#[derive(Clone, Debug, Default)]
struct Sum {
    all: Doubtful,
    by_rule: BTreeMap<String, Doubtful>,
}

impl Sum {
    fn add(&mut self, other: &Self) {
        self.all = self.all.plus(&other.all);
        for (rule, doubtful) in &other.by_rule {
            let known = self.by_rule.entry(rule.clone()).or_default();
            *known = known.plus(doubtful);
        }
    }
}

/// Records in doubt for one measure, by region and month.
#[derive(Debug)]
pub(super) struct Doubts {
    of: Of,
    monthly_mean: bool,
    counts: BTreeMap<(County, Breakdown, Month), Doubt>,
    by_rule: BTreeMap<(County, Month), BTreeMap<String, Doubt>>,
}

impl Doubts {
    /// `None` where they were not counted of every delivery.
    pub(super) fn of(context: &Context<'_>, measure: &Ratio) -> Option<Self> {
        let mut doubts = Self {
            of: if measure.denominator == Denominator::Records { Of::Records } else { Of::Reference },
            monthly_mean: measure.monthly_mean,
            counts: BTreeMap::new(),
            by_rule: BTreeMap::new(),
        };
        for (collection, conditions) in &measure.conditions {
            let Some(tally) = context.tallies.get(collection) else { continue };
            if !tally.counts_doubts() {
                return None;
            }
            let is_own = |pair: &usize| *pair == conditions.pair;
            for ((county, month, _), doubt) in tally.doubts.iter().filter(|((.., pair), _)| is_own(pair)) {
                let of_month = doubts.counts.entry((*county, Breakdown::Total, *month)).or_default();
                of_month.merge(&doubts.of.matters(doubt));
            }
            let codes = context.measures.plans.get(collection).and_then(|plan| Codes::of(plan));
            for ((county, month, code, _), doubt) in tally.doubts_by_code.iter().filter(|((.., pair), _)| is_own(pair))
            {
                if let Some(codes) = &codes {
                    let of_month = doubts.counts.entry((*county, codes.part_of(code), *month)).or_default();
                    of_month.merge(&doubts.of.matters(doubt));
                }
            }
            for ((county, month, pair, rule), doubt) in &tally.doubts_by_rule {
                if is_own(pair) {
                    let of_month = doubts.by_rule.entry((*county, *month)).or_default();
                    of_month.entry(rule.clone()).or_default().merge(&doubts.of.matters(doubt));
                }
            }
        }
        Some(doubts)
    }

    /// The records in doubt of one region's month.
    pub(super) fn of_month(&self, county: County, month: Month) -> Doubtful {
        let doubt = self.counts.get(&(county, Breakdown::Total, month));
        doubt.map(|doubt| Doubtful::of(doubt, Amount::count)).unwrap_or_default()
    }

    /// Of several months of several regions together, whose counts are added up.
    pub(super) fn of_months(&self, months: impl Iterator<Item = (County, Month)>, share: Share) -> Certainty {
        let mut sum = Sum::default();
        for (county, month) in months {
            sum.add(&self.sum(county, &Breakdown::Total, &[month], &Amount::count));
        }
        Certainty::new(self.of, share, &sum)
    }

    fn sum(&self, county: County, breakdown: &Breakdown, months: &[Month], amount: &dyn Fn(u64) -> Amount) -> Sum {
        let (mut all, mut by_rule) = (Doubt::default(), BTreeMap::<&String, Doubt>::new());
        for month in months {
            if let Some(doubt) = self.counts.get(&(county, breakdown.clone(), *month)) {
                all.merge(doubt);
            }
            let rules = self.by_rule.get(&(county, *month)).filter(|_| *breakdown == Breakdown::Total);
            for (rule, doubt) in rules.into_iter().flatten() {
                by_rule.entry(rule).or_default().merge(doubt);
            }
        }
        Sum {
            all: Doubtful::of(&all, amount),
            by_rule: by_rule.into_iter().map(|(rule, doubt)| (rule.clone(), Doubtful::of(&doubt, amount))).collect(),
        }
    }

    /// Says of each figure of the measure how sure it is; regions' figures and sums of them may come in any order.
    pub(super) fn attach(&self, context: &Context<'_>, figures: &mut [&mut Figure]) {
        type Group = (Place, Period, Breakdown);
        let mut sums: BTreeMap<Group, Sum> = BTreeMap::new();
        for figure in figures.iter().filter(|figure| figure.numerator.is_some()) {
            let Place::Region(county) = figure.place else { continue };
            let months: Vec<Month> = context.scope.months().filter(|month| figure.period.contains(*month)).collect();
            let n_months = figure.months;
            let amount = |sum| if self.monthly_mean { Amount::mean(sum, n_months) } else { Amount::count(sum) };
            let sum = self.sum(county, &figure.breakdown, &months, &amount);
            let centre = context.regions.centre_of(county).map(Place::Centre);
            let wholes = [Some(Place::Country), centre].into_iter().flatten();
            // What has no denominator is in no sum of regions.
            for place in wholes.filter(|_| figure.denominator.is_some()) {
                sums.entry((place, figure.period, figure.breakdown.clone())).or_default().add(&sum);
            }
            sums.insert((figure.place, figure.period, figure.breakdown.clone()), sum);
        }
        for figure in figures {
            let group = (figure.place, figure.period, figure.breakdown.clone());
            let (Some(sum), Some((numerator, denominator))) =
                (sums.get(&group), figure.numerator.zip(figure.denominator))
            else {
                continue;
            };
            figure.certainty = Some(Box::new(Certainty::new(self.of, Share { numerator, denominator }, sum)));
        }
    }
}
