//! Everything a run found, for programs: one JSON document with a version of its own.
//!
//! The types here are twins of the model's, made for writing: a change in the model does not change the format, and a
//! change of the format shows as a change here. Names are in English, ids are the sources' own, texts are in both
//! languages. Fields may be added under the same version; removing or redefining one makes a new version.

use std::io::Write;

use serde::Serialize;

use crate::engine::{FileRun, Outcome, RuleRun, Run, Stated, TimestampForms, WaiverRun};
use crate::model::{
    Account, Detail, Finding, Severity, ShownValue, Skipped, SourceReference, Text, VariableIndex, VerdictCounts,
    WaiverIndex, column_letters,
};
use crate::report::rule_rows::{Status, reason_code, reason_name, speaks_of_records};
use crate::report::{ReportError, ReportOptions, gate};
use crate::rule::{Plan, Rule};
use crate::schema::Domain;
use crate::submission::{CollectionSource, Delimiter, Encoding, Format};
use crate::time::format_day;

/// The name and version of the document's shape, in its field `schema`.
pub const SCHEMA: &str = "vantkoll.report/1";

/// Writes the whole outcome; see [`crate::report`]. Only `fail_on` and `strict` of the options matter.
///
/// # Errors
/// If `out` cannot be written.
pub fn write(outcome: &Outcome, options: &ReportOptions, out: &mut (dyn Write + Send)) -> Result<(), ReportError> {
    serde_json::to_writer_pretty(&mut *out, &ReportJson::new(outcome, options)).map_err(std::io::Error::from)?;
    out.write_all(b"\n")?;
    Ok(())
}

#[derive(Serialize)]
struct ReportJson<'a> {
    schema: &'static str,
    tool: ToolJson,
    stated: StatedJson<'a>,
    gate: GateJson,
    /// Those given with `--waivers`, in the order of their file.
    waivers: Vec<WaiverJson<'a>>,
    collections: Vec<CollectionJson<'a>>,
}

#[derive(Serialize)]
struct WaiverJson<'a> {
    /// From 1; findings name it.
    number: u64,
    rule: &'a str,
    /// Null where it is everybody's.
    reporter: Option<RegionJson<'a>>,
    variable: Option<&'a str>,
    collection: Option<&'a str>,
    owner: &'a str,
    reason: TextJson<'a>,
    /// The last day.
    until: String,
    /// `applied`, `unused` (it covered no finding) or `expired` (the delivery date is later than its last day).
    status: &'static str,
    /// Findings that it covered.
    findings: u64,
}

#[derive(Serialize)]
struct ToolJson {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct StatedJson<'a> {
    period: Option<PeriodJson>,
    region: Option<RegionJson<'a>>,
    records: Option<u64>,
    delivery_date: String,
    /// False where the delivery date is the day of the run.
    delivery_date_stated: bool,
    /// The day that dated rules, levels and codes were chosen by (`--as-of`); null where each record's own dates chose.
    as_of: Option<String>,
}

#[derive(Serialize)]
struct PeriodJson {
    first_day: String,
    last_day: String,
}

#[derive(Serialize)]
struct RegionJson<'a> {
    organisation_number: &'a str,
    name: &'a str,
}

#[derive(Serialize)]
struct GateJson {
    /// `passed`, `failed` or `not_checked`.
    result: &'static str,
    fail_on: &'static str,
    strict: bool,
    /// Places found wrong, those waived included.
    violations: BySeverityJson,
    /// Those of them that are waived; the gate disregards these.
    waived: BySeverityJson,
    records: u64,
    /// Records with at least one rule of severity error violated.
    rejected_records: u64,
    /// Rules that could not be looked at in at least one file.
    rules_skipped: usize,
    /// Whether there is any rule and record, or rule and file, that could not be decided.
    has_unchecked: bool,
}

#[derive(Serialize)]
struct BySeverityJson {
    error: u64,
    warning: u64,
    note: u64,
}

#[derive(Serialize)]
struct CollectionJson<'a> {
    id: &'a str,
    title: TextJson<'a>,
    rule_set_version: &'a str,
    assumptions: Vec<TextJson<'a>>,
    /// Where its records are groups of another collection's: what they are made of. The gate counts what was submitted.
    #[serde(skip_serializing_if = "Option::is_none")]
    groups_of: Option<GroupsJson<'a>>,
    records: u64,
    rejected_records: u64,
    files: Vec<FileJson<'a>>,
    rules: Vec<RuleJson<'a>>,
    variables: Vec<VariableJson<'a>>,
}

