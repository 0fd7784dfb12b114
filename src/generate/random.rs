//! Random numbers that are the same on every machine: integers only, no floating point, no distribution of a crate
//! whose next version might draw otherwise.
//!
//! A block of records has streams of its own, derived from the seed, the block's number and a purpose, so that blocks
//! can be generated in any order, and so that planting defects does not change what else is generated.

use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::Rng;

/// One stream of random numbers.
#[derive(Debug)]
pub(super) struct Stream(Pcg64Mcg);

impl Stream {
    /// The stream of `block` for `purpose`.
    pub(super) fn new(seed: u64, block: u64, purpose: u64) -> Self {
        let high = mix(mix(mix(seed) ^ block) ^ purpose);
        let low = mix(high ^ seed.rotate_left(32) ^ block);
        Self(Pcg64Mcg::new((u128::from(high) << 64) | u128::from(low)))
    }

    /// The stream that belongs to a name: always the same.
    pub(super) fn named(hash: u64) -> Self {
        Self::new(hash, 0, 0)
    }

    /// 64 random bits.
    #[inline]
    pub(super) fn next(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number below `end` (at least 1). The bias, below `end` / 2⁶⁴, is of no matter here.
    #[inline]
    pub(super) fn below(&mut self, end: u64) -> u64 {
        let wide = u128::from(self.next()) * u128::from(end.max(1));
        // The high half of a product of two 64-bit numbers fits in 64 bits.
        u64::try_from(wide >> 64).unwrap_or(0)
    }

    /// A number from `first` to `last`, both included.
    #[inline]
    pub(super) fn between(&mut self, first: i64, last: i64) -> i64 {
        let span = u64::try_from(last.saturating_sub(first)).unwrap_or(0).saturating_add(1);
        first.saturating_add(i64::try_from(self.below(span)).unwrap_or(0))
    }

    /// True in `percent` of 100 cases.
    #[inline]
    pub(super) fn percent(&mut self, percent: u32) -> bool {
        percent >= 100 || self.below(100) < u64::from(percent)
    }
}

/// Mixes 64 bits one to one: two different numbers never become the same (the finaliser of `splitmix64`).
#[inline]
pub(super) fn mix(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

/// A name as a number (FNV-1a, then mixed).
pub(super) fn hash_name(name: &str) -> u64 {
    let folded = name
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
    mix(folded)
}

/// Weighted choice in constant time: Vose's alias method, in whole numbers.
#[derive(Clone, Debug)]
pub(super) struct Weighted {
    /// For each outcome how much of its slot (of 2³²) is its own, and who has the rest.
    slots: Vec<(u64, u32)>,
}

impl Weighted {
    /// Outcomes `0..weights.len()`; `None` where no weight is above zero, or there are too many.
    pub(super) fn new(weights: &[u64]) -> Option<Self> {
        let total: u128 = weights.iter().map(|weight| u128::from(*weight)).sum();
        if total == 0 || weights.len() > 1 << 20 {
            return None;
        }
        let count = weights.len() as u128;
        // In units of total / 2³² a slot: a weight of the mean fills its slot.
        let mut shares: Vec<u128> = weights.iter().map(|weight| u128::from(*weight) * count).collect();
        let mut slots = vec![(u64::from(u32::MAX) + 1, 0u32); weights.len()];
        let index = |position: usize| u32::try_from(position).unwrap_or(0);
        for (position, slot) in slots.iter_mut().enumerate() {
            slot.1 = index(position);
        }
        let (mut small, mut large): (Vec<usize>, Vec<usize>) = (0..weights.len()).partition(|at| shares[*at] < total);
        while let (Some(poor), Some(&rich)) = (small.pop(), large.last()) {
            slots[poor] = (u64::try_from((shares[poor] << 32) / total).unwrap_or(0), index(rich));
            shares[rich] -= total - shares[poor];
            if shares[rich] < total {
                large.pop();
                small.push(rich);
            }
        }
        Some(Self { slots })
    }

    /// One outcome.
    #[inline]
    pub(super) fn draw(&self, stream: &mut Stream) -> usize {
        let bits = stream.next();
        let position = usize::try_from(((bits >> 32) * self.slots.len() as u64) >> 32).unwrap_or(0);
        let (own, other) = self.slots[position];
        if (bits & 0xffff_ffff) < own { position } else { other as usize }
    }
}

/// A distribution given by some of its quantiles, linear between them.
#[derive(Clone, Debug)]
pub(super) struct Quantiles {
    /// Millionths and the value there, ascending, from 0 to 1,000,000.
    points: Vec<(u64, i64)>,
}

/// All of a distribution, in the unit of [`Quantiles`].
pub(super) const WHOLE: u64 = 1_000_000;

impl Quantiles {
    /// From points that ascend in both, the first at 0 and the last at [`WHOLE`].
    pub(super) fn new(points: Vec<(u64, i64)>) -> Option<Self> {
        let complete = points.first()?.0 == 0 && points.last()?.0 == WHOLE;
        let ascending = points.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 <= pair[1].1);
        let small = points.iter().all(|(_, value)| value.abs() < 1 << 40);
        (complete && ascending && small).then_some(Self { points })
    }

    /// One value.
    #[inline]
    pub(super) fn draw(&self, stream: &mut Stream) -> i64 {
        let at = stream.below(WHOLE);
        let upper = self.points.iter().position(|(share, _)| at < *share).unwrap_or(self.points.len() - 1);
        let ((left, low), (right, high)) = (self.points[upper.saturating_sub(1)], self.points[upper]);
        // A share is below a million and a value below 2⁴⁰, so that the product fits.
        let (part, whole) = (i64::try_from(at - left).unwrap_or(0), i64::try_from(right - left).unwrap_or(1).max(1));
        low + (high - low) * part / whole
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_the_same_everywhere() {
        let mut stream = Stream::new(1, 2, 3);
        let first = [stream.next(), stream.below(100), stream.next()];
        let mut again = Stream::new(1, 2, 3);
        assert_eq!(first, [again.next(), again.below(100), again.next()]);
        assert_ne!(first[0], Stream::new(1, 3, 3).next());
        assert_ne!(first[0], Stream::new(2, 2, 3).next());
        // Written down, so that a new version of a crate cannot change generated files unnoticed.
        assert_eq!(mix(1), 0x910a_2dec_8902_5cc1);
        assert_eq!(Stream::new(1, 0, 0).next(), EXPECTED_FIRST);
    }

    const EXPECTED_FIRST: u64 = 8_264_899_071_406_432_654;

    #[test]
    fn weights_are_kept() {
        let weighted = Weighted::new(&[30, 8, 7, 45, 10, 0]).expect("weights");
        let mut stream = Stream::new(7, 0, 0);
        let mut counts = [0u64; 6];
        for _ in 0..100_000 {
            counts[weighted.draw(&mut stream)] += 1;
        }
        for (count, weight) in counts.iter().zip([30_000, 8_000, 7_000, 45_000, 10_000, 0]) {
            assert!(count.abs_diff(weight) < 600, "{counts:?}");
        }
        assert!(Weighted::new(&[0, 0]).is_none() && Weighted::new(&[]).is_none());
    }

    #[test]
    fn quantiles_are_met() {
        let days = Quantiles::new(vec![(0, 0), (WHOLE / 2, 40), (WHOLE, 700)]).expect("ascending");
        let mut stream = Stream::new(9, 0, 0);
        let values: Vec<i64> = (0..10_000).map(|_| days.draw(&mut stream)).collect();
        let below = values.iter().filter(|value| **value < 40).count();
        assert!(below.abs_diff(5_000) < 200, "{below}");
        assert!(values.iter().all(|value| (0..=700).contains(value)));
        assert!(Quantiles::new(vec![(0, 5), (WHOLE, 4)]).is_none() && Quantiles::new(vec![(0, 5)]).is_none());
    }
}
