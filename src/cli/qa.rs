//! `vantkoll qa`, `coverage` and `merge`: coverage beside the check, alone, and from saved tallies.
//!
//! What is known of a file beforehand comes from the list of deliveries (`--deliveries`); failing that, its month from
//! its name or its folder's (`2022-03`), and its collection from its name where the name holds a collection's id. What
//! is only read out of a name never becomes something that records are checked against.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::args::{CommonArguments, CoverageArguments, CoverageOptions, DetailArgument, MergeArguments, QaArguments};
use super::check::{self, input_failure, load_plans, parse_period, read_options, refuse_overwriting, set_threads};
use super::editions;
use super::output::PendingFile;
use super::progress::{self, Bar};
use super::reports::{Reports, Wanted};
use super::signal::Signals;
use super::{ExitCode, Failure, messages};
use crate::assets;
use crate::coverage::period::Period;
use crate::coverage::reference::{
    Counts, Deliveries, DeliveryRow, Population, Reference, ReferenceError, Register, SetupError,
};
use crate::coverage::response::Expected;
use crate::coverage::saved::{self, SavedError};
use crate::coverage::scope::{Regions, Scope};
use crate::coverage::suppress::DEFAULT_THRESHOLD;
use crate::coverage::{self, Context, Coverage, CoverageError, Detail, Missing, MissingIn, Sources};
use crate::edition::Edition;
use crate::engine::{self, Outcome, Settings, Stated, Tally};
use crate::measure::goal::{NotStated, Percent};
use crate::measure::{self, Denominator, Measures};
use crate::model::{County, Language};
use crate::report::{self, ReportOptions};
use crate::rule::{Check, Plan, Rule};
use crate::schema::Schemas;
use crate::submission::{CollectionSource, InputError, InputFile, ReadOptions, Statement, find};
use crate::time::Month;

/// What `--measure` calls all goals and guarantees together.
const EVERY_GOAL: &str = "goals";

/// `vantkoll qa`.
pub(super) fn run(arguments: &QaArguments, language: Language) -> Result<ExitCode, Failure> {
    check::run_with(&arguments.check, language, Some(arguments))
}

/// What a session is opened with, apart from its own options.
pub(super) struct Inputs<'a> {
    pub(super) common: &'a CommonArguments,
    /// `--period`: first and last day.
    pub(super) period: Option<(i64, i64)>,
    pub(super) schemas: &'a Schemas,
}

/// Coverage in the making: what was asked for, with every table that it needs read.
pub(super) struct Session<'a> {
    options: &'a CoverageOptions,
    language: Language,
    measures: Measures,
    /// The measures and goals asked for; empty for all.
    wanted: BTreeSet<String>,
    reference: Reference,
    population: Option<Population>,
    register: Option<Register>,
    /// Other reference tables, by the names of their schemas.
    counts: BTreeMap<String, Counts>,
    counts_files: BTreeMap<String, PathBuf>,
    deliveries: Option<Deliveries>,
    /// Canonical path → row of the list of deliveries.
    listed: BTreeMap<PathBuf, usize>,
    scope: Option<Scope>,
    collections: Vec<String>,
    tallies: BTreeMap<String, Tally>,
    reports: Reports,
    saved: Option<PendingFile>,
}

