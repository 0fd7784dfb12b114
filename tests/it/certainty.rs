//! How sure figures are: no values in place of those in doubt give a figure outside its interval, and what is said of it is
//! said in every format and to nobody else.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::AtomicBool;

use proptest::prelude::*;
use vantkoll::assets;
use vantkoll::coverage::figure::{Figure, Period};
use vantkoll::coverage::reference::Reference;
use vantkoll::coverage::scope::{Regions, Scope};
use vantkoll::coverage::{self, Context, Coverage, Sources};
use vantkoll::engine::{self, FindingSink, Settings, Stated};
use vantkoll::measure::{self, Measures};
use vantkoll::model::{Finding, Severity};
use vantkoll::rule::{self, Plan};
use vantkoll::schema::{self, Schemas};
use vantkoll::submission::{InputFile, ReadOptions};
use vantkoll::time::{self, Month};

use crate::support::{self, Said};

struct Setup {
    schemas: Schemas,
    measures: Measures,
    reference: Reference,
}

fn setup() -> &'static Setup {
    static SETUP: OnceLock<Setup> = OnceLock::new();
    SETUP.get_or_init(|| {
        let schemas = schema::load(&assets::schemas(None).unwrap()).unwrap();
        let files = assets::rules(None).unwrap();
        let plans = rule::compile(&schemas, &rule::load(&files).unwrap()).unwrap();
        let measures = measure::load(&files, &plans).unwrap();
        Setup { schemas, measures, reference: Reference::load(None, None).unwrap() }
    })
}

/// The variables that each record's findings put in doubt.
#[derive(Default)]
struct Doubtful(BTreeMap<u64, BTreeSet<String>>);

impl FindingSink for Doubtful {
    fn take(&mut self, plan: &Plan, _: &[PathBuf], findings: &[Finding]) -> Result<(), Box<dyn Error + Send + Sync>> {
        for finding in findings.iter().filter(|finding| plan.rules[finding.rule.0].severity > Severity::Note) {
            // Findings on the whole submission are of no record.
            let Some(row) = finding.position.row else { continue };
            let names = finding.faulty.iter().chain(&finding.triggers).map(|value| value.variable.clone());
            self.0.entry(row).or_default().extend(names);
        }
        Ok(())
    }
}

const VARIABLES: [&str; 6] = [
    "vardkontakts_id",
    "region",
    "beslut_om_oppenvardskontakt",
    "genomfora_oppenvardskontakt",
    "vardgarantipatient",
    "avvikelse",
];

/// Values that may stand there, right and wrong ones; the last four variables.
const VALUES: [&[&str]; 4] = [
    &["2022-03-01T08:00", "2022-03-03T08:00", "2022-03-20T08:00", "", "nyss"],
    &["2022-03-04T08:00", "2022-03-08T08:00", "2022-04-02T08:00"],
    &["1", "2", "", "7"],
    &["", "1", "3", "9"],
];

type Record = [usize; 4];

fn csv(records: &[Record]) -> String {
    let mut lines = vec![VARIABLES.join(";")];
    for (number, record) in records.iter().enumerate() {
        let values: Vec<&str> = record.iter().zip(VALUES).map(|(at, values)| values[at % values.len()]).collect();
        lines.push(format!("K-{number};SE2321000255-O1;{}", values.join(";")));
    }
    lines.join("\n") + "\n"
}

