//! A random collection: its schema, code lists and rules, as the oracle knows them and as YAML text.

use std::fmt::Write as _;

use vantkoll::assets::{File, Files};

use super::choices::Choices;
use crate::oracle::{
    CheckRule, Code, Kind, Level, List, Missing, Operator, PATTERNS, Point, SHAPES, Schema, Stated, Truth, Value,
    Variable, Whole, Words,
};

/// Everything a random check consists of, apart from the records.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) schema: Schema,
    pub(super) checks: Vec<CheckRule>,
    /// Severity of each check: `error`, `warning` or `note`.
    pub(super) severities: Vec<&'static str>,
    /// The key's variables, and those within which it is unique.
    pub(super) unique: Option<(Vec<usize>, Vec<usize>)>,
    pub(super) stated: Stated,
}

pub(super) const SEVERITIES: [&str; 3] = ["error", "warning", "note"];

/// Days near one another and near midnight, so that comparisons come out both ways.
const DAYS: [&str; 5] = ["2022-01-03", "2022-01-04", "2021-12-31", "2022-03-01", "2020-02-29"];
const POINTS: [&str; 8] = [
    "2022-01-03",
    "2022-01-03T08:00",
    "2022-01-03T08:00:30",
    "2022-01-03T00:00:00",
    "2022-01-02T23:59:59",
    "2021-12-31T12:00:00",
    "2022-03-01",
    "2020-02-29T10:00",
];
const LIKE: [&str; 8] = ["A%", "%1", "_", "%", "å_%", "%'%", "", "A_1"];
const LITERALS: [&str; 11] = ["A01", "2321000016", "", "å", "ä'b", "a", "A01.1", "2021", "\\", "NULL", "x;y"];
const NUMBERS: [i64; 6] = [0, 1, -3, 2022, 4, 60];

impl Case {
    pub(super) fn new(schema: &[u32], rules: &[u32]) -> Self {
        let mut choices = Choices::new(schema);
        let schema = self::schema(&mut choices);
        let stated = Stated {
            delivery_date: choices.one(&DAYS),
            as_of: choices.maybe(3, |choices| choices.one(&DAYS)),
            period: choices
                .maybe(5, |choices| choices.one(&[("2022-01-03", "2022-01-31"), ("2021-01-01", "2021-12-31")])),
            region: choices.maybe(5, |_| "A01"),
        };
        let mut case = Self { schema, checks: Vec::new(), severities: Vec::new(), unique: None, stated };
        let mut choices = Choices::new(rules);
        case.levels(&mut choices);
        for number in 0..=choices.below(5) {
            let check = case.check(&mut choices, number);
            let later = case.later_version(&mut choices, &check);
            for version in std::iter::once(check).chain(later) {
                case.checks.push(version);
                case.severities.push(choices.one(&SEVERITIES));
            }
        }
        case.unique = choices.maybe(6, |choices| {
            let n = case.schema.variables.len();
            let within = choices.maybe(5, |choices| choices.below(n)).into_iter().collect();
            let more = choices.maybe(3, |choices| choices.below(n));
            (std::iter::once(choices.below(n)).chain(more).collect(), within)
        });
        case
    }

    /// Levels come last: their conditions may speak of any variable.
    fn levels(&mut self, choices: &mut Choices<'_>) {
        for variable in 0..self.schema.variables.len() {
            let maker = Maker { schema: &self.schema };
            let level = match choices.below(8) {
                0 => Level::Voluntary,
                1 => Level::Mandatory,
                2 => Level::IfAvailable,
                3 => Level::FetchedSeparately,
                4 => Level::NotIncluded,
                5 => Level::Conditional { required: Some(Box::new(maker.truth(choices, 2))), relevant: None },
                6 => Level::Conditional { required: None, relevant: Some(Box::new(maker.truth(choices, 2))) },
                _ => Level::Conditional {
                    required: Some(Box::new(maker.truth(choices, 2))),
                    relevant: Some(Box::new(maker.truth(choices, 2))),
                },
            };
            self.schema.variables[variable].level = level;
        }
    }

