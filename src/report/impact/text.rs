//! The impact of a change of rules as tables that a person reads in a terminal.
//!
//! Order, for each collection: how much was looked at; rules, those with the most newly failing records first; rejected
//! records by reporter; files that pass otherwise. The conditions that are fulfilled come last.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::engine::compare::{
    CollectionImpact, FileImpact, FoldedImpact, FoldedRule, Impact, Rejected, RuleImpact, Violations,
};
use crate::engine::tally::{BLANK, INVALID, Region};
use crate::model::{Language, Severity};
use crate::report::ReportOptions;
use crate::report::shown::{escaped, middle_cut};
use crate::report::text::page::{Page, Tone};
use crate::rulebook::fail_if::{Breach, Subject};

/// Codes of the breakdown named for each rule.
const MOST_CODES: usize = 3;
/// Characters of a path.
const MOST_PATH: usize = 60;

pub(super) fn render(impact: &Impact, breaches: &[Breach], options: &ReportOptions) -> String {
    let mut page = Page::new(options);
    for (id, collection) in &impact.collections {
        beginning(&mut page, id, collection);
        rules(&mut page, collection);
        reporters(&mut page, collection);
        files(&mut page, collection);
    }
    for (id, folded) in &impact.folded {
        groups(&mut page, id, folded);
    }
    conditions(&mut page, impact, breaches);
    page.into_text()
}

