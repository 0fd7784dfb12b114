//! Mistakes in rule and schema files: sources, places and diagnostics, rendered by miette.
//!
//! A [`Diagnostic`] names one mistake: a stable code, a message, one or two labelled places and a help line. Loading
//! and compiling push into [`Diagnostics`] and go on, so that a maintainer sees every mistake at once. Deliberately
//! knows nothing of findings in data, and of failures such as a missing file.

use std::sync::Arc;

use miette::{LabeledSpan, NamedSource, SourceCode};

/// A text file of rules or schemas, shared by all places in it.
#[derive(Clone, Debug)]
pub struct Source {
    named: Arc<NamedSource<String>>,
}

impl Source {
    /// A source called `name` (a path, or `rules/…` for embedded files) with its whole text.
    pub fn new(name: impl AsRef<str>, text: impl Into<String>) -> Self {
        Self { named: Arc::new(NamedSource::new(name, text.into()).with_language("YAML")) }
    }

    /// What the source is called.
    pub fn name(&self) -> &str {
        self.named.name()
    }

    /// Its whole text.
    pub fn text(&self) -> &str {
        self.named.inner()
    }
}

/// A line and a column, both from 1; columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LineColumn {
    /// The line.
    pub line: usize,
    /// The character in it.
    pub column: usize,
}

/// Bytes of a source.
#[derive(Clone, Debug)]
pub struct Place {
    /// The file.
    pub source: Source,
    /// First byte.
    pub offset: usize,
    /// Bytes; 0 is shown as a point.
    pub len: usize,
}

impl Place {
    /// Where it starts.
    pub fn start(&self) -> LineColumn {
        self.line_column(self.offset)
    }

    /// Just behind where it ends.
    pub fn end(&self) -> LineColumn {
        self.line_column(self.offset.saturating_add(self.len))
    }

    /// Where it starts and just behind where it ends, with columns that count UTF-16 code units, as editors do.
    pub fn in_utf16(&self) -> (LineColumn, LineColumn) {
        let counted = |offset: usize| {
            let place = self.line_column(offset);
            let text = self.source.text();
            let before = text.get(..offset).unwrap_or(text);
            let line = &before[before.rfind('\n').map_or(0, |index| index + 1)..];
            LineColumn { column: line.encode_utf16().count() + 1, ..place }
        };
        (counted(self.offset), counted(self.offset.saturating_add(self.len)))
    }

    fn line_column(&self, offset: usize) -> LineColumn {
        let text = self.source.text();
        let before = text.get(..offset).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |index| index + 1);
        LineColumn { line: before.matches('\n').count() + 1, column: before[line_start..].chars().count() + 1 }
    }
}

/// How much a diagnostic weighs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Worth a look; nothing stops.
    Warning,
    /// A mistake: nothing can be done with the files before it is mended.
    #[default]
    Error,
}

impl Weight {
    /// The word used in machine formats.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// One mistake, or something worth a warning.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    code: &'static str,
    weight: Weight,
    message: String,
    place: Option<Place>,
    label: String,
    second: Option<(Place, String)>,
    help: Option<String>,
}

impl Diagnostic {
    /// A mistake with a stable `code` such as `rule::unknown_variable`.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            weight: Weight::Error,
            message: message.into(),
            place: None,
            label: String::new(),
            second: None,
            help: None,
        }
    }

    /// Points at `place`, saying `label` there.
    #[must_use]
    pub fn at(mut self, place: Place, label: impl Into<String>) -> Self {
        self.place = Some(place);
        self.label = label.into();
        self
    }

    /// Points at a second place, where two disagree. Shown as a label where both are in one file.
    #[must_use]
    pub fn and_at(mut self, place: Place, label: impl Into<String>) -> Self {
        self.second = Some((place, label.into()));
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Says what to do, where there is something to say.
    #[must_use]
    pub fn help_if(mut self, help: Option<String>) -> Self {
        self.help = help.or(self.help);
        self
    }

    /// Makes it a warning.
    #[must_use]
    pub fn warning(mut self) -> Self {
        self.weight = Weight::Warning;
        self
    }

    /// How much it matters.
    pub fn weight(&self) -> Weight {
        self.weight
    }

    /// The stable code.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// The main place.
    pub fn place(&self) -> Option<&Place> {
        self.place.as_ref()
    }

    /// What is wrong.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What the main place is said to be.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// The place that disagrees with the main one, and what it is said to be.
    pub fn second(&self) -> Option<(&Place, &str)> {
        self.second.as_ref().map(|(place, label)| (place, label.as_str()))
    }

    /// What to do, if anything is known.
    pub fn advice(&self) -> Option<&str> {
        self.help.as_deref()
    }

    /// Whether it is the same mistake at the same place.
    pub fn is_same(&self, other: &Self) -> bool {
        let place = |diagnostic: &Self| {
            let place = diagnostic.place.as_ref()?;
            Some((place.source.name().to_owned(), place.offset, place.len))
        };
        self.code == other.code && self.message == other.message && place(self) == place(other)
    }
}

