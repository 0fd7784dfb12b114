//! Counters by group, and the ways in which a batch's rows are added to them.

use std::collections::HashMap;

use foldhash::fast::FixedState;

use crate::measure::TallyPlan;
use crate::table::Bits;

/// A group of records: region, month or year, and code or unit, as numbers.
pub(super) type Key = (u32, i32, u32);
/// A month or year that is not known.
pub(super) const NO_TIME: i32 = i32::MIN;

/// Counters by group: `width` of them for each.
#[derive(Default)]
pub(super) struct Table {
    pub(super) places: HashMap<Key, usize, FixedState>,
    pub(super) width: usize,
    pub(super) counters: Vec<u64>,
}

impl Table {
    /// Where the counters of this group begin.
    pub(super) fn place(&mut self, key: Key, width: usize) -> usize {
        self.width = width;
        *self.places.entry(key).or_insert_with(|| {
            let place = self.counters.len();
            self.counters.resize(place + width, 0);
            place
        })
    }

    pub(super) fn groups(&self) -> impl Iterator<Item = (Key, &[u64])> {
        self.places.iter().map(|(key, place)| (*key, &self.counters[*place..*place + self.width]))
    }
}

/// A batch divided into groups.
pub(super) struct Groups {
    /// For each row its group.
    pub(super) of_row: Vec<u32>,
    /// For each group its key.
    pub(super) keys: Vec<Key>,
    /// For each group its rows.
    pub(super) rows: Vec<u32>,
}

/// Groups looked up without hashing, as many as have a place of their own.
pub(super) const QUICK: usize = 1 << 12;

impl Groups {
    pub(super) fn new(keys_of_rows: impl Iterator<Item = Key>, n_rows: usize) -> Self {
        let mut known: HashMap<Key, u32, FixedState> = HashMap::default();
        let mut quick: Vec<u32> = vec![u32::MAX; QUICK];
        let mut groups = Self { of_row: Vec::with_capacity(n_rows), keys: Vec::new(), rows: Vec::new() };
        for key in keys_of_rows {
            #[expect(clippy::cast_sign_loss, reason = "only a place to look first")]
            let slot = (key.0.wrapping_mul(0x9e37) ^ (key.1 as u32).wrapping_mul(0x85eb) ^ key.2) as usize % QUICK;
            let first = quick[slot];
            let group = if groups.keys.get(first as usize) == Some(&key) {
                first
            } else {
                let group = *known.entry(key).or_insert_with(|| {
                    groups.keys.push(key);
                    groups.rows.push(0);
                    u32::try_from(groups.keys.len() - 1).unwrap_or(u32::MAX)
                });
                quick[slot] = group;
                group
            };
            groups.rows[group as usize] += 1;
            groups.of_row.push(group);
        }
        groups
    }

    /// For each row where its counters begin, if each group is counted under `key` of its own.
    pub(super) fn places(&self, table: &mut Table, width: usize, key: impl Fn(Key) -> Key) -> Vec<usize> {
        let places: Vec<usize> = self.keys.iter().map(|own| table.place(key(*own), width)).collect();
        self.of_row.iter().map(|group| places[*group as usize]).collect()
    }
}

/// A table, and for each row of a batch where its group's counters begin.
pub(super) struct Adding<'t> {
    pub(super) table: &'t mut Table,
    pub(super) places: Vec<usize>,
}

impl Adding<'_> {
    /// Adds one to counter `at` of every row's group.
    pub(super) fn add_all(&mut self, at: usize) {
        for place in &self.places {
            self.table.counters[place + at] += 1;
        }
    }

    /// Adds one to counter `at` of the groups of the rows in `set`.
    pub(super) fn add(&mut self, set: &Bits, at: usize) {
        if set.count() == self.places.len() as u64 {
            return self.add_all(at);
        }
        for row in set.iter() {
            self.table.counters[self.places[row] + at] += 1;
        }
    }

    /// For each row and each bit of its word adds one to the bit's counter; those of bit 0 are at `at`.
    pub(super) fn add_words(&mut self, words: &[u64], at: usize) {
        for (place, word) in self.places.iter().zip(words) {
            let counters = &mut self.table.counters[place + at..];
            let mut rest = *word;
            while rest != 0 {
                counters[rest.trailing_zeros() as usize] += 1;
                rest &= rest - 1;
            }
        }
    }

    /// The same for pairs of counters: for each bit of a word adds one to the first of its pair, and to the second where the
    /// bit is in the other word of the row, too.
    pub(super) fn add_pairs(&mut self, words: &[u64], others: &[u64], at: usize) {
        for ((place, word), other) in self.places.iter().zip(words).zip(others) {
            let (pairs, _) = self.table.counters[place + at..].as_chunks_mut::<2>();
            let mut rest = *word;
            while rest != 0 {
                let bit = rest.trailing_zeros();
                let [first, second] = &mut pairs[bit as usize];
                *first += 1;
                *second += other >> bit & 1;
                rest &= rest - 1;
            }
        }
    }
}

/// Where the counters of a group's [`Fills`](super::Fills) are in a [`Table`]: records, sets, then one counter a variable of each sort.
#[derive(Clone, Copy)]
pub(super) struct Layout {
    pub(super) n_among: usize,
    pub(super) n_variables: usize,
}

impl Layout {
    pub(super) fn of(tally: &TallyPlan) -> Self {
        Self { n_among: tally.among.len(), n_variables: tally.among_of.len() }
    }

    /// The counter of a sort and a variable. Sorts: 0 blank or filled, whichever is rarer (`Part::counts_filled`); 1
    /// the same outside the set that the variable's reporting rate is taken among; 2 blank although required; 3 and 4
    /// declared codes; 5 required. The first two of a variable, which are counted of most rows, stand beside each other.
    pub(super) fn at(self, sort: usize, variable: usize) -> usize {
        let of_sort = if sort < 2 { variable * 2 + sort } else { sort * self.n_variables + variable };
        1 + self.n_among + of_sort
    }

    pub(super) fn width(self) -> usize {
        self.at(6, 0)
    }

    /// Of care units, which need the first two sorts only.
    pub(super) fn unit_width(self) -> usize {
        self.at(2, 0)
    }
}
