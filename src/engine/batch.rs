//! One batch: verdicts of every rule, accounts, findings, rejected records.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::eval::{Context, Evaluator};
use super::fold::Folder;
use super::reporter::count::{self, Judged, ReporterPart, Violated};
use super::reporter::owner::{Asked, Owners, RegionsOfRows};
use super::run::TimestampForms;
use super::status::RuleStatus;
use super::tally::Collector;
use super::text::is_personal_number;
use super::unique::{self, UniqueRule};
use super::vocabulary::Vocabularies;
use super::waived::{self, Reporters};
use crate::model::{
    Account, Detail, FileIndex, Finding, Members, Origin, RuleIndex, Severity, ShownValue, Text, VariableIndex,
    VerdictCounts, column_letters,
};
use crate::rule::{Check, Plan, Rule, SubmissionKind};
use crate::schema::{Domain, Variable};
use crate::table::{Batch, Bits, FaultKind, value};
use crate::waiver::Cover;

/// What every batch of one file needs to know.
pub(super) struct FileContext {
    pub(super) index: usize,
    /// Variable → physical column, where a record has none of its own.
    pub(super) column_of: Vec<Option<usize>>,
    pub(super) statuses: Vec<RuleStatus>,
    /// Set for a rule once the batches folded so far hold enough examples.
    pub(super) full: Vec<AtomicBool>,
    pub(super) examples: usize,
    /// Whether every finding is wanted.
    pub(super) stream: bool,
    pub(super) cover: Arc<Cover>,
    /// What was said of the values of other batches, of other files, too.
    pub(super) vocabularies: Arc<Vocabularies>,
    /// See [`unique::scope_of`].
    pub(super) key_scope: u64,
    /// Where it is asked whose records are.
    pub(super) asked: Option<Asked>,
}

/// Counts of one rule in one batch.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct RulePart {
    pub(super) counts: VerdictCounts,
    pub(super) violations: u64,
    pub(super) waived: u64,
    pub(super) skipped: SkippedPart,
}

/// Of a rule that could not be looked at: the records it speaks of or may speak of, and those it surely speaks of.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct SkippedPart {
    pub(super) unlooked_at: u64,
    pub(super) applies: u64,
}

/// What one batch contributes to a run.
pub(super) struct BatchTally {
    pub(super) rules: Vec<RulePart>,
    pub(super) accounts: Vec<Account>,
    pub(super) forms: Vec<TimestampForms>,
    /// The first findings of each rule, in the order of rule and record.
    pub(super) examples: Vec<Finding>,
    /// Every finding, in the order of record and rule, where asked for.
    pub(super) stream: Vec<Finding>,
    /// Records that violate a rule of severity error.
    pub(super) rejected: Bits,
    /// How many findings each waiver covers.
    pub(super) waived: Vec<u64>,
    /// What was found by reporter, where asked for.
    pub(super) reporters: Vec<ReporterPart>,
    /// The region of each record, where that was asked for.
    pub(super) regions: Option<RegionsOfRows>,
}

/// What a batch is wanted for beside its rules on records.
#[derive(Clone, Copy, Default)]
pub(super) struct Beside<'b, 'a> {
    pub(super) unique_rules: &'b [UniqueRule],
    /// For each of them the keys met so far.
    pub(super) states: &'b [unique::State],
    pub(super) collector: Option<&'b Collector<'a>>,
    /// Those that put records together to groups.
    pub(super) folders: &'b [Folder<'a>],
    /// Of groups: the records of each.
    pub(super) members: Option<&'b dyn Fn(usize) -> Members>,
    /// Of groups: those of which a record violates a rule on records; these rules stand behind those on groups.
    pub(super) doubts: &'b [(usize, Bits)],
}

