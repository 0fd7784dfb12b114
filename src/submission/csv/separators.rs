//! Where a byte occurs in a text, for bytes as frequent as delimiters.
//!
//! `memchr` starts anew after each hit, which costs more than the search itself when hits are seven bytes apart.

use crate::table::equal_bytes;

/// Bytes looked at together.
const BLOCK: usize = 64;

/// Appends the offset of every `byte` in `text` to `offsets`. `text` is shorter than 4 GiB.
pub(super) fn find(text: &[u8], byte: u8, offsets: &mut Vec<u32>) {
    find_by(text, |block| equal_bytes(block, byte), |found| found == byte, offsets);
}

/// Appends the offset of every `one` and every `other` in `text` to `offsets`, ascending.
pub(super) fn find_either(text: &[u8], one: u8, other: u8, offsets: &mut Vec<u32>) {
    find_by(
        text,
        |block| equal_bytes(block, one) | equal_bytes(block, other),
        |found| found == one || found == other,
        offsets,
    );
}

#[inline]
fn find_by(text: &[u8], mask: impl Fn(&[u8; BLOCK]) -> u64, is_wanted: impl Fn(u8) -> bool, offsets: &mut Vec<u32>) {
    let (blocks, rest) = text.as_chunks::<BLOCK>();
    let mut base = 0;
    for block in blocks {
        let mut mask = mask(block);
        offsets.reserve(BLOCK);
        while mask != 0 {
            offsets.push(base + mask.trailing_zeros());
            mask &= mask - 1;
        }
        base += 64;
    }
    offsets.extend((base..).zip(rest).filter(|(_, found)| is_wanted(**found)).map(|(offset, _)| offset));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn finds_what_a_plain_loop_finds(text in proptest::collection::vec(prop_oneof![Just(b';'), Just(b';' ^ 0x80), Just(0), any::<u8>()], 0..300)) {
            let plain = |wanted: &[u8]| {
                let all = (0u32..).zip(&text).filter(|(_, byte)| wanted.contains(byte));
                all.map(|(offset, _)| offset).collect::<Vec<_>>()
            };
            let mut offsets = Vec::new();
            find(&text, b';', &mut offsets);
            prop_assert_eq!(&offsets, &plain(b";"));
            offsets.clear();
            find_either(&text, b';', 0, &mut offsets);
            prop_assert_eq!(&offsets, &plain(b";\0"));
        }
    }
}
