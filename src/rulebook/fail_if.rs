//! Conditions on the impact of a change of rules, such as `newly_failing > 0.5%`: what a CI run fails for.
//!
//! A condition names a count, compares it, and gives a whole or decimal number, of records or, with `%`, of all records
//! of the collection or reporter. `newly_failing` and `newly_passing` are judged for every rule; `newly_rejected` and
//! `newly_accepted` for every reporter, and for all of them together. Arithmetic is exact: nothing is rounded, so that
//! a share of 0.5 % is not over 0.5 %. A share of no records is none, and fulfils no condition.
//!
//! Deliberately does not know how counts came about, nor what failing means.

use crate::engine::compare::Impact;
use crate::engine::tally::Region;
use crate::model::Text;
use crate::rule::expr::Comparison;

/// A condition, as meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// As typed, without surrounding space.
    pub text: String,
    /// What is compared.
    pub count: Count,
    comparison: Comparison,
    /// The number without its decimal point.
    number: u64,
    /// How many of its digits are decimals.
    decimals: u32,
    is_share: bool,
}

/// What a condition speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Count {
    /// Records that violate a rule after the change and not before.
    NewlyFailing,
    /// Records that violated a rule before the change and not after.
    NewlyPassing,
    /// Records rejected after the change and not before.
    NewlyRejected,
    /// Records rejected before the change and not after.
    NewlyAccepted,
}

impl Count {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::NewlyFailing, Self::NewlyPassing, Self::NewlyRejected, Self::NewlyAccepted];

    /// The name in conditions and machine formats.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NewlyFailing => "newly_failing",
            Self::NewlyPassing => "newly_passing",
            Self::NewlyRejected => "newly_rejected",
            Self::NewlyAccepted => "newly_accepted",
        }
    }
}

/// A condition that is fulfilled, and by what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breach {
    /// The condition, as typed.
    pub condition: String,
    /// What it speaks of.
    pub count: Count,
    /// Of what.
    pub subject: Subject,
    /// How many.
    pub n: u64,
    /// Of how many records.
    pub records: u64,
}

/// What a condition is judged for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// A rule of a collection, over all its files.
    Rule {
        /// The collection's id.
        collection: String,
        /// The rule's id.
        rule: String,
    },
    /// Who reports to a collection.
    Reporter {
        /// The collection's id.
        collection: String,
        /// `None` where it is unknown.
        region: Region,
    },
    /// Everything together.
    All,
}

/// Why a text is no condition.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}`, character {position}: {}", expected.en)]
pub struct ConditionError {
    /// As typed.
    pub text: String,
    /// The first character that does not fit, from 1; one beyond the text where something is missing.
    pub position: usize,
    /// What was expected there.
    pub expected: Text,
}

/// So many digits are read at most, so that no product of counts overflows.
const MOST_DIGITS: usize = 15;

