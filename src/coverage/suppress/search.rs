//! Looks for moves: ways to change hidden cells by one up or down each, so that every sum still holds.
//!
//! A move is built one cell at a time. The first cell leaves its sums unbalanced; some unbalanced sum is chosen and
//! balanced by another of its cells, which may unbalance other sums in turn, until all are balanced. In a table of rows
//! and columns this finds the four corners of a rectangle, with more dimensions the corners of a box, and with levels or
//! several tables whatever is needed in place of it. The search keeps the few cheapest unfinished moves of each length (a
//! beam), so it is fast and may miss a move that exists; the caller then hides more.
//!
//! Knows nothing of thresholds but what a [`Room`] says.

use std::borrow::Cow;

use super::system::{Entry, System};

/// What an unbalanced sum counts beside the price of cells when unfinished moves are compared.
const UNBALANCED: u64 = 14;
/// Cells of more sums than this have long moves.
const MANY: usize = 12;
/// More unfinished moves than this are not kept of such.
const WIDEST: usize = 10;
/// What a total counts for each of its sums when totals are preferred.
const FOR_EACH_SUM: u64 = 20;
/// A price from which on only a move in one direction may pay it.
pub(super) const FORBIDDING: u64 = 100_000;
/// What a total or a zero counts when room is preferred.
const POOR: u64 = 2_000;
/// Sums with more members than this are not looked through from end to end.
const WIDE: usize = 96;
/// Lengths tried beyond the first at which a move was found, for a cheaper one.
const LONGER: usize = 3;

/// Up or down by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    Up,
    Down,
}

impl Direction {
    pub(super) fn opposite(self) -> Self {
        match self {
            Self::Up => Self::Down,
            Self::Down => Self::Up,
        }
    }

    fn sign(self) -> i64 {
        match self {
            Self::Up => 1,
            Self::Down => -1,
        }
    }
}

/// The cells of a move, the first of which it was sought for.
pub(super) type Move = Vec<(usize, Direction)>;

/// How far the cells of a move must be able to go.
#[derive(Clone, Copy, Debug)]
pub(super) enum Room {
    /// So many times, without going below zero.
    Times(u64),
    /// Once, and small cells stay between 1 and this.
    StaySmall(u64),
}

/// Which cells a move may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Choice {
    /// Those that are hidden.
    Hidden,
    /// Those that are hidden, and at a price those that are shown, unless the price is forbidding.
    Priced,
    /// All, and all in the direction of the first: as if something more, or less, had been counted.
    OneWay,
}

/// Which unbalanced sum is balanced first. One with a single remedy always is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// That with the fewest remedies, then the highest: dead ends are noticed early.
    Fewest,
    /// The highest, so that details follow their totals.
    Highest,
    /// The lowest, so that totals follow their details.
    Lowest,
}

/// Which cells are preferred to balance a sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taste {
    /// Those of low price, hidden ones above all.
    Cheap,
    /// Parts with large values, hidden or not: what must change along with them has room too.
    Room,
    /// Totals, if they are not in many sums, then parts with large values: a total has room for all its parts.
    Totals,
}

/// How a move is looked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Effort {
    /// Which cells it may use.
    pub(super) choice: Choice,
    /// How many unfinished moves of each length are kept.
    pub(super) beam: usize,
    /// Which unbalanced sum is balanced first.
    pub(super) order: Order,
    /// Which cells are preferred.
    pub(super) taste: Taste,
    /// How many entries of the system are looked at before it is given up, more for cells of many sums.
    pub(super) work: usize,
}

/// An unfinished move: one cell more than another.
#[derive(Clone, Copy, Debug)]
struct Unfinished {
    previous: usize,
    cell: usize,
    direction: Direction,
    price: u64,
    n_unbalanced: usize,
}

impl Unfinished {
    fn rank(&self) -> (u64, usize, usize) {
        let n_unbalanced = u64::try_from(self.n_unbalanced).unwrap_or(u64::MAX);
        (self.price.saturating_add(n_unbalanced.saturating_mul(UNBALANCED)), self.cell, self.previous)
    }
}

