//! The least and the greatest value that a share or a rate can have, where some of its records may count otherwise.
//!
//! Pure arithmetic, in whole parts of counts: nothing is rounded, nothing is divided. A share is at most the whole, so one
//! record more above and below the line never lowers it, and one more below the line alone never raises it. The extremes
//! are therefore found record by record: for the greatest, whoever can be within is within, and of the others whoever can
//! be outside is outside; for the least, whoever can be beyond is beyond, and of the others whoever can be outside is.
//!
//! A share of nothing has no value, and none is made up for it: extremes are taken over those values that there are.

use std::cmp::Ordering;

use super::figure::Amount;
use crate::engine::tally::{Could, Doubt, Now};

/// What is above and below the line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// Above.
    pub numerator: Amount,
    /// Below.
    pub denominator: Amount,
}

impl Share {
    /// The value as it would be published; `None` where nothing is below the line.
    pub fn value(self, per: u64) -> Option<u64> {
        self.numerator.rounded_ratio(self.denominator, per)
    }

    /// How it stands to another; `None` where either has no value.
    pub fn compare(self, other: Self) -> Option<Ordering> {
        self.fraction().zip(other.fraction()).map(|(one, other)| compare_fractions(one, other))
    }

    fn fraction(self) -> Option<(u128, u128)> {
        let (above, below) = (self.numerator.in_parts(), self.denominator.in_parts());
        (below > 0).then_some((above.into(), below.into()))
    }
}

/// How two fractions stand to each other, whose products might be too large: their whole parts first, then what is left
/// turned over, as in Euclid's algorithm.
fn compare_fractions((a, b): (u128, u128), (c, d): (u128, u128)) -> Ordering {
    let (mut one, mut other, mut turned) = ((a, b), (c, d), false);
    loop {
        let whole = (one.0 / one.1).cmp(&(other.0 / other.1));
        let rest = (one.0 % one.1, other.0 % other.1);
        let order = match (whole, rest) {
            (Ordering::Equal, (0, 0)) => Ordering::Equal,
            (Ordering::Equal, (0, _)) => Ordering::Less,
            (Ordering::Equal, (_, 0)) => Ordering::Greater,
            (Ordering::Equal, (left, right)) => {
                (one, other, turned) = ((one.1, left), (other.1, right), !turned);
                continue;
            }
            (unequal, _) => unequal,
        };
        return if turned { order.reverse() } else { order };
    }
}

/// Records in doubt as amounts, by what they count as now and what they could count as.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Doubtful {
    /// Counted above and below the line now.
    pub within: Amount,
    /// Counted below the line only.
    pub beyond: Amount,
    /// Not counted, though their conditions can be decided.
    pub outside: Amount,
    /// Whose conditions cannot be decided, wherever they are counted.
    pub undecided: Amount,
    /// Of those below the line, whichever of the above they are.
    below: Amount,
    /// What they could count as.
    within_or_beyond: Amount,
    within_or_outside: Amount,
    beyond_or_outside: Amount,
    any: Amount,
}

impl Doubtful {
    /// From counts, each made an amount.
    pub fn of(doubt: &Doubt, amount: impl Fn(u64) -> Amount) -> Self {
        let mut doubtful = Self::default();
        for (now, could, records) in doubt.kinds() {
            let records = amount(records);
            let add = |into: &mut Amount| *into = into.plus(records);
            add(match now {
                Now::Within => &mut doubtful.within,
                Now::Beyond => &mut doubtful.beyond,
                Now::Outside => &mut doubtful.outside,
                Now::BeyondUndecided | Now::OutsideUndecided => &mut doubtful.undecided,
            });
            if matches!(now, Now::Within | Now::Beyond | Now::BeyondUndecided) {
                add(&mut doubtful.below);
            }
            add(match could {
                Could::WithinOrBeyond => &mut doubtful.within_or_beyond,
                Could::WithinOrOutside => &mut doubtful.within_or_outside,
                Could::BeyondOrOutside => &mut doubtful.beyond_or_outside,
                Could::Any => &mut doubtful.any,
            });
        }
        doubtful
    }

    /// Both together.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        Self {
            within: self.within.plus(other.within),
            beyond: self.beyond.plus(other.beyond),
            outside: self.outside.plus(other.outside),
            undecided: self.undecided.plus(other.undecided),
            below: self.below.plus(other.below),
            within_or_beyond: self.within_or_beyond.plus(other.within_or_beyond),
            within_or_outside: self.within_or_outside.plus(other.within_or_outside),
            beyond_or_outside: self.beyond_or_outside.plus(other.beyond_or_outside),
            any: self.any.plus(other.any),
        }
    }

    /// All of them.
    pub fn records(&self) -> Amount {
        self.within.plus(self.beyond).plus(self.outside).plus(self.undecided)
    }

    /// Those that can be within.
    fn can_be_within(&self) -> Amount {
        self.within_or_beyond.plus(self.within_or_outside).plus(self.any)
    }

    /// Those that can be beyond.
    fn can_be_beyond(&self) -> Amount {
        self.within_or_beyond.plus(self.beyond_or_outside).plus(self.any)
    }
}

