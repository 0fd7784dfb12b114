//! The logic of a rule set: what can never be, what always is, what contradicts and what repeats.
//!
//! For every rule on records: can it apply, can it be satisfied, can it be violated, can its condition be false. For
//! every two rules that read a common variable: can both be satisfied where both apply, and does every violation of one
//! violate the other. Most questions are answered by records that were found for another: a *pool* of them is judged
//! by the engine against all rules at once, and only what no record of the pool shows is put to [`crate::logic`].
//!
//! Rules on values (`-V-`, `-O-`) say which values are valid, and the proofs are over valid values; they are not asked
//! about. Each mistake is shown with a record where one exists: one that both rules speak of, one that is wrong anyhow.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use rayon::prelude::*;

use super::Rulebook;
use crate::diag::{Diagnostic, Place};
use crate::engine::probe::ProbeParameters;
use crate::logic::{Answer, Prover, Truths, Witness};
use crate::model::{Level, RuleId, Text, VariableIndex, Verdict};
use crate::rule::expr::{BoolExpr, BoolNode, Parameter};
use crate::rule::testing::TestInput;
use crate::rule::{Check, Plan, RecordCheck, Rule, RuleKind};
use crate::table::Bits;
use crate::time;

/// What was proved.
#[derive(Debug, Default)]
pub struct Proof {
    /// Mistakes, and warnings that no rule accepts.
    pub diagnostics: Vec<Diagnostic>,
    /// Warnings that a rule accepts, with its reason.
    pub accepted: Vec<(Diagnostic, Text)>,
    /// How many questions were asked.
    pub questions: usize,
    /// How many of them no record of the pool answered.
    pub searches: usize,
    /// How many could not be decided.
    pub undecided: usize,
    /// Acceptances that a warning needed, by place.
    needed: BTreeSet<(String, usize)>,
}

/// Proves what can be proved of every rule of a book. A mistake in a file that speaks of several collections is shown
/// once; an acceptance that nothing needs is a warning, too.
pub fn prove_all(book: &Rulebook) -> Proof {
    let plans: Vec<&Arc<Plan>> = book.plans().collect();
    let parts: Vec<Proof> = plans.par_iter().map(|plan| prove(plan)).collect();
    let mut all = Proof::default();
    let mut needed: BTreeSet<(String, usize)> = BTreeSet::new();
    for part in parts {
        all.questions += part.questions;
        all.searches += part.searches;
        all.undecided += part.undecided;
        needed.extend(part.needed);
        for diagnostic in part.diagnostics {
            if !all.diagnostics.iter().any(|known| is_repeated(known, &diagnostic)) {
                all.diagnostics.push(diagnostic);
            }
        }
        for (diagnostic, because) in part.accepted {
            if !all.accepted.iter().any(|(known, _)| is_repeated(known, &diagnostic)) {
                all.accepted.push((diagnostic, because));
            }
        }
    }
    let mut seen = BTreeSet::new();
    for acceptance in plans.iter().flat_map(|plan| &plan.rules).flat_map(|rule| &rule.accepts) {
        let key = key(&acceptance.place);
        if !needed.contains(&key) && seen.insert(key) {
            all.diagnostics.push(
                Diagnostic::new(
                    "logic::needless_acceptance",
                    format!("no warning `{}` is there to accept", acceptance.warning),
                )
                .at(acceptance.place.clone(), "remove it")
                .warning(),
            );
        }
    }
    all.diagnostics.sort_by_key(|diagnostic| {
        (diagnostic.place().map(|place| (place.source.name().to_owned(), place.offset)), diagnostic.code())
    });
    all
}

fn key(place: &Place) -> (String, usize) {
    (place.source.name().to_owned(), place.offset)
}

/// Whether two diagnostics say the same of the same places, whatever their examples.
fn is_repeated(a: &Diagnostic, b: &Diagnostic) -> bool {
    let second = |diagnostic: &Diagnostic| diagnostic.second().map(|(place, _)| key(place));
    a.code() == b.code() && a.place().map(key) == b.place().map(key) && second(a) == second(b)
}

