//! Inlines functions that can be suspended, if they are called in one place.
//!
//! ```text
//!   f:                      f:
//!     a                       a
//!     call g                  local.set x   (g's parameter)
//!     b          becomes      block
//!                               the code of g, with locals of f's
//!   g(x):                     end
//!     c                       b
//!     return
//!     d
//! ```
//!
//! An optimiser does this with every function that is called in one place, since that makes the code smaller. Where
//! functions are resumed one by one it cannot: the dispatcher has each of them in its table (`instrument/flat`). So
//! this pass inlines them before. Then `f` has no test after that call, `g` has none at its beginning, and both
//! share one frame.
//!
//! The pass does not inline
//!
//! - a function whose form (fast or compact) differs from the caller's: one that hardly ever suspends would make a
//!   fast function larger;
//! - functions with identical code, which an optimiser merges;
//! - functions that catch exceptions or make tail calls, which would not be returns any more in another function.

#[cfg(test)]
mod tests;
mod writer;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use wasmparser::{FunctionBody, Operator, ValType};

use crate::analysis::{Program, SuspendPlan};
use crate::debug::Trail;
use crate::error::{Context, Result};
use crate::module::{self, Added, FunctionIndex, ModuleInfo};
use writer::{Indirect, Writer};

/// The largest size of a function after inlining: engines compile a function of megabytes badly, or not at all.
const MOST: u64 = 400 << 10;

/// The size that each function adds to its bytes: it bounds the number of functions in one.
const EACH: u64 = 4 << 10;

/// The same for each local: engines accept 50,000 in a function, and this allows half of that.
const EACH_LOCAL: u64 = MOST / 25_000;

/// The module with functions inlined; these are removed from `plan`. `program` is the program before the guards.
pub(crate) fn inline(wasm: Vec<u8>, program: &Program, plan: &mut SuspendPlan) -> Result<Vec<u8>> {
    let module = ModuleInfo::read(&wasm)?;
    let callers = find(&module, program, plan)?;
    if callers.is_empty() {
        return Ok(wasm);
    }
    let mut writer = Writer::new(&module, &callers);
    // There is no DWARF to be kept: `transform.rs`.
    let written = module::write(&module, &mut writer, Added::default(), &mut Trail::default());
    let new = written.context("cannot put functions where they are called")?;
    let now = |call: Indirect| writer.moved.get(&call).copied().unwrap_or(call);
    let mut indirect: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for (function, calls) in &plan.indirect {
        for (function, call) in calls.iter().map(|call| now((*function, *call))) {
            indirect.entry(function).or_default().insert(call);
        }
    }
    plan.indirect = indirect;
    plan.indirect_topmost = plan.indirect_topmost.iter().map(|call| now(*call)).collect();
    for function in callers.keys() {
        plan.functions.remove(function);
        plan.by_type_only.remove(function);
    }
    Ok(new)
}

/// The functions to inline, each with its caller.
fn find(
    module: &ModuleInfo<'_>,
    program: &Program,
    plan: &SuspendPlan,
) -> Result<BTreeMap<FunctionIndex, FunctionIndex>> {
    let exported: BTreeSet<_> = program.exports.iter().map(|(_, index)| *index).collect();
    let is_known_elsewhere = |function: &FunctionIndex| {
        let known = program.functions.get(*function);
        exported.contains(function) || known.is_none_or(|it| it.address_taken.is_taken())
    };
    let is_plain = |function: &FunctionIndex| {
        plan.functions.contains(function)
            && !plan.topmost.contains(function)
            && !plan.barriers.contains_key(function)
    };
    let calls = Calls::read(module)?;
    let mut codes = HashMap::new();
    for (_, body) in module.bodies() {
        *codes.entry(body.as_bytes()).or_insert(0_usize) += 1;
    }
    let mut groups = Groups::default();
    for function in plan.functions.iter().filter(|it| is_plain(it) && !is_known_elsewhere(it)) {
        let Some(Some(caller)) = calls.only.get(function).copied() else { continue };
        let Some(body) = module.body(*function) else { continue };
        let have_one_form =
            plan.by_type_only.contains(function) == plan.by_type_only.contains(&caller);
        if is_plain(&caller)
            && have_one_form
            && codes.get(body.as_bytes()) == Some(&1)
            && is_movable(module, *function, body)?
        {
            groups.add(module, *function, caller)?;
        }
    }
    Ok(groups.callers)
}

