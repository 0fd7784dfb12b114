//! What goes to standard error: messages, and a progress bar for long work where it is a terminal.

use std::io::{IsTerminal, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Work of fewer bytes than this is over before a bar could be read.
const SHOWN_FROM_BYTES: u64 = 32 << 20;

/// Writes a line to standard error; if even that is closed, nobody listens.
pub(super) fn say(message: &str) {
    let _ = writeln!(std::io::stderr(), "{message}");
}

/// A bar over `bytes` of input; hidden for short work, under `--quiet`, and where standard error is no terminal.
pub(super) fn bar(bytes: u64, quiet: bool) -> ProgressBar {
    if quiet || bytes < SHOWN_FROM_BYTES || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(Some(bytes), ProgressDrawTarget::stderr());
    if let Ok(style) =
        ProgressStyle::with_template("{bar:40} {percent:>3} %  {bytes} / {total_bytes}  {bytes_per_sec}  {eta}")
    {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// Writing fewer records than this is over before a bar could be read.
const SHOWN_FROM_RECORDS: u64 = 1_000_000;

/// A bar over `count` records to write; hidden as [`bar`] is.
pub(super) fn records(count: u64, quiet: bool) -> ProgressBar {
    if quiet || count < SHOWN_FROM_RECORDS || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(Some(count), ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {percent:>3} %  {pos} / {len}  {per_sec}  {eta}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}
