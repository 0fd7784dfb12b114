//! Time for corrections: groups beside those of earlier submissions agree with a naive reading of any history, and with
//! examples worked out by hand.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, FileFailurePersistence, TestRunner};
use serde_json::Value;
use vantkoll::engine::{self, Settings, Stated};
use vantkoll::rule::Plan;
use vantkoll::schema::Schemas;
use vantkoll::submission::{InputFile, ReadOptions, Statement};
use vantkoll::time::{format_day, months_later, parse_day};

use crate::support::{self, Said, rule, run};

const RECORDS: &str = r#"
collection: handelser
prefix: HA
title: { sv: Händelser, en: Events }
source: { document: Påhittad modell, place: tabell 1 }
variables:
  - { id: arende, name: { sv: Ärende, en: Case }, type: text, examples: { valid: [A] } }
  - { id: dag, name: { sv: Dag, en: Day }, type: timestamp, date_only: true, examples: { valid: ["2022-01-03"], invalid: [x] } }
  - { id: kod, name: { sv: Kod, en: Code }, type: code, codelist: koder, examples: { valid: ["1"], invalid: [x] } }
  - { id: tal, name: { sv: Tal, en: Number }, type: integer, examples: { valid: ["1"], invalid: [x] } }
"#;

/// Every variable of a group that its history gives.
const HISTORY: [(&str, &str, &str); 7] = [
    ("forst", "timestamp", "first_received"),
    ("rattas_till", "timestamp", "open_until"),
    ("mottaget", "timestamp", "received"),
    ("fore", "integer", "records_before"),
    ("nu", "integer", "records_now"),
    ("andrade", "integer", "changed_records"),
    ("andringar", "text", "changes"),
];

fn group_schema() -> String {
    let mut text = r#"
collection: arenden
prefix: AR
title: { sv: Ärenden, en: Cases }
source: { document: Påhittad modell, place: tabell 2 }
folds: { collection: handelser, key: [arende], order: [dag, kod], unit: { sv: ärenden, en: cases }, corrections: { months: 1 } }
key: [arende]
record_date: forsta_dag
variables:
  - { id: arende, name: { sv: Ärende, en: Case }, type: text }
  - { id: forsta_dag, name: { sv: Första dag, en: First day }, type: timestamp, date_only: true, fold: "MIN(dag)" }
"#
    .to_owned();
    for (id, kind, item) in HISTORY {
        let line = format!("  - {{ id: {id}, name: {{ sv: {id}, en: {id} }}, type: {kind}, history: {item} }}\n");
        text.push_str(&line);
    }
    text
}

/// No group complies with the first rule, so that everything is seen; the second does not speak of missing groups.
fn rules() -> String {
    let all: Vec<&str> = HISTORY.iter().map(|(id, ..)| *id).collect();
    let levels = ["arende", "dag", "kod", "tal"].map(|id| format!("  {id}: voluntary\n")).concat();
    let texts = "title: { sv: x, en: x }\n    fix: { sv: x, en: x }";
    format!(
        "collections: [handelser]\nsource: {{ document: x, place: y }}\nrequirements:\n{levels}---\n\
         collections: [arenden]\nsource: {{ document: x, place: y }}\nchecks:\n  - id: AR-0001\n    severity: error\n    \
         assert: \"nu < 0\"\n    faulty: [{}]\n    {texts}\n    \
         tests: [{{ satisfied: {{ nu: \"-1\" }} }}, {{ violated: {{ nu: \"1\" }} }}]\n  - id: AR-0002\n    severity: error\n    \
         assert: \"fore < 0\"\n    {texts}\n    \
         tests: [{{ satisfied: {{ fore: \"-1\" }} }}, {{ violated: {{ fore: \"1\" }} }}]\n",
        all.join(", ")
    )
}

const CODES: &str = "code,text_sv,text_en,valid_from,valid_to,same_as\n1,Ett,One,,,\n2,Två,Two,,,\nett,Ett,One,,,1\n";

fn compiled() -> (Schemas, BTreeMap<String, Arc<Plan>>) {
    let schemas = [("handelser.yaml", RECORDS), ("arenden.yaml", &group_schema()), ("codelists/koder.csv", CODES)];
    support::compiled(&schemas, &rules())
}

