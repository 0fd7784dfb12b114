//! Folding: how the records of one collection become those of another, a record for each group.
//!
//! A rule over a group of records is a rule on the record that the group folds into: its schema says which records
//! belong together (`folds: { collection, key, order }`) and what each of its variables is made of (`fold`, an SQL
//! aggregate). What folds another collection is otherwise a collection like any: typed variables, conditions and assertions
//! in SQL, tests, proofs and measures.
//!
//! This module compiles the aggregates to a [`Fold`]; running it is the engine's (`engine::fold`).
//!
//! # Aggregates
//!
//! | aggregate | result |
//! | --- | --- |
//! | `COUNT(*)` | how many records |
//! | `COUNT(x)`, `COUNT(DISTINCT x)` | how many have a value, how many distinct values there are |
//! | `MIN(x)`, `MAX(x)` | the smallest and the largest value; of texts byte by byte |
//! | `FIRST(x)`, `LAST(x)` | the first and the last value in the order of the group |
//! | `STRING_AGG(DISTINCT x, ', ')` | the distinct values in their order, put together |
//!
//! Each may have `FILTER (WHERE condition)`: only records for which the condition is true are looked at. As in SQL, values
//! that are blank or unreadable are in no aggregate but `COUNT(*)`; of no value at all a count is 0 and anything else blank.
//!
//! # History
//!
//! A group whose collection says `corrections: { months: 3 }` may be completed and corrected for so long after it was first
//! received. What earlier submissions say of it is in variables of the group, too (`history` in place of `fold`), so
//! that what may still be changed, and what else may be asked of a change, is a rule like any: with tests, proofs and a text,
//! over values that a finding can show. Functions or parameters of a group would have needed a second kind of value that rules
//! can read, for the same rules.
//!
//! | history | value |
//! | --- | --- |
//! | `first_received` | the day on which any submission with the group was first received, this one included |
//! | `open_until` | the last day of corrections: [`crate::time::months_later`] after the first |
//! | `received` | the day on which this submission was received; without a list of deliveries the delivery date |
//! | `records_before` | of how many different records the group was in the latest earlier submission that held it; 0 of a new group |
//! | `records_now` | of how many it is now; 0 of a *missing* group |
//! | `changed_records` | records changed, added or removed since; a record that differs in some values only is one change |
//! | `changes` | which those are: `2025-02-01 VC050 → 2025-02-11 VC050` |
//!
//! In a run without earlier submissions rules that read any of these do not apply, as with anything that was not stated.
//! Records are compared as sets, by the values of all variables that every file has a column for, codes in their
//! canonical spelling and dates by the day: neither order nor spelling is a change. Files received on one day are parts of
//! one submission. A group's own submission counts as later than any received on the same day.
//!
//! A group is *missing* where this submission covers what the group is of (its region, and the month of its record date)
//! and has no such group, but the latest earlier submission that covers it has. A submission covers a region and month of
//! which it has any group, or which a list of deliveries says that it is of. What an earlier submission removed, or
//! changed, is thus no finding in a later one. Missing groups are shown with the values they had; only rules that read a
//! variable of `records_now` are asked of them, and no figure counts them.
//!
//! # Which records are in no group
//!
//! Records of which a part of the key is blank, and records that cannot be divided into columns. They are counted apart.

use std::sync::Arc;

use super::Plan;
use super::expr::{BoolNode, IntExpr, IntNode, Program, TextExpr, TextNode, TimeExpr, TimeNode};
use super::sql::{self, Scope};
use crate::diag::{Diagnostic, Diagnostics, Place, did_you_mean};
use crate::model::{Text, VariableIndex};
use crate::schema::{Collection, Domain, Folds, HistoryItem, Schemas};
use crate::yaml::Written;

/// How a collection's records are made of those of another.
#[derive(Clone, Debug)]
pub struct Fold {
    /// The other collection, without rules, with the nodes that aggregates point into.
    pub of: Arc<Plan>,
    /// Its variables that the records of a group have in common.
    pub key: Vec<VariableIndex>,
    /// By what the records of a group stand in order, what is blank last; then as they stand in the files.
    pub order: Vec<Operand>,
    /// One entry a variable of the collection made, in its order.
    pub columns: Vec<FoldColumn>,
    /// How groups are compared with earlier submissions, where they may be corrected for some time.
    pub history: Option<History>,
    /// What groups are called, in the plural.
    pub unit: Text,
    /// Groups worked out by hand.
    pub tests: Vec<FoldTest>,
}

