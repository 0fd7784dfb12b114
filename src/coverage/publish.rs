//! Figures for others: small counts are hidden, and as many more as it takes that they cannot be worked out.
//!
//! What is published hangs together: a country is the sum of its regions, and so is a regional cancer centre; a year that
//! of its months and of its half-years, a total that of its
//! parts; a share tells its numerator and, by subtraction, the rest; the account of a variable adds up to the
//! records; and one number of records stands in many tables. This module writes all of that down as one system of counts
//! and sums, has [`suppress`](mod@super::suppress) decide, and hides. Numbers that are not shown but follow by
//! subtraction (the rest of a share, contacts outside a filter) are part of the system, as a small one of those tells as
//! much.
//!
//! # What is left out of an edition for others
//!
//! - Care units and single specialty codes, where the breakdown has an aggregate: cells of a few contacts, of providers with a name.
//! - A region's year with fewer than ten times the threshold of records: there is hardly anything to say of it, and
//!   much to hide for its sake. The country is then the sum of the other regions, in every table of the collection.
//! - Months of reporting rates and of stocks. Those of contacts that took place remain.
//! - Of percentiles the number of records, and those with fewer records than the threshold on either side.
//! - How sure figures are ([`certainty`](super::certainty)): records in doubt are few, and an interval would tell them.
//! - Counts of goals and guarantees: their shares are published without ([`goal`]).
//! - Numbers of undecided records and what names them, of records in no table, of deliveries' records; what stands out in single months.
//!
//! # Stocks
//!
//! One contact that waits all year is twelve in the sum of twelve months. The threshold is therefore held against the
//! monthly mean, and counts of stocks are given as whole means, from which their values are worked out. Sums of
//! stocks then hold only as nearly as rounding lets them; the system takes them as exact, which hides rather more.
//!
//! # Thresholds
//!
//! | threshold | practice |
//! | --- | --- |
//! | 5 | "fewer than 5" is not shown: the default, and the nearest public Swedish practice for waiting-time figures |
//! | 3 | counts of 1 and 2 are not shown |
//! | 10 | for tables that are to be linked with others, where more caution is asked for |

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::figure::{Amount, Breakdown, Category, Figure, Name, Period, Place};
use super::scope::Regions;
use super::suppress::{Mark, Sum, suppress};
use super::{Context, Coverage};
use super::{account, distribution, goal};
use crate::measure::{Denominator, Measures, Ratio, Reporting};
use crate::model::County;
use crate::rule::expr::BoolNode;

/// The same coverage with counts below `threshold` hidden, and others so that those cannot be recovered.
///
/// `context` is what the coverage was computed from; it must not ask for details.
#[must_use]
pub fn publish(mut coverage: Coverage, context: &Context<'_>, threshold: u64) -> Coverage {
    coverage.published_below = Some(threshold);
    coverage.flags.clear();
    coverage.left_out.clear();
    coverage.response.withhold_records();
    goal::publish(&mut coverage.goals, threshold);
    for figure in coverage.ratios.iter_mut().flat_map(|table| &mut table.figures) {
        figure.certainty = None;
    }
    for table in &mut coverage.ratios {
        table.undecided.clear();
    }
    let is_stock = |collections: &[String]| {
        collections.iter().any(|id| context.measures.plans.get(id).is_some_and(|plan| plan.collection.stock))
    };
    for (table, measure) in coverage.ratios.iter_mut().filter_map(|table| {
        let measure = context.measures.ratios.iter().find(|measure| measure.id == table.id)?;
        Some((table, measure))
    }) {
        if measure.monthly_mean {
            table.figures.retain(|figure| matches!(figure.period, Period::Year(_)));
        }
    }
    for table in &mut coverage.reporting {
        table.figures.retain(|figure| matches!(figure.period, Period::Year(_)));
    }
    without_tiny_regions(&mut coverage, context, threshold.saturating_mul(LEAST_RECORDS));
    let mut system = System { threshold, ..System::default() };
    for table in &coverage.ratios {
        if let Some(measure) = context.measures.ratios.iter().find(|measure| measure.id == table.id) {
            system.ratio(measure, &table.figures);
        }
    }
    for table in &coverage.reporting {
        if let Some(measure) = context.measures.reporting.iter().find(|measure| measure.id == table.id) {
            system.reporting(context.measures, measure, &table.figures, is_stock(&measure.collections));
        }
    }
    for table in &coverage.accounts {
        if let Some(collection) = table.id.strip_prefix(account::PREFIX) {
            let collections = [collection.to_owned()];
            system.account(collection, &table.figures, is_stock(&collections));
        }
    }
    system.links(context.measures, &context.regions);
    let hidden = system.hidden();
    hide_distributions(&mut coverage, threshold);
    hide(&mut coverage, context, &hidden, &is_stock);
    coverage
}

