//! Finds the instrumented functions that uninstrumented code can call: a rewind begins in these.
//!
//! Then such a function must not restore itself. It calls the dispatcher, which resumes the innermost function, and
//! returns the dispatcher's result. Code may call `start_rewind` in one function, and what was suspended in another,
//! so it is not known in which functions rewinds begin. All functions count that are exported, that have their
//! address taken, or that uninstrumented code calls directly.
//!
//! Our own switch does both in `bysyncify_resume`, which no compiler has seen. If no other function calls
//! `start_rewind`, rewinds begin in the callees of `bysyncify_resume`.
//!
//! Before each call of one of the four functions, our own switch also compares `start` with `end`: see
//! [`Entries::callers_check`].

use crate::error::Result;
use std::collections::BTreeSet;

use wasmparser::{ElementItems, ExternalKind, FunctionBody, Operator};

use crate::abi;
use crate::analysis::SuspendPlan;
use crate::instrument::runtime::REPLACED;
use crate::module::{FunctionIndex, ModuleInfo, TypeIndex};

/// The functions in which rewinds begin, and whether only our own switch begins them.
#[derive(Debug)]
pub(super) struct Entries {
    pub(super) functions: BTreeSet<FunctionIndex>,
    /// Whether only the functions of our own switch call those that replace the imports. Then `start` has not passed
    /// `end` whenever one is called, and a word before `end` is free when an unwind begins. In `build/switch.wat`:
    ///
    /// - `start_unwind`: `bysyncify_suspend` has found that the reserve is free between `start` and the stack
    ///   pointer, and sets `end` to that. The reserve is more than a word.
    /// - `stop_unwind`: `bysyncify_resume` has compared the two just before. Where they are wrong, it and
    ///   `bysyncify_outside` set `end` to `start` first.
    /// - `start_rewind`: the coroutine is suspended, so `bysyncify_resume` has compared them, or they were set
    ///   equal as above.
    /// - `stop_rewind`: a rewind only lowers `start`.
    pub(super) callers_check: bool,
}

/// The functions of our switch that call those that replace the imports.
const CALLERS: [&str; 3] = [abi::RESUME, abi::SUSPEND, abi::OUTSIDE];

pub(super) fn of(module: &ModuleInfo<'_>, plan: &SuspendPlan) -> Result<Entries> {
    let replaced = |function: FunctionIndex| {
        let import = module.imports.get(function).filter(|it| it.module == "asyncify");
        import.map(|it| it.name).filter(|name| REPLACED.contains(name))
    };
    let is_start = |function: &FunctionIndex| replaced(*function) == Some("start_rewind");
    let is_replaced = |function: &FunctionIndex| replaced(*function).is_some();
    let mut others_call = plan.for_host || plan.imported_globals.is_some() || plan.exports_globals;
    let mut called = BTreeSet::new();
    let mut from_resume = Calls::default();
    let mut begins_elsewhere = false;
    for (function, body) in module.bodies() {
        let calls = Calls::read(body)?;
        let name = module.function_names.get(&function);
        let is_of_switch = name.is_some_and(|name| CALLERS.contains(name));
        others_call |= !is_of_switch && calls.direct.iter().any(is_replaced);
        if plan.functions.contains(&function) {
            continue;
        }
        if name == Some(&abi::RESUME) {
            from_resume = calls;
        } else {
            begins_elsewhere |= calls.direct.iter().any(is_start);
            called.extend(calls.direct);
        }
    }
    let taken = taken(module)?;
    others_call |= taken.iter().any(is_replaced);
    let has_switch = from_resume.direct.iter().any(is_start);
    let mut entries = if has_switch && !begins_elsewhere {
        let is_called = |function: &FunctionIndex| {
            let own = module.signatures.get(*function);
            let own = own.and_then(|ty| module.function_type(*ty));
            from_resume.types.iter().any(|ty| module.function_type(*ty) == own)
        };
        &from_resume.direct | &taken.into_iter().filter(is_called).collect()
    } else {
        let exports = module.exports.iter();
        let exports = exports
            .filter(|export| is_function(export.kind))
            .map(|export| FunctionIndex(export.index));
        called.extend(exports);
        called.extend(from_resume.direct);
        &called | &taken
    };
    entries.retain(|function| plan.functions.contains(function));
    others_call |= module
        .exports
        .iter()
        .any(|it| is_function(it.kind) && is_replaced(&FunctionIndex(it.index)));
    Ok(Entries { functions: entries, callers_check: has_switch && !others_call })
}

fn is_function(kind: ExternalKind) -> bool {
    matches!(kind, ExternalKind::Func | ExternalKind::FuncExact)
}

/// The calls that a function makes.
#[derive(Debug, Default)]
struct Calls {
    direct: BTreeSet<FunctionIndex>,
    /// The types of the indirect calls.
    types: BTreeSet<TypeIndex>,
}

impl Calls {
    fn read(body: &FunctionBody<'_>) -> Result<Self> {
        let mut calls = Self::default();
        for operator in body.get_operators_reader()? {
            match operator? {
                Operator::Call { function_index } | Operator::ReturnCall { function_index } => {
                    calls.direct.insert(FunctionIndex(function_index));
                }
                Operator::CallIndirect { type_index, .. }
                | Operator::ReturnCallIndirect { type_index, .. }
                | Operator::CallRef { type_index }
                | Operator::ReturnCallRef { type_index } => {
                    calls.types.insert(TypeIndex(type_index));
                }
                _ => {}
            }
        }
        Ok(calls)
    }
}

/// The functions whose address is taken.
fn taken(module: &ModuleInfo<'_>) -> Result<BTreeSet<FunctionIndex>> {
    let mut taken = BTreeSet::new();
    let mut add = |operator: Operator<'_>| {
        if let Operator::RefFunc { function_index } = operator {
            taken.insert(FunctionIndex(function_index));
        }
    };
    for value in module.global_values.iter().chain(&module.table_values) {
        for operator in value.get_operators_reader() {
            add(operator?);
        }
    }
    for (_, body) in module.bodies() {
        for operator in body.get_operators_reader()? {
            add(operator?);
        }
    }
    for element in &module.elements {
        match &element.items {
            ElementItems::Functions(functions) => {
                for function in functions.clone() {
                    add(Operator::RefFunc { function_index: function? });
                }
            }
            ElementItems::Expressions(_, values) => {
                for value in values.clone() {
                    for operator in value?.get_operators_reader() {
                        add(operator?);
                    }
                }
            }
        }
    }
    Ok(taken)
}