/// What is made of the measures of March, and what findings put in doubt.
fn measured(records: &[Record]) -> (Coverage, Doubtful) {
    let setup = setup();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("primarvard_grundmodell.csv");
    fs::write(&path, csv(records)).unwrap();
    let options = ReadOptions { collection: Some("primarvard_grundmodell".to_owned()), ..ReadOptions::default() };
    let file = InputFile::open(&path, &setup.schemas, &options).unwrap();
    let settings = Settings {
        stated: Stated { delivery_date: time::parse_day("2022-05-10").unwrap(), ..Stated::default() },
        tallies: setup.measures.tallies.clone(),
        count_doubts: true,
        ..Settings::default()
    };
    let mut doubtful = Doubtful::default();
    let sink = Some(&mut doubtful as &mut dyn FindingSink);
    let stop = AtomicBool::new(false);
    let (outcome, _) = engine::check(&setup.measures.plans, vec![file], &settings, &stop, &|_| {}, sink).unwrap();
    let tallies = outcome.runs.into_iter().map(|run| (run.plan.collection.id.clone(), run.tally.unwrap())).collect();
    let march = Month::parse("2022-03").unwrap();
    let context = Context {
        measures: &setup.measures,
        tallies: &tallies,
        scope: Scope { first: march, last: march },
        sources: Sources::default(),
        regions: Regions::new(setup.reference.regions()),
        details: BTreeSet::new(),
        wanted: BTreeSet::from(["PK1", "VG3", "vardgaranti_andel_primarvard"].map(str::to_owned)),
    };
    (coverage::compute(&context, &[]).unwrap(), doubtful)
}

/// Every figure of March, in a fixed order; the guarantee's of all contacts and without deviations.
fn figures(coverage: &Coverage) -> Vec<&Figure> {
    let goals = coverage.goals.programmes.iter().flat_map(|programme| &programme.goals);
    let goals = goals.flat_map(|goal| &goal.months).map(|judged| &judged.figure);
    let guarantees = coverage.goals.guarantees.iter().flat_map(|guarantee| &guarantee.shares);
    let guarantees = guarantees.flat_map(|share| share.all.iter().chain(&share.without_deviation));
    let ratios = coverage.ratios.iter().flat_map(|table| &table.figures);
    let figures = ratios.chain(goals.chain(guarantees).map(|shown| &shown.figure));
    figures.filter(|figure| matches!(figure.period, Period::Month(_)) && figure.breakdown.name().is_empty()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn no_values_in_place_of_those_in_doubt_give_a_figure_outside_its_interval(
        records in prop::collection::vec([0..5usize, 0..3, 0..4, 0..4], 1..9),
        others in prop::collection::vec([0..5usize, 0..3, 0..4, 0..4], 9),
    ) {
        // One of March that nothing is wrong with, so that there are figures of March.
        let records = [vec![[1, 1, 0, 0]], records].concat();
        let (before, doubtful) = measured(&records);
        let mut changed = records.clone();
        for (row, variables) in &doubtful.0 {
            let at = usize::try_from(row - 1).unwrap();
            for (place, _) in VARIABLES[2..].iter().enumerate().filter(|(_, name)| variables.contains(**name)) {
                // That a record could be of March which says April is counted nowhere.
                if (place, records[at][place]) != (1, 2) {
                    changed[at][place] = others[at][place];
                }
            }
        }
        let (after, _) = measured(&changed);
        let (before, after) = (figures(&before), figures(&after));
        prop_assert!(before.len() >= 3);
        for figure in before {
            let Some(certainty) = figure.certainty.as_deref() else { continue };
            let same = after.iter().find(|other| other.measure == figure.measure && other.place == figure.place);
            let counts = same.and_then(|other| other.numerator.zip(other.denominator));
            let now = counts.map(|(numerator, denominator)| coverage::bounds::Share { numerator, denominator });
            let Some(now) = now.filter(|now| !now.denominator.is_zero()) else { continue };
            let (least, greatest) = (certainty.least.unwrap(), certainty.greatest.unwrap());
            prop_assert!(
                now.compare(least).unwrap().is_ge() && now.compare(greatest).unwrap().is_le(),
                "{}: {:?} is not from {:?} to {:?}\n{}{}",
                figure.measure, now, least, greatest, csv(&records), csv(&changed)
            );
        }
    }
}

/// The delivery of the worked example of a goal, in a folder of its own.
fn delivery() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let records: Vec<Record> =
        [vec![[0, 0, 0, 0]; 40], vec![[1, 1, 0, 0]; 8], vec![[0, 0, 0, 3]; 1], vec![[3, 0, 0, 0]; 2]].concat();
    fs::write(folder.path().join("primarvard_grundmodell.csv"), csv(&records)).unwrap();
    folder
}

