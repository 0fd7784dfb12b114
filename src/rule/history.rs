//! What became of a rule: when it was made or changed, and how, as its file tells.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::diag::{Diagnostics, Source};
use crate::model::Text;
use crate::schema::spec::{TextSpec, require_text};
use crate::time;
use crate::yaml::Spanned;

/// One change of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Days since 1970-01-01.
    pub day: i64,
    /// What was changed, and why.
    pub text: Text,
}

/// One change as written.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeSpec {
    /// The day, as 2022-01-03.
    #[schemars(regex(pattern = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"))]
    pub(crate) date: Spanned<String>,
    /// What was changed, and why.
    pub(crate) change: TextSpec,
}

/// The changes of one rule, the oldest first. What is no date, out of order or said in one language is reported.
pub(super) fn changes(specs: &[ChangeSpec], source: &Source, diagnostics: &mut Diagnostics) -> Vec<Change> {
    let mut changes: Vec<Change> = Vec::new();
    for spec in specs {
        require_text(&spec.change, "change", &spec.date, source, diagnostics);
        let Some(day) = time::parse_day(&spec.date.value) else {
            diagnostics.push(spec.date.diagnostic(
                source,
                "rule::bad_date",
                format!("`{}` is not a date as 2022-01-03", spec.date.value),
                "this date",
            ));
            continue;
        };
        if changes.last().is_some_and(|last| last.day >= day) {
            diagnostics.push(
                spec.date
                    .diagnostic(
                        source,
                        "rule::history_order",
                        format!("`{}` does not come after the change before it", spec.date.value),
                        "this date",
                    )
                    .help("write the oldest change first, and one entry a day"),
            );
        }
        changes.push(Change { day, text: spec.change.clone().into() });
    }
    changes
}
