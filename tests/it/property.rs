//! Properties on random schemas, rules and tables: the engine agrees with the oracle and with itself.

mod case;
mod choices;
mod table;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, FileFailurePersistence, TestCaseError, TestRunner};
use vantkoll::engine::{self, FindingSink, Outcome, Rejections, Run, Settings, split};
use vantkoll::model::{Account, Detail, Finding, ShownValue, Verdict, VerdictCounts};
use vantkoll::report::{self, ReportFormat, ReportOptions};
use vantkoll::rule::{self, Check, Plan, Rule, RuleKind};
use vantkoll::schema::{self, Schemas};
use vantkoll::submission::{InputFile, ReadOptions};

use crate::oracle::{CheckRule, Kind, Level, Reads, Truth, World};
use crate::reporters;
use case::Case;
use choices::Choices;
use table::Table;

/// Runs `test` on `cases` random inputs; failures are kept in `testdata/regressions/` and tried first the next time.
fn run<S: Strategy>(cases: u32, strategy: &S, test: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/regressions/property.txt");
    let config = Config {
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(file))),
        max_shrink_iters: 1_500,
        ..Config::with_cases(cases)
    };
    let outcome = TestRunner::new(config).run(strategy, test);
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
}

/// Findings kept for each rule and file.
const EXAMPLES: usize = 3;

/// What a case is generated from: the schema's choices, the rules', and the tables'.
fn generated() -> impl Strategy<Value = (Vec<u32>, Vec<u32>, Vec<u32>)> {
    (vec(any::<u32>(), 0..200), vec(any::<u32>(), 0..400), vec(any::<u32>(), 0..300))
}

/// A case, loaded and compiled.
struct Loaded {
    case: Case,
    schemas: Schemas,
    plans: BTreeMap<String, Arc<Plan>>,
    tables: Vec<Table>,
    folder: tempfile::TempDir,
}

impl Loaded {
    fn new((schema, rules, tables): &(Vec<u32>, Vec<u32>, Vec<u32>)) -> Self {
        let case = Case::new(schema, rules);
        let schema_files = case.schema_files();
        let rule_files = case.rule_files();
        let texts =
            || schema_files.values().chain(rule_files.values()).map(|file| file.text.as_str()).collect::<String>();
        let shown = |list: Vec<vantkoll::diag::Diagnostic>| -> ! {
            panic!("{}\n{}", vantkoll::diag::render(&list, false, 120), texts())
        };
        let schemas = schema::load(&schema_files).unwrap_or_else(|list| shown(list));
        let rules = rule::load(&rule_files).unwrap_or_else(|list| shown(list));
        let as_of = case.stated.as_of.and_then(vantkoll::time::parse_day);
        let plans = rule::compile_as_of(&schemas, &rules, as_of).unwrap_or_else(|list| shown(list));
        let mut choices = Choices::new(tables);
        let n_tables = 1 + choices.below(2);
        let tables = (0..n_tables).map(|_| Table::new(&mut choices, &case.schema)).collect();
        Self { case, schemas, plans, tables, folder: tempfile::tempdir().unwrap() }
    }

    fn plan(&self) -> &Plan {
        &self.plans["t"]
    }

    fn settings(&self) -> Settings {
        let day = |text: &str| vantkoll::time::parse_day(text).unwrap();
        let stated = &self.case.stated;
        Settings {
            stated: engine::Stated {
                period: stated.period.map(|(first, last)| (day(first), day(last))),
                region: stated.region.map(|number| engine::StatedRegion {
                    organisation_number: number.to_owned(),
                    name: number.to_owned(),
                }),
                records: None,
                delivery_date: day(stated.delivery_date),
                delivery_date_stated: true,
                as_of: stated.as_of.map(day),
            },
            examples: EXAMPLES,
            whose: engine::Whose { counts: true, origins: true },
            ..Settings::default()
        }
    }

    /// Where to write file number `index` in a format. Names are the same in all, because findings show them.
    fn path(&self, format: &str, index: usize) -> PathBuf {
        let folder = self.folder.path().join(format);
        std::fs::create_dir_all(&folder).unwrap();
        folder.join(format!("fil{index}.dat"))
    }

