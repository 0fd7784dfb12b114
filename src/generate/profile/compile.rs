//! From a profile as written to [`Profile`]: names become places, weights become tables; every mistake is collected.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::spec::{
    AlignedSpec, CaseSpec, FillSpec, FormSpec, MixSpec, PickSpec, PoolSpec, QuantilesSpec, RepeatSpec, TimeSpec,
    ValueSpec, WeightsSpec, WhenSpec, YearSpec,
};
use super::{
    Anchor, BLANK, Base, Case, Choice, Condition, Fill, Kind, Part, PoolSize, Profile, Symbols, TimeFill, Value,
};
use crate::diag::{Diagnostics, Source, did_you_mean};
use crate::generate::random::{Quantiles, WHOLE, Weighted, hash_name};
use crate::schema::{Codelist, Collection, Domain, Schemas, Variable};
use crate::time::Form;
use crate::yaml::Spanned;

/// Compiles values one after another.
pub(super) struct Compiler<'a> {
    pub(super) schemas: &'a Schemas,
    /// Those that only profiles use.
    pub(super) lists: HashMap<String, Arc<Codelist>>,
    pub(super) collection: &'a Arc<Collection>,
    /// The file of the value at hand.
    pub(super) source: Source,
    pub(super) values: Vec<Value>,
    pub(super) symbols: Symbols,
    pub(super) diagnostics: Diagnostics,
}

