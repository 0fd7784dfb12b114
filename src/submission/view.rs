//! How one value is written in an Arrow binary view array, and what is trimmed from it.
//!
//! A view is 16 bytes: the length, then either the value itself (up to [`INLINE`] bytes) or its first four bytes,
//! the number of the buffer that holds it and the offset there (see [`Column`]). Views are made here, by hand, because the safe
//! builders of the `arrow` crate take each value on its own and are several times slower.

use std::sync::Arc;

use arrow::buffer::{Buffer, ScalarBuffer};

use crate::table::Column;
use crate::table::long_view as long;
pub(super) use crate::table::{INLINE, view_of as of};

/// How many bytes must follow the last value, so that [`padded`] can always read 16 bytes.
pub(super) const PADDING: usize = 16;

/// The low `n` bytes of a word.
const LOW_BYTES: [u128; INLINE + 1] = {
    let mut masks = [0; INLINE + 1];
    let mut n = 0;
    while n <= INLINE {
        masks[n] = (1 << (8 * n)) - 1;
        n += 1;
    }
    masks
};

/// The view of `bytes[start..end]`, trimmed, where `bytes` is buffer 0 and at least [`PADDING`] bytes follow `end`.
///
/// Both offsets fit into 32 bits. Out of bounds, the result is a blank.
#[inline]
pub(super) fn padded(bytes: &[u8], start: usize, end: usize) -> u128 {
    let length = end.wrapping_sub(start);
    let Some(word) = bytes.get(start..start + PADDING).and_then(|word| <&[u8; PADDING]>::try_from(word).ok()) else {
        return 0;
    };
    // Of an empty value these are its neighbours, which does no harm.
    let first = word[0];
    let last = bytes.get(end.wrapping_sub(1)).copied().unwrap_or(0);
    if may_need_trimming(first) | may_need_trimming(last) {
        return trimmed(bytes, start, end);
    }
    let word = u128::from_le_bytes(*word);
    match LOW_BYTES.get(length) {
        Some(mask) => (word & mask) << 32 | length as u128,
        None => long(word, length, 0, start),
    }
}

#[inline(never)]
fn trimmed(bytes: &[u8], start: usize, end: usize) -> u128 {
    if start >= end {
        return 0;
    }
    let (start, end) = trim(bytes, start, end);
    of(&bytes[start..end], 0, start)
}

/// The view of the value of `length` bytes at `start` of `bytes`, which is buffer 0, without trimming; at least
/// [`PADDING`] bytes follow the value. Out of bounds, the result is a blank.
#[inline]
pub(crate) fn exact(bytes: &[u8], start: usize, length: usize) -> u128 {
    let Some(word) = bytes.get(start..start + PADDING).and_then(|word| <[u8; PADDING]>::try_from(word).ok()) else {
        return 0;
    };
    let word = u128::from_le_bytes(word);
    match LOW_BYTES.get(length) {
        Some(mask) => (word & mask) << 32 | length as u128,
        None => long(word, length, 0, start),
    }
}

/// Whether a value with this byte at one end could have something to trim there; says yes too often (beyond ASCII),
/// never too seldom.
#[inline]
pub(super) fn may_need_trimming(outermost: u8) -> bool {
    outermost.wrapping_sub(b'!') >= 0x80 - b'!'
}

/// The part of `bytes[start..end]` within surrounding spaces, tabs and no-break spaces (UTF-8).
pub(super) fn trim(bytes: &[u8], mut start: usize, mut end: usize) -> (usize, usize) {
    loop {
        match &bytes[start..end] {
            [b' ' | b'\t', ..] => start += 1,
            [0xC2, 0xA0, ..] => start += 2,
            _ => break,
        }
    }
    loop {
        match &bytes[start..end] {
            [.., b' ' | b'\t'] => end -= 1,
            [.., 0xC2, 0xA0] => end -= 2,
            _ => break,
        }
    }
    (start, end)
}

/// A column of `views` into `buffers`.
pub(crate) fn column(views: ScalarBuffer<u128>, buffers: &[Buffer]) -> Column {
    Column::new(views, Arc::from(buffers))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_back(view: u128, buffers: &[Buffer]) -> Vec<u8> {
        column(ScalarBuffer::from(vec![view]), buffers).value(0).to_vec()
    }

    #[test]
    fn a_view_is_what_arrow_reads_back_at_every_length() {
        for length in 0..40 {
            let mut bytes = b"xx".to_vec();
            bytes.extend((0..length).map(|i| b'a' + i));
            let end = bytes.len();
            bytes.extend([0; PADDING]);
            let buffer = [Buffer::from(bytes.clone())];
            assert_eq!(read_back(padded(&bytes, 2, end), &buffer), &bytes[2..end]);
            assert_eq!(read_back(exact(&bytes, 2, end - 2), &buffer), &bytes[2..end]);
            assert_eq!(read_back(of(&bytes[2..end], 0, 2), &buffer), &bytes[2..end]);
        }
    }

    #[test]
    fn spaces_tabs_and_no_break_spaces_are_trimmed() {
        let mut bytes = " \t\u{a0}å  b\u{a0} ".as_bytes().to_vec();
        let end = bytes.len();
        bytes.extend([0; PADDING]);
        assert_eq!(read_back(padded(&bytes, 0, end), &[]), "å  b".as_bytes());
        assert_eq!(padded(&bytes, 0, 4), 0, "only blanks are a blank");
        assert_eq!(trim(b"\xA0x\xC2", 0, 3), (0, 3), "half a no-break space stays");
    }
}
