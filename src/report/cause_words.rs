//! Causes in words: what findings have in common, how many records mending it frees, and what to do.
//!
//! The page and the workbook say the same of a cause. Values and names are cut and made safe; whoever writes them escapes
//! what its format needs.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::cause::{Cause, CauseKind, Concentration, WrongValue};
use crate::engine::Run;
use crate::engine::tally::{BLANK, INVALID};
use crate::model::{Text, VariableIndex, column_letters};
use crate::report::figures::Figures;
use crate::report::shown::{capital, shortened};
use crate::schema::{Codelists, Domain, Variable};

/// Characters of a value or a name.
const MOST_CHARS: usize = 60;
/// Wrong values named in one sentence.
const MOST_VALUES: usize = 4;

/// What is told of, and how numbers are written.
#[derive(Clone, Copy)]
pub(in crate::report) struct Telling<'a> {
    pub(in crate::report) figures: Figures,
    pub(in crate::report) run: &'a Run,
}

impl<'a> Telling<'a> {
    fn say<T>(self, sv: T, en: T) -> T {
        self.figures.language.pick(sv, en)
    }

    fn text(self, text: &'a Text) -> &'a str {
        text.get(self.figures.language)
    }

    /// What the records are called, in the plural.
    pub(in crate::report) fn unit(self) -> &'a str {
        self.run.unit().map_or(self.say("poster", "records"), |unit| self.text(unit))
    }

    /// The name of a care unit or other part.
    pub(in crate::report) fn unit_name(self, name: &str) -> Cow<'_, str> {
        unit_name(self.figures, name)
    }

    /// A code of the breakdown, with its text: `241 Ortopedi`.
    pub(in crate::report) fn code_name(self, code: &str) -> Cow<'_, str> {
        let list = self.run.plan.collection.breakdown.as_ref().map(|breakdown| breakdown.codelist.as_str());
        match list.and_then(|list| self.code_text(&self.run.plan.codelists, list, code)) {
            Some(text) => Cow::Owned(format!("{} {text}", shortened(code, MOST_CHARS))),
            None => self.unit_name(code),
        }
    }

    /// A value of a variable, with its text where it is a code: `1 (Man)`.
    pub(in crate::report) fn value_name(self, variable: &Variable, value: &str) -> String {
        let shown = shortened(value, MOST_CHARS);
        let Domain::Code { codelist } = &variable.domain else { return shown.into_owned() };
        match self.code_text(&self.run.plan.codelists, codelist, value) {
            Some(text) => format!("{shown} ({text})"),
            None => shown.into_owned(),
        }
    }

    fn code_text<'l>(self, lists: &'l Codelists, list: &str, code: &str) -> Option<Cow<'l, str>> {
        let entry = lists.get(list)?.find(code.as_bytes())?;
        let text = self.say(&entry.text_sv, &entry.text_en);
        let text = if text.is_empty() { &entry.text_sv } else { text };
        (!text.is_empty()).then(|| shortened(text, MOST_CHARS))
    }
}

/// The name of a care unit or other part.
pub(in crate::report) fn unit_name(figures: Figures, name: &str) -> Cow<'_, str> {
    match name {
        BLANK => Cow::Borrowed(figures.language.pick("(tomt)", "(blank)")),
        INVALID => Cow::Borrowed(figures.language.pick("(okänd kod)", "(unknown code)")),
        name => shortened(name, MOST_CHARS),
    }
}

/// How many records become free of errors: `gain` more, `all` together with the causes before it, of
/// the `rejected` ones.
pub(in crate::report) fn frees(telling: Telling<'_>, (gain, all): (u64, u64), rejected: u64) -> String {
    let (figures, unit) = (telling.figures, telling.unit());
    if gain == 0 {
        return telling.say(
            format!("Rättas bara detta blir inga {unit} fria från fel, för de har fel av andra slag också."),
            format!("Correcting this alone frees no {unit} of errors, for they have errors of other kinds, too."),
        );
    }
    let (n, of) = (figures.count(gain), figures.count(rejected));
    let share = figures.share(all, rejected).map(|share| format!(" ({share})")).unwrap_or_default();
    let all_of_them = figures.count(all);
    if gain == all {
        telling.say(
            format!("Rättat blir {n} av {of} {unit} med fel fria från fel{share}."),
            format!("Corrected, {n} of {of} {unit} with errors become free of them{share}."),
        )
    } else {
        telling.say(
            format!(
                "Rättat blir ytterligare {n} {unit} fria från fel; med åtgärderna ovan {all_of_them} av {of}{share}."
            ),
            format!(
                "Corrected, {n} more {unit} become free of errors; with the fixes above {all_of_them} of {of}{share}."
            ),
        )
    }
}

