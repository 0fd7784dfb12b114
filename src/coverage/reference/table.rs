//! Reads a reference table: opens it as a collection of its own, runs its rules, and hands out its rows as text.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::error::{Cell, Flaw, FlawKind, ReferenceError, SHOWN_FLAWS, place};
use super::{COUNTY, County, REGION, REGION_CODE, REGION_COLUMNS, REGION_NAMES, Reference, YEAR, digits, parse_year};
use crate::diag;
use crate::engine::{self, Run, Settings, Stated};
use crate::model::{Detail, Finding, Position, Severity, Text, VariableIndex, column_letters};
use crate::rule::{Plan, Rule, RuleKind};
use crate::schema::{Codelist, Collection, Domain, Schemas};
use crate::submission::{InputError, InputFile, ReadOptions, ScanRequest};
use crate::table::{Batch, value};

/// What a reference table must have.
pub(super) struct Layout<'a> {
    /// Its schema.
    pub(super) id: &'a str,
    /// Columns that must be there, apart from one of the three that name the region.
    pub(super) required: &'a [&'a str],
    /// Columns that may be there.
    pub(super) optional: &'a [&'a str],
}

impl<'a> Layout<'a> {
    /// Every variable that is read by name.
    pub(super) fn variables(&self) -> impl Iterator<Item = &'a str> {
        self.required.iter().chain(self.optional).chain(&REGION_COLUMNS).copied()
    }
}

/// The flaws of a table: the first of them, and how many.
pub(super) struct Flaws {
    path: PathBuf,
    table: Text,
    first: Vec<Flaw>,
    total: u64,
}

impl Flaws {
    pub(super) fn new(path: &Path, table: &Text) -> Self {
        Self { path: path.to_path_buf(), table: table.clone(), first: Vec::new(), total: 0 }
    }

    pub(super) fn push(&mut self, flaw: Flaw) {
        self.total += 1;
        if self.first.len() < SHOWN_FLAWS {
            self.first.push(flaw);
        }
    }

    /// Passes itself on, to take more.
    ///
    /// # Errors
    /// If there are any already.
    pub(super) fn none_so_far(self) -> Result<Self, ReferenceError> {
        if self.total == 0 { Ok(self) } else { Err(self.into()) }
    }

    /// # Errors
    /// If there are any.
    pub(super) fn none(self) -> Result<(), ReferenceError> {
        self.none_so_far().map(|_| ())
    }
}

impl From<Flaws> for ReferenceError {
    fn from(flaws: Flaws) -> Self {
        let Flaws { path, table, first, total } = flaws;
        Self::Flawed { path, table, flaws: first, total }
    }
}

/// What of a table may be read all the same.
pub(super) struct Reading {
    /// Found by the rows' consumer.
    pub(super) flaws: Flaws,
    /// Violated rules that are no errors, at most [`SHOWN_FLAWS`].
    pub(super) warnings: Vec<Flaw>,
}

/// One row of a table that no rule finds an error in.
pub(super) struct Row<'a> {
    pub(super) reference: &'a Reference,
    pub(super) collection: &'a Collection,
    pub(super) column_of: &'a [Option<usize>],
    /// One a variable.
    pub(super) values: Vec<String>,
    pub(super) position: Position,
}

