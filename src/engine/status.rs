//! What a rule can say about a file before any record is read: by the columns it has and by what is stated of it.

use std::collections::BTreeSet;

use super::eval::{Context, Parameters};
use super::run::Stated;
use crate::model::{Skipped, VariableIndex};
use crate::rule::expr::{BoolExpr, BoolNode, IntExpr, IntNode};
use crate::rule::{Check, Plan, Rule, RuleKind};
use crate::schema::Domain;
use crate::submission::Statement;

/// What a rule can say about a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RuleStatus {
    Evaluated,
    NotApplicable,
    Skipped(Skipped),
    /// A rule on the whole submission, judged elsewhere.
    Elsewhere,
}

/// What is stated of the whole run, which has these files.
pub(super) fn parameters_of_run<'s>(stated: &'s Stated, files: impl IntoIterator<Item = &'s Statement>) -> Parameters {
    Parameters {
        delivery_date: Some(stated.delivery_date),
        period: stated.period,
        region: stated.region.as_ref().map(|region| region.organisation_number.clone()),
        delivered_regions: delivered_regions(stated, files),
    }
}

/// How many regions files are stated to come from; `None` where nothing is stated of any.
fn delivered_regions<'s>(stated: &'s Stated, files: impl IntoIterator<Item = &'s Statement>) -> Option<i64> {
    let of_run = stated.region.as_ref().map(|region| region.organisation_number.as_str());
    let of_file = |own: &'s Statement| own.region.as_ref().map(|(_, number)| number.as_str()).or(of_run);
    let regions: BTreeSet<&str> = files.into_iter().filter_map(of_file).collect();
    i64::try_from(regions.len()).ok().filter(|regions| *regions > 0)
}

/// What is stated about a file: of the file itself, else of the whole run.
pub(super) fn parameters_of_file(run: &Parameters, own: &Statement) -> Parameters {
    Parameters {
        delivery_date: own.received.or(run.delivery_date),
        period: own.month.filter(|_| own.is_listed).map(|month| (month.first_day(), month.last_day())).or(run.period),
        region: own.region.as_ref().map(|(_, number)| number.clone()).or_else(|| run.region.clone()),
        delivered_regions: run.delivered_regions,
    }
}

/// What each rule of the context's plan can say about a file with these columns: one entry a variable of the schema,
/// `None` where the file has no column of it.
pub(super) fn statuses(context: &Context<'_>, column_of: &[Option<usize>]) -> Vec<RuleStatus> {
    context.plan.rules.iter().map(|rule| status(context, column_of, rule)).collect()
}

fn status(context: &Context<'_>, column_of: &[Option<usize>], rule: &Rule) -> RuleStatus {
    let plan = context.plan;
    let missing = |variable: VariableIndex| column_of[variable.0].is_none();
    let check = match &rule.check {
        Check::Submission(_) => return RuleStatus::Elsewhere,
        Check::Record(_) if !plan.is_in_force(rule) => return RuleStatus::NotApplicable,
        Check::Record(check) => check,
    };
    let about_values = matches!(rule.kind, RuleKind::Value | RuleKind::OfficialCode | RuleKind::Irrelevant);
    if about_values && rule.faulty.first().is_some_and(|variable| missing(*variable)) {
        RuleStatus::NotApplicable
    } else if check.inputs.iter().any(|variable| plan.collection.get(*variable).history.is_some() && missing(*variable))
    {
        // Without earlier submissions there is nothing to compare with, so the rule has nothing to say.
        RuleStatus::NotApplicable
    } else if let Some(variable) = check.stopped_by(missing) {
        RuleStatus::Skipped(Skipped::MissingColumn(plan.collection.get(variable).id.clone()))
    } else if check.parameters.iter().any(|parameter| !context.parameters.states(*parameter)) {
        // Nothing was stated to compare with, so the rule has nothing to say.
        RuleStatus::NotApplicable
    } else if rule.kind == RuleKind::OfficialCode
        && rule.faulty.first().is_some_and(|variable| context.official[variable.0].is_none())
    {
        RuleStatus::Skipped(Skipped::CodelistNotLoaded(official_list_name(plan, rule.faulty[0])))
    } else {
        RuleStatus::Evaluated
    }
}

/// Whether what is stated of a run leaves it open that a rule applies to some record.
pub(super) fn can_apply(context: &Context<'_>, rule: &Rule) -> bool {
    let Check::Record(check) = &rule.check else { return false };
    let is_stated = check.parameters.iter().all(|parameter| context.parameters.states(*parameter));
    context.plan.is_in_force(rule) && is_stated && decided(context, check.when) != Some(false)
}

/// What a condition is of every record, as far as constants and what is stated of the run decide that.
fn decided(context: &Context<'_>, node: BoolNode) -> Option<bool> {
    let program = &context.plan.program;
    let number = |node: IntNode| match &program.ints[node.0 as usize] {
        IntExpr::Literal(number) => Some(*number),
        IntExpr::Parameter(parameter) => context.parameters.number(*parameter),
        _ => None,
    };
    let any = |nodes: &[BoolNode], truth: bool| nodes.iter().any(|node| decided(context, *node) == Some(truth));
    let all = |nodes: &[BoolNode], truth: bool| nodes.iter().all(|node| decided(context, *node) == Some(truth));
    match &program.bools[node.0 as usize] {
        BoolExpr::Constant(truth) => *truth,
        BoolExpr::And(nodes) if any(nodes, false) => Some(false),
        BoolExpr::And(nodes) => all(nodes, true).then_some(true),
        BoolExpr::Or(nodes) if any(nodes, true) => Some(true),
        BoolExpr::Or(nodes) => all(nodes, false).then_some(false),
        BoolExpr::Not(node) => decided(context, *node).map(|truth| !truth),
        BoolExpr::CompareInt(comparison, left, right) => Some(comparison.holds(number(*left)?.cmp(&number(*right)?))),
        _ => None,
    }
}

fn official_list_name(plan: &Plan, variable: VariableIndex) -> String {
    match &plan.collection.get(variable).domain {
        Domain::Text { official_list: Some(name), .. } => name.clone(),
        _ => String::new(),
    }
}
