//! One mistake a file: `testdata/_diagnostics/<code>[-variant].yaml`, and how it is shown.
//!
//! The first line says what the file is: `# kind: rule` is laid beside the rules below, `rules` replaces them, `dates`
//! are those of the collection `tider`, `schema` is a second collection `egen`, `folded` one beside `grupper` (groups of
//! `bas`), `folded_rules` are rules on these, `formats` replaces the formats, `codelist` is a code list, `measure` speaks
//! of the collections `bas`, `flode` (what happened) and `lager` (a stock), and so does `waivers`. The name of the file is
//! the code of the mistake, and the file has no other.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use vantkoll::assets::{File, Files};
use vantkoll::diag::{self, Diagnostic, Source};
use vantkoll::waiver::{self, Waivers};
use vantkoll::{measure, rule, schema};

const FORMATS: &str = r#"
formats:
  - id: kort
    name: { sv: Kort kod, en: Short code }
    pattern: "[A-Z][0-9]"
    title: { sv: är ingen kort kod, en: is not a short code }
    fix: { sv: Rätta koden., en: Correct the code. }
    source: { document: d, place: p }
    examples: { valid: ["A1"], invalid: ["A"] }
"#;

const SCHEMA: &str = r#"
collection: bas
prefix: BA
title: { sv: Bas, en: Base }
source: { document: d, place: p }
variables:
  - { id: fas, name: { sv: Fas, en: Phase }, type: code, codelist: fas, examples: { valid: ["1"], invalid: ["9"] } }
  - { id: datum, name: { sv: Datum, en: Date }, type: timestamp, examples: { valid: ["2022-01-03T08:00"], invalid: ["x"] } }
  - { id: antal, name: { sv: Antal, en: Number }, type: integer, examples: { valid: ["1"], invalid: ["x"] } }
  - { id: fritext, name: { sv: Fritext, en: Text }, type: text, examples: { valid: ["a"] } }
  - { id: diagnos, name: { sv: Diagnos, en: Diagnosis }, type: text, repeats: { separators: "," }, examples: { valid: ["a"] } }
"#;

const CODES: &str =
    "code,text_sv,text_en,valid_from,valid_to,same_as,grupp\n1,ett,one,,,,a\n2,två,two,,,,b\nett,ett,one,,,1,\n";

/// A list with a code that has a row for each period.
const LIMITS: &str = "code,valid_from,valid_to,dagar\n1,,2021-12-31,28\n1,2022-01-01,,35\n2,,,14 dagar\n";

const RULES: &str = r#"
collections: [bas]
source: { document: d, place: p }
requirements: { fas: mandatory, datum: voluntary, antal: voluntary, fritext: voluntary, diagnos: voluntary }
checks:
  - id: BAS-0001
    severity: error
    assert: "fas = '1'"
    title: { sv: Fas är inte 1, en: Phase is not 1 }
    fix: { sv: Rätta fasen., en: Correct the phase. }
    tests: [{ satisfied: { fas: "1" } }, { violated: { fas: "2" } }]
"#;

const FLOW: &str = r#"
collection: flode
prefix: FL
title: { sv: Flöde, en: Flow }
source: { document: d, place: p }
reporter: huvudman
variables:
  - { id: huvudman, name: { sv: Huvudman, en: Principal }, type: text, examples: { valid: ["a"] } }
  - { id: fas, name: { sv: Fas, en: Phase }, type: code, codelist: fas, examples: { valid: ["1"], invalid: ["9"] } }
"#;

const STOCK: &str = r"
collection: lager
prefix: LA
title: { sv: Lager, en: Stock }
source: { document: d, place: p }
same_variables_as: flode
reporter: huvudman
stock: true
";

/// A collection that folds `bas`.
const FOLDED: &str = r#"
collection: grupper
prefix: GR
title: { sv: Grupper, en: Groups }
source: { document: d, place: p }
folds: { collection: bas, key: [fas], order: [datum], unit: { sv: grupper, en: groups } }
variables:
  - { id: fas, name: { sv: Fas, en: Phase }, type: code, codelist: fas }
  - { id: storst, name: { sv: Störst, en: Largest }, type: integer, fold: "MAX(antal)" }
