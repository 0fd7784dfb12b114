//! What stays the same for every batch: the plan, what is stated, and what the plan makes of single values.

use std::sync::Arc;

use crate::engine::text;
use crate::model::VariableIndex;
use crate::rule::Plan;
use crate::rule::expr::{Parameter, Program, TextExpr, TextNode, TextTest};
use crate::schema::region;
use crate::schema::{Codelist, Domain};

/// The parameters of a run, as values.
#[derive(Clone, Debug, Default)]
pub(in crate::engine) struct Parameters {
    /// Days since 1970-01-01.
    pub(in crate::engine) delivery_date: Option<i64>,
    /// Days since 1970-01-01.
    pub(in crate::engine) period: Option<(i64, i64)>,
    /// Ten digits.
    pub(in crate::engine) region: Option<String>,
    /// How many regions the files are stated to come from.
    pub(in crate::engine) delivered_regions: Option<i64>,
}

impl Parameters {
    pub(super) fn day(&self, parameter: Parameter) -> Option<i64> {
        match parameter {
            Parameter::DeliveryDate => self.delivery_date,
            Parameter::PeriodStart => self.period.map(|period| period.0),
            Parameter::PeriodEnd => self.period.map(|period| period.1),
            Parameter::StatedRegion | Parameter::DeliveredRegions => None,
        }
    }

    /// The number that a parameter is, where it is one and is stated.
    pub(in crate::engine) fn number(&self, parameter: Parameter) -> Option<i64> {
        match parameter {
            Parameter::DeliveredRegions => self.delivered_regions,
            Parameter::DeliveryDate | Parameter::PeriodStart | Parameter::PeriodEnd | Parameter::StatedRegion => None,
        }
    }

    /// Whether the run states this.
    pub(in crate::engine) fn states(&self, parameter: Parameter) -> bool {
        match parameter {
            Parameter::StatedRegion => self.region.is_some(),
            Parameter::DeliveredRegions => self.delivered_regions.is_some(),
            Parameter::DeliveryDate | Parameter::PeriodStart | Parameter::PeriodEnd => self.day(parameter).is_some(),
        }
    }
}

/// What stays the same for every batch of a run.
#[derive(Debug)]
pub(in crate::engine) struct Context<'a> {
    pub(in crate::engine) plan: &'a Plan,
    pub(in crate::engine) parameters: Parameters,
    /// For each variable its official list, ready for looking up; `None` where it has none or none is loaded.
    pub(in crate::engine) official: Arc<Vec<Option<Codelist>>>,
    /// For each text node the variable that it is made of; `None` where it is the same for every record.
    sources: Arc<[Option<VariableIndex>]>,
}

impl<'a> Context<'a> {
    pub(in crate::engine) fn new(plan: &'a Plan, parameters: Parameters) -> Self {
        let official = plan
            .collection
            .variables
            .iter()
            .map(|variable| {
                let Domain::Text { official_list: Some(name), format, .. } = &variable.domain else { return None };
                let list = plan.codelists.get(name)?;
                let ignored = format.as_ref().map(|format| format.ignore_characters.as_slice()).unwrap_or_default();
                Some(list.without_characters(ignored))
            })
            .collect();
        Self { plan, parameters, official: Arc::new(official), sources: sources(&plan.program) }
    }

    /// The same with other parameters.
    pub(in crate::engine) fn with(&self, parameters: Parameters) -> Self {
        let (official, sources) = (Arc::clone(&self.official), Arc::clone(&self.sources));
        Self { plan: self.plan, parameters, official, sources }
    }

    /// The variable that a text is made of; `None` where it is the same for every record.
    pub(super) fn source(&self, node: TextNode) -> Option<VariableIndex> {
        self.sources.get(node.0 as usize).copied().flatten()
    }

    /// Whether a text that is the same for every record depends on what is stated of the file.
    pub(super) fn is_stated(&self, node: TextNode) -> bool {
        match &self.plan.program.texts[node.0 as usize] {
            TextExpr::StatedRegion => true,
            TextExpr::Literal(_) | TextExpr::Variable(_) => false,
            TextExpr::Substring(inner, ..)
            | TextExpr::OrganisationNumber(inner)
            | TextExpr::CodelistValue { code: inner, .. } => self.is_stated(*inner),
        }
    }

    /// The text that a node makes of a value of the variable it is made of; `None` is null.
    pub(super) fn text_of<'v>(&'v self, node: TextNode, written: &'v [u8]) -> Option<&'v [u8]> {
        match &self.plan.program.texts[node.0 as usize] {
            TextExpr::Literal(text) => Some(text),
            TextExpr::StatedRegion => self.parameters.region.as_ref().map(String::as_bytes),
            TextExpr::Variable(_) if written.is_empty() => None,
            TextExpr::Variable(variable) => Some(self.canonical(*variable, written)),
            TextExpr::Substring(inner, from, count) => {
                self.text_of(*inner, written).map(|text| text::substring(text, *from, *count))
            }
            TextExpr::OrganisationNumber(inner) => self.text_of(*inner, written).and_then(region::organisation_number),
            TextExpr::CodelistValue { list, code, column } => {
                let code = self.text_of(*code, written)?;
                self.plan.codelists.get(list)?.attribute(code, *column).map(str::as_bytes)
            }
        }
    }

    /// The canonical spelling of a code; the value itself where it is in no list.
    pub(super) fn canonical<'v>(&'v self, variable: VariableIndex, value: &'v [u8]) -> &'v [u8] {
        match &self.plan.collection.get(variable).domain {
            Domain::Code { codelist } => {
                let list = self.plan.codelists.get(codelist);
                list.and_then(|list| list.canonical(value)).map_or(value, str::as_bytes)
            }
            _ => value,
        }
    }

    /// The values of a variable that may hold several.
    pub(super) fn elements<'v>(&'v self, variable: VariableIndex, value: &'v [u8]) -> impl Iterator<Item = &'v [u8]> {
        text::elements(value, &self.plan.collection.get(variable).separators)
    }

    /// The result of a test of a text by itself.
    pub(super) fn test(&self, test: &TextTest, value: &[u8]) -> bool {
        match test {
            TextTest::In(values) => values.iter().any(|candidate| candidate == value),
            TextTest::Pattern(pattern) => pattern.is_match(value),
            TextTest::InCodelist(name) => self.plan.codelists.get(name).is_some_and(|list| list.find(value).is_some()),
            TextTest::Luhn => text::luhn_ok(value),
            TextTest::PersonalNumber => text::is_personal_number(value),
        }
    }
}

/// The variable that each text node is made of; a node comes after those that it is made of.
fn sources(program: &Program) -> Arc<[Option<VariableIndex>]> {
    let mut sources: Vec<Option<VariableIndex>> = Vec::with_capacity(program.texts.len());
    for text in &program.texts {
        sources.push(match text {
            TextExpr::Literal(_) | TextExpr::StatedRegion => None,
            TextExpr::Variable(variable) => Some(*variable),
            TextExpr::Substring(inner, ..)
            | TextExpr::OrganisationNumber(inner)
            | TextExpr::CodelistValue { code: inner, .. } => sources.get(inner.0 as usize).copied().flatten(),
        });
    }
    sources.into()
}
