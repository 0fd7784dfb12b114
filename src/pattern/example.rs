//! A shortest text that some patterns match and others do not, or the proof that there is none.
//!
//! The tables of the patterns are walked side by side, breadth first, from texts of no characters upwards. Bytes that
//! no table tells apart are one step, so that few steps are taken; among those, the byte that reads best is written.

use std::collections::{HashSet, VecDeque};

use regex_automata::dfa::Automaton;
use regex_automata::dfa::dense::DFA;
use regex_automata::util::primitives::StateID;
use regex_automata::{Anchored, util::start};

use super::{Form, Pattern};

/// The most places that are looked at before the search is given up.
const MAX_PLACES: usize = 50_000;

/// What became of a search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Example {
    /// A shortest text.
    Found(String),
    /// There is none.
    None,
    /// It could not be decided: a pattern has no table, or the search grew too large.
    Undecided,
}

/// Finds a shortest text that matches, or does not match, each pattern as `wanted` says.
pub fn example(wanted: &[(&Pattern, bool)]) -> Example {
    let mut walkers = Vec::with_capacity(wanted.len());
    for (pattern, matches) in wanted {
        let machine = match &pattern.form {
            Form::Exact(text) => Machine::Literal { text, whole: true },
            Form::Prefix(text) => Machine::Literal { text, whole: false },
            Form::Table(table) => Machine::Table(table),
            Form::Regex(_) => return Example::Undecided,
        };
        walkers.push((machine, *matches));
    }
    let Ok(readable) = Pattern::regular("^(?s:.)*$") else { return Example::Undecided };
    if let Form::Table(table) = &readable.form {
        walkers.push((Machine::Table(table), true));
    }
    search(&walkers)
}

enum Machine<'a> {
    Literal { text: &'a [u8], whole: bool },
    Table(&'a DFA<Vec<u32>>),
}

/// Where a machine is, and whether it has matched on the way.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum State {
    /// So many bytes of the literal were read; `None` after a byte that is not its.
    Literal(Option<usize>),
    Table(StateID, bool),
}

impl Machine<'_> {
    fn start(&self) -> Option<State> {
        match self {
            Self::Literal { .. } => Some(State::Literal(Some(0))),
            Self::Table(table) => {
                let start = table.start_state(&start::Config::new().anchored(Anchored::No)).ok()?;
                Some(State::Table(start, table.is_match_state(start)))
            }
        }
    }

    fn step(&self, state: State, byte: u8) -> State {
        match (self, state) {
            (Self::Literal { text, whole }, State::Literal(Some(at))) => State::Literal(if at == text.len() {
                (!whole).then_some(at)
            } else {
                (text[at] == byte).then_some(at + 1)
            }),
            (Self::Table(table), State::Table(id, matched)) => {
                let next = table.next_state(id, byte);
                State::Table(next, matched || table.is_match_state(next))
            }
            (_, state) => state,
        }
    }

    fn matches(&self, state: State) -> bool {
        match (self, state) {
            (Self::Literal { text, .. }, State::Literal(at)) => at == Some(text.len()),
            (Self::Table(table), State::Table(id, matched)) => {
                matched || table.is_match_state(table.next_eoi_state(id))
            }
            _ => false,
        }
    }

    /// What the machine cannot tell apart has one class.
    fn class(&self, byte: u8) -> u16 {
        match self {
            Self::Literal { text, .. } => {
                if text.contains(&byte) {
                    u16::from(byte)
                } else {
                    256
                }
            }
            Self::Table(table) => u16::from(table.byte_classes().get(byte)),
        }
    }
}

/// Bytes in the order in which they read best.
fn by_looks() -> impl Iterator<Item = u8> {
    let first = (b'A'..=b'Z').chain(b'0'..=b'9').chain(b'a'..=b'z').chain([b'-', b'.', b',']);
    let rest = (0..=u8::MAX).filter(|byte| !byte.is_ascii_alphanumeric() && !matches!(byte, b'-' | b'.' | b','));
    first.chain(rest.clone().filter(u8::is_ascii_graphic)).chain(rest.filter(|byte| !byte.is_ascii_graphic()))
}