    fn write(&self, format: &str, write: impl Fn(usize, &Table, &Path)) -> Vec<PathBuf> {
        let tables = self.tables.iter().enumerate();
        tables
            .map(|(index, table)| {
                let path = self.path(format, index);
                write(index, table, &path);
                path
            })
            .collect()
    }

    fn write_csv(&self) -> Vec<PathBuf> {
        self.write("csv", |_, table, path| std::fs::write(path, table.csv(|_| false)).unwrap())
    }

    fn write_parquet(&self) -> Vec<PathBuf> {
        self.write("parquet", |_, table, path| table.parquet(path))
    }

    fn check(&self, paths: &[PathBuf], options: &ReadOptions) -> Checked {
        let files = paths.iter().map(|path| InputFile::open(path, &self.schemas, options).unwrap()).collect();
        let mut stream = Stream::default();
        let stop = AtomicBool::new(false);
        let (outcome, mut parts) =
            engine::check(&self.plans, files, &self.settings(), &stop, &|_| {}, Some(&mut stream)).unwrap();
        let (files, rejections) = parts.remove(0);
        Checked { outcome, files, rejections, stream: stream.0 }
    }
}

#[derive(Default)]
struct Stream(Vec<Finding>);

impl FindingSink for Stream {
    fn take(
        &mut self,
        _: &Plan,
        _: &[PathBuf],
        findings: &[Finding],
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        self.0.extend_from_slice(findings);
        Ok(())
    }
}

struct Checked {
    outcome: Outcome,
    files: Vec<InputFile>,
    rejections: Rejections,
    stream: Vec<Finding>,
}

impl Checked {
    fn run(&self) -> &Run {
        &self.outcome.runs[0]
    }

    fn report(&self, format: ReportFormat) -> Vec<u8> {
        let mut bytes = Vec::new();
        report::write(format, &(&self.outcome).into(), &ReportOptions::default(), &mut bytes).unwrap();
        bytes
    }
}

/// The verdicts of every rule, by file and record, as the oracle has them.
struct Expected<'a> {
    loaded: &'a Loaded,
    /// Records, as `(file, row)`, that have the wrong number of fields.
    ragged: &'a dyn Fn(usize, usize) -> bool,
}