#[derive(Serialize)]
struct GroupsJson<'a> {
    collection: &'a str,
    /// What groups are called, in the plural.
    unit: TextJson<'a>,
    /// Records of the collection folded.
    records: u64,
    /// Those of them that are in no group.
    without_group: u64,
    /// Whether records were not brought together, because no rule on groups can apply to what is stated.
    left_out: bool,
    /// Where groups may be corrected for some time: what they were compared with.
    #[serde(skip_serializing_if = "Option::is_none")]
    corrections: Option<CorrectionsJson>,
}

#[derive(Serialize)]
struct CorrectionsJson {
    /// Calendar months after the day on which a group was first received.
    months: u32,
    /// Earlier submissions; where there are none, nothing is said of changes.
    compared_with: Vec<EarlierJson>,
    /// Groups that they held and the submission should hold and does not. They are among the collection's records.
    missing: u64,
}

#[derive(Serialize)]
struct EarlierJson {
    path: String,
    received: Option<String>,
    records: u64,
}

#[derive(Serialize)]
struct TextJson<'a> {
    sv: &'a str,
    en: &'a str,
}

#[derive(Serialize)]
struct SourceJson<'a> {
    document: &'a str,
    place: &'a str,
}

#[derive(Serialize)]
struct FileJson<'a> {
    path: String,
    bytes: u64,
    /// `csv` or `parquet`.
    format: &'static str,
    delimiter: Option<&'static str>,
    encoding: Option<&'static str>,
    byte_order_mark: Option<bool>,
    collection_detected: bool,
    /// `header`, `option`, `file_name` or `list`.
    collection_source: &'static str,
    records: u64,
    /// Where a row holds several records: the layout, and how many rows there are.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    layout: Option<LayoutJson<'a>>,
    blank_lines: u64,
    columns: Vec<ColumnJson<'a>>,
}

#[derive(Serialize)]
struct LayoutJson<'a> {
    /// Its id.
    layout: &'a str,
    rows: u64,
}

#[derive(Serialize)]
struct ColumnJson<'a> {
    name: &'a str,
    letters: String,
    /// The variable, or the column of the layout; null where the collection has no such.
    variable: Option<&'a str>,
    /// For an unknown name: the variable that it may have been meant to be.
    nearest: Option<&'a str>,
}

#[derive(Serialize)]
struct RuleJson<'a> {
    id: &'a str,
    kind: &'static str,
    severity: &'static str,
    title: TextJson<'a>,
    fix: TextJson<'a>,
    why: Option<TextJson<'a>>,
    source: SourceJson<'a>,
    when: Option<&'a str>,
    assert: Option<&'a str>,
    /// First and last day of a rule that is dated, and the variable whose day decides. One id may have several versions.
    valid_from: Option<String>,
    valid_until: Option<String>,
    valid_by: Option<&'a str>,
    /// False where the rule is not valid on `stated.as_of`; then it was applied to no record.
    in_force: bool,
    faulty: Vec<&'a str>,
    triggers: Vec<&'a str>,
    detail_unit: Option<TextJson<'a>>,
    /// `evaluated`, `partly_skipped` (in some files) or `skipped` (in every file).
    status: &'static str,
    skipped: Vec<SkippedJson<'a>>,
    /// `records` where the counts add up to the collection's records; `submission` where they do not speak of records.
    counts_of: &'static str,
    counts: CountsJson,
    violations: u64,
    /// Those of the violations that are waived.
    waived: u64,
    examples: ExamplesJson<'a>,
}

#[derive(Serialize)]
struct SkippedJson<'a> {
    file: Option<String>,
    /// `missing_column` or `codelist_not_loaded`.
    reason: &'static str,
    name: &'a str,
}

#[derive(Serialize)]
struct CountsJson {
    satisfied: u64,
    violated: u64,
    not_applicable: u64,
    not_checked: u64,
}

#[derive(Serialize)]
struct ExamplesJson<'a> {
    n_shown: usize,
    n_total: u64,
    findings: Vec<FindingJson<'a>>,
}

#[derive(Serialize)]
struct FindingJson<'a> {
    file: Option<String>,
    row: Option<u64>,
    line: Option<u64>,
    sheet_row: Option<u64>,
    byte: Option<u64>,
    key: &'a str,
    faulty: Vec<ValueJson<'a>>,
    triggers: Vec<ValueJson<'a>>,
    detail: Option<DetailJson<'a>>,
    /// The number of the waiver that covers it.
    #[serde(skip_serializing_if = "Option::is_none")]
    waiver: Option<u64>,
    /// The records of the group that it is about; the place is that of the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<GroupJson<'a>>,
}

