//! What the program says about failures, in the user's language.

use crate::assets::AssetError;
use crate::model::Language;
use crate::schema::CodelistError;
use crate::submission::InputError;

/// `fel: …` or `error: …`.
pub(super) fn error(language: Language, sv: &str, en: &str) -> String {
    match language {
        Language::Swedish => format!("fel: {sv}"),
        Language::English => format!("error: {en}"),
    }
}

/// A failure to read an input.
pub(super) fn input(language: Language, failure: &InputError) -> String {
    let swedish = match failure {
        InputError::Io { path, source } => format!("`{}` kan inte läsas: {source}", path.display()),
        InputError::NotFound(name) => format!("`{name}` finns inte, varken som fil, mapp eller mönster"),
        InputError::NoSubmissions(path) => format!(
            "`{}` innehåller inga leveranser (filer som slutar på .csv, .txt, .tsv eller .parquet)",
            path.display()
        ),
        InputError::BadPattern { pattern, message } => format!("`{pattern}` är inget giltigt filmönster: {message}"),
        InputError::Empty(path) => format!("`{}` är tom: inte ens en rubrikrad", path.display()),
        InputError::Binary { path, reason } => {
            format!("`{}` är ingen textfil ({}). Spara som CSV (UTF-8) och försök igen", path.display(), reason.sv)
        }
        InputError::DuplicateColumn { path, name, first, second } => {
            format!("`{}`: kolumn {first} och kolumn {second} är båda `{name}`; ta bort den ena", path.display())
        }
        InputError::UnknownHeader { path, detail } => format!(
            "`{}`: ingen insamling har en sådan rubrik ({}). Ange --collection eller rätta rubriken",
            path.display(),
            detail.sv
        ),
        InputError::UnknownCollection { name, known } => format!("okänd insamling `{name}`; de som finns är {known}"),
        InputError::BadOption(message) => message.sv.clone(),
        InputError::Parquet { path, message } => format!("`{}` kan inte läsas som Parquet: {message}", path.display()),
        InputError::BadHeader { path, message } => {
            format!("`{}`: rubriken kan inte läsas: {}", path.display(), message.sv)
        }
        InputError::RecordTooLong { path, line, limit } => {
            format!("`{}`: posten på rad {line} är längre än {limit} byte", path.display())
        }
        InputError::Interrupted => "avbruten".to_owned(),
        InputError::Consumer(cause) => cause.to_string(),
    };
    error(language, &swedish, &failure.to_string())
}

/// A failure to read rules or schemas.
pub(super) fn asset(language: Language, failure: &AssetError) -> String {
    let swedish = match failure {
        AssetError::Io { path, source } => format!("`{}` kan inte läsas: {source}", path.display()),
        AssetError::NotUtf8 { path, byte } => format!("`{}` är inte UTF-8: byte {byte} kan inte läsas", path.display()),
        AssetError::NothingThere(path) => format!("`{}` innehåller inga .yaml- eller .csv-filer", path.display()),
    };
    error(language, &swedish, &failure.to_string())
}

/// A failure to read a code list.
pub(super) fn codelist(language: Language, failure: &CodelistError) -> String {
    let swedish = match failure {
        CodelistError::Io { path, source } => format!("kodverket `{path}` kan inte läsas: {source}"),
        CodelistError::Malformed { name, message } => format!("kodverket `{name}`: {message}"),
    };
    error(language, &swedish, &failure.to_string())
}