impl Row<'_> {
    /// The value of a variable; empty where blank or without a column.
    pub(super) fn text(&self, variable: &str) -> &str {
        self.collection
            .variable(variable)
            .and_then(|VariableIndex(index)| self.values.get(index))
            .map_or("", String::as_str)
    }

    /// The region, by whichever of its columns is filled.
    pub(super) fn county(&self) -> Result<County, Flaw> {
        if !self.text(COUNTY).is_empty() {
            return self.canonical(COUNTY, COUNTY).and_then(County::new).ok_or_else(|| self.unusable(COUNTY));
        }
        for (column, list) in [(REGION_CODE, REGION_CODE), (REGION, REGION_NAMES)] {
            let code = self.text(column);
            if !code.is_empty() {
                return self.reference.county_of(list, code).ok_or_else(|| self.unusable(column));
            }
        }
        Err(self.unusable(REGION))
    }

    /// The value of a variable in the one spelling of its code that `list` holds as such; `None` where it does not.
    pub(super) fn canonical(&self, variable: &str, list: &str) -> Option<&str> {
        self.reference.schemas.codelists.get(list)?.canonical(self.text(variable).as_bytes())
    }

    pub(super) fn year(&self) -> Result<i32, Flaw> {
        parse_year(self.text(YEAR)).ok_or_else(|| self.unusable(YEAR))
    }

    /// A whole number that is not negative; a blank is none.
    pub(super) fn count(&self, variable: &str) -> Result<u64, Flaw> {
        let text = self.text(variable);
        Some(text).filter(|text| !text.is_empty()).and_then(digits).ok_or_else(|| self.unusable(variable))
    }

    /// The cells of these variables.
    pub(super) fn cells(&self, variables: &[&str]) -> Vec<Cell> {
        let cell = |variable: &&str| {
            let index = self.collection.variable(variable);
            let column = index.and_then(|index| self.column_of.get(index.0).copied().flatten());
            Cell {
                address: address(column.map(column_letters).as_deref(), self.position),
                variable: (*variable).to_owned(),
                value: self.text(variable).to_owned(),
            }
        };
        variables.iter().map(cell).collect()
    }

    /// A flaw in the cells of these variables.
    pub(super) fn flaw(&self, kind: FlawKind, variables: &[&str], what: Text, help: Option<Text>) -> Flaw {
        Flaw { kind, position: self.position, cells: self.cells(variables), what, help }
    }

    /// What was stated on the row at `first`, too.
    pub(super) fn duplicate(&self, first: Position, what: &Text) -> Flaw {
        let (first_place, kind) = (place(first), FlawKind::Duplicate { first });
        let text = Text::new(
            format!("{} finns redan i {}", what.sv, first_place.sv),
            format!("{} is already in {}", what.en, first_place.en),
        );
        self.flaw(kind, &[], text, None)
    }

    pub(super) fn unusable(&self, variable: &str) -> Flaw {
        let name = self.collection.variable(variable).map(|index| self.collection.get(index).name.clone());
        let name = name.unwrap_or_default();
        let what = if self.text(variable).is_empty() {
            Text::new(format!("{} saknas", name.sv), format!("{} is missing", name.en))
        } else {
            Text::new(format!("{} kan inte användas", name.sv), format!("{} cannot be used", name.en))
        };
        self.flaw(FlawKind::Unusable, &[variable], what, None)
    }
}

