//! What every measure gives: figures, each with its counts.
//!
//! All measures give the same type, so that one writer, one suppression and one comparison serve them all. A figure
//! never holds a rounded value alone: the value is worked out from the two counts whenever it is asked for.

use std::sync::Arc;

use super::certainty::Certainty;
use crate::measure::Target;
use crate::model::{County, Level};

pub use super::period::{Period, Span};

/// A name that many figures share.
pub type Name = Arc<str>;

/// How many parts an amount of 1 has: the least number that 1 to 12 all divide, so that the mean of any number of
/// months of a year is a whole number of parts.
const PARTS: u64 = 27_720;

/// A count, or the mean of up to twelve counts, kept exactly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(u64);

impl Amount {
    /// A count.
    pub fn count(count: u64) -> Self {
        Self(count.saturating_mul(PARTS))
    }

    /// A sum over `months` months, as their mean; `months` from 1 to 12.
    pub fn mean(sum: u64, months: u32) -> Self {
        Self(sum.saturating_mul(PARTS / u64::from(months.clamp(1, 12))))
    }

    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// What is left when the other is taken away; nothing where that is more.
    #[must_use]
    pub fn less(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// True where it is nothing.
    pub fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The count, where it is a whole one.
    pub fn whole(self) -> Option<u64> {
        self.0.is_multiple_of(PARTS).then_some(self.0 / PARTS)
    }

    /// As a number.
    #[expect(clippy::cast_precision_loss, reason = "counts of contacts are far below 2^52")]
    pub fn as_f64(self) -> f64 {
        self.0 as f64 / PARTS as f64
    }

    /// How many parts it has: what exact comparisons are made of.
    pub(super) fn in_parts(self) -> u64 {
        self.0
    }

    /// How `self` / `other` × `per` stands to a whole number, exactly; `None` where `other` is nothing.
    pub fn compare_ratio(self, other: Self, per: u64, number: u64) -> Option<std::cmp::Ordering> {
        let (above, below) = (u128::from(self.0) * u128::from(per), u128::from(other.0) * u128::from(number));
        (other.0 > 0).then(|| above.cmp(&below))
    }

    /// `self` / `other` × `per`, rounded to a whole number with halves upwards; `None` where `other` is nothing.
    pub fn rounded_ratio(self, other: Self, per: u64) -> Option<u64> {
        if other.0 == 0 {
            return None;
        }
        let (numerator, denominator) = (u128::from(self.0) * u128::from(per), u128::from(other.0));
        u64::try_from((2 * numerator + denominator) / (2 * denominator)).ok()
    }
}

/// What a figure is about: one region, or a sum of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// The sum of the regions that delivered.
    Country,
    /// The sum of a regional cancer centre's regions that delivered.
    Centre(Centre),
    /// One region.
    Region(County),
}

impl Place {
    /// The word used in machine formats.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Country => "country",
            Self::Centre(_) => "rcc",
            Self::Region(_) => "region",
        }
    }
}

/// A regional cancer centre (regionalt cancercentrum, RCC): its number among those of
/// [`Regions`](super::scope::Regions), which knows its name and regions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Centre(pub u8);

/// How a figure is broken down within its region and period.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Breakdown {
    /// Not at all.
    #[default]
    Total,
    /// By a coarser division of the collection's breakdown, such as aggregated specialties.
    Aggregate {
        /// The word used in machine formats.
        kind: Name,
        /// The part's name.
        name: Name,
    },
    /// By code of the collection's breakdown, such as a specialty or a pathway.
    Code {
        /// The word used in machine formats: the code list's name.
        kind: Name,
        /// The code.
        name: Name,
    },
    /// By care unit.
    Unit(Name),
}

impl Breakdown {
    /// The group's name; empty for the total.
    pub fn name(&self) -> &str {
        match self {
            Self::Total => "",
            Self::Aggregate { name, .. } | Self::Code { name, .. } | Self::Unit(name) => name,
        }
    }

