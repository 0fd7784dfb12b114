//! The impact of a change of rules for programs: a document of a version of its own, complete where text is selective.
//!
//! Every rule on records is there, changed or not; of its groups those with a violation before or after.

use serde::Serialize;

use crate::engine::compare::{CollectionImpact, FoldedImpact, Impact, Rejected, RuleImpact, Violations};
use crate::engine::tally::Region;
use crate::model::Text;
use crate::rulebook::fail_if::{Breach, Subject};
use crate::time::format_day;

/// The name and version of the document's shape, in its field `schema`.
pub const SCHEMA: &str = "vantkoll.impact/1";

/// An impact, ready to be written by itself or inside another document.
#[derive(Debug, Serialize)]
pub struct ImpactJson<'a> {
    schema: &'static str,
    collections: Vec<CollectionJson<'a>>,
    /// Rules on groups of records, counted under either rule set by itself.
    groups: Vec<FoldedJson<'a>>,
    /// The conditions that are fulfilled.
    fulfilled: Vec<BreachJson<'a>>,
}

#[derive(Debug, Serialize)]
struct FoldedJson<'a> {
    collection: &'a str,
    title: TextJson<'a>,
    unit: TextJson<'a>,
    /// Groups; null where there was no such collection.
    before: Option<u64>,
    /// Groups; null where there is none any more.
    after: Option<u64>,
    rules: Vec<FoldedRuleJson<'a>>,
}

#[derive(Debug, Serialize)]
struct FoldedRuleJson<'a> {
    id: &'a str,
    title: TextJson<'a>,
    /// Null where the rule was not there.
    violated_before: Option<u64>,
    /// Null where it is not there any more.
    violated_after: Option<u64>,
    unchecked: BeforeAfterJson,
}

#[derive(Debug, Serialize)]
struct CollectionJson<'a> {
    id: &'a str,
    title: TextJson<'a>,
    records: u64,
    /// Of them those that could not be divided into columns; no rule judges them.
    unreadable: u64,
    /// By rules on records of severity error.
    rejected: RejectedJson,
    /// Every rule on records of either rule set, by id.
    rules: Vec<RuleJson<'a>>,
    reporters: Vec<ReporterJson<'a>>,
    /// In the order given.
    files: Vec<FileJson>,
}

#[derive(Debug, Serialize)]
struct RuleJson<'a> {
    id: &'a str,
    title: TextJson<'a>,
    /// Null where the rule was not there.
    severity_before: Option<&'static str>,
    /// Null where it is not there any more.
    severity_after: Option<&'static str>,
    total: ViolationsJson,
    unchecked: BeforeAfterJson,
    /// Newly passing records that cannot be checked any more.
    passing_unchecked: u64,
    groups: Vec<GroupJson<'a>>,
    /// Empty where the rule has no days.
    versions: Vec<VersionJson<'a>>,
}

#[derive(Debug, Serialize)]
struct GroupJson<'a> {
    region: Option<RegionJson<'a>>,
    /// The code of the collection's breakdown, by the name it had when specialties were the only one; empty where blank,
    /// `?` where not in its list.
    specialty: &'a str,
    specialty_name: Option<TextJson<'a>>,
    /// Records of the group.
    records: u64,
    #[serde(rename = "violations")]
    counts: ViolationsJson,
}

#[derive(Debug, Serialize)]
struct VersionJson<'a> {
    from: Option<String>,
    until: Option<String>,
    by: &'a str,
    is_before: bool,
    is_after: bool,
    total: ViolationsJson,
}

#[derive(Debug, Serialize)]
struct ReporterJson<'a> {
    region: Option<RegionJson<'a>>,
    rejected: RejectedJson,
}

#[derive(Debug, Serialize)]
struct FileJson {
    path: String,
    is_known_before: bool,
    is_known_after: bool,
    passes: BeforeAfterPassJson,
    rejected: RejectedJson,
}

#[derive(Debug, Serialize)]
struct BreachJson<'a> {
    condition: &'a str,
    count: &'static str,
    /// Null for all together.
    collection: Option<&'a str>,
    /// Null for reporters.
    rule: Option<&'a str>,
    /// County code; null for rules, for all together, and where the region is unknown.
    region: Option<String>,
    /// `rule`, `reporter` or `all`.
    subject: &'static str,
    n: u64,
    records: u64,
}

#[derive(Debug, Serialize)]
struct ViolationsJson {
    before: u64,
    after: u64,
    newly_failing: u64,
    newly_passing: u64,
}

#[derive(Debug, Serialize)]
struct RejectedJson {
    records: u64,
    before: u64,
    after: u64,
    newly_rejected: u64,
    newly_accepted: u64,
}

#[derive(Debug, Serialize)]
struct BeforeAfterJson {
    before: u64,
    after: u64,
}

#[derive(Debug, Serialize)]
struct BeforeAfterPassJson {
    before: bool,
    after: bool,
}

