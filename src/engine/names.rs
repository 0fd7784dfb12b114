//! Texts by number, in the order in which they are met.

use std::hash::BuildHasher;

use foldhash::fast::FixedState;
use hashbrown::HashTable;

/// Texts by number.
#[derive(Debug, Default)]
pub(super) struct Names {
    numbers: HashTable<u32>,
    hashes: Vec<u64>,
    /// The texts, one after another, and where each ends.
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Names {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The number of a text, a new one where it is met for the first time.
    pub(super) fn number(&mut self, text: &[u8]) -> u32 {
        let hash = FixedState::default().hash_one(text);
        let is_same = |number: &u32| self.hashes[*number as usize] == hash && self.bytes_of(*number) == text;
        if let Some(number) = self.numbers.find(hash, is_same) {
            return *number;
        }
        let number = u32::try_from(self.ends.len()).unwrap_or(u32::MAX);
        self.hashes.push(hash);
        self.bytes.extend_from_slice(text);
        self.ends.push(self.bytes.len());
        self.numbers.insert_unique(hash, number, |number| self.hashes[*number as usize]);
        number
    }

    /// The text with a number.
    pub(super) fn bytes_of(&self, number: u32) -> &[u8] {
        let number = number as usize;
        let start = if number == 0 { 0 } else { self.ends[number - 1] };
        &self.bytes[start..self.ends[number]]
    }

    /// The text with a number; empty where there is none.
    pub(super) fn text(&self, number: u32) -> String {
        if number as usize >= self.ends.len() {
            return String::new();
        }
        String::from_utf8_lossy(self.bytes_of(number)).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_numbered_in_the_order_they_are_met() {
        let mut names = Names::default();
        let numbers: Vec<u32> = ["b", "", "a", "b", ""].iter().map(|text| names.number(text.as_bytes())).collect();
        assert_eq!(numbers, [0, 1, 2, 0, 1]);
        assert_eq!(
            (names.text(0), names.text(1), names.text(2), names.text(9)),
            ("b".into(), String::new(), "a".into(), String::new())
        );
    }
}