impl<'a> Session<'a> {
    /// Reads every table that coverage needs, before any record is read.
    pub(super) fn open(
        inputs: &Inputs<'_>,
        options: &'a CoverageOptions,
        wanted: Wanted<'_>,
        plans: &BTreeMap<String, Arc<Plan>>,
        signals: &Signals,
        language: Language,
    ) -> Result<Self, Failure> {
        let mut measures = load_measures(inputs.common, plans, language)?;
        for text in &options.goal {
            state_target(&mut measures, text, language)?;
        }
        let known: Vec<&str> = measures
            .ratios
            .iter()
            .map(|measure| measure.id.as_str())
            .chain(measures.distributions.iter().map(|measure| measure.id.as_str()))
            .chain(measures.reporting.iter().map(|measure| measure.id.as_str()))
            .chain(measures.goals.all().map(|goal| goal.id.as_str()))
            .chain(measures.goals.guarantees.iter().map(|guarantee| guarantee.id.as_str()))
            .collect();
        let of_goals = || {
            let guarantees = measures.goals.guarantees.iter().map(|guarantee| guarantee.id.clone());
            measures.goals.all().map(|goal| goal.id.clone()).chain(guarantees)
        };
        let mut wanted_measures: BTreeSet<String> = options.measure.iter().cloned().collect();
        if wanted_measures.remove(EVERY_GOAL) {
            wanted_measures.extend(of_goals());
        }
        if let Some(id) = wanted_measures.iter().find(|id| !known.contains(&id.as_str())) {
            let near = crate::diag::nearest(id, known.iter().copied()).unwrap_or_default();
            let known = known.join(", ");
            return Err(Failure::usage(
                language,
                format!(
                    "--measure {id}: inget sådant mått ({near}?); måtten är {known}, och {EVERY_GOAL} för alla mål"
                ),
                format!(
                    "--measure {id}: no such measure ({near}?); the measures are {known}, and {EVERY_GOAL} for every goal"
                ),
            ));
        }
        if options.publish.is_some() && !options.detail.is_empty() {
            return Err(Failure::usage(
                language,
                "--publish visar varken vårdenheter eller enskilda koder (MVO): ta bort --detail",
                "--publish shows neither care units nor single codes: remove --detail",
            ));
        }
        let reference = Reference::load(inputs.common.schemas.as_deref(), inputs.common.rules.as_deref())
            .map_err(|error| setup_failure(&error, language))?;
        let failed = |error: ReferenceError| reference_failure(&error, signals, language);
        let stop = &signals.stop;
        let population = options
            .population
            .as_deref()
            .map(|path| Population::read(&reference, path, stop))
            .transpose()
            .map_err(failed)?;
        let register = options
            .register
            .as_deref()
            .map(|path| Register::read(&reference, path, stop))
            .transpose()
            .map_err(failed)?;
        let counts_files = counts_files(options, &reference, language)?;
        let mut counts = BTreeMap::new();
        for (name, path) in &counts_files {
            counts.insert(name.clone(), Counts::read(&reference, name, path, stop).map_err(failed)?);
        }
        let deliveries = options
            .deliveries
            .as_deref()
            .map(|path| Deliveries::read(&reference, inputs.schemas, path, stop))
            .transpose()
            .map_err(failed)?;
        let warnings =
            population.iter().flat_map(Population::warnings).chain(register.iter().flat_map(Register::warnings));
        let warnings = warnings.chain(counts.values().flat_map(Counts::warnings));
        for warning in warnings.chain(deliveries.iter().flat_map(Deliveries::warnings)) {
            progress::say(warning.text().get(language));
        }
        let listed = deliveries.iter().flat_map(|list| list.rows().iter().enumerate().map(move |row| (list, row)));
        let listed =
            listed.filter_map(|(list, (index, row))| Some((list.path_of(row)?.canonicalize().ok()?, index))).collect();
        let mut tallies = BTreeMap::new();
        for path in &options.tally {
            saved::read(path, &measures, &mut tallies).map_err(|error| saved_failure(&error, language))?;
        }
        let month = |day| Month::of_day(day);
        let scope = inputs.period.and_then(|(first, last)| Some(Scope { first: month(first)?, last: month(last)? }));
        let failed =
            |path: &Path, error: &std::io::Error| Failure::output(language, &path.display().to_string(), error);
        let saved = options
            .save_tally
            .as_deref()
            .map(|path| PendingFile::create(path).map_err(|error| failed(path, &error)))
            .transpose()?;
        Ok(Self {
            options,
            language,
            measures,
            wanted: wanted_measures,
            population,
            register,
            counts,
            counts_files,
            deliveries,
            listed,
            scope,
            collections: inputs.schemas.collections.keys().cloned().collect(),
            tallies,
            reports: Reports::open(wanted, language)?,
            saved,
            reference,
        })
    }

