//! Goals as a table of months met, as the source prints them, and guarantees with and without deviations.
//!
//! Of one region alone the months stand too, each with its share and what became of it; otherwise months are in the other
//! formats.

use std::collections::{BTreeMap, BTreeSet};

use super::{Cells, HIDDEN, NOTHING, amount, certainty, per_cent, place_name, places};
use crate::coverage::Coverage;
use crate::coverage::figure::{Amount, Period, Place};
use crate::coverage::goal::{GuaranteeShare, Outcome, ProgrammeTable, Shown, Summary, Why};
use crate::model::Text;
use crate::report::coverage::words;
use crate::report::text::page::Page;

pub(super) fn render(page: &mut Page, coverage: &Coverage) {
    for programme in &coverage.goals.programmes {
        of_programme(page, coverage, programme);
    }
    for guarantee in &coverage.goals.guarantees {
        let title = format!("{} {}", guarantee.id, page.text_of(&guarantee.title));
        page.heading(&title);
        assumptions(page, guarantee.shares.iter().map(|share| share.assumption.as_ref()));
        for share in &guarantee.shares {
            of_guarantee(page, coverage, share);
        }
    }
}

/// Assumptions, each once.
fn assumptions<'a>(page: &mut Page, texts: impl Iterator<Item = Option<&'a Text>>) {
    let mut said: Vec<&Text> = Vec::new();
    for text in texts.flatten() {
        if !said.contains(&text) {
            said.push(text);
            let text = page.text_of(text).to_owned();
            page.paragraph(1, &text);
        }
    }
}

fn of_programme(page: &mut Page, coverage: &Coverage, programme: &ProgrammeTable) {
    let title = page.text_of(&programme.title).to_owned();
    page.heading(&title);
    let description = page.text_of(&programme.description).to_owned();
    page.paragraph(1, &description);
    let of_goals = programme.goals.iter().map(|goal| goal.assumption.as_ref());
    assumptions(page, std::iter::once(programme.assumption.as_ref()).chain(of_goals));
    for goal in &programme.goals {
        let words = format!("{}: {}", goal.id, words::asked(page.figures, goal));
        page.paragraph(1, &words);
    }
    let mut rows = vec![vec![page.say("uppfyllda månader", "months met").to_owned()]];
    rows[0].extend(programme.goals.iter().map(|goal| goal.id.clone()));
    let places: BTreeSet<Place> =
        programme.goals.iter().flat_map(|goal| &goal.summaries).map(|summary| summary.place).collect();
    for place in &places {
        let mut row = vec![place_name(coverage, *place)];
        for goal in &programme.goals {
            let summary = goal.summaries.iter().find(|summary| summary.place == *place);
            row.push(summary.map_or_else(|| NOTHING.to_owned(), months_met));
        }
        rows.push(row);
    }
    page.grid(&rows);
    if places.len() == 1 {
        months_of_one(page, programme);
    } else if programme.goals.iter().flat_map(|goal| &goal.summaries).any(is_open) {
        let text = page.say(
            "(5–8) så många månader kan vara uppfyllda, hur det än är med de poster som bryter mot regler.",
            "(5–8) so many months may be met, whatever is true of the records that violate rules.",
        );
        page.paragraph(1, text);
    }
    undecided(page, programme);
    certainty::of_goals(page, programme);
}

/// `7/10`, and how many are not decided: `3/10 4?`.
fn months_met(summary: &Summary) -> String {
    let range = summary.met_range.filter(|_| is_open(summary));
    let range = range.map(|(least, most)| format!(" ({least}–{most})")).unwrap_or_default();
    match summary.not_decided {
        0 => format!("{}/{}{range}", summary.met(), summary.months()),
        all if all == summary.months() => format!("{all}?{range}"),
        some => format!("{}/{}{range} {some}?", summary.met(), summary.months()),
    }
}

/// Whether findings could change how many months are met.
fn is_open(summary: &Summary) -> bool {
    summary.met_range.is_some_and(|(least, most)| least < most)
}

