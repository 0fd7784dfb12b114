//! What a change of rules means for deliveries: counts worked by hand, and the same as from checking twice.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use vantkoll::assets::{Assets, File};
use vantkoll::diag::Source;
use vantkoll::engine::compare::{self, CollectionImpact, Delivery, Group, Impact, Rejected, Version, Violations};
use vantkoll::engine::{self, FindingSink, Settings, Stated};
use vantkoll::generate::{self, Arrangement, Defects, OutputFormat, Profile, Records, Request};
use vantkoll::model::{County, Finding, Severity};
use vantkoll::rule::{Check, Plan};
use vantkoll::rulebook::Rulebook;
use vantkoll::submission::{InputError, InputFile, ReadOptions};
use vantkoll::time;

const SCHEMA: &str = r#"
collection: dietistmottagning
prefix: DM
title: { sv: Dietistmottagning, en: Dietitian's clinic }
source: { document: Påhittad modell, place: tabell 1 }
key: [besok_id]
reporter: huvudman
breakdown: { by: mvo, name: { sv: MVO, en: MVO } }
variables:
  - { id: besok_id, name: { sv: Besöks-id, en: Visit id }, type: text, max_length: 10, examples: { valid: ["B-1"], invalid: ["B-123456789"] } }
  - { id: huvudman, name: { sv: Huvudman, en: Authority }, type: text, max_length: 30, examples: { valid: ["SE2321000016-1"], invalid: ["SE2321000016-1234567890123456789"] } }
  - { id: mvo, name: { sv: MVO, en: MVO }, type: code, codelist: mvo, examples: { valid: ["101"], invalid: ["x"] } }
  - { id: besoksdag, name: { sv: Besöksdag, en: Day of visit }, type: timestamp, date_only: true, examples: { valid: ["2022-01-03"], invalid: ["x"] } }
  - { id: antal, name: { sv: Antal, en: Number }, type: integer, range: { min: 0, max: 99 }, examples: { valid: ["1"], invalid: ["100"] } }
"#;

const RULES: &str = r"
collections: [dietistmottagning]
source: { document: Påhittad modell, place: tabell 1 }
requirements: { besok_id: mandatory, huvudman: voluntary, mvo: voluntary, besoksdag: voluntary, antal: voluntary }
checks:
";

/// A rule; its tests are there only because rules must have some.
fn rule(id: &str, severity: &str, assert: &str, more: &str) -> String {
    format!(
        "  - {{ id: {id}, severity: {severity}, assert: \"{assert}\", title: {{ sv: \"{id}\", en: \"{id}\" }}, fix: {{ sv: Rätta., en: Correct. }}, tests: [{{ satisfied: {{ besok_id: A }} }}, {{ violated: {{ besok_id: A }} }}]{more} }}\n"
    )
}

fn book(schema: &str, rules: &[String]) -> Rulebook {
    book_with(schema, "antal: voluntary", rules)
}

/// The same with other levels than that of `antal`.
fn book_with(schema: &str, levels: &str, rules: &[String]) -> Rulebook {
    let mut assets = Assets::layered(None, None).unwrap();
    let file = |text: String| {
        let name = "dietistmottagning.yaml".to_owned();
        (name.clone(), File { name, text })
    };
    assets.schemas.extend([file(schema.to_owned())]);
    assets.rules.extend([file(format!("{}{}", RULES.replace("antal: voluntary", levels), rules.concat()))]);
    Rulebook::load(&assets).unwrap_or_else(|mistakes| panic!("{}", vantkoll::diag::render(&mistakes, false, 110)))
}

fn stated() -> Stated {
    Stated {
        period: time::parse_day("2022-03-01").zip(time::parse_day("2022-03-31")),
        delivery_date: time::parse_day("2022-04-15").unwrap(),
        delivery_date_stated: true,
        ..Stated::default()
    }
}

fn named(collection: &str) -> ReadOptions {
    ReadOptions { collection: Some(collection.to_owned()), ..ReadOptions::default() }
}

fn opened(before: &Rulebook, after: &Rulebook, paths: &[PathBuf], options: &ReadOptions) -> Vec<Delivery> {
    let open = |path: &PathBuf| {
        Delivery::open(path, &before.collections.schemas, &after.collections.schemas, options).unwrap()
    };
    paths.iter().map(open).collect()
}

fn compared(before: &Rulebook, after: &Rulebook, paths: &[PathBuf], options: &ReadOptions) -> Impact {
    let deliveries = opened(before, after, paths, options);
    let (before, after) = (&before.collections.plans, &after.collections.plans);
    compare::compare(before, after, &deliveries, &stated(), &AtomicBool::new(false), &|_| {}).unwrap()
}

fn written(folder: &Path, files: &[(&str, &str)]) -> Vec<PathBuf> {
    files
        .iter()
        .map(|(name, text)| {
            std::fs::write(folder.join(name), text).unwrap();
            folder.join(name)
        })
        .collect()
}

fn violations(before: u64, after: u64, newly_failing: u64, newly_passing: u64) -> Violations {
    Violations { before, after, newly_failing, newly_passing }
}

fn rejected(records: u64, before: u64, after: u64, newly_rejected: u64, newly_accepted: u64) -> Rejected {
    Rejected { records, before, after, newly_rejected, newly_accepted }
}

const STOCKHOLM: &str = "SE2321000016-1";
const SKANE: &str = "SE2321000255-1";

fn county(code: &str) -> Option<County> {
    County::new(code)
}

fn group(region: Option<County>, code: &str) -> Group {
    Group { region, code: code.to_owned() }
}

/// Two files: the first passes only before, the second only after the change.
fn two_files(folder: &Path) -> Vec<PathBuf> {
    let header = "besok_id;huvudman;mvo;besoksdag;antal\n";
    let first = format!(
        "{header}B-1;{STOCKHOLM};101;2022-03-01;6\nB-2;{STOCKHOLM};201;2022-03-01;4\nB-3;{SKANE};101;2022-03-01;7\n\
         B-4;{SKANE};101;2022-03-01;\nB-5;{SKANE};xx;2022-03-01;8\nB-6;okänd;;2022-03-01;9;för många fält\n"
    );
    let second = format!("{header}B-7;{STOCKHOLM};101;2022-03-01;1\nB-8;någon;;2022-03-01;2\n");
    written(folder, &[("ett.csv", &first), ("två.csv", &second)])
}

fn two_books() -> [Rulebook; 2] {
    let before = [
        rule("DM-0001", "error", "antal <= 8", ""),
        rule("DM-0002", "warning", "antal <> 4", ""),
        rule("DM-0003", "error", "antal >= 2", ""),
        rule("DM-0004", "note", "antal <> 6", ""),
    ];
    let after = [
        rule("DM-0001", "error", "antal <= 6", ""),
        rule("DM-0002", "warning", "antal <> 4", ""),
        rule("DM-0004", "error", "antal <> 6", ""),
        rule("DM-0005", "warning", "antal <> 7", ""),
    ];
    [book(SCHEMA, &before), book(SCHEMA, &after)]
}

#[test]
fn records_are_counted_by_rule_region_code_and_file() {
    let folder = tempfile::tempdir().unwrap();
    let paths = two_files(folder.path());
    let [before, after] = two_books();
    let options = named("dietistmottagning");
    let impact = compared(&before, &after, &paths, &options);
    let of = &impact.collections["dietistmottagning"];
    assert_eq!((of.records, of.unreadable), (8, 1));
    let (stockholm, skane) = (county("01"), county("12"));
    let groups = [
        (group(None, ""), 2),
        (group(stockholm, "101"), 2),
        (group(stockholm, "201"), 1),
        (group(skane, "101"), 2),
        (group(skane, "?"), 1),
    ];
    assert_eq!(of.groups, BTreeMap::from(groups));
    let total = |id: &str| of.rules[id].total;
    assert_eq!(total("DM-0001"), violations(0, 2, 2, 0));
    assert_eq!(total("DM-0002"), violations(1, 1, 0, 0));
    assert_eq!(total("DM-0003"), violations(1, 0, 0, 1));
    assert_eq!(total("DM-0004"), violations(1, 1, 0, 0));
    assert_eq!(total("DM-0005"), violations(0, 1, 1, 0));
    let first = &of.rules["DM-0001"];
    let of_groups = [(group(skane, "101"), violations(0, 1, 1, 0)), (group(skane, "?"), violations(0, 1, 1, 0))];
    assert_eq!(first.groups, BTreeMap::from(of_groups));
    assert_eq!(first.by_region(), BTreeMap::from([(skane, violations(0, 2, 2, 0))]));
    assert_eq!(first.by_code()["?"], violations(0, 1, 1, 0));
    // B-4 has no number; that of the unreadable record is a matter of its own.
    assert_eq!((first.unchecked_before, first.unchecked_after), (1, 1));
    let severities = |id: &str| (of.rules[id].severity_before, of.rules[id].severity_after);
    assert_eq!(severities("DM-0003"), (Some(Severity::Error), None));
    assert_eq!(severities("DM-0004"), (Some(Severity::Note), Some(Severity::Error)));
    assert_eq!(severities("DM-0005"), (None, Some(Severity::Warning)));
    assert!(first.versions.is_empty());
    // B-5 is rejected for its specialty in any case, B-7 for DM-0003; B-1 by DM-0004, which became an error.
    assert_eq!(of.files[0].rejected, rejected(6, 1, 3, 2, 0));
    assert_eq!(of.files[1].rejected, rejected(2, 1, 0, 0, 1));
    assert_eq!((of.files[1].passes_before(), of.files[1].passes_after()), (false, true));
    let reporters =
        [(None, rejected(2, 0, 0, 0, 0)), (stockholm, rejected(3, 1, 1, 1, 1)), (skane, rejected(3, 1, 2, 1, 0))];
    assert_eq!(of.reporters, BTreeMap::from(reporters));
    assert_eq!(of.rejected(), rejected(8, 2, 3, 2, 1));
    assert_eq!(of.region_names[&skane.unwrap()], "Region Skåne");
    assert_eq!(of.code_names.keys().collect::<Vec<_>>(), ["101", "201"]);
    assert!(!of.rules.contains_key("LEV-0001"), "a rule on the submission");
}

#[test]
fn impacts_of_parts_merge_into_that_of_all() {
    let folder = tempfile::tempdir().unwrap();
    let paths = two_files(folder.path());
    let [before, after] = two_books();
    let options = named("dietistmottagning");
    let mut parts = Impact::default();
    for path in &paths {
        parts.merge(compared(&before, &after, std::slice::from_ref(path), &options));
    }
    assert_eq!(parts, compared(&before, &after, &paths, &options));
}

#[test]
fn a_record_that_changes_versions_is_judged_once() {
    let folder = tempfile::tempdir().unwrap();
    let lines = "besok_id;antal;besoksdag\nA;9;2021-06-01\nB;9;2022-06-01\nC;9;2023-06-01\nD;9;\nE;1;2022-06-01\nF;5;2022-06-01\n";
    let paths = written(folder.path(), &[("fil.csv", lines)]);
    let dated = |first: i32, most: i32| {
        vec![
            rule(
                "DM-0001",
                "error",
                "antal <= 8",
                &format!(", valid: {{ until: {}-12-31, by: besoksdag }}", first - 1),
            ),
            rule(
                "DM-0001",
                "error",
                &format!("antal <= {most}"),
                &format!(", valid: {{ from: {first}-01-01, by: besoksdag }}"),
            ),
        ]
    };
    let (before, after) = (book(SCHEMA, &dated(2022, 8)), book(SCHEMA, &dated(2023, 4)));
    let options = named("dietistmottagning");
    let impact = compared(&before, &after, &paths, &options);
    let of = &impact.collections["dietistmottagning"].rules["DM-0001"];
    // A, B and C, whichever version they are of; D has no day that chooses.
    assert_eq!(of.total, violations(3, 3, 0, 0));
    assert_eq!((of.unchecked_before, of.unchecked_after, of.passing_unchecked), (1, 1, 0));
    let day = |text: &str| time::parse_day(text);
    let version = |from: Option<i64>, until: Option<i64>| Version { from, until, by: "besoksdag".to_owned() };
    let counted = |version: &Version| {
        let of = &of.versions[version];
        ((of.is_before, of.is_after), of.total)
    };
    assert_eq!(counted(&version(None, day("2021-12-31"))), ((true, false), violations(1, 0, 0, 1)));
    assert_eq!(counted(&version(None, day("2022-12-31"))), ((false, true), violations(0, 2, 2, 0)));
    assert_eq!(counted(&version(day("2022-01-01"), None)), ((true, false), violations(2, 0, 0, 2)));
    assert_eq!(counted(&version(day("2023-01-01"), None)), ((false, true), violations(0, 1, 1, 0)));
}

#[test]
fn each_side_sees_the_columns_that_its_schema_knows() {
    let folder = tempfile::tempdir().unwrap();
    // `gammal` is a variable of the older schema alone, `ny` of the newer one, and `antal` is read from another column.
    let lines = "besok_id;gammal;ny;antal;nummer\nA;1;2;3;4\nB;2;1;3;5\n";
    let paths = written(folder.path(), &[("fil.csv", lines)]);
    let extra = |id: &str| {
        format!(
            "{SCHEMA}  - {{ id: {id}, name: {{ sv: Mer, en: More }}, type: integer, range: {{ min: 0, max: 99 }}, examples: {{ valid: [\"1\"], invalid: [\"100\"] }} }}\n"
        )
    };
    let older = extra("gammal");
    let newer = extra("ny").replace(
        "{ id: antal, name: { sv: Antal, en: Number }",
        "{ id: mangd, name: { sv: Mängd, en: Amount }, aliases: [nummer]",
    );
    let rules = |id: &str| vec![rule("DM-0001", "error", &format!("{id} <= 1"), "")];
    let older_rules = [rules("gammal"), vec![rule("DM-0002", "error", "antal <= 4", "")]].concat();
    let newer_rules = [rules("ny"), vec![rule("DM-0002", "error", "mangd <= 4", "")]].concat();
    let before = book_with(&older, "antal: voluntary, gammal: voluntary", &older_rules);
    let after = book_with(&newer, "mangd: voluntary, ny: voluntary", &newer_rules);
    let options = named("dietistmottagning");
    let impact = compared(&before, &after, &paths, &options);
    let of = &impact.collections["dietistmottagning"];
    // B before, A after.
    assert_eq!(of.rules["DM-0001"].total, violations(1, 1, 1, 1));
    assert_eq!(of.rules["DM-0002"].total, violations(0, 1, 1, 0));
    assert_eq!((of.rules["DM-0001"].unchecked_before, of.rules["DM-0001"].unchecked_after), (0, 0));
}

#[test]
fn what_cannot_be_looked_at_any_more_is_told_from_what_passes() {
    let folder = tempfile::tempdir().unwrap();
    let paths = written(folder.path(), &[("fil.csv", "besok_id;antal\nA;9\nB;1\n")]);
    let before = book(SCHEMA, &[rule("DM-0001", "error", "antal <= 8", "")]);
    let after = book(SCHEMA, &[rule("DM-0001", "error", "antal <= 8 OR besoksdag < DATE '2022-01-01'", "")]);
    let options = named("dietistmottagning");
    let impact = compared(&before, &after, &paths, &options);
    let of = &impact.collections["dietistmottagning"].rules["DM-0001"];
    assert_eq!(of.total, violations(1, 0, 0, 1));
    // The column is missing, so that the rule is looked at nowhere.
    assert_eq!((of.unchecked_before, of.unchecked_after, of.passing_unchecked), (0, 2, 1));
}

#[test]
fn a_collection_that_one_rule_set_lacks_is_compared_with_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let paths = written(folder.path(), &[("fil.csv", "besok_id;antal\nA;9\nB;1\n")]);
    let with = book(SCHEMA, &[rule("DM-0001", "error", "antal <= 8", "")]);
    let without = Rulebook::load(&Assets::layered(None, None).unwrap()).unwrap();
    let added = compared(&without, &with, &paths, &ReadOptions::default());
    let of = &added.collections["dietistmottagning"];
    assert_eq!(of.rules["DM-0001"].total, violations(0, 1, 1, 0));
    assert_eq!((of.files[0].is_known_before, of.files[0].is_known_after), (false, true));
    let removed = compared(&with, &without, &paths, &ReadOptions::default());
    let of = &removed.collections["dietistmottagning"];
    assert_eq!(of.rules["DM-0001"].total, violations(1, 0, 0, 1));
    assert_eq!((of.files[0].is_known_before, of.files[0].is_known_after), (true, false));
    let schemas = &without.collections.schemas;
    let neither = Delivery::open(&paths[0], schemas, schemas, &ReadOptions::default());
    assert!(matches!(neither, Err(InputError::UnknownHeader { .. })), "{neither:?}");
}