"#;

/// A collection that folds `flode`.
const FOLDED_FLOW: &str = r#"
collection: besok
prefix: BE
title: { sv: Besök, en: Visits }
source: { document: d, place: p }
folds: { collection: flode, key: [huvudman], unit: { sv: besök, en: visits } }
reporter: huvudman
variables:
  - { id: huvudman, name: { sv: Huvudman, en: Principal }, type: text }
  - { id: faser, name: { sv: Faser, en: Phases }, type: integer, fold: "COUNT(DISTINCT fas)" }
"#;

const MORE_RULES: &str = r"
collections: [flode, lager]
source: { document: d, place: p }
requirements: { huvudman: mandatory, fas: mandatory }
";

const WHOLE_RULES: &str = r#"
collections: ["*"]
source: { document: d, place: p }
submission:
  - id: LEV-0001
    check: { not_empty: {} }
    severity: error
    title: { sv: Tom, en: Empty }
    fix: { sv: Rätta., en: Correct it. }
    tests: [{ satisfied: { csv: a } }, { violated: { csv: a } }]
"#;

const REGIONS: &str = "code,text_sv,text_en,valid_from,valid_to,same_as,lanskod\n2321000016,a,a,,,,01\n";

const DATES: &str = r#"
collection: tider
prefix: TI
title: { sv: Tider, en: Times }
source: { document: d, place: p }
variables:
  - { id: start, name: { sv: Start, en: Start }, type: timestamp, examples: { valid: ["2022-01-03T08:00"], invalid: ["x"] } }
  - { id: slut, name: { sv: Slut, en: End }, type: timestamp, examples: { valid: ["2022-01-03T08:00"], invalid: ["x"] } }
  - { id: antal, name: { sv: Antal, en: Number }, type: integer, examples: { valid: ["1"], invalid: ["x"] } }
"#;

const NAMED_REGIONS: &str = "code,text_sv,text_en,valid_from,valid_to,same_as,regionkod,lanskod,name_sv\n\
    2321000016,a,a,,,,10,01,Region Stockholm\n2321000081,b,b,,,,27,10,Region Blekinge\n";

/// Every case, sorted.
pub(crate) fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/_diagnostics");
    let mut cases: Vec<PathBuf> = ["*.yaml", "*.csv"]
        .iter()
        .flat_map(|pattern| glob::glob(folder.join(pattern).to_str().expect("UTF-8")).unwrap())
        .map(|path| path.unwrap())
        .collect();
    cases.sort();
    cases
}

fn stem(case: &Path) -> &str {
    case.file_stem().and_then(|stem| stem.to_str()).expect("UTF-8")
}

/// The code that a file is named after: `rule_bad_date-until` shows `rule::bad_date`.
fn code(case: &Path) -> String {
    stem(case).split('-').next().unwrap_or_default().replacen('_', "::", 1)
}

