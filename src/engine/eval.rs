//! Evaluates the nodes of a plan's program over one batch, a column at a time, each node at most once.
//!
//! A truth is a pair of bit sets, [`Tri`]: where it is true and where it is false; in neither set it is null. Kleene's
//! logic is then bit algebra: `AND` intersects the true sets and unites the false ones, `NOT` swaps them. Arrow's
//! boolean kernels do the same over values and validity, but allocate a validity of both inputs at each step; with
//! some 300 nodes a batch the pair was the simpler and the faster form.
//!
//! What is asked of a value alone is asked once for each word that a thread meets
//! ([`vocabulary`](super::vocabulary)), and looked up for the rows that hold it; where all words but the blank are judged
//! alike, as in most columns of a clean submission, not even that. A conjunction stops at the member that leaves no row
//! undecided, so that a rule for a phase that a batch does not have costs one look at the phase.

mod context;
mod numbers;
mod readings;
mod values;

use std::cell::OnceCell;
use std::rc::Rc;
use std::sync::Arc;

use super::column::{Ints, Times};
use super::run::TimestampForms;
use super::vocabulary::Vocabulary;
use super::words::Distinct;
use crate::model::VariableIndex;
use crate::rule::Plan;
use crate::rule::expr::{BoolExpr, BoolNode, TextTest};
use crate::schema::{Domain, Variable};
use crate::table::{Batch, Bits, Column};

pub(super) use context::{Context, Parameters};
use numbers::{compare, compare_times};
use readings::Readings;

/// Where a condition is true and where it is false; in neither set it is null.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tri {
    /// True there.
    pub(super) yes: Bits,
    /// False there.
    pub(super) no: Bits,
}

impl Tri {
    fn constant(n_rows: usize, truth: Option<bool>) -> Self {
        let set = |member: bool| if member { Bits::all(n_rows) } else { Bits::none(n_rows) };
        Self { yes: set(truth == Some(true)), no: set(truth == Some(false)) }
    }

    /// What it is in one row.
    pub(super) fn at(&self, row: usize) -> Option<bool> {
        if self.yes.contains(row) { Some(true) } else { self.no.contains(row).then_some(false) }
    }

    /// True where `yes` among the `known`, false elsewhere among them.
    fn known(yes: &Bits, known: &Bits) -> Self {
        Self { yes: yes.and(known), no: known.minus(yes) }
    }
}

/// Texts, some rows sharing one.
pub(super) struct Texts<'a> {
    /// `None` where there is one text for every row.
    distinct: Option<Rc<Distinct>>,
    values: Vec<Option<&'a [u8]>>,
}

impl Texts<'_> {
    /// The text of a row; `None` is null.
    #[inline]
    pub(super) fn get(&self, row: usize) -> Option<&[u8]> {
        let place = |distinct: &Rc<Distinct>| distinct.keys.as_ref().map_or(row, |keys| keys[row] as usize);
        self.values[self.distinct.as_ref().map_or(0, place)]
    }
}

/// Evaluates nodes over one batch.
pub(super) struct Evaluator<'a> {
    context: &'a Context<'a>,
    readings: Rc<Readings<'a>>,
    /// Where the vocabulary keeps what this plan asks.
    place: usize,
    bools: Vec<OnceCell<Rc<Tri>>>,
    ints: Vec<OnceCell<Rc<Ints>>>,
    texts: Vec<OnceCell<Rc<Texts<'a>>>>,
    times: Vec<OnceCell<Rc<Times>>>,
}

fn cells<T>(n: usize) -> Vec<OnceCell<T>> {
    std::iter::repeat_with(OnceCell::new).take(n).collect()
}

impl<'a> Evaluator<'a> {
    pub(super) fn new(context: &'a Context<'a>, batch: &'a Batch) -> Self {
        Self::with_vocabulary(context, batch, Vocabulary::default())
    }

    /// One that knows what was said of the values of other batches.
    pub(super) fn with_vocabulary(context: &'a Context<'a>, batch: &'a Batch, vocabulary: Vocabulary) -> Self {
        Self::over(context, Rc::new(Readings::new(&context.plan.collection, batch, vocabulary)))
    }

    /// The vocabulary, with what it was told by this batch.
    pub(super) fn take_vocabulary(&self) -> Vocabulary {
        self.readings.vocabulary.take()
    }

    /// Another one over the same batch. What was read for one is read for both, where they are of one collection.
    pub(super) fn beside<'b>(&self, context: &'b Context<'b>) -> Evaluator<'b>
    where
        'a: 'b,
    {
        let is_same = std::ptr::eq(self.readings.collection, Arc::as_ptr(&context.plan.collection));
        if !is_same {
            return Evaluator::new(context, self.readings.batch);
        }
        let readings: Rc<Readings<'b>> = self.readings.clone();
        Evaluator::over(context, readings)
    }

    fn over(context: &'a Context<'a>, readings: Rc<Readings<'a>>) -> Self {
        let program = &context.plan.program;
        let place = readings.vocabulary.borrow_mut().place_of(context.plan);
        Self {
            context,
            readings,
            place,
            bools: cells(program.bools.len()),
            ints: cells(program.ints.len()),
            texts: cells(program.texts.len()),
            times: cells(program.times.len()),
        }
    }

