//! The page as a browser takes it: what its policy lets run, that its markup is whole, its links and headings, its words in
//! both languages, and how large it gets.

use std::collections::BTreeSet;
use std::sync::Arc;

use base64::Engine as _;
use regex::Regex;
use sha2::{Digest, Sha256};

use super::*;
use crate::engine::reporter::{Combinations, Counted, Division, Part, ReporterRun, RuleCounts};
use crate::engine::{Outcome, WaiverRun};
use crate::model::{County, RuleId, RuleIndex, VariableIndex, WaiverIndex};
use crate::report::sample;
use crate::schema::{BreakdownBy, Codelist};
use crate::waiver::{Reporter, Waiver};

fn page_of(outcome: &Outcome, language: Language) -> String {
    let mut out = Vec::new();
    let options = ReportOptions { language, ..ReportOptions::default() };
    write(&outcome.into(), &options, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn between<'t>(text: &'t str, from: &str, to: &str) -> &'t str {
    let rest = text.split_once(from).unwrap().1;
    rest.split_once(to).unwrap().0
}

/// Without style and script, whose text is no markup.
fn markup(page: &str) -> String {
    let without = Regex::new(r"(?s)<style>.*?</style>|<script>.*?</script>").unwrap();
    without.replace_all(page, "").into_owned()
}

/// What a person reads, tags taken away.
fn words(page: &str) -> String {
    Regex::new(r"<[^>]*>").unwrap().replace_all(&markup(page), " ").into_owned()
}

fn county(code: &str) -> County {
    County::new(code).unwrap()
}

/// Some counts of a reporter, of as many units as named.
fn reporter(n_rules: usize, units: &[String]) -> ReporterRun {
    let part = |records: u64, rejected: u64| Part {
        records,
        rejected,
        rules: (0..n_rules).step_by(5).map(RuleIndex).zip(1..4).collect(),
    };
    let units = units.iter().zip(0..).map(|(name, n)| (name.clone(), part(100 + n, n % 50))).collect();
    ReporterRun {
        records: 400,
        rejected: 9,
        rules: (0..n_rules)
            .map(|n| RuleCounts {
                violations: n as u64 % 4,
                waived: 0,
                counts: crate::model::VerdictCounts { violated: n as u64 % 4, ..Default::default() },
            })
            .collect(),
        accounts: Vec::new(),
        combinations: Combinations::default(),
        values: vec![
            Counted { known: [(sample::NASTY_VALUE.to_owned(), 1), ("1".to_owned(), 3)].into(), other: 2 };
            n_rules
        ],
        units: Division { parts: units, other: part(7, 1) },
        codes: Division {
            parts: [("241".to_owned(), part(300, 8)), ("?".to_owned(), part(1, 1))].into(),
            other: Part::default(),
        },
    }
}

/// Two collections of two regions and of nobody, with waivers, of which one never covered anything and one is over.
fn national() -> Outcome {
    let mut outcome = sample::several();
    let nasty = || "<script>alert(1)</script>\u{202e}\" onload=\"x".to_owned();
    for run in &mut outcome.runs {
        let mut plan = (*run.plan).clone();
        let mut collection = (*plan.collection).clone();
        collection.unit = Some(VariableIndex(4));
        let name = Text::new("MVO", "MVO");
        collection.breakdown =
            Some(BreakdownBy { variable: VariableIndex(2), codelist: "mvo".to_owned(), name, aggregate: None });
        plan.collection = Arc::new(collection);
        let mut list = |name: &str, text: &str| plan.codelists.insert(name, Codelist::parse(name, text).unwrap());
        list("mvo", "code,text_sv,text_en\n241,Ortopedi,Orthopaedics\n");
        list("fas", "code,text_sv,text_en\n1,Beslut,Decision\n");
        list("region_orgnr", "code,lanskod,name_sv\n2321000016,01,Region Stockholm\n2321000255,12,Region Örebro län\n");
        run.plan = Arc::new(plan);
        let units = ["KLIN1".to_owned(), nasty(), String::new(), "?".to_owned()];
        for region in [Some(county("12")), Some(county("01")), None] {
            run.reporters.insert(region, reporter(run.rules.len(), &units));
        }
        run.rules[0].waived = 1;
        run.rules[0].examples[0].waiver = Some(WaiverIndex(0));
    }
    let waiver = |until, covered, is_expired| WaiverRun {
        waiver: Waiver {
            rule: "SVG-K-*".to_owned(),
            reporter: Some(Reporter { organisation_number: "2321000016".to_owned(), name: "Stockholm".to_owned() }),
            variable: Some("fas".to_owned()),
            collection: None,
            owner: "anna@example.org".to_owned(),
            reason: Text::new(format!("Byte <b>{}", nasty()), format!("Change <b>{}", nasty())),
            until,
        },
        is_expired,
        covered,
    };
    outcome.waivers = vec![waiver(20_000, 2, false), waiver(20_000, 0, false), waiver(10_000, 0, true)];
    outcome
}

