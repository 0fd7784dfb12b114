use super::*;
use crate::generate::profile::FILLED;
use crate::{assets, schema};

fn profile(collection: &str) -> Profile {
    let files = assets::schemas(None).expect("embedded");
    let schemas = schema::load(&files).expect("correct");
    Profile::load(&files, &schemas, collection).expect("correct")
}

fn load(text: &str, collection: &str) -> Result<Strata, Vec<Mistake>> {
    let period = |text: &str| (text == "2022-04").then_some((19_083, 19_112));
    let region = |text: &str| match text {
        "Skåne" => Ok("2321000255".to_owned()),
        "Atlantis" => Ok("2321999999".to_owned()),
        _ => Err(Text::new(format!("okänd region `{text}`"), format!("unknown region `{text}`"))),
    };
    Strata::load(text, &profile(collection), &Reading { period: &period, region: &region })
}

#[test]
fn shares_are_exact_and_spread_evenly() {
    for of in 1..=40_u64 {
        for filled in 0..=of {
            for shift in [0, 1, of / 2, of - 1] {
                let share = Share { filled, of, shift };
                let places: Vec<u64> = (0..of).filter(|position| share.has(*position)).collect();
                assert_eq!(places.len() as u64, filled, "{share:?}");
                for pair in places.windows(2) {
                    let gap = pair[1] - pair[0];
                    assert!((of / filled..=of.div_ceil(filled)).contains(&gap), "{share:?}: {places:?}");
                }
            }
        }
    }
    // Nothing overflows.
    let most = Share { filled: u64::MAX, of: u64::MAX, shift: u64::MAX - 1 };
    assert!(most.has(0) && most.has(u64::MAX - 1));
    assert!(!Share { filled: 0, of: u64::MAX, shift: 3 }.has(u64::MAX - 1));
}

#[test]
fn records_know_their_stratum() {
    let text = "\u{feff}records;period;fas\r\n2;;1\r\n0;2022-04;2\r\n\r\n;;\r\n3;2022-04;\r\n";
    let strata = load(text, "specvard_genomforda").expect("correct");
    assert_eq!(strata.records(), 5);
    let places: Vec<_> = (0..6)
        .map(|number| {
            let place = strata.place(number)?;
            Some((place.position, place.stratum.period.is_some(), place.stratum.stated.len()))
        })
        .collect();
    let (first, second) = (|position| Some((position, false, 1)), |position| Some((position, true, 0)));
    assert_eq!(places, [first(0), first(1), second(0), second(1), second(2), None]);
}

#[test]
fn commas_and_quotes_will_do() {
    let text = "records,vardenhet1_namn\n1,\"Lund, Skåne\"\n";
    let strata = load(text, "specvard_genomforda").expect("correct");
    let stated = &strata.place(0).expect("a record").stratum.stated;
    assert!(matches!(&stated[0].1, Stated::Fixed(constant) if constant.text == "Lund, Skåne"), "{stated:?}");
}

#[test]
fn values_see_which_code_a_text_is() {
    let profile = profile("specvard_genomforda");
    let symbol = |id: &str, text: &str| {
        let index = profile.values.iter().position(|value| value.id == id).expect("a value");
        profile.constant(index, text).map(|constant| (constant.text, constant.symbol))
    };
    // Another spelling is the same code, written as it is.
    let (upper, title) = (symbol("vardgaranti_ja_nej", "JA"), symbol("vardgaranti_ja_nej", "Ja"));
    assert_eq!(title, upper.map(|(_, symbol)| ("Ja".to_owned(), symbol)));
    // A specialty that the profile never picks.
    assert!(symbol("medicinskt_verksamhetsomrade", "366").is_some_and(|(_, symbol)| symbol > FILLED));
    // No code at all.
    assert_eq!(symbol("fas", "9"), Some(("9".to_owned(), FILLED)));
    assert_eq!(symbol("_private", "kanske"), None);
    assert_eq!(symbol("start_av_aktivitet", "i mars"), None);
}

