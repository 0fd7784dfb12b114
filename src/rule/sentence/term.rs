//! What a clause speaks of: variables, their codes, parameters, and what is worked out from them, as noun phrases.

use super::words::{Gender, gender, list, lowered, number, pick, quoted};
use crate::model::{Language, VariableIndex};
use crate::rule::expr::{IntExpr, IntNode, Parameter, Program, TextExpr, TextNode, TextTest, TimeExpr, TimeNode};
use crate::schema::{Codelists, Collection, Domain};
use crate::time;

/// What names are looked up in, and the language of the sentence.
#[derive(Clone, Copy, Debug)]
pub(super) struct Words<'a> {
    pub(super) collection: &'a Collection,
    pub(super) codelists: &'a Codelists,
    pub(super) program: &'a Program,
    pub(super) language: Language,
}

impl<'a> Words<'a> {
    pub(super) fn pick<'b>(&self, sv: &'b str, en: &'b str) -> &'b str {
        pick(self.language, sv, en)
    }

    pub(super) fn or(&self, items: &[String]) -> String {
        list(items, self.pick("eller", "or"), false)
    }

    pub(super) fn and(&self, items: &[String]) -> String {
        list(items, self.pick("och", "and"), false)
    }

    /// A variable's name in running text.
    pub(super) fn variable(&self, variable: VariableIndex) -> String {
        lowered(self.collection.get(variable).name.get(self.language))
    }

    pub(super) fn gender(&self, variable: VariableIndex) -> Gender {
        gender(&self.collection.get(variable).name.sv)
    }

    /// A code with what it means: `5 (akut kontakt)`.
    pub(super) fn code(&self, list: &str, code: &str) -> String {
        let entry = self.codelists.get(list).and_then(|list| list.find(code.as_bytes()));
        let text = entry.map(|entry| pick(self.language, &entry.text_sv, &entry.text_en)).unwrap_or_default();
        if text.is_empty() || text.to_lowercase() == code.to_lowercase() {
            return code.to_owned();
        }
        // "Vårdgarantipatient: ja" of the variable of that name is "ja".
        let mut names = self.collection.variables.iter().map(|variable| variable.name.get(self.language));
        let text = names.find_map(|name| text.strip_prefix(name)?.strip_prefix(": ")).unwrap_or(text);
        // One bracket within another is hard to read.
        format!("{code} ({})", lowered(text).replace(" (", ", ").replace(')', ""))
    }

    /// A code list as people call it.
    pub(super) fn codelist(&self, name: &str) -> String {
        match self.codelists.get(name).and_then(|list| list.name()) {
            Some(text) => text.get(self.language).to_owned(),
            None => {
                let list = self.pick("koderna i kodverket", "the codes of code list");
                format!("{list} {}", quoted(name, self.language))
            }
        }
    }

    fn literal(&self, bytes: &[u8]) -> String {
        quoted(&String::from_utf8_lossy(bytes), self.language)
    }

    /// A text literal beside `other`: with its meaning where `other` is a code.
    pub(super) fn value_of(&self, other: TextNode, value: &[u8]) -> String {
        match self.codelist_of(other) {
            Some(list) => self.code(list, &String::from_utf8_lossy(value)),
            None => self.plain_value(value),
        }
    }

    /// Digits stand as they are, words in quotes.
    pub(super) fn plain_value(&self, value: &[u8]) -> String {
        if !value.is_empty() && value.iter().all(u8::is_ascii_digit) {
            return String::from_utf8_lossy(value).into_owned();
        }
        self.literal(value)
    }