/// As written, and what it is.
const DAYS: [(&str, &str); 6] = [
    ("2022-01-03", "2022-01-03"),
    ("20220103", "2022-01-03"),
    ("2022-01-31", "2022-01-31"),
    ("2022-02-01", "2022-02-01"),
    ("2022-02-14", "2022-02-14"),
    ("", ""),
];
const KODER: [(&str, &str); 4] = [("1", "1"), ("ett", "1"), ("2", "2"), ("9", "9")];
const NUMBERS: [(&str, &str); 4] = [("", ""), ("7", "7"), ("07", "7"), ("x", "x")];
const CASES: [&str; 4] = ["A", "B", "C", ""];

#[derive(Clone, Copy, Debug)]
struct Event {
    case: usize,
    day: usize,
    code: usize,
    number: usize,
}

impl Event {
    fn line(&self) -> String {
        format!("{};{};{};{}\n", CASES[self.case], DAYS[self.day].0, KODER[self.code].0, NUMBERS[self.number].0)
    }

    fn content(&self) -> [&'static str; 3] {
        [DAYS[self.day].1, KODER[self.code].1, NUMBERS[self.number].1]
    }
}

/// One submission: the day of its receipt, and the records of its files.
type Delivery = (i64, Vec<Vec<Event>>);

/// What is known of a group: file, values of the history, all but the changes themselves.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Group {
    case: String,
    is_missing: bool,
    first: String,
    open_until: String,
    received: String,
    before: usize,
    now: usize,
    /// The least and the most changes that there can be; `None` of a new group.
    changed: Option<(usize, usize)>,
}

