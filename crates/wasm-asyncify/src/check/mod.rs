//! Checks the output of [`instrument`](crate::instrument), and shares no code with it. Reads the module before
//! and after instrumentation, and proves of each instrumented function:
//!
//! - While nothing is suspended, it does what the original does: the same effects in the same order, with the
//!   same operands, along the same paths.
//! - When a call has returned because it unwinds, the function only saves its frame, if there is room for it,
//!   and returns.
//! - When it is rewound, it only pops that frame and repeats the suspended call. When that call returns, the
//!   function continues as the original does after that call.
//! - All this holds however often it is suspended, in whatever order.
//!
//! Functions may be resumed one by one. Then a function in which a rewind begins only calls the function that
//! resumes ([`beginnings`]), or pops the only frame if that is its own ([`only_frame`]).
//!
//! A function that nothing may be suspended through traps at once when its callee unwinds.
//!
//! References are kept in added tables, and each is taken back exactly once ([`references`]).
//!
//! Everything else in the module is unchanged, and the functions that start and stop unwinding and rewinding
//! follow the protocol ([`runtime`]). The proof is symbolic execution: it runs code on unknown values, and
//! expects no particular form of code. So the transform can change without a change of the checker.
//!
//! # The dataflow state
//!
//! The *places* of a function are its locals, its operands, and the contents of its frame. The dataflow state
//! covers the places of both functions together ([`classes`]). Here and in messages, `there` is the original
//! function, and `here` the instrumented one:
//!
//! ```text
//!   which hold the same       { local 1 there, local 1 here, operand 0 there, local 7 here }
//!   which hold a constant     { local 3 here } = 0
//!   how it was computed       operand 1 there = { local 1 there, … } + 602
//! ```
//!
//! A join keeps only what holds on all incoming paths: classes are split, constants and computations are dropped,
//! never the other way round. So this is a lattice of finite height, and the walk terminates.
//!
//! # How code is executed
//!
//! | what runs | here | there |
//! |---|---|---|
//! | `local.get`, constants, integer operators, branches with a known condition | each function by itself ([`machine`]) | the same |
//! | calls of functions that the transform has added | run, as part of the function | – |
//! | any other instruction | must be the same, with the same operands; then its results are the same ([`lockstep`]) | |
//! | a branch with an unknown condition | must have the same condition; both paths are followed | |
//! | a loop | must be a loop in both; paths join there | |
//! | the call of a site | the same call; then it has returned or thrown, or unwinds | |
//! | unwinding | alone ([`alone`]): loads and stores access only its frame | waits after the call |
//! | rewinding, from the beginning | alone, with the state of the frame ([`suspension`]) | waits after the call |
//!
//! The state of a suspended site covers the places of the original and of the frame, on every path on which it
//! can be suspended there. The parameters of a function that is rewound are unknown.
//!
//! # What is assumed
//!
//! The analysis chooses functions and sites; that all other calls never unwind is not checked here. No other
//! code writes to frames, `start` moves only by what this function and its callees push and pop, and addresses
//! do not wrap. The table does not change while the module is suspended. The same pure operators give the same
//! results; those on floats must be computed as often as before.

mod alone;
mod arrival;
mod beginnings;
mod classes;
mod code;
mod compare;
mod dispatcher;
mod flat;
mod kept;
mod lockstep;
mod machine;
mod meet;
mod module;
mod only_frame;
mod operands;
mod operators;
mod pair;
mod pairing;
mod protocol;
mod reading;
mod references;
mod runtime;
mod search;
mod shown;
mod suspension;
mod table;
#[cfg(test)]
mod tests;
mod throwing;
mod thrown;
mod types;
mod values;
mod walk;
mod wrong;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use wasmparser::Operator;

use crate::analysis::SuspendPlan;
use crate::error::{Failure, Result};
use crate::module::FunctionIndex;
use code::Code;
use flat::Flat;
use machine::{Added, Program};
use module::Module;
use operators::{Op, is_indirect};
use pairing::Pairing;
use walk::{Needed, Site, Walk};
pub(crate) use wrong::Wrong;

