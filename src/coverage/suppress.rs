//! Decides which counts of linked tables are hidden, so that no small count can be recovered from what is shown.
//!
//! A count of 1 to threshold − 1 is small; 0 and the threshold itself are not. Small counts are hidden ([`Mark::Small`]),
//! and as a total shown beside its other parts gives a hidden part away, so are others ([`Mark::Secondary`]). What the
//! tables are is not known here: the input is counts and which of them are sums of which, so that one count shown in
//! several tables is one count.
//!
//! # Threshold
//!
//! [`DEFAULT_THRESHOLD`] is 5, "fewer than 5": the nearest public Swedish practice for waiting-time figures. 0 and 1 hide
//! nothing.
//!
//! # What is guaranteed
//!
//! The attacker sees every shown count, knows every sum, that counts are whole and not negative, the threshold and this
//! page; he does not know which hidden counts are small, so **published tables must show one and the same mark for
//! both**.
//!
//! 1. *Range.* For each small count and each value from 1 to threshold − 1 there is a whole table in which the count has
//!    that value: no count is negative, all sums hold and all that is shown is the same. So the bounds he can find are 1
//!    or lower and threshold − 1 or higher, by whatever method. With a threshold of 2 the values are 1 and 2.
//! 2. *Assuming that all that is hidden is small.* For each small count, one of two things holds. Either there is another
//!    such table, in which it has another small value and every other small count is small still, so that even who is told
//!    which hidden counts are small cannot tell this one's value. Or each of its sums has a hidden count that is not small
//!    (or none to hide, but grand totals and small ones): what he concludes about it rests on a false premise. The second
//!    is for counts that nothing can hide from that assumption, such as a total of 4 whose parts are 1 + 1 + 1 + 1.
//!
//! The first holds because such tables were found, not because an attack failed: the criterion is sufficient, and more may
//! be hidden than needed. Values go from the true ones by *moves*, in which hidden counts go up or down so that all sums
//! still hold; a count is protected when moves take it to both ends. Hiding more never undoes a move, so each small count
//! is looked at once and the procedure ends.
//!
//! # Limits
//!
//! - If no moves are found for a count, all counts that hang together with it by sums are hidden. Then nothing is
//!   published of them, but the range is not promised: where the sums alone leave a count no freedom (`a = b + b` makes it
//!   even), it has none. In tables that count records this has not been seen to happen.
//! - If the values do not add up, the published sums are false, and nothing is promised; nor for sums that name counts
//!   that do not exist, which are left out.
//! - An attacker who knows more, such as one of the hidden counts or that a zero could not be otherwise, may find closer
//!   bounds. Zeros are therefore taken only if nothing better is found.
//! - Nothing is promised against one who runs this program on every possible table to see which would have given the same
//!   marks, nor for small differences between two publications.
//! - That little is hidden is an aim, not a promise: small details rather than totals, and a grand total (part of no
//!   other count) only where nothing else was found. Where a small count is the total of very many sums, as a number of
//!   records that each variable divides in its own way, the search often finds nothing else.
//!
//! The result depends on nothing but the input. Time grows with the number of small counts and hardly with that of others;
//! the search for each has a limit. Reads nothing, writes nothing, and cannot fail.
//!
//! The problem is known as secondary or complementary cell suppression. Boxes of cells that change by turns are the idea
//! of the hypercube method (S. Giessing and D. Repsilber, *Tools and Strategies to Protect Multiple Tables with the GHQUAR
//! Cell Suppression Engine*, 2002); here the moves follow the sums, so that levels and linked tables need nothing special.

mod search;
mod system;

#[cfg(test)]
mod tests;

use search::{Choice, Direction, Effort, FORBIDDING, Move, Order, Room, Search, Taste};
use system::System;

/// The threshold unless another is asked for: counts of fewer than 5 are hidden.
pub const DEFAULT_THRESHOLD: u64 = 5;

/// With more small counts than this the time is worth more than the last tenth of the loss.
const MOST_SMALL_FOR_SECOND_ROUND: usize = 5_000;

/// That one count is the sum of others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sum {
    /// The place of the total among the counts.
    pub total: usize,
    /// The places of the parts.
    pub parts: Vec<usize>,
}

/// Whether a count is shown. Published tables must not tell [`Mark::Small`] from [`Mark::Secondary`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// The count is shown.
    Shown,
    /// The count is hidden because it is small.
    Small,
    /// The count is hidden because a small one could be recovered from it.
    Secondary,
}

