//! What is counted by reporter adds up to the run, and is what the findings themselves say.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use proptest::test_runner::TestCaseError;
use vantkoll::assets;
use vantkoll::cause::{self, Cause, CauseKind};
use vantkoll::engine::reporter::{Division, ReporterRun};
use vantkoll::engine::{self, FindingSink, Outcome, Run, Settings};
use vantkoll::model::{County, Finding, RuleIndex, Severity};
use vantkoll::rule::{self, Plan};
use vantkoll::schema::{self, Schemas};
use vantkoll::submission::{InputFile, ReadOptions};

use crate::support::{RECORD, header, line};

/// Every finding of a run, by collection.
#[derive(Default)]
struct Stream(BTreeMap<String, Vec<Finding>>);

impl FindingSink for Stream {
    fn take(
        &mut self,
        plan: &Plan,
        _: &[PathBuf],
        findings: &[Finding],
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        self.0.entry(plan.collection.id.clone()).or_default().extend_from_slice(findings);
        Ok(())
    }
}

/// Checks that what was counted by reporter is the run, divided, and that findings say the same.
pub(crate) fn add_up(run: &Run, stream: &[Finding]) -> Result<(), TestCaseError> {
    let mut all = ReporterRun::default();
    for reporter in run.reporters.values() {
        all.merge(reporter);
    }
    let fail = |text: String| Err(TestCaseError::fail(text));
    if (all.records, all.rejected) != (run.records, run.rejected) {
        return fail(format!(
            "{} records, {} rejected; {} and {}",
            all.records, all.rejected, run.records, run.rejected
        ));
    }
    for (index, (rule, counted)) in run.rules.iter().zip(&all.rules).enumerate() {
        let id = &run.plan.rules[index].id;
        if (rule.counts, rule.violations, rule.waived) != (counted.counts, counted.violations, counted.waived) {
            return fail(format!("{id}: run {rule:?}\nreporters {counted:?}"));
        }
        for (region, reporter) in &run.reporters {
            let is_its = |finding: &&Finding| {
                finding.rule == RuleIndex(index)
                    && finding.origin.as_ref().is_some_and(|origin| origin.region == *region)
            };
            let told = stream.iter().filter(is_its).count() as u64;
            if told != reporter.rules[index].violations {
                return fail(format!("{id}, {region:?}: {told} findings, {:?} counted", reporter.rules[index]));
            }
            units(&reporter.units, stream.iter().filter(is_its), RuleIndex(index)).map_err(TestCaseError::fail)?;
        }
    }
    if !all.accounts.is_empty() && all.accounts != run.accounts {
        return fail(format!("accounts {:?}\n{:?}", all.accounts, run.accounts));
    }
    let combined: u64 = all.combinations.known.values().sum::<u64>() + all.combinations.other;
    if combined > run.rejected {
        return fail(format!("{combined} records in combinations, {} rejected", run.rejected));
    }
    Ok(())
}

/// The records of a rule by unit, worked out from findings alone.
fn units<'f>(division: &Division, findings: impl Iterator<Item = &'f Finding>, rule: RuleIndex) -> Result<(), String> {
    let mut records: BTreeMap<&str, BTreeSet<_>> = BTreeMap::new();
    for finding in findings.filter(|finding| finding.position.row.is_some()) {
        let unit = finding.origin.as_ref().map_or("", |origin| origin.unit.as_str());
        records.entry(unit).or_default().insert((finding.file, finding.position.row));
    }
    if division.parts.is_empty() {
        return Ok(());
    }
    for (unit, rows) in &records {
        let counted = division.parts.get(*unit).and_then(|part| part.rules.get(&rule)).copied().unwrap_or(0);
        if counted != rows.len() as u64 {
            return Err(format!("rule {}, unit {unit}: {} records, {counted} counted", rule.0, rows.len()));
        }
    }
    Ok(())
}

struct Loaded {
    schemas: Schemas,
    plans: BTreeMap<String, Arc<Plan>>,
}

fn shipped() -> Loaded {
    let schemas = schema::load(&assets::schemas(None).unwrap()).unwrap();
    let (_, plans) = rule::load_and_compile(&schemas, &assets::rules(None).unwrap(), None).unwrap();
    Loaded { schemas, plans }
}

fn day(text: &str) -> i64 {
    vantkoll::time::parse_day(text).unwrap()
}