/// Reads the table at `path`: `take` gets every row, in the order of the file, if no rule of severity error is
/// violated.
///
/// # Errors
/// If the file cannot be read, lacks a column, or violates such a rule.
pub(super) fn read(
    reference: &Reference,
    layout: &Layout<'_>,
    path: &Path,
    stop: &AtomicBool,
    take: &mut dyn FnMut(&Row<'_>, &mut Flaws),
) -> Result<Reading, ReferenceError> {
    let Some(plan) = reference.plans.get(layout.id) else {
        let known = reference.plans.keys().cloned().collect::<Vec<_>>().join(", ");
        return Err(InputError::UnknownCollection { name: layout.id.to_owned(), known }.into());
    };
    let collection = &plan.collection;
    let file = open(&reference.schemas, layout, collection, path)?;
    let (file, warnings) = check(reference, plan, file, stop)?;

    let request = ScanRequest { wanted: vec![true; collection.variables.len()], raw: false };
    let mut flaws = Flaws::new(path, &collection.title);
    let map = |batch: Batch| -> Vec<(Position, Vec<String>)> {
        let cell = |row: usize, variable: usize| match batch.columns.get(variable).and_then(Option::as_ref) {
            Some(column) => String::from_utf8_lossy(value(column, row)).into_owned(),
            None => String::new(),
        };
        let values = |row: usize| (0..collection.variables.len()).map(|variable| cell(row, variable)).collect();
        (0..batch.n_rows).map(|row| (batch.positions.at(row), values(row))).collect()
    };
    let mut fold = |rows: Vec<(Position, Vec<String>)>| {
        for (position, values) in rows {
            let row = Row { reference, collection, column_of: &file.column_of, values, position };
            take(&row, &mut flaws);
        }
        Ok(())
    };
    file.scan(collection, &request, stop, &|_| {}, &map, &mut fold)?;
    Ok(Reading { flaws, warnings })
}

/// Opens a table and refuses it where columns are missing.
fn open(
    schemas: &Schemas,
    layout: &Layout<'_>,
    collection: &Collection,
    path: &Path,
) -> Result<InputFile, ReferenceError> {
    let options = ReadOptions { collection: Some(layout.id.to_owned()), ..ReadOptions::default() };
    let (column_of, unknown, file) = match InputFile::open(path, schemas, &options) {
        Ok(file) => {
            let unknown = file.header.iter().filter(|column| column.variable.is_none());
            let unknown = unknown.map(|column| (column.name.clone(), column.nearest.clone())).collect();
            (file.column_of.clone(), unknown, Some(file))
        }
        // Its words are about collections; here the columns that are wanted are known.
        Err(InputError::UnknownHeader { .. }) => (Vec::new(), Vec::new(), None),
        Err(error) => return Err(error.into()),
    };
    let has_column = |id: &str| {
        collection.variable(id).is_some_and(|variable| column_of.get(variable.0).copied().flatten().is_some())
    };
    let mut missing: Vec<Text> = Vec::new();
    if !REGION_COLUMNS.iter().any(|id| has_column(id)) {
        missing.push(Text::new(
            "regionen (`lanskod`, `regionkod` eller `region`)",
            "the region (`lanskod`, `regionkod` or `region`)",
        ));
    }
    for id in layout.required.iter().filter(|id| !has_column(id)) {
        missing.push(Text::new(format!("`{id}`"), format!("`{id}`")));
    }
    match file {
        Some(file) if missing.is_empty() => Ok(file),
        _ => {
            Err(ReferenceError::Columns { path: path.to_path_buf(), table: collection.title.clone(), missing, unknown })
        }
    }
}

/// Runs the table's rules; gives back the file, and what is wrong with it without being an error.
fn check(
    reference: &Reference,
    plan: &Arc<Plan>,
    file: InputFile,
    stop: &AtomicBool,
) -> Result<(InputFile, Vec<Flaw>), ReferenceError> {
    let path = file.path.clone();
    let plans = BTreeMap::from([(plan.collection.id.clone(), Arc::clone(plan))]);
    let settings = Settings { stated: Stated::default(), examples: SHOWN_FLAWS, ..Settings::default() };
    let (outcome, checked) = engine::check(&plans, vec![file], &settings, stop, &|_| {}, None)?;
    let (mut flaws, mut warnings) = (Vec::new(), Vec::new());
    for run in &outcome.runs {
        for (index, found) in run.rules.iter().enumerate() {
            let rule = &plan.rules[index];
            let list = if rule.severity == Severity::Error { &mut flaws } else { &mut warnings };
            list.extend(found.examples.iter().map(|finding| (finding, flaw_of(reference, plan, rule, finding))));
        }
    }
    let in_order = |mut list: Vec<(&Finding, Flaw)>| -> Vec<Flaw> {
        list.sort_by_key(|(finding, _)| (finding.position.row, finding.rule));
        list.into_iter().map(|(_, flaw)| flaw).take(SHOWN_FLAWS).collect()
    };
    let total: u64 = outcome.runs.iter().map(|run: &Run| run.violations(Severity::Error)).sum();
    if total > 0 {
        let (table, flaws) = (plan.collection.title.clone(), in_order(flaws));
        return Err(ReferenceError::Flawed { path, table, flaws, total });
    }
    let warnings = in_order(warnings);
    let file = checked.into_iter().flat_map(|(files, _)| files).next();
    // One file went in.
    file.map(|file| (file, warnings)).ok_or_else(|| InputError::NotFound(path.display().to_string()).into())
}

/// `B7`, `B` for a header, nothing for a row of a file without lines.
fn address(letters: Option<&str>, position: Position) -> Option<String> {
    match (letters, position.sheet_row, position.row) {
        (Some(letters), Some(row), _) => Some(format!("{letters}{row}")),
        (Some(letters), None, None) => Some(letters.to_owned()),
        _ => None,
    }
}

/// A finding of the engine, told as a flaw.
fn flaw_of(reference: &Reference, plan: &Plan, rule: &Rule, finding: &Finding) -> Flaw {
    let with_column: Vec<_> = finding.faulty.iter().filter(|shown| shown.column.is_some()).collect();
    let cells = with_column.iter().map(|shown| Cell {
        address: address(shown.column.as_deref(), finding.position),
        variable: shown.variable.clone(),
        value: shown.value.clone(),
    });
    let detail = match &finding.detail {
        Some(Detail::Text(text)) => text.clone(),
        Some(Detail::Number(number)) => Text::new(number.to_string(), number.to_string()),
        None => Text::default(),
    };
    let with_detail = |title: &str, detail: &str| {
        if detail.is_empty() { title.to_owned() } else { format!("{title} ({detail})") }
    };
    let domain = rule.faulty.first().map(|variable| &plan.collection.get(*variable).domain);
    let help = match (rule.kind, domain, finding.faulty.first()) {
        // Its fix speaks of a source system, which such a table does not have.
        (RuleKind::Required, ..) => None,
        (RuleKind::Value, Some(Domain::Code { codelist }), Some(shown)) => {
            reference.schemas.codelists.get(codelist).map(|list| code_help(reference, codelist, list, &shown.value))
        }
        _ => Some(Text::new(full_stopless(&rule.fix.sv), full_stopless(&rule.fix.en))),
    };
    Flaw {
        kind: FlawKind::Rule(rule.id.clone()),
        position: finding.position,
        cells: cells.collect(),
        what: Text::new(with_detail(&rule.title.sv, &detail.sv), with_detail(&rule.title.en, &detail.en)),
        help,
    }
}

/// The last full stop is the line's own matter.
fn full_stopless(text: &str) -> &str {
    text.strip_suffix('.').unwrap_or(text)
}

/// What to do about a code that is not in its list.
fn code_help(reference: &Reference, name: &str, list: &Codelist, code: &str) -> Text {
    let did_you_mean = |near: &str| Text::new(format!("Menade du `{near}`?"), format!("Did you mean `{near}`?"));
    let is_number = !code.is_empty() && code.bytes().all(|byte| byte.is_ascii_digit());
    if is_number && name == REGION_NAMES {
        return Text::new(
            "Här väntas ett namn; en länskod hör hemma i kolumnen lanskod, meddelandets Regionkod i kolumnen regionkod",
            "A name is expected here; a county code belongs in the column lanskod, the message's Regionkod in the column regionkod",
        );
    }
    if is_number {
        // Spreadsheets drop leading zeros.
        let width = list.codes().map(str::len).max().unwrap_or(0);
        let padded = format!("{code:0>width$}");
        if list.find(padded.as_bytes()).is_some() {
            return Text::new(
                format!("Menade du `{padded}`? Inledande nollor ska vara med"),
                format!("Did you mean `{padded}`? Leading zeros must be there"),
            );
        }
        let other = match name {
            COUNTY => Some(REGION_CODE),
            REGION_CODE => Some(COUNTY),
            _ => None,
        };
        if let Some(other) = other.filter(|other| {
            reference.schemas.codelists.get(other).is_some_and(|list| list.find(code.as_bytes()).is_some())
        }) {
            return Text::new(
                format!("Koden finns i kodverket {other}: är det en sådan hör den hemma i kolumnen {other}"),
                format!("The code is in code list {other}: if it is one of those, it belongs in the column {other}"),
            );
        }
    }
    let lower = code.to_lowercase();
    if name == REGION_NAMES && lower.contains("riket") {
        return Text::new("Riket är ingen region; ta bort raden", "The whole country is no region; remove the row");
    }
    if !is_number {
        let spellings: Vec<(String, &str)> =
            list.entries().iter().map(|entry| (entry.code.to_lowercase(), entry.code.as_str())).collect();
        let near = diag::nearest(&lower, spellings.iter().map(|(spelling, _)| spelling.as_str()));
        if let Some((_, near)) = spellings.iter().find(|(spelling, _)| Some(spelling.as_str()) == near) {
            return did_you_mean(near);
        }
    }
    Text::new(format!("Använd en kod ur kodverket {name}"), format!("Use a code of code list {name}"))
}
