//! Writes the module anew: the instrumented functions, and the imports from `asyncify` as
//! functions of its own.

use core::convert::Infallible;
use std::collections::BTreeMap;

use anyhow::{Context, Result};
use wasm_encoder::reencode::{Error, Reencode, utils};
use wasm_encoder::{
    CodeSection, ConstExpr, Function, FunctionSection, GlobalSection, GlobalType, ImportSection,
    Module, NameMap, NameSection, SectionId, TypeSection, ValType,
};
use wasmparser::{
    CustomSectionReader, FunctionBody, Name, Operator, Parser, Payload, TypeRef, ValidPayload,
    Validator, WasmFeatures,
};

use super::emit::emit;
use super::read::read;
use super::runtime::{REPLACED, Runtime};
use super::{Refused, Sites, callee};

/// The module, instrumented.
pub(super) fn instrument(wasm: &[u8], sites: &Sites) -> Result<Vec<u8>> {
    let facts = Facts::read(wasm)?;
    let bodies = bodies(wasm, sites, &facts)?;
    let mut module = Module::new();
    let mut writer = Writer { facts: &facts, bodies, next: facts.imported, has_globals: false };
    writer.parse_core_module(&mut module, Parser::new(0), wasm)?;
    let written = module.finish();
    Validator::new_with_features(WasmFeatures::all())
        .validate_all(&written)
        .context("the instrumented module is not valid")?;
    Ok(written)
}

/// What must be known of the module before it is written.
#[derive(Debug, Default)]
struct Facts {
    /// By function index: which import of `asyncify` it is, by its number in [`REPLACED`].
    replaced: BTreeMap<u32, usize>,
    /// By number in [`REPLACED`]: the type.
    types_of_replaced: BTreeMap<usize, u32>,
    imported: u32,
    /// How many there are.
    functions: u32,
    types: u32,
    globals: u32,
    has_global_section: bool,
    memory64: bool,
}

impl Facts {
    fn read(wasm: &[u8]) -> Result<Self> {
        let mut facts = Self::default();
        let mut memories = Vec::new();
        for payload in Parser::new(0).parse_all(wasm) {
            match payload? {
                Payload::TypeSection(section) => {
                    for group in section {
                        facts.types += group?.types().len() as u32;
                    }
                }
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        let import = import?;
                        match import.ty {
                            TypeRef::Func(ty) | TypeRef::FuncExact(ty) => {
                                let which = REPLACED.iter().position(|name| *name == import.name);
                                if let Some(which) = which
                                    && import.module == "asyncify"
                                {
                                    facts.replaced.insert(facts.imported, which);
                                    facts.types_of_replaced.insert(which, ty);
                                }
                                facts.imported += 1;
                            }
                            TypeRef::Global(_) => facts.globals += 1,
                            TypeRef::Memory(memory) => memories.push(memory),
                            _ => {}
                        }
                    }
                }
                Payload::FunctionSection(section) => facts.functions += section.count(),
                Payload::MemorySection(section) => {
                    for memory in section {
                        memories.push(memory?);
                    }
                }
                Payload::GlobalSection(section) => {
                    facts.globals += section.count();
                    facts.has_global_section = true;
                }
                _ => {}
            }
        }
        facts.functions += facts.imported;
        facts.memory64 = memories.first().context("the module has no memory")?.memory64;
        Ok(facts)
    }

    /// The imports that there are, each once, and what becomes of them after all other functions.
    fn replacements(&self) -> impl Iterator<Item = (usize, u32)> {
        self.types_of_replaced.iter().map(|(which, ty)| (*which, *ty))
    }

    /// A function's index in the new module.
    fn new_index(&self, function: u32) -> u32 {
        match self.replaced.get(&function) {
            Some(which) => {
                let before = self.types_of_replaced.range(..which).count() as u32;
                self.first_added() + before
            }
            None => function - self.replaced.range(..function).count() as u32,
        }
    }

    /// The index of the first function that is added.
    fn first_added(&self) -> u32 {
        self.functions - self.replaced.len() as u32
    }

    fn runtime(&self) -> Runtime {
        let push = self.first_added() + self.types_of_replaced.len() as u32;
        Runtime {
            memory64: self.memory64,
            state: self.globals,
            data: self.globals + 1,
            push,
            pop: push + 1,
        }
    }

    /// The names of the functions that are added.
    fn added_names(&self) -> impl Iterator<Item = String> {
        let replacements = self.replacements().map(|(which, _)| REPLACED[which]);
        replacements.chain(["push", "pop"]).map(|name| format!("asyncify_{name}"))
    }
}

