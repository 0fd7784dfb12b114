//! Counts what one batch holds for each reporter, and adds it to what was counted before.
//!
//! Everything is counted in the order of records, so that those values, units and codes that are told apart are the first
//! ones, whatever the batches were.

use std::collections::{BTreeMap, HashMap};

use foldhash::fast::FixedState;

use super::owner::{Names, Owners};
use super::{
    Combinations, Counted, Division, MOST_COMBINATIONS, MOST_PARTS, MOST_VALUES, Part, ReporterRun, Reporters,
    RuleCounts,
};
use crate::engine::batch::{BatchTally, FileContext, account};
use crate::engine::eval::Evaluator;
use crate::engine::status::RuleStatus;
use crate::engine::unique::UniqueRule;
use crate::model::{Account, County, RuleIndex, Severity, VariableIndex, VerdictCounts};
use crate::rule::{Check, Rule, RuleKind, SubmissionKind};
use crate::table::{Bits, value};

/// Something counted, in the order in which it was met first.
type InOrder<K> = Vec<(K, u64)>;

/// What one batch holds for one reporter.
pub(in crate::engine) struct ReporterPart {
    pub(in crate::engine) region: Option<County>,
    records: u64,
    rejected: u64,
    rules: Vec<RuleCounts>,
    accounts: Vec<Account>,
    combinations: InOrder<Vec<RuleIndex>>,
    /// By rule.
    values: Vec<(usize, InOrder<String>)>,
    units: InParts,
    codes: InParts,
}

/// Parts in the order in which they were met first.
type InParts = Vec<(String, Part)>;

/// The rows that violate a rule, and those of them that are waived.
pub(in crate::engine) struct Violated {
    pub(in crate::engine) rule: usize,
    pub(in crate::engine) rows: Bits,
    pub(in crate::engine) waived: Option<Bits>,
}

/// What a batch was judged with and came to.
pub(in crate::engine) struct Judged<'b, 'a> {
    pub(in crate::engine) evaluator: &'b Evaluator<'a>,
    pub(in crate::engine) file: &'b FileContext,
    pub(in crate::engine) broken: Option<&'b Bits>,
    pub(in crate::engine) tally: &'b BatchTally,
    pub(in crate::engine) violated: &'b [Violated],
    /// For each rule on uniqueness the hashes of the records' keys; 0 where a part is blank.
    pub(in crate::engine) keys: Vec<(&'b UniqueRule, &'b [u64])>,
}

/// What a batch holds, one entry a reporter, in the order of their first records.
pub(in crate::engine) fn count(owners: &Owners, judged: &Judged<'_, '_>) -> Vec<ReporterPart> {
    let n_rows = judged.evaluator.batch().n_rows;
    if n_rows == 0 {
        return Vec::new();
    }
    let n_regions = owners.regions.names.len();
    let is_only = n_regions == 1;
    let mut parts: Vec<ReporterPart> = (0..n_regions)
        .map(|number| {
            let rows = if is_only {
                Bits::all(n_rows)
            } else {
                Bits::from_fn(n_rows, |row| owners.regions.number(row) == number)
            };
            judged.of(owners.regions.names[number], &rows, is_only)
        })
        .collect();
    judged.combinations(owners, &mut parts);
    judged.values(owners, &mut parts);
    judged.divide(owners, owners.units.as_ref(), &mut parts, |part| &mut part.units);
    judged.divide(owners, owners.codes.as_ref(), &mut parts, |part| &mut part.codes);
    parts
}

impl Judged<'_, '_> {
    /// Counts of the rows of one reporter; `is_only` where these are all.
    fn of(&self, region: Option<County>, rows: &Bits, is_only: bool) -> ReporterPart {
        let plan = self.evaluator.plan();
        let n_variables = self.tally.accounts.len();
        let mut rules: Vec<RuleCounts> = plan
            .rules
            .iter()
            .enumerate()
            .map(|(index, rule)| if is_only { self.whole(index) } else { self.within(index, rule, rows) })
            .collect();
        for (rule, hashes) in &self.keys {
            let not_checked = rows.iter().filter(|row| hashes[*row] == 0).count() as u64;
            // Who shares a key is known when all is read; until then all others are satisfied.
            let satisfied = rows.count() - not_checked;
            rules[rule.rule.0].counts = VerdictCounts { satisfied, not_checked, ..VerdictCounts::default() };
        }
        ReporterPart {
            region,
            records: rows.count(),
            rejected: self.tally.rejected.count_both(rows),
            rules,
            accounts: if is_only {
                self.tally.accounts.clone()
            } else {
                let of = |variable| account(self.evaluator, VariableIndex(variable), self.broken, Some(rows));
                (0..n_variables).map(of).collect()
            },
            combinations: Vec::new(),
            values: Vec::new(),
            units: Vec::new(),
            codes: Vec::new(),
        }
    }

