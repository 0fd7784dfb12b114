//! Words and numbers that the tables for a terminal and the page for people have in common, so that both say the same.

use std::collections::{BTreeMap, BTreeSet};

use crate::coverage::bounds::Share;
use crate::coverage::certainty::{Certainty, Widening};
use crate::coverage::figure::{Amount, Figure, Finality, Period};
use crate::coverage::goal::{GoalTable, Why};
use crate::measure::goal::{Better, Percent};
use crate::model::{Language, Text};
use crate::report::figures::Figures;

/// The periods that a table has columns of, in the order of time: those that are no part of a longer one, whose parts are
/// in the formats for programs.
pub(in crate::report) fn columns(periods: impl Iterator<Item = Period>) -> Vec<Period> {
    let all: BTreeSet<Period> = periods.collect();
    let mut periods: Vec<Period> =
        all.iter().filter(|period| !all.iter().any(|longer| longer.is_longer_than(**period))).copied().collect();
    periods.sort_by_key(|period| period.order());
    periods
}

/// `91 %`, of a whole number.
pub(in crate::report) fn per_cent(figures: Figures, value: u64) -> String {
    let number = figures.count(value);
    figures.language.pick(format!("{number}\u{a0}%"), format!("{number}%"))
}

/// A count, or a mean with one decimal.
pub(in crate::report) fn amount(figures: Figures, amount: Amount) -> String {
    if let Some(count) = amount.whole() {
        return figures.count(count);
    }
    // Tenths, rounded.
    let tenths = amount.rounded_ratio(Amount::count(1), 10).unwrap_or(0);
    let sign = figures.language.pick(',', '.');
    format!("{}{sign}{}", figures.count(tenths / 10), tenths % 10)
}

/// `12 poster`, or of a stock the mean of its months.
fn counted(figures: Figures, records: Amount) -> String {
    let (number, is_one) = (amount(figures, records), records.whole() == Some(1));
    let words =
        figures.language.pick(if is_one { "post" } else { "poster" }, if is_one { "record" } else { "records" });
    format!("{number} {words}")
}

/// What a part of a breakdown is called, with its code.
pub(in crate::report) fn part_name(figures: Figures, name: &str, names: &BTreeMap<String, Text>) -> String {
    match names.get(name) {
        Some(words) => format!("{name} {}", words.get(figures.language)),
        None => group_name(figures, name),
    }
}

/// What a part of a breakdown is called that may be none.
pub(in crate::report) fn group_name(figures: Figures, name: &str) -> String {
    match name {
        crate::engine::tally::BLANK => figures.language.pick("(tomt)", "(blank)").to_owned(),
        crate::engine::tally::INVALID => figures.language.pick("(okänd kod)", "(unknown code)").to_owned(),
        name => name.to_owned(),
    }
}

/// What a goal asks for, in words.
pub(in crate::report) fn asked(figures: Figures, goal: &GoalTable) -> String {
    let language = figures.language;
    let title = goal.title.get(language);
    let number = |percent: Percent| language.pick(percent.to_string().replace('.', ","), percent.to_string());
    let Some(target) = goal.target else {
        let words = language.pick(
            "källan anger ingen tröskel; ange den med --goal",
            "the source gives no threshold; state it with --goal",
        );
        return format!("{title}; {words} {}=…", goal.id);
    };
    let bound = match goal.better {
        Better::More => language.pick("minst", "at least"),
        Better::Fewer => language.pick("högst", "at most"),
    };
    let unit = language.pick("\u{a0}%", "%");
    let mut text = format!("{title}; {bound} {}{unit}", number(target));
    if goal.target_of_run {
        text.push_str(
            language.pick(" (angivet i körningen, inte i källan)", " (stated in the run, not by the source)"),
        );
    }
    if let Some(scale) = goal.improvement {
        let (from, to) = (number(scale.from), number(scale.to));
        text.push_str(&language.pick(
            format!(", eller {from}–{to} procentenheter bättre än året före"),
            format!(", or {from}–{to} percentage points better than the year before"),
        ));
    }
    if let Some((more_than, least)) = goal.condition {
        let (more_than, least) = (figures.count(more_than), number(least));
        text.push_str(&language.pick(
            format!("; väntar fler än {more_than} ska dessutom minst {least}\u{a0}% av dem ha väntat högst så länge"),
            format!("; where more than {more_than} wait, at least {least}% of them must have waited at most as long"),
        ));
    }
    text
}

/// Why a month is not decided, in words.
pub(in crate::report) fn why(figures: Figures, why: Why) -> &'static str {
    let (sv, en) = match why {
        Why::NotDelivered => ("månaden är inte levererad", "the month was not delivered"),
        Why::NoContacts => ("inga kontakter att räkna på", "no contacts to count"),
        Why::NoYearBefore => (
            "målet är inte nått, och samma månad året före saknas att jämföra med",
            "the target was not reached, and the same month of the year before is not there to compare with",
        ),
        Why::NoTarget => ("tröskel saknas (--goal)", "there is no threshold (--goal)"),
        Why::WaitingNotDelivered => {
            ("villkoret gäller väntande, som inte är levererade", "the condition is on those waiting, not delivered")
        }
    };
    figures.language.pick(sv, en)
}

