//! Finds the calls that are made while an exception propagates.

use std::collections::{BTreeMap, BTreeSet};

use wasmparser::{FunctionBody, Operator};

use crate::abi;
use crate::analysis::{Program, SuspendPlan};
use crate::error::{Context, Result};
use crate::instrument::{calls_with_exceptions, is_call, is_indirect};
use crate::module::{FunctionIndex, ModuleInfo};

/// The calls that are made while an exception propagates: by function, and by their numbers among its calls.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cleanups(BTreeMap<FunctionIndex, BTreeSet<usize>>);

impl Cleanups {
    /// Finds such calls in the functions to instrument: other functions cannot wait. Calls of functions that neither
    /// suspend nor ask whether they could are left out.
    pub(crate) fn find(
        module: &ModuleInfo<'_>,
        program: &Program,
        plan: &SuspendPlan,
    ) -> Result<Self> {
        let has_name = |name| {
            program.functions.values().any(|function| function.name.as_deref() == Some(name))
        };
        if !has_name(abi::RESUME) {
            // The module has a switch of its own, which the guards do not know.
            return Ok(Self::default());
        }
        let asking = asking(program);
        let matters = |callee: &FunctionIndex| {
            plan.functions.contains(callee)
                || plan.topmost.contains(callee)
                || asking.contains(callee)
        };
        let mut found = calls_with_exceptions(module.bytes, &plan.functions)?;
        for (index, body) in module.bodies() {
            if plan.functions.contains(&index) {
                let calls = found.entry(index).or_default();
                calls.extend(in_legacy_handlers(body)?);
                retain(calls, body, matters)?;
            }
        }
        found.retain(|_, calls| !calls.is_empty());
        Ok(Self(found))
    }

    /// The functions that make such calls.
    pub(crate) fn functions(&self) -> impl Iterator<Item = FunctionIndex> {
        self.0.keys().copied()
    }

    /// Whether a call of a function is one of these.
    pub(crate) fn contains(&self, function: FunctionIndex, call: usize) -> bool {
        self.0.get(&function).is_some_and(|calls| calls.contains(&call))
    }

    /// Updates the plan: these calls go through functions that are not instrumented, so none of them can suspend. The
    /// other indirect calls get other numbers.
    pub(crate) fn leave_out(&self, module: &ModuleInfo<'_>, plan: &mut SuspendPlan) -> Result<()> {
        for function in self.functions() {
            let body = module.body(function).context("a function without a body")?;
            self.renumber(function, body, plan)?;
        }
        Ok(())
    }

    fn renumber(
        &self,
        function: FunctionIndex,
        body: &FunctionBody<'_>,
        plan: &mut SuspendPlan,
    ) -> Result<()> {
        let (mut calls, mut before, mut after) = (0, 0, 0);
        let mut numbers = BTreeMap::new();
        let mut operators = body.get_operators_reader()?;
        while !operators.eof() {
            let operator = operators.read()?;
            if is_indirect(&operator) {
                if !self.contains(function, calls) {
                    numbers.insert(before, after);
                    after += 1;
                }
                before += 1;
            }
            calls += usize::from(is_call(&operator));
        }
        let new = |number: &u32| numbers.get(number).copied();
        if let Some(indirect) = plan.indirect.get_mut(&function) {
            *indirect = indirect.iter().filter_map(new).collect();
        }
        let (own, mut others): (BTreeSet<_>, BTreeSet<_>) =
            plan.indirect_topmost.iter().copied().partition(|(of, _)| *of == function);
        others.extend(own.iter().filter_map(|(of, number)| Some((*of, new(number)?))));
        plan.indirect_topmost = others;
        Ok(())
    }
}

/// The functions that read which coroutine is current, directly or through calls.
fn asking(program: &Program) -> BTreeSet<FunctionIndex> {
    let functions = || program.functions.iter();
    let mut asking: BTreeSet<FunctionIndex> = functions()
        .filter(|(_, function)| function.name.as_deref() == Some(abi::CURRENT))
        .map(|(index, _)| index)
        .collect();
    loop {
        let before = asking.len();
        let more = functions().filter(|(_, function)| !function.calls.direct.is_disjoint(&asking));
        let more: Vec<_> = more.map(|(index, _)| index).collect();
        asking.extend(more);
        if asking.len() == before {
            return asking;
        }
    }
}

/// Keeps the calls that are indirect, or that call a function that matters.
fn retain(
    calls: &mut BTreeSet<usize>,
    body: &FunctionBody<'_>,
    matters: impl Fn(&FunctionIndex) -> bool,
) -> Result<()> {
    let mut number = 0;
    let mut operators = body.get_operators_reader()?;
    while !operators.eof() && !calls.is_empty() {
        let operator = operators.read()?;
        if let Operator::Call { function_index } | Operator::ReturnCall { function_index } =
            operator
            && !matters(&FunctionIndex(function_index))
        {
            calls.remove(&number);
        }
        number += usize::from(is_call(&operator));
    }
    Ok(())
}

/// A control structure, while its function is read.
#[derive(Default)]
struct Open {
    handler: Option<Handler>,
    /// The outer handlers whose exception it rethrows, by their indices among the open structures.
    thrown_on: BTreeSet<usize>,
}

/// The kind of handler of a `try` that is being read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Handler {
    OfTag,
    OfAll,
}

/// The calls in `catch_all` handlers. LLVM emits such handlers for destructors, which run because of an exception
/// and let it propagate.
///
/// If the handler rethrows the exception in a `try` of its own, the exception may be caught there. From then on it
/// does not propagate; that code stays in the handler, and cannot be suspended.
fn in_legacy_handlers(body: &FunctionBody<'_>) -> Result<BTreeSet<usize>> {
    let mut open = vec![Open::default()];
    let mut found = BTreeSet::new();
    let mut calls = 0;
    let mut operators = body.get_operators_reader()?;
    while !operators.eof() {
        let operator = operators.read()?;
        match operator {
            Operator::Block { .. }
            | Operator::Loop { .. }
            | Operator::If { .. }
            | Operator::Try { .. }
            | Operator::TryTable { .. } => open.push(Open::default()),
            Operator::Catch { .. } | Operator::CatchAll => {
                let is_of_all = matches!(operator, Operator::CatchAll);
                if let Some(innermost) = open.last_mut() {
                    innermost.handler =
                        Some(if is_of_all { Handler::OfAll } else { Handler::OfTag });
                }
            }
            Operator::Rethrow { relative_depth } => {
                let thrown = open.len().saturating_sub(1 + relative_depth as usize);
                let inside = open.iter_mut().skip(thrown + 1);
                for structure in inside.filter(|structure| structure.handler.is_none()) {
                    structure.thrown_on.insert(thrown);
                }
            }
            Operator::End | Operator::Delegate { .. } => {
                open.pop();
            }
            _ if is_call(&operator) => {
                if is_in_cleanup(&open) {
                    found.insert(calls);
                }
                calls += 1;
            }
            _ => {}
        }
    }
    Ok(found)
}

/// Whether an exception that was caught in one of these still propagates.
fn is_in_cleanup(open: &[Open]) -> bool {
    open.iter().enumerate().any(|(at, structure)| {
        let was_caught = open
            .iter()
            .skip(at + 1)
            .any(|inner| inner.handler == Some(Handler::OfTag) && inner.thrown_on.contains(&at));
        structure.handler == Some(Handler::OfAll) && !was_caught
    })
}
