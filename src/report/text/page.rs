//! A page of text being written: wrapping, indentation, colours, and the words that every section needs.

use crate::model::{Language, Severity, Text};
use crate::report::ReportOptions;
use crate::report::figures::Figures;
use crate::rule::Rule;
use crate::time::format_day;

/// Columns of one step of indentation.
const INDENT: usize = 2;

/// The narrowest page: below it wrapping makes text worse, not better.
const LEAST_WIDTH: usize = 40;

/// A space at which a line is broken only where the words it joins do not fit on a line of their own. No text from
/// outside has it: control characters are escaped.
pub(in crate::report) const GLUE: char = '\u{1f}';

/// Between columns of a table.
pub(in crate::report) const GAP: &str = "  ";

/// Text so far, and how it is written.
pub(in crate::report) struct Page {
    text: String,
    pub(in crate::report) width: usize,
    color: bool,
    pub(in crate::report) figures: Figures,
}

/// What a colour stands for. The words say the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::report) enum Tone {
    /// Headings and names.
    Strong,
    /// Passed.
    Good,
    /// Passed, but.
    Doubtful,
    /// Not passed, errors.
    Bad,
}

impl Page {
    /// An empty page.
    pub(in crate::report) fn new(options: &ReportOptions) -> Self {
        Self {
            text: String::new(),
            width: options.width.max(LEAST_WIDTH),
            color: options.color,
            figures: Figures::new(options.language),
        }
    }

    /// The same for words that stand on an HTML page.
    pub(in crate::report) fn of_page(options: &ReportOptions) -> Self {
        Self { figures: Figures::of_page(options.language), ..Self::new(options) }
    }

    pub(in crate::report) fn into_text(self) -> String {
        self.text
    }

    /// The words of the page's language.
    pub(in crate::report) fn say<'a>(&self, sv: &'a str, en: &'a str) -> &'a str {
        self.figures.language.pick(sv, en)
    }

