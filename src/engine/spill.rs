//! Bytes put aside in numbered buckets: in memory up to a budget, then in one temporary file.
//!
//! The file has no name in any folder (`tempfile`), so that it is gone on whatever end of the process. Blocks of one
//! bucket come back in no particular order when several threads put them aside; who needs an order sorts.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Bytes of all buckets together that stay in memory.
const IN_MEMORY: usize = 16 << 20;

/// Buckets of bytes.
#[derive(Debug)]
pub(super) struct Spill {
    buckets: Vec<Mutex<Vec<Block>>>,
    held: AtomicUsize,
    in_memory: usize,
    disk: Mutex<Option<Disk>>,
}

#[derive(Debug)]
enum Block {
    Held(Vec<u8>),
    Written { offset: u64, len: usize },
}

#[derive(Debug)]
struct Disk {
    file: File,
    end: u64,
}

/// Poisoned only by a panic that ends the run anyway.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Spill {
    /// So many empty buckets.
    pub(super) fn new(n_buckets: usize) -> Self {
        Self::with_budget(n_buckets, IN_MEMORY)
    }

    /// So many empty buckets, of which so many bytes stay in memory.
    pub(super) fn with_budget(n_buckets: usize, in_memory: usize) -> Self {
        let buckets = (0..n_buckets).map(|_| Mutex::default()).collect();
        Self { buckets, held: AtomicUsize::new(0), in_memory, disk: Mutex::new(None) }
    }

    /// How many buckets there are.
    pub(super) fn n_buckets(&self) -> usize {
        self.buckets.len()
    }

    /// Adds a block to a bucket.
    pub(super) fn push(&self, bucket: usize, block: Vec<u8>) -> io::Result<()> {
        let (len, taken) = (block.len(), block.capacity());
        let fits = self.held.fetch_add(taken, Ordering::Relaxed) + taken <= self.in_memory;
        let block = if fits {
            Block::Held(block)
        } else {
            self.held.fetch_sub(taken, Ordering::Relaxed);
            let mut disk = lock(&self.disk);
            let disk = match &mut *disk {
                Some(disk) => disk,
                none => none.insert(Disk { file: tempfile::tempfile()?, end: 0 }),
            };
            disk.file.seek(SeekFrom::Start(disk.end))?;
            disk.file.write_all(&block)?;
            let offset = disk.end;
            disk.end += len as u64;
            Block::Written { offset, len }
        };
        lock(&self.buckets[bucket]).push(block);
        Ok(())
    }

    /// Everything in a bucket, which is empty afterwards; `padding` zeros stand behind it.
    pub(super) fn take(&self, bucket: usize, padding: usize) -> io::Result<Vec<u8>> {
        let blocks = std::mem::take(&mut *lock(&self.buckets[bucket]));
        let len = |block: &Block| match block {
            Block::Held(bytes) => bytes.len(),
            Block::Written { len, .. } => *len,
        };
        let mut all = Vec::with_capacity(blocks.iter().map(len).sum::<usize>() + padding);
        for block in blocks {
            match block {
                Block::Held(bytes) => {
                    self.held.fetch_sub(bytes.len(), Ordering::Relaxed);
                    all.extend_from_slice(&bytes);
                }
                Block::Written { offset, len } => {
                    let mut disk = lock(&self.disk);
                    let Some(disk) = disk.as_mut() else { continue };
                    disk.file.seek(SeekFrom::Start(offset))?;
                    let start = all.len();
                    all.resize(start + len, 0);
                    disk.file.read_exact(&mut all[start..])?;
                }
            }
        }
        all.resize(all.len() + padding, 0);
        Ok(all)
    }
}

/// One thread's blocks in the making, a bucket each.
#[derive(Debug)]
pub(super) struct Blocks {
    blocks: Vec<Vec<u8>>,
}

/// A block is put aside once it is this long.
const BLOCK: usize = 16 << 10;

/// What a block in the making takes.
pub(super) const BLOCK_IN_MEMORY: usize = BLOCK + BLOCK / 16;

impl Blocks {
    /// Of nothing yet, for a spill of so many buckets.
    pub(super) fn new(n_buckets: usize) -> Self {
        Self { blocks: vec![Vec::new(); n_buckets] }
    }

    /// Adds what `write` writes to a bucket.
    #[inline]
    pub(super) fn add(&mut self, spill: &Spill, bucket: usize, write: impl FnOnce(&mut Vec<u8>)) -> io::Result<()> {
        let block = &mut self.blocks[bucket];
        if block.capacity() == 0 {
            block.reserve_exact(BLOCK_IN_MEMORY);
        }
        write(block);
        if block.len() >= BLOCK { spill.push(bucket, std::mem::take(block)) } else { Ok(()) }
    }

    /// Puts aside what is left.
    pub(super) fn finish(self, spill: &Spill) -> io::Result<()> {
        let filled = self.blocks.into_iter().enumerate().filter(|(_, block)| !block.is_empty());
        filled.into_iter().try_for_each(|(bucket, block)| spill.push(bucket, block))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_aside_comes_back_from_memory_and_from_disk() {
        for in_memory in [0, 70_000, usize::MAX] {
            let spill = Spill::with_budget(3, in_memory);
            let mut blocks = Blocks::new(3);
            let text = |number: usize| format!("{number:08}").into_bytes();
            for number in 0..20_000 {
                blocks.add(&spill, number % 2, |block| block.extend(text(number))).expect("written");
            }
            blocks.finish(&spill).expect("written");
            for bucket in 0..2 {
                let expected: Vec<u8> = (0..10_000).flat_map(|number| text(number * 2 + bucket)).collect();
                let found = spill.take(bucket, 4).expect("read");
                assert_eq!(found[..found.len() - 4], expected);
                assert_eq!(found[found.len() - 4..], [0; 4]);
            }
            assert!(spill.take(2, 0).expect("read").is_empty());
            assert!(spill.take(0, 0).expect("read").is_empty());
        }
    }
}
