//! From schema files as written to validated [`Schemas`]; every mistake of every file is collected.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::spec::{
    CollectionSpec, ExamplesSpec, FoldTestSpec, FoldsSpec, FormatSpec, FormatsSpec, HistorySpec, MissingSpec, TypeSpec,
    VariableSpec, require_text,
};
use super::{
    Codelist, Codelists, Collection, Detect, Domain, FoldTest, Folds, Format, HistoryItem, Missing, RegionName,
    RegionVariable, Schemas, Variable, layout,
};
use crate::assets::Files;
use crate::diag::{Diagnostic, Diagnostics, Source, did_you_mean};
use crate::model::{Severity, SourceReference, VariableIndex};
use crate::pattern::Pattern;
use crate::yaml::{self, Spanned, SpannedMap, Written};

/// Validates every schema and code list of `files`.
///
/// # Errors
/// Every mistake found, ordered by file and place.
pub fn load(files: &Files) -> Result<Schemas, Vec<Diagnostic>> {
    let mut diagnostics = Diagnostics::default();
    let codelists = load_codelists(files, &mut diagnostics);
    let formats = load_formats(files, &mut diagnostics);
    let mut specs: Vec<(Source, CollectionSpec)> = Vec::new();
    let collection_files: Vec<_> = files.iter().filter(|(relative, _)| is_collection_file(relative)).collect();
    let sources = collection_files.iter().map(|(_, file)| Source::new(&file.name, file.text.as_str())).collect();
    let read = yaml::parse_all::<CollectionSpec>(sources);
    for ((relative, _), (source, spec)) in collection_files.iter().zip(read) {
        if let Some(spec) = diagnostics.take(spec) {
            if format!("{}.yaml", spec.collection.value) != **relative {
                diagnostics.push(spec.collection.diagnostic(
                    &source,
                    "schema::file_name",
                    format!("collection `{}` is in the file `{relative}`", spec.collection.value),
                    "the file must be named after it",
                ));
            }
            specs.push((source, spec));
        }
    }
    let mut schemas = Schemas { codelists, ..Schemas::default() };
    let mut prefixes: BTreeMap<String, (Source, Spanned<String>)> = BTreeMap::new();
    for (source, spec) in &specs {
        if let Some((other_source, other)) = prefixes.get(&spec.prefix.value) {
            diagnostics.push(
                spec.prefix
                    .diagnostic(
                        source,
                        "schema::prefix_used",
                        format!("prefix `{}` is another collection's", spec.prefix.value),
                        "used again here",
                    )
                    .and_at(other.place(other_source), "first used here"),
            );
        } else {
            prefixes.insert(spec.prefix.value.clone(), (source.clone(), spec.prefix.clone()));
        }
        let context =
            Context { source, codelists: &schemas.codelists, formats: &formats, is_folded: spec.folds.is_some() };
        if let Some(collection) = load_collection(&context, spec, &specs, &mut diagnostics) {
            schemas.collections.insert(collection.id.clone(), Arc::new(collection));
        }
    }
    if diagnostics.is_empty() { Ok(schemas) } else { Err(diagnostics.into_sorted()) }
}

fn is_collection_file(relative: &str) -> bool {
    relative.strip_suffix(".yaml").is_some_and(|name| name != "formats" && !name.contains('/'))
}

fn load_codelists(files: &Files, diagnostics: &mut Diagnostics) -> Codelists {
    let mut codelists = Codelists::default();
    for (relative, file) in files {
        let Some(name) = relative.strip_prefix("codelists/").and_then(|name| name.strip_suffix(".csv")) else {
            continue;
        };
        match Codelist::parse(name, &file.text) {
            Ok(list) => codelists.insert(name, list),
            Err(error) => diagnostics.push(Diagnostic::new("schema::codelist", format!("{}: {error}", file.name))),
        }
    }
    codelists
}