fn samples() -> Vec<(&'static str, Outcome)> {
    vec![
        ("outcome", sample::outcome()),
        ("several", sample::several()),
        ("nothing", sample::nothing()),
        ("no records", sample::no_records()),
        ("clean", sample::clean()),
        ("spotless", sample::spotless()),
        ("national", national()),
    ]
}

/// Every sample in both languages.
fn pages() -> Vec<(String, String)> {
    let each = |language: Language| {
        samples().into_iter().map(move |(name, outcome)| (format!("{name}, {language:?}"), page_of(&outcome, language)))
    };
    [Language::Swedish, Language::English].into_iter().flat_map(each).collect()
}

#[test]
fn the_policy_allows_the_style_and_the_script_of_the_page_and_nothing_else() {
    let hash = |text: &str| base64::engine::general_purpose::STANDARD.encode(Sha256::digest(text));
    for (name, page) in pages() {
        let policy = between(&page, "http-equiv=\"Content-Security-Policy\" content=\"", "\"");
        let (style, script) = (between(&page, "<style>", "</style>"), between(&page, "<script>", "</script>"));
        let expected = format!(
            "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; img-src 'none'; base-uri 'none'; form-action 'none'",
            hash(style),
            hash(script)
        );
        assert_eq!(policy.replace("&#39;", "'"), expected, "{name}");
        assert!(
            page.find("Content-Security-Policy") < page.find("<style>"),
            "{name}: the policy comes after what it allows"
        );
        assert_eq!((page.matches("<style").count(), page.matches("<script").count()), (1, 1), "{name}");
        for text in [style, script] {
            assert!(!text.contains('\r') && !text.contains("//cdn") && !text.contains("http"), "{name}");
            assert!(!text.contains("url(") && !text.contains("@import") && !text.contains("innerHTML"), "{name}");
        }
    }
}

