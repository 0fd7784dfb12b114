//! One record: its values are drawn one after another into one stretch of bytes.

use super::profile::{
    Anchor, BLANK, Base, Case, Choice, Constant, FILLED, Fill, Part, PoolSize, Profile, TimeFill, Value,
};
use super::random::{Stream, hash_name, mix};
use super::strata::{Place, Stated};
use crate::engine::is_personal_number;
use crate::time::{self, DAY, Form};

/// What every record of a run shares.
#[derive(Clone, Copy, Debug)]
pub(super) struct Setting {
    pub(super) seed: u64,
    /// First and last day, days since 1970-01-01; a stratum may have another.
    period: (i64, i64),
    /// What record numbers are scrambled with.
    scrambler: u64,
}

impl Setting {
    /// The setting of a submission of `collection`; another period or collection has other identities.
    pub(super) fn new(collection: &str, seed: u64, period: (i64, i64)) -> Self {
        Self { seed, period, scrambler: mix(mix(seed ^ hash_name(collection)) ^ period.0.cast_unsigned()) }
    }
}

/// The values of one record; used again for the next.
#[derive(Debug, Default)]
pub(super) struct Record {
    /// 0-based, within the submission.
    pub(super) number: u64,
    /// First and last day, days since 1970-01-01.
    pub(super) period: (i64, i64),
    bytes: Vec<u8>,
    cells: Vec<Cell>,
}

/// One value.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cell {
    start: u32,
    end: u32,
    /// The code, where it is one; `BLANK` and `FILLED` otherwise.
    symbol: u32,
    /// Seconds of a point in time, a number, the count of repeated codes, or the hash of a pool's member.
    number: i64,
}

impl Record {
    /// The text of the value at `index`; blank where it is not drawn yet.
    #[inline]
    pub(super) fn text(&self, index: usize) -> &[u8] {
        self.cells.get(index).map_or(&[], |cell| &self.bytes[cell.start as usize..cell.end as usize])
    }

    /// The code of the value at `index`.
    #[inline]
    pub(super) fn symbol(&self, index: usize) -> u32 {
        self.cells.get(index).map_or(BLANK, |cell| cell.symbol)
    }

    /// Seconds, where the value at `index` is a filled point in time.
    #[inline]
    fn seconds(&self, index: usize) -> Option<i64> {
        self.cells.get(index).filter(|cell| cell.end > cell.start).map(|cell| cell.number)
    }

    /// Draws every value of record `number`, but for what its place in the strata states.
    pub(super) fn draw(
        &mut self,
        profile: &Profile,
        setting: &Setting,
        number: u64,
        place: Option<Place<'_>>,
        stream: &mut Stream,
    ) {
        self.number = number;
        self.period = place.and_then(|place| place.stratum.period).unwrap_or(setting.period);
        self.bytes.clear();
        self.cells.clear();
        let mut rest = place.map_or(&[][..], |place| &place.stratum.stated);
        let position = place.map_or(0, |place| place.position);
        for (index, value) in profile.values.iter().enumerate() {
            let start = self.bytes.len();
            let stated = match rest {
                [(at, stated), following @ ..] if *at == index => {
                    rest = following;
                    Some(stated)
                }
                _ => None,
            };
            let matches = |case: &&Case| case.when.iter().all(|when| when.allows(self.symbol(when.value)));
            let case = value.cases.iter().find(matches);
            let mut drawing = Drawing { profile, setting, value, certain: stated.is_some(), record: self };
            let (symbol, number) = match (stated, case) {
                (Some(Stated::Fixed(constant)), _) => drawing.constant(constant),
                (Some(Stated::Filled(share)), case) if share.has(position) => drawing.some(case, stream),
                (None, Some(case)) if stream.percent(case.filled) => drawing.fill(&case.fill, stream),
                _ => (BLANK, 0),
            };
            let end = self.bytes.len();
            let symbol = match symbol {
                _ if end == start => BLANK,
                BLANK => FILLED,
                code => code,
            };
            // A record is far shorter than 4 GiB: texts and counts in a profile are bounded.
            let at = |position: usize| u32::try_from(position).unwrap_or(0);
            self.cells.push(Cell { start: at(start), end: at(end), symbol, number });
        }
    }
}

