//! Coverage: the figures agree with a second computation, with themselves however they are come by, and with examples
//! that were worked by hand.

mod deliveries;
mod tallies;
mod worked;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};

use jiff::civil::Date;
use proptest::prelude::*;
use proptest::test_runner::{Config, FileFailurePersistence, TestCaseError, TestRunner};
use vantkoll::coverage::figure::{Amount, Category, Change, Figure, Place};
use vantkoll::coverage::reference::{Population, Reference, Register};
use vantkoll::coverage::response::Expected;
use vantkoll::coverage::scope::{Regions, Scope};
use vantkoll::coverage::{self, Context, Coverage, CoverageError, Detail, MissingIn, Sources};
use vantkoll::engine::{self, Settings, Tally};
use vantkoll::measure::{self, Measures};
use vantkoll::model::County;
use vantkoll::rule::{self, Check, Plan};
use vantkoll::schema::{self, Schemas};
use vantkoll::submission::{InputFile, ReadOptions, Statement};
use vantkoll::time::{self, Month};
use vantkoll::{assets, report};

use crate::coverage_oracle::{self as oracle, Cell, Fraction, Key, Lists, Row, World};
use deliveries::Case;

/// Runs `test` on `cases` random inputs; failures are kept in `testdata/regressions/` and tried first the next time.
fn run(cases: u32, test: impl Fn(&Case) -> Result<(), TestCaseError>) {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/regressions/coverage.txt");
    let config = Config {
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(file))),
        max_shrink_iters: 1_500,
        ..Config::with_cases(cases)
    };
    let outcome = TestRunner::new(config).run(&deliveries::generated(), |choices| test(&Case::new(&choices)));
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
}

/// What is the same for every case.
struct Setup {
    schemas: Schemas,
    /// With some of the rules on records: what matters here is what is counted, and they put records in doubt.
    plans: BTreeMap<String, Arc<Plan>>,
    measures: Measures,
    reference: Reference,
    lists: Lists,
    variables: BTreeMap<String, Vec<String>>,
}

fn setup() -> &'static Setup {
    static SETUP: OnceLock<Setup> = OnceLock::new();
    SETUP.get_or_init(|| {
        let schemas = schema::load(&assets::schemas(None).unwrap()).unwrap();
        let files = assets::rules(None).unwrap();
        let plans = rule::compile(&schemas, &rule::load(&files).unwrap()).unwrap();
        let measures = measure::load(&files, &plans).unwrap();
        let with_few_rules = |plan: &Arc<Plan>| {
            let rules = plan.rules.iter().filter(|rule| matches!(rule.check, Check::Record(_)));
            Arc::new(Plan { rules: rules.step_by(5).cloned().collect(), ..Plan::clone(plan) })
        };
        let ids = |plan: &Plan| plan.collection.variables.iter().map(|variable| variable.id.clone()).collect();
        Setup {
            plans: measures.plans.iter().map(|(id, plan)| (id.clone(), with_few_rules(plan))).collect(),
            variables: measures.plans.iter().map(|(id, plan)| (id.clone(), ids(plan))).collect(),
            reference: Reference::load(None, None).unwrap(),
            lists: Lists::read(),
            measures,
            schemas,
        }
    })
}

fn county(code: &str) -> County {
    County::new(code).unwrap()
}

fn month((year, month): oracle::Month) -> Month {
    Month::new(i32::from(year), u32::try_from(month).unwrap()).unwrap()
}

/// Days since 1970-01-01.
fn days(date: Date) -> i64 {
    time::parse_day(&date.to_string()).unwrap()
}

/// What the crate makes of a case.
struct Tool {
    tallies: BTreeMap<String, Tally>,
    population: Population,
    register: Option<Register>,
}

impl Tool {
    /// Counts the files at `paths`, one for each of the case's.
    fn count(case: &Case, paths: &[PathBuf], options: &ReadOptions, folder: &Path) -> Self {
        let setup = setup();
        let opened = case.files.iter().zip(paths).map(|(file, path)| {
            let options = ReadOptions { collection: Some(file.collection.to_owned()), ..options.clone() };
            let mut opened = InputFile::open(path, &setup.schemas, &options).unwrap();
            opened.statement = Statement {
                month: file.month.map(month),
                is_listed: true,
                region: file.county.map(|code| (county(code), String::new())),
                received: file.received.map(days),
                records: file.stated,
                is_earlier: false,
            };
            opened
        });
        let settings = Settings {
            tallies: setup.measures.tallies.clone(),
            count_units: true,
            count_doubts: true,
            ..Settings::default()
        };
        let stop = AtomicBool::new(false);
        let (outcome, _) = engine::check(&setup.plans, opened.collect(), &settings, &stop, &|_| {}, None).unwrap();
        let tallies =
            outcome.runs.into_iter().map(|run| (run.plan.collection.id.clone(), run.tally.unwrap())).collect();
        let (population, register) = (folder.join("folkmangd.csv"), folder.join("register.csv"));
        std::fs::write(&population, case.population_csv()).unwrap();
        let register = case.register_csv().map(|text| {
            std::fs::write(&register, text).unwrap();
            Register::read(&setup.reference, &register, &stop).unwrap()
        });
        Self { tallies, population: Population::read(&setup.reference, &population, &stop).unwrap(), register }
    }