/// What the findings have in common.
pub(in crate::report) fn sentence(telling: Telling<'_>, cause: &Cause) -> String {
    let rule = cause.rules.first().and_then(|index| telling.run.plan.rules.get(index.0));
    let title = rule.map(|rule| telling.text(&rule.title)).unwrap_or_default();
    match &cause.kind {
        CauseKind::Rule => title.to_owned(),
        CauseKind::Together => {
            let n = telling.figures.count(cause.rules.len() as u64);
            telling.say(
                format!("Samma poster bryter mot {n} regler: {title} m.fl."),
                format!("The same records violate {n} rules: {title} among others"),
            )
        }
        CauseKind::Values { variable, values } => values_words(telling, *variable, values, cause),
        CauseKind::Shifted { variables, by } => shifted(telling, variables, *by),
        CauseKind::Swapped { variables: [one, other] } => {
            let [one, other] = [one, other].map(|variable| column(telling.run, *variable));
            telling.say(
                format!("Kolumnerna {one} och {other} verkar ha bytt plats"),
                format!("Columns {one} and {other} seem to have changed places"),
            )
        }
        CauseKind::Unit(part) => {
            let unit = telling.unit_name(&part.name);
            concentration(
                telling,
                &telling.say(format!("Vårdenheten {unit}"), format!("Care unit {unit}")),
                part,
                cause,
            )
        }
        CauseKind::Code(part) => {
            let breakdown = telling.run.plan.collection.breakdown.as_ref();
            let name = breakdown.map(|breakdown| telling.text(&breakdown.name)).unwrap_or_default();
            let code = telling.code_name(&part.name);
            concentration(telling, capital(&format!("{name} {code}")).trim_start(), part, cause)
        }
    }
}

/// `Värdet ”M” i patientens_kon står för 98 % av fynden (39 200 av 40 000), troligen 1 (Man)`.
fn values_words(telling: Telling<'_>, variable: VariableIndex, values: &[WrongValue], cause: &Cause) -> String {
    let Some(declared) = telling.run.plan.collection.variables.get(variable.0) else { return String::new() };
    let name = &declared.id;
    let one = |wrong: &WrongValue| {
        let mut words = match wrong.value.as_str() {
            "" => telling.say("(tomt)", "(blank)").to_owned(),
            value => {
                let value = shortened(value, MOST_CHARS);
                telling.say(format!("”{value}”"), format!("“{value}”"))
            }
        };
        if let Some(meant) = &wrong.meant {
            let meant = telling.value_name(declared, meant);
            words.push_str(&telling.say(format!(", troligen {meant},"), format!(", probably {meant},")));
        }
        words
    };
    let figures = telling.figures;
    let share = figures.share(cause.findings, cause.of).unwrap_or_default();
    let of = format!("{} {} {}", figures.count(cause.findings), telling.say("av", "of"), figures.count(cause.of));
    match values {
        [only] => {
            let value = one(only);
            telling.say(
                format!("Värdet {value} i {name} står för {share} av fynden ({of})"),
                format!("The value {value} in {name} makes {share} of the findings ({of})"),
            )
        }
        several => {
            let words: Vec<String> = several.iter().take(MOST_VALUES).map(one).collect();
            // A value's own comma after what it probably is would stand beside that of the list.
            let mut list = words.iter().map(|words| words.trim_end_matches(',')).collect::<Vec<_>>().join("; ");
            if several.len() > MOST_VALUES {
                let n = figures.count((several.len() - MOST_VALUES) as u64);
                let _ = write!(list, " {} {n} {}", telling.say("och", "and"), telling.say("till", "more"));
            }
            telling.say(
                format!(
                    "{} värden i {name} står för {share} av fynden ({of}): {list}",
                    figures.count(several.len() as u64)
                ),
                format!(
                    "{} values in {name} make {share} of the findings ({of}): {list}",
                    figures.count(several.len() as u64)
                ),
            )
        }
    }
}