/// What is wrong with the files of a case.
fn mistakes(case: &Path) -> Vec<Diagnostic> {
    let text = std::fs::read_to_string(case).unwrap();
    let (mut schemas, mut rules, mut waivers) = (Files::new(), Files::new(), None);
    let add = |files: &mut Files, name: &str, text: &str| {
        files.insert(name.to_owned(), File { name: name.to_owned(), text: text.to_owned() })
    };
    add(&mut schemas, "formats.yaml", FORMATS);
    add(&mut schemas, "bas.yaml", SCHEMA);
    add(&mut schemas, "codelists/fas.csv", CODES);
    add(&mut schemas, "codelists/granser.csv", LIMITS);
    add(&mut rules, "bas.yaml", RULES);
    match text.lines().next().and_then(|line| line.strip_prefix("# kind: ")) {
        Some("rule") => add(&mut rules, "egen.yaml", &text),
        Some("rules") => add(&mut rules, "bas.yaml", &text),
        Some("dates") => {
            add(&mut schemas, "tider.yaml", DATES);
            add(&mut rules, "egen.yaml", &text)
        }
        Some("schema") => add(&mut schemas, "egen.yaml", &text),
        Some("folded") => {
            add(&mut schemas, "grupper.yaml", FOLDED);
            add(&mut schemas, "egen.yaml", &text)
        }
        Some("folded_rules") => {
            add(&mut schemas, "grupper.yaml", FOLDED);
            add(&mut rules, "egen.yaml", &text)
        }
        Some("formats") => add(&mut schemas, "formats.yaml", &text),
        Some("measure") => {
            add(&mut schemas, "besok.yaml", FOLDED_FLOW);
            add(&mut schemas, "flode.yaml", FLOW);
            add(&mut schemas, "lager.yaml", STOCK);
            add(&mut schemas, "codelists/region_orgnr.csv", REGIONS);
            add(&mut rules, "more.yaml", MORE_RULES);
            add(&mut rules, "coverage/egen.yaml", &text)
        }
        Some("goal") => {
            add(&mut schemas, "flode.yaml", FLOW);
            add(&mut schemas, "lager.yaml", STOCK);
            add(&mut schemas, "codelists/region_orgnr.csv", REGIONS);
            add(&mut rules, "more.yaml", MORE_RULES);
            add(&mut rules, "goals/egen.yaml", &text)
        }
        Some("waivers") => {
            add(&mut schemas, "flode.yaml", FLOW);
            add(&mut schemas, "lager.yaml", STOCK);
            add(&mut schemas, "codelists/region_orgnr.csv", NAMED_REGIONS);
            add(&mut rules, "more.yaml", MORE_RULES);
            add(&mut rules, "hela.yaml", WHOLE_RULES);
            waivers = Some(Source::new("undantag.yaml", text.as_str()));
            None
        }
        Some("codelist") => add(&mut schemas, "codelists/egen.csv", &text),
        other => panic!("{}: kind {other:?}", case.display()),
    };
    let compiled = schema::load(&schemas).and_then(|schemas| {
        let plans = rule::compile(&schemas, &rule::load(&rules)?)?;
        measure::load(&rules, &plans)?;
        waivers.map_or(Ok(Waivers::default()), |source| waiver::load(&source, &plans, &schemas.codelists))
    });
    compiled.map_or_else(|mistakes| mistakes, |_| Vec::new())
}

#[test]
fn every_mistake_is_shown_at_its_place() {
    let mut settings = insta::Settings::new();
    settings.set_snapshot_path(Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/_diagnostics"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    for case in cases() {
        let mistakes = mistakes(&case);
        let found: Vec<&str> = mistakes.iter().map(Diagnostic::code).collect();
        assert_eq!(found, [code(&case)], "{}\n{}", case.display(), diag::render(&mistakes, false, 100));
        settings.bind(|| insta::assert_snapshot!(stem(&case), diag::render(&mistakes, false, 100)));
    }
}

/// The codes that `src/` names.
fn codes() -> BTreeSet<String> {
    let pattern = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/**/*.rs");
    let mut codes = BTreeSet::new();
    for path in glob::glob(pattern.to_str().expect("UTF-8")).unwrap() {
        let text = std::fs::read_to_string(path.unwrap()).unwrap();
        for literal in text.split('"').skip(1) {
            let is_code = ["measure::", "rule::", "schema::", "waiver::", "yaml::"]
                .iter()
                .any(|family| literal.starts_with(family))
                && literal.chars().all(|c| c.is_ascii_lowercase() || matches!(c, '_' | ':'));
            if is_code {
                codes.insert(literal.to_owned());
            }
        }
    }
    codes
}

#[test]
fn every_code_has_a_case() {
    // Over eight million bytes; the module's own tests make such a text.
    let without = BTreeSet::from(["yaml::too_long".to_owned()]);
    let covered: BTreeSet<String> = cases().iter().map(|case| code(case)).collect();
    let codes = codes();
    assert!(codes.len() > 50, "{codes:?}");
    let missing: Vec<_> = codes.difference(&covered).filter(|code| !without.contains(*code)).collect();
    assert!(missing.is_empty(), "codes without a case: {missing:?}");
    let gone: Vec<_> = covered.difference(&codes).collect();
    assert!(gone.is_empty(), "cases of codes that no longer are: {gone:?}");
}
