//! **vantkoll** (väntetidskoll) checks submissions to Sweden's national waiting-times database (nationella
//! väntetidsdatabasen) against declarative rules, before and after they are submitted.
//!
//! A submission is one or more files of contacts (`vårdkontakter`) that a region delivers for one collection and one
//! period. What a submission looks like is in `schemas/`, what must hold in `rules/`; this crate is the machine that
//! reads both, and knows no variable, code or rule by name.
//!
//! # Flow
//!
//! ```text
//! schemas/*.yaml, codelists/*.csv ─► schema::Schemas ─┐
//! rules/*.yaml ───────────────────► rule::RuleSet ────┴─► rule::Plan            (spanned → checked; all mistakes at once)
//!                                                            │
//! CSV, Parquet ─► submission::InputFile ─► table::Batch ─► engine (rayon) ─► batch tallies ─► engine::Outcome ─► report
//!                 detect, map columns      views, no copy   verdicts          merged in file order                text, JSON,
//!                                                                                                                CSV, Parquet,
//!                                                                                                                HTML, XLSX
//! ```
//!
//! A collection may have *layouts* with one row for several records; such rows are unfolded where they are read
//! (`submission::unfold`), and nobody else knows of them but by what a batch says of its positions.
//!
//! Coverage branches off the same pass: what `rules/coverage/*.yaml` measures is compiled by [`measure`] to nodes of the
//! same plan, counted into [`engine::Tally`], put together with other tallies where there are any, and turned into
//! figures by [`coverage`] with population and register counts. Goals of agreements (`rules/goals/*.yaml`) are shares
//! counted in the same way, and held against their targets there.
//!
//! Rule work starts from the same plans: [`logic`] finds records by reasoning over their nodes, [`rulebook`] asks what is
//! to be asked (proofs, mutants, differences), [`dialect`] writes the nodes as SQL, and what is shown of a record has been
//! judged by the engine itself.
//!
//! One pass over the data does everything: verdicts of all rules, the account of every variable, findings, key
//! hashes, tallies. Further passes happen only where duplicates are suspected, or where the submission is to be divided.
//!
//! # Code map
//!
//! A module may use those above it, never those below; a test holds the order.
//!
//! | module | what it is for |
//! | --- | --- |
//! | [`model`] | the words: ids, severities, verdicts, findings, counts; no I/O, no Arrow, no YAML |
//! | [`time`] | points in time as submissions write them |
//! | [`table`] | what readers and rules share: [`table::Batch`], bit sets |
//! | [`pattern`] | patterns of texts, compiled to tables |
//! | [`diag`] | mistakes in rule and schema files, with their places |
//! | [`yaml`] | the only module that names the YAML crate |
//! | [`assets`] | rules and schemas inside the binary, and folders laid over them |
//! | [`schema`] | collections, variables, formats, code lists |
//! | [`rule`] | rules as written, compiled to a [`rule::Plan`]: typed expressions over the schema |
//! | [`dialect`] | writes the rules of a plan as SQL for other engines |
//! | [`measure`] | measures of coverage and goals as written, compiled to what is to be counted |
//! | [`waiver`] | findings that the gate disregards, until when and on whose responsibility |
//! | [`submission`] | finds, detects and reads files as batches |
//! | [`engine`] | runs a plan over batches in parallel, or two of them beside each other |
//! | [`cause`] | puts findings together by what they have in common |
//! | [`logic`] | proofs: whether a record can exist for which conditions have given truths |
//! | [`coverage`] | turns what was counted into figures, with the reference tables they need |
//! | [`edition`] | what of a run a region, or everybody, may see |
//! | [`generate`] | synthetic submissions with planted defects |
//! | [`rulebook`] | rule work: proving, testing, comparing and explaining rules |
//! | [`report`] | writes an outcome, one file a format |
//! | [`cli`] | arguments, progress, exit codes |
//!
//! # One evaluator
//!
//! Requirement levels, value domains and checks written in SQL all become a condition and an assertion over columns
//! (`rule::expr`), so that they share one three-valued logic and one evaluator (`engine::eval`), whatever the file
//! format. The evaluator works a column at a time over Arrow views; values are judged once for each distinct value that a
//! thread meets in a whole run. Truths are pairs of bit sets (true, false, neither), on which Kleene's logic is bit algebra.
//!
//! # Invariants
//!
//! - The result is the same, byte for byte, for any number of threads and batch size, and apart from physical lines
//!   for CSV and Parquet. Order is file, row, rule. Hash order never reaches an output.
//! - Memory is bounded by the batches in flight plus 8 bytes and one bit a record, and by one bit where `--memory` has the
//!   rest put into a temporary file. Findings beyond a budget are counted,
//!   not kept; totals are always exact.
//! - No input makes the program panic; a panic that happens all the same is caught and never shows a cell value.
//! - A value that identifies a person appears in no report, log or error; masking happens where a finding is made.
//! - The four verdicts of a rule add up to the records, and so does the account of a variable. What could not be looked
//!   at is never counted as satisfied.
//! - A record has at most one version of a dated rule, by a date of its own or by the one day that a plan is of
//!   (`--as-of`). A waived finding stays a violation: only the gate looks past it.
//! - `model` has no `serde::Serialize`: each format has its own twin, so that a format cannot change by accident.
//!
//! # Three families of trouble
//!
//! A *finding* says that data is wrong and is part of the result; a *diagnostic* says that a rule, schema or argument is
//! wrong, and all are shown; a *failure* says that the world is wrong (a file cannot be read, a disk is full). They
//! never mix, and each has its exit codes ([`cli::ExitCode`]).
//!
//! # Text encoding and time
//!
//! Text is UTF-8 inside; Windows-1252 is decoded value by value as it is read. Times are local and without zone, as in the
//! models. The clock is read in one place, for the delivery date when none is stated.

pub mod assets;
pub mod cause;
pub mod cli;
pub mod coverage;
pub mod diag;
pub mod dialect;
pub mod edition;
pub mod engine;
pub mod generate;
pub mod logic;
pub mod measure;
pub mod model;
pub mod pattern;
pub mod report;
pub mod rule;
pub mod rulebook;
pub mod schema;
pub mod submission;
pub mod table;
pub mod time;
pub mod waiver;
pub mod yaml;
