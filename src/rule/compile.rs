//! From a rule set as written, and the schemas, to one [`Plan`] a collection.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::expr::{BoolExpr, BoolNode, Comparison, Parameter, Program, TimeExpr};
use super::history::{self, Change};
use super::load::RuleSet;
use super::sentence::{self, Dictionary};
use super::spec::{
    AcceptanceSpec, CheckSpec, LongRequirementSpec, RequirementSpec, RuleFileSpec, SubmissionKindSpec, SubmissionSpec,
    SurvivorSpec, TestSpec, ValiditySpec,
};
use super::sql::{self, Scope};
use super::testing::{ArguedSurvivor, RuleTest, TestInput};
use super::validity::{self, Days, Validity, Version};
use super::{
    Acceptance, Check, MissingColumns, Origin, Plan, RecordCheck, Requirement, RequirementVersion, Rule, RuleKind,
    SubmissionKind, derived,
};
use crate::diag::{Diagnostic, Diagnostics, Place, Source, did_you_mean};
use crate::model::{Fingerprint, Level, RuleId, Severity, SourceReference, Text, VariableIndex, Verdict};
use crate::schema::spec::{TextSpec, require_source, require_text};
use crate::schema::{Collection, Domain, Schemas};
use crate::time;
use crate::yaml::{Spanned, SpannedMap};

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
    let mut plans = BTreeMap::new();
    for collection in schemas.collections.values() {
        let files: Vec<&(Source, RuleFileSpec)> =
            rules.files.iter().filter(|(_, file)| speaks_of(file, &collection.id)).collect();
        let mut builder = Builder {
            schemas,
            collection,
            as_of,
            is_partial: rules.is_partial,
            program: Program::default(),
            rules: Vec::new(),
            diagnostics: &mut diagnostics,
        };
        let requirements = builder.requirements(&files);
        builder.values();
        builder.checks(&files);
        builder.submission(&files);
        let (program, rules) = (builder.program, builder.rules);
        let assumptions = files.iter().filter_map(|(_, file)| file.assumption.clone().map(Into::into)).collect();
        let plan = Plan {
            collection: Arc::clone(collection),
            codelists: schemas.codelists.clone(),
            rules,
            requirements,
            program,
            assumptions,
            as_of,
            version: version.clone(),
        };
        plans.insert(collection.id.clone(), Arc::new(plan));
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

fn speaks_of(file: &RuleFileSpec, collection: &str) -> bool {
    file.collections.value.iter().any(|name| name.value == collection || name.value == "*")
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
            add(&format!("{} {:?} {:?}", entry.code, entry.valid_from, entry.valid_to));
        }
    }
    fingerprint.hex()
}

/// Warnings of `rules check` that a rule can accept, with a reason.
const ACCEPTABLE: [&str; 4] = ["logic::condition_always_true", "logic::implied", "logic::same", "logic::undecided"];
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

/// What a derived rule is made of, apart from its texts.
struct Derived {
    letter: char,
    kind: RuleKind,
    severity: Severity,
    variable: VariableIndex,
    valid: Option<Validity>,
    when: BoolNode,
    assertion: BoolNode,
    when_text: Option<String>,
    why: Option<Text>,
    source: SourceReference,
    tests: Vec<RuleTest>,
    accepts: Vec<Acceptance>,
    survivors: Vec<ArguedSurvivor>,
    history: Vec<Change>,
    origin: Origin,
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

