//! How charts look: sizes, colours and letters.
//!
//! Letters are dark on white or on a light part of a bar (at least 4.5:1). Fills beside each other differ in lightness as
//! much as in hue, so that they can be told apart without colours; the hues are those that the colour-blind tell apart
//! (blue against orange).

use charts_rs::{Box, ChartBase, Color, FontConfig, LegendCategory, YAxisConfig};

use super::numbers;
use super::scale::Scale;

/// What the page's styling says of charts.
pub(in crate::report::html) const CSS: &str = include_str!("../chart.css");

/// The letters of the reader's own machine; the widths that the drawing is laid out by are those of a similar one.
pub(super) const FONTS: &str = "'Segoe UI', Roboto, system-ui, -apple-system, 'Helvetica Neue', Arial, sans-serif";

/// Size of a chart of lines: it stands beside others, and letters must not shrink with it.
pub(super) const LINES_SIZE: (f32, f32) = (440.0, 180.0);
/// How wide a chart of bars is.
const BARS_WIDTH: f32 = 720.0;

/// Letters.
pub(super) const INK: Color = rgb(0x1f, 0x29, 0x33);
const AXIS: Color = rgb(0x8a, 0x94, 0x9e);
const GRID: Color = rgb(0xe3, 0xe7, 0xeb);
/// As the drawing is laid out; the page's styling writes them a little smaller, because the reader's letters may be wider
/// than those that the library measures.
const LETTERS: f32 = 12.5;
const LABEL_LETTERS: f32 = 12.0;
/// Between a name and its axis.
const GAP: f32 = 9.0;
/// Room for legend and axis.
const AROUND: f32 = 66.0;

/// Parts of a whole, in their order: each differs in lightness from the ones beside it, and dark letters can be read on
/// all of them.
pub(super) const PARTS: [Color; 6] = [
    rgb(0x6f, 0xa8, 0xd6),
    rgb(0xcf, 0xe3, 0xf3),
    rgb(0xe9, 0xc4, 0x6a),
    rgb(0xee, 0xee, 0xee),
    rgb(0xe8, 0x8b, 0x54),
    rgb(0xf7, 0xd9, 0xc8),
];

/// What was found, and what it is held against.
pub(super) const LINES: [Color; 3] = [rgb(0x14, 0x4f, 0x85), rgb(0xb3, 0x54, 0x00), rgb(0x5f, 0x6b, 0x76)];

const YEARS: [Color; 3] = [rgb(0xa9, 0xb7, 0xc4), rgb(0x7d, 0xa9, 0xcf), rgb(0x14, 0x4f, 0x85)];

const fn rgb(r: u8, g: u8, b: u8) -> Color {
    Color { r, g, b, a: 255 }
}

/// The colours of so many years: the last is the darkest.
pub(super) fn years(n: usize) -> Vec<Color> {
    YEARS.get(YEARS.len().saturating_sub(n)..).unwrap_or(&YEARS).to_vec()
}

/// Width and height of a chart with bars.
pub(super) fn size_of_bars(n_categories: usize, n_series: usize) -> (f32, f32) {
    let of_one = 8.0 + 13.0 * f32::from(u8::try_from(n_series.max(1)).unwrap_or(u8::MAX));
    (BARS_WIDTH, AROUND + of_one * f32::from(u16::try_from(n_categories).unwrap_or(u16::MAX)))
}

/// A value as the library takes it; `None` where it cannot be drawn.
pub(super) fn drawn(value: f64) -> Option<f32> {
    #[expect(clippy::cast_possible_truncation, reason = "a drawing is no more exact than this")]
    let value = value as f32;
    (value.is_finite() && value >= 0.0).then_some(value)
}

/// What all charts have in common.
pub(super) fn base(base: &mut ChartBase, size: (f32, f32)) {
    let letters = |size: f32| FontConfig { size, color: INK, weight: None };
    (base.width, base.height) = size;
    base.margin = Box { left: 10.0, top: 4.0, right: 52.0, bottom: 2.0 };
    base.background_color = Color { a: 0, ..GRID };
    FONTS.clone_into(&mut base.font_family);
    base.compact = true;
    base.legend.font = letters(LETTERS);
    base.legend.category = LegendCategory::Rect;
    base.x_axis.font = letters(LETTERS);
    base.x_axis.stroke_color = AXIS;
    base.x_axis.name_gap = GAP;
    base.grid.stroke_color = GRID;
    base.series.label.font = letters(LABEL_LETTERS);
    base.series.label.formatter = numbers::label();
    base.series.label.hide_overlap = true;
    base.series.stroke_width = 2.0;
    base.series.smooth = false;
}

/// What stands at an axis; a percent sign stands at every number.
pub(super) fn unit_at_axis(unit: &str) -> Option<String> {
    (unit != "%" && !unit.is_empty()).then(|| numbers::clean(unit))
}

/// The axis of values.
pub(super) fn values(axes: &mut [YAxisConfig], scale: Scale) {
    for axis in axes {
        axis.font = FontConfig { size: LETTERS, color: INK, weight: None };
        axis.stroke_color = AXIS;
        axis.min = Some(0.0);
        axis.max = drawn(scale.end());
        axis.split_number = usize::from(scale.steps);
        axis.formatter = Some(numbers::mark());
    }
}
