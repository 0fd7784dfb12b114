//! Which region a person means: by name, organisation number, or code.
//!
//! Two number systems name the regions: SCB's county codes (län) and the waiting-times message's `Regionkod`. Several
//! numbers exist in both and mean different regions, so a bare number is taken only where it can mean one thing.
//!
//! Records name the region that answers for them in one of two ways, which is said once for a collection
//! ([`RegionVariable`]); whoever asks for the region of a record asks here.

use super::{Codelist, Codelists};
use crate::model::{County, Text, VariableIndex};

/// The code list that names the regions by organisation number.
const LIST: &str = "region_orgnr";
/// The code list of county codes, and its column of organisation numbers.
pub(crate) const COUNTIES: (&str, &str) = ("lanskod", "orgnr");

/// A region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    /// Its organisation number, ten digits.
    pub organisation_number: String,
    /// Its name.
    pub name: String,
}

/// The variable of a collection that says which region answers for a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RegionVariable {
    /// The variable.
    pub variable: VariableIndex,
    /// How its values name the region.
    pub names: RegionName,
}

/// How values name a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegionName {
    /// HSA-ids, which begin with the region's organisation number (`reporter` in a schema).
    OrganisationNumber,
    /// The region's county code (`region` in a schema).
    County,
}

impl RegionVariable {
    /// The organisation number that `written` names; `None` where it names none. A county code that is no region's
    /// names none, while an organisation number need not be a region's.
    pub fn organisation_number<'t>(&self, written: &'t [u8], codelists: &'t Codelists) -> Option<&'t [u8]> {
        match self.names {
            RegionName::OrganisationNumber => organisation_number(written),
            RegionName::County => {
                let list = codelists.get(COUNTIES.0)?;
                list.attribute(written, list.column(COUNTIES.1)?).map(str::as_bytes)
            }
        }
    }

    /// The county of the region that `written` names; `None` where it names no region.
    pub fn county(&self, written: &[u8], codelists: &Codelists) -> Option<County> {
        self.organisation_number(written, codelists).and_then(|number| county_of(codelists, number))
    }
}

/// Finds the region that `text` names: its name, organisation number, HSA-id, `lan:12` or `regionkod:41`.
///
/// # Errors
/// Why it names none, or more than one, and what may have been meant.
pub fn find(text: &str, codelists: &Codelists) -> Result<Region, Text> {
    let Some(list) = codelists.get(LIST) else {
        return Err(Text::new(format!("kodverket {LIST} saknas"), format!("code list {LIST} is missing")));
    };
    let wanted = text.trim();
    let by = |column: &str, value: &str| by_attribute(list, column, value);
    if let Some(code) = wanted.strip_prefix("lan:") {
        return by("lanskod", code).ok_or_else(|| unknown(wanted, list));
    }
    if let Some(code) = wanted.strip_prefix("regionkod:") {
        return by("regionkod", code).ok_or_else(|| unknown(wanted, list));
    }
    if wanted.len() == 2 && wanted.bytes().all(|byte| byte.is_ascii_digit()) {
        return match (by("lanskod", wanted), by("regionkod", wanted)) {
            (Some(one), None) | (None, Some(one)) => Ok(one),
            (Some(county), Some(region)) if county == region => Ok(county),
            (Some(county), Some(region)) => Err(Text::new(
                format!(
                    "`{wanted}` är länskod för {} men regionkod för {}; skriv lan:{wanted} eller regionkod:{wanted}",
                    county.name, region.name
                ),
                format!(
                    "`{wanted}` is the county code of {} but the Regionkod of {}; write lan:{wanted} or regionkod:{wanted}",
                    county.name, region.name
                ),
            )),
            (None, None) => Err(unknown(wanted, list)),
        };
    }
    let digits: String = wanted.strip_prefix("SE").unwrap_or(wanted).split_once('-').map_or_else(
        || wanted.trim_start_matches("SE").to_owned(),
        |(first, rest)| if first.len() == 6 { format!("{first}{rest}") } else { first.to_owned() },
    );
    // The century digits of an organisation number, as in `162321000255`. `Västmanland`, too, is twelve bytes.
    let is_twelve_digits = digits.len() == 12 && digits.bytes().all(|byte| byte.is_ascii_digit());
    let digits = if is_twelve_digits { digits[2..].to_owned() } else { digits };
    if list.find(digits.as_bytes()).is_some() {
        return by_code(list, &digits).ok_or_else(|| unknown(wanted, list));
    }
    let plain = plain_name(wanted);
    let named = list.codes().find(|code| name_of(list, code).is_some_and(|name| plain_name(name) == plain));
    named.and_then(|code| by_code(list, code)).ok_or_else(|| unknown(wanted, list))
}

/// The ten digits of an organisation number at the head of an HSA-id: behind `SE`, or behind `SE16`, where 16 is the
/// prefix that makes organisation numbers as long as personal identity numbers; a hyphen follows. `None` for any other
/// text. (HSA Schema tjänsteträd, Inera: hsaIdentity.)
pub(crate) fn organisation_number(value: &[u8]) -> Option<&[u8]> {
    let rest = value.strip_prefix(b"SE")?;
    let hyphen = rest.iter().take(13).position(|byte| *byte == b'-')?;
    let digits = match hyphen {
        10 => &rest[..10],
        12 => rest[..12].strip_prefix(b"16")?,
        _ => return None,
    };
    digits.iter().all(u8::is_ascii_digit).then_some(digits)
}

