//! Writes the module anew: the instrumented functions, and the imports from `asyncify` as
//! functions of its own.

use core::convert::Infallible;
use std::collections::BTreeMap;

use wasm_encoder::reencode::{Error, Reencode, utils};
use wasm_encoder::{
    CodeSection, ConstExpr, ExportKind, ExportSection, Function, FunctionSection, GlobalSection,
    GlobalType, ImportSection, Module, NameSection, SectionId, TableSection, TypeSection, ValType,
};
use wasmparser::{
    CustomSectionReader, FunctionBody, Name, Operator, Parser, Payload, ValidPayload, Validator,
    WasmFeatures,
};

use super::additions::Globals;
use super::barrier;
use super::compact::plan;
use super::emit::{Form, emit};
use super::facts::{Facts, GET_STATE, Indices};
use super::helpers::{Helper, Helpers};
use super::names;
use super::read::read;
use super::references::Tables;
use super::runtime::REPLACED;
use super::types::Types;
use super::{Refused, Sites, callee};
use crate::analysis::Barrier;
use crate::debug::{self, Pass, Recorder, Trail};
use crate::error::{Context, Failure, Result};

/// The module, instrumented.
pub(super) fn instrument(
    wasm: &[u8],
    sites: &Sites,
    trail: &mut Trail,
) -> Result<Vec<u8>, Failure<Refused>> {
    let facts = Facts::read(wasm, sites)?;
    let tables = Tables::new(facts.tables);
    let globals = Globals::new(facts.runtime().data + 1);
    let mut helpers = Helpers::new(facts.runtime(), facts.first_helper(), tables, globals);
    let moves = trail.pass();
    let bodies = bodies(wasm, sites, &facts, &mut helpers, &moves)?;
    let mut module = Module::new();
    let mut writer = Writer {
        facts: &facts,
        sites,
        bodies,
        helpers,
        next: facts.imported,
        has_tables: false,
        has_globals: false,
        moves,
        lacks_exports: false,
    };
    writer.parse_core_module(&mut module, Parser::new(0), wasm)?;
    trail.add(writer.moves);
    let written = module.finish();
    Validator::new_with_features(WasmFeatures::all())
        .validate_all(&written)
        .context("the instrumented module is not valid")?;
    Ok(written)
}

/// The new bodies of the functions to instrument, by index.
fn bodies(
    wasm: &[u8],
    sites: &Sites,
    facts: &Facts,
    helpers: &mut Helpers,
    moves: &Pass,
) -> Result<BTreeMap<u32, (Function, Recorder)>, Failure<Refused>> {
    let mut validator = Validator::new_with_features(WasmFeatures::all());
    let mut types = Types::default();
    let mut bodies = BTreeMap::new();
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload?;
        if let Payload::CodeSectionStart { .. } = payload {
            types = Types::of(wasm, validator.types(0).context("no module is read")?);
        }
        let ValidPayload::Func(function, body) = validator.payload(&payload)? else { continue };
        let index = function.index;
        if !sites.functions.contains(&index) {
            continue;
        }
        let callee = |operator: &Operator<'_>, indirect| callee(sites, index, operator, indirect);
        let shape = read(function, &body, &types, callee)?;
        // A call in code that is never reached is none.
        if !shape.sites.is_empty() {
            let form = if sites.by_type_only.contains(&index) && plan::is_possible(&shape) {
                Form::Compact
            } else {
                Form::Fast
            };
            let moved = moves.recorder(&body);
            let body = emit(&shape, form, facts.runtime(), helpers, &mut Indices(facts), moved);
            let body = body.map_err(|failure| match failure {
                Failure::Own(obstacle) => Failure::Own(Refused { function: index, obstacle }),
                Failure::Other(error) => {
                    let error = error.in_context(|| format!("cannot instrument function {index}"));
                    Failure::Other(error)
                }
            });
            bodies.insert(index, body?);
        }
    }
    Ok(bodies)
}

struct Writer<'a> {
    facts: &'a Facts,
    sites: &'a Sites,
    bodies: BTreeMap<u32, (Function, Recorder)>,
    /// What the bodies call.
    helpers: Helpers,
    /// The function whose body comes next.
    next: u32,
    has_tables: bool,
    has_globals: bool,
    moves: Pass,
    /// Whether the host needs exports that are still to be added.
    lacks_exports: bool,
}

impl Writer<'_> {
    fn add_globals(&mut self, globals: &mut GlobalSection) {
        let (address, null) = match self.facts.memory64 {
            true => (ValType::I64, ConstExpr::i64_const(0)),
            false => (ValType::I32, ConstExpr::i32_const(0)),
        };
        let variable = |val_type| GlobalType { val_type, mutable: true, shared: false };
        globals.global(variable(ValType::I32), &ConstExpr::i32_const(0));
        globals.global(variable(address), &null);
        self.helpers.globals.write(globals);
        self.has_globals = true;
    }

    fn add_exports(&mut self, exports: &mut ExportSection) {
        if self.lacks_exports {
            for (name, function) in self.facts.exports() {
                exports.export(&name, ExportKind::Func, function);
            }
        }
        self.lacks_exports = false;
    }
}