/// What a variable of a group is made of.
#[derive(Clone, Debug)]
pub enum FoldColumn {
    /// A part of the key.
    Key(VariableIndex),
    /// An aggregate.
    Aggregate(Aggregate),
    /// What earlier submissions say of the group.
    History(HistoryItem),
}

/// How groups are compared with earlier submissions.
#[derive(Clone, Debug)]
pub struct History {
    /// For how many calendar months after it was first received a group may be completed and corrected.
    pub months: u32,
    /// One entry a variable of the folded collection: its value; `None` of one that repeats, which is compared as written.
    pub values: Vec<Option<Operand>>,
    /// The variables by which a record is named where a change is told: those that the group is in order of.
    pub named_by: Vec<VariableIndex>,
}

/// An aggregate over a group's records.
#[derive(Clone, Debug)]
pub struct Aggregate {
    /// Which.
    pub function: Function,
    /// The records looked at: those for which it is true.
    pub filter: BoolNode,
    /// As written.
    pub text: String,
}

/// The aggregates there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Function {
    /// Records, or those that have a value.
    Count(Option<Operand>),
    /// Distinct values.
    CountDistinct(Operand),
    /// The smallest value.
    Min(Operand),
    /// The largest value.
    Max(Operand),
    /// The first value in the order of the group.
    First(Operand),
    /// The last value in the order of the group.
    Last(Operand),
    /// The distinct values in their order, with this between them.
    Listed(Operand, String),
}

impl Function {
    /// What is put together; `None` where records are counted.
    pub fn operand(&self) -> Option<Operand> {
        match self {
            Self::Count(operand) => *operand,
            Self::CountDistinct(operand)
            | Self::Min(operand)
            | Self::Max(operand)
            | Self::First(operand)
            | Self::Last(operand)
            | Self::Listed(operand, _) => Some(*operand),
        }
    }
}

/// A value of each record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operand {
    /// A text.
    Text(TextNode),
    /// A whole number.
    Int(IntNode),
    /// A point in time.
    Time(TimeNode),
}

impl Operand {
    fn inputs(self, program: &Program) -> Vec<VariableIndex> {
        match self {
            Self::Text(node) => program.inputs_of_text(node).variables,
            Self::Int(node) => program.inputs_of_ints(&[node]).variables,
            Self::Time(node) => program.inputs_of_times(&[node]).variables,
        }
    }

    /// The value of a variable as it stands; `None` of one that repeats.
    fn variable(of: &Collection, variable: VariableIndex, program: &mut Program) -> Option<Self> {
        let item = of.get(variable);
        (!item.repeats()).then(|| match item.domain {
            Domain::Text { .. } | Domain::Code { .. } => Self::Text(program.text(TextExpr::Variable(variable))),
            Domain::Timestamp { .. } => Self::Time(program.time(TimeExpr::Variable(variable))),
            Domain::Year { .. } | Domain::Integer { .. } => Self::Int(program.int(IntExpr::Variable(variable))),
        })
    }
}

/// Records, and what the group of the first one becomes.
#[derive(Clone, Debug)]
pub struct FoldTest {
    /// Where it is written.
    pub place: Place,
    /// Values by variable of the folded collection, one entry a record.
    pub records: Vec<Vec<(VariableIndex, String)>>,
    /// Values by variable of the collection made; empty is blank.
    pub gives: Vec<(VariableIndex, String)>,
}

impl FoldTest {
    /// The records, by the names of their variables.
    pub fn named_records(&self, fold: &Fold) -> Vec<Vec<(String, String)>> {
        let name =
            |(variable, value): &(VariableIndex, String)| (fold.of.collection.get(*variable).id.clone(), value.clone());
        self.records.iter().map(|record| record.iter().map(name).collect()).collect()
    }
}

