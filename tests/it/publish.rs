//! The attacker: what can be worked out from an edition for others, by whoever reads all of its tables and knows how they
//! hang together.
//!
//! He reads the published CSV alone. From the documentation he knows which numbers are the same number, which are sums
//! of which, and that counts are whole and not negative. He solves the equations exactly, and narrows every hidden number
//! as far as sums of non-negative numbers let him. The truth is taken from the edition that hides nothing, only to judge
//! him by. Shares no code with the program.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::support::run;

const THRESHOLD: i128 = 5;
/// A large prime: equations are solved modulo it, which cannot make a number look determined that is not, save by a
/// chance of one in a billion.
const PRIME: i128 = 2_147_483_647;

/// One row of the published table.
type Row = BTreeMap<String, String>;

fn rows(path: &Path) -> Vec<Row> {
    let mut reader = csv::ReaderBuilder::new().delimiter(b';').from_path(path).unwrap();
    let names: Vec<String> =
        reader.headers().unwrap().iter().map(|name| name.trim_start_matches('\u{feff}').to_owned()).collect();
    reader
        .records()
        .map(|record| names.iter().cloned().zip(record.unwrap().iter().map(str::to_owned)).collect())
        .collect()
}

/// What a number is of: records of what, where, when, which part.
type Cell = (String, String, String, String);

/// A number of the table, or a sum of hidden ones.
#[derive(Default)]
struct Attack {
    shown: BTreeMap<Cell, i128>,
    hidden: BTreeSet<Cell>,
    /// Each says that the first is the sum of the others.
    sums: Vec<(Cell, Vec<Cell>)>,
}

fn is_person_count(row: &Row) -> bool {
    !row["measure"].starts_with("svarsfrekvens") && !row["measure"].starts_with("inom_") && !is_of_goal(row)
}

/// Rows of goals and guarantees, which are published without counts.
fn is_of_goal(row: &Row) -> bool {
    ["PK", "vg0", "vg3", "vg90"].iter().any(|start| row["measure"].starts_with(start))
}

/// The names of a row's numerator and, where that is a number of contacts too, of its denominator.
fn names(row: &Row) -> (String, Option<String>) {
    let (measure, variable) = (row["measure"].as_str(), row["variable"].as_str());
    if let Some(collection) = measure.strip_prefix("bortfall_") {
        return (format!("{collection} {variable} {}", row["category"]), Some(format!("records {collection}")));
    }
    if let Some(which) = measure.strip_prefix("inrapporteringsgrad_") {
        let base = match which {
            "primarvard" => "records primarvard".to_owned(),
            _ if variable == "medicinskt_maldatum" => format!("phases 1-3 {which}"),
            _ => format!("phases 1-4 {which}"),
        };
        return (format!("{which} {variable} reported"), Some(base));
    }
    match measure {
        "kontakter_per_1000_primarvard" => ("records primarvard".to_owned(), None),
        "kontakter_per_1000_vantande" => ("records specvard_vantande".to_owned(), None),
        "kontakter_per_1000_genomforda" => ("records specvard_genomforda".to_owned(), None),
        "lakarkontakter_mot_patientregistret" => ("doctors".to_owned(), None),
        _ => {
            let which = measure.trim_start_matches("vardgaranti_andel_").trim_start_matches("vardgaranti_per_1000_");
            let base = if which == "primarvard" { "records primarvard".to_owned() } else { format!("base {which}") };
            (format!("guarantee {which}"), measure.starts_with("vardgaranti_andel_").then_some(base))
        }
    }
}

fn place(row: &Row, what: String) -> Cell {
    (what, row["lanskod"].clone(), row["period"].clone(), format!("{} {}", row["breakdown"], row["group"]))
}

/// The numbers of a table by cell; `None` where the table does not show it.
fn numbers(rows: &[Row]) -> BTreeMap<Cell, Option<i128>> {
    let mut numbers: BTreeMap<Cell, Option<i128>> = BTreeMap::new();
    let mut add = |cell: Cell, text: &str| {
        let number = text.parse().ok();
        let known = numbers.entry(cell).or_insert(number);
        if known.is_none() {
            *known = number;
        }
    };
    for row in rows.iter().filter(|row| is_person_count(row)) {
        let (above, below) = names(row);
        add(place(row, above.clone()), &row["numerator"]);
        if let Some(below) = &below {
            add(place(row, below.clone()), &row["denominator"]);
        }
        // The year before is the same cell as that year's own.
        if !row["value_before"].is_empty() || !row["numerator_before"].is_empty() {
            let before: i32 = row["period"][..4].parse::<i32>().unwrap() - 1;
            let at = |what: String| {
                let mut cell = place(row, what);
                cell.2 = before.to_string();
                cell
            };
            add(at(above), &row["numerator_before"]);
            if let Some(below) = below {
                add(at(below), &row["denominator_before"]);
            }
        }
    }
    numbers
}

