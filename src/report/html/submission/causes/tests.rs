//! Every kind of cause in both languages, and the order of those of several collections.

use super::*;
use crate::cause::{Concentration, WrongValue};
use crate::engine::Outcome;
use crate::model::Language;
use crate::model::VariableIndex;
use crate::report::ReportOptions;
use crate::report::figures::Figures;
use crate::report::html::Writing;
use crate::report::sample;

/// Asks `ask` of a view of `outcome`.
fn with_view<T>(outcome: &Outcome, language: Language, ask: impl FnOnce(&View<'_>) -> T) -> T {
    let options = ReportOptions { language, ..ReportOptions::default() };
    ask(&View::new(outcome, &options, Writing { figures: Figures::of_page(language) }))
}

fn cause(kind: CauseKind, rules: &[usize], findings: u64, of: u64, repaired: u64) -> Cause {
    let rules = rules.iter().copied().map(RuleIndex).collect();
    Cause { kind, rules, severity: Severity::Error, findings, of, repaired }
}

/// What a person reads of a cause, in Swedish and English.
fn told(kind: &CauseKind, rules: &[usize]) -> [String; 2] {
    [Language::Swedish, Language::English].map(|language| {
        with_view(&sample::outcome(), language, |view| {
            let cause = cause(kind.clone(), rules, 39_200, 40_000, 20);
            let entry = Entry { run: &view.runs[0], cause, frees: Some(8) };
            let text = item(view, &entry).into_string();
            let tags = regex::Regex::new("<[^>]*>").unwrap();
            let words = tags.replace_all(&text, " ").replace(['\u{a0}', '\u{202f}'], " ");
            words.split_whitespace().collect::<Vec<_>>().join(" ").replace(" .", ".").replace(" ,", ",")
        })
    })
}

fn wrong(value: &str, meant: Option<&str>) -> WrongValue {
    WrongValue { value: value.to_owned(), findings: 1, meant: meant.map(str::to_owned) }
}

fn assert_begins(kind: &CauseKind, rules: &[usize], sv: &str, en: &str) {
    let [swedish, english] = told(kind, rules);
    assert!(swedish.starts_with(&format!("fel {sv}")), "{swedish}");
    assert!(english.starts_with(&format!("error {en}")), "{english}");
    assert!(
        swedish.contains("Rättat blir ytterligare 8 poster fria från fel; med åtgärderna ovan 20 av 27 (74,1 %)."),
        "{swedish}"
    );
    assert!(
        english.contains("Corrected, 8 more records become free of errors; with the fixes above 20 of 27 (74.1%)."),
        "{english}"
    );
    assert!(swedish.contains(" Åtgärd: ") && english.contains(" Fix: "), "{swedish} {english}");
}

#[test]
fn values_name_what_was_probably_meant() {
    let variable = VariableIndex(2);
    assert_begins(
        &CauseKind::Values { variable, values: vec![wrong("M", Some("1"))] },
        &[1],
        "Värdet ”M”, troligen 1, i fas står för 98,0 % av fynden (39 200 av 40 000)",
        "The value “M”, probably 1, in fas makes 98.0% of the findings (39,200 of 40,000)",
    );
    let values = [("M", Some("1")), ("K", None), ("", None), ("x", None), ("y", None)];
    assert_begins(
        &CauseKind::Values { variable, values: values.map(|(value, meant)| wrong(value, meant)).to_vec() },
        &[1],
        "5 värden i fas står för 98,0 % av fynden (39 200 av 40 000): ”M”, troligen 1; ”K”; (tomt); ”x” och 1 till",
        "5 values in fas make 98.0% of the findings (39,200 of 40,000): “M”, probably 1; “K”; (blank); “x” and 1 more",
    );
}

#[test]
fn columns_are_named_by_letter_and_variable() {
    let variables = [0, 1, 2].map(VariableIndex);
    assert_begins(
        &CauseKind::Shifted { variables: variables.to_vec(), by: 1 },
        &[0, 1],
        "Kolumnerna A–C (beslut_att_utfora_aktivitet till fas) verkar vara förskjutna ett steg åt höger",
        "Columns A–C (beslut_att_utfora_aktivitet to fas) seem to be shifted one step to the right",
    );
    assert_begins(
        &CauseKind::Shifted { variables: vec![VariableIndex(2)], by: -2 },
        &[1],
        "Kolumnen C (fas) verkar vara förskjuten 2 steg åt vänster",
        "Column C (fas) seems to be shifted 2 steps to the left",
    );
    // A variable that no column holds has no letter.
    assert_begins(
        &CauseKind::Swapped { variables: [VariableIndex(2), VariableIndex(6)] },
        &[1],
        "Kolumnerna C (fas) och agarform verkar ha bytt plats",
        "Columns C (fas) and agarform seem to have changed places",
    );
}

#[test]
fn a_part_is_held_against_its_share_of_the_records() {
    let part = || Concentration { name: "KLIN<1>".to_owned(), records: 30, of_records: 1_000 };
    assert_begins(
        &CauseKind::Unit(part()),
        &[0],
        "Vårdenheten KLIN&lt;1&gt; har 39 200 av 40 000 fynd (98,0 %) men bara 30 av 1 000 poster (3,0 %)",
        "Care unit KLIN&lt;1&gt; has 39,200 of 40,000 findings (98.0%) but only 30 of 1,000 records (3.0%)",
    );
    assert_begins(
        &CauseKind::Code(Concentration { name: "241".to_owned(), ..part() }),
        &[0],
        "241 har 39 200 av 40 000 fynd",
        "241 has 39,200 of 40,000 findings",
    );
}

#[test]
fn rules_are_told_by_their_titles_and_linked() {
    assert_begins(
        &CauseKind::Together,
        &[4, 0],
        "Samma poster bryter mot 2 regler: Aktiviteten startade före beslutet m.fl.",
        "The same records violate 2 rules: The activity started before the decision among others",
    );
    let [swedish, _] = told(&CauseKind::Rule, &[4]);
    assert!(swedish.starts_with("fel Aktiviteten startade före beslutet 23 av 1 200 poster (1,9 %)."), "{swedish}");
    assert!(swedish.contains(" Regel SVG-0101 Åtgärd: "), "{swedish}");
    let [_, english] = told(&CauseKind::Together, &[0, 1, 4, 5, 6, 10, 11]);
    assert!(english.contains("LEV-0001 and 1 more Fix: "), "{english}");
}

#[test]
fn a_cause_that_frees_nothing_alone_says_so() {
    with_view(&sample::outcome(), Language::Swedish, |view| {
        let entry = |gain, repaired| Entry {
            run: &view.runs[0],
            cause: cause(CauseKind::Rule, &[4], 1, 1, repaired),
            frees: gain,
        };
        let words = |gain, repaired| {
            entry(gain, repaired)
                .frees
                .map(|gain| frees(view.telling(view.runs[0].run), (gain, repaired), view.runs[0].run.rejected))
                .map(|words| words.replace(['\u{a0}', '\u{202f}'], " "))
        };
        assert_eq!(words(Some(8), 8).as_deref(), Some("Rättat blir 8 av 27 poster med fel fria från fel (29,6 %)."));
        assert!(words(Some(0), 8).is_some_and(|words| words.starts_with("Rättas bara detta blir inga poster fria")));
        assert_eq!(words(None, 0), None);
    });
}

#[test]
fn causes_of_several_collections_stand_by_what_they_free_and_keep_their_order() {
    with_view(&sample::several(), Language::Swedish, |view| {
        let of = |run: usize, repaired: &[u64]| {
            let causes = repaired.iter().map(|repaired| cause(CauseKind::Rule, &[4], 1, 1, *repaired)).collect();
            with_gains(&view.runs[run], causes)
        };
        let merged = merged(vec![of(0, &[10, 2, 88]), of(1, &[11, 11, 3])]);
        let gains: Vec<(&str, Option<u64>)> = merged.iter().map(|entry| (entry.run.id(), entry.frees)).collect();
        let (first, second) = ("specvard_genomforda", "specvard_vantande");
        assert_eq!(
            gains,
            [
                (second, Some(11)),
                (second, Some(11)),
                (first, Some(10)),
                (second, Some(3)),
                (first, Some(2)),
                (first, Some(88))
            ]
        );
    });
}
