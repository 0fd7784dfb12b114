//! Opens a file: what it is, how it is written, and which collection it belongs to.
//!
//! Responsible for telling Parquet from text and text from anything else, for detecting delimiter, encoding and
//! header line, and (in [`header`]) for choosing the collection and mapping columns to variables. Looks at the first
//! [`SAMPLE_BYTES`] only. Deliberately reads no records.

mod encoding;
mod header;

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::str::FromStr;

use memchr::{memchr, memchr_iter};

use super::csv::split::{self, without_line_end};
use super::csv::tokenize::{Fields, Quoting};
use super::csv::{Dialect, Start};
use super::{Format, InputError, InputFile, ReadOptions, parquet};
use crate::model::Text;
use crate::schema::Schemas;
use crate::table::Positions;

pub use encoding::Encoding;
pub use header::normalise;
pub(super) use header::{Identified, identify};

/// How much of a file is looked at; a header must end within it.
pub(super) const SAMPLE_BYTES: usize = 1 << 20;

const UTF8_MARK: &[u8] = b"\xEF\xBB\xBF";

/// What stands between the fields of a text file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delimiter {
    /// `;`
    Semicolon,
    /// `,`
    Comma,
    /// The tab character.
    Tab,
    /// `|`
    Pipe,
}

impl Delimiter {
    /// Every delimiter, the likeliest first.
    pub const ALL: [Self; 4] = [Self::Semicolon, Self::Comma, Self::Tab, Self::Pipe];

    /// The character itself.
    pub fn byte(self) -> u8 {
        match self {
            Self::Semicolon => b';',
            Self::Comma => b',',
            Self::Tab => b'\t',
            Self::Pipe => b'|',
        }
    }

    /// What a person and machine formats call it: the character, or `tab`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Semicolon => ";",
            Self::Comma => ",",
            Self::Tab => "tab",
            Self::Pipe => "|",
        }
    }
}

impl fmt::Display for Delimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Delimiter {
    type Err = InputError;

    /// The character, its name, or `\t`.
    fn from_str(text: &str) -> Result<Self, InputError> {
        match text.to_lowercase().as_str() {
            ";" | "semicolon" | "semikolon" => Ok(Self::Semicolon),
            "," | "comma" | "komma" => Ok(Self::Comma),
            "\t" | "\\t" | "tab" | "tabb" => Ok(Self::Tab),
            "|" | "pipe" => Ok(Self::Pipe),
            _ => Err(InputError::BadOption(Text::new(
                format!("okänd avgränsare `{text}`; de som finns är `;`, `,`, `tab` och `|`"),
                format!("unknown delimiter `{text}`; known are `;`, `,`, `tab` and `|`"),
            ))),
        }
    }
}

/// Opens `path`; see [`InputFile::open`].
///
/// # Errors
/// Every way in which a file cannot be a submission; see [`InputError`].
pub fn open(path: &Path, schemas: &Schemas, options: &ReadOptions) -> Result<InputFile, InputError> {
    let metadata = std::fs::metadata(path).map_err(|error| InputError::io(path, error))?;
    if !metadata.is_file() {
        let kind = if metadata.is_dir() { "a folder" } else { "not an ordinary file" };
        return Err(InputError::io(path, std::io::Error::new(std::io::ErrorKind::InvalidInput, kind)));
    }
    let file = File::open(path).map_err(|error| InputError::io(path, error))?;
    let mut sample = Vec::new();
    (&file).take(SAMPLE_BYTES as u64).read_to_end(&mut sample).map_err(|error| InputError::io(path, error))?;
    if sample.is_empty() {
        return Err(InputError::Empty(path.to_path_buf()));
    }
    let named_parquet = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("parquet"));
    if named_parquet || sample.starts_with(parquet::MAGIC) {
        return parquet::open(path, metadata.len(), &sample, schemas, options);
    }
    let at_end = sample.len() as u64 >= metadata.len();
    open_text(path, metadata.len(), &sample, at_end, schemas, options)
}

