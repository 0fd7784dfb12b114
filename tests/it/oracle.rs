//! A naive evaluator, written from the documented semantics: one record at a time, one optional text a variable.
//!
//! It shares no code with the crate: no Arrow, no threads, its own expression tree, its own reading of dates (checked
//! by `jiff`), patterns as plain functions. An expression prints itself as SQL, so that comparing the two evaluators
//! tests the parsing and lowering of SQL as well. Slow and plain on purpose. Only the words of results
//! ([`Verdict`], [`Account`]) are the crate's.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use jiff::civil::{Date, DateTime, Time};
use vantkoll::model::{Account, Verdict};

/// One record: a text for each variable, as written; `None` and what is nothing but spaces are blank.
pub(crate) type Record = Vec<Option<String>>;

/// A shape of texts with its pattern as the schema states it, and what the pattern means.
#[derive(Debug)]
pub(crate) struct Shape {
    pub(crate) id: &'static str,
    pub(crate) pattern: &'static str,
    pub(crate) matches: Meaning,
    pub(crate) max_length: Option<usize>,
    /// Left out before a value is looked up in an official list.
    pub(crate) ignored: &'static str,
    pub(crate) valid: &'static str,
    pub(crate) invalid: &'static str,
}

fn is_digits(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_digit())
}

/// The formats that schemas may use.
pub(crate) const SHAPES: [Shape; 4] = [
    Shape {
        id: "kort",
        pattern: "[A-Z][0-9]{2}",
        matches: |text| text.len() == 3 && text.starts_with(|c: char| c.is_ascii_uppercase()) && is_digits(&text[1..]),
        max_length: None,
        ignored: "",
        valid: "A01",
        invalid: "A0",
    },
    Shape {
        id: "med_punkt",
        pattern: "[A-Z][0-9]{2}(\\.[0-9])?",
        matches: |text| match text.split_once('.') {
            Some((short, last)) => (SHAPES[0].matches)(short) && last.len() == 1 && is_digits(last),
            None => (SHAPES[0].matches)(text),
        },
        max_length: None,
        ignored: ".",
        valid: "A01.1",
        invalid: "A01.",
    },
    // An alternation shows whether the whole value is matched.
    Shape {
        id: "val",
        pattern: "a|å+",
        matches: |text| text == "a" || (!text.is_empty() && text.chars().all(|c| c == 'å')),
        max_length: None,
        ignored: "",
        valid: "åå",
        invalid: "ab",
    },
    Shape {
        id: "kapad",
        pattern: ".*",
        matches: |text| !text.contains('\n'),
        max_length: Some(3),
        ignored: "",
        valid: "åäö",
        invalid: "åäöx",
    },
];

/// What a pattern means.
type Meaning = fn(&str) -> bool;

/// Regular expressions that rules may use, and what they mean.
pub(crate) const PATTERNS: [(&str, Meaning); 5] = [
    ("å", |text| text.contains('å')),
    ("^[A-C]", |text| text.starts_with(['A', 'B', 'C'])),
    ("[0-9]{2}$", |text| {
        let last: Vec<char> = text.chars().rev().take(2).collect();
        last.len() == 2 && last.iter().all(char::is_ascii_digit)
    }),
    ("^.$", |text| text.chars().count() == 1 && text != "\n"),
    ("^$", str::is_empty),
];

/// A code list.
#[derive(Clone, Debug)]
pub(crate) struct List {
    pub(crate) name: String,
    pub(crate) codes: Vec<Code>,
}

#[derive(Clone, Debug)]
pub(crate) struct Code {
    pub(crate) text: String,
    pub(crate) from: Option<&'static str>,
    pub(crate) to: Option<&'static str>,
    /// The code this is another spelling of.
    pub(crate) same_as: Option<String>,
    /// The cell of the attribute column `grupp`.
    pub(crate) group: &'static str,
    /// The cell of the attribute column `antal`.
    pub(crate) number: Option<i64>,
    /// A second row of the code: its first day, and what `antal` is then.
    pub(crate) later: Option<(&'static str, Option<i64>)>,
}

impl List {
    fn find(&self, code: &str) -> Option<&Code> {
        self.codes.iter().find(|entry| entry.text == code)
    }

    /// Whether a code of it is not valid for all time.
    pub(crate) fn is_dated(&self) -> bool {
        self.codes.iter().any(Code::is_dated)
    }

    fn canonical(&self, code: &str) -> String {
        self.find(code).and_then(|entry| entry.same_as.clone()).unwrap_or_else(|| code.to_owned())
    }
}

impl Code {
    fn is_dated(&self) -> bool {
        self.from.is_some() || self.to.is_some()
    }

    fn is_valid_on(&self, day: Date) -> bool {
        self.is_first_row_on(day) || self.is_later_row_on(day)
    }

