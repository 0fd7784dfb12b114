//! Annotations in a pull request: one workflow command a remark, on standard output of a step.
//!
//! Values are escaped as the runner wants them: `%`, carriage return and line feed everywhere, `:` and `,` in
//! properties, too.

use std::io::{self, Write};

use super::RuleworkOptions;
use crate::diag::Weight;
use crate::rulebook::outcome::Outcome;

/// Writes it.
///
/// # Errors
/// If `out` cannot be written.
pub fn write(outcome: &Outcome, options: &RuleworkOptions, out: &mut dyn Write) -> io::Result<()> {
    for remark in outcome.remarks() {
        let command = match remark.weight {
            Weight::Error => "error",
            Weight::Warning => "warning",
        };
        let mut properties: Vec<String> = Vec::new();
        if let Some(place) = &remark.place {
            let (start, end) = place.in_utf16();
            properties.push(format!("file={}", property(&options.file(place))));
            properties.push(format!("line={}", start.line));
            properties.push(format!("endLine={}", end.line));
            // Columns are of one line; GitHub ignores them elsewhere, other runners refuse them.
            if start.line == end.line {
                properties.push(format!("col={}", start.column));
                properties.push(format!("endColumn={}", end.column));
            }
        }
        let title =
            remark.rule.as_ref().map_or_else(|| remark.code.to_owned(), |rule| format!("{rule}: {}", remark.code));
        properties.push(format!("title={}", property(&title)));
        let lines = std::iter::once(&remark.message).chain(&remark.details).chain(&remark.help);
        let message: Vec<&str> = lines.map(|line| line.get(options.language)).collect();
        writeln!(out, "::{command} {}::{}", properties.join(","), data(&message.join("\n")))?;
    }
    Ok(())
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
