//! What rule work found, whatever the command: the one thing that its reports are written from.
//!
//! Every format needs the same: what is wrong, how much it weighs, and where. Diagnostics, failing tests, surviving
//! mutants and idle arguments become [`Remark`]s here, so that a format is a way of writing remarks and counts, and a
//! new command needs no new format. Machine formats are in English; a person reads the remark in either language.

use super::mutate::{MutatedRule, Mutation, Part, Survivor};
use super::testing::{FoldCase, TermValue, TestCase, TestRun};
use crate::diag::{Diagnostic, Place, Weight};
use crate::engine::NoGroup;
use crate::model::{Language, Text};

/// What a command of rule work found.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Collections and tables looked at.
    pub collections: usize,
    /// Rules looked at, those of several collections once for each.
    pub rules: usize,
    /// Mistakes and warnings.
    pub diagnostics: Vec<Diagnostic>,
    /// What was proved of the rules, if anything was.
    pub proof: Option<ProofSummary>,
    /// Tests that were run, if any were.
    pub tests: Option<TestRun>,
    /// Mutants that were tried, if any were.
    pub mutation: Option<Mutation>,
    /// Whether mutants were asked for and not tried, because tests fail.
    pub mutation_waits: bool,
    /// The least share of mutants that must be killed.
    pub min_score: Option<f64>,
}

/// How far the logic of the rules was proved.
#[derive(Clone, Debug, Default)]
pub struct ProofSummary {
    /// Questions asked.
    pub questions: usize,
    /// Questions without an answer.
    pub undecided: usize,
    /// Warnings that a rule accepts, with its reason.
    pub accepted: Vec<(Diagnostic, Text)>,
    /// Whether a warning is as bad as a mistake.
    pub is_strict: bool,
}

/// Something that a person is to look at.
#[derive(Clone, Debug)]
pub struct Remark {
    /// What sort of remark, such as `rule::unknown_variable` or `test::failed`.
    pub code: &'static str,
    /// How much it weighs.
    pub weight: Weight,
    /// The rule it is about, where it is about one.
    pub rule: Option<String>,
    /// What is wrong.
    pub message: Text,
    /// More about it, line by line.
    pub details: Vec<Text>,
    /// What to do.
    pub help: Option<Text>,
    /// Where.
    pub place: Option<Place>,
    /// What it disagrees with, and where that is.
    pub second: Option<(Place, String)>,
}

/// A test whose rule said something else.
pub const TEST_FAILED: &str = "test::failed";
/// A test of a fold whose group is another.
pub const FOLD_TEST_FAILED: &str = "test::fold_failed";
/// A mutant that no test notices and nobody argued for.
pub const SURVIVED: &str = "mutant::survived";
/// An argument for a mutant that does not survive.
pub const IDLE_ARGUMENT: &str = "mutant::idle_argument";
/// Too few mutants are killed.
pub const LOW_SCORE: &str = "mutant::low_score";

/// What each sort of remark is, where it is no diagnostic.
pub fn describe(code: &str) -> Option<&'static str> {
    Some(match code {
        TEST_FAILED => "A test that a rule carries gets another verdict than it expects.",
        FOLD_TEST_FAILED => "Records of a test fold into another group than it states.",
        SURVIVED => {
            "A small change of a rule that none of its tests notices: a test is missing, or the change makes no \
             difference and can be argued for under `survivors`."
        }
        IDLE_ARGUMENT => "An argument under `survivors` for a change that a test notices, or that is not tried.",
        LOW_SCORE => "The tests notice a smaller share of changes than --min-score asks for.",
        _ => return None,
    })
}

impl Outcome {
    /// Whether everything holds: no mistake, no failing test, no score below the least.
    pub fn passes(&self) -> bool {
        let is_strict = self.proof.as_ref().is_some_and(|proof| proof.is_strict);
        let fails = |diagnostic: &Diagnostic| is_strict || diagnostic.weight() == Weight::Error;
        !self.diagnostics.iter().any(fails) && self.failures() == 0 && !self.is_low()
    }

    /// Tests that fail.
    pub fn failures(&self) -> usize {
        self.tests.as_ref().map_or(0, |tests| tests.failures().count() + tests.fold_failures().count())
    }

    /// Whether fewer mutants are killed than asked for.
    pub fn is_low(&self) -> bool {
        self.mutation.as_ref().zip(self.min_score).is_some_and(|(mutation, least)| mutation.score() < least)
    }

