//! Coverage: how much of the care that happened is in the submissions, and how well it is described.
//!
//! Turns tallies ([`crate::engine::tally`]) and reference tables ([`mod@reference`]) into figures, one file a measure.
//! Nothing here reads records: whatever is asked of a delivery was counted in the pass that checked it, so that
//! figures of the whole country can be had from tallies alone.
//!
//! | measure | file | defined in |
//! | --- | --- | --- |
//! | contacts per 1,000 inhabitants, doctors' contacts against the patient register, share and rate under the guarantee, inclusion and lead time of cancer pathways | [`ratio`] | `rules/coverage/*.yaml` |
//! | percentiles of a whole number | [`distribution`] | `rules/coverage/svf.yaml` |
//! | reporting rate of each variable, with the year before | [`reporting`] | `rules/coverage/inrapporteringsgrad.yaml` |
//! | the five-way account of blanks, how often conditions were true | [`account`] | the requirement levels |
//! | goals of an agreement, and what is owed to everyone | [`goal`] | `rules/goals/*.yaml` |
//! | response and timeliness | [`response`] | the list of deliveries |
//! | what stands out | [`plausibility`] | its own page |
//! | how far findings could move a figure | [`certainty`] | its own page |
//!
//! # Which records count
//!
//! Every record that could be divided into columns, whether it breaks rules or not: the measures of the source count
//! what was reported. Records whose region or month cannot be known, or is outside the scope, are in no figure; they are
//! counted in [`LeftOut`] and shown.
//!
//! # Invariants
//!
//! - A denominator that is not there is an error that names region, period and code ([`Missing`]); no other period's number is
//!   used.
//! - A value is never kept without its counts, and there is none where the denominator is zero.
//! - Tallies that are merged give the figures of the whole.

pub mod account;
pub mod bounds;
pub mod certainty;
pub mod distribution;
pub mod figure;
pub mod goal;
pub mod period;
pub mod plausibility;
pub mod publish;
pub mod ratio;
pub mod reference;
pub mod reporting;
pub mod response;
pub mod saved;
pub mod scope;
pub mod suppress;

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::Tally;
use crate::engine::tally::Corrections;
use crate::measure::{Denominator, Measures, Ratio};
use crate::model::{County, SourceReference, Text};

use figure::{Breakdown, Figure, Finality, Name, Period, Place};
use reference::{Counts, Population, Register};
use scope::{Regions, Scope};

/// A finer breakdown that figures are wanted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Detail {
    /// By code of the collection's breakdown.
    Code,
    /// By care unit.
    Unit,
}

/// Reference tables.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sources<'a> {
    /// Inhabitants.
    pub population: Option<&'a Population>,
    /// The patient register's counts.
    pub register: Option<&'a Register>,
    /// Other tables, by the names of their schemas.
    pub tables: Option<&'a BTreeMap<String, Counts>>,
}

/// What figures are made from.
#[derive(Debug)]
pub struct Context<'a> {
    /// What is measured.
    pub measures: &'a Measures,
    /// By collection.
    pub tallies: &'a BTreeMap<String, Tally>,
    /// Which months.
    pub scope: Scope,
    /// Reference tables.
    pub sources: Sources<'a>,
    /// The regions there are.
    pub regions: Regions,
    /// Finer breakdowns wanted.
    pub details: BTreeSet<Detail>,
    /// The measures wanted, by id; empty for all that can be made.
    pub wanted: BTreeSet<String>,
}

