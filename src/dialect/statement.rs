//! Puts a statement together from its layers.

mod groups;
pub(super) mod readings;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::comments::{describe, headline};
use super::expression::{Reading, Writer};
use super::words::{ResultRow, Words};
use super::{Obstacle, Request, Statement, TableName};
use crate::model::VariableIndex;
use crate::rule::expr::Parameter;
use crate::rule::fold::Fold;
use crate::rule::{Check, RecordCheck, Rule, RuleKind, SubmissionKind};

/// No record, of the type of counts: some engines refuse a column of several types.
const ZERO: &str = "CAST(0 AS BIGINT)";

/// The names of the layers; the database may have tables of any other name.
#[derive(Clone)]
struct Layers {
    records: String,
    digits: String,
    readings: String,
    truths: String,
    counts: String,
    groups: String,
    prefix: String,
}

impl Layers {
    /// Names that none of `tables` has.
    fn beside<'a>(tables: impl Iterator<Item = &'a TableName>) -> Self {
        let taken: BTreeSet<String> =
            tables.filter_map(|table| table.parts().first()).map(|part| part.to_lowercase()).collect();
        let mut prefix = String::from("vantkoll_");
        while taken.iter().any(|name| name.starts_with(&prefix)) {
            prefix.push('_');
        }
        Self::named(prefix)
    }

    /// Of the records that groups are made of.
    fn of_members(&self) -> Self {
        Self::named(format!("{}of_", self.prefix))
    }

    fn named(prefix: String) -> Self {
        let name = |layer: &str| format!("{prefix}{layer}");
        Self {
            records: name("records"),
            digits: name("digits"),
            readings: name("readings"),
            truths: name("truths"),
            counts: name("counts"),
            groups: name("groups"),
            prefix,
        }
    }

    fn official(&self, variable: &str) -> String {
        format!("{}official_{variable}", self.prefix)
    }

    fn keys(&self, rule: usize) -> String {
        format!("{}keys_{}", self.prefix, rule + 1)
    }
}

/// How a rule on records is counted; `engine::Runner::file_context` decides the same of a file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Status {
    Evaluated,
    NotApplicable,
    Skipped,
}

fn status(request: &Request<'_>, rule: &Rule, check: &RecordCheck) -> Status {
    let missing = |variable: VariableIndex| request.missing.contains(&variable);
    let about_values = matches!(rule.kind, RuleKind::Value | RuleKind::OfficialCode | RuleKind::Irrelevant);
    let states = |parameter: &Parameter| match parameter {
        Parameter::DeliveryDate => true,
        Parameter::PeriodStart | Parameter::PeriodEnd => request.stated.period.is_some(),
        Parameter::StatedRegion => request.stated.region.is_some(),
        Parameter::DeliveredRegions => request.stated.delivered_regions().is_some(),
    };
    let says_nothing = about_values && rule.faulty.first().is_some_and(|variable| missing(*variable));
    if says_nothing || reads_history(request, check) {
        Status::NotApplicable
    } else if check.stopped_by(missing).is_some() {
        Status::Skipped
    } else if !check.parameters.iter().all(states) {
        Status::NotApplicable
    } else if rule.kind == RuleKind::OfficialCode
        && rule.faulty.first().is_some_and(|variable| request.official_of(*variable).is_none())
    {
        Status::Skipped
    } else {
        Status::Evaluated
    }
}

/// Whether a rule reads what earlier submissions say of groups, of which the table has none.
fn reads_history(request: &Request<'_>, check: &RecordCheck) -> bool {
    check.inputs.iter().any(|variable| {
        let is_history = request.plan.collection.get(*variable).history.is_some();
        is_history && (request.fold().is_some() || request.missing.contains(variable))
    })
}

/// One statement that counts `rules`.
pub(super) fn write(
    request: &Request<'_>,
    words: &dyn Words,
    labels: &[String],
    rules: &[usize],
) -> Result<Statement, Obstacle> {
    let layers = Layers::beside(std::iter::once(&request.table).chain(request.official.values()));
    let (of_groups, of_members);
    let mut builder = match request.fold() {
        None => Builder::new(request, words, layers, None),
        Some(fold) => {
            of_members = request.of_members(fold);
            of_groups = request.of_groups(fold);
            Builder::new(&of_groups, words, layers, Some((fold, &of_members)))
        }
    };
    let mut rows = Vec::new();
    for rule in rules {
        rows.push(builder.rule(*rule, &labels[*rule])?);
    }
    Ok(Statement { rules: rules.to_vec(), text: builder.finish(rules, labels, &rows)? })
}

