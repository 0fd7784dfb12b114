//! Opens submissions: finds files, detects how they are written, and hands their records out in batches.
//!
//! Responsible for file patterns and folders ([`find`]), for detecting delimiter, encoding, header and collection
//! ([`InputFile::open`]), and for scanning records in parallel ([`InputFile::scan`]). A record that is badly written
//! becomes a [`Fault`](crate::table::Fault) of its batch, never an error and never lost. Deliberately knows nothing
//! of rules.
//!
//! # How a scan runs
//!
//! A file is read in parts that every thread takes when it is done with another ([`pump`]). Results are folded in file
//! order, so that what comes out is the same for any number of threads. Memory is bounded by the parts in flight.

pub mod csv;
pub mod detect;
pub mod find;
pub mod parquet;
mod pump;
#[cfg(test)]
mod testing;
pub mod unfold;
pub(crate) mod view;

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use crate::model::{County, Text};
use crate::schema::{Collection, Schemas};
use crate::table::Batch;
use crate::time::Month;

pub use detect::{Delimiter, Encoding};

/// How it is known which collection a file is of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum CollectionSource {
    /// By its header.
    Header,
    /// The user said so.
    #[default]
    Option,
    /// By the file's name.
    FileName,
    /// A list of deliveries says so.
    List,
}

impl CollectionSource {
    /// The word used in machine formats.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Header => "header",
            Self::Option => "option",
            Self::FileName => "file_name",
            Self::List => "list",
        }
    }
}

/// How files are to be read, where the user overrides detection.
#[derive(Clone, Debug, Default)]
pub struct ReadOptions {
    /// The collection's id; detected from the header where `None`.
    pub collection: Option<String>,
    /// How `collection` is known.
    pub collection_source: CollectionSource,
    /// The CSV delimiter; detected where `None`.
    pub delimiter: Option<Delimiter>,
    /// The CSV encoding; detected where `None`.
    pub encoding: Option<Encoding>,
    /// Extra header names: `(name in the file, variable id)`.
    pub columns: Vec<(String, String)>,
    /// Bytes of a CSV chunk; 0 means the default. Results do not depend on it.
    pub chunk_bytes: usize,
    /// Records of a Parquet batch; 0 means the default. Results do not depend on it.
    pub batch_rows: usize,
}

/// What a file turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Format {
    /// Separated text.
    Csv {
        /// Between fields.
        delimiter: Delimiter,
        /// Of the text.
        encoding: Encoding,
        /// Whether the file starts with a byte order mark.
        byte_order_mark: bool,
    },
    /// Apache Parquet.
    Parquet {
        /// Records, as the file's footer states.
        records: u64,
    },
}

/// One column of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderColumn {
    /// As written in the file, trimmed.
    pub name: String,
    /// The id of the variable it holds, or of the column of the file's layout; `None` where the name is unknown to the
    /// collection.
    pub variable: Option<String>,
    /// For an unknown name, the id of the nearest variable that no other column holds.
    pub nearest: Option<String>,
}

/// One file of a submission, opened and detected but not yet read.
#[derive(Clone, Debug)]
pub struct InputFile {
    /// As the user named it, or as found in a folder.
    pub path: PathBuf,
    /// Bytes.
    pub size: u64,
    /// Detected or stated.
    pub format: Format,
    /// Physical columns, in order.
    pub header: Vec<HeaderColumn>,
    /// Variable → physical column; one entry a variable of the schema. For a variable that columns of a layout give,
    /// the first of those.
    pub column_of: Vec<Option<usize>>,
    /// The layout of its rows, by its place in the collection; `None` where each row is a record.
    pub layout: Option<usize>,
    /// Column of the layout's rows → physical column; empty where there is no layout.
    pub row_column_of: Vec<Option<usize>>,
    /// The collection's id.
    pub collection: String,
    /// How it is known which collection it is.
    pub collection_source: CollectionSource,
    /// What was said about it beforehand.
    pub statement: Statement,
    /// Batch sizes asked for.
    pub(crate) chunk_bytes: usize,
    /// See [`ReadOptions::batch_rows`].
    pub(crate) batch_rows: usize,
    /// Where the first record of a text file begins.
    pub(crate) start: csv::Start,
}

