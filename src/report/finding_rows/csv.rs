//! Findings as CSV: semicolons, a byte order mark, formulas disarmed. Millions of rows are usual for a bad submission, so
//! cells are written straight into the buffer.

use std::fmt;
use std::io::Write;
use std::path::PathBuf;

use super::{COLUMNS, FindingContext, FindingWriter, PlanName, address, push_members, push_values};
use crate::model::{Detail, Finding, WaiverIndex};
use crate::report::ReportError;
use crate::report::csv::{BYTE_ORDER_MARK, CellWriter};
use crate::report::rule_rows::{source_line, valid_days};

/// The buffer is handed on when it is this long.
const BUFFER_BYTES: usize = 256 * 1024;

/// Writes findings as CSV.
pub struct CsvFindings {
    out: Box<dyn Write + Send>,
    cells: CellWriter,
    plan: PlanName,
    rules: Vec<RuleCells>,
    named: Vec<PathBuf>,
    /// The same as text.
    paths: Vec<String>,
    scratch: String,
    n_rows: u64,
}

/// The cells that all findings of a rule share, ready to be copied.
struct RuleCells {
    /// `rule_id` to `title_en`.
    middle: Vec<u8>,
    /// `detail_unit_sv` to `valid_until`.
    end: Vec<u8>,
}

impl CsvFindings {
    /// Begins a file: byte order mark and column names.
    pub fn new(out: Box<dyn Write + Send>) -> Self {
        let mut cells = CellWriter::default();
        cells.bytes.extend_from_slice(BYTE_ORDER_MARK);
        for name in COLUMNS {
            cells.cell(name);
        }
        cells.end_row();
        Self {
            out,
            cells,
            plan: PlanName::default(),
            rules: Vec::new(),
            named: Vec::new(),
            paths: Vec::new(),
            scratch: String::new(),
            n_rows: 0,
        }
    }

    fn prepare(&mut self, context: &FindingContext<'_>) {
        if !self.plan.is_of(context.plan) || self.rules.len() != context.plan.rules.len() {
            self.plan = PlanName::of(context.plan);
            self.rules = context.plan.rules.iter().map(RuleCells::of).collect();
        }
        if self.named != context.paths {
            self.named = context.paths.to_vec();
            self.paths = context.paths.iter().map(|path| path.to_string_lossy().into_owned()).collect();
        }
    }

    fn row(&mut self, finding: &Finding) {
        let cells = &mut self.cells;
        let rule = self.rules.get(finding.rule.0);
        cells.cell(self.paths.get(finding.file.0).map_or("", String::as_str));
        let position = finding.position;
        for number in [position.row, position.line, position.sheet_row] {
            cells.optional_number(number);
        }
        let first = finding.faulty.first();
        match first.and_then(|first| address(first, position)) {
            Some((column, Some(row))) => cells.text_and_number(column, row),
            Some((column, None)) => cells.cell(column),
            None => cells.cell(""),
        }
        cells.cell(&finding.key);
        cells.ready_made(rule.map_or(EMPTY_MIDDLE, |rule| &rule.middle));
        for values in [&finding.faulty, &finding.triggers] {
            self.scratch.clear();
            push_values(&mut self.scratch, values);
            cells.cell(&self.scratch);
        }
        cells.cell(first.map_or("", |first| &first.variable));
        cells.cell(first.map_or("", |first| &first.value));
        match &finding.detail {
            Some(Detail::Number(number)) => cells.signed_number(*number),
            Some(Detail::Text(text)) => cells.cell(&text.sv),
            None => cells.cell(""),
        }
        cells.ready_made(rule.map_or(EMPTY_END, |rule| &rule.end));
        cells.optional_number(finding.waiver.map(WaiverIndex::number));
        cells.optional_number(finding.members.as_ref().map(|members| members.total));
        self.scratch.clear();
        if let Some(members) = &finding.members {
            push_members(&mut self.scratch, members);
        }
        cells.cell(&self.scratch);
        cells.end_row();
    }

    fn hand_on(&mut self) -> Result<(), ReportError> {
        self.out.write_all(&self.cells.bytes)?;
        self.cells.bytes.clear();
        Ok(())
    }
}

/// The cells of a rule that is not in the plan. No such finding is made; should one come, its row still has its columns.
const EMPTY_MIDDLE: &[u8] = b";;;";
const EMPTY_END: &[u8] = b";;;;";

impl RuleCells {
    fn of(rule: &crate::rule::Rule) -> Self {
        let unit = rule.detail_unit.as_ref().map_or("", |unit| &unit.sv);
        let [valid_from, valid_until] = valid_days(rule);
        Self {
            middle: ready_made(&[&rule.id.0, rule.severity.as_str(), &rule.title.sv, &rule.title.en]),
            end: ready_made(&[unit, &rule.fix.sv, &source_line(&rule.source), &valid_from, &valid_until]),
        }
    }
}

fn ready_made(texts: &[&str]) -> Vec<u8> {
    let mut cells = CellWriter::default();
    for text in texts {
        cells.cell(text);
    }
    cells.bytes
}

impl FindingWriter for CsvFindings {
    fn write(&mut self, context: &FindingContext<'_>, findings: &[Finding]) -> Result<(), ReportError> {
        self.prepare(context);
        for finding in findings {
            self.row(finding);
            if self.cells.bytes.len() >= BUFFER_BYTES {
                self.hand_on()?;
            }
        }
        self.n_rows += findings.len() as u64;
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<u64, ReportError> {
        self.hand_on()?;
        self.out.flush()?;
        Ok(self.n_rows)
    }
}

impl fmt::Debug for CsvFindings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CsvFindings").field("n_rows", &self.n_rows).finish_non_exhaustive()
    }
}
