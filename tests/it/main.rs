//! The single integration target.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod cli;
mod generate;
mod oracle;
mod property;
mod rules;
mod support;