impl<'a> Context<'a> {
    fn tallies_of<'c>(&'c self, collections: &'c [String]) -> impl Iterator<Item = &'a Tally> + Clone + 'c {
        collections.iter().filter_map(|collection| self.tallies.get(collection))
    }

    /// A figure of nothing yet: a share, not broken down.
    fn figure(&self, measure: &Name, place: Place, period: Period) -> Figure {
        Figure {
            measure: Name::clone(measure),
            place,
            period,
            breakdown: Breakdown::Total,
            variable: None,
            category: None,
            level: None,
            numerator: None,
            denominator: None,
            per: 100,
            months: 0,
            months_expected: self.months_expected(period),
            regions: None,
            undecided: Some(0),
            before: None,
            change: None,
            target: None,
            finality: None,
            suppressed: false,
            certainty: None,
        }
    }

    /// Whether what is counted of these collections, there and then, may still be corrected: by the day on which the
    /// submissions were received. Of the country and of centres, in any of their regions.
    fn finality(&self, collections: &[String], place: Place, period: Period) -> Option<Finality> {
        let is_there = |county: County| match place {
            Place::Country => true,
            Place::Centre(centre) => self.regions.centre_of(county) == Some(centre),
            Place::Region(only) => county == only,
        };
        let mut all = Corrections::default();
        for ((region, month), corrections) in self.tallies_of(collections).flat_map(|tally| &tally.corrections) {
            if let (Some(county), Some(month)) = (*region, *month)
                && is_there(county)
                && period.contains(month)
                && self.scope.contains(month)
            {
                all.merge(corrections);
            }
        }
        match all {
            Corrections { open: 1.., .. } => Some(Finality::Preliminary),
            Corrections { unknown: 1.., .. } => Some(Finality::Unknown),
            Corrections { closed: 1.., .. } => Some(Finality::Fixed),
            Corrections { .. } => None,
        }
    }

    /// Tells of every figure whether it may still be corrected.
    fn with_finality(&self, collections: &[String], mut figures: Vec<Figure>) -> Vec<Figure> {
        let may_change = self.tallies_of(collections).any(|tally| !tally.corrections.is_empty());
        for figure in figures.iter_mut().filter(|figure| may_change && figure.numerator.is_some()) {
            figure.finality = self.finality(collections, figure.place, figure.period);
        }
        figures
    }

    /// The breakdown by a code of a collection.
    fn code(&self, collection: &str, code: &str) -> Breakdown {
        let breakdown = self.measures.plans.get(collection).and_then(|plan| plan.collection.breakdown.as_ref());
        Breakdown::Code { kind: breakdown.map_or("", |by| by.codelist.as_str()).into(), name: code.into() }
    }

    /// Months of a period that are within the scope.
    fn months_expected(&self, period: Period) -> u32 {
        match period {
            Period::Year(year) => self.scope.months_of(year),
            Period::Month(_) => 1,
            Period::Span(_) => {
                u32::try_from(self.scope.months().filter(|month| period.contains(*month)).count()).unwrap_or(0)
            }
        }
    }
}

/// A denominator that is not there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Missing {
    /// Which table it should be in.
    pub denominator: MissingIn,
    /// Of when.
    pub period: Period,
    /// Of which region.
    pub county: County,
    /// Of which code; `None` for the whole region.
    pub part: Option<String>,
}

/// A reference table that lacks something.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MissingIn {
    /// Inhabitants.
    Population,
    /// The patient register.
    Register,
    /// Another table, by the name of its schema.
    Table(String),
}

impl From<Denominator> for MissingIn {
    fn from(denominator: Denominator) -> Self {
        match denominator {
            Denominator::Register => Self::Register,
            Denominator::Table(name) => Self::Table(name),
            Denominator::Population | Denominator::Records => Self::Population,
        }
    }
}

/// Why there are no figures.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CoverageError {
    /// Denominators that are not there, all of them.
    #[error("{} denominators are missing", .0.len())]
    Missing(BTreeSet<Missing>),
}

