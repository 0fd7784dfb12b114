//! Synthetic submissions: clean ones have no findings, and every planted defect is found where it was planted.
#![expect(clippy::unwrap_used, reason = "helpers of tests, outside the functions that clippy knows as such")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use vantkoll::diag::Source;
use vantkoll::engine::{self, FindingSink, Outcome, Settings, Stated, StatedRegion};
use vantkoll::generate::{self, Arrangement, Defects, OutputFormat, Profile, Reading, Records, Request, Strata};
use vantkoll::model::{Finding, Severity, Text};
use vantkoll::rule::{self, Plan};
use vantkoll::schema::{self, Schemas};
use vantkoll::submission::{InputFile, ReadOptions};
use vantkoll::{assets, time};

use crate::support;

const COLLECTIONS: [&str; 4] =
    ["specvard_genomforda", "specvard_vantande", "primarvard_grundmodell", "primarvard_instegsmodell"];
/// Västra Götalandsregionen.
const REGION: &str = "2321000131";

/// Rules of severity error that no defect of a record or header can make.
const NOT_PLANTED: [(&str, &str); 2] = [
    ("LEV-0003", "compares with a number of records that the user states; the generator writes as many as asked for"),
    ("LEV-0004", "speaks of a submission without records"),
];

struct World {
    files: assets::Files,
    schemas: Schemas,
    plans: BTreeMap<String, Arc<Plan>>,
}

fn world() -> World {
    let files = assets::schemas(None).unwrap();
    let schemas = schema::load(&files).unwrap();
    let plans = rule::compile(&schemas, &rule::load(&assets::rules(None).unwrap()).unwrap()).unwrap();
    World { files, schemas, plans }
}

fn day(text: &str) -> i64 {
    time::parse_day(text).unwrap()
}

fn request(records: u64, format: OutputFormat) -> Request {
    Request {
        records: Records::Count(records),
        seed: 1,
        period: (day("2022-03-01"), day("2022-03-31")),
        format,
        arrangement: Arrangement::ByDate,
    }
}

impl World {
    fn profile(&self, collection: &str) -> Profile {
        Profile::load(&self.files, &self.schemas, collection).unwrap()
    }

    fn defects(&self, profile: &Profile, file: &str) -> Defects {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/defects").join(file);
        let source = Source::new(path.display().to_string(), std::fs::read_to_string(&path).unwrap());
        let plan = &self.plans[&profile.collection().id];
        Defects::load(&source, profile, &self.schemas, plan, &[])
            .unwrap_or_else(|diagnostics| panic!("{}", vantkoll::diag::render(&diagnostics, false, 110)))
    }

    /// Checks a file of so many records, everything stated but perhaps the region.
    fn check(&self, path: &Path, collection: &str, records: u64, region: Option<&str>) -> (Outcome, Findings) {
        let options = ReadOptions { collection: Some(collection.to_owned()), ..ReadOptions::default() };
        let file = InputFile::open(path, &self.schemas, &options).unwrap();
        let stated = Stated {
            period: Some((day("2022-03-01"), day("2022-03-31"))),
            region: region
                .map(|number| StatedRegion { organisation_number: number.to_owned(), name: number.to_owned() }),
            records: Some(records),
            delivery_date: day("2022-04-15"),
            delivery_date_stated: true,
            as_of: None,
        };
        let settings = Settings { stated, examples: 3, ..Settings::default() };
        let mut findings = Findings::default();
        let stop = AtomicBool::new(false);
        let (outcome, _) =
            engine::check(&self.plans, vec![file], &settings, &stop, &|_| {}, Some(&mut findings)).unwrap();
        (outcome, findings)
    }
}

#[derive(Default)]
struct Findings {
    /// Record, rule, variable. Record 0 is the whole submission.
    at: BTreeSet<(u64, String, String)>,
    /// Records with a finding of severity error.
    in_error: BTreeSet<u64>,
}

