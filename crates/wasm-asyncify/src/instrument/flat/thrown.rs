//! Exceptions, where functions are resumed one by one: the dispatcher catches what a function throws, and has
//! the functions that called it throw it again, each where it waits for that call.
//!
//! ```text
//!   loop:
//!     take a frame
//!     if something was thrown, and the function catches nothing:   ┐ pass_over
//!       go on with the next one; throw it if there is none         ┘
//!     try:                                                         ┐
//!       call the function, put its results aside                   │ catching
//!     catch:                                                       │
//!       put it aside, state = THROWING                             │
//!       go on with the next one; throw it if there is none         ┘
//!     …
//! ```
//!
//! Whoever catches nothing need not be called: that would only throw again. Nothing of this is in a module
//! in which no function that can be suspended has a `try_table`.

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

/// Tells whether a function in the table may catch what its callee throws.
pub(super) fn catches(plan: &FlatPlan) -> Function {
    let mut code = classes(plan.functions().iter().map(|it| u32::from(it.catches)).collect(), 2);
    code.extend([End, I32Const(0), Return, End, I32Const(1), Return, End, Unreachable]);
    function([], &code)
}

/// Throws what was caught, and forgets it. Nothing is resumed then.
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

/// In the dispatcher's loop: passes over a function that would not catch what was thrown.
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

/// In the dispatcher's loop: enters a function, and goes on with the next one if it throws.
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

/// Goes on with the next frame, to a loop that is so deep; if there is none it throws.
fn go_on(plan: &FlatPlan, depth: u32) -> Result<[Instruction<'static>; 5]> {
    let throw = Call(plan.optional(Optional::Throw)?);
    Ok([LocalGet(IS_LAST), I32Eqz, BrIf(depth), throw, Unreachable])
}