    /// Everything to look at: diagnostics, failing tests, then what concerns mutants.
    pub fn remarks(&self) -> Vec<Remark> {
        let mut remarks: Vec<Remark> = self.diagnostics.iter().map(of_diagnostic).collect();
        remarks.extend(self.tests.iter().flat_map(TestRun::failures).map(of_test));
        remarks.extend(self.tests.iter().flat_map(TestRun::fold_failures).map(of_fold_test));
        if let Some(mutation) = &self.mutation {
            of_mutation(mutation, self.min_score.filter(|_| self.is_low()), &mut remarks);
        }
        remarks
    }
}

fn same(text: impl Into<String>) -> Text {
    let text = text.into();
    Text::new(text.clone(), text)
}

fn of_diagnostic(diagnostic: &Diagnostic) -> Remark {
    Remark {
        code: diagnostic.code(),
        weight: diagnostic.weight(),
        rule: None,
        message: same(diagnostic.message()),
        details: Vec::new(),
        help: diagnostic.advice().map(same),
        place: diagnostic.place().cloned(),
        second: diagnostic.second().map(|(place, label)| (place.clone(), label.to_owned())),
    }
}

fn of_test(case: &TestCase) -> Remark {
    let found = |language: Language| match &case.found {
        Ok(verdict) => super::words::verdict(*verdict).get(language).to_owned(),
        Err(reason) => reason.clone(),
    };
    let expected = super::words::verdict(case.expected);
    let message = Text::new(
        format!("{}, test {}: väntade {}, fick {}", case.rule, case.number, expected.sv, found(Language::Swedish)),
        format!("{}, test {}: expected {}, found {}", case.rule, case.number, expected.en, found(Language::English)),
    );
    let values: Vec<String> = case.record.iter().map(|(name, value)| format!("{name} = {value}")).collect();
    let mut details = vec![if values.is_empty() {
        Text::new("post: allt tomt", "record: all blank")
    } else {
        Text::new(format!("post: {}", values.join(", ")), format!("record: {}", values.join(", ")))
    }];
    for (part, name) in
        case.parts.iter().flatten().zip([Text::new("villkoret", "the condition"), Text::new("kravet", "the assertion")])
    {
        let truth = super::words::truth(part.truth);
        details.push(Text::new(
            format!("{} är {}: {}", name.sv, truth.sv, part.text),
            format!("{} is {}: {}", name.en, truth.en, part.text),
        ));
        details.extend(part.terms.iter().map(|term| match term.value {
            TermValue::Truth(truth) => {
                let truth = super::words::truth(truth);
                Text::new(format!("  {}: {}", term.text, truth.sv), format!("  {}: {}", term.text, truth.en))
            }
            TermValue::Number(number) => {
                let number = number.map_or_else(|| "null".to_owned(), |number| number.to_string());
                same(format!("  {} = {number}", term.text))
            }
        }));
    }
    Remark {
        code: TEST_FAILED,
        weight: Weight::Error,
        rule: Some(case.rule.clone()),
        message,
        details,
        help: None,
        place: case.place.clone().or_else(|| case.rule_place.clone()),
        second: case.place.as_ref().and(case.rule_place.clone()).map(|place| (place, case.rule.clone())),
    }
}

fn of_fold_test(case: &FoldCase) -> Remark {
    let (collection, number) = (&case.collection, case.number);
    let told = match &case.found {
        Ok(unlike) => {
            let names: Vec<&str> = unlike.iter().map(|unlike| unlike.variable.as_str()).collect();
            let names = names.join(", ");
            Text::new(format!("gruppen blir en annan: {names}"), format!("the group becomes another one: {names}"))
        }
        Err(NoGroup::BlankKey) => Text::new(
            "den första posten hör inte till någon grupp: en del av nyckeln är tom",
            NoGroup::BlankKey.to_string(),
        ),
        Err(reason @ NoGroup::Failed(_)) => same(reason.to_string()),
    };
    let shown = |value: &str, blank: &str| if value.is_empty() { blank.to_owned() } else { value.to_owned() };
    let unlike = case.found.iter().flatten().map(|unlike| {
        Text::new(
            format!(
                "{}: väntade {}, blev {}",
                unlike.variable,
                shown(&unlike.expected, "tomt"),
                shown(&unlike.found, "tomt")
            ),
            format!(
                "{}: expected {}, became {}",
                unlike.variable,
                shown(&unlike.expected, "blank"),
                shown(&unlike.found, "blank")
            ),
        )
    });
    let records = case.records.iter().map(|record| {
        let values: Vec<String> = record.iter().map(|(name, value)| format!("{name} = {value}")).collect();
        Text::new(format!("post: {}", values.join(", ")), format!("record: {}", values.join(", ")))
    });
    Remark {
        code: FOLD_TEST_FAILED,
        weight: Weight::Error,
        rule: Some(collection.clone()),
        message: Text::new(
            format!("{collection}, grupptest {number}: {}", told.sv),
            format!("{collection}, test {number} of groups: {}", told.en),
        ),
        details: unlike.chain(records).collect(),
        help: None,
        place: Some(case.place.clone()),
        second: None,
    }
}

