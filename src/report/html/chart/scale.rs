//! Scales with whole numbers at their marks, so that nothing has to be rounded to be written.

/// The marks of an axis that begins at nothing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scale {
    /// From one mark to the next.
    pub(super) step: u32,
    /// How many steps there are.
    pub(super) steps: u8,
}

/// From 0 to 100.
pub(super) const PER_CENT: Scale = Scale { step: 20, steps: 5 };

/// The fewest steps that reach a number: 1, 2 or 5 times a power of ten, at most [`MOST_STEPS`] of them.
const MOST_STEPS: u8 = 5;

/// A scale that reaches `greatest`; of shares one to 100 where they are no greater.
pub(super) fn of(greatest: f64, is_share: bool) -> Scale {
    if is_share && greatest <= 100.0 {
        return PER_CENT;
    }
    let (mut power, mut step) = (1_u32, 1_u32);
    for _ in 0..9 {
        for factor in [1, 2, 5] {
            step = power.saturating_mul(factor);
            for steps in 2..=MOST_STEPS {
                if f64::from(step) * f64::from(steps) >= greatest {
                    return Scale { step, steps };
                }
            }
        }
        power = power.saturating_mul(10);
    }
    Scale { step, steps: MOST_STEPS }
}

impl Scale {
    /// The number at the last mark.
    pub(super) fn end(self) -> f64 {
        f64::from(self.step) * f64::from(self.steps)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_reaches_what_it_is_for_in_few_whole_steps() {
        for greatest in [0.0, 0.3, 1.0, 2.0, 7.0, 99.0, 101.0, 137.4, 3_250.0, 48_000.0, 1e6, 9.9e7] {
            let scale = of(greatest, false);
            assert!(scale.end() >= greatest && (2..=MOST_STEPS).contains(&scale.steps), "{greatest}: {scale:?}");
            assert!(scale.end() <= greatest.max(1.0) * 2.5, "{greatest}: {scale:?} is mostly empty");
        }
        assert_eq!((of(12.0, true), of(100.0, true)), (PER_CENT, PER_CENT));
        assert_eq!(of(130.0, true), Scale { step: 50, steps: 3 });
    }

    #[test]
    fn what_is_beyond_all_scales_has_one_all_the_same() {
        assert_eq!(of(f64::MAX, false).steps, MOST_STEPS);
        assert_eq!(of(f64::NAN, false).steps, MOST_STEPS);
    }
}
