//! The globals that are added to a module besides the state. Which ones are needed is known only when all functions
//! are written, so a shared global gets its index at its first use.

use crate::module::GlobalIndex;
use wasm_encoder::{ConstExpr, GlobalSection, GlobalType};

/// The globals.
#[derive(Debug)]
pub(super) struct Globals {
    first: GlobalIndex,
    added: Vec<Global>,
}

#[derive(Debug)]
struct Global {
    ty: GlobalType,
    value: ConstExpr,
    name: String,
}

impl Globals {
    /// No globals yet; the first will have this index.
    pub(super) fn new(first: GlobalIndex) -> Self {
        Self { first, added: Vec::new() }
    }

    /// Adds a global. Returns its index.
    pub(super) fn add(&mut self, ty: GlobalType, value: ConstExpr, name: String) -> GlobalIndex {
        let index = self.first.plus(self.added.len() as u32);
        self.added.push(Global { ty, value, name });
        index
    }

    pub(super) fn is_empty(&self) -> bool {
        self.added.is_empty()
    }

    pub(super) fn write(&self, section: &mut GlobalSection) {
        for Global { ty, value, .. } in &self.added {
            section.global(*ty, value);
        }
    }

    /// The names of the globals, by their indices.
    pub(super) fn names(&self) -> impl Iterator<Item = (GlobalIndex, &str)> {
        let names = self.added.iter().map(|global| global.name.as_str());
        (0..).map(|number| self.first.plus(number)).zip(names)
    }
}
