//! The rules that are violated: the gravest in full with examples and what to do, the others a line each.

use std::cmp::Reverse;

use super::page::{GLUE, Page, Tone, left, right, width_of};
use super::waivers;
use crate::engine::{RuleRun, Run};
use crate::model::{Detail, Finding, Members, Position, Severity, ShownValue};
use crate::report::rule_rows::{source_line, speaks_of_records};
use crate::report::shown::{escaped, shortened};
use crate::rule::{Check, Rule, SubmissionKind};

/// Examples shown for each rule.
const MOST_EXAMPLES: usize = 3;

/// Characters shown of each value.
pub(in crate::report) const MOST_VALUE_CHARS: usize = 60;

/// Writes the violated rules of `run`, the first `top` of them in full: errors first, then by the number of findings.
pub(super) fn write(page: &mut Page, run: &Run, top: usize) {
    let mut violated: Vec<(&Rule, &RuleRun)> =
        run.plan.rules.iter().zip(&run.rules).filter(|(_, found)| found.violations > 0).collect();
    // What is wholly waived comes last: nothing is to be corrected for the gate's sake.
    violated.sort_by_key(|(rule, found)| {
        (found.unwaived() == 0, Reverse(rule.severity), Reverse(found.unwaived()), Reverse(found.violations))
    });
    if violated.is_empty() {
        return;
    }
    let (first, rest) = violated.split_at(top.min(violated.len()));
    if !first.is_empty() {
        let heading = if rest.is_empty() {
            format!("{} ({})", page.say("Regler som inte uppfylls", "Rules violated"), violated.len())
        } else {
            let of = page.say("av", "of");
            let rules = page.say("regler som inte uppfylls", "rules violated");
            format!("{} ({} {of} {} {rules})", page.say("Åtgärda först", "Correct first"), first.len(), violated.len())
        };
        page.heading(&heading);
        for (index, (rule, found)) in first.iter().enumerate() {
            if index > 0 {
                page.blank();
            }
            in_full(page, run, rule, found, index + 1);
        }
    }
    if !rest.is_empty() {
        let heading =
            format!("{} ({})", page.say("Övriga regler som inte uppfylls", "Other rules violated"), rest.len());
        page.heading(&heading);
        table(page, run, rest);
    }
}

fn in_full(page: &mut Page, run: &Run, rule: &Rule, found: &RuleRun, number: usize) {
    let severity = page.severity(rule.severity).to_uppercase();
    let severity = if rule.severity == Severity::Error { page.paint(Tone::Bad, &severity) } else { severity };
    let id = page.paint(Tone::Strong, &page.rule_name(rule));
    let line = format!("{number}. {id} {severity}: {}", page.text_of(&rule.title));
    page.hanging(2, 5, &line);
    let waived = waivers::part(page, found.waived).map(|part| format!(", {part}")).unwrap_or_default();
    let line = format!("{}{waived}", amount(page, run, rule, found));
    page.hanging(5, 7, &line);

    // Those not waived first: they are the ones to correct.
    let (open, covered): (Vec<&Finding>, Vec<&Finding>) =
        found.examples.iter().partition(|finding| finding.waiver.is_none());
    let examples: Vec<&Finding> = open.into_iter().chain(covered).take(MOST_EXAMPLES).collect();
    let n_shown = examples.len();
    if n_shown > 0 {
        let line = format!(
            "{} ({} {} {}):",
            page.say("Exempel", "Examples"),
            n_shown,
            page.say("av", "of"),
            page.figures.count(found.violations)
        );
        page.hanging(5, 7, &line);
        for finding in examples {
            let line = example(page, run, rule, finding);
            page.hanging(7, 9, &line);
        }
    }
    for (label, text) in [
        (page.say("Åtgärd", "Fix"), page.text_of(&rule.fix).to_owned()),
        (page.say("Källa", "Source"), source_line(&rule.source)),
    ] {
        if !text.is_empty() {
            let line = format!("{label}: {text}");
            page.hanging(5, 7, &line);
        }
    }
}

/// `23 av 1 000 poster (2,3 %)`, or for rules that do not speak of records how many places are wrong.
pub(in crate::report) fn amount(page: &Page, run: &Run, rule: &Rule, found: &RuleRun) -> String {
    let findings = page.counted(found.violations, ["fynd", "fynd"], ["finding", "findings"]);
    if !speaks_of_records(rule) {
        return format!("{findings} {}", page.say("i leveransen som helhet", "in the submission as a whole"));
    }
    let part = page.part_of(found.counts.violated, run.records, run.unit());
    if found.counts.violated == found.violations { part } else { format!("{findings} {} {part}", page.say("i", "in")) }
}

