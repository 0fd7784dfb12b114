//! Everything there is to tell of one rule, gathered from its plan: what `rules explain` shows and `rules doc` prints.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Rulebook;
use crate::model::{Level, Severity, SourceReference, Text, VariableIndex, Verdict};
use crate::rule::expr::Parameter;
use crate::rule::fold::{Fold, FoldColumn};
use crate::rule::testing::TestInput;
use crate::rule::{Change, Check, MissingColumns, Plan, Rule, RuleKind, SubmissionKind, sentence};
use crate::schema::Domain;

/// A rule of one or several collections, told alike in all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The collections, id and title.
    pub collections: Vec<(String, Text)>,
    /// Its id.
    pub id: String,
    /// How much a violation matters.
    pub severity: Severity,
    /// What sort of rule.
    pub kind: RuleKind,
    /// Whether single records break it, rather than the submission as a whole.
    pub is_of_records: bool,
    /// The head of a finding.
    pub title: Text,
    /// What it says, from the rule itself.
    pub sentence: Text,
    /// The condition as written.
    pub when: Option<String>,
    /// The assertion as written.
    pub assertion: Option<String>,
    /// Why it exists.
    pub why: Option<Text>,
    /// What to do.
    pub fix: Text,
    /// Where it is laid down.
    pub source: SourceReference,
    /// For which records it is valid; `None` for all.
    pub validity: Option<Text>,
    /// The variables to correct, id and name.
    pub faulty: Vec<(String, Text)>,
    /// The variables that make it apply.
    pub triggers: Vec<(String, Text)>,
    /// The columns without which it is not checked.
    pub columns: Vec<String>,
    /// Whether a missing column is read as blank.
    pub reads_missing_as_blank: bool,
    /// What must be stated for it to be checked.
    pub parameters: Vec<Parameter>,
    /// Whether the number of records must be stated.
    pub needs_record_count: bool,
    /// The official list that must be loaded.
    pub official_list: Option<String>,
    /// Records or submissions that show what it says.
    pub examples: Vec<Example>,
    /// What became of it.
    pub history: Vec<Change>,
    /// File and line; `None` where it follows from a schema.
    pub place: Option<String>,
    /// Of a rule on groups of records: what these are.
    pub groups: Option<GroupAccount>,
}

/// What the groups are that a rule is on, and what the variables that it speaks of are made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupAccount {
    /// What groups are called, in the plural.
    pub unit: Text,
    /// Which records make one.
    pub sentence: Text,
    /// The variables that the rule reads or shows.
    pub variables: Vec<Made>,
}

/// What one variable of a group is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: Text,
    /// What it is made of.
    pub words: Text,
    /// Whether it is a part of the key.
    pub is_key: bool,
    /// The aggregate as written; `None` of what is none.
    pub sql: Option<String>,
}

/// What the variable at `index` of groups is made of.
pub fn made(plan: &Plan, fold: &Fold, index: VariableIndex) -> Made {
    let variable = plan.collection.get(index);
    let (words, sql) = match &fold.columns[index.0] {
        FoldColumn::Key(_) => (sentence::group::of_key(&variable.name), None),
        FoldColumn::Aggregate(aggregate) => (sentence::group::aggregate(fold, aggregate), Some(aggregate.text.clone())),
        FoldColumn::History(item) => {
            let months = fold.history.as_ref().map_or(0, |history| history.months);
            (sentence::group::history(*item, months), None)
        }
    };
    Made {
        id: variable.id.clone(),
        name: variable.name.clone(),
        words,
        is_key: matches!(fold.columns[index.0], FoldColumn::Key(_)),
        sql,
    }
}

fn groups(plan: &Plan, rule: &Rule, read: &[VariableIndex]) -> Option<GroupAccount> {
    let fold = plan.fold.as_deref()?;
    let mut variables: Vec<VariableIndex> = rule.faulty.iter().chain(&rule.triggers).chain(read).copied().collect();
    variables.sort_unstable();
    variables.dedup();
    Some(GroupAccount {
        unit: fold.unit.clone(),
        sentence: sentence::group::group(fold),
        variables: variables.into_iter().map(|variable| made(plan, fold, variable)).collect(),
    })
}

