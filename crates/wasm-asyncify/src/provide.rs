//! Adds what instrumented functions need and a module may lack: a memory for frames, the globals that it shares
//! with other modules, and sections that the passes append to.
//!
//! After this pass one memory is known to contain the frames, whatever the module had before, so later passes need
//! not check. A module that lacks nothing stays as it is.

use core::convert::Infallible;

use wasm_encoder::reencode::{Error, Reencode, utils};
use wasm_encoder::{
    CodeSection, EntityType, ExportKind, ExportSection, FunctionSection, GlobalType, ImportSection,
    MemorySection, MemoryType, Module, SectionId, TypeSection, ValType,
};
use wasmparser::{ExternalKind, FunctionBody, Parser};

use crate::analysis::SuspendPlan;
use crate::debug::{self, Pass, Trail};
use crate::error::{self, Context};
use crate::module::{GlobalIndex, ModuleInfo, is_due};
use crate::options::{FrameMemory, StateGlobals};
use crate::remedy::Remedy;

/// The export name of the added memory.
const EXPORT: &str = "asyncify_memory";
/// The names of the globals, where several modules share them.
pub(crate) const STATE: &str = "__asyncify_state";
pub(crate) const DATA: &str = "__asyncify_data";
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
    plan.memory = at as u32;
    let memory64 = match added {
        Some(_) => takes_i64(&module),
        None => module.memories[at].memory64,
    };
    plan.exports_globals = globals == StateGlobals::Exported;
    plan.imported_globals =
        (globals == StateGlobals::Imported).then_some(GlobalIndex(module.imported_globals));
    let lacks = Lacks {
        types: !module.has(SectionId::Type),
        functions: !module.has(SectionId::Function),
        code: !module.has(SectionId::Code),
    };
    let is_complete = !lacks.types && !lacks.functions && !lacks.code;
    if added.is_none() && plan.imported_globals.is_none() && is_complete {
        return Ok(wasm);
    }
    if added.is_some() && module.exports.iter().any(|export| export.name == EXPORT) {
        return Err(error::Error::invalid(format!(
            "a memory is to be added and exported as `{EXPORT}`, and something is already"
        )));
    }
    let added = added.map(|pages| MemoryType {
        minimum: pages.into(),
        maximum: None,
        memory64,
        shared: false,
        page_size_log2: None,
    });
    let mut new = Module::new();
    let mut provider = Provider {
        memory: added.map(|memory| (memory, at as u32)),
        lacks_memory_section: added.is_some(),
        lacks_memory_export: added.is_some(),
        globals: plan.imported_globals,
        data: if memory64 { ValType::I64 } else { ValType::I32 },
        lacks_import_section: plan.imported_globals.is_some(),
        lacks,
        moves: trail.pass(),
    };
    provider
        .parse_core_module(&mut new, Parser::new(0), &wasm)
        .context("cannot add what it lacks")?;
    trail.add(provider.moves);
    Ok(new.finish())
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

/// Sections that a module without functions may lack.
struct Lacks {
    types: bool,
    functions: bool,
    code: bool,
}

struct Provider {
    /// The memory to add, and its index.
    memory: Option<(MemoryType, u32)>,
    lacks_memory_section: bool,
    lacks_memory_export: bool,
    /// The index of the first imported global of the two.
    globals: Option<GlobalIndex>,
    /// The type of the second one.
    data: ValType,
    lacks_import_section: bool,
    lacks: Lacks,
    moves: Pass,
}

impl Provider {
    fn add_memory(&mut self, memories: &mut MemorySection) {
        if let Some((memory, _)) = self.memory {
            memories.memory(memory);
        }
        self.lacks_memory_section = false;
    }

    fn add_export(&mut self, exports: &mut ExportSection) {
        if let Some((_, index)) = self.memory {
            exports.export(EXPORT, ExportKind::Memory, index);
        }
        self.lacks_memory_export = false;
    }

    fn add_imports(&mut self, imports: &mut ImportSection) {
        if self.globals.is_some() {
            for (name, val_type) in [(STATE, ValType::I32), (DATA, self.data)] {
                let ty = GlobalType { val_type, mutable: true, shared: false };
                imports.import(ENV, name, EntityType::Global(ty));
            }
        }
        self.lacks_import_section = false;
    }
}

impl Reencode for Provider {
    type Error = Infallible;

    /// Imported globals come before all others.
    fn global_index(&mut self, global: u32) -> Result<u32, Error> {
        let is_after = self.globals.is_some_and(|first| GlobalIndex(global) >= first);
        Ok(global + if is_after { 2 } else { 0 })
    }

    fn parse_import_section(
        &mut self,
        imports: &mut ImportSection,
        section: wasmparser::ImportSectionReader<'_>,
    ) -> Result<(), Error> {
        utils::parse_import_section(self, imports, section)?;
        self.add_imports(imports);
        Ok(())
    }

    fn parse_memory_section(
        &mut self,
        memories: &mut MemorySection,
        section: wasmparser::MemorySectionReader<'_>,
    ) -> Result<(), Error> {
        utils::parse_memory_section(self, memories, section)?;
        self.add_memory(memories);
        Ok(())
    }

    fn parse_export_section(
        &mut self,
        exports: &mut ExportSection,
        section: wasmparser::ExportSectionReader<'_>,
    ) -> Result<(), Error> {
        utils::parse_export_section(self, exports, section)?;
        self.add_export(exports);
        Ok(())
    }

    fn intersperse_section_hook(
        &mut self,
        module: &mut Module,
        _: Option<SectionId>,
        next: Option<SectionId>,
    ) -> Result<(), Error> {
        if self.lacks.types && is_due(SectionId::Type, next) {
            self.lacks.types = false;
            module.section(&TypeSection::new());
        }
        if self.lacks_import_section && is_due(SectionId::Import, next) {
            let mut imports = ImportSection::new();
            self.add_imports(&mut imports);
            module.section(&imports);
        }
        if self.lacks.functions && is_due(SectionId::Function, next) {
            self.lacks.functions = false;
            module.section(&FunctionSection::new());
        }
        if self.lacks_memory_section && is_due(SectionId::Memory, next) {
            let mut memories = MemorySection::new();
            self.add_memory(&mut memories);
            module.section(&memories);
        }
        if self.lacks_memory_export && is_due(SectionId::Export, next) {
            let mut exports = ExportSection::new();
            self.add_export(&mut exports);
            module.section(&exports);
        }
        if self.lacks.code && is_due(SectionId::Code, next) {
            self.lacks.code = false;
            module.section(&CodeSection::new());
        }
        Ok(())
    }

    fn parse_function_body(
        &mut self,
        code: &mut CodeSection,
        body: FunctionBody<'_>,
    ) -> Result<(), Error> {
        let mut moved = self.moves.recorder(&body);
        debug::copy_body(self, code, &body, &mut moved)?;
        self.moves.push(moved);
        Ok(())
    }
}