    /// The plan whose nodes are evaluated.
    pub(super) fn plan(&self) -> &'a Plan {
        self.context.plan
    }

    /// The batch they are evaluated over.
    pub(super) fn batch(&self) -> &'a Batch {
        self.readings.batch
    }

    fn n_rows(&self) -> usize {
        self.readings.batch.n_rows
    }

    fn column(&self, variable: VariableIndex) -> Option<&'a Column> {
        self.readings.column(variable)
    }

    fn variable(&self, variable: VariableIndex) -> &'a Variable {
        self.context.plan.collection.get(variable)
    }

    /// The rows where the variable is not blank.
    pub(super) fn filled(&self, variable: VariableIndex) -> &Rc<Bits> {
        self.readings.filled(variable)
    }

    /// The distinct values of a variable that has a column.
    pub(super) fn distinct(&self, variable: VariableIndex, column: &Column) -> &Rc<Distinct> {
        self.readings.distinct(variable, column)
    }

    /// The variable's points in time; unknown everywhere where it has no column.
    pub(super) fn variable_times(&self, variable: VariableIndex) -> &Times {
        &self.readings.times(variable).0
    }

    /// How the variable's points in time were written.
    pub(super) fn forms(&self, variable: VariableIndex) -> TimestampForms {
        self.readings.times(variable).1
    }

    /// Where the condition is true, false, and null.
    pub(super) fn bool(&self, node: BoolNode) -> &Rc<Tri> {
        let cell = &self.bools[node.0 as usize];
        if let Some(known) = cell.get() {
            return known;
        }
        let tri = self.compute_bool(node);
        cell.get_or_init(|| Rc::new(tri))
    }

    /// The rows in the first of the sets of every node, and those in the second of any. What cannot change either is not
    /// evaluated.
    fn all_and_any<'s>(&'s self, nodes: &[BoolNode], sets: impl Fn(&'s Tri) -> [&'s Bits; 2]) -> [Bits; 2] {
        let [first, rest @ ..] = nodes else { return [Bits::all(self.n_rows()), Bits::none(self.n_rows())] };
        let [all, any] = sets(self.bool(*first));
        let (mut all, mut any) = (all.clone(), any.clone());
        for node in rest {
            // Every row is decided.
            if any.is_full() {
                break;
            }
            let [of_all, of_any] = sets(self.bool(*node));
            all.keep(of_all);
            any.add(of_any);
        }
        [all, any]
    }

    fn compute_bool(&self, node: BoolNode) -> Tri {
        let n_rows = self.n_rows();
        // Where the vocabulary keeps what is said of single values.
        let question = Some(node.0 as usize);
        match &self.context.plan.program.bools[node.0 as usize] {
            BoolExpr::Constant(truth) => Tri::constant(n_rows, *truth),
            BoolExpr::And(nodes) => {
                let [yes, no] = self.all_and_any(nodes, |tri| [&tri.yes, &tri.no]);
                Tri { yes, no }
            }
            BoolExpr::Or(nodes) => {
                let [no, yes] = self.all_and_any(nodes, |tri| [&tri.no, &tri.yes]);
                Tri { yes, no }
            }
            BoolExpr::Not(node) => {
                let tri = self.bool(*node);
                Tri { yes: tri.no.clone(), no: tri.yes.clone() }
            }
            BoolExpr::IsBlank(variable) => {
                let filled = self.filled(*variable);
                Tri { yes: filled.not(), no: filled.as_ref().clone() }
            }
            BoolExpr::Text(node, test) => {
                self.by_text(*node, question, |text| text.map(|text| self.context.test(test, text)))
            }
            BoolExpr::CompareText(comparison, left, right) => self.compare_texts(*comparison, *left, *right, question),
            BoolExpr::CompareInt(comparison, left, right) => {
                let (left, right) = (self.int(*left), self.int(*right));
                let known = left.known.and(&right.known);
                let yes = compare(*comparison, &left.values, &right.values);
                Tri::known(&yes, &known)
            }
            BoolExpr::CompareTime(comparison, left, right) => {
                compare_times(*comparison, &self.time(*left), &self.time(*right))
            }
            BoolExpr::HasTime(node) => {
                let times = self.time(*node);
                let without = times.date_only.clone().unwrap_or_else(|| Bits::none(n_rows));
                Tri { yes: times.known.minus(&without), no: times.known.and(&without) }
            }
            BoolExpr::ValueOk(variable) => self.value_ok(*variable, question),
            BoolExpr::OfficialOk(variable) => self.official_ok(*variable, question),
            BoolExpr::AnyElement(variable, test) => self.by_value(*variable, question, |value| {
                Some(self.context.elements(*variable, value).any(|element| self.passes(*variable, test, element)))
            }),
            BoolExpr::EveryElement(variable, test) => self.by_value(*variable, question, |value| {
                Some(self.context.elements(*variable, value).all(|element| self.passes(*variable, test, element)))
            }),
        }
    }

    fn passes(&self, variable: VariableIndex, test: &TextTest, element: &[u8]) -> bool {
        self.context.test(test, self.context.canonical(variable, element))
    }

    /// Whether a variable holds codes.
    pub(super) fn is_code(&self, variable: VariableIndex) -> bool {
        matches!(self.variable(variable).domain, Domain::Code { .. })
    }

    /// The canonical spelling of a code; the value itself where it is in no list.
    pub(super) fn canonical<'v>(&'v self, variable: VariableIndex, value: &'v [u8]) -> &'v [u8] {
        self.context.canonical(variable, value)
    }
}