impl Expected<'_> {
    fn places(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        let tables = self.loaded.tables.iter().enumerate();
        tables.flat_map(|(file, table)| (0..table.records.len()).map(move |row| (file, row)))
    }

    fn world(&self, (file, row): (usize, usize)) -> World<'_> {
        let case = &self.loaded.case;
        World { schema: &case.schema, stated: &case.stated, record: &self.loaded.tables[file].records[row] }
    }

    /// The verdict of a rule that reads `reads`, applies where `applies` is true, and judges a sound record by `judge`.
    fn verdict(
        &self,
        place: (usize, usize),
        reads: &Reads,
        applies: impl Fn(&World<'_>) -> Option<bool>,
        judge: impl Fn(&World<'_>) -> Verdict,
    ) -> Verdict {
        let table = &self.loaded.tables[place.0];
        let is_ragged = (self.ragged)(place.0, place.1);
        if !reads.variables.iter().all(|variable| table.has(*variable)) {
            // A missing column is blank to the condition: where that is false all the same, nothing was missed.
            let is_missed = is_ragged || applies(&self.world(place)) != Some(false);
            return if is_missed { Verdict::NotChecked } else { Verdict::NotApplicable };
        }
        if !reads.is_stated(&self.loaded.case.stated) {
            return Verdict::NotApplicable;
        }
        if is_ragged { Verdict::NotChecked } else { judge(&self.world(place)) }
    }

    /// The check that a rule is compiled from: versions of one id begin on different days.
    fn check_of(&self, rule: &Rule) -> Option<&CheckRule> {
        let day = |text: &str| vantkoll::time::parse_day(text).unwrap();
        let from = rule.valid.and_then(|valid| valid.from);
        let begins = |check: &CheckRule| check.valid.and_then(|(from, _, _)| from).map(day);
        self.loaded.case.checks.iter().find(|check| check.id == rule.id.0 && begins(check) == from)
    }

    /// The verdicts of a rule on records, by place; `None` where the oracle knows no such rule.
    fn verdicts(&self, rule: &Rule) -> Option<Vec<((usize, usize), Verdict)>> {
        let schema = &self.loaded.case.schema;
        let id = rule.id.0.as_str();
        if let Some(check) = self.check_of(rule) {
            let as_of = self.loaded.case.stated.as_of;
            let is_in_force = |day: &str| {
                check.valid.is_none_or(|(from, until, _)| {
                    from.is_none_or(|from| from <= day) && until.is_none_or(|until| day <= until)
                })
            };
            if as_of.is_some_and(|day| !is_in_force(day)) {
                // Of no record, not even of one that cannot be read.
                return Some(self.places().map(|at| (at, Verdict::NotApplicable)).collect());
            }
            let mut reads = Reads::default();
            check.when.iter().chain([&check.assertion]).for_each(|truth| reads.truth(truth));
            check.detail.iter().for_each(|detail| reads.whole(detail));
            reads.variables.extend(check.valid.filter(|_| as_of.is_none()).map(|(_, _, by)| by));
            return Some(
                self.places()
                    .map(|at| (at, self.verdict(at, &reads, |world| world.applies(check), |world| world.check(check))))
                    .collect(),
            );
        }
        let (letter, variable) = id.strip_prefix("T-")?.split_once('-')?;
        let variable = schema.variables.iter().position(|item| item.id == variable)?;
        let mut reads = Reads::default();
        reads.variables.insert(variable);
        if let Level::Conditional { required, relevant } = &schema.variables[variable].level {
            let condition: Option<&Truth> = if letter == "K" { required.as_deref() } else { relevant.as_deref() };
            if let Some(condition) = condition.filter(|_| matches!(letter, "K" | "I")) {
                reads.truth(condition);
            }
        }
        let judge = |world: &World<'_>| match letter {
            "K" => world.required(variable),
            "I" => world.irrelevant(variable),
            "V" => world.value(variable),
            _ => world.official(variable),
        };
        let applies = |world: &World<'_>| if letter == "K" { world.is_required(variable) } else { Some(true) };
        let absent = |at: (usize, usize)| letter != "K" && !self.loaded.tables[at.0].has(variable);
        let verdict = |at| if absent(at) { Verdict::NotApplicable } else { self.verdict(at, &reads, applies, judge) };
        Some(self.places().map(|at| (at, verdict(at))).collect())
    }

    /// The rules that the levels and domains of the schema bring with them.
    fn derived(&self) -> Vec<String> {
        let mut ids = Vec::new();
        for variable in &self.loaded.case.schema.variables {
            let (required, irrelevant) = match &variable.level {
                Level::Mandatory => (true, false),
                Level::Conditional { required, relevant } => (required.is_some(), relevant.is_some()),
                Level::FetchedSeparately | Level::NotIncluded => (false, true),
                Level::IfAvailable | Level::Voluntary => (false, false),
            };
            let value = !matches!(variable.kind, Kind::Text { shape: None, max_length: None, .. });
            let official = matches!(variable.kind, Kind::Text { official: Some(_), .. });
            for (letter, is_there) in [("K", required), ("I", irrelevant), ("V", value), ("O", official)] {
                if is_there {
                    ids.push(format!("T-{letter}-{}", variable.id));
                }
            }
        }
        ids.sort();
        ids
    }

    fn unique(&self) -> Vec<((usize, usize), Verdict)> {
        let Some((variables, within)) = &self.loaded.case.unique else { return Vec::new() };
        let columns: Vec<usize> = within.iter().chain(variables).copied().collect();
        let key = |at: (usize, usize)| {
            let table = &self.loaded.tables[at.0];
            let readable = columns.iter().all(|variable| table.has(*variable)) && !(self.ragged)(at.0, at.1);
            if readable { self.world(at).key(&columns) } else { None }
        };
        let keys: Vec<_> = self.places().map(|at| (at, key(at))).collect();
        let mut numbers: BTreeMap<&Vec<String>, usize> = BTreeMap::new();
        keys.iter().filter_map(|(_, key)| key.as_ref()).for_each(|key| *numbers.entry(key).or_default() += 1);
        keys.iter()
            .map(|(at, key)| {
                let verdict = match key {
                    None => Verdict::NotChecked,
                    Some(key) if numbers[key] > 1 => Verdict::Violated,
                    Some(_) => Verdict::Satisfied,
                };
                (*at, verdict)
            })
            .collect()
    }

    fn account(&self, variable: usize) -> Account {
        let mut account = Account::default();
        for at in self.places() {
            if (self.ragged)(at.0, at.1) {
                account.unreadable += 1;
            } else {
                self.world(at).account(variable, &mut account);
            }
        }
        account
    }
}

