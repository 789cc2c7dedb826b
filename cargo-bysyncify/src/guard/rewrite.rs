//! Writes the module anew.

use core::convert::Infallible;

use anyhow::Result;
use wasm_encoder::reencode::{Error, Reencode, utils};
use wasm_encoder::{
    CodeSection, ConstExpr, DataCountSection, DataSection, Function, FunctionSection,
    GlobalSection, GlobalType, Instruction, Module, NameMap, NameSection, SectionId, TypeSection,
    ValType,
};
use wasmparser::{
    CustomSectionReader, ExternalKind, FunctionBody, Name, Operator, OperatorsReader, Parser,
};

use super::Guards;
use super::checks::Texts;
use super::facts::Facts;
use super::plan::Plan;
use crate::analysis::readable;

/// The module's new form in the making.
struct Rewriter<'a> {
    facts: &'a Facts<'a>,
    guards: &'a Guards<'a>,
    plan: Plan,
    /// The function whose body comes next.
    next: u32,
}

/// The module as the plan has it.
pub(super) fn rewrite(
    wasm: &[u8],
    facts: &Facts<'_>,
    guards: &Guards<'_>,
    plan: Plan,
) -> Result<Vec<u8>> {
    let next = facts.imports.len().try_into()?;
    let mut module = Module::new();
    let mut rewriter = Rewriter { facts, guards, plan, next };
    rewriter.parse_core_module(&mut module, Parser::new(0), wasm)?;
    Ok(module.finish())
}

impl Rewriter<'_> {
    /// Rewrites a function's code.
    fn rewrite(
        &mut self,
        function: u32,
        operators: OperatorsReader<'_>,
        body: &mut Function,
    ) -> Result<(), Error> {
        if self.guards.panics.contains(&function) {
            write(body, &self.plan.writer.leave_for_good());
        }
        let setter = self.plan.checks.as_ref().filter(|checks| !checks.exempt.contains(&function));
        let setter = setter.map(|checks| checks.set_stack_pointer);
        let mut name = None;
        for operator in operators {
            match (operator?, setter) {
                (Operator::GlobalSet { global_index }, Some(setter))
                    if global_index == self.plan.writer.globals.stack_pointer =>
                {
                    let (offset, length) = *name.get_or_insert_with(|| self.name_in_data(function));
                    write(body, &[text(offset), text(length), Instruction::Call(setter)]);
                }
                (other, _) => write(body, &[self.instruction(other)?]),
            }
        }
        Ok(())
    }

    /// Where the function's name is in the texts' data segment, and its length.
    fn name_in_data(&mut self, function: u32) -> (u32, u32) {
        let texts = self.plan.checks.as_mut().and_then(|checks| checks.texts.as_mut());
        texts.map_or((0, 0), |texts| texts.add(&readable(&self.facts.shown(function))))
    }

    fn texts(&self) -> Option<&Texts> {
        self.plan.checks.as_ref()?.texts.as_ref()
    }
}

fn write(body: &mut Function, code: &[Instruction<'_>]) {
    for instruction in code {
        body.instruction(instruction);
    }
}

fn text(place: u32) -> Instruction<'static> {
    Instruction::I32Const(place.cast_signed())
}

