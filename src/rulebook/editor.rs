//! JSON Schemas of the formats that people write in YAML, so that an editor completes, explains and checks them.
//!
//! Made from the very types that files are read into, doc comments included; a file that a schema refuses is refused by
//! the program, too. The other way round a schema sees less: it does not know which variables there are.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;

/// A schema, and the name of the file it is kept in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaFile {
    /// Such as `rules.schema.json`.
    pub name: &'static str,
    /// Its text, with a line end.
    pub text: String,
}

/// One schema for each format.
pub fn schema_files() -> Vec<SchemaFile> {
    vec![
        file::<crate::rule::spec::RuleFileSpec>("rules.schema.json", "vantkoll: rules (rules/*.yaml)"),
        file::<crate::schema::spec::CollectionSpec>(
            "collection.schema.json",
            "vantkoll: a collection (schemas/*.yaml)",
        ),
        file::<crate::schema::spec::FormatsSpec>("formats.schema.json", "vantkoll: formats (schemas/formats.yaml)"),
        file::<crate::measure::spec::MeasureFileSpec>(
            "measures.schema.json",
            "vantkoll: measures of coverage (rules/coverage/*.yaml)",
        ),
        file::<crate::measure::goal::spec::GoalFileSpec>("goals.schema.json", "vantkoll: goals (rules/goals/*.yaml)"),
        file::<crate::waiver::spec::WaiverFileSpec>("waivers.schema.json", "vantkoll: waivers (--waivers)"),
        file::<crate::generate::profile::spec::ProfileSpec>(
            "profile.schema.json",
            "vantkoll: a profile of synthetic submissions (schemas/synthetic/*.yaml)",
        ),
        file::<crate::generate::defect::spec::DefectsSpec>("defects.schema.json", "vantkoll: defects to plant"),
    ]
}

fn file<T: JsonSchema>(name: &'static str, title: &str) -> SchemaFile {
    // Editors know draft 7 best.
    let mut schema = SchemaSettings::draft07().into_generator().into_root_schema_for::<T>();
    schema.insert("title".to_owned(), title.into());
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    SchemaFile { name, text }
}