/// What no test notices of one part of a rule.
fn of_survivors(rule: &MutatedRule, part: Part, unseen: &[&Survivor]) -> Option<Remark> {
    let first = unseen.first()?;
    let name = super::words::part(part);
    let help = match part {
        Part::When | Part::Assert => Text::new(
            "lägg till tester som skiljer dem åt, eller ange skäl under `survivors` i regelfilen",
            "add tests that tell them apart, or argue for them under `survivors` in the rule file",
        ),
        Part::Domain => Text::new(
            "lägg till exempel i schemat som skiljer dem åt",
            "add examples to the schema that tell them apart",
        ),
        Part::Key => Text::new("lägg till tester som skiljer dem åt", "add tests that tell them apart"),
        Part::Fold | Part::Order => Text::new(
            "lägg till tester under `folds` i schemat som skiljer dem åt",
            "add tests under `folds` in the schema that tell them apart",
        ),
    };
    let (sv, en) = match unseen.len() {
        1 => ("en ändring".to_owned(), "a change".to_owned()),
        n => (format!("{n} ändringar"), format!("{n} changes")),
    };
    Some(Remark {
        code: SURVIVED,
        weight: Weight::Warning,
        rule: Some(rule.id.clone()),
        message: Text::new(
            format!("{}: inget test märker {sv} av {}", rule.id, name.sv),
            format!("{}: no test notices {en} of {}", rule.id, name.en),
        ),
        details: unseen.iter().map(|survivor| same(format!("{}  →  {}", survivor.from, survivor.to))).collect(),
        help: Some(help),
        place: first.place.clone(),
        second: None,
    })
}

fn of_mutation(mutation: &Mutation, low: Option<f64>, remarks: &mut Vec<Remark>) {
    for rule in &mutation.rules {
        for part in [Part::When, Part::Assert, Part::Domain, Part::Key, Part::Fold, Part::Order] {
            let unseen: Vec<&Survivor> =
                rule.survivors.iter().filter(|survivor| survivor.part == part && survivor.argued.is_none()).collect();
            remarks.extend(of_survivors(rule, part, &unseen));
        }
    }
    for idle in &mutation.idle_arguments {
        remarks.push(Remark {
            code: IDLE_ARGUMENT,
            weight: Weight::Warning,
            rule: idle.rules.first().cloned(),
            message: Text::new(
                format!("{}: ett skäl passar ingen ändring som överlever", idle.rules.join(", ")),
                format!("{}: an argument fits no change that survives", idle.rules.join(", ")),
            ),
            details: vec![same(idle.text.clone())],
            help: Some(Text::new(
                "ta bort det: ett test märker ändringen, eller så prövas den inte",
                "remove it: a test notices the change, or it is not tried",
            )),
            place: Some(idle.place.clone()),
            second: None,
        });
    }
    if let Some(least) = low {
        remarks.push(Remark {
            code: LOW_SCORE,
            weight: Weight::Error,
            rule: None,
            message: Text::new(
                format!(
                    "testerna märker {} av ändringarna, minst {} krävs",
                    super::words::score(mutation, Language::Swedish),
                    least.to_string().replace('.', ",")
                ),
                format!(
                    "tests notice {} of the changes, at least {least} is asked for",
                    super::words::score(mutation, Language::English)
                ),
            ),
            details: Vec::new(),
            help: None,
            place: None,
            second: None,
        });
    }
}
