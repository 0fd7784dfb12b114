//! One pass over a file, judged by two plans; what is counted is on the page of [`super`].

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::groups::Groups;
use super::{CollectionImpact, Delivery, FileImpact, Group, Rejected, RuleImpact, Version, VersionImpact, Violations};
use crate::engine::eval::{Context, Evaluator};
use crate::engine::status::{self, RuleStatus};
use crate::engine::{Advance, Progress, Stated, of_bytes};
use crate::model::{Severity, Text, VariableIndex};
use crate::rule::{Check, Plan, Rule};
use crate::schema::{Collection, region};
use crate::submission::{InputError, InputFile, ScanRequest, Statement};
use crate::table::{Batch, Bits, Lines, Positions, Raw};

/// The plans of one collection, before and after a change; at least one is there.
pub(super) struct Pair<'a> {
    before: Option<Context<'a>>,
    after: Option<Context<'a>>,
    rules: Vec<Matched>,
}

/// Rules of one id, by their places in either plan.
struct Matched {
    id: String,
    before: Vec<usize>,
    after: Vec<usize>,
    versions: Vec<(Version, Option<usize>, Option<usize>)>,
}

/// One plan over one file.
struct Side<'p> {
    context: Context<'p>,
    statuses: Vec<RuleStatus>,
    /// Variable → place among the columns that are scanned.
    places: Vec<Option<usize>>,
}

/// What one plan says of one batch.
struct Verdicts {
    /// For each rule of the plan the violated records; `None` where there are none.
    violated: Vec<Option<Bits>>,
    /// For each rule of the plan the records that could not be decided; `None` where there are none.
    unchecked: Vec<Option<Bits>>,
    rejected: Bits,
}

/// What one batch adds.
struct Part {
    records: u64,
    unreadable: u64,
    groups: Vec<(Group, Rejected)>,
    /// One entry a matched rule.
    rules: Vec<RulePart>,
}

#[derive(Default)]
struct RulePart {
    /// By the place of the group.
    groups: BTreeMap<u32, Violations>,
    total: Violations,
    unchecked_before: u64,
    unchecked_after: u64,
    passing_unchecked: u64,
    versions: Vec<Violations>,
}