    /// The word used in machine formats.
    pub fn kind(&self) -> &str {
        match self {
            Self::Total => "total",
            Self::Aggregate { kind, .. } | Self::Code { kind, .. } => kind,
            Self::Unit(_) => "unit",
        }
    }
}

/// What became of a variable in a record, and other parts of a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Category {
    /// An ordinary value.
    Filled,
    /// A declared code that says none or not applicable.
    Negative,
    /// A declared code that says unknown.
    Unknown,
    /// Blank where the level allows it.
    BlankAllowed,
    /// Blank where the level requires a value.
    BlankRequired,
    /// Records in which a conditional variable's condition was true.
    Required,
}

impl Category {
    /// The word used in machine formats.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Filled => "filled",
            Self::Negative => "negative",
            Self::Unknown => "unknown",
            Self::BlankAllowed => "blank_allowed",
            Self::BlankRequired => "blank_required",
            Self::Required => "required",
        }
    }
}

/// How a value stands to that of the year before, both rounded as shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Higher, which is better.
    UpBetter,
    /// Higher, which is worse.
    UpWorse,
    /// Lower, which is better.
    DownBetter,
    /// Lower, which is worse.
    DownWorse,
    /// The same.
    Same,
}

impl Change {
    /// From the year before to now; `reversed` where less is better.
    pub fn between(before: u64, now: u64, reversed: bool) -> Self {
        match (now.cmp(&before), reversed) {
            (std::cmp::Ordering::Equal, _) => Self::Same,
            (std::cmp::Ordering::Greater, false) => Self::UpBetter,
            (std::cmp::Ordering::Greater, true) => Self::UpWorse,
            (std::cmp::Ordering::Less, false) => Self::DownWorse,
            (std::cmp::Ordering::Less, true) => Self::DownBetter,
        }
    }

    /// The word used in machine formats.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UpBetter => "up_better",
            Self::UpWorse => "up_worse",
            Self::DownBetter => "down_better",
            Self::DownWorse => "down_worse",
            Self::Same => "same",
        }
    }
}

/// Whether a figure may still change, because records that it counts may be completed and corrected for some time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finality {
    /// The time for corrections is over for every record.
    Fixed,
    /// Some record may still be corrected.
    Preliminary,
    /// Of some record it is not known when it was first received, which is to say that it may.
    Unknown,
}

impl Finality {
    /// The word used in machine formats.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fixed => "fixed",
            Self::Preliminary => "preliminary",
            Self::Unknown => "preliminary_unknown",
        }
    }
}

/// One figure of one measure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    /// The measure's id.
    pub measure: Name,
    /// Where.
    pub place: Place,
    /// When.
    pub period: Period,
    /// Of what part.
    pub breakdown: Breakdown,
    /// Of which variable, where the measure is about variables.
    pub variable: Option<Name>,
    /// Which part of a whole, where the measure divides one.
    pub category: Option<Category>,
    /// The variable's requirement level, where that is what the measure is about.
    pub level: Option<Level>,
    /// What is counted; `None` where nothing was delivered.
    pub numerator: Option<Amount>,
    /// What it is divided by; `None` where nothing was delivered.
    pub denominator: Option<Amount>,
    /// 100 for shares, 1,000 for rates.
    pub per: u64,
    /// Months delivered within the period (of the country: in the region with the fewest).
    pub months: u32,
    /// Months of the period within the scope.
    pub months_expected: u32,
    /// Regions in the sum, for the country.
    pub regions: Option<u32>,
    /// Records for which it could not be decided whether they count; `None` where that may not be shown.
    pub undecided: Option<u64>,
    /// The same a year before: numerator and denominator.
    pub before: Option<(Amount, Amount)>,
    /// How it stands to the year before.
    pub change: Option<Change>,
    /// What the value should reach.
    pub target: Option<Target>,
    /// Whether it may still change by corrections; `None` where records may not be corrected, or there are none.
    pub finality: Option<Finality>,
    /// Whether its counts may not be shown, so that small ones cannot be recovered.
    pub suppressed: bool,
    /// How far findings could move it; `None` where that was not counted, or may not be shown.
    pub certainty: Option<Box<Certainty>>,
}