    /// What is counted.
    pub(super) fn measures(&self) -> &Measures {
        &self.measures
    }

    /// Whether care units are wanted: in a table, or in a tally that others will ask.
    pub(super) fn counts_units(&self) -> bool {
        self.options.save_tally.is_some() || self.options.detail.contains(&DetailArgument::Unit)
    }

    fn row_of(&self, path: &Path) -> Option<&DeliveryRow> {
        let index = self.listed.get(&path.canonicalize().ok()?)?;
        self.deliveries.as_ref()?.rows().get(*index)
    }

    /// Those of `paths` that are deliveries: tables named with options may lie in the same folder.
    ///
    /// # Errors
    /// If there are paths, and all of them are tables.
    pub(super) fn deliveries_of(&self, paths: Vec<PathBuf>) -> Result<Vec<PathBuf>, InputError> {
        let first = paths.first().cloned();
        let tables: Vec<PathBuf> = self.tables().filter_map(|path| path.canonicalize().ok()).collect();
        let is_table = |path: &PathBuf| path.canonicalize().is_ok_and(|path| tables.contains(&path));
        let deliveries: Vec<PathBuf> = paths.into_iter().filter(|path| !is_table(path)).collect();
        match first {
            Some(table) if deliveries.is_empty() => {
                Err(InputError::NoSubmissions(table.parent().map_or_else(PathBuf::new, Path::to_path_buf)))
            }
            _ => Ok(deliveries),
        }
    }

    /// Every table and tally that is read.
    pub(super) fn tables(&self) -> impl Iterator<Item = &PathBuf> {
        let options = [&self.options.population, &self.options.register, &self.options.deliveries];
        options.into_iter().flatten().chain(&self.options.tally).chain(self.counts_files.values())
    }

    /// How a file is to be read: as the list of deliveries says, else as its name says, else as it looks.
    pub(super) fn read_options(&self, path: &Path, options: &ReadOptions) -> ReadOptions {
        if options.collection.is_some() {
            return options.clone();
        }
        let listed = || Some((self.row_of(path)?.collection.clone(), CollectionSource::List));
        let named = || {
            let name = path.file_name()?.to_str()?;
            let longest = self.collections.iter().filter(|id| name.contains(id.as_str())).max_by_key(|id| id.len());
            Some((longest?.clone(), CollectionSource::FileName))
        };
        match listed().or_else(named) {
            None => options.clone(),
            Some((collection, collection_source)) => {
                ReadOptions { collection: Some(collection), collection_source, ..options.clone() }
            }
        }
    }

    /// What is known of a file beforehand.
    pub(super) fn statement(&self, path: &Path) -> Statement {
        let Some(row) = self.row_of(path) else {
            let only = self.scope.filter(|scope| scope.first == scope.last).map(|scope| scope.first);
            return Statement { month: month_in_name(path).or(only), ..Statement::default() };
        };
        let organisation = self.reference.organisation_number(row.county);
        Statement {
            month: Some(row.period),
            is_listed: true,
            region: organisation.map(|number| (row.county, number)),
            received: row.received,
            records: row.records,
            is_earlier: false,
        }
    }

