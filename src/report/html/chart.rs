//! Charts as inline SVG: the only module that names the chart library.

use maud::{Markup, html};

use super::Writing;

/// What a chart shows.
pub(super) struct Chart {
    /// Its heading.
    pub(super) title: String,
    /// What it shows, in words.
    pub(super) description: String,
    /// What the bars are called.
    pub(super) categories: Vec<String>,
    /// One value a category, each.
    pub(super) series: Vec<Series>,
    /// Of the values.
    pub(super) unit: String,
}

/// Values of one colour.
pub(super) struct Series {
    /// Its name in the legend.
    pub(super) name: String,
    /// One a category; `None` where there is none.
    pub(super) values: Vec<Option<f64>>,
}

/// Horizontal bars of parts.
pub(super) fn stacked_bars(chart: &Chart, _writing: Writing) -> Markup {
    const FILLS: [&str; 6] = ["#1f4e79", "#5b8db8", "#a9c4dd", "#e8e8e8", "#c2410c", "#444444"];
    let height = chart.categories.len() * 18 + 30;
    let mut rects = Vec::new();
    for row in 0..chart.categories.len() {
        let mut x = 300.0;
        for (index, series) in chart.series.iter().enumerate() {
            let width = series.values[row].unwrap_or(0.0) * 6.0;
            rects.push((x, row * 18 + 4, width, FILLS[index % 6]));
            x += width;
        }
    }
    html! {
        figure.chart {
            svg role="img" aria-label=(chart.description) viewBox={ "0 0 920 " (height) } width="920" {
                @for (row, name) in chart.categories.iter().enumerate() {
                    text x="292" y=(row * 18 + 15) font-size="11" text-anchor="end" { (name) }
                }
                @for (x, y, width, fill) in &rects {
                    @if *width > 0.0 { rect x=(format!("{x:.1}")) y=(y) width=(format!("{width:.1}")) height="13" fill=(fill) {} }
                }
            }
            figcaption { (chart.title) " (" (chart.unit) "): " (chart.series.iter().map(|series| series.name.as_str()).collect::<Vec<_>>().join(", ")) }
        }
    }
}
