//! What was not made and why, and records that are in no table.

use maud::html;

use super::Country;
use crate::report::html::Section;

pub(super) fn section(country: Country<'_>) -> Option<Section> {
    let Country { coverage, writing } = country;
    let left_out: Vec<_> = coverage
        .left_out
        .iter()
        .filter(|(_, left)| left.unreadable + left.without_region + left.without_month + left.outside > 0)
        .collect();
    if left_out.is_empty() && coverage.not_made.is_empty() {
        return None;
    }
    let body = html! {
        @if !coverage.not_made.is_empty() {
            h3 { (country.say("Inte beräknat", "Not made")) }
            table {
                caption { (country.say("Mått som inte kunde beräknas, och varför", "Measures that could not be made, and why")) }
                thead { tr {
                    th scope="col" { (country.say("mått", "measure")) }
                    th scope="col" { (country.say("skäl", "reason")) }
                } }
                tbody {
                    @for not in &coverage.not_made {
                        tr { th scope="row" { code { (not.id) } } td { (writing.text(&not.why)) } }
                    }
                }
            }
        }
        @if !left_out.is_empty() {
            h3 { (country.say("Poster som inte är med i någon tabell", "Records in none of the tables")) }
            table {
                caption { (country.say("Poster utanför tabellerna, per insamling", "Records outside the tables, by collection")) }
                thead { tr {
                    th scope="col" { (country.say("insamling", "collection")) }
                    th.num scope="col" { (country.say("utanför perioden", "outside the period")) }
                    th.num scope="col" { (country.say("utan känd region", "without a known region")) }
                    th.num scope="col" { (country.say("utan läsbart datum", "without a readable date")) }
                    th.num scope="col" { (country.say("som inte gick att dela i kolumner", "that could not be divided into columns")) }
                    th.num scope="col" { (country.say("av alla poster", "of all records")) }
                } }
                tbody {
                    @for (collection, left) in left_out {
                        tr {
                            th scope="row" { (collection) }
                            @for records in [left.outside, left.without_region, left.without_month, left.unreadable, left.records] {
                                (country.number(records))
                            }
                        }
                    }
                }
            }
        }
    };
    Some(country.section("rest", ("Det som inte är med", "What is not included"), body))
}
