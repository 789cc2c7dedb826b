//! Writes the module anew, with the instrumented functions, and with functions of its own in place of the imports
//! from `asyncify`.

use core::convert::Infallible;
use std::collections::BTreeMap;

use wasm_encoder::reencode::{Error, Reencode, utils};
use wasm_encoder::{
    CodeSection, ConstExpr, CustomSection, ElementSection, ExportKind, ExportSection, Function,
    FunctionSection, GlobalSection, GlobalType, ImportSection, Module, NameSection, SectionId,
    TableSection, TypeSection, ValType,
};
use wasmparser::{CustomSectionReader, FunctionBody, Name, Parser, Validator, WasmFeatures};

use super::bodies::{self, Written};
use super::flat::additions::Additions;
use super::frame_maps::FrameMap;
use super::helpers::{Helper, Helpers};
use super::index_spaces::{GET_STATE, IndexSpaces};
use super::runtime::REPLACED;
use super::{SuspendPlan, Unsupported};
use super::{barrier, names, shared};
use crate::analysis::CheckedBarrier;
use crate::debug::{self, Pass, Recorder, Trail};
use crate::error::{Context, Failure, Result};
use crate::module::{FunctionIndex, ModuleInfo, features, is_due};
use crate::provide::{DATA, STATE};

/// Returns the instrumented module, and its frame maps.
pub(super) fn instrument(
    wasm: &[u8],
    plan: &SuspendPlan,
    trail: &mut Trail,
) -> Result<(Vec<u8>, Vec<FrameMap>), Failure<Unsupported>> {
    let read = ModuleInfo::read(wasm)?;
    let mut moves = trail.pass();
    let Written { spaces, bodies, helpers, flat, frame_maps } = bodies::write(&read, plan, &moves)?;
    moves.come_after(spaces.added());
    let mut module = Module::new();
    let mut writer = Writer {
        spaces: &spaces,
        plan,
        bodies,
        helpers,
        flat,
        next: read.imports.end(),
        has_tables: read.has(SectionId::Table),
        has_globals: read.has(SectionId::Global),
        has_elements: read.has(SectionId::Element),
        moves,
        lacks_exports: spaces.for_host || plan.exports_globals,
    };
    writer.parse_core_module(&mut module, Parser::new(0), wasm)?;
    trail.add(writer.moves);
    let written = module.finish();
    Validator::new_with_features(WasmFeatures::all())
        .validate_all(&written)
        .context("the instrumented module is not valid")?;
    Ok((written, frame_maps))
}

struct Writer<'a> {
    spaces: &'a IndexSpaces,
    plan: &'a SuspendPlan,
    bodies: BTreeMap<FunctionIndex, (Function, Recorder)>,
    /// The helpers that the bodies call.
    helpers: Helpers,
    /// What is added if functions are resumed one by one.
    flat: Option<Additions>,
    /// The function whose body comes next.
    next: FunctionIndex,
    // Whether there is such a section, or one has been added.
    has_tables: bool,
    has_globals: bool,
    has_elements: bool,
    moves: Pass,
    /// Whether exports for others are still to be added.
    lacks_exports: bool,
}

impl Writer<'_> {
    fn add_tables(&self, tables: &mut TableSection) {
        if let Some(flat) = &self.flat {
            flat.add_table(tables);
        }
        self.helpers.tables.write(tables);
    }

    fn add_globals(&self, globals: &mut GlobalSection) {
        let (address, null) = match self.spaces.memory64 {
            true => (ValType::I64, ConstExpr::i64_const(0)),
            false => (ValType::I32, ConstExpr::i32_const(0)),
        };
        if self.spaces.has_own_globals() {
            let variable = |val_type| GlobalType { val_type, mutable: true, shared: false };
            globals.global(variable(ValType::I32), &ConstExpr::i32_const(0));
            globals.global(variable(address), &null);
        }
        self.helpers.globals.write(globals);
    }

    /// The features that the module uses now, and may not have used before.
    fn features(&self) -> Vec<&'static str> {
        let has_table = self.flat.as_ref().is_some_and(Additions::has_table);
        let tables = self.spaces.tables + u32::from(has_table);
        let used = [
            ("multimemory", self.spaces.memories > 1),
            ("mutable-globals", self.plan.exports_globals || !self.spaces.has_own_globals()),
            ("reference-types", tables > 1 || !self.helpers.tables.is_empty()),
        ];
        used.into_iter().filter(|(_, is_used)| *is_used).map(|(name, _)| name).collect()
    }

    fn add_exports(&mut self, exports: &mut ExportSection) {
        if self.lacks_exports && self.spaces.for_host {
            for (name, function) in self.spaces.exports() {
                exports.export(&name, ExportKind::Func, function);
            }
        }
        if self.lacks_exports && self.plan.exports_globals {
            let runtime = self.spaces.runtime();
            exports.export(STATE, ExportKind::Global, runtime.state.0);
            exports.export(DATA, ExportKind::Global, runtime.data.0);
        }
        self.lacks_exports = false;
    }
}

