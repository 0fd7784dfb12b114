//! Which changes are made, and what becomes of them.

use std::collections::BTreeSet;

use super::*;
use crate::assets::{Assets, File, Files};
use crate::measure;

const SCHEMA: &str = r#"
collection: bas
prefix: BA
title: { sv: Bas, en: Base }
source: { document: d, place: p }
variables:
  - { id: fas, name: { sv: Fas, en: Phase }, type: code, codelist: fas, examples: { valid: ["1"], invalid: ["9"] } }
  - { id: start, name: { sv: Start, en: Start }, type: timestamp, examples: { valid: ["2022-01-03T08:00"], invalid: ["x"] } }
  - { id: slut, name: { sv: Slut, en: End }, type: timestamp, date_only: true, examples: { valid: ["2022-01-03"], invalid: ["x"] } }
  - { id: antal, name: { sv: Antal, en: Number }, type: integer, range: { min: 1, max: 9 }, examples: { valid: ["1", "9"], invalid: ["0"] } }
  - { id: namn, name: { sv: Namn, en: Name }, type: text, examples: { valid: ["a"] } }
  - { id: diagnos, name: { sv: Diagnos, en: Diagnosis }, type: text, repeats: { separators: "," }, examples: { valid: ["a"] } }
"#;

const CODES: &str = "code,text_sv,text_en\n1,a,a\n2,b,b\n3,c,c\n4,d,d\n";

/// A book with one rule.
fn book(rule: &str) -> Rulebook {
    let mut assets = Assets { schemas: Files::new(), rules: Files::new() };
    let add = |files: &mut Files, name: &str, text: String| {
        files.insert(name.to_owned(), File { name: name.to_owned(), text });
    };
    add(&mut assets.schemas, "bas.yaml", SCHEMA.to_owned());
    add(&mut assets.schemas, "formats.yaml", "formats: []\n".to_owned());
    add(&mut assets.schemas, "codelists/fas.csv", CODES.to_owned());
    let levels =
        "fas: voluntary, start: voluntary, slut: voluntary, antal: voluntary, namn: voluntary, diagnos: voluntary";
    let text = format!(
        "collections: [bas]\nsource: {{ document: d, place: p }}\nrequirements: {{ {levels} }}\nchecks:\n  - id: BAS-0001\n    severity: error\n    title: {{ sv: T, en: T }}\n    fix: {{ sv: F, en: F }}\n{rule}"
    );
    add(&mut assets.rules, "bas.yaml", text);
    let shelf = |assets: &Assets| Shelf::load(assets).unwrap_or_else(|mistakes| panic!("{mistakes:?}"));
    let collections = shelf(&assets);
    let measures = measure::load(&Files::new(), &collections.plans).expect("no measures");
    Rulebook { collections, tables: shelf(&Assets::default()), measures }
}

/// What the mutants of an expression read, apart from the expression itself.
fn mutants(expression: &str) -> BTreeSet<String> {
    let tests = "    tests: [{ satisfied: {} }, { violated: {} }]\n";
    let book = book(&format!("    when: \"fas = '1'\"\n    assert: \"{expression}\"\n{tests}"));
    let plan = &book.collections.plans["bas"];
    let rule = plan.rules.iter().find(|rule| rule.id.0 == "BAS-0001").expect("the rule");
    let Check::Record(check) = &rule.check else { panic!("a rule on records") };
    let mut copy = Plan::clone(plan);
    let mut mutator = Mutator {
        program: &mut copy.program,
        collection: &plan.collection,
        codelists: &plan.codelists,
        reads: &plan.program.inputs(&[check.assert], None).variables,
    };
    let nodes: Vec<BoolNode> = mutator.mutants(check.assert).iter().map(|mutant| mutant.node).collect();
    assert!(!nodes.contains(&check.assert));
    let printer = Printer::of(&copy);
    let texts: BTreeSet<String> = nodes.iter().map(|node| printer.bool(*node)).collect();
    assert_eq!(texts.len(), nodes.len(), "a mutant twice: {texts:?}");
    texts
}

