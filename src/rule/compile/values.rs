//! Rules on values, which follow from the schema, and how any rule that follows from something is put together.

use super::Builder;

use crate::model::{RuleId, Severity, SourceReference, Text, VariableIndex, Verdict};
use crate::rule::expr::{BoolExpr, BoolNode};
use crate::rule::history::Change;
use crate::rule::testing::{ArguedSurvivor, RuleTest, TestInput};
use crate::rule::validity::Validity;
use crate::rule::{Acceptance, Check, MissingColumns, Origin, RecordCheck, Rule, RuleKind, derived};
use crate::schema::codelist::Entry;
use crate::schema::{Codelist, Domain, Variable};
use crate::time::format_day;

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

/// A day on which an example is judged as it should be, where it holds dated codes: one on which all of them are valid,
/// or one on which not all are.
fn telling_day(list: &Codelist, variable: &Variable, example: &str, expected: Verdict) -> Option<i64> {
    let elements = example.split(|c: char| u8::try_from(c).is_ok_and(|byte| variable.separators.contains(&byte)));
    let entries: Vec<&Entry> = elements.filter_map(|element| list.find(element.trim().as_bytes())).collect();
    let bounds = entries.iter().flat_map(|entry| entry.periods()).flat_map(|period| [period.from, period.to]).flatten();
    let mut days = bounds.flat_map(|day| [day, day - 1, day + 1]);
    let all_valid = |day: &i64| entries.iter().all(|entry| entry.is_valid_on(*day));
    days.find(|day| all_valid(day) == (expected == Verdict::Satisfied))
}

impl<'a> Builder<'a> {
    /// Value domains: type, format, code list, range, and official lists.
    pub(super) fn values(&mut self) {
        for index in 0..self.collection.variables.len() {
            let variable = VariableIndex(index);
            let item = self.collection.variables[index].clone();
            let filled = self.program.is_filled(variable);
            let dates = self.dates_of(variable);
            let record = |expected: Verdict, value: &String| {
                let day = dates.and_then(|(date, list)| Some((date, telling_day(list, &item, value, expected)?)));
                let day = day.map(|(date, day)| (date, format_day(day)));
                RuleTest {
                    expected,
                    input: TestInput::Record {
                        values: std::iter::once((variable, value.clone())).chain(day).collect(),
                        parameters: Vec::new(),
                    },
                    place: None,
                }
            };
            let of_value = |letter: char, kind, severity, assertion, tests| Derived {
                letter,
                kind,
                severity,
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
            if !matches!(item.domain, Domain::Text { format: None, max_length: None, .. }) {
                let assertion = self.program.bool(BoolExpr::ValueOk(variable));
                let tests = item
                    .valid_examples
                    .iter()
                    .map(|value| record(Verdict::Satisfied, value))
                    .chain(item.invalid_examples.iter().map(|value| record(Verdict::Violated, value)))
                    .collect();
                let texts = derived::value(&item, dates.map(|(date, _)| self.collection.get(date)));
                self.push_derived(of_value('V', RuleKind::Value, item.value_severity, assertion, tests), texts);
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
                self.push_derived(of_value('O', RuleKind::OfficialCode, Severity::Warning, assertion, tests), texts);
            }
        }
    }

    /// The variable whose date the codes of a variable must be valid on, and their list; `None` where all of them are
    /// valid for all time.
    fn dates_of(&self, variable: VariableIndex) -> Option<(VariableIndex, &'a Codelist)> {
        let Domain::Code { codelist } = &self.collection.get(variable).domain else { return None };
        let schemas: &'a crate::schema::Schemas = self.schemas;
        let list = schemas.codelists.get(codelist)?;
        list.is_dated().then_some((self.collection.record_date?, list))
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
