//! Rule work: what a maintainer does with rules, apart from checking submissions with them.
//!
//! A [`Rulebook`] is every schema, rule and measure of one origin (the built-in ones, a folder, a revision), compiled.
//! It has two shelves, one of collections and one of reference tables, because a rule of one never speaks of the other.
//! Deliberately knows no arguments, no terminal and no report formats.

pub mod account;
pub mod diff;
pub mod doc;
pub mod editor;
pub mod explain;
pub mod fail_if;
pub mod mutate;
pub mod outcome;
pub mod prove;
pub mod testing;
pub mod trace;
pub mod words;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::assets::Assets;
use crate::diag::Diagnostic;
use crate::measure::{self, Measures};
use crate::rule::{self, Plan, RuleSet};
use crate::schema::{self, Schemas};

/// Every schema, rule and measure of one origin, compiled.
#[derive(Debug)]
pub struct Rulebook {
    /// Of collections.
    pub collections: Shelf,
    /// Of the reference tables that coverage needs.
    pub tables: Shelf,
    /// What is measured on the collections.
    pub measures: Measures,
}

/// Schemas, and the rules that speak of them.
#[derive(Debug)]
pub struct Shelf {
    /// As validated.
    pub schemas: Schemas,
    /// As written.
    pub rules: RuleSet,
    /// Compiled, by collection.
    pub plans: BTreeMap<String, Arc<Plan>>,
}

impl Rulebook {
    /// Loads and compiles everything.
    ///
    /// # Errors
    /// Every mistake of every file, as far as it can be seen: rules are read where schemas are sound.
    pub fn load(assets: &Assets) -> Result<Self, Vec<Diagnostic>> {
        let (collections, tables) = (Shelf::load(&assets.of_collections()), Shelf::load(&assets.of_tables()));
        let measures = match &collections {
            Ok(shelf) => measure::load(&assets.rules, &shelf.plans).map(Some),
            Err(_) => Ok(None),
        };
        match (collections, tables, measures) {
            (Ok(collections), Ok(tables), Ok(Some(measures))) => Ok(Self { collections, tables, measures }),
            (collections, tables, measures) => {
                let mut mistakes: Vec<Diagnostic> = Vec::new();
                for list in [collections.err(), tables.err(), measures.err()].into_iter().flatten() {
                    // Formats and code lists are on both shelves: a mistake in one is shown once.
                    for mistake in list {
                        if !mistakes.iter().any(|known| known.is_same(&mistake)) {
                            mistakes.push(mistake);
                        }
                    }
                }
                Err(mistakes)
            }
        }
    }

    /// Both shelves.
    pub fn shelves(&self) -> [&Shelf; 2] {
        [&self.collections, &self.tables]
    }

    /// Every plan, those of collections first.
    pub fn plans(&self) -> impl Iterator<Item = &Arc<Plan>> {
        self.shelves().into_iter().flat_map(|shelf| shelf.plans.values())
    }
}

impl Shelf {
    fn load(assets: &Assets) -> Result<Self, Vec<Diagnostic>> {
        match schema::load(&assets.schemas) {
            Ok(schemas) => {
                let (rules, plans) = rule::load_and_compile(&schemas, &assets.rules, None)?;
                Ok(Self { schemas, rules, plans })
            }
            // Rules speak of schemas: only their form can be judged without.
            Err(mistakes) => {
                Err(mistakes.into_iter().chain(rule::load(&assets.rules).err().into_iter().flatten()).collect())
            }
        }
    }
}
