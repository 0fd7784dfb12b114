//! What became of each rule between two rule books, as text, JSON and Markdown.

use std::io::{self, Write};

use serde::Serialize;

use super::impact::ImpactJson;
use super::{ReportError, ReportOptions};
use crate::engine::compare::Impact;
use crate::model::{Language, Severity, Verdict};
use crate::rulebook::diff::{Diff, Meaning, RuleDiff, Shown};
use crate::rulebook::fail_if::Breach;
use crate::time::format_day;

/// The formats of `rules diff`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiffFormat {
    /// For a terminal.
    Text,
    /// For machines: `vantkoll.rule_diff/1`.
    Json,
    /// For a pull request or a step summary.
    Markdown,
}

impl DiffFormat {
    /// Every format.
    pub const ALL: [Self; 3] = [Self::Text, Self::Json, Self::Markdown];

    /// The word that names it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
            Self::Markdown => "markdown",
        }
    }
}

/// Two rule sets held against each other.
#[derive(Clone, Copy, Debug)]
pub struct Compared<'a> {
    /// What the old one is called.
    pub before: &'a str,
    /// What the new one is called.
    pub after: &'a str,
    /// What differs.
    pub diff: &'a Diff,
    /// What that means for deliveries, and which conditions it fulfils, where it was asked.
    pub impact: Option<(&'a Impact, &'a [Breach])>,
}

/// Writes what differs.
///
/// # Errors
/// If `out` cannot be written.
pub fn write(
    format: DiffFormat,
    compared: &Compared<'_>,
    options: &ReportOptions,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    let Compared { before, after, diff, impact } = *compared;
    let shown = impact.map(|(impact, breaches)| super::impact::text(impact, breaches, options));
    match format {
        DiffFormat::Text => {
            text(before, after, diff, options.language, out)?;
            if let Some(shown) = shown {
                write!(out, "\n{shown}")?;
            }
        }
        DiffFormat::Markdown => {
            markdown(before, after, diff, options.language, out)?;
            if let Some(shown) = shown {
                write!(out, "\n```text\n{shown}```\n")?;
            }
        }
        DiffFormat::Json => {
            let impact = impact.map(|(impact, breaches)| ImpactJson::new(impact, breaches));
            serde_json::to_writer_pretty(&mut *out, &Document { impact, ..document(before, after, diff) })
                .map_err(io::Error::from)?;
            writeln!(out)?;
        }
    }
    Ok(())
}

fn word(meaning: &Meaning, language: Language) -> &'static str {
    let (sv, en) = match meaning {
        Meaning::Added(_) => ("TILLKOMMER", "ADDED"),
        Meaning::Removed(_) => ("UTGÅR", "REMOVED"),
        Meaning::Equal => ("SAMMA INNEBÖRD", "SAME MEANING"),
        Meaning::Stricter(_) => ("STRÄNGARE", "STRICTER"),
        Meaning::Looser(_) => ("MILDARE", "LOOSER"),
        Meaning::Crossing(..) => ("BÅDE STRÄNGARE OCH MILDARE", "BOTH STRICTER AND LOOSER"),
        Meaning::Undecided { .. } => ("KAN INTE AVGÖRAS", "UNDECIDED"),
    };
    language.pick(sv, en)
}

fn severity(severity: Option<Severity>, language: Language) -> &'static str {
    severity.map_or("–", |severity| severity.word(language))
}

fn verdict(verdict: Option<Verdict>, language: Language) -> &'static str {
    match verdict {
        Some(Verdict::Satisfied) => language.pick("uppfylld", "satisfied"),
        Some(Verdict::Violated) => language.pick("bruten", "violated"),
        Some(Verdict::NotApplicable) => language.pick("gäller inte", "not applicable"),
        Some(Verdict::NotChecked) => language.pick("inte kontrollerad", "not checked"),
        None => language.pick("fanns inte", "not there"),
    }
}

/// What a part of a rule is called.
fn part(key: &str, language: Language) -> &str {
    match key {
        "when" => language.pick("villkor", "condition"),
        "assert" => language.pick("påstående", "assertion"),
        "valid" => language.pick("giltighet", "validity"),
        "faulty" => language.pick("att rätta", "to correct"),
        "level" => language.pick("kravnivå", "requirement level"),
        "title" => language.pick("rubrik", "title"),
        "fix" => language.pick("åtgärd", "fix"),
        "why" => language.pick("skäl", "why"),
        "group_key" => language.pick("gruppernas nyckel", "key of the groups"),
        "group_order" => language.pick("ordningen i grupperna", "order within the groups"),
        "made_of" => language.pick("gruppens värde", "value of the group"),
        "source" => language.pick("källa", "source"),
        other => other,
    }
}

