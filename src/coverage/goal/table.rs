//! Puts the tables together: goals by region and month with their sums, guarantees by region and period.

use std::collections::{BTreeMap, BTreeSet};

use super::count::{Counted, Parts};
use super::judge::{judge, range};
use super::{GoalTable, Goals, GuaranteeShare, GuaranteeTable, Judged, Points, ProgrammeTable, Shown, Summary};
use crate::coverage::certainty::Certainty;
use crate::coverage::figure::{Amount, Figure, Period, Place};
use crate::coverage::{Context, NotMade};
use crate::measure::Ratio;
use crate::measure::goal::{Goal, Programme, Share};
use crate::model::{County, Text};
use crate::time::Month;

/// What is made of goals, and what is not.
pub(in crate::coverage) fn goals(context: &Context<'_>, not_made: &mut Vec<NotMade>) -> Goals {
    let goals = &context.measures.goals;
    let programmes =
        goals.programmes.iter().filter_map(|programme| of_programme(context, programme, not_made)).collect();
    let is_wanted = |id: &str| context.wanted.is_empty() || context.wanted.contains(id);
    let mut guarantees = Vec::new();
    for guarantee in goals.guarantees.iter().filter(|guarantee| is_wanted(&guarantee.id)) {
        let shares = guarantee.shares.iter().map(|place| &goals.shares[*place]);
        let (having, lacking): (Vec<&Share>, Vec<&Share>) =
            shares.partition(|share| context.tallies_of(&share.ratio.collections).next().is_some());
        for share in lacking {
            not_made.push(not_delivered(&share.ratio));
        }
        if !having.is_empty() {
            guarantees.push(GuaranteeTable {
                id: guarantee.id.clone(),
                title: guarantee.title.clone(),
                source: guarantee.source.clone(),
                shares: having.into_iter().map(|share| of_guarantee(context, share)).collect(),
            });
        }
    }
    Goals { programmes, guarantees }
}

fn not_delivered(ratio: &Ratio) -> NotMade {
    NotMade {
        id: ratio.id.clone(),
        why: Text::new(
            format!("ingen leverans av {}", ratio.collections.join(" eller ")),
            format!("no delivery of {}", ratio.collections.join(" or ")),
        ),
    }
}

fn of_programme(context: &Context<'_>, programme: &Programme, not_made: &mut Vec<NotMade>) -> Option<ProgrammeTable> {
    let (first, last) = programme.months;
    let months: Vec<Month> = context.scope.months().filter(|month| (first..=last).contains(month)).collect();
    let is_wanted = |goal: &&Goal| context.wanted.is_empty() || context.wanted.contains(&goal.id);
    let wanted: Vec<&Goal> = programme.goals.iter().filter(is_wanted).collect();
    if months.is_empty() {
        let why = Text::new(
            format!("målen gäller {first} – {last}, som inte är med i perioden"),
            format!("the goals are of {first} – {last}, which is not in the period"),
        );
        not_made.extend(wanted.iter().map(|goal| NotMade { id: goal.id.clone(), why: why.clone() }));
        return None;
    }
    let shares = &context.measures.goals.shares;
    let mut counted: BTreeMap<usize, Counted> = BTreeMap::new();
    for goal in &wanted {
        for place in [Some(goal.share), goal.condition.map(|condition| condition.share)].into_iter().flatten() {
            counted.entry(place).or_insert_with(|| Counted::of(context, &shares[place].ratio));
        }
    }
    let keys = counted.values().flat_map(|counted| counted.parts.keys());
    let regions: BTreeSet<County> =
        keys.filter(|(_, month)| months.contains(month)).map(|(county, _)| *county).collect();
    let mut goals = Vec::new();
    for goal in wanted {
        let ratio = &shares[goal.share].ratio;
        if context.tallies_of(&ratio.collections).next().is_none() {
            not_made.push(NotMade { id: goal.id.clone(), ..not_delivered(ratio) });
            continue;
        }
        let own = &counted[&goal.share];
        let of_months = |mut months: Vec<Judged>| {
            for shown in months.iter_mut().map(|judged| &mut judged.figure.figure) {
                let has_value = shown.numerator.is_some();
                shown.finality =
                    has_value.then(|| context.finality(&ratio.collections, shown.place, shown.period)).flatten();
            }
            months
        };
        let waiting = goal.condition.map(|condition| &counted[&condition.share]);
        goals.push(GoalTable {
            id: goal.id.clone(),
            title: goal.title.clone(),
            assumption: shares[goal.share].assumption.clone(),
            source: goal.source.clone(),
            better: goal.better,
            target: goal.target.map(|target| target.percent),
            target_of_run: goal.target.is_some_and(|target| target.of_run),
            improvement: goal.improvement,
            condition: goal.condition.map(|condition| (condition.when_more_than, condition.target)),
            months: of_months(judged(context, goal, own, waiting, &regions, &months)),
            summaries: Vec::new(),
            certainty: of_all(own, &regions, &months),
        });
    }
    for goal in &mut goals {
        goal.summaries = summaries(&goal.months);
    }
    (!goals.is_empty()).then(|| ProgrammeTable {
        title: programme.title.clone(),
        description: programme.description.clone(),
        assumption: programme.assumption.clone(),
        source: programme.source.clone(),
        months,
        goals,
    })
}

