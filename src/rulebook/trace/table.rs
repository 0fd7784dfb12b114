//! The model's table of variables, as somebody typed it off the annexes.

use std::collections::BTreeSet;

use crate::model::{Level, Text};

/// One row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableRow {
    /// The 1-based line of the file.
    pub line: u64,
    /// The collection's id.
    pub collection: String,
    /// The variable's id.
    pub variable: String,
    /// The level, in the table's own word.
    pub requirement: String,
    phases: BTreeSet<u32>,
}

/// Reads the table: CSV with the columns `collection`, `variable_id` and `requirement`, and perhaps `phases` (`1-5`,
/// `2,3`) to which the requirement is limited. Other columns are not looked at.
///
/// # Errors
/// In words: the text is no CSV, or lacks a column.
pub fn read_table(text: &str) -> Result<Vec<TableRow>, Text> {
    let text = text.trim_start_matches('\u{feff}');
    let delimiter = if text.lines().next().is_some_and(|line| line.contains(';')) { b';' } else { b',' };
    let mut reader = ::csv::ReaderBuilder::new().delimiter(delimiter).from_reader(text.as_bytes());
    let malformed =
        |error: ::csv::Error| Text::new(format!("ingen CSV-tabell: {error}"), format!("no CSV table: {error}"));
    let header = reader.headers().map_err(malformed)?.clone();
    let column = |name: &str| header.iter().position(|column| column.trim() == name);
    let required = |name: &str| {
        column(name)
            .ok_or_else(|| Text::new(format!("kolumnen `{name}` saknas"), format!("there is no column `{name}`")))
    };
    let (collection, variable, requirement) =
        (required("collection")?, required("variable_id")?, required("requirement")?);
    let phases = column("phases");
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(malformed)?;
        let cell = |index: usize| record.get(index).unwrap_or_default().trim().to_owned();
        rows.push(TableRow {
            line: record.position().map_or(0, ::csv::Position::line),
            collection: cell(collection),
            variable: cell(variable),
            requirement: cell(requirement),
            phases: phases.map(|index| phases_of(&cell(index))).unwrap_or_default(),
        });
    }
    Ok(rows)
}

/// `1-3,5` as 1, 2, 3 and 5; what is no phase is left out.
fn phases_of(text: &str) -> BTreeSet<u32> {
    text.split([',', ' '])
        .filter_map(|part| {
            let (first, last) = part.split_once(['-', '–']).unwrap_or((part, part));
            let (first, last): (u32, u32) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
            Some(first..=last.min(first.saturating_add(100)))
        })
        .flatten()
        .collect()
}

impl TableRow {
    /// The level that the row asks for; `None` where its word is none. What is mandatory in some phases only, of those
    /// that `table` knows for the collection, is mandatory under a condition.
    pub(super) fn level(&self, table: &[Self]) -> Option<Level> {
        let rows = table.iter().filter(|row| row.collection == self.collection);
        let all: BTreeSet<u32> = rows.flat_map(|row| row.phases.iter().copied()).collect();
        match self.requirement.as_str() {
            "mandatory" if self.phases != all => Some(Level::Conditional),
            "mandatory_conditional" => Some(Level::Conditional),
            "mandatory_if_available" => Some(Level::IfAvailable),
            word => Level::ALL.into_iter().find(|level| level.as_str() == word),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_mandatory_in_some_phases_is_conditional() {
        let table = read_table(
            "collection,variable_id,requirement,phases,more\na,x,mandatory,1-3,\na,y,mandatory,\"2,3\",\nb,z,mandatory,,\na,w,maybe,1-3,\n",
        )
        .expect("a table");
        let levels: Vec<Option<Level>> = table.iter().map(|row| row.level(&table)).collect();
        assert_eq!(levels, [Some(Level::Mandatory), Some(Level::Conditional), Some(Level::Mandatory), None]);
        assert_eq!(table[1].line, 3);
    }

    #[test]
    fn a_table_without_its_columns_is_refused() {
        assert!(read_table("collection;variable_id\na;b\n").is_err_and(|text| text.en.contains("`requirement`")));
        assert!(read_table("collection,variable_id,requirement\na\n").is_err());
    }
}
