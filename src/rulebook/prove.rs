//! The logic of a rule set: what can never be, what always is, what contradicts and what repeats.
//!
//! For every rule on records: can it apply, can it be satisfied, can it be violated, can its condition be false. For
//! every two rules that read a common variable: can both be satisfied where both apply, and does every violation of one
//! violate the other. Most questions are answered by records that were found for another: a *pool* of them is judged
//! by the engine against all rules at once, and only what no record of the pool shows is put to [`crate::logic`].
//!
//! Rules on values (`-V-`, `-O-`) say which values are valid, and the proofs are over valid values; they are not asked
//! about. Each mistake is shown with a record where one exists: one that both rules speak of, one that is wrong anyhow.

use std::collections::BTreeSet;

use crate::diag::{Diagnostic, Place};
use crate::engine::probe::ProbeParameters;
use crate::logic::{Answer, Prover, Truths, Witness};
use crate::model::{Level, VariableIndex, Verdict};
use crate::rule::expr::{BoolExpr, BoolNode, Parameter};
use crate::rule::testing::TestInput;
use crate::rule::{Check, Plan, RecordCheck, Rule, RuleKind};
use crate::table::Bits;
use crate::time;

/// What was proved of one plan.
#[derive(Debug, Default)]
pub struct Proof {
    /// Mistakes and warnings.
    pub diagnostics: Vec<Diagnostic>,
    /// How many questions were asked.
    pub questions: usize,
    /// How many of them no record of the pool answered.
    pub searches: usize,
    /// How many could not be decided.
    pub undecided: usize,
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
}

