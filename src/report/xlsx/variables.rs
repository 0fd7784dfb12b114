//! The account of each variable: what was filled, said to be none or unknown, or left blank.
//!
//! Of care units there is no account, so their workbooks have no such sheet.

use super::Writing;
use super::book::Book;
use super::part::reporter;
use super::sheet::Value;
use super::style::Look;
use crate::engine::Run;
use crate::model::Account;
use crate::report::ReportError;
use crate::report::spool::PartKey;
use crate::report::text::variables::level;

/// Writes the sheet, where there is anything to be written.
pub(super) fn write(writing: &Writing<'_>, book: &mut Book, name: &str) -> Result<(), ReportError> {
    let page = &writing.page;
    let accounts = |run: &Run| -> Option<(Vec<Account>, u64)> {
        match &writing.part.key {
            PartKey::Whole => Some((run.accounts.clone(), run.records)),
            part => reporter(part, run).map(|reporter| (reporter.accounts.clone(), reporter.records)),
        }
    };
    let runs: Vec<(&Run, Vec<Account>, u64)> = writing
        .content
        .outcome
        .submitted()
        .filter_map(|run| accounts(run).map(|(accounts, records)| (run, accounts, records)))
        .collect();
    if runs.is_empty() {
        return Ok(());
    }
    let n_rows = runs.iter().map(|(_, accounts, _)| accounts.len() as u64).sum();
    let mut sheet = book.sheet(name, n_rows)?;
    sheet.line(Look::Title, page.say("Variabler", "Variables"))?;
    sheet.line(
        Look::Plain,
        page.say(
            "Inrapporteringsgrad: poster med ett ifyllt, negativt eller okänt värde av alla poster. Negativt och okänt är koder för ”ingen” och ”vet inte”.",
            "Reporting rate: records with a filled, negative or unknown value out of all records. Negative and unknown are codes for “none” and “not known”.",
        ),
    )?;
    let header = sheet.row();
    let heads = [
        page.say("insamling", "collection"),
        page.say("variabel", "variable"),
        page.say("namn", "name"),
        page.say("kravnivå", "level"),
        page.say("ifyllt", "filled"),
        page.say("negativt", "negative"),
        page.say("okänt", "unknown"),
        page.say("tomt,\ntillåtet", "blank,\nallowed"),
        page.say("tomt,\nkrävs", "blank,\nrequired"),
        page.say("post\noläslig", "record\nunreadable"),
        page.say("rapporterat", "reported"),
        page.say("poster", "records"),
        page.say("inrapporterings-\ngrad", "reporting\nrate"),
    ];
    sheet.header(heads)?;
    for (run, accounts, records) in &runs {
        let collection = &run.plan.collection;
        for ((variable, requirement), account) in collection.variables.iter().zip(&run.plan.requirements).zip(accounts)
        {
            sheet.cell(Look::Plain, Value::Text(&collection.id))?;
            sheet.cell(Look::Plain, Value::Text(&variable.id))?;
            sheet.cell(Look::Plain, Value::Prose(page.text_of(&variable.name)))?;
            sheet.cell(Look::Plain, Value::Prose(level(page, requirement)))?;
            let reported = account.filled + account.negative + account.unknown;
            for (n, is_wrong) in [
                (account.filled, false),
                (account.negative, false),
                (account.unknown, false),
                (account.blank_allowed, false),
                (account.blank_required, account.blank_required > 0),
                (account.unreadable, false),
                (reported, false),
                (*records, false),
            ] {
                sheet.cell(if is_wrong { Look::Faulty } else { Look::Plain }, Value::Count(n))?;
            }
            sheet.cell(Look::Plain, Value::Share(reported, *records))?;
            sheet.end_row();
        }
    }
    sheet.table(header, u16::try_from(heads.len()).unwrap_or(u16::MAX))?;
    sheet.finish()?;
    Ok(())
}
