//! Examples of findings: where each is, and what is wrong there.

use maud::{Markup, html};

use super::bounds::MOST_CHARS;
use super::element::plain;
use super::view::{RunView, View};
use crate::engine::RuleRun;
use crate::model::{Detail, Finding};
use crate::report::shown::{escaped, middle_cut, shortened};
use crate::report::text::rules::{members_words, position_words, values};
use crate::rule::{Check, Rule, SubmissionKind};

/// Characters shown of a path.
const MOST_PATH_CHARS: usize = 60;

/// The table of examples of a rule; nothing where none are kept.
pub(super) fn table(view: &View<'_>, run: &RunView<'_>, rule: &Rule, found: &RuleRun) -> Markup {
    // Those not waived first: they are the ones to correct.
    let (open, covered): (Vec<&Finding>, Vec<&Finding>) =
        found.examples.iter().partition(|finding| finding.waiver.is_none());
    let examples: Vec<&Finding> = open.into_iter().chain(covered).take(view.bounds.examples).collect();
    if examples.is_empty() {
        return html! {};
    }
    let caption = format!(
        "{} ({} {} {})",
        view.say("Exempel", "Examples"),
        examples.len(),
        view.say("av", "of"),
        view.writing.figures.count(found.violations)
    );
    // On a page of very many rules, what a table has beside its rows would be more than the rows.
    if view.bounds.is_brief {
        return html! {
            p.most {
                b { (caption) ": " }
                @for finding in examples {
                    (place(view, run, rule, finding)) " "
                    @if !finding.key.is_empty() { code { (shortened(&finding.key, MOST_CHARS)) } " " }
                    (facts(view, rule, finding)) ". "
                }
            }
        };
    }
    let has_key = examples.iter().any(|finding| !finding.key.is_empty());
    // No frame to scroll in: cells break, and a frame for each of many hundred rules would be as many stops for a keyboard.
    html! {
        table.examples {
            caption { (caption) }
            thead {
                tr {
                    th scope="col" { (view.say("Var", "Where")) }
                    @if has_key { th scope="col" { (view.say("Nyckel", "Key")) } }
                    th scope="col" { (view.say("Vad", "What")) }
                }
            }
            tbody {
                @for finding in examples {
                    tr {
                        td { (place(view, run, rule, finding)) }
                        @if has_key { td { code { (shortened(&finding.key, MOST_CHARS)) } } }
                        td { (facts(view, rule, finding)) }
                    }
                }
            }
        }
    }
}

fn place(view: &View<'_>, run: &RunView<'_>, rule: &Rule, finding: &Finding) -> String {
    let mut place = Vec::new();
    // With one file its name is above; what is wrong with all files together is in none of them.
    let whole = matches!(rule.check, Check::Submission(SubmissionKind::RecordCount | SubmissionKind::NotEmpty));
    if run.run.files.len() > 1
        && !whole
        && let Some(file) = run.run.files.get(finding.file.0)
    {
        place.push(middle_cut(&file.path.to_string_lossy(), MOST_PATH_CHARS).into_owned());
    }
    place.extend(position_words(&view.words, finding.position).map(|words| plain(&words)));
    place.join(", ")
}

fn facts(view: &View<'_>, rule: &Rule, finding: &Finding) -> Markup {
    let shown = |of: &[_]| plain(&values(&view.words, rule, of, finding.position));
    let detail = finding.detail.as_ref().map(|detail| match detail {
        Detail::Number(number) => {
            let unit = rule.detail_unit.as_ref().map(|unit| format!("\u{a0}{}", view.writing.text(unit)));
            format!("{}{}", view.writing.figures.signed(*number), unit.unwrap_or_default())
        }
        Detail::Text(text) => escaped(view.writing.text(text)).into_owned(),
    });
    let members = finding.members.as_ref().filter(|members| members.total > 1);
    let beside = [
        (!finding.triggers.is_empty())
            .then(|| format!("{} {}", view.say("eftersom", "because"), shown(&finding.triggers))),
        detail,
        members.map(|members| members_words(&view.words, members)),
        finding.waiver.map(|waiver| format!("{} {}", view.say("undantag", "waiver"), waiver.number())),
    ];
    let beside: Vec<String> = beside.into_iter().flatten().collect();
    html! {
        @if !finding.faulty.is_empty() { code { (shown(&finding.faulty)) } }
        @if !beside.is_empty() {
            @if !finding.faulty.is_empty() { "; " }
            (beside.join("; "))
        }
    }
}
