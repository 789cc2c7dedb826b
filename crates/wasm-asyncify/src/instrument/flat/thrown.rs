//! Exceptions, if functions are resumed one by one. The dispatcher catches what a function throws. Then the callers
//! of that function throw it again, each where it waits for the call.
//!
//! ```text
//!   loop:
//!     take a frame
//!     if something was thrown, and the function catches nothing:   ┐ pass_over
//!       take the next frame; throw it if there is none             ┘
//!     try:                                                         ┐
//!       call the function, save its results                        │ catching
//!     catch:                                                       │
//!       save it, state = THROWING                                  │
//!       take the next frame; throw it if there is none             ┘
//!     …
//! ```
//!
//! A function that catches nothing need not be called: it would only throw again. A module has none of this code if
//! no function that can be suspended has a `try_table`.

use std::borrow::Cow;

use crate::error::Result;
use wasm_encoder::Instruction::{
    Block, Br, BrIf, Call, End, I32Const, I32Eq, I32Eqz, If, LocalGet, LocalSet, RefNull, Return,
    ThrowRef, TryTable, Unreachable,
};
use wasm_encoder::{BlockType, Catch, Function, Instruction, RefType, ValType};

use super::THROWING;
use super::classes::classes;
use super::locals::{IS_LAST, NUMBER, STATE};
use super::plan::{FlatPlan, Optional};
use crate::instrument::runtime::{Runtime, function};

/// Returns whether a function in the table may catch what its callee throws.
pub(super) fn catches(plan: &FlatPlan) -> Function {
    let mut code = classes(plan.functions().iter().map(|it| u32::from(it.catches)).collect(), 2);
    code.extend([End, I32Const(0), Return, End, I32Const(1), Return, End, Unreachable]);
    function([], &code)
}

/// Throws the exception that was caught, and clears its global. Nothing is resumed then.
pub(super) fn throw(plan: &FlatPlan, runtime: Runtime) -> Function {
    let code = [
        I32Const(0),
        runtime.state.set(),
        plan.exception().get(),
        RefNull(RefType::EXNREF.heap_type),
        plan.exception().set(),
        ThrowRef,
    ];
    function([], &code)
}

/// In the dispatcher's loop: skips a function that would not catch the exception.
pub(super) fn pass_over(plan: &FlatPlan) -> Result<Vec<Instruction<'static>>> {
    let mut code = vec![
        LocalGet(STATE),
        I32Const(THROWING),
        I32Eq,
        If(BlockType::Empty),
        LocalGet(NUMBER),
        Call(plan.optional(Optional::Catches)?),
        I32Eqz,
        If(BlockType::Empty),
    ];
    code.extend(go_on(plan, 2)?);
    code.extend([End, End]);
    Ok(code)
}

/// In the dispatcher's loop: enters a function, and continues with the next one if it throws.
pub(super) fn catching(
    plan: &FlatPlan,
    enter: [Instruction<'static>; 2],
) -> Result<Vec<Instruction<'static>>> {
    let catch = Catch::AllRef { label: 0 };
    let mut code = vec![
        Block(BlockType::Empty),
        Block(BlockType::Result(ValType::EXNREF)),
        TryTable(BlockType::Empty, Cow::Owned(vec![catch])),
    ];
    code.extend(enter);
    code.extend([End, Br(1), End, plan.exception().set(), I32Const(THROWING), LocalSet(STATE)]);
    code.extend(go_on(plan, 1)?);
    code.push(End);
    Ok(code)
}

/// Continues with the next frame, at the loop that is `depth` labels out; throws if there is no frame.
fn go_on(plan: &FlatPlan, depth: u32) -> Result<[Instruction<'static>; 5]> {
    let throw = Call(plan.optional(Optional::Throw)?);
    Ok([LocalGet(IS_LAST), I32Eqz, BrIf(depth), throw, Unreachable])
}