fn search(walkers: &[(Machine<'_>, bool)]) -> Example {
    let mut classes = HashSet::new();
    let bytes: Vec<u8> = by_looks()
        .filter(|byte| classes.insert(walkers.iter().map(|(machine, _)| machine.class(*byte)).collect::<Vec<_>>()))
        .collect();
    let Some(start) = walkers.iter().map(|(machine, _)| machine.start()).collect::<Option<Vec<State>>>() else {
        return Example::Undecided;
    };
    let is_wanted = |place: &[State]| {
        walkers.iter().zip(place).all(|((machine, wanted), state)| machine.matches(*state) == *wanted)
    };
    if is_wanted(&start) {
        return Example::Found(String::new());
    }
    // Each place with the one it was reached from, so that the text can be read backwards.
    let mut reached: Vec<(usize, u8)> = vec![(usize::MAX, 0)];
    let mut seen = HashSet::from([start.clone()]);
    let mut queue = VecDeque::from([(start, 0)]);
    while let Some((place, index)) = queue.pop_front() {
        for byte in &bytes {
            let next: Vec<State> =
                walkers.iter().zip(&place).map(|((machine, _), state)| machine.step(*state, *byte)).collect();
            if seen.contains(&next) {
                continue;
            }
            reached.push((index, *byte));
            if is_wanted(&next) {
                return read_back(&reached);
            }
            if reached.len() > MAX_PLACES {
                return Example::Undecided;
            }
            seen.insert(next.clone());
            queue.push_back((next, reached.len() - 1));
        }
    }
    Example::None
}

fn read_back(reached: &[(usize, u8)]) -> Example {
    let mut bytes = Vec::new();
    let mut at = reached.len() - 1;
    while let Some((from, byte)) = reached.get(at).filter(|(from, _)| *from != usize::MAX) {
        bytes.push(*byte);
        at = *from;
    }
    bytes.reverse();
    String::from_utf8(bytes).map_or(Example::Undecided, Example::Found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Pattern {
        Pattern::regular(text).expect("a pattern")
    }

    #[test]
    fn a_shortest_text_is_found_and_is_one() {
        let format = Pattern::whole("[A-Z][0-9]{2}[0-9A-Z]{0,2}").expect("a pattern");
        let (starts, ends) = (Pattern::like("F%").expect("a pattern"), pattern("[A-Z]$"));
        assert_eq!(example(&[(&format, true), (&starts, true), (&ends, false)]), Example::Found("F00".to_owned()));
        assert_eq!(example(&[(&format, true), (&starts, false), (&ends, true)]), Example::Found("A00A".to_owned()));
        let exact = Pattern::like("G12").expect("a pattern");
        assert_eq!(example(&[(&format, true), (&exact, true), (&ends, false)]), Example::Found("G12".to_owned()));
        assert_eq!(example(&[(&exact, false), (&pattern("^.$"), true)]), Example::Found("A".to_owned()));
        assert_eq!(example(&[]), Example::Found(String::new()));
    }

    #[test]
    fn none_is_said_only_where_there_is_none() {
        let (letters, digits) = (pattern("^[A-Z]+$"), pattern("[0-9]"));
        assert_eq!(example(&[(&letters, true), (&digits, true)]), Example::None);
        assert_eq!(
            example(&[(&pattern("^[a-c]$"), true), (&pattern("^[^b-z]$"), false), (&pattern("[bc]"), false)]),
            Example::None
        );
        assert_eq!(example(&[(&pattern("å"), true), (&letters, true)]), Example::None);
        assert_eq!(example(&[(&pattern("^å$"), true)]), Example::Found("å".to_owned()));
        let large = Pattern::regular(r"^(\w{1,9}-){1,9}$").expect("a pattern");
        assert_eq!(example(&[(&large, true)]), Example::Undecided);
    }
}
