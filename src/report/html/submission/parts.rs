//! Care units and codes of the breakdown (specialties, pathways): whose records are rejected, and by which rules.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use maud::{Markup, html};

use super::bounds::{MOST_CODES, MOST_RULES_NAMED};
use super::element::{cut, number, share};
use super::view::{RunView, View, region_key};
use crate::engine::reporter::Part;
use crate::model::{County, RuleIndex};
use crate::report::html::wide;
use crate::report::shown::capital;

/// Where a rule is violated: the places with most, and how many there are.
#[derive(Clone, Debug)]
pub(super) struct Listed<N = String> {
    /// Those with most, the first most.
    pub(super) first: Vec<Place<N>>,
    /// All of them.
    pub(super) total: usize,
}

impl<N> Default for Listed<N> {
    fn default() -> Self {
        Self { first: Vec::new(), total: 0 }
    }
}

/// A region, unit or code with records that violate a rule.
#[derive(Clone, Debug)]
pub(super) struct Place<N = String> {
    pub(super) name: N,
    /// Its records that violate the rule.
    pub(super) violated: u64,
    /// Its records.
    pub(super) records: u64,
}

/// One entry a rule: the `most` places with most of its violations. Of places with as many, the one met first.
pub(super) fn listed<N>(
    n_rules: usize,
    most: usize,
    places: impl Iterator<Item = (RuleIndex, u64, u64, N)>,
) -> Lists<N> {
    let mut lists: Vec<Listed<N>> = std::iter::repeat_with(Listed::default).take(n_rules).collect();
    for (rule, violated, records, name) in places.filter(|(_, violated, ..)| *violated > 0) {
        let Some(list) = lists.get_mut(rule.0) else { continue };
        list.total += 1;
        let at = list.first.partition_point(|place| place.violated >= violated);
        if at < most {
            list.first.truncate(most - 1);
            list.first.insert(at, Place { name, violated, records });
        }
    }
    Lists(lists)
}

/// One entry a rule.
pub(super) struct Lists<N>(Vec<Listed<N>>);

impl<N> Lists<N> {
    /// The same with names that people read; asked only of the places that are kept.
    pub(super) fn map_names(self, name: impl Fn(N) -> String) -> Vec<Listed> {
        let place =
            |place: Place<N>| Place { name: name(place.name), violated: place.violated, records: place.records };
        let list = |list: Listed<N>| Listed { first: list.first.into_iter().map(place).collect(), total: list.total };
        self.0.into_iter().map(list).collect()
    }
}

/// What the section is called: after what the collections are broken down by, where it is one thing.
pub(super) fn title(view: &View<'_>) -> &'static str {
    let is_mvo = |run: &RunView<'_>| {
        let breakdown = run.run.plan.collection.breakdown.as_ref();
        breakdown.is_none_or(|breakdown| breakdown.name.sv == "MVO")
    };
    if view.runs.iter().all(is_mvo) {
        view.say("Vårdenheter och MVO", "Care units and MVO")
    } else {
        view.say("Vårdenheter och områden", "Care units and areas")
    }
}

/// Nothing where nothing was counted by unit or code.
pub(super) fn body(view: &View<'_>) -> Option<Markup> {
    let counted = |run: &&RunView<'_>| {
        !run.total.codes.is_empty() || run.run.reporters.values().any(|reporter| !reporter.units.parts.is_empty())
    };
    let runs: Vec<&RunView<'_>> = view.runs.iter().filter(counted).collect();
    (!runs.is_empty()).then(|| {
        html! {
            p {
                (view.say(
                    "De med flest poster med fel står först. Andelen är poster med minst ett fel av alla poster.",
                    "Those with most records with errors stand first. The share is records with at least one error out of all records.",
                ))
            }
            @for run in runs {
                (view.part(run, &html! { (codes(view, run)) (units(view, run)) }))
            }
        }
    })
}

/// Whose records those of a unit are.
#[derive(Clone, Copy, Debug)]
struct Whose(Option<County>);

/// A row of a table of parts.
struct Row<'p> {
    region: Option<Whose>,
    name: &'p str,
    part: &'p Part,
}

