//! A small outcome built by hand, for the tests of every format.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::engine::{FileRun, Outcome, RuleRun, Run, Stated, StatedRegion, TimestampForms};
use crate::model::{
    Account, Detail, FileIndex, Finding, Level, Position, RuleId, RuleIndex, Severity, ShownValue, Skipped,
    SourceReference, Text, VariableIndex, VerdictCounts,
};
use crate::rule::expr::{BoolNode, Program};
use crate::rule::{Check, MissingColumns, Plan, RecordCheck, Requirement, Rule, RuleKind, SubmissionKind};
use crate::schema::{Codelists, Collection, Detect, Domain, Variable};
use crate::submission::{CollectionSource, Delimiter, Encoding, Format, HeaderColumn, ScanSummary};

/// A value that tries to colour the terminal, to forge a line and to be a formula.
pub(crate) const NASTY_VALUE: &str = "=1\u{1b}[31m;\"\n2 GODKÄND";

const RECORDS: u64 = 1_200;

fn text(sv: &str, en: &str) -> Text {
    Text::new(sv, en)
}

fn source(place: &str) -> SourceReference {
    SourceReference {
        document: "Uppföljning av överenskommelsen om ökad tillgänglighet 2022".to_owned(),
        place: place.to_owned(),
    }
}

fn variable(id: &str, sv: &str, en: &str, domain: Domain) -> Variable {
    Variable {
        id: id.to_owned(),
        name: text(sv, en),
        area: "Mätpunkter".to_owned(),
        description: Text::default(),
        aliases: Vec::new(),
        domain,
        separators: Vec::new(),
        missing_codes: Vec::new(),
        identifies_person: false,
        fold: None,
        history: None,
        value_severity: Severity::Error,
        valid_examples: Vec::new(),
        invalid_examples: Vec::new(),
        source: source("Bilaga 5, tabell 1"),
        extra: false,
    }
}

fn collection() -> Collection {
    let timestamp = || Domain::Timestamp { date_only: false };
    let any_text = || Domain::Text { format: None, max_length: None, official_list: None };
    Collection {
        id: "specvard_genomforda".to_owned(),
        prefix: "SVG".to_owned(),
        title: text("Specialiserad vård, genomförda", "Specialised care, completed"),
        source: source("Bilaga 5"),
        folds: None,
        detect: Detect::default(),
        key: vec![VariableIndex(4)],
        region: None,
        record_date: Some(VariableIndex(1)),
        stock: false,
        unit: None,
        breakdown: None,
        variables: vec![
            variable(
                "beslut_att_utfora_aktivitet",
                "Beslut att utföra aktivitet",
                "Decision to perform the activity",
                timestamp(),
            ),
            variable("start_av_aktivitet", "Start av aktivitet", "Start of the activity", timestamp()),
            variable("fas", "Fas", "Phase", Domain::Code { codelist: "fas".to_owned() }),
            variable("diagnos", "Diagnos", "Diagnosis", any_text()),
            variable("vardkontakts_id", "Vårdkontakts-id", "Contact id", any_text()),
            variable(
                "tidpunkt_for_oppenvardskontakt_pa_akutmottagning",
                "Tidpunkt för öppenvårdskontakt på akutmottagning",
                "Time of the emergency contact",
                timestamp(),
            ),
            variable("agarform", "Ägarform", "Form of ownership", any_text()),
        ],
        layouts: Vec::new(),
    }
}

fn record_check(inputs: &[usize]) -> Check {
    Check::Record(RecordCheck {
        when: BoolNode(0),
        assert: BoolNode(0),
        detail: None,
        inputs: inputs.iter().copied().map(VariableIndex).collect(),
        parameters: Vec::new(),
        missing_columns: MissingColumns::Skip,
    })
}

fn rule(id: &str, kind: RuleKind, severity: Severity, title: Text, fix: Text, check: Check) -> Rule {
    Rule {
        id: RuleId(id.to_owned()),
        kind,
        severity,
        title,
        why: None,
        fix,
        source: source("Bilaga 5, tabell 1"),
        faulty: Vec::new(),
        triggers: Vec::new(),
        detail_unit: None,
        when_text: None,
        assert_text: None,
        valid: None,
        check,
        tests: Vec::new(),
        accepts: Vec::new(),
        survivors: Vec::new(),
        history: Vec::new(),
        origin: crate::rule::Origin::default(),
    }
}

