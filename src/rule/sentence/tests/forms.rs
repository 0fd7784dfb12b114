//! Sentences of every form of expression, and that putting a condition otherwise does not change when it is true.

use super::super::*;
use crate::assets::{File, Files};
use crate::rule::expr::{TextExpr, TextTest};
use crate::rule::{compile, load};
use crate::schema;

const SCHEMA: &str = r#"
collection: bas
prefix: BA
title: { sv: Bas, en: Base }
source: { document: d, place: p }
variables:
  - { id: fas, name: { sv: Fas, en: Phase }, type: code, codelist: fas, examples: { valid: ["1"], invalid: ["9"] } }
  - { id: sort, name: { sv: Sort, en: Sort }, type: code, codelist: fas, examples: { valid: ["1"], invalid: ["9"] } }
  - { id: beslut, name: { sv: Beslut, en: Decision }, type: timestamp, examples: { valid: ["2022-01-03T08:00"], invalid: ["x"] } }
  - { id: start, name: { sv: Start, en: Start }, type: timestamp, examples: { valid: ["2022-01-03T08:00"], invalid: ["x"] } }
  - { id: antal, name: { sv: Antal, en: Number }, type: integer, examples: { valid: ["1"], invalid: ["x"] } }
  - { id: ar, name: { sv: Födelseår, en: Year of birth }, type: year, examples: { valid: ["1950"], invalid: ["x"] } }
  - { id: enhet, name: { sv: Enhet, en: Unit }, type: text, examples: { valid: ["a"] } }
  - { id: koder, name: { sv: Koder, en: Codes }, type: text, repeats: { separators: "," }, examples: { valid: ["a"] } }
"#;

const CODES: &str = "# name: faserna | the phases\n# column grupp: gruppen | the group\n# column tal: talet | the number\ncode,text_sv,text_en,valid_from,valid_to,same_as,grupp,x,tal\n1,Ett,One,,,,a,b,3\n2,Två (2),Two (2),,,,b,c,\n";

/// The sentences of a check.
fn told(check: &str) -> Text {
    let file = |name: &str, text: &str| (name.to_owned(), File { name: name.to_owned(), text: text.to_owned() });
    let schemas = Files::from([file("bas.yaml", SCHEMA), file("codelists/fas.csv", CODES)]);
    let levels: Vec<String> =
        ["fas", "sort", "beslut", "start", "antal", "ar", "enhet", "koder"].map(|id| format!("{id}: voluntary")).into();
    let rules = format!(
        "collections: [bas]\nsource: {{ document: d, place: p }}\nrequirements: {{ {} }}\nchecks:\n  - id: BA-0001\n    severity: error\n{check}\n    title: {{ sv: t, en: t }}\n    fix: {{ sv: f, en: f }}\n    tests: [{{ satisfied: {{}} }}, {{ violated: {{}} }}]\n",
        levels.join(", ")
    );
    let schemas = schema::load(&schemas).expect("sound");
    let rules = load(&Files::from([file("bas.yaml", &rules)])).expect("sound");
    let plans = compile(&schemas, &rules).unwrap_or_else(|list| panic!("{}", crate::diag::render(&list, false, 100)));
    let plan = &plans["bas"];
    let rule = plan.rules.iter().find(|rule| rule.id.0 == "BA-0001").expect("it is there");
    sentence(plan, rule)
}

