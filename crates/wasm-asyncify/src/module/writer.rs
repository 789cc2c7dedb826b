//! Writes a module anew for a pass.
//!
//! A pass says what is different: by [`Reencode`] the indices that change, by [`Rewrite`] the functions that it removes
//! and the bodies that it writes, by [`Added`] what comes in addition. All else is common: sections stay in their
//! order, and one that is missing for something added is written at its place; names go with what they name;
//! instructions are recorded where they go, for DWARF.

use core::convert::Infallible;
use std::collections::BTreeMap;

use wasm_encoder::reencode::{Error, Reencode, utils};
use wasm_encoder::{
    CodeSection, CustomSection, DataSection, ElementSection, ExportSection, Function,
    FunctionSection, GlobalSection, ImportSection, IndirectNameMap, MemorySection, Module, NameMap,
    NameSection, SectionId, TableSection, TagSection, TypeSection,
};
use wasmparser::{CustomSectionReader, ExternalKind, FunctionBody, Name, Parser, TypeRef};

use super::added::Added;
use super::features;
use super::index::FunctionIndex;
use super::info::ModuleInfo;
use super::order::is_due;
use crate::debug::{Pass, Recorder, Trail};

/// A pass: what it does to a module.
///
/// It maps indices as a [`Reencode`]. In exports and names, functions have the index that `external_index` returns.
/// Of all other methods of that trait, `parse_global` and `parse_table` can be implemented; the writer itself does
/// the others.
pub(crate) trait Rewrite: Reencode<Error = Infallible> {
    /// Whether names of labels are kept: not if functions have other blocks than before.
    const KEEPS_LABELS: bool = true;

    /// Whether an imported function is removed, with its names.
    fn removes(&self, _: FunctionIndex) -> bool {
        false
    }

    /// The new code of a function; None if it stays, but for indices. `moved` records where its instructions go:
    /// nothing, if none of them is left.
    fn body(
        &mut self,
        _function: FunctionIndex,
        _body: &FunctionBody<'_>,
        _moved: &mut Recorder,
    ) -> Result<Option<Function>, Error> {
        Ok(None)
    }

    /// Fills the added data segments, whose contents may be known only when all bodies are written.
    fn fill(&mut self, _data: &mut [Vec<u8>]) {}
}

/// The module after a pass.
///
/// # Errors
///
/// If the module cannot be read.
pub(crate) fn write<P: Rewrite>(
    module: &ModuleInfo<'_>,
    pass: &mut P,
    added: Added,
    trail: &mut Trail,
) -> Result<Vec<u8>, Error> {
    let removed = module.imports.indices().filter(|function| pass.removes(*function)).count();
    let mut moves = trail.pass();
    let before = match added.functions_first {
        true => {
            moves.come_after(added.functions.len() as u32);
            module.imports.len()
        }
        false => module.signatures.len(),
    };
    let mut lacking = added.sections();
    lacking.retain(|section| !module.has(*section));
    let mut writer = Writer {
        module,
        pass,
        added,
        lacking,
        first_added: (before - removed) as u32,
        next: module.imports.end(),
        moves,
    };
    let mut new = Module::new();
    writer.parse_core_module(&mut new, Parser::new(0), module.bytes)?;
    trail.add(writer.moves);
    Ok(new.finish())
}

struct Writer<'a, P> {
    module: &'a ModuleInfo<'a>,
    pass: &'a mut P,
    added: Added,
    /// The sections that are still to be written for what is added, in their order.
    lacking: Vec<SectionId>,
    /// The index of the first added function.
    first_added: u32,
    /// The function whose body comes next.
    next: FunctionIndex,
    moves: Pass,
}

impl<P: Rewrite> Writer<'_, P> {
    /// The names of items in functions.
    fn names_in_functions(
        &mut self,
        before: wasmparser::IndirectNameMap<'_>,
    ) -> Result<IndirectNameMap, Error> {
        let mut names = IndirectNameMap::new();
        for naming in before {
            let naming = naming?;
            if let Some(function) = named(self.pass, naming.index)? {
                names.append(function, &utils::name_map(naming.names, Ok)?);
            }
        }
        Ok(names)
    }
}

