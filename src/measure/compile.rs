//! From measure files as written, schemas and plans to [`Measures`].

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::spec::{DenominatorSpec, MeasureFileSpec, RatioSpec, ReportingSpec};
use super::{Condition, Denominator, Measures, Ratio, RatioConditions, Reporting, TallyPlan};
use crate::assets::Files;
use crate::diag::{Diagnostic, Diagnostics, Source, did_you_mean};
use crate::model::{Fingerprint, SourceReference};
use crate::rule::Plan;
use crate::rule::expr::{BoolExpr, BoolNode, TextExpr};
use crate::rule::sql::{self, Scope};
use crate::schema::spec::{TextSpec, require_text};
use crate::yaml::{self, Spanned};

/// Where measures are, relative to the rules.
const FOLDER: &str = "coverage/";
/// The list that names the regions, and its column of county codes.
const REGION_LIST: (&str, &str) = ("region_orgnr", "lanskod");

/// Reads every measure file among `files` and compiles it against `plans`.
///
/// The plans returned are `plans` with more nodes; their rules are the same. A collection without a reporter has no
/// tally.
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
    let mut reporting = Vec::new();
    for (source, spec) in &specs {
        let default: SourceReference = spec.source.clone().into();
        ratios.extend(spec.measures.iter().filter_map(|ratio| compiler.ratio(source, ratio, &default)));
        reporting.extend(spec.reporting.iter().filter_map(|spec| compiler.reporting(source, spec, &default)));
    }
    let (plans, tallies) = (compiler.plans, compiler.tallies);
    if !diagnostics.is_empty() {
        return Err(diagnostics.into_sorted());
    }
    Ok(Measures {
        ratios,
        reporting,
        tallies: tallies.into_iter().map(|(id, tally)| (id, Arc::new(tally))).collect(),
        plans: plans.into_iter().map(|(id, plan)| (id, Arc::new(plan))).collect(),
        version: version.hex(),
    })
}

/// The tally of a collection before any measure: every record, by region. `None` where nobody reports.
fn empty_tally(plan: &mut Plan) -> Option<TallyPlan> {
    let reporter = plan.collection.reporter?;
    let column = plan.codelists.get(REGION_LIST.0)?.column(REGION_LIST.1)?;
    let program = &mut plan.program;
    let reporter = program.text(TextExpr::Variable(reporter));
    let code = program.text(TextExpr::OrganisationNumber(reporter));
    let region = program.text(TextExpr::CodelistValue { list: REGION_LIST.0.to_owned(), code, column });
    let always = program.always();
    Some(TallyPlan {
        region,
        conditions: vec![Condition { name: "all".to_owned(), node: always }],
        among: vec![always],
        among_of: vec![0; plan.collection.variables.len()],
    })
}

struct Compiler<'a> {
    plans: BTreeMap<String, Plan>,
    tallies: BTreeMap<String, TallyPlan>,
    diagnostics: &'a mut Diagnostics,
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
        let stocks: BTreeSet<bool> = collections.iter().map(|id| self.plans[id].collection.stock).collect();
        if stocks.len() > 1 {
            self.diagnostics.push(spec.id.diagnostic(
                source,
                "measure::stock_and_flow",
                format!("`{}` adds a stock to what happened in a period", spec.id.value),
                "a year of one is a mean, of the other a sum",
            ));
        }
        complete.then(|| Ratio {
            id: spec.id.value.clone(),
            title: spec.title.clone().into(),
            description: spec.description.clone().into(),
            caution: spec.caution.clone().into(),
            exclusion: spec.exclusion.clone().map(Into::into),
            source: default.clone(),
            monthly_mean: stocks.contains(&true),
            collections,
            among_text: spec.among.as_ref().map(|text| text.value.clone()),
            numerator_text: spec.numerator.as_ref().map(|text| text.value.clone()),
            denominator: match spec.denominator.value {
                DenominatorSpec::Records => Denominator::Records,
                DenominatorSpec::Population => Denominator::Population,
                DenominatorSpec::Register => Denominator::Register,
            },
            per: spec.per.value,
            by_specialty: spec.by_specialty,
            conditions,
        })
    }

    fn ratio_conditions(&mut self, source: &Source, spec: &RatioSpec, collection: &str) -> Option<RatioConditions> {
        let plan = self.plans.get_mut(collection)?;
        let mut lower = |text: &Option<Spanned<String>>| match text {
            None => Some(plan.program.always()),
            Some(text) => lower(plan, text, source, self.diagnostics),
        };
        let (among, within) = (lower(&spec.among), lower(&spec.numerator));
        let (among, within) = (among?, within?);
        let numerator = plan.program.bool(BoolExpr::And(vec![among, within]));
        let tally = self.tallies.get_mut(collection)?;
        let id = &spec.id.value;
        Some(RatioConditions {
            among: condition(tally, among, || format!("{id}/among")),
            numerator: condition(tally, numerator, || format!("{id}/numerator")),
        })
    }

    fn reporting(&mut self, source: &Source, spec: &ReportingSpec, default: &SourceReference) -> Option<Reporting> {
        self.id(source, &spec.id);
        require_text(&spec.title, "title", &spec.id, source, self.diagnostics);
        require_text(&spec.group, "group", &spec.id, source, self.diagnostics);
        let collections = self.collections(source, &spec.collections, &spec.id)?;
        for id in &collections {
            let plan = self.plans.get_mut(id)?;
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
            let usual = match &spec.among {
                Some(text) => lower(plan, text, source, self.diagnostics)?,
                None => plan.program.always(),
            };
            let mut exceptions = Vec::new();
            for (name, text) in &spec.exceptions.0 {
                let node = lower(plan, text, source, self.diagnostics)?;
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
    fn id(&mut self, source: &Source, id: &Spanned<String>) {
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
    fn collections(&mut self, source: &Source, names: &[Spanned<String>], of: &Spanned<String>) -> Option<Vec<String>> {
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
                    Some("its schema needs `reporter`".to_owned()),
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

/// The place of a condition in the tally, added where new.
fn condition(tally: &mut TallyPlan, node: BoolNode, name: impl FnOnce() -> String) -> usize {
    match tally.conditions.iter().position(|known| known.node == node) {
        Some(at) => at,
        None => {
            tally.conditions.push(Condition { name: name(), node });
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
