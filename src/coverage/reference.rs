//! Reference tables: population, the patient register's counts, and the list of deliveries.
//!
//! What such a table looks like is declared as a collection is, in `schemas/reference/` and `rules/reference/`, and it
//! is read and checked by the same reader and engine; [`Reference`] holds those schemas and plans. What a rule cannot
//! say is judged here, when every region is known by one code ([`County`]): duplicates, and totals below their parts.
//!
//! A number that is blank, unreadable or doubtful is an error that names its file and row ([`ReferenceError`]), never 0
//! and never another region's or year's. Deliberately computes no measure.

mod counts;
mod deliveries;
mod error;
mod population;
mod register;
mod table;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use crate::assets::{self, AssetError};
use crate::diag::Diagnostic;
use crate::model::{County, Text};
use crate::rule::{self, Plan};
use crate::schema::{self, Codelist, Schemas};
use crate::time::Month;

pub use counts::Counts;
pub use deliveries::{Deliveries, DeliveryRow};
pub use error::{Cell, Flaw, FlawKind, ReferenceError, SHOWN_FLAWS};
pub use population::Population;
pub use register::Register;

/// A year of four digits, at most 9998, so that every month has a next one.
fn parse_year(text: &str) -> Option<i32> {
    let year = (text.len() == 4).then(|| digits(text)).flatten().filter(|year| *year < 9999)?;
    i32::try_from(year).ok()
}

/// A number written in nothing but digits.
fn digits(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// How reference tables are read: their schemas and rules, and the population inside the binary.
#[derive(Clone, Debug)]
pub struct Reference {
    schemas: Schemas,
    plans: BTreeMap<String, Arc<Plan>>,
    population: Population,
    /// The regions' own names.
    names: BTreeMap<County, String>,
}

/// Why reference tables cannot be read at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// A folder of schemas or rules.
    #[error(transparent)]
    Assets(#[from] AssetError),
    /// Mistakes in schemas or rules of reference tables, all of them.
    #[error("{} mistakes in the schemas and rules of reference tables", .0.len())]
    Mistakes(Vec<Diagnostic>),
    /// Schemas and code lists that are sound but lack what is needed here.
    #[error("{}", .0.en)]
    Lacking(Text),
    /// The population that is read when no other is named.
    #[error(transparent)]
    Population(#[from] ReferenceError),
}

impl Reference {
    /// Loads what is embedded, with the folders of `--schemas` and `--rules` laid over it.
    ///
    /// # Errors
    /// If a folder cannot be read, has mistakes, or leaves out what coverage needs.
    pub fn load(schemas_folder: Option<&Path>, rules_folder: Option<&Path>) -> Result<Self, SetupError> {
        let files = assets::reference_schemas(schemas_folder)?;
        let schemas = schema::load(&files).map_err(SetupError::Mistakes)?;
        let rules = assets::reference_rules(rules_folder)?;
        let (_, plans) = rule::load_and_compile(&schemas, &rules, None).map_err(SetupError::Mistakes)?;
        require_all(&schemas)?;
        let mut names = BTreeMap::new();
        if let Some((list, column)) = list_with_column(&schemas, REGION_NAMES, COUNTY) {
            for name in list.codes() {
                if let Some(county) = list.attribute(name.as_bytes(), column).and_then(County::new) {
                    names.entry(county).or_insert_with(|| name.to_owned());
                }
            }
        }
        let mut reference = Self { schemas, plans, population: Population::default(), names };
        let lacking = || lacking(&format!("`{}`", population::EMBEDDED));
        let file = files.get(population::EMBEDDED).ok_or_else(lacking)?;
        let is_embedded = assets::reference_schemas(None)?
            .get(population::EMBEDDED)
            .is_some_and(|embedded| embedded.text == file.text);
        reference.population = Population::parse(&reference, file, is_embedded)?;
        Ok(reference)
    }

    /// SCB's population on 31 December of some recent years, or what the user's schema folder puts in its place.
    pub fn population(&self) -> &Population {
        &self.population
    }

    /// Every county, by code, with the name of its region.
    pub fn regions(&self) -> impl Iterator<Item = (County, &str)> {
        self.names.iter().map(|(county, name)| (*county, name.as_str()))
    }

    /// The regional cancer centre of each county's region, with what must be said of the centre's figures.
    pub fn centres(&self) -> impl Iterator<Item = (County, &str, Text)> {
        let column = list_with_column(&self.schemas, COUNTY, CENTRE);
        self.names.keys().filter_map(move |county| {
            let (list, column) = column?;
            let name = list.attribute(county.as_str().as_bytes(), column)?;
            let note = |language: &str| {
                let (list, column) = list_with_column(&self.schemas, CENTRE, language)?;
                list.attribute(name.as_bytes(), column)
            };
            let note = Text::new(note("note_sv").unwrap_or_default(), note("note_en").unwrap_or_default());
            Some((*county, name, note))
        })
    }

    /// The name of the region; the code where the code list has no such county.
    pub fn name(&self, county: County) -> String {
        self.names.get(&county).cloned().unwrap_or_else(|| county.to_string())
    }

    /// The organisation number of the region, ten digits.
    pub fn organisation_number(&self, county: County) -> Option<String> {
        let (list, column) = list_with_column(&self.schemas, COUNTY, ORGANISATION_NUMBER)?;
        list.attribute(county.as_str().as_bytes(), column).map(str::to_owned)
    }

    /// The county that a code of `list` belongs to, by the list's column `lanskod`.
    fn county_of(&self, list: &str, code: &str) -> Option<County> {
        let (list, column) = list_with_column(&self.schemas, list, COUNTY)?;
        list.attribute(code.as_bytes(), column).and_then(County::new)
    }
}

const COUNTY: &str = "lanskod";
const ORGANISATION_NUMBER: &str = "orgnr";
const CENTRE: &str = "rcc";
const REGION_CODE: &str = "regionkod";
const REGION: &str = "region";
/// The three ways in which a row may name its region.
const REGION_COLUMNS: [&str; 3] = [COUNTY, REGION_CODE, REGION];
const YEAR: &str = "ar";
const REGION_NAMES: &str = "regionnamn";
const AREAS: &str = "mvo";
const AGGREGATE_OF_AREA: &str = "aggregate_sv";

fn list_with_column<'a>(schemas: &'a Schemas, list: &str, column: &str) -> Option<(&'a Codelist, usize)> {
    let list = schemas.codelists.get(list)?;
    Some((list.as_ref(), list.column(column)?))
}

fn lacking(what: &str) -> SetupError {
    SetupError::Lacking(Text::new(
        format!("referenstabellernas scheman saknar {what}, som täckningsgraden behöver"),
        format!("the schemas of reference tables lack {what}, which coverage needs"),
    ))
}

/// The variables and code lists that this module reads by name: a folder laid over the embedded ones can lack them.
fn require_all(schemas: &Schemas) -> Result<(), SetupError> {
    for layout in [&population::LAYOUT, &register::LAYOUT, &deliveries::LAYOUT] {
        let collection = schemas.collections.get(layout.id).ok_or_else(|| lacking(&format!("`{}`", layout.id)))?;
        for variable in layout.variables() {
            if collection.variable(variable).is_none() {
                return Err(lacking(&format!("`{variable}` (`{}`)", layout.id)));
            }
        }
    }
    for (list, column) in [(REGION_CODE, COUNTY), (REGION_NAMES, COUNTY), (AREAS, AGGREGATE_OF_AREA)] {
        if list_with_column(schemas, list, column).is_none() {
            return Err(lacking(&format!("`{column}` (codelists/{list}.csv)")));
        }
    }
    Ok(())
}