impl FindingSink for Findings {
    fn take(
        &mut self,
        plan: &Plan,
        _: &[PathBuf],
        findings: &[Finding],
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        for finding in findings {
            let rule = &plan.rules[finding.rule.0];
            let row = finding.position.row.unwrap_or(0);
            for shown in &finding.faulty {
                self.at.insert((row, rule.id.0.clone(), shown.variable.clone()));
            }
            self.at.insert((row, rule.id.0.clone(), String::new()));
            if rule.severity == Severity::Error {
                self.in_error.insert(row);
            }
        }
        Ok(())
    }
}

fn generated(profile: &Profile, defects: Option<&Defects>, request: &Request) -> (Vec<u8>, Vec<u8>, Vec<u64>) {
    let (mut output, mut truth) = (Vec::new(), Vec::new());
    let stop = AtomicBool::new(false);
    let summary = generate::generate(profile, defects, request, &mut output, Some(&mut truth), &stop, &|_| {}).unwrap();
    (output, truth, summary.planted)
}

#[test]
fn a_clean_submission_has_no_findings() {
    let world = world();
    let folder = tempfile::tempdir().unwrap();
    for (collection, region) in COLLECTIONS.into_iter().flat_map(|name| [(name, None), (name, Some(REGION))]) {
        let mut profile = world.profile(collection);
        assert!(region.is_none_or(|region| profile.only_region(region)));
        let (bytes, _, _) = generated(&profile, None, &request(20_000, OutputFormat::Csv));
        let path = folder.path().join(format!("{collection}.csv"));
        std::fs::write(&path, bytes).unwrap();
        let (outcome, findings) = world.check(&path, collection, 20_000, region);
        let run = &outcome.runs[0];
        assert_eq!(run.records, 20_000);
        assert!(findings.at.is_empty(), "{collection}: {:?}", findings.at.iter().take(20).collect::<Vec<_>>());
        // Where everything is stated, only official code lists are wanting.
        for (rule, counts) in run.plan.rules.iter().zip(&run.rules).filter(|_| region.is_some()) {
            let needs_official_list = rule.kind == rule::RuleKind::OfficialCode;
            assert!(counts.counts.not_checked == 0 || needs_official_list, "{}: {counts:?}", rule.id);
        }
    }
}

#[test]
fn every_planted_defect_is_found_by_its_rule() {
    let world = world();
    let folder = tempfile::tempdir().unwrap();
    let mut missed = Vec::new();
    for collection in COLLECTIONS {
        let mut profile = world.profile(collection);
        assert!(profile.only_region(REGION));
        let defects = world.defects(&profile, &format!("{collection}.yaml"));
        for format in [OutputFormat::Csv, OutputFormat::Parquet] {
            let (bytes, truth, planted) = generated(&profile, Some(&defects), &request(20_000, format));
            let extension = if format == OutputFormat::Csv { "csv" } else { "parquet" };
            let path = folder.path().join(format!("{collection}.{extension}"));
            std::fs::write(&path, bytes).unwrap();
            let (_, findings) = world.check(&path, collection, 20_000, Some(REGION));
            let mut records = BTreeSet::new();
            for row in csv::Reader::from_reader(truth.as_slice()).deserialize::<[String; 6]>() {
                let [record, variable, defect, _, rule, value] = row.unwrap();
                let record: u64 = record.parse().unwrap();
                records.insert(record);
                if !findings.at.contains(&(record, rule.clone(), variable.clone())) {
                    missed
                        .push(format!("{collection} {extension} {record}: {defect}: {rule} at {variable}: `{value}`"));
                }
            }
            for (name, count) in defects.names().zip(&planted) {
                // How a text file is written is no matter in Parquet.
                let is_of_text = ["field", "byte", "quotation"].iter().any(|word| name.contains(word));
                if *count == 0 && (format == OutputFormat::Csv || !is_of_text) {
                    missed.push(format!("{collection} {extension}: {name} was not planted"));
                }
            }
            for record in findings.in_error.difference(&records) {
                let of: Vec<_> = findings.at.iter().filter(|(row, _, _)| row == record).collect();
                missed.push(format!("{collection} {extension} {record}: clean, but {of:?}"));
            }
        }
    }
    assert!(missed.is_empty(), "{} misses, such as:\n{}", missed.len(), missed[..missed.len().min(60)].join("\n"));
}

