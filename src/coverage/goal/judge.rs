//! Holds one month of one region against a goal. Whole numbers only: nothing here is ever rounded.

use super::count::{Open, Parts};
use super::{Outcome, Points, Why};
use crate::coverage::bounds::can_fall_short;
use crate::measure::goal::{Better, Condition, Goal, Improvement, Percent};

/// Holds a month against a goal; `waiting` is those that a condition is on, where they were delivered.
pub(super) fn judge(goal: &Goal, now: Option<Parts>, before: Option<Parts>, waiting: Option<Parts>) -> Outcome {
    let Some(now) = now else { return Outcome::NotDecided(Why::NotDelivered) };
    let outcome = without_condition(goal, now, before);
    let condition_holds = goal.condition.zip(waiting).map(|(condition, waiting)| holds(condition, waiting));
    with_condition(goal, outcome, condition_holds)
}

/// The worst and the best that a month could be where records are in doubt; `None` where that was not counted.
///
/// Better is what lies nearer to the target now, and further from it the year before; the three shares are of different
/// records, so each can be at its worst whatever the others are.
pub(super) fn range(
    goal: &Goal,
    now: Option<&Open>,
    before: Option<&Open>,
    waiting: Option<&Open>,
) -> Option<(Outcome, Outcome)> {
    let Some((least, greatest)) = now?.ends() else {
        return Some((Outcome::NotDecided(Why::NoContacts), Outcome::NotDecided(Why::NoContacts)));
    };
    let (least_before, greatest_before) = before.and_then(Open::ends).unzip();
    let of_condition = goal.condition.zip(waiting).map(|(condition, waiting)| {
        let least = condition.target.thousandths();
        can_fall_short(waiting.share, &waiting.doubtful, condition.when_more_than, least)
    });
    let low = without_condition(goal, least, greatest_before);
    let high = without_condition(goal, greatest, least_before);
    let (worst, best) = match goal.better {
        Better::More => (low, high),
        Better::Fewer => (high, low),
    };
    let worst = with_condition(goal, worst, of_condition.map(|(can_fail, _)| !can_fail));
    let best = with_condition(goal, best, of_condition.map(|(_, can_hold)| can_hold));
    Some((worst, best))
}

fn without_condition(goal: &Goal, now: Parts, before: Option<Parts>) -> Outcome {
    if now.denominator == 0 {
        return Outcome::NotDecided(Why::NoContacts);
    }
    match goal.target {
        None => Outcome::NotDecided(Why::NoTarget),
        Some(target) if reaches(now, goal.better, target.percent) => Outcome::ByTarget,
        Some(_) => match goal.improvement {
            None => Outcome::NotMet { by_condition: false },
            Some(scale) => improved(goal.better, scale, now, before),
        },
    }
}

/// What a condition leaves of an outcome; it is asked of a goal that is met, and unknown where nobody delivered it.
fn with_condition(goal: &Goal, outcome: Outcome, holds: Option<bool>) -> Outcome {
    match (goal.condition.filter(|_| outcome.is_met()), holds) {
        (None, _) | (_, Some(true)) => outcome,
        (Some(_), None) => Outcome::NotDecided(Why::WaitingNotDelivered),
        (Some(_), Some(false)) => Outcome::NotMet { by_condition: true },
    }
}

fn reaches(parts: Parts, better: Better, target: Percent) -> bool {
    let share = u128::from(parts.numerator) * 100_000;
    let wanted = u128::from(parts.denominator) * u128::from(target.thousandths());
    match better {
        Better::More => share >= wanted,
        Better::Fewer => share <= wanted,
    }
}

fn improved(better: Better, scale: Improvement, now: Parts, before: Option<Parts>) -> Outcome {
    let Some(before) = before.filter(|before| before.denominator > 0) else {
        return Outcome::NotDecided(Why::NoYearBefore);
    };
    let risen = Points::between((before.numerator, before.denominator), (now.numerator, now.denominator));
    let improvement = match better {
        Better::More => risen,
        Better::Fewer => risen.reversed(),
    };
    if improvement.reaches(scale.to) {
        Outcome::ByImprovement
    } else if improvement.reaches(scale.from) {
        Outcome::InPart(Some(improvement.part_of(scale.to)))
    } else {
        Outcome::NotMet { by_condition: false }
    }
}

fn holds(condition: Condition, waiting: Parts) -> bool {
    waiting.denominator <= condition.when_more_than || reaches(waiting, Better::More, condition.target)
}
