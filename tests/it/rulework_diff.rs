//! `rules diff`, and rule files that nobody should have to write: through the binary.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn vantkoll(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_vantkoll")).args(arguments).arg("--lang=sv").current_dir(folder).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

const SAMPLES: [&str; 2] = ["testdata/samples/regler/fore", "testdata/samples/regler/efter"];

/// The README's block that begins with `first`.
fn readme_block(first: &str) -> String {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let start = readme.find(&format!("```text\n{first}")).expect("the block is in the README") + "```text\n".len();
    readme[start..].split("```").next().expect("closed").to_owned()
}

#[test]
fn the_readme_shows_what_a_diff_prints() {
    let printed = stdout(&vantkoll(root(), &["rules", "diff", SAMPLES[0], SAMPLES[1]]));
    assert_eq!(readme_block("Regler: testdata/samples/regler/fore"), printed);
}

#[test]
fn the_readme_shows_what_a_change_means_for_deliveries() {
    let arguments = [
        "rules",
        "diff",
        SAMPLES[0],
        SAMPLES[1],
        "--data",
        "testdata/samples/specvard_genomforda_2022-03.csv",
        "--delivery-date",
        "2022-04-05",
        "--fail-if",
        "newly_failing > 0.5%",
    ];
    let output = vantkoll(root(), &arguments);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let printed = stdout(&output);
    let shown = readme_block("…\nEG-0001: Mer än ett halvårs");
    assert!(printed.ends_with(shown.trim_start_matches("…\n")), "{printed}");
    // The same records, the other way round.
    let arguments: Vec<&str> = arguments
        .map(|word| match word {
            "newly_failing > 0.5%" => "newly_passing >= 4",
            word if word == SAMPLES[0] => SAMPLES[1],
            word if word == SAMPLES[1] => SAMPLES[0],
            word => word,
        })
        .to_vec();
    assert_eq!(vantkoll(root(), &arguments).status.code(), Some(1));
    let without: Vec<&str> =
        arguments.iter().copied().filter(|word| !word.contains(".csv") && *word != "--data").collect();
    assert_eq!(vantkoll(root(), &without).status.code(), Some(2), "--fail-if needs --data");
}

#[test]
fn every_format_names_the_same_changes() {
    let of = |format: &str| {
        let output = vantkoll(root(), &["rules", "diff", SAMPLES[0], SAMPLES[1], "--format", format]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        stdout(&output)
    };
    let json: serde_json::Value = serde_json::from_str(&of("json")).unwrap();
    let meanings: Vec<(&str, &str)> = json["rules"]
        .as_array()
        .unwrap()
        .iter()
        .map(|rule| (rule["rule"].as_str().unwrap(), rule["meaning"].as_str().unwrap()))
        .collect();
    assert_eq!(
        meanings,
        [("EG-0001", "stricter"), ("EG-0002", "looser"), ("EG-0003", "equal"), ("EG-0004", "removed")]
    );
    assert_eq!(json["schema"], "vantkoll.rule_diff/1");
    assert_eq!(json["rules"][0]["newly_failing"]["before"], "satisfied");
    assert_eq!(json["rules"][0]["newly_failing"]["after"], "violated");
    let markdown = of("markdown");
    for (id, word) in
        [("EG-0001", "strängare"), ("EG-0002", "mildare"), ("EG-0003", "samma innebörd"), ("EG-0004", "utgår")]
    {
        assert!(markdown.lines().any(|line| line.contains(id) && line.contains(word)), "{markdown}");
    }
}

#[test]
fn rules_without_anything_in_common_are_no_diff() {
    let output = vantkoll(root(), &["rules", "diff", "testdata/_logic/base", SAMPLES[0]]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("ingen insamling gemensam"), "{}", stderr(&output));
    let output = vantkoll(root(), &["rules", "diff", "ingen-sådan-mapp", SAMPLES[0]]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("varken en mapp eller en git-version"), "{}", stderr(&output));
}

/// A folder with a repository of rules, committed, then changed.
fn repository() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let copy = |from: &str, to: &str| {
        for file in glob::glob(root().join(from).join("**/*").to_str().unwrap()).unwrap().map(|path| path.unwrap()) {
            if file.is_file() {
                let target = folder.path().join(to).join(file.strip_prefix(root().join(from)).unwrap());
                std::fs::create_dir_all(target.parent().unwrap()).unwrap();
                std::fs::copy(&file, target).unwrap();
            }
        }
    };
    copy("testdata/_logic/base", ".");
    let git = |arguments: &[&str]| {
        let done = Command::new("git")
            .args(["-c", "user.name=N", "-c", "user.email=e@example.org", "-c", "init.defaultBranch=main"])
            .args(arguments)
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    };
    git(&["init", "-q"]);
    git(&["add", "."]);
    git(&["commit", "-q", "-m", "first"]);
    folder
}