/// The samples are what these commands make:
///
/// ```text
/// cd testdata
/// vantkoll generate specvard_genomforda --records 200 --seed 100 --region Västmanland --defects defects/sample.yaml \
///     --output samples/specvard_genomforda_2022-03.csv --truth defects/sample.truth.csv
/// vantkoll generate primarvard_grundmodell --records 200 --region Västmanland \
///     --output samples/primarvard_grundmodell_2022-03.csv
/// ```
#[test]
fn the_samples_are_current() {
    let world = world();
    let shipped =
        |name: &str| std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(name)).unwrap();
    let mut profile = world.profile("specvard_genomforda");
    assert!(profile.only_region("2321000172"));
    let defects = world.defects(&profile, "sample.yaml");
    let (sample, truth, planted) =
        generated(&profile, Some(&defects), &Request { seed: 100, ..request(200, OutputFormat::Csv) });
    assert!(sample == shipped("samples/specvard_genomforda_2022-03.csv"), "make the sample anew, as said above");
    assert!(truth == shipped("defects/sample.truth.csv"), "make the truth anew, as said above");
    assert!(planted.iter().all(|count| *count > 0), "{planted:?}");
    let mut profile = world.profile("primarvard_grundmodell");
    assert!(profile.only_region("2321000172"));
    let (sample, _, _) = generated(&profile, None, &request(200, OutputFormat::Csv));
    assert!(sample == shipped("samples/primarvard_grundmodell_2022-03.csv"), "make the sample anew, as said above");
}

#[test]
fn defects_of_the_header_are_found() {
    let world = world();
    let folder = tempfile::tempdir().unwrap();
    let profile = world.profile("specvard_genomforda");
    let defects = world.defects(&profile, "columns.yaml");
    let (bytes, truth, _) = generated(&profile, Some(&defects), &request(100, OutputFormat::Csv));
    let path = folder.path().join("columns.csv");
    std::fs::write(&path, bytes).unwrap();
    let (_, findings) = world.check(&path, "specvard_genomforda", 100, None);
    let mut n_rows = 0;
    for row in csv::Reader::from_reader(truth.as_slice()).deserialize::<[String; 6]>() {
        let [record, variable, defect, _, rule, _] = row.unwrap();
        assert_eq!(record, "");
        assert!(findings.at.contains(&(0, rule, variable)), "{defect}: {:?}", findings.at);
        n_rows += 1;
    }
    assert_eq!(n_rows, 3);
}

#[test]
fn every_rule_that_rejects_records_has_a_defect() {
    let world = world();
    let mut lacking = BTreeSet::new();
    for collection in COLLECTIONS {
        let profile = world.profile(collection);
        let defects = world.defects(&profile, &format!("{collection}.yaml"));
        let of_header = world.defects(&world.profile("specvard_genomforda"), "columns.yaml");
        let expected: BTreeSet<&str> = defects.rules().chain(of_header.rules()).collect();
        for rule in &world.plans[collection].rules {
            let is_excused = NOT_PLANTED.iter().any(|(id, _)| *id == rule.id.0);
            let needs_official_list = rule.kind == rule::RuleKind::OfficialCode;
            if !expected.contains(rule.id.0.as_str()) && !is_excused && !needs_official_list {
                lacking.insert(format!("{collection}: {} ({})", rule.id, rule.severity.as_str()));
            }
            assert!(!(is_excused && expected.contains(rule.id.0.as_str())), "{} is planted after all", rule.id);
        }
    }
    assert!(lacking.is_empty(), "without a defect: {lacking:#?}");
}