struct Builder<'a> {
    request: &'a Request<'a>,
    words: &'a dyn Words,
    layers: Layers,
    writer: Writer<'a>,
    /// How the records are made of those of a table, and what is asked of these; `None` where the table has the records.
    members: Option<(&'a Fold, &'a Request<'a>)>,
    /// Columns of truths, each with a comment before it where a rule begins.
    truths: Vec<(Option<String>, String)>,
    counts: Vec<String>,
    /// Common table expressions that count keys: name and query.
    keys: Vec<(String, String)>,
}

impl<'a> Builder<'a> {
    fn new(
        request: &'a Request<'a>,
        words: &'a dyn Words,
        layers: Layers,
        members: Option<(&'a Fold, &'a Request<'a>)>,
    ) -> Self {
        Self {
            request,
            words,
            layers,
            writer: Writer::new(request, words),
            members,
            truths: Vec::new(),
            counts: vec!["count(*) AS records".to_owned()],
            keys: Vec::new(),
        }
    }

    fn rule(&mut self, index: usize, label: &str) -> Result<ResultRow, Obstacle> {
        let rule = &self.request.plan.rules[index];
        let number = index + 1;
        let row = |satisfied: &str, violated: &str, not_applicable: &str, not_checked: &str| ResultRow {
            rule: label.to_owned(),
            satisfied: satisfied.to_owned(),
            violated: violated.to_owned(),
            not_applicable: not_applicable.to_owned(),
            not_checked: not_checked.to_owned(),
        };
        let check = match &rule.check {
            Check::Record(check) => check,
            Check::Submission(SubmissionKind::RequiredColumns | SubmissionKind::KnownColumns) => {
                return Err(Obstacle::Columns);
            }
            Check::Submission(SubmissionKind::Readable) => return Err(Obstacle::Readability),
            // These speak of the submission, not of its records: they apply to none, and at most one thing is wrong.
            Check::Submission(SubmissionKind::NotEmpty) => {
                return Ok(row(ZERO, "CAST(CASE WHEN records = 0 THEN 1 ELSE 0 END AS BIGINT)", "records", ZERO));
            }
            Check::Submission(SubmissionKind::RecordCount) => {
                let violated = match self.request.stated.records {
                    Some(stated) => format!("CAST(CASE WHEN records <> {stated} THEN 1 ELSE 0 END AS BIGINT)"),
                    None => ZERO.to_owned(),
                };
                return Ok(row(ZERO, &violated, "records", ZERO));
            }
            Check::Submission(SubmissionKind::Unique { variables, within }) => {
                let columns: Vec<VariableIndex> = within.iter().chain(variables).copied().collect();
                self.keys(index, &columns);
                let (s, v) = (format!("s{number}"), format!("v{number}"));
                return Ok(row(&s, &v, ZERO, &format!("records - {s} - {v}")));
            }
        };
        match status(self.request, rule, check) {
            Status::NotApplicable => Ok(row(ZERO, ZERO, "records", ZERO)),
            Status::Skipped => {
                let when = self.writer.bool(check.when)?;
                if when.text == "TRUE" {
                    return Ok(row(ZERO, ZERO, ZERO, "records"));
                }
                self.truth(index, &format!("w{number}"), &when.text, Some(label));
                self.count(&format!("n{number}"), &format!("NOT w{number}"));
                Ok(row(ZERO, ZERO, &format!("n{number}"), &format!("records - n{number}")))
            }
            Status::Evaluated => {
                let (when, assert) = (self.writer.bool(check.when)?, self.writer.bool(check.assert)?);
                let always = when.text == "TRUE";
                if !always {
                    self.truth(index, &format!("w{number}"), &when.text, Some(label));
                }
                self.truth(index, &format!("a{number}"), &assert.text, always.then_some(label));
                let (s, v, n) = (format!("s{number}"), format!("v{number}"), format!("n{number}"));
                if always {
                    self.count(&s, &format!("a{number}"));
                    self.count(&v, &format!("NOT a{number}"));
                    return Ok(row(&s, &v, ZERO, &format!("records - {s} - {v}")));
                }
                self.count(&s, &format!("w{number} AND a{number}"));
                self.count(&v, &format!("w{number} AND NOT a{number}"));
                self.count(&n, &format!("NOT w{number}"));
                Ok(row(&s, &v, &n, &format!("records - {s} - {v} - {n}")))
            }
        }
    }

    fn truth(&mut self, rule: usize, name: &str, text: &str, begins: Option<&str>) {
        let comment = begins.map(|label| describe(&self.request.plan.rules[rule], label));
        self.truths.push((comment, format!("{text} AS {name}")));
    }

    fn count(&mut self, name: &str, condition: &str) {
        // `FILTER` would say the same; DuckDB takes twice the time for hundreds of them.
        self.counts.push(format!("count(CASE WHEN {condition} THEN 1 END) AS {name}"));
    }

    /// A query that counts records whose key no other has, and those whose key another has; a blank part makes no key.
    fn keys(&mut self, rule: usize, columns: &[VariableIndex]) {
        self.writer.variables.extend(columns);
        let names: Vec<String> = columns.iter().map(|variable| self.writer.column(*variable, "")).collect();
        let filled: Vec<String> = names.iter().map(|name| format!("{name} IS NOT NULL")).collect();
        let number = rule + 1;
        let query = format!(
            "  SELECT\n    CAST(coalesce(sum(n) FILTER (WHERE n = 1), 0) AS BIGINT) AS s{number},\n    \
             CAST(coalesce(sum(n) FILTER (WHERE n > 1), 0) AS BIGINT) AS v{number}\n  FROM (\n    \
             SELECT count(*) AS n FROM {} WHERE {} GROUP BY {}\n  ) AS k",
            self.words.identifier(&self.layers.records),
            filled.join(" AND "),
            names.join(", ")
        );
        self.keys.push((self.layers.keys(rule), query));
    }

    /// The layers of records and of what is read out of them, and the name of the last.
    fn of_records(&mut self) -> Result<(Vec<(String, String)>, String), Obstacle> {
        let readings = std::mem::take(&mut self.writer.readings);
        let mut layers: Vec<(String, String)> = Vec::new();
        let name = |layer: &str| self.words.identifier(layer);
        let mut from = name(&self.layers.records);
        layers.push((self.words.with_name(&self.layers.records), self.records()));
        let times: Vec<VariableIndex> = of(&readings, Reading::Time);
        if !times.is_empty() {
            layers.push((format!("{} AS", name(&self.layers.digits)), self.digits(&times, &from)?));
            from = name(&self.layers.digits);
        }
        let official = of(&readings, Reading::Official);
        for variable in &official {
            let id = &self.request.plan.collection.get(*variable).id;
            layers.push((format!("{} AS", name(&self.layers.official(id))), self.official(*variable)));
        }
        if !readings.is_empty() {
            layers.push((format!("{} AS", name(&self.layers.readings)), self.readings(&readings, &official, &from)));
            from = name(&self.layers.readings);
        }
        Ok((layers, from))
    }

    fn finish(mut self, rules: &[usize], labels: &[String], rows: &[ResultRow]) -> Result<String, Obstacle> {
        let name = |layer: &str| self.words.identifier(layer);
        let mut layers = Vec::new();
        if let Some((fold, members)) = self.members {
            let wanted = self.writer.variables.difference(&self.request.missing).copied().collect();
            let of = Builder::new(members, self.words, self.layers.of_members(), None);
            layers = of.groups(fold, &self.request.plan.collection, &wanted, &self.layers.groups)?;
        }
        let (of_records, mut from) = self.of_records()?;
        layers.extend(of_records);
        if !self.truths.is_empty() {
            let mut query = String::from("  SELECT\n");
            for (index, (comment, column)) in self.truths.iter().enumerate() {
                let end = if index + 1 < self.truths.len() { "," } else { "" };
                if let Some(comment) = comment {
                    push(&mut query, format_args!("    -- {comment}\n"));
                }
                push(&mut query, format_args!("    {column}{end}\n"));
            }
            push(&mut query, format_args!("  FROM {from}"));
            layers.push((format!("{} AS", name(&self.layers.truths)), query));
            from = name(&self.layers.truths);
        }
        let counts = format!("  SELECT\n    {}\n  FROM {from}", self.counts.join(",\n    "));
        layers.push((format!("{} AS", name(&self.layers.counts)), counts));
        let mut source = name(&self.layers.counts);
        for (keys, query) in &self.keys {
            layers.push((format!("{} AS", name(keys)), query.clone()));
            push(&mut source, format_args!(" CROSS JOIN {}", name(keys)));
        }
        let mut out = String::new();
        for rule in rules {
            push(&mut out, format_args!("-- {}\n", headline(&self.request.plan.rules[*rule], &labels[*rule])));
        }
        let layers: Vec<String> = layers.into_iter().map(|(head, query)| format!("{head} (\n{query}\n)")).collect();
        push(&mut out, format_args!("WITH {}\n", layers.join(", ")));
        out.push_str(&self.words.results(rows, &source));
        Ok(out)
    }
}

fn of(readings: &BTreeSet<(VariableIndex, Reading)>, wanted: Reading) -> Vec<VariableIndex> {
    readings.iter().filter(|(_, reading)| *reading == wanted).map(|(variable, _)| *variable).collect()
}

fn push(out: &mut String, arguments: std::fmt::Arguments<'_>) {
    out.write_fmt(arguments).expect("a String takes everything");
}
