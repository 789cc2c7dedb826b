//! Checks the copy of `bysyncify_suspend` that is called where a rewind ends (`instrument/flat/arrival.rs`): it
//! must do what `bysyncify_suspend` does in the phase *rewinding*, with the same instructions.
//!
//! Such a copy is accepted only if our own switch alone begins rewinds. Then the coroutine is in that phase
//! when the call is repeated, and no other part of the function runs: neither that without a current coroutine,
//! nor that which begins an unwind. Where the call is executed for the first time, the copy counts as a
//! different callee, and is refused.

use wasmparser::Operator;

use super::machine::Added;
use super::module::Module;
use super::operators::is_call;
use super::shown::without_tail;
use crate::abi;
use crate::error::Result;

/// The original function and its copy.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arrival {
    /// Its index in the original module.
    suspend: u32,
    /// Its index in the instrumented module.
    pub(super) arrive: u32,
}

/// Finds the copy, if there is one.
pub(super) fn find(before: &Module<'_>, added: &Added<'_>) -> Result<Option<Arrival>> {
    let mut names = before.function_names.iter();
    let Some((&suspend, _)) = names.find(|(_, name)| **name == abi::SUSPEND) else {
        return Ok(None);
    };
    let body = suspend.checked_sub(before.imported()).and_then(|it| before.bodies.get(it as usize));
    let Some((_, body)) = body else { return Ok(None) };
    let operators = body.get_operators_reader()?.into_iter().collect::<Result<Vec<_>, _>>()?;
    let Some(expected) = in_rewind(before, added, &operators) else { return Ok(None) };
    let mut functions = added.functions.iter();
    let found = functions.find(|(_, code)| {
        code.parameters == 1
            && code.zeroes.len() == 1
            && code.steps.iter().map(|step| &step.operator).eq(&expected)
    });
    Ok(found.map(|(&arrive, _)| Arrival { suspend, arrive }))
}

/// The instructions that run in the phase *rewinding*: those that find the core, and the body of the second of
/// the two `if`s at the beginning. The call that ends the rewind becomes a write of the state.
fn in_rewind<'a>(
    before: &Module<'_>,
    added: &Added<'_>,
    operators: &[Operator<'a>],
) -> Option<Vec<Operator<'a>>> {
    let core = |at: usize| matches!(operators.get(at), Some(Operator::LocalGet { local_index: 1 }));
    let is_if = |at: usize| matches!(operators.get(at), Some(Operator::If { .. }));
    let finds = matches!(operators.first()?, Operator::GlobalGet { .. })
        && matches!(operators.get(1)?, Operator::LocalSet { local_index: 1 });
    // Without a core it returns.
    let is_null = matches!(operators.get(3)?, Operator::I32Eqz | Operator::I64Eqz);
    let returns =
        matches!(operators.get(6)?, Operator::Return) && matches!(operators.get(7)?, Operator::End);
    let looks = matches!(operators.get(9)?, Operator::I32Load { .. })
        && matches!(operators.get(11)?, Operator::I32Eq);
    if !(finds && core(2) && is_null && is_if(4) && returns && core(8) && looks && is_if(12)) {
        return None;
    }
    let mut expected = operators[..2].to_vec();
    let mut open = 1;
    // Code after the call must run in the state *normal*.
    let mut has_ended = false;
    for operator in &operators[13..] {
        match operator {
            Operator::If { .. } | Operator::Block { .. } | Operator::Loop { .. } => open += 1,
            Operator::End => open -= 1,
            _ => {}
        }
        match operator {
            _ if open == 0 => break,
            Operator::Call { function_index } => {
                let ended = before.runtime_import(*function_index);
                ended.filter(|name| *name == "stop_rewind" && open == 1 && !has_ended)?;
                has_ended = true;
                expected.push(Operator::I32Const { value: 0 });
                expected.push(Operator::GlobalSet { global_index: *added.globals.first()? });
            }
            // There is no other call, and no branch or return before the rewind has ended.
            other if is_call(other) || is_way(other) && !has_ended => return None,
            other => expected.push(other.clone()),
        }
    }
    // It does not fall through to the code that begins an unwind.
    (has_ended && matches!(expected.last(), Some(Operator::Return))).then_some(())?;
    expected.extend([Operator::Unreachable, Operator::End]);
    Some(expected)
}

/// Whether it is a branch or a return.
fn is_way(operator: &Operator<'_>) -> bool {
    matches!(
        operator,
        Operator::Return | Operator::Br { .. } | Operator::BrIf { .. } | Operator::BrTable { .. }
    )
}

impl Arrival {
    /// Whether `other` calls the copy where `call` calls the original function.
    pub(super) fn is_called(&self, call: &Operator<'_>, other: &Operator<'_>) -> bool {
        match (without_tail(call), other) {
            (Operator::Call { function_index: before }, Operator::Call { function_index: now }) => {
                (self.suspend, self.arrive) == (before, *now)
            }
            _ => false,
        }
    }
}
