//! One column of a batch.

use std::sync::Arc;

use arrow::buffer::{Buffer, ScalarBuffer};

/// The longest value that fits into its view.
pub const INLINE: usize = 12;

/// The length of the value behind a view: its low 32 bits.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "the low 32 bits are wanted")]
pub fn length_of(view: u128) -> u32 {
    view as u32
}

/// One value a record, empty where blank.
///
/// The values are views of the Arrow columnar format 1.4, "Variable-size Binary View Layout", as in Arrow's own
/// `BinaryViewArray`. That type checks each view against its buffer when it is made, which was a twentieth of a whole run;
/// here a view is checked when it is followed. Where a file says which rows have the same value, there is one view for each
/// of those values instead of one for each row.
#[derive(Clone, Debug)]
pub struct Column {
    values: Values,
    keys: Option<Keys>,
}

/// Which rows of a column have the same value, where a file says so.
#[derive(Clone, Debug)]
pub struct Keys {
    /// For each row the place of its value in `values`.
    pub of_rows: ScalarBuffer<u32>,
    /// The values, which have no keys themselves; the same may be there more than once. Batches that share them share this
    /// very column.
    pub values: Arc<Column>,
}

/// Views, and what the long ones point into.
#[derive(Clone, Debug)]
struct Values {
    views: ScalarBuffer<u128>,
    buffers: Arc<[Buffer]>,
}

impl Column {
    /// A column of `views` into `buffers`. A view beyond them is a blank.
    pub fn new(views: ScalarBuffer<u128>, buffers: Arc<[Buffer]>) -> Self {
        Self { values: Values { views, buffers }, keys: None }
    }

    /// A column of which is known which rows have the same value. No key is beyond the values.
    pub fn keyed(keys: Keys) -> Self {
        debug_assert!(keys.values.keys.is_none());
        Self { values: keys.values.values.clone(), keys: Some(keys) }
    }

    /// How many records.
    #[inline]
    pub fn len(&self) -> usize {
        self.keys.as_ref().map_or(self.values.views.len(), |keys| keys.of_rows.len())
    }

    /// True where there are no records.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The view of each record's value, or where there are keys, of each value that they are places of.
    #[inline]
    pub fn views(&self) -> &[u128] {
        &self.values.views
    }

    /// What the views of long values point into.
    pub fn buffers(&self) -> &Arc<[Buffer]> {
        &self.values.buffers
    }

    /// Which rows have the same value, where that is known.
    pub fn keys(&self) -> Option<&Keys> {
        self.keys.as_ref()
    }

    /// The same column with a view for each record.
    #[must_use]
    pub fn without_keys(self) -> Self {
        let Some(keys) = &self.keys else { return self };
        let view = |key: &u32| self.values.views[*key as usize];
        Self::new(keys.of_rows.iter().map(view).collect(), self.values.buffers)
    }

    /// The value at `row`; empty where blank.
    #[inline]
    pub fn value(&self, row: usize) -> &[u8] {
        match &self.keys {
            None => self.values.get(row),
            Some(keys) => self.values.get(keys.of_rows[row] as usize),
        }
    }
}

impl Values {
    #[inline]
    fn get(&self, place: usize) -> &[u8] {
        let view = self.views[place];
        let length = length_of(view) as usize;
        if length <= INLINE {
            let start = place * 16 + 4;
            return self.views.inner().get(start..start + length).unwrap_or_default();
        }
        self.long(view, length)
    }

    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "32 bits of the view each")]
    fn long(&self, view: u128, length: usize) -> &[u8] {
        let (buffer, offset) = ((view >> 64) as u32 as usize, (view >> 96) as usize);
        self.buffers.get(buffer).and_then(|bytes| bytes.get(offset..offset + length)).unwrap_or_default()
    }
}

impl<V: AsRef<[u8]>> FromIterator<Option<V>> for Column {
    fn from_iter<I: IntoIterator<Item = Option<V>>>(values: I) -> Self {
        let mut builder = ColumnBuilder::default();
        values.into_iter().for_each(|value| builder.push(value.as_ref().map(AsRef::as_ref).unwrap_or_default()));
        builder.finish()
    }
}

/// A column in the making, with a buffer of its own.
#[derive(Debug, Default)]
pub struct ColumnBuilder {
    views: Vec<u128>,
    bytes: Vec<u8>,
}

impl ColumnBuilder {
    /// For so many records.
    pub fn with_capacity(n_rows: usize) -> Self {
        Self { views: Vec::with_capacity(n_rows), bytes: Vec::new() }
    }

    /// Appends `value`.
    pub fn push(&mut self, value: &[u8]) {
        self.push_with(|out| out.extend_from_slice(value));
    }

    /// Appends so many blanks.
    pub fn push_blanks(&mut self, n: usize) {
        self.views.resize(self.views.len() + n, 0);
    }

    /// Appends what `write` appends.
    pub fn push_with(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let start = self.bytes.len();
        write(&mut self.bytes);
        self.views.push(view_of(&self.bytes[start..], 0, start));
        if self.bytes.len() - start <= INLINE {
            self.bytes.truncate(start);
        }
    }

    /// The column.
    pub fn finish(self) -> Column {
        Column::new(self.views.into(), Arc::new([Buffer::from_vec(self.bytes)]))
    }
}

/// The view of `value`, which stands at `offset` of buffer number `buffer`.
#[inline]
pub fn view_of(value: &[u8], buffer: u32, offset: usize) -> u128 {
    let mut word = [0; 16];
    let shown = value.len().min(INLINE);
    word[..shown].copy_from_slice(&value[..shown]);
    let word = u128::from_le_bytes(word);
    if value.len() <= INLINE { word << 32 | value.len() as u128 } else { long_view(word, value.len(), buffer, offset) }
}

/// The view of a value longer than [`INLINE`], whose first four bytes are the lowest of `word`.
#[inline]
pub fn long_view(word: u128, length: usize, buffer: u32, offset: usize) -> u128 {
    (word & 0xffff_ffff) << 32 | length as u128 | u128::from(buffer) << 64 | (offset as u128) << 96
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_any_length_are_read_back_and_views_beyond_their_buffers_are_blank() {
        let values = ["", "a", "exactly 12 b", "thirteen byte", "somewhat longer than thirteen bytes", "å"];
        let column: Column = values.iter().map(|value| Some(value.as_bytes())).chain([None]).collect();
        let read: Vec<&[u8]> = (0..column.len()).map(|row| column.value(row)).collect();
        assert_eq!(read[..6], values.map(str::as_bytes));
        assert_eq!(read[6], b"");
        let of_rows: ScalarBuffer<u32> = vec![4, 0, 4, 3, 1].into();
        let keyed = Column::keyed(Keys { of_rows: of_rows.clone(), values: Arc::new(column.clone()) });
        for keyed in [keyed.clone(), keyed.without_keys()] {
            let read: Vec<&[u8]> = (0..keyed.len()).map(|row| keyed.value(row)).collect();
            assert_eq!(read, [4, 0, 4, 3, 1].map(|place: usize| values[place].as_bytes()));
            assert_eq!(crate::table::filled(&keyed), crate::table::Bits::from_fn(5, |row| row != 1));
        }
        let beyond = Column::new(column.views().to_vec().into(), Arc::new([Buffer::from_vec(b"short".to_vec())]));
        assert_eq!((beyond.value(2), beyond.value(4)), (&b"exactly 12 b"[..], &b""[..]));
    }
}
