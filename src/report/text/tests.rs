//! The text report as a person reads it, in both languages, and what it must never say.

use std::sync::Arc;

use super::page::width_of;
use super::*;
use crate::model::Language;
use crate::report::sample;
use crate::rule::{Check, SubmissionKind};

const ENGLISH: ReportOptions = ReportOptions {
    language: Language::English,
    width: 100,
    color: false,
    fail_on: Severity::Error,
    strict: false,
    top: 5,
};

fn swedish() -> ReportOptions {
    ReportOptions::default()
}

/// Non-breaking spaces shown as `~`, so that they are seen in the snapshot.
fn snapshot(name: &str, text: &str) {
    let text = text.replace('\u{a0}', "~").replace(env!("CARGO_PKG_VERSION"), "[version]");
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, { insta::assert_snapshot!(name, text) });
}

#[test]
fn swedish_summary() {
    snapshot("summary_sv", &render(&sample::outcome(), &swedish()));
}

#[test]
fn english_summary() {
    snapshot("summary_en", &render(&sample::outcome(), &ENGLISH));
}

#[test]
fn several_collections_and_files() {
    snapshot("several_sv", &render(&sample::several(), &ReportOptions { top: 2, width: 80, ..swedish() }));
}

#[test]
fn passed_with_something_not_checked() {
    snapshot("clean_sv", &render(&sample::clean(), &swedish()));
}

#[test]
fn an_empty_submission() {
    snapshot("no_records_sv", &render(&sample::no_records(), &swedish()));
}

#[test]
fn passed_stands_alone_only_when_everything_was_checked() {
    let verdict = |outcome: &Outcome, options: &ReportOptions| {
        render(outcome, options).lines().last().unwrap().replace('\u{a0}', " ")
    };
    assert_eq!(verdict(&sample::spotless(), &swedish()), "GODKÄND");
    assert_eq!(verdict(&sample::spotless(), &ENGLISH), "PASSED");
    assert_eq!(verdict(&sample::clean(), &swedish()), "GODKÄND, men 3 regler kunde inte kontrolleras");
    assert_eq!(verdict(&sample::clean(), &ENGLISH), "PASSED, but 3 rules could not be checked");
    let strict = ReportOptions { strict: true, ..swedish() };
    assert_eq!(verdict(&sample::clean(), &strict), "INTE GODKÄND: 3 regler kunde inte kontrolleras (--strict)");
    assert_eq!(verdict(&sample::spotless(), &strict), "GODKÄND");
    assert_eq!(verdict(&sample::outcome(), &swedish()), "INTE GODKÄND: 27 fel");
    assert_eq!(verdict(&sample::no_records(), &swedish()), "GODKÄND, men det fanns inga poster att kontrollera");
    let mut undecided = sample::spotless();
    undecided.runs[0].rules[0].counts.not_checked = 1;
    assert_eq!(verdict(&undecided, &swedish()), "GODKÄND, men 1 regel kunde inte avgöras för alla poster");
}

#[test]
fn colours_add_nothing_but_colours() {
    let plain = render(&sample::outcome(), &swedish());
    let colored = render(&sample::outcome(), &ReportOptions { color: true, ..swedish() });
    assert!(!plain.contains('\u{1b}'), "values must not bring escapes of their own");
    let mut without = String::new();
    let mut rest = colored.as_str();
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        without.push_str(before);
        rest = after.split_once('m').unwrap().1;
    }
    without.push_str(rest);
    assert_eq!(without, plain);
}

#[test]
fn lines_fit_the_width() {
    for width in [90, 100, 140, 1_000] {
        for line in render(&sample::several(), &ReportOptions { width, ..swedish() }).lines() {
            assert!(width_of(line) <= width, "{width}: {line}");
            assert!(!line.ends_with(' '), "{line:?}");
        }
    }
}

#[test]
fn no_top_rules_still_lists_all_of_them() {
    let text = render(&sample::outcome(), &ReportOptions { top: 0, ..swedish() });
    assert!(text.contains("Övriga regler som inte uppfylls (7)"), "{text}");
}

#[test]
fn a_place_that_cannot_be_read_is_not_called_blank() {
    let mut outcome = sample::outcome();
    let run = &mut outcome.runs[0];
    let mut plan = (*run.plan).clone();
    let index = plan.rules.iter().position(|rule| rule.id.0 == "LEV-0001").unwrap();
    plan.rules[index].check = Check::Submission(SubmissionKind::Readable);
    run.plan = Arc::new(plan);
    let example = &mut run.rules[index].examples[0];
    example.faulty[0].value = String::new();
    example.position.byte = Some(1_234_567);
    let text = render(&outcome, &swedish());
    let expected = "post 3, rad 4, byteposition 1234567, VK000003: E4 vardkontakts_id; finns 2 gånger";
    assert!(text.split_whitespace().collect::<Vec<_>>().join(" ").contains(expected), "{text}");
}
