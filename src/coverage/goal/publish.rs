//! Goals for others: shares without counts.

use super::{Goals, GuaranteeShare, Outcome, Shown};
use crate::coverage::figure::{Amount, Figure};

/// Takes counts away that may not be shown to others, and whatever is of fewer than `threshold` contacts.
///
/// No count of a goal is published: a share in whole per cent is all there is, and where fewer than `threshold` contacts
/// are within or beyond the limit (but not none), or the denominator is below the threshold, not even that. Nothing adds
/// up then: a share of the country cannot be divided into those of the regions without their denominators. Whether a goal
/// was met stands for every denominator of at least the threshold, as in the published table.
pub(in crate::coverage) fn publish(goals: &mut Goals, threshold: u64) {
    for goal in goals.programmes.iter_mut().flat_map(|programme| &mut programme.goals) {
        goal.certainty = None;
        goal.summaries.iter_mut().for_each(|summary| summary.met_range = None);
        for judged in &mut goal.months {
            let of = |figure: &Figure| figure.denominator.is_some_and(|amount| is_small(amount, threshold));
            let few = of(&judged.figure.figure) || judged.waiting.as_ref().is_some_and(|shown| of(&shown.figure));
            withhold(&mut judged.figure, threshold);
            judged.waiting.iter_mut().for_each(|shown| withhold(shown, threshold));
            judged.range = None;
            if judged.figure.figure.suppressed || judged.figure.value_before.is_none() {
                judged.difference = None;
            }
            if few {
                judged.outcome = None;
            } else if judged.difference.is_none()
                && let Some(Outcome::InPart(part)) = &mut judged.outcome
            {
                // How great the part is tells the share of the year before.
                *part = None;
            }
        }
    }
    for share in goals.guarantees.iter_mut().flat_map(|guarantee| &mut guarantee.shares) {
        share.all.iter_mut().chain(&mut share.without_deviation).for_each(|shown| withhold(shown, threshold));
        hide_together(share);
    }
}

/// Fewer than the threshold, and not none.
fn is_small(amount: Amount, threshold: u64) -> bool {
    !amount.is_zero() && amount < Amount::count(threshold)
}

fn withhold(shown: &mut Shown, threshold: u64) {
    let small = |above: Amount, below: Amount| {
        is_small(above, threshold) || is_small(below, threshold) || is_small(below.less(above), threshold)
    };
    let figure = &mut shown.figure;
    if figure.numerator.zip(figure.denominator).is_some_and(|(above, below)| small(above, below)) {
        figure.suppressed = true;
        (shown.value, shown.value_before) = (None, None);
    }
    if figure.before.is_some_and(|(above, below)| small(above, below)) {
        shown.value_before = None;
    }
    (figure.numerator, figure.denominator, figure.before, figure.undecided) = (None, None, None, None);
    figure.certainty = None;
}

/// With and without deviations are shown together or not at all.
fn hide_together(share: &mut GuaranteeShare) {
    for (all, without) in share.all.iter_mut().zip(&mut share.without_deviation) {
        if all.figure.suppressed != without.figure.suppressed {
            for shown in [all, without] {
                shown.figure.suppressed = true;
                shown.value = None;
            }
        }
    }
}
