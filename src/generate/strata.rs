//! Strata: exact counts instead of chance, so that a submission carries given figures to the last record.
//!
//! A *stratum* is a block of consecutive records of which some things are stated: how many they are, their period and
//! region, values that all of them have, and how many of them a variable is filled in. Whatever is not stated is drawn
//! from the profile as ever, and sees what is: a stated value is set where it would have been drawn. Deliberately
//! knows nothing of what the figures mean, nor of whether rules would accept the records.
//!
//! # File
//!
//! CSV (semicolons or commas, UTF-8) with a header; each row is a stratum, in the order of the submission.
//!
//! ```text
//! records;region;period;fas;vardgaranti_ja_nej;filled:diagnos
//! 100;Skåne;2022-03;2;JA;37
//! 250;Halland;2022-04;1;;
//! ```
//!
//! | column | a cell says | blank |
//! | --- | --- | --- |
//! | `records` | how many records; the only column that must be there | a mistake |
//! | `period` | their period, as in `--period` | that of the request |
//! | `region` | their region, as in `--region` | as the profile |
//! | a variable, or a helper of the profile (`_private`) | the value of all of them, written as it is | as the profile |
//! | `filled:VARIABLE` | how many of them have a value | as the profile |
//!
//! A variable that is called `region` itself (primary care) follows from the region; `filled:region` is about it.
//!
//! # Filled
//!
//! Of `n` records `k` are filled: the one at place `j` where ⌊(j + 1)·k / n⌋ > ⌊j·k / n⌋, so that they are spread
//! evenly. The places are turned by a number of the variable's own, so that blanks of several variables are not all in
//! the same records; a variable that is aligned with another is turned with it. A record that must be filled where the profile leaves it blank has the value of the first case
//! that gives one (`record`), else the first valid example of the schema. A value that is counted from another that is
//! blank is then counted from what that one would have been counted from.
//!
//! # From file to record
//!
//! ```text
//! text ─► Loader: columns, then rows; all mistakes ─► Strata ─► Strata::place(record number) ─► Record::draw
//! ```
//!
//! A record asks for its [`Place`] by its number alone, so that the result does not depend on blocks or threads, and
//! strata share the numbers that identities are made from: no two records have the same one.

use std::collections::BTreeMap;

use super::profile::{Constant, Profile};
use crate::diag::nearest;
use crate::model::{Text, VariableIndex};

/// Before the name of a variable whose filled records are counted.
const FILLED_PREFIX: &str = "filled:";

/// What is stated of the records of a submission, block after block.
#[derive(Clone, Debug, Default)]
pub struct Strata {
    /// None without records.
    list: Vec<Stratum>,
    /// For each stratum the number of the first record behind it.
    ends: Vec<u64>,
}

/// What is stated of a block of records.
#[derive(Clone, Debug)]
pub(super) struct Stratum {
    records: u64,
    /// First and last day, days since 1970-01-01; that of the request where `None`.
    pub(super) period: Option<(i64, i64)>,
    /// By the place of the value in the profile, ascending.
    pub(super) stated: Vec<(usize, Stated)>,
}

/// What is stated of one value.
#[derive(Clone, Debug)]
pub(super) enum Stated {
    /// All records have this one.
    Fixed(Constant),
    /// So many have one, whichever.
    Filled(Share),
}

/// So many of so many, spread evenly.
#[derive(Clone, Copy, Debug)]
pub(super) struct Share {
    filled: u64,
    of: u64,
    /// Added to each place.
    shift: u64,
}

impl Share {
    /// Whether the one at `position` is among them.
    pub(super) fn has(self, position: u64) -> bool {
        let (filled, of) = (u128::from(self.filled), u128::from(self.of).max(1));
        let turned = (u128::from(position) + u128::from(self.shift)) % of;
        (turned + 1) * filled / of > turned * filled / of
    }
}

/// Where a record is within the strata.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    pub(super) stratum: &'a Stratum,
    /// 0-based, within the stratum.
    pub(super) position: u64,
}

/// How periods and regions are spelt is for the caller to know.
#[derive(Clone, Copy)]
pub struct Reading<'a> {
    /// First and last day of a period, days since 1970-01-01; `None` where the text is none.
    pub period: &'a dyn Fn(&str) -> Option<(i64, i64)>,
    /// The organisation number of a region, or what is wrong with the text.
    pub region: &'a dyn Fn(&str) -> Result<String, Text>,
}

