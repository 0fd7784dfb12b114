//! From a rule set as written, and the schemas, to one [`Plan`] a collection.

mod carried;
mod requirements;
mod values;

use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;

use super::expr::{BoolExpr, BoolNode, Comparison, Program, TimeExpr};
use super::fold;
use super::history::{self};
use super::load::RuleSet;
use super::sentence::{self, Dictionary};
use super::spec::{CheckSpec, LongRequirementSpec, RuleFileSpec, SubmissionKindSpec, SubmissionSpec, ValiditySpec};
use super::sql::{self, Scope};
use super::validity::{self, Days, Validity, Version};
use super::{Check, Origin, Plan, RecordCheck, Rule, RuleKind, SubmissionKind};
use crate::diag::{Diagnostic, Diagnostics, Source, did_you_mean};
use crate::model::{Fingerprint, RuleId, Text, VariableIndex};
use crate::schema::spec::{TextSpec, require_source, require_text};
use crate::schema::{Collection, Domain, Schemas};
use crate::time;
use crate::yaml::Spanned;

/// Compiles the rules of every collection.
///
/// # Errors
/// Every mistake of every file, ordered by file and place.
pub fn compile(schemas: &Schemas, rules: &RuleSet) -> Result<BTreeMap<String, Arc<Plan>>, Vec<Diagnostic>> {
    compile_as_of(schemas, rules, None)
}

/// Compiles the rules of every collection as they were on the day `as_of` (days since 1970-01-01): what is dated is
/// chosen by that day for every record, instead of by the record's own dates.
///
/// # Errors
/// Every mistake of every file, ordered by file and place.
pub fn compile_as_of(
    schemas: &Schemas,
    rules: &RuleSet,
    as_of: Option<i64>,
) -> Result<BTreeMap<String, Arc<Plan>>, Vec<Diagnostic>> {
    let mut diagnostics = Diagnostics::default();
    check_files(schemas, rules, &mut diagnostics);
    let version = version(schemas, rules, as_of);
    let collections: Vec<&Arc<Collection>> = schemas.collections.values().collect();
    let compiled: Vec<(Plan, Diagnostics)> =
        collections.par_iter().map(|collection| plan(schemas, rules, collection, as_of, &version)).collect();
    let mut plans = BTreeMap::new();
    for (plan, of_plan) in compiled {
        diagnostics.append(of_plan);
        plans.insert(plan.collection.id.clone(), Arc::new(plan));
    }
    if diagnostics.is_empty() {
        return Ok(plans);
    }
    let mut list = diagnostics.into_sorted();
    // A file that speaks of several collections is compiled for each: one mistake is shown once.
    list.dedup_by(|a, b| {
        a.code() == b.code()
            && a.place().map(|place| (place.offset, place.len)) == b.place().map(|place| (place.offset, place.len))
            && a.place().map(|place| place.source.name()) == b.place().map(|place| place.source.name())
    });
    Err(list)
}

/// The plan of one collection, and the mistakes in what it is made of.
fn plan(
    schemas: &Schemas,
    rules: &RuleSet,
    collection: &Arc<Collection>,
    as_of: Option<i64>,
    version: &str,
) -> (Plan, Diagnostics) {
    let mut diagnostics = Diagnostics::default();
    let files: Vec<&(Source, RuleFileSpec)> =
        rules.files.iter().filter(|(_, file)| speaks_of(file, collection)).collect();
    let mut builder = Builder {
        schemas,
        collection,
        as_of,
        is_partial: rules.is_partial,
        program: Program::default(),
        rules: Vec::new(),
        diagnostics: &mut diagnostics,
    };
    // What is made by folding is neither required nor written by anybody.
    let requirements =
        if collection.folds.is_some() { builder.no_requirements(&files) } else { builder.requirements(&files) };
    if collection.folds.is_none() {
        builder.values();
    }
    builder.checks(&files);
    builder.submission(&files);
    let (program, rules) = (builder.program, builder.rules);
    let fold = collection
        .folds
        .as_ref()
        .and_then(|folds| fold::compile(schemas, collection, folds, as_of, version, &mut diagnostics));
    let assumptions = files.iter().filter_map(|(_, file)| file.assumption.clone().map(Into::into)).collect();
    let plan = Plan {
        collection: Arc::clone(collection),
        fold: fold.map(Arc::new),
        codelists: schemas.codelists.clone(),
        rules,
        requirements,
        program,
        assumptions,
        as_of,
        version: version.to_owned(),
    };
    (plan, diagnostics)
}

