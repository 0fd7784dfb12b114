//! What to correct first: findings put together by what they have in common, in the order in which mending repairs most.
//!
//! Of care units it is not worked out, so their workbooks have no such sheet.

use super::Writing;
use super::book::Book;
use super::part::reporter;
use super::sheet::Value;
use super::style::Look;
use crate::cause::{self, Cause};
use crate::engine::Run;
use crate::model::Severity;
use crate::report::ReportError;
use crate::report::cause_words::{Telling, advice, frees, sentence};
use crate::report::spool::PartKey;

/// Rows; the rest have the fewest findings, and their rules are in the summary.
const MOST_CAUSES: usize = 60;

/// Writes the sheet, where there is any cause.
pub(super) fn write(writing: &Writing<'_>, book: &mut Book, name: &str) -> Result<(), ReportError> {
    let page = &writing.page;
    let of_run = |run: &Run| -> Vec<Cause> {
        match &writing.part.key {
            PartKey::Whole => cause::causes(run),
            part => reporter(part, run).map(|own| cause::causes_of(run, own)).unwrap_or_default(),
        }
    };
    let runs: Vec<(&Run, Vec<Cause>)> = writing
        .content
        .outcome
        .runs
        .iter()
        .map(|run| (run, of_run(run)))
        .filter(|(_, causes)| !causes.is_empty())
        .collect();
    if runs.is_empty() {
        return Ok(());
    }
    let n_rows: usize = runs.iter().map(|(_, causes)| causes.len().min(MOST_CAUSES)).sum();
    let mut sheet = book.sheet(name, n_rows as u64)?;
    sheet.line(Look::Title, name)?;
    let header = sheet.row();
    let with_collection = writing.has_several_runs();
    let mut heads = vec![page.say("nr", "no.")];
    if with_collection {
        heads.push(page.say("insamling", "collection"));
    }
    heads.extend([
        page.say("orsak", "cause"),
        page.say("allvarlighets-\ngrad", "severity"),
        page.say("fynd", "findings"),
        page.say("av reglernas\nfynd", "of the rules'\nfindings"),
        page.say("andel", "share"),
        page.say("poster som blir\nfria från fel", "records freed\nof errors"),
        page.say("verkan", "effect"),
        page.say("regler", "rules"),
        page.say("åtgärd", "fix"),
    ]);
    sheet.header(heads.iter().copied())?;
    for (run, causes) in runs {
        let told = Telling { figures: page.figures, run };
        let mut freed = 0;
        for (cause, number) in causes.iter().take(MOST_CAUSES).zip(1..) {
            freed += cause.repaired;
            let is_error = cause.severity == Severity::Error;
            let rules: Vec<&str> = cause
                .rules
                .iter()
                .filter_map(|rule| run.plan.rules.get(rule.0))
                .map(|rule| rule.id.0.as_str())
                .collect();
            let fix =
                cause.rules.first().and_then(|rule| run.plan.rules.get(rule.0)).map(|rule| page.text_of(&rule.fix));
            sheet.cell(Look::Plain, Value::Count(number))?;
            if with_collection {
                sheet.cell(Look::Plain, Value::Text(&run.plan.collection.id))?;
            }
            sheet.cell(Look::Wrapped, Value::Prose(&sentence(told, cause)))?;
            sheet.cell(Look::Plain, Value::Prose(page.severity(cause.severity)))?;
            sheet.cell(Look::Plain, Value::Count(cause.findings))?;
            sheet.cell(Look::Plain, Value::Count(cause.of))?;
            sheet.cell(Look::Plain, Value::Share(cause.findings, cause.of))?;
            if is_error {
                sheet.cell(Look::Plain, Value::Count(cause.repaired))?;
                sheet.cell(Look::Wrapped, Value::Prose(&frees(told, (cause.repaired, freed), found(writing, run))))?;
            } else {
                sheet.cell(Look::Plain, Value::Blank)?;
                sheet.cell(Look::Plain, Value::Blank)?;
            }
            sheet.cell(Look::Wrapped, Value::Prose(&rules.join(", ")))?;
            sheet.cell(Look::Wrapped, Value::Prose(advice(told, &cause.kind).or(fix).unwrap_or_default()))?;
            sheet.end_row();
        }
    }
    sheet.table(header, u16::try_from(heads.len()).unwrap_or(u16::MAX))?;
    sheet.finish()?;
    Ok(())
}

/// Rejected records of the part.
fn found(writing: &Writing<'_>, run: &Run) -> u64 {
    super::part::rejected(&writing.part.key, run).map_or(run.rejected, |(rejected, _)| rejected)
}
