//! The only module that names the YAML crate: bounded loading, places of values, errors as diagnostics.
//!
//! Files are deserialised into types only, never into untyped values, so that `NO` and `01` stay text. Limits are
//! set, not assumed: see [`MAX_BYTES`], [`MAX_NODES`], [`MAX_DEPTH`] and [`MAX_ALIASES`].

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use rayon::prelude::*;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserialize, DeserializeOwned, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::diag::{Diagnostic, Place, Source};

/// The longest rule or schema file, in bytes.
pub const MAX_BYTES: usize = 8 << 20;
/// The most values in one file, those behind aliases counted again.
pub const MAX_NODES: usize = 500_000;
/// The deepest nesting.
pub const MAX_DEPTH: usize = 32;
/// The most aliases in one file.
pub const MAX_ALIASES: usize = 1_000;

/// A value and where it stands.
#[derive(Clone, Debug)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    offset: usize,
    len: usize,
    defined: Option<(usize, usize)>,
}

impl<T> Spanned<T> {
    /// Where the value is used.
    pub fn place(&self, source: &Source) -> Place {
        Place { source: source.clone(), offset: self.offset, len: self.len }
    }

    /// Where the value is written, where that is elsewhere (behind an alias).
    pub fn defined(&self, source: &Source) -> Option<Place> {
        self.defined.map(|(offset, len)| Place { source: source.clone(), offset, len })
    }

    /// A diagnostic labelled here, and where an aliased value is defined.
    pub fn diagnostic(
        &self,
        source: &Source,
        code: &'static str,
        message: impl Into<String>,
        label: impl Into<String>,
    ) -> Diagnostic {
        let diagnostic = Diagnostic::new(code, message).at(self.place(source), label);
        match self.defined(source) {
            Some(place) => diagnostic.and_at(place, "defined here"),
            None => diagnostic,
        }
    }
}

impl Spanned<String> {
    /// The place of the characters `range` (bytes of the value) of a text. Falls back to the whole text where the
    /// file writes it otherwise than the value reads (escapes, folded lines).
    pub fn place_within(&self, source: &Source, range: std::ops::Range<usize>) -> Place {
        let (offset, len) = self.defined.unwrap_or((self.offset, self.len));
        let whole = Place { source: source.clone(), offset, len };
        let Some(written) = source.text().get(offset..offset + len) else { return whole };
        let quote = usize::from(written.starts_with(['"', '\'']));
        let wanted = self.value.as_bytes().get(range.clone());
        if wanted.is_some()
            && written.as_bytes().get(quote + range.start..quote + range.end) == wanted
            && !range.is_empty()
        {
            return Place { source: source.clone(), offset: offset + quote + range.start, len: range.len() };
        }
        whole
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Spanned<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = serde_yaml::Spanned::<T>::deserialize(deserializer)?;
        let at = |location: serde_yaml::Location| {
            let span = location.span();
            let offset = span.byte_offset().unwrap_or(0);
            (usize::try_from(offset).unwrap_or(0), usize::try_from(span.byte_len().unwrap_or(0)).unwrap_or(0))
        };
        let (offset, len) = at(spanned.referenced);
        let defined = Some(at(spanned.defined)).filter(|defined| *defined != (offset, len));
        Ok(Self { value: spanned.value, offset, len, defined })
    }
}

/// A text with the file it is written in, for what is compiled later than it is read.
#[derive(Clone)]
pub struct Written {
    /// The text and its place.
    pub text: Spanned<String>,
    /// The file.
    pub source: Source,
}

/// As the text alone: where it is written says nothing of what it means.
impl fmt::Debug for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text.value, f)
    }
}

/// A map whose keys keep their order and place; a repeated key is an error of the parser.
#[derive(Clone, Debug)]
pub struct SpannedMap<T>(pub Vec<(Spanned<String>, T)>);

impl<T> Default for SpannedMap<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for SpannedMap<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MapVisitor<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for MapVisitor<T> {
            type Value = SpannedMap<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(SpannedMap(entries))
            }
        }
        deserializer.deserialize_map(MapVisitor(PhantomData))
    }
}

/// To an editor, a value is what it is without its place.
impl<T: JsonSchema> JsonSchema for Spanned<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<T>()
    }
}

impl<T: JsonSchema> JsonSchema for SpannedMap<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("MapOf{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let values = generator.subschema_for::<T>();
        json_schema!({ "type": "object", "additionalProperties": values })
    }
}

/// A value that has a short form, a single word, beside its map form.
pub trait ShortForm: Sized {
    /// The map form.
    type Long: DeserializeOwned + Into<Self>;
    /// What is expected, for messages.
    const EXPECTED: &'static str;
    /// Builds the value from the short form.
    fn from_word(word: String) -> Self;
    /// Builds the value from a list of map forms; `None` where the value has no such form.
    fn from_list(_list: Vec<Self::Long>) -> Option<Self> {
        None
    }
}