/// The county of the region with this organisation number.
pub fn county_of(codelists: &Codelists, organisation_number: &[u8]) -> Option<County> {
    let list = codelists.get(LIST)?;
    list.attribute(organisation_number, list.column("lanskod")?).and_then(County::new)
}

/// The name of the region of a county.
pub fn name_of_county(codelists: &Codelists, county: County) -> Option<&str> {
    let list = codelists.get(LIST)?;
    let column = list.column("lanskod")?;
    let code = list.codes().find(|code| list.attribute(code.as_bytes(), column) == Some(county.as_str()))?;
    name_of(list, code)
}

fn by_code(list: &Codelist, code: &str) -> Option<Region> {
    Some(Region { organisation_number: code.to_owned(), name: name_of(list, code)?.to_owned() })
}

fn by_attribute(list: &Codelist, column: &str, value: &str) -> Option<Region> {
    let column = list.column(column)?;
    list.codes()
        .find(|code| list.attribute(code.as_bytes(), column) == Some(value))
        .and_then(|code| by_code(list, code))
}

fn name_of<'a>(list: &'a Codelist, code: &str) -> Option<&'a str> {
    list.column("name_sv").and_then(|column| list.attribute(code.as_bytes(), column))
}

/// A name without `Region`, `län`, case and the possessive: `Region Skåne`, `skåne` and `Skåne län` are one.
fn plain_name(name: &str) -> String {
    let lower = name.to_lowercase();
    let words: Vec<&str> =
        lower.split_whitespace().filter(|word| !matches!(*word, "region" | "län" | "lan" | "regionen")).collect();
    let joined = words.join(" ");
    joined.strip_suffix("sregionen").or_else(|| joined.strip_suffix('s')).unwrap_or(&joined).to_owned()
}

fn unknown(text: &str, list: &Codelist) -> Text {
    let names: Vec<&str> = list.codes().filter_map(|code| name_of(list, code)).collect();
    // As names are compared: without `Region`, which all have.
    let plain: Vec<String> = names.iter().map(|name| plain_name(name)).collect();
    let near = crate::diag::nearest(&plain_name(text), plain.iter().map(String::as_str));
    let near = near.and_then(|near| plain.iter().position(|name| name == near)).map(|at| names[at]);
    let (sv, en) = near
        .map_or_else(Default::default, |near| (format!("; menade du `{near}`?"), format!("; did you mean `{near}`?")));
    Text::new(format!("okänd region `{text}`{sv}"), format!("unknown region `{text}`{en}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codelists() -> Codelists {
        let text = "code,regionkod,lanskod,name_sv\n2321000016,10,01,Region Stockholm\n2321000081,27,10,Region Blekinge\n2321000255,41,12,Region Skåne\n2321000131,51,14,Västra Götalandsregionen\n";
        let mut lists = Codelists::default();
        lists.insert(LIST, Codelist::parse(LIST, text).expect("well-formed"));
        lists
    }

    #[test]
    fn organisation_numbers_head_hsa_ids() {
        for text in ["SE2321000016-39KJ", "SE162321000016-O1", "SE2321000016-"] {
            assert_eq!(organisation_number(text.as_bytes()), Some(&b"2321000016"[..]), "{text}");
        }
        for text in ["", "SE", "SE2321000016", "SE232100001-1", "SE172321000016-1", "NO2321000016-1", "SE23210000A6-1"]
        {
            assert_eq!(organisation_number(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn a_region_goes_by_many_names_and_numbers_are_not_confused() {
        let lists = codelists();
        for text in [
            "Skåne",
            "region skåne",
            "Skåne län",
            "2321000255",
            "232100-0255",
            "SE2321000255-A1",
            "lan:12",
            "regionkod:41",
            "41",
            "12",
            "SE162321000255-1",
        ] {
            assert_eq!(
                find(text, &lists).map(|region| region.organisation_number),
                Ok("2321000255".to_owned()),
                "{text}"
            );
        }
        let swedish = find("10", &lists).expect_err("in both systems").sv;
        assert!(swedish.contains("lan:10") && swedish.contains("regionkod:10"), "{swedish}");
        assert_eq!(
            find("Västra Götaland", &lists).map(|region| region.organisation_number),
            Ok("2321000131".to_owned())
        );
        let county = County::new("12").expect("two digits");
        assert_eq!(county_of(&lists, b"2321000255"), Some(county));
        assert_eq!(county_of(&lists, b"2321000254"), None);
        assert_eq!(name_of_county(&lists, county), Some("Region Skåne"));
        // Twelve bytes, but not twelve digits.
        assert!(find("Västmanland", &lists).is_err());
        assert!(find("Skone", &lists).is_err_and(|text| text.sv.contains("okänd region")));
    }
}
