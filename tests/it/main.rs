//! The single integration target.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod cases;
mod certainty;
mod cli;
mod corrections;
mod coverage;
mod coverage_oracle;
mod diagnostics;
mod domain;
mod editor;
mod fifth_collection;
mod folding;
mod generate;
mod generate_svf;
mod impact;
mod layers;
mod layouts;
mod logic;
mod oracle;
mod property;
mod publish;
mod published;
mod published_svf;
mod qa;
mod rules;
mod rules_sql;
mod rulework;
mod rulework_diff;
mod rulework_explain;
mod rulework_fold;
mod support;
mod svf;
mod svf_measures;
mod validity;
mod waivers;
mod workbook;
