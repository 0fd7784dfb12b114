//! From variables to rules to tests and back, with the gaps: a variable that must be reported and that no rule speaks
//! of, a rule that no document lays down, a rule that was never seen to hold and to be broken.
//!
//! What is traced are the variables of the schemas, each with the place it is laid down. Where the model's own table of
//! variables is at hand, its rows are compared with them.

mod table;
mod write;

use std::collections::{BTreeMap, BTreeSet};

use super::Rulebook;
use super::account::level_words;
use crate::model::{Level, Text, VariableIndex, Verdict, VerdictCounts};
use crate::rule::{Check, Plan, Rule};

pub use table::{TableRow, read_table};
pub use write::{csv, text};

/// Every variable with its rules and tests, and what is missing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// By collection, in the schema's order.
    pub rows: Vec<Row>,
    /// What is missing, in the order of collections.
    pub gaps: Vec<Gap>,
}

/// One variable of one collection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The collection's id and title.
    pub collection: (String, Text),
    /// The variable's id and name.
    pub variable: (String, Text),
    /// Document and place.
    pub source: (String, String),
    /// As the rules have it.
    pub level: Level,
    /// Whether it is worked out of the records of a group, so that nobody reports it.
    pub is_made: bool,
    /// The rules on groups of records that are made of it.
    pub through_groups: Vec<String>,
    /// As the model's table has it, in its own word.
    pub table_level: Option<String>,
    /// The rules that find fault with it.
    pub rules: Vec<String>,
    /// The rules that apply because of it.
    pub triggers: Vec<String>,
    /// The tests of the rules that find fault with it, by what they expect.
    pub tests: VerdictCounts,
}

/// Something that is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The collection, where it is of one.
    pub collection: String,
    /// The variable or rule.
    pub subject: String,
    /// What is missing.
    pub text: Text,
}

/// Traces everything in `book`, and compares it with the rows of the model's table where there are any.
pub fn trace(book: &Rulebook, table: Option<&[TableRow]>) -> Trace {
    let mut trace = Trace::default();
    for plan in book.plans() {
        for (index, variable) in plan.collection.variables.iter().enumerate() {
            let row = row(book, plan, VariableIndex(index));
            let is_required = matches!(row.level, Level::Mandatory | Level::Conditional);
            if is_required && row.rules.is_empty() {
                let level = level_words(row.level);
                trace.gap(
                    &plan.collection.id,
                    &variable.id,
                    format!("{}, men ingen regel handlar om den", level.sv),
                    format!("{}, but no rule speaks of it", level.en),
                );
            }
            trace.rows.push(row);
        }
    }
    trace.rules(book);
    if let Some(table) = table {
        trace.compare(book, table);
    }
    trace
}

fn row(book: &Rulebook, plan: &Plan, index: VariableIndex) -> Row {
    let variable = plan.collection.get(index);
    let ids = |rules: &[&Rule]| -> Vec<String> {
        let mut ids: Vec<String> = rules.iter().map(|rule| rule.id.0.clone()).collect();
        // The versions of a rule stand side by side.
        ids.dedup();
        ids
    };
    let faulty: Vec<&Rule> = plan.rules.iter().filter(|rule| rule.faulty.contains(&index)).collect();
    let triggers: Vec<&Rule> = plan.rules.iter().filter(|rule| rule.triggers.contains(&index)).collect();
    let mut tests = VerdictCounts::default();
    for test in faulty.iter().flat_map(|rule| &rule.tests) {
        match test.expected {
            Verdict::Satisfied => tests.satisfied += 1,
            Verdict::Violated => tests.violated += 1,
            Verdict::NotApplicable => tests.not_applicable += 1,
            Verdict::NotChecked => tests.not_checked += 1,
        }
    }
    Row {
        collection: (plan.collection.id.clone(), plan.collection.title.clone()),
        variable: (variable.id.clone(), variable.name.clone()),
        source: (variable.source.document.clone(), variable.source.place.clone()),
        level: plan.requirements[index.0].level,
        is_made: plan.fold.is_some(),
        through_groups: through_groups(book, &plan.collection.id, index),
        table_level: None,
        rules: ids(&faulty),
        triggers: ids(&triggers),
        tests,
    }
}