    /// Levels: one requirement a variable, and the rules that follow from it.
    fn requirements(&mut self, files: &[&(Source, RuleFileSpec)]) -> Vec<Requirement> {
        let mut stated: BTreeMap<usize, (&Source, &Spanned<String>, &Spanned<RequirementSpec>)> = BTreeMap::new();
        for (source, file) in files {
            for (name, requirement) in &file.requirements.0 {
                let Some(VariableIndex(index)) = self.find(name, source) else { continue };
                if let Some((other_source, other, _)) = stated.insert(index, (source, name, requirement)) {
                    self.diagnostics.push(
                        name.diagnostic(
                            source,
                            "rule::requirement_repeated",
                            format!("the requirement of `{}` is stated twice", name.value),
                            "again here",
                        )
                        .and_at(other.place(other_source), "first here"),
                    );
                }
            }
        }
        let never = self.program.bool(BoolExpr::Constant(Some(false)));
        let mut requirements = Vec::new();
        for index in 0..self.collection.variables.len() {
            let requirement = match stated.get(&index) {
                Some((source, name, requirement)) => self.requirement(VariableIndex(index), source, name, requirement),
                // It may be stated in the file that could not be read.
                None if self.is_partial => None,
                None => {
                    let variable = &self.collection.variables[index];
                    let diagnostic = Diagnostic::new(
                        "rule::missing_requirement",
                        format!(
                            "no rule file states the requirement level of `{}` in `{}`",
                            variable.id, self.collection.id
                        ),
                    );
                    let first = files.iter().find(|(_, file)| !file.requirements.0.is_empty());
                    let diagnostic = match first
                        .and_then(|(source, file)| file.requirements.0.first().map(|(name, _)| name.place(source)))
                    {
                        Some(place) => diagnostic.at(place, "the levels stated here lack it"),
                        None => diagnostic,
                    };
                    self.diagnostics.push(
                        diagnostic
                            .help(format!("add `{}: voluntary` or another level under `requirements`", variable.id)),
                    );
                    None
                }
            };
            requirements.push(requirement.unwrap_or(Requirement {
                level: Level::Voluntary,
                required: never,
                required_when_text: None,
                versions: Vec::new(),
            }));
        }
        requirements
    }

    /// The level of one variable, or its versions put together.
    fn requirement(
        &mut self,
        variable: VariableIndex,
        source: &Source,
        name: &Spanned<String>,
        spec: &Spanned<RequirementSpec>,
    ) -> Option<Requirement> {
        let none = LongRequirementSpec {
            level: name.clone(),
            required_when: None,
            relevant_when: None,
            valid: None,
            severity: None,
            irrelevant_severity: None,
            why: None,
            source: None,
            tests: Vec::new(),
            irrelevant_tests: Vec::new(),
            accepts: Vec::new(),
            survivors: Vec::new(),
            history: Vec::new(),
        };
        if let Some(word) = &spec.value.short {
            return self
                .dated_requirement(variable, source, name, (word, spec.place(source)), &none)
                .map(|(level, _)| level);
        }
        if spec.value.long.is_empty() {
            self.diagnostics.push(
                Diagnostic::new("rule::no_level", format!("`{}` has no requirement level", name.value))
                    .at(spec.place(source), "an empty list")
                    .help("state a level such as `voluntary`"),
            );
        }
        let mut versions: Vec<&LongRequirementSpec> = spec.value.long.iter().collect();
        versions.sort_by_key(|long| long.valid.as_ref().map(|valid| first_day(valid, source)));
        let mut compiled = Vec::new();
        for long in versions {
            let word = (long.level.value.as_str(), long.level.place(source));
            compiled.push(self.dated_requirement(variable, source, name, word, long));
        }
        let mut compiled = compiled.into_iter().collect::<Option<Vec<_>>>()?;
        match compiled.as_slice() {
            [(_, None)] => compiled.pop().map(|(requirement, _)| requirement),
            _ => Some(self.put_together(compiled)),
        }
    }

    /// One requirement out of versions, in the order of their days.
    fn put_together(&mut self, versions: Vec<(Requirement, Option<Validity>)>) -> Requirement {
        let never = self.program.bool(BoolExpr::Constant(Some(false)));
        let required = self.program.bool(BoolExpr::Or(versions.iter().map(|(one, _)| one.required).collect()));
        let condition = |(one, valid): &(Requirement, Option<Validity>)| {
            let days = valid.as_ref().map(|valid| valid.condition_text(self.collection));
            (one.required != never).then(|| {
                let parts = days.into_iter().chain(one.required_when_text.as_ref().map(|text| format!("({text})")));
                parts.collect::<Vec<_>>().join(" AND ")
            })
        };
        let texts: Vec<String> = versions.iter().filter_map(condition).collect();
        let in_force = |valid: &Option<Validity>| match (self.as_of, valid) {
            (Some(day), Some(valid)) => valid.covers(day),
            _ => true,
        };
        let mut levels = versions.iter().filter(|(_, valid)| in_force(valid)).map(|(one, _)| one.level);
        let (level, required_when_text) = match self.as_of {
            // Of that day: one level, or none at all.
            Some(_) => {
                let of_day = versions.iter().find(|(_, valid)| in_force(valid)).map(|(one, _)| one);
                let text = of_day.and_then(|one| one.required_when_text.clone());
                (of_day.map_or(Level::Voluntary, |one| one.level), text)
            }
            None if required == never => (levels.next_back().unwrap_or(Level::Voluntary), None),
            None => (Level::Conditional, Some(texts.join(" OR "))),
        };
        let versions = versions
            .into_iter()
            .filter_map(|(one, valid)| Some(RequirementVersion { level: one.level, valid: valid? }))
            .collect();
        Requirement { level, required, required_when_text, versions }
    }