/// Draws one value, writing its text; the results are its symbol and its number.
struct Drawing<'a> {
    profile: &'a Profile,
    setting: &'a Setting,
    value: &'a Value,
    /// Whether it must not be blank, if that can be helped.
    certain: bool,
    record: &'a mut Record,
}

impl Drawing<'_> {
    fn constant(&mut self, constant: &Constant) -> (u32, i64) {
        self.record.bytes.extend_from_slice(constant.text.as_bytes());
        (constant.symbol, constant.number)
    }

    /// A value, whatever chance says: of the case that matches, else of the first one that gives any, else the example.
    fn some(&mut self, case: Option<&Case>, stream: &mut Stream) -> (u32, i64) {
        let (value, start) = (self.value, self.record.bytes.len());
        for case in case.into_iter().chain(&value.cases) {
            let drawn = self.some_of(&case.fill, stream);
            if self.record.bytes.len() > start {
                return drawn;
            }
        }
        value.example.as_ref().map_or((BLANK, 0), |example| self.constant(example))
    }

    /// What `fill` gives; where that is blank and it is a mixture, the first of its parts that gives anything.
    fn some_of(&mut self, fill: &Fill, stream: &mut Stream) -> (u32, i64) {
        let start = self.record.bytes.len();
        let mut drawn = self.fill(fill, stream);
        if let Fill::Mix { fills, .. } = fill {
            for part in fills {
                if self.record.bytes.len() > start {
                    break;
                }
                drawn = self.some_of(part, stream);
            }
        }
        drawn
    }

    fn fill(&mut self, fill: &Fill, stream: &mut Stream) -> (u32, i64) {
        match fill {
            Fill::Blank => (BLANK, 0),
            Fill::Choice(choice) => self.choice(choice, stream),
            Fill::ChoiceBy { value, choices } => match self.chosen(*value, choices) {
                Some(choice) => self.choice(choice, stream),
                None => (BLANK, 0),
            },
            Fill::Text(parts) => {
                self.parts(parts, stream);
                (FILLED, 0)
            }
            Fill::Pool { of, size, text } => self.pool(of, size, text, stream),
            Fill::Time(time) => self.time(time, stream),
            Fill::Year { of, minus } => {
                let Some(seconds) = self.moment(Anchor::Value(*of)) else { return (BLANK, 0) };
                let year = time::civil_from_days(seconds.div_euclid(DAY)).0 - minus.draw(stream);
                write_number(&mut self.record.bytes, year, 4);
                (FILLED, year)
            }
            Fill::Number(quantiles) => {
                let number = quantiles.draw(stream);
                write_number(&mut self.record.bytes, number, 1);
                (FILLED, number)
            }
            Fill::Repeat { counts, weights, of } => self.repeat(counts[weights.draw(stream)], of, stream),
            Fill::Aligned { other, first, rest } => {
                let count = self.record.seconds(*other).unwrap_or(0);
                for position in 0..count {
                    if position > 0 {
                        self.record.bytes.push(self.value.separator);
                    }
                    let code = if position == 0 { first } else { rest };
                    self.record.bytes.extend_from_slice(code.as_bytes());
                }
                (FILLED, count)
            }
            Fill::Copy(other) => {
                let Some(cell) = self.record.cells.get(*other).copied() else { return (BLANK, 0) };
                self.record.bytes.extend_from_within(cell.start as usize..cell.end as usize);
                (cell.symbol, cell.number)
            }
            Fill::Mix { weights, fills } => {
                let fill = &fills[weights.draw(stream)];
                self.fill(fill, stream)
            }
        }
    }

    fn chosen<'c>(&self, value: usize, choices: &'c [Option<Choice>]) -> Option<&'c Choice> {
        choices.get(self.record.symbol(value) as usize).and_then(Option::as_ref)
    }

    #[inline]
    fn choice(&mut self, choice: &Choice, stream: &mut Stream) -> (u32, i64) {
        let symbol = choice.symbols[choice.weights.draw(stream)];
        self.record.bytes.extend_from_slice(self.profile.symbols.text(symbol).as_bytes());
        (symbol, 0)
    }

    fn repeat(&mut self, count: usize, of: &Fill, stream: &mut Stream) -> (u32, i64) {
        let choice = match of {
            Fill::Choice(choice) => Some(choice),
            Fill::ChoiceBy { value, choices } => self.chosen(*value, choices),
            _ => None,
        };
        let Some(choice) = choice else { return (BLANK, 0) };
        let mut drawn = [BLANK; 50];
        let mut n_drawn = 0;
        // A code that is there already is left out, so that there may be fewer than wished for.
        for _ in 0..count.min(drawn.len()) {
            let symbol = choice.symbols[choice.weights.draw(stream)];
            if drawn[..n_drawn].contains(&symbol) {
                continue;
            }
            if n_drawn > 0 {
                self.record.bytes.push(self.value.separator);
            }
            self.record.bytes.extend_from_slice(self.profile.symbols.text(symbol).as_bytes());
            drawn[n_drawn] = symbol;
            n_drawn += 1;
        }
        (FILLED, i64::try_from(n_drawn).unwrap_or(0))
    }

    fn pool(&mut self, of: &[usize], size: &PoolSize, text: &[Part], stream: &mut Stream) -> (u32, i64) {
        let mut hash = self.value.hash;
        for owner in of {
            let Some(cell) = self.record.cells.get(*owner) else { continue };
            let own = match cell.symbol {
                BLANK => return (BLANK, 0),
                FILLED => cell.number.cast_unsigned(),
                symbol => self.profile.symbols.hash(symbol),
            };
            hash = mix(hash ^ own);
        }
        let size = match size {
            PoolSize::Fixed(size) => *size,
            PoolSize::By { value, sizes } => sizes.get(self.record.symbol(*value) as usize).copied().unwrap_or(1),
        };
        // The square of a uniform share: the first members are the large ones.
        let share = stream.next() >> 32;
        let member = (((share * share) >> 32) * size) >> 32;
        let hash = mix(hash ^ member);
        self.parts(text, &mut Stream::named(hash));
        (FILLED, hash.cast_signed())
    }

    fn parts(&mut self, parts: &[Part], stream: &mut Stream) {
        let start = self.record.bytes.len();
        for part in parts {
            match part {
                Part::Literal(text) => self.record.bytes.extend_from_slice(text.as_bytes()),
                Part::Value(value) => {
                    if let Some(cell) = self.record.cells.get(*value).copied() {
                        self.record.bytes.extend_from_within(cell.start as usize..cell.end as usize);
                    }
                }
                Part::Attribute(value, texts) => {
                    if let Some(Some(text)) = texts.get(self.record.symbol(*value) as usize) {
                        self.record.bytes.extend_from_slice(text.as_bytes());
                    }
                }
                Part::Digits(count) => self.characters(*count, b"0123456789", stream),
                Part::Letters(count) => self.characters(*count, b"ABCDEFGHJKLMNPQRSTUVWXYZ", stream),
                Part::Alphanumeric(count) => self.characters(*count, b"0123456789ABCDEFGHJKLMNPQRSTUVWXYZ", stream),
                Part::CheckDigit => {
                    let digit = check_digit(&self.record.bytes[start..]);
                    self.record.bytes.push(digit);
                }
                Part::Scrambled => {
                    let number = mix(self.record.number ^ self.setting.scrambler);
                    self.record.bytes.extend(sixteen_characters(number));
                }
                Part::Sequence(width) => {
                    let number = i64::try_from(self.record.number + 1).unwrap_or(i64::MAX);
                    write_number(&mut self.record.bytes, number, *width);
                }
            }
        }
    }

    fn characters(&mut self, count: usize, alphabet: &[u8], stream: &mut Stream) {
        for _ in 0..count {
            let index = usize::try_from(stream.below(alphabet.len() as u64)).unwrap_or(0);
            self.record.bytes.push(alphabet[index]);
        }
    }

    /// The seconds of `anchor`. Where that is blank, but a value is needed, those of what it would be counted from in
    /// turn; values look at earlier ones only, so that this ends.
    fn moment(&self, anchor: Anchor) -> Option<i64> {
        let (first, last) = self.record.period;
        match anchor {
            Anchor::PeriodStart => Some(first * DAY),
            Anchor::PeriodEnd => Some(last * DAY + DAY - 60),
            Anchor::Value(value) => self.record.seconds(value).or_else(|| {
                let cases = self.profile.values[value].cases.iter().filter(|_| self.certain);
                cases.filter_map(|case| origin(&case.fill)).find_map(|origin| self.moment(origin))
            }),
        }
    }

    fn time(&mut self, time: &TimeFill, stream: &mut Stream) -> (u32, i64) {
        let (first, last) = self.record.period;
        let (base, direction) = match time.base {
            Base::InPeriod(weekdays) => (Some(day_in(first, last, weekdays, stream) * DAY), 0),
            Base::Before(from) => (self.moment(from), -1),
            Base::After(from) => (self.moment(from), 1),
        };
        let Some(base) = base else { return (BLANK, 0) };
        let mut seconds = base;
        if let Some(days) = &time.days {
            let mut day = base.div_euclid(DAY) + direction * days.draw(stream);
            if time.workdays {
                // Saturday and Sunday become the working day further from the base.
                day += match (weekday(day), direction) {
                    (5, -1) => -1,
                    (6, -1) => -2,
                    (5, _) => 2,
                    (6, _) => 1,
                    _ => 0,
                };
            }
            seconds = day * DAY + seconds.rem_euclid(DAY);
        }
        if let Some((hours, weights)) = &time.hours {
            let steps = u64::try_from(60 / time.step).unwrap_or(1);
            let minute = i64::try_from(stream.below(steps)).unwrap_or(0) * time.step;
            seconds = seconds.div_euclid(DAY) * DAY + hours[weights.draw(stream)] * 3_600 + minute * 60;
        }
        if let Some(minutes) = &time.minutes {
            seconds += if direction == 0 { 1 } else { direction } * minutes.draw(stream) * 60;
        }
        if direction < 0 {
            seconds = seconds.min(base);
        } else if direction > 0 {
            seconds = seconds.max(base);
        }
        if let Some(limit) = time.not_before.and_then(|value| self.record.seconds(value)) {
            seconds = seconds.max(limit);
        }
        if let Some(limit) = time.not_after.and_then(|value| self.record.seconds(value)) {
            seconds = seconds.min(limit);
        }
        write_time(&mut self.record.bytes, seconds, time.form);
        (FILLED, seconds)
    }
}

