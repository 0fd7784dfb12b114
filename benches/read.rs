//! The readers alone: every field of every record is found, and the records are counted.
//!
//! Text as the generator writes it, with every field quoted, and as older systems write it (Windows-1252, CRLF); Parquet;
//! and pathway cases with a column an event, which become records. Throughput is in bytes of the file, so numbers for
//! Parquet, which is packed, are not to be held against those for text. A last group reads the same text in chunks of
//! different sizes.

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use rayon::{ThreadPool, ThreadPoolBuilder};
use vantkoll::schema::{self, Schemas};
use vantkoll::submission::{Encoding, Format, InputFile, ReadOptions, ScanRequest};
use vantkoll::{assets, table};

use common::{generate, path_of};

const RECORDS: u64 = 100_000;

/// Every file, by what its numbers are called.
fn inputs() -> [(&'static str, PathBuf); 5] {
    let csv = generate("read.csv", RECORDS, &["specvard_genomforda"]);
    let text = fs::read_to_string(&csv).expect("what was generated");
    assert!(!text.contains('"'), "fields are quoted already");
    let quoted = path_of("read_quoted.csv");
    let lines = text.lines().map(|line| format!("\"{}\"\n", line.replace(';', "\";\"")));
    fs::write(&quoted, lines.collect::<String>()).expect("the target folder can be written");
    let western = path_of("read_windows.csv");
    // The generator writes plain letters only, which look the same in every encoding.
    let named = text.replace("Sjukhus ", "Östra sjukhuset ").replace('\n', "\r\n");
    let (bytes, _, has_others) = encoding_rs::WINDOWS_1252.encode(&named);
    assert!(!has_others, "letters that Windows-1252 does not have");
    fs::write(&western, bytes).expect("the target folder can be written");
    [
        ("CSV", csv),
        ("CSV, every field quoted", quoted),
        ("CSV, Windows-1252 and CRLF", western),
        ("Parquet", generate("read.parquet", RECORDS, &["specvard_genomforda"])),
        ("CSV, a row a pathway case", generate("read_wide.csv", RECORDS, &["svf", "--layout", "bred"])),
    ]
}

fn open(path: &Path, schemas: &Schemas, options: &ReadOptions) -> InputFile {
    InputFile::open(path, schemas, options).expect("opens")
}

/// Reads every record of `file`, with all its fields; how many there are.
fn count(file: &InputFile, schemas: &Schemas) -> usize {
    let collection = &schemas.collections[&file.collection];
    let request = ScanRequest { wanted: vec![true; collection.variables.len()], raw: false };
    let mut records = 0;
    let mut add = |n_rows: usize| {
        records += n_rows;
        Ok(())
    };
    let stop = AtomicBool::new(false);
    let summary = file
        .scan(collection, &request, &stop, &|_| {}, &|batch: table::Batch| batch.n_rows, &mut add)
        .expect("can be read");
    assert_eq!(Ok(summary.records), u64::try_from(records));
    records
}

fn threads(number: usize) -> ThreadPool {
    ThreadPoolBuilder::new().num_threads(number).build().expect("threads")
}

fn bench(
    group: &mut BenchmarkGroup<'_, WallTime>,
    id: BenchmarkId,
    file: &InputFile,
    schemas: &Schemas,
    pool: &ThreadPool,
) {
    group.throughput(Throughput::Bytes(file.size));
    group.bench_function(id, |bencher| bencher.iter(|| pool.install(|| count(file, schemas))));
}

fn settle(group: &mut BenchmarkGroup<'_, WallTime>) {
    group.sample_size(20).warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(3));
}

fn read(criterion: &mut Criterion) {
    let schemas = schema::load(&assets::schemas(None).expect("embedded")).expect("the shipped schemas are sound");
    let inputs = inputs();
    let all = std::thread::available_parallelism().map_or(2, usize::from);
    let mut group = criterion.benchmark_group("read");
    settle(&mut group);
    for (name, path) in &inputs {
        let file = open(path, &schemas, &ReadOptions::default());
        let is_western = matches!(file.format, Format::Csv { encoding: Encoding::Windows1252, .. });
        assert_eq!(is_western, name.contains("Windows-1252"), "{name} is read as {:?}", file.format);
        for number in if all > 1 { vec![1, all] } else { vec![1] } {
            bench(&mut group, BenchmarkId::new(*name, number), &file, &schemas, &threads(number));
        }
    }
    group.finish();

    let mut group = criterion.benchmark_group("read CSV in chunks of KiB");
    settle(&mut group);
    let pool = threads(all);
    for kibibytes in [64, 128, 256, 512, 1_024, 4_096] {
        let options = ReadOptions { chunk_bytes: kibibytes << 10, ..ReadOptions::default() };
        let file = open(&inputs[0].1, &schemas, &options);
        bench(&mut group, BenchmarkId::from_parameter(kibibytes), &file, &schemas, &pool);
    }
    group.finish();
}

criterion_group!(benches, read);
criterion_main!(benches);
