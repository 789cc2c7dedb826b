//! What a pass adds to a module. Added items come after the module's own of the same kind, and so do their indices.

use std::borrow::Cow;

use wasm_encoder::{
    CodeSection, ConstExpr, ContType, DataCountSection, DataSection, ElementSection, Elements,
    EntityType, ExportKind, ExportSection, FuncType, Function, FunctionSection, GlobalSection,
    GlobalType, ImportSection, MemorySection, MemoryType, Module, SectionId, TableSection,
    TableType, TagSection, TagType, TypeSection,
};

use super::index::TypeIndex;

/// The added items, by section.
#[derive(Debug, Default)]
pub(crate) struct Added {
    pub(crate) types: Vec<AddedType>,
    pub(crate) imports: Vec<AddedImport>,
    pub(crate) functions: Vec<AddedFunction>,
    /// Whether these functions come before the module's own, after its imports.
    pub(crate) functions_first: bool,
    pub(crate) tables: Vec<AddedTable>,
    pub(crate) memories: Vec<MemoryType>,
    pub(crate) tags: Vec<AddedTag>,
    pub(crate) globals: Vec<AddedGlobal>,
    pub(crate) exports: Vec<AddedExport>,
    pub(crate) elements: Vec<AddedElements>,
    /// The contents of data segments, which are passive.
    pub(crate) data: Vec<Vec<u8>>,
    /// Features that the module uses now: see [`features`](super::features).
    pub(crate) features: Vec<&'static str>,
}

#[derive(Debug)]
pub(crate) enum AddedType {
    Function(FuncType),
    Continuation(ContType),
}

/// A global that is imported.
#[derive(Debug)]
pub(crate) struct AddedImport {
    pub(crate) module: &'static str,
    pub(crate) name: &'static str,
    /// Its name in the section `name`.
    pub(crate) name_here: &'static str,
    pub(crate) ty: GlobalType,
}

#[derive(Debug)]
pub(crate) struct AddedFunction {
    pub(crate) name: String,
    pub(crate) ty: TypeIndex,
    pub(crate) code: Function,
}

#[derive(Debug)]
pub(crate) struct AddedTable {
    pub(crate) name: Option<String>,
    pub(crate) ty: TableType,
}

#[derive(Debug)]
pub(crate) struct AddedTag {
    pub(crate) name: &'static str,
    pub(crate) ty: TagType,
}

#[derive(Debug)]
pub(crate) struct AddedGlobal {
    pub(crate) name: String,
    pub(crate) ty: GlobalType,
    pub(crate) value: ConstExpr,
}

#[derive(Debug)]
pub(crate) struct AddedExport {
    pub(crate) name: String,
    pub(crate) kind: ExportKind,
    pub(crate) index: u32,
}

/// Functions that are put into a table.
#[derive(Debug)]
pub(crate) struct AddedElements {
    pub(crate) table: u32,
    /// The index of the first in the table.
    pub(crate) first: u32,
    pub(crate) functions: Vec<u32>,
}

impl Added {
    /// The sections that it has items for, in their order.
    pub(super) fn sections(&self) -> Vec<SectionId> {
        let sections = [
            (SectionId::Type, self.types.is_empty()),
            (SectionId::Import, self.imports.is_empty()),
            (SectionId::Function, self.functions.is_empty()),
            (SectionId::Table, self.tables.is_empty()),
            (SectionId::Memory, self.memories.is_empty()),
            (SectionId::Tag, self.tags.is_empty()),
            (SectionId::Global, self.globals.is_empty()),
            (SectionId::Export, self.exports.is_empty()),
            (SectionId::Element, self.elements.is_empty()),
            (SectionId::DataCount, self.data.is_empty()),
            (SectionId::Code, self.functions.is_empty()),
            (SectionId::Data, self.data.is_empty()),
        ];
        let used = sections.into_iter().filter(|(_, is_empty)| !is_empty);
        used.map(|(section, _)| section).collect()
    }

    /// Writes a section that the module lacks. `data` is the number of the module's own data segments: it may have
    /// some, and no section with their number.
    pub(super) fn write(&self, section: SectionId, data: usize, module: &mut Module) {
        match section {
            SectionId::Type => module.section(&filled(|it| self.add_types(it))),
            SectionId::Import => module.section(&filled(|it| self.add_imports(it))),
            SectionId::Function => module.section(&filled(|it| self.add_functions(it))),
            SectionId::Table => module.section(&filled(|it| self.add_tables(it))),
            SectionId::Memory => module.section(&filled(|it| self.add_memories(it))),
            SectionId::Tag => module.section(&filled(|it| self.add_tags(it))),
            SectionId::Global => module.section(&filled(|it| self.add_globals(it))),
            SectionId::Export => module.section(&filled(|it| self.add_exports(it))),
            SectionId::Element => module.section(&filled(|it| self.add_elements(it))),
            SectionId::DataCount => {
                let count = (data + self.data.len()) as u32;
                module.section(&DataCountSection { count })
            }
            SectionId::Code => module.section(&filled(|it| self.add_code(it))),
            SectionId::Data => module.section(&filled(|it| self.add_data(it))),
            SectionId::Custom | SectionId::Start => module,
        };
    }

    pub(super) fn add_types(&self, section: &mut TypeSection) {
        for ty in &self.types {
            match ty {
                AddedType::Function(ty) => section.ty().func_type(ty),
                AddedType::Continuation(ty) => section.ty().cont(ty),
            }
        }
    }

    pub(super) fn add_imports(&self, section: &mut ImportSection) {
        for AddedImport { module, name, ty, .. } in &self.imports {
            section.import(module, name, EntityType::Global(*ty));
        }
    }

    pub(super) fn add_functions(&self, section: &mut FunctionSection) {
        for function in &self.functions {
            section.function(function.ty.0);
        }
    }

    pub(super) fn add_tables(&self, section: &mut TableSection) {
        for table in &self.tables {
            section.table(table.ty);
        }
    }

    pub(super) fn add_memories(&self, section: &mut MemorySection) {
        for memory in &self.memories {
            section.memory(*memory);
        }
    }

    pub(super) fn add_tags(&self, section: &mut TagSection) {
        for tag in &self.tags {
            section.tag(tag.ty);
        }
    }

    pub(super) fn add_globals(&self, section: &mut GlobalSection) {
        for AddedGlobal { ty, value, .. } in &self.globals {
            section.global(*ty, value);
        }
    }

    pub(super) fn add_exports(&self, section: &mut ExportSection) {
        for AddedExport { name, kind, index } in &self.exports {
            section.export(name, *kind, *index);
        }
    }

    pub(super) fn add_elements(&self, section: &mut ElementSection) {
        for AddedElements { table, first, functions } in &self.elements {
            // The short form is for the first table.
            let table = Some(*table).filter(|table| *table != 0);
            let functions = Elements::Functions(Cow::Borrowed(functions));
            section.active(table, &ConstExpr::i32_const(first.cast_signed()), functions);
        }
    }

    pub(super) fn add_code(&self, section: &mut CodeSection) {
        for function in &self.functions {
            section.function(&function.code);
        }
    }

    pub(super) fn add_data(&self, section: &mut DataSection) {
        for data in &self.data {
            section.passive(data.iter().copied());
        }
    }
}

/// A section with what `fill` adds to it.
fn filled<S: Default>(fill: impl FnOnce(&mut S)) -> S {
    let mut section = S::default();
    fill(&mut section);
    section
}
