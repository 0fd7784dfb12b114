//! Groups of records: what they fold into agrees with a naive oracle, for any order of records, threads and chunks.
//!
//! A rule that no group can comply with shows every variable of every group as a finding, so that the whole of folding
//! is seen from outside.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, FileFailurePersistence, TestRunner};
use vantkoll::engine::{self, Settings, Stated};
use vantkoll::rule::Plan;
use vantkoll::schema::Schemas;
use vantkoll::submission::{InputFile, ReadOptions};

use crate::support;

const RECORDS: &str = r#"
collection: handelser
prefix: HA
title: { sv: Händelser, en: Events }
source: { document: Påhittad modell, place: tabell 1 }
key: [arende]
variables:
  - { id: plats, name: { sv: Plats, en: Place }, type: code, codelist: platser, examples: { valid: ["1"], invalid: [x] } }
  - { id: arende, name: { sv: Ärende, en: Case }, type: text, examples: { valid: [A] } }
  - { id: dag, name: { sv: Dag, en: Day }, type: timestamp, date_only: true, examples: { valid: ["2022-01-03"], invalid: [x] } }
  - { id: tal, name: { sv: Tal, en: Number }, type: integer, examples: { valid: ["1"], invalid: [x] } }
  - { id: kod, name: { sv: Kod, en: Code }, type: text, examples: { valid: [a] } }
"#;

/// Every variable of a group that is an aggregate, with its type.
const AGGREGATES: [(&str, &str, &str); 15] = [
    ("antal", "integer", "COUNT(*)"),
    ("antal_tal", "integer", "COUNT(tal)"),
    ("antal_koder", "integer", "COUNT(DISTINCT kod)"),
    ("antal_dagar", "integer", "COUNT(DISTINCT dag)"),
    ("utan_dag", "integer", "COUNT(*) FILTER (WHERE dag IS NULL)"),
    ("forsta_dag", "timestamp", "MIN(dag)"),
    ("sista_dag", "timestamp", "max(dag) FILTER (WHERE kod = 'a')"),
    ("minsta_tal", "integer", "MIN(tal)"),
    ("storsta_tal", "integer", "MAX(tal + 1)"),
    ("minsta_kod", "text", "MIN(kod)"),
    ("storsta_kod", "text", "MAX(substring(kod, 1, 1)) FILTER (WHERE tal > 2 OR kod = 'b')"),
    ("forsta_kod", "text", "FIRST(kod)"),
    ("sista_tal", "integer", "LAST(tal) FILTER (WHERE kod <> 'a')"),
    ("koder", "text", "STRING_AGG(DISTINCT kod, '+')"),
    ("dagar", "text", "STRING_AGG(DISTINCT dag, ' ')"),
];

fn group_schema() -> String {
    let mut text = r"
collection: arenden
prefix: AR
title: { sv: Ärenden, en: Cases }
source: { document: Påhittad modell, place: tabell 2 }
folds: { collection: handelser, key: [plats, arende], order: [dag, tal], unit: { sv: ärenden, en: cases } }
key: [plats, arende]
variables:
  - { id: plats, name: { sv: Plats, en: Place }, type: code, codelist: platser }
  - { id: arende, name: { sv: Ärende, en: Case }, type: text }
"
    .to_owned();
    for (id, kind, fold) in AGGREGATES {
        let line = format!("  - {{ id: {id}, name: {{ sv: {id}, en: {id} }}, type: {kind}, fold: \"{fold}\" }}\n");
        text.push_str(&line);
    }
    text
}

fn rules() -> String {
    let all: Vec<&str> = AGGREGATES.iter().map(|(id, ..)| *id).collect();
    let levels = ["plats", "arende", "dag", "tal", "kod"].map(|id| format!("  {id}: voluntary\n")).concat();
    format!(
        "collections: [handelser]\nsource: {{ document: x, place: y }}\nrequirements:\n{levels}---\n\
         collections: [arenden]\nsource: {{ document: x, place: y }}\nchecks:\n  - id: AR-0001\n    severity: error\n    \
         assert: \"antal < 0\"\n    faulty: [{}]\n    title: {{ sv: x, en: x }}\n    fix: {{ sv: x, en: x }}\n    \
         tests: [{{ satisfied: {{ antal: \"-1\" }} }}, {{ violated: {{ antal: \"1\" }} }}]\n",
        all.join(", ")
    )
}

/// Codes of one place in two spellings.
const PLACES: &str = "code,text_sv,text_en,valid_from,valid_to,same_as\n1,Ett,One,,,\n2,Två,Two,,,\nett,Ett,One,,,1\n";