/// Evaluates every rule on `batch`.
pub(super) fn evaluate(context: &Context<'_>, file: &FileContext, beside: Beside<'_, '_>, batch: &Batch) -> BatchTally {
    let plan = context.plan;
    let n_rows = batch.n_rows;
    let records = n_rows as u64;
    let of_month = beside.collector.and_then(|collector| collector.context_of_month(file.index, context));
    let evaluator = Evaluator::with_vocabulary(context, batch, file.vocabularies.borrow());
    let broken = batch.broken();
    let owners = file.asked.map(|asked| Owners::new(asked, &evaluator));
    let maker = FindingMaker {
        plan,
        file: file.index,
        column_of: &file.column_of,
        batch,
        members: beside.members,
        owners: owners.as_ref(),
    };
    let counts_reporters = file.asked.is_some_and(|asked| asked.counts);
    let mut tally = BatchTally {
        rules: vec![RulePart::default(); plan.rules.len()],
        accounts: Vec::new(),
        forms: vec![TimestampForms::default(); plan.collection.variables.len()],
        examples: Vec::new(),
        stream: Vec::new(),
        rejected: Bits::none(n_rows),
        waived: vec![0; file.cover.n_waivers],
        reporters: Vec::new(),
        regions: None,
    };
    let mut reporters = Reporters::new(&evaluator);
    let mut violations: Vec<(usize, Bits)> = Vec::new();
    let mut for_reporters: Vec<Violated> = Vec::new();
    let mut for_folders: Vec<(usize, Bits)> = Vec::new();
    for (index, (rule, status)) in plan.rules.iter().zip(&file.statuses).enumerate() {
        let part = &mut tally.rules[index];
        let check = match (&rule.check, status) {
            (Check::Record(check), RuleStatus::Evaluated) => check,
            (_, RuleStatus::NotApplicable) => {
                part.counts.not_applicable = records;
                continue;
            }
            (Check::Record(check), RuleStatus::Skipped(_)) => {
                // Missing columns are blank to the condition: where it is false all the same, nothing was missed.
                let when = evaluator.bool(check.when);
                let sound =
                    |rows: &Bits| broken.as_ref().map_or_else(|| rows.count(), |broken| rows.minus(broken).count());
                let not_applicable = sound(&when.no);
                let not_checked = records - not_applicable;
                part.counts = VerdictCounts { not_applicable, not_checked, ..VerdictCounts::default() };
                // A broken record is a matter of its own: no column is missed for its sake.
                let n_broken = broken.as_ref().map_or(0, Bits::count);
                part.skipped = SkippedPart { unlooked_at: not_checked - n_broken, applies: sound(&when.yes) };
                continue;
            }
            (Check::Submission(SubmissionKind::Readable), _) => {
                let rows = readable(&maker, RuleIndex(index), rule, file, &mut reporters, &mut tally);
                if counts_reporters && rows.any() {
                    for_reporters.push(Violated { rule: index, rows, waived: None });
                }
                continue;
            }
            _ => continue,
        };
        let when = evaluator.bool(check.when);
        let sound = |rows: &Bits| rows.count() - broken.as_ref().map_or(0, |broken| rows.count_both(broken));
        let not_applicable = sound(&when.no);
        if !when.yes.any() {
            let not_checked = records - not_applicable;
            part.counts = VerdictCounts { not_applicable, not_checked, ..VerdictCounts::default() };
            continue;
        }
        let holds = evaluator.bool(check.assert);
        let of_both = |one: &Bits, other: &Bits| match &broken {
            None => one.count_both(other),
            Some(broken) => one.and(other).minus(broken).count(),
        };
        let (satisfied, n_violated) = (of_both(&when.yes, &holds.yes), of_both(&when.yes, &holds.no));
        let counts = VerdictCounts { satisfied, violated: n_violated, not_applicable, not_checked: 0 };
        part.counts = VerdictCounts { not_checked: records - counts.total(), ..counts };
        part.violations = counts.violated;
        if counts.violated == 0 {
            continue;
        }
        let mut violated = when.yes.and(&holds.no);
        if let Some(broken) = &broken {
            violated = violated.minus(broken);
        }
        if rule.severity == Severity::Error {
            tally.rejected.add(&violated);
        }
        let waived = reporters.divide(file.cover.of(RuleIndex(index)), &violated);
        for (waiver, rows) in &waived {
            part.waived += rows.count();
            tally.waived[waiver.0] += rows.count();
        }
        let detail = check.detail.map(|node| evaluator.int(node));
        let detail_at = |row: usize| {
            detail.as_ref().filter(|ints| ints.known.contains(row)).map(|ints| Detail::Number(ints.values[row]))
        };
        let finding = |row: usize| Finding {
            waiver: waived.iter().find(|(_, rows)| rows.contains(row)).map(|(waiver, _)| *waiver),
            ..maker.finding(RuleIndex(index), rule, row, detail_at(row))
        };
        if !file.full[index].load(Ordering::Relaxed) {
            let rows = waived::first_of_each(&violated, &waived, file.examples);
            tally.examples.extend(rows.into_iter().map(finding));
        }
        if file.stream {
            tally.stream.extend(violated.iter().map(finding));
        }
        if counts_reporters {
            let covered = waived.iter().map(|(_, rows)| rows.clone()).reduce(|all, rows| all.or(&rows));
            for_reporters.push(Violated { rule: index, rows: violated.clone(), waived: covered });
        }
        if beside.folders.iter().any(|folder| folder.asks_for(index)) {
            for_folders.push((index, violated.clone()));
        }
        if beside.collector.is_some_and(|collector| collector.asks_for(index)) {
            violations.push((index, violated));
        }
    }
    tally.stream.sort_by_key(|finding| (finding.position.row, finding.rule));
    // Nobody reports what groups fold into.
    let is_reported = beside.members.is_none();
    let n_reported = if is_reported { plan.collection.variables.len() } else { 0 };
    tally.accounts =
        (0..n_reported).map(|variable| account(&evaluator, VariableIndex(variable), broken.as_ref(), None)).collect();
    for (index, variable) in plan.collection.variables.iter().enumerate() {
        if is_reported && matches!(variable.domain, Domain::Timestamp { .. }) {
            tally.forms[index] = evaluator.forms(VariableIndex(index));
        }
    }
    let key_hashes: Vec<Vec<u64>> =
        beside.unique_rules.iter().map(|rule| unique::hash_keys(batch, &rule.columns, broken.as_ref())).collect();
    if let Some(owners) = owners.as_ref().filter(|_| counts_reporters) {
        let judged = Judged {
            evaluator: &evaluator,
            file,
            broken: broken.as_ref(),
            tally: &tally,
            violated: &for_reporters,
            keys: beside.unique_rules.iter().zip(key_hashes.iter().map(Vec::as_slice)).collect(),
        };
        let parts = count::count(owners, &judged);
        tally.regions = Some(owners.regions_of_rows(n_rows));
        tally.reporters = parts;
    }
    for (state, hashes) in beside.states.iter().zip(&key_hashes) {
        state.add(file.index, hashes, file.key_scope);
    }
    for folder in beside.folders {
        folder.add(file.index, &evaluator, broken.as_ref(), &for_folders);
    }
    violations.extend_from_slice(beside.doubts);
    if let Some(collector) = beside.collector {
        let wanted = Collector::fingerprinted(plan);
        let known = beside.unique_rules.iter().zip(&key_hashes).find(|(rule, _)| rule.columns == wanted);
        let of_month = of_month.as_ref().map(|context| evaluator.beside(context));
        collector.add(
            file.index,
            [&evaluator, of_month.as_ref().unwrap_or(&evaluator)],
            broken.as_ref(),
            known.map(|(_, hashes)| hashes.as_slice()),
            &violations,
        );
    }
    file.vocabularies.take_back(evaluator.take_vocabulary());
    tally
}

