//! What must hold: loads `rules/`, and compiles a rule set against a schema into a [`Plan`].
//!
//! A plan is checked data: every name is resolved, every expression typed, every text there in both languages. All
//! rules on records, whether a requirement level, a value domain or a check written in SQL, become the same thing: a
//! condition and an assertion over the batch (see [`expr`]). Rules on the whole submission are
//! [`SubmissionKind`]s. Compiling collects every mistake of every file before it stops.
//!
//! Deliberately does not know files of submissions, threads, or reports.

mod compile;
mod derived;
pub mod expr;
pub mod fold;
mod history;
pub mod import;
mod load;
pub mod print;
pub mod sentence;
pub(crate) mod spec;
pub(crate) mod sql;
pub mod testing;
mod validity;

use std::sync::Arc;

use crate::diag::Place;
use crate::model::{Level, RuleId, Severity, SourceReference, Text, VariableIndex};
use crate::schema::{Codelists, Collection};

pub use compile::{compile, compile_as_of};
pub use history::Change;
pub use load::{Compiled, RuleSet, load, load_and_compile};
pub use validity::Validity;

/// A rule set compiled for one collection.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What it checks.
    pub collection: Arc<Collection>,
    /// How its records are made of another collection's, where they are.
    pub fold: Option<Arc<fold::Fold>>,
    /// The lists its rules look into.
    pub codelists: Codelists,
    /// Every rule, in the order of reports: requirements and values by variable, then checks by id, then the submission's.
    pub rules: Vec<Rule>,
    /// The requirement of each variable, in the schema's order.
    pub requirements: Vec<Requirement>,
    /// The nodes that rules and requirements point into.
    pub program: expr::Program,
    /// What rule files decided where the sources are silent.
    pub assumptions: Vec<Text>,
    /// The day (days since 1970-01-01) that dated rules, levels and codes are chosen by for every record; `None` where
    /// the record's own dates choose.
    pub as_of: Option<i64>,
    /// Hash of everything the plan was made from, for naming the rule set's version: 16 hexadecimal digits.
    pub version: String,
}

impl Plan {
    /// Every variable that one of the rules reads or shows that are `asked`, an entry a rule; and the key. Ascending.
    pub fn variables_of_rules(&self, asked: &[bool]) -> Vec<VariableIndex> {
        let asked = self.rules.iter().zip(asked).filter(|(_, is_asked)| **is_asked).map(|(rule, _)| rule);
        let of_rules = asked.flat_map(|rule| rule.inputs().iter().chain(&rule.faulty).chain(&rule.triggers)).copied();
        let named = self.collection.key.iter().copied().chain(self.collection.region.map(|region| region.variable));
        let mut variables: Vec<VariableIndex> = of_rules.chain(named).collect();
        variables.sort_unstable();
        variables.dedup();
        variables
    }

    /// False for a rule that is not valid on the day the plan is of; then it applies to no record.
    pub fn is_in_force(&self, rule: &Rule) -> bool {
        self.as_of.is_none_or(|day| rule.valid.is_none_or(|valid| valid.covers(day)))
    }
}

/// One rule, compiled. A rule that is written in several versions is several rules of one id.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Permanent.
    pub id: RuleId,
    /// What sort of rule.
    pub kind: RuleKind,
    /// How much a violation matters.
    pub severity: Severity,
    /// What is wrong, as the head of a finding.
    pub title: Text,
    /// Why the rule exists.
    pub why: Option<Text>,
    /// What to do.
    pub fix: Text,
    /// Where it is laid down.
    pub source: SourceReference,
    /// The variables to correct.
    pub faulty: Vec<VariableIndex>,
    /// The variables that make it apply, apart from the faulty ones.
    pub triggers: Vec<VariableIndex>,
    /// The unit of the number shown with each finding.
    pub detail_unit: Option<Text>,
    /// The condition as written; `None` where it always applies or is derived.
    pub when_text: Option<String>,
    /// The assertion as written; `None` where it is derived.
    pub assert_text: Option<String>,
    /// When it is valid, where that is not always. `check` knows it already.
    pub valid: Option<Validity>,
    /// How it is evaluated.
    pub check: Check,
    /// Its tests, from the rule file or derived from the schema's examples.
    pub tests: Vec<testing::RuleTest>,
    /// Warnings about its logic that are meant to be so.
    pub accepts: Vec<Acceptance>,
    /// Changes of it that its tests need not see.
    pub survivors: Vec<testing::ArguedSurvivor>,
    /// What became of it, the oldest change first.
    pub history: Vec<Change>,
    /// Where it is written.
    pub origin: Origin,
}

