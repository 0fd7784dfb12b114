//! The summary that a coordinator reads in a terminal, or in a mail into which it was piped.
//!
//! Order: what was read and stated, the verdict with its counts, the rules that matter most with examples and what to
//! do, the other violated rules, what could not be checked and why, what never applied, the account of each variable,
//! and where the rest is. The verdict stands once more at the end, where a terminal stops scrolling.
//!
//! Nothing is said by colour alone. Lines fit the width, save for words longer than it and for the table of variables,
//! which has a least width. Values are escaped and cut; the machine formats have them whole.

pub(in crate::report) mod page;
pub(in crate::report) mod rules;
pub(in crate::report) mod unchecked;
pub(in crate::report) mod variables;
pub(in crate::report) mod waivers;

use std::io::Write;

use crate::engine::{FileRun, FoldedFrom, Outcome, Run, Stated, TimestampForms};
use crate::model::{Language, Severity, Text};
use crate::report::shown::{escaped, shortened};
use crate::report::{Gate, ReportError, ReportOptions, gate};
use crate::rule::Check;
use crate::rule::expr::Parameter;
use crate::submission::{CollectionSource, Delimiter, Encoding, Format};
use crate::time::format_day;
use page::{Page, Tone};
use unchecked::Unchecked;

/// Unknown columns named for each file.
const MOST_COLUMNS_NAMED: usize = 5;

/// Writes the summary; see [`crate::report`].
///
/// # Errors
/// If `out` cannot be written.
pub fn write(outcome: &Outcome, options: &ReportOptions, out: &mut (dyn Write + Send)) -> Result<(), ReportError> {
    out.write_all(render(outcome, options).as_bytes())?;
    Ok(())
}

fn render(outcome: &Outcome, options: &ReportOptions) -> String {
    let mut page = Page::new(options);
    as_of(&mut page, &outcome.stated);
    input(&mut page, outcome);
    stated(&mut page, &outcome.stated);
    listed(&mut page, outcome);
    verdict(&mut page, outcome, options);
    for run in outcome.runs.iter().filter(|run| !is_left_out(run)) {
        if outcome.runs.len() > 1 {
            let rejected = rejected(&page, run.rejected, run.records, run.unit());
            page.title(&collection_name(&page, run));
            page.paragraph(1, &rejected);
        }
        rules::write(&mut page, run, options.top);
        unchecked::write(&mut page, run);
        if run.folded.is_none() {
            variables::write(&mut page, run);
        }
    }
    waivers::write(&mut page, &outcome.waivers);
    more(&mut page);
    page.blank();
    let (tone, words) = verdict_words(&page, outcome, options);
    let words = page.paint(tone, &words);
    page.paragraph(0, &words);
    page.into_text()
}

/// That the rules are those of another day.
fn as_of(page: &mut Page, stated: &Stated) {
    if let Some(text) = as_of_words(page, stated) {
        let text = page.paint(Tone::Strong, &text);
        page.hanging(0, 0, &text);
    }
}

/// That the rules are those of another day, in words.
pub(in crate::report) fn as_of_words(page: &Page, stated: &Stated) -> Option<String> {
    let day = format_day(stated.as_of?);
    Some(match page.figures.language {
        Language::Swedish => format!(
            "OMKÖRNING MED REGLERNA FRÅN {day} (--as-of): regler, kravnivåer och koder väljs efter den dagen för varje post, inte efter postens egna datum."
        ),
        Language::English => format!(
            "RERUN UNDER THE RULES OF {day} (--as-of): rules, requirement levels and codes are chosen by that day for every record, not by the record's own dates."
        ),
    })
}

/// That a list of deliveries goes before what is stated for all.
fn listed(page: &mut Page, outcome: &Outcome) {
    if let Some(text) = listed_words(page, outcome) {
        page.paragraph(1, &text);
    }
}

/// That a list of deliveries goes before what is stated for all, in words.
pub(in crate::report) fn listed_words(page: &Page, outcome: &Outcome) -> Option<String> {
    let n = outcome.submitted().flat_map(|run| &run.files).filter(|file| file.statement.is_listed).count();
    let files = page.counted(n as u64, ["fil", "filer"], ["file", "files"]);
    (n > 0).then(|| match page.figures.language {
        Language::Swedish => {
            format!("För {files} gäller leveranslistans månad, region, ankomstdag och antal poster.")
        }
        Language::English => {
            format!("For {files} the list of deliveries states month, region, day of receipt and number of records.")
        }
    })
}

pub(in crate::report) fn collection_name(page: &Page, run: &Run) -> String {
    let collection = &run.plan.collection;
    format!("{} ({})", page.text_of(&collection.title), collection.id)
}

