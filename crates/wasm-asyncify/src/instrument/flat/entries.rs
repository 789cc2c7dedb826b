//! Which instrumented functions can be called by what is not instrumented: there a rewind begins.
//!
//! They are not to restore themselves then, but to have the dispatcher resume what is innermost, and to
//! return what it returns in the end. Who begins a rewind by calling `start_rewind` in one function and
//! what was suspended in another is not to be known, so all count: those that are exported, those whose
//! address is taken, and those that are called by name.
//!
//! Our own switch calls both in `bysyncify_resume`, which no compiler has seen. If nobody else calls
//! `start_rewind`, a rewind begins in what that one calls.

use crate::error::Result;
use std::collections::BTreeSet;

use wasmparser::{ElementItems, ExternalKind, FunctionBody, Operator};

use crate::abi;
use crate::analysis::SuspendPlan;
use crate::module::ModuleInfo;

pub(super) fn of(module: &ModuleInfo<'_>, plan: &SuspendPlan) -> Result<BTreeSet<u32>> {
    let is_start = |function: &u32| {
        let import = module.imports.get(*function as usize);
        import.is_some_and(|it| it.module == "asyncify" && it.name == "start_rewind")
    };
    let mut called = BTreeSet::new();
    let mut from_resume = Calls::default();
    let mut begins_elsewhere = false;
    for (function, body) in module.bodies() {
        if plan.functions.contains(&function) {
            continue;
        }
        let calls = Calls::read(body)?;
        if module.function_names.get(&function) == Some(&abi::RESUME) {
            from_resume = calls;
        } else {
            begins_elsewhere |= calls.direct.iter().any(is_start);
            called.extend(calls.direct);
        }
    }
    let taken = taken(module)?;
    let mut entries = if from_resume.direct.iter().any(is_start) && !begins_elsewhere {
        let is_called = |function: &u32| {
            let own = module.signatures.get(*function as usize);
            let own = own.and_then(|ty| module.function_type(*ty));
            from_resume.types.iter().any(|ty| module.function_type(*ty) == own)
        };
        &from_resume.direct | &taken.into_iter().filter(is_called).collect()
    } else {
        let exports = module.exports.iter();
        let exports = exports.filter(|export| is_function(export.kind)).map(|export| export.index);
        called.extend(exports);
        called.extend(from_resume.direct);
        &called | &taken
    };
    entries.retain(|function| plan.functions.contains(function));
    Ok(entries)
}

fn is_function(kind: ExternalKind) -> bool {
    matches!(kind, ExternalKind::Func | ExternalKind::FuncExact)
}

/// The calls that a function makes.
#[derive(Debug, Default)]
struct Calls {
    direct: BTreeSet<u32>,
    /// The types of the indirect ones.
    types: BTreeSet<u32>,
}

impl Calls {
    fn read(body: &FunctionBody<'_>) -> Result<Self> {
        let mut calls = Self::default();
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
                _ => {}
            }
        }
        Ok(calls)
    }
}

/// The functions whose address is taken.
fn taken(module: &ModuleInfo<'_>) -> Result<BTreeSet<u32>> {
    let mut taken = BTreeSet::new();
    let mut add = |operator: Operator<'_>| {
        if let Operator::RefFunc { function_index } = operator {
            taken.insert(function_index);
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
