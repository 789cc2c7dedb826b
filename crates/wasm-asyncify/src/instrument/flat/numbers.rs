//! Numbers the sites of a function, so that a rewind finds each with few and small branch tables.
//!
//! At each level, the numbers with one target form a range:
//!
//! ```text
//!   numbers     0  1  2 │ 3  4 │ 5 │ 6  7  8 │ 9 … 90
//!   lead to    ─ group ─ ─group─ call  a loop    a larger loop
//! ```
//!
//! - a *group*: sites of this level whose calls have results of the same types. The code that fetches the results is
//!   shared;
//! - a call that is repeated;
//! - a level within this one, with all its sites. The largest level is last, and the table's default target. So the
//!   tables of a function with nested loops grow with `n log n`, not with the square of `n`.

use std::collections::BTreeMap;

use wasmparser::ValType;

use crate::instrument::Callee;
use crate::instrument::levels::{direct, levels_in};
use crate::instrument::shape::{Shape, Site};

/// The target of a range of numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// After the calls of these sites, whose results have the same types.
    Group(Vec<usize>),
    /// The call of this site, which is repeated if this function is the innermost one.
    Again(usize),
    /// A level within this one.
    Level(usize),
}

/// The numbers of a function's sites.
#[derive(Debug)]
pub(super) struct Numbers {
    /// By site.
    pub(super) of: Vec<u32>,
    /// By level, if it has a site: the first number of each range, in order, and the range's target.
    pub(super) ways: BTreeMap<usize, Vec<(u32, Way)>>,
}

impl Numbers {
    pub(super) fn new(shape: &Shape<'_>) -> Self {
        let levels: Vec<_> =
            shape.levels().filter(|level| !shape.structures[*level].sites.is_empty()).collect();
        let inner = levels_in(shape, &levels);
        let mut numbers = Self { of: vec![0; shape.sites.len()], ways: BTreeMap::new() };
        let mut waiting = Vec::new();
        if let Some(outermost) = levels.first() {
            waiting.push((*outermost, 0));
        }
        while let Some((level, first)) = waiting.pop() {
            let mut inner = inner.get(&level).cloned().unwrap_or_default();
            let mut next = first;
            let mut ways = Vec::new();
            for way in ways_to(shape, direct(shape, level, &inner)) {
                ways.push((next, way.clone()));
                let sites = match way {
                    Way::Group(sites) => sites,
                    Way::Again(site) => vec![site],
                    Way::Level(_) => Vec::new(),
                };
                for site in sites {
                    numbers.of[site] = next;
                    next += 1;
                }
            }
            inner.sort_by_key(|level| shape.structures[*level].sites.len());
            for level in inner {
                ways.push((next, Way::Level(level)));
                waiting.push((level, next));
                next += shape.structures[level].sites.len() as u32;
            }
            numbers.ways.insert(level, ways);
        }
        numbers
    }
}

fn ways_to(shape: &Shape<'_>, sites: Vec<usize>) -> Vec<Way> {
    let mut groups: BTreeMap<Key, Vec<usize>> = BTreeMap::new();
    let mut ways = Vec::new();
    for site in sites {
        let it = &shape.sites[site];
        match it.callee {
            Callee::Topmost => ways.push(Way::Again(site)),
            Callee::Instrumented | Callee::Indirect => {
                groups.entry(Key::new(it)).or_default().push(site);
            }
        }
    }
    ways.extend(groups.into_values().map(Way::Group));
    ways
}

/// What the sites of a group have in common.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    /// For references, the exact types: they are cast when they are fetched.
    results: Vec<ValType>,
    /// The height of the slots for the results, if there are several results.
    at: Option<usize>,
}

impl Key {
    fn new(site: &Site) -> Self {
        let at = (site.results.len() > 1).then(|| site.results_at());
        Self { results: site.results.clone(), at }
    }
}