    fn scope(&self, case: &Case) -> Option<Scope> {
        let stated = case.period.map(|(first, last)| Scope { first: month(first), last: month(last) });
        stated.or_else(|| Scope::of_tallies(self.tallies.values()))
    }

    fn compute(&self, case: &Case, scope: Scope) -> Result<Coverage, CoverageError> {
        let setup = setup();
        let context = Context {
            measures: &setup.measures,
            tallies: &self.tallies,
            scope,
            sources: Sources { population: Some(&self.population), register: self.register.as_ref(), tables: None },
            regions: Regions::new(setup.reference.regions()),
            details: BTreeSet::from([Detail::Code, Detail::Unit]),
            wanted: BTreeSet::new(),
        };
        let expected: Vec<Expected<'_>> = case
            .listed
            .iter()
            .map(|(collection, code)| Expected { collection, county: county(code), month: scope.first })
            .collect();
        coverage::compute(&context, &expected)
    }

    /// The figures as CSV; the missing denominators where there are none.
    fn csv(&self, case: &Case) -> String {
        let Some(scope) = self.scope(case) else { return String::new() };
        match self.compute(case, scope) {
            Err(error) => format!("{error:?}"),
            Ok(coverage) => {
                let mut bytes = Vec::new();
                let options = report::ReportOptions::default();
                report::coverage::write(report::ReportFormat::Csv, &coverage, &options, &mut bytes).unwrap();
                String::from_utf8(bytes).unwrap()
            }
        }
    }
}

/// Whether an amount is the very fraction.
#[expect(clippy::cast_precision_loss, reason = "counts of a few hundred")]
fn is_same(amount: Option<Amount>, fraction: Option<Fraction>) -> bool {
    match (amount, fraction) {
        (None, None) => true,
        (Some(amount), Some(Fraction(n, d))) => match amount.whole() {
            Some(count) => u128::from(count) * d == n,
            // Two fractions with denominators up to 12 × 11 × 10 are further apart than this.
            None => n % d != 0 && (amount.as_f64() - n as f64 / d as f64).abs() < 1e-9,
        },
        _ => false,
    }
}

fn key_of(figure: &Figure) -> Key {
    let place = match figure.place {
        Place::Country => String::new(),
        Place::Centre(centre) => panic!("no measure here is of regional cancer centres: {centre:?}"),
        Place::Region(county) => county.to_string(),
    };
    (
        figure.measure.to_string(),
        place,
        figure.period.to_string(),
        match figure.breakdown.kind() {
            "total" => "total",
            "mvo_aggregate" => "mvo_aggregate",
            "mvo" => "mvo",
            "unit" => "unit",
            other => panic!("no breakdown of these collections: {other}"),
        },
        figure.breakdown.name().to_owned(),
        figure.variable.as_deref().unwrap_or_default().to_owned(),
        figure.category.map(Category::as_str).unwrap_or_default(),
    )
}

fn is_row(figure: &Figure, row: &Row) -> bool {
    let (above, below) = (figure.before.map(|before| before.0), figure.before.map(|before| before.1));
    is_same(figure.numerator, row.numerator)
        && is_same(figure.denominator, row.denominator)
        && is_same(above, row.before.map(|before| before.0))
        && is_same(below, row.before.map(|before| before.1))
        && figure.per == row.per
        && figure.value() == row.value
        && u64::from(figure.months) == row.months
        && u64::from(figure.months_expected) == row.months_expected
        && figure.regions.map(u64::from) == row.regions
        && figure.undecided == Some(row.undecided)
        && figure.change.map(Change::as_str) == row.change
}

