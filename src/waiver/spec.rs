//! A waiver file as written: every leaf that a person may get wrong with its place, unknown keys refused.

use serde::{Deserialize, Deserializer};

use crate::model::Text;
use crate::schema::spec::TextSpec;
use crate::yaml::{self, ShortForm, Spanned};

/// `--waivers FILE`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WaiverFileSpec {
    pub(super) waivers: Vec<WaiverSpec>,
}

/// One waiver.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WaiverSpec {
    pub(super) rule: Spanned<String>,
    pub(super) reporter: Option<Spanned<String>>,
    pub(super) variable: Option<Spanned<String>>,
    pub(super) collection: Option<Spanned<String>>,
    pub(super) owner: Spanned<String>,
    pub(super) reason: Spanned<ReasonSpec>,
    pub(super) until: Spanned<String>,
}

/// A reason: one text, or one in each language.
#[derive(Clone, Debug)]
pub(super) struct ReasonSpec(pub(super) Text);

impl<'de> Deserialize<'de> for ReasonSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        yaml::short_or_long(deserializer)
    }
}

impl ShortForm for ReasonSpec {
    type Long = TextSpec;
    const EXPECTED: &'static str = "a text, or a map with `sv` and `en`";

    fn from_word(word: String) -> Self {
        Self(Text::new(word.clone(), word))
    }
}

impl From<TextSpec> for ReasonSpec {
    fn from(text: TextSpec) -> Self {
        Self(text.into())
    }
}
