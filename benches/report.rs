//! Reports of a submission in which nearly every record violates a rule, written to memory: the reports on the outcome,
//! which are bounded by rules and examples, and findings as rows, which are not (throughput in findings). Then the
//! figures of coverage of the same submission, made and written.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use vantkoll::coverage::reference::Reference;
use vantkoll::coverage::scope::{Regions, Scope};
use vantkoll::coverage::{self, Context, Detail, Sources};
use vantkoll::engine::{self, FindingSink, Outcome, Settings, Stated, Tally};
use vantkoll::measure::{self, Measures};
use vantkoll::model::Finding;
use vantkoll::report::finding_rows::{self, FindingContext, FindingFormat};
use vantkoll::report::{self, ReportFormat, ReportOptions};
use vantkoll::rule::Plan;
use vantkoll::submission::{InputFile, ReadOptions};
use vantkoll::{assets, rule, schema, time};

use common::{generate, path_of};

const RECORDS: u64 = 50_000;

/// One of these in nearly every record: a value that is missing, two dates, and a number of days. Of a year that the shipped
/// table of inhabitants has.
const DEFECTS: &str = "collection: specvard_genomforda
delivery_date: 2024-03-01
defects:
  - { name: a, rate: 0.7, plant: { blank: kommunkod }, expect: SVG-K-kommunkod }
  - name: b
    rate: 0.15
    where: { fas: ['1', '2', '3', '4'] }
    plant: { shift: { variable: beslut_att_utfora_aktivitet, after: start_av_aktivitet, days: [1, 14] } }
    expect: SVG-0101
  - name: c
    rate: 0.15
    where: { fas: ['1', '2', '3'] }
    plant: { shift: { variable: beslut_att_utfora_aktivitet, before: start_av_aktivitet, days: [731, 1500] } }
    expect: SVG-0105
";

/// Keeps every finding.
#[derive(Default)]
struct Kept(Vec<Finding>);

impl FindingSink for Kept {
    fn take(&mut self, _: &Plan, _: &[PathBuf], findings: &[Finding]) -> Result<(), Box<dyn Error + Send + Sync>> {
        self.0.extend_from_slice(findings);
        Ok(())
    }
}

/// One checked and counted submission.
struct Checked {
    outcome: Outcome,
    findings: Vec<Finding>,
    tallies: BTreeMap<String, Tally>,
    measures: Measures,
}

fn checked() -> Checked {
    let defects = path_of("report.defects.yaml");
    std::fs::write(&defects, DEFECTS).expect("the target folder can be written");
    let defects = defects.to_str().expect("a path that is text");
    let path = generate("report.csv", RECORDS, &["specvard_genomforda", "--period", "2024-01", "--defects", defects]);
    let schemas = schema::load(&assets::schemas(None).expect("embedded")).expect("the shipped schemas are sound");
    let files = assets::rules(None).expect("embedded");
    let rules = rule::load(&files).expect("the shipped rules are well-formed");
    let plans = rule::compile(&schemas, &rules).expect("the shipped rules are sound");
    let measures = measure::load(&files, &plans).expect("the shipped measures are sound");
    let delivery_date = time::parse_day("2024-03-01").expect("a date");
    let settings = Settings {
        stated: Stated { delivery_date, delivery_date_stated: true, ..Stated::default() },
        examples: 10,
        tallies: measures.tallies.clone(),
        count_units: true,
        count_doubts: true,
        ..Settings::default()
    };
    let input = InputFile::open(&path, &schemas, &ReadOptions::default()).expect("opens");
    let (mut kept, stop) = (Kept::default(), AtomicBool::new(false));
    let (mut outcome, _) =
        engine::check(&measures.plans, vec![input], &settings, &stop, &|_| {}, Some(&mut kept)).expect("runs");
    let runs = outcome.runs.iter_mut();
    let tallies = runs.filter_map(|run| Some((run.plan.collection.id.clone(), run.tally.take()?))).collect();
    assert!(kept.0.len() as u64 >= RECORDS / 10 * 9, "{} findings", kept.0.len());
    Checked { outcome, findings: kept.0, tallies, measures }
}

fn reports(criterion: &mut Criterion) {
    let Checked { outcome, findings, tallies, measures } = checked();
    let options = ReportOptions::default();
    let mut group = criterion.benchmark_group("report");
    for format in ReportFormat::ALL {
        group.bench_function(BenchmarkId::from_parameter(format), |bencher| {
            bencher.iter(|| {
                let mut out = Vec::new();
                report::write(format, &(&outcome).into(), &options, &mut out).expect("to memory");
                out
            });
        });
    }
    group.finish();

    let mut group = criterion.benchmark_group("findings");
    group.sample_size(20).throughput(Throughput::Elements(findings.len() as u64));
    let run = &outcome.runs[0];
    let paths: Vec<PathBuf> = run.files.iter().map(|file| file.path.clone()).collect();
    let context = FindingContext { plan: &run.plan, paths: &paths };
    for format in FindingFormat::ALL {
        group.bench_function(BenchmarkId::from_parameter(format), |bencher| {
            bencher.iter(|| {
                let mut writer = finding_rows::open(format, Box::new(Vec::new())).expect("to memory");
                // A few thousand at a time, as they come from the batches of a check.
                for some in findings.chunks(4_096) {
                    writer.write(&context, some).expect("to memory");
                }
                writer.finish().expect("to memory")
            });
        });
    }
    group.finish();

    let mut group = criterion.benchmark_group("coverage");
    group.sample_size(20);
    let reference = Reference::load(None, None).expect("the shipped tables are sound");
    let context = Context {
        measures: &measures,
        scope: Scope::of_tallies(tallies.values()).expect("months"),
        tallies: &tallies,
        sources: Sources { population: Some(reference.population()), ..Sources::default() },
        regions: Regions::new(reference.regions()).with_centres(reference.centres()),
        details: BTreeSet::from([Detail::Code]),
        wanted: BTreeSet::new(),
    };
    group.bench_function("figures", |bencher| bencher.iter(|| coverage::compute(&context, &[]).expect("figures")));
    let figures = coverage::compute(&context, &[]).expect("figures");
    for format in ReportFormat::ALL {
        group.bench_function(BenchmarkId::from_parameter(format), |bencher| {
            bencher.iter(|| {
                let mut out = Vec::new();
                report::coverage::write(format, &figures, &options, &mut out).expect("to memory");
                out
            });
        });
    }
    group.finish();
}

criterion_group!(benches, reports);
criterion_main!(benches);
