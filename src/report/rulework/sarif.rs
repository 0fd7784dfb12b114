//! SARIF 2.1.0 for code scanning: one result a remark, one rule a code.
//!
//! Columns count UTF-16 code units, which is said in the file. A result's fingerprint is made of its code, its file, its
//! message and the text of its line, not of the line's number, so that it stays the same result when lines above it
//! come and go.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};

use serde_json::{Value, json};

use super::{RuleworkOptions, catalogue};
use crate::diag::{Place, Weight};
use crate::model::Fingerprint;
use crate::rulebook::outcome::{Outcome, Remark};

/// Writes it.
///
/// # Errors
/// If `out` cannot be written.
pub fn write(outcome: &Outcome, options: &RuleworkOptions, out: &mut dyn Write) -> io::Result<()> {
    let remarks = outcome.remarks();
    let mut codes: Vec<&str> = remarks.iter().map(|remark| remark.code).collect();
    codes.sort_unstable();
    codes.dedup();
    let rules: Vec<Value> = codes.iter().map(|code| rule(code)).collect();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let results: Vec<Value> = remarks.iter().map(|remark| result(remark, &codes, &mut seen, options)).collect();
    let log = json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "vantkoll",
                "version": env!("CARGO_PKG_VERSION"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            } },
            "columnKind": "utf16CodeUnits",
            "originalUriBaseIds": { "%SRCROOT%": { "description": { "text": "The folder the command was run in." } } },
            "results": results,
        }],
    });
    serde_json::to_writer_pretty(&mut *out, &log)?;
    writeln!(out)
}

fn rule(code: &str) -> Value {
    let description = catalogue::describe(code);
    json!({
        "id": code,
        "name": code.split("::").flat_map(|part| part.split('_')).map(capitalised).collect::<String>(),
        "shortDescription": { "text": description },
        "help": { "text": description },
    })
}

fn capitalised(word: &str) -> String {
    let mut characters = word.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

fn result(remark: &Remark, codes: &[&str], seen: &mut BTreeMap<String, usize>, options: &RuleworkOptions) -> Value {
    let lines = std::iter::once(&remark.message).chain(&remark.details).chain(&remark.help);
    let text: Vec<&str> = lines.map(|line| line.en.as_str()).collect();
    let mut result = json!({
        "ruleId": remark.code,
        "ruleIndex": codes.binary_search(&remark.code).unwrap_or_default(),
        "level": match remark.weight { Weight::Error => "error", Weight::Warning => "warning" },
        "message": { "text": text.join("\n") },
        "partialFingerprints": { "vantkoll/v1": fingerprint(remark, seen, options) },
    });
    if let Some(place) = &remark.place {
        result["locations"] = json!([{ "physicalLocation": location(place, options) }]);
    }
    if let Some((place, label)) = &remark.second {
        result["relatedLocations"] =
            json!([{ "id": 1, "physicalLocation": location(place, options), "message": { "text": label } }]);
    }
    result
}

fn location(place: &Place, options: &RuleworkOptions) -> Value {
    let (start, end) = place.in_utf16();
    let file = options.file(place);
    let artifact = if std::path::Path::new(&file).is_absolute() || file.contains(":/") {
        json!({ "uri": format!("file://{}{}", if file.starts_with('/') { "" } else { "/" }, encoded(&file)) })
    } else {
        json!({ "uri": encoded(&file), "uriBaseId": "%SRCROOT%" })
    };
    json!({
        "artifactLocation": artifact,
        "region": {
            "startLine": start.line,
            "startColumn": start.column,
            "endLine": end.line,
            "endColumn": end.column,
        },
    })
}

/// What the characters of a path look like in a URI.
fn encoded(path: &str) -> String {
    let mut out = String::new();
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing into a string cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// Sixteen hexadecimal digits, and a number where a file has several results that are otherwise the same.
fn fingerprint(remark: &Remark, seen: &mut BTreeMap<String, usize>, options: &RuleworkOptions) -> String {
    let mut fingerprint = Fingerprint::default();
    fingerprint.text(remark.code);
    fingerprint.text(&remark.message.en);
    for detail in &remark.details {
        fingerprint.text(&detail.en);
    }
    if let Some(place) = &remark.place {
        fingerprint.text(&options.file(place));
        let line = place.source.text().lines().nth(place.start().line - 1).unwrap_or_default();
        fingerprint.text(line.trim());
    }
    let hex = fingerprint.hex();
    let n = seen.entry(hex.clone()).or_default();
    *n += 1;
    format!("{hex}:{n}")
}