/// A region's year needs so many times the threshold of records to be in a table.
pub const LEAST_RECORDS: u64 = 10;

/// Leaves out every year of a region with fewer than `least` records, from its own row and from the country's.
fn without_tiny_regions(coverage: &mut Coverage, context: &Context<'_>, least: u64) {
    let tiny = |collections: &[String]| {
        let mut records: BTreeMap<(County, i32), u64> = BTreeMap::new();
        for tally in context.tallies_of(collections) {
            for ((region, month), fills) in &tally.by_month {
                if let (Some(county), Some(month)) = (*region, month.filter(|month| context.scope.contains(*month))) {
                    *records.entry((county, month.year())).or_default() += fills.records;
                }
            }
        }
        records.retain(|_, records| *records < least);
        records.into_keys().collect::<BTreeSet<(County, i32)>>()
    };
    let collections_of = |id: &str| -> Vec<String> {
        let ratios = context.measures.ratios.iter().map(|measure| (&measure.id, &measure.collections));
        let reporting = context.measures.reporting.iter().map(|measure| (&measure.id, &measure.collections));
        let own = id.strip_prefix(account::PREFIX).map(|collection| vec![collection.to_owned()]);
        own.or_else(|| ratios.chain(reporting).find(|(known, _)| *known == id).map(|(_, list)| list.clone()))
            .unwrap_or_default()
    };
    for table in &mut coverage.distributions {
        if let Some(measure) = context.measures.distributions.iter().find(|measure| measure.id == table.id) {
            let tiny = tiny(&measure.collections);
            if !tiny.is_empty() {
                table.rows = distribution::rows(context, measure, &tiny);
            }
        }
    }
    for table in coverage.ratios.iter_mut().chain(&mut coverage.reporting).chain(&mut coverage.accounts) {
        let tiny = tiny(&collections_of(&table.id));
        let is_tiny = |figure: &Figure| match figure.place {
            Place::Region(county) => tiny.contains(&(county, figure.period.year())),
            Place::Country | Place::Centre(_) => false,
        };
        if table.figures.iter().any(is_tiny) {
            table.figures.retain(|figure| !is_tiny(figure));
            recount_sums(&mut table.figures, context);
        }
    }
}

/// Makes the figures of the country and of regional cancer centres the sums of the regions' that are left.
fn recount_sums(figures: &mut Vec<Figure>, context: &Context<'_>) {
    type Part = (Place, Period, Breakdown, Option<Name>, Option<Category>);
    let part = |figure: &Figure, place: Place| -> Part {
        (place, figure.period, figure.breakdown.clone(), figure.variable.clone(), figure.category)
    };
    let mut sums: BTreeMap<Part, (Amount, Amount, u32)> = BTreeMap::new();
    for figure in figures.iter() {
        let Place::Region(county) = figure.place else { continue };
        if let (Some(above), Some(below)) = (figure.numerator, figure.denominator) {
            let centre = context.regions.centre_of(county).map(Place::Centre);
            for place in [Some(Place::Country), centre].into_iter().flatten() {
                let sum = sums.entry(part(figure, place)).or_default();
                *sum = (sum.0.plus(above), sum.1.plus(below), sum.2 + 1);
            }
        }
    }
    figures.retain_mut(|figure| {
        let least = match figure.place {
            Place::Region(_) => return true,
            Place::Centre(_) => 1,
            Place::Country => 2,
        };
        let sum = sums.get(&part(figure, figure.place)).copied();
        let Some((above, below, regions)) = sum.filter(|sum| sum.2 >= least) else {
            return false;
        };
        (figure.numerator, figure.denominator, figure.regions) = (Some(above), Some(below), Some(regions));
        // The year before may have had other regions.
        (figure.before, figure.change) = (None, None);
        true
    });
}

/// What a count is of: which records, and which part of the tables.
type Key = (String, Place, Period, Breakdown);

