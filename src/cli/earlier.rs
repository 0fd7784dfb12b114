//! `--earlier`: submissions delivered before, and the day each was received.
//!
//! The day is what the option says (`2025-04-05=FILE`), else what a list of deliveries says, else what the name of the file or
//! of the nearest folder holds. What was received when decides what may still be changed, so that a day that is not known
//! is refused rather than guessed, and so is whatever would be compared with nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::check::input_failure;
use super::qa::Session;
use super::signal::Signals;
use super::{ExitCode, Failure, messages};
use crate::model::Language;
use crate::rule::Plan;
use crate::schema::Schemas;
use crate::submission::{InputFile, ReadOptions, Statement, find};
use crate::time::{self, format_day};

/// Files that were delivered earlier, with the day that the option says.
pub(super) struct Earlier {
    paths: BTreeMap<PathBuf, Option<i64>>,
}

impl Earlier {
    /// Finds the files that the options name.
    pub(super) fn find(arguments: &[String], signals: &Signals, language: Language) -> Result<Self, Failure> {
        let mut paths = BTreeMap::new();
        for argument in arguments {
            let dated = argument.split_once('=').and_then(|(day, path)| Some((time::parse_day(day)?, path)));
            let (day, pattern) = dated.map_or((None, argument.as_str()), |(day, path)| (Some(day), path));
            let found = find::find(&[pattern.to_owned()]).map_err(|error| input_failure(&error, signals, language))?;
            paths.extend(found.into_iter().map(|path| (path, day)));
        }
        Ok(Self { paths })
    }

    /// The files.
    pub(super) fn paths(&self) -> impl Iterator<Item = &PathBuf> {
        self.paths.keys()
    }

    /// Those of `paths` that are none of them: a folder of submissions may hold the earlier ones, too.
    pub(super) fn others(&self, paths: Vec<PathBuf>, language: Language) -> Result<Vec<PathBuf>, Failure> {
        let earlier: BTreeSet<PathBuf> = self.paths().filter_map(|path| path.canonicalize().ok()).collect();
        let is_earlier = |path: &PathBuf| path.canonicalize().is_ok_and(|path| earlier.contains(&path));
        let others: Vec<PathBuf> = paths.into_iter().filter(|path| !is_earlier(path)).collect();
        if others.is_empty() {
            return Err(Failure::usage(
                language,
                "alla filer är angivna som tidigare leveranser (--earlier): ingen är kvar att kontrollera",
                "every file is named as an earlier submission (--earlier): none is left to check",
            ));
        }
        Ok(others)
    }

