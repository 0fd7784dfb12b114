//! Rule work through the program: tests and mutants of rules, and reports for continuous integration.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;

use crate::support::{Said, run};

/// A folder with rules of its own for completed contacts of specialised care.
fn folder(rules: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("mina")).unwrap();
    std::fs::write(folder.path().join("mina/mina regler.yaml"), rules).unwrap();
    folder
}

/// A rule file with one check.
fn rule(when: &str, assert: &str, tests: &[&str], more: &str) -> String {
    let mut text = format!(
        "collections: [specvard_genomforda]\nsource: {{ document: \"Å 😀 ä\", place: \"1\" }}\nchecks:\n  - id: REG-0001\n    severity: note\n    when: \"{when}\"\n    assert: \"{assert}\"\n    title: {{ sv: Lång väntan, en: Long wait }}\n    fix: {{ sv: Kontrollera., en: Check. }}\n    tests:\n"
    );
    for test in tests {
        writeln!(text, "      - {test}").unwrap();
    }
    text + more
}

const SOUND: [&str; 3] = [
    "satisfied: { fas: \"1\", remissdatum: \"2022-01-03\", start_av_aktivitet: \"2022-02-03\" }",
    "violated: { fas: \"1\", remissdatum: \"2022-01-03\", start_av_aktivitet: \"2022-08-03\" }",
    "not_applicable: { fas: \"2\", start_av_aktivitet: \"2022-02-03\" }",
];
const WHEN: &str = "fas = '1' AND remissdatum IS NOT NULL";
const ASSERT: &str = "days_between(remissdatum, start_av_aktivitet) <= 90";

/// The same with a test that expects the wrong verdict.
fn with_failing_test() -> tempfile::TempDir {
    let wrong = "violated: { fas: \"1\", remissdatum: \"2022-01-03\", start_av_aktivitet: \"2022-03-03\" }";
    folder(&rule(WHEN, ASSERT, &[SOUND[0], SOUND[1], wrong], ""))
}

fn json(said: &Said) -> Value {
    serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {}{}", said.out, said.err))
}

#[test]
fn tests_of_the_shipped_rules_notice_nearly_every_change() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let said = run(here, &["rules", "test", "--mutate", "--min-score", "0.9", "--format", "json"]);
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    let report = json(&said);
    assert_eq!(report["schema"], "vantkoll.rules/1");
    assert_eq!(report["tests"]["failed"], 0);
    let mutation = &report["mutation"];
    assert!(mutation["score"].as_f64().unwrap() >= 0.9);
    assert!(mutation["mutants"].as_u64().unwrap() > 1000, "{}", mutation["mutants"]);
    assert!(mutation["rules"].as_array().unwrap().len() > 100);
    assert_eq!(mutation["survivors"], Value::Array(Vec::new()), "survivors that nobody argued for");
    assert_eq!(mutation["idle_arguments"], Value::Array(Vec::new()), "arguments for what does not survive");
}

#[test]
fn a_failing_test_is_shown_with_its_record_and_what_explains_it() {
    let folder = with_failing_test();
    let said = run(folder.path(), &["rules", "test", "mina"]);
    assert_eq!((said.code, said.err.as_str()), (1, ""));
    for part in [
        "mina/mina regler.yaml:13: fel: REG-0001, test 3: väntade inte uppfylld, fick uppfylld",
        "post: fas = 1, remissdatum = 2022-01-03, start_av_aktivitet = 2022-03-03",
        "villkoret är sant: fas = '1' AND remissdatum IS NOT NULL",
        "kravet är sant: days_between(remissdatum, start_av_aktivitet) <= 90",
        "days_between(remissdatum, start_av_aktivitet) = 59",
        ", 1 stämmer inte",
    ] {
        assert!(said.out.contains(part), "{part}\n{}", said.out);
    }
    let said = run(folder.path(), &["rules", "test", "mina", "--lang", "en", "--mutate"]);
    assert_eq!(said.code, 1);
    assert!(said.out.contains("error: REG-0001, test 3: expected violated, found satisfied"), "{}", said.out);
    assert!(said.out.contains("changes are tried when all tests pass"), "{}", said.out);
    let report = json(&run(folder.path(), &["rules", "test", "mina", "--format", "json"]));
    let failure = &report["tests"]["failures"][0];
    assert_eq!((&failure["rule"], &failure["test"]), (&"REG-0001".into(), &3.into()));
    assert_eq!((&failure["expected"], &failure["found"]), (&"violated".into(), &"satisfied".into()));
    assert_eq!(failure["place"]["line"], 13);
    assert_eq!(failure["assertion"]["terms"][0]["value"], 59);
}