    fn is_first_row_on(&self, day: Date) -> bool {
        let day_of = |text: &str| read_moment(text).expect("lists hold dates").at.date();
        self.from.is_none_or(|from| day_of(from) <= day) && self.to.is_none_or(|to| day <= day_of(to))
    }

    fn is_later_row_on(&self, day: Date) -> bool {
        let day_of = |text: &str| read_moment(text).expect("lists hold dates").at.date();
        self.later.is_some_and(|(from, _)| day_of(from) <= day)
    }
}

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Text {
        /// Index in [`SHAPES`].
        shape: Option<usize>,
        max_length: Option<usize>,
        /// An official list, and whether it is loaded.
        official: Option<(usize, bool)>,
    },
    /// Index of the list.
    Code(usize),
    Timestamp {
        date_only: bool,
    },
    Year(Option<(i64, i64)>),
    Integer(Option<(i64, i64)>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    Negative,
    Unknown,
}

#[derive(Clone, Debug)]
pub(crate) enum Level {
    Mandatory,
    Conditional { required: Option<Box<Truth>>, relevant: Option<Box<Truth>> },
    IfAvailable,
    Voluntary,
    FetchedSeparately,
    NotIncluded,
}

#[derive(Clone, Debug)]
pub(crate) struct Variable {
    pub(crate) id: String,
    pub(crate) kind: Kind,
    /// Empty where the variable does not repeat.
    pub(crate) separators: &'static str,
    pub(crate) missing: Vec<(String, Missing)>,
    pub(crate) level: Level,
}

#[derive(Clone, Debug)]
pub(crate) struct Schema {
    pub(crate) lists: Vec<List>,
    pub(crate) variables: Vec<Variable>,
    /// The timestamp that chooses which codes are valid.
    pub(crate) record_date: Option<usize>,
}

/// What is stated about a run; days as `2022-01-03`.
#[derive(Clone, Debug)]
pub(crate) struct Stated {
    pub(crate) delivery_date: &'static str,
    /// The day the rules are of.
    pub(crate) as_of: Option<&'static str>,
    pub(crate) period: Option<(&'static str, &'static str)>,
    pub(crate) region: Option<&'static str>,
}

/// A check written in SQL.
#[derive(Clone, Debug)]
pub(crate) struct CheckRule {
    pub(crate) id: String,
    pub(crate) when: Option<Truth>,
    pub(crate) assertion: Truth,
    pub(crate) detail: Option<Whole>,
    /// First and last day, by which variable.
    pub(crate) valid: Option<(Option<&'static str>, Option<&'static str>, usize)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Operator {
    pub(crate) const ALL: [Self; 6] =
        [Self::Equal, Self::NotEqual, Self::Less, Self::LessOrEqual, Self::Greater, Self::GreaterOrEqual];

    fn sql(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "<>",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }

    fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Equal => order == Ordering::Equal,
            Self::NotEqual => order != Ordering::Equal,
            Self::Less => order == Ordering::Less,
            Self::LessOrEqual => order != Ordering::Greater,
            Self::Greater => order == Ordering::Greater,
            Self::GreaterOrEqual => order != Ordering::Less,
        }
    }
}

/// An expression of type truth.
#[derive(Clone, Debug)]
pub(crate) enum Truth {
    Constant(bool),
    And(Box<Truth>, Box<Truth>),
    Or(Box<Truth>, Box<Truth>),
    Not(Box<Truth>),
    IsNull { variable: usize, negated: bool },
    Compare(Operator, Value, Value),
    In { value: Value, list: Vec<Value>, negated: bool },
    Between { value: Value, low: Value, high: Value, negated: bool },
    Like { text: Words, pattern: String, negated: bool },
    Regexp(Words, usize),
    InCodelist(Words, usize),
    Luhn(Words),
    PersonalNumber(Words),
    HasTime(Point),
    AnyElement(usize, String),
    EveryElement(usize, String),
}

/// An expression of one of the types that can be compared.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Words(Words),
    Whole(Whole),
    Point(Point),
}

/// An expression of type text.
#[derive(Clone, Debug)]
pub(crate) enum Words {
    Literal(String),
    Variable(usize),
    Substring(Box<Words>, usize, Option<usize>),
    CodelistValue(usize, Box<Words>),
    OrganisationNumber(Box<Words>),
    StatedRegion,
}

/// An expression of type whole number.
#[derive(Clone, Debug)]
pub(crate) enum Whole {
    Literal(i64),
    Variable(usize),
    Add(Box<Whole>, Box<Whole>),
    Subtract(Box<Whole>, Box<Whole>),
    Negative(Box<Whole>),
    Multiply(i64, Box<Whole>),
    /// The list, the code, and the variable whose day chooses the row where the list is dated.
    CodelistNumber(usize, Words, Option<usize>),
    DeliveredRegions,
    Length(Words),
    Year(Point),
    Days(Point, Point),
    Minutes(Point, Point),
    ElementCount(usize),
    CountLike(usize, String),
}

