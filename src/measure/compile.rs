//! From measure files as written, schemas and plans to [`Measures`].

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::spec::{
    DenominatorSpec, DistributionSpec, MeasureFileSpec, PeriodSpec, RatioSpec, ReportingSpec, TargetSpec,
};
use super::{
    Condition, Denominator, Distribution, Measures, NamedPlan, PairPlan, Periods, Ratio, RatioConditions, Reporting,
    SpreadPlan, TallyPlan, Target, goal,
};
use crate::assets::Files;
use crate::diag::{Diagnostic, Diagnostics, Source, did_you_mean};
use crate::model::{Fingerprint, SourceReference, VariableIndex};
use crate::rule::Plan;
use crate::rule::expr::{BoolExpr, BoolNode, Parameter, TextExpr};
use crate::rule::sql::{self, Scope};
use crate::schema::Domain;
use crate::schema::RegionName;
use crate::schema::region::COUNTIES;
use crate::schema::spec::{RangeSpec, TextSpec, require_text};
use crate::yaml::{self, Spanned};

/// Where measures are, relative to the rules.
const FOLDER: &str = "coverage/";
/// The list that names the regions, and its column of county codes.
const REGION_LIST: (&str, &str) = ("region_orgnr", "lanskod");

/// Reads every measure file among `files` and compiles it against `plans`.
///
/// The plans returned are `plans` with more nodes; their rules are the same. A collection whose
/// records name no region has no tally.
///
/// # Errors
/// Every mistake of every file, ordered by file and place.
pub fn load(files: &Files, plans: &BTreeMap<String, Arc<Plan>>) -> Result<Measures, Vec<Diagnostic>> {
    let mut diagnostics = Diagnostics::default();
    let mut specs = Vec::new();
    let mut version = Fingerprint::default();
    for (relative, file) in files {
        // Files come with these two endings only, in lower case.
        if relative.strip_prefix(FOLDER).is_none_or(|name| name.strip_suffix(".yaml").is_none()) {
            continue;
        }
        let source = Source::new(&file.name, file.text.as_str());
        version.text(source.text());
        if let Some(spec) = diagnostics.take(yaml::parse::<MeasureFileSpec>(&source)) {
            specs.push((source, spec));
        }
    }
    let mut compiler = Compiler {
        plans: plans.iter().map(|(id, plan)| (id.clone(), Plan::clone(plan))).collect(),
        tallies: BTreeMap::new(),
        diagnostics: &mut diagnostics,
        seen: BTreeMap::new(),
    };
    for (id, plan) in &mut compiler.plans {
        version.text(&plan.version);
        if let Some(tally) = empty_tally(plan) {
            compiler.tallies.insert(id.clone(), tally);
        }
    }
    let mut ratios = Vec::new();
    let mut distributions = Vec::new();
    let mut reporting = Vec::new();
    for (source, spec) in &specs {
        let default: SourceReference = spec.source.clone().into();
        ratios.extend(spec.measures.iter().filter_map(|ratio| compiler.ratio(source, ratio, &default)));
        distributions
            .extend(spec.distributions.iter().filter_map(|spec| compiler.distribution(source, spec, &default)));
        reporting.extend(spec.reporting.iter().filter_map(|spec| compiler.reporting(source, spec, &default)));
    }
    let goals = goal::compile::load(files, &mut compiler, &mut version);
    let (plans, mut tallies) = (compiler.plans, compiler.tallies);
    // Groups that no measure speaks of need not be counted.
    let is_asked_of = |tally: &TallyPlan| tally.conditions.len() > 1 || !tally.spreads.is_empty();
    tallies.retain(|id, tally| plans[id].fold.is_none() || is_asked_of(tally));
    if !diagnostics.is_empty() {
        return Err(diagnostics.into_sorted());
    }
    Ok(Measures {
        ratios,
        distributions,
        reporting,
        goals,
        tallies: tallies.into_iter().map(|(id, tally)| (id, Arc::new(tally))).collect(),
        plans: plans.into_iter().map(|(id, plan)| (id, Arc::new(plan))).collect(),
        version: version.hex(),
    })
}

