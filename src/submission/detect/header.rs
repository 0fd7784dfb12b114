//! Which variable a column holds, and which collection a header belongs to.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use crate::model::{Text, VariableIndex};
use crate::schema::layout::EventColumn;
use crate::schema::{Collection, Layout, Schemas};
use crate::submission::{CollectionSource, HeaderColumn, InputError, ReadOptions};

/// Two names at least this alike (of 1) are worth a "did you mean": one letter in three may be wrong.
const ALIKE: f64 = 0.66;

/// A header with this many known columns is never taken for another kind of file.
const ENOUGH_KNOWN: usize = 3;

/// Candidates shown when no collection fits.
const SHOWN_CANDIDATES: usize = 3;

/// A header of a known collection.
#[derive(Debug)]
pub(in crate::submission) struct Identified {
    /// Physical columns.
    pub(in crate::submission) header: Vec<HeaderColumn>,
    /// Variable → physical column.
    pub(in crate::submission) column_of: Vec<Option<usize>>,
    /// The layout of its rows, if they are no records.
    pub(in crate::submission) layout: Option<usize>,
    /// Column of the layout → physical column.
    pub(in crate::submission) row_column_of: Vec<Option<usize>>,
    /// The collection's id.
    pub(in crate::submission) collection: String,
    /// Whether it was detected rather than stated.
    pub(in crate::submission) collection_source: CollectionSource,
}

/// What remains of a column's name when spelling habits are taken away: lower case, letters without their marks,
/// nothing but `a`–`z` and `0`–`9`.
pub fn normalise(name: &str) -> String {
    let mut plain = String::with_capacity(name.len());
    for c in name.chars().flat_map(char::to_lowercase) {
        match c {
            'a'..='z' | '0'..='9' => plain.push(c),
            'à'..='å' => plain.push('a'),
            'æ' => plain.push_str("ae"),
            'ç' => plain.push('c'),
            'è'..='ë' => plain.push('e'),
            'ì'..='ï' => plain.push('i'),
            'ñ' => plain.push('n'),
            'ò'..='ö' | 'ø' => plain.push('o'),
            'ù'..='ü' => plain.push('u'),
            'ý' | 'ÿ' => plain.push('y'),
            'ß' => plain.push_str("ss"),
            _ => {}
        }
    }
    plain
}

/// Maps `names` to the variables of the stated collection, or of the one they fit best.
///
/// # Errors
/// If no collection fits or several do equally, or a variable has two columns.
pub(in crate::submission) fn identify(
    path: &Path,
    names: &[String],
    schemas: &Schemas,
    options: &ReadOptions,
) -> Result<Identified, InputError> {
    check_overrides(schemas, options)?;
    let unknown = |detail: Text| InputError::UnknownHeader { path: path.to_path_buf(), detail };
    let (collection, layout) = match stated(schemas, options)? {
        Some(collection) => {
            let fits = fits_of(collection, names, options);
            // Whether it would be detected does not matter.
            let best = fits.into_iter().filter(|fit| fit.is_possible).max_by_key(Fit::rank).filter(|fit| fit.known > 0);
            let Some(best) = best else {
                return Err(unknown(Text::new(
                    format!("`{}` känner inte igen någon av dess kolumner", collection.id),
                    format!("`{}` knows none of its columns", collection.id),
                )));
            };
            (collection, best.layout)
        }
        None => choose(names, schemas, options).map_err(unknown)?,
    };
    let columns = collection.columns_of(layout);
    let lookup = Lookup::new(columns, options);
    let variables: Vec<Option<VariableIndex>> = names.iter().map(|name| lookup.find(name)).collect();

    let duplicate = |name: &str, first: usize, second: usize| InputError::DuplicateColumn {
        path: path.to_path_buf(),
        name: name.to_owned(),
        first: first + 1,
        second: second + 1,
    };
    let mut column_of = vec![None; columns.variables.len()];
    let mut unknown_names = HashMap::new();
    for (column, (name, variable)) in names.iter().zip(&variables).enumerate() {
        if let Some(variable) = variable {
            if let Some(first) = column_of[variable.0].replace(column) {
                return Err(duplicate(&columns.get(*variable).id, first, column));
            }
        } else if !name.is_empty()
            && let Some(first) = unknown_names.insert(name.as_str(), column)
        {
            return Err(duplicate(name, first, column));
        }
    }
    for (name, id) in &options.columns {
        if let Some(variable) = columns.variable(id)
            && column_of[variable.0].is_none()
        {
            let message = Text::new(
                format!("`{}`: ingen kolumn `{name}` finns som kan vara `{id}`", path.display()),
                format!("`{}`: has no column `{name}` to hold `{id}`", path.display()),
            );
            return Err(InputError::BadOption(message));
        }
    }
    let header = names
        .iter()
        .zip(variables)
        .map(|(name, variable)| HeaderColumn {
            name: name.clone(),
            variable: variable.map(|variable| columns.get(variable).id.clone()),
            nearest: if variable.is_some() { None } else { nearest(name, columns, &column_of) },
        })
        .collect();
    let (column_of, row_column_of) = match layout.and_then(|layout| collection.layouts.get(layout)) {
        None => (column_of, Vec::new()),
        Some(layout) => (columns_of_variables(layout, &column_of), column_of),
    };
    Ok(Identified {
        header,
        column_of,
        layout,
        row_column_of,
        collection: collection.id.clone(),
        collection_source: if options.collection.is_none() {
            CollectionSource::Header
        } else {
            options.collection_source
        },
    })
}

