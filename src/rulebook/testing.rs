//! The tests that rules and folds carry, run: each with the verdict that came and, where another was expected, why it came.
//!
//! A test that fails is explained by the parts of the rule: whether condition and assertion are true, false or neither
//! on the record, down to their smallest conditions and the numbers that these compare.

mod fold;

use super::{Rulebook, Shelf};
use crate::diag::Place;
use crate::engine::{self, Bench};
use crate::model::Verdict;
use crate::rule::expr::{BoolExpr, BoolNode, IntExpr, IntNode};
use crate::rule::print::Printer;
use crate::rule::testing::TestInput;
use crate::rule::{Check, Plan, Rule};
use std::sync::Arc;

pub use fold::{FoldCase, Unlike};

/// Every test of a rulebook, by collection and rule.
#[derive(Clone, Debug, Default)]
pub struct TestRun {
    /// Each test of a rule.
    pub cases: Vec<TestCase>,
    /// Each test of a fold, by collection.
    pub folds: Vec<FoldCase>,
}

/// One test.
#[derive(Clone, Debug)]
pub struct TestCase {
    /// The collection it was run in.
    pub collection: String,
    /// The rule's id.
    pub rule: String,
    /// Where it stands among the rule's tests, from 1.
    pub number: usize,
    /// What the rule must say.
    pub expected: Verdict,
    /// What it said, or why it could not be asked.
    pub found: Result<Verdict, String>,
    /// Where the test is written; `None` where it follows from an example of the schema.
    pub place: Option<Place>,
    /// Where the rule is written.
    pub rule_place: Option<Place>,
    /// Variables and stated parameters with their values; a whole submission is `csv`.
    pub record: Vec<(String, String)>,
    /// Of a test on a record that fails: the condition, and the assertion.
    pub parts: Option<[RulePart; 2]>,
}

/// A condition or an assertion on the record of a test.
#[derive(Clone, Debug)]
pub struct RulePart {
    /// As SQL.
    pub text: String,
    /// What it is; `None` is neither true nor false.
    pub truth: Option<bool>,
    /// The parts it consists of, with their values; empty where it has none.
    pub terms: Vec<Term>,
}

/// A part of a condition, or a number in it.
#[derive(Clone, Debug)]
pub struct Term {
    /// As SQL.
    pub text: String,
    /// On the record.
    pub value: TermValue,
}

/// What a part is on a record; `None` is null.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TermValue {
    /// A condition.
    Truth(Option<bool>),
    /// A number.
    Number(Option<i64>),
}

impl TestCase {
    /// Whether the rule said what was expected.
    pub fn passes(&self) -> bool {
        self.found.as_ref() == Ok(&self.expected)
    }
}

impl TestRun {
    /// Tests of rules that do not pass.
    pub fn failures(&self) -> impl Iterator<Item = &TestCase> {
        self.cases.iter().filter(|case| !case.passes())
    }

    /// Tests of folds that do not pass.
    pub fn fold_failures(&self) -> impl Iterator<Item = &FoldCase> {
        self.folds.iter().filter(|case| !case.passes())
    }

    /// Whether every test passes.
    pub fn passes(&self) -> bool {
        self.failures().next().is_none() && self.fold_failures().next().is_none()
    }
}

/// Runs every test of `book`.
pub fn run(book: &Rulebook) -> TestRun {
    let (mut cases, mut folds) = (Vec::new(), Vec::new());
    for shelf in book.shelves() {
        for plan in shelf.plans.values() {
            for index in 0..plan.rules.len() {
                run_rule(shelf, plan, index, &mut cases);
            }
            fold::run(plan, &mut folds);
        }
    }
    TestRun { cases, folds }
}

