//! The whole check in one process: specialised care completed, the full shipped rule set.
//!
//! Clean, 1 % and 100 % of records violating; CSV and Parquet; one thread and two. Data is written by the generator
//! with a fixed seed. Peak memory is measured by `benches/whole_process.sh`, which runs the program itself.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use vantkoll::engine::{self, Settings, Stated};
use vantkoll::submission::{InputFile, ReadOptions};
use vantkoll::{assets, rule, schema, time};

const RECORDS: u64 = 200_000;

/// Writes a submission once a name; `defects` is the text of a defects file.
fn submission(name: &str, defects: Option<&str>) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let path = folder.join(name);
    let mut command = Command::new(env!("CARGO_BIN_EXE_vantkoll"));
    command.args(["generate", "specvard_genomforda", "--seed", "1", "--records", &RECORDS.to_string(), "--output"]);
    command.arg(&path);
    if let Some(text) = defects {
        let file = folder.join(format!("{name}.defects.yaml"));
        std::fs::write(&file, text).expect("the target folder can be written");
        command.arg("--defects").arg(file);
    }
    assert!(command.status().expect("the program runs").success(), "{name} was not generated");
    path
}

fn blank_at_rate(rate: &str) -> String {
    format!(
        "collection: specvard_genomforda\ndelivery_date: 2022-04-05\ndefects:\n  \
         - {{ name: no municipality, rate: {rate}, plant: {{ blank: kommunkod }}, expect: SVG-K-kommunkod }}\n"
    )
}

fn pipeline(criterion: &mut Criterion) {
    let schemas = schema::load(&assets::schemas(None).expect("embedded")).expect("the shipped schemas are sound");
    let rules = rule::load(&assets::rules(None).expect("embedded")).expect("the shipped rules are well-formed");
    let plans = rule::compile(&schemas, &rules).expect("the shipped rules are sound");
    let delivery_date = time::parse_day("2022-04-05").expect("a date");
    let stated = Stated { delivery_date, delivery_date_stated: true, ..Stated::default() };
    let settings = Settings { stated, examples: 10, ..Settings::default() };

    let mut group = criterion.benchmark_group("check");
    group.sample_size(10).measurement_time(Duration::from_secs(8)).throughput(Throughput::Elements(RECORDS));
    let inputs = [
        ("clean", None),
        ("1 % violating", Some(blank_at_rate("0.01"))),
        ("100 % violating", Some(blank_at_rate("1.0"))),
    ];
    for (label, defects) in &inputs {
        for extension in ["csv", "parquet"] {
            let name = format!("bench_{}.{extension}", label.replace([' ', '%'], "_"));
            let path = submission(&name, defects.as_deref());
            for threads in [1, 2] {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
                let id = BenchmarkId::new(format!("{label}, {extension}"), threads);
                group.bench_function(id, |bencher| {
                    bencher.iter_batched(
                        || vec![InputFile::open(&path, &schemas, &ReadOptions::default()).expect("opens")],
                        |files| {
                            let stop = AtomicBool::new(false);
                            pool.install(|| engine::check(&plans, files, &settings, &stop, &|_| {}, None))
                                .expect("runs")
                        },
                        BatchSize::PerIteration,
                    );
                });
            }
        }
    }
    group.finish();
}

criterion_group!(benches, pipeline);
criterion_main!(benches);