    /// What would stop the figures after all records are read is told before: a stock without a month, and years of which
    /// a table says nothing at all.
    pub(super) fn require(&self, files: &[InputFile], plans: &BTreeMap<String, Arc<Plan>>) -> Result<(), Failure> {
        self.require_months(files, plans)?;
        let months = files.iter().filter_map(|file| file.statement.month);
        let counted = months.filter(|month| self.scope.is_none_or(|scope| scope.contains(*month)));
        let years: BTreeSet<i32> = counted.map(Month::year).collect();
        let is_wanted = |id: &str| self.wanted.is_empty() || self.wanted.contains(id);
        let divides = |denominator: &Denominator| {
            self.measures.ratios.iter().any(|measure| {
                let is_counted = files.iter().any(|file| measure.collections.contains(&file.collection));
                measure.denominator == *denominator && is_wanted(&measure.id) && is_counted
            })
        };
        let mut missing = BTreeSet::new();
        let mut add = |denominator: MissingIn, known: BTreeSet<i32>| {
            for year in years.difference(&known) {
                let of_region = |(county, _)| Missing {
                    denominator: denominator.clone(),
                    period: Period::Year(*year),
                    county,
                    part: None,
                };
                missing.extend(self.reference.regions().map(of_region));
            }
        };
        if divides(&Denominator::Population) {
            let population = self.population.as_ref().unwrap_or(self.reference.population());
            add(MissingIn::Population, population.iter().map(|(_, year, _)| year).collect());
        }
        if let Some(register) = self.register.as_ref().filter(|_| divides(&Denominator::Register)) {
            add(MissingIn::Register, register.iter().map(|(_, year, _)| year).collect());
        }
        if missing.is_empty() { Ok(()) } else { Err(missing_failure(&missing, &self.reference, self.language)) }
    }

    /// A stock has a month only if somebody says so.
    fn require_months(&self, files: &[InputFile], plans: &BTreeMap<String, Arc<Plan>>) -> Result<(), Failure> {
        let is_stock = |file: &&InputFile| plans.get(&file.collection).is_some_and(|plan| plan.collection.stock);
        let without: Vec<String> = files
            .iter()
            .filter(is_stock)
            .filter(|file| file.statement.month.is_none())
            .map(|file| file.path.display().to_string())
            .collect();
        let Some(first) = without.first() else { return Ok(()) };
        let more = without.len() - 1;
        Err(Failure::usage(
            self.language,
            format!(
                "`{first}`{} gäller dem som väntar, och ingen månad är angiven: skriv den i filnamnet (2022-03), i en leveranslista (--deliveries) eller med --period",
                if more > 0 { format!(" och {more} filer till") } else { String::new() }
            ),
            format!(
                "`{first}`{} is about those waiting, and no month is stated: put it into the file's name (2022-03), a list of deliveries (--deliveries) or --period",
                if more > 0 { format!(" and {more} more files") } else { String::new() }
            ),
        ))
    }

    /// Adds what was counted, saves it where that is asked for, and makes the figures.
    pub(super) fn compute(&mut self, counted: BTreeMap<String, Tally>) -> Result<Coverage, Failure> {
        let language = self.language;
        for (collection, tally) in counted {
            let into = self.tallies.entry(collection).or_default();
            if let Some((one, other)) = saved::repeated(into, &tally) {
                return Err(Failure::new(
                    ExitCode::Input,
                    messages::error(
                        language,
                        &format!(
                            "`{other}` har samma poster som `{one}` i ett sparat räkneverk: en leverans får bara räknas en gång"
                        ),
                        &format!(
                            "`{other}` has the same records as `{one}` in a saved tally: a delivery counts once only"
                        ),
                    ),
                ));
            }
            into.merge(tally);
        }
        if let Some(file) = self.saved.take() {
            save(file, &self.tallies, &self.measures, language)?;
        }
        let scope = self.scope.or_else(|| Scope::of_tallies(self.tallies.values())).ok_or_else(|| {
            Failure::new(
                ExitCode::Input,
                messages::error(
                    language,
                    "ingen leverans har en månad att räkna på: inga läsbara datum, och ingen period angiven",
                    "no delivery has a month to count: no readable dates, and no period stated",
                ),
            )
        })?;
        self.scope = Some(scope);
        self.figures(&self.context(scope))
    }

    fn figures(&self, context: &Context<'_>) -> Result<Coverage, Failure> {
        let rows = self.deliveries.as_ref().map(Deliveries::rows).unwrap_or_default();
        let expected: Vec<Expected<'_>> = rows
            .iter()
            .map(|row| Expected { collection: &row.collection, county: row.county, month: row.period })
            .collect();
        coverage::compute(context, &expected).map_err(|error| match error {
            CoverageError::Missing(missing) => missing_failure(&missing, &self.reference, self.language),
        })
    }