#[test]
fn a_signal_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let paths = two_files(folder.path());
    let [before, after] = two_books();
    let deliveries = opened(&before, &after, &paths, &ReadOptions::default());
    let (before, after) = (&before.collections.plans, &after.collections.plans);
    let result = compare::compare(before, after, &deliveries, &stated(), &AtomicBool::new(true), &|_| {});
    assert!(matches!(result, Err(InputError::Interrupted)), "{result:?}");
}

/// Every finding on a record, by rule id.
#[derive(Default)]
struct Findings(BTreeMap<String, BTreeSet<u64>>, BTreeSet<u64>);

impl FindingSink for Findings {
    fn take(
        &mut self,
        plan: &Plan,
        _: &[PathBuf],
        findings: &[Finding],
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        for finding in findings {
            let rule = &plan.rules[finding.rule.0];
            let (Check::Record(_), Some(row)) = (&rule.check, finding.position.row) else { continue };
            self.0.entry(rule.id.0.clone()).or_default().insert(row);
            if rule.severity == Severity::Error {
                self.1.insert(row);
            }
        }
        Ok(())
    }
}

fn checked(book: &Rulebook, path: &Path, options: &ReadOptions) -> Findings {
    let file = InputFile::open(path, &book.collections.schemas, options).unwrap();
    let settings = Settings { stated: stated(), ..Settings::default() };
    let mut findings = Findings::default();
    let stop = AtomicBool::new(false);
    engine::check(&book.collections.plans, vec![file], &settings, &stop, &|_| {}, Some(&mut findings)).unwrap();
    findings
}