impl<'a> Pair<'a> {
    /// `None` where there is neither.
    pub(super) fn new<'f>(
        before: Option<&'a Arc<Plan>>,
        after: Option<&'a Arc<Plan>>,
        stated: &Stated,
        files: impl Iterator<Item = &'f InputFile>,
    ) -> Option<Self> {
        if before.is_none() && after.is_none() {
            return None;
        }
        let statements: Vec<Statement> = files.map(|file| file.statement.clone()).collect();
        let parameters = status::parameters_of_run(stated, &statements);
        let context = |plan: &'a Arc<Plan>| Context::new(plan, parameters.clone());
        let rules = matched(before.map(|plan| &**plan), after.map(|plan| &**plan));
        Some(Self { before: before.map(context), after: after.map(context), rules })
    }

    /// The plan by whose schema records are grouped.
    fn lead(&self) -> Option<&'a Plan> {
        self.after.as_ref().or(self.before.as_ref()).map(|context| context.plan)
    }

    /// Every rule, and nothing counted.
    pub(super) fn empty(&self) -> CollectionImpact {
        let rule = |context: &Option<Context<'a>>, index: Option<&usize>| -> Option<&'a Rule> {
            Some(&context.as_ref()?.plan.rules[*index?])
        };
        let severity = |context: &Option<Context<'a>>, places: &[usize]| -> Option<Severity> {
            places.iter().filter_map(|index| rule(context, Some(index))).map(|rule| rule.severity).max()
        };
        let rules = self.rules.iter().map(|matched| {
            let titled = rule(&self.after, matched.after.last()).or_else(|| rule(&self.before, matched.before.last()));
            let versions = matched.versions.iter().map(|(version, before, after)| {
                let impact = VersionImpact {
                    is_before: before.is_some(),
                    is_after: after.is_some(),
                    total: Violations::default(),
                };
                (version.clone(), impact)
            });
            let impact = RuleImpact {
                title: titled.map(|rule| rule.title.clone()).unwrap_or_default(),
                severity_before: severity(&self.before, &matched.before),
                severity_after: severity(&self.after, &matched.after),
                versions: versions.collect(),
                ..RuleImpact::default()
            };
            (matched.id.clone(), impact)
        });
        CollectionImpact {
            title: self.lead().map(|plan| plan.collection.title.clone()).unwrap_or_default(),
            rules: rules.collect(),
            ..CollectionImpact::default()
        }
    }

    /// Adds the records of one file.
    pub(super) fn add(
        &self,
        delivery: &Delivery,
        total: &mut CollectionImpact,
        stop: &AtomicBool,
        progress: Progress<'_>,
    ) -> Result<(), InputError> {
        let sides =
            [self.before.as_ref().zip(delivery.before.as_ref()), self.after.as_ref().zip(delivery.after.as_ref())];
        // What is scanned is the file as the newer schema sees it, with what only the older one sees behind that.
        let Some((lead, scanned)) = sides[1].or(sides[0]) else { return Ok(()) };
        let mut collection = Collection::clone(&lead.plan.collection);
        let mut scanned = scanned.clone();
        let sides = sides.map(|side| {
            side.map(|(context, file)| {
                let places = places(&context.plan.collection, file, &mut collection, &mut scanned);
                let found =
                    places.iter().zip(&file.column_of).map(|(place, column)| column.filter(|_| place.is_some()));
                Side {
                    context: context.with(status::parameters_of_file(&context.parameters, &file.statement)),
                    statuses: status::statuses(context, &found.collect::<Vec<_>>()),
                    places,
                }
            })
        });
        let mut file = FileImpact {
            path: scanned.path.clone(),
            is_known_before: sides[0].is_some(),
            is_known_after: sides[1].is_some(),
            rejected: Rejected::default(),
        };
        let request = ScanRequest { wanted: vec![true; collection.variables.len()], raw: false };
        let map = |batch: Batch| {
            progress(Advance { bytes: 0, records: batch.n_rows as u64 });
            self.judge(&sides, &batch)
        };
        let mut fold = |part: Part| -> Result<(), InputError> {
            self.fold(part, total, &mut file.rejected);
            Ok(())
        };
        scanned.scan(&collection, &request, stop, &of_bytes(progress), &map, &mut fold)?;
        total.files.push(file);
        Ok(())
    }

    fn judge(&self, sides: &[Option<Side<'_>>; 2], batch: &Batch) -> Part {
        let broken = batch.broken();
        let mut verdicts: [Option<Verdicts>; 2] = [None, None];
        let mut groups = None;
        let lead = usize::from(sides[1].is_some());
        for (index, (side, verdicts)) in sides.iter().zip(&mut verdicts).enumerate() {
            let Some(side) = side else { continue };
            let batch = side.batch(batch);
            let evaluator = Evaluator::new(&side.context, &batch);
            *verdicts = Some(Verdicts::of(side, &evaluator, broken.as_ref()));
            if index == lead {
                groups = Some(Groups::of(&evaluator));
            }
        }
        let groups = groups.unwrap_or_default();
        let none = Bits::none(batch.n_rows);
        let rejected = |side: usize| verdicts[side].as_ref().map_or(&none, |verdicts| &verdicts.rejected);
        Part {
            records: batch.n_rows as u64,
            unreadable: broken.as_ref().map_or(0, Bits::count),
            rules: self.rules.iter().map(|matched| matched.compare(&verdicts, &groups, &none)).collect(),
            groups: groups.rejected(rejected(0), rejected(1)),
        }
    }

    fn fold(&self, part: Part, total: &mut CollectionImpact, file: &mut Rejected) {
        total.records += part.records;
        total.unreadable += part.unreadable;
        for (group, rejected) in &part.groups {
            *total.groups.entry(group.clone()).or_default() += rejected.records;
            total.reporters.entry(group.region).or_default().merge(rejected);
            file.merge(rejected);
        }
        for (matched, counted) in self.rules.iter().zip(part.rules) {
            let Some(rule) = total.rules.get_mut(&matched.id) else { continue };
            rule.total.merge(&counted.total);
            rule.unchecked_before += counted.unchecked_before;
            rule.unchecked_after += counted.unchecked_after;
            rule.passing_unchecked += counted.passing_unchecked;
            for (group, violations) in counted.groups {
                let group = part.groups[group as usize].0.clone();
                rule.groups.entry(group).or_default().merge(&violations);
            }
            for ((version, _, _), violations) in matched.versions.iter().zip(&counted.versions) {
                if let Some(impact) = rule.versions.get_mut(version) {
                    impact.total.merge(violations);
                }
            }
        }
    }

    /// Names the groups that were met with.
    pub(super) fn name(&self, total: &mut CollectionImpact) {
        let Some(plan) = self.lead() else { return };
        let breakdown = plan.collection.breakdown.as_ref();
        let list = breakdown.and_then(|breakdown| plan.codelists.get(&breakdown.codelist));
        total.breakdown = breakdown.map(|breakdown| breakdown.name.clone()).unwrap_or_default();
        for group in total.groups.keys() {
            if let Some(county) = group.region
                && let Some(name) = region::name_of_county(&plan.codelists, county)
            {
                total.region_names.insert(county, name.to_owned());
            }
            if let Some(entry) = list.and_then(|list| list.find(group.code.as_bytes())) {
                let text = Text::new(entry.text_sv.as_str(), entry.text_en.as_str());
                total.code_names.insert(group.code.clone(), text);
            }
        }
    }
}

