use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::coverage::Table;
use crate::coverage::figure::{Amount, Breakdown, Category, Change, Figure, Period, Place};
use crate::coverage::goal::{GoalTable, Goals, Judged, Outcome, ProgrammeTable, Shown, Summary, Why};
use crate::coverage::plausibility::{Flag, FlagKind, Value};
use crate::coverage::response::{Cell, Response};
use crate::coverage::scope::{Regions, Scope};
use crate::measure::goal::Better;
use crate::model::{County, Language, Text};
use crate::report::ReportOptions;
use crate::time::Month;

fn county(code: &str) -> County {
    County::new(code).unwrap()
}

fn month(text: &str) -> Month {
    Month::parse(text).unwrap()
}

fn figure(measure: &str, place: Place, period: Period, counts: (u64, u64)) -> Figure {
    Figure {
        measure: measure.into(),
        place,
        period,
        breakdown: Breakdown::Total,
        variable: None,
        category: None,
        level: None,
        numerator: Some(Amount::count(counts.0)),
        denominator: Some(Amount::count(counts.1)),
        per: 100,
        months: 12,
        months_expected: 12,
        regions: None,
        undecided: Some(0),
        before: None,
        change: None,
        target: None,
        finality: None,
        suppressed: false,
        certainty: None,
    }
}

const SKANE: &str = "12";
const OREBRO: &str = "18";
const DALARNA: &str = "20";

fn region(code: &str) -> Place {
    Place::Region(county(code))
}

fn text(text: &str) -> Text {
    Text::new(format!("{text} sv"), format!("{text} en"))
}

fn table(id: &str, figures: Vec<Figure>) -> Table {
    Table { id: id.to_owned(), title: text(id), selection: vec!["diagnos".to_owned()], figures, ..Table::default() }
}

/// A small country: three regions, two years.
fn coverage() -> Coverage {
    let years = [Period::Year(2021), Period::Year(2022)];
    let places = [Place::Country, region(SKANE), region(OREBRO), region(DALARNA)];
    let ratio = years.iter().flat_map(|year| {
        places
            .iter()
            .zip([(600, 1_000), (100, 200), (200, 300), (1_234, 1_500)])
            .map(|(place, counts)| Figure { ..figure("andel", *place, *year, counts) })
    });
    let rates = places.iter().zip([Change::UpBetter, Change::UpWorse, Change::DownWorse, Change::Same]).map(
        |(place, change)| Figure {
            variable: Some("diagnos".into()),
            before: Some((Amount::count(80), Amount::count(100))),
            change: Some(change),
            ..figure("inrapporteringsgrad", *place, Period::Year(2022), (91, 100))
        },
    );
    let parts =
        [Category::Filled, Category::Negative, Category::Unknown, Category::BlankAllowed, Category::BlankRequired];
    let accounts = places.iter().flat_map(|place| {
        parts.iter().zip([60, 20, 10, 7, 3]).map(|(part, records)| Figure {
            variable: Some("fas".into()),
            category: Some(*part),
            ..figure("bortfall_x", *place, Period::Year(2022), (records, 100))
        })
    });
    Coverage {
        scope: Some(Scope { first: month("2022-01"), last: month("2022-12") }),
        ratios: vec![table("andel", ratio.collect())],
        reporting: vec![table("inrapporteringsgrad", rates.collect())],
        accounts: vec![table("bortfall_x", accounts.collect())],
        goals: goals(),
        response: response(),
        flags: vec![flag()],
        regions: Regions::new(
            [
                (county(SKANE), "Region Skåne"),
                (county(OREBRO), "Region Örebro län"),
                (county(DALARNA), "Region Dalarna"),
            ]
            .into_iter(),
        ),
        groups: BTreeMap::from([("p".to_owned(), text("Primärvård"))]),
        ..Coverage::default()
    }
}