/// The months of the only region.
fn months_of_one(page: &mut Page, programme: &ProgrammeTable) {
    let mut rows = vec![vec![page.say("månad", "month").to_owned()]];
    rows[0].extend(programme.goals.iter().map(|goal| goal.id.clone()));
    for month in &programme.months {
        let mut row = vec![month.to_string()];
        for goal in &programme.goals {
            let judged = goal.months.iter().find(|judged| judged.figure.figure.period == Period::Month(*month));
            let mark = match judged.and_then(|judged| judged.outcome) {
                Some(Outcome::ByTarget) => page.say("M", "T"),
                Some(Outcome::ByImprovement) => page.say("F", "I"),
                Some(Outcome::InPart(_)) => page.say("D", "P"),
                Some(Outcome::NotMet { .. }) => page.say("-", "-"),
                Some(Outcome::NotDecided(_)) => "?",
                None => HIDDEN,
            };
            let between = certainty::cell(page, judged.map(|judged| &judged.figure.figure));
            let between = if between.is_empty() { between } else { format!(" ({between})") };
            let is_open =
                judged.and_then(|judged| judged.range).is_some_and(|(worst, best)| worst.is_met() != best.is_met());
            let open = if is_open { "*" } else { "" };
            row.push(format!("{} {mark}{open}{between}", share(page, judged.map(|judged| &judged.figure))));
        }
        rows.push(row);
    }
    page.blank();
    page.grid(&rows);
    let legend = page.say(
        "M målet nått · F förbättring · D delvis genom förbättring · - ej uppfyllt · ? kan inte avgöras",
        "T target reached · I improvement · P in part by improvement · - not met · ? cannot be decided",
    );
    page.paragraph(1, legend);
    if programme.goals.iter().any(|goal| certainty::any(goal.months.iter().map(|judged| &judged.figure.figure))) {
        let legend = page.say(
            "(78–85 %) mellan dessa kan andelen ligga, hur det än är med de poster som bryter mot regler · * så att det avgör om månaden är uppfylld",
            "(78–85%) between these the share can be, whatever is true of the records that violate rules · * so that it decides whether the month is met",
        );
        page.paragraph(1, legend);
    }
}

/// How many months are not decided, and why.
fn undecided(page: &mut Page, programme: &ProgrammeTable) {
    let mut reasons: BTreeMap<Why, BTreeMap<&str, u32>> = BTreeMap::new();
    for goal in &programme.goals {
        for judged in &goal.months {
            if let Some(Outcome::NotDecided(why)) = judged.outcome {
                *reasons.entry(why).or_default().entry(&goal.id).or_default() += 1;
            }
        }
    }
    for (why, goals) in reasons {
        let goals: Vec<String> = goals.iter().map(|(id, n)| format!("{id} {n}")).collect();
        let text = format!(
            "{}, {}: {}.",
            page.say("? Kan inte avgöras (månader)", "? Cannot be decided (months)"),
            words::why(page.figures, why),
            goals.join(", ")
        );
        page.paragraph(1, &text);
    }
}

fn share(page: &Page, shown: Option<&Shown>) -> String {
    match shown {
        Some(shown) if shown.figure.suppressed => HIDDEN.to_owned(),
        Some(shown) => shown.value.map_or_else(|| NOTHING.to_owned(), |value| per_cent(page, value)),
        None => NOTHING.to_owned(),
    }
}

/// The years of a share, all contacts beside those without deviations.
fn of_guarantee(page: &mut Page, coverage: &Coverage, table: &GuaranteeShare) {
    let of = |shown: &[Shown]| -> BTreeMap<(Place, i32), Shown> {
        let years = shown.iter().filter_map(|shown| match shown.figure.period {
            Period::Year(year) => Some(((shown.figure.place, year), shown.clone())),
            Period::Month(_) | Period::Span(_) => None,
        });
        years.collect()
    };
    let (all, without) = (of(&table.all), of(&table.without_deviation));
    let years: BTreeSet<i32> = all.keys().map(|(_, year)| *year).collect();
    let cells: Cells<'_, i32> = all.iter().map(|(key, shown)| (*key, &shown.figure)).collect();
    let mut rows = vec![vec![
        page.say("region", "region").to_owned(),
        page.say("år", "year").to_owned(),
        page.say("alla", "all").to_owned(),
        page.say("(inom / av)", "(within / of)").to_owned(),
        page.say("utan avvikelse", "without deviation").to_owned(),
        page.say("(inom / av)", "(within / of)").to_owned(),
    ]];
    let is_open = certainty::any(all.values().chain(without.values()).map(|shown| &shown.figure));
    if is_open {
        for at in [4, 7] {
            rows[0].insert(at, certainty::heading(page));
        }
    }
    for place in places(&cells) {
        // A year that nobody delivered is no row.
        for year in years.iter().filter(|year| all.get(&(place, **year)).is_some_and(|shown| shown.figure.months > 0)) {
            let mut row = vec![place_name(coverage, place), year.to_string()];
            for shown in [all.get(&(place, *year)), without.get(&(place, *year))] {
                row.push(share(page, shown));
                let counts = shown.and_then(|shown| shown.figure.numerator.zip(shown.figure.denominator));
                let text =
                    |(above, below): (Amount, Amount)| format!("({} / {})", amount(page, above), amount(page, below));
                row.push(counts.map(text).unwrap_or_default());
                row.extend(is_open.then(|| certainty::cell(page, shown.map(|shown| &shown.figure))));
            }
            rows.push(row);
        }
    }
    if rows.len() > 1 {
        let title = page.text_of(&table.title).to_owned();
        page.paragraph(1, &title);
        page.grid(&rows);
        let last = years.last().and_then(|year| Some((places(&cells).into_iter().next()?, *year)));
        if let Some(((place, year), figure)) = last.and_then(|key| Some((key, cells.get(&key)?))) {
            certainty::of_figure(page, figure, &format!("{} {year}", place_name(coverage, place)));
        }
    }
}
