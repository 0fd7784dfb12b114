//! Mutants of an expression: each differs from it by one change that a person could have made by mistake.
//!
//! | changed | into |
//! | --- | --- |
//! | a comparison | each of the five others; a time of day left out where both sides may have one, taken in where none was |
//! | `AND`, `OR` | the other; one member left out |
//! | a question (`IS NULL`, `IN`, `LIKE`, a function) | its negation |
//! | the codes of `=` and `IN` | one left out; one swapped for its neighbour in the code list; one of a short list added |
//! | the pattern of `LIKE` | one character less before `%` |
//! | a regular expression | an anchor left out; a count one less or more |
//! | a number, a date, a part of `SUBSTRING` | one less, one more |
//! | `+` and `-`, the order of a difference, any and every | the other |
//! | a variable | one of the same type: those the rule reads, else its neighbour in the schema |
//!
//! A change that cannot be told from the original is not made: leaving out `CAST(… AS DATE)` beside a date, say, for
//! points in time are compared by day wherever one has no time of day.

use crate::model::VariableIndex;
use crate::pattern::Pattern;
use crate::rule::expr::{
    BoolExpr, BoolNode, Comparison, IntExpr, IntNode, Parameter, Program, TextExpr, TextNode, TextTest, TimeExpr,
    TimeNode,
};
use crate::schema::{Codelists, Collection, Domain};
use crate::time::DAY;

/// The longest code list whose every other code is tried as one too many.
const SHORT_LIST: usize = 10;

/// One mutant of an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mutant {
    /// The whole expression with the change.
    pub(super) node: BoolNode,
    /// The part that was changed.
    pub(super) from: BoolNode,
    /// What it became.
    pub(super) to: BoolNode,
}

/// Makes mutants of a rule's expressions, as new nodes of the program.
pub(super) struct Mutator<'a> {
    pub(super) program: &'a mut Program,
    pub(super) collection: &'a Collection,
    pub(super) codelists: &'a Codelists,
    /// What the rule reads.
    pub(super) reads: &'a [VariableIndex],
}

const COMPARISONS: [Comparison; 6] = [
    Comparison::Equal,
    Comparison::NotEqual,
    Comparison::Less,
    Comparison::LessOrEqual,
    Comparison::Greater,
    Comparison::GreaterOrEqual,
];