    fn context(&self, scope: Scope) -> Context<'_> {
        Context {
            measures: &self.measures,
            tallies: &self.tallies,
            scope,
            sources: Sources {
                population: Some(self.population.as_ref().unwrap_or(self.reference.population())),
                register: self.register.as_ref(),
                tables: Some(&self.counts),
            },
            regions: Regions::new(self.reference.regions()).with_centres(self.reference.centres()),
            details: self.options.detail.iter().map(|detail| (*detail).into()).collect(),
            wanted: self.wanted.clone(),
        }
    }

    /// The edition of figures for others, with small counts hidden, and without details: these are of a few records each.
    /// Empty before anything was counted.
    pub(super) fn publish(&self) -> Result<Coverage, Failure> {
        let Some(scope) = self.scope else { return Ok(Coverage::default()) };
        let context = Context { details: BTreeSet::new(), ..self.context(scope) };
        Ok(coverage::publish::publish(self.figures(&context)?, &context, self.threshold()))
    }

    /// What counts are hidden below in an edition for others.
    pub(super) fn threshold(&self) -> u64 {
        self.options.publish.unwrap_or(DEFAULT_THRESHOLD)
    }

    /// Whether the figures themselves are for others.
    pub(super) fn is_published(&self) -> bool {
        self.options.publish.is_some()
    }

    /// Writes the tables.
    pub(super) fn write(self, coverage: &Coverage) -> Result<(), Failure> {
        let options = ReportOptions { language: self.language, ..ReportOptions::default() };
        self.reports.write(options, &|format, options, out| report::coverage::write(format, coverage, options, out))
    }
}

impl From<DetailArgument> for Detail {
    fn from(argument: DetailArgument) -> Self {
        match argument {
            DetailArgument::Code => Self::Code,
            DetailArgument::Unit => Self::Unit,
        }
    }
}

/// The month that a file's name holds, or else the name of the nearest folder that holds one; `None` where a name holds
/// several.
fn month_in_name(path: &Path) -> Option<Month> {
    path.ancestors().filter_map(|part| part.file_name()?.to_str()).find_map(|name| {
        let found: BTreeSet<Month> = name
            .char_indices()
            .filter(|(at, _)| !name[..*at].ends_with(|before: char| before.is_ascii_digit()))
            .filter_map(|(at, _)| {
                let text = name.get(at..at + 7)?;
                let is_whole = !name[at + 7..].starts_with(|after: char| after.is_ascii_digit());
                Month::parse(text).filter(|month| is_whole && (1990..=2100).contains(&month.year()))
            })
            .collect();
        (found.len() == 1).then(|| found.first().copied()).flatten()
    })
}

/// The tallies of a finished check, out of its runs.
pub(super) fn take_tallies(outcome: &mut Outcome) -> BTreeMap<String, Tally> {
    let runs = outcome.runs.iter_mut();
    runs.filter_map(|run| Some((run.plan.collection.id.clone(), run.tally.take()?))).collect()
}

