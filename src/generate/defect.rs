//! Defects to plant: what a file asks for, checked against a profile, its schema and the rules.
//!
//! # File
//!
//! ```yaml
//! collection: specvard_genomforda
//! delivery_date: 2022-04-15        # what `future` is after; 2099-12-31 where left out
//! defects:
//!   - name: fas saknas             # in the truth file
//!     rate: 0.01                   # share of the records that match `where` and where the defect can be planted
//!     where: { fas: ["2", "3"] }   # as in a profile
//!     plant: { blank: fas }        # one kind
//!     also: [ … ]                  # further kinds in the same record, where a rule needs them
//!     expect: SVG-K-fas            # the rule that must find it …
//!     variable: fas                # … at this variable; the first planted one where left out
//!     of: [datum_10, datum_50]     # for profiles of a layout: planted in the record of one of these columns only
//! columns:                         # of the header, once a file
//!   - { name: kolumn saknas, plant: { leave_out: kommunkod }, expect: LEV-0001 }
//!   - { name: felstavad, plant: { rename: { variable: fas, to: phase } }, expect: LEV-0002 }
//!   - { name: okänd, plant: { add: Kommentar }, expect: LEV-0002 }
//! ```
//!
//! | kind | what becomes of the record |
//! | --- | --- |
//! | `blank: VAR` | no value |
//! | `value: { variable, one_of: [TEXT] }` | one of these texts |
//! | `bad_code: VAR` | a code like the one there, but in no list |
//! | `bad_format: VAR` | the value there, mangled so that its type or format refuses it |
//! | `swap: [VAR, VAR]` | two values change places |
//! | `shift: { variable, before or after: VAR, days or minutes: [1, 30] }` | a point in time counted from another, `period_start` or `period_end` |
//! | `future: { variable, days: [1, 400] }` | after the delivery date |
//! | `duplicate: { variables, within }` | the key of an earlier record that has the same `within`; both are in the truth |
//! | `lowercase: VAR` | small letters |
//! | `personal_number: { variable, form: hyphen, twelve or ten }` | the published test number 19121212-1212 |
//! | `attribute: { variable, list, column }` | what the code list says of the code there, such as a county code |
//! | `digit: { variable, position }` | another digit at that place, 1 being the first character |
//! | `append: { variable, text }` | the text at the end |
//! | `repeat: { days: [1, 20] }` | there twice, the second time so many days later (0: the same again); with `of` |
//! | `extra_field: {}`, `missing_field: {}` | one field more, or less (CSV) |
//! | `undecodable: VAR` | a byte that is no text (CSV) |
//! | `unclosed_quote: VAR` | a quotation mark that is never closed (CSV); at most one a block, away from others |
//!
//! Where a profile makes rows of a layout, a defect is planted in the row and speaks of its columns, so that every record
//! of the row has it; with `of` it is planted in one record and speaks of the record's variables. A rule on what
//! records fold into may be expected, too: the truth then names their key.
//!
//! A record has one defect at most (a row, where rows are made), so that the truth is unambiguous; the rates of a file add up to 1 at most. A
//! defect that cannot be planted in the record it was drawn for (nothing to blank, no earlier record to copy) leaves
//! the record clean. Whatever else is generated is the same with and without defects.

mod plant;
pub(crate) mod spec;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::profile::{Condition, Profile, condition_list, parts_per_million};
use super::random::WHOLE;
use crate::diag::{Diagnostic, Diagnostics, Source, did_you_mean};
use crate::model::VariableIndex;
use crate::rule::Plan;
use crate::schema::layout::Template;
use crate::schema::{Codelist, Collection, Domain, Schemas};
use crate::time;
use crate::yaml::{self, Spanned};

use spec::{ColumnEditSpec, DefectsSpec, EditSpec, NumberFormSpec};

pub(super) use plant::{Drawn, Planted, Planter};

/// What `future` is after, where a file does not say: later than any delivery.
const DEFAULT_DELIVERY: i64 = 47_481;

/// What is planted into the records of a collection.
#[derive(Clone, Debug, Default)]
pub struct Defects {
    pub(super) list: Vec<Defect>,
    pub(super) columns: Vec<ColumnDefect>,
    /// For each defect the end of its share of all draws, in millionths.
    ends: Vec<u64>,
    /// Days since 1970-01-01.
    delivery_date: i64,
}