fn compiled() -> (Schemas, BTreeMap<String, Arc<Plan>>) {
    let schemas = [("handelser.yaml", RECORDS), ("arenden.yaml", &group_schema()), ("codelists/platser.csv", PLACES)];
    support::compiled(&schemas, &rules())
}

/// A day as written, and as a group shows it; `None` where it cannot be read.
const DAYS: [(&str, Option<&str>); 7] = [
    ("", None),
    ("igår", None),
    ("2022-01-03", Some("2022-01-03")),
    ("20220103", Some("2022-01-03")),
    ("2022-01-03T08:30", Some("2022-01-03T08:30:00")),
    ("1999-12-31", Some("1999-12-31")),
    ("2024-02-29 23:59:59", Some("2024-02-29T23:59:59")),
];

const PLACE_NAMES: [(&str, &str); 5] = [("1", "1"), ("2", "2"), ("ett", "1"), ("9", "9"), ("", "")];
const CASES: [&str; 4] = ["A", "B", "ett ganska långt ärende", ""];
const NUMBERS: [(&str, Option<i64>); 6] =
    [("", None), ("x", None), ("1", Some(1)), ("02", Some(2)), ("-7", Some(-7)), ("3", Some(3))];
const CODES: [&str; 5] = ["", "a", "b", "ab", "å"];

#[derive(Clone, Copy, Debug)]
struct Event {
    place: usize,
    case: usize,
    day: usize,
    number: usize,
    code: usize,
    /// A field too many.
    is_broken: bool,
}

impl Event {
    fn line(&self) -> String {
        let extra = if self.is_broken { ";mer" } else { "" };
        let (place, day) = (PLACE_NAMES[self.place].0, DAYS[self.day].0);
        format!("{place};{};{day};{};{}{extra}\n", CASES[self.case], NUMBERS[self.number].0, CODES[self.code])
    }

    fn day(&self) -> Option<&'static str> {
        DAYS[self.day].1
    }

    fn number(&self) -> Option<i64> {
        NUMBERS[self.number].1
    }

    fn code(&self) -> Option<&'static str> {
        Some(CODES[self.code]).filter(|code| !code.is_empty())
    }
}

fn text<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

fn distinct<T: Ord>(values: impl Iterator<Item = T>) -> Vec<T> {
    let mut values: Vec<T> = values.collect();
    values.sort();
    values.dedup();
    values
}

/// What the aggregates give, by their definition, for records in the order of the group. Days compare as texts: the shown
/// forms have the same order.
fn aggregates(events: &[Event]) -> Vec<String> {
    let days = || events.iter().filter_map(Event::day);
    let numbers = || events.iter().filter_map(Event::number);
    let codes = || events.iter().filter_map(Event::code);
    let of_a = events.iter().filter(|event| event.code() == Some("a"));
    let chosen = |event: &&Event| event.number().is_some_and(|number| number > 2) || event.code() == Some("b");
    let first_letters = events.iter().filter(chosen).filter_map(Event::code).map(|code| code.chars().next().unwrap());
    let not_a = events.iter().filter(|event| event.code().is_some_and(|code| code != "a"));
    vec![
        events.len().to_string(),
        numbers().count().to_string(),
        distinct(codes()).len().to_string(),
        distinct(days()).len().to_string(),
        events.iter().filter(|event| DAYS[event.day].0.is_empty()).count().to_string(),
        text(days().min()),
        text(of_a.filter_map(Event::day).max()),
        text(numbers().min()),
        text(numbers().max().map(|number| number + 1)),
        text(codes().min()),
        text(first_letters.max()),
        text(codes().next()),
        text(not_a.filter_map(Event::number).next_back()),
        distinct(codes()).join("+"),
        distinct(days()).join(" "),
    ]
}

/// A group as findings show it: file, record, size, first records, values.
type Shown = (usize, u64, u64, Vec<u64>, Vec<String>);

/// A record of a group: file, record, and what it is.
type Member = (usize, u64, Event);