/// The five-way account of one variable, of the rows `within` where only some are asked about.
pub(super) fn account(
    evaluator: &Evaluator<'_>,
    variable: VariableIndex,
    broken: Option<&Bits>,
    within: Option<&Bits>,
) -> Account {
    let (plan, batch) = (evaluator.plan(), evaluator.batch());
    let count = |rows: &Bits| within.map_or_else(|| rows.count(), |within| rows.count_both(within));
    let n_rows = within.map_or(batch.n_rows as u64, Bits::count);
    let unreadable = broken.map_or(0, count);
    let filled = evaluator.filled(variable);
    let required = &evaluator.bool(plan.requirements[variable.0].required).yes;
    let blank_required = required.minus(filled);
    let blank_required = broken.map_or_else(|| count(&blank_required), |broken| count(&blank_required.minus(broken)));
    let [negative, unknown] = evaluator.declared_codes(variable).map(|rows| count(&rows));
    let n_filled = count(filled);
    Account {
        filled: n_filled - negative - unknown,
        negative,
        unknown,
        blank_required,
        // A broken record's fields are blank in the batch, and counted apart.
        blank_allowed: n_rows - n_filled - blank_required - unreadable,
        unreadable,
    }
}

/// Faults in how records are written, as findings of the rule on readability; gives the rows that have any.
fn readable(
    maker: &FindingMaker<'_>,
    index: RuleIndex,
    rule: &Rule,
    file: &FileContext,
    reporters: &mut Reporters<'_, '_>,
    tally: &mut BatchTally,
) -> Bits {
    let batch = maker.batch;
    let mut faulty_rows = Bits::none(batch.n_rows);
    for fault in &batch.faults {
        faulty_rows.insert(fault.row);
    }
    let violated = faulty_rows.count();
    tally.rules[index.0] = RulePart {
        counts: VerdictCounts { satisfied: batch.n_rows as u64 - violated, violated, ..VerdictCounts::default() },
        violations: batch.faults.len() as u64,
        ..RulePart::default()
    };
    if rule.severity == Severity::Error {
        tally.rejected.add(&faulty_rows);
    }
    let wanted = if file.full[index.0].load(Ordering::Relaxed) { 0 } else { file.examples };
    let covering = file.cover.of(index);
    if covering.is_empty() {
        tally.examples.extend(batch.faults.iter().take(wanted).map(|fault| maker.fault(index, fault.row, &fault.kind)));
        if file.stream {
            tally.stream.extend(batch.faults.iter().map(|fault| maker.fault(index, fault.row, &fault.kind)));
        }
        return faulty_rows;
    }
    let mut kept = [0; 2];
    for fault in &batch.faults {
        let mut finding = maker.fault(index, fault.row, &fault.kind);
        finding.waiver = waived::first(covering, &finding, |number| reporters.of(number).contains(fault.row));
        if let Some(waiver) = finding.waiver {
            tally.rules[index.0].waived += 1;
            tally.waived[waiver.0] += 1;
        }
        let kept_alike = &mut kept[usize::from(finding.waiver.is_some())];
        if *kept_alike < wanted {
            *kept_alike += 1;
            tally.examples.push(finding.clone());
        }
        if file.stream {
            tally.stream.push(finding);
        }
    }
    faulty_rows
}

