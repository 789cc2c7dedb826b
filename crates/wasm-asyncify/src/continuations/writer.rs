//! Rewrites the module: removes the imports, and adds the functions, types, table and tag for continuations.

use core::convert::Infallible;

use wasm_encoder::reencode::{Error, Reencode, utils};
use wasm_encoder::{
    CodeSection, ConstExpr, ContType, CustomSection, Function, FunctionSection, GlobalSection,
    GlobalType, HeapType, ImportSection, IndirectNameMap, Module, NameMap, NameSection, RefType,
    SectionId, TableSection, TableType, TagKind, TagSection, TagType, TypeSection, ValType,
};
use wasmparser::{CustomSectionReader, FunctionBody, Name, Parser, Validator, WasmFeatures};

use super::code::{NONE, Writer};
use super::layout::{FUNCTIONS, GLOBALS, Layout, TABLE, TAG};
use crate::debug::{self, Pass, Trail};
use crate::error::{self, Context};
use crate::module::{FunctionIndex, ModuleInfo, features, is_due};
use crate::options::Lowering;

/// The module with this layout.
pub(super) fn write(
    module: &ModuleInfo<'_>,
    layout: &Layout,
    trail: &mut Trail,
) -> error::Result<Vec<u8>> {
    let mut rewriter = Rewriter {
        layout,
        code: Writer(layout),
        next: module.imports.end(),
        has_tables: module.has(SectionId::Table),
        has_tags: module.has(SectionId::Tag),
        moves: trail.pass(),
    };
    let mut new = Module::new();
    rewriter
        .parse_core_module(&mut new, Parser::new(0), module.bytes)
        .context("cannot make continuations of its coroutines")?;
    trail.add(rewriter.moves);
    let written = new.finish();
    Validator::new_with_features(WasmFeatures::all())
        .validate_all(&written)
        .context("the module with continuations is not valid")?;
    Ok(written)
}

struct Rewriter<'a> {
    layout: &'a Layout,
    code: Writer<'a>,
    /// The function whose body comes next.
    next: FunctionIndex,
    // Whether there is such a section, or one has been added.
    has_tables: bool,
    has_tags: bool,
    moves: Pass,
}

impl Rewriter<'_> {
    fn add_table(&self, tables: &mut TableSection) {
        let element_type = self.code.continuation();
        let ty =
            TableType { element_type, table64: false, minimum: 0, maximum: None, shared: false };
        tables.table(ty);
    }

    fn add_tag(&self, tags: &mut TagSection) {
        tags.tag(TagType { kind: TagKind::Exception, func_type_idx: self.layout.tag_type() });
    }

    /// Writes a function of the switch.
    fn switch(
        &mut self,
        function: FunctionIndex,
        body: &FunctionBody<'_>,
        code: &mut CodeSection,
    ) -> Result<(), Error> {
        let mut new: Function = self.new_function_with_parsed_locals(body)?;
        for operator in body.get_operators_reader()? {
            let operator = operator?;
            match self.code.in_place_of(function, &operator) {
                Some(instead) => {
                    for instruction in &instead {
                        new.instruction(instruction);
                    }
                }
                None => {
                    new.instruction(&self.instruction(operator)?);
                }
            }
        }
        code.function(&new);
        Ok(())
    }

    fn is_removed(&self, function: u32) -> bool {
        self.layout.removed.contains_key(&FunctionIndex(function))
    }
}