/// Variable → physical column, given those of a layout's row: of a variable that event columns give, the first of those,
/// if what it is made of has columns, too.
fn columns_of_variables(layout: &Layout, row_column_of: &[Option<usize>]) -> Vec<Option<usize>> {
    let physical = |column: VariableIndex| row_column_of[column.0];
    let of_event = |variable: VariableIndex| {
        let gives = |event: &&EventColumn| {
            let set = event.set.iter().find(|(set, _)| *set == variable);
            event.value == variable || set.is_some_and(|(_, text)| text.columns().all(|part| physical(part).is_some()))
        };
        layout.events.iter().filter(gives).filter_map(|event| physical(event.column)).min()
    };
    let of = |(index, shared): (usize, &Option<VariableIndex>)| match shared {
        Some(column) => physical(*column),
        None => of_event(VariableIndex(index)),
    };
    layout.shared.iter().enumerate().map(of).collect()
}

/// How many of `names` the collection that knows most of them knows; of the stated one, where one is stated.
///
/// # Errors
/// If the stated collection does not exist.
pub(super) fn most_known(names: &[String], schemas: &Schemas, options: &ReadOptions) -> Result<usize, InputError> {
    if let Some(collection) = stated(schemas, options)? {
        return Ok(fits_of(collection, names, options).iter().map(|fit| fit.known).max().unwrap_or(0));
    }
    let fits = schemas.collections.values().flat_map(|collection| fits_of(collection, names, options));
    Ok(fits.map(|fit| fit.known).max().unwrap_or(0))
}

/// The collection that the user names.
fn stated<'a>(schemas: &'a Schemas, options: &ReadOptions) -> Result<Option<&'a Collection>, InputError> {
    let Some(name) = &options.collection else {
        return Ok(None);
    };
    let plain = normalise(name);
    let found = schemas.collections.get(name).or_else(|| {
        let mut alike = schemas.collections.values().filter(|collection| normalise(&collection.id) == plain);
        alike.next().filter(|_| alike.next().is_none())
    });
    match found {
        Some(collection) => Ok(Some(collection)),
        None => Err(InputError::UnknownCollection {
            name: name.clone(),
            known: schemas.collections.keys().map(|id| format!("`{id}`")).collect::<Vec<_>>().join(", "),
        }),
    }
}

/// Every variable that an option names exists somewhere, be it as a column of a layout.
fn check_overrides(schemas: &Schemas, options: &ReadOptions) -> Result<(), InputError> {
    let rows = |collection: &'_ Arc<Collection>| -> Vec<Arc<Collection>> {
        std::iter::once(collection).chain(collection.layouts.iter().map(|layout| &layout.row)).cloned().collect()
    };
    let all: Vec<Arc<Collection>> = schemas.collections.values().flat_map(rows).collect();
    for (name, id) in &options.columns {
        if !all.iter().any(|collection| collection.variable(id).is_some()) {
            let ids = all.iter().flat_map(|collection| &collection.variables);
            let nearest = best_of(&normalise(id), ids.map(|variable| (normalise(&variable.id), variable.id.as_str())));
            let hint = |words: &str| nearest.map_or_else(String::new, |nearest| format!("; {words} `{nearest}`?"));
            let message = Text::new(
                format!(
                    "kolumnen `{name}` kan inte vara `{id}`: ingen insamling har den variabeln{}",
                    hint("menade du")
                ),
                format!(
                    "column `{name}` cannot hold `{id}`: no collection has such a variable{}",
                    hint("did you mean")
                ),
            );
            return Err(InputError::BadOption(message));
        }
    }
    Ok(())
}

