//! Every rule's own tests, run through the engine.

use std::collections::BTreeSet;

use vantkoll::model::Verdict;
use vantkoll::{assets, engine, rule, schema};

#[test]
fn every_rule_passes_its_own_tests() {
    let schemas = schema::load(&assets::schemas(None).unwrap()).unwrap();
    let rules = rule::load(&assets::rules(None).unwrap()).unwrap();
    let plans = rule::compile(&schemas, &rules).unwrap();
    let mut failures = Vec::new();
    let mut tested = BTreeSet::new();
    let mut rules = BTreeSet::new();
    for plan in plans.values() {
        let (n_tests, failed) = engine::self_test(plan, &schemas);
        assert!(n_tests > plan.rules.len(), "{}: {n_tests} tests of {} rules", plan.collection.id, plan.rules.len());
        failures.extend(failed.iter().map(ToString::to_string));
        for rule in &plan.rules {
            for verdict in [Verdict::Satisfied, Verdict::Violated] {
                rules.insert((rule.id.clone(), verdict));
                if rule.tests.iter().any(|test| test.expected == verdict) {
                    tested.insert((rule.id.clone(), verdict));
                }
            }
        }
    }
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
    // A rule of all collections may be tested in one of them.
    let untested: Vec<_> = rules.difference(&tested).collect();
    assert!(untested.is_empty(), "without a test: {untested:?}");
}
