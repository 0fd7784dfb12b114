//! The single integration target.

mod rules;