fn goals() -> Goals {
    let outcomes = [
        Outcome::ByTarget,
        Outcome::ByImprovement,
        Outcome::InPart(None),
        Outcome::NotMet { by_condition: false },
        Outcome::NotDecided(Why::NoYearBefore),
    ];
    let months: Vec<Month> = ["2022-02", "2022-03", "2022-05", "2022-09", "2022-10"].map(month).to_vec();
    let judged = months.iter().zip(outcomes).map(|(month, outcome)| Judged {
        figure: Shown::from(figure("g", region(SKANE), Period::Month(*month), (84, 100))),
        outcome: Some(outcome),
        difference: None,
        waiting: None,
        range: None,
    });
    let goal = GoalTable {
        id: "PK1".to_owned(),
        title: text("Bedömning"),
        assumption: None,
        source: crate::model::SourceReference::default(),
        better: Better::More,
        target: None,
        target_of_run: false,
        improvement: None,
        condition: None,
        months: judged.collect(),
        summaries: vec![Summary {
            place: region(SKANE),
            by_target: 1,
            by_improvement: 1,
            in_part: 1,
            not_met: 1,
            not_decided: 1,
            met_range: None,
        }],
        certainty: None,
    };
    let programme = ProgrammeTable {
        title: text("Kraven"),
        description: text("Vad"),
        assumption: None,
        source: crate::model::SourceReference::default(),
        months,
        goals: vec![goal],
    };
    Goals { programmes: vec![programme], guarantees: Vec::new() }
}

fn response() -> Response {
    let mut response = Response::default();
    for (name, is_received, days) in
        [("2022-01", true, 10), ("2022-02", false, 0), ("2022-03", false, 0), ("2022-04", true, 50)]
    {
        let month = month(name);
        let cell = Cell { is_received, received: is_received.then(|| month.last_day() + days), ..Cell::default() };
        response.cells.insert(("p".to_owned(), county(SKANE), month), cell);
    }
    response
}

fn flag() -> Flag {
    let series = [("2022-01", 90.0), ("2022-02", 95.0), ("2022-04", 20.0)];
    Flag {
        kind: FlagKind::Count,
        measure: "p".to_owned(),
        county: county(SKANE),
        period: Period::Month(month("2022-04")),
        variable: None,
        observed: Value { numerator: 20.0, denominator: None },
        expected: 92.0,
        baseline: Some((Value { numerator: 93.0, denominator: None }, 3)),
        year_before: None,
        others: Some(1.0),
        series: series.map(|(name, value)| (month(name), value)).to_vec(),
    }
}

/// Each section's markup, by its id.
fn written(coverage: &Coverage, language: Language) -> BTreeMap<String, String> {
    let writing = Writing::new(&ReportOptions { language, ..ReportOptions::default() });
    let sections = super::sections(coverage, writing);
    sections
        .into_iter()
        .map(|section| (section.id, format!("{} {}", section.title, section.body.into_string())))
        .collect()
}

fn sv(coverage: &Coverage, id: &str) -> String {
    written(coverage, Language::Swedish).remove(id).unwrap_or_default()
}

fn places_of(text: &str, of: &[&str]) -> Vec<usize> {
    of.iter().map(|part| text.find(part).unwrap_or_else(|| panic!("no {part:?} in {text}"))).collect()
}

#[test]
fn nothing_to_say_is_no_section_but_the_first() {
    let ids: Vec<String> = written(&Coverage::default(), Language::Swedish).into_keys().collect();
    assert_eq!(ids, ["country-basis"]);
}

#[test]
fn every_table_has_a_caption_and_every_heading_cell_a_scope() {
    for language in [Language::Swedish, Language::English] {
        for (id, html) in written(&coverage(), language) {
            assert_eq!(html.matches("<table").count(), html.matches("<caption>").count(), "{id}");
            for heading in html.split("<th ").skip(1) {
                assert!(heading.split('>').next().unwrap().contains("scope="), "{id}: {heading:.80}");
            }
            assert_eq!(html.matches("<th>").count(), 0, "{id}");
            for high in ["<h1", "<h2", " style=", " id=", "onclick", "href"] {
                assert!(!html.contains(high), "{high} in {id}");
            }
            for tag in html.split('<').skip(1) {
                assert!(tag.split('>').next().unwrap().matches(" class=").count() < 2, "{id}: <{tag:.80}");
            }
            for wide in html.split("<div class=\"wide\"").skip(1) {
                assert!(wide.starts_with(" tabindex=\"0\" role=\"region\" aria-label=\""), "{id}");
            }
        }
    }
}

#[test]
fn the_country_is_first_and_regions_are_filed_as_a_swede_files_them() {
    for id in ["country-coverage", "country-reporting", "country-accounts"] {
        let html = sv(&coverage(), id);
        let rows = &html[html.find("<table").unwrap()..];
        let of_regions = if id == "country-accounts" { &rows[rows.find("</table>").unwrap()..] } else { rows };
        let places = places_of(of_regions, &["Region Dalarna", "Region Skåne", "Region Örebro län"]);
        assert!(places.is_sorted(), "{id} {places:?}");
        if id != "country-accounts" {
            assert!(rows.find("Riket") < Some(places[0]), "{id}");
        }
    }
}