    fn codelist_of(&self, text: TextNode) -> Option<&'a str> {
        match &self.program.texts[text.0 as usize] {
            TextExpr::Variable(variable) => self.codelist_of_variable(*variable),
            _ => None,
        }
    }

    pub(super) fn codelist_of_variable(&self, variable: VariableIndex) -> Option<&'a str> {
        match &self.collection.get(variable).domain {
            Domain::Code { codelist } => Some(codelist),
            _ => None,
        }
    }

    pub(super) fn parameter(&self, parameter: Parameter) -> &'static str {
        match parameter {
            Parameter::DeliveryDate => pick(self.language, "leveransdagen", "the day of delivery"),
            Parameter::PeriodStart => pick(self.language, "periodens första dag", "the first day of the period"),
            Parameter::PeriodEnd => pick(self.language, "periodens sista dag", "the last day of the period"),
            Parameter::DeliveredRegions => {
                pick(self.language, "antalet regioner som levererat", "the number of regions that have delivered")
            }
            Parameter::StatedRegion => pick(
                self.language,
                "den angivna regionens organisationsnummer",
                "the organisation number of the stated region",
            ),
        }
    }

    /// A text.
    pub(super) fn text(&self, node: TextNode) -> String {
        match &self.program.texts[node.0 as usize] {
            TextExpr::Literal(value) => self.literal(value),
            TextExpr::Variable(variable) => self.variable(*variable),
            TextExpr::Substring(text, from, count) => {
                let text = self.text(*text);
                let characters = match count {
                    Some(1) => format!("{} {from}", self.pick("tecken", "character")),
                    Some(count) => {
                        let last = from.saturating_add(*count).saturating_sub(1);
                        format!("{} {from}–{last}", self.pick("tecken", "characters"))
                    }
                    None => {
                        format!("{} {from} {}", self.pick("tecken", "characters"), self.pick("och framåt", "onwards"))
                    }
                };
                format!("{characters} {} {text}", self.pick("i", "of"))
            }
            TextExpr::CodelistValue { list: name, code, column } => self.attribute(name, *code, *column),
            TextExpr::OrganisationNumber(text) => {
                format!("{} {}", self.pick("organisationsnumret i", "the organisation number in"), self.text(*text))
            }
            TextExpr::StatedRegion => self.parameter(Parameter::StatedRegion).to_owned(),
        }
    }

    /// An attribute of a code in a list.
    fn attribute(&self, name: &str, code: TextNode, column: usize) -> String {
        let column = self.codelists.get(name).and_then(|list| list.column_name(column));
        let column = match column {
            Some((_, Some(text))) => text.get(self.language).to_owned(),
            Some((id, None)) => quoted(id, self.language),
            None => String::new(),
        };
        let of = format!("{column} {} {}", self.pick("för", "of"), self.text(code));
        if self.codelist_of(code) == Some(name) {
            return of;
        }
        format!("{of} {} {}", self.pick("enligt", "according to"), self.codelist(name))
    }

    /// A point in time, or the day of one.
    pub(super) fn time(&self, node: TimeNode) -> String {
        match &self.program.times[node.0 as usize] {
            TimeExpr::Literal(seconds, has_time) => moment(*seconds, *has_time),
            TimeExpr::Variable(variable) => self.variable(*variable),
            TimeExpr::Date(time) => self.time(*time),
            TimeExpr::Parameter(parameter) => self.parameter(*parameter).to_owned(),
        }
    }

    /// Whether comparisons with it are by calendar day, whatever it is compared with.
    pub(super) fn is_day(&self, node: TimeNode) -> bool {
        matches!(
            self.program.times[node.0 as usize],
            TimeExpr::Literal(_, false) | TimeExpr::Date(_) | TimeExpr::Parameter(_)
        )
    }

    /// Whether it is the same for every record.
    pub(super) fn is_fixed(&self, node: TimeNode) -> bool {
        match &self.program.times[node.0 as usize] {
            TimeExpr::Literal(..) | TimeExpr::Parameter(_) => true,
            TimeExpr::Variable(_) => false,
            TimeExpr::Date(time) => self.is_fixed(*time),
        }
    }

    /// A whole number.
    pub(super) fn int(&self, node: IntNode) -> String {
        match &self.program.ints[node.0 as usize] {
            IntExpr::Literal(value) => number(*value, self.language),
            IntExpr::Variable(variable) => self.variable(*variable),
            IntExpr::Add(left, right) => format!("{} plus {}", self.int(*left), self.int(*right)),
            IntExpr::Subtract(left, right) => self.difference(*left, *right),
            IntExpr::Multiply(times, inner) => {
                format!("{} {} {}", number(*times, self.language), self.pick("gånger", "times"), self.member(*inner))
            }
            IntExpr::CodelistNumber { list, code, column, day } => {
                let cell = self.attribute(list, *code, *column);
                match day {
                    Some(day) => format!("{cell} {} {}", self.pick("vid", "at"), self.time(*day)),
                    None => cell,
                }
            }
            IntExpr::Parameter(parameter) => self.parameter(*parameter).to_owned(),
            IntExpr::Length(text) => {
                format!("{} {}", self.pick("antalet tecken i", "the number of characters of"), self.text(*text))
            }
            IntExpr::Year(time)
                if self.program.times[time.0 as usize] == TimeExpr::Parameter(Parameter::DeliveryDate) =>
            {
                self.pick("leveransåret", "the year of delivery").to_owned()
            }
            IntExpr::Year(time) => format!("{} {}", self.pick("året för", "the year of"), self.time(*time)),
            IntExpr::DaysBetween(from, to) | IntExpr::MinutesBetween(from, to) => {
                self.span(&self.time(*from), &self.time(*to))
            }
            IntExpr::ElementCount(variable, None) => {
                format!("{} {}", self.pick("antalet värden i", "the number of values of"), self.variable(*variable))
            }
            IntExpr::ElementCount(variable, Some(test)) => {
                let clause = self.tested(String::new(), Some(*variable), std::slice::from_ref(test));
                let tested = clause.say(self.language, super::words::Mood::Condition);
                format!(
                    "{} {} {}{tested}",
                    self.pick("antalet värden i", "the number of values of"),
                    self.variable(*variable),
                    self.pick("som", "that"),
                )
            }
        }
    }

    /// A number of which something is said as a whole: a sum or difference is called one.
    fn member(&self, node: IntNode) -> String {
        let (what, left, right) = match &self.program.ints[node.0 as usize] {
            IntExpr::Add(left, right) => (self.pick("summan av", "the sum of"), left, right),
            IntExpr::Subtract(left, right) if self.literal_int(*left) != Some(0) => {
                (self.pick("skillnaden mellan", "the difference between"), left, right)
            }
            _ => return self.int(node),
        };
        format!("{what} {} {} {}", self.int(*left), self.pick("och", "and"), self.int(*right))
    }

    fn span(&self, from: &str, to: &str) -> String {
        format!("{} {from} {} {to}", self.pick("tiden från", "the time from"), self.pick("till", "to"))
    }

    fn difference(&self, left: IntNode, right: IntNode) -> String {
        match (&self.program.ints[left.0 as usize], &self.program.ints[right.0 as usize]) {
            (IntExpr::Literal(0), IntExpr::Literal(value)) => number(value.saturating_neg(), self.language),
            (IntExpr::Literal(0), _) => format!("minus {}", self.int(right)),
            _ if self.is_year(left) && self.is_year(right) => self.span(&self.int(right), &self.int(left)),
            _ => format!("{} minus {}", self.int(left), self.int(right)),
        }
    }

    /// Whether a number is a calendar year.
    pub(super) fn is_year(&self, node: IntNode) -> bool {
        match &self.program.ints[node.0 as usize] {
            IntExpr::Year(_) => true,
            IntExpr::Variable(variable) => matches!(self.collection.get(*variable).domain, Domain::Year { .. }),
            _ => false,
        }
    }

    /// The unit of a span of time, behind a number of it: several, one.
    pub(super) fn unit(&self, node: IntNode) -> Option<(&'static str, &'static str)> {
        let (sv, en) = match &self.program.ints[node.0 as usize] {
            IntExpr::DaysBetween(..) => (("dagar", "dag"), ("days", "day")),
            IntExpr::MinutesBetween(..) => (("minuter", "minut"), ("minutes", "minute")),
            IntExpr::Subtract(left, right) if self.is_year(*left) && self.is_year(*right) => {
                (("år", "år"), ("years", "year"))
            }
            _ => return None,
        };
        Some(if self.language == Language::Swedish { sv } else { en })
    }

    /// A number beside `other`: with the unit that `other` is counted in.
    pub(super) fn amount(&self, node: IntNode, other: IntNode) -> String {
        let value = self.int(node);
        let Some((several, one)) = self.unit(other).filter(|_| self.literal_int(node).is_some()) else { return value };
        let text = format!("{value} {}", if self.literal_int(node) == Some(1) { one } else { several });
        match (&self.program.ints[other.0 as usize], self.literal_int(node)) {
            (IntExpr::MinutesBetween(..), Some(minutes)) if minutes >= 120 && minutes % 60 == 0 => {
                format!("{text} ({} {})", number(minutes / 60, self.language), self.pick("timmar", "hours"))
            }
            _ => text,
        }
    }

    /// The number where it is written in the rule.
    pub(super) fn literal_int(&self, node: IntNode) -> Option<i64> {
        match &self.program.ints[node.0 as usize] {
            IntExpr::Literal(value) => Some(*value),
            IntExpr::Subtract(left, right) => match (self.literal_int(*left)?, self.literal_int(*right)?) {
                (0, value) => Some(value.saturating_neg()),
                _ => None,
            },
            _ => None,
        }
    }

    /// The format that has this pattern.
    pub(super) fn format_name(&self, pattern_text: &str) -> Option<&'a str> {
        self.collection.variables.iter().find_map(|variable| match &variable.domain {
            Domain::Text { format: Some(format), .. } if format.pattern.text() == pattern_text => {
                Some(format.name.get(self.language))
            }
            _ => None,
        })
    }
}

/// Whether tests are of one sort, so that they can be said at once.
pub(super) fn are_alike(a: &TextTest, b: &TextTest) -> bool {
    use super::pattern::{Shape, shape};
    match (a, b) {
        (TextTest::In(_), TextTest::In(_)) => true,
        (TextTest::Pattern(a), TextTest::Pattern(b)) => matches!(
            (shape(a), shape(b)),
            (Shape::Texts(_), Shape::Texts(_))
                | (Shape::Prefix(_), Shape::Prefix(_))
                | (Shape::Suffix(_), Shape::Suffix(_))
                | (Shape::Within(_), Shape::Within(_))
        ),
        _ => false,
    }
}

/// A day, or a day and a time of day; without seconds where they are nought.
fn moment(seconds: i64, has_time: bool) -> String {
    let day = time::format_day(seconds.div_euclid(time::DAY));
    if !has_time {
        return day;
    }
    let rest = seconds.rem_euclid(time::DAY);
    let clock = format!("{day} {:02}:{:02}", rest / 3600, rest / 60 % 60);
    if rest % 60 == 0 { clock } else { format!("{clock}:{:02}", rest % 60) }
}
