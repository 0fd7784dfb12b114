//! Words of rule work, in both languages.

use super::mutate::{Mutation, Part};
use crate::model::{Language, Text, Verdict};

/// A verdict, as a person reads it.
pub fn verdict(verdict: Verdict) -> Text {
    match verdict {
        Verdict::Satisfied => Text::new("uppfylld", "satisfied"),
        Verdict::Violated => Text::new("inte uppfylld", "violated"),
        Verdict::NotApplicable => Text::new("inte tillämplig", "not applicable"),
        Verdict::NotChecked => Text::new("inte kontrollerad", "not checked"),
    }
}

/// True, false, or neither.
pub fn truth(truth: Option<bool>) -> Text {
    match truth {
        Some(true) => Text::new("sant", "true"),
        Some(false) => Text::new("falskt", "false"),
        None => Text::new("okänt (null)", "unknown (null)"),
    }
}

/// What of a rule was changed.
pub fn part(part: Part) -> Text {
    match part {
        Part::When => Text::new("villkoret", "the condition"),
        Part::Assert => Text::new("kravet", "the assertion"),
        Part::Domain => Text::new("värdemängden", "the value domain"),
        Part::Key => Text::new("nyckeln", "the key"),
        Part::Fold => Text::new("aggregatet", "the aggregate"),
        Part::Order => Text::new("ordningen", "the order"),
    }
}

/// The share of mutants that are killed, never rounded up to 1 while one survives.
pub fn score(mutation: &Mutation, language: Language) -> String {
    let thousandths = (mutation.score() * 1000.0).floor() / 1000.0;
    let text = format!("{thousandths:.3}");
    if language == Language::Swedish { text.replace('.', ",") } else { text }
}