/// One sort of defect of records.
#[derive(Clone, Debug)]
pub(super) struct Defect {
    pub(super) name: String,
    pub(super) kind: &'static str,
    pub(super) rule: String,
    /// Where it is planted first; `None` for a record that cannot be divided into columns.
    pub(super) variable: Option<VariableIndex>,
    /// The variable where the finding is expected; empty for such a record.
    pub(super) shown: String,
    /// The columns of a layout, one of whose records it is planted in; `None` for the record, or row, that is made.
    pub(super) of: Option<Vec<VariableIndex>>,
    /// Whether the rule is one on what records fold into: the finding is about their key and not about a record.
    pub(super) is_of_group: bool,
    conditions: Vec<Condition>,
    edits: Vec<Edit>,
}

/// One defect of the header.
#[derive(Clone, Debug)]
pub(super) struct ColumnDefect {
    pub(super) name: String,
    pub(super) kind: &'static str,
    pub(super) rule: String,
    pub(super) edit: ColumnEdit,
}

/// What becomes of the header.
#[derive(Clone, Debug)]
pub(super) enum ColumnEdit {
    LeaveOut(VariableIndex),
    Rename(VariableIndex, String),
    Add(String),
}

/// What becomes of a record.
#[derive(Clone, Debug)]
enum Edit {
    Blank(VariableIndex),
    Value(VariableIndex, Vec<String>),
    BadCode(VariableIndex, Arc<Codelist>),
    BadFormat(VariableIndex),
    Swap(VariableIndex, VariableIndex),
    Shift {
        variable: VariableIndex,
        from: Moment,
        /// -1 or 1.
        direction: i64,
        /// In minutes: the least and the most.
        days: (i64, i64),
        minutes: (i64, i64),
    },
    Future(VariableIndex, (i64, i64)),
    Duplicate {
        variables: Vec<VariableIndex>,
        within: Vec<VariableIndex>,
    },
    Lowercase(VariableIndex),
    Digit(VariableIndex, usize),
    Attribute(VariableIndex, Arc<Codelist>, usize),
    Append(VariableIndex, String),
    /// Days later, from and to.
    Repeat((i64, i64)),
    ExtraField,
    MissingField,
    Undecodable(VariableIndex),
    UnclosedQuote(VariableIndex),
}

/// A point in time that another is shifted from.
#[derive(Clone, Copy, Debug)]
enum Moment {
    Variable(VariableIndex),
    PeriodStart,
    PeriodEnd,
}

impl Edit {
    /// Whether it is about how text files are written, so that a Parquet file cannot have it.
    fn is_of_text(&self) -> bool {
        matches!(self, Self::ExtraField | Self::MissingField | Self::Undecodable(_) | Self::UnclosedQuote(_))
    }

    fn variable(&self) -> Option<VariableIndex> {
        match self {
            Self::Blank(variable)
            | Self::Value(variable, _)
            | Self::BadCode(variable, _)
            | Self::BadFormat(variable)
            | Self::Swap(variable, _)
            | Self::Shift { variable, .. }
            | Self::Future(variable, _)
            | Self::Lowercase(variable)
            | Self::Digit(variable, _)
            | Self::Attribute(variable, _, _)
            | Self::Append(variable, _)
            | Self::Undecodable(variable)
            | Self::UnclosedQuote(variable) => Some(*variable),
            Self::Duplicate { variables, .. } => variables.first().copied(),
            Self::Repeat(_) | Self::ExtraField | Self::MissingField => None,
        }
    }
}

impl Defects {
    /// Reads a defect file for `profile`; the rules it expects are looked up in `plan`, and in the plans of collections
    /// that fold this one.
    ///
    /// # Errors
    /// Every mistake found, ordered by place.
    pub fn load(
        source: &Source,
        profile: &Profile,
        schemas: &Schemas,
        plan: &Plan,
        of_groups: &[&Plan],
    ) -> Result<Self, Vec<Diagnostic>> {
        let spec = yaml::parse::<DefectsSpec>(source).map_err(|diagnostic| vec![diagnostic])?;
        let (scope, diagnostics) = (profile.collection().as_ref(), Diagnostics::default());
        let mut compiler = Compiler { source, profile, schemas, plan, of_groups, scope, diagnostics };
        let defects = compiler.file(&spec);
        if compiler.diagnostics.is_empty() { Ok(defects) } else { Err(compiler.diagnostics.into_sorted()) }
    }

