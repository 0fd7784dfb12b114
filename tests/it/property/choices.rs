//! Random choices that shrink well: a list of numbers that a generator spends one by one.
//!
//! A generator asks which of `n` things to make and gets 0, the simplest, once the list is spent; so a shorter list
//! with smaller numbers, which is what proptest shrinks to, is a simpler case.

/// What is left of the list.
pub(super) struct Choices<'a> {
    rest: std::slice::Iter<'a, u32>,
}

impl<'a> Choices<'a> {
    pub(super) fn new(list: &'a [u32]) -> Self {
        Self { rest: list.iter() }
    }

    /// A number below `n`, which is at least 1.
    pub(super) fn below(&mut self, n: usize) -> usize {
        self.rest.next().map_or(0, |choice| *choice as usize % n)
    }

    /// True `n` times in ten.
    pub(super) fn chance(&mut self, n: usize) -> bool {
        self.below(10) >= 10 - n
    }

    /// One of some values, of which there is at least one.
    pub(super) fn one<T: Clone>(&mut self, values: &[T]) -> T {
        values[self.below(values.len())].clone()
    }

    /// `value`, `n` times in ten.
    pub(super) fn maybe<T>(&mut self, n: usize, value: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.chance(n).then(|| value(self))
    }
}
