//! The contents of a module, read once for the analysis, the guards, and all passes that rewrite a module before
//! the instrumentation.
//!
//! The code itself is not parsed here: a pass reads the bodies that it needs. A pass that needs the types of
//! operands also validates (`instrument/read.rs`). The checker has a reader of its own, so that it shares no
//! mistake with the transform.

use std::collections::{BTreeMap, BTreeSet};

use wasm_encoder::SectionId;
use wasmparser::{
    CompositeInnerType, ConstExpr, CustomSectionReader, Data, Element, Export, FuncType,
    FunctionBody, Import, KnownCustom, MemoryType, Name, Parser, Payload, SubType, TableInit,
    TableType, TypeRef,
};

use super::index::{FunctionIndex, FunctionMap, GlobalIndex, TypeIndex};
use crate::error::{Context, Result, bail};

/// A module's sections. Items are numbered as in the module: imports come first.
#[derive(Default)]
pub(crate) struct ModuleInfo<'a> {
    /// The module itself.
    pub(crate) bytes: &'a [u8],
    /// The sections that it has, by their ids.
    sections: BTreeSet<u8>,
    pub(crate) types: Vec<SubType>,
    /// The imported functions.
    pub(crate) imports: FunctionMap<Import<'a>>,
    /// The type of each function.
    pub(crate) signatures: FunctionMap<TypeIndex>,
    /// The bodies of the functions that are not imported.
    pub(crate) bodies: Vec<FunctionBody<'a>>,
    pub(crate) tables: Vec<TableType>,
    pub(crate) imports_table: bool,
    /// The initial values of tables that have one in their declaration.
    pub(crate) table_values: Vec<ConstExpr<'a>>,
    pub(crate) memories: Vec<MemoryType>,
    /// The names of imported memories: of the module, and in it.
    pub(crate) imported_memories: Vec<(&'a str, &'a str)>,
    pub(crate) globals: u32,
    pub(crate) imported_globals: u32,
    /// The initial values of the globals that are not imported.
    pub(crate) global_values: Vec<ConstExpr<'a>>,
    /// The type of each tag.
    pub(crate) tags: Vec<TypeIndex>,
    pub(crate) exports: Vec<Export<'a>>,
    /// The function that runs at instantiation.
    pub(crate) start: Option<FunctionIndex>,
    pub(crate) elements: Vec<Element<'a>>,
    /// The offset of the code section's contents in the file.
    pub(crate) code_start: u64,
    /// The offset of the data section's contents in the file.
    pub(crate) data_start: u64,
    pub(crate) data: Vec<Data<'a>>,
    pub(crate) customs: Vec<CustomSectionReader<'a>>,
    pub(crate) function_names: BTreeMap<FunctionIndex, &'a str>,
    pub(crate) global_names: BTreeMap<&'a str, GlobalIndex>,
}

impl<'a> ModuleInfo<'a> {
    /// Reads a module.
    ///
    /// # Errors
    ///
    /// If it is no module, or a broken one.
    pub(crate) fn read(wasm: &'a [u8]) -> Result<Self> {
        let mut info = Self { bytes: wasm, ..Self::default() };
        for payload in Parser::new(0).parse_all(wasm) {
            info.payload(payload?)?;
        }
        if info.imports.len() + info.bodies.len() != info.signatures.len() {
            bail!("the module has more functions than bodies");
        }
        Ok(info)
    }

