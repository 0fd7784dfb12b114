//! Coverage: how much of what happened is in the submissions.
//!
//! Responsible for the tables that submissions are compared with ([`mod@reference`]). Deliberately writes nothing.

pub mod reference;