/// The values that a share can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// The least; `None` where it has no value whatever the records are.
    pub least: Option<Share>,
    /// The greatest.
    pub greatest: Option<Share>,
    /// Without the records in doubt.
    pub without: Share,
}

/// What a value can be whose denominator is made of records: those in doubt are among those of `share`, or outside.
pub fn of_records(share: Share, doubtful: &Doubtful) -> Bounds {
    let without =
        Share { numerator: share.numerator.less(doubtful.within), denominator: share.denominator.less(doubtful.below) };
    let with = |above: Amount, below: Amount| Share {
        numerator: without.numerator.plus(above),
        denominator: without.denominator.plus(below),
    };
    let none = Amount::default();
    let defined = |share: Share| Some(share).filter(|share| !share.denominator.is_zero());
    // Where the extreme would be a share of nothing, what can be there alone has the same value for any number of them.
    let greatest = defined(with(doubtful.can_be_within(), doubtful.can_be_within()))
        .or_else(|| defined(with(none, doubtful.beyond_or_outside)));
    let least = defined(with(none, doubtful.can_be_beyond()))
        .or_else(|| defined(with(doubtful.within_or_outside, doubtful.within_or_outside)));
    Bounds { least, greatest, without }
}

/// What a value can be whose denominator comes from elsewhere: only what is above the line can be otherwise.
pub fn of_reference(share: Share, doubtful: &Doubtful) -> Bounds {
    let without = Share { numerator: share.numerator.less(doubtful.within), ..share };
    let greatest = Share { numerator: without.numerator.plus(doubtful.can_be_within()), ..share };
    let defined = |share: Share| Some(share).filter(|share| !share.denominator.is_zero());
    Bounds { least: defined(without), greatest: defined(greatest), without }
}

impl Bounds {
    /// How far the extremes are apart, as a fraction; nothing where there is no value.
    fn width(&self) -> (u128, u128) {
        let ends = self.least.and_then(Share::fraction).zip(self.greatest.and_then(Share::fraction));
        ends.map_or((0, 1), |((a, b), (c, d))| ((c * b).saturating_sub(a * d), b * d))
    }

    /// Whether these are wider apart than others.
    pub fn compare_width(&self, other: &Self) -> Ordering {
        compare_fractions(self.width(), other.width())
    }

    /// Whether the value can be anything but one.
    pub fn is_open(&self) -> bool {
        self.width().0 > 0
    }
}