/// Every published count once, and what follows from what.
#[derive(Default)]
struct System {
    threshold: u64,
    places: HashMap<Key, usize>,
    keys: Vec<Key>,
    values: Vec<u64>,
    sums: Vec<Sum>,
    /// What sums over regions, months and parts are known of.
    summed: BTreeSet<String>,
    /// What is given as whole means, so that totals are made from their parts.
    rounded: BTreeSet<String>,
    /// Counts that follow by subtraction, once totals are settled: what, the total, and its published parts.
    rests: Vec<(Key, usize, Vec<usize>)>,
}

/// Records of a condition of some collections.
fn condition(measure: &Ratio, of: impl Fn(&crate::measure::RatioConditions) -> usize) -> String {
    let parts: Vec<String> =
        measure.conditions.iter().map(|(collection, conditions)| format!("{collection}#{}", of(conditions))).collect();
    parts.join("+")
}

/// All records of some collections.
fn all(collections: &[String]) -> String {
    let mut parts: Vec<String> = collections.iter().map(|collection| format!("{collection}#0")).collect();
    parts.sort();
    parts.join("+")
}

/// The records that a variable's reporting rate is taken among.
fn among(measures: &Measures, measure: &Reporting, variable: &str) -> String {
    for collection in &measure.collections {
        let (Some(plan), Some(tally)) = (measures.plans.get(collection), measures.tallies.get(collection)) else {
            continue;
        };
        if let Some(index) = plan.collection.variable(variable) {
            let set = tally.among_of[index.0];
            let everything: Option<BoolNode> = tally.conditions.first().map(|condition| condition.node);
            return if tally.among.get(set).copied() == everything {
                all(&measure.collections)
            } else {
                format!("{}|among {set}", all(&measure.collections))
            };
        }
    }
    all(&measure.collections)
}

fn filled(measure: &Reporting, variable: &str) -> String {
    format!("{}|{variable} filled", measure.id)
}

fn category(collection: &str, variable: &str, category: Category) -> String {
    format!("{collection}|{variable} {}", category.as_str())
}

/// A count as it is published: of a stock the whole monthly mean, at least 1 where there is anything.
fn whole(amount: Amount, months: u32, is_stock: bool) -> u64 {
    let months = if is_stock { u64::from(months.max(1)) } else { 1 };
    let rounded = amount.rounded_ratio(Amount::count(months), 1).unwrap_or(0);
    if amount.is_zero() { 0 } else { rounded.max(1) }
}

impl System {
    /// The place of a count; the first value stated holds.
    fn cell(&mut self, key: Key, value: u64) -> usize {
        if let Some(place) = self.places.get(&key) {
            return *place;
        }
        let place = self.values.len();
        self.values.push(value);
        self.keys.push(key.clone());
        self.places.insert(key, place);
        place
    }

    /// A count that follows by subtraction: the total less the parts.
    fn rest(&mut self, key: Key, total: usize, parts: &[usize]) {
        self.rests.push((key, total, parts.to_vec()));
    }

    /// Adds those of the rests that are small. The others are shown nowhere and need no protection; a number that nobody
    /// looks for binds no others either.
    fn settle_rests(&mut self) {
        for (key, total, parts) in std::mem::take(&mut self.rests) {
            let known: u64 = parts.iter().map(|part| self.values[*part]).sum();
            match self.values[total].checked_sub(known) {
                Some(0) => self.sums.push(Sum { total, parts }),
                Some(rest) if rest < self.threshold => {
                    let rest = self.cell(key, rest);
                    self.sums.push(Sum { total, parts: parts.into_iter().chain([rest]).collect() });
                }
                _ => {}
            }
        }
    }

    fn ratio(&mut self, measure: &Ratio, figures: &[Figure]) {
        let numerator = condition(measure, |conditions| conditions.numerator);
        let base = condition(measure, |conditions| conditions.among);
        for figure in figures {
            let Some(above) = figure.numerator else { continue };
            let key = |what: &str| (what.to_owned(), figure.place, figure.period, figure.breakdown.clone());
            if measure.monthly_mean {
                self.rounded.extend([numerator.clone(), base.clone()]);
            }
            // Means are amounts already: their months are within.
            let counted = self.cell(key(&numerator), whole(above, 1, false));
            if measure.denominator == Denominator::Records
                && let Some(below) = figure.denominator
            {
                let total = self.cell(key(&base), whole(below, 1, false));
                self.summed.insert(base.clone());
                if base != numerator {
                    self.rest(key(&format!("{base} but not {numerator}")), total, &[counted]);
                }
            }
        }
        self.summed.insert(numerator);
    }