/// Whether a function's code does the same in a block of another function.
fn is_movable(
    module: &ModuleInfo<'_>,
    function: FunctionIndex,
    body: &FunctionBody<'_>,
) -> Result<bool> {
    let (ty, _) = module.signature(function)?;
    let ty = module.function_type(ty).context("a function without a type")?;
    // A local that is a reference may need another initial value than null.
    let is_number = |ty: &ValType| !ty.is_reference_type();
    if ty.results().len() > 1 || !ty.params().iter().chain(ty.results()).all(is_number) {
        return Ok(false);
    }
    for group in body.get_locals_reader()? {
        if !is_number(&group?.1) {
            return Ok(false);
        }
    }
    for operator in body.get_operators_reader()? {
        if matches!(
            operator?,
            Operator::Try { .. }
                | Operator::TryTable { .. }
                | Operator::ReturnCall { .. }
                | Operator::ReturnCallIndirect { .. }
                | Operator::ReturnCallRef { .. }
        ) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The direct callers of functions.
#[derive(Debug, Default)]
struct Calls {
    /// By function: the caller that has the only call of it. None if there are several calls, or other uses.
    only: BTreeMap<FunctionIndex, Option<FunctionIndex>>,
}

impl Calls {
    fn read(module: &ModuleInfo<'_>) -> Result<Self> {
        let mut calls = Self::default();
        for (caller, body) in module.bodies() {
            for operator in body.get_operators_reader()? {
                let (callee, caller) = match operator? {
                    Operator::Call { function_index } => (function_index, Some(caller)),
                    Operator::ReturnCall { function_index }
                    | Operator::RefFunc { function_index } => (function_index, None),
                    _ => continue,
                };
                calls
                    .only
                    .entry(FunctionIndex(callee))
                    .and_modify(|it| *it = None)
                    .or_insert(caller);
            }
        }
        if let Some(start) = module.start {
            calls.only.insert(start, None);
        }
        Ok(calls)
    }
}

/// Groups of functions that will become one.
#[derive(Debug, Default)]
struct Groups {
    callers: BTreeMap<FunctionIndex, FunctionIndex>,
    /// The size of each function that others are inlined into.
    sizes: BTreeMap<FunctionIndex, u64>,
}

impl Groups {
    /// Inlines a function into its caller, unless the caller is inlined into the function, or they are too large
    /// together.
    fn add(
        &mut self,
        module: &ModuleInfo<'_>,
        function: FunctionIndex,
        caller: FunctionIndex,
    ) -> Result<()> {
        let mut outermost = caller;
        while let Some(next) = self.callers.get(&outermost) {
            outermost = *next;
        }
        let size = self.size(module, function)? + self.size(module, outermost)?;
        if outermost != function && size <= MOST {
            self.callers.insert(function, caller);
            self.sizes.insert(outermost, size);
        }
        Ok(())
    }

    fn size(&self, module: &ModuleInfo<'_>, function: FunctionIndex) -> Result<u64> {
        if let Some(size) = self.sizes.get(&function) {
            return Ok(*size);
        }
        let body = module.body(function).context("a function without a body")?;
        let mut locals = u64::from(module.signature(function)?.1);
        for group in body.get_locals_reader()? {
            locals += u64::from(group?.0);
        }
        Ok(EACH + locals * EACH_LOCAL + body.as_bytes().len() as u64)
    }
}
