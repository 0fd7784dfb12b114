//! The counts of a share by region and month, out of tallies.

use std::collections::BTreeMap;

use crate::coverage::Context;
use crate::coverage::bounds::{Doubtful, Share, of_records};
use crate::coverage::certainty::Doubts;
use crate::coverage::figure::Amount;
use crate::coverage::scope::{Delivered, Scope};
use crate::measure::{Ratio, RatioConditions};
use crate::model::County;
use crate::time::Month;

/// Counts of a share.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Parts {
    /// Within the limit.
    pub(super) numerator: u64,
    /// Of so many.
    pub(super) denominator: u64,
    /// Of which it cannot be said.
    pub(super) undecided: u64,
}

impl Parts {
    /// Without those of which it cannot be said.
    pub(super) fn share(self) -> Share {
        Share { numerator: Amount::count(self.numerator), denominator: Amount::count(self.denominator) }
    }

    /// From whole counts.
    fn of_share(share: Share) -> Option<Self> {
        let (numerator, denominator) = (share.numerator.whole()?, share.denominator.whole()?);
        Some(Self { numerator, denominator, undecided: 0 })
    }

    /// Both together.
    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            numerator: self.numerator + other.numerator,
            denominator: self.denominator + other.denominator,
            undecided: self.undecided + other.undecided,
        }
    }
}

/// A share of which some records are in doubt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Open {
    pub(super) share: Share,
    pub(super) doubtful: Doubtful,
}

impl Open {
    /// The least and the greatest share; `None` where it has no value whatever the records are.
    pub(super) fn ends(&self) -> Option<(Parts, Parts)> {
        let bounds = of_records(self.share, &self.doubtful);
        Parts::of_share(bounds.least?).zip(Parts::of_share(bounds.greatest?))
    }
}

/// A share by region and month: those delivered, also without any contact.
#[derive(Debug, Default)]
pub(super) struct Counted {
    pub(super) parts: BTreeMap<(County, Month), Parts>,
    /// Records in doubt, where they were counted.
    pub(super) doubts: Option<Doubts>,
}

impl Counted {
    /// Within the scope and the year before it.
    pub(super) fn of(context: &Context<'_>, ratio: &Ratio) -> Self {
        let scope = with_year_before(context.scope);
        let delivered = Delivered::of(context.tallies_of(&ratio.collections), scope);
        let mut counted = Self { doubts: Doubts::of(context, ratio), ..Self::default() };
        for (county, months) in delivered.regions() {
            counted.parts.extend(months.iter().map(|month| ((county, *month), Parts::default())));
        }
        for (collection, RatioConditions { among, numerator, .. }) in &ratio.conditions {
            let Some(tally) = context.tallies.get(collection) else { continue };
            for ((region, month, _), counts) in &tally.counts {
                let Some(parts) = region.zip(*month).and_then(|key| counted.parts.get_mut(&key)) else { continue };
                let at = |list: &[u64], place: usize| list.get(place).copied().unwrap_or(0);
                parts.numerator += at(&counts.yes, *numerator);
                parts.denominator += at(&counts.yes, *among);
                parts.undecided += at(&counts.undecided, *among);
            }
        }
        counted
    }

    /// A region's month with what could be otherwise in it.
    pub(super) fn get_open(&self, county: County, month: Month) -> Option<Open> {
        let parts = self.get(county, month)?;
        Some(Open { share: parts.share(), doubtful: self.doubts.as_ref()?.of_month(county, month) })
    }

    pub(super) fn get(&self, county: County, month: Month) -> Option<Parts> {
        self.parts.get(&(county, month)).copied()
    }
}

fn with_year_before(scope: Scope) -> Scope {
    Scope { first: scope.first.plus(-12).unwrap_or(scope.first), last: scope.last }
}
