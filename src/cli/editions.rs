//! `--edition`: whom a report is for, and what that rules out.

use std::collections::BTreeSet;

use super::Failure;
use super::args::CheckArguments;
use crate::edition::Edition;
use crate::engine::{StatedRegion, Whose};
use crate::model::{County, Language};
use crate::report::spool::SplitBy;
use crate::schema::Schemas;
use crate::schema::region::county_of;

/// Reads `--edition`.
pub(super) fn parse(text: Option<&str>, language: Language) -> Result<Edition, Failure> {
    let Some(text) = text else { return Ok(Edition::Internal) };
    text.parse().map_err(|()| {
        let known = Edition::ALL.map(Edition::as_str).join(", ");
        Failure::usage(
            language,
            format!("--edition {text}: utgåvorna är {known}"),
            format!("--edition {text}: the editions are {known}"),
        )
    })
}

/// The edition of a check, if nothing else that is asked for speaks against it.
pub(super) fn of_check(arguments: &CheckArguments, language: Language) -> Result<Edition, Failure> {
    let edition = parse(arguments.edition.as_deref(), language)?;
    match edition {
        Edition::Internal => {}
        Edition::Region => {
            if arguments.region.is_none() {
                return Err(Failure::usage(
                    language,
                    "--edition region: ange regionen med --region",
                    "--edition region: name the region with --region",
                ));
            }
            let is_of_all = [
                ("--findings", arguments.findings.is_some()),
                ("--valid", arguments.valid.is_some()),
                ("--rejected", arguments.rejected.is_some()),
                ("--split-by", arguments.split_by.is_some()),
            ];
            if let Some((option, _)) = is_of_all.iter().find(|(_, is_asked)| *is_asked) {
                return Err(Failure::usage(
                    language,
                    format!("{option} skriver alla regioners poster: ta bort {option}, eller --edition region"),
                    format!("{option} writes the records of every region: remove {option}, or --edition region"),
                ));
            }
        }
        Edition::Public => {
            let options = [
                ("--findings", &arguments.findings),
                ("--valid", &arguments.valid),
                ("--rejected", &arguments.rejected),
            ];
            if let Some((option, _)) = options.iter().find(|(_, file)| file.is_some()) {
                return Err(Failure::usage(
                    language,
                    format!("--edition public har inga poster: ta bort {option}"),
                    format!("--edition public has no records: remove {option}"),
                ));
            }
            let is_known = |format: &String| matches!(format.split('=').next(), Some("html" | "json"));
            if arguments.format.is_empty() || !arguments.format.iter().all(is_known) {
                return Err(Failure::usage(
                    language,
                    "--edition public skrivs som html eller json: --format html=FIL",
                    "--edition public is written as html or json: --format html=FILE",
                ));
            }
        }
    }
    Ok(edition)
}

/// What is asked of whose records are, for the reports wanted and for the edition.
pub(super) fn whose(arguments: &CheckArguments, edition: Edition, with_feedback: bool) -> Whose {
    let has = |name: &str| arguments.format.iter().any(|format| format.split('=').next() == Some(name));
    let is_divided = edition == Edition::Region || arguments.split_by.is_some() || with_feedback;
    Whose { counts: is_divided || edition == Edition::Public || has("html") || has("xlsx"), origins: is_divided }
}

/// The region that the run names, with its county.
pub(super) fn region(stated: Option<&StatedRegion>, schemas: &Schemas) -> Option<(County, StatedRegion)> {
    let region = stated?;
    Some((county_of(&schemas.codelists, region.organisation_number.as_bytes())?, region.clone()))
}

/// The ways in which findings are to be put aside for the reports wanted.
pub(super) fn ways(
    arguments: &CheckArguments,
    edition: Edition,
    with_feedback: bool,
    with_workbook: bool,
) -> BTreeSet<SplitBy> {
    let is_of_region = edition == Edition::Region;
    let mut ways: BTreeSet<SplitBy> = arguments.split_by.map(SplitBy::from).into_iter().collect();
    if is_of_region || with_feedback {
        ways.insert(SplitBy::Region);
    }
    if with_workbook && !is_of_region {
        ways.insert(SplitBy::Nothing);
    }
    ways
}
