//! `--waivers`: reading the file, and telling loudly of waivers that did nothing.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::{ExitCode, Failure, check, messages, progress};
use crate::diag::Source;
use crate::engine::{Outcome, WaiverRun};
use crate::model::Language;
use crate::rule::Plan;
use crate::schema::Schemas;
use crate::time::format_day;
use crate::waiver::{self, Waivers};

/// Reads the waivers of `path`; none where there is no file. Every mistake is shown.
pub(super) fn read(
    path: Option<&Path>,
    schemas: &Schemas,
    plans: &BTreeMap<String, Arc<Plan>>,
    language: Language,
) -> Result<Waivers, Failure> {
    let Some(path) = path else { return Ok(Waivers::default()) };
    let name = path.display().to_string();
    let failed = |code, sv: String, en: String| Failure::new(code, messages::error(language, &sv, &en));
    let bytes = std::fs::read(path).map_err(|error| {
        failed(
            ExitCode::Input,
            format!("`{name}` kan inte läsas: {error}"),
            format!("`{name}` cannot be read: {error}"),
        )
    })?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let byte = error.utf8_error().valid_up_to();
        failed(
            ExitCode::Usage,
            format!("`{name}` är inte UTF-8: byte {byte} kan inte läsas"),
            format!("`{name}` is not UTF-8: byte {byte} cannot be read"),
        )
    })?;
    waiver::load(&Source::new(&name, text), plans, &schemas.codelists)
        .map_err(|list| Failure::new(ExitCode::Usage, check::shown_in(&list, &format!("`{name}`"), language)))
}

/// Says on standard error which waivers have expired and which covered nothing.
pub(super) fn warn(outcome: &Outcome, language: Language) {
    for (run, number) in outcome.waivers.iter().zip(1..) {
        let WaiverRun { waiver, is_expired, covered } = run;
        let (rule, until) = (&waiver.rule, format_day(waiver.until));
        let delivered = format_day(outcome.stated.delivery_date);
        let text = match (is_expired, covered, language) {
            (true, _, Language::Swedish) => {
                format!("varning: undantag {number} ({rule}) gick ut {until} och gäller inte en leverans {delivered}")
            }
            (true, _, Language::English) => {
                format!(
                    "warning: waiver {number} ({rule}) expired on {until} and does not apply to a delivery of {delivered}"
                )
            }
            (false, 0, Language::Swedish) => {
                format!("varning: undantag {number} ({rule}) är oanvänt: det fanns inget fynd att undanta")
            }
            (false, 0, Language::English) => {
                format!("warning: waiver {number} ({rule}) is unused: there was no finding to waive")
            }
            (false, 1.., _) => continue,
        };
        progress::say(&text);
    }
}
