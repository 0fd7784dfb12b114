//! What of each record is put aside: its place, its key, and what aggregates need of it.
//!
//! Filters and operands are evaluated while a record's batch is at hand and its columns have been read for the rules on
//! records. What is put aside is then small and of a type: a bit for each *set* of records that an aggregate looks at, and
//! the values of operands, numbers as numbers. Bringing records together and folding them asks for no evaluation more.
//!
//! A record is written as: hash of the key (8 bytes) · place · parts of the key · bits of the sets · values of the
//! operands that it has one of, in their order · values as they stand, for a comparison with earlier submissions · where
//! figures are to say how sure they are, how many rules on records it violates and which.

use std::rc::Rc;

use super::history::Past;
use super::row::{self, Place, Reader};
use crate::engine::column::{Ints, Times};
use crate::engine::eval::{Evaluator, Texts};
use crate::model::VariableIndex;
use crate::rule::expr::{BoolExpr, BoolNode};
use crate::rule::fold::{Fold, FoldColumn, Function, Operand};
use crate::table::{Bits, Column, row_words, value};
use crate::time::DAY;

/// What is put aside, and where in it everything is found.
pub(super) struct Carrying<'a> {
    pub(super) fold: &'a Fold,
    /// Sets of records.
    sets: Vec<Set>,
    pub(super) operands: Vec<Operand>,
    /// For each operand the bits of which a record has one if its value is put aside.
    has_value: Vec<Vec<u64>>,
    /// One entry a variable of the collection made; `None` of those that nobody asks for or that are no aggregates.
    pub(super) aggregates: Vec<Option<Carried<'a>>>,
    /// What the records of a group are in order of, then as they stand; nothing where no order is asked for.
    pub(super) order: Vec<Known>,
    /// What is compared with earlier submissions.
    pub(super) compared: Vec<Compared>,
    /// Whether violated rules on records are put aside.
    has_doubts: bool,
}

/// Records for which a filter is true (of `None`: all) and which have a value of an operand, if there is one.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Set {
    filter: Option<BoolNode>,
    operand: Option<usize>,
}

/// An aggregate.
#[derive(Clone, Copy)]
pub(super) struct Carried<'a> {
    pub(super) function: &'a Function,
    /// The records looked at; `None` is all.
    pub(super) set: Option<usize>,
    pub(super) operand: Option<usize>,
}

/// An operand, and the set of records that have a value of it.
#[derive(Clone, Copy)]
pub(super) struct Known {
    pub(super) set: usize,
    pub(super) operand: usize,
}

/// A variable that is compared with earlier submissions: its value where that can be read, else what stands there.
#[derive(Clone, Copy)]
pub(super) struct Compared {
    pub(super) variable: VariableIndex,
    pub(super) known: Option<Known>,
}

impl<'a> Carrying<'a> {
    /// What the `wanted` variables of groups need, and a comparison with earlier submissions.
    pub(super) fn new(fold: &'a Fold, wanted: &[VariableIndex], past: Option<&Past<'_>>) -> Self {
        let mut this = Self {
            fold,
            sets: Vec::new(),
            operands: Vec::new(),
            has_value: Vec::new(),
            aggregates: vec![None; fold.columns.len()],
            order: Vec::new(),
            compared: Vec::new(),
            has_doubts: false,
        };
        let mut is_in_order = past.is_some();
        for variable in wanted.iter().copied().chain(past.into_iter().flat_map(Past::variables)) {
            let Some(FoldColumn::Aggregate(aggregate)) = fold.columns.get(variable.0) else { continue };
            is_in_order |= matches!(aggregate.function, Function::First(_) | Function::Last(_));
            let operand = aggregate.function.operand().map(|operand| this.operand(operand));
            let is_everything =
                matches!(fold.of.program.bools[aggregate.filter.0 as usize], BoolExpr::Constant(Some(true)));
            let set = Set { filter: (!is_everything).then_some(aggregate.filter), operand };
            let set = (set.filter.is_some() || operand.is_some()).then(|| this.set(set));
            this.aggregates[variable.0] = Some(Carried { function: &aggregate.function, set, operand });
        }
        if is_in_order {
            this.order = fold.order.iter().map(|operand| this.known(*operand)).collect();
        }
        if let Some(past) = past {
            let compared = past
                .compared()
                .map(|(variable, operand)| Compared { variable, known: operand.map(|operand| this.known(operand)) });
            this.compared = compared.collect();
        }
        let n_words = this.n_words();
        let mask = |operand: usize| {
            let mut mask = vec![0u64; n_words];
            for (at, _) in this.sets.iter().enumerate().filter(|(_, set)| set.operand == Some(operand)) {
                mask[at / 64] |= 1 << (at % 64);
            }
            mask
        };
        this.has_value = (0..this.operands.len()).map(mask).collect();
        this
    }