/// The figures of one measure.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// The measure's id.
    pub id: String,
    /// What people call it.
    pub title: Text,
    /// What is counted, and what is left out.
    pub description: Text,
    /// What it cannot tell.
    pub caution: Text,
    /// Where it is defined.
    pub source: SourceReference,
    /// What the parts that its figures are broken down by are called; blank where they are not.
    pub breakdown: Text,
    /// What the codes that its figures are broken down by are called, where their list says so.
    pub names: BTreeMap<String, Text>,
    /// Records that could not be judged, by region and the code that names them; empty where they are not named.
    pub undecided: BTreeMap<County, BTreeMap<String, u64>>,
    /// Of variables: those shown first.
    pub selection: Vec<String>,
    /// Its figures.
    pub figures: Vec<Figure>,
}

/// A measure that was not made, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotMade {
    /// The measure's id.
    pub id: String,
    /// Why.
    pub why: Text,
}

/// Records that are in no figure of a collection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// All records of the collection.
    pub records: u64,
    /// Those that could not be divided into columns.
    pub unreadable: u64,
    /// Those whose region cannot be known.
    pub without_region: u64,
    /// Those, of a known region, whose month cannot be known.
    pub without_month: u64,
    /// Those of a month outside the scope.
    pub outside: u64,
}

/// All figures of a run.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    /// The months looked at.
    pub scope: Option<Scope>,
    /// Counts divided by something.
    pub ratios: Vec<Table>,
    /// Percentiles of whole numbers.
    pub distributions: Vec<distribution::DistributionTable>,
    /// Reporting rates.
    pub reporting: Vec<Table>,
    /// The five-way account.
    pub accounts: Vec<Table>,
    /// Goals met, and guarantees kept.
    pub goals: goal::Goals,
    /// What was expected and received.
    pub response: response::Response,
    /// What stands out.
    pub flags: Vec<plausibility::Flag>,
    /// What was not made.
    pub not_made: Vec<NotMade>,
    /// By collection.
    pub left_out: BTreeMap<String, LeftOut>,
    /// Where denominators are from.
    pub sources: Vec<Text>,
    /// What people call the regions.
    pub regions: Regions,
    /// What groups of collections are called, by id.
    pub groups: BTreeMap<String, Text>,
    /// Small counts are hidden below this; `None` where all are shown.
    pub published_below: Option<u64>,
}

