//! The columns that say how sure a figure is.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, StringArray, UInt64Array, new_null_array};
use arrow::datatypes::DataType;

use super::{Line, amount_cell};
use crate::coverage::bounds::Share;
use crate::coverage::certainty::Certainty;
use crate::coverage::figure::Amount;
use crate::coverage::goal::Outcome;
use crate::report::csv::CellWriter;

/// How many columns there are.
pub(super) const COLUMNS: usize = 7;

/// Months met at the worst and at the best, of so many.
#[derive(Clone, Copy)]
pub(super) struct MonthsMet {
    pub(super) range: (u32, u32),
    pub(super) months: u32,
}

/// What the columns hold for one row.
#[derive(Default)]
struct Sure<'a> {
    in_doubt: Option<Amount>,
    least: Option<u64>,
    greatest: Option<u64>,
    without: Option<u64>,
    worst: Option<&'static str>,
    best: Option<&'static str>,
    certainty: Option<&'a Certainty>,
}

impl<'a> Sure<'a> {
    fn of(line: &'a Line<'_>) -> Self {
        if let Some(MonthsMet { range: (worst, best), months }) = line.met {
            let part = |met: u32| Amount::count(u64::from(met)).rounded_ratio(Amount::count(u64::from(months)), 100);
            return Self { least: part(worst), greatest: part(best), ..Self::default() };
        }
        let Some(certainty) = line.figure.certainty.as_deref() else { return Self::default() };
        let value = |share: Option<Share>| share.and_then(|share| share.value(line.figure.per));
        let reached = |is_reached: bool| if is_reached { "reached" } else { "not_reached" };
        let targets = line.figure.could_reach().map(|(worst, best)| (reached(worst), reached(best)));
        let outcomes = line.judged.and_then(|judged| judged.range);
        let outcomes = outcomes.map(|(worst, best)| (Outcome::as_str(worst), Outcome::as_str(best)));
        let (worst, best) = outcomes.or(targets).unzip();
        Self {
            in_doubt: Some(certainty.records.records()),
            least: value(certainty.least),
            greatest: value(certainty.greatest),
            without: value(Some(certainty.without)),
            worst,
            best,
            certainty: Some(certainty),
        }
    }

    /// `SVG-0101 12 | SVG-0102 3`: rules with the records that they put in doubt.
    fn rules(&self) -> Option<String> {
        let rules = &self.certainty?.rules;
        let of =
            |rule: &crate::coverage::certainty::Widening| format!("{} {}", rule.rule, amount_cell(Some(rule.records)));
        (!rules.is_empty()).then(|| rules.iter().map(of).collect::<Vec<_>>().join(" | "))
    }
}

pub(super) fn write_cells(cells: &mut CellWriter, line: &Line<'_>) {
    let sure = Sure::of(line);
    cells.cell(&amount_cell(sure.in_doubt));
    cells.optional_number(sure.least);
    cells.optional_number(sure.greatest);
    cells.optional_number(sure.without);
    cells.cell(sure.worst.unwrap_or_default());
    cells.cell(sure.best.unwrap_or_default());
    cells.cell(&sure.rules().unwrap_or_default());
}

pub(super) fn columns(lines: &[Line<'_>]) -> Vec<ArrayRef> {
    let rows: Vec<Sure<'_>> = lines.iter().map(Sure::of).collect();
    let number =
        |of: fn(&Sure<'_>) -> Option<u64>| -> ArrayRef { Arc::new(rows.iter().map(of).collect::<UInt64Array>()) };
    let text = |of: fn(&Sure<'_>) -> Option<&'static str>| -> ArrayRef {
        Arc::new(rows.iter().map(of).collect::<StringArray>())
    };
    vec![
        Arc::new(rows.iter().map(|row| row.in_doubt.map(Amount::as_f64)).collect::<Float64Array>()),
        number(|row| row.least),
        number(|row| row.greatest),
        number(|row| row.without),
        text(|row| row.worst),
        text(|row| row.best),
        Arc::new(rows.iter().map(Sure::rules).collect::<StringArray>()),
    ]
}

/// The same of rows that have none of it.
pub(super) fn no_columns(rows: usize) -> Vec<ArrayRef> {
    let number = DataType::UInt64;
    let kinds =
        [DataType::Float64, number.clone(), number.clone(), number, DataType::Utf8, DataType::Utf8, DataType::Utf8];
    kinds.iter().map(|kind| new_null_array(kind, rows)).collect()
}
