//! Adds what instrumented functions need and a module may lack: a memory for frames, and the globals that it shares
//! with other modules.
//!
//! After this pass one memory is known to contain the frames, whatever the module had before, so later passes need
//! not check. A module that lacks nothing stays as it is.

use core::convert::Infallible;

use wasm_encoder::reencode::{Error, Reencode};
use wasm_encoder::{ExportKind, GlobalType, MemoryType, ValType};
use wasmparser::ExternalKind;

use crate::analysis::SuspendPlan;
use crate::debug::Trail;
use crate::error::{self, Context};
use crate::module::{
    self, Added, AddedExport, AddedImport, GlobalIndex, MemoryIndex, ModuleInfo, Rewrite,
};
use crate::options::{FrameMemory, StateGlobals};
use crate::remedy::Remedy;

/// The export name of the added memory.
const EXPORT: &str = "asyncify_memory";
/// The names of the globals, where several modules share them.
pub(crate) const STATE: &str = "__asyncify_state";
pub(crate) const DATA: &str = "__asyncify_data";
/// Their names in the section `name`, also where they are not shared.
pub(crate) const STATE_NAME: &str = "asyncify_state";
pub(crate) const DATA_NAME: &str = "asyncify_data";
/// The module that they are imported from.
const ENV: &str = "env";

/// Adds to a module what it lacks, and records the memory and the globals in `plan`.
pub(crate) fn provide(
    wasm: Vec<u8>,
    memory: &FrameMemory,
    globals: StateGlobals,
    plan: &mut SuspendPlan,
    trail: &mut Trail,
) -> error::Result<Vec<u8>> {
    let module = ModuleInfo::read(&wasm)?;
    let memories = Memories::new(&module);
    let added = match memory {
        FrameMemory::Secondary { pages } => Some(*pages),
        _ if !module.memories.is_empty() => None,
        // Its frames must be in the memory that the other modules use.
        _ if globals != StateGlobals::Own => {
            return Err(error::Error::of_module(
                "the module has no memory, and its state is that of several modules",
                Remedy::ImportMemory,
            ));
        }
        _ => Some(1),
    };
    let at = match (added, memory) {
        (Some(_), _) => module.memories.len(),
        (None, FrameMemory::Named(name)) if module.memories.len() != 1 => memories.named(name)?,
        (None, _) if module.memories.len() > 1 => return Err(memories.unclear()),
        (None, _) => 0,
    };
    plan.memory = MemoryIndex(at as u32);
    let memory64 = match added {
        Some(_) => takes_i64(&module),
        None => module.memories[at].memory64,
    };
    plan.exports_globals = globals == StateGlobals::Exported;
    plan.imported_globals =
        (globals == StateGlobals::Imported).then_some(GlobalIndex(module.imported_globals));
    if added.is_none() && plan.imported_globals.is_none() {
        return Ok(wasm);
    }
    if added.is_some() && module.exports.iter().any(|export| export.name == EXPORT) {
        return Err(error::Error::invalid(format!(
            "a memory is to be added and exported as `{EXPORT}`, and something is already"
        )));
    }
    let mut adds = Added::default();
    if let Some(pages) = added {
        let minimum = pages.into();
        let (maximum, page_size_log2) = (None, None);
        adds.memories.push(MemoryType {
            minimum,
            maximum,
            memory64,
            shared: false,
            page_size_log2,
        });
        adds.exports.push(AddedExport {
            name: EXPORT.to_owned(),
            kind: ExportKind::Memory,
            index: at as u32,
        });
    }
    if plan.imported_globals.is_some() {
        let data = if memory64 { ValType::I64 } else { ValType::I32 };
        let globals = [(STATE, STATE_NAME, ValType::I32), (DATA, DATA_NAME, data)];
        adds.imports.extend(globals.map(|(name, name_here, val_type)| {
            let ty = GlobalType { val_type, mutable: true, shared: false };
            AddedImport { module: ENV, name, name_here, ty }
        }));
    }
    let mut provider = Provider { globals: plan.imported_globals };
    module::write(&module, &mut provider, adds, trail).context("cannot add what it lacks")
}

/// Whether the module calls a function of `asyncify` with 64-bit addresses.
fn takes_i64(module: &ModuleInfo<'_>) -> bool {
    let all = module.imports.iter().filter(|(_, import)| import.module == "asyncify");
    let mut types =
        all.filter_map(|(function, _)| module.function_type(module.signatures[function]));
    types.any(|ty| ty.params() == [wasmparser::ValType::I64])
}

/// The memories of a module, and the names by which an option can choose one: of exports, and of imports.
struct Memories<'a> {
    all: &'a [wasmparser::MemoryType],
    names: Vec<(String, u32)>,
}

impl<'a> Memories<'a> {
    fn new(module: &'a ModuleInfo<'_>) -> Self {
        let imported =
            (module.imported_memories.iter()).map(|(module, name)| format!("{module}.{name}"));
        let exported = module.exports.iter().filter(|it| it.kind == ExternalKind::Memory);
        let exported = exported.map(|export| (export.name.to_owned(), export.index));
        Self { all: &module.memories, names: imported.zip(0..).chain(exported).collect() }
    }

    /// The memory of this name.
    fn named(&self, name: &str) -> error::Result<usize> {
        let found = self.names.iter().find(|(other, _)| other == name);
        let missing = || {
            let reason = format!("the module has no memory `{name}`; it has {}", self.listed());
            error::Error::of_module(reason, Remedy::ChooseMemory)
        };
        found.map(|(_, memory)| *memory as usize).ok_or_else(missing)
    }

    fn unclear(&self) -> error::Error {
        let reason = format!("the module has several memories: {}", self.listed());
        error::Error::of_module(reason, Remedy::ChooseMemory)
    }

    /// The names of all memories, and the number of memories without a name.
    fn listed(&self) -> String {
        let mut names: Vec<_> = self.names.iter().map(|(name, _)| format!("`{name}`")).collect();
        let is_named = |memory: usize| self.names.iter().any(|(_, it)| *it as usize == memory);
        let others = (0..self.all.len()).filter(|memory| !is_named(*memory)).count();
        if others > 0 {
            names.push(format!("{others} without a name"));
        }
        names.join(", ")
    }
}

struct Provider {
    /// The index of the first imported global of the two.
    globals: Option<GlobalIndex>,
}

impl Reencode for Provider {
    type Error = Infallible;

    /// Imported globals come before all others.
    fn global_index(&mut self, global: u32) -> Result<u32, Error> {
        let is_after = self.globals.is_some_and(|first| GlobalIndex(global) >= first);
        Ok(global + if is_after { 2 } else { 0 })
    }
}

impl Rewrite for Provider {}