/// Rules of every kind, with what became of each.
fn rules() -> Vec<(Rule, RuleRun)> {
    use RuleKind::{Check as Written, Irrelevant, OfficialCode, Required, Submission, Value};
    use Severity::{Error, Note, Warning};
    let fix = || {
        text(
            "Rätta värdet i källsystemet och lämna in filen igen.",
            "Correct the value at its source and submit the file again.",
        )
    };
    let counts = |satisfied, violated, not_applicable, not_checked| VerdictCounts {
        satisfied,
        violated,
        not_applicable,
        not_checked,
    };
    let run = |counts: VerdictCounts| RuleRun {
        counts,
        violations: counts.violated,
        waived: 0,
        skipped: Vec::new(),
        examples: Vec::new(),
    };
    let order = Rule {
        why: Some(text("Väntetiden blir annars negativ.", "The wait would otherwise be negative.")),
        faulty: vec![VariableIndex(1), VariableIndex(0)],
        triggers: vec![VariableIndex(2)],
        detail_unit: Some(text("dagar", "days")),
        when_text: Some("fas <> '5'".to_owned()),
        assert_text: Some("start_av_aktivitet >= beslut_att_utfora_aktivitet".to_owned()),
        ..rule(
            "SVG-0101",
            Written,
            Error,
            text("Aktiviteten startade före beslutet", "The activity started before the decision"),
            text(
                "Kontrollera datumordningen i källsystemet: beslutet ska vara taget innan aktiviteten startar.",
                "Check the order of the dates at their source: the decision is taken before the activity starts.",
            ),
            record_check(&[0, 1, 2]),
        )
    };
    vec![
        (
            Rule {
                faulty: vec![VariableIndex(2)],
                ..rule("SVG-K-fas", Required, Error, text("Fas saknas", "Phase is missing"), fix(), record_check(&[2]))
            },
            RuleRun { examples: vec![missing_phase()], ..run(counts(RECORDS - 1, 1, 0, 0)) },
        ),
        (
            rule(
                "SVG-V-fas",
                Value,
                Error,
                text("Fas är inte en giltig kod", "Phase is not a valid code"),
                fix(),
                record_check(&[2]),
            ),
            RuleRun { examples: vec![nasty()], ..run(counts(RECORDS - 2, 1, 1, 0)) },
        ),
        (
            rule(
                "SVG-O-diagnos",
                OfficialCode,
                Error,
                text("Diagnoskoden finns inte", "No such diagnosis code"),
                fix(),
                record_check(&[3]),
            ),
            RuleRun {
                skipped: vec![(0, Skipped::CodelistNotLoaded("icd10se".to_owned()))],
                ..run(counts(0, 0, 0, RECORDS))
            },
        ),
        (
            rule(
                "SVG-I-agarform",
                Irrelevant,
                Note,
                text("Ägarform hämtas separat", "Ownership is fetched separately"),
                fix(),
                record_check(&[6]),
            ),
            run(counts(0, 0, RECORDS, 0)),
        ),
        (order, RuleRun { examples: vec![wrong_order(17), wrong_order(1_031)], ..run(counts(1_100, 23, 70, 7)) }),
        (
            rule(
                "SVG-0102",
                Written,
                Warning,
                text(
                    "Kontakten saknar remissdatum trots att den kom till på remiss",
                    "The contact has no referral date although it was referred",
                ),
                fix(),
                record_check(&[3]),
            ),
            run(counts(0, RECORDS, 0, 0)),
        ),
        (
            rule(
                "SVG-0103",
                Written,
                Note,
                text("Ovanligt lång väntan", "Unusually long wait"),
                fix(),
                record_check(&[0, 1]),
            ),
            run(counts(RECORDS - 1, 1, 0, 0)),
        ),
        (
            rule(
                "SVG-0104",
                Written,
                Error,
                text("Ägarform stämmer inte", "Ownership does not agree"),
                fix(),
                record_check(&[6]),
            ),
            RuleRun {
                skipped: vec![(0, Skipped::MissingColumn("agarform".to_owned()))],
                ..run(counts(0, 0, 0, RECORDS))
            },
        ),
        (
            rule("SVG-0105", Written, Error, text("Utanför perioden", "Outside the period"), fix(), record_check(&[1])),
            run(counts(0, 0, RECORDS, 0)),
        ),
        (
            rule(
                "SVG-0106",
                Written,
                Warning,
                text("Ägarform saknar enhet", "Ownership without a unit"),
                fix(),
                record_check(&[6]),
            ),
            RuleRun {
                skipped: vec![(0, Skipped::MissingColumn("agarform".to_owned()))],
                ..run(counts(0, 0, 0, RECORDS))
            },
        ),
        (
            rule(
                "LEV-0001",
                Submission,
                Error,
                text("Samma vårdkontakt finns flera gånger", "The same contact occurs more than once"),
                fix(),
                Check::Submission(SubmissionKind::Unique { variables: vec![VariableIndex(4)], within: Vec::new() }),
            ),
            RuleRun { examples: vec![duplicate()], ..run(counts(RECORDS - 2, 2, 0, 0)) },
        ),
        (
            rule(
                "LEV-0003",
                Submission,
                Warning,
                text("Okänd kolumn", "Unknown column"),
                text("Ta bort kolumnen eller rätta rubriken.", "Remove the column or correct its header."),
                Check::Submission(SubmissionKind::KnownColumns),
            ),
            RuleRun { violations: 1, examples: vec![unknown_column()], ..RuleRun::default() },
        ),
    ]
}