    pub(super) fn with_doubts(self, has_doubts: bool) -> Self {
        Self { has_doubts, ..self }
    }

    pub(super) fn has_doubts(&self) -> bool {
        self.has_doubts
    }

    fn operand(&mut self, operand: Operand) -> usize {
        self.operands.iter().position(|own| *own == operand).unwrap_or_else(|| {
            self.operands.push(operand);
            self.operands.len() - 1
        })
    }

    fn set(&mut self, set: Set) -> usize {
        self.sets.iter().position(|own| *own == set).unwrap_or_else(|| {
            self.sets.push(set);
            self.sets.len() - 1
        })
    }

    fn known(&mut self, operand: Operand) -> Known {
        let operand = self.operand(operand);
        Known { set: self.set(Set { filter: None, operand: Some(operand) }), operand }
    }

    /// How many words the sets of a record take in memory.
    pub(super) fn n_words(&self) -> usize {
        self.sets.len().div_ceil(64)
    }

    /// How many bytes the sets of a record take where it is put aside.
    fn n_bytes(&self) -> usize {
        self.sets.len().div_ceil(8)
    }

    /// Whether the value of an operand is put aside for a record with these bits.
    #[inline]
    pub(super) fn has_value(&self, operand: usize, bits: &[u64]) -> bool {
        self.has_value[operand].iter().zip(bits).any(|(mask, bits)| mask & bits != 0)
    }

    /// What a batch's records hold of it; `None` where they are in no group, for a part of the key has no column.
    pub(super) fn of<'b>(&self, evaluator: &'b Evaluator<'b>) -> Option<Source<'b>> {
        let key = self.fold.key.iter().map(|part| KeyPart::of(evaluator, *part)).collect::<Option<Vec<_>>>()?;
        let operands: Vec<Values<'b>> = self.operands.iter().map(|operand| Values::of(evaluator, *operand)).collect();
        let n_rows = evaluator.batch().n_rows;
        let sets: Vec<Bits> = self
            .sets
            .iter()
            .map(|set| {
                let filter = set.filter.map(|filter| &evaluator.bool(filter).yes);
                match (filter, set.operand.map(|operand| operands[operand].known(n_rows))) {
                    (Some(filter), Some(known)) => filter.and(&known),
                    (Some(filter), None) => filter.clone(),
                    (None, Some(known)) => known,
                    (None, None) => Bits::all(n_rows),
                }
            })
            .collect();
        let words = sets.chunks(64).map(|sets| row_words(sets, n_rows)).collect();
        let column = |compared: &Compared| evaluator.batch().columns[compared.variable.0].as_ref();
        Some(Source { key, words, operands, written: self.compared.iter().map(column).collect() })
    }

    /// Writes a record of which the hash is known. `bits` is room to work in.
    #[inline]
    pub(super) fn write(
        &self,
        source: &Source<'_>,
        (row, hash): (usize, u64),
        place: Place,
        bits: &mut Vec<u64>,
        out: &mut Vec<u8>,
    ) {
        out.extend_from_slice(&hash.to_le_bytes());
        place.write(out);
        for part in &source.key {
            row::value(out, part.get(row));
        }
        bits.clear();
        bits.extend(source.words.iter().map(|words| words[row]));
        let mut n_bytes = self.n_bytes();
        for word in bits.iter() {
            let here = n_bytes.min(8);
            out.extend_from_slice(&word.to_le_bytes()[..here]);
            n_bytes -= here;
        }
        for (operand, values) in source.operands.iter().enumerate() {
            if self.has_value(operand, bits) {
                values.write(row, out);
            }
        }
        for column in &source.written {
            row::value(out, column.map_or(&[], |column| value(column, row)));
        }
    }

    /// Writes behind a record, or a group, which rules on records are violated.
    #[inline]
    pub(super) fn write_doubts(&self, rules: impl ExactSizeIterator<Item = usize>, out: &mut Vec<u8>) {
        if self.has_doubts {
            row::number(out, rules.len() as u64);
            rules.for_each(|rule| row::number(out, rule as u64));
        }
    }

    /// Reads them.
    #[inline]
    pub(super) fn read_doubts(reader: &mut Reader<'_>, has_doubts: bool, mut each: impl FnMut(usize)) {
        let n = if has_doubts { reader.number() } else { 0 };
        for _ in 0..n {
            each(usize::try_from(reader.number()).unwrap_or(usize::MAX));
        }
    }

    /// Reads the bits of a record's sets.
    #[inline]
    pub(super) fn read_bits(&self, reader: &mut Reader<'_>, bits: &mut Vec<u64>) {
        bits.clear();
        let mut n_bytes = self.n_bytes();
        for _ in 0..self.n_words() {
            let here = n_bytes.min(8);
            bits.push(reader.bytes(here));
            n_bytes -= here;
        }
    }

