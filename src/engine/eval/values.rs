//! Nodes over single values: each is asked about once a word, and looked up for the rows that hold it.

use std::rc::Rc;

use super::{Evaluator, Texts, Tri};
use crate::engine::vocabulary::Verdicts;
use crate::model::VariableIndex;
use crate::rule::expr::{Comparison, TextNode};
use crate::schema::{Codelist, Domain, Missing};
use crate::table::{Bits, Column, value};
use crate::time::DAY;

/// The verdicts true and false; 0 is null.
const YES: u8 = 1;
const NO: u8 = 2;
/// A verdict that depends on the day of the record.
const DATED: u8 = 3;
/// A value with a declared code for none or not applicable, and for unknown.
const NEGATIVE: u8 = 1;
const UNKNOWN: u8 = 2;

fn code(verdict: Option<bool>) -> u8 {
    match verdict {
        Some(true) => YES,
        Some(false) => NO,
        None => 0,
    }
}

impl<'a> Evaluator<'a> {
    /// The rows whose values get each of the `wanted` codes, which are not 0, from `judge`; what it says to a `question` is
    /// remembered.
    fn rows_judged<const N: usize>(
        &self,
        (variable, column): (VariableIndex, &Column),
        question: Option<usize>,
        judge: impl Fn(&[u8]) -> u8,
        wanted: [u8; N],
    ) -> [Bits; N] {
        let n_rows = self.n_rows();
        let coded = self.readings.words(variable, column);
        let of_row = |row: usize| match value(column, row) {
            [] => 0,
            value => judge(value),
        };
        let Some(keys) = &coded.keys else { return Bits::of_codes(n_rows, of_row, wanted) };
        let mut vocabulary = self.readings.vocabulary.borrow_mut();
        let known: &Verdicts = vocabulary.verdicts(self.place, question, variable.0, &judge);
        // Where all values but blanks are judged alike, nothing needs looking up.
        if let Some(code) = known.only().filter(|_| coded.is_whole) {
            let of = |wanted| if wanted == code { self.filled(variable).as_ref().clone() } else { Bits::none(n_rows) };
            return wanted.map(of);
        }
        Bits::of_codes(n_rows, |row| known.of_key(keys[row]).unwrap_or_else(|| of_row(row)), wanted)
    }

    /// What `judge` says of each row's value, and 0 of a blank; what it says to `question` is remembered.
    pub(super) fn codes_of_rows(
        &self,
        (variable, column): (VariableIndex, &Column),
        question: usize,
        judge: impl Fn(&[u8]) -> u8,
    ) -> Vec<u8> {
        let coded = self.readings.words(variable, column);
        let of_row = |row: usize| match value(column, row) {
            [] => 0,
            value => judge(value),
        };
        let Some(keys) = &coded.keys else { return (0..self.n_rows()).map(of_row).collect() };
        let mut vocabulary = self.readings.vocabulary.borrow_mut();
        let known = vocabulary.verdicts(self.place, Some(question), variable.0, &judge);
        let of_key = |(row, key): (usize, &u32)| known.of_key(*key).unwrap_or_else(|| of_row(row));
        keys.iter().enumerate().map(of_key).collect()
    }

    /// Judges each word of a variable once; blank is null.
    pub(super) fn by_value(
        &self,
        variable: VariableIndex,
        question: Option<usize>,
        judge: impl Fn(&[u8]) -> Option<bool>,
    ) -> Tri {
        let Some(column) = self.column(variable) else { return Tri::constant(self.n_rows(), None) };
        let [yes, no] = self.rows_judged((variable, column), question, |value| code(judge(value)), [YES, NO]);
        Tri { yes, no }
    }

    /// Judges the text of each word once; `None` is null.
    pub(super) fn by_text(
        &self,
        node: TextNode,
        question: Option<usize>,
        judge: impl Fn(Option<&[u8]>) -> Option<bool>,
    ) -> Tri {
        match self.context.source(node) {
            Some(variable) => self.by_value(variable, question, |value| judge(self.context.text_of(node, value))),
            None => Tri::constant(self.n_rows(), judge(self.context.text_of(node, b""))),
        }
    }

