//! The values that a thread has met in one column, numbered: its *words*.
//!
//! Codes, units and names repeat from batch to batch. A row is looked up once, and from then on is the number of its word;
//! whatever is asked of a value alone is asked once for each word. A column whose values hardly repeat (contact ids) is
//! given up on, and its values are looked at row by row.

use std::hash::BuildHasher;
use std::sync::Arc;

use foldhash::fast::FixedState;

use crate::table::{Column, INLINE, length_of};

/// The word that is a blank.
pub(super) const BLANK: u32 = 0;

/// In place of the word of a value that is not kept; no word has this number.
const NOT_KEPT: u32 = u32::MAX;

/// So many words are kept; values beyond are looked at row by row.
const MOST: usize = 1 << 15;

/// With fewer words than this nothing is given up on.
const FEW: usize = 1 << 12;

/// The words of one column.
#[derive(Debug)]
pub(super) struct Words {
    /// The upper half of a hash, and the word's number plus one; 0 where free. A power of two of them.
    slots: Vec<u64>,
    /// For each word what it is compared by.
    prints: Vec<Print>,
    /// Where each word ends in `bytes`.
    ends: Vec<usize>,
    bytes: Vec<u8>,
    /// Rows that were looked up and are not blank.
    n_rows: u64,
    is_given_up: bool,
    /// For each word the batch that had it last, and its number among the distinct values there.
    stamps: Vec<(u32, u32)>,
    generation: u32,
    /// The words of the dictionary that was met last.
    dictionary: Option<(Arc<Column>, Vec<u32>)>,
}

/// One batch of a column as words.
#[derive(Debug)]
pub(super) struct Coded {
    /// For each row its word, [`NOT_KEPT`] where its value is none. `None` where every row is for itself.
    pub(super) keys: Option<Vec<u32>>,
    /// Whether every value is a word.
    pub(super) is_whole: bool,
}

/// The distinct values of a batch, as the first row each stands on.
#[derive(Debug)]
pub(super) struct Distinct {
    /// For each row the place of its value in `first_rows`; `None` where every row is for itself.
    pub(super) keys: Option<Vec<u32>>,
    /// For each distinct value a row that holds it.
    pub(super) first_rows: Vec<u32>,
}

impl Default for Words {
    fn default() -> Self {
        Self {
            slots: vec![0; 64],
            prints: vec![Print::default()],
            ends: vec![0],
            bytes: Vec::new(),
            n_rows: 0,
            is_given_up: false,
            stamps: Vec::new(),
            generation: 0,
            dictionary: None,
        }
    }
}