impl Attack {
    fn new(published: &[Row]) -> Self {
        let mut attack = Self::default();
        for (cell, number) in numbers(published) {
            match number {
                Some(number) => {
                    attack.shown.insert(cell, number);
                }
                None => {
                    attack.hidden.insert(cell);
                }
            }
        }
        attack.sums(published);
        attack
    }

    /// The true numbers. Regions too small for a table are not in the published country, so hidden numbers of the
    /// country are the sums of the regions that are there.
    fn truth(&self, internal: &[Row]) -> BTreeMap<Cell, Option<i128>> {
        let mut truth = numbers(internal);
        truth.extend(self.shown.iter().map(|(cell, number)| (cell.clone(), Some(*number))));
        for (total, parts) in self.sums.iter().filter(|(total, parts)| total.1.is_empty() && !parts[0].1.is_empty()) {
            if self.hidden.contains(total) {
                let sum = parts.iter().map(|part| truth[part]).sum();
                truth.insert(total.clone(), sum);
            }
        }
        truth
    }

    fn knows_of(&self, cell: &Cell) -> bool {
        self.shown.contains_key(cell) || self.hidden.contains(cell)
    }

    /// Everything that hangs together. Stocks are given as rounded means: of those only the country's sum is used.
    fn sums(&mut self, published: &[Row]) {
        let cells: Vec<Cell> = self.shown.keys().chain(&self.hidden).cloned().collect();
        let mut parts: BTreeMap<Cell, Vec<Cell>> = BTreeMap::new();
        for cell in &cells {
            let (what, county, period, group) = cell;
            if what.contains("vantande") {
                continue;
            }
            if !county.is_empty() {
                let country = (what.clone(), String::new(), period.clone(), group.clone());
                parts.entry(country).or_default().push(cell.clone());
            }
        }
        self.add_known(&mut parts);
        for cell in &cells {
            let (what, county, period, group) = cell;
            if period.len() == 7 {
                let year = (what.clone(), county.clone(), period[..4].to_owned(), group.clone());
                parts.entry(year).or_default().push(cell.clone());
            }
        }
        self.add_known(&mut parts);
        for cell in &cells {
            let (what, county, period, group) = cell;
            if group.starts_with("mvo_aggregate") {
                let total = (what.clone(), county.clone(), period.clone(), "total ".to_owned());
                parts.entry(total).or_default().push(cell.clone());
            }
        }
        self.add_known(&mut parts);
        let mut reported: BTreeMap<Cell, Vec<Cell>> = BTreeMap::new();
        for row in published.iter().filter(|row| row["measure"].starts_with("bortfall_")) {
            let (above, below) = names(row);
            if above.contains("vantande") {
                continue;
            }
            if row["category"] != "required" {
                parts.entry(place(row, below.unwrap())).or_default().push(place(row, above.clone()));
            }
            let is_reported = matches!(row["category"].as_str(), "filled" | "negative" | "unknown");
            if is_reported && row["measure"].starts_with("bortfall_primarvard") {
                let what = format!("primarvard {} reported", row["variable"]);
                reported.entry(place(row, what)).or_default().push(place(row, above));
            }
        }
        // One account a variable: each adds up to the records.
        for (total, all) in std::mem::take(&mut parts) {
            let mut by_variable: BTreeMap<String, Vec<Cell>> = BTreeMap::new();
            for part in all {
                let variable = part.0.rsplit_once(' ').unwrap().0.to_owned();
                by_variable.entry(variable).or_default().push(part);
            }
            self.sums.extend(by_variable.into_values().map(|parts| (total.clone(), parts)));
        }
        // The two models of primary care make one table, wherever both have the same regions: one that is too small for
        // a table of its own model is missing there.
        let regions = |what: &str, period: &str| -> BTreeSet<String> {
            cells.iter().filter(|cell| cell.0 == what && cell.2 == period).map(|cell| cell.1.clone()).collect()
        };
        let models = ["records primarvard_grundmodell", "records primarvard_instegsmodell"];
        let is_whole = |county: &str, period: &str| {
            let of_models = models.map(|model| regions(model, period));
            if county.is_empty() {
                of_models.iter().all(|of_model| *of_model == regions("records primarvard", period))
            } else {
                of_models.iter().all(|of_model| of_model.contains(county))
            }
        };
        reported.retain(|total, _| is_whole(&total.1, &total.2));
        self.add_known(&mut reported);
        for (_, county, period, group) in cells.iter().filter(|cell| cell.0 == "records primarvard") {
            let at = |what: &str| (what.to_owned(), county.clone(), period.clone(), group.clone());
            if is_whole(county, period) {
                self.sums.push((at("records primarvard"), models.map(at).to_vec()));
            }
        }
    }

