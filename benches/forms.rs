//! Each form of rule by itself, over one submission: what a rule of that form adds to a check.
//!
//! A plan is compiled from the shipped schemas and a rule file with nothing but the rule under test, and left with that
//! rule alone: those that follow from the schema (`-V-`, `-O-`) are taken out, too, unless one of them is the rule under
//! test. What a check does anyway is in every number, and is the floor ("no rules"): fields are found, every variable is
//! accounted for, points in time are read for the account of how they are written, and codes are brought to one spelling.
//! So a rule costs its number less the floor; one on dates, say, does not pay for reading them.
//!
//! One thread, so that a number is work done, not work hidden beside other work.

mod common;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use criterion::measurement::WallTime;
use criterion::{BatchSize, BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use rayon::{ThreadPool, ThreadPoolBuilder};
use vantkoll::assets::{self, File, Files};
use vantkoll::engine::{self, Run, Settings, Stated};
use vantkoll::rule::{self, Plan};
use vantkoll::schema::{self, Codelist, Collection, Schemas};
use vantkoll::submission::{InputFile, ReadOptions};
use vantkoll::time;

use common::generate;

const RECORDS: u64 = 100_000;

/// Pathway cases, of six events each: about as many events as there are records otherwise.
const CASES: u64 = 16_600;

/// One form of rule.
struct Form {
    /// What the numbers are called by.
    name: &'static str,
    /// The rule under test.
    id: &'static str,
    /// The variable whose requirement level is not `voluntary`, and that level.
    requirement: Option<(&'static str, &'static str)>,
    /// What the rule file says apart from requirements.
    body: String,
}

/// A check written in SQL. Its tests are not run here, but have to be there.
fn check(name: &'static str, when: &str, assertion: &str) -> Form {
    let when = if when.is_empty() { String::new() } else { format!("    when: \"{when}\"\n") };
    let body = format!(
        "checks:\n  - id: FORM-001\n    severity: error\n{when}    assert: \"{assertion}\"\n    title: {{ sv: t, en: t }}\n    \
         fix: {{ sv: f, en: f }}\n    tests: [{{ satisfied: {{}} }}, {{ violated: {{}} }}]\n"
    );
    Form { name, id: "FORM-001", requirement: None, body }
}

/// A rule that follows from the schema.
fn derived(name: &'static str, id: &'static str) -> Form {
    Form { name, id, requirement: None, body: String::new() }
}

/// A requirement level, as a rule file has it; the rule is `-K-` or `-I-`.
fn requirement(name: &'static str, id: &'static str, variable: &'static str, level: &'static str) -> Form {
    Form { name, id, requirement: Some((variable, level)), body: String::new() }
}

/// Every form that a rule on one record, or on the whole submission, may have.
fn forms() -> Vec<Form> {
    let unique = "submission:\n  - id: FORM-001\n    check: { unique: { variables: [vardkontakts_id], within: [huvudman] } }\n    \
                  severity: error\n    title: { sv: t, en: t }\n    fix: { sv: f, en: f }\n    \
                  tests: [{ satisfied: { csv: \"x\" } }, { violated: { csv: \"x\" } }]\n";
    vec![
        // Requirement levels.
        requirement("mandatory", "SVG-K-kommunkod", "kommunkod", "mandatory"),
        requirement(
            "conditional",
            "SVG-K-medicinskt_maldatum",
            "medicinskt_maldatum",
            "{ level: conditional, required_when: \"fas = '4'\", \
             tests: [{ satisfied: { fas: 4 } }, { violated: { fas: 4 } }] }",
        ),
        requirement(
            "not relevant",
            "SVG-I-aktivitet",
            "aktivitet",
            "{ level: conditional, relevant_when: \"fas IN ('2', '3')\", \
             irrelevant_tests: [{ satisfied: { fas: 2 } }, { violated: { fas: 1 } }] }",
        ),
        // Domains of values.
        derived("code list", "SVG-V-medicinskt_verksamhetsomrade"),
        derived("code list with dates", "SVG-V-kommunkod"),
        derived("code list, repeating variable", "SVG-V-typ_av_diagnos"),
        derived("official list, repeating variable", "SVG-O-diagnos"),
        derived("format", "SVG-V-vardenhet3_vardande_enhet"),
        derived("format, repeating variable", "SVG-V-diagnos"),
        derived("range of a number", "SVG-V-patientens_fodelsear"),
        derived("point in time", "SVG-V-start_av_aktivitet"),
        // Texts: of few values, and a different one in each record.
        check("pattern, few values", "", "regexp_like(vardenhet1_namn, '^[A-Z][a-z]+ [0-9]{5}$')"),
        check("pattern, all values distinct", "", "regexp_like(vardkontakts_id, '^[A-Z][0-9A-F]{16}$')"),
        check("LIKE, few values", "", "kommunkod NOT LIKE '99%'"),
        check("LIKE, all values distinct", "", "vardkontakts_id NOT LIKE '%-X'"),
        check("length, all values distinct", "", "length(vardkontakts_id) <= 40"),
        check("personal number, all values distinct", "", "NOT is_personal_number(vardkontakts_id)"),
        check("control digit", "", "luhn_ok(organisation_number(vardenhet2_klinik))"),
        check("part of a text in a code list", "", "in_codelist(organisation_number(huvudman), 'region_orgnr')"),
        check("attribute of a code", "", "codelist_value('mvo', medicinskt_verksamhetsomrade, 'aggregate_sv') <> 'X'"),
        check("texts equal", "", "vardkontakts_id <> remiss_id"),
        check("parts of texts equal", "", "organisation_number(huvudman) = organisation_number(vardgivare)"),
        // Points in time.
        check("order of two points in time", "", "start_av_aktivitet >= beslut_att_utfora_aktivitet"),
        check("order of two days", "", "CAST(start_av_aktivitet AS DATE) >= CAST(beslut_att_utfora_aktivitet AS DATE)"),
        check("days between", "", "days_between(beslut_att_utfora_aktivitet, start_av_aktivitet) <= 3653"),
        check("minutes between", "", "minutes_between(beslut_att_utfora_aktivitet, start_av_aktivitet) >= 0"),
        check("not after the delivery date", "", "start_av_aktivitet <= delivery_date()"),
        check("not before a date", "", "start_av_aktivitet >= DATE '2010-01-01'"),
        // Numbers.
        check("number between two", "", "patientens_fodelsear BETWEEN 1900 AND 2022"),
        check(
            "difference of a year and a number",
            "",
            "EXTRACT(YEAR FROM start_av_aktivitet) - patientens_fodelsear <= 120",
        ),
        // Repeating variables.
        check("counts of elements equal", "", "element_count(diagnos) = element_count(typ_av_diagnos)"),
        check("count of elements that are like", "", "count_elements_like(typ_av_diagnos, '1') <= 1"),
        check("any element like", "", "NOT any_element_like(diagnos, 'X%')"),
        check(
            "any element like one of four",
            "diagnos IS NOT NULL",
            "NOT (any_element_like(diagnos, 'V%') OR any_element_like(diagnos, 'W%') OR any_element_like(diagnos, 'X%') OR \
             any_element_like(diagnos, 'Y%'))",
        ),
        // Conditions.
        check("a code where another is", "fas IN ('3', '4', '5')", "vardgaranti_ja_nej = 'NEJ'"),
        check(
            "conjunction of codes",
            "fas = '1' AND bokningssatt = '4' AND patientens_kon = '1' AND remittenttyp = '1'",
            "vardgaranti_ja_nej = 'JA' OR avvikelse IS NOT NULL",
        ),
        check("blank where another is filled", "typ_av_diagnos IS NOT NULL", "diagnos IS NOT NULL"),
        // The whole submission.
        Form { name: "unique key", id: "FORM-001", requirement: None, body: unique.to_owned() },
    ]
}

/// What every rule file begins with.
fn head(collection: &str) -> String {
    format!("collections: [{collection}]\nsource: {{ document: d, place: p }}\n")
}

/// The collections that have requirements: what is made of groups of records has none.
fn submitted(schemas: &Schemas) -> Vec<Arc<Collection>> {
    let rules = rule::load(&assets::rules(None).expect("embedded")).expect("the shipped rules are well-formed");
    let plans = rule::compile(schemas, &rules).expect("the shipped rules are sound");
    plans.values().filter(|plan| plan.fold.is_none()).map(|plan| Arc::clone(&plan.collection)).collect()
}

/// Plans that hold nothing but the rule of `form`, which is on `collection`.
fn plans(schemas: &Schemas, collection: &str, form: Option<&Form>) -> BTreeMap<String, Arc<Plan>> {
    let mut files = Files::new();
    for submitted in submitted(schemas) {
        let mut text = head(&submitted.id) + "requirements:\n";
        for variable in &submitted.variables {
            let own = form
                .and_then(|form| form.requirement)
                .filter(|(name, _)| submitted.id == collection && *name == variable.id);
            let level = own.map_or("voluntary", |(_, level)| level);
            writeln!(text, "  {}: {level}", variable.id).expect("to memory");
        }
        files.insert(format!("{}.yaml", submitted.id), File { name: submitted.id.clone(), text });
    }
    let text = head(collection) + form.map_or("", |form| form.body.as_str());
    files.insert("form.yaml".to_owned(), File { name: "form.yaml".to_owned(), text });
    let rules = rule::load(&files).expect("well-formed");
    let mut plans = rule::compile(schemas, &rules).expect("sound");
    for plan in plans.values_mut() {
        let is_under_test = |id: &str| plan.collection.id == collection && form.is_some_and(|form| form.id == id);
        let rules = plan.rules.iter().filter(|rule| is_under_test(&rule.id.0)).cloned().collect();
        *plan = Arc::new(Plan { rules, ..Plan::clone(plan) });
    }
    plans
}

/// The schemas with an official list of diagnoses, which is not shipped: every code of the submission is on it.
fn schemas() -> Schemas {
    let mut schemas = schema::load(&assets::schemas(None).expect("embedded")).expect("the shipped schemas are sound");
    let mut list = "code\n".to_owned();
    for (letter, number) in ('A'..='Z').flat_map(|letter| (0..1_000).map(move |number| (letter, number))) {
        for last in ["", "0", "A", "B", "L", "X"] {
            writeln!(list, "{letter}{number:03}{last}").expect("to memory");
        }
    }
    schemas.codelists.insert("icd10se", Codelist::parse("icd10se", &list).expect("a list"));
    schemas
}

fn one_thread() -> ThreadPool {
    ThreadPoolBuilder::new().num_threads(1).build().expect("a thread")
}

/// A submission and how it is checked.
struct Input<'a> {
    schemas: &'a Schemas,
    path: &'a Path,
    settings: Settings,
    pool: &'a ThreadPool,
}