fn load_formats(files: &Files, diagnostics: &mut Diagnostics) -> BTreeMap<String, Arc<Format>> {
    let mut formats = BTreeMap::new();
    for (_, file) in
        files.iter().filter(|(relative, _)| *relative == "formats.yaml" || relative.ends_with("/formats.yaml"))
    {
        let source = Source::new(&file.name, file.text.as_str());
        let Some(spec) = diagnostics.take(yaml::parse::<FormatsSpec>(&source)) else { continue };
        for format in spec.formats {
            let id = format.id.clone();
            if let Some(format) = load_format(&source, format, diagnostics)
                && formats.insert(format.id.clone(), Arc::new(format)).is_some()
            {
                diagnostics.push(id.diagnostic(
                    &source,
                    "schema::format_repeated",
                    format!("format `{}` is there twice", id.value),
                    "again here",
                ));
            }
        }
    }
    formats
}

fn load_format(source: &Source, spec: FormatSpec, diagnostics: &mut Diagnostics) -> Option<Format> {
    require_text(&spec.title, "title", &spec.id, source, diagnostics);
    require_text(&spec.fix, "fix", &spec.id, source, diagnostics);
    let pattern = match Pattern::whole(&spec.pattern.value) {
        Ok(pattern) => pattern,
        Err(error) => {
            let message = error.to_string();
            let last = message.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            diagnostics.push(spec.pattern.diagnostic(
                source,
                "schema::bad_pattern",
                format!("not a regular expression: {last}"),
                "this pattern",
            ));
            return None;
        }
    };
    if spec.examples.valid.is_empty() || spec.examples.invalid.is_empty() {
        diagnostics.push(
            spec.id
                .diagnostic(
                    source,
                    "schema::missing_examples",
                    format!("format `{}` lacks examples", spec.id.value),
                    "of this",
                )
                .help("give at least one valid and one invalid example"),
        );
    }
    let format = Format {
        id: spec.id.value,
        name: spec.name.into(),
        pattern,
        pattern_text: spec.pattern.value,
        max_length: spec.max_length,
        ignore_characters: spec.ignore_characters.into_bytes(),
        title: spec.title.into(),
        fix: spec.fix.into(),
        source: spec.source.into(),
        valid_examples: values(&spec.examples.valid),
        invalid_examples: values(&spec.examples.invalid),
    };
    for (examples, expected) in [(&spec.examples.valid, true), (&spec.examples.invalid, false)] {
        for example in examples {
            if format.accepts(example.value.as_bytes()) != expected {
                let verb = if expected { "does not match" } else { "matches" };
                diagnostics.push(example.diagnostic(
                    source,
                    "schema::example",
                    format!("example `{}` {verb} format `{}`", example.value, format.id),
                    "this example",
                ));
            }
        }
    }
    Some(format)
}

impl Format {
    /// Whether `value` has this shape.
    #[inline]
    pub fn accepts(&self, value: &[u8]) -> bool {
        self.max_length.is_none_or(|most| length_in_characters(value) <= most) && self.pattern.is_match(value)
    }
}

/// The length of UTF-8 text in characters.
#[inline]
pub(crate) fn length_in_characters(value: &[u8]) -> usize {
    value.iter().filter(|byte| (**byte & 0xc0) != 0x80).count()
}

/// What variables of one file may refer to.
struct Context<'a> {
    source: &'a Source,
    codelists: &'a Codelists,
    formats: &'a BTreeMap<String, Arc<Format>>,
    /// Whether values come of folding, so that no rule is on how they are written.
    is_folded: bool,
}