/// What a point in time is counted from; the end of the period for one within it.
fn origin(fill: &Fill) -> Option<Anchor> {
    match fill {
        Fill::Time(time) => Some(match time.base {
            Base::InPeriod(_) => Anchor::PeriodEnd,
            Base::Before(from) | Base::After(from) => from,
        }),
        Fill::Copy(other) => Some(Anchor::Value(*other)),
        Fill::Mix { fills, .. } => fills.iter().find_map(origin),
        _ => None,
    }
}

/// The control digit (Luhn) that the digits of `text` need, as text.
fn check_digit(text: &[u8]) -> u8 {
    let digits = text.iter().rev().filter(|byte| byte.is_ascii_digit()).map(|byte| byte - b'0');
    let sum: u32 = digits
        .enumerate()
        .map(|(index, digit)| {
            let weighted = if index % 2 == 0 { digit * 2 } else { digit };
            u32::from(weighted / 10 + weighted % 10)
        })
        .sum();
    b'0' + u8::try_from((10 - sum % 10) % 10).unwrap_or(0)
}

/// Monday is 0. (1970-01-01 was a Thursday.)
fn weekday(day: i64) -> i64 {
    (day + 3).rem_euclid(7)
}

/// A day from `first` to `last`, by the weights of the weekdays. A day is drawn and kept with the share of its weight
/// in the largest one; after some tries any day will do.
fn day_in(first: i64, last: i64, weekdays: [u64; 7], stream: &mut Stream) -> i64 {
    let most = weekdays.iter().copied().max().unwrap_or(0);
    let mut day = first;
    for _ in 0..64 {
        day = stream.between(first, last);
        let weight = usize::try_from(weekday(day)).ok().and_then(|index| weekdays.get(index)).copied().unwrap_or(0);
        if weight == most || stream.below(most) < weight {
            break;
        }
    }
    day
}

