//! A module as the analysis sees it: its functions, their calls, and the functions whose address is taken.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use wasmparser::FuncType;

use super::calls::{Calls, IndirectCall, Origin};
use super::index::TypeId;
use crate::module::{FunctionIndex, FunctionMap};

/// One module.
#[derive(Debug, Default)]
pub struct Program {
    /// By index.
    pub functions: FunctionMap<Function>,
    /// The initial entries of table 0.
    pub(crate) table: BTreeMap<u64, FunctionIndex>,
    /// Whether table 0 can hold anything else later.
    pub(crate) table_changes: bool,
    /// Whether an indirect call can reach a function of another module. What that function calls, and whether
    /// it suspends, is unknown.
    pub(crate) has_foreign: bool,
    /// The tables in data that are treated as vtables if the [precision](super::Precision) says so.
    pub vtables: Vec<Vtable>,
    pub(crate) exports: Vec<(String, FunctionIndex)>,
    /// The function that runs when an instance is created.
    pub(crate) start: Option<FunctionIndex>,
    /// By type id.
    pub(crate) types: Vec<FuncType>,
}

/// One function.
#[derive(Debug, Default)]
pub struct Function {
    /// The name that the linker wrote.
    pub name: Option<String>,
    /// The import, if it is imported.
    pub import: Option<Import>,
    pub(crate) type_id: TypeId,
    /// The range of the body in the file, including the size field; empty for an import.
    pub(crate) body: Range<usize>,
    /// Its calls.
    pub calls: Calls,
    /// Whether its address is taken, and where it is stored.
    pub address_taken: AddressTaken,
}

/// A table in data that has a vtable's shape.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vtable {
    /// Its address in memory, if that is constant.
    pub address: Option<u64>,
    /// Its size in bytes.
    pub size: u64,
    /// By offset in bytes.
    pub functions: BTreeMap<u64, FunctionIndex>,
}

/// Where an imported function comes from.
#[derive(Debug, PartialEq, Eq)]
pub struct Import {
    /// The name of the module.
    pub module: String,
    /// The function's name there.
    pub name: String,
}

/// Where a function's address is stored. That decides which indirect calls can reach it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AddressTaken {
    /// In code, or in data of unknown shape: any indirect call of its type can reach it.
    pub anywhere: bool,
    /// In vtables of trait objects, at these offsets in bytes.
    pub slots: BTreeSet<u64>,
}

impl AddressTaken {
    pub(crate) fn is_taken(&self) -> bool {
        self.anywhere || !self.slots.is_empty()
    }
}

impl Program {
    /// The function's name in the module, or a made-up one.
    ///
    /// # Panics
    ///
    /// If there is no such function.
    #[must_use]
    pub fn symbol(&self, index: FunctionIndex) -> String {
        let function = &self.functions[index];
        match (&function.name, &function.import) {
            (Some(name), _) => name.clone(),
            (None, Some(Import { module, name })) => format!("{module}.{name}"),
            (None, None) => format!("function {index}"),
        }
    }

    /// The first function of this name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<FunctionIndex> {
        let found =
            self.functions.iter().find(|(_, function)| function.name.as_deref() == Some(name));
        found.map(|(index, _)| index)
    }

    /// The number of functions that are not imported.
    pub(crate) fn own_functions(&self) -> u64 {
        self.functions.values().filter(|function| function.import.is_none()).count() as u64
    }

    /// Whether an indirect call can reach this function.
    pub(crate) fn can_mean(&self, call: IndirectCall, candidate: FunctionIndex) -> bool {
        let Function { type_id, address_taken: taken, .. } = &self.functions[candidate];
        *type_id == call.type_id
            && taken.is_taken()
            && match call.origin {
                Origin::Any => true,
                Origin::Slot(offset) => taken.anywhere || taken.slots.contains(&offset),
                Origin::Entry(entry) => self.table.get(&entry) == Some(&candidate),
            }
    }

    /// Whether the module has kept its functions' names.
    pub(crate) fn has_names(&self) -> bool {
        self.functions.values().any(|function| function.import.is_none() && function.name.is_some())
    }
}
