//! Which functions check whether the stack overflows.
//!
//! [`Chains`] decides whether the other checks are enough. This file maps functions to its nodes, and chooses the
//! order in which it tries to remove checks.

use std::collections::{BTreeMap, BTreeSet};

use super::chains::{Chains, Node};
use super::frames::Frame;
use crate::analysis::{OnStack, Place};
use crate::module::FunctionIndex;

/// The placement of checks.
#[derive(Debug, Default)]
pub(super) struct Placement {
    /// The functions that have a check.
    checked: BTreeSet<FunctionIndex>,
    /// By function: how far below the limit the stack pointer may be when it is called, in bytes.
    arrivals: BTreeMap<FunctionIndex, u64>,
}

impl Placement {
    /// The placement for functions with these frames, with `reserve` bytes for chains without a check. Functions in
    /// `exempt` have none. `alike` maps each function to the first one with the same code: identical functions are
    /// checked together, or else an optimiser could not merge them.
    pub(super) fn new(
        on_stack: &OnStack,
        frames: &BTreeMap<FunctionIndex, Frame>,
        exempt: &BTreeSet<FunctionIndex>,
        alike: impl Fn(FunctionIndex) -> FunctionIndex,
        reserve: u64,
    ) -> Self {
        let is_exempt =
            |place| matches!(place, Place::Function(function) if exempt.contains(&function));
        let first_alike = |place| match place {
            Place::Function(function) if !is_exempt(place) => Place::Function(alike(function)),
            other => other,
        };
        let mut nodes: BTreeMap<Place, Node> = BTreeMap::new();
        for place in on_stack.calls().keys() {
            let count = nodes.len();
            nodes.entry(first_alike(*place)).or_insert(count);
        }
        let node = |place| nodes[&first_alike(place)];
        let mut chains = Chains::new(nodes.len(), reserve);
        let mut calls = BTreeSet::new();
        for (caller, callees) in on_stack.calls() {
            for callee in callees {
                calls.insert((node(*caller), node(*callee), is_early(*caller, *callee, frames)));
            }
        }
        for (caller, callee, is_early) in calls {
            chains.add_call(caller, callee, is_early);
        }

        // A function with a larger frame is always checked. An exempt one with a larger frame is ignored.
        let mut small = BTreeSet::new();
        for place in on_stack.calls().keys().copied() {
            let Place::Function(function) = place else { continue };
            let Some(frame) = frames.get(&function) else { continue };
            let node = node(place);
            if !is_exempt(place) && frame.lowers.contains(&true) {
                chains.check(node);
            }
            if let Some(size) = frame.size.filter(|size| (1..=reserve).contains(size)) {
                // A function with few callers is in few chains.
                small.insert((!is_exempt(place), chains.callers(node) * size, node, size));
            }
        }
        for (.., node, size) in small {
            chains.uncheck(node, size);
        }

        let arrivals = chains.arrivals();
        let functions = on_stack.functions().iter();
        let nodes = functions.map(|function| (*function, node(Place::Function(*function))));
        let mut placement = Self::default();
        for (function, node) in nodes {
            placement.arrivals.insert(function, arrivals[node]);
            if chains.is_checked(node) {
                placement.checked.insert(function);
            }
        }
        placement
    }

    /// Whether a function has a check.
    pub(super) fn is_checked(&self, function: FunctionIndex) -> bool {
        self.checked.contains(&function)
    }

    /// How far below the limit the stack pointer may be when a function is called, in bytes. None for a function that
    /// is never on a coroutine's stack.
    pub(super) fn arrival(&self, function: FunctionIndex) -> Option<u64> {
        self.arrivals.get(&function).copied()
    }
}

/// Whether a call may be made before the caller's prologue.
fn is_early(caller: Place, callee: Place, frames: &BTreeMap<FunctionIndex, Frame>) -> bool {
    let Place::Function(caller) = caller else { return true };
    let Some(Frame { early, .. }) = frames.get(&caller) else { return true };
    match callee {
        Place::Function(callee) => early.direct.contains(&callee),
        Place::Indirect(_) => early.indirect,
        Place::Foreign => true,
    }
}