    fn payload(&mut self, payload: Payload<'a>) -> Result<()> {
        self.sections.extend(payload.as_section().map(|(id, _)| id));
        match payload {
            Payload::TypeSection(section) => {
                for group in section {
                    self.types.extend(group?.into_types());
                }
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    self.import(import?);
                }
            }
            Payload::FunctionSection(section) => {
                for ty in section {
                    self.signatures.push(TypeIndex(ty?));
                }
            }
            Payload::TableSection(section) => {
                for table in section {
                    let table = table?;
                    self.tables.push(table.ty);
                    if let TableInit::Expr(value) = table.init {
                        self.table_values.push(value);
                    }
                }
            }
            Payload::MemorySection(section) => {
                for memory in section {
                    self.memories.push(memory?);
                }
            }
            Payload::TagSection(section) => {
                for tag in section {
                    self.tags.push(TypeIndex(tag?.func_type_idx));
                }
            }
            Payload::GlobalSection(section) => {
                self.globals += section.count();
                for global in section {
                    self.global_values.push(global?.init_expr);
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    self.exports.push(export?);
                }
            }
            Payload::StartSection { func, .. } => self.start = Some(FunctionIndex(func)),
            Payload::ElementSection(section) => {
                for element in section {
                    self.elements.push(element?);
                }
            }
            Payload::CodeSectionStart { unchecked_range, .. } => {
                self.code_start = unchecked_range.start;
            }
            Payload::CodeSectionEntry(body) => self.bodies.push(body),
            Payload::DataSection(section) => {
                self.data_start = section.range().start;
                for data in section {
                    self.data.push(data?);
                }
            }
            Payload::CustomSection(section) => {
                if let KnownCustom::Name(names) = section.as_known() {
                    for subsection in names {
                        self.names(subsection?)?;
                    }
                }
                self.customs.push(section);
            }
            _ => {}
        }
        Ok(())
    }

    fn import(&mut self, import: Import<'a>) {
        match import.ty {
            TypeRef::Func(ty) | TypeRef::FuncExact(ty) => {
                self.signatures.push(TypeIndex(ty));
                self.imports.push(import);
            }
            TypeRef::Table(table) => {
                self.tables.push(table);
                self.imports_table = true;
            }
            TypeRef::Memory(memory) => {
                self.memories.push(memory);
                self.imported_memories.push((import.module, import.name));
            }
            TypeRef::Global(_) => {
                self.globals += 1;
                self.imported_globals += 1;
            }
            TypeRef::Tag(tag) => self.tags.push(TypeIndex(tag.func_type_idx)),
        }
    }

    fn names(&mut self, subsection: Name<'a>) -> Result<()> {
        match subsection {
            Name::Function(names) => {
                for naming in names {
                    let naming = naming?;
                    self.function_names.insert(FunctionIndex(naming.index), naming.name);
                }
            }
            Name::Global(names) => {
                for naming in names {
                    let naming = naming?;
                    self.global_names.insert(naming.name, GlobalIndex(naming.index));
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Whether the module has this section, possibly empty.
    pub(crate) fn has(&self, section: SectionId) -> bool {
        self.sections.contains(&section.into())
    }

    /// The functions that are not imported, with their bodies.
    pub(crate) fn bodies(&self) -> impl Iterator<Item = (FunctionIndex, &FunctionBody<'a>)> {
        self.signatures.indices().skip(self.imports.len()).zip(&self.bodies)
    }

    /// A function's code, if it is not imported.
    pub(crate) fn body(&self, function: FunctionIndex) -> Option<&FunctionBody<'a>> {
        self.bodies.get(usize::from(function).checked_sub(self.imports.len())?)
    }

    /// The type at this index, if it is a function type.
    pub(crate) fn function_type(&self, ty: TypeIndex) -> Option<&FuncType> {
        match &self.types.get(usize::from(ty))?.composite_type.inner {
            CompositeInnerType::Func(ty) => Some(ty),
            _ => None,
        }
    }

    /// The type of a function, and its number of parameters.
    pub(crate) fn signature(&self, function: FunctionIndex) -> Result<(TypeIndex, u32)> {
        let ty = self.signatures.get(function).copied();
        let found = ty.and_then(|ty| Some((ty, self.function_type(ty)?.params().len() as u32)));
        found.with_context(|| format!("{} has no type", self.shown(function)))
    }

    /// The name of a function in messages.
    pub(crate) fn shown(&self, function: FunctionIndex) -> String {
        match (self.imports.get(function), self.function_names.get(&function)) {
            (Some(import), _) => format!("{}.{}", import.module, import.name),
            (None, Some(name)) => (*name).to_owned(),
            (None, None) => format!("function {function}"),
        }
    }

    /// Whether addresses of the program's memory, which is the first one, have 64 bits.
    pub(crate) fn memory64(&self) -> bool {
        self.memories.first().is_some_and(|memory| memory.memory64)
    }

    /// The first custom section of this name.
    pub(crate) fn custom(&self, name: &str) -> Option<&CustomSectionReader<'a>> {
        self.customs.iter().find(|section| section.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_are_numbered_before_all_else() {
        let text = r#"(module
            (import "a" "g" (global i32))
            (import "a" "f" (func $imported (param i64 i32)))
            (import "a" "t" (table 1 funcref))
            (global $own i32 (i32.const 7))
            (memory i64 1)
            (func $function (param f32)))"#;
        let wasm = wat::parse_str(text).unwrap();
        let info = ModuleInfo::read(&wasm).unwrap();
        let [imported, own, none] = [0, 1, 2].map(FunctionIndex);
        assert_eq!(
            [info.signature(imported).unwrap(), info.signature(own).unwrap()],
            [(TypeIndex(0), 2), (TypeIndex(1), 1)]
        );
        assert_eq!([info.shown(imported), info.shown(own)], ["a.f", "function"]);
        assert_eq!(info.bodies().map(|(index, _)| index).collect::<Vec<_>>(), [own]);
        assert!(
            info.body(imported).is_none() && info.body(own).is_some() && info.body(none).is_none()
        );
        assert_eq!((info.globals, info.imported_globals), (2, 1));
        assert_eq!(info.global_names["own"], GlobalIndex(1));
        assert!(info.imports_table && info.memory64());
    }

    #[test]
    fn a_broken_module_is_an_error() {
        let error = ModuleInfo::read(b"\0asm\x01\0\0\0\x03\x02\x01\x00").err().unwrap();
        assert_eq!(
            error.to_string(),
            "function section has non-zero count but code section is absent (at offset 0xc)"
        );
    }
}
