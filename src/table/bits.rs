//! Sets of rows, a bit each.

use wide::u8x16;

/// A fixed-length set of row numbers, one bit a row; bits at and beyond the length are zero.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Bits {
    words: Vec<u64>,
    len: usize,
}

impl Bits {
    /// `len` rows, none in the set.
    pub fn none(len: usize) -> Self {
        Self { words: vec![0; len.div_ceil(64)], len }
    }

    /// `len` rows, all in the set.
    pub fn all(len: usize) -> Self {
        let mut bits = Self { words: vec![u64::MAX; len.div_ceil(64)], len };
        bits.clear_tail();
        bits
    }

    /// The rows for which `member` is true, which is asked in their order.
    #[inline]
    pub fn from_fn(len: usize, mut member: impl FnMut(usize) -> bool) -> Self {
        let mut words = Vec::with_capacity(len.div_ceil(64));
        let mut start = 0;
        while start + 64 <= len {
            // By way of bytes, so that comparing is not held up by shifting.
            let members: [u8; 64] = std::array::from_fn(|offset| u8::from(member(start + offset)));
            words.push(equal_bytes(&members, 1));
            start += 64;
        }
        if start < len {
            words.push((start..len).fold(0, |word, row| word | u64::from(member(row)) << (row - start)));
        }
        Self { words, len }
    }

    /// For each of `wanted` the rows with that code; `code` is asked once for each row, in their order.
    #[inline]
    pub fn of_codes<const N: usize>(len: usize, mut code: impl FnMut(usize) -> u8, wanted: [u8; N]) -> [Self; N] {
        let mut sets = wanted.map(|_| Self { words: Vec::with_capacity(len.div_ceil(64)), len });
        let mut start = 0;
        while start < len {
            let n = (len - start).min(64);
            let mut codes = [0; 64];
            for (offset, of_row) in codes[..n].iter_mut().enumerate() {
                *of_row = code(start + offset);
            }
            for (set, wanted) in sets.iter_mut().zip(wanted) {
                set.words.push(equal_bytes(&codes, wanted));
            }
            start += n;
        }
        // A code 0 would be found behind the last row.
        sets.iter_mut().for_each(Self::clear_tail);
        sets
    }

    /// The number of rows, in the set or not.
    pub fn len(&self) -> usize {
        self.len
    }

    /// True where there are no rows at all.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether `row` is in the set; false beyond the length.
    #[inline]
    pub fn contains(&self, row: usize) -> bool {
        self.words.get(row / 64).is_some_and(|word| word >> (row % 64) & 1 == 1)
    }

    /// Puts `row` into the set; rows beyond the length are ignored.
    #[inline]
    pub fn insert(&mut self, row: usize) {
        if row < self.len {
            self.words[row / 64] |= 1 << (row % 64);
        }
    }

    /// How many rows are in the set.
    #[inline]
    pub fn count(&self) -> u64 {
        self.words.iter().map(|word| u64::from(word.count_ones())).sum()
    }

    /// True where at least one row is in the set.
    pub fn any(&self) -> bool {
        self.words.iter().any(|word| *word != 0)
    }

    /// The rows in the set, ascending.
    pub fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.words.iter().enumerate().flat_map(|(index, word)| {
            let mut rest = *word;
            std::iter::from_fn(move || {
                (rest != 0).then(|| {
                    let bit = rest.trailing_zeros() as usize;
                    rest &= rest - 1;
                    index * 64 + bit
                })
            })
        })
    }

    /// Rows in both sets. Both have the same length.
    #[inline]
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        self.zip(other, |a, b| a & b)
    }

    /// Whether some row is in both sets.
    pub fn intersects(&self, other: &Self) -> bool {
        self.words.iter().zip(&other.words).any(|(a, b)| a & b != 0)
    }

    /// Whether every row of this set is in the other. Both have the same length.
    pub fn is_within(&self, other: &Self) -> bool {
        self.words.iter().zip(&other.words).all(|(a, b)| a & !b == 0)
    }

    /// Rows in either set. Both have the same length.
    #[inline]
    #[must_use]
    pub fn or(&self, other: &Self) -> Self {
        self.zip(other, |a, b| a | b)
    }

    /// Rows in this set and not in `other`. Both have the same length.
    #[inline]
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        self.zip(other, |a, b| a & !b)
    }

    /// Whether every row is in the set.
    pub fn is_full(&self) -> bool {
        self.count() == self.len as u64
    }

    /// How many rows are in both sets. Both have the same length.
    #[inline]
    pub fn count_both(&self, other: &Self) -> u64 {
        self.words.iter().zip(&other.words).map(|(a, b)| u64::from((a & b).count_ones())).sum()
    }

    /// Takes out the rows that are not in `other`. Both have the same length.
    #[inline]
    pub fn keep(&mut self, other: &Self) {
        debug_assert_eq!(self.len, other.len);
        self.words.iter_mut().zip(&other.words).for_each(|(a, b)| *a &= b);
    }

    /// Puts in the rows of `other`. Both have the same length.
    #[inline]
    pub fn add(&mut self, other: &Self) {
        debug_assert_eq!(self.len, other.len);
        self.words.iter_mut().zip(&other.words).for_each(|(a, b)| *a |= b);
    }

    /// Rows not in the set.
    #[must_use]
    pub fn not(&self) -> Self {
        let mut bits = Self { words: self.words.iter().map(|word| !word).collect(), len: self.len };
        bits.clear_tail();
        bits
    }

    /// The set as words of 64 rows, the first row in the lowest bit.
    pub fn words(&self) -> &[u64] {
        &self.words
    }

    /// Adds the rows of `other` behind this set's own.
    pub fn append(&mut self, other: &Self) {
        let shift = self.len % 64;
        for word in &other.words {
            if shift == 0 {
                self.words.push(*word);
            } else {
                if let Some(last) = self.words.last_mut() {
                    *last |= word << shift;
                }
                self.words.push(word >> (64 - shift));
            }
        }
        self.len += other.len;
        self.words.truncate(self.len.div_ceil(64));
    }

    fn zip(&self, other: &Self, f: impl Fn(u64, u64) -> u64) -> Self {
        debug_assert_eq!(self.len, other.len);
        Self { words: self.words.iter().zip(&other.words).map(|(a, b)| f(*a, *b)).collect(), len: self.len }
    }

    fn clear_tail(&mut self) {
        if !self.len.is_multiple_of(64)
            && let Some(last) = self.words.last_mut()
        {
            *last &= (1 << (self.len % 64)) - 1;
        }
    }
}