fn shown(variable: &str, column: &str, value: &str) -> ShownValue {
    ShownValue {
        variable: variable.to_owned(),
        column: (!column.is_empty()).then(|| column.to_owned()),
        value: value.to_owned(),
    }
}

fn finding(rule: usize, row: u64, faulty: Vec<ShownValue>) -> Finding {
    Finding {
        rule: RuleIndex(rule),
        file: FileIndex(0),
        position: Position { row: Some(row), line: Some(row + 1), sheet_row: Some(row + 1), byte: None },
        key: format!("VK{row:06}"),
        faulty,
        triggers: Vec::new(),
        detail: None,
        waiver: None,
        members: None,
        origin: None,
    }
}

fn missing_phase() -> Finding {
    finding(0, 4, vec![shown("fas", "C", "")])
}

fn nasty() -> Finding {
    finding(1, 5, vec![shown("fas", "C", NASTY_VALUE)])
}

fn wrong_order(row: u64) -> Finding {
    Finding {
        triggers: vec![shown("fas", "C", "1")],
        detail: Some(Detail::Number(-1_031)),
        ..finding(
            4,
            row,
            vec![
                shown("start_av_aktivitet", "B", "2022-01-01T08:00"),
                shown("beslut_att_utfora_aktivitet", "A", "2024-10-28T08:00"),
            ],
        )
    }
}

fn duplicate() -> Finding {
    Finding {
        detail: Some(Detail::Text(text("finns 2 gånger, först i post 3", "occurs 2 times, first in record 3"))),
        ..finding(10, 3, vec![shown("vardkontakts_id", "E", "VK000003")])
    }
}

fn unknown_column() -> Finding {
    Finding {
        position: Position::default(),
        key: String::new(),
        detail: Some(Detail::Text(text("menas diagnos?", "meant to be diagnos?"))),
        ..finding(11, 1, vec![shown("+Diagnoser", "D", "")])
    }
}

fn header() -> Vec<HeaderColumn> {
    let known = |name: &str, index: usize| {
        let variable = Some(collection().variables[index].id.clone());
        HeaderColumn { name: name.to_owned(), variable, nearest: None }
    };
    vec![
        known("Beslut att utföra aktivitet", 0),
        known("Start av aktivitet", 1),
        known("Fas", 2),
        HeaderColumn { name: "+Diagnoser".to_owned(), variable: None, nearest: Some("diagnos".to_owned()) },
        known("vardkontakts_id", 4),
        known("TidpunktAkut", 5),
    ]
}

fn file(path: &str, records: u64) -> FileRun {
    FileRun {
        path: PathBuf::from(path),
        size: 276_131,
        format: Format::Csv { delimiter: Delimiter::Semicolon, encoding: Encoding::Utf8, byte_order_mark: true },
        collection_source: CollectionSource::Header,
        layout: None,
        statement: crate::submission::Statement::default(),
        header: header(),
        summary: ScanSummary { records, rows: records, blank_lines: 2 },
        reporters: BTreeMap::new(),
    }
}

fn plan(rules: Vec<Rule>) -> Plan {
    let requirement = |level, when: Option<&str>| Requirement {
        level,
        required: BoolNode(0),
        required_when_text: when.map(str::to_owned),
        versions: Vec::new(),
    };
    Plan {
        fold: None,
        collection: Arc::new(collection()),
        codelists: Codelists::default(),
        rules,
        requirements: vec![
            requirement(Level::Mandatory, None),
            requirement(Level::Mandatory, None),
            requirement(Level::Mandatory, None),
            requirement(Level::IfAvailable, None),
            requirement(Level::Mandatory, None),
            requirement(Level::Conditional, Some("akutverksamhet = '1'")),
            requirement(Level::FetchedSeparately, None),
        ],
        program: Program::default(),
        assumptions: vec![text("Fas 5 räknas inte.", "Phase 5 is not counted.")],
        as_of: None,
        version: "0123456789abcdef".to_owned(),
    }
}

