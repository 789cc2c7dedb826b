//! The state of one scan of a function.

use std::collections::{BTreeMap, BTreeSet};

use wasmparser::Operator;

use super::memory::Place;
use super::statics::Statics;
use super::value::Value;

/// An instruction, with the number of operands on the stack below its own, and after it.
pub(super) struct Step<'a> {
    pub(super) operator: Operator<'a>,
    pub(super) below: usize,
    pub(super) after: usize,
    pub(super) can_suspend: bool,
}

/// The state at a point in the code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct State {
    pub(super) locals: Vec<Value>,
    /// The bytes that were found dead, and whether a call that can suspend came after that.
    pub(super) dead: BTreeMap<Place, bool>,
    /// Whether there was any such call.
    pub(super) has_waited: bool,
}

impl State {
    pub(super) fn join(&mut self, other: &Self, statics: &Statics, unclear: &mut BTreeSet<Place>) {
        for (one, other) in self.locals.iter_mut().zip(&other.locals) {
            *one = one.join(*other, statics, unclear);
        }
        self.dead.retain(|byte, _| other.dead.contains_key(byte));
        for (byte, has_waited) in &mut self.dead {
            *has_waited |= other.dead[byte];
        }
        self.has_waited |= other.has_waited;
    }

    /// Updates the state after a call that can suspend.
    pub(super) fn wait(&mut self) {
        self.has_waited = true;
        self.dead.values_mut().for_each(|has_waited| *has_waited = true);
        for value in &mut self.locals {
            *value = value.after_wait();
        }
    }
}

/// An open control structure.
pub(super) struct Open {
    pub(super) is_loop: bool,
    /// The index of its first instruction.
    pub(super) begin: usize,
    /// The number of operands below it.
    pub(super) base: usize,
    /// The joined state of branches to its end.
    pub(super) brought: Option<State>,
    /// The state at the beginning of its `else` or its handlers.
    pub(super) other: Option<State>,
}

pub(super) struct Scan<'a> {
    pub(super) statics: &'a Statics,
    pub(super) steps: &'a [Step<'a>],
    /// None where the code cannot be reached.
    pub(super) state: Option<State>,
    pub(super) stack: Vec<Value>,
    pub(super) open: Vec<Open>,
    /// The state at the beginning of each loop.
    pub(super) at_loops: BTreeMap<usize, State>,
    /// The bytes from which something was computed that the pass cannot follow.
    pub(super) unclear: BTreeSet<Place>,
    /// Whether a byte at an unknown address, perhaps in a static, was loaded.
    pub(super) looks_somewhere: bool,
    pub(super) writes: BTreeMap<usize, Vec<Place>>,
    pub(super) is_lost: bool,
}