/// A test, as an example.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// What the rule says of it.
    pub verdict: Verdict,
    /// Variable and value; every other variable is blank.
    pub values: Vec<(String, String)>,
    /// What the run states, and the option that states it.
    pub stated: Vec<(Text, String)>,
    /// A whole submission.
    pub csv: Option<String>,
    /// Whether the official list that is loaded holds the value.
    pub is_listed: Option<bool>,
}

/// The rules of `book` called `id`, whatever its capitals; rules that are told alike are one, with the examples of all.
/// Several where an id has several versions, or differs between collections.
pub fn accounts(book: &Rulebook, id: &str) -> Vec<Account> {
    let mut accounts: Vec<Account> = Vec::new();
    for plan in book.plans() {
        for rule in plan.rules.iter().filter(|rule| rule.id.0.to_lowercase() == id.to_lowercase()) {
            let account = account(plan, rule);
            match accounts.iter_mut().find(|known| known.is_told_as(&account)) {
                Some(known) => known.add(account),
                None => accounts.push(account),
            }
        }
    }
    accounts
}

impl Account {
    /// Whether `other` differs in its collections and examples only.
    fn is_told_as(&self, other: &Self) -> bool {
        let bare = |account: &Self| Self { collections: Vec::new(), examples: Vec::new(), ..account.clone() };
        bare(self) == bare(other)
    }

    fn add(&mut self, other: Self) {
        self.collections.extend(other.collections);
        for example in other.examples {
            if !self.examples.contains(&example) {
                self.examples.push(example);
            }
        }
    }

    /// What a violation means for the record or the submission, in words.
    pub fn consequence(&self) -> Text {
        match (self.severity, self.is_of_records) {
            (Severity::Error, false) => {
                Text::new("fel: leveransen godkänns inte", "error: the submission is not accepted")
            }
            (Severity::Error, true) if self.groups.is_some() => Text::new(
                "fel: gruppen är fel och registret tar inte emot dess poster",
                "error: the group is wrong, and the register leaves its records out",
            ),
            (Severity::Warning, true) if self.groups.is_some() => Text::new(
                "varning: gruppen är troligen fel men används ändå",
                "warning: the group is probably wrong, and is used all the same",
            ),
            (Severity::Error, true) => Text::new(
                "fel: posten är fel och registret tar inte emot den",
                "error: the record is wrong, and the register leaves it out",
            ),
            (Severity::Warning, false) => Text::new(
                "varning: leveransen är troligen fel men används ändå",
                "warning: the submission is probably wrong, and is used all the same",
            ),
            (Severity::Warning, true) => Text::new(
                "varning: posten är troligen fel men används ändå",
                "warning: the record is probably wrong, and is used all the same",
            ),
            (Severity::Note, _) => {
                Text::new("upplysning: värt att veta; inget måste göras", "note: worth knowing; nothing has to be done")
            }
        }
    }
}

/// Every id of `book`, each once.
pub fn ids(book: &Rulebook) -> BTreeSet<&str> {
    book.plans().flat_map(|plan| plan.rules.iter().map(|rule| rule.id.0.as_str())).collect()
}

