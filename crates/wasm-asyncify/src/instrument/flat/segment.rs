//! How a segment of frames begins and grows: see [`dispatcher`](super::dispatcher).
//!
//! The last word before `data->end` is kept free, since it says where the newest segment begins.

use wasm_encoder::Instruction::{
    Call, Drop, Else, End, I32Eqz, If, LocalGet, LocalTee, Return, Select,
};
use wasm_encoder::{BlockType, Function, Instruction};

use crate::instrument::runtime::{Runtime, function};

/// What `start_unwind` does besides: it remembers where the segment begins. If there is no room for
/// that `start` passes `end`, as it does when there is none for a frame.
pub(in crate::instrument) fn begin(runtime: Runtime) -> Vec<Instruction<'static>> {
    let pointer = runtime.size_of_pointer();
    if runtime.callers_check {
        // `data`, as it was given: an optimiser that puts this where it is called knows that already.
        let mut code = vec![LocalGet(0), runtime.load_pointer(pointer)];
        code.extend([runtime.constant(pointer), runtime.subtract()]);
        code.extend([LocalGet(0), runtime.load_pointer(0), runtime.store_pointer(0)]);
        return code;
    }
    let mut code = vec![runtime.data.get(), runtime.load_pointer(0)];
    code.extend(last(runtime));
    code.extend([
        runtime.is_above(),
        If(BlockType::Empty),
        runtime.data.get(),
        runtime.data.get(),
        runtime.load_pointer(0),
        runtime.constant(pointer),
        runtime.add(),
        runtime.store_pointer(0),
        Else,
    ]);
    code.extend(last(runtime));
    code.extend([runtime.data.get(), runtime.load_pointer(0), runtime.store_pointer(0), End]);
    code
}

/// Adds the number of bytes that is local 0 to `start`, and leaves on the stack what `start` was. If
/// that does not fit it is null, and `start` passes `end`. Uses local 1, an address.
pub(in crate::instrument) fn making_room(runtime: Runtime) -> Vec<Instruction<'static>> {
    let pointer = runtime.size_of_pointer();
    let (size_then_start, frame) = (0, 1);
    let mut code = vec![
        runtime.data.get(),
        runtime.load_pointer(0),
        LocalTee(frame),
        LocalGet(size_then_start),
        runtime.add(),
        LocalTee(size_then_start),
    ];
    code.extend(last(runtime));
    code.extend([
        runtime.is_above(),
        If(BlockType::Empty),
        // By no more than it must: who looks at it wants to know how much would have been needed.
        runtime.data.get(),
        LocalGet(size_then_start),
        LocalGet(size_then_start),
        runtime.constant(pointer),
        runtime.add(),
        LocalGet(size_then_start),
        runtime.data.get(),
        runtime.load_pointer(pointer),
        runtime.is_above(),
        Select,
        runtime.store_pointer(0),
        runtime.constant(0),
        Return,
        End,
        runtime.data.get(),
        LocalGet(size_then_start),
        runtime.store_pointer(0),
        LocalGet(frame),
    ]);
    code
}

/// Whether there is no room for a frame of so many bytes. Sets a local to where it begins.
pub(in crate::instrument) fn has_no_room(
    runtime: Runtime,
    size: u32,
    frame: u32,
) -> Vec<Instruction<'static>> {
    let mut code = vec![
        runtime.data.get(),
        runtime.load_pointer(0),
        LocalTee(frame),
        runtime.constant(size),
        runtime.add(),
    ];
    code.extend(last(runtime));
    code.push(runtime.is_above());
    code
}

/// Makes room for a frame of so many bytes, which begins where the local says.
pub(in crate::instrument) fn make_room(
    runtime: Runtime,
    size: u32,
    frame: u32,
) -> [Instruction<'static>; 5] {
    [
        runtime.data.get(),
        LocalGet(frame),
        runtime.constant(size),
        runtime.add(),
        runtime.store_pointer(0),
    ]
}

/// The address of the last word before `data->end`.
fn last(runtime: Runtime) -> [Instruction<'static>; 4] {
    let pointer = runtime.size_of_pointer();
    [
        runtime.data.get(),
        runtime.load_pointer(pointer),
        runtime.constant(pointer),
        runtime.subtract(),
    ]
}

/// The code of a function that adds its parameter, a number of bytes, to the global `frame`, and
/// returns what that was. It calls itself when nothing is resumed, which never is so: see
/// [`move_end`](crate::instrument::shared::move_end).
pub(in crate::instrument) fn advance(runtime: Runtime, index: u32) -> Function {
    let frame = runtime.frame;
    let code = [
        runtime.state.get(),
        I32Eqz,
        If(BlockType::Empty),
        LocalGet(0),
        Call(index),
        Drop,
        End,
        frame.get(),
        frame.get(),
        LocalGet(0),
        runtime.add(),
        frame.set(),
    ];
    function([], &code)
}