/// How sure all months of all regions are together.
fn of_all(counted: &Counted, regions: &BTreeSet<County>, months: &[Month]) -> Option<Box<Certainty>> {
    let doubts = counted.doubts.as_ref()?;
    let every = || regions.iter().flat_map(|county| months.iter().map(move |month| (*county, *month)));
    let delivered = every().filter_map(|(county, month)| counted.get(county, month));
    let sum = delivered.fold(Parts::default(), Parts::plus);
    Some(Box::new(doubts.of_months(every(), sum.share())))
}

fn judged(
    context: &Context<'_>,
    goal: &Goal,
    own: &Counted,
    waiting: Option<&Counted>,
    regions: &BTreeSet<County>,
    months: &[Month],
) -> Vec<Judged> {
    let mut of_regions = Vec::new();
    let mut of_country = Vec::new();
    let open = |counted: &Counted, county: County, month: Month| counted.get_open(county, month);
    for month in months {
        let (mut sum, mut n_regions) = (Parts::default(), 0);
        for county in regions {
            let now = own.get(*county, *month);
            let before = month.plus(-12).and_then(|before| own.get(*county, before));
            let waiting_now = waiting.map(|waiting| waiting.get(*county, *month));
            let place = Place::Region(*county);
            let shares = now.zip(before).filter(|(now, before)| now.denominator > 0 && before.denominator > 0);
            let share = |parts: Parts| (parts.numerator, parts.denominator);
            let open_now = open(own, *county, *month);
            let open_before = month.plus(-12).and_then(|before| open(own, *county, before));
            let open_waiting = waiting.and_then(|waiting| open(waiting, *county, *month));
            of_regions.push(Judged {
                // Of those waiting nothing may be known but their counts.
                range: (open_waiting.is_some() || waiting_now.flatten().is_none())
                    .then(|| range(goal, open_now.as_ref(), open_before.as_ref(), open_waiting.as_ref()))
                    .flatten(),
                figure: figure(context, &goal.id, place, *month, now, before).into(),
                outcome: Some(judge(goal, now, before, waiting_now.flatten())),
                difference: shares.map(|(now, before)| Points::between(share(before), share(now))),
                waiting: waiting_now
                    .map(|parts| figure(context, &format!("{}_vantande", goal.id), place, *month, parts, None).into()),
            });
            if let Some(now) = now {
                sum = sum.plus(now);
                n_regions += 1;
            }
        }
        if n_regions > 1 {
            let mut of_month = figure(context, &goal.id, Place::Country, *month, Some(sum), None);
            of_month.regions = Some(n_regions);
            of_country.push(Judged {
                figure: of_month.into(),
                outcome: None,
                difference: None,
                waiting: None,
                range: None,
            });
        }
    }
    of_regions.sort_by_key(|judged| (judged.figure.figure.place, judged.figure.figure.period));
    let mut judged: Vec<Judged> = of_country.into_iter().chain(of_regions).collect();
    if let Some(doubts) = &own.doubts {
        doubts.attach(context, &mut judged.iter_mut().map(|judged| &mut judged.figure.figure).collect::<Vec<_>>());
    }
    if let Some(doubts) = waiting.and_then(|waiting| waiting.doubts.as_ref()) {
        let waiting = judged.iter_mut().filter_map(|judged| judged.waiting.as_mut());
        doubts.attach(context, &mut waiting.map(|shown| &mut shown.figure).collect::<Vec<_>>());
    }
    judged
}

