//! Statements as text. That their counts are the engine's is shown by `tests/sql`, on the databases themselves.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use super::expression::PERSONAL_NUMBER;
use super::statement::readings::TIME_SHAPES;
use super::*;
use crate::assets::Assets;
use crate::rule::expr::{BoolExpr, IntExpr, TextExpr, TextTest, TimeExpr};
use crate::{rule, schema, time};

/// The built-in collections, and the one with every sort of node.
fn plans() -> BTreeMap<String, Arc<Plan>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sql/every_kind");
    let assets = Assets::layered(Some(&folder.join("schemas")), Some(&folder.join("rules"))).expect("readable");
    let mut plans = BTreeMap::new();
    for assets in [assets.of_collections(), assets.of_tables()] {
        let schemas = schema::load(&assets.schemas).expect("sound");
        plans.extend(rule::compile(&schemas, &rule::load(&assets.rules).expect("sound")).expect("sound"));
    }
    plans
}

fn request(plan: &Plan, dialect: Dialect) -> Request<'_> {
    Request {
        plan,
        dialect,
        table: "lake.kontakter".parse().expect("a name"),
        has_groups: false,
        stated: StatedFacts { delivery_date: time::parse_day("2022-04-05"), ..StatedFacts::default() },
        official: BTreeMap::new(),
        missing: BTreeSet::new(),
    }
}

fn numbers(plan: &Plan, ids: &[&str]) -> Vec<usize> {
    (0..plan.rules.len()).filter(|rule| ids.contains(&plan.rules[*rule].id.0.as_str())).collect()
}

fn script(plan: &Plan, dialect: Dialect, ids: &[&str]) -> String {
    // The version changes with every rule file, and a snapshot of one statement need not.
    let script = write(&request(plan, dialect), &numbers(plan, ids), true);
    script.to_string().replace(&plan.version, "VERSION")
}

#[test]
fn statements_are_these() {
    let plans = plans();
    let (specialised, made_up) = (&plans["specvard_genomforda"], &plans["prov"]);
    for dialect in Dialect::ALL {
        let name = dialect.as_str();
        let few = script(specialised, dialect, &["SVG-0101", "SVG-V-huvudman", "SV-0001", "LEV-0004", "LEV-0005"]);
        insta::assert_snapshot!(format!("specialised_{name}"), few);
        let odd = script(made_up, dialect, &["PROV-0002", "PROV-0007", "PROV-V-koder", "PROV-V-delar", "PROV-0011"]);
        insta::assert_snapshot!(format!("made_up_{name}"), odd);
        let groups = script(&plans["prov_grupper"], dialect, &["PROG-0003", "PROG-0009", "PROG-0011", "PROG-0012"]);
        insta::assert_snapshot!(format!("groups_{name}"), groups);
    }
}

#[test]
fn every_rule_that_ships_can_be_said() {
    let is_about_files = |left: &LeftOut| matches!(left.obstacle, Obstacle::Columns | Obstacle::Readability);
    for plan in plans().values().filter(|plan| plan.collection.id != "prov") {
        let all: Vec<usize> = (0..plan.rules.len()).collect();
        for (dialect, one) in Dialect::ALL.into_iter().flat_map(|dialect| [(dialect, true), (dialect, false)]) {
            let script = write(&request(plan, dialect), &all, one);
            assert!(script.left_out.iter().all(is_about_files), "{:?}", script.left_out);
            let mut said: Vec<usize> = script.statements.iter().flat_map(|statement| statement.rules.clone()).collect();
            said.extend(script.left_out.iter().map(|left| left.rule));
            said.sort_unstable();
            assert_eq!(said, all, "{}", plan.collection.id);
            assert_eq!(script, write(&request(plan, dialect), &all, one), "the same each time");
        }
    }
}