    /// One version of a variable's level, and the rules that follow from it.
    fn dated_requirement(
        &mut self,
        variable: VariableIndex,
        source: &Source,
        name: &Spanned<String>,
        (word, place): (&str, Place),
        long: &LongRequirementSpec,
    ) -> Option<(Requirement, Option<Validity>)> {
        let Some(level) = Level::ALL.into_iter().find(|level| level.as_str() == word) else {
            let help = did_you_mean(word, Level::ALL.map(Level::as_str))
                .unwrap_or_else(|| format!("the levels are {}", Level::ALL.map(Level::as_str).join(", ")));
            self.diagnostics.push(
                Diagnostic::new("rule::unknown_level", format!("`{word}` is no requirement level"))
                    .at(place, "this level")
                    .help(help),
            );
            return None;
        };
        if level == Level::Conditional && long.required_when.is_none() && long.relevant_when.is_none() {
            self.diagnostics.push(
                Diagnostic::new(
                    "rule::no_condition",
                    format!("`{}` is conditional, but no condition is stated", name.value),
                )
                .at(place.clone(), "this level")
                .help("add `required_when: \"…\"`"),
            );
        }
        if level != Level::Conditional
            && let Some(condition) = long.required_when.as_ref().or(long.relevant_when.as_ref())
        {
            self.diagnostics.push(condition.diagnostic(
                source,
                "rule::condition_without_effect",
                format!("a condition says nothing about a variable that is {word}"),
                "remove it, or make the level `conditional`",
            ));
        }
        let item = self.collection.get(variable).clone();
        let rule_source: SourceReference = long.source.clone().map_or_else(|| item.source.clone(), Into::into);
        let always = self.program.always();
        let never = self.program.bool(BoolExpr::Constant(Some(false)));
        let required = match (level, &long.required_when) {
            (Level::Mandatory, _) => always,
            (Level::Conditional, Some(condition)) => self.lower(condition, source)?,
            _ => never,
        };
        let relevant = match &long.relevant_when {
            Some(condition) => Some(self.lower(condition, source)?),
            None => None,
        };
        let (valid, is_valid) = match &long.valid {
            Some(valid) => self.validity(valid, source).map(|(valid, node)| (Some(valid), node))?,
            None => (None, always),
        };
        let required_when_text = long.required_when.as_ref().map(|text| text.value.clone());
        let filled = self.program.is_filled(variable);
        let why: Option<Text> = long.why.clone().map(Into::into);
        let history = history::changes(&long.history, source, self.diagnostics);
        let record = |expected: Verdict, value: Option<&String>| RuleTest {
            expected,
            input: TestInput::Record {
                values: value
                    .map(|value| (variable, value.clone()))
                    .into_iter()
                    .chain(valid.map(|valid| (valid.by, format!("{}T12:00", time::format_day(valid.some_day())))))
                    .collect(),
                parameters: Vec::new(),
            },
            place: None,
        };
        let accepts = self.acceptances(&long.accepts, source);
        let survivors = self.survivors(&long.survivors, source);
        let example = item.valid_examples.first();
        let origin = |condition: Option<&Spanned<String>>| Origin {
            rule: Some(name.place(source)),
            when: condition.map(|text| text.place(source)),
            assert: None,
        };
        if required != never {
            let tests = if level == Level::Conditional {
                let rule = format!("{}-K-{}", self.collection.prefix, item.id);
                self.tests(&rule, &long.tests, name, source)
            } else {
                vec![record(Verdict::Violated, None), record(Verdict::Satisfied, example)]
            };
            let texts = derived::required(&item, self.in_words(required).as_ref());
            let severity = long.severity.map_or(Severity::Error, Into::into);
            let derived = Derived {
                letter: 'K',
                kind: RuleKind::Required,
                severity,
                variable,
                valid,
                when: self.program.bool(BoolExpr::And(vec![is_valid, required])),
                assertion: filled,
                when_text: required_when_text.clone(),
                why: why.clone(),
                source: rule_source.clone(),
                tests,
                accepts: accepts.clone(),
                survivors: survivors.clone(),
                history: history.clone(),
                origin: origin(long.required_when.as_ref()),
            };
            self.push_derived(derived, texts);
        }
        let unwanted = match level {
            Level::Conditional => relevant.map(|relevant| {
                (
                    relevant,
                    derived::irrelevant(&item, self.in_words(relevant).as_ref()),
                    long.irrelevant_severity.map_or(Severity::Error, Into::into),
                )
            }),
            Level::NotIncluded => {
                Some((never, derived::irrelevant(&item, None), long.severity.map_or(Severity::Error, Into::into)))
            }
            Level::FetchedSeparately => Some((never, derived::fetched_separately(&item), Severity::Note)),
            _ => None,
        };
        if let Some((allowed, texts, severity)) = unwanted {
            let tests = if level == Level::Conditional {
                let rule = format!("{}-I-{}", self.collection.prefix, item.id);
                self.tests(&rule, &long.irrelevant_tests, name, source)
            } else {
                vec![record(Verdict::Satisfied, None), record(Verdict::Violated, example)]
            };
            let blank = self.program.bool(BoolExpr::IsBlank(variable));
            let assertion = self.program.bool(BoolExpr::Or(vec![blank, allowed]));
            let when_text = long.relevant_when.as_ref().map(|text| text.value.clone());
            let derived = Derived {
                letter: 'I',
                kind: RuleKind::Irrelevant,
                severity,
                variable,
                valid,
                when: is_valid,
                assertion,
                when_text,
                why,
                source: rule_source,
                tests,
                accepts,
                survivors,
                history,
                origin: origin(long.relevant_when.as_ref()),
            };
            self.push_derived(derived, texts);
        }
        let required = self.program.bool(BoolExpr::And(vec![is_valid, required]));
        Some((Requirement { level, required, required_when_text, versions: Vec::new() }, valid))
    }