/// `vantkoll coverage`.
pub(super) fn coverage(arguments: &CoverageArguments, language: Language) -> Result<ExitCode, Failure> {
    set_threads(&arguments.common, language)?;
    if arguments.files.is_empty() && arguments.coverage.tally.is_empty() {
        return Err(Failure::usage(
            language,
            "ange leveranser, eller sparade räkneverk med --tally",
            "name deliveries, or saved tallies with --tally",
        ));
    }
    let (schemas, plans) = load_plans(&arguments.common, &[], language)?;
    let period = arguments.period.as_deref().map(|text| parse_period(text, language)).transpose()?;
    let signals = Signals::listen();
    let wanted = Wanted { option: "--format", formats: &arguments.format, output: arguments.output.as_deref() };
    let inputs = Inputs { common: &arguments.common, period, schemas: &schemas };
    let session = Session::open(&inputs, &arguments.coverage, wanted, &plans, &signals, language)?;
    let mut counted = BTreeMap::new();
    let paths = if arguments.files.is_empty() {
        Vec::new()
    } else {
        find::find(&arguments.files).map_err(|error| input_failure(&error, &signals, language))?
    };
    let paths = session.deliveries_of(paths).map_err(|error| input_failure(&error, &signals, language))?;
    let inputs: Vec<PathBuf> = paths.iter().chain(session.tables()).cloned().collect();
    let reports = arguments.format.iter().filter_map(|format| format.split_once('=').map(|(_, file)| file.into()));
    let files = [&arguments.output, &arguments.coverage.save_tally].into_iter().flatten().cloned();
    refuse_overwriting(&reports.chain(files).collect::<Vec<PathBuf>>(), &inputs, language)?;
    if !paths.is_empty() {
        let options = read_options(&arguments.reading, language)?;
        let mut files = Vec::new();
        for path in &paths {
            let mut file = InputFile::open(path, &schemas, &session.read_options(path, &options))
                .map_err(|error| input_failure(&error, &signals, language))?;
            file.statement = session.statement(path);
            files.push(file);
        }
        session.require(&files, &plans)?;
        // Counting alone: the same pass, without rules, or with those that can put a record in doubt.
        let is_wanted = |rule: &Rule| arguments.certainty && matches!(rule.check, Check::Record(_));
        let plans: BTreeMap<String, Arc<Plan>> = session
            .measures()
            .plans
            .iter()
            .map(|(id, plan)| {
                let rules = plan.rules.iter().filter(|rule| is_wanted(rule)).cloned().collect();
                (id.clone(), Arc::new(Plan { rules, ..Plan::clone(plan) }))
            })
            .collect();
        let tallies = session.measures().tallies.clone();
        let settings = Settings {
            // Rules may ask for the day of delivery. The period says which months are wanted, not what was delivered.
            stated: Stated { delivery_date: check::today(), ..Stated::default() },
            tallies,
            count_units: session.counts_units(),
            count_doubts: arguments.certainty,
            memory: check::memory(arguments.reading.memory.as_deref(), language)?,
            ..Settings::default()
        };
        let bar = Bar::reading(files.iter().map(|file| file.size).sum(), arguments.common.quiet, language);
        let checked = engine::check(&plans, files, &settings, &signals.stop, &|advance| bar.read(advance), None);
        bar.finish();
        let (mut outcome, _) = checked.map_err(|error| input_failure(&error, &signals, language))?;
        counted = take_tallies(&mut outcome);
    }
    let mut session = session;
    let figures = session.compute(counted)?;
    let edition = editions::parse(arguments.edition.as_deref(), language)?;
    let figures = if session.is_published() || edition != Edition::Internal { session.publish()? } else { figures };
    session.write(&figures)?;
    Ok(ExitCode::Passed)
}

/// `vantkoll merge`.
pub(super) fn merge(arguments: &MergeArguments, language: Language) -> Result<ExitCode, Failure> {
    set_threads(&arguments.common, language)?;
    let (_, plans) = load_plans(&arguments.common, &[], language)?;
    let measures = load_measures(&arguments.common, &plans, language)?;
    refuse_overwriting(std::slice::from_ref(&arguments.output), &arguments.tallies, language)?;
    let mut tallies = BTreeMap::new();
    for path in &arguments.tallies {
        saved::read(path, &measures, &mut tallies).map_err(|error| saved_failure(&error, language))?;
    }
    let failed = |error: std::io::Error| Failure::output(language, &arguments.output.display().to_string(), &error);
    save(PendingFile::create(&arguments.output).map_err(failed)?, &tallies, &measures, language)?;
    Ok(ExitCode::Passed)
}

fn save(
    file: PendingFile,
    tallies: &BTreeMap<String, Tally>,
    measures: &Measures,
    language: Language,
) -> Result<(), Failure> {
    let target = file.target().display().to_string();
    let failed = |error: std::io::Error| Failure::output(language, &target, &error);
    let mut writer = file.writer().map_err(failed)?;
    saved::write(tallies, measures, &mut writer).map_err(|error| failed(std::io::Error::other(error)))?;
    writer.flush().map_err(failed)?;
    drop(writer);
    file.finish().map_err(failed)
}