impl Words {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.prints.len()
    }

    /// A word by its number.
    pub(super) fn get(&self, word: usize) -> &[u8] {
        let start = word.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.bytes[start..self.ends[word]]
    }

    /// Looks every row of `column` up.
    pub(super) fn code(&mut self, column: &Column) -> Coded {
        let mut keys: Option<Vec<u32>> = match column.keys() {
            _ if self.is_given_up => None,
            None => self.look_up(column, true),
            Some(keys) => {
                let of_row = |of_values: &[u32]| keys.of_rows.iter().map(|key| of_values[*key as usize]).collect();
                self.of_dictionary(&keys.values).map(of_row)
            }
        };
        let count = |keys: &Vec<u32>| keys.iter().filter(|key| **key == NOT_KEPT).count();
        let n_others = keys.as_ref().filter(|_| self.len() >= MOST).map_or(0, count);
        if n_others * 2 > column.len() {
            self.give_up();
            keys = None;
        }
        Coded { keys, is_whole: n_others == 0 }
    }

    /// For each value of a dictionary its word; `None` where the column is given up on.
    fn of_dictionary(&mut self, values: &Arc<Column>) -> Option<&[u32]> {
        if !self.dictionary.as_ref().is_some_and(|(known, _)| Arc::ptr_eq(known, values)) {
            // Each value stands there once; that says nothing of how often it is used.
            let words = self.look_up(values, false)?;
            self.dictionary = Some((Arc::clone(values), words));
        }
        self.dictionary.as_ref().map(|(_, words)| words.as_slice())
    }

    /// For each row its word; `None` where the column is given up on.
    fn look_up(&mut self, column: &Column, may_give_up: bool) -> Option<Vec<u32>> {
        let views = column.views();
        let mut keys = Vec::with_capacity(views.len());
        let mut previous = (0, BLANK);
        for (row, view) in views.iter().enumerate() {
            if *view == previous.0 {
                self.n_rows += u64::from(previous.1 != BLANK);
                keys.push(previous.1);
                continue;
            }
            if length_of(*view) == 0 {
                keys.push(BLANK);
                continue;
            }
            self.n_rows += 1;
            let word = self.number(*view, || column.value(row), may_give_up)?;
            previous = (*view, word);
            keys.push(word);
        }
        Some(keys)
    }

    /// The word of a value; `None` where the column is given up on.
    #[inline]
    fn number<'v>(&mut self, view: u128, value: impl Fn() -> &'v [u8], may_give_up: bool) -> Option<u32> {
        let print = Print::of(view, &value);
        let hash = print.hash();
        let mask = self.slots.len() - 1;
        let mut slot = place(hash) & mask;
        loop {
            let found = self.slots[slot];
            if found == 0 {
                break;
            }
            if found >> 32 == hash >> 32 {
                #[expect(clippy::cast_possible_truncation, reason = "the lower half is wanted")]
                let word = found as u32 - 1;
                if self.prints[word as usize] == print && (print.is_whole() || self.get(word as usize) == value()) {
                    return Some(word);
                }
            }
            slot = (slot + 1) & mask;
        }
        if self.len() >= MOST {
            return Some(NOT_KEPT);
        }
        let word = u32::try_from(self.len()).unwrap_or(u32::MAX);
        self.prints.push(print);
        self.bytes.extend_from_slice(value());
        self.ends.push(self.bytes.len());
        self.slots[slot] = hash >> 32 << 32 | u64::from(word + 1);
        if self.len() * 2 > self.slots.len() {
            if may_give_up && self.len() > FEW && self.len() as u64 * 20 > self.n_rows * 19 {
                self.give_up();
                return None;
            }
            self.grow();
        }
        Some(word)
    }

    fn grow(&mut self) {
        self.slots = vec![0; self.slots.len() * 4];
        let mask = self.slots.len() - 1;
        for (word, print) in self.prints.iter().enumerate().skip(1) {
            let hash = print.hash();
            let mut slot = place(hash) & mask;
            while self.slots[slot] != 0 {
                slot = (slot + 1) & mask;
            }
            self.slots[slot] = hash >> 32 << 32 | (word as u64 + 1);
        }
    }

    fn give_up(&mut self) {
        *self = Self { is_given_up: true, ..Self::default() };
    }

    /// The distinct values of a batch that was coded last.
    pub(super) fn distinct(&mut self, coded: &Coded, n_rows: usize) -> Distinct {
        let Some(keys) = &coded.keys else {
            return Distinct { keys: None, first_rows: (0..u32::try_from(n_rows).unwrap_or(u32::MAX)).collect() };
        };
        self.generation = self.generation.wrapping_add(1);
        if self.generation == 0 {
            self.stamps.clear();
            self.generation = 1;
        }
        self.stamps.resize(self.len(), (0, 0));
        let mut first_rows = Vec::new();
        let distinct = keys.iter().zip(0..).map(|(key, row)| {
            let next = u32::try_from(first_rows.len()).unwrap_or(u32::MAX);
            match self.stamps.get_mut(*key as usize) {
                Some((generation, number)) if *generation == self.generation => *number,
                stamp => {
                    if let Some(stamp) = stamp {
                        *stamp = (self.generation, next);
                    }
                    first_rows.push(row);
                    next
                }
            }
        });
        let keys = distinct.collect();
        Distinct { keys: Some(keys), first_rows }
    }
}

#[inline]
fn place(hash: u64) -> usize {
    usize::try_from(hash & u64::from(u32::MAX)).unwrap_or(0)
}

/// What a word is compared by: all of it where it has at most 32 bytes, otherwise its ends and a hash.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Print {
    /// The view of a value that fits into it, otherwise the first bytes.
    first: u128,
    /// The last bytes, which may be among the first; or the hash.
    last: u128,
    length: u32,
}

impl Print {
    #[inline]
    fn of<'v>(view: u128, value: &impl Fn() -> &'v [u8]) -> Self {
        let length = length_of(view);
        if length as usize <= INLINE {
            return Self { first: view, last: 0, length };
        }
        let value = value();
        let (first, last) = match (value.first_chunk::<16>(), value.last_chunk::<16>()) {
            (Some(first), Some(last)) if value.len() <= 32 => (u128::from_le_bytes(*first), u128::from_le_bytes(*last)),
            (Some(first), _) => (u128::from_le_bytes(*first), FixedState::default().hash_one(value).into()),
            _ => {
                let mut padded = [0; 16];
                padded[..value.len().min(16)].copy_from_slice(value);
                (u128::from_le_bytes(padded), 0)
            }
        };
        Self { first, last, length }
    }

    /// Whether it tells its word from every other.
    #[inline]
    fn is_whole(&self) -> bool {
        self.length <= 32
    }

    #[inline]
    fn hash(&self) -> u64 {
        let first = mix(self.first);
        if self.last == 0 { first } else { first ^ mix(self.last).rotate_left(23) }
    }
}