fn summary(diff: &Diff, language: Language) -> String {
    let count = |name: &str| diff.rules.iter().filter(|rule| rule.meaning.as_str() == name).count();
    let (added, removed) = (count("added"), count("removed"));
    let changed = diff.rules.len() - added - removed;
    let n = |count: usize, one: &str, many: &str| format!("{count} {}", if count == 1 { one } else { many });
    let kinds: Vec<String> = [
        ("stricter", "strängare", "stricter"),
        ("looser", "mildare", "looser"),
        ("crossing", "både och", "both"),
        ("equal", "med samma innebörd", "with the same meaning"),
        ("undecided", "som inte kan avgöras", "undecided"),
    ]
    .into_iter()
    .filter(|(name, ..)| count(name) > 0)
    .map(|(name, sv, en)| format!("{} {}", count(name), language.pick(sv, en)))
    .collect();
    let kinds = if kinds.is_empty() { String::new() } else { format!(" ({})", kinds.join(", ")) };
    match language {
        Language::Swedish => format!(
            "{} tillkommer, {} utgår, {} ändras{kinds}; {} är oförändrade",
            n(added, "regel", "regler"),
            removed,
            changed,
            diff.unchanged
        ),
        Language::English => format!(
            "{} added, {removed} removed, {changed} changed{kinds}; {} unchanged",
            n(added, "rule", "rules"),
            diff.unchanged
        ),
    }
}

fn name(rule: &RuleDiff, language: Language) -> String {
    let from =
        rule.valid_from.map(|day| format!(" ({} {})", language.pick("gäller från", "valid from"), format_day(day)));
    format!("{}{}", rule.id, from.unwrap_or_default())
}

fn record(shown: &Shown) -> String {
    if shown.values.is_empty() {
        return "–".to_owned();
    }
    shown.values.iter().map(|(name, value)| format!("{name} = {value}")).collect::<Vec<_>>().join(", ")
}

fn record_label(is_failing: bool, language: Language) -> &'static str {
    if is_failing {
        language.pick("Minsta post som nu bryter mot regeln", "Smallest record that now violates it")
    } else {
        language.pick("Minsta post som inte längre bryter mot den", "Smallest record that no longer violates it")
    }
}

fn collections(diff: &Diff, language: Language) -> Vec<String> {
    let mut lines = Vec::new();
    for (names, sv, en) in [
        (&diff.collections_added, "Ny insamling", "New collection"),
        (&diff.collections_removed, "Insamlingen finns inte längre", "Collection that is gone"),
    ] {
        lines.extend(names.iter().map(|name| format!("{}: {name}", language.pick(sv, en))));
    }
    for list in &diff.codelists {
        let part = |codes: &[String], sv: &'static str, en: &'static str| {
            (!codes.is_empty()).then(|| {
                let (shown, rest) = codes.split_at(codes.len().min(8));
                let rest = if rest.is_empty() { String::new() } else { format!(" … (+{})", rest.len()) };
                format!("{} {}{rest}", language.pick(sv, en), shown.join(", "))
            })
        };
        let parts: Vec<String> = [
            part(&list.added, "nya koder", "new codes"),
            part(&list.removed, "koder som utgår", "codes that go"),
            part(&list.changed, "ändrade koder", "changed codes"),
        ]
        .into_iter()
        .flatten()
        .collect();
        lines.push(format!("{} {}: {}", language.pick("Kodverket", "Code list"), list.name, parts.join("; ")));
    }
    lines
}

fn text(before: &str, after: &str, diff: &Diff, language: Language, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{} {before} → {after}", language.pick("Regler:", "Rules:"))?;
    writeln!(out, "{}", summary(diff, language))?;
    for line in collections(diff, language) {
        writeln!(out, "{line}")?;
    }
    let mut collection = "";
    for rule in &diff.rules {
        if rule.collection != collection {
            collection = &rule.collection;
            writeln!(out, "\n{collection}")?;
        }
        writeln!(out, "  {} {}: {}", name(rule, language), word(&rule.meaning, language), rule.title.get(language))?;
        if rule.severity_before != rule.severity_after {
            let (before, after) = (severity(rule.severity_before, language), severity(rule.severity_after, language));
            writeln!(out, "    {}: {before} → {after}", language.pick("allvarlighetsgrad", "severity"))?;
        }
        for change in &rule.parts {
            writeln!(out, "    {}:", part(change.key, language))?;
            for (sign, text) in [("-", &change.before), ("+", &change.after)] {
                if !text.is_empty() {
                    writeln!(out, "      {sign} {text}")?;
                }
            }
        }
        for (is_failing, shown) in rule.meaning.records() {
            writeln!(out, "    {}:", record_label(is_failing, language))?;
            writeln!(out, "      {}", record(shown))?;
            writeln!(
                out,
                "      {}: {}, {}: {}",
                language.pick("förut", "before"),
                verdict(shown.before, language),
                language.pick("nu", "now"),
                verdict(shown.after, language)
            )?;
        }
    }
    Ok(())
}

