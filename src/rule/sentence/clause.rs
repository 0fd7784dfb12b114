//! One clause for each kind of node: comparisons, tests of texts, values of repeating variables, value domains.

use super::pattern::{Shape, affix, described, shape};
use super::statement::{Atom, HowMany};
use super::term::Words;
use super::words::{BE, BLANK, COME, Clause, FOUND, Gender, HAVE, LIE, LOOK, Verb, number};
use crate::model::VariableIndex;
use crate::rule::expr::{BoolExpr, BoolNode, Comparison, IntExpr, IntNode, TextNode, TextTest, TimeNode};
use crate::schema::Domain;

/// Codes that are listed one by one; of more the list is named.
const MOST_CODES: usize = 8;

impl Words<'_> {
    /// The clause of an atom.
    pub(super) fn clause(&self, atom: &Atom) -> Clause {
        match atom {
            Atom::Presence { variables, is_blank, is_any } => self.presence(variables, *is_blank, *is_any),
            Atom::Tested { text, tests, is_negated } => self.text_tested(*text, tests).negated_if(*is_negated),
            Atom::Elements { variable, tests, how_many } => self.elements(*variable, tests, *how_many),
            Atom::TimeWithin { term, from, to } => {
                let (from, to) = (self.time(*from), self.time(*to));
                Clause::new(self.time(*term), LIE, self.bounds(&from, &to))
            }
            Atom::IntWithin { term, from, to } => {
                let (low, high) = (self.amount(*from, *term), self.amount(*to, *term));
                let complement = if self.is_year(*term) {
                    return Clause::new(self.int(*term), LIE, self.bounds(&low, &high));
                } else {
                    format!("{} {low} {} {high}", self.pick("minst", "at least"), self.pick("och högst", "and at most"))
                };
                Clause::new(self.int(*term), BE, complement)
            }
            Atom::Node { node, is_negated } => self.node(*node, *is_negated),
        }
    }

    fn bounds(&self, from: &str, to: &str) -> String {
        let included = self.pick("", ", both included");
        format!("{} {from} {} {to}{included}", self.pick("från och med", "from"), self.pick("till och med", "to"))
    }

    fn presence(&self, variables: &[VariableIndex], is_blank: bool, is_any: bool) -> Clause {
        let names: Vec<String> = variables.iter().map(|variable| self.variable(*variable)).collect();
        let is_plural = names.len() > 1 && !is_any;
        let gender = match variables {
            [variable] => self.gender(*variable),
            _ if is_any => Gender::Common,
            _ => Gender::Plural,
        };
        let form = |one: &'static str, neuter: &'static str, several: &'static str| match gender {
            Gender::Common => one,
            Gender::Neuter => neuter,
            Gender::Plural => several,
        };
        let list = self.and(&names);
        let subject = if is_any && names.len() > 1 {
            format!("{} {list}", self.pick("minst en av", "at least one of"))
        } else {
            list
        };
        let mut clause = if is_blank {
            let mut clause = Clause::new(subject, BLANK, "");
            clause.complement =
                (self.pick("", "blank").to_owned(), self.pick(form("tom", "tomt", "tomma"), "left blank").to_owned());
            clause
        } else {
            Clause::new(subject, BE, self.pick(form("ifylld", "ifyllt", "ifyllda"), "filled in"))
        };
        clause.is_plural = is_plural;
        clause
    }

    fn text_tested(&self, text: TextNode, tests: &[TextTest]) -> Clause {
        let subject = self.text(text);
        if let [TextTest::In(first), rest @ ..] = tests {
            let more = rest.iter().filter_map(|test| match test {
                TextTest::In(values) => Some(values),
                _ => None,
            });
            let values: Vec<String> =
                [first].into_iter().chain(more).flatten().map(|value| self.value_of(text, value)).collect();
            return Clause::new(subject, BE, self.or(&values));
        }
        self.tested(subject, None, tests)
    }

    /// What tests of one sort say of a text; codes of `variable` are shown with what they mean.
    pub(super) fn tested(&self, subject: String, variable: Option<VariableIndex>, tests: &[TextTest]) -> Clause {
        let list = variable.and_then(|variable| self.codelist_of_variable(variable));
        let value = |text: &str| match list {
            Some(list) => self.code(list, text),
            None => self.plain_value(text.as_bytes()),
        };
        let mut options = Vec::new();
        let mut found: Option<(Verb, String)> = None;
        for test in tests {
            match test {
                TextTest::In(values) => {
                    options.extend(values.iter().map(|text| value(&String::from_utf8_lossy(text))));
                    found = Some((BE, self.or(&options)));
                }
                TextTest::Pattern(pattern) => {
                    let shape = shape(pattern);
                    match &shape {
                        Shape::Texts(texts) => options.extend(texts.iter().map(|text| value(text))),
                        Shape::Prefix(text) | Shape::Suffix(text) | Shape::Within(text) => options.push(text.clone()),
                        Shape::Other(_) => {}
                    }
                    found = Some(match &shape {
                        Shape::Other(text) => match self.format_name(text) {
                            Some(name) => (HAVE, format!("{} {name}", self.pick("formatet", "the format"))),
                            None => described(text, self.language),
                        },
                        _ => affix(&shape, &options, self.language),
                    });
                }
                TextTest::InCodelist(name) => {
                    found = Some((FOUND, format!("{} {}", self.pick("bland", "among"), self.codelist(name))));
                }
                TextTest::Luhn => {
                    found = Some((HAVE, self.pick("en riktig kontrollsiffra", "a correct control digit").to_owned()));
                }
                TextTest::PersonalNumber => {
                    let like = self.pick("ut som ett personnummer", "like a personal identity number");
                    found = Some((LOOK, like.to_owned()));
                }
            }
        }
        let (verb, complement) = found.unwrap_or((BE, String::new()));
        let mut clause = Clause::new(subject, verb, complement);
        clause.is_plural = clause.subject.is_empty();
        clause
    }

    fn elements(&self, variable: VariableIndex, tests: &[TextTest], how_many: HowMany) -> Clause {
        let quantity = match how_many {
            HowMany::Some => self.pick("minst ett värde i", "at least one value of"),
            HowMany::None => self.pick("inget värde i", "no value of"),
            HowMany::Every => self.pick("varje värde i", "every value of"),
            HowMany::NotEvery => self.pick("inte varje värde i", "not every value of"),
        };
        self.tested(format!("{quantity} {}", self.variable(variable)), Some(variable), tests)
    }

    fn node(&self, node: BoolNode, is_negated: bool) -> Clause {
        match &self.program.bools[node.0 as usize] {
            BoolExpr::CompareTime(comparison, left, right) => self.times(*comparison, *left, *right, is_negated),
            BoolExpr::CompareInt(comparison, left, right) => self.ints(*comparison, *left, *right, is_negated),
            BoolExpr::CompareText(comparison, left, right) => {
                let (left, right) = (self.text(*left), self.text(*right));
                match comparison {
                    Comparison::Equal | Comparison::NotEqual => {
                        Clause::new(left, BE, format!("{} {right}", self.pick("lika med", "equal to")))
                            .negated_if(*comparison == Comparison::NotEqual)
                            .negated_if(is_negated)
                    }
                    _ => {
                        let place = match comparison {
                            Comparison::Less => self.pick("före", "before"),
                            Comparison::LessOrEqual => {
                                self.pick("före eller på samma plats som", "before or level with")
                            }
                            Comparison::Greater => self.pick("efter", "after"),
                            _ => self.pick("efter eller på samma plats som", "after or level with"),
                        };
                        let order = self.pick("i teckenordning", "in the order of characters");
                        Clause::new(left, COME, format!("{place} {right} {order}")).negated_if(is_negated)
                    }
                }
            }
            BoolExpr::HasTime(time) => {
                Clause::new(self.time(*time), HAVE, self.pick("ett klockslag", "a time of day")).negated_if(is_negated)
            }
            BoolExpr::ValueOk(variable) => {
                let (verb, complement) = self.domain(*variable);
                Clause::new(self.value(*variable), verb, complement).negated_if(is_negated)
            }
            BoolExpr::OfficialOk(variable) => {
                let list = self
                    .pick("i det officiella kodverk som läses in för", "in the official code list that is loaded for");
                Clause::new(self.value(*variable), FOUND, format!("{list} {}", self.variable(*variable)))
                    .negated_if(is_negated)
            }
            // These are other atoms, or no atoms.
            BoolExpr::Constant(_)
            | BoolExpr::And(_)
            | BoolExpr::Or(_)
            | BoolExpr::Not(_)
            | BoolExpr::IsBlank(_)
            | BoolExpr::Text(..)
            | BoolExpr::AnyElement(..)
            | BoolExpr::EveryElement(..) => Clause::new(String::new(), BE, ""),
        }
    }

    fn value(&self, variable: VariableIndex) -> String {
        let quantity = if self.collection.get(variable).repeats() {
            self.pick("varje värde i", "every value of")
        } else {
            self.pick("värdet i", "the value of")
        };
        format!("{quantity} {}", self.variable(variable))
    }

    fn times(&self, comparison: Comparison, left: TimeNode, right: TimeNode, is_negated: bool) -> Clause {
        if self.is_fixed(left) && !self.is_fixed(right) {
            return self.times(mirrored(comparison), right, left, is_negated);
        }
        let is_day = self.is_day(left) || self.is_day(right);
        let is_fixed = self.is_fixed(right);
        let (comparison, is_negated) = positive(comparison, is_negated);
        let other = self.time(right);
        let same = match (is_fixed, is_day) {
            (true, _) => other.clone(),
            (false, true) => format!("{} {other}", self.pick("samma dag som", "on the same day as")),
            (false, false) => format!("{} {other}", self.pick("samtidigt med", "at the same time as")),
        };
        let complement = match comparison {
            Comparison::GreaterOrEqual if !is_fixed && !is_day => {
                format!("{} {other}", self.pick("samtidigt med eller efter", "at the same time as or after"))
            }
            Comparison::LessOrEqual if !is_fixed && !is_day => {
                format!("{} {other}", self.pick("samtidigt med eller före", "at the same time as or before"))
            }
            Comparison::GreaterOrEqual => format!("{same} {}", self.pick("eller senare", "or later")),
            Comparison::LessOrEqual => format!("{same} {}", self.pick("eller tidigare", "or earlier")),
            Comparison::Greater if is_day && !is_fixed => {
                format!("{} {other}", self.pick("en senare dag än", "on a later day than"))
            }
            Comparison::Less if is_day && !is_fixed => {
                format!("{} {other}", self.pick("en tidigare dag än", "on an earlier day than"))
            }
            Comparison::Greater => format!("{} {other}", self.pick("efter", "after")),
            Comparison::Less => format!("{} {other}", self.pick("före", "before")),
            Comparison::Equal | Comparison::NotEqual => same,
        };
        Clause::new(self.time(left), BE, complement).negated_if(is_negated)
    }

    fn ints(&self, comparison: Comparison, left: IntNode, right: IntNode, is_negated: bool) -> Clause {
        if self.literal_int(left).is_some() && self.literal_int(right).is_none() {
            return self.ints(mirrored(comparison), right, left, is_negated);
        }
        let (comparison, is_negated) = positive(comparison, is_negated);
        let literal = self.literal_int(right);
        let (subject, is_counted, amount) = match (&self.program.ints[left.0 as usize], literal) {
            (IntExpr::Length(text), Some(count)) => {
                let unit = self.pick("tecken", if count == 1 { "character" } else { "characters" });
                (self.text(*text), true, format!("{} {unit}", number(count, self.language)))
            }
            (IntExpr::ElementCount(variable, None), Some(count)) => {
                let unit = if count == 1 { self.pick("värde", "value") } else { self.pick("värden", "values") };
                (self.variable(*variable), true, format!("{} {unit}", number(count, self.language)))
            }
            _ => (self.int(left), false, self.amount(right, left)),
        };
        let is_year = self.is_year(left) && (literal.is_some() || self.is_year(right));
        let complement = match comparison {
            Comparison::Equal | Comparison::NotEqual if is_counted => {
                format!("{} {amount}", self.pick("precis", "exactly"))
            }
            Comparison::Equal | Comparison::NotEqual if literal.is_some() || is_year => amount,
            Comparison::Equal | Comparison::NotEqual => format!("{} {amount}", self.pick("lika med", "equal to")),
            Comparison::GreaterOrEqual if is_year => format!("{amount} {}", self.pick("eller senare", "or later")),
            Comparison::LessOrEqual if is_year => format!("{amount} {}", self.pick("eller tidigare", "or earlier")),
            Comparison::Greater if is_year => format!("{} {amount}", self.pick("efter", "after")),
            Comparison::Less if is_year => format!("{} {amount}", self.pick("före", "before")),
            Comparison::GreaterOrEqual => format!("{} {amount}", self.pick("minst", "at least")),
            Comparison::LessOrEqual => format!("{} {amount}", self.pick("högst", "at most")),
            Comparison::Greater => format!("{} {amount}", self.pick("mer än", "more than")),
            Comparison::Less => format!("{} {amount}", self.pick("mindre än", "less than")),
        };
        Clause::new(subject, if is_counted { HAVE } else { BE }, complement).negated_if(is_negated)
    }

    /// What a value domain asks of a value.
    pub(super) fn domain(&self, variable: VariableIndex) -> (Verb, String) {
        let range = |range: Option<(i64, i64)>| match range {
            Some((min, max)) => {
                let (min, max) = (number(min, self.language), number(max, self.language));
                format!("{} {min} {} {max}", self.pick(" från", " from"), self.pick("till", "to"))
            }
            None => String::new(),
        };
        let at_most =
            |count: usize| format!("{} {count} {}", self.pick("högst", "at most"), self.pick("tecken", "characters"));
        match &self.collection.get(variable).domain {
            Domain::Text { format: Some(format), max_length, .. } => {
                let name = format.name.get(self.language);
                let pattern = format!("({} {})", self.pick("mönster", "pattern"), format.pattern_text);
                let longest = [*max_length, format.max_length].into_iter().flatten().min();
                let longest = longest.map(|count| format!(" {} {}", self.pick("och", "and"), at_most(count)));
                let words = format!("{} {name} {pattern}", self.pick("formatet", "the format"));
                (HAVE, format!("{words}{}", longest.unwrap_or_default()))
            }
            Domain::Text { max_length, .. } => (HAVE, at_most(max_length.unwrap_or_default())),
            Domain::Code { codelist } => self.code_domain(codelist),
            Domain::Timestamp { date_only: true } => (
                BE,
                self.pick("ett datum, med eller utan klockslag", "a date, with or without a time of day").to_owned(),
            ),
            Domain::Timestamp { date_only: false } => {
                (BE, self.pick("ett datum med klockslag", "a date with a time of day").to_owned())
            }
            Domain::Year { range: bounds } => {
                (BE, format!("{}{}", self.pick("ett årtal med fyra siffror", "a year of four digits"), range(*bounds)))
            }
            Domain::Integer { range: bounds } => {
                (BE, format!("{}{}", self.pick("ett heltal", "a whole number"), range(*bounds)))
            }
        }
    }

    fn code_domain(&self, name: &str) -> (Verb, String) {
        let list = self.codelists.get(name);
        let codes: Vec<&str> = list.iter().flat_map(|list| list.codes()).collect();
        let is_dated = list.is_some_and(|list| list.is_dated());
        let valid = match self.collection.record_date.filter(|_| is_dated) {
            Some(date) => format!(", {} {}", self.pick("giltiga vid", "valid at"), self.variable(date)),
            None => String::new(),
        };
        if codes.len() > MOST_CODES {
            return (FOUND, format!("{} {}{valid}", self.pick("bland", "among"), self.codelist(name)));
        }
        let codes: Vec<String> = codes.into_iter().map(|code| self.code(name, code)).collect();
        (BE, format!("{}{valid}", self.or(&codes)))
    }
}

/// The comparison with its sides exchanged.
fn mirrored(comparison: Comparison) -> Comparison {
    match comparison {
        Comparison::Less => Comparison::Greater,
        Comparison::LessOrEqual => Comparison::GreaterOrEqual,
        Comparison::Greater => Comparison::Less,
        Comparison::GreaterOrEqual => Comparison::LessOrEqual,
        same => same,
    }
}

/// A denied order is the opposite order, without "not"; a denied equality stays one.
fn positive(comparison: Comparison, is_negated: bool) -> (Comparison, bool) {
    match (comparison, is_negated) {
        (Comparison::NotEqual, _) => (Comparison::Equal, !is_negated),
        (Comparison::Equal, _) | (_, false) => (comparison, is_negated),
        (Comparison::Less, true) => (Comparison::GreaterOrEqual, false),
        (Comparison::LessOrEqual, true) => (Comparison::Greater, false),
        (Comparison::Greater, true) => (Comparison::LessOrEqual, false),
        (Comparison::GreaterOrEqual, true) => (Comparison::Less, false),
    }
}
