//! The state of one walk through a function's body: what the operands and the locals hold.

use std::collections::BTreeSet;

use wasmparser::{BlockType, FrameKind};

use super::calls::Calls;
use super::types::Types;
use super::value::Value;
use crate::module::{FunctionIndex, FunctionMap, TypeIndex};

/// What is found in a body.
#[derive(Debug, Default)]
pub(super) struct Read {
    pub(super) calls: Calls,
    /// Functions in a `ref.func`.
    pub(super) references: BTreeSet<FunctionIndex>,
    /// Whether it can change a table.
    pub(super) writes_table: bool,
    /// Addresses that it reads words from, as far as they are constant.
    pub(super) read_addresses: BTreeSet<u64>,
    /// Whether it calls references, which can be of other modules.
    pub(super) calls_references: bool,
}

/// What must be known of the module to read a body.
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
    /// How many operands lie below it.
    pub(super) height: usize,
    /// Whether the instruction that comes next can be reached.
    pub(super) reachable: bool,
    /// What branches to its end bring in the locals.
    pub(super) brought: Option<Vec<Value>>,
    /// What the locals held at the beginning of an `if`, for its `else`.
    pub(super) at_start: Option<Vec<Value>>,
    /// Which loop it is, if it is one.
    pub(super) loop_index: Option<usize>,
}

/// Where in a function we are, and what we know there.
pub(super) struct Scan<'a> {
    pub(super) module: &'a Module,
    pub(super) assigned_in_loops: &'a [BTreeSet<u32>],
    /// For each loop, what came back to its beginning the last time; empty the first time.
    pub(super) known: Vec<Option<Vec<Value>>>,
    /// The same, this time.
    pub(super) brought_back: Vec<Option<Vec<Value>>>,
    /// How many have begun.
    pub(super) loops: usize,
    /// What they hold now.
    pub(super) locals: Vec<Value>,
    pub(super) stack: Vec<Value>,
    pub(super) frames: Vec<Frame>,
    /// How many indirect calls there were.
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