/// How a collection fits a header.
struct Fit<'a> {
    collection: &'a Collection,
    /// As rows of this layout; `None` as records.
    layout: Option<usize>,
    /// Variables, or columns of the layout, that have a column.
    known: usize,
    /// Columns without a variable, those without a name excepted.
    unknown: usize,
    /// Variables without a column.
    missing: usize,
    /// Whether the file can be so at all, if only it is said to be: rows of a layout have a column that becomes a record.
    is_possible: bool,
    /// Why it is not a candidate.
    refused: Option<Text>,
}

/// How a collection fits a header: as records, and as rows of each of its layouts.
fn fits_of<'a>(collection: &'a Collection, names: &[String], options: &ReadOptions) -> Vec<Fit<'a>> {
    let layouts = (0..collection.layouts.len()).map(Some);
    std::iter::once(None).chain(layouts).map(|layout| Fit::new(collection, layout, names, options)).collect()
}

impl<'a> Fit<'a> {
    fn new(collection: &'a Collection, layout: Option<usize>, names: &[String], options: &ReadOptions) -> Self {
        let columns = collection.columns_of(layout);
        let lookup = Lookup::new(columns, options);
        let mut present = vec![false; columns.variables.len()];
        let mut unknown = 0;
        for name in names.iter().filter(|name| !name.is_empty()) {
            match lookup.find(name) {
                Some(variable) => present[variable.0] = true,
                None => unknown += 1,
            }
        }
        let known = present.iter().filter(|present| **present).count();
        let missing = present.len() - known;
        let rows = layout.and_then(|layout| collection.layouts.get(layout));
        let is_possible = rows.is_none_or(|rows| rows.events.iter().any(|event| present[event.column.0]));
        let refused = Self::refused(collection, rows, &present);
        Self { collection, layout, known, unknown, missing, is_possible, refused }
    }

    /// Why a header of these columns is not detected as of this collection.
    fn refused(collection: &Collection, layout: Option<&Layout>, present: &[bool]) -> Option<Text> {
        let detect = &collection.detect;
        if detect.only_when_named {
            return Some(Text::new(
                "tas bara när den anges med `--collection`",
                "is only taken when stated with `--collection`",
            ));
        }
        // What a row does not share, its event columns give.
        let is_present = |variable: &VariableIndex, otherwise: bool| match layout {
            None => present[variable.0],
            Some(layout) => layout.shared[variable.0].map_or(otherwise, |column| present[column.0]),
        };
        let id = |variable: &VariableIndex| &collection.get(*variable).id;
        if let Some(variable) = detect.has.iter().find(|variable| !is_present(variable, true)) {
            return Some(Text::new(
                format!("kräver en kolumn `{}`", id(variable)),
                format!("needs a column `{}`", id(variable)),
            ));
        }
        let unwanted = detect.lacks.iter().find(|variable| is_present(variable, false));
        unwanted.map(|variable| {
            Text::new(format!("har ingen kolumn `{}`", id(variable)), format!("has no column `{}`", id(variable)))
        })
    }

    /// Better is greater.
    fn rank(&self) -> (usize, std::cmp::Reverse<usize>, std::cmp::Reverse<usize>) {
        (self.known, std::cmp::Reverse(self.unknown), std::cmp::Reverse(self.missing))
    }

    /// Whether enough of the header is known to say that it is this collection's.
    fn is_enough(&self) -> bool {
        self.known > 0 && (self.known >= ENOUGH_KNOWN || self.known >= self.unknown || self.missing == 0)
    }
}

/// The collection that fits `names` best, or why there is none. Names of columns are not shown: what looks like a
/// header may be the first record of a file without one.
fn choose<'a>(
    names: &[String],
    schemas: &'a Schemas,
    options: &ReadOptions,
) -> Result<(&'a Collection, Option<usize>), Text> {
    let fits: Vec<Fit<'a>> =
        schemas.collections.values().flat_map(|collection| fits_of(collection, names, options)).collect();
    let candidates = fits.iter().filter(|fit| fit.is_possible && fit.refused.is_none() && fit.is_enough());
    let Some(best) = candidates.clone().max_by_key(|fit| fit.rank()) else {
        return Err(describe(names, fits));
    };
    let equals: Vec<_> = candidates.filter(|fit| fit.rank() == best.rank()).collect();
    if equals.len() > 1 {
        let ids: Vec<_> = equals.iter().map(|fit| format!("`{}`", fit.collection.id)).collect();
        return Err(Text::new(
            format!("{} passar lika bra: ange en med `--collection`", ids.join(" och ")),
            format!("{} fit equally well: state one with `--collection`", ids.join(" and ")),
        ));
    }
    Ok((best.collection, best.layout))
}

