//! Population by region and year.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use super::error::{Flaw, FlawKind, ReferenceError};
use super::table::{self, Flaws, Layout, Row};
use super::{County, Reference, YEAR, lacking};
use crate::assets::File;
use crate::model::{Position, Text};

/// The file of the population that is read when no other is named.
pub(super) const EMBEDDED: &str = "folkmangd_scb.csv";

const POPULATION: &str = "folkmangd";

pub(super) const LAYOUT: Layout<'static> = Layout { id: "folkmangd", required: &[YEAR, POPULATION], optional: &[] };

/// Inhabitants by region and year.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Population {
    counts: BTreeMap<(County, i32), u64>,
    names: BTreeMap<County, String>,
    source: Text,
    warnings: Vec<Flaw>,
}

/// The numbers read so far, and where each stood.
#[derive(Default)]
struct Builder {
    counts: BTreeMap<(County, i32), (u64, Position)>,
}

impl Builder {
    fn take(&mut self, row: &Row<'_>) -> Result<(), Flaw> {
        let (county, year, count) = (row.county()?, row.year()?, row.count(POPULATION)?);
        if let Some((_, first)) = self.counts.get(&(county, year)) {
            let what = format!("{} {year}", row.reference.name(county));
            return Err(row.duplicate(*first, &Text::new(what.clone(), what)));
        }
        self.counts.insert((county, year), (count, row.position));
        Ok(())
    }

    fn finish(self, reference: &Reference, source: Text, warnings: Vec<Flaw>) -> Population {
        Population {
            counts: self.counts.into_iter().map(|(key, (count, _))| (key, count)).collect(),
            names: reference.names.clone(),
            source,
            warnings,
        }
    }
}

impl Population {
    /// Reads the table `folkmangd` at `path`, CSV or Parquet.
    ///
    /// # Errors
    /// Whatever makes a number of it doubtful; see [`ReferenceError`].
    pub fn read(reference: &Reference, path: &Path, stop: &AtomicBool) -> Result<Self, ReferenceError> {
        let mut builder = Builder::default();
        let reading = table::read(reference, &LAYOUT, path, stop, &mut |row, flaws| {
            if let Err(flaw) = builder.take(row) {
                flaws.push(flaw);
            }
        })?;
        reading.flaws.none()?;
        let file = path.display();
        let source = Text::new(format!("folkmängden i `{file}`"), format!("the population in `{file}`"));
        Ok(builder.finish(reference, source, reading.warnings))
    }

    /// Reads the file of SCB's numbers: lines with `#` first, then `lanskod,ar,folkmangd`.
    pub(super) fn parse(reference: &Reference, file: &File, is_embedded: bool) -> Result<Self, super::SetupError> {
        let Some(collection) = reference.schemas.collections.get(LAYOUT.id) else {
            return Err(lacking(&format!("`{}`", LAYOUT.id)));
        };
        let mut flaws = Flaws::new(Path::new(&file.name), &collection.title);
        let mut builder = Builder::default();
        let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(file.text.as_bytes());
        let header: Vec<String> =
            reader.headers().map(|names| names.iter().map(str::to_owned).collect()).unwrap_or_default();
        let column_of: Vec<Option<usize>> =
            collection.variables.iter().map(|variable| header.iter().position(|name| *name == variable.id)).collect();
        for (index, record) in reader.records().enumerate() {
            let line = record.as_ref().map_or_else(csv::Error::position, csv::StringRecord::position);
            let line = line.map(csv::Position::line);
            let position = Position { row: Some(index as u64 + 1), line, sheet_row: line, byte: None };
            let Ok(record) = record else {
                let what = Text::new("raden kan inte läsas", "the row cannot be read");
                flaws.push(Flaw { kind: FlawKind::Unusable, position, cells: Vec::new(), what, help: None });
                continue;
            };
            let value = |column: &Option<usize>| column.and_then(|column| record.get(column)).unwrap_or_default();
            let values = column_of.iter().map(|column| value(column).trim().to_owned()).collect();
            let row = Row { reference, collection, column_of: &column_of, values, position };
            if let Err(flaw) = builder.take(&row) {
                flaws.push(flaw);
            }
        }
        flaws.none()?;
        let mut years: Vec<String> = builder.counts.keys().map(|(_, year)| year.to_string()).collect();
        years.sort_unstable();
        years.dedup();
        let last = years.pop().unwrap_or_default();
        let list =
            |and: &str| if years.is_empty() { last.clone() } else { format!("{} {and} {last}", years.join(", ")) };
        let source = if is_embedded {
            Text::new(
                format!("SCB:s folkmängd den 31 december {} (inbyggda siffror)", list("och")),
                format!("Statistics Sweden's population on 31 December {} (embedded figures)", list("and")),
            )
        } else {
            Text::new(format!("folkmängden i `{}`", file.name), format!("the population in `{}`", file.name))
        };
        Ok(builder.finish(reference, source, Vec::new()))
    }

    /// Inhabitants of the region in the year; `None` where the table does not say.
    pub fn get(&self, county: County, year: i32) -> Option<u64> {
        self.counts.get(&(county, year)).copied()
    }

    /// Inhabitants of the region in the year.
    ///
    /// # Errors
    /// If the table does not say: never another year's number.
    pub fn require(&self, county: County, year: i32) -> Result<u64, ReferenceError> {
        self.get(county, year).ok_or_else(|| ReferenceError::NoNumber {
            source_text: self.source.clone(),
            county,
            region: self.names.get(&county).cloned().unwrap_or_else(|| county.to_string()),
            year,
            years: self.counts.keys().filter(|(other, _)| *other == county).map(|(_, year)| *year).collect(),
        })
    }

    /// Inhabitants of all of `counties` in the year.
    ///
    /// # Errors
    /// If the table lacks one of them.
    pub fn sum(&self, counties: impl IntoIterator<Item = County>, year: i32) -> Result<u64, ReferenceError> {
        counties.into_iter().try_fold(0u64, |sum, county| Ok(sum.saturating_add(self.require(county, year)?)))
    }

    /// Every number, by region and year.
    pub fn iter(&self) -> impl Iterator<Item = (County, i32, u64)> + '_ {
        self.counts.iter().map(|((county, year), count)| (*county, *year, *count))
    }

    /// Where the numbers are from.
    pub fn source(&self) -> &Text {
        &self.source
    }

    /// What was noticed in the table without being an error.
    pub fn warnings(&self) -> &[Flaw] {
        &self.warnings
    }
}