/// What there is to tell of `rule` of `plan`.
pub fn account(plan: &Arc<Plan>, rule: &Rule) -> Account {
    let collection = &plan.collection;
    let named = |variables: &[VariableIndex]| {
        let variables = variables.iter().map(|variable| collection.get(*variable));
        variables.map(|variable| (variable.id.clone(), variable.name.clone())).collect()
    };
    let (columns, reads_missing_as_blank, parameters) = match &rule.check {
        Check::Record(check) => {
            (check.inputs.clone(), check.missing_columns == MissingColumns::Blank, check.parameters.clone())
        }
        Check::Submission(SubmissionKind::Unique { variables, within }) => {
            (variables.iter().chain(within).copied().collect(), false, Vec::new())
        }
        Check::Submission(_) => (Vec::new(), false, Vec::new()),
    };
    let official_list = match (rule.kind, rule.faulty.as_slice()) {
        (RuleKind::OfficialCode, [variable]) => match &collection.get(*variable).domain {
            Domain::Text { official_list, .. } => official_list.clone(),
            _ => None,
        },
        _ => None,
    };
    let place = rule.origin.rule.as_ref();
    let groups = groups(plan, rule, &columns);
    Account {
        collections: vec![(collection.id.clone(), collection.title.clone())],
        id: rule.id.0.clone(),
        severity: rule.severity,
        kind: rule.kind,
        is_of_records: match &rule.check {
            Check::Record(_) => true,
            Check::Submission(kind) => matches!(kind, SubmissionKind::Unique { .. } | SubmissionKind::Readable),
        },
        title: rule.title.clone(),
        sentence: sentence::sentence(plan, rule),
        when: rule.when_text.clone(),
        assertion: rule.assert_text.clone(),
        why: rule.why.clone(),
        fix: rule.fix.clone(),
        source: rule.source.clone(),
        validity: sentence::validity(plan, rule),
        faulty: named(&rule.faulty),
        triggers: named(&rule.triggers),
        columns: match &plan.fold {
            None => columns.into_iter().map(|variable| collection.get(variable).id.clone()).collect(),
            // The columns that are submitted: what the groups' variables are made of.
            Some(fold) => {
                let mut made_of = fold.key.clone();
                made_of.extend(columns.iter().flat_map(|variable| fold.inputs_of(*variable)));
                made_of.sort_unstable();
                made_of.dedup();
                made_of.into_iter().map(|variable| fold.of.collection.get(variable).id.clone()).collect()
            }
        },
        reads_missing_as_blank,
        parameters,
        needs_record_count: matches!(rule.check, Check::Submission(SubmissionKind::RecordCount)),
        official_list,
        examples: rule.tests.iter().map(|test| example(plan, test.expected, &test.input)).collect(),
        history: rule.history.clone(),
        place: place.map(|place| format!("{}:{}", place.source.name(), place.start().line)),
        groups,
    }
}

fn example(plan: &Plan, verdict: Verdict, input: &TestInput) -> Example {
    let id = |variable: VariableIndex| plan.collection.get(variable).id.clone();
    let mut example = Example { verdict, values: Vec::new(), stated: Vec::new(), csv: None, is_listed: None };
    match input {
        TestInput::Record { values, parameters } => {
            example.values = values.iter().map(|(variable, value)| (id(*variable), value.clone())).collect();
            example.stated =
                parameters.iter().map(|(parameter, value)| (parameter_words(*parameter), value.clone())).collect();
        }
        TestInput::OfficialCode { variable, value, listed } => {
            example.values = vec![(id(*variable), value.clone())];
            example.is_listed = Some(*listed);
        }
        TestInput::Submission { csv, expect_records } => {
            example.csv = Some(csv.clone());
            example.stated = expect_records
                .iter()
                .map(|count| (Text::new("--expect-records", "--expect-records"), count.to_string()))
                .collect();
        }
    }
    example
}

/// How an example names what the run states: days of a period apart, because one option states both.
fn parameter_words(parameter: Parameter) -> Text {
    match parameter {
        Parameter::PeriodStart => Text::new("--period, första dagen", "--period, first day"),
        Parameter::PeriodEnd => Text::new("--period, sista dagen", "--period, last day"),
        other => Text::new(other.option(), other.option()),
    }
}

/// A requirement level, in the reporting models' words.
pub fn level_words(level: Level) -> Text {
    match level {
        Level::Mandatory => Text::new("obligatorisk", "mandatory"),
        Level::Conditional => Text::new("villkorat obligatorisk", "conditional"),
        Level::IfAvailable => Text::new("obligatorisk om tillgänglig", "mandatory if available"),
        Level::Voluntary => Text::new("frivillig", "voluntary"),
        Level::FetchedSeparately => Text::new("hämtas separat", "fetched separately"),
        Level::NotIncluded => Text::new("ingår ej", "not included"),
    }
}

/// A verdict as a heading of examples.
pub fn verdict_words(verdict: Verdict) -> Text {
    match verdict {
        Verdict::Satisfied => Text::new("Uppfyller regeln", "Satisfies the rule"),
        Verdict::Violated => Text::new("Bryter mot regeln", "Violates the rule"),
        Verdict::NotApplicable => Text::new("Regeln gäller inte", "The rule does not apply"),
        Verdict::NotChecked => Text::new("Går inte att avgöra", "Cannot be decided"),
    }
}

/// The order in which examples are shown.
pub const VERDICTS: [Verdict; 4] = [Verdict::Satisfied, Verdict::Violated, Verdict::NotApplicable, Verdict::NotChecked];