/// Decides for each of `values` whether it is shown, so that no count from 1 to `threshold` − 1 can be recovered by way
/// of `sums`; one mark a value.
///
/// With a threshold of 0 or 1 nothing is hidden. What is guaranteed, and what not, is on the page of this module.
///
/// ```
/// use vantkoll::coverage::suppress::{DEFAULT_THRESHOLD, Mark, Sum, suppress};
///
/// // 3 of 40 would be seen from the total; the smallest count that can stand in for it is hidden too.
/// let marks = suppress(&[3, 12, 25, 40], &[Sum { total: 3, parts: vec![0, 1, 2] }], DEFAULT_THRESHOLD);
/// assert_eq!(marks, [Mark::Small, Mark::Secondary, Mark::Shown, Mark::Shown]);
/// ```
pub fn suppress(values: &[u64], sums: &[Sum], threshold: u64) -> Vec<Mark> {
    let is_small: Vec<bool> = values.iter().map(|value| (1..threshold).contains(value)).collect();
    let small: Vec<usize> = (0..values.len()).filter(|cell| is_small[*cell]).collect();
    if small.is_empty() {
        return vec![Mark::Shown; values.len()];
    }
    let system = System::new(values.len(), sums);
    let prices: Vec<u64> = (0..values.len()).map(|cell| price(&system, cell, values[cell])).collect();
    let mut hidden = hide(&system, values, &is_small, threshold, prices.clone());
    if small.len() <= MOST_SMALL_FOR_SECOND_ROUND {
        // What was hidden for a later count may serve an earlier one too, so a second round takes it at a discount, and
        // hides of it only what it uses. It saves about a tenth of the secondary counts and doubles the time.
        let total_price = |hidden: &[usize]| hidden.iter().fold(0, |sum: u64, cell| sum.saturating_add(prices[*cell]));
        let mut discounted = prices.clone();
        for cell in &hidden {
            // A grand total is no cheaper for having been hidden.
            discounted[*cell] /= if discounted[*cell] < FORBIDDING { 8 } else { 1 };
        }
        let second = hide(&system, values, &is_small, threshold, discounted);
        if total_price(&second) < total_price(&hidden) {
            hidden = second;
        }
    }
    let mut marks = vec![Mark::Shown; values.len()];
    for cell in hidden {
        marks[cell] = if is_small[cell] { Mark::Small } else { Mark::Secondary };
    }
    marks
}

/// What it costs to hide a count, in no unit: least for small details, more for totals, much for zeros, and out of
/// all proportion for grand totals.
fn price(system: &System, cell: usize, value: u64) -> u64 {
    if system.is_grand_total(cell) {
        return 10 * FORBIDDING;
    }
    let height = u64::from(system.heights[cell].min(100));
    // Four times the binary logarithm, to a quarter: the two bits after the first say which.
    let quarter = |log: u32| if log < 2 { value << (2 - log) } else { value >> (log - 2) } & 3;
    let size = value.checked_ilog2().map_or(600, |log| 4 * u64::from(log) + quarter(log));
    10 + size + 16 * height * height
}

/// The ways to look for a move, in the order in which they are tried.
const EFFORTS: [Effort; 8] = [
    Effort { choice: Choice::Hidden, beam: 5, order: Order::Fewest, taste: Taste::Cheap, work: 40_000 },
    Effort { choice: Choice::Priced, beam: 10, order: Order::Fewest, taste: Taste::Cheap, work: 100_000 },
    Effort { choice: Choice::Priced, beam: 40, order: Order::Fewest, taste: Taste::Cheap, work: 400_000 },
    Effort { choice: Choice::Priced, beam: 4, order: Order::Highest, taste: Taste::Room, work: 100_000 },
    Effort { choice: Choice::Priced, beam: 4, order: Order::Lowest, taste: Taste::Totals, work: 200_000 },
    Effort { choice: Choice::OneWay, beam: 1, order: Order::Lowest, taste: Taste::Cheap, work: 4_000_000 },
    Effort { choice: Choice::OneWay, beam: 10, order: Order::Lowest, taste: Taste::Cheap, work: 10_000_000 },
    Effort { choice: Choice::Priced, beam: 40, order: Order::Lowest, taste: Taste::Cheap, work: 10_000_000 },
];

/// What is still to be shown of a small count.
#[derive(Clone, Copy, Debug)]
struct Need {
    /// By how much it must be able to be greater.
    up: u64,
    /// By how much it must be able to be less.
    down: u64,
    /// Whether it must be able to be another small count while all other small counts stay small.
    differ: bool,
}

/// The hidden cells, small ones first.
fn hide(system: &System, values: &[u64], is_small: &[bool], threshold: u64, prices: Vec<u64>) -> Vec<usize> {
    // A count of one, the only small one below a threshold of two, must not be certain either.
    let most = threshold.saturating_sub(1).max(2);
    let mut order: Vec<usize> = (0..values.len()).filter(|cell| is_small[*cell]).collect();
    let mut protection = Protection {
        search: Search::new(system, values, is_small.to_vec(), prices),
        system,
        needs: values
            .iter()
            .map(|value| Need { up: most.saturating_sub(*value), down: value.saturating_sub(1), differ: threshold > 2 })
            .collect(),
        is_small,
        most,
    };
    for cell in &order {
        protection.search.hide(*cell);
    }
    // Totals first: what hides them often hides their parts.
    order.sort_by_key(|cell| (std::cmp::Reverse(system.heights[*cell]), *cell));
    for cell in order {
        protection.protect(cell);
    }
    protection.search.hidden().to_vec()
}

