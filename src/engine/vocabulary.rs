//! What a thread has met in the columns of its batches ([`words`](super::words)), and what rules have said of each word.
//!
//! What a rule says of a value alone is asked once for each word, and looked up from then on; patterns, code lists and
//! control digits cost nothing after the first few batches. A thread borrows a vocabulary for each batch, so that none waits
//! for another.
//!
//! Only what follows from the value and the plan is kept here, nothing that depends on what is stated of a file.

use std::sync::{Arc, Mutex, PoisonError};

use super::names::Names;
use super::words::{Coded, Distinct, Words};
use crate::rule::Plan;
use crate::table::Column;
use crate::time::{Times, Timestamp};

/// One thread's words and answers.
#[derive(Debug, Default)]
pub(super) struct Vocabulary {
    /// By variable.
    words: Vec<Words>,
    /// By variable the points in time of the dictionary that was met last.
    timestamps: Vec<OfDictionary<Option<Timestamp>>>,
    /// What texts are made of words, over all variables.
    texts: Names,
    plans: Vec<Answers>,
    /// Answers to a question that is not remembered.
    passing: Verdicts,
}

/// A dictionary, and what each of its values is.
type OfDictionary<T> = Option<(Arc<Column>, Vec<T>)>;

/// What was said of words, by question.
#[derive(Debug, Default)]
struct Answers {
    /// Whose nodes ask: the address of a plan, which outlives the run.
    plan: usize,
    verdicts: Vec<Verdicts>,
    /// For each word the number of its text, plus one; 0 is null.
    texts: Vec<Vec<u32>>,
}

/// One answer a word.
#[derive(Debug, Default)]
pub(super) struct Verdicts {
    /// By word; 0 of the blank.
    codes: Vec<u8>,
    /// A bit for each code, but the highest bit for those from 7 on, that some word other than the blank has.
    seen: u8,
}

impl Verdicts {
    /// The code, less than 7, that all words but the blank have; `None` where there are several, or no words.
    pub(super) fn only(&self) -> Option<u8> {
        let code = self.seen.trailing_zeros();
        (self.seen.is_power_of_two() && code < 7).then(|| u8::try_from(code).unwrap_or(0))
    }

    /// The code of a word; `None` of a value that is none.
    #[inline]
    pub(super) fn of_key(&self, key: u32) -> Option<u8> {
        self.codes.get(key as usize).copied()
    }

    fn extend(&mut self, words: &Words, judge: impl Fn(&[u8]) -> u8) {
        if self.codes.is_empty() {
            self.codes.push(0);
        }
        for word in self.codes.len()..words.len() {
            let code = judge(words.get(word));
            self.seen |= 1 << code.min(7);
            self.codes.push(code);
        }
    }
}

impl Vocabulary {
    fn words(&mut self, variable: usize) -> &mut Words {
        at_place(&mut self.words, variable)
    }

    /// Looks every row of a variable's column up.
    pub(super) fn code(&mut self, variable: usize, column: &Column) -> Coded {
        self.words(variable).code(column)
    }

    /// The distinct values of what was coded last of a variable.
    pub(super) fn distinct(&mut self, variable: usize, coded: &Coded, n_rows: usize) -> Distinct {
        self.words(variable).distinct(coded, n_rows)
    }

    /// The points in time that the values of a dictionary are.
    pub(super) fn timestamps(&mut self, variable: usize, values: &Arc<Column>) -> &[Option<Timestamp>] {
        let known = at_place(&mut self.timestamps, variable);
        if !known.as_ref().is_some_and(|(of, _)| Arc::ptr_eq(of, values)) {
            let mut times = Times::default();
            let read = (0..values.len()).map(|place| times.read(values.value(place))).collect();
            *known = Some((Arc::clone(values), read));
        }
        known.as_ref().map_or(&[], |(_, timestamps)| timestamps)
    }

    /// The place of the answers to the questions of `plan`.
    pub(super) fn place_of(&mut self, plan: &Plan) -> usize {
        let address = std::ptr::from_ref(plan).addr();
        self.plans.iter().position(|answers| answers.plan == address).unwrap_or_else(|| {
            self.plans.push(Answers { plan: address, ..Answers::default() });
            self.plans.len() - 1
        })
    }

