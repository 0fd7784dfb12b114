//! What can be wrong with a reference table, told in both languages, with file and row.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::County;
use crate::model::{Position, RuleId, Text};
use crate::submission::InputError;

/// Flaws that an error shows; the others are counted.
pub const SHOWN_FLAWS: usize = 20;

/// Characters of a value that are shown.
const SHOWN_CHARACTERS: usize = 60;

/// Why a reference table cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReferenceError {
    /// It cannot be opened or read on.
    #[error(transparent)]
    Input(#[from] InputError),
    /// Columns are missing.
    #[error("{}", columns(path, table, missing, unknown).en)]
    Columns {
        /// The file.
        path: PathBuf,
        /// What the table is called.
        table: Text,
        /// What no column holds.
        missing: Vec<Text>,
        /// Columns that are not known, with the nearest variable without a column; empty where no column is known.
        unknown: Vec<(String, Option<String>)>,
    },
    /// Rows are wrong.
    #[error("{}", flawed(path, table, flaws, *total).en)]
    Flawed {
        /// The file.
        path: PathBuf,
        /// What the table is called.
        table: Text,
        /// The first [`SHOWN_FLAWS`], in the order of the file.
        flaws: Vec<Flaw>,
        /// How many there are.
        total: u64,
    },
    /// The table has no number for a region and year that one is needed for.
    #[error("{}", no_number(source_text, *county, region, *year, years).en)]
    NoNumber {
        /// Where the numbers are from.
        source_text: Text,
        /// The region.
        county: County,
        /// Its name.
        region: String,
        /// The year.
        year: i32,
        /// The years that there are numbers of for the region.
        years: Vec<i32>,
    },
}

impl ReferenceError {
    /// What a person is told, in both languages.
    pub fn text(&self) -> Text {
        match self {
            Self::Input(error) => error.text(),
            Self::Columns { path, table, missing, unknown } => columns(path, table, missing, unknown),
            Self::Flawed { path, table, flaws, total } => flawed(path, table, flaws, *total),
            Self::NoNumber { source_text, county, region, year, years } => {
                no_number(source_text, *county, region, *year, years)
            }
        }
    }
}

/// One thing wrong at one place of a reference table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// What sort of flaw.
    pub kind: FlawKind,
    /// The row; none of it where the flaw is of the whole table.
    pub position: Position,
    /// The cells that are wrong, the most important first.
    pub cells: Vec<Cell>,
    /// What is wrong.
    pub what: Text,
    /// What to do about it.
    pub help: Option<Text>,
}

/// What sort of flaw.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FlawKind {
    /// A rule of `rules/reference/`, or one that follows from a schema, is violated.
    Rule(RuleId),
    /// The same thing was stated on an earlier row.
    Duplicate {
        /// The earlier row.
        first: Position,
    },
    /// A total is below the sum of its parts.
    ImpossibleTotal {
        /// As stated.
        total: u64,
        /// Of its parts.
        sum: u64,
    },
    /// The list of deliveries names a collection that does not exist.
    UnknownCollection,
    /// A value that rules let pass and that cannot be used all the same, as when a user's rules replace the embedded ones.
    Unusable,
}

/// A cell as shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// As a spreadsheet would say, such as `B7`; only the letters for a header, `None` for a file without lines.
    pub address: Option<String>,
    /// The variable, or the header's own name where no variable is known.
    pub variable: String,
    /// Empty where blank.
    pub value: String,
}

impl Flaw {
    /// Place and flaw on one line: `post 3, rad 4, B4 folkmangd = -5: …`.
    pub fn text(&self) -> Text {
        let words = |record: &str, line: &str, column: &str, blank: &str, what: &str, help: Option<&str>| {
            let mut parts = place_words(self.position, record, line);
            for cell in &self.cells {
                let address = cell.address.as_deref().unwrap_or_default();
                let value = match (self.position.row, cell.value.as_str()) {
                    (None, _) => String::new(),
                    (Some(_), "") => blank.to_owned(),
                    (Some(_), value) => format!("= {}", shown(value)),
                };
                let name = shown(&cell.variable);
                // A header may be blank, and a file without lines has no addresses.
                let column = if self.position.row.is_none() { column } else { "" };
                let words = [column, address, name.as_str(), value.as_str()];
                parts.push(words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" "));
            }
            let place = parts.join(", ");
            let help = help.map(|help| format!(". {help}")).unwrap_or_default();
            if place.is_empty() { format!("{what}{help}") } else { format!("{place}: {what}{help}") }
        };
        Text::new(
            words("post", "rad", "kolumn", "är tom", &self.what.sv, self.help.as_ref().map(|help| help.sv.as_str())),
            words(
                "record",
                "line",
                "column",
                "is blank",
                &self.what.en,
                self.help.as_ref().map(|help| help.en.as_str()),
            ),
        )
    }
}

