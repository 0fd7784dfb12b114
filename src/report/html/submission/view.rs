//! What every section of a submission is written from: the outcome with what is asked of it more than once, and names.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};

use super::Bounds;
use super::element::plain;
use crate::engine::reporter::{Part, ReporterRun};
use crate::engine::{Outcome, RuleRun, Run};
use crate::model::{County, RuleIndex};
use crate::report::ReportOptions;
use crate::report::cause_words::{self, Telling};
use crate::report::html::Writing;
use crate::report::text::is_left_out;
use crate::report::text::page::Page;
use crate::rule::Rule;
use crate::schema::region;
use crate::time::format_day;

/// An outcome being written.
pub(super) struct View<'a> {
    pub(super) outcome: &'a Outcome,
    pub(super) options: &'a ReportOptions,
    pub(super) writing: Writing,
    /// The text report's words; nothing is written on it.
    pub(super) words: Page,
    pub(super) bounds: Bounds,
    /// The runs that are shown: all but those on groups that could not be made.
    pub(super) runs: Vec<RunView<'a>>,
}

/// One collection.
pub(super) struct RunView<'a> {
    pub(super) run: &'a Run,
    /// Its violated rules, those to correct first at the front.
    pub(super) violated: Vec<RuleIndex>,
    /// Over all reporters; nothing where nothing was counted by reporter.
    pub(super) total: Total<'a>,
}

/// What was counted over all reporters. Units are not: one of the same name in another region is another.
#[derive(Debug, Default)]
pub(super) struct Total<'a> {
    /// By code of the breakdown.
    pub(super) codes: BTreeMap<&'a str, Part>,
    /// Of codes that are not told apart.
    pub(super) other_codes: Part,
    /// One entry a rule: findings by the first faulty value.
    pub(super) values: Vec<BTreeMap<&'a str, u64>>,
}

impl<'a> View<'a> {
    pub(super) fn new(outcome: &'a Outcome, options: &'a ReportOptions, writing: Writing) -> Self {
        let runs = outcome.runs.iter().filter(|run| !is_left_out(run));
        Self {
            outcome,
            options,
            writing,
            words: Page::of_page(&ReportOptions { color: false, ..*options }),
            bounds: Bounds::of(outcome),
            runs: runs.map(RunView::new).collect(),
        }
    }

    /// The words of the page's language.
    pub(super) fn say<T>(&self, sv: T, en: T) -> T {
        self.writing.say(sv, en)
    }

    /// What people call the collection of `run`.
    pub(super) fn title<'r>(&self, run: &'r Run) -> &'r str {
        run.plan.collection.title.get(self.writing.language())
    }

    /// A part on one collection, under a heading of its own where there are several.
    pub(super) fn part(&self, run: &RunView<'_>, body: &Markup) -> Markup {
        html! {
            div data-collection=(run.id()) {
                @if self.runs.len() > 1 { h3 { (self.title(run.run)) " " small { code { (run.id()) } } } }
                (body)
            }
        }
    }

    /// `poster` or what groups are called.
    pub(super) fn unit<'r>(&'r self, run: &'r Run) -> &'r str {
        run.unit().map_or(self.say("poster", "records"), |unit| self.writing.text(unit))
    }

    /// Every reporter of any run, by name; nobody last.
    pub(super) fn regions(&self) -> Vec<(Option<County>, String)> {
        let known: BTreeSet<Option<County>> =
            self.runs.iter().flat_map(|run| run.run.reporters.keys().copied()).collect();
        let mut regions: Vec<(Option<County>, String)> =
            known.into_iter().map(|county| (county, self.region(county))).collect();
        regions.sort_by_cached_key(|(county, name)| (county.is_none(), collation_key(name)));
        regions
    }

    /// What people call the region of a county.
    pub(super) fn region(&self, county: Option<County>) -> String {
        let Some(county) = county else { return self.say("Okänd region", "Unknown region").to_owned() };
        let mut lists = self.runs.iter().map(|run| &run.run.plan.codelists);
        let name = lists.find_map(|lists| region::name_of_county(lists, county));
        name.map_or_else(|| county.to_string(), str::to_owned)
    }

    /// A unit by its name.
    pub(super) fn unit_name<'n>(&self, name: &'n str) -> Cow<'n, str> {
        cause_words::unit_name(self.writing.figures, name)
    }

    /// What is told of a run's causes and codes.
    pub(super) fn telling<'r>(&self, run: &'r Run) -> Telling<'r> {
        Telling { figures: self.writing.figures, run }
    }

    /// A rule's id and days.
    pub(super) fn rule_name(&self, rule: &Rule) -> String {
        plain(&self.words.rule_name(rule))
    }
}