/// Whether so many can be below the line and yet the share less than `least` (per cent, in thousandths): more than
/// `more_than` of them, while whoever can fail does. The other way round, whether that can be avoided.
pub fn can_fall_short(share: Share, doubtful: &Doubtful, more_than: u64, least: u32) -> (bool, bool) {
    let bounds = of_records(share, doubtful);
    let limit = Amount::count(more_than);
    let falls = |share: Share| {
        let above = u128::from(share.numerator.in_parts()) * 100_000;
        share.denominator > limit && above < u128::from(share.denominator.in_parts()) * u128::from(least)
    };
    let none = Amount::default();
    let with = |above: Amount, below: Amount| Share {
        numerator: bounds.without.numerator.plus(above),
        denominator: bounds.without.denominator.plus(below),
    };
    // As many beyond as can be, and of those that can only be within or outside just as many as it takes.
    let worst = with(none, doubtful.can_be_beyond());
    let lacking = Amount::count(more_than.saturating_add(1)).less(worst.denominator);
    let filled = if lacking <= doubtful.within_or_outside { lacking } else { none };
    let can_fail = falls(with(filled, doubtful.can_be_beyond().plus(filled)));
    let fewest = with(none, doubtful.within_or_beyond);
    let best = with(doubtful.can_be_within(), doubtful.can_be_within());
    (can_fail, fewest.denominator <= limit || !falls(best))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A record in doubt: what it counts as (0 within, 1 beyond, 2 outside), whether it is undecided, what it could be.
    type Record = (usize, bool, Could);

    const SIDES: [(u64, u64); 3] = [(1, 1), (0, 1), (0, 0)];

    fn sides_of(could: Could) -> &'static [usize] {
        match could {
            Could::WithinOrBeyond => &[0, 1],
            Could::WithinOrOutside => &[0, 2],
            Could::BeyondOrOutside => &[1, 2],
            Could::Any => &[0, 1, 2],
        }
    }

    fn record() -> impl Strategy<Value = Record> {
        (0..4usize, any::<bool>(), 0..3usize).prop_map(|(could, undecided, side)| {
            let could = Could::ALL[could];
            let sides = sides_of(could);
            let side = sides[side % sides.len()];
            (side, undecided && side > 0, could)
        })
    }

    fn share((above, below): (u64, u64)) -> Share {
        Share { numerator: Amount::count(above), denominator: Amount::count(below) }
    }

    fn counted(certain: (u64, u64), records: &[Record]) -> (Share, Doubtful) {
        let mut doubt = Doubt::default();
        let mut total = certain;
        for (side, undecided, could) in records {
            total = (total.0 + SIDES[*side].0, total.1 + SIDES[*side].1);
            let now = match (side, undecided) {
                (0, _) => Now::Within,
                (1, false) => Now::Beyond,
                (1, true) => Now::BeyondUndecided,
                (_, false) => Now::Outside,
                (_, true) => Now::OutsideUndecided,
            };
            doubt.add(now, *could, 1);
        }
        (share(total), Doubtful::of(&doubt, Amount::count))
    }

    /// Every count that the records can give.
    fn all(certain: (u64, u64), records: &[Record]) -> Vec<(u64, u64)> {
        records.iter().fold(vec![certain], |counts, (.., could)| {
            let sides = sides_of(*could).iter().map(|side| SIDES[*side]);
            let mut next: Vec<(u64, u64)> =
                sides.flat_map(|(a, b)| counts.iter().map(move |(above, below)| (above + a, below + b))).collect();
            next.sort_unstable();
            next.dedup();
            next
        })
    }

    fn extreme(counts: &[(u64, u64)], keep: Ordering) -> Option<Share> {
        let defined = counts.iter().filter(|(_, below)| *below > 0).map(|counts| share(*counts));
        defined.reduce(|one, other| if other.compare(one) == Some(keep) { other } else { one })
    }

    proptest! {
        #[test]
        fn bounds_are_those_of_trying_everything(
            beyond in 0..4u64, within in 0..4u64, records in prop::collection::vec(record(), 0..7),
        ) {
            let certain = (within, within + beyond);
            let (now, doubtful) = counted(certain, &records);
            let bounds = of_records(now, &doubtful);
            let every = all(certain, &records);
            for (found, keep) in [(bounds.least, Ordering::Less), (bounds.greatest, Ordering::Greater)] {
                match (found, extreme(&every, keep)) {
                    (None, None) => {}
                    (Some(found), Some(tried)) => prop_assert_eq!(found.compare(tried), Some(Ordering::Equal)),
                    (found, tried) => prop_assert!(false, "{:?} {:?}", found, tried),
                }
            }
            prop_assert_eq!(bounds.without, share(certain));
            prop_assert_eq!(doubtful.records(), Amount::count(records.len() as u64));
        }

        #[test]
        fn bounds_of_a_rate_are_those_of_trying_everything(
            within in 0..4u64, below in 1..9u64, records in prop::collection::vec(record(), 0..7),
        ) {
            let (now, doubtful) = counted((within, within), &records);
            let bounds = of_reference(Share { denominator: Amount::count(below), ..now }, &doubtful);
            let every = all((within, within), &records);
            let ends = every.iter().map(|counts| counts.0);
            let ends = ends.clone().min().zip(ends.max());
            let found = bounds.least.zip(bounds.greatest).map(|(least, greatest)| (least.numerator, greatest.numerator));
            prop_assert_eq!(found, ends.map(|(least, most)| (Amount::count(least), Amount::count(most))));
        }

        #[test]
        fn a_condition_can_fail_or_hold_as_trying_everything_says(
            beyond in 0..4u64, within in 0..4u64, more_than in 0..8u64, least in 0..101u32,
            records in prop::collection::vec(record(), 0..7),
        ) {
            let certain = (within, within + beyond);
            let (now, doubtful) = counted(certain, &records);
            let fails = |(above, below): &(u64, u64)| *below > more_than && above * 100 < below * u64::from(least);
            let every = all(certain, &records);
            let tried = (every.iter().any(fails), !every.iter().all(fails));
            prop_assert_eq!(can_fall_short(now, &doubtful, more_than, least * 1_000), tried);
        }

        #[test]
        fn fractions_are_compared_as_their_products(a in 0..9u128, b in 1..9u128, c in 0..9u128, d in 1..9u128) {
            prop_assert_eq!(compare_fractions((a, b), (c, d)), (a * d).cmp(&(c * b)));
        }
    }
}
