//! The prover against trying everything.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::Rng as _;

use super::*;
use crate::assets::{File, Files};
use crate::rule::{self, Check};
use crate::{diag, schema};

const SCHEMA: &str = r#"
collection: bas
prefix: BA
title: { sv: Bas, en: Base }
source: { document: d, place: p }
variables:
  - { id: fas, name: { sv: Fas, en: Phase }, type: code, codelist: fas, examples: { valid: ["1"], invalid: ["9"] } }
  - { id: kod, name: { sv: Kod, en: Code }, type: text, format: kort, examples: { valid: ["A1"], invalid: ["a"] } }
  - { id: start, name: { sv: Start, en: Start }, type: timestamp, date_only: true, examples: { valid: ["2022-01-03"], invalid: ["x"] } }
  - { id: slut, name: { sv: Slut, en: End }, type: timestamp, examples: { valid: ["2022-01-03T08:00"], invalid: ["x"] } }
  - { id: ar, name: { sv: Ar, en: Year }, type: year, range: { min: 2018, max: 2024 }, examples: { valid: ["2020"], invalid: ["x"] } }
  - { id: antal, name: { sv: Antal, en: Number }, type: integer, range: { min: 0, max: 9 }, examples: { valid: ["1"], invalid: ["x"] } }
"#;

const FORMATS: &str = r#"
formats:
  - id: kort
    name: { sv: Kort kod, en: Short code }
    pattern: "[A-C][0-2]{1,2}"
    title: { sv: är ingen kort kod, en: is not a short code }
    fix: { sv: Rätta koden., en: Correct the code. }
    source: { document: d, place: p }
    examples: { valid: ["A1"], invalid: ["D"] }
"#;

const CODES: &str =
    "code,text_sv,text_en,valid_from,valid_to,same_as,grupp\n1,ett,one,,,,a\n2,två,two,,,,b\n3,tre,three,,,,b\n";

/// What conditions are made of.
const ATOMS: [&str; 29] = [
    "fas = '1'",
    "fas IN ('1', '3')",
    "fas IS NULL",
    "codelist_value('fas', fas, 'grupp') = 'b'",
    "kod LIKE 'A%'",
    "kod IN ('A1', 'B2')",
    "regexp_like(kod, '^[AB][0-9]$')",
    "regexp_like(kod, '0')",
    "kod IS NOT NULL",
    "start <= slut",
    "start < slut",
    "start = slut",
    "start IS NULL",
    "has_time(start)",
    "start >= DATE '2020-02-29'",
    "slut < TIMESTAMP '2020-03-01T12:00:00'",
    "days_between(start, slut) <= 2",
    "days_between(start, slut) > 2",
    "minutes_between(start, slut) >= 90",
    "CAST(start AS DATE) = CAST(slut AS DATE)",
    "EXTRACT(YEAR FROM slut) - ar <= 1",
    "EXTRACT(YEAR FROM start) = ar",
    "ar < 2020",
    "antal BETWEEN 2 AND 4",
    "antal + 1 > 4",
    "antal IS NULL",
    "EXTRACT(YEAR FROM start) >= 2020",
    "start >= DATE '2020-01-01'",
    "slut <= DATE '2019-12-31'",
];

pub(crate) fn plan(conditions: &[String]) -> Arc<Plan> {
    let mut rules = "collections: [bas]\nsource: { document: d, place: p }\nrequirements: { fas: voluntary, kod: voluntary, start: voluntary, slut: voluntary, ar: voluntary, antal: voluntary }\nchecks:\n".to_owned();
    for (index, condition) in conditions.iter().enumerate() {
        write!(
            rules,
            "  - id: BA-{:04}\n    severity: error\n    assert: \"{condition}\"\n    title: {{ sv: t, en: t }}\n    fix: {{ sv: f, en: f }}\n    tests: [{{ satisfied: {{}} }}, {{ violated: {{}} }}]\n",
            index + 1
        )
        .unwrap();
    }
    let file = |name: &str, text: &str| (name.to_owned(), File { name: name.to_owned(), text: text.to_owned() });
    let schemas =
        Files::from([file("bas.yaml", SCHEMA), file("formats.yaml", FORMATS), file("codelists/fas.csv", CODES)]);
    let rules = Files::from([file("bas.yaml", &rules)]);
    let shown = |list: Vec<diag::Diagnostic>| diag::render(&list, false, 120);
    let schemas = schema::load(&schemas).map_err(shown).unwrap();
    let plans: BTreeMap<String, Arc<Plan>> =
        rule::compile(&schemas, &rule::load(&rules).map_err(shown).unwrap()).map_err(shown).unwrap();
    Arc::clone(&plans["bas"])
}