/// Where a side finds its variables among the columns that are scanned; those that nobody has asked for yet are added.
///
/// Rows that hold several records are unfolded as the newer schema says, for both sides: there a variable is known by
/// its name, and one that only the older schema has is as a variable without a column.
fn places(
    own: &Collection,
    file: &InputFile,
    collection: &mut Collection,
    scanned: &mut InputFile,
) -> Vec<Option<usize>> {
    if scanned.layout.is_some() {
        let has_column = |variable: &VariableIndex| scanned.column_of.get(variable.0).is_some_and(Option::is_some);
        let place = |id: &str| collection.variable(id).filter(has_column).map(|variable| variable.0);
        return own.variables.iter().map(|variable| place(&variable.id)).collect();
    }
    let mut places = Vec::with_capacity(own.variables.len());
    for (variable, column) in own.variables.iter().zip(&file.column_of) {
        if column.is_none() {
            places.push(None);
            continue;
        }
        // A list of values is joined as its variable says, so that the same column may be two texts.
        let is_alike = |(other, scanned): (&crate::schema::Variable, &Option<usize>)| {
            scanned == column && other.separators.first() == variable.separators.first()
        };
        let known = collection.variables.iter().zip(&scanned.column_of).position(is_alike);
        places.push(Some(known.unwrap_or_else(|| {
            collection.variables.push(variable.clone());
            scanned.column_of.push(*column);
            scanned.column_of.len() - 1
        })));
    }
    places
}

/// Rules on records of both plans, by id.
fn matched(before: Option<&Plan>, after: Option<&Plan>) -> Vec<Matched> {
    let mut by_id: BTreeMap<&str, [Vec<usize>; 2]> = BTreeMap::new();
    for (side, plan) in [before, after].into_iter().enumerate() {
        for (index, rule) in plan.iter().flat_map(|plan| plan.rules.iter().enumerate()) {
            if matches!(rule.check, Check::Record(_)) {
                by_id.entry(&rule.id.0).or_default()[side].push(index);
            }
        }
    }
    let match_versions = |[of_before, of_after]: &[Vec<usize>; 2]| {
        let mut versions: BTreeMap<Version, [Option<usize>; 2]> = BTreeMap::new();
        for (side, plan, places) in [(0, before, of_before), (1, after, of_after)] {
            for (plan, index) in plan.iter().flat_map(|plan| places.iter().map(move |index| (plan, *index))) {
                versions.entry(version(plan, &plan.rules[index])).or_default()[side] = Some(index);
            }
        }
        if versions.keys().all(|version| *version == Version::default()) {
            return Vec::new();
        }
        versions.into_iter().map(|(version, [before, after])| (version, before, after)).collect()
    };
    by_id
        .into_iter()
        .map(|(id, places)| {
            let versions = match_versions(&places);
            let [before, after] = places;
            Matched { id: id.to_owned(), before, after, versions }
        })
        .collect()
}

fn version(plan: &Plan, rule: &Rule) -> Version {
    rule.valid.map_or_else(Version::default, |valid| Version {
        from: valid.from,
        until: valid.until,
        by: plan.collection.get(valid.by).id.clone(),
    })
}