/// Proves what can be proved of the rules of `plan`.
pub fn prove(plan: &Plan) -> Proof {
    let prover = Prover::new(plan);
    let mut work = Work {
        plan,
        subjects: subjects(plan),
        prover: &prover,
        pool: Pool::default(),
        proof: Proof::default(),
        sound: BTreeSet::new(),
        waiting: Vec::new(),
        apart: HashMap::default(),
    };
    work.seed();
    work.each();
    work.requirements();
    work.pairs();
    work.proof
}

/// A rule that is asked about.
struct Subject<'a> {
    index: usize,
    rule: &'a Rule,
    check: &'a RecordCheck,
    /// Ascending.
    variables: Vec<VariableIndex>,
    /// What its condition is made of.
    parts: Vec<BoolNode>,
}

fn subjects(plan: &Plan) -> Vec<Subject<'_>> {
    plan.rules
        .iter()
        .enumerate()
        .filter(|(_, rule)| !matches!(rule.kind, RuleKind::Value | RuleKind::OfficialCode))
        .filter_map(|(index, rule)| match &rule.check {
            Check::Record(check) => {
                let variables = plan.program.inputs(&[check.when, check.assert], None).variables;
                let parts = match &plan.program.bools[check.when.0 as usize] {
                    BoolExpr::And(parts) => parts.clone(),
                    BoolExpr::Constant(_) => Vec::new(),
                    _ => vec![check.when],
                };
                Some(Subject { index, rule, check, variables, parts })
            }
            Check::Submission(_) => None,
        })
        .collect()
}

/// Records with what each subject says of each: one bit a record.
#[derive(Default)]
struct Pool {
    records: Vec<Witness>,
    satisfied: Vec<Bits>,
    violated: Vec<Bits>,
}

struct Work<'a, 'p> {
    plan: &'a Plan,
    subjects: Vec<Subject<'a>>,
    prover: &'p Prover<'a>,
    pool: Pool,
    proof: Proof,
    /// Subjects that can be both satisfied and violated.
    sound: BTreeSet<usize>,
    /// Records that are not in the pool yet.
    waiting: Vec<Witness>,
    /// Whether two parts of conditions are never true together.
    apart: HashMap<(BoolNode, BoolNode), bool, foldhash::fast::FixedState>,
}

/// So many records are judged at a time.
const BATCH: usize = 64;

impl Work<'_, '_> {
    /// Fills the pool with the records of all rules' tests, as they are and with the blanks filled.
    fn seed(&mut self) {
        let default = ProbeParameters {
            delivery_date: time::parse_day("2022-12-31"),
            period: time::parse_day("2022-03-01").zip(time::parse_day("2022-03-31")),
            region: Some("2321000016".to_owned()),
            delivered_regions: Some(2),
        };
        let mut records = Vec::new();
        for test in self.plan.rules.iter().flat_map(|rule| &rule.tests) {
            let TestInput::Record { values, parameters } = &test.input else { continue };
            if !parameters.is_empty() {
                continue;
            }
            let mut record = vec![String::new(); self.plan.collection.variables.len()];
            for (variable, value) in values {
                value.trim().clone_into(&mut record[variable.0]);
            }
            records.push(Witness { values: record, stated: default.clone() });
        }
        self.add(records);
    }

    /// Adds records, and each with its blanks filled, to the pool.
    fn add(&mut self, records: Vec<Witness>) {
        let mut groups: Vec<(ProbeParameters, Vec<Witness>)> = Vec::new();
        for record in records {
            let filled = self.filled(&record);
            match groups.iter_mut().find(|(stated, _)| *stated == record.stated) {
                Some((_, group)) => group.extend([record, filled]),
                None => groups.push((record.stated.clone(), vec![record, filled])),
            }
        }
        for (stated, group) in groups {
            let records: Vec<&[String]> = group.iter().map(|record| record.values.as_slice()).collect();
            let verdicts = self.prover.probe().verdicts(&records, &stated);
            // The proofs are about valid values: a record with another shows nothing.
            let is_valid = |verdicts: &[Option<Verdict>]| {
                self.plan
                    .rules
                    .iter()
                    .zip(verdicts)
                    .all(|(rule, verdict)| rule.kind != RuleKind::Value || *verdict != Some(Verdict::Violated))
            };
            let (group, verdicts): (Vec<Witness>, Vec<_>) =
                group.into_iter().zip(verdicts).filter(|(_, verdicts)| is_valid(verdicts)).unzip();
            let set = |index: usize, wanted: Verdict| {
                Bits::from_fn(verdicts.len(), |record| verdicts[record][index] == Some(wanted))
            };
            for (at, subject) in self.subjects.iter().enumerate() {
                let (satisfied, violated) =
                    (set(subject.index, Verdict::Satisfied), set(subject.index, Verdict::Violated));
                if self.pool.satisfied.len() <= at {
                    self.pool.satisfied.push(satisfied);
                    self.pool.violated.push(violated);
                } else {
                    self.pool.satisfied[at].append(&satisfied);
                    self.pool.violated[at].append(&violated);
                }
            }
            self.pool.records.extend(group);
        }
    }

