//! From a waiver file as written to [`Waivers`]; every mistake is collected.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::spec::{WaiverFileSpec, WaiverSpec};
use super::{Reporter, Waiver, Waivers};
use crate::diag::{Diagnostic, Diagnostics, Source, did_you_mean};
use crate::rule::{Plan, Rule};
use crate::schema::{Codelists, region};
use crate::time;
use crate::yaml;

/// Reads the waivers of `source`, which speak of the rules of `plans` and the regions of `codelists`.
///
/// # Errors
/// A file that is malformed, at its first mistake of form; otherwise every mistake, ordered by place.
pub fn load(
    source: &Source,
    plans: &BTreeMap<String, Arc<Plan>>,
    codelists: &Codelists,
) -> Result<Waivers, Vec<Diagnostic>> {
    let file = yaml::parse::<WaiverFileSpec>(source).map_err(|mistake| vec![mistake])?;
    let mut diagnostics = Diagnostics::default();
    let mut reader = Reader { source, plans, codelists, diagnostics: &mut diagnostics };
    let list = file.waivers.iter().filter_map(|spec| reader.waiver(spec)).collect();
    if diagnostics.is_empty() { Ok(Waivers { list }) } else { Err(diagnostics.into_sorted()) }
}

struct Reader<'a> {
    source: &'a Source,
    plans: &'a BTreeMap<String, Arc<Plan>>,
    codelists: &'a Codelists,
    diagnostics: &'a mut Diagnostics,
}