    fn add_known(&mut self, parts: &mut BTreeMap<Cell, Vec<Cell>>) {
        for (total, parts) in std::mem::take(parts) {
            if self.knows_of(&total) {
                self.sums.push((total, parts));
            }
        }
    }

    /// The hidden numbers that the equations alone determine.
    fn solved(&self) -> BTreeSet<Cell> {
        let place: BTreeMap<&Cell, usize> = self.hidden.iter().enumerate().map(|(place, cell)| (cell, place)).collect();
        let mut pivots: BTreeMap<usize, BTreeMap<usize, i128>> = BTreeMap::new();
        for (total, parts) in &self.sums {
            let mut row: BTreeMap<usize, i128> = BTreeMap::new();
            for (cell, factor) in parts.iter().map(|part| (part, 1)).chain([(total, PRIME - 1)]) {
                if let Some(place) = place.get(cell) {
                    *row.entry(*place).or_default() += factor;
                }
            }
            row.retain(|_, factor| *factor % PRIME != 0);
            while let Some((first, factor)) = row.iter().next().map(|(place, factor)| (*place, *factor)) {
                match pivots.get(&first) {
                    Some(pivot) => subtract(&mut row, pivot, factor),
                    None => {
                        let inverse = power(factor, PRIME - 2);
                        for value in row.values_mut() {
                            *value = *value * inverse % PRIME;
                        }
                        pivots.insert(first, row);
                        break;
                    }
                }
            }
        }
        // Backwards, so that each pivot's row holds only numbers that no pivot determines.
        let mut solved = BTreeSet::new();
        let firsts: Vec<usize> = pivots.keys().rev().copied().collect();
        for first in firsts {
            let mut row = pivots[&first].clone();
            let others: Vec<(usize, i128)> = row.iter().skip(1).map(|(place, factor)| (*place, *factor)).collect();
            for (other, factor) in others {
                if let Some(pivot) = pivots.get(&other) {
                    subtract(&mut row, &pivot.clone(), factor);
                }
            }
            if row.len() == 1 {
                solved.insert(first);
            }
            pivots.insert(first, row);
        }
        self.hidden
            .iter()
            .enumerate()
            .filter(|(place, _)| solved.contains(place))
            .map(|(_, cell)| cell.clone())
            .collect()
    }

    /// The least and the greatest that each hidden number can be, as far as single sums tell.
    fn bounds(&self) -> BTreeMap<Cell, (i128, i128)> {
        const MOST: i128 = 1 << 40;
        let mut bounds: BTreeMap<Cell, (i128, i128)> =
            self.hidden.iter().map(|cell| (cell.clone(), (0, MOST))).collect();
        let get = |bounds: &BTreeMap<Cell, (i128, i128)>, cell: &Cell| {
            self.shown.get(cell).map_or_else(|| bounds[cell], |number| (*number, *number))
        };
        loop {
            let mut changed = false;
            for (total, parts) in &self.sums {
                let all = get(&bounds, total);
                let of_parts: Vec<(i128, i128)> = parts.iter().map(|part| get(&bounds, part)).collect();
                let least: i128 = of_parts.iter().map(|bound| bound.0).sum();
                let most: i128 = of_parts.iter().map(|bound| bound.1).sum();
                let mut narrow = |cell: &Cell, low: i128, high: i128| {
                    if let Some(bound) = bounds.get_mut(cell) {
                        let narrower = (bound.0.max(low), bound.1.min(high));
                        changed |= narrower != *bound;
                        *bound = narrower;
                    }
                };
                narrow(total, least, most);
                for (part, own) in parts.iter().zip(&of_parts) {
                    narrow(part, all.0 - (most - own.1), all.1 - (least - own.0));
                }
            }
            if !changed {
                return bounds;
            }
        }
    }
}

fn subtract(row: &mut BTreeMap<usize, i128>, pivot: &BTreeMap<usize, i128>, factor: i128) {
    for (place, value) in pivot {
        let entry = row.entry(*place).or_default();
        *entry = (*entry - factor * value % PRIME + PRIME) % PRIME;
        if *entry == 0 {
            row.remove(place);
        }
    }
}

