//! Requirement levels: one requirement a variable, and the rules on blanks that follow from it.

use super::values::Derived;
use super::{Builder, first_day};
use std::collections::BTreeMap;

use crate::diag::{Diagnostic, Place, Source, did_you_mean};
use crate::model::{Level, Severity, SourceReference, Text, VariableIndex, Verdict};
use crate::rule::expr::BoolExpr;
use crate::rule::history::{self};
use crate::rule::spec::{LongRequirementSpec, RequirementSpec, RuleFileSpec};
use crate::rule::testing::{RuleTest, TestInput};
use crate::rule::validity::Validity;
use crate::rule::{Origin, Requirement, RequirementVersion, RuleKind, derived};
use crate::time;
use crate::yaml::Spanned;

impl Builder<'_> {
    /// Levels: one requirement a variable, and the rules that follow from it.
    pub(super) fn requirements(&mut self, files: &[&(Source, RuleFileSpec)]) -> Vec<Requirement> {
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

    /// The requirements of a collection that is made by folding another: none.
    pub(super) fn no_requirements(&mut self, files: &[&(Source, RuleFileSpec)]) -> Vec<Requirement> {
        for (source, file) in files {
            for (name, _) in &file.requirements.0 {
                self.diagnostics.push(
                    name.diagnostic(
                        source,
                        "rule::requirement_of_fold",
                        format!("nobody reports `{}`: `{}` folds another collection", name.value, self.collection.id),
                        "a requirement level of what is worked out",
                    )
                    .help("write a check on it instead"),
                );
            }
        }
        let never = self.program.bool(BoolExpr::Constant(Some(false)));
        let none =
            || Requirement { level: Level::Voluntary, required: never, required_when_text: None, versions: Vec::new() };
        self.collection.variables.iter().map(|_| none()).collect()
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
}