    /// The rule on a variable's value: type, format, code list and range.
    pub(super) fn value_ok(&self, variable: VariableIndex, question: Option<usize>) -> Tri {
        let item = self.variable(variable);
        match &item.domain {
            Domain::Text { format, max_length, .. } => {
                let accepts = |value: &[u8]| {
                    format.as_ref().is_none_or(|format| format.accepts(value))
                        && max_length.is_none_or(|most| crate::schema::length_in_characters(value) <= most)
                };
                self.by_value(variable, question, |value| Some(self.context.elements(variable, value).all(accepts)))
            }
            Domain::Code { codelist } => match self.context.plan.codelists.get(codelist) {
                Some(list) => self.in_list((variable, question), list, &[], &[]),
                None => Tri::constant(self.n_rows(), None),
            },
            Domain::Timestamp { date_only } => {
                let times = &self.readings.times(variable).0;
                let filled = self.filled(variable);
                let good = match &times.date_only {
                    Some(without) if !date_only => times.known.minus(without),
                    _ => times.known.clone(),
                };
                Tri::known(&good, filled)
            }
            Domain::Year { range } | Domain::Integer { range } => {
                let ints = self.readings.ints(variable);
                let good = match range {
                    Some((min, max)) => {
                        Bits::from_fn(self.n_rows(), |row| (*min..=*max).contains(&ints.values[row])).and(&ints.known)
                    }
                    None => ints.known.clone(),
                };
                Tri::known(&good, self.filled(variable))
            }
        }
    }

    /// Whether the value is in its official list; a declared missing code need not be.
    pub(super) fn official_ok(&self, variable: VariableIndex, question: Option<usize>) -> Tri {
        let Some(list) = &self.context.official[variable.0] else { return Tri::constant(self.n_rows(), None) };
        let ignored = match &self.variable(variable).domain {
            Domain::Text { format: Some(format), .. } => format.ignore_characters.as_slice(),
            _ => &[],
        };
        self.in_list((variable, question), list, ignored, &self.variable(variable).missing_codes)
    }

    /// Whether every element of the value is a code of `list`, valid on the record's date (or the day that the plan is
    /// of) where the code is dated; those that are among `exempt` need not be.
    fn in_list(
        &self,
        (variable, question): (VariableIndex, Option<usize>),
        list: &Codelist,
        ignored: &[u8],
        exempt: &[(String, Missing)],
    ) -> Tri {
        let find = |element: &[u8]| {
            if ignored.is_empty() || !element.iter().any(|byte| ignored.contains(byte)) {
                return list.find(element);
            }
            let bare: Vec<u8> = element.iter().copied().filter(|byte| !ignored.contains(byte)).collect();
            list.find(&bare)
        };
        let is_listed = |element: &&[u8]| !exempt.iter().any(|(code, _)| code.as_bytes() == *element);
        let Some(column) = self.column(variable) else { return Tri::constant(self.n_rows(), None) };
        let as_of = self.context.plan.as_of;
        let judge = |value: &[u8]| {
            let mut is_dated = false;
            for element in self.context.elements(variable, value).filter(is_listed) {
                match find(element) {
                    Some(entry) if as_of.is_none_or(|day| entry.is_valid_on(day)) => {
                        is_dated |= as_of.is_none() && entry.is_dated();
                    }
                    _ => return NO,
                }
            }
            if is_dated { DATED } else { YES }
        };
        let [mut yes, mut no, dated] = self.rows_judged((variable, column), question, judge, [YES, NO, DATED]);
        if !dated.any() {
            return Tri { yes, no };
        }
        let dates = self.context.plan.collection.record_date.map(|date| Rc::clone(&self.readings.times(date).0));
        for row in dated.iter() {
            let known = dates.as_ref().filter(|dates| dates.known.contains(row));
            let Some(day) = known.map(|dates| dates.seconds[row].div_euclid(DAY)) else { continue };
            let written = self.context.elements(variable, value(column, row));
            let mut entries = written.filter(is_listed).filter_map(find);
            let is_valid = entries.all(|entry| !entry.is_dated() || entry.is_valid_on(day));
            if is_valid { &mut yes } else { &mut no }.insert(row);
        }
        Tri { yes, no }
    }

    /// The rows where the variable holds a declared code: none or not applicable, and unknown.
    pub(in crate::engine) fn declared_codes(&self, variable: VariableIndex) -> [Bits; 2] {
        let item = self.variable(variable);
        let column = self.column(variable).filter(|_| !item.missing_codes.is_empty());
        let Some(column) = column else { return [Bits::default(), Bits::default()] };
        let question = self.context.plan.program.bools.len() + variable.0;
        let judge = |value: &[u8]| {
            let code = self.context.canonical(variable, value);
            match item.missing_codes.iter().find(|(missing, _)| missing.as_bytes() == code) {
                Some((_, Missing::Negative)) => NEGATIVE,
                Some((_, Missing::Unknown)) => UNKNOWN,
                None => 0,
            }
        };
        self.rows_judged((variable, column), Some(question), judge, [NEGATIVE, UNKNOWN])
    }