#[test]
fn every_share_stands_with_its_counts() {
    let html = sv(&coverage(), "country-coverage");
    assert!(html.contains("data-sort=\"82\">82\u{a0}%</td>"), "{html}");
    assert!(html.contains("data-sort=\"1234\">1\u{202f}234 / 1\u{202f}500</td>"));
    assert!(html.contains("<svg role=\"img\" aria-label=\"andel sv, 2021 och 2022. 2022: Riket 60\u{a0}%; lägst Region Skåne 50\u{a0}%, högst Region Dalarna 82\u{a0}%.\""));
    let rates = sv(&coverage(), "country-reporting");
    assert!(
        rates.contains(
            "title=\"91\u{a0}% (91 av 100); 80\u{a0}% året före\" data-sort=\"91\" data-n=\"91\" data-of=\"100\""
        ),
        "{rates}"
    );
}

#[test]
fn something_is_never_nought() {
    let mut coverage = coverage();
    coverage.ratios[0].figures.retain(|figure| figure.place != region(DALARNA));
    coverage.ratios[0].figures.push(figure("andel", region(DALARNA), Period::Year(2022), (1, 1_000)));
    let html = sv(&coverage, "country-coverage");
    assert!(html.contains("data-sort=\"0\">&lt;1\u{a0}%</td>"), "{html}");
    assert!(html.contains(">&lt;1\u{a0}%</text>"), "{html}");
    assert!(!html.contains(">0\u{a0}%</td>"));
}

#[test]
fn directions_carry_words() {
    let html = sv(&coverage(), "country-reporting");
    let table = &html[html.find("<table").unwrap()..];
    for (mark, words) in [("▲", "upp, bättre"), ("▲!", "upp, sämre"), ("▼!", "ner, sämre"), ("=", "oförändrad")]
    {
        assert!(
            table.contains(&format!("aria-hidden=\"true\">{mark}</span><span class=\"hidden\"> {words}</span>")),
            "{mark}"
        );
    }
    let english = written(&coverage(), Language::English).remove("country-reporting").unwrap();
    assert!(english.contains("up, worse") && !english.contains("sämre"));
}

#[test]
fn months_of_goals_have_marks_with_words_and_names_of_months() {
    let html = sv(&coverage(), "country-goals");
    for (mark, words) in [
        ("✓", "målet nått"),
        ("↑", "uppfyllt genom förbättring"),
        ("◐", "delvis genom förbättring"),
        ("✗", "ej uppfyllt"),
        ("–", "kan inte avgöras"),
    ] {
        let cell = format!("<span aria-hidden=\"true\">{mark}</span> 84\u{a0}%<span class=\"hidden\"> {words}</span>");
        assert!(html.contains(&cell), "{cell} not in {html}");
    }
    let months = places_of(&html, &[">feb<", ">mars<", ">maj<", ">sep<", ">okt<"]);
    assert!(months.is_sorted());
    assert!(html.contains("3 / 5, 1 ?"));
    assert!(html.contains("samma månad året före saknas"));
    let english = written(&coverage(), Language::English).remove("country-goals").unwrap();
    assert!(english.contains(">Mar<") && english.contains("target reached") && !english.contains("månad"));
}

#[test]
fn periods_are_written_as_people_write_them() {
    let coverage = Coverage::default();
    let country = |language| Country {
        coverage: &coverage,
        writing: Writing::new(&ReportOptions { language, ..ReportOptions::default() }),
    };
    let of = |text: &str| {
        let period = Period::parse(text).unwrap();
        [Language::Swedish, Language::English].map(|language| country(language).period(period))
    };
    assert_eq!(of("2022"), ["2022", "2022"]);
    assert_eq!(of("2022-03"), ["mars 2022", "March 2022"]);
    assert_eq!(of("2025h1"), ["första halvåret 2025", "first half of 2025"]);
    assert_eq!(of("2025h2"), ["andra halvåret 2025", "second half of 2025"]);
    assert_eq!(of("2024-11..2025-02"), ["november 2024 – februari 2025", "November 2024 – February 2025"]);
    let short: Vec<String> = (1..=12)
        .map(|number| country(Language::Swedish).bare_month(Month::new(2022, number).unwrap()).to_owned())
        .collect();
    assert_eq!(short.join(" "), "jan feb mars apr maj juni juli aug sep okt nov dec");
}

