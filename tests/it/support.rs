//! What several tests need: the built program, and a small made-up submission.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use vantkoll::assets::{File, Files};
use vantkoll::rule::{self, Plan};
use vantkoll::schema::{self, Schemas};

/// A contact of `specvard_genomforda` that no rule finds fault with.
pub(crate) const RECORD: [(&str, &str); 17] = [
    ("vardkontakts_id", "K-2022-000001"),
    ("huvudman", "SE2321000016-1000"),
    ("beslut_att_utfora_aktivitet", "2022-01-10T09:00"),
    ("start_av_aktivitet", "2022-03-14T10:30"),
    ("patientens_fodelsear", "1956"),
    ("patientens_kon", "2"),
    ("kommunkod", "0180"),
    ("vardgivare", "SE2321000016-1000"),
    ("vardenhet1_sjukhus", "11001"),
    ("vardenhet1_namn", "Sjukhus 11001"),
    ("vardenhet2_klinik", "SE2321000016-51RL"),
    ("vardgaranti_ja_nej", "JA"),
    ("fas", "1"),
    ("medicinskt_verksamhetsomrade", "101"),
    ("bokningssatt", "2"),
    ("vardkontakt", "0"),
    ("yrkesgrupp", "XS915"),
];

/// The header of [`RECORD`].
pub(crate) fn header() -> String {
    RECORD.map(|(name, _)| name).join(";")
}

/// [`RECORD`] as a line without its end, with this id and with changes.
pub(crate) fn line(id: &str, changes: &[(&str, &str)]) -> String {
    let values = RECORD.map(|(name, value)| match name {
        "vardkontakts_id" => id,
        _ => changes.iter().find(|(changed, _)| *changed == name).map_or(value, |(_, value)| value),
    });
    values.join(";")
}

/// A submission of these lines.
pub(crate) fn submission(lines: &[String]) -> String {
    format!("{}\n{}\n", header(), lines.join("\n"))
}

/// Schemas with their lists, and the plans that rules make of them; `rules` are two files with `---` between them.
pub(crate) fn compiled(schemas: &[(&str, &str)], rules: &str) -> (Schemas, BTreeMap<String, Arc<Plan>>) {
    let file = |name: &str, text: &str| (name.to_owned(), File { name: name.to_owned(), text: text.to_owned() });
    let schema_files: Files = schemas.iter().map(|(name, text)| file(name, text)).collect();
    let (first, second) = rules.split_once("---\n").expect("two files");
    let rule_files: Files = [file("a.yaml", first), file("b.yaml", second)].into();
    let shown =
        |list: Vec<vantkoll::diag::Diagnostic>| -> ! { panic!("{}", vantkoll::diag::render(&list, false, 120)) };
    let schemas = schema::load(&schema_files).unwrap_or_else(|list| shown(list));
    let rules = rule::load(&rule_files).unwrap_or_else(|list| shown(list));
    let plans = rule::compile(&schemas, &rules).unwrap_or_else(|list| shown(list));
    (schemas, plans)
}

/// What the program said.
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("the program writes UTF-8");
        let code = output.status.code().expect("the program ends by itself");
        Self { code, out: text(output.stdout), err: text(output.stderr) }
    }
}

/// The program in `folder`, without any language or colours in its environment.
pub(crate) fn program(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vantkoll"));
    command.args(arguments).current_dir(folder).env_clear().stdin(Stdio::null());
    command
}

/// Runs the program to its end.
pub(crate) fn run(folder: &Path, arguments: &[&str]) -> Said {
    program(folder, arguments).output().expect("the program starts").into()
}

/// Runs `check` with a stated delivery date.
pub(crate) fn check(folder: &Path, arguments: &[&str]) -> Said {
    run(folder, &[&["check", "--delivery-date", "2022-04-05"], arguments].concat())
}

/// The JSON report of `check`.
pub(crate) fn report(folder: &Path, arguments: &[&str]) -> serde_json::Value {
    let said = check(folder, &[&["--format", "json"], arguments].concat());
    serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {}{}", said.out, said.err))
}

/// A rule of a JSON report.
pub(crate) fn rule<'a>(report: &'a serde_json::Value, id: &str) -> &'a serde_json::Value {
    let collections = report["collections"].as_array().expect("a list");
    let rules = collections.iter().flat_map(|collection| collection["rules"].as_array().expect("a list"));
    let mut found = rules.filter(|rule| rule["id"] == id);
    found.next().unwrap_or_else(|| panic!("no rule {id}"))
}