#[test]
fn the_same_seed_gives_the_same_bytes_for_any_number_of_threads() {
    let world = world();
    let mut profile = world.profile("specvard_genomforda");
    assert!(profile.only_region(REGION));
    let defects = world.defects(&profile, "specvard_genomforda.yaml");
    for format in [OutputFormat::Csv, OutputFormat::Parquet] {
        let request = request(10_000, format);
        let on = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| generated(&profile, Some(&defects), &request))
        };
        let (one, three) = (on(1), on(3));
        assert!(one == three);
        let other = Request { seed: 2, ..request };
        assert!(generated(&profile, Some(&defects), &other).0 != one.0);
    }
}

#[test]
fn records_without_a_defect_are_the_same_as_in_a_clean_submission() {
    let world = world();
    let profile = world.profile("primarvard_grundmodell");
    let defects = world.defects(&profile, "primarvard_grundmodell.yaml");
    let request = request(6_000, OutputFormat::Csv);
    let (clean, _, _) = generated(&profile, None, &request);
    let (planted, truth, _) = generated(&profile, Some(&defects), &request);
    let records: BTreeSet<usize> = csv::Reader::from_reader(truth.as_slice())
        .deserialize::<[String; 6]>()
        .map(|row| row.unwrap()[0].parse().unwrap())
        .collect();
    let lines = |bytes: &[u8]| bytes.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect::<Vec<_>>();
    let (clean, planted) = (lines(&clean), lines(&planted));
    assert_eq!(clean.len(), planted.len());
    for (record, (one, other)) in clean.iter().zip(&planted).enumerate() {
        assert!(one == other || records.contains(&record), "record {record}");
    }
}

#[test]
fn mistakes_in_profiles_and_defects_have_their_places() {
    let world = world();
    let profile = world.profile("specvard_genomforda");
    let plan = &world.plans["specvard_genomforda"];
    for (text, code, pointed_at) in [
        ("defects: []", "yaml::malformed", ""),
        ("collection: specvard_vantande", "defects::collection", "specvard_vantande"),
        ("collection: specvard_genomforda\ndelivery_date: soon", "defects::date", "soon"),
        (
            "collection: specvard_genomforda\ndefects:\n- { name: a, rate: 2, plant: { blank: fas }, expect: SVG-K-fas }",
            "defects::rate",
            "2",
        ),
        (
            "collection: specvard_genomforda\ndefects:\n- { name: a, rate: 0.1, plant: { blank: fass }, expect: SVG-K-fas }",
            "defects::unknown_variable",
            "fass",
        ),
        (
            "collection: specvard_genomforda\ndefects:\n- { name: a, rate: 0.1, plant: { blank: fas }, expect: SVG-K-fass }",
            "defects::unknown_rule",
            "SVG-K-fass",
        ),
        (
            "collection: specvard_genomforda\ndefects:\n- { name: a, rate: 0.1, where: { fas: [\"6\"] }, plant: { blank: fas }, expect: SVG-K-fas }",
            "profile::unknown_code",
            "\"6\"",
        ),
        (
            "collection: specvard_genomforda\ndefects:\n- { name: a, rate: 0.1, plant: { bad_code: huvudman }, expect: SVG-K-fas }",
            "defects::no_code",
            "huvudman",
        ),
        (
            "collection: specvard_genomforda\ndefects:\n- { name: a, rate: 0.1, plant: { bad_format: fas }, expect: SVG-K-fas }",
            "defects::no_format",
            "fas",
        ),
    ] {
        let source = Source::new("t.yaml", text);
        let diagnostics = Defects::load(&source, &profile, &world.schemas, plan, &[]).unwrap_err();
        assert_eq!(diagnostics.len(), 1, "{text}: {diagnostics:?}");
        assert_eq!(diagnostics[0].code(), code, "{text}");
        let place = diagnostics[0].place().unwrap();
        assert!(text[place.offset..place.offset + place.len].contains(pointed_at), "{text}");
    }
    let value = |fill: &str| {
        format!(
            "collection: specvard_genomforda\nvalues:\n- {{ id: fas, fill: {{ codes: {{ \"1\": 1 }} }} }}\n- {fill}\n"
        )
    };
    for (fill, code) in [
        ("{ id: fass, fill: { codes: { \"1\": 1 } } }", "profile::unknown_variable"),
        ("{ id: fas, fill: { codes: { \"1\": 1 } } }", "profile::value_repeated"),
        ("{ id: yrkesgrupp, fill: { codes: { XS999: 1 } } }", "profile::unknown_code"),
        ("{ id: yrkesgrupp, fill: { codes: { XS915: 0 } } }", "profile::no_weight"),
        ("{ id: yrkesgrupp }", "profile::fill"),
        ("{ id: _x, fill: { pick: { list: regionkoder } } }", "profile::unknown_list"),
        ("{ id: _x, fill: { text: \"{fass}\" } }", "profile::unknown_value"),
        ("{ id: _x, fill: { text: \"{digits:0}\" } }", "profile::text"),
        ("{ id: _x, fill: { number: { \"0\": 1, \"50\": 0, \"100\": 2 } } }", "profile::quantiles"),
        ("{ id: _x, fill: { year: { of: fas, minus: { \"0\": 1, \"100\": 2 } } } }", "profile::wrong_kind"),
        ("{ id: _x, fill: { time: { days: { \"0\": 1, \"100\": 2 } } } }", "profile::time"),
        ("{ id: _x, filled: 101, fill: { codes: { a: 1 } } }", "profile::percentage"),
        ("{ id: fodelse, fyll: 1 }", "yaml::malformed"),
    ] {
        let mut files = world.files.clone();
        let file = files.get_mut("synthetic/specvard_genomforda.yaml").unwrap();
        file.text = value(fill);
        let diagnostics = Profile::load(&files, &world.schemas, "specvard_genomforda").unwrap_err();
        let codes: Vec<&str> = diagnostics.iter().map(vantkoll::diag::Diagnostic::code).collect();
        assert_eq!(codes, [code], "{fill}");
        assert!(diagnostics[0].place().is_some(), "{fill}");
    }
}