fn input(page: &mut Page, outcome: &Outcome) {
    page.heading(page.say("Läst", "Read"));
    if outcome.runs.is_empty() {
        page.paragraph(1, page.say("Inga filer.", "No files."));
    }
    for run in &outcome.runs {
        if is_left_out(run) {
            left_out(page, run);
            continue;
        }
        if let (Some(from), Some(unit)) = (&run.folded, run.unit()) {
            let line = groups_words(page, run, *from, unit);
            page.paragraph(1, &line);
            corrections(page, run, *from, unit);
            continue;
        }
        let line = format!("{}, {}", collection_name(page, run), detected_words(page, run));
        page.paragraph(1, &line);
        let line = format!(
            "{} {}, vantkoll {}",
            page.say("Regelverk", "Rule set"),
            run.plan.version,
            env!("CARGO_PKG_VERSION")
        );
        page.paragraph(2, &line);
        input_files(page, &run.files);
        timestamp_forms(page, run);
    }
}

/// How it is known which collection it is: the weakest of the ways of its files.
pub(in crate::report) fn detected_words<'a>(page: &Page, run: &Run) -> &'a str {
    let words: [&'static str; 2] = match run.files.iter().map(|file| file.collection_source).min() {
        Some(CollectionSource::Header) | None => ["igenkänd på kolumnrubrikerna", "recognised by its column headers"],
        Some(CollectionSource::Option) => ["angiven med --collection", "stated with --collection"],
        Some(CollectionSource::FileName) => ["enligt filnamnet", "by the name of the file"],
        Some(CollectionSource::List) => ["enligt leveranslistan", "by the list of deliveries"],
    };
    page.figures.language.pick(words[0], words[1])
}

pub(in crate::report) fn is_left_out(run: &Run) -> bool {
    run.folded.is_some_and(|from| from.is_left_out)
}

/// That no rule on groups could apply, and what would let them.
fn left_out(page: &mut Page, run: &Run) {
    let line = left_out_words(page, run);
    page.paragraph(1, &line);
}

/// The same in words.
pub(in crate::report) fn left_out_words(page: &Page, run: &Run) -> String {
    let name = collection_name(page, run);
    let n = run.plan.rules.iter().filter(|rule| matches!(rule.check, Check::Record(_))).count() as u64;
    let rules = page.counted(n, ["regel", "regler"], ["rule", "rules"]);
    let reads_regions = run.plan.rules.iter().any(|rule| match &rule.check {
        Check::Record(check) => check.parameters.contains(&Parameter::DeliveredRegions),
        Check::Submission(_) => false,
    });
    let why = if reads_regions {
        page.say(
            "det är inte angivet att filerna kommer från flera regioner (qa --deliveries)",
            "nothing states that the files come from several regions (qa --deliveries)",
        )
    } else {
        page.say(
            "ingen av dem kan tillämpas på det som är angivet om leveransen",
            "none of them can apply to what is stated of the submission",
        )
    };
    match page.figures.language {
        Language::Swedish => format!("{name}: {rules} prövades inte, {why}"),
        Language::English => format!("{name}: {rules} were not tried, {why}"),
    }
}

/// `Förlopp (svf_forlopp): 4 förlopp ur 6 poster; 1 post utan nyckel hör inte till något`.
pub(in crate::report) fn groups_words(page: &Page, run: &Run, from: FoldedFrom, unit: &Text) -> String {
    let grouped = page.records(from.records.saturating_sub(from.without_group));
    let present = run.records.saturating_sub(from.missing);
    let (name, groups, unit) = (collection_name(page, run), page.figures.count(present), page.text_of(unit));
    let mut line = format!("{name}: {groups} {unit} {} {grouped}", page.say("ur", "out of"));
    if from.without_group > 0 {
        let without = page.records(from.without_group);
        let rest = page.say("utan läsbar nyckel hör inte till något", "without a readable key in none");
        line = format!("{line}; {without} {rest}");
    }
    line
}

/// What groups that may be corrected for some time were compared with.
fn corrections(page: &mut Page, run: &Run, from: FoldedFrom, unit: &Text) {
    if let Some(line) = corrections_words(page, run, from, unit) {
        page.paragraph(2, &line);
    }
}

