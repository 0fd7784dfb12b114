//! What was waived: said wherever it is counted, and each waiver with its owner, its reason and its last day.

use super::page::{GLUE, Page, Tone};
use crate::engine::{Outcome, WaiverRun};
use crate::model::Severity;
use crate::report::shown::{escaped, shortened};
use crate::time::format_day;

/// Characters shown of a reason.
pub(in crate::report) const MOST_REASON_CHARS: usize = 400;

/// `varav 3 undantagna`; nothing where none are.
pub(in crate::report) fn part(page: &Page, waived: u64) -> Option<String> {
    let count = page.figures.count(waived);
    (waived > 0).then(|| {
        page.say("varav # undantagna", "# of them waived").replace('#', &count).replace(' ', &GLUE.to_string())
    })
}

/// `12 undantagna fel, 1 undantagen varning`: what would fail the gate if it were not waived.
pub(super) fn clause(page: &Page, outcome: &Outcome, fail_on: Severity) -> Option<String> {
    let failing = Severity::ALL.into_iter().filter(|severity| *severity >= fail_on);
    let counts = failing.map(|severity| (severity, outcome.waived(severity))).filter(|(_, n)| *n > 0);
    let words: Vec<String> = counts
        .map(|(severity, n)| match severity {
            Severity::Error => page.counted(n, ["undantaget fel", "undantagna fel"], ["waived error", "waived errors"]),
            Severity::Warning => {
                page.counted(n, ["undantagen varning", "undantagna varningar"], ["waived warning", "waived warnings"])
            }
            Severity::Note => {
                page.counted(n, ["undantagen upplysning", "undantagna upplysningar"], ["waived note", "waived notes"])
            }
        })
        .collect();
    (!words.is_empty()).then(|| words.join(", "))
}

/// Writes every waiver, whether or not it covered anything.
pub(super) fn write(page: &mut Page, waivers: &[WaiverRun]) {
    if waivers.is_empty() {
        return;
    }
    let heading = format!("{} ({})", page.say("Undantag", "Waivers"), waivers.len());
    page.heading(&heading);
    page.paragraph(
        1,
        page.say(
            "Undantagna fynd räknas och visas, men underkänner inte leveransen. Poster med fel avvisas ändå.",
            "Waived findings are counted and shown, but do not fail the submission. Records with errors are rejected all the same.",
        ),
    );
    for (run, number) in waivers.iter().zip(1u64..) {
        waiver(page, run, number);
    }
}

fn waiver(page: &mut Page, run: &WaiverRun, number: u64) {
    let waiver = &run.waiver;
    let mut what = vec![page.paint(Tone::Strong, &escaped(&waiver.rule))];
    what.extend(
        waiver.reporter.as_ref().map(|reporter| format!("{} ({})", reporter.name, reporter.organisation_number)),
    );
    what.extend([&waiver.variable, &waiver.collection].into_iter().flatten().map(|name| escaped(name).into_owned()));
    let until = format_day(waiver.until);
    let findings =
        page.counted(run.covered, ["fynd undantaget", "fynd undantagna"], ["finding waived", "findings waived"]);
    let outcome = if run.is_expired {
        let words =
            page.say("GICK UT # och gäller inte längre", "EXPIRED # and no longer applies").replace('#', &until);
        page.paint(Tone::Bad, &words)
    } else if run.covered == 0 {
        page.paint(Tone::Doubtful, page.say("OANVÄNT: inget fynd att undanta", "UNUSED: no finding to waive"))
    } else {
        findings
    };
    let line = format!("{number}. {}: {outcome}", what.join(", "));
    page.hanging(2, 5, &line);
    let line = format!(
        "{} {}, {} {until}. {}",
        page.say("Ansvarig:", "Owner:"),
        shortened(&waiver.owner, super::rules::MOST_VALUE_CHARS),
        page.say("till och med", "until"),
        shortened(page.text_of(&waiver.reason), MOST_REASON_CHARS)
    );
    page.hanging(5, 7, &line);
}
