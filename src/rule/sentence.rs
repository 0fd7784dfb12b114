//! What a rule says, in words: one Swedish and one English sentence, rendered from the compiled rule itself.
//!
//! Nobody writes these sentences, so that they cannot say something else than what is evaluated. Names are the
//! schema's, codes are shown with what their list says of them. Deliberately knows nothing of why a rule exists and
//! what to do about it: those texts are people's.
//!
//! An error is a duty (*ska*, *must*), a warning or a note advice (*bör*, *should*). The condition stands first. What the
//! sentence leaves out is whether a record is *not applicable* or *not checked* where a value is blank; the condition as
//! written tells that.

mod clause;
pub mod group;
mod pattern;
mod statement;
mod term;
mod words;

use super::expr::{BoolExpr, BoolNode, Comparison, Program, TimeExpr, TimeNode};
use super::{Check, Plan, RecordCheck, Rule, RuleKind, SubmissionKind};
use crate::model::{Language, Severity, Text, VariableIndex};
use crate::schema::{Codelists, Collection, Domain};

use statement::{Atom, Statement, joined, statement};
use term::Words;
use words::{Clause, Gender, Mood, capitalised, list};

/// What names and nodes are looked up in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dictionary<'a> {
    pub(crate) collection: &'a Collection,
    pub(crate) codelists: &'a Codelists,
    pub(crate) program: &'a Program,
}

impl<'a> Dictionary<'a> {
    fn words(self, language: Language) -> Words<'a> {
        let Self { collection, codelists, program } = self;
        Words { collection, codelists, program, language }
    }
}

/// What `rule` says: one sentence with a full stop, in both languages.
pub fn sentence(plan: &Plan, rule: &Rule) -> Text {
    both(|language| {
        let words = dictionary(plan).words(language);
        let text = match &rule.check {
            Check::Record(check) => words.record_rule(rule, check),
            Check::Submission(kind) => words.submission_rule(kind, rule.severity),
        };
        format!("{}.", capitalised(&text))
    })
}

/// A condition as it follows "när", in both languages; `None` where it is true of every record.
pub(crate) fn condition(dictionary: Dictionary<'_>, node: BoolNode) -> Option<Text> {
    let statement = statement(dictionary.program, node, false);
    if statement == Statement::Constant(Some(true)) {
        return None;
    }
    Some(both(|language| dictionary.words(language).say(&statement, Mood::Condition)))
}

/// For which records `rule` is valid, such as "poster med start av aktivitet från och med 2022-01-01"; `None` for all.
pub fn validity(plan: &Plan, rule: &Rule) -> Option<Text> {
    let Check::Record(check) = &rule.check else { return None };
    let (mut bounds, mut rest) = (Vec::new(), Vec::new());
    dictionary(plan).words(Language::Swedish).conjuncts(check.when, &mut bounds, &mut rest);
    (!bounds.is_empty()).then(|| both(|language| dictionary(plan).words(language).validity(&bounds)))
}

/// What values the variable at `index` may have, in words; `None` for any text.
pub fn value_domain(plan: &Plan, index: VariableIndex) -> Option<Text> {
    if matches!(plan.collection.get(index).domain, Domain::Text { format: None, max_length: None, .. }) {
        return None;
    }
    Some(both(|language| dictionary(plan).words(language).domain(index).1))
}

fn dictionary(plan: &Plan) -> Dictionary<'_> {
    Dictionary { collection: &plan.collection, codelists: &plan.codelists, program: &plan.program }
}

fn both(say: impl Fn(Language) -> String) -> Text {
    Text::new(say(Language::Swedish), say(Language::English))
}