type Contents = BTreeSet<[&'static str; 3]>;

fn contents(delivery: &Delivery, case: &str) -> Contents {
    let events = delivery.1.iter().flatten().filter(|event| CASES[event.case] == case);
    events.map(Event::content).collect()
}

/// The month of the first day.
fn month(contents: &Contents) -> Option<&str> {
    contents.iter().map(|content| content[0]).filter(|day| !day.is_empty()).min().map(|day| &day[..7])
}

fn expected(earlier: &[Delivery], now: &Delivery) -> Vec<Group> {
    let covers = |delivery: &Delivery, wanted: &str| {
        CASES[..3].iter().any(|case| month(&contents(delivery, case)) == Some(wanted))
    };
    let mut groups = Vec::new();
    for case in &CASES[..3] {
        let own = contents(now, case);
        let held: Vec<(i64, Contents)> = earlier
            .iter()
            .map(|delivery| (delivery.0, contents(delivery, case)))
            .filter(|(_, contents)| !contents.is_empty())
            .collect();
        let last = held.iter().max_by_key(|(day, _)| *day);
        let is_missing = own.is_empty()
            && last.is_some_and(|(day, contents)| {
                month(contents).is_some_and(|month| {
                    let covering = earlier.iter().filter(|delivery| covers(delivery, month));
                    covers(now, month) && covering.map(|delivery| delivery.0).max() == Some(*day)
                })
            });
        if own.is_empty() && !is_missing {
            continue;
        }
        let first = held.iter().map(|(day, _)| *day).min().unwrap_or(now.0);
        groups.push(Group {
            case: (*case).to_owned(),
            is_missing,
            first: format_day(first),
            open_until: format_day(months_later(first, 1).unwrap()),
            received: format_day(now.0),
            before: last.map_or(0, |(_, contents)| contents.len()),
            now: own.len(),
            changed: last.map(|(_, contents)| {
                let (removed, added) = (contents.difference(&own).count(), own.difference(contents).count());
                (removed.max(added), removed + added)
            }),
        });
    }
    groups.sort();
    groups
}

fn found(compiled: &(Schemas, BTreeMap<String, Arc<Plan>>), earlier: &[Delivery], now: &Delivery) -> Vec<Group> {
    let (schemas, plans) = compiled;
    let folder = tempfile::tempdir().unwrap();
    let mut inputs = Vec::new();
    for (number, (delivery, is_earlier)) in
        std::iter::once((now, false)).chain(earlier.iter().map(|delivery| (delivery, true))).enumerate()
    {
        for (part, events) in delivery.1.iter().enumerate() {
            let path = folder.path().join(format!("{number}_{part}.csv"));
            let lines: String = events.iter().map(Event::line).collect();
            fs::write(&path, format!("arende;dag;kod;tal\n{lines}")).unwrap();
            let options = ReadOptions { collection: Some("handelser".to_owned()), ..ReadOptions::default() };
            let mut file = InputFile::open(&path, schemas, &options).unwrap();
            file.statement = Statement { received: Some(delivery.0), is_earlier, ..Statement::default() };
            inputs.push(file);
        }
    }
    let n_own = now.1.len();
    let stated = Stated { delivery_date: now.0, ..Stated::default() };
    let settings = Settings { stated, examples: 10_000, ..Settings::default() };
    let (outcome, _) = engine::check(plans, inputs, &settings, &AtomicBool::new(false), &|_| {}, None).unwrap();
    let run = &outcome.runs[1];
    let [all, present] = [0, 1].map(|rule| &run.rules[rule]);
    let from = run.folded.unwrap();
    let missing = from.missing;
    let without = now.1.iter().flatten().filter(|event| CASES[event.case].is_empty()).count();
    assert_eq!((from.records, from.without_group), (outcome.runs[0].records, without as u64));
    assert_eq!(all.counts.violated, run.records);
    assert_eq!((present.counts.violated, present.counts.not_applicable), (run.records - missing, missing));
    let mut groups: Vec<Group> = all
        .examples
        .iter()
        .map(|finding| {
            let values: Vec<&str> = finding.faulty.iter().map(|shown| shown.value.as_str()).collect();
            let number = |text: &str| text.parse::<usize>().ok();
            let changed = number(values[5]);
            assert_eq!(changed.is_some_and(|n| n > 0), !values[6].is_empty(), "{values:?}");
            Group {
                case: finding.key.clone(),
                is_missing: finding.file.0 >= n_own,
                first: values[0].to_owned(),
                open_until: values[1].to_owned(),
                received: values[2].to_owned(),
                before: number(values[3]).unwrap(),
                now: number(values[4]).unwrap(),
                changed: changed.map(|n| (n, n)),
            }
        })
        .collect();
    assert_eq!(groups.iter().filter(|group| group.is_missing).count() as u64, missing);
    groups.sort();
    groups
}

#[test]
fn groups_have_the_history_that_a_naive_reading_gives() {
    let event = (0..4usize, 0..6usize, 0..4usize, 0..4usize);
    let event = event.prop_map(|(case, day, code, number)| Event { case, day, code, number });
    let files = || vec(vec(event.clone(), 0..6), 1..3);
    let histories = (vec((0..20i64, files()), 1..4), files());
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/regressions/corrections.txt");
    let config =
        Config { failure_persistence: Some(Box::new(FileFailurePersistence::Direct(file))), ..Config::with_cases(300) };
    let compiled = compiled();
    let pools = [1, 3].map(|n| rayon::ThreadPoolBuilder::new().num_threads(n).build().unwrap());
    let outcome = TestRunner::new(config).run(&histories, |(earlier, now)| {
        let first = parse_day("2022-01-25").unwrap();
        // Files received on one day are parts of one submission.
        let mut by_day: BTreeMap<i64, Vec<Vec<Event>>> = BTreeMap::new();
        for (day, files) in earlier {
            by_day.entry(first + day).or_default().extend(files);
        }
        let earlier: Vec<Delivery> = by_day.into_iter().collect();
        let now = (first + 19, now);
        let expected = expected(&earlier, &now);
        for pool in &pools {
            let found = pool.install(|| found(&compiled, &earlier, &now));
            // Which records are one, changed, is a matter of likeness; that no more and no fewer differ is not.
            let settled = found.into_iter().map(|group| {
                let of_case = expected.iter().find(|other| other.case == group.case).and_then(|group| group.changed);
                let changed = match (group.changed, of_case) {
                    (Some((n, _)), Some((least, most))) if (least..=most).contains(&n) => of_case,
                    (changed, _) => changed,
                };
                Group { changed, ..group }
            });
            prop_assert_eq!(&settled.collect::<Vec<_>>(), &expected);
        }
        Ok(())
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
}

const HEADER: &str = "region;forlopps_id;kva_kod;handelsedatum;alder;kon;hemlan;overflyttad\n";

/// Pathway cases, an event each: id, event and date.
fn svf(events: &[(&str, &str, &str)]) -> String {
    let line = |(id, event, day): &(&str, &str, &str)| format!("01;{id};VC0{event};{day};67;1;01;NEJ\n");
    format!("{HEADER}{}", events.iter().map(line).collect::<String>())
}

const CASE: [(&str, &str, &str); 2] = [("A", "10", "2025-01-03"), ("A", "50", "2025-01-20")];

fn with(more: &[(&'static str, &'static str, &'static str)]) -> String {
    svf(&[&CASE, more].concat())
}

/// Files of a folder: name and text.
fn folder(files: &[(&str, String)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn check(folder: &Path, day: &str, arguments: &[&str]) -> Said {
    run(folder, &[&["check", "nu.csv", "--delivery-date", day, "--format", "json"], arguments].concat())
}

fn report(said: &Said) -> Value {
    serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {}{}", said.out, said.err))
}

/// The verdicts of a rule: satisfied, violated, not applicable.
fn verdicts(report: &Value, id: &str) -> [u64; 3] {
    ["satisfied", "violated", "not_applicable"].map(|verdict| rule(report, id)["counts"][verdict].as_u64().unwrap())
}

#[test]
fn the_last_day_of_corrections_is_the_day_of_the_same_number_three_months_later() {
    let changed = svf(&[CASE[0], ("A", "50", "2025-01-22")]);
    for (first, last, day_after) in [
        ("2025-02-05", "2025-05-05", "2025-05-06"),
        // April has thirty days.
        ("2025-01-31", "2025-04-30", "2025-05-01"),
        ("2024-11-30", "2025-02-28", "2025-03-01"),
    ] {
        let folder = folder(&[("nu.csv", changed.clone()), ("forr.csv", with(&[]))]);
        let earlier = format!("{first}=forr.csv");
        for (day, expected) in [(first, [0, 0, 1]), (last, [0, 0, 1]), (day_after, [0, 1, 0])] {
            let said = check(folder.path(), day, &["--earlier", &earlier]);
            assert_eq!(verdicts(&report(&said), "SVFF-0601"), expected, "{first} {day}");
        }
        let said = check(folder.path(), day_after, &["--earlier", &earlier]);
        let report = report(&said);
        let example = &rule(&report, "SVFF-0601")["examples"]["findings"][0];
        assert_eq!(example["faulty"][0]["value"], "2025-01-20 VC050 → 2025-01-22 VC050", "{example:#}");
        assert_eq!(said.code, 1);
    }
}

#[test]
fn spelling_and_order_are_no_changes_and_what_changed_before_is_none_now() {
    let respelled = "kon;alder;region;forlopps_id;kva_kod;handelsedatum;hemlan;overflyttad\n\
        1;067;01;A;VC050;20250120;01;NEJ\n1;67;01;A;VC010;20250103;01;NEJ\n";
    let files = [("nu.csv", respelled.to_owned()), ("2025-02-05.csv", with(&[]))];
    let said = check(folder(&files).path(), "2025-09-01", &["--earlier", "2025-02-05.csv"]);
    assert_eq!(verdicts(&report(&said), "SVFF-0601"), [1, 0, 0]);

    // Corrected in time, and the same since; the first receipt still counts.
    let corrected = svf(&[CASE[0], ("A", "50", "2025-01-22")]);
    let files = [("nu.csv", corrected.clone()), ("forr/2025-02-05.csv", with(&[])), ("forr/2025-03-05.csv", corrected)];
    let said = check(folder(&files).path(), "2025-05-06", &["--earlier", "forr"]);
    let report = report(&said);
    assert_eq!(verdicts(&report, "SVFF-0601"), [1, 0, 0]);
    assert_eq!(verdicts(&report, "SVFF-0602"), [1, 0, 0]);
}

#[test]
fn what_was_added_removed_and_changed_is_told() {
    let before = with(&[("A", "25", "2025-01-10")]);
    let older =
        svf(&[CASE[0], ("A", "54", "2025-02-11"), ("A", "25", "2025-01-10")]).replace("2025-01-10;67", "2025-01-10;68");
    let files = [("nu.csv", older), ("2025-02-05.csv", before.clone())];
    let said = check(folder(&files).path(), "2025-05-06", &["--earlier", "2025-02-05.csv"]);
    let of = |said: &Said| {
        let report = report(said);
        let example = rule(&report, "SVFF-0601")["examples"]["findings"][0].clone();
        example["faulty"][0]["value"].as_str().unwrap().to_owned()
    };
    assert_eq!(of(&said), "2025-01-10 VC025 alder 67 → 2025-01-10 VC025 alder 68; 2025-01-20 VC050 → 2025-02-11 VC054");
    let files = [("nu.csv", before), ("2025-02-05.csv", with(&[]))];
    let said = check(folder(&files).path(), "2025-05-06", &["--earlier", "2025-02-05.csv"]);
    assert_eq!(of(&said), "+ 2025-01-10 VC025");
    let files = [("nu.csv", with(&[])), ("2025-02-05.csv", with(&[("A", "25", "2025-01-10")]))];
    let said = check(folder(&files).path(), "2025-05-06", &["--earlier", "2025-02-05.csv"]);
    assert_eq!(of(&said), "− 2025-01-10 VC025");
}

#[test]
fn a_missing_case_is_found_where_the_earlier_file_has_it() {
    let both = with(&[
        ("B", "10", "2025-01-07"),
        ("B", "78", "2025-01-30"),
        ("C", "10", "2025-01-07"),
        ("C", "78", "2025-02-02"),
    ]);
    let files = [("nu.csv", with(&[])), ("forr/2025-02-05.csv", both)];
    let folder = folder(&files);
    let said = check(folder.path(), "2025-05-05", &["--earlier", "forr"]);
    assert_eq!((said.code, verdicts(&report(&said), "SVFF-0602")), (0, [0, 0, 2]));
    let said = check(folder.path(), "2025-05-06", &["--earlier", "forr"]);
    let found = report(&said);
    // C ended in February, of which the submission holds nothing.
    assert_eq!((said.code, verdicts(&found, "SVFF-0602")), (1, [1, 1, 0]));
    let example = &rule(&found, "SVFF-0602")["examples"]["findings"][0];
    assert_eq!((&example["key"], &example["row"]), (&"01 B".into(), &3.into()), "{example:#}");
    assert_eq!(example["file"], "forr/2025-02-05.csv");
    // It was complete, and is asked nothing else.
    assert_eq!(verdicts(&found, "SVFF-0103"), [1, 0, 1]);
}

#[test]
fn without_an_earlier_submission_nothing_is_said_of_changes() {
    let folder = folder(&[("nu.csv", with(&[]))]);
    let said = check(folder.path(), "2025-05-06", &["--strict"]);
    assert_eq!(said.code, 0, "{}", said.err);
    let report = report(&said);
    for id in ["SVFF-0601", "SVFF-0602"] {
        assert_eq!(verdicts(&report, id), [0, 0, 1]);
    }
    let said = run(folder.path(), &["check", "nu.csv", "--delivery-date", "2025-05-06"]);
    assert!(said.out.contains("Rättningstiden är inte prövad"), "{}", said.out);
}

#[test]
fn what_would_be_compared_with_nothing_is_refused() {
    let primary = crate::support::submission(&[crate::support::line("1", &[])]);
    let folder = folder(&[
        ("nu.csv", with(&[])),
        ("forr.csv", with(&[])),
        ("annan.csv", primary.clone()),
        ("annan_forr.csv", primary),
    ]);
    for (arguments, expected) in [
        (vec!["--earlier", "forr.csv"], "när togs den emot?"),
        (vec!["--earlier", "2025-05-07=forr.csv"], "mottagen 2025-05-07, efter"),
        (vec!["--earlier", "2025-02-05=annan.csv"], "ingen fil som kontrolleras"),
        (vec!["annan.csv", "--earlier", "2025-02-05=annan_forr.csv"], "har ingen rättningstid"),
        (vec!["--earlier", "2025-02-05=nu.csv"], "ingen är kvar"),
    ] {
        let said = check(folder.path(), "2025-05-06", &arguments);
        assert_eq!(said.code, 2, "{arguments:?}: {}", said.err);
        assert!(said.err.contains(expected), "{arguments:?}: {}", said.err);
    }
}

/// Completed cases of breast cancer, one each: id, region, start, treatment.
fn completed(cases: &[(&str, &str, &str, &str)]) -> String {
    let lines = |(id, region, start, treated): &(&str, &str, &str, &str)| {
        let line = |event, day: &str| format!("{region};{id};VG9{event};{day};67;2;{region};NEJ\n");
        line("10", start) + &line("50", treated)
    };
    format!("{HEADER}{}", cases.iter().map(lines).collect::<String>())
}

const STOCKHOLM: [(&str, &str, &str, &str); 2] =
    [("A", "01", "2025-01-03", "2025-01-20"), ("B", "01", "2025-07-03", "2025-07-20")];

/// What a JSON report says of the lead time rate, by region and period.
fn finality(report: &Value) -> Vec<(String, String, Option<String>)> {
    let measure = report["measures"].as_array().unwrap().iter().find(|measure| measure["id"] == "ledtid_svf");
    let figures = measure.unwrap()["figures"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    figures
        .filter(|figure| figure["group"] == "" && figure["place"] != "rcc" && !figure["numerator"].is_null())
        .map(|figure| {
            (text(&figure["lanskod"]), text(&figure["period"]), figure["finality"].as_str().map(str::to_owned))
        })
        .collect()
}

#[test]
fn figures_are_fixed_when_no_record_may_be_corrected_any_more() {
    let skane = [("C", "12", "2025-01-03", "2025-01-20")];
    let files = [
        ("nu/stockholm.csv", completed(&STOCKHOLM)),
        ("nu/skane.csv", completed(&skane)),
        ("forr/2025-02-05/stockholm.csv", completed(&STOCKHOLM[..1])),
        ("forr/2025-08-05/stockholm.csv", completed(&STOCKHOLM)),
    ];
    let folder = folder(&files);
    let figures = |day: &str, earlier: &[&str]| {
        let options = [
            "qa",
            "nu",
            "--delivery-date",
            day,
            "--measure",
            "ledtid_svf",
            "--period",
            "2025",
            "--figures",
            "json=siffror.json",
        ];
        let said = run(folder.path(), &[&options, earlier].concat());
        assert!(said.code < 2, "{}", said.err);
        let report = fs::read(folder.path().join("siffror.json")).unwrap();
        finality(&serde_json::from_slice(&report).unwrap())
    };
    let of = |expected: &[(&str, &str, &str)]| -> Vec<(String, String, Option<String>)> {
        let owned = |(place, period, word): &(&str, &str, &str)| {
            ((*place).to_owned(), (*period).to_owned(), Some((*word).to_owned()))
        };
        expected.iter().map(owned).collect()
    };
    // Stockholm's first case was received on 5 February and its second on 5 August; Skåne's is received now.
    let sorted = |mut figures: Vec<(String, String, Option<String>)>| {
        figures.sort();
        figures
    };
    let expected = |spring: &'static str, autumn: &'static str, year: &'static str, others: &'static str| {
        sorted(of(&[
            ("", "2025", others),
            ("", "2025h1", others),
            ("01", "2025", year),
            ("01", "2025h1", spring),
            ("01", "2025h2", autumn),
            ("12", "2025", others),
            ("12", "2025h1", others),
        ]))
    };
    let earlier = ["--earlier", "forr"];
    let (fixed, open, unknown) = ("fixed", "preliminary", "preliminary_unknown");
    assert_eq!(sorted(figures("2025-11-05", &earlier)), expected(fixed, open, open, open));
    assert_eq!(sorted(figures("2025-11-06", &earlier)), expected(fixed, fixed, fixed, open));
    assert_eq!(sorted(figures("2025-11-06", &[])), expected(unknown, unknown, unknown, unknown));
    // A list of deliveries tells when each was received at the latest: on 5 August, and Skåne's on the 6th.
    let list = "fil;insamling;lanskod;period;mottagen\nnu/stockholm.csv;svf;01;2025-01;2025-08-05\nnu/skane.csv;svf;12;2025-01;2025-08-06\n";
    fs::write(folder.path().join("lista.csv"), list).unwrap();
    let listed = ["--deliveries", "lista.csv"];
    assert_eq!(sorted(figures("2025-11-05", &listed)), expected(unknown, unknown, unknown, unknown));
    let of_stockholm = |day: &str| -> Vec<Option<String>> {
        let figures = sorted(figures(day, &listed)).into_iter();
        figures.filter(|(place, ..)| place == "01").map(|(_, _, word)| word).collect()
    };
    assert_eq!(of_stockholm("2025-11-06"), [Some(fixed.to_owned()), Some(fixed.to_owned()), Some(fixed.to_owned())]);
    assert_eq!(sorted(figures("2025-11-07", &listed)), expected(fixed, fixed, fixed, fixed));
}

#[test]
fn whether_figures_are_fixed_is_in_every_format_and_in_saved_tallies() {
    let folder = folder(&[("nu.csv", completed(&STOCKHOLM)), ("2025-02-05.csv", completed(&STOCKHOLM[..1]))]);
    let said = run(
        folder.path(),
        &[
            "qa",
            "nu.csv",
            "--delivery-date",
            "2025-08-05",
            "--earlier",
            "2025-02-05.csv",
            "--measure",
            "ledtid_svf",
            "--figures",
            "text=siffror.txt",
            "--figures",
            "csv=siffror.csv",
            "--save-tally",
            "raknat.parquet",
        ],
    );
    assert!(said.code < 2, "{}", said.err);
    let text = fs::read_to_string(folder.path().join("siffror.txt")).unwrap();
    for words in ["läge", "prel.", "fast: rättningstiden är slut", "prel.: preliminär"] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let csv = fs::read_to_string(folder.path().join("siffror.csv")).unwrap();
    let header = csv.lines().next().unwrap();
    let place = header.split(';').position(|name| name == "finality").expect("a column");
    let ends = |line: &&str, word: &str| line.split(';').nth(place) == Some(word) && line.contains("ledtid_svf");
    assert!(csv.lines().any(|line| ends(&line, "fixed")), "{csv}");
    assert!(csv.lines().any(|line| ends(&line, "preliminary")), "{csv}");
    let said = run(
        folder.path(),
        &[
            "coverage",
            "--tally",
            "raknat.parquet",
            "--measure",
            "ledtid_svf",
            "--period",
            "2025",
            "--format",
            "json=ur_raknat.json",
        ],
    );
    assert_eq!(said.code, 0, "{}", said.err);
    let report: Value = serde_json::from_slice(&fs::read(folder.path().join("ur_raknat.json")).unwrap()).unwrap();
    let found: BTreeSet<_> = finality(&report).into_iter().map(|(_, period, word)| (period, word)).collect();
    let expected = [("2025", "preliminary"), ("2025h1", "fixed"), ("2025h2", "preliminary")];
    let owned = |(period, word): (&str, &str)| (period.to_owned(), Some(word.to_owned()));
    assert_eq!(found, expected.map(owned).into());
}

#[test]
fn a_list_of_deliveries_says_when_and_of_what() {
    let elsewhere = svf(&[("B", "10", "2025-04-03"), ("B", "78", "2025-04-20")]);
    let list = |month: &str| {
        format!(
            "fil;insamling;lanskod;period;mottagen\nnu.csv;svf;01;{month};2025-05-06\nforr.csv;svf;01;2025-01;2025-02-05\n"
        )
    };
    let missing = |month: &str| {
        let folder = folder(&[("nu.csv", elsewhere.clone()), ("forr.csv", with(&[])), ("lista.csv", list(month))]);
        let options =
            ["qa", "nu.csv", "--earlier", "forr.csv", "--deliveries", "lista.csv", "--format", "json=ut.json"];
        let said = run(folder.path(), &options);
        assert!(said.code < 2, "{}", said.err);
        let report = fs::read(folder.path().join("ut.json")).unwrap();
        verdicts(&serde_json::from_slice(&report).unwrap(), "SVFF-0602")[1]
    };
    // The submission is said to be of January, and has no case of it; or is of April, and says nothing of January.
    assert_eq!([missing("2025-01"), missing("2025-04")], [1, 0]);
}

/// The README's command and the lines that it shows of what comes out.
#[test]
fn the_readme_shows_what_comes_out() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let (_, section) = readme.split_once("### Corrections: what may still change").unwrap();
    let (_, section) = section.split_once("```sh\ncargo run --release -- ").unwrap();
    let (command, section) = section.split_once("\n```").unwrap();
    let arguments: Vec<&str> = command.split_whitespace().filter(|word| *word != "\\").collect();
    let said = run(root, &[&arguments[..], &["--quiet"]].concat());
    assert_eq!((said.code, said.err.as_str()), (1, ""));
    let (_, block) = section.split_once("```text\n").unwrap();
    let (block, _) = block.split_once("\n```").unwrap();
    let shown: Vec<&str> = block.lines().filter(|line| *line != "…").collect();
    assert!(shown.len() > 10, "{shown:?}");
    for line in shown {
        assert!(said.out.lines().any(|other| other == line), "{line}\n{}", said.out);
    }
}