impl Reencode for Rewriter<'_> {
    type Error = Infallible;

    fn function_index(&mut self, function: u32) -> Result<u32, Error> {
        Ok(self.layout.new_index(FunctionIndex(function)))
    }

    /// Adds the types, in the layout's order.
    fn parse_type_section(
        &mut self,
        types: &mut TypeSection,
        section: wasmparser::TypeSectionReader<'_>,
    ) -> Result<(), Error> {
        utils::parse_type_section(self, types, section)?;
        let layout = self.layout;
        let continuation =
            RefType { nullable: false, heap_type: HeapType::Concrete(layout.continuation()) };
        types.ty().function([ValType::I32], []);
        types.ty().cont(&ContType(layout.worker_type()));
        types.ty().function([ValType::I32], [ValType::I32]);
        types.ty().function([], [ValType::I32, ValType::Ref(continuation)]);
        types.ty().function([layout.address(), ValType::F32, layout.address()], [ValType::I32]);
        Ok(())
    }

    fn parse_import_section(
        &mut self,
        imports: &mut ImportSection,
        section: wasmparser::ImportSectionReader<'_>,
    ) -> Result<(), Error> {
        // Functions have an index space of their own.
        let mut function = 0;
        for import in section.into_imports() {
            let import = import?;
            let is_function = matches!(
                import.ty,
                wasmparser::TypeRef::Func(_) | wasmparser::TypeRef::FuncExact(_)
            );
            if !(is_function && self.is_removed(function)) {
                utils::parse_import(self, imports, import)?;
            }
            function += u32::from(is_function);
        }
        Ok(())
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: wasmparser::FunctionSectionReader<'_>,
    ) -> Result<(), Error> {
        utils::parse_function_section(self, functions, section)?;
        functions.function(self.layout.run_type());
        functions.function(self.layout.worker_type());
        Ok(())
    }

    fn parse_table_section(
        &mut self,
        tables: &mut TableSection,
        section: wasmparser::TableSectionReader<'_>,
    ) -> Result<(), Error> {
        utils::parse_table_section(self, tables, section)?;
        self.add_table(tables);
        Ok(())
    }

    fn parse_tag_section(
        &mut self,
        tags: &mut TagSection,
        section: wasmparser::TagSectionReader<'_>,
    ) -> Result<(), Error> {
        utils::parse_tag_section(self, tags, section)?;
        self.add_tag(tags);
        Ok(())
    }

    /// The switch has globals of its own, so there is such a section.
    fn parse_global_section(
        &mut self,
        globals: &mut GlobalSection,
        section: wasmparser::GlobalSectionReader<'_>,
    ) -> Result<(), Error> {
        utils::parse_global_section(self, globals, section)?;
        let variable = |val_type| GlobalType { val_type, mutable: true, shared: false };
        let address = self.layout.address();
        let null = match self.layout.memory64 {
            true => ConstExpr::i64_const(0),
            false => ConstExpr::i32_const(0),
        };
        globals.global(variable(ValType::I32), &ConstExpr::i32_const(NONE));
        globals.global(variable(address), &null);
        globals.global(variable(address), &null);
        let heap_type = HeapType::Concrete(self.layout.worker_type());
        let worker = ValType::Ref(RefType { nullable: false, heap_type });
        let constant = GlobalType { val_type: worker, mutable: false, shared: false };
        globals.global(constant, &ConstExpr::ref_func(self.layout.worker()));
        Ok(())
    }

    /// Adds a section where there is none for what is added.
    fn intersperse_section_hook(
        &mut self,
        module: &mut Module,
        _: Option<SectionId>,
        next: Option<SectionId>,
    ) -> Result<(), Error> {
        if !self.has_tables && is_due(SectionId::Table, next) {
            self.has_tables = true;
            let mut tables = TableSection::new();
            self.add_table(&mut tables);
            module.section(&tables);
        }
        if !self.has_tags && is_due(SectionId::Tag, next) {
            self.has_tags = true;
            let mut tags = TagSection::new();
            self.add_tag(&mut tags);
            module.section(&tags);
        }
        Ok(())
    }

    fn parse_code_section(
        &mut self,
        code: &mut CodeSection,
        section: wasmparser::CodeSectionReader<'_>,
    ) -> Result<(), Error> {
        utils::parse_code_section(self, code, section)?;
        code.function(&self.code.run());
        code.function(&self.code.worker());
        Ok(())
    }

    fn parse_function_body(
        &mut self,
        code: &mut CodeSection,
        body: FunctionBody<'_>,
    ) -> Result<(), Error> {
        let function = self.next;
        self.next = function.next();
        if self.layout.is_switch(function) {
            // The build script encodes these functions, so DWARF has no lines for them.
            self.moves.push_replaced();
            return self.switch(function, &body, code);
        }
        let mut moved = self.moves.recorder(&body);
        debug::copy_body(self, code, &body, &mut moved)?;
        self.moves.push(moved);
        Ok(())
    }

    /// Drops sections that contain code offsets: these change.
    fn parse_custom_section(
        &mut self,
        module: &mut Module,
        section: CustomSectionReader<'_>,
    ) -> Result<(), Error> {
        let name = section.name();
        if name == features::SECTION {
            let data = features::with(&section, Lowering::StackSwitching.features())?;
            module.section(&CustomSection { name: name.into(), data: data.into() });
            return Ok(());
        }
        if name.starts_with("metadata.code.") {
            return Ok(());
        }
        utils::parse_custom_section(self, module, section)
    }

    fn parse_custom_name_subsection(
        &mut self,
        section: &mut NameSection,
        subsection: Name<'_>,
    ) -> Result<(), Error> {
        let layout = self.layout;
        match subsection {
            Name::Function(map) => {
                let mut names = NameMap::new();
                for naming in map {
                    let naming = naming?;
                    if !self.is_removed(naming.index) {
                        names.append(layout.new_index(FunctionIndex(naming.index)), naming.name);
                    }
                }
                for (function, name) in (layout.run()..).zip(FUNCTIONS) {
                    names.append(function, name);
                }
                section.functions(&names);
            }
            Name::Local(map) => {
                let mut names = IndirectNameMap::new();
                for naming in map {
                    let naming = naming?;
                    if !self.is_removed(naming.index) {
                        let function = layout.new_index(FunctionIndex(naming.index));
                        names.append(function, &utils::name_map(naming.names, Ok)?);
                    }
                }
                section.locals(&names);
            }
            Name::Global(map) => {
                let mut names = utils::name_map(map, Ok)?;
                for (global, name) in (layout.first_global().0..).zip(GLOBALS) {
                    names.append(global, name);
                }
                section.globals(&names);
            }
            Name::Table(map) => {
                let mut names = utils::name_map(map, Ok)?;
                names.append(layout.table(), TABLE);
                section.tables(&names);
            }
            Name::Tag(map) => {
                let mut names = utils::name_map(map, Ok)?;
                names.append(layout.tag(), TAG);
                section.tags(&names);
            }
            // Only functions of the switch change, and they have no names for labels.
            other => utils::parse_custom_name_subsection(self, section, other)?,
        }
        Ok(())
    }
}
