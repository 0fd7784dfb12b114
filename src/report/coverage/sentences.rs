//! What stands out, in words: why each flag was raised, against what, and by how much.

use crate::coverage::Coverage;
use crate::coverage::plausibility::{Flag, FlagKind, Value};
use crate::model::Language;
use crate::report::figures::Figures;

/// The explanation of a flag.
pub(in crate::report) fn flag(coverage: &Coverage, flag: &Flag, figures: Figures) -> String {
    let language = figures.language;
    let writer = Writer { figures, language };
    let title = title(coverage, flag, language);
    let mut parts = vec![match flag.kind {
        FlagKind::Count => writer.count(flag, &title),
        FlagKind::Share => writer.share(flag, &title),
        FlagKind::Level => writer.level(flag, &title),
        FlagKind::Condition => writer.condition(flag),
    }];
    parts.extend(writer.year_before(flag));
    parts.join(" ")
}

/// What the flag's measure is called.
fn title(coverage: &Coverage, flag: &Flag, language: Language) -> String {
    let tables = coverage.ratios.iter().chain(&coverage.reporting).chain(&coverage.accounts);
    let table = tables.into_iter().find(|table| table.id == flag.measure);
    let group = coverage.groups.get(&flag.measure).map(|title| title.get(language).to_owned());
    let title = table
        .map_or_else(|| group.unwrap_or_else(|| flag.measure.clone()), |table| table.title.get(language).to_owned());
    match &flag.variable {
        Some(variable) => format!("{title}, {variable}"),
        None => title,
    }
}

struct Writer {
    figures: Figures,
    language: Language,
}

impl Writer {
    fn say(&self, sv: String, en: String) -> String {
        match self.language {
            Language::Swedish => sv,
            Language::English => en,
        }
    }

    /// A whole number, from a figure that is worked out.
    fn number(&self, number: f64) -> String {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "rounded, and never negative")]
        let whole = number.round().max(0.0) as u64;
        self.figures.count(whole)
    }

    fn per_cent(&self, number: f64) -> String {
        let number = self.number(number);
        self.say(format!("{number}\u{a0}%"), format!("{number}%"))
    }

    /// `25 % (12 av 48)`.
    fn value(&self, value: Value) -> String {
        match value.denominator {
            None => self.number(value.numerator),
            Some(denominator) => {
                let (above, below) = (self.number(value.numerator), self.number(denominator));
                let share = self.per_cent(value.number());
                self.say(format!("{share} ({above} av {below})"), format!("{share} ({above} of {below})"))
            }
        }
    }

    fn count(&self, flag: &Flag, title: &str) -> String {
        let (observed, expected) = (self.value(flag.observed), self.number(flag.expected));
        let (median, n) = flag.baseline.map_or((String::new(), 0), |(value, n)| (self.value(value), n));
        let moved = flag.others.map_or_else(
            || {
                self.say(
                    "inga andra regioner att jämföra med".to_owned(),
                    "no other regions to compare with".to_owned(),
                )
            },
            |factor| {
                let change = self.per_cent(100.0 * factor);
                self.say(
                    format!("övriga regioner ligger i mitten på {change} av sina egna medianer"),
                    format!("the other regions are in the middle at {change} of their own medians"),
                )
            },
        );
        self.say(
            format!("{title}: {observed} poster, väntat omkring {expected}. Medianen för de {n} månaderna före är {median}; {moved}."),
            format!("{title}: {observed} records, about {expected} expected. The median of the {n} months before is {median}; {moved}."),
        )
    }

    fn share(&self, flag: &Flag, title: &str) -> String {
        let (observed, expected) = (self.value(flag.observed), self.per_cent(flag.expected));
        let (own, n) = flag.baseline.map_or((String::new(), 0), |(value, n)| (self.value(value), n));
        let others = flag.others.map_or_else(
            || {
                self.say(
                    "inga andra regioner att jämföra med".to_owned(),
                    "no other regions to compare with".to_owned(),
                )
            },
            |points| {
                if points.abs() < 0.5 {
                    return self.say(
                        "hos övriga regioner är andelen i mitten oförändrad".to_owned(),
                        "in the other regions the share is in the middle unchanged".to_owned(),
                    );
                }
                let size = self.number(points.abs());
                let (sv, en) = if points < 0.0 { ("minskat", "down") } else { ("ökat", "up") };
                self.say(
                    format!("hos övriga regioner har andelen i mitten {sv} med {size} procentenheter"),
                    format!("in the other regions the share is in the middle {en} by {size} percentage points"),
                )
            },
        );
        self.say(
            format!("{title}: {observed}, väntat omkring {expected}. De {n} månaderna före har {own}; {others}."),
            format!("{title}: {observed}, about {expected} expected. The {n} months before have {own}; {others}."),
        )
    }

    fn level(&self, flag: &Flag, title: &str) -> String {
        let is_share = flag.measure.starts_with("inrapporteringsgrad") || title.to_lowercase().contains("andel");
        let (observed, expected) = if is_share {
            (self.value(flag.observed), self.per_cent(flag.expected))
        } else {
            let denominator = flag.observed.denominator.unwrap_or(0.0);
            let per_1000 = 1_000.0 * flag.observed.numerator / denominator.max(1.0);
            let of = self.say(
                format!("{} per {}", self.number(flag.observed.numerator), self.number(denominator)),
                format!("{} per {}", self.number(flag.observed.numerator), self.number(denominator)),
            );
            (format!("{} ({of})", self.number(per_1000)), self.number(flag.expected))
        };
        self.say(
            format!("{title}: {observed}, medan medianen för övriga regioner är {expected}."),
            format!("{title}: {observed}, while the median of the other regions is {expected}."),
        )
    }

    fn condition(&self, flag: &Flag) -> String {
        let variable = flag.variable.as_deref().unwrap_or_default();
        let observed = self.number(flag.observed.numerator);
        let records = self.number(flag.observed.denominator.unwrap_or(0.0));
        let expected = self.number(flag.expected);
        self.say(
            format!("Villkoret som gör {variable} obligatorisk är sant i {observed} av {records} poster; med övriga regioners andelar, område för område, vore det omkring {expected}. Att inget saknas betyder här att nästan inget har krävts."),
            format!("The condition that makes {variable} obligatory is true in {observed} of {records} records; by the other regions' shares, code by code, it would be about {expected}. That nothing is missing means here that hardly anything was required."),
        )
    }

    fn year_before(&self, flag: &Flag) -> Option<String> {
        if !matches!(flag.kind, FlagKind::Count | FlagKind::Share) {
            return None;
        }
        Some(match flag.year_before {
            Some(value) => {
                let value = self.value(value);
                self.say(format!("Samma månad året före: {value}."), format!("The same month last year: {value}."))
            }
            None => self.say(
                "Samma månad året före finns inte med.".to_owned(),
                "The same month last year is not there.".to_owned(),
            ),
        })
    }
}