fn counts(verdicts: &[((usize, usize), Verdict)]) -> VerdictCounts {
    let of = |wanted| verdicts.iter().filter(|(_, verdict)| *verdict == wanted).count() as u64;
    VerdictCounts {
        satisfied: of(Verdict::Satisfied),
        violated: of(Verdict::Violated),
        not_applicable: of(Verdict::NotApplicable),
        not_checked: of(Verdict::NotChecked),
    }
}

fn violated(verdicts: &[((usize, usize), Verdict)]) -> Vec<(usize, usize)> {
    verdicts.iter().filter(|(_, verdict)| *verdict == Verdict::Violated).map(|(at, _)| *at).collect()
}

/// The 0-based file and row of a finding.
fn place_of(finding: &Finding) -> (usize, usize) {
    let row = finding.position.row.expect("findings on records have a row");
    (finding.file.0, usize::try_from(row).unwrap() - 1)
}

fn same<T: PartialEq + Debug>(found: &T, expected: &T, about: impl Fn() -> String) -> Result<(), TestCaseError> {
    if found == expected {
        return Ok(());
    }
    Err(TestCaseError::fail(format!("{}\nfound:    {found:?}\nexpected: {expected:?}", about())))
}

/// Compares everything a check says with the oracle.
fn agrees(checked: &Checked, expected: &Expected<'_>) -> Result<(), TestCaseError> {
    let loaded = expected.loaded;
    let (plan, run) = (loaded.plan(), checked.run());
    let mut derived: Vec<String> = Vec::new();
    let mut rejected: std::collections::BTreeSet<(usize, usize)> = std::collections::BTreeSet::new();
    for (index, (rule, found)) in plan.rules.iter().zip(&run.rules).enumerate() {
        let verdicts = match (&rule.check, rule.id.0.as_str()) {
            (Check::Record(_), _) => expected.verdicts(rule).expect("known to the oracle"),
            (Check::Submission(_), "LEV-0001") => expected
                .places()
                .map(|at| (at, if (expected.ragged)(at.0, at.1) { Verdict::Violated } else { Verdict::Satisfied }))
                .collect(),
            (Check::Submission(_), _) => expected.unique(),
        };
        if !matches!(rule.kind, RuleKind::Check | RuleKind::Submission) {
            derived.push(rule.id.0.clone());
        }
        let about = || format!("{} when {:?} assert {:?}", rule.id, rule.when_text, rule.assert_text);
        same(&found.counts, &counts(&verdicts), about)?;
        let violated = violated(&verdicts);
        same(&found.violations, &(violated.len() as u64), about)?;
        if rule.severity == vantkoll::model::Severity::Error {
            rejected.extend(&violated);
        }
        let streamed: Vec<_> = checked.stream.iter().filter(|finding| finding.rule.0 == index).map(place_of).collect();
        same(&streamed, &violated, || format!("every finding of {}", about()))?;
        let examples: Vec<_> = found.examples.iter().map(place_of).collect();
        // The first ones of each file.
        let first = |file: usize| violated.iter().copied().filter(move |at| at.0 == file).take(EXAMPLES);
        let first: Vec<_> = (0..loaded.tables.len()).flat_map(first).collect();
        same(&examples, &first, || format!("examples of {}", about()))?;
        if let Some(check) = expected.check_of(rule) {
            for example in &found.examples {
                let detail = match &example.detail {
                    Some(Detail::Number(number)) => Some(i128::from(*number)),
                    _ => None,
                };
                same(&detail, &expected.world(place_of(example)).detail(check), || format!("detail of {}", about()))?;
            }
        }
    }
    derived.sort();
    same(&derived, &expected.derived(), || "derived rules".to_owned())?;
    for (variable, account) in run.accounts.iter().enumerate() {
        same(account, &expected.account(variable), || format!("account of variabel_{variable}"))?;
    }
    let found: Vec<_> =
        expected.places().filter(|(file, row)| checked.rejections.contains(*file, *row as u64)).collect();
    same(&found, &rejected.iter().copied().collect(), || "rejected records".to_owned())?;
    same(&run.rejected, &(rejected.len() as u64), || "number of rejected records".to_owned())?;
    same(&run.records, &(expected.places().count() as u64), || "records".to_owned())
}

