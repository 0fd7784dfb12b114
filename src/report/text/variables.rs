//! The account of each variable as a table: what was filled, said to be none or unknown, or left blank.

use super::page::{Page, Tone, left, right, width_of};
use crate::engine::Run;
use crate::model::{Account, Level};
use crate::report::shown::middle_cut;
use crate::rule::Requirement;

/// The narrowest a variable's name is cut to; a narrower page gets longer lines instead.
const LEAST_NAME_WIDTH: usize = 20;

/// Spaces between columns.
const GAP: &str = "  ";

/// Writes the account of every variable of `run`.
pub(super) fn write(page: &mut Page, run: &Run) {
    let heading = format!("{} ({})", page.say("Variabler", "Variables"), page.records(run.records));
    page.heading(&heading);
    page.paragraph(
        1,
        page.say(
            "Inrapporteringsgrad: poster med ett ifyllt, negativt eller okänt värde av alla poster. Negativt och okänt är koder för ”ingen” och ”vet inte”.",
            "Reporting rate: records with a filled, negative or unknown value out of all records. Negative and unknown are codes for “none” and “not known”.",
        ),
    );

    let with_unreadable = run.accounts.iter().any(|account| account.unreadable > 0);
    let mut rows = vec![headings(page, with_unreadable, 0), headings(page, with_unreadable, 1)];
    let variables = run.plan.collection.variables.iter().zip(&run.plan.requirements).zip(&run.accounts);
    rows.extend(variables.map(|((variable, requirement), account)| {
        let mut cells = vec![variable.id.clone(), level(page, requirement).to_owned()];
        cells.extend(figures(page, account, run.records, with_unreadable));
        cells
    }));

    let mut widths: Vec<usize> =
        (0..rows[0].len()).map(|column| rows.iter().map(|row| width_of(&row[column])).max().unwrap_or(0)).collect();
    let others: usize = widths[1..].iter().map(|width| width + GAP.len()).sum();
    widths[0] = widths[0].min(page.width.saturating_sub(others + GAP.len()).max(LEAST_NAME_WIDTH));
    for (index, row) in rows.iter().enumerate() {
        let mut line =
            format!("{GAP}{}{GAP}{}", left(&middle_cut(&row[0], widths[0]), widths[0]), left(&row[1], widths[1]));
        for (column, (cell, width)) in row.iter().zip(&widths).enumerate().skip(2) {
            let cell = right(cell, *width);
            let is_wrong = index >= 2 && column == BLANK_REQUIRED && run.accounts[index - 2].blank_required > 0;
            line.push_str(GAP);
            line.push_str(&if is_wrong { page.paint(Tone::Bad, &cell) } else { cell });
        }
        page.line(&line);
    }
}

/// The column of values that are blank although required.
const BLANK_REQUIRED: usize = 6;

fn headings(page: &Page, with_unreadable: bool, line: usize) -> Vec<String> {
    let mut headings = vec![
        page.say("variabel\n", "variable\n"),
        page.say("kravnivå\n", "level\n"),
        page.say("ifyllt\n", "filled\n"),
        page.say("negativt\n", "negative\n"),
        page.say("okänt\n", "unknown\n"),
        page.say("tomt,\ntillåtet", "blank,\nallowed"),
        page.say("tomt,\nkrävs", "blank,\nrequired"),
    ];
    if with_unreadable {
        headings.push(page.say("post\noläslig", "record\nunreadable"));
    }
    headings.push(page.say("inrapp.-\ngrad", "reporting\nrate"));
    // A heading of one line stands at the bottom.
    let line_of = |heading: &str| match heading.split_once('\n') {
        Some((only, "")) => if line == 1 { only } else { "" }.to_owned(),
        Some((above, below)) => if line == 0 { above } else { below }.to_owned(),
        None => heading.to_owned(),
    };
    headings.into_iter().map(line_of).collect()
}

fn figures(page: &Page, account: &Account, records: u64, with_unreadable: bool) -> Vec<String> {
    let mut numbers =
        vec![account.filled, account.negative, account.unknown, account.blank_allowed, account.blank_required];
    if with_unreadable {
        numbers.push(account.unreadable);
    }
    let mut cells: Vec<String> = numbers.into_iter().map(|n| page.figures.count(n)).collect();
    let reported = account.filled + account.negative + account.unknown;
    cells.push(page.figures.share(reported, records).unwrap_or_else(|| "–".to_owned()));
    cells
}

/// The level in one or two words; the reporting models' own, shortened for the table.
pub(in crate::report) fn level(page: &Page, requirement: &Requirement) -> &'static str {
    match requirement.level {
        Level::Conditional if !requirement.versions.is_empty() => page.say("efter datum", "by date"),
        Level::Mandatory => page.say("obligatorisk", "mandatory"),
        Level::Conditional => page.say("villkorad", "conditional"),
        Level::IfAvailable => page.say("om tillgänglig", "if available"),
        Level::Voluntary => page.say("frivillig", "voluntary"),
        Level::FetchedSeparately => page.say("hämtas separat", "separate source"),
        Level::NotIncluded => page.say("ingår ej", "not included"),
    }
}
