//! `rules explain`, `rules doc` and `rules trace`, as a maintainer runs them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{Said, run};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn rules(arguments: &[&str]) -> Said {
    run(&root(), &[&["rules"], arguments].concat())
}

/// A folder that is a rule book of its own: one collection, two rules, one of them changed twice.
fn own_book() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [("schemas/bas.yaml", SCHEMA), ("schemas/codelists/fas.csv", CODES), ("rules/bas.yaml", RULES)]
    {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    fs::write(folder.path().join("schemas/formats.yaml"), "formats: []\n").unwrap();
    folder
}

const SCHEMA: &str = r#"
collection: bas
prefix: BA
title: { sv: "Bas <1> & \"2\"", en: Base }
source: { document: d, place: p }
variables:
  - { id: fas, name: { sv: Fas, en: Phase }, type: code, codelist: fas, examples: { valid: ["1"], invalid: ["9"] } }
  - { id: dag, name: { sv: Dag, en: Day }, type: timestamp, date_only: true, examples: { valid: ["2022-01-03"], invalid: ["x"] } }
"#;

const CODES: &str = "code,text_sv,text_en,valid_from,valid_to,same_as\n1,Ett,One,,,\n2,Två,Two,,,\n";

const RULES: &str = r#"
collections: [bas]
source: { document: "Modell | version <2>", place: tabell 1 }
requirements:
  fas: mandatory
  dag:
    level: conditional
    required_when: "fas = '1'"
    tests: [{ satisfied: { fas: "1", dag: "2022-01-03" } }, { violated: { fas: "1" } }]
    history: [ { date: 2025-01-01, change: { sv: Tillagd., en: Added. } } ]
checks:
  - id: BA-0001
    severity: warning
    when: "fas = '1'"
    assert: "dag <= period_end()"
    valid: { from: 2024-01-01, by: dag }
    title: { sv: "Dagen är <för> sen", en: The day is too late }
    fix: { sv: Rätta., en: Correct it. }
    tests:
      - satisfied: { fas: "1", dag: "2024-01-03", "period_end()": "2024-01-31" }
      - violated: { fas: "1", dag: "2024-02-03", "period_end()": "2024-01-31" }
    history:
      - { date: 2025-11-22, change: { sv: Gäller från 2024., en: Valid from 2024. } }
      - { date: 2026-11-22, change: { sv: Varning i stället för fel., en: A warning instead of an error. } }
"#;

#[test]
fn a_rule_is_explained_as_the_readme_shows() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let said = rules(&["explain", "svg-0102"]);
    assert_eq!((said.code, said.err.as_str()), (0, ""));
    let place = readme.find(&said.out);
    assert!(place.is_some(), "the README shows something else than\n{}", said.out);
}

#[test]
fn an_id_is_known_whatever_its_capitals_in_both_languages() {
    let swedish = rules(&["explain", "sVg-K-FAS"]);
    assert_eq!(swedish.code, 0);
    for words in ["SVG-K-fas FEL: Fas saknas", "  Fas ska vara ifylld.\n", "Källa\n", "rules/specvard.yaml:"] {
        assert!(swedish.out.contains(words), "no {words:?} in {}", swedish.out);
    }
    let english = rules(&["explain", "SVG-K-fas", "--lang", "en"]);
    for words in ["SVG-K-fas ERROR: Phase is missing", "  Phase must be filled in.\n", "Source\n", "Needs column"] {
        assert!(english.out.contains(words), "no {words:?} in {}", english.out);
    }
}

#[test]
fn an_unknown_id_is_a_mistake_of_usage_with_the_nearest() {
    for (id, words) in [("svg-k-faz", "menas `SVG-K-fas`?"), ("SV-01O1", "menas `SV-0101`?"), ("%", "`rules doc`")] {
        let said = rules(&["explain", id]);
        assert_eq!((said.code, said.out.as_str()), (2, ""), "{id}");
        assert!(said.err.contains(words) && said.err.contains(id), "{}", said.err);
    }
}