impl Compiler<'_> {
    fn wrong<T>(&mut self, at: &Spanned<T>, code: &'static str, message: impl Into<String>, label: &str) {
        self.diagnostics.push(at.diagnostic(&self.source, code, message, label));
    }

    /// Compiles the next value.
    pub(super) fn value(&mut self, spec: &ValueSpec) {
        let id = &spec.id.value;
        let variable = self.collection.variables.iter().find(|variable| variable.id == *id);
        if variable.is_none() && !id.starts_with('_') {
            let known = self.collection.variables.iter().map(|variable| variable.id.as_str());
            let help = did_you_mean(id, known).unwrap_or_else(|| "names of helpers start with `_`".to_owned());
            let message = format!("unknown variable `{id}`");
            self.diagnostics.push(
                spec.id.diagnostic(&self.source, "profile::unknown_variable", message, "not in the schema").help(help),
            );
        }
        if spec.fill.is_some() != spec.cases.is_empty() {
            self.wrong(&spec.id, "profile::fill", format!("`{id}` needs either `fill` or `cases`"), "this value");
        }
        let codelist = variable.and_then(|variable| match &variable.domain {
            Domain::Code { codelist } => self.schemas.codelists.get(codelist).map(Arc::clone),
            _ => None,
        });
        let separator = variable.and_then(|variable| variable.separators.first().copied());
        let mut context = Context {
            codelist: codelist.clone(),
            lists: codelist.into_iter().collect(),
            symbols: BTreeSet::new(),
            kind: None,
            repeats: separator.is_some(),
        };
        let single;
        let cases = if let Some(fill) = &spec.fill {
            single = [CaseSpec { when: WhenSpec::default(), fill: Some(fill.clone()), filled: spec.filled.clone() }];
            &single[..]
        } else {
            if let Some(filled) = &spec.filled {
                self.wrong(filled, "profile::fill", "`filled` belongs to each of the `cases`", "move this");
            }
            &spec.cases[..]
        };
        let cases = cases.iter().map(|case| self.case(&spec.id, case, &mut context)).collect();
        // Codes that no fill picks, too: a stratum may fix one, and the values that follow must see it.
        for list in &context.lists {
            for code in list.codes() {
                self.symbols.intern(code);
            }
        }
        self.values.push(Value {
            id: id.clone(),
            hash: hash_name(id),
            cases,
            separator: separator.unwrap_or(b','),
            kind: context.kind.unwrap_or(Kind::Code),
            lists: context.lists,
            symbols: context.symbols,
            example: None,
        });
    }

    /// The place of the value of `variable`; a value without cases, always blank, is added where there is none.
    pub(super) fn value_of(&mut self, variable: &Variable) -> usize {
        if let Some(index) = self.values.iter().position(|value| value.id == variable.id) {
            return index;
        }
        let kind = match &variable.domain {
            Domain::Timestamp { .. } => Kind::Time,
            _ if variable.repeats() => Kind::Codes,
            Domain::Code { .. } => Kind::Code,
            _ => Kind::Other,
        };
        self.values.push(Value {
            id: variable.id.clone(),
            hash: hash_name(&variable.id),
            cases: Vec::new(),
            separator: variable.separators.first().copied().unwrap_or(b','),
            kind,
            lists: Vec::new(),
            symbols: BTreeSet::new(),
            example: None,
        });
        self.values.len() - 1
    }

    fn case(&mut self, id: &Spanned<String>, spec: &CaseSpec, context: &mut Context) -> Case {
        let when = conditions(&self.values, &self.symbols, &self.source, &spec.when, &mut self.diagnostics);
        let filled = spec.filled.as_ref().map_or(100, |filled| {
            if filled.value > 100 {
                self.wrong(filled, "profile::percentage", format!("{} % is more than all", filled.value), "0–100");
            }
            filled.value.min(100)
        });
        let fill = spec.fill.as_ref().map_or(Some(Fill::Blank), |fill| self.fill(id, fill, context));
        Case { when, filled, fill: fill.unwrap_or(Fill::Blank) }
    }

    /// The earlier value called `text`, which is (a part of) `at`.
    fn named(&mut self, at: &Spanned<String>, text: &str) -> Option<usize> {
        named(&self.values, &self.source, at, text, &mut self.diagnostics)
    }

    /// The earlier value `name`, which must be of one of `kinds`.
    pub(super) fn earlier(&mut self, name: &Spanned<String>, kinds: &[Kind]) -> Option<usize> {
        let value = self.named(name, &name.value)?;
        if !kinds.contains(&self.values[value].kind) {
            let message = format!("`{}` is of the wrong kind", name.value);
            self.wrong(name, "profile::wrong_kind", message, "cannot be used here");
            return None;
        }
        Some(value)
    }

    fn fill(&mut self, id: &Spanned<String>, spec: &FillSpec, context: &mut Context) -> Option<Fill> {
        let kind = match spec {
            FillSpec::Codes(_) | FillSpec::Pick(_) => Some(Kind::Code),
            FillSpec::Pool(_) => Some(Kind::Member),
            FillSpec::Time(_) => Some(Kind::Time),
            FillSpec::Repeat(_) => Some(Kind::Codes),
            FillSpec::Text(_) | FillSpec::Year(_) | FillSpec::Number(_) | FillSpec::Aligned(_) => Some(Kind::Other),
            FillSpec::Copy(_) | FillSpec::Mix(_) => None,
        };
        if let Some(kind) = kind {
            context.join(kind);
        }
        match spec {
            FillSpec::Codes(weights) => self.codes(id, weights, context).map(Fill::Choice),
            FillSpec::Pick(spec) => self.pick(spec, context),
            FillSpec::Text(text) => self.text(text).map(Fill::Text),
            FillSpec::Pool(spec) => self.pool(spec),
            FillSpec::Time(spec) => self.time(id, spec),
            FillSpec::Year(YearSpec { of, minus }) => {
                let (of, minus) = (self.earlier(of, &[Kind::Time]), self.quantiles(id, minus));
                Some(Fill::Year { of: of?, minus: minus? })
            }
            FillSpec::Number(points) => self.quantiles(id, points).map(Fill::Number),
            FillSpec::Repeat(spec) => self.repeat(id, spec, context),
            FillSpec::Aligned(AlignedSpec { other, first, rest }) => {
                let other = self.earlier(other, &[Kind::Codes])?;
                Some(Fill::Aligned { other, first: first.value.clone(), rest: rest.value.clone() })
            }
            FillSpec::Copy(other) => {
                let other = self.named(other, &other.value)?;
                context.join(self.values[other].kind);
                context.lists.extend(self.values[other].lists.iter().cloned());
                context.symbols.extend(&self.values[other].symbols);
                Some(Fill::Copy(other))
            }
            FillSpec::Mix(parts) => {
                let weights: Vec<u64> = parts.iter().map(|part| part.weight.value).collect();
                let fills: Vec<Fill> = parts
                    .iter()
                    .map(|MixSpec { fill, .. }| {
                        fill.as_ref()
                            .map_or(Some(Fill::Blank), |fill| self.fill(id, fill, context))
                            .unwrap_or(Fill::Blank)
                    })
                    .collect();
                let weights = self.weights(id, &weights)?;
                Some(Fill::Mix { weights, fills })
            }
        }
    }

    fn weights(&mut self, id: &Spanned<String>, weights: &[u64]) -> Option<Weighted> {
        let weighted = Weighted::new(weights);
        if weighted.is_none() {
            self.wrong(id, "profile::no_weight", format!("`{}`: no weight is above 0", id.value), "of this");
        }
        weighted
    }

    fn codes(&mut self, id: &Spanned<String>, spec: &WeightsSpec, context: &mut Context) -> Option<Choice> {
        let mut symbols = Vec::new();
        for (code, _) in &spec.0 {
            if let Some(list) = context.codelist.as_ref().filter(|list| list.find(code.value.as_bytes()).is_none()) {
                let message = format!("`{}` is not in the code list of `{}`", code.value, id.value);
                let help = did_you_mean(&code.value, list.codes());
                self.diagnostics
                    .push(code.diagnostic(&self.source, "profile::unknown_code", message, "this code").help_if(help));
            }
            symbols.push(self.symbols.intern(&code.value));
        }
        context.symbols.extend(&symbols);
        let weights: Vec<u64> = spec.0.iter().map(|(_, weight)| weight.value).collect();
        Some(Choice { symbols, weights: self.weights(id, &weights)? })
    }

    fn list(&mut self, name: &Spanned<String>) -> Option<Arc<Codelist>> {
        let found = self.lists.get(&name.value).or_else(|| self.schemas.codelists.get(&name.value)).cloned();
        if found.is_none() {
            let mut known: Vec<&str> = self.lists.keys().map(String::as_str).collect();
            known.extend(self.schemas.codelists.names());
            known.sort_unstable();
            let help = did_you_mean(&name.value, known);
            let message = format!("no code list `{}`", name.value);
            self.diagnostics
                .push(name.diagnostic(&self.source, "profile::unknown_list", message, "named here").help_if(help));
        }
        found
    }

    fn column(&mut self, list: &Codelist, name: &Spanned<String>) -> Option<usize> {
        let found = list.column(&name.value);
        if found.is_none() {
            let help = did_you_mean(&name.value, list.columns());
            let message = format!("the list has no column `{}`", name.value);
            self.diagnostics
                .push(name.diagnostic(&self.source, "profile::unknown_column", message, "named here").help_if(help));
        }
        found
    }

    fn pick(&mut self, spec: &PickSpec, context: &mut Context) -> Option<Fill> {
        let list = self.list(&spec.list)?;
        context.lists.push(Arc::clone(&list));
        let weight = match &spec.weight {
            Some(name) => Some(self.column(&list, name)?),
            None => None,
        };
        let mut only = Vec::new();
        for (name, values) in &spec.only.0 {
            only.push((self.column(&list, name)?, values));
        }
        let mut entries: Vec<(u32, u64, &str)> = Vec::new();
        // A code that has ceased is not picked, whatever the period.
        for entry in list.entries().iter().filter(|entry| entry.periods().iter().any(|period| period.to.is_none())) {
            let code = entry.code.as_bytes();
            let is_canonical = list.canonical(code) == Some(entry.code.as_str());
            let allowed = only.iter().all(|(column, values)| {
                list.attribute(code, *column).is_some_and(|text| values.iter().any(|value| value.value == text))
            });
            if is_canonical && allowed {
                let share = match weight {
                    Some(column) => list.attribute(code, column).and_then(|text| text.parse().ok()).unwrap_or(0),
                    None => 1,
                };
                entries.push((self.symbols.intern(&entry.code), share, entry.code.as_str()));
            }
        }
        context.symbols.extend(entries.iter().map(|entry| entry.0));
        let Some((name, other)) = spec.matching.0.first() else {
            let weights: Vec<u64> = entries.iter().map(|(_, share, _)| *share).collect();
            let weights = self.weights(&spec.list, &weights)?;
            return Some(Fill::Choice(Choice { symbols: entries.iter().map(|entry| entry.0).collect(), weights }));
        };
        if let Some((second, _)) = spec.matching.0.get(1) {
            self.wrong(second, "profile::match", "only one column can be matched", "leave this out");
        }
        let column = self.column(&list, name)?;
        let (value, texts) = self.attribute_of(other)?;
        let mut choices = Vec::new();
        for text in texts {
            let group = text.map_or_else(Vec::new, |text| {
                entries.iter().filter(|entry| list.attribute(entry.2.as_bytes(), column) == Some(&text)).collect()
            });
            let weights: Vec<u64> = group.iter().map(|entry| entry.1).collect();
            choices.push(
                Weighted::new(&weights)
                    .map(|weights| Choice { symbols: group.iter().map(|entry| entry.0).collect(), weights }),
            );
        }
        if choices.iter().all(Option::is_none) {
            self.wrong(other, "profile::match", format!("no code matches `{}`", other.value), "compared with this");
        }
        Some(Fill::ChoiceBy { value, choices })
    }

    /// A value named as `value` or `value.attribute`: its place, and the text for each symbol.
    fn attribute_of(&mut self, name: &Spanned<String>) -> Option<(usize, Vec<Option<String>>)> {
        let (value_name, attribute) = match name.value.split_once('.') {
            Some((value, attribute)) => (value, Some(attribute)),
            None => (name.value.as_str(), None),
        };
        self.attribute_named(name, value_name, attribute)
    }

    fn attribute_named(
        &mut self,
        at: &Spanned<String>,
        value_name: &str,
        attribute: Option<&str>,
    ) -> Option<(usize, Vec<Option<String>>)> {
        let value = self.named(at, value_name)?;
        if self.values[value].kind != Kind::Code {
            self.wrong(at, "profile::no_code", format!("`{value_name}` is no code"), "has no attributes");
            return None;
        }
        let lists = &self.values[value].lists;
        let texts: Vec<Option<String>> = self
            .symbols
            .texts
            .iter()
            .map(|code| match attribute {
                None => Some(code.clone()),
                Some(attribute) => lists
                    .iter()
                    .find_map(|list| list.attribute(code.as_bytes(), list.column(attribute)?).map(str::to_owned)),
            })
            .collect();
        if texts.iter().all(Option::is_none) {
            let known: Vec<&str> = lists.iter().flat_map(|list| list.columns()).collect();
            let attribute = attribute.unwrap_or_default();
            let help = did_you_mean(attribute, known);
            let message = format!("the codes of `{value_name}` have no `{attribute}`");
            self.diagnostics
                .push(at.diagnostic(&self.source, "profile::unknown_attribute", message, "named here").help_if(help));
            return None;
        }
        Some((value, texts))
    }

    /// A text with parts in braces.
    fn text(&mut self, spec: &Spanned<String>) -> Option<Vec<Part>> {
        let mut parts = Vec::new();
        let mut rest = spec.value.as_str();
        while let Some((literal, behind)) = rest.split_once('{') {
            if !literal.is_empty() {
                parts.push(Part::Literal(literal.to_owned()));
            }
            let Some((inner, behind)) = behind.split_once('}') else {
                self.wrong(spec, "profile::text", "a brace is never closed", "in this text");
                return None;
            };
            rest = behind;
            let (word, count) = match inner.split_once(':') {
                Some((word, count)) => (word, count.parse::<usize>().ok().filter(|count| (1..=64).contains(count))),
                None => (inner, None),
            };
            parts.push(match (word, count) {
                ("digits", Some(count)) => Part::Digits(count),
                ("letters", Some(count)) => Part::Letters(count),
                ("alphanumeric", Some(count)) => Part::Alphanumeric(count),
                ("sequence", Some(count)) => Part::Sequence(count),
                ("scrambled", None) => Part::Scrambled,
                ("check_digit", None) => Part::CheckDigit,
                ("digits" | "letters" | "alphanumeric" | "sequence" | "scrambled" | "check_digit", _) => {
                    let message = format!("`{{{inner}}}`: write for instance `{{digits:4}}` or `{{scrambled}}`");
                    self.wrong(spec, "profile::text", message, "in this text");
                    return None;
                }
                (name, _) => match name.split_once('.') {
                    Some((value, attribute)) => {
                        let (value, texts) = self.attribute_named(spec, value, Some(attribute))?;
                        Part::Attribute(value, texts)
                    }
                    None => Part::Value(self.named(spec, name)?),
                },
            });
        }
        if !rest.is_empty() {
            parts.push(Part::Literal(rest.to_owned()));
        }
        Some(parts)
    }

    fn pool(&mut self, spec: &PoolSpec) -> Option<Fill> {
        let of: Vec<Option<usize>> =
            spec.of.iter().map(|name| self.earlier(name, &[Kind::Code, Kind::Member])).collect();
        let divisor = spec.divided_by.as_ref().map_or(1, |divisor| divisor.value.max(1));
        let size = match (&spec.size, &spec.size_of) {
            (Some(size), None) => PoolSize::Fixed(size.value.max(1)),
            (None, Some(name)) => {
                let (value, texts) = self.attribute_of(name)?;
                let size = |text: &Option<String>| text.as_ref().and_then(|text| text.parse::<u64>().ok()).unwrap_or(1);
                PoolSize::By { value, sizes: texts.iter().map(|text| (size(text) / divisor).max(1)).collect() }
            }
            _ => {
                self.wrong(&spec.text, "profile::pool", "a pool needs either `size` or `size_of`", "this pool");
                return None;
            }
        };
        let text = self.text(&spec.text)?;
        Some(Fill::Pool { of: of.into_iter().collect::<Option<_>>()?, size, text })
    }

    fn anchor(&mut self, name: &Spanned<String>) -> Option<Anchor> {
        match name.value.as_str() {
            "period_start" => Some(Anchor::PeriodStart),
            "period_end" => Some(Anchor::PeriodEnd),
            _ => self.earlier(name, &[Kind::Time]).map(Anchor::Value),
        }
    }

    fn time(&mut self, id: &Spanned<String>, spec: &TimeSpec) -> Option<Fill> {
        let base = match (&spec.weekdays, &spec.before, &spec.after) {
            (Some(weights), None, None) => {
                let Ok(weekdays) = <[u64; 7]>::try_from(weights.value.as_slice()) else {
                    self.wrong(weights, "profile::time", "seven weights are needed, Monday first", "these");
                    return None;
                };
                Base::InPeriod(weekdays)
            }
            (None, Some(before), None) => Base::Before(self.anchor(before)?),
            (None, None, Some(after)) => Base::After(self.anchor(after)?),
            _ => {
                let message = format!("`{}` needs one of `weekdays`, `before` and `after`", id.value);
                self.wrong(id, "profile::time", message, "this value");
                return None;
            }
        };
        let mut optional = |points: &Option<QuantilesSpec>| match points {
            Some(points) => self.quantiles(id, points).map(Some),
            None => Some(None),
        };
        let (days, minutes) = (optional(&spec.days)?, optional(&spec.minutes)?);
        let hours = match &spec.hours {
            None => None,
            Some(map) => {
                let mut hours = Vec::new();
                for (hour, _) in &map.0 {
                    match hour.value.parse::<i64>() {
                        Ok(number) if (0..24).contains(&number) => hours.push(number),
                        _ => self.wrong(hour, "profile::time", format!("`{}` is no hour", hour.value), "0–23"),
                    }
                }
                let weights: Vec<u64> = map.0.iter().map(|(_, weight)| weight.value).collect();
                let weights = self.weights(id, &weights)?;
                (hours.len() == map.0.len()).then_some((hours, weights))
            }
        };
        let step = spec.step.as_ref().map_or(5, |step| step.value.clamp(1, 60));
        let (mut not_before, mut not_after) = (None, None);
        if let Some(name) = &spec.not_before {
            not_before = self.earlier(name, &[Kind::Time]);
        }
        if let Some(name) = &spec.not_after {
            not_after = self.earlier(name, &[Kind::Time]);
        }
        Some(Fill::Time(Box::new(TimeFill {
            base,
            days,
            minutes,
            hours,
            step: i64::try_from(step).unwrap_or(5),
            workdays: spec.workdays,
            not_before,
            not_after,
            form: match spec.form {
                FormSpec::Minutes => Form::Minutes,
                FormSpec::Seconds => Form::Seconds,
                FormSpec::Compact => Form::Compact,
                FormSpec::Date => Form::DateOnly,
            },
        })))
    }

    fn quantiles(&mut self, id: &Spanned<String>, spec: &QuantilesSpec) -> Option<Quantiles> {
        let mut points = Vec::new();
        for (percent, value) in &spec.0 {
            let Some(share) = parts_per_million(&percent.value) else {
                self.wrong(percent, "profile::percentage", format!("`{}` is no percentage", percent.value), "0–100");
                return None;
            };
            points.push((share, value.value));
        }
        let quantiles = Quantiles::new(points);
        if quantiles.is_none() {
            let message = format!("`{}`: quantiles must ascend from 0 to 100 %", id.value);
            self.wrong(id, "profile::quantiles", message, "of this value");
        }
        quantiles
    }

    fn repeat(&mut self, id: &Spanned<String>, spec: &RepeatSpec, context: &mut Context) -> Option<Fill> {
        if !context.repeats {
            self.wrong(id, "profile::repeats", format!("`{}` holds a single value", id.value), "does not repeat");
        }
        let mut counts = Vec::new();
        for (count, _) in &spec.count.0 {
            match count.value.parse::<usize>() {
                Ok(number) if (1..=50).contains(&number) => counts.push(number),
                _ => self.wrong(count, "profile::repeats", format!("`{}` is no count", count.value), "1–50"),
            }
        }
        let weights: Vec<u64> = spec.count.0.iter().map(|(_, weight)| weight.value).collect();
        let weights = self.weights(id, &weights);
        let mut inner = Context { kind: None, ..context.clone() };
        let of = self.fill(id, &spec.of, &mut inner)?;
        (context.lists, context.symbols) = (inner.lists, inner.symbols);
        if !matches!(of, Fill::Choice(_) | Fill::ChoiceBy { .. }) {
            self.wrong(id, "profile::repeats", "only `codes` and `pick` can be repeated", "of this value");
            return None;
        }
        (counts.len() == spec.count.0.len()).then_some(Fill::Repeat { counts, weights: weights?, of: Box::new(of) })
    }
}

