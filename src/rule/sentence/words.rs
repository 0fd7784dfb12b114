//! What a sentence is put together from, whatever it says: lists, numbers, names in running text, verbs.

use crate::model::Language;

/// A verb as a condition and as a duty have it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Verb {
    sv: (&'static str, &'static str),
    /// One thing, several things, and after a modal verb.
    en: (&'static str, &'static str, &'static str),
}

pub(super) const BE: Verb = Verb { sv: ("är", "vara"), en: ("is", "are", "be") };
pub(super) const HAVE: Verb = Verb { sv: ("har", "ha"), en: ("has", "have", "have") };
pub(super) const BEGIN: Verb = Verb { sv: ("börjar", "börja"), en: ("begins", "begin", "begin") };
pub(super) const END: Verb = Verb { sv: ("slutar", "sluta"), en: ("ends", "end", "end") };
pub(super) const CONTAIN: Verb = Verb { sv: ("innehåller", "innehålla"), en: ("contains", "contain", "contain") };
pub(super) const CONSIST: Verb = Verb { sv: ("består", "bestå"), en: ("consists", "consist", "consist") };
pub(super) const LOOK: Verb = Verb { sv: ("ser", "se"), en: ("looks", "look", "look") };
pub(super) const COME: Verb = Verb { sv: ("kommer", "komma"), en: ("comes", "come", "come") };
/// To be within bounds.
pub(super) const LIE: Verb = Verb { sv: ("ligger", "ligga"), en: ("is", "are", "be") };
/// To be in a list.
pub(super) const FOUND: Verb = Verb { sv: ("finns", "finnas"), en: ("is", "are", "be") };
/// To have no value: a condition states it, a duty asks for it.
pub(super) const BLANK: Verb = Verb { sv: ("saknas", "lämnas"), en: ("is", "are", "be") };

/// How a clause is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mood {
    /// After "när".
    Condition,
    /// After its subject comes this modal verb.
    Duty(&'static str),
    /// The modal verb stands before the clause already, as Swedish has it after a condition.
    Rest,
}

/// One statement: who or what, and what of it.
#[derive(Clone, Debug)]
pub(super) struct Clause {
    pub(super) subject: String,
    pub(super) verb: Verb,
    pub(super) is_negated: bool,
    /// Several subjects.
    pub(super) is_plural: bool,
    /// What follows the verb; a condition and a duty may say it differently.
    pub(super) complement: (String, String),
}

impl Clause {
    pub(super) fn new(subject: String, verb: Verb, complement: impl Into<String>) -> Self {
        let complement = complement.into();
        Self { subject, verb, is_negated: false, is_plural: false, complement: (complement.clone(), complement) }
    }

    pub(super) fn negated_if(mut self, is_negated: bool) -> Self {
        self.is_negated ^= is_negated;
        self
    }

    /// The clause in `language`; for [`Mood::Rest`] without its modal verb.
    pub(super) fn say(&self, language: Language, mood: Mood) -> String {
        let complement = match mood {
            Mood::Condition => &self.complement.0,
            _ => &self.complement.1,
        };
        let verb = match (language, mood) {
            (Language::Swedish, Mood::Condition) => negation("inte ", self.is_negated, self.verb.sv.0),
            (Language::Swedish, Mood::Duty(modal)) => {
                format!("{modal} {}", negation("inte ", self.is_negated, self.verb.sv.1))
            }
            (Language::Swedish, Mood::Rest) => negation("inte ", self.is_negated, self.verb.sv.1),
            (Language::English, Mood::Condition) => {
                let (one, several, plain) = self.verb.en;
                let finite = if self.is_plural { several } else { one };
                match (self.is_negated, plain) {
                    (false, _) => finite.to_owned(),
                    (true, "be") => format!("{finite} not"),
                    (true, _) if self.is_plural => format!("do not {plain}"),
                    (true, _) => format!("does not {plain}"),
                }
            }
            (Language::English, Mood::Duty(modal)) => {
                format!("{modal} {}", negation("not ", self.is_negated, self.verb.en.2))
            }
            (Language::English, Mood::Rest) => negation("not ", self.is_negated, self.verb.en.2),
        };
        let space = if complement.is_empty() { "" } else { " " };
        format!("{} {verb}{space}{complement}", self.subject)
    }
}

fn negation(word: &str, is_negated: bool, verb: &str) -> String {
    if is_negated { format!("{word}{verb}") } else { verb.to_owned() }
}

/// The word in `language`.
pub(super) fn pick<'a>(language: Language, sv: &'a str, en: &'a str) -> &'a str {
    match language {
        Language::Swedish => sv,
        Language::English => en,
    }
}

/// A text in the quotes of `language`.
pub(super) fn quoted(text: &str, language: Language) -> String {
    match language {
        Language::Swedish => format!("”{text}”"),
        Language::English => format!("“{text}”"),
    }
}

/// `a`, `a och b`, `a, b och c`; with `,` before the last word where the items are long.
pub(super) fn list(items: &[String], last: &str, is_spaced: bool) -> String {
    let comma = if is_spaced { "," } else { "" };
    match items {
        [] => String::new(),
        [only] => only.clone(),
        [rest @ .., end] => format!("{}{comma} {last} {end}", rest.join(", ")),
    }
}

