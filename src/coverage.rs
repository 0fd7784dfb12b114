//! Turns counts into tables that may be published.
//!
//! So far the part that decides which counts must be hidden: [`suppress`]. Reads nothing, writes nothing, and cannot fail
//! on data.

pub mod suppress;