/// The hidden cells of a system, its values as they are at present, and the room to build moves in.
#[derive(Debug)]
pub(super) struct Search<'a> {
    system: &'a System,
    /// The values that moves start from.
    pub(super) values: Vec<u64>,
    is_small: Vec<bool>,
    /// What it costs to hide a cell.
    prices: Vec<u64>,
    is_hidden: Vec<bool>,
    /// In the order in which they were hidden.
    hidden: Vec<usize>,
    /// For each sum its hidden cells with their coefficients, in the order in which they were hidden.
    hidden_members: Vec<Vec<Entry>>,
    /// For each sum too wide to be looked through, its cells by price.
    by_price: Vec<Vec<Entry>>,
    unfinished: Vec<Unfinished>,
    /// The unfinished move that the following fields hold.
    loaded: Option<usize>,
    directions: Vec<Option<Direction>>,
    imbalances: Vec<i64>,
    /// At least the sums that are unbalanced.
    listed: Vec<usize>,
    is_listed: Vec<bool>,
    /// For each unbalanced sum how many cells could balance it when that was first asked.
    n_remedies: Vec<Option<usize>>,
    work: usize,
}

impl<'a> Search<'a> {
    pub(super) fn new(system: &'a System, values: &[u64], is_small: Vec<bool>, prices: Vec<u64>) -> Self {
        let by_price = |sum| {
            let mut members = system.members(sum).to_vec();
            members.sort_by_key(|member| (prices[member.place], member.place));
            members.truncate(WIDE);
            members
        };
        let is_wide = |sum| system.members(sum).len() > WIDE;
        let by_price = (0..system.n_sums()).map(|sum| if is_wide(sum) { by_price(sum) } else { Vec::new() }).collect();
        Self {
            system,
            values: values.to_vec(),
            is_small,
            prices,
            is_hidden: vec![false; values.len()],
            hidden: Vec::new(),
            hidden_members: vec![Vec::new(); system.n_sums()],
            by_price,
            unfinished: Vec::new(),
            loaded: None,
            directions: vec![None; values.len()],
            imbalances: vec![0; system.n_sums()],
            listed: Vec::new(),
            is_listed: vec![false; system.n_sums()],
            n_remedies: vec![None; system.n_sums()],
            work: 0,
        }
    }

    /// What it costs to hide a cell: nothing if it is hidden.
    pub(super) fn price(&self, cell: usize) -> u64 {
        if self.is_hidden[cell] { 0 } else { self.prices[cell] }
    }

    /// The hidden cells, in the order in which they were hidden.
    pub(super) fn hidden(&self) -> &[usize] {
        &self.hidden
    }

    pub(super) fn hide(&mut self, cell: usize) {
        if !std::mem::replace(&mut self.is_hidden[cell], true) {
            self.hidden.push(cell);
            for entry in self.system.sums(cell) {
                self.hidden_members[entry.place].push(Entry { place: cell, coefficient: entry.coefficient });
            }
        }
    }

    /// Shows again what was hidden since only the first `n_hidden` cells were.
    pub(super) fn show_again(&mut self, n_hidden: usize) {
        while self.hidden.len() > n_hidden {
            let Some(cell) = self.hidden.pop() else { return };
            self.is_hidden[cell] = false;
            for entry in self.system.sums(cell) {
                self.hidden_members[entry.place].pop();
            }
        }
    }

    /// A cheap move of `cell` in `direction`, if one is found.
    pub(super) fn find(&mut self, cell: usize, direction: Direction, room: Room, effort: Effort) -> Option<Move> {
        if !self.has_room(cell, direction, room) {
            return None;
        }
        let n_sums = self.system.sums(cell).len();
        // A cell of many sums needs a long move, of which only a few at a time can be kept.
        let beam = if n_sums > MANY { effort.beam.div_ceil(10) } else { effort.beam };
        let most_work = effort.work.saturating_add(if n_sums > MANY { effort.work / 2 * n_sums } else { 0 });
        if n_sums > MANY && effort.beam > WIDEST {
            return None;
        }
        self.unload();
        self.unfinished.clear();
        self.work = 0;
        self.unfinished.push(Unfinished { previous: 0, cell, direction, price: 0, n_unbalanced: n_sums });
        if n_sums == 0 {
            return Some(vec![(cell, direction)]);
        }
        let (mut ends, mut best, mut n_longer) = (vec![0], None::<Unfinished>, 0);
        while !ends.is_empty() && n_longer <= LONGER && self.work < most_work {
            let mut longer = Vec::new();
            for end in ends {
                self.load(end);
                self.extend(end, room, effort, &mut longer);
            }
            for done in longer.iter().filter(|unfinished| unfinished.n_unbalanced == 0) {
                if best.is_none_or(|best| done.price < best.price) {
                    best = Some(*done);
                }
            }
            let dearest = best.map_or(u64::MAX, |best| best.price);
            longer.retain(|unfinished| unfinished.n_unbalanced > 0 && unfinished.price < dearest);
            if longer.len() > beam {
                longer.select_nth_unstable_by_key(beam, Unfinished::rank);
                longer.truncate(beam);
            }
            longer.sort_unstable_by_key(Unfinished::rank);
            ends = (self.unfinished.len()..self.unfinished.len() + longer.len()).collect();
            self.unfinished.extend(longer);
            n_longer += usize::from(best.is_some());
        }
        self.unload();
        best.map(|best| {
            let mut cells = self.cells(best.previous);
            cells.push((best.cell, best.direction));
            cells
        })
    }

