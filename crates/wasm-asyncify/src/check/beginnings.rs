//! Where functions are resumed one by one: finds the functions in which a rewind can begin, and proves that
//! each of them calls the dispatcher and returns its result.
//!
//! A rewind can begin in functions that uninstrumented code calls: in its direct callees, in exported
//! functions, and in those whose address is taken. If only our own switch starts rewinds, a rewind can begin
//! only in callees of the switch, because `bysyncify_resume` calls the function before it returns.

use std::collections::BTreeSet;

use wasmparser::{ElementItems, ExternalKind, FunctionBody, Operator};

use super::alone::{self, Memory};
use super::code::Code;
use super::flat::Flat;
use super::machine::{Activation, Added, Machine, Program};
use super::module::Module;
use super::operators::Op;
use super::search::Search;
use super::values::{Constant, Operand, Values};
use super::wrong::Wrong;
use crate::abi;
use crate::analysis::SuspendPlan;
use crate::error::Failure;
use crate::module::FunctionIndex;

/// The calls in a function.
#[derive(Default)]
struct Calls {
    direct: BTreeSet<u32>,
    types: BTreeSet<u32>,
}

/// The functions in which a rewind can begin, if they are instrumented.
pub(super) fn find(
    before: &Module<'_>,
    plan: &SuspendPlan,
) -> Result<BTreeSet<u32>, Failure<Wrong>> {
    let starts = |calls: &Calls| {
        calls.direct.iter().any(|it| before.runtime_import(*it) == Some("start_rewind"))
    };
    let (mut all, mut starts_elsewhere) = (Calls::default(), false);
    let mut of_switch = None;
    let mut taken = BTreeSet::new();
    for (index, (_, body)) in (before.imported()..).zip(&before.bodies) {
        let calls = calls(body, &mut taken)?;
        if before.function_names.get(&index) == Some(&abi::RESUME) {
            of_switch = Some(calls);
        } else if !plan.functions.contains(&FunctionIndex(index)) {
            starts_elsewhere |= starts(&calls);
            all.direct.extend(calls.direct);
        }
    }
    add_taken(before, &mut taken)?;
    if let Some(of_switch) = of_switch {
        if starts(&of_switch) && !starts_elsewhere {
            let types: Vec<_> =
                of_switch.types.iter().filter_map(|ty| before.function_type(*ty)).collect();
            taken.retain(|it| {
                let own = it.checked_sub(before.imported());
                let own = own.and_then(|it| before.functions.get(it as usize));
                own.and_then(|it| before.function_type(*it)).is_some_and(|it| types.contains(&it))
            });
            return Ok(&of_switch.direct | &taken);
        }
        all.direct.extend(of_switch.direct);
    }
    let is_function = |kind| matches!(kind, ExternalKind::Func | ExternalKind::FuncExact);
    let exports = before.exports.iter().filter(|export| is_function(export.kind));
    all.direct.extend(exports.map(|export| export.index));
    all.direct.extend(taken);
    Ok(all.direct)
}

/// Whether only our switch can call the functions that replace the imports. The switch ensures that `start` has
/// not passed `end`, and that a word before `end` is free when an unwind begins.
pub(super) fn callers_check(
    before: &Module<'_>,
    plan: &SuspendPlan,
) -> Result<bool, Failure<Wrong>> {
    let is_import = |function: &u32| before.runtime_import(*function).is_some();
    let mut is_only_called = true;
    let mut has_switch = false;
    let mut taken = BTreeSet::new();
    for (index, (_, body)) in (before.imported()..).zip(&before.bodies) {
        let calls_it = calls(body, &mut taken)?.direct.iter().any(is_import);
        match before.function_names.get(&index).copied() {
            Some(abi::RESUME) => has_switch |= calls_it,
            Some(abi::SUSPEND | abi::OUTSIDE) => {}
            _ => is_only_called &= !calls_it,
        }
    }
    add_taken(before, &mut taken)?;
    let is_function = |kind| matches!(kind, ExternalKind::Func | ExternalKind::FuncExact);
    let exports = before.exports.iter().filter(|export| is_function(export.kind));
    taken.extend(exports.map(|export| export.index));
    let is_shared = plan.for_host || plan.exports_globals || plan.imported_globals.is_some();
    Ok(has_switch && is_only_called && !is_shared && !taken.iter().any(is_import))
}

