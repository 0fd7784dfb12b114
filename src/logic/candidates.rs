//! For each variable of texts and codes, the values that are worth trying.
//!
//! Of a code: every code of its list, so that what no code can do, nothing can. Of other texts: for each way in which
//! the patterns that rules ask for can come out, a shortest text of the variable's format; besides, the examples of the
//! schema and the values of rules' tests. Where the rules ask for more than patterns the values are a sample, and a
//! proof that nothing fits cannot be had from them ([`Candidates::is_complete`]).

use std::collections::{BTreeSet, HashSet};

use crate::model::VariableIndex;
use crate::pattern::{Example, Pattern, example};
use crate::rule::Plan;
use crate::rule::expr::{BoolExpr, IntExpr, Program, TextExpr, TextNode, TextTest};
use crate::rule::testing::TestInput;
use crate::schema::{Domain, Variable};
use crate::table::Bits;

/// The most values tried for one variable that is no code.
const MAX_VALUES: usize = 400;
/// The most patterns of one variable whose outcomes are all tried.
const MAX_PATTERNS: usize = 6;

/// Values of one variable; the first is blank.
#[derive(Clone, Debug)]
pub(super) struct Candidates {
    /// Blank first.
    pub(super) values: Vec<String>,
    /// Whether what none of them does, no valid value does.
    pub(super) is_complete: bool,
}

impl Candidates {
    /// All of them.
    pub(super) fn all(&self) -> Bits {
        Bits::all(self.values.len())
    }
}

/// What the rules ask of one variable.
#[derive(Default)]
struct Asked<'a> {
    /// Patterns of the whole value, or of each element.
    patterns: Vec<&'a Pattern>,
    /// Values it is compared with.
    literals: BTreeSet<Vec<u8>>,
    /// Whether an organisation number is read out of it.
    organisation: bool,
    /// Whether anything else is asked.
    more: bool,
}

/// The candidates of a variable of texts or codes; `None` for points in time and numbers.
pub(super) fn of_variable(plan: &Plan, variable: VariableIndex) -> Option<Candidates> {
    let item = plan.collection.get(variable);
    let mut values = vec![String::new()];
    match &item.domain {
        Domain::Timestamp { .. } | Domain::Year { .. } | Domain::Integer { .. } => return None,
        Domain::Code { codelist } if !item.repeats() => {
            if let Some(list) = plan.codelists.get(codelist) {
                values.extend(list.codes().map(str::to_owned));
            }
            return Some(Candidates { values, is_complete: true });
        }
        Domain::Code { .. } | Domain::Text { .. } => {}
    }
    let asked = asked_of(plan, variable);
    let (elements, is_covered) = elements(plan, item, variable, &asked);
    let mut known = HashSet::from([String::new()]);
    let mut add = |value: String| {
        if values.len() < MAX_VALUES && known.insert(value.clone()) {
            values.push(value);
        }
    };
    elements.iter().cloned().for_each(&mut add);
    if let Some(separator) = item.separators.first() {
        let joined = |parts: &[&String]| {
            parts.iter().map(|part| part.as_str()).collect::<Vec<_>>().join(&char::from(*separator).to_string())
        };
        for first in &elements {
            for second in &elements {
                add(joined(&[first, second]));
            }
        }
        for element in &elements {
            add(joined(&[element, element, element]));
        }
    }
    let is_complete = is_covered && !item.repeats() && !asked.more && !asked.organisation;
    Some(Candidates { values, is_complete })
}

/// Single values, and whether every outcome of the patterns that can be is among them.
fn elements(plan: &Plan, item: &Variable, variable: VariableIndex, asked: &Asked<'_>) -> (Vec<String>, bool) {
    let mut values: Vec<String> = Vec::new();
    if let Domain::Code { codelist } = &item.domain
        && let Some(list) = plan.codelists.get(codelist)
    {
        values.extend(list.codes().map(str::to_owned));
        return (values, true);
    }
    values.extend(item.valid_examples.iter().cloned());
    values.extend(asked.literals.iter().filter_map(|literal| String::from_utf8(literal.clone()).ok()));
    values.extend(item.missing_codes.iter().map(|(code, _)| code.clone()));
    if asked.organisation {
        values.extend(organisation_numbers(plan).map(|number| format!("SE{number}-1A1")));
        // Right but nobody's, and wrong in its control digit.
        values.extend(["SE5560360793-1A1".to_owned(), "SE5560360794-1A1".to_owned()]);
    }
    values.extend(tested(plan, variable));
    let (Domain::Text { format, max_length, .. }, Ok(unpadded)) = (&item.domain, Pattern::regular(r"^\S(?s:.*\S)?$"))
    else {
        return (values, false);
    };
    let mut fixed: Vec<(&Pattern, bool)> = vec![(&unpadded, true)];
    fixed.extend(format.iter().map(|format| (&format.pattern, true)));
    let length = max_length.and_then(|most| Pattern::regular(&format!("^(?s:.){{1,{most}}}$")).ok());
    fixed.extend(length.iter().map(|length| (length, true)));
    let mut patterns = asked.patterns.clone();
    let literals: Vec<Pattern> = asked
        .literals
        .iter()
        .filter_map(|literal| Pattern::whole(&regex::escape(std::str::from_utf8(literal).ok()?)).ok())
        .collect();
    // One value that is none of the literals, for each outcome of the patterns; the literals themselves are there.
    fixed.extend(literals.iter().map(|literal| (literal, false)));
    let mut is_covered = patterns.len() <= MAX_PATTERNS && max_length.is_none_or(|_| length.is_some());
    patterns.truncate(MAX_PATTERNS);
    for outcome in 0..1usize << patterns.len() {
        let wanted: Vec<(&Pattern, bool)> = fixed
            .iter()
            .copied()
            .chain(patterns.iter().enumerate().map(|(index, pattern)| (*pattern, outcome >> index & 1 == 1)))
            .collect();
        match example(&wanted) {
            Example::Found(value) => values.push(value),
            Example::None => {}
            Example::Undecided => is_covered = false,
        }
    }
    (values, is_covered)
}

