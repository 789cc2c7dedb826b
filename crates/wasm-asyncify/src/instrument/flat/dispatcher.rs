//! The dispatcher: resumes the innermost suspended function, then its caller, and so on, each by itself.
//!
//! ```text
//!   dispatch():
//!     cursor = where the newest segment begins
//!     state = INNERMOST
//!     loop:
//!       frame = cursor, cursor += the frame's size      ┌ base  ┌ cursor       ┌ top
//!       if the segment ends here:                    ───┬───────┬──────────────┬───
//!         free it, continue in the previous one         │ taken │ f3  f2  f1   │      one segment
//!       call the function, save its results          ───┴───────┴──────────────┴───
//!       if it was suspended again:
//!         its frames are a new segment; link it to the old one
//!         return
//!       if there was no frame left: return
//!       state = RESULT
//! ```
//!
//! While code runs, `data->start` is `top`, the end of what must be kept. So functions that suspend again save above
//! it, in a *segment* of their own. A link follows its last frame:
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
//! When the newest segment is suspended, its base is written to the last word before `data->end`. While code runs,
//! the word is not needed: the dispatcher has the base in a local. It must equal the `top` that was left, or the
//! program ends: then the code that resumes has changed `start`.
//!
//! Frames that were taken are not freed before the segment ends. If they are larger than the rest of the segment when
//! something is suspended again, the rest moves down. So the memory in use is at most twice that of live frames and
//! links. The cost of moving is amortised over the frames that were taken.

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

/// The first word of a link, in the place of a function's number.
const LINK: i32 = -1;

/// Returns the size of the frame of a function in the table, in bytes and with the function's number.
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

/// Calls a function in the table, and saves its results.
pub(super) fn enter(plan: &FlatPlan) -> Result<Function> {
    let mut types: Vec<_> = plan.functions().iter().map(|it| it.ty).collect();
    types.sort_unstable();
    types.dedup();
    let class = |it: &super::plan::Entry| types.binary_search(&it.ty).unwrap_or_default() as u32;
    let mut code = classes(plan.functions().iter().map(class).collect(), types.len());
    for ty in &types {
        let signature = plan.signature_of(*ty)?;
        code.push(End);
        // Each function restores its parameters from its frame.
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

/// Resumes, and returns the results of the outermost function. They have no meaning if it is suspended again.
pub(super) fn resume(
    plan: &FlatPlan,
    runtime: Runtime,
    results: &[wasmparser::ValType],
) -> Result<Function> {
    let mut code = vec![Call(plan.fixed(Fixed::Dispatch))];
    for (ty, global) in results.iter().zip(plan.globals(results)?) {
        // A function that unwinds returns zeros.
        let Some(kind) = plan.kind(*ty) else {
            code.extend([zero(*ty)?, global.get(), runtime.state.get(), Select]);
            continue;
        };
        let null = RefNull(kind.heap());
        let select = TypedSelect(kind.ty());
        code.extend([null.clone(), global.get(), runtime.state.get(), select]);
        // Null has each of these types.
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

/// Takes a frame, and frees the segment if it was the last frame there.
fn take(plan: &FlatPlan, runtime: Runtime) -> Vec<Instruction<'static>> {
    let pointer = runtime.size_of_pointer();
    let mut code = vec![
        // What the function reads follows its number.
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
        // This is the oldest segment: the only one without a link.
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
        // The previous segment ends where this one begins.
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

/// Lowers the limit of the stack: freed memory can be used for it again.
fn lower_limit(stack: Stack, runtime: Runtime) -> Vec<Instruction<'static>> {
    vec![
        LocalGet(DATA),
        runtime.load_pointer(0),
        stack.reserve.get(),
        runtime.add(),
        stack.limit.set(),
    ]
}

/// Links the new segment to the previous one, if any frames are left there.
fn suspended(runtime: Runtime) -> Vec<Instruction<'static>> {
    let pointer = runtime.size_of_pointer();
    let mut code = vec![
        LocalGet(IS_LAST),
        If(BlockType::Empty),
        Return,
        End,
        // If there is no room for a frame, `start` is too large, and the code that resumes sees that.
        LocalGet(DATA),
        runtime.load_pointer(0),
        LocalTee(START),
        LocalGet(DATA),
        runtime.load_pointer(pointer),
        runtime.is_above(),
        If(BlockType::Empty),
        Return,
        End,
        // If `start` was set to anything else meanwhile, live frames were overwritten.
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
        // Tests whether the link fits, with the word that says where the newest segment begins.
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

/// Moves the rest of the segment, and all above it, down to the segment's base.
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
