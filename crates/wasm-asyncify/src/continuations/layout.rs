//! The functions that are removed from a module, the items that are added to it, and their indices.

use std::collections::BTreeMap;

use wasm_encoder::ValType;
use wasmparser::Operator;

use crate::abi;
use crate::error::{Context, Result};
use crate::module::{FunctionIndex, GlobalIndex, ModuleInfo, TagIndex};

/// A function of `asyncify` that the switch calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asyncify {
    StartUnwind,
    StartRewind,
    /// `stop_unwind` or `stop_rewind`.
    Stop,
}

/// The names of the functions that are added, in order.
pub(super) const FUNCTIONS: [&str; 2] = ["bysyncify run", "bysyncify worker"];
/// The names of the globals that are added, in order.
pub(super) const GLOBALS: [&str; 4] =
    ["bysyncify idle worker", "bysyncify entry", "bysyncify data", "bysyncify worker"];
/// The name of the table and of the tag that are added.
pub(super) const TABLE: &str = "bysyncify workers";
pub(super) const TAG: &str = "bysyncify switch";

/// Indices: those of added items are of the new module, all others of the original one.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) memory64: bool,
    /// The imports that are removed.
    pub(super) removed: BTreeMap<FunctionIndex, Asyncify>,
    /// The functions of the switch that call them.
    pub(super) resume: FunctionIndex,
    pub(super) suspend: FunctionIndex,
    pub(super) outside: Option<FunctionIndex>,
    pub(super) current_core: GlobalIndex,
    /// How the switch calls entry functions: their type, and the table that they are in.
    pub(super) entry_type: u32,
    pub(super) entry_table: u32,
    // The number of items in the original module.
    functions: u32,
    types: u32,
    globals: u32,
    tables: u32,
    tags: u32,
}

impl Layout {
    pub(super) fn new(module: &ModuleInfo<'_>) -> Result<Self> {
        let named = |name: &str| {
            let mut all = module.bodies().map(|(function, _)| function);
            all.find(|function| module.function_names.get(function) == Some(&name))
        };
        let needed = |name| named(name).with_context(|| format!("it has no `{name}`"));
        let resume = needed(abi::RESUME)?;
        let mut entry = None;
        for operator in module.body(resume).context("it has no body")?.get_operators_reader()? {
            if let Operator::CallIndirect { type_index, table_index } = operator? {
                entry = Some((type_index, table_index));
            }
        }
        let (entry_type, entry_table) =
            entry.context("`bysyncify_resume` calls no entry function")?;
        let imports = module.imports.iter().filter(|(_, import)| import.module == "asyncify");
        let removed = imports.filter_map(|(function, import)| {
            let which = match import.name {
                "start_unwind" => Asyncify::StartUnwind,
                "start_rewind" => Asyncify::StartRewind,
                "stop_unwind" | "stop_rewind" => Asyncify::Stop,
                _ => return None,
            };
            Some((function, which))
        });
        let current_core = module.global_names.get(abi::CURRENT_CORE).copied();
        Ok(Self {
            memory64: module.memory64(),
            removed: removed.collect(),
            resume,
            suspend: needed(abi::SUSPEND)?,
            outside: named(abi::OUTSIDE),
            current_core: current_core
                .with_context(|| format!("it has no `{}`", abi::CURRENT_CORE))?,
            entry_type,
            entry_table,
            functions: module.signatures.len() as u32,
            types: module.types.len() as u32,
            globals: module.globals,
            tables: module.tables.len() as u32,
            tags: module.tags.len() as u32,
        })
    }

    /// The type of addresses.
    pub(super) fn address(&self) -> ValType {
        if self.memory64 { ValType::I64 } else { ValType::I32 }
    }

    /// The index of a function in the new module. It must not be a removed one.
    pub(super) fn new_index(&self, function: FunctionIndex) -> u32 {
        function.0 - self.removed.range(..function).count() as u32
    }

    /// Whether a function's body has calls that are replaced.
    pub(super) fn is_switch(&self, function: FunctionIndex) -> bool {
        [Some(self.resume), Some(self.suspend), self.outside].contains(&Some(function))
    }

    /// `(func (param i32))`: a worker, with its slot. When it is resumed later the parameter means nothing.
    pub(super) fn worker_type(&self) -> u32 {
        self.types
    }

    /// `(cont $worker)`
    pub(super) fn continuation(&self) -> u32 {
        self.types + 1
    }

    /// `(func (param i32) (result i32))`: the type of the tag. The parameter is 0 if a coroutine waits, and the entry
    /// function's result if that has returned.
    pub(super) fn tag_type(&self) -> u32 {
        self.types + 2
    }

    /// `(func (result i32 (ref $continuation)))`: of the block that a handler branches to.
    pub(super) fn handler_type(&self) -> u32 {
        self.types + 3
    }

    /// The type of `run`: the arguments of an entry function, and its address.
    pub(super) fn run_type(&self) -> u32 {
        self.types + 4
    }

    pub(super) fn run(&self) -> u32 {
        self.functions - self.removed.len() as u32
    }

    pub(super) fn worker(&self) -> u32 {
        self.run() + 1
    }

    /// The slot of the first idle worker, or -1.
    pub(super) fn idle(&self) -> GlobalIndex {
        self.first_global()
    }

    /// The entry function that the next resumed worker calls, and its argument.
    pub(super) fn entry(&self) -> GlobalIndex {
        self.first_global().plus(1)
    }

    pub(super) fn data(&self) -> GlobalIndex {
        self.first_global().plus(2)
    }

    /// A reference to the worker function. It is a global, since `ref.func` in code needs a function that is declared in a
    /// segment, an export or a global.
    pub(super) fn worker_reference(&self) -> GlobalIndex {
        self.first_global().plus(3)
    }

    pub(super) fn first_global(&self) -> GlobalIndex {
        GlobalIndex(self.globals)
    }

    /// The table of suspended workers, by slot.
    pub(super) fn table(&self) -> u32 {
        self.tables
    }

    pub(super) fn tag(&self) -> TagIndex {
        TagIndex(self.tags)
    }
}