/// An expression of type point in time.
#[derive(Clone, Debug)]
pub(crate) enum Point {
    Literal(&'static str),
    Variable(usize),
    Day(Box<Point>),
    DeliveryDate,
    PeriodStart,
    PeriodEnd,
}

/// What an expression reads: variables, and functions that stand for what is stated.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reads {
    pub(crate) variables: BTreeSet<usize>,
    period: bool,
    region: bool,
}

/// A point in time, and whether its time of day was written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Moment {
    pub(crate) at: DateTime,
    pub(crate) has_time: bool,
}

impl Moment {
    fn compare(self, other: Self) -> Ordering {
        if self.has_time && other.has_time { self.at.cmp(&other.at) } else { self.at.date().cmp(&other.at.date()) }
    }
}

/// Reads a point in time: `2022-01-03`, `20220103`, `2022-01-03T08:00[:00[.0]]` (also with a space), `20220103080000`.
pub(crate) fn read_moment(text: &str) -> Option<Moment> {
    let mut shape: String = text.chars().map(|c| if c.is_ascii_digit() { '9' } else { c }).collect();
    if let Some((before, fraction)) = shape.split_once('.')
        && before.len() == 19
        && (1..=9).contains(&fraction.len())
        && fraction.chars().all(|c| c == '9')
    {
        shape.truncate(19);
    }
    let digits: String = text.chars().take(shape.chars().count()).filter(char::is_ascii_digit).collect();
    let known = ["9999-99-99", "99999999", "99999999999999"];
    let with_time = ["9999-99-99T99:99", "9999-99-99 99:99", "9999-99-99T99:99:99", "9999-99-99 99:99:99"];
    if !known.contains(&shape.as_str()) && !with_time.contains(&shape.as_str()) {
        return None;
    }
    let number = |from: usize, to: usize| digits.get(from..to).map_or(Some(0), |part| part.parse::<i16>().ok());
    let small = |from: usize| number(from, from + 2).and_then(|n| i8::try_from(n).ok());
    let date = Date::new(number(0, 4)?, small(4)?, small(6)?).ok()?;
    let time = Time::new(small(8)?, small(10)?, small(12)?, 0).ok()?;
    Some(Moment { at: DateTime::from_parts(date, time), has_time: digits.len() > 8 })
}

/// A field without what surrounds its value; `None` where nothing is left.
fn trimmed(field: Option<&String>) -> Option<&str> {
    field.map(|text| text.trim_matches([' ', '\t', '\u{a0}'])).filter(|text| !text.is_empty())
}

/// Whether the text is like the pattern, `%` being any text and `_` any character.
fn is_like(text: &[char], pattern: &[char]) -> bool {
    match pattern {
        [] => text.is_empty(),
        ['%', rest @ ..] => (0..=text.len()).any(|skipped| is_like(&text[skipped..], rest)),
        ['_', rest @ ..] => !text.is_empty() && is_like(&text[1..], rest),
        [first, rest @ ..] => text.first() == Some(first) && is_like(&text[1..], rest),
    }
}

fn like(text: &str, pattern: &str) -> bool {
    is_like(&text.chars().collect::<Vec<_>>(), &pattern.chars().collect::<Vec<_>>())
}

/// Luhn: from the right every second digit doubled, the digits of all summed; divisible by ten.
fn luhn(text: &str) -> bool {
    let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(10)).collect();
    let doubled = |(place, digit): (usize, &u32)| match (place % 2, digit * 2) {
        (0, _) => *digit,
        (_, double) if double > 9 => double - 9,
        (_, double) => double,
    };
    digits.len() > 1 && digits.iter().rev().enumerate().map(doubled).sum::<u32>() % 10 == 0
}

/// Ten digits between `SE` or `SE16` and a hyphen, at the head of the text.
fn organisation_number(text: &str) -> Option<String> {
    let (head, _) = text.split_once('-')?;
    let digits = head.strip_prefix("SE")?;
    let ten = if digits.len() == 12 { digits.strip_prefix("16")? } else { digits };
    (ten.len() == 10 && is_digits(ten)).then(|| ten.to_owned())
}

/// `ååmmddnnnn` or `ååååmmddnnnn`, `-` or `+` allowed before the last four, a possible date (60 more in the day of a
/// coordination number), a right control digit.
fn is_personal_number(text: &str) -> bool {
    let bare = match text.len().checked_sub(5).and_then(|at| text.get(at..=at).map(|sign| (at, sign))) {
        Some((at, "-" | "+")) => format!("{}{}", &text[..at], &text[at + 1..]),
        _ => text.to_owned(),
    };
    if !bare.chars().all(|c| c.is_ascii_digit()) {
        return false;
    }
    let ten = match bare.len() {
        10 => bare.as_str(),
        12 if ["18", "19", "20"].contains(&&bare[..2]) => &bare[2..],
        _ => return false,
    };
    let two = |at: usize| ten[at..at + 2].parse::<i8>().unwrap_or(0);
    let day = if two(4) > 60 { two(4) - 60 } else { two(4) };
    // Which century is unknown: the 29th of February is possible in any year that four divides.
    let is_date = Date::new(2000 + i16::from(two(0)), two(2), day).is_ok();
    is_date && luhn(ten)
}

