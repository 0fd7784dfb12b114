//! Every rule's own tests, run through the engine.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use vantkoll::model::Verdict;
use vantkoll::rule::Plan;
use vantkoll::schema::Schemas;
use vantkoll::{assets, engine, rule, schema};

/// The plans of collections, and those of reference tables.
fn plan_sets() -> [(Schemas, BTreeMap<String, Arc<Plan>>); 2] {
    [
        (assets::schemas(None).unwrap(), assets::rules(None).unwrap()),
        (assets::reference_schemas(None).unwrap(), assets::reference_rules(None).unwrap()),
    ]
    .map(|(schemas, rules)| {
        let schemas = schema::load(&schemas).unwrap();
        let plans = rule::compile(&schemas, &rule::load(&rules).unwrap()).unwrap();
        (schemas, plans)
    })
}

#[test]
fn every_rule_passes_its_own_tests() {
    for (schemas, plans) in plan_sets() {
        assert!(plans.len() > 2, "{:?}", plans.keys());
        check_rules(&schemas, &plans);
    }
}

#[test]
fn reference_tables_are_no_collections_and_share_no_rule_with_them() {
    let [(collections, collection_plans), (tables, table_plans)] = plan_sets();
    assert_eq!(
        tables.collections.keys().collect::<Vec<_>>(),
        ["folkmangd", "leveranser", "patientregister", "svf_insjuknande"]
    );
    assert!(tables.collections.keys().all(|id| !collections.collections.contains_key(id)));
    let ids = |plans: &BTreeMap<String, Arc<Plan>>| -> BTreeSet<_> {
        plans.values().flat_map(|plan| plan.rules.iter().map(|rule| rule.id.clone())).collect()
    };
    let shared: Vec<_> = ids(&collection_plans).intersection(&ids(&table_plans)).cloned().collect();
    assert!(shared.is_empty(), "{shared:?}");
}

fn check_rules(schemas: &Schemas, plans: &BTreeMap<String, Arc<Plan>>) {
    let mut failures = Vec::new();
    let mut tested = BTreeSet::new();
    let mut rules = BTreeSet::new();
    for plan in plans.values() {
        let (n_tests, failed) = engine::self_test(plan, schemas);
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