#[test]
fn an_id_of_several_collections_is_shown_for_each_that_differs() {
    // Unique within the period only, where a submission is a stock.
    let said = rules(&["explain", "SV-0001"]);
    assert_eq!(said.out.matches("SV-0001 FEL").count(), 2, "{}", said.out);
    assert!(said.out.contains("posten är fel och registret tar inte emot den"), "{}", said.out);
    assert!(said.out.contains("(specvard_genomforda)\n") && said.out.contains("samma huvudman och period"));
    // Alike in all four but for the examples of one.
    let said = rules(&["explain", "LEV-0003"]);
    assert_eq!(said.out.matches("LEV-0003 FEL").count(), 1, "{}", said.out);
    for words in ["(primarvard_grundmodell)", "(specvard_vantande)", "--expect-records = ", "leveransen godkänns inte"]
    {
        assert!(said.out.contains(words), "no {words:?} in {}", said.out);
    }
}

#[test]
fn what_a_rule_needs_is_told_with_the_option_that_states_it() {
    for (id, words) in [
        ("SVG-0531", "leveransens period: --period\n"),
        ("SV-0531", "leveransens region: --region\n"),
        ("SVG-0111", "leveransdagen: --delivery-date (annars i dag)\n"),
        ("SVG-O-diagnos", "det officiella kodverket: --codelist icd10se=FILE\n"),
        ("REF-0101", "minst en av lanskod, regionkod, region\n"),
        ("SV-0001", "alla av vardkontakts_id, huvudman\n"),
    ] {
        let said = rules(&["explain", id]);
        assert!(said.out.contains(words), "no {words:?} in {}", said.out);
    }
}

#[test]
fn a_rule_of_a_folder_is_explained_with_validity_and_history() {
    let folder = own_book();
    let said = run(folder.path(), &["rules", "explain", "BA-0001", "."]);
    assert_eq!((said.code, said.err.as_str()), (0, ""));
    for words in [
        "BA-0001 VARNING: Dagen är <för> sen\n",
        "  För poster med dag från och med 2024-01-01: när fas är 1 (ett) bör dag vara periodens sista dag\n  eller tidigare.\n",
        "    dag <= period_end()\n",
        "  Giltighet          poster med dag från och med 2024-01-01\n",
        "Historik\n  2025-11-22: Gäller från 2024.\n  2026-11-22: Varning i stället för fel.\n",
        "  --period, sista dagen = 2024-01-31\n",
        "rules/bas.yaml:12\n",
    ] {
        assert!(said.out.contains(words), "no {words:?} in {}", said.out);
    }
    let required = run(folder.path(), &["rules", "explain", "ba-k-dag", ".", "--lang=en"]);
    assert!(required.out.contains("History\n  2025-01-01: Added.\n"), "{}", required.out);
    assert!(required.out.contains("it is mandatory when phase is 1 (one)."), "{}", required.out);
}

/// The files of a folder with their bytes.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap()))
        .collect();
    files.sort();
    files
}

#[test]
fn the_rule_book_is_written_whole_and_the_same_each_time() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("ny/bok");
    let shown = out.to_str().unwrap();
    let said = rules(&["doc", shown]);
    assert_eq!((said.code, said.err.as_str()), (0, ""));
    let first = files(&out);
    let names: Vec<&str> = first.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "folkmangd.md",
            "index.md",
            "leveranser.md",
            "patientregister.md",
            "primarvard_grundmodell.md",
            "primarvard_instegsmodell.md",
            "rules.html",
            "specvard_genomforda.md",
            "specvard_vantande.md",
            "svf.md",
            "svf_forlopp.md",
            "svf_insjuknande.md",
            "svf_overflyttning.md"
        ]
    );
    fs::write(out.join("rules.html"), "old").unwrap();
    fs::write(out.join("egen.txt"), "mine").unwrap();
    assert_eq!(rules(&["doc", shown]).code, 0);
    fs::remove_file(out.join("egen.txt")).unwrap();
    assert!(files(&out) == first, "the second book differs");
    let text =
        |name: &str| String::from_utf8(first.iter().find(|(known, _)| known == name).unwrap().1.clone()).unwrap();
    let (page, chapter) = (text("rules.html"), text("specvard_genomforda.md"));
    for id in ["SVG-K-fas", "SVG-I-aktivitet", "SVG-V-diagnos", "SVG-O-diagnos", "SVG-0101", "LEV-0001", "SV-0001"] {
        assert!(page.contains(&format!("id=\"specvard_genomforda.{id}\"")), "{id}");
        assert!(chapter.contains(&format!("\n### {} ", id.replace('_', "\\_"))), "{id}");
    }
    // One heading a rule, one row a variable.
    assert_eq!(chapter.matches("\n### ").count(), 142 + 4, "rules and areas");
    assert_eq!(chapter.matches("\n| `").count(), 40);
    assert!(
        text("index.md")
            .contains("| [Specialiserad vård: genomförda vårdkontakter](specvard_genomforda.md) | 40 | 142 |")
    );
    assert!(rules(&["doc", shown, "--lang", "en"]).code == 0);
    let english = fs::read_to_string(out.join("rules.html")).unwrap();
    assert!(english.contains("<html lang=\"en\">") && english.contains("Phase must be filled in."));
}

