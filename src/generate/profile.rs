//! From profiles as written to what generation needs: every name resolved to a place, every weight to a table.
//!
//! Codes are *symbols*: small numbers, one for each text that a profile can pick, so that conditions are bit tests.

mod compile;
pub(crate) mod spec;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::random::{Quantiles, Weighted, hash_name};
use crate::assets::Files;
use crate::diag::{Diagnostic, Diagnostics, Source, did_you_mean};
use crate::schema::{Codelist, Collection, Layout, Schemas};
use crate::time::{self, Form};
use crate::yaml::{self, Spanned};

use compile::Compiler;
use spec::{ProfileSpec, ValueSpec};

pub(super) use compile::{condition_list, parts_per_million};

/// The folder of profiles within the schemas.
const FOLDER: &str = "synthetic/";
/// The folder of code lists that only profiles use.
const LISTS: &str = "synthetic/lists/";

/// How the records of a collection are made.
#[derive(Clone, Debug)]
pub struct Profile {
    pub(super) collection: Arc<Collection>,
    pub(super) values: Vec<Value>,
    /// For each variable of the collection the value that fills it; blank for one that the profile does not name.
    pub(super) value_of: Vec<usize>,
    pub(super) symbols: Symbols,
    region: Option<usize>,
    /// What the rows are unfolded to, where the profile makes rows of a layout.
    pub(super) unfolds: Option<Unfolds>,
}

/// What rows of a layout are unfolded to.
#[derive(Clone, Debug)]
pub(super) struct Unfolds {
    /// Of the records.
    pub(super) collection: Arc<Collection>,
    /// The place of the layout in it.
    layout: usize,
}

impl Unfolds {
    pub(super) fn layout(&self) -> &Layout {
        &self.collection.layouts[self.layout]
    }
}

/// A value of a record: a variable, or a helper that other values look at.
#[derive(Clone, Debug)]
pub(super) struct Value {
    pub(super) id: String,
    pub(super) hash: u64,
    pub(super) cases: Vec<Case>,
    /// Between several codes of one field.
    pub(super) separator: u8,
    kind: Kind,
    /// The lists that its codes may be of, for attributes.
    lists: Vec<Arc<Codelist>>,
    /// The codes it may have.
    symbols: BTreeSet<u32>,
    /// A valid value of the variable, for a record that must have one where no case gives it; `None` for helpers.
    pub(super) example: Option<Constant>,
}

impl Value {
    /// Whether it is a point in time.
    pub(super) fn is_time(&self) -> bool {
        self.kind == Kind::Time
    }
}

/// A text that a value is set to, with what other values see of it.
#[derive(Clone, Debug)]
pub(super) struct Constant {
    pub(super) text: String,
    /// Its code, where it is one that the profile knows; `FILLED` otherwise.
    pub(super) symbol: u32,
    /// Seconds of a point in time, the count of repeated codes, or a number that stands for the text.
    pub(super) number: i64,
}

/// What other values may do with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A code: may be a condition, and own a pool.
    Code,
    /// A member of a pool: may own a pool.
    Member,
    /// A point in time.
    Time,
    /// Several codes.
    Codes,
    /// Anything else.
    Other,
}

/// How a value is made where its conditions hold.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) when: Vec<Condition>,
    /// Per cent.
    pub(super) filled: u32,
    pub(super) fill: Fill,
}

/// A value has one of some symbols.
#[derive(Clone, Debug)]
pub(super) struct Condition {
    pub(super) value: usize,
    /// A bit a symbol.
    symbols: Vec<u64>,
}

impl Condition {
    /// Whether `symbol` is among them.
    #[inline]
    pub(super) fn allows(&self, symbol: u32) -> bool {
        let symbol = symbol as usize;
        self.symbols.get(symbol >> 6).is_some_and(|word| word >> (symbol & 63) & 1 == 1)
    }
}

/// The kinds of fills, ready to be drawn from.
#[derive(Clone, Debug)]
pub(super) enum Fill {
    Blank,
    Choice(Choice),
    /// A choice for each symbol of another value.
    ChoiceBy {
        value: usize,
        choices: Vec<Option<Choice>>,
    },
    Text(Vec<Part>),
    Pool {
        of: Vec<usize>,
        size: PoolSize,
        text: Vec<Part>,
    },
    Time(Box<TimeFill>),
    Year {
        of: usize,
        minus: Quantiles,
    },
    Number(Quantiles),
    Repeat {
        counts: Vec<usize>,
        weights: Weighted,
        of: Box<Fill>,
    },
    Aligned {
        other: usize,
        first: String,
        rest: String,
    },
    Copy(usize),
    Mix {
        weights: Weighted,
        fills: Vec<Fill>,
    },
}

