//! Computes which locals are live after a call: those that are read later, before anything is assigned to them. Only
//! these must be saved while the call is suspended. Also computes which locals are live at the beginning of a loop,
//! which determines where they are restored ([`frame`](super::frame)).
//!
//! The analysis goes through the instructions from the last to the first. So the state at a branch's target is known,
//! except at the beginning of a loop. The analysis is repeated until a fixed point: nothing new is live at a
//! beginning.

use std::collections::BTreeSet;

use wasmparser::{Catch, Operator};

use super::shape::{Kind, Shape, Structure};
use crate::module::LocalIndex;

/// A set of locals.
pub(super) type Locals = BTreeSet<LocalIndex>;

/// The live locals of a function.
pub(super) struct Liveness {
    /// By site: the locals that are live after the call.
    pub(super) at_sites: Vec<Locals>,
    /// By structure, if it is a loop or a `try`: the locals that are live at its beginning.
    pub(super) at_beginnings: Vec<Locals>,
}

impl Liveness {
    pub(super) fn new(shape: &Shape<'_>) -> Self {
        let mut walk = Walk::new(shape);
        loop {
            let before = walk.at_beginnings.clone();
            walk.run();
            if walk.at_beginnings == before {
                let locals = |sets: &[Set]| sets.iter().map(Set::to_locals).collect();
                return Self {
                    at_sites: locals(&walk.at_sites),
                    at_beginnings: locals(&walk.at_beginnings),
                };
            }
        }
    }

    /// The result for a function without locals.
    pub(super) fn nothing(shape: &Shape<'_>) -> Self {
        let none = |count| vec![Locals::new(); count];
        Self { at_sites: none(shape.sites.len()), at_beginnings: none(shape.structures.len()) }
    }
}

/// One bit for each local.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Set(Vec<u64>);

impl Set {
    fn empty(locals: usize) -> Self {
        Self(vec![0; locals.div_ceil(64)])
    }

    fn insert(&mut self, LocalIndex(local): LocalIndex) {
        self.0[local as usize / 64] |= 1 << (local % 64);
    }

    fn remove(&mut self, LocalIndex(local): LocalIndex) {
        self.0[local as usize / 64] &= !(1 << (local % 64));
    }

    fn add(&mut self, other: &Self) {
        for (bits, others) in self.0.iter_mut().zip(&other.0) {
            *bits |= others;
        }
    }

    fn clear(&mut self) {
        self.0.fill(0);
    }

    fn to_locals(&self) -> Locals {
        let bits = (0..).zip(&self.0).flat_map(|(word, bits)| {
            (0..64)
                .filter(move |bit| bits & (1 << bit) != 0)
                .map(move |bit| LocalIndex(word * 64 + bit))
        });
        bits.collect()
    }
}

/// The current instruction's place in the function, and what is live there.
struct Walk<'a> {
    shape: &'a Shape<'a>,
    live: Set,
    /// By structure: what is live after it.
    after: Vec<Set>,
    /// By structure: what is live at its `else`, or at any of its handlers.
    at_alternative: Vec<Option<Set>>,
    /// By structure: what is live at its beginning, if it is a loop or a `try`.
    at_beginnings: Vec<Set>,
    /// By site: what is live after it.
    at_sites: Vec<Set>,
    /// The open structures, outermost first.
    open: Vec<usize>,
    /// The indices in `open` of each `try`. Structures can be nested hundreds deep.
    tries: Vec<usize>,
}

impl<'a> Walk<'a> {
    fn new(shape: &'a Shape<'a>) -> Self {
        let empty = Set::empty(shape.locals.len());
        let each = vec![empty.clone(); shape.structures.len()];
        Self {
            shape,
            live: empty.clone(),
            after: each.clone(),
            at_alternative: vec![None; shape.structures.len()],
            at_beginnings: each,
            at_sites: vec![empty; shape.sites.len()],
            open: Vec::new(),
            tries: Vec::new(),
        }
    }

