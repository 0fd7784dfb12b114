//! Rules as SQL for other engines, so that they can be run where the data is.
//!
//! What the engine says of a submission, a statement written here says of a table: the four verdict counts of each rule
//! are equal. The table has the collection's variables as columns of text, as delivered, and a row a record; blanks are
//! nulls, empty texts or white space. Nothing is created in the database and nothing but the table is read, official
//! lists that the user names excepted.
//!
//! # A statement
//!
//! Layers of common table expressions: where a collection folds another, the groups that the table's records fold into; the
//! records without surrounding blanks; what is read out of them (canonical
//! codes, days and seconds, numbers, lists of values); two truths a rule, where it applies and whether it holds; counts;
//! a row a rule. Truths follow SQL's own three-valued logic, which is the rules' logic, too. What differs between dialects
//! is in one file each behind the trait `words::Words`; what a node means is in `expression`.
//!
//! What a table cannot tell (how a file was written, which columns it had) and what a dialect cannot say is left out,
//! and [`Script::left_out`] says so: never does a statement count something else instead.
//!
//! Deliberately knows no databases: nothing is connected to and nothing is run. `tests/sql` runs what is written here on
//! both engines and compares every count.

mod comments;
mod duckdb;
mod expression;
mod pattern;
mod spark;
mod statement;
mod table_name;
#[cfg(test)]
mod tests;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Text, VariableIndex};
use crate::rule::Plan;
use crate::rule::fold::{Fold, FoldColumn};
use crate::schema::{Collection, Domain};

pub use table_name::{NotATable, TableName};

/// An engine's SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// DuckDB.
    DuckDb,
    /// Spark SQL, and what speaks it.
    Spark,
}

impl Dialect {
    /// Every dialect.
    pub const ALL: [Self; 2] = [Self::DuckDb, Self::Spark];

    /// Its name on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DuckDb => "duckdb",
            Self::Spark => "spark",
        }
    }
}

/// What a run states from outside the data; what is not stated makes rules not applicable, as in the engine.
#[derive(Clone, Debug, Default)]
pub struct StatedFacts {
    /// Days since 1970-01-01; where not stated, the day on which the statement runs.
    pub delivery_date: Option<i64>,
    /// First and last day, as days since 1970-01-01.
    pub period: Option<(i64, i64)>,
    /// The organisation number of the region, ten digits.
    pub region: Option<String>,
    /// How many records there are to be.
    pub records: Option<u64>,
    /// How many regions the records come from.
    pub delivered_regions: Option<u32>,
}

impl StatedFacts {
    /// How many regions the records come from: as stated; one where that one is stated.
    fn delivered_regions(&self) -> Option<u32> {
        self.delivered_regions.or(self.region.as_ref().map(|_| 1))
    }
}

/// What is to be written.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// The rules.
    pub plan: &'a Plan,
    /// In which SQL.
    pub dialect: Dialect,
    /// The table of records; where the collection folds another and the table has no groups, of the other's records.
    pub table: TableName,
    /// Whether the table of a collection that folds another has its groups, a row each.
    pub has_groups: bool,
    /// What is stated.
    pub stated: StatedFacts,
    /// Tables of official lists by the lists' names; each has its codes in a column `code`.
    pub official: BTreeMap<String, TableName>,
    /// Variables of the table's collection that it has no column for.
    pub missing: BTreeSet<VariableIndex>,
}

impl<'a> Request<'a> {
    /// How the records of the table are folded before rules are asked; `None` where they are not.
    fn fold(&self) -> Option<&'a Fold> {
        self.plan.fold.as_deref().filter(|_| !self.has_groups)
    }

    /// The collection whose variables are the table's columns.
    pub fn table_collection(&self) -> &'a Collection {
        self.fold().map_or(&self.plan.collection, |fold| &fold.of.collection)
    }

    /// The same, asked of the records that are folded.
    fn of_members<'f>(&self, fold: &'f Fold) -> Request<'f> {
        Request {
            plan: &fold.of,
            dialect: self.dialect,
            table: self.table.clone(),
            has_groups: false,
            stated: self.stated.clone(),
            official: BTreeMap::new(),
            missing: self.missing.clone(),
        }
    }

    /// The same, asked of the groups: what cannot be made of the columns that there are is missing.
    fn of_groups(&self, fold: &Fold) -> Self {
        let is_missing =
            |variable: &VariableIndex| fold.inputs_of(*variable).iter().any(|input| self.missing.contains(input));
        let missing: BTreeSet<VariableIndex> = (0..fold.columns.len()).map(VariableIndex).filter(is_missing).collect();
        // One table has no past: what earlier submissions say is in no column of its groups.
        let mut missing = missing;
        let columns = self.plan.fold.iter().flat_map(|fold| fold.columns.iter().enumerate());
        missing.extend(
            columns.filter(|(_, column)| matches!(column, FoldColumn::History(_))).map(|(at, _)| VariableIndex(at)),
        );
        Self { missing, has_groups: true, ..self.clone() }
    }

    /// The variable's official list: its name and its table, where the user named one.
    fn official_of(&self, variable: VariableIndex) -> Option<(&str, &TableName)> {
        let Domain::Text { official_list: Some(name), .. } = &self.plan.collection.get(variable).domain else {
            return None;
        };
        self.official.get(name).map(|table| (name.as_str(), table))
    }
}

