//! Mutants of folds: an aggregate with one change, an order or a key with one part left out.
//!
//! | changed | into |
//! | --- | --- |
//! | `MIN`, `FIRST` | `MAX`, `LAST`, and the other way round |
//! | `COUNT(x)` | `COUNT(*)`, `COUNT(DISTINCT x)`; and this into `COUNT(x)` |
//! | the filter | left out; and as conditions of rules are (see [`super::expression`]) |
//! | what is put together | as values in conditions are |
//! | the order, the key | each part of it left out; the order only where something is first or last in it |
//!
//! Whether a rule on groups is right about a group is for the rule's own tests. What a group is made of is for the
//! tests of the fold: only these kill its mutants, by another value of a variable that they state.

use std::sync::Arc;

use super::Part;
use super::expression::Mutator;
use crate::diag::Place;
use crate::engine::{FoldBench, NoGroup};
use crate::model::VariableIndex;
use crate::rule::Plan;
use crate::rule::fold::{Aggregate, Fold, FoldColumn, Function, Operand};
use crate::rule::print::Printer;

/// A change of a fold, tried.
pub(super) struct FoldMutant {
    /// The collection, and the variable where it is one's aggregate.
    pub(super) id: String,
    pub(super) part: Part,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) place: Option<Place>,
    pub(super) is_killed: bool,
}

/// The variables that a test states, and what the fold makes of them.
type Expected = (Vec<VariableIndex>, Result<Vec<String>, NoGroup>);

/// Tries every mutant of the fold of `plan`, whose tests pass.
pub(super) fn mutants(plan: &Plan, fold: &Fold) -> Vec<FoldMutant> {
    let stated = |test: usize| -> Vec<VariableIndex> {
        let mut stated: Vec<_> = fold.tests[test].gives.iter().map(|(variable, _)| *variable).collect();
        stated.sort_unstable();
        stated.dedup();
        stated
    };
    let bench = FoldBench::new(fold);
    // For each test what it states; and what the fold makes of it.
    let expected: Vec<Expected> = (0..fold.tests.len())
        .map(|test| {
            let stated = stated(test);
            let values = bench.group(fold, test, &stated);
            (stated, values)
        })
        .collect();
    let is_killed = |mutant: &Fold, variable: Option<VariableIndex>| {
        expected.iter().enumerate().any(|(test, (stated, values))| {
            variable.is_none_or(|variable| stated.contains(&variable)) && bench.group(mutant, test, stated) != *values
        })
    };
    let mut tried = of_aggregates(plan, fold, is_killed);
    let has_order =
        |column: &FoldColumn| matches!(column, FoldColumn::Aggregate(aggregate) if is_ordered(&aggregate.function));
    let folds = plan.collection.folds.as_ref();
    let whole = |part: Part, from: Vec<String>, at: usize, is_killed: bool| {
        let written = folds.and_then(|folds| if part == Part::Key { folds.key.get(at) } else { folds.order.get(at) });
        let rest = from.iter().enumerate().filter(|(index, _)| *index != at).map(|(_, name)| name.as_str());
        FoldMutant {
            id: plan.collection.id.clone(),
            part,
            to: format!("[{}]", rest.collect::<Vec<_>>().join(", ")),
            from: format!("[{}]", from.join(", ")),
            place: written.map(|written| written.text.place(&written.source)),
            is_killed,
        }
    };
    if fold.columns.iter().any(has_order) {
        let printer = Printer::of(&fold.of);
        let order: Vec<String> = fold.order.iter().map(|operand| printer.operand(*operand)).collect();
        for at in 0..fold.order.len() {
            let mut mutant = fold.clone();
            mutant.order.remove(at);
            tried.push(whole(Part::Order, order.clone(), at, is_killed(&mutant, None)));
        }
    }
    if fold.key.len() > 1 {
        let name = |part: &VariableIndex| fold.of.collection.get(*part).id.clone();
        let key: Vec<String> = fold.key.iter().map(name).collect();
        for at in 0..fold.key.len() {
            let mut mutant = fold.clone();
            mutant.key.remove(at);
            tried.push(whole(Part::Key, key.clone(), at, is_killed(&mutant, None)));
        }
    }
    tried
}

