//! From goal files as written to [`Goals`].

use std::collections::BTreeMap;

use super::spec::{BetterSpec, GoalFileSpec, GoalSpec, GuaranteeSpec, ProgrammeSpec, ShareSpec};
use super::{Better, Condition, Goal, Goals, Guarantee, Improvement, Percent, Programme, Share, Target};
use crate::assets::Files;
use crate::diag::{Source, did_you_mean};
use crate::measure::compile::Compiler;
use crate::measure::{Denominator, Periods, Ratio, RatioConditions};
use crate::model::{Fingerprint, SourceReference, Text};
use crate::rule::expr::{BoolExpr, BoolNode};
use crate::schema::spec::require_text;
use crate::time::Month;
use crate::yaml::{self, Spanned};

/// Where goals are, relative to the rules.
const FOLDER: &str = "goals/";

/// Reads every goal file among `files`; what its shares count is added to the tallies and to `version`.
///
/// Targets are not part of the version: they change what is made of counts, not what is counted.
pub(in crate::measure) fn load(files: &Files, compiler: &mut Compiler<'_>, version: &mut Fingerprint) -> Goals {
    let mut specs = Vec::new();
    for (relative, file) in files {
        // Files come with these two endings only, in lower case.
        if relative.strip_prefix(FOLDER).is_none_or(|name| name.strip_suffix(".yaml").is_none()) {
            continue;
        }
        let source = Source::new(&file.name, file.text.as_str());
        if let Some(spec) = compiler.diagnostics.take(yaml::parse::<GoalFileSpec>(&source)) {
            specs.push((source, spec));
        }
    }
    let mut loader = Loader { compiler, version, goals: Goals::default(), places: BTreeMap::new() };
    for (source, spec) in &specs {
        let of: SourceReference = spec.source.clone().into();
        for share in &spec.shares {
            loader.share(source, share, &of);
        }
    }
    for (source, spec) in &specs {
        let of: SourceReference = spec.source.clone().into();
        for programme in &spec.programmes {
            loader.programme(source, programme, &of);
        }
        for guarantee in &spec.guarantees {
            loader.guarantee(source, guarantee, &of);
        }
    }
    loader.goals
}

struct Loader<'a, 'd> {
    compiler: &'a mut Compiler<'d>,
    version: &'a mut Fingerprint,
    goals: Goals,
    /// Ids of shares; `None` for those that could not be compiled.
    places: BTreeMap<String, Option<usize>>,
}

impl Loader<'_, '_> {
    fn share(&mut self, source: &Source, spec: &ShareSpec, of: &SourceReference) {
        self.compiler.id(source, &spec.id);
        self.places.insert(spec.id.value.clone(), None);
        require_text(&spec.title, "title", &spec.id, source, self.compiler.diagnostics);
        let Some(collections) = self.compiler.collections(source, &spec.collections, &spec.id) else { return };
        let is_stock = self.compiler.is_stock(source, &spec.id, &collections);
        let id = &spec.id.value;
        let (mut all, mut without) = (BTreeMap::new(), BTreeMap::new());
        for collection in &collections {
            let Some(nodes) = self.nodes(source, spec, collection) else { continue };
            let id_without = format!("{id}{WITHOUT_DEVIATION}");
            for (into, id, (among, numerator)) in [(&mut all, id, Some(nodes.0)), (&mut without, &id_without, nodes.1)]
                .into_iter()
                .filter_map(|(into, id, nodes)| Some((into, id, nodes?)))
            {
                let counted: Option<RatioConditions> = self.compiler.counted(id, collection, among, numerator);
                into.extend(counted.map(|counted| (collection.clone(), counted)));
            }
        }
        if all.len() < collections.len() {
            return;
        }
        for text in [id, &spec.among.value, &spec.within.value] {
            self.version.text(text);
        }
        self.version.text(spec.deviation.as_ref().map_or("", |text| &text.value));
        for collection in &collections {
            self.version.text(collection);
        }
        let ratio = |id: String, conditions| Ratio {
            id,
            title: spec.title.clone().into(),
            description: Text::default(),
            caution: Text::default(),
            exclusion: None,
            source: of.clone(),
            collections: collections.clone(),
            among_text: Some(spec.among.value.clone()),
            numerator_text: Some(spec.within.value.clone()),
            denominator: Denominator::Records,
            per: 100,
            by_breakdown: false,
            by_rcc: false,
            periods: Periods { years: true, half_years: false, months: true },
            target: None,
            monthly_mean: is_stock,
            conditions,
        };
        self.places.insert(id.clone(), Some(self.goals.shares.len()));
        self.goals.shares.push(Share {
            ratio: ratio(id.clone(), all),
            without_deviation: spec.deviation.as_ref().map(|_| ratio(format!("{id}{WITHOUT_DEVIATION}"), without)),
            assumption: spec.assumption.clone().map(Into::into),
        });
    }

    /// What is counted of a collection: the share's two conditions, and the same without deviations.
    fn nodes(&mut self, source: &Source, spec: &ShareSpec, collection: &str) -> Option<(Pair, Option<Pair>)> {
        let among = self.compiler.lowered(source, Some(&spec.among), collection);
        let within = self.compiler.lowered(source, Some(&spec.within), collection);
        let deviation = spec.deviation.as_ref().map(|text| self.compiler.lowered(source, Some(text), collection));
        let (among, within) = (among?, within?);
        let program = &mut self.compiler.plans.get_mut(collection)?.program;
        // Where it cannot be decided whether a record is within, neither of the two is true, and `OR` is null.
        let beyond = program.bool(BoolExpr::Not(within));
        let is_decided = program.bool(BoolExpr::Or(vec![within, beyond]));
        let mut pair = |among: Vec<BoolNode>| {
            let below = program.bool(BoolExpr::And([among.clone(), vec![is_decided]].concat()));
            let above = program.bool(BoolExpr::And([among, vec![within]].concat()));
            (below, above)
        };
        let all = pair(vec![among]);
        let without = match deviation {
            None => None,
            Some(deviation) => {
                let deviation = deviation?;
                let regular = self.compiler.plans.get_mut(collection)?.program.bool(BoolExpr::Not(deviation));
                let program = &mut self.compiler.plans.get_mut(collection)?.program;
                let below = program.bool(BoolExpr::And(vec![among, regular, is_decided]));
                let above = program.bool(BoolExpr::And(vec![among, regular, within]));
                Some((below, above))
            }
        };
        Some((all, without))
    }