/// Variables of which a report may publish how many records have them; those that a collection has are tested.
const REPORTED: [&str; 18] = [
    "medicinskt_maldatum",
    "patientens_folkbokforingskommun",
    "kommunkod",
    "vardande_enhet",
    "vardenhet3_vardande_enhet",
    "diagnos",
    "typ_av_diagnos",
    "atgard",
    "yttre_orsak",
    "remittent",
    "remittenttyp",
    "remiss_id",
    "remissdatum",
    "ankomstdatum",
    "avvikelse",
    "agarform",
    "patientens_listning",
    "bokningssatt",
];

fn strata(profile: &Profile, text: &str) -> Strata {
    let period = |text: &str| match text {
        "2022-04" => Some((day("2022-04-01"), day("2022-04-30"))),
        _ => None,
    };
    // The organisation number itself.
    let region = |text: &str| Ok::<String, Text>(text.to_owned());
    Strata::load(text, profile, &Reading { period: &period, region: &region })
        .unwrap_or_else(|mistakes| panic!("{mistakes:?}"))
}

fn of_strata(profile: &Profile, text: &str, format: OutputFormat) -> Request {
    Request { records: Records::Strata(strata(profile, text)), ..request(0, format) }
}

/// The records of a CSV file, each from column to value.
fn records_of(bytes: &[u8]) -> Vec<BTreeMap<String, String>> {
    csv::ReaderBuilder::new().delimiter(b';').from_reader(bytes).deserialize().map(|row| row.unwrap()).collect()
}

