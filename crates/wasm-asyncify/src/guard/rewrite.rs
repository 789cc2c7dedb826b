//! Rewrites the module.

use core::convert::Infallible;
use core::mem;

use wasm_encoder::reencode::{Error, Reencode, utils};
use wasm_encoder::{
    ConstExpr, FuncType, Function, GlobalSection, GlobalType, Instruction, ValType,
};
use wasmparser::{ExternalKind, FunctionBody, Operator};

use super::Guards;
use super::checks::{Callee, FunctionChecks};
use super::info::GuardInfo;
use super::plan::Plan;
use crate::abi;
use crate::debug::{Recorder, Trail};
use crate::error::Result;
use crate::instrument::is_call;
use crate::module::{
    self, Added, AddedGlobal, AddedType, FunctionIndex, GlobalIndex, LocalIndex, Locals, Rewrite,
};

/// The rewriter of a module.
struct Rewriter<'a> {
    info: &'a GuardInfo<'a>,
    guards: &'a Guards<'a>,
    plan: Plan,
}

/// The module with the changes of the plan.
pub(super) fn rewrite(
    info: &GuardInfo<'_>,
    guards: &Guards<'_>,
    mut plan: Plan,
    trail: &mut Trail,
) -> Result<Vec<u8>> {
    let added = additions(&mut plan);
    let mut rewriter = Rewriter { info, guards, plan };
    Ok(module::write(info.module, &mut rewriter, added, trail)?)
}

/// What the plan adds. The contents of data segments are not known yet.
fn additions(plan: &mut Plan) -> Added {
    let checks = plan.checks.as_ref();
    let types = checks.map(|checks| checks.types(&plan.writer)).unwrap_or_default();
    let types = types.into_iter().map(|parameters| (parameters, Vec::new()));
    let types = types.chain(mem::take(&mut plan.shields.types));
    let globals = plan.globals.iter().map(|(name, val_type)| {
        let value = match val_type {
            ValType::I64 => ConstExpr::i64_const(0),
            _ => ConstExpr::i32_const(0),
        };
        let ty = GlobalType { val_type: *val_type, mutable: true, shared: false };
        AddedGlobal { name: (*name).to_owned(), ty, value }
    });
    let segments = checks.iter().filter(|checks| checks.texts.is_some()).count()
        + usize::from(plan.symbols.is_some());
    Added {
        types: types
            .map(|(parameters, results)| AddedType::Function(FuncType::new(parameters, results)))
            .collect(),
        functions: mem::take(&mut plan.functions),
        globals: globals.collect(),
        data: vec![Vec::new(); segments],
        ..Added::default()
    }
}

impl Rewriter<'_> {
    /// Rewrites a function's code.
    fn rewrite(
        &mut self,
        function: FunctionIndex,
        parsed: &FunctionBody<'_>,
        spare_local: Option<LocalIndex>,
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
    ) -> Result<(Function, Option<LocalIndex>), Error> {
        let (_, parameters) = self.info.module.signature(function).unwrap_or_default();
        let mut locals = Locals::read(self, parameters, parsed)?;
        let stack = self.plan.checks.as_ref().and_then(|all| all.stack.as_ref());
        let is_needed = stack.is_some_and(|stack| stack.needs_local(function));
        let spare = is_needed.then(|| locals.add(self.plan.writer.address()));
        Ok((locals.function(), spare))
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

    /// Keeps indices in exports, since the host calls the functions themselves, and in names.
    fn external_index(&mut self, _: ExternalKind, index: u32) -> Result<u32, Error> {
        Ok(index)
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
}

impl Rewrite for Rewriter<'_> {
    fn body(
        &mut self,
        function: FunctionIndex,
        parsed: &FunctionBody<'_>,
        moved: &mut Recorder,
    ) -> Result<Option<Function>, Error> {
        if let Some(checks) = &self.plan.checks
            && checks.set_reporter == function
        {
            return Ok(Some(self.plan.writer.set_reporter(checks.globals)));
        }
        if self.info.function(abi::WHY_OUTSIDE) == Some(function) {
            return Ok(Some(self.plan.writer.why_outside()));
        }
        if let Some(symbols) = self.plan.symbols
            && symbols.function == function
        {
            return Ok(Some(self.plan.writer.symbols(symbols.segment)));
        }
        let (mut body, spare_local) = self.function_with_locals(function, parsed)?;
        self.rewrite(function, parsed, spare_local, &mut body, moved)?;
        Ok(Some(body))
    }

    /// The texts of messages come first. The contents of the other segment are not known yet.
    fn fill(&mut self, data: &mut [Vec<u8>]) {
        let texts = self.plan.checks.as_mut().and_then(|checks| checks.texts.as_mut());
        if let (Some(texts), Some(first)) = (texts, data.first_mut()) {
            *first = mem::take(&mut texts.bytes);
        }
    }
}
