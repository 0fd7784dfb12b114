//! The order of modules: a module uses only those above it in the table of `src/lib.rs`.

use std::path::{Path, PathBuf};

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// The modules in the order of the architecture page's table.
fn order() -> Vec<String> {
    let page = std::fs::read_to_string(source().join("lib.rs")).unwrap();
    let names = page.lines().filter_map(|line| line.strip_prefix("//! | [`")?.split_once("`]"));
    names.map(|(name, _)| name.to_owned()).collect()
}

/// The modules that a text names as `crate::<module>`, with the 1-based line; `use crate::{a, b}` names both.
fn named(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    for (place, _) in text.match_indices("crate::") {
        let line = text[..place].matches('\n').count() + 1;
        let whole = text.lines().nth(line - 1).unwrap_or_default().trim_start();
        // A documentation link is no dependency.
        if whole.starts_with("//") || text[..place].ends_with(is_word) || text[..place].ends_with('$') {
            continue;
        }
        let rest = &text[place + "crate::".len()..];
        if let Some(list) = rest.strip_prefix('{') {
            // The modules of the outer braces: what follows a comma at depth one.
            let (mut depth, mut at_start, mut word) = (1, true, String::new());
            for c in list.chars() {
                match c {
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    ',' if depth == 1 => at_start = true,
                    c if is_word(c) && depth == 1 && at_start => word.push(c),
                    c if c.is_whitespace() => {}
                    _ => at_start = false,
                }
                if (!at_start || depth == 0 || c == ',') && !word.is_empty() {
                    found.push((line, std::mem::take(&mut word)));
                    at_start = c == ',';
                }
                if depth == 0 {
                    break;
                }
            }
        } else {
            found.push((line, rest.chars().take_while(|c| is_word(*c)).collect()));
        }
    }
    found
}

#[test]
fn the_table_lists_every_module() {
    let page = std::fs::read_to_string(source().join("lib.rs")).unwrap();
    let mut declared: Vec<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod ").or_else(|| line.strip_prefix("mod "))?.strip_suffix(';'))
        .collect();
    let mut listed = order();
    declared.sort_unstable();
    listed.sort_unstable();
    assert_eq!(declared, listed);
}

#[test]
fn a_module_uses_only_those_above_it() {
    let order = order();
    let mut n_uses = 0;
    let mut wrong = Vec::new();
    for path in glob::glob(source().join("**/*.rs").to_str().expect("UTF-8")).unwrap() {
        let path = path.unwrap();
        let inside = path.strip_prefix(source()).unwrap();
        let module = inside.iter().next().and_then(|name| name.to_str()).expect("UTF-8").trim_end_matches(".rs");
        let Some(own) = order.iter().position(|name| name == module) else {
            assert!(["lib", "main"].contains(&module), "{} is in no module of the table", path.display());
            continue;
        };
        for (line, used) in named(&std::fs::read_to_string(&path).unwrap()) {
            n_uses += 1;
            let Some(place) = order.iter().position(|name| *name == used) else {
                wrong.push(format!("{}:{line}: `{used}` is not in the table", inside.display()));
                continue;
            };
            if place > own {
                wrong.push(format!("{}:{line}: `{module}` uses `{used}`, which is below it", inside.display()));
            }
        }
    }
    assert!(n_uses > 100, "only {n_uses} uses were seen");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn uses_are_seen_in_every_form() {
    let text = "use crate::model::Text;\n// crate::cli\nuse crate::{table, time::{DAY, self},\n    yaml};\nlet x = crate::diag::nearest();\n";
    let names: Vec<(usize, String)> = named(text);
    let names: Vec<(usize, &str)> = names.iter().map(|(line, name)| (*line, name.as_str())).collect();
    assert_eq!(names, [(1, "model"), (3, "table"), (3, "time"), (3, "yaml"), (5, "diag")]);
}

#[test]
fn the_yaml_crate_is_named_in_one_module_only() {
    for path in glob::glob(source().join("**/*.rs").to_str().expect("UTF-8")).unwrap() {
        let path = path.unwrap();
        let names = std::fs::read_to_string(&path).unwrap().contains("serde_yaml");
        assert!(!names || path.ends_with("src/yaml.rs"), "{}", path.display());
    }
}