#[test]
fn the_databases_are_asked_every_sort_of_node() {
    let plans = plans();
    let mut seen = BTreeSet::new();
    for program in plans.values().map(|plan| &plan.program) {
        seen.extend(program.bools.iter().map(|node| match node {
            BoolExpr::Constant(_) => "constant",
            BoolExpr::And(_) => "and",
            BoolExpr::Or(_) => "or",
            BoolExpr::Not(_) => "not",
            BoolExpr::IsBlank(_) => "is blank",
            BoolExpr::Text(_, test) => match test {
                TextTest::In(_) => "in",
                TextTest::Pattern(_) => "pattern",
                TextTest::InCodelist(_) => "in codelist",
                TextTest::Luhn => "luhn",
                TextTest::PersonalNumber => "personal number",
            },
            BoolExpr::CompareText(..) => "compare texts",
            BoolExpr::CompareInt(..) => "compare numbers",
            BoolExpr::CompareTime(..) => "compare times",
            BoolExpr::HasTime(_) => "has time",
            BoolExpr::ValueOk(_) => "value",
            BoolExpr::OfficialOk(_) => "official",
            BoolExpr::AnyElement(..) => "any element",
            BoolExpr::EveryElement(..) => "every element",
        }));
        seen.extend(program.ints.iter().map(|node| match node {
            IntExpr::Literal(_) => "number",
            IntExpr::Variable(_) => "number of a variable",
            IntExpr::Add(..) => "sum",
            IntExpr::Subtract(..) => "difference",
            IntExpr::Multiply(..) => "product",
            IntExpr::CodelistNumber { day: None, .. } => "codelist number",
            IntExpr::CodelistNumber { day: Some(_), .. } => "dated codelist number",
            IntExpr::Parameter(_) => "number of the run",
            IntExpr::Length(_) => "length",
            IntExpr::Year(_) => "year",
            IntExpr::DaysBetween(..) => "days",
            IntExpr::MinutesBetween(..) => "minutes",
            IntExpr::ElementCount(_, None) => "elements",
            IntExpr::ElementCount(_, Some(_)) => "some elements",
        }));
        seen.extend(program.texts.iter().map(|node| match node {
            TextExpr::Literal(_) => "text",
            TextExpr::Variable(_) => "text of a variable",
            TextExpr::Substring(_, _, None) => "rest",
            TextExpr::Substring(_, _, Some(_)) => "part",
            TextExpr::CodelistValue { .. } => "codelist value",
            TextExpr::OrganisationNumber(_) => "organisation number",
            TextExpr::StatedRegion => "stated region",
        }));
        seen.extend(program.times.iter().map(|node| match node {
            TimeExpr::Literal(_, false) => "day",
            TimeExpr::Literal(_, true) => "time",
            TimeExpr::Variable(_) => "time of a variable",
            TimeExpr::Date(_) => "date",
            TimeExpr::Parameter(_) => "parameter",
        }));
    }
    assert_eq!(seen.len(), 18 + 14 + 7 + 5, "{seen:?}");
}

