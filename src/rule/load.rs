//! Reads every rule file; a [`RuleSet`] is rules as written, not yet compiled.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::spec::RuleFileSpec;
use super::{Plan, compile_as_of};
use crate::assets::Files;
use crate::diag::{Diagnostic, Diagnostics, Source};
use crate::schema::Schemas;
use crate::yaml;

/// Every rule file as written.
#[derive(Debug, Default)]
pub struct RuleSet {
    pub(crate) files: Vec<(Source, RuleFileSpec)>,
    /// Whether files are left out because they are malformed: then what is missing may be in them.
    pub(crate) is_partial: bool,
}

/// Rules as written, and compiled for each collection.
pub type Compiled = (RuleSet, BTreeMap<String, Arc<Plan>>);

/// Reads every rule file of `files`.
///
/// # Errors
/// Every file that is malformed, each at its first mistake of form.
pub fn load(files: &Files) -> Result<RuleSet, Vec<Diagnostic>> {
    let (set, diagnostics) = read(files);
    if diagnostics.is_empty() { Ok(set) } else { Err(diagnostics.into_sorted()) }
}

/// Reads and compiles, the rules chosen by `as_of` where it is given (days since 1970-01-01).
///
/// # Errors
/// Every mistake: those of form, and those of the files that are well-formed.
pub fn load_and_compile(schemas: &Schemas, files: &Files, as_of: Option<i64>) -> Result<Compiled, Vec<Diagnostic>> {
    let (set, mut diagnostics) = read(files);
    match compile_as_of(schemas, &set, as_of) {
        Ok(plans) if diagnostics.is_empty() => Ok((set, plans)),
        compiled => {
            for mistake in compiled.err().into_iter().flatten() {
                diagnostics.push(mistake);
            }
            Err(diagnostics.into_sorted())
        }
    }
}

fn read(files: &Files) -> (RuleSet, Diagnostics) {
    let mut diagnostics = Diagnostics::default();
    let mut set = RuleSet::default();
    // What is measured lies beside what must hold, in folders of its own (module `measure`).
    let is_rule_file = |relative: &str| {
        let is_measured = ["coverage/", "goals/"].iter().any(|folder| relative.starts_with(folder));
        relative.strip_suffix(".yaml").is_some() && !is_measured
    };
    let rule_files = files.iter().filter(|(relative, _)| is_rule_file(relative)).map(|(_, file)| file);
    let sources = rule_files.map(|file| Source::new(&file.name, file.text.as_str())).collect();
    for (source, spec) in yaml::parse_all::<RuleFileSpec>(sources) {
        match diagnostics.take(spec) {
            Some(spec) => set.files.push((source, spec)),
            None => set.is_partial = true,
        }
    }
    (set, diagnostics)
}
