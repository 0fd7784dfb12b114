//! What was not checked, and why: rules that could not be looked at, and records for which a rule could not be decided.

use super::Writing;
use super::book::Book;
use super::part::reporter;
use super::sheet::Value;
use super::style::Look;
use crate::engine::{RuleRun, Run};
use crate::model::Skipped;
use crate::report::ReportError;
use crate::report::rule_rows::speaks_of_records;
use crate::report::spool::PartKey;
use crate::report::text::unchecked::reason;
use crate::rule::Rule;

/// A rule that was not wholly checked.
struct Unchecked<'a> {
    run: &'a Run,
    rule: &'a Rule,
    /// Causes, each with the number of files that it is of; none where a value is blank or unreadable.
    causes: Vec<(&'a Skipped, u64)>,
    /// Records for which it could not be decided, of all; `None` where that is not counted.
    records: Option<(u64, u64)>,
}

/// Writes the sheet.
pub(super) fn write(writing: &Writing<'_>, book: &mut Book, name: &str) -> Result<(), ReportError> {
    let page = &writing.page;
    let is_whole = writing.part.key == PartKey::Whole;
    let all: Vec<Unchecked<'_>> =
        writing.content.outcome.runs.iter().flat_map(|run| unchecked(&writing.part.key, run)).collect();
    let mut sheet = book.sheet(name, all.len() as u64)?;
    sheet.line(Look::Title, page.say("Inte kontrollerat", "Not checked"))?;
    if all.is_empty() {
        let everything = page
            .say("Alla regler kunde kontrolleras för alla poster.", "Every rule could be checked for every record.");
        let known = page.say(
            "Inget känt: hur det gick för varje regel räknas inte för den här delen.",
            "Nothing known: what became of each rule is not counted for this part.",
        );
        let is_counted =
            is_whole || writing.content.outcome.runs.iter().any(|run| reporter(&writing.part.key, run).is_some());
        sheet.line(Look::Plain, if is_counted { everything } else { known })?;
        sheet.finish()?;
        return Ok(());
    }
    sheet.line(
        Look::Plain,
        page.say(
            "En regel som inte kunde kontrolleras räknas varken som uppfylld eller som inte uppfylld.",
            "A rule that could not be checked counts neither as satisfied nor as violated.",
        ),
    )?;
    let header = sheet.row();
    let heads = [
        page.say("regel", "rule"),
        page.say("allvarlighets-\ngrad", "severity"),
        page.say("insamling", "collection"),
        page.say("vad regeln hittar", "what the rule finds"),
        page.say("varför den inte är kontrollerad", "why it was not checked"),
        page.say("berörda\nfiler", "files\nconcerned"),
        page.say("filer\ntotalt", "files\nin all"),
        page.say("poster inte\nkontrollerade", "records\nnot checked"),
        page.say("poster\ntotalt", "records\nin all"),
        page.say("andel", "share"),
    ];
    sheet.header(heads)?;
    for item in &all {
        let files = item.run.own_and_earlier_files().0.len() as u64;
        let undecided = page.say(
            "Ett värde som regeln behöver är tomt eller oläsligt",
            "A value that the rule needs is blank or unreadable",
        );
        let causes: Vec<(String, Option<u64>)> = match item.causes.as_slice() {
            [] => vec![(undecided.to_owned(), None)],
            causes => causes.iter().map(|(cause, n)| (reason(page, cause, ""), Some(*n))).collect(),
        };
        for (words, n_files) in causes {
            let name = page.rule_name(item.rule).replace(crate::report::text::page::GLUE, " ");
            sheet.cell(Look::Plain, Value::Text(&name))?;
            sheet.cell(Look::Plain, Value::Prose(page.severity(item.rule.severity)))?;
            sheet.cell(Look::Plain, Value::Text(&item.run.plan.collection.id))?;
            sheet.cell(Look::Wrapped, Value::Prose(page.text_of(&item.rule.title)))?;
            sheet.cell(Look::Wrapped, Value::Prose(&words))?;
            // How many files others delivered is none of a part's business.
            let files = n_files.filter(|_| is_whole).map(|n| [Value::Count(n), Value::Count(files)]);
            for value in files.unwrap_or([Value::Blank; 2]) {
                sheet.cell(Look::Plain, value)?;
            }
            match item.records {
                Some((n, of)) => {
                    for value in [Value::Count(n), Value::Count(of), Value::Share(n, of)] {
                        sheet.cell(Look::Plain, value)?;
                    }
                }
                None => (0..3).try_for_each(|_| sheet.cell(Look::Plain, Value::Blank))?,
            }
            sheet.end_row();
        }
    }
    sheet.table(header, u16::try_from(heads.len()).unwrap_or(u16::MAX))?;
    sheet.finish()?;
    Ok(())
}

fn unchecked<'a>(part: &PartKey, run: &'a Run) -> Vec<Unchecked<'a>> {
    let records = |index: usize, found: &RuleRun| match part {
        PartKey::Whole => Some((found.counts.not_checked, run.records)),
        part => {
            let reporter = reporter(part, run)?;
            Some((reporter.rules.get(index)?.counts.not_checked, reporter.records))
        }
    };
    let rules = run.plan.rules.iter().zip(&run.rules).enumerate();
    let all = rules.map(|(index, (rule, found))| {
        let records = records(index, found).filter(|_| speaks_of_records(rule));
        Unchecked { run, rule, causes: causes(found), records }
    });
    all.filter(|item| match item.records {
        Some((n, _)) => n > 0 || (*part == PartKey::Whole && !item.causes.is_empty()),
        None => !item.causes.is_empty(),
    })
    .collect()
}

fn causes(found: &RuleRun) -> Vec<(&Skipped, u64)> {
    let mut causes: Vec<(&Skipped, u64)> = Vec::new();
    for (_, cause) in &found.skipped {
        match causes.iter_mut().find(|(known, _)| *known == cause) {
            Some((_, n)) => *n += 1,
            None => causes.push((cause, 1)),
        }
    }
    causes
}
