//! A waiver file as written: every leaf that a person may get wrong with its place, unknown keys refused.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};

use crate::model::Text;
use crate::schema::spec::TextSpec;
use crate::yaml::{self, ShortForm, Spanned};

/// `--waivers FILE`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WaiverFileSpec {
    /// Every waiver.
    pub(super) waivers: Vec<WaiverSpec>,
}

/// One waiver.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WaiverSpec {
    /// A rule's id, or a pattern of ids such as SVG-K-*.
    pub(super) rule: Spanned<String>,
    /// A region as `--region` takes it, or `"*"`; every reporter where not stated.
    pub(super) reporter: Option<Spanned<String>>,
    /// Only findings in which this variable is to be corrected.
    pub(super) variable: Option<Spanned<String>>,
    /// The collection; every one where not stated.
    pub(super) collection: Option<Spanned<String>>,
    /// Who answers for it.
    pub(super) owner: Spanned<String>,
    /// Why the gate is to look past the findings.
    pub(super) reason: Spanned<ReasonSpec>,
    /// The last day it applies, as 2026-12-31.
    #[schemars(regex(pattern = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"))]
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

impl JsonSchema for ReasonSpec {
    fn schema_name() -> Cow<'static, str> {
        "Reason".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let texts = generator.subschema_for::<TextSpec>();
        json_schema!({ "anyOf": [{ "type": "string" }, texts] })
    }
}

impl From<TextSpec> for ReasonSpec {
    fn from(text: TextSpec) -> Self {
        Self(text.into())
    }
}