fn open_text(
    path: &Path,
    size: u64,
    sample: &[u8],
    at_end: bool,
    schemas: &Schemas,
    options: &ReadOptions,
) -> Result<InputFile, InputError> {
    if let Some(reason) = binary_reason(sample) {
        return Err(InputError::Binary { path: path.to_path_buf(), reason });
    }
    let byte_order_mark = sample.starts_with(UTF8_MARK);
    let mark = if byte_order_mark { UTF8_MARK.len() } else { 0 };
    let text = &sample[mark..];
    let encoding = options.encoding.unwrap_or_else(|| Encoding::detect(text));

    let stated = options.delimiter.or_else(|| stated_delimiter(text));
    let mut best: Option<(HeaderLine, Delimiter, usize)> = None;
    let mut failure = None;
    for delimiter in Delimiter::ALL.into_iter().filter(|delimiter| stated.is_none_or(|stated| stated == *delimiter)) {
        let header = match read_header(path, text, at_end, delimiter, encoding) {
            Ok(header) => header,
            Err(error) => {
                failure.get_or_insert(error);
                continue;
            }
        };
        let known = header::most_known(&header.names, schemas, options)?;
        let is_better = best
            .as_ref()
            .is_none_or(|(other, _, other_known)| (known, header.names.len()) > (*other_known, other.names.len()));
        if is_better {
            best = Some((header, delimiter, known));
        }
    }
    // What cannot be read with one delimiter may be nonsense with another: if none knows a column, the mistake counts.
    let (header, delimiter) = match (best, failure) {
        (Some((header, delimiter, known)), failure) if known > 0 || failure.is_none() => (header, delimiter),
        (_, Some(failure)) => return Err(failure),
        (_, None) => return Err(InputError::Empty(path.to_path_buf())),
    };
    let Identified { header: columns, column_of, layout, row_column_of, collection, collection_source } =
        identify(path, &header.names, schemas, options)?;
    let mut start = header.start;
    start.byte += mark as u64;
    Ok(InputFile {
        path: path.to_path_buf(),
        size,
        format: Format::Csv { delimiter, encoding, byte_order_mark },
        header: columns,
        column_of,
        layout,
        row_column_of,
        collection,
        collection_source,
        statement: super::Statement::default(),
        chunk_bytes: options.chunk_bytes,
        batch_rows: options.batch_rows,
        start,
    })
}

/// Why `sample` is no text that can be read, if it is not.
fn binary_reason(sample: &[u8]) -> Option<Text> {
    const KINDS: [(&[u8], &str, &str); 8] = [
        (b"\xFF\xFE", "UTF-16-text: spara som UTF-8", "UTF-16 text: save it as UTF-8"),
        (b"\xFE\xFF", "UTF-16-text: spara som UTF-8", "UTF-16 text: save it as UTF-8"),
        (
            b"PK\x03\x04",
            "ser ut som ett ZIP-arkiv eller en XLSX-arbetsbok: packa upp, eller spara bladet som CSV",
            "looks like a ZIP archive or XLSX workbook: unpack it, or save the sheet as CSV",
        ),
        (b"\x1F\x8B", "ser ut som ett gzip-arkiv: packa upp det först", "looks like a gzip archive: unpack it first"),
        (
            b"\x28\xB5\x2F\xFD",
            "ser ut som ett Zstandard-arkiv: packa upp det först",
            "looks like a Zstandard archive: unpack it first",
        ),
        (
            b"\xD0\xCF\x11\xE0",
            "ser ut som en äldre Excel-arbetsbok (XLS): spara bladet som CSV",
            "looks like an old Excel workbook (XLS): save the sheet as CSV",
        ),
        (b"%PDF", "ser ut som ett PDF-dokument", "looks like a PDF document"),
        (
            b"PARE",
            "ser ut som en krypterad Parquetfil, som inte kan läsas",
            "looks like an encrypted Parquet file, which cannot be read",
        ),
    ];
    if let Some((_, sv, en)) = KINDS.iter().find(|(magic, ..)| sample.starts_with(magic)) {
        return Some(Text::new(*sv, *en));
    }
    let zero = memchr(0, sample)?;
    // Text in UTF-16 without a mark: every other byte of its Latin letters is 0.
    let zeros = sample.iter().take(64).filter(|byte| **byte == 0).count();
    let (sv, en) = if zeros * 5 >= sample.len().min(64) * 2 {
        ("; UTF-16-text måste sparas som UTF-8", "; UTF-16 text must be saved as UTF-8")
    } else {
        ("", "")
    };
    Some(Text::new(format!("byte 0 på plats {zero}{sv}"), format!("byte 0 at offset {zero}{en}")))
}