/// The calls in a function. Functions whose address it takes are added to `taken`.
fn calls(body: &FunctionBody<'_>, taken: &mut BTreeSet<u32>) -> Result<Calls, Failure<Wrong>> {
    let mut calls = Calls::default();
    for operator in body.get_operators_reader()? {
        match operator? {
            Operator::Call { function_index } | Operator::ReturnCall { function_index } => {
                calls.direct.insert(function_index);
            }
            Operator::CallIndirect { type_index, .. }
            | Operator::ReturnCallIndirect { type_index, .. }
            | Operator::CallRef { type_index }
            | Operator::ReturnCallRef { type_index } => {
                calls.types.insert(type_index);
            }
            Operator::RefFunc { function_index } => {
                taken.insert(function_index);
            }
            _ => {}
        }
    }
    Ok(calls)
}

/// Adds the functions whose address is taken outside of code.
fn add_taken(module: &Module<'_>, taken: &mut BTreeSet<u32>) -> Result<(), Failure<Wrong>> {
    let mut values: Vec<_> = module.globals.iter().map(|it| it.init_expr.clone()).collect();
    values.extend(module.tables.iter().filter_map(|table| match &table.init {
        wasmparser::TableInit::Expr(value) => Some(value.clone()),
        wasmparser::TableInit::RefNull => None,
    }));
    for element in &module.elements {
        match &element.items {
            ElementItems::Functions(functions) => {
                for function in functions.clone() {
                    taken.insert(function?);
                }
            }
            ElementItems::Expressions(_, items) => {
                for item in items.clone() {
                    values.push(item?);
                }
            }
        }
    }
    for value in values {
        for operator in Module::operators(&value)? {
            if let Operator::RefFunc { function_index } = operator {
                taken.insert(function_index);
            }
        }
    }
    Ok(())
}

/// Checks that a function, when a rewind begins in it, only calls a function that resumes, and returns its
/// results; unless the only frame is its own. Returns whether it does something else then.
pub(super) fn check(
    function: u32,
    code: &Code<'_>,
    added: &Added<'_>,
    flat: &Flat,
) -> Result<bool, Wrong> {
    let wrong = || Wrong::new("a rewind that begins in it does not resume what is suspended");
    let mut values = Values::default();
    let parameters = values.unknowns(code.parameters);
    let mut globals = values.unknowns(added.globals.len());
    globals[0] = values.constant(Constant::I32(2));
    let data = globals[1];
    let own = flat.frame_of(function);
    let function = Activation::begin(code, parameters, &mut values);
    let machine = Machine { function, globals, ..Machine::default() };
    let memory = Memory::at_beginning(data, flat, own, added.reserved, &mut values);
    let before = memory.clone();
    let program = Program { code, added: Some(added) };
    let ended = alone::run(machine, memory, &program, &mut values).map_err(|_| wrong())?;
    let (own, others): (Vec<_>, Vec<_>) = ended
        .into_iter()
        .partition(|(_, memory)| memory.search.as_ref().is_some_and(Search::is_sure));
    for (mut machine, memory) in others {
        let step = &code.steps[machine.function.at];
        let resumes = matches!(step.op, Op::Call(function) if flat.resumes.contains(&function));
        let is_same = memory.is_as_it_was(&before) && machine.globals[1] == data;
        if !resumes || !machine.inner.is_empty() || !is_same {
            return Err(wrong());
        }
        let results = values.unknowns(step.results);
        machine.function.stack = results.iter().map(|it| Operand::from(*it)).collect();
        machine.function.at += 1;
        machine.run(&program, &mut values)?;
        let returns = matches!(code.steps[machine.function.at].op, Op::Return);
        if !returns || machine.function.take(code.labels[0].arity)? != results {
            return Err(wrong());
        }
    }
    Ok(!own.is_empty())
}
