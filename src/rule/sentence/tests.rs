//! Sentences of every built-in rule.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::*;

use crate::rule::{compile, load};
use crate::{assets, schema};

mod forms;

/// Every built-in plan.
fn plans() -> BTreeMap<String, Arc<Plan>> {
    let collections = (assets::schemas(None), assets::rules(None));
    let tables = (assets::reference_schemas(None), assets::reference_rules(None));
    let mut plans = BTreeMap::new();
    for (schemas, rules) in [collections, tables] {
        let schemas = schema::load(&schemas.expect("embedded")).expect("sound");
        plans.extend(compile(&schemas, &load(&rules.expect("embedded")).expect("sound")).expect("sound"));
    }
    plans
}

#[test]
fn every_built_in_rule_is_told() {
    let mut settings = insta::Settings::new();
    settings.set_snapshot_path(Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/_sentences"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let plans = plans();
    assert!(plans.len() >= 7, "{:?}", plans.keys());
    for (id, plan) in plans {
        let mut page = String::new();
        for rule in &plan.rules {
            let text = sentence(&plan, rule);
            page.extend([rule.id.0.as_str(), "\n  ", &text.sv, "\n  ", &text.en, "\n"]);
        }
        settings.bind(|| insta::assert_snapshot!(id, page));
    }
}

/// Words of the expression language that no sentence may hold.
fn is_code(word: &str) -> bool {
    let sql = ["AND", "OR", "NOT", "IN", "IS", "NULL", "BETWEEN", "LIKE", "CAST", "AS", "DATE", "EXTRACT", "FROM"];
    // Ids and names of functions are told from words by their underscores.
    sql.contains(&word) || word.contains('_') || ["<>", "<=", ">=", "<", ">", "="].contains(&word)
}

#[test]
fn no_sentence_holds_sql_or_ids() {
    let mut wrong = Vec::new();
    let mut n_rules = 0;
    for plan in plans().values() {
        for rule in &plan.rules {
            let text = sentence(plan, rule);
            for words in [&text.sv, &text.en] {
                n_rules += 1;
                let is_whole =
                    words.ends_with('.') && !words.contains("  ") && !words.contains(" .") && !words.contains("..");
                let opened = words.matches('(').count();
                if words.split([' ', ',', '(', ')']).any(is_code) || !is_whole || opened != words.matches(')').count() {
                    wrong.push(format!("{}: {words}", rule.id));
                }
            }
        }
    }
    assert!(n_rules > 800, "{n_rules}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn rules_of_different_logic_are_told_differently() {
    for plan in plans().values() {
        let mut told: BTreeMap<String, &Rule> = BTreeMap::new();
        for rule in &plan.rules {
            let text = sentence(plan, rule);
            for words in [text.sv, text.en] {
                if let Some(other) = told.insert(words.clone(), rule) {
                    panic!("{} and {} of {}: {words}", other.id, rule.id, plan.collection.id);
                }
            }
        }
    }
}