/// Whether a file has rules on the collection. What holds of all submissions is not for one that nobody submits.
fn speaks_of(file: &RuleFileSpec, collection: &Collection) -> bool {
    let is_submitted = collection.folds.is_none();
    file.collections.value.iter().any(|name| name.value == collection.id || (name.value == "*" && is_submitted))
}

/// What concerns files as such: unknown collections, ids used twice, versions, missing texts.
fn check_files(schemas: &Schemas, rules: &RuleSet, diagnostics: &mut Diagnostics) {
    let mut ids: BTreeMap<&str, Vec<Version<'_>>> = BTreeMap::new();
    for (source, file) in &rules.files {
        if file.collections.value.is_empty() {
            diagnostics.push(file.collections.diagnostic(
                source,
                "rule::no_collection",
                "the file speaks of no collection",
                "name at least one",
            ));
        }
        for name in file
            .collections
            .value
            .iter()
            .filter(|name| name.value != "*" && !schemas.collections.contains_key(&name.value))
        {
            diagnostics.push(
                name.diagnostic(
                    source,
                    "rule::unknown_collection",
                    format!("no collection `{}`", name.value),
                    "no such schema",
                )
                .help_if(did_you_mean(&name.value, schemas.collections.keys().map(String::as_str))),
            );
        }
        for (name, requirement) in &file.requirements.0 {
            requirement_versions(source, name, &requirement.value.long, diagnostics);
        }
        let checks = file
            .checks
            .iter()
            .map(|check| (&check.id, &check.title, &check.fix, check.why.as_ref(), check.valid.as_ref()));
        let submission =
            file.submission.iter().map(|check| (&check.id, &check.title, &check.fix, check.why.as_ref(), None));
        for (id, title, fix, why, valid) in checks.chain(submission) {
            if let Some(valid) = valid {
                validity::days(valid, source, diagnostics);
            }
            let version = Version { source, name: id, valid };
            let others = ids.entry(&id.value).or_default();
            if let (Some(first), true) =
                (others.first(), others.iter().all(|other| other.valid.is_none()) && valid.is_none())
            {
                diagnostics.push(
                    id.diagnostic(
                        source,
                        "rule::id_used",
                        format!("rule id `{}` is used twice", id.value),
                        "used again here",
                    )
                    .and_at(first.name.place(first.source), "first used here")
                    .help("ids are permanent and never reused: take the next free one, or give each version of one rule `valid`"),
                );
            } else {
                let what = format!("rule `{}`", id.value);
                let disagreement = others.iter().find_map(|other| validity::disagreement(&what, *other, version));
                if let Some(mistake) = disagreement {
                    diagnostics.push(mistake);
                }
            }
            others.push(version);
            let shape = id.value.split_once('-').is_some_and(|(prefix, rest)| {
                prefix.len() >= 2
                    && prefix.bytes().all(|byte| byte.is_ascii_uppercase())
                    && rest.len() >= 3
                    && rest.bytes().all(|byte| byte.is_ascii_digit())
            });
            if !shape {
                diagnostics.push(id.diagnostic(
                    source,
                    "rule::bad_id",
                    format!("`{}` is not a rule id such as SVG-0101", id.value),
                    "this id",
                ));
            }
            require_text(title, "title", id, source, diagnostics);
            require_text(fix, "fix", id, source, diagnostics);
            if let Some(why) = why {
                require_text(why, "why", id, source, diagnostics);
            }
        }
        let own = file.checks.iter().map(|check| (&check.id, check.source.as_ref()));
        let of_submission = file.submission.iter().map(|check| (&check.id, check.source.as_ref()));
        for (id, stated) in own.chain(of_submission) {
            if let Some(stated) = stated {
                require_source(stated, &id.place(source), diagnostics);
            }
        }
        require_source(&file.source, &file.collections.place(source), diagnostics);
    }
}

