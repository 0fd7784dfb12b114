//! One rule explained on a page of text: what it says, why, what to do, where it applies, and examples.

use super::account::{Account, Example, GroupAccount, VERDICTS, verdict_words};
use crate::model::{Language, Text};
use crate::rule::RuleKind;
use crate::rule::expr::Parameter;
use crate::time;

/// Examples shown of one verdict; more are counted.
const MOST_EXAMPLES: usize = 3;

/// The widest a line is, apart from expressions as written.
const WIDTH: usize = 100;

/// The page of `accounts`, which are of one id, in `language`.
pub fn explain(accounts: &[Account], language: Language) -> String {
    let mut page = Page { text: String::new(), language };
    for (index, account) in accounts.iter().enumerate() {
        if index > 0 {
            page.text.push('\n');
        }
        page.account(account);
    }
    page.text
}

struct Page {
    text: String,
    language: Language,
}

impl Page {
    fn say<'a>(&self, sv: &'a str, en: &'a str) -> &'a str {
        self.language.pick(sv, en)
    }

    fn line(&mut self, indent: usize, text: &str) {
        let first = " ".repeat(indent);
        let options = textwrap::Options::new(WIDTH)
            .initial_indent(&first)
            .subsequent_indent(&first)
            .break_words(false)
            .word_separator(textwrap::WordSeparator::AsciiSpace)
            .word_splitter(textwrap::WordSplitter::NoHyphenation);
        self.text.push_str(&textwrap::fill(text, options));
        self.text.push('\n');
    }

    /// Lines as they are: what is written in a rule file is not broken.
    fn written(&mut self, indent: usize, text: &str) {
        for line in text.lines() {
            self.text.extend([" ".repeat(indent).as_str(), line, "\n"]);
        }
    }

    fn heading(&mut self, sv: &str, en: &str) {
        self.text.push('\n');
        let heading = self.say(sv, en).to_owned();
        self.line(0, &heading);
    }

    fn account(&mut self, account: &Account) {
        let title = account.title.get(self.language);
        let severity = account.severity.word(self.language).to_uppercase();
        self.line(0, &format!("{} {severity}: {title}", account.id));
        self.heading("Regeln säger", "The rule says");
        self.line(2, account.sentence.get(self.language));
        let written = [
            (self.say("Villkor som det är skrivet:", "Condition as written:").to_owned(), account.when.as_ref()),
            (self.say("Krav som det är skrivet:", "Assertion as written:").to_owned(), account.assertion.as_ref()),
        ];
        for (label, text) in written {
            if let Some(text) = text {
                self.line(2, &label);
                self.written(4, text);
            }
        }
        if let Some(groups) = &account.groups {
            self.groups(groups);
        }
        if let Some(why) = &account.why {
            self.heading("Varför", "Why");
            self.line(2, why.get(self.language));
        }
        self.heading("Att göra", "What to do");
        self.line(2, account.fix.get(self.language));
        self.heading("Allvarlighetsgrad", "Severity");
        self.line(2, &sentence_of(&account.consequence(), self.language));
        self.heading("Källa", "Source");
        self.line(2, &account.source.document);
        self.line(2, &account.source.place);
        self.reach(account);
        self.examples(&account.examples);
        if !account.history.is_empty() {
            self.heading("Historik", "History");
            for change in &account.history {
                self.line(2, &format!("{}: {}", time::format_day(change.day), change.text.get(self.language)));
            }
        }
        self.heading("Skriven i", "Written in");
        let place = account.place.clone().unwrap_or_else(|| {
            self.say("schemat: följer av variabelns typ", "the schema: follows from the variable's type").to_owned()
        });
        self.line(2, &place);
    }

    /// What the groups are, and what is said of them is made of.
    fn groups(&mut self, groups: &GroupAccount) {
        self.heading("Regeln gäller grupper av poster", "The rule is on groups of records");
        self.line(2, groups.sentence.get(self.language));
        for made in &groups.variables {
            let (name, words) = (made.name.get(self.language), made.words.get(self.language));
            self.line(2, &format!("{name} ({}): {words}.", made.id));
            if let Some(sql) = &made.sql {
                self.written(4, sql);
            }
        }
    }