fn markdown(before: &str, after: &str, diff: &Diff, language: Language, out: &mut dyn Write) -> io::Result<()> {
    let code = |text: &str| if text.is_empty() { String::new() } else { format!("`{}`", text.replace('|', "\\|")) };
    writeln!(out, "## {} `{before}` → `{after}`\n", language.pick("Ändrade regler:", "Rules changed:"))?;
    writeln!(out, "{}\n", summary(diff, language))?;
    for line in collections(diff, language) {
        writeln!(out, "- {line}")?;
    }
    if diff.rules.is_empty() {
        return Ok(());
    }
    let headings = match language {
        Language::Swedish => "| insamling | regel | innebörd | grad | förut | nu | post som visar skillnaden |",
        Language::English => "| collection | rule | meaning | severity | before | now | record that shows it |",
    };
    writeln!(out, "{headings}\n| --- | --- | --- | --- | --- | --- | --- |")?;
    for rule in &diff.rules {
        let logic = |pick: fn(&crate::rulebook::diff::Part) -> &String| {
            let parts = rule.parts.iter().filter(|part| matches!(part.key, "when" | "assert" | "level" | "valid"));
            parts.map(|part| code(pick(part))).collect::<Vec<_>>().join(" ")
        };
        let grade = match (rule.severity_before, rule.severity_after) {
            (before, after) if before == after => severity(after, language).to_owned(),
            (before, after) => format!("{} → {}", severity(before, language), severity(after, language)),
        };
        let records: Vec<String> = rule.meaning.records().iter().map(|(_, shown)| code(&record(shown))).collect();
        writeln!(
            out,
            "| {} | {} | {} | {grade} | {} | {} | {} |",
            rule.collection,
            name(rule, language),
            word(&rule.meaning, language).to_lowercase(),
            logic(|part| &part.before),
            logic(|part| &part.after),
            records.join("<br>")
        )?;
    }
    Ok(())
}

/// The JSON document.
#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    before: &'a str,
    after: &'a str,
    collections_added: &'a [String],
    collections_removed: &'a [String],
    codelists: Vec<CodelistRow<'a>>,
    unchanged: usize,
    rules: Vec<RuleRow<'a>>,
    impact: Option<ImpactJson<'a>>,
}

#[derive(Serialize)]
struct CodelistRow<'a> {
    name: &'a str,
    added: &'a [String],
    removed: &'a [String],
    changed: &'a [String],
}

#[derive(Serialize)]
struct RuleRow<'a> {
    collection: &'a str,
    rule: &'a str,
    valid_from: Option<String>,
    title: TextRow<'a>,
    meaning: &'static str,
    severity_before: Option<&'static str>,
    severity_after: Option<&'static str>,
    parts: Vec<PartRow<'a>>,
    newly_failing: Option<RecordRow<'a>>,
    newly_passing: Option<RecordRow<'a>>,
}

#[derive(Serialize)]
struct TextRow<'a> {
    sv: &'a str,
    en: &'a str,
}

#[derive(Serialize)]
struct PartRow<'a> {
    key: &'static str,
    before: &'a str,
    after: &'a str,
}

#[derive(Serialize)]
struct RecordRow<'a> {
    values: std::collections::BTreeMap<&'a str, &'a str>,
    before: Option<&'static str>,
    after: Option<&'static str>,
}

fn document<'a>(before: &'a str, after: &'a str, diff: &'a Diff) -> Document<'a> {
    let record = |rule: &'a RuleDiff, wanted: bool| {
        let (_, shown) = rule.meaning.records().into_iter().find(|(is_failing, _)| *is_failing == wanted)?;
        Some(RecordRow {
            values: shown.values.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect(),
            before: shown.before.map(Verdict::as_str),
            after: shown.after.map(Verdict::as_str),
        })
    };
    Document {
        schema: "vantkoll.rule_diff/1",
        before,
        after,
        collections_added: &diff.collections_added,
        collections_removed: &diff.collections_removed,
        codelists: diff
            .codelists
            .iter()
            .map(|list| CodelistRow {
                name: &list.name,
                added: &list.added,
                removed: &list.removed,
                changed: &list.changed,
            })
            .collect(),
        unchanged: diff.unchanged,
        impact: None,
        rules: diff
            .rules
            .iter()
            .map(|rule| RuleRow {
                collection: &rule.collection,
                rule: &rule.id.0,
                valid_from: rule.valid_from.map(format_day),
                title: TextRow { sv: &rule.title.sv, en: &rule.title.en },
                meaning: rule.meaning.as_str(),
                severity_before: rule.severity_before.map(Severity::as_str),
                severity_after: rule.severity_after.map(Severity::as_str),
                parts: rule
                    .parts
                    .iter()
                    .map(|part| PartRow { key: part.key, before: &part.before, after: &part.after })
                    .collect(),
                newly_failing: record(rule, true),
                newly_passing: record(rule, false),
            })
            .collect(),
    }
}