#[derive(Serialize)]
struct GroupJson<'a> {
    n_records: u64,
    /// The first ones, as far as they are in the same file.
    rows: &'a [u64],
}

#[derive(Serialize)]
struct ValueJson<'a> {
    variable: &'a str,
    column: Option<&'a str>,
    /// As in a spreadsheet, such as `F17`.
    cell: Option<String>,
    value: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum DetailJson<'a> {
    Number(i64),
    Text(TextJson<'a>),
}

#[derive(Serialize)]
struct VariableJson<'a> {
    id: &'a str,
    name: TextJson<'a>,
    #[serde(rename = "type")]
    kind: &'static str,
    level: &'static str,
    required_when: Option<&'a str>,
    /// The level's versions, where it is dated.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    level_versions: Vec<LevelVersionJson<'a>>,
    /// The six add up to the collection's records.
    account: AccountJson,
    /// Filled, negative and unknown values out of all records.
    reporting_rate: RateJson,
    /// Null for other types than points in time.
    timestamp_forms: Option<FormsJson>,
}

#[derive(Serialize)]
struct LevelVersionJson<'a> {
    level: &'static str,
    valid_from: Option<String>,
    valid_until: Option<String>,
    valid_by: &'a str,
}

#[derive(Serialize)]
struct AccountJson {
    filled: u64,
    negative: u64,
    unknown: u64,
    blank_allowed: u64,
    blank_required: u64,
    unreadable: u64,
}

#[derive(Serialize)]
struct RateJson {
    numerator: u64,
    denominator: u64,
}

#[derive(Serialize)]
struct FormsJson {
    minutes: u64,
    seconds: u64,
    compact: u64,
    date_only: u64,
}

impl<'a> ReportJson<'a> {
    fn new(outcome: &'a Outcome, options: &ReportOptions) -> Self {
        Self {
            schema: SCHEMA,
            tool: ToolJson { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") },
            stated: StatedJson::new(&outcome.stated),
            gate: GateJson {
                result: gate(outcome, options.fail_on, options.strict).as_str(),
                fail_on: options.fail_on.as_str(),
                strict: options.strict,
                violations: BySeverityJson::of(|severity| outcome.violations(severity)),
                waived: BySeverityJson::of(|severity| outcome.waived(severity)),
                records: outcome.records(),
                rejected_records: outcome.rejected(),
                rules_skipped: outcome.runs.iter().map(|run| run.skipped().count()).sum(),
                has_unchecked: outcome.has_unchecked(),
            },
            waivers: outcome.waivers.iter().zip(1..).map(|(run, number)| WaiverJson::new(run, number)).collect(),
            collections: outcome.runs.iter().map(CollectionJson::new).collect(),
        }
    }
}

impl BySeverityJson {
    fn of(number: impl Fn(Severity) -> u64) -> Self {
        Self { error: number(Severity::Error), warning: number(Severity::Warning), note: number(Severity::Note) }
    }
}

impl<'a> WaiverJson<'a> {
    fn new(run: &'a WaiverRun, number: u64) -> Self {
        let waiver = &run.waiver;
        Self {
            number,
            rule: &waiver.rule,
            reporter: waiver.reporter.as_ref().map(|reporter| RegionJson {
                organisation_number: &reporter.organisation_number,
                name: &reporter.name,
            }),
            variable: waiver.variable.as_deref(),
            collection: waiver.collection.as_deref(),
            owner: &waiver.owner,
            reason: TextJson::from(&waiver.reason),
            until: format_day(waiver.until),
            status: match run.covered {
                _ if run.is_expired => "expired",
                0 => "unused",
                _ => "applied",
            },
            findings: run.covered,
        }
    }
}

impl<'a> StatedJson<'a> {
    fn new(stated: &'a Stated) -> Self {
        Self {
            period: stated
                .period
                .map(|(first, last)| PeriodJson { first_day: format_day(first), last_day: format_day(last) }),
            region: stated
                .region
                .as_ref()
                .map(|region| RegionJson { organisation_number: &region.organisation_number, name: &region.name }),
            records: stated.records,
            delivery_date: format_day(stated.delivery_date),
            delivery_date_stated: stated.delivery_date_stated,
            as_of: stated.as_of.map(format_day),
        }
    }
}

impl<'a> CollectionJson<'a> {
    fn new(run: &'a Run) -> Self {
        let plan: &Plan = &run.plan;
        let (files, earlier) = run.own_and_earlier_files();
        Self {
            id: &plan.collection.id,
            title: TextJson::from(&plan.collection.title),
            rule_set_version: &plan.version,
            assumptions: plan.assumptions.iter().map(TextJson::from).collect(),
            groups_of: run.folded.zip(plan.fold.as_ref()).map(|(from, fold)| GroupsJson {
                collection: &fold.of.collection.id,
                unit: TextJson::from(&fold.unit),
                records: from.records,
                without_group: from.without_group,
                left_out: from.is_left_out,
                corrections: run.months_of_corrections().map(|months| CorrectionsJson {
                    months,
                    compared_with: earlier.iter().map(EarlierJson::new).collect(),
                    missing: from.missing,
                }),
            }),
            records: run.records,
            rejected_records: run.rejected,
            files: files.iter().map(FileJson::new).collect(),
            rules: plan
                .rules
                .iter()
                .zip(&run.rules)
                .map(|(rule, rule_run)| RuleJson::new(rule, rule_run, run))
                .collect(),
            variables: variables(run),
        }
    }
}

impl<'a> From<&'a Text> for TextJson<'a> {
    fn from(text: &'a Text) -> Self {
        Self { sv: &text.sv, en: &text.en }
    }
}

