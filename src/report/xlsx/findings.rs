//! The sheet of a violated rule: what is wrong and what to do at its head, then a row for each finding.

use rust_xlsxwriter::XlsxError;

use super::Writing;
use super::book::Book;
use super::part::{self, Problem};
use super::sheet::{Sheet, Value, rows_of_line};
use super::style::Look;
use crate::model::{Detail, Finding, Members, Position, ShownValue, VariableIndex, WaiverIndex};
use crate::report::ReportError;
use crate::report::rule_rows::source_line;
use crate::report::text::page::GLUE;
use crate::rule::{Check, SubmissionKind};
use crate::schema::Domain;
use crate::time;

/// The first year whose days all spreadsheets agree on.
const FIRST_YEAR: i64 = 1901;

/// The longest point in time that is kept whole: one with a fraction of a second is not.
const LONGEST_MOMENT: usize = 19;

/// How a table's columns are chosen.
struct Columns {
    /// The variables with a column each: faulty ones first.
    variables: Vec<VariableIndex>,
    /// How many of them are faulty.
    n_faulty: usize,
    /// Whether findings are about columns of the file rather than of its records.
    of_file: bool,
    /// Whether records are groups of other records.
    of_groups: bool,
    /// Whether findings may be on bytes.
    of_bytes: bool,
}

/// Writes the sheet of `problem`; `names` are its own and the summary's.
pub(super) fn write(
    writing: &Writing<'_>,
    book: &mut Book,
    names: (&str, &str),
    problem: &Problem<'_>,
) -> Result<(), ReportError> {
    let columns = Columns::of(problem);
    let n_kept = problem.counts.counts.kept.min(writing.rows);
    let mut sheet = book.sheet(names.0, n_kept)?;
    let n_shown = n_shown(writing, problem);
    for (look, line) in head(writing, problem) {
        sheet.line(look, &line)?;
    }
    if let Some(words) = cut_short(writing, problem) {
        sheet.line(Look::Strong, &words)?;
    }
    sheet.link_line(names.1, writing.say("Till sammanfattningen", "To the summary"))?;
    let header = sheet.row();
    let heads = columns.heads(writing, problem);
    sheet.header(heads.iter().map(String::as_str))?;
    let findings = part::findings(writing.content, &writing.part.key, problem);
    for finding in findings.take(usize::try_from(n_shown).unwrap_or(usize::MAX)) {
        row(writing, &mut sheet, &columns, problem, &finding?)?;
    }
    sheet.table(header, u16::try_from(heads.len()).unwrap_or(u16::MAX))?;
    sheet.finish()?;
    Ok(())
}

/// What is wrong, how often, what to do, and where it is laid down.
fn head(writing: &Writing<'_>, problem: &Problem<'_>) -> Vec<(Look, String)> {
    let (page, rule) = (&writing.page, problem.rule);
    let name = page.rule_name(rule).replace(GLUE, " ");
    let severity = page.severity(rule.severity).to_uppercase();
    let mut lines = vec![
        (Look::Title, format!("{name} {severity}: {}", page.text_of(&rule.title))),
        (Look::Strong, amount(writing, problem)),
    ];
    for (label, text) in [
        (page.say("Åtgärd", "Fix"), page.text_of(&rule.fix).to_owned()),
        (page.say("Källa", "Source"), source_line(&rule.source)),
    ] {
        if !text.is_empty() {
            lines.push((Look::Plain, format!("{label}: {text}")));
        }
    }
    lines
}

/// Rows between the head and the findings, at most: that not all are shown, a link, and the heads of columns.
const ROWS_BELOW_HEAD: u64 = 5;

/// How many findings the sheet of a problem shows: those kept that there are rows for.
fn n_shown(writing: &Writing<'_>, problem: &Problem<'_>) -> u64 {
    let head: u64 = head(writing, problem).iter().map(|(_, line)| rows_of_line(line)).sum();
    problem.counts.counts.kept.min(writing.rows.saturating_sub(head + ROWS_BELOW_HEAD))
}

/// `23 fynd, varav 2 undantagna; 23 av 1 200 poster (1,9 %)`.
fn amount(writing: &Writing<'_>, problem: &Problem<'_>) -> String {
    let page = &writing.page;
    let counts = problem.counts.counts;
    let mut words = page.counted(counts.findings, ["fynd", "fynd"], ["finding", "findings"]);
    if counts.waived > 0 {
        let waived = page.figures.count(counts.waived);
        words = format!("{words}, {}", page.say("varav # undantagna", "# of them waived").replace('#', &waived));
    }
    match problem.counts.records {
        Some((n, of)) => format!("{words}; {}", page.part_of(n, of, problem.run.unit())),
        None => words,
    }
}

