//! The index spaces of a module that is written anew, and the indices of what is added.

use core::convert::Infallible;
use std::collections::{BTreeMap, BTreeSet};

use wasm_encoder::reencode::{Error, Reencode};

use super::SuspendPlan;
use super::flat::plan::Beginnings;
use super::runtime::{REPLACED, Runtime};
use crate::analysis::CheckedBarrier;
use crate::error::{Context, Result};
use crate::module::{FunctionIndex, GlobalIndex, MemoryIndex, ModuleInfo};

/// The types that are added for the host, counted from the type of `push` and `pop`.
const START: u32 = 1;
const STOP: u32 = 2;
pub(super) const GET_STATE: u32 = 3;

/// The index spaces of the module, before it is written.
#[derive(Debug, Default)]
pub(super) struct IndexSpaces {
    /// By function index: the import of `asyncify`, by its number in [`REPLACED`].
    pub(super) replaced: BTreeMap<FunctionIndex, usize>,
    /// By number in [`REPLACED`]: the type.
    pub(super) types_of_replaced: BTreeMap<usize, u32>,
    /// The kinds of functions through which nothing may be suspended. For each kind, a function is added.
    pub(super) barriers: Vec<CheckedBarrier>,
    /// Whether the host calls these functions, too. Then all must exist, and be exported.
    pub(super) for_host: bool,
    pub(super) imported: u32,
    pub(super) types: u32,
    pub(super) globals: u32,
    pub(super) tables: u32,
    /// How many functions are added if functions are resumed one by one.
    pub(super) flat: Option<u32>,
    /// See [`Runtime::callers_check`].
    pub(super) callers_check: bool,
    pub(super) memories: u32,
    /// The memory that frames are in.
    pub(super) memory: MemoryIndex,
    /// How many helpers are added.
    pub(super) helpers: u32,
    pub(super) memory64: bool,
    /// The first of the two globals with the state and with `data`, if they are imported.
    pub(super) imported_state: Option<GlobalIndex>,
}

impl IndexSpaces {
    pub(super) fn new(module: &ModuleInfo<'_>, plan: &SuspendPlan) -> Result<Self> {
        let barriers: BTreeSet<_> = plan.barriers.values().copied().collect();
        let memory = module.memories.get(usize::from(plan.memory));
        let mut spaces = Self {
            for_host: plan.for_host,
            barriers: barriers.into_iter().collect(),
            imported: module.imports.len() as u32,
            types: module.types.len() as u32,
            globals: module.globals,
            tables: module.tables.len() as u32,
            memories: module.memories.len() as u32,
            memory: plan.memory,
            memory64: memory.context("the module has no memory")?.memory64,
            imported_state: plan.imported_globals,
            ..Self::default()
        };
        for (function, import) in module.imports.iter().filter(|(_, it)| it.module == "asyncify") {
            if let Some(which) = REPLACED.iter().position(|name| *name == import.name) {
                let (ty, _) = module.signature(function)?;
                spaces.replaced.insert(function, which);
                spaces.types_of_replaced.insert(which, ty.0);
            }
        }
        if plan.for_host {
            for (which, name) in REPLACED.iter().enumerate() {
                let ty = if name.starts_with("start") { START } else { STOP };
                spaces.types_of_replaced.entry(which).or_insert(spaces.types + ty);
            }
        }
        Ok(spaces)
    }

    /// The functions that replace imports, and their types.
    pub(super) fn replacements(&self) -> impl Iterator<Item = (usize, u32)> {
        self.types_of_replaced.iter().map(|(which, ty)| (*which, *ty))
    }

    /// A function's index in the new module.
    pub(super) fn new_index(&self, function: FunctionIndex) -> u32 {
        match self.replaced.get(&function) {
            Some(which) => {
                let before = self.types_of_replaced.range(..which).count() as u32;
                self.first_added() + before
            }
            None => {
                let added = if function.0 < self.imported { 0 } else { self.added() };
                function.0 - self.replaced.range(..function).count() as u32 + added
            }
        }
    }

    /// The index of the first function that is added. Added functions come before all others that are not imported:
    /// they are called so often that the length of their indices matters.
    pub(super) fn first_added(&self) -> u32 {
        self.imported - self.replaced.len() as u32
    }

    /// How many functions are added.
    pub(super) fn added(&self) -> u32 {
        self.first_helper() + self.helpers - self.first_added()
    }

    pub(super) fn runtime(&self) -> Runtime {
        let push = self.first_added() + self.types_of_replaced.len() as u32;
        let state = self.imported_state.unwrap_or(GlobalIndex(self.globals));
        Runtime {
            memory: self.memory,
            memory64: self.memory64,
            state,
            data: state.plus(1),
            frame: self.first_global(),
            push,
            pop: push + 1,
            is_flat: self.flat.is_some(),
            callers_check: self.callers_check,
        }
    }

    /// Whether the state and `data` are globals of the module's own.
    pub(super) fn has_own_globals(&self) -> bool {
        self.imported_state.is_none()
    }

    /// The index of the first global that is added besides these two.
    pub(super) fn first_global(&self) -> GlobalIndex {
        GlobalIndex(self.globals + if self.has_own_globals() { 2 } else { 0 })
    }

    /// The function that returns the state to the host, if the host calls these functions.
    pub(super) fn get_state(&self) -> u32 {
        self.runtime().pop + 1
    }

    /// The exports for the host, if the host calls these functions.
    pub(super) fn exports(&self) -> impl Iterator<Item = (String, u32)> {
        let functions = (self.first_added()..).zip(self.replacements());
        let functions =
            functions.map(|(index, (which, _))| (format!("asyncify_{}", REPLACED[which]), index));
        functions.chain([("asyncify_get_state".to_owned(), self.get_state())])
    }

    /// The function that ends the program at such a barrier.
    pub(super) fn end_at(&self, barrier: CheckedBarrier) -> Option<u32> {
        let first = self.get_state() + u32::from(self.for_host);
        let number = self.barriers.iter().position(|kind| *kind == barrier)?;
        Some(first + number as u32)
    }

    /// The type of these functions.
    pub(super) fn type_of_end(&self) -> u32 {
        self.types + if self.for_host { GET_STATE + 1 } else { START }
    }

    /// The first indices of what the flat form adds.
    pub(super) fn flat(&self) -> Beginnings {
        Beginnings {
            function: self.get_state() + u32::from(self.for_host) + self.barriers.len() as u32,
            ty: self.type_of_end() + u32::from(!self.barriers.is_empty()),
        }
    }

    /// The index of the first helper. Helpers come last.
    pub(super) fn first_helper(&self) -> u32 {
        self.flat().function + self.flat.unwrap_or_default()
    }

    /// The type of the first helper.
    pub(super) fn first_type_of_helpers(&self) -> u32 {
        self.flat().ty + self.flat.unwrap_or_default()
    }

    /// The names of the functions that are added.
    pub(super) fn added_names(&self) -> impl Iterator<Item = String> {
        let replacements = self.replacements().map(|(which, _)| REPLACED[which]);
        let get_state = self.for_host.then_some("get_state");
        let ours = replacements.chain(["push", "pop"]).chain(get_state);
        let barriers = self.barriers.iter().map(|barrier| barrier.name().to_owned());
        ours.map(|name| format!("asyncify_{name}")).chain(barriers)
    }
}

/// Maps functions to their new indices.
pub(super) struct Indices<'a>(pub(super) &'a IndexSpaces);

impl Reencode for Indices<'_> {
    type Error = Infallible;

    fn function_index(&mut self, function: u32) -> Result<u32, Error> {
        Ok(self.0.new_index(FunctionIndex(function)))
    }
}
