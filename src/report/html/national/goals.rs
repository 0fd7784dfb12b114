//! Goals of agreements: how many months each region met, and every month of every goal.

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};

use super::Country;
use super::cells::{HIDDEN, NOTHING};
use crate::coverage::figure::{Period, Place};
use crate::coverage::goal::{GoalTable, Judged, Outcome, ProgrammeTable, Shown, Summary, Why};
use crate::model::Text;
use crate::report::coverage::words;
use crate::report::html::Section;
use crate::report::html::wide;
use crate::time::Month;

/// What may become of a goal in a month: mark, class and words.
type Mark = (&'static str, &'static str, &'static str);

pub(super) fn section(country: Country<'_>) -> Option<Section> {
    let programmes = &country.coverage.goals.programmes;
    if programmes.is_empty() {
        return None;
    }
    let body = html! { @for programme in programmes { (of_programme(country, programme)) } };
    Some(country.section("goals", ("Måluppfyllelse", "Goals"), body))
}

/// Assumptions, each once.
pub(super) fn assumptions<'a>(country: Country<'_>, texts: impl Iterator<Item = Option<&'a Text>>) -> Markup {
    let mut said: Vec<&Text> = Vec::new();
    for text in texts.flatten() {
        if !said.contains(&text) {
            said.push(text);
        }
    }
    html! { @for text in said { p.note { (country.writing.text(text)) } } }
}

fn of_programme(country: Country<'_>, programme: &ProgrammeTable) -> Markup {
    let writing = country.writing;
    let places = country.in_order(programme.goals.iter().flat_map(|goal| &goal.summaries).map(|summary| summary.place));
    let of_goals = programme.goals.iter().map(|goal| goal.assumption.as_ref());
    html! {
        h3 { (writing.text(&programme.title)) }
        p { (writing.text(&programme.description)) }
        dl.facts {
            @for goal in &programme.goals {
                dt { (goal.id) }
                dd { (words::asked(writing.figures, goal)) }
            }
        }
        (met(country, programme, &places))
        (undecided(country, programme))
        @if let Some(text) = words::how_sure_goals(writing.figures, &programme.goals) { p.note { (text) } }
        h4 { (country.say("Månad för månad", "Month by month")) }
        (legend(country))
        @for goal in &programme.goals { (months(country, programme, goal)) }
        details {
            summary { (country.say("Antaganden och källa", "Assumptions and source")) }
            (assumptions(country, std::iter::once(programme.assumption.as_ref()).chain(of_goals)))
            p.source { (programme.source.document) ", " (programme.source.place) }
        }
    }
}

/// How many months each region met of each goal.
fn met(country: Country<'_>, programme: &ProgrammeTable, places: &[Place]) -> Markup {
    let label = country.say("Uppfyllda månader", "Months met");
    let is_open = programme.goals.iter().flat_map(|goal| &goal.summaries).any(is_open);
    wide(
        label,
        &html! {
            table.data-filter {
                caption {
                    (country.say(
                        "Uppfyllda månader av alla, helt eller delvis, genom målet eller genom förbättring; ? efter antalet som inte kan avgöras",
                        "Months met of all, wholly or in part, by the target or by improvement; ? after the number that cannot be decided",
                    ))
                    @if is_open {
                        (country.say(
                            "; inom parentes hur många som kan vara uppfyllda, hur det än är med de poster som bryter mot regler",
                            "; in brackets how many may be met, whatever is true of the records that violate rules",
                        ))
                    }
                }
                thead { tr {
                    th scope="col" { (country.say("region", "region")) }
                    @for goal in &programme.goals {
                        th.num scope="col" { abbr title=(country.writing.text(&goal.title)) { (goal.id) } }
                    }
                } }
                tbody {
                    @for place in places {
                        tr class=[Country::class_of(*place)] {
                            (country.row_of(*place))
                            @for goal in &programme.goals {
                                @match goal.summaries.iter().find(|summary| summary.place == *place) {
                                    Some(summary) => { td.num data-sort=(summary.met()) { (months_met(summary)) } }
                                    None => { td.num { (country.nothing()) } }
                                }
                            }
                        }
                    }
                }
            }
        },
    )
}