impl<'a> From<&'a SourceReference> for SourceJson<'a> {
    fn from(source: &'a SourceReference) -> Self {
        Self { document: &source.document, place: &source.place }
    }
}

impl EarlierJson {
    fn new(file: &FileRun) -> Self {
        Self { path: path_of(file), received: file.statement.received.map(format_day), records: file.summary.records }
    }
}

impl<'a> FileJson<'a> {
    fn new(file: &'a FileRun) -> Self {
        let (format, delimiter, encoding, byte_order_mark) = match &file.format {
            Format::Csv { delimiter, encoding, byte_order_mark } => {
                ("csv", Some(delimiter_character(*delimiter)), Some(encoding_name(*encoding)), Some(*byte_order_mark))
            }
            Format::Parquet { .. } => ("parquet", None, None, None),
        };
        let column = |(index, column): (usize, &'a crate::submission::HeaderColumn)| ColumnJson {
            name: &column.name,
            letters: column_letters(index),
            variable: column.variable.as_deref(),
            nearest: column.nearest.as_deref(),
        };
        Self {
            path: path_of(file),
            bytes: file.size,
            format,
            delimiter,
            encoding,
            byte_order_mark,
            collection_detected: file.collection_source == CollectionSource::Header,
            collection_source: file.collection_source.as_str(),
            records: file.summary.records,
            layout: file.layout.as_ref().map(|layout| LayoutJson { layout: &layout.id, rows: file.summary.rows }),
            blank_lines: file.summary.blank_lines,
            columns: file.header.iter().enumerate().map(column).collect(),
        }
    }
}

impl<'a> RuleJson<'a> {
    fn new(rule: &'a Rule, rule_run: &'a RuleRun, run: &'a Run) -> Self {
        let ids = |variables: &[VariableIndex]| {
            variables.iter().map(|variable| run.plan.collection.get(*variable).id.as_str()).collect()
        };
        Self {
            id: &rule.id.0,
            kind: rule.kind.as_str(),
            severity: rule.severity.as_str(),
            title: TextJson::from(&rule.title),
            fix: TextJson::from(&rule.fix),
            why: rule.why.as_ref().map(TextJson::from),
            source: SourceJson::from(&rule.source),
            when: rule.when_text.as_deref(),
            assert: rule.assert_text.as_deref(),
            valid_from: rule.valid.and_then(|valid| valid.from).map(format_day),
            valid_until: rule.valid.and_then(|valid| valid.until).map(format_day),
            valid_by: rule.valid.map(|valid| run.plan.collection.get(valid.by).id.as_str()),
            in_force: run.plan.is_in_force(rule),
            faulty: ids(&rule.faulty),
            triggers: ids(&rule.triggers),
            detail_unit: rule.detail_unit.as_ref().map(TextJson::from),
            status: Status::of(run, rule_run).as_str(),
            skipped: rule_run.skipped.iter().map(|(file, cause)| SkippedJson::new(run, *file, cause)).collect(),
            counts_of: if speaks_of_records(rule) { "records" } else { "submission" },
            counts: CountsJson::from(&rule_run.counts),
            violations: rule_run.violations,
            waived: rule_run.waived,
            examples: ExamplesJson {
                n_shown: rule_run.examples.len(),
                n_total: rule_run.violations,
                findings: rule_run.examples.iter().map(|finding| FindingJson::new(finding, run)).collect(),
            },
        }
    }
}

