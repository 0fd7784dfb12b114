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
    /// Those of at most [`INLINE`] bytes by their view, the blank among them.
    shorts: Slots<u128>,
    /// The others by what they are compared by.
    longs: Slots<Print>,
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
        let mut shorts = Slots::default();
        shorts.insert(0, BLANK);
        Self {
            shorts,
            longs: Slots::default(),
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
        self.ends.len()
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
        for (row, view) in views.iter().enumerate() {
            // Blanks and what was said of the row before are not asked for first: either would be guessed wrong too often.
            let word = if length_of(*view) as usize <= INLINE {
                self.shorts.get(*view).unwrap_or_else(|| self.number_short(*view, column.value(row)))
            } else {
                let value = column.value(row);
                let print = Print::of(value);
                match self.longs.get(print) {
                    Some(word) if print.is_whole() => word,
                    _ => self.number_long(print, value),
                }
            };
            keys.push(word);
        }
        self.n_rows += keys.iter().filter(|word| **word != BLANK).count() as u64;
        if may_give_up && self.len() > FEW && self.len() as u64 * 20 > self.n_rows * 19 {
            self.give_up();
            return None;
        }
        Some(keys)
    }

    /// The word of a value that was not found at once, a new one where it is none.
    #[inline(never)]
    fn number_short(&mut self, view: u128, value: &[u8]) -> u32 {
        self.shorts.find(view, |_| true).unwrap_or_else(|| {
            let word = self.push(value);
            if word != NOT_KEPT {
                self.shorts.insert(view, word);
            }
            word
        })
    }

    /// The same of a long value.
    #[inline(never)]
    fn number_long(&mut self, print: Print, value: &[u8]) -> u32 {
        let is_same = |word: u32| print.is_whole() || self.get(word as usize) == value;
        self.longs.find(print, is_same).unwrap_or_else(|| {
            let word = self.push(value);
            if word != NOT_KEPT {
                self.longs.insert(print, word);
            }
            word
        })
    }

    fn push(&mut self, value: &[u8]) -> u32 {
        if self.len() >= MOST {
            return NOT_KEPT;
        }
        let word = u32::try_from(self.len()).unwrap_or(NOT_KEPT);
        self.bytes.extend_from_slice(value);
        self.ends.push(self.bytes.len());
        word
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

/// What a word is found by.
trait Key: Copy + PartialEq {
    /// None is this.
    const FREE: Self;

    fn hash(self) -> u64;
}

impl Key for u128 {
    const FREE: Self = Self::MAX;

    #[inline]
    fn hash(self) -> u64 {
        mix(self)
    }
}

impl Key for Print {
    const FREE: Self = Self { first: 0, last: 0, length: 0 };

    #[inline]
    fn hash(self) -> u64 {
        mix(self.first) ^ mix(self.last).rotate_left(23)
    }
}

/// Words by their keys, which stand where their hash says or in the places that follow. Of few slots an eighth at most is
/// taken, so that nearly all words are found at the first; of many a half, for the sake of memory.
#[derive(Debug)]
struct Slots<K> {
    /// A power of two of them.
    keys: Vec<K>,
    /// The word of each.
    words: Vec<u32>,
    n_taken: usize,
}

impl<K: Key> Default for Slots<K> {
    fn default() -> Self {
        Self { keys: vec![K::FREE; 64], words: vec![BLANK; 64], n_taken: 0 }
    }
}

impl<K: Key> Slots<K> {
    #[inline]
    fn place(&self, key: K) -> usize {
        usize::try_from(key.hash() & u64::from(u32::MAX)).unwrap_or(0) & (self.keys.len() - 1)
    }

    /// The word of `key` where it stands in its first place.
    #[inline]
    fn get(&self, key: K) -> Option<u32> {
        let place = self.place(key);
        (self.keys[place] == key).then(|| self.words[place])
    }

    /// The word of `key` that `is_wanted`, wherever it stands.
    fn find(&self, key: K, is_wanted: impl Fn(u32) -> bool) -> Option<u32> {
        let mut place = self.place(key);
        while self.keys[place] != K::FREE {
            if self.keys[place] == key && is_wanted(self.words[place]) {
                return Some(self.words[place]);
            }
            place = (place + 1) & (self.keys.len() - 1);
        }
        None
    }

    fn insert(&mut self, key: K, word: u32) {
        const FEW: usize = 1 << 10;
        let n_slots = self.keys.len();
        if (self.n_taken + 1) * (if n_slots < FEW { 8 } else { 2 }) > n_slots {
            let n_wanted = if n_slots < FEW { n_slots * 4 } else { n_slots * 2 };
            let keys = std::mem::replace(&mut self.keys, vec![K::FREE; n_wanted]);
            let words = std::mem::replace(&mut self.words, vec![BLANK; n_wanted]);
            keys.into_iter().zip(words).filter(|(key, _)| *key != K::FREE).for_each(|(key, word)| self.put(key, word));
        }
        self.n_taken += 1;
        self.put(key, word);
    }

    fn put(&mut self, key: K, word: u32) {
        let mut place = self.place(key);
        while self.keys[place] != K::FREE {
            place = (place + 1) & (self.keys.len() - 1);
        }
        (self.keys[place], self.words[place]) = (key, word);
    }
}

/// What a long word is compared by: all of it where it has at least 8 and at most 32 bytes, otherwise its ends and a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Print {
    /// The first bytes.
    first: u128,
    /// The last bytes, which may be among the first; or the hash.
    last: u128,
    length: u32,
}

impl Print {
    #[inline]
    fn of(value: &[u8]) -> Self {
        let length = u32::try_from(value.len()).unwrap_or(u32::MAX);
        let (first, last) = match (value.first_chunk::<16>(), value.last_chunk::<16>()) {
            (Some(first), Some(last)) if value.len() <= 32 => (u128::from_le_bytes(*first), u128::from_le_bytes(*last)),
            (Some(first), _) => (u128::from_le_bytes(*first), FixedState::default().hash_one(value).into()),
            _ => match (value.first_chunk::<8>(), value.last_chunk::<8>()) {
                (Some(first), Some(last)) => (u64::from_le_bytes(*first).into(), u64::from_le_bytes(*last).into()),
                // Only long words are asked for.
                _ => (0, FixedState::default().hash_one(value).into()),
            },
        };
        Self { first, last, length }
    }

    /// Whether it tells its word from every other.
    #[inline]
    fn is_whole(&self) -> bool {
        (8..=32).contains(&self.length)
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
                    .map(|row| (row + batch * 13_000) * 11 % n_distinct)
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
        let keyed = Column::keyed(Keys { of_rows, values });
        let mut words = Words::default();
        assert_eq!(words.code(&keyed).keys, Some(vec![1, 0, 1, 2, 2]));
        assert_eq!(words.n_rows, 3);
        check(&mut words, &keyed);
        assert_eq!(words.n_rows, 3);
    }
}