#[test]
fn hostile_names_and_texts_stay_within_their_quotes() {
    let plans = plans();
    let plan = &plans["prov"];
    for (dialect, table, literal) in [
        (Dialect::DuckDb, r#"FROM "a""; DROP TABLE x; --"."b`c""#, "'it''s'"),
        (Dialect::Spark, r#"FROM `a"; DROP TABLE x; --`.`b``c`"#, "concat('it', char(39), 's')"),
    ] {
        let table_name = r#""a""; DROP TABLE x; --".`b``c`"#.parse().expect("a name");
        let request = Request { table: table_name, ..request(plan, dialect) };
        let all: Vec<usize> = (0..plan.rules.len()).collect();
        let text = write(&request, &all, true).to_string();
        assert!(text.contains(table) && text.contains(literal), "{text}");
        if dialect == Dialect::Spark {
            let code = text.lines().filter(|line| !line.trim_start().starts_with("--"));
            assert!(code.clone().all(|line| !line.contains(['\\'])), "what a backslash means depends on the session");
            assert!(text.lines().all(|line| !line.contains("${")), "the session would put a value for it");
        }
        // Quotation marks come in pairs once comments are gone.
        let code: String = text.lines().filter(|line| !line.trim_start().starts_with("--")).collect();
        assert!(code.matches('\'').count().is_multiple_of(2));
    }
}

#[test]
fn the_layers_are_called_as_no_table_is() {
    let plans = plans();
    let plan = &plans["prov"];
    let own = Request { table: "Vantkoll_Records".parse().expect("a name"), ..request(plan, Dialect::DuckDb) };
    let text = write(&own, &numbers(plan, &["PROV-0009"]), false).to_string();
    assert!(text.contains("WITH \"vantkoll__records\"") && text.contains("FROM \"Vantkoll_Records\""), "{text}");
}

#[test]
fn groups_are_made_of_records_unless_the_table_has_them() {
    let plans = plans();
    let plan = &plans["svf_overflyttning"];
    let rules = numbers(plan, &["SVFO-0103", "SVFO-0104"]);
    let ask = |request: &Request<'_>| write(request, &rules, true).to_string();
    let of_records = ask(&request(plan, Dialect::DuckDb));
    assert!(of_records.contains("GROUP BY \"forlopps_id\"") && of_records.contains("Delivered regions: not stated"));
    assert!(of_records.contains("The table's records are those of svf; rules are asked of the pathway cases"));
    // What no rule asks for is not made.
    assert!(!of_records.contains("\"regioner_over\""), "{of_records}");
    let with = |change: fn(&mut Request<'_>)| {
        let mut request = request(plan, Dialect::DuckDb);
        change(&mut request);
        ask(&request)
    };
    let of_groups = with(|request| request.has_groups = true);
    assert!(!of_groups.contains("GROUP BY") && of_groups.contains("put together already"), "{of_groups}");
    let two = with(|request| request.stated.delivered_regions = Some(2));
    assert!(two.contains("Delivered regions: 2.") && two.contains("2 > 1"), "{two}");
    // A date that the records do not have is one that no group has; a region is in no need of it.
    let undated = with(|request| {
        request.stated.delivered_regions = Some(2);
        request.missing = [request.table_collection().variable("handelsedatum").expect("a variable")].into();
    });
    assert!(undated.contains("'not_checked': records - n3") && undated.contains("s4, 'violated': v4"), "{undated}");
    assert!(undated.contains("No columns: handelsedatum."));
}

#[test]
fn rules_of_one_id_are_told_apart() {
    let plans = plans();
    let mut plan = Plan::clone(&plans["prov"]);
    let first = numbers(&plan, &["PROV-0009"])[0];
    plan.rules.push(plan.rules[first].clone());
    assert_eq!(labels(&plan).last().map(String::as_str), Some("PROV-0009#2"));
    let text = write(&request(&plan, Dialect::DuckDb), &numbers(&plan, &["PROV-0009"]), true).to_string();
    assert!(text.contains("'rule': 'PROV-0009',") && text.contains("'rule': 'PROV-0009#2',"), "{text}");
}

#[test]
fn what_is_not_stated_or_not_there_is_counted_as_the_engine_does() {
    let plans = plans();
    let plan = &plans["prov"];
    let row = |request: &Request<'_>, id: &str| {
        let text = write(request, &numbers(plan, &[id]), false).to_string();
        text.lines().find(|line| line.contains(&format!("'rule': '{id}'"))).expect("a row").trim().to_owned()
    };
    let zero = "CAST(0 AS BIGINT)";
    let all_of = |column: &str| {
        let names = ["satisfied", "violated", "not_applicable", "not_checked"];
        let counts = names.map(|name| format!("'{name}': {}", if name == column { "records" } else { zero }));
        counts.join(", ")
    };
    let plain = request(plan, Dialect::DuckDb);
    assert!(row(&plain, "PROV-0010").contains(&all_of("not_applicable")), "no period, no region");
    assert!(row(&plain, "PROV-O-officiell").contains("'not_checked': records - n"), "no list");
    let missing = |names: &[&str]| Request {
        missing: names.iter().map(|name| plan.collection.variable(name).expect("a variable")).collect(),
        ..request(plan, Dialect::DuckDb)
    };
    assert!(row(&missing(&["kod"]), "PROV-V-kod").contains(&all_of("not_applicable")), "no column");
    assert!(row(&missing(&["annan_text"]), "PROV-0003").contains(&all_of("not_checked")), "no column to compare with");
    assert!(row(&missing(&["ar", "tal"]), "PROV-0009").contains("'satisfied': s"), "blank where it is not there");
    assert!(row(&missing(&["ar", "tal", "text"]), "PROV-0009").contains(&all_of("not_checked")), "nothing is there");
}

#[test]
fn shapes_written_for_databases_are_those_of_the_readers() {
    let shape = regex::Regex::new(TIME_SHAPES).expect("a pattern");
    let personal = regex::Regex::new(PERSONAL_NUMBER).expect("a pattern");
    // Days that exist; which ones do, databases know themselves.
    let stems = ["2022-03-01", "20220301", "2022-03-01T08:00", "2022-03-01 23:59:59", "2022-03-01t00:00:00.123456789"];
    for stem in stems.into_iter().chain(["20220301080030"]) {
        for at in 0..=stem.len() {
            let (before, behind) = stem.split_at(at);
            let mut bent = vec![before.to_owned(), format!("{before}{}", behind.get(1..).unwrap_or_default())];
            for other in ['0', '1', '2', '3', '5', '6', '9', ':', '-', '+', '.', ',', 'T', ' ', 'Z', 'å'] {
                bent.push(format!("{before}{other}{behind}"));
                bent.push(format!("{before}{other}{}", behind.get(1..).unwrap_or_default()));
            }
            for text in bent {
                let digits: String = text.chars().filter(char::is_ascii_digit).collect();
                let is_day = digits.get(..8).is_some_and(|day| time::parse_day(day).is_some());
                assert_eq!(shape.is_match(&text) && is_day, time::parse(text.as_bytes()).is_some(), "{text}");
            }
        }
    }
    for text in [
        "189001019802",
        "SVF-19890201-3286",
        "890201+3286",
        "8902613286",
        "000229 0007",
        "19000289-0007å",
        "009931-0000",
    ] {
        let expected = !text.starts_with("0099");
        assert_eq!(personal.is_match(text), expected, "{text}");
    }
    for text in [
        "010229-0007",
        "890431-3286",
        "890460-3286",
        "890400-3286",
        "890492-3286",
        "178902013286",
        "89020-13286",
        "890201  3286",
        "1-890201-3286",
    ] {
        assert!(!personal.is_match(text), "{text}");
    }
}