impl Matched {
    fn compare(&self, verdicts: &[Option<Verdicts>; 2], groups: &Groups, none: &Bits) -> RulePart {
        let is_quiet = |(verdicts, rules): (&Option<Verdicts>, &Vec<usize>)| {
            let Some(verdicts) = verdicts else { return true };
            rules.iter().all(|rule| verdicts.violated[*rule].is_none() && verdicts.unchecked[*rule].is_none())
        };
        // Most rules are violated nowhere in most batches.
        if verdicts.iter().zip([&self.before, &self.after]).all(is_quiet) {
            return RulePart::default();
        }
        let [before, after] = [(0, &self.before), (1, &self.after)].map(|(side, rules)| {
            let of = |sets: fn(&Verdicts) -> &[Option<Bits>]| union(verdicts[side].as_ref().map(sets), rules, none);
            (of(|verdicts| &verdicts.violated), of(|verdicts| &verdicts.unchecked))
        });
        let mut part = RulePart {
            total: violations(&before.0, &after.0),
            unchecked_before: before.1.count(),
            unchecked_after: after.1.count(),
            passing_unchecked: before.0.and(&after.1).minus(&after.0).count(),
            ..RulePart::default()
        };
        for row in before.0.or(&after.0).iter() {
            let (was, is) = (before.0.contains(row), after.0.contains(row));
            part.groups.entry(groups.of_row[row]).or_default().merge(&Violations {
                before: u64::from(was),
                after: u64::from(is),
                newly_failing: u64::from(is && !was),
                newly_passing: u64::from(was && !is),
            });
        }
        for (_, of_before, of_after) in &self.versions {
            let [before, after] = [(0, of_before), (1, of_after)].map(|(side, index)| {
                let sets = verdicts[side].as_ref().map(|verdicts| verdicts.violated.as_slice());
                union(sets, index.as_slice(), none)
            });
            part.versions.push(violations(&before, &after));
        }
        part
    }
}

/// The records in the sets of any of `rules`.
fn union(sets: Option<&[Option<Bits>]>, rules: &[usize], none: &Bits) -> Bits {
    let Some(sets) = sets else { return none.clone() };
    let mut of_rules = rules.iter().filter_map(|rule| sets[*rule].as_ref());
    let Some(first) = of_rules.next() else { return none.clone() };
    of_rules.fold(first.clone(), |all, rows| all.or(rows))
}

fn violations(before: &Bits, after: &Bits) -> Violations {
    Violations {
        before: before.count(),
        after: after.count(),
        newly_failing: after.minus(before).count(),
        newly_passing: before.minus(after).count(),
    }
}

impl Side<'_> {
    /// The batch as this side's schema sees it.
    fn batch(&self, scanned: &Batch) -> Batch {
        Batch {
            n_rows: scanned.n_rows,
            columns: self.places.iter().map(|place| scanned.columns[(*place)?].clone()).collect(),
            // No finding is made, so that nobody asks where records are.
            positions: Positions { first_row: scanned.positions.first_row, lines: Lines::None, unfolded: None },
            faults: Vec::new(),
            raw: Raw::None,
        }
    }
}

impl Verdicts {
    fn of(side: &Side<'_>, evaluator: &Evaluator<'_>, broken: Option<&Bits>) -> Self {
        let plan = side.context.plan;
        let n_rows = evaluator.batch().n_rows;
        let n_rules = plan.rules.len();
        let mut verdicts =
            Self { violated: vec![None; n_rules], unchecked: vec![None; n_rules], rejected: Bits::none(n_rows) };
        let sound = |rows: Bits| match broken {
            Some(broken) => rows.minus(broken),
            None => rows,
        };
        for (index, (rule, status)) in plan.rules.iter().zip(&side.statuses).enumerate() {
            let Check::Record(check) = &rule.check else { continue };
            let unchecked = match status {
                RuleStatus::NotApplicable | RuleStatus::Elsewhere => continue,
                // Missing columns are blank to the condition: where it is false all the same, nothing was missed.
                RuleStatus::Skipped(_) => sound(evaluator.bool(check.when).no.not()),
                RuleStatus::Evaluated => {
                    let (when, holds) = (evaluator.bool(check.when), evaluator.bool(check.assert));
                    let violated = sound(when.yes.and(&holds.no));
                    if violated.any() {
                        if rule.severity == Severity::Error {
                            verdicts.rejected = verdicts.rejected.or(&violated);
                        }
                        verdicts.violated[index] = Some(violated);
                    }
                    let decided = when.yes.and(&holds.yes.or(&holds.no)).or(&when.no);
                    sound(decided.not())
                }
            };
            if unchecked.any() {
                verdicts.unchecked[index] = Some(unchecked);
            }
        }
        verdicts
    }
}
