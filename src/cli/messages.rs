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
    let text = failure.text();
    error(language, &text.sv, &text.en)
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
