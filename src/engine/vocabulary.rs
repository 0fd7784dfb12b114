//! The values that a thread has met in each column, and what rules have said of them.
//!
//! Codes, units and names repeat from batch to batch. What a rule says of one value alone is therefore asked once for each
//! value that a thread meets, and looked up from then on; patterns, code lists and control digits cost nothing after the
//! first few batches. A thread borrows a vocabulary for each batch, so that none waits for another.
//!
//! Only what follows from the value and the plan is kept here, nothing that depends on what is stated of a file.

use std::borrow::Cow;
use std::sync::{Mutex, PoisonError};

use super::names::Names;
use crate::rule::Plan;

/// The number of a value that is not kept.
pub(super) const NO_WORD: u32 = u32::MAX;

/// So many values of one column are kept; what comes beyond is asked about anew. A column with more than that hardly
/// repeats.
const MOST_WORDS: usize = 1 << 15;

/// Longer values are not kept.
const LONGEST_WORD: usize = 256;

/// What is kept in place of an answer that has not been asked for.
const NOT_ASKED: u8 = u8::MAX;

/// One thread's values and answers.
#[derive(Debug, Default)]
pub(super) struct Vocabulary {
    /// By variable.
    words: Vec<Names>,
    /// What texts are made of values, over all variables.
    texts: Names,
    plans: Vec<Answers>,
}

/// What was said of values, by question and then by number of the value.
#[derive(Debug, Default)]
struct Answers {
    /// Whose nodes ask: the address of a plan, which outlives the run.
    plan: usize,
    verdicts: Vec<Vec<u8>>,
    /// Numbers of texts, plus one; 0 is null.
    texts: Vec<Vec<u32>>,
}

impl Vocabulary {
    /// The numbers of some values of a variable, [`NO_WORD`] for those that are not kept.
    pub(super) fn words<'v>(&mut self, variable: usize, values: impl Iterator<Item = &'v [u8]>) -> Vec<u32> {
        if self.words.len() <= variable {
            self.words.resize_with(variable + 1, Names::default);
        }
        let names = &mut self.words[variable];
        values
            .map(|value| match value.len() {
                ..=LONGEST_WORD if names.len() < MOST_WORDS => names.number(value),
                ..=LONGEST_WORD => names.find(value).unwrap_or(NO_WORD),
                _ => NO_WORD,
            })
            .collect()
    }

    /// The place of the answers to the questions of `plan`.
    pub(super) fn place_of(&mut self, plan: &Plan) -> usize {
        let address = std::ptr::from_ref(plan).addr();
        self.plans.iter().position(|answers| answers.plan == address).unwrap_or_else(|| {
            self.plans.push(Answers { plan: address, ..Answers::default() });
            self.plans.len() - 1
        })
    }

    /// The answers to `question` about `words`; `ask` is asked about the word at a place where it has not been yet.
    pub(super) fn answers(
        &mut self,
        plan: usize,
        question: usize,
        words: &[u32],
        mut ask: impl FnMut(usize) -> u8,
    ) -> Vec<u8> {
        let known = of_question(&mut self.plans[plan].verdicts, question);
        let mut answer = |(at, word): (usize, &u32)| {
            if *word == NO_WORD {
                return ask(at);
            }
            let word = *word as usize;
            if known.len() <= word {
                known.resize(word + 1, NOT_ASKED);
            }
            if known[word] == NOT_ASKED {
                known[word] = ask(at);
            }
            known[word]
        };
        words.iter().enumerate().map(&mut answer).collect()
    }

    /// The numbers of the texts that node `node` makes of `words`, plus one, equal where the texts are; 0 is null. `None`
    /// where one of the words is not kept.
    pub(super) fn texts<'t>(
        &mut self,
        plan: usize,
        node: usize,
        words: &[u32],
        mut make: impl FnMut(usize) -> Option<Cow<'t, [u8]>>,
    ) -> Option<Vec<u32>> {
        if words.contains(&NO_WORD) {
            return None;
        }
        let known = of_question(&mut self.plans[plan].texts, node);
        let texts = &mut self.texts;
        let mut number = |(at, word): (usize, &u32)| {
            let word = *word as usize;
            if known.len() <= word {
                known.resize(word + 1, NO_WORD);
            }
            if known[word] == NO_WORD {
                known[word] = make(at).map_or(0, |text| texts.number(&text) + 1);
            }
            known[word]
        };
        Some(words.iter().enumerate().map(&mut number).collect())
    }
}

fn of_question<T>(answers: &mut Vec<Vec<T>>, question: usize) -> &mut Vec<T> {
    if answers.len() <= question {
        answers.resize_with(question + 1, Vec::new);
    }
    &mut answers[question]
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
    use super::*;

    #[test]
    fn a_question_is_asked_once_about_each_value_that_is_kept() {
        let mut vocabulary = Vocabulary::default();
        let long = vec![b'x'; LONGEST_WORD + 1];
        let values: Vec<&[u8]> = vec![b"a", b"b", b"a", &long, b""];
        let words = vocabulary.words(3, values.iter().copied());
        assert_eq!(words, [0, 1, 0, NO_WORD, 2]);
        assert_eq!(vocabulary.words(0, values.iter().copied())[0], 0, "each variable has its own");
        vocabulary.plans.push(Answers::default());
        let mut asked = Vec::new();
        let mut ask = |question| {
            vocabulary.answers(0, question, &words, |at| {
                asked.push((question, at));
                u8::try_from(values[at].len().min(9)).unwrap_or(0)
            })
        };
        assert_eq!([ask(5), ask(5), ask(2)], [[1, 1, 1, 9, 0]; 3]);
        assert_eq!(asked, [(5, 0), (5, 1), (5, 3), (5, 4), (5, 3), (2, 0), (2, 1), (2, 3), (2, 4)]);
    }

    #[test]
    fn texts_that_are_equal_have_one_number_whatever_they_are_made_of() {
        let mut vocabulary = Vocabulary::default();
        vocabulary.plans.push(Answers::default());
        let values: [&[u8]; 3] = [b"SE1-A", b"SE1-B", b"?"];
        let words = vocabulary.words(0, values.into_iter());
        let make = |at: usize| values[at].get(..3).map(Cow::Borrowed);
        assert_eq!(vocabulary.texts(0, 7, &words, make), Some(vec![1, 1, 0]));
        assert_eq!(vocabulary.texts(0, 7, &words, |_| None), Some(vec![1, 1, 0]), "asked once");
        assert_eq!(vocabulary.texts(0, 8, &[0], |_| Some(Cow::Borrowed(b"SE1"))), Some(vec![1]));
        assert_eq!(vocabulary.texts(0, 8, &[0, NO_WORD], |_| None), None);
    }

    #[test]
    fn values_beyond_the_most_are_not_kept_but_those_before_still_are() {
        let mut vocabulary = Vocabulary::default();
        let values: Vec<String> = (0..=MOST_WORDS).map(|number| number.to_string()).collect();
        let words = vocabulary.words(0, values.iter().map(String::as_bytes));
        assert_eq!((words[MOST_WORDS - 1] as usize, words[MOST_WORDS]), (MOST_WORDS - 1, NO_WORD));
        assert_eq!(vocabulary.words(0, [b"7".as_slice()].into_iter()), [7]);
    }
}