#[track_caller]
fn check(expression: &str, expected: &[&str]) {
    let expected: BTreeSet<String> = expected.iter().map(|text| (*text).to_owned()).collect();
    assert_eq!(mutants(expression), expected);
}

#[test]
fn comparisons_become_each_other_and_bounds_move_by_one() {
    check(
        "antal <= 5",
        &["antal = 5", "antal <> 5", "antal < 5", "antal > 5", "antal >= 5", "antal <= 4", "antal <= 6"],
    );
    check(
        "slut >= DATE '2022-01-01'",
        &[
            "slut = DATE '2022-01-01'",
            "slut <> DATE '2022-01-01'",
            "slut < DATE '2022-01-01'",
            "slut <= DATE '2022-01-01'",
            "slut > DATE '2022-01-01'",
            "slut >= DATE '2021-12-31'",
            "slut >= DATE '2022-01-02'",
            "start >= DATE '2022-01-01'",
        ],
    );
}

#[test]
fn codes_are_left_out_swapped_and_added() {
    check(
        "fas IN ('1', '2')",
        &[
            "fas NOT IN ('1', '2')",
            "fas = '1'",
            "fas = '2'",
            "fas IN ('2', '3')",
            "fas IN ('1', '3')",
            "fas IN ('1', '2', '3')",
            "fas IN ('1', '2', '4')",
        ],
    );
}

#[test]
fn members_are_left_out_and_joined_otherwise() {
    check(
        "fas IS NULL AND antal IS NULL AND NOT luhn_ok(namn)",
        &[
            "fas IS NULL OR antal IS NULL OR NOT luhn_ok(namn)",
            "antal IS NULL AND NOT luhn_ok(namn)",
            "fas IS NULL AND NOT luhn_ok(namn)",
            "fas IS NULL AND antal IS NULL",
            "fas IS NOT NULL AND antal IS NULL AND NOT luhn_ok(namn)",
            "fas IS NULL AND antal IS NOT NULL AND NOT luhn_ok(namn)",
            "fas IS NULL AND antal IS NULL AND luhn_ok(namn)",
        ],
    );
}

#[test]
fn what_cannot_be_told_apart_is_not_made() {
    // A date beside a day is compared by day with and without the cast; so are days between two points in time.
    assert!(mutants("CAST(start AS DATE) >= delivery_date()").iter().all(|text| text.contains("CAST(")));
    let both = mutants("CAST(start AS DATE) <= CAST(slut AS DATE)");
    assert!(both.contains("start <= slut") && !both.contains("CAST(start AS DATE) <= slut"), "{both:?}");
    assert!(mutants("start <= slut").contains("CAST(start AS DATE) <= CAST(slut AS DATE)"));
    assert_eq!(mutants("fas IS NULL"), BTreeSet::from(["fas IS NOT NULL".to_owned()]));
}

#[test]
fn patterns_functions_and_differences_are_changed() {
    check(
        "regexp_like(namn, '^[0-9]{2}$')",
        &[
            "NOT regexp_like(namn, '^[0-9]{2}$')",
            "regexp_like(namn, '[0-9]{2}$')",
            "regexp_like(namn, '^[0-9]{2}')",
            "regexp_like(namn, '^[0-9]{1}$')",
            "regexp_like(namn, '^[0-9]{3}$')",
        ],
    );
    check("namn LIKE 'AB%'", &["namn NOT LIKE 'AB%'", "namn LIKE 'A%'"]);
    check(
        "any_element_like(diagnos, 'F%')",
        &["NOT any_element_like(diagnos, 'F%')", "every_element_like(diagnos, 'F%')"],
    );
    let differences = mutants("days_between(start, slut) <= 5");
    assert!(differences.contains("days_between(slut, start) <= 5"), "{differences:?}");
    assert!(
        mutants("SUBSTRING(namn FROM 2 FOR 3) = 'abc'").is_superset(&BTreeSet::from(
            [
                "SUBSTRING(namn FROM 1 FOR 3) = 'abc'",
                "SUBSTRING(namn FROM 3 FOR 3) = 'abc'",
                "SUBSTRING(namn FROM 2 FOR 2) = 'abc'",
                "SUBSTRING(namn FROM 2 FOR 4) = 'abc'",
                "SUBSTRING(namn FROM 2 FOR 3) = 'ab'",
            ]
            .map(str::to_owned)
        ))
    );
}