impl Condition {
    /// Reads a condition.
    ///
    /// # Errors
    /// With the place of the first mistake and what was expected there.
    pub fn parse(text: &str) -> Result<Self, ConditionError> {
        let mut rest = Rest { text, at: 0 };
        rest.skip_space();
        let names = || Count::ALL.map(Count::as_str).join(", ");
        let start = rest.at;
        let name = rest.take_while(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
        let Some(count) = Count::ALL.into_iter().find(|count| count.as_str() == name) else {
            return Err(rest.expected(start, format!("skriv ett av {}", names()), format!("write one of {}", names())));
        };
        rest.skip_space();
        let start = rest.at;
        let comparison = match rest.take_while(|c| matches!(c, '<' | '>' | '=')) {
            ">" => Comparison::Greater,
            ">=" => Comparison::GreaterOrEqual,
            "<" => Comparison::Less,
            "<=" => Comparison::LessOrEqual,
            _ => return Err(rest.expected(start, "skriv >, >=, < eller <=", "write >, >=, < or <=")),
        };
        rest.skip_space();
        let start = rest.at;
        let whole = rest.take_while(|c| c.is_ascii_digit());
        if whole.is_empty() {
            return Err(rest.expected(start, "skriv ett tal, som 10 eller 0.5", "write a number, such as 10 or 0.5"));
        }
        let decimals = if rest.accept('.') || rest.accept(',') {
            let decimals = rest.take_while(|c| c.is_ascii_digit());
            if decimals.is_empty() {
                return Err(rest.expected(rest.at, "skriv decimalerna", "write the decimals"));
            }
            decimals
        } else {
            ""
        };
        let number = format!("{whole}{decimals}");
        let n_digits = number.trim_start_matches('0').len().max(decimals.len());
        let (Ok(number), Ok(decimals), ..=MOST_DIGITS) = (number.parse(), u32::try_from(decimals.len()), n_digits)
        else {
            return Err(rest.expected(
                start,
                format!("skriv talet med högst {MOST_DIGITS} siffror"),
                format!("write the number with at most {MOST_DIGITS} digits"),
            ));
        };
        rest.skip_space();
        let is_share = rest.accept('%');
        rest.skip_space();
        if rest.at < text.len() {
            let (sv, en) = if is_share {
                ("här ska villkoret sluta", "the condition should end here")
            } else {
                ("skriv % eller ingenting", "write % or nothing")
            };
            return Err(rest.expected(rest.at, sv, en));
        }
        Ok(Self { text: text.trim().to_owned(), count, comparison, number, decimals, is_share })
    }

    /// Whether `n` of `records` fulfil it.
    pub fn is_fulfilled(&self, n: u64, records: u64) -> bool {
        // With at most 15 digits and counts of 64 bits, either side stays below 2^64 · 10^17 < 2^128.
        let (n, number) = (u128::from(n) * 10u128.pow(self.decimals), u128::from(self.number));
        if !self.is_share {
            return self.comparison.holds(n.cmp(&number));
        }
        records > 0 && self.comparison.holds((n * 100).cmp(&(number * u128::from(records))))
    }

    /// Everything in `impact` that fulfils it: rules by collection and id, or reporters by collection and then all
    /// together.
    pub fn judge(&self, impact: &Impact) -> Vec<Breach> {
        let mut breaches = Vec::new();
        let mut judge = |subject: Subject, n: u64, records: u64| {
            if self.is_fulfilled(n, records) {
                breaches.push(Breach { condition: self.text.clone(), count: self.count, subject, n, records });
            }
        };
        let (mut n_all, mut records_all) = (0, 0);
        for (collection, impact) in &impact.collections {
            match self.count {
                Count::NewlyFailing | Count::NewlyPassing => {
                    for (rule, of_rule) in &impact.rules {
                        let n = match self.count {
                            Count::NewlyFailing => of_rule.total.newly_failing,
                            _ => of_rule.total.newly_passing,
                        };
                        let subject = Subject::Rule { collection: collection.clone(), rule: rule.clone() };
                        judge(subject, n, impact.records);
                    }
                }
                Count::NewlyRejected | Count::NewlyAccepted => {
                    for (region, rejected) in &impact.reporters {
                        let n = match self.count {
                            Count::NewlyRejected => rejected.newly_rejected,
                            _ => rejected.newly_accepted,
                        };
                        (n_all, records_all) = (n_all + n, records_all + rejected.records);
                        let subject = Subject::Reporter { collection: collection.clone(), region: *region };
                        judge(subject, n, rejected.records);
                    }
                }
            }
        }
        if matches!(self.count, Count::NewlyRejected | Count::NewlyAccepted) {
            judge(Subject::All, n_all, records_all);
        }
        breaches
    }
}

/// What is left of a text that is read from its beginning.
struct Rest<'a> {
    text: &'a str,
    /// Bytes read.
    at: usize,
}

impl<'a> Rest<'a> {
    fn left(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn take_while(&mut self, is_part: impl Fn(char) -> bool) -> &'a str {
        let left = self.left();
        let taken = &left[..left.find(|c| !is_part(c)).unwrap_or(left.len())];
        self.at += taken.len();
        taken
    }

    fn skip_space(&mut self) {
        self.take_while(char::is_whitespace);
    }

    fn accept(&mut self, wanted: char) -> bool {
        let is_there = self.left().starts_with(wanted);
        if is_there {
            self.at += wanted.len_utf8();
        }
        is_there
    }

