//! Records in doubt: what they count as in a measure, and what else they could count as.
//!
//! A record is in doubt for a measure where a rule that it violates puts a value in doubt that the measure reads, or where
//! the measure's conditions cannot be decided. A rule puts its faulty variables in doubt, and those that make it apply:
//! which of them is wrong nobody knows. Rules that only note something put nothing in doubt, nor do those on the stated
//! period: a record of another month, such as one of the year before to compare with, is what it is. A waived finding is in
//! doubt like any other.
//!
//! # What a record could count as
//!
//! Whatever values could be there in place of those in doubt: the measure's conditions are evaluated once more with every
//! comparison that reads such a value as unknown, by the same three-valued logic. A condition that is decided all the same
//! (a record outside the guarantee stays outside, whatever its dates) is decided for any value; where it is not, the record
//! may be on either side. This allows at least what is possible, and sometimes more, because two comparisons of one value
//! are taken as independent.
//!
//! A record whose region, month or code is in doubt may not belong to the group at all: it could be outside. That it might
//! belong to some other group instead is counted nowhere, because every group would then be as uncertain as all of them
//! together.
//!
//! # What is not in doubt here
//!
//! Records that could not be divided into columns, or whose region or month is not known, are in no figure; how many there
//! are is told elsewhere. Rules on the whole submission, such as duplicates, come to their verdicts when every record has
//! been read, and their findings put nothing in doubt here.
//!
//! # Groups
//!
//! A group of records is put in doubt by rules on groups, where what is made of the same records is in doubt together, and by
//! the rules that any of its records violates: in doubt is then everything that is made of the variable found faulty.

/// What a record counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Now {
    /// Above and below the line.
    Within,
    /// Below the line only.
    Beyond,
    /// Below the line, while it cannot be decided whether above.
    BeyondUndecided,
    /// Not at all.
    Outside,
    /// Not at all, because it cannot be decided.
    OutsideUndecided,
}

impl Now {
    /// Every one.
    pub const ALL: [Self; 5] =
        [Self::Within, Self::Beyond, Self::BeyondUndecided, Self::Outside, Self::OutsideUndecided];

    /// The word used in saved tallies.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Within => "within",
            Self::Beyond => "beyond",
            Self::BeyondUndecided => "beyond_undecided",
            Self::Outside => "outside",
            Self::OutsideUndecided => "outside_undecided",
        }
    }
}

/// What a record in doubt could count as: two or three of within, beyond and outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Could {
    /// Within or beyond, but surely below the line.
    WithinOrBeyond,
    /// Within or outside.
    WithinOrOutside,
    /// Beyond or outside, but surely not above the line.
    BeyondOrOutside,
    /// Any of the three.
    Any,
}

impl Could {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::WithinOrBeyond, Self::WithinOrOutside, Self::BeyondOrOutside, Self::Any];

    /// The word used in saved tallies.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::WithinOrBeyond => "within_or_beyond",
            Self::WithinOrOutside => "within_or_outside",
            Self::BeyondOrOutside => "beyond_or_outside",
            Self::Any => "any",
        }
    }

    /// From what is possible; `None` where only one thing is, so that nothing is in doubt.
    pub(super) fn of(within: bool, beyond: bool, outside: bool) -> Option<Self> {
        match (within, beyond, outside) {
            (true, true, true) => Some(Self::Any),
            (true, true, false) => Some(Self::WithinOrBeyond),
            (true, false, true) => Some(Self::WithinOrOutside),
            (false, true, true) => Some(Self::BeyondOrOutside),
            _ => None,
        }
    }
}

/// How many kinds of records in doubt there are.
pub(super) const KINDS: usize = Now::ALL.len() * Could::ALL.len();

/// Records in doubt, by what they count as and what they could count as.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Doubt {
    counts: [u64; KINDS],
}

impl Doubt {
    /// The place of a kind among the counts.
    pub(super) fn place(now: Now, could: Could) -> usize {
        now as usize * Could::ALL.len() + could as usize
    }

    pub(super) fn of_counts(counts: [u64; KINDS]) -> Self {
        Self { counts }
    }

    /// Every kind of which there are records, with their number.
    pub fn kinds(&self) -> impl Iterator<Item = (Now, Could, u64)> + '_ {
        let kinds = Now::ALL.into_iter().flat_map(|now| Could::ALL.into_iter().map(move |could| (now, could)));
        kinds.zip(&self.counts).filter(|(_, count)| **count > 0).map(|((now, could), count)| (now, could, *count))
    }

    /// Adds so many records of a kind.
    pub fn add(&mut self, now: Now, could: Could, records: u64) {
        self.counts[Self::place(now, could)] += records;
    }

    /// Adds the counts of another part.
    pub fn merge(&mut self, other: &Self) {
        for (total, part) in self.counts.iter_mut().zip(&other.counts) {
            *total += part;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_kept_apart_and_told_with_their_numbers() {
        let mut doubt = Doubt::default();
        doubt.add(Now::OutsideUndecided, Could::Any, 3);
        doubt.add(Now::Within, Could::WithinOrBeyond, 2);
        let mut twice = doubt.clone();
        twice.merge(&doubt);
        let kinds: Vec<_> = twice.kinds().collect();
        assert_eq!(kinds, [(Now::Within, Could::WithinOrBeyond, 4), (Now::OutsideUndecided, Could::Any, 6)],);
    }

    #[test]
    fn what_can_be_one_thing_only_is_not_in_doubt() {
        assert_eq!(Could::of(true, false, false), None);
        assert_eq!(Could::of(false, false, true), None);
        assert_eq!(Could::of(false, true, true), Some(Could::BeyondOrOutside));
    }
}
