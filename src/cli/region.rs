//! What a user may call a region, and a period.

use crate::engine::StatedRegion;
use crate::model::Text;
use crate::schema::{Codelists, region};
use crate::time;

/// Finds the region that `text` names; see [`region::find`].
pub(super) fn find_region(text: &str, codelists: &Codelists) -> Result<StatedRegion, Text> {
    let region = region::find(text, codelists)?;
    Ok(StatedRegion { organisation_number: region.organisation_number, name: region.name })
}

/// Reads a period: `2022-03`, `2022` or `2022-03-01..2022-03-31`, as first and last day since 1970-01-01.
pub(super) fn parse_period(text: &str) -> Option<(i64, i64)> {
    if let Some((first, last)) = text.split_once("..") {
        let (first, last) = (parse_period(first).map(|period| period.0), parse_period(last).map(|period| period.1));
        return first.zip(last).filter(|(first, last)| first <= last);
    }
    let number = |text: &str, len: usize| {
        (text.len() == len && text.bytes().all(|byte| byte.is_ascii_digit()))
            .then(|| text.parse::<i64>().ok())
            .flatten()
    };
    match text.split('-').collect::<Vec<_>>().as_slice() {
        [year] => {
            let year = number(year, 4)?;
            Some((time::days_from_civil(year, 1, 1)?, time::days_from_civil(year, 12, 31)?))
        }
        [year, month] => {
            let (year, month) = (number(year, 4)?, number(month, 2)?);
            let next = if month == 12 {
                time::days_from_civil(year + 1, 1, 1)?
            } else {
                time::days_from_civil(year, month + 1, 1)?
            };
            Some((time::days_from_civil(year, month, 1)?, next - 1))
        }
        _ => time::parse_day(text).map(|day| (day, day)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_are_months_years_or_spans() {
        let days =
            |text: &str| parse_period(text).map(|(first, last)| (time::format_day(first), time::format_day(last)));
        let pair = |a: &str, b: &str| Some((a.to_owned(), b.to_owned()));
        assert_eq!(days("2022-02"), pair("2022-02-01", "2022-02-28"));
        assert_eq!(days("2022"), pair("2022-01-01", "2022-12-31"));
        assert_eq!(days("2022-12"), pair("2022-12-01", "2022-12-31"));
        assert_eq!(days("2022-01..2022-03"), pair("2022-01-01", "2022-03-31"));
        assert_eq!((days("2022-13"), days("mars"), days("2022-03..2022-01")), (None, None, None));
    }
}
