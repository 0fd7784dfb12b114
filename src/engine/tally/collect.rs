//! Gathers a tally while files are scanned; how is on the page of [`super`].

use std::collections::{BTreeMap, HashMap};

use foldhash::fast::FixedState;

use super::doubting::{DoubtPart, DoubtPlan, EVERY_CODE};
use super::table::{Adding, Groups, Key, Layout, NO_TIME, Table};
use super::{BLANK, Corrections, Counts, Delivery, Fill, Fills, INVALID, Spread, Tally, UnitFills};
use crate::engine::eval::{Context, Evaluator, Parameters};
use crate::engine::names::Names;
use crate::engine::parts::Parts;
use crate::engine::{text, unique};
use crate::measure::TallyPlan;
use crate::model::{County, Level, VariableIndex};
use crate::rule::Plan;
use crate::schema::{Domain, HistoryItem};
use crate::submission::InputFile;
use crate::table::{Batch, Bits, row_words, value};
use crate::time::{self, DAY, Month};

/// Gathers the tally of one collection while its files are scanned.
pub(in crate::engine) struct Collector<'a> {
    plan: &'a TallyPlan,
    files: &'a [InputFile],
    /// The day of the run.
    day: i64,
    count_units: bool,
    /// Where records in doubt are counted.
    doubts: Option<DoubtPlan>,
    parts: Parts<Part>,
}

/// What one thread has counted.
#[derive(Default)]
struct Part {
    /// For each variable whether filled values are counted rather than blank ones: those that the first batch has fewer
    /// of, so that there is little to count.
    counts_filled: Vec<bool>,
    /// The care unit, where units are counted.
    unit: Option<VariableIndex>,
    regions: Names,
    labels: Names,
    counts: Table,
    by_month: Table,
    by_code: Table,
    by_unit: Table,
    spreads: BTreeMap<(Key, usize), Spread>,
    named: BTreeMap<(Key, usize, u32), u64>,
    corrections: BTreeMap<Key, Corrections>,
    doubts: DoubtPart,
    /// For each number of a label the last region and year it was met with as a unit, and where its counters begin.
    unit_places: Vec<Option<(u32, i32, usize)>>,
    deliveries: BTreeMap<usize, DeliveryPart>,
}

#[derive(Default)]
struct DeliveryPart {
    records: u64,
    unreadable: u64,
    fingerprint: u64,
    found: HashMap<(u32, i32), u64, FixedState>,
}

impl<'a> Collector<'a> {
    /// For `files`, on the `day` of the run.
    pub(in crate::engine) fn new(plan: &'a TallyPlan, files: &'a [InputFile], day: i64, count_units: bool) -> Self {
        Self { plan, files, day, count_units, doubts: None, parts: Parts::new(Part::default) }
    }

    /// Has records in doubt counted, too: those that violate rules of `plan` about what is measured, and groups of which a
    /// record violates one of the rules of `records`.
    pub(in crate::engine) fn with_doubts(self, plan: &Plan, records: Option<&Plan>) -> Self {
        Self { doubts: Some(DoubtPlan::new(plan, self.plan, records)), ..self }
    }

    /// Whether it asks which records violate the rule at an index of the plan; behind them are the rules on the records
    /// that groups are made of.
    pub(in crate::engine) fn asks_for(&self, rule: usize) -> bool {
        self.doubts.as_ref().is_some_and(|doubts| doubts.asks_for(rule))
    }

