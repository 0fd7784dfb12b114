//! Titles and fixes of the rules that follow from a schema and its requirement levels.
//!
//! Each function gives the head of a finding and what to do about it, for one sort of derived rule. The variable's
//! own name is part of the title, so that a finding can be read without the schema at hand. Conditions come in words,
//! rendered from the condition itself ([`super::sentence`]).

use crate::model::Text;
use crate::schema::{Domain, Variable};

/// `-K-`: a required value is blank.
pub(super) fn required(variable: &Variable, condition: Option<&Text>) -> (Text, Text) {
    let title = Text::new(format!("{} saknas", variable.name.sv), format!("{} is missing", variable.name.en));
    let fix = match condition {
        None => Text::new(
            "Fyll i uppgiften i källsystemet; variabeln är obligatorisk.",
            "Fill in the value in the source system; the variable is mandatory.",
        ),
        Some(condition) => Text::new(
            format!("Fyll i uppgiften i källsystemet; den är obligatorisk när {}.", condition.sv),
            format!("Fill in the value in the source system; it is mandatory when {}.", condition.en),
        ),
    };
    (title, fix)
}

/// `-I-`: a value where none belongs.
pub(super) fn irrelevant(variable: &Variable, condition: Option<&Text>) -> (Text, Text) {
    match condition {
        Some(condition) => (
            Text::new(
                format!("{} är ifyllt där uppgiften inte hör hemma", variable.name.sv),
                format!("{} is filled in where it does not belong", variable.name.en),
            ),
            Text::new(
                format!(
                    "Lämna uppgiften tom, eller rätta det som den hänger på; den hör bara hemma när {}.",
                    condition.sv
                ),
                format!("Leave the value blank, or correct what it depends on; it belongs only when {}.", condition.en),
            ),
        ),
        None => (
            Text::new(
                format!("{} ingår inte i meddelandet", variable.name.sv),
                format!("{} is not part of the message", variable.name.en),
            ),
            Text::new("Ta bort uppgiften ur uttaget.", "Remove the value from the extract."),
        ),
    }
}

/// `-I-` of a variable that is fetched separately.
pub(super) fn fetched_separately(variable: &Variable) -> (Text, Text) {
    (
        Text::new(
            format!("{} hämtas separat", variable.name.sv),
            format!("{} is fetched separately", variable.name.en),
        ),
        Text::new("Uppgiften används inte; den kan lämnas tom.", "The value is not used; it can be left blank."),
    )
}

/// `-V-`: the value is not of its type, format, code list or range. `dated_by` is the variable whose date a code must be
/// valid on, where the code list has codes that are not valid for all time.
pub(super) fn value(variable: &Variable, dated_by: Option<&Variable>) -> (Text, Text) {
    let name = &variable.name;
    let titled = |sv: &str, en: &str| Text::new(format!("{} {sv}", name.sv), format!("{} {en}", name.en));
    match &variable.domain {
        Domain::Text { format: Some(format), max_length, .. } => {
            let fix = match max_length {
                Some(most) => Text::new(
                    format!("{} Högst {most} tecken.", format.fix.sv),
                    format!("{} At most {most} characters.", format.fix.en),
                ),
                None => format.fix.clone(),
            };
            (titled(&format.title.sv, &format.title.en), fix)
        }
        Domain::Text { format: None, max_length, .. } => {
            let most = max_length.unwrap_or(0);
            (
                titled(&format!("är längre än {most} tecken"), &format!("is longer than {most} characters")),
                Text::new("Korta texten.", "Shorten the text."),
            )
        }
        Domain::Code { codelist } => match dated_by {
            None => (
                titled("har en kod som inte finns i kodverket", "has a code that is not in the code list"),
                Text::new(
                    format!("Använd en kod ur kodverket {codelist}."),
                    format!("Use a code of code list {codelist}."),
                ),
            ),
            Some(date) => (
                titled(
                    "har en kod som inte finns i kodverket, eller inte gällde den dagen",
                    "has a code that is not in the code list, or was not valid on the day",
                ),
                Text::new(
                    format!("Använd en kod ur kodverket {codelist} som gäller den dag som {} anger.", date.id),
                    format!("Use a code of code list {codelist} that is valid on the day that {} gives.", date.id),
                ),
            ),
        },
        Domain::Timestamp { date_only } => {
            let (sv, en) = if *date_only {
                (" Enbart datum, 2022-01-03, går också bra.", " A date alone, 2022-01-03, will also do.")
            } else {
                (" Klockslaget måste vara med.", " The time of day must be there.")
            };
            (
                titled("är ingen giltig tidpunkt", "is not a valid point in time"),
                Text::new(
                    format!("Skriv tidpunkten som 2022-01-03T08:00, 2022-01-03T08:00:00 eller 20220103080000.{sv}"),
                    format!("Write it as 2022-01-03T08:00, 2022-01-03T08:00:00 or 20220103080000.{en}"),
                ),
            )
        }
        Domain::Year { range } => {
            let (sv, en) = between(*range);
            (
                titled("är inget giltigt årtal", "is not a valid year"),
                Text::new(
                    format!("Skriv årtalet med fyra siffror{sv}."),
                    format!("Write the year with four digits{en}."),
                ),
            )
        }
        Domain::Integer { range } => {
            let (sv, en) = between(*range);
            (
                titled("är inget giltigt heltal", "is not a valid whole number"),
                Text::new(format!("Skriv ett heltal{sv}."), format!("Write a whole number{en}.")),
            )
        }
    }
}

fn between(range: Option<(i64, i64)>) -> (String, String) {
    range.map_or_else(Default::default, |(min, max)| {
        (format!(", från {min} till {max}"), format!(", from {min} to {max}"))
    })
}

/// `-O-`: the value is not in the official list that the user loaded.
pub(super) fn official_code(variable: &Variable, list: &str) -> (Text, Text) {
    (
        Text::new(
            format!("{} har en kod som inte finns i {list}", variable.name.sv),
            format!("{} has a code that is not in {list}", variable.name.en),
        ),
        Text::new(
            "Kontrollera koden mot den officiella förteckningen för kontaktens år.",
            "Check the code against the official list for the year of the contact.",
        ),
    )
}
