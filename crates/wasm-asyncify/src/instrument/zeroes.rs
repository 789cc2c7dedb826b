//! What is set to 0 on the ways out of a function in fast form, and in what order this is written.
//!
//! Where sites have the same locals to set to 0, they share the code. Where one has more than another and then
//! leaves by the same exit, it sets those to 0 that the other does not, and goes there:
//!
//! ```text
//!   sites     1      2      3        block $ab
//!   set to 0  a b c  a b    b d        block $abc
//!                                        …
//!                                      end          here from 1
//!                                      c = 0
//!                                    end            here from 2, too
//!                                    a = b = 0
//! ```
//!
//! So blocks end one after the other, and of the sites that go on in one way the last that is written falls
//! into it.

use std::collections::BTreeSet;

use wasmparser::ValType;

use super::labels::Label;

/// Locals, with their types.
pub(super) type Locals = BTreeSet<(u32, ValType)>;

/// A way out.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Way {
    exit: Label,
    /// All that is set to 0 on it.
    zeroed: Locals,
    /// What is set to 0 before it goes on.
    pub(super) own: Locals,
    /// Where it goes on: at another way, or at its exit.
    pub(super) next: Label,
}

/// The ways out of a function on which anything is set to 0, in the order in which their blocks end.
#[derive(Debug, Default)]
pub(super) struct Ways {
    ways: Vec<Way>,
    /// By site: its way.
    of: Vec<Option<usize>>,
}

impl Ways {
    /// By site: its exit, and what is set to 0 before.
    pub(super) fn new(sites: &[(Label, Locals)]) -> Self {
        let mut different: Vec<&(Label, Locals)> = Vec::new();
        for site in sites {
            if !site.1.is_empty() && !different.contains(&site) {
                different.push(site);
            }
        }
        different.sort_by_key(|(_, zeroed)| zeroed.len());
        // By number in `different`: the largest of the others that is part of it.
        let next = |at: usize| {
            let (exit, zeroed) = different[at];
            let is_part = |other: &usize| {
                let (other_exit, other) = different[*other];
                other_exit == exit && other.len() < zeroed.len() && other.is_subset(zeroed)
            };
            (0..at).rev().find(is_part)
        };
        let next: Vec<_> = (0..different.len()).map(next).collect();
        // Each right before the one where it goes on.
        let mut order: Vec<usize> = Vec::new();
        for (at, next) in next.iter().enumerate() {
            let place = order.iter().position(|other| Some(*other) == *next);
            order.insert(place.unwrap_or(order.len()), at);
        }
        let place = |at: usize| order.iter().position(|other| *other == at);
        let way = |at: &usize| {
            let (exit, zeroed) = different[*at];
            let (own, next) = match next[*at] {
                Some(next) => (zeroed - &different[next].1, place(next).map(Label::Zeroes)),
                None => (zeroed.clone(), None),
            };
            Way { exit: *exit, zeroed: zeroed.clone(), own, next: next.unwrap_or(*exit) }
        };
        let ways: Vec<_> = order.iter().map(way).collect();
        let of = sites.iter().map(|(exit, zeroed)| {
            ways.iter().position(|way| way.exit == *exit && way.zeroed == *zeroed)
        });
        Self { of: of.collect(), ways }
    }

    pub(super) fn count(&self) -> usize {
        self.ways.len()
    }

    /// The way of a site, if anything is set to 0 on it.
    pub(super) fn of(&self, site: usize) -> Option<Label> {
        self.of.get(site).copied().flatten().map(Label::Zeroes)
    }

    pub(super) fn into_ways(self) -> Vec<Way> {
        self.ways
    }
}
