use maud::Markup;

use super::*;
use crate::model::Language;
use crate::report::ReportOptions;

fn writing(language: Language) -> Writing {
    Writing::new(&ReportOptions { language, ..ReportOptions::default() })
}

fn sv(draw: fn(&Chart, Writing) -> Markup, chart: &Chart) -> String {
    draw(chart, writing(Language::Swedish)).into_string()
}

const ALL: [fn(&Chart, Writing) -> Markup; 3] = [stacked_bars, bars, lines];

/// A chart of `n` categories whose values are not alike.
fn chart(n: u32, series: &[&str]) -> Chart {
    Chart {
        title: "Kontakter per 1 000 invånare".to_owned(),
        description: "Riket 12, högst Skåne 30.".to_owned(),
        categories: (0..n).map(|number| format!("Region {number}")).collect(),
        series: series
            .iter()
            .zip(0_u32..)
            .map(|(name, index)| Series {
                name: (*name).to_owned(),
                values: (0..n).map(|number| Some(f64::from(number * 131 % 97 + 1 + index * 2))).collect(),
            })
            .collect(),
        unit: "%".to_owned(),
    }
}

/// The text of every text node and the value of every named attribute.
fn values_of<'a>(svg: &'a str, attribute: &str) -> Vec<&'a str> {
    let before = format!("{attribute}=\"");
    svg.split(before.as_str()).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

#[test]
fn a_chart_is_a_named_picture_without_styling_of_its_own() {
    for draw in ALL {
        let svg = sv(draw, &chart(5, &["2021", "2022"]));
        assert_eq!((svg.matches("<svg").count(), svg.matches("</svg>").count()), (1, 1));
        assert!(svg.contains("role=\"img\" aria-label=\"Kontakter per 1 000 invånare. Riket 12, högst Skåne 30.\""));
        assert!(svg.contains("<figcaption>Kontakter per 1 000 invånare</figcaption>"));
        for forbidden in
            ["style", "<script", "onload", "href", "url(", "<image", "\u{e000}", "\u{e001}", "\u{e002}", "NaN", "inf"]
        {
            assert!(!svg.contains(forbidden), "{forbidden} in {svg}");
        }
        assert!(svg.contains("Region 0") && svg.contains("Region 4") && svg.contains("2022"));
        assert_eq!(svg, sv(draw, &chart(5, &["2021", "2022"])));
    }
}

#[test]
fn names_are_escaped_and_numbers_in_them_left_alone() {
    let hostile = "</svg><script>alert(1)</script>\u{202e}\u{e000}7\u{e002} \"1,234\"";
    let mut chart = chart(2, &["2021"]);
    hostile.clone_into(&mut chart.title);
    hostile.clone_into(&mut chart.categories[0]);
    hostile.clone_into(&mut chart.series[0].name);
    hostile.clone_into(&mut chart.unit);
    for draw in ALL {
        let svg = sv(draw, &chart);
        assert!(!svg.contains("<script") && !svg.contains('\u{202e}'), "{svg}");
        assert_eq!(svg.matches("</svg>").count(), 1);
        assert!(svg.contains("\\u{202e}7"), "{svg}");
    }
}

#[test]
fn nothing_to_draw_is_no_chart() {
    let mut none = chart(3, &["2021", "2022"]);
    for series in &mut none.series {
        series.values = vec![None, Some(f64::NAN), Some(f64::INFINITY)];
    }
    for draw in ALL {
        for empty in [&none, &Chart::default(), &chart(0, &["2021"]), &chart(3, &[])] {
            assert_eq!(sv(draw, empty), "");
        }
    }
}

#[test]
fn a_missing_value_is_a_gap_and_no_zero() {
    let mut some = chart(5, &["2022"]);
    some.series[0].values = vec![Some(10.0), Some(20.0), None, Some(40.0), Some(50.0)];
    let bars = sv(bars, &some);
    assert_eq!(values_of(&bars, "data-value"), ["50", "40", "20", "10"]);
    assert_eq!(values_of(&bars, "data-category"), ["Region 4", "Region 3", "Region 1", "Region 0"]);
    let whole = sv(lines, &chart(5, &["2022"]));
    let broken = sv(lines, &some);
    // A line that is broken is two.
    let n_lines = |svg: &str| svg.matches("fill=\"none\"").count().max(values_of(svg, "data-series").len());
    assert!(n_lines(&broken) >= n_lines(&whole), "{broken}");
    assert!(!values_of(&broken, "data-category").contains(&"Region 2"));
    // Fewer values than categories: the rest are not there.
    some.series[0].values.truncate(1);
    assert_eq!(values_of(&sv(super::bars, &some), "data-value"), ["10"]);
    for draw in ALL {
        assert!(sv(draw, &some).contains("<svg"));
    }
}