    /// Value domains: type, format, code list, range, and official lists.
    fn values(&mut self) {
        for index in 0..self.collection.variables.len() {
            let variable = VariableIndex(index);
            let item = self.collection.variables[index].clone();
            let filled = self.program.is_filled(variable);
            let record = |expected: Verdict, value: &String| RuleTest {
                expected,
                input: TestInput::Record { values: vec![(variable, value.clone())], parameters: Vec::new() },
                place: None,
            };
            if !matches!(item.domain, Domain::Text { format: None, max_length: None, .. }) {
                let assertion = self.program.bool(BoolExpr::ValueOk(variable));
                let tests = item
                    .valid_examples
                    .iter()
                    .map(|value| record(Verdict::Satisfied, value))
                    .chain(item.invalid_examples.iter().map(|value| record(Verdict::Violated, value)))
                    .collect();
                let texts = derived::value(&item);
                let derived = Derived {
                    letter: 'V',
                    kind: RuleKind::Value,
                    severity: item.value_severity,
                    variable,
                    valid: None,
                    when: filled,
                    assertion,
                    when_text: None,
                    why: None,
                    source: item.source.clone(),
                    tests,
                    accepts: Vec::new(),
                    survivors: Vec::new(),
                    history: Vec::new(),
                    origin: Origin::default(),
                };
                self.push_derived(derived, texts);
            }
            if let Domain::Text { official_list: Some(list), .. } = &item.domain {
                let assertion = self.program.bool(BoolExpr::OfficialOk(variable));
                let tests = item
                    .valid_examples
                    .first()
                    .map(|value| {
                        [(Verdict::Satisfied, true), (Verdict::Violated, false)].map(|(expected, listed)| RuleTest {
                            expected,
                            input: TestInput::OfficialCode { variable, value: value.clone(), listed },
                            place: None,
                        })
                    })
                    .into_iter()
                    .flatten()
                    .collect();
                let texts = derived::official_code(&item, list);
                let derived = Derived {
                    letter: 'O',
                    kind: RuleKind::OfficialCode,
                    severity: Severity::Warning,
                    variable,
                    valid: None,
                    when: filled,
                    assertion,
                    when_text: None,
                    why: None,
                    source: item.source.clone(),
                    tests,
                    accepts: Vec::new(),
                    survivors: Vec::new(),
                    history: Vec::new(),
                    origin: Origin::default(),
                };
                self.push_derived(derived, texts);
            }
        }
    }