impl Words<'_> {
    fn modal(&self, severity: Severity) -> &'static str {
        match (severity, self.language) {
            (Severity::Error, Language::Swedish) => "ska",
            (Severity::Error, Language::English) => "must",
            (_, Language::Swedish) => "bör",
            (_, Language::English) => "should",
        }
    }

    fn record_rule(&self, rule: &Rule, check: &RecordCheck) -> String {
        let mut bounds = Vec::new();
        let mut conditions = Vec::new();
        self.conjuncts(check.when, &mut bounds, &mut conditions);
        let conditions = conditions.into_iter().map(|node| statement(self.program, node, false)).collect();
        let when = joined(self.program, conditions, true);
        let prefix = match bounds.as_slice() {
            [] => String::new(),
            bounds => format!("{} {}: ", self.pick("för", "for"), self.validity(bounds)),
        };
        let modal = self.modal(rule.severity);
        let text = match (&self.program.bools[check.assert.0 as usize], rule.faulty.as_slice()) {
            // The name stands in the condition; what follows is said of its value.
            (BoolExpr::ValueOk(variable) | BoolExpr::OfficialOk(variable), _) => {
                let mut clause = self.clause(&Atom::Node { node: check.assert, is_negated: false });
                let repeats = self.collection.get(*variable).repeats();
                let value =
                    if repeats { self.pick("varje värde", "each value") } else { self.pick("värdet", "its value") };
                value.clone_into(&mut clause.subject);
                self.conditional(&when, &|mood| clause.say(self.language, mood), modal)
            }
            (_, [variable]) if rule.kind == RuleKind::Irrelevant => {
                self.only_when(check.assert, *variable, &when, rule.severity)
            }
            _ => {
                let duty = statement(self.program, check.assert, false);
                match &duty {
                    Statement::Constant(_) => self.constant(&duty, &when, rule.severity),
                    Statement::Any(_) => self.conditional_choice(&when, &duty, modal),
                    Statement::One(atom) => {
                        let clause = self.with_pronoun(self.clause(atom), &when);
                        self.conditional(&when, &|mood| clause.say(self.language, mood), modal)
                    }
                    Statement::All(_) => self.conditional(&when, &|mood| self.say(&duty, mood), modal),
                }
            }
        };
        format!("{prefix}{text}")
    }

    /// What the condition has named last need not be named again.
    fn with_pronoun(&self, mut clause: Clause, when: &Statement) -> Clause {
        let Statement::One(atom) = when else { return clause };
        let named = self.clause(atom);
        if named.subject == clause.subject && !named.is_plural {
            let Some(variable) = atom.subject(self.program) else { return clause };
            let pronoun = match self.gender(variable) {
                Gender::Common => "den",
                Gender::Neuter => "det",
                Gender::Plural => "de",
            };
            self.pick(pronoun, "it").clone_into(&mut clause.subject);
        }
        clause
    }

    /// The parts of a condition, and among them the days between which a rule is valid.
    fn conjuncts(&self, node: BoolNode, bounds: &mut Vec<(TimeNode, Comparison, TimeNode)>, rest: &mut Vec<BoolNode>) {
        match &self.program.bools[node.0 as usize] {
            BoolExpr::And(nodes) => nodes.iter().for_each(|node| self.conjuncts(*node, bounds, rest)),
            BoolExpr::CompareTime(comparison @ (Comparison::GreaterOrEqual | Comparison::LessOrEqual), term, day)
                if matches!(self.program.times[term.0 as usize], TimeExpr::Variable(_))
                    && matches!(self.program.times[day.0 as usize], TimeExpr::Literal(_, false)) =>
            {
                bounds.push((*term, *comparison, *day));
            }
            _ => rest.push(node),
        }
    }

    fn validity(&self, bounds: &[(TimeNode, Comparison, TimeNode)]) -> String {
        let mut terms: Vec<TimeNode> = bounds.iter().map(|(term, ..)| *term).collect();
        terms.sort_unstable();
        terms.dedup();
        let phrases: Vec<String> = terms
            .into_iter()
            .map(|term| {
                let days = |wanted| {
                    let days =
                        bounds.iter().filter(move |(known, comparison, _)| *known == term && *comparison == wanted);
                    days.map(|(_, _, day)| self.time(*day))
                };
                let from = days(Comparison::GreaterOrEqual).max();
                let until = days(Comparison::LessOrEqual).min();
                let from = from.map(|day| format!(" {} {day}", self.pick("från och med", "from")));
                let until = until.map(|day| format!(" {} {day}", self.pick("till och med", "up to and including")));
                format!("{}{}{}", self.time(term), from.unwrap_or_default(), until.unwrap_or_default())
            })
            .collect();
        format!("{} {}", self.pick("poster med", "records with"), self.and(&phrases))
    }

    /// `när … ska …`, or `… ska …` where there is no condition.
    fn conditional(&self, when: &Statement, duty: &dyn Fn(Mood) -> String, modal: &'static str) -> String {
        match (when, self.language) {
            (Statement::Constant(Some(true)), _) => duty(Mood::Duty(modal)),
            (_, Language::Swedish) => {
                format!("när {}{} {modal} {}", self.say(when, Mood::Condition), pause(when), duty(Mood::Rest))
            }
            (_, Language::English) => format!("when {}, {}", self.say(when, Mood::Condition), duty(Mood::Duty(modal))),
        }
    }

    /// Where the duty is a choice: `när … ska antingen … eller …`.
    fn conditional_choice(&self, when: &Statement, duty: &Statement, modal: &'static str) -> String {
        match (when, self.language) {
            (Statement::Constant(Some(true)), Language::Swedish) => {
                format!("antingen {modal} {}", self.say(duty, Mood::Rest))
            }
            (Statement::Constant(Some(true)), Language::English) => {
                format!("either {}", self.say(duty, Mood::Duty(modal)))
            }
            (_, Language::Swedish) => {
                let condition = self.say(when, Mood::Condition);
                format!("när {condition}{} {modal} antingen {}", pause(when), self.say(duty, Mood::Rest))
            }
            (_, Language::English) => {
                format!("when {}, either {}", self.say(when, Mood::Condition), self.say(duty, Mood::Duty(modal)))
            }
        }
    }

    /// A value belongs only under a condition, or never.
    fn only_when(&self, assertion: BoolNode, variable: VariableIndex, when: &Statement, severity: Severity) -> String {
        let blank = BoolExpr::IsBlank(variable);
        let is_blank = |node: &BoolNode| self.program.bools[node.0 as usize] == blank;
        let modal = self.modal(severity);
        let allowed = match &self.program.bools[assertion.0 as usize] {
            BoolExpr::Or(nodes) if nodes.iter().any(is_blank) => {
                let rest = nodes.iter().filter(|node| !is_blank(node));
                joined(self.program, rest.map(|node| statement(self.program, *node, false)).collect(), false)
            }
            _ => {
                let duty = statement(self.program, assertion, false);
                return self.conditional(when, &|mood| self.say(&duty, mood), modal);
            }
        };
        let filled = self.clause(&Atom::Presence { variables: vec![variable], is_blank: false, is_any: false });
        let (may, only) = match (severity, self.language) {
            (Severity::Error, Language::Swedish) => ("får bara", "när"),
            (_, Language::Swedish) => ("bör bara", "när"),
            (Severity::Error, Language::English) => ("may", "only when"),
            (_, Language::English) => ("should", "only when"),
        };
        let condition = self.say(&allowed, Mood::Condition);
        self.conditional(when, &|mood| format!("{} {only} {condition}", filled.say(self.language, mood)), may)
    }

    /// An assertion that says the same of every record.
    fn constant(&self, duty: &Statement, when: &Statement, severity: Severity) -> String {
        match duty {
            Statement::Constant(Some(true)) => self.pick("alla poster godtas", "every record is accepted").to_owned(),
            Statement::Constant(Some(false)) => {
                let (sv, en) = if severity == Severity::Error { ("får", "must") } else { ("bör", "should") };
                let where_clause = match when {
                    Statement::Constant(Some(true)) => String::new(),
                    _ => format!(" {} {}", self.pick("där", "where"), self.say(when, Mood::Condition)),
                };
                match self.language {
                    Language::Swedish => format!("poster{where_clause} {sv} inte förekomma"),
                    Language::English => format!("records{where_clause} {en} not occur"),
                }
            }
            _ => self.pick("regeln går aldrig att avgöra", "the rule can never be decided").to_owned(),
        }
    }

    fn say(&self, statement: &Statement, mood: Mood) -> String {
        self.nested(statement, mood, 0)
    }

    fn nested(&self, statement: &Statement, mood: Mood, depth: usize) -> String {
        match statement {
            Statement::Constant(Some(true)) => self.pick("det alltid är så", "it is always so").to_owned(),
            Statement::Constant(Some(false)) => self.pick("det aldrig är så", "it is never so").to_owned(),
            Statement::Constant(None) => self.pick("det inte går att avgöra", "it cannot be decided").to_owned(),
            Statement::One(atom) => self.clause(atom).say(self.language, mood),
            Statement::All(parts) | Statement::Any(parts) => {
                let is_and = matches!(statement, Statement::All(_));
                let word = if is_and { self.pick("och", "and") } else { self.pick("eller", "or") };
                // "… och antingen ska a vara b eller c vara d": the modal verb stands once, before the choice.
                let modal = match (mood, self.language) {
                    (Mood::Duty(modal), Language::Swedish) if depth == 1 && !is_and => Some(modal),
                    _ => None,
                };
                let inner = if modal.is_some() { Mood::Rest } else { mood };
                let items: Vec<String> = parts.iter().map(|part| self.nested(part, inner, depth + 1)).collect();
                // A comma keeps an inner "and" together; two clauses that hold none need no comma.
                let is_spaced = parts.iter().any(|part| matches!(part, Statement::All(_) | Statement::Any(_)))
                    || (!is_and && mood == Mood::Condition);
                let text = list(&items, word, is_spaced);
                match (depth, is_and) {
                    (0, _) | (1, true) => text,
                    (1, false) => match modal {
                        Some(modal) => format!("antingen {modal} {text}"),
                        None => format!("{} {text}", self.pick("antingen", "either")),
                    },
                    _ => format!("({text})"),
                }
            }
        }
    }

    fn submission_rule(&self, kind: &SubmissionKind, severity: Severity) -> String {
        let modal = self.modal(severity);
        match kind {
            SubmissionKind::Unique { variables, within } => {
                let names = |variables: &[VariableIndex]| {
                    let names: Vec<String> = variables.iter().map(|variable| self.variable(*variable)).collect();
                    self.and(&names)
                };
                let (key, scope) = (names(variables), names(within));
                let scope = if within.is_empty() {
                    String::new()
                } else {
                    format!(" {} {scope}", self.pick("med samma", "with the same"))
                };
                let period = if self.collection.stock { self.pick(" och period", " and period") } else { "" };
                let period = if within.is_empty() && self.collection.stock {
                    self.pick(" i samma period", " of the same period")
                } else {
                    period
                };
                match self.language {
                    Language::Swedish => {
                        let modal = if severity == Severity::Error { "får" } else { "bör" };
                        format!("två poster{scope}{period} {modal} inte ha samma {key}")
                    }
                    Language::English => format!("two records{scope}{period} {modal} not have the same {key}"),
                }
            }
            SubmissionKind::RequiredColumns => match self.language {
                Language::Swedish => {
                    format!("varje variabel som är obligatorisk, eller är det under ett villkor, {modal} ha en kolumn")
                }
                Language::English => {
                    format!("every variable that is mandatory, always or under a condition, {modal} have a column")
                }
            },
            SubmissionKind::KnownColumns => match self.language {
                Language::Swedish => format!("varje kolumn {modal} vara en känd variabel"),
                Language::English => format!("every column {modal} be a known variable"),
            },
            SubmissionKind::RecordCount => match self.language {
                Language::Swedish => format!("antalet poster {modal} vara det som har angetts"),
                Language::English => format!("the number of records {modal} be the stated one"),
            },
            SubmissionKind::NotEmpty => match self.language {
                Language::Swedish => format!("minst en post {modal} finnas"),
                Language::English => format!("there {modal} be at least one record"),
            },
            SubmissionKind::Readable => match self.language {
                Language::Swedish => format!("varje post {modal} gå att dela upp i sina kolumner och läsa som text"),
                Language::English => {
                    format!("it {modal} be possible to divide every record into its columns and read it as text")
                }
            },
        }
    }
}

/// A condition with commas of its own is closed with one.
fn pause(when: &Statement) -> &'static str {
    let has_commas = match when {
        Statement::All(parts) => parts.iter().any(|part| matches!(part, Statement::All(_) | Statement::Any(_))),
        Statement::Any(_) => true,
        _ => false,
    };
    if has_commas { "," } else { "" }
}

#[cfg(test)]
mod tests;