/// The same in words.
pub(in crate::report) fn corrections_words(page: &Page, run: &Run, from: FoldedFrom, unit: &Text) -> Option<String> {
    run.months_of_corrections()?;
    let earlier = run.own_and_earlier_files().1;
    if earlier.is_empty() {
        let words = page.say(
            "Rättningstiden är inte prövad: ingen tidigare leverans är angiven (--earlier).",
            "The time for corrections is not checked: no earlier submission is given (--earlier).",
        );
        return Some(words.to_owned());
    }
    let days = || earlier.iter().filter_map(|file| file.statement.received);
    let between = match (days().min().map(format_day), days().max().map(format_day)) {
        (Some(first), Some(last)) if first != last => format!("{first}–{last}"),
        (first, _) => first.unwrap_or_default(),
    };
    let files =
        page.counted(earlier.len() as u64, ["tidigare fil", "tidigare filer"], ["earlier file", "earlier files"]);
    let mut line = match page.figures.language {
        Language::Swedish => {
            let received = if earlier.len() == 1 { "mottagen" } else { "mottagna" };
            format!("jämförda med {files}, {received} {between}")
        }
        Language::English => format!("compared with {files}, received {between}"),
    };
    if from.missing > 0 {
        let (missing, unit) = (page.figures.count(from.missing), page.text_of(unit));
        let more = match page.figures.language {
            Language::Swedish => {
                format!("; utöver dem saknas {missing} {unit}, trots att leveransen gäller samma region och månad")
            }
            Language::English => {
                format!(
                    "; missing beside these: {missing} {unit}, although the submission is of their region and month"
                )
            }
        };
        line.push_str(&more);
    }
    Some(line)
}

/// Files shown one by one; of more, those that have something to say.
const MOST_FILES: usize = 8;

fn input_files(page: &mut Page, files: &[FileRun]) {
    if files.len() <= MOST_FILES {
        return files.iter().for_each(|file| input_file(page, file));
    }
    let (Some(first), Some(last)) = (files.first(), files.last()) else { return };
    let name = |file: &FileRun| escaped(&file.path.to_string_lossy()).into_owned();
    let line = format!(
        "{} {}, {}, {}: {} … {}",
        page.figures.count(files.len() as u64),
        page.say("filer", "files"),
        page.records(files.iter().map(|file| file.summary.records).sum()),
        page.figures.bytes(files.iter().map(|file| file.size).sum()),
        name(first),
        name(last)
    );
    page.paragraph(2, &line);
    let has_something =
        |file: &&FileRun| file.summary.blank_lines > 0 || file.header.iter().any(|column| column.variable.is_none());
    let told: Vec<&FileRun> = files.iter().filter(has_something).collect();
    for file in told.iter().take(MOST_FILES) {
        input_file(page, file);
    }
    if told.len() > MOST_FILES {
        let more = page.figures.count((told.len() - MOST_FILES) as u64);
        let line = match page.figures.language {
            Language::Swedish => format!("och {more} till med okända kolumner eller tomma rader"),
            Language::English => format!("and {more} more with unknown columns or blank lines"),
        };
        page.paragraph(2, &line);
    }
}

fn input_file(page: &mut Page, file: &FileRun) {
    let records = page.records(file.summary.records);
    let mut line = format!("{}: {records}", escaped(&file.path.to_string_lossy()));
    if file.layout.is_some() {
        let rows = page.counted(file.summary.rows, ["rad", "rader"], ["row", "rows"]);
        line = format!("{line} {} {rows}", page.say("på", "in"));
    }
    if file.summary.blank_lines > 0 {
        let blank = page.counted(
            file.summary.blank_lines,
            ["tom rad överhoppad", "tomma rader överhoppade"],
            ["blank line skipped", "blank lines skipped"],
        );
        line = format!("{line}, {blank}");
    }
    page.paragraph(2, &line);

    let columns = page.counted(file.header.len() as u64, ["kolumn", "kolumner"], ["column", "columns"]);
    let mut line = format!("{}, {columns}, {}", format_words(page, &file.format), page.figures.bytes(file.size));
    if let Some(layout) = &file.layout {
        line = format!("{line}, {} ({})", page.text_of(&layout.title), layout.id);
    }
    page.paragraph(3, &line);

    let unknown: Vec<_> = file.header.iter().filter(|column| column.variable.is_none()).collect();
    if !unknown.is_empty() {
        let mut names: Vec<String> = unknown
            .iter()
            .take(MOST_COLUMNS_NAMED)
            .map(|column| {
                let name = shortened(&column.name, rules::MOST_VALUE_CHARS);
                match &column.nearest {
                    Some(nearest) => format!("{name} ({} {nearest}?)", page.say("menas", "meant to be")),
                    None => name.into_owned(),
                }
            })
            .collect();
        if unknown.len() > MOST_COLUMNS_NAMED {
            names.push(format!(
                "{} {}",
                page.say("och ytterligare", "and another"),
                unknown.len() - MOST_COLUMNS_NAMED
            ));
        }
        let label = match unknown.len() {
            1 => page.say("Okänd kolumn", "Unknown column"),
            _ => page.say("Okända kolumner", "Unknown columns"),
        };
        let line = format!("{label}: {}", names.join(", "));
        page.paragraph(3, &line);
    }
}

