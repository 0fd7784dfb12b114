//! Which variable a column holds, and which collection a header belongs to.

use std::collections::HashMap;
use std::path::Path;

use crate::model::{Text, VariableIndex};
use crate::schema::{Collection, Schemas};
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
    let collection = match stated(schemas, options)? {
        Some(collection) => {
            let fit = Fit::new(collection, names, options);
            if fit.known == 0 {
                return Err(unknown(Text::new(
                    format!("`{}` känner inte igen någon av dess kolumner", collection.id),
                    format!("`{}` knows none of its columns", collection.id),
                )));
            }
            collection
        }
        None => choose(names, schemas, options).map_err(unknown)?,
    };
    let lookup = Lookup::new(collection, options);
    let variables: Vec<Option<VariableIndex>> = names.iter().map(|name| lookup.find(name)).collect();

    let duplicate = |name: &str, first: usize, second: usize| InputError::DuplicateColumn {
        path: path.to_path_buf(),
        name: name.to_owned(),
        first: first + 1,
        second: second + 1,
    };
    let mut column_of = vec![None; collection.variables.len()];
    let mut unknown_names = HashMap::new();
    for (column, (name, variable)) in names.iter().zip(&variables).enumerate() {
        if let Some(variable) = variable {
            if let Some(first) = column_of[variable.0].replace(column) {
                return Err(duplicate(&collection.get(*variable).id, first, column));
            }
        } else if !name.is_empty()
            && let Some(first) = unknown_names.insert(name.as_str(), column)
        {
            return Err(duplicate(name, first, column));
        }
    }
    for (name, id) in &options.columns {
        if let Some(variable) = collection.variable(id)
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
            variable,
            nearest: if variable.is_some() { None } else { nearest(name, collection, &column_of) },
        })
        .collect();
    Ok(Identified {
        header,
        column_of,
        collection: collection.id.clone(),
        collection_source: if options.collection.is_none() {
            CollectionSource::Header
        } else {
            options.collection_source
        },
    })
}

/// How many of `names` the collection that knows most of them knows; of the stated one, where one is stated.
///
/// # Errors
/// If the stated collection does not exist.
pub(super) fn most_known(names: &[String], schemas: &Schemas, options: &ReadOptions) -> Result<usize, InputError> {
    if let Some(collection) = stated(schemas, options)? {
        return Ok(Fit::new(collection, names, options).known);
    }
    let known = schemas.collections.values().map(|collection| Fit::new(collection, names, options).known).max();
    Ok(known.unwrap_or(0))
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

/// Every variable that an option names exists somewhere.
fn check_overrides(schemas: &Schemas, options: &ReadOptions) -> Result<(), InputError> {
    for (name, id) in &options.columns {
        if !schemas.collections.values().any(|collection| collection.variable(id).is_some()) {
            let ids = schemas.collections.values().flat_map(|collection| &collection.variables);
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
    /// Variables that have a column.
    known: usize,
    /// Columns without a variable, those without a name excepted.
    unknown: usize,
    /// Variables without a column.
    missing: usize,
    /// Why it is not a candidate.
    refused: Option<Text>,
}

impl<'a> Fit<'a> {
    fn new(collection: &'a Collection, names: &[String], options: &ReadOptions) -> Self {
        let lookup = Lookup::new(collection, options);
        let mut present = vec![false; collection.variables.len()];
        let mut unknown = 0;
        for name in names.iter().filter(|name| !name.is_empty()) {
            match lookup.find(name) {
                Some(variable) => present[variable.0] = true,
                None => unknown += 1,
            }
        }
        let id = |variable: &VariableIndex| &collection.get(*variable).id;
        let detect = &collection.detect;
        let refused = if detect.only_when_named {
            Some(Text::new(
                "tas bara när den anges med `--collection`",
                "is only taken when stated with `--collection`",
            ))
        } else if let Some(variable) = detect.has.iter().find(|variable| !present[variable.0]) {
            Some(Text::new(
                format!("kräver en kolumn `{}`", id(variable)),
                format!("needs a column `{}`", id(variable)),
            ))
        } else {
            let unwanted = detect.lacks.iter().find(|variable| present[variable.0]);
            unwanted.map(|variable| {
                Text::new(format!("har ingen kolumn `{}`", id(variable)), format!("has no column `{}`", id(variable)))
            })
        };
        let known = present.iter().filter(|present| **present).count();
        Self { collection, known, unknown, missing: present.len() - known, refused }
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
fn choose<'a>(names: &[String], schemas: &'a Schemas, options: &ReadOptions) -> Result<&'a Collection, Text> {
    let fits: Vec<Fit<'a>> =
        schemas.collections.values().map(|collection| Fit::new(collection, names, options)).collect();
    let candidates = fits.iter().filter(|fit| fit.refused.is_none() && fit.is_enough());
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
    Ok(best.collection)
}

fn describe(names: &[String], mut fits: Vec<Fit<'_>>) -> Text {
    // Stable: equals stay in the order of their ids.
    fits.sort_by_key(|fit| std::cmp::Reverse(fit.rank()));
    let n_columns = names.iter().filter(|name| !name.is_empty()).count();
    let (mut sv, mut en) = (Vec::new(), Vec::new());
    for fit in fits.iter().filter(|fit| fit.known > 0).take(SHOWN_CANDIDATES) {
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
