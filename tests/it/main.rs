//! The single integration target.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod cases;
mod cli;
mod coverage;
mod coverage_oracle;
mod diagnostics;
mod domain;
mod editor;
mod fifth_collection;
mod generate;
mod impact;
mod layers;
mod logic;
mod oracle;
mod property;
mod publish;
mod published;
mod qa;
mod rules;
mod rules_sql;
mod rulework;
mod rulework_diff;
mod rulework_explain;
mod support;
mod validity;
mod waivers;
