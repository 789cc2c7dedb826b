//! The state of one walk through a function's body: the values of operands and locals.

use std::collections::BTreeSet;

use wasmparser::{BlockType, FrameKind};

use super::calls::Calls;
use super::types::Types;
use super::value::Value;
use crate::module::{FunctionIndex, FunctionMap, TypeIndex};

/// The findings in a body.
#[derive(Debug, Default)]
pub(super) struct Read {
    pub(super) calls: Calls,
    /// The functions in a `ref.func`.
    pub(super) references: BTreeSet<FunctionIndex>,
    /// Whether the function can change a table.
    pub(super) writes_table: bool,
    /// The constant addresses that it reads words from.
    pub(super) read_addresses: BTreeSet<u64>,
    /// Whether it calls references, which can be functions of other modules.
    pub(super) calls_references: bool,
}

/// The facts about the module that are needed to read a body.
#[derive(Debug)]
pub(super) struct Module {
    pub(super) types: Types,
    /// The type index of each function.
    pub(super) signatures: FunctionMap<TypeIndex>,
    /// `memcpy` and its like, which read from their second argument.
    pub(super) copying: BTreeSet<FunctionIndex>,
}

/// A control structure that is open.
pub(super) struct Frame {
    pub(super) block: BlockType,
    pub(super) kind: FrameKind,
    /// The number of operands below it.
    pub(super) height: usize,
    /// Whether the next instruction can be reached.
    pub(super) reachable: bool,
    /// The joined locals of all branches to its end.
    pub(super) brought: Option<Vec<Value>>,
    /// The locals at the beginning of an `if`, for its `else`.
    pub(super) at_start: Option<Vec<Value>>,
    /// The index of the loop, if it is one.
    pub(super) loop_index: Option<usize>,
}

/// A position in a function, and the state there.
pub(super) struct Scan<'a> {
    pub(super) module: &'a Module,
    pub(super) assigned_in_loops: &'a [BTreeSet<u32>],
    /// For each loop, the joined locals of the branches back to its beginning in the previous pass. Empty in
    /// the first pass.
    pub(super) known: Vec<Option<Vec<Value>>>,
    /// The same for this pass.
    pub(super) brought_back: Vec<Option<Vec<Value>>>,
    /// The number of loops that have begun.
    pub(super) loops: usize,
    /// The current values of the locals.
    pub(super) locals: Vec<Value>,
    pub(super) stack: Vec<Value>,
    pub(super) frames: Vec<Frame>,
    /// The number of indirect calls so far.
    pub(super) indirect: u32,
    pub(super) read: Read,
}

impl Scan<'_> {
    pub(super) fn local(&self, local: u32) -> Value {
        self.locals.get(local as usize).copied().unwrap_or(Value::Computed)
    }

    pub(super) fn assign(&mut self, local: u32, value: Value) {
        if let Some(held) = self.locals.get_mut(local as usize) {
            *held = value;
        }
    }

    pub(super) fn pop(&mut self) -> Value {
        self.stack.pop().unwrap_or(Value::Computed)
    }

    pub(super) fn replace(&mut self, operands: u32, results: u32, by: Value) {
        self.stack.truncate(self.stack.len().saturating_sub(operands as usize));
        self.stack.extend((0..results).map(|_| by));
    }
}
