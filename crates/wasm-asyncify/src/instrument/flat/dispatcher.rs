//! The dispatcher: resumes the innermost function of what is suspended, then the one that called it, and
//! so on, each by itself.
//!
//! ```text
//!   dispatch():
//!     cursor = where the newest segment begins
//!     state = INNERMOST
//!     loop:
//!       frame = cursor, cursor += the frame's size      ┌ base  ┌ cursor       ┌ top
//!       if the segment ends here:                    ───┬───────┬──────────────┬───
//!         free it, go on in the one before              │ taken │ f3  f2  f1   │      one segment
//!       call the function, put its results aside     ───┴───────┴──────────────┴───
//!       if it was suspended again:
//!         what it has saved is a new segment; remember the old one in it
//!         return
//!       if there was no frame left: return
//!       state = RESULT
//! ```
//!
//! While code runs, `data->start` is `top`, the end of what must be kept. So whoever suspends again
//! saves above it: a *segment* of its own. Behind its last frame comes a link:
//!
//! ```text
//!   ──┬───────┬───────────┬─────┬─────┬────┬────────┬──────┬──
//!     │ taken │ f2   f1   │ f4' │ f3' │ −1 │ cursor │ base │          data->end ─►│
//!   ──┴───────┴───────────┴─────┴─────┴────┴────────┴──────┴──          ┌──────────┐
//!     ▲ base  ▲ cursor    ▲                                             │ newest   │
//!     └───────┴───────────│─────────────── link ────────────            │ segment  │
//!                         └─────────────────────────────────────────────┴──────────┘
//! ```
//!
//! Where the newest segment begins is written in the last word before `data->end`, when it is
//! suspended. Nobody needs that while code runs: the dispatcher has it in its locals. It must be the
//! `top` that was left, or the program ends: then whoever resumes has set `start` to something else.
//!
//! What was taken is not given back before the segment ends. If that is more than what is left in it when
//! something is suspended again, what is left moves down. So never more is in use than twice what
//! lives, and the work of moving was paid for by the frames that were taken.

use crate::error::Result;
use wasm_encoder::Instruction::{
    BrIf, Call, CallIndirect, Else, End, I32Add, I32Const, I32Eq, I32Eqz, I32Load, I32Store, If,
    LocalGet, LocalSet, LocalTee, Loop, RefNull, Return, Select, TypedSelect, Unreachable,
};
use wasm_encoder::{BlockType, Function, Instruction, ValType};

use super::classes::classes;
use super::locals::{BASE, CURSOR, DATA, IS_LAST, NUMBER, START, STATE, TAKEN, TOP};
use super::plan::{Fixed, FlatPlan, Stack};
use super::{INNERMOST, RESULT, thrown, zero};
use crate::instrument::runtime::{Runtime, function};
use crate::instrument::types::cast;
use crate::module::GlobalIndex;

/// The number in the place of a function's that a link begins with.
const LINK: i32 = -1;

/// Tells how many bytes the frame of a function in the table has, the number of the function included.
pub(super) fn frame_size(plan: &FlatPlan, runtime: Runtime) -> Function {
    let mut sizes: Vec<u32> = plan.functions().iter().map(|it| it.size).collect();
    sizes.sort_unstable();
    sizes.dedup();
    let class = |it: &super::plan::Entry| sizes.binary_search(&it.size).unwrap_or_default() as u32;
    let mut code = classes(plan.functions().iter().map(class).collect(), sizes.len());
    for size in &sizes {
        code.extend([End, runtime.constant(*size), Return]);
    }
    code.extend([End, Unreachable]);
    function([], &code)
}

/// Calls a function in the table, and puts its results aside.
pub(super) fn enter(plan: &FlatPlan) -> Result<Function> {
    let mut types: Vec<_> = plan.functions().iter().map(|it| it.ty).collect();
    types.sort_unstable();
    types.dedup();
    let class = |it: &super::plan::Entry| types.binary_search(&it.ty).unwrap_or_default() as u32;
    let mut code = classes(plan.functions().iter().map(class).collect(), types.len());
    for ty in &types {
        let signature = plan.signature_of(*ty)?;
        code.push(End);
        // Each finds its parameters in its frame.
        for parameter in signature.params() {
            code.push(zero(*parameter)?);
        }
        code.push(LocalGet(0));
        if plan.table.first > 0 {
            code.extend([I32Const(plan.table.first.cast_signed()), I32Add]);
        }
        code.push(CallIndirect { type_index: ty.0, table_index: plan.table.table });
        code.extend(plan.globals(signature.results())?.into_iter().rev().map(GlobalIndex::set));
        code.push(Return);
    }
    code.extend([End, Unreachable]);
    Ok(function([], &code))
}