/// What is known of the value at hand.
#[derive(Clone)]
struct Context {
    codelist: Option<Arc<Codelist>>,
    lists: Vec<Arc<Codelist>>,
    symbols: BTreeSet<u32>,
    kind: Option<Kind>,
    repeats: bool,
}

impl Context {
    fn join(&mut self, kind: Kind) {
        self.kind = Some(match self.kind {
            None => kind,
            Some(earlier) if earlier == kind => kind,
            Some(_) => Kind::Other,
        });
    }
}

/// Conditions over the values of `profile`.
pub(in crate::generate) fn condition_list(
    profile: &Profile,
    source: &Source,
    spec: &WhenSpec,
    diagnostics: &mut Diagnostics,
) -> Vec<Condition> {
    conditions(&profile.values, &profile.symbols, source, spec, diagnostics)
}

/// Conditions over `values`.
fn conditions(
    values: &[Value],
    symbols: &Symbols,
    source: &Source,
    spec: &WhenSpec,
    diagnostics: &mut Diagnostics,
) -> Vec<Condition> {
    let mut conditions = Vec::new();
    for (name, codes) in &spec.0 {
        let (value_name, attribute) = match name.value.split_once('.') {
            Some((value, attribute)) => (value, Some(attribute)),
            None => (name.value.as_str(), None),
        };
        let Some(index) = named(values, source, name, value_name, diagnostics) else { continue };
        let value = &values[index];
        let blankness = codes.iter().all(|code| matches!(code.value.as_str(), "" | "*"));
        if value.kind != Kind::Code && !(blankness && attribute.is_none()) {
            let message = format!("`{value_name}` is no code");
            diagnostics.push(name.diagnostic(
                source,
                "profile::no_code",
                message,
                "only \"\" and \"*\" can be asked of it",
            ));
            continue;
        }
        let mut bits = vec![0u64; symbols.len() / 64 + 1];
        let mut allow = |symbol: usize| bits[symbol >> 6] |= 1 << (symbol & 63);
        for code in codes {
            match (code.value.as_str(), attribute) {
                ("", None) => allow(BLANK as usize),
                ("*", None) => (1..symbols.len()).for_each(&mut allow),
                (text, None) => {
                    // A code of the list that nothing picks is no mistake: `same_as` may have replaced its fill.
                    let is_listed = value.lists.iter().any(|list| list.find(text.as_bytes()).is_some());
                    let found = symbols.find(text).filter(|symbol| is_listed || value.symbols.contains(symbol));
                    if let Some(symbol) = found {
                        allow(symbol as usize);
                    } else if !is_listed {
                        let help = did_you_mean(text, value.symbols.iter().map(|symbol| symbols.text(*symbol)));
                        let message = format!("`{value_name}` is never `{text}`");
                        diagnostics
                            .push(code.diagnostic(source, "profile::unknown_code", message, "this code").help_if(help));
                    }
                }
                (text, Some(attribute)) => {
                    let matching = with_attribute(value, symbols, attribute, text);
                    if matching.is_empty() {
                        let message = format!("no code of `{value_name}` has `{text}` as its `{attribute}`");
                        diagnostics.push(code.diagnostic(source, "profile::unknown_attribute", message, "this value"));
                    }
                    matching.into_iter().for_each(&mut allow);
                }
            }
        }
        conditions.push(Condition { value: index, symbols: bits });
    }
    conditions
}