/// `post 17, rad 18, VK17: F18 start_av_aktivitet = 2022-01-01; eftersom fas = 1; -31 dagar`.
fn example(page: &Page, run: &Run, rule: &Rule, finding: &Finding) -> String {
    let mut place = Vec::new();
    // With one file its name is above; what is wrong with all files together is in none of them.
    let whole = matches!(rule.check, Check::Submission(SubmissionKind::RecordCount | SubmissionKind::NotEmpty));
    if run.files.len() > 1
        && !whole
        && let Some(file) = run.files.get(finding.file.0)
    {
        place.push(escaped(&file.path.to_string_lossy()).into_owned());
    }
    place.extend(position_words(page, finding.position));
    if !finding.key.is_empty() {
        place.push(shortened(&finding.key, MOST_VALUE_CHARS).into_owned());
    }

    let mut facts = Vec::new();
    if !finding.faulty.is_empty() {
        facts.push(values(page, rule, &finding.faulty, finding.position));
    }
    if !finding.triggers.is_empty() {
        facts.push(format!(
            "{}{GLUE}{}",
            page.say("eftersom", "because"),
            values(page, rule, &finding.triggers, finding.position)
        ));
    }
    match &finding.detail {
        Some(Detail::Number(number)) => {
            let number = page.figures.signed(*number);
            facts.push(
                rule.detail_unit
                    .as_ref()
                    .map_or_else(|| number.clone(), |unit| format!("{number} {}", page.text_of(unit))),
            );
        }
        Some(Detail::Text(text)) => facts.push(escaped(page.text_of(text)).into_owned()),
        None => {}
    }
    facts.extend(
        finding.members.as_ref().filter(|members| members.total > 1).map(|members| members_words(page, members)),
    );
    facts.extend(finding.waiver.map(|waiver| format!("{}{GLUE}{}", page.say("undantag", "waiver"), waiver.number())));
    let (place, facts) = (place.join(", "), facts.join("; "));
    if place.is_empty() || facts.is_empty() { format!("{place}{facts}") } else { format!("{place}: {facts}") }
}

/// `poster 2, 5, 9 (3)`: the first records of a group, and how many there are.
pub(in crate::report) fn members_words(page: &Page, members: &Members) -> String {
    let rows: Vec<String> = members.rows.iter().map(u64::to_string).collect();
    let rest = members.total.saturating_sub(rows.len() as u64);
    let more = match rest {
        0 => String::new(),
        _ => format!(" {}", page.counted(rest, ["till", "till"], ["more", "more"])),
    };
    let more = if more.is_empty() { more } else { format!(" {}{more}", page.say("och", "and")) };
    format!("{} {}{more}", page.say("poster", "records"), rows.join(", "))
}

pub(in crate::report) fn position_words(page: &Page, position: Position) -> impl Iterator<Item = String> {
    let words = [
        (position.row, page.say("post", "record")),
        (position.line, page.say("rad", "line")),
        (position.byte, page.say("byteposition", "byte offset")),
    ];
    // Numbers to look up rather than to grasp: without separators.
    words.into_iter().filter_map(|(number, word)| number.map(|number| format!("{word}{GLUE}{number}")))
}

pub(in crate::report) fn values(page: &Page, rule: &Rule, values: &[ShownValue], position: Position) -> String {
    let words: Vec<String> = values.iter().map(|value| value_words(page, rule, value, position)).collect();
    words.join(", ")
}

fn value_words(page: &Page, rule: &Rule, shown: &ShownValue, position: Position) -> String {
    let variable = shortened(&shown.variable, MOST_VALUE_CHARS);
    let cell = match (&shown.column, position.sheet_row) {
        (Some(column), Some(row)) => format!("{column}{row}{GLUE}"),
        // About the column itself, such as one that is unknown.
        (Some(column), None) if position.row.is_none() => {
            format!("{}{GLUE}{column}{GLUE}", page.say("kolumn", "column"))
        }
        _ => String::new(),
    };
    // Rules on how the file is written point at a place and show no value.
    let has_value = matches!(rule.check, Check::Record(_));
    match shown.value.as_str() {
        "" if has_value => format!("{cell}{variable}{GLUE}={GLUE}{}", page.say("(tomt)", "(blank)")),
        "" => format!("{cell}{variable}"),
        value => format!("{cell}{variable}{GLUE}={GLUE}{}", shortened(value, MOST_VALUE_CHARS)),
    }
}

/// One line a rule: id, severity, how many, and as much of the title as there is room for.
fn table(page: &mut Page, run: &Run, violated: &[(&Rule, &RuleRun)]) {
    let rows: Vec<[String; 4]> = violated
        .iter()
        .map(|(rule, found)| {
            let of_records =
                speaks_of_records(rule).then(|| page.figures.share(found.counts.violated, run.records)).flatten();
            [
                page.rule_name(rule).replace(GLUE, " "),
                page.severity(rule.severity).to_owned(),
                page.figures.count(found.violations),
                of_records.unwrap_or_default(),
            ]
        })
        .collect();
    let width = |column: usize| rows.iter().map(|row| width_of(&row[column])).max().unwrap_or(0);
    let widths = [width(0), width(1), width(2), width(3)];
    for ([id, severity, count, share], (rule, found)) in rows.iter().zip(violated) {
        let head = format!(
            "  {}  {}  {}  {}  ",
            left(id, widths[0]),
            left(severity, widths[1]),
            right(count, widths[2]),
            right(share, widths[3])
        );
        let waived = waivers::part(page, found.waived).map(|part| format!("({part}) ").replace(GLUE, " "));
        let head = format!("{head}{}", waived.unwrap_or_default());
        let room = page.width.saturating_sub(width_of(&head)).max(20);
        let line = format!("{head}{}", shortened(page.text_of(&rule.title), room));
        page.line(&line);
    }
}
