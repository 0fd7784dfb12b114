//! Layouts: other ways to deliver a collection, with one row for several records.
//!
//! Responsible for what a row's columns are (a collection of their own, so that headers are recognised and rows are made
//! up as for any other) and for what the records of a row get from where. Deliberately reads no row: that is done by
//! `submission::unfold`, whoever the rows come from.
//!
//! A layout has *event columns*, of which each filled cell becomes a record. A variable that some event column gives is
//! the record's own; every other variable is a column of the row, shared by its records. *Parts* are columns that values
//! are made of, and in no record themselves.

use std::sync::Arc;

use super::load::{is_identifier, values};
use super::spec::{LayoutColumnSpec, LayoutSpec, require_text};
use super::{BreakdownBy, Collection, Detect, Domain, RegionVariable, Variable};
use crate::diag::{Diagnostics, Source, did_you_mean};
use crate::model::{Severity, Text, VariableIndex};
use crate::yaml::Spanned;

/// One row for several records.
#[derive(Clone, Debug)]
pub struct Layout {
    /// The name that options and reports use.
    pub id: String,
    /// What people call it.
    pub title: Text,
    /// The columns of a row as a collection: shared variables, then parts, then event columns.
    pub row: Arc<Collection>,
    /// Variable of the collection → the row's column that its records share; `None` for one that event columns give.
    pub shared: Vec<Option<VariableIndex>>,
    /// In the order of the schema.
    pub events: Vec<EventColumn>,
}

/// A column of which each filled cell becomes a record.
#[derive(Clone, Debug)]
pub struct EventColumn {
    /// Its place in [`Layout::row`].
    pub column: VariableIndex,
    /// The variable of the collection that gets the cell.
    pub value: VariableIndex,
    /// What other variables of the collection are set to.
    pub set: Vec<(VariableIndex, Template)>,
}

/// A text with values of the row in it. Blank where one of those is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template(pub Vec<Piece>);

/// A piece of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// As written.
    Text(String),
    /// The value of a column of the row.
    Column(VariableIndex),
}

impl Template {
    /// The row's columns that it needs.
    pub fn columns(&self) -> impl Iterator<Item = VariableIndex> + '_ {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Text(_) => None,
            Piece::Column(column) => Some(*column),
        })
    }
}

impl Layout {
    /// Whether event columns give `variable` of the collection.
    pub fn gives(&self, variable: VariableIndex) -> bool {
        self.shared.get(variable.0).is_some_and(Option::is_none)
    }

    /// The columns of the row that `variable` of the collection is made of, event columns apart; each once, ascending.
    pub fn parts_of(&self, variable: VariableIndex) -> Vec<VariableIndex> {
        let templates = self.events.iter().flat_map(|event| &event.set);
        let mut parts: Vec<VariableIndex> =
            templates.filter(|(set, _)| *set == variable).flat_map(|(_, template)| template.columns()).collect();
        parts.sort_unstable();
        parts.dedup();
        parts
    }
}

impl Collection {
    /// What the columns of a file are: those of a layout's rows, or the variables themselves.
    pub fn columns_of(&self, layout: Option<usize>) -> &Collection {
        layout.and_then(|layout| self.layouts.get(layout)).map_or(self, |layout| &layout.row)
    }
}

/// Builds the layouts of `collection`; a layout with mistakes is left out.
pub(super) fn load(
    specs: &[LayoutSpec],
    collection: &Collection,
    source: &Source,
    diagnostics: &mut Diagnostics,
) -> Vec<Layout> {
    let mut layouts: Vec<Layout> = Vec::new();
    for spec in specs {
        require_text(&spec.title, "title", &spec.id, source, diagnostics);
        if layouts.iter().any(|layout| layout.id == spec.id.value) {
            wrong(&spec.id, format!("layout `{}` is there twice", spec.id.value), "again here", source, diagnostics);
        }
        if spec.columns.is_empty() {
            let message = format!("layout `{}` has no columns that become records", spec.id.value);
            wrong(&spec.id, message, "of this", source, diagnostics);
        }
        let mut builder = Builder { collection, source, diagnostics: &mut *diagnostics };
        layouts.extend(builder.layout(spec));
    }
    layouts
}

fn wrong<T>(at: &Spanned<T>, message: String, label: &str, source: &Source, diagnostics: &mut Diagnostics) {
    diagnostics.push(at.diagnostic(source, "schema::layout", message, label));
}

struct Builder<'a> {
    collection: &'a Collection,
    source: &'a Source,
    diagnostics: &'a mut Diagnostics,
}