pub(in crate::report) fn format_words(page: &Page, format: &Format) -> String {
    match format {
        Format::Csv { delimiter, encoding, byte_order_mark } => {
            let delimiter = match delimiter {
                Delimiter::Semicolon => page.say("semikolon", "semicolons"),
                Delimiter::Comma => page.say("komma", "commas"),
                Delimiter::Tab => page.say("tabb", "tabs"),
                Delimiter::Pipe => page.say("lodstreck", "vertical bars"),
            };
            let encoding = match encoding {
                Encoding::Utf8 => "UTF-8",
                Encoding::Windows1252 => "Windows-1252",
            };
            let mark = if *byte_order_mark { page.say(" med BOM", " with BOM") } else { "" };
            format!("CSV {} {delimiter}, {encoding}{mark}", page.say("med", "with"))
        }
        Format::Parquet { .. } => "Parquet".to_owned(),
    }
}

/// Says how points in time were written, where more than one way was used.
fn timestamp_forms(page: &mut Page, run: &Run) {
    let mixed = run.plan.collection.variables.iter().zip(&run.timestamp_forms).filter_map(|(variable, forms)| {
        let ways = form_words(page, forms);
        (ways.len() > 1).then(|| format!("{}: {}", variable.id, ways.join(", ")))
    });
    let mixed: Vec<String> = mixed.collect();
    if !mixed.is_empty() {
        page.paragraph(
            2,
            page.say(
                "Tidpunkter skrivna på olika sätt (alla går att läsa):",
                "Points in time written in different ways (all can be read):",
            ),
        );
        for line in mixed {
            page.paragraph(3, &line);
        }
    }
}

pub(in crate::report) fn form_words(page: &Page, forms: &TimestampForms) -> Vec<String> {
    let ways = [
        (forms.minutes, page.say("ÅÅÅÅ-MM-DDThh:mm", "YYYY-MM-DDThh:mm")),
        (forms.seconds, page.say("ÅÅÅÅ-MM-DDThh:mm:ss", "YYYY-MM-DDThh:mm:ss")),
        (forms.compact, page.say("ÅÅÅÅMMDDhhmmss", "YYYYMMDDhhmmss")),
        (forms.date_only, page.say("bara datum", "date only")),
    ];
    ways.into_iter().filter(|(n, _)| *n > 0).map(|(n, way)| format!("{} {way}", page.figures.count(n))).collect()
}

fn stated(page: &mut Page, stated: &Stated) {
    page.heading(page.say("Angivet", "Stated"));
    let nothing = page.say("inte angiven", "not stated");
    let period = match stated.period {
        Some((first, last)) => format!("{} {} {}", format_day(first), page.say("till", "to"), format_day(last)),
        None => nothing.to_owned(),
    };
    let region = match &stated.region {
        Some(region) => format!("{} ({})", escaped(&region.name), escaped(&region.organisation_number)),
        None => nothing.to_owned(),
    };
    let records = match stated.records {
        Some(records) => page.figures.count(records),
        None => page.say("inte angivet", "not stated").to_owned(),
    };
    let today = if stated.delivery_date_stated { "" } else { page.say(" (dagens datum)", " (today's date)") };
    let lines = [
        format!("{}: {period}", page.say("Period", "Period")),
        format!("{}: {region}", page.say("Region", "Region")),
        format!("{}: {records}", page.say("Väntat antal poster", "Expected number of records")),
        format!("{}: {}{today}", page.say("Leveransdatum", "Delivery date"), format_day(stated.delivery_date)),
    ];
    for line in lines {
        page.paragraph(1, &line);
    }
}

fn verdict(page: &mut Page, outcome: &Outcome, options: &ReportOptions) {
    page.blank();
    let (tone, words) = verdict_words(page, outcome, options);
    let words = page.paint(tone, &words);
    page.paragraph(0, &words);

    let counts: Vec<String> =
        Severity::ALL.into_iter().map(|severity| violations_words(page, outcome, severity)).collect();
    page.paragraph(1, &counts.join(", "));
    let line = rejected(page, outcome.rejected(), outcome.records(), None);
    page.paragraph(1, &line);
    if options.fail_on != Severity::Error {
        let line = format!(
            "{} {} (--fail-on {})",
            page.say("Underkänns redan vid", "Fails already at"),
            page.severity(options.fail_on),
            options.fail_on.as_str()
        );
        page.paragraph(1, &line);
    }
    let unchecked = Unchecked::of(outcome);
    if gate(outcome, options.fail_on, options.strict) == Gate::Failed && unchecked.any() {
        let mut line = unchecked.clause(page);
        line.push('.');
        page.paragraph(1, &line);
    }
}

