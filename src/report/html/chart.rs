//! Charts as inline SVG: the only module that names the chart library.
//!
//! A chart is a figure of its own: the drawing, named for those who do not see it, and its title below. The drawing has
//! presentation attributes alone, as the page's policy wants it: no styling, no script, nothing fetched. Names are escaped
//! by the library; numbers are written in the page's language ([`numbers`]).
//!
//! Deliberately knows no figures of coverage: what is drawn, and in which order, is decided by its callers. Values are
//! never negative; a value that is not there leaves a gap, never a zero.

mod numbers;
mod scale;
mod style;

#[cfg(test)]
mod tests;

use charts_rs::{AxisLabelOverflow, HorizontalBarChart, LegendCategory, LineChart, Position, Symbol};
use maud::{Markup, PreEscaped, html};

use super::Writing;
use crate::report::shown::middle_cut;

pub(super) use style::CSS;

/// Shares below this have no room for their number in a bar.
const LEAST_LABELLED_SHARE: f64 = 12.0;

/// Drawn for what is something, but rounds to nothing; its number is written `<1`.
pub(super) const LESS_THAN_ONE: f64 = 0.2;

/// The widest a name is beside its bar; longer ones are cut in the middle, and stand whole in the table.
const MOST_NAME_WIDTH: usize = 36;

/// Something to be drawn.
#[derive(Clone, Debug, Default)]
pub(super) struct Chart {
    /// What it is called; stands below it.
    pub(super) title: String,
    /// What it shows, in one or two sentences with the main figures, for those who do not see it.
    pub(super) description: String,
    /// What the values of every series are of, in the order of reading.
    pub(super) categories: Vec<String>,
    /// What is drawn beside each other, in the order of reading.
    pub(super) series: Vec<Series>,
    /// `%`, or what else the numbers are in.
    pub(super) unit: String,
}

/// One kind of bar, or one line.
#[derive(Clone, Debug, Default)]
pub(super) struct Series {
    /// What it is called.
    pub(super) name: String,
    /// One value a category; `None` where there is none.
    pub(super) values: Vec<Option<f64>>,
}

impl Chart {
    /// Whether there is nothing to draw.
    fn is_empty(&self) -> bool {
        !self.series.iter().flat_map(|series| &series.values).flatten().any(|value| value.is_finite())
    }

    /// The greatest value.
    fn greatest(&self) -> f64 {
        let values = self.series.iter().flat_map(|series| &series.values).flatten();
        values.copied().filter(|value| value.is_finite()).fold(0.0, f64::max)
    }

    /// The values of a series as the library takes them, one a category.
    fn values(&self, series: &Series) -> Vec<Option<f32>> {
        let value = |index: usize| series.values.get(index).copied().flatten();
        (0..self.categories.len()).map(|index| value(index).and_then(style::drawn)).collect()
    }

    /// The values of a series from below, as the library draws bars.
    fn upwards(&self, series: &Series) -> Vec<Option<f32>> {
        let mut values = self.values(series);
        values.reverse();
        values
    }

    fn names_upwards(&self) -> Vec<String> {
        self.categories.iter().rev().map(|name| numbers::clean(&middle_cut(name, MOST_NAME_WIDTH))).collect()
    }
}

/// Horizontal bars of parts that make up 100 %, six at most; nothing where there is no value.
pub(super) fn stacked_bars(chart: &Chart, writing: Writing) -> Markup {
    let chart = &in_shares(chart);
    if chart.is_empty() {
        return html! {};
    }
    let series = chart.series.iter().enumerate().map(|(index, series)| charts_rs::Series {
        name: numbers::clean(&series.name),
        data: chart.upwards(series),
        index: Some(index),
        label_show: true,
        stack: Some("all".to_owned()),
        ..charts_rs::Series::default()
    });
    let mut drawing = HorizontalBarChart::new(series.collect(), chart.names_upwards());
    style::base(&mut drawing.base, style::size_of_bars(chart.categories.len(), 1));
    style::values(&mut drawing.y_axis_configs, scale::PER_CENT);
    drawing.series.colors = style::PARTS.to_vec();
    drawing.series_label_position = Some(Position::Inside);
    let is_shown = |value: f64| value >= LEAST_LABELLED_SHARE;
    figure(chart, drawing.svg(), "stacked", &is_shown, writing)
}

