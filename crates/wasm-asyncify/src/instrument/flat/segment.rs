//! How a segment of frames begins and grows: see [`dispatcher`](super::dispatcher).
//!
//! The last word before `data->end` is kept free for the address where the newest segment begins.

use wasm_encoder::Instruction::{
    Call, Drop, Else, End, I32Eqz, If, LocalGet, LocalTee, Return, Select,
};
use wasm_encoder::{BlockType, Function, Instruction};

use crate::instrument::runtime::{Runtime, function};
use crate::module::LocalIndex;

/// The additional code of `start_unwind`: it stores the address where the segment begins. If there is no room for this,
/// `start` passes `end`, as when there is none for a frame.
pub(in crate::instrument) fn begin(runtime: Runtime) -> Vec<Instruction<'static>> {
    let pointer = runtime.size_of_pointer();
    if runtime.callers_check {
        // The parameter, and not the global `data`: where this function is inlined, an optimiser knows its value.
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

/// Adds local 0, a number of bytes, to `start`, and leaves the old value of `start` on the stack. If there is no room,
/// it returns null, and `start` passes `end`. Uses local 1, an address.
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
        // `start` passes `end` by no more than necessary, so that a message can say how much room would have been
        // needed.
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

/// Tests whether there is no room for a frame of `size` bytes. Sets the local `frame` to its address.
pub(in crate::instrument) fn has_no_room(
    runtime: Runtime,
    size: u32,
    frame: LocalIndex,
) -> Vec<Instruction<'static>> {
    let mut code = vec![
        runtime.data.get(),
        runtime.load_pointer(0),
        frame.tee(),
        runtime.constant(size),
        runtime.add(),
    ];
    code.extend(last(runtime));
    code.push(runtime.is_above());
    code
}

/// Makes room for a frame of `size` bytes, whose address is in the local `frame`.
pub(in crate::instrument) fn make_room(
    runtime: Runtime,
    size: u32,
    frame: LocalIndex,
) -> [Instruction<'static>; 5] {
    [
        runtime.data.get(),
        frame.get(),
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

/// Makes a function that adds its parameter, a number of bytes, to the global `frame`, and returns the old value. It
/// calls itself if nothing is resumed, which never happens: see [`move_end`](crate::instrument::shared::move_end).
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
