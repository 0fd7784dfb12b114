//! What is printed parses again to the same node.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::assets::Assets;
use crate::diag::{Diagnostics, Source};
use crate::rule::{
    self,
    sql::{self, Scope},
};
use crate::schema;
use crate::yaml::{self, Spanned};

fn plans() -> Vec<Arc<Plan>> {
    let assets = Assets::layered(None, None).expect("embedded");
    let load = |assets: &Assets| {
        let schemas = schema::load(&assets.schemas).expect("sound schemas");
        rule::compile(&schemas, &rule::load(&assets.rules).expect("sound rules")).expect("sound rules")
    };
    let (collections, tables) = (load(&assets.of_collections()), load(&assets.of_tables()));
    collections.into_values().chain(tables.into_values()).collect()
}

fn specialised_care() -> Arc<Plan> {
    plans().into_iter().find(|plan| plan.collection.id == "specvard_genomforda").expect("a shipped collection")
}

/// Lowers `text` into a copy of the plan's program.
fn lowered(plan: &Plan, text: &str) -> (Program, BoolNode) {
    // A text in JSON is one in YAML, line breaks included.
    let source = Source::new("t.yaml", serde_json::to_string(text).expect("a text"));
    let spanned: Spanned<String> = yaml::parse(&source).expect("a quoted text");
    let scope = Scope { collection: &plan.collection, codelists: &plan.codelists };
    let (mut program, mut diagnostics) = (plan.program.clone(), Diagnostics::default());
    let node = sql::lower_bool(&spanned, &source, scope, &mut program, &mut diagnostics);
    let mistakes = diagnostics.into_sorted();
    (program, node.unwrap_or_else(|| panic!("`{text}`: {mistakes:?}")))
}

#[test]
fn every_node_of_the_shipped_rules_parses_again_to_itself() {
    let mut n_nodes = 0;
    for plan in plans() {
        let printer = Printer::of(&plan);
        for index in 0..plan.program.bools.len() {
            let node = BoolNode(u32::try_from(index).expect("few nodes"));
            if !printer.is_writable(node) {
                continue;
            }
            let text = printer.bool(node);
            let (program, again) = lowered(&plan, &text);
            assert_eq!(again, node, "`{text}` reads as {:?}", program.bools[again.0 as usize]);
            n_nodes += 1;
        }
    }
    assert!(n_nodes > 500, "{n_nodes} nodes");
}

#[test]
fn what_no_rule_can_write_is_said_to_be_so() {
    let plan = specialised_care();
    let printer = Printer::of(&plan);
    let unwritable: Vec<String> = (0..plan.program.bools.len())
        .map(|index| BoolNode(u32::try_from(index).expect("few nodes")))
        .filter(|node| !printer.is_writable(*node))
        .map(|node| printer.bool(node))
        .collect();
    assert!(unwritable.iter().any(|text| text == "value_ok(fas)"), "{unwritable:?}");
    assert!(unwritable.iter().all(|text| text.starts_with("value_ok(") || text.starts_with("official_ok(")));
}

#[test]
fn brackets_stand_where_they_must_and_nowhere_else() {
    let plan = &specialised_care();
    for (written, printed) in [
        ("((fas = '1'))", "fas = '1'"),
        (
            "(patientens_fodelsear + 1) * 2 = -3 * patientens_fodelsear",
            "2 * (patientens_fodelsear + 1) = -3 * patientens_fodelsear",
        ),
        ("1 + (2 * patientens_fodelsear) = 7 * 3", "1 + 2 * patientens_fodelsear = 21"),
        (
            "2 * (3 * patientens_fodelsear) - 1 = delivered_regions()",
            "2 * (3 * patientens_fodelsear) - 1 = delivered_regions()",
        ),
        ("fas = '1' AND (fas = '2' AND fas = '3')", "fas = '1' AND fas = '2' AND fas = '3'"),
        ("NOT (NOT (fas = '1'))", "fas = '1'"),
        ("NOT (fas = '1')", "fas <> '1'"),
        ("NOT fas IN ('2', '1')", "fas NOT IN ('1', '2')"),
        ("NOT (remissdatum < ankomstdatum)", "NOT (remissdatum < ankomstdatum)"),
        ("length(fas) - (1 - 2) > -3", "length(fas) - (1 - 2) > -3"),
        ("remissdatum < TIMESTAMP '2022-01-03 08:05:09'", "remissdatum < TIMESTAMP '2022-01-03T08:05:09'"),
        ("vardenhet1_namn LIKE '%it''s _%'", "vardenhet1_namn LIKE '%it''s _%'"),
        ("SUBSTRING(fas, 1, 2) = 'x'", "SUBSTRING(fas FROM 1 FOR 2) = 'x'"),
        ("'a' IN ('a')", "'a' IN ('a')"),
    ] {
        let (program, node) = lowered(plan, written);
        assert_eq!(Printer::new(&program, &plan.collection, &plan.codelists).bool(node), printed);
    }
}