    /// What `judge` says of each word of a variable. What it says to a `question` is remembered.
    pub(super) fn verdicts(
        &mut self,
        plan: usize,
        question: Option<usize>,
        variable: usize,
        judge: impl Fn(&[u8]) -> u8,
    ) -> &Verdicts {
        let words = at_place(&mut self.words, variable);
        let verdicts = match question {
            Some(question) => at_place(&mut self.plans[plan].verdicts, question),
            None => {
                self.passing = Verdicts::default();
                &mut self.passing
            }
        };
        verdicts.extend(words, judge);
        verdicts
    }

    /// Has `number` say of each word of a variable what text node `node` makes of it, as its number plus one; 0 is null.
    pub(super) fn make_texts(
        &mut self,
        plan: usize,
        node: usize,
        variable: usize,
        number: impl Fn(&[u8], &mut Names) -> u32,
    ) {
        let words = at_place(&mut self.words, variable);
        let known = at_place(&mut self.plans[plan].texts, node);
        for word in known.len()..words.len() {
            known.push(number(words.get(word), &mut self.texts));
        }
    }

    /// For each word the number of the text that was made of it, plus one: equal where the texts are, over all nodes and
    /// variables. 0 is null.
    pub(super) fn texts(&self, plan: usize, node: usize) -> &[u32] {
        self.plans[plan].texts.get(node).map_or(&[], Vec::as_slice)
    }
}

fn at_place<T: Default>(items: &mut Vec<T>, place: usize) -> &mut T {
    if items.len() <= place {
        items.resize_with(place + 1, T::default);
    }
    &mut items[place]
}

/// The vocabularies of a run; as many as there are threads at work.
#[derive(Debug, Default)]
pub(super) struct Vocabularies(Mutex<Vec<Vocabulary>>);

impl Vocabularies {
    /// One that nobody uses, a new one where there is none.
    pub(super) fn borrow(&self) -> Vocabulary {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    /// Takes one back.
    pub(super) fn take_back(&self, vocabulary: Vocabulary) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(vocabulary);
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    fn vocabulary(values: &[&[u8]]) -> Vocabulary {
        let mut vocabulary = Vocabulary { plans: vec![Answers::default()], ..Vocabulary::default() };
        vocabulary.code(3, &values.iter().copied().map(Some).collect());
        vocabulary
    }

    #[test]
    fn a_question_is_asked_once_about_each_word() {
        let mut vocabulary = vocabulary(&[b"a", b"bb", b"a", b""]);
        let asked = RefCell::new(Vec::new());
        let mut ask = |question| {
            let judge = |word: &[u8]| {
                asked.borrow_mut().push(word.to_vec());
                u8::try_from(word.len()).unwrap_or(0)
            };
            let verdicts = vocabulary.verdicts(0, question, 3, judge);
            (verdicts.codes.clone(), verdicts.only())
        };
        let expected = (vec![0, 1, 2], None);
        assert_eq!([ask(Some(5)), ask(Some(5)), ask(None), ask(None)], std::array::from_fn(|_| expected.clone()));
        assert_eq!(asked.borrow().len(), 6);
        assert_eq!([3, 9].map(|code| vocabulary.verdicts(0, None, 3, |_| code).only()), [Some(3), None]);
    }

    #[test]
    fn texts_that_are_equal_have_one_number_whatever_they_are_made_of() {
        let mut vocabulary = vocabulary(&[b"SE1-A", b"SE1-B", b"?"]);
        vocabulary.code(0, &[Some(b"SE1")].into_iter().collect());
        let make = |word: &[u8], texts: &mut Names| word.get(..3).map_or(0, |text| texts.number(text) + 1);
        vocabulary.make_texts(0, 7, 3, make);
        vocabulary.make_texts(0, 7, 3, |_, _| 0);
        vocabulary.make_texts(0, 8, 0, make);
        assert_eq!(vocabulary.texts(0, 7), [0, 1, 1, 0], "made once");
        assert_eq!(vocabulary.texts(0, 8), [0, 1]);
    }
}
