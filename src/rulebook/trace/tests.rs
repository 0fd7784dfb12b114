//! Gaps that no rule file can have, made by taking things out of compiled plans.

use std::sync::Arc;

use super::*;
use crate::assets::Assets;
use crate::model::{Language, SourceReference};

fn book() -> Rulebook {
    Rulebook::load(&Assets::layered(None, None).expect("embedded")).expect("sound")
}

/// The plan of a collection, to be damaged.
fn plan<'a>(book: &'a mut Rulebook, id: &str) -> &'a mut Plan {
    Arc::make_mut(book.collections.plans.get_mut(id).expect("built in"))
}

fn gaps(book: &Rulebook) -> Vec<String> {
    let trace = trace(book, None);
    trace.gaps.iter().map(|gap| format!("{} {}: {}", gap.collection, gap.subject, gap.text.en)).collect()
}

#[test]
fn the_built_in_rules_have_no_gaps() {
    let trace = trace(&book(), None);
    assert_eq!(trace.gaps, []);
    assert_eq!(trace.rows.len(), 25 + 25 + 40 + 40 + 8 + 39 + 10 + 5 + 8 + 7 + 6);
    assert!(text(&trace, Language::Swedish).ends_with("\n\nInga luckor\n"));
    let phase = trace.rows.iter().find(|row| row.collection.0 == "specvard_genomforda" && row.variable.0 == "fas");
    let phase = phase.expect("built in");
    assert!(phase.rules.contains(&"SVG-K-fas".to_owned()) && phase.triggers.contains(&"SVG-0101".to_owned()));
    assert!(phase.tests.satisfied > 5 && phase.tests.violated > 2);
}

#[test]
fn a_required_variable_that_no_rule_speaks_of_is_a_gap() {
    let mut book = book();
    let damaged = plan(&mut book, "specvard_genomforda");
    let index = damaged.collection.variable("huvudman").expect("built in");
    damaged.rules.retain(|rule| !rule.faulty.contains(&index));
    assert_eq!(gaps(&book), ["specvard_genomforda huvudman: mandatory, but no rule speaks of it"]);
    // Nobody has to report it, so nothing has to be said of it.
    plan(&mut book, "specvard_genomforda").requirements[index.0].level = Level::Voluntary;
    assert_eq!(gaps(&book), Vec::<String>::new());
}

#[test]
fn a_rule_without_source_or_tests_is_a_gap() {
    let mut book = book();
    for rule in &mut plan(&mut book, "specvard_genomforda").rules {
        match rule.id.0.as_str() {
            "SVG-0101" => rule.source = SourceReference { document: "d".to_owned(), place: " ".to_owned() },
            "SVG-0102" => rule.tests.retain(|test| test.expected != Verdict::Violated),
            // Tested in the other collection, too: no gap.
            "SV-0101" => rule.tests.clear(),
            _ => {}
        }
    }
    assert_eq!(
        gaps(&book),
        [
            "specvard_genomforda SVG-0101: the rule has no source",
            "specvard_genomforda SVG-0102: the rule has no test of what violates it",
        ]
    );
}