/// Every record over a few values of each variable, those around every bound that the atoms have.
pub(crate) fn grid() -> Vec<Vec<String>> {
    let of = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>();
    let columns = [
        of(&["", "1", "2", "3"]),
        of(&["", "A1", "B2", "A0", "C1", "C20"]),
        of(&["", "2020-02-28", "2020-02-29", "2020-02-29T12:00", "2020-03-01T11:00", "2019-12-31", "2022-06-01"]),
        of(&["", "2020-02-29T13:30", "2020-03-01T11:59", "2020-03-03T08:00", "2021-01-01T00:00", "2018-05-05T05:05"]),
        of(&["", "2018", "2019", "2020", "2021"]),
        of(&["", "1", "3", "4", "5"]),
    ];
    let mut records = vec![Vec::new()];
    for column in columns {
        records = records
            .into_iter()
            .flat_map(|record: Vec<String>| {
                column.iter().map(move |value| record.iter().cloned().chain([value.clone()]).collect())
            })
            .collect();
    }
    records
}

/// A condition of up to five atoms.
pub(crate) fn condition(random: &mut Pcg64Mcg, depth: u32) -> String {
    let pick = |random: &mut Pcg64Mcg, n: usize| usize::try_from(random.next_u64() % n as u64).unwrap();
    match if depth == 0 { 0 } else { pick(random, 4) } {
        1 => format!("({} AND {})", condition(random, depth - 1), condition(random, depth - 1)),
        2 => format!("({} OR {})", condition(random, depth - 1), condition(random, depth - 1)),
        3 => format!("NOT ({})", condition(random, depth - 1)),
        _ => ATOMS[pick(random, ATOMS.len())].to_owned(),
    }
}

#[test]
fn what_is_found_is_there_and_what_is_not_found_is_not() {
    let mut random = Pcg64Mcg::new(0x5eed);
    let conditions: Vec<String> = (0..240).map(|_| condition(&mut random, 3)).collect();
    let plan = plan(&conditions);
    let prover = Prover::new(&plan);
    let nodes: Vec<BoolNode> = plan
        .rules
        .iter()
        .filter_map(|rule| match &rule.check {
            Check::Record(check) if rule.id.0.starts_with("BA-0") => Some(check.assert),
            _ => None,
        })
        .collect();
    assert!(nodes.len() > 200, "{}", nodes.len());
    let grid = grid();
    let records: Vec<&[String]> = grid.iter().map(Vec::as_slice).collect();
    let truths = prover.probe().truths(&records, &ProbeParameters::default(), &nodes);
    let sets = [Truths::TRUE, Truths::FALSE, Truths::NULL, Truths::NOT_FALSE, Truths::NOT_TRUE];
    let (mut n_records, mut n_none, mut undecided) = (0, 0, Vec::new());
    for (index, node) in nodes.iter().enumerate() {
        let other = (index * 7 + 3) % nodes.len();
        for (round, first) in sets.iter().enumerate() {
            let second = sets[(round + index) % sets.len()];
            let goals = [(*node, *first), (nodes[other], second)];
            let there =
                (0..grid.len()).find(|row| first.contains(truths[index][*row]) && second.contains(truths[other][*row]));
            let asked = || format!("{} {first:?} and {} {second:?}", conditions[index], conditions[other]);
            match prover.find(&goals) {
                Answer::Record(witness) => {
                    n_records += 1;
                    assert!(prover.meets(&witness, &goals), "{}: {witness:?}", asked());
                }
                Answer::None => {
                    n_none += 1;
                    assert_eq!(there.map(|row| &grid[row]), None, "{}", asked());
                }
                Answer::Undecided => undecided.push(asked()),
            }
            let quick = prover.find_quickly(&goals);
            assert_eq!(quick == Answer::None, prover.find(&goals) == Answer::None, "{}", asked());
        }
    }
    assert!(n_records > 500 && n_none > 50, "{n_records} records, {n_none} without");
    assert!(undecided.is_empty(), "{} undecided:\n{}", undecided.len(), undecided.join("\n"));
}

#[test]
fn opaque_atoms_leave_a_question_open_and_never_close_it() {
    let plan = plan(&[
        "luhn_ok(kod)".to_owned(),
        "luhn_ok(kod) AND NOT luhn_ok(kod)".to_owned(),
        "length(kod) + antal > 3".to_owned(),
        "length(kod) + antal > 20".to_owned(),
    ]);
    let prover = Prover::new(&plan);
    let ask = |index: usize, truths| {
        let rule = plan.rules.iter().find(|rule| rule.id.0 == format!("BA-{:04}", index + 1)).unwrap();
        let Check::Record(check) = &rule.check else { panic!("a rule on records") };
        prover.find(&[(check.assert, truths)])
    };
    // A00 has a right control digit, none else of the sample need have.
    assert!(matches!(ask(0, Truths::FALSE), Answer::Record(_)));
    assert_eq!(ask(1, Truths::TRUE), Answer::None);
    assert!(matches!(ask(2, Truths::TRUE), Answer::Record(_) | Answer::Undecided));
    assert_eq!(ask(3, Truths::TRUE), Answer::Undecided);
}