#[test]
fn survivors_are_those_no_test_tells_apart_and_arguments_must_fit_one() {
    let rule = |more: &str| {
        book(&format!(
            "    when: \"fas = '1'\"\n    assert: \"antal <= 5\"\n    tests:\n      - satisfied: {{ fas: \"1\", antal: \"5\" }}\n      - satisfied: {{ fas: \"1\", antal: \"1\" }}\n      - violated: {{ fas: \"1\", antal: \"6\" }}\n      - not_applicable: {{ fas: \"2\", antal: \"6\" }}\n      - not_applicable: {{ fas: \"3\", antal: \"6\" }}\n{more}"
        ))
    };
    let left = |mutation: &Mutation| -> Vec<(String, bool)> {
        mutation
            .survivors()
            .filter(|(rule, _)| rule.id == "BAS-0001")
            .map(|(_, survivor)| (survivor.mutated.clone(), survivor.argued.is_some()))
            .collect()
    };
    let plain = mutate(&rule(""));
    assert_eq!(left(&plain), [("fas IN ('1', '4')".to_owned(), false)]);
    assert!(plain.idle_arguments.is_empty() && plain.score() < 1.0);

    let because = "because: { sv: Fas 4 finns inte längre., en: Phase 4 is no more. }";
    let argued = mutate(&rule(&format!("    survivors: [{{ mutant: \"fas IN ('4', '1')\", {because} }}]\n")));
    assert_eq!(left(&argued), [("fas IN ('1', '4')".to_owned(), true)]);
    assert!(argued.idle_arguments.is_empty());

    let idle = mutate(&rule(&format!("    survivors: [{{ mutant: \"fas IN ('1', '2')\", {because} }}]\n")));
    assert_eq!(left(&idle), [("fas IN ('1', '4')".to_owned(), false)]);
    assert_eq!(idle.idle_arguments.len(), 1);
    assert_eq!(idle.idle_arguments[0].text, "fas IN ('1', '2')");
}

#[test]
fn value_domains_are_mutated_and_judged_by_their_examples() {
    let mutation = mutate(&book(
        "    assert: \"antal = 5\"\n    tests: [{ satisfied: { antal: \"5\" } }, { violated: { antal: \"4\" } }, { violated: { antal: \"6\" } }]\n",
    ));
    let of = |id: &str| {
        let rule = mutation.rules.iter().find(|rule| rule.id == id).expect("mutated");
        rule.survivors.iter().map(|survivor| survivor.mutated.as_str()).collect::<Vec<_>>()
    };
    // The examples hold nothing above 9.
    assert_eq!(of("BA-V-antal"), ["range: { min: 1, max: 10 }"]);
    assert_eq!(of("BA-V-start"), ["date_only: true"]);
    assert!(of("BA-V-slut").is_empty());
    assert!(of("BAS-0001").is_empty());
}

#[test]
fn a_rule_whose_tests_fail_has_no_mutants() {
    let mutation =
        mutate(&book("    assert: \"antal = 5\"\n    tests: [{ satisfied: { antal: \"4\" } }, { violated: {} }]\n"));
    assert!(mutation.rules.iter().all(|rule| rule.id != "BAS-0001"));
}

