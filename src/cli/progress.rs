//! What goes to standard error: messages, and a progress bar for long work where it is a terminal.

use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use crate::engine::Advance;
use crate::model::Language;
use crate::report::figures::Figures;

/// Reading fewer bytes than this is over before a bar could be read.
const SHOWN_FROM_BYTES: u64 = 32 << 20;

/// Writing fewer records than this is over before a bar could be read.
const SHOWN_FROM_RECORDS: u64 = 1_000_000;

/// Nothing is said of the time left before so much time has gone: the first guess would be wild.
const LEAST_TIME: Duration = Duration::from_secs(1);

/// Writes a line to standard error; if even that is closed, nobody listens.
pub(super) fn say(message: &str) {
    let _ = writeln!(std::io::stderr(), "{message}");
}

/// How far long work has come, with records per second and the time left; hidden for short work, under `--quiet`, and
/// where standard error is no terminal.
pub(super) struct Bar {
    bar: ProgressBar,
    records: Arc<AtomicU64>,
}

impl Bar {
    /// Over `bytes` of input.
    pub(super) fn reading(bytes: u64, quiet: bool, language: Language) -> Self {
        Self::new(bytes, quiet || bytes < SHOWN_FROM_BYTES, language, Figures::bytes)
    }

    /// Over `count` records to write.
    pub(super) fn writing(count: u64, quiet: bool, language: Language) -> Self {
        Self::new(count, quiet || count < SHOWN_FROM_RECORDS, language, Figures::count)
    }

    fn new(length: u64, is_hidden: bool, language: Language, amount: fn(Figures, u64) -> String) -> Self {
        let records = Arc::new(AtomicU64::new(0));
        if is_hidden || !std::io::stderr().is_terminal() {
            return Self { bar: ProgressBar::hidden(), records };
        }
        let bar = ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::stderr());
        let figures = Figures::new(language);
        let counted = Arc::clone(&records);
        // What cannot be written to a terminal that went away is of no use to anybody.
        let done = move |state: &ProgressState, out: &mut dyn std::fmt::Write| {
            let _ = write!(out, "{} / {}", amount(figures, state.pos()), amount(figures, state.len().unwrap_or(0)));
        };
        let rate = move |state: &ProgressState, out: &mut dyn std::fmt::Write| {
            let _ = out.write_str(&rate(figures, counted.load(Ordering::Relaxed), state.elapsed()));
        };
        let left = move |state: &ProgressState, out: &mut dyn std::fmt::Write| {
            let _ = out.write_str(&left(language, state.pos(), state.len().unwrap_or(0), state.elapsed()));
        };
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {percent:>3} %  {done}  {rate}  {left}") {
            bar.set_style(style.with_key("done", done).with_key("rate", rate).with_key("left", left));
        }
        bar.enable_steady_tick(Duration::from_millis(200));
        Self { bar, records }
    }

    /// Moves on.
    pub(super) fn read(&self, advance: Advance) {
        self.records.fetch_add(advance.records, Ordering::Relaxed);
        self.bar.inc(advance.bytes);
    }

    /// Moves on by records alone.
    pub(super) fn written(&self, records: u64) {
        self.records.fetch_add(records, Ordering::Relaxed);
        self.bar.inc(records);
    }

    /// Takes the bar away.
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// `1 234 567 poster/s`; nothing before anything was read.
fn rate(figures: Figures, records: u64, elapsed: Duration) -> String {
    let milliseconds = elapsed.as_millis().max(1);
    let a_second = u64::try_from(u128::from(records) * 1_000 / milliseconds).unwrap_or(u64::MAX);
    match figures.language {
        _ if records == 0 => String::new(),
        Language::Swedish => format!("{} poster/s", figures.count(a_second)),
        Language::English => format!("{} records/s", figures.count(a_second)),
    }
}

/// `1 min 20 s kvar`, by how long what is done took.
fn left(language: Language, done: u64, of: u64, elapsed: Duration) -> String {
    if done == 0 || elapsed < LEAST_TIME {
        return String::new();
    }
    let seconds = elapsed.as_millis() * u128::from(of.saturating_sub(done)) / u128::from(done) / 1_000;
    let time = match (seconds / 3_600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    };
    match language {
        Language::Swedish => format!("{time} kvar"),
        Language::English => format!("{time} left"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_of_records_and_the_time_left_follows_from_what_is_done() {
        let sv = Figures::new(Language::Swedish);
        assert_eq!(rate(sv, 2_400_000, Duration::from_secs(2)), "1\u{a0}200\u{a0}000 poster/s");
        assert_eq!(rate(Figures::new(Language::English), 10, Duration::from_secs(1)), "10 records/s");
        assert_eq!(rate(sv, 0, Duration::ZERO), "");
        let of = |done, elapsed| left(Language::Swedish, done, 1_000, Duration::from_secs(elapsed));
        assert_eq!(
            (of(500, 20), of(100, 20), of(1, 20)),
            ("20 s kvar".into(), "3 min 0 s kvar".into(), "5 h 33 min kvar".into())
        );
        assert_eq!((of(0, 20), of(500, 0), of(2_000, 5)), (String::new(), String::new(), "0 s kvar".into()));
        assert_eq!(left(Language::English, 1, 2, Duration::from_secs(70)), "1 min 10 s left");
    }
}
