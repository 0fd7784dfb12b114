//! Numbers in a drawing, as the page's language writes them.
//!
//! The library writes numbers its own way. It is told to put two marks around each, which no text of ours has, and what
//! stands between them is written anew.

use crate::report::html::Writing;
use crate::report::shown::escaped;

/// Before a number at a bar; a character that no standard gives a meaning.
const AT_BAR: char = '\u{e000}';
/// Before a number at an axis.
const AT_AXIS: char = '\u{e001}';
/// After a number.
const END: char = '\u{e002}';

/// How the library is told to write a number at a bar.
pub(super) fn label() -> String {
    format!("{AT_BAR}{{c}}{END}")
}

/// How it is told to write a number at an axis: whole, without shortening thousands.
pub(super) fn mark() -> String {
    format!("{AT_AXIS}{{t}}{END}")
}

/// A name that can stand in a drawing: on one line, and without the marks.
pub(super) fn clean(name: &str) -> String {
    escaped(name).replace([AT_BAR, AT_AXIS, END], "")
}

/// The drawing with its numbers written; those at bars that are not `is_shown` are left out.
pub(super) fn written(svg: &str, unit: &str, is_shown: &dyn Fn(f64) -> bool, writing: Writing) -> String {
    let mut text = String::with_capacity(svg.len());
    let mut rest = svg;
    while let Some(at) = rest.find([AT_BAR, AT_AXIS]) {
        let (before, marked) = rest.split_at(at);
        text.push_str(before);
        let is_at_axis = marked.starts_with(AT_AXIS);
        let (number, after) = marked.split_once(END).unwrap_or((marked, ""));
        let number = number.trim_start_matches([AT_BAR, AT_AXIS]).replace(',', "");
        if let Ok(number) = number.parse::<f64>()
            && (is_at_axis || is_shown(number))
        {
            text.push_str(&in_words(number, unit, writing));
        }
        rest = after;
    }
    text.push_str(rest);
    text
}

/// `1 234`, `12,5` or `91 %`: at most one decimal, and none where it is nothing.
fn in_words(number: f64, unit: &str, writing: Writing) -> String {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "rounded, and never negative")]
    let tenths = (number.max(0.0) * 10.0).round() as u64;
    let (whole, tenth) = (writing.figures.count(tenths / 10), tenths % 10);
    // Never nothing for something (`LESS_THAN_ONE`), and no more exact than that.
    let number = if (1..5).contains(&tenths) {
        "&lt;1".to_owned()
    } else if tenth == 0 {
        whole
    } else {
        format!("{whole}{}{tenth}", writing.say(',', '.'))
    };
    match unit {
        "%" => format!("{number}{}", writing.say("\u{a0}%", "%")),
        _ => number,
    }
}