impl<'a> SkippedJson<'a> {
    fn new(run: &Run, file: usize, cause: &'a Skipped) -> Self {
        Self { file: run.files.get(file).map(path_of), reason: reason_code(cause), name: reason_name(cause) }
    }
}

impl From<&VerdictCounts> for CountsJson {
    fn from(counts: &VerdictCounts) -> Self {
        Self {
            satisfied: counts.satisfied,
            violated: counts.violated,
            not_applicable: counts.not_applicable,
            not_checked: counts.not_checked,
        }
    }
}

impl<'a> FindingJson<'a> {
    fn new(finding: &'a Finding, run: &Run) -> Self {
        let position = finding.position;
        let value = |shown: &'a ShownValue| ValueJson {
            variable: &shown.variable,
            column: shown.column.as_deref(),
            cell: shown.column.as_ref().zip(position.sheet_row).map(|(column, row)| format!("{column}{row}")),
            value: &shown.value,
        };
        Self {
            file: run.files.get(finding.file.0).map(path_of),
            row: position.row,
            line: position.line,
            sheet_row: position.sheet_row,
            byte: position.byte,
            key: &finding.key,
            faulty: finding.faulty.iter().map(value).collect(),
            triggers: finding.triggers.iter().map(value).collect(),
            detail: finding.detail.as_ref().map(|detail| match detail {
                Detail::Number(number) => DetailJson::Number(*number),
                Detail::Text(text) => DetailJson::Text(TextJson::from(text)),
            }),
            waiver: finding.waiver.map(WaiverIndex::number),
            group: finding.members.as_ref().map(|members| GroupJson { n_records: members.total, rows: &members.rows }),
        }
    }
}

fn variables(run: &Run) -> Vec<VariableJson<'_>> {
    let collection = &run.plan.collection;
    let accounts = collection.variables.iter().zip(&run.plan.requirements).zip(&run.accounts).zip(&run.timestamp_forms);
    accounts
        .map(|(((variable, requirement), account), forms)| VariableJson {
            id: &variable.id,
            name: TextJson::from(&variable.name),
            kind: type_name(&variable.domain),
            level: requirement.level.as_str(),
            required_when: requirement.required_when_text.as_deref(),
            level_versions: requirement
                .versions
                .iter()
                .map(|version| LevelVersionJson {
                    level: version.level.as_str(),
                    valid_from: version.valid.from.map(format_day),
                    valid_until: version.valid.until.map(format_day),
                    valid_by: &collection.get(version.valid.by).id,
                })
                .collect(),
            account: AccountJson::from(account),
            reporting_rate: RateJson {
                numerator: account.filled + account.negative + account.unknown,
                denominator: run.records,
            },
            timestamp_forms: matches!(variable.domain, Domain::Timestamp { .. }).then(|| FormsJson::from(forms)),
        })
        .collect()
}

impl From<&Account> for AccountJson {
    fn from(account: &Account) -> Self {
        Self {
            filled: account.filled,
            negative: account.negative,
            unknown: account.unknown,
            blank_allowed: account.blank_allowed,
            blank_required: account.blank_required,
            unreadable: account.unreadable,
        }
    }
}

impl From<&TimestampForms> for FormsJson {
    fn from(forms: &TimestampForms) -> Self {
        Self { minutes: forms.minutes, seconds: forms.seconds, compact: forms.compact, date_only: forms.date_only }
    }
}

fn path_of(file: &FileRun) -> String {
    file.path.to_string_lossy().into_owned()
}

fn delimiter_character(delimiter: Delimiter) -> &'static str {
    match delimiter {
        Delimiter::Semicolon => ";",
        Delimiter::Comma => ",",
        Delimiter::Tab => "\t",
        Delimiter::Pipe => "|",
    }
}

fn encoding_name(encoding: Encoding) -> &'static str {
    match encoding {
        Encoding::Utf8 => "utf-8",
        Encoding::Windows1252 => "windows-1252",
    }
}

fn type_name(domain: &Domain) -> &'static str {
    match domain {
        Domain::Text { .. } => "text",
        Domain::Code { .. } => "code",
        Domain::Timestamp { .. } => "timestamp",
        Domain::Year { .. } => "year",
        Domain::Integer { .. } => "integer",
    }
}

#[cfg(test)]
mod tests;