impl Mutator<'_> {
    /// Every mutant of `root`, each once, none equal to it.
    pub(super) fn mutants(&mut self, root: BoolNode) -> Vec<Mutant> {
        let mut seen = vec![root];
        let mut mutants = self.bool(root);
        mutants.retain(|mutant| {
            let is_new = !seen.contains(&mutant.node);
            seen.push(mutant.node);
            is_new
        });
        mutants
    }

    fn bool(&mut self, node: BoolNode) -> Vec<Mutant> {
        let expr = self.program.bools[node.0 as usize].clone();
        let mut own: Vec<BoolExpr> = Vec::new();
        let mut inner = Vec::new();
        match &expr {
            BoolExpr::Constant(_) => {}
            BoolExpr::And(nodes) | BoolExpr::Or(nodes) => {
                let is_and = matches!(expr, BoolExpr::And(_));
                let (same, other): (fn(_) -> _, fn(_) -> _) =
                    if is_and { (BoolExpr::And, BoolExpr::Or) } else { (BoolExpr::Or, BoolExpr::And) };
                own.push(other(nodes.clone()));
                for index in 0..nodes.len() {
                    let mut rest = nodes.clone();
                    rest.remove(index);
                    own.push(same(rest));
                }
                for (index, member) in nodes.iter().enumerate() {
                    for mutant in self.bool(*member) {
                        let mut changed = nodes.clone();
                        changed[index] = mutant.node;
                        inner.push(Mutant { node: self.program.bool(same(changed)), ..mutant });
                    }
                }
            }
            BoolExpr::Not(negated) => {
                own.push(self.program.bools[negated.0 as usize].clone());
                for mutant in self.bool(*negated) {
                    let changed = self.program.bool(BoolExpr::Not(mutant.node));
                    // `x <> 'a'` is a negation in the program, but one thing to a reader.
                    let (from, to) = if mutant.from == *negated { (node, changed) } else { (mutant.from, mutant.to) };
                    inner.push(Mutant { node: changed, from, to });
                }
            }
            BoolExpr::IsBlank(variable) => {
                own.push(BoolExpr::Not(node));
                own.extend(self.like(*variable).into_iter().map(BoolExpr::IsBlank));
            }
            BoolExpr::ValueOk(_) | BoolExpr::OfficialOk(_) => own.push(BoolExpr::Not(node)),
            BoolExpr::Text(text, test) => {
                own.push(BoolExpr::Not(node));
                own.extend(
                    text_tests(test, self.codelist(*text).as_deref())
                        .into_iter()
                        .map(|test| BoolExpr::Text(*text, test)),
                );
                own.extend(self.text(*text).into_iter().map(|text| BoolExpr::Text(text, test.clone())));
            }
            BoolExpr::CompareText(comparison, left, right) => {
                own.extend(others(*comparison).map(|other| BoolExpr::CompareText(other, *left, *right)));
                own.extend(self.text(*left).into_iter().map(|left| BoolExpr::CompareText(*comparison, left, *right)));
                own.extend(self.text(*right).into_iter().map(|right| BoolExpr::CompareText(*comparison, *left, right)));
            }
            BoolExpr::CompareInt(comparison, left, right) => {
                own.extend(others(*comparison).map(|other| BoolExpr::CompareInt(other, *left, *right)));
                own.extend(self.int(*left).into_iter().map(|left| BoolExpr::CompareInt(*comparison, left, *right)));
                own.extend(self.int(*right).into_iter().map(|right| BoolExpr::CompareInt(*comparison, *left, right)));
            }
            BoolExpr::CompareTime(comparison, left, right) => {
                own.extend(others(*comparison).map(|other| BoolExpr::CompareTime(other, *left, *right)));
                own.extend(
                    self.with_other_precision(*left, *right)
                        .map(|(left, right)| BoolExpr::CompareTime(*comparison, left, right)),
                );
                own.extend(self.time(*left).into_iter().map(|left| BoolExpr::CompareTime(*comparison, left, *right)));
                own.extend(self.time(*right).into_iter().map(|right| BoolExpr::CompareTime(*comparison, *left, right)));
            }
            BoolExpr::HasTime(time) => {
                own.push(BoolExpr::Not(node));
                own.extend(self.time(*time).into_iter().map(BoolExpr::HasTime));
            }
            BoolExpr::AnyElement(variable, test) | BoolExpr::EveryElement(variable, test) => {
                let is_any = matches!(expr, BoolExpr::AnyElement(..));
                let (same, other): (fn(_, _) -> _, fn(_, _) -> _) = if is_any {
                    (BoolExpr::AnyElement, BoolExpr::EveryElement)
                } else {
                    (BoolExpr::EveryElement, BoolExpr::AnyElement)
                };
                own.push(BoolExpr::Not(node));
                own.push(other(*variable, test.clone()));
                own.extend(text_tests(test, None).into_iter().map(|test| same(*variable, test)));
                own.extend(self.like(*variable).into_iter().map(|variable| same(variable, test.clone())));
            }
        }
        let own: Vec<BoolNode> = own.into_iter().map(|expr| self.program.bool(expr)).collect();
        own.into_iter().map(|to| Mutant { node: to, from: node, to }).chain(inner).collect()
    }

    /// Every other number that `node` could have been.
    pub(super) fn int(&mut self, node: IntNode) -> Vec<IntNode> {
        let expr = self.program.ints[node.0 as usize].clone();
        let own: Vec<IntExpr> = match &expr {
            IntExpr::Literal(number) => {
                vec![IntExpr::Literal(number.saturating_sub(1)), IntExpr::Literal(number.saturating_add(1))]
            }
            IntExpr::Variable(variable) => self.like(*variable).into_iter().map(IntExpr::Variable).collect(),
            IntExpr::Add(left, right) | IntExpr::Subtract(left, right) => {
                let is_sum = matches!(expr, IntExpr::Add(..));
                let (same, other): (fn(_, _) -> _, fn(_, _) -> _) =
                    if is_sum { (IntExpr::Add, IntExpr::Subtract) } else { (IntExpr::Subtract, IntExpr::Add) };
                let mut own = vec![other(*left, *right)];
                if !is_sum {
                    own.push(same(*right, *left));
                }
                own.extend(self.int(*left).into_iter().map(|left| same(left, *right)));
                own.extend(self.int(*right).into_iter().map(|right| same(*left, right)));
                own
            }
            IntExpr::Multiply(times, number) => {
                let (times, number) = (*times, *number);
                let mut own: Vec<IntExpr> = [times.saturating_sub(1), times.saturating_add(1)]
                    .map(|times| IntExpr::Multiply(times, number))
                    .to_vec();
                own.extend(self.int(number).into_iter().map(|number| IntExpr::Multiply(times, number)));
                own
            }
            IntExpr::CodelistNumber { list, code, column, day } => self
                .text(*code)
                .into_iter()
                .map(|code| IntExpr::CodelistNumber { list: list.clone(), code, column: *column, day: *day })
                .collect(),
            IntExpr::Parameter(_) => Vec::new(),
            IntExpr::Length(text) => self.text(*text).into_iter().map(IntExpr::Length).collect(),
            IntExpr::Year(time) => self.time(*time).into_iter().map(IntExpr::Year).collect(),
            IntExpr::DaysBetween(from, to) => self.difference(*from, *to, IntExpr::DaysBetween),
            IntExpr::MinutesBetween(from, to) => self.difference(*from, *to, IntExpr::MinutesBetween),
            IntExpr::ElementCount(variable, test) => {
                let tests = test.iter().flat_map(|test| text_tests(test, None));
                let mut own: Vec<_> = tests.map(|test| IntExpr::ElementCount(*variable, Some(test))).collect();
                if test.is_some() {
                    own.push(IntExpr::ElementCount(*variable, None));
                }
                own.extend(self.like(*variable).into_iter().map(|other| IntExpr::ElementCount(other, test.clone())));
                own
            }
        };
        own.into_iter().map(|expr| self.program.int(expr)).collect()
    }

    fn difference(&mut self, from: TimeNode, to: TimeNode, build: fn(TimeNode, TimeNode) -> IntExpr) -> Vec<IntExpr> {
        let mut own = vec![build(to, from)];
        own.extend(self.time(from).into_iter().map(|from| build(from, to)));
        own.extend(self.time(to).into_iter().map(|to| build(from, to)));
        own
    }

    /// Every other text that `node` could have been.
    pub(super) fn text(&mut self, node: TextNode) -> Vec<TextNode> {
        let expr = self.program.texts[node.0 as usize].clone();
        let own: Vec<TextExpr> = match &expr {
            TextExpr::Literal(_) | TextExpr::StatedRegion => Vec::new(),
            TextExpr::Variable(variable) => self.like(*variable).into_iter().map(TextExpr::Variable).collect(),
            TextExpr::Substring(text, from, count) => {
                let mut own = vec![TextExpr::Substring(*text, from + 1, *count)];
                if *from > 1 {
                    own.push(TextExpr::Substring(*text, from - 1, *count));
                }
                if let Some(count) = count {
                    own.push(TextExpr::Substring(*text, *from, Some(count + 1)));
                    own.extend((*count > 1).then_some(TextExpr::Substring(*text, *from, Some(count - 1))));
                }
                own.extend(self.text(*text).into_iter().map(|text| TextExpr::Substring(text, *from, *count)));
                own
            }
            TextExpr::CodelistValue { list, code, column } => {
                let codes = self.text(*code);
                codes
                    .into_iter()
                    .map(|code| TextExpr::CodelistValue { list: list.clone(), code, column: *column })
                    .collect()
            }
            TextExpr::OrganisationNumber(text) => {
                self.text(*text).into_iter().map(TextExpr::OrganisationNumber).collect()
            }
        };
        own.into_iter().map(|expr| self.program.text(expr)).collect()
    }

    /// Every other point in time that `node` could have been.
    pub(super) fn time(&mut self, node: TimeNode) -> Vec<TimeNode> {
        let expr = self.program.times[node.0 as usize].clone();
        let own: Vec<TimeExpr> = match expr {
            TimeExpr::Literal(seconds, has_time) => {
                let step = if has_time { 60 } else { DAY };
                [-step, step].map(|step| TimeExpr::Literal(seconds.saturating_add(step), has_time)).to_vec()
            }
            TimeExpr::Variable(variable) => self.like(variable).into_iter().map(TimeExpr::Variable).collect(),
            TimeExpr::Date(time) => self.time(time).into_iter().map(TimeExpr::Date).collect(),
            TimeExpr::Parameter(Parameter::PeriodStart) => vec![TimeExpr::Parameter(Parameter::PeriodEnd)],
            TimeExpr::Parameter(Parameter::PeriodEnd) => vec![TimeExpr::Parameter(Parameter::PeriodStart)],
            TimeExpr::Parameter(_) => Vec::new(),
        };
        own.into_iter().map(|expr| self.program.time(expr)).collect()
    }

    /// The two sides compared by time of day where they were compared by day, and the other way round. Nothing where
    /// one of them never has a time of day.
    fn with_other_precision(&mut self, left: TimeNode, right: TimeNode) -> Option<(TimeNode, TimeNode)> {
        let bare = |program: &Program, node: TimeNode| match program.times[node.0 as usize] {
            TimeExpr::Date(inner) => inner,
            _ => node,
        };
        let (bare_left, bare_right) = (bare(self.program, left), bare(self.program, right));
        let may_have_time = |node: TimeNode| match &self.program.times[node.0 as usize] {
            TimeExpr::Literal(_, has_time) => *has_time,
            TimeExpr::Variable(_) => true,
            TimeExpr::Date(_) | TimeExpr::Parameter(_) => false,
        };
        if !may_have_time(bare_left) || !may_have_time(bare_right) {
            return None;
        }
        if (bare_left, bare_right) == (left, right) {
            Some((self.program.time(TimeExpr::Date(left)), self.program.time(TimeExpr::Date(right))))
        } else {
            Some((bare_left, bare_right))
        }
    }

    /// The code list of the codes that a text is compared with.
    fn codelist(&self, text: TextNode) -> Option<Vec<&str>> {
        let TextExpr::Variable(variable) = &self.program.texts[text.0 as usize] else { return None };
        let Domain::Code { codelist } = &self.collection.get(*variable).domain else { return None };
        Some(self.codelists.get(codelist)?.codes().collect())
    }

    /// Other variables of the same type: those the rule reads; where there are none, the next one of the schema.
    fn like(&self, variable: VariableIndex) -> Vec<VariableIndex> {
        let is_like = |other: &VariableIndex| {
            let (one, two) = (self.collection.get(variable), self.collection.get(*other));
            *other != variable && one.repeats() == two.repeats() && is_same_type(&one.domain, &two.domain)
        };
        let read: Vec<VariableIndex> = self.reads.iter().copied().filter(is_like).collect();
        if !read.is_empty() {
            return read;
        }
        let n_variables = self.collection.variables.len();
        (1..n_variables)
            .map(|step| VariableIndex((variable.0 + step) % n_variables))
            .find(is_like)
            .into_iter()
            .collect()
    }
}