fn explained(loaded: &Loaded, result: Result<(), TestCaseError>) -> Result<(), TestCaseError> {
    result.map_err(|error| {
        let texts: Vec<String> = loaded
            .case
            .schema_files()
            .values()
            .chain(loaded.case.rule_files().values())
            .map(|file| format!("--- {}\n{}", file.name, file.text))
            .chain(loaded.tables.iter().map(|table| {
                let bytes = table.csv(|_| false);
                format!("--- file\n{}", String::from_utf8_lossy(&bytes).escape_debug().to_string().replace("\\n", "\n"))
            }))
            .collect();
        TestCaseError::fail(format!("{error}\n{:?}\n{}", loaded.case.stated, texts.join("\n")))
    })
}

/// A finding without what depends on the file's format: lines and cells.
fn without_places(finding: &Finding) -> impl PartialEq + Debug + use<> {
    let shown = |values: &[ShownValue]| -> Vec<(String, String)> {
        values.iter().map(|value| (value.variable.clone(), value.value.clone())).collect()
    };
    (
        finding.rule,
        finding.file,
        finding.position.row,
        finding.key.clone(),
        shown(&finding.faulty),
        shown(&finding.triggers),
        finding.detail.clone(),
    )
}

const SOUND: &dyn Fn(usize, usize) -> bool = &|_, _| false;

#[test]
fn the_engine_agrees_with_the_oracle() {
    run(400, &generated(), |choices| {
        let loaded = Loaded::new(&choices);
        let checked = loaded.check(&loaded.write_csv(), &ReadOptions::default());
        let agreed = agrees(&checked, &Expected { loaded: &loaded, ragged: SOUND });
        explained(&loaded, agreed.and_then(|()| reporters::add_up(checked.run(), &checked.stream)))
    });
}

#[test]
fn records_of_another_length_are_findings_and_the_rest_is_checked() {
    run(150, &generated(), |choices| {
        let loaded = Loaded::new(&choices);
        let ragged = |file: usize, row: usize| (file + row) % 5 == 2;
        let paths = loaded.write("ragged", |file, table, path| {
            std::fs::write(path, table.csv(|row| ragged(file, row))).unwrap();
        });
        let checked = loaded.check(&paths, &ReadOptions::default());
        let agreed = agrees(&checked, &Expected { loaded: &loaded, ragged: &ragged });
        explained(&loaded, agreed.and_then(|()| reporters::add_up(checked.run(), &checked.stream)))
    });
}

#[test]
fn threads_chunks_and_batches_change_nothing() {
    let pools = [1, 2].map(|threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap());
    run(60, &generated(), |choices| {
        let loaded = Loaded::new(&choices);
        for paths in [loaded.write_csv(), loaded.write_parquet()] {
            let first = loaded.check(&paths, &ReadOptions::default());
            let json = first.report(ReportFormat::Json);
            for (pool, size) in [(&pools[0], 0), (&pools[1], 0), (&pools[1], 1), (&pools[0], 7), (&pools[1], 4096)] {
                let options = ReadOptions { chunk_bytes: size, batch_rows: size, ..ReadOptions::default() };
                let again = pool.install(|| loaded.check(&paths, &options));
                let about = || format!("{} threads, size {size}", pool.current_num_threads());
                let result =
                    same(&String::from_utf8(again.report(ReportFormat::Json)), &String::from_utf8(json.clone()), about)
                        .and_then(|()| same(&again.stream, &first.stream, about))
                        .and_then(|()| same(&again.run().reporters, &first.run().reporters, about));
                explained(&loaded, result)?;
            }
        }
        Ok(())
    });
}