#[test]
fn a_revision_is_held_against_the_folder_as_it_is() {
    let folder = repository();
    let same = vantkoll(folder.path(), &["rules", "diff", "HEAD"]);
    assert_eq!(same.status.code(), Some(0), "{}", stderr(&same));
    assert!(stdout(&same).contains("0 regler tillkommer, 0 utgår, 0 ändras"), "{}", stdout(&same));
    let rules = folder.path().join("rules/prov.yaml");
    let text = std::fs::read_to_string(&rules).unwrap();
    std::fs::write(&rules, text.replace("enhet: voluntary", "enhet: mandatory")).unwrap();
    let schema = folder.path().join("schemas/prov.yaml");
    let text = std::fs::read_to_string(&schema).unwrap();
    std::fs::write(&schema, text.replace("range: { min: 0, max: 20 }", "range: { min: 1, max: 30 }")).unwrap();
    let printed = stdout(&vantkoll(folder.path(), &["rules", "diff", "HEAD"]));
    for line in ["PR-K-enhet TILLKOMMER", "PR-V-antal BÅDE STRÄNGARE OCH MILDARE", "antal = 0", "antal = 21"] {
        assert!(printed.contains(line), "{line}\n{printed}");
    }
    // An option is never taken for a revision.
    let output = vantkoll(folder.path(), &["rules", "diff", "--", "--output=x"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(!folder.path().join("x").exists());
}

/// What `rules check` says of one file laid over the built-in rules.
fn check(name: &str, bytes: &[u8]) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    let file: PathBuf = folder.path().join(name);
    std::fs::write(&file, bytes).unwrap();
    let output = vantkoll(folder.path(), &["rules", "check", "."]);
    (output.status.code(), stderr(&output))
}

#[test]
fn rule_files_beyond_the_limits_are_mistakes_and_nothing_worse() {
    let head = "collections: [specvard_genomforda]\nsource: { document: d, place: p }\n";
    let bomb = {
        let mut text = "a: &a [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for (name, before) in "bcdefghij".chars().zip("abcdefghi".chars()) {
            let aliases = vec![format!("*{before}"); 10].join(", ");
            writeln!(text, "{name}: &{name} [{aliases}]").unwrap();
        }
        text
    };
    let long = format!("{head}# {}\n", "x".repeat(9 << 20));
    let deep = format!("{head}checks: {}{}\n", "[".repeat(100), "]".repeat(100));
    let nested = format!(
        "{head}checks:\n  - id: EG-0001\n    severity: error\n    assert: \"{}fas = '1'{}\"\n    title: {{ sv: t, en: t }}\n    fix: {{ sv: f, en: f }}\n    tests: [{{ satisfied: {{}} }}, {{ violated: {{}} }}]\n",
        "(".repeat(500),
        ")".repeat(500)
    );
    for (name, bytes, said) in [
        ("trasig.yaml", b"collections: [\n  - x: {".to_vec(), "yaml::malformed"),
        ("bomb.yaml", bomb.into_bytes(), "yaml::malformed"),
        ("lang.yaml", long.into_bytes(), "yaml::too_long"),
        ("djup.yaml", deep.into_bytes(), "yaml::malformed"),
        ("nastlad.yaml", nested.into_bytes(), "rule::sql_syntax"),
        ("latin.yaml", b"collections: [specvard_genomforda]\n# r\xe4tt\n".to_vec(), "inte UTF-8"),
        ("tom.yaml", Vec::new(), "yaml::malformed"),
    ] {
        let (code, text) = check(name, &bytes);
        assert_eq!(code, Some(2), "{name}: {text}");
        assert!(text.contains(said), "{name}: {text}");
    }
}

#[test]
fn every_mistake_of_every_file_is_shown() {
    let folder = tempfile::tempdir().unwrap();
    let head = "collections: [specvard_genomforda]\nsource: { document: d, place: p }\nchecks:\n";
    let check = |id: &str, assertion: &str| {
        format!(
            "  - id: {id}\n    severity: error\n    assert: \"{assertion}\"\n    title: {{ sv: t, en: t }}\n    fix: {{ sv: f, en: f }}\n    tests: [{{ satisfied: {{}} }}, {{ violated: {{}} }}]\n"
        )
    };
    let files = [
        ("a.yaml", format!("{head}{}{}", check("EG-0001", "fas = 4"), check("EG-0002", "faz = '1'"))),
        ("b.yaml", format!("{head}{}", check("EG-0001", "fas = '9'"))),
        ("c.yaml", format!("{head}{}", check("EG-0003", "fas = '1'").replace("assert", "asert"))),
    ];
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let output = vantkoll(folder.path(), &["rules", "check", "."]);
    assert_eq!(output.status.code(), Some(2));
    let text = stderr(&output);
    for code in ["rule::wrong_type", "rule::unknown_variable", "rule::unknown_code", "rule::id_used", "yaml::malformed"]
    {
        assert!(text.contains(code), "{code}\n{text}");
    }
}

#[test]
fn schemas_that_lean_on_each_other_in_a_circle_are_a_mistake() {
    let folder = tempfile::tempdir().unwrap();
    for (own, other, prefix) in [("ett", "tva", "ET"), ("tva", "ett", "TV")] {
        let text = format!(
            "collection: {own}\nprefix: {prefix}\ntitle: {{ sv: t, en: t }}\nsource: {{ document: d, place: p }}\nsame_variables_as: {other}\n"
        );
        std::fs::write(folder.path().join(format!("{own}.yaml")), text).unwrap();
    }
    let schemas = folder.path().to_str().unwrap();
    let output = vantkoll(root(), &["rules", "check", "--schemas", schemas]);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert!(stderr(&output).contains("schema::"), "{}", stderr(&output));
}
