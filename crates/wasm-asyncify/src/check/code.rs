//! A function's body, prepared for a walk: each branch has its target, and each instruction the handler of what
//! it throws.

use std::collections::BTreeMap;

use wasmparser::{Operator, RefType, ValType};

use super::operators::Op;
use super::values::Constant;

/// A body.
#[derive(Debug)]
pub(super) struct Code<'a> {
    pub(super) steps: Vec<Step<'a>>,
    /// The first is that of the function, where it returns.
    pub(super) labels: Vec<Label>,
    /// The first is that of the caller, of which nothing is known.
    pub(super) handlers: Vec<Handler>,
    /// The initial values of the locals after the parameters.
    pub(super) zeroes: Vec<Constant>,
    pub(super) parameters: usize,
    /// By instruction: the number of an indirect call among those of the function.
    pub(super) indirect: BTreeMap<usize, u32>,
    /// The types of the results of each call that is reached.
    pub(super) results: BTreeMap<usize, Vec<ValType>>,
}

/// An instruction.
#[derive(Debug)]
pub(super) struct Step<'a> {
    pub(super) op: Op,
    pub(super) operator: Operator<'a>,
    /// Its offset in the module.
    pub(super) offset: u64,
    /// How many operands it takes, and results it leaves. Not set for instructions that only begin or end a
    /// control structure.
    pub(super) operands: usize,
    pub(super) results: usize,
    /// The handler of exceptions that it throws.
    pub(super) handler: usize,
    /// Whether several paths join here.
    pub(super) is_join: bool,
    /// The types of the references that are on the stack before it, with their heights.
    pub(super) references: Vec<(u32, RefType)>,
}

/// The target of a branch.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Label {
    pub(super) at: usize,
    /// The number of operands below those that the branch takes along.
    pub(super) height: usize,
    pub(super) arity: usize,
    /// The number of open handlers there that can rethrow.
    pub(super) caught: usize,
    /// The number of branches to it.
    pub(super) branches: usize,
}

/// An exception goes to the first clause that catches it, else to the next handler.
#[derive(Debug, Default)]
pub(super) struct Handler {
    pub(super) clauses: Vec<Clause>,
    pub(super) next: usize,
}

/// A `catch`, or a clause of a `try_table`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clause {
    /// None for all exceptions.
    pub(super) tag: Option<u32>,
    /// The number of values that come with the exception.
    pub(super) payload: usize,
    /// Whether a reference to it comes, too.
    pub(super) reference: bool,
    /// Whether the exception can be rethrown there.
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