#[test]
fn csv_and_parquet_say_the_same() {
    run(100, &generated(), |choices| {
        let loaded = Loaded::new(&choices);
        let csv = loaded.check(&loaded.write_csv(), &ReadOptions::default());
        let parquet = loaded.check(&loaded.write_parquet(), &ReadOptions::default());
        let counts = |checked: &Checked| -> Vec<(VerdictCounts, u64)> {
            checked.run().rules.iter().map(|rule| (rule.counts, rule.violations)).collect()
        };
        let findings = |checked: &Checked| checked.stream.iter().map(without_places).collect::<Vec<_>>();
        let result = same(&counts(&parquet), &counts(&csv), || "counts".to_owned())
            .and_then(|()| same(&parquet.run().accounts, &csv.run().accounts, || "accounts".to_owned()))
            .and_then(|()| same(&parquet.run().timestamp_forms, &csv.run().timestamp_forms, || "forms".to_owned()))
            .and_then(|()| same(&findings(&parquet), &findings(&csv), || "findings".to_owned()));
        explained(&loaded, result)
    });
}

#[test]
fn the_order_of_records_changes_no_count() {
    run(60, &(generated(), any::<usize>()), |(choices, by)| {
        let mut loaded = Loaded::new(&choices);
        let first = loaded.check(&loaded.write_csv(), &ReadOptions::default());
        loaded.tables = loaded.tables.iter().map(|table| table.permuted(by)).collect();
        let again = loaded.check(&loaded.write_csv(), &ReadOptions::default());
        let counts = |checked: &Checked| -> Vec<_> { checked.run().rules.iter().map(|rule| rule.counts).collect() };
        same(&counts(&again), &counts(&first), || "counts".to_owned())?;
        same(&again.run().accounts, &first.run().accounts, || "accounts".to_owned())
    });
}

/// A writer whose bytes can be looked at afterwards.
#[derive(Clone, Default)]
struct Shared(Arc<std::sync::Mutex<Vec<u8>>>);

impl std::io::Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn divided(loaded: &Loaded, checked: &Checked) -> [Vec<u8>; 2] {
    let parts = [Shared::default(), Shared::default()];
    let [valid, rejected] = parts.each_ref().map(|part| Some(Box::new(part.clone()) as Box<dyn std::io::Write + Send>));
    let outputs = split::SplitOutputs { valid, rejected };
    let stop = AtomicBool::new(false);
    split::split(&loaded.plans["t"], &checked.files, &checked.rejections, outputs, &stop).unwrap();
    parts.map(|part| std::mem::take(&mut *part.0.lock().unwrap()))
}

#[test]
fn valid_and_rejected_records_add_up_byte_for_byte() {
    run(80, &(generated(), any::<usize>()), |(choices, by)| {
        let mut loaded = Loaded::new(&choices);
        // Two files with one header, and duplicates across them.
        loaded.tables.truncate(1);
        loaded.tables.push(loaded.tables[0].permuted(by));
        let checked = loaded.check(&loaded.write_csv(), &ReadOptions::default());
        let (header, _) = loaded.tables[0].parts();
        let mut expected = [header.clone(), header];
        for (file, table) in loaded.tables.iter().enumerate() {
            for (row, record) in table.parts().1.iter().enumerate() {
                let part = &mut expected[usize::from(checked.rejections.contains(file, row as u64))];
                // A last line that is left open is closed where another follows it.
                if !part.ends_with(b"\n") {
                    part.push(b'\n');
                }
                part.extend_from_slice(record);
            }
        }
        let texts = |parts: [Vec<u8>; 2]| parts.map(|part| String::from_utf8(part).unwrap());
        explained(&loaded, same(&texts(divided(&loaded, &checked)), &texts(expected), || "parts".to_owned()))
    });
}

#[test]
fn valid_and_rejected_records_of_parquet_add_up() {
    run(40, &generated(), |choices| {
        let mut loaded = Loaded::new(&choices);
        loaded.tables.truncate(1);
        let checked = loaded.check(&loaded.write_parquet(), &ReadOptions::default());
        let parts = divided(&loaded, &checked);
        let mut n_records = 0;
        for (index, bytes) in parts.into_iter().enumerate() {
            let path = loaded.folder.path().join(format!("part{index}.parquet"));
            std::fs::write(&path, bytes).unwrap();
            let part = loaded.check(&[path], &ReadOptions::default());
            n_records += part.run().records;
            let expected =
                if index == 0 { checked.run().records - checked.run().rejected } else { checked.run().rejected };
            explained(&loaded, same(&part.run().records, &expected, || format!("records of part {index}")))?;
        }
        same(&n_records, &checked.run().records, || "records".to_owned())
    });
}

