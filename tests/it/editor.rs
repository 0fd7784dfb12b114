//! JSON Schemas of the YAML formats: current, true of every shipped file, and false of files that are wrong.

use std::path::{Path, PathBuf};

use serde_json::Value;
use vantkoll::rulebook::editor;

use crate::support::run;

fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn schema(name: &str) -> jsonschema::Validator {
    let text = std::fs::read_to_string(here().join("schemas").join(name)).unwrap();
    jsonschema::validator_for(&serde_json::from_str(&text).unwrap()).unwrap()
}

fn yaml(text: &str) -> Value {
    serde_yaml::from_str(text).unwrap()
}

#[test]
fn schemas_are_current() {
    let files = editor::schema_files();
    assert!(files.len() > 5);
    for file in files {
        let text = std::fs::read_to_string(here().join("schemas").join(file.name)).unwrap_or_default();
        assert_eq!(text, file.text, "{}: write it with `cargo run -- rules schema schemas`", file.name);
    }
    let folder = tempfile::tempdir().unwrap();
    let said = run(folder.path(), &["rules", "schema", "ny/mapp"]);
    assert_eq!((said.code, said.out.lines().count()), (0, editor::schema_files().len()), "{}", said.err);
    assert!(folder.path().join("ny/mapp/rules.schema.json").is_file());
}

/// Every property of every schema tells an editor what it is.
#[test]
fn every_key_is_explained() {
    fn properties(value: &Value, path: &str, silent: &mut Vec<String>) {
        if let Value::Object(map) = value {
            // A kind is an object with one key, and explained as a whole.
            let is_kind = map.contains_key("description") && path.ends_with("/oneOf");
            if let Some(Value::Object(keys)) = map.get("properties").filter(|_| map.contains_key("type") && !is_kind) {
                let without = keys.iter().filter(|(_, key)| key.get("description").is_none());
                silent.extend(without.map(|(key, _)| format!("{path}/{key}")));
            }
            for (key, value) in map {
                properties(value, &format!("{path}/{key}"), silent);
            }
        } else if let Value::Array(list) = value {
            for value in list {
                properties(value, path, silent);
            }
        }
    }
    let mut silent = Vec::new();
    for file in editor::schema_files() {
        properties(&serde_json::from_str(&file.text).unwrap(), file.name, &mut silent);
    }
    assert!(silent.is_empty(), "{silent:?}");
}

/// The shipped YAML files, each with the schema that its first line names.
fn shipped() -> Vec<(PathBuf, String)> {
    let patterns = ["rules/**/*.yaml", "schemas/**/*.yaml", "testdata/defects/*.yaml", "testdata/samples/*.yaml"];
    let paths = patterns.iter().flat_map(|pattern| glob::glob(here().join(pattern).to_str().unwrap()).unwrap());
    paths
        .map(|path| {
            let path = path.unwrap();
            let text = std::fs::read_to_string(&path).unwrap();
            let named = text.lines().next().and_then(|line| line.strip_prefix("# yaml-language-server: $schema="));
            let named = named.unwrap_or_else(|| panic!("{}: no schema named in the first line", path.display()));
            let schema = path.parent().unwrap().join(named).canonicalize().unwrap();
            assert_eq!(schema.parent(), here().join("schemas").canonicalize().ok().as_deref(), "{}", path.display());
            (path, schema.file_name().unwrap().to_str().unwrap().to_owned())
        })
        .collect()
}

#[test]
fn every_shipped_file_is_what_its_schema_says() {
    let files = shipped();
    assert!(files.len() > 30);
    for (path, name) in files {
        let text = std::fs::read_to_string(&path).unwrap();
        let mistakes: Vec<String> = schema(&name)
            .iter_errors(&yaml(&text))
            .map(|error| format!("{}: {error}", error.instance_path()).chars().take(300).collect())
            .collect();
        assert!(mistakes.is_empty(), "{}: {mistakes:#?}", path.display());
    }
}

#[test]
fn files_that_are_wrong_are_refused() {
    let source = "source: { document: d, place: p }";
    let check = "id: EX-0001, severity: note, assert: \"fas = '1'\", title: { sv: a, en: a }, fix: { sv: a, en: a }";
    let rules = |rest: &str| format!("collections: [x]\n{source}\n{rest}\n");
    assert!(schema("rules.schema.json").is_valid(&yaml(&rules(&format!("checks: [{{ {check} }}]")))));
    let wrong = [
        ("rules", "collections: [x]\n".to_owned()),
        ("rules", rules("cheks: []")),
        ("rules", rules("requirements: { fas: obligatory }")),
        ("rules", rules("requirements: { fas: { level: conditional } }")),
        ("rules", rules("requirements: { fas: { level: mandatory, required_when: \"a = 'b'\" } }")),
        ("rules", rules(&format!("checks: [{{ {} }}]", check.replace("EX-0001", "ex1")))),
        ("rules", rules(&format!("checks: [{{ {} }}]", check.replace("note", "fatal")))),
        ("rules", rules(&format!("checks: [{{ {} }}]", check.replace(", en: a", "")))),
        ("rules", rules(&format!("checks: [{{ {check}, valid: {{ from: 2022, by: x }} }}]"))),
        ("rules", rules(&format!("checks: [{{ {check}, tests: [{{ satisfied: {{}}, violated: {{}} }}] }}]"))),
        ("rules", rules(&format!("checks: [{{ {check}, tests: [{{ satisfied: {{ \"today()\": x }} }}] }}]"))),
        (
            "rules",
            rules(
                "submission: [{ id: EX-0001, severity: note, check: { sorted: {} }, title: { sv: a, en: a }, fix: { sv: a, en: a } }]",
            ),
        ),
        ("collection", format!("collection: A B\nprefix: AB\ntitle: {{ sv: a, en: a }}\n{source}\n")),
        (
            "collection",
            format!(
                "collection: a\nprefix: AB\ntitle: {{ sv: a, en: a }}\n{source}\nvariables: [{{ id: a, name: {{ sv: a, en: a }}, type: date }}]\n"
            ),
        ),
        ("formats", "formats: [{ id: a }]\n".to_owned()),
        ("measures", format!("{source}\nmeasures: [{{ id: a, denominator: everyone }}]\n")),
        (
            "goals",
            format!(
                "{source}\nshares: [{{ id: a, title: {{ sv: a, en: a }}, collections: [x], among: \"a = 'b'\" }}]\n"
            ),
        ),
        (
            "goals",
            format!(
                "{source}\nprogrammes: [{{ title: {{ sv: a, en: a }}, description: {{ sv: a, en: a }}, months: {{ first: 2022-2, last: 2022-11 }}, goals: [] }}]\n"
            ),
        ),
        ("waivers", "waivers: [{ rule: EX-0001, reason: a, until: 2026-12-31 }]\n".to_owned()),
        ("profile", "collection: a\nvalues: [{ id: a, fill: { dice: 6 } }]\n".to_owned()),
        (
            "defects",
            "collection: a\ndefects: [{ name: a, rate: 0.1, plant: { explode: a }, expect: EX-0001 }]\n".to_owned(),
        ),
    ];
    for (name, text) in wrong {
        assert!(!schema(&format!("{name}.schema.json")).is_valid(&yaml(&text)), "{name}: {text}");
    }
}
