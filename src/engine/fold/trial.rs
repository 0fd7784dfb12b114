//! What a few records fold into, for tests of folds and for their mutants.
//!
//! The records go the way of a submission's: they are put aside, brought together and folded by the same code.

use super::group::FoldedBatch;
use super::{Folder, PADDING, Stretches, temporary};
use crate::engine::bench;
use crate::engine::eval::{Context, Evaluator};
use crate::model::VariableIndex;
use crate::rule::fold::Fold;
use crate::table::{Batch, value};

/// Why a test's first record is in no group.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoGroup {
    /// A part of its key is blank.
    #[error("the first record is in no group: a part of its key is blank")]
    BlankKey,
    /// The records could not be folded.
    #[error("{0}")]
    Failed(String),
}

/// The records of a fold's tests.
#[derive(Debug)]
pub struct FoldBench {
    batches: Vec<Batch>,
}

impl FoldBench {
    /// The records of every test of `fold`.
    pub fn new(fold: &Fold) -> Self {
        let batch = |records: &Vec<Vec<(VariableIndex, String)>>| {
            bench::batch(&fold.of, &records.iter().map(Vec::as_slice).collect::<Vec<_>>())
        };
        Self { batches: fold.tests.iter().map(|test| batch(&test.records)).collect() }
    }

    /// What `fold`, which may be a mutant, makes of a test's records: the `wanted` variables (ascending) of the group that
    /// the first record is in.
    ///
    /// # Errors
    /// Why there is no such group.
    pub fn group(&self, fold: &Fold, test: usize, wanted: &[VariableIndex]) -> Result<Vec<String>, NoGroup> {
        let batch = self.batches.get(test).ok_or_else(|| NoGroup::Failed("no such test".to_owned()))?;
        let parameters = bench::stated(&[]);
        let context = Context::new(&fold.of, parameters.clone());
        // Without earlier files nothing is asked of the plan of the groups.
        let folder = Folder::new((&fold.of, fold), wanted.to_vec(), &[], parameters);
        folder.add(0, &Evaluator::new(&context, batch), None, &[]);
        let stretches = Stretches::new(&[batch.n_rows as u64]);
        let (folded, _, covered) = folder.fold(&stretches).map_err(|error| NoGroup::Failed(error.to_string()))?;
        let bytes = folded.take(0, PADDING).map_err(|error| NoGroup::Failed(temporary(error).to_string()))?;
        let groups = FoldedBatch::read(bytes, fold.columns.len(), (wanted, false), &covered);
        // Groups come in the order of their first records.
        let is_first = groups.first_places().next().is_some_and(|place| place.record == 0);
        if !is_first {
            return Err(NoGroup::BlankKey);
        }
        let text = |variable: &VariableIndex| {
            let column = groups.batch.columns.get(variable.0).and_then(Option::as_ref);
            column.map(|column| String::from_utf8_lossy(value(column, 0)).into_owned()).unwrap_or_default()
        };
        Ok(wanted.iter().map(text).collect())
    }
}