/// Bytes that look like a submission here and there.
fn submission_bytes() -> impl Strategy<Value = Vec<u8>> {
    let header = b"huvudman;vardkontakts_id;fas;start_av_aktivitet;diagnos";
    let piece = prop_oneof![
        Just(b";".to_vec()),
        Just(b"\n".to_vec()),
        Just(b"\r\n".to_vec()),
        Just(b"\"".to_vec()),
        Just(b"2022-01-03T08:00".to_vec()),
        Just("å".as_bytes().to_vec()),
        Just(b"SE2321000016-1".to_vec()),
        Just(header.to_vec()),
        vec(any::<u8>(), 0..6),
    ];
    (any::<bool>(), vec(piece, 0..120)).prop_map(move |(with_header, pieces)| {
        let start: &[u8] = if with_header { b"huvudman;vardkontakts_id;fas;start_av_aktivitet;diagnos\n" } else { b"" };
        [start.to_vec(), pieces.concat()].concat()
    })
}

fn embedded() -> (Schemas, BTreeMap<String, Arc<Plan>>) {
    let schemas = schema::load(&vantkoll::assets::schemas(None).unwrap()).unwrap();
    let rules = rule::load(&vantkoll::assets::rules(None).unwrap()).unwrap();
    let plans = rule::compile(&schemas, &rules).unwrap();
    (schemas, plans)
}

/// Opens and checks a file of whatever bytes; what cannot be read is an error, what can is checked.
fn try_check(path: &Path, schemas: &Schemas, plans: &BTreeMap<String, Arc<Plan>>) -> Option<Outcome> {
    let options =
        ReadOptions { collection: Some("specvard_genomforda".to_owned()), chunk_bytes: 64, ..ReadOptions::default() };
    let file = InputFile::open(path, schemas, &options).ok()?;
    let settings = Settings { stated: engine::Stated::default(), examples: 2, ..Settings::default() };
    let (outcome, _) = engine::check(plans, vec![file], &settings, &AtomicBool::new(false), &|_| {}, None).ok()?;
    Some(outcome)
}

#[test]
fn no_bytes_of_a_text_file_make_it_panic() {
    let (schemas, plans) = embedded();
    let folder = tempfile::tempdir().unwrap();
    run(150, &submission_bytes(), |bytes| {
        let path = folder.path().join("x.csv");
        std::fs::write(&path, &bytes).unwrap();
        if let Some(outcome) = try_check(&path, &schemas, &plans) {
            let run = &outcome.runs[0];
            for (rule, found) in run.plan.rules.iter().zip(&run.rules) {
                same(&found.counts.total(), &run.records, || format!("verdicts of {}", rule.id))?;
            }
            for account in &run.accounts {
                same(&account.total(), &run.records, || "account".to_owned())?;
            }
        }
        Ok(())
    });
}

/// Changes to a sequence: place, how many are removed, what is put there.
fn changes(words: &'static [&'static str]) -> impl Strategy<Value = Vec<(usize, usize, String)>> {
    let inserted = prop_oneof![
        proptest::sample::select(words).prop_map(str::to_owned),
        any::<char>().prop_map(String::from),
        Just(String::new()),
    ];
    vec((any::<usize>(), 0_usize..12, inserted), 1..4)
}

