//! What rules carry besides their logic: tests, and what their authors argue for.

use super::Builder;

use crate::diag::{Source, did_you_mean};
use crate::model::{RuleId, Verdict};
use crate::rule::Acceptance;
use crate::rule::expr::Parameter;
use crate::rule::spec::{AcceptanceSpec, SubmissionSpec, SurvivorSpec, TestSpec};
use crate::rule::testing::{ArguedSurvivor, RuleTest, TestInput};
use crate::schema::spec::require_text;
use crate::time;
use crate::yaml::{Spanned, SpannedMap};

/// Warnings of `rules check` that a rule can accept, with a reason.
const ACCEPTABLE: [&str; 4] = ["logic::condition_always_true", "logic::implied", "logic::same", "logic::undecided"];

impl Builder<'_> {
    /// The tests of a rule that concern this collection. A rule without a satisfied and a violated test is refused.
    pub(super) fn tests(
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

    pub(super) fn test_record(&mut self, record: &SpannedMap<Spanned<String>>, source: &Source) -> Option<TestInput> {
        let (mut values, mut parameters) = (Vec::new(), Vec::new());
        let mut sound = true;
        for (name, value) in &record.0 {
            if let Some(function) = name.value.strip_suffix("()") {
                match Parameter::ALL.into_iter().find(|parameter| parameter.function() == function) {
                    Some(parameter) => {
                        let mistake = match parameter {
                            Parameter::StatedRegion => None,
                            Parameter::DeliveredRegions => value.value.trim().parse::<u32>().is_err().then(|| {
                                (
                                    "rule::bad_number",
                                    format!("`{}` is not a number of regions", value.value),
                                    "this number",
                                )
                            }),
                            Parameter::DeliveryDate | Parameter::PeriodStart | Parameter::PeriodEnd => {
                                time::parse_day(&value.value).is_none().then(|| {
                                    (
                                        "rule::bad_date",
                                        format!("`{}` is not a date as 2022-01-03", value.value),
                                        "this date",
                                    )
                                })
                            }
                        };
                        if let Some((code, message, label)) = mistake {
                            self.diagnostics.push(value.diagnostic(source, code, message, label));
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

    pub(super) fn submission_tests(&mut self, spec: &SubmissionSpec, source: &Source) -> Vec<RuleTest> {
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

    /// The changes that a rule argues for. They are lowered as the rule is, so that one that cannot be read is pointed at.
    pub(super) fn survivors(&mut self, specs: &[SurvivorSpec], source: &Source) -> Vec<ArguedSurvivor> {
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

    /// Warnings that are meant to be so. Whether the other rule is there is seen when they are used.
    pub(super) fn acceptances(&mut self, specs: &[AcceptanceSpec], source: &Source) -> Vec<Acceptance> {
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
}
