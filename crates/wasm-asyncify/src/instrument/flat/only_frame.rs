//! A function in which a rewind begins takes its frame itself, if that is the only frame. Otherwise the dispatcher
//! would have to find out whose frame it is, and call the function once more.
//!
//! ```text
//!   f:  if state = rewinding:
//!         frame = where the newest segment begins
//!         if the segment ends with a frame of f's size, and it has f's number:     ┐ that is what the
//!           data->start = frame, lower the limit of the stack                      │ dispatcher does
//!           state = INNERMOST, continue as if the dispatcher had called it         ┘ with the last frame
//!         else: return what the dispatcher returns
//! ```
//!
//! A coroutine that waits in its own function has one frame, after the callees have been inlined. With another frame,
//! the segment is larger than one frame, so the test fails. If it succeeds, this is the oldest segment, because all
//! others have a link after their last frame.
//!
//! Only functions that can be innermost do this: those that call a topmost function.

use wasm_encoder::Instruction::{
    Block, Br, BrIf, Call, Else, End, I32Const, I32Eq, I32Eqz, I32Load, I32Ne, If, Return,
};
use wasm_encoder::{BlockType, Instruction};

use super::frames::{HEADER, Own};
use super::plan::FlatPlan;
use super::{INNERMOST, REWINDING};
use crate::instrument::runtime::Runtime;
use crate::module::{GlobalIndex, LocalIndex};

/// Where a function finds the address of what it restores.
#[derive(Clone, Copy, Debug)]
pub(super) enum FrameAt {
    Local(LocalIndex),
    /// The global in which the dispatcher passes it.
    Global(GlobalIndex),
}

impl FrameAt {
    fn get(self) -> Instruction<'static> {
        match self {
            Self::Local(local) => local.get(),
            Self::Global(global) => global.get(),
        }
    }

    fn set(self) -> Instruction<'static> {
        match self {
            Self::Local(local) => local.set(),
            Self::Global(global) => global.set(),
        }
    }

    /// Sets the address, and leaves it on the stack.
    fn tee(self) -> Vec<Instruction<'static>> {
        match self {
            Self::Local(local) => vec![local.tee()],
            Self::Global(global) => vec![global.set(), global.get()],
        }
    }
}

/// The prologue of such a function, if a rewind can begin in it. `resume` is the function that calls the dispatcher.
/// The function is resumed after this code, wherever the frame comes from.
pub(super) fn begin_rewind(
    plan: &FlatPlan,
    runtime: Runtime,
    resume: u32,
    own: Own,
    frame_at: FrameAt,
) -> Vec<Instruction<'static>> {
    let pointer = runtime.size_of_pointer();
    let mut code = vec![
        runtime.state.get(),
        I32Const(REWINDING),
        I32Eq,
        If(BlockType::Empty),
        Block(BlockType::Empty),
        runtime.data.get(),
        runtime.load_pointer(pointer),
        runtime.constant(pointer),
        runtime.subtract(),
        runtime.load_pointer(0),
    ];
    code.extend(frame_at.tee());
    code.extend([
        runtime.constant(own.size),
        runtime.add(),
        runtime.data.get(),
        runtime.load_pointer(0),
        runtime.equals(),
        I32Eqz,
        BrIf(0),
        frame_at.get(),
        I32Load(runtime.at(0)),
        I32Const(own.number.cast_signed()),
        I32Ne,
        BrIf(0),
        runtime.data.get(),
        frame_at.get(),
        runtime.store_pointer(0),
    ]);
    if let Some(stack) = plan.stack {
        code.extend([frame_at.get(), stack.reserve.get(), runtime.add(), stack.limit.set()]);
    }
    let restores = own.size > HEADER;
    if restores {
        // What is restored follows the number.
        code.extend([frame_at.get(), runtime.constant(HEADER), runtime.add(), frame_at.set()]);
    }
    code.extend([I32Const(INNERMOST), runtime.state.set(), Br(1), End, Call(resume), Return]);
    if let FrameAt::Local(local) = frame_at
        && restores
    {
        code.extend([Else, plan.frame().get(), local.set()]);
    }
    code.push(End);
    code
}