    /// The record with an example of the schema wherever it is blank.
    fn filled(&self, record: &Witness) -> Witness {
        let mut filled = record.clone();
        for (value, variable) in filled.values.iter_mut().zip(&self.plan.collection.variables) {
            if value.is_empty()
                && let Some(example) = variable.valid_examples.first()
            {
                value.clone_from(example);
            }
        }
        filled
    }

    /// Puts a question that no record of the pool answers; a record that is found joins the pool.
    fn ask(&mut self, goals: &[(BoolNode, Truths)]) -> Answer {
        let answer = self.prover.find(goals);
        self.take(answer)
    }

    /// The same where the record is of no interest: the engine is not asked.
    fn ask_quickly(&mut self, goals: &[(BoolNode, Truths)]) -> Answer {
        let answer = self.prover.find_quickly(goals);
        self.take(answer)
    }

    /// Counts an answer. Its record waits until there are many, for many are judged in the time of one.
    fn take(&mut self, answer: Answer) -> Answer {
        self.proof.searches += 1;
        match &answer {
            Answer::Record(witness) => {
                self.waiting.push(witness.clone());
                if self.waiting.len() >= BATCH {
                    self.flush();
                }
            }
            Answer::Undecided => self.proof.undecided += 1,
            Answer::None => {}
        }
        answer
    }

    /// Judges the records that wait.
    fn flush(&mut self) {
        let waiting = std::mem::take(&mut self.waiting);
        if !waiting.is_empty() {
            self.add(waiting);
        }
    }

    /// Whether some parts of two conditions are known never to be true together.
    fn are_apart(&mut self, first: usize, second: usize) -> bool {
        let Self { subjects, apart, prover, .. } = self;
        subjects[first].parts.iter().any(|one| {
            subjects[second].parts.iter().any(|other| {
                let pair = (*one.min(other), *one.max(other));
                one != other
                    && *apart.entry(pair).or_insert_with(|| {
                        prover.find_quickly(&[(pair.0, Truths::TRUE), (pair.1, Truths::TRUE)]) == Answer::None
                    })
            })
        })
    }

    /// Whether some record meets the goals; `None` where that could not be decided.
    fn can(&mut self, goals: &[(BoolNode, Truths)]) -> Option<bool> {
        match self.ask(goals) {
            Answer::Record(_) => Some(true),
            Answer::None => Some(false),
            Answer::Undecided => None,
        }
    }

    fn push(&mut self, diagnostic: Diagnostic) {
        self.proof.diagnostics.push(diagnostic);
    }

    /// A warning about these rules, unless one of them accepts it.
    fn warn(&mut self, rules: &[usize], diagnostic: Diagnostic) {
        let diagnostic = diagnostic.warning();
        let ids: Vec<&RuleId> = rules.iter().map(|at| &self.subjects[*at].rule.id).collect();
        let accepted = rules.iter().flat_map(|at| &self.subjects[*at].rule.accepts).find(|acceptance| {
            acceptance.warning == diagnostic.code() && acceptance.with.as_ref().is_none_or(|with| ids.contains(&with))
        });
        match accepted {
            Some(acceptance) => {
                self.proof.needed.insert(key(&acceptance.place));
                self.proof.accepted.push((diagnostic, acceptance.because.clone()));
            }
            None => self.push(diagnostic),
        }
    }

    fn undecided(&mut self, at: usize, question: &str) {
        let rule = self.subjects[at].rule;
        self.warn(
            &[at],
            located("logic::undecided", format!("whether {question} could not be decided"), rule.origin.rule.as_ref())
                .help("the conditions ask for more than codes, patterns, dates, numbers and blanks"),
        );
    }