fn is_same_type(one: &Domain, two: &Domain) -> bool {
    match (one, two) {
        (Domain::Text { format: one, .. }, Domain::Text { format: two, .. }) => {
            one.as_ref().map(|format| &format.id) == two.as_ref().map(|format| &format.id)
        }
        (Domain::Code { codelist: one }, Domain::Code { codelist: two }) => one == two,
        (Domain::Timestamp { .. }, Domain::Timestamp { .. })
        | (Domain::Year { .. }, Domain::Year { .. })
        | (Domain::Integer { .. }, Domain::Integer { .. }) => true,
        _ => false,
    }
}

fn others(comparison: Comparison) -> impl Iterator<Item = Comparison> {
    COMPARISONS.into_iter().filter(move |other| *other != comparison)
}

/// The tests of a text that differ by one change; `codes` are those of the code list of what is tested.
fn text_tests(test: &TextTest, codes: Option<&[&str]>) -> Vec<TextTest> {
    match test {
        TextTest::In(values) => value_lists(values, codes).into_iter().map(TextTest::In).collect(),
        TextTest::Pattern(pattern) => patterns(pattern).into_iter().map(TextTest::Pattern).collect(),
        TextTest::InCodelist(_) | TextTest::Luhn | TextTest::PersonalNumber => Vec::new(),
    }
}

