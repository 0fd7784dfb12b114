//! The sums as a sparse matrix, in both directions: the members of a sum, and the sums of a cell.

use super::Sum;

/// One non-zero entry of the matrix: a sum says that its entries, times their cells' values, add up to zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// The cell among a sum's members, or the sum among a cell's sums.
    pub(super) place: usize,
    /// 1 for a total and −1 for a part; other numbers where a cell is named more than once.
    pub(super) coefficient: i64,
}

/// Lists of entries, laid end to end.
#[derive(Debug, Default)]
struct Lists {
    starts: Vec<usize>,
    entries: Vec<Entry>,
}

impl Lists {
    fn new(lists: &[Vec<Entry>]) -> Self {
        let mut made = Self { starts: vec![0], entries: Vec::new() };
        for list in lists {
            made.entries.extend_from_slice(list);
            made.starts.push(made.entries.len());
        }
        made
    }

    fn of(&self, list: usize) -> &[Entry] {
        &self.entries[self.starts[list]..self.starts[list + 1]]
    }
}

/// A system of sums over cells.
#[derive(Debug)]
pub(super) struct System {
    members: Lists,
    sums: Lists,
    /// For each cell, how many levels of sums it stands above cells that are no total; 0 for the latter.
    pub(super) heights: Vec<u32>,
    /// For each sum, the greatest height among its cells.
    pub(super) sum_heights: Vec<u32>,
}

impl System {
    /// The system of `sums` over `n_cells` cells. A sum that names a cell that does not exist says nothing that could be
    /// held, and is left out.
    pub(super) fn new(n_cells: usize, sums: &[Sum]) -> Self {
        let mut members = Vec::with_capacity(sums.len());
        let mut sums_of = vec![Vec::new(); n_cells];
        for sum in sums {
            if sum.total >= n_cells || sum.parts.iter().any(|part| *part >= n_cells) {
                continue;
            }
            let mut entries = vec![Entry { place: sum.total, coefficient: 1 }];
            entries.extend(sum.parts.iter().map(|part| Entry { place: *part, coefficient: -1 }));
            entries.sort_by_key(|entry| entry.place);
            entries.dedup_by(|later, kept| {
                let same = later.place == kept.place;
                kept.coefficient += if same { later.coefficient } else { 0 };
                same
            });
            entries.retain(|entry| entry.coefficient != 0);
            for entry in &entries {
                sums_of[entry.place].push(Entry { place: members.len(), coefficient: entry.coefficient });
            }
            members.push(entries);
        }
        let (members, sums) = (Lists::new(&members), Lists::new(&sums_of));
        let mut system = Self { members, sums, heights: vec![0; n_cells], sum_heights: Vec::new() };
        system.measure_heights();
        system
    }

    pub(super) fn n_sums(&self) -> usize {
        self.members.starts.len() - 1
    }

    /// The cells of a sum, with their coefficients.
    pub(super) fn members(&self, sum: usize) -> &[Entry] {
        self.members.of(sum)
    }

    /// The sums of a cell, with its coefficients in them.
    pub(super) fn sums(&self, cell: usize) -> &[Entry] {
        self.sums.of(cell)
    }

    /// Whether the cell is a total, and part of nothing greater.
    pub(super) fn is_grand_total(&self, cell: usize) -> bool {
        let sums = self.sums(cell);
        !sums.is_empty() && sums.iter().all(|entry| entry.coefficient > 0)
    }

    /// The cells that hang together with `cell` by way of sums, itself included, in ascending order.
    pub(super) fn component(&self, cell: usize) -> Vec<usize> {
        let (mut is_seen, mut sum_is_seen) = (vec![false; self.heights.len()], vec![false; self.n_sums()]);
        is_seen[cell] = true;
        let (mut found, mut next) = (vec![cell], 0);
        while let Some(cell) = found.get(next).copied() {
            next += 1;
            for sum in self.sums(cell) {
                if !std::mem::replace(&mut sum_is_seen[sum.place], true) {
                    for member in self.members(sum.place) {
                        if !std::mem::replace(&mut is_seen[member.place], true) {
                            found.push(member.place);
                        }
                    }
                }
            }
        }
        found.sort_unstable();
        found
    }

    /// From the cells that are no total upwards. Cells of sums that define one another in a circle keep what height they
    /// have reached; it only guides the search.
    fn measure_heights(&mut self) {
        let n_cells = self.heights.len();
        let mut open_sums: Vec<usize> =
            (0..n_cells).map(|cell| self.sums(cell).iter().filter(|sum| sum.coefficient > 0).count()).collect();
        let mut open_parts: Vec<usize> = (0..self.n_sums())
            .map(|sum| self.members(sum).iter().filter(|member| member.coefficient < 0).count())
            .collect();
        let mut ready: Vec<usize> = (0..n_cells).filter(|cell| open_sums[*cell] == 0).collect();
        let mut heights = std::mem::take(&mut self.heights);
        while let Some(cell) = ready.pop() {
            for sum in self.sums(cell).iter().filter(|sum| sum.coefficient < 0) {
                open_parts[sum.place] -= 1;
                for total in self.members(sum.place).iter().filter(|member| member.coefficient > 0) {
                    heights[total.place] = heights[total.place].max(heights[cell] + 1);
                    if open_parts[sum.place] == 0 {
                        open_sums[total.place] -= 1;
                        if open_sums[total.place] == 0 {
                            ready.push(total.place);
                        }
                    }
                }
            }
        }
        let tallest = |sum| self.members(sum).iter().map(|member| heights[member.place]).max().unwrap_or(0);
        self.sum_heights = (0..self.n_sums()).map(tallest).collect();
        self.heights = heights;
    }
}