/// Writes a point in time.
pub(super) fn write_time(bytes: &mut Vec<u8>, seconds: i64, form: Form) {
    let (year, month, day) = time::civil_from_days(seconds.div_euclid(DAY));
    let rest = seconds.rem_euclid(DAY);
    let (hour, minute, second) = (rest / 3_600, rest / 60 % 60, rest % 60);
    write_number(bytes, year, 4);
    if form == Form::Compact {
        for part in [month, day, hour, minute, second] {
            write_pair(bytes, part);
        }
        return;
    }
    for part in [month, day] {
        bytes.push(b'-');
        write_pair(bytes, part);
    }
    if form == Form::DateOnly {
        return;
    }
    bytes.push(b'T');
    write_pair(bytes, hour);
    bytes.push(b':');
    write_pair(bytes, minute);
    if form == Form::Seconds {
        bytes.push(b':');
        write_pair(bytes, second);
    }
}

#[inline]
fn write_pair(bytes: &mut Vec<u8>, number: i64) {
    // Both digits of a number below 100.
    bytes.push(b'0' + u8::try_from(number / 10).unwrap_or(0));
    bytes.push(b'0' + u8::try_from(number % 10).unwrap_or(0));
}

/// Writes `number` with at least `width` digits.
fn write_number(bytes: &mut Vec<u8>, number: i64, width: usize) {
    let mut digits = [b'0'; 20];
    let mut rest = number.unsigned_abs();
    let mut start = digits.len();
    while rest > 0 {
        start -= 1;
        digits[start] = b'0' + u8::try_from(rest % 10).unwrap_or(0);
        rest /= 10;
    }
    if number < 0 {
        bytes.push(b'-');
    }
    let start = start.min(digits.len() - width.clamp(1, digits.len()));
    bytes.extend_from_slice(&digits[start..]);
}

