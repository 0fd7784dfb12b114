//! What a script says of itself: which rule a statement counts, in which words, and what is taken as given.
//!
//! Comments are English, as all of the SQL is. They end with their line, whatever a rule file says.

use std::collections::{BTreeMap, BTreeSet};

use super::{Request, TableName};
use crate::rule::expr::Parameter;
use crate::rule::fold::{Aggregate, Fold, FoldColumn, Function};
use crate::rule::{Check, Rule, RuleKind};
use crate::schema::Domain;
use crate::time::format_day;

/// What stands before a statement of a rule.
pub(super) fn headline(rule: &Rule, label: &str) -> String {
    comment(&format!("{label}, {}: {}", rule.severity.as_str(), rule.title.en))
}

/// What stands before the truths of a rule: its own words.
pub(super) fn describe(rule: &Rule, label: &str) -> String {
    let parts: Vec<String> = [("when", &rule.when_text), ("assert", &rule.assert_text)]
        .into_iter()
        .filter_map(|(word, text)| Some(format!("{word} {}", text.as_ref()?)))
        .collect();
    comment(&if parts.is_empty() { label.to_owned() } else { format!("{label}: {}", parts.join("; ")) })
}

/// A text that ends with its line, and in which no session finds a variable to put a value for.
pub(super) fn comment(text: &str) -> String {
    text.replace(char::is_control, " ").replace("${", "$ {")
}

/// Of what the records are made.
fn folded(fold: &Fold) -> String {
    let key: Vec<&str> = fold.key.iter().map(|part| fold.of.collection.get(*part).id.as_str()).collect();
    format!(
        "The table's records are those of {}; rules are asked of the {} that they fold into by {}. A record with a blank \
         part of that key is in none.",
        fold.of.collection.id,
        fold.unit.en,
        key.join(", ")
    )
}

/// What a table, which has no order, cannot tell as files can.
fn ties(fold: &Fold) -> Option<String> {
    let is_open = |column: &FoldColumn| match column {
        FoldColumn::Aggregate(Aggregate { function: Function::First(of) | Function::Last(of), .. }) => {
            !fold.order.contains(of)
        }
        _ => false,
    };
    fold.columns.iter().any(is_open).then(|| {
        "Of records that stand in one place of the order, FIRST takes the least value and LAST the greatest; vantkoll \
         takes them as they stand in the files."
            .to_owned()
    })
}

/// What is to be stated for the aggregates.
fn parameters(fold: &Fold) -> Vec<Parameter> {
    let aggregates = fold.columns.iter().filter_map(|column| match column {
        FoldColumn::Aggregate(aggregate) => Some(fold.of.program.inputs(&[aggregate.filter], None).parameters),
        FoldColumn::Key(_) | FoldColumn::History(_) => None,
    });
    aggregates.flatten().collect()
}

/// What a statement takes as given, a line each.
pub(super) fn preamble(request: &Request<'_>, rules: &[usize]) -> Vec<String> {
    let plan = request.plan;
    let mut lines = vec![
        format!("Rules of {} (version {}) for {}.", plan.collection.id, plan.version, request.dialect.as_str()),
        "The table holds one submission: a row a record, every column as text.".to_owned(),
    ];
    if let Some(fold) = request.fold() {
        lines.push(folded(fold));
        lines.extend(ties(fold));
    } else if plan.fold.is_some() {
        lines.push("The records are groups of others', put together already.".to_owned());
    }
    let of_fold = request.fold().into_iter().flat_map(parameters);
    let read: BTreeSet<Parameter> = rules
        .iter()
        .filter_map(|rule| match &plan.rules[*rule].check {
            Check::Record(check) => Some(check.parameters.iter().copied()),
            Check::Submission(_) => None,
        })
        .flatten()
        .chain(of_fold)
        .collect();
    if read.contains(&Parameter::DeliveryDate) {
        lines.push(match request.stated.delivery_date {
            Some(day) => format!("Delivery date: {}.", format_day(day)),
            None => "Delivery date: the day on which the statement runs (--delivery-date states another).".to_owned(),
        });
    }
    if read.contains(&Parameter::PeriodStart) || read.contains(&Parameter::PeriodEnd) {
        lines.push(match request.stated.period {
            Some((first, last)) => format!("Period: {} to {}.", format_day(first), format_day(last)),
            None => "Period: not stated (--period), so the rules that need it apply to no record.".to_owned(),
        });
    }
    if read.contains(&Parameter::StatedRegion) {
        lines.push(match &request.stated.region {
            Some(number) => format!("Region: {number}."),
            None => "Region: not stated (--region), so the rules that need it apply to no record.".to_owned(),
        });
    }
    if read.contains(&Parameter::DeliveredRegions) {
        lines.push(match (request.stated.delivered_regions, &request.stated.region) {
            (Some(regions), _) => format!("Delivered regions: {regions}."),
            (None, Some(_)) => "Delivered regions: one, the region stated.".to_owned(),
            (None, None) => {
                "Delivered regions: not stated (--delivered-regions), so the rules that need it apply to no record."
                    .to_owned()
            }
        });
    }
    let mut lists: BTreeMap<&str, Option<&TableName>> = BTreeMap::new();
    for rule in rules.iter().map(|rule| &plan.rules[*rule]).filter(|rule| rule.kind == RuleKind::OfficialCode) {
        for variable in &rule.faulty {
            if let Domain::Text { official_list: Some(name), .. } = &plan.collection.get(*variable).domain {
                lists.insert(name, request.official.get(name));
            }
        }
    }
    for (name, table) in lists {
        lines.push(match table {
            Some(table) => format!(
                "Official list {name}: column code of {}; every code of it counts as valid on every date.",
                table.parts().join(".")
            ),
            None => {
                format!("Official list {name}: no table named (--codelist {name}=TABLE), so its rules are not checked.")
            }
        });
    }
    if !request.missing.is_empty() {
        let names: Vec<&str> =
            request.missing.iter().map(|variable| request.table_collection().get(*variable).id.as_str()).collect();
        lines.push(format!("No columns: {}.", names.join(", ")));
    }
    lines.iter().map(|line| comment(line)).collect()
}