/// The new bodies of the functions to instrument, by index.
fn bodies(wasm: &[u8], sites: &Sites, facts: &Facts) -> Result<BTreeMap<u32, Function>> {
    let mut validator = Validator::new_with_features(WasmFeatures::all());
    let mut bodies = BTreeMap::new();
    for payload in Parser::new(0).parse_all(wasm) {
        let ValidPayload::Func(function, body) = validator.payload(&payload?)? else { continue };
        let index = function.index;
        if !sites.functions.contains(&index) {
            continue;
        }
        let callee = |operator: &Operator<'_>, indirect| callee(sites, index, operator, indirect);
        let shape = read(function, &body, callee)?;
        // A call in code that is never reached is none.
        if !shape.sites.is_empty() {
            let body = emit(&shape, facts.runtime(), &mut Indices(facts))
                .with_context(|| format!("cannot instrument function {index}"))?;
            bodies.insert(index, body.map_err(|obstacle| Refused { function: index, obstacle })?);
        }
    }
    Ok(bodies)
}

/// Gives functions their new indices.
struct Indices<'a>(&'a Facts);

impl Reencode for Indices<'_> {
    type Error = Infallible;

    fn function_index(&mut self, function: u32) -> Result<u32, Error> {
        Ok(self.0.new_index(function))
    }
}

struct Writer<'a> {
    facts: &'a Facts,
    bodies: BTreeMap<u32, Function>,
    /// The function whose body comes next.
    next: u32,
    has_globals: bool,
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
        self.has_globals = true;
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
        for (_, ty) in self.facts.replacements() {
            functions.function(ty);
        }
        // `push` and `pop`.
        functions.function(self.facts.types);
        functions.function(self.facts.types);
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

    /// Adds a section for the globals if there is none.
    fn intersperse_section_hook(
        &mut self,
        module: &mut Module,
        _: Option<SectionId>,
        before: Option<SectionId>,
    ) -> Result<(), Error> {
        let comes_later = matches!(
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
        if comes_later && !self.has_globals && !self.facts.has_global_section {
            let mut globals = GlobalSection::new();
            self.add_globals(&mut globals);
            module.section(&globals);
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
        Ok(())
    }

    fn parse_function_body(
        &mut self,
        code: &mut CodeSection,
        body: FunctionBody<'_>,
    ) -> Result<(), Error> {
        let index = self.next;
        self.next += 1;
        match self.bodies.remove(&index) {
            Some(body) => {
                code.function(&body);
                Ok(())
            }
            None => utils::parse_function_body(self, code, body),
        }
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
                let mut all = BTreeMap::new();
                for naming in map {
                    let naming = naming?;
                    if !self.facts.replaced.contains_key(&naming.index) {
                        all.insert(self.facts.new_index(naming.index), naming.name.to_owned());
                    }
                }
                all.extend((self.facts.first_added()..).zip(self.facts.added_names()));
                let mut map = NameMap::new();
                for (index, name) in &all {
                    map.append(*index, name);
                }
                names.functions(&map);
            }
            Name::Global(map) => {
                let mut all = utils::name_map(map, Ok)?;
                let Runtime { state, data, .. } = self.facts.runtime();
                all.append(state, "asyncify_state");
                all.append(data, "asyncify_data");
                names.globals(&all);
            }
            // Names of locals and labels would be of others.
            Name::Local(_) | Name::Label(_) => {}
            other => utils::parse_custom_name_subsection(self, names, other)?,
        }
        Ok(())
    }
}