/// Makes every figure; `expected` is what a list of deliveries names.
///
/// # Errors
/// If a denominator is missing: all of them.
pub fn compute(context: &Context<'_>, expected: &[response::Expected<'_>]) -> Result<Coverage, CoverageError> {
    let mut coverage = Coverage {
        scope: Some(context.scope),
        regions: context.regions.clone(),
        groups: context
            .measures
            .reporting
            .iter()
            .map(|measure| (measure.group_id().to_owned(), measure.group.clone()))
            .collect(),
        left_out: context.tallies.iter().map(|(id, tally)| (id.clone(), left_out(tally, context.scope))).collect(),
        ..Coverage::default()
    };
    coverage.sources.extend(context.sources.population.map(|population| population.source().clone()));
    coverage.sources.extend(context.sources.register.map(|register| register.source().clone()));
    coverage
        .sources
        .extend(context.sources.tables.into_iter().flat_map(BTreeMap::values).map(|table| table.source().clone()));
    let mut missing = BTreeSet::new();
    let is_wanted = |id: &str| context.wanted.is_empty() || context.wanted.contains(id);
    for measure in context.measures.ratios.iter().filter(|measure| is_wanted(&measure.id)) {
        if let Some(why) = not_made(context, &measure.collections, Some(&measure.denominator)) {
            coverage.not_made.push(NotMade { id: measure.id.clone(), why });
            continue;
        }
        coverage.ratios.push(Table {
            id: measure.id.clone(),
            title: measure.title.clone(),
            description: join(&measure.description, measure.exclusion.as_ref()),
            caution: measure.caution.clone(),
            source: measure.source.clone(),
            breakdown: breakdown_name(context, &measure.collections, measure.by_breakdown),
            names: part_names(context, &measure.collections, measure.by_breakdown),
            undecided: undecided(context, measure),
            selection: Vec::new(),
            figures: context.with_finality(&measure.collections, ratio::figures(context, measure, &mut missing)),
        });
    }
    for measure in context.measures.distributions.iter().filter(|measure| is_wanted(&measure.id)) {
        match not_made(context, &measure.collections, None) {
            Some(why) => coverage.not_made.push(NotMade { id: measure.id.clone(), why }),
            None => coverage.distributions.push(distribution::table(context, measure)),
        }
    }
    for measure in context.measures.reporting.iter().filter(|measure| is_wanted(&measure.id)) {
        if let Some(why) = not_made(context, &measure.collections, None) {
            coverage.not_made.push(NotMade { id: measure.id.clone(), why });
            continue;
        }
        coverage.reporting.push(Table {
            id: measure.id.clone(),
            title: measure.title.clone(),
            description: measure.filter.clone().unwrap_or_default(),
            caution: Text::new(
                "Måttet säger om variabeln är ifylld, aldrig om värdet är riktigt, och kan inte skilja det som inte rapporterats från det som inte hänt.",
                "It says whether the variable is filled, never whether the value is right, and cannot tell what was not reported from what did not happen.",
            ),
            source: measure.source.clone(),
            breakdown: Text::default(),
            names: BTreeMap::new(),
            undecided: BTreeMap::new(),
            selection: measure.selection.clone(),
            figures: reporting::figures(context, measure),
        });
    }
    if !missing.is_empty() {
        return Err(CoverageError::Missing(missing));
    }
    if !context.details.is_empty() {
        let partial = |tally: &Tally| !scope::PartialYears::of(tally, context.scope).is_empty();
        for (id, _) in context.tallies.iter().filter(|(_, tally)| partial(tally)) {
            let why = Text::new(
                "för regioner med poster av samma år utanför perioden: av koder och vårdenheter räknas bara hela år",
                "for regions with records of the same year outside the period: codes and units are counted by whole years",
            );
            coverage.not_made.push(NotMade { id: format!("--detail {id}"), why });
        }
    }
    coverage.goals = goal::goals(context, &mut coverage.not_made);
    coverage.accounts = accounts(context);
    coverage.response = response::response(context, expected);
    coverage.flags = plausibility::flags(context, &coverage);
    Ok(coverage)
}

fn join(first: &Text, second: Option<&Text>) -> Text {
    match second {
        None => first.clone(),
        Some(second) => Text::new(format!("{} {}", first.sv, second.sv), format!("{} {}", first.en, second.en)),
    }
}

/// The undecided records of the scope by code, where the measure names them.
fn undecided(context: &Context<'_>, measure: &Ratio) -> BTreeMap<County, BTreeMap<String, u64>> {
    let mut found: BTreeMap<County, BTreeMap<String, u64>> = BTreeMap::new();
    for (collection, conditions) in &measure.conditions {
        let named = conditions.named.and_then(|named| Some((named, context.tallies.get(collection)?)));
        let Some((named, tally)) = named else { continue };
        for ((region, month, place, code), records) in &tally.named {
            if let (Some(county), Some(_)) = (*region, month.filter(|month| context.scope.contains(*month)))
                && *place == named
            {
                *found.entry(county).or_default().entry(code.clone()).or_default() += records;
            }
        }
    }
    found
}

/// What the parts of a measure's breakdown are called: those of its first collection.
fn breakdown_name(context: &Context<'_>, collections: &[String], by_breakdown: bool) -> Text {
    let plan = collections.first().and_then(|collection| context.measures.plans.get(collection));
    let by = plan.filter(|_| by_breakdown).and_then(|plan| plan.collection.breakdown.as_ref());
    let name = by.map(|by| by.aggregate.as_ref().map_or(&by.name, |aggregate| &aggregate.name));
    name.cloned().unwrap_or_default()
}

