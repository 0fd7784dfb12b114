//! Goals: what an agreement or a law asks of the shares that are measured, as written in `rules/goals/`.
//!
//! A *share* is a ratio of its own (`among`, `within`): what part of some contacts lies within a limit. A *goal* holds
//! its share, month by month, against a target and against the same month of the year before; a *guarantee* has shares
//! and no target, because it is owed to everyone. Numbers of an agreement are data and stand with their source; what the
//! source does not say is written down as an assumption and shown with the figures.
//!
//! Deliberately knows no figures: whether a goal is met is worked out in `coverage`.
//!
//! # A goal file
//!
//! ```yaml
//! source: { document: "…", place: "…" }
//! shares:
//!   - id: bup_behandling_30d                   # permanent; names the figures in every format
//!     title: { sv: …, en: … }
//!     collections: [specvard_genomforda]        # counts of several are added: all stocks, or none
//!     among: "fas = '2'"                        # SQL: the contacts that it speaks of
//!     within: "days_between(a, b) <= 30"        # SQL: those that count
//!     deviation: "avvikelse IN ('1', '2')"      # optional SQL: also without these
//!     assumption: { sv: …, en: … }              # optional: what the source does not say
//! programmes:
//!   - title: { sv: …, en: … }
//!     months: { first: 2022-02, last: 2022-11 } # the months that count
//!     goals:
//!       - id: PK9
//!         share: bup_behandling_30d
//!         better: more                          # more or fewer
//!         target: 72                            # per cent; without one the run must state it (--goal)
//!         improvement: { from: 5, to: 10 }      # optional: percentage points on the same month of the year before
//!         condition: { share: bup_vantande_30d, when_more_than: 20, target: 72 } # optional: must hold, too
//!         place: "…"                            # optional: the place in the document
//! guarantees:
//!   - id: VG3
//!     title: { sv: …, en: … }
//!     shares: [vg3_genomforda]
//! ```
//!
//! # What a share is taken among
//!
//! A contact whose `within` cannot be decided, because a date is blank or unreadable, is in neither count: it would
//! otherwise be taken for one that waited too long. Such contacts are counted as undecided beside the share.
//!
//! In a stock `period_end()` is the last day of its month: the wait of who still waits is that of this day.

pub(super) mod compile;
pub(crate) mod spec;

use super::Ratio;
use crate::model::{SourceReference, Text};
use crate::time::Month;

/// Every goal, and the shares that they are held against.
#[derive(Clone, Debug, Default)]
pub struct Goals {
    /// In the order of their files.
    pub shares: Vec<Share>,
    /// Goals that belong together.
    pub programmes: Vec<Programme>,
    /// What is owed to everyone.
    pub guarantees: Vec<Guarantee>,
}

/// A share of contacts that is within a limit.
#[derive(Clone, Debug)]
pub struct Share {
    /// As a measure.
    pub ratio: Ratio,
    /// The same without contacts whose wait has a reason that counts (avvikelse), where the share knows such.
    pub without_deviation: Option<Ratio>,
    /// What the source does not say.
    pub assumption: Option<Text>,
}

/// Goals that are counted together over the same months.
#[derive(Clone, Debug)]
pub struct Programme {
    /// What people call it.
    pub title: Text,
    /// What is counted.
    pub description: Text,
    /// What the source does not say.
    pub assumption: Option<Text>,
    /// Where it is laid down.
    pub source: SourceReference,
    /// The first and the last month that count.
    pub months: (Month, Month),
    /// Its goals, in their order.
    pub goals: Vec<Goal>,
}

/// What is asked of a share.
#[derive(Clone, Debug)]
pub struct Goal {
    /// Such as `PK1`.
    pub id: String,
    /// What people call it: the share's name.
    pub title: Text,
    /// The place of its share among the shares.
    pub share: usize,
    /// Whether more or fewer are better.
    pub better: Better,
    /// The share that is to be reached; `None` where the source states none.
    pub target: Option<Target>,
    /// What counts as an improvement on the year before.
    pub improvement: Option<Improvement>,
    /// What must hold as well.
    pub condition: Option<Condition>,
    /// Where it is laid down.
    pub source: SourceReference,
}