/// Deserialises a [`ShortForm`] from a word, a map or a list of maps, without buffering, so that places are kept. The place of the
/// word itself is that of a `Spanned` around the value.
///
/// # Errors
/// Those of the parser.
pub fn short_or_long<'de, D: Deserializer<'de>, T: ShortForm>(deserializer: D) -> Result<T, D::Error> {
    struct EitherVisitor<T>(PhantomData<T>);
    impl<'de, T: ShortForm> Visitor<'de> for EitherVisitor<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(T::EXPECTED)
        }

        fn visit_str<E: de::Error>(self, word: &str) -> Result<T, E> {
            Ok(T::from_word(word.to_owned()))
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
            T::Long::deserialize(de::value::MapAccessDeserializer::new(map)).map(Into::into)
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<T, A::Error> {
            if T::from_list(Vec::new()).is_none() {
                return Err(de::Error::invalid_type(de::Unexpected::Seq, &self));
            }
            let mut forms = Vec::new();
            while let Some(form) = list.next_element()? {
                forms.push(form);
            }
            T::from_list(forms).ok_or_else(|| de::Error::custom("a list is not expected here"))
        }
    }
    deserializer.deserialize_any(EitherVisitor(PhantomData))
}

/// Reads documents of their own, in parallel; in the same order.
pub fn parse_all<T: DeserializeOwned + Send>(sources: Vec<Source>) -> Vec<(Source, Result<T, Diagnostic>)> {
    let read = |source: Source| {
        let value = parse(&source);
        (source, value)
    };
    sources.into_par_iter().map(read).collect()
}

/// Reads one YAML document.
///
/// # Errors
/// A diagnostic at the place of the first mistake of form: the parser cannot go on behind it.
pub fn parse<T: DeserializeOwned>(source: &Source) -> Result<T, Diagnostic> {
    let text = source.text();
    if text.len() > MAX_BYTES {
        return Err(Diagnostic::new(
            "yaml::too_long",
            format!("`{}` is {} bytes long; the limit is {MAX_BYTES}", source.name(), text.len()),
        )
        .help("split the file: all files of the folder are read"));
    }
    let options = serde_yaml::options! {
        budget: serde_yaml::budget! { max_nodes: MAX_NODES, max_depth: MAX_DEPTH, max_aliases: MAX_ALIASES },
        strict_booleans: true,
    };
    serde_yaml::from_str_with_options(text, options).map_err(|error| {
        let message = error.without_snippet().to_string();
        let message = message.split(" at line ").next().unwrap_or(&message);
        let message = message.split(", set DuplicateKeyPolicy").next().unwrap_or(message).to_owned();
        let place = error.location().map_or(Place { source: source.clone(), offset: 0, len: 0 }, |location| {
            let span = location.span();
            let offset = usize::try_from(span.byte_offset().unwrap_or(0)).unwrap_or(0).min(text.len());
            let len = usize::try_from(span.byte_len().unwrap_or(1)).unwrap_or(1).max(1).min(text.len() - offset);
            Place { source: source.clone(), offset, len }
        });
        let help = message.strip_prefix("unknown field `").and_then(|rest| {
            let (found, expected) = rest.split_once("`, expected")?;
            let known = expected.trim_start_matches(" one of").split(',').map(|name| name.trim().trim_matches('`'));
            crate::diag::did_you_mean(found, known.collect::<Vec<_>>())
        });
        Diagnostic::new("yaml::malformed", message).at(place, "here").help_if(help)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Example {
        when: Spanned<String>,
        #[serde(default)]
        more: Vec<Spanned<String>>,
    }

    fn read(text: &str) -> Result<Example, Diagnostic> {
        parse(&Source::new("t.yaml", text))
    }

    #[test]
    fn places_are_those_of_the_very_characters() {
        let text = "# å\nwhen: \"fäs = '4'\"\n";
        let source = Source::new("t.yaml", text);
        let example: Example = parse(&source).expect("well-formed");
        let place = example.when.place_within(&source, 7..10);
        assert_eq!(&text[place.offset..place.offset + place.len], "'4'");
    }

    #[test]
    fn codes_stay_text() {
        let example = read("when: NO\nmore: [01, 0x10, 2022-01-03T08:00, ~x]").expect("well-formed");
        assert_eq!(example.when.value, "NO");
        assert_eq!(
            example.more.iter().map(|word| word.value.as_str()).collect::<Vec<_>>(),
            ["01", "0x10", "2022-01-03T08:00", "~x"]
        );
    }

    #[test]
    fn unknown_keys_are_pointed_at_with_a_suggestion() {
        let diagnostic = read("when: x\nmor: []\n").expect_err("unknown key");
        assert_eq!(diagnostic.place().map(|place| (place.offset, place.len)), Some((8, 3)));
        assert!(crate::diag::render(&[diagnostic], false, 80).contains("did you mean `more`?"));
    }

    #[test]
    fn limits_trip() {
        let deep = format!("when: {}x{}", "[".repeat(MAX_DEPTH + 2), "]".repeat(MAX_DEPTH + 2));
        assert!(read(&deep).is_err());
        assert_eq!(read(&"#".repeat(MAX_BYTES + 1)).expect_err("too long").code(), "yaml::too_long");
        let aliases = format!("when: &a x\nmore: [{}]", "*a, ".repeat(MAX_ALIASES + 1));
        assert!(read(&aliases).is_err());
        let nodes = format!("when: x\nmore: [{}]", "a, ".repeat(MAX_NODES + 1));
        assert!(read(&nodes).is_err());
    }
}