/// What survives of a fold of `bas` with one aggregate, `FIRST` or other, and these tests.
fn left_of_fold(kind: &str, aggregate: &str, tests: &str) -> Vec<(String, Part, String)> {
    let mut assets = Assets { schemas: Files::new(), rules: Files::new() };
    let mut add = |name: &str, text: &str| {
        assets.schemas.insert(name.to_owned(), File { name: name.to_owned(), text: text.to_owned() });
    };
    add("bas.yaml", SCHEMA);
    add("formats.yaml", "formats: []\n");
    add("codelists/fas.csv", CODES);
    add(
        "grupp.yaml",
        &format!(
            "collection: grupp\nprefix: GR\ntitle: {{ sv: G, en: G }}\nsource: {{ document: d, place: p }}\nfolds:\n  collection: bas\n  key: [fas, namn]\n  order: [slut, antal]\n  unit: {{ sv: g, en: g }}\n  tests:\n{tests}variables:\n  - {{ id: fas, name: {{ sv: F, en: F }}, type: code, codelist: fas }}\n  - {{ id: namn, name: {{ sv: N, en: N }}, type: text }}\n  - {{ id: x, name: {{ sv: X, en: X }}, type: {kind}, fold: \"{aggregate}\" }}\n"
        ),
    );
    let levels =
        "fas: voluntary, start: voluntary, slut: voluntary, antal: voluntary, namn: voluntary, diagnos: voluntary";
    let text = format!("collections: [bas]\nsource: {{ document: d, place: p }}\nrequirements: {{ {levels} }}\n");
    assets.rules.insert("bas.yaml".to_owned(), File { name: "bas.yaml".to_owned(), text });
    let collections = Shelf::load(&assets).unwrap_or_else(|mistakes| panic!("{mistakes:?}"));
    let measures = measure::load(&Files::new(), &collections.plans).expect("no measures");
    let tables = Shelf::load(&Assets::default()).expect("nothing to load");
    let mutation = mutate(&Rulebook { collections, tables, measures });
    let of_fold = mutation.rules.iter().filter(|rule| rule.id.starts_with("grupp"));
    of_fold
        .flat_map(|rule| rule.survivors.iter().map(|left| (rule.id.clone(), left.part, left.mutated.clone())))
        .collect()
}

#[test]
fn folds_are_changed_and_their_tests_must_notice() {
    let of_x = |part, text: &str| ("grupp.x".to_owned(), part, text.to_owned());
    // A single record tells nothing of the order, the key or the last one.
    let one = "    - { records: [{ fas: \"1\", namn: a, antal: \"1\" }], gives: { x: \"1\" } }\n";
    let whole = |part, text: &str| ("grupp".to_owned(), part, text.to_owned());
    let left = left_of_fold("integer", "FIRST(antal) FILTER (WHERE start IS NULL)", one);
    assert_eq!(
        left,
        [
            whole(Part::Key, "[fas]"),
            whole(Part::Key, "[namn]"),
            whole(Part::Order, "[antal]"),
            whole(Part::Order, "[slut]"),
            of_x(Part::Fold, "FIRST(antal)"),
            of_x(Part::Fold, "FIRST(antal) FILTER (WHERE slut IS NULL)"),
            of_x(Part::Fold, "LAST(antal) FILTER (WHERE start IS NULL)"),
        ]
    );
    let more = format!(
        "{one}    - records:\n        - {{ fas: \"1\", namn: a, slut: \"2022-01-04\", antal: \"3\" }}\n        - {{ fas: \"1\", namn: a, slut: \"2022-01-04\", antal: \"2\" }}\n        - {{ fas: \"1\", namn: a, slut: \"2022-01-05\", antal: \"1\" }}\n        - {{ fas: \"1\", namn: a, slut: \"2022-01-01\", antal: \"4\", start: \"2022-01-01\" }}\n        - {{ fas: \"2\", namn: a, slut: \"2022-01-01\", antal: \"5\" }}\n        - {{ fas: \"1\", namn: b, slut: \"2022-01-01\", antal: \"6\" }}\n      gives: {{ x: \"2\" }}\n"
    );
    assert_eq!(left_of_fold("integer", "FIRST(antal) FILTER (WHERE start IS NULL)", &more), []);
    // Without FIRST or LAST the order is nothing that a test could notice.
    let parts: BTreeSet<&str> =
        left_of_fold("integer", "COUNT(DISTINCT antal)", one).iter().map(|(_, part, _)| part.as_str()).collect();
    assert_eq!(parts, BTreeSet::from(["fold", "key"]));
    // Tests that fail have nothing to say.
    let wrong = "    - { records: [{ fas: \"1\", namn: a, antal: \"1\" }], gives: { x: \"2\" } }\n";
    assert_eq!(left_of_fold("integer", "MIN(antal)", wrong), []);
}
