//! Fulfilment: whether the goals of an agreement were met, month by month and region by region, and how far what is owed
//! to everyone was kept.
//!
//! | | |
//! | --- | --- |
//! | numerator, denominator | of the share ([`crate::measure::goal`]): contacts within its limit, and contacts of which it can be said |
//! | month | flows: contacts that took place in it; stocks: those waiting on its last day |
//! | year before | the same month, wherever it was delivered, also before the scope |
//! | by target | the share is at least (or at most) the target |
//! | by improvement | better than the year before by so many percentage points; in part from the least that counts |
//! | country | the regions that delivered the month, above and below; it is shown, not judged |
//! | denominator zero | no share, and nothing is decided |
//! | comparison | in whole numbers, of counts with counts; nothing that is rounded is ever compared |
//!
//! # What is not decided
//!
//! A month of which too little is known is neither met nor missed ([`Why`]). A target that is reached decides without the
//! year before; one that is not reached needs it. Months met are counted as the source's table 1 counts them: as a whole
//! or in part, by target or by improvement.
//!
//! Source: Uppföljning av överenskommelsen om ökad tillgänglighet 2022, Socialstyrelsen, August 2023, table 1 with its
//! footnotes; what the source leaves open is stated as assumptions in `rules/goals/`.

mod count;
mod judge;
mod publish;
mod table;

#[cfg(test)]
mod tests;

use super::certainty::Certainty;
use super::figure::{Figure, Place};
use crate::measure::goal::{Better, Improvement, Percent};
use crate::model::{SourceReference, Text};
use crate::time::Month;

pub(super) use publish::publish;
pub(super) use table::goals;

/// Everything about goals.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Goals {
    /// Goals that are counted together.
    pub programmes: Vec<ProgrammeTable>,
    /// What is owed to everyone.
    pub guarantees: Vec<GuaranteeTable>,
}

/// The goals of one programme.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProgrammeTable {
    /// What people call it.
    pub title: Text,
    /// What is counted.
    pub description: Text,
    /// What has been assumed.
    pub assumption: Option<Text>,
    /// Where it is laid down.
    pub source: SourceReference,
    /// The months that count and are within the scope.
    pub months: Vec<Month>,
    /// One entry a goal.
    pub goals: Vec<GoalTable>,
}

/// One goal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GoalTable {
    /// Such as `PK1`.
    pub id: String,
    /// What people call it.
    pub title: Text,
    /// What has been assumed.
    pub assumption: Option<Text>,
    /// Where it is laid down.
    pub source: SourceReference,
    /// Which way is better.
    pub better: Better,
    /// What is to be reached; `None` where nobody has said.
    pub target: Option<Percent>,
    /// Whether the run stated the target, because the source has none.
    pub target_of_run: bool,
    /// What counts as an improvement.
    pub improvement: Option<Improvement>,
    /// What must hold as well: where more than so many wait, at least this share within the limit.
    pub condition: Option<(u64, Percent)>,
    /// One entry a region and month, in this order; first those of the country.
    pub months: Vec<Judged>,
    /// One entry a region; first the country, where they are several.
    pub summaries: Vec<Summary>,
    /// How far findings could move the share of all months of all regions together; `None` where that was not counted, or may not
    /// be shown.
    pub certainty: Option<Box<Certainty>>,
}

/// A region's month, held against a goal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// The share and that of the year before.
    pub figure: Shown,
    /// What became of the goal; `None` of the country, which is not judged.
    pub outcome: Option<Outcome>,
    /// Percentage points to the year before; positive where the share rose.
    pub difference: Option<Points>,
    /// Those waiting, where the goal has a condition on them.
    pub waiting: Option<Shown>,
    /// The worst and the best that findings allow; `None` where that was not counted, or may not be shown.
    pub range: Option<(Outcome, Outcome)>,
}

/// A figure, with its values kept apart from its counts: an edition for others has the former only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Its counts and what they are of.
    pub figure: Figure,
    /// The share, in whole per cent.
    pub value: Option<u64>,
    /// The share of the year before, in whole per cent.
    pub value_before: Option<u64>,
}

impl From<Figure> for Shown {
    fn from(figure: Figure) -> Self {
        Self { value: figure.value(), value_before: figure.value_before(), figure }
    }
}

/// What became of a goal in a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The target was reached.
    ByTarget,
    /// The target was not reached, but the improvement is as great as it need be.
    ByImprovement,
    /// The improvement counts in part: this part of the month's pot, in per cent; `None` where it may not be shown.
    InPart(Option<Points>),
    /// Neither.
    NotMet {
        /// Whether only for the sake of the condition on those waiting.
        by_condition: bool,
    },
    /// Too little is known.
    NotDecided(Why),
}

/// Why a month is not decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// The month was not delivered.
    NotDelivered,
    /// It was delivered, without any contact that the goal speaks of.
    NoContacts,
    /// The target was not reached, and there is no share of the year before to compare with.
    NoYearBefore,
    /// Nobody has said what is to be reached.
    NoTarget,
    /// The condition is on those waiting, and they were not delivered.
    WaitingNotDelivered,
}

impl Why {
    /// Every reason.
    pub const ALL: [Self; 5] =
        [Self::NotDelivered, Self::NoContacts, Self::NoYearBefore, Self::NoTarget, Self::WaitingNotDelivered];

    /// The word used in machine formats.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotDelivered => "not_delivered",
            Self::NoContacts => "no_contacts",
            Self::NoYearBefore => "no_year_before",
            Self::NoTarget => "no_target",
            Self::WaitingNotDelivered => "waiting_not_delivered",
        }
    }
}