/// The lists that differ by one value.
fn value_lists(values: &[Vec<u8>], codes: Option<&[&str]>) -> Vec<Vec<Vec<u8>>> {
    let without = |index: usize| {
        let mut rest = values.to_vec();
        rest.remove(index);
        rest
    };
    let with = |mut rest: Vec<Vec<u8>>, value: &[u8]| {
        rest.push(value.to_vec());
        rest.sort_unstable();
        rest
    };
    let is_listed = |code: &&&str| values.iter().any(|value| value == code.as_bytes());
    let mut lists = Vec::new();
    for (index, value) in values.iter().enumerate() {
        if values.len() > 1 {
            lists.push(without(index));
        }
        let neighbour = codes.and_then(|codes| {
            let at = codes.iter().position(|code| code.as_bytes() == value)?;
            codes.iter().cycle().skip(at + 1).take(codes.len()).find(|code| !is_listed(code))
        });
        match (neighbour, value.as_slice()) {
            (Some(neighbour), _) => lists.push(with(without(index), neighbour.as_bytes())),
            (None, [start @ .., last]) if codes.is_none() && last.is_ascii() && !start.is_empty() => {
                lists.push(with(without(index), start));
            }
            _ => {}
        }
    }
    if let Some(codes) = codes.filter(|codes| codes.len() <= SHORT_LIST) {
        lists.extend(codes.iter().filter(|code| !is_listed(code)).map(|code| with(values.to_vec(), code.as_bytes())));
    }
    lists
}