#[test]
fn what_is_missing_and_late_is_named() {
    let html = sv(&coverage(), "country-response");
    assert!(html.contains("<td>februari 2022 – mars 2022</td>"), "{html}");
    assert!(html.contains("april 2022</td><td class=\"num\" data-sort=\"50\">50</td>"), "{html}");
    assert!(html.contains("50,0\u{a0}% <span class=\"counts\">(2 / 4)</span>"), "{html}");
}

#[test]
fn a_flag_has_its_sentence_and_its_months_as_a_line_with_a_gap() {
    let html = sv(&coverage(), "country-flags");
    assert!(html.contains("<h3>Region Skåne, april 2022</h3>") && html.contains("20 poster, väntat omkring 92"));
    assert!(html.contains("aria-label=\"Poster per månad. Region Skåne, april 2022: 20, väntat 92.\""), "{html}");
    assert!(html.contains("apr 2022") && html.contains(">väntat</text>"));
    assert!(!html.contains("data-category=\"mars 2022\""));
}

#[test]
fn at_most_so_many_flags_are_drawn_and_the_rest_are_listed() {
    let mut coverage = coverage();
    coverage.flags = vec![flag(); 70];
    let html = sv(&coverage, "country-flags");
    assert_eq!(html.matches("<svg").count(), 60);
    assert!(html.contains("De första 60 av 70 är ritade"));
    assert_eq!(html.matches("<td>antal poster</td>").count(), 10);
}

#[test]
fn what_is_withheld_is_marked_and_never_shown() {
    let mut coverage = coverage();
    coverage.published_below = Some(5);
    let hide = |figure: &mut Figure, number: u64| {
        // As an edition for others has it: one of the counts is left, and must not be shown beside the value either.
        figure.suppressed = true;
        figure.numerator = None;
        figure.denominator = Some(Amount::count(number));
    };
    let tables = coverage.ratios.iter_mut().chain(&mut coverage.reporting).chain(&mut coverage.accounts);
    for figure in tables.flat_map(|table| &mut table.figures).filter(|figure| figure.place == region(DALARNA)) {
        hide(figure, 987_654);
    }
    for figure in coverage.accounts[0].figures.iter_mut().filter(|figure| figure.place == Place::Country) {
        if figure.category == Some(Category::BlankRequired) {
            figure.suppressed = true;
            figure.numerator = None;
        }
    }
    for judged in &mut coverage.goals.programmes[0].goals[0].months {
        hide(&mut judged.figure.figure, 987_654);
        (judged.figure.value, judged.outcome) = (None, None);
    }
    let html = written(&coverage, Language::Swedish);
    let rates = [&html["country-coverage"], &html["country-reporting"], &html["country-goals"]];
    for section in rates {
        assert!(!section.contains("987"), "{section}");
        assert!(section.contains("uppgift saknas av sekretesskäl"));
    }
    // A bar with a hidden part would show it by what is lacking.
    assert!(
        !html["country-accounts"].contains("<svg") && html["country-accounts"].contains("En variabel är inte ritad")
    );
    assert!(html["country-basis"].contains("Utgåva för andra: antal under 5 visas inte"));
    assert!(
        html["country-coverage"].contains("<svg")
            && !html["country-coverage"].contains("data-category=\"Region Dalarna\"")
    );
}

#[test]
fn hostile_names_stay_text_and_the_same_coverage_gives_the_same_bytes() {
    let mut coverage = coverage();
    let hostile = "</td><script>alert(1)</script>";
    coverage.regions =
        Regions::new([(county(SKANE), hostile), (county(OREBRO), "Ö"), (county(DALARNA), "D")].into_iter());
    for figure in &mut coverage.reporting[0].figures {
        figure.breakdown = Breakdown::Unit(format!("{hostile}\u{202e}").as_str().into());
    }
    let html = written(&coverage, Language::Swedish);
    assert_eq!(html, written(&coverage, Language::Swedish));
    let all: BTreeSet<&String> = html.values().collect();
    assert!(all.iter().all(|section| !section.contains("<script") && !section.contains('\u{202e}')));
    assert!(all.iter().any(|section| section.contains("&lt;script&gt;")));
}