/// The index of a function in names; None if it is removed.
fn named<P: Rewrite>(pass: &mut P, function: u32) -> Result<Option<u32>, Error> {
    if pass.removes(FunctionIndex(function)) {
        return Ok(None);
    }
    pass.external_index(ExternalKind::Func, function).map(Some)
}

/// The names before, by new indices, and those of added items. Without an index there is nothing to name any more.
fn with_added<'n>(
    before: wasmparser::NameMap<'n>,
    mut index: impl FnMut(u32) -> Result<Option<u32>, Error>,
    added: impl Iterator<Item = (u32, &'n str)>,
) -> Result<NameMap, Error> {
    let mut all = BTreeMap::new();
    for naming in before {
        let naming = naming?;
        if let Some(index) = index(naming.index)? {
            all.insert(index, naming.name);
        }
    }
    all.extend(added);
    let mut names = NameMap::new();
    for (index, name) in all {
        names.append(index, name);
    }
    Ok(names)
}

/// Copies a body, with the indices that `reencoder` maps.
fn copied<R: Reencode<Error = Infallible>>(
    reencoder: &mut R,
    body: &FunctionBody<'_>,
    moved: &mut Recorder,
) -> Result<Function, Error> {
    let mut new = reencoder.new_function_with_parsed_locals(body)?;
    let mut operators = body.get_operators_reader()?;
    while !operators.eof() {
        moved.instruction(operators.original_position(), new.byte_len());
        new.instruction(&reencoder.parse_instruction(&mut operators)?);
    }
    Ok(new)
}

/// Whether a section has positions in the code, which change.
fn has_positions(section: &str) -> bool {
    section == "linking"
        || ["reloc.", ".debug_", "metadata.code."].iter().any(|start| section.starts_with(start))
}

/// Indices, which the pass maps.
macro_rules! indices {
    ($($method:ident)*) => {$(
        fn $method(&mut self, index: u32) -> Result<u32, Error> {
            self.pass.$method(index)
        }
    )*};
}

/// Sections whose added items come last.
macro_rules! sections {
    ($($method:ident: $section:ident from $reader:ident, then $add:ident;)*) => {$(
        fn $method(
            &mut self,
            section: &mut $section,
            before: wasmparser::$reader<'_>,
        ) -> Result<(), Error> {
            utils::$method(self, section, before)?;
            self.added.$add(section);
            Ok(())
        }
    )*};
}