/// One record of a schema, as stated outside.
pub(crate) struct World<'a> {
    pub(crate) schema: &'a Schema,
    pub(crate) stated: &'a Stated,
    pub(crate) record: &'a Record,
}

fn both<A, B, C>(a: Option<A>, b: Option<B>, f: impl Fn(A, B) -> C) -> Option<C> {
    Some(f(a?, b?))
}

impl World<'_> {
    fn field(&self, variable: usize) -> Option<&str> {
        trimmed(self.record[variable].as_ref())
    }

    /// The values of a field, each in its canonical spelling.
    fn elements(&self, variable: usize) -> Option<Vec<String>> {
        Some(self.raw_elements(variable)?.iter().map(|element| self.canonical(variable, element)).collect())
    }

    fn raw_elements(&self, variable: usize) -> Option<Vec<String>> {
        let separators = self.schema.variables[variable].separators;
        Some(self.field(variable)?.split(|c| separators.contains(c)).map(|element| element.trim().to_owned()).collect())
    }

    fn canonical(&self, variable: usize, text: &str) -> String {
        match self.schema.variables[variable].kind {
            Kind::Code(list) => self.schema.lists[list].canonical(text),
            _ => text.to_owned(),
        }
    }

    fn words(&self, words: &Words) -> Option<String> {
        match words {
            Words::Literal(text) => Some(text.clone()),
            Words::Variable(variable) => self.field(*variable).map(|text| self.canonical(*variable, text)),
            Words::Substring(inner, from, count) => {
                let text = self.words(inner)?;
                Some(text.chars().skip(from - 1).take(count.unwrap_or(usize::MAX)).collect())
            }
            Words::CodelistValue(list, inner) => {
                let list = &self.schema.lists[*list];
                let code = list.canonical(&self.words(inner)?);
                list.find(&code).map(|entry| entry.group.to_owned()).filter(|group| !group.is_empty())
            }
            Words::OrganisationNumber(inner) => organisation_number(&self.words(inner)?),
            Words::StatedRegion => self.stated.region.map(str::to_owned),
        }
    }

    fn point(&self, point: &Point) -> Option<Moment> {
        match point {
            Point::Literal(text) => read_moment(text),
            Point::Variable(variable) => read_moment(self.field(*variable)?),
            Point::Day(inner) => {
                let day = self.point(inner)?.at.date();
                Some(Moment { at: day.to_datetime(Time::midnight()), has_time: false })
            }
            Point::DeliveryDate => read_moment(self.stated.delivery_date),
            Point::PeriodStart => read_moment(self.stated.period?.0),
            Point::PeriodEnd => read_moment(self.stated.period?.1),
        }
    }

    fn number(&self, variable: usize) -> Option<i128> {
        let text = self.field(variable)?;
        let is_year = matches!(self.schema.variables[variable].kind, Kind::Year(_));
        let digits = if is_year { text } else { text.strip_prefix('-').unwrap_or(text) };
        let lengths = if is_year { 4..=4 } else { 1..=18 };
        (is_digits(digits) && lengths.contains(&digits.len())).then(|| text.parse().expect("digits"))
    }

    fn whole(&self, whole: &Whole) -> Option<i128> {
        let seconds = |from: &Point, to: &Point| {
            both(self.point(from), self.point(to), |from, to| i128::from(from.at.duration_until(to.at).as_secs()))
        };
        match whole {
            Whole::Literal(number) => Some(i128::from(*number)),
            Whole::Variable(variable) => self.number(*variable),
            Whole::Add(a, b) => both(self.whole(a), self.whole(b), |a, b| a + b),
            Whole::Subtract(a, b) => both(self.whole(a), self.whole(b), |a, b| a - b),
            Whole::Negative(a) => self.whole(a).map(|a| -a),
            Whole::Multiply(times, a) => self.whole(a).map(|a| i128::from(*times) * a),
            Whole::CodelistNumber(list, code, by) => {
                let list = &self.schema.lists[*list];
                let entry = list.find(&list.canonical(&self.words(code)?))?;
                let day = match self.stated.as_of {
                    Some(day) => Some(read_moment(day)?.at.date()),
                    None => by.and_then(|by| self.day(by)),
                };
                let number = if !entry.is_dated() || day.is_some_and(|day| entry.is_first_row_on(day)) {
                    entry.number
                } else if day.is_some_and(|day| entry.is_later_row_on(day)) {
                    entry.later.and_then(|(_, number)| number)
                } else {
                    None
                };
                number.map(i128::from)
            }
            // One file, of the region that is stated of the run.
            Whole::DeliveredRegions => self.stated.region.map(|_| 1),
            Whole::Length(text) => Some(self.words(text)?.chars().count() as i128),
            Whole::Year(point) => Some(i128::from(self.point(point)?.at.year())),
            Whole::Days(from, to) => {
                let day = |point: &Point| Point::Day(Box::new(point.clone()));
                seconds(&day(from), &day(to)).map(|seconds| seconds / 86_400)
            }
            Whole::Minutes(from, to) => seconds(from, to).map(|seconds| seconds.div_euclid(60)),
            Whole::ElementCount(variable) => Some(self.raw_elements(*variable)?.len() as i128),
            Whole::CountLike(variable, pattern) => {
                Some(self.elements(*variable)?.iter().filter(|element| like(element, pattern)).count() as i128)
            }
        }
    }

    fn compare(&self, a: &Value, b: &Value) -> Option<Ordering> {
        match (a, b) {
            (Value::Words(a), Value::Words(b)) => {
                both(self.words(a), self.words(b), |a, b| a.as_bytes().cmp(b.as_bytes()))
            }
            (Value::Whole(a), Value::Whole(b)) => both(self.whole(a), self.whole(b), |a, b| a.cmp(&b)),
            (Value::Point(a), Value::Point(b)) => both(self.point(a), self.point(b), Moment::compare),
            _ => unreachable!("the generator compares what can be compared"),
        }
    }

    /// SQL's three-valued truth.
    pub(crate) fn truth(&self, truth: &Truth) -> Option<bool> {
        let flip = |truth: Option<bool>, negated: bool| truth.map(|truth| truth != negated);
        match truth {
            Truth::Constant(truth) => Some(*truth),
            Truth::And(a, b) => match (self.truth(a), self.truth(b)) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            },
            Truth::Or(a, b) => match (self.truth(a), self.truth(b)) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            },
            Truth::Not(a) => flip(self.truth(a), true),
            Truth::IsNull { variable, negated } => Some(self.field(*variable).is_none() != *negated),
            Truth::Compare(operator, a, b) => self.compare(a, b).map(|order| operator.holds(order)),
            Truth::In { value, list, negated } => {
                // x IN (a, b) is x = a OR x = b.
                let equal = list.iter().map(|item| self.compare(value, item).map(Ordering::is_eq));
                let any = equal.reduce(|a, b| match (a, b) {
                    (Some(true), _) | (_, Some(true)) => Some(true),
                    (Some(false), Some(false)) => Some(false),
                    _ => None,
                });
                flip(any.flatten(), *negated)
            }
            Truth::Between { value, low, high, negated } => {
                let compare = |operator, bound: &Value| Truth::Compare(operator, value.clone(), bound.clone());
                let within = Truth::And(
                    Box::new(compare(Operator::GreaterOrEqual, low)),
                    Box::new(compare(Operator::LessOrEqual, high)),
                );
                flip(self.truth(&within), *negated)
            }
            Truth::Like { text, pattern, negated } => flip(self.words(text).map(|text| like(&text, pattern)), *negated),
            Truth::Regexp(text, pattern) => self.words(text).map(|text| PATTERNS[*pattern].1(&text)),
            Truth::InCodelist(text, list) => {
                self.words(text).map(|text| self.schema.lists[*list].find(&text).is_some())
            }
            Truth::Luhn(text) => self.words(text).map(|text| luhn(&text)),
            Truth::PersonalNumber(text) => self.words(text).map(|text| is_personal_number(&text)),
            Truth::HasTime(point) => self.point(point).map(|moment| moment.has_time),
            Truth::AnyElement(variable, pattern) => {
                self.elements(*variable).map(|all| all.iter().any(|element| like(element, pattern)))
            }
            Truth::EveryElement(variable, pattern) => {
                self.elements(*variable).map(|all| all.iter().all(|element| like(element, pattern)))
            }
        }
    }

    /// The verdict of a rule that applies where `when` is true.
    fn judge(when: Option<bool>, holds: Option<bool>) -> Verdict {
        match (when, holds) {
            (Some(false), _) => Verdict::NotApplicable,
            (Some(true), Some(true)) => Verdict::Satisfied,
            (Some(true), Some(false)) => Verdict::Violated,
            _ => Verdict::NotChecked,
        }
    }

    /// The day that chooses versions and codes, where it is the record's own date in `by`.
    fn day(&self, by: usize) -> Option<Date> {
        Some(read_moment(self.stated.as_of.map_or_else(|| self.field(by), Some)?)?.at.date())
    }

    /// Where a check applies: its condition, and its days of validity.
    pub(crate) fn applies(&self, rule: &CheckRule) -> Option<bool> {
        let when = rule.when.as_ref().map_or(Some(true), |when| self.truth(when));
        let valid = rule.valid.map_or(Some(true), |(from, until, by)| {
            let day = self.day(by)?;
            let day_of = |text: &str| read_moment(text).expect("validity is a date").at.date();
            Some(from.is_none_or(|from| day_of(from) <= day) && until.is_none_or(|until| day <= day_of(until)))
        });
        match (when, valid) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (Some(true), Some(true)) => Some(true),
            _ => None,
        }
    }

    pub(crate) fn check(&self, rule: &CheckRule) -> Verdict {
        Self::judge(self.applies(rule), self.truth(&rule.assertion))
    }

    pub(crate) fn detail(&self, rule: &CheckRule) -> Option<i128> {
        rule.detail.as_ref().and_then(|detail| self.whole(detail))
    }

    /// Where a value is required: `None` where no rule says so, or where the condition is null.
    pub(crate) fn is_required(&self, variable: usize) -> Option<bool> {
        match &self.schema.variables[variable].level {
            Level::Mandatory => Some(true),
            Level::Conditional { required, .. } => required.as_ref().map_or(Some(false), |when| self.truth(when)),
            _ => Some(false),
        }
    }

    /// `-K-`.
    pub(crate) fn required(&self, variable: usize) -> Verdict {
        Self::judge(self.is_required(variable), Some(self.field(variable).is_some()))
    }

    /// `-I-`: a blank is always in order; a value only where it is relevant.
    pub(crate) fn irrelevant(&self, variable: usize) -> Verdict {
        let relevant = match &self.schema.variables[variable].level {
            Level::Conditional { relevant: Some(relevant), .. } => self.truth(relevant),
            _ => Some(false),
        };
        let holds = if self.field(variable).is_none() { Some(true) } else { relevant };
        Self::judge(Some(true), holds)
    }

    /// `-V-`: type, format, code list and range.
    pub(crate) fn value(&self, variable: usize) -> Verdict {
        let Some(text) = self.field(variable) else { return Verdict::NotApplicable };
        let within = |range: Option<(i64, i64)>, number: Option<i128>| {
            number.is_some_and(|n| range.is_none_or(|(min, max)| i128::from(min) <= n && n <= i128::from(max)))
        };
        let holds = match &self.schema.variables[variable].kind {
            Kind::Text { shape, max_length, .. } => {
                let fits = |most: Option<usize>, text: &str| most.is_none_or(|most| text.chars().count() <= most);
                Some(self.raw_elements(variable).is_some_and(|all| {
                    all.iter().all(|element| {
                        fits(*max_length, element)
                            && shape.is_none_or(|shape| {
                                (SHAPES[shape].matches)(element) && fits(SHAPES[shape].max_length, element)
                            })
                    })
                }))
            }
            Kind::Code(list) => self.in_list(variable, &self.schema.lists[*list], "", &[]),
            Kind::Timestamp { date_only } => {
                Some(read_moment(text).is_some_and(|moment| moment.has_time || *date_only))
            }
            Kind::Year(range) | Kind::Integer(range) => Some(within(*range, self.number(variable))),
        };
        Self::judge(Some(true), holds)
    }

    /// `-O-`: in the official list, declared missing codes apart; where that is not loaded, no value is checked.
    pub(crate) fn official(&self, variable: usize) -> Verdict {
        if self.field(variable).is_none() {
            return Verdict::NotApplicable;
        }
        let Kind::Text { shape, official: Some((list, true)), .. } = self.schema.variables[variable].kind else {
            return Verdict::NotChecked;
        };
        let missing = &self.schema.variables[variable].missing;
        let ignored = shape.map_or("", |shape| SHAPES[shape].ignored);
        Self::judge(Some(true), self.in_list(variable, &self.schema.lists[list], ignored, missing))
    }

    /// Whether every value is in the list, and valid on the record's date; null where that date is needed and not known.
    fn in_list(&self, variable: usize, list: &List, ignored: &str, exempt: &[(String, Missing)]) -> Option<bool> {
        let bare = |text: &str| text.replace(|c| ignored.contains(c), "");
        let found: Vec<Option<&Code>> = self
            .raw_elements(variable)?
            .iter()
            .filter(|element| exempt.iter().all(|(code, _)| code != *element))
            .map(|element| list.codes.iter().find(|entry| bare(&entry.text) == bare(element)))
            .collect();
        if found.iter().any(Option::is_none) {
            return Some(false);
        }
        let dated: Vec<&Code> = found.into_iter().flatten().filter(|entry| entry.is_dated()).collect();
        if dated.is_empty() {
            return Some(true);
        }
        let day = match self.stated.as_of {
            Some(day) => read_moment(day)?.at.date(),
            None => self.day(self.schema.record_date?)?,
        };
        Some(dated.iter().all(|entry| entry.is_valid_on(day)))
    }

    /// What kind of blank or value the field is.
    pub(crate) fn account(&self, variable: usize, account: &mut Account) {
        let Some(text) = self.field(variable) else {
            if self.is_required(variable) == Some(true) {
                account.blank_required += 1;
            } else {
                account.blank_allowed += 1;
            }
            return;
        };
        let code = self.canonical(variable, text);
        let missing = &self.schema.variables[variable].missing;
        match missing.iter().find(|(declared, _)| self.canonical(variable, declared) == code) {
            Some((_, Missing::Negative)) => account.negative += 1,
            Some((_, Missing::Unknown)) => account.unknown += 1,
            None => account.filled += 1,
        }
    }

    /// The key of a record; `None` where a part is blank.
    pub(crate) fn key(&self, variables: &[usize]) -> Option<Vec<String>> {
        variables.iter().map(|variable| self.field(*variable).map(str::to_owned)).collect()
    }
}

