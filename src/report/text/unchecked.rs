//! What was not looked at, why, and how to have it looked at; and rules that never applied.
//!
//! A cause is said once, with the rules it stops: one missing column is one line, not forty.

use super::page::Page;
use crate::engine::{Outcome, RuleRun, Run};
use crate::model::Skipped;
use crate::report::rule_rows::speaks_of_records;
use crate::report::shown::escaped;
use crate::rule::Rule;
use crate::time::format_day;

/// Files named for one cause; more are counted.
const MOST_FILES_NAMED: usize = 3;

/// How many rules were not fully looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Unchecked {
    /// Not looked at in at least one file.
    skipped: usize,
    /// Looked at, but undecided for some records.
    undecided: usize,
    /// Whether some of these are rules on groups of records.
    of_groups: bool,
}

impl Unchecked {
    /// Over all collections.
    pub(super) fn of(outcome: &Outcome) -> Self {
        let rules = || outcome.runs.iter().flat_map(|run| &run.rules);
        Self {
            skipped: rules().filter(|rule| !rule.skipped.is_empty()).count(),
            undecided: rules().filter(|rule| is_undecided(rule)).count(),
            of_groups: outcome.runs.iter().any(|run| run.unit().is_some() && run.rules.iter().any(is_undecided)),
        }
    }

    pub(super) fn any(self) -> bool {
        self.skipped > 0 || self.undecided > 0
    }

    /// `4 regler kunde inte kontrolleras och 2 regler inte avgöras för alla poster`.
    pub(super) fn clause(self, page: &Page) -> String {
        let skipped = page.rules(self.skipped);
        let undecided = page.rules(self.undecided);
        let everywhere = if self.of_groups {
            page.say("alla poster och grupper av poster", "every record and group of records")
        } else {
            page.say("alla poster", "every record")
        };
        match (self.skipped, self.undecided) {
            (_, 0) => format!("{skipped} {}", page.say("kunde inte kontrolleras", "could not be checked")),
            (0, _) => {
                let could_not = page.say("kunde inte avgöras för", "could not be decided for");
                format!("{undecided} {could_not} {everywhere}")
            }
            _ => format!(
                "{skipped} {} {undecided} {} {everywhere}",
                page.say("kunde inte kontrolleras och", "could not be checked and"),
                page.say("inte avgöras för", "not decided for")
            ),
        }
    }
}

/// Rules skipped in a file are told as such; their undecided records are the file's.
fn is_undecided(rule: &RuleRun) -> bool {
    rule.skipped.is_empty() && rule.counts.not_checked > 0
}

/// Why rules were not looked at, with the rules and the files.
struct Cause<'a> {
    why: &'a Skipped,
    rules: Vec<String>,
    files: Vec<usize>,
}

/// Writes what was not checked in `run`, and what never applied.
pub(super) fn write(page: &mut Page, run: &Run) {
    let causes = causes(page, run);
    let undecided = undecided(page, run);
    let unreadable = unreadable(run);
    if !causes.is_empty() || !undecided.is_empty() || unreadable > 0 {
        page.heading(page.say("Inte kontrollerat", "Not checked"));
    }
    for cause in &causes {
        let line = format!("{}: {}", reason(page, cause.why, &files(page, run, &cause.files)), cause.rules.join(", "));
        page.paragraph(1, &line);
    }
    if unreadable > 0 {
        let records = page.records(unreadable);
        let line = page.say(
            "kunde inte delas upp i kolumner; ingen regel om deras värden är kontrollerad",
            "could not be divided into columns; no rule on their values is checked",
        );
        page.paragraph(1, &format!("{records} {line}"));
    }
    if !undecided.is_empty() {
        let records = run.unit().map_or(page.say("poster", "records"), |unit| page.text_of(unit));
        let line = format!(
            "{} {records} ({}): {}",
            page.say(
                "Ett värde som regeln behöver är tomt eller oläsligt i en del",
                "A value that the rule needs is blank or unreadable in some"
            ),
            page.say("antal", "number"),
            undecided.join(", ")
        );
        page.paragraph(1, &line);
    }

    let in_force = |rule: &Rule| run.plan.is_in_force(rule);
    let never = rules(run).filter(|(rule, found)| in_force(rule) && never_applied(rule, found));
    let never: Vec<String> = never.map(|(rule, _)| page.rule_name(rule)).collect();
    list(page, page.say("Regler som aldrig blev tillämpliga", "Rules that never applied"), &never);
    if let Some(day) = run.plan.as_of {
        let not_in_force = rules(run).filter(|(rule, _)| !in_force(rule));
        let not_in_force: Vec<String> = not_in_force.map(|(rule, _)| page.rule_name(rule)).collect();
        let heading = format!("{} {}", page.say("Regler som inte gällde", "Rules not valid on"), format_day(day));
        list(page, &heading, &not_in_force);
    }
}

