//! Planting: which record gets which defect, and what becomes of its fields.

use std::collections::HashMap;

use super::{Defects, Edit, Moment};
use crate::generate::output::{BLOCK_RECORDS, OutputFormat};
use crate::generate::profile::Profile;
use crate::generate::random::{Stream, WHOLE};
use crate::generate::record::{Record, Setting, write_time};
use crate::generate::truth::TruthRow;
use crate::model::VariableIndex;
use crate::schema::{Codelist, Collection, Domain, Variable};
use crate::time::{self, DAY, Form};

/// The purpose of the stream that defects are drawn from.
const PURPOSE: u64 = 1;
/// Records at the start and end of a block without unclosed quotation marks, so that two of them are further apart
/// than a reader looks for the closing one (64 KiB), at 128 bytes a record.
const QUOTE_MARGIN: u64 = 512;

/// What becomes of one record.
#[derive(Debug, Default)]
pub(in crate::generate) struct Planted {
    /// Replaced fields.
    replaced: Vec<(VariableIndex, Vec<u8>)>,
    /// A field to be written as it is, without quoting.
    pub(in crate::generate) raw: Option<VariableIndex>,
    pub(in crate::generate) extra_field: bool,
    pub(in crate::generate) missing_field: bool,
    /// The defect.
    pub(in crate::generate) defect: usize,
    /// Planted in the record that the row has in this column, once it is unfolded, and not in the row.
    pub(in crate::generate) of: Option<VariableIndex>,
    /// The days from the record to its second self.
    pub(in crate::generate) again: Option<i64>,
}

/// What an edit can see: a record as drawn, or one that a row is unfolded to.
#[derive(Clone, Copy)]
pub(in crate::generate) struct Drawn<'a> {
    pub(in crate::generate) collection: &'a Collection,
    pub(in crate::generate) text: &'a dyn Fn(VariableIndex) -> &'a [u8],
    /// Of the record, or of the row it is of.
    pub(in crate::generate) number: u64,
    pub(in crate::generate) period: (i64, i64),
}

impl Planted {
    /// The text of `variable`, as planted or else as `drawn`.
    pub(in crate::generate) fn text<'a, 'd: 'a>(&'a self, drawn: &Drawn<'d>, variable: VariableIndex) -> &'a [u8] {
        match self.replaced.iter().rev().find(|(index, _)| *index == variable) {
            Some((_, text)) => text,
            None => (drawn.text)(variable),
        }
    }

    fn replace(&mut self, variable: VariableIndex, text: Vec<u8>) {
        self.replaced.push((variable, text));
    }
}

/// A record's number and its key.
type Keyed = (u64, Vec<Vec<u8>>);

/// Plants the defects of one block.
pub(in crate::generate) struct Planter<'a> {
    defects: &'a Defects,
    profile: &'a Profile,
    format: OutputFormat,
    n_records: u64,
    /// Whether records are rows that are unfolded.
    unfolds: bool,
    stream: Stream,
    /// For each defect that copies keys and each scope the last clean record.
    recent: HashMap<(usize, Vec<u8>), Keyed>,
    has_quote: bool,
    pub(in crate::generate) truth: Vec<TruthRow>,
}

impl<'a> Planter<'a> {
    pub(in crate::generate) fn new(
        defects: &'a Defects,
        profile: &'a Profile,
        setting: &Setting,
        format: OutputFormat,
        (n_records, unfolds): (u64, bool),
        block: u64,
    ) -> Self {
        Self {
            defects,
            profile,
            format,
            n_records,
            unfolds,
            stream: Stream::new(setting.seed, block, PURPOSE),
            recent: HashMap::new(),
            has_quote: false,
            truth: Vec::new(),
        }
    }

    /// Plants the defect drawn for `record`, if any; `None` where the record stays clean.
    pub(in crate::generate) fn plant(&mut self, record: &Record) -> Option<Planted> {
        let at = self.stream.below(WHOLE);
        let index = self.defects.ends.partition_point(|end| *end <= at);
        let planted = if index < self.defects.list.len() { self.try_plant(index, record) } else { None };
        if planted.is_none() {
            self.remember(record);
        }
        planted
    }