fn sorted(rows: &mut [Row<'_>]) {
    rows.sort_by_key(|row| {
        (Reverse(row.part.rejected), Reverse(row.part.rules.values().sum::<u64>()), Reverse(row.part.records))
    });
}

fn codes(view: &View<'_>, run: &RunView<'_>) -> Markup {
    let Some(breakdown) = &run.run.plan.collection.breakdown else { return html! {} };
    let mut rows: Vec<Row<'_>> = run.total.codes.iter().map(|(name, part)| Row { region: None, name, part }).collect();
    if rows.is_empty() {
        return html! {};
    }
    sorted(&mut rows);
    let of = rows.len();
    rows.truncate(MOST_CODES);
    let heading = capital(view.writing.text(&breakdown.name));
    let names: BTreeMap<&str, String> =
        rows.iter().map(|row| (row.name, view.telling(run.run).code_name(row.name).into_owned())).collect();
    let name = |row: &Row<'_>| names.get(row.name).cloned().unwrap_or_default();
    table(view, run, &heading, (&rows, of, &run.total.other_codes), &name)
}

fn units(view: &View<'_>, run: &RunView<'_>) -> Markup {
    let reporters = &run.run.reporters;
    let several = reporters.len() > 1;
    // Each region has its part of the room, so that none is out of sight behind a large one.
    let room = (view.bounds.units / reporters.len().max(1)).max(1);
    let (mut rows, mut of) = (Vec::new(), 0);
    for (county, reporter) in reporters {
        let parts = reporter.units.parts.iter();
        let mut own: Vec<Row<'_>> =
            parts.map(|(name, part)| Row { region: several.then_some(Whose(*county)), name, part }).collect();
        sorted(&mut own);
        of += own.len();
        rows.extend(own.into_iter().take(room));
    }
    if rows.is_empty() {
        return html! {};
    }
    sorted(&mut rows);
    let mut other = Part::default();
    for reporter in reporters.values() {
        other.records += reporter.units.other.records;
        other.rejected += reporter.units.other.rejected;
    }
    let heading = view.say("Vårdenhet", "Care unit");
    table(view, run, heading, (&rows, of, &other), &|row| view.unit_name(row.name).into_owned())
}

fn table(
    view: &View<'_>,
    run: &RunView<'_>,
    heading: &str,
    (rows, of, other): (&[Row<'_>], usize, &Part),
    name: &dyn Fn(&Row<'_>) -> String,
) -> Markup {
    let figures = view.writing.figures;
    let with_region = rows.iter().any(|row| row.region.is_some());
    let caption = format!("{heading} ({})", figures.count(of as u64));
    let table = html! {
        table.parts data-filter {
            caption { (caption) }
            thead {
                tr {
                    th scope="col" { (heading) }
                    @if with_region { th scope="col" { (view.say("Region", "Region")) } }
                    th.num scope="col" { (capital(view.unit(run.run))) }
                    th.num scope="col" { (view.say("Med fel", "With errors")) }
                    th.num scope="col" { (view.say("Andel", "Share")) }
                    th scope="col" data-fixed { (view.say("Regler med flest poster", "Rules with most records")) }
                }
            }
            tbody {
                @for row in rows {
                    tr data-regions=[row.region.map(|whose| region_key(whose.0))] {
                        th scope="row" { (name(row)) }
                        @if let Some(whose) = row.region { td { (view.region(whose.0)) } }
                        (number(row.part.records, figures))
                        (number(row.part.rejected, figures))
                        (share(row.part.rejected, row.part.records, figures))
                        td { (rules(view, run, row.part)) }
                    }
                }
            }
            @if other.records > 0 {
                tfoot {
                    tr {
                        th scope="row" { (view.say("Övriga, inte räknade var för sig", "Others, not told apart")) }
                        @if with_region { td {} }
                        (number(other.records, figures))
                        (number(other.rejected, figures))
                        (share(other.rejected, other.records, figures))
                        td {}
                    }
                }
            }
        }
    };
    let what = ["rader", "rows"];
    let all = ["varje fynd finns i --findings FIL.csv", "every finding is in --findings FILE.csv"];
    html! { (wide(&caption, &table)) (cut(rows.len(), of, what, all, view.writing)) }
}

/// The rules that most records of a part violate: the first in sight, the next ones on demand.
fn rules(view: &View<'_>, run: &RunView<'_>, part: &Part) -> Markup {
    let mut rules: Vec<(RuleIndex, u64)> = part.rules.iter().map(|(rule, n)| (*rule, *n)).collect();
    rules.sort_by_key(|(rule, n)| (Reverse(run.rule(*rule).map(|(rule, _)| rule.severity)), Reverse(*n), *rule));
    let Some(first) = rules.first().copied() else { return html! {} };
    let shown = &rules[..rules.len().min(MOST_RULES_NAMED)];
    let figures = view.writing.figures;
    let one = |(rule, n): (RuleIndex, u64)| {
        let of = figures.share(n, part.records).map(|share| format!(" ({share})")).unwrap_or_default();
        html! { (run.link(rule)) " " (figures.count(n)) (of) }
    };
    html! {
        (one(first))
        @if rules.len() > 1 {
            details {
                summary { (view.words.counted((rules.len() - 1) as u64, ["till", "till"], ["more", "more"])) }
                ul {
                    @for rule in &shown[1..] { li { (one(*rule)) } }
                    @if rules.len() > shown.len() {
                        li {
                            (view.say("och", "and")) " "
                            (view.words.counted(
                                (rules.len() - shown.len()) as u64,
                                ["regel till", "regler till"],
                                ["more rule", "more rules"],
                            ))
                        }
                    }
                }
            }
        }
    }
}