impl Rule {
    /// The variables that it reads of a record.
    pub fn inputs(&self) -> &[VariableIndex] {
        match &self.check {
            Check::Record(check) => &check.inputs,
            Check::Submission(_) => &[],
        }
    }

    /// Whether it asks what earlier submissions say of a group.
    pub fn reads_history(&self, collection: &Collection) -> bool {
        self.inputs().iter().any(|variable| collection.get(*variable).history.is_some())
    }
}

/// A warning about a rule's logic that is meant to be so.
#[derive(Clone, Debug)]
pub struct Acceptance {
    /// The code of the warning, such as `logic::implied`.
    pub warning: String,
    /// The other rule that the warning names.
    pub with: Option<RuleId>,
    /// Why.
    pub because: Text,
    /// Where it is written.
    pub place: Place,
}

/// Where a rule is written. A rule that follows from a schema alone has no place in a rule file.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// Its id, or the variable whose requirement it follows from.
    pub rule: Option<Place>,
    /// Its condition.
    pub when: Option<Place>,
    /// Its assertion.
    pub assert: Option<Place>,
}

/// The sorts of rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RuleKind {
    /// A value is required (`-K-`).
    Required,
    /// No value belongs here (`-I-`).
    Irrelevant,
    /// The value has its type, format, code list or range (`-V-`).
    Value,
    /// The value is in an official list that the user loads (`-O-`).
    OfficialCode,
    /// Written in a rule file, on one record.
    Check,
    /// On the whole submission.
    Submission,
}

impl RuleKind {
    /// The word used in machine formats.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::Irrelevant => "irrelevant",
            Self::Value => "value",
            Self::OfficialCode => "official_code",
            Self::Check => "check",
            Self::Submission => "submission",
        }
    }
}

/// How a rule is evaluated.
#[derive(Clone, Debug)]
pub enum Check {
    /// Record by record: applies where `when` is true, holds where `assert` is true.
    Record(RecordCheck),
    /// Once for the submission.
    Submission(SubmissionKind),
}

/// A condition and an assertion, as nodes of the plan's program.
#[derive(Clone, Debug)]
pub struct RecordCheck {
    /// Where the rule applies.
    pub when: expr::BoolNode,
    /// What must hold there.
    pub assert: expr::BoolNode,
    /// A number to show with each finding.
    pub detail: Option<expr::IntNode>,
    /// Every variable it reads.
    pub inputs: Vec<VariableIndex>,
    /// Parameters it reads; where one is not stated, nothing is checked.
    pub parameters: Vec<expr::Parameter>,
    /// What becomes of it in a file that lacks a column it reads.
    pub missing_columns: MissingColumns,
}

/// What a rule on records says of a file that lacks one of its columns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MissingColumns {
    /// It is not checked there.
    #[default]
    Skip,
    /// The column is read as blank, for rules on which of several columns is filled; not checked only where all of
    /// them are missing.
    Blank,
}

impl RecordCheck {
    /// The column for whose sake the rule cannot be looked at, in a file where `is_missing` says which are missing.
    pub fn stopped_by(&self, is_missing: impl Fn(VariableIndex) -> bool) -> Option<VariableIndex> {
        let first = self.inputs.iter().copied().find(|variable| is_missing(*variable))?;
        let is_stopped = match self.missing_columns {
            MissingColumns::Skip => true,
            MissingColumns::Blank => self.inputs.iter().all(|variable| is_missing(*variable)),
        };
        is_stopped.then_some(first)
    }
}

/// Rules on the whole submission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SubmissionKind {
    /// No two records share the key within the scope.
    Unique {
        /// The key.
        variables: Vec<VariableIndex>,
        /// The scope.
        within: Vec<VariableIndex>,
    },
    /// Every mandatory and conditional variable has a column.
    RequiredColumns,
    /// Every column is a known variable.
    KnownColumns,
    /// As many records as stated (`--expect-records`).
    RecordCount,
    /// At least one record.
    NotEmpty,
    /// Every record can be divided into its columns and read as text.
    Readable,
}

/// The requirement level of a variable, compiled.
#[derive(Clone, Debug)]
pub struct Requirement {
    /// As declared. Of versions: conditional where at least one requires a value, because it is required at some times;
    /// otherwise that of the latest one. In a plan of a day: the level of that day, voluntary where there is none.
    pub level: Level,
    /// Where a value is required, by whichever version.
    pub required: expr::BoolNode,
    /// The condition as written, for `Level::Conditional`; of versions, with their days.
    pub required_when_text: Option<String>,
    /// The versions, by their days, where the level is dated.
    pub versions: Vec<RequirementVersion>,
}

/// A requirement level and when it is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequirementVersion {
    /// As declared.
    pub level: Level,
    /// When.
    pub valid: Validity,
}
