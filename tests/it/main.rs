//! The single integration target.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod cli;
mod oracle;
mod property;
mod generate;
mod rules;
mod support;