fn subjects(plan: &Plan) -> Vec<Subject<'_>> {
    plan.rules
        .iter()
        .enumerate()
        .filter(|(_, rule)| !matches!(rule.kind, RuleKind::Value | RuleKind::OfficialCode))
        .filter_map(|(index, rule)| match &rule.check {
            Check::Record(check) => {
                let variables = plan.program.inputs(&[check.when, check.assert], None).variables;
                Some(Subject { index, rule, check, variables })
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
}

impl Work<'_, '_> {
    /// Fills the pool with the records of all rules' tests, as they are and with the blanks filled.
    fn seed(&mut self) {
        let default = ProbeParameters {
            delivery_date: time::parse_day("2022-12-31"),
            period: time::parse_day("2022-03-01").zip(time::parse_day("2022-03-31")),
            region: Some("2321000016".to_owned()),
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
        self.proof.searches += 1;
        let answer = self.prover.find(goals);
        match &answer {
            Answer::Record(witness) => self.add(vec![witness.clone()]),
            Answer::Undecided => self.proof.undecided += 1,
            Answer::None => {}
        }
        answer
    }

    fn push(&mut self, diagnostic: Diagnostic) {
        self.proof.diagnostics.push(diagnostic);
    }

    fn undecided(&mut self, at: usize, question: &str) {
        let rule = self.subjects[at].rule;
        self.push(
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
            let mut record = None;
            if !satisfied && !violated {
                match self.ask(&applies) {
                    Answer::None => {
                        let what = match kind {
                            RuleKind::Required => "the condition of the requirement can never be true",
                            _ => "the condition can never be true",
                        };
                        let mistake =
                            located("logic::never_applies", format!("rule `{id}` never applies: {what}"), origin.when.as_ref().or(origin.rule.as_ref()))
                                .help_if(self.conflict(check.when));
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
            let satisfied = satisfied || {
                match self.ask(&[(check.when, Truths::TRUE), (check.assert, Truths::TRUE)]) {
                    Answer::Record(_) => true,
                    Answer::None => {
                        let shown = record.as_ref().map(|record| self.shown(record, at, at));
                        self.push(
                            located("logic::always_violated", format!("rule `{id}` is violated wherever it applies"), origin.assert.as_ref().or(origin.rule.as_ref()))
                                .help_if(shown.map(|shown| format!("for example by {shown}"))),
                        );
                        false
                    }
                    Answer::Undecided => {
                        self.undecided(at, &format!("rule `{id}` can ever be satisfied"));
                        false
                    }
                }
            };
            let violated = violated || {
                match self.ask(&[(check.when, Truths::TRUE), (check.assert, Truths::FALSE)]) {
                    Answer::Record(_) => true,
                    Answer::None => {
                        self.never_violated(at, &check, record.as_ref());
                        false
                    }
                    Answer::Undecided => {
                        self.undecided(at, &format!("rule `{id}` can ever be violated"));
                        false
                    }
                }
            };
            if satisfied && violated {
                self.sound.insert(at);
            }
            self.condition(at, &check);
        }
    }

    fn never_violated(&mut self, at: usize, check: &RecordCheck, record: Option<&Witness>) {
        let rule = self.subjects[at].rule;
        let id = &rule.id.0;
        let shown = record.map(|record| format!("{} satisfies it, and so does every other record that it speaks of", self.shown(record, at, at)));
        // Where the assertion cannot be true without the condition either, they say the same.
        let same = rule.when_text.is_some()
            && rule.kind == RuleKind::Check
            && self.prover.find_quickly(&[(check.when, Truths::NOT_TRUE), (check.assert, Truths::TRUE)]) == Answer::None;
        let diagnostic = if same {
            located("logic::assert_is_condition", format!("rule `{id}` asserts what its condition says"), rule.origin.assert.as_ref())
        } else if rule.kind == RuleKind::Irrelevant {
            located("logic::never_violated", format!("rule `{id}` can never be violated: the variable is relevant everywhere"), rule.origin.when.as_ref().or(rule.origin.rule.as_ref()))
        } else {
            located("logic::never_violated", format!("rule `{id}` can never be violated by valid values"), rule.origin.assert.as_ref().or(rule.origin.rule.as_ref()))
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
                self.push(
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
            let BoolExpr::Or(parts) = &self.plan.program.bools[subject.check.assert.0 as usize] else { continue };
            let relevant = parts.iter().copied().find(|part| self.plan.program.bools[part.0 as usize] != BoolExpr::IsBlank(variable));
            let Some(relevant) = relevant else { continue };
            self.proof.questions += 1;
            match self.ask(&[(required, Truths::TRUE), (relevant, Truths::FALSE)]) {
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
    /// NULL` is no reason to have an `x`. Only the rest of the conditions is given. A rule is complied with where its
    /// condition is false or its assertion true.
    fn contradiction(&mut self, first: usize, second: usize) {
        self.proof.questions += 1;
        if self.pool.satisfied[first].and(&self.pool.satisfied[second]).any() {
            return;
        }
        let (a, b) = (self.subjects[first].check.clone(), self.subjects[second].check.clone());
        let asserted = self.plan.program.inputs(&[a.assert, b.assert], None).variables;
        let mut given = self.given(a.when, &asserted);
        given.extend(self.given(b.when, &asserted));
        let ways = |check: &RecordCheck| [(check.when, Truths::FALSE), (check.assert, Truths::TRUE)];
        let mut is_undecided = false;
        for one in ways(&a) {
            for other in ways(&b) {
                let goals: Vec<_> = given.iter().copied().chain([one, other]).collect();
                match self.ask(&goals) {
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
        if let Answer::Record(witness) = self.ask(&[(a.when, Truths::TRUE), (b.when, Truths::TRUE)]) {
            let shown = self.shown(&witness, first, second);
            self.push_pair(
                "logic::contradiction",
                |a, b| format!("rules `{a}` and `{b}` contradict each other: no record satisfies both"),
                (first, second),
                format!("both speak of a record with {shown}"),
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
        if self.pool.violated[one].minus(&self.pool.violated[other]).any() {
            return Some(true);
        }
        let (a, b) = (self.subjects[one].check.clone(), self.subjects[other].check.clone());
        // A rule that compares with what a run need not state finds nothing where it is not stated.
        if b.parameters.iter().any(|parameter| *parameter != Parameter::DeliveryDate && !a.parameters.contains(parameter)) {
            return Some(true);
        }
        let violated = [(a.when, Truths::TRUE), (a.assert, Truths::FALSE)];
        let mut is_undecided = false;
        for spared in [(b.when, Truths::NOT_TRUE), (b.assert, Truths::NOT_FALSE)] {
            match self.ask(&[violated[0], violated[1], spared]) {
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
        self.push(diagnostic);
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

    /// Parts of a condition that cannot be true together, where each can alone.
    fn conflict(&mut self, when: BoolNode) -> Option<String> {
        let BoolExpr::And(parts) = self.plan.program.bools[when.0 as usize].clone() else { return None };
        let mut kept: Vec<BoolNode> = parts;
        let mut at = 0;
        while at < kept.len() {
            let without: Vec<(BoolNode, Truths)> = kept
                .iter()
                .enumerate()
                .filter(|(index, _)| *index != at)
                .map(|(_, node)| (*node, Truths::TRUE))
                .collect();
            if self.prover.find_quickly(&without) == Answer::None {
                kept.remove(at);
            } else {
                at += 1;
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
        Some(format!("what it asks of {} cannot be true together", names.join(" and ")))
    }
}

fn located(code: &'static str, message: String, place: Option<&Place>) -> Diagnostic {
    let diagnostic = Diagnostic::new(code, message);
    match place {
        Some(place) => diagnostic.at(place.clone(), "here"),
        None => diagnostic,
    }
}