/// Weighted symbols.
#[derive(Clone, Debug)]
pub(super) struct Choice {
    pub(super) symbols: Vec<u32>,
    pub(super) weights: Weighted,
}

/// How many members a pool has.
#[derive(Clone, Debug)]
pub(super) enum PoolSize {
    Fixed(u64),
    /// By the symbol of another value.
    By {
        value: usize,
        sizes: Vec<u64>,
    },
}

/// A point in time.
#[derive(Clone, Debug)]
pub(super) struct TimeFill {
    pub(super) base: Base,
    pub(super) days: Option<Quantiles>,
    pub(super) minutes: Option<Quantiles>,
    pub(super) hours: Option<(Vec<i64>, Weighted)>,
    /// Minutes.
    pub(super) step: i64,
    pub(super) workdays: bool,
    pub(super) not_before: Option<usize>,
    pub(super) not_after: Option<usize>,
    pub(super) form: Form,
}

/// What a point in time is counted from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Base {
    /// A day of the period, by the weights of its weekdays, Monday first.
    InPeriod([u64; 7]),
    Before(Anchor),
    After(Anchor),
}

/// A point in time that another is counted from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Anchor {
    Value(usize),
    PeriodStart,
    PeriodEnd,
}

/// A part of a text.
#[derive(Clone, Debug)]
pub(super) enum Part {
    Literal(String),
    Value(usize),
    /// The attribute of another value's code, by symbol.
    Attribute(usize, Vec<Option<String>>),
    Digits(usize),
    Letters(usize),
    Alphanumeric(usize),
    /// The control digit of the digits written so far in this value.
    CheckDigit,
    /// The record's number, scrambled one to one.
    Scrambled,
    /// The record's number.
    Sequence(usize),
}

/// Every text that can be picked.
#[derive(Clone, Debug)]
pub(super) struct Symbols {
    texts: Vec<String>,
    hashes: Vec<u64>,
    by_text: HashMap<String, u32>,
}

/// The symbol of a blank value.
pub(super) const BLANK: u32 = 0;
/// The symbol of a value that is no code.
pub(super) const FILLED: u32 = 1;

impl Symbols {
    fn new() -> Self {
        let texts = vec![String::new(), "*".to_owned()];
        Self { hashes: texts.iter().map(|text| hash_name(text)).collect(), texts, by_text: HashMap::new() }
    }

    fn intern(&mut self, text: &str) -> u32 {
        if text.is_empty() {
            return BLANK;
        }
        if let Some(symbol) = self.by_text.get(text) {
            return *symbol;
        }
        // Profiles are bounded (`yaml::MAX_NODES`), and so are code lists in practice.
        let symbol = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
        self.texts.push(text.to_owned());
        self.hashes.push(hash_name(text));
        self.by_text.insert(text.to_owned(), symbol);
        symbol
    }

    /// The text of `symbol`.
    #[inline]
    pub(super) fn text(&self, symbol: u32) -> &str {
        &self.texts[symbol as usize]
    }

    /// A number for the text of `symbol`, the same in every profile.
    #[inline]
    pub(super) fn hash(&self, symbol: u32) -> u64 {
        self.hashes[symbol as usize]
    }

    /// The symbol of `text`, where something picks it.
    pub(super) fn find(&self, text: &str) -> Option<u32> {
        self.by_text.get(text).copied()
    }

    fn len(&self) -> usize {
        self.texts.len()
    }
}