#[test]
fn what_no_test_notices_is_listed_and_can_be_argued_for() {
    let sound = folder(&rule(WHEN, ASSERT, &SOUND, ""));
    let said = run(sound.path(), &["rules", "test", "mina", "--mutate", "--lang", "en"]);
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    for part in [
        "mina/mina regler.yaml:6: warning: REG-0001: no test notices",
        "mina/mina regler.yaml:7: warning: REG-0001: no test notices 3 changes of the assertion",
        "start_av_aktivitet) <= 90  →  days_between(remissdatum, start_av_aktivitet) <= 91",
    ] {
        assert!(said.out.contains(part), "{part}\n{}", said.out);
    }
    let all: f64 = 1.0;
    let said = run(sound.path(), &["rules", "test", "mina", "--min-score", &all.to_string()]);
    assert_eq!(said.code, 1, "{}", said.out);
    assert!(said.out.contains("minst 1 krävs"), "{}", said.out);

    let survivors = concat!(
        "    survivors:\n",
        "      - mutant: \"days_between(remissdatum, start_av_aktivitet) <= 91\"\n",
        "        because: { sv: Gränsen är ungefärlig., en: The limit is a rough one. }\n",
        "      - mutant: \"days_between(remissdatum, start_av_aktivitet) = 90\"\n",
        "        because: { sv: Passar ingenting., en: Fits nothing. }\n",
    );
    let argued = folder(&rule(WHEN, ASSERT, &SOUND, survivors));
    let said = run(argued.path(), &["rules", "test", "mina", "--mutate", "--lang", "en"]);
    assert!(said.out.contains("no test notices 2 changes of the assertion"), "{}", said.out);
    assert!(said.out.contains("because: The limit is a rough one."), "{}", said.out);
    assert!(
        said.out.contains("mina/mina regler.yaml:17: warning: REG-0001: an argument fits no change that survives"),
        "{}",
        said.out
    );
    let report = json(&run(argued.path(), &["rules", "test", "mina", "--mutate", "--format", "json"]));
    assert_eq!(report["mutation"]["argued"][0]["because"], "The limit is a rough one.");
    assert_eq!(report["mutation"]["idle_arguments"][0]["place"]["line"], 17);
}

#[test]
fn an_argument_that_cannot_be_read_is_pointed_at() {
    let survivors = "    survivors: [{ mutant: \"fas = 'x'\", because: { sv: a, en: a } }]\n";
    let folder = folder(&rule(WHEN, ASSERT, &SOUND, survivors));
    let said = run(folder.path(), &["rules", "test", "mina"]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("rule::unknown_code"), "{}", said.err);
}

/// The log, after the official schema has accepted it.
fn sarif(text: &str) -> Value {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let schema = std::fs::read_to_string(here.join("testdata/sarif/sarif-schema-2.1.0.json")).unwrap();
    let mut schema: Value = serde_json::from_str(&schema).unwrap();
    // The standard's pattern of a language has a bracket too many, which validators rightly refuse; it is of no use here.
    for of in ["run", "toolComponent"] {
        let language = schema["definitions"][of]["properties"]["language"].as_object_mut().unwrap();
        assert_eq!(language.remove("pattern"), Some("^[a-zA-Z]{2}|^[a-zA-Z]{2}-[a-zA-Z]{2}]?$".into()));
    }
    let validator = jsonschema::validator_for(&schema).unwrap();
    let log: Value = serde_json::from_str(text).unwrap();
    let mistakes: Vec<String> =
        validator.iter_errors(&log).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(mistakes.is_empty(), "{mistakes:?}");
    log
}

#[test]
fn sarif_is_what_its_schema_says_and_points_at_the_very_characters() {
    // Two UTF-16 code units before the mistake are one character.
    let text = rule("fas = '1' AND vardenhet1_namn <> '😀' AND fass = '2'", ASSERT, &SOUND, "");
    let folder = folder(&text);
    let said = run(folder.path(), &["rules", "check", "mina", "--format", "sarif"]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("rule::unknown_variable"), "{}", said.err);
    let log = sarif(&said.out);
    let run = &log["runs"][0];
    assert_eq!(run["columnKind"], "utf16CodeUnits");
    let result = &run["results"][0];
    assert_eq!((&result["ruleId"], &result["level"]), (&"rule::unknown_variable".into(), &"error".into()));
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "mina/mina%20regler.yaml");
    let line = text.lines().nth(5).unwrap();
    let column = line[..line.find("fass").unwrap()].encode_utf16().count() + 1;
    assert_eq!(
        place["region"],
        serde_json::json!({ "startLine": 6, "startColumn": column, "endLine": 6, "endColumn": column + 4 })
    );
    let help = run["tool"]["driver"]["rules"][0]["help"]["text"].as_str().unwrap();
    assert!(help.contains("variable"), "{help}");

    // The same mistake two lines further down is the same result.
    let fingerprint = &result["partialFingerprints"]["vantkoll/v1"];
    std::fs::write(folder.path().join("mina/mina regler.yaml"), format!("# ny rad\n\n{text}")).unwrap();
    let moved = crate::support::run(folder.path(), &["rules", "check", "mina", "--format", "sarif"]);
    assert_eq!(&sarif(&moved.out)["runs"][0]["results"][0]["partialFingerprints"]["vantkoll/v1"], fingerprint);
}