fn accounts() -> Vec<Account> {
    let all = Account { filled: RECORDS, ..Account::default() };
    vec![
        all,
        Account { filled: RECORDS - 1, blank_required: 1, ..all },
        Account { filled: RECORDS - 1, blank_required: 1, ..all },
        Account { filled: 0, blank_allowed: RECORDS, ..all },
        all,
        Account { filled: 100, negative: 20, unknown: 3, blank_allowed: RECORDS - 123, ..all },
        Account { filled: 0, blank_allowed: RECORDS, ..all },
    ]
}

fn stated() -> Stated {
    Stated {
        period: None,
        region: Some(StatedRegion { organisation_number: "2321000016".to_owned(), name: "Stockholm".to_owned() }),
        records: Some(RECORDS),
        delivery_date: 19_082,
        delivery_date_stated: false,
        as_of: None,
    }
}

fn outcome_of(entries: Vec<(Rule, RuleRun)>) -> Outcome {
    let (rules, rule_runs) = entries.into_iter().unzip();
    let forms = |minutes, date_only| TimestampForms { minutes, date_only, ..TimestampForms::default() };
    let none = TimestampForms::default();
    Outcome {
        waivers: Vec::new(),
        stated: stated(),
        runs: vec![Run {
            plan: Arc::new(plan(rules)),
            files: vec![file("leveranser/mars.csv", RECORDS)],
            records: RECORDS,
            rejected: 27,
            rules: rule_runs,
            accounts: accounts(),
            timestamp_forms: vec![forms(RECORDS, 0), forms(1_100, 99), none, none, none, forms(100, 0), none],
            tally: None,
            waived: Vec::new(),
            folded: None,
            reporters: BTreeMap::new(),
        }],
    }
}

/// One collection in one file, with something of everything.
pub(crate) fn outcome() -> Outcome {
    outcome_of(rules())
}

/// No errors or warnings, one note, some rules not checked.
pub(crate) fn clean() -> Outcome {
    let entries = rules().into_iter().filter(|(rule, found)| found.violations == 0 || rule.severity == Severity::Note);
    let mut outcome = outcome_of(entries.collect());
    outcome.runs[0].rejected = 0;
    outcome
}

/// Everything checked, nothing violated.
pub(crate) fn spotless() -> Outcome {
    let mut outcome = outcome_of(rules().into_iter().take(1).collect());
    outcome.runs[0].rejected = 0;
    outcome.runs[0].rules[0] =
        RuleRun { counts: VerdictCounts { satisfied: RECORDS, ..VerdictCounts::default() }, ..RuleRun::default() };
    outcome
}

/// The same collection in two files, the second of which lacks a column, beside a second collection.
pub(crate) fn several() -> Outcome {
    let mut outcome = outcome();
    let mut second = outcome.runs[0].clone();
    outcome.runs[0].files = vec![file("leveranser/mars.csv", RECORDS - 200), file("leveranser/april.csv", 200)];
    for rule in &mut outcome.runs[0].rules {
        if let [(0, cause)] = &rule.skipped[..] {
            rule.skipped.push((1, cause.clone()));
        }
    }
    outcome.runs[0].rules[4].skipped = vec![(1, Skipped::MissingColumn("beslut_att_utfora_aktivitet".to_owned()))];
    second.files[0].path = PathBuf::from("leveranser/v\u{e4}ntande\u{1b}.parquet");
    second.files[0].format = Format::Parquet { records: RECORDS };
    second.files[0].collection_source = CollectionSource::Option;
    let mut plan = (*second.plan).clone();
    let mut collection = (*plan.collection).clone();
    collection.id = "specvard_vantande".to_owned();
    collection.title = text("Specialiserad vård, väntande", "Specialised care, waiting");
    plan.collection = Arc::new(collection);
    second.plan = Arc::new(plan);
    outcome.runs.push(second);
    outcome
}

/// No collection at all.
pub(crate) fn nothing() -> Outcome {
    Outcome { stated: Stated::default(), runs: Vec::new(), waivers: Vec::new() }
}

/// A file without records.
pub(crate) fn no_records() -> Outcome {
    let mut outcome = spotless();
    let run = &mut outcome.runs[0];
    run.records = 0;
    run.files = vec![file("tom.csv", 0)];
    run.rules[0] = RuleRun::default();
    run.accounts.fill(Account::default());
    run.timestamp_forms.fill(TimestampForms::default());
    outcome
}
