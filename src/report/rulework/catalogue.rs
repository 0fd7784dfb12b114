//! What each sort of remark is about, in one sentence: the help of code-scanning rules.
//!
//! The diagnostic itself says what is wrong at its place; this is the page behind its code.

use crate::diag::{Diagnostic, Weight};
use crate::rulebook::outcome;

/// What `code` is about. A code without a sentence of its own is described by its words.
pub fn describe(code: &str) -> String {
    if let Some(text) = outcome::describe(code) {
        return text.to_owned();
    }
    match DESCRIPTIONS.binary_search_by_key(&code, |(code, _)| code) {
        Ok(index) => DESCRIPTIONS[index].1.to_owned(),
        Err(_) => {
            let words = code.replace("::", ": ").replace('_', " ");
            format!("Rule and schema files: {words}.")
        }
    }
}

/// How many mistakes and how many warnings there are.
pub fn counts(diagnostics: &[Diagnostic]) -> (usize, usize) {
    let mistakes = diagnostics.iter().filter(|diagnostic| diagnostic.weight() == Weight::Error).count();
    (mistakes, diagnostics.len() - mistakes)
}

/// By code, sorted.
const DESCRIPTIONS: &[(&str, &str)] = &[
    ("logic::always_violated", "A rule is violated wherever it applies."),
    ("logic::assert_is_condition", "A rule asserts what its condition says already."),
    ("logic::condition_always_true", "The condition of a rule is never false: it says nothing."),
    ("logic::contradiction", "No record satisfies both of two rules that can apply at once."),
    ("logic::implied", "A rule finds nothing that another does not find."),
    ("logic::needless_acceptance", "A warning is accepted that is not there."),
    ("logic::never_applies", "No record makes the condition of a rule true."),
    ("logic::never_decided", "A rule can neither be satisfied nor violated where it applies."),
    ("logic::never_violated", "No valid value violates a rule."),
    ("logic::required_and_forbidden", "A variable is both required and forbidden under one condition."),
    ("logic::same", "Two rules find the same records."),
    ("logic::undecided", "What can be said of a rule could not be decided."),
    ("measure::id_used", "The id of a measure is used twice."),
    ("measure::no_collection", "A measure names no collection to count in."),
    ("measure::per", "A measure is stated per zero of something."),
    ("measure::stock_and_flow", "A measure adds collections of those waiting to collections of what has happened."),
    (
        "measure::unknown_collection",
        "A measure names a collection that has no schema, or one whose records name no region.",
    ),
    ("measure::unknown_variable", "A measure names a variable that a collection of it does not have."),
    ("rule::always_true", "An assertion is true of every record: the rule can never be violated."),
    ("rule::argument_count", "A function is called with too few or too many arguments."),
    ("rule::bad_date", "A date is not written as 2022-01-03, or does not exist."),
    ("rule::bad_id", "A rule's id is not letters, a hyphen and digits, as SVG-0101."),
    ("rule::bad_number", "A number is not a whole one, or too large."),
    ("rule::bad_pattern", "A pattern is no regular expression."),
    ("rule::code_spelling", "A code is compared in another spelling than the one that its code list makes canonical."),
    ("rule::condition_without_effect", "A condition is stated for a level that has none."),
    (
        "rule::dated_attribute",
        "An attribute of a code is asked for without a day, and the code has a row for each period.",
    ),
    ("rule::dated_by_itself", "The version of a rule is chosen by the very value that it speaks of."),
    ("rule::empty_key", "A uniqueness check has a key without variables."),
    ("rule::empty_period", "A period of validity ends before it begins."),
    ("rule::history_order", "The changes of a rule are not in the order of time."),
    ("rule::id_used", "A rule's id is used twice; ids are permanent and never reused."),
    ("rule::literal_expected", "A text in single quotes, or a whole number from 1, is expected here."),
    ("rule::missing_requirement", "No rule file states the requirement level of a variable."),
    ("rule::missing_source", "A rule or rule file names no document, or no place in it, that it is laid down in."),
    ("rule::missing_test", "A rule lacks a satisfied or a violated test."),
    ("rule::no_bounds", "A validity has neither a first nor a last day."),
    ("rule::no_collection", "A rule file speaks of no collection."),
    ("rule::no_condition", "A variable is conditional, but no condition is stated."),
    ("rule::no_level", "A variable has an empty list of requirement levels."),
    ("rule::not_a_date", "A rule's validity is chosen by a variable that is no date."),
    ("rule::null_literal", "A comparison with NULL is never true; IS NULL asks for blanks."),
    ("rule::null_of_expression", "IS NULL asks whether a variable's field is blank, not an expression."),
    ("rule::requirement_repeated", "The requirement level of a variable is stated twice for one collection."),
    ("rule::sql_syntax", "A condition or assertion is not an SQL expression."),
    ("rule::sql_unsupported", "A form of SQL that rules may not use."),
    ("rule::test_form", "A test does not name exactly one verdict."),
    ("rule::unknown_code", "A code is compared that is not in the variable's code list."),
    ("rule::unknown_codelist", "A code list that does not exist is named."),
    ("rule::unknown_collection", "A collection that has no schema is named."),
    ("rule::unknown_column", "A column that a code list does not have is named."),
    ("rule::unknown_function", "A function or parameter that does not exist is named."),
    ("rule::unknown_level", "A word that is no requirement level."),
    ("rule::unknown_variable", "A variable that the collection does not have is named."),
    ("rule::unknown_warning", "A code is accepted that is no warning about logic."),
    ("rule::versions_by", "Versions of one rule are chosen by different variables."),
    ("rule::versions_overlap", "Two versions of one rule are valid on the same day."),
    ("rule::wrong_type", "An expression is of another type than its place asks for; codes are text."),
    ("schema::bad_id", "An id or prefix is not written as ids are."),
    ("schema::bad_pattern", "The pattern of a format is no regular expression."),
    ("schema::codelist", "A code list cannot be read."),
    ("schema::empty_range", "No number lies in a range."),
    ("schema::example", "An example is not judged as the schema says."),
    ("schema::file_name", "A schema file is not named after its collection."),
    ("schema::format_repeated", "A format's id is used twice."),
    ("schema::key_not_for_type", "A key does not go with the type of the variable."),
    ("schema::missing_examples", "A variable or format has no examples to prove it by."),
    ("schema::missing_text", "A text is empty in one of its languages."),
    ("schema::no_codelist", "A variable of type code names no code list."),
    ("schema::no_variables", "A collection has no variables."),
    ("schema::not_a_code", "A key is for codes, and the variable is none."),
    ("schema::not_a_date", "A variable is named as the record's date and is no point in time."),
    ("schema::prefix_used", "Two collections have one prefix of rule ids."),
    ("schema::region_twice", "A collection says in two ways which region answers for a record."),
    ("schema::separators", "The separators of a repeating variable cannot separate."),
    ("schema::unknown_code", "A missing code is not in the variable's code list."),
    ("schema::unknown_codelist", "A code list that does not exist is named."),
    ("schema::unknown_collection", "A collection that has no schema is named."),
    ("schema::unknown_format", "A format that does not exist is named."),
    ("schema::unknown_variable", "A variable that the collection does not have is named."),
    ("schema::variable_repeated", "A variable, or one of its spellings, is there twice."),
    ("schema::variables_twice", "A collection has variables of its own and those of another."),
    ("waiver::bad_date", "The last day of a waiver is no date."),
    ("waiver::covers_nothing", "No finding can be covered by the waiver."),
    ("waiver::missing_text", "A waiver lacks its owner or its reason."),
    ("waiver::unknown_collection", "A waiver names a collection that has no schema."),
    ("waiver::unknown_reporter", "A waiver names a reporter that is no region."),
    ("waiver::unknown_rule", "A waiver names a rule that does not exist."),
    ("waiver::unknown_variable", "A waiver names a variable that does not exist."),
    (
        "yaml::malformed",
        "A file is not YAML of the form that is expected: a key is unknown, repeated or missing, or a value is of another type.",
    ),
    ("yaml::too_long", "A file is longer than rule and schema files may be."),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_found_by_their_codes() {
        assert!(DESCRIPTIONS.is_sorted_by_key(|(code, _)| *code));
        assert_eq!(describe("rule::bad_date"), "A date is not written as 2022-01-03, or does not exist.");
        assert_eq!(describe("example::brand_new"), "Rule and schema files: example: brand new.");
        assert!(describe(outcome::SURVIVED).contains("survivors"));
    }
}