fn compare(coverage: &Coverage, world: &World<'_>, expected: &oracle::Figures) -> Result<(), TestCaseError> {
    let tables = coverage.ratios.iter().chain(&coverage.reporting).chain(&coverage.accounts);
    let figures = tables.flat_map(|table| &table.figures).chain(&coverage.response.figures);
    let wanted = |figure: &&Figure| match figure.breakdown.kind() {
        "mvo" => world.by_code,
        "unit" => world.by_unit,
        _ => true,
    };
    let mut found = BTreeSet::new();
    for figure in figures.filter(wanted) {
        let key = key_of(figure);
        let row = expected.rows.get(&key);
        prop_assert!(row.is_some_and(|row| is_row(figure, row)), "{key:?}\n{figure:?}\n{row:?}");
        prop_assert!(found.insert(key), "twice: {figure:?}");
    }
    let lacking: Vec<&Key> = expected.rows.keys().filter(|key| !found.contains(*key)).take(3).collect();
    prop_assert!(lacking.is_empty(), "{lacking:?}");

    let day = |day: i64| -> Date { time::format_day(day).parse().unwrap() };
    let cells: BTreeMap<(String, String, oracle::Month), Cell> = coverage
        .response
        .cells
        .iter()
        .map(|((group, county, month), cell)| {
            let month = (i16::try_from(month.year()).unwrap(), i8::try_from(month.month()).unwrap());
            let cell = Cell {
                is_received: cell.is_received,
                records: cell.records,
                stated: cell.stated,
                received: cell.received.map(day),
            };
            ((group.clone(), county.to_string(), month), cell)
        })
        .collect();
    for (place, cell) in &cells {
        prop_assert_eq!(Some(cell), expected.cells.get(place), "{:?}", place);
    }
    prop_assert_eq!(cells.len(), expected.cells.len());

    let left_out: BTreeMap<String, [u64; 5]> = coverage
        .left_out
        .iter()
        .map(|(id, left)| {
            (id.clone(), [left.records, left.unreadable, left.without_region, left.without_month, left.outside])
        })
        .collect();
    prop_assert_eq!(&left_out, &expected.left_out);
    Ok(())
}

#[test]
fn every_figure_is_what_a_second_computation_finds() {
    run(100, |case| {
        let folder = tempfile::tempdir().unwrap();
        let tool = Tool::count(case, &case.write_csv(folder.path()), &ReadOptions::default(), folder.path());
        let world = case.world(setup());
        let expected = world.figures();
        let Some(scope) = tool.scope(case) else {
            prop_assert!(expected.rows.is_empty());
            return Ok(());
        };
        match tool.compute(case, scope) {
            Ok(coverage) => {
                prop_assert!(expected.missing.is_empty(), "{:?}", expected.missing);
                compare(&coverage, &world, &expected)
            }
            Err(CoverageError::Missing(missing)) => {
                let missing: BTreeSet<(&str, String, i16)> = missing
                    .into_iter()
                    .map(|one| {
                        let table = if one.denominator == MissingIn::Register { "register" } else { "population" };
                        (table, one.county.to_string(), i16::try_from(one.period.year()).unwrap())
                    })
                    .collect();
                prop_assert_eq!(missing, expected.missing);
                Ok(())
            }
            Err(other) => Err(TestCaseError::fail(other.to_string())),
        }
    });
}

#[test]
fn threads_batches_and_formats_change_nothing() {
    let pools = [1, 3].map(|threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap());
    run(20, |case| {
        let folder = tempfile::tempdir().unwrap();
        let case = case.without_broken_records();
        let csv = case.write_csv(folder.path());
        let parquet = case.write_parquet(folder.path());
        let first = Tool::count(&case, &csv, &ReadOptions::default(), folder.path()).csv(&case);
        for (pool, paths, chunk_bytes, batch_rows) in [
            (&pools[0], &csv, 0, 0),
            (&pools[1], &csv, 64, 0),
            (&pools[1], &parquet, 0, 3),
            (&pools[0], &parquet, 0, 0),
        ] {
            let options = ReadOptions { chunk_bytes, batch_rows, ..ReadOptions::default() };
            let again = pool.install(|| Tool::count(&case, paths, &options, folder.path()).csv(&case));
            prop_assert_eq!(&first, &again);
        }
        Ok(())
    });
}

/// A measure that the second computation does not know would be compared with nothing.
#[test]
fn the_second_computation_knows_every_measure() {
    let measures = &setup().measures;
    // Those of cancer pathways have examples worked by hand and the published table instead.
    let of_contacts = measures.ratios.iter().filter(|ratio| !ratio.collections.contains(&"svf_forlopp".to_owned()));
    let ids: BTreeSet<&str> = of_contacts.map(|ratio| ratio.id.as_str()).collect();
    let known = oracle::ratio_ids();
    assert_eq!(ids, known.iter().copied().collect::<BTreeSet<&str>>());
    let reporting: BTreeSet<&str> = measures.reporting.iter().map(|reporting| reporting.id.as_str()).collect();
    let known = ["inrapporteringsgrad_genomforda", "inrapporteringsgrad_primarvard", "inrapporteringsgrad_vantande"];
    assert_eq!(reporting, BTreeSet::from(known));
}