fn patterns(pattern: &Pattern) -> Vec<Pattern> {
    if let Some(like) = pattern.as_like() {
        let start = like.trim_end_matches('%');
        let mut characters = start.chars();
        let shorter = characters.next_back().filter(|last| *last != '_').map(|_| characters.as_str());
        let shorter = shorter.filter(|text| !text.is_empty()).map(|text| format!("{text}{}", &like[start.len()..]));
        return shorter.and_then(|text| Pattern::like(&text).ok()).into_iter().collect();
    }
    let text = pattern.text();
    let mut texts: Vec<String> = Vec::new();
    texts.extend(text.strip_prefix('^').map(str::to_owned));
    texts.extend(text.strip_suffix('$').filter(|rest| !rest.ends_with('\\')).map(str::to_owned));
    for (open, _) in text.match_indices('{') {
        let Some(close) = text[open..].find('}').map(|len| open + len) else { continue };
        let counts: Vec<Option<u32>> = text[open + 1..close].split(',').map(|count| count.parse().ok()).collect();
        for (index, count) in counts.iter().enumerate() {
            let Some(count) = count else { continue };
            for other in [count.checked_sub(1), count.checked_add(1)].into_iter().flatten() {
                let mut changed = counts.clone();
                changed[index] = Some(other);
                let words: Vec<String> =
                    changed.iter().map(|count| count.map_or_else(String::new, |count| count.to_string())).collect();
                texts.push(format!("{}{{{}}}{}", &text[..open], words.join(","), &text[close + 1..]));
            }
        }
    }
    texts.iter().filter_map(|text| Pattern::regular(text).ok()).collect()
}