/// Resumes, and returns what the outermost function does: nothing that counts, if it is suspended
/// again.
pub(super) fn resume(
    plan: &FlatPlan,
    runtime: Runtime,
    results: &[wasmparser::ValType],
) -> Result<Function> {
    let mut code = vec![Call(plan.fixed(Fixed::Dispatch))];
    for (ty, global) in results.iter().zip(plan.globals(results)?) {
        // A function that is unwound returns zeros.
        let Some(kind) = plan.kind(*ty) else {
            code.extend([zero(*ty)?, global.get(), runtime.state.get(), Select]);
            continue;
        };
        let null = RefNull(kind.heap());
        let select = TypedSelect(kind.ty());
        code.extend([null.clone(), global.get(), runtime.state.get(), select]);
        // Null is of any of those types.
        code.extend(cast(*ty, Some(kind)));
        code.extend([null, global.set()]);
    }
    Ok(function([], &code))
}

/// The dispatcher.
pub(super) fn dispatch(plan: &FlatPlan, runtime: Runtime) -> Result<Function> {
    let mut code = begin(runtime);
    code.push(Loop(BlockType::Empty));
    code.extend(take(plan, runtime));
    code.extend(plan.stack.into_iter().flat_map(|stack| lower_limit(stack, runtime)));
    if plan.catches {
        code.extend(thrown::pass_over(plan)?);
    }
    code.extend([LocalGet(DATA), runtime.data.set(), LocalGet(STATE), runtime.state.set()]);
    let enter = [LocalGet(NUMBER), Call(plan.fixed(Fixed::Enter))];
    match plan.catches {
        true => code.extend(thrown::catching(plan, enter)?),
        false => code.extend(enter),
    }
    code.extend([runtime.state.get(), If(BlockType::Empty)]);
    code.extend(suspended(runtime));
    code.extend([Return, End]);
    code.extend([I32Const(RESULT), LocalSet(STATE), LocalGet(IS_LAST)]);
    code.push(I32Eqz);
    code.extend([BrIf(0), End]);
    let address = runtime.address();
    Ok(function([(6, address), (3, ValType::I32)], &code))
}

/// Finds the newest segment.
fn begin(runtime: Runtime) -> Vec<Instruction<'static>> {
    vec![
        runtime.data.get(),
        LocalTee(DATA),
        runtime.load_pointer(0),
        LocalSet(TOP),
        LocalGet(DATA),
        runtime.load_pointer(runtime.size_of_pointer()),
        runtime.constant(runtime.size_of_pointer()),
        runtime.subtract(),
        runtime.load_pointer(0),
        LocalTee(BASE),
        LocalSet(CURSOR),
        I32Const(INNERMOST),
        LocalSet(STATE),
    ]
}

/// Takes a frame, and gives back the segment if it was the last one in it.
fn take(plan: &FlatPlan, runtime: Runtime) -> Vec<Instruction<'static>> {
    let pointer = runtime.size_of_pointer();
    let mut code = vec![
        // What the function reads is behind its number.
        LocalGet(CURSOR),
        runtime.constant(4),
        runtime.add(),
        plan.frame().set(),
        LocalGet(CURSOR),
        LocalGet(CURSOR),
        I32Load(runtime.at(0)),
        LocalTee(NUMBER),
        Call(plan.fixed(Fixed::FrameSize)),
        runtime.add(),
        LocalTee(CURSOR),
        LocalGet(TOP),
        runtime.equals(),
        If(BlockType::Empty),
        // It was the oldest segment: the only one without a link.
        I32Const(1),
        LocalSet(IS_LAST),
        LocalGet(DATA),
        LocalGet(BASE),
        runtime.store_pointer(0),
        Else,
        LocalGet(CURSOR),
        I32Load(runtime.at(0)),
        I32Const(LINK),
        I32Eq,
        If(BlockType::Empty),
    ];
    code.extend([
        // The segment before ends where this one begins.
        LocalGet(DATA),
        LocalGet(BASE),
        LocalTee(TOP),
        runtime.store_pointer(0),
        LocalGet(CURSOR),
        runtime.load_pointer(4 + pointer),
        LocalSet(BASE),
        LocalGet(CURSOR),
        runtime.load_pointer(4),
        LocalSet(CURSOR),
        End,
        End,
    ]);
    code
}

