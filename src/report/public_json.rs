//! What everybody may know of a run, for programs: one JSON document with a version of its own.
//!
//! A count that is null may not be shown: it is small, or a small one could be worked out from it. Coverage has its own
//! document (`coverage` with `--edition public`).

use std::io::Write;

use serde::Serialize;

use crate::edition::{PublicOutcome, PublicRun};
use crate::model::Text;
use crate::report::ReportError;
use crate::time::format_day;

/// The name and version of the document's shape, in its field `schema`.
pub const SCHEMA: &str = "vantkoll.public/1";

/// Writes the whole outcome; see [`crate::report`].
///
/// # Errors
/// If `out` cannot be written.
pub fn write(outcome: &PublicOutcome, out: &mut (dyn Write + Send)) -> Result<(), ReportError> {
    let document = PublicJson {
        schema: SCHEMA,
        tool_version: env!("CARGO_PKG_VERSION"),
        published_below: outcome.threshold,
        delivery_date: format_day(outcome.delivery_date),
        collections: outcome.runs.iter().map(CollectionJson::new).collect(),
    };
    serde_json::to_writer_pretty(&mut *out, &document).map_err(std::io::Error::from)?;
    out.write_all(b"\n")?;
    Ok(())
}

#[derive(Serialize)]
struct PublicJson<'a> {
    schema: &'static str,
    tool_version: &'static str,
    /// Counts below this are null, and others so that those cannot be worked out.
    published_below: u64,
    delivery_date: String,
    collections: Vec<CollectionJson<'a>>,
}

#[derive(Serialize)]
struct TextJson<'a> {
    sv: &'a str,
    en: &'a str,
}

impl<'a> From<&'a Text> for TextJson<'a> {
    fn from(text: &'a Text) -> Self {
        Self { sv: &text.sv, en: &text.en }
    }
}

#[derive(Serialize)]
struct CollectionJson<'a> {
    id: &'a str,
    title: TextJson<'a>,
    rule_set_version: &'a str,
    records: Option<u64>,
    rejected_records: Option<u64>,
    rules: Vec<RuleJson<'a>>,
    variables: Vec<VariableJson<'a>>,
    reporters: Vec<ReporterJson<'a>>,
}

#[derive(Serialize)]
struct RuleJson<'a> {
    id: &'a str,
    severity: &'static str,
    title: TextJson<'a>,
    satisfied: Option<u64>,
    violated: Option<u64>,
    not_applicable: Option<u64>,
    not_checked: Option<u64>,
}

#[derive(Serialize)]
struct VariableJson<'a> {
    id: &'a str,
    name: TextJson<'a>,
    level: &'static str,
    filled: Option<u64>,
    negative: Option<u64>,
    unknown: Option<u64>,
    blank_allowed: Option<u64>,
    blank_required: Option<u64>,
    unreadable: Option<u64>,
}

#[derive(Serialize)]
struct ReporterJson<'a> {
    lanskod: &'a str,
    records: Option<u64>,
    rejected_records: Option<u64>,
}

impl<'a> CollectionJson<'a> {
    fn new(run: &'a PublicRun) -> Self {
        let rules = run.rules.iter().map(|rule| {
            let [satisfied, violated, not_applicable, not_checked] = rule.counts;
            RuleJson {
                id: &rule.id,
                severity: rule.severity.as_str(),
                title: (&rule.title).into(),
                satisfied,
                violated,
                not_applicable,
                not_checked,
            }
        });
        let variables = run.variables.iter().map(|variable| {
            let [filled, negative, unknown, blank_allowed, blank_required, unreadable] = variable.account;
            VariableJson {
                id: &variable.id,
                name: (&variable.name).into(),
                level: variable.level.as_str(),
                filled,
                negative,
                unknown,
                blank_allowed,
                blank_required,
                unreadable,
            }
        });
        let reporters = run.reporters.iter().map(|reporter| ReporterJson {
            lanskod: reporter.county.as_str(),
            records: reporter.records,
            rejected_records: reporter.rejected,
        });
        Self {
            id: &run.collection,
            title: (&run.title).into(),
            rule_set_version: &run.version,
            records: run.records,
            rejected_records: run.rejected,
            rules: rules.collect(),
            variables: variables.collect(),
            reporters: reporters.collect(),
        }
    }
}
