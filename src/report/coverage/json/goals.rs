//! Goals and guarantees in the JSON document.

use serde::Serialize;

use super::certainty::CertaintyJson;
use super::{FigureJson, TextJson, place_name, shown_json};
use crate::coverage::Coverage;
use crate::coverage::figure::Place;
use crate::coverage::goal::{GoalTable, GuaranteeTable, Judged, Outcome, Points, Summary};
use crate::measure::goal::{Better, Percent};

#[derive(Serialize)]
pub(super) struct GoalsJson<'a> {
    programmes: Vec<ProgrammeJson<'a>>,
    guarantees: Vec<GuaranteeJson<'a>>,
}

#[derive(Serialize)]
struct ProgrammeJson<'a> {
    title: TextJson<'a>,
    description: TextJson<'a>,
    assumption: Option<TextJson<'a>>,
    source_document: &'a str,
    source_place: &'a str,
    /// The months that count and are within the period.
    months: Vec<String>,
    goals: Vec<GoalJson<'a>>,
}

#[derive(Serialize)]
struct GoalJson<'a> {
    id: &'a str,
    title: TextJson<'a>,
    assumption: Option<TextJson<'a>>,
    source_place: &'a str,
    /// `more` or `fewer`.
    better: &'static str,
    /// Per cent; null where nobody has said.
    target: Option<f64>,
    /// Whether the run stated it, because the source has none.
    target_of_run: bool,
    /// Percentage points from which an improvement counts in part.
    improvement_from: Option<f64>,
    /// Percentage points from which it counts as a whole.
    improvement_to: Option<f64>,
    /// Where more than so many wait …
    condition_when_more_than: Option<u64>,
    /// … at least so many per cent of them must be within the limit, too.
    condition_target: Option<f64>,
    /// Of all months of all regions together.
    certainty: Option<CertaintyJson<'a>>,
    summaries: Vec<SummaryJson>,
    months: Vec<JudgedJson<'a>>,
}

#[derive(Serialize)]
struct SummaryJson {
    /// County code; null for the country.
    lanskod: Option<String>,
    region: String,
    months: u32,
    months_met: u32,
    by_target: u32,
    by_improvement: u32,
    in_part: u32,
    not_met: u32,
    not_decided: u32,
    /// Months met at the worst that findings allow; null where that was not worked out, or may not be shown.
    months_met_at_worst: Option<u32>,
    /// The same at the best.
    months_met_at_best: Option<u32>,
}

#[derive(Serialize)]
struct JudgedJson<'a> {
    #[serde(flatten)]
    figure: FigureJson<'a>,
    /// Null of the country, and where it may not be shown.
    outcome: Option<&'static str>,
    /// Why it is not met or not decided.
    why: Option<&'static str>,
    /// Percentage points to the year before.
    difference_pp: Option<f64>,
    /// Per cent of the month's pot.
    share_of_pot: Option<f64>,
    /// What could become of it at the worst that findings allow; null where that was not worked out, or may not be shown.
    outcome_at_worst: Option<&'static str>,
    /// The same at the best.
    outcome_at_best: Option<&'static str>,
    /// Those waiting, where the goal has a condition on them.
    waiting: Option<FigureJson<'a>>,
}

#[derive(Serialize)]
struct GuaranteeJson<'a> {
    id: &'a str,
    title: TextJson<'a>,
    source_place: &'a str,
    shares: Vec<GuaranteeShareJson<'a>>,
}

#[derive(Serialize)]
struct GuaranteeShareJson<'a> {
    title: TextJson<'a>,
    assumption: Option<TextJson<'a>>,
    all: Vec<FigureJson<'a>>,
    without_deviation: Vec<FigureJson<'a>>,
}

pub(super) fn goals(coverage: &Coverage) -> GoalsJson<'_> {
    let programmes = coverage.goals.programmes.iter().map(|programme| ProgrammeJson {
        title: (&programme.title).into(),
        description: (&programme.description).into(),
        assumption: programme.assumption.as_ref().map(Into::into),
        source_document: &programme.source.document,
        source_place: &programme.source.place,
        months: programme.months.iter().map(ToString::to_string).collect(),
        goals: programme.goals.iter().map(|goal| goal_json(coverage, goal)).collect(),
    });
    GoalsJson {
        programmes: programmes.collect(),
        guarantees: coverage.goals.guarantees.iter().map(|guarantee| guarantee_json(coverage, guarantee)).collect(),
    }
}

fn number(percent: Percent) -> f64 {
    f64::from(percent.thousandths()) / 1_000.0
}

fn goal_json<'a>(coverage: &Coverage, goal: &'a GoalTable) -> GoalJson<'a> {
    GoalJson {
        id: &goal.id,
        title: (&goal.title).into(),
        assumption: goal.assumption.as_ref().map(Into::into),
        source_place: &goal.source.place,
        better: match goal.better {
            Better::More => "more",
            Better::Fewer => "fewer",
        },
        target: goal.target.map(number),
        target_of_run: goal.target_of_run,
        improvement_from: goal.improvement.map(|scale| number(scale.from)),
        improvement_to: goal.improvement.map(|scale| number(scale.to)),
        condition_when_more_than: goal.condition.map(|condition| condition.0),
        condition_target: goal.condition.map(|condition| number(condition.1)),
        certainty: goal.certainty.as_deref().map(|of| CertaintyJson::new(of, 100, None)),
        summaries: goal.summaries.iter().map(|summary| summary_json(coverage, summary)).collect(),
        months: goal.months.iter().map(|judged| judged_json(coverage, judged)).collect(),
    }
}

fn summary_json(coverage: &Coverage, summary: &Summary) -> SummaryJson {
    SummaryJson {
        lanskod: match summary.place {
            Place::Country | Place::Centre(_) => None,
            Place::Region(county) => Some(county.to_string()),
        },
        region: place_name(coverage, summary.place),
        months: summary.months(),
        months_met: summary.met(),
        by_target: summary.by_target,
        by_improvement: summary.by_improvement,
        in_part: summary.in_part,
        not_met: summary.not_met,
        not_decided: summary.not_decided,
        months_met_at_worst: summary.met_range.map(|range| range.0),
        months_met_at_best: summary.met_range.map(|range| range.1),
    }
}

fn judged_json<'a>(coverage: &Coverage, judged: &'a Judged) -> JudgedJson<'a> {
    JudgedJson {
        figure: shown_json(coverage, &judged.figure),
        outcome: judged.outcome.map(Outcome::as_str),
        why: judged.outcome.and_then(Outcome::why),
        difference_pp: judged.difference.map(Points::as_f64),
        share_of_pot: judged.outcome.and_then(Outcome::pot).map(Points::as_f64),
        outcome_at_worst: judged.range.map(|range| range.0.as_str()),
        outcome_at_best: judged.range.map(|range| range.1.as_str()),
        waiting: judged.waiting.as_ref().map(|shown| shown_json(coverage, shown)),
    }
}

fn guarantee_json<'a>(coverage: &Coverage, guarantee: &'a GuaranteeTable) -> GuaranteeJson<'a> {
    let shares = guarantee.shares.iter().map(|share| GuaranteeShareJson {
        title: (&share.title).into(),
        assumption: share.assumption.as_ref().map(Into::into),
        all: share.all.iter().map(|shown| shown_json(coverage, shown)).collect(),
        without_deviation: share.without_deviation.iter().map(|shown| shown_json(coverage, shown)).collect(),
    });
    GuaranteeJson {
        id: &guarantee.id,
        title: (&guarantee.title).into(),
        source_place: &guarantee.source.place,
        shares: shares.collect(),
    }
}
