//! The meaning of a change against every record of a grid.

use rand_pcg::Pcg64Mcg;

use super::*;
use crate::engine::probe::{Probe, ProbeParameters};
use crate::logic::tests::{condition, grid, plan};

#[test]
fn a_change_means_what_the_records_say() {
    let mut random = Pcg64Mcg::new(0xd1ff);
    let before: Vec<String> = (0..160).map(|_| condition(&mut random, 2)).collect();
    // Every fourth rule is as it was, every fourth written otherwise.
    let after: Vec<String> = before
        .iter()
        .enumerate()
        .map(|(index, condition_before)| match index % 4 {
            0 => condition_before.clone(),
            1 => format!("NOT (NOT ({condition_before}))"),
            2 => format!("({condition_before}) AND {}", condition(&mut random, 1)),
            _ => condition(&mut random, 2),
        })
        .collect();
    let (old, new) = (plan(&before), plan(&after));
    let mut diff = Diff::default();
    Comparison::new(&old, &new).run(&mut diff);
    assert!(diff.unchanged > 30, "{}", diff.unchanged);
    let grid = grid();
    let records: Vec<&[String]> = grid.iter().map(Vec::as_slice).collect();
    let verdicts = |plan: &Plan| Probe::new(plan).verdicts(&records, &ProbeParameters::default());
    let (old_verdicts, new_verdicts) = (verdicts(&old), verdicts(&new));
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for (index, rule) in new.rules.iter().enumerate().filter(|(_, rule)| rule.kind == RuleKind::Check) {
        let old_index = old.rules.iter().position(|other| other.id == rule.id).unwrap();
        let violates = |verdicts: &[Vec<Option<Verdict>>], row: usize, index: usize| {
            verdicts[row][index] == Some(Verdict::Violated)
        };
        let is_there = |found: &[Vec<Option<Verdict>>], at: usize, spared: &[Vec<Option<Verdict>>], other: usize| {
            (0..grid.len()).any(|row| violates(found, row, at) && !violates(spared, row, other))
        };
        let failing = is_there(&new_verdicts, index, &old_verdicts, old_index);
        let passing = is_there(&old_verdicts, old_index, &new_verdicts, index);
        let found = diff.rules.iter().find(|entry| entry.id == rule.id).map(|entry| &entry.meaning);
        let meaning = found.map_or("unchanged", Meaning::as_str);
        *counts.entry(meaning).or_default() += 1;
        let (says_failing, says_passing) = match meaning {
            "unchanged" | "equal" => (false, false),
            "stricter" => (true, false),
            "looser" => (false, true),
            "crossing" => (true, true),
            other => panic!("{}: {other}", rule.id),
        };
        let shown = || format!("{}: {meaning}\n- {:?}\n+ {:?}", rule.id, before, after);
        // The grid is a sample: what it shows must be said.
        assert!(says_failing || !failing, "{}", shown());
        assert!(says_passing || !passing, "{}", shown());
        for (is_failing, record) in found.map(Meaning::records).unwrap_or_default() {
            let (found, spared) =
                if is_failing { (record.after, record.before) } else { (record.before, record.after) };
            assert!(found == Some(Verdict::Violated) && spared != Some(Verdict::Violated), "{record:?}");
        }
    }
    for meaning in ["unchanged", "equal", "stricter", "looser", "crossing"] {
        assert!(counts.get(meaning).is_some_and(|count| *count > 3), "{counts:?}");
    }
}