    /// A text of the rule set or schema, in the page's language.
    pub(in crate::report) fn text_of<'a>(&self, text: &'a Text) -> &'a str {
        text.get(self.figures.language)
    }

    /// Colours `text`, if the page may.
    pub(in crate::report) fn paint(&self, tone: Tone, text: &str) -> String {
        if !self.color {
            return text.to_owned();
        }
        let code = match tone {
            Tone::Strong => "1",
            Tone::Good => "1;32",
            Tone::Doubtful => "1;33",
            Tone::Bad => "1;31",
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }

    /// An empty line.
    pub(in crate::report) fn blank(&mut self) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
    }

    /// A heading, after an empty line.
    pub(in crate::report) fn heading(&mut self, text: &str) {
        self.blank();
        let text = self.paint(Tone::Strong, text);
        self.paragraph(0, &text);
    }

    /// The head of a part with headings of its own, underlined.
    pub(in crate::report) fn title(&mut self, text: &str) {
        self.heading(text);
        let line = "─".repeat(width_of(text).min(self.width));
        self.line(&line);
    }

    /// Text wrapped to the width; lines after the first stand one step further in.
    pub(in crate::report) fn paragraph(&mut self, level: usize, text: &str) {
        self.hanging(level * INDENT, (level + 1) * INDENT, text);
    }

    /// Text wrapped to the width, the first line at column `first`, the others at column `rest`.
    pub(in crate::report) fn hanging(&mut self, first: usize, rest: usize, text: &str) {
        let mut column = 0;
        // Not every white space: a non-breaking one is there to keep a figure together.
        for word in text.split([' ', '\n', '\t']).filter(|word| !word.is_empty()) {
            if rest + width_of(word) <= self.width {
                self.word(&mut column, first, rest, word);
            } else {
                for part in word.split(GLUE) {
                    self.word(&mut column, first, rest, part);
                }
            }
        }
        self.text.push('\n');
    }

    fn word(&mut self, column: &mut usize, first: usize, rest: usize, word: &str) {
        let width = width_of(word);
        if *column == 0 {
            self.spaces(first);
            *column = first;
        } else if *column + 1 + width > self.width {
            self.text.push('\n');
            self.spaces(rest);
            *column = rest;
        } else {
            self.text.push(' ');
            *column += 1;
        }
        self.text.extend(word.chars().map(|character| if character == GLUE { ' ' } else { character }));
        *column += width;
    }

    /// A line as it is.
    pub(in crate::report) fn line(&mut self, text: &str) {
        self.text.push_str(text.trim_end_matches(' '));
        self.text.push('\n');
    }

    /// Rows under their headings: the first column to the left, the others to the right.
    pub(in crate::report) fn grid(&mut self, rows: &[Vec<String>]) {
        let n_columns = rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| width_of(cell)).max();
        let widths: Vec<usize> = (0..n_columns).map(|column| width(column).unwrap_or(0)).collect();
        for row in rows {
            let mut line = String::new();
            for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
                line.push_str(GAP);
                line.push_str(&if column == 0 { left(cell, *width) } else { right(cell, *width) });
            }
            self.line(&line);
        }
    }

    fn spaces(&mut self, n: usize) {
        self.text.extend(std::iter::repeat_n(' ', n));
    }

    /// `1 post`, `2 poster`: the number with its word, singular or plural.
    pub(in crate::report) fn counted(&self, n: u64, sv: [&str; 2], en: [&str; 2]) -> String {
        let [one, many] = match self.figures.language {
            Language::Swedish => sv,
            Language::English => en,
        };
        format!("{} {}", self.figures.count(n), if n == 1 { one } else { many })
    }

    pub(in crate::report) fn records(&self, n: u64) -> String {
        self.counted(n, ["post", "poster"], ["record", "records"])
    }

    pub(in crate::report) fn rules(&self, n: usize) -> String {
        self.counted(n as u64, ["regel", "regler"], ["rule", "rules"])
    }

    /// `23 av 1 000 poster (2,3 %)`.
    pub(in crate::report) fn part(&self, n: u64, of: u64) -> String {
        self.part_of(n, of, None)
    }

    /// The same, of groups where `unit` is what they are called.
    pub(in crate::report) fn part_of(&self, n: u64, of: u64, unit: Option<&Text>) -> String {
        let all = match unit {
            Some(unit) => format!("{} {}", self.figures.count(of), self.text_of(unit)),
            None => self.records(of),
        };
        let of_all = format!("{} {} {all}", self.figures.count(n), self.say("av", "of"));
        match self.figures.share(n, of) {
            Some(share) => format!("{of_all} ({share})"),
            None => of_all,
        }
    }

    /// A rule's id, and of a dated rule its days: `SVG-0305 (gäller från 2022-01-01)`.
    pub(in crate::report) fn rule_name(&self, rule: &Rule) -> String {
        let days = rule.valid.map(|valid| (valid.from.map(format_day), valid.until.map(format_day)));
        let (from, to) = (self.say("gäller från", "valid from"), self.say("gäller till och med", "valid until"));
        let words = match days {
            Some((Some(first), Some(last))) => {
                format!("{} {first}{GLUE}–{GLUE}{last}", self.say("gäller", "valid"))
            }
            Some((Some(first), None)) => format!("{from} {first}"),
            Some((None, Some(last))) => format!("{to} {last}"),
            Some((None, None)) | None => return rule.id.0.clone(),
        };
        // Kept on one line where it fits.
        format!("{} ({words})", rule.id).replace(' ', &GLUE.to_string())
    }

    /// The severity as a word, in lower case.
    pub(in crate::report) fn severity(&self, severity: Severity) -> &'static str {
        severity.word(self.figures.language)
    }

    /// `3 fel`, `1 varning`, `2 upplysningar`.
    pub(in crate::report) fn severity_counted(&self, severity: Severity, n: u64) -> String {
        match severity {
            Severity::Error => self.counted(n, ["fel", "fel"], ["error", "errors"]),
            Severity::Warning => self.counted(n, ["varning", "varningar"], ["warning", "warnings"]),
            Severity::Note => self.counted(n, ["upplysning", "upplysningar"], ["note", "notes"]),
        }
    }
}

/// Columns that `word` takes on a terminal: its characters without colours. Wide and combining characters, which no
/// Swedish text needs, are counted as one.
pub(in crate::report) fn width_of(word: &str) -> usize {
    let mut width = 0;
    let mut in_color = false;
    for character in word.chars() {
        match character {
            '\u{1b}' => in_color = true,
            'm' if in_color => in_color = false,
            _ if in_color => {}
            _ => width += 1,
        }
    }
    width
}

/// `text` followed by spaces up to `width` columns.
pub(in crate::report) fn left(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(width_of(text))))
}

/// `text` after spaces up to `width` columns.
pub(in crate::report) fn right(text: &str, width: usize) -> String {
    format!("{}{text}", " ".repeat(width.saturating_sub(width_of(text))))
}
