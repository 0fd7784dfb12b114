//! `vantkoll rules sql`: rules as SQL, to run where the data is.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use super::super::args::rules::RulesSqlArguments;
use super::super::output::PendingFile;
use super::super::{ExitCode, Failure, check, progress, region};
use super::book;
use crate::diag::nearest;
use crate::dialect::{self, Request, Script, StatedFacts, TableName};
use crate::model::Language;
use crate::rule::testing::TestInput;
use crate::rule::{Plan, RuleKind};
use crate::rulebook::Rulebook;
use crate::schema::Domain;
use crate::time;

/// Runs the command.
pub(super) fn run(arguments: &RulesSqlArguments, language: Language) -> Result<ExitCode, Failure> {
    let book = book(&arguments.book, language)?;
    let plan = plan(arguments, &book, language)?;
    let rules = rules(arguments, plan, language)?;
    if arguments.groups && plan.fold.is_none() {
        return Err(Failure::usage(
            language,
            format!("--groups: {} har poster, inte grupper av poster", plan.collection.id),
            format!("--groups: {} has records, not groups of records", plan.collection.id),
        ));
    }
    let mut request = Request {
        plan,
        dialect: arguments.dialect.into(),
        table: table(&arguments.table, "--table", language)?,
        has_groups: arguments.groups,
        stated: stated(arguments, &book, language)?,
        official: official(arguments, plan, language)?,
        missing: BTreeSet::new(),
    };
    let columns = request.table_collection();
    for name in &arguments.without {
        request.missing.insert(columns.variable(name).ok_or_else(|| {
            let known = columns.variables.iter().map(|variable| variable.id.as_str());
            unknown("--without", name, &columns.id, nearest(name, known), language)
        })?);
    }
    let script = dialect::write(&request, &rules, arguments.one);
    if let Some(path) = &arguments.test_records {
        write_file(path, language, |out| write_test_records(plan, &rules, out))?;
    }
    match &arguments.output {
        Some(path) => write_file(path, language, |out| write!(out, "{script}"))?,
        None => write!(std::io::stdout(), "{script}").map_err(|error| Failure::output(language, "stdout", &error))?,
    }
    say_left_out(&script, &request, &rules, language);
    Ok(ExitCode::Passed)
}

/// The plan of the collection that is named, or that has the rules that are.
fn plan<'a>(arguments: &RulesSqlArguments, book: &'a Rulebook, language: Language) -> Result<&'a Arc<Plan>, Failure> {
    let ids: Vec<&str> = book.plans().map(|plan| plan.collection.id.as_str()).collect();
    if let Some(wanted) = &arguments.collection {
        return book.plans().find(|plan| plan.collection.id == *wanted).ok_or_else(|| {
            let near = nearest(wanted, ids.iter().copied()).map(|near| format!(" ({near}?)")).unwrap_or_default();
            let known = ids.join(", ");
            Failure::usage(
                language,
                format!("--collection {wanted}: ingen sådan insamling{near}; de som finns är {known}"),
                format!("--collection {wanted}: no such collection{near}; there are {known}"),
            )
        });
    }
    let has_all =
        |plan: &&Arc<Plan>| arguments.rule.iter().all(|wanted| plan.rules.iter().any(|rule| rule.id.0 == *wanted));
    let fitting: Vec<&Arc<Plan>> = book.plans().filter(has_all).collect();
    match fitting.as_slice() {
        [only] => Ok(only),
        [] => {
            let known = || book.plans().flat_map(|plan| &plan.rules).map(|rule| rule.id.0.as_str());
            let unknown = arguments.rule.iter().find(|wanted| known().all(|id| id != wanted.as_str()));
            let near = unknown.and_then(|wanted| nearest(wanted, known()));
            let near = near.map(|near| format!(" ({near}?)")).unwrap_or_default();
            let wanted = unknown.map_or_else(|| arguments.rule.join(", "), Clone::clone);
            Err(Failure::usage(
                language,
                format!("--rule: ingen insamling har {wanted}{near}"),
                format!("--rule: no collection has {wanted}{near}"),
            ))
        }
        several => {
            let ids: Vec<&str> = several.iter().map(|plan| plan.collection.id.as_str()).collect();
            Err(Failure::usage(
                language,
                format!("ange insamling med --collection: {}", ids.join(", ")),
                format!("name a collection with --collection: {}", ids.join(", ")),
            ))
        }
    }
}

/// The rules that are named, in the order of the plan; all where none is.
fn rules(arguments: &RulesSqlArguments, plan: &Plan, language: Language) -> Result<Vec<usize>, Failure> {
    for wanted in &arguments.rule {
        if !plan.rules.iter().any(|rule| rule.id.0 == *wanted) {
            let near = nearest(wanted, plan.rules.iter().map(|rule| rule.id.0.as_str()));
            return Err(unknown("--rule", wanted, &plan.collection.id, near, language));
        }
    }
    let is_wanted = |id: &String| arguments.rule.is_empty() || arguments.rule.contains(id);
    Ok(plan.rules.iter().enumerate().filter(|(_, rule)| is_wanted(&rule.id.0)).map(|(index, _)| index).collect())
}

fn unknown(option: &str, name: &str, collection: &str, near: Option<&str>, language: Language) -> Failure {
    let near = near.map(|near| format!(" ({near}?)")).unwrap_or_default();
    Failure::usage(
        language,
        format!("{option} {name}: finns inte i {collection}{near}"),
        format!("{option} {name}: not in {collection}{near}"),
    )
}

fn table(text: &str, option: &str, language: Language) -> Result<TableName, Failure> {
    text.parse().map_err(|error| {
        Failure::usage(
            language,
            format!("{option} {text}: skriv tabell, schema.tabell eller \"vilket namn som helst\""),
            format!("{option}: {error}"),
        )
    })
}