/// What was said about a file beforehand, such as in a list of deliveries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statement {
    /// The month it is about.
    pub month: Option<Month>,
    /// Whether that was stated, rather than read out of the file's name: only then are records checked against it.
    pub is_listed: bool,
    /// The region it is from: county, and organisation number.
    pub region: Option<(County, String)>,
    /// The day it was received, days since 1970-01-01.
    pub received: Option<i64>,
    /// How many records it should have.
    pub records: Option<u64>,
    /// Whether it was delivered earlier, and is only what the submission is compared with.
    pub is_earlier: bool,
}

/// What a scan is to deliver.
#[derive(Clone, Debug)]
pub struct ScanRequest {
    /// The variables whose columns are wanted; one entry a variable of the schema.
    pub wanted: Vec<bool>,
    /// Whether the records are wanted unchanged, too.
    pub raw: bool,
}

/// What a scan read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ScanSummary {
    /// Records, broken ones included.
    pub records: u64,
    /// Rows of the file; fewer than records where a row holds several.
    pub rows: u64,
    /// Entirely empty lines, which are no records.
    pub blank_lines: u64,
}

/// Why an input could not be read, or was refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InputError {
    /// The operating system said no.
    #[error("`{}`: cannot be read: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What it said.
        source: std::io::Error,
    },
    /// No such file, and no pattern that matches one.
    #[error("`{0}`: no such file or folder, and no file matches it as a pattern")]
    NotFound(String),
    /// A folder or pattern without any submission.
    #[error("`{}`: holds no submissions (files ending in .csv, .txt, .tsv or .parquet)", .0.display())]
    NoSubmissions(PathBuf),
    /// A bad pattern.
    #[error("`{pattern}`: not a file pattern: {message}")]
    BadPattern {
        /// As typed.
        pattern: String,
        /// What is wrong.
        message: String,
    },
    /// Zero bytes (or only a byte order mark or empty lines).
    #[error("`{}`: the file is empty: not even a header", .0.display())]
    Empty(PathBuf),
    /// Not text, whatever its name says.
    #[error("`{}`: not a text file ({})", path.display(), reason.en)]
    Binary {
        /// The file.
        path: PathBuf,
        /// How that was seen, such as `byte 0 at offset 17` or `looks like a ZIP archive or XLSX workbook`.
        reason: Text,
    },
    /// Two columns for one variable, or two columns of one name.
    #[error("`{}`: columns {first} and {second} both hold `{name}`", path.display())]
    DuplicateColumn {
        /// The file.
        path: PathBuf,
        /// The variable or the name.
        name: String,
        /// 1-based column.
        first: usize,
        /// 1-based column.
        second: usize,
    },
    /// Too many records have one key for their group to be put together.
    #[error("too many records have one and the same key: their group cannot be put together")]
    GroupTooLarge,
    /// No collection has columns like these.
    #[error("`{}`: no collection has a header like this one ({})", path.display(), detail.en)]
    UnknownHeader {
        /// The file.
        path: PathBuf,
        /// The best candidates and how many columns they know.
        detail: Text,
    },
    /// `--collection` names none.
    #[error("unknown collection `{name}`; known are {known}")]
    UnknownCollection {
        /// As typed.
        name: String,
        /// All of them.
        known: String,
    },
    /// An option about columns names something that is not there.
    #[error("{}", .0.en)]
    BadOption(Text),
    /// A Parquet file that is cut off, damaged, or has a column of a type that cannot be a value.
    #[error("`{}`: {message}", path.display())]
    Parquet {
        /// The file.
        path: PathBuf,
        /// Row group or column, and the reader's own words.
        message: String,
    },
    /// The header has a quotation mark that is never closed, or is over 1 MiB long, or the like.
    #[error("`{}`: the header cannot be read: {}", path.display(), message.en)]
    BadHeader {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        message: Text,
    },
    /// One record is larger than can be held.
    #[error("`{}`: the record on line {line} is over {limit} bytes long", path.display())]
    RecordTooLong {
        /// The file.
        path: PathBuf,
        /// Physical line.
        line: u64,
        /// The limit.
        limit: usize,
    },
    /// The user asked to stop.
    #[error("interrupted")]
    Interrupted,
    /// A result could not be passed on; the cause is the consumer's own.
    #[error("{0}")]
    Consumer(Box<dyn std::error::Error + Send + Sync>),
}