#[test]
fn strata_are_met_to_the_record() {
    let world = world();
    let counts = [0, 1, 37, 50, 99, 100];
    for collection in COLLECTIONS {
        let profile = world.profile(collection);
        let variables = &profile.collection().variables;
        let reported: Vec<&str> =
            REPORTED.into_iter().filter(|id| variables.iter().any(|variable| variable.id == *id)).collect();
        let (split, codes, reporter) = if collection.starts_with("spec") {
            ("fas", ["2", "4"], "huvudman")
        } else {
            ("bokningssatt", ["1", "3"], "region")
        };
        let reported: Vec<&str> = reported.into_iter().filter(|id| *id != split).collect();
        // Two regions, two periods, two codes; every variable has every count.
        let columns: Vec<String> = reported.iter().map(|variable| format!("filled:{variable}")).collect();
        let mut lines = vec![format!("records;region;period;{split};{}", columns.join(";"))];
        let mut expected = Vec::new();
        for row in 0..2 * counts.len() {
            let region = ["2321000255", "2321000115"][row % 2];
            let (period, code) = (["", "2022-04"][row / 2 % 2], codes[row / 4 % 2]);
            let filled: Vec<usize> = (0..reported.len()).map(|index| counts[(index + row) % counts.len()]).collect();
            let cells: Vec<String> = filled.iter().map(usize::to_string).collect();
            lines.push(format!("100;{region};{period};{code};{}", cells.join(";")));
            expected.push((region, period, code, filled));
        }
        let (bytes, _, _) = generated(&profile, None, &of_strata(&profile, &lines.join("\n"), OutputFormat::Csv));
        let records = records_of(&bytes);
        assert_eq!(records.len(), 100 * expected.len());
        let date = &variables[profile.collection().record_date.unwrap().0].id;
        for (block, (region, period, code, filled)) in records.chunks(100).zip(&expected) {
            for record in block {
                assert!(record[reporter].contains(region) && record[split] == *code, "{collection}: {record:?}");
                let (first, last) =
                    if period.is_empty() { ("2022-03-01", "2022-03-31") } else { ("2022-04-01", "2022-04-30") };
                // Those who wait were put on the list before the period ended.
                let is_early_enough = &record[date][..10] <= last;
                let is_late_enough = &record[date][..10] >= first || collection == "specvard_vantande";
                assert!(is_early_enough && is_late_enough, "{collection}: {}", record[date]);
            }
            for (variable, count) in reported.iter().zip(filled) {
                let found = block.iter().filter(|record| !record[*variable].is_empty()).count();
                assert_eq!(found, *count, "{collection}: {variable}");
            }
        }
        let ids: BTreeSet<&str> = records.iter().map(|record| record["vardkontakts_id"].as_str()).collect();
        assert_eq!(ids.len(), records.len());
    }
}

#[test]
fn values_see_what_a_stratum_fixes() {
    let world = world();
    let mut profile = world.profile("specvard_genomforda");
    assert!(profile.only_region(REGION));
    // 515 belongs to the aggregate of eye care, but the profile never picks it.
    let text = "records;fas;medicinskt_verksamhetsomrade;_private;diagnos;yrkesgrupp\n\
                300;5;;;;\n300;2;515;;;\n300;;;ja;S5250|I109;XS999\n";
    let (bytes, _, _) = generated(&profile, None, &of_strata(&profile, text, OutputFormat::Csv));
    let records = records_of(&bytes);
    for record in &records[..300] {
        assert!(record["bokningssatt"] == "5" && record["medicinskt_maldatum"].is_empty(), "{record:?}");
        assert!(record["huvudman"].contains(REGION), "{record:?}");
    }
    for record in &records[300..600] {
        assert!(["CJE20", "CJD00"].contains(&record["aktivitet"].as_str()), "{record:?}");
        assert_eq!((record["fas"].as_str(), record["medicinskt_verksamhetsomrade"].as_str()), ("2", "515"));
    }
    for record in &records[600..] {
        assert!(record["vardgivare"].starts_with("SE550"), "{record:?}");
        assert_eq!((record["diagnos"].as_str(), record["typ_av_diagnos"].as_str()), ("S5250|I109", "1,0"));
        assert_eq!(record["yrkesgrupp"], "XS999");
    }
}