/// What the user states, as for `check`.
fn stated(arguments: &RulesSqlArguments, book: &Rulebook, language: Language) -> Result<StatedFacts, Failure> {
    let delivery_date = match &arguments.delivery_date {
        None => None,
        Some(text) => Some(time::parse_day(text).ok_or_else(|| {
            Failure::usage(
                language,
                format!("--delivery-date {text}: skriv datumet som 2022-04-05"),
                format!("--delivery-date {text}: write the date as 2022-04-05"),
            )
        })?),
    };
    let period = match &arguments.period {
        None => None,
        Some(text) => Some(check::parse_period(text, language)?),
    };
    let region = match &arguments.region {
        None => None,
        Some(text) => {
            let found = region::find_region(text, &book.collections.schemas.codelists).map_err(|text| {
                Failure::usage(language, format!("--region: {}", text.sv), format!("--region: {}", text.en))
            })?;
            Some(found.organisation_number)
        }
    };
    Ok(StatedFacts {
        delivery_date,
        period,
        region,
        records: arguments.expect_records,
        delivered_regions: arguments.delivered_regions,
    })
}

/// The tables of official lists, of those that the collection asks for.
fn official(
    arguments: &RulesSqlArguments,
    plan: &Plan,
    language: Language,
) -> Result<BTreeMap<String, TableName>, Failure> {
    let known: BTreeSet<&str> = official_lists(plan, 0..plan.rules.len());
    let mut tables = BTreeMap::new();
    for argument in &arguments.codelist {
        let Some((name, text)) = argument.split_once('=') else {
            return Err(Failure::usage(
                language,
                format!("--codelist {argument}: skriv NAMN=TABELL, t.ex. icd10se=kodverk.icd10"),
                format!("--codelist {argument}: write NAME=TABLE, e.g. icd10se=lists.icd10"),
            ));
        };
        if !known.contains(name) {
            let near = nearest(name, known.iter().copied()).map(|near| format!(" ({near}?)")).unwrap_or_default();
            let known = known.into_iter().collect::<Vec<_>>().join(", ");
            return Err(Failure::usage(
                language,
                format!(
                    "--codelist {name}: insamlingen frågar inte efter det kodverket{near}; den frågar efter {known}"
                ),
                format!("--codelist {name}: the collection does not ask for that list{near}; it asks for {known}"),
            ));
        }
        tables.insert(name.to_owned(), table(text, "--codelist", language)?);
    }
    Ok(tables)
}

fn official_lists(plan: &Plan, rules: impl IntoIterator<Item = usize>) -> BTreeSet<&str> {
    let rules = rules.into_iter().map(|rule| &plan.rules[rule]).filter(|rule| rule.kind == RuleKind::OfficialCode);
    rules
        .flat_map(|rule| &rule.faulty)
        .filter_map(|variable| match &plan.collection.get(*variable).domain {
            Domain::Text { official_list: Some(name), .. } => Some(name.as_str()),
            _ => None,
        })
        .collect()
}

fn write_file(
    path: &Path,
    language: Language,
    write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>,
) -> Result<(), Failure> {
    let failed = |error: &std::io::Error| Failure::output(language, &path.display().to_string(), error);
    let file = PendingFile::create(path).map_err(|error| failed(&error))?;
    let mut out = file.writer().map_err(|error| failed(&error))?;
    write(&mut out).and_then(|()| out.flush()).map_err(|error| failed(&error))?;
    file.finish().map_err(|error| failed(&error))
}

/// The records that the rules' tests are of: rule, expected verdict, and every variable. Tests that state something
/// beside the record, such as a delivery date of their own, are not among them.
fn write_test_records(plan: &Plan, rules: &[usize], out: &mut dyn Write) -> std::io::Result<()> {
    let labels = dialect::labels(plan);
    let mut writer = csv::WriterBuilder::new().delimiter(b';').from_writer(out);
    let variables = plan.collection.variables.iter().map(|variable| variable.id.as_str());
    writer.write_record(["rule", "expected"].into_iter().chain(variables))?;
    for (rule, test) in rules.iter().flat_map(|rule| plan.rules[*rule].tests.iter().map(move |test| (*rule, test))) {
        let values: BTreeMap<usize, &str> = match &test.input {
            TestInput::Record { values, parameters } if parameters.is_empty() => {
                values.iter().map(|(variable, value)| (variable.0, value.as_str())).collect()
            }
            TestInput::OfficialCode { variable, value, listed: true } => [(variable.0, value.as_str())].into(),
            _ => continue,
        };
        let cells = (0..plan.collection.variables.len()).map(|index| values.get(&index).copied().unwrap_or_default());
        writer.write_record([labels[rule].as_str(), test.expected.as_str()].into_iter().chain(cells))?;
    }
    writer.flush()
}

/// Says which rules are in no statement, and which will count every record as not checked.
fn say_left_out(script: &Script, request: &Request<'_>, rules: &[usize], language: Language) {
    for left_out in &script.left_out {
        let reason = left_out.obstacle.text();
        progress::say(&match language {
            Language::Swedish => format!("{} är inte med: {}", left_out.label, reason.sv),
            Language::English => format!("{} is not included: {}", left_out.label, reason.en),
        });
    }
    let lists = official_lists(request.plan, rules.iter().copied());
    for name in lists.into_iter().filter(|name| !request.official.contains_key(*name)) {
        progress::say(&match language {
            Language::Swedish => {
                format!(
                    "kodverket {name} är inte angivet (--codelist {name}=TABELL): dess regler räknas som ej kontrollerade"
                )
            }
            Language::English => {
                format!("list {name} is not named (--codelist {name}=TABLE): its rules count as not checked")
            }
        });
    }
}
