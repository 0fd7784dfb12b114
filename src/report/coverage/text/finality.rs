//! Whether figures may still change by corrections, beside them and below their table.

use crate::coverage::figure::Finality;
use crate::report::text::page::{Page, Tone};

/// `fast` or `prel.`; blank of a figure that no correction can change.
pub(super) fn finality(page: &Page, finality: Option<Finality>) -> String {
    match finality {
        None => String::new(),
        Some(Finality::Fixed) => page.say("fast", "fixed").to_owned(),
        Some(Finality::Preliminary) => page.paint(Tone::Doubtful, page.say("prel.", "prelim.")),
        Some(Finality::Unknown) => page.paint(Tone::Doubtful, page.say("prel.?", "prelim.?")),
    }
}

/// What those words mean, of a table with these figures.
pub(super) fn finality_note(page: &mut Page, shown: impl Iterator<Item = Option<Finality>>) {
    let shown: Vec<Finality> = shown.flatten().collect();
    let mut text = Vec::new();
    if shown.contains(&Finality::Fixed) {
        text.push(page.say(
            "fast: rättningstiden är slut för alla poster.",
            "fixed: the time for corrections is over for every record.",
        ));
    }
    if shown.contains(&Finality::Preliminary) {
        text.push(page.say(
            "prel.: preliminär, någon post får ännu rättas.",
            "prelim.: preliminary, some record may still be corrected.",
        ));
    }
    if shown.contains(&Finality::Unknown) {
        text.push(page.say(
            "prel.?: räknas som preliminär, för det är inte känt när alla poster först togs emot (--earlier).",
            "prelim.?: counts as preliminary, for it is not known when every record was first received (--earlier).",
        ));
    }
    if !text.is_empty() {
        let text = format!("{} – {}", page.say("Läge", "Status"), text.join(" "));
        page.paragraph(1, &text);
    }
}