#[test]
fn strata_are_the_same_for_any_number_of_threads_and_with_defects() {
    let world = world();
    let profile = world.profile("specvard_genomforda");
    let defects = world.defects(&profile, "specvard_genomforda.yaml");
    // Strata that end within blocks, and others that are longer than one.
    let text = "records;region;period;fas;filled:diagnos\n\
                1000;2321000255;;2;371\n7000;;2022-04;;\n1;2321000115;;1;1\n5000;;;;4999\n";
    for format in [OutputFormat::Csv, OutputFormat::Parquet] {
        let request = of_strata(&profile, text, format);
        let on = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| generated(&profile, Some(&defects), &request))
        };
        assert!(on(1) == on(2));
    }
    let request = of_strata(&profile, text, OutputFormat::Csv);
    let (clean, _, _) = generated(&profile, None, &request);
    let (planted, truth, counts) = generated(&profile, Some(&defects), &request);
    assert!(counts.iter().filter(|count| **count > 0).count() > counts.len() / 2, "{counts:?}");
    let records: BTreeSet<usize> = csv::Reader::from_reader(truth.as_slice())
        .deserialize::<[String; 6]>()
        .map(|row| row.unwrap()[0].parse().unwrap())
        .collect();
    let lines = |bytes: &[u8]| bytes.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect::<Vec<_>>();
    let (clean, planted) = (lines(&clean), lines(&planted));
    assert_eq!((clean.len(), planted.len()), (13_003, 13_003));
    for (record, (one, other)) in clean.iter().zip(&planted).enumerate() {
        assert!(one == other || records.contains(&record), "record {record}");
    }
}

#[test]
fn a_submission_of_strata_has_no_findings_of_its_own() {
    let world = world();
    let folder = tempfile::tempdir().unwrap();
    for collection in COLLECTIONS {
        let profile = world.profile(collection);
        let text = "records;region\n700;2321000255\n300;2321000115\n";
        let (bytes, _, _) = generated(&profile, None, &of_strata(&profile, text, OutputFormat::Csv));
        let path = folder.path().join(format!("{collection}.csv"));
        std::fs::write(&path, bytes).unwrap();
        let (_, findings) = world.check(&path, collection, 1_000, None);
        assert!(findings.at.is_empty(), "{collection}: {:?}", findings.at.iter().take(20).collect::<Vec<_>>());
    }
}

#[test]
fn the_program_reads_strata() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let text = "records;region;fas;filled:diagnos\n\
                100;Skåne;1;37\n100;Skåne;2;37\n100;regionkod:42;1;37\n100;lan:13;2;37\n";
    std::fs::write(folder.join("figures.csv"), text).unwrap();
    let generate = |arguments: &[&str]| {
        let start = ["generate", "specvard_genomforda", "--strata", "figures.csv", "--lang", "en", "--output"];
        support::run(folder, &[&start, arguments].concat())
    };
    for (threads, output) in [("1", "one.csv"), ("2", "two.csv")] {
        let said = generate(&[output, "--threads", threads, "--quiet"]);
        assert_eq!((said.code, said.err.as_str()), (0, ""));
    }
    let one = std::fs::read(folder.join("one.csv")).unwrap();
    assert!(one == std::fs::read(folder.join("two.csv")).unwrap());
    let records = records_of(&one);
    assert_eq!(records.len(), 400);
    for (block, (region, phase)) in records.chunks(100).zip([("41", "1"), ("41", "2"), ("42", "1"), ("42", "2")]) {
        assert!(block.iter().all(|record| record["regionkod"] == region && record["fas"] == phase), "{region} {phase}");
        assert_eq!(block.iter().filter(|record| !record["diagnos"].is_empty()).count(), 37);
    }
    assert_eq!(generate(&["three.parquet"]).code, 0);

    let said = generate(&["four.csv", "--records", "400"]);
    assert!(said.code == 2 && said.err.contains("--records cannot be given with --strata"), "{}", said.err);
    assert_eq!(generate(&["figures.csv"]).code, 2);
    std::fs::write(folder.join("figures.csv"), "records;region;filled:diagnos\nmany;Skåne;\n10;Skaane;11\n").unwrap();
    let said = generate(&["four.csv"]);
    assert_eq!(said.code, 2);
    for part in ["row 2, column `records`", "row 3, column `region`", "row 3, column `filled:diagnos`"] {
        assert!(said.err.contains(&format!("error: `figures.csv`, {part}")), "{part}: {}", said.err);
    }
    assert!(!folder.join("four.csv").exists());
}