#[test]
fn what_is_aligned_is_turned_together() {
    let text = "records;filled:diagnos;filled:typ_av_diagnos;filled:atgard\n100;37;37;37\n";
    let strata = load(text, "specvard_genomforda").expect("correct");
    let stated = &strata.place(0).expect("a record").stratum.stated;
    let places: Vec<Vec<u64>> = stated
        .iter()
        .map(|(_, stated)| match stated {
            Stated::Filled(share) => (0..100).filter(|position| share.has(*position)).collect(),
            Stated::Fixed(_) => Vec::new(),
        })
        .collect();
    assert!(places[0] == places[1] && places[0] != places[2], "{places:?}");
}

/// Line, column, and parts of the message in Swedish and English.
type Told = (u64, &'static str, &'static str, &'static str);

#[test]
fn every_mistake_is_told_with_its_place() {
    let told = |text: &str, collection: &str| -> Vec<(u64, Option<String>, Text)> {
        let mistakes = load(text, collection).expect_err(text);
        mistakes.into_iter().map(|mistake| (mistake.line, mistake.column, mistake.message)).collect()
    };
    let cases: [(&str, &[Told]); 17] = [
        ("", &[(1, "", "tom", "empty")]),
        ("records\n", &[(1, "", "ingen rad", "no row")]),
        ("fas\n1\n", &[(1, "records", "saknas", "missing")]),
        ("records;fass\n1;2\n", &[(1, "fass", "menade du `fas`", "did you mean `fas`")]),
        ("records;filled:fass\n1;1\n", &[(1, "filled:fass", "`filled:fas`", "`filled:fas`")]),
        ("records;filled:_private\n1;1\n", &[(1, "filled:_private", "okänd", "unknown")]),
        ("records;fas;fas\n1;1;1\n", &[(1, "fas", "två gånger", "twice")]),
        ("records;\n1;\n", &[(1, "", "kolumn 2", "column 2")]),
        ("records;fas\n1\n", &[(2, "", "1 fält, rubriken 2", "1 fields, the header 2")]),
        (
            "records;fas\n;1\n-1;1\n1,5;1\n\nmånga;1\n",
            &[
                (2, "records", "saknas", "missing"),
                (3, "records", "`-1`", "`-1`"),
                (4, "records", "`1,5`", "`1,5`"),
                (6, "records", "`många`", "`många`"),
            ],
        ),
        ("records;period\n1;mars\n", &[(2, "period", "ingen period", "no period")]),
        (
            "records;region\n1;Skone\n1;Atlantis\n",
            &[(2, "region", "okänd region `Skone`", "unknown region"), (3, "region", "har inte", "does not have")],
        ),
        ("records;region;_region\n1;Skåne;2321000255\n", &[(2, "_region", "`region`", "`region`")]),
        ("records;_private\n1;kanske\n", &[(2, "_private", "hjälpvärdet", "helper")]),
        ("records;start_av_aktivitet\n1;i mars\n", &[(2, "start_av_aktivitet", "tidpunkt", "point in time")]),
        (
            "records;filled:fas;fas;filled:diagnos\n5;5;1;6\n5;x;;\n",
            &[
                (2, "fas", "redan något", "already says"),
                (2, "filled:diagnos", "6 ifyllda", "6 filled"),
                (3, "filled:fas", "`x`", "`x`"),
            ],
        ),
        ("records\n18446744073709551615\n1\n", &[(3, "records", "för stor", "too large")]),
    ];
    for (text, expected) in cases {
        let found = told(text, "specvard_genomforda");
        assert_eq!(found.len(), expected.len(), "{text}: {found:?}");
        for ((line, column, message), (expected_line, expected_column, sv, en)) in found.iter().zip(expected) {
            assert_eq!((line, column.as_deref().unwrap_or_default()), (expected_line, *expected_column), "{text}");
            assert!(message.sv.contains(sv) && message.en.contains(en), "{text}: {message:?}");
        }
    }
    // The region, not the variable of that name.
    let found = told("records;region\n1;SE2321000255-1000\n", "primarvard_grundmodell");
    assert!(found[0].2.sv.contains("okänd region"), "{found:?}");
}