/// What was given back can be used for the stack again.
fn lower_limit(stack: Stack, runtime: Runtime) -> Vec<Instruction<'static>> {
    vec![
        LocalGet(DATA),
        runtime.load_pointer(0),
        stack.reserve.get(),
        runtime.add(),
        stack.limit.set(),
    ]
}

/// Links the new segment to the one before, if there is anything left in that.
fn suspended(runtime: Runtime) -> Vec<Instruction<'static>> {
    let pointer = runtime.size_of_pointer();
    let mut code = vec![
        LocalGet(IS_LAST),
        If(BlockType::Empty),
        Return,
        End,
        // If there is no room for a frame `start` is too large, and whoever resumed sees that.
        LocalGet(DATA),
        runtime.load_pointer(0),
        LocalTee(START),
        LocalGet(DATA),
        runtime.load_pointer(pointer),
        runtime.is_above(),
        If(BlockType::Empty),
        Return,
        End,
        // Who has set `start` to anything else meanwhile has had frames overwritten that live.
        LocalGet(DATA),
        runtime.load_pointer(pointer),
        runtime.constant(pointer),
        runtime.subtract(),
        runtime.load_pointer(0),
        LocalGet(TOP),
        runtime.equals(),
        I32Eqz,
        If(BlockType::Empty),
        Unreachable,
        End,
        LocalGet(CURSOR),
        LocalGet(BASE),
        runtime.subtract(),
        LocalTee(TAKEN),
        LocalGet(TOP),
        LocalGet(CURSOR),
        runtime.subtract(),
        runtime.is_above(),
        If(BlockType::Empty),
    ];
    code.extend(move_down(runtime));
    code.push(End);
    let link = 4 + 2 * pointer;
    code.extend([
        LocalGet(DATA),
        LocalGet(START),
        runtime.constant(link),
        runtime.add(),
        runtime.store_pointer(0),
        // Whether it fits, with where the newest segment begins.
        LocalGet(START),
        runtime.constant(link + pointer),
        runtime.add(),
        LocalGet(DATA),
        runtime.load_pointer(pointer),
        runtime.is_above(),
        If(BlockType::Empty),
        LocalGet(DATA),
        LocalGet(START),
        runtime.constant(link + pointer),
        runtime.add(),
        runtime.store_pointer(0),
        Return,
        End,
        LocalGet(START),
        I32Const(LINK),
        I32Store(runtime.at(0)),
        LocalGet(START),
        LocalGet(CURSOR),
        runtime.store_pointer(4),
        LocalGet(START),
        LocalGet(BASE),
        runtime.store_pointer(4 + pointer),
        LocalGet(DATA),
        runtime.load_pointer(pointer),
        runtime.constant(pointer),
        runtime.subtract(),
        LocalGet(TOP),
        runtime.store_pointer(0),
    ]);
    code
}

/// Moves what is left in the segment, and all above it, down to where the segment begins.
fn move_down(runtime: Runtime) -> Vec<Instruction<'static>> {
    // Sizes are multiples of 4.
    vec![
        LocalGet(TOP),
        LocalGet(TAKEN),
        runtime.subtract(),
        LocalSet(TOP),
        Loop(BlockType::Empty),
        LocalGet(CURSOR),
        LocalGet(TAKEN),
        runtime.subtract(),
        LocalGet(CURSOR),
        I32Load(runtime.at(0)),
        I32Store(runtime.at(0)),
        LocalGet(CURSOR),
        runtime.constant(4),
        runtime.add(),
        LocalTee(CURSOR),
        LocalGet(START),
        runtime.equals(),
        I32Eqz,
        BrIf(0),
        End,
        LocalGet(START),
        LocalGet(TAKEN),
        runtime.subtract(),
        LocalSet(START),
        LocalGet(BASE),
        LocalSet(CURSOR),
    ]
}