fn is_ordered(function: &Function) -> bool {
    matches!(function, Function::First(_) | Function::Last(_))
}

/// Mutants of every variable's aggregate.
fn of_aggregates(
    plan: &Plan,
    fold: &Fold,
    is_killed: impl Fn(&Fold, Option<VariableIndex>) -> bool,
) -> Vec<FoldMutant> {
    // Mutants become nodes of a copy, in which the fold's own nodes keep their numbers.
    let mut of = Plan::clone(&fold.of);
    let mut mutated: Vec<(usize, Aggregate)> = Vec::new();
    for (index, column) in fold.columns.iter().enumerate() {
        let FoldColumn::Aggregate(aggregate) = column else { continue };
        let reads = fold.inputs_of(VariableIndex(index));
        let mut mutator = Mutator {
            program: &mut of.program,
            collection: &fold.of.collection,
            codelists: &fold.of.codelists,
            reads: &reads,
        };
        mutated.extend(changes(&mut mutator, aggregate).into_iter().map(|changed| (index, changed)));
    }
    let of = Arc::new(of);
    let printer = Printer::of(&of);
    let mutants = mutated.into_iter().filter_map(|(index, changed)| {
        let variable = VariableIndex(index);
        let item = plan.collection.get(variable);
        let FoldColumn::Aggregate(aggregate) = &fold.columns[index] else { return None };
        let (from, to) = (printer.aggregate(aggregate), printer.aggregate(&changed));
        let mut mutant = Fold { of: Arc::clone(&of), ..fold.clone() };
        mutant.columns[index] = FoldColumn::Aggregate(changed);
        (from != to).then(|| FoldMutant {
            id: format!("{}.{}", plan.collection.id, item.id),
            part: Part::Fold,
            from,
            to,
            place: item.fold.as_ref().map(|written| written.text.place(&written.source)),
            is_killed: is_killed(&mutant, Some(variable)),
        })
    });
    mutants.collect()
}

/// An aggregate with each of its changes.
fn changes(mutator: &mut Mutator<'_>, aggregate: &Aggregate) -> Vec<Aggregate> {
    let mut filters: Vec<_> = mutator.mutants(aggregate.filter).into_iter().map(|mutant| mutant.node).collect();
    let always = mutator.program.always();
    if aggregate.filter != always {
        filters.push(always);
    }
    let mut functions = match &aggregate.function {
        Function::Count(None) | Function::Listed(..) => Vec::new(),
        Function::Count(Some(of)) => vec![Function::Count(None), Function::CountDistinct(*of)],
        Function::CountDistinct(of) => vec![Function::Count(Some(*of))],
        Function::Min(of) => vec![Function::Max(*of)],
        Function::Max(of) => vec![Function::Min(*of)],
        Function::First(of) => vec![Function::Last(*of)],
        Function::Last(of) => vec![Function::First(*of)],
    };
    let operands: Vec<Operand> = match aggregate.function.operand() {
        None => Vec::new(),
        Some(Operand::Text(node)) => mutator.text(node).into_iter().map(Operand::Text).collect(),
        Some(Operand::Int(node)) => mutator.int(node).into_iter().map(Operand::Int).collect(),
        Some(Operand::Time(node)) => mutator.time(node).into_iter().map(Operand::Time).collect(),
    };
    functions.extend(operands.into_iter().map(|operand| with_operand(&aggregate.function, operand)));
    let filtered = filters.into_iter().map(|filter| Aggregate { filter, ..aggregate.clone() });
    let changed = functions.into_iter().map(|function| Aggregate { function, ..aggregate.clone() });
    filtered.chain(changed).collect()
}

fn with_operand(function: &Function, operand: Operand) -> Function {
    match function {
        Function::Count(_) => Function::Count(Some(operand)),
        Function::CountDistinct(_) => Function::CountDistinct(operand),
        Function::Min(_) => Function::Min(operand),
        Function::Max(_) => Function::Max(operand),
        Function::First(_) => Function::First(operand),
        Function::Last(_) => Function::Last(operand),
        Function::Listed(_, separator) => Function::Listed(operand, separator.clone()),
    }
}
