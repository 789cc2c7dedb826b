//! Rewrites the module.

use core::convert::Infallible;

use wasm_encoder::reencode::{Error, Reencode, utils};
use wasm_encoder::{
    CodeSection, ConstExpr, DataCountSection, DataSection, Function, FunctionSection,
    GlobalSection, GlobalType, Instruction, Module, NameMap, NameSection, SectionId, TypeSection,
    ValType,
};
use wasmparser::{CustomSectionReader, ExternalKind, FunctionBody, Name, Operator, Parser};

use super::Guards;
use super::checks::{Callee, FunctionChecks, Texts};
use super::info::GuardInfo;
use super::plan::Plan;
use crate::abi;
use crate::debug::{Pass, Recorder, Trail};
use crate::error::Result;
use crate::instrument::is_call;
use crate::module::{FunctionIndex, GlobalIndex, Locals};

/// The rewriter of a module.
struct Rewriter<'a> {
    info: &'a GuardInfo<'a>,
    guards: &'a Guards<'a>,
    plan: Plan,
    /// The function whose body comes next.
    next: FunctionIndex,
    moves: Pass,
}

/// The module with the changes of the plan.
pub(super) fn rewrite(
    info: &GuardInfo<'_>,
    guards: &Guards<'_>,
    plan: Plan,
    trail: &mut Trail,
) -> Result<Vec<u8>> {
    let next = info.module.imports.end();
    let mut module = Module::new();
    let mut rewriter = Rewriter { info, guards, plan, next, moves: trail.pass() };
    rewriter.parse_core_module(&mut module, Parser::new(0), info.module.bytes)?;
    trail.add(rewriter.moves);
    Ok(module.finish())
}

impl Rewriter<'_> {
    /// Rewrites a function's code.
    fn rewrite(
        &mut self,
        function: FunctionIndex,
        parsed: &FunctionBody<'_>,
        spare_local: u32,
        body: &mut Function,
        moved: &mut Recorder,
    ) -> Result<(), Error> {
        let writer = self.plan.writer;
        if self.guards.panics.contains(&function) && !writer.catches() {
            write(body, &writer.leave_for_good());
        }
        let checks = self.plan.checks.as_mut();
        let own =
            checks.map_or_else(FunctionChecks::default, |all| all.of(function, self.info, &writer));
        write(body, &own.at_start);
        let mut has_called = false;
        let (mut sets, mut calls, mut indirect_calls) = (0, 0, 0);
        let operators = parsed.get_operators_reader()?;
        for (number, operator) in operators.into_iter_with_offsets().enumerate() {
            let (operator, position) = operator?;
            // A call that is followed by `unreachable` does not return.
            if has_called && !matches!(operator, Operator::Unreachable) {
                write(body, &own.after_call);
            }
            // Once for the code before it, and again below for the instruction itself.
            moved.instruction(position, body.byte_len());
            let callee = callee(&operator, &mut indirect_calls);
            let watched = callee.and_then(|callee| own.watched.get(&callee));
            has_called = watched.is_none() && self.is_call(&operator);
            if let Some(check) = own.before.get(&number) {
                write(body, check);
            }
            moved.instruction(position, body.byte_len());
            if is_call(&operator) {
                let is_shielded =
                    self.guards.cleanups.is_some_and(|all| all.contains(function, calls));
                calls += 1;
                if is_shielded && let Some(shield) = self.plan.shields.of(&operator) {
                    write(body, &[Instruction::Call(shield.0)]);
                    continue;
                }
            }
            match operator {
                Operator::GlobalSet { global_index }
                    if GlobalIndex(global_index) == writer.globals.stack_pointer =>
                {
                    let stack = self.plan.checks.as_ref().and_then(|all| all.stack.as_ref());
                    let checked = stack.and_then(|stack| {
                        stack.in_place_of(function, sets, spare_local, &writer, &own.who)
                    });
                    sets += 1;
                    match checked {
                        Some(code) => write(body, &code),
                        None => write(body, &[self.instruction(operator)?]),
                    }
                }
                Operator::Call { function_index } => {
                    if let Some(checks) = &self.plan.checks {
                        write(body, &checks.before_call(function, FunctionIndex(function_index)));
                    }
                    moved.instruction(position, body.byte_len());
                    write(body, &[self.instruction(operator)?]);
                }
                other => write(body, &[self.instruction(other)?]),
            }
            if let Some(check) = watched {
                write(body, check);
            }
        }
        Ok(())
    }

    /// An empty function with the locals of another; and the index of one more local for a stack check, if the
    /// function needs it.
    fn function_with_locals(
        &mut self,
        function: FunctionIndex,
        parsed: &FunctionBody<'_>,
    ) -> Result<(Function, u32), Error> {
        let (_, parameters) = self.info.module.signature(function).unwrap_or_default();
        let mut locals = Locals::read(self, parameters, parsed)?;
        let stack = self.plan.checks.as_ref().and_then(|all| all.stack.as_ref());
        let spare = match stack.is_some_and(|stack| stack.needs_local(function)) {
            true => locals.add(self.plan.writer.address()),
            false => u32::MAX,
        };
        Ok((locals.function(), spare))
    }

    fn texts(&self) -> Option<&Texts> {
        self.plan.checks.as_ref()?.texts.as_ref()
    }

    /// The contents of the new data segments, in order. All are passive.
    fn added_segments(&self) -> Vec<&[u8]> {
        let texts = self.texts().map(|texts| &texts.bytes[..]);
        // The contents of this one are not known yet.
        let symbols = self.plan.symbols.map(|_| &[][..]);
        texts.into_iter().chain(symbols).collect()
    }

    /// Whether an instruction calls code of the module, which could suspend.
    fn is_call(&self, operator: &Operator<'_>) -> bool {
        match operator {
            Operator::Call { function_index } => {
                self.info.module.imports.get(FunctionIndex(*function_index)).is_none()
            }
            Operator::CallIndirect { .. } | Operator::CallRef { .. } => true,
            _ => false,
        }
    }
}