    /// Goes through the function once.
    fn run(&mut self) {
        let shape = self.shape;
        self.live.clear();
        let mut ends: Vec<usize> = vec![0; shape.operators.len()];
        for (index, structure) in shape.structures.iter().enumerate() {
            ends[structure.end] = index;
        }
        let mut sites = shape.sites.iter().enumerate().rev().peekable();
        for (index, operator) in shape.operators.iter().enumerate().rev() {
            if let Some((site, _)) = sites.next_if(|(_, site)| site.call == index) {
                self.at_sites[site] = self.live.clone();
            }
            match operator {
                Operator::End | Operator::Delegate { .. } => {
                    self.after[ends[index]] = self.live.clone();
                    self.at_alternative[ends[index]] = None;
                    if shape.structures[ends[index]].kind == Kind::Try {
                        self.tries.push(self.open.len());
                    }
                    self.open.push(ends[index]);
                }
                Operator::Else => {
                    let structure = self.innermost();
                    self.at_alternative[structure] = Some(self.live.clone());
                    self.live = self.after[structure].clone();
                }
                Operator::If { .. } => {
                    let structure = self.innermost();
                    let otherwise =
                        self.at_alternative[structure].as_ref().unwrap_or(&self.after[structure]);
                    self.live.add(otherwise);
                    self.open.pop();
                }
                Operator::Catch { .. } | Operator::CatchAll => {
                    let structure = self.innermost();
                    let handlers = &mut self.at_alternative[structure];
                    handlers.get_or_insert_with(|| self.live.clone()).add(&self.live);
                    self.live = self.after[structure].clone();
                }
                Operator::Loop { .. } | Operator::Try { .. } | Operator::TryTable { .. } => {
                    let structure = self.innermost();
                    self.at_beginnings[structure] = self.live.clone();
                    if shape.structures[structure].kind == Kind::Try {
                        self.tries.pop();
                    }
                    self.open.pop();
                }
                Operator::Block { .. } => {
                    self.open.pop();
                }
                Operator::LocalGet { local_index } => self.live.insert(LocalIndex(*local_index)),
                Operator::LocalSet { local_index } | Operator::LocalTee { local_index } => {
                    self.live.remove(LocalIndex(*local_index));
                }
                Operator::Return
                | Operator::ReturnCall { .. }
                | Operator::ReturnCallIndirect { .. }
                | Operator::ReturnCallRef { .. }
                | Operator::Unreachable
                | Operator::Throw { .. }
                | Operator::ThrowRef
                | Operator::Rethrow { .. } => self.live.clear(),
                Operator::Br { relative_depth } => {
                    self.live.clear();
                    self.branch(*relative_depth);
                }
                Operator::BrIf { relative_depth }
                | Operator::BrOnNull { relative_depth }
                | Operator::BrOnNonNull { relative_depth }
                | Operator::BrOnCast { relative_depth, .. }
                | Operator::BrOnCastFail { relative_depth, .. } => self.branch(*relative_depth),
                Operator::BrTable { targets } => {
                    self.live.clear();
                    self.branch(targets.default());
                    for depth in targets.targets().flatten() {
                        self.branch(depth);
                    }
                }
                _ => {}
            }
            self.add_handlers();
        }
    }

    /// Any instruction in a `try` may continue in its handlers.
    fn add_handlers(&mut self) {
        for number in (0..self.tries.len()).rev() {
            let at = self.tries[number];
            let structure = self.open[at];
            let Structure { begin, .. } = self.shape.structures[structure];
            if let Some(handlers) = &self.at_alternative[structure] {
                self.live.add(handlers);
            }
            if let Operator::TryTable { try_table } = &self.shape.operators[begin] {
                for catch in &try_table.catches {
                    let (Catch::One { label, .. }
                    | Catch::OneRef { label, .. }
                    | Catch::All { label }
                    | Catch::AllRef { label }) = catch;
                    self.branch_from(at, *label);
                }
            }
        }
    }

    fn innermost(&self) -> usize {
        self.open.last().copied().unwrap_or_default()
    }

    /// Adds what is live at a branch's target.
    fn branch(&mut self, depth: u32) {
        self.branch_from(self.open.len(), depth);
    }

    /// The same for a branch outside the structure at index `within` of `open`.
    fn branch_from(&mut self, within: usize, depth: u32) {
        let structure = self.open[within - 1 - depth as usize];
        let there = match self.shape.structures[structure].kind {
            Kind::Loop => &self.at_beginnings[structure],
            _ => &self.after[structure],
        };
        self.live.add(there);
    }
}
