//! `--data` and `--fail-if`: what a change of rules means for deliveries, from arguments to an impact.

use std::path::PathBuf;

use super::super::args::ReadingArguments;
use super::super::progress::Bar;
use super::super::signal::Signals;
use super::super::{Failure, check};
use crate::engine::Stated;
use crate::engine::compare::{self, Delivery, Impact};
use crate::model::Language;
use crate::rulebook::Shelf;
use crate::rulebook::fail_if::{Breach, Condition};
use crate::submission::{ReadOptions, find};

/// What is asked.
#[derive(Clone, Debug, Default)]
pub(super) struct Question<'a> {
    /// `--data`: files, folders and patterns.
    pub(super) data: &'a [String],
    /// `--fail-if`: conditions.
    pub(super) fail_if: &'a [String],
    /// How the files are read.
    pub(super) options: ReadOptions,
    /// `--period`, where the command has it.
    pub(super) period: Option<&'a str>,
    /// `--delivery-date`, where the command has it; today otherwise.
    pub(super) delivery_date: Option<&'a str>,
    /// Whether no progress is shown.
    pub(super) quiet: bool,
}

/// What a change of rules means, and which conditions that fulfils.
#[derive(Debug)]
pub(super) struct Answer {
    /// The impact.
    pub(super) impact: Impact,
    /// By condition, as given.
    pub(super) breaches: Vec<Breach>,
}

impl Question<'_> {
    /// The same with the files read as `arguments` say.
    pub(super) fn reading(self, arguments: &ReadingArguments, language: Language) -> Result<Self, Failure> {
        Ok(Self { options: check::read_options(arguments, language)?, ..self })
    }

    /// Judges every record by both rule sets. Conditions are read before any file is.
    pub(super) fn answer(&self, before: &Shelf, after: &Shelf, language: Language) -> Result<Answer, Failure> {
        let conditions =
            self.fail_if.iter().map(|text| condition(text, language)).collect::<Result<Vec<Condition>, Failure>>()?;
        let stated = self.stated(language)?;
        let signals = Signals::listen();
        let failed = |error| check::input_failure(&error, &signals, language);
        let paths: Vec<PathBuf> = find::find(self.data).map_err(failed)?;
        let deliveries = paths
            .iter()
            .map(|path| Delivery::open(path, &before.schemas, &after.schemas, &self.options))
            .collect::<Result<Vec<Delivery>, _>>()
            .map_err(failed)?;
        let bar = Bar::reading(deliveries.iter().map(Delivery::size).sum(), self.quiet, language);
        let inc = |advance| bar.read(advance);
        let compared = compare::compare(&before.plans, &after.plans, &deliveries, &stated, &signals.stop, &inc);
        bar.finish();
        let impact = compared.map_err(failed)?;
        let breaches = conditions.iter().flat_map(|condition| condition.judge(&impact)).collect();
        Ok(Answer { impact, breaches })
    }

    fn stated(&self, language: Language) -> Result<Stated, Failure> {
        Ok(Stated {
            period: self.period.map(|text| check::parse_period(text, language)).transpose()?,
            delivery_date: match self.delivery_date {
                Some(text) => check::parse_day("--delivery-date", text, language)?,
                None => check::today(),
            },
            delivery_date_stated: self.delivery_date.is_some(),
            ..Stated::default()
        })
    }
}

impl Answer {
    /// Whether a condition is fulfilled, so that the command is to fail.
    pub(super) fn fails(&self) -> bool {
        !self.breaches.is_empty()
    }
}

fn condition(text: &str, language: Language) -> Result<Condition, Failure> {
    Condition::parse(text).map_err(|error| {
        let (position, sv, en) = (error.position, &error.expected.sv, &error.expected.en);
        Failure::usage(
            language,
            format!("--fail-if \"{text}\", tecken {position}: {sv}"),
            format!("--fail-if \"{text}\", character {position}: {en}"),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::ExitCode;
    use super::*;
    use crate::assets::Assets;
    use crate::rulebook::Rulebook;

    fn books() -> [Rulebook; 2] {
        let assets = Assets::layered(None, None).expect("embedded");
        let mut changed = assets.clone();
        for file in changed.rules.values_mut() {
            file.text = file.text.replace("remittenttyp: if_available", "remittenttyp: mandatory");
        }
        [assets, changed].map(|assets| Rulebook::load(&assets).expect("sound"))
    }

    fn sample() -> Vec<String> {
        vec![concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/samples/specvard_genomforda_2022-03.csv").to_owned()]
    }

    #[test]
    fn a_sample_is_compared_from_arguments_to_reports() {
        let [before, after] = books().map(|book| book.collections);
        let (data, fail_if) = (sample(), ["newly_failing > 0".to_owned(), "newly_passing > 100%".to_owned()]);
        let reading = ReadingArguments {
            collection: None,
            delimiter: Some(";".to_owned()),
            encoding: None,
            column: Vec::new(),
            memory: None,
        };
        let question = Question {
            data: &data,
            fail_if: &fail_if,
            period: Some("2022-03"),
            delivery_date: Some("2022-04-15"),
            ..Question::default()
        };
        let question = question.reading(&reading, Language::Swedish).expect("well-formed");
        let same = question.answer(&before, &before, Language::Swedish).expect("readable");
        assert!(!same.fails(), "{:?}", same.breaches);
        assert_eq!(same.impact.collections["specvard_genomforda"].records, 200);
        let other = question.answer(&before, &after, Language::Swedish).expect("readable");
        // 95 records of the sample are blank there.
        assert!(other.fails() && other.breaches.len() == 1, "{:?}", other.breaches);
        assert_eq!((other.breaches[0].n, other.breaches[0].records), (95, 200));
    }

    #[test]
    fn mistakes_in_arguments_are_told_before_any_file_is_read() {
        let [before, _] = books().map(|book| book.collections);
        let nowhere = ["finns inte.csv".to_owned()];
        let ask = |fail_if: &str, period: Option<&str>| {
            let fail_if = [fail_if.to_owned()];
            let question = Question { data: &nowhere, fail_if: &fail_if, period, ..Question::default() };
            question.answer(&before, &before, Language::Swedish).expect_err("no such file")
        };
        let failure = ask("newly_failing > mycket", None);
        assert_eq!(failure.code, ExitCode::Usage);
        assert!(failure.message.contains("tecken 17: skriv ett tal"), "{}", failure.message);
        assert_eq!(ask("newly_failing > 1", Some("mars")).code, ExitCode::Usage);
        assert_eq!(ask("newly_failing > 1", None).code, ExitCode::Input);
    }
}