#[test]
fn the_page_stands_alone_and_each_of_its_links_leads_somewhere() {
    let folder = tempfile::tempdir().unwrap();
    rules(&["doc", folder.path().to_str().unwrap()]);
    let page = fs::read_to_string(folder.path().join("rules.html")).unwrap();
    for outside in ["<script", "<link", "<img", "http:", "https:", "src=", "@import", "url("] {
        assert!(!page.contains(outside), "{outside}");
    }
    let values = |attribute: &str| -> Vec<String> {
        let before = format!(" {attribute}=\"");
        let pieces = page.split(&before).skip(1);
        pieces.map(|piece| piece.split('"').next().unwrap().to_owned()).collect()
    };
    let ids = values("id");
    let unique: BTreeSet<&String> = ids.iter().collect();
    assert_eq!(unique.len(), ids.len(), "an id is there twice");
    assert!(ids.len() > 400, "{}", ids.len());
    for target in
        values("href").iter().map(|href| href.strip_prefix('#').unwrap().to_owned()).chain(values("aria-labelledby"))
    {
        assert!(unique.contains(&target), "nothing is called {target}");
    }
    for tag in ["section", "table", "tr", "td", "th", "dl", "dd", "p", "ul", "li", "code", "div", "main", "nav"] {
        let opened = page.matches(&format!("<{tag}>")).count() + page.matches(&format!("<{tag} ")).count();
        assert_eq!(opened, page.matches(&format!("</{tag}>")).count(), "{tag}");
    }
}

#[test]
fn texts_of_rule_files_are_never_markup() {
    let folder = own_book();
    let said = run(folder.path(), &["rules", "doc", "bok", "."]);
    assert_eq!((said.code, said.err.as_str()), (0, ""));
    let page = fs::read_to_string(folder.path().join("bok/rules.html")).unwrap();
    assert!(page.contains("Bas &lt;1&gt; &amp; &quot;2&quot;") && page.contains("Dagen är &lt;för&gt; sen"), "{page}");
    let chapter = fs::read_to_string(folder.path().join("bok/bas.md")).unwrap();
    assert!(chapter.contains(r"Modell \| version \<2\>: tabell 1"), "{chapter}");
    assert!(chapter.contains("- Giltighet: poster med dag från och med 2024-01-01\n"), "{chapter}");
    assert!(chapter.contains("- Historik: 2025-11-22: Gäller från 2024. 2026-11-22: Varning i stället för fel.\n"));
}

#[test]
fn a_book_that_cannot_be_written_is_a_failure_of_output() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("fil");
    fs::write(&file, "").unwrap();
    let said = rules(&["doc", file.to_str().unwrap()]);
    assert_eq!(said.code, 4, "{}", said.err);
    // A folder has the name of the last file: the others keep their old text.
    fs::create_dir(folder.path().join("rules.html")).unwrap();
    fs::write(folder.path().join("index.md"), "old").unwrap();
    let said = rules(&["doc", folder.path().to_str().unwrap()]);
    assert_eq!(said.code, 4, "{}", said.err);
    assert_eq!(fs::read_to_string(folder.path().join("index.md")).unwrap(), "old");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3, "nothing half-written is left");
}