/// One mistake in a file of strata.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mistake {
    /// The line of the file, 1-based; the header is usually line 1.
    pub line: u64,
    /// The column as the header calls it; `None` where the whole row is meant.
    pub column: Option<String>,
    /// What is wrong, and what is expected.
    pub message: Text,
}

impl Strata {
    /// Reads a file of strata for `profile`.
    ///
    /// # Errors
    /// Every mistake found, ordered by line.
    pub fn load(text: &str, profile: &Profile, reading: &Reading<'_>) -> Result<Self, Vec<Mistake>> {
        let mut loader = Loader { profile, reading, mistakes: Vec::new(), line: 1 };
        let strata = loader.file(text.trim_start_matches('\u{feff}'));
        if loader.mistakes.is_empty() { Ok(strata) } else { Err(loader.mistakes) }
    }

    /// How many records all strata have.
    pub fn records(&self) -> u64 {
        self.ends.last().copied().unwrap_or(0)
    }

    /// Where record `number` (0-based) is; `None` behind the last stratum.
    pub(super) fn place(&self, number: u64) -> Option<Place<'_>> {
        let index = self.ends.partition_point(|end| *end <= number);
        let stratum = self.list.get(index)?;
        let first = self.ends[index] - stratum.records;
        Some(Place { stratum, position: number - first })
    }
}

/// What a column is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Records,
    Period,
    Region,
    /// The place of a value in the profile.
    Fixed(usize),
    Filled(VariableIndex),
}

/// Reads a file; mistakes are kept and reading goes on.
struct Loader<'a> {
    profile: &'a Profile,
    reading: &'a Reading<'a>,
    mistakes: Vec<Mistake>,
    /// The line at hand.
    line: u64,
}

/// The cells of a row, each with the name of its column and what that is about.
type Cells<'c> = Vec<(&'c str, Column, &'c str)>;