impl Builder<'_> {
    fn layout(&mut self, spec: &LayoutSpec) -> Option<Layout> {
        // For each event column the variables it gives; all are needed to know which are shared.
        let mut given = vec![false; self.collection.variables.len()];
        let mut all_known = true;
        for column in &spec.columns {
            let names = std::iter::once(&column.value).chain(column.set.0.iter().map(|(name, _)| name));
            let mut here: Vec<VariableIndex> = Vec::new();
            for name in names {
                match self.variable(name) {
                    Some(variable) if here.contains(&variable) => {
                        let message = format!("`{}` gives `{}` twice", column.id.value, name.value);
                        wrong(name, message, "again here", self.source, self.diagnostics);
                    }
                    Some(variable) => {
                        given[variable.0] = true;
                        here.push(variable);
                    }
                    None => all_known = false,
                }
            }
        }
        let mut row = Collection {
            title: spec.title.clone().into(),
            detect: Detect::default(),
            folds: None,
            key: Vec::new(),
            region: None,
            record_date: None,
            unit: None,
            breakdown: None,
            variables: Vec::new(),
            layouts: Vec::new(),
            ..self.collection.clone()
        };
        let mut shared = Vec::with_capacity(given.len());
        for (variable, given) in self.collection.variables.iter().zip(given) {
            shared.push((!given).then_some(VariableIndex(row.variables.len())));
            if !given {
                row.variables.push(variable.clone());
            }
        }
        let own = |variable: Option<VariableIndex>| variable.and_then(|variable| shared[variable.0]);
        row.key = self.collection.key.iter().filter_map(|variable| own(Some(*variable))).collect();
        row.region = self
            .collection
            .region
            .and_then(|region| own(Some(region.variable)).map(|variable| RegionVariable { variable, ..region }));
        row.record_date = own(self.collection.record_date);
        row.unit = own(self.collection.unit);
        row.breakdown = self
            .collection
            .breakdown
            .clone()
            .and_then(|breakdown| Some(BreakdownBy { variable: own(Some(breakdown.variable))?, ..breakdown }));
        for part in &spec.parts {
            require_text(&part.name, "name", &part.id, self.source, self.diagnostics);
            let domain = Domain::Text { format: None, max_length: None, official_list: None };
            self.add(&mut row, &part.id, part.name.clone().into(), values(&part.aliases), domain, false);
        }
        if !all_known {
            return None;
        }
        let mut events = Vec::with_capacity(spec.columns.len());
        for column in &spec.columns {
            require_text(&column.name, "name", &column.id, self.source, self.diagnostics);
            let value = self.variable(&column.value)?;
            let set = self.set(column, &row);
            let item = self.collection.get(value);
            let (domain, is_masked, examples) =
                (item.domain.clone(), item.identifies_person, item.valid_examples.clone());
            let name = column.name.clone().into();
            let column = self.add(&mut row, &column.id, name, values(&column.aliases), domain, is_masked);
            row.variables[column.0].valid_examples = examples;
            events.push(EventColumn { column, value, set });
        }
        let (id, title) = (spec.id.value.clone(), row.title.clone());
        Some(Layout { id, title, row: Arc::new(row), shared, events })
    }

    fn variable(&mut self, name: &Spanned<String>) -> Option<VariableIndex> {
        let found = self.collection.variable(&name.value);
        if found.is_none() {
            let known = self.collection.variables.iter().map(|variable| variable.id.as_str());
            let help = did_you_mean(&name.value, known);
            let message = format!("unknown variable `{}`", name.value);
            self.diagnostics.push(
                name.diagnostic(self.source, "schema::unknown_variable", message, "not among the variables")
                    .help_if(help),
            );
        }
        found
    }

    /// Adds a column to the row, which must not have one of that name.
    fn add(
        &mut self,
        row: &mut Collection,
        id: &Spanned<String>,
        name: Text,
        aliases: Vec<String>,
        domain: Domain,
        identifies_person: bool,
    ) -> VariableIndex {
        if !is_identifier(&id.value) {
            let message = format!("`{}` is no name of a column", id.value);
            wrong(id, message, "use a–z, 0–9 and _ only", self.source, self.diagnostics);
        }
        if row.variable(&id.value).is_some() || self.collection.variable(&id.value).is_some() {
            let message = format!("`{}` is the name of another column", id.value);
            wrong(id, message, "again here", self.source, self.diagnostics);
        }
        row.variables.push(Variable {
            id: id.value.clone(),
            name,
            area: String::new(),
            description: Text::default(),
            aliases,
            domain,
            fold: None,
            history: None,
            separators: Vec::new(),
            missing_codes: Vec::new(),
            identifies_person,
            value_severity: Severity::Error,
            valid_examples: Vec::new(),
            invalid_examples: Vec::new(),
            source: self.collection.source.clone(),
            extra: false,
        });
        VariableIndex(row.variables.len() - 1)
    }

    /// What an event column sets, given the shared variables and parts of `row`.
    fn set(&mut self, column: &LayoutColumnSpec, row: &Collection) -> Vec<(VariableIndex, Template)> {
        let mut set = Vec::with_capacity(column.set.0.len());
        for (name, text) in &column.set.0 {
            if let (Some(variable), Some(template)) = (self.collection.variable(&name.value), self.template(text, row))
            {
                set.push((variable, template));
            }
        }
        set
    }

    fn template(&mut self, text: &Spanned<String>, row: &Collection) -> Option<Template> {
        let mut pieces = Vec::new();
        let mut rest = text.value.as_str();
        while let Some((before, after)) = rest.split_once('{') {
            let Some((name, behind)) = after.split_once('}') else {
                let message = format!("`{}`: a brace is not closed", text.value);
                wrong(text, message, "in this text", self.source, self.diagnostics);
                return None;
            };
            if !before.is_empty() {
                pieces.push(Piece::Text(before.to_owned()));
            }
            let Some(column) = row.variable(name) else {
                let help = did_you_mean(name, row.variables.iter().map(|variable| variable.id.as_str()));
                let message = format!("`{name}` is neither a part nor a variable that the records of a row share");
                self.diagnostics
                    .push(text.diagnostic(self.source, "schema::layout", message, "named in this text").help_if(help));
                return None;
            };
            pieces.push(Piece::Column(column));
            rest = behind;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.to_owned()));
        }
        Some(Template(pieces))
    }
}