    /// The counts of the whole batch.
    fn whole(&self, index: usize) -> RuleCounts {
        let part = &self.tally.rules[index];
        RuleCounts { counts: part.counts, violations: part.violations, waived: part.waived }
    }

    /// The counts of one rule within some rows.
    fn within(&self, index: usize, rule: &Rule, rows: &Bits) -> RuleCounts {
        let records = rows.count();
        let found = self.violated.iter().find(|violated| violated.rule == index);
        let violated = found.map_or(0, |found| found.rows.count_both(rows));
        let waived = found.and_then(|found| found.waived.as_ref()).map_or(0, |waived| waived.count_both(rows));
        let check = match (&rule.check, &self.file.statuses[index]) {
            (Check::Record(check), RuleStatus::Evaluated | RuleStatus::Skipped(_)) => check,
            (_, RuleStatus::NotApplicable) => {
                let counts = VerdictCounts { not_applicable: records, ..VerdictCounts::default() };
                return RuleCounts { counts, ..RuleCounts::default() };
            }
            (Check::Submission(SubmissionKind::Readable), _) => {
                let faults = &self.evaluator.batch().faults;
                let violations = faults.iter().filter(|fault| rows.contains(fault.row)).count() as u64;
                let counts = VerdictCounts { satisfied: records - violated, violated, ..VerdictCounts::default() };
                return RuleCounts { counts, violations, waived };
            }
            _ => return RuleCounts::default(),
        };
        let sound = |set: &Bits| {
            let within = set.and(rows);
            self.broken.map_or_else(|| within.count(), |broken| within.minus(broken).count())
        };
        let when = self.evaluator.bool(check.when);
        let not_applicable = sound(&when.no);
        let is_evaluated = self.file.statuses[index] == RuleStatus::Evaluated;
        let satisfied = if is_evaluated { sound(&when.yes.and(&self.evaluator.bool(check.assert).yes)) } else { 0 };
        let not_checked = records - not_applicable - satisfied - violated;
        let counts = VerdictCounts { satisfied, violated, not_applicable, not_checked };
        RuleCounts { counts, violations: violated, waived }
    }

    /// Which rules of severity error each rejected record violates.
    fn combinations(&self, owners: &Owners, parts: &mut [ReporterPart]) {
        let plan = self.evaluator.plan();
        let errors: Vec<&Violated> =
            self.violated.iter().filter(|one| plan.rules[one.rule].severity == Severity::Error).collect();
        // Records of one combination have the same words: one bit a rule.
        let words = errors.len().div_ceil(64);
        let n_rows = self.evaluator.batch().n_rows;
        let mut of_row = vec![0u64; n_rows * words];
        for (place, one) in errors.iter().enumerate() {
            for row in one.rows.iter() {
                of_row[row * words + place / 64] |= 1 << (place % 64);
            }
        }
        let mut known: HashMap<(usize, &[u64]), usize, FixedState> = HashMap::default();
        for row in self.tally.rejected.iter() {
            let region = owners.regions.number(row);
            let combination = &of_row[row * words..(row + 1) * words];
            let list = &mut parts[region].combinations;
            let place = *known.entry((region, combination)).or_insert_with(|| {
                let has = |place: &usize| combination[place / 64] >> (place % 64) & 1 == 1;
                list.push(((0..errors.len()).filter(has).map(|place| RuleIndex(errors[place].rule)).collect(), 0));
                list.len() - 1
            });
            list[place].1 += 1;
        }
    }