impl<P: Rewrite> Reencode for Writer<'_, P> {
    type Error = Infallible;

    indices! {
        data_index element_index function_index global_index memory_index table_index tag_index type_index
    }

    sections! {
        parse_type_section: TypeSection from TypeSectionReader, then add_types;
        parse_table_section: TableSection from TableSectionReader, then add_tables;
        parse_memory_section: MemorySection from MemorySectionReader, then add_memories;
        parse_tag_section: TagSection from TagSectionReader, then add_tags;
        parse_global_section: GlobalSection from GlobalSectionReader, then add_globals;
        parse_export_section: ExportSection from ExportSectionReader, then add_exports;
        parse_element_section: ElementSection from ElementSectionReader, then add_elements;
        parse_data_section: DataSection from DataSectionReader, then add_data;
    }

    fn external_index(&mut self, kind: ExternalKind, index: u32) -> Result<u32, Error> {
        self.pass.external_index(kind, index)
    }

    /// Leaves out what is removed.
    fn parse_import_section(
        &mut self,
        imports: &mut ImportSection,
        before: wasmparser::ImportSectionReader<'_>,
    ) -> Result<(), Error> {
        // Functions have an index space of their own.
        let mut function = FunctionIndex(0);
        for import in before.into_imports() {
            let import = import?;
            let is_function = matches!(import.ty, TypeRef::Func(_) | TypeRef::FuncExact(_));
            if !(is_function && self.pass.removes(function)) {
                utils::parse_import(self, imports, import)?;
            }
            function = function.plus(is_function.into());
        }
        self.added.add_imports(imports);
        Ok(())
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        before: wasmparser::FunctionSectionReader<'_>,
    ) -> Result<(), Error> {
        if self.added.functions_first {
            self.added.add_functions(functions);
        }
        utils::parse_function_section(self, functions, before)?;
        if !self.added.functions_first {
            self.added.add_functions(functions);
        }
        Ok(())
    }

    fn parse_table(
        &mut self,
        tables: &mut TableSection,
        table: wasmparser::Table<'_>,
    ) -> Result<(), Error> {
        self.pass.parse_table(tables, table)
    }

    fn parse_global(
        &mut self,
        globals: &mut GlobalSection,
        global: wasmparser::Global<'_>,
    ) -> Result<(), Error> {
        self.pass.parse_global(globals, global)
    }

    fn data_count(&mut self, count: u32) -> Result<u32, Error> {
        Ok(count + self.added.data.len() as u32)
    }

    fn parse_code_section(
        &mut self,
        code: &mut CodeSection,
        before: wasmparser::CodeSectionReader<'_>,
    ) -> Result<(), Error> {
        if self.added.functions_first {
            self.added.add_code(code);
        }
        utils::parse_code_section(self, code, before)?;
        if !self.added.functions_first {
            self.added.add_code(code);
        }
        self.pass.fill(&mut self.added.data);
        Ok(())
    }

    fn parse_function_body(
        &mut self,
        code: &mut CodeSection,
        body: FunctionBody<'_>,
    ) -> Result<(), Error> {
        let function = self.next;
        self.next = function.next();
        let mut moved = self.moves.recorder(&body);
        let new = match self.pass.body(function, &body, &mut moved)? {
            Some(new) => new,
            None => copied(self.pass, &body, &mut moved)?,
        };
        self.moves.push(moved);
        code.function(&new);
        Ok(())
    }

    /// Writes sections that are missing for what is added.
    fn intersperse_section_hook(
        &mut self,
        module: &mut Module,
        _: Option<SectionId>,
        next: Option<SectionId>,
    ) -> Result<(), Error> {
        let due = self.lacking.iter().take_while(|section| is_due(**section, next)).count();
        for section in self.lacking.drain(..due) {
            self.added.write(section, self.module.data.len(), module);
        }
        Ok(())
    }

    fn parse_custom_section(
        &mut self,
        module: &mut Module,
        section: CustomSectionReader<'_>,
    ) -> Result<(), Error> {
        let name = section.name();
        if name == features::SECTION && !self.added.features.is_empty() {
            let data = features::with(&section, &self.added.features)?;
            module.section(&CustomSection { name: name.into(), data: data.into() });
            return Ok(());
        }
        if has_positions(name) {
            Ok(())
        } else {
            utils::parse_custom_section(self, module, section)
        }
    }

    fn parse_custom_name_subsection(
        &mut self,
        names: &mut NameSection,
        subsection: Name<'_>,
    ) -> Result<(), Error> {
        let Self { module, pass, added, first_added, .. } = self;
        let functions = (*first_added..).zip(added.functions.iter().map(|it| it.name.as_str()));
        match subsection {
            Name::Function(before) => {
                names.functions(&with_added(before, |it| named(*pass, it), functions)?);
            }
            Name::Local(before) => names.locals(&self.names_in_functions(before)?),
            Name::Label(_) if !P::KEEPS_LABELS => {}
            Name::Label(before) => names.labels(&self.names_in_functions(before)?),
            Name::Global(before) => {
                let imports = added.imports.iter().map(|it| it.name_here);
                let own = added.globals.iter().map(|it| it.name.as_str());
                let first = module.globals + added.imports.len() as u32;
                let added = (module.imported_globals..).zip(imports).chain((first..).zip(own));
                let index = |it| pass.global_index(it).map(Some);
                names.globals(&with_added(before, index, added)?);
            }
            Name::Table(before) => {
                let all = (module.tables.len() as u32..).zip(&added.tables);
                let added = all.filter_map(|(table, it)| Some((table, it.name.as_deref()?)));
                let index = |it| pass.table_index(it).map(Some);
                names.tables(&with_added(before, index, added)?);
            }
            Name::Tag(before) => {
                let added = (module.tags.len() as u32..).zip(added.tags.iter().map(|it| it.name));
                let index = |it| pass.tag_index(it).map(Some);
                names.tags(&with_added(before, index, added)?);
            }
            other => utils::parse_custom_name_subsection(self, names, other)?,
        }
        Ok(())
    }
}
