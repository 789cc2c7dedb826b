//! The globals that are added to a module besides the state. Which ones are needed is known only when all functions
//! are written, so a shared global gets its index at its first use.

use wasm_encoder::{ConstExpr, GlobalType};

use crate::module::{AddedGlobal, GlobalIndex};

/// The globals.
#[derive(Debug)]
pub(super) struct Globals {
    first: GlobalIndex,
    added: Vec<AddedGlobal>,
}

impl Globals {
    /// No globals yet; the first will have this index.
    pub(super) fn new(first: GlobalIndex) -> Self {
        Self { first, added: Vec::new() }
    }

    /// Adds a global. Returns its index.
    pub(super) fn add(&mut self, ty: GlobalType, value: ConstExpr, name: String) -> GlobalIndex {
        let index = self.first.plus(self.added.len() as u32);
        self.added.push(AddedGlobal { ty, value, name });
        index
    }

    /// The globals, in the order of their indices.
    pub(super) fn into_added(self) -> Vec<AddedGlobal> {
        self.added
    }
}
