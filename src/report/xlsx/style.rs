//! How cells look, and how numbers and points in time are shown.
//!
//! Colours repeat what words say, never alone. A format is the same for the same look and kind, so that a workbook holds few.

use rust_xlsxwriter::{Color, Format, FormatAlign, FormatBorder};

use crate::model::Language;

/// What a cell is to the reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::report) enum Look {
    /// Nothing in particular.
    Plain,
    /// Text that may take several lines.
    Wrapped,
    /// The head of a sheet.
    Title,
    /// A heading, or a name.
    Strong,
    /// The head of a column.
    Header,
    /// A value to correct.
    Faulty,
    /// Passed.
    Good,
    /// Passed, but.
    Doubtful,
    /// Not passed, errors.
    Bad,
}

/// What a cell holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::report) enum Kind {
    /// A value or a name: stays text when somebody edits the cell, too.
    Text,
    /// Sentences, and text that is too long for Excel to show in a cell that must stay text.
    Prose,
    /// Text that Excel would take for a formula, were it typed.
    Quoted,
    /// How many.
    Count,
    /// A number to look up rather than to grasp: without separators.
    Number,
    /// A number with two decimals.
    Decimal,
    /// A share, with one decimal.
    Share,
    /// A share of nothing, or of all.
    WholeShare,
    /// A share that would be shown as nothing, though it is not.
    LeastShare,
    /// A share that would be shown as all, though it is not.
    GreatestShare,
    /// A day.
    Day,
    /// A point in time, to the minute.
    Minutes,
    /// The same, to the second.
    Seconds,
    /// A link to another sheet.
    Link,
}

/// Dark blue, of heads.
const HEAD: Color = Color::RGB(0x1F_3864);
/// Light blue, behind the heads of columns.
const BEHIND_HEADER: Color = Color::RGB(0xDD_E6F3);
/// Light red, behind values to correct.
const BEHIND_FAULTY: Color = Color::RGB(0xFD_E9E7);
const GOOD: Color = Color::RGB(0x1E_6B34);
const DOUBTFUL: Color = Color::RGB(0x8A_5A00);
const BAD: Color = Color::RGB(0xA6_1B12);
const LINK: Color = Color::RGB(0x0B_57A4);

/// The format of a cell.
pub(super) fn format(look: Look, kind: Kind, language: Language) -> Format {
    let format = Format::new().set_align(FormatAlign::Top);
    let format = match look {
        Look::Plain => format,
        Look::Wrapped => format.set_text_wrap(),
        Look::Title => format.set_bold().set_font_size(14).set_font_color(HEAD),
        Look::Strong => format.set_bold(),
        Look::Header => format
            .set_bold()
            .set_text_wrap()
            .set_font_color(HEAD)
            .set_background_color(BEHIND_HEADER)
            .set_border_bottom(FormatBorder::Thin),
        Look::Faulty => format.set_background_color(BEHIND_FAULTY),
        Look::Good => format.set_bold().set_font_size(12).set_font_color(GOOD),
        Look::Doubtful => format.set_bold().set_font_size(12).set_font_color(DOUBTFUL),
        Look::Bad => format.set_bold().set_font_size(12).set_font_color(BAD),
    };
    match kind {
        Kind::Prose => format,
        Kind::Text => format.set_num_format("@"),
        Kind::Quoted => format.set_num_format("@").set_quote_prefix(),
        Kind::Count => format.set_num_format("#,##0"),
        Kind::Number => format.set_num_format("0"),
        Kind::Decimal => format.set_num_format("#,##0.00"),
        Kind::Share => format.set_num_format(language.pick("0.0\u{a0}%", "0.0%")),
        Kind::WholeShare => format.set_num_format(language.pick("0\u{a0}%", "0%")),
        // Words instead of the number, which is there all the same.
        Kind::LeastShare => format.set_num_format(language.pick("\"<0,1\u{a0}%\"", "\"<0.1%\"")),
        Kind::GreatestShare => format.set_num_format(language.pick("\">99,9\u{a0}%\"", "\">99.9%\"")),
        Kind::Day => format.set_num_format("yyyy-mm-dd"),
        Kind::Minutes => format.set_num_format("yyyy-mm-dd hh:mm"),
        Kind::Seconds => format.set_num_format("yyyy-mm-dd hh:mm:ss"),
        Kind::Link => format.set_font_color(LINK).set_underline(rust_xlsxwriter::FormatUnderline::Single),
    }
}