impl Outcome {
    /// The word used in machine formats.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ByTarget => "met_by_target",
            Self::ByImprovement => "met_by_improvement",
            Self::InPart(_) => "met_in_part",
            Self::NotMet { .. } => "not_met",
            Self::NotDecided(_) => "not_decided",
        }
    }

    /// Whether the goal is met, as a whole or in part.
    pub fn is_met(self) -> bool {
        matches!(self, Self::ByTarget | Self::ByImprovement | Self::InPart(_))
    }

    /// Why it is not met or not decided, in the words of machine formats.
    pub fn why(self) -> Option<&'static str> {
        match self {
            Self::NotMet { by_condition: true } => Some("condition"),
            Self::NotDecided(why) => Some(why.as_str()),
            _ => None,
        }
    }

    /// The part of the month's pot, in per cent; `None` where nothing is decided, or where it may not be shown.
    pub fn pot(self) -> Option<Points> {
        match self {
            Self::ByTarget | Self::ByImprovement => Some(Points { numerator: 100, denominator: 1 }),
            Self::InPart(part) => part,
            Self::NotMet { .. } => Some(Points { numerator: 0, denominator: 1 }),
            Self::NotDecided(_) => None,
        }
    }
}

/// An exact number of per cent or percentage points.
#[derive(Clone, Copy, Debug)]
pub struct Points {
    numerator: i128,
    denominator: i128,
}

impl PartialEq for Points {
    fn eq(&self, other: &Self) -> bool {
        self.numerator * other.denominator == other.numerator * self.denominator
    }
}

impl Eq for Points {}

impl Points {
    /// From one share to another: `now` less `before`, each numerator and denominator.
    fn between(before: (u64, u64), now: (u64, u64)) -> Self {
        let [a, b, c, d] = [now.0, now.1, before.0, before.1].map(i128::from);
        Self { numerator: 100 * (a * d - c * b), denominator: b * d }
    }

    fn reversed(self) -> Self {
        Self { numerator: -self.numerator, denominator: self.denominator }
    }

    fn reaches(self, least: Percent) -> bool {
        self.numerator * 1_000 >= i128::from(least.thousandths()) * self.denominator
    }

    /// What per cent of `whole` it is.
    fn part_of(self, whole: Percent) -> Self {
        Self {
            numerator: self.numerator * 100_000,
            denominator: self.denominator * i128::from(whole.thousandths().max(1)),
        }
    }

    /// As a number.
    #[expect(clippy::cast_precision_loss, reason = "for readers; nothing is decided by it")]
    pub fn as_f64(self) -> f64 {
        self.numerator as f64 / self.denominator as f64
    }

    /// In hundredths, cut off towards zero: what is shown never reaches a limit that the number itself does not reach.
    pub fn hundredths(self) -> i64 {
        i64::try_from(self.numerator * 100 / self.denominator.max(1)).unwrap_or(i64::MAX)
    }
}

/// A region's months of a goal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The region, or all of them.
    pub place: Place,
    /// Months (of the country: of all regions) met as a whole by target, by improvement, and in part.
    pub by_target: u32,
    /// See `by_target`.
    pub by_improvement: u32,
    /// See `by_target`.
    pub in_part: u32,
    /// Neither.
    pub not_met: u32,
    /// Of which too little is known.
    pub not_decided: u32,
    /// Months met at the worst and at the best that findings allow; `None` where that was not counted of every month.
    pub met_range: Option<(u32, u32)>,
}

impl Summary {
    fn new(place: Place) -> Self {
        Self { place, by_target: 0, by_improvement: 0, in_part: 0, not_met: 0, not_decided: 0, met_range: Some((0, 0)) }
    }

    /// Months met, as a whole or in part.
    pub fn met(&self) -> u32 {
        self.by_target + self.by_improvement + self.in_part
    }

    /// All months.
    pub fn months(&self) -> u32 {
        self.met() + self.not_met + self.not_decided
    }

    fn add(&mut self, outcome: Outcome, range: Option<(Outcome, Outcome)>) {
        // A month that was not delivered is not met, whatever the records of others are.
        let range = range.or(matches!(outcome, Outcome::NotDecided(Why::NotDelivered)).then_some((outcome, outcome)));
        self.met_range = self
            .met_range
            .zip(range)
            .map(|((least, most), (worst, best))| (least + u32::from(worst.is_met()), most + u32::from(best.is_met())));
        *match outcome {
            Outcome::ByTarget => &mut self.by_target,
            Outcome::ByImprovement => &mut self.by_improvement,
            Outcome::InPart(_) => &mut self.in_part,
            Outcome::NotMet { .. } => &mut self.not_met,
            Outcome::NotDecided(_) => &mut self.not_decided,
        } += 1;
    }

    fn plus(&mut self, other: &Self) {
        self.by_target += other.by_target;
        self.by_improvement += other.by_improvement;
        self.in_part += other.in_part;
        self.not_met += other.not_met;
        self.not_decided += other.not_decided;
        let both = self.met_range.zip(other.met_range);
        self.met_range = both.map(|(own, other)| (own.0 + other.0, own.1 + other.1));
    }
}

/// The shares of one guarantee.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuaranteeTable {
    /// Such as `VG3`.
    pub id: String,
    /// What people call it.
    pub title: Text,
    /// Where it is laid down.
    pub source: SourceReference,
    /// Its shares.
    pub shares: Vec<GuaranteeShare>,
}

/// One share of a guarantee, both ways.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuaranteeShare {
    /// What people call it.
    pub title: Text,
    /// What has been assumed.
    pub assumption: Option<Text>,
    /// By region and period, of all contacts.
    pub all: Vec<Shown>,
    /// The same without contacts whose wait has a reason that counts.
    pub without_deviation: Vec<Shown>,
}