    fn check(&self, choices: &mut Choices<'_>, number: usize) -> CheckRule {
        let maker = Maker { schema: &self.schema };
        let timestamps = maker.of(|variable| matches!(variable.kind, Kind::Timestamp { .. }));
        let mut valid = None;
        if !timestamps.is_empty() && choices.chance(3) {
            let from = choices.maybe(6, |choices| choices.one(&DAYS));
            let until = (from.is_none() || choices.chance(5)).then(|| choices.one(&DAYS));
            // Days as they are written here are in the order of texts; of two the first begins.
            let (from, until) = match (from, until) {
                (Some(from), Some(until)) if from > until => (Some(until), Some(from)),
                bounds => bounds,
            };
            valid = Some((from, until, choices.one(&timestamps)));
        }
        CheckRule {
            id: format!("TT-{number:04}"),
            when: choices.maybe(5, |choices| maker.truth(choices, 2)),
            assertion: maker.truth(choices, 3),
            detail: choices.maybe(4, |choices| maker.whole(choices, 2)),
            valid,
        }
    }
}

impl Case {
    /// Sometimes another version of a check that ends, valid from some day after it.
    fn later_version(&self, choices: &mut Choices<'_>, check: &CheckRule) -> Option<CheckRule> {
        let (_, until, by) = check.valid?;
        let begins: Vec<&'static str> =
            DAYS.into_iter().filter(|day| until.is_some_and(|until| until < *day)).collect();
        if begins.is_empty() || choices.chance(3) {
            return None;
        }
        let from = choices.one(&begins);
        Some(CheckRule { id: check.id.clone(), valid: Some((Some(from), None, by)), ..self.check(choices, 0) })
    }
}

fn schema(choices: &mut Choices<'_>) -> Schema {
    let lists: Vec<List> = (0..2).map(|number| list(choices, number)).collect();
    let n_variables = 2 + choices.below(5);
    let variables: Vec<Variable> = (0..n_variables).map(|number| variable(choices, number, &lists)).collect();
    let timestamps: Vec<usize> =
        (0..n_variables).filter(|index| matches!(variables[*index].kind, Kind::Timestamp { .. })).collect();
    let record_date = if timestamps.is_empty() { None } else { choices.maybe(8, |choices| choices.one(&timestamps)) };
    Schema { lists, variables, record_date }
}

fn list(choices: &mut Choices<'_>, number: usize) -> List {
    let mut codes = Vec::new();
    for code in &["A01", "1", "NEJ", "B02.1", "åä", "04"][..=choices.below(6)] {
        let (from, to) = if choices.chance(4) {
            (choices.maybe(5, |choices| choices.one(&DAYS)), choices.maybe(5, |choices| choices.one(&DAYS)))
        } else {
            (None, None)
        };
        codes.push(Code {
            text: (*code).to_owned(),
            from,
            to,
            same_as: None,
            group: choices.one(&["", "A01", "g", "å"]),
            number: choices.maybe(6, |choices| choices.one(&NUMBERS)),
            // Only of the first list: what has several rows has no single text to an attribute.
            later: later_days(to)
                .filter(|days| number == 0 && !days.is_empty())
                .and_then(|days| choices.maybe(5, |choices| choices.one(&days)))
                .map(|from| (from, choices.maybe(6, |choices| choices.one(&NUMBERS)))),
        });
    }
    if choices.chance(5) {
        let target = choices.one(&codes).text.clone();
        codes.push(Code {
            text: "ja".to_owned(),
            from: None,
            to: None,
            same_as: Some(target),
            group: "annan",
            number: Some(7),
            later: None,
        });
    }
    List { name: format!("lista{number}"), codes }
}