    /// The values that rules on values find wrong.
    fn values(&self, owners: &Owners, parts: &mut [ReporterPart]) {
        let (plan, batch) = (self.evaluator.plan(), self.evaluator.batch());
        for one in self.violated {
            let rule = &plan.rules[one.rule];
            let is_of_values = matches!(rule.kind, RuleKind::Value | RuleKind::OfficialCode | RuleKind::Irrelevant);
            let Some(variable) = rule.faulty.first().filter(|_| is_of_values) else { continue };
            let Some(column) = batch.columns[variable.0].as_ref() else { continue };
            let distinct = self.evaluator.distinct(*variable, column);
            let mut known: HashMap<(usize, u32), usize, FixedState> = HashMap::default();
            for row in one.rows.iter() {
                let region = owners.regions.number(row);
                let key =
                    distinct.keys.as_ref().map_or_else(|| u32::try_from(row).unwrap_or(u32::MAX), |keys| keys[row]);
                let values = &mut parts[region].values;
                if values.last().is_none_or(|(rule, _)| *rule != one.rule) {
                    values.push((one.rule, Vec::new()));
                }
                let Some((_, list)) = values.last_mut() else { continue };
                let place = *known.entry((region, key)).or_insert_with(|| {
                    list.push((
                        crate::engine::batch::shown_value(plan.collection.get(*variable), value(column, row)),
                        0,
                    ));
                    list.len() - 1
                });
                list[place].1 += 1;
            }
        }
    }

    /// Records, rejected records and violated rules by unit or code.
    fn divide(
        &self,
        owners: &Owners,
        names: Option<&Names<String>>,
        parts: &mut [ReporterPart],
        list_of: impl Fn(&mut ReporterPart) -> &mut InParts,
    ) {
        let Some(names) = names else { return };
        // The place in its reporter's list of each pair of reporter and name.
        let mut places = vec![usize::MAX; parts.len() * names.names.len()];
        let slot = |row: usize| owners.regions.number(row) * names.names.len() + names.number(row);
        for row in 0..self.evaluator.batch().n_rows {
            let place = &mut places[slot(row)];
            let list = list_of(&mut parts[owners.regions.number(row)]);
            if *place == usize::MAX {
                *place = list.len();
                list.push((names.at(row).clone(), Part::default()));
            }
            list[*place].1.records += 1;
        }
        let mut at = |row: usize, add: &dyn Fn(&mut Part)| {
            add(&mut list_of(&mut parts[owners.regions.number(row)])[places[slot(row)]].1);
        };
        for row in self.tally.rejected.iter() {
            at(row, &|part| part.rejected += 1);
        }
        for one in self.violated {
            for row in one.rows.iter() {
                at(row, &|part| *part.rules.entry(RuleIndex(one.rule)).or_default() += 1);
            }
        }
    }
}

impl ReporterPart {
    /// Adds it to what was counted before.
    pub(in crate::engine) fn add_to(self, reporters: &mut Reporters) {
        let total = reporters.entry(self.region).or_default();
        total.merge(&ReporterRun {
            records: self.records,
            rejected: self.rejected,
            rules: self.rules,
            accounts: self.accounts,
            ..ReporterRun::default()
        });
        for (rules, records) in self.combinations {
            total.combinations.admit(rules, records);
        }
        total.values.resize(total.rules.len(), Counted::default());
        for (rule, values) in self.values {
            for (text, findings) in values {
                total.values[rule].admit(text, findings);
            }
        }
        for (name, part) in self.units {
            total.units.admit(name, &part);
        }
        for (name, part) in self.codes {
            total.codes.admit(name, &part);
        }
    }
}

/// The entry of a key: one that is known, or a new one where there are not too many.
fn admitted<K: Ord, V: Default>(known: &mut BTreeMap<K, V>, key: K, most: usize) -> Option<&mut V> {
    (known.len() < most || known.contains_key(&key)).then(|| known.entry(key).or_default())
}

impl Combinations {
    pub(in crate::engine) fn admit(&mut self, rules: Vec<RuleIndex>, records: u64) {
        *admitted(&mut self.known, rules, MOST_COMBINATIONS).unwrap_or(&mut self.other) += records;
    }
}

impl Counted {
    fn admit(&mut self, text: String, findings: u64) {
        *admitted(&mut self.known, text, MOST_VALUES).unwrap_or(&mut self.other) += findings;
    }
}

impl Division {
    pub(in crate::engine) fn admit(&mut self, name: String, part: &Part) {
        admitted(&mut self.parts, name, MOST_PARTS).unwrap_or(&mut self.other).merge(part);
    }
}
