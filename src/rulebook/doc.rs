//! The whole rule book for reading: one Markdown page a collection with an index, and all of it as one HTML page.
//!
//! Everything printed is worked out from the plans, so that a printed book is as right as the rules were that day; its
//! first page names their version. Pages are the same bytes for the same rules. Writing them to files is the caller's.

mod html;
mod markdown;

use std::sync::Arc;

use super::Rulebook;
use super::account::{Account, Made, account, level_words, made};
use crate::model::{Language, SourceReference, VariableIndex};
use crate::rule::{Plan, RuleKind, sentence};
use crate::schema::{Domain, Variable};

/// One file of the book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Its name.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// Every file of the book in `language`: `index.md`, one a collection, and `rules.html`.
pub fn pages(book: &Rulebook, language: Language) -> Vec<Page> {
    let chapters: Vec<Chapter> = book.plans().map(|plan| chapter(plan, language)).collect();
    let n_collections = book.collections.plans.len();
    let mut versions: Vec<&str> = book.plans().map(|plan| plan.version.as_str()).collect();
    versions.dedup();
    let content = Content { language, version: versions.join(", "), chapters, n_collections };
    let mut pages = vec![Page { name: "index.md".to_owned(), text: markdown::index(&content) }];
    for chapter in &content.chapters {
        pages.push(Page { name: format!("{}.md", chapter.id), text: markdown::chapter(chapter, language) });
    }
    pages.push(Page { name: "rules.html".to_owned(), text: html::page(&content) });
    pages
}

/// What the book holds, in the language it is written in.
struct Content {
    language: Language,
    /// Of the rules and schemas.
    version: String,
    /// Collections first, then reference tables.
    chapters: Vec<Chapter>,
    n_collections: usize,
}

impl Content {
    fn say<'a>(&self, sv: &'a str, en: &'a str) -> &'a str {
        self.language.pick(sv, en)
    }
}

/// One collection.
struct Chapter {
    id: String,
    title: String,
    source: String,
    assumptions: Vec<String>,
    /// Of what records its own are made, where it folds another.
    groups: Option<String>,
    variables: Vec<VariableRow>,
    rules: Vec<Account>,
}

/// One variable, as the annexes of the reporting models list it.
struct VariableRow {
    id: String,
    name: String,
    area: String,
    description: String,
    level: String,
    conditions: Vec<String>,
    /// The aggregate that gives it, where it is of groups.
    sql: Option<String>,
    values: String,
    source: String,
}

impl Chapter {
    /// The headings of the table of variables.
    fn headings(&self, language: Language) -> [&'static str; 7] {
        let (level, condition) = match (language, &self.groups) {
            (Language::Swedish, None) => ("Kravnivå", "Villkor"),
            (Language::English, None) => ("Level", "Condition"),
            (Language::Swedish, Some(_)) => ("Ursprung", "Görs av"),
            (Language::English, Some(_)) => ("Origin", "Made of"),
        };
        match language {
            Language::Swedish => ["Variabel", "Namn", "Beskrivning", level, condition, "Värden", "Källa"],
            Language::English => ["Variable", "Name", "Description", level, condition, "Values", "Source"],
        }
    }
}

/// One thing said of a rule, with its label.
struct Fact {
    label: &'static str,
    text: String,
    /// Shown as it is written.
    is_code: bool,
}

fn source_words(source: &SourceReference) -> String {
    [source.document.as_str(), source.place.as_str()]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(": ")
}

fn chapter(plan: &Arc<Plan>, language: Language) -> Chapter {
    let collection = &plan.collection;
    let variables = collection.variables.iter().enumerate();
    let mut variables: Vec<VariableRow> =
        variables.map(|(index, variable)| row(plan, VariableIndex(index), variable, language)).collect();
    // What a message adds to the model's table stands last in the schema, and with its kind in the book.
    let areas: Vec<String> = variables.iter().map(|variable| variable.area.clone()).collect();
    variables.sort_by_key(|variable| areas.iter().position(|area| *area == variable.area));
    Chapter {
        id: collection.id.clone(),
        title: collection.title.get(language).to_owned(),
        source: source_words(&collection.source),
        groups: plan.fold.as_deref().map(|fold| sentence::group::group(fold).get(language).to_owned()),
        assumptions: plan.assumptions.iter().map(|text| text.get(language).to_owned()).collect(),
        variables,
        rules: plan.rules.iter().map(|rule| account(plan, rule)).collect(),
    }
}

fn row(plan: &Plan, index: VariableIndex, variable: &Variable, language: Language) -> VariableRow {
    let conditions = plan.rules.iter().filter(|rule| {
        matches!(rule.kind, RuleKind::Required | RuleKind::Irrelevant)
            && rule.faulty == [index]
            && rule.when_text.is_some()
    });
    let made = plan.fold.as_deref().map(|fold| made(plan, fold, index));
    VariableRow {
        id: variable.id.clone(),
        name: variable.name.get(language).to_owned(),
        area: variable.area.clone(),
        description: variable.description.get(language).to_owned(),
        level: match &made {
            None => level_words(plan.requirements[index.0].level).get(language).to_owned(),
            Some(Made { is_key: true, .. }) => language.pick("gruppens nyckel", "key of the group").to_owned(),
            Some(_) => language.pick("räknas fram", "worked out").to_owned(),
        },
        conditions: match &made {
            None => conditions.map(|rule| sentence::sentence(plan, rule).get(language).to_owned()).collect(),
            Some(made) => vec![made.words.get(language).to_owned()],
        },
        sql: made.and_then(|made| made.sql),
        values: values(plan, index, variable, language),
        source: source_words(&variable.source),
    }
}

/// Type, format or codes, and how several values are separated.
fn values(plan: &Plan, index: VariableIndex, variable: &Variable, language: Language) -> String {
    let mut text = match sentence::value_domain(plan, index) {
        Some(words) => words.get(language).to_owned(),
        None => language.pick("text", "text").to_owned(),
    };
    if let Domain::Text { official_list: Some(list), .. } = &variable.domain {
        text = format!("{text}; {} {list}", language.pick("officiellt kodverk", "official code list"));
    }
    if variable.repeats() {
        let separators: Vec<String> =
            variable.separators.iter().map(|separator| char::from(*separator).to_string()).collect();
        let words = language.pick("flera värden skiljs åt med", "several values are separated by");
        text = format!("{text}; {words} {}", separators.join(language.pick(" eller ", " or ")));
    }
    text
}

/// What is told of a rule below its head.
fn facts(rule: &Account, language: Language) -> Vec<Fact> {
    let mut facts = Vec::new();
    let mut fact = |sv, en, text: Option<String>, is_code| {
        if let Some(text) = text {
            facts.push(Fact { label: language.pick(sv, en), text, is_code });
        }
    };
    fact("Villkor", "Condition", rule.when.clone(), true);
    fact("Krav", "Assertion", rule.assertion.clone(), true);
    fact("Varför", "Why", rule.why.as_ref().map(|text| text.get(language).to_owned()), false);
    fact("Att göra", "What to do", Some(rule.fix.get(language).to_owned()), false);
    fact("Giltighet", "Validity", rule.validity.as_ref().map(|text| text.get(language).to_owned()), false);
    fact("Källa", "Source", Some(source_words(&rule.source)), false);
    let history = rule
        .history
        .iter()
        .map(|change| format!("{}: {}", crate::time::format_day(change.day), change.text.get(language)));
    let history: Vec<String> = history.collect();
    fact("Historik", "History", (!history.is_empty()).then(|| history.join(" ")), false);
    facts
}
