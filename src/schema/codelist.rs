//! Code lists: which codes exist, from when until when, and which spellings mean the same.
//!
//! Lists are CSV files with the columns `code,text_sv,text_en,valid_from,valid_to,same_as` and any further attribute
//! columns. A code may have several rows where no day is in two of them: what its attributes are then depends on the day
//! (limits that are revised). Embedded lists come from `schemas/codelists/`; official lists (ICD-10-SE, KVÅ) are loaded from a file that
//! the user names, where only a code column is needed (`code`, `kod`, or the first).
//!
//! Comments before the header may say what people call the list, and its attributes, so that rules can be told in words:
//! `# name: SCB:s länskoder | Statistics Sweden's county codes` and
//! `# column orgnr: organisationsnumret | the organisation number`.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

use crate::model::Text;
use crate::time;

/// All code lists, by name.
#[derive(Clone, Debug, Default)]
pub struct Codelists {
    lists: BTreeMap<String, Arc<Codelist>>,
}

impl Codelists {
    /// The list called `name`.
    pub fn get(&self, name: &str) -> Option<&Arc<Codelist>> {
        self.lists.get(name)
    }

    /// Adds or replaces a list.
    pub fn insert(&mut self, name: impl Into<String>, list: Codelist) {
        self.lists.insert(name.into(), Arc::new(list));
    }

    /// The names of all lists.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.lists.keys().map(String::as_str)
    }
}

/// One code list.
#[derive(Clone, Debug, Default)]
pub struct Codelist {
    entries: Vec<Entry>,
    by_code: HashMap<Vec<u8>, usize, foldhash::fast::FixedState>,
    columns: Vec<String>,
    name: Option<Text>,
    column_names: BTreeMap<String, Text>,
}

/// One code.
#[derive(Clone, Debug, Default)]
pub struct Entry {
    /// As written in the list.
    pub code: String,
    /// In Swedish.
    pub text_sv: String,
    /// In English.
    pub text_en: String,
    /// The index of the code that this is another spelling of.
    canonical: Option<usize>,
    periods: Vec<Period>,
}

/// One row of a code: when it is valid, and what its attributes then are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Period {
    /// First valid day, days since 1970-01-01.
    pub from: Option<i64>,
    /// Last valid day, days since 1970-01-01.
    pub to: Option<i64>,
    attributes: Vec<String>,
}

impl Period {
    /// Whether `day` (days since 1970-01-01) is in it.
    pub fn contains(&self, day: i64) -> bool {
        self.from.is_none_or(|from| from <= day) && self.to.is_none_or(|to| day <= to)
    }

    /// Whether it is not all time.
    pub fn is_dated(&self) -> bool {
        self.from.is_some() || self.to.is_some()
    }

    /// The attribute in `column`; `None` where the cell is blank.
    pub fn attribute(&self, column: usize) -> Option<&str> {
        self.attributes.get(column).map(String::as_str).filter(|text| !text.is_empty())
    }

    fn overlaps(&self, other: &Self) -> bool {
        let starts_before =
            |one: &Self, end: Option<i64>| one.from.is_none_or(|from| end.is_none_or(|end| from <= end));
        starts_before(self, other.to) && starts_before(other, self.to)
    }
}

impl Entry {
    /// True where the code is not valid for all time.
    pub fn is_dated(&self) -> bool {
        self.periods.iter().any(Period::is_dated)
    }

    /// Whether the code is valid on `day` (days since 1970-01-01).
    pub fn is_valid_on(&self, day: i64) -> bool {
        self.periods.iter().any(|period| period.contains(day))
    }

    /// Its rows, in the order of the file.
    pub fn periods(&self) -> &[Period] {
        &self.periods
    }
}

/// Why a code list could not be loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CodelistError {
    /// The operating system said no.
    #[error("code list `{path}` cannot be read: {source}")]
    Io {
        /// The file.
        path: String,
        /// What it said.
        source: std::io::Error,
    },
    /// The file is not a code list.
    #[error("code list `{name}`: {message}")]
    Malformed {
        /// The list's name.
        name: String,
        /// Line and mistake.
        message: String,
    },
}

