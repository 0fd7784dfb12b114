use std::collections::BTreeMap;
use std::io::Cursor;
use std::sync::Arc;

use calamine::{Data, Range, Reader, Xlsx};

use super::findings::value;
use super::sheet::Value;
use super::*;
use crate::engine::reporter::{Part as UnitRun, ReporterRun, RuleCounts};
use crate::engine::{FindingSink, Outcome};
use crate::model::{
    County, Detail, FileIndex, Finding, Language, Origin, Position, RuleIndex, ShownValue, Text, VerdictCounts,
    WaiverIndex,
};
use crate::report::sample;
use crate::report::spool::{FindingSpool, PartKey, SplitBy, SpooledFindings};
use crate::schema::{Codelists, Domain};

const ENGLISH: ReportOptions = ReportOptions {
    language: Language::English,
    width: 100,
    color: false,
    fail_on: crate::model::Severity::Error,
    strict: false,
    top: 5,
};

/// The rule of the sample on the order of two points in time.
const ORDER: usize = 4;

/// A workbook as a program that shares no code with its writer reads it.
struct Read {
    bytes: Vec<u8>,
    book: Xlsx<Cursor<Vec<u8>>>,
}

impl Read {
    fn new(bytes: Vec<u8>) -> Self {
        Self { book: Xlsx::new(Cursor::new(bytes.clone())).unwrap(), bytes }
    }

    fn names(&self) -> Vec<String> {
        self.book.sheet_names()
    }

    fn sheet(&mut self, name: &str) -> Range<Data> {
        self.book.worksheet_range(name).unwrap()
    }

    /// The rows of a sheet, each from the first column on.
    fn rows(&mut self, name: &str) -> Vec<Vec<Data>> {
        self.sheet(name).rows().map(<[Data]>::to_vec).collect()
    }

    /// The rows below the header, which is the first row whose first cell is `first`.
    fn table(&mut self, name: &str, first: &str) -> (Vec<String>, Vec<Vec<Data>>) {
        let rows = self.rows(name);
        let header = rows.iter().position(|row| row[0] == Data::String(first.to_owned())).unwrap();
        (rows[header].iter().map(ToString::to_string).collect(), rows[header + 1..].to_vec())
    }

    fn text(&mut self) -> String {
        let names = self.names();
        let mut cells = Vec::new();
        for name in &names {
            cells.extend(self.rows(name).into_iter().flatten().map(|cell| cell.to_string()));
        }
        format!("{names:?}\n{}", cells.join("\n"))
    }

    fn formulas(&mut self) -> Vec<String> {
        let mut formulas = Vec::new();
        for name in self.names() {
            formulas.extend(self.book.worksheet_formula(&name).unwrap().used_cells().map(|(.., text)| text.clone()));
        }
        formulas
    }
}

fn written(content: &Content<'_>, options: &ReportOptions) -> Read {
    let mut out = Vec::new();
    write(content, options, &mut out).unwrap();
    Read::new(out)
}

fn finding(rule: usize, row: u64, value: &str) -> Finding {
    let shown = |variable: &str, column: &str, value: &str| ShownValue {
        variable: variable.to_owned(),
        column: Some(column.to_owned()),
        value: value.to_owned(),
    };
    Finding {
        rule: RuleIndex(rule),
        file: FileIndex(0),
        position: Position { row: Some(row), line: Some(row + 1), sheet_row: Some(row + 1), byte: None },
        key: format!("VK{row}"),
        faulty: vec![shown("start_av_aktivitet", "B", value), shown("beslut_att_utfora_aktivitet", "A", "2024-10-28")],
        triggers: vec![shown("fas", "C", "04")],
        detail: Some(Detail::Number(-5)),
        waiver: (row == 2).then_some(WaiverIndex(0)),
        members: None,
        origin: None,
    }
}

fn spooled(outcome: &Outcome, by: SplitBy, findings: &[Finding]) -> SpooledFindings {
    let mut spool = FindingSpool::new(by);
    spool.take(&outcome.runs[0].plan, &[], findings).unwrap();
    spool.finish().unwrap()
}