/// The texts of ten digits that code lists know.
fn organisation_numbers(plan: &Plan) -> impl Iterator<Item = String> {
    let mut numbers = BTreeSet::new();
    let is_number = |text: &str| text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit());
    for name in plan.codelists.names() {
        let Some(list) = plan.codelists.get(name) else { continue };
        for code in list.codes() {
            let attributes = (0..list.columns().count()).filter_map(|column| list.attribute(code.as_bytes(), column));
            numbers.extend(attributes.chain([code]).filter(|text| is_number(text)).map(str::to_owned));
        }
    }
    numbers.into_iter()
}

/// Candidates of the stated region.
pub(super) fn of_region(plan: &Plan) -> Candidates {
    let mut values = vec![String::new()];
    values.extend(organisation_numbers(plan));
    Candidates { values, is_complete: false }
}

/// Values that rules' tests give the variable.
fn tested(plan: &Plan, variable: VariableIndex) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for test in plan.rules.iter().flat_map(|rule| &rule.tests) {
        if let TestInput::Record { values, .. } = &test.input {
            found.extend(values.iter().filter(|(name, _)| *name == variable).map(|(_, value)| value.trim().to_owned()));
        }
    }
    found
}

fn asked_of(plan: &Plan, variable: VariableIndex) -> Asked<'_> {
    let program = &plan.program;
    let mut asked = Asked::default();
    for expr in &program.bools {
        match expr {
            BoolExpr::Text(node, test) => match &program.texts[node.0 as usize] {
                TextExpr::Variable(found) if *found == variable => asked.test(test),
                _ => asked.more |= reads(program, *node, variable),
            },
            BoolExpr::AnyElement(found, test) | BoolExpr::EveryElement(found, test) if *found == variable => {
                asked.test(test);
            }
            BoolExpr::CompareText(_, left, right) => {
                asked.more |= reads(program, *left, variable) || reads(program, *right, variable);
            }
            _ => {}
        }
    }
    for expr in &program.ints {
        match expr {
            IntExpr::ElementCount(found, Some(test)) if *found == variable => asked.test(test),
            IntExpr::Length(node) | IntExpr::CodelistNumber { code: node, .. } => {
                asked.more |= reads(program, *node, variable);
            }
            _ => {}
        }
    }
    for expr in &program.texts {
        match expr {
            TextExpr::OrganisationNumber(node) => asked.organisation |= reads(program, *node, variable),
            TextExpr::Substring(node, ..) | TextExpr::CodelistValue { code: node, .. } => {
                asked.more |= reads(program, *node, variable);
            }
            TextExpr::Literal(_) | TextExpr::Variable(_) | TextExpr::StatedRegion => {}
        }
    }
    let mut texts = BTreeSet::new();
    asked.patterns.retain(|pattern| texts.insert(pattern.text().to_owned()));
    asked
}

impl<'a> Asked<'a> {
    fn test(&mut self, test: &'a TextTest) {
        match test {
            TextTest::In(values) => self.literals.extend(values.iter().cloned()),
            TextTest::Pattern(pattern) => self.patterns.push(pattern),
            TextTest::InCodelist(_) | TextTest::Luhn | TextTest::PersonalNumber => self.more = true,
        }
    }
}

fn reads(program: &Program, node: TextNode, variable: VariableIndex) -> bool {
    match &program.texts[node.0 as usize] {
        TextExpr::Variable(found) => *found == variable,
        TextExpr::Literal(_) | TextExpr::StatedRegion => false,
        TextExpr::Substring(inner, ..)
        | TextExpr::CodelistValue { code: inner, .. }
        | TextExpr::OrganisationNumber(inner) => reads(program, *inner, variable),
    }
}