impl Fold {
    /// Every variable of the folded collection that is needed for `wanted` ones of the collection made, ascending.
    pub fn inputs(&self, wanted: &[VariableIndex]) -> Vec<VariableIndex> {
        let of_columns = wanted.iter().flat_map(|column| self.inputs_of(*column));
        let order = self.order.iter().flat_map(|operand| operand.inputs(&self.of.program));
        let mut inputs: Vec<VariableIndex> = of_columns.chain(self.key.iter().copied()).chain(order).collect();
        inputs.sort_unstable();
        inputs.dedup();
        inputs
    }

    /// The variable that holds what earlier submissions say of this.
    pub fn history_variable(&self, item: HistoryItem) -> Option<VariableIndex> {
        let found = self.columns.iter().position(|column| matches!(column, FoldColumn::History(own) if *own == item));
        found.map(VariableIndex)
    }

    /// The variables of the folded collection that one variable is made of.
    pub fn inputs_of(&self, variable: VariableIndex) -> Vec<VariableIndex> {
        let program = &self.of.program;
        match self.columns.get(variable.0) {
            // History is asked of a run with earlier submissions only, which compares what every file has.
            None | Some(FoldColumn::History(_)) => Vec::new(),
            Some(FoldColumn::Key(part)) => vec![*part],
            Some(FoldColumn::Aggregate(aggregate)) => {
                let mut inputs = program.inputs(&[aggregate.filter], None).variables;
                inputs.extend(aggregate.function.operand().iter().flat_map(|operand| operand.inputs(program)));
                if matches!(aggregate.function, Function::First(_) | Function::Last(_)) {
                    inputs.extend(self.order.iter().flat_map(|operand| operand.inputs(program)));
                }
                inputs.sort_unstable();
                inputs.dedup();
                inputs
            }
        }
    }
}

/// Compiles the folding of `collection`; `None` where a mistake was reported.
pub(super) fn compile(
    schemas: &Schemas,
    collection: &Collection,
    folds: &Folds,
    as_of: Option<i64>,
    version: &str,
    diagnostics: &mut Diagnostics,
) -> Option<Fold> {
    let of = source_of(schemas, folds, diagnostics)?;
    let find = |name: &Written, diagnostics: &mut Diagnostics| variable(of, name, diagnostics);
    let key: Vec<_> = folds.key.iter().map(|name| find(name, diagnostics)).collect();
    let mut program = Program::default();
    let mut order = Vec::new();
    for name in &folds.order {
        let Some(variable) = find(name, diagnostics) else {
            order.push(None);
            continue;
        };
        let operand = Operand::variable(of, variable, &mut program);
        if operand.is_none() {
            diagnostics.push(name.text.diagnostic(
                &name.source,
                "rule::wrong_type",
                format!("`{}` holds several values", name.text.value),
                "an order is by one value a record",
            ));
        }
        order.push(operand);
    }
    let mut columns = Vec::new();
    for item in &collection.variables {
        let part = folds.key.iter().zip(&key).find(|(name, _)| name.text.value == item.id).map(|(_, part)| *part);
        if let Some(history) = item.history {
            columns.push(Some(FoldColumn::History(history)));
            continue;
        }
        columns.push(match (part, &item.fold) {
            (Some(part), None) => part.map(FoldColumn::Key),
            (None, Some(text)) => {
                let scope = Scope { collection: of, codelists: &schemas.codelists };
                let aggregate = sql::lower_aggregate(&text.text, &text.source, scope, &mut program, diagnostics);
                aggregate
                    .filter(|aggregate| has_type(&item.domain, aggregate, text, diagnostics))
                    .map(FoldColumn::Aggregate)
            }
            (Some(_), Some(text)) => {
                diagnostics.push(text.text.diagnostic(
                    &text.source,
                    "schema::fold_of_key",
                    format!("`{}` is a part of the key: all records of a group have the same", item.id),
                    "remove it",
                ));
                None
            }
            (None, None) => {
                let place = folds.collection.text.place(&folds.collection.source);
                diagnostics.push(
                    Diagnostic::new("schema::not_folded", format!("nothing says what `{}` is made of", item.id))
                        .at(place, "of this collection's records")
                        .help("give it `fold` with an SQL aggregate, or name it in `key`"),
                );
                None
            }
        });
    }
    let mut values = |of: &Collection, values: &[(Written, String)]| -> Vec<(VariableIndex, String)> {
        let value = |(name, value): &(Written, String)| Some((variable(of, name, diagnostics)?, value.clone()));
        values.iter().filter_map(value).collect()
    };
    let tests = folds
        .tests
        .iter()
        .map(|test| FoldTest {
            place: test.place.clone(),
            records: test.records.iter().map(|record| values(of, record)).collect(),
            gives: values(collection, &test.gives),
        })
        .collect();
    let named_by = folds.order.iter().filter_map(|name| of.variable(&name.text.value)).collect();
    let mut value = |variable: usize| Operand::variable(of, VariableIndex(variable), &mut program);
    let history = folds.corrections.map(|months| History {
        months,
        values: (0..of.variables.len()).map(&mut value).collect(),
        named_by,
    });
    let plan = Plan {
        collection: Arc::clone(of),
        fold: None,
        codelists: schemas.codelists.clone(),
        rules: Vec::new(),
        requirements: Vec::new(),
        program,
        assumptions: Vec::new(),
        as_of,
        version: version.to_owned(),
    };
    Some(Fold {
        of: Arc::new(plan),
        key: key.into_iter().collect::<Option<_>>()?,
        order: order.into_iter().collect::<Option<_>>()?,
        columns: columns.into_iter().collect::<Option<_>>()?,
        history,
        unit: folds.unit.clone(),
        tests,
    })
}