/// `fast` or `prel.`: whether a figure may still change by corrections.
pub(in crate::report) fn finality(figures: Figures, finality: Finality) -> &'static str {
    match finality {
        Finality::Fixed => figures.language.pick("fast", "fixed"),
        Finality::Preliminary => figures.language.pick("prel.", "prelim."),
        Finality::Unknown => figures.language.pick("prel.?", "prelim.?"),
    }
}

/// What those words mean, of a table with these figures; blank where it has none.
pub(in crate::report) fn finality_note(
    figures: Figures,
    shown: impl Iterator<Item = Option<Finality>>,
) -> Option<String> {
    let shown: Vec<Finality> = shown.flatten().collect();
    let meanings = [
        (
            Finality::Fixed,
            "fast: rättningstiden är slut för alla poster.",
            "fixed: the time for corrections is over for every record.",
        ),
        (
            Finality::Preliminary,
            "prel.: preliminär, någon post får ännu rättas.",
            "prelim.: preliminary, some record may still be corrected.",
        ),
        (
            Finality::Unknown,
            "prel.?: räknas som preliminär, för det är inte känt när alla poster först togs emot (--earlier).",
            "prelim.?: counts as preliminary, for it is not known when every record was first received (--earlier).",
        ),
    ];
    let text: Vec<&str> = meanings
        .into_iter()
        .filter(|(finality, ..)| shown.contains(finality))
        .map(|(_, sv, en)| figures.language.pick(sv, en))
        .collect();
    (!text.is_empty()).then(|| format!("{} – {}", figures.language.pick("Läge", "Status"), text.join(" ")))
}

/// `78–85 %`.
pub(in crate::report) fn between(figures: Figures, (least, greatest): (u64, u64), per: u64) -> String {
    let greatest = if per == 100 { per_cent(figures, greatest) } else { figures.count(greatest) };
    format!("{}–{greatest}", figures.count(least))
}

/// One figure's certainty in words; `of` says which. Nothing where findings do not move it as it is shown.
pub(in crate::report) fn how_sure(figures: Figures, figure: &Figure, of: &str) -> Option<String> {
    let (certainty, per) = (figure.certainty.as_deref()?, figure.per);
    let say = |sv, en| figures.language.pick(sv, en);
    let ends = between(figures, certainty.between(per)?, per);
    let records = &certainty.records;
    let parts = [
        (records.within, say("i täljaren", "in the numerator")),
        (records.beyond, say("bara i nämnaren", "in the denominator only")),
        (records.outside, say("utanför måttet", "outside the measure")),
        (records.undecided, say("som inte kan avgöras", "that cannot be decided")),
    ];
    let parts: Vec<&(Amount, &str)> = parts.iter().filter(|(records, _)| !records.is_zero()).collect();
    let parts: Vec<String> = match parts.as_slice() {
        [(_, words)] => vec![format!("{} {words}", say("alla", "all"))],
        parts => parts.iter().map(|(records, words)| format!("{} {words}", amount(figures, *records))).collect(),
    };
    let (all, parts) = (counted(figures, records.records()), parts.join(", "));
    let mut text = match figures.language {
        Language::Swedish => format!("Hur säkert, {of}: {all} kan räknas annorlunda ({parts}), vilket ger {ends}"),
        Language::English => format!("How sure, {of}: {all} could count otherwise ({parts}), which gives {ends}"),
    };
    if let Some(without) = share(figures, certainty.without, per) {
        text.push_str(say("; utan dem ", "; without them "));
        text.push_str(&without);
    }
    text.push('.');
    let rules = widening(figures, certainty, per);
    if !rules.is_empty() {
        text.push_str(say(" Mest gör ", " Most is done by "));
        text.push_str(&rules);
        text.push('.');
    }
    Some(text)
}

fn share(figures: Figures, share: Share, per: u64) -> Option<String> {
    let value = share.value(per)?;
    Some(if per == 100 { per_cent(figures, value) } else { figures.count(value) })
}

/// `SVG-0101 (12 poster, 79–82 %), SVG-0102 (3 poster), det som inte kan avgöras (7 poster, 80–82 %)`.
pub(in crate::report) fn widening(figures: Figures, certainty: &Certainty, per: u64) -> String {
    let of = |widening: &Widening| {
        let ends = widening.least.and_then(|share| share.value(per));
        let ends = ends.zip(widening.greatest.and_then(|share| share.value(per)));
        let ends = ends.filter(|(least, greatest)| least < greatest).map(|ends| between(figures, ends, per));
        let records = counted(figures, widening.records);
        let ends = ends.map(|ends| format!(", {ends}")).unwrap_or_default();
        let what = if widening.rule.is_empty() {
            figures.language.pick("det som inte kan avgöras", "what cannot be decided")
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
pub(in crate::report) fn how_sure_goals(figures: Figures, goals: &[GoalTable]) -> Option<String> {
    let of = |goal: &GoalTable| {
        let certainty = goal.certainty.as_deref()?;
        let ends = between(figures, certainty.between(100)?, 100);
        let rules = widening(figures, certainty, 100);
        let by = if rules.is_empty() { rules } else { format!(": {rules}") };
        Some(format!("{} {ends}{by}", goal.id))
    };
    let goals: Vec<String> = goals.iter().filter_map(of).collect();
    let words = figures.language.pick(
        "Hur säkert, alla månader och regioner tillsammans, och vad som gör mest",
        "How sure, all months and regions together, and what does most",
    );
    (!goals.is_empty()).then(|| format!("{words}. {}.", goals.join("; ")))
}