/// Expressions over variables of specialised care, deeper and odder than people write them.
fn expression() -> impl Strategy<Value = String> {
    let text =
        prop_oneof![Just("vardenhet1_namn".to_owned()), Just("vardkontakts_id".to_owned()), Just("fas".to_owned())];
    let literal = "[a-zåäö0-9'\\\\%_. \n\"-]{0,6}".prop_map(|text| format!("'{}'", text.replace('\'', "''")));
    let operator = prop_oneof![Just("="), Just("<>"), Just("<"), Just("<="), Just(">"), Just(">=")];
    let int = prop_oneof![
        (-999i64..999).prop_map(|number| number.to_string()),
        Just("patientens_fodelsear".to_owned()),
        text.clone().prop_map(|text| format!("length({text})")),
        Just("element_count(diagnos)".to_owned()),
        Just("days_between(remissdatum, DATE '2022-01-03')".to_owned()),
        Just("EXTRACT(YEAR FROM period_start())".to_owned()),
        Just("delivered_regions()".to_owned()),
        Just("codelist_number('svf_ledtidsgranser', vardenhet1_namn, 'dagar')".to_owned()),
        (-9i64..9).prop_map(|times| format!("{times} * (patientens_fodelsear - 2 * length(fas))")),
    ]
    .prop_recursive(3, 8, 2, |inner| {
        (inner.clone(), prop_oneof![Just("+"), Just("-")], inner)
            .prop_map(|(left, operator, right)| format!("({left}) {operator} ({right})"))
    });
    let leaf = prop_oneof![
        Just("remissdatum IS NULL".to_owned()),
        Just("has_time(remissdatum)".to_owned()),
        Just("every_element_like(diagnos, 'F%')".to_owned()),
        Just("CAST(remissdatum AS DATE) BETWEEN period_start() AND delivery_date()".to_owned()),
        (int.clone(), operator, int).prop_map(|(left, operator, right)| format!("{left} {operator} {right}")),
        ("(vardenhet1_namn|vardkontakts_id)", literal.clone())
            .prop_map(|(text, literal)| format!("{text} LIKE {literal}")),
        ("(vardenhet1_namn|vardkontakts_id)", prop::collection::vec(literal, 1..4))
            .prop_map(|(text, literals)| format!("{text} IN ({})", literals.join(", "))),
        text.prop_map(|text| format!("regexp_like(SUBSTRING({text} FROM 2), '^[A-Z]')")),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|inner| format!("NOT ({inner})")),
            prop::collection::vec(inner.clone(), 2..4).prop_map(|all| format!("({})", all.join(") AND ("))),
            prop::collection::vec(inner, 2..4).prop_map(|all| format!("({})", all.join(") OR ("))),
        ]
    })
}

#[test]
fn any_expression_is_printed_so_that_it_parses_to_the_same_text() {
    let plan = &specialised_care();
    proptest!(ProptestConfig { failure_persistence: None, cases: 400, ..ProptestConfig::default() }, |(written in expression())| {
        let (program, node) = lowered(plan, &written);
        let printed = Printer::new(&program, &plan.collection, &plan.codelists).bool(node);
        // The same program, so that the same node means the same expression.
        let again = lowered(&Plan { program, ..plan.as_ref().clone() }, &printed).1;
        prop_assert_eq!(again, node, "`{}` from `{}`", printed, written);
    });
}