/// The collection that is folded, which folds none itself.
fn source_of<'s>(schemas: &'s Schemas, folds: &Folds, diagnostics: &mut Diagnostics) -> Option<&'s Arc<Collection>> {
    let Written { text: name, source } = &folds.collection;
    let Some(of) = schemas.collections.get(&name.value) else {
        let known = schemas.collections.keys().map(String::as_str);
        diagnostics.push(
            name.diagnostic(
                source,
                "rule::unknown_collection",
                format!("no collection `{}`", name.value),
                "no such schema",
            )
            .help_if(did_you_mean(&name.value, known)),
        );
        return None;
    };
    if of.folds.is_some() {
        diagnostics.push(
            name.diagnostic(
                source,
                "schema::fold_of_fold",
                format!("`{}` is itself folded", name.value),
                "only what is submitted can be folded",
            )
            .help("fold the collection that it is made of, with another key"),
        );
        return None;
    }
    Some(of)
}

fn variable(of: &Collection, name: &Written, diagnostics: &mut Diagnostics) -> Option<VariableIndex> {
    let found = of.variable(&name.text.value);
    if found.is_none() {
        let known = of.variables.iter().map(|variable| variable.id.as_str());
        diagnostics.push(
            name.text
                .diagnostic(
                    &name.source,
                    "schema::unknown_variable",
                    format!("`{}` is no variable of `{}`", name.text.value, of.id),
                    "unknown variable",
                )
                .help_if(did_you_mean(&name.text.value, known)),
        );
    }
    found
}

/// Whether the aggregate gives what a variable of this domain holds.
fn has_type(domain: &Domain, aggregate: &Aggregate, text: &Written, diagnostics: &mut Diagnostics) -> bool {
    let given = match &aggregate.function {
        Function::Count(_) | Function::CountDistinct(_) => "integer",
        Function::Listed(..) => "text",
        Function::Min(operand) | Function::Max(operand) | Function::First(operand) | Function::Last(operand) => {
            match operand {
                Operand::Text(_) => "text",
                Operand::Int(_) => "integer",
                Operand::Time(_) => "timestamp",
            }
        }
    };
    let (declared, fits) = match domain {
        Domain::Text { .. } => ("text", given == "text"),
        Domain::Code { .. } => ("code", given == "text"),
        Domain::Timestamp { .. } => ("timestamp", given == "timestamp"),
        Domain::Year { .. } => ("year", given == "integer"),
        Domain::Integer { .. } => ("integer", given == "integer"),
    };
    if !fits {
        diagnostics.push(text.text.diagnostic(
            &text.source,
            "schema::fold_type",
            format!("the variable is of type {declared}, the aggregate gives {given}"),
            "this aggregate",
        ));
    }
    fits
}