fn describe(names: &[String], mut fits: Vec<Fit<'_>>) -> Text {
    // Stable: equals stay in the order of their ids.
    fits.sort_by_key(|fit| std::cmp::Reverse(fit.rank()));
    let n_columns = names.iter().filter(|name| !name.is_empty()).count();
    let (mut sv, mut en) = (Vec::new(), Vec::new());
    for fit in fits.iter().filter(|fit| fit.known > 0 && fit.is_possible).take(SHOWN_CANDIDATES) {
        let (id, known) = (&fit.collection.id, fit.known);
        let but =
            |word: &str, reason: &str| if reason.is_empty() { String::new() } else { format!(" {word} {reason}") };
        let refused = fit.refused.clone().unwrap_or_default();
        sv.push(format!("`{id}` känner igen {known} av {n_columns} kolumner{}", but("men", &refused.sv)));
        en.push(format!("`{id}` knows {known} of {n_columns} columns{}", but("but", &refused.en)));
    }
    if en.is_empty() {
        let (columns_sv, columns_en) = if n_columns == 1 {
            ("den enda kolumnen".to_owned(), "the only column".to_owned())
        } else {
            (format!("någon av de {n_columns} kolumnerna"), format!("any of the {n_columns} columns"))
        };
        return Text::new(
            format!("ingen insamling känner igen {columns_sv}; är första raden en rubrik?"),
            format!("no collection knows {columns_en}; is the first line a header?"),
        );
    }
    Text::new(sv.join("; "), en.join("; "))
}

/// Finds a collection's variables by the names of columns.
struct Lookup {
    /// By name as written in an option.
    exact: HashMap<String, VariableIndex>,
    /// By normalised name.
    normalised: HashMap<String, VariableIndex>,
}

impl Lookup {
    fn new(collection: &Collection, options: &ReadOptions) -> Self {
        let mut exact = HashMap::new();
        let mut normalised = HashMap::new();
        let mut add = |name: &str, variable| {
            let name = normalise(name);
            if !name.is_empty() {
                normalised.entry(name).or_insert(variable);
            }
        };
        for (name, id) in &options.columns {
            if let Some(variable) = collection.variable(id) {
                exact.entry(name.trim().to_owned()).or_insert(variable);
                add(name, variable);
            }
        }
        // Where one variable's name is another's alias, the more precise kind of name decides.
        let variables = || (0..).map(VariableIndex).zip(&collection.variables);
        variables().for_each(|(index, variable)| add(&variable.id, index));
        variables().for_each(|(index, variable)| variable.aliases.iter().for_each(|alias| add(alias, index)));
        variables().for_each(|(index, variable)| add(&variable.name.sv, index));
        variables().for_each(|(index, variable)| add(&variable.name.en, index));
        Self { exact, normalised }
    }

    fn find(&self, name: &str) -> Option<VariableIndex> {
        self.exact.get(name).or_else(|| self.normalised.get(&normalise(name))).copied()
    }
}

/// The id of the variable without a column that `name` may have been meant for.
fn nearest(name: &str, collection: &Collection, column_of: &[Option<usize>]) -> Option<String> {
    let absent = collection.variables.iter().zip(column_of).filter(|(_, column)| column.is_none());
    let spellings = absent.flat_map(|(variable, _)| {
        let names = [&variable.id, &variable.name.sv, &variable.name.en];
        names.into_iter().chain(&variable.aliases).map(|name| (normalise(name), variable.id.as_str()))
    });
    best_of(&normalise(name), spellings).map(str::to_owned)
}

/// What goes with the spelling most like `name`; the first of equals.
fn best_of<'a>(name: &str, spellings: impl Iterator<Item = (String, &'a str)>) -> Option<&'a str> {
    let mut best = None;
    let mut most = ALIKE;
    for (spelling, id) in spellings {
        let alike = strsim::normalized_damerau_levenshtein(name, &spelling);
        if alike > most {
            (best, most) = (Some(id), alike);
        }
    }
    best
}