    pub(super) fn compare_texts(
        &self,
        comparison: Comparison,
        left: TextNode,
        right: TextNode,
        question: Option<usize>,
    ) -> Tri {
        let context = self.context;
        let holds = |left: Option<&[u8]>, right: Option<&[u8]>| Some(comparison.holds(left?.cmp(right?)));
        // What is stated of a file is not remembered for others.
        let question_of = |node: TextNode| question.filter(|_| !context.is_stated(node));
        match (context.source(left), context.source(right)) {
            (_, None) => {
                let right_text = context.text_of(right, b"");
                self.by_text(left, question_of(right), |text| holds(text, right_text))
            }
            (None, _) => {
                let left_text = context.text_of(left, b"");
                self.by_text(right, question_of(left), |text| holds(left_text, text))
            }
            (Some(one), Some(other)) if one == other => {
                self.by_value(one, question, |value| holds(context.text_of(left, value), context.text_of(right, value)))
            }
            (Some(one), Some(other)) => {
                let (Some(one_column), Some(other_column)) = (self.column(one), self.column(other)) else {
                    return Tri::constant(self.n_rows(), None);
                };
                let (one, other) = ((left, one, one_column), (right, other, other_column));
                self.compare_by_number(comparison, one, other).unwrap_or_else(|| {
                    self.compare_by_row(|row| {
                        let text = |node: TextNode, column: &'a Column| context.text_of(node, value(column, row));
                        holds(text(left, one_column), text(right, other_column))
                    })
                })
            }
        }
    }

    /// Compares texts of two variables by their numbers; `None` where it is more than equality that is asked for, or not
    /// every value is a word.
    fn compare_by_number(
        &self,
        comparison: Comparison,
        one: (TextNode, VariableIndex, &Column),
        other: (TextNode, VariableIndex, &Column),
    ) -> Option<Tri> {
        let is_equal = match comparison {
            Comparison::Equal => true,
            Comparison::NotEqual => false,
            _ => return None,
        };
        let words = |(_, variable, column)| {
            let coded = self.readings.words(variable, column);
            coded.keys.as_ref().filter(|_| coded.is_whole)
        };
        let (ones, others) = (words(one)?, words(other)?);
        let mut vocabulary = self.readings.vocabulary.borrow_mut();
        for (node, variable, _) in [one, other] {
            vocabulary.make_texts(self.place, node.0 as usize, variable.0, |word, texts| {
                self.context.text_of(node, word).map_or(0, |text| texts.number(text) + 1)
            });
        }
        let texts = |(node, ..): (TextNode, VariableIndex, &Column)| vocabulary.texts(self.place, node.0 as usize);
        let (lefts, rights) = (texts(one), texts(other));
        let pair = |row: usize| (lefts[ones[row] as usize], rights[others[row] as usize]);
        let n_rows = self.n_rows();
        let known = Bits::from_fn(n_rows, |row| {
            let (left, right) = pair(row);
            left != 0 && right != 0
        });
        let holds = Bits::from_fn(n_rows, |row| {
            let (left, right) = pair(row);
            (left == right) == is_equal
        });
        Some(Tri::known(&holds, &known))
    }

    fn compare_by_row(&self, holds: impl Fn(usize) -> Option<bool>) -> Tri {
        let n_rows = self.n_rows();
        let mut yes = Bits::none(n_rows);
        let known = Bits::from_fn(n_rows, |row| {
            let truth = holds(row);
            if truth == Some(true) {
                yes.insert(row);
            }
            truth.is_some()
        });
        Tri::known(&yes, &known)
    }

    /// The texts of a node.
    pub(in crate::engine) fn text(&self, node: TextNode) -> Rc<Texts<'a>> {
        let cell = &self.texts[node.0 as usize];
        if let Some(known) = cell.get() {
            return Rc::clone(known);
        }
        let context = self.context;
        let constant = |text| Texts { distinct: None, values: vec![text] };
        let texts = match context.source(node).map(|variable| (variable, self.column(variable))) {
            None => constant(context.text_of(node, b"")),
            Some((_, None)) => constant(None),
            Some((variable, Some(column))) => {
                let distinct = self.readings.distinct(variable, column);
                let text = |row: &u32| context.text_of(node, value(column, *row as usize));
                let values = distinct.first_rows.iter().map(text).collect();
                Texts { distinct: Some(Rc::clone(distinct)), values }
            }
        };
        Rc::clone(cell.get_or_init(|| Rc::new(texts)))
    }

    /// For each row the place of its text among the texts that follow; equal texts may have several places.
    pub(in crate::engine) fn distinct_texts(&self, node: TextNode) -> (Vec<u32>, Vec<Option<Vec<u8>>>) {
        let texts = self.text(node);
        let keys = match &texts.distinct {
            None => vec![0; self.n_rows()],
            Some(distinct) => {
                let identity = || (0..u32::try_from(self.n_rows()).unwrap_or(u32::MAX)).collect();
                distinct.keys.clone().unwrap_or_else(identity)
            }
        };
        (keys, texts.values.iter().map(|value| value.map(<[u8]>::to_vec)).collect())
    }
}
