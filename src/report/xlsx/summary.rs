//! The first sheet: what the run comes to, the problems with a link to the sheet of each, what was stated and what was read.

use rust_xlsxwriter::XlsxError;

use super::Writing;
use super::book::Book;
use super::findings::cut_short;
use super::part::{Problem, rejected};
use super::sheet::{Sheet, Value};
use super::style::Look;
use crate::engine::FileRun;
use crate::model::Severity;
use crate::report::ReportError;
use crate::report::rule_rows::source_line;
use crate::report::spool::{MOST_UNITS, PartKey};
use crate::report::text::page::{GLUE, Page, Tone};
use crate::report::text::{format_words, verdict_words};
use crate::time::format_day;

/// Files named; more are counted.
const MOST_FILES: usize = 1_000;

/// What the workbook is called.
pub(super) fn title(writing: &Writing<'_>) -> String {
    let title = writing.say("Kontroll av leverans", "Check of a submission");
    if writing.part.name.is_empty() { title.to_owned() } else { format!("{title}: {}", writing.part.name) }
}

/// Writes the summary as the sheet `name`; `names` are those of the problems' sheets.
pub(super) fn write(
    writing: &Writing<'_>,
    book: &mut Book,
    name: &str,
    problems: &[Problem<'_>],
    names: &[String],
) -> Result<(), ReportError> {
    let mut sheet = book.sheet(name, 0)?;
    sheet.line(Look::Title, &title(writing))?;
    as_of(writing, &mut sheet)?;
    together(writing, &mut sheet)?;
    verdict(writing, &mut sheet, problems)?;
    if !problems.is_empty() {
        table(writing, &mut sheet, problems, names)?;
        // Below the blank row nothing belongs to the table.
        sheet.end_row();
    }
    for (problem, name) in problems.iter().zip(names) {
        if let Some(words) = cut_short(writing, problem) {
            sheet.line(Look::Plain, &format!("{name}: {words}"))?;
        }
    }
    stated(writing, &mut sheet)?;
    if writing.part.key == PartKey::Whole {
        read(writing, &mut sheet)?;
    }
    waivers(writing, &mut sheet)?;
    sheet.finish()?;
    Ok(())
}

fn as_of(writing: &Writing<'_>, sheet: &mut Sheet<'_>) -> Result<(), XlsxError> {
    let Some(day) = writing.content.outcome.stated.as_of.map(format_day) else { return Ok(()) };
    let words = writing.say("Omkörning med reglerna från # (--as-of)", "Rerun under the rules of # (--as-of)");
    sheet.line(Look::Doubtful, &words.replace('#', &day))
}

/// What findings are in the workbooks that are no region's and no unit's own.
fn together(writing: &Writing<'_>, sheet: &mut Sheet<'_>) -> Result<(), XlsxError> {
    let words = match writing.part.key {
        PartKey::Whole | PartKey::Region(_) | PartKey::Unit(_) => return Ok(()),
        PartKey::Others => writing
            .say(
                "Vårdenheterna är fler än #. De som kom sist i filerna har inga egna arbetsböcker; deras fynd står här.",
                "There are more than # care units. Those that came last in the files have no workbooks of their own; their findings are here.",
            )
            .replace('#', &writing.page.figures.count(MOST_UNITS as u64)),
        PartKey::Unknown => writing
            .say(
                "Här står fynd om leveransen som helhet, och om poster som inte säger vems de är.",
                "Here are findings on the submission as a whole, and on records that do not say whose they are.",
            )
            .to_owned(),
    };
    sheet.line(Look::Plain, &words)
}

/// The verdict of the whole, or the counts of a part: whether a submission passes is not for a part to say.
fn verdict(writing: &Writing<'_>, sheet: &mut Sheet<'_>, problems: &[Problem<'_>]) -> Result<(), XlsxError> {
    let (page, outcome) = (&writing.page, writing.content.outcome);
    let is_whole = writing.part.key == PartKey::Whole;
    if is_whole {
        let (tone, words) = verdict_words(page, outcome, writing.options);
        let look = match tone {
            Tone::Strong => Look::Strong,
            Tone::Good => Look::Good,
            Tone::Doubtful => Look::Doubtful,
            Tone::Bad => Look::Bad,
        };
        sheet.line(look, &words)?;
    }
    let counts: Vec<String> = Severity::ALL.into_iter().map(|severity| counted(page, problems, severity)).collect();
    sheet.line(if is_whole { Look::Plain } else { Look::Strong }, &counts.join("; "))?;
    for run in outcome.submitted() {
        let Some((n, of)) = rejected(&writing.part.key, run) else { continue };
        let name = if writing.has_several_runs() {
            format!("{}: ", page.text_of(&run.plan.collection.title))
        } else {
            String::new()
        };
        let words = page.say("har minst ett fel", "with at least one error");
        sheet.line(Look::Plain, &format!("{name}{} {words}", page.part_of(n, of, run.unit())))?;
    }
    sheet.end_row();
    Ok(())
}

/// `23 fel (3 regler)`.
fn counted(page: &Page, problems: &[Problem<'_>], severity: Severity) -> String {
    let of_severity = problems.iter().filter(|problem| problem.rule.severity == severity);
    let n = of_severity.clone().map(|problem| problem.counts.counts.findings).sum();
    let words = page.severity_counted(severity, n);
    let n_rules = of_severity.count();
    if n == 0 { words } else { format!("{words} ({})", page.rules(n_rules)) }
}

fn table(
    writing: &Writing<'_>,
    sheet: &mut Sheet<'_>,
    problems: &[Problem<'_>],
    names: &[String],
) -> Result<(), XlsxError> {
    let page = &writing.page;
    let with_collection = writing.has_several_runs();
    let header = sheet.row();
    let mut heads = vec![page.say("regel", "rule"), page.say("allvarlighets-\ngrad", "severity")];
    if with_collection {
        heads.push(page.say("insamling", "collection"));
    }
    heads.extend([
        page.say("problem", "problem"),
        page.say("fynd", "findings"),
        page.say("varav\nundantagna", "of them\nwaived"),
        page.say("poster\nmed fynd", "records\nwith findings"),
        page.say("poster\ntotalt", "records\nin all"),
        page.say("andel", "share"),
        page.say("åtgärd", "fix"),
        page.say("källa", "source"),
        page.say("gäller", "valid"),
    ]);
    sheet.header(heads.iter().copied())?;
    for (problem, name) in problems.iter().zip(names) {
        let rule = problem.rule;
        sheet.cell(Look::Plain, Value::Link(name, &rule.id.0))?;
        sheet.cell(Look::Plain, Value::Prose(page.severity(rule.severity)))?;
        if with_collection {
            sheet.cell(Look::Plain, Value::Text(&problem.run.plan.collection.id))?;
        }
        sheet.cell(Look::Wrapped, Value::Prose(page.text_of(&rule.title)))?;
        sheet.cell(Look::Plain, Value::Count(problem.counts.counts.findings))?;
        sheet.cell(Look::Plain, Value::Count(problem.counts.counts.waived))?;
        match problem.counts.records {
            Some((n, of)) => {
                sheet.cell(Look::Plain, Value::Count(n))?;
                sheet.cell(Look::Plain, Value::Count(of))?;
                sheet.cell(Look::Plain, Value::Share(n, of))?;
            }
            None => (0..3).try_for_each(|_| sheet.cell(Look::Plain, Value::Blank))?,
        }
        sheet.cell(Look::Wrapped, Value::Prose(page.text_of(&rule.fix)))?;
        sheet.cell(Look::Wrapped, Value::Prose(&source_line(&rule.source)))?;
        let valid = page.rule_name(rule).replace(GLUE, " ");
        let valid = valid.strip_prefix(&rule.id.0).map_or("", |valid| valid.trim().trim_matches(['(', ')']));
        sheet.cell(Look::Plain, Value::Prose(valid))?;
        sheet.end_row();
    }
    sheet.table(header, u16::try_from(heads.len()).unwrap_or(u16::MAX))?;
    Ok(())
}

fn stated(writing: &Writing<'_>, sheet: &mut Sheet<'_>) -> Result<(), XlsxError> {
    let (page, stated) = (&writing.page, &writing.content.outcome.stated);
    let nothing = page.say("inte angiven", "not stated");
    let period = match stated.period {
        Some((first, last)) => format!("{} {} {}", format_day(first), page.say("till", "to"), format_day(last)),
        None => nothing.to_owned(),
    };
    let region = stated
        .region
        .as_ref()
        .map_or(nothing.to_owned(), |region| format!("{} ({})", region.name, region.organisation_number));
    let records = stated.records.map_or(page.say("inte angivet", "not stated").to_owned(), |n| page.figures.count(n));
    let today = if stated.delivery_date_stated { "" } else { page.say(" (dagens datum)", " (today's date)") };
    sheet.end_row();
    sheet.line(Look::Strong, page.say("Angivet", "Stated"))?;
    for (label, text) in [
        ("Period", period),
        ("Region", region),
        (page.say("Väntat antal poster", "Expected number of records"), records),
        (page.say("Leveransdatum", "Delivery date"), format!("{}{today}", format_day(stated.delivery_date))),
    ] {
        sheet.line(Look::Plain, &format!("{label}: {text}"))?;
    }
    Ok(())
}

fn read(writing: &Writing<'_>, sheet: &mut Sheet<'_>) -> Result<(), XlsxError> {
    let page = &writing.page;
    sheet.end_row();
    sheet.line(Look::Strong, page.say("Läst", "Read"))?;
    if writing.content.outcome.runs.is_empty() {
        sheet.line(Look::Plain, page.say("Inga filer.", "No files."))?;
    }
    for run in writing.content.outcome.submitted() {
        let collection = &run.plan.collection;
        let words = format!(
            "{} ({}), {} {}, vantkoll {}",
            page.text_of(&collection.title),
            collection.id,
            page.say("regelverk", "rule set"),
            run.plan.version,
            env!("CARGO_PKG_VERSION")
        );
        sheet.line(Look::Plain, &words)?;
        for file in run.files.iter().take(MOST_FILES) {
            sheet.line(Look::Plain, &file_words(page, file))?;
        }
        if run.files.len() > MOST_FILES {
            let more = page.figures.count((run.files.len() - MOST_FILES) as u64);
            sheet.line(Look::Plain, &page.say("och # filer till", "and # more files").replace('#', &more))?;
        }
    }
    Ok(())
}

fn file_words(page: &Page, file: &FileRun) -> String {
    let records = page.records(file.summary.records);
    let columns = page.counted(file.header.len() as u64, ["kolumn", "kolumner"], ["column", "columns"]);
    let format = format_words(page, &file.format);
    format!("    {}: {records}, {format}, {columns}, {}", file.path.to_string_lossy(), page.figures.bytes(file.size))
}

/// The waivers given, by the numbers that findings name them by.
fn waivers(writing: &Writing<'_>, sheet: &mut Sheet<'_>) -> Result<(), XlsxError> {
    let (page, waivers) = (&writing.page, &writing.content.outcome.waivers);
    if waivers.is_empty() || writing.part.key != PartKey::Whole {
        return Ok(());
    }
    sheet.end_row();
    sheet.line(Look::Strong, page.say("Undantag", "Waivers"))?;
    for (run, number) in waivers.iter().zip(1u64..) {
        let waiver = &run.waiver;
        let covered =
            page.counted(run.covered, ["fynd undantaget", "fynd undantagna"], ["finding waived", "findings waived"]);
        let (until, owner) = (format_day(waiver.until), page.say("ansvarig", "owner"));
        let until = if run.is_expired {
            page.say("gick ut # och gäller inte längre", "expired # and no longer applies").replace('#', &until)
        } else {
            page.say("till och med #", "until #").replace('#', &until)
        };
        let words = format!(
            "{number}. {}: {covered}; {owner} {}, {until}. {}",
            waiver.rule,
            waiver.owner,
            page.text_of(&waiver.reason)
        );
        sheet.line(Look::Plain, &words)?;
    }
    Ok(())
}
