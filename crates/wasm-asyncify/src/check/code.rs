//! A function's body, made ready to be walked through: each branch knows where it goes, and each
//! instruction who catches what it throws.

use std::collections::BTreeMap;

use wasmparser::{Operator, RefType, ValType};

use super::operators::Op;
use super::values::Constant;

/// A body.
#[derive(Debug)]
pub(super) struct Code<'a> {
    pub(super) steps: Vec<Step<'a>>,
    /// The first is the function's own, where it returns.
    pub(super) labels: Vec<Label>,
    /// The first is the caller's, of which nothing is known.
    pub(super) handlers: Vec<Handler>,
    /// What the locals after the parameters begin with.
    pub(super) zeroes: Vec<Constant>,
    pub(super) parameters: usize,
    /// By instruction: the number of an indirect call among those of the function.
    pub(super) indirect: BTreeMap<usize, u32>,
    /// By call that is reached: the types of its results.
    pub(super) results: BTreeMap<usize, Vec<ValType>>,
}

/// An instruction.
#[derive(Debug)]
pub(super) struct Step<'a> {
    pub(super) op: Op,
    pub(super) operator: Operator<'a>,
    /// In the module.
    pub(super) offset: u64,
    /// How many operands it takes, and leaves; not said of those that only begin or end something.
    pub(super) operands: usize,
    pub(super) results: usize,
    /// The handler of what it throws.
    pub(super) handler: usize,
    /// Whether several ways lead here.
    pub(super) is_join: bool,
    /// The types of the references that are on the stack before it, with their heights.
    pub(super) references: Vec<(u32, RefType)>,
}

/// Where a branch goes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Label {
    pub(super) at: usize,
    /// How many operands are below those that the branch takes there.
    pub(super) height: usize,
    pub(super) arity: usize,
    /// How many handlers that can rethrow are open there.
    pub(super) caught: usize,
    /// How many branches go there.
    pub(super) branches: usize,
}

/// What is done with an exception: the first clause that catches it, else the next handler.
#[derive(Debug, Default)]
pub(super) struct Handler {
    pub(super) clauses: Vec<Clause>,
    pub(super) next: usize,
}

/// A `catch`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clause {
    /// None for all exceptions.
    pub(super) tag: Option<u32>,
    /// How many values come with it.
    pub(super) payload: usize,
    /// Whether a reference to it does, too.
    pub(super) reference: bool,
    /// Whether it can be thrown again there.
    pub(super) rethrows: bool,
    pub(super) label: usize,
}

impl Code<'_> {
    /// The clauses that can catch what an instruction throws, in order.
    pub(super) fn clauses(&self, at: usize) -> Vec<Clause> {
        let mut clauses = Vec::new();
        let mut handler = self.steps[at].handler;
        while handler != 0 {
            for clause in &self.handlers[handler].clauses {
                clauses.push(*clause);
                if clause.tag.is_none() {
                    return clauses;
                }
            }
            handler = self.handlers[handler].next;
        }
        clauses
    }
}