impl std::fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Diagnostic {}

impl miette::Diagnostic for Diagnostic {
    fn code<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        Some(Box::new(self.code))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.weight {
            Weight::Warning => miette::Severity::Warning,
            Weight::Error => miette::Severity::Error,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        let elsewhere = self
            .second
            .as_ref()
            .filter(|(second, _)| self.place.as_ref().is_some_and(|place| place.source.name() != second.source.name()));
        match (&self.help, elsewhere) {
            (None, None) => None,
            (Some(help), None) => Some(Box::new(help)),
            (help, Some((second, label))) => {
                let place = format!("{label}: {}:{}", second.source.name(), second.start().line);
                Some(Box::new(help.as_ref().map_or(place.clone(), |help| format!("{help}; {place}"))))
            }
        }
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.place.as_ref().map(|place| place.source.named.as_ref() as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let place = self.place.as_ref()?;
        let first = LabeledSpan::new_primary_with_span(Some(self.label.clone()), (place.offset, place.len));
        let second = self
            .second
            .as_ref()
            .filter(|(second, _)| second.source.name() == place.source.name())
            .map(|(second, label)| LabeledSpan::new_with_span(Some(label.clone()), (second.offset, second.len)));
        Some(Box::new(std::iter::once(first).chain(second)))
    }
}

/// Every mistake found so far.
#[derive(Debug, Default)]
pub struct Diagnostics {
    list: Vec<Diagnostic>,
}

impl Diagnostics {
    /// Adds one.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.list.push(diagnostic);
    }

    /// Adds the mistake of a failed step, or passes its value on.
    pub fn take<T>(&mut self, result: Result<T, Diagnostic>) -> Option<T> {
        result.map_err(|diagnostic| self.push(diagnostic)).ok()
    }

    /// Adds those of another list.
    pub fn append(&mut self, mut other: Self) {
        self.list.append(&mut other.list);
    }

    /// True where there are none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// True where at least one is more than a warning.
    pub fn has_errors(&self) -> bool {
        self.list.iter().any(|diagnostic| diagnostic.weight == Weight::Error)
    }

    /// All of them, ordered by file and place.
    pub fn into_sorted(mut self) -> Vec<Diagnostic> {
        self.list.sort_by_key(|diagnostic| {
            diagnostic.place.as_ref().map(|place| (place.source.name().to_owned(), place.offset))
        });
        self.list
    }
}

/// Renders `diagnostics` as a person reads them, one after another.
pub fn render(diagnostics: &[Diagnostic], color: bool, width: usize) -> String {
    let theme = if color { miette::GraphicalTheme::unicode() } else { miette::GraphicalTheme::unicode_nocolor() };
    let handler = miette::GraphicalReportHandler::new_themed(theme).with_width(width).with_links(false);
    let mut text = String::new();
    for diagnostic in diagnostics {
        // Writing into a string cannot fail.
        let _ = handler.render_report(&mut text, diagnostic);
    }
    text
}

/// The name among `known` that `name` was probably meant to be.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(name, candidate), candidate))
        .filter(|(similarity, _)| *similarity > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

/// A help line `did you mean …`, where a near name exists.
pub fn did_you_mean<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    nearest(name, known).map(|candidate| format!("did you mean `{candidate}`?"))
}