    /// Each rule by itself.
    fn each(&mut self) {
        for at in 0..self.subjects.len() {
            self.proof.questions += 3;
            let (check, rule) = (self.subjects[at].check.clone(), self.subjects[at].rule);
            let (id, kind) = (rule.id.0.clone(), rule.kind);
            let origin = rule.origin.clone();
            let is_known = |bits: &[Bits]| bits.get(at).is_some_and(Bits::any);
            let applies = [(check.when, Truths::TRUE)];
            let (satisfied, violated) = (is_known(&self.pool.satisfied), is_known(&self.pool.violated));
            let known = [&self.pool.satisfied, &self.pool.violated]
                .into_iter()
                .find_map(|bits| bits.get(at).and_then(|bits| bits.iter().next()));
            let mut record = known.map(|index| self.pool.records[index].clone());
            if record.is_none() {
                match self.ask(&applies) {
                    Answer::None => {
                        let what = match kind {
                            RuleKind::Required => "the condition of the requirement can never be true",
                            _ => "the condition can never be true",
                        };
                        let mistake = located(
                            "logic::never_applies",
                            format!("rule `{id}` never applies: {what}"),
                            origin.when.as_ref().or(origin.rule.as_ref()),
                        )
                        .help_if(self.conflict(at, check.when));
                        self.push(mistake);
                        continue;
                    }
                    Answer::Undecided => {
                        self.undecided(at, &format!("rule `{id}` can ever apply"));
                        continue;
                    }
                    Answer::Record(witness) => record = Some(witness),
                }
            }
            let mut can = |wanted: Truths, known: bool| {
                if known { Some(true) } else { self.can(&[(check.when, Truths::TRUE), (check.assert, wanted)]) }
            };
            let (satisfied, violated) = (can(Truths::TRUE, satisfied), can(Truths::FALSE, violated));
            let place = origin.assert.as_ref().or(origin.when.as_ref()).or(origin.rule.as_ref());
            let shown = |work: &Self| record.as_ref().map(|record| work.shown(record, at, at));
            match (satisfied, violated) {
                (Some(true), Some(true)) => {
                    self.sound.insert(at);
                }
                (Some(false), Some(false)) => {
                    let message = format!("rule `{id}` is never decided: its assertion is null wherever it applies");
                    let help = shown(self).map(|shown| format!("for example for {shown}"));
                    self.push(located("logic::never_decided", message, place).help_if(help));
                }
                (Some(false), _) => {
                    let message = format!("rule `{id}` is violated wherever it applies");
                    let help = shown(self).map(|shown| format!("for example by {shown}"));
                    self.push(located("logic::always_violated", message, place).help_if(help));
                }
                (_, Some(false)) => self.never_violated(at, &check, record.as_ref()),
                (None, _) => self.undecided(at, &format!("rule `{id}` can ever be satisfied")),
                (_, None) => self.undecided(at, &format!("rule `{id}` can ever be violated")),
            }
            self.condition(at, &check);
        }
    }

    fn never_violated(&mut self, at: usize, check: &RecordCheck, record: Option<&Witness>) {
        let rule = self.subjects[at].rule;
        let id = &rule.id.0;
        let shown = record.map(|record| {
            format!("{} satisfies it, and so does every other record that it speaks of", self.shown(record, at, at))
        });
        // Where the assertion cannot be true without the condition either, they say the same.
        let same = rule.when_text.is_some()
            && rule.kind == RuleKind::Check
            && self.prover.find_quickly(&[(check.when, Truths::NOT_TRUE), (check.assert, Truths::TRUE)])
                == Answer::None;
        let diagnostic = if same {
            located(
                "logic::assert_is_condition",
                format!("rule `{id}` asserts what its condition says"),
                rule.origin.assert.as_ref(),
            )
        } else if rule.kind == RuleKind::Irrelevant {
            located(
                "logic::never_violated",
                format!("rule `{id}` can never be violated: the variable is relevant everywhere"),
                rule.origin.when.as_ref().or(rule.origin.rule.as_ref()),
            )
        } else {
            located(
                "logic::never_violated",
                format!("rule `{id}` can never be violated by valid values"),
                rule.origin.assert.as_ref().or(rule.origin.rule.as_ref()),
            )
        };
        self.push(diagnostic.help_if(shown));
    }

