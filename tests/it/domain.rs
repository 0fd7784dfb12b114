//! The embedded schemas and rules against the tables they were made from, in `../shared/domain/`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use vantkoll::assets;
use vantkoll::coverage::reference::Reference;
use vantkoll::model::County;
use vantkoll::rule::{self, Plan};
use vantkoll::schema::{self, Schemas};

/// Where the sources' tables are; said and skipped on machines that lack them.
#[expect(clippy::print_stdout, reason = "a test that compares nothing says so")]
fn domain() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/domain");
    if folder.is_dir() {
        return Some(folder);
    }
    println!("{} is not here: nothing is compared", folder.display());
    None
}

fn plans() -> (Schemas, BTreeMap<String, Arc<Plan>>) {
    let schemas = schema::load(&assets::schemas(None).unwrap()).unwrap();
    let rules = rule::load(&assets::rules(None).unwrap()).unwrap();
    let plans = rule::compile(&schemas, &rules).unwrap();
    (schemas, plans)
}

/// The rows of a table, each by the names of its columns.
fn rows(path: &Path) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    reader.deserialize().map(|row| row.unwrap()).collect()
}

/// Variables whose level depends on the phase: mandatory in some phases, and so a condition here.
const BY_PHASE: [&str; 2] = ["aktivitet", "akutverksamhet"];

#[test]
fn every_variable_has_its_level_where_the_domain_tables_are_at_hand() {
    let Some(domain) = domain() else { return };
    let (_, plans) = plans();
    let mut compared = 0;
    let mut wrong = Vec::new();
    let mut seen: BTreeSet<(String, String)> = BTreeSet::new();
    for row in rows(&domain.join("variables.csv")) {
        let (collection, id) = (&row["collection"], &row["variable_id"]);
        seen.insert((collection.clone(), id.clone()));
        let Some(plan) = plans.get(collection) else {
            wrong.push(format!("no collection {collection}"));
            continue;
        };
        let Some(variable) = plan.collection.variable(id) else {
            wrong.push(format!("{collection}: no variable {id}"));
            continue;
        };
        let expected = match row["requirement"].as_str() {
            "mandatory" if BY_PHASE.contains(&id.as_str()) => "conditional",
            "mandatory_if_available" => "if_available",
            "mandatory_conditional" => "conditional",
            other => other,
        };
        let found = plan.requirements[variable.0].level.as_str();
        if found != expected {
            wrong.push(format!("{collection}: {id} is {found}, the table says {}", row["requirement"]));
        }
        compared += 1;
    }
    assert_eq!(compared, 99, "25 of primary care, 37 of each message of specialised care");
    // What the tables lack is declared to be extra.
    for (collection, plan) in &plans {
        for variable in &plan.collection.variables {
            let listed = seen.contains(&(collection.clone(), variable.id.clone()));
            let has_table = seen.iter().any(|(other, _)| other == collection);
            if has_table && listed == variable.extra {
                wrong.push(format!(
                    "{collection}: {} is extra: {}, in the table: {listed}",
                    variable.id, variable.extra
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_areas_of_care_are_the_sources_where_the_domain_tables_are_at_hand() {
    let Some(domain) = domain() else { return };
    let (schemas, _) = plans();
    let list = schemas.codelists.get("mvo").expect("embedded");
    let aggregate = list.column("aggregate_sv").expect("a column");
    let expected: BTreeMap<String, String> =
        rows(&domain.join("mvo.csv")).iter().map(|row| (row["mvo"].clone(), row["aggregate_sv"].clone())).collect();
    let found: BTreeMap<String, String> = list
        .codes()
        .map(|code| (code.to_owned(), list.attribute(code.as_bytes(), aggregate).unwrap_or_default().to_owned()))
        .collect();
    assert_eq!(found.len(), 178);
    assert_eq!(found, expected);
}

#[test]
fn the_embedded_population_is_the_sources_where_the_domain_tables_are_at_hand() {
    let Some(domain) = domain() else { return };
    let reference = Reference::load(None, None).unwrap();
    let mut expected: Vec<(String, i32, u64)> = rows(&domain.join("reference/population_lan.csv"))
        .iter()
        .map(|row| (row["lanskod"].clone(), row["year"].parse().unwrap(), row["population"].parse().unwrap()))
        .collect();
    expected.sort();
    let found: Vec<(String, i32, u64)> =
        reference.population().iter().map(|(county, year, count)| (county.to_string(), year, count)).collect();
    assert_eq!((found.len(), found), (42, expected));
}

#[test]
fn the_names_of_regions_are_the_sources_where_the_domain_tables_are_at_hand() {
    let Some(domain) = domain() else { return };
    let schemas = schema::load(&assets::schemas(None).unwrap()).unwrap();
    let list = schemas.codelists.get("regionnamn").expect("embedded");
    let column = list.column("lanskod").expect("a column");
    let mut compared = 0;
    for (table, names) in
        [("regions.csv", ["name_sv", "name_svf_report"]), ("reference/regioner.csv", ["region", "lan"])]
    {
        for row in rows(&domain.join(table)) {
            for name in names.map(|name| &row[name]) {
                let county = list.attribute(name.as_bytes(), column).and_then(County::new);
                assert_eq!(county, County::new(&row["lanskod"]), "{name}");
                compared += 1;
            }
        }
    }
    assert_eq!(compared, 84);
}

#[test]
fn the_published_figures_are_the_sources_where_the_domain_tables_are_at_hand() {
    let Some(domain) = domain() else { return };
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/published");
    let mut compared = 0;
    for entry in std::fs::read_dir(&own).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "csv") {
            let name = path.file_name().unwrap();
            assert!(std::fs::read(&path).unwrap() == std::fs::read(domain.join(name)).unwrap(), "{}", path.display());
            compared += 1;
        }
    }
    assert_eq!(compared, 7);
}

#[test]
fn the_table_of_variables_is_the_sources_where_the_domain_tables_are_at_hand() {
    let Some(domain) = domain() else { return };
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/variables.csv");
    assert!(std::fs::read(own).unwrap() == std::fs::read(domain.join("variables.csv")).unwrap());
}