/// The value called `text`, which is (a part of) `at`.
fn named(
    values: &[Value],
    source: &Source,
    at: &Spanned<String>,
    text: &str,
    diagnostics: &mut Diagnostics,
) -> Option<usize> {
    let found = values.iter().position(|value| value.id == text);
    if found.is_none() {
        let help = did_you_mean(text, values.iter().map(|value| value.id.as_str()))
            .unwrap_or_else(|| "values are made in the order of the file".to_owned());
        let message = format!("no value `{text}` before this one");
        diagnostics.push(at.diagnostic(source, "profile::unknown_value", message, "named here").help(help));
    }
    found
}

/// The symbols of `value` whose codes have `text` as their `attribute`.
fn with_attribute(value: &Value, symbols: &Symbols, attribute: &str, text: &str) -> Vec<usize> {
    let has = |code: &String| {
        value.lists.iter().any(|list| {
            list.column(attribute).is_some_and(|column| list.attribute(code.as_bytes(), column) == Some(text))
        })
    };
    symbols.texts.iter().enumerate().filter(|(_, code)| has(code)).map(|(symbol, _)| symbol).collect()
}

/// A percentage with up to four decimals, in millionths.
pub(in crate::generate) fn parts_per_million(text: &str) -> Option<u64> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 3 || decimals.len() > 4 || !digits(whole) || !digits(decimals) {
        return None;
    }
    let millionths = whole.parse::<u64>().ok()? * 10_000 + format!("{decimals:0<4}").parse::<u64>().ok()?;
    (millionths <= WHOLE).then_some(millionths)
}