    /// The names of the defects of records, in the order of the file.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.list.iter().map(|defect| defect.name.as_str())
    }

    /// The rules that are expected to find something, defect by defect, those of the header last.
    pub fn rules(&self) -> impl Iterator<Item = &str> {
        let columns = self.columns.iter().map(|defect| defect.rule.as_str());
        self.list.iter().map(|defect| defect.rule.as_str()).chain(columns)
    }

    /// What `future` is after, days since 1970-01-01.
    pub fn delivery_date(&self) -> i64 {
        self.delivery_date
    }
}

struct Compiler<'a> {
    source: &'a Source,
    profile: &'a Profile,
    schemas: &'a Schemas,
    plan: &'a Plan,
    /// Of collections that fold this one.
    of_groups: &'a [&'a Plan],
    /// What the edits at hand speak of: what the profile makes, or the records that its rows unfold to.
    scope: &'a Collection,
    diagnostics: Diagnostics,
}

impl Compiler<'_> {
    fn wrong<T>(&mut self, at: &Spanned<T>, code: &'static str, message: impl Into<String>, label: &str) {
        self.diagnostics.push(at.diagnostic(self.source, code, message, label));
    }

    fn file(&mut self, spec: &DefectsSpec) -> Defects {
        let collection = self.profile.collection();
        if spec.collection.value != collection.id {
            let message = format!("these defects are of `{}`, not of `{}`", spec.collection.value, collection.id);
            self.wrong(&spec.collection, "defects::collection", message, "written for this collection");
            // Every rule and half of the variables would be unknown: one cause, one diagnostic.
            return Defects::default();
        }
        let mut delivery_date = DEFAULT_DELIVERY;
        if let Some(date) = &spec.delivery_date {
            match time::parse_day(&date.value) {
                Some(day) => delivery_date = day,
                None => self.wrong(date, "defects::date", format!("`{}` is no date", date.value), "YYYY-MM-DD"),
            }
        }
        let mut names = BTreeMap::new();
        let (mut list, mut ends, mut total) = (Vec::new(), Vec::new(), 0);
        for defect in &spec.defects {
            self.unique_name(&defect.name, &mut names);
            total += self.rate(&defect.rate);
            if total > WHOLE {
                let message = "the rates of all defects add up to more than 1";
                self.wrong(&defect.rate, "defects::rate", message, "with this one");
                break;
            }
            let conditions = condition_list(self.profile, self.source, &defect.only, &mut self.diagnostics);
            let kind = kind(&defect.plant);
            let of = self.columns_of(defect);
            if let (Some(_), Some(unfolds)) = (&of, &self.profile.unfolds) {
                self.scope = &unfolds.collection;
            }
            let edits: Vec<Edit> =
                std::iter::once(&defect.plant).chain(&defect.also).filter_map(|edit| self.edit(edit, defect)).collect();
            let variable = edits.first().and_then(Edit::variable);
            let is_of_group = self.rule(&defect.expect);
            let (variable, shown) = match &defect.variable {
                // What records fold into has variables of its own.
                Some(name) if is_of_group => (variable, name.value.clone()),
                Some(name) => (self.variable(name), name.value.clone()),
                None => (variable, variable.map_or_else(String::new, |variable| self.shown(variable))),
            };
            self.scope = self.profile.collection();
            list.push(Defect {
                name: defect.name.value.clone(),
                kind,
                rule: defect.expect.value.clone(),
                variable,
                shown,
                of,
                is_of_group,
                conditions,
                edits,
            });
            ends.push(total);
        }
        let mut columns = Vec::new();
        for defect in &spec.columns {
            self.unique_name(&defect.name, &mut names);
            self.rule(&defect.expect);
            let (kind, edit) = match &defect.plant {
                ColumnEditSpec::LeaveOut(name) => ("leave_out", self.variable(name).map(ColumnEdit::LeaveOut)),
                ColumnEditSpec::Rename(spec) => (
                    "rename",
                    self.variable(&spec.variable).map(|variable| ColumnEdit::Rename(variable, spec.to.value.clone())),
                ),
                ColumnEditSpec::Add(name) => ("add", Some(ColumnEdit::Add(name.value.clone()))),
            };
            columns.extend(edit.map(|edit| ColumnDefect {
                name: defect.name.value.clone(),
                kind,
                rule: defect.expect.value.clone(),
                edit,
            }));
        }
        Defects { list, columns, ends, delivery_date }
    }

    fn unique_name<'s>(&mut self, name: &'s Spanned<String>, names: &mut BTreeMap<String, &'s Spanned<String>>) {
        if let Some(first) = names.insert(name.value.clone(), name) {
            self.diagnostics.push(
                name.diagnostic(
                    self.source,
                    "defects::name_repeated",
                    format!("defect `{}` is there twice", name.value),
                    "again here",
                )
                .and_at(first.place(self.source), "first here"),
            );
        }
    }

    /// A share from 0 to 1, in millionths.
    fn rate(&mut self, rate: &Spanned<String>) -> u64 {
        let text = rate.value.as_str();
        let share = match text.split_once('.') {
            None => parts_per_million(text).map(|percent| percent * 100),
            Some((whole, decimals)) if !decimals.is_empty() && decimals.len() <= 6 => {
                let digits = format!("{decimals:0<6}");
                let all_digits = whole.len() == 1 && digits.bytes().all(|byte| byte.is_ascii_digit());
                all_digits.then(|| Some(whole.parse::<u64>().ok()? * WHOLE + digits.parse::<u64>().ok()?)).flatten()
            }
            Some(_) => None,
        };
        match share {
            Some(share) if share <= WHOLE => share,
            _ => {
                let message = format!("`{text}` is no share");
                self.wrong(rate, "defects::rate", message, "0–1, with at most six decimals");
                0
            }
        }
    }

    /// The columns of a layout that a defect is planted in records of; `None` where it states none.
    fn columns_of(&mut self, defect: &spec::DefectSpec) -> Option<Vec<VariableIndex>> {
        let first = defect.of.first()?;
        let Some(unfolds) = &self.profile.unfolds else {
            let message = "`of` is about the columns of a layout, which the profile has not";
            self.wrong(first, "defects::of", message, "named here");
            return None;
        };
        let mut columns = Vec::new();
        for name in &defect.of {
            let column = self.variable(name);
            let is_event = |column: &VariableIndex| unfolds.layout().events.iter().any(|event| event.column == *column);
            if column.is_some_and(|column| !is_event(&column)) {
                self.wrong(name, "defects::of", format!("`{}` becomes no record", name.value), "named here");
            }
            columns.extend(column.filter(is_event));
        }
        Some(columns)
    }

    /// The name of the variable that a finding about `variable` of the scope is at.
    fn shown(&self, variable: VariableIndex) -> String {
        let unfolds =
            self.profile.unfolds.as_ref().filter(|unfolds| !std::ptr::eq(self.scope, Arc::as_ptr(&unfolds.collection)));
        let Some(unfolds) = unfolds else { return self.scope.get(variable).id.clone() };
        // A column of a row: that of the record which it becomes, or is a part of.
        let layout = unfolds.layout();
        let of_event = layout.events.iter().find_map(|event| {
            let is_part = |(_, text): &&(VariableIndex, Template)| text.columns().any(|column| column == variable);
            (event.column == variable)
                .then_some(event.value)
                .or_else(|| event.set.iter().find(is_part).map(|set| set.0))
        });
        let is_shared = layout.shared.contains(&Some(variable));
        let of_record = of_event.filter(|_| !is_shared);
        of_record.map_or_else(|| self.scope.get(variable).id.clone(), |found| unfolds.collection.get(found).id.clone())
    }

    /// Whether the rule is one on what records fold into.
    fn rule(&mut self, id: &Spanned<String>) -> bool {
        if self.of_groups.iter().any(|plan| plan.rules.iter().any(|rule| rule.id.0 == id.value)) {
            return true;
        }
        if !self.plan.rules.iter().any(|rule| rule.id.0 == id.value) {
            let help = did_you_mean(&id.value, self.plan.rules.iter().map(|rule| rule.id.0.as_str()));
            let message = format!("`{}` has no rule `{}`", self.plan.collection.id, id.value);
            self.diagnostics
                .push(id.diagnostic(self.source, "defects::unknown_rule", message, "expected here").help_if(help));
        }
        false
    }

    fn variable(&mut self, name: &Spanned<String>) -> Option<VariableIndex> {
        let collection = self.scope;
        let found = collection.variable(&name.value);
        if found.is_none() {
            let help = did_you_mean(&name.value, collection.variables.iter().map(|variable| variable.id.as_str()));
            let message = format!("unknown variable `{}`", name.value);
            self.diagnostics.push(
                name.diagnostic(self.source, "defects::unknown_variable", message, "not in the schema").help_if(help),
            );
        }
        found
    }

    fn list(&mut self, name: &Spanned<String>) -> Option<Arc<Codelist>> {
        let found = self.schemas.codelists.get(&name.value).cloned();
        if found.is_none() {
            let help = did_you_mean(&name.value, self.schemas.codelists.names());
            let message = format!("no code list `{}`", name.value);
            self.diagnostics
                .push(name.diagnostic(self.source, "defects::unknown_list", message, "named here").help_if(help));
        }
        found
    }

    /// Least and most, in this order.
    fn range(&mut self, range: &Spanned<(i64, i64)>) -> Option<(i64, i64)> {
        let (least, most) = range.value;
        let fits = least <= most && least.abs() < 1 << 24 && most.abs() < 1 << 24;
        if !fits {
            self.wrong(range, "defects::range", format!("[{least}, {most}] is no range"), "least and most");
        }
        fits.then_some((least, most))
    }

    fn edit(&mut self, spec: &EditSpec, defect: &spec::DefectSpec) -> Option<Edit> {
        match spec {
            EditSpec::Blank(name) => self.variable(name).map(Edit::Blank),
            EditSpec::Value(spec) => {
                if spec.one_of.is_empty() {
                    self.wrong(&spec.variable, "defects::value", "`one_of` is empty", "of this variable");
                }
                let texts = spec.one_of.iter().map(|text| text.value.clone()).collect();
                self.variable(&spec.variable).map(|variable| Edit::Value(variable, texts))
            }
            EditSpec::BadCode(name) => {
                let variable = self.variable(name)?;
                if let Domain::Code { codelist } = &self.scope.get(variable).domain
                    && let Some(list) = self.schemas.codelists.get(codelist)
                {
                    return Some(Edit::BadCode(variable, Arc::clone(list)));
                }
                self.wrong(name, "defects::no_code", format!("`{}` is no code", name.value), "has no code list");
                None
            }
            EditSpec::BadFormat(name) => {
                let variable = self.variable(name)?;
                let domain = &self.scope.get(variable).domain;
                if matches!(domain, Domain::Text { format: None, max_length: None, .. } | Domain::Code { .. }) {
                    let message = format!("`{}` has no format to break", name.value);
                    self.wrong(name, "defects::no_format", message, "any text is right");
                }
                Some(Edit::BadFormat(variable))
            }
            EditSpec::Swap(names) => {
                let variables: Vec<_> = names.iter().filter_map(|name| self.variable(name)).collect();
                let [first, second] = variables[..] else {
                    self.wrong(&defect.name, "defects::swap", "`swap` needs two variables", "in this defect");
                    return None;
                };
                Some(Edit::Swap(first, second))
            }
            EditSpec::Shift(spec) => self.shift(spec),
            EditSpec::Future(spec) => {
                let (variable, days) = (self.variable(&spec.variable), self.range(&spec.days));
                Some(Edit::Future(variable?, days?))
            }
            EditSpec::Duplicate(spec) => {
                let variables: Vec<_> = spec.variables.iter().filter_map(|name| self.variable(name)).collect();
                let within = spec.within.iter().filter_map(|name| self.variable(name)).collect();
                if spec.variables.is_empty() || !defect.also.is_empty() {
                    let message = "`duplicate` needs `variables`, and stands alone";
                    self.wrong(&defect.name, "defects::duplicate", message, "in this defect");
                }
                Some(Edit::Duplicate { variables, within })
            }
            EditSpec::Lowercase(name) => self.variable(name).map(Edit::Lowercase),
            EditSpec::PersonalNumber(spec) => {
                let text = match spec.form {
                    NumberFormSpec::Hyphen => "19121212-1212",
                    NumberFormSpec::Twelve => "191212121212",
                    NumberFormSpec::Ten => "1212121212",
                };
                self.variable(&spec.variable).map(|variable| Edit::Value(variable, vec![text.to_owned()]))
            }
            EditSpec::Attribute(spec) => {
                let (variable, list) = (self.variable(&spec.variable), self.list(&spec.list)?);
                let Some(column) = list.column(&spec.column.value) else {
                    let help = did_you_mean(&spec.column.value, list.columns());
                    let message = format!("`{}` has no column `{}`", spec.list.value, spec.column.value);
                    self.diagnostics.push(
                        spec.column
                            .diagnostic(self.source, "defects::unknown_column", message, "named here")
                            .help_if(help),
                    );
                    return None;
                };
                Some(Edit::Attribute(variable?, list, column))
            }
            EditSpec::Digit(spec) => {
                self.variable(&spec.variable).map(|variable| Edit::Digit(variable, spec.position.value.max(1)))
            }
            EditSpec::Append(spec) => {
                self.variable(&spec.variable).map(|variable| Edit::Append(variable, spec.text.value.clone()))
            }
            EditSpec::Repeat(spec) => {
                if defect.of.is_empty() {
                    let message = "`repeat` needs `of`: the columns whose records may be there twice";
                    self.wrong(&defect.name, "defects::of", message, "in this defect");
                }
                self.range(&spec.days).map(Edit::Repeat)
            }
            EditSpec::ExtraField(_) => Some(Edit::ExtraField),
            EditSpec::MissingField(_) => Some(Edit::MissingField),
            EditSpec::Undecodable(name) => self.variable(name).map(Edit::Undecodable),
            EditSpec::UnclosedQuote(name) => self.variable(name).map(Edit::UnclosedQuote),
        }
    }

    fn shift(&mut self, spec: &spec::ShiftSpec) -> Option<Edit> {
        let variable = self.variable(&spec.variable);
        let (name, direction) = match (&spec.before, &spec.after) {
            (Some(name), None) => (name, -1),
            (None, Some(name)) => (name, 1),
            _ => {
                let message = "`shift` needs either `before` or `after`";
                self.wrong(&spec.variable, "defects::shift", message, "of this variable");
                return None;
            }
        };
        let from = match name.value.as_str() {
            "period_start" => Moment::PeriodStart,
            "period_end" => Moment::PeriodEnd,
            _ => Moment::Variable(self.variable(name)?),
        };
        let mut optional =
            |range: &Option<Spanned<(i64, i64)>>| range.as_ref().map_or(Some((0, 0)), |range| self.range(range));
        let (days, minutes) = (optional(&spec.days)?, optional(&spec.minutes)?);
        if spec.days.is_none() && spec.minutes.is_none() {
            self.wrong(&spec.variable, "defects::shift", "`shift` needs `days` or `minutes`", "of this variable");
        }
        Some(Edit::Shift { variable: variable?, from, direction, days, minutes })
    }
}

/// The word for a kind, as in the file.
fn kind(spec: &EditSpec) -> &'static str {
    match spec {
        EditSpec::Blank(_) => "blank",
        EditSpec::Value(_) => "value",
        EditSpec::BadCode(_) => "bad_code",
        EditSpec::BadFormat(_) => "bad_format",
        EditSpec::Swap(_) => "swap",
        EditSpec::Shift(_) => "shift",
        EditSpec::Future(_) => "future",
        EditSpec::Duplicate(_) => "duplicate",
        EditSpec::Lowercase(_) => "lowercase",
        EditSpec::PersonalNumber(_) => "personal_number",
        EditSpec::Attribute(_) => "attribute",
        EditSpec::Digit(_) => "digit",
        EditSpec::Append(_) => "append",
        EditSpec::Repeat(_) => "repeat",
        EditSpec::ExtraField(_) => "extra_field",
        EditSpec::MissingField(_) => "missing_field",
        EditSpec::Undecodable(_) => "undecodable",
        EditSpec::UnclosedQuote(_) => "unclosed_quote",
    }
}
