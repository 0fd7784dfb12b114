//! The summary of a workflow step, in Markdown: counts, then what to look at.

use std::io::{self, Write};

use super::RuleworkOptions;
use crate::diag::Weight;
use crate::model::Language;
use crate::rulebook::outcome::Outcome;
use crate::rulebook::words;

/// How many remarks are shown; a step's summary is limited to a megabyte, and a person to less.
const SHOWN: usize = 100;

/// Writes it.
///
/// # Errors
/// If `out` cannot be written.
pub fn write(outcome: &Outcome, options: &RuleworkOptions, out: &mut dyn Write) -> io::Result<()> {
    let say = |sv: &'static str, en: &'static str| if options.language == Language::Swedish { sv } else { en };
    let state = if outcome.passes() { say("godkänt", "passed") } else { say("inte godkänt", "failed") };
    writeln!(out, "## {}: {state}\n", say("Regler", "Rules"))?;
    let (mistakes, warnings) = super::catalogue::counts(&outcome.diagnostics);
    writeln!(out, "| {} | {} |", say("vad", "what"), say("antal", "count"))?;
    writeln!(out, "| --- | ---: |")?;
    writeln!(out, "| {} | {} |", say("regler", "rules"), outcome.rules)?;
    writeln!(out, "| {} | {mistakes} |", say("misstag", "mistakes"))?;
    writeln!(out, "| {} | {warnings} |", say("varningar", "warnings"))?;
    if let Some(tests) = &outcome.tests {
        writeln!(out, "| {} | {} |", say("tester", "tests"), tests.cases.len() + tests.folds.len())?;
        writeln!(out, "| {} | {} |", say("tester som inte stämmer", "failing tests"), outcome.failures())?;
    }
    if let Some(mutation) = &outcome.mutation {
        writeln!(out, "| {} | {} |", say("ändringar av regler", "mutants"), mutation.mutants())?;
        writeln!(out, "| {} | {} |", say("märks av tester", "killed"), mutation.killed())?;
        writeln!(out, "| {} | {} |", say("andel", "score"), words::score(mutation, options.language))?;
    }
    let remarks = outcome.remarks();
    if remarks.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n| | {} | {} |", say("var", "where"), say("vad", "what"))?;
    writeln!(out, "| --- | --- | --- |")?;
    for remark in remarks.iter().take(SHOWN) {
        let mark = match remark.weight {
            Weight::Error => say("fel", "error"),
            Weight::Warning => say("varning", "warning"),
        };
        let place = remark.place.as_ref().map(|place| options.file_and_line(place)).unwrap_or_default();
        let lines = std::iter::once(&remark.message).chain(&remark.details).chain(&remark.help);
        let text: Vec<String> = lines.map(|line| escaped(line.get(options.language))).collect();
        writeln!(out, "| {mark} | {} | {} |", escaped(&place), text.join("<br>"))?;
    }
    if remarks.len() > SHOWN {
        writeln!(out, "\n{} {} {}", SHOWN, say("av", "of"), remarks.len())?;
    }
    Ok(())
}

/// Text in a cell of a table, where nothing is markup.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.trim().chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\n' => out.push_str("<br>"),
            '|' | '`' | '*' | '_' | '[' | ']' | '\\' | '~' | '#' | '@' => {
                out.push('\\');
                out.push(character);
            }
            other if other.is_control() => out.push(' '),
            other => out.push(other),
        }
    }
    out
}