/// Whether `above` / `below` × `per` reaches the target; `None` where nothing is below the line.
pub(super) fn is_reached(target: Target, above: Amount, below: Amount, per: u64) -> Option<bool> {
    let order = above.compare_ratio(below, per, target.value())?;
    Some(match target {
        Target::AtLeast(_) => order.is_ge(),
        Target::AtMost(_) => order.is_le(),
    })
}

impl Figure {
    /// Whether the target is reached, by the counts and not by the rounded value; `None` where there is no target, no
    /// value, or nothing may be shown.
    pub fn is_reached(&self) -> Option<bool> {
        let target = self.target.filter(|_| !self.suppressed)?;
        let (above, below) = self.numerator.zip(self.denominator)?;
        is_reached(target, above, below, self.per)
    }

    /// The same at the worst and at the best that findings allow.
    pub fn could_reach(&self) -> Option<(bool, bool)> {
        let target = self.target.filter(|_| !self.suppressed)?;
        self.certainty.as_ref()?.reaches(target, self.per)
    }

    /// Least and greatest value that findings allow, where those differ.
    pub fn between(&self) -> Option<(u64, u64)> {
        self.certainty.as_ref().filter(|_| !self.suppressed)?.between(self.per)
    }

    /// The value as published: a whole number; `None` where there is no denominator or nothing may be shown.
    pub fn value(&self) -> Option<u64> {
        if self.suppressed {
            return None;
        }
        self.numerator.zip(self.denominator).and_then(|(above, below)| above.rounded_ratio(below, self.per))
    }

    /// The value of the year before.
    pub fn value_before(&self) -> Option<u64> {
        if self.suppressed {
            return None;
        }
        self.before.and_then(|(above, below)| above.rounded_ratio(below, self.per))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_rounded_upwards_and_nothing_is_divided_by_nothing() {
        let ratio = |above, below| Amount::count(above).rounded_ratio(Amount::count(below), 100);
        // 1 / 200 = 0.5 %; 49 / 10,000 = 0.49 %; 3 / 2 = 150 %.
        assert_eq!((ratio(1, 200), ratio(49, 10_000), ratio(3, 2)), (Some(1), Some(0), Some(150)));
        assert_eq!((ratio(0, 7), ratio(0, 0), ratio(5, 0)), (Some(0), None, None));
    }

    #[test]
    fn a_target_is_held_against_the_counts_and_not_the_rounded_value() {
        let ratio = |above, below| Amount::count(above).compare_ratio(Amount::count(below), 100, 70);
        // 69.6 % is shown as 70 %, and does not reach it; 7 of 10 does.
        assert_eq!(Amount::count(696).rounded_ratio(Amount::count(1_000), 100), Some(70));
        assert!(ratio(696, 1_000).is_some_and(std::cmp::Ordering::is_lt));
        assert!(ratio(7, 10).is_some_and(std::cmp::Ordering::is_eq));
        assert!(ratio(701, 1_000).is_some_and(std::cmp::Ordering::is_gt));
        assert_eq!(ratio(7, 0), None);
    }

    #[test]
    fn a_mean_of_months_is_exact() {
        // (5 + 6 + 6) / 3 months = 5.67 waiting; per 1,000 of 2,000 inhabitants 2.83, which is 3.
        let mean = Amount::mean(17, 3);
        assert_eq!(mean.rounded_ratio(Amount::count(2_000), 1_000), Some(3));
        assert_eq!((mean.whole(), Amount::mean(18, 3).whole()), (None, Some(6)));
        for months in 1..=12 {
            assert_eq!(Amount::mean(u64::from(months), months), Amount::count(1));
        }
    }
}