/// Days after the last one of a row.
fn later_days(to: Option<&'static str>) -> Option<Vec<&'static str>> {
    to.map(|to| DAYS.into_iter().filter(|day| to < *day).collect())
}

fn variable(choices: &mut Choices<'_>, number: usize, lists: &[List]) -> Variable {
    let range =
        |choices: &mut Choices<'_>| choices.maybe(5, |choices| choices.one(&[(0, 2021), (-5, 5), (1900, 2022)]));
    let kind = match choices.below(6) {
        0 | 1 => {
            let shape = choices.maybe(5, |choices| choices.below(SHAPES.len()));
            let max_length = choices.maybe(4, |choices| choices.one(&[3, 5, 1]));
            let official = choices.maybe(3, |choices| (choices.below(lists.len()), choices.chance(7)));
            Kind::Text { shape, max_length, official }
        }
        2 => Kind::Code(choices.below(lists.len())),
        3 => Kind::Timestamp { date_only: choices.chance(5) },
        4 => Kind::Year(range(choices)),
        _ => Kind::Integer(range(choices)),
    };
    let may_repeat = matches!(kind, Kind::Text { .. } | Kind::Code(_));
    let separators = if may_repeat && choices.chance(3) { choices.one(&["|", ",|", ";"]) } else { "" };
    let declared: Vec<String> = match &kind {
        Kind::Code(list) => lists[*list].codes.iter().map(|entry| entry.text.clone()).collect(),
        Kind::Text { .. } => vec!["A01".to_owned(), "saknas".to_owned()],
        Kind::Year(_) | Kind::Integer(_) => vec!["0000".to_owned(), "2022".to_owned()],
        Kind::Timestamp { .. } => Vec::new(),
    };
    let mut missing: Vec<(String, Missing)> = Vec::new();
    for meaning in [Missing::Unknown, Missing::Negative] {
        if !declared.is_empty() && choices.chance(3) {
            let code = choices.one(&declared);
            if missing.iter().all(|(other, _)| *other != code) {
                missing.push((code, meaning));
            }
        }
    }
    // Two spellings of one code cannot mean two things.
    missing.dedup_by(|a, b| match &kind {
        Kind::Code(list) => {
            let same = |code: &str| {
                lists[*list].codes.iter().find(|entry| entry.text == code).and_then(|entry| entry.same_as.clone())
            };
            same(&a.0).unwrap_or_else(|| a.0.clone()) == same(&b.0).unwrap_or_else(|| b.0.clone())
        }
        _ => a.0 == b.0,
    });
    Variable { id: format!("variabel_{number}"), kind, separators, missing, level: Level::Voluntary }
}

/// Makes well-typed expressions.
struct Maker<'a> {
    schema: &'a Schema,
}