/// The work in hand.
#[derive(Debug)]
struct Protection<'a> {
    search: Search<'a>,
    system: &'a System,
    is_small: &'a [bool],
    /// One for each cell; those of other than small cells mean nothing.
    needs: Vec<Need>,
    most: u64,
}

impl Protection<'_> {
    /// Hides what must be hidden for one small cell.
    fn protect(&mut self, cell: usize) {
        let is_done = self.reach(cell, Direction::Up) && self.reach(cell, Direction::Down);
        if is_done {
            if self.needs[cell].differ && !self.differ(cell) {
                self.confound(cell);
            }
        } else {
            for cell in self.system.component(cell) {
                self.search.hide(cell);
                self.needs[cell] = Need { up: 0, down: 0, differ: false };
            }
        }
    }

    /// Makes sure that a small cell can go as far as it needs in one direction.
    fn reach(&mut self, cell: usize, direction: Direction) -> bool {
        for effort in EFFORTS {
            let need = self.needs[cell];
            let steps = if direction == Direction::Up { need.up } else { need.down };
            if steps == 0 || self.walk(cell, direction, steps, effort) {
                return true;
            }
        }
        false
    }

    /// Takes a small cell so many steps, in as few moves as are found, and hides their cells. If it does not get there,
    /// nothing is hidden.
    fn walk(&mut self, cell: usize, direction: Direction, steps: u64, effort: Effort) -> bool {
        const MOST_MOVES: usize = 64;
        const WIDEST_IN_STRIDES: usize = 10;
        let n_hidden = self.search.hidden().len();
        let (mut left, mut times) = (steps, steps);
        let mut moves = Vec::new();
        while left > 0 && moves.len() < MOST_MOVES {
            times = times.min(left);
            if times > 1 && effort.beam > WIDEST_IN_STRIDES {
                times = 1;
            }
            if let Some(cells) = self.search.find(cell, direction, Room::Times(times), effort) {
                self.search.make(&cells, times);
                left -= times;
                for (cell, _) in &cells {
                    self.search.hide(*cell);
                }
                moves.push((cells, times));
            } else if times > 1 {
                times /= 2;
            } else {
                break;
            }
        }
        for (cells, times) in &moves {
            self.search.take_back(cells, *times);
        }
        if left > 0 {
            self.search.show_again(n_hidden);
            return false;
        }
        for (cells, _) in moves {
            self.note(&cells);
        }
        let need = &mut self.needs[cell];
        *(if direction == Direction::Up { &mut need.up } else { &mut need.down }) = 0;
        true
    }

    /// Makes sure that a small cell can be another small count while all other small cells stay small.
    fn differ(&mut self, cell: usize) -> bool {
        for effort in &EFFORTS[..2] {
            for direction in [Direction::Down, Direction::Up] {
                if let Some(cells) = self.search.find(cell, direction, Room::StaySmall(self.most), *effort) {
                    for (cell, _) in &cells {
                        self.search.hide(*cell);
                    }
                    self.note(&cells);
                    return true;
                }
            }
        }
        false
    }

    /// Hides a count that is not small in every sum of a small cell that has none yet and where it is no grand total.
    fn confound(&mut self, cell: usize) {
        for sum in self.system.sums(cell) {
            let members = self.system.members(sum.place).iter().map(|member| member.place);
            let others = members.filter(|other| !self.is_small[*other] && !self.system.is_grand_total(*other));
            if let Some(best) = others.min_by_key(|other| (self.search.price(*other), *other)) {
                self.search.hide(best);
            }
        }
    }

    /// Strikes out the needs that a move of hidden cells meets, for all its small cells.
    fn note(&mut self, cells: &Move) {
        let least = |direction| {
            let values =
                cells.iter().filter(|(_, other)| *other != direction).map(|(cell, _)| self.search.values[*cell]);
            values.min().unwrap_or(u64::MAX)
        };
        let (times, times_back) = (least(Direction::Up), least(Direction::Down));
        let room = Room::StaySmall(self.most);
        let stays = cells.iter().all(|(cell, direction)| self.search.has_room(*cell, *direction, room))
            || cells.iter().all(|(cell, direction)| self.search.has_room(*cell, direction.opposite(), room));
        for (cell, direction) in cells.iter().filter(|(cell, _)| self.is_small[*cell]) {
            let need = &mut self.needs[*cell];
            let (up, down) = if *direction == Direction::Up { (times, times_back) } else { (times_back, times) };
            need.up = if up >= need.up { 0 } else { need.up };
            need.down = if down >= need.down { 0 } else { need.down };
            need.differ &= !stays;
        }
    }
}