impl Reencode for Rewriter<'_> {
    type Error = Infallible;

    /// In calls, `ref.func` and element segments.
    fn function_index(&mut self, function: u32) -> Result<u32, Error> {
        Ok(self.plan.instead.get(&function).copied().unwrap_or(function))
    }

    /// In exports. The host may call what it likes.
    fn external_index(&mut self, _: ExternalKind, index: u32) -> Result<u32, Error> {
        Ok(index)
    }

    fn parse_type_section(
        &mut self,
        types: &mut TypeSection,
        section: wasmparser::TypeSectionReader<'_>,
    ) -> Result<(), Error> {
        utils::parse_type_section(self, types, section)?;
        if self.plan.checks.is_some() {
            let address = self.plan.writer.address();
            types.ty().function([address, ValType::I32, ValType::I32], []);
        }
        Ok(())
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: wasmparser::FunctionSectionReader<'_>,
    ) -> Result<(), Error> {
        utils::parse_function_section(self, functions, section)?;
        for added in &self.plan.functions {
            functions.function(added.ty);
        }
        Ok(())
    }

    fn parse_global_section(
        &mut self,
        globals: &mut GlobalSection,
        section: wasmparser::GlobalSectionReader<'_>,
    ) -> Result<(), Error> {
        utils::parse_global_section(self, globals, section)?;
        let val_type = self.plan.writer.address();
        for _ in &self.plan.globals {
            globals.global(
                GlobalType { val_type, mutable: true, shared: false },
                &ConstExpr::extended([self.plan.writer.null()]),
            );
        }
        Ok(())
    }

    fn data_count(&mut self, count: u32) -> Result<u32, Error> {
        Ok(count + u32::from(self.texts().is_some()))
    }

    fn parse_code_section(
        &mut self,
        code: &mut CodeSection,
        section: wasmparser::CodeSectionReader<'_>,
    ) -> Result<(), Error> {
        utils::parse_code_section(self, code, section)?;
        for added in &self.plan.functions {
            code.function(&added.body);
        }
        Ok(())
    }

    fn parse_function_body(
        &mut self,
        code: &mut CodeSection,
        parsed: FunctionBody<'_>,
    ) -> Result<(), Error> {
        let function = self.next;
        self.next += 1;
        if let Some(checks) = &self.plan.checks
            && checks.set_reporter == function
        {
            code.function(&self.plan.writer.set_reporter(checks.globals));
            return Ok(());
        }
        let mut body = self.new_function_with_parsed_locals(&parsed)?;
        self.rewrite(function, parsed.get_operators_reader()?, &mut body)?;
        code.function(&body);
        Ok(())
    }

    fn parse_data_section(
        &mut self,
        data: &mut DataSection,
        section: wasmparser::DataSectionReader<'_>,
    ) -> Result<(), Error> {
        utils::parse_data_section(self, data, section)?;
        if let Some(texts) = self.texts() {
            data.passive(texts.bytes.iter().copied());
        }
        Ok(())
    }

    /// Adds the sections for the texts, where there are none that they could be added to.
    fn intersperse_section_hook(
        &mut self,
        module: &mut Module,
        _: Option<SectionId>,
        before: Option<SectionId>,
    ) -> Result<(), Error> {
        let Some(texts) = self.texts() else { return Ok(()) };
        if before == Some(SectionId::Code) && !self.facts.has_data_count {
            module.section(&DataCountSection { count: texts.segment + 1 });
        }
        if before.is_none() && !self.facts.has_data {
            module.section(DataSection::new().passive(texts.bytes.iter().copied()));
        }
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

    /// All names stay with what they name.
    fn parse_custom_name_subsection(
        &mut self,
        names: &mut NameSection,
        subsection: Name<'_>,
    ) -> Result<(), Error> {
        match subsection {
            Name::Function(map) => {
                let first = self.facts.signatures.len() as u32;
                let added = self.plan.functions.iter().map(|added| added.name.as_str());
                names.functions(&extended(map, first, added)?);
            }
            Name::Global(map) => {
                let added = self.plan.globals.iter().copied();
                names.globals(&extended(map, self.facts.globals, added)?);
            }
            // Only functions have new numbers.
            other => utils::parse_custom_name_subsection(self, names, other)?,
        }
        Ok(())
    }
}

/// The names in `map`, and then more of them.
fn extended<'a>(
    map: wasmparser::NameMap<'_>,
    first: u32,
    more: impl Iterator<Item = &'a str>,
) -> Result<NameMap, Error> {
    let mut names = utils::name_map(map, Ok)?;
    for (index, name) in (first..).zip(more) {
        names.append(index, name);
    }
    Ok(names)
}