impl Reencode for Writer<'_> {
    type Error = Infallible;

    fn function_index(&mut self, function: u32) -> Result<u32, Error> {
        Ok(self.spaces.new_index(FunctionIndex(function)))
    }

    fn parse_type_section(
        &mut self,
        types: &mut TypeSection,
        section: wasmparser::TypeSectionReader<'_>,
    ) -> Result<(), Error> {
        utils::parse_type_section(self, types, section)?;
        let address = self.spaces.runtime().address();
        types.ty().function([address], [address]);
        if self.spaces.for_host {
            types.ty().function([address], []);
            types.ty().function([], []);
            types.ty().function([], [ValType::I32]);
        }
        if !self.spaces.barriers.is_empty() {
            types.ty().function([], []);
        }
        if let Some(flat) = &self.flat {
            flat.add_types(types);
        }
        for (_, helper) in self.helpers.used() {
            if let Some((parameters, results)) = self.helpers.ty(helper) {
                types.ty().function(parameters, results);
            }
        }
        Ok(())
    }

    fn parse_import_section(
        &mut self,
        imports: &mut ImportSection,
        section: wasmparser::ImportSectionReader<'_>,
    ) -> Result<(), Error> {
        for import in section.into_imports() {
            let import = import?;
            if import.module != "asyncify" || !REPLACED.contains(&import.name) {
                utils::parse_import(self, imports, import)?;
            }
        }
        Ok(())
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: wasmparser::FunctionSectionReader<'_>,
    ) -> Result<(), Error> {
        for (_, ty) in self.spaces.replacements() {
            functions.function(ty);
        }
        // `push` and `pop`.
        functions.function(self.spaces.types);
        functions.function(self.spaces.types);
        if self.spaces.for_host {
            functions.function(self.spaces.types + GET_STATE);
        }
        for _ in &self.spaces.barriers {
            functions.function(self.spaces.type_of_end());
        }
        if let Some(flat) = &self.flat {
            flat.add_functions(functions);
        }
        let mut next = self.spaces.first_type_of_helpers();
        for (_, helper) in self.helpers.used() {
            if let Helper::Never(ty) = helper {
                functions.function(ty);
            } else {
                functions.function(next);
                next += 1;
            }
        }
        utils::parse_function_section(self, functions, section)
    }

    fn parse_export_section(
        &mut self,
        exports: &mut ExportSection,
        section: wasmparser::ExportSectionReader<'_>,
    ) -> Result<(), Error> {
        utils::parse_export_section(self, exports, section)?;
        self.add_exports(exports);
        Ok(())
    }

    fn parse_global_section(
        &mut self,
        globals: &mut GlobalSection,
        section: wasmparser::GlobalSectionReader<'_>,
    ) -> Result<(), Error> {
        utils::parse_global_section(self, globals, section)?;
        self.add_globals(globals);
        Ok(())
    }

    fn parse_table_section(
        &mut self,
        tables: &mut TableSection,
        section: wasmparser::TableSectionReader<'_>,
    ) -> Result<(), Error> {
        utils::parse_table_section(self, tables, section)?;
        self.add_tables(tables);
        Ok(())
    }

    fn parse_table(
        &mut self,
        tables: &mut TableSection,
        mut table: wasmparser::Table<'_>,
    ) -> Result<(), Error> {
        if let Some(flat) = &self.flat
            && tables.is_empty()
        {
            table.ty = flat.grown(table.ty);
        }
        utils::parse_table(self, tables, table)
    }

    fn parse_element_section(
        &mut self,
        elements: &mut ElementSection,
        section: wasmparser::ElementSectionReader<'_>,
    ) -> Result<(), Error> {
        utils::parse_element_section(self, elements, section)?;
        if let Some(flat) = &self.flat {
            flat.add_elements(elements);
        }
        Ok(())
    }

    /// Adds a section for what is added, if the module has none.
    fn intersperse_section_hook(
        &mut self,
        module: &mut Module,
        _: Option<SectionId>,
        before: Option<SectionId>,
    ) -> Result<(), Error> {
        let comes = |section| is_due(section, before);
        let has_table = self.flat.as_ref().is_some_and(Additions::has_table);
        let needs_tables = has_table || !self.helpers.tables.is_empty();
        if needs_tables && !self.has_tables && comes(SectionId::Table) {
            self.has_tables = true;
            let mut tables = TableSection::new();
            self.add_tables(&mut tables);
            module.section(&tables);
        }
        let needs_globals = self.spaces.has_own_globals() || !self.helpers.globals.is_empty();
        if needs_globals && !self.has_globals && comes(SectionId::Global) {
            self.has_globals = true;
            let mut globals = GlobalSection::new();
            self.add_globals(&mut globals);
            module.section(&globals);
        }
        if self.lacks_exports && comes(SectionId::Export) {
            let mut exports = ExportSection::new();
            self.add_exports(&mut exports);
            module.section(&exports);
        }
        if let Some(flat) = &self.flat
            && !self.has_elements
            && comes(SectionId::Element)
        {
            self.has_elements = true;
            let mut elements = ElementSection::new();
            flat.add_elements(&mut elements);
            module.section(&elements);
        }
        Ok(())
    }

    fn parse_code_section(
        &mut self,
        code: &mut CodeSection,
        section: wasmparser::CodeSectionReader<'_>,
    ) -> Result<(), Error> {
        let runtime = self.spaces.runtime();
        for (which, _) in self.spaces.replacements() {
            code.function(&shared::replacement(runtime, REPLACED[which]));
        }
        code.function(&shared::push(runtime));
        code.function(&shared::pop(runtime));
        if self.spaces.for_host {
            code.function(&shared::get_state(runtime));
        }
        for _ in &self.spaces.barriers {
            code.function(&CheckedBarrier::body());
        }
        if let Some(flat) = &self.flat {
            flat.add_code(code);
        }
        for (_, helper) in self.helpers.used() {
            code.function(&self.helpers.code(helper));
        }
        utils::parse_code_section(self, code, section)
    }

    fn parse_function_body(
        &mut self,
        code: &mut CodeSection,
        body: FunctionBody<'_>,
    ) -> Result<(), Error> {
        let index = self.next;
        self.next = index.next();
        let moved = match self.bodies.remove(&index) {
            Some((body, moved)) => {
                code.function(&body);
                moved
            }
            None => {
                let mut moved = self.moves.recorder(&body);
                match self.plan.barriers.get(&index) {
                    Some(barrier) => {
                        let (state, end) =
                            (self.spaces.runtime().state, self.spaces.end_at(*barrier));
                        code.function(&barrier::write(self, &body, state, end, &mut moved)?);
                    }
                    None => debug::copy_body(self, code, &body, &mut moved)?,
                }
                moved
            }
        };
        self.moves.push(moved);
        Ok(())
    }

    /// Drops sections with positions in the code: these would be wrong now.
    fn parse_custom_section(
        &mut self,
        module: &mut Module,
        section: CustomSectionReader<'_>,
    ) -> Result<(), Error> {
        let name = section.name();
        let is_of_places = name == "linking"
            || ["reloc.", ".debug_", "metadata.code."].iter().any(|start| name.starts_with(start));
        if name == features::SECTION {
            let data = features::with(&section, &self.features())?;
            module.section(&CustomSection { name: name.into(), data: data.into() });
            return Ok(());
        }
        if is_of_places { Ok(()) } else { utils::parse_custom_section(self, module, section) }
    }

    fn parse_custom_name_subsection(
        &mut self,
        section: &mut NameSection,
        subsection: Name<'_>,
    ) -> Result<(), Error> {
        match subsection {
            Name::Function(map) => {
                let map = names::functions(map, self.spaces, self.flat.as_ref(), &self.helpers)?;
                section.functions(&map);
            }
            Name::Global(map) => {
                section.globals(&names::globals(map, self.spaces, &self.helpers)?);
            }
            Name::Table(map) => section.tables(&names::tables(map, &self.helpers)?),
            Name::Local(map) => section.locals(&names::locals(map, self.spaces)?),
            // Blocks have changed, so these names would be for other blocks.
            Name::Label(_) => {}
            other => utils::parse_custom_name_subsection(self, section, other)?,
        }
        Ok(())
    }
}