/// The built-in rules with changes of every sort that the collections have in their files.
fn changed_book() -> Rulebook {
    let mut assets = Assets::layered(None, None).unwrap();
    let mut n_changes = 0;
    for file in assets.rules.values_mut() {
        for (old, new) in [
            ("start_av_aktivitet >= beslut_att_utfora_aktivitet", "start_av_aktivitet > beslut_att_utfora_aktivitet"),
            ("severity: warning", "severity: error"),
            ("remittenttyp: if_available", "remittenttyp: mandatory"),
            ("bokningssatt: mandatory", "bokningssatt: voluntary"),
            ("fas IN ('2', '3')", "fas IN ('2', '4')"),
        ] {
            n_changes += file.text.matches(old).count();
            file.text = file.text.replace(old, new);
        }
    }
    assert!(n_changes > 5, "{n_changes}");
    Rulebook::load(&assets).unwrap_or_else(|mistakes| panic!("{}", vantkoll::diag::render(&mistakes, false, 110)))
}

/// Twice checked, set by set, is compared once.
fn is_the_same(before: &Findings, after: &Findings, impact: &CollectionImpact) -> usize {
    let none = BTreeSet::new();
    let mut n_changed = 0;
    for (id, rule) in &impact.rules {
        let (was, is) = (before.0.get(id).unwrap_or(&none), after.0.get(id).unwrap_or(&none));
        let count = |n: usize| n as u64;
        let expected = violations(
            count(was.len()),
            count(is.len()),
            count(is.difference(was).count()),
            count(was.difference(is).count()),
        );
        assert_eq!(rule.total, expected, "{id}");
        let mut of_groups = Violations::default();
        rule.groups.values().for_each(|part| of_groups.merge(part));
        assert_eq!(of_groups, expected, "{id}");
        n_changed += usize::from(rule.total.is_changed());
    }
    for id in before.0.keys().chain(after.0.keys()) {
        assert!(impact.rules.contains_key(id), "{id}");
    }
    let (was, is) = (&before.1, &after.1);
    let all = impact.rejected();
    let expected = [was.len(), is.len(), is.difference(was).count(), was.difference(is).count()];
    assert_eq!([all.before, all.after, all.newly_rejected, all.newly_accepted], expected.map(|n| n as u64));
    let mut of_reporters = Rejected::default();
    impact.reporters.values().for_each(|part| of_reporters.merge(part));
    assert_eq!(of_reporters, all);
    assert_eq!(impact.groups.values().sum::<u64>(), impact.records);
    n_changed
}

