//! Where a rewind begins in the only function that is suspended: it takes its frame itself, which is
//! cheaper than to have the dispatcher find out whose it is and call it once more.
//!
//! ```text
//!   f:  if state = rewinding:
//!         frame = where the newest segment begins
//!         if the segment ends with a frame of f's size, and it has f's number:     ┐ that is what the
//!           data->start = frame, lower the limit of the stack                      │ dispatcher does
//!           state = INNERMOST, go on as if the dispatcher had called it            ┘ with the last frame
//!         else: return what the dispatcher returns
//! ```
//!
//! A coroutine that waits in its own function has one frame, once it has been inlined what it calls. Where
//! there is another frame the segment has more bytes than one of them: so the test is true of no other. And
//! it is the oldest segment then, since the others have a link behind their last frame.
//!
//! Only in functions that can be innermost: those with a call of a topmost one.

use wasm_encoder::Instruction::{
    Block, Br, BrIf, Call, Else, End, I32Const, I32Eq, I32Eqz, I32Load, I32Ne, If, LocalGet,
    LocalSet, LocalTee, Return,
};
use wasm_encoder::{BlockType, Instruction};

use super::frames::{HEADER, Own};
use super::plan::FlatPlan;
use super::{INNERMOST, REWINDING};
use crate::instrument::runtime::Runtime;
use crate::module::GlobalIndex;

/// Where a function has the address of what it restores.
#[derive(Clone, Copy, Debug)]
pub(super) enum FrameAt {
    Local(u32),
    /// The global that the dispatcher passes it in.
    Global(GlobalIndex),
}

impl FrameAt {
    fn get(self) -> Instruction<'static> {
        match self {
            Self::Local(local) => LocalGet(local),
            Self::Global(global) => global.get(),
        }
    }

    fn set(self) -> Instruction<'static> {
        match self {
            Self::Local(local) => LocalSet(local),
            Self::Global(global) => global.set(),
        }
    }

    /// Sets it, and leaves it on the stack.
    fn tee(self) -> Vec<Instruction<'static>> {
        match self {
            Self::Local(local) => vec![LocalTee(local)],
            Self::Global(global) => vec![global.set(), global.get()],
        }
    }
}

/// What such a function begins with, if a rewind can begin in it: then `resume` is what has the dispatcher
/// resume. The function is resumed behind this, wherever the frame comes from.
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
        // It is behind the number.
        code.extend([frame_at.get(), runtime.constant(HEADER), runtime.add(), frame_at.set()]);
    }
    code.extend([I32Const(INNERMOST), runtime.state.set(), Br(1), End, Call(resume), Return]);
    if let FrameAt::Local(local) = frame_at
        && restores
    {
        code.extend([Else, plan.frame().get(), LocalSet(local)]);
    }
    code.push(End);
    code
}
