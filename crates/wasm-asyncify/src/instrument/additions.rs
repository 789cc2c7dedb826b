//! The globals that are added to a module besides the state: what is needed is known only when all
//! functions are written, and what they have in common is numbered as they ask for it.

use wasm_encoder::{ConstExpr, GlobalSection, GlobalType};

/// The globals.
#[derive(Debug)]
pub(super) struct Globals {
    first: u32,
    added: Vec<Global>,
}

#[derive(Debug)]
struct Global {
    ty: GlobalType,
    value: ConstExpr,
    name: String,
}

impl Globals {
    /// None yet; the first will have this index.
    pub(super) fn new(first: u32) -> Self {
        Self { first, added: Vec::new() }
    }

    /// Adds one. Its index.
    pub(super) fn add(&mut self, ty: GlobalType, value: ConstExpr, name: String) -> u32 {
        self.added.push(Global { ty, value, name });
        self.first + self.added.len() as u32 - 1
    }

    pub(super) fn is_empty(&self) -> bool {
        self.added.is_empty()
    }

    pub(super) fn write(&self, section: &mut GlobalSection) {
        for Global { ty, value, .. } in &self.added {
            section.global(*ty, value);
        }
    }

    /// Their names, by their indices.
    pub(super) fn names(&self) -> impl Iterator<Item = (u32, &str)> {
        (self.first..).zip(self.added.iter().map(|global| global.name.as_str()))
    }
}