    /// What conditions that read the period are evaluated with: of a stock, its month is the period, whatever the run
    /// states for its rules. `None` where that is the period already, or where no condition reads it.
    pub(in crate::engine) fn context_of_month<'p>(&self, file: usize, context: &Context<'p>) -> Option<Context<'p>> {
        let month = self.files[file].statement.month.filter(|_| context.plan.collection.stock)?;
        let period = Some((month.first_day(), month.last_day()));
        let is_read = self.plan.conditions.iter().any(|condition| condition.reads_period);
        (is_read && context.parameters.period != period)
            .then(|| context.with(Parameters { period, ..context.parameters.clone() }))
    }

    /// Adds one batch of the file at `file`; the second evaluator is for conditions that read the period.
    ///
    /// `hashes` are those of the records' keys by [`Collector::fingerprinted`], where they are known already;
    /// `violations` are of the rules that it asks for.
    pub(in crate::engine) fn add(
        &self,
        file: usize,
        evaluators: [&Evaluator<'_>; 2],
        broken: Option<&Bits>,
        hashes: Option<&[u64]>,
        violations: &[(usize, Bits)],
    ) {
        let evaluator = evaluators[0];
        let (plan, batch) = (evaluator.plan(), evaluator.batch());
        let sum = |hashes: &[u64]| hashes.iter().fold(0u64, |sum, hash| sum.wrapping_add(*hash));
        let fingerprint =
            hashes.map_or_else(|| sum(&unique::hash_keys(batch, &Self::fingerprinted(plan), broken)), sum);
        let mut part = self.parts.own();
        if let Some(unit) = plan.collection.unit.filter(|_| self.count_units) {
            part.unit = Some(unit);
        }
        let groups = part.add(self.plan, evaluators, (file, fingerprint), self.files[file].statement.month, broken);
        if let Some(months) = plan.collection.months_of_corrections() {
            let received = self.files[file].statement.received;
            part.corrections(evaluator, (received, months), self.day, &groups);
        }
        if let Some(plan) = &self.doubts {
            part.doubts.add(plan, self.plan, evaluators, &groups, violations);
        }
    }

    /// What tells a delivery's records from those of others: who reports, and the record's key.
    pub(in crate::engine) fn fingerprinted(plan: &Plan) -> Vec<VariableIndex> {
        let region = plan.collection.region.map(|region| region.variable);
        region.into_iter().chain(plan.collection.key.iter().copied().filter(|key| Some(*key) != region)).collect()
    }

    /// Everything counted.
    pub(in crate::engine) fn finish(self) -> Tally {
        let mut tally = Tally::default();
        let mut deliveries: Vec<Delivery> = self
            .files
            .iter()
            .map(|file| Delivery {
                file: file.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
                region: file.statement.region.as_ref().map(|(county, _)| *county),
                month: file.statement.month,
                received: file.statement.received,
                stated_records: file.statement.records,
                counts_doubts: self.doubts.is_some(),
                ..Delivery::default()
            })
            .collect();
        for part in self.parts.into_all() {
            part.finish(self.plan, self.doubts.as_ref(), &mut tally, &mut deliveries);
        }
        tally.deliveries = deliveries;
        tally
    }
}