fn load_measures(
    common: &CommonArguments,
    plans: &BTreeMap<String, Arc<Plan>>,
    language: Language,
) -> Result<Measures, Failure> {
    let files = assets::rules(common.rules.as_deref())
        .map_err(|error| Failure::new(ExitCode::Usage, messages::asset(language, &error)))?;
    measure::load(&files, plans).map_err(|list| Failure::new(ExitCode::Usage, check::shown(&list, language)))
}

/// `--goal PK6=75`: what is to be reached, where the source of a goal does not say.
fn state_target(measures: &mut Measures, text: &str, language: Language) -> Result<(), Failure> {
    let stated = text.split_once('=').and_then(|(id, number)| Some((id, Percent::parse(number)?)));
    let Some((id, percent)) = stated else {
        return Err(Failure::usage(
            language,
            format!("--goal {text}: skriv MÅL=PROCENT, t.ex. PK6=75 (0–100, högst tre decimaler)"),
            format!("--goal {text}: write GOAL=PERCENT, e.g. PK6=75 (0–100, at most three decimals)"),
        ));
    };
    measures.goals.state_target(id, percent).map_err(|why| match why {
        NotStated::NoSuchGoal(near, open) => {
            let near = near.map(|near| format!(" ({near}?)")).unwrap_or_default();
            let open = open.join(", ");
            Failure::usage(
                language,
                format!("--goal {id}: inget sådant mål{near}; de som saknar tröskel är {open}"),
                format!("--goal {id}: no such goal{near}; those without a threshold are {open}"),
            )
        }
        NotStated::HasTarget(target) => Failure::usage(
            language,
            format!(
                "--goal {id}: källan anger {target} %; lägg en egen målfil över (--rules) för att pröva något annat"
            ),
            format!(
                "--goal {id}: the source gives {target}%; lay a goal file of your own over it (--rules) to try another"
            ),
        ),
    })
}

fn setup_failure(error: &SetupError, language: Language) -> Failure {
    let message = match error {
        SetupError::Assets(error) => messages::asset(language, error),
        SetupError::Mistakes(list) => check::shown(list, language),
        SetupError::Lacking(text) => messages::error(language, &text.sv, &text.en),
        SetupError::Population(error) => {
            let text = error.text();
            messages::error(language, &text.sv, &text.en)
        }
    };
    Failure::new(ExitCode::Usage, message)
}

fn reference_failure(error: &ReferenceError, signals: &Signals, language: Language) -> Failure {
    if let ReferenceError::Input(error @ InputError::Interrupted) = error {
        return input_failure(error, signals, language);
    }
    let text = error.text();
    Failure::new(ExitCode::Input, messages::error(language, &text.sv, &text.en))
}

fn saved_failure(error: &SavedError, language: Language) -> Failure {
    let text = error.text();
    Failure::new(ExitCode::Input, messages::error(language, &text.sv, &text.en))
}

/// The schema of the table that `--estimates` names.
const ESTIMATES: &str = "svf_insjuknande";