#[test]
fn every_row_of_the_models_table_has_its_variable_and_rules() {
    let said = rules(&["trace", "--variables", "testdata/variables.csv"]);
    assert_eq!((said.code, said.err.as_str()), (0, ""));
    assert_eq!(said.out.matches("(tabellen: ").count(), 99);
    assert!(said.out.ends_with("\n\nInga luckor\n"));
    assert!(
        said.out.contains("  aktivitet: villkorat obligatorisk (tabellen: mandatory); Bilaga 5, tabell 1\n    regler: SVG-K-aktivitet, SVG-I-aktivitet, SVG-V-aktivitet, SVG-O-aktivitet, SV-0205\n"),
        "{}",
        said.out
    );
}

#[test]
fn gaps_are_listed_last_and_fail() {
    let folder = tempfile::tempdir().unwrap();
    let table = fs::read_to_string(root().join("testdata/variables.csv")).unwrap();
    let rows = table.lines().filter(|line| !line.starts_with("specvard_vantande,") || !line.contains(",kommunkod,"));
    let changed: Vec<String> = rows
        .map(|line| match line.split_once(",patientens_kon,") {
            Some((before, rest)) if before.starts_with("specvard_genomforda") => {
                format!("{before},patientens_kon,{}", rest.replacen(",mandatory,", ",voluntary,", 1))
            }
            _ => line.to_owned(),
        })
        .chain(
            ["specvard_genomforda,x,hittas_inte,x,x,voluntary,,1-5,,,x", "tandvard,x,fas,x,x,mandatory,,,,,x"]
                .map(str::to_owned),
        )
        .collect();
    fs::write(folder.path().join("tabell.csv"), changed.join("\n")).unwrap();
    let path = folder.path().join("tabell.csv");
    let said = rules(&["trace", "--variables", path.to_str().unwrap(), "--lang", "en"]);
    assert_eq!(said.code, 1, "{}", said.err);
    let gaps = said.out.split_once("\n4 gaps\n").expect("a heading").1;
    let found: Vec<&str> = gaps.lines().map(str::trim).collect();
    assert_eq!(found.len(), 4, "{gaps}");
    assert!(found[0].starts_with("specvard_genomforda patientens_kon: is mandatory, but row "), "{gaps}");
    assert!(found[0].ends_with(" of the table says voluntary"), "{gaps}");
    assert!(
        found[1].starts_with("specvard_genomforda hittas_inte: ") && found[1].contains("no such variable"),
        "{gaps}"
    );
    assert!(found[2].starts_with("tandvard fas: ") && found[2].contains("no such collection"), "{gaps}");
    assert_eq!(found[3], "specvard_vantande kommunkod: is in no row of the table");

    let said = rules(&["trace", "--variables", path.to_str().unwrap(), "--format", "csv"]);
    assert_eq!(said.code, 1);
    let mut reader = csv::ReaderBuilder::new().delimiter(b';').from_reader(said.out.as_bytes());
    let kinds: Vec<String> = reader.records().map(|record| record.unwrap()[0].to_owned()).collect();
    assert_eq!(kinds.iter().filter(|kind| *kind == "gap").count(), 4);
    assert_eq!(kinds.iter().filter(|kind| *kind == "variable").count(), 213);
}

#[test]
fn a_table_that_is_none_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tabell.csv");
    let path = path.to_str().unwrap();
    for (bytes, words) in [
        (&b"a,b\n1,2\n"[..], "kolumnen `collection` saknas"),
        (b"collection,variable_id,requirement\na\n", "ingen CSV-tabell"),
        (b"\xff\xfe", "är inte UTF-8"),
    ] {
        fs::write(path, bytes).unwrap();
        let said = rules(&["trace", "--variables", path]);
        assert_eq!((said.code, said.out.as_str()), (3, ""));
        assert!(said.err.contains(words) && said.err.contains("tabell.csv"), "{}", said.err);
    }
    let said = rules(&["trace", "--variables", "saknas.csv"]);
    assert_eq!(said.code, 3);
    assert!(said.err.contains("`saknas.csv` kan inte läsas"), "{}", said.err);
}
