//! What was looked at, and what every reader of the figures must know.

use maud::html;

use super::Country;
use super::cells::HIDDEN;
use crate::coverage::publish::LEAST_RECORDS;
use crate::report::html::Section;

pub(super) fn section(country: Country<'_>) -> Section {
    let Country { coverage, writing } = country;
    let body = html! {
        p {
            (country.say(
                "Ingen etablerad metod ger den sanna täckningsgraden: varje mått säger något, inget säger allt.",
                "No established method gives true coverage: each measure says something, none says all.",
            ))
        }
        dl.facts {
            @if let Some(scope) = coverage.scope {
                dt { (country.say("Period", "Period")) }
                dd { (country.months(scope.first, scope.last)) }
            }
            @if !coverage.sources.is_empty() {
                dt { (country.say("Nämnare", "Denominators")) }
                @for source in &coverage.sources { dd { (writing.text(source)) } }
            }
        }
        @if let Some(threshold) = coverage.published_below {
            @let least = writing.figures.count(threshold.saturating_mul(LEAST_RECORDS));
            p.note {
                (country.say(
                    format!(
                        "Utgåva för andra: antal under {threshold} visas inte ({HIDDEN}), inte heller de tal som skulle avslöja dem. Regioner med färre än {least} poster ett år är utelämnade det året, även ur summorna för riket och cancercentrum. Vårdenheter, månadernas flaggor och poster utanför tabellerna ingår inte."
                    ),
                    format!(
                        "Edition for others: counts below {threshold} are not shown ({HIDDEN}), nor the numbers that would reveal them. Regions with fewer than {least} records in a year are left out of that year, of the sums of the country and the cancer centres, too. Care units, flags of months and records outside the tables are left out."
                    ),
                ))
            }
        }
        p.note {
            (country.say(
                "I tabellerna står Riket (summan av de regioner som levererat) först, därefter regionerna i bokstavsordning.",
                "In the tables the country (the sum of the regions that delivered) stands first, then the regions in alphabetical order.",
            ))
        }
    };
    country.section("basis", ("Underlag", "What the figures are of"), body)
}
