//! Functions through which nothing may be suspended, and which check that.
//!
//! These are the functions that every panic goes through, and those that run the initialiser of a `thread_local!`.
//! The analysis does not follow the calls in them, so these functions and their callers are not instrumented for what
//! is called there. The library's own coroutines cannot be suspended there, because none is current. But a host that
//! suspends its callers can do it, with an import in a panic hook for example. So can a switch other than ours. Then
//! such a function sees the unwind after its call returns, and would continue in the middle of it.
//!
//! So it tests the state after each call, and ends the program. It cannot report a message, least of all in a panic
//! hook. Instead, the message is the name of the function that ends the program, which is on the stack that the
//! engine shows.
//!
//! On request, all functions that are not instrumented do so. Then a user who excludes functions by name finds out
//! whether that was right.

use core::convert::Infallible;

use wasm_encoder::reencode::{Error, Reencode};
use wasm_encoder::{BlockType, Function, Instruction};
use wasmparser::{FunctionBody, Operator};

use crate::analysis::CheckedBarrier;
use crate::debug::Recorder;
use crate::module::GlobalIndex;

/// The state during an unwind (see [`runtime`](super::runtime)).
const UNWINDING: i32 = 1;

impl CheckedBarrier {
    /// The name of the function that ends the program: the message.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Panic => "cannot_wait_in_a_panic_hook",
            Self::Initialiser => "cannot_wait_in_the_initialiser_of_a_thread_local",
            Self::Uninstrumented => "cannot_wait_in_a_function_that_is_not_instrumented",
        }
    }

    /// The code of that function.
    pub(super) fn body() -> Function {
        let mut function = Function::new([]);
        function.instruction(&Instruction::Unreachable).instruction(&Instruction::End);
        function
    }
}

/// Writes such a function: it tests after each call whether something is suspended. `state` is the global with the
/// state; `end` is the function that ends the program.
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

/// The code after each call.
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

/// Whether this is a call that returns here.
fn is_call(operator: &Operator<'_>) -> bool {
    matches!(
        operator,
        Operator::Call { .. } | Operator::CallIndirect { .. } | Operator::CallRef { .. }
    )
}
