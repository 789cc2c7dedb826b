//! What the guards need to know about a module.

use std::collections::BTreeSet;

use wasmparser::{ExternalKind, Import, Operator};

use crate::abi;
use crate::error::{Context, Result};
use crate::module::{FunctionIndex, GlobalIndex, ModuleInfo, features};

/// The prefix of wasm-bindgen's imports that describe types. wasm-bindgen runs their callers in an interpreter of
/// its own, which knows few instructions, and then removes them.
const DESCRIBE: &str = "__wbindgen_describe";

/// The import that marks other imports: wasm-bindgen replaces the function that calls it.
const DESCRIBE_IMPORT: &str = "__wbindgen_describe_generic_import";

/// A module, with facts that only the guards need.
pub(super) struct GuardInfo<'a> {
    pub(super) module: &'a ModuleInfo<'a>,
    /// Whether `memory.init` may be used.
    pub(super) has_bulk_memory: bool,
    /// How the module catches exceptions, if it does. (Panics that unwind are exceptions.)
    pub(super) exceptions: Option<Exceptions>,
}

/// The instructions that catch exceptions. No module may have both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exceptions {
    /// `try`
    Legacy,
    /// `try_table`
    Standard,
}

/// Whether an import is code of the host's, which could call back.
pub(super) fn is_host(import: &Import<'_>) -> bool {
    match import.module {
        "asyncify" => false,
        // These become instructions.
        "__wbindgen_externref_xform__" => false,
        // These two become instructions as well, mostly; and they are called often.
        "__wbindgen_placeholder__" => {
            !import.name.starts_with(DESCRIBE)
                && import.name != "__wbindgen_object_drop_ref"
                && import.name != "__wbindgen_object_clone_ref"
        }
        _ => true,
    }
}

impl<'a> GuardInfo<'a> {
    pub(super) fn new(module: &'a ModuleInfo<'a>) -> Result<Self> {
        let features = module.custom(features::SECTION).map(features::used).transpose()?;
        let features = features.unwrap_or_default();
        let has_bulk_memory = features.iter().any(|feature| feature == "bulk-memory");
        let exceptions = exceptions(module)?;
        Ok(Self { module, has_bulk_memory, exceptions })
    }

    /// The function of this name.
    pub(super) fn function(&self, name: &str) -> Option<FunctionIndex> {
        self.module
            .function_names
            .iter()
            .find(|(_, found)| **found == name)
            .map(|(index, _)| *index)
    }

    /// The functions with certain names.
    pub(super) fn functions(
        &self,
        is_meant: impl Fn(&str) -> bool,
    ) -> impl Iterator<Item = FunctionIndex> {
        self.module
            .function_names
            .iter()
            .filter(move |(_, name)| is_meant(name))
            .map(|(index, _)| *index)
    }

    /// The functions of the switch.
    pub(super) fn switch(&self) -> BTreeSet<FunctionIndex> {
        abi::SWITCH.iter().filter_map(|name| self.function(name)).collect()
    }

    /// The global of this name.
    pub(super) fn global(&self, name: &str) -> Result<GlobalIndex> {
        self.module
            .global_names
            .get(name)
            .copied()
            .with_context(|| format!("its name section has no global `{name}`: link it with names"))
    }

    /// The global of this name, if there is one.
    pub(super) fn optional_global(&self, name: &str) -> Option<GlobalIndex> {
        self.module.global_names.get(name).copied()
    }

    /// The imported functions of this name of module `asyncify`.
    pub(super) fn asyncify(&self, name: &str) -> BTreeSet<FunctionIndex> {
        self.imports_where(|import| import.module == "asyncify" && import.name == name)
    }

    fn imports_where(&self, is_meant: impl Fn(&Import<'_>) -> bool) -> BTreeSet<FunctionIndex> {
        let all = self.module.imports.iter();
        all.filter(|(_, import)| is_meant(import)).map(|(index, _)| index).collect()
    }

    /// The functions that wasm-bindgen will replace by imports of its own.
    pub(super) fn future_imports(&self) -> Result<BTreeSet<FunctionIndex>> {
        self.callers(|import| import.name == DESCRIBE_IMPORT)
    }

    /// The functions that wasm-bindgen's interpreter may reach, if it does not enter `barriers`.
    pub(super) fn interpreted(
        &self,
        barriers: &[FunctionIndex],
    ) -> Result<BTreeSet<FunctionIndex>> {
        let exported = self.module.exports.iter().filter(|export| {
            export.kind == ExternalKind::Func && export.name.starts_with(DESCRIBE)
        });
        let mut waiting: Vec<_> = exported.map(|export| FunctionIndex(export.index)).collect();
        waiting.extend(self.callers(|import| import.name.starts_with(DESCRIBE))?);
        let mut found = BTreeSet::new();
        while let Some(function) = waiting.pop() {
            if !barriers.contains(&function) && found.insert(function) {
                waiting.extend(self.calls(function)?);
            }
        }
        Ok(found)
    }

    /// The functions that call certain imports directly.
    fn callers(&self, is_meant: impl Fn(&Import<'_>) -> bool) -> Result<BTreeSet<FunctionIndex>> {
        let meant = self.imports_where(is_meant);
        let mut callers = BTreeSet::new();
        if !meant.is_empty() {
            for function in self.module.signatures.indices() {
                if !self.calls(function)?.is_disjoint(&meant) {
                    callers.insert(function);
                }
            }
        }
        Ok(callers)
    }

    /// The direct callees of a function; none for an imported one.
    fn calls(&self, function: FunctionIndex) -> Result<BTreeSet<FunctionIndex>> {
        let mut calls = BTreeSet::new();
        if let Some(body) = self.module.body(function) {
            for operator in body.get_operators_reader()? {
                if let Operator::Call { function_index } | Operator::ReturnCall { function_index } =
                    operator?
                {
                    calls.insert(FunctionIndex(function_index));
                }
            }
        }
        Ok(calls)
    }
}

/// How a module catches exceptions.
fn exceptions(module: &ModuleInfo<'_>) -> Result<Option<Exceptions>> {
    for body in &module.bodies {
        let mut operators = body.get_operators_reader()?;
        while !operators.eof() {
            match operators.read()? {
                Operator::Try { .. } => return Ok(Some(Exceptions::Legacy)),
                Operator::TryTable { .. } => return Ok(Some(Exceptions::Standard)),
                _ => {}
            }
        }
    }
    Ok(None)
}
