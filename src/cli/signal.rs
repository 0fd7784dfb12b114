//! Ctrl-C and termination, noticed between batches; a second one ends the program at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

/// Set once a signal has come.
#[derive(Clone, Debug, Default)]
pub(super) struct Signals {
    /// Looked at by whoever works.
    pub(super) stop: Arc<AtomicBool>,
    number: Arc<AtomicUsize>,
}

impl Signals {
    /// Listens from now on. Where the system will not have it, signals end the program as they always do.
    pub(super) fn listen() -> Self {
        let signals = Self::default();
        for signal in [SIGINT, SIGTERM] {
            let _ = flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&signals.stop));
            let _ = flag::register_usize(signal, Arc::clone(&signals.number), usize::try_from(signal).unwrap_or(0));
            let _ = flag::register(signal, Arc::clone(&signals.stop));
        }
        signals
    }

    /// The number of the signal that came.
    pub(super) fn number(&self) -> u8 {
        u8::try_from(self.number.load(Ordering::Relaxed)).unwrap_or(0)
    }
}
