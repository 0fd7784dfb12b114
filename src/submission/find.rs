//! Finds the files of a submission: files, folders and patterns as the user typed them.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::InputError;

/// How submissions in a folder are named.
const EXTENSIONS: [&str; 4] = ["csv", "txt", "tsv", "parquet"];

/// The files that `patterns` name, in their order; what one pattern or folder names is sorted, and each file is taken
/// once, however often it is named.
///
/// A pattern is a file, a folder (all submissions in it and in its folders, hidden ones excepted), or, if nothing has
/// that very name, a glob such as `leveranser/*.csv` (`*`, `**`, `?`, `[…]`).
///
/// # Errors
/// If something named does not exist, holds no submissions, or cannot be looked at.
pub fn find(patterns: &[String]) -> Result<Vec<PathBuf>, InputError> {
    let mut files = Files::default();
    for pattern in patterns {
        let path = Path::new(pattern);
        if path.try_exists().map_err(|error| InputError::io(path, error))? {
            files.add_named(path)?;
            continue;
        }
        let bad_pattern = |error: glob::PatternError| InputError::BadPattern {
            pattern: pattern.clone(),
            message: format!("{} at character {}", error.msg, error.pos + 1),
        };
        // Without any of these it can only have been meant as a name.
        if !pattern.contains(['*', '?', '[']) {
            return Err(InputError::NotFound(pattern.clone()));
        }
        let options = glob::MatchOptions {
            case_sensitive: true,
            require_literal_separator: true,
            require_literal_leading_dot: true,
        };
        let mut matches = Vec::new();
        for found in glob::glob_with(pattern, options).map_err(bad_pattern)? {
            matches.push(found.map_err(unreadable)?);
        }
        if matches.is_empty() {
            return Err(InputError::NotFound(pattern.clone()));
        }
        matches.sort();
        for path in matches {
            files.add_named(&path)?;
        }
    }
    Ok(files.found)
}

fn unreadable(error: glob::GlobError) -> InputError {
    let path = error.path().to_path_buf();
    InputError::Io { path, source: error.into() }
}

#[derive(Default)]
struct Files {
    found: Vec<PathBuf>,
    /// Canonical paths of `found`.
    seen: HashSet<PathBuf>,
}

impl Files {
    /// A file, whatever its name, or a folder.
    fn add_named(&mut self, path: &Path) -> Result<(), InputError> {
        if !path.is_dir() {
            return self.add(path);
        }
        let mut submissions = Vec::new();
        collect(path, &mut HashSet::new(), &mut submissions)?;
        if submissions.is_empty() {
            return Err(InputError::NoSubmissions(path.to_path_buf()));
        }
        submissions.sort();
        submissions.iter().try_for_each(|path| self.add(path))
    }

    fn add(&mut self, path: &Path) -> Result<(), InputError> {
        let canonical = path.canonicalize().map_err(|error| InputError::io(path, error))?;
        if self.seen.insert(canonical) {
            self.found.push(path.to_path_buf());
        }
        Ok(())
    }
}

/// Appends the submissions in `folder` and in its folders; `visited` keeps links from leading in circles.
fn collect(folder: &Path, visited: &mut HashSet<PathBuf>, submissions: &mut Vec<PathBuf>) -> Result<(), InputError> {
    let io = |error| InputError::io(folder, error);
    if !visited.insert(folder.canonicalize().map_err(io)?) {
        return Ok(());
    }
    for entry in std::fs::read_dir(folder).map_err(io)? {
        let entry = entry.map_err(io)?;
        let path = entry.path();
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            continue;
        }
        if path.is_dir() {
            collect(&path, visited, submissions)?;
        } else if is_submission(&path) {
            submissions.push(path);
        }
    }
    Ok(())
}

fn is_submission(path: &Path) -> bool {
    path.extension().is_some_and(|extension| EXTENSIONS.iter().any(|known| extension.eq_ignore_ascii_case(known)))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// A folder with some files, and what `find` finds for patterns within it, relative to it.
    fn found(patterns: &[&str]) -> Result<Vec<String>, InputError> {
        let folder = tempfile::tempdir().unwrap();
        for name in
            ["b.csv", "a.CSV", "deep/er/c.parquet", "deep/d.tsv", ".hidden.csv", "notes.md", "odd[1].csv", "empty/x.md"]
        {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        }
        let patterns: Vec<String> =
            patterns.iter().map(|pattern| folder.path().join(pattern).to_str().unwrap().to_owned()).collect();
        let root = folder.path();
        let relative = |path: PathBuf| path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
        Ok(find(&patterns)?.into_iter().map(relative).collect())
    }

    #[test]
    fn folders_are_searched_and_sorted() {
        assert_eq!(found(&[""]).unwrap(), ["a.CSV", "b.csv", "deep/d.tsv", "deep/er/c.parquet", "odd[1].csv"]);
    }

    #[test]
    fn arguments_keep_their_order_and_files_come_once() {
        assert_eq!(
            found(&["deep", "b.csv", "*.csv", "./b.csv"]).unwrap(),
            ["deep/d.tsv", "deep/er/c.parquet", "b.csv", "odd[1].csv"]
        );
        assert_eq!(found(&["notes.md"]).unwrap(), ["notes.md"], "a file that is named is taken whatever its name");
    }

    #[test]
    fn a_name_with_brackets_is_a_name_first() {
        assert_eq!(found(&["odd[1].csv"]).unwrap(), ["odd[1].csv"]);
        assert_eq!(found(&["[ab].*"]).unwrap(), ["a.CSV", "b.csv"]);
        assert_eq!(found(&["**/*.parquet"]).unwrap(), ["deep/er/c.parquet"]);
    }

    #[test]
    fn what_is_not_there_is_an_error() {
        assert!(matches!(found(&["no.csv"]), Err(InputError::NotFound(_))));
        assert!(matches!(found(&["*.xlsx"]), Err(InputError::NotFound(_))));
        assert!(matches!(found(&["empty"]), Err(InputError::NoSubmissions(_))));
        assert!(matches!(found(&["a***b"]), Err(InputError::BadPattern { .. })));
    }
}
