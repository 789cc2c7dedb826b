//! Decides what the guards add to a module.

use std::collections::BTreeMap;

use wasm_encoder::{Function, ValType};

use super::Guards;
use super::checks::Checks;
use super::code::{CheckGlobals, Globals, Writer};
use super::info::{GuardInfo, is_host};
use super::shields::Shields;
use crate::abi;
use crate::error::{Context, Result};
use crate::module::{AddedFunction, DataIndex, FunctionIndex, GlobalIndex, TypeIndex};

/// The additions, and where they are used.
pub(super) struct Plan {
    pub(super) writer: Writer,
    /// The new globals, names and types, which follow the module's own. All are initialised to 0.
    pub(super) globals: Vec<(&'static str, ValType)>,
    /// The new functions, which follow the module's own.
    pub(super) functions: Vec<AddedFunction>,
    /// By function: the function that is called instead.
    pub(super) instead: BTreeMap<FunctionIndex, FunctionIndex>,
    pub(super) checks: Option<Checks>,
    pub(super) shields: Shields,
    pub(super) symbols: Option<Symbols>,
}

/// The function that copies what is known about frames, and the index of the data segment with that.
#[derive(Clone, Copy, Debug)]
pub(super) struct Symbols {
    pub(super) function: FunctionIndex,
    pub(super) segment: DataIndex,
}

impl Plan {
    /// The plan; `None` if there is nothing to guard.
    pub(super) fn new(info: &GuardInfo<'_>, guards: &Guards<'_>) -> Result<Option<Self>> {
        let Some(resume) = info.function(abi::RESUME) else { return Ok(None) };
        let outside = info.function(abi::OUTSIDE);
        let added = |number| GlobalIndex(info.module.globals + number);
        let (host_stack, why_outside) = (added(0), added(1));
        let is_watched = guards.checks || guards.assumed.is_some();
        let has_rewrites = guards.rewrites.is_some_and(|rewrites| !rewrites.is_empty());
        let has_checks = is_watched || guards.on_stack.is_some() || has_rewrites;
        let checks = has_checks.then_some(CheckGlobals {
            reporter: added(2),
            unwinding: is_watched.then_some(added(3)),
            callee: guards.assumed.map(|_| added(4)),
        });
        let writer = Writer {
            memory64: info.module.memory64(),
            globals: Globals {
                stack_pointer: info.global("__stack_pointer")?,
                current_core: info.global(abi::CURRENT_CORE)?,
                host_stack,
                why_outside,
                limit: info.optional_global(abi::STACK_LIMIT),
            },
            exceptions: info.exceptions,
        };
        let mut globals = vec![
            ("bysyncify guard: host stack", writer.address()),
            ("bysyncify guard: why outside", writer.address()),
        ];
        if checks.is_some() {
            globals.push(("bysyncify guard: reporter", writer.address()));
        }
        if is_watched {
            globals.push(("bysyncify guard: unwinding", ValType::I32));
        }
        if guards.assumed.is_some() {
            globals.push(("bysyncify guard: callee", writer.address()));
        }
        let mut plan = Self {
            writer,
            globals,
            functions: Vec::new(),
            instead: BTreeMap::new(),
            checks: None,
            shields: Shields::default(),
            symbols: None,
        };
        plan.replace(info, resume, |callee, _| writer.resume(callee))?;
        if let Some(outside) = outside {
            plan.replace(info, outside, |callee, _| writer.outside(callee))?;
        }
        for (index, import) in info.module.imports.iter() {
            if is_host(import) && !guards.suspends.contains(&index) {
                plan.replace(info, index, |callee, count| writer.host(callee, count))?;
            }
        }
        if writer.catches() {
            for &index in guards.panics {
                plan.replace(info, index, |callee, count| writer.panic(callee, count))?;
            }
        }
        for &index in guards.initialisers {
            plan.replace(info, index, |callee, count| writer.initialiser(callee, count))?;
        }
        for index in info.future_imports()? {
            plan.replace(info, index, |callee, count| writer.future_host(callee, count))?;
        }
        if let Some(globals) = checks {
            let outside = outside.context("it has no `bysyncify_outside`")?;
            plan.add_checks(info, guards, globals, outside)?;
        }
        if guards.symbols && info.has_bulk_memory {
            let has_texts = plan.checks.as_ref().is_some_and(|checks| checks.texts.is_some());
            let segment = info.module.data.len() + usize::from(has_texts);
            let segment = DataIndex(segment.try_into()?);
            let function = info.function(abi::SYMBOLS);
            plan.symbols = function.map(|function| Symbols { function, segment });
        }
        if let Some(cleanups) = guards.cleanups {
            let types = plan.checks.as_ref().map_or(0, |checks| checks.types(&plan.writer).len());
            let first = plan.next(info);
            let first_type = TypeIndex((info.module.types.len() + types) as u32);
            plan.shields = Shields::new(info, cleanups, &plan.writer, first, first_type)?;
            plan.functions.append(&mut plan.shields.functions);
        }
        Ok(Some(plan))
    }

    /// Adds a function that is called instead of `callee`. `write` gets `callee` and the number of its parameters.
    fn replace(
        &mut self,
        info: &GuardInfo<'_>,
        callee: FunctionIndex,
        write: impl Fn(FunctionIndex, u32) -> Function,
    ) -> Result<()> {
        let (ty, parameters) = info.module.signature(callee)?;
        let name = format!("bysyncify guard: {}", info.module.shown(callee));
        self.instead.insert(callee, self.next(info));
        self.functions.push(AddedFunction { name, ty, code: write(callee, parameters) });
        Ok(())
    }

    /// The index of the next function to add.
    fn next(&self, info: &GuardInfo<'_>) -> FunctionIndex {
        FunctionIndex((info.module.signatures.len() + self.functions.len()) as u32)
    }

    fn add_checks(
        &mut self,
        info: &GuardInfo<'_>,
        guards: &Guards<'_>,
        globals: CheckGlobals,
        outside: FunctionIndex,
    ) -> Result<()> {
        // `rewrite` adds this type. All of the functions below have it, but one.
        let ty = TypeIndex(info.module.types.len() as u32);
        let name = |what| format!("bysyncify guard: {what}");
        let report = self.next(info);
        let passed = report.next();
        let suspended = report.plus(if guards.on_stack.is_some() { 3 } else { 1 });
        let indices = [report, passed, suspended];
        let checks = Checks::new(info, guards, globals, &self.writer, indices)?;
        let texts = checks.texts.as_ref().map(|texts| texts.segment);
        let code = self.writer.report(globals, outside, texts);
        self.functions.push(AddedFunction { name: name("report"), ty, code });
        if let (Some(_), Some(limit)) = (&checks.stack, self.writer.globals.limit) {
            let parameters = checks.report_type(&self.writer).len().try_into()?;
            let code = self.writer.passed(limit, parameters, report);
            self.functions.push(AddedFunction { name: name("stack limit passed"), ty, code });
            let code = self.writer.was_passed(limit, parameters - 1, report);
            self.functions.push(AddedFunction {
                name: name("stack limit was passed"),
                ty: ty.plus(1),
                code,
            });
        }
        if let Some(callee) = globals.callee {
            let parameters = checks.report_type(&self.writer).len().try_into()?;
            let code = self.writer.suspended(callee, parameters, report);
            self.functions.push(AddedFunction { name: name("assumption was wrong"), ty, code });
        }
        self.checks = Some(checks);
        Ok(())
    }
}