fn run(folder: &Path, command: &str, arguments: &[&str]) -> Said {
    let common = ["primarvard_grundmodell.csv", "--period", "2022-03", "--measure", "PK1", "--lang", "en", "--quiet"];
    support::run(folder, &[&[command], &common[..], arguments].concat())
}

#[test]
fn an_edition_for_others_does_not_tell_how_sure_figures_are() {
    let folder = delivery();
    let open = run(folder.path(), "coverage", &["--certainty", "--format", "json"]).out;
    assert!(open.contains("\"outcome_at_worst\": \"not_decided\"") && open.contains("\"in_numerator\""), "{open}");
    let published = run(folder.path(), "coverage", &["--certainty", "--format", "json", "--publish"]).out;
    assert!(published.contains("\"certainty\": null") && published.contains("\"outcome_at_worst\": null"));
    for word in ["in_numerator", "PVG-", "\"outcome_at_worst\": \"", "\"months_met_at_best\": 1"] {
        assert!(!published.contains(word), "{word}\n{published}");
    }
    let csv = run(folder.path(), "coverage", &["--certainty", "--format", "csv", "--publish"]).out;
    assert!(csv.lines().skip(1).filter(|line| line.starts_with("PK1")).all(|line| line.ends_with(";;;;;;;")), "{csv}");
    let text = run(folder.path(), "coverage", &["--certainty", "--publish"]).out;
    assert!(!text.contains("How sure") && !text.contains("PVG-"), "{text}");
}

#[test]
fn a_check_with_coverage_tells_it_unless_told_not_to_and_coverage_alone_when_told() {
    let folder = delivery();
    let figures = ["--format", "text=check.txt", "--figures", "text"];
    let with = run(folder.path(), "qa", &figures).out;
    let without = run(folder.path(), "qa", &[&figures[..], &["--no-certainty"]].concat()).out;
    assert!(with.contains("84% T* (80–84%)") && with.contains("How sure"), "{with}");
    assert!(without.contains("84% T\n") && !without.contains("How sure"), "{without}");
    assert_eq!(run(folder.path(), "coverage", &[]).out, without);
    assert_eq!(run(folder.path(), "coverage", &["--certainty"]).out, with);
    // What was saved can be asked later; counts of deliveries of which it was not counted say nothing.
    run(folder.path(), "coverage", &["--certainty", "--save-tally", "sure.parquet"]);
    run(folder.path(), "coverage", &["--save-tally", "bare.parquet"]);
    let of = |tally: &str| {
        let arguments = ["coverage", "--tally", tally, "--period", "2022-03", "--measure", "PK1", "--lang", "en"];
        support::run(folder.path(), &arguments).out
    };
    assert_eq!((of("sure.parquet"), of("bare.parquet")), (with, without));
}

/// The README's command and the lines that it shows of what comes out.
#[test]
fn the_readme_shows_what_comes_out() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let (_, section) = readme.split_once("### How sure the figures are").unwrap();
    let (_, section) = section.split_once("```sh\ncargo run --release -- ").unwrap();
    let (command, section) = section.split_once("\n```").unwrap();
    let arguments: Vec<&str> = command.split_whitespace().filter(|word| *word != "\\").collect();
    let said = support::run(root, &[&arguments[..], &["--quiet"]].concat());
    assert_eq!((said.code, said.err.as_str()), (0, ""));
    let out = said.out.replace('\u{a0}', " ");
    let (_, block) = section.split_once("```text\n").unwrap();
    let (block, _) = block.split_once("\n```").unwrap();
    let shown: Vec<&str> = block.lines().filter(|line| *line != "…").collect();
    assert!(shown.len() > 8, "{shown:?}");
    for line in shown {
        assert!(out.lines().any(|other| other == line), "{line}\n{out}");
    }
}