/// `post 3, rad 4` in both languages.
pub(super) fn place(position: Position) -> Text {
    Text::new(place_words(position, "post", "rad").join(", "), place_words(position, "record", "line").join(", "))
}

fn place_words(position: Position, record: &str, line: &str) -> Vec<String> {
    [(position.row, record), (position.line, line)]
        .into_iter()
        .filter_map(|(number, word)| number.map(|number| format!("{word} {number}")))
        .collect()
}

/// A value of a file on one line, without characters that could forge other lines or colour the terminal.
pub(super) fn shown(value: &str) -> String {
    let mut shown: String = value.chars().take(SHOWN_CHARACTERS).flat_map(char::escape_debug).collect();
    if value.chars().nth(SHOWN_CHARACTERS).is_some() {
        shown.push('…');
    }
    shown
}

fn columns(path: &Path, table: &Text, missing: &[Text], unknown: &[(String, Option<String>)]) -> Text {
    let words = |table: &str, lacks: &str, and: &str, missing: Vec<&str>, unknown_words: &str, meant: &str| {
        let unknown: Vec<String> = unknown
            .iter()
            .map(|(name, nearest)| {
                let nearest = nearest.as_ref().map(|nearest| format!(" ({meant} `{nearest}`?)")).unwrap_or_default();
                format!("`{}`{nearest}", shown(name))
            })
            .collect();
        let missing = missing.join(and);
        let unknown =
            if unknown.is_empty() { String::new() } else { format!("; {unknown_words}: {}", unknown.join(", ")) };
        format!("`{}` ({table}): {lacks} {missing}{unknown}", path.display())
    };
    Text::new(
        words(
            &table.sv,
            "ingen kolumn för",
            " och ingen för ",
            missing.iter().map(|text| text.sv.as_str()).collect(),
            "okända kolumner",
            "menade du",
        ),
        words(
            &table.en,
            "no column for",
            " and none for ",
            missing.iter().map(|text| text.en.as_str()).collect(),
            "unknown columns",
            "did you mean",
        ),
    )
}

fn flawed(path: &Path, table: &Text, flaws: &[Flaw], total: u64) -> Text {
    let words = |table: &str, errors: &str, and: &str, more: &str, lines: Vec<String>| {
        let rest = total.saturating_sub(lines.len() as u64);
        let mut text = format!("`{}` ({table}): {total} {errors}", path.display());
        for line in lines {
            text.push_str("\n  ");
            text.push_str(&line);
        }
        if rest > 0 {
            // Writing into a string cannot fail.
            let _ = write!(text, "\n  … {and} {rest} {more}");
        }
        text
    };
    let lines: Vec<Text> = flaws.iter().map(Flaw::text).collect();
    Text::new(
        words(&table.sv, "fel", "och", "till", lines.iter().map(|line| line.sv.clone()).collect()),
        words(
            &table.en,
            if total == 1 { "error" } else { "errors" },
            "and",
            "more",
            lines.iter().map(|line| line.en.clone()).collect(),
        ),
    )
}

fn no_number(source: &Text, county: County, region: &str, year: i32, years: &[i32]) -> Text {
    let words = |none: &str, has: &str, nothing: &str| {
        let has = match years {
            [] => nothing.to_owned(),
            years => format!("{has} {}", years.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")),
        };
        format!("{none}; {has}")
    };
    Text::new(
        words(
            &format!("{} har inget tal för {region} (länskod {county}) {year}", source.sv),
            "för regionen finns",
            "regionen finns inte alls",
        ),
        words(
            &format!("{} has no number for {region} (county code {county}) in {year}", source.en),
            "of the region there is",
            "the region is not there at all",
        ),
    )
}