    fn reporting(&mut self, measures: &Measures, measure: &Reporting, figures: &[Figure], is_stock: bool) {
        for figure in figures {
            let (Some(above), Some(below), Some(variable)) =
                (figure.numerator, figure.denominator, figure.variable.as_deref())
            else {
                continue;
            };
            let key = |what: String| (what, figure.place, figure.period, figure.breakdown.clone());
            let (reported, base) = (filled(measure, variable), among(measures, measure, variable));
            let total = self.cell(key(base.clone()), whole(below, figure.months, is_stock));
            let counted = self.cell(key(reported.clone()), whole(above, figure.months, is_stock));
            self.rest(key(format!("{reported} not")), total, &[counted]);
            if is_stock {
                self.rounded.extend([base.clone(), reported.clone()]);
            }
            self.summed.extend([base, reported]);
        }
    }

    fn account(&mut self, collection: &str, figures: &[Figure], is_stock: bool) {
        let records = format!("{collection}#0");
        let mut groups: BTreeMap<(Place, Period, Breakdown, String), Vec<&Figure>> = BTreeMap::new();
        for figure in figures {
            if let Some(variable) = figure.variable.as_deref() {
                let key = (figure.place, figure.period, figure.breakdown.clone(), variable.to_owned());
                groups.entry(key).or_default().push(figure);
            }
        }
        // What no region has any of is no secret: a variable without a code for "none" has none of it anywhere.
        let mut anywhere: BTreeSet<(&str, Category)> = BTreeSet::new();
        for figure in figures.iter().filter(|figure| figure.numerator.is_some_and(|amount| !amount.is_zero())) {
            anywhere.extend(figure.variable.as_deref().zip(figure.category));
        }
        for ((place, period, breakdown, variable), figures) in groups {
            let key = |what: String| (what, place, period, breakdown.clone());
            let Some(below) = figures.first().and_then(|figure| figure.denominator) else { continue };
            let months = figures.first().map_or(1, |figure| figure.months);
            let total = self.cell(key(records.clone()), whole(below, months, is_stock));
            let mut parts = Vec::new();
            for figure in figures {
                let (Some(above), Some(of)) = (figure.numerator, figure.category) else { continue };
                if !anywhere.contains(&(variable.as_str(), of)) {
                    continue;
                }
                let what = category(collection, &variable, of);
                let counted = self.cell(key(what.clone()), whole(above, months, is_stock));
                self.summed.insert(what.clone());
                if is_stock {
                    self.rounded.extend([what.clone(), records.clone()]);
                }
                // Every part tells the rest.
                self.rest(key(format!("{what} not")), total, &[counted]);
                if of != Category::Required {
                    parts.push(counted);
                }
            }
            // Whole means need not add up; what is lacking goes to the largest part, so that the system is sound.
            let sum: u64 = parts.iter().map(|part| self.values[*part]).sum();
            if let Some(largest) = parts.iter().copied().max_by_key(|part| self.values[*part]) {
                let total_value = self.values[total];
                self.values[largest] = (self.values[largest] + total_value).saturating_sub(sum);
            }
            self.sums.push(Sum { total, parts });
        }
        self.summed.insert(records);
    }