impl Loader<'_> {
    fn wrong(&mut self, column: Option<&str>, sv: impl Into<String>, en: impl Into<String>) {
        let mistake = Mistake { line: self.line, column: column.map(str::to_owned), message: Text::new(sv, en) };
        self.mistakes.push(mistake);
    }

    fn file(&mut self, text: &str) -> Strata {
        let first = text.lines().find(|line| !line.is_empty()).unwrap_or_default();
        let delimiter = if first.contains(';') { b';' } else { b',' };
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .has_headers(false)
            .flexible(true)
            .from_reader(text.as_bytes());
        let mut header: Option<(Vec<String>, Vec<Option<Column>>)> = None;
        let mut strata = Strata::default();
        let mut has_rows = false;
        for row in reader.records() {
            let row = match row {
                Ok(row) => row,
                Err(error) => {
                    self.wrong(None, format!("raden kan inte läsas: {error}"), format!("unreadable row: {error}"));
                    break;
                }
            };
            self.line = line_of(&row, text);
            let Some((names, columns)) = &header else {
                let names: Vec<String> = row.iter().map(|name| name.trim().to_owned()).collect();
                let columns = self.header(&names);
                header = Some((names, columns));
                continue;
            };
            // Spreadsheets leave rows of separators behind.
            if row.iter().all(|cell| cell.trim().is_empty()) {
                continue;
            }
            has_rows = true;
            if row.len() != names.len() {
                let (n_cells, n_names) = (row.len(), names.len());
                self.wrong(
                    None,
                    format!("raden har {n_cells} fält, rubriken {n_names}"),
                    format!("the row has {n_cells} fields, the header {n_names}"),
                );
                continue;
            }
            let cells = names.iter().zip(columns).zip(&row);
            let cells = cells
                .filter(|(_, cell)| !cell.trim().is_empty())
                .filter_map(|((name, column), cell)| Some((name.as_str(), (*column)?, cell)))
                .collect();
            let counts = columns.contains(&Some(Column::Records));
            self.row(&cells, counts, &mut strata);
        }
        if header.is_none() {
            self.wrong(
                None,
                "filen är tom: en rubrikrad med `records` och minst en rad till behövs",
                "the file is empty: a header with `records` and at least one more row are needed",
            );
        } else if !has_rows {
            self.wrong(None, "ingen rad under rubriken", "no row below the header");
        }
        strata
    }

    /// What each column is about; `None` where that is a mistake.
    fn header(&mut self, names: &[String]) -> Vec<Option<Column>> {
        let mut columns = Vec::with_capacity(names.len());
        for (index, name) in names.iter().enumerate() {
            if name.is_empty() {
                let number = index + 1;
                self.wrong(None, format!("kolumn {number} saknar namn"), format!("column {number} has no name"));
                columns.push(None);
            } else if names[..index].contains(name) {
                self.wrong(Some(name), "kolumnen finns två gånger", "the column is there twice");
                columns.push(None);
            } else {
                columns.push(self.column(name));
            }
        }
        if !names.iter().any(|name| name == "records") {
            self.wrong(
                Some("records"),
                "kolumnen saknas; den säger hur många poster varje rad är",
                "the column is missing; it says how many records each row is",
            );
        }
        columns
    }

    fn column(&mut self, name: &str) -> Option<Column> {
        let profile = self.profile;
        let collection = profile.collection();
        if let Some(variable) = name.strip_prefix(FILLED_PREFIX) {
            let found = collection.variable(variable);
            if found.is_none() {
                let known = collection.variables.iter().map(|variable| variable.id.as_str());
                self.unknown(name, nearest(variable, known).map(|near| format!("{FILLED_PREFIX}{near}")));
            }
            return found.map(Column::Filled);
        }
        match name {
            "records" => Some(Column::Records),
            "period" => Some(Column::Period),
            "region" => {
                if !profile.has_regions() {
                    let id = &collection.id;
                    self.wrong(
                        Some(name),
                        format!("profilen för {id} har inga regioner"),
                        format!("the profile of {id} has no regions"),
                    );
                }
                Some(Column::Region)
            }
            _ => {
                let found = profile.values.iter().position(|value| value.id == name);
                if found.is_none() {
                    let known = profile.values.iter().map(|value| value.id.as_str());
                    self.unknown(name, nearest(name, known.chain(["records", "period"])).map(str::to_owned));
                }
                found.map(Column::Fixed)
            }
        }
    }

    fn unknown(&mut self, name: &str, near: Option<String>) {
        let id = &self.profile.collection().id;
        let (sv, en) = near.map_or_else(Default::default, |near| {
            (format!("; menade du `{near}`?"), format!("; did you mean `{near}`?"))
        });
        self.wrong(
            Some(name),
            format!("okänd kolumn: ingen variabel i {id} och inget hjälpvärde i dess profil{sv}"),
            format!("unknown column: no variable of {id} and no helper of its profile{en}"),
        );
    }

    /// Reads one row into `strata`. `counts` is false where there is no column of records, which is told already.
    fn row(&mut self, cells: &Cells<'_>, counts: bool, strata: &mut Strata) {
        let mistakes_before = self.mistakes.len();
        let records = cells.iter().find(|(_, column, _)| *column == Column::Records);
        let records = match records {
            Some((name, _, text)) => self.count(name, text),
            None if counts => {
                self.wrong(
                    Some("records"),
                    "antalet poster saknas; skriv ett heltal, 0 eller mer",
                    "the number of records is missing; write a whole number, 0 or more",
                );
                None
            }
            None => None,
        };
        let mut period = None;
        let mut stated: BTreeMap<usize, (&str, Stated)> = BTreeMap::new();
        for (name, column, text) in cells {
            let (value, said) = match column {
                Column::Records => continue,
                Column::Period => {
                    period = (self.reading.period)(text.trim());
                    if period.is_none() {
                        self.wrong(
                            Some(name),
                            format!("`{text}` är ingen period; skriv 2022-03, 2022 eller 2022-03-01..2022-03-31"),
                            format!("`{text}` is no period; write 2022-03, 2022 or 2022-03-01..2022-03-31"),
                        );
                    }
                    continue;
                }
                Column::Region => match self.region(name, text) {
                    Some((value, constant)) => (value, Stated::Fixed(constant)),
                    None => continue,
                },
                Column::Fixed(value) => match self.fixed(name, *value, text) {
                    Some(constant) => (*value, Stated::Fixed(constant)),
                    None => continue,
                },
                Column::Filled(variable) => match self.filled(name, *variable, text, records) {
                    Some(said) => (self.profile.value_of[variable.0], said),
                    None => continue,
                },
            };
            if let Some((other, _)) = stated.get(&value) {
                self.wrong(
                    Some(name),
                    format!("raden säger redan något om samma värde i kolumnen `{other}`; lämna en av dem tom"),
                    format!("the row already says something of the same value in column `{other}`; leave one blank"),
                );
            } else {
                stated.insert(value, (name, said));
            }
        }
        let Some(records) = records.filter(|_| self.mistakes.len() == mistakes_before) else { return };
        let Some(end) = strata.records().checked_add(records) else {
            self.wrong(Some("records"), "summan av alla rader är för stor", "the sum of all rows is too large");
            return;
        };
        if records > 0 {
            let stated = stated.into_iter().map(|(value, (_, said))| (value, said)).collect();
            strata.list.push(Stratum { records, period, stated });
            strata.ends.push(end);
        }
    }

    fn count(&mut self, name: &str, text: &str) -> Option<u64> {
        let digits = text.trim();
        let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
        let count = digits.parse().ok().filter(|_| is_number);
        if count.is_none() {
            self.wrong(
                Some(name),
                format!("`{digits}` är inget antal; skriv ett heltal, 0 eller mer"),
                format!("`{digits}` is no count; write a whole number, 0 or more"),
            );
        }
        count
    }

    fn region(&mut self, name: &str, text: &str) -> Option<(usize, Constant)> {
        let number = match (self.reading.region)(text.trim()) {
            Ok(number) => number,
            Err(message) => {
                self.wrong(Some(name), message.sv, message.en);
                return None;
            }
        };
        let found = self.profile.region(&number);
        // A profile without regions is told once, at the header.
        if found.is_none() && self.profile.has_regions() {
            let id = &self.profile.collection().id;
            self.wrong(
                Some(name),
                format!("profilen för {id} har inte regionen `{text}`"),
                format!("the profile of {id} does not have the region `{text}`"),
            );
        }
        found
    }

    fn fixed(&mut self, name: &str, value: usize, text: &str) -> Option<Constant> {
        let constant = self.profile.constant(value, text);
        if constant.is_none() {
            let (sv, en) = if self.profile.values[value].is_time() {
                (
                    "är ingen tidpunkt; skriv till exempel 2022-03-01T08:00",
                    "is no point in time; write 2022-03-01T08:00",
                )
            } else {
                ("är inget som hjälpvärdet kan vara i profilen", "is nothing that the helper can be in the profile")
            };
            self.wrong(Some(name), format!("`{text}` {sv}"), format!("`{text}` {en}"));
        }
        constant
    }

    /// `records` is `None` where that is a mistake of its own.
    fn filled(&mut self, name: &str, variable: VariableIndex, text: &str, records: Option<u64>) -> Option<Stated> {
        let filled = self.count(name, text)?;
        let of = records?;
        if filled > of {
            self.wrong(
                Some(name),
                format!("{filled} ifyllda är fler än radens {of} poster"),
                format!("{filled} filled are more than the {of} records of the row"),
            );
            return None;
        }
        let index = self.profile.value_of[variable.0];
        if filled > 0 && self.profile.values[index].example.is_none() {
            self.wrong(
                Some(name),
                "schemat har inget giltigt exempel att fylla variabeln med",
                "the schema has no valid example to fill the variable with",
            );
            return None;
        }
        Some(Stated::Filled(Share { filled, of, shift: self.profile.turn(index) % of.max(1) }))
    }
}

/// The line that `row` begins on, 1-based. The reader counts from the blank lines before it.
fn line_of(row: &csv::StringRecord, text: &str) -> u64 {
    let Some(position) = row.position() else { return 0 };
    let start = usize::try_from(position.byte()).unwrap_or(usize::MAX);
    let rest = text.as_bytes().get(start..).unwrap_or_default();
    let skipped = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).filter(|byte| **byte == b'\n');
    position.line() + skipped.count() as u64
}

#[cfg(test)]
mod tests;
