//! Functions through which nothing may be suspended, and which say so.
//!
//! These are the functions that every panic goes through, and those that run the initialiser of a
//! `thread_local!`. The analysis does not follow calls behind them, so these functions and their callers are
//! not instrumented for what is called there. The library's own coroutines cannot be suspended there
//! either, since none is current. But a host that suspends its callers by itself can do it (an
//! import that suspends, in a panic hook), and so can another switch than ours. Then
//! such a function sees the unwind, after the call that it came from, and would run on in the middle
//! of it.
//!
//! So it looks, after each call, and ends the program. There is nobody to tell it to, in a panic hook
//! least of all: the function that does so is named as the message, and is on the stack that the
//! engine shows.
//!
//! If it is asked for, all functions that are not instrumented do so: who takes functions out by name
//! finds out whether that was right.

use core::convert::Infallible;

use wasm_encoder::reencode::{Error, Reencode};
use wasm_encoder::{BlockType, Function, Instruction};
use wasmparser::{FunctionBody, Operator};

use crate::analysis::CheckedBarrier;
use crate::debug::Recorder;
use crate::module::GlobalIndex;

/// What the state is while something is suspended (see [`runtime`](super::runtime)).
const UNWINDING: i32 = 1;

impl CheckedBarrier {
    /// The function that ends the program, and is named as the message.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Panic => "cannot_wait_in_a_panic_hook",
            Self::Initialiser => "cannot_wait_in_the_initialiser_of_a_thread_local",
            Self::Uninstrumented => "cannot_wait_in_a_function_that_is_not_instrumented",
        }
    }

    /// Its code.
    pub(super) fn body() -> Function {
        let mut function = Function::new([]);
        function.instruction(&Instruction::Unreachable).instruction(&Instruction::End);
        function
    }
}

/// Such a function: it looks after each call whether something is suspended. `state` is the global with the
/// state, `end` ends the program.
pub(super) fn write<R: Reencode<Error = Infallible>>(
    reencoder: &mut R,
    body: &FunctionBody<'_>,
    state: GlobalIndex,
    end: Option<u32>,
    moved: &mut Recorder,
) -> Result<Function, Error> {
    let mut function = reencoder.new_function_with_parsed_locals(body)?;
    for operator in body.get_operators_reader()?.into_iter_with_offsets() {
        let (operator, position) = operator?;
        moved.instruction(position, function.byte_len());
        let is_call = is_call(&operator);
        function.instruction(&reencoder.instruction(operator)?);
        if is_call && let Some(end) = end {
            for instruction in check(state, end) {
                function.instruction(&instruction);
            }
        }
    }
    Ok(function)
}

/// What follows each call.
fn check(state: GlobalIndex, end: u32) -> [Instruction<'static>; 6] {
    [
        state.get(),
        Instruction::I32Const(UNWINDING),
        Instruction::I32Eq,
        Instruction::If(BlockType::Empty),
        Instruction::Call(end),
        Instruction::End,
    ]
}

/// Whether this is a call that comes back.
fn is_call(operator: &Operator<'_>) -> bool {
    matches!(
        operator,
        Operator::Call { .. } | Operator::CallIndirect { .. } | Operator::CallRef { .. }
    )
}
