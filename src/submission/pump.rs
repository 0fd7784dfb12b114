//! Takes the parts of a file in order, has them worked on by all threads, and hands the results on in order.
//!
//! Every thread of the pool takes the next part whenever it is done with one; nobody waits for a whole round to end.
//! The caller folds the results in the order of their parts, whatever the order in which they are done. A caller that is
//! itself a thread of the pool works, too, so that a pool of one thread does not wait for itself.
//!
//! Memory is bounded: threads wait while results are not taken from them, and only what comes after the one part that is
//! waited for is held back.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::sync::{Mutex, PoisonError};

use super::InputError;

/// Results that a thread hands over together: waking the caller for each costs more than folding it.
const TOGETHER: usize = 4;

/// Results of some parts, by their numbers.
type Done<R> = Vec<(u64, Result<R, InputError>)>;

/// Calls `next` for part after part until it has none, `map` for each of them on any thread, and `fold` with what comes out
/// in the order of the parts.
///
/// # Errors
/// The first failure in the order of parts, of whichever of the three; all before it has been folded. Or
/// [`InputError::Interrupted`] on `stop`.
pub(super) fn pump<T: Send, R: Send>(
    stop: &AtomicBool,
    next: &mut (dyn FnMut() -> Result<Option<T>, InputError> + Send),
    map: &(dyn Fn(T) -> Result<R, InputError> + Sync),
    fold: &mut dyn FnMut(R) -> Result<(), InputError>,
) -> Result<(), InputError> {
    let parts = Parts { stop, of: Mutex::new(Source { next, taken: 0, is_done: false }), map };
    let n_threads = rayon::current_num_threads();
    let (sender, receiver) = sync_channel(n_threads);
    let is_worker = rayon::current_thread_index().is_some();
    let mut results = InOrder { waiting: BTreeMap::new(), folded: 0, fold };
    let outcome = rayon::in_place_scope(|scope| {
        let sender: SyncSender<Done<R>> = sender;
        for _ in usize::from(is_worker)..n_threads {
            let (parts, sender) = (&parts, sender.clone());
            scope.spawn(move |_| {
                let mut done = Vec::new();
                while let Some(result) = parts.work() {
                    done.push(result);
                    if done.len() == TOGETHER && sender.send(std::mem::take(&mut done)).is_err() {
                        return;
                    }
                }
                // Where nobody wants them any more, nothing is lost.
                let _ = sender.send(done);
            });
        }
        drop(sender);
        let outcome = take(&parts, &receiver, &mut results, is_worker);
        // Who waits to hand over a result that nobody wants any more is let go.
        parts.end();
        drop(receiver);
        outcome
    });
    outcome?;
    if stop.load(Ordering::Relaxed) { Err(InputError::Interrupted) } else { Ok(()) }
}

/// Folds results as they come; works itself where it is one of the threads that do.
fn take<T, R>(
    parts: &Parts<'_, '_, T, R>,
    receiver: &Receiver<Done<R>>,
    results: &mut InOrder<'_, R>,
    is_worker: bool,
) -> Result<(), InputError> {
    let mut works = is_worker;
    loop {
        if works {
            while let Ok(done) = receiver.try_recv() {
                results.add_all(done)?;
            }
            match parts.work() {
                Some(done) => results.add(done)?,
                None => works = false,
            }
        } else {
            let done = if is_worker { receive_in_pool(receiver) } else { receiver.recv().ok() };
            match done {
                Some(done) => results.add_all(done)?,
                // All threads are done.
                None => return Ok(()),
            }
        }
    }
}

/// Waits on a thread of the pool, which may be the only one that is free to start what is waited for.
fn receive_in_pool<D>(receiver: &Receiver<D>) -> Option<D> {
    loop {
        match receiver.try_recv() {
            Ok(done) => return Some(done),
            Err(TryRecvError::Disconnected) => return None,
            Err(TryRecvError::Empty) if rayon::yield_now() == Some(rayon::Yield::Executed) => {}
            Err(TryRecvError::Empty) => std::thread::yield_now(),
        }
    }
}

struct Parts<'p, 'n, T, R> {
    stop: &'p AtomicBool,
    of: Mutex<Source<'n, T>>,
    map: &'p (dyn Fn(T) -> Result<R, InputError> + Sync),
}