fn power(base: i128, exponent: i128) -> i128 {
    let (mut result, mut base, mut rest) = (1, base % PRIME, exponent);
    while rest > 0 {
        if rest % 2 == 1 {
            result = result * base % PRIME;
        }
        base = base * base % PRIME;
        rest /= 2;
    }
    result
}

/// A national run with many small counts: both editions.
fn editions(folder: &Path) -> (Vec<Row>, Vec<Row>) {
    let generate = |collection: &str, month: &str, records: &str, more: &[&str]| {
        let file = format!("{collection}_{month}.csv");
        let arguments = ["generate", collection, "--period", month, "--records", records, "--output", &file];
        let said = run(folder, &[&arguments, more].concat());
        assert_eq!(said.code, 0, "{}", said.err);
    };
    for month in ["2023-12", "2024-01"] {
        generate("specvard_genomforda", month, "2500", &[]);
        generate("specvard_vantande", month, "1000", &[]);
        generate("primarvard_grundmodell", month, "2500", &[]);
        generate("primarvard_instegsmodell", month, "1000", &["--seed", "2"]);
    }
    let counties = "01 03 04 05 06 07 08 09 10 12 13 14 17 18 19 20 21 22 23 24 25".split(' ');
    let specialties = [("101", 30), ("301", 25), ("311", 20), ("511", 12), ("901", 9), ("741", 4)];
    let lines = counties.flat_map(|county| {
        ["2023", "2024"]
            .into_iter()
            .flat_map(move |year| specialties.map(|(mvo, count)| format!("{county};{year};{mvo};{count}\n")))
    });
    let register: String = std::iter::once("lanskod;ar;mvo;lakarkontakter\n".to_owned()).chain(lines).collect();
    std::fs::create_dir(folder.join("tabeller")).unwrap();
    std::fs::write(folder.join("tabeller/par.csv"), register).unwrap();
    let coverage = |output: &str, more: &[&str]| {
        let files = ["specvard_*.csv", "primarvard_*.csv"];
        let options = ["--register", "tabeller/par.csv", "--format", &format!("csv={output}")].map(str::to_owned);
        let options: Vec<&str> = options.iter().map(String::as_str).collect();
        let said = run(folder, &[&["coverage"], &files[..], &options, more].concat());
        assert_eq!(said.code, 0, "{}", said.err);
        rows(&folder.join(output))
    };
    (coverage("tabeller/inom.csv", &[]), coverage("tabeller/ut.csv", &["--publish"]))
}

#[test]
fn no_small_count_can_be_worked_out_from_all_published_tables_together() {
    let folder = tempfile::tempdir().unwrap();
    let (internal, published) = editions(folder.path());
    let attack = Attack::new(&published);
    let truth = attack.truth(&internal);

    // The equations hold: without that, an attack that finds nothing proves nothing.
    let mut checked = 0;
    for (total, parts) in &attack.sums {
        let of = |cell: &Cell| truth.get(cell).copied().flatten();
        if let (Some(total), Some(parts)) = (of(total), parts.iter().map(of).collect::<Option<Vec<i128>>>()) {
            assert_eq!(total, parts.iter().sum::<i128>(), "{parts:?}");
            checked += 1;
        }
    }
    assert!(checked > 3_000, "{checked}");

    let is_small = |number: i128| (1..THRESHOLD).contains(&number);
    let leaked: Vec<_> = attack.shown.iter().filter(|(_, number)| is_small(**number)).collect();
    assert!(leaked.is_empty(), "small counts are shown: {:?}", &leaked[..leaked.len().min(5)]);

    let small: Vec<(&Cell, i128)> = attack
        .hidden
        .iter()
        .filter(|cell| !cell.0.contains("vantande"))
        .filter_map(|cell| Some((cell, truth.get(cell).copied().flatten()?)))
        .filter(|(_, number)| is_small(*number))
        .collect();
    assert!(small.len() > 300, "{}", small.len());
    let solved = attack.solved();
    let found: Vec<_> = small.iter().filter(|(cell, _)| solved.contains(*cell)).collect();
    assert!(found.is_empty(), "solved exactly: {:?}", &found[..found.len().min(5)]);
    let bounds = attack.bounds();
    let narrow: Vec<_> = small
        .iter()
        .filter(|(cell, _)| bounds[*cell].0 > 1 || bounds[*cell].1 < THRESHOLD - 1)
        .map(|(cell, number)| (cell, number, bounds[*cell]))
        .collect();
    assert!(narrow.is_empty(), "narrowed: {:?}", &narrow[..narrow.len().min(5)]);

    // What a share leaves over is as telling as what it counts.
    for row in published.iter().filter(|row| is_person_count(row) && row["per"] == "100") {
        let number = |name: &str| row[name].parse::<i128>().ok();
        if let (Some(above), Some(below), (_, Some(_))) = (number("numerator"), number("denominator"), names(row)) {
            assert!(!is_small(below - above), "{row:?}");
        }
        assert_eq!(row["suppressed"] == "true", number("numerator").is_none() || number("denominator").is_none());
    }
    // Not everything is hidden: that would be safe, too.
    let (hidden, shown) = (attack.hidden.len(), attack.shown.len());
    assert!(hidden * 2 < shown, "{hidden} hidden, {shown} shown");
}