impl Codelist {
    /// The entry of `code`, whichever spelling.
    #[inline]
    pub fn find(&self, code: &[u8]) -> Option<&Entry> {
        self.by_code.get(code).map(|index| &self.entries[*index])
    }

    /// The canonical spelling of `code`; `None` where it is not in the list.
    #[inline]
    pub fn canonical(&self, code: &[u8]) -> Option<&str> {
        self.find(code)
            .map(|entry| entry.canonical.map_or(entry.code.as_str(), |index| self.entries[index].code.as_str()))
    }

    /// The attribute column called `name`, for [`Codelist::attribute`].
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column == name)
    }

    /// What people call the list, as a plural: "the regions' organisation numbers".
    pub fn name(&self) -> Option<&Text> {
        self.name.as_ref()
    }

    /// The attribute column at `column`, and what people call it.
    pub fn column_name(&self, column: usize) -> Option<(&str, Option<&Text>)> {
        let id = self.columns.get(column)?;
        Some((id, self.column_names.get(id)))
    }

    /// The names of the attribute columns.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(String::as_str)
    }

    /// The attribute of `code` in `column`; `None` where code or cell is missing. Another spelling has the
    /// attributes of its canonical code. Of a code with several rows, the first one's.
    pub fn attribute(&self, code: &[u8], column: usize) -> Option<&str> {
        self.periods(code).first()?.attribute(column)
    }

    /// The rows of `code`, or of the code that it is another spelling of; none where it is not in the list.
    pub fn periods(&self, code: &[u8]) -> &[Period] {
        let Some(entry) = self.find(code) else { return &[] };
        &entry.canonical.map_or(entry, |index| &self.entries[index]).periods
    }

    /// Whether a code is not valid for all time.
    pub fn is_dated(&self) -> bool {
        self.entries.iter().any(Entry::is_dated)
    }

    /// The first code that has several rows.
    pub fn repeated_code(&self) -> Option<&str> {
        self.entries.iter().find(|entry| entry.periods.len() > 1).map(|entry| entry.code.as_str())
    }

    /// Every entry, in file order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Every code, in file order, other spellings left out.
    pub fn codes(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().filter(|entry| entry.canonical.is_none()).map(|entry| entry.code.as_str())
    }

    /// A list in which `characters` are left out of every code, for lists whose codes are written with and without
    /// dots. Of two codes that become one, the first is kept.
    #[must_use]
    pub fn without_characters(&self, characters: &[u8]) -> Self {
        let mut list = self.clone();
        list.by_code.clear();
        for (index, entry) in list.entries.iter().enumerate() {
            let code = entry.code.bytes().filter(|byte| !characters.contains(byte)).collect();
            list.by_code.entry(code).or_insert(index);
        }
        list
    }

    /// Reads a list called `name` from CSV text.
    ///
    /// # Errors
    /// If the text is no CSV, has no code column, repeats a code for one day, has a date that is none, or a `same_as`
    /// that names no code.
    pub fn parse(name: &str, text: &str) -> Result<Self, CodelistError> {
        let malformed = |message: String| CodelistError::Malformed { name: name.to_owned(), message };
        let text = text.trim_start_matches('\u{feff}');
        let body_start =
            text.lines().take_while(|line| line.starts_with('#')).map(|line| line.len() + 1).sum::<usize>();
        let skipped_lines = text.lines().take_while(|line| line.starts_with('#')).count();
        let body = text.get(body_start..).unwrap_or_default();
        let first = body.lines().next().unwrap_or_default();
        let delimiter = if first.contains(';') {
            b';'
        } else if first.contains('\t') {
            b'\t'
        } else {
            b','
        };
        let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).flexible(false).from_reader(body.as_bytes());
        let header: Vec<String> = reader
            .headers()
            .map_err(|error| malformed(error.to_string()))?
            .iter()
            .map(|column| column.trim().to_lowercase())
            .collect();
        let column = |names: &[&str]| header.iter().position(|column| names.contains(&column.as_str()));
        let code_column = column(&["code", "kod"]).unwrap_or(0);
        let named = [
            column(&["text_sv", "benämning", "benamning", "text"]),
            column(&["text_en"]),
            column(&["valid_from", "giltig_fran", "giltig_från"]),
            column(&["valid_to", "giltig_till"]),
            column(&["same_as"]),
        ];
        let attribute_columns: Vec<usize> =
            (0..header.len()).filter(|index| *index != code_column && !named.contains(&Some(*index))).collect();
        let mut list =
            Self { columns: attribute_columns.iter().map(|index| header[*index].clone()).collect(), ..Self::default() };
        for comment in text.lines().take(skipped_lines) {
            let Some((key, names)) = comment.trim_start_matches('#').trim().split_once(": ") else { continue };
            let Some((sv, en)) = names.split_once(" | ") else { continue };
            let names = Text::new(sv.trim(), en.trim());
            match key.strip_prefix("column ") {
                Some(column) => drop(list.column_names.insert(column.trim().to_lowercase(), names)),
                None if key == "name" => list.name = Some(names),
                None => {}
            }
        }
        let mut spellings = Vec::new();
        for record in reader.records() {
            let record = record.map_err(|error| malformed(error.to_string()))?;
            let line =
                record.position().map_or(0, |position| usize::try_from(position.line()).unwrap_or(0)) + skipped_lines;
            let cell = |index: Option<usize>| index.and_then(|index| record.get(index)).unwrap_or_default().trim();
            let day = |text: &str| match text {
                "" => Ok(None),
                text => time::parse_day(text)
                    .map(Some)
                    .ok_or_else(|| malformed(format!("line {line}: `{text}` is not a date like 2022-01-03"))),
            };
            let code = cell(Some(code_column)).to_owned();
            if code.is_empty() {
                return Err(malformed(format!("line {line}: no code")));
            }
            let period = Period {
                from: day(cell(named[2]))?,
                to: day(cell(named[3]))?,
                attributes: attribute_columns.iter().map(|index| cell(Some(*index)).to_owned()).collect(),
            };
            if let Some(known) = list.by_code.get(code.as_bytes()) {
                let periods = &mut list.entries[*known].periods;
                if periods.iter().any(|other| other.overlaps(&period)) {
                    return Err(malformed(format!("line {line}: code `{code}` is there twice")));
                }
                if !cell(named[4]).is_empty() {
                    return Err(malformed(format!("line {line}: `{code}` has rows already, and cannot be a spelling")));
                }
                periods.push(period);
                continue;
            }
            let entry = Entry {
                text_sv: cell(named[0]).to_owned(),
                text_en: cell(named[1]).to_owned(),
                canonical: None,
                periods: vec![period],
                code: code.clone(),
            };
            let index = list.entries.len();
            list.by_code.insert(code.clone().into_bytes(), index);
            if !cell(named[4]).is_empty() {
                spellings.push((index, cell(named[4]).to_owned(), line));
            }
            list.entries.push(entry);
        }
        for (index, target, line) in spellings {
            let found = list.by_code.get(target.as_bytes()).copied();
            let found = found
                .filter(|target| *target != index)
                .ok_or_else(|| malformed(format!("line {line}: same_as `{target}` is no other code of the list")))?;
            list.entries[index].canonical = Some(found);
        }
        if list.entries.is_empty() {
            return Err(malformed("no codes".to_owned()));
        }
        Ok(list)
    }

    /// Reads a list from a file the user names.
    ///
    /// # Errors
    /// If the file cannot be read, or as [`Codelist::parse`]. Text that is not UTF-8 is read as Windows-1252.
    pub fn read(name: &str, path: &Path) -> Result<Self, CodelistError> {
        let bytes =
            std::fs::read(path).map_err(|source| CodelistError::Io { path: path.display().to_string(), source })?;
        let text = match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => encoding_rs::WINDOWS_1252.decode(error.as_bytes()).0.into_owned(),
        };
        Self::parse(name, &text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_dates_and_attributes() {
        let list = Codelist::parse("t", "# source\ncode,text_sv,text_en,valid_from,valid_to,same_as,lan\nJA,ja,yes,,,,01\nNEJ,nej,no,,2006-12-31,,\n1,ja,yes,,,JA,\n").expect("well-formed");
        assert_eq!(list.canonical(b"1"), Some("JA"));
        assert_eq!(list.canonical(b"2"), None);
        assert!(
            list.find(b"NEJ")
                .is_some_and(|entry| entry.is_dated() && !entry.is_valid_on(13_514) && entry.is_valid_on(13_513))
        );
        let column = list.column("lan").expect("declared");
        assert_eq!((list.attribute(b"1", column), list.attribute(b"NEJ", column)), (Some("01"), None));
        assert_eq!(list.codes().collect::<Vec<_>>(), ["JA", "NEJ"]);
    }

    #[test]
    fn comments_say_what_people_call_a_list_and_its_columns() {
        let list = Codelist::parse(
            "t",
            "# Source: a | b\n# name: länen | the counties\n# column lan: län | county\ncode,lan,x\n01,a,b\n",
        )
        .expect("well-formed");
        assert_eq!(list.name(), Some(&Text::new("länen", "the counties")));
        assert_eq!(list.column_name(0), Some(("lan", Some(&Text::new("län", "county")))));
        assert_eq!((list.column_name(1), list.column_name(2)), (Some(("x", None)), None));
        assert_eq!(Codelist::parse("t", "# name: bara svenska\ncode\n1\n").expect("well-formed").name(), None);
    }

    #[test]
    fn a_code_may_have_a_row_for_each_period() {
        let text = "code,valid_from,valid_to,dagar\nA,2016-01-01,2023-12-31,28\nA,2024-01-01,,35\nB,,,7\n";
        let list = Codelist::parse("t", text).expect("well-formed");
        let on = |day: &str| {
            let day = time::parse_day(day).expect("a day");
            list.periods(b"A").iter().find(|period| period.contains(day)).and_then(|period| period.attribute(0))
        };
        assert_eq!(["2015-12-31", "2023-12-31", "2024-01-01"].map(on), [None, Some("28"), Some("35")]);
        assert_eq!((list.codes().count(), list.repeated_code(), list.is_dated()), (2, Some("A"), true));
        let entry = list.find(b"A").expect("a code");
        assert!(!entry.is_valid_on(0) && entry.is_valid_on(18_000) && entry.is_valid_on(20_000));
        for rows in
            ["A,2016-01-01,2024-01-01\nA,2024-01-01,\n", "A,,\nA,2024-01-01,\n", "A,,2020-01-01\nA,,2024-01-01\n"]
        {
            let message = Codelist::parse("t", &format!("code,valid_from,valid_to\n{rows}")).expect_err("overlap");
            assert!(message.to_string().contains("line 3: code `A` is there twice"), "{message}");
        }
    }

    #[test]
    fn official_lists_need_only_codes() {
        let list = Codelist::parse("icd10se", "kod;har_underkod\nA00.0;1\nA001;0\n")
            .expect("well-formed")
            .without_characters(b".");
        assert!(list.find(b"A000").is_some() && list.find(b"A001").is_some() && list.find(b"A00.0").is_none());
    }

    #[test]
    fn mistakes_name_their_line() {
        for (text, expected) in [
            ("# c\ncode\nA\nA\n", "line 4: code `A` is there twice"),
            ("code,valid_to\nA,nyss\n", "line 2: `nyss` is not a date"),
            ("code,same_as\nA,B\n", "line 2: same_as `B`"),
            ("code\n", "no codes"),
        ] {
            let message = Codelist::parse("t", text).expect_err("mistake").to_string();
            assert!(message.contains(expected), "{message}");
        }
    }
}