fn run_rule(shelf: &Shelf, plan: &Arc<Plan>, index: usize, cases: &mut Vec<TestCase>) {
    let rule = &plan.rules[index];
    let verdicts = engine::test_rule(plan, &shelf.schemas, index);
    for (number, (test, found)) in rule.tests.iter().zip(verdicts).enumerate() {
        let passes = found == Ok(test.expected);
        cases.push(TestCase {
            collection: plan.collection.id.clone(),
            rule: rule.id.0.clone(),
            number: number + 1,
            expected: test.expected,
            found,
            place: test.place.clone(),
            rule_place: rule.origin.rule.clone(),
            record: record(plan, &test.input),
            parts: if passes { None } else { parts(plan, rule, &test.input) },
        });
    }
}

fn record(plan: &Plan, input: &TestInput) -> Vec<(String, String)> {
    match input {
        TestInput::Record { values, parameters } => values
            .iter()
            .map(|(variable, value)| (plan.collection.get(*variable).id.clone(), value.clone()))
            .chain(parameters.iter().map(|(name, value)| (format!("{}()", name.function()), value.clone())))
            .collect(),
        TestInput::OfficialCode { variable, value, .. } => {
            vec![(plan.collection.get(*variable).id.clone(), value.clone())]
        }
        TestInput::Submission { csv, expect_records } => std::iter::once(("csv".to_owned(), csv.clone()))
            .chain(expect_records.map(|records| ("expect_records".to_owned(), records.to_string())))
            .collect(),
    }
}

fn parts(plan: &Plan, rule: &Rule, input: &TestInput) -> Option<[RulePart; 2]> {
    let (Check::Record(check), TestInput::Record { .. }) = (&rule.check, input) else { return None };
    let bench = Bench::new(plan, [input]);
    Some([check.when, check.assert].map(|root| part(plan, &bench, root)))
}

fn part(plan: &Plan, bench: &Bench, root: BoolNode) -> RulePart {
    let printer = Printer::of(plan);
    let (mut conditions, mut numbers) = (Vec::new(), Vec::new());
    smallest(plan, root, &mut conditions);
    for condition in &conditions {
        compared(plan, *condition, &mut numbers);
    }
    let truth = bench.truths(plan, 0, &[root]).pop().flatten();
    // What consists of itself alone has been said already.
    conditions.retain(|condition| *condition != root);
    let conditions = conditions.iter().zip(bench.truths(plan, 0, &conditions));
    let conditions = conditions.map(|(node, truth)| Term { text: printer.bool(*node), value: TermValue::Truth(truth) });
    let numbers = numbers.iter().zip(bench.numbers(plan, 0, &numbers));
    let numbers = numbers.map(|(node, number)| Term { text: printer.int(*node), value: TermValue::Number(number) });
    RulePart { text: printer.bool(root), truth, terms: conditions.chain(numbers).collect() }
}

/// The conditions that `AND`, `OR` and `NOT` join.
fn smallest(plan: &Plan, node: BoolNode, found: &mut Vec<BoolNode>) {
    match &plan.program.bools[node.0 as usize] {
        BoolExpr::And(nodes) | BoolExpr::Or(nodes) => nodes.iter().for_each(|node| smallest(plan, *node, found)),
        BoolExpr::Not(inner) if matches!(plan.program.bools[inner.0 as usize], BoolExpr::And(_) | BoolExpr::Or(_)) => {
            smallest(plan, *inner, found);
        }
        _ if found.contains(&node) => {}
        _ => found.push(node),
    }
}

/// The numbers that a condition compares and that stand neither in the record nor in the rule.
fn compared(plan: &Plan, node: BoolNode, found: &mut Vec<IntNode>) {
    match &plan.program.bools[node.0 as usize] {
        BoolExpr::Not(inner) => compared(plan, *inner, found),
        BoolExpr::CompareInt(_, left, right) => {
            for side in [*left, *right] {
                let is_plain = matches!(
                    plan.program.ints[side.0 as usize],
                    IntExpr::Literal(_) | IntExpr::Variable(_) | IntExpr::Parameter(_)
                );
                if !is_plain && !found.contains(&side) {
                    found.push(side);
                }
            }
        }
        _ => {}
    }
}