#[test]
fn every_form_of_expression_is_told() {
    let mut page = String::new();
    for assertion in [
        "fas = '1'",
        "NOT fas = '1'",
        "fas NOT IN ('1', '2')",
        "NOT (fas = '1' AND sort = '1')",
        "NOT (fas IS NULL OR sort = '1')",
        "fas IS NULL OR sort = '1' AND enhet IS NOT NULL",
        "(fas = '1' OR sort = '1') AND enhet IS NOT NULL",
        "(fas = '1' OR sort = '1' AND (enhet IS NULL OR antal = 1)) AND beslut IS NOT NULL",
        "fas IS NOT NULL AND sort IS NOT NULL AND enhet IS NULL AND koder IS NULL",
        "fas IS NULL OR sort IS NULL",
        "fas = sort",
        "fas < sort",
        "enhet >= 'b'",
        "enhet LIKE 'b%'",
        "enhet LIKE 'b'",
        "enhet NOT LIKE '%b'",
        "enhet LIKE '%b%'",
        "enhet LIKE '_b%'",
        "regexp_like(enhet, '^[0-9]{4,6}$')",
        "regexp_like(enhet, 'x|yz+')",
        "NOT luhn_ok(enhet)",
        "is_personal_number(enhet)",
        "in_codelist(enhet, 'fas')",
        "codelist_value('fas', fas, 'grupp') = 'a'",
        "codelist_value('fas', enhet, 'grupp') <> codelist_value('fas', fas, 'x')",
        "codelist_number('fas', fas, 'tal') <= antal",
        "2 * days_between(beslut, start) <= 3 * codelist_number('fas', enhet, 'tal')",
        "2 * (antal + ar) = 4 * (antal - 1)",
        "delivered_regions() > 1",
        "substring(enhet FROM 3 FOR 2) = '12'",
        "substring(enhet FROM 3 FOR 1) = 'x'",
        "substring(enhet FROM 3) = 'x'",
        "length(enhet) <= 10",
        "length(enhet) = 1",
        "length(enhet) > length(substring(enhet FROM 2))",
        "organisation_number(enhet) = stated_region_orgnr()",
        "antal BETWEEN 1 AND 20000",
        "antal NOT BETWEEN 1 AND 5",
        "antal = -5",
        "5 < antal",
        "antal + 1 <> ar - antal",
        "ar BETWEEN 1900 AND 2000",
        "ar < EXTRACT(YEAR FROM start)",
        "ar > 1900",
        "EXTRACT(YEAR FROM start) - ar >= 1",
        "days_between(beslut, start) <= 1",
        "days_between(beslut, start) > days_between(beslut, delivery_date())",
        "days_between(beslut, start) BETWEEN 0 AND 90",
        "minutes_between(beslut, start) < 90",
        "beslut = start",
        "beslut <> start",
        "beslut < start",
        "NOT beslut < start",
        "CAST(beslut AS DATE) = start",
        "CAST(beslut AS DATE) < CAST(start AS DATE)",
        "CAST(beslut AS DATE) > CAST(start AS DATE)",
        "delivery_date() > start",
        "start BETWEEN period_start() AND period_end()",
        "start >= TIMESTAMP '2022-01-03T08:00:00'",
        "start < TIMESTAMP '2022-01-03T08:00:30'",
        "start = DATE '2022-01-03'",
        "NOT has_time(start)",
        "element_count(koder) = 1",
        "element_count(koder) BETWEEN 1 AND 3",
        "count_elements_like(koder, 'A%') >= 2",
        "any_element_like(koder, 'A%') OR any_element_like(koder, 'B%')",
        "any_element_like(koder, 'A%') AND any_element_like(koder, 'B%')",
        "NOT every_element_like(koder, 'A%')",
        "every_element_like(koder, 'A')",
        "fas = '1' AND fas <> '1' AND 1 = 2",
    ] {
        let text = told(&format!("    assert: \"{assertion}\""));
        page.extend([assertion, "\n  ", &text.sv, "\n  ", &text.en, "\n"]);
    }
    for (when, valid) in [
        ("fas = '1' OR sort = '1'", ""),
        ("fas = '1' AND (sort = '1' OR enhet IS NULL)", "    valid: { from: 2022-01-01, by: start }\n"),
        ("fas = '1'", "    valid: { from: 2022-01-01, until: 2022-12-31, by: start }\n"),
        ("beslut >= DATE '2020-01-01'", "    valid: { until: 2022-12-31, by: start }\n"),
    ] {
        for assertion in ["antal = 1", "antal = 1 OR enhet IS NULL", "antal = 1 AND enhet IS NULL"] {
            let text = told(&format!("    when: \"{when}\"\n{valid}    assert: \"{assertion}\""));
            page.extend([when, " -> ", assertion, " ", valid.trim(), "\n  ", &text.sv, "\n  ", &text.en, "\n"]);
        }
    }
    let mut settings = insta::Settings::new();
    settings.set_snapshot_path(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/_sentences"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!("_forms", page));
}

/// Kleene's three values of a node, where variable `i` has the value `record[i]`.
fn node_truth(program: &Program, node: BoolNode, record: &[Option<u8>]) -> Option<bool> {
    match &program.bools[node.0 as usize] {
        BoolExpr::Constant(truth) => *truth,
        BoolExpr::Not(inner) => node_truth(program, *inner, record).map(|truth| !truth),
        BoolExpr::And(nodes) => kleene(nodes.iter().map(|node| node_truth(program, *node, record)), true),
        BoolExpr::Or(nodes) => kleene(nodes.iter().map(|node| node_truth(program, *node, record)), false),
        BoolExpr::IsBlank(variable) => Some(record[variable.0].is_none()),
        BoolExpr::Text(text, test) => text_truth(program, text.0, test, record),
        _ => unreachable!("only these are made"),
    }
}

fn kleene(truths: impl Iterator<Item = Option<bool>>, is_and: bool) -> Option<bool> {
    let truths: Vec<Option<bool>> = truths.collect();
    if truths.contains(&Some(!is_and)) {
        return Some(!is_and);
    }
    if truths.contains(&None) { None } else { Some(is_and) }
}

fn text_truth(program: &Program, text: u32, test: &TextTest, record: &[Option<u8>]) -> Option<bool> {
    let (TextExpr::Variable(variable), TextTest::In(values)) = (&program.texts[text as usize], test) else {
        unreachable!("only these are made")
    };
    record[variable.0].map(|value| values.contains(&vec![value]))
}

fn statement_truth(program: &Program, statement: &Statement, record: &[Option<u8>]) -> Option<bool> {
    match statement {
        Statement::Constant(truth) => *truth,
        Statement::All(parts) => kleene(parts.iter().map(|part| statement_truth(program, part, record)), true),
        Statement::Any(parts) => kleene(parts.iter().map(|part| statement_truth(program, part, record)), false),
        Statement::One(Atom::Presence { variables, is_blank, is_any }) => {
            let mut found = variables.iter().map(|variable| record[variable.0].is_none() == *is_blank);
            Some(if *is_any { found.any(|found| found) } else { found.all(|found| found) })
        }
        Statement::One(Atom::Tested { text, tests, is_negated }) => {
            let found = kleene(tests.iter().map(|test| text_truth(program, text.0, test, record)), false);
            found.map(|truth| truth != *is_negated)
        }
        Statement::One(_) => unreachable!("only these are made"),
    }
}

#[test]
fn a_statement_is_true_where_its_node_is() {
    // A small generator of pseudo-random numbers: the same ones on every machine.
    let mut state = 7_u64;
    let mut next = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let (mut n_true, mut n_other) = (0, 0);
    for _ in 0..2_000 {
        let mut program = Program::default();
        let mut nodes = Vec::new();
        for _ in 0..10 {
            let variable = VariableIndex(usize::try_from(next(3)).expect("small"));
            let pick = |of: u64, nodes: &[BoolNode]| nodes[usize::try_from(of).expect("small") % nodes.len()];
            let expr = match next(if nodes.is_empty() { 2 } else { 6 }) {
                0 => BoolExpr::IsBlank(variable),
                1 => {
                    let text = program.text(TextExpr::Variable(variable));
                    BoolExpr::Text(text, TextTest::In(vec![vec![b'1' + u8::try_from(next(2)).expect("small")]]))
                }
                2 | 3 => BoolExpr::Not(pick(next(10), &nodes)),
                4 => BoolExpr::And(vec![pick(next(10), &nodes), pick(next(10), &nodes)]),
                _ => BoolExpr::Or(vec![pick(next(10), &nodes), pick(next(10), &nodes)]),
            };
            nodes.push(program.bool(expr));
        }
        let node = *nodes.last().expect("ten");
        for is_negated in [false, true] {
            let said = statement(&program, node, is_negated);
            for record in 0..27 {
                let values = [None, Some(b'1'), Some(b'2')];
                let record = [values[record % 3], values[record / 3 % 3], values[record / 9]];
                let expected = node_truth(&program, node, &record).is_some_and(|truth| truth != is_negated);
                let found = statement_truth(&program, &said, &record) == Some(true);
                assert_eq!(found, expected, "{said:?} of {record:?}");
                *if expected { &mut n_true } else { &mut n_other } += 1;
            }
        }
    }
    assert!(n_true > 20_000 && n_other > 20_000, "{n_true} {n_other}");
}