fn check(loaded: &Loaded, paths: &[PathBuf], delivered: &str, options: &ReadOptions) -> (Outcome, Stream) {
    let files = paths.iter().map(|path| InputFile::open(path, &loaded.schemas, options).unwrap()).collect();
    let settings = Settings {
        stated: engine::Stated { delivery_date: day(delivered), ..engine::Stated::default() },
        examples: 3,
        whose: engine::Whose { counts: true, origins: true },
        ..Settings::default()
    };
    let mut stream = Stream::default();
    let stop = AtomicBool::new(false);
    let (outcome, _) = engine::check(&loaded.plans, files, &settings, &stop, &|_| {}, Some(&mut stream)).unwrap();
    (outcome, stream)
}

/// A file of contacts, each with its changes.
fn submitted(folder: &std::path::Path, header: &str, lines: &[String]) -> PathBuf {
    let path = folder.join("specvard_genomforda.csv");
    std::fs::write(&path, format!("{header}\n{}\n", lines.join("\n"))).unwrap();
    path
}

/// Three regions in one file: wrong codes at one unit of Skåne, blanks in Stockholm, two records with one key.
fn three_regions() -> Vec<String> {
    let units = ["SE2321000255-A1", "SE2321000255-B2", "SE2321000255-C3"];
    let mut lines: Vec<String> = (0..300)
        .map(|row| {
            let id = format!("K{row}");
            match row % 3 {
                0 => line(&id, &[("fas", if row % 2 == 0 { "9" } else { "1" })]),
                1 => line(
                    &id,
                    &[
                        ("huvudman", "SE2321000255-1000"),
                        ("vardgivare", "SE2321000255-1000"),
                        ("vardenhet2_klinik", units[row / 3 % 3]),
                        ("patientens_kon", if row / 3 % 3 == 1 { "7" } else { "2" }),
                    ],
                ),
                _ => line(&id, &[("huvudman", "SE9999999999-1"), ("kommunkod", "")]),
            }
        })
        .collect();
    lines.push(line("K0", &[]));
    lines.push("en;rad;med;fel;antal".to_owned());
    lines
}

#[test]
fn a_file_of_several_regions_is_divided_record_by_record() {
    let folder = tempfile::tempdir().unwrap();
    let loaded = shipped();
    let path = submitted(folder.path(), &header(), &three_regions());
    let (outcome, stream) = check(&loaded, std::slice::from_ref(&path), "2022-04-05", &ReadOptions::default());
    let run = &outcome.runs[0];
    add_up(run, &stream.0["specvard_genomforda"]).unwrap();
    let of = |code: &str| &run.reporters[&County::new(code)];
    assert_eq!(run.reporters.keys().copied().collect::<Vec<_>>(), [None, County::new("01"), County::new("12")]);
    assert_eq!((of("01").records, of("12").records, run.reporters[&None].records), (101, 100, 101));
    // Every second contact of Stockholm has a phase that is none; the one that shares its key is one of these.
    assert_eq!((of("01").rejected, of("12").rejected), (51, 33));
    let units = &of("12").units.parts;
    assert_eq!(
        units.iter().map(|(name, part)| (name.as_str(), part.records, part.rejected)).collect::<Vec<_>>(),
        [("SE2321000255-A1", 34, 0), ("SE2321000255-B2", 33, 33), ("SE2321000255-C3", 33, 0)]
    );
    for size in [64, 1_000] {
        let options = ReadOptions { chunk_bytes: size, batch_rows: size, ..ReadOptions::default() };
        let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
        let again = pool.install(|| check(&loaded, std::slice::from_ref(&path), "2022-04-05", &options));
        assert_eq!(again.0.runs[0].reporters, run.reporters, "chunks of {size}");
    }
}

#[test]
fn samples_add_up_in_every_collection_and_groups_over_regions_are_nobodys() {
    let loaded = shipped();
    let sample = |name: &str| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("testdata/samples").join(name);
    for (name, delivered) in [("specvard_genomforda_2022-03.csv", "2022-04-05"), ("svf_2025-q1.csv", "2025-04-10")] {
        let (outcome, stream) = check(&loaded, &[sample(name)], delivered, &ReadOptions::default());
        for run in &outcome.runs {
            let id = &run.plan.collection.id;
            let told = stream.0.get(id).map(Vec::as_slice).unwrap_or_default();
            add_up(run, told).unwrap_or_else(|error| panic!("{id}: {error}"));
            if id == "svf_overflyttning" {
                assert!(run.reporters.keys().all(Option::is_none), "{:?}", run.reporters.keys());
            }
        }
    }
}