/// The callee of an instruction. `indirect` counts the indirect calls before it, as the analysis does.
fn callee(operator: &Operator<'_>, indirect: &mut u32) -> Option<Callee> {
    match operator {
        Operator::Call { function_index } => Some(Callee::Function(FunctionIndex(*function_index))),
        Operator::CallIndirect { .. }
        | Operator::CallRef { .. }
        | Operator::ReturnCallIndirect { .. }
        | Operator::ReturnCallRef { .. } => {
            let callee = Callee::Indirect(*indirect);
            *indirect += 1;
            Some(callee)
        }
        _ => None,
    }
}

fn write(body: &mut Function, code: &[Instruction<'_>]) {
    for instruction in code {
        body.instruction(instruction);
    }
}

impl Reencode for Rewriter<'_> {
    type Error = Infallible;

    /// Maps indices in calls, `ref.func` and element segments.
    fn function_index(&mut self, function: u32) -> Result<u32, Error> {
        Ok(self.plan.instead.get(&FunctionIndex(function)).map_or(function, |instead| instead.0))
    }

    /// Keeps indices in exports: the host calls the functions themselves.
    fn external_index(&mut self, _: ExternalKind, index: u32) -> Result<u32, Error> {
        Ok(index)
    }

    fn parse_type_section(
        &mut self,
        types: &mut TypeSection,
        section: wasmparser::TypeSectionReader<'_>,
    ) -> Result<(), Error> {
        utils::parse_type_section(self, types, section)?;
        if let Some(checks) = &self.plan.checks {
            for parameters in checks.types(&self.plan.writer) {
                types.ty().function(parameters, []);
            }
        }
        for (parameters, results) in &self.plan.shields.types {
            types.ty().function(parameters.iter().copied(), results.iter().copied());
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
            functions.function(added.ty.0);
        }
        Ok(())
    }

    fn parse_global_section(
        &mut self,
        globals: &mut GlobalSection,
        section: wasmparser::GlobalSectionReader<'_>,
    ) -> Result<(), Error> {
        utils::parse_global_section(self, globals, section)?;
        for (_, val_type) in &self.plan.globals {
            let zero = match val_type {
                ValType::I64 => ConstExpr::i64_const(0),
                _ => ConstExpr::i32_const(0),
            };
            globals.global(GlobalType { val_type: *val_type, mutable: true, shared: false }, &zero);
        }
        Ok(())
    }

    /// Replaces the initial value of the stack's reserve.
    fn parse_global(
        &mut self,
        globals: &mut GlobalSection,
        global: wasmparser::Global<'_>,
    ) -> Result<(), Error> {
        let index = GlobalIndex(self.info.module.imported_globals + globals.len());
        let stack = self.plan.checks.as_ref().and_then(|all| all.stack.as_ref());
        if stack.is_some_and(|stack| stack.reserve == index) {
            let ty = self.global_type(global.ty)?;
            globals.global(ty, &self.plan.writer.above_low_end());
            return Ok(());
        }
        utils::parse_global(self, globals, global)
    }

    fn data_count(&mut self, count: u32) -> Result<u32, Error> {
        Ok(count + self.added_segments().len() as u32)
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
        self.next = function.next();
        if let Some(checks) = &self.plan.checks
            && checks.set_reporter == function
        {
            code.function(&self.plan.writer.set_reporter(checks.globals));
            self.moves.push_replaced();
            return Ok(());
        }
        if self.info.function(abi::WHY_OUTSIDE) == Some(function) {
            code.function(&self.plan.writer.why_outside());
            self.moves.push_replaced();
            return Ok(());
        }
        if let Some(symbols) = self.plan.symbols
            && symbols.function == function
        {
            code.function(&self.plan.writer.symbols(symbols.segment));
            self.moves.push_replaced();
            return Ok(());
        }
        let (mut body, spare_local) = self.function_with_locals(function, &parsed)?;
        let mut moved = self.moves.recorder(&parsed);
        self.rewrite(function, &parsed, spare_local, &mut body, &mut moved)?;
        self.moves.push(moved);
        code.function(&body);
        Ok(())
    }

    fn parse_data_section(
        &mut self,
        data: &mut DataSection,
        section: wasmparser::DataSectionReader<'_>,
    ) -> Result<(), Error> {
        utils::parse_data_section(self, data, section)?;
        for bytes in self.added_segments() {
            data.passive(bytes.iter().copied());
        }
        Ok(())
    }

    /// Adds the sections for data segments if the module has none.
    fn intersperse_section_hook(
        &mut self,
        module: &mut Module,
        _: Option<SectionId>,
        before: Option<SectionId>,
    ) -> Result<(), Error> {
        let added = self.added_segments();
        if added.is_empty() {
            return Ok(());
        }
        if before == Some(SectionId::Code) && !self.info.module.has(SectionId::DataCount) {
            let count = (self.info.module.data.len() + added.len()).try_into();
            module.section(&DataCountSection { count: count.unwrap_or(u32::MAX) });
        }
        if before.is_none() && !self.info.module.has(SectionId::Data) {
            let mut data = DataSection::new();
            for bytes in added {
                data.passive(bytes.iter().copied());
            }
            module.section(&data);
        }
        Ok(())
    }

    /// Drops sections that refer to offsets in the code: they would be wrong afterwards.
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

    /// Keeps all names, and adds those of new functions and globals.
    fn parse_custom_name_subsection(
        &mut self,
        names: &mut NameSection,
        subsection: Name<'_>,
    ) -> Result<(), Error> {
        match subsection {
            Name::Function(map) => {
                let first = self.info.module.signatures.len() as u32;
                let added = self.plan.functions.iter().map(|added| added.name.as_str());
                names.functions(&extended(map, first, added)?);
            }
            Name::Global(map) => {
                let added = self.plan.globals.iter().map(|(name, _)| *name);
                names.globals(&extended(map, self.info.module.globals, added)?);
            }
            // Of a function itself, not of what is called in its place.
            Name::Local(map) => names.locals(&utils::indirect_name_map(map, Ok)?),
            Name::Label(map) => names.labels(&utils::indirect_name_map(map, Ok)?),
            // Other index spaces do not change.
            other => utils::parse_custom_name_subsection(self, names, other)?,
        }
        Ok(())
    }
}

/// The names in `map`, followed by more names from index `first` on.
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