impl Reencode for Writer<'_> {
    type Error = Infallible;

    fn function_index(&mut self, function: u32) -> Result<u32, Error> {
        Ok(self.facts.new_index(function))
    }

    fn parse_type_section(
        &mut self,
        types: &mut TypeSection,
        section: wasmparser::TypeSectionReader<'_>,
    ) -> Result<(), Error> {
        utils::parse_type_section(self, types, section)?;
        let address = self.facts.runtime().address();
        types.ty().function([address], [address]);
        if self.facts.for_host {
            types.ty().function([address], []);
            types.ty().function([], []);
            types.ty().function([], [ValType::I32]);
        }
        if !self.facts.barriers.is_empty() {
            types.ty().function([], []);
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
        utils::parse_function_section(self, functions, section)?;
        // Without functions of its own there is nothing to suspend.
        self.lacks_exports = self.facts.for_host;
        for (_, ty) in self.facts.replacements() {
            functions.function(ty);
        }
        // `push` and `pop`.
        functions.function(self.facts.types);
        functions.function(self.facts.types);
        if self.facts.for_host {
            functions.function(self.facts.types + GET_STATE);
        }
        for _ in &self.facts.barriers {
            functions.function(self.facts.type_of_end());
        }
        let mut next = self.facts.first_type_of_helpers();
        for (_, helper) in self.helpers.used() {
            if let Helper::Never(ty) = helper {
                functions.function(ty);
            } else {
                functions.function(next);
                next += 1;
            }
        }
        Ok(())
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
        self.helpers.tables.write(tables);
        Ok(())
    }

    /// Adds sections for the tables, the globals and the exports if there are none.
    fn intersperse_section_hook(
        &mut self,
        module: &mut Module,
        _: Option<SectionId>,
        before: Option<SectionId>,
    ) -> Result<(), Error> {
        let is_after_globals = matches!(
            before,
            None | Some(
                SectionId::Export
                    | SectionId::Start
                    | SectionId::Element
                    | SectionId::DataCount
                    | SectionId::Code
                    | SectionId::Data
            )
        );
        let is_after_tables = is_after_globals
            || matches!(before, Some(SectionId::Memory | SectionId::Tag | SectionId::Global));
        let has_tables = self.facts.has_table_section || self.helpers.tables.is_empty();
        if is_after_tables && !has_tables && !self.has_tables {
            let mut tables = TableSection::new();
            self.helpers.tables.write(&mut tables);
            module.section(&tables);
            self.has_tables = true;
        }
        if is_after_globals && !self.has_globals && !self.facts.has_global_section {
            let mut globals = GlobalSection::new();
            self.add_globals(&mut globals);
            module.section(&globals);
        }
        let is_after_exports = is_after_globals && before != Some(SectionId::Export);
        if is_after_exports && self.lacks_exports {
            let mut exports = ExportSection::new();
            self.add_exports(&mut exports);
            module.section(&exports);
        }
        Ok(())
    }

    fn parse_code_section(
        &mut self,
        code: &mut CodeSection,
        section: wasmparser::CodeSectionReader<'_>,
    ) -> Result<(), Error> {
        utils::parse_code_section(self, code, section)?;
        let runtime = self.facts.runtime();
        for (which, _) in self.facts.replacements() {
            code.function(&runtime.replacement(REPLACED[which]));
        }
        code.function(&runtime.push());
        code.function(&runtime.pop());
        if self.facts.for_host {
            code.function(&runtime.get_state());
        }
        for _ in &self.facts.barriers {
            code.function(&Barrier::body());
        }
        for (_, helper) in self.helpers.used() {
            code.function(&self.helpers.code(helper));
        }
        Ok(())
    }

    fn parse_function_body(
        &mut self,
        code: &mut CodeSection,
        body: FunctionBody<'_>,
    ) -> Result<(), Error> {
        let index = self.next;
        self.next += 1;
        let moved = match self.bodies.remove(&index) {
            Some((body, moved)) => {
                code.function(&body);
                moved
            }
            None => {
                let mut moved = self.moves.recorder(&body);
                match self.sites.barriers.get(&index) {
                    Some(barrier) => {
                        let (state, end) =
                            (self.facts.runtime().state, self.facts.end_at(*barrier));
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

    /// What tells of places in the code would be wrong afterwards.
    fn parse_custom_section(
        &mut self,
        module: &mut Module,
        section: CustomSectionReader<'_>,
    ) -> Result<(), Error> {
        let name = section.name();
        let is_of_places = name == "linking"
            || ["reloc.", ".debug_", "metadata.code."].iter().any(|start| name.starts_with(start));
        if is_of_places { Ok(()) } else { utils::parse_custom_section(self, module, section) }
    }

    fn parse_custom_name_subsection(
        &mut self,
        names: &mut NameSection,
        subsection: Name<'_>,
    ) -> Result<(), Error> {
        match subsection {
            Name::Function(map) => {
                names.functions(&names::functions(map, self.facts, &self.helpers)?);
            }
            Name::Global(map) => {
                names.globals(&names::globals(map, self.facts, &self.helpers)?);
            }
            Name::Table(map) => names.tables(&names::tables(map, &self.helpers)?),
            // Names of locals and labels would be of others.
            Name::Local(_) | Name::Label(_) => {}
            other => utils::parse_custom_name_subsection(self, names, other)?,
        }
        Ok(())
    }
}
