//! Where rules, schemas and code lists come from: inside the binary, and folders laid over them.
//!
//! A folder given with `--schemas` or `--rules` is laid over the embedded files: a file of the same relative name
//! replaces the embedded one, any other is added. Only files ending in `.yaml` and `.csv` are taken.
//!
//! What is under `reference/` describes the tables that coverage is computed from (population, patient register, list
//! of deliveries). It is read in the same way but is no collection: [`schemas`] and [`rules`] leave it out, and
//! [`reference_schemas`] and [`reference_rules`] give nothing else, code lists and formats excepted.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use include_dir::{Dir, include_dir};

static SCHEMAS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/schemas");
static RULES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/rules");

/// Text files by relative name, such as `codelists/fas.csv`.
pub type Files = BTreeMap<String, File>;

/// One text file.
#[derive(Clone, Debug)]
pub struct File {
    /// What diagnostics call it.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// Why a folder could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AssetError {
    /// The operating system said no.
    #[error("`{}` cannot be read: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What it said.
        source: std::io::Error,
    },
    /// A rule, schema or code list that is no text.
    #[error("`{}` is not UTF-8: byte {byte} cannot be read", path.display())]
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// The first byte that is no text.
        byte: usize,
    },
    /// Neither rules nor schemas in a folder that was named for them.
    #[error("`{}` holds no .yaml or .csv files", .0.display())]
    NothingThere(PathBuf),
}

/// Every schema and every rule there is, those of reference tables included.
#[derive(Clone, Debug, Default)]
pub struct Assets {
    /// Schemas, formats and code lists.
    pub schemas: Files,
    /// Rules and measures.
    pub rules: Files,
}

impl Assets {
    /// The embedded ones, with folders laid over them.
    ///
    /// # Errors
    /// If a folder cannot be read.
    pub fn layered(schemas: Option<&Path>, rules: Option<&Path>) -> Result<Self, AssetError> {
        Ok(Self { schemas: layered(&SCHEMAS, "schemas", schemas)?, rules: layered(&RULES, "rules", rules)? })
    }

    /// Those of a folder that holds `rules/`, and nothing embedded; the embedded schemas where it has no `schemas/`.
    ///
    /// # Errors
    /// If the folder cannot be read, or has no rules.
    pub fn whole(folder: &Path) -> Result<Self, AssetError> {
        let read = |folder: &Path| {
            let (mut files, mut n_files) = (Files::new(), 0);
            walk(folder, folder, &mut files, &mut n_files)?;
            if n_files == 0 { Err(AssetError::NothingThere(folder.to_path_buf())) } else { Ok(files) }
        };
        let schemas = folder.join("schemas");
        Ok(Self {
            schemas: if schemas.is_dir() { read(&schemas)? } else { layered(&SCHEMAS, "schemas", None)? },
            rules: read(&folder.join("rules"))?,
        })
    }

    /// Whether a file is one of rules, schemas or code lists, by its name.
    pub fn is_asset(path: &Path) -> bool {
        is_asset(path)
    }

    /// Schemas and rules of collections.
    #[must_use]
    pub fn of_collections(&self) -> Self {
        Self { schemas: without_reference(self.schemas.clone()), rules: without_reference(self.rules.clone()) }
    }

    /// Schemas and rules of reference tables.
    #[must_use]
    pub fn of_tables(&self) -> Self {
        Self { schemas: only_reference_schemas(&self.schemas), rules: only_reference_rules(&self.rules) }
    }
}

/// The embedded schemas, with `folder` laid over them.
///
/// # Errors
/// If `folder` cannot be read.
pub fn schemas(folder: Option<&Path>) -> Result<Files, AssetError> {
    Ok(without_reference(layered(&SCHEMAS, "schemas", folder)?))
}

/// The schemas of reference tables, named as if `reference/` were the root, with the code lists and formats of all
/// schemas; `folder` is laid over the embedded ones.
///
/// # Errors
/// If `folder` cannot be read.
pub fn reference_schemas(folder: Option<&Path>) -> Result<Files, AssetError> {
    Ok(only_reference_schemas(&layered(&SCHEMAS, "schemas", folder)?))
}

/// The embedded rules, with `folder` laid over them.
///
/// # Errors
/// If `folder` cannot be read.
pub fn rules(folder: Option<&Path>) -> Result<Files, AssetError> {
    Ok(without_reference(layered(&RULES, "rules", folder)?))
}

/// The rules of reference tables, with `folder` laid over the embedded ones.
///
/// # Errors
/// If `folder` cannot be read.
pub fn reference_rules(folder: Option<&Path>) -> Result<Files, AssetError> {
    Ok(only_reference_rules(&layered(&RULES, "rules", folder)?))
}

/// Where schemas and rules of reference tables are.
const REFERENCE: &str = "reference/";

fn only_reference_schemas(all: &Files) -> Files {
    let mut reference = Files::new();
    for (name, file) in all {
        let name = match name.strip_prefix(REFERENCE) {
            // Would stand in the place of the formats of all.
            Some("formats.yaml") => name,
            Some(inside) => inside,
            None if name.starts_with("codelists/") || name == "formats.yaml" => name,
            None => continue,
        };
        reference.insert(name.to_owned(), file.clone());
    }
    reference
}

fn only_reference_rules(all: &Files) -> Files {
    all.iter()
        .filter(|(name, _)| name.starts_with(REFERENCE))
        .map(|(name, file)| (name.clone(), file.clone()))
        .collect()
}

fn without_reference(mut files: Files) -> Files {
    files.retain(|name, _| !name.starts_with(REFERENCE));
    files
}

fn layered(embedded: &Dir<'_>, label: &str, folder: Option<&Path>) -> Result<Files, AssetError> {
    let mut files = Files::new();
    embed(embedded, label, &mut files);
    if let Some(folder) = folder {
        let before = files.len();
        let mut added = 0;
        walk(folder, folder, &mut files, &mut added)?;
        if added == 0 && files.len() == before {
            return Err(AssetError::NothingThere(folder.to_path_buf()));
        }
    }
    Ok(files)
}

fn embed(dir: &Dir<'_>, label: &str, files: &mut Files) {
    for file in dir.files() {
        let name = file.path().to_string_lossy().replace('\\', "/");
        if let Some(text) = file.contents_utf8().filter(|_| is_asset(file.path())) {
            files.insert(name.clone(), File { name: format!("{label}/{name}"), text: text.to_owned() });
        }
    }
    for dir in dir.dirs() {
        embed(dir, label, files);
    }
}

fn walk(root: &Path, folder: &Path, files: &mut Files, added: &mut usize) -> Result<(), AssetError> {
    let io = |path: &Path| {
        let path = path.to_path_buf();
        move |source| AssetError::Io { path, source }
    };
    let mut entries =
        std::fs::read_dir(folder).map_err(io(folder))?.collect::<Result<Vec<_>, _>>().map_err(io(folder))?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        if path.is_dir() {
            walk(root, &path, files, added)?;
        } else if is_asset(&path) {
            let bytes = std::fs::read(&path).map_err(io(&path))?;
            let text = String::from_utf8(bytes)
                .map_err(|error| AssetError::NotUtf8 { path: path.clone(), byte: error.utf8_error().valid_up_to() })?;
            let relative = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
            files.insert(relative, File { name: path.display().to_string(), text });
            *added += 1;
        }
    }
    Ok(())
}

fn is_asset(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "yaml" || extension == "csv")
}