/// The verdict in words: never that it passed alone, when something was not checked.
pub(in crate::report) fn verdict_words(page: &Page, outcome: &Outcome, options: &ReportOptions) -> (Tone, String) {
    let unchecked = Unchecked::of(outcome);
    let passed = page.say("GODKÄND", "PASSED");
    let failed = page.say("INTE GODKÄND", "NOT PASSED");
    match gate(outcome, options.fail_on, options.strict) {
        Gate::Failed => {
            let failing = Severity::ALL.into_iter().filter(|severity| *severity >= options.fail_on);
            let counts = failing.map(|severity| (severity, outcome.unwaived(severity))).filter(|(_, n)| *n > 0);
            let counts: Vec<String> = counts.map(|(severity, n)| page.severity_counted(severity, n)).collect();
            let beside = waivers::clause(page, outcome, options.fail_on);
            let beside =
                beside.map(|waived| format!(" ({} {waived})", page.say("utöver", "beside"))).unwrap_or_default();
            (Tone::Bad, format!("{failed}: {}{beside}", counts.join(", ")))
        }
        Gate::NotChecked => (Tone::Bad, format!("{failed}: {} (--strict)", unchecked.clause(page))),
        Gate::Passed if outcome.runs.iter().all(|run| run.records == 0) => (
            Tone::Doubtful,
            format!(
                "{passed}, {}",
                page.say("men det fanns inga poster att kontrollera", "but there were no records to check")
            ),
        ),
        Gate::Passed => {
            // What was waived would have failed the gate, and is said together with what was not looked at.
            let waived = waivers::clause(page, outcome, options.fail_on)
                .map(|waived| format!("{} {waived}", page.say("med", "with")));
            let unchecked = unchecked.any().then(|| format!("{} {}", page.say("men", "but"), unchecked.clause(page)));
            let tone = if waived.is_some() || unchecked.is_some() { Tone::Doubtful } else { Tone::Good };
            let words: Vec<String> = std::iter::once(passed.to_owned()).chain(waived).chain(unchecked).collect();
            (tone, words.join(", "))
        }
    }
}

pub(in crate::report) fn violations_words(page: &Page, outcome: &Outcome, severity: Severity) -> String {
    let n = outcome.violations(severity);
    let words = page.severity_counted(severity, n);
    if n == 0 {
        return words;
    }
    let violated = |run: &Run| {
        run.plan
            .rules
            .iter()
            .zip(&run.rules)
            .filter(|(rule, found)| rule.severity == severity && found.violations > 0)
            .count()
    };
    let rules = page.rules(outcome.runs.iter().map(violated).sum());
    let waived = waivers::part(page, outcome.waived(severity)).map(|part| format!(", {part}")).unwrap_or_default();
    format!("{words} ({rules}{waived})")
}

pub(in crate::report) fn rejected(page: &Page, rejected: u64, records: u64, unit: Option<&Text>) -> String {
    if let (0, Some(unit)) = (records, unit) {
        return format!("{} {}", page.say("Inga", "No"), page.text_of(unit));
    }
    format!("{} {}", page.part_of(rejected, records, unit), page.say("har minst ett fel", "with at least one error"))
}

fn more(page: &mut Page) {
    page.heading(page.say("Mer", "More"));
    let lines = [
        page.say(
            "Sida att läsa, mejla och skriva ut: lägg till --format html=FIL.html",
            "Page to read, mail and print: add --format html=FILE.html",
        ),
        page.say(
            "Arbetsbok för Excel med alla fynd: lägg till --format xlsx=FIL.xlsx",
            "Workbook for Excel with every finding: add --format xlsx=FILE.xlsx",
        ),
        page.say(
            "Alla fynd, rad för rad: lägg till --findings FIL.csv",
            "Every finding, row by row: add --findings FILE.csv",
        ),
        page.say(
            "Hela rapporten för program: lägg till --format json=FIL.json",
            "The whole report for programs: add --format json=FILE.json",
        ),
    ];
    for line in lines {
        page.paragraph(1, line);
    }
}

#[cfg(test)]
mod tests;