impl<'a> Input<'a> {
    fn new(schemas: &'a Schemas, path: &'a Path, delivery_date: &str, pool: &'a ThreadPool) -> Self {
        let delivery_date = time::parse_day(delivery_date).expect("a date");
        let stated = Stated { delivery_date, delivery_date_stated: true, ..Stated::default() };
        Self { schemas, path, settings: Settings { stated, examples: 10, ..Settings::default() }, pool }
    }

    fn open(&self) -> Vec<InputFile> {
        vec![InputFile::open(self.path, self.schemas, &ReadOptions::default()).expect("opens")]
    }

    fn check(&self, plans: &BTreeMap<String, Arc<Plan>>, files: Vec<InputFile>) -> Vec<Run> {
        let stop = AtomicBool::new(false);
        let check = || engine::check(plans, files, &self.settings, &stop, &|_| {}, None);
        self.pool.install(check).expect("runs").0.runs
    }

    /// Measures a check of the one rule of `form`, which is on `collection`.
    fn bench(&self, group: &mut BenchmarkGroup<'_, WallTime>, collection: &str, form: Option<&Form>) {
        let name = form.map_or("no rules", |form| form.name);
        let plans = plans(self.schemas, collection, form);
        // A rule that is not there, or says nothing of any record, would be measured as a fast one.
        let runs = self.check(&plans, self.open());
        if let Some(form) = form {
            let run = runs.iter().find(|run| run.plan.collection.id == collection).expect("a run of the collection");
            let [rule] = run.rules.as_slice() else { panic!("{name}: {} is not one rule", form.id) };
            assert!(rule.counts.satisfied > rule.counts.violated, "{name}: {:?}", rule.counts);
        }
        group.throughput(Throughput::Elements(runs[0].records));
        group.bench_function(name, |bencher| {
            bencher.iter_batched(|| self.open(), |files| self.check(&plans, files), BatchSize::PerIteration);
        });
    }
}