    /// Opens them, to be compared with the submission's own `files`, which are received on `delivery_date` unless a list
    /// says otherwise.
    pub(super) fn open(
        &self,
        (schemas, plans): (&Schemas, &BTreeMap<String, Arc<Plan>>),
        files: &[InputFile],
        delivery_date: i64,
        (session, options): (Option<&Session<'_>>, &ReadOptions),
        signals: &Signals,
        language: Language,
    ) -> Result<Vec<InputFile>, Failure> {
        let latest = |collection: &str| {
            let own = files.iter().filter(|file| file.collection == collection);
            own.map(|file| file.statement.received.unwrap_or(delivery_date)).max()
        };
        let open = |(path, day): (&PathBuf, &Option<i64>)| {
            let options = session.map_or_else(|| options.clone(), |session| session.read_options(path, options));
            let mut file =
                InputFile::open(path, schemas, &options).map_err(|error| input_failure(&error, signals, language))?;
            let stated = session.map(|session| session.statement(path)).unwrap_or_default();
            let received = day.or(stated.received).or_else(|| day_in_name(path));
            let Some(received) = received else { return Err(unknown_day(path, language)) };
            let Some(now) = latest(&file.collection) else { return Err(alone(path, &file.collection, language)) };
            if received > now {
                return Err(too_late(path, received, now, language));
            }
            let corrected = corrected(plans);
            if !corrected.contains(&file.collection.as_str()) {
                return Err(never_compared(path, &file.collection, &corrected, language));
            }
            file.statement = Statement { received: Some(received), is_earlier: true, ..stated };
            Ok(file)
        };
        self.paths.iter().map(open).collect()
    }
}

/// The collections whose records are put together to groups that may be corrected for some time.
fn corrected(plans: &BTreeMap<String, Arc<Plan>>) -> Vec<&str> {
    let folds = plans.values().filter_map(|plan| plan.fold.as_ref());
    let of = folds.filter(|fold| fold.history.is_some()).map(|fold| fold.of.collection.id.as_str());
    of.collect::<BTreeSet<_>>().into_iter().collect()
}

/// The day that a file's name holds, or else the name of the nearest folder that holds one; `None` where a name holds
/// several.
fn day_in_name(path: &Path) -> Option<i64> {
    path.ancestors().filter_map(|part| part.file_name()?.to_str()).find_map(|name| {
        let is_digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
        let bytes = name.as_bytes();
        let days: BTreeSet<i64> = (0..bytes.len())
            .filter(|at| !is_digit(at.checked_sub(1).and_then(|before| bytes.get(before))))
            .filter(|at| !is_digit(bytes.get(at + 10)))
            .filter_map(|at| name.get(at..at + 10).filter(|day| day.contains('-')).and_then(time::parse_day))
            .collect();
        (days.len() == 1).then(|| days.first().copied()).flatten()
    })
}

fn unknown_day(path: &Path, language: Language) -> Failure {
    let path = path.display();
    Failure::usage(
        language,
        format!(
            "--earlier {path}: när togs den emot? Skriv dagen först (--earlier 2025-04-05={path}), i filens eller mappens namn, eller i leveranslistan (--deliveries)"
        ),
        format!(
            "--earlier {path}: when was it received? Write the day first (--earlier 2025-04-05={path}), into the name of the file or folder, or into the list of deliveries (--deliveries)"
        ),
    )
}

fn too_late(path: &Path, received: i64, now: i64, language: Language) -> Failure {
    let (path, received, now) = (path.display(), format_day(received), format_day(now));
    Failure::usage(
        language,
        format!(
            "--earlier {path}: mottagen {received}, efter den leverans som kontrolleras ({now}, se --delivery-date)"
        ),
        format!(
            "--earlier {path}: received {received}, after the submission that is checked ({now}, see --delivery-date)"
        ),
    )
}

fn alone(path: &Path, collection: &str, language: Language) -> Failure {
    let path = path.display();
    Failure::new(
        ExitCode::Usage,
        messages::error(
            language,
            &format!("--earlier {path}: är av insamlingen {collection}, och ingen fil som kontrolleras är det"),
            &format!("--earlier {path}: is of the collection {collection}, and no file that is checked is"),
        ),
    )
}

fn never_compared(path: &Path, collection: &str, corrected: &[&str], language: Language) -> Failure {
    let (path, corrected) = (path.display(), corrected.join(", "));
    Failure::usage(
        language,
        format!(
            "--earlier {path}: {collection} har ingen rättningstid, så det finns inget att jämföra; det har {corrected}"
        ),
        format!(
            "--earlier {path}: {collection} has no time for corrections, so there is nothing to compare; {corrected} has"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_read_out_of_the_nearest_name_that_holds_one() {
        let day = |path: &str| day_in_name(Path::new(path)).map(format_day);
        for (path, expected) in [
            ("2025-04-05/svf.csv", Some("2025-04-05")),
            ("2025-04-05/svf_2025-05-06.csv", Some("2025-05-06")),
            ("2025-04-05/svf_2025-03.csv", Some("2025-04-05")),
            ("svf_2025-03-01_2025-03-31.csv", None),
            ("svf_2025-02-30.csv", None),
            ("12025-03-01.csv", None),
            ("2025-03-011.csv", None),
            ("svf-å2025-03-01å.csv", Some("2025-03-01")),
            ("svf.csv", None),
        ] {
            assert_eq!(day(path).as_deref(), expected, "{path}");
        }
    }
}