#[derive(Debug, Serialize)]
struct RegionJson<'a> {
    county: String,
    name: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct TextJson<'a> {
    sv: &'a str,
    en: &'a str,
}

impl<'a> ImpactJson<'a> {
    /// The document of an impact, with the conditions that are fulfilled.
    pub fn new(impact: &'a Impact, breaches: &'a [Breach]) -> Self {
        Self {
            schema: SCHEMA,
            collections: impact.collections.iter().map(|(id, collection)| of_collection(id, collection)).collect(),
            groups: impact.folded.iter().map(|(id, folded)| of_folded(id, folded)).collect(),
            fulfilled: breaches.iter().map(of_breach).collect(),
        }
    }
}

fn of_folded<'a>(id: &'a str, folded: &'a FoldedImpact) -> FoldedJson<'a> {
    FoldedJson {
        collection: id,
        title: text(&folded.title),
        unit: text(&folded.unit),
        before: folded.groups_before,
        after: folded.groups_after,
        rules: folded
            .rules
            .iter()
            .map(|(id, rule)| FoldedRuleJson {
                id,
                title: text(&rule.title),
                violated_before: rule.before,
                violated_after: rule.after,
                unchecked: BeforeAfterJson { before: rule.unchecked_before, after: rule.unchecked_after },
            })
            .collect(),
    }
}

fn of_collection<'a>(id: &'a str, collection: &'a CollectionImpact) -> CollectionJson<'a> {
    CollectionJson {
        id,
        title: text(&collection.title),
        records: collection.records,
        unreadable: collection.unreadable,
        rejected: rejected(&collection.rejected()),
        rules: collection.rules.iter().map(|(id, rule)| of_rule(collection, id, rule)).collect(),
        reporters: collection
            .reporters
            .iter()
            .map(|(of, counts)| ReporterJson { region: region(collection, *of), rejected: rejected(counts) })
            .collect(),
        files: collection
            .files
            .iter()
            .map(|file| FileJson {
                path: file.path.display().to_string(),
                is_known_before: file.is_known_before,
                is_known_after: file.is_known_after,
                passes: BeforeAfterPassJson { before: file.passes_before(), after: file.passes_after() },
                rejected: rejected(&file.rejected),
            })
            .collect(),
    }
}

fn of_rule<'a>(collection: &'a CollectionImpact, id: &'a str, rule: &'a RuleImpact) -> RuleJson<'a> {
    RuleJson {
        id,
        title: text(&rule.title),
        severity_before: rule.severity_before.map(crate::model::Severity::as_str),
        severity_after: rule.severity_after.map(crate::model::Severity::as_str),
        total: violations(&rule.total),
        unchecked: BeforeAfterJson { before: rule.unchecked_before, after: rule.unchecked_after },
        passing_unchecked: rule.passing_unchecked,
        groups: rule
            .groups
            .iter()
            .map(|(group, counts)| GroupJson {
                region: region(collection, group.region),
                specialty: &group.code,
                specialty_name: collection.code_names.get(&group.code).map(text),
                records: collection.groups.get(group).copied().unwrap_or(0),
                counts: violations(counts),
            })
            .collect(),
        versions: rule
            .versions
            .iter()
            .map(|(version, impact)| VersionJson {
                from: version.from.map(format_day),
                until: version.until.map(format_day),
                by: &version.by,
                is_before: impact.is_before,
                is_after: impact.is_after,
                total: violations(&impact.total),
            })
            .collect(),
    }
}

fn of_breach(breach: &Breach) -> BreachJson<'_> {
    let (subject, collection, rule, region) = match &breach.subject {
        Subject::Rule { collection, rule } => ("rule", Some(collection.as_str()), Some(rule.as_str()), None),
        Subject::Reporter { collection, region } => {
            ("reporter", Some(collection.as_str()), None, region.map(|county| county.to_string()))
        }
        Subject::All => ("all", None, None, None),
    };
    BreachJson {
        condition: &breach.condition,
        count: breach.count.as_str(),
        collection,
        rule,
        region,
        subject,
        n: breach.n,
        records: breach.records,
    }
}

fn region(collection: &CollectionImpact, region: Region) -> Option<RegionJson<'_>> {
    region.map(|county| RegionJson {
        county: county.to_string(),
        name: collection.region_names.get(&county).map(String::as_str),
    })
}

fn violations(counts: &Violations) -> ViolationsJson {
    let Violations { before, after, newly_failing, newly_passing } = *counts;
    ViolationsJson { before, after, newly_failing, newly_passing }
}

fn rejected(counts: &Rejected) -> RejectedJson {
    let Rejected { records, before, after, newly_rejected, newly_accepted } = *counts;
    RejectedJson { records, before, after, newly_rejected, newly_accepted }
}

fn text(text: &Text) -> TextJson<'_> {
    TextJson { sv: &text.sv, en: &text.en }
}