#[test]
fn no_attribute_runs_or_styles_anything_and_nothing_is_fetched() {
    let inline = Regex::new(r#"<[^>"]*(?:"[^"]*"[^>"]*)*\s(?:style|on[a-z]+|src|srcset|action)\s*="#).unwrap();
    let tags = Regex::new(r"<(?:img|iframe|object|embed|link|base|form|audio|video|foreignObject)\b").unwrap();
    let links = Regex::new(r#"href="([^"]*)""#).unwrap();
    for (name, page) in pages() {
        let page = markup(&page);
        assert_eq!(inline.find(&page).map(|found| found.as_str()), None, "{name}");
        assert_eq!(tags.find(&page).map(|found| found.as_str()), None, "{name}");
        for link in links.captures_iter(&page) {
            assert!(link[1].starts_with('#'), "{name}: {}", &link[1]);
        }
    }
    // The pattern finds what it looks for.
    assert!(inline.is_match("<p class=\"a > b\" onclick=\"x\">") && inline.is_match("<rect style=\"x\">"));
    assert!(!inline.is_match("<p title=\" onclick=x\">"));
}

#[test]
fn hostile_values_are_text() {
    for language in [Language::Swedish, Language::English] {
        let page = page_of(&national(), language);
        assert!(!page.contains("<script>alert") && !page.contains('\u{202e}') && !page.contains('\u{1b}'));
        assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;\\u{202e}&quot; onload=&quot;x"));
        assert!(page.contains("=1\\u{1b}[31m;&quot;\\n2 GODKÄND"), "the value of an example");
    }
}

#[test]
fn elements_are_closed_in_order() {
    let tag = Regex::new(r#"<(/?)([A-Za-z][A-Za-z0-9]*)((?:[^>"]|"[^"]*")*)>"#).unwrap();
    let void = ["meta", "input", "br", "hr", "link"];
    for (name, page) in pages() {
        let mut open: Vec<String> = Vec::new();
        for found in tag.captures_iter(&markup(&page)) {
            let element = found[2].to_owned();
            if &found[1] == "/" {
                assert_eq!(open.pop(), Some(element), "{name}");
            } else if !void.contains(&element.as_str()) && !found[3].ends_with('/') {
                open.push(element);
            }
        }
        assert!(open.is_empty(), "{name}: {open:?}");
    }
}

#[test]
fn every_id_is_unique_and_every_link_has_a_target() {
    let id = Regex::new(r#"\sid="([^"]*)""#).unwrap();
    let reference = Regex::new(r##"(?:href="#|aria-labelledby="|aria-describedby="|for=")([^"]*)""##).unwrap();
    for (name, page) in pages() {
        let page = markup(&page);
        let mut ids = BTreeSet::new();
        for found in id.captures_iter(&page) {
            assert!(ids.insert(found[1].to_owned()), "{name}: {} twice", &found[1]);
            assert!(!found[1].is_empty() && !found[1].contains(char::is_whitespace), "{name}");
        }
        for found in reference.captures_iter(&page) {
            assert!(ids.contains(&found[1]), "{name}: nothing is called {}", &found[1]);
        }
    }
}

#[test]
fn headings_tables_and_landmarks_are_in_order() {
    let heading = Regex::new(r"<h([1-6])[ >]").unwrap();
    let table = Regex::new(r"(?s)<table.*?</table>").unwrap();
    let head = Regex::new(r"<th[ >][^>]*").unwrap();
    let frame = Regex::new(r#"<div class="wide"[^>]*"#).unwrap();
    for (name, page) in pages() {
        let page = markup(&page);
        let levels: Vec<u32> = heading.captures_iter(&page).filter_map(|found| found[1].parse().ok()).collect();
        assert_eq!(levels.iter().filter(|level| **level == 1).count(), 1, "{name}");
        for pair in levels.windows(2) {
            assert!(pair[1] <= pair[0] + 1, "{name}: a heading of level {} after {}", pair[1], pair[0]);
        }
        for table in table.find_iter(&page) {
            assert!(table.as_str().contains("<caption>"), "{name}: {}", table.as_str());
            for cell in head.find_iter(table.as_str()) {
                assert!(cell.as_str().contains("scope="), "{name}: {}", cell.as_str());
            }
        }
        for landmark in ["<main", "<nav", "<header", "<footer", "role=\"search\""] {
            assert_eq!(page.matches(landmark).count(), 1, "{name}: {landmark}");
        }
        for frame in frame.find_iter(&page) {
            let frame = frame.as_str();
            assert!(frame.contains("tabindex=\"0\"") && frame.contains("aria-label=\""), "{name}: {frame}");
        }
    }
}

#[test]
fn a_page_is_wholly_in_one_language() {
    // What is data: the name of the product, a document's title, values and variables of the sample.
    let data = Regex::new(r"Väntetidskoll|Region Örebro län|Uppföljning av överenskommelsen om ökad tillgänglighet 2022|2 GODKÄND|väntande|Rättelse|och Bilaga|Bilaga 5").unwrap();
    let swedish_words =
        Regex::new(r"(?i)[^\n]{0,20}(?:[åäö]|\b(?:av|och|inte|regel|regler|poster|fynd|undantag)\b)[^\n]{0,20}")
            .unwrap();
    let english_words =
        Regex::new(r"(?i)[^\n]{0,20}\b(?:the|of|and|records|rules|with|errors|showing)\b[^\n]{0,20}").unwrap();
    for (name, outcome) in samples() {
        let english = words(&page_of(&outcome, Language::English));
        let english = data.replace_all(&english, "");
        assert_eq!(swedish_words.find(&english).map(|found| found.as_str()), None, "{name}");
        let swedish = words(&page_of(&outcome, Language::Swedish));
        assert_eq!(english_words.find(&swedish).map(|found| found.as_str()), None, "{name}");
    }
}

#[test]
fn the_verdict_stands_first_with_what_qualifies_it() {
    let verdict = |outcome: &Outcome, options: &ReportOptions| {
        let mut out = Vec::new();
        write(&outcome.into(), options, &mut out).unwrap();
        let page = String::from_utf8(out).unwrap();
        let words = words(between(&page, "<div class=\"verdict", "</div>"));
        words.split_once('>').unwrap().1.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let options = ReportOptions::default();
    let strict = ReportOptions { strict: true, ..options };
    assert_eq!(verdict(&sample::spotless(), &options), "✓ GODKÄND");
    assert!(verdict(&sample::outcome(), &options).starts_with("✕ INTE GODKÄND 27 fel"));
    assert!(verdict(&sample::clean(), &options).starts_with("! GODKÄND men "));
    assert!(verdict(&sample::clean(), &strict).starts_with("✕ INTE GODKÄND "));
    assert_eq!(verdict(&sample::no_records(), &options), "! GODKÄND men det fanns inga poster att kontrollera");
    assert_eq!(verdict(&sample::nothing(), &options), "! GODKÄND men det fanns inga poster att kontrollera");
    let english = ReportOptions { language: Language::English, ..options };
    assert!(verdict(&sample::outcome(), &english).starts_with("✕ NOT PASSED 27 errors"));
}

#[test]
fn sections_are_those_that_have_something_to_say() {
    let titles = |outcome: &Outcome| {
        let page = page_of(outcome, Language::Swedish);
        let heading = Regex::new("<h2[^>]*>([^<]*)</h2>").unwrap();
        heading.captures_iter(&page).map(|found| found[1].to_owned()).collect::<Vec<_>>()
    };
    let common =
        ["Resultat", "Läst och angivet", "Regler som inte uppfylls", "Variabler", "Inte kontrollerat", "Om rapporten"];
    assert_eq!(titles(&sample::outcome()), common);
    assert_eq!(
        titles(&sample::nothing()),
        ["Resultat", "Läst och angivet", "Regler som inte uppfylls", "Inte kontrollerat", "Om rapporten"]
    );
    assert_eq!(
        titles(&national()),
        [
            "Resultat",
            "Läst och angivet",
            "Regioner",
            "Regler som inte uppfylls",
            "Variabler",
            "Vårdenheter och MVO",
            "Inte kontrollerat",
            "Undantag",
            "Om rapporten"
        ]
    );
}

#[test]
fn regions_stand_in_swedish_order_and_narrow_what_is_theirs() {
    let page = page_of(&national(), Language::Swedish);
    let options = between(&page, "id=\"filter-region\"", "</select>");
    let names: Vec<&str> = options.split("<option").skip(2).map(|option| between(option, ">", "<")).collect();
    assert_eq!(names, ["Region Stockholm", "Region Örebro län", "Okänd region"]);

    assert!(page.contains("241 Ortopedi"), "codes have their names");
    assert!(page.contains("KLIN1, Okänd region"), "a unit is of a region");
    assert!(!page_of(&sample::outcome(), Language::Swedish).contains("filter-region"), "nothing to choose from");
}

/// `n_rules` rules, all violated, in each of ten collections, of 21 regions with as many units as are told apart.
fn large(n_rules: usize, n_units: usize) -> Outcome {
    let mut outcome = national();
    let mut run = outcome.runs.swap_remove(0);
    let mut plan = (*run.plan).clone();
    let title = |n: usize| format!("Värdet i variabel nummer {n} är inte en kod som finns i kodverket för sin tid");
    let rule = plan.rules[4].clone();
    plan.rules = (0..n_rules)
        .map(|n| crate::rule::Rule {
            id: RuleId(format!("SVG-V-tidpunkt_for_avslut_av_oppenvardskontakt_{n}")),
            title: Text::new(title(n), title(n)),
            ..rule.clone()
        })
        .collect();
    let example = run.rules[4].examples[0].clone();
    let mut found = run.rules[4].clone();
    found.examples = vec![example; 10 * 21];
    run.rules = vec![found; n_rules];
    run.waived = Vec::new();
    let units: Vec<String> = (0..n_units).map(|n| format!("SE2321000016-{n:06}-ortopedmottagningen")).collect();
    run.reporters = (1..=21).map(|n| (Some(county(&format!("{n:02}"))), reporter(n_rules, &units))).collect();
    outcome.runs = (0..10)
        .map(|n| {
            let mut run = run.clone();
            let mut plan = plan.clone();
            let mut collection = (*plan.collection).clone();
            collection.id = format!("collection_{n}");
            plan.collection = Arc::new(collection);
            run.plan = Arc::new(plan);
            run
        })
        .collect();
    outcome
}

#[test]
fn the_largest_page_is_small_enough_to_mail_and_says_what_it_leaves_out() {
    let page = page_of(&large(150, 2_000), Language::Swedish);
    let megabytes = page.len() / 100_000;
    assert!(megabytes < 30, "{megabytes} tenths of a megabyte");
    assert!(words(&page).contains("42\u{202f}000 rader; varje fynd finns i --findings FIL.csv"));
    assert_eq!(page.matches("<details class=\"rule\"").count(), 1_500, "every rule is there");
    // With fewer rules each has more room, and the page is no larger.
    assert!(page_of(&large(10, 400), Language::Swedish).len() < 3_000_000);
}

#[test]
fn the_same_outcome_gives_the_same_bytes() {
    for (name, outcome) in samples() {
        let again = samples().into_iter().find(|(other, _)| *other == name).unwrap().1;
        assert!(page_of(&outcome, Language::Swedish) == page_of(&again, Language::Swedish), "{name}");
    }
}