impl Reader<'_> {
    fn waiver(&mut self, spec: &WaiverSpec) -> Option<Waiver> {
        // Every part is read before the first mistake is acted on, so that all are shown.
        let collection = spec.collection.is_none() || self.collection(spec);
        let (has_reporter, reporter) = self.reporter(spec);
        let until = time::parse_day(&spec.until.value);
        if until.is_none() {
            self.diagnostics.push(spec.until.diagnostic(
                self.source,
                "waiver::bad_date",
                format!("`{}` is not a date as 2026-12-31", spec.until.value),
                "the last day",
            ));
        }
        let reason = &spec.reason.value.0;
        let texts = [spec.owner.value.as_str(), reason.sv.as_str(), reason.en.as_str()];
        if let Some(blank) = texts.iter().position(|text| text.trim().is_empty()) {
            let (name, place) = if blank == 0 {
                ("owner", spec.owner.place(self.source))
            } else {
                ("reason", spec.reason.place(self.source))
            };
            self.diagnostics.push(
                Diagnostic::new("waiver::missing_text", format!("the waiver's `{name}` is blank"))
                    .at(place, "blank")
                    .help("a waiver says who answers for it, and why"),
            );
        }
        let waiver = Waiver {
            rule: spec.rule.value.clone(),
            reporter,
            variable: spec.variable.as_ref().map(|name| name.value.clone()),
            collection: spec.collection.as_ref().map(|name| name.value.clone()),
            owner: spec.owner.value.clone(),
            reason: reason.clone(),
            until: until.unwrap_or_default(),
        };
        let is_sound = collection && self.rule(spec, &waiver) && self.variable(spec, &waiver);
        // What covers nothing because of another mistake is not told twice.
        if is_sound && has_reporter {
            self.covers_something(spec, &waiver);
        }
        (is_sound && has_reporter && until.is_some()).then_some(waiver)
    }

    fn collection(&mut self, spec: &WaiverSpec) -> bool {
        let Some(name) = &spec.collection else { return true };
        let is_known = self.plans.contains_key(&name.value);
        if !is_known {
            self.diagnostics.push(
                name.diagnostic(
                    self.source,
                    "waiver::unknown_collection",
                    format!("no collection `{}`", name.value),
                    "named here",
                )
                .help_if(did_you_mean(&name.value, self.plans.keys().map(String::as_str))),
            );
        }
        is_known
    }

    /// Whether the reporter is sound, and which it is; none for everybody.
    fn reporter(&mut self, spec: &WaiverSpec) -> (bool, Option<Reporter>) {
        let text = spec.reporter.as_ref().filter(|text| text.value.trim() != "*");
        let Some(text) = text else { return (true, None) };
        match region::find(&text.value, self.codelists) {
            Ok(region::Region { organisation_number, name }) => (true, Some(Reporter { organisation_number, name })),
            Err(mistake) => {
                self.diagnostics.push(text.diagnostic(
                    self.source,
                    "waiver::unknown_reporter",
                    mistake.en,
                    "this reporter",
                ));
                (false, None)
            }
        }
    }

    /// The plans that a waiver may be about.
    fn plans_of(&self, waiver: &Waiver) -> Vec<&Plan> {
        let plans = self.plans.iter();
        let named = plans.filter(|(id, _)| waiver.collection.as_ref().is_none_or(|collection| collection == *id));
        named.map(|(_, plan)| plan.as_ref()).collect()
    }

    fn rule(&mut self, spec: &WaiverSpec, waiver: &Waiver) -> bool {
        let plans = self.plans_of(waiver);
        let is_known = plans.iter().any(|plan| plan.rules.iter().any(|rule| waiver.speaks_of(plan, rule)));
        if !is_known {
            let ids = plans.iter().flat_map(|plan| plan.rules.iter().map(|rule| rule.id.0.as_str()));
            let help = did_you_mean(&waiver.rule, ids);
            let place = waiver.collection.as_ref().map(|id| format!(" in `{id}`")).unwrap_or_default();
            let message = if waiver.rule.contains('*') {
                format!("no rule is like `{}`{place}", waiver.rule)
            } else {
                format!("no rule `{}`{place}", waiver.rule)
            };
            self.diagnostics
                .push(spec.rule.diagnostic(self.source, "waiver::unknown_rule", message, "this rule").help_if(help));
        }
        is_known
    }

    fn variable(&mut self, spec: &WaiverSpec, waiver: &Waiver) -> bool {
        let Some(name) = &spec.variable else { return true };
        let plans = self.plans_of(waiver);
        let is_known = plans.iter().any(|plan| plan.collection.variable(&name.value).is_some());
        if !is_known {
            let known = plans.iter().flat_map(|plan| plan.collection.variables.iter().map(|item| item.id.as_str()));
            let help = did_you_mean(&name.value, known);
            self.diagnostics.push(
                name.diagnostic(
                    self.source,
                    "waiver::unknown_variable",
                    format!("no variable `{}`", name.value),
                    "unknown variable",
                )
                .help_if(help),
            );
        }
        is_known
    }

    /// A waiver that speaks of a rule, but never of a finding of it.
    fn covers_something(&mut self, spec: &WaiverSpec, waiver: &Waiver) {
        let plans = self.plans_of(waiver);
        let rules: Vec<(&Plan, &Rule)> = plans
            .iter()
            .flat_map(|plan| plan.rules.iter().map(move |rule| (*plan, rule)))
            .filter(|(plan, rule)| waiver.speaks_of(plan, rule))
            .collect();
        if rules.iter().any(|(plan, rule)| waiver.covering(plan, rule).is_some()) {
            return;
        }
        let whose = Waiver { variable: None, ..waiver.clone() };
        let is_of_reporters = rules.iter().any(|(plan, rule)| whose.covering(plan, rule).is_some());
        let diagnostic = match (&spec.variable, &spec.reporter) {
            (Some(variable), _) if is_of_reporters => {
                let mut faulty: Vec<&str> = rules
                    .iter()
                    .flat_map(|(plan, rule)| rule.faulty.iter().map(|index| plan.collection.get(*index).id.as_str()))
                    .collect();
                faulty.sort_unstable();
                faulty.dedup();
                variable
                    .diagnostic(
                        self.source,
                        "waiver::covers_nothing",
                        format!("no finding of `{}` asks for a correction of `{}`", waiver.rule, variable.value),
                        "this variable",
                    )
                    .help(format!("what it asks to correct is {}", faulty.join(", ")))
            }
            (_, Some(reporter)) => reporter
                .diagnostic(
                    self.source,
                    "waiver::covers_nothing",
                    format!("no finding of `{}` has a reporter", waiver.rule),
                    "this reporter",
                )
                .help("it is about the submission as a whole, or of a collection without `reporter` or `region`: leave `reporter` out"),
            _ => return,
        };
        self.diagnostics.push(diagnostic);
    }
}