/// Horizontal bars, one a series beside each other; nothing where there is no value.
pub(super) fn bars(chart: &Chart, writing: Writing) -> Markup {
    if chart.is_empty() {
        return html! {};
    }
    let series = chart.series.iter().enumerate().map(|(index, series)| charts_rs::Series {
        name: numbers::clean(&series.name),
        data: chart.upwards(series),
        index: Some(index),
        label_show: true,
        ..charts_rs::Series::default()
    });
    let mut drawing = HorizontalBarChart::new(series.collect(), chart.names_upwards());
    style::base(&mut drawing.base, style::size_of_bars(chart.categories.len(), chart.series.len()));
    style::values(&mut drawing.y_axis_configs, scale::of(chart.greatest(), chart.unit == "%"));
    drawing.series.colors = style::years(chart.series.len());
    drawing.x_axis.title = style::unit_at_axis(&chart.unit).unwrap_or_default();
    figure(chart, drawing.svg(), "bars", &|_| true, writing)
}

/// Lines over time: the first series as it was, others as what it is held against. A value that is not there leaves a gap.
/// Nothing where there is no value at all.
pub(super) fn lines(chart: &Chart, writing: Writing) -> Markup {
    if chart.is_empty() {
        return html! {};
    }
    let series = chart.series.iter().enumerate().map(|(index, series)| charts_rs::Series {
        name: numbers::clean(&series.name),
        data: chart.values(series),
        index: Some(index),
        stroke_dash_array: (index > 0).then(|| "5,4".to_owned()),
        symbol: Some(if index > 0 {
            Symbol::Diamond(5.5, style::LINES.get(index).copied())
        } else {
            Symbol::Circle(2.5, style::LINES.first().copied())
        }),
        ..charts_rs::Series::default()
    });
    let names = chart.categories.iter().map(|name| numbers::clean(name)).collect();
    let mut drawing = LineChart::new(series.collect(), names);
    style::base(&mut drawing.base, style::LINES_SIZE);
    style::values(&mut drawing.y_axis_configs, scale::of(chart.greatest(), chart.unit == "%"));
    if let Some(axis) = drawing.y_axis_configs.first_mut() {
        axis.title = style::unit_at_axis(&chart.unit);
    }
    drawing.series.colors = style::LINES.to_vec();
    drawing.legend.category = LegendCategory::Normal;
    drawing.margin.right = 24.0;
    drawing.x_axis.boundary_gap = Some(false);
    drawing.x_axis.label_overflow = AxisLabelOverflow::Thin;
    figure(chart, drawing.svg(), "lines", &|_| true, writing)
}

/// Each category's values as shares of their sum; no value where that is nothing.
fn in_shares(chart: &Chart) -> Chart {
    let sum = |index: usize| -> f64 {
        chart.series.iter().filter_map(|series| series.values.get(index).copied().flatten()).sum()
    };
    let sums: Vec<f64> = (0..chart.categories.len()).map(sum).collect();
    let share = |(value, sum): (&Option<f64>, &f64)| value.filter(|_| *sum > 0.0).map(|value| 100.0 * value / sum);
    let of = |series: &Series| Series {
        name: series.name.clone(),
        values: series.values.iter().zip(&sums).map(share).collect(),
    };
    Chart {
        series: chart.series.iter().take(style::PARTS.len()).map(of).collect(),
        unit: "%".to_owned(),
        ..chart.clone()
    }
}

/// The figure around a drawing; nothing where the library could not draw it.
fn figure<E>(
    chart: &Chart,
    svg: Result<String, E>,
    kind: &str,
    is_labelled: &dyn Fn(f64) -> bool,
    writing: Writing,
) -> Markup {
    // What the library writes: one element `svg`, whose size is known here already.
    let Ok(svg) = svg else { return html! {} };
    let (Some(begin), Some(end)) = (svg.find('>'), svg.rfind("</svg>")) else { return html! {} };
    let Some(view) = svg.get(..begin).and_then(view_box) else { return html! {} };
    let Some(inner) = svg.get(begin + 1..end) else { return html! {} };
    let inner = numbers::written(inner, &chart.unit, is_labelled, writing);
    let title = numbers::clean(&chart.title);
    let name = format!("{title}. {}", numbers::clean(&chart.description));
    html! {
        figure.chart.(kind) {
            svg role="img" aria-label=(name.trim()) viewBox=(view) font-family=(style::FONTS) xmlns="http://www.w3.org/2000/svg" {
                (PreEscaped(inner))
            }
            figcaption { (title) }
        }
    }
}

/// The view box of an opening tag.
fn view_box(tag: &str) -> Option<&str> {
    let (_, rest) = tag.split_once("viewBox=\"")?;
    rest.split_once('"').map(|(view, _)| view)
}