#[test]
fn comparing_is_checking_twice_for_any_number_of_threads() {
    let folder = tempfile::tempdir().unwrap();
    let before = Rulebook::load(&Assets::layered(None, None).unwrap()).unwrap();
    let after = changed_book();
    let shelf = &before.collections;
    let mut n_changed = 0;
    for (collection, format) in [
        ("specvard_genomforda", OutputFormat::Csv),
        ("specvard_vantande", OutputFormat::Parquet),
        ("primarvard_grundmodell", OutputFormat::Csv),
    ] {
        let files = Assets::layered(None, None).unwrap().schemas;
        let profile = Profile::load(&files, &shelf.schemas, collection).unwrap();
        let defects = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("testdata/defects/{collection}.yaml"));
        let source = Source::new(collection, std::fs::read_to_string(&defects).unwrap());
        let defects = Defects::load(&source, &profile, &shelf.schemas, &shelf.plans[collection], &[]).unwrap();
        let stop = AtomicBool::new(false);
        let period = stated().period.unwrap();
        let request =
            Request { records: Records::Count(6_000), seed: 7, period, format, arrangement: Arrangement::ByDate };
        let mut bytes = Vec::new();
        generate::generate(&profile, Some(&defects), &request, &mut bytes, None::<Vec<u8>>.as_mut(), &stop, &|_| {})
            .unwrap();
        let path =
            folder.path().join(format!("{collection}.{}", if format == OutputFormat::Csv { "csv" } else { "parquet" }));
        std::fs::write(&path, bytes).unwrap();
        let named = named(collection);
        let twice = (checked(&before, &path, &named), checked(&after, &path, &named));
        let on = |threads: usize, options: &ReadOptions| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| compared(&before, &after, std::slice::from_ref(&path), options))
        };
        let one = on(1, &named);
        n_changed += is_the_same(&twice.0, &twice.1, &one.collections[collection]);
        let small = ReadOptions { chunk_bytes: 20_000, batch_rows: 777, ..named.clone() };
        assert_eq!(on(3, &small), one);
        // The other way round, what failed newly passes newly.
        let back = compared(&after, &before, std::slice::from_ref(&path), &named);
        for (id, rule) in &one.collections[collection].rules {
            let there = rule.total;
            let expected = violations(there.after, there.before, there.newly_passing, there.newly_failing);
            assert_eq!(back.collections[collection].rules[id].total, expected, "{id}");
        }
    }
    assert!(n_changed >= 3, "only {n_changed} rules judge otherwise");
}
