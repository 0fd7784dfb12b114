//! Months and periods as people write them.

use super::Country;
use crate::coverage::figure::Period;
use crate::time::Month;

/// Swedish, English, and both short, as they stand in tables.
const MONTHS: [[&str; 4]; 12] = [
    ["januari", "January", "jan", "Jan"],
    ["februari", "February", "feb", "Feb"],
    ["mars", "March", "mars", "Mar"],
    ["april", "April", "apr", "Apr"],
    ["maj", "May", "maj", "May"],
    ["juni", "June", "juni", "June"],
    ["juli", "July", "juli", "July"],
    ["augusti", "August", "aug", "Aug"],
    ["september", "September", "sep", "Sep"],
    ["oktober", "October", "okt", "Oct"],
    ["november", "November", "nov", "Nov"],
    ["december", "December", "dec", "Dec"],
];

impl Country<'_> {
    /// `mars`.
    fn name_of(self, month: Month, is_short: bool) -> &'static str {
        let names = usize::try_from(month.month() - 1).ok().and_then(|index| MONTHS.get(index));
        let [sv, en, short_sv, short_en] = names.copied().unwrap_or_default();
        if is_short { self.say(short_sv, short_en) } else { self.say(sv, en) }
    }

    /// `mars 2022`.
    pub(super) fn month(self, month: Month) -> String {
        format!("{} {:04}", self.name_of(month, false), month.year())
    }

    /// `mars 2022`, `okt 2022`: as it stands in tables and drawings.
    pub(super) fn short_month(self, month: Month) -> String {
        format!("{} {:04}", self.name_of(month, true), month.year())
    }

    /// `okt`: where the year is said elsewhere.
    pub(super) fn bare_month(self, month: Month) -> &'static str {
        self.name_of(month, true)
    }

    /// `2022`, `första halvåret 2022`, `mars 2022` or `mars 2022 – maj 2022`.
    pub(super) fn period(self, period: Period) -> String {
        let Some((first, last)) = period.ends() else { return period.to_string() };
        match period {
            Period::Year(_) => period.to_string(),
            Period::Month(month) => self.month(month),
            Period::Span(_) => match (first.month(), last.number() - first.number()) {
                (1, 5) => format!("{} {:04}", self.say("första halvåret", "first half of"), first.year()),
                (7, 5) => format!("{} {:04}", self.say("andra halvåret", "second half of"), first.year()),
                _ => self.months(first, last),
            },
        }
    }

    /// `mars 2022 – maj 2022`; one month where they are the same.
    pub(super) fn months(self, first: Month, last: Month) -> String {
        if first == last { self.month(first) } else { format!("{} – {}", self.month(first), self.month(last)) }
    }
}