/// Makes findings of one batch. Every value that a finding shows is masked here, where needed, and nowhere else.
pub(super) struct FindingMaker<'a> {
    pub(super) plan: &'a Plan,
    pub(super) file: usize,
    pub(super) column_of: &'a [Option<usize>],
    pub(super) batch: &'a Batch,
    /// Of groups: the records of each.
    pub(super) members: Option<&'a dyn Fn(usize) -> Members>,
    /// Whose the records are, where that is asked for.
    pub(super) owners: Option<&'a Owners>,
}

impl FindingMaker<'_> {
    /// The finding of a rule on one record.
    pub(super) fn finding(&self, index: RuleIndex, rule: &Rule, row: usize, detail: Option<Detail>) -> Finding {
        let show = |variables: &[VariableIndex]| variables.iter().map(|variable| self.shown(*variable, row)).collect();
        Finding {
            rule: index,
            file: FileIndex(self.file),
            position: self.batch.positions.at(row),
            key: self.key(row),
            faulty: show(&rule.faulty),
            triggers: show(&rule.triggers),
            detail,
            waiver: None,
            members: self.members.map(|members| members(row)),
            origin: self.origin(row),
        }
    }

    fn origin(&self, row: usize) -> Option<Origin> {
        self.owners.and_then(|owners| owners.origin(row))
    }

    /// The record's key, its parts joined by spaces.
    fn key(&self, row: usize) -> String {
        let parts: Vec<String> =
            self.plan.collection.key.iter().map(|variable| self.shown(*variable, row).value).collect();
        parts.join(" ")
    }

    fn shown(&self, variable: VariableIndex, row: usize) -> ShownValue {
        let item = self.plan.collection.get(variable);
        let value = self.batch.columns[variable.0].as_ref().map(|column| value(column, row)).unwrap_or_default();
        let value = shown_value(item, value);
        let column = self.batch.positions.own_column(row, variable).unwrap_or(self.column_of[variable.0]);
        ShownValue { variable: item.id.clone(), column: column.map(column_letters), value }
    }

    fn fault(&self, index: RuleIndex, row: usize, kind: &FaultKind) -> Finding {
        let mut position = self.batch.positions.at(row);
        let (column, detail) = match kind {
            FaultKind::FieldCount { found, expected } => (
                None,
                Text::new(
                    format!("{found} fält på raden, {expected} kolumner i rubriken"),
                    format!("{found} fields in the record, {expected} columns in the header"),
                ),
            ),
            FaultKind::NoRecord { columns } => (
                None,
                Text::new(
                    format!("raden är tom i alla {columns} kolumner som blir poster"),
                    format!("the row is blank in all {columns} columns that become records"),
                ),
            ),
            FaultKind::UnclosedQuote { column } => {
                (Some(*column), Text::new("citattecknet stängs aldrig", "the quotation mark is never closed"))
            }
            FaultKind::TextAfterQuote { column } => (
                Some(*column),
                Text::new("text efter det avslutande citattecknet", "text after the closing quotation mark"),
            ),
            FaultKind::Undecodable { column, byte } => {
                position.byte = Some(*byte);
                (
                    Some(*column),
                    Text::new(
                        format!("oläsligt tecken vid byte {byte}"),
                        format!("unreadable character at byte {byte}"),
                    ),
                )
            }
        };
        let faulty = column
            .map(|column| {
                // Columns of a layout that become records are named by their letters: several variables are in them.
                let is_own = |variable: usize| self.batch.positions.own_column(row, VariableIndex(variable)).is_some();
                let variable = (0..self.column_of.len())
                    .find(|variable| self.column_of[*variable] == Some(column) && !is_own(*variable));
                let name = variable.map_or_else(
                    || column_letters(column),
                    |variable| self.plan.collection.variables[variable].id.clone(),
                );
                ShownValue { variable: name, column: Some(column_letters(column)), value: String::new() }
            })
            .into_iter()
            .collect();
        let key = if kind.breaks_record() { String::new() } else { self.key(row) };
        Finding {
            rule: index,
            file: FileIndex(self.file),
            position,
            key,
            faulty,
            triggers: Vec::new(),
            detail: Some(Detail::Text(detail)),
            waiver: None,
            members: None,
            origin: self.origin(row),
        }
    }
}

/// A value as findings show it.
pub(super) fn shown_value(variable: &Variable, value: &[u8]) -> String {
    if value.is_empty() {
        String::new()
    } else if variable.identifies_person || is_personal_number(value) {
        MASK.to_owned()
    } else {
        String::from_utf8_lossy(value).into_owned()
    }
}

/// Shown in place of a value that could identify a person.
const MASK: &str = "***";