/// That not every finding is shown, where that is so.
pub(super) fn cut_short(writing: &Writing<'_>, problem: &Problem<'_>) -> Option<String> {
    let page = &writing.page;
    let n_shown = n_shown(writing, problem);
    let all = problem.counts.counts.findings;
    if n_shown >= all {
        return None;
    }
    let (shown, all) = (page.figures.count(n_shown), page.figures.count(all));
    if writing.content.findings.is_none() {
        let words = page.say(
            "Exempel: # av ¤ fynd. Alla finns med --findings fynd.csv.",
            "Examples: # of ¤ findings. All are in --findings findings.csv.",
        );
        return Some(words.replace('#', &shown).replace('¤', &all));
    }
    let rows = page.figures.count(writing.rows);
    let words = page.say(
        "Excel rymmer högst % rader på ett blad: de första # av ¤ fynden visas; alla finns med --findings fynd.csv.",
        "Excel holds at most % rows on a sheet: the first # of ¤ findings are shown; all are in --findings findings.csv.",
    );
    Some(words.replace('%', &rows).replace('#', &shown).replace('¤', &all))
}

impl Columns {
    fn of(problem: &Problem<'_>) -> Self {
        let rule = problem.rule;
        let mut variables = Vec::new();
        let kinds = match &rule.check {
            Check::Submission(SubmissionKind::Unique { variables, within }) => vec![variables, within, &rule.faulty],
            _ => vec![&rule.faulty],
        };
        for variable in kinds.into_iter().flatten() {
            if !variables.contains(variable) {
                variables.push(*variable);
            }
        }
        let n_faulty = variables.len();
        for variable in &rule.triggers {
            if !variables.contains(variable) {
                variables.push(*variable);
            }
        }
        let kind = match &rule.check {
            Check::Submission(kind) => Some(kind),
            Check::Record(_) => None,
        };
        Self {
            variables,
            n_faulty,
            of_file: matches!(kind, Some(SubmissionKind::RequiredColumns | SubmissionKind::KnownColumns)),
            of_groups: problem.run.unit().is_some(),
            of_bytes: matches!(kind, Some(SubmissionKind::Readable)),
        }
    }

    fn heads(&self, writing: &Writing<'_>, problem: &Problem<'_>) -> Vec<String> {
        let page = &writing.page;
        let mut heads: Vec<String> = [
            page.say("fil", "file"),
            page.say("post", "record"),
            page.say("rad", "row"),
            page.say("cell", "cell"),
            page.say("nyckel", "key"),
        ]
        .map(str::to_owned)
        .to_vec();
        if self.of_file {
            heads.push(page.say("kolumn", "column").to_owned());
        }
        if self.of_bytes {
            heads.push(page.say("byteposition", "byte offset").to_owned());
        }
        for variable in &self.variables {
            let variable = problem.run.plan.collection.get(*variable);
            let name = page.text_of(&variable.name);
            heads.push(if name.is_empty() { variable.id.clone() } else { format!("{}\n{name}", variable.id) });
        }
        if self.of_groups {
            heads.push(page.say("poster i gruppen", "records in the group").to_owned());
            heads.push(page.say("gruppens första poster", "first records of the group").to_owned());
        }
        let detail = page.say("detalj", "detail");
        heads.push(match &problem.rule.detail_unit {
            Some(unit) => format!("{detail}\n({})", page.text_of(unit)),
            None => detail.to_owned(),
        });
        heads.push(page.say("undantag", "waiver").to_owned());
        heads
    }
}

