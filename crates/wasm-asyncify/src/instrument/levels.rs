//! The levels of a function, and the numbers of its sites, by which a rewind finds its way through the levels.
//!
//! At a level's beginning, there is a branch table. Each inner level has one range of numbers. The largest inner
//! level has the last range, which the table need not have:
//!
//! ```text
//!   numbers     1  2  3  │  4 … 9    │  10 … 90
//!   lead to     a site   │  a loop   │  a larger loop: for all numbers that are not in the table
//! ```
//!
//! So the tables of a function with nested loops grow with `n log n`, not with the square of `n`. If there are only
//! two targets, or the table would be long, the last target is found by comparing the number.

use std::collections::BTreeMap;

use super::labels::Label;
use super::shape::Shape;

/// The number of table entries that take as much code as the comparison of a number.
pub(super) const SPLIT: usize = 8;

/// The numbers of the sites of a function.
#[derive(Debug)]
pub(super) struct Numbers {
    /// By site.
    of: Vec<u32>,
    /// By level.
    ways: BTreeMap<usize, Ways>,
}

/// The targets of numbers at the beginning of a level.
#[derive(Clone, Debug, Default)]
pub(super) struct Ways {
    /// The first number.
    pub(super) first: u32,
    /// The target of this number and those after it: each with how many numbers lead to it.
    pub(super) to: Vec<(Label, usize)>,
}

impl Numbers {
    /// `first` is the first number.
    pub(super) fn new(shape: &Shape<'_>, first: u32) -> Self {
        let levels: Vec<_> =
            shape.levels().filter(|level| !shape.structures[*level].sites.is_empty()).collect();
        let inner = levels_in(shape, &levels);
        let mut numbers = Self { of: vec![0; shape.sites.len()], ways: BTreeMap::new() };
        let mut waiting: Vec<_> = levels.first().map(|level| (*level, first)).into_iter().collect();
        while let Some((level, first)) = waiting.pop() {
            let mut inner = inner.get(&level).cloned().unwrap_or_default();
            let (mut next, mut to) = (first, Vec::new());
            for site in direct(shape, level, &inner) {
                numbers.of[site] = next;
                next += 1;
                to.push((Label::Site(site), 1));
            }
            inner.sort_by_key(|level| shape.structures[*level].sites.len());
            for level in inner {
                let sites = shape.structures[level].sites.len();
                waiting.push((level, next));
                next += sites as u32;
                to.push((Label::Level(level), sites));
            }
            numbers.ways.insert(level, Ways { first, to });
        }
        numbers
    }

    /// The number of a site.
    pub(super) fn of(&self, site: usize) -> u32 {
        self.of[site]
    }

    /// The targets of numbers at the beginning of a level; none without a site.
    pub(super) fn ways(&self, level: usize) -> Ways {
        self.ways.get(&level).cloned().unwrap_or_default()
    }
}

/// By level: the levels directly within it.
pub(super) fn levels_in(shape: &Shape<'_>, levels: &[usize]) -> BTreeMap<usize, Vec<usize>> {
    let mut inner: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    let mut open: Vec<usize> = Vec::new();
    for level in levels {
        let begin = shape.structures[*level].begin;
        while open
            .last()
            .is_some_and(|around| *around != 0 && shape.structures[*around].end < begin)
        {
            open.pop();
        }
        if let Some(around) = open.last() {
            inner.entry(*around).or_default().push(*level);
        }
        open.push(*level);
    }
    inner
}

/// The sites of a level that are in none of its inner levels.
pub(super) fn direct(shape: &Shape<'_>, level: usize, inner: &[usize]) -> Vec<usize> {
    let mut inner = inner.iter().map(|level| shape.structures[*level].sites.clone()).peekable();
    let mut sites = shape.structures[level].sites.clone();
    let mut direct = Vec::new();
    while let Some(site) = sites.next() {
        match inner.next_if(|range| range.start <= site) {
            Some(range) => sites.start = range.end,
            None => direct.push(site),
        }
    }
    direct
}