    /// Sums over regions, months and parts, and what tables have in common.
    fn links(&mut self, measures: &Measures, centres: &Regions) {
        let mut by_place: BTreeMap<(String, Place, Period, Breakdown), Vec<usize>> = BTreeMap::new();
        let mut by_period: BTreeMap<(String, Place, Period, &'static str, Breakdown), Vec<usize>> = BTreeMap::new();
        let periods: BTreeSet<Period> = self.keys.iter().map(|(_, _, period, _)| *period).collect();
        let mut by_total: BTreeMap<(String, Place, Period), Vec<usize>> = BTreeMap::new();
        for (cell, (what, place, period, breakdown)) in self.keys.iter().enumerate() {
            if !self.summed.contains(what) {
                continue;
            }
            if let Place::Region(county) = place {
                let centre = centres.centre_of(*county).map(Place::Centre);
                for sum in [Some(Place::Country), centre].into_iter().flatten() {
                    by_place.entry((what.clone(), sum, *period, breakdown.clone())).or_default().push(cell);
                }
            }
            // A year is the sum of its months and that of its half-years; a half-year that of its months.
            let kind = if matches!(period, Period::Month(_)) { "months" } else { "runs" };
            for longer in periods.iter().filter(|longer| longer.is_longer_than(*period)) {
                by_period.entry((what.clone(), *place, *longer, kind, breakdown.clone())).or_default().push(cell);
            }
            if *breakdown != Breakdown::Total {
                by_total.entry((what.clone(), *place, *period)).or_default().push(cell);
            }
        }
        for ((what, place, period, breakdown), parts) in by_place {
            self.sum((what, place, period, breakdown), parts);
        }
        for ((what, place, period, _, breakdown), parts) in by_period {
            self.sum((what, place, period, breakdown), parts);
        }
        for ((what, place, period), parts) in by_total {
            self.sum((what, place, period, Breakdown::Total), parts);
        }
        self.settle_rests();
        for measure in &measures.reporting {
            self.common(measures, measure);
        }
        self.settle_rests();
    }

    /// A published total. Of whole means it is made the sum of its parts; otherwise what is lacking is a part that is not
    /// published.
    fn sum(&mut self, total: Key, parts: Vec<usize>) {
        let Some(place) = self.places.get(&total).copied() else { return };
        let sum = parts.iter().map(|part| self.values[*part]).sum();
        if self.rounded.contains(&total.0) {
            self.values[place] = sum;
        }
        if sum == self.values[place] {
            self.sums.push(Sum { total: place, parts });
        } else {
            let (what, at, period, breakdown) = total;
            let kind = parts.first().map_or("", |part| self.keys[*part].3.kind());
            self.rest((format!("{what} not published by {kind}"), at, period, breakdown), place, &parts);
        }
    }

    /// Records outside a filter, and those of them in which a variable is filled, follow from tables with and without
    /// the filter.
    fn common(&mut self, measures: &Measures, measure: &Reporting) {
        let everything = all(&measure.collections);
        let places: BTreeSet<(Place, Period)> = self
            .keys
            .iter()
            .filter(|(what, ..)| *what == everything)
            .map(|(_, place, period, _)| (*place, *period))
            .collect();
        let variables: BTreeSet<&str> = measure
            .collections
            .iter()
            .filter_map(|collection| measures.plans.get(collection))
            .flat_map(|plan| plan.collection.variables.iter().map(|variable| variable.id.as_str()))
            .collect();
        for (place, period) in places {
            let key = |what: &str| (what.to_owned(), place, period, Breakdown::Total);
            let find = |system: &Self, what: &str| system.places.get(&key(what)).copied();
            let Some(total) = find(self, &everything) else { continue };
            if measure.collections.len() > 1 {
                let parts: Vec<usize> =
                    measure.collections.iter().filter_map(|id| find(self, &all(std::slice::from_ref(id)))).collect();
                if !parts.is_empty() {
                    self.rest(key(&format!("{everything} of others")), total, &parts);
                }
            }
            let mut seen = BTreeSet::new();
            for variable in &variables {
                let base = among(measures, measure, variable);
                if base != everything
                    && seen.insert(base.clone())
                    && let Some(part) = find(self, &base)
                {
                    self.rest(key(&format!("{base} outside")), total, &[part]);
                }
                self.reported(measure, variable, place, period);
            }
        }
    }

    /// The account says how many records have a variable filled, the reporting rate how many of those within its filter.
    fn reported(&mut self, measure: &Reporting, variable: &str, place: Place, period: Period) {
        let key = |what: String| (what, place, period, Breakdown::Total);
        let Some(within) = self.places.get(&key(filled(measure, variable))).copied() else { return };
        let of_account: Vec<usize> = measure
            .collections
            .iter()
            .flat_map(|collection| {
                [Category::Filled, Category::Negative, Category::Unknown]
                    .map(|of| key(category(collection, variable, of)))
            })
            .filter_map(|key| self.places.get(&key).copied())
            .collect();
        let sum: u64 = of_account.iter().map(|part| self.values[*part]).sum();
        match sum.checked_sub(self.values[within]) {
            Some(0) => self.sums.push(Sum { total: within, parts: of_account }),
            Some(outside) if outside < self.threshold && !of_account.is_empty() => {
                let total = self.cell(key(format!("{}|{variable} reported", measure.id)), sum);
                self.sums.push(Sum { total, parts: of_account });
                self.rest(key(format!("{}|{variable} reported outside", measure.id)), total, &[within]);
            }
            // The account lacks regions that the rate has.
            None => self.rest(key(format!("{}|{variable} reported by others", measure.id)), within, &of_account),
            _ => {}
        }
    }

    /// The counts that may not be shown.
    fn hidden(&self) -> BTreeSet<&Key> {
        let marks = suppress(&self.values, &self.sums, self.threshold);
        marks.iter().zip(&self.keys).filter(|(mark, _)| **mark != Mark::Shown).map(|(_, key)| key).collect()
    }
}

fn hide(coverage: &mut Coverage, context: &Context<'_>, hidden: &BTreeSet<&Key>, is_stock: &dyn Fn(&[String]) -> bool) {
    let is_hidden = |what: &str, figure: &Figure| {
        hidden.contains(&(what.to_owned(), figure.place, figure.period, figure.breakdown.clone()))
    };
    for table in &mut coverage.ratios {
        let Some(measure) = context.measures.ratios.iter().find(|measure| measure.id == table.id) else { continue };
        let numerator = condition(measure, |conditions| conditions.numerator);
        let base = condition(measure, |conditions| conditions.among);
        for figure in &mut table.figures {
            let below = measure.denominator == Denominator::Records && is_hidden(&base, figure);
            withhold(figure, is_hidden(&numerator, figure), below);
            make_whole(figure, 1, measure.denominator == Denominator::Records);
        }
    }
    for table in &mut coverage.reporting {
        let Some(measure) = context.measures.reporting.iter().find(|measure| measure.id == table.id) else { continue };
        let months = is_stock(&measure.collections);
        for figure in &mut table.figures {
            let variable = figure.variable.as_deref().unwrap_or_default().to_owned();
            let base = among(context.measures, measure, &variable);
            withhold(figure, is_hidden(&filled(measure, &variable), figure), is_hidden(&base, figure));
            let months = if months { figure.months } else { 1 };
            make_whole(figure, months, true);
        }
        without_hidden_years(&mut table.figures);
    }
    for table in &mut coverage.accounts {
        let Some(collection) = table.id.strip_prefix(account::PREFIX).map(str::to_owned) else { continue };
        let months = is_stock(std::slice::from_ref(&collection));
        for figure in &mut table.figures {
            let (Some(variable), Some(of)) = (figure.variable.as_deref(), figure.category) else { continue };
            let above = is_hidden(&category(&collection, variable, of), figure);
            let below = is_hidden(&format!("{collection}#0"), figure);
            withhold(figure, above, below);
            let months = if months { figure.months } else { 1 };
            make_whole(figure, months, true);
        }
    }
}

/// Takes away how many records percentiles are of, and those percentiles that have fewer than `threshold` records on
/// either side: the ninetieth of a dozen patients is one of two of them.
fn hide_distributions(coverage: &mut Coverage, threshold: u64) {
    for table in &mut coverage.distributions {
        for row in &mut table.rows {
            let records = row.counts.take().map_or(0, |counts| counts.records);
            for (percentile, value) in table.percentiles.iter().zip(&mut row.percentiles) {
                let fewer_side = u128::from(records) * u128::from((*percentile).min(100 - *percentile));
                if fewer_side < u128::from(threshold) * 100 {
                    row.suppressed |= value.take().is_some();
                }
            }
        }
    }
}

/// Takes away what may not be shown of a figure.
fn withhold(figure: &mut Figure, above: bool, below: bool) {
    figure.undecided = None;
    if above || below {
        figure.suppressed = true;
        figure.change = None;
    }
    if above {
        figure.numerator = None;
    }
    if below {
        figure.denominator = None;
    }
}

/// Rounds the counts of a stock to whole means.
fn make_whole(figure: &mut Figure, months: u32, denominator_too: bool) {
    let is_stock = months > 1 || figure.numerator.is_some_and(|amount| amount.whole().is_none());
    if !is_stock {
        return;
    }
    let of = |amount: Amount| Amount::count(whole(amount, months, months > 1));
    figure.numerator = figure.numerator.map(of);
    if denominator_too {
        figure.denominator = figure.denominator.map(of);
    }
    figure.before = figure.before.map(|(above, below)| (of(above), of(below)));
}

/// A year that is not shown in its own row is not shown beside the next year either.
fn without_hidden_years(figures: &mut [Figure]) {
    let key = |figure: &Figure, period| (figure.place, period, figure.breakdown.clone(), figure.variable.clone());
    let shown: BTreeSet<(Place, Period, Breakdown, Option<Name>)> =
        figures.iter().filter(|figure| !figure.suppressed).map(|figure| key(figure, figure.period)).collect();
    for figure in figures {
        if !figure.period.year_before().is_some_and(|before| shown.contains(&key(figure, before))) {
            (figure.before, figure.change) = (None, None);
        }
    }
}
