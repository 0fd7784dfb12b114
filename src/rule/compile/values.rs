//! Rules on values, which follow from the schema, and how any rule that follows from something is put together.

use super::Builder;

use crate::model::{RuleId, Severity, SourceReference, Text, VariableIndex, Verdict};
use crate::rule::expr::{BoolExpr, BoolNode};
use crate::rule::history::Change;
use crate::rule::testing::{ArguedSurvivor, RuleTest, TestInput};
use crate::rule::validity::Validity;
use crate::rule::{Acceptance, Check, MissingColumns, Origin, RecordCheck, Rule, RuleKind, derived};
use crate::schema::Domain;

/// What a derived rule is made of, apart from its texts.
pub(super) struct Derived {
    pub(super) letter: char,
    pub(super) kind: RuleKind,
    pub(super) severity: Severity,
    pub(super) variable: VariableIndex,
    pub(super) valid: Option<Validity>,
    pub(super) when: BoolNode,
    pub(super) assertion: BoolNode,
    pub(super) when_text: Option<String>,
    pub(super) why: Option<Text>,
    pub(super) source: SourceReference,
    pub(super) tests: Vec<RuleTest>,
    pub(super) accepts: Vec<Acceptance>,
    pub(super) survivors: Vec<ArguedSurvivor>,
    pub(super) history: Vec<Change>,
    pub(super) origin: Origin,
}

impl Builder<'_> {
    /// Value domains: type, format, code list, range, and official lists.
    pub(super) fn values(&mut self) {
        for index in 0..self.collection.variables.len() {
            let variable = VariableIndex(index);
            let item = self.collection.variables[index].clone();
            let filled = self.program.is_filled(variable);
            let record = |expected: Verdict, value: &String| RuleTest {
                expected,
                input: TestInput::Record { values: vec![(variable, value.clone())], parameters: Vec::new() },
                place: None,
            };
            if !matches!(item.domain, Domain::Text { format: None, max_length: None, .. }) {
                let assertion = self.program.bool(BoolExpr::ValueOk(variable));
                let tests = item
                    .valid_examples
                    .iter()
                    .map(|value| record(Verdict::Satisfied, value))
                    .chain(item.invalid_examples.iter().map(|value| record(Verdict::Violated, value)))
                    .collect();
                let texts = derived::value(&item);
                let derived = Derived {
                    letter: 'V',
                    kind: RuleKind::Value,
                    severity: item.value_severity,
                    variable,
                    valid: None,
                    when: filled,
                    assertion,
                    when_text: None,
                    why: None,
                    source: item.source.clone(),
                    tests,
                    accepts: Vec::new(),
                    survivors: Vec::new(),
                    history: Vec::new(),
                    origin: Origin::default(),
                };
                self.push_derived(derived, texts);
            }
            if let Domain::Text { official_list: Some(list), .. } = &item.domain {
                let assertion = self.program.bool(BoolExpr::OfficialOk(variable));
                let tests = item
                    .valid_examples
                    .first()
                    .map(|value| {
                        [(Verdict::Satisfied, true), (Verdict::Violated, false)].map(|(expected, listed)| RuleTest {
                            expected,
                            input: TestInput::OfficialCode { variable, value: value.clone(), listed },
                            place: None,
                        })
                    })
                    .into_iter()
                    .flatten()
                    .collect();
                let texts = derived::official_code(&item, list);
                let derived = Derived {
                    letter: 'O',
                    kind: RuleKind::OfficialCode,
                    severity: Severity::Warning,
                    variable,
                    valid: None,
                    when: filled,
                    assertion,
                    when_text: None,
                    why: None,
                    source: item.source.clone(),
                    tests,
                    accepts: Vec::new(),
                    survivors: Vec::new(),
                    history: Vec::new(),
                    origin: Origin::default(),
                };
                self.push_derived(derived, texts);
            }
        }
    }

    pub(super) fn push_derived(&mut self, derived: Derived, (title, fix): (Text, Text)) {
        let inputs = self.program.inputs(&[derived.when, derived.assertion], None);
        let id = RuleId(format!(
            "{}-{}-{}",
            self.collection.prefix,
            derived.letter,
            self.collection.get(derived.variable).id
        ));
        let triggers = inputs.variables.iter().copied().filter(|variable| *variable != derived.variable).collect();
        self.rules.push(Rule {
            id,
            kind: derived.kind,
            severity: derived.severity,
            title,
            why: derived.why,
            fix,
            source: derived.source,
            faulty: vec![derived.variable],
            triggers,
            detail_unit: None,
            when_text: derived.when_text,
            assert_text: None,
            valid: derived.valid,
            check: Check::Record(RecordCheck {
                when: derived.when,
                assert: derived.assertion,
                detail: None,
                inputs: inputs.variables,
                parameters: inputs.parameters,
                missing_columns: MissingColumns::Skip,
            }),
            tests: derived.tests,
            accepts: derived.accepts,
            survivors: derived.survivors,
            history: derived.history,
            origin: derived.origin,
        });
    }
}
