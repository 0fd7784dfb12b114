//! Loading and compiling the shipped schemas and rules: what every start of the program pays.

use criterion::{Criterion, criterion_group, criterion_main};
use vantkoll::{assets, rule, schema};

fn compile(criterion: &mut Criterion) {
    criterion.bench_function("load and compile the shipped rule set", |bencher| {
        bencher.iter(|| {
            let schemas = schema::load(&assets::schemas(None).expect("embedded")).expect("sound");
            let rules = rule::load(&assets::rules(None).expect("embedded")).expect("well-formed");
            rule::compile(&schemas, &rules).expect("sound")
        });
    });
}

criterion_group!(benches, compile);
criterion_main!(benches);