    /// Makes a move so many times. The room for it was there when it was found.
    pub(super) fn make(&mut self, cells: &Move, times: u64) {
        for (cell, direction) in cells {
            let value = &mut self.values[*cell];
            *value = match direction {
                Direction::Up => value.saturating_add(times),
                Direction::Down => value.saturating_sub(times),
            };
        }
    }

    /// Takes back a move made so many times.
    pub(super) fn take_back(&mut self, cells: &Move, times: u64) {
        let back: Move = cells.iter().map(|(cell, direction)| (*cell, direction.opposite())).collect();
        self.make(&back, times);
    }

    /// Whether the cell can go so far.
    pub(super) fn has_room(&self, cell: usize, direction: Direction, room: Room) -> bool {
        let value = self.values[cell];
        match (room, direction) {
            (Room::Times(times), Direction::Up) => value.checked_add(times).is_some(),
            (Room::Times(times), Direction::Down) => value >= times,
            (Room::StaySmall(most), Direction::Up) => value < u64::MAX && (!self.is_small[cell] || value < most),
            (Room::StaySmall(_), Direction::Down) => value > u64::from(self.is_small[cell]),
        }
    }

    /// The cells of an unfinished move, first to last.
    fn cells(&self, mut end: usize) -> Move {
        let mut cells = Vec::new();
        loop {
            let step = self.unfinished[end];
            cells.push((step.cell, step.direction));
            if end == 0 {
                cells.reverse();
                return cells;
            }
            end = step.previous;
        }
    }

    fn unload(&mut self) {
        if let Some(end) = self.loaded.take() {
            for (cell, _) in self.cells(end) {
                self.directions[cell] = None;
            }
            for sum in self.listed.drain(..) {
                self.imbalances[sum] = 0;
                self.n_remedies[sum] = None;
                self.is_listed[sum] = false;
            }
        }
    }

    /// Loads an unfinished move, from the loaded one if it is that and one cell more.
    fn load(&mut self, end: usize) {
        let step = self.unfinished[end];
        if end > 0 && self.loaded == Some(step.previous) {
            self.put(step.cell, step.direction);
        } else {
            self.unload();
            for (cell, direction) in self.cells(end) {
                self.put(cell, direction);
            }
        }
        self.loaded = Some(end);
    }

    fn put(&mut self, cell: usize, direction: Direction) {
        self.directions[cell] = Some(direction);
        let entries = self.system.sums(cell);
        self.work += entries.len();
        for entry in entries {
            if !std::mem::replace(&mut self.is_listed[entry.place], true) {
                self.listed.push(entry.place);
            }
            self.imbalances[entry.place] += entry.coefficient * direction.sign();
        }
    }

    /// The loaded move with one cell more, in every way that balances the sum chosen to be balanced next. None if some
    /// sum cannot be balanced.
    fn extend(&mut self, end: usize, room: Room, effort: Effort, longer: &mut Vec<Unfinished>) {
        let choice = effort.choice;
        let Some(sum) = self.next_sum(room, effort) else { return };
        let Unfinished { price, n_unbalanced, .. } = self.unfinished[end];
        let mut work = 0;
        for entry in self.candidates(sum, choice).iter() {
            let Some(direction) = self.remedy(sum, *entry, room, choice) else { continue };
            let cell = entry.place;
            let entries = self.system.sums(cell);
            work += entries.len();
            let mut after = n_unbalanced;
            for entry in entries {
                let imbalance = self.imbalances[entry.place];
                let changed = imbalance + entry.coefficient * direction.sign();
                // A sum balanced now was unbalanced before, and is among those counted.
                after = after + usize::from(imbalance == 0) - usize::from(changed == 0);
            }
            let own = self.appeal(entry, effort.taste);
            let price = price.saturating_add(own);
            longer.push(Unfinished { previous: end, cell, direction, price, n_unbalanced: after });
        }
        self.work += work;
    }