/// A number in base 16. Of millions some would read like a person's; those have letters only.
fn sixteen_characters(number: u64) -> [u8; 16] {
    let written_with = |digits: &[u8; 16]| {
        let digit = |place: usize| digits[usize::try_from((number >> (60 - 4 * place)) & 15).unwrap_or(0)];
        std::array::from_fn(digit)
    };
    let written = written_with(b"0123456789ABCDEF");
    if is_personal_number(&written) { written_with(b"GHJKLMNPQRSTUVWX") } else { written }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_they_are_read() {
        for (form, text) in [
            (Form::Minutes, "2022-03-01T07:05"),
            (Form::Seconds, "2022-03-01T07:05:09"),
            (Form::Compact, "20220301070509"),
            (Form::DateOnly, "2022-03-01"),
        ] {
            let mut bytes = Vec::new();
            let timestamp = time::parse(text.as_bytes()).expect("a time");
            write_time(&mut bytes, timestamp.seconds, form);
            assert_eq!((String::from_utf8_lossy(&bytes).as_ref(), timestamp.form), (text, form));
        }
    }

    #[test]
    fn no_sixteen_characters_read_like_a_persons_number() {
        let text = |number| String::from_utf8_lossy(&sixteen_characters(number)).into_owned();
        assert_eq!(text(0x0012_3456_789A_BCDE), "00123456789ABCDE");
        assert_eq!(text(0xABCD_EF81_1218_9876), "STUVWXQHHJHQRQPN");
    }

    #[test]
    fn numbers_have_their_width() {
        let written = |number, width| {
            let mut bytes = Vec::new();
            write_number(&mut bytes, number, width);
            String::from_utf8_lossy(&bytes).into_owned()
        };
        assert_eq!([written(7, 4), written(12_345, 4), written(0, 1), written(-3, 1)], ["0007", "12345", "0", "-3"]);
    }

    #[test]
    fn check_digits_are_those_of_the_regions() {
        for number in ["2321000016", "2321000255", "2120000803"] {
            let (digits, last) = number.as_bytes().split_at(9);
            assert_eq!(check_digit(digits), last[0], "{number}");
        }
    }

    #[test]
    fn days_follow_the_weekdays() {
        let mut stream = Stream::new(1, 0, 0);
        // 2022-03-05 was a Saturday.
        let saturday = time::days_from_civil(2022, 3, 5).expect("a day");
        for _ in 0..1_000 {
            let day = day_in(saturday, saturday + 27, [1, 1, 1, 1, 1, 0, 0], &mut stream);
            assert!(weekday(day) < 5 && (saturday..=saturday + 27).contains(&day));
        }
    }
}