    /// Passes over a record, behind its hash.
    pub(super) fn skip(&self, reader: &mut Reader<'_>, bits: &mut Vec<u64>) {
        Place::read(reader);
        self.fold.key.iter().for_each(|_| reader.skip());
        self.read_bits(reader, bits);
        for (operand, kind) in self.operands.iter().enumerate() {
            if self.has_value(operand, bits) {
                match kind {
                    Operand::Text(_) => reader.skip(),
                    Operand::Int(_) | Operand::Time(_) => drop(reader.number()),
                }
            }
        }
        self.compared.iter().for_each(|_| reader.skip());
        Self::read_doubts(reader, self.has_doubts, |_| {});
    }
}

/// What a batch's records hold of what is carried.
pub(super) struct Source<'a> {
    pub(super) key: Vec<KeyPart<'a>>,
    /// For each 64 sets a word a row.
    words: Vec<Vec<u64>>,
    operands: Vec<Values<'a>>,
    written: Vec<Option<&'a Column>>,
}

/// A column of the key, in the canonical spelling of its codes.
pub(super) struct KeyPart<'a> {
    column: &'a Column,
    keys: Option<&'a [u32]>,
    /// By distinct value; empty where the values are no codes.
    spellings: Vec<&'a [u8]>,
}

impl<'a> KeyPart<'a> {
    /// `None` where the file has no such column.
    fn of(evaluator: &'a Evaluator<'_>, variable: VariableIndex) -> Option<Self> {
        let column = evaluator.batch().columns[variable.0].as_ref()?;
        if !evaluator.is_code(variable) {
            return Some(Self { column, keys: None, spellings: Vec::new() });
        }
        let dict = evaluator.distinct(variable, column);
        let spelling = |row: &u32| evaluator.canonical(variable, value(column, *row as usize));
        Some(Self { column, keys: dict.keys.as_deref(), spellings: dict.first_rows.iter().map(spelling).collect() })
    }

    #[inline]
    pub(super) fn get(&self, row: usize) -> &'a [u8] {
        match (self.spellings.as_slice(), self.keys) {
            ([], _) => value(self.column, row),
            (spellings, Some(keys)) => spellings[keys[row] as usize],
            (spellings, None) => spellings[row],
        }
    }
}

/// The values of an operand, a row each.
enum Values<'a> {
    Text(Rc<Texts<'a>>),
    Int(Rc<Ints>),
    Time(Rc<Times>),
}

impl<'a> Values<'a> {
    fn of(evaluator: &'a Evaluator<'a>, operand: Operand) -> Self {
        match operand {
            Operand::Text(node) => Self::Text(evaluator.text(node)),
            Operand::Int(node) => Self::Int(evaluator.int(node)),
            Operand::Time(node) => Self::Time(evaluator.time(node)),
        }
    }

    fn known(&self, n_rows: usize) -> Bits {
        match self {
            Self::Text(texts) => Bits::from_fn(n_rows, |row| texts.get(row).is_some()),
            Self::Int(ints) => ints.known.clone(),
            Self::Time(times) => times.known.clone(),
        }
    }

    #[inline]
    fn write(&self, row: usize, out: &mut Vec<u8>) {
        match self {
            Self::Text(texts) => row::value(out, texts.get(row).unwrap_or_default()),
            Self::Int(ints) => row::signed(out, ints.values[row]),
            Self::Time(times) => row::signed(out, Instant::of(times.seconds[row], times.is_date_only(row)).0),
        }
    }
}

/// A point in time as one number, in the order of time: a day without time of day comes before every time of that day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Instant(pub(super) i64);

impl Instant {
    /// One more than there are seconds in a day: the first is the day's own.
    const PARTS: i64 = DAY + 1;

    fn of(seconds: i64, is_date_only: bool) -> Self {
        let part = if is_date_only { 0 } else { seconds.rem_euclid(DAY) + 1 };
        Self(seconds.div_euclid(DAY) * Self::PARTS + part)
    }

    /// The day, and the second of the day where there is one.
    pub(super) fn parts(self) -> (i64, Option<i64>) {
        let part = self.0.rem_euclid(Self::PARTS);
        (self.0.div_euclid(Self::PARTS), (part > 0).then(|| part - 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_stand_before_their_times() {
        let day = 20_000 * DAY;
        let instants = [(day - 1, false), (day, true), (day, false), (day + 86_399, false), (day + DAY, true)];
        let numbers = instants.map(|(seconds, is_date_only)| Instant::of(seconds, is_date_only));
        assert!(numbers.is_sorted_by(|a, b| a < b));
        assert_eq!(
            numbers.map(Instant::parts),
            [(19_999, Some(86_399)), (20_000, None), (20_000, Some(0)), (20_000, Some(86_399)), (20_001, None)]
        );
        assert_eq!(Instant::of(-1, false).parts(), (-1, Some(86_399)));
    }
}
