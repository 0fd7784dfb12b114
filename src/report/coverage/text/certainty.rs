//! How sure figures are, beside them and in words.

use super::{amount, per_cent};
use crate::coverage::Table;
use crate::coverage::bounds::Share;
use crate::coverage::certainty::{Certainty, Widening};
use crate::coverage::figure::{Amount, Breakdown, Figure, Period, Place};
use crate::coverage::goal::{GoalTable, ProgrammeTable};
use crate::model::Language;
use crate::report::text::page::{Page, Tone};

/// The heading of the column of intervals.
pub(super) fn heading(page: &Page) -> String {
    page.say("mellan", "between").to_owned()
}

/// `78–85 %`; blank where findings do not move the figure as it is shown.
pub(super) fn cell(page: &Page, figure: Option<&Figure>) -> String {
    figure.and_then(|figure| Some(between(page, figure.between()?, figure.per))).unwrap_or_default()
}

fn between(page: &Page, (least, greatest): (u64, u64), per: u64) -> String {
    let number = |value: u64| page.figures.count(value);
    let greatest = if per == 100 { per_cent(page, greatest) } else { number(greatest) };
    format!("{}–{greatest}", number(least))
}

fn value(page: &Page, share: Share, per: u64) -> Option<String> {
    let value = share.value(per)?;
    Some(if per == 100 { per_cent(page, value) } else { page.figures.count(value) })
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
    let (Some(certainty), per) = (figure.certainty.as_deref(), figure.per) else { return };
    let Some(ends) = certainty.between(per).map(|ends| between(page, ends, per)) else { return };
    let records = &certainty.records;
    let parts = [
        (records.within, page.say("i täljaren", "in the numerator")),
        (records.beyond, page.say("bara i nämnaren", "in the denominator only")),
        (records.outside, page.say("utanför måttet", "outside the measure")),
        (records.undecided, page.say("som inte kan avgöras", "that cannot be decided")),
    ];
    let parts: Vec<&(Amount, &str)> = parts.iter().filter(|(records, _)| !records.is_zero()).collect();
    let parts: Vec<String> = match parts.as_slice() {
        [(_, words)] => vec![format!("{} {words}", page.say("alla", "all"))],
        parts => parts.iter().map(|(records, words)| format!("{} {words}", amount(page, *records))).collect(),
    };
    let (all, parts) = (counted(page, records.records()), parts.join(", "));
    let mut text = match page.figures.language {
        Language::Swedish => format!("Hur säkert, {of}: {all} kan räknas annorlunda ({parts}), vilket ger {ends}"),
        Language::English => format!("How sure, {of}: {all} could count otherwise ({parts}), which gives {ends}"),
    };
    if let Some(without) = value(page, certainty.without, per) {
        text.push_str(page.say("; utan dem ", "; without them "));
        text.push_str(&without);
    }
    text.push('.');
    let rules = rules(page, certainty, per);
    if !rules.is_empty() {
        text.push_str(page.say(" Mest gör ", " Most is done by "));
        text.push_str(&rules);
        text.push('.');
    }
    let text = page.paint(Tone::Doubtful, &text);
    page.paragraph(1, &text);
}

/// `12 poster`, or of a stock the mean of its months.
fn counted(page: &Page, records: Amount) -> String {
    match records.whole() {
        Some(records) => page.records(records),
        None => format!("{} {}", amount(page, records), page.say("poster", "records")),
    }
}

/// `SVG-0101 (12 poster, 79–82 %), SVG-0102 (3 poster), poster som inte kan avgöras (7 poster, 80–82 %)`.
fn rules(page: &Page, certainty: &Certainty, per: u64) -> String {
    let of = |widening: &Widening| {
        let ends = widening.least.and_then(|share| share.value(per));
        let ends = ends.zip(widening.greatest.and_then(|share| share.value(per)));
        let ends = ends.filter(|(least, greatest)| least < greatest).map(|ends| between(page, ends, per));
        let records = counted(page, widening.records);
        let ends = ends.map(|ends| format!(", {ends}")).unwrap_or_default();
        let what = if widening.rule.is_empty() {
            page.say("det som inte kan avgöras", "what cannot be decided")
        } else {
            widening.rule.as_str()
        };
        format!("{what} ({records}{ends})")
    };
    let all = || certainty.rules.iter().chain(&certainty.undecided);
    // Where nothing but the undecided does anything, that has been said.
    if certainty.rules.is_empty() { String::new() } else { all().map(of).collect::<Vec<_>>().join(", ") }
}

/// Of each goal its share over all months, where findings could move it, and the rules that do.
pub(super) fn of_goals(page: &mut Page, programme: &ProgrammeTable) {
    let of = |goal: &GoalTable| {
        let certainty = goal.certainty.as_deref()?;
        let ends = between(page, certainty.between(100)?, 100);
        let rules = rules(page, certainty, 100);
        let by = if rules.is_empty() { rules } else { format!(": {rules}") };
        Some(format!("{} {ends}{by}", goal.id))
    };
    let goals: Vec<String> = programme.goals.iter().filter_map(of).collect();
    if goals.is_empty() {
        return;
    }
    let words = page.say(
        "Hur säkert, alla månader och regioner tillsammans, och vad som gör mest",
        "How sure, all months and regions together, and what does most",
    );
    let text = page.paint(Tone::Doubtful, &format!("{words}. {}.", goals.join("; ")));
    page.paragraph(1, &text);
}