/// The tally of a collection before any measure: every record, by region. `None` where records name no region.
fn empty_tally(plan: &mut Plan) -> Option<TallyPlan> {
    let region = plan.collection.region?;
    let column = plan.codelists.get(REGION_LIST.0)?.column(REGION_LIST.1)?;
    let program = &mut plan.program;
    let written = program.text(TextExpr::Variable(region.variable));
    let code = match region.names {
        RegionName::OrganisationNumber => program.text(TextExpr::OrganisationNumber(written)),
        // By way of the organisation number all the same: a county code that is no region's names none.
        RegionName::County => {
            let numbers = plan.codelists.get(COUNTIES.0)?.column(COUNTIES.1)?;
            program.text(TextExpr::CodelistValue { list: COUNTIES.0.to_owned(), code: written, column: numbers })
        }
    };
    let region = program.text(TextExpr::CodelistValue { list: REGION_LIST.0.to_owned(), code, column });
    let always = program.always();
    Some(TallyPlan {
        region,
        conditions: vec![Condition { name: "all".to_owned(), node: always, reads_period: false }],
        among: vec![always],
        // Nobody reports what groups fold into, so that there is no rate of it.
        among_of: vec![0; if plan.fold.is_some() { 0 } else { plan.collection.variables.len() }],
        spreads: Vec::new(),
        named: Vec::new(),
        pairs: Vec::new(),
    })
}

/// What is being compiled, and what of it is there so far.
pub(super) struct Compiler<'a> {
    pub(super) plans: BTreeMap<String, Plan>,
    tallies: BTreeMap<String, TallyPlan>,
    pub(super) diagnostics: &'a mut Diagnostics,
    /// Ids of measures, with where they were first used.
    seen: BTreeMap<String, (Source, Spanned<String>)>,
}

