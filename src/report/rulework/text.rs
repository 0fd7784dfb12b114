//! What a maintainer reads in a terminal: every remark with its place, then counts.

use std::io::{self, Write};

use super::RuleworkOptions;
use crate::diag;
use crate::model::{Language, Text, Verdict};
use crate::rulebook::mutate::Mutation;
use crate::rulebook::outcome::{Outcome, ProofSummary};
use crate::rulebook::testing::TestRun;
use crate::rulebook::words;

/// Writes it.
///
/// # Errors
/// If `out` cannot be written.
pub fn write(outcome: &Outcome, options: &RuleworkOptions, out: &mut dyn Write) -> io::Result<()> {
    let language = options.language;
    let say = |sv: &'static str, en: &'static str| language.pick(sv, en);
    if !outcome.diagnostics.is_empty() {
        writeln!(out, "{}", diag::render(&outcome.diagnostics, options.color, options.width))?;
    }
    // Diagnostics have been shown in full.
    for remark in outcome.remarks().iter().skip(outcome.diagnostics.len()) {
        let mark = match remark.weight {
            diag::Weight::Error => say("fel", "error"),
            diag::Weight::Warning => say("varning", "warning"),
        };
        let place = remark.place.as_ref().map(|place| format!("{}: ", options.file_and_line(place)));
        writeln!(out, "{}{mark}: {}", place.unwrap_or_default(), shown(&remark.message, language))?;
        for line in
            remark.details.iter().flat_map(|line| shown(line, language).lines().map(str::to_owned).collect::<Vec<_>>())
        {
            writeln!(out, "    {line}")?;
        }
        if let Some(help) = &remark.help {
            writeln!(out, "    {}: {}", say("hjälp", "help"), shown(help, language))?;
        }
    }
    if let Some(tests) = &outcome.tests {
        write_tests(tests, language, out)?;
    }
    if outcome.mutation_waits {
        let line = say("ändringar prövas när alla tester stämmer", "changes are tried when all tests pass");
        writeln!(out, "{line}")?;
    }
    if let Some(mutation) = &outcome.mutation {
        write_mutation(mutation, language, out)?;
    }
    if outcome.tests.is_none() {
        let (mistakes, warnings) = super::catalogue::counts(&outcome.diagnostics);
        let (rules, collections) = (outcome.rules, outcome.collections);
        let line = match language {
            Language::Swedish => format!(
                "{rules} regler för {collections} insamlingar och tabeller: {}, {}",
                counted(mistakes, "inga misstag", "1 misstag", "misstag"),
                counted(warnings, "inga varningar", "1 varning", "varningar"),
            ),
            Language::English => format!(
                "{rules} rules of {collections} collections and tables: {}, {}",
                counted(mistakes, "no mistakes", "1 mistake", "mistakes"),
                counted(warnings, "no warnings", "1 warning", "warnings"),
            ),
        };
        writeln!(out, "{line}")?;
    }
    if let Some(proof) = &outcome.proof {
        write_proof(proof, language, out)?;
    }
    Ok(())
}

fn write_proof(proof: &ProofSummary, language: Language, out: &mut dyn Write) -> io::Result<()> {
    let questions = crate::report::figures::Figures::new(language).count(proof.questions as u64);
    let line = match language {
        Language::Swedish => format!(
            "{questions} frågor om logiken: {}",
            counted(proof.undecided, "alla besvarade", "1 obesvarad", "obesvarade")
        ),
        Language::English => format!(
            "{questions} questions of logic: {}",
            counted(proof.undecided, "all answered", "1 unanswered", "unanswered")
        ),
    };
    writeln!(out, "{line}")?;
    for (diagnostic, because) in &proof.accepted {
        let (said, because) = (diagnostic.message(), shown(because, language));
        let line = match language {
            Language::Swedish => format!("godtagen varning: {said}\n    därför att: {because}"),
            Language::English => format!("accepted warning: {said}\n    because: {because}"),
        };
        writeln!(out, "{line}")?;
    }
    Ok(())
}

fn shown(text: &Text, language: Language) -> String {
    // Texts of rule files may hold anything; a terminal gets no control characters.
    text.get(language).chars().map(|c| if c.is_control() && c != '\n' { '\u{fffd}' } else { c }).collect()
}

fn counted(n: usize, none: &str, one: &str, many: &str) -> String {
    match n {
        0 => none.to_owned(),
        1 => one.to_owned(),
        n => format!("{n} {many}"),
    }
}

fn write_tests(tests: &TestRun, language: Language, out: &mut dyn Write) -> io::Result<()> {
    let failed = tests.failures().count();
    let line = match language {
        Language::Swedish => format!(
            "{} tester, {}",
            tests.cases.len(),
            counted(failed, "alla stämmer", "1 stämmer inte", "stämmer inte")
        ),
        Language::English => format!("{} tests, {}", tests.cases.len(), counted(failed, "all pass", "1 fails", "fail")),
    };
    writeln!(out, "{line}")?;
    for verdict in [Verdict::Satisfied, Verdict::Violated, Verdict::NotApplicable, Verdict::NotChecked] {
        let of_verdict = tests.cases.iter().filter(|case| case.expected == verdict);
        let (mut total, mut failing) = (0, 0);
        for case in of_verdict {
            total += 1;
            failing += usize::from(!case.passes());
        }
        let word = words::verdict(verdict);
        let failing = match (failing, language) {
            (0, _) => String::new(),
            (n, Language::Swedish) => format!(", {n} stämmer inte"),
            (n, Language::English) => format!(", {n} failing"),
        };
        writeln!(out, "  {:<16} {total:>5}{failing}", word.get(language))?;
    }
    if !tests.folds.is_empty() {
        let (all, failed) = (tests.folds.len(), tests.fold_failures().count());
        let line = match language {
            Language::Swedish => format!(
                "{all} tester av vad grupper av poster blir, {}",
                counted(failed, "alla stämmer", "1 stämmer inte", "stämmer inte")
            ),
            Language::English => format!(
                "{all} tests of what groups of records become, {}",
                counted(failed, "all pass", "1 fails", "fail")
            ),
        };
        writeln!(out, "{line}")?;
    }
    Ok(())
}

fn write_mutation(mutation: &Mutation, language: Language, out: &mut dyn Write) -> io::Result<()> {
    let argued: Vec<_> = mutation.survivors().filter(|(_, survivor)| survivor.argued.is_some()).collect();
    let unargued = mutation.survivors().count() - argued.len();
    let (all, killed, score) = (mutation.mutants(), mutation.killed(), words::score(mutation, language));
    let line = match language {
        Language::Swedish => format!(
            "{all} ändringar av {} regler: testerna märker {killed} ({score}), {} med skäl, {} utan",
            mutation.rules.len(),
            argued.len(),
            unargued
        ),
        Language::English => format!(
            "{all} changes of {} rules: tests notice {killed} ({score}), {} argued for, {} not",
            mutation.rules.len(),
            argued.len(),
            unargued
        ),
    };
    writeln!(out, "{line}")?;
    for rule in mutation.rules.iter().filter(|rule| !rule.survivors.is_empty()) {
        writeln!(out, "  {:<24} {}/{}", rule.id, rule.killed(), rule.mutants)?;
    }
    for (rule, survivor) in argued {
        let because = survivor.argued.as_ref().map(|text| shown(text, language)).unwrap_or_default();
        writeln!(out, "  {}: {}", rule.id, survivor.mutated)?;
        let word = if language == Language::Swedish { "därför att" } else { "because" };
        writeln!(out, "    {word}: {because}")?;
    }
    Ok(())
}
