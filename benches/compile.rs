//! Loading, compiling and proving rules: what every start of the program pays, and what a rule maintainer waits for.

use std::fmt::Write as _;

use criterion::{Criterion, criterion_group, criterion_main};
use vantkoll::assets::{Assets, File};
use vantkoll::rulebook::{Rulebook, prove};
use vantkoll::{assets, rule, schema};

/// So many rules of one collection, the shipped ones among them: bounds on dates in a phase and a way of booking.
fn thousand() -> Assets {
    const TIMES: [&str; 6] = [
        "remissdatum",
        "ankomstdatum",
        "beslut_att_utfora_aktivitet",
        "start_av_aktivitet",
        "medicinskt_maldatum",
        "tidpunkt_for_bedomning_pa_akutmottagning",
    ];
    let mut assets = Assets::layered(None, None).expect("embedded");
    let shipped = {
        let schemas = schema::load(&assets.of_collections().schemas).expect("sound");
        let rules = rule::load(&assets.of_collections().rules).expect("well-formed");
        rule::compile(&schemas, &rules).expect("sound")["specvard_genomforda"].rules.len()
    };
    let mut text = "collections: [specvard_genomforda]\nsource: { document: d, place: p }\nchecks:\n".to_owned();
    for number in 0..1_000 - shipped {
        let (phase, booking, sex) = (number % 5 + 1, number / 5 % 5 + 1, number / 25 % 3 + 1);
        let pairs = (0..6).flat_map(|a| (a + 1..6).map(move |b| (a, b)));
        let (a, b) = pairs.cycle().nth(number / 75).expect("without end");
        write!(
            text,
            "  - id: TU-{number:04}\n    severity: error\n    when: \"fas = '{phase}' AND bokningssatt = '{booking}' AND \
             patientens_kon = '{sex}'\"\n    assert: \"days_between({}, {}) <= {}\"\n    title: {{ sv: t, en: t }}\n    \
             fix: {{ sv: f, en: f }}\n    tests: [{{ satisfied: {{}} }}, {{ violated: {{}} }}]\n",
            TIMES[a],
            TIMES[b],
            30 + number
        )
        .expect("to memory");
    }
    assets.rules.insert("tusen.yaml".to_owned(), File { name: "tusen.yaml".to_owned(), text });
    assets
}

fn compile(criterion: &mut Criterion) {
    criterion.bench_function("load and compile the shipped rule set", |bencher| {
        bencher.iter(|| {
            let schemas = schema::load(&assets::schemas(None).expect("embedded")).expect("sound");
            let rules = rule::load(&assets::rules(None).expect("embedded")).expect("well-formed");
            rule::compile(&schemas, &rules).expect("sound")
        });
    });
    let mut group = criterion.benchmark_group("load, compile and prove");
    group.sample_size(10);
    for (name, assets) in [
        ("the shipped rule set", Assets::layered(None, None).expect("embedded")),
        ("1,000 rules of one collection", thousand()),
    ] {
        group.bench_function(name, |bencher| {
            bencher.iter(|| prove::prove_all(&Rulebook::load(&assets).expect("sound")));
        });
    }
    group.finish();
}

criterion_group!(benches, compile);
criterion_main!(benches);