fn figure(
    context: &Context<'_>,
    id: &str,
    place: Place,
    month: Month,
    now: Option<Parts>,
    before: Option<Parts>,
) -> Figure {
    Figure {
        numerator: now.map(|parts| Amount::count(parts.numerator)),
        denominator: now.map(|parts| Amount::count(parts.denominator)),
        undecided: now.map_or(Some(0), |parts| Some(parts.undecided)),
        months: u32::from(now.is_some()),
        months_expected: 1,
        before: now.and(before).map(|parts| (Amount::count(parts.numerator), Amount::count(parts.denominator))),
        ..context.figure(&id.into(), place, Period::Month(month))
    }
}

fn summaries(months: &[Judged]) -> Vec<Summary> {
    let mut regions: BTreeMap<Place, Summary> = BTreeMap::new();
    for judged in months {
        let place = judged.figure.figure.place;
        if let Some(outcome) = judged.outcome {
            regions.entry(place).or_insert_with(|| Summary::new(place)).add(outcome, judged.range);
        }
    }
    let mut country = Summary::new(Place::Country);
    for summary in regions.values() {
        country.plus(summary);
    }
    let country = (regions.len() > 1).then_some(country);
    country.into_iter().chain(regions.into_values()).collect()
}

fn of_guarantee(context: &Context<'_>, share: &Share) -> GuaranteeShare {
    GuaranteeShare {
        title: share.ratio.title.clone(),
        assumption: share.assumption.clone(),
        all: over_time(context, &share.ratio),
        without_deviation: share.without_deviation.iter().flat_map(|ratio| over_time(context, ratio)).collect(),
    }
}

/// Years and months of a share, of the regions and of the country; of a stock a year is the mean of its months.
fn over_time(context: &Context<'_>, ratio: &Ratio) -> Vec<Shown> {
    let counted = Counted::of(context, ratio);
    let regions: BTreeSet<County> = counted.parts.keys().map(|(county, _)| *county).collect();
    let periods = context.scope.years().map(Period::Year).chain(context.scope.months().map(Period::Month));
    let mut figures = Vec::new();
    for period in periods {
        let mut of_regions: Vec<Figure> = Vec::new();
        for county in &regions {
            let months = context.scope.months().filter(|month| period.contains(*month));
            let of_months: Vec<Parts> = months.filter_map(|month| counted.get(*county, month)).collect();
            let n_months = u32::try_from(of_months.len()).unwrap_or(0);
            let mut figure = context.figure(&ratio.id.as_str().into(), Place::Region(*county), period);
            if n_months > 0 {
                let sum = of_months.into_iter().fold(Parts::default(), Parts::plus);
                let amount = |sum| if ratio.monthly_mean { Amount::mean(sum, n_months) } else { Amount::count(sum) };
                figure.numerator = Some(amount(sum.numerator));
                figure.denominator = Some(amount(sum.denominator));
                figure.undecided = Some(sum.undecided);
                figure.months = n_months;
            }
            of_regions.push(figure);
        }
        let having: Vec<&Figure> = of_regions.iter().filter(|figure| figure.numerator.is_some()).collect();
        if having.len() > 1 {
            let sum = |amount: fn(&Figure) -> Option<Amount>| {
                Some(having.iter().filter_map(|figure| amount(figure)).fold(Amount::default(), Amount::plus))
            };
            figures.push(Figure {
                place: Place::Country,
                numerator: sum(|figure| figure.numerator),
                denominator: sum(|figure| figure.denominator),
                months: having.iter().map(|figure| figure.months).min().unwrap_or(0),
                regions: u32::try_from(having.len()).ok(),
                undecided: having.iter().map(|figure| figure.undecided).sum(),
                ..having[0].clone()
            });
        }
        figures.append(&mut of_regions);
    }
    if let Some(doubts) = &counted.doubts {
        doubts.attach(context, &mut figures.iter_mut().collect::<Vec<_>>());
    }
    context.with_finality(&ratio.collections, figures).into_iter().map(Into::into).collect()
}