#[test]
fn every_violated_rule_has_a_sheet_that_the_summary_links_to() {
    let outcome = sample::outcome();
    let mut read = written(&(&outcome).into(), &ReportOptions::default());
    let names = read.names();
    assert_eq!(names[0], "Sammanfattning");
    assert_eq!(names[names.len() - 2..], ["Variabler", "Inte kontrollerat"]);
    let (heads, rows) = read.table("Sammanfattning", "regel");
    let rows: Vec<&Vec<Data>> = rows.iter().take_while(|row| row[0] != Data::Empty).collect();
    let violated = outcome.runs[0].rules.iter().filter(|rule| rule.violations > 0).count();
    assert_eq!((rows.len(), names.len()), (violated, violated + 3));
    let listed: Vec<String> = rows.iter().map(|row| row[0].to_string()).collect();
    assert_eq!(listed, names[1..=violated]);
    assert_eq!(heads[..4], ["regel", "allvarlighets-\ngrad", "problem", "fynd"]);
    let order = rows.iter().find(|row| row[0] == Data::String("SVG-0101".to_owned())).unwrap();
    assert_eq!(order[3..7], [Data::Float(23.0), Data::Float(0.0), Data::Float(23.0), Data::Float(1200.0)]);
    let Data::Float(share) = order[7] else { panic!("{:?}", order[7]) };
    assert!((share - 23.0 / 1200.0).abs() < 1e-9);
    let text = read.text();
    for words in [
        "INTE GODKÄND",
        "Leveransdatum: 2022-03-31",
        "leveranser/mars.csv: 1\u{a0}200 poster",
        "Exempel: 2 av 23 fynd.",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[test]
fn points_in_time_are_dates_codes_are_text_and_numbers_are_numbers() {
    let outcome = sample::outcome();
    let all = [finding(ORDER, 1, "2022-01-01T08:00"), finding(ORDER, 2, "2022-13-01T08:00"), finding(ORDER, 3, "")];
    let spooled = spooled(&outcome, SplitBy::Nothing, &all);
    let content = Content { findings: Some(&spooled), ..(&outcome).into() };
    let (heads, rows) = written(&content, &ReportOptions::default()).table("SVG-0101", "fil");
    assert_eq!(
        heads,
        [
            "fil",
            "post",
            "rad",
            "cell",
            "nyckel",
            "start_av_aktivitet\nStart av aktivitet",
            "beslut_att_utfora_aktivitet\nBeslut att utföra aktivitet",
            "fas\nFas",
            "detalj\n(dagar)",
            "undantag"
        ]
    );
    assert_eq!(rows.len(), 3);
    let string = |text: &str| Data::String(text.to_owned());
    assert_eq!(
        rows[0][..5],
        [string("leveranser/mars.csv"), Data::Float(1.0), Data::Float(2.0), string("B2"), string("VK1")]
    );
    let Data::DateTime(start) = rows[0][5] else { panic!("{:?}", rows[0][5]) };
    let (year, month, day, hour, minute, second, _) = start.to_ymd_hms_milli();
    assert_eq!((year, month, day, hour, minute, second), (2022, 1, 1, 8, 0, 0));
    assert!(matches!(rows[0][6], Data::DateTime(_)));
    assert_eq!(rows[0][7..], [string("04"), Data::Float(-5.0), Data::Empty]);
    assert_eq!((&rows[1][5], &rows[1][9]), (&string("2022-13-01T08:00"), &Data::Float(1.0)));
    assert_eq!(rows[2][5], Data::Empty);
}

#[test]
fn values_become_what_their_domain_says_and_nothing_is_lost() {
    let timestamp = Domain::Timestamp { date_only: false };
    let integer = Domain::Integer { range: None };
    let code = Domain::Code { codelist: "fas".to_owned() };
    let text = |domain: &Domain, text: &str| matches!(value(domain, text), Value::Text(shown) if shown == text);
    for (domain, written) in [
        (&timestamp, "1899-12-31T08:00"),
        (&timestamp, "2022-01-01T08:00:00.123"),
        (&timestamp, "***"),
        (&integer, "007"),
        (&integer, "+7"),
        (&integer, "99999999999999999999"),
        (&code, "4"),
        (&code, "=4"),
    ] {
        assert!(text(domain, written), "{written}");
    }
    assert!(matches!(value(&integer, "-7"), Value::Number(-7)));
    assert!(matches!(value(&timestamp, "20220103080000"), Value::Moment(_)));
    assert!(matches!(value(&code, ""), Value::Blank));
}

#[test]
fn no_text_of_a_submission_becomes_a_formula_a_link_or_markup() {
    let mut outcome = sample::outcome();
    let hostile = [
        "=1+1",
        "+46",
        "-5",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "=HYPERLINK(\"http://x\",\"y\")",
        "http://x",
        "mailto:x@y",
        "internal:'x'!A1",
        "{=1}",
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "a\u{0}b\u{1b}c\u{fffe}\u{ffff}",
        "_x0041_",
        sample::NASTY_VALUE,
    ];
    let long = "å".repeat(40_000);
    let all: Vec<Finding> = hostile
        .iter()
        .copied()
        .chain([long.as_str()])
        .map(|text| Finding {
            key: text.to_owned(),
            detail: Some(Detail::Text(Text::new(text, text))),
            triggers: vec![ShownValue {
                variable: text.to_owned(),
                column: Some(text.to_owned()),
                value: text.to_owned(),
            }],
            ..finding(ORDER, 1, text)
        })
        .collect();
    outcome.runs[0].files[0].path = "=1+1.csv".into();
    let spooled = spooled(&outcome, SplitBy::Nothing, &all);
    let content = Content { findings: Some(&spooled), ..(&outcome).into() };
    let mut read = written(&content, &ReportOptions::default());
    assert_eq!(read.formulas(), Vec::<String>::new());
    let (_, rows) = read.table("SVG-0101", "fil");
    assert_eq!(rows.len(), all.len());
    for (row, finding) in rows.iter().zip(&all) {
        assert_eq!(row[0], Data::String("=1+1.csv".to_owned()));
        for cell in [&row[4], &row[5]] {
            let Data::String(cell) = cell else { panic!("{cell:?}") };
            let shown = crate::report::shown::escaped(&finding.key).into_owned();
            if shown.len() < 32_000 {
                assert_eq!(cell.replace("_xFFFE_", "\u{fffe}").replace("_xFFFF_", "\u{ffff}"), shown);
            } else {
                assert!(cell.ends_with('…') && cell.chars().count() == 32_767);
            }
        }
    }
}

#[test]
fn what_does_not_fit_is_said_on_the_sheet_and_in_the_summary() {
    let outcome = sample::outcome();
    let all: Vec<Finding> = (1..=23).map(|row| finding(ORDER, row, "2022-01-01T08:00")).collect();
    let spooled = spooled(&outcome, SplitBy::Nothing, &all);
    let content = Content { findings: Some(&spooled), ..(&outcome).into() };
    let mut out = Vec::new();
    write_with_rows(&content, &ReportOptions::default(), &Part::whole(), 20, &mut out).unwrap();
    let mut read = Read::new(out);
    let sheet = read.sheet("SVG-0101");
    let (_, rows) = read.table("SVG-0101", "fil");
    assert!(sheet.end().unwrap().0 < 20 && !rows.is_empty() && rows.len() < 20);
    let words = format!(
        "Excel rymmer högst 20 rader på ett blad: de första {} av 23 fynden visas; alla finns med --findings fynd.csv.",
        rows.len()
    );
    // On the sheet it may be divided over two rows.
    let on_sheet: Vec<String> = read.rows("SVG-0101").iter().map(|row| row[0].to_string()).collect();
    assert!(on_sheet.join(" ").contains(&words), "{on_sheet:?}");
    let in_summary: Vec<String> = read.rows("Sammanfattning").iter().map(|row| row[0].to_string()).collect();
    assert!(in_summary.join(" ").contains(&words), "{in_summary:?}");
}

#[test]
fn many_findings_go_through_a_temporary_file_and_come_out_the_same() {
    let outcome = sample::outcome();
    let all: Vec<Finding> = (1..=500).map(|row| finding(ORDER, row, "2022-01-01T08:00")).collect();
    let spooled = spooled(&outcome, SplitBy::Nothing, &all);
    let content = Content { findings: Some(&spooled), ..(&outcome).into() };
    let (_, rows) = written(&content, &ENGLISH).table("SVG-0101", "file");
    let keys: Vec<String> = rows.iter().map(|row| row[4].to_string()).collect();
    assert_eq!(keys, (1..=500).map(|row| format!("VK{row}")).collect::<Vec<_>>());
}

#[test]
fn the_same_content_gives_the_same_bytes() {
    let outcome = sample::several();
    let all: Vec<Finding> = (1..=200).map(|row| finding(ORDER, row, "x")).collect();
    let spooled = spooled(&outcome, SplitBy::Nothing, &all);
    let content = Content { findings: Some(&spooled), ..(&outcome).into() };
    let bytes = || written(&content, &ReportOptions::default()).bytes;
    assert_eq!(bytes(), bytes());
}

#[test]
fn an_english_workbook_has_no_swedish_words() {
    let outcome = sample::several();
    let text = written(&(&outcome).into(), &ENGLISH).text();
    for words in ["åtgärd", "Åtgärd", "fynd", "poster", "ifyllt", "undantag", "Källa", "nyckel", "kunde inte"] {
        assert!(!text.contains(words), "{words}");
    }
    for words in ["Summary", "Not checked", "NOT PASSED", "reporting\nrate", "The activity started before the decision"]
    {
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[test]
fn every_outcome_can_be_written() {
    for outcome in [sample::nothing(), sample::no_records(), sample::clean(), sample::spotless(), sample::several()] {
        let mut read = written(&(&outcome).into(), &ReportOptions::default());
        assert_eq!(read.names()[0], "Sammanfattning");
        assert!(read.formulas().is_empty());
    }
}

/// The sample with findings of two regions and units, and what the engine counts of them.
fn divided() -> (Outcome, Vec<Finding>) {
    let mut outcome = sample::outcome();
    let county = |code: &str| County::new(code).unwrap();
    let reporter = |violated: u64, unit: &str| {
        let counts = VerdictCounts { violated, satisfied: 100 - violated, ..VerdictCounts::default() };
        let of_unit = UnitRun { records: 40, rejected: 1, rules: BTreeMap::from([(RuleIndex(ORDER), violated)]) };
        let mut reporter = ReporterRun {
            records: 100,
            rejected: violated,
            rules: vec![RuleCounts::default(); outcome.runs[0].plan.rules.len()],
            accounts: outcome.runs[0].accounts.clone(),
            ..ReporterRun::default()
        };
        reporter.rules[ORDER] = RuleCounts { counts, violations: violated, waived: 0 };
        reporter.units.parts.insert(unit.to_owned(), of_unit);
        reporter
    };
    let reporters = BTreeMap::from([
        (Some(county("12")), reporter(2, "Enhet A")),
        (Some(county("01")), reporter(1, "enhet a")),
        (Some(county("25")), reporter(0, "Enhet C")),
    ]);
    outcome.runs[0].reporters = reporters;
    let of = |code: &str, unit: &str, row: u64| Finding {
        origin: Some(Origin { region: County::new(code), unit: unit.to_owned() }),
        ..finding(ORDER, row, "2022-01-01T08:00")
    };
    let all = vec![of("12", "Enhet A", 1), of("01", "enhet a", 2), of("12", "Enhet A", 3), finding(0, 4, "")];
    (outcome, all)
}

#[test]
fn each_region_gets_a_workbook_with_nothing_of_the_others() {
    let (outcome, all) = divided();
    let spooled = spooled(&outcome, SplitBy::Region, &all);
    let content = Content { findings: Some(&spooled), ..(&outcome).into() };
    let codelists = crate::schema::load(&crate::assets::schemas(None).unwrap()).unwrap().codelists;
    let parts = parts(&content, &codelists, Language::Swedish);
    let suffixes: Vec<&str> = parts.iter().map(|part| part.suffix.as_str()).collect();
    assert_eq!(suffixes, ["01_region-stockholm", "12_region-skane", "25_region-norrbotten", "okand"]);
    let keys_of = |part: &Part| -> Vec<String> {
        let mut out = Vec::new();
        write_part(&content, &ReportOptions::default(), part, &mut out).unwrap();
        let mut read = Read::new(out);
        let text = read.text();
        assert!(!text.contains("mars.csv: ") && !text.contains("GODKÄND"), "{text}");
        if !read.names().contains(&"SVG-0101".to_owned()) {
            return Vec::new();
        }
        read.table("SVG-0101", "fil").1.iter().map(|row| row[4].to_string()).collect()
    };
    let keys: Vec<Vec<String>> = parts.iter().map(keys_of).collect();
    assert_eq!(keys, [vec!["VK2"], vec!["VK1", "VK3"], vec![], vec![]]);

    let mut out = Vec::new();
    write_part(&content, &ReportOptions::default(), &parts[1], &mut out).unwrap();
    let mut read = Read::new(out);
    let text = read.text();
    for words in ["Kontroll av leverans: Region Skåne", "2 fel (1 regel)", "2 av 100 poster (2,0\u{a0}%)"] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(read.names().contains(&"Variabler".to_owned()));
}

#[test]
fn units_whose_names_look_alike_get_files_of_their_own() {
    let (outcome, all) = divided();
    let spooled = spooled(&outcome, SplitBy::Unit, &all);
    let content = Content { findings: Some(&spooled), ..(&outcome).into() };
    let parts = parts(&content, &Codelists::default(), Language::Swedish);
    let names: Vec<(&str, &str)> = parts.iter().map(|part| (part.suffix.as_str(), part.name.as_str())).collect();
    assert_eq!(names, [("enhet_enhet-a", "Enhet A"), ("enhet_enhet-a_2", "enhet a"), ("okand", "Utan känd vårdenhet")]);
    let mut out = Vec::new();
    write_part(&content, &ReportOptions::default(), &parts[0], &mut out).unwrap();
    let mut read = Read::new(out);
    assert!(read.text().contains("2 av 40 poster (5,0\u{a0}%)"));
    assert!(!read.names().contains(&"Variabler".to_owned()));
}

#[test]
fn names_of_parts_make_names_of_files_that_lead_nowhere_else() {
    let (outcome, all) = divided();
    let unit = |unit: &str| Finding { origin: Some(Origin { region: None, unit: unit.to_owned() }), ..all[0].clone() };
    let names = ["../../etc/passwd", "C:\\x", "=cmd|' /C calc'!A0", "CON", "\u{0}", "Ögon & öron", "ovriga"];
    let spooled = spooled(&outcome, SplitBy::Unit, &names.map(unit));
    let content = Content { findings: Some(&spooled), ..(&outcome).into() };
    for part in parts(&content, &Codelists::default(), Language::Swedish) {
        assert!(matches!(part.key, PartKey::Unit(_)));
        assert!(part.suffix.starts_with("enhet_"));
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
        assert!(part.suffix.bytes().all(is_plain), "{}", part.suffix);
        let mut out = Vec::new();
        write_part(&content, &ReportOptions::default(), &part, &mut out).unwrap();
        assert!(Read::new(out).formulas().is_empty());
    }
}

#[test]
fn versions_of_a_rule_have_a_sheet_each() {
    let mut outcome = sample::outcome();
    let mut plan = (*outcome.runs[0].plan).clone();
    let id = plan.rules[ORDER].id.clone();
    plan.rules[5].id = id;
    outcome.runs[0].plan = Arc::new(plan);
    let names = written(&(&outcome).into(), &ReportOptions::default()).names();
    assert!(names.contains(&"SVG-0101".to_owned()) && names.contains(&"SVG-0101 (2)".to_owned()), "{names:?}");
}
