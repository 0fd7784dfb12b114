//! Differences between whole numbers: whether `a - b <= c`, many at once, can all hold, and numbers for which they do.
//!
//! Bounds are kept for every pair and closed over paths (Floyd and Warshall), so that a negative cycle shows at once,
//! and so that numbers can be chosen one after another without ever having to be taken back. Some numbers are
//! multiples of a day; bounds between them are rounded towards each other. A number counts seconds, so that days,
//! years (by their first day) and clocks live in one table; those of other kinds simply never meet.

use crate::time::DAY;

/// No bound. Far from overflow when two are added.
const FREE: i64 = i64::MAX / 4;

/// One of the numbers; the first is always 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Number(usize);

/// The number 0.
pub(super) const ZERO: Number = Number(0);

/// Bounds of all differences.
#[derive(Clone, Debug)]
pub(super) struct Differences {
    /// `bounds[a][b]`: the most that `a - b` may be.
    bounds: Vec<Vec<i64>>,
    whole_days: Vec<bool>,
}

impl Default for Differences {
    fn default() -> Self {
        Self { bounds: vec![vec![0]], whole_days: vec![true] }
    }
}

impl Differences {
    /// One more number; `whole_days` where it is a multiple of a day.
    pub(super) fn add(&mut self, whole_days: bool) -> Number {
        for row in &mut self.bounds {
            row.push(FREE);
        }
        let n = self.bounds.len() + 1;
        let mut row = vec![FREE; n];
        row[n - 1] = 0;
        self.bounds.push(row);
        self.whole_days.push(whole_days);
        Number(n - 1)
    }

    /// Says that `a - b <= most`.
    pub(super) fn limit(&mut self, a: Number, b: Number, most: i64) {
        let bound = &mut self.bounds[a.0][b.0];
        *bound = (*bound).min(most.clamp(-FREE, FREE));
    }

    /// Draws every conclusion; false where the bounds cannot all hold.
    pub(super) fn close(&mut self) -> bool {
        let n = self.bounds.len();
        // Rounding can make room for further conclusions; a few rounds are enough for what rules say, and a
        // conclusion that is not drawn never makes an answer wrong (see `logic`).
        for _ in 0..4 {
            for via in 0..n {
                for a in 0..n {
                    let first = self.bounds[a][via];
                    if first >= FREE {
                        continue;
                    }
                    for b in 0..n {
                        let second = self.bounds[via][b];
                        if second < FREE && first + second < self.bounds[a][b] {
                            self.bounds[a][b] = (first + second).max(-FREE);
                        }
                    }
                }
            }
            if (0..n).any(|a| self.bounds[a][a] < 0) {
                return false;
            }
            let mut rounded = false;
            for a in 0..n {
                for b in 0..n {
                    let bound = self.bounds[a][b];
                    if self.whole_days[a] && self.whole_days[b] && bound < FREE && bound.rem_euclid(DAY) != 0 {
                        self.bounds[a][b] = bound.div_euclid(DAY) * DAY;
                        rounded = true;
                    }
                }
            }
            if !rounded {
                break;
            }
        }
        true
    }

    /// The least and the most a number may be, after [`Self::close`].
    pub(super) fn range(&self, number: Number) -> (i64, i64) {
        (-self.bounds[0][number.0], self.bounds[number.0][0])
    }

    /// Says that `number` is `value`; false where it cannot be.
    pub(super) fn fix(&mut self, number: Number, value: i64) -> bool {
        self.limit(number, ZERO, value);
        self.limit(ZERO, number, -value);
        self.close()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cycle_that_loses_is_seen() {
        let mut differences = Differences::default();
        let (a, b, c) = (differences.add(false), differences.add(false), differences.add(false));
        differences.limit(a, b, 3);
        differences.limit(b, c, -2);
        let mut possible = differences.clone();
        possible.limit(c, a, -1);
        assert!(possible.close());
        differences.limit(c, a, -2);
        assert!(!differences.close());
    }

    #[test]
    fn whole_days_are_rounded_together() {
        let mut differences = Differences::default();
        let (day, clock) = (differences.add(true), differences.add(false));
        differences.limit(clock, day, DAY - 1);
        differences.limit(day, clock, 0);
        // The clock stands at half past the first day.
        differences.limit(clock, ZERO, DAY + DAY / 2);
        differences.limit(ZERO, clock, -(DAY + DAY / 2));
        assert!(differences.close());
        assert_eq!(differences.range(day), (DAY, DAY));
    }

    #[test]
    fn numbers_are_chosen_without_regret() {
        let mut differences = Differences::default();
        let (a, b) = (differences.add(false), differences.add(false));
        differences.limit(a, b, -5);
        differences.limit(b, ZERO, 100);
        assert!(differences.close());
        assert_eq!(differences.range(a).1, 95);
        assert!(differences.fix(a, 90));
        assert_eq!(differences.range(b), (95, 100));
        assert!(!differences.clone().fix(b, 94) && differences.fix(b, 95));
    }
}