    /// Where it applies, and what it needs.
    fn reach(&mut self, account: &Account) {
        self.heading("Gäller", "Applies to");
        let mut rows: Vec<(String, String)> = Vec::new();
        let collections = account.collections.iter();
        let collections: Vec<String> =
            collections.map(|(id, title)| format!("{} ({id})", title.get(self.language))).collect();
        rows.push((self.say("Insamling", "Collection").to_owned(), collections.join("; ")));
        if account.kind != RuleKind::Submission {
            let validity = account.validity.as_ref().map(|text| text.get(self.language).to_owned());
            let always = match &account.groups {
                None => self.say("alla poster, oavsett datum", "all records, whatever their date").to_owned(),
                Some(groups) => {
                    let (all, date) = (self.say("alla", "all"), self.say("oavsett datum", "whatever their date"));
                    format!("{all} {}, {date}", groups.unit.get(self.language))
                }
            };
            rows.push((self.say("Giltighet", "Validity").to_owned(), validity.unwrap_or(always)));
        }
        let named = |variables: &[(String, Text)]| {
            let names = variables.iter().map(|(id, name)| format!("{} ({id})", name.get(self.language)));
            names.collect::<Vec<_>>().join("; ")
        };
        if !account.faulty.is_empty() {
            rows.push((self.say("Variabel att rätta", "Variable to correct").to_owned(), named(&account.faulty)));
        }
        if !account.triggers.is_empty() {
            rows.push((self.say("Beror på", "Depends on").to_owned(), named(&account.triggers)));
        }
        if !account.columns.is_empty() {
            let words = if account.reads_missing_as_blank {
                self.say("minst en av", "at least one of")
            } else {
                self.say("alla av", "all of")
            };
            let columns = account.columns.join(", ");
            let columns = if account.columns.len() > 1 { format!("{words} {columns}") } else { columns };
            rows.push((self.say("Kräver kolumn", "Needs column").to_owned(), columns));
        }
        let mut needs: Vec<String> =
            account.parameters.iter().map(|parameter| self.parameter(*parameter).to_owned()).collect();
        needs.dedup();
        if account.needs_record_count {
            needs.push(
                self.say("antalet poster: --expect-records", "the number of records: --expect-records").to_owned(),
            );
        }
        if let Some(list) = &account.official_list {
            let words = self.say("det officiella kodverket: --codelist", "the official code list: --codelist");
            needs.push(format!("{words} {list}=FILE"));
        }
        if !needs.is_empty() {
            rows.push((self.say("Kräver uppgift om", "Needs to be told").to_owned(), needs.join("; ")));
        }
        let width = rows.iter().map(|(label, _)| label.chars().count()).max().unwrap_or(0);
        for (label, text) in rows {
            let first = format!("  {label}{} ", " ".repeat(width - label.chars().count()));
            let rest = " ".repeat(width + 3);
            let options = textwrap::Options::new(WIDTH)
                .initial_indent(&first)
                .subsequent_indent(&rest)
                .break_words(false)
                .word_separator(textwrap::WordSeparator::AsciiSpace)
                .word_splitter(textwrap::WordSplitter::NoHyphenation);
            self.text.push_str(&textwrap::fill(&text, options));
            self.text.push('\n');
        }
    }

    fn parameter(&self, parameter: Parameter) -> &'static str {
        let (sv, en) = match parameter {
            Parameter::DeliveryDate => (
                "leveransdagen: --delivery-date (annars i dag)",
                "the day of delivery: --delivery-date (otherwise today)",
            ),
            Parameter::PeriodStart | Parameter::PeriodEnd => ("leveransens period: --period", "the period: --period"),
            Parameter::StatedRegion => ("leveransens region: --region", "the region: --region"),
            Parameter::DeliveredRegions => {
                ("antalet regioner som levererat: --deliveries", "how many regions have delivered: --deliveries")
            }
        };
        self.say(sv, en)
    }

    fn examples(&mut self, examples: &[Example]) {
        for verdict in VERDICTS {
            let all: Vec<&Example> = examples.iter().filter(|example| example.verdict == verdict).collect();
            if all.is_empty() {
                continue;
            }
            let words = verdict_words(verdict);
            self.heading(&words.sv, &words.en);
            for (index, example) in all.iter().take(MOST_EXAMPLES).enumerate() {
                if index > 0 {
                    self.text.push('\n');
                }
                self.example(example);
            }
            if all.len() > MOST_EXAMPLES {
                let rest = all.len() - MOST_EXAMPLES;
                let line = format!("… {} {rest}", self.say("och fler:", "and more:"));
                self.line(2, &line);
            }
        }
    }

    fn example(&mut self, example: &Example) {
        let mut rows: Vec<(String, String)> = Vec::new();
        rows.extend(example.values.iter().map(|(variable, value)| {
            let value = if value.is_empty() { self.say("(tomt)", "(blank)").to_owned() } else { value.clone() };
            (variable.clone(), value)
        }));
        rows.extend(example.stated.iter().map(|(option, value)| (option.get(self.language).to_owned(), value.clone())));
        if let Some(is_listed) = example.is_listed {
            let value = if is_listed {
                self.say("koden finns där", "has the code")
            } else {
                self.say("koden finns inte där", "does not have the code")
            };
            rows.push((self.say("officiellt kodverk", "official code list").to_owned(), value.to_owned()));
        }
        if rows.is_empty() && example.csv.is_none() {
            let all = self.say("(alla variabler tomma)", "(every variable blank)").to_owned();
            self.line(2, &all);
        }
        let width = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
        for (name, value) in rows {
            let gap = " ".repeat(width - name.chars().count());
            self.written(2, &format!("{name}{gap} = {value}"));
        }
        if let Some(csv) = &example.csv {
            self.written(2, csv);
        }
    }
}

fn sentence_of(text: &Text, language: Language) -> String {
    let text = text.get(language);
    let mut letters = text.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    format!("{first}{}.", letters.as_str())
}