/// How many groups of records the rules on groups find, before and after.
fn groups(page: &mut Page, id: &str, folded: &FoldedImpact) {
    let title = format!(
        "{}: {} ({id})",
        page.say("Regler på grupper av poster", "Rules on groups of records"),
        page.text_of(&folded.title)
    );
    page.title(&title);
    let before_and_after = |page: &Page, before: Option<u64>, after: Option<u64>| {
        let shown = |n: Option<u64>| n.map_or_else(|| "–".to_owned(), |n| page.figures.count(n));
        let (was, is) = (page.say("före", "before"), page.say("efter", "after"));
        format!("{} {was}, {} {is}", shown(before), shown(after))
    };
    let text = format!(
        "{}: {}. {}",
        capitalised(page.text_of(&folded.unit)),
        before_and_after(page, folded.groups_before, folded.groups_after),
        page.say(
            "Här räknas grupper under var regeluppsättning för sig: vilka som byter utfall visas inte, och --fail-if och \
             avvisade poster gäller dem inte.",
            "Groups are counted under each rule set by itself: which of them change sides is not shown, and --fail-if and \
             rejected records are not about them.",
        )
    );
    page.paragraph(0, &text);
    let is_changed = |rule: &FoldedRule| rule.before != rule.after || rule.unchecked_before != rule.unchecked_after;
    let changed: Vec<_> = folded.rules.iter().filter(|(_, rule)| is_changed(rule)).collect();
    for (id, rule) in &changed {
        let mut line =
            format!("{id} {}: {}", page.text_of(&rule.title), before_and_after(page, rule.before, rule.after));
        if rule.unchecked_before != rule.unchecked_after {
            let words = page.say("kan inte avgöras:", "cannot be decided:");
            let counts = before_and_after(page, Some(rule.unchecked_before), Some(rule.unchecked_after));
            line = format!("{line}; {words} {counts}");
        }
        page.paragraph(1, &line);
    }
    let others = (folded.rules.len() - changed.len()) as u64;
    let [sv, en] = match changed.len() {
        0 => [
            ["regel finner lika många som förut.", "regler finner lika många som förut."],
            ["rule finds as many as before.", "rules find as many as before."],
        ],
        _ => [
            ["annan regel finner lika många som förut.", "andra regler finner lika många som förut."],
            ["other rule finds as many as before.", "other rules find as many as before."],
        ],
    };
    let text = page.counted(others, sv, en);
    page.paragraph(0, &text);
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn beginning(page: &mut Page, id: &str, collection: &CollectionImpact) {
    let title = format!(
        "{}: {} ({id})",
        page.say("Verkan på leveranser", "Impact on deliveries"),
        page.text_of(&collection.title)
    );
    page.title(&title);
    let files = page.counted(collection.files.len() as u64, ["fil", "filer"], ["file", "files"]);
    let looked_at = format!("{} {} {files}.", page.records(collection.records), page.say("i", "in"));
    let scope = page.say(
        "Här jämförs regler på poster; dubbletter, läsbarhet och andra regler på hela leveransen ingår inte.",
        "Rules on records are compared; duplicates, readability and other rules on whole submissions are left out.",
    );
    let text = format!("{looked_at} {scope}");
    page.paragraph(0, &text);
    if collection.unreadable > 0 {
        let words = page.say(
            "Inte bedömda, eftersom de inte gick att dela upp i kolumner",
            "Not judged, because they could not be divided into columns",
        );
        let text = format!("{words}: {}.", page.records(collection.unreadable));
        page.paragraph(0, &text);
    }
    let is_everywhere = |is_known: fn(&FileImpact) -> bool| collection.files.iter().all(is_known);
    let text = match (is_everywhere(|file| file.is_known_before), is_everywhere(|file| file.is_known_after)) {
        (false, _) => page.say(
            "Insamlingen är ny: förut fanns inga regler för den.",
            "The collection is new: it had no rules before.",
        ),
        (_, false) => page.say(
            "Insamlingen är borttagen: den har inga regler längre.",
            "The collection is removed: it has no rules any more.",
        ),
        (true, true) => return,
    };
    page.paragraph(0, text);
}

/// Whether there is something to say of the rule.
fn is_listed(rule: &RuleImpact) -> bool {
    let is_graver_or_milder = rule.severity_before != rule.severity_after && rule.total != Violations::default();
    rule.total.is_changed() || rule.unchecked_before != rule.unchecked_after || is_graver_or_milder
}

fn rules(page: &mut Page, collection: &CollectionImpact) {
    let mut listed: Vec<(&String, &RuleImpact)> = collection.rules.iter().filter(|(_, rule)| is_listed(rule)).collect();
    listed.sort_by_key(|(id, rule)| (Reverse((rule.total.newly_failing, rule.total.newly_passing)), *id));
    for (id, rule) in &listed {
        one_rule(page, collection, id, rule);
    }
    let others = collection.rules.len() - listed.len();
    let text = if listed.is_empty() {
        page.say("Ingen post bedöms annorlunda av någon regel.", "No record is judged otherwise by any rule.")
            .to_owned()
    } else {
        let [sv, en] = [
            ["annan regel bedömer alla poster som förut.", "andra regler bedömer alla poster som förut."],
            ["other rule judges every record as before.", "other rules judge every record as before."],
        ];
        page.counted(others as u64, sv, en)
    };
    page.blank();
    page.paragraph(0, &text);
}

fn one_rule(page: &mut Page, collection: &CollectionImpact, id: &str, rule: &RuleImpact) {
    let heading = format!("{id}: {} ({})", page.text_of(&rule.title), severities(page, rule));
    page.heading(&heading);
    let records = collection.records_by_region();
    let mut rows = vec![heading_row(page, "region")];
    let regions = rule.by_region();
    for (region, counts) in unknown_last(&regions).filter(|(_, counts)| counts.is_changed()) {
        let name = region_name(page, collection, *region);
        rows.push(violations_row(page, name, records.get(region).copied().unwrap_or(0), counts));
    }
    let all = page.say("alla", "all").to_owned();
    rows.push(violations_row(page, all, collection.records, &rule.total));
    page.grid(&rows);
    codes(page, collection, rule);
    if rule.passing_unchecked > 0 {
        let n = page.figures.count(rule.passing_unchecked);
        let text = match page.figures.language {
            Language::Swedish => format!("Av de poster som försvinner kan {n} inte längre kontrolleras."),
            Language::English => format!("Of the records no longer failing, {n} cannot be checked any more."),
        };
        page.paragraph(1, &text);
    }
    if rule.unchecked_before != rule.unchecked_after {
        let (before, after) = (page.figures.count(rule.unchecked_before), page.figures.count(rule.unchecked_after));
        let text = format!(
            "{}: {before} → {after}.",
            page.say("Poster som inte kan kontrolleras", "Records that cannot be checked")
        );
        page.paragraph(1, &text);
    }
}

/// `fel`, `upplysning → fel`, `ny regel, fel` or `borttagen, fel`.
fn severities(page: &Page, rule: &RuleImpact) -> String {
    let word = |severity: Severity| page.severity(severity);
    match (rule.severity_before, rule.severity_after) {
        (Some(before), Some(after)) if before == after => word(after).to_owned(),
        (Some(before), Some(after)) => format!("{} → {}", word(before), word(after)),
        (None, Some(after)) => format!("{}, {}", page.say("ny regel", "new rule"), word(after)),
        (Some(before), None) => format!("{}, {}", page.say("borttagen", "removed"), word(before)),
        (None, None) => String::new(),
    }
}

fn heading_row(page: &Page, first: &str) -> Vec<String> {
    let words = [
        first,
        page.say("poster", "records"),
        page.say("före", "before"),
        page.say("efter", "after"),
        page.say("tillkommer", "newly failing"),
        page.say("andel", "share"),
        page.say("försvinner", "no longer"),
    ];
    words.map(str::to_owned).to_vec()
}

fn violations_row(page: &Page, name: String, records: u64, counts: &Violations) -> Vec<String> {
    row(page, name, [records, counts.before, counts.after, counts.newly_failing, counts.newly_passing])
}

fn rejected_row(page: &Page, name: String, counts: &Rejected) -> Vec<String> {
    row(page, name, [counts.records, counts.before, counts.after, counts.newly_rejected, counts.newly_accepted])
}

fn row(page: &Page, name: String, [records, before, after, more, fewer]: [u64; 5]) -> Vec<String> {
    let count = |n: u64| page.figures.count(n);
    let share = page.figures.share(more, records).unwrap_or_default();
    vec![name, count(records), count(before), count(after), count(more), share, count(fewer)]
}

/// The codes with the most newly failing records; or, where none fail newly, newly passing ones.
fn codes(page: &mut Page, collection: &CollectionImpact, rule: &RuleImpact) {
    let records = collection.records_by_code();
    // Where no record has one there is nothing to tell apart.
    if records.keys().all(|code| *code == BLANK) {
        return;
    }
    let is_stricter = rule.total.newly_failing > 0;
    let number = |counts: &Violations| if is_stricter { counts.newly_failing } else { counts.newly_passing };
    let by_code = rule.by_code();
    let mut worst: Vec<(&str, u64)> = by_code.iter().map(|(code, counts)| (*code, number(counts))).collect();
    worst.retain(|(_, n)| *n > 0);
    if worst.is_empty() {
        return;
    }
    worst.sort_by_key(|(code, n)| (Reverse(*n), *code));
    let named: Vec<String> = worst
        .iter()
        .take(MOST_CODES)
        .map(|(code, n)| {
            let of = records.get(code).copied().unwrap_or(0);
            format!("{}: {}", code_name(page, collection, code), page.part(*n, of))
        })
        .collect();
    let words = match (is_stricter, worst.len() > MOST_CODES) {
        (true, true) => page.say("Flest tillkommer inom", "Most newly failing in"),
        (true, false) => page.say("Tillkommer inom", "Newly failing in"),
        (false, true) => page.say("Flest försvinner inom", "Most no longer failing in"),
        (false, false) => page.say("Försvinner inom", "No longer failing in"),
    };
    let text = format!("{words} {} {}.", page.text_of(&collection.breakdown), named.join("; "));
    page.paragraph(1, &text);
}

fn code_name(page: &Page, collection: &CollectionImpact, code: &str) -> String {
    match (code, collection.code_names.get(code)) {
        (BLANK, _) => page.say("blankt", "blank").to_owned(),
        (INVALID, _) => page.say("ogiltigt", "invalid").to_owned(),
        (code, Some(name)) => format!("{code} {}", page.text_of(name)),
        (code, None) => escaped(code).into_owned(),
    }
}

/// Regions by county code; what is of no region comes last.
fn unknown_last<T>(regions: &BTreeMap<Region, T>) -> impl Iterator<Item = (&Region, &T)> {
    let known = regions.iter().filter(|(region, _)| region.is_some());
    known.chain(regions.iter().filter(|(region, _)| region.is_none()))
}

fn region_name(page: &Page, collection: &CollectionImpact, region: Region) -> String {
    match region {
        None => page.say("okänd region", "unknown region").to_owned(),
        Some(county) => collection.region_names.get(&county).cloned().unwrap_or_else(|| county.to_string()),
    }
}

fn reporters(page: &mut Page, collection: &CollectionImpact) {
    let heading = page.say(
        "Poster som avvisas (minst en regel med allvarlighetsgraden fel) per uppgiftslämnare",
        "Rejected records (at least one rule of severity error) by reporter",
    );
    page.heading(heading);
    let mut rows = vec![heading_row(page, page.say("uppgiftslämnare", "reporter"))];
    // The heading of rules: here records are rejected.
    page.say("tillkommer", "newly rejected").clone_into(&mut rows[0][4]);
    for (region, counts) in unknown_last(&collection.reporters).filter(|(_, counts)| counts.is_changed()) {
        let name = region_name(page, collection, *region);
        rows.push(rejected_row(page, name, counts));
    }
    let all = page.say("alla", "all").to_owned();
    rows.push(rejected_row(page, all, &collection.rejected()));
    page.grid(&rows);
}

fn files(page: &mut Page, collection: &CollectionImpact) {
    let heading = page.say("Filer som får annat utfall", "Files that pass otherwise");
    page.heading(heading);
    let word = |page: &Page, passes: bool| {
        if passes { page.say("godkänd", "passes") } else { page.say("underkänd", "fails") }
    };
    let is_changed = |file: &&FileImpact| file.passes_before() != file.passes_after();
    let changed: Vec<&FileImpact> = collection.files.iter().filter(is_changed).collect();
    for file in &changed {
        let path = file.path.display().to_string();
        let counts = &file.rejected;
        let text = format!(
            "{}: {} → {} ({} → {} {})",
            middle_cut(&path, MOST_PATH),
            word(page, file.passes_before()),
            word(page, file.passes_after()),
            page.figures.count(counts.before),
            page.figures.count(counts.after),
            page.say("avvisade poster", "rejected records"),
        );
        page.paragraph(1, &text);
    }
    let passing = |passes: fn(&FileImpact) -> bool| collection.files.iter().filter(|file| passes(file)).count() as u64;
    let (before, after) = (passing(FileImpact::passes_before), passing(FileImpact::passes_after));
    let text = format!(
        "{}: {} → {} {} {}.",
        page.say("Godkända", "Passing"),
        page.figures.count(before),
        page.figures.count(after),
        page.say("av", "of"),
        page.counted(collection.files.len() as u64, ["fil", "filer"], ["file", "files"]),
    );
    page.paragraph(1, &text);
}

fn conditions(page: &mut Page, impact: &Impact, breaches: &[Breach]) {
    if breaches.is_empty() {
        return;
    }
    let heading = page.say("Uppfyllda villkor (--fail-if)", "Conditions fulfilled (--fail-if)");
    page.heading(heading);
    for breach in breaches {
        let subject = match &breach.subject {
            Subject::Rule { collection, rule } => format!("{rule} ({collection})"),
            Subject::Reporter { collection, region } => {
                let name = impact.collections.get(collection).map(|impact| region_name(page, impact, *region));
                format!("{} ({collection})", name.unwrap_or_default())
            }
            Subject::All => page.say("alla uppgiftslämnare", "all reporters").to_owned(),
        };
        let text = format!("{}: {subject}, {}", escaped(&breach.condition), page.part(breach.n, breach.records));
        let text = page.paint(Tone::Bad, &text);
        page.paragraph(1, &text);
    }
}