impl Compiler<'_> {
    fn ratio(&mut self, source: &Source, spec: &RatioSpec, default: &SourceReference) -> Option<Ratio> {
        self.id(source, &spec.id);
        for (text, what) in [(&spec.title, "title"), (&spec.description, "description"), (&spec.caution, "caution")] {
            require_text(text, what, &spec.id, source, self.diagnostics);
        }
        if spec.per.value == 0 {
            self.diagnostics.push(spec.per.diagnostic(
                source,
                "measure::per",
                "`per` must be at least 1",
                "100 for shares, 1000 for rates",
            ));
        }
        let collections = self.collections(source, &spec.collections, &spec.id)?;
        let mut conditions = BTreeMap::new();
        let mut complete = true;
        for id in &collections {
            let Some(of) = self.ratio_conditions(source, spec, id) else {
                complete = false;
                continue;
            };
            conditions.insert(id.clone(), of);
        }
        let is_stock = self.is_stock(source, &spec.id, &collections);
        complete.then(|| Ratio {
            id: spec.id.value.clone(),
            title: spec.title.clone().into(),
            description: spec.description.clone().into(),
            caution: spec.caution.clone().into(),
            exclusion: spec.exclusion.clone().map(Into::into),
            source: default.clone(),
            monthly_mean: is_stock,
            collections,
            among_text: spec.among.as_ref().map(|text| text.value.clone()),
            numerator_text: spec.numerator.as_ref().map(|text| text.value.clone()),
            denominator: match &spec.denominator.value {
                DenominatorSpec::Records => Denominator::Records,
                DenominatorSpec::Population => Denominator::Population,
                DenominatorSpec::Register => Denominator::Register,
                DenominatorSpec::Table(name) => Denominator::Table(name.value.clone()),
            },
            per: spec.per.value,
            by_breakdown: spec.by_breakdown,
            by_rcc: spec.by_rcc,
            periods: periods(spec.periods.as_deref()),
            target: spec.target.as_ref().map(|target| match target.value {
                TargetSpec::AtLeast(value) => Target::AtLeast(value),
                TargetSpec::AtMost(value) => Target::AtMost(value),
            }),
            conditions,
        })
    }

    /// Whether the collections are stocks; that some are and others not is a mistake.
    pub(super) fn is_stock(&mut self, source: &Source, id: &Spanned<String>, collections: &[String]) -> bool {
        let stocks: BTreeSet<bool> = collections.iter().map(|id| self.plans[id].collection.stock).collect();
        if stocks.len() > 1 {
            self.diagnostics.push(id.diagnostic(
                source,
                "measure::stock_and_flow",
                format!("`{}` adds a stock to what happened in a period", id.value),
                "a year of one is a mean, of the other a sum",
            ));
        }
        stocks.contains(&true)
    }

    fn ratio_conditions(&mut self, source: &Source, spec: &RatioSpec, collection: &str) -> Option<RatioConditions> {
        let among = self.lowered(source, spec.among.as_ref(), collection);
        let within = self.lowered(source, spec.numerator.as_ref(), collection);
        let (among, within) = (among?, within?);
        let plan = self.plans.get_mut(collection)?;
        let numerator = plan.program.bool(BoolExpr::And(vec![among, within]));
        let base = if spec.decided_only {
            let otherwise = plan.program.bool(BoolExpr::Not(within));
            let decided = plan.program.bool(BoolExpr::Or(vec![within, otherwise]));
            plan.program.bool(BoolExpr::And(vec![among, decided]))
        } else {
            among
        };
        let variable = match &spec.name_undecided_by {
            None => None,
            Some(name) => Some(code_variable(plan, name, source, self.diagnostics)?),
        };
        let id = &spec.id.value;
        let tally = self.tallies.get_mut(collection)?;
        let named = variable.map(|variable| {
            tally.named.push(NamedPlan { name: id.clone(), node: numerator, variable });
            tally.named.len() - 1
        });
        let counted = self.counted(id, collection, base, numerator)?;
        self.tallies.get_mut(collection)?.pairs[counted.pair].by_breakdown = spec.by_breakdown;
        Some(RatioConditions { named, ..counted })
    }

    /// The node of a condition of a measure; true for every record where none is written.
    pub(super) fn lowered(
        &mut self,
        source: &Source,
        text: Option<&Spanned<String>>,
        collection: &str,
    ) -> Option<BoolNode> {
        let plan = self.plans.get_mut(collection)?;
        let Some(text) = text else { return Some(plan.program.always()) };
        let node = lower(plan, text, source, self.diagnostics)?;
        self.require_known(source, text, collection, node)
    }

    /// Refuses what a run states: a measure is of a month, not of a run.
    fn require_known(
        &mut self,
        source: &Source,
        text: &Spanned<String>,
        collection: &str,
        node: BoolNode,
    ) -> Option<BoolNode> {
        let plan = self.plans.get(collection)?;
        let of_month = |parameter: &Parameter| {
            plan.collection.stock && matches!(parameter, Parameter::PeriodStart | Parameter::PeriodEnd)
        };
        let inputs = plan.program.inputs(&[node], None);
        let Some(parameter) = inputs.parameters.iter().find(|parameter| !of_month(parameter)) else {
            return Some(node);
        };
        self.diagnostics.push(
            text.diagnostic(
                source,
                "measure::not_stated",
                format!("`{}()` says nothing of the records of `{collection}`", parameter.function()),
                "this condition",
            )
            .help("of a stock, `period_start()` and `period_end()` are those of its month; nothing else is known"),
        );
        None
    }

    /// Has the records of two conditions counted.
    pub(super) fn counted(
        &mut self,
        id: &str,
        collection: &str,
        among: BoolNode,
        numerator: BoolNode,
    ) -> Option<RatioConditions> {
        let program = &self.plans.get(collection)?.program;
        let tally = self.tallies.get_mut(collection)?;
        let mut place = |node: BoolNode, what: &str| {
            let reads_period = !program.inputs(&[node], None).parameters.is_empty();
            condition(tally, Condition { name: format!("{id}/{what}"), node, reads_period })
        };
        let (among, numerator) = (place(among, "among"), place(numerator, "numerator"));
        tally.pairs.push(PairPlan { name: id.to_owned(), among, numerator, by_breakdown: false });
        Some(RatioConditions { among, numerator, named: None, pair: tally.pairs.len() - 1 })
    }

    fn distribution(
        &mut self,
        source: &Source,
        spec: &DistributionSpec,
        default: &SourceReference,
    ) -> Option<Distribution> {
        self.id(source, &spec.id);
        for (text, what) in [
            (&spec.title, "title"),
            (&spec.description, "description"),
            (&spec.caution, "caution"),
            (&spec.unit, "unit"),
        ] {
            require_text(text, what, &spec.id, source, self.diagnostics);
        }
        let RangeSpec { min, max } = spec.range.value;
        if min > max || max.saturating_sub(min) > WIDEST_RANGE {
            self.diagnostics.push(spec.range.diagnostic(
                source,
                "measure::range",
                format!("the range from {min} to {max} has no number, or more than {WIDEST_RANGE}"),
                "each number is counted by itself",
            ));
        }
        let mut percentiles = vec![25, 50, 75, 90];
        if let Some(stated) = &spec.percentiles {
            percentiles.clone_from(&stated.value);
            percentiles.sort_unstable();
            percentiles.dedup();
            if percentiles.is_empty() || percentiles.iter().any(|percentile| !(1..=99).contains(percentile)) {
                self.diagnostics.push(stated.diagnostic(
                    source,
                    "measure::percentile",
                    "a percentile is a whole number from 1 to 99",
                    "50 is the median",
                ));
            }
        }
        let collections = self.collections(source, &spec.collections, &spec.id)?;
        let mut spreads = BTreeMap::new();
        let mut complete = true;
        for id in &collections {
            match self.spread(source, spec, id) {
                Some(spread) => drop(spreads.insert(id.clone(), spread)),
                None => complete = false,
            }
        }
        complete.then(|| Distribution {
            id: spec.id.value.clone(),
            title: spec.title.clone().into(),
            description: spec.description.clone().into(),
            caution: spec.caution.clone().into(),
            source: default.clone(),
            collections,
            unit: spec.unit.clone().into(),
            range: (min, max),
            percentiles,
            by_breakdown: spec.by_breakdown,
            by_rcc: spec.by_rcc,
            periods: periods(spec.periods.as_deref()),
            spreads,
        })
    }

    /// The place of a distribution's number in the tally of one collection.
    fn spread(&mut self, source: &Source, spec: &DistributionSpec, collection: &str) -> Option<usize> {
        let plan = self.plans.get_mut(collection)?;
        let among = match &spec.among {
            None => Some(plan.program.always()),
            Some(text) => lower(plan, text, source, self.diagnostics),
        };
        let scope = Scope { collection: &plan.collection, codelists: &plan.codelists };
        let value = sql::lower_int(&spec.value, source, scope, &mut plan.program, self.diagnostics);
        let (among, value) = (among?, value?);
        let tally = self.tallies.get_mut(collection)?;
        let range = (spec.range.value.min, spec.range.value.max);
        tally.spreads.push(SpreadPlan { name: spec.id.value.clone(), among, value, range });
        Some(tally.spreads.len() - 1)
    }

    fn reporting(&mut self, source: &Source, spec: &ReportingSpec, default: &SourceReference) -> Option<Reporting> {
        self.id(source, &spec.id);
        require_text(&spec.title, "title", &spec.id, source, self.diagnostics);
        require_text(&spec.group, "group", &spec.id, source, self.diagnostics);
        let collections = self.collections(source, &spec.collections, &spec.id)?;
        for (id, name) in collections.iter().zip(&spec.collections) {
            let plan = self.plans.get_mut(id)?;
            if plan.fold.is_some() {
                self.diagnostics.push(name.diagnostic(
                    source,
                    "measure::reporting_of_groups",
                    format!("nobody reports the variables of `{id}`: it folds another collection"),
                    "named here",
                ));
                return None;
            }
            let known: Vec<&str> = plan.collection.variables.iter().map(|variable| variable.id.as_str()).collect();
            let exceptions = spec.exceptions.0.iter().map(|(name, _)| name);
            for name in spec.selection.iter().chain(&spec.reversed).chain(exceptions) {
                if !known.contains(&name.value.as_str()) {
                    self.diagnostics.push(
                        name.diagnostic(
                            source,
                            "measure::unknown_variable",
                            format!("`{}` is no variable of `{id}`", name.value),
                            "unknown variable",
                        )
                        .help_if(did_you_mean(&name.value, known.iter().copied())),
                    );
                }
            }
            let usual = self.lowered(source, spec.among.as_ref(), id)?;
            let mut exceptions = Vec::new();
            for (name, text) in &spec.exceptions.0 {
                let node = self.lowered(source, Some(text), id)?;
                let plan = self.plans.get(id)?;
                exceptions.extend(plan.collection.variable(&name.value).map(|variable| (variable.0, node)));
            }
            let tally = self.tallies.get_mut(id)?;
            tally.among = vec![usual];
            tally.among_of = vec![0; tally.among_of.len()];
            for (variable, node) in exceptions {
                tally.among_of[variable] = position(&mut tally.among, node);
            }
        }
        let names = |list: &[Spanned<String>]| list.iter().map(|name| name.value.clone()).collect();
        let place = spec.place.clone().unwrap_or_else(|| default.place.clone());
        Some(Reporting {
            id: spec.id.value.clone(),
            title: spec.title.clone().into(),
            group: spec.group.clone().into(),
            filter: spec.filter.clone().map(TextSpec::into),
            source: SourceReference { document: default.document.clone(), place },
            collections,
            selection: names(&spec.selection),
            reversed: names(&spec.reversed),
        })
    }

    /// Refuses an id that another measure has.
    pub(super) fn id(&mut self, source: &Source, id: &Spanned<String>) {
        if let Some((other_source, other)) = self.seen.insert(id.value.clone(), (source.clone(), id.clone())) {
            self.diagnostics.push(
                id.diagnostic(
                    source,
                    "measure::id_used",
                    format!("measure `{}` is there twice", id.value),
                    "used again here",
                )
                .and_at(other.place(&other_source), "first used here"),
            );
        }
    }

    /// The collections named, each with a tally.
    pub(super) fn collections(
        &mut self,
        source: &Source,
        names: &[Spanned<String>],
        of: &Spanned<String>,
    ) -> Option<Vec<String>> {
        if names.is_empty() {
            self.diagnostics.push(of.diagnostic(
                source,
                "measure::no_collection",
                format!("`{}` speaks of no collection", of.value),
                "name at least one under `collections`",
            ));
        }
        let mut found = Vec::new();
        for name in names {
            if self.tallies.contains_key(&name.value) {
                found.push(name.value.clone());
                continue;
            }
            let (message, help) = if self.plans.contains_key(&name.value) {
                (
                    format!("collection `{}` does not say who reports", name.value),
                    Some("its schema needs `reporter` or `region`".to_owned()),
                )
            } else {
                (
                    format!("no collection `{}`", name.value),
                    did_you_mean(&name.value, self.plans.keys().map(String::as_str)),
                )
            };
            self.diagnostics
                .push(name.diagnostic(source, "measure::unknown_collection", message, "named here").help_if(help));
        }
        (found.len() == names.len() && !found.is_empty()).then_some(found)
    }
}