impl Profile {
    /// Loads the profile of `collection` from `files` (see [`crate::assets::schemas`]).
    ///
    /// # Errors
    /// Every mistake found, ordered by file and place; one that says so where there is no such collection or profile.
    pub fn load(files: &Files, schemas: &Schemas, collection: &str) -> Result<Self, Vec<Diagnostic>> {
        let Some(schema) = schemas.collections.get(collection) else {
            let known = schemas.collections.keys().map(String::as_str);
            let diagnostic = Diagnostic::new("profile::unknown_collection", format!("no collection `{collection}`"));
            return Err(vec![diagnostic.help_if(did_you_mean(collection, known))]);
        };
        let mut diagnostics = Diagnostics::default();
        let lists = load_lists(files, &mut diagnostics);
        let written = read(files, collection, 0, &mut diagnostics);
        let Some(written) = written.filter(|_| diagnostics.is_empty()) else {
            return Err(diagnostics.into_sorted());
        };
        let unfolds = match &written.layout {
            None => None,
            Some((source, name)) => {
                let Some(layout) = schema.layouts.iter().position(|layout| layout.id == name.value) else {
                    let help = did_you_mean(&name.value, schema.layouts.iter().map(|layout| layout.id.as_str()));
                    let message = format!("`{collection}` has no layout `{}`", name.value);
                    let code = "profile::unknown_layout";
                    return Err(vec![name.diagnostic(source, code, message, "named here").help_if(help)]);
                };
                Some(Unfolds { collection: Arc::clone(schema), layout })
            }
        };
        // What the profile makes: records, or the rows of a layout.
        let schema = unfolds.as_ref().map_or(schema, |unfolds| &unfolds.layout().row);
        let mut compiler = Compiler {
            schemas,
            lists,
            collection: schema,
            source: written.source.clone(),
            values: Vec::new(),
            symbols: Symbols::new(),
            diagnostics,
        };
        for (source, value) in &written.values {
            compiler.source = source.clone();
            compiler.value(value);
        }
        compiler.source = written.source;
        let region = written.region.as_ref().and_then(|(source, name)| {
            compiler.source = source.clone();
            compiler.earlier(name, &[Kind::Code])
        });
        let value_of = schema.variables.iter().map(|variable| compiler.value_of(variable)).collect();
        let Compiler { values, symbols, diagnostics, .. } = compiler;
        if !diagnostics.is_empty() {
            return Err(diagnostics.into_sorted());
        }
        let mut profile =
            Self { collection: Arc::clone(schema), values, value_of, symbols, region, unfolds: unfolds.clone() };
        for (variable, value) in schema.variables.iter().zip(&profile.value_of) {
            let example = variable.valid_examples.first().and_then(|text| profile.constant(*value, text));
            profile.values[*value].example = example;
        }
        Ok(profile)
    }

    /// What the profile makes: the collection, or the rows of one of its layouts.
    pub fn collection(&self) -> &Arc<Collection> {
        &self.collection
    }

    /// The id of the layout whose rows the profile makes, if it does.
    pub fn layout(&self) -> Option<&str> {
        self.unfolds.as_ref().map(|unfolds| unfolds.layout().id.as_str())
    }

    /// Makes every record one of the region with this organisation number. False where the profile has no such region.
    pub fn only_region(&mut self, organisation_number: &str) -> bool {
        let (Some((region, constant)), Some(weights)) = (self.region(organisation_number), Weighted::new(&[1])) else {
            return false;
        };
        let fill = Fill::Choice(Choice { symbols: vec![constant.symbol], weights });
        self.values[region].cases = vec![Case { when: Vec::new(), filled: 100, fill }];
        true
    }

    /// Whether a region can be stated at all.
    pub(super) fn has_regions(&self) -> bool {
        self.region.is_some()
    }

    /// The place of the region's value, and what it is set to; `None` where the profile has no such region.
    pub(super) fn region(&self, organisation_number: &str) -> Option<(usize, Constant)> {
        let region = self.region?;
        let symbol = self.symbols.find(organisation_number)?;
        let is_known = self.values[region].symbols.contains(&symbol);
        is_known.then(|| (region, Constant { text: organisation_number.to_owned(), symbol, number: 0 }))
    }

    /// A number of the value's own, or of the one it is aligned with: the two have their blanks in the same records.
    pub(super) fn turn(&self, index: usize) -> u64 {
        let value = &self.values[index];
        let partner = value.cases.iter().find_map(|case| match case.fill {
            Fill::Aligned { other, .. } => Some(other),
            _ => None,
        });
        partner.map_or(value.hash, |other| self.values[other].hash)
    }

    /// What the value at `index` is when it is set to `text`. `None` for a point in time that is none, and for a
    /// helper's code that the profile does not know: what depends on it could make nothing of it.
    pub(super) fn constant(&self, index: usize, text: &str) -> Option<Constant> {
        let value = &self.values[index];
        let stands_for_text = hash_name(text).cast_signed();
        let (symbol, number) = match value.kind {
            Kind::Code => match self.code(value, text) {
                Some(symbol) => (symbol, 0),
                None if value.id.starts_with('_') => return None,
                None => (FILLED, stands_for_text),
            },
            Kind::Time => (FILLED, time::parse(text.as_bytes())?.seconds),
            Kind::Codes => {
                let variable = self.collection.variables.iter().find(|variable| variable.id == value.id);
                let own = [value.separator];
                let separators = variable.map_or(&own[..], |variable| &variable.separators);
                let count = text.bytes().filter(|byte| separators.contains(byte)).count() + 1;
                (FILLED, i64::try_from(count).unwrap_or(i64::MAX))
            }
            Kind::Member | Kind::Other => (FILLED, stands_for_text),
        };
        Some(Constant { text: text.to_owned(), symbol, number })
    }