    fn push_derived(&mut self, derived: Derived, (title, fix): (Text, Text)) {
        let inputs = self.program.inputs(&[derived.when, derived.assertion], None);
        let id = RuleId(format!(
            "{}-{}-{}",
            self.collection.prefix,
            derived.letter,
            self.collection.get(derived.variable).id
        ));
        let triggers = inputs.variables.iter().copied().filter(|variable| *variable != derived.variable).collect();
        self.rules.push(Rule {
            id,
            kind: derived.kind,
            severity: derived.severity,
            title,
            why: derived.why,
            fix,
            source: derived.source,
            faulty: vec![derived.variable],
            triggers,
            detail_unit: None,
            when_text: derived.when_text,
            assert_text: None,
            valid: derived.valid,
            check: Check::Record(RecordCheck {
                when: derived.when,
                assert: derived.assertion,
                detail: None,
                inputs: inputs.variables,
                parameters: inputs.parameters,
                missing_columns: MissingColumns::Skip,
            }),
            tests: derived.tests,
            accepts: derived.accepts,
            survivors: derived.survivors,
            history: derived.history,
            origin: derived.origin,
        });
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

    /// Warnings that are meant to be so. Whether the other rule is there is seen when they are used.
    fn acceptances(&mut self, specs: &[AcceptanceSpec], source: &Source) -> Vec<Acceptance> {
        let mut acceptances = Vec::new();
        for spec in specs {
            if !ACCEPTABLE.contains(&spec.warning.value.as_str()) {
                self.diagnostics.push(
                    spec.warning
                        .diagnostic(
                            source,
                            "rule::unknown_warning",
                            format!("`{}` is no warning that a rule can accept", spec.warning.value),
                            "this code",
                        )
                        .help(
                            did_you_mean(&spec.warning.value, ACCEPTABLE)
                                .unwrap_or_else(|| format!("those are {}", ACCEPTABLE.join(", "))),
                        ),
                );
                continue;
            }
            require_text(&spec.because, "because", &spec.warning, source, self.diagnostics);
            acceptances.push(Acceptance {
                warning: spec.warning.value.clone(),
                with: spec.with.as_ref().map(|with| RuleId(with.value.clone())),
                because: spec.because.clone().into(),
                place: spec.warning.place(source),
            });
        }
        acceptances
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

    /// The tests of a rule that concern this collection. A rule without a satisfied and a violated test is refused.
    fn tests(
        &mut self,
        rule: &str,
        specs: &[Spanned<TestSpec>],
        id: &Spanned<String>,
        source: &Source,
    ) -> Vec<RuleTest> {
        let mut tests = Vec::new();
        for written in specs {
            let spec = &written.value;
            if let Some(name) = &spec.collection
                && !self.schemas.collections.contains_key(&name.value)
            {
                self.diagnostics.push(
                    name.diagnostic(
                        source,
                        "rule::unknown_collection",
                        format!("no collection `{}`", name.value),
                        "no such schema",
                    )
                    .help_if(did_you_mean(&name.value, self.schemas.collections.keys().map(String::as_str))),
                );
            }
            let stated: Vec<_> = [
                (Verdict::Satisfied, &spec.satisfied),
                (Verdict::Violated, &spec.violated),
                (Verdict::NotApplicable, &spec.not_applicable),
                (Verdict::NotChecked, &spec.not_checked),
            ]
            .into_iter()
            .filter_map(|(verdict, record)| record.as_ref().map(|record| (verdict, record)))
            .collect();
            let [(expected, record)] = stated.as_slice() else {
                self.diagnostics.push(
                    id.diagnostic(
                        source,
                        "rule::test_form",
                        format!("a test of `{rule}` names {} verdicts", stated.len()),
                        "of this rule",
                    )
                    .help("each test has exactly one of satisfied, violated, not_applicable, not_checked"),
                );
                continue;
            };
            if spec.collection.as_ref().is_some_and(|name| name.value != self.collection.id) {
                continue;
            }
            if let Some(input) = self.test_record(record, source) {
                tests.push(RuleTest { expected: *expected, input, place: Some(written.place(source)) });
            }
        }
        for wanted in [Verdict::Satisfied, Verdict::Violated] {
            if !tests.iter().any(|test| test.expected == wanted) {
                self.diagnostics.push(
                    id.diagnostic(
                        source,
                        "rule::missing_test",
                        format!("rule `{rule}` has no {} test in `{}`", wanted.as_str(), self.collection.id),
                        "of this rule",
                    )
                    .help("every rule has at least one satisfied and one violated test"),
                );
            }
        }
        tests
    }

    /// The changes that a rule argues for. They are lowered as the rule is, so that one that cannot be read is pointed at.
    fn survivors(&mut self, specs: &[SurvivorSpec], source: &Source) -> Vec<ArguedSurvivor> {
        let mut survivors = Vec::new();
        for spec in specs {
            require_text(&spec.because, "because", &spec.mutant, source, self.diagnostics);
            if let Some(mutant) = self.lower(&spec.mutant, source) {
                survivors.push(ArguedSurvivor {
                    mutant,
                    text: spec.mutant.value.clone(),
                    because: spec.because.clone().into(),
                    place: spec.mutant.place(source),
                });
            }
        }
        survivors
    }

    fn test_record(&mut self, record: &SpannedMap<Spanned<String>>, source: &Source) -> Option<TestInput> {
        let (mut values, mut parameters) = (Vec::new(), Vec::new());
        let mut sound = true;
        for (name, value) in &record.0 {
            if let Some(function) = name.value.strip_suffix("()") {
                match Parameter::ALL.into_iter().find(|parameter| parameter.function() == function) {
                    Some(parameter) => {
                        if parameter != Parameter::StatedRegion && time::parse_day(&value.value).is_none() {
                            self.diagnostics.push(value.diagnostic(
                                source,
                                "rule::bad_date",
                                format!("`{}` is not a date as 2022-01-03", value.value),
                                "this date",
                            ));
                        }
                        parameters.push((parameter, value.value.clone()));
                    }
                    None => {
                        sound = false;
                        let help = did_you_mean(function, Parameter::ALL.map(Parameter::function));
                        self.diagnostics.push(
                            name.diagnostic(
                                source,
                                "rule::unknown_function",
                                format!("no parameter `{}`", name.value),
                                "this one",
                            )
                            .help_if(help),
                        );
                    }
                }
                continue;
            }
            match self.find(name, source) {
                Some(variable) => values.push((variable, value.value.clone())),
                None => sound = false,
            }
        }
        sound.then_some(TestInput::Record { values, parameters })
    }

    fn submission_tests(&mut self, spec: &SubmissionSpec, source: &Source) -> Vec<RuleTest> {
        let mut tests = Vec::new();
        for written in &spec.tests {
            let test = &written.value;
            if test.collection.as_ref().is_some_and(|name| name.value != self.collection.id) {
                continue;
            }
            for (expected, case) in [
                (Verdict::Satisfied, &test.satisfied),
                (Verdict::Violated, &test.violated),
                (Verdict::NotChecked, &test.not_checked),
            ] {
                if let Some(case) = case {
                    tests.push(RuleTest {
                        expected,
                        input: TestInput::Submission { csv: case.csv.clone(), expect_records: case.expect_records },
                        place: Some(written.place(source)),
                    });
                }
            }
        }
        let everywhere = spec
            .tests
            .iter()
            .any(|test| test.value.collection.as_ref().is_none_or(|name| name.value == self.collection.id))
            || spec.tests.is_empty();
        for wanted in [Verdict::Satisfied, Verdict::Violated] {
            if everywhere && !tests.iter().any(|test| test.expected == wanted) {
                self.diagnostics.push(
                    spec.id
                        .diagnostic(
                            source,
                            "rule::missing_test",
                            format!("rule `{}` has no {} test", spec.id.value, wanted.as_str()),
                            "of this rule",
                        )
                        .help("every rule has at least one satisfied and one violated test"),
                );
            }
        }
        tests
    }
}