/// `Kolumnerna H–K (a till b) är förskjutna ett steg åt höger`.
fn shifted(telling: Telling<'_>, variables: &[VariableIndex], by: i8) -> String {
    let run = telling.run;
    let columns = match variables {
        [] => return String::new(),
        [only] => column(run, *only),
        [first, .., last] => {
            let names = |index: &VariableIndex| {
                run.plan.collection.variables.get(index.0).map(|variable| variable.id.clone()).unwrap_or_default()
            };
            let to = telling.say("till", "to");
            match (letters(run, *first), letters(run, *last)) {
                (Some(from), Some(until)) => format!("{from}–{until} ({} {to} {})", names(first), names(last)),
                _ => format!("{} {to} {}", names(first), names(last)),
            }
        }
    };
    let n = telling.figures.count(u64::from(by.unsigned_abs()));
    let is_one = by.unsigned_abs() == 1;
    let steps = match (is_one, telling.say(true, false)) {
        (true, true) => "ett steg".to_owned(),
        (false, true) => format!("{n} steg"),
        (true, false) => "one step".to_owned(),
        (false, false) => format!("{n} steps"),
    };
    let side =
        if by < 0 { telling.say("åt vänster", "to the left") } else { telling.say("åt höger", "to the right") };
    if variables.len() == 1 {
        telling.say(
            format!("Kolumnen {columns} verkar vara förskjuten {steps} {side}"),
            format!("Column {columns} seems to be shifted {steps} {side}"),
        )
    } else {
        telling.say(
            format!("Kolumnerna {columns} verkar vara förskjutna {steps} {side}"),
            format!("Columns {columns} seem to be shifted {steps} {side}"),
        )
    }
}

/// `Vårdenheten X har 40 000 av 41 000 fynd (97,6 %) men bara 30 av 1 000 poster (3,0 %)`.
fn concentration(telling: Telling<'_>, subject: &str, part: &Concentration, cause: &Cause) -> String {
    let figures = telling.figures;
    let of = telling.say("av", "of");
    let pair = |n: u64, all: u64, what: &str| {
        let share = figures.share(n, all).map(|share| format!(" ({share})")).unwrap_or_default();
        format!("{} {of} {} {what}{share}", figures.count(n), figures.count(all))
    };
    let findings = pair(cause.findings, cause.of, telling.say("fynd", "findings"));
    let records = pair(part.records, part.of_records, telling.unit());
    telling.say(
        format!("{subject} har {findings} men bara {records}"),
        format!("{subject} has {findings} but only {records}"),
    )
}

/// A variable with the letters of its column, where the first file has it.
fn column(run: &Run, variable: VariableIndex) -> String {
    let name = run.plan.collection.variables.get(variable.0).map(|variable| variable.id.as_str()).unwrap_or_default();
    letters(run, variable).map_or_else(|| name.to_owned(), |letters| format!("{letters} ({name})"))
}

fn letters(run: &Run, variable: VariableIndex) -> Option<String> {
    let id = &run.plan.collection.variables.get(variable.0)?.id;
    let header = &run.files.first()?.header;
    header.iter().position(|column| column.variable.as_ref() == Some(id)).map(column_letters)
}

/// What to do about causes that are not a matter of one rule.
pub(in crate::report) fn advice(telling: Telling<'_>, kind: &CauseKind) -> Option<&'static str> {
    match kind {
        CauseKind::Shifted { .. } => Some(telling.say(
            "Kontrollera i uttaget att varje värde hamnar under sin rubrik: ofta saknas en kolumn, eller så innehåller en text fältavgränsaren.",
            "Check that the extract puts each value under its heading: often a column is missing, or a text holds the delimiter.",
        )),
        CauseKind::Swapped { .. } => Some(telling.say(
            "Byt plats på rubrikerna eller kolumnerna i uttaget.",
            "Exchange the headings or the columns in the extract.",
        )),
        CauseKind::Values { values, .. } if values.iter().any(|value| value.meant.is_some()) => Some(telling.say(
            "Rätta översättningen av värdet till kodverket i uttaget, så försvinner fynden på en gång.",
            "Correct how the extract maps the value to the code list, and the findings disappear all at once.",
        )),
        CauseKind::Rule
        | CauseKind::Together
        | CauseKind::Values { .. }
        | CauseKind::Unit(_)
        | CauseKind::Code(_) => None,
    }
}