fn load_collection(
    context: &Context<'_>,
    spec: &CollectionSpec,
    all: &[(Source, CollectionSpec)],
    diagnostics: &mut Diagnostics,
) -> Option<Collection> {
    let source = context.source;
    require_text(&spec.title, "title", &spec.collection, source, diagnostics);
    let default_source: SourceReference = spec.source.clone().into();
    let (variable_source, variables) = match &spec.same_variables_as {
        None => (source, &spec.variables),
        Some(other) => {
            if !spec.variables.is_empty() {
                diagnostics.push(other.diagnostic(
                    source,
                    "schema::variables_twice",
                    "`same_variables_as` and `variables` exclude each other",
                    "remove one",
                ));
            }
            let found = all.iter().find(|(_, candidate)| {
                candidate.collection.value == other.value && candidate.same_variables_as.is_none()
            });
            let Some((other_source, other_spec)) = found else {
                let known = all
                    .iter()
                    .filter(|(_, candidate)| candidate.same_variables_as.is_none())
                    .map(|(_, candidate)| candidate.collection.value.as_str());
                diagnostics.push(
                    other
                        .diagnostic(
                            source,
                            "schema::unknown_collection",
                            format!("no collection `{}` with variables of its own", other.value),
                            "named here",
                        )
                        .help_if(did_you_mean(&other.value, known)),
                );
                return None;
            };
            (other_source, &other_spec.variables)
        }
    };
    // The variables of another file are reported with that file; here they are only built again.
    let mut elsewhere = Diagnostics::default();
    let own = std::ptr::eq(variable_source, source);
    let mut built: Vec<Variable> = Vec::new();
    for variable in variables {
        let context = Context { source: variable_source, ..*context };
        let built_variable =
            load_variable(&context, variable, &default_source, if own { &mut *diagnostics } else { &mut elsewhere });
        if own
            && let Some(first) =
                variables.iter().find(|other| other.id.value == variable.id.value && !std::ptr::eq(*other, variable))
            && built.iter().any(|other| other.id == variable.id.value)
        {
            diagnostics.push(
                variable
                    .id
                    .diagnostic(
                        source,
                        "schema::variable_repeated",
                        format!("variable `{}` is there twice", variable.id.value),
                        "again here",
                    )
                    .and_at(first.id.place(source), "first here"),
            );
            continue;
        }
        built.extend(built_variable);
    }
    if built.is_empty() {
        diagnostics.push(spec.collection.diagnostic(
            source,
            "schema::no_variables",
            format!("collection `{}` has no variables", spec.collection.value),
            "this collection",
        ));
        return None;
    }
    let mut index_of = |name: &Spanned<String>| {
        let found = built.iter().position(|variable| variable.id == name.value).map(VariableIndex);
        if found.is_none() {
            diagnostics.push(
                name.diagnostic(
                    source,
                    "schema::unknown_variable",
                    format!("unknown variable `{}`", name.value),
                    "not among the variables",
                )
                .help_if(did_you_mean(&name.value, built.iter().map(|variable| variable.id.as_str()))),
            );
        }
        found
    };
    let detect = Detect {
        has: spec.detect.has.iter().filter_map(&mut index_of).collect(),
        lacks: spec.detect.lacks.iter().filter_map(&mut index_of).collect(),
        only_when_named: spec.only_when_named,
    };
    let key = spec.key.iter().filter_map(&mut index_of).collect();
    let region = match (&spec.reporter, &spec.region) {
        (Some(name), _) => index_of(name).map(|variable| (variable, RegionName::OrganisationNumber)),
        (None, Some(name)) => index_of(name).map(|variable| (variable, RegionName::County)),
        (None, None) => None,
    };
    let region = region.map(|(variable, names)| RegionVariable { variable, names });
    let record_date = spec.record_date.as_ref().and_then(&mut index_of);
    let unit = spec.unit.as_ref().and_then(&mut index_of);
    let breakdown = spec.breakdown.as_ref().map(|spec| (spec, index_of(&spec.by)));
    if let (Some(VariableIndex(index)), Some(name)) = (record_date, &spec.record_date)
        && !matches!(built[index].domain, Domain::Timestamp { .. })
    {
        diagnostics.push(name.diagnostic(
            source,
            "schema::not_a_date",
            format!("`{}` is no timestamp", name.value),
            "record_date must be one",
        ));
    }
    let breakdown = breakdown.and_then(|(spec, variable)| {
        super::breakdown::load(spec, variable, (&built, context.codelists), source, diagnostics)
    });
    let folds = spec.folds.as_ref().map(|folds| folds_of(folds, &spec.collection, source, diagnostics));
    if folds.is_none() {
        for stated in spec.variables.iter().filter_map(|variable| variable.fold.as_ref()) {
            diagnostics.push(
                stated
                    .diagnostic(
                        source,
                        "schema::fold_of_nothing",
                        format!("`{}` folds no other collection", spec.collection.value),
                        "an aggregate of what?",
                    )
                    .help("say with `folds` which collection's records are put together"),
            );
        }
    }
    history(spec, source, diagnostics);
    if let (Some(region), Some(name)) = (region, &spec.region) {
        if let Some(reporter) = &spec.reporter {
            diagnostics.push(
                name.diagnostic(
                    source,
                    "schema::region_twice",
                    "`reporter` and `region` exclude each other",
                    "remove one",
                )
                .and_at(reporter.place(source), "the other"),
            );
        } else if !matches!(built[region.variable.0].domain, Domain::Code { .. }) {
            diagnostics.push(
                name.diagnostic(
                    source,
                    "schema::not_a_code",
                    format!("`{}` is no code", name.value),
                    "region must be of type code",
                )
                .help("its values are county codes; for HSA-ids write `reporter`"),
            );
        }
    }
    let mut collection = Collection {
        id: spec.collection.value.clone(),
        folds,
        prefix: spec.prefix.value.clone(),
        title: spec.title.clone().into(),
        source: default_source,
        detect,
        key,
        region,
        record_date,
        stock: spec.stock,
        unit,
        breakdown,
        variables: built,
        layouts: Vec::new(),
    };
    collection.layouts = layout::load(&spec.layouts, &collection, source, diagnostics);
    Some(collection)
}

