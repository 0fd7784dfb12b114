//! Plain vocabulary: rule and variable ids, severities, verdicts, positions, findings and tallies.
//!
//! Responsible for the words that every other module speaks (`Severity`, `Verdict`, `Finding` …) and for
//! merging counts. Deliberately knows nothing of files, Arrow, YAML or output formats: it does no I/O and
//! implements no serialisation, so a report format cannot change by accident.

use std::fmt;

/// The stable, permanent name of a rule, such as `SVG-0101` or `SVG-K-fas`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleId(pub String);

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The place of a rule in its plan; dense, starts at 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleIndex(pub usize);

/// The place of a variable in its collection's schema; dense, starts at 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VariableIndex(pub usize);

/// The place of a waiver in its file; dense, starts at 0. People count from 1: see [`WaiverIndex::number`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WaiverIndex(pub usize);

impl WaiverIndex {
    /// The number that reports name it by, from 1.
    pub fn number(self) -> u64 {
        self.0 as u64 + 1
    }
}

/// A 1-based record number within one file. The header is not a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Row(pub u64);

/// A 1-based physical line within one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Line(pub u64);

/// The place of a file in the submission; dense, starts at 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileIndex(pub usize);

/// How much a violated rule matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing; nothing has to be done.
    Note,
    /// Probably wrong; the record is still used.
    Warning,
    /// Wrong; the register leaves the record out.
    Error,
}

impl Severity {
    /// The machine word: `error`, `warning` or `note`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }

    /// What a person reads, in lower case.
    pub fn word(self, language: Language) -> &'static str {
        match self {
            Self::Error => language.pick("fel", "error"),
            Self::Warning => language.pick("varning", "warning"),
            Self::Note => language.pick("upplysning", "note"),
        }
    }

    /// Every severity, gravest first.
    pub const ALL: [Self; 3] = [Self::Error, Self::Warning, Self::Note];
}

/// The requirement level of a variable, in the reporting models' own words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Obligatorisk.
    Mandatory,
    /// Villkorat obligatorisk: required where a stated condition is true.
    Conditional,
    /// Obligatorisk om tillgänglig: measured, never a finding of a record.
    IfAvailable,
    /// Frivillig.
    Voluntary,
    /// Hämtas separat: not expected in the submission.
    FetchedSeparately,
    /// Ingår ej: must not be in the submission.
    NotIncluded,
}

impl Level {
    /// Every level, in the order of the reporting models.
    pub const ALL: [Self; 6] = [
        Self::Mandatory,
        Self::Conditional,
        Self::IfAvailable,
        Self::Voluntary,
        Self::FetchedSeparately,
        Self::NotIncluded,
    ];

    /// The word used in YAML and machine formats.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mandatory => "mandatory",
            Self::Conditional => "conditional",
            Self::IfAvailable => "if_available",
            Self::Voluntary => "voluntary",
            Self::FetchedSeparately => "fetched_separately",
            Self::NotIncluded => "not_included",
        }
    }

    /// What a person reads, in one or two words: the reporting models' own, shortened for tables.
    pub fn word(self, language: Language) -> &'static str {
        match self {
            Self::Mandatory => language.pick("obligatorisk", "mandatory"),
            Self::Conditional => language.pick("villkorad", "conditional"),
            Self::IfAvailable => language.pick("om tillgänglig", "if available"),
            Self::Voluntary => language.pick("frivillig", "voluntary"),
            Self::FetchedSeparately => language.pick("hämtas separat", "separate source"),
            Self::NotIncluded => language.pick("ingår ej", "not included"),
        }
    }
}

/// SCB's county code (länskod) of a region, two digits: 01 is Stockholm, 25 Norrbotten.
///
/// Not the waiting-times message's `Regionkod`, although several numbers exist in both.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct County([u8; 2]);