    fn try_plant(&mut self, index: usize, record: &Record) -> Option<Planted> {
        let defects = self.defects;
        let profile = self.profile;
        let defect = &defects.list[index];
        if !defect.conditions.iter().all(|condition| condition.allows(record.symbol(condition.value))) {
            return None;
        }
        let mut planted = Planted { defect: index, ..Planted::default() };
        if let Some(of) = &defect.of {
            // One of the row's records, if it is to be unfolded at all.
            let is_filled = |column: &&VariableIndex| !record.text(profile.value_of[column.0]).is_empty();
            let filled: Vec<VariableIndex> = of.iter().filter(is_filled).copied().collect();
            let place = usize::try_from(self.stream.below(filled.len() as u64)).ok()?;
            planted.of = Some(*filled.get(place).filter(|_| self.unfolds)?);
            return Some(planted);
        }
        let text = |variable: VariableIndex| record.text(profile.value_of[variable.0]);
        let drawn =
            Drawn { collection: &profile.collection, text: &text, number: record.number, period: record.period };
        let mut partner = None;
        for edit in &defect.edits {
            if edit.is_of_text() && (self.format != OutputFormat::Csv || self.unfolds) {
                return None;
            }
            if let Edit::Duplicate { variables, within } = edit {
                let (number, key) = self.recent.remove(&(index, self.scope(record, within)))?;
                for (variable, text) in variables.iter().zip(key) {
                    planted.replace(*variable, text);
                }
                partner = Some(number);
            } else {
                self.edit(edit, &drawn, &mut planted)?;
            }
        }
        if self.unfolds {
            return Some(planted);
        }
        let row = |number: u64| TruthRow {
            record: number + 1,
            defect: index,
            value: defect.variable.map_or_else(Vec::new, |variable| planted.text(&drawn, variable).to_vec()),
        };
        let rows: Vec<TruthRow> = partner.into_iter().chain([record.number]).map(row).collect();
        self.truth.extend(rows);
        Some(planted)
    }

    /// Plants a defect in the record that it was meant for; false where the record is not made for it.
    pub(in crate::generate) fn plant_in(&mut self, drawn: &Drawn<'_>, planted: &mut Planted) -> bool {
        let defects = self.defects;
        let edits = &defects.list[planted.defect].edits;
        edits.iter().all(|edit| {
            let is_writable = !edit.is_of_text() || self.format == OutputFormat::Csv;
            is_writable && self.edit(edit, drawn, planted).is_some()
        })
    }

    /// Keeps the keys of a clean record that a later one may copy.
    fn remember(&mut self, record: &Record) {
        for (index, defect) in self.defects.list.iter().enumerate() {
            for edit in &defect.edits {
                if let Edit::Duplicate { variables, within } = edit {
                    let key: Vec<Vec<u8>> =
                        variables.iter().map(|variable| self.drawn(record, *variable).to_vec()).collect();
                    if key.iter().all(|text| !text.is_empty()) {
                        self.recent.insert((index, self.scope(record, within)), (record.number, key));
                    }
                }
            }
        }
    }