/// Whether findings could change how many months are met.
fn is_open(summary: &Summary) -> bool {
    summary.met_range.is_some_and(|(least, most)| least < most)
}

/// `7 / 10`, and how many are not decided: `3 / 10, 4 ?`.
fn months_met(summary: &Summary) -> String {
    let range = summary.met_range.filter(|_| is_open(summary));
    let range = range.map(|(least, most)| format!(" ({least}–{most})")).unwrap_or_default();
    match summary.not_decided {
        0 => format!("{} / {}{range}", summary.met(), summary.months()),
        all if all == summary.months() => format!("{all} ?{range}"),
        some => format!("{} / {}{range}, {some} ?", summary.met(), summary.months()),
    }
}

fn mark(country: Country<'_>, outcome: Option<Outcome>) -> Mark {
    let say = |sv, en| country.say(sv, en);
    match outcome {
        Some(Outcome::ByTarget) => ("✓", "met", say("målet nått", "target reached")),
        Some(Outcome::ByImprovement) => ("↑", "improved", say("uppfyllt genom förbättring", "met by improvement")),
        Some(Outcome::InPart(_)) => ("◐", "part", say("delvis genom förbättring", "in part by improvement")),
        Some(Outcome::NotMet { by_condition: false }) => ("✗", "missed", say("ej uppfyllt", "not met")),
        Some(Outcome::NotMet { by_condition: true }) => (
            "✗",
            "missed",
            say("ej uppfyllt, för villkoret om väntande", "not met, for the condition on those waiting"),
        ),
        Some(Outcome::NotDecided(_)) => (NOTHING, "open", say("kan inte avgöras", "cannot be decided")),
        None => (HIDDEN, "open", country.withheld_words()),
    }
}

/// What marks and shades mean.
fn legend(country: Country<'_>) -> Markup {
    let all = [
        Outcome::ByTarget,
        Outcome::ByImprovement,
        Outcome::InPart(None),
        Outcome::NotMet { by_condition: false },
        Outcome::NotDecided(Why::NoContacts),
    ];
    html! {
        ul.legend {
            @for outcome in all {
                @let (mark, class, words) = mark(country, Some(outcome));
                li { span.key.(class) aria-hidden="true" { (mark) } " " (words) }
            }
            @if country.is_for_others() {
                li { span.key.open aria-hidden="true" { (HIDDEN) } " " (country.withheld_words()) }
            }
        }
    }
}

/// Every region's months of one goal.
fn months(country: Country<'_>, programme: &ProgrammeTable, goal: &GoalTable) -> Markup {
    let cells: BTreeMap<(Place, Month), &Judged> = goal
        .months
        .iter()
        .filter_map(|judged| match judged.figure.figure.period {
            Period::Month(month) => Some(((judged.figure.figure.place, month), judged)),
            Period::Year(_) | Period::Span(_) => None,
        })
        .collect();
    let places = country.in_order(cells.keys().map(|(place, _)| *place));
    let years: BTreeSet<i32> = programme.months.iter().map(|month| month.year()).collect();
    let title = country.writing.text(&goal.title);
    let label = format!("{}: {title}", goal.id);
    html! {
        details open[places.len() <= 3] {
            summary { (label) }
            (wide(&label, &html! {
                table.heat.goal {
                    caption {
                        (words::asked(country.writing.figures, goal))
                        @if goal.months.iter().any(is_decisive) {
                            (country.say(
                                ". * Fynden kan avgöra om månaden är uppfylld.",
                                ". * Findings can decide whether the month is met.",
                            ))
                        }
                    }
                    thead { tr {
                        th scope="col" { (country.say("region", "region")) }
                        @for month in &programme.months {
                            th scope="col" {
                                @if years.len() > 1 { (country.short_month(*month)) } @else { (country.bare_month(*month)) }
                            }
                        }
                    } }
                    tbody {
                        @for place in &places {
                            tr class=[Country::class_of(*place)] {
                                (country.row_of(*place))
                                @for month in &programme.months { (cell(country, cells.get(&(*place, *month)).copied())) }
                            }
                        }
                    }
                }
            }))
        }
    }
}

