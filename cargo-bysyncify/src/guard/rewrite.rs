//! Writes the module anew, with guards.

use core::convert::Infallible;
use std::collections::BTreeMap;

use anyhow::Result;
use wasm_encoder::reencode::{Error, Reencode, utils};
use wasm_encoder::{
    CodeSection, ConstExpr, Function, FunctionSection, GlobalSection, GlobalType, Module, NameMap,
    NameSection,
};
use wasmparser::{CustomSectionReader, ExternalKind, FunctionBody, Name, Parser};

use super::Guards;
use super::code::{Globals, Writer};
use super::facts::Facts;

/// A function to be added.
struct Added {
    name: String,
    ty: u32,
    body: Function,
}

/// The module's new form in the making.
pub(super) struct Rewriter<'a> {
    guards: &'a Guards<'a>,
    writer: Writer,
    /// The globals to be added, all of them addresses; from `first_global` on.
    globals: Vec<String>,
    first_global: u32,
    /// The functions to be added, from `first_function` on.
    functions: Vec<Added>,
    first_function: u32,
    /// What is called in place of a function.
    instead: BTreeMap<u32, u32>,
    /// The function whose body comes next.
    next: u32,
}

impl<'a> Rewriter<'a> {
    /// Decides what to add. `None` if there is nothing to guard.
    pub(super) fn new(facts: &Facts<'a>, guards: &'a Guards<'a>) -> Result<Option<Self>> {
        let Some(resume) = facts.function("bysyncify_resume") else { return Ok(None) };
        let globals = Globals {
            stack_pointer: facts.global("__stack_pointer")?,
            current_core: facts.global("bysyncify_current_core")?,
            host_stack: facts.globals,
        };
        let writer = Writer { memory64: facts.memory64, globals };
        let mut rewriter = Self {
            guards,
            writer,
            globals: vec!["bysyncify guard: host stack".to_owned()],
            first_global: facts.globals,
            functions: Vec::new(),
            first_function: facts.signatures.len().try_into()?,
            instead: BTreeMap::new(),
            next: facts.imports.len().try_into()?,
        };
        rewriter.replace(facts, resume, |callee, _| writer.resume(callee))?;
        if let Some(outside) = facts.function("bysyncify_outside") {
            rewriter.replace(facts, outside, |callee, _| writer.outside(callee))?;
        }
        for (index, import) in (0..).zip(&facts.imports) {
            if import.is_host() {
                rewriter.replace(facts, index, |callee, count| writer.host(callee, count))?;
            }
        }
        for index in facts.future_imports()? {
            rewriter.replace(facts, index, |callee, count| writer.future_host(callee, count))?;
        }
        Ok(Some(rewriter))
    }

    /// Adds a function that is called in place of `callee`. `write` gets that, and how many
    /// parameters it has.
    fn replace(
        &mut self,
        facts: &Facts<'_>,
        callee: u32,
        write: impl Fn(u32, u32) -> Function,
    ) -> Result<()> {
        let (ty, parameters) = facts.signature(callee)?;
        let index = self.first_function + u32::try_from(self.functions.len())?;
        self.instead.insert(callee, index);
        let name = format!("bysyncify guard: {}", facts.shown(callee));
        self.functions.push(Added { name, ty, body: write(callee, parameters) });
        Ok(())
    }

    /// Writes the module.
    pub(super) fn run(mut self, wasm: &[u8]) -> Result<Vec<u8>> {
        let mut module = Module::new();
        self.parse_core_module(&mut module, Parser::new(0), wasm)?;
        Ok(module.finish())
    }
}

impl Reencode for Rewriter<'_> {
    type Error = Infallible;

    /// In calls, `ref.func` and element segments.
    fn function_index(&mut self, function: u32) -> Result<u32, Error<Self::Error>> {
        Ok(self.instead.get(&function).copied().unwrap_or(function))
    }

    /// In exports. The host may call what it likes.
    fn external_index(&mut self, _: ExternalKind, index: u32) -> Result<u32, Error<Self::Error>> {
        Ok(index)
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: wasmparser::FunctionSectionReader<'_>,
    ) -> Result<(), Error<Self::Error>> {
        utils::parse_function_section(self, functions, section)?;
        for added in &self.functions {
            functions.function(added.ty);
        }
        Ok(())
    }

    fn parse_global_section(
        &mut self,
        globals: &mut GlobalSection,
        section: wasmparser::GlobalSectionReader<'_>,
    ) -> Result<(), Error<Self::Error>> {
        utils::parse_global_section(self, globals, section)?;
        let val_type = self.writer.address();
        for _ in &self.globals {
            globals.global(
                GlobalType { val_type, mutable: true, shared: false },
                &ConstExpr::extended([self.writer.null()]),
            );
        }
        Ok(())
    }

    fn parse_code_section(
        &mut self,
        code: &mut CodeSection,
        section: wasmparser::CodeSectionReader<'_>,
    ) -> Result<(), Error<Self::Error>> {
        utils::parse_code_section(self, code, section)?;
        for added in &self.functions {
            code.function(&added.body);
        }
        Ok(())
    }

    fn parse_function_body(
        &mut self,
        code: &mut CodeSection,
        body: FunctionBody<'_>,
    ) -> Result<(), Error<Self::Error>> {
        let mut function = self.new_function_with_parsed_locals(&body)?;
        if self.guards.panics.contains(&self.next) {
            for instruction in self.writer.leave_for_good() {
                function.instruction(&instruction);
            }
        }
        self.next += 1;
        let mut reader = body.get_operators_reader()?;
        while !reader.eof() {
            function.instruction(&self.parse_instruction(&mut reader)?);
        }
        code.function(&function);
        Ok(())
    }

    /// What tells of places in the code would be wrong afterwards.
    fn parse_custom_section(
        &mut self,
        module: &mut Module,
        section: CustomSectionReader<'_>,
    ) -> Result<(), Error<Self::Error>> {
        let name = section.name();
        let is_of_places = name == "linking"
            || ["reloc.", ".debug_", "metadata.code."].iter().any(|start| name.starts_with(start));
        if is_of_places { Ok(()) } else { utils::parse_custom_section(self, module, section) }
    }

    /// All names stay with what they name.
    fn parse_custom_name_subsection(
        &mut self,
        names: &mut NameSection,
        subsection: Name<'_>,
    ) -> Result<(), Error<Self::Error>> {
        match subsection {
            Name::Function(map) => {
                let added = self.functions.iter().map(|added| &added.name);
                names.functions(&extended(map, (self.first_function..).zip(added))?);
            }
            Name::Global(map) => {
                names.globals(&extended(map, (self.first_global..).zip(&self.globals))?);
            }
            // Only functions have new numbers.
            other => utils::parse_custom_name_subsection(self, names, other)?,
        }
        Ok(())
    }
}

/// The names in `map`, and more of them.
fn extended<'a>(
    map: wasmparser::NameMap<'_>,
    more: impl Iterator<Item = (u32, &'a String)>,
) -> Result<NameMap, Error> {
    let mut names = utils::name_map(map, Ok)?;
    for (index, name) in more {
        names.append(index, name);
    }
    Ok(names)
}