    fn drawn<'r>(&self, record: &'r Record, variable: VariableIndex) -> &'r [u8] {
        record.text(self.profile.value_of[variable.0])
    }

    fn scope(&self, record: &Record, within: &[VariableIndex]) -> Vec<u8> {
        let texts: Vec<&[u8]> = within.iter().map(|variable| self.drawn(record, *variable)).collect();
        texts.join(&0)
    }

    /// Does one edit; `None` where the record is not made for it.
    fn edit(&mut self, edit: &Edit, drawn: &Drawn<'_>, planted: &mut Planted) -> Option<()> {
        let filled = |planted: &Planted, variable: VariableIndex| {
            let text = planted.text(drawn, variable);
            (!text.is_empty()).then(|| text.to_vec())
        };
        let replacement = match edit {
            Edit::Blank(variable) => {
                filled(planted, *variable)?;
                (*variable, Vec::new())
            }
            Edit::Value(variable, texts) => {
                let index = usize::try_from(self.stream.below(texts.len() as u64)).unwrap_or(0);
                let text = texts.get(index)?.clone().into_bytes();
                if planted.text(drawn, *variable) == text {
                    return None;
                }
                (*variable, text)
            }
            Edit::BadCode(variable, list) => {
                let item = drawn.collection.get(*variable);
                (*variable, self.bad_code(&filled(planted, *variable)?, list, item)?)
            }
            Edit::BadFormat(variable) => {
                let item = drawn.collection.get(*variable);
                (*variable, self.bad_format(&filled(planted, *variable)?, item)?)
            }
            Edit::Swap(first, second) => {
                let (one, other) = (filled(planted, *first)?, filled(planted, *second)?);
                if one == other {
                    return None;
                }
                planted.replace(*second, one);
                (*first, other)
            }
            Edit::Shift { variable, from, direction, days, minutes } => {
                let base = match from {
                    Moment::PeriodStart => drawn.period.0 * DAY,
                    Moment::PeriodEnd => drawn.period.1 * DAY + DAY - 60,
                    Moment::Variable(other) => time::parse(planted.text(drawn, *other))?.seconds,
                };
                let (days, minutes) = (self.stream.between(days.0, days.1), self.stream.between(minutes.0, minutes.1));
                let seconds = base + direction * (days * DAY + minutes * 60);
                (*variable, written_like(planted.text(drawn, *variable), seconds)?)
            }
            Edit::Future(variable, days) => {
                let day = self.defects.delivery_date + self.stream.between(days.0, days.1);
                let seconds = day * DAY + self.stream.between(8 * 60, 16 * 60) * 60;
                (*variable, written_like(planted.text(drawn, *variable), seconds)?)
            }
            Edit::Lowercase(variable) => {
                let text = filled(planted, *variable)?;
                let lower = text.to_ascii_lowercase();
                if lower == text {
                    return None;
                }
                (*variable, lower)
            }
            Edit::Digit(variable, position) => {
                let mut text = filled(planted, *variable)?;
                let digit = text.get_mut(position - 1).filter(|byte| byte.is_ascii_digit())?;
                let step = u8::try_from(self.stream.between(1, 9)).unwrap_or(1);
                *digit = b'0' + (*digit - b'0' + step) % 10;
                (*variable, text)
            }
            Edit::Attribute(variable, list, column) => {
                let text = filled(planted, *variable)?;
                let attribute = list.attribute(&text, *column)?.as_bytes().to_vec();
                if attribute == text {
                    return None;
                }
                (*variable, attribute)
            }
            Edit::Append(variable, more) => {
                let mut text = filled(planted, *variable)?;
                text.extend_from_slice(more.as_bytes());
                (*variable, text)
            }
            Edit::ExtraField => {
                planted.extra_field = true;
                return Some(());
            }
            Edit::MissingField => {
                planted.missing_field = true;
                return Some(());
            }
            Edit::Undecodable(variable) => {
                let mut text = filled(planted, *variable)?;
                // Neither UTF-8 nor a character of Windows-1252.
                text.insert(text.len() / 2, 0x81);
                (*variable, text)
            }
            Edit::UnclosedQuote(variable) => {
                let mut text = filled(planted, *variable)?;
                let place = drawn.number % BLOCK_RECORDS;
                let is_alone =
                    self.n_records <= BLOCK_RECORDS || (QUOTE_MARGIN..BLOCK_RECORDS - QUOTE_MARGIN).contains(&place);
                if self.has_quote || !is_alone {
                    return None;
                }
                self.has_quote = true;
                text.insert(0, b'"');
                planted.raw = Some(*variable);
                (*variable, text)
            }
            Edit::Repeat(days) => {
                planted.again = Some(self.stream.between(days.0, days.1));
                return Some(());
            }
            // Planted by the caller, who knows the other records.
            Edit::Duplicate { .. } => return None,
        };
        planted.replace(replacement.0, replacement.1);
        Some(())
    }

    /// A code like `text` that is not in `list`: one of its characters is another.
    fn bad_code(&mut self, text: &[u8], list: &Codelist, variable: &Variable) -> Option<Vec<u8>> {
        let first = text.split(|byte| variable.separators.contains(byte)).next()?;
        for _ in 0..50 {
            let mut code = first.to_vec();
            let place = usize::try_from(self.stream.below(code.len() as u64)).ok()?;
            let (start, count) = match code.get(place)? {
                b'0'..=b'9' => (b'0', 10),
                b'a'..=b'z' => (b'a', 26),
                _ => (b'A', 26),
            };
            code[place] = start + u8::try_from(self.stream.below(count)).ok()?;
            if list.find(&code).is_none() && std::str::from_utf8(&code).is_ok() {
                return Some(code);
            }
        }
        let mut code = first.to_vec();
        code.push(b'X');
        list.find(&code).is_none().then_some(code)
    }

    /// `text`, mangled as people and programs do, so that it is refused.
    fn bad_format(&mut self, text: &[u8], variable: &Variable) -> Option<Vec<u8>> {
        let word = |text: &str| text.as_bytes().to_vec();
        let mut candidates: Vec<Vec<u8>> = if matches!(variable.domain, Domain::Timestamp { .. }) {
            let seconds = time::parse(text)?.seconds;
            let mut day = Vec::new();
            write_time(&mut day, seconds, Form::DateOnly);
            let part = |from: usize, to: usize| String::from_utf8_lossy(&day[from..to]).into_owned();
            let (year, month, number) = (part(0, 4), part(5, 7), part(8, 10));
            vec![
                word(&format!("{number}/{month}/{year}")),
                word(&format!("{number}.{month}.{year} 08:00")),
                word(&format!("{year}-13-{number}T08:00")),
                word(&format!("{year}-02-30T08:00")),
                word(&format!("{year}-{month}-{number}")),
                word("okänt"),
            ]
        } else {
            let mut longer = text.to_vec();
            longer.extend_from_slice(b"?");
            vec![text.get(2..).unwrap_or_default().to_vec(), text.to_ascii_lowercase(), longer, word("okänd")]
        };
        candidates.retain(|candidate| {
            !candidate.is_empty() && std::str::from_utf8(candidate).is_ok() && !accepts(variable, candidate)
        });
        let index = usize::try_from(self.stream.below(candidates.len() as u64)).ok()?;
        (index < candidates.len()).then(|| candidates.swap_remove(index))
    }
}