/// What the codes of a measure's breakdown are called; nothing where its parts are aggregates, which are names already.
fn part_names(context: &Context<'_>, collections: &[String], by_breakdown: bool) -> BTreeMap<String, Text> {
    let plans = collections.iter().filter_map(|collection| context.measures.plans.get(collection));
    let by = plans.filter(|_| by_breakdown).filter_map(|plan| Some((plan, plan.collection.breakdown.as_ref()?)));
    let codes = by.filter(|(_, by)| by.aggregate.is_none());
    let lists = codes.filter_map(|(plan, by)| plan.codelists.get(&by.codelist));
    lists
        .flat_map(|list| list.entries())
        .map(|entry| (entry.code.clone(), Text::new(entry.text_sv.as_str(), entry.text_en.as_str())))
        .collect()
}

fn accounts(context: &Context<'_>) -> Vec<Table> {
    let mut tables: Vec<Table> = Vec::new();
    for figure in account::figures(context) {
        if tables.last().is_none_or(|table| *table.id != *figure.measure) {
            let plan = figure.measure.strip_prefix(account::PREFIX).and_then(|id| context.measures.plans.get(id));
            let title = plan.map(|plan| plan.collection.title.clone()).unwrap_or_default();
            tables.push(Table {
                id: figure.measure.to_string(),
                title: Text::new(format!("Fem sorters svar: {}", title.sv), format!("Five kinds of answers: {}", title.en)),
                description: Text::new(
                    "Posterna delade i ifyllt, negativt (inget eller inte aktuellt), okänt, tomt och tillåtet, tomt men krävs. Krävs: i hur många poster villkoret för en villkorat obligatorisk variabel var sant.",
                    "Records divided into filled, negative (none or not applicable), unknown, blank and allowed, blank but required. Required: in how many records the condition of a conditional variable was true.",
                ),
                caution: Text::new(
                    "Ett villkor som aldrig är sant kräver aldrig något: att inget saknas betyder då inte att allt finns.",
                    "A condition that is never true never requires anything: that nothing is missing then does not mean that all is there.",
                ),
                source: plan.map(|plan| plan.collection.source.clone()).unwrap_or_default(),
                breakdown: Text::default(),
                names: BTreeMap::new(),
                undecided: BTreeMap::new(),
                selection: Vec::new(),
                figures: Vec::new(),
            });
        }
        if let Some(table) = tables.last_mut() {
            table.figures.push(figure);
        }
    }
    tables
}

/// Why a measure cannot be made, if it cannot.
fn not_made(context: &Context<'_>, collections: &[String], denominator: Option<&Denominator>) -> Option<Text> {
    if context.tallies_of(collections).next().is_none() {
        return Some(Text::new(
            format!("ingen leverans av {}", collections.join(" eller ")),
            format!("no delivery of {}", collections.join(" or ")),
        ));
    }
    if let Some(Denominator::Table(name)) = denominator
        && !context.sources.tables.is_some_and(|tables| tables.contains_key(name))
    {
        return Some(Text::new(
            format!("tabellen `{name}` är inte angiven (--reference {name}=FIL)"),
            format!("the table `{name}` was not given (--reference {name}=FILE)"),
        ));
    }
    if denominator == Some(&Denominator::Register) && context.sources.register.is_none() {
        return Some(Text::new(
            "patientregistrets antal är inte angivna (--register)",
            "no register counts were given (--register)",
        ));
    }
    None
}

fn left_out(tally: &Tally, scope: Scope) -> LeftOut {
    let mut left_out = LeftOut {
        records: tally.deliveries.iter().map(|delivery| delivery.records).sum(),
        unreadable: tally.deliveries.iter().map(|delivery| delivery.unreadable).sum(),
        ..LeftOut::default()
    };
    for ((region, month), fills) in &tally.by_month {
        match (region, month) {
            (None, _) => left_out.without_region += fills.records,
            (Some(_), None) => left_out.without_month += fills.records,
            (Some(_), Some(month)) if !scope.contains(*month) => left_out.outside += fills.records,
            _ => {}
        }
    }
    left_out
}