/// Which way is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// The share is to be at least the target.
    More,
    /// The share is to be at most the target.
    Fewer,
}

/// A share to be reached, and who says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// The share.
    pub percent: Percent,
    /// Whether it was stated in the run rather than in the goal file.
    pub of_run: bool,
}

/// Percentage points better than the same month of the year before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Improvement {
    /// From here on the goal is met in part.
    pub from: Percent,
    /// From here on it is met as a whole.
    pub to: Percent,
}

/// A share that must be reached as well, where enough are waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Condition {
    /// The place of its share among the shares.
    pub share: usize,
    /// It applies where more than so many are counted.
    pub when_more_than: u64,
    /// The least share.
    pub target: Percent,
}

/// What is owed to everyone within a limit.
#[derive(Clone, Debug)]
pub struct Guarantee {
    /// Such as `VG3`.
    pub id: String,
    /// What people call it.
    pub title: Text,
    /// The places of its shares among the shares.
    pub shares: Vec<usize>,
    /// Where it is laid down.
    pub source: SourceReference,
}

/// Per cent, or percentage points, in thousandths: exact, so that nothing at a limit depends on rounding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Percent(u32);

impl Percent {
    /// From 0 to 100 with at most three decimals.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked first")]
    pub fn new(percent: f64) -> Option<Self> {
        let thousandths = percent * 1_000.0;
        let is_exact = (thousandths - thousandths.round()).abs() < 1e-6;
        ((0.0..=100.0).contains(&percent) && is_exact).then(|| Self(thousandths.round() as u32))
    }

    /// From text such as `75` or `72,5`.
    pub fn parse(text: &str) -> Option<Self> {
        let is_plain = text.starts_with(|first: char| first.is_ascii_digit())
            && text.chars().all(|character| character.is_ascii_digit() || matches!(character, '.' | ','));
        is_plain.then(|| text.replace(',', ".").parse().ok()).flatten().and_then(Self::new)
    }

    /// In thousandths of a per cent.
    pub fn thousandths(self) -> u32 {
        self.0
    }
}

impl std::fmt::Display for Percent {
    /// With as many decimals as it has.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = format!("{}.{:03}", self.0 / 1_000, self.0 % 1_000);
        f.write_str(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

/// Why a target cannot be stated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotStated {
    /// There is no such goal; the nearest one, and all that lack a target.
    NoSuchGoal(Option<String>, Vec<String>),
    /// The goal has one already.
    HasTarget(Percent),
}

impl Goals {
    /// Every goal.
    pub fn all(&self) -> impl Iterator<Item = &Goal> {
        self.programmes.iter().flat_map(|programme| &programme.goals)
    }

    /// States the target of a goal whose source has none.
    ///
    /// # Errors
    /// If there is no such goal, or if it has a target of its own.
    pub fn state_target(&mut self, id: &str, percent: Percent) -> Result<(), NotStated> {
        let near = crate::diag::nearest(id, self.all().map(|goal| goal.id.as_str())).map(str::to_owned);
        let open = self.all().filter(|goal| goal.target.is_none()).map(|goal| goal.id.clone()).collect();
        let goal = self.programmes.iter_mut().flat_map(|programme| &mut programme.goals).find(|goal| goal.id == id);
        let goal = goal.ok_or(NotStated::NoSuchGoal(near, open))?;
        match goal.target {
            Some(target) => Err(NotStated::HasTarget(target.percent)),
            None => {
                goal.target = Some(Target { percent, of_run: true });
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn per_cent_are_exact_or_none() {
        let of = |percent: f64| Percent::new(percent).map(Percent::thousandths);
        assert_eq!((of(82.0), of(4.99), of(0.001), of(100.0)), (Some(82_000), Some(4_990), Some(1), Some(100_000)));
        assert_eq!((of(72.0005), of(-1.0), of(100.1), of(f64::NAN)), (None, None, None, None));
        let parsed = |text: &str| Percent::parse(text).map(|percent| percent.to_string());
        assert_eq!(parsed("72,50").as_deref(), Some("72.5"));
        for wrong in ["", "-1", "1e1", "72%", "1.2.3", ".5", "101", "inf"] {
            assert_eq!(parsed(wrong), None, "{wrong}");
        }
    }
}
