//! Reads every rule file; a [`RuleSet`] is rules as written, not yet compiled.

use super::spec::RuleFileSpec;
use crate::assets::Files;
use crate::diag::{Diagnostic, Diagnostics, Source};
use crate::yaml;

/// Every rule file as written.
#[derive(Debug, Default)]
pub struct RuleSet {
    pub(crate) files: Vec<(Source, RuleFileSpec)>,
}

/// Reads every rule file of `files`.
///
/// # Errors
/// Every file that is malformed, each at its first mistake of form.
pub fn load(files: &Files) -> Result<RuleSet, Vec<Diagnostic>> {
    let mut diagnostics = Diagnostics::default();
    let mut set = RuleSet::default();
    // What is measured lies beside what must hold, in a folder of its own (module `measure`).
    let is_rule_file = |relative: &str| relative.strip_suffix(".yaml").is_some() && !relative.starts_with("coverage/");
    for file in files.iter().filter(|(relative, _)| is_rule_file(relative)).map(|(_, file)| file) {
        let source = Source::new(&file.name, file.text.as_str());
        if let Some(spec) = diagnostics.take(yaml::parse::<RuleFileSpec>(&source)) {
            set.files.push((source, spec));
        }
    }
    if diagnostics.is_empty() { Ok(set) } else { Err(diagnostics.into_sorted()) }
}