/// The rules on groups of a collection's records that read what is made of one of its variables.
fn through_groups(book: &Rulebook, collection: &str, index: VariableIndex) -> Vec<String> {
    let mut ids = Vec::new();
    for (plan, fold) in book.plans().filter_map(|plan| Some((plan, plan.fold.as_deref()?))) {
        if fold.of.collection.id != collection {
            continue;
        }
        let reads = |rule: &&Rule| {
            let read = match &rule.check {
                Check::Record(check) => check.inputs.as_slice(),
                Check::Submission(_) => &[],
            };
            let mut spoken_of = read.iter().chain(&rule.faulty).chain(&rule.triggers);
            spoken_of.any(|variable| fold.inputs_of(*variable).contains(&index))
        };
        ids.extend(plan.rules.iter().filter(reads).map(|rule| rule.id.0.clone()));
    }
    ids.dedup();
    ids
}

/// A rule, the first collection it was seen in, and what its tests of all collections expect.
struct Seen<'a> {
    collection: &'a str,
    rule: &'a Rule,
    verdicts: BTreeSet<Verdict>,
}

impl Trace {
    fn gap(&mut self, collection: &str, subject: &str, sv: String, en: String) {
        let (collection, subject) = (collection.to_owned(), subject.to_owned());
        self.gaps.push(Gap { collection, subject, text: Text { sv, en } });
    }

    /// Rules without a source, and rules that lack a test. A rule of several collections may be tested in one of them.
    fn rules(&mut self, book: &Rulebook) {
        let mut seen: Vec<Seen<'_>> = Vec::new();
        let mut places: BTreeMap<(&str, Option<String>), usize> = BTreeMap::new();
        for plan in book.plans() {
            for rule in &plan.rules {
                // Versions of a rule are told apart by their place.
                let place = rule.origin.rule.as_ref().map(|place| format!("{}:{}", place.source.name(), place.offset));
                let index = *places.entry((rule.id.0.as_str(), place)).or_insert_with(|| {
                    seen.push(Seen { collection: &plan.collection.id, rule, verdicts: BTreeSet::new() });
                    seen.len() - 1
                });
                seen[index].verdicts.extend(rule.tests.iter().map(|test| test.expected));
            }
        }
        for Seen { collection, rule, verdicts } in seen {
            let id = rule.id.0.as_str();
            if rule.source.document.trim().is_empty() || rule.source.place.trim().is_empty() {
                self.gap(collection, id, "regeln saknar källa".to_owned(), "the rule has no source".to_owned());
            }
            for (verdict, sv, en) in
                [(Verdict::Satisfied, "uppfyller", "satisfies"), (Verdict::Violated, "bryter mot", "violates")]
            {
                if !verdicts.contains(&verdict) {
                    let sv = format!("regeln saknar test på något som {sv} den");
                    self.gap(collection, id, sv, format!("the rule has no test of what {en} it"));
                }
            }
        }
    }

    /// Rows without a variable, other levels, and variables without a row.
    fn compare(&mut self, book: &Rulebook, table: &[TableRow]) {
        for listed in table {
            let is_known = book.plans().any(|plan| plan.collection.id == listed.collection);
            let row = self
                .rows
                .iter_mut()
                .find(|row| row.collection.0 == listed.collection && row.variable.0 == listed.variable);
            match row {
                None if !is_known => self.gap(
                    &listed.collection,
                    &listed.variable,
                    format!("tabellens rad {}: insamlingen finns inte", listed.line),
                    format!("row {} of the table: there is no such collection", listed.line),
                ),
                None => self.gap(
                    &listed.collection,
                    &listed.variable,
                    format!("tabellens rad {}: variabeln finns inte i schemat", listed.line),
                    format!("row {} of the table: the schema has no such variable", listed.line),
                ),
                Some(row) => {
                    row.table_level = Some(listed.requirement.clone());
                    let (found, expected) = (row.level, listed.level(table));
                    if expected != Some(found) {
                        let words = level_words(found);
                        let (line, requirement) = (listed.line, &listed.requirement);
                        self.gap(
                            &listed.collection,
                            &listed.variable,
                            format!("är {}, men tabellens rad {line} säger {requirement}", words.sv),
                            format!("is {}, but row {line} of the table says {requirement}", words.en),
                        );
                    }
                }
            }
        }
        let collections: BTreeSet<&str> = table.iter().map(|row| row.collection.as_str()).collect();
        let unlisted = book.collections.plans.values().filter(|plan| collections.contains(plan.collection.id.as_str()));
        for plan in unlisted {
            for variable in plan.collection.variables.iter().filter(|variable| !variable.extra) {
                let is_listed =
                    table.iter().any(|row| row.collection == plan.collection.id && row.variable == variable.id);
                if !is_listed {
                    let (sv, en) = ("finns inte i tabellen", "is in no row of the table");
                    self.gap(&plan.collection.id, &variable.id, sv.to_owned(), en.to_owned());
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
