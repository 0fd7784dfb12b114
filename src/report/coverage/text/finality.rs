//! Whether figures may still change by corrections, beside them and below their table.

use crate::coverage::figure::Finality;
use crate::report::coverage::words;
use crate::report::text::page::{Page, Tone};

/// `fast` or `prel.`; blank of a figure that no correction can change.
pub(super) fn finality(page: &Page, finality: Option<Finality>) -> String {
    let Some(finality) = finality else { return String::new() };
    let word = words::finality(page.figures, finality);
    if finality == Finality::Fixed { word.to_owned() } else { page.paint(Tone::Doubtful, word) }
}

/// What those words mean, of a table with these figures.
pub(super) fn finality_note(page: &mut Page, shown: impl Iterator<Item = Option<Finality>>) {
    if let Some(text) = words::finality_note(page.figures, shown) {
        page.paragraph(1, &text);
    }
}
