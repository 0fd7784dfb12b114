//! Coverage: how much of the care that happened is in the submissions, and how well it is described.
//!
//! Turns tallies ([`crate::engine::tally`]) and reference tables ([`mod@reference`]) into figures, one file a measure.
//! Nothing here reads records: whatever is asked of a delivery was counted in the pass that checked it, so that
//! figures of the whole country can be had from tallies alone.
//!
//! | measure | file | defined in |
//! | --- | --- | --- |
//! | contacts per 1,000 inhabitants, doctors' contacts against the patient register, share and rate under the guarantee | [`ratio`] | `rules/coverage/*.yaml` |
//! | reporting rate of each variable, with the year before | [`reporting`] | `rules/coverage/inrapporteringsgrad.yaml` |
//! | the five-way account of blanks, how often conditions were true | [`account`] | the requirement levels |
//! | response and timeliness | [`response`] | the list of deliveries |
//! | what stands out | [`plausibility`] | its own page |
//!
//! # Which records count
//!
//! Every record that could be divided into columns, whether it breaks rules or not: the measures of the source count
//! what was reported. Records whose region or month cannot be known, or is outside the scope, are in no figure; they are
//! counted in [`LeftOut`] and shown.
//!
//! # Invariants
//!
//! - A denominator that is not there is an error that names region and year ([`Missing`]); no other year's number is used.
//! - A value is never kept without its counts, and there is none where the denominator is zero.
//! - Tallies that are merged give the figures of the whole.

pub mod account;
pub mod figure;
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
use crate::measure::{Denominator, Measures};
use crate::model::{County, SourceReference, Text};

use figure::{Breakdown, Figure, Name, Period, Place};
use reference::{Population, Register};
use scope::{Regions, Scope, Specialties};

/// A finer breakdown that figures are wanted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Detail {
    /// By specialty code.
    Specialty,
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
    /// The specialties there are.
    pub specialties: Specialties,
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
            suppressed: false,
        }
    }

    /// Months of a period that are within the scope.
    fn months_expected(&self, period: Period) -> u32 {
        match period {
            Period::Year(year) => self.scope.months_of(year),
            Period::Month(_) => 1,
        }
    }
}

/// A denominator that is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Missing {
    /// Which table it should be in.
    pub denominator: MissingIn,
    /// Of which year.
    pub year: i32,
    /// Of which region.
    pub county: County,
}

/// A reference table that lacks something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MissingIn {
    /// Inhabitants.
    Population,
    /// The patient register.
    Register,
}

impl From<Denominator> for MissingIn {
    fn from(denominator: Denominator) -> Self {
        match denominator {
            Denominator::Register => Self::Register,
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
    /// Reporting rates.
    pub reporting: Vec<Table>,
    /// The five-way account.
    pub accounts: Vec<Table>,
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
    let mut missing = BTreeSet::new();
    let is_wanted = |id: &str| context.wanted.is_empty() || context.wanted.contains(id);
    for measure in context.measures.ratios.iter().filter(|measure| is_wanted(&measure.id)) {
        if let Some(why) = not_made(context, &measure.collections, Some(measure.denominator)) {
            coverage.not_made.push(NotMade { id: measure.id.clone(), why });
            continue;
        }
        coverage.ratios.push(Table {
            id: measure.id.clone(),
            title: measure.title.clone(),
            description: join(&measure.description, measure.exclusion.as_ref()),
            caution: measure.caution.clone(),
            source: measure.source.clone(),
            selection: Vec::new(),
            figures: ratio::figures(context, measure, &mut missing),
        });
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
                "för regioner med poster av samma år utanför perioden: av MVO och vårdenheter räknas bara hela år",
                "for regions with records of the same year outside the period: specialties and units are counted by whole years",
            );
            coverage.not_made.push(NotMade { id: format!("--detail {id}"), why });
        }
    }
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
fn not_made(context: &Context<'_>, collections: &[String], denominator: Option<Denominator>) -> Option<Text> {
    if context.tallies_of(collections).next().is_none() {
        return Some(Text::new(
            format!("ingen leverans av {}", collections.join(" eller ")),
            format!("no delivery of {}", collections.join(" or ")),
        ));
    }
    if denominator == Some(Denominator::Register) && context.sources.register.is_none() {
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