/// The delimiter of a first line such as `sep=;`, by which Excel is told.
fn stated_delimiter(text: &[u8]) -> Option<Delimiter> {
    let line = &text[..memchr(b'\n', text).map_or(text.len(), |line_feed| line_feed + 1)];
    let line = &line[..without_line_end(line)];
    match line {
        [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', delimiter] => {
            Delimiter::ALL.into_iter().find(|known| known.byte() == *delimiter)
        }
        _ => None,
    }
}

/// The header of a text file, read with some delimiter.
struct HeaderLine {
    /// Trimmed.
    names: Vec<String>,
    /// Where the first record begins, counted from the start of the text.
    start: Start,
}

fn read_header(
    path: &Path,
    text: &[u8],
    at_end: bool,
    delimiter: Delimiter,
    encoding: Encoding,
) -> Result<HeaderLine, InputError> {
    let bad = |sv: String, en: String| InputError::BadHeader { path: path.to_path_buf(), message: Text::new(sv, en) };
    let dialect = Dialect { max_record: SAMPLE_BYTES, ..Dialect::new(delimiter) };
    let split = split::split(text, at_end, dialect, 1, 1);
    let header = usize::from(stated_delimiter(text).is_some());
    let (Some(&start), Some(&end)) = (split.starts.get(header), split.ends.get(header)) else {
        return Err(if at_end {
            InputError::Empty(path.to_path_buf())
        } else {
            bad(
                format!("den slutar inte inom {SAMPLE_BYTES} byte"),
                format!("it does not end within {SAMPLE_BYTES} bytes"),
            )
        });
    };
    let (start, end) = (start as usize, end as usize);
    let record = &text[..start + without_line_end(&text[start..end])];
    let mut names = Vec::new();
    for (index, field) in Fields::new(record, start, dialect).enumerate() {
        if field.quoting == Quoting::Unclosed {
            return Err(bad(
                format!("citattecknet som inleder kolumn {} stängs aldrig", index + 1),
                format!("the quotation mark that opens column {} is never closed", index + 1),
            ));
        }
        let name = field.value(record);
        if !matches!(field.quoting, Quoting::Quoted { .. }) && name.contains(&b'\r') {
            return Err(bad(
                "den innehåller en ensam vagnretur: rader måste sluta med LF eller CRLF (äldre Macintosh-radslut kan inte \
                 läsas)"
                    .to_owned(),
                "it contains a lone carriage return: lines must end in LF or CRLF (old Macintosh line ends cannot be read)"
                    .to_owned(),
            ));
        }
        names.push(encoding.decode(&name).text.trim().to_owned());
    }
    let position = Positions { first_row: 0, lines: split.lines, unfolded: None }.at(header);
    let broken = memchr_iter(b'\n', &record[start..]).count() as u64;
    let start = Start {
        byte: end as u64,
        line: position.line.unwrap_or(1) + broken + 1,
        sheet_row: position.sheet_row.unwrap_or(1) + 1,
    };
    Ok(HeaderLine { names, start })
}

#[cfg(test)]
mod tests;