/// The groups in the order of their first records, and how many records are in none.
fn expected(files: &[Vec<Event>]) -> (Vec<Shown>, u64) {
    let mut groups: BTreeMap<(&str, &str), Vec<Member>> = BTreeMap::new();
    let mut without = 0;
    for (file, events) in files.iter().enumerate() {
        for (event, row) in events.iter().zip(1..) {
            let key = (PLACE_NAMES[event.place].1, CASES[event.case]);
            if event.is_broken || key.0.is_empty() || key.1.is_empty() {
                without += 1;
            } else {
                groups.entry(key).or_default().push((file, row, *event));
            }
        }
    }
    let mut shown: Vec<Shown> = groups
        .into_values()
        .map(|members| {
            let (file, row, _) = members[0];
            let here = members.iter().filter(|(other, ..)| *other == file);
            let rows = here.map(|(_, row, _)| *row).take(8).collect();
            let mut ordered = members.clone();
            // Blanks are last; the sort is stable, so that the order of the files decides among equals.
            ordered.sort_by_key(|(_, _, event)| {
                (event.day().is_none(), event.day(), event.number().is_none(), event.number())
            });
            let events: Vec<Event> = ordered.into_iter().map(|(_, _, event)| event).collect();
            (file, row, members.len() as u64, rows, aggregates(&events))
        })
        .collect();
    shown.sort();
    (shown, without)
}

/// The groups as the engine has them.
fn found(
    compiled: &(Schemas, BTreeMap<String, Arc<Plan>>),
    files: &[Vec<Event>],
    chunk_bytes: usize,
) -> (Vec<Shown>, u64, Vec<u64>) {
    let (schemas, plans) = compiled;
    let folder = tempfile::tempdir().unwrap();
    let inputs = files.iter().enumerate().map(|(index, events)| {
        let path = folder.path().join(format!("{index}.csv"));
        let lines: String = events.iter().map(Event::line).collect();
        std::fs::write(&path, format!("plats;arende;dag;tal;kod\n{lines}")).unwrap();
        let options = ReadOptions { collection: Some("handelser".to_owned()), chunk_bytes, ..ReadOptions::default() };
        InputFile::open(&path, schemas, &options).unwrap()
    });
    let stated = Stated { delivery_date: 20_000, ..Stated::default() };
    let settings = Settings { stated, examples: 10_000, ..Settings::default() };
    let stop = AtomicBool::new(false);
    let (outcome, parts) = engine::check(plans, inputs.collect(), &settings, &stop, &|_| {}, None).unwrap();
    assert_eq!(outcome.runs.len(), 2);
    let run = &outcome.runs[1];
    let rule = &run.rules[0];
    assert_eq!((rule.counts.violated, rule.counts.total()), (run.records, run.records));
    assert_eq!(run.rejected, run.records);
    let shown = rule.examples.iter().map(|finding| {
        let members = finding.members.as_ref().unwrap();
        let values = finding.faulty.iter().map(|shown| shown.value.clone()).collect();
        (finding.file.0, finding.position.row.unwrap(), members.total, members.rows.clone(), values)
    });
    let rejected = (0..files.len())
        .map(|file| (0..files[file].len() as u64).filter(|row| parts[0].1.contains(file, *row)).count() as u64)
        .collect();
    (shown.collect(), run.folded.unwrap().without_group, rejected)
}

#[test]
fn groups_fold_into_what_a_naive_reading_gives() {
    let event = (0..5usize, 0..4usize, 0..7usize, 0..6usize, 0..5usize, prop::bool::weighted(0.05));
    let event = event.prop_map(|(place, case, day, number, code, is_broken)| Event {
        place,
        case,
        day,
        number,
        code,
        is_broken,
    });
    let files = vec(vec(event, 0..40), 1..3);
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/regressions/folding.txt");
    let config =
        Config { failure_persistence: Some(Box::new(FileFailurePersistence::Direct(file))), ..Config::with_cases(200) };
    let compiled = compiled();
    let pools = [1, 3].map(|n| rayon::ThreadPoolBuilder::new().num_threads(n).build().unwrap());
    let outcome = TestRunner::new(config).run(&files, |files| {
        let (groups, without) = expected(&files);
        // The records of a group that violates an error are rejected, beside those with a wrong value of their own.
        let is_rejected = |event: &&Event| {
            let is_grouped = !PLACE_NAMES[event.place].1.is_empty() && !CASES[event.case].is_empty();
            !event.is_broken && (is_grouped || event.place == 3 || event.day == 1 || event.number == 1)
        };
        let rejected: Vec<u64> = files.iter().map(|events| events.iter().filter(is_rejected).count() as u64).collect();
        for (pool, chunk_bytes) in [(&pools[0], 0), (&pools[1], 64), (&pools[1], 0)] {
            let found = pool.install(|| found(&compiled, &files, chunk_bytes));
            prop_assert_eq!(&found.0, &groups);
            prop_assert_eq!(found.1, without);
            prop_assert_eq!(&found.2, &rejected);
        }
        Ok(())
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
}