/// Mixes 128 bits into 64 by one multiplication, whose halves are folded together.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "halves are wanted")]
fn mix(bits: u128) -> u64 {
    let (low, high) = (bits as u64 ^ 0x9e37_79b9_7f4a_7c15, (bits >> 64) as u64 ^ 0xd6e8_feb8_6659_fd93);
    let product = u128::from(low) * u128::from(high);
    (product >> 64) as u64 ^ product as u64
}

#[cfg(test)]
mod tests {
    use arrow::buffer::ScalarBuffer;

    use super::*;
    use crate::table::Keys;

    fn column(values: &[String]) -> Column {
        values.iter().map(|value| Some(value.as_bytes())).collect()
    }

    fn check(words: &mut Words, column: &Column) {
        let coded = words.code(column);
        let distinct = words.distinct(&coded, column.len());
        for row in 0..column.len() {
            if let Some(keys) = &coded.keys {
                match keys[row] {
                    NOT_KEPT => assert!(!coded.is_whole && words.len() >= MOST),
                    key => assert_eq!(words.get(key as usize), column.value(row)),
                }
                assert_eq!(keys[row] == BLANK, column.value(row).is_empty());
            }
            let place = distinct.keys.as_ref().map_or(row, |keys| keys[row] as usize);
            assert_eq!(column.value(distinct.first_rows[place] as usize), column.value(row));
        }
    }

    #[test]
    fn words_are_found_again_whatever_their_length_and_number() {
        for n_distinct in [1usize, 3, 700, 5_000, 70_000] {
            let mut words = Words::default();
            for batch in 0..6 {
                let values: Vec<String> = (0..20_000usize)
                    .map(|row| (row + batch * 13_000) * 7 % n_distinct)
                    .map(|number| {
                        if number % 11 == 5 {
                            String::new()
                        } else {
                            format!("{number:0width$}", width = 1 + number % 50)
                        }
                    })
                    .collect();
                check(&mut words, &column(&values));
            }
            assert_eq!(words.is_given_up, n_distinct == 70_000, "{n_distinct}");
        }
    }

    #[test]
    fn values_that_do_not_repeat_are_given_up_on() {
        let mut words = Words::default();
        let values: Vec<String> = (0..20_000).map(|number| format!("K{number:016}")).collect();
        let coded = words.code(&column(&values));
        assert!(coded.keys.is_none() && words.is_given_up);
        check(&mut words, &column(&values));
    }

    #[test]
    fn values_beyond_the_most_are_looked_at_row_by_row_and_too_many_of_them_end_it() {
        let mut words = Words::default();
        // Each value twice, so that nothing is given up on before the most are kept.
        let batch = |from: usize, to: usize| column(&(from..to).map(|row| format!("V{}", row / 2)).collect::<Vec<_>>());
        for part in 0..7 {
            check(&mut words, &batch(part * 10_000, (part + 1) * 10_000));
        }
        assert!(words.len() == MOST && !words.is_given_up);
        assert!(!words.code(&batch(60_000, 70_000)).is_whole);
        check(&mut words, &batch(0, 10_000));
        assert!(words.code(&batch(80_000, 90_000)).keys.is_none() && words.is_given_up);
    }

    #[test]
    fn a_dictionary_is_looked_up_once() {
        let values = Arc::new(column(&["b".into(), String::new(), "a".into(), "b".into()]));
        let of_rows = ScalarBuffer::from(vec![3u32, 1, 0, 2, 2]);
        let views: Vec<u128> = of_rows.iter().map(|key| values.views()[*key as usize]).collect();
        let keyed = Column::new(views.into(), Arc::clone(values.buffers()));
        let keyed = keyed.with_keys(Keys { of_rows, values });
        let mut words = Words::default();
        assert_eq!(words.code(&keyed).keys, Some(vec![1, 0, 1, 2, 2]));
        assert_eq!(words.n_rows, 3);
        check(&mut words, &keyed);
        assert_eq!(words.n_rows, 3);
    }
}