impl County {
    /// The county with this code; `None` where the text is not two digits.
    pub fn new(code: &str) -> Option<Self> {
        let digits: [u8; 2] = code.as_bytes().try_into().ok()?;
        digits.iter().all(u8::is_ascii_digit).then_some(Self(digits))
    }

    /// The two digits.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl std::fmt::Display for County {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::fmt::Debug for County {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "County({self})")
    }
}

/// A hash (FNV-1a) that is the same on every machine and in every version: it names what something was made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint(u64);

impl Default for Fingerprint {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Fingerprint {
    /// Adds bytes.
    pub fn bytes(&mut self, bytes: impl IntoIterator<Item = u8>) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    /// Adds a text and its end, so that no two texts run into one.
    pub fn text(&mut self, text: &str) {
        self.bytes(text.bytes().chain([0]));
    }

    /// 16 hexadecimal digits.
    pub fn hex(self) -> String {
        format!("{:016x}", self.0)
    }
}

/// A text in both languages of the product.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct Text {
    /// Swedish.
    pub sv: String,
    /// English.
    pub en: String,
}

impl Text {
    /// Builds a text from its two languages.
    pub fn new(sv: impl Into<String>, en: impl Into<String>) -> Self {
        Self { sv: sv.into(), en: en.into() }
    }

    /// The text in `language`.
    pub fn get(&self, language: Language) -> &str {
        language.pick(&self.sv, &self.en)
    }
}

/// The language of what a person reads. Codes and ids are the same in both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Language {
    /// Svenska, the default.
    #[default]
    Swedish,
    /// English.
    English,
}

impl Language {
    /// The one of two texts that is in this language.
    pub fn pick<T>(self, sv: T, en: T) -> T {
        match self {
            Self::Swedish => sv,
            Self::English => en,
        }
    }
}

/// Where a rule or a variable is laid down.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct SourceReference {
    /// The document's title, with issuer or year.
    pub document: String,
    /// The place within it.
    pub place: String,
}

/// What one rule says of one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// The rule applies and holds.
    Satisfied,
    /// The rule applies and does not hold.
    Violated,
    /// The rule's condition is false for this record.
    NotApplicable,
    /// An input is blank or unreadable, or the rule could not be looked at.
    NotChecked,
}

impl Verdict {
    /// The verdict of a condition and an assertion, each true, false or neither.
    pub fn of(applies: Option<bool>, holds: Option<bool>) -> Self {
        match (applies, holds) {
            (Some(false), _) => Self::NotApplicable,
            (Some(true), Some(true)) => Self::Satisfied,
            (Some(true), Some(false)) => Self::Violated,
            (None, _) | (_, None) => Self::NotChecked,
        }
    }

    /// The word used in test cases and machine formats.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Satisfied => "satisfied",
            Self::Violated => "violated",
            Self::NotApplicable => "not_applicable",
            Self::NotChecked => "not_checked",
        }
    }
}

/// How many records got each verdict of one rule. The four add up to the records read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VerdictCounts {
    /// Records where the rule holds.
    pub satisfied: u64,
    /// Records where it does not.
    pub violated: u64,
    /// Records it does not speak of.
    pub not_applicable: u64,
    /// Records where it could not be decided.
    pub not_checked: u64,
}

impl VerdictCounts {
    /// Adds the counts of another part of the same submission.
    pub fn merge(&mut self, other: &Self) {
        self.satisfied += other.satisfied;
        self.violated += other.violated;
        self.not_applicable += other.not_applicable;
        self.not_checked += other.not_checked;
    }

    /// All records counted.
    pub fn total(&self) -> u64 {
        self.satisfied + self.violated + self.not_applicable + self.not_checked
    }
}

/// The five-way account of one variable's values. The six counts add up to the records read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// An ordinary value.
    pub filled: u64,
    /// A declared code that says none or not applicable.
    pub negative: u64,
    /// A declared code that says unknown.
    pub unknown: u64,
    /// Blank where the level allows it, or where its condition could not be decided.
    pub blank_allowed: u64,
    /// Blank where the level requires a value.
    pub blank_required: u64,
    /// The record itself could not be divided into columns.
    pub unreadable: u64,
}