/// Names under a heading that counts them; nothing where there are none.
fn list(page: &mut Page, heading: &str, names: &[String]) {
    if names.is_empty() {
        return;
    }
    let heading = format!("{heading} ({})", names.len());
    page.heading(&heading);
    page.hanging(2, 2, &names.join(", "));
}

fn rules(run: &Run) -> impl Iterator<Item = (&Rule, &RuleRun)> {
    run.plan.rules.iter().zip(&run.rules)
}

fn never_applied(rule: &Rule, found: &RuleRun) -> bool {
    speaks_of_records(rule)
        && found.skipped.is_empty()
        && found.counts.total() > 0
        && found.counts.not_applicable == found.counts.total()
}

fn causes<'a>(page: &Page, run: &'a Run) -> Vec<Cause<'a>> {
    let mut causes: Vec<Cause<'_>> = Vec::new();
    for (rule, found) in rules(run) {
        for (file, skipped) in &found.skipped {
            let index = causes.iter().position(|cause| cause.why == skipped).unwrap_or_else(|| {
                causes.push(Cause { why: skipped, rules: Vec::new(), files: Vec::new() });
                causes.len() - 1
            });
            let cause = &mut causes[index];
            let name = page.rule_name(rule);
            if cause.rules.last() != Some(&name) {
                cause.rules.push(name);
            }
            if !cause.files.contains(file) {
                cause.files.push(*file);
            }
        }
    }
    causes
}

/// Rules undecided for some records, with how many. Records that could not be divided into columns leave every rule
/// undecided and are told once, by [`unreadable`].
fn undecided(page: &Page, run: &Run) -> Vec<String> {
    let unreadable = unreadable(run);
    rules(run)
        .filter(|(_, found)| is_undecided(found) && found.counts.not_checked > unreadable)
        .map(|(rule, found)| {
            format!("{} ({})", page.rule_name(rule), page.figures.count(found.counts.not_checked - unreadable))
        })
        .collect()
}

/// Records that could not be divided into columns; every variable's account counts the same ones.
fn unreadable(run: &Run) -> u64 {
    run.accounts.first().map_or(0, |account| account.unreadable)
}

/// Why, `files` being a phrase for where, and what to do about it.
pub(in crate::report) fn reason(page: &Page, cause: &Skipped, files: &str) -> String {
    match cause {
        Skipped::MissingColumn(variable) => {
            format!(
                "{} {} {}{files}",
                page.say("Kolumnen", "Column"),
                escaped(variable),
                page.say("saknas", "is missing")
            )
        }
        Skipped::CodelistNotLoaded(list) => {
            let list = escaped(list);
            let (not_loaded, remedy) =
                (page.say("är inte inläst", "is not loaded"), page.say("läs in det med", "load it with"));
            format!(
                "{} {list} {not_loaded}{files} ({remedy} --codelist {list}={})",
                page.say("Kodverket", "Code list"),
                page.say("FIL", "FILE")
            )
        }
    }
}

/// In which files, where not in all.
fn files(page: &Page, run: &Run, files: &[usize]) -> String {
    let n_files = run.own_and_earlier_files().0.len();
    if files.len() >= n_files {
        return String::new();
    }
    let mut files = files.to_vec();
    files.sort_unstable();
    if files.len() > MOST_FILES_NAMED {
        return format!(
            " {} {} {} {} {}",
            page.say("i", "in"),
            files.len(),
            page.say("av", "of"),
            n_files,
            page.say("filer", "files")
        );
    }
    let names: Vec<String> = files
        .into_iter()
        .filter_map(|file| run.files.get(file))
        .map(|file| escaped(&file.path.to_string_lossy()).into_owned())
        .collect();
    format!(" {} {}", page.say("i", "in"), names.join(", "))
}
