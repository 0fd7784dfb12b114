//! Mutants of value domains and keys: bounds and lengths moved by one, the time of day required or not, a variable of a
//! key left out.
//!
//! Codes are not left out of code lists here: a list is a fact with a source, not a judgement of a rule's author.

use std::sync::Arc;

use crate::model::VariableIndex;
use crate::rule::expr::{BoolExpr, BoolNode};
use crate::rule::{Plan, RecordCheck, SubmissionKind};
use crate::schema::{Collection, Domain};

/// A domain with one change.
pub(super) struct DomainMutant {
    pub(super) domain: Domain,
    pub(super) from: String,
    pub(super) to: String,
}

/// Every mutant of a domain.
pub(super) fn mutants(domain: &Domain) -> Vec<DomainMutant> {
    let around = |bound: i64| [bound.saturating_sub(1), bound.saturating_add(1)];
    let range_text = |(min, max): (i64, i64)| format!("range: {{ min: {min}, max: {max} }}");
    let ranges = |range: (i64, i64), build: fn(Option<(i64, i64)>) -> Domain| {
        let (min, max) = range;
        let others = around(min).map(|min| (min, max)).into_iter().chain(around(max).map(|max| (min, max)));
        others
            .filter(|(min, max)| min <= max)
            .map(|other| DomainMutant { domain: build(Some(other)), from: range_text(range), to: range_text(other) })
            .collect()
    };
    match domain {
        Domain::Year { range: Some(range) } => ranges(*range, |range| Domain::Year { range }),
        Domain::Integer { range: Some(range) } => ranges(*range, |range| Domain::Integer { range }),
        Domain::Timestamp { date_only } => vec![DomainMutant {
            domain: Domain::Timestamp { date_only: !date_only },
            from: format!("date_only: {date_only}"),
            to: format!("date_only: {}", !date_only),
        }],
        Domain::Text { format, max_length: Some(most), official_list } => [most.saturating_sub(1), most + 1]
            .map(|other| DomainMutant {
                domain: Domain::Text {
                    format: format.clone(),
                    max_length: Some(other),
                    official_list: official_list.clone(),
                },
                from: format!("max_length: {most}"),
                to: format!("max_length: {other}"),
            })
            .into(),
        Domain::Text { .. } | Domain::Code { .. } | Domain::Year { .. } | Domain::Integer { .. } => Vec::new(),
    }
}

/// The plan with another domain of one variable, and the condition and assertion of the rule on its value in it.
pub(super) fn plan_with(
    plan: &Plan,
    variable: VariableIndex,
    domain: Domain,
    check: &RecordCheck,
) -> (Plan, (BoolNode, BoolNode)) {
    let mut collection = Collection::clone(&plan.collection);
    collection.variables[variable.0].domain = domain;
    debug_assert_eq!(plan.program.bools[check.assert.0 as usize], BoolExpr::ValueOk(variable));
    (Plan { collection: Arc::new(collection), ..plan.clone() }, (check.when, check.assert))
}

/// The kinds with one variable of the key, or of its scope, left out.
pub(super) fn keys(kind: &SubmissionKind) -> Vec<SubmissionKind> {
    let SubmissionKind::Unique { variables, within } = kind else { return Vec::new() };
    let without = |list: &[VariableIndex], index: usize| -> Vec<VariableIndex> {
        list.iter().enumerate().filter(|(at, _)| *at != index).map(|(_, variable)| *variable).collect()
    };
    let shorter = (0..variables.len())
        .filter(|_| variables.len() > 1)
        .map(|index| SubmissionKind::Unique { variables: without(variables, index), within: within.clone() });
    let wider = (0..within.len())
        .map(|index| SubmissionKind::Unique { variables: variables.clone(), within: without(within, index) });
    shorter.chain(wider).collect()
}

/// A key as a rule file writes it.
pub(super) fn key_text(collection: &Collection, kind: &SubmissionKind) -> String {
    let SubmissionKind::Unique { variables, within } = kind else { return String::new() };
    let names = |list: &[VariableIndex]| {
        list.iter().map(|variable| collection.get(*variable).id.as_str()).collect::<Vec<_>>().join(", ")
    };
    format!("unique: {{ variables: [{}], within: [{}] }}", names(variables), names(within))
}