/// The versions of one requirement level, each with `valid` where there are several.
fn requirement_versions(
    source: &Source,
    name: &Spanned<String>,
    levels: &[LongRequirementSpec],
    diagnostics: &mut Diagnostics,
) {
    let what = format!("the level of `{}`", name.value);
    let mut earlier: Vec<Version<'_>> = Vec::new();
    for level in levels {
        let version = Version { source, name: &level.level, valid: level.valid.as_ref() };
        if let Some(valid) = &level.valid {
            validity::days(valid, source, diagnostics);
            if valid.by.value == name.value {
                diagnostics.push(
                    valid
                        .by
                        .diagnostic(
                            source,
                            "rule::dated_by_itself",
                            format!("{what} is chosen by the very value that it speaks of"),
                            "where it is blank, no version can be chosen",
                        )
                        .help("choose the version by another date of the record"),
                );
            }
        }
        let disagreement = earlier.iter().find_map(|other| validity::disagreement(&what, *other, version));
        if let Some(mistake) = disagreement {
            diagnostics.push(mistake);
        }
        earlier.push(version);
    }
}

/// A fingerprint of every schema and rule as written, so that a report can say what it was checked against.
fn version(schemas: &Schemas, rules: &RuleSet, as_of: Option<i64>) -> String {
    let mut fingerprint = Fingerprint::default();
    let mut add = |text: &str| fingerprint.text(text);
    if let Some(day) = as_of {
        add(&format!("as of {day}"));
    }
    for (source, _) in &rules.files {
        add(source.text());
    }
    for collection in schemas.collections.values() {
        add(&format!("{collection:?}"));
    }
    for name in schemas.codelists.names() {
        add(name);
        for entry in schemas.codelists.get(name).into_iter().flat_map(|list| list.entries()) {
            add(&format!("{} {:?}", entry.code, entry.periods()));
        }
    }
    fingerprint.hex()
}

/// The first day, for ordering versions; `None`, before all others, where there is none or it is no date.
fn first_day(valid: &ValiditySpec, source: &Source) -> Option<i64> {
    validity::days(valid, source, &mut Diagnostics::default())?.from
}

struct Builder<'a> {
    schemas: &'a Schemas,
    collection: &'a Collection,
    /// The day that dated rules and levels are chosen by, instead of dates of records.
    as_of: Option<i64>,
    is_partial: bool,
    program: Program,
    rules: Vec<Rule>,
    diagnostics: &'a mut Diagnostics,
}