fn causes_of(header: &str, lines: &[String]) -> (Arc<Plan>, Vec<Cause>) {
    let folder = tempfile::tempdir().unwrap();
    let loaded = shipped();
    let path = submitted(folder.path(), header, lines);
    let (outcome, _) = check(&loaded, &[path], "2022-04-05", &ReadOptions::default());
    (Arc::clone(&outcome.runs[0].plan), cause::causes(&outcome.runs[0]))
}

#[test]
fn a_wrong_mapping_is_one_cause_with_its_values_and_what_they_mean() {
    let value = |row: usize| ["Male", "02", "F", "2"][row % 4];
    let lines: Vec<String> = (0..400).map(|row| line(&format!("K{row}"), &[("patientens_kon", value(row))])).collect();
    let (plan, causes) = causes_of(&header(), &lines);
    let [cause, ..] = causes.as_slice() else { panic!("no cause") };
    let CauseKind::Values { variable, values } = &cause.kind else { panic!("{cause:?}") };
    assert_eq!(plan.collection.get(*variable).id, "patientens_kon");
    let told: Vec<_> = values.iter().map(|one| (one.value.as_str(), one.findings, one.meant.as_deref())).collect();
    assert_eq!(told, [("02", 100, Some("2")), ("F", 100, None), ("Male", 100, Some("1"))]);
    assert_eq!((cause.findings, cause.of, cause.repaired, cause.severity), (300, 300, 300, Severity::Error));
}

#[test]
fn shifted_columns_are_one_cause_that_names_them_all() {
    // The values of four columns in a row stand one to the right of their names; the last one's is lost.
    let names: Vec<&str> = RECORD.iter().map(|(name, _)| *name).collect();
    let first = names.iter().position(|name| *name == "vardgaranti_ja_nej").unwrap();
    let shift = |text: String| {
        let mut fields: Vec<&str> = text.split(';').collect();
        fields.insert(first, "");
        fields.remove(first + 5);
        fields.join(";")
    };
    let lines: Vec<String> = (0..200).map(|row| shift(line(&format!("K{row}"), &[]))).collect();
    let (plan, causes) = causes_of(&header(), &lines);
    let [cause, ..] = causes.as_slice() else { panic!("no cause") };
    let CauseKind::Shifted { variables, by: 1 } = &cause.kind else { panic!("{causes:#?}") };
    let ids: Vec<&str> = variables.iter().map(|variable| plan.collection.get(*variable).id.as_str()).collect();
    assert!(ids.contains(&"fas") && ids.contains(&"medicinskt_verksamhetsomrade"), "{ids:?}");
    assert_eq!(cause.repaired, 200, "{causes:#?}");
}

#[test]
fn one_unit_with_all_the_findings_is_the_cause() {
    let unit = |row: usize| format!("SE2321000016-{}", row % 10);
    let lines: Vec<String> = (0..500)
        .map(|row| {
            let unit = unit(row);
            let wrong =
                if row % 10 == 7 { [("fas", ""), ("kommunkod", "")] } else { [("fas", "1"), ("kommunkod", "0180")] };
            line(&format!("K{row}"), &[("vardenhet2_klinik", &*unit), wrong[0], wrong[1]])
        })
        .collect();
    let (_, causes) = causes_of(&header(), &lines);
    let units: Vec<&Cause> = causes.iter().filter(|cause| matches!(cause.kind, CauseKind::Unit(_))).collect();
    let [cause] = units.as_slice() else { panic!("{causes:#?}") };
    let CauseKind::Unit(unit) = &cause.kind else { unreachable!("only units are left") };
    assert_eq!((unit.name.as_str(), unit.records, unit.of_records), ("SE2321000016-7", 50, 500));
    assert!(cause.rules.len() >= 2 && cause.repaired == 50, "{cause:?}");
}

#[test]
fn what_repairs_most_records_comes_first() {
    // Two rules, of which one rejects more records, and a record that violates both.
    let lines: Vec<String> = (0..60)
        .map(|row| {
            let fas = if row < 15 { "9" } else { "1" };
            let kon = if (14..50).contains(&row) { "X" } else { "2" };
            line(&format!("K{row}"), &[("fas", fas), ("patientens_kon", kon)])
        })
        .collect();
    let (_, causes) = causes_of(&header(), &lines);
    let repaired: Vec<u64> =
        causes.iter().filter(|cause| cause.severity == Severity::Error).map(|cause| cause.repaired).collect();
    assert_eq!(repaired[..2], [35, 15], "{causes:#?}");
}