struct Source<'n, T> {
    next: &'n mut (dyn FnMut() -> Result<Option<T>, InputError> + Send),
    taken: u64,
    is_done: bool,
}

impl<T, R> Parts<'_, '_, T, R> {
    /// Takes the next part and works on it; `None` where there are no more.
    fn work(&self) -> Option<(u64, Result<R, InputError>)> {
        let (number, part) = {
            // Poisoned only by a panic that ends the run anyway.
            let mut source = self.of.lock().unwrap_or_else(PoisonError::into_inner);
            if source.is_done || self.stop.load(Ordering::Relaxed) {
                return None;
            }
            let part = (source.next)();
            let number = source.taken;
            source.taken += 1;
            source.is_done = !matches!(part, Ok(Some(_)));
            (number, part)
        };
        match part {
            Ok(Some(part)) => Some((number, (self.map)(part))),
            Ok(None) => None,
            Err(error) => Some((number, Err(error))),
        }
    }

    fn end(&self) {
        self.of.lock().unwrap_or_else(PoisonError::into_inner).is_done = true;
    }
}

struct InOrder<'f, R> {
    /// Results of later parts than the one that is waited for.
    waiting: BTreeMap<u64, Result<R, InputError>>,
    folded: u64,
    fold: &'f mut dyn FnMut(R) -> Result<(), InputError>,
}

impl<R> InOrder<'_, R> {
    fn add_all(&mut self, done: Done<R>) -> Result<(), InputError> {
        done.into_iter().try_for_each(|result| self.add(result))
    }

    fn add(&mut self, (number, result): (u64, Result<R, InputError>)) -> Result<(), InputError> {
        self.waiting.insert(number, result);
        while let Some(result) = self.waiting.remove(&self.folded) {
            self.folded += 1;
            (self.fold)(result?)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(text: &'static str) -> InputError {
        InputError::Consumer(text.into())
    }

    fn run(n_parts: u64, fails: [Option<u64>; 3], stop: &AtomicBool) -> (Vec<u64>, Option<String>) {
        let mut number = 0;
        let mut next = || {
            if fails[0] == Some(number) {
                return Err(failure("next"));
            }
            number += 1;
            Ok((number <= n_parts).then_some(number - 1))
        };
        let map = |part: u64| if fails[1] == Some(part) { Err(failure("map")) } else { Ok(part * 3) };
        let mut folded = Vec::new();
        let mut fold = |result: u64| {
            if fails[2].is_some_and(|part| part * 3 == result) {
                return Err(failure("fold"));
            }
            folded.push(result / 3);
            Ok(())
        };
        let outcome = pump(stop, &mut next, &map, &mut fold);
        (folded, outcome.err().map(|error| format!("{error:?}")))
    }

    #[test]
    fn results_come_in_order_and_end_with_the_first_failure_for_any_number_of_threads() {
        let go = AtomicBool::new(false);
        let first = |n: u64| (0..n).collect::<Vec<_>>();
        for n_threads in [1, 2, 3, 8] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().expect("threads");
            for _ in 0..20 {
                let run = |fails| pool.install(|| run(100, fails, &go));
                assert_eq!(run([None; 3]), (first(100), None));
                for (place, what) in ["next", "map", "fold"].into_iter().enumerate() {
                    let mut fails = [None; 3];
                    fails[place] = Some(40);
                    let (folded, error) = run(fails);
                    assert_eq!(folded, first(40), "{what}");
                    assert!(error.expect("a failure").contains(what));
                }
                let (folded, error) = run([Some(60), Some(41), Some(70)]);
                assert!(folded == first(41) && error.is_some_and(|error| error.contains("map")));
            }
        }
        assert_eq!(run(100, [None; 3], &go), (first(100), None), "from outside the pool");
        assert_eq!(run(0, [None; 3], &go), (vec![], None));
    }

    #[test]
    fn nothing_more_is_taken_after_a_stop() {
        let (folded, error) = run(100, [None; 3], &AtomicBool::new(true));
        assert!(folded.is_empty() && error.is_some_and(|error| error.contains("Interrupted")));
    }
}
