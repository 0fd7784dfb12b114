//! Limits, exactly: what is at a limit reaches it, what is the least below it does not.

use super::count::Parts;
use super::judge::judge;
use super::*;
use crate::measure::goal::{Condition, Goal, Target};

fn percent(number: f64) -> Percent {
    Percent::new(number).expect("a per cent")
}

fn goal(better: Better, target: Option<f64>, scale: Option<(f64, f64)>) -> Goal {
    Goal {
        id: "M1".to_owned(),
        title: Text::default(),
        share: 0,
        better,
        target: target.map(|target| Target { percent: percent(target), of_run: false }),
        improvement: scale.map(|(from, to)| Improvement { from: percent(from), to: percent(to) }),
        condition: None,
        source: SourceReference::default(),
    }
}

#[expect(clippy::unnecessary_wraps, reason = "as it is asked for")]
fn parts(numerator: u64, denominator: u64) -> Option<Parts> {
    Some(Parts { numerator, denominator, undecided: 0 })
}

#[test]
fn a_target_is_reached_at_the_target_and_not_a_hair_below() {
    let at_least = goal(Better::More, Some(82.0), Some((1.0, 5.0)));
    let at_most = goal(Better::Fewer, Some(5.0), Some((1.0, 5.0)));
    assert_eq!(judge(&at_least, parts(82, 100), None, None), Outcome::ByTarget);
    assert_eq!(judge(&at_most, parts(5, 100), None, None), Outcome::ByTarget);
    let undecided = Outcome::NotDecided(Why::NoYearBefore);
    // 81.9999… and 5.0000…1: rounded to the target, but not there.
    assert_eq!(judge(&at_least, parts(8_199_999_999, 10_000_000_000), None, None), undecided);
    assert_eq!(judge(&at_most, parts(500_000_001, 10_000_000_000), None, None), undecided);
}

#[test]
fn an_improvement_counts_from_its_least_and_as_a_whole_from_its_greatest() {
    let goal = goal(Better::More, Some(72.0), Some((1.0, 5.0)));
    let against = |now: u64| judge(&goal, parts(now, 10_000), parts(5_000, 10_000), None);
    let not_met = Outcome::NotMet { by_condition: false };
    assert_eq!(against(5_099), not_met);
    // 1.00 of 5 is a fifth of the pot, 4.99 nearly all.
    assert_eq!(against(5_100), Outcome::InPart(Some(Points { numerator: 20, denominator: 1 })));
    assert_eq!(against(5_499), Outcome::InPart(Some(Points { numerator: 998, denominator: 10 })));
    assert_eq!(against(5_500), Outcome::ByImprovement);
    assert_eq!(against(7_200), Outcome::ByTarget);
    assert_eq!(against(4_000), not_met);
}

#[test]
fn fewer_is_an_improvement_where_fewer_are_better() {
    let goal = goal(Better::Fewer, Some(5.0), Some((1.0, 5.0)));
    let against = |now: u64| judge(&goal, parts(now, 1_000), parts(200, 1_000), None);
    assert_eq!(against(190).as_str(), "met_in_part");
    assert_eq!(against(150), Outcome::ByImprovement);
    assert_eq!((against(191).as_str(), against(260).as_str()), ("not_met", "not_met"));
}

#[test]
fn what_is_not_known_is_not_decided() {
    let with_scale = goal(Better::More, Some(72.0), Some((1.0, 5.0)));
    let why = |outcome: Outcome| outcome.why().unwrap_or_default();
    assert_eq!(why(judge(&with_scale, None, parts(1, 2), None)), "not_delivered");
    assert_eq!(why(judge(&with_scale, parts(0, 0), parts(1, 2), None)), "no_contacts");
    assert_eq!(why(judge(&with_scale, parts(1, 2), None, None)), "no_year_before");
    assert_eq!(why(judge(&with_scale, parts(1, 2), parts(0, 0), None)), "no_year_before");
    let without_target = goal(Better::More, None, None);
    assert_eq!(why(judge(&without_target, parts(2, 2), parts(1, 2), None)), "no_target");
    let without_scale = goal(Better::More, Some(72.0), None);
    assert_eq!(judge(&without_scale, parts(1, 2), None, None).as_str(), "not_met");
}

#[test]
fn a_condition_applies_where_enough_are_waiting() {
    let mut goal = goal(Better::More, Some(72.0), Some((5.0, 10.0)));
    goal.condition = Some(Condition { share: 1, when_more_than: 20, target: percent(72.0) });
    let with = |waiting: Option<Parts>| judge(&goal, parts(72, 100), None, waiting);
    assert_eq!(with(parts(0, 20)), Outcome::ByTarget);
    assert_eq!(with(parts(15, 21)), Outcome::NotMet { by_condition: true });
    assert_eq!(with(parts(16, 21)), Outcome::ByTarget);
    assert_eq!(with(parts(0, 0)), Outcome::ByTarget);
    assert_eq!(with(None), Outcome::NotDecided(Why::WaitingNotDelivered));
    // A goal that is missed is missed whoever is waiting.
    assert_eq!(judge(&goal, parts(1, 100), parts(1, 100), None), Outcome::NotMet { by_condition: false });
}

#[test]
fn what_is_shown_of_a_difference_is_cut_off() {
    // 1/3 - 0 = 33.333… points; 4.999 is shown as 4.99.
    assert_eq!(Points::between((0, 3), (1, 3)).hundredths(), 3_333);
    assert_eq!(Points::between((0, 100_000), (4_999, 100_000)).hundredths(), 499);
    assert_eq!(Points::between((4_999, 100_000), (0, 100_000)).hundredths(), -499);
}
