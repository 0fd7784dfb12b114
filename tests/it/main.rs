//! The single integration target.

mod generate;
mod rules;
