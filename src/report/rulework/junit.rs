//! Tests as `JUnit` XML, which every build server reads: a suite a collection, a case a test; mistakes and mutants beside
//! them.

use std::collections::BTreeMap;
use std::io::{self, Write};

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::RuleworkOptions;
use crate::diag::{Place, Weight};
use crate::rulebook::mutate::Mutation;
use crate::rulebook::outcome::{FOLD_TEST_FAILED, LOW_SCORE, Outcome, Remark, TEST_FAILED};
use crate::rulebook::testing::TestRun;

/// Writes it.
///
/// # Errors
/// If `out` cannot be written.
pub fn write(outcome: &Outcome, options: &RuleworkOptions, out: &mut dyn Write) -> io::Result<()> {
    let mut report = Report::new("vantkoll rules");
    let remarks = outcome.remarks();
    report.add_test_suite(diagnostics(&remarks[..outcome.diagnostics.len()], options));
    if let Some(tests) = &outcome.tests {
        let failures: Vec<&Remark> =
            remarks.iter().filter(|remark| [TEST_FAILED, FOLD_TEST_FAILED].contains(&remark.code)).collect();
        report.add_test_suites(suites(tests, &failures, options));
    }
    if let Some(mutation) = &outcome.mutation {
        report.add_test_suite(mutants(mutation, remarks.iter().find(|remark| remark.code == LOW_SCORE)));
    }
    report.serialize(&mut *out).map_err(io::Error::other)
}

/// A case each diagnostic; where there is none, one that says so: a suite without cases is an error to some readers.
fn diagnostics(remarks: &[Remark], options: &RuleworkOptions) -> TestSuite {
    let mut suite = TestSuite::new("rule and schema files");
    for remark in remarks {
        let name = remark.place.as_ref().map_or_else(|| "files".to_owned(), |place| options.file_and_line(place));
        let status = match remark.weight {
            Weight::Error => failure(remark, options),
            Weight::Warning => TestCaseStatus::success(),
        };
        let mut case = TestCase::new(name, status);
        case.set_classname(remark.code);
        if remark.weight == Weight::Warning {
            case.set_system_out(text(remark, options));
        }
        suite.add_test_case(case);
    }
    if remarks.is_empty() {
        suite.add_test_case(TestCase::new("no mistakes", TestCaseStatus::success()));
    }
    suite
}

fn suites(tests: &TestRun, failures: &[&Remark], options: &RuleworkOptions) -> Vec<TestSuite> {
    let mut failures = failures.iter();
    let mut suites: BTreeMap<&str, TestSuite> = BTreeMap::new();
    for test in &tests.cases {
        // Remarks are in the order of the tests.
        let status = match if test.passes() { None } else { failures.next() } {
            Some(remark) => failure(remark, options),
            None => TestCaseStatus::success(),
        };
        let mut case = TestCase::new(format!("{} {}", test.number, test.expected.as_str()), status);
        case.set_classname(test.rule.as_str());
        if let Some(place) = &test.place {
            at(&mut case, place, options);
        }
        let suite = suites.entry(&test.collection).or_insert_with(|| TestSuite::new(test.collection.as_str()));
        suite.add_test_case(case);
    }
    for test in &tests.folds {
        let status = match if test.passes() { None } else { failures.next() } {
            Some(remark) => failure(remark, options),
            None => TestCaseStatus::success(),
        };
        let mut case = TestCase::new(format!("{} group", test.number), status);
        case.set_classname(test.collection.as_str());
        at(&mut case, &test.place, options);
        let suite = suites.entry(&test.collection).or_insert_with(|| TestSuite::new(test.collection.as_str()));
        suite.add_test_case(case);
    }
    suites.into_values().collect()
}

/// Says where a test is written.
fn at(case: &mut TestCase, place: &Place, options: &RuleworkOptions) {
    case.extra.insert("file".into(), options.file(place).into());
    case.extra.insert("line".into(), place.start().line.to_string().into());
}

/// A case each mutated rule. A survivor fails nothing by itself; too low a score does.
fn mutants(mutation: &Mutation, low: Option<&Remark>) -> TestSuite {
    let mut suite = TestSuite::new("mutants");
    let mut score = TestCase::new(
        "score",
        low.map_or_else(TestCaseStatus::success, |low| {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_type(LOW_SCORE).set_message(low.message.en.as_str());
            status
        }),
    );
    score.set_classname("mutants");
    suite.add_test_case(score);
    for rule in &mutation.rules {
        let mut case =
            TestCase::new(format!("{} of {} killed", rule.killed(), rule.mutants), TestCaseStatus::success());
        case.set_classname(rule.id.as_str());
        if !rule.survivors.is_empty() {
            let lines: Vec<String> =
                rule.survivors.iter().map(|survivor| format!("survived: {}", survivor.mutated)).collect();
            case.set_system_out(lines.join("\n"));
        }
        suite.add_test_case(case);
    }
    suite
}

fn failure(remark: &Remark, options: &RuleworkOptions) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    status.set_type(remark.code).set_message(remark.message.en.as_str()).set_description(text(remark, options));
    status
}

fn text(remark: &Remark, options: &RuleworkOptions) -> String {
    let place = remark.place.as_ref().map(|place| options.file_and_line(place));
    let lines = std::iter::once(&remark.message).chain(&remark.details).chain(&remark.help);
    place.into_iter().chain(lines.map(|line| line.en.clone())).collect::<Vec<_>>().join("\n")
}