    fn expected(&self, at: usize, sv: impl Into<String>, en: impl Into<String>) -> ConditionError {
        let position = self.text[..at].chars().count() + 1;
        ConditionError { text: self.text.to_owned(), position, expected: Text::new(sv, en) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::compare::{CollectionImpact, Rejected, RuleImpact, Violations};
    use crate::model::County;

    fn condition(text: &str) -> Condition {
        Condition::parse(text).unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn conditions_compare_counts_and_shares_exactly() {
        for (text, n, records, expected) in [
            ("newly_failing > 0", 0, 10, false),
            ("newly_failing > 0", 1, 10, true),
            ("newly_passing>=10", 10, 10, true),
            ("newly_passing < 10", 10, 10, false),
            ("newly_passing <= 9.5", 9, 10, true),
            ("newly_passing <= 8.5", 9, 10, false),
            (" newly_rejected  >  0.5 % ", 5, 1_000, false),
            ("newly_rejected > 0.5%", 6, 1_000, true),
            ("newly_rejected > 0,5%", 6, 1_000, true),
            ("newly_accepted >= 33.333333333333%", 1, 3, true),
            ("newly_accepted >= 33.333333333334%", 1, 3, false),
            ("newly_accepted >= 0%", 0, 0, false),
            ("newly_accepted < 1%", 0, 0, false),
            ("newly_accepted >= 0", 0, 0, true),
            ("newly_failing > 99.9999999999999%", u64::MAX - 1, u64::MAX, true),
            ("newly_failing >= 100%", u64::MAX - 1, u64::MAX, false),
            ("newly_failing <= 999999999999999%", u64::MAX, u64::MAX, true),
            ("newly_failing > 0.000000000000001%", u64::MAX, u64::MAX, true),
            ("newly_failing > 0000000000000000000000001", 2, 10, true),
        ] {
            assert_eq!(condition(text).is_fulfilled(n, records), expected, "{text} of {n} of {records}");
        }
    }

    #[test]
    fn mistakes_have_a_place_and_say_what_was_expected() {
        for (text, position, expected) in [
            ("", 1, "newly_failing, newly_passing, newly_rejected, newly_accepted"),
            ("failing > 1", 1, "write one of"),
            ("  Newly_failing > 1", 3, "write one of"),
            ("newly_failing", 14, "write >, >=, < or <="),
            ("newly_failing = 1", 15, "write >"),
            ("newly_failing == 1", 15, "write >"),
            ("newly_failing >> 1", 15, "write >"),
            ("newly_failing <> 1", 15, "write >"),
            ("newly_failing =< 1", 15, "write >"),
            ("newly_failing > ", 17, "a number"),
            ("newly_failing > -1", 17, "a number"),
            ("newly_failing > .5", 17, "a number"),
            ("newly_failing > 1.%", 19, "decimals"),
            ("newly_failing > 1 percent", 19, "% or nothing"),
            ("newly_failing > 1 %, newly_passing > 2", 20, "end here"),
            ("newly_failing > 1%%", 19, "end here"),
            ("newly_failing > 1e3", 18, "% or nothing"),
            ("newly_failing > 1234567890123456", 17, "at most 15 digits"),
            ("newly_failing > 0.0000000000000001", 17, "at most 15 digits"),
            ("åäö > 1", 1, "write one of"),
            ("newly_failing å 1", 15, "write >"),
        ] {
            let error = Condition::parse(text).expect_err(text);
            assert_eq!(error.position, position, "{text}: {error}");
            assert!(error.expected.en.contains(expected), "{text}: {error}");
        }
    }

    #[test]
    fn rules_and_reporters_are_judged_each_by_itself() {
        let rejected = |records, newly_rejected| Rejected { records, newly_rejected, ..Rejected::default() };
        let failing = |newly_failing| RuleImpact {
            total: Violations { newly_failing, ..Violations::default() },
            ..RuleImpact::default()
        };
        let skane = County::new("12");
        let collection = CollectionImpact {
            records: 1_000,
            rules: [("A".to_owned(), failing(5)), ("B".to_owned(), failing(6))].into(),
            reporters: [(None, rejected(900, 0)), (skane, rejected(100, 6))].into(),
            ..CollectionImpact::default()
        };
        let impact = Impact { collections: [("c".to_owned(), collection)].into(), ..Impact::default() };
        let subjects = |text: &str| -> Vec<Subject> {
            condition(text).judge(&impact).into_iter().map(|breach| breach.subject).collect()
        };
        let rule = |rule: &str| Subject::Rule { collection: "c".to_owned(), rule: rule.to_owned() };
        let reporter = |region| Subject::Reporter { collection: "c".to_owned(), region };
        assert_eq!(subjects("newly_failing > 0.5%"), [rule("B")]);
        assert_eq!(subjects("newly_failing >= 0.5%"), [rule("A"), rule("B")]);
        assert_eq!(subjects("newly_rejected > 5%"), [reporter(skane)]);
        assert_eq!(subjects("newly_rejected > 0.5%"), [reporter(skane), Subject::All]);
        assert_eq!(subjects("newly_passing > 0"), []);
        assert_eq!(subjects("newly_accepted < 1"), [reporter(None), reporter(skane), Subject::All]);
    }
}