/// Whether a value is one that the variable may have, as far as type and format go.
fn accepts(variable: &Variable, text: &[u8]) -> bool {
    let one = |text: &[u8]| match &variable.domain {
        Domain::Text { format, max_length, .. } => {
            format.as_ref().is_none_or(|format| format.accepts(text))
                && max_length.is_none_or(|most| crate::schema::length_in_characters(text) <= most)
        }
        Domain::Code { .. } => true,
        Domain::Timestamp { date_only } => {
            time::parse(text).is_some_and(|timestamp| *date_only || timestamp.form != Form::DateOnly)
        }
        Domain::Year { range } | Domain::Integer { range } => {
            let number = std::str::from_utf8(text).ok().and_then(|text| text.parse::<i64>().ok());
            let is_long_enough = !matches!(variable.domain, Domain::Year { .. }) || text.len() == 4;
            is_long_enough
                && number.is_some_and(|number| range.is_none_or(|(least, most)| (least..=most).contains(&number)))
        }
    };
    text.split(|byte| variable.separators.contains(byte)).all(one)
}

/// A point in time, written as `text` was; to the minute where that is none.
fn written_like(text: &[u8], seconds: i64) -> Option<Vec<u8>> {
    // Years of four digits only.
    if !(-719_528 * DAY..2_932_897 * DAY).contains(&seconds) {
        return None;
    }
    let form = time::parse(text).map_or(Form::Minutes, |timestamp| timestamp.form);
    let mut bytes = Vec::new();
    write_time(&mut bytes, seconds, form);
    Some(bytes)
}