impl Account {
    /// Adds the account of another part of the same submission.
    pub fn merge(&mut self, other: &Self) {
        self.filled += other.filled;
        self.negative += other.negative;
        self.unknown += other.unknown;
        self.blank_allowed += other.blank_allowed;
        self.blank_required += other.blank_required;
        self.unreadable += other.unreadable;
    }

    /// All records counted.
    pub fn total(&self) -> u64 {
        self.filled + self.negative + self.unknown + self.blank_allowed + self.blank_required + self.unreadable
    }
}

/// Why a rule could not be looked at in a whole file or run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Skipped {
    /// The file has no column for this variable.
    MissingColumn(String),
    /// The official code list was not given (`--codelist`).
    CodelistNotLoaded(String),
}

/// Where in a file a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Position {
    /// The record, where the finding is about one.
    pub row: Option<u64>,
    /// The physical line the record starts on, in text files.
    pub line: Option<u64>,
    /// The row a spreadsheet would show it in, in text files.
    pub sheet_row: Option<u64>,
    /// The byte offset within the file, for bytes that cannot be read.
    pub byte: Option<u64>,
}

/// A value as shown in a finding: masked already where its variable identifies a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownValue {
    /// The variable, or the header's own column name where no variable is known.
    pub variable: String,
    /// The column's letters in a spreadsheet, where the file has columns.
    pub column: Option<String>,
    /// The value; empty where blank.
    pub value: String,
}

/// One violated rule at one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub rule: RuleIndex,
    /// The file.
    pub file: FileIndex,
    /// The place in it.
    pub position: Position,
    /// The record's key, variable by variable, masked where needed.
    pub key: String,
    /// The variables to correct, the most important first.
    pub faulty: Vec<ShownValue>,
    /// The variables that made the rule apply.
    pub triggers: Vec<ShownValue>,
    /// A number the rule shows, such as days waited, or a text about the structure.
    pub detail: Option<Detail>,
    /// The waiver that covers it, if any.
    pub waiver: Option<WaiverIndex>,
    /// The records of the group that it is about, where it is about a group.
    pub members: Option<Members>,
    /// Whose record it is about, where that is asked for.
    pub origin: Option<Origin>,
}

/// Whose a record is.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    /// The reporter: the region that the file is stated to be of, else the one that the record names; `None` where neither
    /// is known.
    pub region: Option<County>,
    /// The care unit; blank where the collection has none or the record names none.
    pub unit: String,
}

/// The records of a group, as a finding names them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Members {
    /// How many there are.
    pub total: u64,
    /// The numbers of the first ones, from 1, as far as they are in the finding's file; those of their rows, each once,
    /// where a row holds several records.
    pub rows: Vec<u64>,
}

/// What a finding shows beyond the values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Detail {
    /// A number, with the unit the rule declares.
    Number(i64),
    /// Something about this place, in both languages.
    Text(Text),
}

/// The letters a spreadsheet gives to the 0-based column `index`: `A`, …, `Z`, `AA`, ….
pub fn column_letters(index: usize) -> String {
    let mut letters = Vec::new();
    let mut rest = index + 1;
    while rest > 0 {
        let digit = u8::try_from((rest - 1) % 26).unwrap_or(0);
        letters.push(b'A' + digit);
        rest = (rest - 1) / 26;
    }
    letters.reverse();
    String::from_utf8(letters).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn column_letters_count_as_a_spreadsheet_does() {
        let of = |index| column_letters(index);
        assert_eq!(
            (of(0), of(25), of(26), of(701), of(702)),
            ("A".into(), "Z".into(), "AA".into(), "ZZ".into(), "AAA".into())
        );
    }
}