    /// A condition that is written but never false says nothing.
    fn condition(&mut self, at: usize, check: &RecordCheck) {
        let rule = self.subjects[at].rule;
        if rule.when_text.is_none() || rule.kind == RuleKind::Irrelevant {
            return;
        }
        self.proof.questions += 1;
        let id = rule.id.0.clone();
        match self.ask(&[(check.when, Truths::FALSE)]) {
            Answer::Record(_) => {}
            Answer::None => {
                let help = match rule.kind {
                    RuleKind::Required => format!("make the level `{}`", Level::Mandatory.as_str()),
                    _ => "remove it, or write what was meant".to_owned(),
                };
                self.flush();
                let met = self.pool.satisfied[at].or(&self.pool.violated[at]);
                let help = match met.iter().next() {
                    Some(record) => {
                        let shown = self.shown(&self.pool.records[record].clone(), at, at);
                        format!("{help}; {shown} meets it, and so does every other record that has what it reads")
                    }
                    None => help,
                };
                self.warn(
                    &[at],
                    located(
                        "logic::condition_always_true",
                        format!("the condition of rule `{id}` is never false"),
                        rule.origin.when.as_ref(),
                    )
                    .help(help),
                );
            }
            Answer::Undecided => self.undecided(at, &format!("the condition of rule `{id}` can be false")),
        }
    }

    /// Variables that some record must and must not have.
    fn requirements(&mut self) {
        for at in 0..self.subjects.len() {
            let subject = &self.subjects[at];
            let (rule, Some(variable)) = (subject.rule, subject.rule.faulty.first().copied()) else { continue };
            if rule.kind != RuleKind::Irrelevant {
                continue;
            }
            let required = self.plan.requirements[variable.0].required;
            let check = subject.check.clone();
            self.proof.questions += 1;
            match self.ask(&[(required, Truths::TRUE), (check.when, Truths::TRUE), (check.assert, Truths::FALSE)]) {
                Answer::None => {}
                Answer::Record(witness) => {
                    let name = &self.plan.collection.get(variable).id;
                    let shown = self.shown(&witness, at, at);
                    let (place, id) = (rule.origin.when.clone().or(rule.origin.rule.clone()), name.clone());
                    self.push(
                        located(
                            "logic::required_and_forbidden",
                            format!("`{id}` is both required and forbidden"),
                            place.as_ref(),
                        )
                        .help(format!("in a record with {shown}: whatever is done is wrong")),
                    );
                }
                Answer::Undecided => {
                    let name = self.plan.collection.get(variable).id.clone();
                    self.undecided(at, &format!("`{name}` can be both required and forbidden"));
                }
            }
        }
    }

    fn pairs(&mut self) {
        self.flush();
        let sound: Vec<usize> = self.sound.iter().copied().collect();
        for (position, &first) in sound.iter().enumerate() {
            for &second in &sound[position + 1..] {
                if self.share_a_variable(first, second) {
                    self.contradiction(first, second);
                    self.implication(first, second);
                }
            }
        }
    }

    fn share_a_variable(&self, first: usize, second: usize) -> bool {
        let (a, b) = (&self.subjects[first].variables, &self.subjects[second].variables);
        a.iter().any(|variable| b.binary_search(variable).is_ok())
    }