impl Maker<'_> {
    fn of(&self, wanted: impl Fn(&Variable) -> bool) -> Vec<usize> {
        (0..self.schema.variables.len()).filter(|index| wanted(&self.schema.variables[*index])).collect()
    }

    fn repeating(&self) -> Vec<usize> {
        self.of(|variable| !variable.separators.is_empty())
    }

    fn pattern(choices: &mut Choices<'_>) -> String {
        choices.one(&LIKE).to_owned()
    }

    fn truth(&self, choices: &mut Choices<'_>, depth: usize) -> Truth {
        let part = |choices: &mut Choices<'_>| Box::new(self.truth(choices, depth - 1));
        match choices.below(if depth == 0 { 6 } else { 13 }) {
            0 => Truth::IsNull { variable: choices.below(self.schema.variables.len()), negated: choices.chance(5) },
            1 => {
                let operator = choices.one(&Operator::ALL);
                let (a, b) = self.pair(choices);
                Truth::Compare(operator, a, b)
            }
            2 => self.about_text(choices),
            3 => self.about_elements(choices),
            4 => {
                let (value, low) = self.pair(choices);
                let high = self.literal_like(choices, &value);
                Truth::Between { value, low, high, negated: choices.chance(4) }
            }
            5 => {
                let (value, _) = self.pair(choices);
                let list = (0..=choices.below(3)).map(|_| self.literal_like(choices, &value)).collect();
                Truth::In { value, list, negated: choices.chance(4) }
            }
            // Constants where they change nothing: what else a folded part would have read is nobody's business.
            6 if depth > 0 => Truth::And(Box::new(Truth::Constant(true)), part(choices)),
            7 => Truth::Or(part(choices), Box::new(Truth::Constant(false))),
            8 => Truth::Not(part(choices)),
            9 | 10 => Truth::And(part(choices), part(choices)),
            _ => Truth::Or(part(choices), part(choices)),
        }
    }

    fn about_text(&self, choices: &mut Choices<'_>) -> Truth {
        let text = self.words(choices, 2);
        match choices.below(6) {
            0 => Truth::Like { text, pattern: Self::pattern(choices), negated: choices.chance(4) },
            1 => Truth::Regexp(text, choices.below(PATTERNS.len())),
            2 => Truth::InCodelist(text, choices.below(self.schema.lists.len())),
            3 => Truth::Luhn(text),
            4 => Truth::PersonalNumber(text),
            _ => Truth::HasTime(self.point(choices, 2)),
        }
    }

    fn about_elements(&self, choices: &mut Choices<'_>) -> Truth {
        let repeating = self.repeating();
        if repeating.is_empty() {
            return self.about_text(choices);
        }
        let variable = choices.one(&repeating);
        let pattern = Self::pattern(choices);
        if choices.chance(5) { Truth::AnyElement(variable, pattern) } else { Truth::EveryElement(variable, pattern) }
    }

    /// Two values that may be compared: a literal beside a code variable is one of its codes. The first is no literal
    /// point in time, because two of those are folded, and what a folded part would have read is nobody's business.
    fn pair(&self, choices: &mut Choices<'_>) -> (Value, Value) {
        let value = match choices.below(3) {
            0 => Value::Words(self.words(choices, 2)),
            1 => Value::Whole(self.whole(choices, 2)),
            _ => Value::Point(without_literal(self.point(choices, 2))),
        };
        let other = if choices.chance(5) {
            self.literal_like(choices, &value)
        } else {
            match &value {
                Value::Words(Words::Literal(_)) => value.clone(),
                Value::Words(_) => match self.words(choices, 2) {
                    Words::Literal(_) => self.literal_like(choices, &value),
                    words => Value::Words(words),
                },
                Value::Whole(_) => Value::Whole(self.whole(choices, 2)),
                Value::Point(_) => Value::Point(self.point(choices, 2)),
            }
        };
        (value, other)
    }

    fn literal_like(&self, choices: &mut Choices<'_>, value: &Value) -> Value {
        match value {
            Value::Words(words) => {
                let list = match words {
                    Words::Variable(variable) => match self.schema.variables[*variable].kind {
                        Kind::Code(list) => Some(&self.schema.lists[list]),
                        _ => None,
                    },
                    _ => None,
                };
                let text = match list {
                    Some(list) => {
                        let canonical: Vec<&Code> = list.codes.iter().filter(|entry| entry.same_as.is_none()).collect();
                        choices.one(&canonical).text.clone()
                    }
                    None => choices.one(&LITERALS).to_owned(),
                };
                Value::Words(Words::Literal(text))
            }
            Value::Whole(_) => Value::Whole(Whole::Literal(choices.one(&NUMBERS).abs())),
            Value::Point(_) => Value::Point(Point::Literal(choices.one(&POINTS))),
        }
    }

    fn words(&self, choices: &mut Choices<'_>, depth: usize) -> Words {
        let variables = self.of(|variable| {
            variable.separators.is_empty() && matches!(variable.kind, Kind::Text { .. } | Kind::Code(_))
        });
        match choices.below(if depth == 0 { 4 } else { 7 }) {
            0..=2 if !variables.is_empty() => Words::Variable(choices.one(&variables)),
            3 => Words::StatedRegion,
            4 => {
                let inner = Box::new(self.words(choices, depth - 1));
                Words::Substring(inner, 1 + choices.below(3), choices.maybe(5, |choices| 1 + choices.below(3)))
            }
            5 => Words::CodelistValue(1, Box::new(self.words(choices, depth - 1))),
            6 => Words::OrganisationNumber(Box::new(self.words(choices, depth - 1))),
            _ => Words::Literal(choices.one(&LITERALS).to_owned()),
        }
    }

    fn whole(&self, choices: &mut Choices<'_>, depth: usize) -> Whole {
        let variables = self.of(|variable| matches!(variable.kind, Kind::Year(_) | Kind::Integer(_)));
        let repeating = self.repeating();
        match choices.below(if depth == 0 { 4 } else { 14 }) {
            0 | 1 if !variables.is_empty() => Whole::Variable(choices.one(&variables)),
            2 if !repeating.is_empty() => Whole::ElementCount(choices.one(&repeating)),
            3 if !repeating.is_empty() => Whole::CountLike(choices.one(&repeating), Self::pattern(choices)),
            4 => Whole::Length(self.words(choices, depth - 1)),
            5 => Whole::Year(self.point(choices, depth - 1)),
            6 => Whole::Days(self.point(choices, depth - 1), self.point(choices, depth - 1)),
            7 => Whole::Minutes(self.point(choices, depth - 1), self.point(choices, depth - 1)),
            8 => Whole::Add(Box::new(self.whole(choices, depth - 1)), Box::new(self.whole(choices, depth - 1))),
            9 => Whole::Subtract(Box::new(self.whole(choices, depth - 1)), Box::new(self.whole(choices, depth - 1))),
            10 => Whole::Negative(Box::new(self.whole(choices, depth - 1))),
            11 => Whole::Multiply(choices.one(&[0, 1, 2, 3, -2]), Box::new(self.whole(choices, depth - 1))),
            12 => {
                let list = choices.below(self.schema.lists.len());
                let by = self.schema.record_date.filter(|_| self.schema.lists[list].is_dated());
                Whole::CodelistNumber(list, self.words(choices, depth - 1), by)
            }
            13 => Whole::DeliveredRegions,
            _ => Whole::Literal(choices.one(&NUMBERS).abs()),
        }
    }

    fn point(&self, choices: &mut Choices<'_>, depth: usize) -> Point {
        let variables = self.of(|variable| matches!(variable.kind, Kind::Timestamp { .. }));
        match choices.below(if depth == 0 { 7 } else { 8 }) {
            0..=2 if !variables.is_empty() => Point::Variable(choices.one(&variables)),
            3 => Point::DeliveryDate,
            4 => Point::PeriodStart,
            5 => Point::PeriodEnd,
            7 => Point::Day(Box::new(self.point(choices, depth - 1))),
            _ => Point::Literal(choices.one(&POINTS)),
        }
    }
}