/// What earlier submissions say of groups needs groups that may be corrected, and variables that can hold it.
fn history(spec: &CollectionSpec, source: &Source, diagnostics: &mut Diagnostics) {
    let corrections = spec.folds.as_ref().and_then(|folds| folds.corrections.as_ref());
    if let Some(months) = corrections.map(|stated| &stated.months).filter(|months| !(1..=120).contains(&months.value)) {
        diagnostics.push(months.diagnostic(
            source,
            "schema::corrections",
            format!("{} months of corrections", months.value),
            "from 1 to 120",
        ));
    }
    for variable in &spec.variables {
        let Some(item) = &variable.history else { continue };
        let mut push = |code, message: String, label, help| {
            diagnostics.push(item.diagnostic(source, code, message, label).help(help));
        };
        let id = &variable.id.value;
        if corrections.is_none() {
            push(
                "schema::history_of_nothing",
                format!("`{id}` is about groups that may be corrected, and this collection has none"),
                "the history of what?",
                "say with `folds: { …, corrections: { months: 3 } }` for how long groups may be corrected",
            );
        } else if variable.fold.is_some()
            || spec.folds.as_ref().is_some_and(|folds| folds.key.value.iter().any(|part| part.value == *id))
        {
            push(
                "schema::history_beside_fold",
                format!("`{id}` is made of a group's records already"),
                "and of its history?",
                "remove one of them",
            );
        } else if type_name(variable.kind.value) != history_item(item.value).type_name() {
            push(
                "schema::history_type",
                format!(
                    "`{id}` is of type {}, this gives {}",
                    type_name(variable.kind.value),
                    history_item(item.value).type_name()
                ),
                "this",
                "change the type of the variable",
            );
        }
    }
}

fn type_name(kind: TypeSpec) -> &'static str {
    match kind {
        TypeSpec::Text => "text",
        TypeSpec::Code => "code",
        TypeSpec::Timestamp => "timestamp",
        TypeSpec::Year => "year",
        TypeSpec::Integer => "integer",
    }
}

fn history_item(spec: HistorySpec) -> HistoryItem {
    match spec {
        HistorySpec::FirstReceived => HistoryItem::FirstReceived,
        HistorySpec::OpenUntil => HistoryItem::OpenUntil,
        HistorySpec::Received => HistoryItem::Received,
        HistorySpec::RecordsBefore => HistoryItem::RecordsBefore,
        HistorySpec::RecordsNow => HistoryItem::RecordsNow,
        HistorySpec::ChangedRecords => HistoryItem::ChangedRecords,
        HistorySpec::Changes => HistoryItem::Changes,
    }
}