    /// Two rules that speak of the same records and cannot both be complied with.
    ///
    /// What a rule's condition says of the variables that are asserted about can be changed to comply: `when x IS NOT
    /// NULL` is no reason to have an `x`. So can what a rule names as faulty. Only the rest of the conditions is given. A
    /// rule is complied with where its condition is false or its assertion true.
    fn contradiction(&mut self, first: usize, second: usize) {
        self.proof.questions += 1;
        if self.pool.satisfied[first].intersects(&self.pool.satisfied[second]) || self.are_apart(first, second) {
            return;
        }
        let (a, b) = (self.subjects[first].check.clone(), self.subjects[second].check.clone());
        let mut asserted = self.plan.program.inputs(&[a.assert, b.assert], None).variables;
        asserted.extend([first, second].iter().flat_map(|at| &self.subjects[*at].rule.faulty));
        let mut given = self.given(a.when, &asserted);
        given.extend(self.given(b.when, &asserted));
        let ways = |check: &RecordCheck| [(check.when, Truths::FALSE), (check.assert, Truths::TRUE)];
        let mut is_undecided = false;
        for one in ways(&a) {
            for other in ways(&b) {
                let goals: Vec<_> = given.iter().copied().chain([one, other]).collect();
                match self.ask_quickly(&goals) {
                    Answer::Record(_) => return,
                    Answer::Undecided => is_undecided = true,
                    Answer::None => {}
                }
            }
        }
        if is_undecided {
            let (a, b) = (&self.subjects[first].rule.id, &self.subjects[second].rule.id);
            let question = format!("rules `{a}` and `{b}` can both be complied with");
            return self.undecided(second, &question);
        }
        let both = [(a.when, Truths::TRUE), (b.when, Truths::TRUE)];
        // A record that is right by the one and wrong by the other says most.
        let telling = self.ask(&[both[0], both[1], (a.assert, Truths::TRUE), (b.assert, Truths::FALSE)]);
        let (telling, is_telling) = match telling {
            Answer::Record(_) => (telling, true),
            _ => (self.ask(&both), false),
        };
        if let Answer::Record(witness) = telling {
            let shown = self.shown(&witness, first, second);
            let (a, b) = (&self.subjects[first].rule.id, &self.subjects[second].rule.id);
            let help = if is_telling {
                format!("a record with {shown} satisfies `{a}`, and therefore violates `{b}`")
            } else {
                format!("both speak of a record with {shown}")
            };
            self.push_pair(
                "logic::contradiction",
                |a, b| format!("rules `{a}` and `{b}` contradict each other: no record satisfies both"),
                (first, second),
                help,
            );
        }
    }

    /// The parts of a condition that read none of the variables asserted about.
    fn given(&self, when: BoolNode, asserted: &[VariableIndex]) -> Vec<(BoolNode, Truths)> {
        let parts = match &self.plan.program.bools[when.0 as usize] {
            BoolExpr::And(parts) => parts.clone(),
            _ => vec![when],
        };
        let is_given = |part: &BoolNode| {
            !self.plan.program.inputs(&[*part], None).variables.iter().any(|variable| asserted.contains(variable))
        };
        parts.into_iter().filter(is_given).map(|part| (part, Truths::TRUE)).collect()
    }

    /// Rules of which one finds nothing that the other does not.
    fn implication(&mut self, first: usize, second: usize) {
        self.proof.questions += 2;
        let only_first = self.violates_only(first, second);
        let only_second = self.violates_only(second, first);
        let (a, b) = (self.subjects[first].rule, self.subjects[second].rule);
        let message: (&'static str, usize, usize) = match (only_first, only_second) {
            (Some(false), Some(false)) => ("logic::same", first, second),
            // The second finds nothing of its own: it is superfluous, unless it weighs more.
            (_, Some(false)) if b.severity <= a.severity => ("logic::implied", first, second),
            (Some(false), _) if a.severity <= b.severity => ("logic::implied", second, first),
            (None, _) | (_, None) => {
                let question = format!("rule `{}` finds something that `{}` does not", b.id, a.id);
                return self.undecided(second, &question);
            }
            _ => return,
        };
        let (code, strong, weak) = message;
        self.flush();
        let both = self.pool.violated[strong].and(&self.pool.violated[weak]);
        let shown = both.iter().next().map(|record| self.shown(&self.pool.records[record].clone(), strong, weak));
        let help = shown.map_or_else(String::new, |shown| format!("both are violated by a record with {shown}"));
        self.push_pair(
            code,
            |strong, weak| match code {
                "logic::same" => format!("rules `{strong}` and `{weak}` find the same records"),
                _ => format!("rule `{weak}` finds nothing that `{strong}` does not"),
            },
            (strong, weak),
            help,
        );
    }