/// The reference tables that are named by their schemas.
fn counts_files(
    options: &CoverageOptions,
    reference: &Reference,
    language: Language,
) -> Result<BTreeMap<String, PathBuf>, Failure> {
    let mut files: BTreeMap<String, PathBuf> = BTreeMap::new();
    let estimates = options.estimates.iter().map(|path| (ESTIMATES.to_owned(), path.clone()));
    let mut named = Vec::new();
    for argument in &options.reference {
        let Some((name, path)) = argument.split_once('=').filter(|(_, path)| !path.is_empty()) else {
            return Err(Failure::usage(
                language,
                format!("--reference {argument}: skriv NAMN=FIL"),
                format!("--reference {argument}: write NAME=FILE"),
            ));
        };
        if !Counts::is_declared(reference, name) {
            let near = crate::diag::nearest(name, Counts::declared(reference)).map(|near| format!(" ({near}?)"));
            let near = near.unwrap_or_default();
            let known = Counts::declared(reference).collect::<Vec<_>>().join(", ");
            return Err(Failure::usage(
                language,
                format!("--reference {name}: ingen sådan tabell{near}; tabellerna är {known}"),
                format!("--reference {name}: no such table{near}; the tables are {known}"),
            ));
        }
        named.push((name.to_owned(), PathBuf::from(path)));
    }
    for (name, path) in estimates.chain(named) {
        if files.insert(name.clone(), path).is_some() {
            return Err(Failure::usage(
                language,
                format!("tabellen `{name}` är angiven två gånger"),
                format!("the table `{name}` is given twice"),
            ));
        }
    }
    Ok(files)
}

/// Names every denominator that is missing, region by region and period by period.
fn missing_failure(missing: &BTreeSet<Missing>, reference: &Reference, language: Language) -> Failure {
    type Lacking = BTreeMap<County, Vec<String>>;
    let mut groups: BTreeMap<(MissingIn, Period), Lacking> = BTreeMap::new();
    for one in missing {
        let of_region = groups.entry((one.denominator.clone(), one.period)).or_default().entry(one.county).or_default();
        of_region.extend(one.part.clone());
    }
    let (mut sv, mut en) = (Vec::new(), Vec::new());
    for ((denominator, period), lacking) in &groups {
        let everyone = lacking.len() == reference.regions().count()
            && lacking.values().all(|parts: &Vec<String>| parts.is_empty());
        let regions: Vec<String> = lacking
            .iter()
            .map(|(county, parts)| match parts.as_slice() {
                [] => reference.name(*county),
                parts => format!("{} ({})", reference.name(*county), parts.join(", ")),
            })
            .collect();
        let regions = regions.join(", ");
        let (all_sv, all_en) = if everyone { ("alla regioner", "every region") } else { (&*regions, &*regions) };
        let (swedish, english, option) = match denominator {
            MissingIn::Population => ("folkmängd".to_owned(), "population".to_owned(), "--population".to_owned()),
            MissingIn::Register => (
                "antal i patientregistret".to_owned(),
                "the patient register's count".to_owned(),
                "--register".to_owned(),
            ),
            MissingIn::Table(name) if name == ESTIMATES => (
                "uppskattat antal insjuknande".to_owned(),
                "the estimated number falling ill".to_owned(),
                "--estimates".to_owned(),
            ),
            MissingIn::Table(name) => (
                format!("tal i tabellen `{name}`"),
                format!("a number in the table `{name}`"),
                "--reference".to_owned(),
            ),
        };
        sv.push(format!("{swedish} saknas för {period}: {all_sv} ({option})"));
        en.push(format!("{english} is missing for {period}: {all_en} ({option})"));
    }
    let sv = format!(
        "{}\nIngen annan periods tal används. Ge en tabell som har dem, begränsa perioden (--period) eller välj mått (--measure).",
        sv.join("\n")
    );
    let en = format!(
        "{}\nNo other period's number is used. Give a table that has them, limit the period (--period) or choose measures (--measure).",
        en.join("\n")
    );
    Failure::new(ExitCode::Input, messages::error(language, &sv, &en))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_is_read_out_of_names() {
        let month = |path: &str| month_in_name(Path::new(path)).map(|month| month.to_string());
        assert_eq!(month("leveranser/specvard_2022-03.csv").as_deref(), Some("2022-03"));
        assert_eq!(month("leveranser/2022-03/specvard.csv").as_deref(), Some("2022-03"));
        assert_eq!(month("2021-01/vantande-2022-03-v2.csv").as_deref(), Some("2022-03"));
        for none in ["specvard.csv", "2022-13.csv", "12022-03.csv", "2022-031.csv", "2022-01--2022-03.csv", "å2022.csv"]
        {
            assert_eq!(month(none), None, "{none}");
        }
    }
}
