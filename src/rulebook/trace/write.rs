//! The trace as text for a person, and as CSV for a spreadsheet.

use super::{Gap, Row, Trace};
use crate::model::{Language, Text, VerdictCounts};
use crate::rulebook::account::level_words;

/// The trace as text: collections, their variables, and the gaps last.
pub fn text(trace: &Trace, language: Language) -> String {
    let say = |sv: &'static str, en: &'static str| language.pick(sv, en);
    let mut page = String::new();
    let mut collection = None;
    for row in &trace.rows {
        if collection != Some(&row.collection.0) {
            collection = Some(&row.collection.0);
            let space = if page.is_empty() { "" } else { "\n" };
            page.extend([space, row.collection.1.get(language), " (", &row.collection.0, ")\n"]);
        }
        let words = if row.is_made { Text::new("räknas fram", "worked out") } else { level_words(row.level) };
        let level = match &row.table_level {
            Some(table) => format!("{} ({} {table})", words.get(language), say("tabellen:", "the table:")),
            None => words.get(language).to_owned(),
        };
        page.extend(["  ", row.variable.0.as_str(), ": ", &level, "; ", &row.source.1, "\n"]);
        let none = say("inga", "none");
        for (label, ids) in [
            (say("regler", "rules"), &row.rules),
            (say("utlöser", "triggers"), &row.triggers),
            (say("regler på grupper", "rules on groups"), &row.through_groups),
        ] {
            if !ids.is_empty() || label == say("regler", "rules") {
                let ids = if ids.is_empty() { none.to_owned() } else { ids.join(", ") };
                page.extend(["    ", label, ": ", &ids, "\n"]);
            }
        }
        page.extend(["    ", say("tester", "tests"), ": ", &tests(&row.tests, language), "\n"]);
    }
    let heading = match (language, trace.gaps.len()) {
        (Language::Swedish, 0) => "Inga luckor".to_owned(),
        (Language::Swedish, 1) => "1 lucka".to_owned(),
        (Language::Swedish, count) => format!("{count} luckor"),
        (Language::English, 0) => "No gaps".to_owned(),
        (Language::English, 1) => "1 gap".to_owned(),
        (Language::English, count) => format!("{count} gaps"),
    };
    page.extend(["\n", &heading, "\n"]);
    for Gap { collection, subject, text } in &trace.gaps {
        page.extend(["  ", collection, " ", subject, ": ", text.get(language), "\n"]);
    }
    page
}

fn tests(counts: &VerdictCounts, language: Language) -> String {
    let VerdictCounts { satisfied, violated, not_applicable, not_checked } = counts;
    match language {
        Language::Swedish => format!(
            "{satisfied} uppfyller, {violated} bryter, {not_applicable} gäller inte, {not_checked} går inte att avgöra"
        ),
        Language::English => format!(
            "{satisfied} satisfied, {violated} violated, {not_applicable} not applicable, {not_checked} not checked"
        ),
    }
}

/// The columns of the CSV table.
const COLUMNS: [&str; 16] = [
    "row",
    "collection",
    "variable",
    "name_sv",
    "name_en",
    "document",
    "place",
    "level",
    "table_level",
    "rules",
    "triggers",
    "tests_satisfied",
    "tests_violated",
    "gap_sv",
    "gap_en",
    "group_rules",
];

/// The trace as CSV with semicolons: a row for each variable (`variable`), then one for each gap (`gap`).
///
/// # Errors
/// Never in practice: a text in memory takes every row.
pub fn csv(trace: &Trace) -> Result<String, ::csv::Error> {
    let mut writer = ::csv::WriterBuilder::new().delimiter(b';').from_writer(Vec::new());
    writer.write_record(COLUMNS)?;
    for row in &trace.rows {
        writer.write_record(cells(row))?;
    }
    for Gap { collection, subject, text } in &trace.gaps {
        let mut cells = [const { String::new() }; COLUMNS.len()];
        "gap".clone_into(&mut cells[0]);
        cells[1].clone_from(collection);
        cells[2].clone_from(subject);
        cells[13].clone_from(&text.sv);
        cells[14].clone_from(&text.en);
        writer.write_record(cells)?;
    }
    let bytes = writer.into_inner().map_err(|error| ::csv::Error::from(error.into_error()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn cells(row: &Row) -> [String; COLUMNS.len()] {
    [
        "variable".to_owned(),
        row.collection.0.clone(),
        row.variable.0.clone(),
        row.variable.1.sv.clone(),
        row.variable.1.en.clone(),
        row.source.0.clone(),
        row.source.1.clone(),
        if row.is_made { "made".to_owned() } else { row.level.as_str().to_owned() },
        row.table_level.clone().unwrap_or_default(),
        row.rules.join(" "),
        row.triggers.join(" "),
        row.tests.satisfied.to_string(),
        row.tests.violated.to_string(),
        String::new(),
        String::new(),
        row.through_groups.join(" "),
    ]
}