    /// Whether some record violates the one rule and not the other; `None` where that could not be decided.
    fn violates_only(&mut self, one: usize, other: usize) -> Option<bool> {
        if !self.pool.violated[one].is_within(&self.pool.violated[other]) {
            return Some(true);
        }
        let (a, b) = (self.subjects[one].check.clone(), self.subjects[other].check.clone());
        // A rule that compares with what a run need not state finds nothing where it is not stated.
        if b.parameters
            .iter()
            .any(|parameter| *parameter != Parameter::DeliveryDate && !a.parameters.contains(parameter))
        {
            return Some(true);
        }
        let violated = [(a.when, Truths::TRUE), (a.assert, Truths::FALSE)];
        let mut is_undecided = false;
        for spared in [(b.when, Truths::NOT_TRUE), (b.assert, Truths::NOT_FALSE)] {
            match self.ask_quickly(&[violated[0], violated[1], spared]) {
                Answer::Record(_) => return Some(true),
                Answer::Undecided => is_undecided = true,
                Answer::None => {}
            }
        }
        (!is_undecided).then_some(false)
    }

    fn push_pair(
        &mut self,
        code: &'static str,
        message: impl Fn(&str, &str) -> String,
        (first, second): (usize, usize),
        help: String,
    ) {
        let (a, b) = (self.subjects[first].rule, self.subjects[second].rule);
        let place = |rule: &Rule| rule.origin.assert.clone().or(rule.origin.when.clone()).or(rule.origin.rule.clone());
        let mut diagnostic = located(code, message(&a.id.0, &b.id.0), place(b).as_ref()).help(help);
        if let Some(place) = place(a) {
            diagnostic = diagnostic.and_at(place, format!("`{}`", a.id));
        }
        match code {
            "logic::contradiction" => self.push(diagnostic),
            _ => self.warn(&[first, second], diagnostic),
        }
    }

    /// A record as a person reads it: the values that either rule reads, and what is stated.
    fn shown(&self, record: &Witness, first: usize, second: usize) -> String {
        let (a, b) = (&self.subjects[first], &self.subjects[second]);
        let mut variables: Vec<VariableIndex> = a.variables.iter().chain(&b.variables).copied().collect();
        variables.sort_unstable();
        variables.dedup();
        let mut parts: Vec<String> = variables
            .into_iter()
            .map(|variable| {
                let name = &self.plan.collection.get(variable).id;
                match record.values[variable.0].as_str() {
                    "" => format!("{name} blank"),
                    value => format!("{name} = {value}"),
                }
            })
            .collect();
        let stated = a.check.parameters.iter().chain(&b.check.parameters).collect::<BTreeSet<_>>();
        parts.extend(stated.into_iter().filter_map(|parameter| {
            record.stated.text(*parameter).map(|value| format!("{}() = {value}", parameter.function()))
        }));
        parts.join(", ")
    }

    /// Parts of a condition that cannot be true together, with a record that meets all of them but one.
    fn conflict(&mut self, at: usize, when: BoolNode) -> Option<String> {
        let BoolExpr::And(parts) = self.plan.program.bools[when.0 as usize].clone() else { return None };
        let all_true = |parts: &[BoolNode]| parts.iter().map(|node| (*node, Truths::TRUE)).collect::<Vec<_>>();
        let mut kept: Vec<BoolNode> = parts;
        let mut place = 0;
        while place < kept.len() {
            let without = [&kept[..place], &kept[place + 1..]].concat();
            if self.prover.find_quickly(&all_true(&without)) == Answer::None {
                kept = without;
            } else {
                place += 1;
            }
        }
        let names: BTreeSet<&str> = self
            .plan
            .program
            .inputs(&kept, None)
            .variables
            .into_iter()
            .map(|variable| self.plan.collection.get(variable).id.as_str())
            .collect();
        let names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
        let said = format!("what it asks of {} cannot be true together", names.join(" and "));
        let rest = kept.split_last().map(|(_, rest)| all_true(rest)).filter(|rest| !rest.is_empty());
        match rest.map(|rest| self.prover.find(&rest)) {
            Some(Answer::Record(witness)) => {
                Some(format!("{said}; {} meets all of it but one part", self.shown(&witness, at, at)))
            }
            _ => Some(said),
        }
    }
}

fn located(code: &'static str, message: String, place: Option<&Place>) -> Diagnostic {
    let diagnostic = Diagnostic::new(code, message);
    match place {
        Some(place) => diagnostic.at(place.clone(), "here"),
        None => diagnostic,
    }
}