    /// The symbol of `text` or of another spelling of the same code, as the conditions of this profile know it.
    fn code(&self, value: &Value, text: &str) -> Option<u32> {
        let canonical = |text: &str| value.lists.iter().find_map(|list| list.canonical(text.as_bytes()));
        let picked = self.symbols.find(text).filter(|symbol| value.symbols.contains(symbol));
        picked.or_else(|| {
            let code = canonical(text)?;
            let is_same = |symbol: &&u32| canonical(self.symbols.text(**symbol)) == Some(code);
            value.symbols.iter().find(is_same).copied().or_else(|| self.symbols.find(code))
        })
    }
}

fn load_lists(files: &Files, diagnostics: &mut Diagnostics) -> HashMap<String, Arc<Codelist>> {
    let mut lists = HashMap::new();
    for (relative, file) in files {
        let Some(name) = relative.strip_prefix(LISTS).and_then(|name| name.strip_suffix(".csv")) else { continue };
        match Codelist::parse(name, &file.text) {
            Ok(list) => {
                lists.insert(name.to_owned(), Arc::new(list));
            }
            Err(error) => diagnostics.push(Diagnostic::new("profile::list", format!("{}: {error}", file.name))),
        }
    }
    lists
}

/// A profile with what it takes from others, each value with its file.
struct Written {
    source: Source,
    layout: Option<(Source, Spanned<String>)>,
    region: Option<(Source, Spanned<String>)>,
    values: Vec<(Source, ValueSpec)>,
}

/// The deepest chain of `same_as`.
const MAX_CHAIN: usize = 4;

fn read(files: &Files, collection: &str, depth: usize, diagnostics: &mut Diagnostics) -> Option<Written> {
    let relative = format!("{FOLDER}{collection}.yaml");
    let Some(file) = files.get(&relative) else {
        let known = files.keys().filter_map(|name| name.strip_prefix(FOLDER)?.strip_suffix(".yaml"));
        let known: Vec<&str> = known.filter(|name| !name.contains('/')).collect();
        diagnostics.push(
            Diagnostic::new("profile::missing", format!("no profile `schemas/{relative}`"))
                .help(format!("write one, or generate {}", known.join(", "))),
        );
        return None;
    };
    let source = Source::new(&file.name, file.text.as_str());
    let spec = diagnostics.take(yaml::parse::<ProfileSpec>(&source))?;
    if spec.collection.value != collection {
        diagnostics.push(spec.collection.diagnostic(
            &source,
            "profile::file_name",
            format!("the profile of `{}` is in the file `{relative}`", spec.collection.value),
            "the file must be named after it",
        ));
    }
    let region = spec.region.map(|name| (source.clone(), name));
    let layout = spec.layout.map(|name| (source.clone(), name));
    let mut written = Written { source: source.clone(), layout, region, values: Vec::new() };
    if let Some(other) = &spec.same_as {
        if depth == MAX_CHAIN {
            diagnostics.push(other.diagnostic(&source, "profile::chain", "`same_as` goes round or too deep", "here"));
            return None;
        }
        let base = read(files, &other.value, depth + 1, diagnostics)?;
        written.values = base.values;
        written.region = written.region.or(base.region);
        written.layout = written.layout.or(base.layout);
    }
    for name in &spec.leave_out {
        let before = written.values.len();
        written.values.retain(|(_, value)| value.id.value != name.value);
        if written.values.len() == before {
            let known = written.values.iter().map(|(_, value)| value.id.value.as_str());
            let help = did_you_mean(&name.value, known);
            let message = format!("no value `{}` to leave out", name.value);
            diagnostics.push(name.diagnostic(&source, "profile::unknown_value", message, "here").help_if(help));
        }
    }
    for value in spec.values {
        match written.values.iter_mut().find(|(_, other)| other.id.value == value.id.value) {
            Some((other_source, other)) if other_source.name() == source.name() => {
                diagnostics.push(
                    value
                        .id
                        .diagnostic(
                            &source,
                            "profile::value_repeated",
                            format!("value `{}` is there twice", value.id.value),
                            "again here",
                        )
                        .and_at(other.id.place(&source), "first here"),
                );
            }
            Some(place) => *place = (source.clone(), value),
            None => written.values.push((source.clone(), value)),
        }
    }
    Some(written)
}