impl InputError {
    /// What a person is told, in both languages.
    pub fn text(&self) -> Text {
        let sv = match self {
            Self::Io { path, source } => format!("`{}` kan inte läsas: {source}", path.display()),
            Self::NotFound(name) => format!("`{name}` finns inte, varken som fil, mapp eller mönster"),
            Self::NoSubmissions(path) => format!(
                "`{}` innehåller inga leveranser (filer som slutar på .csv, .txt, .tsv eller .parquet)",
                path.display()
            ),
            Self::BadPattern { pattern, message } => format!("`{pattern}` är inget giltigt filmönster: {message}"),
            Self::Empty(path) => format!("`{}` är tom: inte ens en rubrikrad", path.display()),
            Self::Binary { path, reason } => {
                format!("`{}` är ingen textfil ({}). Spara som CSV (UTF-8) och försök igen", path.display(), reason.sv)
            }
            Self::DuplicateColumn { path, name, first, second } => {
                format!("`{}`: kolumn {first} och kolumn {second} är båda `{name}`; ta bort den ena", path.display())
            }
            Self::GroupTooLarge => {
                "alltför många poster har samma nyckel: gruppen kan inte föras samman. Kontrollera kolumnerna som posterna grupperas efter".to_owned()
            }
            Self::UnknownHeader { path, detail } => format!(
                "`{}`: ingen insamling har en sådan rubrik ({}). Ange --collection eller rätta rubriken",
                path.display(),
                detail.sv
            ),
            Self::UnknownCollection { name, known } => format!("okänd insamling `{name}`; de som finns är {known}"),
            Self::BadOption(message) => message.sv.clone(),
            Self::Parquet { path, message } => format!("`{}` kan inte läsas som Parquet: {message}", path.display()),
            Self::BadHeader { path, message } => {
                format!("`{}`: rubriken kan inte läsas: {}", path.display(), message.sv)
            }
            Self::RecordTooLong { path, line, limit } => {
                format!("`{}`: posten på rad {line} är längre än {limit} byte", path.display())
            }
            Self::Interrupted => "avbruten".to_owned(),
            Self::Consumer(cause) => cause.to_string(),
        };
        Text::new(sv, self.to_string())
    }

    /// Wraps an error of the operating system with the file it concerns.
    pub fn io(path: &Path, source: std::io::Error) -> Self {
        Self::Io { path: path.to_path_buf(), source }
    }
}

impl InputFile {
    /// Opens `path`, detects how it is written and which collection it is, and maps its columns.
    ///
    /// # Errors
    /// Every way in which a file cannot be a submission; see [`InputError`].
    pub fn open(path: &Path, schemas: &Schemas, options: &ReadOptions) -> Result<Self, InputError> {
        detect::open(path, schemas, options)
    }

    /// How many records it has, about, before it is read; rather too many.
    pub fn estimated_records(&self) -> u64 {
        match self.format {
            Format::Csv { .. } => self.size / 100,
            Format::Parquet { records } => records,
        }
    }

    /// Reads every record once: `map` sees batches in parallel and in any order, `fold` their results in file order.
    ///
    /// A batch's `positions.first_row` counts records, also where a row holds several.
    ///
    /// `progress` is told how many bytes of the file (or of the like, for Parquet) have been taken in since last time.
    /// `stop` is looked at between parts.
    ///
    /// # Errors
    /// If the file cannot be read on, if `fold` fails, or [`InputError::Interrupted`].
    pub fn scan<R: Send>(
        &self,
        collection: &Collection,
        request: &ScanRequest,
        stop: &AtomicBool,
        progress: &(dyn Fn(u64) + Sync),
        map: &(dyn Fn(Batch) -> R + Sync),
        fold: &mut dyn FnMut(R) -> Result<(), InputError>,
    ) -> Result<ScanSummary, InputError> {
        if let Some(layout) = self.layout {
            return unfold::scan(self, layout, collection, request, stop, progress, map, fold);
        }
        match self.format {
            Format::Csv { .. } => csv::scan(self, collection, request, stop, progress, map, fold),
            Format::Parquet { .. } => parquet::scan(self, collection, request, stop, progress, map, fold),
        }
    }
}