fn lower(plan: &mut Plan, text: &Spanned<String>, source: &Source, diagnostics: &mut Diagnostics) -> Option<BoolNode> {
    let scope = Scope { collection: &plan.collection, codelists: &plan.codelists };
    sql::lower_bool(text, source, scope, &mut plan.program, diagnostics)
}

/// The most numbers that a distribution tells apart.
const WIDEST_RANGE: i64 = 100_000;

/// What a measure is made of.
fn periods(stated: Option<&[PeriodSpec]>) -> Periods {
    let stated = stated.unwrap_or(&[PeriodSpec::Year, PeriodSpec::Month]);
    Periods {
        years: stated.contains(&PeriodSpec::Year),
        half_years: stated.contains(&PeriodSpec::HalfYear),
        months: stated.contains(&PeriodSpec::Month),
    }
}

/// The variable called `name`, which must be a code: other values could be as many as records.
fn code_variable(
    plan: &Plan,
    name: &Spanned<String>,
    source: &Source,
    diagnostics: &mut Diagnostics,
) -> Option<VariableIndex> {
    let collection = &plan.collection;
    let Some(variable) = collection.variable(&name.value) else {
        let known = collection.variables.iter().map(|variable| variable.id.as_str());
        diagnostics.push(
            name.diagnostic(
                source,
                "measure::unknown_variable",
                format!("`{}` is no variable of `{}`", name.value, collection.id),
                "unknown variable",
            )
            .help_if(did_you_mean(&name.value, known)),
        );
        return None;
    };
    if !matches!(collection.get(variable).domain, Domain::Code { .. }) {
        diagnostics.push(name.diagnostic(
            source,
            "measure::not_a_code",
            format!("`{}` is no code", name.value),
            "records are counted by a variable of type code",
        ));
        return None;
    }
    Some(variable)
}

/// The place of a condition in the tally, added where new.
fn condition(tally: &mut TallyPlan, condition: Condition) -> usize {
    match tally.conditions.iter().position(|known| known.node == condition.node) {
        Some(at) => at,
        None => {
            tally.conditions.push(condition);
            tally.conditions.len() - 1
        }
    }
}

fn position(nodes: &mut Vec<BoolNode>, node: BoolNode) -> usize {
    match nodes.iter().position(|known| *known == node) {
        Some(at) => at,
        None => {
            nodes.push(node);
            nodes.len() - 1
        }
    }
}