#[test]
fn failing_tests_and_survivors_are_results_too() {
    let failing = with_failing_test();
    let log = sarif(&run(failing.path(), &["rules", "test", "mina", "--format", "sarif"]).out);
    let result = &log["runs"][0]["results"][0];
    assert_eq!((&result["ruleId"], &result["level"]), (&"test::failed".into(), &"error".into()));
    assert_eq!(result["locations"][0]["physicalLocation"]["region"]["startLine"], 13);

    let sound = folder(&rule(WHEN, ASSERT, &SOUND, ""));
    let log = sarif(&run(sound.path(), &["rules", "test", "mina", "--mutate", "--format", "sarif"]).out);
    let results = log["runs"][0]["results"].as_array().unwrap();
    assert!(results.iter().all(|result| result["ruleId"] == "mutant::survived" && result["level"] == "warning"));
    let mut prints: Vec<&Value> = results.iter().map(|result| &result["partialFingerprints"]).collect();
    prints.dedup();
    assert_eq!(prints.len(), results.len());
}

#[test]
fn sarif_of_sound_rules_is_an_empty_list() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let said = run(here, &["rules", "check", "--format", "sarif"]);
    assert_eq!(said.code, 0);
    assert_eq!(sarif(&said.out)["runs"][0]["results"], Value::Array(Vec::new()));
}

#[test]
fn junit_counts_what_fails() {
    let folder = with_failing_test();
    let said = run(folder.path(), &["rules", "test", "mina", "--format", "junit"]);
    assert_eq!(said.code, 1);
    let report = quick_junit::Report::deserialize_from_str(&said.out).unwrap();
    assert_eq!((report.failures, report.errors), (1, 0));
    let suite = report.test_suites.iter().find(|suite| suite.name.as_str() == "specvard_genomforda").unwrap();
    let case = suite.test_cases.iter().find(|case| case.name.as_str() == "3 violated" && is_failure(case)).unwrap();
    assert_eq!(case.classname.as_ref().map(quick_junit::XmlString::as_str), Some("REG-0001"));

    let broken = rule("fas = 1", ASSERT, &SOUND, "");
    std::fs::write(folder.path().join("mina/mina regler.yaml"), broken).unwrap();
    let said = run(folder.path(), &["rules", "check", "mina", "--format", "junit=r.xml"]);
    assert_eq!((said.code, said.out.as_str()), (2, ""));
    let text = std::fs::read_to_string(folder.path().join("r.xml")).unwrap();
    assert_eq!(quick_junit::Report::deserialize_from_str(&text).unwrap().failures, 1);
}

fn is_failure(case: &quick_junit::TestCase) -> bool {
    matches!(case.status, quick_junit::TestCaseStatus::NonSuccess { .. })
}

#[test]
fn annotations_are_one_line_each_with_everything_escaped() {
    let folder = with_failing_test();
    let said = run(folder.path(), &["rules", "test", "mina", "--format", "github", "--lang", "en"]);
    let lines: Vec<&str> = said.out.lines().collect();
    assert_eq!(lines.len(), 1, "{}", said.out);
    let (command, message) = lines[0].strip_prefix("::error ").unwrap().split_once("::").unwrap();
    assert!(command.starts_with("file=mina/mina regler.yaml,line=13,"), "{command}");
    assert!(command.contains("title=REG-0001%3A test%3A%3Afailed"), "{command}");
    assert!(
        message.starts_with("REG-0001, test 3: expected violated, found satisfied%0Arecord: fas = 1, "),
        "{message}"
    );
}

#[test]
fn the_summary_is_markdown_without_markup_from_rules() {
    let when = "fas = '1' AND vardenhet1_namn <> '<b>|`x`'";
    let folder = folder(&rule(when, ASSERT, &SOUND[..2], ""));
    let said = run(folder.path(), &["rules", "test", "mina", "--format", "markdown"]);
    assert_eq!(said.code, 1);
    assert!(said.out.starts_with("## Regler: inte godkänt\n\n| vad | antal |\n"), "{}", said.out);
    let row = said.out.lines().find(|line| line.contains("REG-0001")).unwrap();
    assert!(row.contains("&lt;b&gt;\\|\\`x\\`"), "{row}");
    assert_eq!(row.matches(" | ").count(), 2, "{row}");
}

#[test]
fn reports_go_to_files_and_one_to_the_screen() {
    let folder = folder(&rule(WHEN, ASSERT, &SOUND, ""));
    let said = run(folder.path(), &["rules", "test", "mina", "--format", "text", "--format", "json=r.json"]);
    assert_eq!(said.code, 0);
    assert!(said.out.contains("alla stämmer"), "{}", said.out);
    assert!(std::fs::read_to_string(folder.path().join("r.json")).unwrap().contains("\"passed\": true"));
    for (arguments, words) in [
        (vec!["rules", "test", "--format", "xml"], "formaten är text, json, sarif, junit, github, markdown"),
        (vec!["rules", "test", "--format", "json", "--format", "text"], "bara en rapport"),
        (vec!["rules", "test", "--min-score", "90"], "mellan 0 och 1"),
    ] {
        let said = run(folder.path(), &arguments);
        assert_eq!(said.code, 2, "{arguments:?}");
        assert!(said.err.contains(words), "{}", said.err);
    }
    let said = run(folder.path(), &["rules", "test", "mina", "--format", "json=finns/inte/r.json"]);
    assert_eq!(said.code, 4, "{}", said.err);
}
