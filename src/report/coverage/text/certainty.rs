//! How sure figures are, beside them and in words.

use crate::coverage::Table;
use crate::coverage::figure::{Breakdown, Figure, Period, Place};
use crate::coverage::goal::ProgrammeTable;
use crate::report::coverage::words;
use crate::report::text::page::{Page, Tone};

/// The heading of the column of intervals.
pub(super) fn heading(page: &Page) -> String {
    page.say("mellan", "between").to_owned()
}

/// `78–85 %`; blank where findings do not move the figure as it is shown.
pub(super) fn cell(page: &Page, figure: Option<&Figure>) -> String {
    figure.and_then(|figure| Some(words::between(page.figures, figure.between()?, figure.per))).unwrap_or_default()
}

/// Whether the column of intervals says anything.
pub(super) fn any<'a>(mut figures: impl Iterator<Item = &'a Figure>) -> bool {
    figures.any(|figure| figure.between().is_some())
}

/// The sum of a table's last period in words: which records are in doubt, what they could do, and which rules put them there.
pub(super) fn of_table(page: &mut Page, table: &Table, period: Option<Period>, place: (Place, &str)) {
    let is_it = |figure: &&Figure| {
        (figure.place, Some(figure.period)) == (place.0, period) && figure.breakdown == Breakdown::Total
    };
    let Some((figure, period)) = table.figures.iter().find(is_it).zip(period) else { return };
    of_figure(page, figure, &format!("{} {period}", place.1));
}

/// One figure in words; `of` says which. Nothing where findings do not move it as it is shown.
pub(super) fn of_figure(page: &mut Page, figure: &Figure, of: &str) {
    if let Some(text) = words::how_sure(page.figures, figure, of) {
        let text = page.paint(Tone::Doubtful, &text);
        page.paragraph(1, &text);
    }
}

/// Of each goal its share over all months, where findings could move it, and the rules that do.
pub(super) fn of_goals(page: &mut Page, programme: &ProgrammeTable) {
    if let Some(text) = words::how_sure_goals(page.figures, &programme.goals) {
        let text = page.paint(Tone::Doubtful, &text);
        page.paragraph(1, &text);
    }
}
