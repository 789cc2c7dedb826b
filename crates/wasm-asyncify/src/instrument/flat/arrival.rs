//! The function that is called instead of `bysyncify_suspend` when a rewind has arrived at such a call. It is a copy
//! of the part that ends the rewind, so that an optimiser can inline it.
//!
//! ```text
//!   bysyncify_suspend(wait):            asyncify_arrive(wait):
//!     core = current                      core = current
//!     if core = 0: return 3
//!     if core.phase = rewinding:
//!       core.phase = running              core.phase = running
//!       stop_rewind()                     state = normal
//!       … return                          … return
//!     begin an unwind
//! ```
//!
//! What is left out is known at that point. A coroutine is current, and its phase is *rewinding*, because only our
//! switch begins a rewind ([`callers_check`](super::entries::Entries::callers_check)). `bysyncify_resume` sets both
//! before it begins one, and from there to this call, only code runs that finds and restores the frame. To end a
//! rewind, only the state must be set then. Every path sets it before it returns, so code after the call need not
//! test the state.
//!
//! If the function is not as expected here, there is no such copy, and the function itself is called again.

use wasm_encoder::Instruction::{Call, End, I32Const, Unreachable};
use wasm_encoder::reencode::{Reencode, RoundtripReencoder};
use wasm_encoder::{Function, Instruction};
use wasmparser::Operator;

use crate::abi;
use crate::error::Result;
use crate::instrument::runtime::{Runtime, function};
use crate::module::{FunctionIndex, ModuleInfo};

/// The function that begins unwinds, and its code for when a rewind has arrived in it.
#[derive(Clone, Debug)]
pub(super) struct Arrival {
    pub(super) suspend: FunctionIndex,
    code: Vec<Instruction<'static>>,
}

impl Arrival {
    /// Finds the function, if it is as in `build/switch.wat`.
    pub(super) fn find(module: &ModuleInfo<'_>) -> Result<Option<Self>> {
        let mut named = module.bodies().filter(|(function, _)| {
            module.function_names.get(function).is_some_and(|name| *name == abi::SUSPEND)
        });
        let Some((suspend, body)) = named.next() else { return Ok(None) };
        let operators = body.get_operators_reader()?.into_iter().collect::<Result<Vec<_>, _>>()?;
        let code = arrives(&operators).and_then(|(first, then)| {
            first.iter().chain(then).map(|operator| copied(module, operator)).collect()
        });
        Ok(code.map(|code| Self { suspend, code }))
    }

    /// The code of the copy.
    pub(super) fn code(&self, runtime: Runtime) -> Function {
        let mut code = Vec::new();
        for instruction in &self.code {
            match instruction {
                // The only call: `stop_rewind`.
                Call(_) => code.extend([I32Const(0), runtime.state.set()]),
                other => code.push(other.clone()),
            }
        }
        code.push(Unreachable);
        function([(1, runtime.address())], &code)
    }
}

/// The instructions that it begins with, and those that run when a rewind has arrived.
fn arrives<'o, 'a>(
    operators: &'o [Operator<'a>],
) -> Option<(&'o [Operator<'a>], &'o [Operator<'a>])> {
    use Operator::{
        GlobalGet, I32Const, I32Eq, I32Eqz, I32Load, I64Eqz, If, LocalGet, LocalSet, Return,
    };
    let (first, rest) = operators.split_at_checked(2)?;
    let [GlobalGet { .. }, LocalSet { local_index: 1 }] = first else { return None };
    let [
        LocalGet { local_index: 1 },
        I32Eqz | I64Eqz,
        If { .. },
        I32Const { .. },
        Return,
        Operator::End,
        LocalGet { local_index: 1 },
        I32Load { .. },
        I32Const { .. },
        I32Eq,
        If { .. },
        then @ ..,
    ] = rest
    else {
        return None;
    };
    let mut depth = 1_u32;
    let mut has_ended = false;
    let mut returns_before = false;
    let end = then.iter().position(|operator| {
        match operator {
            If { .. } => depth += 1,
            Operator::End => depth -= 1,
            Operator::Call { .. } => has_ended |= depth == 1,
            Return => returns_before |= !has_ended,
            _ => {}
        }
        depth == 0
    })?;
    let then = &then[..end];
    let is_ended = has_ended && !returns_before && matches!(then.last(), Some(Return));
    is_ended.then_some((first, then))
}

/// The same instruction, if the copy may contain it.
fn copied(module: &ModuleInfo<'_>, operator: &Operator<'_>) -> Option<Instruction<'static>> {
    let at = |it| RoundtripReencoder.mem_arg(it).ok();
    Some(match *operator {
        Operator::GlobalGet { global_index } => Instruction::GlobalGet(global_index),
        Operator::LocalGet { local_index } => Instruction::LocalGet(local_index),
        Operator::LocalSet { local_index } => Instruction::LocalSet(local_index),
        Operator::I32Const { value } => I32Const(value),
        Operator::I32Load { memarg } => Instruction::I32Load(at(memarg)?),
        Operator::I64Load { memarg } => Instruction::I64Load(at(memarg)?),
        Operator::I32Store { memarg } => Instruction::I32Store(at(memarg)?),
        Operator::I32LeU => Instruction::I32LeU,
        Operator::I64LeU => Instruction::I64LeU,
        Operator::I32Ne => Instruction::I32Ne,
        Operator::If { blockty: wasmparser::BlockType::Empty } => {
            Instruction::If(wasm_encoder::BlockType::Empty)
        }
        Operator::End => End,
        Operator::Return => Instruction::Return,
        Operator::Call { function_index } => {
            let import = module.imports.get(FunctionIndex(function_index))?;
            let ends = import.module == "asyncify" && import.name == "stop_rewind";
            ends.then_some(Call(function_index))?
        }
        _ => return None,
    })
}
