//! The locals that are set to 0 on the paths out of a function in fast form, and the order of this code.
//!
//! Sites with the same locals to set to 0 share the code. If a site has all locals of another site with the same
//! exit, and more, it only sets the additional ones to 0. Then it continues at the other site's code:
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
//! So blocks end one after the other. Of the sites that continue at the same code, the last one written falls through
//! to it.

use std::collections::BTreeSet;

use wasmparser::ValType;

use super::labels::Label;
use crate::module::LocalIndex;

/// Locals, with their types.
pub(super) type Locals = BTreeSet<(LocalIndex, ValType)>;

/// A path out of the function.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Way {
    exit: Label,
    /// All locals that are set to 0 on it.
    zeroed: Locals,
    /// The locals that are set to 0 before it continues.
    pub(super) own: Locals,
    /// Where it continues: at another path, or at its exit.
    pub(super) next: Label,
}

/// The paths out of a function on which any local is set to 0, in the order in which their blocks end.
#[derive(Debug, Default)]
pub(super) struct Ways {
    ways: Vec<Way>,
    /// By site: its path.
    of: Vec<Option<usize>>,
}

impl Ways {
    /// By site: its exit, and the locals that are set to 0 before.
    pub(super) fn new(sites: &[(Label, Locals)]) -> Self {
        let mut different: Vec<&(Label, Locals)> = Vec::new();
        for site in sites {
            if !site.1.is_empty() && !different.contains(&site) {
                different.push(site);
            }
        }
        different.sort_by_key(|(_, zeroed)| zeroed.len());
        // By index in `different`: the largest of the other sets that is a subset.
        let next = |at: usize| {
            let (exit, zeroed) = different[at];
            let is_part = |other: &usize| {
                let (other_exit, other) = different[*other];
                other_exit == exit && other.len() < zeroed.len() && other.is_subset(zeroed)
            };
            (0..at).rev().find(is_part)
        };
        let next: Vec<_> = (0..different.len()).map(next).collect();
        // Each path comes right before the path at which it continues.
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

    /// The label of a site's path, if any local is set to 0 on it.
    pub(super) fn of(&self, site: usize) -> Option<Label> {
        self.of.get(site).copied().flatten().map(Label::Zeroes)
    }

    pub(super) fn into_ways(self) -> Vec<Way> {
        self.ways
    }
}