fn without_literal(point: Point) -> Point {
    match point {
        Point::Literal(_) => Point::DeliveryDate,
        Point::Day(inner) => Point::Day(Box::new(without_literal(*inner))),
        other => other,
    }
}

/// A text as a double-quoted YAML scalar.
fn scalar(text: &str) -> String {
    serde_json::to_string(text).expect("texts are JSON")
}

const BOTH: &str = "{ sv: text, en: text }";
const SOURCE: &str = "{ document: d, place: p }";
/// Presence is all that compiling asks of tests; these are not run.
const TESTS: &str = "[{ satisfied: {} }, { violated: {} }]";

impl Case {
    /// The schema files.
    pub(super) fn schema_files(&self) -> Files {
        let mut files = Files::new();
        let mut formats = String::from("formats:\n");
        for shape in &SHAPES {
            let most = shape.max_length.map(|most| format!(", max_length: {most}")).unwrap_or_default();
            writeln!(
                formats,
                "  - {{ id: {}, name: {BOTH}, pattern: {}{most}, ignore_characters: {}, title: {BOTH}, fix: {BOTH}, source: {SOURCE}, examples: {{ valid: [{}], invalid: [{}] }} }}",
                shape.id,
                scalar(shape.pattern),
                scalar(shape.ignored),
                scalar(shape.valid),
                scalar(shape.invalid)
            )
            .unwrap();
        }
        add(&mut files, "formats.yaml", formats);
        for list in &self.schema.lists {
            let mut text = String::from("code,text_sv,text_en,valid_from,valid_to,same_as,grupp,antal\n");
            let cell = |number: Option<i64>| number.map(|number| number.to_string()).unwrap_or_default();
            for Code { text: code, from, to, same_as, group, number, later } in &list.codes {
                let (from, to, number) = (from.unwrap_or(""), to.unwrap_or(""), cell(*number));
                writeln!(text, "{code},a,a,{from},{to},{},{group},{number}", same_as.as_deref().unwrap_or("")).unwrap();
                if let Some((from, number)) = later {
                    writeln!(text, "{code},a,a,{from},,,{group},{}", cell(*number)).unwrap();
                }
            }
            add(&mut files, &format!("codelists/{}.csv", list.name), text);
        }
        add(&mut files, "t.yaml", self.schema_text());
        files
    }

    fn schema_text(&self) -> String {
        let mut text = format!("collection: t\nprefix: T\ntitle: {BOTH}\nsource: {SOURCE}\nkey: [variabel_0]\n");
        if let Some(date) = self.schema.record_date {
            writeln!(text, "record_date: variabel_{date}").unwrap();
        }
        text.push_str("variables:\n");
        for (number, variable) in self.schema.variables.iter().enumerate() {
            let mut keys = match &variable.kind {
                Kind::Text { shape, max_length, official } => {
                    let mut keys = String::from("type: text");
                    if let Some(shape) = shape {
                        write!(keys, ", format: {}", SHAPES[*shape].id).unwrap();
                    }
                    if let Some(most) = max_length {
                        write!(keys, ", max_length: {most}").unwrap();
                    }
                    if let Some((list, loaded)) = official {
                        let name = if *loaded { &self.schema.lists[*list].name } else { "finns_inte" };
                        write!(keys, ", codelist: {name}").unwrap();
                    }
                    keys
                }
                Kind::Code(list) => format!("type: code, codelist: {}", self.schema.lists[*list].name),
                Kind::Timestamp { date_only } => format!("type: timestamp, date_only: {date_only}"),
                Kind::Year(range) => format!("type: year{}", range_key(*range)),
                Kind::Integer(range) => format!("type: integer{}", range_key(*range)),
            };
            if !variable.separators.is_empty() {
                write!(keys, ", repeats: {{ separators: {} }}", scalar(variable.separators)).unwrap();
            }
            let missing: Vec<String> = variable
                .missing
                .iter()
                .map(|(code, meaning)| {
                    let word = if *meaning == Missing::Unknown { "unknown" } else { "negative" };
                    format!("{}: {word}", scalar(code))
                })
                .collect();
            writeln!(
                text,
                "  - {{ id: {}, name: {{ sv: Variabel nummer {number}, en: Variable }}, aliases: [Meddelandeattribut{number}], {keys}, missing_codes: {{ {} }}, examples: {{ valid: [a], invalid: [b] }} }}",
                variable.id,
                missing.join(", ")
            )
            .unwrap();
        }
        text
    }

