//! The list of deliveries: which were expected, which files came, and when.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use super::error::{Flaw, FlawKind, ReferenceError, place};
use super::table::{self, Layout, Row};
use super::{County, Month, Reference};
use crate::diag;
use crate::model::{Position, Text};
use crate::schema::Schemas;
use crate::submission::detect::normalise;
use crate::time;

const FILE: &str = "fil";
const COLLECTION: &str = "insamling";
const PERIOD: &str = "period";
const RECEIVED: &str = "mottagen";
const RECORDS: &str = "poster";

pub(super) const LAYOUT: Layout<'static> =
    Layout { id: "leveranser", required: &[FILE, COLLECTION, PERIOD], optional: &[RECEIVED, RECORDS] };

/// Deliveries as listed, in the order of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deliveries {
    rows: Vec<DeliveryRow>,
    folder: PathBuf,
    source: Text,
    warnings: Vec<Flaw>,
}

/// One delivery, expected or received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryRow {
    /// As written in the list; `None` where the delivery is expected and not received.
    pub file: Option<String>,
    /// The collection's id.
    pub collection: String,
    /// Who delivers.
    pub county: County,
    /// What it is of.
    pub period: Month,
    /// Days since 1970-01-01; `None` where not known.
    pub received: Option<i64>,
    /// What the sender stated.
    pub records: Option<u64>,
    /// Where in the list.
    pub position: Position,
}

impl Deliveries {
    /// Reads the table `leveranser` at `path`, CSV or Parquet; the collections it may name are those of `schemas`.
    ///
    /// # Errors
    /// Whatever makes a row of it doubtful; see [`ReferenceError`].
    pub fn read(
        reference: &Reference,
        schemas: &Schemas,
        path: &Path,
        stop: &AtomicBool,
    ) -> Result<Self, ReferenceError> {
        let mut rows: Vec<DeliveryRow> = Vec::new();
        // The first row of each collection, region and period that has a file, and the first that has none.
        let mut seen: BTreeMap<(String, County, Month), [Option<Position>; 2]> = BTreeMap::new();
        let reading = table::read(reference, &LAYOUT, path, stop, &mut |row, flaws| {
            let delivery = match delivery(schemas, row) {
                Ok(delivery) => delivery,
                Err(flaw) => return flaws.push(flaw),
            };
            let key = (delivery.collection.clone(), delivery.county, delivery.period);
            let [with_file, without] = seen.entry(key).or_default();
            let own = if delivery.file.is_some() { &mut *with_file } else { &mut *without };
            let is_first = own.is_none();
            own.get_or_insert(row.position);
            // Several files of one delivery are parts of it. That it has not come is said once, and not beside a file.
            let contradicted = match (delivery.file.is_some(), *with_file, *without) {
                (true, _, Some(other)) if is_first => Some(other),
                (false, Some(other), _) => Some(other),
                (false, None, Some(other)) if !is_first => Some(other),
                _ => None,
            };
            match contradicted {
                Some(first) => flaws.push(contradiction(row, &delivery, first, with_file.is_some())),
                None => rows.push(delivery),
            }
        })?;
        reading.flaws.none()?;
        let (folder, file) = (path.parent().unwrap_or(Path::new("")).to_path_buf(), path.display());
        let source = Text::new(format!("leveransförteckningen `{file}`"), format!("the list of deliveries `{file}`"));
        Ok(Self { rows, folder, source, warnings: reading.warnings })
    }

    /// The deliveries, in the order of the list.
    pub fn rows(&self) -> &[DeliveryRow] {
        &self.rows
    }

    /// Where the file of a delivery is: its path from the folder of the list. `None` where it was not received.
    pub fn path_of(&self, delivery: &DeliveryRow) -> Option<PathBuf> {
        // A list made on Windows names folders with backslashes.
        delivery.file.as_ref().map(|file| self.folder.join(file.replace('\\', "/")))
    }

    /// Which list it is.
    pub fn source(&self) -> &Text {
        &self.source
    }

    /// What was noticed in the list without being an error.
    pub fn warnings(&self) -> &[Flaw] {
        &self.warnings
    }
}

fn delivery(schemas: &Schemas, row: &Row<'_>) -> Result<DeliveryRow, Flaw> {
    let filled = |variable: &str| Some(row.text(variable)).filter(|text| !text.is_empty());
    let received = match filled(RECEIVED) {
        None => None,
        Some(text) => {
            let time = time::parse(text.as_bytes()).ok_or_else(|| row.unusable(RECEIVED))?;
            Some(time.seconds.div_euclid(time::DAY))
        }
    };
    Ok(DeliveryRow {
        file: filled(FILE).map(str::to_owned),
        collection: collection(schemas, row)?,
        county: row.county()?,
        period: Month::parse(row.text(PERIOD)).ok_or_else(|| row.unusable(PERIOD))?,
        received,
        records: filled(RECORDS).map(|_| row.count(RECORDS)).transpose()?,
        position: row.position,
    })
}

/// The id of the collection, which may be written with capitals or hyphens, as on the command line.
fn collection(schemas: &Schemas, row: &Row<'_>) -> Result<String, Flaw> {
    let name = row.text(COLLECTION);
    if name.is_empty() {
        return Err(row.unusable(COLLECTION));
    }
    let ids = || schemas.collections.keys().map(String::as_str);
    if let Some(id) = ids().find(|id| *id == name).or_else(|| ids().find(|id| normalise(id) == normalise(name))) {
        return Ok(id.to_owned());
    }
    let help = match diag::nearest(name, ids()) {
        Some(near) => Text::new(format!("Menade du `{near}`?"), format!("Did you mean `{near}`?")),
        None => {
            let known = ids().collect::<Vec<_>>().join(", ");
            Text::new(format!("De som finns är {known}"), format!("Known are {known}"))
        }
    };
    let what = Text::new("Insamlingen finns inte", "There is no such collection");
    Err(row.flaw(FlawKind::UnknownCollection, &[COLLECTION], what, Some(help)))
}

/// A delivery that is said not to have come, twice or beside its file.
fn contradiction(row: &Row<'_>, delivery: &DeliveryRow, first: Position, has_file: bool) -> Flaw {
    let what = format!("{} {} {}", delivery.collection, row.reference.name(delivery.county), delivery.period);
    if !has_file {
        return row.duplicate(first, &Text::new(what.clone(), what));
    }
    let other = place(first);
    let (sv, en) = if delivery.file.is_some() {
        (
            format!("{what} har en fil här, men saknas enligt {}", other.sv),
            format!("{what} has a file here, but is missing according to {}", other.en),
        )
    } else {
        (
            format!("{what} saknas enligt raden, men har en fil i {}", other.sv),
            format!("{what} is missing according to this row, but has a file in {}", other.en),
        )
    };
    row.flaw(FlawKind::Duplicate { first }, &[FILE], Text::new(sv, en), None)
}
