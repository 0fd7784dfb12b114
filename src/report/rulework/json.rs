//! Everything that rule work found, for programs; in English.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

use super::RuleworkOptions;
use crate::diag::Place;
use crate::model::{Language, Verdict};
use crate::rulebook::mutate::{MutatedRule, Mutation, Survivor};
use crate::rulebook::outcome::{Outcome, Remark};
use crate::rulebook::testing::{FoldCase, TermValue, TestCase, TestRun};

/// The version of this format: changed where a reader could break.
pub const SCHEMA: &str = "vantkoll.rules/1";

#[derive(Serialize)]
struct ReportTwin {
    schema: &'static str,
    tool: ToolTwin,
    passed: bool,
    collections: usize,
    rules: usize,
    diagnostics: Vec<DiagnosticTwin>,
    logic: Option<LogicTwin>,
    tests: Option<TestsTwin>,
    mutation: Option<MutationTwin>,
}

#[derive(Serialize)]
struct LogicTwin {
    questions: usize,
    undecided: usize,
    accepted: Vec<AcceptedTwin>,
}

#[derive(Serialize)]
struct AcceptedTwin {
    code: &'static str,
    message: String,
    because: String,
}

#[derive(Serialize)]
struct ToolTwin {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct PlaceTwin {
    file: String,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
}

#[derive(Serialize)]
struct DiagnosticTwin {
    code: &'static str,
    level: &'static str,
    message: String,
    help: Option<String>,
    place: Option<PlaceTwin>,
    related: Option<RelatedTwin>,
}

#[derive(Serialize)]
struct RelatedTwin {
    message: String,
    place: PlaceTwin,
}

#[derive(Serialize)]
struct TestsTwin {
    run: usize,
    failed: usize,
    by_expected: BTreeMap<&'static str, CountTwin>,
    failures: Vec<FailureTwin>,
    folds: FoldsTwin,
}

/// Tests of what groups of records fold into; those counted above are tests of rules.
#[derive(Serialize)]
struct FoldsTwin {
    run: usize,
    failed: usize,
    failures: Vec<FoldFailureTwin>,
}

#[derive(Serialize)]
struct FoldFailureTwin {
    collection: String,
    test: usize,
    reason: Option<String>,
    place: PlaceTwin,
    records: Vec<BTreeMap<String, String>>,
    differences: Vec<DifferenceTwin>,
}

/// A value that is not as stated; empty is blank.
#[derive(Serialize)]
struct DifferenceTwin {
    variable: String,
    expected: String,
    found: String,
}

#[derive(Default, Serialize)]
struct CountTwin {
    run: usize,
    failed: usize,
}

#[derive(Serialize)]
struct FailureTwin {
    collection: String,
    rule: String,
    test: usize,
    expected: &'static str,
    found: Option<&'static str>,
    reason: Option<String>,
    place: Option<PlaceTwin>,
    record: BTreeMap<String, String>,
    condition: Option<PartTwin>,
    assertion: Option<PartTwin>,
}

#[derive(Serialize)]
struct PartTwin {
    sql: String,
    value: Option<bool>,
    terms: Vec<TermTwin>,
}

#[derive(Serialize)]
struct TermTwin {
    sql: String,
    value: serde_json::Value,
}

#[derive(Serialize)]
struct MutationTwin {
    mutants: usize,
    killed: usize,
    score: f64,
    min_score: Option<f64>,
    rules: Vec<RuleTwin>,
    survivors: Vec<SurvivorTwin>,
    argued: Vec<SurvivorTwin>,
    idle_arguments: Vec<IdleTwin>,
}

#[derive(Serialize)]
struct RuleTwin {
    rule: String,
    mutants: usize,
    killed: usize,
}

#[derive(Serialize)]
struct SurvivorTwin {
    rule: String,
    part: &'static str,
    original: String,
    mutated: String,
    from: String,
    to: String,
    place: Option<PlaceTwin>,
    because: Option<String>,
}

#[derive(Serialize)]
struct IdleTwin {
    rules: Vec<String>,
    mutant: String,
    place: PlaceTwin,
}

/// Writes it.
///
/// # Errors
/// If `out` cannot be written.
pub fn write(outcome: &Outcome, options: &RuleworkOptions, out: &mut dyn Write) -> io::Result<()> {
    let remarks = outcome.remarks();
    let report = ReportTwin {
        schema: SCHEMA,
        tool: ToolTwin { name: "vantkoll", version: env!("CARGO_PKG_VERSION") },
        passed: outcome.passes(),
        collections: outcome.collections,
        rules: outcome.rules,
        diagnostics: remarks.iter().take(outcome.diagnostics.len()).map(|remark| diagnostic(remark, options)).collect(),
        logic: outcome.proof.as_ref().map(|proof| LogicTwin {
            questions: proof.questions,
            undecided: proof.undecided,
            accepted: proof
                .accepted
                .iter()
                .map(|(diagnostic, because)| AcceptedTwin {
                    code: diagnostic.code(),
                    message: diagnostic.message().to_owned(),
                    because: because.en.clone(),
                })
                .collect(),
        }),
        tests: outcome.tests.as_ref().map(|run| tests(run, options)),
        mutation: outcome.mutation.as_ref().map(|mutation| mutation_twin(mutation, outcome.min_score, options)),
    };
    serde_json::to_writer_pretty(&mut *out, &report)?;
    writeln!(out)
}

fn place(place: &Place, options: &RuleworkOptions) -> PlaceTwin {
    let (start, end) = (place.start(), place.end());
    PlaceTwin {
        file: options.file(place),
        line: start.line,
        column: start.column,
        end_line: end.line,
        end_column: end.column,
    }
}

fn diagnostic(remark: &Remark, options: &RuleworkOptions) -> DiagnosticTwin {
    DiagnosticTwin {
        code: remark.code,
        level: remark.weight.as_str(),
        message: remark.message.en.clone(),
        help: remark.help.as_ref().map(|help| help.en.clone()),
        place: remark.place.as_ref().map(|at| place(at, options)),
        related: remark
            .second
            .as_ref()
            .map(|(at, message)| RelatedTwin { message: message.clone(), place: place(at, options) }),
    }
}

fn tests(run: &TestRun, options: &RuleworkOptions) -> TestsTwin {
    let mut by_expected: BTreeMap<&'static str, CountTwin> = BTreeMap::new();
    for case in &run.cases {
        let count = by_expected.entry(case.expected.as_str()).or_default();
        count.run += 1;
        count.failed += usize::from(!case.passes());
    }
    let failures: Vec<FailureTwin> = run.failures().map(|case| failure(case, options)).collect();
    let of_folds: Vec<FoldFailureTwin> = run.fold_failures().map(|case| fold_failure(case, options)).collect();
    let folds = FoldsTwin { run: run.folds.len(), failed: of_folds.len(), failures: of_folds };
    TestsTwin { run: run.cases.len(), failed: failures.len(), by_expected, failures, folds }
}

fn fold_failure(case: &FoldCase, options: &RuleworkOptions) -> FoldFailureTwin {
    FoldFailureTwin {
        collection: case.collection.clone(),
        test: case.number,
        reason: case.found.as_ref().err().map(ToString::to_string),
        place: place(&case.place, options),
        records: case.records.iter().map(|record| record.iter().cloned().collect()).collect(),
        differences: case
            .found
            .iter()
            .flatten()
            .map(|unlike| DifferenceTwin {
                variable: unlike.variable.clone(),
                expected: unlike.expected.clone(),
                found: unlike.found.clone(),
            })
            .collect(),
    }
}

fn failure(case: &TestCase, options: &RuleworkOptions) -> FailureTwin {
    let mut parts = case.parts.iter().flatten().map(|part| PartTwin {
        sql: part.text.clone(),
        value: part.truth,
        terms: part
            .terms
            .iter()
            .map(|term| TermTwin {
                sql: term.text.clone(),
                value: match term.value {
                    TermValue::Truth(truth) => truth.into(),
                    TermValue::Number(number) => number.into(),
                },
            })
            .collect(),
    });
    FailureTwin {
        collection: case.collection.clone(),
        rule: case.rule.clone(),
        test: case.number,
        expected: case.expected.as_str(),
        found: case.found.as_ref().ok().copied().map(Verdict::as_str),
        reason: case.found.as_ref().err().cloned(),
        place: case.place.as_ref().map(|at| place(at, options)),
        record: case.record.iter().cloned().collect(),
        condition: parts.next(),
        assertion: parts.next(),
    }
}

fn mutation_twin(mutation: &Mutation, min_score: Option<f64>, options: &RuleworkOptions) -> MutationTwin {
    let twin = |(rule, survivor): (&MutatedRule, &Survivor)| SurvivorTwin {
        rule: rule.id.clone(),
        part: survivor.part.as_str(),
        original: survivor.original.clone(),
        mutated: survivor.mutated.clone(),
        from: survivor.from.clone(),
        to: survivor.to.clone(),
        place: survivor.place.as_ref().map(|at| place(at, options)),
        because: survivor.argued.as_ref().map(|text| text.get(Language::English).to_owned()),
    };
    MutationTwin {
        mutants: mutation.mutants(),
        killed: mutation.killed(),
        score: mutation.score(),
        min_score,
        rules: mutation
            .rules
            .iter()
            .map(|rule| RuleTwin { rule: rule.id.clone(), mutants: rule.mutants, killed: rule.killed() })
            .collect(),
        survivors: mutation.survivors().filter(|(_, survivor)| survivor.argued.is_none()).map(twin).collect(),
        argued: mutation.survivors().filter(|(_, survivor)| survivor.argued.is_some()).map(twin).collect(),
        idle_arguments: mutation
            .idle_arguments
            .iter()
            .map(|idle| IdleTwin {
                rules: idle.rules.clone(),
                mutant: idle.text.clone(),
                place: place(&idle.place, options),
            })
            .collect(),
    }
}