impl Builder<'_> {
    fn lower(&mut self, text: &Spanned<String>, source: &Source) -> Option<BoolNode> {
        let scope = Scope { collection: self.collection, codelists: &self.schemas.codelists };
        sql::lower_bool(text, source, scope, &mut self.program, self.diagnostics)
    }

    /// A condition in words; `None` where it is always true.
    fn in_words(&self, condition: BoolNode) -> Option<Text> {
        let (collection, codelists) = (self.collection, &self.schemas.codelists);
        sentence::condition(Dictionary { collection, codelists, program: &self.program }, condition)
    }

    fn find(&mut self, name: &Spanned<String>, source: &Source) -> Option<VariableIndex> {
        let found = self.collection.variable(&name.value);
        if found.is_none() {
            let known = self.collection.variables.iter().map(|variable| variable.id.as_str());
            self.diagnostics.push(
                name.diagnostic(
                    source,
                    "rule::unknown_variable",
                    format!("`{}` is no variable of `{}`", name.value, self.collection.id),
                    "unknown variable",
                )
                .help_if(did_you_mean(&name.value, known)),
            );
        }
        found
    }

    fn checks(&mut self, files: &[&(Source, RuleFileSpec)]) {
        let mut checks: Vec<(&Source, &RuleFileSpec, &CheckSpec)> = files
            .iter()
            .flat_map(|(source, file)| file.checks.iter().map(move |check| (source, file, check)))
            .collect();
        // Versions of one rule in the order of their days.
        checks.sort_by_cached_key(|(source, _, check)| {
            (check.id.value.clone(), check.valid.as_ref().map(|valid| first_day(valid, source)))
        });
        for (source, file, check) in checks {
            if let Some(rule) = self.check(source, file, check) {
                self.rules.push(rule);
            }
        }
    }

    fn check(&mut self, source: &Source, file: &RuleFileSpec, spec: &CheckSpec) -> Option<Rule> {
        let always = self.program.always();
        // Every part is lowered before the first failure is acted on, so that all mistakes are shown.
        let when = spec.when.as_ref().map_or(Some(always), |when| self.lower(when, source));
        let assertion = self.lower(&spec.assertion, source);
        let validity = match &spec.valid {
            Some(valid) => self.validity(valid, source).map(|(valid, node)| (Some(valid), node)),
            None => Some((None, always)),
        };
        let scope = Scope { collection: self.collection, codelists: &self.schemas.codelists };
        let detail = match &spec.detail {
            Some(detail) => Some(sql::lower_int(detail, source, scope, &mut self.program, self.diagnostics)?),
            None => None,
        };
        let tests = self.tests(&spec.id.value, &spec.tests, &spec.id, source);
        let accepts = self.acceptances(&spec.accepts, source);
        let survivors = self.survivors(&spec.survivors, source);
        let history = history::changes(&spec.history, source, self.diagnostics);
        let faulty =
            spec.faulty.as_ref().map(|names| names.iter().map(|name| self.find(name, source)).collect::<Vec<_>>());
        let (when, assertion, (valid, is_valid)) = (when?, assertion?, validity?);
        if self.program.bools[assertion.0 as usize] == BoolExpr::Constant(Some(true)) {
            self.diagnostics.push(spec.assertion.diagnostic(
                source,
                "rule::always_true",
                format!("rule `{}` can never be violated", spec.id.value),
                "always true",
            ));
        }
        let faulty = match faulty {
            Some(found) => found.into_iter().collect::<Option<Vec<_>>>()?,
            None => self.program.inputs(&[assertion], None).variables,
        };
        let triggers = self
            .program
            .inputs(&[when, assertion], None)
            .variables
            .into_iter()
            .filter(|variable| !faulty.contains(variable))
            .collect();
        let when = self.program.bool(BoolExpr::And(vec![is_valid, when]));
        let inputs = self.program.inputs(&[when, assertion], detail);
        Some(Rule {
            id: RuleId(spec.id.value.clone()),
            kind: RuleKind::Check,
            severity: spec.severity.into(),
            title: spec.title.clone().into(),
            why: spec.why.clone().map(Into::into),
            fix: spec.fix.clone().into(),
            source: spec.source.clone().unwrap_or_else(|| file.source.clone()).into(),
            faulty,
            triggers,
            detail_unit: spec.detail_unit.clone().map(TextSpec::into),
            when_text: spec.when.as_ref().map(|text| text.value.clone()),
            assert_text: Some(spec.assertion.value.clone()),
            valid,
            check: Check::Record(RecordCheck {
                when,
                assert: assertion,
                detail,
                inputs: inputs.variables,
                parameters: inputs.parameters,
                missing_columns: spec.missing_columns.into(),
            }),
            tests,
            accepts,
            survivors,
            history,
            origin: Origin {
                rule: Some(spec.id.place(source)),
                when: spec.when.as_ref().map(|text| text.place(source)),
                assert: Some(spec.assertion.place(source)),
            },
        })
    }

    /// The days of `spec`, and where they are those of a record, or the day that the rules are compiled for.
    fn validity(&mut self, spec: &ValiditySpec, source: &Source) -> Option<(Validity, BoolNode)> {
        let by = self.find(&spec.by, source)?;
        if !matches!(self.collection.get(by).domain, Domain::Timestamp { .. }) {
            self.diagnostics.push(spec.by.diagnostic(
                source,
                "rule::not_a_date",
                format!("`{}` is no timestamp", spec.by.value),
                "validity is chosen by a date",
            ));
            return None;
        }
        // Mistakes in the days are told once, with the file (`check_files`).
        let Days { from, until } = validity::days(spec, source, &mut Diagnostics::default())?;
        let literal = |day: i64| TimeExpr::Literal(day.saturating_mul(time::DAY), false);
        let date = self.program.time(self.as_of.map_or(TimeExpr::Variable(by), literal));
        let mut bounds = Vec::new();
        for (bound, comparison) in [(from, Comparison::GreaterOrEqual), (until, Comparison::LessOrEqual)] {
            let Some(day) = bound else { continue };
            let day = self.program.time(literal(day));
            bounds.push(self.program.bool(BoolExpr::CompareTime(comparison, date, day)));
        }
        Some((Validity { from, until, by }, self.program.bool(BoolExpr::And(bounds))))
    }

    fn submission(&mut self, files: &[&(Source, RuleFileSpec)]) {
        let mut checks: Vec<(&Source, &RuleFileSpec, &SubmissionSpec)> = files
            .iter()
            .flat_map(|(source, file)| file.submission.iter().map(move |check| (source, file, check)))
            .collect();
        checks.sort_by(|a, b| a.2.id.value.cmp(&b.2.id.value));
        for (source, file, spec) in checks {
            let kind = match &spec.check.value {
                SubmissionKindSpec::Unique(unique) => {
                    let variables: Vec<_> = unique.variables.iter().map(|name| self.find(name, source)).collect();
                    let within: Vec<_> = unique.within.iter().map(|name| self.find(name, source)).collect();
                    if variables.is_empty() {
                        self.diagnostics.push(spec.check.diagnostic(
                            source,
                            "rule::empty_key",
                            "a key needs at least one variable",
                            "this check",
                        ));
                    }
                    let (Some(variables), Some(within)) =
                        (variables.into_iter().collect(), within.into_iter().collect())
                    else {
                        continue;
                    };
                    SubmissionKind::Unique { variables, within }
                }
                SubmissionKindSpec::RequiredColumns(_) => SubmissionKind::RequiredColumns,
                SubmissionKindSpec::KnownColumns(_) => SubmissionKind::KnownColumns,
                SubmissionKindSpec::RecordCount(_) => SubmissionKind::RecordCount,
                SubmissionKindSpec::NotEmpty(_) => SubmissionKind::NotEmpty,
                SubmissionKindSpec::Readable(_) => SubmissionKind::Readable,
            };
            let (faulty, triggers) = match &kind {
                SubmissionKind::Unique { variables, within } => (variables.clone(), within.clone()),
                _ => (Vec::new(), Vec::new()),
            };
            let tests = self.submission_tests(spec, source);
            let history = history::changes(&spec.history, source, self.diagnostics);
            self.rules.push(Rule {
                id: RuleId(spec.id.value.clone()),
                kind: RuleKind::Submission,
                severity: spec.severity.into(),
                title: spec.title.clone().into(),
                why: spec.why.clone().map(Into::into),
                fix: spec.fix.clone().into(),
                source: spec.source.clone().unwrap_or_else(|| file.source.clone()).into(),
                faulty,
                triggers,
                detail_unit: None,
                when_text: None,
                assert_text: None,
                valid: None,
                check: Check::Submission(kind),
                tests,
                accepts: Vec::new(),
                survivors: Vec::new(),
                history,
                origin: Origin {
                    rule: Some(spec.id.place(source)),
                    when: None,
                    assert: Some(spec.check.place(source)),
                },
            });
        }
    }
}
