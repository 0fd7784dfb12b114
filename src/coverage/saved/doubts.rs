//! Records in doubt among the rows of a saved tally.

use super::{Rows, SavedRow};
use crate::engine::Tally;
use crate::engine::tally::{Could, Doubt, Now};
use crate::measure::TallyPlan;
use crate::model::County;
use crate::time::Month;

impl Rows<'_> {
    pub(super) fn doubts(&mut self, tally: &Tally, counted: &TallyPlan) {
        for ((county, month, pair), doubt) in &tally.doubts {
            self.doubt("doubt", (*county, *month), "", counted, *pair, doubt);
        }
        for ((county, month, code, pair), doubt) in &tally.doubts_by_code {
            self.doubt("doubt_code", (*county, *month), code, counted, *pair, doubt);
        }
        for ((county, month, pair, rule), doubt) in &tally.doubts_by_rule {
            self.doubt("doubt_rule", (*county, *month), rule, counted, *pair, doubt);
        }
    }

    fn doubt(
        &mut self,
        kind: &'static str,
        (county, month): (County, Month),
        label: &str,
        counted: &TallyPlan,
        pair: usize,
        doubt: &Doubt,
    ) {
        let Some(pair) = counted.pairs.get(pair) else { return };
        for (now, could, records) in doubt.kinds() {
            let item = format!("{}/{}/{}", pair.name, now.as_str(), could.as_str());
            self.push(kind, Some(county), &month.to_string(), label, 0, item, records);
        }
    }
}

/// Reads one row of records in doubt.
pub(super) fn row(
    tally: &mut Tally,
    counted: &TallyPlan,
    row: &SavedRow<'_>,
    county: County,
    month: Month,
) -> Result<(), &'static str> {
    const UNKNOWN: &str = "it has records in doubt that are not known";
    let mut parts = row.item.rsplitn(3, '/');
    let (could, now, name) = (parts.next(), parts.next(), parts.next());
    let could = Could::ALL.into_iter().find(|kind| Some(kind.as_str()) == could).ok_or(UNKNOWN)?;
    let now = Now::ALL.into_iter().find(|kind| Some(kind.as_str()) == now).ok_or(UNKNOWN)?;
    let pair = counted.pairs.iter().position(|pair| Some(pair.name.as_str()) == name).ok_or(UNKNOWN)?;
    let label = row.label.to_owned();
    let doubt = match row.kind {
        "doubt" => tally.doubts.entry((county, month, pair)).or_default(),
        "doubt_code" => tally.doubts_by_code.entry((county, month, label, pair)).or_default(),
        _ => tally.doubts_by_rule.entry((county, month, pair, label)).or_default(),
    };
    doubt.add(now, could, row.value);
    Ok(())
}