/// Proves that the instrumented module does what the original does, and is suspended as planned and resumed.
///
/// # Errors
///
/// Fails if a module cannot be read, or if the proof fails; the error says where.
pub(crate) fn check(
    original: &[u8],
    instrumented: &[u8],
    plan: &SuspendPlan,
) -> Result<(), Failure<Wrong>> {
    let (before, now) = (Module::read(original)?, Module::read(instrumented)?);
    let mut pairing = Pairing::new(&before, &now);
    let table = if plan.flat { Some(table::find(&before, &now)?) } else { None };
    let has_own_table = table.is_some_and(|table| !table.is_shared);
    let added = added(&pairing, plan, has_own_table)?;
    let callers_check = plan.flat && beginnings::callers_check(&before, plan)?;
    for (function, code) in &added.functions {
        // A function that gets no name here is not run unless an instrumented function calls it.
        for name in runtime::names(code, &added, callers_check).unwrap_or_default() {
            pairing.runtime.entry(name).or_default().push(*function);
        }
    }
    let own: BTreeSet<_> = pairing.runtime.values().flatten().copied().collect();
    let references = references::find(&before, &now, &added.functions, has_own_table)??;
    let flat = match plan.flat {
        true => {
            let arrival = if callers_check { arrival::find(&before, &added)? } else { None };
            Some(Flat::find(&before, &now, &added, arrival)?)
        }
        false => None,
    };
    let dispatcher = flat.as_ref().map(|flat| flat.dispatcher.clone()).unwrap_or_default();
    let is_run =
        |it: &u32| !own.contains(it) && !references.contains_key(it) && !dispatcher.contains(it);
    let functions = added.functions.into_iter().filter(|(it, _)| is_run(it)).collect();
    let added = Added { functions, references, ..added };
    pairing.check(plan, &added.globals, table)?;
    let beginnings = match plan.flat {
        true => beginnings::find(&before, plan)?,
        false => BTreeSet::new(),
    };
    for body in 0..before.bodies.len() {
        let function = before.imported() + body as u32;
        let is_same = pairing.is_same_body(body)?;
        let is_barrier = plan.barriers.contains_key(&FunctionIndex(function));
        let is_instrumented = plan.functions.contains(&FunctionIndex(function));
        if is_same && !is_instrumented && !is_barrier {
            continue;
        }
        let wrong = |wrong: Wrong| Wrong { function: Some(FunctionIndex(function)), ..wrong };
        if !is_instrumented && !is_barrier {
            return Err(wrong(Wrong::new("it was changed, and cannot suspend")).into());
        }
        let code = before.code(body)?;
        let here = match is_instrumented {
            true => sites_of(FunctionIndex(function), &code, plan),
            false => BTreeMap::new(),
        };
        let is_barrier = is_barrier && here.is_empty();
        if is_same && here.is_empty() && !is_barrier {
            continue;
        }
        let code_now = now.code(pairing.added() + body)?;
        let index_now = pairing.now(function).unwrap_or(function);
        let mut takes_only_frame = false;
        if let Some(flat) = &flat
            && beginnings.contains(&function)
            && !here.is_empty()
        {
            takes_only_frame =
                beginnings::check(index_now, &code_now, &added, flat).map_err(wrong)?;
        }
        let walk = Walk {
            original: Program { code: &code, added: None },
            instrumented: Program { code: &code_now, added: Some(&added) },
            sites: &here,
            function: index_now,
            flat: flat.as_ref(),
            takes_only_frame,
            is_barrier,
            is_same: &|before, now| pairing.is_same(before, now),
            known: HashMap::new(),
            suspended: BTreeMap::new(),
            pending: BTreeSet::new(),
        };
        walk.check().map_err(wrong)?;
    }
    Ok(())
}

/// Collects what was added to the module.
fn added<'a>(
    pairing: &Pairing<'a, '_>,
    plan: &SuspendPlan,
    has_own_table: bool,
) -> Result<Added<'a>> {
    let (before, now) = (pairing.original, pairing.instrumented);
    let memory64 = before.is_memory64(plan.memory.0)?;
    let functions =
        (0..pairing.added()).map(|body| Ok((now.imported() + body as u32, now.code(body)?)));
    let first_global = before.imported_globals + before.globals.len() as u32;
    let all = (now.imported_globals..).zip(&now.globals);
    let (stand_ins, all): (Vec<_>, Vec<_>) =
        all.filter(|(index, _)| *index >= first_global).partition(|(_, it)| !it.ty.mutable);
    // Each table of references has two globals.
    let tables = now.tables.len() - before.tables.len();
    let of_references = 2 * tables.saturating_sub(usize::from(has_own_table));
    // The state and `data`, and the globals of the dispatcher.
    let mut globals: Vec<_> =
        plan.imported_globals.into_iter().flat_map(|state| [state.0, state.0 + 1]).collect();
    globals.extend(all.iter().map(|(index, _)| *index));
    globals.truncate(if plan.flat { globals.len().saturating_sub(of_references) } else { 2 });
    Ok(Added {
        functions: functions.collect::<Result<_>>()?,
        references: BTreeMap::new(),
        globals,
        stand_ins: stand_ins.into_iter().map(|(index, _)| index).collect(),
        memory: plan.memory.0,
        memory64,
        reserved: match (plan.flat, memory64) {
            (false, _) => 0,
            (true, false) => 4,
            (true, true) => 8,
        },
    })
}

/// The calls in a function that can suspend, by instruction; unreachable ones are left out.
fn sites_of(function: FunctionIndex, code: &Code<'_>, plan: &SuspendPlan) -> BTreeMap<usize, Site> {
    let mut found = BTreeMap::new();
    for (at, step) in code.steps.iter().enumerate() {
        if matches!(step.op, Op::Never) {
            continue;
        }
        let needed = match step.operator {
            Operator::Call { function_index } | Operator::ReturnCall { function_index } => {
                if plan.functions.contains(&FunctionIndex(function_index)) {
                    Some(Needed::Nothing)
                } else {
                    plan.topmost.contains(&FunctionIndex(function_index)).then_some(Needed::All)
                }
            }
            ref operator if is_indirect(operator) => {
                let number = code.indirect[&at];
                let is_site = plan.indirect.get(&function).is_some_and(|it| it.contains(&number));
                let is_top = plan.indirect_topmost.contains(&(function, number));
                is_site.then_some(if is_top { Needed::All } else { Needed::Callee })
            }
            _ => None,
        };
        if let Some(needed) = needed {
            let number = found.len();
            found.insert(at, Site { number, needed });
        }
    }
    found
}