#[test]
fn no_damage_to_a_parquet_file_makes_it_panic() {
    let (schemas, plans) = embedded();
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("whole.parquet");
    let names = ["vardkontakts_id", "fas", "diagnos"];
    let fields: Vec<_> =
        names.map(|name| arrow::datatypes::Field::new(name, arrow::datatypes::DataType::Utf8, true)).into();
    let column =
        || Arc::new((0..30).map(|row| (row % 3 > 0).then(|| row.to_string())).collect::<arrow::array::StringArray>());
    let columns = names.map(|_| column() as arrow::array::ArrayRef).to_vec();
    let batch = arrow::array::RecordBatch::try_new(Arc::new(arrow::datatypes::Schema::new(fields)), columns).unwrap();
    let mut writer =
        parquet::arrow::ArrowWriter::try_new(std::fs::File::create(&source).unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let whole = std::fs::read(&source).unwrap();
    run(150, &(vec((any::<proptest::sample::Index>(), any::<u8>()), 1..4), any::<bool>()), |(flips, cut)| {
        let mut bytes = whole.clone();
        for (place, byte) in &flips {
            let place = place.index(bytes.len());
            bytes[place] = *byte;
        }
        if cut {
            bytes.truncate(flips[0].0.index(bytes.len()));
        }
        let path = folder.path().join("x.parquet");
        std::fs::write(&path, &bytes).unwrap();
        let outcome = try_check(&path, &schemas, &plans);
        prop_assert!(outcome.is_none_or(|outcome| outcome.runs[0].records == 30));
        Ok(())
    });
}

const YAML_WORDS: &[&str] = &[
    ": ",
    "- ",
    "{",
    "}",
    "[",
    "]",
    "\"",
    "'",
    "\n",
    "\n  ",
    "#",
    "&a ",
    "*a",
    "!!int ",
    "|\n",
    ">",
    "~",
    "no",
    "01",
    "sv",
    "en",
    "text",
    "AND",
    "(",
    ")",
    "= 4",
    "<>",
    "'x'",
    "IS NULL",
    "NOT ",
    "EXTRACT(",
    "CAST(",
    "length(",
    "\u{feff}",
    "\t",
    "? ",
    "%",
    "--- ",
    "...",
    "<<: ",
    "variabel_0",
    "codelist: lista0",
    "999999999999999999999",
    "-1",
    "é",
    ", ",
    "DATE '",
];

#[test]
fn no_change_to_a_rule_or_schema_file_makes_it_panic() {
    run(400, &(generated(), any::<usize>(), changes(YAML_WORDS)), |((schema, rules, _), which, changes)| {
        let case = Case::new(&schema, &rules);
        let (mut schema_files, mut rule_files) = (case.schema_files(), case.rule_files());
        let mut texts: Vec<&mut String> =
            schema_files.values_mut().chain(rule_files.values_mut()).map(|file| &mut file.text).collect();
        let n_texts = texts.len();
        let text = &mut *texts[which % n_texts];
        for (place, n_removed, inserted) in &changes {
            let characters: Vec<char> = text.chars().collect();
            let start = place % (characters.len() + 1);
            let end = (start + n_removed).min(characters.len());
            *text = characters[..start].iter().collect::<String>()
                + inserted
                + &characters[end..].iter().collect::<String>();
        }
        // Whatever is wrong is said, and can be shown.
        let shown = |list: &[vantkoll::diag::Diagnostic]| !vantkoll::diag::render(list, false, 100).is_empty();
        let schemas = match schema::load(&schema_files) {
            Ok(schemas) => schemas,
            Err(list) => {
                prop_assert!(shown(&list));
                return Ok(());
            }
        };
        if let Err(list) = rule::load(&rule_files).and_then(|rules| rule::compile(&schemas, &rules)) {
            prop_assert!(shown(&list));
        }
        Ok(())
    });
}

/// A function of expressions that the oracle does not know would be compared with nothing.
#[test]
fn every_function_of_expressions_occurs_in_random_rules() {
    let source = include_str!("../../src/rule/sql.rs");
    let table = source.split_once("const FUNCTIONS").expect("a table of functions").1;
    let table = table.split_once("];").expect("its end").0;
    let mut missing: Vec<&str> = table.split('"').skip(1).step_by(2).collect();
    assert!(missing.len() >= 14, "{missing:?}");
    let mut random = 1_u32;
    for _ in 0..2_000 {
        // Any numbers will do, as long as they are the same each time.
        let mut numbers = || -> Vec<u32> {
            std::iter::repeat_with(|| {
                random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                random >> 8
            })
            .take(200)
            .collect()
        };
        let rules: String =
            Case::new(&numbers(), &numbers()).rule_files().values().map(|file| file.text.as_str()).collect();
        missing.retain(|function| !rules.contains(&format!("{function}(")));
    }
    assert!(missing.is_empty(), "{missing:?}");
}
