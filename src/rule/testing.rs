//! The tests that rules carry: from rule files, or derived from a variable's examples.
//!
//! This module holds them; running them is the engine's (`engine::selftest`).

use crate::diag::Place;
use crate::model::{Text, VariableIndex, Verdict};

use super::expr::{BoolNode, Parameter};

/// One test of one rule.
#[derive(Clone, Debug)]
pub struct RuleTest {
    /// What the rule must say.
    pub expected: Verdict,
    /// Of what.
    pub input: TestInput,
    /// Where it is written; `None` where it is derived from an example of the schema.
    pub place: Option<Place>,
}

/// A change of a rule that its tests do not see, and why none needs to (see `rulebook::mutate`).
#[derive(Clone, Debug)]
pub struct ArguedSurvivor {
    /// What the change makes of the condition or assertion, or of the smallest part of it that holds the change.
    pub mutant: BoolNode,
    /// The same as written.
    pub text: String,
    /// Why no test tells it from the rule.
    pub because: Text,
    /// Where the change is written.
    pub place: Place,
}

/// What a rule is tested on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TestInput {
    /// One record, and what the run states.
    Record {
        /// Values; every other variable is blank.
        values: Vec<(VariableIndex, String)>,
        /// Stated parameters, as written.
        parameters: Vec<(Parameter, String)>,
    },
    /// A value of a variable with an official list, when the list holds it (`listed`) or holds another code.
    OfficialCode {
        /// The variable.
        variable: VariableIndex,
        /// The value.
        value: String,
        /// Whether the list that is loaded for the test holds it.
        listed: bool,
    },
    /// A whole submission.
    Submission {
        /// As text.
        csv: String,
        /// `--expect-records`.
        expect_records: Option<u64>,
    },
}
