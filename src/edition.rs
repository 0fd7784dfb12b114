//! What of a run others may see.
//!
//! | edition | who reads it | records | counts |
//! | --- | --- | --- | --- |
//! | internal | who made the run | all | all |
//! | region ([`of_region`]) | the region whose records they are | its own | its own; of others and the country only what is published |
//! | public ([`public()`]) | everybody | none | none that is small, nor any that a small one could be worked out from |
//!
//! Whose a record is, is told on the page of [`reporter`](crate::engine::reporter). A finding on a group of records that
//! may be of several regions is nobody's, and is in no region's edition.
//!
//! Deliberately knows nothing of report formats. Figures of coverage have an edition of their own
//! ([`publish`](crate::coverage::publish)).

mod public;
mod region;

use std::str::FromStr;

pub use public::{PublicOutcome, PublicReporter, PublicRule, PublicRun, PublicVariable, public};
pub use region::{FindingsOf, of_region, regions};

/// Who a report is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Edition {
    /// Who made the run: everything.
    #[default]
    Internal,
    /// A region: its own records, and what is published of the country.
    Region,
    /// Everybody: no records, no small counts.
    Public,
}

impl Edition {
    /// Every edition.
    pub const ALL: [Self; 3] = [Self::Internal, Self::Region, Self::Public];

    /// The word used in arguments and machine formats.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::Region => "region",
            Self::Public => "public",
        }
    }
}

impl FromStr for Edition {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|edition| edition.as_str() == text).ok_or(())
    }
}