#[test]
fn the_first_category_is_drawn_at_the_top() {
    let svg = sv(bars, &chart(3, &["2021", "2022"]));
    let at = |name: &str| {
        let before = svg.split(&format!(">{name}</text>")).next().unwrap_or_default();
        values_of(before, " y").last().unwrap().parse::<f64>().unwrap()
    };
    assert!(at("Region 0") < at("Region 1") && at("Region 1") < at("Region 2"));
}

#[test]
fn numbers_are_written_in_the_language_of_the_page() {
    let mut chart = chart(2, &["2021"]);
    chart.series[0].values = vec![Some(12_345.0), Some(0.5)];
    chart.unit = "per 1 000".to_owned();
    let swedish = sv(bars, &chart);
    assert!(
        swedish.contains(">12\u{202f}345<") && swedish.contains(">0,5<") && swedish.contains(">5\u{202f}000<"),
        "{swedish}"
    );
    assert!(swedish.contains(">per 1 000<"));
    let english = bars(&chart, writing(Language::English)).into_string();
    assert!(english.contains(">12,345<") && english.contains(">0.5<") && english.contains(">5,000<"), "{english}");
    chart.unit = "%".to_owned();
    chart.series[0].values = vec![Some(91.0), Some(0.0)];
    assert!(sv(bars, &chart).contains(">91\u{a0}%<") && sv(bars, &chart).contains(">0\u{a0}%<"));
    assert!(bars(&chart, writing(Language::English)).into_string().contains(">91%<"));
}

#[test]
fn parts_are_shares_of_their_sum_and_small_ones_have_no_number() {
    let mut chart = chart(2, &["ifyllt", "inget", "tomt"]);
    chart.series[0].values = vec![Some(480.0), Some(0.0)];
    chart.series[1].values = vec![Some(10.0), Some(0.0)];
    chart.series[2].values = vec![Some(10.0), Some(0.0)];
    let svg = sv(stacked_bars, &chart);
    // Nothing of nothing is no share.
    assert_eq!(values_of(&svg, "data-value"), ["96", "2", "2"]);
    assert!(svg.contains(">96\u{a0}%<") && !svg.contains(">2\u{a0}%<"), "{svg}");
    let seven = stacked_bars(&self::chart(1, &["a", "b", "c", "d", "e", "f", "g"]), writing(Language::Swedish));
    assert_eq!(values_of(&seven.into_string(), "data-series").len(), 6);
}

#[test]
fn a_chart_of_every_region_and_two_years_is_small() {
    let svg = sv(bars, &chart(22, &["2021", "2022"]));
    assert!(svg.len() < 15_000, "{}", svg.len());
    assert!(sv(lines, &chart(24, &["2021", "väntat"])).len() < 8_000);
}

#[test]
fn letters_can_be_read_on_every_part_and_parts_told_apart_without_colour() {
    fn light(color: charts_rs::Color) -> f64 {
        let of = |channel: u8| {
            let share = f64::from(channel) / 255.0;
            if share <= 0.040_45 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * of(color.r) + 0.7152 * of(color.g) + 0.0722 * of(color.b)
    }
    let contrast = |one: f64, other: f64| (one.max(other) + 0.05) / (one.min(other) + 0.05);
    let ink = light(style::INK);
    for part in style::PARTS {
        assert!(contrast(light(part), ink) >= 4.5, "{part:?}");
    }
    for pair in style::PARTS.windows(2) {
        assert!(contrast(light(pair[0]), light(pair[1])) >= 1.15, "{pair:?}");
    }
    for line in style::LINES {
        assert!(contrast(light(line), 1.0) >= 4.5, "{line:?}");
    }
}