fn folds_of(spec: &FoldsSpec, id: &Spanned<String>, source: &Source, diagnostics: &mut Diagnostics) -> Folds {
    require_text(&spec.unit, "unit", id, source, diagnostics);
    if spec.key.value.is_empty() {
        diagnostics.push(spec.key.diagnostic(
            source,
            "rule::empty_key",
            "a key needs at least one variable",
            "this key",
        ));
    }
    let written = |text: &Spanned<String>| Written { text: text.clone(), source: source.clone() };
    let values = |map: &SpannedMap<Spanned<String>>| -> Vec<(Written, String)> {
        map.0.iter().map(|(name, value)| (written(name), value.value.clone())).collect()
    };
    let test = |test: &Spanned<FoldTestSpec>| FoldTest {
        place: test.place(source),
        records: test.value.records.iter().map(values).collect(),
        gives: values(&test.value.gives),
    };
    Folds {
        collection: written(&spec.collection),
        key: spec.key.value.iter().map(written).collect(),
        order: spec.order.iter().map(written).collect(),
        unit: spec.unit.clone().into(),
        corrections: spec.corrections.as_ref().map(|corrections| corrections.months.value),
        tests: spec.tests.iter().map(test).collect(),
    }
}

fn load_variable(
    context: &Context<'_>,
    spec: &VariableSpec,
    default_source: &SourceReference,
    diagnostics: &mut Diagnostics,
) -> Option<Variable> {
    let source = context.source;
    require_text(&spec.name, "name", &spec.id, source, diagnostics);
    if !is_identifier(&spec.id.value) {
        diagnostics.push(spec.id.diagnostic(
            source,
            "schema::bad_id",
            format!("`{}` cannot be used in expressions", spec.id.value),
            "use a–z, 0–9 and _ only",
        ));
    }
    let kind = spec.kind.value;
    for (stated, name, allowed) in [
        (spec.date_only.as_ref().map(|value| value.place(source)), "date_only", kind == TypeSpec::Timestamp),
        (spec.format.as_ref().map(|value| value.place(source)), "format", kind == TypeSpec::Text),
        (
            spec.codelist.as_ref().map(|value| value.place(source)),
            "codelist",
            matches!(kind, TypeSpec::Text | TypeSpec::Code),
        ),
        (
            spec.range.as_ref().map(|value| value.place(source)),
            "range",
            matches!(kind, TypeSpec::Year | TypeSpec::Integer),
        ),
        (spec.max_length.as_ref().map(|value| value.place(source)), "max_length", kind == TypeSpec::Text),
        (
            spec.repeats.as_ref().map(|value| value.separators.place(source)),
            "repeats",
            matches!(kind, TypeSpec::Text | TypeSpec::Code),
        ),
    ] {
        if let Some(place) = stated.filter(|_| !allowed) {
            diagnostics.push(
                Diagnostic::new(
                    "schema::key_not_for_type",
                    format!("`{name}` says nothing about a variable of this type"),
                )
                .at(place, "remove it")
                .and_at(spec.kind.place(source), "the type"),
            );
        }
    }
    let range = spec.range.as_ref().map(|range| (range.value.min, range.value.max));
    if let Some(range) = spec.range.as_ref().filter(|range| range.value.min > range.value.max) {
        diagnostics.push(range.diagnostic(
            source,
            "schema::empty_range",
            "the range holds no number: min is above max",
            "this range",
        ));
    }
    let domain = match kind {
        TypeSpec::Text => Domain::Text {
            format: format_of(context, spec, diagnostics)?,
            max_length: spec.max_length.as_ref().map(|most| most.value),
            official_list: spec.codelist.as_ref().map(|list| list.value.clone()),
        },
        TypeSpec::Code => Domain::Code { codelist: codelist_of(context, spec, diagnostics)? },
        TypeSpec::Timestamp => {
            Domain::Timestamp { date_only: spec.date_only.as_ref().is_some_and(|allowed| allowed.value) }
        }
        TypeSpec::Year => Domain::Year { range },
        TypeSpec::Integer => Domain::Integer { range },
    };
    let separators =
        spec.repeats.as_ref().map(|repeats| repeats.separators.value.clone().into_bytes()).unwrap_or_default();
    if let Some(repeats) =
        spec.repeats.as_ref().filter(|_| separators.is_empty() || !separators.iter().all(u8::is_ascii_punctuation))
    {
        diagnostics.push(repeats.separators.diagnostic(
            source,
            "schema::separators",
            "separators must be ASCII punctuation, at least one",
            "these",
        ));
    }
    let has_value_rule = !matches!(&domain, Domain::Text { format: None, max_length: None, .. });
    if !context.is_folded {
        require_examples(context, spec, has_value_rule, diagnostics);
    }
    let list = match &domain {
        Domain::Code { codelist } => context.codelists.get(codelist),
        _ => None,
    };
    let missing_codes = spec
        .missing_codes
        .0
        .iter()
        .map(|(code, missing)| {
            if let Some(list) = list.filter(|list| list.find(code.value.as_bytes()).is_none()) {
                diagnostics.push(
                    code.diagnostic(
                        source,
                        "schema::unknown_code",
                        format!("code `{}` is not in the variable's code list", code.value),
                        "this code",
                    )
                    .help_if(did_you_mean(&code.value, list.codes())),
                );
            }
            let missing = match missing {
                MissingSpec::Negative => Missing::Negative,
                MissingSpec::Unknown => Missing::Unknown,
            };
            // Values are compared in their canonical spelling, so a declared code must be in it, too.
            let canonical = list.and_then(|list| list.canonical(code.value.as_bytes()));
            (canonical.unwrap_or(&code.value).to_owned(), missing)
        })
        .collect();
    Some(Variable {
        id: spec.id.value.clone(),
        name: spec.name.clone().into(),
        area: spec.area.clone(),
        description: spec.description.clone().map(Into::into).unwrap_or_default(),
        aliases: values(&spec.aliases),
        domain,
        separators,
        missing_codes,
        identifies_person: spec.identifies_person,
        fold: spec.fold.as_ref().map(|text| Written { text: text.clone(), source: source.clone() }),
        history: spec.history.as_ref().map(|item| history_item(item.value)),
        value_severity: spec.value_severity.map_or(Severity::Error, Into::into),
        valid_examples: values(&spec.examples.valid),
        invalid_examples: values(&spec.examples.invalid),
        source: spec.source.clone().map_or_else(|| default_source.clone(), Into::into),
        extra: spec.extra,
    })
}