impl Part {
    fn add(
        &mut self,
        tally: &TallyPlan,
        [evaluator, of_month]: [&Evaluator<'_>; 2],
        (file, fingerprint): (usize, u64),
        stated_month: Option<Month>,
        broken: Option<&Bits>,
    ) -> Groups {
        let (plan, batch) = (evaluator.plan(), evaluator.batch());
        let n_rows = batch.n_rows;
        let regions = self.regions_of(tally, evaluator);
        let months = months_of(plan, evaluator, stated_month);
        let breakdown = plan.collection.breakdown.as_ref().map(|breakdown| breakdown.variable);
        let codes = self.labels_of(evaluator, breakdown);
        let units = self.unit.map(|unit| self.labels_of(evaluator, Some(unit)));
        let key = |row: usize| (regions[row], months[row], codes[row]);
        let groups = match broken {
            None => Groups::new((0..n_rows).map(key), n_rows),
            // A broken record is in no group: its key is one that no other has.
            Some(broken) => Groups::new(
                (0..n_rows).map(|row| if broken.contains(row) { (u32::MAX, NO_TIME, u32::MAX) } else { key(row) }),
                n_rows,
            ),
        };
        self.delivery(file, fingerprint, batch, &groups, broken);

        let places = groups.places(&mut self.counts, tally.conditions.len() * 2, |key| key);
        let mut counts = Adding { table: &mut self.counts, places };
        for (index, condition) in tally.conditions.iter().enumerate() {
            let evaluator = if condition.reads_period { of_month } else { evaluator };
            let tri = evaluator.bool(condition.node);
            counts.add(&tri.yes, index * 2);
            counts.add(&tri.yes.or(&tri.no).not(), index * 2 + 1);
        }

        self.numbers(tally, evaluator, &groups);
        let layout = Layout::of(tally);
        if self.counts_filled.is_empty() {
            let is_rare = |variable| evaluator.filled(VariableIndex(variable)).count() * 2 < n_rows as u64;
            self.counts_filled = (0..layout.n_variables).map(is_rare).collect();
        }
        let year = |month: i32| if month == NO_TIME { NO_TIME } else { month.div_euclid(12) };
        let width = layout.width();
        let places = groups.places(&mut self.by_month, width, |(region, month, label)| {
            (region, month, if region == u32::MAX { label } else { 0 })
        });
        let mut fills = vec![Adding { table: &mut self.by_month, places }];
        if breakdown.is_some() {
            let key = |(region, month, label): Key| (region, year(month), label);
            let places = groups.places(&mut self.by_code, width, key);
            fills.push(Adding { table: &mut self.by_code, places });
        }
        let n_full = fills.len();
        if let Some(units) = units {
            let (table, known) = (&mut self.by_unit, &mut self.unit_places);
            known.resize(self.labels.len(), None);
            let places = (0..n_rows)
                .map(|row| {
                    let (region, month, _) = groups.keys[groups.of_row[row] as usize];
                    let (year, unit) = (year(month), if region == u32::MAX { u32::MAX } else { units[row] });
                    let known = known.get_mut(unit as usize);
                    match known {
                        Some(Some((of, when, place))) if (*of, *when) == (region, year) => *place,
                        known => {
                            let place = table.place((region, year, unit), layout.unit_width());
                            if let Some(known) = known {
                                *known = Some((region, year, place));
                            }
                            place
                        }
                    }
                })
                .collect();
            fills.push(Adding { table, places });
        }
        let among: Vec<&Bits> = tally.among.iter().map(|node| &evaluator.bool(*node).yes).collect();
        for adding in &mut fills {
            adding.add_all(0);
            for (index, among) in among.iter().enumerate() {
                adding.add(among, 1 + index);
            }
        }
        let variables: Vec<usize> = (0..layout.n_variables).collect();
        for variables in variables.chunks(64) {
            let mut sorts: [Vec<Bits>; 6] = Default::default();
            for variable in variables {
                let index = VariableIndex(*variable);
                let filled = evaluator.filled(index);
                let blank = filled.not();
                let requirement = &plan.requirements[*variable];
                let required = &evaluator.bool(requirement.required).yes;
                let counted = if self.counts_filled[*variable] { filled.as_ref().clone() } else { blank.clone() };
                let is_conditional = requirement.level == Level::Conditional;
                let [negative, unknown] = evaluator.declared_codes(index);
                sorts[1].push(counted.minus(among[tally.among_of[*variable]]));
                sorts[0].push(counted);
                sorts[2].push(blank.and(required));
                sorts[3].push(negative);
                sorts[4].push(unknown);
                sorts[5].push(if is_conditional { required.clone() } else { Bits::default() });
            }
            let [counted, outside] = [0, 1].map(|sort| row_words(&sorts[sort], n_rows));
            for adding in &mut fills {
                adding.add_pairs(&counted, &outside, layout.at(0, variables[0]));
            }
            for (sort, sets) in sorts.iter().enumerate().skip(2).filter(|(_, sets)| sets.iter().any(Bits::any)) {
                let words = row_words(sets, n_rows);
                for adding in &mut fills[..n_full] {
                    adding.add_words(&words, layout.at(sort, variables[0]));
                }
            }
        }
        groups
    }

    /// Adds whether records may still be corrected on the day of the delivery.
    /// How many of the groups may still be corrected on the day of the run. When one was first received need not be known: at
    /// the latest it was with this file.
    fn corrections(
        &mut self,
        evaluator: &Evaluator<'_>,
        (received, months): (Option<i64>, u32),
        day: i64,
        groups: &Groups,
    ) {
        let open_until = evaluator.plan().collection.history(HistoryItem::OpenUntil);
        let open_until = open_until.map(|variable| evaluator.variable_times(variable));
        let at_latest = received.and_then(|received| time::months_later(received, months)).filter(|last| day > *last);
        for (row, group) in groups.of_row.iter().enumerate() {
            let (region, month, _) = groups.keys[*group as usize];
            if region == u32::MAX {
                continue;
            }
            let corrections = self.corrections.entry((region, month, 0)).or_default();
            let last = open_until.as_ref().filter(|times| times.known.contains(row)).map(|times| times.seconds[row]);
            match last.map(|last| last.div_euclid(DAY)).or(at_latest) {
                None => corrections.unknown += 1,
                Some(last) if day > last => corrections.closed += 1,
                Some(_) => corrections.open += 1,
            }
        }
    }

    /// Adds what is counted by value and by code.
    fn numbers(&mut self, tally: &TallyPlan, evaluator: &Evaluator<'_>, groups: &Groups) {
        let key_of = |row: usize| groups.keys[groups.of_row[row] as usize];
        for (index, spread) in tally.spreads.iter().enumerate() {
            let ints = evaluator.int(spread.value);
            for row in evaluator.bool(spread.among).yes.iter() {
                let key = key_of(row);
                if key.0 == u32::MAX {
                    continue;
                }
                let counted = self.spreads.entry((key, index)).or_default();
                if ints.known.contains(row) {
                    counted.add(ints.values[row], spread.range);
                } else {
                    counted.unknown += 1;
                }
            }
        }
        for (index, named) in tally.named.iter().enumerate() {
            let codes = self.labels_of(evaluator, Some(named.variable));
            let tri = evaluator.bool(named.node);
            for row in tri.yes.or(&tri.no).not().iter() {
                let key = key_of(row);
                if key.0 != u32::MAX {
                    *self.named.entry((key, index, codes[row])).or_default() += 1;
                }
            }
        }
    }

    fn delivery(&mut self, file: usize, fingerprint: u64, batch: &Batch, groups: &Groups, broken: Option<&Bits>) {
        let delivery = self.deliveries.entry(file).or_default();
        delivery.records += batch.n_rows as u64;
        delivery.unreadable += broken.map_or(0, Bits::count);
        delivery.fingerprint = delivery.fingerprint.wrapping_add(fingerprint);
        for (key, rows) in groups.keys.iter().zip(&groups.rows).filter(|(key, _)| key.0 != u32::MAX) {
            *delivery.found.entry((key.0, key.1)).or_default() += u64::from(*rows);
        }
    }

    /// For each row the number of its region's code; a text that names none has that of the empty text.
    fn regions_of(&mut self, tally: &TallyPlan, evaluator: &Evaluator<'_>) -> Vec<u32> {
        let (keys, values) = evaluator.distinct_texts(tally.region);
        let numbers: Vec<u32> =
            values.iter().map(|value| self.regions.number(value.as_deref().unwrap_or_default())).collect();
        keys.iter().map(|key| numbers[*key as usize]).collect()
    }

    /// For each row the number of its code's or unit's name.
    fn labels_of(&mut self, evaluator: &Evaluator<'_>, variable: Option<VariableIndex>) -> Vec<u32> {
        let batch = evaluator.batch();
        let named = variable.and_then(|variable| Some((variable, batch.columns[variable.0].as_ref()?)));
        let Some((variable, column)) = named else {
            return vec![self.labels.number(BLANK.as_bytes()); batch.n_rows];
        };
        let plan = evaluator.plan();
        let dict = evaluator.distinct(variable, column);
        let numbers: Vec<u32> = dict
            .first_rows
            .iter()
            .map(|row| {
                let written = value(column, *row as usize);
                let name = label_of(plan, variable, written);
                self.labels.number(name)
            })
            .collect();
        match &dict.keys {
            None => numbers,
            Some(keys) => keys.iter().map(|key| numbers[*key as usize]).collect(),
        }
    }

    fn finish(self, plan: &TallyPlan, doubts: Option<&DoubtPlan>, tally: &mut Tally, deliveries: &mut [Delivery]) {
        let (regions, labels) = (&self.regions, &self.labels);
        let region = |number: u32| County::new(&regions.text(number));
        let month = |number: i32| if number == NO_TIME { None } else { Month::from_number(number) };
        let year = |number: i32| (number != NO_TIME).then_some(number);
        let real = |(key, _): &(Key, &[u64])| key.0 != u32::MAX;
        for (key, counters) in self.counts.groups().filter(real) {
            let place = (region(key.0), month(key.1), labels.text(key.2));
            let part = Counts {
                yes: counters.iter().copied().step_by(2).collect(),
                undecided: counters.iter().copied().skip(1).step_by(2).collect(),
            };
            tally.counts.entry(place).or_default().merge(&part);
        }
        for ((key, index), spread) in &self.spreads {
            let place = (region(key.0), month(key.1), labels.text(key.2), *index);
            tally.spreads.entry(place).or_default().merge(spread);
        }
        for ((key, index, code), records) in &self.named {
            *tally.named.entry((region(key.0), month(key.1), *index, labels.text(*code))).or_default() += records;
        }
        for (key, corrections) in &self.corrections {
            tally.corrections.entry((region(key.0), month(key.1))).or_default().merge(corrections);
        }
        let layout = Layout::of(plan);
        let among = |counters: &[u64]| counters[1..=layout.n_among].to_vec();
        // Blank, and blank among the records of the reporting rate.
        let blanks = |counters: &[u64], variable: usize| {
            let (counted, outside) = (counters[layout.at(0, variable)], counters[layout.at(1, variable)]);
            if self.counts_filled[variable] {
                (counters[0] - counted, counters[1 + plan.among_of[variable]] - (counted - outside))
            } else {
                (counted, counted - outside)
            }
        };
        let fills = |counters: &[u64]| Fills {
            records: counters[0],
            among: among(counters),
            variables: (0..layout.n_variables)
                .map(|variable| {
                    let (blank, blank_among) = blanks(counters, variable);
                    let of = |sort| counters[layout.at(sort, variable)];
                    Fill { blank, blank_required: of(2), negative: of(3), unknown: of(4), required: of(5), blank_among }
                })
                .collect(),
        };
        for (key, counters) in self.by_month.groups().filter(real) {
            tally.by_month.entry((region(key.0), month(key.1))).or_default().merge(&fills(counters));
        }
        for (key, counters) in self.by_code.groups().filter(real) {
            let place = (region(key.0), year(key.1), labels.text(key.2));
            tally.by_code.entry(place).or_default().merge(&fills(counters));
        }
        for (key, counters) in self.by_unit.groups().filter(real) {
            let place = (region(key.0), year(key.1), labels.text(key.2));
            let part = UnitFills {
                records: counters[0],
                among: among(counters),
                blank_among: (0..layout.n_variables).map(|variable| blanks(counters, variable).1).collect(),
            };
            tally.by_unit.entry(place).or_default().merge(&part);
        }
        for (key, pair, rule, doubt) in doubts.map(|plan| self.doubts.finish(plan)).into_iter().flatten() {
            let (Some(county), Some(month)) = (region(key.0), month(key.1)) else { continue };
            match rule {
                Some(rule) => tally.doubts_by_rule.entry((county, month, pair, rule.to_owned())).or_default(),
                None if key.2 == EVERY_CODE => tally.doubts.entry((county, month, pair)).or_default(),
                None => tally.doubts_by_code.entry((county, month, labels.text(key.2), pair)).or_default(),
            }
            .merge(&doubt);
        }
        for (file, part) in self.deliveries {
            let Some(delivery) = deliveries.get_mut(file) else { continue };
            delivery.records += part.records;
            delivery.unreadable += part.unreadable;
            delivery.fingerprint = delivery.fingerprint.wrapping_add(part.fingerprint);
            let mut found: Vec<((u32, i32), u64)> = part.found.into_iter().collect();
            found.sort_unstable();
            for (key, records) in found {
                *delivery.found.entry((region(key.0), month(key.1))).or_default() += records;
            }
        }
    }
}

/// The name of the group that a value of the breakdown or of the unit belongs to.
pub(in crate::engine) fn label_of<'v>(plan: &'v Plan, variable: VariableIndex, written: &'v [u8]) -> &'v [u8] {
    let item = plan.collection.get(variable);
    match &item.domain {
        _ if written.is_empty() => BLANK.as_bytes(),
        Domain::Code { codelist } => plan
            .codelists
            .get(codelist)
            .and_then(|list| list.canonical(written))
            .map_or(INVALID.as_bytes(), str::as_bytes),
        Domain::Text { format: Some(format), .. } if !format.accepts(written) => INVALID.as_bytes(),
        // What names a person is no name of a unit, and is kept nowhere.
        _ if item.identifies_person || text::is_personal_number(written) => INVALID.as_bytes(),
        _ => written,
    }
}

/// For each row the number of the month it belongs to.
fn months_of(plan: &Plan, evaluator: &Evaluator<'_>, stated: Option<Month>) -> Vec<i32> {
    let n_rows = evaluator.batch().n_rows;
    if plan.collection.stock {
        return vec![stated.map_or(NO_TIME, Month::number); n_rows];
    }
    let Some(date) = plan.collection.record_date else { return vec![NO_TIME; n_rows] };
    let times = evaluator.variable_times(date);
    // Days of one month come together, or at least of few months.
    let mut known = (0i64, -1i64, NO_TIME);
    (0..n_rows)
        .map(|row| {
            if !times.known.contains(row) {
                return NO_TIME;
            }
            let day = times.seconds[row].div_euclid(DAY);
            if day < known.0 || day > known.1 {
                let Some(month) = Month::of_day(day) else { return NO_TIME };
                known = (month.first_day(), month.last_day(), month.number());
            }
            known.2
        })
        .collect()
}