/// A name or a code's text within a sentence: its first letter small, unless the word is written in capitals.
pub(super) fn lowered(name: &str) -> String {
    let mut letters = name.chars();
    let first = letters.next();
    let rest = letters.as_str();
    let word = rest.split([' ', '-', '/', '(']).next().unwrap_or_default();
    match first {
        Some(first) if !word.is_empty() && !word.chars().any(char::is_uppercase) => {
            first.to_lowercase().chain(rest.chars()).collect()
        }
        _ => name.to_owned(),
    }
}

/// A sentence with its first letter large.
pub(super) fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}

/// Endings of Swedish neuter nouns that items of registers tend to be called by. A name that this misjudges gets a
/// wrong ending on "ifylld" and is understood all the same.
const NEUTER_ENDINGS: [&str; 26] = [
    "antal",
    "belopp",
    "beslut",
    "besök",
    "datum",
    "fält",
    "förlopp",
    "id",
    "klockslag",
    "kön",
    "land",
    "län",
    "mått",
    "mål",
    "namn",
    "nummer",
    "område",
    "resultat",
    "skäl",
    "slag",
    "språk",
    "svar",
    "sätt",
    "utfall",
    "värde",
    "år",
];

/// What a Swedish name is, for the endings of what is said of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gender {
    Common,
    Neuter,
    Plural,
}

/// The gender of a Swedish name, decided by its head: the last word before a preposition or a bracket.
pub(super) fn gender(name: &str) -> Gender {
    let name = name.to_lowercase();
    let words = name.split([' ', '-']);
    let head = words.take_while(|word| {
        !["att", "av", "för", "hos", "i", "om", "på", "till", "vid"].contains(word) && !word.starts_with('(')
    });
    let head = if name.starts_with("antal ") { "antal" } else { head.last().unwrap_or_default() };
    if NEUTER_ENDINGS.iter().any(|ending| head.ends_with(ending)) {
        Gender::Neuter
    } else if !head.ends_with("ålder") && ["er", "or", "ar"].iter().any(|ending| head.ends_with(ending)) {
        Gender::Plural
    } else {
        Gender::Common
    }
}

/// A whole number with its thousands apart from five digits on; with four digits it may be a year.
pub(super) fn number(number: i64, language: Language) -> String {
    let digits = number.unsigned_abs().to_string();
    let sign = if number < 0 { "\u{2212}" } else { "" };
    if digits.len() < 5 {
        return format!("{sign}{digits}");
    }
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(if language == Language::Swedish { '\u{a0}' } else { ',' });
        }
        text.push(digit);
    }
    format!("{sign}{text}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_running_text() {
        for (name, expected) in [
            ("Fas", "fas"),
            ("RemissID", "RemissID"),
            ("Vårdgaranti JA/NEJ", "vårdgaranti JA/NEJ"),
            ("MVO", "MVO"),
            ("X", "X"),
            ("", ""),
        ] {
            assert_eq!(lowered(name), expected);
        }
    }

    #[test]
    fn the_head_of_a_name_decides_its_gender() {
        for (names, expected) in [
            (["Remissdatum", "Beslut att utföra aktivitet", "Vårdkontakts-Id", "RemissID", "År"], Gender::Neuter),
            (["Fas", "Typ av diagnos", "Tidpunkt för beslut", "Vårdenhet1 (namn)", "Start av år"], Gender::Common),
            (["Antal händelser", "Antal avslut", "Antal åldrar", "Vårdförlopp", "Antal"], Gender::Neuter),
            (["Ålder", "Högsta ålder", "Patientens ålder", "Region", "Kod"], Gender::Common),
            (["Poster", "Läkarkontakter", "Resor", "Kontakter på avdelning", "Flickor"], Gender::Plural),
        ] {
            for name in names {
                assert_eq!(gender(name), expected, "{name}");
            }
        }
    }

    #[test]
    fn numbers_and_lists() {
        assert_eq!(number(2880, Language::Swedish), "2880");
        assert_eq!(number(-20_000_000, Language::Swedish), "\u{2212}20\u{a0}000\u{a0}000");
        assert_eq!(number(20_000, Language::English), "20,000");
        let items = ["a", "b", "c"].map(str::to_owned);
        assert_eq!(list(&items, "och", false), "a, b och c");
        assert_eq!(list(&items[..2], "or", true), "a, or b");
    }

    #[test]
    fn clauses_in_every_mood() {
        let clause = Clause::new("x".to_owned(), HAVE, "y").negated_if(true);
        let say = |language, mood| clause.say(language, mood);
        assert_eq!(say(Language::Swedish, Mood::Condition), "x inte har y");
        assert_eq!(say(Language::Swedish, Mood::Duty("ska")), "x ska inte ha y");
        assert_eq!(say(Language::Swedish, Mood::Rest), "x inte ha y");
        assert_eq!(say(Language::English, Mood::Condition), "x does not have y");
        assert_eq!(say(Language::English, Mood::Duty("must")), "x must not have y");
    }
}