/// One bit for each of `bytes` that equals `byte`, the first lowest.
#[inline]
pub fn equal_bytes(bytes: &[u8; 64], byte: u8) -> u64 {
    let pattern = u8x16::splat(byte);
    let parts = bytes.as_chunks::<16>().0.iter().rev();
    parts.fold(0, |mask, part| mask << 16 | u64::from(u8x16::new(*part).simd_eq(pattern).to_bitmask()))
}

/// Turns up to 64 sets of rows into one word a row, in which bit `n` says whether the row is in set `n`.
pub fn row_words(sets: &[Bits], n_rows: usize) -> Vec<u64> {
    let mut words = Vec::with_capacity(n_rows.div_ceil(64) * 64);
    let mut square = [0u64; 64];
    for at in 0..n_rows.div_ceil(64) {
        square.fill(0);
        for (line, set) in square.iter_mut().zip(sets) {
            *line = set.words().get(at).copied().unwrap_or(0);
        }
        transpose(&mut square);
        words.extend_from_slice(&square);
    }
    words.truncate(n_rows);
    words
}

/// Mirrors a square of bits, bit `column` of word `row` becoming bit `row` of word `column`: halves are exchanged, then
/// halves of halves, as in Hacker's Delight, section 7-3.
fn transpose(square: &mut [u64; 64]) {
    let mut width = 32;
    let mut mask = 0x0000_0000_ffff_ffff_u64;
    while width > 0 {
        let mut row = 0;
        while row < 64 {
            let swapped = ((square[row] >> width) ^ square[row + width]) & mask;
            square[row] ^= swapped << width;
            square[row + width] ^= swapped;
            row = (row + width + 1) & !width;
        }
        width >>= 1;
        mask ^= mask << width;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_keep_their_tail_clear() {
        let all = Bits::all(70);
        assert_eq!((all.count(), all.not().count(), Bits::none(70).not().count()), (70, 0, 70));
        assert_eq!(Bits::from_fn(130, |row| row % 65 == 0).iter().collect::<Vec<_>>(), vec![0, 65]);
        assert!(!all.contains(70));
    }

    #[test]
    fn codes_are_divided_among_sets() {
        for len in [0, 1, 63, 64, 65, 200] {
            let code = |row: usize| u8::try_from(row * 7 % 5).unwrap();
            let wanted = [3, 0, 9];
            let sets = Bits::of_codes(len, code, wanted);
            for (set, wanted) in sets.into_iter().zip(wanted) {
                assert_eq!(set, Bits::from_fn(len, |row| code(row) == wanted));
                assert_eq!(
                    set.iter().collect::<Vec<_>>(),
                    (0..len).filter(|row| code(*row) == wanted).collect::<Vec<_>>()
                );
            }
        }
    }

    #[test]
    fn appended_bits_stand_behind_the_others() {
        let mut all = Bits::default();
        let mut expected = Vec::new();
        for (start, len) in [0usize, 1, 63, 64, 65, 7, 130].into_iter().scan(0, |start, len| {
            let this = *start;
            *start += len;
            Some((this, len))
        }) {
            let part = Bits::from_fn(len, |row| row % 3 == 0);
            expected.extend(part.iter().map(|row| start + row));
            all.append(&part);
        }
        assert_eq!((all.len(), all.iter().collect::<Vec<_>>()), (330, expected));
    }

    #[test]
    fn columns_of_bits_become_words_of_rows() {
        for n_rows in [1, 63, 64, 65, 200] {
            for n_sets in [1, 5, 64] {
                let is_in = |set: usize, row: usize| (set * 7 + row * 13 + set * row) % 5 < 2;
                let sets: Vec<Bits> = (0..n_sets).map(|set| Bits::from_fn(n_rows, |row| is_in(set, row))).collect();
                let words = row_words(&sets, n_rows);
                assert_eq!(words.len(), n_rows);
                for (row, word) in words.iter().enumerate() {
                    for set in 0..64 {
                        assert_eq!(
                            word >> set & 1 == 1,
                            set < n_sets && is_in(set, row),
                            "{n_rows} {n_sets} {row} {set}"
                        );
                    }
                }
            }
        }
    }
}
