//! Faulty and sound rules, one a file, as `rules check` sees them.
//!
//! `testdata/_logic/faulty/*.yaml` names in its first lines the code of its one mistake and the very characters that
//! are pointed at; `sound/*.yaml` looks alike and has none. Each is laid beside `base/`, or replaces one of its files.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use vantkoll::assets::{Assets, File};
use vantkoll::diag::{self, Diagnostic};
use vantkoll::rulebook::{Rulebook, prove};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/_logic").join(name)
}

/// Every file of a folder, sorted.
pub(crate) fn files(name: &str) -> Vec<PathBuf> {
    let pattern = folder(name).join("*.yaml");
    let mut files: Vec<PathBuf> =
        glob::glob(pattern.to_str().expect("UTF-8")).unwrap().map(|path| path.unwrap()).collect();
    files.sort();
    files
}

/// What the first lines of a case say under a name.
fn stated<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().take_while(|line| line.starts_with('#')).find_map(|line| line.strip_prefix(&format!("# {name}: ")))
}

/// What is said of the rules of a case.
fn check(path: &Path, text: &str) -> Vec<Diagnostic> {
    let mut assets = Assets::whole(&folder("base")).unwrap();
    if let Some(replaced) = stated(text, "replaces") {
        assert!(assets.rules.remove(replaced).is_some(), "{}", path.display());
    }
    let name = path.file_name().and_then(|name| name.to_str()).expect("UTF-8").to_owned();
    assets.rules.insert(name.clone(), File { name, text: text.to_owned() });
    match Rulebook::load(&assets) {
        Ok(book) => prove::prove_all(&book).diagnostics,
        Err(mistakes) => mistakes,
    }
}

#[test]
fn every_faulty_rule_is_caught_with_its_place_and_code() {
    let mut settings = insta::Settings::new();
    settings.set_snapshot_path(folder("faulty"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let cases = files("faulty");
    assert!(cases.len() >= 30, "{}", cases.len());
    let mut missed = Vec::new();
    for case in cases {
        let text = std::fs::read_to_string(&case).unwrap();
        let found = check(&case, &text);
        let shown = diag::render(&found, false, 100);
        let name = case.file_stem().and_then(|name| name.to_str()).expect("UTF-8");
        let place = |diagnostic: &Diagnostic| {
            let place = diagnostic.place()?;
            place
                .source
                .text()
                .get(place.offset..place.offset + place.len)
                .map(|text| text.trim_matches('"').to_owned())
        };
        let told: Vec<_> = found.iter().map(|diagnostic| (diagnostic.code(), place(diagnostic))).collect();
        let wanted = vec![(stated(&text, "code").expect("a code"), stated(&text, "place").map(str::to_owned))];
        if told != wanted {
            missed.push(format!("{name}: wanted {wanted:?}, told {told:?}\n{shown}"));
            continue;
        }
        settings.bind(|| insta::assert_snapshot!(name, shown));
    }
    assert!(missed.is_empty(), "{} missed:\n{}", missed.len(), missed.join("\n"));
}

#[test]
fn nothing_is_said_of_sound_rules_that_look_alike() {
    let cases = files("sound");
    assert!(cases.len() >= 10, "{}", cases.len());
    for case in cases {
        let found = check(&case, &std::fs::read_to_string(&case).unwrap());
        assert!(found.is_empty(), "{}\n{}", case.display(), diag::render(&found, false, 100));
    }
}

#[test]
fn the_shipped_rules_are_proved_with_nothing_undecided_and_nothing_to_accept() {
    let book = Rulebook::load(&Assets::layered(None, None).unwrap()).unwrap();
    let proof = prove::prove_all(&book);
    assert!(proof.diagnostics.is_empty(), "{}", diag::render(&proof.diagnostics, false, 100));
    assert_eq!((proof.undecided, proof.accepted.len()), (0, 0));
    assert!(proof.questions > 2_000, "{}", proof.questions);
}

#[test]
fn every_code_of_the_logic_has_a_faulty_rule() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/rulebook/prove.rs");
    let text = std::fs::read_to_string(source).unwrap();
    let codes: BTreeSet<&str> = text.split('"').skip(1).step_by(1).filter(|word| word.starts_with("logic::")).collect();
    assert!(codes.len() > 8, "{codes:?}");
    let cases: Vec<String> = files("faulty").iter().map(|case| std::fs::read_to_string(case).unwrap()).collect();
    let covered: BTreeSet<&str> = cases.iter().filter_map(|text| stated(text, "code")).collect();
    let missing: Vec<_> = codes.difference(&covered).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
