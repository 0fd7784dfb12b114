//! Names of places, in the order in which the source has them: the country, regional cancer centres, then the regions by
//! name, Å Ä Ö after Z.

use std::collections::BTreeSet;

use maud::{Markup, html};

use super::Country;
use crate::coverage::figure::Place;
use crate::report::coverage::rows::place_name;

/// The order of a region's name: Region Skåne under S, as in the source's tables.
fn filed(name: &str) -> Vec<u32> {
    alphabetical(name.strip_prefix("Region ").unwrap_or(name))
}

/// The order of a name: letters as a Swede files them, whatever their case.
pub(super) fn alphabetical(name: &str) -> Vec<u32> {
    let after_z = u32::from('z');
    let order = |letter: char| match letter {
        'å' => after_z + 1,
        'ä' | 'æ' => after_z + 2,
        'ö' | 'ø' => after_z + 3,
        'é' | 'è' => u32::from('e'),
        other if other.is_ascii() => u32::from(other),
        other => u32::from(other) + after_z,
    };
    name.chars().flat_map(char::to_lowercase).map(order).collect()
}

impl Country<'_> {
    /// What people call a place.
    pub(super) fn place(self, place: Place) -> String {
        match place {
            Place::Country => self.say("Riket", "The country").to_owned(),
            _ => place_name(self.coverage, place),
        }
    }

    /// Each place once, in the order of the page.
    pub(super) fn in_order(self, places: impl Iterator<Item = Place>) -> Vec<Place> {
        let mut places: Vec<Place> = places.collect::<BTreeSet<_>>().into_iter().collect();
        let kind = |place: &Place| match place {
            Place::Country => 0,
            Place::Centre(_) => 1,
            Place::Region(_) => 2,
        };
        places.sort_by_cached_key(|place| (kind(place), filed(&self.place(*place)), *place));
        places
    }

    /// The heading of a row: a place.
    pub(super) fn row_of(self, place: Place) -> Markup {
        html! { th scope="row" { (self.place(place)) } }
    }

    /// The class of a row: the sums stand out from the regions.
    pub(super) fn class_of(place: Place) -> Option<&'static str> {
        (!matches!(place, Place::Region(_))).then_some("sum")
    }

    /// What must be said of the regional cancer centres among the places of a table.
    pub(super) fn notes(self, places: &[Place]) -> Markup {
        let centres = places.iter().filter_map(|place| match place {
            Place::Centre(centre) => self.coverage.regions.centre(*centre),
            _ => None,
        });
        let notes = centres.map(|centre| (&centre.name, self.writing.text(&centre.note)));
        html! {
            @for (name, note) in notes.filter(|(_, note)| !note.is_empty()) {
                p.note { (name) ": " (note) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_is_filed_under_its_own_name() {
        let mut names = ["Västra Götalandsregionen", "Region Örebro län", "Region Gotland", "Region Värmland"];
        names.sort_by_key(|name| filed(name));
        assert_eq!(names, ["Region Gotland", "Region Värmland", "Västra Götalandsregionen", "Region Örebro län"]);
    }

    #[test]
    fn names_are_filed_as_a_swede_files_them() {
        let mut names =
            ["Örebro", "Västra Götaland", "Ängelholm", "Östergötland", "Åre", "arvika", "Zinkgruvan", "Blekinge"];
        names.sort_by_key(|name| alphabetical(name));
        assert_eq!(
            names,
            ["arvika", "Blekinge", "Västra Götaland", "Zinkgruvan", "Åre", "Ängelholm", "Örebro", "Östergötland"]
        );
    }
}