fn row(
    writing: &Writing<'_>,
    sheet: &mut Sheet<'_>,
    columns: &Columns,
    problem: &Problem<'_>,
    finding: &Finding,
) -> Result<(), XlsxError> {
    let run = problem.run;
    let whole = matches!(problem.rule.check, Check::Submission(SubmissionKind::RecordCount | SubmissionKind::NotEmpty));
    let file = run.files.get(finding.file.0).filter(|_| !whole).map(|file| file.path.to_string_lossy());
    let optional = |number: Option<u64>| match number.and_then(|number| i64::try_from(number).ok()) {
        Some(number) => Value::Number(number),
        None => Value::Blank,
    };
    let position = finding.position;
    sheet.cell(Look::Plain, file.as_deref().map_or(Value::Blank, Value::Text))?;
    sheet.cell(Look::Plain, optional(position.row))?;
    sheet.cell(Look::Plain, optional(position.sheet_row))?;
    let address = finding.faulty.first().and_then(|first| address(first, position));
    sheet.cell(Look::Plain, address.as_deref().map_or(Value::Blank, Value::Text))?;
    sheet.cell(Look::Plain, if finding.key.is_empty() { Value::Blank } else { Value::Text(&finding.key) })?;
    let mut rest: Vec<&ShownValue> = finding.faulty.iter().chain(&finding.triggers).collect();
    if columns.of_file {
        let name = finding.faulty.first().map_or("", |shown| shown.variable.as_str());
        rest.clear();
        sheet.cell(Look::Faulty, Value::Text(name))?;
    }
    if columns.of_bytes {
        sheet.cell(Look::Plain, optional(position.byte))?;
    }
    for (index, variable) in columns.variables.iter().enumerate() {
        let variable = run.plan.collection.get(*variable);
        let look = if index < columns.n_faulty { Look::Faulty } else { Look::Plain };
        let shown = rest.iter().position(|shown| shown.variable == variable.id).map(|at| rest.remove(at));
        match shown {
            // The same variable may be shown among the triggers, too.
            Some(shown) => {
                rest.retain(|other| other.variable != shown.variable || other.value != shown.value);
                sheet.cell(look, value(&variable.domain, &shown.value))?;
            }
            None => sheet.cell(look, Value::Blank)?,
        }
    }
    if columns.of_groups {
        let members = finding.members.as_ref();
        sheet.cell(Look::Plain, members.map_or(Value::Blank, |members| Value::Count(members.total)))?;
        let rows = members.map(member_rows).unwrap_or_default();
        sheet.cell(Look::Plain, if rows.is_empty() { Value::Blank } else { Value::Text(&rows) })?;
    }
    detail(writing, sheet, finding, &rest)?;
    sheet.cell(Look::Plain, optional(finding.waiver.map(WaiverIndex::number)))?;
    sheet.end_row();
    Ok(())
}

/// What a finding shows beyond its values, and the values that have no column: those of a layout's own columns.
fn detail(
    writing: &Writing<'_>,
    sheet: &mut Sheet<'_>,
    finding: &Finding,
    rest: &[&ShownValue],
) -> Result<(), XlsxError> {
    let others: Vec<String> = rest
        .iter()
        .map(|shown| match shown.value.as_str() {
            "" => shown.variable.clone(),
            value => format!("{} = {value}", shown.variable),
        })
        .collect();
    match &finding.detail {
        Some(Detail::Number(number)) if others.is_empty() => sheet.cell(Look::Plain, Value::Number(*number)),
        None if others.is_empty() => sheet.cell(Look::Plain, Value::Blank),
        detail => {
            let words = match detail {
                Some(Detail::Number(number)) => Some(writing.page.figures.signed(*number)),
                Some(Detail::Text(text)) => Some(writing.page.text_of(text).to_owned()),
                None => None,
            };
            let words: Vec<String> = words.into_iter().chain(others).collect();
            sheet.cell(Look::Plain, Value::Text(&words.join("; ")))
        }
    }
}

/// The numbers of a group's first records: `2 5 9`.
fn member_rows(members: &Members) -> String {
    members.rows.iter().map(u64::to_string).collect::<Vec<_>>().join(" ")
}

/// `F17`, or the column's letters where the finding is about the column.
fn address(shown: &ShownValue, position: Position) -> Option<String> {
    let column = shown.column.as_deref()?;
    match (position.row, position.sheet_row) {
        (_, Some(row)) => Some(format!("{column}{row}")),
        (None, None) => Some(column.to_owned()),
        (Some(_), None) => None,
    }
}

/// A value as its variable's domain has it: a point in time that can be read as one, a number where the text says nothing
/// more than the number; all else, such as codes, as text.
pub(super) fn value<'t>(domain: &Domain, text: &'t str) -> Value<'t> {
    match domain {
        _ if text.is_empty() => Value::Blank,
        Domain::Timestamp { .. } if text.len() <= LONGEST_MOMENT => match time::parse(text.as_bytes()) {
            Some(moment) if time::civil_from_days(moment.seconds.div_euclid(time::DAY)).0 >= FIRST_YEAR => {
                Value::Moment(moment)
            }
            _ => Value::Text(text),
        },
        Domain::Integer { .. } | Domain::Year { .. } => match text.parse::<i64>() {
            Ok(number) if number.to_string() == text => Value::Number(number),
            _ => Value::Text(text),
        },
        Domain::Text { .. } | Domain::Code { .. } | Domain::Timestamp { .. } => Value::Text(text),
    }
}