    /// The rule files.
    pub(super) fn rule_files(&self) -> Files {
        let mut text = format!("collections: [t]\nsource: {SOURCE}\nrequirements:\n");
        for variable in &self.schema.variables {
            let level = match &variable.level {
                Level::Mandatory => "mandatory".to_owned(),
                Level::IfAvailable => "if_available".to_owned(),
                Level::Voluntary => "voluntary".to_owned(),
                Level::FetchedSeparately => "fetched_separately".to_owned(),
                Level::NotIncluded => "not_included".to_owned(),
                Level::Conditional { required, relevant } => {
                    let mut keys = String::from("{ level: conditional");
                    if let Some(required) = required {
                        write!(keys, ", required_when: {}, tests: {TESTS}", scalar(&self.schema.sql(required)))
                            .unwrap();
                    }
                    if let Some(relevant) = relevant {
                        write!(
                            keys,
                            ", relevant_when: {}, irrelevant_severity: warning, irrelevant_tests: {TESTS}",
                            scalar(&self.schema.sql(relevant))
                        )
                        .unwrap();
                    }
                    keys + " }"
                }
            };
            writeln!(text, "  {}: {level}", variable.id).unwrap();
        }
        text.push_str("checks:\n");
        for (check, severity) in self.checks.iter().zip(&self.severities) {
            write!(text, "  - {{ id: {}, severity: {severity}", check.id).unwrap();
            if let Some(when) = &check.when {
                write!(text, ", when: {}", scalar(&self.schema.sql(when))).unwrap();
            }
            if let Some(detail) = &check.detail {
                write!(text, ", detail: {}", scalar(&self.schema.whole_sql(detail))).unwrap();
            }
            if let Some((from, until, by)) = check.valid {
                write!(text, ", valid: {{ by: {}", self.schema.variables[by].id).unwrap();
                for (key, day) in [("from", from), ("until", until)] {
                    if let Some(day) = day {
                        write!(text, ", {key}: {day}").unwrap();
                    }
                }
                text.push_str(" }");
            }
            let assertion = scalar(&self.schema.sql(&check.assertion));
            writeln!(text, ", assert: {assertion}, title: {BOTH}, fix: {BOTH}, tests: {TESTS} }}").unwrap();
        }
        text.push_str("submission:\n");
        let tests = "tests: [{ satisfied: { csv: a } }, { violated: { csv: a } }]";
        writeln!(text, "  - {{ id: LEV-0001, check: {{ readable: {{}} }}, severity: warning, title: {BOTH}, fix: {BOTH}, {tests} }}").unwrap();
        if let Some((variables, within)) = &self.unique {
            let ids = |variables: &[usize]| {
                let ids: Vec<&str> = variables.iter().map(|index| self.schema.variables[*index].id.as_str()).collect();
                ids.join(", ")
            };
            writeln!(
                text,
                "  - {{ id: LEV-0002, check: {{ unique: {{ variables: [{}], within: [{}] }} }}, severity: error, title: {BOTH}, fix: {BOTH}, {tests} }}",
                ids(variables),
                ids(within)
            )
            .unwrap();
        }
        let mut files = Files::new();
        add(&mut files, "t.yaml", text);
        files
    }
}

fn range_key(range: Option<(i64, i64)>) -> String {
    range.map(|(min, max)| format!(", range: {{ min: {min}, max: {max} }}")).unwrap_or_default()
}

fn add(files: &mut Files, name: &str, text: String) {
    files.insert(name.to_owned(), File { name: name.to_owned(), text });
}
