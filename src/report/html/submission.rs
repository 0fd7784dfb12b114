//! Sections of what was submitted: the gate and what to mend first, what was read, rules, variables, units and specialties,
//! and what could not be checked.
//!
//! Says what the text report says, in its words ([`text`](crate::report::text)); what the page adds is room: every rule with
//! its examples, every region, and the units and codes that have most findings. What is cut is cut by [`Bounds`] alone,
//! and the page says so where it happens.
//!
//! | section | module |
//! | --- | --- |
//! | accepted or not, counts, what to correct first | [`gate`], [`causes`] |
//! | what was read and stated | [`read`] |
//! | regions beside each other | [`regions`] |
//! | rules with examples, values, places | [`rules`], [`example`] |
//! | variables | [`variables`] |
//! | care units and codes of the breakdown | [`parts`] |
//! | what was not checked, what never applied, waivers | [`unchecked`], [`waivers`] |
//! | how to read the page, where the rest is | [`about`] |

mod about;
mod bounds;
mod causes;
mod element;
mod example;
mod gate;
mod parts;
mod read;
mod regions;
mod rules;
mod unchecked;
mod variables;
mod view;
mod waivers;

use super::page::{Filters, Frame};
use super::{Section, Writing};
use crate::engine::Outcome;
use crate::report::ReportOptions;
use crate::report::shown::escaped;
use crate::time::format_day;
use bounds::Bounds;
use view::View;

/// The frame of a page on `outcome`, and its sections in the order of the page.
pub(super) fn written(outcome: &Outcome, options: &ReportOptions, writing: Writing) -> (Frame, Vec<Section>) {
    let view = View::new(outcome, options, writing);
    (frame(&view), sections(&view))
}

fn sections(view: &View<'_>) -> Vec<Section> {
    let say = |sv, en| view.say(sv, en);
    let parts = [
        ("resultat", say("Resultat", "Result"), Some(gate::body(view))),
        ("last", say("Läst och angivet", "Read and stated"), Some(read::body(view))),
        ("regioner", say("Regioner", "Regions"), regions::body(view)),
        ("regler", say("Regler som inte uppfylls", "Rules violated"), Some(rules::body(view))),
        ("variabler", say("Variabler", "Variables"), variables::body(view)),
        ("enheter", parts::title(view), parts::body(view)),
        ("ej-kontrollerat", say("Inte kontrollerat", "Not checked"), Some(unchecked::body(view))),
        ("undantag", say("Undantag", "Waivers"), waivers::body(view)),
        ("om", say("Om rapporten", "About the report"), Some(about::body(view))),
    ];
    let with_body = parts.into_iter().filter_map(|(id, title, body)| Some((id, title, body?)));
    with_body.map(|(id, title, body)| Section { id: id.to_owned(), title: title.to_owned(), body }).collect()
}

fn frame(view: &View<'_>) -> Frame {
    let regions = view.regions();
    let stated = &view.outcome.stated;
    let runs = &view.runs;
    let collections = match runs.as_slice() {
        [] => String::new(),
        [one] => view.title(one.run).to_owned(),
        _ => view.words.counted(runs.len() as u64, ["insamling", "insamlingar"], ["collection", "collections"]),
    };
    let region = match (&stated.region, regions.as_slice()) {
        (Some(region), _) => escaped(&region.name).into_owned(),
        (None, [(_, only)]) => only.clone(),
        (None, []) => String::new(),
        (None, regions) => view.words.counted(regions.len() as u64, ["region", "regioner"], ["region", "regions"]),
    };
    let day = format!("{} {}", view.say("leveransdatum", "delivery date"), format_day(stated.delivery_date));
    let words: Vec<String> = [collections, region, day].into_iter().filter(|words| !words.is_empty()).collect();
    Frame {
        title: view.say("Kontroll av leverans", "Check of a submission").to_owned(),
        about: words.join(", "),
        filters: Filters {
            severities: runs.iter().any(|run| !run.violated.is_empty()),
            collections: runs.iter().map(|run| (run.id().to_owned(), view.title(run.run).to_owned())).collect(),
            regions: regions.into_iter().map(|(region, name)| (view::region_key(region), name)).collect(),
        },
    }
}
