//! The paths out of a function in fast form while it unwinds, chosen so that dead locals cost little.
//!
//! A suspend point (*site*) must not branch to code that saves a local which is dead at that site: the engine's
//! compiler would keep the local alive until there. There are two remedies. The site can set the local to 0 first,
//! which takes 2 bytes for each site and local. Or it can branch to an *entry* behind the code that saves the local,
//! which takes 17 bytes once:
//!
//! ```text
//!            push the frame                    ◄── site 1: everything is live
//!            save a, save b
//!            ┌─ push the frame                 ◄── site 2: c and d are live
//!            ▼
//!            save c                                site 3: d is live. c = 0, and as site 2
//!            save d
//!            return 0
//! ```
//!
//! Locals that are live at few sites are saved first. So the dead locals at a site are mostly the first ones.
//!
//! A local that was not saved is restored nonetheless, from whatever is in memory: nothing reads it. A reference is
//! saved by keeping it in a table, and is taken back from there; so it is always saved.

use std::collections::{BTreeMap, BTreeSet};

use wasmparser::ValType;

use super::types::is_non_null;
use crate::module::LocalIndex;

/// The size of another entry, in bytes of code.
const ENTRY: u32 = 17;

/// The bytes of code for setting anything to 0 at a site: the constant, and an `if` around it.
const ZEROES: u32 = 4;

/// The largest number of locals that are considered, counted at each site. With more, there is one entry.
const MOST_LOOKED_AT: usize = 1 << 20;

/// The largest number of locals that are set to 0 in a function, counted at each site: such code can grow with the
/// square of the function's size. If there were more, none is set to 0.
const MOST_ZEROES: usize = 10_000;

/// A local that is saved.
#[derive(Clone, Copy, Debug)]
pub(super) struct Local<'a> {
    pub(super) index: LocalIndex,
    pub(super) ty: ValType,
    /// The sites after which it is live.
    pub(super) sites: &'a BTreeSet<usize>,
}

/// The entries, and what is saved from each on.
#[derive(Debug)]
pub(super) struct Exits {
    /// The saved locals, by their numbers, in the order of saving.
    order: Vec<usize>,
    /// Where in that order each entry is. The first is at the beginning.
    entries: Vec<usize>,
    /// By site: its entry.
    of: Vec<usize>,
    /// By site: the locals that are set to 0 there, by their numbers.
    zeroed: Vec<Vec<usize>>,
}

impl Exits {
    /// One entry; nothing is set to 0.
    pub(super) fn single(locals: usize, sites: usize) -> Self {
        Self {
            order: (0..locals).collect(),
            entries: vec![0],
            of: vec![0; sites],
            zeroed: vec![Vec::new(); sites],
        }
    }

    /// The exits with the shortest code for these locals, in this order.
    pub(super) fn new(locals: &[Local<'_>], sites: usize) -> Self {
        if locals.len().saturating_mul(sites) > MOST_LOOKED_AT {
            return Self::single(locals.len(), sites);
        }
        let mut order: Vec<_> = (0..locals.len()).collect();
        order.sort_by_cached_key(|number| {
            let local = &locals[*number];
            (local.ty.is_reference_type(), local.sites.len(), *number)
        });
        // By site: the last entry that it can take.
        let last: Vec<_> = (0..sites)
            .map(|site| {
                let must_be_saved = |number: &usize| {
                    let local = &locals[*number];
                    local.ty.is_reference_type() || local.sites.contains(&site)
                };
                order.iter().position(must_be_saved).unwrap_or(locals.len())
            })
            .collect();
        let entries = entries(&costs(locals, &order, &last), locals.len());
        let of: Vec<_> =
            last.iter().map(|last| entries.partition_point(|entry| entry <= last) - 1).collect();
        let mut exits = Self { order, entries, of, zeroed: Vec::new() };
        exits.zeroed = (0..sites).map(|site| exits.dead(locals, site)).collect();
        if exits.zeroed.iter().map(Vec::len).sum::<usize>() > MOST_ZEROES {
            exits.zeroed.fill(Vec::new());
        }
        exits
    }

    /// The locals that a site's entry saves, but that are dead at the site.
    fn dead(&self, locals: &[Local<'_>], site: usize) -> Vec<usize> {
        let saved = &self.order[self.entries[self.of[site]]..];
        let is_dead = |number: &usize| {
            let local = &locals[*number];
            !local.sites.contains(&site) && !is_non_null(local.ty)
        };
        saved.iter().copied().filter(is_dead).collect()
    }

    /// How many entries there are.
    pub(super) fn count(&self) -> usize {
        self.entries.len()
    }

    /// The entry of a site.
    pub(super) fn of(&self, site: usize) -> usize {
        self.of[site]
    }

    /// The locals that are set to 0 at a site.
    pub(super) fn zeroed(&self, site: usize) -> &[usize] {
        &self.zeroed[site]
    }

    /// The locals that are saved between an entry and the next.
    pub(super) fn saved(&self, entry: usize) -> &[usize] {
        let next = self.entries.get(entry + 1).copied().unwrap_or(self.order.len());
        &self.order[self.entries[entry]..next]
    }
}

/// By the last entry that sites can take, then by the entry that they do take: the bytes of code that set their dead
/// locals to 0. Sites with the same dead locals share that code.
type Costs = BTreeMap<usize, Vec<u32>>;

fn costs(locals: &[Local<'_>], order: &[usize], last: &[usize]) -> Costs {
    let mut costs = Costs::new();
    let mut seen = BTreeSet::new();
    for (site, last) in last.iter().enumerate() {
        let is_dead = |at: &usize| !locals[order[*at]].sites.contains(&site);
        let dead: Vec<_> = (0..order.len()).filter(is_dead).collect();
        if !seen.insert(dead.clone()) {
            continue;
        }
        let cost = costs.entry(*last).or_default();
        cost.resize(last + 1, 0);
        let mut bytes = 0;
        let mut dead = dead.into_iter().rev().peekable();
        for at in (0..order.len()).rev() {
            if dead.next_if_eq(&at).is_some() {
                bytes += if locals[order[at]].index.0 < 128 { 2 } else { 3 };
            }
            if bytes > 0
                && let Some(sum) = cost.get_mut(at)
            {
                *sum += bytes + ZEROES;
            }
        }
    }
    costs
}

/// The entries with the shortest code.
fn entries(costs: &Costs, locals: usize) -> Vec<usize> {
    // By entry: the cost of all sites whose last entry is not before it, if the entry exists; and the next entry.
    let mut best: BTreeMap<usize, (u32, Option<usize>)> = BTreeMap::new();
    let places = [0].into_iter().chain(costs.keys().copied().filter(|place| *place > 0));
    for entry in places.collect::<Vec<_>>().into_iter().rev() {
        let mut sites = 0;
        let mut choice: Option<(u32, Option<usize>)> = None;
        let mut choose = |bytes, next| {
            if choice.is_none_or(|(least, _)| bytes < least) {
                choice = Some((bytes, next));
            }
        };
        for (last, cost) in costs.range(entry..=locals) {
            if *last > entry
                && let Some((bytes, _)) = best.get(last)
            {
                choose(sites + ENTRY + bytes, Some(*last));
            }
            sites += cost[entry];
        }
        choose(sites, None);
        best.extend(choice.map(|choice| (entry, choice)));
    }
    let mut entries = Vec::new();
    let mut next: Option<usize> = Some(0);
    while let Some(entry) = next {
        entries.push(entry);
        next = best.get(&entry).and_then(|(_, next)| *next);
    }
    entries
}
