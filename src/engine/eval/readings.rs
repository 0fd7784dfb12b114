//! What the columns of one batch hold.

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;

use super::cells;
use crate::engine::column::{Ints, Times};
use crate::engine::run::TimestampForms;
use crate::engine::vocabulary::Vocabulary;
use crate::engine::words::{Coded, Distinct};
use crate::model::VariableIndex;
use crate::schema::{Collection, Domain};
use crate::table::{Batch, Bits, Column, filled};

/// What the columns of one batch hold, read at most once for all evaluators over it.
pub(super) struct Readings<'a> {
    pub(super) collection: &'a Collection,
    pub(super) batch: &'a Batch,
    filled: Vec<OnceCell<Rc<Bits>>>,
    words: Vec<OnceCell<Coded>>,
    distinct: Vec<OnceCell<Rc<Distinct>>>,
    times: Vec<OnceCell<(Rc<Times>, TimestampForms)>>,
    ints: Vec<OnceCell<Rc<Ints>>>,
    /// What the thread knows of other batches.
    pub(super) vocabulary: RefCell<Vocabulary>,
}

impl<'a> Readings<'a> {
    pub(super) fn new(collection: &'a Collection, batch: &'a Batch, vocabulary: Vocabulary) -> Self {
        let n_variables = collection.variables.len();
        Self {
            collection,
            batch,
            filled: cells(n_variables),
            words: cells(n_variables),
            distinct: cells(n_variables),
            times: cells(n_variables),
            ints: cells(n_variables),
            vocabulary: RefCell::new(vocabulary),
        }
    }

    pub(super) fn column(&self, variable: VariableIndex) -> Option<&'a Column> {
        self.batch.columns.get(variable.0).and_then(Option::as_ref)
    }

    pub(super) fn filled(&self, variable: VariableIndex) -> &Rc<Bits> {
        let none = || Bits::none(self.batch.n_rows);
        self.filled[variable.0].get_or_init(|| Rc::new(self.column(variable).map_or_else(none, filled)))
    }

    /// The rows of a variable's column as words.
    pub(super) fn words(&self, variable: VariableIndex, column: &Column) -> &Coded {
        self.words[variable.0].get_or_init(|| self.vocabulary.borrow_mut().code(variable.0, column))
    }

    /// The distinct values of a variable's column.
    pub(super) fn distinct(&self, variable: VariableIndex, column: &Column) -> &Rc<Distinct> {
        self.distinct[variable.0].get_or_init(|| {
            let coded = self.words(variable, column);
            Rc::new(self.vocabulary.borrow_mut().distinct(variable.0, coded, self.batch.n_rows))
        })
    }

    pub(super) fn times(&self, variable: VariableIndex) -> &(Rc<Times>, TimestampForms) {
        self.times[variable.0].get_or_init(|| match self.column(variable) {
            Some(column) => {
                let (times, forms) = match column.keys() {
                    None => Times::read(column),
                    Some(keys) => {
                        let mut vocabulary = self.vocabulary.borrow_mut();
                        let of_values = vocabulary.timestamps(variable.0, &keys.values);
                        Times::of_rows(column.len(), |row| of_values[keys.of_rows[row] as usize])
                    }
                };
                (Rc::new(times), forms)
            }
            None => (Rc::new(Times::constant(self.batch.n_rows, None)), TimestampForms::default()),
        })
    }

    pub(super) fn ints(&self, variable: VariableIndex) -> &Rc<Ints> {
        self.ints[variable.0].get_or_init(|| {
            let n_rows = self.batch.n_rows;
            let year = matches!(self.collection.get(variable).domain, Domain::Year { .. });
            Rc::new(match self.column(variable) {
                Some(column) => Ints::read(column, year),
                None => Ints { values: vec![0; n_rows], known: Bits::none(n_rows) },
            })
        })
    }
}
