//! Names of tables as users type them.

use std::str::FromStr;

/// The name of a table, possibly within a schema and a catalog.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TableName {
    parts: Vec<String>,
}

/// A text that names no table.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the name of a table: write table, schema.table or \"any name\"")]
pub struct NotATable(String);

impl TableName {
    /// Catalog, schema and table, as far as stated; never empty.
    pub fn parts(&self) -> &[String] {
        &self.parts
    }
}

impl FromStr for TableName {
    type Err = NotATable;

    /// Reads parts divided by dots; a part in quotation marks or backticks may hold dots, and a doubled mark is one.
    fn from_str(text: &str) -> Result<Self, NotATable> {
        let failed = || NotATable(text.to_owned());
        let (mut parts, mut rest) = (Vec::new(), text);
        loop {
            let mut part = String::new();
            let quote = rest.chars().next().filter(|first| matches!(first, '"' | '`'));
            if let Some(quote) = quote {
                rest = &rest[1..];
                loop {
                    let (inside, behind) = rest.split_once(quote).ok_or_else(failed)?;
                    part.push_str(inside);
                    rest = behind;
                    match rest.strip_prefix(quote) {
                        Some(behind) => {
                            part.push(quote);
                            rest = behind;
                        }
                        None => break,
                    }
                }
            } else {
                let end = rest.find('.').unwrap_or(rest.len());
                part.push_str(&rest[..end]);
                rest = &rest[end..];
            }
            if part.trim().is_empty() || part.chars().any(char::is_control) {
                return Err(failed());
            }
            parts.push(part);
            if rest.is_empty() {
                return Ok(Self { parts });
            }
            rest = rest.strip_prefix('.').ok_or_else(failed)?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_part_by_part() {
        for (text, parts) in [
            ("kontakter", &["kontakter"][..]),
            ("lake.vantetider.kontakter", &["lake", "vantetider", "kontakter"]),
            ("\"mars 2022.csv\"", &["mars 2022.csv"]),
            ("parquet.`/data/å.parquet`", &["parquet", "/data/å.parquet"]),
            ("\"a\"\"b\".`c``d`", &["a\"b", "c`d"]),
            ("x'; DROP TABLE y; --", &["x'; DROP TABLE y; --"]),
        ] {
            assert_eq!(
                text.parse::<TableName>().map(|name| name.parts),
                Ok(parts.iter().map(|part| (*part).to_owned()).collect())
            );
        }
        for text in ["", ".", "a.", ".a", "\"a", "\"a\"b", "a..b", "``", " ", "a\nb"] {
            assert_eq!(text.parse::<TableName>(), Err(NotATable(text.to_owned())));
        }
    }
}