fn of_records(criterion: &mut Criterion) {
    let (schemas, pool) = (schemas(), one_thread());
    let path = generate("forms.csv", RECORDS, &["specvard_genomforda"]);
    let input = Input::new(&schemas, &path, "2022-04-05", &pool);
    let mut group = criterion.benchmark_group("forms");
    group.sample_size(20).warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(3));
    input.bench(&mut group, "specvard_genomforda", None);
    for form in forms() {
        input.bench(&mut group, "specvard_genomforda", Some(&form));
    }
    group.finish();
}

/// Rules on pathway cases: the first of them pays for putting events together, each further one for what is measured
/// here between two rules.
fn of_groups(criterion: &mut Criterion) {
    let (schemas, pool) = (schemas(), one_thread());
    let path = generate("forms_svf.csv", CASES, &["svf"]);
    let input = Input::new(&schemas, &path, "2022-04-15", &pool);
    let mut group = criterion.benchmark_group("forms, events");
    group.sample_size(20).warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(3));
    input.bench(&mut group, "svf", None);
    input.bench(&mut group, "svf", Some(&check("on events: a code", "kva_kod LIKE 'VH%'", "kon <> '1'")));
    let on_groups = [
        check("on groups: a count", "", "antal_start = 1 OR antal_fran > 0"),
        check(
            "on groups: order of days",
            "startdatum IS NOT NULL AND slutdatum IS NOT NULL",
            "CAST(startdatum AS DATE) <= CAST(slutdatum AS DATE)",
        ),
        check("on groups: distinct values", "", "antal_kon <= 1"),
    ];
    for form in &on_groups {
        input.bench(&mut group, "svf_forlopp", Some(form));
    }
    group.finish();
}

criterion_group!(benches, of_records, of_groups);
criterion_main!(benches);