/// Statements, and what is in none of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// What the statements take as given, a line each.
    pub preamble: Vec<String>,
    /// Each without a semicolon at its end.
    pub statements: Vec<Statement>,
    /// Rules that are in no statement.
    pub left_out: Vec<LeftOut>,
}

impl std::fmt::Display for Script {
    /// The whole as a file: what is taken as given and what is left out as comments, then each statement with its
    /// semicolon.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for line in &self.preamble {
            writeln!(f, "-- {line}")?;
        }
        for left_out in &self.left_out {
            let reason = comments::comment(&left_out.obstacle.text().en);
            writeln!(f, "-- NOT HERE: {}, because {reason}.", left_out.label)?;
        }
        for statement in &self.statements {
            write!(f, "\n{};\n", statement.text)?;
        }
        Ok(())
    }
}

/// One statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The rules it counts, by index in the plan, in the order of its rows.
    pub rules: Vec<usize>,
    /// The SQL, comments included.
    pub text: String,
}

/// A rule that is in no statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// By index in the plan.
    pub rule: usize,
    /// What it is called in results.
    pub label: String,
    /// Why.
    pub obstacle: Obstacle,
}

/// Why a rule cannot be said in SQL over a table.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Obstacle {
    /// It speaks of the columns of a file.
    Columns,
    /// It speaks of how a file is written.
    Readability,
    /// A regular expression that the dialects do not have.
    Pattern(String),
    /// A code list that does not exist.
    Codelist(String),
}

impl Obstacle {
    /// The reason in words.
    pub fn text(&self) -> Text {
        match self {
            Self::Columns => Text::new(
                "regeln gäller vilka kolumner en fil har, och en tabell har de kolumner som frågan nämner",
                "the rule speaks of the columns of a file, and a table has the columns that the statement names",
            ),
            Self::Readability => Text::new(
                "regeln gäller hur en fil är skriven, och en tabell har redan lästs in",
                "the rule speaks of how a file is written, and a table has been read already",
            ),
            Self::Pattern(pattern) => Text::new(
                format!("mönstret {pattern} kan inte skrivas i alla dialekter"),
                format!("the pattern {pattern} cannot be written in every dialect"),
            ),
            Self::Codelist(name) => {
                Text::new(format!("kodverket {name} finns inte"), format!("there is no code list {name}"))
            }
        }
    }
}

/// What each rule of the plan is called in results: its id, numbered from the second rule of the same id.
pub fn labels(plan: &Plan) -> Vec<String> {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    plan.rules
        .iter()
        .map(|rule| {
            let count = seen.entry(&rule.id.0).or_default();
            *count += 1;
            if *count == 1 { rule.id.0.clone() } else { format!("{}#{count}", rule.id.0) }
        })
        .collect()
}

/// Writes the rules at these places of the plan: one statement for all, or one each.
pub fn write(request: &Request<'_>, rules: &[usize], one: bool) -> Script {
    let words: &dyn words::Words = match request.dialect {
        Dialect::DuckDb => &duckdb::DuckDb,
        Dialect::Spark => &spark::Spark,
    };
    let labels = labels(request.plan);
    let mut script =
        Script { preamble: comments::preamble(request, rules), statements: Vec::new(), left_out: Vec::new() };
    let mut sayable = Vec::new();
    for rule in rules.iter().copied() {
        // Every rule is written on its own first, so that one that cannot be said does not take others with it.
        match statement::write(request, words, &labels, &[rule]) {
            Ok(statement) => {
                sayable.push(rule);
                if !one {
                    script.statements.push(statement);
                }
            }
            Err(obstacle) => script.left_out.push(LeftOut { rule, label: labels[rule].clone(), obstacle }),
        }
    }
    if one && !sayable.is_empty() {
        script.statements.extend(statement::write(request, words, &labels, &sayable));
    }
    script
}
