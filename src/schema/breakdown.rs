//! By what a collection's figures are broken down within a region: one of its code variables, and perhaps a coarser
//! division that the code list has a column for.

use super::spec::{BreakdownSpec, require_text};
use super::{Codelists, Domain, Variable};
use crate::diag::{Diagnostics, Source, did_you_mean};
use crate::model::{Text, VariableIndex};
use crate::yaml::Spanned;

/// By what figures are broken down.
#[derive(Clone, Debug)]
pub struct BreakdownBy {
    /// The variable, a code.
    pub variable: VariableIndex,
    /// Its code list, which also names the breakdown in machine formats.
    pub codelist: String,
    /// What people call it, as within a sentence.
    pub name: Text,
    /// A coarser division of its codes.
    pub aggregate: Option<AggregateBy>,
}

/// A coarser division of a breakdown's codes.
#[derive(Clone, Debug)]
pub struct AggregateBy {
    /// The column of the code list that holds each code's part.
    pub column: String,
    /// What people call it, as within a sentence.
    pub name: Text,
}

/// The breakdown of a collection with these variables; every mistake of `spec` is told.
pub(super) fn load(
    spec: &BreakdownSpec,
    index_of: Option<VariableIndex>,
    (variables, codelists): (&[Variable], &Codelists),
    source: &Source,
    diagnostics: &mut Diagnostics,
) -> Option<BreakdownBy> {
    require_text(&spec.name, "breakdown.name", &spec.by, source, diagnostics);
    let variable = index_of?;
    let Domain::Code { codelist } = &variables.get(variable.0)?.domain else {
        diagnostics.push(spec.by.diagnostic(
            source,
            "schema::not_a_code",
            format!("`{}` is no code", spec.by.value),
            "figures are broken down by a variable of type code",
        ));
        return None;
    };
    let aggregate = match &spec.aggregate {
        None => None,
        Some(aggregate) => {
            require_text(&aggregate.name, "breakdown.aggregate.name", &aggregate.column, source, diagnostics);
            require_column(&aggregate.column, codelist, codelists, source, diagnostics)?;
            Some(AggregateBy { column: aggregate.column.value.clone(), name: aggregate.name.clone().into() })
        }
    };
    Some(BreakdownBy { variable, codelist: codelist.clone(), name: spec.name.clone().into(), aggregate })
}

/// Refuses a column that the code list does not have.
fn require_column(
    column: &Spanned<String>,
    codelist: &str,
    codelists: &Codelists,
    source: &Source,
    diagnostics: &mut Diagnostics,
) -> Option<()> {
    let list = codelists.get(codelist)?;
    if list.column(&column.value).is_none() {
        diagnostics.push(
            column
                .diagnostic(
                    source,
                    "schema::unknown_column",
                    format!("code list `{codelist}` has no column `{}`", column.value),
                    "named here",
                )
                .help_if(did_you_mean(&column.value, list.columns())),
        );
        return None;
    }
    Some(())
}
