//! What each thread gathers for itself while others gather theirs.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// One of something for each thread, and one for a caller that is none of the pool's.
pub(super) struct Parts<T>(Vec<Mutex<T>>);

impl<T> Parts<T> {
    pub(super) fn new(part: impl Fn() -> T) -> Self {
        Self((0..=rayon::current_num_threads()).map(|_| Mutex::new(part())).collect())
    }

    /// This thread's own. A lock is poisoned only by a panic that ends the run anyway.
    pub(super) fn own(&self) -> MutexGuard<'_, T> {
        let last = self.0.len() - 1;
        let slot = rayon::current_thread_index().unwrap_or(last).min(last);
        self.0[slot].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everybody's.
    pub(super) fn into_all(self) -> impl Iterator<Item = T> {
        self.0.into_iter().map(|part| part.into_inner().unwrap_or_else(PoisonError::into_inner))
    }
}