    /// What a cell counts when it balances a sum; less is better.
    fn appeal(&self, entry: &Entry, taste: Taste) -> u64 {
        let cell = entry.place;
        let is_total = entry.coefficient > 0;
        if taste == Taste::Cheap {
            self.price(cell)
        } else if taste == Taste::Totals && is_total {
            self.system.sums(cell).iter().fold(0, |sum, _| sum + FOR_EACH_SUM)
        } else {
            let is_poor = is_total || self.values[cell] == 0;
            u64::from(self.values[cell].leading_zeros()) * 8 + if is_poor { POOR } else { 0 }
        }
    }

    /// The unbalanced sum to balance next. None if one has no remedy.
    fn next_sum(&mut self, room: Room, effort: Effort) -> Option<usize> {
        let mut listed = std::mem::take(&mut self.listed);
        let (mut next, mut is_hopeless, mut work) = (None, false, listed.len());
        listed.retain(|sum| {
            if self.imbalances[*sum] == 0 {
                self.n_remedies[*sum] = None;
                self.is_listed[*sum] = false;
                return false;
            }
            let n_remedies = self.n_remedies[*sum].unwrap_or_else(|| {
                work += self.system.members(*sum).len().min(WIDE);
                self.count_remedies(*sum, room, effort.choice)
            });
            self.n_remedies[*sum] = Some(n_remedies);
            is_hopeless |= n_remedies == 0;
            let height = self.system.sum_heights[*sum];
            let rank = match effort.order {
                Order::Fewest => (n_remedies, u32::MAX - height, 0, *sum),
                Order::Highest => (n_remedies.min(2), u32::MAX - height, n_remedies, *sum),
                Order::Lowest => (n_remedies.min(2), height, n_remedies, *sum),
            };
            if next.is_none_or(|next| rank < next) {
                next = Some(rank);
            }
            true
        });
        self.work += work;
        self.listed = listed;
        next.filter(|_| !is_hopeless).map(|(_, _, _, sum)| sum)
    }

    fn count_remedies(&self, sum: usize, room: Room, choice: Choice) -> usize {
        self.candidates(sum, choice).iter().filter(|entry| self.remedy(sum, **entry, room, choice).is_some()).count()
    }

    /// The direction in which a cell brings a sum nearer to balance, if it may be used at all.
    fn remedy(&self, sum: usize, entry: Entry, room: Room, choice: Choice) -> Option<Direction> {
        let imbalance = self.imbalances[sum];
        let direction = if (imbalance > 0) == (entry.coefficient > 0) { Direction::Down } else { Direction::Up };
        let is_nearer = (imbalance + entry.coefficient * direction.sign()).abs() < imbalance.abs();
        let is_free = self.directions[entry.place].is_none();
        let is_allowed = match choice {
            Choice::Hidden => true,
            Choice::Priced => self.price(entry.place) < FORBIDDING,
            Choice::OneWay => direction == self.unfinished[0].direction,
        };
        (is_nearer && is_free && is_allowed && self.has_room(entry.place, direction, room)).then_some(direction)
    }

    /// The cells with which to balance a sum: all that may be used, or of a wide sum some that are hidden, some that are
    /// cheap, and those that balance another sum too.
    fn candidates(&self, sum: usize, choice: Choice) -> Cow<'_, [Entry]> {
        let hidden = &self.hidden_members[sum];
        let members: &[Entry] = if choice == Choice::Hidden { hidden } else { self.system.members(sum) };
        if members.len() <= WIDE {
            return Cow::Borrowed(members);
        }
        let mut found = hidden[..hidden.len().min(WIDE)].to_vec();
        if choice != Choice::Hidden {
            found.extend_from_slice(&self.by_price[sum]);
        }
        let others = self.listed.iter().filter(|other| self.imbalances[**other] != 0);
        for other in others.filter(|other| self.system.members(**other).len() <= WIDE) {
            for member in self.system.members(*other) {
                if choice != Choice::Hidden || self.is_hidden[member.place] {
                    let here = self.system.sums(member.place).iter().find(|entry| entry.place == sum);
                    found.extend(here.map(|entry| Entry { place: member.place, ..*entry }));
                }
            }
        }
        found.sort_unstable_by_key(|entry| entry.place);
        found.dedup();
        Cow::Owned(found)
    }
}