impl Reads {
    /// Whether everything that is read is stated.
    pub(crate) fn is_stated(&self, stated: &Stated) -> bool {
        (!self.period || stated.period.is_some()) && (!self.region || stated.region.is_some())
    }

    pub(crate) fn truth(&mut self, truth: &Truth) {
        match truth {
            Truth::Constant(_) => {}
            Truth::And(a, b) | Truth::Or(a, b) => [a, b].into_iter().for_each(|part| self.truth(part)),
            Truth::Not(a) => self.truth(a),
            Truth::IsNull { variable, .. } | Truth::AnyElement(variable, _) | Truth::EveryElement(variable, _) => {
                self.variables.extend([*variable]);
            }
            Truth::Compare(_, a, b) => [a, b].into_iter().for_each(|value| self.value(value)),
            Truth::In { value, list, .. } => std::iter::once(value).chain(list).for_each(|value| self.value(value)),
            Truth::Between { value, low, high, .. } => [value, low, high].into_iter().for_each(|v| self.value(v)),
            Truth::Like { text, .. }
            | Truth::Regexp(text, _)
            | Truth::InCodelist(text, _)
            | Truth::Luhn(text)
            | Truth::PersonalNumber(text) => self.words(text),
            Truth::HasTime(point) => self.point(point),
        }
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Words(words) => self.words(words),
            Value::Whole(whole) => self.whole(whole),
            Value::Point(point) => self.point(point),
        }
    }

    fn words(&mut self, words: &Words) {
        match words {
            Words::Literal(_) => {}
            Words::Variable(variable) => self.variables.extend([*variable]),
            Words::Substring(inner, ..) | Words::CodelistValue(_, inner) | Words::OrganisationNumber(inner) => {
                self.words(inner);
            }
            Words::StatedRegion => self.region = true,
        }
    }

    pub(crate) fn whole(&mut self, whole: &Whole) {
        match whole {
            Whole::Literal(_) => {}
            Whole::Variable(variable) | Whole::ElementCount(variable) | Whole::CountLike(variable, _) => {
                self.variables.insert(*variable);
            }
            Whole::Add(a, b) | Whole::Subtract(a, b) => [a, b].into_iter().for_each(|part| self.whole(part)),
            Whole::Negative(a) | Whole::Multiply(_, a) => self.whole(a),
            Whole::CodelistNumber(_, code, by) => {
                self.words(code);
                self.variables.extend(*by);
            }
            Whole::DeliveredRegions => self.region = true,
            Whole::Length(words) => self.words(words),
            Whole::Year(point) => self.point(point),
            Whole::Days(a, b) | Whole::Minutes(a, b) => [a, b].into_iter().for_each(|point| self.point(point)),
        }
    }

    fn point(&mut self, point: &Point) {
        match point {
            Point::Literal(_) | Point::DeliveryDate => {}
            Point::Variable(variable) => self.variables.extend([*variable]),
            Point::Day(inner) => self.point(inner),
            Point::PeriodStart | Point::PeriodEnd => self.period = true,
        }
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Prints expressions as SQL, in parentheses wherever another could bind differently.
impl Schema {
    pub(crate) fn sql(&self, truth: &Truth) -> String {
        let id = |variable: &usize| &self.variables[*variable].id;
        let not = |negated: &bool| if *negated { "NOT " } else { "" };
        match truth {
            Truth::Constant(truth) => truth.to_string().to_uppercase(),
            Truth::And(a, b) => format!("({} AND {})", self.sql(a), self.sql(b)),
            Truth::Or(a, b) => format!("({} OR {})", self.sql(a), self.sql(b)),
            Truth::Not(a) => format!("NOT ({})", self.sql(a)),
            Truth::IsNull { variable, negated } => format!("{} IS {}NULL", id(variable), not(negated)),
            Truth::Compare(operator, a, b) => {
                format!("{} {} {}", self.value_sql(a), operator.sql(), self.value_sql(b))
            }
            Truth::In { value, list, negated } => {
                let list: Vec<String> = list.iter().map(|item| self.value_sql(item)).collect();
                format!("{} {}IN ({})", self.value_sql(value), not(negated), list.join(", "))
            }
            Truth::Between { value, low, high, negated } => format!(
                "({} {}BETWEEN {} AND {})",
                self.value_sql(value),
                not(negated),
                self.value_sql(low),
                self.value_sql(high)
            ),
            Truth::Like { text, pattern, negated } => {
                format!("{} {}LIKE {}", self.words_sql(text), not(negated), quoted(pattern))
            }
            Truth::Regexp(text, pattern) => {
                format!("regexp_like({}, {})", self.words_sql(text), quoted(PATTERNS[*pattern].0))
            }
            Truth::InCodelist(text, list) => {
                format!("in_codelist({}, {})", self.words_sql(text), quoted(&self.lists[*list].name))
            }
            Truth::Luhn(text) => format!("luhn_ok({})", self.words_sql(text)),
            Truth::PersonalNumber(text) => format!("is_personal_number({})", self.words_sql(text)),
            Truth::HasTime(point) => format!("has_time({})", self.point_sql(point)),
            Truth::AnyElement(variable, pattern) => {
                format!("any_element_like({}, {})", id(variable), quoted(pattern))
            }
            Truth::EveryElement(variable, pattern) => {
                format!("every_element_like({}, {})", id(variable), quoted(pattern))
            }
        }
    }

    fn value_sql(&self, value: &Value) -> String {
        match value {
            Value::Words(words) => self.words_sql(words),
            Value::Whole(whole) => self.whole_sql(whole),
            Value::Point(point) => self.point_sql(point),
        }
    }

    fn words_sql(&self, words: &Words) -> String {
        match words {
            Words::Literal(text) => quoted(text),
            Words::Variable(variable) => self.variables[*variable].id.clone(),
            Words::Substring(inner, from, None) => format!("substring({} FROM {from})", self.words_sql(inner)),
            Words::Substring(inner, from, Some(count)) => {
                format!("substring({} FROM {from} FOR {count})", self.words_sql(inner))
            }
            Words::CodelistValue(list, inner) => {
                format!("codelist_value({}, {}, 'grupp')", quoted(&self.lists[*list].name), self.words_sql(inner))
            }
            Words::OrganisationNumber(inner) => format!("organisation_number({})", self.words_sql(inner)),
            Words::StatedRegion => "stated_region_orgnr()".to_owned(),
        }
    }

    pub(crate) fn whole_sql(&self, whole: &Whole) -> String {
        let id = |variable: &usize| &self.variables[*variable].id;
        match whole {
            Whole::Literal(number) => number.to_string(),
            Whole::Variable(variable) => id(variable).clone(),
            Whole::Add(a, b) => format!("({} + {})", self.whole_sql(a), self.whole_sql(b)),
            Whole::Subtract(a, b) => format!("({} - {})", self.whole_sql(a), self.whole_sql(b)),
            Whole::Negative(a) => format!("(- {})", self.whole_sql(a)),
            Whole::Multiply(times, a) => format!("({times} * {})", self.whole_sql(a)),
            Whole::CodelistNumber(list, code, _) => {
                format!("codelist_number({}, {}, 'antal')", quoted(&self.lists[*list].name), self.words_sql(code))
            }
            Whole::DeliveredRegions => "delivered_regions()".to_owned(),
            Whole::Length(words) => format!("length({})", self.words_sql(words)),
            Whole::Year(point) => format!("EXTRACT(YEAR FROM {})", self.point_sql(point)),
            Whole::Days(a, b) => format!("days_between({}, {})", self.point_sql(a), self.point_sql(b)),
            Whole::Minutes(a, b) => format!("minutes_between({}, {})", self.point_sql(a), self.point_sql(b)),
            Whole::ElementCount(variable) => format!("element_count({})", id(variable)),
            Whole::CountLike(variable, pattern) => {
                format!("count_elements_like({}, {})", id(variable), quoted(pattern))
            }
        }
    }

    fn point_sql(&self, point: &Point) -> String {
        match point {
            Point::Literal(text) if text.len() == 10 => format!("DATE '{text}'"),
            Point::Literal(text) => format!("TIMESTAMP '{text}'"),
            Point::Variable(variable) => self.variables[*variable].id.clone(),
            Point::Day(inner) => format!("CAST({} AS DATE)", self.point_sql(inner)),
            Point::DeliveryDate => "delivery_date()".to_owned(),
            Point::PeriodStart => "period_start()".to_owned(),
            Point::PeriodEnd => "period_end()".to_owned(),
        }
    }
}