/// Of goals and guarantees no count is published, and no share that few contacts are behind or lacking from.
#[test]
fn shares_of_goals_are_published_without_counts_and_only_of_many() {
    let folder = tempfile::tempdir().unwrap();
    let (internal, published) = editions(folder.path());
    let key = |row: &Row| ["measure", "lanskod", "period"].map(|column| row[column].clone());
    let of_goals = |rows: &[Row]| -> BTreeMap<[String; 3], Row> {
        let is_counted = |row: &&Row| is_of_goal(row) && !row["measure"].ends_with("_uppfyllda_manader");
        rows.iter().filter(is_counted).map(|row| (key(row), row.clone())).collect()
    };
    let (internal, published) = (of_goals(&internal), of_goals(&published));
    assert_eq!(internal.keys().collect::<Vec<_>>(), published.keys().collect::<Vec<_>>());
    let amount = |row: &Row, column: &str| row[column].replace(',', ".").parse::<f64>().ok();
    let (mut n_shown, mut n_hidden) = (0, 0);
    for (key, row) in &published {
        for column in ["numerator", "denominator", "numerator_before", "denominator_before", "undecided"] {
            assert_eq!(row[column], "", "{key:?} {column}");
        }
        let truth = &internal[key];
        let (Some(above), Some(below)) = (amount(truth, "numerator"), amount(truth, "denominator")) else { continue };
        let is_small = |number: f64| number > 0.0 && number < 5.0;
        if [above, below, below - above].into_iter().any(is_small) {
            n_hidden += 1;
            assert_eq!((row["value"].as_str(), row["suppressed"].as_str()), ("", "true"), "{key:?}");
            assert!(row["difference_pp"].is_empty(), "{key:?}");
            assert!(!is_small(below) || row["outcome"].is_empty(), "{key:?}");
        } else if row["suppressed"] == "false" {
            n_shown += 1;
            assert_eq!(row["value"], truth["value"], "{key:?}");
        }
    }
    assert!(n_hidden > 50 && n_shown > 50, "{n_hidden} hidden, {n_shown} shown");
}

#[test]
fn the_attacker_finds_what_is_badly_hidden() {
    // A region's 3 of 40, hidden alone: the country's total gives it away.
    let cell = |county: &str| ("x".to_owned(), county.to_owned(), "2024".to_owned(), "total ".to_owned());
    let mut attack = Attack::default();
    attack.shown.extend([(cell(""), 43), (cell("03"), 40)]);
    attack.hidden.insert(cell("01"));
    attack.sums.push((cell(""), vec![cell("01"), cell("03")]));
    assert_eq!(attack.solved(), BTreeSet::from([cell("01")]));
    assert_eq!(attack.bounds()[&cell("01")], (3, 3));
    // With two hidden, 1 and 1 of 2, single sums narrow but do not solve.
    let mut attack = Attack::default();
    attack.shown.insert(cell(""), 2);
    attack.hidden.extend([cell("01"), cell("03")]);
    attack.sums.push((cell(""), vec![cell("01"), cell("03")]));
    assert!(attack.solved().is_empty());
    assert_eq!(attack.bounds()[&cell("01")], (0, 2));
}

#[test]
fn an_edition_for_others_holds_no_units_files_or_flags() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let said = run(
        folder,
        &[
            "generate",
            "specvard_genomforda",
            "--records",
            "300",
            "--period",
            "2024-01",
            "--output",
            "hemlig_2024-01.csv",
        ],
    );
    assert_eq!(said.code, 0, "{}", said.err);
    for format in ["text", "json", "csv"] {
        let said = run(folder, &["coverage", "hemlig_2024-01.csv", "--publish", "--format", format]);
        assert_eq!(said.code, 0, "{}", said.err);
        assert!(!said.out.contains("hemlig") && !said.out.contains("SE23"), "{format}");
    }
    let said = run(folder, &["coverage", "hemlig_2024-01.csv", "--publish", "--detail", "unit"]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("--detail"), "{}", said.err);
}