/// Whether findings could change what became of a month.
fn is_decisive(judged: &Judged) -> bool {
    judged.range.is_some_and(|(worst, best)| worst.is_met() != best.is_met())
}

fn cell(country: Country<'_>, judged: Option<&Judged>) -> Markup {
    let Some(judged) = judged else { return html! { td { (country.nothing()) } } };
    let share = share(country, &judged.figure);
    let sort = judged.figure.value.filter(|_| !judged.figure.figure.suppressed);
    // The country is shown, not judged.
    if judged.figure.figure.place == Place::Country {
        return html! { td title=[counted(country, judged)] data-sort=[sort] { (share) } };
    }
    let (mark, class, words) = mark(country, judged.outcome);
    let why = match judged.outcome {
        Some(Outcome::NotDecided(why)) => Some(words::why(country.writing.figures, why)),
        _ => None,
    };
    let title = [Some(words.to_owned()), why.map(str::to_owned), counted(country, judged)];
    let title: Vec<String> = title.into_iter().flatten().collect();
    html! {
        td class=(class) title=(title.join("; ")) data-sort=[sort] {
            span aria-hidden="true" { (mark) @if is_decisive(judged) { "*" } }
            @if judged.figure.value.is_some() { " " (share) }
            span.hidden { " " (words) }
        }
    }
}

fn share(country: Country<'_>, shown: &Shown) -> Markup {
    match shown {
        Shown { figure, .. } if figure.suppressed => country.withheld(),
        Shown { value: Some(value), figure, .. } => html! { (country.rounded(figure, *value)) },
        Shown { .. } => country.nothing(),
    }
}

/// `84 % (42 av 50); 80 % året före`: what a share is made of; nothing where it may not be said.
fn counted(country: Country<'_>, judged: &Judged) -> Option<String> {
    let shown = &judged.figure;
    let value = shown.value.filter(|_| !shown.figure.suppressed)?;
    let mut text = format!("{}{}", country.rounded(&shown.figure, value), country.of_counts(&shown.figure));
    if let Some(before) = shown.value_before {
        let before = country.value_text(before, shown.figure.per);
        text.push_str(&country.say(format!("; {before} året före"), format!("; {before} the year before")));
    }
    Some(text)
}

/// How many months are not decided, and why.
fn undecided(country: Country<'_>, programme: &ProgrammeTable) -> Markup {
    let mut reasons: BTreeMap<Why, BTreeMap<&str, u64>> = BTreeMap::new();
    for goal in &programme.goals {
        for judged in &goal.months {
            if let Some(Outcome::NotDecided(why)) = judged.outcome {
                *reasons.entry(why).or_default().entry(&goal.id).or_default() += 1;
            }
        }
    }
    html! {
        @if !reasons.is_empty() {
            @let caption = country.say("Månader som inte kan avgöras, och varför", "Months that cannot be decided, and why");
            @let label = format!("{}: {caption}", country.writing.text(&programme.title));
            (wide(&label, &html! {
                table {
                    caption { (caption) }
                    thead { tr {
                        th scope="col" { (country.say("skäl", "reason")) }
                        @for goal in &programme.goals { th.num scope="col" { (goal.id) } }
                    } }
                    tbody {
                        @for (why, of_goals) in &reasons {
                            tr {
                                th scope="row" { (words::why(country.writing.figures, *why)) }
                                @for goal in &programme.goals {
                                    (country.number(of_goals.get(goal.id.as_str()).copied().unwrap_or(0)))
                                }
                            }
                        }
                    }
                }
            }))
        }
    }
}