    /// The place of a share; `None` where there is none, or only one that is mistaken.
    fn place(&mut self, source: &Source, name: &Spanned<String>) -> Option<usize> {
        if let Some(place) = self.places.get(&name.value) {
            return *place;
        }
        let help = did_you_mean(&name.value, self.places.keys().map(String::as_str));
        self.compiler.diagnostics.push(
            name.diagnostic(source, "measure::unknown_share", format!("no share `{}`", name.value), "named here")
                .help_if(help),
        );
        None
    }

    fn percent(&mut self, source: &Source, number: &Spanned<f64>) -> Option<Percent> {
        let percent = Percent::new(number.value);
        if percent.is_none() {
            self.compiler.diagnostics.push(number.diagnostic(
                source,
                "measure::percent",
                format!("{} is no per cent", number.value),
                "from 0 to 100, with at most three decimals",
            ));
        }
        percent
    }

    fn programme(&mut self, source: &Source, spec: &ProgrammeSpec, of: &SourceReference) {
        let months = self.months(source, spec);
        let goals = spec.goals.iter().filter_map(|goal| self.goal(source, goal, of)).collect();
        let Some(months) = months else { return };
        self.goals.programmes.push(Programme {
            title: spec.title.value.clone().into(),
            description: spec.description.clone().into(),
            assumption: spec.assumption.clone().map(Into::into),
            source: of.clone(),
            months,
            goals,
        });
    }

    fn months(&mut self, source: &Source, spec: &ProgrammeSpec) -> Option<(Month, Month)> {
        let mut month = |text: &Spanned<String>| {
            let month = Month::parse(&text.value);
            if month.is_none() {
                self.compiler.diagnostics.push(text.diagnostic(
                    source,
                    "measure::months",
                    format!("`{}` is no month", text.value),
                    "as 2022-02",
                ));
            }
            month
        };
        let (first, last) = (month(&spec.months.first), month(&spec.months.last));
        let (first, last) = (first?, last?);
        if last < first {
            self.compiler.diagnostics.push(
                spec.months
                    .last
                    .diagnostic(source, "measure::months", "the last month is before the first", "the last")
                    .and_at(spec.months.first.place(source), "the first"),
            );
            return None;
        }
        Some((first, last))
    }

    fn goal(&mut self, source: &Source, spec: &GoalSpec, of: &SourceReference) -> Option<Goal> {
        self.compiler.id(source, &spec.id);
        let share = self.place(source, &spec.share);
        let target = match &spec.target {
            None => Some(None),
            Some(number) => self.percent(source, number).map(|percent| Some(Target { percent, of_run: false })),
        };
        let improvement = match &spec.improvement {
            None => Some(None),
            Some(scale) => {
                let (from, to) = (self.percent(source, &scale.from), self.percent(source, &scale.to));
                let scale_of = from.zip(to).map(|(from, to)| Some(Improvement { from, to }));
                if from.zip(to).is_some_and(|(from, to)| from > to || from.thousandths() == 0) {
                    self.compiler.diagnostics.push(scale.from.diagnostic(
                        source,
                        "measure::scale",
                        "an improvement counts from more than 0, and as a whole from no less than in part",
                        "this many percentage points",
                    ));
                }
                scale_of
            }
        };
        let condition = match &spec.condition {
            None => Some(None),
            Some(condition) => {
                let (share, target) = (self.place(source, &condition.share), self.percent(source, &condition.target));
                let of = |(share, target)| Some(Condition { share, when_more_than: condition.when_more_than, target });
                share.zip(target).map(of)
            }
        };
        let (share, target) = (share?, target?);
        Some(Goal {
            id: spec.id.value.clone(),
            title: self.goals.shares.get(share)?.ratio.title.clone(),
            share,
            better: match spec.better {
                BetterSpec::More => Better::More,
                BetterSpec::Fewer => Better::Fewer,
            },
            target,
            improvement: improvement?,
            condition: condition?,
            source: placed(of, spec.place.as_ref()),
        })
    }

    fn guarantee(&mut self, source: &Source, spec: &GuaranteeSpec, of: &SourceReference) {
        self.compiler.id(source, &spec.id);
        require_text(&spec.title, "title", &spec.id, source, self.compiler.diagnostics);
        let shares: Vec<usize> = spec.shares.iter().filter_map(|name| self.place(source, name)).collect();
        self.goals.guarantees.push(Guarantee {
            id: spec.id.value.clone(),
            title: spec.title.clone().into(),
            shares,
            source: placed(of, spec.place.as_ref()),
        });
    }
}

/// Denominator and numerator.
type Pair = (BoolNode, BoolNode);

/// What the id of a share ends in that leaves deviations out.
const WITHOUT_DEVIATION: &str = "_utan_avvikelse";

fn placed(of: &SourceReference, place: Option<&String>) -> SourceReference {
    SourceReference { document: of.document.clone(), place: place.unwrap_or(&of.place).clone() }
}
