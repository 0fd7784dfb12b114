use super::*;
use crate::model::{Detail, FileIndex, Members, Origin, Position, ShownValue, Text, WaiverIndex};
use crate::report::sample;

fn finding(rule: usize, row: u64, origin: Option<Origin>) -> Finding {
    let shown = |variable: &str, value: &str| ShownValue {
        variable: variable.to_owned(),
        column: Some("C".to_owned()),
        value: value.to_owned(),
    };
    Finding {
        rule: RuleIndex(rule),
        file: FileIndex(3),
        position: Position { row: Some(row), line: Some(row + 300), sheet_row: None, byte: Some(u64::MAX) },
        key: format!("VK{row}"),
        faulty: vec![shown("fas", "=1+1"), ShownValue { column: None, ..shown("agarform", "") }],
        triggers: vec![shown("å", "ä;\"\n")],
        detail: Some(if row.is_multiple_of(2) { Detail::Number(-5) } else { Detail::Text(Text::new("två", "two")) }),
        waiver: (row.is_multiple_of(3)).then_some(WaiverIndex(7)),
        members: (row.is_multiple_of(5)).then(|| Members { total: 900, rows: vec![1, 128, 70_000] }),
        origin,
    }
}

fn read(spooled: &SpooledFindings, part: &PartKey, rule: usize) -> Vec<Finding> {
    spooled.read(part, "specvard_genomforda", RuleIndex(rule)).map(Result::unwrap).collect()
}

fn take(spool: &mut FindingSpool, findings: &[Finding]) {
    let outcome = sample::outcome();
    spool.take(&outcome.runs[0].plan, &[], findings).unwrap();
}

#[test]
fn findings_come_back_as_they_went_rule_by_rule_in_their_order() {
    let all: Vec<Finding> = (0..200).map(|row| finding(usize::try_from(row % 3).unwrap(), row, None)).collect();
    for in_memory in [1, 500, IN_MEMORY] {
        let mut spool = FindingSpool::with_limits(SplitBy::Nothing, MOST_KEPT, in_memory);
        for some in all.chunks(7) {
            take(&mut spool, some);
        }
        let spooled = spool.finish().unwrap();
        for rule in 0..3 {
            let expected: Vec<Finding> = all.iter().filter(|finding| finding.rule.0 == rule).cloned().collect();
            let counts = spooled.counts(&PartKey::Whole, "specvard_genomforda", RuleIndex(rule));
            assert_eq!(counts.findings, expected.len() as u64);
            assert_eq!(counts.waived, expected.iter().filter(|finding| finding.waiver.is_some()).count() as u64);
            assert_eq!(read(&spooled, &PartKey::Whole, rule), expected, "{in_memory}");
        }
        assert!(read(&spooled, &PartKey::Whole, 9).is_empty());
        assert_eq!(spooled.read(&PartKey::Whole, "specvard_vantande", RuleIndex(0)).count(), 0);
    }
}

#[test]
fn beyond_the_rows_of_a_sheet_findings_are_counted() {
    let mut spool = FindingSpool::with_limits(SplitBy::Nothing, 5, IN_MEMORY);
    take(&mut spool, &(0..8).map(|row| finding(0, row, None)).collect::<Vec<_>>());
    let spooled = spool.finish().unwrap();
    let counts = spooled.counts(&PartKey::Whole, "specvard_genomforda", RuleIndex(0));
    assert_eq!(counts, FindingCounts { findings: 8, waived: 3, kept: 5 });
    assert_eq!(read(&spooled, &PartKey::Whole, 0).len(), 5);
}

#[test]
fn findings_are_divided_by_whose_they_are() {
    let origin = |county: &str, unit: &str| Some(Origin { region: County::new(county), unit: unit.to_owned() });
    let all = [
        finding(0, 1, origin("12", "Enhet 2")),
        finding(0, 2, origin("01", "Enhet 1")),
        finding(0, 3, origin("", "")),
        finding(0, 4, None),
        finding(0, 5, origin("12", "Enhet 1")),
    ];
    let rows_by = |by: SplitBy| -> Vec<(PartKey, Vec<Option<u64>>)> {
        let mut spool = FindingSpool::new(by);
        take(&mut spool, &all);
        let spooled = spool.finish().unwrap();
        let rows = |part: &PartKey| read(&spooled, part, 0).iter().map(|finding| finding.position.row).collect();
        spooled.parts().map(|part| (part.clone(), rows(part))).collect()
    };
    let county = |code: &str| PartKey::Region(County::new(code).unwrap());
    assert_eq!(
        rows_by(SplitBy::Region),
        [
            (county("01"), vec![Some(2)]),
            (county("12"), vec![Some(1), Some(5)]),
            (PartKey::Unknown, vec![Some(3), Some(4)])
        ]
    );
    assert_eq!(
        rows_by(SplitBy::Unit),
        [
            (PartKey::Unit("Enhet 1".to_owned()), vec![Some(2), Some(5)]),
            (PartKey::Unit("Enhet 2".to_owned()), vec![Some(1)]),
            (PartKey::Unknown, vec![Some(3), Some(4)])
        ]
    );
}

#[test]
fn units_beyond_the_most_that_are_told_apart_are_together() {
    let unit = |number: usize| Some(Origin { region: None, unit: format!("Enhet {number:04}") });
    let mut spool = FindingSpool::new(SplitBy::Unit);
    take(&mut spool, &(0..MOST_UNITS + 3).map(|number| finding(0, 1, unit(number))).collect::<Vec<_>>());
    let spooled = spool.finish().unwrap();
    assert_eq!(spooled.parts().count(), MOST_UNITS + 1);
    assert_eq!(read(&spooled, &PartKey::Others, 0).len(), 3);
}

#[test]
fn bytes_that_are_no_finding_are_an_error_and_not_a_panic() {
    let mut bytes = Vec::new();
    codec::encode(&finding(0, 15, None), &mut bytes);
    assert!(codec::decode(&bytes, RuleIndex(0)).is_some());
    for len in 0..bytes.len() {
        assert!(codec::decode(&bytes[..len], RuleIndex(0)).is_none(), "{len}");
    }
    assert!(codec::decode(&[0xff; 40], RuleIndex(0)).is_none());
}
