//! What the tests of the readers share: small collections, temporary files, and records as plain values.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tempfile::TempDir;

use super::{InputError, InputFile, ReadOptions, ScanRequest, ScanSummary};
use crate::model::{Severity, SourceReference, Text, VariableIndex};
use crate::schema::{Collection, Detect, Domain, Schemas, Variable};
use crate::table::{Batch, FaultKind, Raw};

/// A variable that repeats where `separators` are given.
pub(super) fn variable(id: &str, name: &str, aliases: &[&str], separators: &str) -> Variable {
    Variable {
        id: id.to_owned(),
        name: Text::new(name, ""),
        area: String::new(),
        description: Text::default(),
        aliases: aliases.iter().map(|alias| (*alias).to_owned()).collect(),
        domain: Domain::Text { format: None, max_length: None, official_list: None },
        separators: separators.as_bytes().to_vec(),
        missing_codes: Vec::new(),
        identifies_person: false,
        fold: None,
        history: None,
        value_severity: Severity::Error,
        valid_examples: Vec::new(),
        invalid_examples: Vec::new(),
        source: SourceReference::default(),
        extra: false,
    }
}

pub(super) fn collection(id: &str, variables: Vec<Variable>) -> Collection {
    Collection {
        id: id.to_owned(),
        prefix: "T".to_owned(),
        title: Text::default(),
        source: SourceReference::default(),
        folds: None,
        detect: Detect::default(),
        key: Vec::new(),
        region: None,
        record_date: None,
        stock: false,
        unit: None,
        breakdown: None,
        variables,
        layouts: Vec::new(),
    }
}

pub(super) fn schemas(collections: impl IntoIterator<Item = Collection>) -> Schemas {
    let by_id = collections.into_iter().map(|collection| (collection.id.clone(), Arc::new(collection)));
    Schemas { collections: by_id.collect(), ..Schemas::default() }
}

/// One collection `t` of variables without any properties.
pub(super) fn plain_schemas(ids: &[&str]) -> Schemas {
    schemas([collection("t", ids.iter().map(|id| variable(id, "", &[], "")).collect())])
}

/// A file that is gone with its folder.
pub(super) fn file(name: &str, bytes: impl AsRef<[u8]>) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    (folder, path)
}

/// One record as read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) row: u64,
    pub(super) line: Option<u64>,
    pub(super) sheet_row: Option<u64>,
    /// One a variable.
    pub(super) values: Vec<Option<String>>,
    pub(super) faults: Vec<FaultKind>,
    /// Its bytes, of text files.
    pub(super) raw: Option<Vec<u8>>,
}

impl Record {
    /// The records of a batch.
    pub(super) fn all(batch: &Batch) -> Vec<Self> {
        (0..batch.n_rows)
            .map(|row| {
                let position = batch.positions.at(row);
                let text = |value: &[u8]| String::from_utf8(value.to_vec()).expect("batches hold UTF-8");
                let raw = match &batch.raw {
                    Raw::Text { bytes, starts, ends } => Some(bytes[starts[row] as usize..ends[row] as usize].to_vec()),
                    Raw::None | Raw::Arrow(_) => None,
                };
                let columns = batch.columns.iter();
                Self {
                    row: position.row.unwrap(),
                    line: position.line,
                    sheet_row: position.sheet_row,
                    values: columns.map(|column| column.as_ref().map(|column| text(column.value(row)))).collect(),
                    faults: batch
                        .faults
                        .iter()
                        .filter(|fault| fault.row == row)
                        .map(|fault| fault.kind.clone())
                        .collect(),
                    raw,
                }
            })
            .collect()
    }
}

/// Every record of a file and the summary, with all variables wanted.
pub(super) fn records(
    file: &InputFile,
    schemas: &Schemas,
    raw: bool,
) -> Result<(Vec<Record>, ScanSummary), InputError> {
    let collection = &schemas.collections[&file.collection];
    let request = ScanRequest { wanted: vec![true; collection.variables.len()], raw };
    let mut records = Vec::new();
    let mut fold = |batch: Vec<Record>| {
        records.extend(batch);
        Ok(())
    };
    let map = |batch: Batch| Record::all(&batch);
    let summary = file.scan(collection, &request, &AtomicBool::new(false), &|_| {}, &map, &mut fold)?;
    Ok((records, summary))
}

/// Opens with nothing stated.
pub(super) fn open(name: &str, bytes: impl AsRef<[u8]>, schemas: &Schemas) -> Result<(TempDir, InputFile), InputError> {
    open_with(name, bytes, schemas, &ReadOptions::default())
}

pub(super) fn open_with(
    name: &str,
    bytes: impl AsRef<[u8]>,
    schemas: &Schemas,
    options: &ReadOptions,
) -> Result<(TempDir, InputFile), InputError> {
    let (folder, path) = file(name, bytes);
    Ok((folder, InputFile::open(&path, schemas, options)?))
}

/// The variable at a place.
pub(super) fn at(index: usize) -> VariableIndex {
    VariableIndex(index)
}