#[expect(
    clippy::option_option,
    reason = "the outer option is a mistake already reported, the inner says whether there is a format"
)]
fn format_of(context: &Context<'_>, spec: &VariableSpec, diagnostics: &mut Diagnostics) -> Option<Option<Arc<Format>>> {
    let Some(name) = &spec.format else { return Some(None) };
    let found = context.formats.get(&name.value).cloned();
    if found.is_none() {
        diagnostics.push(
            name.diagnostic(
                context.source,
                "schema::unknown_format",
                format!("unknown format `{}`", name.value),
                "not in formats.yaml",
            )
            .help_if(did_you_mean(&name.value, context.formats.keys().map(String::as_str))),
        );
    }
    found.map(Some)
}

fn codelist_of(context: &Context<'_>, spec: &VariableSpec, diagnostics: &mut Diagnostics) -> Option<String> {
    let Some(name) = &spec.codelist else {
        diagnostics.push(
            spec.id
                .diagnostic(
                    context.source,
                    "schema::no_codelist",
                    format!("`{}` is a code without a code list", spec.id.value),
                    "this variable",
                )
                .help("add `codelist: …`, or make it a text"),
        );
        return None;
    };
    if context.codelists.get(&name.value).is_none() {
        diagnostics.push(
            name.diagnostic(
                context.source,
                "schema::unknown_codelist",
                format!("no code list `{}`", name.value),
                "no such file under codelists/",
            )
            .help_if(did_you_mean(&name.value, context.codelists.names())),
        );
        return None;
    }
    Some(name.value.clone())
}

fn require_examples(context: &Context<'_>, spec: &VariableSpec, has_value_rule: bool, diagnostics: &mut Diagnostics) {
    let ExamplesSpec { valid, invalid } = &spec.examples;
    if valid.is_empty() || (has_value_rule && invalid.is_empty()) {
        let needed =
            if has_value_rule { "at least one valid and one invalid example" } else { "at least one valid example" };
        diagnostics.push(
            spec.id
                .diagnostic(
                    context.source,
                    "schema::missing_examples",
                    format!("variable `{}` lacks examples", spec.id.value),
                    "of this",
                )
                .help(format!("give {needed}: they test its rules")),
        );
    }
}

pub(super) fn is_identifier(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        && name.bytes().next().is_some_and(|byte| !byte.is_ascii_digit())
}

pub(super) fn values(spans: &[Spanned<String>]) -> Vec<String> {
    spans.iter().map(|span| span.value.clone()).collect()
}