impl<'a> RunView<'a> {
    fn new(run: &'a Run) -> Self {
        let mut violated: Vec<RuleIndex> =
            run.rules.iter().zip(0..).filter(|(found, _)| found.violations > 0).map(|(_, n)| RuleIndex(n)).collect();
        // What is wholly waived comes last: nothing is to be corrected for the gate's sake.
        violated.sort_by_key(|index| {
            let (rule, found) = (&run.plan.rules[index.0], &run.rules[index.0]);
            (found.unwaived() == 0, Reverse(rule.severity), Reverse(found.unwaived()), Reverse(found.violations))
        });
        Self { run, violated, total: Total::of(run) }
    }

    /// The collection's id.
    pub(super) fn id(&self) -> &'a str {
        &self.run.plan.collection.id
    }

    /// A rule and what became of it.
    pub(super) fn rule(&self, index: RuleIndex) -> Option<(&'a Rule, &'a RuleRun)> {
        Some((self.run.plan.rules.get(index.0)?, self.run.rules.get(index.0)?))
    }

    /// A rule's id, as a link to its place where it has one.
    pub(super) fn link(&self, index: RuleIndex) -> Markup {
        let Some((rule, found)) = self.rule(index) else { return html! {} };
        html! {
            @if found.violations > 0 { a href={ "#" (self.anchor(rule)) } { (rule.id) } } @else { code { (rule.id) } }
        }
    }

    /// Where a violated rule stands on the page: the same for every page that has it.
    pub(super) fn anchor(&self, rule: &Rule) -> String {
        let from = rule.valid.and_then(|valid| valid.from.or(valid.until)).map(format_day);
        let words: Vec<&str> = [self.id(), rule.id.0.as_str()].into_iter().chain(from.as_deref()).collect();
        words.join(".").replace(char::is_whitespace, "_")
    }

    /// In whose records a rule is violated, how many reporters.
    pub(super) fn n_regions_of(&self, index: RuleIndex) -> u64 {
        let violates = |reporter: &&ReporterRun| reporter.rules.get(index.0).is_some_and(|rule| rule.violations > 0);
        self.run.reporters.values().filter(violates).count() as u64
    }

    /// The reporters in whose records a rule is violated, for filters.
    pub(super) fn regions_of(&self, index: RuleIndex) -> Option<String> {
        let reporters = &self.run.reporters;
        let violates = |reporter: &ReporterRun| reporter.rules.get(index.0).is_some_and(|rule| rule.violations > 0);
        let keys: Vec<String> = reporters
            .iter()
            .filter(|(_, reporter)| violates(reporter))
            .map(|(county, _)| region_key(*county))
            .collect();
        // A rule on the submission as a whole is nobody's, and one that all violate is everybody's: both stay whatever is
        // chosen.
        (!keys.is_empty() && keys.len() < reporters.len()).then(|| keys.join(" "))
    }
}

impl<'a> Total<'a> {
    fn of(run: &'a Run) -> Self {
        let mut total = Self { values: vec![BTreeMap::new(); run.rules.len()], ..Self::default() };
        for reporter in run.reporters.values() {
            for (code, part) in &reporter.codes.parts {
                add(total.codes.entry(code).or_default(), part);
            }
            add(&mut total.other_codes, &reporter.codes.other);
            for (values, more) in total.values.iter_mut().zip(&reporter.values) {
                for (value, n) in &more.known {
                    *values.entry(value).or_default() += n;
                }
            }
        }
        total
    }
}

fn add(total: &mut Part, part: &Part) {
    total.records += part.records;
    total.rejected += part.rejected;
    for (rule, records) in &part.rules {
        *total.rules.entry(*rule).or_default() += records;
    }
}

/// The value that filters know a reporter by.
pub(super) fn region_key(county: Option<County>) -> String {
    county.map_or_else(|| "-".to_owned(), |county| county.to_string())
}

/// By which names stand in Swedish order: å, ä and ö after z.
pub(super) fn collation_key(name: &str) -> String {
    let fold = |character: char| match character {
        'å' => '\u{e000}',
        'ä' | 'æ' => '\u{e001}',
        'ö' | 'ø' => '\u{e002}',
        other => other,
    };
    name.to_lowercase().chars().map(fold).collect()
}
